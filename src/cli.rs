//! The command line.
//!
//! Owns arguments, help and exit codes. Refuses work: each command is a module that calls the parts.

mod audit;
mod check;
mod demo;
mod duration;
mod explain;
mod health;
mod identity;
mod metrics;
mod output;
mod progress;
mod pull;
mod quarantine;
mod sandbox;
mod schema;
mod serve;
mod table;
mod token;

use crate::config::{Config, ConfigError, Log, LogFormat, Places};
use clap::{Args, Parser, Subcommand};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed; the message says what to do
  2  wrong arguments or configuration; nothing was done
  3  done in part: some streams failed, or it was stopped; what was committed is kept";

/// One customer out of CRM, support and billing, over GraphQL.
#[derive(Debug, Parser)]
#[command(name = "c360", version, about, after_help = EXIT_CODES, max_term_width = 100)]
struct Cli {
    /// Configuration file; else the variable C360_CONFIG, else customer360.toml if it is there.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve GraphQL, the explorer and the health routes, and pull at intervals.
    #[command(
        after_help = "Example:\n  c360 serve --config customer360.toml\n\nSIGTERM finishes what is under way and exits with 0; a second one ends at once."
    )]
    Serve,
    /// Pull what changed from the sources, then resolve and derive it.
    #[command(
        after_help = "Examples:\n  c360 sync                 every source\n  c360 sync hubspot stripe  these two\n  c360 sync --full hubspot  read it from the beginning\n\nExits with 3 when some streams failed: what they had committed is kept, and the next sync goes on from there."
    )]
    Sync(pull::SyncArgs),
    /// Decide again which records are the same person or company.
    #[command(after_help = "Example:\n  c360 resolve --full   after a change of [identity]")]
    Resolve(pull::StepArgs),
    /// Derive stages and numbers from what is stored.
    #[command(
        after_help = "Example:\n  c360 derive --full    after a change of [lifecycle] or [metrics]"
    )]
    Derive(pull::StepArgs),
    /// Try it: an invented company, pulled through the real connectors, served with an explorer.
    #[command(
        after_help = "Examples:\n  c360 demo           first run builds everything; the next pulls what changed\n  c360 demo --reset   begin anew\n\nNeeds no configuration and no network; keeps its state under data/demo."
    )]
    Demo(demo::DemoArgs),
    /// Serve the sandbox: HubSpot's, Zendesk's and Stripe's APIs over an invented company.
    #[command(
        after_help = "Example:\n  c360 sandbox --port 9100   HubSpot on 9100, Zendesk on 9101, Stripe on 9102"
    )]
    Sandbox(sandbox::SandboxArgs),
    /// Apply missing steps of the database schema.
    Migrate,
    /// Print the GraphQL schema, or hold a file to it.
    #[command(
        after_help = "Examples:\n  c360 schema > schema.graphql\n  c360 schema --check schema.graphql"
    )]
    Schema(schema::SchemaArgs),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(check::ConfigCommand),
    /// Sign a token.
    #[command(
        after_help = "Examples:\n  c360 token --role sales --subject ann\n  c360 token --role service --subject bi --ttl 30d --key private.pem"
    )]
    Token(token::TokenArgs),
    /// Ask a running gateway whether it is ready; for container health checks.
    Healthcheck(health::HealthArgs),
    /// Tell why records are one customer, or why two customers are two.
    #[command(
        after_help = "Examples:\n  c360 explain c_0123456789abc\n  c360 explain ann@example.com --with anna@example.org"
    )]
    Explain(explain::ExplainArgs),
    /// Measure identity resolution on a table of your own.
    #[command(subcommand)]
    Identity(identity::IdentityCommand),
    /// Compute business numbers from a table of your own.
    #[command(subcommand)]
    Metrics(metrics::MetricsCommand),
    /// Audit what is stored: missing, doubled, stale and contradictory data.
    #[command(
        after_help = "Examples:\n  c360 audit\n  c360 audit --json --fail-on severe   exit with 1 if a finding is severe"
    )]
    Audit(audit::AuditArgs),
    /// Records that could not be read.
    #[command(subcommand)]
    Quarantine(quarantine::QuarantineCommand),
}

