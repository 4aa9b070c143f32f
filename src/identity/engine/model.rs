//! Fellegi-Sunter parameters, estimated from the data without labels.
//!
//! Owns the latent classes (match, related, unrelated), their probabilities of every level, and
//! expectation maximisation over counted patterns. Formulas: Fellegi and Sunter, "A theory for
//! record linkage" (1969); the joint estimation over blocking rules, each with its own mixing
//! weights and without the comparisons that the rule implies, replaces one training session per
//! rule.

use super::block::{Candidate, Rule};
use super::compare::{Compared, Comparer};
use super::level::{Comparison, EXACT, EXACT_MANY, LEVELS, MISSING, level_of};
use crate::role::Role;
use domain::ProfileKind;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

pub(crate) type Levels = [f64; LEVELS];

/// A latent class of pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Class {
    pub sort: Sort,
    /// Probability that two random records are such a pair.
    pub prior: f64,
    /// Probability of each level, by comparison, given that both values are there.
    pub levels: Vec<Levels>,
    #[serde(skip)]
    logs: Vec<[f32; LEVELS]>,
}

/// What the pairs of a class are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sort {
    /// The same entity.
    Match,
    /// Two persons that share context: a household, colleagues.
    Related,
    /// Two companies at one site.
    Neighbour,
    /// Two sites of one company, or of a company and its parent.
    Branch,
    /// Two companies of one trade or town.
    Peer,
    /// Nothing in common but by chance.
    Unrelated,
}

/// What a score is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    pub comparisons: Vec<Comparison>,
    /// The last one is the unrelated class.
    pub classes: Vec<Class>,
    /// Share of the records (with a value) whose value belongs to an exact level.
    pub share: Vec<Levels>,
    /// Log2 of how much rarer agreement is by chance than it was measured on all pairs, matches included.
    decrease: Vec<[f32; LEVELS]>,
}

/// Random pairs on which agreement by chance is measured.
pub(crate) const RANDOM_PAIRS: usize = 300_000;
/// Records whose own values are looked at for the frequencies of exact levels.
const SELF_SAMPLE: usize = 100_000;
const ROUNDS: usize = 40;

fn is_exact(level: usize) -> bool {
    (usize::from(EXACT)..=usize::from(EXACT_MANY)).contains(&level)
}

