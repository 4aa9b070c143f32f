//! Reading subscription periods and exchange rates from tables.
//!
//! Owns the columns and what their fields mean. A row that cannot be read is left out with a
//! finding; a rate that cannot be read is an error, for a table of rates has no bad rows to spare.

use crate::cli::Failure;
use crate::cli::metrics::columns::{Map, Role, cell, line};
use crate::cli::table::Table;
use csv::ByteRecord;
use domain::{Currency, Date, Interval, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;
use metrics::revenue::{
    Cancellation, Cause, Discount, Duration, Finding, GivenBack, ItemPeriod, Off, RateError, Rates,
    Stretch,
};
use metrics::{MissingRate, Ratio};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

/// Who is shown where a row names nobody.
const NOBODY: &str = "(unidentified)";

macro_rules! roles {
    ($($constant:ident = $name:literal: $($usual:literal)*;)*) => {
        $(const $constant: Role = Role { name: $name, usual: &[$($usual),*] };)*
        /// What the columns of a table of subscription periods can hold.
        pub const ROLES: [Role; [$($name),*].len()] = [$($constant),*];
    };
}

roles! {
    CUSTOMER = "customer": "customer" "customer id" "account" "account id" "profile" "client" "client id" "company";
    SUBSCRIPTION = "subscription": "subscription" "subscription id" "sub id" "contract" "contract id";
    ITEM = "item": "item" "item id" "subscription item" "line item" "price id";
    PRODUCT = "product": "product" "product id" "product line" "product name" "plan" "plan id" "plan name";
    SEGMENT = "segment": "segment" "customer segment";
    START = "start": "start" "start date" "started at" "start at" "valid from" "from" "period start" "service period start";
    END = "end": "end" "end date" "ended at" "end at" "valid to" "valid until" "to" "until" "period end" "service period end";
    AMOUNT = "amount": "amount" "unit amount" "price" "unit price";
    TOTAL = "total": "total" "total amount" "amount total" "line total";
    MONTHLY = "monthly": "monthly" "monthly amount" "mrr" "monthly price" "monthly revenue";
    AMOUNT_MINOR = "amount_minor": "amount minor" "unit amount minor" "amount cents" "unit amount cents" "amount in cents";
    QUANTITY = "quantity": "quantity" "qty" "seats" "units";
    CURRENCY = "currency": "currency" "currency code";
    INTERVAL = "interval": "interval" "billing interval" "billing period" "frequency" "billing frequency";
    INTERVAL_COUNT = "interval_count": "interval count" "billing interval count";
    DISCOUNT = "discount": "discount" "coupon" "discount percent" "percent off";
    DISCOUNT_AMOUNT = "discount_amount": "discount amount" "amount off";
    DISCOUNT_DURATION = "discount_duration": "discount duration" "coupon duration" "discount type";
    DISCOUNT_START = "discount_start": "discount start" "discount from" "coupon start";
    DISCOUNT_END = "discount_end": "discount end" "discount until" "coupon end" "discount ends at";
    TRIAL_END = "trial_end": "trial end" "trial ends at" "trial until" "trial end date";
    ANCHOR = "anchor": "anchor" "billing anchor" "billing cycle anchor";
    CANCELLED_AT = "cancelled_at": "cancelled at" "canceled at" "cancellation date" "cancelled on" "canceled on" "cancel date" "cancel requested at" "cancellation requested at";
    CANCEL_REASON = "cancel_reason": "cancel reason" "cancellation reason" "cancelation reason" "churn reason" "churn type";
    AT_PERIOD_END = "cancel_at_period_end": "cancel at period end";
    AT_ONCE = "cancel_at_once": "cancel at once" "cancel immediately" "immediate" "cancelled immediately";
    PAUSED_AT = "paused_at": "paused at" "paused from" "pause start" "paused on";
    RESUMED_AT = "resumed_at": "resumed at" "paused until" "pause end" "resumed on" "resumes at";
    PAST_DUE_AT = "past_due_at": "past due at" "past due since" "past due from" "delinquent since";
    RECOVERED_AT = "recovered_at": "recovered at" "past due until" "recovered on";
    REFUNDED_AT = "refunded_at": "refunded at" "refund date" "refunded on";
    REFUND_AMOUNT = "refund_amount": "refund amount" "refunded amount" "amount refunded";
}

const ON: Role = Role { name: "date", usual: &["date", "day", "on", "valid from"] };
const BASE: Role =
    Role { name: "base", usual: &["base", "base currency", "from", "from currency", "source"] };
const QUOTE: Role =
    Role { name: "quote", usual: &["quote", "quote currency", "to", "to currency", "target"] };
const RATE: Role = Role { name: "rate", usual: &["rate", "exchange rate", "value", "fx rate"] };

/// Something that a reader of the numbers should look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Line of the file.
    pub line: u64,
    /// What, in one word.
    pub code: &'static str,
    /// What was done about it.
    pub message: Cow<'static, str>,
}

