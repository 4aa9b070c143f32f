//! Reading purchases or histories.
//!
//! Owns dates, amounts and what becomes of rows that cannot be used: they are counted by reason, with the
//! lines of the first of them. Refuses to print what is in them.

use super::args::{ClvArgs, Unit};
use crate::cli::Failure;
use crate::cli::metrics::columns::{Map, Role, cell, line, number};
use crate::cli::table::Table;
use csv::ByteRecord;
use domain::{Currency, Money, MoneyError};
use jiff::civil::Date;
use metrics::clv::{self, Findings, History, Line, Purchases, Reason, Spend};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

const CUSTOMER: Role = Role {
    name: "customer",
    usual: &[
        "customer_id",
        "customer",
        "id",
        "client_id",
        "client",
        "user_id",
        "account_id",
        "email",
    ],
};
const DATE: Role = Role {
    name: "date",
    usual: &[
        "date",
        "order_date",
        "invoice_date",
        "transaction_date",
        "purchase_date",
        "created_at",
        "paid_at",
    ],
};
const AMOUNT: Role = Role {
    name: "amount",
    usual: &["amount", "value", "revenue", "price", "total", "dollar_value", "net", "spend"],
};
const ORDER: Role =
    Role { name: "order", usual: &["order_id", "order", "invoice_id", "invoice", "invoice_no"] };
const X: Role = Role { name: "x", usual: &["x", "frequency", "repeat_purchases"] };
const TX: Role = Role { name: "t_x", usual: &["t_x", "recency"] };
const T: Role = Role { name: "T", usual: &["T", "T_cal", "age", "periods", "opportunities"] };
const SPEND: Role =
    Role { name: "spend", usual: &["spend", "monetary_value", "spending", "mean_spend"] };
const WEIGHT: Role = Role { name: "weight", usual: &["weight", "weights", "count"] };
const HORIZON: Role = Role { name: "horizon", usual: &["horizon", "t_star", "t"] };

/// Lines that are named for each reason.
const NAMED: usize = 10;
/// Customers that one row may stand for.
const MAX_WEIGHT: f64 = 1e7;
/// Years outside of which a date is taken for a mistake.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2200;

/// Rows that were not used, for one reason.
#[derive(Debug, Default, Serialize)]
pub struct Rejected {
    pub rows: u64,
    /// The first of them.
    pub lines: Vec<u64>,
}

/// By reason.
pub type Rejections = BTreeMap<String, Rejected>;

fn reject(rejections: &mut Rejections, reason: &str, line: u64) {
    let entry = rejections.entry(reason.to_owned()).or_default();
    entry.rows += 1;
    if entry.lines.len() < NAMED {
        entry.lines.push(line);
    }
}

/// Purchases by customer.
pub struct Transactions {
    /// The customers' names by number.
    pub names: Vec<String>,
    pub all: Vec<Purchases>,
    /// The same, as known at the end of the calibration.
    pub calibration: Vec<Purchases>,
    pub findings: Findings,
    pub rejections: Rejections,
    /// Numbers of days.
    pub calibration_end: i32,
    pub observed_until: i32,
}

fn epoch() -> Date {
    jiff::civil::date(1970, 1, 1)
}

/// The date of a number of days.
pub fn date_of(day: i32) -> Option<Date> {
    epoch().checked_add(jiff::Span::new().try_days(day).ok()?).ok()
}

fn day_of(date: Date) -> Option<i32> {
    date.since(epoch()).ok().map(|span| span.get_days())
}

fn parse_date(text: &str, format: Option<&str>) -> Option<Date> {
    if let Some(format) = format {
        return Date::strptime(format, text).ok();
    }
    // A time of day behind the date does not matter.
    let date = match text.get(10..11) {
        Some("T" | " ") => text.get(..10)?,
        _ => text,
    };
    if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) {
        return Date::strptime("%Y%m%d", date).ok();
    }
    date.parse().ok()
}

