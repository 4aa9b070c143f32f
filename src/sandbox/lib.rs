//! wip
mod calendar;
mod cast;
mod json;
mod rng;
mod text;
