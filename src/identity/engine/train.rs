//! The parameters, estimated from the data without labels.
//!
//! Owns expectation maximisation over counted patterns, and the choice between sets of latent
//! classes. The joint estimation over blocking rules, each with its own mixing weights and without
//! the comparisons that the rule implies, replaces one training session per rule.

use super::block::Candidate;
use super::chance::{EACH_OWN_APART, cap, chance, decrease, exact, hold_swaps, typical};
use super::compare::{Compared, Comparer};
use super::keys::Rule;
use super::level::{Comparison, LEVELS, level_of};
use super::model::{Class, FEW, Levels, Model, Sort, at_most, is_exact, normalise};
use crate::role::Role;
use domain::ProfileKind;
use rustc_hash::FxHashMap;

impl Model {
    /// Estimates the parameters.
    pub fn train(
        comparer: &mut Comparer<'_>,
        rules: &[Rule],
        pairs: &[Candidate],
        compared: &[Compared],
        labelled: &[(Compared, bool)],
        random: &[(u32, u32)],
        all_pairs: f64,
    ) -> Self {
        let comparisons = comparer.comparisons.clone();
        let kind = comparer.table.kind;
        let (share, exact_u) = exact(comparer);
        let (measured, mean) = chance(comparer, random, &exact_u);
        let mut u = measured.clone();
        cap(kind, &comparisons, &mut u);
        hold_swaps(&comparisons, &mut u, None);
        let mut model = Self::estimate(
            comparer, share, &measured, mean, &u, rules, pairs, compared, labelled, all_pairs,
        );
        // Where little is compared beside a name, what agrees by chance cannot be told from matches.
        if comparisons.len() > 2 {
            let both = comparer.both_present();
            u = model.without_matches(&measured, compared, &both, all_pairs);
            hold_swaps(&comparisons, &mut u, model.classes.first());
            model.decrease = decrease(&measured, &u);
            if let Some(last) = model.classes.last_mut() {
                last.levels = u;
            }
            model.finish();
            model.fit_priors(compared, all_pairs);
        }
        model
    }

    /// Probabilities of the levels for two random records of which it is not likely that they
    /// match: in a small table, or one of many duplicates, matches are most of what agrees.
    fn without_matches(
        &self,
        measured: &[Levels],
        compared: &[Compared],
        both: &[f64],
        all_pairs: f64,
    ) -> Vec<Levels> {
        let mut matched = vec![[0.0; LEVELS]; measured.len()];
        for one in compared {
            let odds = f64::from(self.weight(*one)).exp2();
            let probability = if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 };
            for (at, levels) in matched.iter_mut().enumerate() {
                if let Some(slot) = levels.get_mut(usize::from(level_of(one.pattern, at))) {
                    *slot += probability;
                }
            }
        }
        let mut out = measured.to_vec();
        for (((levels, matched), share), both) in
            out.iter_mut().zip(&matched).zip(&self.share).zip(both)
        {
            let pairs = (both * both * all_pairs).max(1.0);
            for (level, slot) in levels.iter_mut().enumerate().skip(1) {
                if *slot <= 0.0 {
                    continue;
                }
                let share = share.get(level).copied().unwrap_or_default();
                // As if a third of a record more carried the value.
                let least = if is_exact(level) {
                    (share * 0.3 / (2.0 * pairs).sqrt()).max(1e-9)
                } else {
                    0.3 / pairs
                };
                *slot = (*slot - matched.get(level).copied().unwrap_or_default() / pairs)
                    .max(least.min(*slot));
            }
            normalise(levels);
        }
        out
    }

    #[allow(clippy::too_many_arguments)]
    fn estimate(
        comparer: &Comparer<'_>,
        share: Vec<Levels>,
        measured: &[Levels],
        mean: Vec<[f32; LEVELS]>,
        u: &[Levels],
        rules: &[Rule],
        pairs: &[Candidate],
        compared: &[Compared],
        labelled: &[(Compared, bool)],
        all_pairs: f64,
    ) -> Self {
        let comparisons = comparer.comparisons.clone();
        let kind = comparer.table.kind;
        let typical: Vec<Levels> = comparisons
            .iter()
            .zip(u)
            .zip(&share)
            .map(|((c, u), s)| typical(kind, *c, u, s))
            .collect();
        let mut cells = cells(&comparisons, rules, pairs, compared);
        let most = (compared.len() as f64 * LABELS).max(FEW_LABELS);
        let label = LABEL.min(most / labelled.len().max(1) as f64);
        cells.extend(labelled.iter().map(|(compared, same)| Cell {
            rule: rules.len(),
            pattern: compared.pattern,
            count: label,
            label: Some(*same),
        }));
        let mut best: Option<(&[Sort], Fit)> = None;
        for shape in shapes(kind) {
            if shape.iter().any(|sort| !tells(*sort, &comparisons)) {
                continue;
            }
            let fit = fit(kind, &comparisons, &typical, u, &cells, rules.len() + 1, shape);
            // A handful of pairs cannot tell that nobody has a family.
            if kind == ProfileKind::Person && compared.len() < FEW {
                best = Some((*shape, fit));
                continue;
            }
            if best.as_ref().is_none_or(|(_, other)| fit.bic < other.bic) {
                best = Some((*shape, fit));
            }
        }
        let start = 0.5 * comparer.frequency.records / all_pairs;
        let mut model = Self {
            comparisons,
            classes: best
                .into_iter()
                .flat_map(|(shape, fit)| shape.iter().copied().zip(fit.classes))
                .map(|(sort, levels)| Class {
                    sort,
                    prior: start,
                    levels,
                    logs: Vec::new(),
                    log_prior: 0.0,
                })
                .collect(),
            share,
            decrease: decrease(measured, u),
            mean,
        };
        model.finish();
        model.fit_priors(compared, all_pairs);
        model
    }
}

