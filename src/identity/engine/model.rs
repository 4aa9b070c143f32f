//! What a pair weighs: latent classes and their probabilities of every level.
//!
//! Owns the learnt parameters and how they become match weights (Fellegi and Sunter, "A theory for
//! record linkage", 1969). Refuses to estimate them: see `train`, and `chance` for what agrees
//! without a reason.

use super::compare::Compared;
use super::level::{Comparison, EXACT, EXACT_MANY, LEVELS, MISSING, level_of};
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
    pub(super) logs: Vec<[f32; LEVELS]>,
    #[serde(skip)]
    pub(super) log_prior: f32,
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
    pub(super) decrease: Vec<[f32; LEVELS]>,
    /// Log2 of the mean frequency of the values that two random records agree on in part, by level.
    pub(super) mean: Vec<[f32; LEVELS]>,
}

pub(super) fn is_exact(level: usize) -> bool {
    (usize::from(EXACT)..=usize::from(EXACT_MANY)).contains(&level)
}

pub(super) fn normalise(levels: &mut Levels) {
    let total: f64 = levels.iter().skip(1).sum();
    if total > 0.0 {
        for slot in levels.iter_mut().skip(1) {
            *slot /= total;
        }
    }
}

/// Lowers one level to a share of all, the others keep their proportions.
pub(super) fn at_most(levels: &mut Levels, level: u8, most: f64) {
    if let Some(slot) = levels.get_mut(usize::from(level))
        && *slot > most
    {
        *slot = (1.0 - *slot) * most / (1.0 - most);
        normalise(levels);
    }
}

/// With fewer candidate pairs than these, what is usual anywhere decides instead of a fit.
pub(crate) const FEW: usize = 100;
/// Matches that there are at least, in so small a store.
const FEW_MATCHES: f64 = 5.0;

impl Model {
    /// Fills the tables that scoring reads.
    pub fn finish(&mut self) {
        for class in &mut self.classes {
            class.log_prior = class.prior.log2() as f32;
            let divide = class.sort != Sort::Unrelated;
            class.logs = class
                .levels
                .iter()
                .zip(&self.share)
                .zip(&self.decrease)
                .zip(&self.mean)
                .zip(&self.comparisons)
                .map(|((((levels, share), decrease), mean), comparison)| {
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
                            // Of values more frequent than most of the level, agreement in part is
                            // less rare by chance.
                            let mean = mean.get(level).copied().unwrap_or_default();
                            let counts = comparison.by_frequency(level as u8);
                            p.log2() as f32 - if divide { 0.0 } else { counts * mean }
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
        let counts = self.comparisons.get(at).map_or(0.0, |c| f64::from(c.by_frequency(level)));
        of(Sort::Match) - of(Sort::Unrelated) - frequency.map_or(0.0, |f| counts * f.log2())
    }

    /// Match weight of a pair in log2 odds: prior and all evidence.
    pub fn weight(&self, compared: Compared) -> f32 {
        let (mut yes, mut no) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        for class in &self.classes {
            let log = self.likelihood(class, compared) + class.log_prior;
            let side = if class.sort == Sort::Match { &mut yes } else { &mut no };
            let top = side.max(log);
            *side = if *side == f32::NEG_INFINITY {
                log
            } else {
                top + ((*side - top).exp2() + (log - top).exp2()).log2()
            };
        }
        yes - no
    }

    /// Whether two records state different generations: father and son share all else, and those
    /// who bear a name in the second generation do not forget it.
    pub fn is_another_generation(&self, compared: Compared) -> bool {
        let at = self.comparisons.iter().position(|c| *c == Comparison::Middle);
        at.is_some_and(|at| level_of(compared.pattern, at) == super::level::middle::GENERATION)
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
    pub(super) fn fit_priors(&mut self, compared: &[Compared], all_pairs: f64) {
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
            class.log_prior = prior.log2() as f32;
        }
    }
}
