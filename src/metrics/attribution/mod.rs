//! Attribution: which channels conversions are credited to.
//!
//! Owns paths, the seven models and their results. Refuses what no touch explains: conversions
//! without a touch, and touches without a channel, are credited to nobody and shown as
//! unattributed, so that channels + unattributed = total, exactly, in conversions and in value.

mod company;
mod definitions;
mod journeys;
mod markov;
mod sum;
mod weights;

pub use company::{Account, CompanyAttribution, CompanyCredit, Grouping, Journeys};
pub(crate) use definitions::DEFINITIONS;
pub use journeys::{ConversionEvent, TouchEvent, journeys};

use crate::{Measured, NullReason, Ratio, UNATTRIBUTED};
use domain::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use sum::ExactSum;

/// Longest path: its weights have a denominator of at most ten times this.
pub const PATH_TOUCHES_MAX: usize = 10_000;
/// Most channels of a Markov chain: its matrix is inverted, n³ steps and 8·n² bytes.
pub const MARKOV_CHANNELS_MAX: usize = 2_000;

/// How credit is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// All to the first touch.
    First,
    /// All to the last touch.
    Last,
    /// The same to every touch.
    Linear,
    /// 2^(-age / half-life) to every touch, ages counted back from the conversion.
    TimeDecay {
        /// Milliseconds in which the weight of a touch halves; above zero.
        half_life_ms: i64,
    },
    /// 40 % first, 40 % last, 20 % shared by those between; two touches share equally, one takes all.
    UShaped,
    /// 30 % each to the first touch, the one that made the lead and the one that made the
    /// opportunity, 10 % shared by the others; see [`Milestone`] for what stands in for a missing one.
    WShaped,
    /// First-order Markov chain: credit in proportion to the conversions lost without the channel
    /// (removal effect; Anderl et al. 2016, "Mapping the customer journey").
    Markov,
}

impl Model {
    /// As shown and as written on the command line; a half-life is not part of the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::Linear => "linear",
            Self::TimeDecay { .. } => "time-decay",
            Self::UShaped => "u",
            Self::WShaped => "w",
            Self::Markov => "markov",
        }
    }
}

/// What a touch brought about, for [`Model::WShaped`]. A path whose lead touch is unknown takes the
/// middle one (the earlier of two), one whose opportunity is unknown the last one; with neither
/// known, a path of two touches is shared equally. A touch that is two anchors takes both shares;
/// without other touches the anchors share everything in their proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Milestone {
    /// The person became a lead.
    Lead,
    /// An opportunity was opened.
    Opportunity,
}

/// One touch of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Touch {
    /// The channel, as an index into [`Paths::channels`].
    pub channel: u32,
    /// When; needed by time decay and look-back windows only.
    pub at: Option<Timestamp>,
    /// What it brought about, if known.
    pub milestone: Option<Milestone>,
}

/// Touches in their order, and how many journeys that took them converted or did not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// Touches, the first one first. None at all: conversions that nothing explains.
    pub touches: Vec<Touch>,
    /// When the journeys converted; `None` when not known.
    pub converted_at: Option<Timestamp>,
    /// Journeys that converted.
    pub conversions: u64,
    /// What those conversions are worth, in the caller's smallest unit (cents).
    pub value_minor: u64,
    /// Journeys that did not convert; only [`Model::Markov`] uses them.
    pub nulls: u64,
}

/// Paths over a set of channels.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    channels: Vec<String>,
    index: BTreeMap<String, u32>,
    paths: Vec<Path>,
}

impl Paths {
    /// No paths.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The index of a channel, which is taken up if it is new. Names are trimmed and otherwise kept
    /// as they are; an empty one stands for [`UNATTRIBUTED`].
    pub fn channel(&mut self, name: &str) -> u32 {
        let name = Some(name.trim()).filter(|name| !name.is_empty()).unwrap_or(UNATTRIBUTED);
        if let Some(index) = self.index.get(name) {
            return *index;
        }
        let index = u32::try_from(self.channels.len()).unwrap_or(u32::MAX);
        self.channels.push(name.to_owned());
        self.index.insert(name.to_owned(), index);
        index
    }

