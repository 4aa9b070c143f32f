//! From purchases to histories.

use super::data::{close, number, rows, text};
use crate::clv::{
    BgNbd, Correlation, Findings, Histories, History, Line, ParetoNbd, Purchases, Purchasing,
    Reason, Spend, Summary, Timing, common_gap, holdout, purchases,
};

fn line(customer: u32, day: i32, amount_minor: i64) -> Line {
    Line { customer, day, order: None, amount_minor }
}

fn ordered(order: u32, day: i32, amount_minor: i64) -> Line {
    Line { customer: 1, day, order: Some(order), amount_minor }
}

fn days(lines: &[Line]) -> (Vec<(i32, i64)>, Findings) {
    let (all, findings) = purchases(lines.to_vec());
    (all.into_iter().next().map(|p| p.days).unwrap_or_default(), findings)
}

#[test]
fn purchases_of_one_day_are_one_and_the_first_is_not_counted() {
    let lines =
        [line(1, 10, 500), line(1, 3, 100), line(1, 10, 700), line(1, 24, 0), line(2, 5, 1)];
    let (all, findings) = purchases(lines.to_vec());
    assert_eq!(all[0].days, [(3, 100), (10, 1200), (24, 0)]);
    assert_eq!(findings.zero_amounts, 1);
    let summary = all[0].summary(31, Timing::Continuous(7.0)).unwrap();
    assert_eq!(summary.history, History { x: 2, tx: 3.0, t: 4.0 });
    assert_eq!(summary.spend, Spend { x: 2, mean: 600.0 });
    assert_eq!(summary.historic_minor, 1300);
    // Up to an earlier end, later purchases are not known.
    let before = all[0].summary(10, Timing::Continuous(1.0)).unwrap();
    assert_eq!(before.history, History { x: 1, tx: 7.0, t: 7.0 });
    assert_eq!(all[0].summary(2, Timing::Continuous(1.0)), None);
    assert_eq!(all[0].between(10, 31, Timing::Continuous(1.0)), 1);
    let once = all[1].summary(31, Timing::Continuous(1.0)).unwrap();
    assert_eq!((once.history, once.spend.mean), (History { x: 0, tx: 0.0, t: 26.0 }, 0.0));
}

#[test]
fn an_order_refunded_in_full_is_no_purchase() {
    let (left, findings) =
        days(&[ordered(7, 1, 500), ordered(8, 5, 300), ordered(8, 9, -300), ordered(9, 12, 100)]);
    assert_eq!(left, [(1, 500), (12, 100)]);
    assert_eq!(findings.refunded_in_full, 1);
    let (left, _) = days(&[ordered(7, 1, 500), ordered(7, 30, -200)]);
    assert_eq!(left, [(1, 300)], "taken off on the day of the order");
}

#[test]
fn a_refund_without_order_is_taken_off_the_latest_purchases_before() {
    let (left, findings) =
        days(&[line(1, 1, 500), line(1, 5, 300), line(1, 9, -400), line(1, 12, 1000)]);
    assert_eq!(left, [(1, 400), (12, 1000)]);
    assert_eq!((findings.refunded_in_full, findings.refunds_unmatched), (1, 0));
}

#[test]
fn a_refund_of_more_than_was_paid_is_reported_and_taken_off_nothing_else() {
    let (left, findings) = days(&[ordered(7, 1, 500), ordered(8, 3, 200), ordered(8, 4, -900)]);
    assert_eq!(left, [(1, 500)]);
    assert_eq!((findings.refunds_unmatched, findings.refunds_unmatched_minor), (1, 700));
    let (left, findings) = days(&[line(1, 1, -900), line(1, 3, 200)]);
    assert_eq!(left, [(3, 200)]);
    assert_eq!(findings.refunds_unmatched_minor, 900);
    let (left, findings) = days(&[line(1, 1, -900)]);
    assert!(left.is_empty());
    assert_eq!(findings.customers_without_purchase, 1);
    let (_, findings) = days(&[line(1, 1, i64::MIN), line(1, 2, i64::MIN)]);
    assert_eq!(findings.refunds_unmatched_minor, i64::MAX, "saturates");
}

#[test]
fn opportunities_count_once_however_often_they_are_taken() {
    let (all, _) = purchases([0, 3, 40, 50, 95].map(|day| line(1, day, 100)).to_vec());
    let month = |day: i32| i64::from(day / 30);
    let summary = all[0].summary(149, Timing::Discrete(&month)).unwrap();
    // Months 0, 0, 1, 1, 3; five have begun.
    assert_eq!(summary.history, History { x: 2, tx: 3.0, t: 4.0 });
    close(summary.spend.mean, 150.0, 1e-15);
    assert_eq!(all[0].between(29, 149, Timing::Discrete(&month)), 2);
}

