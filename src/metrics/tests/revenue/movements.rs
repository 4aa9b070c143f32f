//! What becomes of a customer, told as ledgers; and bad input.

use super::*;
use crate::revenue::{
    Cancellation, Cause, Change, Days, Discount, Duration, FindingKind, FreePlan, GivenBack,
    LineKind, Off, Refunds, Stretch, Trials,
};
use domain::Interval;

fn own(change: impl FnOnce(&mut RevenuePolicy)) -> RevenuePolicy {
    let mut policy = RevenuePolicy { name: "own".to_owned(), ..RevenuePolicy::default() };
    change(&mut policy);
    assert_eq!(policy.problems(), []);
    policy
}

fn told(items: &[ItemPeriod], policy: &RevenuePolicy) -> Vec<String> {
    story(&ledger_of(items, policy))
}

fn kinds(items: &[ItemPeriod]) -> Vec<FindingKind> {
    ledger_of(items, &preset("default")).findings.into_iter().map(|one| one.kind).collect()
}

fn stretch(from: &str, until: Option<&str>) -> Stretch {
    Stretch { from: at(from), until: until.map(at) }
}

fn cancelled(day: &str, reason: Option<&str>) -> Option<Cancellation> {
    let cause = Cause::of(reason);
    Some(Cancellation { requested_at: Some(at(day)), at_once: true, cause })
}

#[test]
fn a_customer_is_new_once_and_churned_when_nothing_is_left() {
    let items = [
        named("a", "crm", "2025-01-01", Some("2025-06-01"), 100),
        named("b", "crm", "2025-02-01", Some("2025-04-01"), 50),
        named("c", "desk", "2025-03-01", Some("2025-06-01"), 20),
        named("d", "crm", "2025-08-01", None, 80),
    ];
    let expected = [
        "2025-01-01 New 100.00",
        "2025-02-01 Upsell 50.00",
        "2025-03-01 CrossSell 20.00",
        "2025-04-01 Contraction -50.00",
        "2025-06-01 Churn(Unknown) -100.00",
        "2025-06-01 Churn(Unknown) -20.00",
        "2025-08-01 Reactivation 80.00",
    ];
    assert_eq!(told(&items, &preset("default")), expected);
    // After so many days a returning customer is new.
    let short = own(|policy| policy.reactivation_days = Days::Of(60));
    assert!(told(&items, &short).contains(&"2025-08-01 New 80.00".to_owned()));
    let long = own(|policy| policy.reactivation_days = Days::Of(61));
    assert!(told(&items, &long).contains(&"2025-08-01 Reactivation 80.00".to_owned()));
}

#[test]
fn why_customers_leave_is_kept_apart() {
    let mut items =
        [named("a", "crm", "2025-01-01", None, 100), named("b", "crm", "2025-01-01", None, 30)];
    items[0].cancellation = cancelled("2025-03-01", Some("payment_failed"));
    items[1].cancellation = cancelled("2025-03-01", Some("cancellation_requested"));
    let found = ledger_of(&items, &preset("default"));
    let last = found.steps.last().unwrap();
    let usd = cur("USD");
    assert_eq!(last.changes, [(usd, Change::Churn(Cause::Involuntary))]);
    let rows = by_month(&[items.to_vec()], &preset("default"), "2025-03-01", "2025-04-01");
    assert_eq!(val(&rows[0].churn_involuntary), 10_000);
    assert_eq!(val(&rows[0].churn_voluntary), 3_000);
    assert_eq!((rows[0].customers.churned_involuntary, rows[0].customers.churned()), (1, 1));
    for (reason, cause) in [
        (Some("payment_disputed"), Cause::Involuntary),
        (Some("too_expensive"), Cause::Unknown),
        (None, Cause::Unknown),
    ] {
        assert_eq!(Cause::of(reason), cause);
    }
}

#[test]
fn trials_bring_nothing_and_convert_into_new() {
    let trial = ItemPeriod {
        trial_end: Some(at("2025-01-15")),
        ..monthly("2025-01-01", Some("2025-03-15"), 10)
    };
    let expected = ["2025-01-15 New 10.00", "2025-03-15 Churn(Unknown) -10.00"];
    assert_eq!(told(std::slice::from_ref(&trial), &preset("default")), expected);
    let counted = own(|policy| policy.trials = Trials::Counted);
    assert_eq!(told(std::slice::from_ref(&trial), &counted)[0], "2025-01-01 New 10.00");
    // Cancelled during the trial: never a customer.
    let never = ItemPeriod {
        cancellation: Some(Cancellation {
            requested_at: Some(at("2025-01-10")),
            at_once: false,
            cause: Cause::Voluntary,
        }),
        end: None,
        ..trial
    };
    assert_eq!(told(&[never], &preset("default")), [""; 0]);
}

