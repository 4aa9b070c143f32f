//! Comparing two rows: a pattern of levels, and how rare the values are on which they agree.
//!
//! Owns the comparators of every field. Each pair is compared once; training and scoring read the
//! pattern. String distances are strsim's, asked only when the letters that occur allow a high
//! similarity at all.

use super::edit::one_slip;
use super::frequency::{Frequencies, of};
use super::level::{self, Comparison, EXACT, EXACT_MANY, EXACT_SOME, MISSING};
use super::table::{Row, Table};
use crate::role::Role;
use rustc_hash::FxHashMap;

/// What a comparison of two records found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Compared {
    /// Four bits per comparison.
    pub pattern: u64,
    /// Log2 of how much rarer (positive) or more frequent the values agreed on are than the
    /// average value of their level: what the unrelated class is divided by.
    pub rarity: f32,
}

/// Comparators over a table, with the frequencies that they need.
pub(crate) struct Comparer<'t> {
    pub table: &'t Table,
    pub comparisons: Vec<Comparison>,
    pub frequency: Frequencies,
    /// Records that have a value, by comparison.
    pub present: Vec<f64>,
    /// Levels of company names already compared, by their numbers.
    pub memo: FxHashMap<(u32, u32), u8>,
}

/// Level of exact agreement by how many carry the value.
fn exact_by(count: u32, some: u32, many: u32) -> u8 {
    if count <= some {
        EXACT
    } else if count <= many {
        EXACT_SOME
    } else {
        EXACT_MANY
    }
}

/// Records that a table is taken to be short of the whole it is a part of.
const BEYOND: f64 = 200.0;

impl<'t> Comparer<'t> {
    /// Comparators for what the table holds.
    pub fn new(table: &'t Table, frequency: Frequencies) -> Self {
        Self::of(table, frequency, comparisons(table))
    }

    /// Comparators that were learnt from other records.
    pub fn learnt(
        table: &'t Table,
        frequency: Frequencies,
        comparisons: Vec<Comparison>,
        present: Vec<f64>,
    ) -> Self {
        Self { table, comparisons, frequency, present, memo: FxHashMap::default() }
    }

    /// Comparators for given comparisons.
    pub fn of(table: &'t Table, frequency: Frequencies, comparisons: Vec<Comparison>) -> Self {
        let mut comparer =
            Self { table, comparisons, frequency, present: Vec::new(), memo: FxHashMap::default() };
        let mut present = vec![0.0; comparer.comparisons.len()];
        for at in 0..table.len() as u32 {
            for (slot, comparison) in present.iter_mut().zip(&comparer.comparisons) {
                if comparer.is_present(*comparison, at) {
                    *slot += 1.0;
                }
            }
        }
        comparer.present = present;
        comparer
    }

    fn is_present(&self, comparison: Comparison, at: u32) -> bool {
        let row = self.table.row(at);
        let value = match comparison {
            Comparison::Given => row.given,
            Comparison::Family => row.family,
            Comparison::Middle => row.middle,
            Comparison::Email => row.email,
            Comparison::Phone => row.phone,
            Comparison::Date => row.date,
            Comparison::Address => row.street,
            Comparison::Place => row.postal,
            Comparison::Org => row.org,
            Comparison::Web => row.web,
            Comparison::Extra(place, _) => {
                self.table.others(at).get(usize::from(place)).copied().unwrap_or_default()
            }
        };
        value != 0
    }

    /// Level and frequency of a record's own values, by comparison: what it would agree with
    /// another record on, and how often that happens by chance.
    pub fn own(&mut self, at: u32) -> Vec<(u8, f32)> {
        (0..self.comparisons.len())
            .map(|c| {
                let (level, count) = self.level(c, at, at, &mut false);
                let exact = (EXACT..=EXACT_MANY).contains(&level);
                if exact {
                    (level, self.log_frequency(c, count.max(1)).exp2())
                } else {
                    (MISSING, 0.0)
                }
            })
            .collect()
    }

