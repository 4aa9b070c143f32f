//! What a run costs: CPU seconds by phase, and the most memory.
//!
//! Owns reading the process's own clocks. Where the system has none of these, it says so with
//! `None` instead of a guess.

use std::collections::BTreeMap;

/// CPU seconds of this process so far, all threads, user and system.
#[cfg(unix)]
fn cpu_s() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    std::time::Duration::try_from(time).ok().map(|time| time.as_secs_f64())
}

#[cfg(not(unix))]
fn cpu_s() -> Option<f64> {
    None
}

/// The most memory that this process had at once, in bytes.
pub fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// CPU seconds by phase.
pub struct Meter {
    last: Option<f64>,
    seconds: BTreeMap<&'static str, f64>,
}

impl Meter {
    /// Starts; what the process used before counts as the first phase's.
    pub fn start() -> Self {
        Self { last: cpu_s().map(|_| 0.0), seconds: BTreeMap::new() }
    }

    /// What was used since the last call was used for this phase.
    pub fn end(&mut self, phase: &'static str) {
        let (Some(last), Some(now)) = (self.last, cpu_s()) else { return };
        *self.seconds.entry(phase).or_default() += now - last;
        self.last = Some(now);
    }

    /// Seconds by phase; `None` where the system does not tell.
    pub fn seconds(&self) -> Option<BTreeMap<&'static str, f64>> {
        self.last.map(|_| self.seconds.clone())
    }
}
