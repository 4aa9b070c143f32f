//! Joins that look wrong whatever they weigh.
//!
//! Owns when a join is held back for a reviewer: two groups that hang together by a few pairs, and a
//! cluster that outgrows what is usual in its data without being of one mind. A mean over all pairs
//! keeps most chains apart; where the weights of a table are too generous, a few strong pairs still
//! outweigh many weak ones, and these joins are wrong more often than right.

use super::cluster::Meeting;

/// Why a join is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// Two groups of several records each hang together by few of the pairs between them.
    Bridge,
    /// The cluster would be larger than clusters of this data are, and much in it disagrees.
    Outgrown,
}

/// A group of fewer records is not sizeable: that most of its pairs with others are weak is usual,
/// one damaged record suffices.
const SIZEABLE: usize = 4;
/// A smaller share of likely pairs between two sizeable groups is a bridge.
const BRIDGE: f32 = 0.2;
/// A cluster with at least this share of likely pairs may grow to any size.
const OF_ONE_MIND: f32 = 0.5;

/// What is suspicious about a join of `p` and `q` records; `usual` is the largest size that is
/// usual, see [`usual_size`].
pub(crate) fn suspicion(p: usize, q: usize, meeting: Meeting, usual: u32) -> Option<Suspicion> {
    if p.min(q) >= SIZEABLE && meeting.support < BRIDGE {
        Some(Suspicion::Bridge)
    } else if p + q > usual as usize && meeting.support < OF_ONE_MIND {
        Some(Suspicion::Outgrown)
    } else {
        None
    }
}

/// Sizes up to this are usual in any data.
const ALWAYS_USUAL: u32 = 12;

/// The largest size that is usual: half as much again as what all but one in a hundred records are
/// in. `sizes` are the clusters' sizes in any order.
pub(crate) fn usual_size(sizes: impl Iterator<Item = u32>) -> u32 {
    let mut sizes: Vec<u32> = sizes.collect();
    sizes.sort_unstable_by(|x, y| y.cmp(x));
    let records: u64 = sizes.iter().copied().map(u64::from).sum();
    let mut above = 0;
    let tail = sizes.iter().find(|size| {
        above += u64::from(**size);
        above * 100 > records
    });
    let size = tail.copied().unwrap_or_default();
    ALWAYS_USUAL.max(size + size / 2)
}
