//! BG/NBD and MBG/NBD: buying at a steady pace, and perhaps leaving after each purchase.
//!
//! Owns the models of Fader, Hardie and Lee (2005, "Counting your customers the easy way") and of Batislam,
//! Denizel and Filiztekin (2007), in which a customer may also leave right after the first purchase.
//! Paces are spread as Gamma(`r`, `alpha`), chances to leave as Beta(`a`, `b`).
//!
//! What both expect of a customer who is still one is not computed by the published formula, whose
//! factor `1 / (a - 1)` fails at `a = 1` and loses digits around it, but by what it is derived from. In
//! the time `t` one would make `N` purchases, negative binomial, if nobody left, and stays after
//! each with chance `q`, so that the expected number is the sum over `n` of `P(N = n)` times
//! `1 + E[q] + ... + E[q^(n-1)]`: positive terms only. Where that sum is long, the mean over `p = 1 - q`
//! is integrated.

use super::fit::{Slope, checked, maximise};
use super::history::Histories;
use super::quadrature::{beta_mean, scaled_exponential_integral};
use super::reason::{finite, not_negative, positive};
use super::special::{digamma_rise, ln_rise, logistic, softplus};
use super::{Fit, History, Model, Purchasing, Reason};

/// Terms up to which the sum is preferred to the integral.
const SHORT: f64 = 1_500.0;

/// BG/NBD: nobody leaves before the second purchase, so a customer who bought once is always taken to be
/// one still. To show chances, prefer [`MbgNbd`] or Pareto/NBD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgNbd {
    /// Shape of the paces.
    pub r: f64,
    /// Scale of the paces, a time.
    pub alpha: f64,
    /// Large with `b` small: customers leave soon.
    pub a: f64,
    /// Large with `a` small: customers stay.
    pub b: f64,
}

/// MBG/NBD: as [`BgNbd`], but customers may leave right after their first purchase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MbgNbd {
    /// Shape of the paces.
    pub r: f64,
    /// Scale of the paces, a time.
    pub alpha: f64,
    /// Large with `b` small: customers leave soon.
    pub a: f64,
    /// Large with `a` small: customers stay.
    pub b: f64,
}

/// Both models: `first` is 1 where the first purchase is a chance to leave, else 0.
#[derive(Clone, Copy)]
struct Core {
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
    first: u32,
}

/// `E[(1 - (1 + p y)^-k) / p]` over `p` of Beta(`a`, `b`): purchases within a time `y` times the scale of
/// a pace that is Gamma(`k`), when each may be the last.
fn purchases(k: f64, a: f64, b: f64, y: f64) -> f64 {
    let mean = k * y;
    let terms = mean + 12.0 * (mean * (1.0 + y)).sqrt() + 40.0 * (1.0 + y);
    let none = -k * y.ln_1p();
    if terms < SHORT && none > -600.0 {
        series(k, a, b, y / (1.0 + y), none.exp())
    } else {
        beta_mean(a, b, |p, _| accrued_at(k, p, y))
    }
}

/// `(1 - (1 + p y)^-k) / p`, which is `k y` at `p = 0`.
fn accrued_at(k: f64, p: f64, y: f64) -> f64 {
    if p * y < 1e-290 { k * y } else { -(-k * (p * y).ln_1p()).exp_m1() / p }
}

/// See the head of the file: `chance` is that of `n` purchases, `stays` the mean of `q^n`, and `made` how
/// many of `n` are made by a customer who may leave after each.
fn series(k: f64, a: f64, b: f64, w: f64, none: f64) -> f64 {
    let (mut chance, mut stays, mut made, mut sum, mut n) = (none, 1.0, 0.0, 0.0, 0.0);
    loop {
        chance *= w * (k + n) / (n + 1.0);
        made += stays;
        stays *= (b + n) / (a + b + n);
        n += 1.0;
        let term = chance * made;
        sum += term;
        // From here on each term is less than the one before by this factor.
        let factor = w * (k + n) / n;
        if factor < 1.0 && term * factor <= 1e-17 * sum * (1.0 - factor) || n > 4.0 * SHORT {
            return sum;
        }
    }
}

impl Core {
    /// The log-odds that the customer has left; `None` when leaving was not possible.
    fn ln_left(&self, h: &History) -> Option<f64> {
        let before = f64::from(h.x) + f64::from(self.first) - 1.0;
        if before < 0.0 {
            return None;
        }
        let k = self.r + f64::from(h.x);
        Some((self.a / (self.b + before)).ln() + k * ((h.t - h.tx) / (self.alpha + h.tx)).ln_1p())
    }

    fn ln_likelihood(&self, h: &History) -> Result<f64, Reason> {
        h.check()?;
        let (x, m) = (f64::from(h.x), f64::from(h.x + self.first));
        let stayed = ln_rise(self.b, m) - ln_rise(self.a + self.b, m);
        // alpha^r / (alpha + T)^(r + x)
        let pace = -self.r * (h.t / self.alpha).ln_1p() - x * (self.alpha + h.t).ln();
        let left = self.ln_left(h).map_or(0.0, softplus);
        finite(ln_rise(self.r, x) + stayed + pace + left)
    }

