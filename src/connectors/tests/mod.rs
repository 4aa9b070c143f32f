//! Tests across connectors.