    /// The names of the channels, in the order in which they were met.
    #[must_use]
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// The paths.
    #[must_use]
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Adds a path whose touches were made with [`Paths::channel`].
    ///
    /// # Errors
    /// [`AttributionError`] with the number of the path, counted from 1.
    pub fn push(&mut self, path: Path) -> Result<(), AttributionError> {
        let number = self.paths.len() + 1;
        if path.touches.len() > PATH_TOUCHES_MAX {
            return Err(AttributionError::PathTooLong { path: number });
        }
        if path.conversions == 0 && path.value_minor != 0 {
            return Err(AttributionError::ValueWithoutConversion { path: number });
        }
        if path.touches.iter().any(|touch| touch.channel as usize >= self.channels.len()) {
            return Err(AttributionError::UnknownChannel { path: number });
        }
        self.paths.push(path);
        Ok(())
    }

    /// The same paths without the touches outside the look-back window: a touch counts if its age at
    /// the conversion is in `[0, window)`. Journeys that did not convert are cut relative to their
    /// last touch.
    ///
    /// # Errors
    /// [`AttributionError::TimeNeeded`], [`AttributionError::BadPeriod`].
    pub fn looked_back(&self, window_ms: i64) -> Result<Self, AttributionError> {
        if window_ms <= 0 {
            return Err(AttributionError::BadPeriod { what: "look-back window" });
        }
        let mut cut = self.clone();
        for (at, path) in cut.paths.iter_mut().enumerate() {
            let number = at + 1;
            let times: Option<Vec<Timestamp>> = path.touches.iter().map(|touch| touch.at).collect();
            let times = times.ok_or(AttributionError::TimeNeeded { path: number })?;
            let end = match path.converted_at {
                Some(end) => Some(end),
                None if path.conversions == 0 => times.iter().max().copied(),
                None => return Err(AttributionError::TimeNeeded { path: number }),
            };
            let Some(end) = end else { continue };
            path.touches.retain(|touch| {
                touch.at.is_some_and(|at| (0..window_ms).contains(&age_ms(end, at)))
            });
        }
        Ok(cut)
    }
}

/// Milliseconds from `at` to `end`; below zero when `at` is later.
fn age_ms(end: Timestamp, at: Timestamp) -> i64 {
    end.as_millis().saturating_sub(at.as_millis())
}

/// What a channel is credited with.
#[derive(Clone, Debug, PartialEq)]
pub struct Credit {
    /// The channel's name.
    pub channel: String,
    /// Conversions; a fraction.
    pub conversions: Ratio,
    /// Their value, in the unit of the paths.
    pub value_minor: i64,
    /// Markov: the share of all conversions that would be lost without the channel, 0 to 1.
    pub removal_effect: Option<f64>,
}

impl Credit {
    fn nothing(channel: &str) -> Self {
        Self {
            channel: channel.to_owned(),
            conversions: Ratio::ZERO,
            value_minor: 0,
            removal_effect: None,
        }
    }
}

/// Conversions and value credited to channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// How credit was given.
    pub model: Model,
    /// Whether conversions are the exact fractions. If not, they are billionths with the residual in
    /// the largest credit: Markov effects are no fractions, and those of very long paths do not fit.
    pub exact: bool,
    /// One per channel that has a touch in any path, by name.
    pub credits: Vec<Credit>,
    /// What is credited to no channel.
    pub unattributed: Credit,
    /// All conversions: credits + unattributed, exactly.
    pub conversions: u64,
    /// All value: credits + unattributed, exactly.
    pub value_minor: i64,
    /// Markov: the probability that a journey converts.
    pub base_conversion: Option<f64>,
}

impl Attribution {
    /// Conversions in billionths that sum to the total, as they are shown: of the credits in their
    /// order, then of what is unattributed. Each is rounded half to even, the residual is in the
    /// largest. `None` beyond nine billion conversions.
    #[must_use]
    pub fn shown(&self) -> Option<Vec<i64>> {
        let all = self.credits.iter().chain([&self.unattributed]);
        sum::shown(&all.map(|credit| credit.conversions).collect::<Vec<_>>())
    }

