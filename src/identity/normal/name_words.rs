//! Words of personal names that are not names: titles, credentials, particles, placeholders.
//!
//! Owns the tables. Refuses to part a name: that is `name`.

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

const TITLE: u8 = 1;
const CREDENTIAL: u8 = 2;
const PARTICLE: u8 = 4;

static WORDS: LazyLock<FxHashMap<&'static str, u8>> = LazyLock::new(|| {
    let mut words: FxHashMap<&'static str, u8> = FxHashMap::default();
    for (list, kind) in [(TITLES, TITLE), (CREDENTIALS, CREDENTIAL), (PARTICLES, PARTICLE)] {
        for word in list.split_ascii_whitespace() {
            *words.entry(word).or_insert(0) |= kind;
        }
    }
    words
});

static PLACEHOLDERS: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| PLACEHOLDER_LINES.split('\n').collect());

fn is(word: &str, kind: u8) -> bool {
    word.len() <= 18 && WORDS.get(word).is_some_and(|kinds| kinds & kind != 0)
}

/// Whether a folded word is a title, a rank or a form of address.
pub(crate) fn is_title(word: &str) -> bool {
    is(word, TITLE)
}

/// Whether a folded word is a title that is no given name as well: `general`, not `dean`.
pub(crate) fn is_only_title(word: &str) -> bool {
    is_title(word)
        && !matches!(
            word,
            "dean"
                | "earl"
                | "duke"
                | "major"
                | "don"
                | "dona"
                | "prince"
                | "princess"
                | "marshal"
                | "baron"
                | "bishop"
                | "judge"
                | "justice"
                | "pan"
                | "gen"
                | "mag"
                | "bayan"
                | "contessa"
                | "duque"
                | "conde"
                | "count"
                | "canon"
                | "master"
                | "chancellor"
                | "deacon"
                | "tan"
                | "tuan"
                | "ing"
                | "haji"
                | "sri"
                | "shri"
                | "sheikh"
                | "conte"
                | "doc"
        )
}

/// Whether a folded word is a degree or an honour that follows a name.
pub(crate) fn is_credential(word: &str) -> bool {
    is(word, CREDENTIAL)
}

/// Whether a folded word joins names and tells none apart.
pub(crate) fn is_particle(word: &str) -> bool {
    is(word, PARTICLE)
}

/// Whether a folded name stands for "no name".
pub(crate) fn is_placeholder(folded: &str) -> bool {
    folded.len() <= 20 && (folded.is_empty() || PLACEHOLDERS.contains(folded))
}

/// 1 for senior, 2 for junior or II, 3 for III, 4 for IV; 0 for another word.
pub(crate) fn generation(word: &str) -> u8 {
    match word {
        "sr" | "senior" | "snr" | "sen" => 1,
        "jr" | "junior" | "jnr" | "ii" | "2nd" | "jun" | "filho" | "hijo" | "fils" => 2,
        "iii" | "3rd" | "neto" => 3,
        "iv" | "4th" => 4,
        _ => 0,
    }
}

/// What announces another name of the same person: `née`, `aka`, `geb.`.
pub(crate) fn is_alias_mark(word: &str) -> bool {
    matches!(
        word,
        "nee"
            | "born"
            | "aka"
            | "geb"
            | "geborene"
            | "geboren"
            | "formerly"
            | "alias"
            | "ne"
            | "fka"
            | "dit"
            | "dite"
            | "vulgo"
            | "maiden"
            | "nata"
            | "nacida"
            | "rozena"
            | "fodt"
    )
}

/// Ranks of nobility that open a tail wherever they stand behind a name: `Baron Rayleigh`.
pub(crate) fn is_peerage(word: &str) -> bool {
    matches!(
        word,
        "baron"
            | "baroness"
            | "viscount"
            | "viscountess"
            | "earl"
            | "countess"
            | "duchess"
            | "marquess"
            | "marchioness"
            | "baronet"
            | "bt"
    )
}

/// Ranks that open a tail only behind an ordinal or before `of`: they are family names too.
pub(crate) fn is_rank(word: &str) -> bool {
    is_peerage(word)
        || matches!(
            word,
            "duke" | "count" | "marquis" | "lord" | "lady" | "prince" | "princess" | "bart"
        )
}

