//! The comparators of the fields: two values in, a level out.
//!
//! Owns what counts as a typo, a nickname, a near miss. String distances are strsim's, asked only
//! when the letters that occur allow a high similarity at all.

use super::compare::Comparer;
use super::edit::{jaro_winkler, one_slip};
use super::frequency::of;
use super::level::{self, EXACT, EXACT_MANY, EXACT_SOME, MISSING};
use super::pool::{self, mask};
use super::table::Row;
use crate::role::Role;
use domain::ProfileKind;

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

impl Comparer<'_> {
    pub(super) fn given(&self, x: &Row, y: &Row) -> (u8, u32) {
        use level::given as l;
        let (a, b) = (x.given, y.given);
        if a == 0 || b == 0 {
            return (MISSING, 0);
        }
        if a == b {
            let count = of(&self.frequency.given, a);
            return (self.share(count), count);
        }
        // Of names that are not the same the more frequent one says how often it happens by chance.
        let count = of(&self.frequency.given, a).max(of(&self.frequency.given, b));
        if x.family != 0 && y.family != 0 {
            if a == y.family && b == x.family {
                return (l::SWAPPED, count);
            }
            if (a == y.family && self.alike(b, x.family) >= 0.85)
                || (b == x.family && self.alike(a, y.family) >= 0.85)
            {
                return (l::SWAPPED_SIMILAR, count);
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
            return (l::NICKNAME, count);
        }
        let similarity = self.alike(a, b);
        if similarity >= 0.92 && s.len().abs_diff(t.len()) <= SLIPS {
            return (l::TYPO, count);
        }
        if self.table.sound(a) == self.table.sound(b) || similarity >= 0.84 {
            return (l::SIMILAR, count);
        }
        if self.spelt_alike(a, b) {
            return (l::SIMILAR, count);
        }
        if has_word(names.text(x.middle), t)
            || has_word(names.text(y.middle), s)
            || (s.len() >= 3 && t.len() >= 3 && (s.starts_with(t) || t.starts_with(s)))
        {
            return (l::PART, 0);
        }
        if self.near(a, y.family) && self.near(b, x.family) {
            return (l::SWAPPED_SIMILAR, count);
        }
        (l::DIFFERENT, 0)
    }

    /// Whether two names are spellings of one.
    fn near(&self, a: u32, b: u32) -> bool {
        let (names, table) = (&self.table.names, self.table);
        names.text(a).len().min(names.text(b).len()) >= 3
            && (table.sound(a) == table.sound(b) || self.alike(a, b) >= 0.85)
    }

    /// Whether two names are alike in the letters that the spellings of many languages share.
    fn spelt_alike(&self, a: u32, b: u32) -> bool {
        let plain = &self.table.plain_names;
        let (p, q) = (self.table.plain(a), self.table.plain(b));
        let (s, t) = (plain.text(p), plain.text(q));
        s.len().min(t.len()) >= 4 && similarity(s, t, plain.mask(p), plain.mask(q)) >= 0.9
    }

    pub(super) fn family(&self, x: &Row, y: &Row, swapped: bool) -> (u8, u32) {
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
        let count = of(&self.frequency.family, a).max(of(&self.frequency.family, b));
        if (s.contains(' ') || t.contains(' '))
            && s.split(' ').any(|w| w.len() > 2 && has_word(t, w))
        {
            return (l::PART, count);
        }
        let similarity = self.alike(a, b);
        if similarity >= 0.92 && s.len().abs_diff(t.len()) <= SLIPS {
            return (l::TYPO, count);
        }
        if self.table.sound(a) == self.table.sound(b)
            || similarity >= 0.85
            || self.spelt_alike(a, b)
        {
            return (l::SIMILAR, count);
        }
        (l::DIFFERENT, 0)
    }

    pub(super) fn middle(&self, x: &Row, y: &Row) -> u8 {
        use level::middle as l;
        if x.generation != 0 && y.generation != 0 && x.generation != y.generation {
            return l::GENERATION;
        }
        let (a, b) = (x.middle, y.middle);
        let first = |row: &Row| has_word(self.table.names.text(row.middle), "i");
        // An "I" behind a name is an initial, but beside a "II" it is the first of two.
        if x.generation > 1 && y.generation == 0 && first(y)
            || y.generation > 1 && x.generation == 0 && first(x)
        {
            return l::GENERATION;
        }
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

    pub(super) fn email(&self, x: &Row, y: &Row) -> (u8, u32) {
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
        let (p, q) = (self.table.email_parts(a), self.table.email_parts(b));
        if a == b {
            // A mailbox of a function is the employer's: its readers are colleagues.
            if p.role && !p.public && self.table.kind == ProfileKind::Person {
                return (l::DOMAIN, 0);
            }
            return (exact_by(of(&f.email_carriers, a), 2, 6), of(&f.email, a));
        }
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
                || (apart <= 10
                    && most_alike(s, t, mask(s), mask(t)) >= 0.92
                    && jaro_winkler(s, t) >= 0.92))
        {
            return (l::LOCAL_SIMILAR, 0);
        }
        if p.domain == q.domain && !p.public {
            return (l::DOMAIN, 0);
        }
        (l::DIFFERENT, 0)
    }

    pub(super) fn phone(&self, x: &Row, y: &Row) -> (u8, u32) {
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

    pub(super) fn date(&self, a: u32, b: u32) -> (u8, u32) {
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

    pub(super) fn address(&self, x: &Row, y: &Row) -> (u8, u32) {
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

    pub(super) fn place(&self, x: &Row, y: &Row) -> (u8, u32) {
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

    pub(super) fn web(&self, x: &Row, y: &Row) -> (u8, u32) {
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

    pub(super) fn other(&self, place: usize, role: Role, a: u32, b: u32) -> (u8, u32) {
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
        if role.is_id() {
            return (id_level(s, t), 0);
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

/// Level of two numbers of an authority that are not the same.
pub(super) fn id_level(s: &str, t: &str) -> u8 {
    use level::id as l;
    if s.len().abs_diff(t.len()) > 2 {
        return l::DIFFERENT;
    }
    match strsim::osa_distance(s, t) {
        1 if s.len().min(t.len()) >= 5 => l::TYPO,
        2 if s.len().min(t.len()) >= 6 => l::NEAR,
        _ => l::DIFFERENT,
    }
}

/// The digits of a text as a number that tells numbers of different length apart, 0 without any.
fn number_in(text: &str) -> u64 {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    digits.fold(0, |n: u64, d| n.wrapping_mul(10).wrapping_add(u64::from(d - b'0') + 1))
}

/// The least that [`number_in`] gives for more than one digit.
const TWO_DIGITS: u64 = 11;

/// Letters that a misspelt name may be longer or shorter: `darletta` is no slip for `darla`.
const SLIPS: usize = 2;

fn has_word(text: &str, word: &str) -> bool {
    !text.is_empty() && text.split(' ').any(|w| w == word)
}

fn transposed(s: &[u8], t: &[u8]) -> bool {
    let mut apart = s.iter().zip(t).filter(|(p, q)| p != q);
    match (apart.next(), apart.next(), apart.next()) {
        (Some((p, q)), Some((r, s)), None) => p == s && q == r,
        _ => false,
    }
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

/// Similarities below this one say nothing: no level asks for less.
const LEAST_ALIKE: f64 = 0.84;

/// Jaro-Winkler, or 0 when too few letters occur in both for a similarity that counts.
pub(super) fn similarity(s: &str, t: &str, mask_s: u64, mask_t: u64) -> f32 {
    let (only, both) = ((mask_s ^ mask_t).count_ones(), (mask_s & mask_t).count_ones());
    // A letter that only one of the two has is a letter without a partner.
    if only > both + 1
        || s.len().abs_diff(t.len()) * 2 > s.len().max(t.len())
        || most_alike(s, t, mask_s, mask_t) < LEAST_ALIKE
    {
        return 0.0;
    }
    jaro_winkler(s, t) as f32
}

/// What the Jaro-Winkler similarity of two texts cannot exceed, by the letters that only one has.
fn most_alike(s: &str, t: &str, mask_s: u64, mask_t: u64) -> f64 {
    if s.is_empty() || t.is_empty() || (mask_s | mask_t) & pool::OTHER != 0 {
        return 1.0;
    }
    let alone = |own: u64, other: u64| (own & !other).count_ones() as usize;
    let matches = s.len().saturating_sub(alone(mask_s, mask_t));
    let matches = matches.min(t.len().saturating_sub(alone(mask_t, mask_s))) as f64;
    let jaro = (matches / s.len() as f64 + matches / t.len() as f64 + 1.0) / 3.0;
    let prefix = s.bytes().zip(t.bytes()).take(4).take_while(|(x, y)| x == y).count();
    jaro + 0.1 * prefix as f64 * (1.0 - jaro) + 1e-9
}