fn day_argument(option: &str, text: Option<&String>) -> Result<Option<i32>, Failure> {
    let Some(text) = text else { return Ok(None) };
    parse_date(text, None).filter(|date| YEARS.contains(&date.year())).and_then(day_of).map_or_else(
        || Err(Failure::Usage(format!("{option} {text:?}: expected a date such as 2026-01-31"))),
        |day| Ok(Some(day)),
    )
}

/// Which opportunity a day belongs to.
pub fn opportunity(unit: Unit, day: i32) -> i64 {
    let of_date = |number: fn(Date) -> i64| date_of(day).map_or(i64::from(day), number);
    match unit {
        Unit::Day => i64::from(day),
        // Days count from a Thursday; weeks begin on Monday.
        Unit::Week => i64::from(day + 3).div_euclid(7),
        Unit::Month => of_date(|date| i64::from(date.year()) * 12 + i64::from(date.month())),
        Unit::Year => of_date(|date| i64::from(date.year())),
    }
}

/// Reads a table of purchases.
pub fn transactions(args: &ClvArgs, path: &Path) -> Result<Transactions, Failure> {
    let map = Map::parse(&args.map, &[CUSTOMER, DATE, AMOUNT, ORDER])?;
    let currency = Currency::parse(&args.currency).ok_or_else(|| {
        Failure::Usage(format!("--currency {:?}: expected a code such as EUR", args.currency))
    })?;
    let mut table = Table::open(path)?;
    let customer = map.get(&table.headers, &CUSTOMER)?;
    let date = map.get(&table.headers, &DATE)?;
    let amount = map.get(&table.headers, &AMOUNT)?;
    let order = map.find(&table.headers, &ORDER)?;
    let (mut names, mut numbers) = (Vec::new(), HashMap::<String, u32>::new());
    let mut orders = HashMap::<String, u32>::new();
    let (mut lines, mut rejections) = (Vec::new(), Rejections::new());
    let mut row = ByteRecord::new();
    while table.next(&mut row)? {
        let name = cell(&row, customer);
        let day = parse_date(&cell(&row, date), args.date_format.as_deref());
        let money = Money::parse_major(&cell(&row, amount), currency);
        let reason = match (&day, &money) {
            _ if name.is_empty() => Some("CUSTOMER_MISSING"),
            (None, _) => Some("DATE_UNREADABLE"),
            (Some(day), _) if !YEARS.contains(&day.year()) => Some("DATE_IMPLAUSIBLE"),
            (_, Err(MoneyError::TooPrecise)) => Some("AMOUNT_TOO_PRECISE"),
            (_, Err(MoneyError::Overflow)) => Some("AMOUNT_TOO_LARGE"),
            (_, Err(_)) => Some("AMOUNT_UNREADABLE"),
            _ => None,
        };
        let (Some(day), Ok(money), None) = (day.and_then(day_of), money, reason) else {
            reject(&mut rejections, reason.unwrap_or("DATE_UNREADABLE"), line(&row));
            continue;
        };
        let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
        let customer = *numbers.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            next
        });
        let order = order.map(|at| cell(&row, at)).filter(|order| !order.is_empty()).map(|order| {
            let next = u32::try_from(orders.len()).unwrap_or(u32::MAX);
            *orders.entry(order).or_insert(next)
        });
        lines.push(Line { customer, day, order, amount_minor: money.amount_minor });
    }
    let last = lines.iter().map(|line| line.day).max();
    let observed_until = day_argument("--observed-until", args.observed_until.as_ref())?
        .or(last)
        .unwrap_or_default();
    let calibration_end =
        day_argument("--calibration-end", args.calibration_end.as_ref())?.unwrap_or(observed_until);
    if calibration_end > observed_until {
        return Err(Failure::Usage(
            "--calibration-end is after the end of the observation; see --observed-until"
                .to_owned(),
        ));
    }
    lines.retain(|line| line.day <= observed_until);
    let held_out = calibration_end < observed_until;
    let known: Vec<Line> =
        lines.iter().filter(|line| line.day <= calibration_end).copied().collect();
    let (calibration, findings) = clv::purchases(known);
    let all = if held_out { clv::purchases(lines).0 } else { Vec::new() };
    Ok(Transactions {
        names,
        all,
        calibration,
        findings,
        rejections,
        calibration_end,
        observed_until,
    })
}