impl From<Finding> for Note {
    fn from(finding: Finding) -> Self {
        let Finding { origin, kind } = finding;
        let message = match kind.missing_rate() {
            Some(MissingRate { from, day: Some(day) }) => {
                format!("no exchange rate of {from} on {day}; the numbers concerned are null")
                    .into()
            }
            _ => kind.outcome().into(),
        };
        Self { line: origin, code: kind.as_str(), message }
    }
}

/// A customer and everything they subscribe to.
#[derive(Clone, Debug)]
pub struct Customer {
    pub name: String,
    segment: Option<String>,
    pub items: Vec<ItemPeriod>,
}

impl Customer {
    pub fn segment(&self) -> &str {
        self.segment.as_deref().unwrap_or("unknown")
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Input {
    pub customers: Vec<Customer>,
    pub findings: Vec<Note>,
    pub rows: u64,
    pub has_segments: bool,
    pub has_products: bool,
}

/// An instant: RFC 3339, or a date or a time of day on the clocks of `tz`.
pub fn instant(text: &str, tz: &TimeZone) -> Option<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp::from_millis(at.as_millisecond()));
    }
    let at: civil::DateTime = match text.parse::<civil::Date>() {
        // A date and nothing else: jiff would take a time of day too, and drop it.
        Ok(date) if text.len() <= 11 => date.to_datetime(civil::Time::midnight()),
        _ => text.parse().ok()?,
    };
    match at.to_zoned(tz.clone()) {
        Ok(at) => Some(Timestamp::from_millis(at.timestamp().as_millisecond())),
        // The last hours of the year 9999.
        Err(_) if at.year() > 0 => Some(Timestamp::from_millis(i64::MAX)),
        Err(_) => Some(Timestamp::from_millis(i64::MIN)),
    }
}

fn yes(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

fn interval(text: &str) -> Option<(Interval, u32)> {
    Some(match text.to_ascii_lowercase().as_str() {
        "day" | "days" | "daily" | "d" => (Interval::Day, 1),
        "week" | "weeks" | "weekly" | "w" => (Interval::Week, 1),
        "month" | "months" | "monthly" | "m" => (Interval::Month, 1),
        "quarter" | "quarters" | "quarterly" | "q" => (Interval::Month, 3),
        "half-year" | "half year" | "semiannual" | "semi-annual" | "biannual" => {
            (Interval::Month, 6)
        }
        "year" | "years" | "yearly" | "annual" | "annually" | "y" => (Interval::Year, 1),
        _ => return None,
    })
}

/// How a table is read.
pub struct Reading<'a> {
    pub tz: &'a TimeZone,
    pub amounts_in: Currency,
    pub end_inclusive: bool,
    pub map: &'a Map,
}

/// Where each column stands.
struct Columns(BTreeMap<&'static str, usize>);

/// Why a row is left out.
type Refused = (&'static str, &'static str);

const BAD_DATE: Refused = ("UNREADABLE_DATE", "a date cannot be read; left out");
const BAD_AMOUNT: Refused = ("UNREADABLE_AMOUNT", "an amount or quantity is no number; left out");
const BAD_CURRENCY: Refused = ("UNKNOWN_CURRENCY", "not a currency of ISO 4217; left out");
const BAD_INTERVAL: Refused = ("UNKNOWN_INTERVAL", "not a billing interval; left out");
const BAD_FLAG: Refused = ("UNREADABLE_FLAG", "neither yes nor no; left out");
const BAD_DISCOUNT: Refused = ("UNREADABLE_DISCOUNT", "a discount cannot be read; left out");
const NO_CURRENCY: Refused =
    ("ASSUMED_CURRENCY", "no currency column; amounts are of the currency of --amounts-in");
const NO_CUSTOMER: Refused = ("NO_CUSTOMER", "no customer; counted as one of its own");

struct Row<'a> {
    record: &'a ByteRecord,
    columns: &'a Columns,
    reading: &'a Reading<'a>,
}

