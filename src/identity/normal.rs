//! Normal forms of names, contact values, addresses, countries and web domains.
//!
//! Owns the text rules, each in its module. Refuses to compare: equality of normal forms is the
//! only comparison made here.

pub mod address;
pub mod company;
pub mod country;
pub mod email;
pub mod name;
pub(crate) mod nicknames;
pub mod phone;
mod phone_plan;
pub mod text;
pub mod web;