    /// Compares two rows.
    pub fn compare(&mut self, a: u32, b: u32) -> Compared {
        let mut pattern = 0;
        let mut rarity = 0.0;
        let mut swapped = false;
        for at in 0..self.comparisons.len() {
            let (level, count) = self.level(at, a, b, &mut swapped);
            pattern |= u64::from(level) << (at * 4);
            if (EXACT..=EXACT_MANY).contains(&level) {
                rarity -= self.log_frequency(at, count.max(1));
            }
        }
        Compared { pattern, rarity }
    }

    /// The frequency of the value that two records agree on exactly, if they do.
    pub fn agreed(&mut self, at: usize, a: u32, b: u32) -> Option<f64> {
        let mut swapped = false;
        if self.comparisons.get(at) == Some(&Comparison::Family)
            && let Some(given) = self.comparisons.iter().position(|c| *c == Comparison::Given)
        {
            self.level(given, a, b, &mut swapped);
        }
        let (level, count) = self.level(at, a, b, &mut swapped);
        let exact = (EXACT..=EXACT_MANY).contains(&level);
        exact.then(|| f64::from(self.log_frequency(at, count.max(1))).exp2())
    }

    /// Level of one comparison, and of an exact one how many records carry the value.
    fn level(&mut self, at: usize, a: u32, b: u32, swapped: &mut bool) -> (u8, u32) {
        let (x, y) = (self.table.row(a), self.table.row(b));
        let Some(comparison) = self.comparisons.get(at).copied() else { return (MISSING, 0) };
        match comparison {
            Comparison::Given => {
                let (level, count) = self.given(&x, &y);
                *swapped = level >= level::given::SWAPPED;
                (level, count)
            }
            Comparison::Family => self.family(&x, &y, *swapped),
            Comparison::Middle => (self.middle(&x, &y), 0),
            Comparison::Email => self.email(&x, &y),
            Comparison::Phone => self.phone(&x, &y),
            Comparison::Date => self.date(x.date, y.date),
            Comparison::Address => self.address(&x, &y),
            Comparison::Place => self.place(&x, &y),
            Comparison::Org => self.org(&x, &y),
            Comparison::Web => self.web(&x, &y),
            Comparison::Extra(place, role) => {
                let place = usize::from(place);
                let value = |r: u32| self.table.others(r).get(place).copied().unwrap_or_default();
                self.other(place, role, value(a), value(b))
            }
        }
    }

    /// Share of the records that have a value, by comparison.
    pub fn both_present(&self) -> Vec<f64> {
        self.present.iter().map(|n| n / self.frequency.records.max(1.0)).collect()
    }

    /// Log2 of the share of the records with a value that carry this one, the record itself left
    /// out. A table is taken as part of a somewhat larger one, so that in a small table a value of
    /// two records is not a frequent one.
    fn log_frequency(&self, at: usize, count: u32) -> f32 {
        let present = self.present.get(at).copied().unwrap_or(1.0);
        (f64::from(count.max(2) - 1) / (present + BEYOND)).log2() as f32
    }

    pub(super) fn share(&self, count: u32) -> u8 {
        let share = f64::from(count) / self.frequency.records;
        if share >= 0.005 {
            EXACT_MANY
        } else if share >= 0.0005 && count > 3 {
            EXACT_SOME
        } else {
            EXACT
        }
    }

