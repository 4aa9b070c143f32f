//! What the configuration accepts and what it says of mistakes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;

const RSA: &str = include_str!("../../tests/fixtures/keys/rsa.pub.pem");

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_text("c.toml", text, &env(variables))
}

fn mistakes(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    load(text, variables).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

#[test]
fn the_embedded_defaults_are_a_sound_configuration() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8360");
    assert_eq!(config.store.url, "sqlite:data/customer360.db");
    assert_eq!(config.auth.algorithms, [Algorithm::Hs256]);
    assert!(config.auth.key.is_none() && !config.auth.demo && config.migrate);
    assert_eq!(config.identity, identity::Rules::default());
    assert_eq!(config.lifecycle, lifecycle::Rules::default());
    assert_eq!(config.metrics, metrics::Policy::default());
    assert_eq!(config.score, ScoreConfig::default());
    assert_eq!(config.segmentation, metrics::segmentation::Segmentation::default());
    assert_eq!(config.alerts, metrics::alerts::AlertConfig::default());
    assert_eq!(config.limits, graphql::Limits::default());
    assert_eq!(config.sync.options, jobs::Options::default());
    assert_eq!(config.sync.interval_s, 300);
    assert!(config.sources.is_empty() && config.warnings.is_empty());
}

#[test]
fn scores_are_configured_by_key_and_checked_with_the_rest() {
    let text = "[score.lead]\nversion = \"2\"\nqualified_from = 40\n";
    let config = load(text, &[("C360__SCORE__HEALTH__MISSING", "neutral")]).unwrap();
    assert_eq!((config.score.lead.version.as_str(), config.score.lead.qualified_from), ("2", 40));
    assert_eq!(config.score.lead.fit, ScoreConfig::default().lead.fit, "the rest is as it was");
    assert_eq!(config.score.health.missing, metrics::score::Missing::Neutral);
    let found = mistakes(
        "[score.lead]\nqualified_from = 140\nhalf_live_days = 3\n[score.health]\nmissing = \"drop\"\n",
        &[],
    );
    for key in ["score.lead.half_live_days", "score.health.missing"] {
        assert!(found.iter().any(|f| f.starts_with(key)), "{key} is not in {found:#?}");
    }
    let found = mistakes(
        "[score.lead]\nqualified_from = 140\n[[score.health.segments]]\nsegment = \"smal\"\n\
         bands = [{ name = \"all\", from = 0 }]\ndimensions = []\n",
        &[],
    );
    for expected in [
        "score.lead.qualified_from must be from 0 to 100 (c.toml:2)",
        "score.health.segments none is named \"default\", for customers of no other one (c.toml:3)",
        "score.health.segments[0].segment is no segment: default, consumer, small, medium, large, unknown; did you mean \"small\"? (c.toml:4)",
    ] {
        assert!(found.iter().any(|f| f == expected), "{expected:?} is not in {found:#?}");
    }
}

