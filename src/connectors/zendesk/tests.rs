//! Zendesk tests.
