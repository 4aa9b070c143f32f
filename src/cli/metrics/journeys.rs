//! Reading journeys: a table of paths with their counts, or of touches with their times.
//!
//! Owns the two shapes and what a row of each means. Refuses to guess numbers: a count that is not
//! whole, a value that is no decimal, a time that is none are errors with their line.

use super::columns::{Map, Role, cell, line};
use crate::cli::Failure;
use crate::cli::table::Table;
use csv::ByteRecord;
use domain::Timestamp;
use metrics::attribution::{
    AttributionError, ConversionEvent, Milestone, Path, Paths, Touch, TouchEvent, journeys,
};
use std::collections::BTreeMap;

const PATH: Role = Role {
    name: "path",
    usual: &["path", "paths", "journey", "channel path", "conversion path", "touchpoints"],
};
const CONVERSIONS: Role = Role {
    name: "conversions",
    usual: &[
        "conversions",
        "total conversions",
        "conversion",
        "total conversion",
        "converted",
        "conv",
    ],
};
const VALUE: Role = Role {
    name: "value",
    usual: &[
        "value",
        "conversion value",
        "total conversion value",
        "conv value",
        "revenue",
        "amount",
    ],
};
const NULLS: Role = Role {
    name: "nulls",
    usual: &[
        "nulls",
        "null",
        "total null",
        "total nulls",
        "non conversions",
        "not converted",
        "lost",
    ],
};
const CUSTOMER: Role = Role {
    name: "customer",
    usual: &[
        "customer",
        "customer id",
        "user",
        "user id",
        "visitor id",
        "client id",
        "cookie",
        "contact",
    ],
};
const CHANNEL: Role = Role {
    name: "channel",
    usual: &["channel", "marketing channel", "touchpoint", "source", "medium"],
};
const TIME: Role = Role {
    name: "time",
    usual: &[
        "time",
        "timestamp",
        "touched at",
        "touch time",
        "event time",
        "occurred at",
        "datetime",
        "date",
    ],
};
const CONVERTED_AT: Role = Role {
    name: "converted_at",
    usual: &["converted at", "conversion time", "conversion date", "conversion timestamp"],
};
const CONVERTED: Role = Role {
    name: "converted",
    usual: &["converted", "conversion", "is conversion", "conversions", "conv"],
};
const MILESTONE: Role = Role { name: "milestone", usual: &["milestone"] };

/// Every role of either shape.
const ROLES: [Role; 10] =
    [PATH, CONVERSIONS, VALUE, NULLS, CUSTOMER, CHANNEL, TIME, CONVERTED_AT, CONVERTED, MILESTONE];

/// Decimals of a value that are kept.
const PLACES_MAX: usize = 6;

/// Journeys as read.
#[derive(Debug)]
pub struct Journeys {
    pub paths: Paths,
    /// Decimals of a value: the paths hold it in units of 10 to the minus this.
    pub places: u32,
    pub has_value: bool,
    pub has_nulls: bool,
    /// Whether touches carry their times.
    pub timed: bool,
    /// What the reader of the answer should know.
    pub notes: Vec<String>,
}

fn wrong(row: &ByteRecord, what: &str) -> Failure {
    Failure::Failed(anyhow::anyhow!("line {}: {what}", line(row)))
}

fn unfit(error: AttributionError) -> Failure {
    Failure::Failed(anyhow::Error::new(error).context("the journeys cannot be attributed"))
}

/// A value in units of 10 to the minus `places`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    units: u64,
    places: u32,
}

impl Amount {
    /// Reads a decimal of zero or more, and whether decimals were cut off; `None` when it is none.
    fn parse(text: &str) -> Option<(Self, bool)> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let (kept, cut) = fraction.split_at(fraction.len().min(PLACES_MAX));
        let units: u64 = format!("{whole}{kept}").parse().ok()?;
        // What is cut off rounds up from five on.
        let up = u64::from(cut.as_bytes().first().is_some_and(|digit| *digit >= b'5'));
        let places = u32::try_from(kept.len()).ok()?;
        Some((Self { units: units.checked_add(up)?, places }, !cut.is_empty()))
    }

    fn at(self, places: u32) -> Option<u64> {
        self.units.checked_mul(10_u64.checked_pow(places.checked_sub(self.places)?)?)
    }
}

/// The values of a table, which decide together how many decimals are kept.
#[derive(Default)]
struct Values {
    column: Option<usize>,
    places: u32,
    cut: u64,
}

