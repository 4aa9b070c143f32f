//! The collected examples of billing systems' documents, each under the matching preset. They are
//! read where they lie; what they say in words is written down here.

use super::*;
use crate::revenue::{
    Cancellation, Cause, Coupons, Discount, Duration, LineKind, Off, monthly as per_month,
    monthly_of_prorated, proration_lines,
};
use domain::Interval;
use serde_json::Value;
use std::path::Path;

struct Examples(Vec<Value>);

/// `None`, with a message, when the examples are not beside the project.
fn examples() -> Option<Examples> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/clv/vendor_worked_examples.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(Examples(serde_json::from_str(&text).unwrap())),
        Err(_) => {
            #[allow(clippy::disallowed_methods)] // the tests' own switch
            let required = std::env::var_os("C360_REQUIRE_ALL").is_some();
            assert!(!required, "the worked examples are missing");
            eprintln!("skipped: the worked examples are not beside the project");
            None
        }
    }
}

impl Examples {
    fn get(&self, id: &str) -> &Value {
        self.0.iter().find(|one| one["id"] == id).unwrap()
    }

    /// The figure at the beginning of an expected text, in cents.
    fn cents(&self, id: &str, name: &str) -> i64 {
        let text = self.get(id)["expect"][name].as_str().unwrap();
        let figure = text
            .split_whitespace()
            .find(|word| word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit()));
        let cents = Ratio::parse_decimal(figure.unwrap()).unwrap();
        cents.checked_mul(Ratio::whole(100)).unwrap().round_i64().unwrap()
    }

    fn number(&self, id: &str, name: &str) -> i64 {
        self.get(id)["input"][name].as_i64().unwrap()
    }

    fn share(&self, id: &str, name: &str) -> Ratio {
        Ratio::parse_decimal(self.get(id)["expect"][name].as_str().unwrap()).unwrap()
    }
}

fn yearly(start: &str, dollars: i64) -> ItemPeriod {
    ItemPeriod { interval: Interval::Year, ..monthly(start, None, dollars) }
}

fn mrr(items: &[ItemPeriod], policy: &RevenuePolicy, day: &str) -> i64 {
    let next = at(day).plus_days(1).to_string();
    let row = by_month(&[items.to_vec()], policy, day, &next[..10]);
    row.first().map_or(0, |row| val(&row.end))
}

#[test]
fn syncalytics_has_the_five_movements() {
    let Some(all) = examples() else { return };
    let id = "chartmogul-syncalytics";
    let cancel = |day| {
        Some(Cancellation { requested_at: Some(at(day)), at_once: false, cause: Cause::Unknown })
    };
    let gold = ItemPeriod {
        subscription: "gold".to_owned(),
        cancellation: cancel("2025-12-20"),
        ..yearly("2025-01-10", 2_000)
    };
    let silver = ItemPeriod {
        subscription: "silver".to_owned(),
        cancellation: cancel("2025-01-28"),
        ..monthly("2025-01-14", None, 60)
    };
    let again = ItemPeriod { subscription: "again".to_owned(), ..monthly("2026-03-01", None, 150) };
    let rows =
        by_month(&[vec![gold, silver, again]], &preset("chartmogul"), "2025-01-01", "2026-04-01");
    let in_month = |name: &str| rows.iter().find(|row| row.period.name == name).unwrap();
    let january = in_month("2025-01");
    assert_eq!(val(&january.new), all.cents(id, "new"));
    assert_eq!(val(&january.expansion), all.cents(id, "expansion"));
    assert_eq!(-val(&in_month("2025-02").contraction), all.cents(id, "contraction"));
    // The paid year ends on the 10th of January.
    let end = in_month("2026-01");
    assert_eq!(-val(&end.churn), all.cents(id, "churn"));
    assert_eq!(val(&end.end), 0);
    assert_eq!(val(&in_month("2026-03").reactivation), all.cents(id, "reactivation"));
    assert!(rows.iter().all(adds_up));
}

