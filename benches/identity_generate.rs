//! Makes a table of invented people to measure identity resolution with, of any size.
//!
//! Owns a small world: companies with shared switchboards and mail domains, households with a shared
//! surname, address and telephone, people with nicknames who move, marry and change jobs, and four
//! systems that each know them in their own way: with typing errors, missing values, placeholders,
//! other formats. Writes one row per record with the person it is of (`true_id`). Every household is
//! made from the seed and its own number alone, so ten million rows stream in constant memory.
//! Rows are shuffled over the whole file by a walk over all record numbers that meets each once.
//!
//! `cargo bench --bench identity_generate -- --records 1000000 --seed 7 --out people.csv`
//! (`--out -`, the default, writes to standard output).
#![allow(clippy::print_stderr, clippy::disallowed_methods)]

use std::io::{BufWriter, Write};

/// A stream of numbers from a seed (SplitMix64, Steele, Lea and Flood 2014).
struct Dice(u64);

impl Dice {
    fn of(seed: u64, purpose: u64, number: u64) -> Self {
        let mut dice = Self(seed ^ purpose.wrapping_mul(0xa076_1d64_78bd_642f));
        dice.0 = dice.next() ^ number.wrapping_mul(0xe703_7ed1_a0b4_28db);
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end.max(1))) >> 64) as u64
    }

    /// True in so many of a thousand cases.
    fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A rank below `end`, of which low ones are frequent as with names (Zipf and Mandelbrot): the
    /// first `flat` are about equally so.
    fn rank(&mut self, end: u64, flat: u64) -> u64 {
        let share = self.below(1 << 53) as f64 / (1_u64 << 53) as f64;
        let flat = flat.max(1) as f64;
        ((flat * ((end as f64 + flat) / flat).powf(share) - flat) as u64).min(end.saturating_sub(1))
    }
}