impl Row<'_> {
    /// The field, if there is such a column and it is not empty.
    fn text(&self, role: &Role) -> Option<String> {
        let at = *self.columns.0.get(role.name)?;
        Some(cell(self.record, at)).filter(|text| !text.is_empty() && !is_null(text))
    }

    fn instant(&self, role: &Role) -> Result<Option<Timestamp>, Refused> {
        let parsed = |text: String| instant(&text, self.reading.tz).ok_or(BAD_DATE);
        self.text(role).map(parsed).transpose()
    }

    fn number(&self, role: &Role) -> Result<Option<Ratio>, Refused> {
        let parsed = |text: String| Ratio::parse_decimal(&text).ok_or(BAD_AMOUNT);
        self.text(role).map(parsed).transpose()
    }

    fn flag(&self, role: &Role) -> Result<Option<bool>, Refused> {
        self.text(role).map(|text| yes(&text).ok_or(BAD_FLAG)).transpose()
    }

    fn stretch(&self, from: &Role, until: &Role) -> Result<Vec<Stretch>, Refused> {
        let until = self.instant(until)?;
        Ok(self.instant(from)?.map(|from| Stretch { from, until }).into_iter().collect())
    }

    fn end(&self) -> Result<Option<Timestamp>, Refused> {
        let end = self.instant(&END)?;
        if !self.reading.end_inclusive {
            return Ok(end);
        }
        // The first instant of the following day, however long the last one is.
        let following = |at: Timestamp| {
            let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
            let date = at.to_zoned(self.reading.tz.clone()).date().tomorrow().ok()?;
            metrics::revenue::start_of(date, self.reading.tz)
        };
        Ok(end.map(|at| following(at).unwrap_or(at)))
    }

    /// Minor units per interval for the whole quantity; and whether the interval is a month by the
    /// column's own meaning.
    fn amount(&self, currency: Currency) -> Result<(Ratio, bool), Refused> {
        let scale = Ratio::whole(10_i64.pow(u32::from(currency.exponent())));
        let minor = |major: Ratio| major.checked_mul(scale).ok_or(BAD_AMOUNT);
        if let Some(total) = self.number(&TOTAL)? {
            return Ok((minor(total)?, false));
        }
        let unit = match (self.number(&AMOUNT_MINOR)?, self.number(&AMOUNT)?) {
            (Some(unit), _) => unit,
            (None, Some(unit)) => minor(unit)?,
            // What a vendor worked out comes last: the price says more.
            (None, None) => return Ok((minor(self.number(&MONTHLY)?.ok_or(BAD_AMOUNT)?)?, true)),
        };
        let quantity = self.number(&QUANTITY)?.unwrap_or(Ratio::whole(1));
        Ok((unit.checked_mul(quantity).ok_or(BAD_AMOUNT)?, false))
    }

    fn discounts(&self, currency: Currency) -> Result<Vec<Discount>, Refused> {
        let scale = Ratio::whole(10_i64.pow(u32::from(currency.exponent())));
        let amount = |text: &str| -> Result<Off, Refused> {
            let major = Ratio::parse_decimal(text).ok_or(BAD_DISCOUNT)?;
            Ok(Off::Amount(major.checked_mul(scale).ok_or(BAD_DISCOUNT)?))
        };
        let percent = |text: &str| -> Result<Off, Refused> {
            let share = Ratio::parse_decimal(text).and_then(|n| n.checked_div(Ratio::whole(100)));
            share.map(Off::Share).ok_or(BAD_DISCOUNT)
        };
        let share = match self.text(&DISCOUNT) {
            None => None,
            Some(text) => Some(match text.strip_suffix('%') {
                Some(number) => percent(number)?,
                // Of a column that is named so, a bare number is a percentage.
                None if self.columns.0.contains_key(PERCENT_MARK) => percent(&text)?,
                None => amount(&text)?,
            }),
        };
        let fixed = self.text(&DISCOUNT_AMOUNT).map(|text| amount(&text)).transpose()?;
        let until = self.instant(&DISCOUNT_END)?;
        let from = self.instant(&DISCOUNT_START)?;
        let duration = match self.text(&DISCOUNT_DURATION).map(|text| text.to_ascii_lowercase()) {
            // Without a word for it: what ends is repeating.
            None if until.is_some() => Duration::Repeating,
            None => Duration::Forever,
            Some(word) => match word.as_str() {
                "forever" => Duration::Forever,
                "repeating" | "multiple" | "limited" => Duration::Repeating,
                "once" | "one-time" | "one time" | "single" => Duration::Once,
                _ => return Err(BAD_DISCOUNT),
            },
        };
        let offs = share.into_iter().chain(fixed);
        let zero = |off: &Off| matches!(off, Off::Share(n) | Off::Amount(n) if n.is_zero());
        Ok(offs
            .filter(|off| !zero(off))
            .map(|off| Discount { off, duration, from, until })
            .collect())
    }

    fn cancellation(&self) -> Result<Option<Cancellation>, Refused> {
        let requested_at = self.instant(&CANCELLED_AT)?;
        let reason = self.text(&CANCEL_REASON);
        let at_end = self.flag(&AT_PERIOD_END)?;
        let at_once = match (self.flag(&AT_ONCE)?, at_end) {
            (Some(at_once), _) => at_once,
            (None, Some(at_end)) => !at_end && requested_at.is_some(),
            (None, None) => false,
        };
        let any = requested_at.is_some() || reason.is_some();
        let cause = Cause::of(reason.as_deref());
        Ok(any.then_some(Cancellation { requested_at, at_once, cause }))
    }

    fn item(&self) -> Result<ItemPeriod, Refused> {
        let currency = match self.text(&CURRENCY) {
            Some(code) => Currency::parse(&code).ok_or(BAD_CURRENCY)?,
            None => self.reading.amounts_in,
        };
        let (amount, per_month) = self.amount(currency)?;
        let word = self.text(&INTERVAL).filter(|_| !per_month);
        let (unit, times) = match word {
            Some(word) => interval(&word).ok_or(BAD_INTERVAL)?,
            None => (Interval::Month, 1),
        };
        let count = match self.text(&INTERVAL_COUNT).filter(|_| !per_month) {
            Some(text) => text.parse::<u32>().map_err(|_| BAD_INTERVAL)?,
            None => 1,
        };
        let given_back = self.instant(&REFUNDED_AT)?.map(|at| -> Result<GivenBack, Refused> {
            let scale = Ratio::whole(10_i64.pow(u32::from(currency.exponent())));
            let amount = self.number(&REFUND_AMOUNT)?;
            let minor = |major: Ratio| major.checked_mul(scale).ok_or(BAD_AMOUNT);
            Ok(GivenBack { at, amount: amount.map(minor).transpose()? })
        });
        Ok(ItemPeriod {
            start: self.instant(&START)?.ok_or(BAD_DATE)?,
            subscription: self.text(&SUBSCRIPTION).unwrap_or_default(),
            item: self.text(&ITEM).unwrap_or_default(),
            product: self.text(&PRODUCT),
            end: self.end()?,
            amount,
            currency,
            interval: unit,
            interval_count: count.checked_mul(times).ok_or(BAD_INTERVAL)?,
            discounts: self.discounts(currency)?,
            trial_end: self.instant(&TRIAL_END)?,
            anchor: self.instant(&ANCHOR)?,
            pauses: self.stretch(&PAUSED_AT, &RESUMED_AT)?,
            arrears: self.stretch(&PAST_DUE_AT, &RECOVERED_AT)?,
            cancellation: self.cancellation()?,
            given_back: given_back.transpose()?,
            origin: line(self.record),
        })
    }
}

