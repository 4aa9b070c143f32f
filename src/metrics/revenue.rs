//! Recurring revenue: from what customers subscribe to, to movements, rows and cohorts.
//!
//! Owns the walk items -> segments -> states -> ledger -> rows, exact from end to end: fractions
//! of minor units, rounded only in a row. Refuses to guess: what contradicts itself is left out
//! with a [`Finding`], what has no rate is null. How things are counted is a [`RevenuePolicy`]'s.

mod book;
mod calendar;
mod cells;
mod cohort;
mod definitions;
mod item;
mod ledger;
mod monthly;
mod orders;
mod policy;
mod rates;
mod row;
mod segment;
mod state;
mod stored;
mod sum;

pub use book::{Book, NO_PRODUCT, Slicing, rounding_rows};
pub use calendar::{Billing, Grain, PERIODS_MAX, Period, periods, start_of};
pub use cells::{KnownSubscription, owned_subscriptions, recurring_cells};
pub use cohort::{CohortCell, Cohorts};
pub(crate) use definitions::DEFINITIONS;
pub use item::{
    Cancellation, Cause, Discount, Duration, Finding, FindingKind, GivenBack, ItemPeriod, Off,
    Stretch,
};
pub use ledger::{Change, Holding, Ledger, Line, LineKind, Lost, Step, ledger};
pub use monthly::{monthly, monthly_of_prorated, proration_lines};
pub use orders::{Order, OrderFinding, OrderRow, Orders};
pub use policy::{
    ChurnDate, Coupons, Days, FreePlan, FxDate, Refunds, RevenuePolicy, SamePeriod, Trials,
};
pub use rates::{RateError, Rates};
pub use row::{Counts, RevenueRow};
pub use state::{Conversion, Extent, Question, extent};
pub use stored::{StoredStates, SubscriptionState, states_until, stored_periods};
