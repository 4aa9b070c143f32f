//! The models of lifetime value, held to published figures, oracles and direct integration.

mod contract;
mod customer;
mod data;
mod properties;
mod published;
mod transactions;