    /// A credit's share of all conversions, exactly.
    #[must_use]
    pub fn share(&self, credit: &Credit) -> Measured<Ratio> {
        let one = Ratio::new(1, i128::from(self.conversions)).ok_or(NullReason::ZeroDenominator);
        one.and_then(|one| credit.conversions.checked_mul(one).ok_or(NullReason::Overflow)).into()
    }
}

/// Why paths cannot be attributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributionError {
    /// A path has too many touches.
    PathTooLong {
        /// Its number, from 1.
        path: usize,
    },
    /// A path is worth something without a conversion.
    ValueWithoutConversion {
        /// Its number, from 1.
        path: usize,
    },
    /// A touch names a channel that [`Paths::channel`] did not give out.
    UnknownChannel {
        /// The path's number, from 1.
        path: usize,
    },
    /// Time decay or a look-back window, and a time is missing.
    TimeNeeded {
        /// The path's number, from 1.
        path: usize,
    },
    /// A half-life or window that is not above zero.
    BadPeriod {
        /// Which of them.
        what: &'static str,
    },
    /// More channels than a Markov chain can hold.
    TooManyChannels {
        /// How many there are.
        channels: usize,
    },
    /// Sums beyond 64 bits, or more than nine billion conversions.
    Overflow,
}

impl fmt::Display for AttributionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PathTooLong { path } => write!(
                f,
                "path {path} has more than {PATH_TOUCHES_MAX} touches; set a look-back window or leave machine traffic out"
            ),
            Self::ValueWithoutConversion { path } => {
                write!(f, "path {path} has a value and no conversion; give its conversions")
            }
            Self::UnknownChannel { path } => {
                write!(f, "path {path} names a channel that was not taken up")
            }
            Self::TimeNeeded { path } => write!(
                f,
                "path {path} has a touch or a conversion without a time, which time decay and look-back windows need; give touches with their times"
            ),
            Self::BadPeriod { what } => write!(f, "the {what} must be longer than zero"),
            Self::TooManyChannels { channels } => write!(
                f,
                "{channels} channels; a Markov chain holds at most {MARKOV_CHANNELS_MAX}: group them"
            ),
            Self::Overflow => write!(f, "the sums are too large to be exact"),
        }
    }
}

impl std::error::Error for AttributionError {}

/// Credits the conversions of `paths` to their channels.
///
/// The order of paths does not matter. Heuristic models give exact fractions; see
/// [`Attribution::exact`]. Values are rounded half to even with the residual in the largest credit.
///
/// # Errors
/// [`AttributionError`].
pub fn attribute(paths: &Paths, model: Model) -> Result<Attribution, AttributionError> {
    let overflow = AttributionError::Overflow;
    let sum = |of: fn(&Path) -> u64| {
        paths.paths.iter().try_fold(0_u64, |sum, path| sum.checked_add(of(path))).ok_or(overflow)
    };
    let (conversions, value) = (sum(|path| path.conversions)?, sum(|path| path.value_minor)?);
    let value_minor = i64::try_from(value).map_err(|_| overflow)?;
    let (parts, exact, base) = match model {
        Model::Markov => {
            let solved = markov::solve(paths)?;
            (credits_of_effects(paths, &solved)?, false, solved.base)
        }
        heuristic => {
            let (parts, exact) = credits_of_weights(paths, heuristic)?;
            (parts, exact, None)
        }
    };
    // What belongs to no channel is what the channels leave of the total.
    let mut unattributed = Credit::nothing(UNATTRIBUTED);
    let mut rest = (Ratio::new(i128::from(conversions), 1).ok_or(overflow)?, value_minor);
    let mut credits = Vec::with_capacity(parts.len());
    for credit in parts {
        if credit.channel == UNATTRIBUTED {
            unattributed.removal_effect = credit.removal_effect;
            continue;
        }
        rest.0 = rest.0.checked_sub(credit.conversions).ok_or(overflow)?;
        rest.1 = rest.1.checked_sub(credit.value_minor).ok_or(overflow)?;
        credits.push(credit);
    }
    (unattributed.conversions, unattributed.value_minor) = rest;
    credits.sort_by(|a, b| a.channel.cmp(&b.channel));
    Ok(Attribution {
        model,
        exact,
        credits,
        unattributed,
        conversions,
        value_minor,
        base_conversion: base,
    })
}