    fn given(&self, x: &Row, y: &Row) -> (u8, u32) {
        use level::given as l;
        let (a, b) = (x.given, y.given);
        if a == 0 || b == 0 {
            return (MISSING, 0);
        }
        if a == b {
            let count = of(&self.frequency.given, a);
            return (self.share(count), count);
        }
        if x.family != 0 && y.family != 0 {
            if a == y.family && b == x.family {
                return (l::SWAPPED, 0);
            }
            if (a == y.family && self.alike(b, x.family) >= 0.85)
                || (b == x.family && self.alike(a, y.family) >= 0.85)
            {
                return (l::SWAPPED_SIMILAR, 0);
            }
        }
        let names = &self.table.names;
        let (s, t) = (names.text(a), names.text(b));
        if s.len() == 1 || t.len() == 1 {
            let same = s.as_bytes().first() == t.as_bytes().first();
            return if same { (l::INITIAL, 0) } else { (l::DIFFERENT, 0) };
        }
        let (ra, rb) = (self.table.roots(a), self.table.roots(b));
        if ra.iter().any(|root| rb.contains(root)) {
            return (l::NICKNAME, 0);
        }
        let similarity = self.alike(a, b);
        if similarity >= 0.92 {
            return (l::TYPO, 0);
        }
        if self.table.sound(a) == self.table.sound(b) || similarity >= 0.84 {
            return (l::SIMILAR, 0);
        }
        if has_word(names.text(x.middle), t)
            || has_word(names.text(y.middle), s)
            || (s.len() >= 3 && t.len() >= 3 && (s.starts_with(t) || t.starts_with(s)))
        {
            return (l::PART, 0);
        }
        (l::DIFFERENT, 0)
    }

    fn family(&self, x: &Row, y: &Row, swapped: bool) -> (u8, u32) {
        use level::family as l;
        let (a, b) = if swapped { (x.family, y.given) } else { (x.family, y.family) };
        if a == 0 || b == 0 {
            return (MISSING, 0);
        }
        if a == b {
            let count = of(&self.frequency.family, a);
            return (self.share(count), count);
        }
        let names = &self.table.names;
        let (s, t) = (names.text(a), names.text(b));
        if s.len() == 1 || t.len() == 1 {
            let same = s.as_bytes().first() == t.as_bytes().first();
            return if same { (l::INITIAL, 0) } else { (l::DIFFERENT, 0) };
        }
        if (s.contains(' ') || t.contains(' '))
            && s.split(' ').any(|w| w.len() > 2 && has_word(t, w))
        {
            return (l::PART, 0);
        }
        let similarity = self.alike(a, b);
        if similarity >= 0.92 {
            return (l::TYPO, 0);
        }
        if self.table.sound(a) == self.table.sound(b) || similarity >= 0.85 {
            return (l::SIMILAR, 0);
        }
        (l::DIFFERENT, 0)
    }

    fn middle(&self, x: &Row, y: &Row) -> u8 {
        use level::middle as l;
        if x.generation != 0 && y.generation != 0 && x.generation != y.generation {
            return l::GENERATION;
        }
        let (a, b) = (x.middle, y.middle);
        if a == 0 || b == 0 {
            return if x.generation == y.generation { MISSING } else { l::GENERATION_OPEN };
        }
        if a == b {
            return EXACT;
        }
        let names = &self.table.names;
        let (s, t) = (names.text(a), names.text(b));
        let fits = |s: &str, t: &str| {
            s.split(' ').any(|w| {
                t.split(' ').any(|v| {
                    w == v
                        || (w.len() == 1 || v.len() == 1)
                            && w.as_bytes().first() == v.as_bytes().first()
                })
            })
        };
        if fits(s, t) {
            return l::INITIAL;
        }
        if self.alike(a, b) >= 0.85 { l::INITIAL } else { l::DIFFERENT }
    }

    fn email(&self, x: &Row, y: &Row) -> (u8, u32) {
        use level::email as l;
        let found = self.best(&x.email, &y.email, |a, b| {
            let found = self.email_pair(a, b);
            if !(l::LOCAL..=l::LOCAL_SIMILAR).contains(&found.0)
                || !self.alike_by_name(x, y, a, b, found.0)
            {
                return found;
            }
            let (p, q) = (self.table.email_parts(a), self.table.email_parts(b));
            // Two mailboxes of one domain that only a number tells apart are two people's.
            (if found.0 == l::TYPO && p.domain == q.domain { l::DIFFERENT } else { l::NAMED }, 0)
        });
        if found.0 == l::NAMED { (MISSING, 0) } else { found }
    }

