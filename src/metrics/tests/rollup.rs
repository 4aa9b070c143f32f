//! Rows, reasons, and sums that sum.

use super::build::*;
use crate::{
    Cell, Component, Dimension, Measured, NullReason, Policy, RollupRow, Sources, UNATTRIBUTED,
    cells, counts, delta, merge, rollup, spend_cells,
};
use domain::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const DIMENSIONS: [Dimension; 4] =
    [Dimension::Month, Dimension::Channel, Dimension::Segment, Dimension::Stage];

fn usd() -> Option<Currency> {
    Currency::parse("USD")
}

/// Twenty-five customers who pay 500 each, and 50,000 of expense.
fn textbook() -> Vec<Cell> {
    let mut list =
        spend_cells(RecordId(1), &spend("2025-01-05", Some("seo"), money("USD", 5_000_000)));
    for id in 0..25 {
        let facts = profile(vec![payment(id, "2025-01-10", money("USD", 50_000))]);
        list.extend(cells(&facts, &dims("small", Some("seo"), Stage::Purchase), &policy(None)));
    }
    merge(list)
}

#[test]
fn cac_clv_and_their_ratio_follow_the_textbook() {
    let rows = rollup(&textbook(), &[], SPAN, usd(), &policy(Some("0.8")), &ALL);
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(row.new_customers, Measured::some(25));
    assert_eq!(row.revenue, Measured::some(money("USD", 1_250_000)));
    assert_eq!(row.spend, Measured::some(money("USD", 5_000_000)));
    assert_eq!(row.cac, Measured::some(money("USD", 200_000)));
    assert_eq!(row.clv_revenue, Measured::some(money("USD", 50_000)));
    assert_eq!(row.clv_margin, Measured::some(money("USD", 40_000)));
    assert_eq!(row.ltv_to_cac, Measured::some("0.2000".to_owned()));
}

fn total(cells: &[Cell], policy: &Policy, sources: &Sources) -> RollupRow {
    rollup(cells, &[], SPAN, usd(), policy, sources).remove(0)
}

#[test]
fn what_is_missing_says_why() {
    let cells = textbook();
    let margin = policy(Some("0.8"));
    let none = Measured::none;
    let row = total(&cells, &policy(None), &ALL);
    assert_eq!(row.clv_margin, none(NullReason::NoMargin));
    assert_eq!(row.ltv_to_cac, Measured::none(NullReason::NoMargin));
    assert!(row.clv_revenue.value.is_some());

    let row = total(&cells, &margin, &Sources { has_spend: false, ..ALL });
    assert_eq!((row.spend, row.cac), (none(NullReason::NoSource), none(NullReason::NoSource)));
    assert_eq!(row.ltv_to_cac, Measured::none(NullReason::NoSource));
    assert_eq!(row.new_customers, Measured::some(25));

    let row = total(&cells, &margin, &Sources { has_payments: false, ..ALL });
    assert_eq!(row.new_customers, Measured::none(NullReason::NoSource));
    assert_eq!(row.revenue, none(NullReason::NoSource));
    assert_eq!(row.cac, none(NullReason::NoSource));

    // Nothing at all: zeros that are known, averages that are not.
    let row = total(&[], &margin, &ALL);
    assert_eq!(row.new_customers, Measured::some(0));
    assert_eq!(row.spend, Measured::some(money("USD", 0)));
    assert_eq!(row.cac, none(NullReason::NoNewCustomers));
    assert_eq!(row.clv_revenue, none(NullReason::NoNewCustomers));

    let free: Vec<Cell> =
        cells.iter().filter(|c| c.key.component != Component::Spend).cloned().collect();
    let row = total(&free, &margin, &ALL);
    assert_eq!(row.cac, Measured::some(money("USD", 0)));
    assert_eq!(row.ltv_to_cac, Measured::none(NullReason::ZeroDenominator));

    let euros = spend_cells(RecordId(2), &spend("2025-01-05", None, money("EUR", 10)));
    let row = total(&merge(free.into_iter().chain(euros)), &margin, &ALL);
    assert_eq!(row.spend, Measured::some(money("USD", 0)));
    assert_eq!(row.cac, none(NullReason::MixedCurrency));
}

