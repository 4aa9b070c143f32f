//! Contracts: how many customers stay from one renewal to the next.
//!
//! Owns the shifted beta-geometric model (Fader and Hardie 2007, "How to project customer retention")
//! and its extension to renewal chances that change with tenure, the beta-discrete-Weibull (Fader,
//! Hardie, Liu, Davin and Steenburgh 2018): survival, retention, residual lifetime. The first is the
//! second with `c = 1`, and is computed as such. Refuses purchases: whether a customer without a
//! contract is still one is the other models' question.

use super::fit::{Maximum, Slope, maximise};
use super::quadrature::beta_mean;
use super::reason::{finite, not_negative, positive};
use super::special::{digamma, digamma_rise, ln_rise};
use super::{Fit, Model, Reason, fit::checked, hash_of};

/// Terms of a residual lifetime at most.
const MAX_TERMS: u32 = 10_000_000;

/// How many were still customers after each period: of one cohort, or of contracts that began at
/// different times, the youngest of which were not observed for as long as the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Survival {
    survivors: Vec<f64>,
    /// Of the survivors of each period those that were not observed any further; beyond the end of
    /// the list nobody, but for the last survivors.
    unobserved: Vec<f64>,
}

impl Survival {
    /// Survivors by period: at the start, after one period, and so on. Fractions of customers are
    /// allowed, so that published percentages can be used.
    ///
    /// # Errors
    /// [`Reason::NoData`] with fewer than two numbers or nobody at the start,
    /// [`Reason::BadHistory`] when a number is negative, not finite or above the one before.
    pub fn new(survivors: Vec<f64>) -> Result<Self, Reason> {
        let first = survivors.first().copied().unwrap_or_default();
        if survivors.iter().any(|s| *s < 0.0 || !s.is_finite())
            || survivors.windows(2).any(|pair| pair[1] > pair[0])
        {
            return Err(Reason::BadHistory);
        }
        if survivors.len() < 2 || first <= 0.0 {
            return Err(Reason::NoData);
        }
        Ok(Self { survivors, unobserved: Vec::new() })
    }

    /// Contracts by the renewals they made: `ended[k]` were given up after `k` renewals, `running[k]`
    /// made `k` renewals so far and go on.
    ///
    /// # Errors
    /// [`Reason::NoData`] when no contract has come to its first renewal.
    pub fn of_contracts(ended: &[u64], running: &[u64]) -> Result<Self, Reason> {
        let longest = (ended.len() + 1).max(running.len());
        #[allow(clippy::cast_precision_loss, reason = "counts of contracts are small")]
        let count = |list: &[u64], at: usize| list.get(at).copied().unwrap_or_default() as f64;
        let unobserved: Vec<f64> = (0..longest).map(|at| count(running, at)).collect();
        let mut survivors = vec![0.0; longest];
        let mut left = 0.0;
        for (at, slot) in survivors.iter_mut().enumerate().rev() {
            left += count(running, at) + count(ended, at);
            *slot = left;
        }
        while matches!(survivors.as_slice(), [_, _, .., before, last] if *before + *last == 0.0) {
            survivors.pop();
        }
        if survivors.len() < 2 || survivors.get(1) == Some(&0.0) && count(ended, 0) == 0.0 {
            return Err(Reason::NoData);
        }
        Ok(Self { survivors, unobserved })
    }

    /// Those who left between two periods, and those who were observed no longer than the first.
    fn steps(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.survivors.windows(2).enumerate().map(|(at, pair)| {
            let unobserved = self.unobserved.get(at).copied().unwrap_or_default();
            (pair[0] - pair[1] - unobserved, unobserved)
        })
    }

    /// A hash of the data: another one says that they changed.
    pub fn data_hash(&self) -> String {
        hash_of(self.survivors.iter().chain(&self.unobserved).map(|s| s.to_bits()))
    }

    /// Survivors by period, from the start.
    pub fn survivors(&self) -> &[f64] {
        &self.survivors
    }

    fn start(&self) -> f64 {
        self.survivors.first().copied().unwrap_or_default()
    }
}

/// Shifted beta-geometric: each customer has one chance to leave at every renewal, and these are spread
/// as Beta(`alpha`, `beta`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sbg {
    /// Large with `beta` small: customers leave soon.
    pub alpha: f64,
    /// Large with `alpha` small: customers stay.
    pub beta: f64,
}