const ROUNDS: usize = 40;

/// Whether the pairs of a class agree on a comparison by chance only.
fn by_chance(sort: Sort, comparison: Comparison) -> bool {
    use Comparison as C;
    match sort {
        Sort::Match => false,
        Sort::Unrelated => true,
        Sort::Related => match comparison {
            C::Given | C::Date | C::Middle => true,
            C::Extra(_, role) => role.is_id(),
            _ => false,
        },
        Sort::Neighbour => match comparison {
            C::Org => true,
            C::Extra(_, role) => role.is_id(),
            _ => false,
        },
        Sort::Branch => comparison == C::Address,
        Sort::Peer => matches!(comparison, C::Org | C::Address | C::Phone),
    }
}

/// Whether a level of a comparison that agrees by chance in general is estimated all the same.
/// Companies at one site often share a word, that of the building, the parent or the trade;
/// companies of one trade or town that and the street.
fn may_vary(sort: Sort, comparison: Comparison, level: usize) -> bool {
    use super::level::{address, org, phone};
    let any = |of: &[u8]| of.iter().any(|l| usize::from(*l) == level);
    match (sort, comparison) {
        (Sort::Neighbour | Sort::Peer, Comparison::Org) => any(&[
            org::SOMEWHAT,
            org::SLIGHTLY,
            org::PART,
            org::NUMBER,
            org::EACH_OWN,
            org::DIFFERENT,
        ]),
        (Sort::Peer, Comparison::Address) => {
            any(&[address::STREET, address::NUMBER, address::SIMILAR, address::DIFFERENT])
        }
        (Sort::Peer, Comparison::Phone) => any(&[phone::RANGE, phone::DIFFERENT]),
        _ => false,
    }
}

/// Whether a table can tell a class from the others: where nothing is compared that only matches
/// agree on, the related would take the matches' place.
fn tells(sort: Sort, comparisons: &[Comparison]) -> bool {
    let chance = comparisons.iter().filter(|c| by_chance(sort, **c)).count();
    match sort {
        Sort::Match | Sort::Unrelated => true,
        _ => chance > 0 && chance < comparisons.len(),
    }
}

/// The sets of classes among which the data chooses.
fn shapes(kind: ProfileKind) -> &'static [&'static [Sort]] {
    use Sort::{Branch as B, Match as M, Neighbour as N, Peer as P, Related as R, Unrelated as U};
    if kind == ProfileKind::Company {
        &[
            &[M, U],
            &[M, N, U],
            &[M, B, U],
            &[M, P, U],
            &[M, N, B, U],
            &[M, N, P, U],
            &[M, B, P, U],
            &[M, N, B, P, U],
        ]
    } else {
        // Families and colleagues, where both are there. The last one is that of small stores.
        &[&[M, U], &[M, R, R, U], &[M, R, U]]
    }
}

/// One distinct masked pattern under one rule.
struct Cell {
    rule: usize,
    pattern: u64,
    count: f64,
    /// What a steward said about the pair.
    label: Option<bool>,
}

/// How many unlabelled pairs a labelled one counts for.
const LABEL: f64 = 5.0;
/// All labelled pairs together count for at most this share of the unlabelled ones, so that a few
/// decisions, which are seldom about ordinary pairs, do not outweigh what the data says.
const LABELS: f64 = 0.2;
/// They count for so much in any store: as much as what is usual anywhere.
const FEW_LABELS: f64 = 20.0;

