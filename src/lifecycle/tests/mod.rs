//! Journeys as tables, and the property that arrival order changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build;
mod journeys;
mod order;
mod overrides;
mod rules;
mod status;
mod vendor;