    /// Whether a mailbox is called by a person's name.
    fn spelt(&self, row: &Row, email: u32) -> bool {
        let names = &self.table.names;
        let (given, family) = (names.text(row.given), names.text(row.family));
        let local = self.table.local(email);
        let letters = local.bytes().filter(u8::is_ascii_alphabetic).count();
        (family.len() >= 3 && local.contains(family))
            || (given.len() >= 3
                && (local.starts_with(given)
                    || (local.contains(given) && letters <= given.len() + 1)))
    }

    /// Whether two mailboxes are alike only because they are called by the names, which are
    /// compared already. A number in common is more than the name; another number is another
    /// mailbox.
    fn alike_by_name(&self, x: &Row, y: &Row, a: u32, b: u32, level: u8) -> bool {
        use level::email as l;
        let (p, q) = (number_in(self.table.local(a)), number_in(self.table.local(b)));
        match level {
            l::TYPO if p == q => return false,
            l::LOCAL if p >= TWO_DIGITS => return false,
            _ => {}
        }
        let one = self.spelt(x, a) || self.spelt(x, b);
        let other = self.spelt(y, a) || self.spelt(y, b);
        if level == l::LOCAL { one || other } else { one && other }
    }

    /// The best of all pairs of two values that may be lists: lowest rank wins.
    fn best(&self, a: &u32, b: &u32, compare: impl Fn(u32, u32) -> (u8, u32)) -> (u8, u32) {
        if *a == 0 || *b == 0 {
            return (MISSING, 0);
        }
        let mut best = (u8::MAX, 0);
        for one in self.table.values(a) {
            for other in self.table.values(b) {
                let found = compare(*one, *other);
                if found.0 < best.0 || (found.0 == best.0 && found.1 < best.1) {
                    best = found;
                }
            }
        }
        if best.0 == u8::MAX { (MISSING, 0) } else { best }
    }

    fn email_pair(&self, a: u32, b: u32) -> (u8, u32) {
        use level::email as l;
        let f = &self.frequency;
        if a == b {
            return (exact_by(of(&f.email_carriers, a), 2, 6), of(&f.email, a));
        }
        let (p, q) = (self.table.email_parts(a), self.table.email_parts(b));
        let (s, t) = (self.table.local(a), self.table.local(b));
        if s == t && s.len() >= 4 && !p.role {
            return (l::LOCAL, 0);
        }
        let emails = &self.table.emails;
        let apart = (emails.mask(a) ^ emails.mask(b)).count_ones();
        // Two slips change at most four letters of what occurs, and two of the length.
        let close = apart <= 4 && emails.text(a).len().abs_diff(emails.text(b).len()) <= 2;
        if p.domain == q.domain && s.len().min(t.len()) >= 5 {
            let near = one_slip(s, t) || (s.len() > 8 && close && strsim::osa_distance(s, t) <= 2);
            if near {
                return (l::TYPO, 0);
            }
        } else if close
            && s.len().min(t.len()) >= 5
            && strsim::osa_distance(emails.text(a), emails.text(b)) <= 2
        {
            return (l::TYPO, 0);
        }
        if s.len().min(t.len()) >= 5
            && (s.starts_with(t)
                || t.starts_with(s)
                || (apart <= 10 && strsim::jaro_winkler(s, t) >= 0.92))
        {
            return (l::LOCAL_SIMILAR, 0);
        }
        if p.domain == q.domain && !p.public {
            return (l::DOMAIN, 0);
        }
        (l::DIFFERENT, 0)
    }

    fn phone(&self, x: &Row, y: &Row) -> (u8, u32) {
        self.best(&x.phone, &y.phone, |a, b| self.phone_pair(a, b))
    }

