//! Normal forms of names, contact values, addresses, countries and web domains.
//!
//! Owns the text rules, each in its module. Refuses to compare: equality of normal forms is the
//! only comparison made here.

pub mod address;
mod address_region;
mod address_words;
pub mod company;
pub(crate) mod company_words;
pub mod country;
pub mod date;
pub mod email;
pub mod name;
pub(crate) mod name_words;
pub mod nicknames;
pub mod phone;
mod phone_plan;
mod script;
mod sound;
pub mod text;
pub mod web;
