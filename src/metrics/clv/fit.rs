//! Maximum likelihood.
//!
//! Owns the search (quasi-Newton over the logarithms of the parameters, so that they stay positive, and
//! Newton's steps at the end) and the judgement of its end. Deterministic: fixed starts, no random
//! numbers, no clock. Refuses to call a search converged whose gradient is not flat, whose likelihood is
//! not curved everywhere, or that ran off towards a limit.
#![allow(clippy::needless_range_loop, reason = "matrices read best by their indices")]

use super::Reason;

/// Limits of the logarithm of a parameter, in its natural unit: beyond, the data say "as small" or "as
/// large as may be".
const MAX_LN: f64 = 16.0;
/// The gradient of the mean log-likelihood by the logarithm of each parameter at a maximum.
const FLAT: f64 = 1e-8;
/// The last step of Newton's at a maximum, in the logarithms of the parameters.
const LAST_STEP: f64 = 1e-7;
const MAX_STEPS: usize = 300;

/// Log-likelihood and its gradient by the parameters themselves; `None` where it is not finite.
pub type Slope<const N: usize> = Option<(f64, [f64; N])>;

/// The maximum of a likelihood.
#[derive(Clone, Debug, PartialEq)]
pub struct Maximum<const N: usize> {
    /// The parameters.
    pub params: [f64; N],
    /// The log-likelihood there.
    pub log_likelihood: f64,
    /// The covariance of the *logarithms* of the parameters: the inverse of the observed information.
    /// Times the parameters on both sides it is that of the parameters.
    pub ln_covariance: Option<[[f64; N]; N]>,
    /// Times that the likelihood was evaluated.
    pub evaluations: usize,
    /// Why this is no maximum; `None` when it is.
    pub failure: Option<Reason>,
}

impl<const N: usize> Maximum<N> {
    /// Standard errors of the parameters.
    pub fn standard_errors(&self) -> Option<[f64; N]> {
        let covariance = self.ln_covariance.as_ref()?;
        Some(std::array::from_fn(|i| self.params[i] * covariance[i][i].max(0.0).sqrt()))
    }
}

/// Negative mean log-likelihood over the logarithms of the parameters.
struct Descent<const N: usize, F> {
    likelihood: F,
    /// The natural units of the parameters: those of time or money that the data suggest.
    units: [f64; N],
    weight: f64,
    evaluations: usize,
}

#[derive(Clone, Copy)]
struct Point<const N: usize> {
    at: [f64; N],
    value: f64,
    gradient: [f64; N],
}

impl<const N: usize> Point<N> {
    fn steepest(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most, g| g.abs().max(most))
    }
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn times<const N: usize>(m: &[[f64; N]; N], v: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| dot(&m[i], v))
}