#[test]
fn segments_and_personas_are_checked_key_by_key_with_their_lines() {
    let sound = "[[segmentation.segments]]\nname = \"key\"\n\
        when = { all = [{ field = \"arr\", currency = \"EUR\", min = 100 }, { not = { field = \"status\", any_of = [\"prospect\"] } }] }\n\
        [[segmentation.personas]]\nname = \"buyer\"\nwhen = { field = \"source\", any_of = [\"hubspt\"] }\n\
        [[score.health.segments]]\nsegment = \"default\"\nbands = [{ name = \"a\", from = 0 }]\n\
        dimensions = [{ input = \"nps\", weight = 1, scale = \"linear\", good = 9, poor = 0 }]\n\
        [[score.health.segments]]\nsegment = \"key\"\nbands = [{ name = \"a\", from = 0 }]\n\
        dimensions = [{ input = \"nps\", weight = 1, scale = \"linear\", good = 9, poor = 0 }]\n";
    let config = load(sound, &[]).unwrap();
    assert_eq!(config.segmentation.segments.len(), 1);
    let warned: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
    let expected =
        "segmentation.personas[0].when.any_of[0] names a source that is not configured (c.toml:6)";
    assert_eq!(warned, [expected]);
    let found = mistakes(
        "[segmentation]\nversion = \"\"\n\
         [[segmentation.segments]]\nname = \"small\"\nwhen = { field = \"arr\", any_of = [\"x\"] }\n\
         [[segmentation.segments]]\nname = \"a\"\n\
         when = { all = [{ field = \"stage\", any_of = [\"purchse\"] },\n\
         { any = [], field = \"nps\", min = 3, max = 1 }] }\n\
         [[segmentation.segments]]\nname = \"a\"\nwhen = {}\n",
        &[],
    );
    for expected in [
        "segmentation.version is empty; name the set of rules, e.g. \"1\" (c.toml:2)",
        "segmentation.segments[0].name is reserved for the segments by size; choose another one (c.toml:4)",
        "segmentation.segments[0].when.any_of does not apply to arr; remove it (c.toml:5)",
        "segmentation.segments[0].when.min is missing; arr needs it (c.toml:5)",
        "segmentation.segments[0].when.currency is missing; arr needs it (c.toml:5)",
        "segmentation.segments[1].when.all[0].any_of[0] is none of awareness, consideration, lead, mql, sql, opportunity, purchase, retention, advocacy (c.toml:8)",
        "segmentation.segments[1].when.all[1] must hold exactly one of \"field\", \"all\", \"any\", \"not\" (c.toml:9)",
        "segmentation.segments[1].when.all[1].any is empty; give at least one condition (c.toml:9)",
        "segmentation.segments[1].when.all[1].max must not be below min (c.toml:9)",
        "segmentation.segments[2].name is used by an earlier one; names must be unique (c.toml:11)",
        "segmentation.segments[2].when must hold exactly one of \"field\", \"all\", \"any\", \"not\" (c.toml:12)",
    ] {
        assert!(found.iter().any(|f| f == expected), "{expected:?} is not in {found:#?}");
    }
    let found = mistakes(
        "[[segmentation.segments]]\nname = \"a\"\nwhen = { field = \"shoe_size\" }\n\
         [[segmentation.segments]]\nname = \"b\"\nwehn = { field = \"nps\", min = 1 }\n",
        &[],
    );
    for key in ["segmentation.segments[0]", "segmentation.segments[1]"] {
        assert!(found.iter().any(|f| f.starts_with(key)), "{key} is not in {found:#?}");
    }
}

#[test]
fn alerts_are_checked_key_by_key_with_their_lines() {
    let sound = "[[alerts.rules]]\nid = \"a\"\npreset = \"churn_risk\"\nseverity = \"critical\"\nquiet_days = 90\n\
        when = { field = \"status\", any_of = [\"active\"] }\n";
    assert_eq!(load(sound, &[]).unwrap().alerts.rules.len(), 1);
    let found = mistakes(
        "[[alerts.rules]]\nid = \"a\"\npreset = \"health_falls\"\nseverity = \"notice\"\nquiet_days = 3\n\
         [[alerts.rules]]\nid = \"a\"\npreset = \"renewal_near\"\nseverity = \"notice\"\nwithin_days = 0\n\
         when = { field = \"nps\" }\n\
         [[alerts.rules]]\nid = \"\"\npreset = \"champion_left\"\nseverity = \"notice\"\nwithin_days = 9\n\
         when = { field = \"nps\", min = 3 }\njob_titles = [\"\"]\n",
        &[],
    );
    for expected in [
        "alerts.rules[0].within_days is missing; health_falls needs it (c.toml:1)",
        "alerts.rules[0].points is missing; health_falls needs it (c.toml:1)",
        "alerts.rules[0].quiet_days does not apply to health_falls; remove it (c.toml:5)",
        "alerts.rules[1].id is used by an earlier rule; ids must be unique (c.toml:7)",
        "alerts.rules[1].within_days must be between 1 and 3660 (c.toml:10)",
        "alerts.rules[1].when.min is missing; nps needs it (c.toml:11)",
        "alerts.rules[2].id is empty (c.toml:13)",
        "alerts.rules[2].when does not apply to champion_left; remove it (c.toml:17)",
        "alerts.rules[2].job_titles contains an empty word (c.toml:18)",
    ] {
        assert!(found.iter().any(|f| f == expected), "{expected:?} is not in {found:#?}");
    }
    let found =
        mistakes("[[alerts.rules]]\nid = \"a\"\npreset = \"helth\"\nseverity = \"notice\"\n", &[]);
    assert!(found.iter().any(|f| f.starts_with("alerts.rules[0]")), "{found:#?}");
}

