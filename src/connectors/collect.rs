//! Building a page.
//!
//! Owns the promise that a page holds at most one record of each id (vendors repeat records at page
//! boundaries). Refuses to drop anything else.

use crate::field::{Mapped, reject};
use crate::{FetchError, Page, StreamState};
use domain::{Merge, Payload, Reject, Timestamp, Tombstone};
use serde::Serialize;
use std::collections::HashMap;

/// A page under construction.
#[derive(Default)]
pub(crate) struct Collector {
    page: Page,
    at: HashMap<String, usize>,
}

impl Collector {
    /// Takes in the outcome of mapping `json`. Of two records of one id the newer version stays,
    /// of equal versions the later one.
    pub(crate) fn add(&mut self, mapped: Result<Mapped, Reject>) {
        let Mapped { record, complaint } = match mapped {
            Ok(mapped) => mapped,
            Err(reject) => return self.page.rejects.push(reject),
        };
        if let Some(reason) = complaint {
            let id = Some(record.external_id.clone());
            self.page.rejects.push(reject(id, reason, record.payload.expose()));
        }
        match self.at.get(&record.external_id).and_then(|at| self.page.records.get_mut(*at)) {
            Some(earlier) if earlier.version > record.version => {}
            Some(earlier) => *earlier = record,
            None => {
                self.at.insert(record.external_id.clone(), self.page.records.len());
                self.page.records.push(record);
            }
        }
    }

    pub(crate) fn reject(&mut self, reject: Reject) {
        self.page.rejects.push(reject);
    }

    pub(crate) fn tombstone(&mut self, external_id: String, version: i64) {
        self.page.tombstones.push(Tombstone { external_id, version });
    }

    pub(crate) fn merge(&mut self, from: &str, into: &str) {
        if from != into {
            self.page.merges.push(Merge {
                from_external_id: from.to_owned(),
                into_external_id: into.to_owned(),
            });
        }
    }

    pub(crate) fn finish<S: Serialize>(mut self, next: &S, done: bool) -> Result<Page, FetchError> {
        self.page.next = StreamState::write(next)?;
        self.page.done = done;
        Ok(self.page)
    }
}

/// A mapping's failure as a reject of the whole record.
pub(crate) fn rejected<T>(
    outcome: Result<T, String>,
    id: Option<String>,
    payload: &str,
) -> Result<T, Reject> {
    outcome.map_err(|reason| reject(id, reason, payload))
}

/// The payload of a record, as received.
pub(crate) fn payload(json: &str) -> Payload {
    Payload::new(json)
}

/// The vendor's clock if it shows it, else ours; the earlier of the two, so that a clock that runs
/// ahead never moves a high-water mark past changes not yet seen.
pub(crate) fn earlier(now: Timestamp, vendor: Option<Timestamp>) -> Timestamp {
    vendor.map_or(now, |v| v.min(now))
}
