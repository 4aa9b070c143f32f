//! `c360 demo`: an invented company through the real path, from vendor API to explorer.
//!
//! Owns the demonstration's state under one folder: the database, the sandbox's seed and present,
//! the secret that signs its tokens. The second run finds them, lets a day pass at the vendors, and
//! pulls what changed.

use super::progress::Watcher;
use super::sandbox::source_tables;
use super::{Done, Failure, Outcome, block_on, log_warnings, output, pull, serve};
use crate::app::rounds::{Plan, round};
use crate::app::{App, Parts, server};
use crate::config::{Config, Places};
use crate::http::explorer::{self, Example, ExplorerConfig};
use crate::telemetry::Meter;
use anyhow::Context as _;
use clap::Args;
use domain::{Clock, ProfileId, ProfileKind, RecordId, SystemClock, Timestamp};
use sandbox::{PairScore, RecordRef, Sandbox, SandboxOptions, TruthKind, World, WorldConfig};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const DAY_MS: i64 = 86_400_000;
/// Longest time that passes between two runs; a demonstration left for years need not catch up.
const AWAY_MAX_DAYS: i64 = 60;

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Forget the state of earlier runs and begin anew.
    #[arg(long)]
    reset: bool,
    /// Port to serve on, at 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 8360)]
    port: u16,
    /// Where the state is kept.
    #[arg(long, default_value = "data/demo", value_name = "FOLDER")]
    folder: PathBuf,
    /// How many people; counts for the first run only.
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// How many companies; counts for the first run only.
    #[arg(long, default_value_t = 800, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    companies: u32,
    /// Stop after the pull instead of serving; for tests and measurements.
    #[arg(long)]
    no_serve: bool,
}

/// What is remembered between runs, in `state.json`.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    seed: u64,
    people: u32,
    companies: u32,
    /// The end of the generated history, in milliseconds since 1970.
    history_end_ms: i64,
    /// The sandbox's present at the last run, in milliseconds since 1970.
    present_ms: i64,
    runs: u32,
}

/// The sandbox's time: the vendors' records and the gateway agree on what is past.
struct SandboxClock(Arc<Sandbox>);

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.now_ms())
    }
}

pub fn run(args: DemoArgs, places: &Places) -> Outcome {
    log_warnings()?;
    if places.file.is_some() {
        output::note("note: the demo has its own configuration; --config is not used");
    }
    block_on(async {
        let cancel = server::stop_on_signals()?;
        let started = Instant::now();
        let (mut state, first) = remember(&args)?;
        let (sandbox, mut state) = {
            if !first {
                let day = state.present_ms + DAY_MS;
                let real = SystemClock.now().as_millis().min(day + AWAY_MAX_DAYS * DAY_MS);
                state.present_ms = real.max(day);
            }
            output::note(if first {
                "making up a company: its people, deals, tickets, subscriptions, payments ..."
            } else {
                "the state of the last run is there; at the vendors time has passed"
            });
            let sandbox = start_sandbox(&state).await?;
            (Arc::new(sandbox), state)
        };
        state.runs += 1;
        let config = configure(&args, &sandbox)?;
        let meter = Arc::new(Meter::default());
        let watcher = Arc::new(Watcher::new(Arc::clone(&meter)));
        let parts = Parts {
            progress: Arc::clone(&watcher) as Arc<dyn jobs::Progress>,
            clock: Arc::new(SandboxClock(Arc::clone(&sandbox))),
            meter,
            cancel: cancel.child_token(),
        };
        let app = App::open(config, parts).await?;
        // Before the pull: after a crash the vendors' present must not lie before what was pulled.
        store_state(&args.folder, &state)?;
        let done = round(&app.jobs, &Plan::all(Vec::new())).await?;
        watcher.finish();
        output::say(&pull::summary(&done))?;
        output::say(&scored(&app, &sandbox).await?)?;
        output::say(&format!("done in {:.1} s\n", started.elapsed().as_secs_f64()))?;
        if args.no_serve {
            app.close().await;
        } else {
            let tokens = serve::role_tokens(&app.config)?;
            let examples = examples();
            let explorer =
                ExplorerConfig { demo: true, tokens: tokens.clone(), examples: examples.clone() };
            let running = server::start(app, explorer, false).await?;
            output::say(&invitation(&running.address.to_string(), &tokens, &examples))?;
            running.until_stopped(&cancel).await?;
        }
        state.present_ms = sandbox.now_ms();
        store_state(&args.folder, &state)?;
        if let Some(sandbox) = Arc::into_inner(sandbox) {
            sandbox.stop().await;
        }
        Ok(Done::Whole)
    })
}

