//! Integrals of smooth positive functions, in log space.
//!
//! Owns two rules: Gauss and Legendre's on panels, for finite intervals, and the trapezoidal rule on the
//! whole line after a change of variable that makes both tails fall doubly exponentially (Takahasi and
//! Mori 1974), for means under a beta distribution. Refuses integrands that change sign: all of ours
//! are densities, so nothing cancels and digits are kept. Bounds every loop.

use super::special::softplus;
use std::sync::LazyLock;

/// Nodes of a panel. A panel over which the logarithm of the integrand changes by no more than
/// [`PANEL_FALL`] is then exact to the last digits.
const NODES: usize = 20;
/// See [`NODES`]; the remainder is about 6^40 / 40!.
pub const PANEL_FALL: f64 = 12.0;
/// Panels of one integral at most; what they do not reach is below the precision in every case that
/// the models pose, for panels end where nothing is left.
const MAX_PANELS: usize = 20_000;
/// A part of the sum that cannot be seen in it.
const NEGLIGIBLE: f64 = 1e-19;

/// The nodes of Gauss and Legendre's rule on [-1, 1] with their weights: zeros of the Legendre
/// polynomial, by Newton's method.
static GAUSS: LazyLock<[(f64, f64); NODES]> = LazyLock::new(|| {
    let n = NODES as f64;
    std::array::from_fn(|at| {
        let mut x = (std::f64::consts::PI * (at as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            let (mut last, mut value) = (1.0, x);
            for k in 2..=NODES {
                let k = k as f64;
                (last, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * last) / k);
            }
            slope = n * (x * value - last) / (x * x - 1.0);
            x -= value / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
});

/// The logarithm of an integral, and the means of `K` functions under the integrand as a density.
pub struct Integral<const K: usize> {
    /// Minus infinity when the interval is empty.
    pub ln: f64,
    /// Zeros when the interval is empty.
    pub means: [f64; K],
}

/// Integrates over `[from, to]` the function whose logarithm `at` gives, beside `K` functions of which the
/// means are asked. `steepness` bounds how fast the logarithm changes; singularities must be at least
/// three off the interval, in any direction of the complex plane. The integrand must rise at
/// most once and then fall.
pub fn integrate<const K: usize>(
    from: f64,
    to: f64,
    steepness: f64,
    mut at: impl FnMut(f64) -> (f64, [f64; K]),
) -> Integral<K> {
    let (mut peak, mut sum, mut sums) = (f64::NEG_INFINITY, 0.0, [0.0; K]);
    let length = to - from;
    if length > 0.0 {
        let width = (PANEL_FALL / steepness).min(2.5);
        let panels = ((length / width).ceil() as usize).clamp(1, MAX_PANELS);
        // Where there would be too many, they keep their width: the far end has nothing to add.
        let width = if panels < MAX_PANELS { length / panels as f64 } else { width };
        for panel in 0..panels {
            let middle = from + (panel as f64 + 0.5) * width;
            let before = (peak, sum);
            let (mut first, mut last) = (f64::NAN, f64::NAN);
            for (node, weight) in GAUSS.iter() {
                let (ln, values) = at(middle - 0.5 * width * node);
                if first.is_nan() {
                    first = ln;
                }
                last = ln;
                if ln > peak {
                    let shrink = (peak - ln).exp();
                    sum *= shrink;
                    sums.iter_mut().for_each(|s| *s *= shrink);
                    peak = ln;
                }
                let mass = weight * 0.5 * width * (ln - peak).exp();
                sum += mass;
                for (s, value) in sums.iter_mut().zip(values) {
                    *s += mass * value;
                }
            }
            if before.0 == peak && last < first && sum - before.1 <= NEGLIGIBLE * sum {
                break;
            }
        }
    }
    if sum > 0.0 {
        Integral { ln: peak + sum.ln(), means: sums.map(|s| s / sum) }
    } else {
        Integral { ln: f64::NEG_INFINITY, means: [0.0; K] }
    }
}

/// The mean of `value(p, 1 - p)` where `p` has the beta distribution of `a` and `b`. The value must be
/// positive and, as a function of the log-odds of `p`, rise or fall no faster than exponentially.
/// Both arguments keep their digits where the other is close to 1.
pub fn beta_mean(a: f64, b: f64, value: impl Fn(f64, f64) -> f64) -> f64 {
    let centre = (a / b).ln();
    let spread = (1.0 / a + 1.0 / b).sqrt();
    let ln_density = |odds: f64| -a * softplus(-odds) - b * softplus(odds);
    let top = ln_density(centre);
    // The weight and the weighted value at a point of the line.
    let at = |u: f64| {
        let odds = centre + spread * u.sinh();
        let weight = (ln_density(odds) - top).exp() * u.cosh();
        let (p, q) = ((-softplus(-odds)).exp(), (-softplus(odds)).exp());
        (weight, if weight > 0.0 { weight * value(p, q) } else { 0.0 })
    };
    let mut sums = at(0.0);
    let mut add = |start: f64, step: f64| {
        for sign in [-1.0, 1.0] {
            let mut before = (0.0, 0.0);
            for k in 0..4_000 {
                let term = at(sign * (start + step * f64::from(k)));
                sums = (sums.0 + term.0, sums.1 + term.1);
                let falls = term.0 <= before.0 && term.1 <= before.1;
                if falls && term.0 <= NEGLIGIBLE * sums.0 && term.1 <= NEGLIGIBLE * sums.1 {
                    break;
                }
                before = term;
            }
        }
        sums
    };
    let mut step = 0.25;
    let (weights, values) = add(step, step);
    let mut mean = values / weights;
    // Each halving squares the error, so two that agree to half the digits are exact.
    for _ in 0..8 {
        let (weights, values) = add(step / 2.0, step);
        let finer = values / weights;
        step /= 2.0;
        let agree = (finer - mean).abs() <= 1e-11 * finer.abs();
        mean = finer;
        if agree {
            break;
        }
    }
    mean
}

/// `exp(z)` times the generalised exponential integral of real order `s >= 0` at `z > 0`: the integral of
/// `exp(-z u) (1 + u)^-s` over all `u > 0`. By Lentz's continued fraction from 1 up (Abramowitz and
/// Stegun 5.1.22), by quadrature below.
pub fn scaled_exponential_integral(s: f64, z: f64) -> f64 {
    if z < 1.0 {
        // In v = ln(1 + u) the integrand is exp(-z (e^v - 1) - (s - 1) v); it ends where z e^v is 50.
        let end = (1.0 + 50.0 / z).ln();
        let steepness = 1.0 + (s - 1.0).abs();
        // The last stretch falls doubly exponentially: panels of it are cut finer.
        let knee = (end - 4.0).max(0.0);
        let ln = |v: f64| (-z * v.exp_m1() - (s - 1.0) * v, []);
        let head = integrate::<0>(0.0, knee, steepness, ln).ln.exp();
        return head + integrate::<0>(knee, end, steepness + 50.0, ln).ln.exp();
    }
    let tiny = 1e-300;
    let mut b = z + s;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let a = -i * (s - 1.0 + i);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        let factor = c * d;
        h *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}
