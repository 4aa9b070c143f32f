//! What the rules of alerts raise: each preset with what it needs, what it ignores, and when it ends.

use super::build::*;
use crate::alerts::{
    AlertConfig, AlertRule, DEFAULT_ALERTS_TOML, Departure, Preset, Raised, Watched, departures,
    raised,
};
use crate::score::HealthModel;
use crate::segmentation::Traits;
use crate::{Policy, Segment, numbers};
use domain::*;

fn rule(text: &str) -> AlertConfig {
    let text = format!("[[rules]]\nid = \"r\"\nseverity = \"warning\"\n{text}");
    let config: AlertConfig = toml::from_str(&text).unwrap();
    assert_eq!(config.problems(), [], "{text}");
    config
}

fn raise(config: &AlertConfig, facts: Vec<Fact>, history: &[Transition], on: &str) -> Vec<Raised> {
    raise_as(config, facts, history, on, Status::Active)
}

fn raise_as(
    config: &AlertConfig,
    facts: Vec<Fact>,
    history: &[Transition],
    on: &str,
    status: Status,
) -> Vec<Raised> {
    let (facts, policy, now) = (profile(facts), Policy::default(), at(on));
    let numbers = numbers(&facts, &policy, &ALL, now);
    let traits = Traits {
        facts: &facts,
        numbers: &numbers,
        policy: &policy,
        sources: &ALL,
        size: Segment::Small,
        stage: Stage::Retention,
        status,
        as_of: now,
    };
    let health = HealthModel::default();
    let watched = Watched { traits, transitions: history, health: &health, segment: "small" };
    raised(config, &watched)
}

#[test]
fn the_commented_text_is_the_default() {
    #[derive(serde::Deserialize)]
    struct File {
        alerts: AlertConfig,
    }
    let file: File = toml::from_str(DEFAULT_ALERTS_TOML).unwrap();
    assert_eq!(file.alerts, AlertConfig::default());
    assert_eq!(file.alerts.problems(), []);
    let presets: Vec<Preset> = file.alerts.rules.iter().map(|rule| rule.preset).collect();
    assert!(Preset::ALL.iter().all(|preset| presets.contains(preset)));
}

fn contract(id: i64, end: &str, months: u32) -> Fact {
    let mut body = subscription("EUR", vec![item(100, Interval::Month, months)]);
    body.current_period_end = Some(at(end));
    fact("subscriptions", id, Canonical::Subscription(body))
}

#[test]
fn a_renewal_is_near_once_for_each_end_and_not_for_monthly_contracts() {
    let config = rule("preset = \"renewal_near\"\nwithin_days = 30\nmin_interval_months = 6\n");
    let of = |fact: Fact, on: &str| raise(&config, vec![fact], &[], on);
    let near = of(contract(1, "2025-06-20", 12), "2025-06-01");
    assert_eq!(near.len(), 1);
    assert_eq!(near[0].evidence, [key("subscriptions", 1).id()]);
    assert_eq!(near[0].occurred_at, at("2025-05-21"));
    assert!(!near[0].recurs);
    assert_eq!(of(contract(1, "2025-06-20", 12), "2025-06-10")[0].cause, near[0].cause);
    assert_ne!(of(contract(1, "2026-06-20", 12), "2026-06-01")[0].cause, near[0].cause);
    for (fact, on) in [
        (contract(1, "2025-06-20", 12), "2025-05-01"),
        (contract(1, "2025-06-20", 12), "2025-06-20"),
        (contract(1, "2025-06-20", 1), "2025-06-01"),
    ] {
        assert_eq!(of(fact, on), [], "{on}");
    }
    let mut leaving = contract(1, "2025-06-20", 12);
    if let Canonical::Subscription(body) = &mut leaving.body {
        body.canceled_at = Some(at("2025-05-01"));
    }
    assert_eq!(of(leaving, "2025-06-01"), []);
}

fn step(from: Stage, to: Stage, direction: Direction, on: &str) -> Transition {
    let occurred_at = at(on);
    Transition {
        from: Some(from),
        to,
        direction,
        rule_id: "r".to_owned(),
        reason: "it was so".to_owned(),
        occurred_at,
        evidence: vec![key("deals", 1).id()],
    }
}

#[test]
fn a_stage_that_moved_back_is_told_until_it_is_regained_or_long_ago() {
    let config = rule("preset = \"stage_moved_back\"\nwithin_days = 30\n");
    let fell = step(Stage::Opportunity, Stage::Lead, Direction::Backward, "2025-06-01");
    let of = |history: &[Transition], on: &str| raise(&config, Vec::new(), history, on);
    let told = of(std::slice::from_ref(&fell), "2025-06-10");
    assert_eq!((told.len(), told[0].occurred_at), (1, at("2025-06-01")));
    assert_eq!(told[0].evidence, fell.evidence);
    assert_eq!(of(std::slice::from_ref(&fell), "2025-07-02"), []);
    let rose = step(Stage::Lead, Stage::Purchase, Direction::Forward, "2025-06-05");
    assert_eq!(of(&[fell.clone(), rose], "2025-06-10"), []);
    let part = step(Stage::Lead, Stage::Mql, Direction::Forward, "2025-06-05");
    assert_eq!(of(&[fell.clone(), part], "2025-06-10").len(), 1, "not as far as it was");
    let other = rule("preset = \"stage_moved_back\"\nwithin_days = 30\nstages = [\"advocacy\"]\n");
    assert_eq!(raise(&other, Vec::new(), &[fell], "2025-06-10"), []);
}

