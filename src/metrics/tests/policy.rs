//! The policy, the segments and the catalogue.

use super::build::*;
use crate::kpi::{CalendarConfig, Kpi};
use crate::{DEFAULT_POLICY_TOML, NullReason, Policy, Segment, catalog, segment_of};
use domain::ProfileKind;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    metrics: Policy,
}

#[test]
fn the_commented_defaults_are_the_defaults() {
    let file: File = toml::from_str(DEFAULT_POLICY_TOML).unwrap();
    assert_eq!(file.metrics, Policy::default());
    assert_eq!(Policy::default().problems(), []);
    assert_eq!(Policy::default().label(), "default@1");
    let with = DEFAULT_POLICY_TOML.replace("# gross_margin", "gross_margin");
    let file: File = toml::from_str(&with).unwrap();
    assert_eq!(file.metrics, policy(Some("0.8")));
    let written = toml::to_string(&file.metrics).unwrap();
    assert_eq!(toml::from_str::<Policy>(&written).unwrap(), file.metrics);
}

#[test]
fn mistakes_are_refused_or_reported_together() {
    for text in ["gross_margin = 0.8", "gross_margin = \"1.5\"", "colour = 1", "version = -1"] {
        assert!(toml::from_str::<Policy>(text).is_err(), "{text}");
    }
    let text = "name = \" \"\nversion = 0\ntimezone = \"Mars/Olympus\"\ncsat_good_from = 6\nsmall_below = 0\nmedium_below = -1";
    let policy: Policy = toml::from_str(text).unwrap();
    let keys: Vec<String> = policy.problems().into_iter().map(|p| p.key).collect();
    assert_eq!(
        keys,
        ["name", "version", "timezone", "csat_good_from", "small_below", "medium_below"]
    );
}

#[test]
fn segments_follow_the_size_of_the_company() {
    use ProfileKind::{Company, Person};
    for (kind, has_company, size, segment) in [
        (Person, false, None, Segment::Consumer),
        (Person, false, Some(900), Segment::Consumer),
        (Person, true, Some(900), Segment::Large),
        (Person, true, None, Segment::Unknown),
        (Company, false, Some(0), Segment::Small),
        (Company, false, Some(49), Segment::Small),
        (Company, true, Some(50), Segment::Medium),
        (Company, true, Some(249), Segment::Medium),
        (Company, true, Some(250), Segment::Large),
        (Company, true, Some(-1), Segment::Unknown),
    ] {
        assert_eq!(segment_of(kind, has_company, size, &Policy::default()), segment);
    }
}

#[test]
fn the_catalogue_defines_every_number_once() {
    let names: BTreeSet<&str> = catalog().iter().map(|d| d.name).collect();
    assert_eq!(names.len(), catalog().len());
    let business_hours = Some(CalendarConfig {
        timezone: "UTC".to_owned(),
        hours: BTreeMap::default(),
        holidays: Vec::new(),
    });
    let whole = Policy { business_hours, ..policy(Some("0.5")) };
    let known = toml::to_string(&whole).unwrap();
    for definition in catalog() {
        assert!(definition.definition.ends_with('.'), "{}", definition.name);
        assert!(!definition.formula.is_empty());
        for key in definition.policy {
            let table = format!("[{key}]");
            assert!(known.contains(&format!("{key} = ")) || known.contains(&table), "{key}");
        }
    }
    // Every field of the answers is defined. The debug form names the fields.
    let numbers = crate::numbers(&profile(Vec::new()), &Policy::default(), &ALL, at("2025-01-01"));
    let fields = format!("{numbers:#?}");
    for line in fields.lines().filter(|l| l.starts_with("    ") && !l.starts_with("     ")) {
        if let Some((name, _)) = line.trim().split_once(':') {
            assert!(names.contains(name), "{name} is not in the catalogue");
        }
    }
    for kpi in Kpi::ALL {
        let found = catalog().iter().find(|one| one.name == kpi.as_str());
        let definition =
            found.unwrap_or_else(|| panic!("{} is not in the catalogue", kpi.as_str()));
        assert_eq!(definition.unit, kpi.unit(), "{}", kpi.as_str());
        assert_eq!(Kpi::parse(kpi.as_str()), Some(kpi));
    }
}

#[test]
fn reasons_are_written_as_clients_see_them() {
    for reason in NullReason::ALL {
        let json = serde_json::to_string(&reason).unwrap();
        assert_eq!(json, format!("\"{}\"", reason.as_str()));
    }
}
