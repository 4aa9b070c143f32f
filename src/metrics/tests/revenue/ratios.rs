//! Ratios and cohorts, with the reasons why some are null.

use super::*;
use crate::NullReason;
use crate::revenue::Cohorts;

fn r(num: i128, den: i128) -> Option<Ratio> {
    Ratio::new(num, den)
}

#[test]
fn retention_is_of_the_customers_of_the_start() {
    // 100 + 50 + 30 at the start. One grows by 20, one shrinks by 10, one leaves, one comes.
    let customers = [
        vec![
            named("a", "p", "2025-01-01", Some("2025-02-10"), 100),
            named("a", "p", "2025-02-10", None, 120),
        ],
        vec![
            named("b", "p", "2025-01-01", Some("2025-02-10"), 50),
            named("b", "p", "2025-02-10", None, 40),
        ],
        vec![monthly("2025-01-01", Some("2025-02-10"), 30)],
        vec![monthly("2025-02-10", None, 500)],
        vec![monthly("2024-01-01", Some("2024-02-10"), 70), monthly("2025-02-10", None, 70)],
    ];
    let rows = by_month(&customers, &preset("default"), "2025-02-01", "2025-03-01");
    let row = &rows[0];
    assert_eq!(moves(row), [50_000, 7_000, 2_000, 1_000, 3_000, 0]);
    assert_eq!(row.nrr.value, r(160, 180));
    assert_eq!(row.grr.value, r(140, 180));
    assert_eq!(row.logo_churn.value, r(1, 3));
    assert_eq!((row.customers.start, row.customers.end), (3, 4));
    assert_eq!(val(&row.arpa), 73_000 / 4);
    assert_eq!(val(&row.arr), 73_000 * 12);
}

#[test]
fn what_cannot_be_formed_is_null_and_says_why() {
    let rows = by_month(
        &[vec![monthly("2025-01-10", Some("2025-02-10"), 10)]],
        &preset("default"),
        "2025-01-01",
        "2025-04-01",
    );
    let zero = Measured::none(NullReason::ZeroDenominator);
    assert_eq!((&rows[0].nrr, &rows[0].grr, &rows[0].logo_churn), (&zero, &zero, &zero));
    assert_eq!(rows[0].quick_ratio, zero);
    assert_eq!(rows[1].nrr.value, Some(Ratio::ZERO));
    assert_eq!(rows[1].quick_ratio.value, Some(Ratio::ZERO));
    assert_eq!(rows[2].arpa, Measured::none(NullReason::ZeroDenominator));
    assert_eq!((rows[2].arr.value, rows[2].customers.end), (Some(0), 0));
}

#[test]
fn a_period_that_is_not_over_is_partial() {
    let policy = preset("default");
    let months = cut(Grain::Month, "2025-01-01", "2025-04-01");
    let question = asked(&policy, &months, None);
    let mut book = Book::new(&question, Slicing::Whole);
    book.add(&ledger(&[monthly("2025-01-10", None, 10)], &question), None);
    let rows = book.rows((at("2025-01-10"), at("2025-03-15")));
    let partial: Vec<bool> = rows.iter().map(|row| row.partial).collect();
    assert_eq!(partial, [true, false, true]);
}

#[test]
fn cohorts_are_a_triangle() {
    let policy = preset("default");
    let months = cut(Grain::Month, "2025-01-01", "2025-04-01");
    let question = asked(&policy, &months, None);
    let mut cohorts = Cohorts::new(&question);
    let customers = [
        vec![
            named("a", "p", "2025-01-05", Some("2025-02-10"), 100),
            named("a", "p", "2025-02-10", None, 150),
        ],
        vec![monthly("2025-01-20", Some("2025-02-20"), 100), monthly("2025-03-20", None, 60)],
        vec![monthly("2025-02-01", Some("2025-02-15"), 10)],
        vec![monthly("2024-02-01", None, 10)],
    ];
    for items in &customers {
        cohorts.add(&ledger(items, &question));
    }
    let cells = cohorts.cells();
    let cell = |cohort: &str, age: usize| {
        cells.iter().find(|one| one.cohort == cohort && one.age == age).unwrap()
    };
    let parts = |cohort, age| {
        let one = cell(cohort, age);
        (one.customers.value, one.nrr.value, one.grr.value)
    };
    assert_eq!(parts("2025-01", 0), (Some(2), r(1, 1), r(1, 1)));
    assert_eq!(parts("2025-01", 1), (Some(1), r(150, 200), r(100, 200)));
    assert_eq!(parts("2025-01", 2), (Some(2), r(210, 200), r(160, 200)));
    assert_eq!(parts("2025-02", 0), (Some(0), r(0, 1), r(0, 1)));
    let immature = Measured::none(NullReason::Immature);
    assert_eq!(cell("2025-02", 2).nrr, immature);
    assert_eq!(cell("2025-02", 2).customers, Measured::none(NullReason::Immature));
    assert_eq!(cells.len(), 6, "who was there before is in no cohort");
}
