//! Alerts: what about a customer somebody should look at, by rules of the configuration.
//!
//! Owns the presets (typed, checked on load) and what they raise for one profile at a moment, as a
//! function of facts, stage history and health. Refuses memory: what is open already, and when it was
//! opened, is the store's to know. A cause that recurs is one as long as it lasts; any other is told
//! by what happened, so it is raised once.

mod config;
mod raise;

pub use config::{AlertConfig, AlertRule, AlertSeverity, Preset};
pub use raise::{Departure, Raised, Watched, departures, raised};

/// The default rules as commented TOML, table `[alerts]`.
pub const DEFAULT_ALERTS_TOML: &str = include_str!("alerts.default.toml");
