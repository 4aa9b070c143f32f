//! `c360 healthcheck`: is a running gateway ready?

use super::{Done, Outcome, block_on, output};
use crate::config::{Config, Places};
use anyhow::Context as _;
use clap::Args;
use std::net::IpAddr;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct HealthArgs {
    /// What to ask; else /readyz at the configured server.listen.
    #[arg(long)]
    url: Option<String>,
}

pub fn run(args: &HealthArgs, places: &Places) -> Outcome {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => {
            let mut listen = Config::load(places)?.server.listen;
            // What listens everywhere is asked here.
            if listen.ip().is_unspecified() {
                listen.set_ip(if listen.is_ipv4() {
                    IpAddr::from([127, 0, 0, 1])
                } else {
                    IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])
                });
            }
            format!("http://{listen}/readyz")
        }
    };
    block_on(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().timeout(Duration::from_secs(5)).no_proxy().build()?;
        let response = client.get(&url).send().await.context("the gateway does not answer")?;
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        output::say(text.get(..2000).unwrap_or(&text))?;
        Ok(if status.is_success() { Done::Whole } else { Done::No })
    })
}