    fn phone_pair(&self, a: u32, b: u32) -> (u8, u32) {
        use level::phone as l;
        let f = &self.frequency;
        if a == b {
            return (exact_by(of(&f.phone_carriers, a), 2, 6), of(&f.phone, a));
        }
        let (s, t) = (self.table.phones.text(a), self.table.phones.text(b));
        let (short, long) = if s.len() <= t.len() { (s, t) } else { (t, s) };
        if short.len() >= 6 && long.ends_with(short) {
            return (EXACT, of(&f.phone, a).max(of(&f.phone, b)));
        }
        if s.len() == t.len() {
            let (s, t) = (s.as_bytes(), t.as_bytes());
            let apart = s.iter().zip(t).filter(|(p, q)| p != q).count();
            if apart == 1 || (apart == 2 && transposed(s, t)) {
                // The last two digits of a company's range differ from desk to desk.
                let last = s.iter().zip(t).rposition(|(p, q)| p != q).unwrap_or_default();
                return (if last + 2 >= s.len() { l::RANGE } else { l::TYPO }, 0);
            }
            if s.get(..s.len() - 3) == t.get(..t.len() - 3) {
                return (l::RANGE, 0);
            }
            if apart == 2 {
                return (l::NEAR, 0);
            }
        } else if one_slip(s, t) {
            return (l::TYPO, 0);
        }
        (l::DIFFERENT, 0)
    }

    fn date(&self, a: u32, b: u32) -> (u8, u32) {
        use level::date as l;
        if a == 0 || b == 0 {
            return (MISSING, 0);
        }
        if a == b {
            let count = self.frequency.date.get(&a).copied().unwrap_or(1);
            return (self.share(count), count);
        }
        let parts = |d: u32| (d / 10_000, d / 100 % 100, d % 100);
        let ((ay, am, ad), (by, bm, bd)) = (parts(a), parts(b));
        // A year alone, or a month, agrees with what it is part of.
        if (am == 0 || bm == 0) && ay == by {
            return (l::YEAR, 0);
        }
        if ay == by && am == bd && ad == bm {
            return (l::SWAPPED, 0);
        }
        let (s, t) = (digits(a), digits(b));
        let apart = s.iter().zip(&t).filter(|(p, q)| p != q).count();
        if apart == 1 || (apart == 2 && transposed(&s, &t)) {
            return (l::ONE_DIGIT, 0);
        }
        let same = usize::from(ay == by) + usize::from(am == bm) + usize::from(ad == bd);
        if apart == 2 {
            return (l::TWO_DIGITS, 0);
        }
        if same == 2 {
            return (l::TWO_PARTS, 0);
        }
        if ay == by {
            return (l::YEAR, 0);
        }
        if ay.abs_diff(by) <= 1 {
            return (l::NEAR_YEAR, 0);
        }
        (l::DIFFERENT, 0)
    }

    fn address(&self, x: &Row, y: &Row) -> (u8, u32) {
        use level::address as l;
        if x.street == 0 || y.street == 0 {
            return (MISSING, 0);
        }
        let places = &self.table.places;
        let same_number = x.number != 0 && x.number == y.number;
        let number_open = x.number == 0 || y.number == 0;
        if x.street == y.street {
            if same_number || (x.number == 0 && y.number == 0) {
                if x.unit != 0 && y.unit != 0 && x.unit != y.unit {
                    return (l::UNIT, 0);
                }
                let count = self.frequency.street.get(&(x.number, x.street)).copied().unwrap_or(1);
                return (exact_by(count, 4, 12), count);
            }
            if number_open {
                return (l::STREET, 0);
            }
            let near = one_slip(places.text(x.number), places.text(y.number));
            return (if near { l::TYPO } else { l::STREET }, 0);
        }
        let similarity = similarity(
            places.text(x.street),
            places.text(y.street),
            places.mask(x.street),
            places.mask(y.street),
        );
        let contained = {
            let (s, t) = (places.text(x.street), places.text(y.street));
            s.len().min(t.len()) >= 4
                && (s.starts_with(t) || t.starts_with(s) || s.ends_with(t) || t.ends_with(s))
        };
        if same_number {
            if similarity >= 0.88 || contained {
                return (l::TYPO, 0);
            }
            return (l::NUMBER, 0);
        }
        if similarity >= 0.92 || contained {
            return (l::SIMILAR, 0);
        }
        (l::DIFFERENT, 0)
    }

