//! When to try again.

use serde::Deserialize;

/// Back-off between attempts at one fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts in all.
    pub attempts: u32,
    /// First pause in milliseconds; doubles with each attempt.
    pub base_ms: u64,
    /// Longest pause of our own choosing, in milliseconds.
    pub max_ms: u64,
    /// Longest pause that a vendor may ask for, in milliseconds. A longer one fails the stream for
    /// now, and the next sync goes on.
    pub hint_max_ms: u64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 8, base_ms: 500, max_ms: 60_000, hint_max_ms: 900_000 }
    }
}

impl RetryPolicy {
    /// The pause after failed attempt number `attempt` (from 1): exponential, with the upper half
    /// spread by `seed`, so that many clients do not come back at once.
    #[must_use]
    pub fn pause_ms(&self, attempt: u32, seed: u64) -> u64 {
        let full =
            self.base_ms.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(self.max_ms);
        let spread =
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(u64::from(attempt)) >> 33;
        full / 2 + if full < 2 { full } else { spread % (full / 2 + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_within_their_bounds() {
        let policy = RetryPolicy::default();
        for attempt in 1..40 {
            for seed in 0..50 {
                let full = (policy.base_ms << (attempt - 1).min(20)).min(policy.max_ms);
                let pause = policy.pause_ms(attempt, seed);
                assert!(pause >= full / 2 && pause <= full, "{attempt} {seed} {pause}");
            }
        }
    }
}