#[test]
fn a_pause_is_a_contraction_and_its_end_is_not_new() {
    let paused = |until| ItemPeriod {
        pauses: vec![stretch("2025-02-01", until)],
        ..monthly("2025-01-01", None, 10)
    };
    let back = [paused(Some("2025-06-01"))];
    let expected =
        ["2025-01-01 New 10.00", "2025-02-01 Contraction -10.00", "2025-06-01 Upsell 10.00"];
    assert_eq!(told(&back, &preset("default")), expected);
    let rows = by_month(&[back.to_vec()], &preset("default"), "2025-01-01", "2025-07-01");
    assert!(rows.iter().all(|row| row.customers.end == 1), "paused is still a customer");
    assert_eq!(val(&rows[2].end), 0);
    // By policy, churn after so many days; then coming back is a reactivation.
    let strict = own(|policy| policy.pause_churn_days = Days::Of(30));
    let found = ledger_of(&back, &strict);
    let changes: Vec<_> = found
        .steps
        .iter()
        .flat_map(|step| step.changes.iter().map(|(_, change)| (step.at.to_string(), *change)))
        .collect();
    let at_day = |day: &str| format!("{day}T00:00:00Z");
    assert_eq!(
        changes,
        [
            (at_day("2025-01-01"), Change::New),
            (at_day("2025-02-01"), Change::Contraction),
            (at_day("2025-03-03"), Change::Churn(Cause::Unknown)),
            (at_day("2025-06-01"), Change::Reactivation),
        ]
    );
    let at_once = own(|policy| policy.pause_churn_days = Days::Of(0));
    assert_eq!(told(&back, &at_once)[1], "2025-02-01 Churn(Unknown) -10.00");
}

#[test]
fn late_payers_churn_when_the_window_ends_and_a_late_payment_takes_it_back() {
    let late = |paid: Option<&str>| {
        [ItemPeriod {
            arrears: vec![stretch("2025-03-01", paid)],
            ..monthly("2025-01-01", Some("2025-12-01"), 10)
        }]
    };
    let churn = |policy: &RevenuePolicy, paid| {
        let found = ledger_of(&late(paid), policy);
        let last = found.steps.last().unwrap();
        assert_eq!(found.steps.len(), 2);
        (last.at.date_in(&UTC).to_string(), last.lines[0].kind)
    };
    let involuntary = LineKind::Churn(Cause::Involuntary);
    let unknown = LineKind::Churn(Cause::Unknown);
    assert_eq!(churn(&preset("default"), None), ("2025-03-31".to_owned(), involuntary));
    assert_eq!(churn(&preset("profitwell"), None), ("2025-03-16".to_owned(), involuntary));
    assert_eq!(churn(&preset("chartmogul"), None), ("2025-12-01".to_owned(), unknown));
    assert_eq!(churn(&preset("stripe"), None), ("2025-12-01".to_owned(), unknown));
    // Known later: paid after the window. The churn never was, and nothing is reactivated.
    let paid = Some("2025-05-20");
    assert_eq!(churn(&preset("default"), paid), ("2025-12-01".to_owned(), unknown));
    let none = own(|policy| policy.dunning_days = Days::Of(0));
    assert_eq!(churn(&none, None), ("2025-03-01".to_owned(), involuntary));
}

#[test]
fn a_price_of_nothing_is_no_customer_or_a_contraction() {
    let free = |until| Discount {
        off: Off::Share(Ratio::whole(1)),
        duration: Duration::Forever,
        from: Some(at("2025-03-01")),
        until,
    };
    let with =
        |discount| ItemPeriod { discounts: vec![discount], ..monthly("2025-01-01", None, 10) };
    let items = [with(free(Some(at("2025-05-01"))))];
    let churned = [
        "2025-01-01 New 10.00",
        "2025-03-01 Churn(Unknown) -10.00",
        "2025-05-01 Reactivation 10.00",
    ];
    assert_eq!(told(&items, &preset("default")), churned);
    let kept = own(|policy| policy.free_plan = FreePlan::Contraction);
    let active =
        ["2025-01-01 New 10.00", "2025-03-01 Contraction -10.00", "2025-05-01 Upsell 10.00"];
    assert_eq!(told(&items, &kept), active);
    // Free from the start is nobody, whatever the policy.
    let never = [with(Discount { from: None, ..free(None) })];
    assert_eq!(told(&never, &kept), [""; 0]);
    assert_eq!(told(&[monthly("2025-01-01", None, 0)], &kept), [""; 0]);
}