#[test]
fn conditions_on_the_use_of_the_product_and_on_sources_are_checked() {
    let sound = "[[segmentation.segments]]\nname = \"idle\"\n\
        when = { any = [{ field = \"days_since_use\", min = 30 }, { field = \"uses\", max = 0, within_days = 30, actions = [\"login\"] }] }\n\
        [[alerts.rules]]\nid = \"a\"\npreset = \"churn_risk\"\nseverity = \"critical\"\nquiet_days = 90\n\
        when = { field = \"source\", any_of = [\"hubspt\"] }\n";
    let config = load(sound, &[]).unwrap();
    let warned: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
    let expected =
        "alerts.rules[0].when.any_of[0] names a source that is not configured (c.toml:9)";
    assert!(warned.iter().any(|w| w == expected), "{warned:#?}");
    let found = mistakes(
        "[[segmentation.segments]]\nname = \"a\"\n\
         when = { field = \"days_since_use\", min = 30, within_days = 9 }\n\
         [[segmentation.segments]]\nname = \"b\"\nwhen = { field = \"uses\", actions = [\"x\"] }\n\
         [[segmentation.segments]]\nname = \"c\"\nwhen = { field = \"tickets\", min = 1, actions = [\"x\"] }\n",
        &[],
    );
    for expected in [
        "segmentation.segments[0].when.within_days does not apply to days_since_use; remove it (c.toml:3)",
        "segmentation.segments[1].when.min is missing; uses needs it (c.toml:6)",
        "segmentation.segments[2].when.actions does not apply to tickets; remove it (c.toml:9)",
    ] {
        assert!(found.iter().any(|f| f == expected), "{expected:?} is not in {found:#?}");
    }
}

#[test]
fn targets_and_business_hours_are_checked_key_by_key_with_their_lines() {
    let sound = "[[metrics.targets]]\nmetric = \"nps\"\nquarter = \"2026-Q4\"\nbaseline = \"31\"\nreach = \"40\"\n\
        [metrics.business_hours]\ntimezone = \"Europe/Paris\"\nhours = { monday = [\"09:00-12:30\", \"13:30-24:00\"] }\n";
    let config = load(sound, &[]).unwrap();
    assert_eq!(config.metrics.targets.len(), 1);
    assert!(config.metrics.working_calendar().is_some());
    let found = mistakes(
        "[[metrics.targets]]\nmetric = \"csat\"\nquarter = \"2026-Q5\"\nbaseline = \"5%\"\nreach = \"1\"\n\
         [[metrics.targets]]\nmetric = \"nps\"\nquarter = \"2026-Q4\"\nbaseline = \"1\"\nreach = \"2\"\nraise_by = \"0.1\"\n\
         [metrics.business_hours]\ntimezone = \"Paris\"\nhours = { someday = [\"09:00-17:00\"] }\n",
        &[],
    );
    for (start, word) in [
        ("metrics.targets[0].metric has no readings; expected one of", "csat_share"),
        ("metrics.targets[0].quarter ", "2026-Q4"),
        ("metrics.targets[0].baseline ", "(c.toml:4)"),
        (
            "metrics.targets[1].reach give exactly one of reach, reduce_by and raise_by",
            "(c.toml:10)",
        ),
        ("metrics.business_hours.timezone is not an IANA time zone", "(c.toml:13)"),
        ("metrics.business_hours.hours.someday is not a weekday", "(c.toml:14)"),
    ] {
        let fits = |f: &String| f.starts_with(start) && f.contains(word);
        assert!(found.iter().any(fits), "{start:?} with {word:?} is not in {found:#?}");
    }
    let found = mistakes("[[metrics.targets]]\nmetric = \"nps\"\n", &[]);
    assert!(found.iter().any(|f| f.starts_with("metrics.targets[0]")), "{found:#?}");
}