#[test]
fn chartmoguls_churn_rates() {
    let Some(all) = examples() else { return };
    let id = "chartmogul-gross-churn";
    let (start, part) = (all.number(id, "start"), all.number(id, "churn"));
    assert_eq!((all.number(id, "contraction"), all.number(id, "expansion")), (part, part));
    // One leaves, one pays less, one pays more, one stays.
    let customers = [
        vec![monthly("2025-01-01", Some("2025-02-10"), part)],
        vec![
            named("a", "p", "2025-01-01", Some("2025-02-10"), 2 * part),
            named("a", "p", "2025-02-10", None, part),
        ],
        vec![
            named("b", "p", "2025-01-01", Some("2025-02-10"), part),
            named("b", "p", "2025-02-10", None, 2 * part),
        ],
        vec![monthly("2025-01-01", None, start - 4 * part)],
    ];
    let found = by_month(&customers, &preset("chartmogul"), "2025-02-01", "2025-03-01");
    assert_eq!(val(&found[0].start), start * 100);
    assert_eq!(found[0].gross_mrr_churn.value.unwrap(), all.share(id, "gross_mrr_churn"));
    assert_eq!(found[0].net_mrr_churn.value.unwrap(), all.share(id, "net_mrr_churn"));

    let id = "chartmogul-daily-formula";
    let (start, end) = (all.number(id, "start_of_day"), all.number(id, "end_of_day"));
    let new = all.number(id, "new_business");
    let customers = [
        vec![
            named("a", "p", "2025-01-01", Some("2025-02-10"), start),
            named("a", "p", "2025-02-10", None, end - new),
        ],
        vec![monthly("2025-02-10", None, new)],
    ];
    let policy = preset("chartmogul");
    let days = cut(Grain::Day, "2025-02-10", "2025-02-11");
    let daily = rows(&customers, &asked(&policy, &days, None));
    assert_eq!((val(&daily[0].start), val(&daily[0].end)), (start * 100, end * 100));
    assert_eq!(daily[0].net_mrr_churn.value.unwrap(), all.share(id, "net_mrr_churn"));
}

#[test]
fn upgrades_count_by_the_state_after_them_and_not_by_what_was_billed() {
    let Some(all) = examples() else { return };
    let upgraded = |day: &str| {
        vec![named("s", "bronze", "2025-06-01", Some(day), 100), named("s", "gold", day, None, 250)]
    };
    for (id, day, movement) in [
        ("chartmogul-proration", "2025-06-16", None),
        ("chartmogul-plan-switch", "2025-07-01", Some("movement")),
    ] {
        let rows = by_month(&[upgraded(day)], &preset("chartmogul"), "2025-06-01", "2025-08-01");
        let row = rows.iter().find(|row| row.period.name == day[..7]).unwrap();
        assert_eq!(val(&row.end), all.cents(id, "mrr_after"));
        assert_eq!(val(&row.expansion), 15_000);
        assert_eq!(val(&row.upsell), 15_000, "another plan in its place is no cross-sell");
        if let Some(name) = movement {
            let text = all.get(id)["expect"][name].as_str().unwrap();
            assert_eq!(text.trim_start_matches('+'), "150");
        }
    }
    // From the bill alone: 125 for the last 15 of 30 days.
    let day = 86_400;
    let billed = monthly_of_prorated(Ratio::whole(12_500), 15 * day, 30 * day, Interval::Month, 1);
    assert_eq!(billed, Ok(Ratio::whole(all.cents("chartmogul-proration", "mrr_after"))));
    let lines =
        proration_lines(Ratio::whole(10_000), Ratio::whole(25_000), 15 * day, 30 * day).unwrap();
    assert_eq!(lines, (Ratio::whole(-5_000), Ratio::whole(12_500)));

    let id = "stripe-proration";
    let (credit, debit) =
        proration_lines(Ratio::whole(1_000), Ratio::whole(2_000), 15, 30).unwrap();
    assert_eq!(credit.round_i64().unwrap(), all.cents(id, "credit"));
    assert_eq!(debit.round_i64().unwrap(), all.cents(id, "debit"));
    assert_eq!(credit.checked_add(debit).unwrap().round_i64().unwrap(), all.cents(id, "net"));
}

#[test]
fn intervals_are_months() {
    let Some(all) = examples() else { return };
    let quarterly = per_month(Ratio::whole(9_000), Interval::Month, 3).unwrap();
    assert_eq!(quarterly, Ratio::whole(all.cents("chartmogul-quarterly", "mrr")));

    let mut customers: Vec<Vec<ItemPeriod>> =
        (0..100).map(|_| vec![monthly("2025-01-01", None, 100)]).collect();
    customers.extend((0..50).map(|_| vec![yearly("2025-01-01", 600)]));
    let rows = by_month(&customers, &preset("stripe"), "2025-01-01", "2025-02-01");
    assert_eq!(val(&rows[0].end), all.cents("stripe-glossary", "mrr"));
    assert_eq!(rows[0].customers.end, 150);
}

