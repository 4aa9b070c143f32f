//! BG/BB: buying or not at each of a number of opportunities, and perhaps leaving before each.
//!
//! Owns the model of Fader, Hardie and Shang (2010, "Customer-base analysis in a discrete-time
//! noncontractual setting"): the chance to buy is spread as Beta(`alpha`, `beta`), that to leave as
//! Beta(`gamma`, `delta`). Times are counted in opportunities; a fraction of one is none.

use super::fit::{Slope, checked, maximise};
use super::history::Histories;
use super::quadrature::beta_mean;
use super::reason::{finite, not_negative, positive};
use super::special::{digamma_rise, ln_rise};
use super::{Fit, History, Model, Purchasing, Reason};

/// Opportunities of one history or horizon at most.
const MAX_OPPORTUNITIES: f64 = 1e6;

/// See the head of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgBb {
    /// Large with `beta` small: customers buy at most opportunities.
    pub alpha: f64,
    /// Large with `alpha` small: customers seldom buy.
    pub beta: f64,
    /// Large with `delta` small: customers leave soon.
    pub gamma: f64,
    /// Large with `gamma` small: customers stay.
    pub delta: f64,
}

impl Model<4> for BgBb {
    const NAME: &'static str = "bg-bb";
    const NAMES: [&'static str; 4] = ["alpha", "beta", "gamma", "delta"];

    fn of(params: [f64; 4]) -> Result<Self, Reason> {
        let [alpha, beta, gamma, delta] = positive(params)?;
        Ok(Self { alpha, beta, gamma, delta })
    }

    fn params(&self) -> [f64; 4] {
        [self.alpha, self.beta, self.gamma, self.delta]
    }
}

/// Checks that opportunities are whole, and enough for the purchases.
fn check(h: &History) -> Result<(), Reason> {
    h.check()?;
    let x = f64::from(h.x);
    if h.tx.fract() != 0.0 || h.t.fract() != 0.0 || h.t > MAX_OPPORTUNITIES {
        Err(Reason::BadHistory)
    } else if x > h.tx || x > h.t {
        Err(Reason::MoreThanOpportunities)
    } else {
        Ok(())
    }
}

/// The likelihood of a history, taken apart.
struct Parts {
    ln: f64,
    /// By the parameters.
    slope: [f64; 4],
    /// The chance not to have left before the end.
    stayed: f64,
}

impl BgBb {
    /// Sums over the moments of leaving: after the last purchase, after each opportunity since, or not
    /// at all. Terms relate to the first as products of ratios below 1, so none overflows.
    fn parts(&self, h: &History) -> Parts {
        let Self { alpha, beta, gamma, delta } = *self;
        let (x, n) = (f64::from(h.x), h.t);
        let ab = alpha + beta;
        let gd = gamma + delta;
        // Leaving after opportunity j, in logarithms, and its derivatives, for the first j.
        let mut j = h.tx;
        let first = ln_rise(alpha, x) + ln_rise(beta, j - x) - ln_rise(ab, j)
            + gamma.ln()
            + ln_rise(delta, j)
            - ln_rise(gd, j + 1.0);
        let (by_ab, by_gd) = (digamma_rise(ab, j), digamma_rise(gd, j + 1.0));
        let mut by = [
            digamma_rise(alpha, x) - by_ab,
            digamma_rise(beta, j - x) - by_ab,
            1.0 / gamma - by_gd,
            digamma_rise(delta, j) - by_gd,
        ];
        let (mut term, mut sum, mut sums) = (1.0, 0.0, [0.0; 4]);
        while j < n {
            sum += term;
            sums.iter_mut().zip(by).for_each(|(s, by)| *s += term * by);
            term *= (beta + j - x) / (ab + j) * (delta + j) / (gd + j + 1.0);
            by[0] -= 1.0 / (ab + j);
            by[1] += 1.0 / (beta + j - x) - 1.0 / (ab + j);
            by[2] -= 1.0 / (gd + j + 1.0);
            by[3] += 1.0 / (delta + j) - 1.0 / (gd + j + 1.0);
            j += 1.0;
        }
        // Not to have left is leaving after the last opportunity without the leaving.
        term *= (gd + n) / gamma;
        by[2] += 1.0 / (gd + n) - 1.0 / gamma;
        by[3] += 1.0 / (gd + n);
        sum += term;
        sums.iter_mut().zip(by).for_each(|(s, by)| *s += term * by);
        Parts { ln: first + sum.ln(), slope: sums.map(|s| s / sum), stayed: term / sum }
    }

    fn likelihood(data: &Histories, params: &[f64; 4]) -> Slope<4> {
        let model = Self::of(*params).ok()?;
        let (mut total, mut slope) = (0.0, [0.0; 4]);
        for (history, weight) in data.iter() {
            let parts = model.parts(&history);
            total += weight * parts.ln;
            slope.iter_mut().zip(parts.slope).for_each(|(sum, by)| *sum += weight * by);
        }
        checked(total, slope)
    }