impl Values {
    /// The value of a row; nothing and an empty field are zero.
    fn read(&mut self, row: &ByteRecord) -> Result<Amount, Failure> {
        let text = self.column.map(|at| cell(row, at)).unwrap_or_default();
        if text.is_empty() {
            return Ok(Amount::default());
        }
        let (amount, cut) = Amount::parse(&text).ok_or_else(|| {
            wrong(row, "the value is no decimal of zero or more, such as 1250 or 12.50")
        })?;
        self.places = self.places.max(amount.places);
        self.cut += u64::from(cut);
        Ok(amount)
    }

    fn notes(&self) -> Vec<String> {
        let some = (self.cut > 0).then(|| {
            format!("{} values have more than {PLACES_MAX} decimals and were rounded", self.cut)
        });
        some.into_iter().collect()
    }
}

/// Reads a table of paths if it has a column of them, else one of touches.
pub fn read(mut table: Table, map: &[String], separator: &str) -> Result<Journeys, Failure> {
    let map = Map::parse(map, &ROLES)?;
    let headers = table.headers.clone();
    if let Some(path) = map.find(&headers, &PATH)? {
        return aggregated(&mut table, &map, path, separator);
    }
    if map.find(&headers, &CUSTOMER)?.is_some() {
        return touches(&mut table, &map);
    }
    Err(Failure::Usage(format!(
        "neither a column of paths nor one of customers is recognised; the table has: {}; say which \
         it is with --map path=COLUMN, or --map customer=COLUMN",
        headers.join(", ")
    )))
}

/// A whole number of zero or more; `2.0` is one, as spreadsheets write it, and nothing is zero.
fn whole(row: &ByteRecord, at: Option<usize>, what: &str) -> Result<u64, Failure> {
    let text = at.map(|at| cell(row, at)).unwrap_or_default();
    let digits = text.split_once('.').map_or(text.as_str(), |(digits, rest)| {
        if rest.bytes().all(|byte| byte == b'0') { digits } else { "" }
    });
    if text.is_empty() {
        return Ok(0);
    }
    digits.parse().map_err(|_| wrong(row, &format!("{what} is not a whole number of zero or more")))
}

fn aggregated(
    table: &mut Table,
    map: &Map,
    path: usize,
    separator: &str,
) -> Result<Journeys, Failure> {
    let headers = table.headers.clone();
    let conversions = map.get(&headers, &CONVERSIONS)?;
    let nulls = map.find(&headers, &NULLS)?;
    let mut values = Values { column: map.find(&headers, &VALUE)?, ..Values::default() };
    let (mut paths, mut rows) = (Paths::new(), Vec::new());
    let mut row = ByteRecord::new();
    while table.next(&mut row)? {
        let text = cell(&row, path);
        let names = text.split(separator).filter(|_| !text.is_empty());
        let touches: Vec<Touch> = names
            .map(|name| Touch { channel: paths.channel(name), at: None, milestone: None })
            .collect();
        let conversions = whole(&row, Some(conversions), "the number of conversions")?;
        let nulls = whole(&row, nulls, "the number of journeys that did not convert")?;
        let amount = values.read(&row)?;
        if conversions == 0 && amount.units > 0 {
            return Err(wrong(
                &row,
                "a value without a conversion; give the number of conversions",
            ));
        }
        rows.push((
            Path { touches, converted_at: None, conversions, value_minor: 0, nulls },
            amount,
        ));
    }
    for (path, amount) in rows {
        let value_minor = amount.at(values.places).ok_or(unfit(AttributionError::Overflow))?;
        paths.push(Path { value_minor, ..path }).map_err(unfit)?;
    }
    let notes = values.notes();
    let (has_value, has_nulls) = (values.column.is_some(), nulls.is_some());
    Ok(Journeys { paths, places: values.places, has_value, has_nulls, timed: false, notes })
}

/// RFC 3339, or a date and time without an offset, which is UTC.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse(&format!("{}Z", text.trim().replacen(' ', "T", 1))))
}

fn flag(row: &ByteRecord, text: &str) -> Result<bool, Failure> {
    match text.to_ascii_lowercase().as_str() {
        "" | "0" | "0.0" | "false" | "no" | "n" | "f" => Ok(false),
        "1" | "1.0" | "true" | "yes" | "y" | "t" => Ok(true),
        _ => Err(wrong(row, "whether the touch converted is neither 0 nor 1")),
    }
}

