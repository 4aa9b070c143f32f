//! Dates as people type them, as digits to compare.
//!
//! Owns which number of a typed date is the year, the month and the day. Refuses to repair: a month
//! 13 or a day 95 stays, because two records may carry the same typing error.

use super::text;

/// A date's parts as typed; 0 for a part that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct DateDigits {
    /// Year of four digits, or 0.
    pub year: u16,
    /// Month as typed (1 to 12 when it is right), or 0.
    pub month: u8,
    /// Day as typed (1 to 31 when it is right), or 0.
    pub day: u8,
}

impl DateDigits {
    /// Year, month and day as one number: `19700305`.
    #[must_use]
    pub fn packed(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day)
    }
}

/// Which part a column's dates start with, where a single date does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum DateOrder {
    /// `1970-03-05`, `700305`.
    YearFirst,
    /// `05.03.1970`.
    #[default]
    DayFirst,
    /// `03/05/1970`.
    MonthFirst,
}

/// At most four parts and the length of a time stamp matter.
const LONGEST: usize = 64;

#[derive(Clone, Copy, Default)]
struct Number {
    value: u32,
    digits: u8,
}

/// What a text spells: up to four numbers and a month by name.
#[derive(Default)]
struct Spelt {
    numbers: [Number; 4],
    count: usize,
    month: u8,
}

/// How many of a column's dates start with the year, the day and the month, as far as they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderVotes {
    year: u32,
    day: u32,
    month: u32,
}

impl OrderVotes {
    /// Counts a date's vote.
    pub fn add(&mut self, vote: Option<DateOrder>) {
        let slot = match vote {
            Some(DateOrder::YearFirst) => &mut self.year,
            Some(DateOrder::DayFirst) => &mut self.day,
            Some(DateOrder::MonthFirst) => &mut self.month,
            None => return,
        };
        *slot = slot.saturating_add(1);
    }

    /// The order that most of the dates have; without any that says, dots speak for the day and
    /// the rest too.
    #[must_use]
    pub fn order(self) -> DateOrder {
        if self.year > self.day.max(self.month) {
            DateOrder::YearFirst
        } else if self.month > self.day {
            DateOrder::MonthFirst
        } else {
            DateOrder::DayFirst
        }
    }
}