/// Counts the distinct patterns under each rule, without the comparisons that the rule implies.
fn cells(
    comparisons: &[Comparison],
    rules: &[Rule],
    pairs: &[Candidate],
    compared: &[Compared],
) -> Vec<Cell> {
    let masks: Vec<u64> = rules
        .iter()
        .map(|rule| {
            comparisons
                .iter()
                .enumerate()
                .filter(|(_, c)| rule.implies.contains(c))
                .fold(0, |mask, (at, _)| mask | (15 << (at * 4)))
        })
        .collect();
    let mut counts: FxHashMap<(u32, u64), u32> = FxHashMap::default();
    for (pair, compared) in pairs.iter().zip(compared) {
        *counts.entry((pair.rules, compared.pattern)).or_default() += 1;
    }
    let mut merged: FxHashMap<(usize, u64), f64> = FxHashMap::default();
    for ((found_by, pattern), count) in counts {
        for (rule, mask) in masks.iter().enumerate() {
            if found_by & (1 << rule) != 0 {
                *merged.entry((rule, pattern & !mask)).or_default() += f64::from(count);
            }
        }
    }
    let mut cells: Vec<Cell> = merged
        .into_iter()
        .map(|((rule, pattern), count)| Cell { rule, pattern, count, label: None })
        .collect();
    cells.sort_unstable_by_key(|cell| (cell.rule, cell.pattern));
    cells
}

/// A level that is rare among matches whatever the data seems to say: a class most of whose pairs
/// have other names, or are father and son, is another class.
fn rare(kind: ProfileKind, comparison: Comparison) -> Option<(u8, f64)> {
    match comparison {
        Comparison::Org if kind == ProfileKind::Company => {
            Some((super::level::org::DIFFERENT, 0.2))
        }
        Comparison::Middle => Some((super::level::middle::GENERATION, 0.0003)),
        _ => None,
    }
}

/// How many pairs what is usual anywhere counts for. Numbers of authorities are the same everywhere:
/// that two records with other ones are one person takes more than the few pairs of a small table,
/// among which relatives at one address pass for matches.
fn pseudo(comparison: Comparison) -> f64 {
    match comparison {
        Comparison::Extra(_, Role::TrustedId) => 500.0,
        _ => 20.0,
    }
}

struct Fit {
    classes: Vec<Vec<Levels>>,
    bic: f64,
}

/// Where a class starts: as the matches, where it does not agree by chance only.
fn start(
    comparison: Comparison,
    sort: Sort,
    nth: usize,
    few: bool,
    typical: &Levels,
    u: &Levels,
) -> Levels {
    let mut out = *u;
    let clean = match (sort, nth) {
        (Sort::Match, _) => 1.0,
        _ if by_chance(sort, comparison) => 0.0,
        // Families share the name, colleagues the employer.
        (Sort::Related, 0) if comparison == Comparison::Org => 0.3,
        // A family seldom shares a mailbox; many pairs tell how seldom.
        (Sort::Related, 0) if few && comparison == Comparison::Email => 0.1,
        (Sort::Related, 1..) if comparison == Comparison::Family => 0.1,
        _ => 1.0,
    };
    for (slot, t) in out.iter_mut().zip(typical) {
        *slot = clean * t + (1.0 - clean) * *slot;
    }
    if sort == Sort::Neighbour
        && comparison == Comparison::Org
        && let Some(slot) = out.get_mut(usize::from(super::level::org::EACH_OWN))
    {
        *slot = EACH_OWN_APART;
        normalise(&mut out);
    }
    out
}

