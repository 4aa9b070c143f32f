//! The configuration: defaults, a file and the environment, checked as a whole.
//!
//! Owns every key's meaning and bounds, and turns the text into the types of the parts it is for.
//! Refuses unknown keys and half-good configurations: all mistakes are reported at once, each with
//! its key and where it stands. It reads no environment itself; the variables are handed in.

mod layers;
mod reader;
mod show;
mod sources;

pub use layers::ENV_PREFIX;
pub use show::shown;

use domain::Secret;
use layers::Layers;
use metrics::alerts::AlertConfig;
use metrics::score::ScoreConfig;
use metrics::segmentation::Segmentation;
use reader::{Context, did_you_mean, typed};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::StoreOptions;
use toml::Table;

/// The commented reference of the keys that the gateway itself owns.
pub const DEFAULTS: &str = include_str!("config.default.toml");
/// The file that is used when none is named and it exists.
pub const FILE: &str = "customer360.toml";
/// The variable that names a file.
pub const FILE_VARIABLE: &str = "C360_CONFIG";
/// Largest configuration file, in bytes.
const FILE_MAX: u64 = 1024 * 1024;
/// Shortest HS256 secret, in bytes: RFC 7518 section 3.2 asks for the size of the hash.
const SECRET_MIN: usize = 32;

/// The whole commented reference: the gateway's keys, then those of the lifecycle rules, of the
/// metric policy, of the scores, of the segments and of the alerts, which their crates own.
#[must_use]
pub fn reference() -> String {
    let parts = [
        DEFAULTS,
        lifecycle::DEFAULT_RULES_TOML,
        metrics::DEFAULT_POLICY_TOML,
        metrics::score::DEFAULT_SCORE_TOML,
        metrics::segmentation::DEFAULT_SEGMENTATION_TOML,
        metrics::alerts::DEFAULT_ALERTS_TOML,
    ];
    parts.join("\n")
}

/// A mistake, or something to think about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The dotted key; empty when the file as a whole is meant.
    pub key: String,
    /// `FILE:LINE` or `variable NAME`, when known.
    pub place: Option<String>,
    /// What is wrong and what is expected; holds no value.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        f.write_str(&self.message)?;
        match &self.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    /// Every mistake found, in the order of the sections.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let s = if count == 1 { "" } else { "s" };
        write!(f, "the configuration has {count} mistake{s}:")?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// Everything configured.
pub struct Config {
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    /// Serving HTTP.
    pub server: Server,
    /// The database.
    pub store: StoreOptions,
    /// Whether `serve` and the jobs apply missing schema steps.
    pub migrate: bool,
    /// Who may ask.
    pub auth: Auth,
    /// What is logged.
    pub log: Log,
    /// Matching.
    pub identity: identity::Rules,
    /// Stages.
    pub lifecycle: lifecycle::Rules,
    /// Definitions of the numbers.
    pub metrics: metrics::Policy,
    /// Rules of the lead and health scores.
    pub score: ScoreConfig,
    /// Rules of segments and personas.
    pub segmentation: Segmentation,
    /// Rules of alerts.
    pub alerts: AlertConfig,
    /// Limits on GraphQL documents.
    pub limits: graphql::Limits,
    /// Pulling.
    pub sync: Sync,
    /// The configured sources, enabled or not, by name.
    pub sources: Vec<Source>,
    /// What is allowed but unwise.
    pub warnings: Vec<Problem>,
    merged: Table,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Config({})", shown(self))
    }
}

/// Serving HTTP.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Threads; 0 is one per processor.
    pub workers: usize,
    /// Longest request, in milliseconds.
    pub request_timeout_ms: u64,
    /// Largest body, in bytes.
    pub max_body_bytes: usize,
    /// Longest wait at shutdown, in milliseconds.
    pub shutdown_ms: u64,
}

/// A signature algorithm that may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// HMAC with SHA-256: one secret signs and verifies.
    Hs256,
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