#[test]
fn purchases_at_set_days_are_told_by_their_common_gap() {
    let weekly: Vec<Line> =
        (0..30).flat_map(|c| (0..6).map(move |k| line(c, 3 + 14 * (k + k / 2), 1))).collect();
    assert_eq!(common_gap(&purchases(weekly).0), Some(14));
    let daily: Vec<Line> = (0..300).map(|k| line(0, k, 1)).collect();
    assert_eq!(common_gap(&purchases(daily).0), None);
}

/// CDNOW from its list of transactions, days since 1997-01-01.
fn cdnow() -> Option<Vec<Purchases>> {
    let text = text("CDNOW_sample.txt")?;
    let day = |date: &str| {
        let date: jiff::civil::Date = date.parse().unwrap();
        (date - jiff::civil::date(1997, 1, 1)).get_days()
    };
    let lines = text.lines().map(|row| {
        let cells: Vec<&str> = row.split_whitespace().collect();
        let cents = (number(cells[4]) * 100.0).round() as i64;
        line(cells[1].parse().unwrap(), day(cells[2]), cents)
    });
    Some(purchases(lines.collect()).0)
}

const CALIBRATION_END: i32 = 272;
const WEEKS: Timing<'static> = Timing::Continuous(7.0);

#[test]
fn histories_of_cdnow_are_those_of_the_reference() {
    let (Some(all), Some(truth), Some(spends)) =
        (cdnow(), rows("cdnow_cbs_39w_exact.csv"), rows("cdnow_spending_exact.csv"))
    else {
        return;
    };
    let summaries: std::collections::HashMap<u32, Summary> = all
        .iter()
        .filter_map(|p| p.summary(CALIBRATION_END, WEEKS))
        .map(|summary| (summary.customer, summary))
        .collect();
    assert_eq!((summaries.len(), truth.len()), (2357, 2357));
    for (row, spend) in truth.iter().zip(spends) {
        let ours = summaries[&row[0].parse().unwrap()];
        assert_eq!(f64::from(ours.history.x), number(&row[1]));
        close(ours.history.tx, number(&row[2]), 1e-14);
        close(ours.history.t, number(&row[3]), 1e-14);
        close(ours.spend.mean / 100.0, number(&spend[2]), 1e-13);
    }
}

#[test]
fn the_hold_out_of_cdnow_is_as_published() {
    let Some(all) = cdnow() else { return };
    let summaries: Vec<Summary> =
        all.iter().filter_map(|p| p.summary(CALIBRATION_END, WEEKS)).collect();
    let histories: Vec<History> = summaries.iter().map(|s| s.history).collect();
    let data = Histories::new(&histories).unwrap();
    let (bg, pareto) = (BgNbd::fit(&data).unwrap().model, ParetoNbd::fit(&data).unwrap().model);
    // The second figure is of an optimiser that stopped early, by 1e-4.
    for (model, expected) in [(&bg as &dyn Purchasing, 1653.4), (&pareto, 1665.7)] {
        let report = holdout(all.iter().zip(&histories).map(|(p, h)| {
            let actual = p.between(CALIBRATION_END, CALIBRATION_END + 273, WEEKS);
            (h.x, model.expected(h, 39.0).unwrap(), actual)
        }));
        assert_eq!((report.n, report.actual), (2357, 1882));
        close(report.expected, expected, 1.5e-4);
        let bins: (u64, u64, f64) = report.bins.iter().fold((0, 0, 0.0), |sum, bin| {
            (sum.0 + bin.n, sum.1 + bin.actual, sum.2 + bin.expected)
        });
        assert_eq!((bins.0, bins.1), (2357, 1882));
        close(bins.2, report.expected, 1e-12);
    }
}

#[test]
fn nothing_to_learn_from_is_said_so() {
    assert_eq!(BgNbd::fit(&Histories::default()).unwrap_err(), Reason::NoData);
    let once = Histories::new(&[History { x: 0, tx: 0.0, t: 9.0 }; 50]).unwrap();
    assert_eq!(ParetoNbd::fit(&once).unwrap_err(), Reason::NoRepeatPurchases);
    // One history for all: no variety, and no maximum, but no wrong number either.
    let same = Histories::new(&[History { x: 3, tx: 8.0, t: 9.0 }; 50]).unwrap();
    for failure in [BgNbd::fit(&same).unwrap().failure, ParetoNbd::fit(&same).unwrap().failure] {
        assert!(failure.is_some());
    }
    assert_eq!(holdout([]).mean_absolute_error, None);
    assert_eq!(Correlation::of(&[]).coefficient, None);
}
