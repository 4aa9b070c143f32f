//! What resolution answers: clusters with the joins that explain them, and pairs to review.
//!
//! Owns the result types and their stored words. Refuses to decide anything.

use crate::rules::RuleId;
use domain::{Identifier, RecordId};

/// The outcome of resolving a set of records.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Resolution {
    /// Every record is in exactly one cluster, alone if nothing joined it. Ordered by first member.
    pub clusters: Vec<Cluster>,
    /// Pairs worth a human look, the most valuable first; at most one per pair of clusters.
    pub reviews: Vec<ReviewPair>,
    /// Pairs of candidates that weigh enough to be followed or shown, see
    /// [`Knowledge::floor`](crate::Knowledge::floor): what hangs together by weight, directly or
    /// through others, is resolved together.
    pub links: Vec<(RecordId, RecordId)>,
}

/// Records that are one person or one company.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Members, ascending.
    pub members: Vec<RecordId>,
    /// The `members.len() - 1` joins that connect all members, in the order they were made.
    pub joins: Vec<Join>,
}

/// Why two records were put together.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The smaller record id.
    pub left: RecordId,
    /// The larger record id.
    pub right: RecordId,
    /// The rule that joined them.
    pub rule: RuleId,
    /// Total match weight in log2 odds: the sum of the evidence.
    pub weight: f64,
    /// The waterfall behind the weight.
    pub evidence: Vec<Evidence>,
}

/// One comparison's contribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What was compared (`email`, `given_name`, `family_name`, `steward`, ...).
    pub comparison: &'static str,
    /// How well it agreed (`exact`, `nickname`, `initial`, `typo`, `different`, ...).
    pub level: &'static str,
    /// Contribution in log2 odds; negative speaks against.
    pub weight: f64,
    /// Share of the records that carry the value agreed on, 0 to 1, where they agree on one.
    pub term_frequency: Option<f64>,
    /// The shared value, where the comparison is of a shared value.
    pub identifier: Option<Identifier>,
}

/// A pair that rules neither join nor dismiss.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewPair {
    /// The smaller record id.
    pub left: RecordId,
    /// The larger record id.
    pub right: RecordId,
    /// Match probability that the weights give, 0 to 1.
    pub score: f64,
    /// How much a decision would change: uncertainty times the records it would move. Orders the
    /// queue, largest first.
    pub priority: f64,
    /// Why it is in the queue.
    pub reason: ReviewReason,
    /// The waterfall.
    pub evidence: Vec<Evidence>,
}

/// Why a pair waits for a human.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewReason {
    /// A chain of `same` decisions would join what a `different` decision parts.
    DecisionsContradict,
    /// A rule would join them, but their clusters hold clearly different names.
    NamesConflict,
    /// A rule would join them, but a `different` decision parts their clusters.
    BridgeRefused,
    /// A rule would join them, but a source that holds one record per entity has two.
    UniqueSource,
    /// Ids that point at each other, under clearly different names.
    TrustedIdNamesDiffer,
    /// The same e-mail address or phone number under different names: household, shared mailbox,
    /// or a new owner.
    SharedContact,
    /// The name is too short to tell which of several people behind the same value it is.
    Ambiguous,
    /// Much agrees, but no rule is sure enough.
    Grey,
    /// Two groups of records match as a whole, but few of the pairs between them do.
    WeakBridge,
    /// They match, but their cluster would be larger than is usual, and much in it disagrees.
    Outgrown,
    /// The cluster is larger than the configured alarm: the pair is its weakest join.
    LargeCluster,
}

impl ReviewReason {
    /// Every reason, in stored order.
    pub const ALL: [Self; 11] = [
        Self::DecisionsContradict,
        Self::NamesConflict,
        Self::BridgeRefused,
        Self::UniqueSource,
        Self::TrustedIdNamesDiffer,
        Self::SharedContact,
        Self::Ambiguous,
        Self::Grey,
        Self::WeakBridge,
        Self::Outgrown,
        Self::LargeCluster,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DecisionsContradict => "decisions_contradict",
            Self::NamesConflict => "names_conflict",
            Self::BridgeRefused => "bridge_refused",
            Self::UniqueSource => "unique_source",
            Self::TrustedIdNamesDiffer => "trusted_id_names_differ",
            Self::SharedContact => "shared_contact",
            Self::Ambiguous => "ambiguous",
            Self::Grey => "grey",
            Self::WeakBridge => "weak_bridge",
            Self::Outgrown => "outgrown",
            Self::LargeCluster => "large_cluster",
        }
    }

    /// The inverse of [`ReviewReason::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// A sentence for the reviewer.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::DecisionsContradict => {
                "Decisions contradict each other: a chain of 'same' meets a 'different'."
            }
            Self::NamesConflict => {
                "They match, but joining them would put clearly different names into one profile."
            }
            Self::BridgeRefused => "They match, but a 'different' decision parts their profiles.",
            Self::UniqueSource => {
                "They match, but a source that keeps one record per customer has two."
            }
            Self::TrustedIdNamesDiffer => "One refers to the other's id, but the names differ.",
            Self::SharedContact => "The same contact value stands under different names.",
            Self::Ambiguous => "The name fits more than one person behind the same value.",
            Self::Grey => "Much agrees, but no rule is sure enough.",
            Self::WeakBridge => "Two profiles match, but few of the pairs between them do.",
            Self::Outgrown => {
                "They match, but the profile would be larger than is usual, and much in it disagrees."
            }
            Self::LargeCluster => "The profile is unusually large; this is its weakest join.",
        }
    }
}
