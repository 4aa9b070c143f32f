//! Keeping to the vendors' limits: at most so many requests in any window, and at once.

use connectors::Budget;
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// The budgets of one source. Streams of a source run one after the other, so concurrency is one.
pub(crate) struct Budgets {
    windows: Mutex<HashMap<&'static str, (Budget, VecDeque<Instant>)>>,
}

impl Budgets {
    pub(crate) fn new(budgets: &[Budget]) -> Self {
        let windows = budgets.iter().map(|b| (b.name, (*b, VecDeque::new()))).collect();
        Self { windows: Mutex::new(windows) }
    }

    /// How long to wait before the next request of this budget; zero takes a place in the window.
    pub(crate) fn take(&self, name: &str, now: Instant) -> Duration {
        let mut windows = self.windows.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((budget, sent)) = windows.get_mut(name) else { return Duration::ZERO };
        let window = Duration::from_millis(budget.per_ms);
        while sent.front().is_some_and(|at| now.duration_since(*at) >= window) {
            sent.pop_front();
        }
        if sent.len() < budget.requests.max(1) as usize {
            sent.push_back(now);
            return Duration::ZERO;
        }
        sent.front()
            .map_or(Duration::ZERO, |at| (*at + window).saturating_duration_since(now))
            .max(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_ever_holds_more_than_the_budget() {
        let budget = Budget { name: "b", requests: 3, per_ms: 1000, concurrency: 1 };
        let budgets = Budgets::new(&[budget]);
        let mut now = Instant::now();
        let mut sent: Vec<Instant> = Vec::new();
        while sent.len() < 50 {
            let wait = budgets.take("b", now);
            if wait.is_zero() {
                sent.push(now);
            } else {
                now += wait;
            }
        }
        for window in sent.windows(4) {
            assert!(window[3].duration_since(window[0]) >= Duration::from_millis(1000));
        }
    }
}