/// How results are written.
#[derive(Clone, Copy, Debug, Args)]
struct Json {
    /// Write the result as JSON.
    #[arg(long)]
    json: bool,
}

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Whole,
    /// Some streams failed.
    Partly,
    /// The answer is no (a health check, a schema that differs).
    No,
}

/// Why a command could not do its work.
#[derive(Debug)]
enum Failure {
    /// Arguments or configuration.
    Usage(String),
    /// Anything else.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        if error.is::<ConfigError>() { Self::Usage(error.to_string()) } else { Self::Failed(error) }
    }
}

type Outcome = Result<Done, Failure>;

/// Runs the command line.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    env: BTreeMap<String, String>,
) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes; clap writes each to where it belongs.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let places = Places { file: cli.config, env };
    match dispatch(cli.command, &places) {
        Ok(Done::Whole) => ExitCode::SUCCESS,
        Ok(Done::Partly) => ExitCode::from(3),
        Ok(Done::No) => ExitCode::FAILURE,
        Err(Failure::Usage(message)) => {
            output::complain(&message);
            ExitCode::from(2)
        }
        Err(Failure::Failed(error)) => {
            output::complain(&with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, each said once.
fn with_causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

fn dispatch(command: Command, places: &Places) -> Outcome {
    match command {
        Command::Config(command) => check::run(&command, places),
        Command::Schema(args) => schema::run(&args),
        Command::Demo(args) => demo::run(args, places),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Healthcheck(args) => health::run(&args, places),
        Command::Serve => serve::run(load(places)?),
        Command::Sync(args) => pull::sync(args, load(places)?),
        Command::Resolve(args) => pull::resolve(args, load(places)?),
        Command::Derive(args) => pull::derive(args, load(places)?),
        Command::Migrate => schema::migrate(load(places)?),
        Command::Token(args) => token::run(&args, &load(places)?),
        Command::Explain(args) => explain::run(args, load(places)?),
        Command::Identity(command) => identity::run(&command),
        Command::Metrics(command) => metrics::run(&command),
        Command::Audit(args) => audit::run(args, load(places)?),
        Command::Quarantine(command) => quarantine::run(command, load(places)?),
    }
}

/// The configuration, with logging started as it says.
fn load(places: &Places) -> Result<Config, Failure> {
    let config = Config::load(places)?;
    start_logging(&config.log)?;
    Ok(config)
}

fn start_logging(log: &Log) -> Result<(), Failure> {
    crate::telemetry::start_logging(log)
        .map_err(|error| Failure::Usage(format!("log.level cannot be read: {error}")))
}

/// Logging for commands without a configuration: warnings only, beside the progress display.
fn log_warnings() -> Result<(), Failure> {
    start_logging(&Log { level: "warn".to_owned(), format: LogFormat::Pretty })
}

/// Runs asynchronous work on a runtime of its own.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(work)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_command_and_argument_is_described() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{} has no help", command.get_name());
            for argument in command.get_arguments() {
                let name = argument.get_id();
                assert!(argument.get_help().is_some(), "{} {name}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        let command = Cli::command();
        command.clone().debug_assert();
        check(&command);
    }

    fn exit(arguments: &[&str]) -> ExitCode {
        run(arguments.iter().map(OsString::from), BTreeMap::new())
    }

    #[test]
    fn wrong_arguments_and_configurations_exit_with_2() {
        for arguments in [
            &["c360"][..],
            &["c360", "nope"],
            &["c360", "--config", "does/not/exist.toml", "serve"],
            &["c360", "--config", "does/not/exist.toml", "config", "check"],
        ] {
            assert_eq!(exit(arguments), ExitCode::from(2), "{arguments:?}");
        }
        assert_eq!(exit(&["c360", "--help"]), ExitCode::SUCCESS);
    }

    #[test]
    fn causes_are_said_once() {
        let error = anyhow::anyhow!("disk full").context("cannot write");
        assert_eq!(with_causes(&error), "cannot write: disk full");
        let error = anyhow::anyhow!("disk full").context("cannot write: disk full");
        assert_eq!(with_causes(&error), "cannot write: disk full");
    }
}