const ALGORITHMS: [(&str, Algorithm); 4] = [
    ("HS256", Algorithm::Hs256),
    ("RS256", Algorithm::Rs256),
    ("ES256", Algorithm::Es256),
    ("EdDSA", Algorithm::EdDsa),
];

impl Algorithm {
    /// As in a token's header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// Which key verifies tokens.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A shared secret (HS256).
    Secret(Secret),
    /// A public key in PEM form.
    PublicKey(String),
    /// Where the issuer publishes its keys.
    Jwks {
        /// The address.
        url: String,
        /// Seconds until they are fetched again.
        refresh_s: u64,
    },
}

/// Who may ask.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Accepted algorithms; never empty.
    pub algorithms: Vec<Algorithm>,
    /// The key; `None` when none is configured, and then nothing can be served.
    pub key: Option<KeySource>,
    /// Required `iss`.
    pub issuer: Option<String>,
    /// Accepted `aud`; empty accepts any.
    pub audience: Vec<String>,
    /// Forgiven clock difference, in seconds.
    pub leeway_s: u64,
    /// Dotted path of the claim that names the role.
    pub role_claim: String,
    /// Whether the explorer hands out tokens.
    pub demo: bool,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// What is logged.
#[derive(Clone, Debug)]
pub struct Log {
    /// A filter as `tracing_subscriber::EnvFilter` reads it.
    pub level: String,
    /// The look.
    pub format: LogFormat,
}

/// Pulling, resolving, deriving.
#[derive(Clone, Debug)]
pub struct Sync {
    /// Seconds between two syncs of a serving gateway; 0 is never.
    pub interval_s: u64,
    /// Limits of the jobs.
    pub options: jobs::Options,
}

/// A configured source.
#[derive(Clone)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Its connector's kind (`hubspot`).
    pub kind: String,
    /// Whether it is pulled.
    pub enabled: bool,
    /// The rest of its table with secrets in place: never printed.
    pub settings: serde_json::Value,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
}

/// Where to look for the configuration.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The file named on the command line.
    pub file: Option<PathBuf>,
    /// The environment.
    pub env: BTreeMap<String, String>,
}

impl Config {
    /// Reads and checks everything.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake.
    pub fn load(places: &Places) -> Result<Self, ConfigError> {
        let named = places
            .file
            .clone()
            .or_else(|| places.env.get(FILE_VARIABLE).filter(|f| !f.is_empty()).map(PathBuf::from));
        let fallback = Path::new(FILE);
        let file = named.or_else(|| fallback.is_file().then(|| fallback.to_path_buf()));
        let mut problems = Vec::new();
        let text = file.as_deref().map(|path| (path, read_file(path)));
        let text = match text {
            Some((path, Ok(text))) => Some((path.display().to_string(), text)),
            Some((path, Err(message))) => {
                let place = Some(path.display().to_string());
                problems.push(Problem { key: String::new(), place, message });
                None
            }
            None => None,
        };
        let text = text.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        let mut config = Self::parse(text, &places.env, problems)?;
        config.file = file;
        Ok(config)
    }

