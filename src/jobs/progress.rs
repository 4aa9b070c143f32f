//! What long work tells whoever watches.

use domain::ProfileKind;

/// Something that happened in a job.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A stream begins.
    StreamStarted {
        /// Source.
        source: &'a str,
        /// Stream.
        stream: &'a str,
    },
    /// A page was committed. Totals are of this sync of the stream.
    Page {
        /// Source.
        source: &'a str,
        /// Stream.
        stream: &'a str,
        /// Records read.
        read: u64,
        /// Records new or changed.
        written: u64,
        /// Records put into quarantine.
        rejected: u64,
        /// Milliseconds since the stream began.
        elapsed_ms: u64,
    },
    /// A fetch waits: a budget is spent, or a fault passes.
    Waiting {
        /// Source.
        source: &'a str,
        /// Stream.
        stream: &'a str,
        /// For so many milliseconds.
        wait_ms: u64,
        /// Why.
        reason: &'a str,
    },
    /// A stream ended.
    StreamFinished {
        /// Its report.
        report: &'a crate::StreamReport,
    },
    /// Resolution begins.
    ResolveStarted {
        /// Person or company.
        kind: ProfileKind,
        /// Records looked at.
        records: u64,
    },
    /// Resolution of one kind ended.
    Resolved {
        /// Person or company.
        kind: ProfileKind,
        /// Records looked at.
        records: u64,
        /// Profiles they form.
        profiles: u64,
        /// Pairs to review among them.
        reviews: u64,
        /// Milliseconds it took.
        elapsed_ms: u64,
    },
    /// A batch was derived.
    Deriving {
        /// Done.
        done: u64,
        /// In all.
        total: u64,
    },
    /// Derivation ended.
    Derived {
        /// Profiles and spend records derived.
        contributors: u64,
        /// Milliseconds it took.
        elapsed_ms: u64,
    },
}

/// Somebody who watches. Called often; must return at once.
pub trait Progress: Send + Sync {
    /// Takes note.
    fn report(&self, event: &Event<'_>);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn report(&self, _event: &Event<'_>) {}
}