/// Given names with their short forms.
const GIVEN: &[(&str, &[&str])] = &[
    ("James", &["Jim", "Jimmy"]),
    ("Mary", &["Molly"]),
    ("Robert", &["Bob", "Rob"]),
    ("Patricia", &["Pat", "Trish"]),
    ("John", &["Jack"]),
    ("Jennifer", &["Jen", "Jenny"]),
    ("Michael", &["Mike", "Mick"]),
    ("Elizabeth", &["Liz", "Beth", "Betty"]),
    ("William", &["Bill", "Will"]),
    ("Barbara", &["Barb"]),
    ("David", &["Dave"]),
    ("Susan", &["Sue"]),
    ("Richard", &["Rick", "Dick"]),
    ("Jessica", &["Jess"]),
    ("Joseph", &["Joe"]),
    ("Sarah", &["Sally"]),
    ("Thomas", &["Tom"]),
    ("Karen", &[]),
    ("Charles", &["Charlie", "Chuck"]),
    ("Margaret", &["Maggie", "Peggy"]),
    ("Christopher", &["Chris"]),
    ("Lisa", &[]),
    ("Daniel", &["Dan"]),
    ("Nancy", &[]),
    ("Matthew", &["Matt"]),
    ("Anthony", &["Tony"]),
    ("Sandra", &["Sandy"]),
    ("Mark", &[]),
    ("Ashley", &[]),
    ("Donald", &["Don"]),
    ("Kimberly", &["Kim"]),
    ("Steven", &["Steve"]),
    ("Emily", &["Em"]),
    ("Andrew", &["Andy", "Drew"]),
    ("Donna", &[]),
    ("Kenneth", &["Ken"]),
    ("Michelle", &["Shelly"]),
    ("Joshua", &["Josh"]),
    ("Carol", &[]),
    ("Kevin", &[]),
    ("Amanda", &["Mandy"]),
    ("Brian", &[]),
    ("Melissa", &["Mel"]),
    ("George", &[]),
    ("Deborah", &["Debbie"]),
    ("Timothy", &["Tim"]),
    ("Stephanie", &["Steph"]),
    ("Ronald", &["Ron"]),
    ("Rebecca", &["Becky"]),
    ("Edward", &["Ed", "Ted"]),
    ("Laura", &[]),
    ("Jason", &[]),
    ("Helen", &["Nell"]),
    ("Jeffrey", &["Jeff"]),
    ("Cynthia", &["Cindy"]),
    ("Ryan", &[]),
    ("Kathleen", &["Kathy"]),
    ("Jacob", &["Jake"]),
    ("Amy", &[]),
    ("Nicholas", &["Nick"]),
    ("Angela", &["Angie"]),
    ("Eric", &[]),
    ("Anna", &["Annie"]),
    ("Jonathan", &["Jon"]),
    ("Ruth", &[]),
    ("Stephen", &["Steve"]),
    ("Brenda", &[]),
    ("Larry", &[]),
    ("Pamela", &["Pam"]),
    ("Justin", &[]),
    ("Nicole", &["Nicky"]),
    ("Scott", &[]),
    ("Katherine", &["Kate", "Kathy"]),
    ("Brandon", &[]),
    ("Samantha", &["Sam"]),
    ("Benjamin", &["Ben"]),
    ("Christine", &["Chris", "Tina"]),
    ("Samuel", &["Sam"]),
    ("Gregory", &["Greg"]),
    ("Alexander", &["Alex"]),
    ("Patrick", &["Pat"]),
    ("Frank", &[]),
    ("Raymond", &["Ray"]),
    ("Jack", &[]),
    ("Dennis", &[]),
    ("Jerry", &[]),
    ("Peter", &["Pete"]),
    ("Hans", &[]),
    ("J\u{fc}rgen", &[]),
    ("Fran\u{e7}ois", &[]),
    ("Jos\u{e9}", &["Pepe"]),
    ("Luc\u{ed}a", &[]),
    ("Zo\u{eb}", &[]),
    ("S\u{f8}ren", &[]),
    ("Bj\u{f6}rn", &[]),
    ("Ana", &[]),
    ("Olga", &["Olya"]),
    ("Dmitri", &["Dima"]),
    ("Wei", &[]),
    ("Mei", &[]),
    ("Ahmed", &[]),
    ("Fatima", &[]),
    ("Priya", &[]),
    ("Raj", &[]),
    ("Yuki", &[]),
    ("Kenji", &[]),
];
const ONSETS: &[&str] = &[
    "b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kl", "l", "m", "n", "p",
    "pr", "r", "s", "sh", "st", "t", "th", "tr", "v", "w", "wh", "z",
];
const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "ai", "ea", "oo", "ie", "\u{f6}", "\u{e9}"];
const CODAS: &[&str] = &["n", "r", "l", "m", "ck", "nd", "rt", "ll", "x", "ng", "s", "", "", ""];
const NAME_ENDS: &[&str] =
    &["son", "man", "er", "ley", "ton", "field", "sen", "ski", "ez", "", "", ""];
const TOWN_ENDS: &[&str] = &["ville", "ton", "burg", "field", "ford", "haven", "mouth", " Springs"];
const STREETS: &[(&str, &str)] = &[
    ("Street", "St"),
    ("Avenue", "Ave"),
    ("Road", "Rd"),
    ("Lane", "Ln"),
    ("Drive", "Dr"),
    ("Court", "Ct"),
    ("Boulevard", "Blvd"),
];
const TRADES: &[&str] = &[
    "Logistics",
    "Foods",
    "Systems",
    "Partners",
    "Textiles",
    "Health",
    "Energy",
    "Media",
    "Motors",
    "Consulting",
    "Software",
    "Building",
    "Insurance",
    "Travel",
];
const FORMS: &[&[&str]] = &[
    &["Inc", "Inc.", "Incorporated", ""],
    &["LLC", "L.L.C.", ""],
    &["Ltd", "Limited", "Ltd.", ""],
    &["GmbH", "G.m.b.H.", ""],
    &["Corp", "Corporation", "Corp.", ""],
];
const REGIONS: &[&str] = &[
    "CA", "TX", "NY", "FL", "IL", "PA", "OH", "GA", "NC", "MI", "NJ", "VA", "WA", "AZ", "MA", "TN",
];
const PUBLIC_MAIL: &[&str] =
    &["gmail.com", "gmail.com", "gmail.com", "yahoo.com", "outlook.com", "proton.me", "icloud.com"];
