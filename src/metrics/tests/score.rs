//! Lead and health scores: points, fading, weights, missing inputs, history, mistakes in rules.

use super::build::{ALL, answer, at, fact, money, paid, payment, profile, ticket, used};
use crate::score::*;
use crate::{Measured, NullReason, Ratio, Sources};
use domain::*;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn touch(id: i64, on: &str, action: &str) -> Fact {
    let body = Touchpoint {
        action: action.to_owned(),
        channel: None,
        campaign: None,
        touched_at: Timestamp::parse(on),
        links: Vec::new(),
    };
    fact("touches", id, Canonical::Touchpoint(body))
}

fn contact(title: &str) -> Fact {
    let body = Contact { job_title: Some(title.to_owned()), ..Contact::default() };
    fact("contacts", 1, Canonical::Contact(body))
}

fn company(employees: i64, created: &str) -> Fact {
    let body = Company {
        employee_count: Some(employees),
        created_at: Timestamp::parse(created),
        ..Company::default()
    };
    fact("companies", 1, Canonical::Company(body))
}

#[test]
fn the_segment_of_a_score_follows_from_the_facts_in_any_order() {
    let policy = crate::Policy::default();
    let of = |kind, facts| score_segment(&ProfileFacts { kind, ..profile(facts) }, &policy);
    let (small, large) = (company(3, "2026-01-01"), company(policy.medium_below, "2026-02-01"));
    for facts in [vec![small.clone(), large.clone()], vec![large, small.clone()]] {
        assert_eq!(of(ProfileKind::Company, facts), crate::Segment::Large);
    }
    assert_eq!(of(ProfileKind::Company, vec![small]), crate::Segment::Small);
    assert_eq!(of(ProfileKind::Company, Vec::new()), crate::Segment::Unknown);
    assert_eq!(of(ProfileKind::Person, vec![contact("CTO")]), crate::Segment::Consumer);
    let of_company = Fact { owned: false, ..touch(1, "2026-03-01", "download") };
    assert_eq!(of(ProfileKind::Person, vec![of_company]), crate::Segment::Unknown);
    let body = Contact { company_name: Some("Acme".to_owned()), ..Contact::default() };
    let employed = fact("contacts", 2, Canonical::Contact(body));
    assert_eq!(of(ProfileKind::Person, vec![employed]), crate::Segment::Unknown);
}

fn lead(facts: Vec<Fact>, on: &str) -> LeadScore {
    lead_score(&profile(facts), &LeadRules::default(), at(on))
}

#[test]
fn the_commented_defaults_are_the_defaults_and_are_sound() {
    #[derive(serde::Deserialize)]
    struct File {
        score: ScoreConfig,
    }
    let file: File = toml::from_str(DEFAULT_SCORE_TOML).unwrap();
    assert_eq!(file.score, ScoreConfig::default());
    assert_eq!(file.score.problems(), Vec::new());
    assert!(toml::from_str::<File>(&DEFAULT_SCORE_TOML.replace("weight", "wieght")).is_err());
}

#[test]
fn who_they_are_counts_once_and_what_they_did_fades() {
    let facts = || {
        vec![
            contact("Head of Data"),
            company(80, "2026-01-01"),
            touch(1, "2026-03-01", "Pricing View"),
            touch(2, "2026-03-15", "pricing-view"),
        ]
    };
    let score = lead(facts(), "2026-03-15");
    // 20 for the size, 15 for the title, 15 today and 15 one half-life of 14 days ago.
    assert_eq!(score.score, Measured::some(58)); // 57.5 rounds to the even 58
    let parts: Vec<(&str, Ratio, i64)> =
        score.parts.iter().map(|part| (part.rule.as_str(), part.points, part.count)).collect();
    assert_eq!(
        parts,
        [
            ("fit.company_size", Ratio::whole(20), 1),
            ("fit.decides", Ratio::whole(15), 1),
            ("did.looked_at_prices", Ratio::new(45, 2).unwrap(), 2),
        ]
    );
    assert_eq!(score.parts[2].evidence.len(), 2);
    assert!(!score.qualified);
    // A year later only the fit is left; before anything happened there is less.
    assert_eq!(lead(facts(), "2027-03-15").score, Measured::some(35));
    assert_eq!(lead(facts(), "2025-12-31").score, Measured::some(15));
    assert_eq!(lead(facts(), "2026-03-01").score, Measured::some(50));
}