#[test]
fn revenue_is_net_of_refunds_each_in_its_month() {
    let facts = profile(vec![
        payment(1, "2025-01-10", money("USD", 500)),
        refund(1, 1, "2025-03-10", money("USD", 200)),
    ]);
    let list = cells(&facts, &dims("small", None, Stage::Lead), &policy(None));
    assert_eq!(total(&list, &policy(None), &ALL).revenue, Measured::some(money("USD", 300)));
    let rows = rollup(&list, &[Dimension::Month], SPAN, None, &policy(None), &ALL);
    let months: Vec<_> = rows.iter().map(|r| r.revenue.value.unwrap().amount_minor).collect();
    assert_eq!(months, [500, -200]);
    assert_eq!(rows[0].clv_revenue, Measured::some(money("USD", 300)));
    assert_eq!(rows[1].clv_revenue, Measured::none(NullReason::NoNewCustomers));
}

#[test]
fn expense_has_no_segment_and_no_stage() {
    for dimension in [Dimension::Segment, Dimension::Stage] {
        let rows =
            rollup(&textbook(), &[Dimension::Month, dimension], SPAN, None, &policy(None), &ALL);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].spend, Measured::none(NullReason::NotAttributable));
        assert_eq!(rows[0].cac, Measured::none(NullReason::NotAttributable));
        assert!(rows[0].revenue.value.is_some());
    }
}

#[test]
fn a_saturated_cell_is_no_number() {
    let cell = |id| payment(id, "2025-01-01", money("USD", i64::MAX));
    let facts = profile(vec![cell(1), cell(2)]);
    let list = cells(&facts, &dims("small", None, Stage::Lead), &policy(None));
    assert_eq!(total(&list, &policy(None), &ALL).revenue, Measured::none(NullReason::Overflow));
}

#[test]
fn unattributed_is_a_channel_of_its_own() {
    let facts = profile(vec![payment(1, "2025-01-10", money("USD", 1))]);
    let list = cells(&facts, &dims("small", None, Stage::Lead), &policy(None));
    let rows = rollup(&list, &[Dimension::Channel], SPAN, None, &policy(None), &ALL);
    assert_eq!(rows[0].channel.as_deref(), Some(UNATTRIBUTED));
}

#[test]
fn counts_are_over_all_currencies_and_money_is_not_counted() {
    let facts = profile(vec![
        payment(1, "2025-01-10", money("USD", 1)),
        ticket(1, "2025-01-10", TicketStatus::Open),
        ticket(2, "2025-02-10", TicketStatus::Open),
    ]);
    let list = cells(&facts, &dims("small", None, Stage::Lead), &policy(None));
    let months = counts(&list, Component::Tickets, &[Dimension::Month], &ALL);
    assert_eq!(months.len(), 2);
    let all =
        |component, sources: &Sources| counts(&list, component, &[], sources)[0].value.clone();
    assert_eq!(all(Component::Tickets, &ALL), Measured::some(2));
    assert_eq!(all(Component::NewCustomers, &ALL), Measured::some(1));
    assert_eq!(all(Component::Spend, &ALL), Measured::none(NullReason::MixedCurrency));
    let none = Sources::default();
    assert_eq!(all(Component::Tickets, &none), Measured::none(NullReason::NoSource));
}

/// One customer: payments (currency, day, amount), the share given back, and its dimensions.
type Life = (Vec<(usize, i64, i64, i64)>, usize, usize, usize);

fn any_life() -> impl Strategy<Value = Life> {
    let paid = (0..3_usize, 0..400_i64, 1..100_000_i64, 0..4_i64);
    (prop::collection::vec(paid, 0..5), 0..3_usize, 0..3_usize, 0..9_usize)
}

fn cells_of(index: usize, life: &Life) -> Vec<Cell> {
    let mut facts = Vec::new();
    for (n, (currency, day, amount, back)) in life.0.iter().enumerate() {
        let id = (index * 100 + n) as i64;
        let code = ["USD", "EUR", "JPY"][*currency];
        let on = |day: i64| at("2024-01-01").plus_days(day).to_string();
        facts.push(payment(id, &on(*day), money(code, *amount)));
        if *back > 0 {
            facts.push(refund(id, id, &on(day + 20), money(code, amount * back / 3)));
        }
        facts.push(ticket(id, &on(*day), TicketStatus::Open));
    }
    let channel = [None, Some("seo"), Some("ads")][life.1];
    let segment = ["small", "large", "unknown"][life.2];
    cells(&profile(facts), &dims(segment, channel, Stage::ALL[life.3]), &policy(None))
}

