//! Gamma-Gamma: how much customers spend each time.
//!
//! Owns the model of Fader, Hardie and Lee (2005, "RFM and CLV") and Fader and Hardie (2013): amounts of
//! one customer are Gamma(`p`, `nu`), with `nu` spread as Gamma(`q`, `gamma`); how often one buys tells
//! nothing about how much, which [`Correlation`] checks. Refuses amounts of 0 and below.

use super::fit::{Slope, checked, maximise};
use super::reason::{finite, positive};
use super::special::{digamma_rise, ln_beta};
use super::{Fit, Model, Reason, hash_of};
use serde::Serialize;

/// Above this, in absolute value, the assumption of independence is doubtful.
const CORRELATED: f64 = 0.3;

/// Repeat purchases of one customer and their mean amount, in any unit of money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spend {
    /// Repeat purchases.
    pub x: u32,
    /// Their mean amount; 0 without any.
    pub mean: f64,
}

/// See the head of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    /// Shape of the amounts of one customer.
    pub p: f64,
    /// Shape of the spread between customers.
    pub q: f64,
    /// Its scale, an amount.
    pub gamma: f64,
}

impl Model<3> for GammaGamma {
    const NAME: &'static str = "gamma-gamma";
    const NAMES: [&'static str; 3] = ["p", "q", "gamma"];

    fn of(params: [f64; 3]) -> Result<Self, Reason> {
        let [p, q, gamma] = positive(params)?;
        Ok(Self { p, q, gamma })
    }

    fn params(&self) -> [f64; 3] {
        [self.p, self.q, self.gamma]
    }
}

/// Those that have bought again, for more than nothing.
fn counted(spends: &[Spend]) -> impl Iterator<Item = &Spend> {
    spends.iter().filter(|spend| spend.x > 0 && spend.mean > 0.0 && spend.mean.is_finite())
}

/// Equal spends with how many customers have each, in order.
fn aggregated(spends: &[Spend]) -> Vec<(Spend, f64)> {
    let mut keys: Vec<(u32, u64)> = counted(spends).map(|s| (s.x, s.mean.to_bits())).collect();
    keys.sort_unstable();
    let row = |same: &[(u32, u64)]| {
        let (x, bits) = same.first().copied()?;
        Some((Spend { x, mean: f64::from_bits(bits) }, same.len() as f64))
    };
    keys.chunk_by(|a, b| a == b).filter_map(row).collect()
}

fn hash(data: &[(Spend, f64)]) -> String {
    let bits = |(spend, weight): &(Spend, f64)| {
        [u64::from(spend.x), spend.mean.to_bits(), weight.to_bits()]
    };
    hash_of(data.iter().flat_map(bits))
}

fn likelihood(data: &[(Spend, f64)], params: &[f64; 3]) -> Slope<3> {
    let [p, q, gamma] = *params;
    let (mut total, mut slope) = (0.0, [0.0; 3]);
    // Rows with one number of purchases stand together; what depends on it alone is kept.
    let mut of_x = (0, [0.0; 3]);
    for (spend, weight) in data {
        let x = f64::from(spend.x);
        if of_x.0 != spend.x {
            of_x =
                (spend.x, [ln_beta(p * x, q), x * digamma_rise(p * x, q), digamma_rise(q, p * x)]);
        }
        let [beta, by_p, by_q] = of_x.1;
        let sum = x * spend.mean;
        let (own, others) = ((gamma / sum).ln_1p(), (sum / gamma).ln_1p());
        total += weight * (-spend.mean.ln() - beta - p * x * own - q * others);
        slope[0] += weight * (by_p - x * own);
        slope[1] += weight * (by_q - others);
        slope[2] += weight * (q * sum / gamma - p * x) / (sum + gamma);
    }
    checked(total, slope)
}

impl GammaGamma {
    /// Fits by maximum likelihood to the customers with repeat purchases and a mean above 0.
    ///
    /// # Errors
    /// [`Reason::NoSpend`] when there are none. A fit that did not converge is returned with
    /// [`Fit::failure`].
    pub fn fit(spends: &[Spend]) -> Result<Fit<Self, 3>, Reason> {
        let data = aggregated(spends);
        let n: f64 = data.iter().map(|(_, weight)| weight).sum();
        if data.is_empty() {
            return Err(Reason::NoSpend);
        }
        let unit = data.iter().map(|(spend, weight)| weight * spend.mean).sum::<f64>() / n;
        let starts = [[5.0, 3.0, 0.5], [1.0, 2.0, 1.0], [20.0, 8.0, 0.3], [2.0, 20.0, 10.0]];
        let units = [1.0, 1.0, unit];
        let maximum = maximise(&starts, units, n, |params| likelihood(&data, params));
        Fit::new(maximum, n, hash(&data))
    }