#[test]
fn a_title_is_matched_by_whole_words() {
    let points = |title: &str| lead(vec![contact(title)], "2026-01-01").score.value.unwrap();
    assert_eq!(points("VP, Sales"), 15);
    assert_eq!(points("Headhunter"), 0);
    assert_eq!(points("Co-Founder & CEO"), 15);
}

#[test]
fn rules_have_limits_and_scores_are_held_to_0_and_100() {
    let day = "2026-03-01";
    let demos = |n: i64| (0..n).map(|id| touch(id, day, "demo_request")).collect::<Vec<_>>();
    assert_eq!(lead(demos(9), day).score, Measured::some(60));
    assert!(lead(demos(9), day).qualified);
    let gone = vec![touch(1, day, "unsubscribe")];
    assert_eq!(lead(gone.clone(), day).score, Measured::some(0));
    assert_eq!(lead(gone, day).parts[0].points, Ratio::whole(-25));
    let mut all = demos(9);
    all.extend((20..30).map(|id| touch(id, day, "webinar")));
    all.extend([contact("CEO"), company(500, "2026-01-01")]);
    assert_eq!(lead(all, day).score, Measured::some(100));
}

#[test]
fn a_customer_has_no_lead_score_and_a_lead_no_health() {
    let facts = profile(vec![
        touch(1, "2026-01-01", "demo_request"),
        payment(2, "2026-02-01", money("EUR", 100)),
    ]);
    let lead = |on: &str| lead_score(&facts, &LeadRules::default(), at(on)).score;
    assert_eq!(lead("2026-01-31"), Measured::some(20));
    assert_eq!(lead("2026-02-01"), Measured::none(NullReason::NotApplicable));
    assert_eq!(lead("2025-12-31"), Measured::none(NullReason::NoData));
    let zone = TimeZone::UTC;
    let from = HealthFacts { facts: &facts, sources: &ALL, zone: &zone };
    let health = |on: &str| health_score(&from, &HealthModel::default(), "small", at(on));
    assert_eq!(health("2026-01-31").score, Measured::none(NullReason::NotApplicable));
    assert_eq!(health("2026-02-02").segment, "default");
    assert!(health("2026-02-02").score.value.is_some());
}

#[test]
fn an_action_without_a_time_cannot_fade_and_does_not_count() {
    let score = lead(vec![touch(1, "", "demo_request"), contact("Clerk")], "2026-01-01");
    assert_eq!((score.score, score.undated), (Measured::some(0), 1));
}

#[test]
fn five_good_three_average_and_two_poor_make_76() {
    let points = Points { good: 100, average: 60, poor: 40 };
    assert_eq!(quality_score(5, 3, 2, points), Measured::some(Ratio::whole(76)));
    let none = quality_score(0, 0, 0, points).null_reason;
    assert_eq!(none, Some(NullReason::ZeroDenominator));
}

fn customer() -> ProfileFacts {
    profile(vec![
        payment(1, "2026-02-01", money("EUR", 100)),
        paid(2, "2026-03-01", money("EUR", 100), PaymentStatus::Failed),
        ticket(3, "2026-03-01", TicketStatus::Open),
        answer(4, "2026-01-15", SurveyKind::Nps, 10),
        answer(5, "2026-03-05", SurveyKind::Nps, 7),
    ])
}

/// The customer, who used the product every eight hours on six days.
fn user() -> ProfileFacts {
    let mut facts = customer();
    facts.facts.extend((0..18).map(|n| {
        let when = at("2026-03-09").plus_millis(-n * 8 * 3_600_000);
        used(100 + n, when)
    }));
    facts
}

fn health(model: &HealthModel, sources: &Sources, on: &str) -> HealthScore {
    let (facts, zone) = (user(), TimeZone::UTC);
    let from = HealthFacts { facts: &facts, sources, zone: &zone };
    health_score(&from, model, "default", at(on))
}

