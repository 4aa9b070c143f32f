//! What the values of a column look like.
//!
//! Owns the shapes that give a column away whatever its name: addresses of mail, numbers of phones,
//! dates. Refuses to normalise: a shape says what a value probably is, not what it says.

use rustc_hash::FxHashSet;

/// What a sample of a column's values looks like.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// Rows looked at.
    pub rows: usize,
    /// Values that are not empty.
    pub filled: usize,
    /// Different values, ignoring case.
    pub distinct: usize,
    pub email: usize,
    pub web: usize,
    /// Written like a phone number: a plus sign, brackets or separators, and 7 to 15 digits.
    pub phone: usize,
    pub date: usize,
    /// Dates with a time of day.
    pub time: usize,
    /// A number, then words.
    pub street: usize,
    /// Numbers of one or two digits.
    pub short: usize,
    /// Two or more commas.
    pub commas: usize,
    /// Postal codes of shapes that nothing else has.
    pub postal: usize,
    /// Without spaces, with a digit.
    pub code: usize,
    /// Has a digit.
    pub digit: usize,
    /// Has a letter.
    pub letter: usize,
    /// Words in all values.
    pub words: usize,
    pub earliest_year: u32,
    pub latest_year: u32,
}

/// Whether at least this share, in percent, of the filled values are so.
pub(super) fn mostly(count: usize, filled: usize, percent: usize) -> bool {
    filled > 0 && count * 100 >= filled * percent
}

impl Shape {
    pub(super) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut shape = Self { earliest_year: u32::MAX, ..Self::default() };
        let mut seen: FxHashSet<String> = FxHashSet::default();
        for value in values {
            shape.rows += 1;
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            shape.filled += 1;
            shape.add(value);
            seen.insert(value.to_lowercase());
        }
        shape.distinct = seen.len();
        shape
    }

    fn add(&mut self, value: &str) {
        let digits = value.chars().filter(char::is_ascii_digit).count();
        let letters = value.chars().any(char::is_alphabetic);
        let words = value.split_whitespace().count();
        self.digit += usize::from(digits > 0);
        self.letter += usize::from(letters);
        self.words += words;
        self.code += usize::from(digits > 0 && words == 1);
        self.email += usize::from(is_email(value));
        self.web += usize::from(is_web(value));
        self.commas += usize::from(value.matches(',').count() >= 2);
        self.postal += usize::from(is_postal(value));
        if let Some((year, time)) = date(value) {
            self.date += 1;
            self.time += usize::from(time);
            self.earliest_year = self.earliest_year.min(year);
            self.latest_year = self.latest_year.max(year);
        } else if !letters && is_phone(value, digits) {
            self.phone += 1;
        }
        let starts = value.starts_with(|c: char| c.is_ascii_digit());
        self.street += usize::from(letters && words >= 2 && (starts || ends_as_a_street(value)));
        self.short += usize::from(digits > 0 && digits == value.len() && digits <= 2);
    }

    pub(super) fn is(&self, count: usize, percent: usize) -> bool {
        mostly(count, self.filled, percent)
    }

    /// Every value once, and enough of them to mean it.
    pub(super) fn unique(&self) -> bool {
        self.filled >= 2 && self.distinct == self.filled && self.filled * 100 >= self.rows * 95
    }

    pub(super) fn constant(&self) -> bool {
        self.distinct <= 1
    }

    /// Few values, each short: one of a list.
    pub(super) fn category(&self) -> bool {
        self.distinct <= 60 && self.distinct * 4 <= self.filled && self.words <= self.filled * 4
    }
}

/// A word for a way, then a number, as on the continent.
fn ends_as_a_street(value: &str) -> bool {
    const WAYS: [&str; 12] = [
        "str",
        "str.",
        "strasse",
        "stra\u{df}e",
        "weg",
        "gasse",
        "platz",
        "allee",
        "straat",
        "laan",
        "gata",
        "vej",
    ];
    value.to_lowercase().rsplit_once(char::is_whitespace).is_some_and(|(way, number)| {
        number.starts_with(|c: char| c.is_ascii_digit()) && WAYS.iter().any(|w| way.ends_with(w))
    })
}

fn is_email(value: &str) -> bool {
    value.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !value.contains(char::is_whitespace)
    })
}

fn is_web(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.") {
        return true;
    }
    let host = lower.split('/').next().unwrap_or_default();
    let ending = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && !host.contains(['@', ' ', ','])
        && (2..=10).contains(&ending.len())
        && ending.bytes().all(|b| b.is_ascii_lowercase())
        && host.split('.').all(|label| !label.is_empty())
}