#[test]
fn every_mistake_is_reported_at_once_with_its_key_and_line() {
    let found = mistakes(
        "[server]\nlisten = \"here\"\nlissen = 1\nworkers = -1\n\n[servers]\n[store]\nurl = \"mysql://x\"\n[log]\nformat = \"josn\"\n[identity]\nlarge_clustr = 3\nlarge_cluster = \"many\"\nunique_sources = []\n[identity.enabled]\nmatch_weigt = true\n[sync]\nbackoff_ms = 5\nbackoff_max_ms = 1\n",
        &[("C360__SERVER__MAX_BODY_BYTES", "lots"), ("C360__X", "1")],
    );
    for expected in [
        "server.listen expected ADDRESS:PORT, such as \"127.0.0.1:8360\" or \"[::]:8360\" (c.toml:2)",
        "server.lissen is not a known key; did you mean \"listen\"? (c.toml:3)",
        "server.workers expected a whole number from 0 to 1024 (c.toml:4)",
        "server.max_body_bytes expected a whole number from 1024 to 67108864 (variable C360__SERVER__MAX_BODY_BYTES)",
        "servers is not a known section; did you mean \"server\"? (c.toml:6)",
        "store.url expected sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME (c.toml:8)",
        "log.format expected one of auto, pretty, json; did you mean \"json\"? (c.toml:10)",
        "identity.large_clustr \"large_clustr\" is not a known key; did you mean \"large_cluster\"? (c.toml:12)",
        "identity.large_cluster expected usize (c.toml:13)",
        "identity.enabled.match_weigt \"match_weigt\" is not a known key; did you mean \"match_weight\"? (c.toml:16)",
        "sync.backoff_max_ms must not be below backoff_ms (c.toml:19)",
        "x names no key: expected C360__SECTION__KEY (variable C360__X)",
    ] {
        assert!(found.iter().any(|f| f == expected), "{expected:?} is not in {found:#?}");
    }
    assert_eq!(found.len(), 12, "{found:#?}");
}

#[test]
fn survivorship_rules_are_checked_by_field_and_lie_over_the_defaults() {
    use identity::{GoldenFieldName, SurvivorshipKey, SurvivorshipRule as Rule};
    let found = mistakes(
        "[identity.survivorship.email]\nrules = [\"most_recnt\"]\nnever = 1\n[identity.survivorship.e_mail]\nrules = [\"longest\"]\n[identity.survivorship.phone]\nnever_from = \"crm\"\n",
        &[],
    );
    for expected in [
        "identity.survivorship.email.rules expected one of \"most_trusted\", \"most_recent\", \"earliest\", \"most_frequent\", \"longest\" (c.toml:2)",
        "identity.survivorship.email.never \"never\" is not a known key; did you mean \"never_from\"? (c.toml:3)",
        "identity.survivorship.phone.never_from expected a sequence (c.toml:7)",
    ] {
        assert!(found.iter().any(|f| f == expected), "{expected:?} is not in {found:#?}");
    }
    let field = found.iter().find(|f| f.starts_with("identity.survivorship.e_mail ")).unwrap();
    assert!(field.contains("expected one of \"default\", \"name\", \"address\""), "{field}");
    assert!(field.contains("\"email\"") && field.ends_with("(c.toml:4)"), "{field}");
    assert_eq!(found.len(), 4, "{found:#?}");
    let found = mistakes(
        "[identity.survivorship.email]\nrules = []\n[identity.survivorship.phone]\nrules = [\"longest\", \"longest\"]\nnever_from = [\"\", \"crm\", \"crm\"]\n",
        &[],
    );
    assert_eq!(
        found,
        [
            "identity.survivorship.email.rules must name at least one rule (c.toml:2)",
            "identity.survivorship.phone.rules[1] the rule is named twice (c.toml:4)",
            "identity.survivorship.phone.never_from[0] a source name must not be empty (c.toml:5)",
            "identity.survivorship.phone.never_from[2] the source is named twice (c.toml:5)",
        ]
    );
    let config = load(
        "[identity.survivorship.email]\nrules = [\"most_frequent\", \"most_recent\"]\nnever_from = [\"billing\"]\n",
        &[("C360__IDENTITY__SURVIVORSHIP__PHONE__RULES", "[\"longest\"]")],
    )
    .unwrap();
    let with = |rules, field, key, never_from: Option<Vec<String>>| {
        let own = identity::FieldRules { rules: Some(rules), never_from };
        identity::Survivorship::with(key, SurvivorshipKey::Field(field), own)
    };
    let expected = identity::Survivorship::default();
    let expected = with(
        vec![Rule::MostFrequent, Rule::MostRecent],
        GoldenFieldName::Email,
        expected,
        Some(vec!["billing".to_owned()]),
    );
    let expected = with(vec![Rule::Longest], GoldenFieldName::Phone, expected, None);
    assert_eq!(config.identity.survivorship, expected);
    assert_eq!(config.warnings.len(), 1, "a source that is not configured: {:?}", config.warnings);
}

