//! Segments and personas: each field, bounds in whole units, what is not known, time.

use super::build::*;
use crate::segmentation::{DEFAULT_SEGMENTATION_TOML, Segmentation, Traits};
use crate::{Policy, Segment, Sources, numbers};
use domain::*;

/// One segment `a` with this condition, and one persona `p` with the same.
fn rules(when: &str) -> Segmentation {
    let text = format!(
        "[[segments]]\nname = \"a\"\nwhen = {when}\n[[personas]]\nname = \"p\"\nwhen = {when}\n"
    );
    let rules: Segmentation = toml::from_str(&text).unwrap();
    assert_eq!(rules.problems(), [], "{when}");
    rules
}

fn holds_of(facts: &ProfileFacts, when: &str, on: &str, sources: &Sources) -> bool {
    let policy = Policy::default();
    let now = at(on);
    let numbers = numbers(facts, &policy, sources, now);
    let groups = rules(when).groups(&Traits {
        facts,
        numbers: &numbers,
        policy: &policy,
        sources,
        size: Segment::Small,
        stage: Stage::Retention,
        status: Status::Active,
        as_of: now,
    });
    assert_eq!(groups.segments.last().map(String::as_str), Some("small"));
    let holds = groups.segments.len() == 2;
    assert_eq!(groups.main(), if holds { "a" } else { "small" });
    assert_eq!(groups.persona.is_some(), holds && facts.kind == ProfileKind::Person);
    holds
}

fn company() -> ProfileFacts {
    let acme = Company {
        industry: Some("Software".into()),
        employee_count: Some(40),
        address: Address { country: Some("DE".into()), ..Address::default() },
        acquisition_channel: Some("paid_search".into()),
        created_at: Some(at("2024-01-01")),
        ..Company::default()
    };
    let mut suite = item(100_050, Interval::Month, 1);
    suite.product = Some("Suite".into());
    let won = Deal {
        name: None,
        pipeline: None,
        deal_stage: None,
        status: DealStatus::Won,
        amount: None,
        created_at: Some(at("2023-01-01")),
        closed_at: Some(at("2024-06-01")),
        links: Vec::new(),
    };
    let touch = Touchpoint {
        action: "Pricing View".into(),
        channel: None,
        campaign: None,
        touched_at: Some(at("2025-06-20")),
        links: Vec::new(),
    };
    ProfileFacts {
        sources: ["hubspot".to_owned(), "stripe".to_owned()].into(),
        ..profile(vec![
            fact("companies", 1, Canonical::Company(acme)),
            fact("subscriptions", 2, Canonical::Subscription(subscription("EUR", vec![suite]))),
            fact("deals", 3, Canonical::Deal(won)),
            fact("touches", 4, Canonical::Touchpoint(touch)),
            payment(5, "2025-01-01", money("EUR", 20_000)),
            paid(6, "2025-06-25", money("EUR", 20_000), PaymentStatus::Failed),
            ticket(7, "2025-06-25", TicketStatus::Open),
            answer(8, "2025-05-01", SurveyKind::Nps, 9),
        ])
    }
}

#[test]
fn every_field_is_held_to_what_the_facts_say() {
    let (facts, day) = (company(), "2025-07-01");
    for (when, expected) in [
        ("{ field = \"kind\", any_of = [\"company\"] }", true),
        ("{ field = \"kind\", any_of = [\"person\"] }", false),
        ("{ field = \"business_model\", any_of = [\"B2B\"] }", true),
        ("{ field = \"size\", any_of = [\"large\", \"small\"] }", true),
        ("{ field = \"stage\", any_of = [\"retention\"] }", true),
        ("{ field = \"status\", any_of = [\"paused\"] }", false),
        ("{ field = \"source\", any_of = [\"stripe\"] }", true),
        ("{ field = \"source\", any_of = [\"zendesk\"] }", false),
        ("{ field = \"country\", any_of = [\"de\"] }", true),
        ("{ field = \"industry\", any_of = [\"soft\"] }", false),
        ("{ field = \"industry\", any_of = [\" software \"] }", true),
        ("{ field = \"channel\", any_of = [\"paid_search\"] }", true),
        ("{ field = \"product\", any_of = [\"suite\"] }", true),
        ("{ field = \"employee_count\", min = 40, max = 40 }", true),
        ("{ field = \"employee_count\", min = 41 }", false),
        ("{ field = \"tenure_days\", min = 181, max = 181 }", true),
        ("{ field = \"nps\", min = 9 }", true),
        // 1,000.50 a month is 12,006 a year.
        ("{ field = \"arr\", currency = \"EUR\", min = 12006, max = 12006 }", true),
        ("{ field = \"arr\", currency = \"EUR\", min = 12007 }", false),
        ("{ field = \"arr\", currency = \"USD\", max = 0 }", true),
        ("{ field = \"revenue\", currency = \"EUR\", min = 200, max = 200 }", true),
        ("{ field = \"payments\", min = 1, max = 1 }", true),
        ("{ field = \"failed_payments\", min = 1, within_days = 30 }", true),
        ("{ field = \"failed_payments\", min = 1, within_days = 5 }", false),
        ("{ field = \"tickets\", max = 0 }", false),
        // Won within the last 400 days, though opened before.
        ("{ field = \"deals_won\", min = 1, within_days = 400 }", true),
        ("{ field = \"touchpoints\", min = 1, actions = [\"pricing-view\"] }", true),
        ("{ field = \"touchpoints\", min = 1, actions = [\"demo\"] }", false),
        ("{ not = { field = \"nps\", min = 10 } }", true),
        ("{ all = [{ field = \"nps\", min = 9 }, { field = \"nps\", max = 8 }] }", false),
        ("{ any = [{ field = \"nps\", min = 10 }, { field = \"nps\", max = 9 }] }", true),
    ] {
        assert_eq!(holds_of(&facts, when, day, &ALL), expected, "{when}");
    }
}