fn is_phone(value: &str, digits: usize) -> bool {
    let written = value.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c));
    let groups = value.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).count();
    (7..=15).contains(&digits)
        && written
        && (value.starts_with('+') || value.contains('(') || groups >= 3)
}

/// Postal codes that mix letters and digits, or digits and a space in their own way.
fn is_postal(value: &str) -> bool {
    let pattern: String = value
        .chars()
        .map(|c| match c {
            '0'..='9' => '9',
            c if c.is_ascii_alphabetic() => 'a',
            c => c,
        })
        .collect();
    matches!(
        pattern.as_str(),
        "a9 9aa" | "a99 9aa" | "aa9 9aa" | "aa99 9aa" | "a9a 9aa" | "aa9a 9aa" // United Kingdom
            | "a99aa" | "a999aa" | "aa99aa" | "aa999aa" | "a9a9aa" | "aa9a9aa"
            | "a9a 9a9" | "a9a9a9" // Canada
            | "9999 aa" | "9999aa" // Netherlands
            | "99999-9999" | "99999-999" | "99-999" // United States, Brazil, Poland
    )
}

/// The year of a date, and whether a time of day follows.
fn date(value: &str) -> Option<(u32, bool)> {
    let (day, time) = match value.split_once(['T', ' ']) {
        Some((day, rest)) if rest.contains(':') => (day, true),
        Some(_) => return None,
        None => (value, false),
    };
    let groups: Vec<&str> = day.split(['-', '/', '.']).collect();
    let numbers: Vec<u32> = groups.iter().filter_map(|g| g.parse().ok()).collect();
    if numbers.len() != groups.len() {
        return None;
    }
    let year = match (groups.as_slice(), numbers.as_slice()) {
        ([one], [number]) if one.len() == 8 => {
            let (front, back) = (number / 10_000, number % 10_000);
            if plausible(front, back / 100, back % 100) {
                front
            } else if plausible(back, front / 100, front % 100)
                || plausible(back, front % 100, front / 100)
            {
                back
            } else {
                return None;
            }
        }
        ([y, ..], [year, b, c]) if y.len() == 4 && plausible(*year, *b, *c) => *year,
        ([_, _, y], [a, b, year])
            if y.len() == 4 && (plausible(*year, *a, *b) || plausible(*year, *b, *a)) =>
        {
            *year
        }
        ([a, b, y], [x, z, year])
            if y.len() == 2
                && a.len() <= 2
                && b.len() <= 2
                && (plausible(1900 + year, *x, *z) || plausible(1900 + year, *z, *x)) =>
        {
            1900 + year
        }
        _ => return None,
    };
    Some((year, time))
}

fn plausible(year: u32, month: u32, day: u32) -> bool {
    (1000..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_give_themselves_away() {
        assert!(is_email("a.b@c.org") && !is_email("a b@c.org") && !is_email("@c.org"));
        assert!(is_web("www.acme.co.uk") && is_web("acme.de/about") && is_web("HTTPS://x"));
        assert!(!is_web("12.5") && !is_web("J. Smith") && !is_web("a@b.com"));
        for phone in
            ["+49 30 123456", "(0)30 1234567", "404-231-5733", "212/486-9592", "+18796796746"]
        {
            assert!(is_phone(phone, phone.chars().filter(char::is_ascii_digit).count()), "{phone}");
        }
        assert!(!is_phone("123456789", 9) && !is_phone("12-34", 4));
        for day in ["1974-07-03", "19760607", "07031974", "31.12.1999", "1/31/18", "12/31/1999"] {
            assert_eq!(date(day).map(|d| d.1), Some(false), "{day}");
        }
        assert_eq!(date("2023-11-18T21:04:29"), Some((2023, true)));
        assert_eq!(date("2023-11-18 21:04"), Some((2023, true)));
        for other in ["1976060", "99999999", "10.20.30.40", "1974", "1-2", "abc", "2023-13-40"] {
            assert_eq!(date(other), None, "{other}");
        }
        assert!(ends_as_a_street("Lange Gasse 5b") && !ends_as_a_street("Version 5"));
        assert!(is_postal("SW1A 1AA") && is_postal("hx13aa") && is_postal("1234 AB"));
        assert!(!is_postal("60653") && !is_postal("A1"));
    }
}
