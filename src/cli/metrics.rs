//! `c360 metrics`: the definitions and models of the `metrics` crate over a plain table.
//!
//! Owns the arguments and the shape of the answers. Refuses to store anything: no database is read or
//! written.

mod attribution;
mod clv;
mod columns;
mod journeys;
mod mrr;
mod retention;

use super::Outcome;
use clap::Subcommand;

/// Compute business numbers from a table of your own.
#[derive(Debug, Subcommand)]
pub enum MetricsCommand {
    /// Credit conversions to the channels that led to them.
    #[command(after_help = attribution::AFTER_HELP)]
    Attribution(attribution::AttributionArgs),
    /// Estimate who is still a customer, how often they will buy and what they are worth.
    #[command(after_help = clv::AFTER_HELP)]
    Clv(clv::ClvArgs),
    /// Movements of recurring revenue by period, from a table of subscription periods.
    #[command(after_help = mrr::AFTER_HELP)]
    Mrr(Box<mrr::MrrArgs>),
    /// Fit how customers under contract stay, and project it.
    #[command(after_help = retention::AFTER_HELP)]
    Retention(retention::RetentionArgs),
}

pub fn run(command: &MetricsCommand) -> Outcome {
    match command {
        MetricsCommand::Attribution(args) => attribution::run(args),
        MetricsCommand::Clv(args) => clv::run(args),
        MetricsCommand::Mrr(args) => mrr::run(args),
        MetricsCommand::Retention(args) => retention::run(args),
    }
}
