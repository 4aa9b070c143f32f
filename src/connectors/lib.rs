//! Connectors: code that understands a vendor, without I/O.
//!
//! Owns, per vendor, which requests to send, what a response means, where the cursor stands and how
//! a vendor's record maps to canonical ones. Refuses to send anything, to read a clock, to sleep and
//! to retry: the sync job does that, by looping
//!
//! ```text
//! plan(stream, state, now) -> Fetch -> (send it) -> Response
//! parse(stream, state, response, now) -> Page { records, ..., next, done }
//! commit the page and `next` in one transaction; stop when `done`
//! ```
//!
//! Everything a connector remembers is in [`StreamState`], so a crash between two pages costs at
//! most one page read twice. Records may be delivered more than once and out of order; their
//! `version` settles which one is kept.

mod budget;
mod collect;
mod contract;
mod error;
mod field;
mod files;
mod hubspot;
mod params;
mod registry;
mod stripe;
mod text;
mod wire;
mod zendesk;

#[cfg(test)]
mod testing;

pub use budget::Budget;
pub use contract::{
    Connector, Fetch, FileMeta, HeaderValue, HttpRequest, Method, Page, PlanError, Response, Step,
    StreamSpec, StreamState,
};
pub use error::FetchError;
pub use params::ConfigProblem;
pub use registry::{build, example_config, kinds, remap};