/// Marks that the discount column says by its name that it holds percentages.
const PERCENT_MARK: &str = "discount is percent";

/// Words that exports write for nothing.
fn is_null(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "null" | "none" | "nan" | "n/a" | "na" | "-")
}

impl Reading<'_> {
    fn columns(&self, headers: &[String]) -> Result<Columns, Failure> {
        let mut found = BTreeMap::new();
        for role in &ROLES {
            if let Some(at) = self.map.find(headers, role)? {
                found.insert(role.name, at);
            }
        }
        self.map.get(headers, &START)?;
        if ![MONTHLY, TOTAL, AMOUNT_MINOR].iter().any(|role| found.contains_key(role.name)) {
            self.map.get(headers, &AMOUNT)?;
        }
        let percent =
            found.get(DISCOUNT.name).and_then(|at| headers.get(*at)).is_some_and(|name| {
                let name = name.to_lowercase();
                name.contains("percent") || name.contains("pct") || name.contains('%')
            });
        if percent {
            found.insert(PERCENT_MARK, 0);
        }
        Ok(Columns(found))
    }

    /// Reads a table of subscription periods.
    pub fn read(&self, path: &Path) -> Result<Input, Failure> {
        let mut table = Table::open(path)?;
        let columns = self.columns(&table.headers)?;
        let mut input = Input {
            has_segments: columns.0.contains_key(SEGMENT.name),
            has_products: columns.0.contains_key(PRODUCT.name),
            ..Input::default()
        };
        if !columns.0.contains_key(CURRENCY.name) {
            let (code, message) = NO_CURRENCY;
            input.findings.push(Note { line: 1, code, message: message.into() });
        }
        let mut known: BTreeMap<String, Customer> = BTreeMap::new();
        let mut nobody: Vec<Customer> = Vec::new();
        let mut record = ByteRecord::new();
        while table.next(&mut record)? {
            input.rows += 1;
            let row = Row { record: &record, columns: &columns, reading: self };
            let mut say = |(code, message): Refused| {
                input.findings.push(Note { line: line(&record), code, message: message.into() });
            };
            let item = match row.item() {
                Ok(item) => item,
                Err(refused) => {
                    say(refused);
                    continue;
                }
            };
            let segment = row.text(&SEGMENT);
            match row.text(&CUSTOMER) {
                Some(name) => {
                    let blank =
                        || Customer { name: name.clone(), segment: None, items: Vec::new() };
                    let customer = known.entry(name.clone()).or_insert_with(blank);
                    // One segment per customer, whatever the order of the rows: the last by name.
                    customer.segment = customer.segment.take().max(segment);
                    customer.items.push(item);
                }
                None => {
                    say(NO_CUSTOMER);
                    let name = NOBODY.to_owned();
                    nobody.push(Customer { name, segment, items: vec![item] });
                }
            }
        }
        if input.rows > 0 && known.is_empty() && nobody.is_empty() {
            let first = input.findings.first().map_or("", |note| &*note.message);
            return Err(Failure::Failed(anyhow::anyhow!(
                "none of the {} rows can be read; the first one: {first}",
                input.rows
            )));
        }
        input.customers = known.into_values().chain(nobody).collect();
        Ok(input)
    }
}

