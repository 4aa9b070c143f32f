//! How many requests a vendor takes in a window of real time. Refuses: the world's time.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// The vendors' limits; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// HubSpot: requests in any ten seconds.
    pub hubspot_per_10s: Option<u32>,
    /// HubSpot: searches a second.
    pub hubspot_search_per_second: Option<u32>,
    /// Zendesk: requests a minute to the incremental exports.
    pub zendesk_incremental_per_minute: Option<u32>,
    /// Zendesk: requests a minute to everything else.
    pub zendesk_per_minute: Option<u32>,
    /// Stripe: requests a second.
    pub stripe_per_second: Option<u32>,
}

impl Limits {
    /// What the vendors really allow: HubSpot Professional, Zendesk without its high-volume
    /// add-on, Stripe's live mode.
    #[must_use]
    pub fn real() -> Self {
        Self {
            hubspot_per_10s: Some(190),
            hubspot_search_per_second: Some(5),
            zendesk_incremental_per_minute: Some(10),
            zendesk_per_minute: Some(400),
            stripe_per_second: Some(100),
        }
    }
}

impl Default for Limits {
    /// Limits that a demonstration on one machine does not meet: it should not wait.
    fn default() -> Self {
        Self {
            hubspot_per_10s: Some(10_000),
            hubspot_search_per_second: Some(500),
            zendesk_incremental_per_minute: Some(10_000),
            zendesk_per_minute: Some(10_000),
            stripe_per_second: Some(2_000),
        }
    }
}

/// A sliding window.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) limit: Option<u32>,
    pub(crate) length: Duration,
    times: VecDeque<Instant>,
}

impl Window {
    pub(crate) fn new(limit: Option<u32>, length: Duration) -> Self {
        Self { limit, length, times: VecDeque::new() }
    }

    /// Takes a place in the window: `Ok` with how many are left, or how long to wait.
    pub(crate) fn take(&mut self, now: Instant) -> Result<u32, Duration> {
        let Some(limit) = self.limit else { return Ok(u32::MAX) };
        while self.times.front().is_some_and(|t| now.duration_since(*t) >= self.length) {
            self.times.pop_front();
        }
        if self.times.len() >= limit as usize {
            let free = self
                .times
                .front()
                .map_or(self.length, |t| self.length.saturating_sub(now.duration_since(*t)));
            return Err(free);
        }
        self.times.push_back(now);
        Ok(limit - self.times.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_window_says_how_long_to_wait() {
        let start = Instant::now();
        let mut window = Window::new(Some(2), Duration::from_secs(10));
        assert_eq!(window.take(start), Ok(1));
        assert_eq!(window.take(start + Duration::from_secs(4)), Ok(0));
        assert_eq!(window.take(start + Duration::from_secs(5)), Err(Duration::from_secs(5)));
        assert_eq!(window.take(start + Duration::from_secs(10)), Ok(0));
        assert_eq!(Window::new(None, Duration::from_secs(1)).take(start), Ok(u32::MAX));
    }
}
