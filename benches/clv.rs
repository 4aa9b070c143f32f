//! What a fit of BG/NBD and twelve months of customer values cost, by the CPU and in memory.
//!
//! Owns a population that buys as the model says: customers who joined on each day of two years, with
//! paces and chances to leave from the distributions of the CDNOW sample. Prints one line of JSON: CPU
//! seconds of the fit (aggregation included) and of the scoring (P(alive), expected purchases in 52
//! weeks, value of 12 months at 1 % each), the most memory, and the sum of the values.
//!
//! `cargo bench --bench clv -- --customers 1000000 --seed 7 --out customers.csv`
//! (`--out` also writes the population, for a peer to be measured on: `benches/clv/versus_lifetimes.sh`).
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, clippy::expect_used)]

use metrics::clv::{BgNbd, GammaGamma, Histories, History, Model, Outlook, Scorer, Spend};
use std::io::Write as _;

/// A stream of numbers from a seed (SplitMix64, Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1, neither of them.
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -self.share().ln()
    }

    fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Of scale 1 (Marsaglia and Tsang 2000).
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * self.share().powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let z = self.normal();
            let v = (1.0 + z / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && self.share().ln() < 0.5 * z * z + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}

const DAYS: u64 = 728;

/// One customer, in weeks; purchases of one day are one.
fn customer(dice: &mut Dice) -> (History, Spend) {
    let end = (1 + dice.next() % DAYS) as f64;
    let pace = dice.gamma(0.2426) / (4.4136 * 7.0);
    let (leave, stay) = (dice.gamma(0.7929), dice.gamma(2.4259));
    let leaves = leave / (leave + stay);
    let (mut x, mut last, mut at) = (0, 0.0, 0.0);
    loop {
        at += dice.exponential() / pace;
        if at >= end {
            break;
        }
        let day = at.floor();
        if day > last {
            x += 1;
            last = day;
        }
        if dice.share() < leaves {
            break;
        }
    }
    let scale = 15.44 / dice.gamma(3.744);
    let paid: f64 = (0..x).map(|_| (dice.gamma(6.25) * scale * 100.0).round().max(1.0)).sum();
    let mean = if x > 0 { paid / 100.0 / f64::from(x) } else { 0.0 };
    (History { x, tx: last / 7.0, t: end / 7.0 }, Spend { x, mean })
}

/// CPU seconds of this process, all threads, user and system.
fn cpu_s() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The most memory that this process had at once, in bytes.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn argument(name: &str) -> Option<String> {
    let arguments: Vec<String> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).cloned()
}

fn main() {
    let number = |name: &str, default: u64| {
        argument(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let customers = number("--customers", 1_000_000);
    let mut dice = Dice(number("--seed", 7));
    let (histories, spends): (Vec<History>, Vec<Spend>) =
        (0..customers).map(|_| customer(&mut dice)).unzip();
    if let Some(path) = argument("--out") {
        let mut out = std::io::BufWriter::new(std::fs::File::create(path).expect("a file"));
        writeln!(out, "x,t_x,T,spend").expect("room");
        for (h, spend) in histories.iter().zip(&spends) {
            writeln!(out, "{},{},{},{}", h.x, h.tx, h.t, spend.mean).expect("room");
        }
        out.flush().expect("room");
    }
    // The amounts are those that the population was made with: their fit is not measured.
    let amounts = GammaGamma::of([6.25, 3.744, 15.44]).expect("parameters");

    let start = cpu_s();
    let data = Histories::new(&histories).expect("histories");
    let fit = BgNbd::fit(&data).expect("data");
    let fitted = cpu_s();
    let (distinct, evaluations) = (data.distinct(), fit.evaluations);
    drop(data);

    // Months as lifetimes counts them.
    let step = 4.345;
    let rate = 1.01_f64.ln() / step;
    let months = Outlook { horizon: 12.0 * step, step, rate };
    let weeks = Outlook { horizon: 52.0, step: 52.0, rate: 0.0 };
    let before = cpu_s();
    let mut values = Scorer::new(&fit.model, months, false);
    let mut expectations = Scorer::new(&fit.model, weeks, false);
    let (mut value, mut expected, mut alive) = (0.0, 0.0, 0.0);
    for (history, spend) in histories.iter().zip(&spends) {
        let (p, year) = values.score(history).expect("a score");
        let ahead = expectations.ahead(history).expect("a score");
        alive += p;
        expected += p * ahead.expected;
        value += p * year.discounted * amounts.expected_mean(spend).expect("an amount");
    }
    let scored = cpu_s();

    println!(
        "{}",
        serde_json::json!({
            "customers": customers,
            "distinct": distinct,
            "params": fit.model.params(),
            "converged": fit.converged(),
            "evaluations": evaluations,
            "log_likelihood": fit.log_likelihood,
            "fit_cpu_s": fitted - start,
            "score_cpu_s": scored - before,
            "peak_rss_bytes": peak_bytes(),
            "sum_alive": alive,
            "sum_expected_52": expected,
            "sum_value": value,
        })
    );
}
