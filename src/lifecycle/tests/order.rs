//! The same history for any order of arrival, at any moment.

use super::build::*;
use crate::{Lifecycle, Rules, derive};
use domain::*;
use proptest::prelude::*;

fn day(n: i64) -> String {
    at("2024-01-01").plus_days(n).to_string()
}

/// A fact of any kind on one of few days, so that ties are common.
fn any_fact(id: i64) -> impl Strategy<Value = Vec<Fact>> {
    (0..14_u8, 0..12_i64, 0..500_i64, 0..11_i64).prop_map(move |(kind, coarse, fine, score)| {
        let n = if fine % 2 == 0 { coarse * 45 } else { fine };
        let (on, later) = (day(n), day(n + fine / 3));
        let closed = |status| Some((later.as_str(), status));
        match kind {
            0 => vec![contact(id, &on, Some("subscriber"))],
            1 => vec![contact(id, &on, Some("mql"))],
            2 => vec![contact(id, "", None)],
            3 => vec![deal(id, &on, None)],
            4 => vec![deal(id, &on, closed(DealStatus::Won))],
            5 => vec![deal(id, &on, closed(DealStatus::Lost))],
            6 => vec![payment(id, &on), invoice(id, &on, 1000)],
            7 => vec![payment(id, &on), refund(id, id, &later, 1000)],
            8 => vec![touch(id, &on, "pricing_page_view")],
            9 => vec![touch(id, &on, "referral")],
            10 => vec![nps(id, &on, score)],
            11 => vec![subscribed(id, subscription(SubscriptionStatus::Active, &on))],
            12 => vec![canceled(id, &on, &later, Some("payment_failed"))],
            _ => vec![payment(id, "")],
        }
    })
}

fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    let many: Vec<_> = (0..10).map(any_fact).collect();
    (many, 0..=10_usize).prop_map(|(list, keep)| list.into_iter().take(keep).flatten().collect())
}

fn run(facts: &[Fact], now: Timestamp) -> Lifecycle {
    let life = derive(&profile(facts.to_vec()), &Rules::default(), now);
    assert_sound(&life, now);
    life
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_arrival_order_gives_the_same_history(
        (facts, shuffled) in any_facts().prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
        days in 0..900_i64,
    ) {
        let now = at(&day(days));
        prop_assert_eq!(run(&facts, now), run(&shuffled, now));
        // A fact that arrives twice is one fact.
        let doubled: Vec<Fact> = facts.iter().chain(&shuffled).cloned().collect();
        prop_assert_eq!(run(&facts, now), run(&doubled, now));
    }

    #[test]
    fn time_only_adds_to_a_history(facts in any_facts(), days in 0..900_i64, more in 0..400_i64) {
        // Undated facts are dated by what is known, so they are left out here.
        let dated: Vec<Fact> = facts
            .into_iter()
            .filter(|f| !matches!(&f.body, Canonical::Contact(c) if c.created_at.is_none()))
            .filter(|f| !matches!(&f.body, Canonical::Payment(p) if p.paid_at.is_none()))
            .chain([contact(99, &day(0), Some("subscriber"))])
            .collect();
        let now = at(&day(days));
        let early = run(&dated, now);
        let late = run(&dated, now.plus_days(more));
        let known: Vec<_> =
            late.transitions.into_iter().filter(|t| t.occurred_at <= now).collect();
        prop_assert_eq!(early.transitions, known);
    }
}

#[test]
fn a_thousand_arrival_orders_give_one_history() {
    let mut facts = vec![
        contact(1, &day(0), Some("subscriber")),
        touch(1, &day(3), "demo"),
        deal(1, &day(5), Some((&day(20), DealStatus::Lost))),
        deal(2, &day(15), Some((&day(40), DealStatus::Won))),
        payment(1, &day(40)),
        payment(2, &day(70)),
        refund(1, 2, &day(75), 1000),
        nps(1, &day(80), 9),
        canceled(1, &day(40), &day(160), Some("cancellation_requested")),
        touch(2, &day(150), "pricing_view"),
        payment(3, &day(155)),
        deal(3, &day(300), None),
    ];
    let now = at(&day(700));
    let first = run(&facts, now);
    assert!(first.transitions.len() > 6, "{:?}", lines(&first));
    // Fisher-Yates with a fixed linear congruence: every run tries the same thousand orders.
    let mut state = 1_u64;
    for _ in 0..1000 {
        for upper in (1..facts.len()).rev() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            facts.swap(upper, (state >> 33) as usize % (upper + 1));
        }
        assert_eq!(run(&facts, now), first);
    }
}
