//! `c360 sandbox`: the invented vendors, for trying connectors and configurations out.

use super::{Done, Outcome, block_on, log_warnings, output};
use crate::app::server;
use clap::Args;
use domain::{Clock as _, SystemClock};
use sandbox::{Sandbox, SandboxCredentials, SandboxOptions, World, WorldConfig};

#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// HubSpot's port; Zendesk and Stripe take the next two. 0 takes any free ones.
    #[arg(long, default_value_t = 9100)]
    port: u16,
    /// Decides everything that is left to chance.
    #[arg(long, default_value_t = 360)]
    seed: u64,
    /// How many people.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// How many companies.
    #[arg(long, default_value_t = 800, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    companies: u32,
}

pub fn run(args: SandboxArgs) -> Outcome {
    log_warnings()?;
    block_on(async {
        let cancel = server::stop_on_signals()?;
        let world = World::new(WorldConfig {
            seed: args.seed,
            people: args.people,
            companies: args.companies,
            now_ms: SystemClock.now().as_millis(),
            ..WorldConfig::default()
        });
        let ports = match args.port {
            0 => [0; 3],
            port => [port, port.saturating_add(1), port.saturating_add(2)],
        };
        let options =
            SandboxOptions { ports, follow_real_clock: true, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(world, options).await?;
        output::say(&source_tables(&sandbox))?;
        output::note(
            "the sandbox runs; copy the tables above into customer360.toml; Ctrl-C stops it",
        );
        cancel.cancelled().await;
        sandbox.stop().await;
        Ok(Done::Whole)
    })
}

/// The configuration of the three sources. The budgets are wider than the vendors' own, as the
/// sandbox's limits are: nobody should wait a minute for a demonstration.
pub fn source_tables(sandbox: &Sandbox) -> String {
    let SandboxCredentials { hubspot_token, zendesk_email, zendesk_token, stripe_key } =
        sandbox.credentials();
    format!(
        "[sources.hubspot]\nconnector = \"hubspot\"\nbase_url = \"{}\"\ntoken = \"{hubspot_token}\"\n\
         budgets = {{ general = 5000, search = 100 }}\n\n\
         [sources.zendesk]\nconnector = \"zendesk\"\nbase_url = \"{}\"\nemail = \"{zendesk_email}\"\ntoken = \"{zendesk_token}\"\n\
         budgets = {{ incremental = 6000 }}\n\n\
         [sources.stripe]\nconnector = \"stripe\"\nbase_url = \"{}\"\nkey = \"{stripe_key}\"\n\
         budgets = {{ general = 500 }}\n",
        sandbox.hubspot_url(),
        sandbox.zendesk_url(),
        sandbox.stripe_url()
    )
}
