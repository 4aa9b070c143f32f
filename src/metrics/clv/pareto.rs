//! Pareto/NBD: buying at a steady pace, and leaving at some moment.
//!
//! Owns the model of Schmittlein, Morrison and Colombo (1987): paces are spread as Gamma(`r`, `alpha`),
//! rates of leaving as Gamma(`s`, `beta`). Everything rests on one number, the odds that a customer has
//! left, for which the literature has two hypergeometric functions that differ by the sign of
//! `alpha - beta`. Here it is the integral over the moment of leaving that they come from: smooth,
//! positive, the same for both signs, and its derivatives are means under it.

use super::fit::{Slope, checked, maximise};
use super::history::Histories;
use super::quadrature::{Integral, integrate, scaled_exponential_integral};
use super::reason::{finite, not_negative, positive};
use super::special::{accrued, digamma_rise, ln_rise, logistic, softplus};
use super::{Fit, History, Model, Purchasing, Reason};

/// See the head of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParetoNbd {
    /// Shape of the paces.
    pub r: f64,
    /// Scale of the paces, a time.
    pub alpha: f64,
    /// Shape of the rates of leaving.
    pub s: f64,
    /// Scale of the rates of leaving, a time.
    pub beta: f64,
}

impl Model<4> for ParetoNbd {
    const NAME: &'static str = "pareto-nbd";
    const NAMES: [&'static str; 4] = ["r", "alpha", "s", "beta"];

    fn of(params: [f64; 4]) -> Result<Self, Reason> {
        let [r, alpha, s, beta] = positive(params)?;
        Ok(Self { r, alpha, s, beta })
    }

    fn params(&self) -> [f64; 4] {
        [self.r, self.alpha, self.s, self.beta]
    }
}

impl ParetoNbd {
    /// The odds that a customer has left between the last purchase and the end, in logarithms: the
    /// integral over the moment `u` of `s / (beta + T)`, `((alpha + T) / (alpha + u))^k` and
    /// `((beta + T) / (beta + u))^(s + 1)`. With `purchases`, of the chance of so many up to then, for
    /// which `tx` is 0. Means: of the logarithms of the two ratios, and of `1 / (alpha + u)` and
    /// `1 / (beta + u)`.
    fn ln_left(&self, k: f64, tx: f64, t: f64, purchases: f64) -> Integral<4> {
        let Self { alpha, s, beta, .. } = *self;
        // In v = ln((c + u) / (c + tx)), with the smaller scale as c, the integrand is smooth.
        let c = alpha.min(beta);
        let scale = c + tx;
        let length = ((t - tx) / scale).ln_1p();
        let steepness =
            k * (c + t) / (alpha + t) + (s + 1.0) * (c + t) / (beta + t) + 1.0 + purchases;
        let (a_end, b_end) = ((alpha + t).ln(), (beta + t).ln());
        let unit = s * scale / (beta + t);
        let mut integral = integrate(0.0, length, steepness, |v| {
            let since = scale * v.exp_m1();
            let (a, b) = (alpha + tx + since, beta + tx + since);
            let (ln_a, ln_b) = (a_end - a.ln(), b_end - b.ln());
            let mut ln = k * ln_a + (s + 1.0) * ln_b + v;
            if purchases > 0.0 {
                ln += purchases * (since / t).ln();
            }
            (ln, [ln_a, ln_b, 1.0 / a, 1.0 / b])
        });
        integral.ln += unit.ln();
        integral
    }

    fn k(&self, x: u32) -> f64 {
        self.r + f64::from(x)
    }

    /// The log-likelihood of a history and its gradient. Where nobody can have left, the chance of it and
    /// its means are 0.
    fn slope(&self, h: &History) -> (f64, [f64; 4]) {
        let Self { r, alpha, s, beta } = *self;
        let (x, k) = (f64::from(h.x), self.k(h.x));
        let left = self.ln_left(k, h.tx, h.t, 0.0);
        let chance = logistic(left.ln);
        let [ln_a, ln_b, over_a, over_b] = left.means;
        let (a_end, b_end) = (alpha + h.t, beta + h.t);
        let ln =
            ln_rise(r, x) - r * (h.t / alpha).ln_1p() - x * a_end.ln() - s * (h.t / beta).ln_1p()
                + softplus(left.ln);
        let slope = [
            digamma_rise(r, x) - (h.t / alpha).ln_1p() + chance * ln_a,
            r / alpha - k / a_end + chance * k * (1.0 / a_end - over_a),
            -(h.t / beta).ln_1p() + chance * (1.0 / s + ln_b),
            s / beta - s / b_end + chance * (s / b_end - (s + 1.0) * over_b),
        ];
        (ln, slope)
    }

