//! The answer of `c360 metrics mrr`, as JSON and as a table.
//!
//! Owns the names of its keys. Amounts are decimal texts in major units and ratios decimal texts of
//! six places: neither passes through a float. A null has its reason under `null_reasons`.

use super::read::{Input, Note};
use domain::{Currency, Money};
use metrics::revenue::{CohortCell, RevenueRow};
use metrics::{Measured, NullReason, Ratio};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Findings that the table shows; JSON has all.
const SHOWN_MAX: usize = 20;

/// What there is to tell.
pub struct Detail {
    pub policy: String,
    pub timezone: String,
    pub by: &'static str,
    pub currency: Option<Currency>,
    pub input: Input,
    pub rows: Vec<RevenueRow>,
    pub by_customer: Option<Vec<RevenueRow>>,
    pub cohorts: Option<Vec<CohortCell>>,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    policy: String,
    timezone: String,
    by: &'static str,
    /// What was converted to; null where each currency is answered by itself.
    currency: Option<String>,
    input_rows: u64,
    customers: usize,
    rows: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by_customer: Option<Vec<Row>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cohorts: Option<Vec<Cell>>,
    findings: Vec<Said>,
}

#[derive(Debug, Serialize)]
struct Said {
    line: u64,
    code: &'static str,
    message: Cow<'static, str>,
}

#[derive(Debug, Serialize)]
struct Row {
    period: String,
    period_start: String,
    period_end: String,
    partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    slice: Option<String>,
    currency: String,
    start: Option<String>,
    new: Option<String>,
    reactivation: Option<String>,
    expansion: Option<String>,
    upsell: Option<String>,
    cross_sell: Option<String>,
    contraction: Option<String>,
    churn: Option<String>,
    churn_voluntary: Option<String>,
    churn_involuntary: Option<String>,
    churn_unknown: Option<String>,
    fx: Option<String>,
    end: Option<String>,
    arr: Option<String>,
    arpa: Option<String>,
    customers_start: i64,
    customers_new: i64,
    customers_reactivated: i64,
    customers_expanded: i64,
    customers_contracted: i64,
    customers_churned: i64,
    customers_churned_voluntary: i64,
    customers_churned_involuntary: i64,
    customers_churned_unknown: i64,
    customers_end: i64,
    nrr: Option<String>,
    grr: Option<String>,
    logo_churn: Option<String>,
    gross_mrr_churn: Option<String>,
    net_mrr_churn: Option<String>,
    quick_ratio: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    null_reasons: BTreeMap<&'static str, &'static str>,
    policy: String,
}

#[derive(Debug, Serialize)]
struct Cell {
    cohort: String,
    currency: String,
    age: usize,
    joined: i64,
    customers: Option<i64>,
    retention: Option<String>,
    nrr: Option<String>,
    grr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    null_reason: Option<&'static str>,
}

fn decimal(ratio: Ratio) -> Option<String> {
    ratio.to_decimal(6)
}

fn row(of: RevenueRow, policy: &str, has_products: bool) -> Row {
    let mut why: BTreeMap<&'static str, &'static str> = BTreeMap::new();
    let currency = of.currency;
    let mut money = |name, amount: &Measured<i64>| {
        if let Some(reason) = amount.null_reason {
            why.insert(name, reason.as_str());
        }
        amount.value.map(|minor| Money::from_minor(minor, currency).to_major_string())
    };
    let unknown = Measured::none(NullReason::NoData);
    let (upsell, cross_sell) =
        if has_products { (&of.upsell, &of.cross_sell) } else { (&unknown, &unknown) };
    let [start, new, reactivation, expansion, upsell, cross_sell, contraction] = [
        ("start", &of.start),
        ("new", &of.new),
        ("reactivation", &of.reactivation),
        ("expansion", &of.expansion),
        ("upsell", upsell),
        ("cross_sell", cross_sell),
        ("contraction", &of.contraction),
    ]
    .map(|(name, amount)| money(name, amount));
    let [churn, churn_voluntary, churn_involuntary, churn_unknown, fx, end, arr, arpa] = [
        ("churn", &of.churn),
        ("churn_voluntary", &of.churn_voluntary),
        ("churn_involuntary", &of.churn_involuntary),
        ("churn_unknown", &of.churn_unknown),
        ("fx", &of.fx),
        ("end", &of.end),
        ("arr", &of.arr),
        ("arpa", &of.arpa),
    ]
    .map(|(name, amount)| money(name, amount));
    let mut share = |name, ratio: &Measured<Ratio>| {
        let shown = ratio.value.and_then(decimal);
        if shown.is_none() {
            why.insert(name, ratio.null_reason.unwrap_or(NullReason::Overflow).as_str());
        }
        shown
    };
    let [nrr, grr, logo_churn, gross_mrr_churn, net_mrr_churn, quick_ratio] = [
        ("nrr", &of.nrr),
        ("grr", &of.grr),
        ("logo_churn", &of.logo_churn),
        ("gross_mrr_churn", &of.gross_mrr_churn),
        ("net_mrr_churn", &of.net_mrr_churn),
        ("quick_ratio", &of.quick_ratio),
    ]
    .map(|(name, ratio)| share(name, ratio));
    let customers = of.customers;
    Row {
        period: of.period.name,
        period_start: of.period.start.to_string(),
        period_end: of.period.end.to_string(),
        partial: of.partial,
        slice: of.slice,
        currency: currency.code().to_owned(),
        start,
        new,
        reactivation,
        expansion,
        upsell,
        cross_sell,
        contraction,
        churn,
        churn_voluntary,
        churn_involuntary,
        churn_unknown,
        fx,
        end,
        arr,
        arpa,
        customers_start: customers.start,
        customers_new: customers.new,
        customers_reactivated: customers.reactivated,
        customers_expanded: customers.expanded,
        customers_contracted: customers.contracted,
        customers_churned: customers.churned(),
        customers_churned_voluntary: customers.churned_voluntary,
        customers_churned_involuntary: customers.churned_involuntary,
        customers_churned_unknown: customers.churned_unknown,
        customers_end: customers.end,
        nrr,
        grr,
        logo_churn,
        gross_mrr_churn,
        net_mrr_churn,
        quick_ratio,
        null_reasons: why,
        policy: policy.to_owned(),
    }
}