#[test]
fn mistakes_that_other_crates_find_carry_the_whole_key() {
    let found = mistakes(
        "[identity]\nlarge_cluster = 0\ndefault_country = \"de\"\n[metrics]\ntimezone = \"Paris\"\n[lifecycle]\nlapse_days = -1\n[[lifecycle.rules]]\nid = \"a\"\nstage = \"lead\"\nwhen = { event = \"known\" }\n[[lifecycle.rules]]\nid = \"b\"\nstage = \"ledd\"\nwhen = { event = \"known\" }\n",
        &[],
    );
    assert!(
        found.iter().any(|f| f.starts_with("identity.large_cluster ") && f.ends_with("(c.toml:2)")),
        "{found:#?}"
    );
    assert!(found.iter().any(|f| f.starts_with("identity.default_country ")), "{found:#?}");
    assert!(found.iter().any(|f| f.starts_with("metrics.timezone ")), "{found:#?}");
    assert!(
        found.iter().any(|f| f.starts_with("lifecycle.rules[1] ") && f.ends_with("(c.toml:12)")),
        "{found:#?}"
    );
    assert!(!found.iter().any(|f| f.starts_with("lifecycle.rules[0]")), "{found:#?}");
}

#[test]
fn secrets_come_from_variables_and_files_and_never_show() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "postgres://u:hunter2@h/db\n").unwrap();
    let text = format!(
        "[store]\nurl = {{ file = \"{}\" }}\n[auth]\nsecret = {{ env = \"S\" }}\n[sources.crm]\nconnector = \"hubspot\"\ntoken = {{ env = \"T\" }}\n",
        file.path().display()
    );
    let secret = "0123456789abcdef0123456789abcdef";
    let config = load(&text, &[("S", secret), ("T", "pat-hunter2")]).unwrap();
    assert_eq!(config.store.url, "postgres://u:hunter2@h/db");
    let Some(KeySource::Secret(key)) = &config.auth.key else { panic!("no secret") };
    assert_eq!(key.expose(), secret);
    assert_eq!(config.sources[0].settings["token"], "pat-hunter2");
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let printed = format!("{config:?} {:?} {}", config.sources, shown(&config));
    assert!(!printed.contains("hunter2") && !printed.contains(secret), "{printed}");
    assert!(printed.contains("***"));
}