    /// A hash of what would be fitted, whatever its order.
    pub fn data_hash(spends: &[Spend]) -> String {
        hash(&aggregated(spends))
    }

    /// The log-likelihood of the customers with repeat purchases and a mean above 0.
    ///
    /// # Errors
    /// [`Reason::OutOfRange`].
    pub fn log_likelihood(&self, spends: &[Spend]) -> Result<f64, Reason> {
        likelihood(&aggregated(spends), &self.params()).map(|l| l.0).ok_or(Reason::OutOfRange)
    }

    /// The mean amount that is expected of a customer: the population's for one without repeat
    /// purchases, or without an amount in them, and nearer to one's own the more there are.
    ///
    /// # Errors
    /// [`Reason::MeanInfinite`], [`Reason::BadHistory`].
    pub fn expected_mean(&self, spend: &Spend) -> Result<f64, Reason> {
        if !(spend.mean >= 0.0 && spend.mean.is_finite()) {
            return Err(Reason::BadHistory);
        }
        let x = if spend.mean > 0.0 { f64::from(spend.x) } else { 0.0 };
        let weight = self.p * x + self.q - 1.0;
        if weight <= 0.0 {
            return Err(Reason::MeanInfinite);
        }
        finite(self.p / weight * (self.gamma + x * spend.mean))
    }

    /// The mean amount over all customers.
    ///
    /// # Errors
    /// [`Reason::MeanInfinite`].
    pub fn population_mean(&self) -> Result<f64, Reason> {
        self.expected_mean(&Spend { x: 0, mean: 0.0 })
    }
}

/// Whether those who buy often also spend more, which Gamma-Gamma takes not to be so.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Correlation {
    /// Pearson's coefficient between repeat purchases and mean amount; none with fewer than three
    /// customers or without variety.
    pub coefficient: Option<f64>,
    /// Customers with repeat purchases and a mean above 0.
    pub n: usize,
    /// Whether the coefficient is so large that expected amounts are doubtful.
    pub doubtful: bool,
}

impl Correlation {
    /// Of the customers with repeat purchases and a mean above 0.
    pub fn of(spends: &[Spend]) -> Self {
        let (mut n, mut mean_x, mut mean_m) = (0.0, 0.0, 0.0);
        let (mut xx, mut mm, mut xm) = (0.0, 0.0, 0.0);
        for spend in counted(spends) {
            n += 1.0;
            let (dx, dm) = (f64::from(spend.x) - mean_x, spend.mean - mean_m);
            mean_x += dx / n;
            mean_m += dm / n;
            let (ax, am) = (f64::from(spend.x) - mean_x, spend.mean - mean_m);
            xx += dx * ax;
            mm += dm * am;
            xm += dx * am;
        }
        let coefficient = xm / (xx * mm).sqrt();
        let coefficient = (n >= 3.0 && coefficient.is_finite()).then_some(coefficient);
        let doubtful = coefficient.is_some_and(|c| c.abs() > CORRELATED);
        Self { coefficient, n: n as usize, doubtful }
    }
}
