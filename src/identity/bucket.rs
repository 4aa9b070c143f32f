//! Which pairs of a bucket (the records that carry one value) are compared.
//!
//! Owns the bound on their number: near-linear in the bucket's size, and still enough that any
//! join which all pairs would find is found through some chain.

use rustc_hash::FxHashMap;

/// Up to this many records all pairs are compared.
const ALL_PAIRS: usize = 8;
/// Up to this many distinct traits behind one value the traits are compared pairwise; beyond it
/// only with this many others each.
const FORMS: usize = 48;
/// How many other constrained records a constrained record of a large group is compared with.
const CONSTRAINED: usize = 24;

/// Calls `emit` with the pairs (smaller index first) to compare. `members` are ascending record
/// indices, `form` gives the number of a record's traits (equal traits, equal number),
/// `constrained` says whether a record may be refused by more than its name: equal records are
/// otherwise interchangeable, and a chain through them is as good as all pairs.
pub(crate) fn pairs(
    members: &[u32],
    form: impl Fn(u32) -> u32,
    constrained: impl Fn(u32) -> bool,
    mut emit: impl FnMut(u32, u32),
) {
    if members.len() <= ALL_PAIRS {
        for (at, a) in members.iter().enumerate() {
            for b in members.iter().skip(at + 1) {
                emit(*a, *b);
            }
        }
        return;
    }
    // Groups of equal traits, in order of first member.
    let mut place: FxHashMap<u32, usize> = FxHashMap::default();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for record in members {
        let at = *place.entry(form(*record)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            group.push(*record);
        }
    }
    let mut hubs: Vec<u32> = Vec::with_capacity(groups.len());
    let mut bound: Vec<u32> = Vec::new();
    let ordered = |a: u32, b: u32| if a < b { (a, b) } else { (b, a) };
    for group in &groups {
        let (tied, free): (Vec<u32>, Vec<u32>) = group.iter().partition(|r| constrained(**r));
        for pair in free.windows(2) {
            if let [a, b] = pair {
                emit(*a, *b);
            }
        }
        let Some(hub) = free.first().or(tied.first()).copied() else { continue };
        hubs.push(hub);
        for record in &tied {
            if *record != hub {
                let (a, b) = ordered(*record, hub);
                emit(a, b);
            }
        }
        for (at, a) in tied.iter().enumerate() {
            for b in tied.iter().skip(at + 1).take(CONSTRAINED) {
                emit(*a, *b);
            }
        }
        bound.extend(tied.iter().filter(|r| **r != hub).take(CONSTRAINED));
    }
    for (at, a) in hubs.iter().enumerate() {
        for b in hubs.iter().skip(at + 1).take(FORMS) {
            let (a, b) = ordered(*a, *b);
            emit(a, b);
        }
    }
    // Constrained records also meet the other groups' hubs: their own may refuse them.
    for record in bound.iter().take(FORMS * 2) {
        for hub in hubs.iter().take(FORMS) {
            if hub != record {
                let (a, b) = ordered(*record, *hub);
                emit(a, b);
            }
        }
    }
}

/// The traits of a bucket that fit two others which exclude each other: `A. Smith` beside
/// `Ann Smith` and `Adam Smith`, a nameless record beside two names. The value says nothing about
/// whose they are. Empty for a bucket of fewer than three traits.
pub(crate) fn ambiguous(forms: &[u32], conflict: impl Fn(u32, u32) -> bool) -> Vec<u32> {
    if forms.len() < 3 || forms.len() > FORMS {
        return Vec::new();
    }
    let n = forms.len();
    let mut table = vec![false; n * n];
    let mut any = false;
    for (i, a) in forms.iter().enumerate() {
        for (j, b) in forms.iter().enumerate().skip(i + 1) {
            if conflict(*a, *b) {
                any = true;
                for at in [i * n + j, j * n + i] {
                    if let Some(cell) = table.get_mut(at) {
                        *cell = true;
                    }
                }
            }
        }
    }
    if !any {
        return Vec::new();
    }
    let against = |i: usize, j: usize| table.get(i * n + j).copied().unwrap_or(false);
    forms
        .iter()
        .enumerate()
        .filter(|(i, _)| {
            let fits: Vec<usize> = (0..n).filter(|j| j != i && !against(*i, *j)).collect();
            fits.iter().any(|x| fits.iter().any(|y| against(*x, *y)))
        })
        .map(|(_, form)| *form)
        .collect()
}