#[test]
fn what_is_bought_within_the_hour_is_one_purchase() {
    let items = [
        named("a", "crm", "2025-01-01T10:00:00Z", None, 100),
        named("b", "desk", "2025-01-01T10:59:00Z", None, 20),
        named("c", "desk", "2025-01-01T11:00:00Z", None, 5),
    ];
    let found = told(&items, &preset("chartmogul"));
    let expected = ["2025-01-01 New 100.00", "2025-01-01 New 20.00", "2025-01-01 Upsell 5.00"];
    assert_eq!(found, expected);
    assert_eq!(told(&items, &preset("default"))[1], "2025-01-01 CrossSell 20.00");
    // A plan changed by ending one subscription and starting another is no churn.
    let switched = [
        named("a", "crm", "2025-01-01", Some("2025-02-01T10:00:00Z"), 100),
        named("b", "crm", "2025-02-01T10:05:00Z", None, 120),
    ];
    let expected = ["2025-01-01 New 100.00", "2025-02-01 Upsell 20.00"];
    assert_eq!(told(&switched, &preset("chartmogul")), expected);
    assert_eq!(told(&switched, &preset("default")).len(), 3);
}

#[test]
fn in_and_out_in_one_period_is_two_movements_or_none() {
    let brief = [vec![monthly("2025-02-03", Some("2025-02-20"), 10)]];
    let both = by_month(&brief, &preset("default"), "2025-02-01", "2025-03-01");
    assert_eq!(moves(&both[0]), [1_000, 0, 0, 0, 1_000, 0]);
    let net = by_month(&brief, &preset("profitwell"), "2025-02-01", "2025-03-01");
    assert!(net.is_empty(), "nothing happened: {net:?}");
    // Who was ignored comes back as new.
    let later =
        [vec![monthly("2025-02-03", Some("2025-02-20"), 10), monthly("2025-04-03", None, 10)]];
    let rows = by_month(&later, &preset("profitwell"), "2025-02-01", "2025-05-01");
    assert_eq!(moves(&rows[2]), [1_000, 0, 0, 0, 0, 0]);
    // Away and back within the month is a change of price at most.
    let away =
        [vec![monthly("2025-01-03", Some("2025-02-10"), 10), monthly("2025-02-20", None, 15)]];
    let rows = by_month(&away, &preset("profitwell"), "2025-02-01", "2025-03-01");
    assert_eq!(moves(&rows[0]), [0, 0, 500, 0, 0, 0]);
    let rows = by_month(&away, &preset("default"), "2025-02-01", "2025-03-01");
    assert_eq!(moves(&rows[0]), [0, 1_500, 0, 0, 1_000, 0]);
    // Retention does not count who left and returned.
    assert_eq!(rows[0].nrr.value, Some(Ratio::ZERO));
    assert_eq!(rows[0].logo_churn.value, Some(Ratio::whole(1)));
}

#[test]
fn refunds_leave_mrr_alone_or_void_the_start() {
    let back = |day, dollars: Option<i64>| ItemPeriod {
        given_back: Some(GivenBack { at: at(day), amount: dollars.map(|d| Ratio::whole(d * 100)) }),
        ..monthly("2025-01-01", None, 10)
    };
    let void = own(|policy| policy.refunds = Refunds::Void);
    let new = ["2025-01-01 New 10.00"];
    assert_eq!(told(&[back("2025-01-05", None)], &preset("default")), new);
    assert_eq!(told(&[back("2025-01-05", None)], &void), [""; 0]);
    assert_eq!(told(&[back("2025-01-05", Some(4))], &void), new);
    assert_eq!(told(&[back("2025-06-05", Some(10))], &void), new);
    let found = ledger_of(&[back("2025-01-05", Some(11))], &void);
    let found: Vec<_> = found.findings.iter().map(|one| one.kind).collect();
    assert_eq!(found, [FindingKind::RefundExceedsPayment, FindingKind::VoidedByRefund]);
}

