//! Lifecycle stages, their two vocabularies, status, and transitions.

use crate::canonical::words;
use crate::{RecordId, Timestamp};
use serde::{Deserialize, Serialize};

/// Which words the five positions are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Vocabulary {
    /// Awareness, Consideration, Purchase, Retention, Advocacy.
    #[default]
    AwarenessToAdvocacy,
    /// Reach, Acquisition, Conversion, Retention, Loyalty.
    ReachToLoyalty,
}

/// One of the five positions of a customer's life, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Position {
    /// Known, nothing more.
    Awareness = 1,
    /// Engaged: lead to opportunity.
    Consideration = 2,
    /// Bought.
    Purchase = 3,
    /// Stays.
    Retention = 4,
    /// Recommends.
    Advocacy = 5,
}

impl Position {
    /// The position's name in a vocabulary.
    #[must_use]
    pub const fn label(self, vocabulary: Vocabulary) -> &'static str {
        match (vocabulary, self) {
            (Vocabulary::AwarenessToAdvocacy, Self::Awareness) => "Awareness",
            (Vocabulary::AwarenessToAdvocacy, Self::Consideration) => "Consideration",
            (Vocabulary::AwarenessToAdvocacy, Self::Purchase) => "Purchase",
            (_, Self::Retention) => "Retention",
            (Vocabulary::AwarenessToAdvocacy, Self::Advocacy) => "Advocacy",
            (Vocabulary::ReachToLoyalty, Self::Awareness) => "Reach",
            (Vocabulary::ReachToLoyalty, Self::Consideration) => "Acquisition",
            (Vocabulary::ReachToLoyalty, Self::Purchase) => "Conversion",
            (Vocabulary::ReachToLoyalty, Self::Advocacy) => "Loyalty",
        }
    }
}

words! {
    /// A lifecycle stage: a position, or a sub-stage of Consideration.
    Stage {
        /// Position 1.
        Awareness = "awareness",
        /// Position 2, first engaged action.
        Consideration = "consideration",
        /// Position 2: supplied contact data.
        Lead = "lead",
        /// Position 2: marketing qualified.
        Mql = "mql",
        /// Position 2: sales qualified.
        Sql = "sql",
        /// Position 2: an open deal.
        Opportunity = "opportunity",
        /// Position 3.
        Purchase = "purchase",
        /// Position 4.
        Retention = "retention",
        /// Position 5.
        Advocacy = "advocacy",
    }
}

impl Stage {
    /// The position it belongs to.
    #[must_use]
    pub const fn position(self) -> Position {
        match self {
            Self::Awareness => Position::Awareness,
            Self::Consideration | Self::Lead | Self::Mql | Self::Sql | Self::Opportunity => {
                Position::Consideration
            }
            Self::Purchase => Position::Purchase,
            Self::Retention => Position::Retention,
            Self::Advocacy => Position::Advocacy,
        }
    }
}

words! {
    /// The commercial standing, beside the stage: a customer that goes back to Consideration
    /// still counts in MRR.
    Status {
        /// Never bought.
        Prospect = "prospect",
        /// In a free trial.
        Trialing = "trialing",
        /// Pays.
        Active = "active",
        /// A payment is late.
        PastDue = "past_due",
        /// Paused.
        Paused = "paused",
        /// Bought once, no running contract.
        Lapsed = "lapsed",
        /// Left by its own decision.
        ChurnedVoluntary = "churned_voluntary",
        /// Left by failed payments.
        ChurnedInvoluntary = "churned_involuntary",
        /// Left, reason unknown.
        ChurnedUnknown = "churned_unknown",
    }
}

words! {
    /// Which way a transition goes.
    Direction {
        /// The first stage of a profile.
        Entry = "entry",
        /// To a later stage.
        Forward = "forward",
        /// To an earlier stage.
        Backward = "backward",
    }
}

/// One step of a stage history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The stage left; `None` for the entry.
    pub from: Option<Stage>,
    /// The stage entered.
    pub to: Stage,
    /// Which way.
    pub direction: Direction,
    /// The rule that fired (`purchase.first_payment`, or `override`).
    pub rule_id: String,
    /// Why, readable, without personal data.
    pub reason: String,
    /// When it happened in the world.
    pub occurred_at: Timestamp,
    /// The records that prove it; at most a handful, the deciding one first.
    pub evidence: Vec<RecordId>,
}
