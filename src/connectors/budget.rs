//! How fast a vendor may be asked. Owns the declaration; the sync job keeps to it.

/// A limit on requests of one class. Every [`crate::HttpRequest`] names the budget it spends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The name that requests refer to, unique within a connector.
    pub name: &'static str,
    /// At most this many requests ...
    pub requests: u32,
    /// ... in any window of this many milliseconds.
    pub per_ms: u64,
    /// At most this many requests under way at once.
    pub concurrency: u32,
}