/// Beta-discrete-Weibull: as [`Sbg`], but a customer's chance to leave rises (`c > 1`) or falls with
/// tenure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bdw {
    /// As in [`Sbg`].
    pub alpha: f64,
    /// As in [`Sbg`].
    pub beta: f64,
    /// The exponent of the tenure.
    pub c: f64,
}

impl Model<2> for Sbg {
    const NAME: &'static str = "sbg";
    const NAMES: [&'static str; 2] = ["alpha", "beta"];

    fn of(params: [f64; 2]) -> Result<Self, Reason> {
        let [alpha, beta] = positive(params)?;
        Ok(Self { alpha, beta })
    }

    fn params(&self) -> [f64; 2] {
        [self.alpha, self.beta]
    }
}

impl Model<3> for Bdw {
    const NAME: &'static str = "bdw";
    const NAMES: [&'static str; 3] = ["alpha", "beta", "c"];

    fn of(params: [f64; 3]) -> Result<Self, Reason> {
        let [alpha, beta, c] = positive(params)?;
        Ok(Self { alpha, beta, c })
    }

    fn params(&self) -> [f64; 3] {
        [self.alpha, self.beta, self.c]
    }
}

/// `ln S` at tenure `t`, and its derivatives by `alpha`, `beta` and `c`.
fn ln_survival(alpha: f64, beta: f64, c: f64, t: f64) -> (f64, [f64; 3]) {
    if t == 0.0 {
        return (0.0, [0.0; 3]);
    }
    let u = t.powf(c);
    let both = digamma_rise(alpha + beta, u);
    let by_u = digamma(beta + u) - digamma(alpha + beta + u);
    // Of two equal forms the one whose increment is smaller: it keeps more digits.
    let ln = if alpha < u {
        ln_rise(beta, alpha) - ln_rise(beta + u, alpha)
    } else {
        ln_rise(beta, u) - ln_rise(alpha + beta, u)
    };
    (ln, [-both, digamma_rise(beta, u) - both, by_u * u * t.ln()])
}

/// `ln(S(later) / S(earlier))`.
fn ln_kept(alpha: f64, beta: f64, c: f64, earlier: f64, later: f64) -> f64 {
    let (from, to) = (earlier.powf(c), later.powf(c));
    if alpha < to - from {
        ln_rise(beta + from, alpha) - ln_rise(beta + to, alpha)
    } else {
        ln_rise(beta + from, to - from) - ln_rise(alpha + beta + from, to - from)
    }
}

/// The log-likelihood of a cohort: who left in each period, and who had not at the end.
fn likelihood(data: &Survival, alpha: f64, beta: f64, c: f64) -> Slope<3> {
    let (mut total, mut slope) = (0.0, [0.0; 3]);
    let mut before = (0.0, [0.0; 3]);
    let mut t = 0.0;
    for (lost, unobserved) in data.steps() {
        total += unobserved * before.0;
        slope.iter_mut().zip(before.1).for_each(|(sum, by)| *sum += unobserved * by);
        let after = ln_survival(alpha, beta, c, t + 1.0);
        if lost > 0.0 {
            let step = ln_kept(alpha, beta, c, t, t + 1.0);
            total += lost * (before.0 + (-step.exp_m1()).ln());
            let share = 1.0 / (-step).exp_m1();
            for ((sum, earlier), later) in slope.iter_mut().zip(before.1).zip(after.1) {
                *sum += lost * (earlier + (earlier - later) * share);
            }
        }
        before = after;
        t += 1.0;
    }
    let kept = data.survivors.last().copied().unwrap_or_default();
    total += kept * before.0;
    slope.iter_mut().zip(before.1).for_each(|(sum, by)| *sum += kept * by);
    checked(total, slope)
}

/// Checks that there is something to learn: some left, and at two different tenures or some stayed.
fn check(data: &Survival, parameters: usize) -> Result<(), Reason> {
    if data.steps().all(|(lost, _)| lost <= 0.0) {
        return Err(Reason::NoMaximum);
    }
    if data.survivors.len() <= parameters {
        return Err(Reason::NotIdentified);
    }
    Ok(())
}

impl Sbg {
    /// Fits by maximum likelihood. The weight of an observation is one customer.
    ///
    /// # Errors
    /// [`Reason::NoMaximum`] when nobody left, [`Reason::NotIdentified`] with fewer than two periods. A fit
    /// that did not converge is returned with [`Fit::failure`].
    pub fn fit(data: &Survival) -> Result<Fit<Self, 2>, Reason> {
        check(data, 2)?;
        let starts = [[1.0, 1.0], [0.5, 3.0], [5.0, 50.0]];
        let maximum = maximise(&starts, [1.0; 2], data.start(), |[alpha, beta]| {
            likelihood(data, *alpha, *beta, 1.0).map(|(ln, [a, b, _])| (ln, [a, b]))
        });
        Fit::new(maximum, data.start(), data.data_hash())
    }

