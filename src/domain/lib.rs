//! The shared vocabulary: ids, times, money, personal data, records as received, canonical records,
//! identifiers, lifecycle stages, scopes and error codes.
//!
//! Owns the words every other crate speaks (DESIGN section 4). Refuses I/O, clocks, SQL and vendor
//! knowledge: a type belongs here only if two crates must agree on it.

pub mod canonical;
pub mod code;
pub mod decision;
pub mod facts;
pub mod identifier;
pub mod ids;
pub mod money;
pub mod pii;
pub mod rate;
pub mod record;
pub mod scope;
pub mod stage;
pub mod time;

pub use canonical::{
    Address, Canonical, CanonicalKind, Company, Contact, Deal, DealStatus, ExchangeRate, Interval,
    Invoice, InvoiceStatus, Link, LinkRole, Payment, PaymentStatus, Refund, Spend, SpendKind,
    Subscription, SubscriptionItem, SubscriptionStatus, SurveyKind, SurveyResponse, Ticket,
    TicketStatus, Touchpoint, UsageEvent, VendorStay,
};
pub use code::Code;
pub use decision::{Decision, Verdict};
pub use facts::{CompanyFacts, Fact, ProfileFacts, StageOverride};
pub use identifier::{Identifier, IdentifierKind};
pub use ids::{HouseholdId, ProfileId, ProfileKind, RecordId, RecordKey};
pub use money::{Currency, Money, MoneyError};
pub use pii::{Payload, Pii, Secret};
pub use rate::Rate;
pub use record::{Merge, Reject, SourceRecord, Tombstone};
pub use scope::{Ability, Access, Area, Principal, Role, Scope};
pub use stage::{Direction, Position, Stage, Status, Transition, Vocabulary};
pub use time::{Clock, Date, Month, SystemClock, Timestamp};