/// Reads a table of exchange rates.
pub fn rates(path: &Path) -> Result<Rates, Failure> {
    let map = Map::parse(&[], &[])?;
    let mut table = Table::open(path)?;
    let mut at = [0_usize; 4];
    for (slot, role) in at.iter_mut().zip([ON, BASE, QUOTE, RATE]) {
        *slot = map.get(&table.headers, &role)?;
    }
    let [on, base, quote, rate] = at;
    let mut rates = Rates::default();
    let mut record = ByteRecord::new();
    while table.next(&mut record)? {
        let wrong = |what: &str| {
            Failure::Failed(anyhow::anyhow!("{} line {}: {what}", path.display(), line(&record)))
        };
        let text = |at| cell(&record, at);
        let day = Date::parse(&text(on)).ok_or_else(|| wrong("the date is not YYYY-MM-DD"))?;
        let code = |at| Currency::parse(&text(at)).ok_or_else(|| wrong("an unknown currency"));
        let value =
            Ratio::parse_decimal(&text(rate)).ok_or_else(|| wrong("the rate is no decimal"))?;
        rates.add(day, code(base)?, code(quote)?, value).map_err(|error| {
            wrong(match error {
                RateError::NotPositive => "the rate is not above zero",
                RateError::Conflict => "the pair has another rate on that day",
                RateError::SameCurrency => "a currency is worth itself",
            })
        })?;
    }
    Ok(rates)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    /// Reads a table written for the test.
    fn read(text: &str, entries: &[&str]) -> Result<Input, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        let said = |failure| match failure {
            Failure::Usage(message) => message,
            Failure::Failed(error) => error.to_string(),
        };
        let read = Map::parse(&entries, &ROLES).and_then(|map| {
            let amounts_in = Currency::parse("EUR").unwrap();
            let tz = TimeZone::get("Europe/Paris").unwrap();
            Reading { tz: &tz, amounts_in, end_inclusive: true, map: &map }.read(file.path())
        });
        read.map_err(said)
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn instants_are_read_on_the_clocks_of_the_zone() {
        let tz = TimeZone::get("Europe/Paris").unwrap();
        for (text, expected) in [
            ("2025-01-31", Some(at("2025-01-30T23:00:00Z"))),
            ("2025-07-01 12:30:00", Some(at("2025-07-01T10:30:00Z"))),
            ("2025-07-01T12:30:00Z", Some(at("2025-07-01T12:30:00Z"))),
            ("9999-12-31", Some(Timestamp::from_millis(i64::MAX))),
            ("0000-01-01", Some(Timestamp::from_millis(i64::MIN))),
            ("2025-02-30", None),
            ("31/01/2025", None),
            ("soon", None),
        ] {
            assert_eq!(instant(text, &tz), expected, "{text}");
        }
    }

    #[test]
    fn a_row_is_an_item_with_its_price_for_the_whole_quantity() {
        let text = "Customer ID,Subscription,Start Date,End Date,Unit Price,Qty,Currency,Billing Interval,Percent Off,Coupon Duration,Canceled At,Cancel at period end,Cancellation Reason\n\
                    a,s,2025-01-01,2025-01-31,10.50,3,JOD,quarterly,12.5,once,2025-01-10,false,payment_failed\n";
        let input = read(text, &[]).unwrap();
        assert_eq!(input.findings, []);
        let item = &input.customers[0].items[0];
        assert_eq!(item.amount, Ratio::whole(31_500), "a dinar has a thousand fils");
        assert_eq!((item.interval, item.interval_count), (Interval::Month, 3));
        // The last day is the 31st of January in Paris.
        assert_eq!(item.end, Some(at("2025-01-31T23:00:00Z")));
        let off = Off::Share(Ratio::new(1, 8).unwrap());
        let discount = Discount { off, duration: Duration::Once, from: None, until: None };
        assert_eq!(item.discounts, [discount]);
        let cancellation = item.cancellation.unwrap();
        assert_eq!((cancellation.at_once, cancellation.cause), (true, Cause::Involuntary));
    }

    #[test]
    fn rows_that_cannot_be_read_are_left_out_and_said_with_their_line() {
        let text = "customer,start,amount,currency,interval\n\
                    a,2025-01-01,10,USD,month\n\
                    a,2025-13-01,10,USD,month\n\
                    a,2025-01-01,ten,USD,month\n\
                    a,2025-01-01,10,ABC,month\n\
                    a,2025-01-01,10,USD,fortnight\n\
                    ,2025-01-01,10,,\n";
        let input = read(text, &[]).unwrap();
        let found: Vec<(u64, &str)> =
            input.findings.iter().map(|note| (note.line, note.code)).collect();
        let expected = [
            (3, "UNREADABLE_DATE"),
            (4, "UNREADABLE_AMOUNT"),
            (5, "UNKNOWN_CURRENCY"),
            (6, "UNKNOWN_INTERVAL"),
            (7, "NO_CUSTOMER"),
        ];
        assert_eq!(found, expected);
        assert_eq!((input.rows, input.customers.len()), (6, 2));
        assert_eq!(input.customers[1].items[0].currency.code(), "EUR");
        let none = read("customer,start,amount\na,never,1\n", &[]).unwrap_err();
        assert!(none.contains("none of the 1 rows"), "{none}");
    }

    #[test]
    fn columns_are_mapped_where_their_names_say_nothing() {
        let text = "who,begin,per_month\na,2025-01-01,10\n";
        let missing = read(text, &["customer=who"]).unwrap_err();
        assert!(missing.contains("start"), "{missing}");
        let map = ["customer=who", "start=begin", "monthly=per_month"];
        let input = read(text, &map).unwrap();
        assert_eq!(input.customers[0].items[0].amount, Ratio::whole(1_000));
        assert_eq!(input.findings[0].code, "ASSUMED_CURRENCY");
    }
}