/// What a single date says about the order of its column: it starts with the year, or has a part
/// above 12. `None` when it fits several orders or spells no date.
#[must_use]
pub fn vote(raw: &str) -> Option<DateOrder> {
    let spelt = read(raw)?;
    let [a, b, c, _] = spelt.numbers;
    match spelt.count {
        1 if a.digits == 8 => {
            if plausible_year(a.value / 10_000) && (1..=12).contains(&(a.value / 100 % 100)) {
                return Some(DateOrder::YearFirst);
            }
            let (first, second) = (a.value / 1_000_000, a.value / 10_000 % 100);
            if !plausible_year(a.value % 10_000) {
                None
            } else if first > 12 && second <= 12 {
                Some(DateOrder::DayFirst)
            } else if second > 12 && first <= 12 {
                Some(DateOrder::MonthFirst)
            } else {
                None
            }
        }
        3 if a.digits >= 3 => Some(DateOrder::YearFirst),
        3 if spelt.month == 0 => {
            if a.value > 31 && c.value <= 31 {
                Some(DateOrder::YearFirst)
            } else if a.value > 12 && b.value <= 12 {
                Some(DateOrder::DayFirst)
            } else if b.value > 12 && a.value <= 12 {
                Some(DateOrder::MonthFirst)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// Reads a date; `None` when the text spells none. A year of two digits up to 30 is of this
/// century.
#[must_use]
pub fn parse(raw: &str, order: DateOrder) -> Option<DateDigits> {
    let spelt = read(raw)?;
    let [a, b, c, _] = spelt.numbers;
    if spelt.month > 0 {
        return with_month_name(&spelt, order);
    }
    match spelt.count {
        1 => solid(a, order),
        2 if a.digits == 4 => digits(a.value, b.value, 0),
        2 if b.digits == 4 => digits(b.value, a.value, 0),
        3 if a.digits >= 3 => digits(a.value, b.value, c.value),
        3 => {
            if order == DateOrder::YearFirst && c.digits <= 2 && (c.value <= 31 || a.value > 31) {
                return digits(century(a), b.value, c.value);
            }
            let (mut day, mut month) = match order {
                DateOrder::MonthFirst => (b.value, a.value),
                DateOrder::DayFirst | DateOrder::YearFirst => (a.value, b.value),
            };
            if month > 12 && day <= 12 {
                (day, month) = (month, day);
            }
            digits(century(c), month, day)
        }
        _ => None,
    }
}

fn plausible_year(year: u32) -> bool {
    (1700..=2150).contains(&year)
}

fn century(year: Number) -> u32 {
    match (year.digits, year.value) {
        (..=2, 0..=30) => 2000 + year.value,
        (..=2, value) => 1900 + value,
        (_, value) => value,
    }
}

fn digits(year: u32, month: u32, day: u32) -> Option<DateDigits> {
    let known = DateDigits {
        year: u16::try_from(year).ok().filter(|y| *y <= 9999)?,
        month: u8::try_from(month).ok().filter(|m| *m <= 99)?,
        day: u8::try_from(day).ok().filter(|d| *d <= 99)?,
    };
    (known.packed() > 0).then_some(known)
}

/// A date without signs between its parts.
fn solid(number: Number, order: DateOrder) -> Option<DateDigits> {
    let value = number.value;
    match number.digits {
        4 => digits(value, 0, 0),
        8 => {
            let year_first = order == DateOrder::YearFirst
                || (plausible_year(value / 10_000)
                    && ((1..=12).contains(&(value / 100 % 100))
                        || !plausible_year(value % 10_000)));
            if year_first {
                return digits(value / 10_000, value / 100 % 100, value % 100);
            }
            let (first, second) = (value / 1_000_000, value / 10_000 % 100);
            match order {
                DateOrder::MonthFirst => digits(value % 10_000, first, second),
                _ => digits(value % 10_000, second, first),
            }
        }
        6 => {
            let two = |value| Number { value, digits: 2 };
            let (first, second, third) = (value / 10_000, value / 100 % 100, value % 100);
            let month_of_year = plausible_year(value / 100) && (1..=12).contains(&third);
            match order {
                DateOrder::YearFirst if second > 12 && month_of_year => {
                    digits(value / 100, third, 0)
                }
                DateOrder::YearFirst => digits(century(two(first)), second, third),
                DateOrder::DayFirst => digits(century(two(third)), second, first),
                DateOrder::MonthFirst => digits(century(two(third)), first, second),
            }
        }
        _ => None,
    }
}

fn with_month_name(spelt: &Spelt, order: DateOrder) -> Option<DateDigits> {
    let month = u32::from(spelt.month);
    let [a, b, ..] = spelt.numbers;
    match spelt.count {
        1 if a.digits >= 3 || a.value > 31 => digits(century(a), month, 0),
        1 => digits(0, month, a.value),
        2 if a.digits >= 3 => digits(a.value, month, b.value),
        2 if b.digits >= 3 => digits(b.value, month, a.value),
        2 if a.value > 31 || (order == DateOrder::YearFirst && b.value <= 31) => {
            digits(century(a), month, b.value)
        }
        2 => digits(century(b), month, a.value),
        _ => None,
    }
}

/// Reads numbers and a month's name; stops at a time of day.
fn read(raw: &str) -> Option<Spelt> {
    let raw = raw.trim();
    let folded;
    let head = if raw.is_ascii() {
        raw.get(..raw.len().min(LONGEST)).unwrap_or_default()
    } else {
        folded = text::fold(raw);
        folded.get(..folded.len().min(LONGEST)).unwrap_or_default()
    };
    let bytes = head.as_bytes();
    let mut spelt = Spelt::default();
    let mut at = 0;
    while let Some(b) = bytes.get(at) {
        let start = at;
        if b.is_ascii_digit() {
            let mut value = 0u32;
            while let Some(d) = bytes.get(at).filter(|d| d.is_ascii_digit()) {
                value = value.saturating_mul(10).saturating_add(u32::from(d - b'0'));
                at += 1;
            }
            if bytes.get(at) == Some(&b':') {
                break;
            }
            let slot = spelt.numbers.get_mut(spelt.count)?;
            *slot = Number { value, digits: u8::try_from(at - start).unwrap_or(u8::MAX) };
            spelt.count += 1;
            // `1970-03-05T00:00` and `1970-03-05 00:00`: three parts are a date.
            if spelt.count == 3 {
                break;
            }
        } else if b.is_ascii_alphabetic() {
            while bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
                at += 1;
            }
            if spelt.month == 0 {
                spelt.month = head.get(start..at).map_or(0, month_named);
            }
        } else {
            at += 1;
        }
        if spelt.month > 0 && spelt.count == 2 {
            break;
        }
    }
    (spelt.count > 0).then_some(spelt)
}

/// The month that a word names in the languages of Europe, or 0.
fn month_named(word: &str) -> u8 {
    let mut lower = [0u8; 10];
    if word.len() < 3 || word.len() > lower.len() {
        return 0;
    }
    for (to, from) in lower.iter_mut().zip(word.bytes()) {
        *to = from.to_ascii_lowercase();
    }
    let Ok(word) = std::str::from_utf8(lower.get(..word.len()).unwrap_or_default()) else {
        return 0;
    };
    match word {
        "jan" | "january" | "januar" | "janner" | "jaenner" | "janvier" | "janv" | "enero"
        | "ene" | "gennaio" | "gen" | "janeiro" | "januari" | "stycznia" | "styczen" | "ledna"
        | "yanvar" | "yanvarya" | "ocak" => 1,
        "feb" | "february" | "februar" | "fevrier" | "fevr" | "fev" | "febrero" | "febbraio"
        | "fevereiro" | "februari" | "lutego" | "luty" | "fevral" | "fevralya" | "subat"
        | "febr" => 2,
        "mar" | "march" | "marz" | "maerz" | "mrz" | "mars" | "marzo" | "marco" | "maart"
        | "mrt" | "marca" | "marzec" | "mart" | "marta" => 3,
        "apr" | "april" | "avril" | "avr" | "abril" | "abr" | "aprile" | "kwietnia"
        | "kwiecien" | "aprel" | "aprelya" | "nisan" => 4,
        "may" | "mai" | "mayo" | "maggio" | "mag" | "maio" | "mei" | "maj" | "maja" | "maya"
        | "mayis" => 5,
        "jun" | "june" | "juni" | "juin" | "junio" | "giugno" | "giu" | "junho" | "czerwca"
        | "czerwiec" | "iyun" | "iyunya" | "haziran" => 6,
        "jul" | "july" | "juli" | "juillet" | "juil" | "julio" | "luglio" | "lug" | "julho"
        | "lipca" | "lipiec" | "iyul" | "iyulya" | "temmuz" => 7,
        "aug" | "august" | "aout" | "agosto" | "ago" | "augustus" | "augusti" | "sierpnia"
        | "sierpien" | "avgust" | "avgusta" | "agustos" => 8,
        "sep" | "sept" | "september" | "septembre" | "septiembre" | "setiembre" | "settembre"
        | "set" | "setembro" | "wrzesnia" | "wrzesien" | "sentyabr" | "sentyabrya" | "eylul" => 9,
        "oct" | "october" | "okt" | "oktober" | "octobre" | "octubre" | "ottobre" | "ott"
        | "outubro" | "out" | "pazdziernik" | "oktyabr" | "oktyabrya" | "ekim" => 10,
        "nov" | "november" | "novembre" | "noviembre" | "novembro" | "listopada" | "listopad"
        | "noyabr" | "noyabrya" | "kasim" => 11,
        "dec" | "december" | "dez" | "dezember" | "decembre" | "diciembre" | "dic" | "dicembre"
        | "dezembro" | "desember" | "grudnia" | "grudzien" | "dekabr" | "dekabrya" | "aralik" => 12,
        _ => 0,
    }
}
