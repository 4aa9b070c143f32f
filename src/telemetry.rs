//! Telemetry: log lines and operational counters.
//!
//! Owns where logs go and what they look like, and the [`Meter`]. Refuses business numbers (those
//! are `metrics`), tokens, documents and personal data.

mod meter;

pub use meter::Meter;

use crate::config::{Log, LogFormat};
use std::io::IsTerminal as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

/// Sends log lines to standard error, so that standard output stays for results. Quiet crates of
/// others are held at `warn` unless the filter names them. Called once; a second call changes
/// nothing.
///
/// # Errors
/// When the filter cannot be read.
pub fn start_logging(log: &Log) -> Result<(), tracing_subscriber::filter::ParseError> {
    let quiet = [
        "actix_server",
        "sqlx",
        "sea_orm",
        "sea_orm_migration",
        "hyper",
        "h2",
        "rustls",
        "reqwest",
        "mio",
    ];
    let mut filter = EnvFilter::try_new(&log.level)?;
    for name in quiet {
        if !log.level.contains(name) {
            filter = filter.add_directive(format!("{name}=warn").parse()?);
        }
    }
    let json = match log.format {
        LogFormat::Json => true,
        LogFormat::Pretty => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if json {
        lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    } else {
        lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).compact().boxed()
    };
    // A second subscriber (tests, `demo`) is refused by the library; the first one stays.
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    Ok(())
}
