//! Words of street lines: kinds of street, directions, units, and how each is shortened.
//!
//! Owns the tables. Refuses to part a line: that is `address`.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What a word of a street line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// A kind of street and its short form: `street` is `st`.
    Kind(&'static str),
    /// A kind of street that stands before the name: `rue`, `calle`, `ulitsa`.
    Front(&'static str),
    /// A point of the compass.
    Way(&'static str),
    /// A flat, suite or floor; its number follows.
    Unit,
    /// A number in words, 1 to 90, and whether it is an ordinal.
    Count(u8, bool),
    /// Where the street ends and a description begins: `near`, `between`.
    Aside,
    /// A word with another usual spelling: `saint` is `st`.
    Same(&'static str),
}

static WORDS: LazyLock<FxHashMap<&'static str, Word>> = LazyLock::new(|| {
    let mut words: FxHashMap<&'static str, Word> = FxHashMap::default();
    let mut put = |line: &'static str, word: fn(&'static str) -> Word| {
        let Some(short) = line.split(' ').next() else { return };
        for form in line.split(' ') {
            words.entry(form).or_insert(word(short));
        }
    };
    for line in KINDS.lines() {
        put(line, Word::Kind);
    }
    for line in FRONTS.lines() {
        put(line, Word::Front);
    }
    for line in WAYS.lines() {
        put(line, Word::Way);
    }
    for line in SAME.lines() {
        put(line, Word::Same);
    }
    for form in UNITS.split_ascii_whitespace() {
        words.entry(form).or_insert(Word::Unit);
    }
    for form in ["between", "btwn", "btw", "bet", "near", "nr", "corner", "opposite", "opp", "off"]
    {
        words.entry(form).or_insert(Word::Aside);
    }
    for (counts, ordinal) in [(CARDINALS, false), (ORDINALS, true)] {
        for (form, value) in counts.split(' ').zip(VALUES) {
            words.entry(form).or_insert(Word::Count(value, ordinal));
        }
    }
    words
});

/// What a folded word is, if it is known.
pub(crate) fn word(folded: &str) -> Option<Word> {
    if folded.len() > 14 {
        return None;
    }
    WORDS.get(folded).copied()
}

/// The kind of street that a word misspells by one letter: `sgreet`, `crscent`.
pub(crate) fn misspelt(folded: &str) -> Option<Word> {
    const LONG: [(&str, &str); 7] = [
        ("street", "st"),
        ("avenue", "ave"),
        ("crescent", "cres"),
        ("drive", "dr"),
        ("circuit", "circuit"),
        ("terrace", "ter"),
        ("parade", "pde"),
    ];
    if !(4..=9).contains(&folded.len()) {
        return None;
    }
    LONG.iter()
        .filter(|(long, _)| long.len().abs_diff(folded.len()) <= 1)
        .find(|(long, _)| strsim::osa_distance(long, folded) <= 1)
        .map(|(_, short)| Word::Kind(short))
}

/// A street's name and kind that are written as one word: `hauptstrasse` is `haupt`, `str`.
pub(crate) fn compound(folded: &str) -> Option<(&str, &'static str)> {
    if folded.len() < 6 || !folded.is_ascii() {
        return None;
    }
    let ends: &[(&str, &str)] = match folded.as_bytes().last() {
        Some(b'e') => &[("strasse", "str"), ("gasse", "gasse"), ("allee", "allee")],
        Some(b'r') => &[("str", "str"), ("ufer", "ufer")],
        Some(b't') => &[("straat", "str")],
        Some(b'g') => &[("weg", "weg"), ("steig", "steig"), ("ring", "ring")],
        Some(b'z') => &[("platz", "pl")],
        Some(b'n') => &[("laan", "laan"), ("plein", "plein"), ("vagen", "vag"), ("gatan", "gatan")],
        Some(b'm') => &[("damm", "damm")],
        Some(b'a') => &[("gata", "gatan"), ("katu", "katu")],
        Some(b'u') => &[("katu", "katu")],
        Some(b'c') => &[],
        _ => &[],
    };
    ends.iter().find_map(|(end, short)| {
        let name = folded.strip_suffix(end)?;
        (name.len() >= 3).then_some((name, *short))
    })
}

const VALUES: [u8; 27] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 30, 40, 50, 60, 70, 80,
    90,
];

const CARDINALS: &str = "one two three four five six seven eight nine ten eleven twelve thirteen \
fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy \
eighty ninety";

const ORDINALS: &str = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh \
twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth \
thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth";

/// Each line: the short form, then the others.
const KINDS: &str = "\
st street str sts streets strt stree
ave avenue av aven avenu avn avnue
blvd boulevard boul blv bd boulev bulevar bulvar
rd road rds raod
dr drive drv drives
ln lane
ct court crt
pl place plaza plz plac platz plads
sq square sqr
ter terrace terr tce
pkwy parkway pky pkway parkwy
hwy highway hway hiway
fwy freeway
expy expressway expwy
cir circle circ crcl
way wy
trl trail
cres crescent cr crs cresc
cl close
gdns gardens gardn gdn garden
gr grove grv
pk park
row
mews
walk wlk
path
loop
aly alley
xing crossing
pike
plc
tpke turnpike tpk
bnd bend
brg bridge
cswy causeway
cv cove
cor
est estate
esp esplanade
pde parade
prom promenade
quay
rise
view vw
hl hill
hls hills
hts heights
mnr manor
mdw meadow meadows mdws
pass
pt point
rdg ridge
run
sta station
vly valley
vlg village
wharf
gate
circuit cct
yard
weg
gasse
allee
ring
damm
ufer
steig
straat
laan
plein
gatan gata
vag vagen vagn
vej
gade
veien vei
katu
utca
ulice
cad caddesi cadde
sok sokak sokagi";

const FRONTS: &str = "\
rue
calle cll
carrer
via
viale
piazza pza
corso
largo
rua
avenida avda avd
travessa
estrada
rodovia
praca
ulitsa ul ulica ulicy
prospekt prosp prospect pr-t
pereulok per
ploshchad
bulwar
aleja al aleje
plats
chemin
route rte
impasse
quai
cours
strada
paseo
camino
carretera
jalan jl jln
odos
leoforos
vicolo
ronda
passeig
carrera cra kra
diagonal
transversal";

const WAYS: &str = "\
n north nth
s south sth
e east
w west
ne northeast
nw northwest
se southeast
sw southwest";

const SAME: &str = "\
st saint
mt mount
ft fort
jr junior
dr doctor
martin
mlk";

const UNITS: &str = "apt apartment apartments appt apmt unit suite ste suit flat fl floor flr room \
rm wohnung whg wohnungsnr appartement app appart piso puerta dpto depto departamento apto \
apartamento sala kv kvartira kvart interno int interior lot bldg building stiege top tur tuer \
escalera esc planta local oficina bureau shop level lvl etage og mieszkanie lok lokal byt daire \
kat penthouse ph spc space trlr trailer ofc office villa vill stop dept bte";
