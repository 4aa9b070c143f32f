//! The Markov model: journeys as an absorbing chain, channels weighed by their removal effect.
//!
//! Owns the chain and its solution. States are the channels; journeys start, walk from channel to
//! channel and end in a conversion or in nothing. Refuses simulation: with N = (I - Q)⁻¹ the
//! fundamental matrix (Kemeny & Snell 1960, ch. 3), s the first steps and r the probabilities to
//! convert next, the base is s·N·r. Without channel k (every step into it ends in nothing) exactly
//! the journeys that ever visit it are lost: (s·N)ₖ / Nₖₖ is the probability to visit, (N·r)ₖ that
//! to convert from there, and their product over the base is the removal effect.

use super::{AttributionError, MARKOV_CHANNELS_MAX, Paths};

/// What is lost without a channel, as a share of the whole.
#[derive(Debug)]
pub struct Effect {
    pub channel: u32,
    pub conversions: f64,
    pub value: f64,
}

/// The solved chain.
#[derive(Debug)]
pub struct Solved {
    /// One per channel with a touch, by the channel's name.
    pub effects: Vec<Effect>,
    /// The probability that a journey converts; `None` without a journey.
    pub base: Option<f64>,
    /// Conversions of paths with touches.
    pub conversions: u64,
    /// Their value.
    pub value: u64,
}

/// Counted steps of the chain, states by name so that the order of paths plays no role.
struct Counts {
    size: usize,
    /// `steps[from * size + to]`.
    steps: Vec<u64>,
    starts: Vec<u64>,
    conversions: Vec<u64>,
    value: Vec<u64>,
    nulls: Vec<u64>,
}

fn bump(counts: &mut [u64], at: usize, by: u64) -> Result<(), AttributionError> {
    let count = counts.get_mut(at).ok_or(AttributionError::Overflow)?;
    *count = count.checked_add(by).ok_or(AttributionError::Overflow)?;
    Ok(())
}

impl Counts {
    fn new(size: usize) -> Self {
        let none = || vec![0; size];
        Self {
            size,
            steps: vec![0; size * size],
            starts: none(),
            conversions: none(),
            value: none(),
            nulls: none(),
        }
    }

    fn walk(&mut self, states: &[usize], path: &super::Path) -> Result<(), AttributionError> {
        let journeys =
            path.conversions.checked_add(path.nulls).ok_or(AttributionError::Overflow)?;
        let (Some(first), Some(last)) = (states.first(), states.last()) else { return Ok(()) };
        bump(&mut self.starts, *first, journeys)?;
        for (from, to) in states.iter().zip(states.iter().skip(1)) {
            bump(&mut self.steps, from * self.size + to, journeys)?;
        }
        bump(&mut self.conversions, *last, path.conversions)?;
        bump(&mut self.value, *last, path.value_minor)?;
        bump(&mut self.nulls, *last, path.nulls)
    }
}

/// Builds and solves the chain of the paths that have touches.
pub fn solve(paths: &Paths) -> Result<Solved, AttributionError> {
    let counted = || {
        let takes = |path: &&super::Path| path.conversions > 0 || path.nulls > 0;
        paths.paths().iter().filter(takes).filter(|path| !path.touches.is_empty())
    };
    let channels = paths.channels();
    let mut met = vec![false; channels.len()];
    for touch in counted().flat_map(|path| &path.touches) {
        if let Some(met) = met.get_mut(touch.channel as usize) {
            *met = true;
        }
    }
    let mut named: Vec<(&str, usize)> = channels
        .iter()
        .zip(met)
        .enumerate()
        .filter(|(_, (_, met))| *met)
        .map(|(at, (name, _))| (name.as_str(), at))
        .collect();
    named.sort_unstable();
    if named.len() > MARKOV_CHANNELS_MAX {
        return Err(AttributionError::TooManyChannels { channels: named.len() });
    }
    let mut state_of = vec![0_usize; channels.len()];
    for (state, (_, at)) in named.iter().enumerate() {
        if let Some(slot) = state_of.get_mut(*at) {
            *slot = state;
        }
    }
    let mut counts = Counts::new(named.len());
    let mut states = Vec::new();
    for path in counted() {
        states.clear();
        let state = |touch: &super::Touch| state_of.get(touch.channel as usize).copied();
        states.extend(path.touches.iter().filter_map(state));
        counts.walk(&states, path)?;
    }
    let total = |list: &[u64]| list.iter().sum::<u64>();
    let (base, shares) = effects(&counts);
    let effect = |((_, at), (conversions, value)): (&(&str, usize), (f64, f64))| Effect {
        channel: *at as u32,
        conversions,
        value,
    };
    Ok(Solved {
        effects: named.iter().zip(shares).map(effect).collect(),
        base,
        conversions: total(&counts.conversions),
        value: total(&counts.value),
    })
}