#[test]
fn health_is_the_weighted_mean_of_its_dimensions() {
    let score = health(&HealthModel::default(), &ALL, "2026-03-10");
    let parts: Vec<_> = score
        .dimensions
        .iter()
        .filter_map(|part| Some((part.input, part.value.value?, part.points.value?)))
        .collect();
    assert_eq!(
        parts,
        [
            (HealthInput::ActiveDays, 7, 58), // 18 eight-hour steps touch seven days
            (HealthInput::OpenTickets, 1, 75),
            (HealthInput::Nps, 7, 60),
            (HealthInput::FailedPayments, 1, 60),
        ]
    );
    // (40*58 + 20*75 + 20*60 + 20*60) / 100 = 62.2
    assert_eq!(score.score, Measured::some(62));
    assert_eq!(score.band.as_deref(), Some("average"));
    // Before the second answer and the failure it was better: a history is asked for by date.
    let before = health(&HealthModel::default(), &ALL, "2026-02-20");
    assert_eq!(before.dimensions[2].value, Measured::some(10));
    assert_eq!(before.dimensions[3].points, Measured::some(100));
}

#[test]
fn a_missing_input_does_what_the_model_says() {
    let with = |missing| HealthModel { missing, ..HealthModel::default() };
    let sources = Sources { has_usage: false, ..ALL };
    let score = |missing| health(&with(missing), &sources, "2026-03-10");
    let skipped = score(Missing::Skip);
    assert_eq!(skipped.score, Measured::some(65)); // (75 + 60 + 60) / 3
    assert_eq!(skipped.dimensions[0].value, Measured::none(NullReason::NoSource));
    let neutral = score(Missing::Neutral);
    assert_eq!(neutral.score, Measured::some(58)); // (40*50 + 20*195 + 10*50) / 110
    assert_eq!(neutral.dimensions[0].points, Measured::some(50));
    assert_eq!(neutral.dimensions[0].value.null_reason, Some(NullReason::NoSource));
    let null = score(Missing::Null);
    assert_eq!(null.score, Measured::none(NullReason::MissingInput));
    assert_eq!((null.band, null.dimensions.len()), (None, 5));
    for missing in [Missing::Skip, Missing::Neutral, Missing::Null] {
        let nothing = health(&with(missing), &Sources::default(), "2026-03-10");
        assert_eq!(nothing.score, Measured::none(NullReason::NoData), "{missing:?}");
    }
}

#[test]
fn a_segment_has_weights_and_bands_of_its_own() {
    let mut model = HealthModel::default();
    let mut small = model.segments[0].clone();
    small.segment = "small".to_owned();
    small.dimensions.truncate(1);
    small.bands = vec![Band { name: "all well".to_owned(), from: 0 }];
    model.segments.push(small);
    let (facts, zone) = (user(), TimeZone::UTC);
    let from = HealthFacts { facts: &facts, sources: &ALL, zone: &zone };
    let of = |segment: &str| health_score(&from, &model, segment, at("2026-03-10"));
    assert_eq!(
        (of("small").score, of("small").band),
        (Measured::some(58), Some("all well".into()))
    );
    assert_eq!(of("large").segment, "default");
    model.segments.clear();
    assert_eq!(
        health_score(&from, &model, "x", at("2026-03-10")).score.null_reason,
        Some(NullReason::InvalidData)
    );
}

#[test]
fn histories_are_read_at_even_moments_and_bounded() {
    let moments = history_moments(at("2026-01-01"), at("2026-01-20"), 7);
    assert_eq!(moments, [at("2026-01-06"), at("2026-01-13"), at("2026-01-20")]);
    assert_eq!(history_moments(at("2026-01-02"), at("2026-01-01"), 1), []);
    assert_eq!(history_moments(at("0001-01-01"), at("9999-12-31"), 1).len(), HISTORY_MAX);
}