#[test]
fn health_falls_by_points_with_the_records_that_made_it_fall() {
    let facts = || {
        vec![
            payment(1, "2025-01-01", money("EUR", 100)),
            payment(2, "2025-05-20", money("EUR", 100)),
            answer(3, "2025-05-01", SurveyKind::Nps, 10),
            paid(4, "2025-06-20", money("EUR", 100), PaymentStatus::Failed),
            paid(5, "2025-06-21", money("EUR", 100), PaymentStatus::Failed),
            answer(6, "2025-06-22", SurveyKind::Nps, 0),
        ]
    };
    let config = rule("preset = \"health_falls\"\npoints = 20\nwithin_days = 30\n");
    let told = raise(&config, facts(), &[], "2025-06-25");
    assert_eq!(told.len(), 1);
    assert!(told[0].recurs && told[0].detail.starts_with("health fell from"), "{}", told[0].detail);
    let expected = [key("surveys", 6), key("payments", 5), key("payments", 4)];
    assert_eq!(told[0].evidence, expected.map(|key| key.id()));
    assert_eq!(raise(&config, facts(), &[], "2025-06-10"), [], "before it fell");
    // Nobody's health falls who bought nothing before.
    let late = facts().into_iter().skip(1).collect();
    assert_eq!(raise(&config, late, &[], "2025-06-10"), []);
}

#[test]
fn signs_of_leaving_add_up_and_concern_customers_only() {
    let text = "preset = \"churn_risk\"\nfailed_payments = 2\nwithin_days = 30\nquiet_days = 60\n";
    let failed = |id, on: &str| paid(id, on, money("EUR", 100), PaymentStatus::Failed);
    let facts = || vec![failed(1, "2025-06-01"), failed(2, "2025-06-02")];
    let one = raise(&rule(text), facts(), &[], "2025-06-10");
    assert_eq!(one.len(), 1);
    assert_eq!(one[0].detail, "the customer may leave: 2 payments failed");
    let quiet = raise(&rule(text), facts(), &[], "2025-08-10");
    assert_eq!(quiet[0].detail, "the customer may leave: nothing was heard for 60 days or more");
    let both = rule(&format!("{text}signals_min = 2\n"));
    assert_eq!(raise(&both, facts(), &[], "2025-06-10"), []);
    let late = raise_as(&both, facts(), &[], "2025-06-10", Status::PastDue);
    assert!(late[0].detail.contains("a payment is late, 2 payments failed"));
    assert_eq!(raise_as(&rule(text), facts(), &[], "2025-06-10", Status::Prospect), []);
    let mut leaving = contract(7, "2025-09-01", 12);
    if let Canonical::Subscription(body) = &mut leaving.body {
        body.canceled_at = Some(at("2025-06-01"));
    }
    let asked = raise(&rule("preset = \"churn_risk\"\n"), vec![leaving], &[], "2025-06-10");
    assert_eq!(asked[0].evidence, [key("subscriptions", 7).id()]);
}

#[test]
fn a_rule_may_be_for_some_customers_only() {
    let text = "preset = \"churn_risk\"\nwhen = { field = \"size\", any_of = [\"large\"] }\n";
    let late = raise_as(&rule(text), Vec::new(), &[], "2025-06-10", Status::PastDue);
    assert_eq!(late, []);
    let text = text.replace("large", "small");
    assert_eq!(raise_as(&rule(&text), Vec::new(), &[], "2025-06-10", Status::PastDue).len(), 1);
}

#[test]
fn people_who_left_are_told_by_title_persona_and_time() {
    let left = |person: i64, on: &str, title: &str, persona: Option<&str>| Departure {
        company: ProfileId(1),
        person: ProfileId(person),
        at: at(on),
        stays: person == 3,
        job_title: Some(title.to_owned()),
        persona: persona.map(str::to_owned),
        records: vec![key("contacts", person).id()],
    };
    let all = [
        left(1, "2025-06-01", "VP of Sales", None),
        left(2, "2025-06-02", "Clerk", Some("buyer")),
        left(3, "2025-06-03", "Clerk", None),
        left(4, "2024-06-03", "VP", None),
    ];
    let count = |more: &str| {
        let config = rule(&format!("preset = \"champion_left\"\nwithin_days = 30\n{more}"));
        assert_eq!(config.departure_days(), Some(30));
        departures(&config, &all, at("2025-06-10")).len()
    };
    assert_eq!(count(""), 3);
    assert_eq!(count("job_titles = [\"vp\"]\n"), 1);
    assert_eq!(count("job_titles = [\"vp\"]\npersonas = [\"buyer\"]\n"), 2);
    let rules: Vec<AlertRule> = Vec::new();
    assert_eq!(AlertConfig { version: "1".to_owned(), rules }.departure_days(), None);
}
