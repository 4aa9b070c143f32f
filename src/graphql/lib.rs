//! The GraphQL schema: types, resolvers, loaders, limits.
//!
//! Owns what clients see: names, nullability, descriptions, cursors, error codes. Refuses SQL
//! (every resolver calls one `store` function) and decisions (mutations go through [`Actions`]).
//! A role's scope is asked twice: here, so that a hidden field says who may see it, and in the
//! store, which would not answer.

mod actions;
mod alerts;
mod as_of;
mod asked;
mod attribution;
mod audit;
mod checksums;
mod clv;
mod cohorts;
mod company;
mod connection;
mod customer;
mod customers;
mod enums;
mod errors;
mod facts;
mod gateway;
mod groups;
mod guard;
mod holders;
mod household;
mod identity_types;
mod known;
mod kpis;
mod limits;
mod lives;
mod loaders;
mod movements;
mod mutations;
mod node;
mod numbers;
mod operations;
mod query;
mod rates;
mod records;
mod restated;
mod reviews;
mod rollups;
mod round;
mod scalars;
mod score;
mod stage;
#[cfg(test)]
mod tests;
mod timeline;
mod why_not;

pub use actions::{ActionError, Actions, FieldChange, WhyNot};
pub use gateway::{Gateway, Numbering, is_mutation, sdl};
pub use limits::Limits;