/// Sums of what every channel is credited with, as parts of the paths that have touches.
fn credits_of_weights(
    paths: &Paths,
    model: Model,
) -> Result<(Vec<Credit>, bool), AttributionError> {
    let overflow = AttributionError::Overflow;
    let none = || vec![ExactSum::default(); paths.channels.len()];
    let (mut conversions, mut values, mut met) =
        (none(), none(), vec![false; paths.channels.len()]);
    let mut totals = (0_i128, 0_i128);
    for (at, path) in paths.paths.iter().enumerate() {
        for touch in &path.touches {
            if let Some(met) = met.get_mut(touch.channel as usize) {
                *met = true;
            }
        }
        if path.conversions == 0 || path.touches.is_empty() {
            continue;
        }
        totals.0 += i128::from(path.conversions);
        totals.1 += i128::from(path.value_minor);
        let weights = weights::weights(path, model, at + 1)?;
        for (touch, weight) in path.touches.iter().zip(&weights.parts) {
            let add = |sums: &mut Vec<ExactSum>, amount: u64| {
                let sum = sums.get_mut(touch.channel as usize)?;
                sum.add(i128::from(*weight).checked_mul(i128::from(amount))?, weights.whole)
            };
            add(&mut conversions, path.conversions).ok_or(overflow)?;
            add(&mut values, path.value_minor).ok_or(overflow)?;
        }
    }
    // By name, so that the channel that takes a residual does not depend on the order of paths.
    let by_name = |sums: Vec<ExactSum>| -> Vec<ExactSum> {
        paths.index.values().filter_map(|at| sums.get(*at as usize).cloned()).collect()
    };
    let (conversions, values) = (by_name(conversions), by_name(values));
    let fractions: Option<Vec<Ratio>> = conversions.iter().map(ExactSum::ratio).collect();
    // The fractions are exact one by one; together they must be writable too.
    let fractions = fractions.filter(|all| sum::shown(all).is_some());
    let exact = fractions.is_some();
    let conversions = match fractions {
        Some(fractions) => fractions,
        None => sum::billionths(&conversions, totals.0).ok_or(overflow)?,
    };
    let values = sum::whole(&values, totals.1).ok_or(overflow)?;
    let credit = |(((name, at), conversions), value_minor): (((&String, &u32), Ratio), i64)| {
        let met = met.get(*at as usize).copied().unwrap_or(false);
        met.then(|| Credit { conversions, value_minor, ..Credit::nothing(name) })
    };
    let all = paths.index.iter().zip(conversions).zip(values);
    Ok((all.filter_map(credit).collect(), exact))
}

/// Conversions and value shared in proportion to removal effects.
fn credits_of_effects(
    paths: &Paths,
    solved: &markov::Solved,
) -> Result<Vec<Credit>, AttributionError> {
    let overflow = AttributionError::Overflow;
    let effects =
        |of: fn(&markov::Effect) -> f64| -> Vec<f64> { solved.effects.iter().map(of).collect() };
    let conversions =
        sum::shared_billionths(&effects(|effect| effect.conversions), solved.conversions);
    let values = sum::shared_whole(&effects(|effect| effect.value), solved.value);
    let (conversions, values) = (conversions.ok_or(overflow)?, values.ok_or(overflow)?);
    let credit = |((effect, conversions), value_minor): ((&markov::Effect, Ratio), i64)| {
        let name = paths.channels.get(effect.channel as usize)?;
        let removal_effect = Some(effect.conversions);
        Some(Credit { channel: name.clone(), conversions, value_minor, removal_effect })
    };
    Ok(solved.effects.iter().zip(conversions).zip(values).filter_map(credit).collect())
}