    fn p_alive(&self, h: &History) -> Result<f64, Reason> {
        h.check()?;
        finite(self.ln_left(h).map_or(1.0, |ln| logistic(-ln)))
    }

    fn expected_if_alive(&self, x: u32, t: f64, horizon: f64) -> Result<f64, Reason> {
        let (t, horizon) = (not_negative(t)?, not_negative(horizon)?);
        let b = self.b + f64::from(x) + f64::from(self.first);
        finite(purchases(self.r + f64::from(x), self.a, b, horizon / (self.alpha + t)))
    }

    fn dert_if_alive(&self, x: u32, t: f64, rate: f64) -> Result<f64, Reason> {
        let (t, rate) = (not_negative(t)?, not_negative(rate)?);
        let (k, scale) = (self.r + f64::from(x), self.alpha + t);
        let b = self.b + f64::from(x) + f64::from(self.first);
        if rate == 0.0 {
            // The mean of 1 / p.
            let mean = (self.a + b - 1.0) / (self.a - 1.0);
            return if self.a > 1.0 { finite(mean) } else { Err(Reason::NoDiscount) };
        }
        let z = rate * scale;
        finite(beta_mean(self.a, b, |p, _| {
            // Towards p = 0 this is k / z.
            if p * 1e17 < z { k / z } else { k * scaled_exponential_integral(k + 1.0, z / p) / p }
        }))
    }

    fn population_mean(&self, t: f64) -> Result<f64, Reason> {
        let y = not_negative(t)? / self.alpha;
        let first = f64::from(self.first);
        let stayed = (self.b / (self.a + self.b)).powi(i32::from(self.first == 1));
        finite(stayed * purchases(self.r, self.a, self.b + first, y))
    }

    fn pmf(&self, n: u32, t: f64) -> Result<f64, Reason> {
        let y = not_negative(t)? / self.alpha;
        let (count, m) = (f64::from(n), f64::from(n + self.first));
        let (a, b, r) = (self.a, self.b, self.r);
        // The chance of n purchases when nobody leaves.
        let exactly = |n: f64| {
            let share = if n > 0.0 { n * (y / (1.0 + y)).ln() } else { 0.0 };
            (ln_rise(r, n) - ln_rise(1.0, n) - r * y.ln_1p() + share).exp()
        };
        let stayed = (ln_rise(b, m) - ln_rise(a + b, m)).exp();
        let mut chance = stayed * exactly(count);
        if m > 0.0 {
            // Left at the n-th purchase, before which nothing stops the count from being n or more.
            let left =
                a / (a + b + m - 1.0) * (ln_rise(b, m - 1.0) - ln_rise(a + b, m - 1.0)).exp();
            chance += left * at_least(count, r, y, exactly);
        }
        finite(chance)
    }
}

/// The chance of `n` or more of a negative binomial of shape `r` and mean `r y`; summed on the side
/// that is smaller, so that digits are kept.
fn at_least(n: f64, r: f64, y: f64, exactly: impl Fn(f64) -> f64) -> f64 {
    let w = y / (1.0 + y);
    if n <= r * y {
        let (mut below, mut term, mut k) = (0.0, exactly(0.0), 0.0);
        if term > 0.0 {
            while k < n {
                below += term;
                term *= w * (r + k) / (k + 1.0);
                k += 1.0;
            }
        } else {
            while k < n {
                below += exactly(k);
                k += 1.0;
            }
        }
        return (1.0 - below).max(0.0);
    }
    let (mut sum, mut term, mut k) = (0.0, exactly(n), n);
    for _ in 0..10_000_000_u32 {
        sum += term;
        let factor = w * (r + k) / (k + 1.0);
        if factor < 1.0 && term * factor <= 1e-17 * sum * (1.0 - factor) {
            break;
        }
        term *= factor;
        k += 1.0;
    }
    sum.min(1.0)
}

