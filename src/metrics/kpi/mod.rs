//! The other numbers of a company: conversion, sales cycle, orders, renewal, retention, surveys,
//! support, referrals, reach, and how they stand against their targets.
//!
//! Owns their definitions as functions of plain facts and a moment. Refuses to guess: what has no
//! source, no data or not yet its time is null with a reason.

mod calendar;
mod channel;
mod company;
mod definitions;
mod funnel;
mod orders;
mod reading;
mod referral;
mod renewal;
mod retention;
mod spread;
mod support;
mod surveys;
mod targets;

pub use calendar::{CalendarConfig, WorkingCalendar};
pub use channel::{ChannelCounts, ChannelDay, ChannelReach, channel_reach};
pub use company::{
    Milestone, active_customers, answers, contracts, ordering_members, orders, tickets, won_deals,
};
pub(crate) use definitions::DEFINITIONS;
pub use funnel::{
    Funnel, FunnelEvent, FunnelOptions, FunnelStep, Order, drop_off, event_rate, funnel,
    lead_qualification, lift,
};
pub use orders::{CustomerOrder, average_order_value, repeat_rate};
pub use reading::{Kpi, KpiInputs, Need, Reading, Span, in_major, readings};
pub use referral::{Reviews, referral_rate, referred_revenue_share, reviews};
pub use renewal::{Contract, RenewalRow, renewals};
pub use retention::{CohortRow, Member, retention_cohorts};
pub use spread::{Spread, sales_cycle, spread};
pub use support::{FirstResponse, Hours, TicketTimes, first_response, tickets_per_100_active};
pub use surveys::{Answer, Csat, Nps, csat, nps};
pub use targets::{Goal, Pace, Progress, Quarter, Target, TargetConfig, progress};

use domain::Timestamp;

/// A span of time, `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first moment in it.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Window {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}
