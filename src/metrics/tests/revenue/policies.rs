//! The presets, and how a policy is written.

use super::*;
use crate::revenue::{ChurnDate, Coupons, Days, FxDate, SamePeriod};

#[test]
fn presets_are_sound_and_differ_where_the_vendors_do() {
    for name in RevenuePolicy::PRESETS {
        let policy = preset(name);
        assert_eq!(policy.problems(), []);
        assert_eq!(policy.label(), format!("{name}@1"));
    }
    assert_eq!(RevenuePolicy::preset("nobody"), None);
    assert_eq!(preset("default"), RevenuePolicy::default());
    assert_eq!(preset("stripe").coupons, Coupons::Forever);
    assert_eq!(preset("stripe").churn_date, ChurnDate::OnRequest);
    assert_eq!(preset("chartmogul").churn_date, ChurnDate::PeriodEnd);
    assert_eq!(preset("profitwell").same_period, SamePeriod::Net);
    assert_eq!(preset("chartmogul").dunning_days, Days::Unlimited);
}

#[test]
fn the_commented_keys_of_the_reference_are_the_defaults() {
    let (_, section) = crate::DEFAULT_POLICY_TOML.split_once("[metrics.revenue]\n").unwrap();
    let keys: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|l| l.contains(" = ") && !l.contains("  "))
        .collect();
    let text: String = keys
        .iter()
        .filter(|line| !line.starts_with("fx_fixed_on") && !line.starts_with("fx_pivot"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(toml::from_str::<RevenuePolicy>(&text).unwrap(), RevenuePolicy::default());
    // Every key of the policy is there.
    let written = toml::to_string(&RevenuePolicy::default()).unwrap();
    for key in written.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
        assert!(text.contains(&format!("{key} = ")), "{key} is not in the reference");
    }
    assert_eq!(toml::from_str::<RevenuePolicy>(&written).unwrap(), RevenuePolicy::default());
}

#[test]
fn a_changed_preset_takes_a_name_of_its_own() {
    let text = "preset = \"chartmogul\"\ndunning_days = 14";
    let policy: RevenuePolicy = toml::from_str(text).unwrap();
    assert_eq!(policy.problems()[0].key, "name");
    let text = format!("{text}\nname = \"ours\"\nversion = 3");
    let policy: RevenuePolicy = toml::from_str(&text).unwrap();
    assert_eq!((policy.problems(), policy.label()), (Vec::new(), "ours@3".to_owned()));
    assert_eq!((policy.group_minutes, policy.dunning_days), (60, Days::Of(14)));
    let again: RevenuePolicy = toml::from_str(&toml::to_string(&policy).unwrap()).unwrap();
    assert_eq!(again, policy);
}

#[test]
fn mistakes_are_refused_or_reported_together() {
    for text in [
        "preset = \"paddle\"",
        "colour = 1",
        "coupons = \"some\"",
        "dunning_days = -1",
        "dunning_days = \"often\"",
        "fx_pivot = \"EURO\"",
    ] {
        assert!(toml::from_str::<RevenuePolicy>(text).is_err(), "{text}");
    }
    let text = "name = \"\"\nversion = 0\nfx_date = \"fixed\"\ndunning_days = 99999\ngroup_minutes = 99999";
    let policy: RevenuePolicy = toml::from_str(text).unwrap();
    let keys: Vec<String> = policy.problems().into_iter().map(|one| one.key).collect();
    assert_eq!(keys, ["name", "version", "fx_fixed_on", "dunning_days", "group_minutes"]);
    let text = "name = \"b\"\nfx_date = \"fixed\"\nfx_fixed_on = \"soon\"";
    let policy: RevenuePolicy = toml::from_str(text).unwrap();
    assert_eq!(policy.fx_date, FxDate::Fixed);
    assert_eq!(policy.problems()[0].key, "fx_fixed_on");
    let whole = crate::Policy { revenue: policy, ..crate::Policy::default() };
    assert_eq!(whole.problems()[0].key, "revenue.fx_fixed_on");
}