fn cohort(of: CohortCell) -> Cell {
    let reason = of.customers.null_reason.or(of.nrr.null_reason);
    Cell {
        cohort: of.cohort,
        currency: of.currency.code().to_owned(),
        age: of.age,
        joined: of.joined,
        customers: of.customers.value,
        retention: of.retention.value.and_then(decimal),
        nrr: of.nrr.value.and_then(decimal),
        grr: of.grr.value.and_then(decimal),
        null_reason: reason.map(|reason| reason.as_str()),
    }
}

impl Answer {
    pub fn new(detail: Detail) -> Self {
        let Detail { policy, timezone, by, currency, mut input, rows, by_customer, cohorts } =
            detail;
        let products = input.has_products;
        input.findings.sort_unstable();
        input.findings.dedup();
        let shaped = |rows: Vec<RevenueRow>| {
            rows.into_iter().map(|one| row(one, &policy, products)).collect::<Vec<Row>>()
        };
        let said = |Note { line, code, message }| Said { line, code, message };
        Self {
            rows: shaped(rows),
            by_customer: by_customer.map(shaped),
            cohorts: cohorts.map(|cells| cells.into_iter().map(cohort).collect()),
            timezone,
            by,
            currency: currency.map(|currency| currency.code().to_owned()),
            input_rows: input.rows,
            customers: input.customers.len(),
            findings: input.findings.into_iter().map(said).collect(),
            policy,
        }
    }

    /// As a table.
    pub fn text(&self) -> String {
        let mut out = format!(
            "MRR by {}, policy {}, {}: {} customers in {} rows\n",
            self.by, self.policy, self.timezone, self.customers, self.input_rows
        );
        rows(&mut out, &self.rows);
        if let Some(detail) = &self.by_customer {
            out.push_str("\nBy customer\n");
            rows(&mut out, detail);
        }
        if let Some(cells) = &self.cohorts {
            triangle(&mut out, cells);
        }
        if self.rows.iter().any(|row| row.partial) {
            out.push_str(
                "\n* partial: the period is not wholly within what is known or asked for\n",
            );
        }
        if !self.findings.is_empty() {
            let _ = writeln!(out, "\nFindings ({})", self.findings.len());
            for one in self.findings.iter().take(SHOWN_MAX) {
                let _ = writeln!(out, "  line {}: {}: {}", one.line, one.code, one.message);
            }
            if self.findings.len() > SHOWN_MAX {
                let _ = writeln!(
                    out,
                    "  and {} more; --json lists all",
                    self.findings.len() - SHOWN_MAX
                );
            }
        }
        out
    }
}

/// Lines of equal columns, the first two to the left.
fn aligned(out: &mut String, lines: &[Vec<String>]) {
    let mut widths: Vec<usize> = Vec::new();
    for line in lines {
        widths.resize(widths.len().max(line.len()), 0);
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for line in lines {
        let mut text = String::new();
        for (index, (width, cell)) in widths.iter().zip(line).enumerate() {
            let _ = if index < 2 {
                write!(text, "{cell:<width$}  ")
            } else {
                write!(text, "{cell:>width$}  ")
            };
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

fn rows(out: &mut String, rows: &[Row]) {
    let head = [
        "period",
        "slice",
        "currency",
        "start",
        "new",
        "react.",
        "expansion",
        "contraction",
        "churn",
        "fx",
        "end",
        "customers",
        "nrr",
        "grr",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    for row in rows {
        let mark = if row.partial { "*" } else { "" };
        let slice = row.slice.clone().unwrap_or_default();
        let mut line = vec![format!("{}{mark}", row.period), slice, row.currency.clone()];
        line.extend(
            [
                &row.start,
                &row.new,
                &row.reactivation,
                &row.expansion,
                &row.contraction,
                &row.churn,
                &row.fx,
                &row.end,
            ]
            .map(shown),
        );
        line.push(row.customers_end.to_string());
        line.extend([&row.nrr, &row.grr].map(shown));
        lines.push(line);
    }
    if lines.iter().skip(1).all(|line| line.get(1).is_some_and(String::is_empty)) {
        for line in &mut lines {
            line.remove(1);
        }
    }
    aligned(out, &lines);
}

fn triangle(out: &mut String, cells: &[Cell]) {
    out.push_str("\nCohorts\n");
    let head = ["cohort", "currency", "age", "joined", "customers", "retention", "nrr", "grr"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    for cell in cells.iter().filter(|cell| cell.customers.is_some()) {
        lines.push(vec![
            cell.cohort.clone(),
            cell.currency.clone(),
            cell.age.to_string(),
            cell.joined.to_string(),
            cell.customers.map(|n| n.to_string()).unwrap_or_default(),
            shown(&cell.retention),
            shown(&cell.nrr),
            shown(&cell.grr),
        ]);
    }
    aligned(out, &lines);
}
