//! The configuration of rules.

use crate::{DEFAULT_RULES_TOML, Rules};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    lifecycle: Rules,
}

#[test]
fn the_commented_defaults_are_the_defaults() {
    let file: File = toml::from_str(DEFAULT_RULES_TOML).unwrap();
    assert_eq!(file.lifecycle, Rules::default());
    assert_eq!(Rules::default().problems(), []);
    let written = toml::to_string(&Rules::default()).unwrap();
    assert_eq!(toml::from_str::<Rules>(&written).unwrap(), Rules::default());
}

#[test]
fn unknown_keys_and_words_are_refused() {
    for text in [
        "colour = 1",
        "[[rules]]\nid = \"a\"\nstage = \"lead\"\nwhen = { event = \"known\", color = 1 }",
        "[[rules]]\nid = \"a\"\nstage = \"lead\"\nwhen = { event = \"unheard_of\" }",
        "[[rules]]\nid = \"a\"\nstage = \"customer\"\nwhen = { event = \"known\" }",
    ] {
        assert!(toml::from_str::<Rules>(text).is_err(), "{text}");
    }
}

#[test]
fn every_mistake_is_reported_with_its_key() {
    let text = r#"
        version = " "
        lapse_days = -1
        [[rules]]
        id = "a"
        stage = "lead"
        requires = "purchase"
        restart = true
        when = { event = "known", nth = 0, actions = ["x"] }
        [[rules]]
        id = "a"
        stage = "advocacy"
        lasts_days = 0
        when = { event = "nps", min_score = 11 }
        [[rules]]
        id = "override"
        stage = "retention"
        when = { event = "tenure" }
        [[rules]]
        id = ""
        stage = "mql"
        when = { event = "touchpoint", actions = [" "] }
        [[rules]]
        id = "v"
        stage = "mql"
        when = { event = "vendor_stage" }
    "#;
    let rules: Rules = toml::from_str(text).unwrap();
    let keys: Vec<String> = rules.problems().into_iter().map(|p| p.key).collect();
    assert_eq!(
        keys,
        [
            "version",
            "lapse_days",
            "rules[0].requires",
            "rules[0].restart",
            "rules[0].when.actions",
            "rules[0].when.nth",
            "rules[0].when.nth",
            "rules[1].id",
            "rules[1].lasts_days",
            "rules[1].when.min_score",
            "rules[2].id",
            "rules[2].when.days",
            "rules[3].id",
            "rules[3].when.actions",
            "rules[4].when.stages",
        ]
    );
    let empty: Rules = toml::from_str("rules = []").unwrap();
    assert_eq!(empty.problems()[0].key, "rules");
}