#[test]
fn coupons_lower_mrr_as_the_vendor_says() {
    let Some(all) = examples() else { return };
    let with = |percent: i64, duration, until: Option<&str>| {
        let off = Off::Share(Ratio::new(i128::from(percent), 100).unwrap());
        let discount = Discount { off, duration, from: None, until: until.map(at) };
        [ItemPeriod { discounts: vec![discount], ..yearly("2025-01-01", 1_200) }]
    };
    let (id, stripe) = ("stripe-annual", preset("stripe"));
    assert_eq!(mrr(&[yearly("2025-01-01", 1_200)], &stripe, "2025-01-31"), all.cents(id, "mrr"));
    let forever = with(50, Duration::Forever, None);
    assert_eq!(mrr(&forever, &stripe, "2025-01-31"), all.cents(id, "with_50pct_forever_coupon"));
    let finite = with(50, Duration::Repeating, Some("2025-04-01"));
    assert_eq!(mrr(&finite, &stripe, "2025-01-31"), all.cents(id, "with_finite_coupon_default"));

    let (id, once) = ("clearsync-once-discount", with(20, Duration::Once, None));
    let list =
        RevenuePolicy { name: "list".to_owned(), coupons: Coupons::None, ..preset("default") };
    assert_eq!(mrr(&once, &list, "2025-01-31"), all.cents(id, "policy_list_price"));
    let net = RevenuePolicy { name: "net".to_owned(), coupons: Coupons::Once, ..preset("default") };
    assert_eq!(mrr(&once, &net, "2025-01-31"), all.cents(id, "policy_net_of_all_discounts"));
    // The bill that it was on covers a year; then it is an expansion.
    let lines = story(&ledger_of(&once, &net));
    assert_eq!(lines, ["2025-01-01 New 80.00", "2026-01-01 Upsell 20.00"]);
}

#[test]
fn sarah_churns_when_her_paid_month_ends() {
    let Some(all) = examples() else { return };
    let sarah = ItemPeriod {
        cancellation: Some(Cancellation {
            requested_at: Some(at("2025-06-08")),
            at_once: false,
            cause: Cause::of(Some("cancellation_requested")),
        }),
        ..monthly("2025-04-15", None, 10)
    };
    let expected = all.get("profitwell-sarah");
    assert_eq!(expected["expect"]["cancel_event"], "June 8");
    assert!(expected["expect"]["churn"].as_str().unwrap().ends_with("on June 15"));
    let found = ledger_of(std::slice::from_ref(&sarah), &preset("profitwell"));
    let churn = found.steps.last().unwrap();
    assert_eq!(churn.at, at("2025-06-15"));
    assert_eq!(churn.lines[0].kind, LineKind::Churn(Cause::Voluntary));
    let cents = all.cents("profitwell-sarah", "churn");
    assert_eq!(churn.lines[0].amount, Ratio::whole(cents));
    // Where the request decides, it is the 8th.
    let found = ledger_of(&[sarah], &preset("stripe"));
    assert_eq!(found.steps.last().unwrap().at, at("2025-06-08"));
}

#[test]
fn the_quick_ratio_is_as_printed() {
    let Some(all) = examples() else { return };
    let formula = &all.get("baremetrics-quick-ratio")["formula"];
    assert_eq!(formula, "(new+expansion)/(contraction+churn)");
    let customers = [
        vec![monthly("2025-01-01", Some("2025-02-10"), 10)],
        vec![monthly("2025-02-05", None, 30)],
        vec![
            named("b", "p", "2025-01-01", Some("2025-02-10"), 10),
            named("b", "p", "2025-02-10", None, 20),
        ],
        vec![monthly("2024-01-01", Some("2024-05-01"), 10), monthly("2025-02-20", None, 5)],
    ];
    let ratio = |policy: &RevenuePolicy| {
        let rows = by_month(&customers, policy, "2025-02-01", "2025-03-01");
        rows[0].quick_ratio.value.unwrap()
    };
    assert_eq!(ratio(&preset("default")), Ratio::whole(4));
    assert_eq!(ratio(&preset("chartmogul")), Ratio::new(9, 2).unwrap());
}
