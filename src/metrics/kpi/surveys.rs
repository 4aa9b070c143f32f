//! Surveys: NPS and CSAT with their number of answers and an interval.
//!
//! Owns which answer of a respondent counts: the latest in the window. Refuses imputation: who did
//! not answer is not counted, and an answer outside its scale is left out and counted as such.

use super::Window;
use crate::exact::quotient;
use crate::{Measured, NullReason, Ratio, Share};
use domain::{ProfileId, RecordId, Timestamp};
use std::collections::BTreeMap;

/// The two-sided 95 % quantile of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whose; `None` when anonymous: every such answer counts.
    pub respondent: Option<ProfileId>,
    /// When.
    pub at: Timestamp,
    /// The record; of two answers of one moment the greater one is the later.
    pub record: RecordId,
    /// The score.
    pub score: i64,
}

/// Net promoter score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nps {
    /// `100 * (promoters - detractors) / n`, exactly: -100 to 100.
    pub score: Ratio,
    /// Answers of 9 and 10.
    pub promoters: i64,
    /// Answers of 7 and 8.
    pub passives: i64,
    /// Answers of 0 to 6.
    pub detractors: i64,
    /// Answers.
    pub n: i64,
    /// 95 % interval: adjusted Wald with three pseudo-answers (Rocks 2016, The American
    /// Statistician 70(4)), held to -100 to 100 and widened to contain the score.
    pub interval: (f64, f64),
    /// Answers outside 0 to 10.
    pub left_out: i64,
}

/// Satisfaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Csat {
    /// Good answers of all.
    pub share: Share,
    /// 95 % interval of the share (Wilson 1927).
    pub interval: (f64, f64),
    /// The mean score, a metric of its own.
    pub mean: Ratio,
    /// Answers outside 1 to 5.
    pub left_out: i64,
}

/// The scores that count, and how many answers are outside the scale.
fn latest(
    answers: &[Answer],
    window: Window,
    scale: std::ops::RangeInclusive<i64>,
) -> (Vec<i64>, i64) {
    let (mut scores, mut left_out) = (Vec::new(), 0);
    let mut last: BTreeMap<ProfileId, (Timestamp, RecordId, i64)> = BTreeMap::new();
    for answer in answers.iter().filter(|answer| window.contains(answer.at)) {
        if !scale.contains(&answer.score) {
            left_out += 1;
            continue;
        }
        match answer.respondent {
            None => scores.push(answer.score),
            Some(respondent) => {
                let new = (answer.at, answer.record, answer.score);
                let slot = last.entry(respondent).or_insert(new);
                *slot = (*slot).max(new);
            }
        }
    }
    scores.extend(last.into_values().map(|(_, _, score)| score));
    (scores, left_out)
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The net promoter score of the answers in the window; `NO_DATA` without one.
#[must_use]
pub fn nps(answers: &[Answer], window: Window) -> Measured<Nps> {
    let (scores, left_out) = latest(answers, window, 0..=10);
    let count = |takes: fn(i64) -> bool| whole(scores.iter().filter(|s| takes(**s)).count());
    let (promoters, detractors) = (count(|score| score >= 9), count(|score| score <= 6));
    let n = whole(scores.len());
    let measure = || {
        if n == 0 {
            return Err(NullReason::NoData);
        }
        let score = quotient(100 * i128::from(promoters - detractors), i128::from(n))?;
        let shown = 100.0 * (promoters - detractors) as f64 / n as f64;
        let all = n as f64 + 3.0;
        let (p, d) = ((promoters as f64 + 0.75) / all, (detractors as f64 + 0.75) / all);
        let half = Z_95 * ((p + d - (p - d) * (p - d)) / all).sqrt();
        let end = |share: f64| (100.0 * share).clamp(-100.0, 100.0);
        Ok(Nps {
            score,
            promoters,
            passives: n - promoters - detractors,
            detractors,
            n,
            interval: (end(p - d - half).min(shown), end(p - d + half).max(shown)),
            left_out,
        })
    };
    measure().into()
}

/// The satisfaction of the answers in the window, 1 to 5 (or good and bad mapped to 5 and 1), of
/// which `good_from` and better are good; `NO_DATA` without one.
#[must_use]
pub fn csat(answers: &[Answer], window: Window, good_from: i64) -> Measured<Csat> {
    let (scores, left_out) = latest(answers, window, 1..=5);
    let good = whole(scores.iter().filter(|score| **score >= good_from).count());
    let measure = || {
        let share = Share::of(good, whole(scores.len()))?;
        let sum: i128 = scores.iter().copied().map(i128::from).sum();
        let mean = quotient(sum, i128::from(share.total))?;
        Ok(Csat { share, interval: wilson(share), mean, left_out })
    };
    measure().into()
}

/// Wilson's 95 % score interval of a share: within 0 to 1 and sensible for few answers.
fn wilson(share: Share) -> (f64, f64) {
    let n = share.total as f64;
    let p = share.good as f64 / n;
    let z2 = Z_95 * Z_95;
    let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z_95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}
