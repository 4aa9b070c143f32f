//! Reads that answer requests: every one takes a `Scope`.