/// One row of a table of histories.
pub struct SummaryRow {
    pub customer: String,
    pub history: Result<History, Reason>,
    /// In major units.
    pub spend: Option<Spend>,
    /// Customers that the row stands for.
    pub weight: u32,
    pub horizon: Option<f64>,
    /// The row's own, if asked for.
    pub params: Option<[f64; 4]>,
    pub line: u64,
}

/// Reads a table of histories; with `names`, the columns of each row's own parameters.
pub fn summary(
    args: &ClvArgs,
    path: &Path,
    names: Option<[&'static str; 4]>,
) -> Result<Vec<SummaryRow>, Failure> {
    let roles = [CUSTOMER, X, TX, T, SPEND, WEIGHT, HORIZON];
    let map = Map::parse(&args.map, &roles)?;
    let mut table = Table::open(path)?;
    let x = map.get(&table.headers, &X)?;
    let tx = map.get(&table.headers, &TX)?;
    let t = map.get(&table.headers, &T)?;
    let customer = map.find(&table.headers, &CUSTOMER)?;
    let spend = map.find(&table.headers, &SPEND)?;
    let weight = map.find(&table.headers, &WEIGHT)?;
    let horizon = if names.is_some() { map.find(&table.headers, &HORIZON)? } else { None };
    let params = match names {
        None => None,
        Some(names) => {
            let mut places = [0; 4];
            for (place, name) in places.iter_mut().zip(names) {
                let at = table.headers.iter().position(|header| header == name);
                *place = at.ok_or_else(|| {
                    Failure::Usage(format!(
                        "--params columns: there is no column {name}; the table has: {}",
                        table.headers.join(", ")
                    ))
                })?;
            }
            Some(places)
        }
    };
    let mut rows = Vec::new();
    let mut row = ByteRecord::new();
    let mut at = 0_u64;
    while table.next(&mut row)? {
        at += 1;
        let count = number(&table, &row, x)?;
        let whole = count >= 0.0 && count.fract() == 0.0 && count <= f64::from(u32::MAX);
        let history =
            History { x: count as u32, tx: number(&table, &row, tx)?, t: number(&table, &row, t)? };
        let history =
            if whole { history.check().map(|()| history) } else { Err(Reason::BadHistory) };
        let mean = spend.map(|at| number(&table, &row, at)).transpose()?;
        let weight = weight.map_or(Ok(1.0), |at| number(&table, &row, at))?;
        if !(0.0..=MAX_WEIGHT).contains(&weight) || weight.fract() != 0.0 {
            return Err(Failure::Failed(anyhow::anyhow!(
                "line {}: the weight is not a whole number of customers",
                line(&row)
            )));
        }
        let own = match params {
            None => None,
            Some(places) => {
                let mut values = [0.0; 4];
                for (value, at) in values.iter_mut().zip(places) {
                    *value = number(&table, &row, at)?;
                }
                Some(values)
            }
        };
        rows.push(SummaryRow {
            customer: customer.map_or_else(|| at.to_string(), |at| cell(&row, at)),
            history,
            spend: mean.map(|mean| Spend { x: count as u32, mean }),
            weight: weight as u32,
            horizon: horizon.map(|at| number(&table, &row, at)).transpose()?,
            params: own,
            line: line(&row),
        });
    }
    Ok(rows)
}

/// Counts the rows whose histories cannot be.
pub fn rejected(rows: &[SummaryRow]) -> Rejections {
    let mut rejections = Rejections::new();
    for row in rows {
        if let Err(reason) = row.history {
            let code = serde_json::to_string(&reason).unwrap_or_default();
            reject(&mut rejections, code.trim_matches('"'), row.line);
        }
    }
    rejections
}