#[test]
fn contradictions_are_left_out_and_said() {
    use FindingKind as F;
    let good = || monthly("2025-01-01", None, 10);
    let odd = [
        (ItemPeriod { amount: Ratio::whole(-5), ..good() }, F::NegativeAmount),
        (ItemPeriod { end: Some(at("2024-12-31")), ..good() }, F::EndsBeforeStart),
        (ItemPeriod { end: Some(at("2025-01-01")), ..good() }, F::EndsBeforeStart),
        (
            ItemPeriod { cancellation: cancelled("2024-06-01", None), ..good() },
            F::CancelledBeforeStart,
        ),
        (ItemPeriod { start: at("0001-01-01"), ..good() }, F::ImplausibleDate),
        (ItemPeriod { start: at("9999-12-31"), ..good() }, F::ImplausibleDate),
        (ItemPeriod { interval_count: 0, ..good() }, F::InvalidInterval),
        (
            ItemPeriod {
                amount: Ratio::new(i128::MAX, 7).unwrap(),
                interval: Interval::Day,
                ..good()
            },
            F::Overflow,
        ),
    ];
    for (item, kind) in odd {
        assert_eq!(kinds(std::slice::from_ref(&item)), [kind], "{item:?}");
        assert_eq!(told(&[item, good()], &preset("default")), ["2025-01-01 New 10.00"], "{kind:?}");
    }
    let off = |off| Discount { off, duration: Duration::Forever, from: None, until: None };
    let counted = [
        (ItemPeriod { end: Some(at("9999-12-31")), ..good() }, None, 1_000),
        (ItemPeriod { end: Some(at("2300-01-01")), ..good() }, Some(F::ImplausibleDate), 1_000),
        (
            ItemPeriod { discounts: vec![off(Off::Share(Ratio::whole(2)))], ..good() },
            Some(F::InvalidDiscount),
            1_000,
        ),
        (
            ItemPeriod { discounts: vec![off(Off::Amount(Ratio::whole(-1)))], ..good() },
            Some(F::InvalidDiscount),
            1_000,
        ),
        (
            ItemPeriod { discounts: vec![off(Off::Amount(Ratio::whole(9_000)))], ..good() },
            Some(F::DiscountExceedsPrice),
            0,
        ),
        (
            ItemPeriod { pauses: vec![stretch("2025-03-01", Some("2025-02-01"))], ..good() },
            Some(F::ReversedStretch),
            1_000,
        ),
    ];
    for (item, kind, cents) in counted {
        assert_eq!(kinds(std::slice::from_ref(&item)), Vec::from_iter(kind));
        let rows = by_month(&[vec![item]], &preset("default"), "2025-01-01", "2025-02-01");
        assert_eq!(rows.first().map_or(0, |row| val(&row.end)), cents, "{kind:?}");
    }
}

#[test]
fn periods_that_overlap_never_count_a_moment_of_an_item_twice() {
    let first = named("s", "crm", "2025-01-01", Some("2025-12-01"), 100);
    let second = named("s", "crm", "2025-06-01", Some("2025-09-01"), 150);
    let expected =
        ["2025-01-01 New 100.00", "2025-06-01 Upsell 50.00", "2025-09-01 Churn(Unknown) -150.00"];
    assert_eq!(told(&[second.clone(), first.clone()], &preset("default")), expected);
    assert_eq!(kinds(&[first.clone(), second.clone()]), [FindingKind::Overlap]);
    assert_eq!(kinds(&[first.clone(), first.clone()]), [FindingKind::Duplicate]);
    let other = ItemPeriod { amount: Ratio::whole(1), ..first.clone() };
    assert_eq!(kinds(&[first.clone(), other.clone()]), [FindingKind::Conflict]);
    let one = told(&[first.clone(), other.clone()], &preset("default"));
    assert_eq!(one, told(&[other, first.clone()], &preset("default")));
    // An open period that the next one replaces is no mistake.
    let open = ItemPeriod { end: None, ..first };
    assert_eq!(kinds(&[open, second]), []);
    // Without names both are subscriptions, and somebody should look.
    let unnamed = [monthly("2025-01-01", None, 10), monthly("2025-02-01", None, 10)];
    assert_eq!(kinds(&unnamed), [FindingKind::Overlap]);
    assert_eq!(told(&unnamed, &preset("default"))[1], "2025-02-01 Upsell 10.00");
    let follow = [monthly("2025-01-01", Some("2025-02-01"), 10), monthly("2025-02-01", None, 12)];
    assert_eq!(kinds(&follow), []);
}