const SOURCES: &[Source] = &[
    Source { name: "crm", missing: 80, typo: 25, short: 60 },
    Source { name: "billing", missing: 40, typo: 12, short: 20 },
    Source { name: "webform", missing: 330, typo: 70, short: 200 },
    Source { name: "support", missing: 420, typo: 45, short: 150 },
];

/// A system that knows people, with its faults per thousand values.
#[derive(Clone, Copy)]
struct Source {
    name: &'static str,
    missing: u64,
    typo: u64,
    short: u64,
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A word of two or three syllables; the same for the same number.
fn word(seed: u64, kind: u64, number: u64, ends: &[&str]) -> String {
    let mut dice = Dice::of(seed, kind, number);
    let mut text = String::new();
    for _ in 0..1 + dice.below(2) {
        text.push_str(dice.pick(ONSETS));
        text.push_str(dice.pick(VOWELS));
        text.push_str(dice.pick(CODAS));
    }
    text.push_str(dice.pick(ends));
    capital(&text)
}

fn plain(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\u{f6}' | '\u{f8}' => Some('o'),
            '\u{fc}' => Some('u'),
            '\u{e9}' | '\u{eb}' => Some('e'),
            '\u{e7}' => Some('c'),
            '\u{ed}' => Some('i'),
            c if c.is_ascii_alphanumeric() || c == ' ' => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

/// One letter changed, left out, doubled or swapped with its neighbour.
fn mistyped(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 3 {
        return text.to_owned();
    }
    let at = 1 + dice.below(letters.len() as u64 - 2) as usize;
    match dice.below(4) {
        0 if letters[at].is_ascii_digit() => letters[at] = char::from(b'0' + dice.below(10) as u8),
        0 => letters[at] = char::from(b'a' + dice.below(26) as u8),
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

#[derive(Clone)]
struct Place {
    number: u64,
    street: String,
    kind: usize,
    unit: String,
    town: String,
    region: &'static str,
    postal: String,
}

fn place(seed: u64, dice: &mut Dice) -> Place {
    let town = dice.rank(20_000, 20);
    let mut of_town = Dice::of(seed, 11, town);
    Place {
        number: 1 + dice.below(999),
        street: word(seed, 12, dice.rank(5_000, 20), &["", "", "wood", "field"]),
        kind: dice.below(STREETS.len() as u64) as usize,
        unit: if dice.chance(200) { format!("Apt {}", 1 + dice.below(60)) } else { String::new() },
        town: word(seed, 13, town, TOWN_ENDS),
        region: of_town.pick(REGIONS),
        postal: format!("{:05}", 10_000 + of_town.below(85_000) + dice.below(8)),
    }
}

fn digits_of_phone(dice: &mut Dice) -> String {
    format!(
        "{}{:02}{:03}{:04}",
        2 + dice.below(8),
        dice.below(100),
        200 + dice.below(800),
        dice.below(10_000)
    )
}

/// One of the common given names in two of three cases, else a rarer one.
fn given_name(seed: u64, dice: &mut Dice) -> String {
    if dice.chance(667) {
        GIVEN[dice.rank(GIVEN.len() as u64, 25) as usize].0.to_owned()
    } else {
        word(seed, 5, dice.rank(4_000, 20), &["", "a", "ia", "o", "is"])
    }
}

struct Company {
    name: String,
    trade: &'static str,
    form: &'static [&'static str],
    domain: String,
    switchboard: String,
}

fn company(seed: u64, number: u64) -> Company {
    let mut dice = Dice::of(seed, 20, number);
    let name = word(seed, 21, number, &["", "", "co", "tec", "ra"]);
    let trade = dice.pick(TRADES);
    let domain = format!("{}{}.com", plain(&name), plain(trade));
    Company { domain, trade, form: dice.pick(FORMS), switchboard: digits_of_phone(&mut dice), name }
}

struct Person {
    given: String,
    middle: char,
    family: String,
    /// After a marriage.
    later_family: Option<String>,
    suffix: &'static str,
    born: (u64, u64, u64),
    mail: String,
    mobile: String,
    homes: Vec<Place>,
    jobs: Vec<u64>,
}

/// A household: its people, its telephone, how many records each person has.
struct Household {
    people: Vec<(Person, u64)>,
    phone: String,
}

/// How many households share one plan of record counts; every plan has the same number of records,
/// so that a record's household is found by division.
const PLAN: usize = 512;

struct World {
    seed: u64,
    companies: u64,
    /// Records of each person of each household of the plan.
    counts: Vec<Vec<u64>>,
    /// Records and people before each household of the plan, and of the whole plan at the end.
    before: Vec<(u64, u64)>,
}

impl World {
    fn new(seed: u64, records: u64) -> Self {
        let mut dice = Dice::of(seed, 1, 0);
        let counts: Vec<Vec<u64>> = (0..PLAN)
            .map(|_| {
                let people = dice.pick(&[1, 1, 2, 2, 2, 3, 4]);
                (0..people)
                    .map(|_| {
                        // Nearly half have one record; a few have up to fifteen.
                        if dice.chance(440) {
                            return 1;
                        }
                        let most = dice.rank(20, 1).max(1);
                        2 + dice.rank(most, 1).min(13)
                    })
                    .collect()
            })
            .collect();
        let mut before = vec![(0, 0)];
        for people in &counts {
            let last = before[before.len() - 1];
            before.push((last.0 + people.iter().sum::<u64>(), last.1 + people.len() as u64));
        }
        Self { seed, companies: (records / 60).max(5), counts, before }
    }

    fn household(&self, number: u64) -> Household {
        let mut dice = Dice::of(self.seed, 2, number);
        let family = word(self.seed, 3, dice.rank(60_000, 20), NAME_ENDS);
        let home = place(self.seed, &mut dice);
        let shares_mail = dice.chance(40);
        let counts = &self.counts[number as usize % PLAN];
        let mut people: Vec<(Person, u64)> = Vec::with_capacity(counts.len());
        for (at, count) in counts.iter().enumerate() {
            let child = at >= 2;
            let own = !child && at == 1 && dice.chance(250);
            let family = if own {
                word(self.seed, 3, dice.rank(60_000, 20), NAME_ENDS)
            } else {
                family.clone()
            };
            let junior = child && dice.chance(60);
            let given =
                if junior { people[0].0.given.clone() } else { given_name(self.seed, &mut dice) };
            let year = if child { 1985 + dice.below(22) } else { 1940 + dice.below(45) };
            let twin = at == 3 && dice.chance(50);
            let born = if twin {
                people[2].0.born
            } else {
                (year, 1 + dice.below(12), 1 + dice.below(28))
            };
            let name = plain(&given);
            let local = match dice.below(4) {
                0 => format!("{name}.{}", plain(&family)),
                1 => format!("{}{}", &name[..1.min(name.len())], plain(&family)),
                2 => format!("{name}{}", born.0 % 100),
                _ => format!("{name}.{}{}", plain(&family), dice.below(1000)),
            };
            let mail = match people.first() {
                Some((first, _)) if shares_mail => first.mail.clone(),
                _ => format!("{local}@{}", dice.pick(PUBLIC_MAIL)),
            };
            let mut homes = vec![home.clone()];
            if dice.chance(150) {
                homes.push(place(self.seed, &mut dice));
            }
            let mut jobs = Vec::new();
            if dice.chance(450) {
                jobs.push(dice.rank(self.companies, self.companies / 50));
                if dice.chance(200) {
                    jobs.push(dice.rank(self.companies, self.companies / 50));
                }
            }
            let later_family = (!child && dice.chance(60))
                .then(|| word(self.seed, 3, dice.rank(60_000, 20), NAME_ENDS));
            let person = Person {
                given,
                middle: char::from(b'A' + dice.below(26) as u8),
                family,
                later_family,
                suffix: if junior { "Jr" } else { "" },
                born,
                mail,
                mobile: digits_of_phone(&mut dice),
                homes,
                jobs,
            };
            people.push((person, *count));
        }
        Household { people, phone: digits_of_phone(&mut dice) }
    }

    /// The household, the person in it, the person's number and the record's, of a record.
    fn find(&self, record: u64) -> (u64, usize, u64) {
        let (plan_records, plan_people) = self.before[PLAN];
        let (round, rest) = (record / plan_records, record % plan_records);
        let at = self.before.partition_point(|(records, _)| *records <= rest) - 1;
        let mut left = rest - self.before[at].0;
        let mut person = 0;
        for count in &self.counts[at] {
            if left < *count {
                break;
            }
            left -= count;
            person += 1;
        }
        let number = round * plan_people + self.before[at].1 + person as u64;
        (round * PLAN as u64 + at as u64, person, number)
    }
}

fn phone_as_written(digits: &str, dice: &mut Dice) -> String {
    let (area, middle, last) = (&digits[..3], &digits[3..6], &digits[6..]);
    match dice.below(7) {
        0 => format!("({area}) {middle}-{last}"),
        1 => format!("{area}-{middle}-{last}"),
        2 => format!("+1 {area} {middle} {last}"),
        3 => format!("+1{digits}"),
        4 => format!("{area}.{middle}.{last}"),
        5 => format!("{area}-{middle}-{last} x{}", 10 + dice.below(90)),
        _ => digits.to_owned(),
    }
}

fn mail_as_written(mail: &str, dice: &mut Dice) -> String {
    match mail.split_once("@gmail.com") {
        Some((local, _)) if dice.chance(60) => {
            format!("{local}+{}@gmail.com", dice.pick(&["news", "shop"]))
        }
        Some((local, _)) if dice.chance(60) => format!("{}@gmail.com", local.replace('.', "")),
        _ if dice.chance(60) => mail.to_uppercase(),
        _ => mail.to_owned(),
    }
}

/// Writes a field, in quotation marks where it needs them.
fn field(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    if text.contains([',', '"']) {
        write!(out, ",\"{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, ",{text}")
    }
}

/// One record as its source knows it.
fn write_record(out: &mut impl Write, world: &World, row: u64, record: u64) -> std::io::Result<()> {
    let (number, at, id) = world.find(record);
    let household = world.household(number);
    let Some((person, _)) = household.people.get(at) else { return Ok(()) };
    let mut dice = Dice::of(world.seed, 4, record);
    let source = dice.pick(SOURCES);
    let full = &person.given;
    let short = GIVEN.iter().find(|(name, _)| name == full).map_or(&[][..], |(_, short)| *short);
    let mut given = full.clone();
    if dice.chance(source.short) {
        given = match short {
            [] => full.chars().take(1).collect(),
            _ if dice.chance(200) => full.chars().take(1).collect(),
            _ => dice.pick(short).to_owned(),
        };
    } else if dice.chance(50) {
        given = format!("{given} {}.", person.middle);
    }
    let mut family = match &person.later_family {
        Some(later) if dice.chance(400) => later.clone(),
        _ => person.family.clone(),
    };
    if !person.suffix.is_empty() && dice.chance(600) {
        family = format!("{family} {}", person.suffix);
    }
    if dice.chance(80) {
        (given, family) = (capital(&plain(&given)), capital(&plain(&family)));
    }
    if dice.chance(15) {
        std::mem::swap(&mut given, &mut family);
    }
    let home = &person.homes[dice.below(person.homes.len() as u64) as usize];
    let work = if person.jobs.is_empty() {
        None
    } else {
        Some(company(world.seed, dice.pick(&person.jobs)))
    };
    let at_work = work.as_ref().filter(|_| dice.chance(350));
    let mut email = match at_work {
        Some(c) if dice.chance(60) => {
            format!("{}@{}", dice.pick(&["info", "sales", "office"]), c.domain)
        }
        Some(c) => format!("{}.{}@{}", plain(&person.given), plain(&person.family), c.domain)
            .replace(' ', ""),
        None => mail_as_written(&person.mail, &mut dice),
    };
    let mut phone = match at_work {
        Some(c) if dice.chance(500) => phone_as_written(&c.switchboard, &mut dice),
        _ if dice.chance(250) => phone_as_written(&household.phone, &mut dice),
        _ => phone_as_written(&person.mobile, &mut dice),
    };
    let firm = work.as_ref().filter(|_| dice.chance(700)).map_or_else(String::new, |c| match dice
        .below(12)
    {
        0 => c.name.clone(),
        1 => format!("{} {}, {}", c.name, c.trade, dice.pick(c.form)),
        _ => format!("{} {} {}", c.name, c.trade, dice.pick(c.form)),
    });
    let (long, brief) = STREETS[home.kind];
    let kind = match dice.below(3) {
        0 => brief.to_owned(),
        1 => format!("{brief}."),
        _ => long.to_owned(),
    };
    let mut street = format!("{} {} {kind}", home.number, home.street);
    let mut postal = home.postal.clone();
    if dice.chance(40) {
        postal = format!("{postal}-{:04}", dice.below(10_000));
    }
    let (year, mut month, mut day) = person.born;
    if dice.chance(10) {
        (month, day) = (day, month);
    }
    let mut born = format!("{year}-{month:02}-{day:02}");
    // What people type when a form insists.
    if dice.chance(12) {
        email = dice.pick(&["test@test.com", "noemail@example.com", "none@none.com"]).to_owned();
    }
    if dice.chance(12) {
        phone = dice.pick(&["0000000000", "1234567890", "5555555555"]).to_owned();
    }
    if dice.chance(4) {
        (given, family) = ("Unknown".to_owned(), "Unknown".to_owned());
    }
    for value in [&mut given, &mut family, &mut email, &mut phone, &mut street, &mut born] {
        if dice.chance(source.typo) {
            *value = mistyped(value, &mut dice);
        }
    }
    let mut town = home.town.trim().to_owned();
    if dice.chance(source.typo) {
        town = mistyped(&town, &mut dice);
    }
    write!(out, "r{row},{id},{}", source.name)?;
    // Names are hardly ever missing; the rest as the source's habits are.
    for value in [&given, &family] {
        let missing = dice.chance(source.missing / 10);
        field(out, if missing { "" } else { value })?;
    }
    // Address parts come or go together.
    let no_address = dice.chance(source.missing + 100);
    for value in [&email, &phone, &firm] {
        let missing = dice.chance(source.missing);
        field(out, if missing { "" } else { value.trim() })?;
    }
    for value in [street.as_str(), &home.unit, &town, home.region, &postal] {
        field(out, if no_address { "" } else { value })?;
    }
    let no_birth = dice.chance(source.missing + 300);
    field(out, if no_birth { "" } else { &born })?;
    out.write_all(b"\n")
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1)
}

fn number(name: &str, default: u64) -> Result<u64, String> {
    option(name).map_or(Ok(default), |text| {
        text.parse().map_err(|_| format!("{name} wants a number, not {text:?}"))
    })
}

/// Writes `records` invented records of people as CSV, with the truth in the column `true_id`; the
/// same `seed` gives the same text.
///
/// # Errors
/// Those of writing.
pub fn generate(out: &mut impl Write, records: u64, seed: u64) -> std::io::Result<()> {
    let world = World::new(seed, records);
    writeln!(
        out,
        "rec_id,true_id,source,first_name,last_name,email,phone,company,street,unit,city,state,postcode,dob"
    )?;
    // Steps of a size without a common divisor with the number of records meet each once.
    let mut step = (records as f64 * 0.618_033_988_75) as u64 | 1;
    while gcd(step, records) != 1 {
        step += 2;
    }
    let mut record = 0;
    for row in 0..records {
        write_record(out, &world, row, record)?;
        record = (record + step) % records;
    }
    out.flush()
}

fn main() -> std::process::ExitCode {
    let run = || -> Result<(), String> {
        // Cargo starts every bench program; this one only makes a file when it is told how much.
        let Some(_) = option("--records") else {
            eprintln!(
                "identity_generate: say how many, as in -- --records 1000000 --seed 7 --out people.csv"
            );
            return Ok(());
        };
        let (records, seed) = (number("--records", 0)?, number("--seed", 1)?);
        let path = option("--out").unwrap_or_else(|| "-".to_owned());
        let out: Box<dyn Write> = if path == "-" {
            Box::new(std::io::stdout().lock())
        } else {
            Box::new(std::fs::File::create(&path).map_err(|e| format!("cannot write {path}: {e}"))?)
        };
        generate(&mut BufWriter::with_capacity(1 << 20, out), records, seed)
            .map_err(|e| format!("cannot write {path}: {e}"))
    };
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            std::process::ExitCode::FAILURE
        }
    }
}
