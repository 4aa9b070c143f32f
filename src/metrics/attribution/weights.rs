//! The heuristic models: how one conversion is parted between the touches of its path.
//!
//! Owns the weights, as whole parts of a whole that they exactly sum to.

use super::{AttributionError, Milestone, Model, Path, age_ms};

/// Parts of one conversion, one per touch; they sum to `whole`.
#[derive(Debug)]
pub struct Weights {
    pub parts: Vec<i64>,
    pub whole: i128,
}

/// Parts in which time decay, which has no exact fractions, is held.
const FINE: i64 = 1_000_000_000_000_000;

/// The weights of a path with at least one touch.
///
/// Sources: linear, U 40/20/40, W 30/30/30/10 as published by marketing suites (HubSpot, Marketo
/// Measure); time decay 2^(-age / half-life).
pub fn weights(path: &Path, model: Model, number: usize) -> Result<Weights, AttributionError> {
    let n = path.touches.len();
    let only = |at: usize| Weights {
        parts: (0..n).map(|touch| i64::from(touch == at)).collect(),
        whole: 1,
    };
    Ok(match model {
        Model::First => only(0),
        Model::Last => only(n.saturating_sub(1)),
        // The chain decides by its effects, not by weights of one path.
        Model::Linear | Model::Markov => Weights { parts: vec![1; n], whole: n as i128 },
        Model::UShaped if n < 3 => Weights { parts: vec![1; n], whole: n as i128 },
        Model::UShaped => {
            let between = n as i64 - 2;
            let part = |at| if at == 0 || at == n - 1 { 2 * between } else { 1 };
            Weights { parts: (0..n).map(part).collect(), whole: i128::from(5 * between) }
        }
        Model::WShaped => w_shaped(path),
        Model::TimeDecay { half_life_ms } => time_decay(path, half_life_ms, number)?,
    })
}

fn w_shaped(path: &Path) -> Weights {
    let n = path.touches.len();
    let find = |milestone| path.touches.iter().position(|touch| touch.milestone == Some(milestone));
    let (lead, opportunity) = (find(Milestone::Lead), find(Milestone::Opportunity));
    if n < 3 && lead.is_none() && opportunity.is_none() {
        return Weights { parts: vec![1; n], whole: n as i128 };
    }
    let mut anchors = vec![0_i64; n];
    for at in [0, lead.unwrap_or((n - 1) / 2), opportunity.unwrap_or(n - 1)] {
        if let Some(anchor) = anchors.get_mut(at) {
            *anchor += 1;
        }
    }
    let others = anchors.iter().filter(|anchor| **anchor == 0).count() as i64;
    if others == 0 {
        return Weights { parts: anchors, whole: 3 };
    }
    let part = |anchor: i64| if anchor == 0 { 1 } else { 3 * others * anchor };
    Weights { parts: anchors.into_iter().map(part).collect(), whole: i128::from(10 * others) }
}

fn time_decay(path: &Path, half_life_ms: i64, number: usize) -> Result<Weights, AttributionError> {
    if half_life_ms <= 0 {
        return Err(AttributionError::BadPeriod { what: "half-life" });
    }
    let end = path.converted_at.ok_or(AttributionError::TimeNeeded { path: number })?;
    let ages: Option<Vec<i64>> =
        path.touches.iter().map(|touch| touch.at.map(|at| age_ms(end, at))).collect();
    let ages = ages.ok_or(AttributionError::TimeNeeded { path: number })?;
    // Relative to the youngest touch, whose weight is then 1: old paths do not vanish.
    let youngest = ages.iter().min().copied().unwrap_or(0);
    let weight = |age: &i64| (-((age - youngest) as f64) / half_life_ms as f64).exp2();
    let weights: Vec<f64> = ages.iter().map(weight).collect();
    let sum: f64 = weights.iter().sum();
    let mut parts: Vec<i64> =
        weights.iter().map(|weight| (weight / sum * FINE as f64).round() as i64).collect();
    let residual = FINE - parts.iter().sum::<i64>();
    let largest = parts.iter().enumerate().max_by_key(|(at, part)| (**part, *at));
    if let Some(part) = largest.map(|(at, _)| at).and_then(|at| parts.get_mut(at)) {
        *part += residual;
    }
    Ok(Weights { parts, whole: i128::from(FINE) })
}
