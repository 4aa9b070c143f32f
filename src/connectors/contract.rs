//! The contract between a connector and whoever drives it: requests, responses, pages, state.
//!
//! Owns these shapes. Refuses vendor knowledge: nothing here says how any vendor behaves.

use crate::{Budget, FetchError};
use domain::{Merge, Payload, Reject, Secret, SourceRecord, Timestamp, Tombstone};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A configured source: one vendor account (or set of files) under one name.
///
/// In [`Connector::plan`] and [`Connector::parse`], `now` is when this sync of the stream began:
/// one value from the first plan to the last page. Walks take their upper bound from it. (A driver
/// that asks the clock each time loses nothing as long as a request takes less than the overlap of
/// the windows, but reads some records twice.)
pub trait Connector: Send + Sync {
    /// What sort of connector it is (`hubspot`).
    fn kind(&self) -> &'static str;

    /// The configured source's name; the `source` of every [`domain::RecordKey`] it emits.
    fn source(&self) -> &str;

    /// The streams, in the order in which they should be synced.
    fn streams(&self) -> &[StreamSpec];

    /// The limits the vendor sets; never empty for connectors that send HTTP requests.
    fn budgets(&self) -> &[Budget];

    /// Cheap fetches that prove the configuration and the credentials. Hand each response to
    /// [`Connector::judge`].
    fn check(&self) -> Vec<Fetch>;

    /// Whether a response to a fetch of [`Connector::check`] is a good one.
    ///
    /// # Errors
    /// What the vendor (or the file system) complained of.
    fn judge(&self, response: &Response, now: Timestamp) -> Result<(), FetchError>;

    /// What to fetch next for a stream, given all that is remembered of it. The same state and
    /// time give the same step, so a fetch may be repeated.
    ///
    /// # Errors
    /// [`PlanError`] when the stream does not exist or the stored state cannot be read.
    fn plan(&self, stream: &str, state: &StreamState, now: Timestamp) -> Result<Step, PlanError>;

    /// What the response to the planned fetch means. `state` is the one that `plan` was given.
    ///
    /// # Errors
    /// [`FetchError`]; nothing of the response was used then, and `state` still stands (except for
    /// [`FetchError::CursorExpired`], which brings its replacement).
    fn parse(
        &self,
        stream: &str,
        state: &StreamState,
        response: &Response,
        now: Timestamp,
    ) -> Result<Page, FetchError>;

    /// Maps a stored payload again (after a change of the mapping). `external_id` and `version` are
    /// the stored ones and become the record's: not every payload carries them.
    ///
    /// # Errors
    /// The reason why the payload cannot be mapped, as for quarantine.
    fn map_payload(
        &self,
        stream: &str,
        external_id: &str,
        payload: &Payload,
        version: i64,
    ) -> Result<SourceRecord, Reject>;
}

/// One kind of record in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSpec {
    /// The name, as in [`domain::RecordKey`] and in the store.
    pub name: String,
    /// For people: `HubSpot contacts`.
    pub title: String,
    /// Streams of the same source whose records this one's records point at. Only a preference for
    /// the order: links may point at records that come later.
    pub depends: Vec<String>,
}

impl StreamSpec {
    pub(crate) fn new(name: &str, title: &str, depends: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            depends: depends.iter().map(|d| (*d).to_owned()).collect(),
        }
    }
}

/// All that is remembered of a stream between two fetches and between two syncs. Opaque outside the
/// connector; never holds personal data or credentials. The default is "never synced".
///
/// Inside it has two levels: the position in the walk under way, and the high-water mark that only
/// a completed walk moves.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamState(pub serde_json::Value);

impl StreamState {
    /// Reads the connector's own type out of it; its default when never synced.
    pub(crate) fn read<T: DeserializeOwned + Default>(&self) -> Result<T, PlanError> {
        if self.0.is_null() {
            return Ok(T::default());
        }
        T::deserialize(&self.0).map_err(|_| PlanError::State)
    }

    /// Wraps the connector's own type.
    pub(crate) fn write<T: Serialize>(value: &T) -> Result<Self, PlanError> {
        serde_json::to_value(value).map(Self).map_err(|_| PlanError::State)
    }
}

/// What to do next for a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Fetch this and hand the response to [`Connector::parse`].
    Fetch(Fetch),
    /// Nothing: the stream is up to date.
    Done,
}

/// Something to fetch.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetch {
    /// Send an HTTP request; answer with [`Response::Http`].
    Http(HttpRequest),
    /// List the files that match a glob pattern; answer with [`Response::Files`], sorted by path.
    ListFiles {
        /// The pattern.
        pattern: String,
    },
    /// Read a part of a file; answer with [`Response::Chunk`], or [`Response::Missing`].
    ReadFile {
        /// The file, as [`FileMeta::path`] named it.
        path: String,
        /// From this byte.
        offset: u64,
        /// At most this many bytes; fewer only at the end of the file.
        max_bytes: usize,
    },
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Send a body (searches and batch reads; no connector changes anything at a vendor).
    Post,
}

impl Method {
    /// `GET` or `POST`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A header's value; credentials do not print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// May be logged.
    Plain(String),
    /// Must not be logged.
    Secret(Secret),
}

impl HeaderValue {
    /// The value to send.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

/// A request to send. The URL never holds credentials.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole URL, query included, percent-encoded.
    pub url: String,
    /// Headers; `content-type` is among them when there is a body.
    pub headers: Vec<(String, HeaderValue)>,
    /// A JSON body.
    pub body: Option<serde_json::Value>,
    /// The name of the [`Budget`] it spends.
    pub budget: &'static str,
    /// Give up after this many milliseconds, body included.
    pub timeout_ms: u64,
    /// Give up when the (decompressed) body is longer than this many bytes.
    pub max_bytes: usize,
}

/// A file that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMeta {
    /// Where it is, as a later [`Fetch::ReadFile`] will name it.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, in milliseconds since 1970.
    pub modified_ms: i64,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Response {
    /// An HTTP response, whatever its status.
    Http {
        /// The status.
        status: u16,
        /// The headers, names in any case.
        headers: Vec<(String, String)>,
        /// The body, decompressed.
        body: Vec<u8>,
    },
    /// The files that match.
    Files(Vec<FileMeta>),
    /// A part of a file.
    Chunk {
        /// The bytes; empty when the offset is at or beyond the end.
        bytes: Vec<u8>,
        /// The size of the whole file at the time of reading.
        size: u64,
    },
    /// The file is gone.
    Missing {
        /// Which one.
        path: String,
    },
}

/// What a response meant. Everything in it commits together.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Page {
    /// Records, at most one of each id.
    pub records: Vec<SourceRecord>,
    /// Records that could not be read, or only in part (the id may stand in `records` too).
    pub rejects: Vec<Reject>,
    /// Records that the vendor says are gone.
    pub tombstones: Vec<Tombstone>,
    /// Records that the vendor merged into others.
    pub merges: Vec<Merge>,
    /// What to remember once this page is committed.
    pub next: StreamState,
    /// Whether this sync of the stream is over.
    pub done: bool,
}

/// Why no step could be planned: a fault of ours or of the stored state, never of the vendor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The connector has no such stream.
    #[error("no stream of that name in this source; the known ones are {known}")]
    UnknownStream {
        /// The known names, joined with commas.
        known: String,
    },
    /// The stored state was not written by this connector, or by a newer release.
    #[error(
        "the stored sync state of this stream cannot be read; it was written by another release or \
         for another connector: reset the stream's state to read it from the start"
    )]
    State,
}