/// Whether a word is an ordinal in digits: `1st`, `12th`.
pub(crate) fn is_ordinal(word: &str) -> bool {
    word.len() <= 5
        && word.starts_with(|c: char| c.is_ascii_digit())
        && ["st", "nd", "rd", "th"].iter().any(|end| word.ends_with(end))
}

const TITLES: &str = "mr mrs ms miss mx dr prof professor herr frau herrn hr mme mlle monsieur \
madame mademoiselle messrs senor senora senorita sra srta don dona ing mag dipl rev revd \
reverend hon honourable honorable sir lady lord dame dott dottssa dottore sig signor signora \
signore avv pan pani mgr mister capt captain cpt lt ltn lieut lieutenant col colonel sgt sergeant \
sarge cpl corporal pvt maj major gen general brig brigadier adm admiral cdr commander cmdr commodore \
cdre marshal wg flt sqn ensign dhr mevr mevrouw meneer mijnheer lic eng arq shri sri smt kumari \
father fr sister brother mother pastor bishop archbishop abp bp cardinal deacon archdeacon canon \
dean vicar rabbi rabbin imam mullah maulana maulvi mufti sheikh shaikh shaykh sheik haji hajj hajji \
ayatollah hojatoleslam baron baroness viscount viscountess earl count countess duke duchess \
marquess marquis marchioness prince princess emperor empress tsar graf grafin freiherr \
freifrau furst furstin comte comtesse vicomte conde condesa marques marquesa duque duquesa conte \
contessa marchese principe president prasident presidente premier minister ministre senator \
congressman congresswoman governor ambassador chancellor judge justice attorney doctor docteur \
doktor doctora doutor doutora dra eminence excellency highness majesty hrh hrm hh hm his her the \
rear vice dipling drmed drjur univprof priv doz privatdozent oberst hauptmann leutnant \
oberleutnant generalmajor sergent capitaine capitan capitano tenente teniente coronel almirante \
comandante generale colonnello mons monsignor monsignore padre frei irmao sor soeur frere gospodin \
gospozha gosp gospodja gospodin polkovnik kapitan inz mudr judr phdr rndr mvdr paeddr bc \
mudr doc csc prim kyria kyrios kyr bay bayan hanim efendi tuan datuk dato datin \
puan encik ustad ustadh engr engineer atty sgn bro lcpl lcol ltcol ltgen majgen msgt ssgt tsgt cmsgt \
gysgt pfc spc cwo po1 cpo mcpo radm vadm ltjg lcdr airman trooper constable officer inspector \
detective sheriff chief coach headmaster professeur professora professore maestro mast master \
mstr";

const CREDENTIALS: &str = "phd dphil md esq esquire mba cpa dds dmd dvm rn msc bsc llm llb pe \
cfa jd pmp ba ma mph msw lcsw edd np obe mbe cbe kbe dbe gbe kcb kcmg gcb gcmg cmg \
cvo kcvo qc kc dso dsc dfc vc gc frs frse frcs frcp mp mep mla bart bt od psyd \
pharmd ret retd usn usmc usaf raf dlitt cissp cpcu clu chfc cfp fca aca mrcs mrcp \
facs lpc lmft rph osb sj ofm";

const PARTICLES: &str = "van von de der den del della dello delle di da dos das do du la le el al bin \
ibn ter ten zu zur zum af av vom y e dal dalla los las op st bint degli dei vander vanden auf \
des d l ul ud ur ad az ould bani beni het t of och und";

const PLACEHOLDER_LINES: &str = "\
unknown
na
n a
none
null
nan
nil
test
test test
test user
anonymous
customer
guest
user
admin
administrator
no name
noname
first last
first name
last name
firstname
lastname
name
undefined
not provided
x
xx
xxx
asdf
visitor
contact
info
sales
support
billing
office
accounting
accounts payable
unbekannt
desconocido
inconnu
sconosciuto
neizvestno
not available
nobody
owner
reception
front desk
the team
team
webform
web lead
lead
new lead
john doe
jane doe
max mustermann
erika mustermann
juan";
