//! Switches for what goes wrong. A rule names a vendor, a part of the path, a fault and how
//! often; the first rule that matches and still has something to give is applied.

use crate::rng::Rng;
use crate::wire::{Request, Vendor};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 429, with `Retry-After` in seconds or without it.
    TooManyRequests {
        /// The seconds of the header; `None` leaves the header out.
        retry_after: Option<u32>,
    },
    /// A server error: 500, 502, 503 or 504, with the vendor's or a proxy's body.
    ServerError(u16),
    /// The connection closes in mid-body: the announced length is longer than what comes.
    CutBody,
    /// The answer comes after so many milliseconds.
    Slow(u64),
    /// The last good answer of this path comes again, whatever was asked.
    DuplicatePage,
    /// The page token of the request is refused, as the vendor refuses an expired one.
    ExpiredCursor,
    /// 200 with an HTML page, as a captive portal or a maintenance page gives.
    HtmlBody,
    /// 401: the token is not, or no longer, valid.
    Unauthorized,
    /// 403: the plan or the token's rights do not cover this.
    Forbidden,
    /// One record of the page is not as it should be.
    BadRecord(BadRecord),
    /// An empty page that says there is more (Zendesk's cursor exports; others ignore it).
    EmptyPage,
}

/// How a record is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRecord {
    /// A text is a number: the e-mail address where there is one, else the creation time.
    WrongType,
    /// The id is missing.
    MissingId,
    /// The record is a string instead of an object.
    NotAnObject,
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Times {
    /// The next so many matching requests.
    Count(u32),
    /// Every matching request.
    Always,
    /// Each matching request with this probability (0 to 1), by the seed.
    Probability(f64),
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    /// The vendor.
    pub vendor: Vendor,
    /// Where: the path contains this text, or matches it when it has `*`; empty is everywhere.
    pub path: String,
    /// What.
    pub fault: Fault,
    /// How often.
    pub times: Times,
    /// How many matching requests pass unharmed first.
    pub skip: u32,
}

impl FaultRule {
    /// A rule that strikes the next `count` requests whose path contains `path`.
    pub fn next(vendor: Vendor, path: impl Into<String>, fault: Fault, count: u32) -> Self {
        Self { vendor, path: path.into(), fault, times: Times::Count(count), skip: 0 }
    }

    /// The same rule, after letting so many matching requests pass.
    #[must_use]
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn matches(&self, vendor: Vendor, path: &str) -> bool {
        if self.vendor != vendor {
            return false;
        }
        if !self.path.contains('*') {
            return path.contains(&self.path);
        }
        let mut rest = path;
        for (i, part) in self.path.split('*').enumerate() {
            match rest.find(part) {
                Some(at) if i > 0 || at == 0 => rest = rest.get(at + part.len()..).unwrap_or(""),
                _ => return false,
            }
        }
        rest.is_empty() || self.path.ends_with('*')
    }
}

#[derive(Debug)]
struct Armed {
    id: u64,
    rule: FaultRule,
    passed: u32,
    struck: u32,
}

#[derive(Debug)]
struct State {
    rules: Vec<Armed>,
    last_id: u64,
    struck: u64,
    rng: Rng,
}

/// The switches of a running sandbox; they may be set at any time.
#[derive(Debug)]
pub struct Faults(Mutex<State>);

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(State {
            rules: Vec::new(),
            last_id: 0,
            struck: 0,
            rng: Rng::new(seed, 0xfa),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule and returns its number.
    pub fn add(&self, rule: FaultRule) -> u64 {
        let mut state = self.state();
        state.last_id += 1;
        let id = state.last_id;
        state.rules.push(Armed { id, rule, passed: 0, struck: 0 });
        id
    }

    /// Removes a rule; false when it is not there.
    pub fn remove(&self, id: u64) -> bool {
        let mut state = self.state();
        let before = state.rules.len();
        state.rules.retain(|r| r.id != id);
        state.rules.len() < before
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.state().rules.clear();
    }

    /// How many requests a rule has struck; `None` when it is not there.
    #[must_use]
    pub fn struck(&self, id: u64) -> Option<u32> {
        self.state().rules.iter().find(|r| r.id == id).map(|r| r.struck)
    }

    /// How many requests any rule has struck so far.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.state().struck
    }

    /// The fault for a request, if one strikes now.
    pub(crate) fn strike(&self, vendor: Vendor, request: &Request) -> Option<Fault> {
        let mut state = self.state();
        let State { rules, struck, rng, .. } = &mut *state;
        for armed in rules.iter_mut().filter(|r| r.rule.matches(vendor, &request.path)) {
            if armed.passed < armed.rule.skip {
                armed.passed += 1;
                continue;
            }
            let strikes = match armed.rule.times {
                Times::Count(count) => armed.struck < count,
                Times::Always => true,
                Times::Probability(p) => rng.chance(p),
            };
            // a fault of paging needs a page token to refuse
            let fits = armed.rule.fault != Fault::ExpiredCursor || has_cursor(request);
            if strikes && fits {
                armed.struck += 1;
                *struck += 1;
                return Some(armed.rule.fault);
            }
        }
        None
    }
}

fn has_cursor(request: &Request) -> bool {
    request.pairs().iter().any(|(key, _)| {
        matches!(key.as_str(), "after" | "cursor" | "starting_after" | "ending_before")
    }) || (request.path.ends_with("/search")
        && String::from_utf8_lossy(&request.body).contains("\"after\""))
}

impl Fault {
    /// How long the answer is held back.
    pub(crate) fn delay(self) -> Option<Duration> {
        match self {
            Self::Slow(ms) => Some(Duration::from_millis(ms)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_match_by_part_or_by_star() {
        let rule = |path: &str| FaultRule::next(Vendor::Stripe, path, Fault::CutBody, 1);
        assert!(rule("").matches(Vendor::Stripe, "/v1/charges"));
        assert!(rule("charges").matches(Vendor::Stripe, "/v1/charges"));
        assert!(!rule("charges").matches(Vendor::Hubspot, "/v1/charges"));
        assert!(rule("/v1/*/lines").matches(Vendor::Stripe, "/v1/invoices/in_1/lines"));
        assert!(!rule("/v1/*/lines").matches(Vendor::Stripe, "/v1/invoices/in_1"));
        assert!(!rule("v1/*").matches(Vendor::Stripe, "/v1/charges"));
        assert!(rule("*search").matches(Vendor::Stripe, "/v1/search"));
    }
}
