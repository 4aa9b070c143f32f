//! What customers are worth: purchases times amounts, discounted, with the uncertainty of the fit.
//!
//! Owns the arithmetic for many customers at once, in which what depends on `x` and `t` alone is computed
//! once for all that share them, and intervals by the delta method: they say how uncertain the
//! *expected* value is because the parameters were estimated, not how far one customer may stray from
//! what is expected. Refuses currencies.

use super::reason::{finite, not_negative};
use super::{Fit, History, Model, Purchasing, Reason};
use rustc_hash::FxHashMap;

/// Over what time, and at which discount. Times in the unit of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// How far ahead.
    pub horizon: f64,
    /// Purchases are discounted as if made at the end of the step they fall in.
    pub step: f64,
    /// The continuous rate of discount per unit of time.
    pub rate: f64,
}

/// What to expect of a customer who is still one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ahead {
    /// Purchases within the horizon.
    pub expected: f64,
    /// The same, discounted.
    pub discounted: f64,
    /// Purchases in all the future, discounted (DERT).
    pub residual: Result<f64, Reason>,
}

/// Expectations of many customers.
pub struct Scorer<'a> {
    model: &'a dyn Purchasing,
    outlook: Outlook,
    residual: bool,
    known: FxHashMap<(u32, u64), Result<Ahead, Reason>>,
}

impl<'a> Scorer<'a> {
    /// With `residual`, DERT too, which costs more than the rest.
    pub fn new(model: &'a dyn Purchasing, outlook: Outlook, residual: bool) -> Self {
        Self { model, outlook, residual, known: FxHashMap::default() }
    }

    /// What to expect of a customer who is still one.
    ///
    /// # Errors
    /// [`Reason::BadArgument`], [`Reason::OutOfRange`].
    pub fn ahead(&mut self, history: &History) -> Result<Ahead, Reason> {
        let (x, t) = (history.x, history.t);
        let (model, outlook, residual) = (self.model, self.outlook, self.residual);
        *self.known.entry((x, t.to_bits())).or_insert_with(|| {
            let (expected, discounted) =
                model.ahead_if_alive(x, t, outlook.horizon, outlook.step, outlook.rate)?;
            let residual = if residual {
                model.dert_if_alive(x, t, outlook.rate)
            } else {
                Err(Reason::NotAsked)
            };
            Ok(Ahead { expected, discounted, residual })
        })
    }

    /// The chance that a customer is still one, and what to expect if so.
    ///
    /// # Errors
    /// A history that cannot have happened, and those of [`Scorer::ahead`].
    pub fn score(&mut self, history: &History) -> Result<(f64, Ahead), Reason> {
        Ok((self.model.p_alive(history)?, self.ahead(history)?))
    }
}

/// What a number of purchases is worth at an expected amount and a margin on it.
///
/// # Errors
/// [`Reason::BadArgument`], [`Reason::OutOfRange`].
pub fn worth(purchases: f64, mean: f64, margin: f64) -> Result<f64, Reason> {
    finite(not_negative(purchases)? * not_negative(mean)? * not_negative(margin)?)
}

/// The variance of the logarithm of what `value` makes of a model's parameters (delta method).
///
/// # Errors
/// [`Reason::NoCovariance`], and those of `value`.
pub fn ln_variance<M: Model<N>, const N: usize>(
    fit: &Fit<M, N>,
    value: impl Fn(&M) -> Result<f64, Reason>,
) -> Result<f64, Reason> {
    const STEP: f64 = 1e-4;
    let covariance = fit.ln_covariance.as_ref().ok_or(Reason::NoCovariance)?;
    let params = fit.model.params();
    let mut slope = [0.0; N];
    for (at, slope) in slope.iter_mut().enumerate() {
        let moved = |by: f64| -> Result<f64, Reason> {
            let mut params = params;
            if let Some(param) = params.get_mut(at) {
                *param *= by.exp();
            }
            Ok(value(&M::of(params)?)?.ln())
        };
        *slope = (moved(STEP)? - moved(-STEP)?) / (2.0 * STEP);
    }
    let of_row = |row: &[f64; N]| row.iter().zip(&slope).map(|(c, s)| c * s).sum::<f64>();
    finite(covariance.iter().map(of_row).zip(&slope).map(|(c, s)| c * s).sum::<f64>().max(0.0))
}

/// The interval around a positive estimate whose logarithm has this variance, at a level such as 0.95.
///
/// # Errors
/// [`Reason::BadArgument`] unless the level is between 0 and 1; [`Reason::OutOfRange`].
pub fn interval(estimate: f64, ln_variance: f64, level: f64) -> Result<(f64, f64), Reason> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Reason::BadArgument);
    }
    let reach = normal_quantile(0.5 + level / 2.0) * ln_variance.sqrt();
    Ok((finite(estimate * (-reach).exp())?, finite(estimate * reach.exp())?))
}

/// The quantile of the standard normal distribution above the median: Acklam's rational approximation
/// (2003), with a relative error below 1.2e-9.
fn normal_quantile(p: f64) -> f64 {
    let polynomial = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, c| sum * x + c);
    if p <= 0.975_75 {
        let q = p - 0.5;
        let r = q * q;
        let above = [
            -39.696_830_286_653_76,
            220.946_098_424_520_5,
            -275.928_510_446_968_7,
            138.357_751_867_269,
            -30.664_798_066_147_16,
            2.506_628_277_459_239,
        ];
        let below = [
            -54.476_098_798_224_06,
            161.585_836_858_040_9,
            -155.698_979_859_886_6,
            66.801_311_887_719_72,
            -13.280_681_552_885_72,
            1.0,
        ];
        q * polynomial(&above, r) / polynomial(&below, r)
    } else {
        let q = (-2.0 * (1.0 - p).ln()).sqrt();
        let above = [
            -0.007_784_894_002_430_293,
            -0.322_396_458_041_136_5,
            -2.400_758_277_161_838,
            -2.549_732_539_343_734,
            4.374_664_141_464_968,
            2.938_163_982_698_783,
        ];
        let below = [
            0.007_784_695_709_041_462,
            0.322_467_129_070_039_8,
            2.445_134_137_142_996,
            3.754_408_661_907_416,
            1.0,
        ];
        -polynomial(&above, q) / polynomial(&below, q)
    }
}