    /// Checks a text as if it stood in a file called `name`; for tests and for `demo`.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake.
    pub fn from_text(
        name: &str,
        text: &str,
        env: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigError> {
        Self::parse(Some((name, text)), env, Vec::new())
    }

    fn parse(
        text: Option<(&str, &str)>,
        env: &BTreeMap<String, String>,
        mut problems: Vec<Problem>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        layers.add_defaults(&reference(), &mut problems);
        if let Some((name, text)) = text {
            layers.add_file(name, text, &mut problems);
        }
        layers.add_env(env, &mut problems);
        let mut context = Context { layers: &layers, env, problems, warnings: Vec::new() };
        unknown_sections(&mut context);
        let server = read_server(&mut context);
        let (store, migrate) = read_store(&mut context);
        let auth = read_auth(&mut context, server.listen);
        let log = read_log(&mut context);
        let identity = typed::<identity::Rules>(&mut context, "identity");
        for problem in identity.problems() {
            let (key, message) = problem.split_once(": ").unwrap_or(("", problem.as_str()));
            context.problem(format!("identity.{key}"), message);
        }
        let lifecycle = typed::<lifecycle::Rules>(&mut context, "lifecycle");
        for problem in lifecycle.problems() {
            context.problem(format!("lifecycle.{}", problem.key), problem.message);
        }
        let metrics = typed::<metrics::Policy>(&mut context, "metrics");
        for problem in metrics.problems() {
            context.problem(format!("metrics.{}", problem.key), problem.message);
        }
        let segmentation = typed::<Segmentation>(&mut context, "segmentation");
        for problem in segmentation.problems() {
            context.problem(format!("segmentation.{}", problem.key), problem.message);
        }
        let alerts = typed::<AlertConfig>(&mut context, "alerts");
        for problem in alerts.problems() {
            context.problem(format!("alerts.{}", problem.key), problem.message);
        }
        let score = read_score(&mut context, &segmentation);
        let limits = typed::<graphql::Limits>(&mut context, "limits");
        let sync = read_sync(&mut context);
        let sources = sources::read(&mut context);
        for (key, name) in sources_of(&segmentation, &alerts) {
            if !sources.iter().any(|source| source.name == name) {
                let hint = did_you_mean(name, sources.iter().map(|source| source.name.as_str()));
                context.warning(&key, format!("names a source that is not configured{hint}"));
            }
        }
        let named = identity.source_priority.iter().chain(&identity.unique_sources);
        for name in named.map(String::as_str).chain(identity.survivorship.sources()) {
            if !sources.iter().any(|source| source.name == name) {
                context.warning(
                    "identity",
                    "names a source in source_priority, unique_sources or never_from that is not configured",
                );
            }
        }
        let Context { problems, warnings, .. } = context;
        if !problems.is_empty() {
            return Err(ConfigError { problems });
        }
        Ok(Self {
            file: None,
            server,
            store,
            migrate,
            auth,
            log,
            identity,
            lifecycle,
            metrics,
            score,
            segmentation,
            alerts,
            limits,
            sync,
            sources,
            warnings,
            merged: layers.table,
        })
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let meta = std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
    if meta.len() > FILE_MAX {
        return Err("is larger than 1 MiB; is it the right file?".to_owned());
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

const SECTIONS: [&str; 13] = [
    "server",
    "store",
    "auth",
    "log",
    "identity",
    "lifecycle",
    "metrics",
    "score",
    "segmentation",
    "alerts",
    "limits",
    "sync",
    "sources",
];

fn unknown_sections(context: &mut Context<'_>) {
    for name in context.layers.table.keys() {
        if !SECTIONS.contains(&name.as_str()) {
            let hint = did_you_mean(name, SECTIONS.into_iter());
            context.problem(name.clone(), format!("is not a known section{hint}"));
        }
    }
}

fn read_score(context: &mut Context<'_>, segmentation: &Segmentation) -> ScoreConfig {
    let score = typed::<ScoreConfig>(context, "score");
    for problem in score.problems() {
        context.problem(format!("score.{}", problem.key), problem.message);
    }
    let known = || std::iter::once("default").chain(segmentation.segment_names());
    for (at, model) in score.health.segments.iter().enumerate() {
        let name = model.segment.as_str();
        if !name.trim().is_empty() && !known().any(|segment| segment == name) {
            let hint = did_you_mean(name, known());
            context.problem(
                format!("score.health.segments[{at}].segment"),
                format!(
                    "is no segment: default, {}{hint}",
                    segmentation.segment_names().collect::<Vec<_>>().join(", ")
                ),
            );
        }
    }
    score
}

/// The sources that conditions name, with their keys.
fn sources_of<'a>(
    segmentation: &'a Segmentation,
    alerts: &'a AlertConfig,
) -> Vec<(String, &'a str)> {
    let kinds = [("segments", &segmentation.segments), ("personas", &segmentation.personas)];
    let mut found = Vec::new();
    for (kind, rules) in kinds {
        for (at, rule) in rules.iter().enumerate() {
            found.extend(rule.when.sources(&format!("segmentation.{kind}[{at}].when")));
        }
    }
    for (at, rule) in alerts.rules.iter().enumerate() {
        let when = rule.when.iter();
        found.extend(when.flat_map(|when| when.sources(&format!("alerts.rules[{at}].when"))));
    }
    found
}

fn read_server(context: &mut Context<'_>) -> Server {
    let mut section = context.section("server");
    let text = section.text("listen").unwrap_or_default();
    let listen = match text.parse() {
        Ok(address) => address,
        Err(_) => {
            section.problem(
                "listen",
                "expected ADDRESS:PORT, such as \"127.0.0.1:8360\" or \"[::]:8360\"",
            );
            SocketAddr::from(([127, 0, 0, 1], 8360))
        }
    };
    let server = Server {
        listen,
        workers: usize::try_from(section.int("workers", 0..=1024)).unwrap_or(0),
        request_timeout_ms: section.int("request_timeout_ms", 100..=600_000),
        max_body_bytes: usize::try_from(section.int("max_body_bytes", 1024..=67_108_864))
            .unwrap_or(usize::MAX),
        shutdown_ms: section.int("shutdown_ms", 0..=3_600_000),
    };
    let found = section.finish();
    context.close(found);
    server
}

fn read_store(context: &mut Context<'_>) -> (StoreOptions, bool) {
    let mut section = context.section("store");
    let url = section.text_or_reference("url").unwrap_or_default();
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") if url.contains(":memory:") => {
            section.problem("url", "must name a file: what is stored in memory is lost");
        }
        Some("sqlite" | "postgres" | "postgresql") => {}
        _ => section.problem("url", "expected sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"),
    }
    let options = StoreOptions {
        url,
        connections: section.int32("connections", 1..=1000),
        acquire_ms: section.int("acquire_ms", 10..=600_000),
        statement_ms: section.int("statement_ms", 10..=3_600_000),
    };
    let migrate = section.flag("migrate");
    let found = section.finish();
    context.close(found);
    (options, migrate)
}

fn read_auth(context: &mut Context<'_>, listen: SocketAddr) -> Auth {
    let mut section = context.section("auth");
    let mut algorithms = Vec::new();
    for (at, word) in section.texts("algorithms").into_iter().enumerate() {
        match ALGORITHMS.iter().find(|(name, _)| *name == word) {
            Some((_, algorithm)) => algorithms.push(*algorithm),
            None => section.problem(
                &format!("algorithms[{at}]"),
                "expected one of HS256, RS256, ES256, EdDSA (\"none\" is never accepted)",
            ),
        }
    }
    algorithms.sort_unstable();
    algorithms.dedup();
    let secret = section.secret("secret");
    let public_key = section.text_or_reference("public_key");
    let jwks_url = section.text("jwks_url");
    let refresh_s = section.int("jwks_refresh_s", 10..=86_400);
    let given = [secret.is_some(), public_key.is_some(), jwks_url.is_some()];
    if given.iter().filter(|g| **g).count() > 1 {
        section.problem("secret", "set only one of secret, public_key and jwks_url");
    }
    let key = match (secret, public_key, jwks_url) {
        (Some(secret), ..) => Some(KeySource::Secret(secret)),
        (_, Some(pem), _) => Some(KeySource::PublicKey(pem)),
        (.., Some(url)) => Some(KeySource::Jwks { url, refresh_s }),
        _ => None,
    };
    check_key(&mut section, key.as_ref(), &algorithms);
    let demo = section.flag("demo");
    if demo && !listen.ip().is_loopback() {
        section.problem(
            "demo",
            "hands a token to everybody: allowed only when server.listen is a loopback address",
        );
    }
    let role_claim = section.text("role_claim").unwrap_or_default();
    if role_claim.split('.').any(str::is_empty) {
        section.problem("role_claim", "expected a claim's name or a dotted path to it");
    }
    let auth = Auth {
        algorithms,
        key,
        issuer: section.text("issuer"),
        audience: section.texts("audience"),
        leeway_s: section.int("leeway_s", 0..=600),
        role_claim,
        demo,
    };
    let found = section.finish();
    context.close(found);
    auth
}

/// Each kind of key goes with its own algorithms, so that a public key can never be taken for a
/// shared secret.
fn check_key(section: &mut reader::Section<'_>, key: Option<&KeySource>, algorithms: &[Algorithm]) {
    if algorithms.is_empty() {
        section.problem("algorithms", "names no algorithm: expected for example [\"HS256\"]");
        return;
    }
    let has_hmac = algorithms.contains(&Algorithm::Hs256);
    match key {
        None => {}
        Some(KeySource::Secret(secret)) => {
            if algorithms != [Algorithm::Hs256] {
                section.problem("algorithms", "a secret goes with [\"HS256\"] only");
            }
            if secret.expose().len() < SECRET_MIN {
                section.problem(
                    "secret",
                    "is shorter than 32 bytes; make one with `openssl rand -hex 32`",
                );
            }
        }
        Some(KeySource::PublicKey(pem)) => {
            if has_hmac {
                section.problem(
                    "algorithms",
                    "HS256 needs a secret; with public_key expected RS256, ES256 or EdDSA",
                );
            } else if pem.contains("PRIVATE KEY") {
                section.problem(
                    "public_key",
                    "is a private key; the gateway needs the public one only",
                );
            } else {
                for algorithm in algorithms {
                    if crate::http::auth::public_key(*algorithm, pem).is_none() {
                        section.problem(
                            "public_key",
                            format!(
                                "is no key for {}; expected PEM (BEGIN PUBLIC KEY) of that kind",
                                algorithm.as_str()
                            ),
                        );
                    }
                }
            }
        }
        Some(KeySource::Jwks { url, .. }) => {
            if has_hmac {
                section.problem(
                    "algorithms",
                    "HS256 needs a secret; with jwks_url expected RS256, ES256 or EdDSA",
                );
            }
            if !crate::http::jwks::is_trustworthy(url) {
                section.problem(
                    "jwks_url",
                    "expected an https:// address (http:// only for this machine)",
                );
            }
        }
    }
}

fn read_log(context: &mut Context<'_>) -> Log {
    let mut section = context.section("log");
    let level = section.text("level").unwrap_or_else(|| "info".to_owned());
    if level.parse::<tracing_subscriber::filter::Targets>().is_err() {
        section.problem("level", "expected error, warn, info, debug, trace, or target=level pairs such as \"info,jobs=debug\"");
    }
    let format = section
        .choice(
            "format",
            &[("auto", LogFormat::Auto), ("pretty", LogFormat::Pretty), ("json", LogFormat::Json)],
        )
        .unwrap_or(LogFormat::Auto);
    let found = section.finish();
    context.close(found);
    Log { level, format }
}

fn read_sync(context: &mut Context<'_>) -> Sync {
    let mut section = context.section("sync");
    let interval_s = section.int("interval_s", 0..=604_800);
    let retry = jobs::RetryPolicy {
        attempts: section.int32("attempts", 1..=100),
        base_ms: section.int("backoff_ms", 1..=600_000),
        max_ms: section.int("backoff_max_ms", 1..=3_600_000),
        hint_max_ms: section.int("vendor_wait_max_ms", 0..=86_400_000),
    };
    if retry.max_ms < retry.base_ms {
        section.problem("backoff_max_ms", "must not be below backoff_ms");
    }
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let options = jobs::Options {
        retry,
        pages_max: section.int("pages_max", 1..=1_000_000_000),
        neighbourhood_max: size(section.int("neighbourhood_max", 100..=100_000_000)),
        derive_batch: size(section.int("derive_batch", 1..=100_000)),
        fit_customers_max: section.int("fit_customers_max", 1_000..=10_000_000),
        ..jobs::Options::default()
    };
    let sync = Sync { interval_s, options };
    let found = section.finish();
    context.close(found);
    sync
}

#[cfg(test)]
mod tests;