/// The base conversion and, per state, the shares of conversions and of value that are lost.
fn effects(counts: &Counts) -> (Option<f64>, Vec<(f64, f64)>) {
    let size = counts.size;
    let journeys: u64 = counts.starts.iter().sum();
    if journeys == 0 {
        return (None, vec![(0.0, 0.0); size]);
    }
    let row = |from: usize| counts.steps.iter().skip(from * size).take(size);
    let ends = counts.conversions.iter().zip(&counts.nulls);
    let out: Vec<f64> = ends
        .enumerate()
        .map(|(from, (conversions, nulls))| {
            (row(from).sum::<u64>() + conversions + nulls).max(1) as f64
        })
        .collect();
    // I - Q: every state leads to an end, so it has an inverse without negative entries.
    let mut matrix = Vec::with_capacity(size * size);
    for (from, out) in out.iter().enumerate() {
        let diagonal = |to| if to == from { 1.0 } else { 0.0 };
        matrix.extend(row(from).enumerate().map(|(to, steps)| diagonal(to) - *steps as f64 / out));
    }
    let inverse = inverted(matrix, size);
    let starts: Vec<f64> = counts.starts.iter().map(|n| *n as f64 / journeys as f64).collect();
    let next = |ends: &[u64]| -> Vec<f64> {
        let next: Vec<f64> = ends.iter().zip(&out).map(|(n, out)| *n as f64 / out).collect();
        let dot = |row: &[f64]| row.iter().zip(&next).map(|(a, b)| a * b).sum();
        inverse.chunks(size.max(1)).map(dot).collect()
    };
    let (to_conversion, to_value) = (next(&counts.conversions), next(&counts.value));
    let base = |to: &[f64]| -> f64 { starts.iter().zip(to).map(|(a, b)| a * b).sum() };
    let (base_conversion, base_value) = (base(&to_conversion), base(&to_value));
    let lost = |visits: f64, to: f64, base: f64| {
        if base > 0.0 { (visits * to / base).clamp(0.0, 1.0) } else { 0.0 }
    };
    let shares = to_conversion.iter().zip(&to_value).enumerate().map(|(k, (conversion, value))| {
        let column = inverse.iter().skip(k).step_by(size);
        let expected: f64 = column.zip(&starts).map(|(n, start)| n * start).sum();
        let own = inverse.get(k * size + k).copied().unwrap_or(1.0);
        let visits = expected / own;
        (lost(visits, *conversion, base_conversion), lost(visits, *value, base_value))
    });
    (Some(base_conversion), shares.collect())
}

/// The inverse of a square matrix by rows, by Gauss-Jordan elimination in place. The matrix is
/// weakly diagonally dominant with an absorbing way out of every state, for which elimination
/// without exchanging rows is stable (Higham 2002, ch. 9).
fn inverted(mut m: Vec<f64>, size: usize) -> Vec<f64> {
    let mut pivot_row = vec![0.0; size];
    for k in 0..size {
        let Some(row) = m.get_mut(k * size..(k + 1) * size) else { break };
        let Some(pivot) = row.get_mut(k).map(|slot| std::mem::replace(slot, 1.0)) else { break };
        for entry in row.iter_mut() {
            *entry /= pivot;
        }
        pivot_row.copy_from_slice(row);
        for (i, row) in m.chunks_mut(size).enumerate() {
            if i == k {
                continue;
            }
            let Some(factor) = row.get_mut(k).map(std::mem::take) else { break };
            if factor != 0.0 {
                for (entry, pivot) in row.iter_mut().zip(&pivot_row) {
                    *entry -= factor * pivot;
                }
            }
        }
    }
    m
}