/// The state of the last run, or that of a first one.
fn remember(args: &DemoArgs) -> anyhow::Result<(State, bool)> {
    let folder = &args.folder;
    let file = folder.join("state.json");
    if args.reset && folder.exists() {
        // Only what a demonstration itself writes is removed.
        for name in [
            "customer360.db",
            "customer360.db-wal",
            "customer360.db-shm",
            "state.json",
            "secret",
            "spend.csv",
        ] {
            let path = folder.join(name);
            if path.exists() {
                std::fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
    }
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    if file.exists() {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let state = serde_json::from_str(&text).with_context(|| {
            format!("{} cannot be understood; `c360 demo --reset` begins anew", file.display())
        })?;
        return Ok((state, false));
    }
    let now_ms = SystemClock.now().as_millis();
    let WorldConfig { seed, .. } = WorldConfig::default();
    let state = State {
        seed,
        people: args.people,
        companies: args.companies,
        history_end_ms: now_ms,
        present_ms: now_ms,
        runs: 0,
    };
    Ok((state, true))
}

/// Written beside and renamed, so that a crash leaves the old state or the new one.
fn store_state(folder: &Path, state: &State) -> anyhow::Result<()> {
    let (file, beside) = (folder.join("state.json"), folder.join("state.json.new"));
    std::fs::write(&beside, serde_json::to_vec_pretty(state)?)
        .and_then(|()| std::fs::rename(&beside, &file))
        .with_context(|| format!("cannot write {}", file.display()))
}

async fn start_sandbox(state: &State) -> anyhow::Result<Sandbox> {
    let config = WorldConfig {
        seed: state.seed,
        people: state.people,
        companies: state.companies,
        now_ms: state.history_end_ms,
        ..WorldConfig::default()
    };
    let present_ms = state.present_ms;
    let world = tokio::task::spawn_blocking(move || {
        let mut world = World::new(config);
        world.advance_to(present_ms);
        world
    })
    .await?;
    let options = SandboxOptions { follow_real_clock: true, ..SandboxOptions::default() };
    Ok(Sandbox::start(world, options).await?)
}

/// The demonstration's configuration: three vendors and a file with the marketing spend.
fn configure(args: &DemoArgs, sandbox: &Sandbox) -> Result<Config, Failure> {
    let folder = &args.folder;
    let spend = folder.join("spend.csv");
    std::fs::write(&spend, sandbox.spend_csv())
        .with_context(|| format!("cannot write {}", spend.display()))?;
    let quoted = |path: PathBuf| serde_json::Value::from(path.to_string_lossy()).to_string();
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:{port}\"\n\n\
         [store]\nurl = {url}\n\n\
         [auth]\nsecret = {{ env = \"DEMO_SECRET\" }}\ndemo = true\n\n\
         [log]\nlevel = \"warn\"\nformat = \"pretty\"\n\n\
         [metrics]\nname = \"demo\"\ngross_margin = \"0.8\"\n\n\
         [sync]\ninterval_s = 60\n\n\
         {sources}\n\
         [sources.ads]\nconnector = \"files\"\n\n\
         [[sources.ads.streams]]\nname = \"spend\"\nkind = \"spend\"\npath = {spend}\n\
         key = [\"date\", \"channel\", \"campaign\"]\n\n\
         [sources.ads.streams.mapping]\nday = \"date\"\n\
         channel = {{ column = \"channel\", values = {{ {channels} }} }}\n\
         campaign = \"campaign\"\namount = \"amount\"\ncurrency = \"currency\"\n",
        port = args.port,
        url = quoted(PathBuf::from(format!("sqlite:{}", folder.join("customer360.db").display()))),
        sources = source_tables(sandbox),
        spend = quoted(spend),
        channels = channels(),
    );
    let env = BTreeMap::from([("DEMO_SECRET".to_owned(), secret(folder)?)]);
    Ok(Config::from_text("demo", &text, &env)?)
}

/// HubSpot's channel names, as they stand in the spend file, to ours.
fn channels() -> String {
    [
        "ORGANIC_SEARCH",
        "PAID_SEARCH",
        "EMAIL_MARKETING",
        "SOCIAL_MEDIA",
        "REFERRALS",
        "OTHER_CAMPAIGNS",
        "DIRECT_TRAFFIC",
        "OFFLINE",
        "PAID_SOCIAL",
        "AI_REFERRALS",
    ]
    .iter()
    .map(|name| format!("{name} = \"{}\"", name.to_lowercase()))
    .collect::<Vec<_>>()
    .join(", ")
}

/// The secret that signs this demonstration's tokens; made at the first run.
fn secret(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("secret");
    if let Ok(text) = std::fs::read_to_string(&file)
        && text.trim().len() >= 64
    {
        return Ok(text.trim().to_owned());
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    write_private(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(text)
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?
        .write_all(text.as_bytes())
}

/// How well matching did, against the truth that only the sandbox knows.
async fn scored(app: &App, sandbox: &Sandbox) -> anyhow::Result<String> {
    let truth = sandbox.truth();
    let mut text = String::from("matching against the invented company's truth:");
    for (kind, truth_kind, name) in [
        (ProfileKind::Person, TruthKind::Person, "people"),
        (ProfileKind::Company, TruthKind::Company, "companies"),
    ] {
        let clusters = clusters(app, kind).await?;
        let PairScore { precision, recall, clusters, .. } = truth.score(truth_kind, &clusters);
        let _ = write!(
            text,
            "\n  {name:<10} {clusters:>6} found, precision {precision:.4}, recall {recall:.4}"
        );
    }
    Ok(text)
}

async fn clusters(app: &App, kind: ProfileKind) -> anyhow::Result<Vec<Vec<RecordRef>>> {
    let ids: Vec<RecordId> = app.store.load_all_identity_ids(kind).await?;
    let profiles: HashMap<RecordId, ProfileId> = app.store.load_membership(kind, &ids).await?;
    let mut clusters: HashMap<ProfileId, Vec<RecordRef>> = HashMap::new();
    for input in app.store.load_identity_inputs(kind, &ids).await? {
        if let Some(profile) = profiles.get(&input.id) {
            let key = input.key;
            clusters.entry(*profile).or_default().push(RecordRef::new(
                key.source,
                key.stream,
                key.external_id,
            ));
        }
    }
    Ok(clusters.into_values().collect())
}

fn examples() -> Vec<Example> {
    let example = |name: &str, query: &str| Example {
        name: name.to_owned(),
        query: query.to_owned(),
        variables: "{}".to_owned(),
    };
    vec![
        example("Customers and where they stand", include_str!("demo/customers.graphql")),
        example("One customer, everything known", include_str!("demo/customer.graphql")),
        example("Revenue by month and channel", include_str!("demo/rollups.graphql")),
    ]
}

fn invitation(address: &str, tokens: &[explorer::RoleToken], examples: &[Example]) -> String {
    let mut text = format!("explorer   http://{address}/\nGraphQL    http://{address}/graphql\n");
    if !explorer::is_embedded() {
        text.push_str(
            "           (the page says how to build the explorer; GraphQL works without)\n",
        );
    }
    text.push_str("\nA token for each role (Authorization: Bearer ...), valid for 30 days:\n");
    for token in tokens {
        let _ = writeln!(text, "  {:<8} {}", token.role, token.token);
    }
    text.push_str("\nThree queries to try (they stand in the explorer's tabs too):\n");
    for example in examples {
        let _ = writeln!(text, "\n# {}\n{}", example.name, example.query.trim_end());
    }
    text.push_str("\nCtrl-C stops the demo; the next `c360 demo` goes on from here.");
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_secret_is_made_once_and_only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let made = secret(folder.path()).unwrap();
        assert_eq!(made.len(), 64);
        assert_eq!(secret(folder.path()).unwrap(), made);
        let mode = std::fs::metadata(folder.path().join("secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(secret(other.path()).unwrap(), made);
    }
}