    /// Fits by maximum likelihood.
    ///
    /// # Errors
    /// [`Reason::NoData`], [`Reason::NoRepeatPurchases`], or that of a history that does not fit in its
    /// opportunities. A fit that did not converge is returned with [`Fit::failure`].
    pub fn fit(data: &Histories) -> Result<Fit<Self, 4>, Reason> {
        data.check()?;
        data.iter().try_for_each(|(history, _)| check(&history))?;
        let n = data.n() as f64;
        let starts = [
            [1.0, 1.0, 0.5, 2.0],
            [0.5, 2.0, 1.0, 5.0],
            [3.0, 3.0, 0.2, 2.0],
            [0.3, 0.3, 1.0, 1.0],
        ];
        let maximum = maximise(&starts, [1.0; 4], n, |params| Self::likelihood(data, params));
        Fit::new(maximum, n, data.data_hash())
    }

    /// The log-likelihood of all histories.
    ///
    /// # Errors
    /// That of a history that does not fit in its opportunities; [`Reason::OutOfRange`].
    pub fn log_likelihood(&self, data: &Histories) -> Result<f64, Reason> {
        data.iter().try_for_each(|(history, _)| check(&history))?;
        Self::likelihood(data, &self.params()).map(|l| l.0).ok_or(Reason::OutOfRange)
    }

    /// Expected opportunities at which a customer who is one at the next, with `n` behind, has not
    /// left, among the next `horizon`.
    fn stay(&self, n: f64, horizon: f64) -> f64 {
        let (mut kept, mut sum, mut k) = (1.0, 0.0, 0.0);
        while k < horizon {
            sum += kept;
            k += 1.0;
            kept *= (self.delta + n + k) / (self.gamma + self.delta + n + k);
        }
        sum
    }

    /// The mean chance to buy after `x` of `n`.
    fn buys(&self, x: f64, n: f64) -> f64 {
        (self.alpha + x) / (self.alpha + self.beta + n)
    }
}

fn opportunities(time: f64) -> Result<f64, Reason> {
    let whole = not_negative(time)?.floor();
    if whole <= MAX_OPPORTUNITIES { Ok(whole) } else { Err(Reason::BadArgument) }
}

impl Purchasing for BgBb {
    fn ln_likelihood(&self, history: &History) -> Result<f64, Reason> {
        check(history)?;
        finite(self.parts(history).ln)
    }

    /// At the next opportunity, as published: not to have left so far, nor before it.
    fn p_alive(&self, h: &History) -> Result<f64, Reason> {
        check(h)?;
        let stays = (self.delta + h.t) / (self.gamma + self.delta + h.t);
        finite(self.parts(h).stayed * stays)
    }

    fn expected_if_alive(&self, x: u32, t: f64, horizon: f64) -> Result<f64, Reason> {
        let t = not_negative(t)?;
        finite(self.buys(f64::from(x), t) * self.stay(t, opportunities(horizon)?))
    }

    fn dert_if_alive(&self, x: u32, t: f64, rate: f64) -> Result<f64, Reason> {
        let (t, rate) = (not_negative(t)?, not_negative(rate)?);
        let stays = self.delta + t + 1.0;
        let d = rate.exp_m1();
        // The purchase at the next opportunity is discounted once: the sum of q^(k-1) / (1 + d)^k.
        let stay = if d > 0.0 {
            beta_mean(self.gamma, stays, |p, _| 1.0 / (d + p))
        } else if self.gamma > 1.0 {
            (self.gamma + stays - 1.0) / (self.gamma - 1.0)
        } else {
            return Err(Reason::NoDiscount);
        };
        finite(self.buys(f64::from(x), t) * stay)
    }

    fn population_mean(&self, t: f64) -> Result<f64, Reason> {
        let next = self.delta / (self.gamma + self.delta);
        finite(next * self.buys(0.0, 0.0) * self.stay(0.0, opportunities(t)?))
    }

    fn pmf(&self, n: u32, t: f64) -> Result<f64, Reason> {
        let (x, t) = (f64::from(n), opportunities(t)?);
        if x > t {
            return Ok(0.0);
        }
        // x of the first i, when one leaves after i of them or stays for all t.
        let ways = |i: f64| {
            ln_rise(i - x + 1.0, x) - ln_rise(1.0, x)
                + ln_rise(self.alpha, x)
                + ln_rise(self.beta, i - x)
                - ln_rise(self.alpha + self.beta, i)
        };
        let gd = self.gamma + self.delta;
        let stays = |i: f64| ln_rise(self.delta, i) - ln_rise(gd, i);
        let mut chance = (ways(t) + stays(t)).exp();
        let mut i = x;
        while i < t {
            chance += (ways(i) + stays(i)).exp() * self.gamma / (gd + i);
            i += 1.0;
        }
        finite(chance)
    }
}
