//! What every model of purchases without a contract tells.
//!
//! Owns the questions, and what follows from the answers in the same way for all models.

use super::reason::{finite, not_negative};
use super::{History, Reason};

/// Steps of a discounted sum at most.
const MAX_STEPS: f64 = 100_000.0;

/// A model of who is still a customer and how often they buy. Times are in the unit that the model was
/// fitted in; a number is finite and not negative, or there is a [`Reason`].
pub trait Purchasing {
    /// The logarithm of the likelihood of one history.
    ///
    /// # Errors
    /// A history that cannot have happened.
    fn ln_likelihood(&self, history: &History) -> Result<f64, Reason>;

    /// The chance that the customer is still one, at the end of the observation (BG/BB: at the next
    /// opportunity).
    ///
    /// # Errors
    /// A history that cannot have happened.
    fn p_alive(&self, history: &History) -> Result<f64, Reason>;

    /// Expected purchases within `horizon` after the end of the observation, for a customer who is
    /// still one. Depends on `x` and `t` alone.
    ///
    /// # Errors
    /// [`Reason::BadArgument`], [`Reason::OutOfRange`].
    fn expected_if_alive(&self, x: u32, t: f64, horizon: f64) -> Result<f64, Reason>;

    /// Expected purchases in all the future, each discounted by `exp(-rate * time)`, for a customer who is
    /// still one.
    ///
    /// # Errors
    /// [`Reason::NoDiscount`] when that is infinite, [`Reason::BadArgument`].
    fn dert_if_alive(&self, x: u32, t: f64, rate: f64) -> Result<f64, Reason>;

    /// Expected purchases of a new customer, the first not counted, up to time `t`: `E[X(t)]`.
    ///
    /// # Errors
    /// [`Reason::BadArgument`], [`Reason::OutOfRange`].
    fn population_mean(&self, t: f64) -> Result<f64, Reason>;

    /// The chance that a new customer buys exactly `n` more times up to time `t`: `P(X(t) = n)`.
    ///
    /// # Errors
    /// [`Reason::BadArgument`].
    fn pmf(&self, n: u32, t: f64) -> Result<f64, Reason>;

    /// Expected purchases within `horizon` after the end of the observation.
    ///
    /// # Errors
    /// As of [`Purchasing::p_alive`] and [`Purchasing::expected_if_alive`].
    fn expected(&self, history: &History, horizon: f64) -> Result<f64, Reason> {
        let alive = self.p_alive(history)?;
        finite(alive * self.expected_if_alive(history.x, history.t, horizon)?)
    }

    /// Discounted expected residual transactions (DERT): see [`Purchasing::dert_if_alive`].
    ///
    /// # Errors
    /// As of the two that it is the product of.
    fn dert(&self, history: &History, rate: f64) -> Result<f64, Reason> {
        let alive = self.p_alive(history)?;
        finite(alive * self.dert_if_alive(history.x, history.t, rate)?)
    }

    /// Expected purchases within `horizon`, and the same discounted: what is expected in each `step` counts
    /// `exp(-rate * end of the step)`. The last step may be shorter. For a customer who is still one.
    ///
    /// # Errors
    /// [`Reason::BadArgument`], also when the horizon has more than 100,000 steps.
    fn ahead_if_alive(
        &self,
        x: u32,
        t: f64,
        horizon: f64,
        step: f64,
        rate: f64,
    ) -> Result<(f64, f64), Reason> {
        let (horizon, rate) = (not_negative(horizon)?, not_negative(rate)?);
        // A whole number of steps is not made one more by the last digit of the division.
        let steps = (horizon / step * (1.0 - 1e-12)).ceil();
        if !(step > 0.0 && steps <= MAX_STEPS) {
            return Err(Reason::BadArgument);
        }
        let (mut expected, mut discounted) = (0.0, 0.0);
        let mut number = 1.0;
        while number <= steps {
            let end = if number == steps { horizon } else { number * step };
            let after = self.expected_if_alive(x, t, end)?;
            discounted += (after - expected).max(0.0) * (-rate * end).exp();
            expected = after;
            number += 1.0;
        }
        Ok((expected, finite(discounted)?))
    }
}