/// The inverse of a symmetric positive definite matrix by Cholesky's factors; `None` for any other.
fn inverse<const N: usize>(m: &[[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let mut l = [[0.0; N]; N];
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = m[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
            if i == j {
                // Also refuses what is not a number.
                if !(sum > 1e-14 * m[i][i].abs() && sum.is_finite()) {
                    return None;
                }
                l[i][i] = sum.sqrt();
            } else {
                l[i][j] = sum / l[j][j];
            }
        }
    }
    let mut result = [[0.0; N]; N];
    for column in 0..N {
        let mut x = [0.0; N];
        for i in 0..N {
            let unit = if i == column { 1.0 } else { 0.0 };
            x[i] = (unit - (0..i).map(|k| l[i][k] * x[k]).sum::<f64>()) / l[i][i];
        }
        for i in (0..N).rev() {
            x[i] = (x[i] - (i + 1..N).map(|k| l[k][i] * x[k]).sum::<f64>()) / l[i][i];
        }
        for i in 0..N {
            result[i][column] = x[i];
        }
    }
    Some(result)
}

impl<const N: usize, F: FnMut(&[f64; N]) -> Slope<N>> Descent<N, F> {
    fn params(&self, at: &[f64; N]) -> [f64; N] {
        std::array::from_fn(|i| self.units[i] * at[i].exp())
    }

    fn at(&mut self, at: [f64; N]) -> Option<Point<N>> {
        if at.iter().any(|ln| ln.is_nan() || ln.abs() > MAX_LN + 4.0) {
            return None;
        }
        self.evaluations += 1;
        let params = self.params(&at);
        let (ln, slope) = (self.likelihood)(&params)?;
        let point = Point {
            at,
            value: -ln / self.weight,
            gradient: std::array::from_fn(|i| -slope[i] * params[i] / self.weight),
        };
        let finite = point.value.is_finite() && point.gradient.iter().all(|g| g.is_finite());
        finite.then_some(point)
    }

    fn moved(&mut self, from: &Point<N>, direction: &[f64; N], length: f64) -> Option<Point<N>> {
        self.at(std::array::from_fn(|i| from.at[i] + length * direction[i]))
    }

    /// A point downhill along a direction: lower by at least a part of what the slope promises (Armijo),
    /// and no longer steeply falling (the weak condition of Wolfe), found by bisection.
    fn search(&mut self, from: &Point<N>, direction: &[f64; N]) -> Option<Point<N>> {
        let slope = dot(&from.gradient, direction);
        let longest = direction.iter().fold(0.0_f64, |most, d| d.abs().max(most));
        let (mut low, mut high) = (0.0, f64::INFINITY);
        // No step changes a parameter by more than a factor of e squared.
        let mut length = (2.0 / longest).min(1.0);
        let mut best = None;
        for _ in 0..40 {
            match self.moved(from, direction, length) {
                Some(to) if to.value <= from.value + 1e-4 * length * slope => {
                    best = Some(to);
                    if dot(&to.gradient, direction) >= 0.9 * slope || length * longest >= 2.0 {
                        break;
                    }
                    low = length;
                }
                _ => high = length,
            }
            length = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low };
        }
        best
    }

    /// Broyden, Fletcher, Goldfarb and Shanno's method, from `point` until the slope is small.
    fn quasi_newton(&mut self, mut point: Point<N>, small: f64) -> Point<N> {
        let identity: [[f64; N]; N] =
            std::array::from_fn(|i| std::array::from_fn(|j| if i == j { 1.0 } else { 0.0 }));
        let mut inverse = identity;
        let mut fresh = true;
        for _ in 0..MAX_STEPS {
            if point.steepest() <= small || point.at.iter().any(|ln| ln.abs() > MAX_LN) {
                break;
            }
            let mut direction = times(&inverse, &point.gradient).map(|d| -d);
            if dot(&direction, &point.gradient) >= 0.0 {
                (inverse, fresh) = (identity, true);
                direction = point.gradient.map(|g| -g);
            }
            let Some(next) = self.search(&point, &direction) else {
                if fresh {
                    break;
                }
                (inverse, fresh) = (identity, true);
                continue;
            };
            let s: [f64; N] = std::array::from_fn(|i| next.at[i] - point.at[i]);
            let y: [f64; N] = std::array::from_fn(|i| next.gradient[i] - point.gradient[i]);
            let sy = dot(&s, &y);
            if sy > 1e-14 * (dot(&s, &s) * dot(&y, &y)).sqrt() {
                if fresh {
                    let scale = sy / dot(&y, &y);
                    inverse = identity.map(|row| row.map(|v| v * scale));
                }
                let hy = times(&inverse, &y);
                let curve = (1.0 + dot(&y, &hy) / sy) / sy;
                for i in 0..N {
                    for j in 0..N {
                        inverse[i][j] += curve * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
                    }
                }
                fresh = false;
            }
            point = next;
        }
        point
    }

    /// Second derivatives by central differences of the gradient: with this step both their errors, that of
    /// the series and that of the digits, are below 1e-7.
    fn curvature(&mut self, point: &Point<N>) -> Option<[[f64; N]; N]> {
        const STEP: f64 = 1e-4;
        let mut h = [[0.0; N]; N];
        for i in 0..N {
            let unit: [f64; N] = std::array::from_fn(|j| if i == j { STEP } else { 0.0 });
            let (ahead, back) = (self.moved(point, &unit, 1.0)?, self.moved(point, &unit, -1.0)?);
            for j in 0..N {
                h[i][j] = (ahead.gradient[j] - back.gradient[j]) / (2.0 * STEP);
            }
        }
        Some(std::array::from_fn(|i| std::array::from_fn(|j| 0.5 * (h[i][j] + h[j][i]))))
    }

    /// Newton's steps with the curvature at their start, while they make the slope smaller.
    fn newton(&mut self, mut point: Point<N>, inverse: &[[f64; N]; N]) -> Point<N> {
        for _ in 0..20 {
            let step = times(inverse, &point.gradient).map(|d| -d);
            if step.iter().any(|s| s.abs() > 0.5) {
                break;
            }
            match self.moved(&point, &step, 1.0) {
                Some(next) if next.steepest() < 0.5 * point.steepest() => point = next,
                _ => break,
            }
        }
        point
    }

    fn run(&mut self, start: &[f64; N]) -> Maximum<N> {
        let Some(point) = self.at(start.map(f64::ln)) else {
            return Maximum {
                params: self.params(&start.map(f64::ln)),
                log_likelihood: f64::MIN,
                ln_covariance: None,
                evaluations: self.evaluations,
                failure: Some(Reason::NotConverged),
            };
        };
        let mut point = self.quasi_newton(point, 1e-5);
        let mut covariance = None;
        // Newton converges from where the first part ends; the second round has the curvature of the
        // maximum itself, for the standard errors.
        for round in 0..3 {
            let inverse = self.curvature(&point).and_then(|h| inverse(&h));
            let Some(inverse) = inverse else {
                covariance = None;
                if round > 0 {
                    break;
                }
                point = self.quasi_newton(point, 1e-9);
                continue;
            };
            covariance = Some(inverse);
            let before = point.at;
            point = self.newton(point, &inverse);
            let moved = (0..N).any(|i| (point.at[i] - before[i]).abs() > 1e-7);
            if !moved {
                break;
            }
        }
        let limit = point.at.iter().any(|ln| ln.abs() > MAX_LN);
        let step = covariance.map_or(f64::MAX, |inverse| {
            times(&inverse, &point.gradient).iter().fold(0.0_f64, |most, s| s.abs().max(most))
        });
        let failure = if limit {
            Some(Reason::NoMaximum)
        } else if covariance.is_none() {
            Some(Reason::NotIdentified)
        } else if point.steepest() > FLAT || step > LAST_STEP {
            Some(Reason::NotConverged)
        } else {
            None
        };
        let weight = self.weight;
        Maximum {
            params: self.params(&point.at),
            log_likelihood: -point.value * weight,
            ln_covariance: covariance.map(|c| c.map(|row| row.map(|v| v / weight))),
            evaluations: self.evaluations,
            failure,
        }
    }
}

/// Maximises a log-likelihood of `weight` observations from the first of the `starts` that leads to a
/// maximum; when none does, the best end with the reason why it is none. Starts are multiples of the
/// `units`.
pub fn maximise<const N: usize>(
    starts: &[[f64; N]],
    units: [f64; N],
    weight: f64,
    likelihood: impl FnMut(&[f64; N]) -> Slope<N>,
) -> Option<Maximum<N>> {
    let mut descent = Descent { likelihood, units, weight, evaluations: 0 };
    let mut best: Option<Maximum<N>> = None;
    for start in starts {
        let end = descent.run(start);
        if end.failure.is_none() {
            return Some(end);
        }
        if best.as_ref().is_none_or(|best| best.log_likelihood < end.log_likelihood) {
            best = Some(end);
        }
    }
    best
}

/// A log-likelihood and its gradient, if they are numbers.
pub fn checked<const N: usize>(ln: f64, slope: [f64; N]) -> Slope<N> {
    (ln.is_finite() && slope.iter().all(|g| g.is_finite())).then_some((ln, slope))
}