fn fit(
    kind: ProfileKind,
    comparisons: &[Comparison],
    typical: &[Levels],
    u: &[Levels],
    cells: &[Cell],
    rules: usize,
    shape: &[Sort],
) -> Fit {
    let width = shape.len();
    let few = cells.iter().map(|c| c.count).sum::<f64>() < FEW as f64;
    let starts: Vec<Vec<Levels>> = shape
        .iter()
        .enumerate()
        .map(|(at, sort)| {
            let nth = shape.iter().take(at).filter(|s| *s == sort).count();
            comparisons
                .iter()
                .zip(typical)
                .zip(u)
                .map(|((c, t), u)| start(*c, *sort, nth, few, t, u))
                .collect()
        })
        .collect();
    let mut classes = starts.clone();
    // One comparison alone cannot tell the classes: any split of its levels fits.
    let told = comparisons.len() > 1;
    let free = |class: usize, comparison: Comparison| {
        let elsewhere = |sort| sort == Sort::Neighbour && comparison == Comparison::Address;
        told && shape
            .get(class)
            .is_some_and(|sort| !by_chance(*sort, comparison) && !elsewhere(*sort))
    };
    let mut mix: Vec<Vec<f64>> = vec![
        shape
            .iter()
            .map(|s| match s {
                Sort::Unrelated => 0.5,
                _ => 0.5 / (width - 1) as f64,
            })
            .collect();
        rules
    ];
    let mut likelihood = f64::NEG_INFINITY;
    let mut total = 0.0;
    let columns = comparisons.len();
    for _ in 0..ROUNDS {
        // By class, comparison and level, flat: this loop is all of the training time.
        let logs: Vec<f64> = classes
            .iter()
            .flat_map(|class| {
                class.iter().flat_map(|levels| {
                    levels
                        .iter()
                        .enumerate()
                        .map(|(l, p)| if l == 0 { 0.0 } else { p.max(1e-12).ln() })
                })
            })
            .collect();
        let log_mix: Vec<Vec<f64>> = mix
            .iter()
            .map(|weights| weights.iter().map(|weight| weight.max(1e-12).ln()).collect())
            .collect();
        let mut sums = vec![0.0; logs.len()];
        let mut next_mix = vec![vec![0.0; width]; rules];
        let mut now = 0.0;
        total = 0.0;
        let mut own = vec![0.0; width];
        for cell in cells {
            let Some(weights) = log_mix.get(cell.rule) else { continue };
            for (class, (slot, weight)) in own.iter_mut().zip(weights).enumerate() {
                let mut log = *weight;
                for at in 0..columns {
                    let level = usize::from(level_of(cell.pattern, at));
                    log += logs
                        .get((class * columns + at) * LEVELS + level)
                        .copied()
                        .unwrap_or_default();
                }
                *slot = log;
            }
            if let Some(same) = cell.label {
                for (slot, sort) in own.iter_mut().zip(shape) {
                    if (*sort == Sort::Match) != same {
                        *slot = f64::NEG_INFINITY;
                    }
                }
            }
            let top = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mut sum = 0.0;
            for slot in &mut own {
                *slot = (*slot - top).exp();
                sum += *slot;
            }
            now += cell.count * (top + sum.ln());
            total += cell.count;
            let Some(mixed) = next_mix.get_mut(cell.rule) else { continue };
            for (class, (slot, mixed)) in own.iter().zip(mixed.iter_mut()).enumerate() {
                let share = cell.count * slot / sum;
                *mixed += share;
                if shape.get(class) == Some(&Sort::Unrelated) {
                    continue;
                }
                for at in 0..columns {
                    let level = usize::from(level_of(cell.pattern, at));
                    if level != 0
                        && let Some(slot) = sums.get_mut((class * columns + at) * LEVELS + level)
                    {
                        *slot += share;
                    }
                }
            }
        }
        for (class, (own, starts)) in classes.iter_mut().zip(&starts).enumerate() {
            for (at, (levels, start)) in own.iter_mut().zip(starts).enumerate() {
                let Some(comparison) = comparisons.get(at) else { continue };
                let sort = shape.get(class).copied().unwrap_or(Sort::Unrelated);
                let open =
                    |level: usize| free(class, *comparison) || may_vary(sort, *comparison, level);
                let (mut now, mut room) = (0.0, 0.0);
                for (level, slot) in
                    levels.iter_mut().enumerate().skip(1).filter(|(level, _)| open(*level))
                {
                    let sum = sums
                        .get((class * columns + at) * LEVELS + level)
                        .copied()
                        .unwrap_or_default();
                    let start = start.get(level).copied().unwrap_or_default();
                    *slot = sum + pseudo(*comparison) * start;
                    now += *slot;
                    room += start;
                }
                for (_, slot) in
                    levels.iter_mut().enumerate().skip(1).filter(|(level, _)| open(*level))
                {
                    *slot *= room / f64::max(now, 1e-12);
                }
                if sort == Sort::Match
                    && let Some((level, most)) = rare(kind, *comparison)
                {
                    at_most(levels, level, most);
                }
            }
        }
        for (weights, sums) in mix.iter_mut().zip(next_mix) {
            let n: f64 = sums.iter().sum::<f64>() + 0.5 * width as f64;
            for (weight, sum) in weights.iter_mut().zip(sums) {
                *weight = (sum + 0.5) / n;
            }
        }
        if (now - likelihood).abs() < 1e-7 * now.abs() {
            likelihood = now;
            break;
        }
        likelihood = now;
    }
    let parameters: usize = (0..width)
        .map(|class| {
            let own: usize =
                comparisons.iter().filter(|c| free(class, **c)).map(|c| c.levels() - 2).sum();
            own + rules
        })
        .sum();
    Fit { classes, bic: -2.0 * likelihood + parameters as f64 * f64::max(total, 1.0).ln() }
}
