//! Stages set by hand.

use super::build::*;
use crate::{OVERRIDE_RULE, Rules, derive};
use domain::*;

fn by_hand(stage: Option<Stage>, from: &str, until: Option<&str>) -> StageOverride {
    StageOverride {
        stage,
        reason: "spoke to them".to_owned(),
        from: at(from),
        until: until.map(at),
    }
}

fn with(overrides: Vec<StageOverride>, now: &str) -> crate::Lifecycle {
    let mut facts = profile(vec![contact(1, "2025-01-01", None), payment(1, "2025-02-10")]);
    facts.overrides = overrides;
    let life = derive(&facts, &Rules::default(), at(now));
    assert_sound(&life, at(now));
    life
}

#[test]
fn an_override_holds_and_then_the_rules_resume() {
    let overrides = vec![by_hand(Some(Stage::Advocacy), "2025-02-01", Some("2025-03-01"))];
    let during = with(overrides.clone(), "2025-02-20");
    assert!(during.overridden);
    assert_eq!((during.stage, during.stage_since), (Stage::Advocacy, at("2025-02-01")));
    let after = with(overrides, "2025-03-01");
    assert!(!after.overridden);
    assert_eq!(
        lines(&after),
        [
            "2025-01-01 lead lead.contact_data",
            "2025-02-01 advocacy override",
            "2025-03-01 purchase override",
        ]
    );
    assert!(after.transitions[1].reason.contains("spoke to them"));
    assert_eq!(after.transitions[2].evidence, [key("payments", 1).id()]);
}

#[test]
fn a_later_override_ends_an_earlier_one_and_lifting_gives_back_to_the_rules() {
    let overrides = vec![
        by_hand(None, "2025-01-20", None),
        by_hand(Some(Stage::Sql), "2025-01-05", None),
        by_hand(Some(Stage::Mql), "2025-01-10", None),
    ];
    let life = with(overrides, "2025-02-01");
    let stages: Vec<Stage> = life.transitions.iter().map(|t| t.to).collect();
    assert_eq!(stages, [Stage::Lead, Stage::Sql, Stage::Mql, Stage::Lead]);
    assert!(!life.overridden);
}

#[test]
fn an_override_may_be_the_entry_or_agree_with_the_rules() {
    let early =
        with(vec![by_hand(Some(Stage::Mql), "2024-12-01", Some("2025-01-15"))], "2025-02-01");
    assert_eq!(early.transitions[0].rule_id, OVERRIDE_RULE);
    assert_eq!(early.transitions[0].direction, Direction::Entry);
    let agrees = with(vec![by_hand(Some(Stage::Lead), "2025-01-10", None)], "2025-02-01");
    assert_eq!((agrees.transitions.len(), agrees.overridden), (1, true));
}

#[test]
fn overrides_that_are_empty_or_not_begun_do_nothing() {
    let overrides = vec![
        by_hand(Some(Stage::Advocacy), "2025-01-20", Some("2025-01-20")),
        by_hand(Some(Stage::Advocacy), "2025-12-20", None),
    ];
    assert_eq!(with(overrides, "2025-02-01").transitions.len(), 1);
}
