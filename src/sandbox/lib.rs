//! wip
mod calendar;
mod cast;
mod hubspot;
mod json;
mod rng;
mod stripe;
mod text;
mod world;
mod zendesk;
pub use world::*;
#[cfg(test)]
mod tests;