#[test]
fn a_secret_that_cannot_be_had_says_where_it_was_looked_for() {
    let found = mistakes(
        "[auth]\nsecret = { env = \"NOPE\" }\n[sources.crm]\nconnector = \"hubspot\"\ntoken = { file = \"does/not/exist\" }\n",
        &[],
    );
    assert_eq!(found[0], "auth.secret variable NOPE is not set or empty (c.toml:2)");
    assert!(
        found[1].starts_with("sources.crm.token file does/not/exist cannot be read"),
        "{found:?}"
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn plain_secrets_work_with_a_warning() {
    let config = load(
        "[auth]\nsecret = \"0123456789abcdef0123456789abcdef\"\n[sources.crm]\nconnector = \"hubspot\"\ntoken = \"pat-1\"\n[sources.pay]\nconnector = \"stripe\"\nkey = \"rk_live\"\n",
        &[],
    )
    .unwrap();
    let warned: Vec<_> = config.warnings.iter().map(|w| w.key.as_str()).collect();
    assert_eq!(warned, ["auth.secret", "sources.crm.token", "sources.pay.key"]);
    let shown = shown(&config).to_string();
    assert!(
        !shown.contains("rk_live") && !shown.contains("pat-1") && !shown.contains("0123456789"),
        "{shown}"
    );
}

#[test]
fn keys_and_algorithms_must_fit_each_other() {
    for (text, expected) in [
        ("secret = \"short\"", "auth.secret is shorter than 32 bytes"),
        (
            "secret = \"0123456789abcdef0123456789abcdef\"\nalgorithms = [\"HS256\", \"RS256\"]",
            "auth.algorithms a secret goes with",
        ),
        ("algorithms = [\"none\"]", "auth.algorithms[0] expected one of"),
        ("algorithms = []", "auth.algorithms names no algorithm"),
        ("jwks_url = \"https://x/jwks\"", "auth.algorithms HS256 needs a secret"),
        (
            "jwks_url = \"http://x/jwks\"\nalgorithms = [\"RS256\"]",
            "auth.jwks_url expected an https://",
        ),
        ("public_key = \"x\"\nalgorithms = [\"RS256\"]", "auth.public_key is no key for RS256"),
        (
            "public_key = \"-----BEGIN PRIVATE KEY-----\"\nalgorithms = [\"RS256\"]",
            "auth.public_key is a private key",
        ),
        (
            "secret = \"0123456789abcdef0123456789abcdef\"\njwks_url = \"https://x/jwks\"",
            "auth.secret set only one of",
        ),
    ] {
        let found = mistakes(&format!("[auth]\n{text}\n"), &[]);
        assert!(found.iter().any(|f| f.starts_with(expected)), "{text}: {found:?}");
    }
    // The RSA public key is the classic bait: as HS256 secret it would verify forged tokens.
    let confused = format!("[auth]\nalgorithms = [\"HS256\"]\npublic_key = '''{RSA}'''\n");
    assert!(mistakes(&confused, &[])[0].starts_with("auth.algorithms HS256 needs a secret"));
    let fine = format!("[auth]\nalgorithms = [\"RS256\"]\npublic_key = '''{RSA}'''\n");
    assert!(matches!(load(&fine, &[]).unwrap().auth.key, Some(KeySource::PublicKey(_))));
    let wrong_kind =
        format!("[auth]\nalgorithms = [\"RS256\", \"ES256\"]\npublic_key = '''{RSA}'''\n");
    assert!(mistakes(&wrong_kind, &[])[0].starts_with("auth.public_key is no key for ES256"));
}

#[test]
fn tokens_are_handed_out_on_this_machine_only() {
    let found = mistakes("[server]\nlisten = \"0.0.0.0:8360\"\n[auth]\ndemo = true\n", &[]);
    assert!(found[0].starts_with("auth.demo "), "{found:?}");
    assert!(load("[auth]\ndemo = true\n", &[]).unwrap().auth.demo);
}

#[test]
fn variables_reach_into_sources_and_digits_stay_a_token() {
    let config = load(
        "[sources.crm]\nconnector = \"hubspot\"\n",
        &[("C360__SOURCES__CRM__TOKEN", "12345678"), ("C360__SOURCES__CRM__ENABLED", "false")],
    )
    .unwrap();
    assert_eq!(config.sources[0].settings["token"], "12345678");
    assert!(!config.sources[0].enabled && config.warnings.is_empty());
}

#[test]
fn sources_need_a_known_connector_and_a_plain_name() {
    let found = mistakes(
        "[sources.\"My CRM\"]\nconnector = \"hubspott\"\n[sources.b]\n[sources.c]\nconnector = \"hubspot\"\n",
        &[],
    );
    assert!(found.iter().any(|f| f.contains("the name of a source")), "{found:#?}");
    assert!(found.iter().any(|f| f.contains("did you mean \"hubspot\"?")), "{found:#?}");
    assert!(found.iter().any(|f| f.starts_with("sources.b.connector is missing")), "{found:#?}");
    assert!(found.iter().any(|f| f.starts_with("sources.c.token ")), "{found:#?}");
}

#[test]
fn a_file_that_is_not_there_is_a_mistake_and_the_default_one_is_not_needed() {
    let places = Places { file: Some("does/not/exist.toml".into()), env: BTreeMap::new() };
    let error = Config::load(&places).unwrap_err();
    assert!(error.to_string().contains("does/not/exist.toml"), "{error}");
    let by_variable = Places { file: None, env: env(&[(FILE_VARIABLE, "also/not.toml")]) };
    assert!(Config::load(&by_variable).is_err());
}

#[test]
fn what_is_not_toml_is_reported_by_line() {
    let found = mistakes("[server]\nlisten = \n[store\n", &[]);
    assert!(found.iter().any(|f| f.contains("is not TOML") && f.contains("c.toml:2")), "{found:?}");
}