/// Whether the pairs of a class agree on a comparison by chance only.
fn by_chance(sort: Sort, comparison: Comparison) -> bool {
    use Comparison as C;
    match sort {
        Sort::Match => false,
        Sort::Unrelated => true,
        Sort::Related => match comparison {
            C::Given | C::Date | C::Middle => true,
            C::Extra(_, role) => role == Role::TrustedId,
            _ => false,
        },
        Sort::Neighbour => match comparison {
            C::Org => true,
            C::Extra(_, role) => role == Role::TrustedId,
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
        (Sort::Neighbour | Sort::Peer, Comparison::Org) => {
            any(&[org::SOMEWHAT, org::SLIGHTLY, org::PART, org::NUMBER, org::DIFFERENT])
        }
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

/// Starting point and weak prior of the match class, in pseudo-counts summing to one.
fn typical(kind: ProfileKind, comparison: Comparison, u: &Levels, share: &Levels) -> Levels {
    if kind == ProfileKind::Company && comparison == Comparison::Org {
        return typical_company(share);
    }
    let mut m = [0.0; LEVELS];
    let levels = comparison.levels();
    let agree = match comparison {
        Comparison::Given | Comparison::Family => 0.75,
        Comparison::Date => 0.8,
        Comparison::Extra(_, Role::TrustedId) => 0.93,
        Comparison::Email | Comparison::Phone => 0.6,
        Comparison::Extra(..) => 0.5,
        _ => 0.6,
    };
    let exact_u: f64 = (1..=3).map(|l| u.get(l).copied().unwrap_or_default()).sum();
    let rest_u: f64 = 1.0 - exact_u;
    let shares: f64 = share.iter().sum();
    for (level, slot) in m.iter_mut().enumerate().take(levels).skip(1) {
        let chance = u.get(level).copied().unwrap_or_default();
        *slot = if is_exact(level) {
            // Whether a value is rare does not change how often it is mistyped.
            agree * (share.get(level).copied().unwrap_or_default() + 0.01) / (shares + 0.03)
        } else {
            // Half as by chance, half spread evenly over the levels of partial agreement.
            (1.0 - agree) * (0.5 * chance / rest_u.max(1e-9) + 0.5 / (levels - 4).max(1) as f64)
        };
    }
    normalise(&mut m);
    m
}

/// Names of one company: other spellings are frequent, other names are not.
fn typical_company(share: &Levels) -> Levels {
    use super::level::org as l;
    let mut m = [0.0; LEVELS];
    let exact: f64 = share.iter().sum();
    for (level, slot) in m.iter_mut().enumerate().filter(|(level, _)| is_exact(*level)) {
        *slot = 0.6 * (share.get(level).copied().unwrap_or_default() + 0.01) / (exact + 0.03);
    }
    for (level, share) in [
        (l::VERY_SIMILAR, 0.15),
        (l::SIMILAR, 0.07),
        (l::PART, 0.06),
        (l::ACRONYM, 0.03),
        (l::SOMEWHAT, 0.04),
        (l::SLIGHTLY, 0.02),
        (l::DIFFERENT, 0.02),
        (l::NUMBER, 0.002),
    ] {
        if let Some(slot) = m.get_mut(usize::from(level)) {
            *slot = share;
        }
    }
    normalise(&mut m);
    m
}

fn normalise(levels: &mut Levels) {
    let total: f64 = levels.iter().skip(1).sum();
    if total > 0.0 {
        for slot in levels.iter_mut().skip(1) {
            *slot /= total;
        }
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

/// With fewer candidate pairs than these, what is usual anywhere decides instead of a fit.
pub(crate) const FEW: usize = 100;
/// Matches that there are at least, in so small a store.
const FEW_MATCHES: f64 = 5.0;

/// How many unlabelled pairs a labelled one counts for.
const LABEL: f64 = 5.0;

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
        let measured = chance(comparer, random, &exact_u);
        let mut u = measured.clone();
        cap(kind, &comparisons, &mut u);
        let mut model = Self::estimate(
            comparer, share, &measured, &u, rules, pairs, compared, labelled, all_pairs,
        );
        // Where little is compared beside a name, what agrees by chance cannot be told from matches.
        if comparisons.len() > 2 {
            let both = comparer.both_present();
            u = model.without_matches(&measured, compared, &both, all_pairs);
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
        cells.extend(labelled.iter().map(|(compared, same)| Cell {
            rule: rules.len(),
            pattern: compared.pattern,
            count: LABEL,
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
                .map(|(sort, levels)| Class { sort, prior: start, levels, logs: Vec::new() })
                .collect(),
            share,
            decrease: decrease(measured, u),
        };
        model.finish();
        model.fit_priors(compared, all_pairs);
        model
    }

    /// Fills the tables that scoring reads.
    pub fn finish(&mut self) {
        for class in &mut self.classes {
            let divide = class.sort != Sort::Unrelated;
            class.logs = class
                .levels
                .iter()
                .zip(&self.share)
                .zip(&self.decrease)
                .map(|((levels, share), decrease)| {
                    let mut out = [0.0; LEVELS];
                    let exact: f64 =
                        (1..LEVELS).filter(|l| is_exact(*l)).filter_map(|l| levels.get(l)).sum();
                    for (level, slot) in out.iter_mut().enumerate().skip(1) {
                        let p = levels.get(level).copied().unwrap_or_default().max(1e-12);
                        let share = share.get(level).copied().unwrap_or_default();
                        // Of values that nobody had, what is known of all others holds.
                        let (p, share) =
                            if is_exact(level) && share <= 0.0 { (exact, 1.0) } else { (p, share) };
                        // Of an exact level the value's own frequency counts, see `weight`.
                        *slot = if is_exact(level) {
                            if divide {
                                (p / share).log2() as f32
                            } else {
                                decrease.get(level).copied().unwrap_or_default()
                            }
                        } else {
                            p.log2() as f32
                        };
                    }
                    out
                })
                .collect();
        }
    }

    /// Log2 likelihood of a pair in a class, up to a factor common to all classes.
    fn likelihood(&self, class: &Class, compared: Compared) -> f32 {
        let mut sum = if class.sort == Sort::Unrelated { -compared.rarity } else { 0.0 };
        let mut pattern = compared.pattern;
        for levels in &class.logs {
            sum += levels.get((pattern & 15) as usize).copied().unwrap_or_default();
            pattern >>= 4;
        }
        sum
    }

    fn prior_of(&self, sort: Sort) -> f64 {
        self.classes.iter().filter(|c| c.sort == sort).map(|c| c.prior).sum()
    }

    /// Log2 odds that two random records match.
    pub fn prior_weight(&self) -> f64 {
        (self.prior_of(Sort::Match) / self.prior_of(Sort::Unrelated).max(1e-12)).log2()
    }

    /// What a level says for a match against chance, in log2 odds; of an exact level with the
    /// frequency of the value agreed on.
    pub fn level_weight(&self, at: usize, level: u8, frequency: Option<f64>) -> f64 {
        let of = |sort: Sort| {
            let class = self.classes.iter().find(|c| c.sort == sort);
            class
                .and_then(|c| c.logs.get(at))
                .and_then(|levels| levels.get(usize::from(level)))
                .map_or(0.0, |log| f64::from(*log))
        };
        of(Sort::Match) - of(Sort::Unrelated) - frequency.map_or(0.0, f64::log2)
    }

    /// Match weight of a pair in log2 odds: prior and all evidence.
    pub fn weight(&self, compared: Compared) -> f32 {
        let (mut yes, mut no) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        for class in &self.classes {
            let log = self.likelihood(class, compared) + class.prior.log2() as f32;
            let side = if class.sort == Sort::Match { &mut yes } else { &mut no };
            let top = side.max(log);
            *side = if top == f32::NEG_INFINITY {
                top
            } else {
                top + ((*side - top).exp2() + (log - top).exp2()).log2()
            };
        }
        yes - no
    }

    /// Whether two records of people are not put together without being asked, whatever they weigh.
    /// Nothing but names in common, or these and a town: namesakes exist. Other given names or
    /// generations: couples, parents and colleagues share everything else. Another family name, or a
    /// generation with only one of the two: then a mailbox or a private phone must have stayed.
    pub fn is_doubtful(&self, compared: Compared) -> bool {
        use super::level::{address, date, email, family, given, middle, org, phone, place};
        let (mut names, mut context, mut contact) = (false, false, false);
        let (mut other, mut open) = (false, false);
        for (at, comparison) in self.comparisons.iter().enumerate() {
            let level = level_of(compared.pattern, at);
            let agrees = match comparison {
                Comparison::Given => {
                    names = true;
                    other |= level == given::DIFFERENT;
                    continue;
                }
                Comparison::Family => {
                    open |= level == family::DIFFERENT;
                    continue;
                }
                Comparison::Middle => {
                    other |= level == middle::GENERATION;
                    open |= level == middle::GENERATION_OPEN;
                    continue;
                }
                Comparison::Email => level <= email::LOCAL_SIMILAR,
                Comparison::Phone => level <= phone::NEAR,
                Comparison::Date => level <= date::ONE_DIGIT,
                Comparison::Address => level <= address::TYPO,
                Comparison::Place => level <= EXACT_MANY || level == place::POSTAL_TYPO,
                Comparison::Org => level <= org::ACRONYM,
                _ => level <= EXACT_MANY,
            };
            if agrees && level != MISSING {
                context = true;
                contact |= match comparison {
                    Comparison::Email => level <= EXACT_MANY,
                    // A number of many is the company's.
                    Comparison::Phone => level == EXACT,
                    _ => false,
                };
            }
        }
        names && (!context || other || open && !contact)
    }

    /// Priors over all pairs of records, such that they are what the scores add up to.
    fn fit_priors(&mut self, compared: &[Compared], all_pairs: f64) {
        let width = self.classes.len();
        let mut parts: Vec<f64> = Vec::with_capacity(compared.len() * width);
        for one in compared {
            let start = parts.len();
            parts.extend(self.classes.iter().map(|c| f64::from(self.likelihood(c, *one))));
            let own = parts.get_mut(start..).unwrap_or_default();
            let top = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for part in own {
                *part = (*part - top).exp2();
            }
        }
        let floor = if compared.len() < FEW { FEW_MATCHES } else { 0.01 } / all_pairs;
        let mut priors: Vec<f64> = self.classes.iter().map(|c| c.prior).collect();
        for _ in 0..60 {
            let rest: f64 = priors.iter().take(width - 1).sum();
            if let Some(last) = priors.last_mut() {
                *last = (1.0 - rest).max(1e-9);
            }
            let mut sums = vec![0.0; width];
            for own in parts.chunks_exact(width) {
                let total: f64 = own.iter().zip(&priors).map(|(l, p)| l * p).sum();
                if total > 0.0 {
                    for ((sum, l), p) in sums.iter_mut().zip(own).zip(&priors) {
                        *sum += l * p / total;
                    }
                }
            }
            for (prior, sum) in priors.iter_mut().zip(sums).take(width - 1) {
                *prior = (sum / all_pairs).clamp(floor, 0.3);
            }
        }
        for (class, prior) in self.classes.iter_mut().zip(priors) {
            class.prior = prior;
        }
    }
}

/// Log2 of how much rarer chance agreement is than measured.
fn decrease(measured: &[Levels], u: &[Levels]) -> Vec<[f32; LEVELS]> {
    measured
        .iter()
        .zip(u)
        .map(|(before, now)| {
            let mut out = [0.0; LEVELS];
            for ((slot, before), now) in out.iter_mut().zip(before).zip(now) {
                *slot =
                    if *before > 0.0 && *now > 0.0 { (now / before).log2() as f32 } else { 0.0 };
            }
            out
        })
        .collect()
}

/// Chance agreement of company names that nobody has measured: two companies seldom have one name.
fn cap(kind: ProfileKind, comparisons: &[Comparison], u: &mut [Levels]) {
    use super::level::org as l;
    for (levels, comparison) in u.iter_mut().zip(comparisons) {
        if kind != ProfileKind::Company || *comparison != Comparison::Org {
            continue;
        }
        for (level, most) in
            [(1, 1e-6), (2, 1e-5), (3, 1e-4), (l::VERY_SIMILAR, 1e-5), (l::SIMILAR, 1e-4)]
        {
            if let Some(slot) = levels.get_mut(usize::from(level)) {
                *slot = slot.min(most);
            }
        }
        normalise(levels);
    }
}

/// Share of records per exact level, and the probability that two records agree in it by chance.
fn exact(comparer: &mut Comparer<'_>) -> (Vec<Levels>, Vec<Levels>) {
    let n = comparer.table.len();
    let width = comparer.comparisons.len();
    let mut share = vec![[0.0; LEVELS]; width];
    let mut chance = vec![[0.0; LEVELS]; width];
    let mut present = vec![0.0; width];
    let step = (n / SELF_SAMPLE).max(1);
    for at in (0..n).step_by(step) {
        let own = comparer.own(at as u32);
        for (c, (level, frequency)) in own.iter().enumerate() {
            if *level == MISSING {
                continue;
            }
            if let (Some(total), Some(s), Some(u)) =
                (present.get_mut(c), share.get_mut(c), chance.get_mut(c))
            {
                *total += 1.0;
                if let (Some(s), Some(u)) =
                    (s.get_mut(usize::from(*level)), u.get_mut(usize::from(*level)))
                {
                    *s += 1.0;
                    *u += f64::from(*frequency);
                }
            }
        }
    }
    for ((share, chance), total) in share.iter_mut().zip(&mut chance).zip(&present) {
        for (s, u) in share.iter_mut().zip(chance.iter_mut()) {
            *s /= f64::max(*total, 1.0);
            *u /= f64::max(*total, 1.0);
        }
    }
    (share, chance)
}

/// How many random pairs the usual chances stand for.
const USUAL_PAIRS: f64 = 300.0;

/// How often two records that have nothing to do with each other agree in part, by experience.
fn usual(comparison: Comparison) -> Levels {
    use super::level::{
        address, date, email, family, given, id, middle, org, phone, place, text, web,
    };
    let (rest, parts): (u8, &[(u8, f64)]) = match comparison {
        Comparison::Given => (
            given::DIFFERENT,
            &[
                (given::NICKNAME, 0.004),
                (given::INITIAL, 0.01),
                (given::TYPO, 0.002),
                (given::SIMILAR, 0.005),
                (given::PART, 0.002),
            ],
        ),
        Comparison::Family => (
            family::DIFFERENT,
            &[(family::TYPO, 0.001), (family::SIMILAR, 0.003), (family::PART, 0.001)],
        ),
        Comparison::Middle => (middle::DIFFERENT, &[(middle::INITIAL, 0.06)]),
        Comparison::Email => (
            email::DIFFERENT,
            &[(email::LOCAL, 0.0005), (email::LOCAL_SIMILAR, 0.001), (email::DOMAIN, 0.005)],
        ),
        Comparison::Phone => (phone::DIFFERENT, &[(phone::RANGE, 0.001)]),
        Comparison::Date => (
            date::DIFFERENT,
            &[
                (date::ONE_DIGIT, 0.002),
                (date::TWO_DIGITS, 0.01),
                (date::YEAR, 0.015),
                (date::NEAR_YEAR, 0.03),
            ],
        ),
        Comparison::Address => (
            address::DIFFERENT,
            &[(address::STREET, 0.001), (address::NUMBER, 0.01), (address::SIMILAR, 0.002)],
        ),
        Comparison::Place => (
            place::DIFFERENT,
            &[(place::CITY, 0.01), (place::CITY_ONLY, 0.01), (place::REGION, 0.05)],
        ),
        Comparison::Org => {
            (org::DIFFERENT, &[(org::SIMILAR, 0.002), (org::SOMEWHAT, 0.01), (org::SLIGHTLY, 0.03)])
        }
        Comparison::Web => (web::DIFFERENT, &[]),
        Comparison::Extra(_, Role::TrustedId) => (id::DIFFERENT, &[]),
        Comparison::Extra(..) => (text::DIFFERENT, &[(text::SIMILAR, 0.02)]),
    };
    let mut out = [0.0; LEVELS];
    let sum: f64 = parts.iter().map(|(_, p)| p).sum();
    for (level, p) in parts.iter().chain(&[(rest, 1.0 - sum)]) {
        if let Some(slot) = out.get_mut(usize::from(*level)) {
            *slot = *p;
        }
    }
    out
}

/// Probabilities of every level for two random records: exact levels from the frequencies, the
/// others counted.
fn chance(comparer: &mut Comparer<'_>, random: &[(u32, u32)], exact_u: &[Levels]) -> Vec<Levels> {
    let width = comparer.comparisons.len();
    let mut counts = vec![[0.0; LEVELS]; width];
    for (a, b) in random {
        let compared = comparer.compare(*a, *b);
        for (at, levels) in counts.iter_mut().enumerate() {
            if let Some(slot) = levels.get_mut(usize::from(level_of(compared.pattern, at))) {
                *slot += 1.0;
            }
        }
    }
    let mut out = Vec::with_capacity(width);
    for ((levels, exact), comparison) in counts.iter().zip(exact_u).zip(&comparer.comparisons) {
        let mut u = [0.0; LEVELS];
        // A few pairs of what is usual anywhere: small tables have too few to count.
        let usual = usual(*comparison);
        let of = |level: usize, n: f64| {
            n + 0.3 + USUAL_PAIRS * usual.get(level).copied().unwrap_or_default()
        };
        let counted: f64 = levels
            .iter()
            .enumerate()
            .take(comparison.levels())
            .skip(1)
            .filter(|(l, _)| !is_exact(*l))
            .map(|(l, n)| of(l, *n))
            .sum();
        let agreed: f64 = exact.iter().sum();
        for (level, slot) in u.iter_mut().enumerate().take(comparison.levels()).skip(1) {
            *slot = if is_exact(level) {
                exact.get(level).copied().unwrap_or_default().max(1e-9)
            } else {
                of(level, levels.get(level).copied().unwrap_or_default()) / counted
                    * (1.0 - agreed).max(0.01)
            };
        }
        out.push(u);
    }
    out
}

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

/// Lowers one level to a share of all, the others keep their proportions.
fn at_most(levels: &mut Levels, level: u8, most: f64) {
    if let Some(slot) = levels.get_mut(usize::from(level))
        && *slot > most
    {
        *slot = (1.0 - *slot) * most / (1.0 - most);
        normalise(levels);
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
    let free = |class: usize, comparison: Comparison| {
        let elsewhere = |sort| sort == Sort::Neighbour && comparison == Comparison::Address;
        shape.get(class).is_some_and(|sort| !by_chance(*sort, comparison) && !elsewhere(*sort))
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
    let pseudo = 20.0;
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
        let mut sums = vec![0.0; logs.len()];
        let mut next_mix = vec![vec![0.0; width]; rules];
        let mut now = 0.0;
        total = 0.0;
        let mut own = vec![0.0; width];
        for cell in cells {
            let Some(weights) = mix.get(cell.rule) else { continue };
            for (class, (slot, weight)) in own.iter_mut().zip(weights).enumerate() {
                let mut log = weight.max(1e-12).ln();
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
                    *slot = sum + pseudo * start;
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