#[test]
fn every_mistake_in_the_rules_is_reported() {
    let mut config = ScoreConfig::default();
    let lead = &mut config.lead;
    lead.version.clear();
    lead.qualified_from = 101;
    lead.half_life_days = 0;
    lead.fit[0].max = Some(10);
    lead.fit[1].any_of.clear();
    lead.fit[1].points = 0;
    lead.behaviour[0].id = "fit.decides".to_owned();
    lead.behaviour[0].actions.clear();
    lead.behaviour[1].max_points = Some(0);
    lead.behaviour[3].actions = vec!["x".to_owned()];
    let health = &mut config.health;
    health.neutral = -1;
    let model = &mut health.segments[0];
    model.segment = "small".to_owned();
    model.bands[0].from = 60;
    model.points.average = 0;
    model.dimensions[0].weight = 0;
    model.dimensions[1].poor = 0;
    model.dimensions[2].average = Some(10);
    model.dimensions[3].input = HealthInput::Nps;
    model.dimensions[3].window_days = 0;
    let keys: Vec<String> = config.problems().into_iter().map(|problem| problem.key).collect();
    assert_eq!(
        keys,
        [
            "lead.version",
            "lead.qualified_from",
            "lead.half_life_days",
            "lead.fit[0].max",
            "lead.fit[1].points",
            "lead.fit[1].any_of",
            "lead.behaviour[0].id",
            "lead.behaviour[0].actions",
            "lead.behaviour[1].max_points",
            "lead.behaviour[3].actions",
            "health.neutral",
            "health.segments",
            "health.segments[0].bands",
            "health.segments[0].bands",
            "health.segments[0].points",
            "health.segments[0].dimensions[0].weight",
            "health.segments[0].dimensions[1].good",
            "health.segments[0].dimensions[2].average",
            "health.segments[0].dimensions[3].input",
            "health.segments[0].dimensions[3].window_days",
        ]
    );
}

proptest! {
    #[test]
    fn scores_do_not_depend_on_the_order_of_facts(
        days in prop::collection::vec((0_i64..90, 0_usize..4), 0..20),
        turn in 0_usize..20,
    ) {
        let actions = ["pricing_view", "webinar", "demo_request", "unsubscribe"];
        let start = at("2026-01-01");
        let mut facts: Vec<Fact> = days.iter().zip(0..).map(|((day, action), id)| {
            touch(id, &start.plus_days(*day).to_string(), actions[*action])
        }).collect();
        facts.push(contact("CTO"));
        let straight = lead(facts.clone(), "2026-03-01");
        let length = facts.len();
        facts.rotate_left(turn % length);
        facts.reverse();
        prop_assert_eq!(&straight, &lead(facts, "2026-03-01"));
        prop_assert!((0..=100).contains(&straight.score.value.unwrap()));
    }
}

#[test]
fn the_first_reply_is_measured_by_the_median_of_answered_tickets() {
    let answered = |id, opened: &str, reply: Option<&str>| {
        let mut fact = ticket(id, opened, TicketStatus::Open);
        if let Canonical::Ticket(body) = &mut fact.body {
            body.first_replied_at = reply.map(at);
        }
        fact
    };
    let facts = profile(vec![
        payment(1, "2026-02-01", money("EUR", 100)),
        answered(2, "2026-03-01T10:00:00Z", Some("2026-03-01T10:30:00Z")),
        answered(3, "2026-03-02T10:00:00Z", Some("2026-03-02T14:00:00Z")),
        answered(4, "2026-03-03T10:00:00Z", Some("2026-03-03T22:00:00Z")),
        answered(5, "2026-03-04T10:00:00Z", None),
        answered(6, "2026-03-05T10:00:00Z", Some("2026-03-20T10:00:00Z")),
        answered(7, "2025-03-05T10:00:00Z", Some("2025-03-20T10:00:00Z")),
    ]);
    let zone = TimeZone::UTC;
    let from = HealthFacts { facts: &facts, sources: &ALL, zone: &zone };
    let of = |on: &str| {
        let health = health_score(&from, &HealthModel::default(), "default", at(on));
        health.dimensions.last().cloned().unwrap()
    };
    let part = of("2026-03-10");
    assert_eq!(part.input, HealthInput::FirstReplyMinutes);
    assert_eq!((part.value, part.points), (Measured::some(240), Measured::some(100)));
    assert_eq!(of("2026-03-21").value, Measured::some(720), "the longer one of two in the middle");
    assert_eq!(of("2026-02-20").value, Measured::none(NullReason::NoData));
}