fn milestone(row: &ByteRecord, text: &str) -> Result<Option<Milestone>, Failure> {
    match text.to_lowercase().as_str() {
        "" => Ok(None),
        "lead" => Ok(Some(Milestone::Lead)),
        "opportunity" => Ok(Some(Milestone::Opportunity)),
        _ => Err(wrong(row, "the milestone is neither lead nor opportunity nor empty")),
    }
}

/// One touch of a customer, as read.
struct ReadTouch {
    customer: String,
    at: Timestamp,
    channel: String,
    milestone: Option<Milestone>,
}

impl ReadTouch {
    fn event(&self) -> TouchEvent<'_> {
        let channel = Some(self.channel.as_str()).filter(|name| !name.is_empty());
        TouchEvent { customer: &self.customer, at: self.at, channel, milestone: self.milestone }
    }
}

fn touches(table: &mut Table, map: &Map) -> Result<Journeys, Failure> {
    let headers = table.headers.clone();
    let customer = map.get(&headers, &CUSTOMER)?;
    let channel = map.get(&headers, &CHANNEL)?;
    let at = map.get(&headers, &TIME)?;
    let converted_at = map.find(&headers, &CONVERTED_AT)?;
    let converted = map.find(&headers, &CONVERTED)?;
    let stone = map.find(&headers, &MILESTONE)?;
    if converted_at.is_none() && converted.is_none() {
        // The error names the column that is asked for.
        map.get(&headers, &CONVERTED_AT)?;
    }
    let mut values = Values { column: map.find(&headers, &VALUE)?, ..Values::default() };
    let mut list: Vec<ReadTouch> = Vec::new();
    let mut flagged: Vec<(String, Timestamp, Amount)> = Vec::new();
    // A conversion stands in the row of each of its touches; it counts once.
    let mut stated: BTreeMap<(String, Timestamp), Amount> = BTreeMap::new();
    let mut row = ByteRecord::new();
    while table.next(&mut row)? {
        let text = |at: Option<usize>| at.map(|at| cell(&row, at)).unwrap_or_default();
        let who = text(Some(customer));
        if who.is_empty() {
            return Err(wrong(&row, "the customer is missing"));
        }
        let moment = |column: Option<usize>| match text(column) {
            empty if empty.is_empty() => Ok(None),
            given => time(&given).map(Some).ok_or_else(|| {
                wrong(&row, "a time is neither RFC 3339 nor a date, such as 2026-11-22T09:30:00Z")
            }),
        };
        let (touched, end) = (moment(Some(at))?, moment(converted_at)?);
        let flag = flag(&row, &text(converted))?;
        let amount = values.read(&row)?;
        let name = text(Some(channel));
        let converts = end.is_some() || flag;
        match (end, touched) {
            (Some(end), _) => {
                let before = stated.entry((who.clone(), end)).or_insert(amount);
                if amount.units > 0 && before.units > 0 && *before != amount {
                    return Err(wrong(&row, "two values of one conversion; one of them is wrong"));
                }
                if before.units == 0 {
                    *before = amount;
                }
            }
            (None, Some(touched)) if flag => flagged.push((who.clone(), touched, amount)),
            (None, _) if amount.units > 0 => {
                return Err(wrong(&row, "a value without a conversion"));
            }
            (None, _) => {}
        }
        // A conversion without a channel and a time of its own is no touch.
        if name.is_empty() && converts {
            continue;
        }
        let Some(at) = touched else {
            return Err(wrong(&row, "the time of the touch is missing"));
        };
        let milestone = milestone(&row, &text(stone))?;
        list.push(ReadTouch { customer: who, at, channel: name, milestone });
    }
    let touches: Vec<TouchEvent<'_>> = list.iter().map(ReadTouch::event).collect();
    let stated = stated.iter().map(|((customer, at), amount)| (customer, at, amount));
    let flagged = flagged.iter().map(|(customer, at, amount)| (customer, at, amount));
    let mut conversions = Vec::new();
    for (customer, at, amount) in stated.chain(flagged) {
        let value_minor = amount.at(values.places).ok_or(unfit(AttributionError::Overflow))?;
        conversions.push(ConversionEvent { customer, at: *at, value_minor });
    }
    let paths = journeys(&touches, &conversions).map_err(unfit)?;
    let (notes, has_value) = (values.notes(), values.column.is_some());
    Ok(Journeys { paths, places: values.places, has_value, has_nulls: true, timed: true, notes })
}