    fn likelihood(data: &Histories, params: &[f64; 4]) -> Slope<4> {
        let model = Self::of(*params).ok()?;
        let (mut total, mut slope) = (0.0, [0.0; 4]);
        for (history, weight) in data.iter() {
            let (ln, by) = model.slope(&history);
            total += weight * ln;
            slope.iter_mut().zip(by).for_each(|(sum, by)| *sum += weight * by);
        }
        checked(total, slope)
    }

    /// Fits by maximum likelihood.
    ///
    /// # Errors
    /// [`Reason::NoData`], [`Reason::NoRepeatPurchases`]. A fit that did not converge is returned with
    /// [`Fit::failure`].
    pub fn fit(data: &Histories) -> Result<Fit<Self, 4>, Reason> {
        data.check()?;
        let (purchases, time) = data.totals();
        let n = data.n() as f64;
        let pace = purchases / n;
        let starts = [
            [0.5, 0.5 / pace, 0.5, 0.5],
            [1.0, 1.0 / pace, 0.3, 1.0],
            [2.0, 2.0 / pace, 1.5, 3.0],
            [0.2, 0.2 / pace, 1.0, 0.2],
        ];
        let maximum =
            maximise(&starts, [1.0, time, 1.0, time], n, |params| Self::likelihood(data, params));
        Fit::new(maximum, n, data.data_hash())
    }

    /// The log-likelihood of all histories.
    ///
    /// # Errors
    /// [`Reason::OutOfRange`].
    pub fn log_likelihood(&self, data: &Histories) -> Result<f64, Reason> {
        Self::likelihood(data, &self.params()).map(|l| l.0).ok_or(Reason::OutOfRange)
    }

    /// The time that a customer who is one at time `t` is expected to stay within `horizon`: that since
    /// `t`, weighed by the chance to be still there.
    fn stay(&self, t: f64, horizon: f64) -> f64 {
        let scale = self.beta + t;
        scale * accrued(self.s - 1.0, (horizon / scale).ln_1p())
    }
}

impl Purchasing for ParetoNbd {
    fn ln_likelihood(&self, history: &History) -> Result<f64, Reason> {
        history.check()?;
        finite(self.slope(history).0)
    }

    fn p_alive(&self, h: &History) -> Result<f64, Reason> {
        h.check()?;
        finite(logistic(-self.ln_left(self.k(h.x), h.tx, h.t, 0.0).ln))
    }

    fn expected_if_alive(&self, x: u32, t: f64, horizon: f64) -> Result<f64, Reason> {
        let (t, horizon) = (not_negative(t)?, not_negative(horizon)?);
        finite(self.k(x) / (self.alpha + t) * self.stay(t, horizon))
    }

    fn dert_if_alive(&self, x: u32, t: f64, rate: f64) -> Result<f64, Reason> {
        let (t, rate) = (not_negative(t)?, not_negative(rate)?);
        let scale = self.beta + t;
        let stay = if rate > 0.0 {
            scale * scaled_exponential_integral(self.s, rate * scale)
        } else if self.s > 1.0 {
            scale / (self.s - 1.0)
        } else {
            return Err(Reason::NoDiscount);
        };
        finite(self.k(x) / (self.alpha + t) * stay)
    }

    fn population_mean(&self, t: f64) -> Result<f64, Reason> {
        finite(self.r / self.alpha * self.stay(0.0, not_negative(t)?))
    }

    fn pmf(&self, n: u32, t: f64) -> Result<f64, Reason> {
        let t = not_negative(t)?;
        if t == 0.0 {
            return Ok(if n == 0 { 1.0 } else { 0.0 });
        }
        // Stays and buys n times, or does so up to the moment of leaving.
        let (n, y) = (f64::from(n), t / self.alpha);
        let share = if n > 0.0 { n * (y / (1.0 + y)).ln() } else { 0.0 };
        let exactly = ln_rise(self.r, n) - ln_rise(1.0, n) - self.r * y.ln_1p() + share;
        let stays = -self.s * (t / self.beta).ln_1p();
        let left = self.ln_left(self.r + n, 0.0, t, n);
        finite((exactly + stays + softplus(left.ln)).exp())
    }
}