    fn place(&self, x: &Row, y: &Row) -> (u8, u32) {
        use level::place as l;
        let both_postal = x.postal != 0 && y.postal != 0;
        let both_city = x.city != 0 && y.city != 0;
        if both_postal && x.postal == y.postal {
            let count = of(&self.frequency.postal, x.postal);
            return (self.share(count), count);
        }
        if !both_postal && !both_city {
            if x.region != 0 && y.region != 0 {
                return (if x.region == y.region { l::REGION } else { l::DIFFERENT }, 0);
            }
            return (MISSING, 0);
        }
        let places = &self.table.places;
        if both_postal {
            let (s, t) = (places.text(x.postal), places.text(y.postal));
            if s.len().min(t.len()) >= 4 {
                if one_slip(s, t) {
                    return (l::POSTAL_TYPO, 0);
                }
                if s.get(..3) == t.get(..3) && !(both_city && x.city == y.city) {
                    return (l::POSTAL_NEAR, 0);
                }
            }
        }
        if both_city {
            if x.city == y.city {
                return (if both_postal { l::CITY } else { l::CITY_ONLY }, 0);
            }
            let (s, t) = (places.text(x.city), places.text(y.city));
            if similarity(s, t, places.mask(x.city), places.mask(y.city)) >= 0.9 {
                return (l::SIMILAR, 0);
            }
        }
        if x.region != 0 && x.region == y.region {
            return (l::REGION, 0);
        }
        (l::DIFFERENT, 0)
    }

    fn web(&self, x: &Row, y: &Row) -> (u8, u32) {
        use level::web as l;
        self.best(&x.web, &y.web, |a, b| {
            if a == b {
                let count = of(&self.frequency.web, a);
                return (self.share(count), count);
            }
            let domains = &self.table.domains;
            let alike =
                similarity(domains.text(a), domains.text(b), domains.mask(a), domains.mask(b));
            (if alike >= 0.93 { l::SIMILAR } else { l::DIFFERENT }, 0)
        })
    }

    fn other(&self, place: usize, role: Role, a: u32, b: u32) -> (u8, u32) {
        if a == 0 || b == 0 {
            return (MISSING, 0);
        }
        let pool = &self.table.others_pool;
        if a == b {
            let count =
                self.frequency.others.get(place).and_then(|c| c.get(&a)).copied().unwrap_or(1);
            return (self.share(count), count);
        }
        if role == Role::Category {
            return (level::text::DIFFERENT, 0);
        }
        let (s, t) = (pool.text(a), pool.text(b));
        if role == Role::TrustedId {
            use level::id as l;
            if s.len().abs_diff(t.len()) > 2 {
                return (l::DIFFERENT, 0);
            }
            return match strsim::osa_distance(s, t) {
                1 if s.len().min(t.len()) >= 5 => (l::TYPO, 0),
                2 if s.len().min(t.len()) >= 6 => (l::NEAR, 0),
                _ => (l::DIFFERENT, 0),
            };
        }
        use level::text as l;
        let similar = words_in_common(s, t);
        if similar >= 0.8 || similarity(s, t, pool.mask(a), pool.mask(b)) >= 0.93 {
            (l::VERY_SIMILAR, 0)
        } else if similar >= 0.5 {
            (l::SIMILAR, 0)
        } else {
            (l::DIFFERENT, 0)
        }
    }

    /// Similarity of two names, 0 when the letters that occur rule a high one out.
    fn alike(&self, a: u32, b: u32) -> f64 {
        let names = &self.table.names;
        f64::from(similarity(names.text(a), names.text(b), names.mask(a), names.mask(b)))
    }
}