    /// The log-likelihood of a cohort at these parameters.
    ///
    /// # Errors
    /// [`Reason::OutOfRange`].
    pub fn log_likelihood(&self, data: &Survival) -> Result<f64, Reason> {
        likelihood(data, self.alpha, self.beta, 1.0).map(|l| l.0).ok_or(Reason::OutOfRange)
    }

    /// The share of a cohort that is left after `t` periods.
    pub fn survival(&self, t: u32) -> f64 {
        ln_survival(self.alpha, self.beta, 1.0, f64::from(t)).0.exp()
    }

    /// The share of those left after `t - 1` periods that renew into the next, for `t >= 1`.
    pub fn retention(&self, t: u32) -> f64 {
        let t = f64::from(t.max(1)) - 1.0;
        (self.beta + t) / (self.alpha + self.beta + t)
    }

    /// The discounted expected residual lifetime in periods of a customer who renewed `renewals` times,
    /// just before the next renewal is due, which is not discounted (Fader and Hardie 2010): the
    /// sum over `k >= 0` of the chance to renew `k + 1` more times, by `(1 + discount)^-k`.
    ///
    /// # Errors
    /// [`Reason::NoDiscount`] when the sum is infinite, [`Reason::BadArgument`].
    pub fn derl(&self, renewals: u32, discount: f64) -> Result<f64, Reason> {
        let d = not_negative(discount)?;
        let beta = self.beta + f64::from(renewals);
        if d == 0.0 {
            let left = self.alpha - 1.0;
            return if left > 0.0 { finite(beta / left) } else { Err(Reason::NoDiscount) };
        }
        finite((1.0 + d) * beta_mean(self.alpha, beta, |p, q| q / (d + p)))
    }
}

impl Bdw {
    /// As [`Sbg::fit`].
    ///
    /// # Errors
    /// As there, with three periods.
    pub fn fit(data: &Survival) -> Result<Fit<Self, 3>, Reason> {
        check(data, 3)?;
        let starts = [[1.0, 1.0, 1.0], [0.5, 3.0, 1.2], [0.3, 1.0, 0.7], [5.0, 50.0, 1.0]];
        let maximum: Option<Maximum<3>> =
            maximise(&starts, [1.0; 3], data.start(), |[alpha, beta, c]| {
                likelihood(data, *alpha, *beta, *c)
            });
        Fit::new(maximum, data.start(), data.data_hash())
    }

    /// As [`Sbg::log_likelihood`].
    ///
    /// # Errors
    /// [`Reason::OutOfRange`].
    pub fn log_likelihood(&self, data: &Survival) -> Result<f64, Reason> {
        likelihood(data, self.alpha, self.beta, self.c).map(|l| l.0).ok_or(Reason::OutOfRange)
    }

    /// As [`Sbg::survival`].
    pub fn survival(&self, t: u32) -> f64 {
        ln_survival(self.alpha, self.beta, self.c, f64::from(t)).0.exp()
    }

    /// As [`Sbg::retention`].
    pub fn retention(&self, t: u32) -> f64 {
        let t = f64::from(t.max(1));
        ln_kept(self.alpha, self.beta, self.c, t - 1.0, t).exp()
    }

    /// As [`Sbg::derl`], by summation.
    ///
    /// # Errors
    /// [`Reason::NoDiscount`] without a discount, [`Reason::OutOfRange`] with one so small that ten
    /// million periods do not end the sum.
    pub fn derl(&self, renewals: u32, discount: f64) -> Result<f64, Reason> {
        let d = not_negative(discount)?;
        if d == 0.0 {
            return Err(Reason::NoDiscount);
        }
        let (now, fall) = (f64::from(renewals), d.ln_1p());
        let mut sum = 0.0;
        for k in 0..MAX_TERMS {
            let k = f64::from(k);
            let kept = ln_kept(self.alpha, self.beta, self.c, now, now + k + 1.0);
            let term = (kept - k * fall).exp();
            sum += term;
            // What follows is less than this term times a geometric sum.
            if term < 1e-15 * sum * d / (1.0 + d) {
                return finite(sum);
            }
        }
        Err(Reason::OutOfRange)
    }
}
