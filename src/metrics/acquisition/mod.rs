//! What customers cost and when they have paid it back.
//!
//! Owns expense as it stands after restatements, CAC by month and channel, payback curves of
//! cohorts, unit economics, and the textbook CLV formulas with their conventions spelt out. Refuses
//! to add currencies, to spread expense without a channel, and to divide by nobody.

mod cac;
mod company;
mod definitions;
mod payback;
mod spend;
mod textbook;
mod unit;

pub use cac::{Acquired, CacOptions, CacRow, cac_rows};
pub use company::{AcquisitionRow, NewCustomer, acquisition, expenses, new_customers};
pub(crate) use definitions::DEFINITIONS;
pub use payback::{Cohort, PaybackCurve, PaybackPoint, payback_curve};
pub use spend::{
    Expense, Loading, REFERRAL_CHANNEL, ReferralCredit, SpendFinding, SpendReport,
    referral_credits, spend_as_known,
};
pub use textbook::{FirstPayment, Timing, textbook_clv};
pub use unit::{cpa, ltv_to_cac, return_on_cost, simple_ltv, simple_payback_months};