/// The log-likelihood of all histories and its gradient by `r`, `alpha`, `a`, `b`.
fn likelihood(data: &Histories, params: &[f64; 4], first: u32) -> Slope<4> {
    let [r, alpha, a, b] = *params;
    // The logarithm and the inverse of alpha plus each distinct time.
    let logs = |times: &[f64]| -> Vec<(f64, f64)> {
        times.iter().map(|t| ((t / alpha).ln_1p(), 1.0 / (alpha + t))).collect()
    };
    let (ends, lasts) = (logs(&data.ts), logs(&data.txs));
    let ln_alpha = alpha.ln();
    let (mut total, mut slope) = (0.0, [0.0; 4]);
    for group in &data.groups {
        let (x, m) = (f64::from(group.x), f64::from(group.x + first));
        let k = r + x;
        // Sums over the customers of the group: how many, of the logarithms and inverses at the end,
        // of the chances to have left, alone and times how both change since the last purchase.
        let (mut n, mut ln_end, mut inverse_end, mut softplus_left) = (0.0, 0.0, 0.0, 0.0);
        let (mut left, mut left_ln, mut left_inverse) = (0.0, 0.0, 0.0);
        let ln_odds = (a / (b + m - 1.0)).ln();
        for row in &group.rows {
            let (Some(end), Some(last)) = (ends.get(row.t as usize), lasts.get(row.tx as usize))
            else {
                continue;
            };
            let w = row.weight;
            n += w;
            ln_end += w * end.0;
            inverse_end += w * end.1;
            if m > 0.0 {
                let ln = ln_odds + k * (end.0 - last.0);
                // Of exp(ln): the chance to have left, and the logarithm of 1 + exp(ln).
                let e = (-ln.abs()).exp();
                let small = e / (1.0 + e);
                let chance = w * if ln > 0.0 { 1.0 - small } else { small };
                softplus_left += w * (ln.max(0.0) + e.ln_1p());
                left += chance;
                left_ln += chance * (end.0 - last.0);
                left_inverse += chance * (end.1 - last.1);
            }
        }
        let all = digamma_rise(a + b, m);
        total += n * (ln_rise(r, x) + ln_rise(b, m) - ln_rise(a + b, m) - x * ln_alpha);
        total += softplus_left - k * ln_end;
        slope[0] += n * digamma_rise(r, x) - ln_end + left_ln;
        slope[1] += n * r / alpha - k * inverse_end + k * left_inverse;
        slope[2] += left / a - n * all;
        slope[3] += n * (digamma_rise(b, m) - all);
        if m > 0.0 {
            slope[3] -= left / (b + m - 1.0);
        }
    }
    checked(total, slope)
}

fn fit<M: Model<4>>(data: &Histories, first: u32) -> Result<Fit<M, 4>, Reason> {
    data.check()?;
    let (purchases, time) = data.totals();
    let pace = purchases / data.n() as f64;
    let shape = 0.5;
    let alpha = shape / pace;
    let starts = [
        [shape, alpha, 1.0, 2.5],
        [1.0, 2.0 * alpha, 0.3, 3.0],
        [0.2, 0.4 * alpha, 2.0, 2.0],
        [3.0, 6.0 * alpha, 0.1, 1.0],
    ];
    let units = [1.0, time, 1.0, 1.0];
    let n = data.n() as f64;
    let maximum = maximise(&starts, units, n, |params| likelihood(data, params, first));
    Fit::new(maximum, n, data.data_hash())
}

macro_rules! model {
    ($model:ident, $name:literal, $first:literal) => {
        impl Model<4> for $model {
            const NAME: &'static str = $name;
            const NAMES: [&'static str; 4] = ["r", "alpha", "a", "b"];

            fn of(params: [f64; 4]) -> Result<Self, Reason> {
                let [r, alpha, a, b] = positive(params)?;
                Ok(Self { r, alpha, a, b })
            }

            fn params(&self) -> [f64; 4] {
                [self.r, self.alpha, self.a, self.b]
            }
        }

        impl $model {
            fn core(&self) -> Core {
                Core { r: self.r, alpha: self.alpha, a: self.a, b: self.b, first: $first }
            }

            /// Fits by maximum likelihood.
            ///
            /// # Errors
            /// [`Reason::NoData`], [`Reason::NoRepeatPurchases`]. A fit that did not converge is returned
            /// with [`Fit::failure`].
            pub fn fit(data: &Histories) -> Result<Fit<Self, 4>, Reason> {
                fit(data, $first)
            }

            /// The log-likelihood of all histories.
            ///
            /// # Errors
            /// [`Reason::OutOfRange`].
            pub fn log_likelihood(&self, data: &Histories) -> Result<f64, Reason> {
                likelihood(data, &self.params(), $first).map(|l| l.0).ok_or(Reason::OutOfRange)
            }
        }

        impl Purchasing for $model {
            fn ln_likelihood(&self, history: &History) -> Result<f64, Reason> {
                self.core().ln_likelihood(history)
            }

            fn p_alive(&self, history: &History) -> Result<f64, Reason> {
                self.core().p_alive(history)
            }

            fn expected_if_alive(&self, x: u32, t: f64, horizon: f64) -> Result<f64, Reason> {
                self.core().expected_if_alive(x, t, horizon)
            }

            fn dert_if_alive(&self, x: u32, t: f64, rate: f64) -> Result<f64, Reason> {
                self.core().dert_if_alive(x, t, rate)
            }

            fn population_mean(&self, t: f64) -> Result<f64, Reason> {
                self.core().population_mean(t)
            }

            fn pmf(&self, n: u32, t: f64) -> Result<f64, Reason> {
                self.core().pmf(n, t)
            }
        }
    };
}

model!(BgNbd, "bg-nbd", 0);
model!(MbgNbd, "mbg-nbd", 1);
