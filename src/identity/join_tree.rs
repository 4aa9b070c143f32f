//! The joins of a cluster as a tree.
//!
//! Owns what each join put together: single records, or groups that earlier joins made. Refuses to
//! order the joins: they come in the order in which they are told.

use domain::RecordId;
use std::collections::HashMap;

/// One side of a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JoinSide {
    /// The join, counted from 1, that made the group; `None` for a record that stood alone.
    pub step: Option<usize>,
    /// Records in the group.
    pub count: usize,
}

const ALONE: JoinSide = JoinSide { step: None, count: 1 };

/// What each join put together, in the order of the joins. A join within a group that earlier joins
/// made changes nothing: both its sides are that group.
#[must_use]
pub fn join_tree(joins: impl IntoIterator<Item = (RecordId, RecordId)>) -> Vec<[JoinSide; 2]> {
    let mut group_of: HashMap<RecordId, usize> = HashMap::new();
    let mut groups: Vec<(JoinSide, Vec<RecordId>)> = Vec::new();
    let mut steps = Vec::new();
    for (at, (left, right)) in joins.into_iter().enumerate() {
        let sides = [left, right].map(|record| {
            *group_of.entry(record).or_insert_with(|| {
                groups.push((ALONE, vec![record]));
                groups.len() - 1
            })
        });
        let side = |group: usize| groups.get(group).map_or(ALONE, |(side, _)| *side);
        let [p, q] = sides.map(side);
        steps.push([p, q]);
        let [a, b] = sides;
        if a == b {
            continue;
        }
        // The smaller group moves into the larger one.
        let (keep, gone) = if p.count >= q.count { (a, b) } else { (b, a) };
        let moved =
            groups.get_mut(gone).map(|(_, members)| std::mem::take(members)).unwrap_or_default();
        for record in &moved {
            group_of.insert(*record, keep);
        }
        if let Some((side, members)) = groups.get_mut(keep) {
            members.extend(moved);
            *side = JoinSide { step: Some(at + 1), count: p.count + q.count };
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(pairs: &[(i64, i64)]) -> Vec<[(Option<usize>, usize); 2]> {
        let joins = pairs.iter().map(|(a, b)| (RecordId(*a), RecordId(*b)));
        join_tree(joins).iter().map(|sides| sides.map(|side| (side.step, side.count))).collect()
    }

    #[test]
    fn a_join_names_the_joins_that_made_its_groups() {
        let alone = (None, 1);
        assert_eq!(
            steps(&[(1, 2), (3, 4), (2, 3), (5, 1)]),
            [[alone, alone], [alone, alone], [(Some(1), 2), (Some(2), 2)], [alone, (Some(3), 4)],]
        );
        assert!(steps(&[]).is_empty());
    }

    #[test]
    fn a_join_within_a_group_changes_nothing() {
        let alone = (None, 1);
        assert_eq!(
            steps(&[(1, 2), (2, 1), (2, 3)]),
            [[alone, alone], [(Some(1), 2), (Some(1), 2)], [(Some(1), 2), alone]]
        );
    }
}