/// Records that must have a value before a column of unknown meaning is compared: of fewer nobody
/// can tell what its agreement is worth.
const ENOUGH: usize = 200;

/// What is compared, from what the table holds.
fn comparisons(table: &Table) -> Vec<Comparison> {
    let any = |of: &dyn Fn(&Row) -> u32| table.rows.iter().any(|row| of(row) != 0);
    let mut found = Vec::new();
    let mut add = |present: bool, comparison| {
        if present && found.len() < level::MOST {
            found.push(comparison);
        }
    };
    add(any(&|r| r.given), Comparison::Given);
    add(any(&|r| r.family), Comparison::Family);
    add(any(&|r| r.middle | r.generation), Comparison::Middle);
    add(any(&|r| r.email), Comparison::Email);
    add(any(&|r| r.phone), Comparison::Phone);
    add(any(&|r| r.date), Comparison::Date);
    add(any(&|r| r.street), Comparison::Address);
    add(any(&|r| r.postal | r.city | r.region), Comparison::Place);
    add(any(&|r| r.org), Comparison::Org);
    add(any(&|r| r.web), Comparison::Web);
    // The columns most records have come first: there is room for sixteen comparisons.
    let mut extra: Vec<(usize, usize)> = (0..table.extra.len())
        .map(|at| {
            let filled = (0..table.len() as u32)
                .filter(|r| table.others(*r).get(at).is_some_and(|v| *v != 0));
            (filled.count(), at)
        })
        .collect();
    extra.sort_by_key(|(filled, at)| (std::cmp::Reverse(*filled), *at));
    for (filled, at) in extra {
        if let (Some(column), Ok(place)) = (table.extra.get(at), u8::try_from(at)) {
            let enough = if column.role == Role::TrustedId { 1 } else { ENOUGH };
            add(filled >= enough, Comparison::Extra(place, column.role));
        }
    }
    found
}

/// The digits of a text as a number that tells numbers of different length apart, 0 without any.
fn number_in(text: &str) -> u64 {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    digits.fold(0, |n: u64, d| n.wrapping_mul(10).wrapping_add(u64::from(d - b'0') + 1))
}

/// The least that [`number_in`] gives for more than one digit.
const TWO_DIGITS: u64 = 11;

fn has_word(text: &str, word: &str) -> bool {
    !text.is_empty() && text.split(' ').any(|w| w == word)
}

fn transposed(s: &[u8], t: &[u8]) -> bool {
    let apart: Vec<usize> = (0..s.len()).filter(|at| s.get(*at) != t.get(*at)).collect();
    matches!(apart.as_slice(), [a, b] if s.get(*a) == t.get(*b) && s.get(*b) == t.get(*a))
}

fn digits(date: u32) -> [u8; 8] {
    let mut out = [0; 8];
    let mut rest = date;
    for slot in out.iter_mut().rev() {
        *slot = (rest % 10) as u8;
        rest /= 10;
    }
    out
}

fn words_in_common(s: &str, t: &str) -> f64 {
    let (a, b): (Vec<&str>, Vec<&str>) =
        (s.split(' ').take(40).collect(), t.split(' ').take(40).collect());
    let shared = a.iter().filter(|w| b.contains(w)).count();
    2.0 * shared as f64 / (a.len() + b.len()) as f64
}

/// Jaro-Winkler, or 0 when too few letters occur in both for a similarity of 0.84.
pub(super) fn similarity(s: &str, t: &str, mask_s: u64, mask_t: u64) -> f32 {
    let (only, both) = ((mask_s ^ mask_t).count_ones(), (mask_s & mask_t).count_ones());
    // A letter that only one of the two has is a letter without a partner.
    if only > both + 1 || s.len().abs_diff(t.len()) * 2 > s.len().max(t.len()) {
        return 0.0;
    }
    strsim::jaro_winkler(s, t) as f32
}