fn any_spend() -> impl Strategy<Value = Vec<Cell>> {
    let one = (0..400_i64, 0..3_usize, 0..3_usize, 1..1_000_000_i64);
    prop::collection::vec(one, 0..10).prop_map(|list| {
        let expense = list.into_iter().flat_map(|(day, channel, currency, amount)| {
            let day = at("2024-01-01").plus_days(day).to_string();
            let channel = [None, Some("seo"), Some("tv")][channel];
            let code = ["USD", "EUR", "JPY"][currency];
            spend_cells(RecordId(1), &spend(&day[..10], channel, money(code, amount)))
        });
        merge(expense)
    })
}

fn any_by() -> impl Strategy<Value = Vec<Dimension>> {
    prop::sample::subsequence(DIMENSIONS.to_vec(), 0..=4)
}

type Totals = BTreeMap<Currency, (i64, i64, i64)>;

fn sum(rows: &[RollupRow]) -> Totals {
    let mut totals = Totals::new();
    for row in rows {
        let minor = |m: &Measured<Money>| m.value.map_or(0, |m| m.amount_minor);
        let entry = totals.entry(row.currency).or_default();
        entry.0 += row.new_customers.value.unwrap();
        entry.1 += minor(&row.revenue);
        entry.2 += minor(&row.spend);
    }
    totals
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_split_sums_to_the_total(
        lives in prop::collection::vec(any_life(), 0..12),
        expense in any_spend(),
        by in any_by(),
    ) {
        let people = lives.iter().enumerate().flat_map(|(index, life)| cells_of(index, life));
        let all = merge(people.chain(expense));
        let attributable = !by.contains(&Dimension::Segment) && !by.contains(&Dimension::Stage);
        let whole: Vec<Cell> = all
            .iter()
            .filter(|c| attributable || c.key.component != Component::Spend)
            .cloned()
            .collect();
        let rows = rollup(&all, &by, SPAN, None, &policy(None), &ALL);
        let mut total = rollup(&whole, &[], SPAN, None, &policy(None), &ALL);
        prop_assert_eq!(sum(&rows), sum(&total));
        for row in &rows {
            prop_assert_eq!(row.spend.value.is_some(), attributable);
            prop_assert_eq!(row.cac.value.is_some(), row.cac.null_reason.is_none());
        }
        // One currency asked for is that part of all.
        total.retain(|row| Some(row.currency) == usd());
        let only = rollup(&whole, &[], SPAN, usd(), &policy(None), &ALL);
        prop_assert_eq!(sum(&only).values().sum_of(), sum(&total).values().sum_of());
        // Counts too.
        let value = |list: Vec<crate::CountRow>| list.iter().filter_map(|r| r.value.value).sum::<i64>();
        prop_assert_eq!(
            value(counts(&all, Component::Tickets, &by, &ALL)),
            value(counts(&all, Component::Tickets, &[], &ALL))
        );
    }

    #[test]
    fn incremental_equals_rebuilt(
        steps in prop::collection::vec((0..6_usize, any_life()), 1..25),
    ) {
        let mut present: BTreeMap<usize, Vec<Cell>> = BTreeMap::new();
        let mut stored: Vec<Cell> = Vec::new();
        for (index, life) in &steps {
            let new = cells_of(*index, life);
            let old = present.insert(*index, new.clone()).unwrap_or_default();
            stored = merge(stored.into_iter().chain(delta(&old, &new)));
        }
        prop_assert_eq!(stored, merge(present.into_values().flatten()));
    }

    #[test]
    fn cells_do_not_depend_on_the_order_of_facts(
        (facts, shuffled) in prop::collection::vec((1..50_i64, 0..60_i64, 1..500_i64), 0..12)
            .prop_map(|list| {
                let mut facts = Vec::new();
                for (id, (of, day, amount)) in list.into_iter().enumerate() {
                    let on = at("2024-01-01").plus_days(day).to_string();
                    let id = id as i64;
                    facts.push(payment(id, &on, money("USD", amount)));
                    facts.push(refund(id, of % 12, &on, money("USD", amount / 2)));
                }
                facts
            })
            .prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
    ) {
        let dims = dims("small", None, Stage::Lead);
        prop_assert_eq!(
            cells(&profile(facts), &dims, &Policy::default()),
            cells(&profile(shuffled), &dims, &Policy::default())
        );
    }
}

/// The three sums of totals, over whatever currencies are there.
trait SumOf {
    fn sum_of(self) -> (i64, i64, i64);
}

impl<'a, I: Iterator<Item = &'a (i64, i64, i64)>> SumOf for I {
    fn sum_of(self) -> (i64, i64, i64) {
        self.fold((0, 0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2))
    }
}