#[test]
fn uses_of_the_product_are_counted_and_the_last_one_is_dated() {
    let mut facts = company();
    let mut named = used(9, at("2025-06-20"));
    if let Canonical::UsageEvent(usage) = &mut named.body {
        usage.action = Some("Report Exported".into());
    }
    facts.facts.extend([used(10, at("2025-05-01")), used(11, at("2025-06-02")), named]);
    let never = company();
    let (day, silent) = ("2025-07-01", Sources { has_usage: false, ..ALL });
    for (when, expected) in [
        ("{ field = \"uses\", min = 3, max = 3 }", true),
        ("{ field = \"uses\", min = 2, max = 2, within_days = 30 }", true),
        ("{ field = \"uses\", min = 2, within_days = 20 }", false),
        ("{ field = \"uses\", min = 1, max = 1, actions = [\"report_exported\"] }", true),
        ("{ field = \"uses\", min = 1, actions = [\"login\"] }", false),
        ("{ field = \"days_since_use\", min = 11, max = 11 }", true),
        ("{ field = \"days_since_use\", min = 12 }", false),
        ("{ field = \"days_since_use\", min = 0, actions = [\"login\"] }", false),
    ] {
        assert_eq!(holds_of(&facts, when, day, &ALL), expected, "{when}");
        assert!(!holds_of(&facts, when, day, &silent), "without a source nothing is known: {when}");
    }
    // As of a day before the last use, that use does not exist yet.
    let since = "{ field = \"days_since_use\", min = 17, max = 17 }";
    assert!(holds_of(&facts, since, "2025-06-19", &ALL));
    // Who never used it has used it no times, and has no last time.
    assert!(holds_of(&never, "{ field = \"uses\", max = 0 }", day, &ALL));
    assert!(!holds_of(&never, "{ field = \"uses\", max = 0 }", day, &silent));
    assert!(!holds_of(&never, "{ field = \"days_since_use\", min = 0 }", day, &ALL));
}

#[test]
fn what_is_not_known_fails_a_condition_and_passes_its_negation() {
    let facts = company();
    let none = Sources::default();
    for when in [
        "{ field = \"arr\", currency = \"EUR\", min = 0 }",
        "{ field = \"revenue\", currency = \"EUR\", min = 0 }",
        "{ field = \"nps\", min = 0 }",
        "{ field = \"tenure_days\", min = 0 }",
        "{ field = \"payments\", min = 0 }",
        "{ field = \"failed_payments\", max = 9 }",
        "{ field = \"tickets\", min = 0 }",
    ] {
        assert!(!holds_of(&facts, when, "2025-07-01", &none), "{when}");
        assert!(holds_of(&facts, &format!("{{ not = {when} }}"), "2025-07-01", &none), "{when}");
    }
    let early = "{ field = \"payments\", min = 1 }";
    assert!(!holds_of(&facts, early, "2024-12-31", &ALL), "later facts do not exist yet");
}

#[test]
fn a_persona_is_of_people_by_words_of_their_title() {
    let contact = Contact { job_title: Some("Senior CTO, Cloud".into()), ..Contact::default() };
    let facts = vec![fact("contacts", 1, Canonical::Contact(contact))];
    let ann = ProfileFacts { kind: ProfileKind::Person, ..profile(facts) };
    let of = |words: &str| format!("{{ field = \"job_title\", any_of = [\"{words}\"] }}");
    assert!(holds_of(&ann, &of("cto"), "2025-07-01", &ALL));
    assert!(!holds_of(&ann, &of("to"), "2025-07-01", &ALL), "whole words");
}

#[test]
fn the_commented_text_is_the_default() {
    #[derive(serde::Deserialize)]
    struct File {
        segmentation: Segmentation,
    }
    let file: File = toml::from_str(DEFAULT_SEGMENTATION_TOML).unwrap();
    assert_eq!(file.segmentation, Segmentation::default());
    // The examples in it are sound.
    let example: String = DEFAULT_SEGMENTATION_TOML
        .lines()
        .filter_map(|line| line.strip_prefix("#   "))
        .filter(|line| {
            line.starts_with("[[") || line.starts_with("name") || line.starts_with("when")
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let file: File = toml::from_str(&example).unwrap();
    assert_eq!((file.segmentation.segments.len(), file.segmentation.personas.len()), (1, 1));
    assert_eq!(file.segmentation.problems(), []);
}
