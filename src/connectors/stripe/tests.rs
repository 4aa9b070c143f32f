//! Stripe tests.
