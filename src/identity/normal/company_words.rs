//! Words of company names: legal forms of many countries, abbreviations, placeholders.
//!
//! Owns the tables and the class of each legal form. Refuses to part a name: that is `company`.

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

/// Company limited by guarantee or by shares not meant for the market: GmbH, Ltd, LLC, Sarl.
pub(crate) const LIMITED: &str = "limited";
/// Joint stock company: AG, Inc, plc, SA.
pub(crate) const STOCK: &str = "stock";
/// Partnership: KG, LP, SNC.
pub(crate) const PARTNERSHIP: &str = "partnership";
/// Association, foundation, co-operative: eV, ANO, 501(c).
pub(crate) const NONPROFIT: &str = "nonprofit";

/// A word of a legal form.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// `limited`, `stock`, `partnership`, `nonprofit`, or empty where the word leaves it open.
    pub class: &'static str,
    /// Whether it also stands in front of names: `OOO Romashka`, `PT Astra`.
    pub front: bool,
}

static FORMS: LazyLock<FxHashMap<&'static str, Form>> = LazyLock::new(|| {
    let mut forms = FxHashMap::default();
    for (words, class) in [
        (LIMITED_WORDS, LIMITED),
        (STOCK_WORDS, STOCK),
        (PARTNERSHIP_WORDS, PARTNERSHIP),
        (NONPROFIT_WORDS, NONPROFIT),
        (OPEN_WORDS, ""),
    ] {
        for word in words.split_ascii_whitespace() {
            let form = word.trim_start_matches('^');
            forms.entry(form).or_insert(Form { class, front: form != word });
        }
    }
    forms
});

/// Legal forms of several words by their first word, the longest first.
static PHRASES: LazyLock<FxHashMap<&'static str, Vec<Phrase>>> = LazyLock::new(|| {
    let mut phrases: FxHashMap<&'static str, Vec<Phrase>> = FxHashMap::default();
    for (lines, class) in [
        (LIMITED_PHRASES, LIMITED),
        (STOCK_PHRASES, STOCK),
        (PARTNERSHIP_PHRASES, PARTNERSHIP),
        (NONPROFIT_PHRASES, NONPROFIT),
    ] {
        for line in lines.split('\n') {
            let words: Vec<&'static str> = line.split(' ').collect();
            if let Some(first) = words.first() {
                phrases.entry(first).or_default().push((words, class));
            }
        }
    }
    for list in phrases.values_mut() {
        list.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    phrases
});

type Phrase = (Vec<&'static str>, &'static str);

static SAME: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut same = FxHashMap::default();
    for line in SAME_LINES.split('\n') {
        let mut words = line.split(' ');
        let Some(first) = words.next() else { continue };
        for word in words {
            same.entry(word).or_insert(first);
        }
    }
    same
});

static PLACEHOLDERS: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| PLACEHOLDER_LINES.split('\n').collect());

static COMMON: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| COMMON_WORDS.split_ascii_whitespace().collect());

/// The legal form that a folded word is.
pub(crate) fn form(word: &str) -> Option<Form> {
    if word.len() > 24 {
        return None;
    }
    FORMS.get(word).copied()
}

/// The legal form of several words that starts at a place: its length in words and its class.
pub(crate) fn phrase<S: AsRef<str>>(words: &[S]) -> Option<(usize, &'static str)> {
    let list = PHRASES.get(words.first()?.as_ref())?;
    list.iter().find_map(|(phrase, class)| {
        let whole = |expected: &str, word: &str| expected == word;
        // Fields cut at a width end in half a word.
        let cut = |expected: &str, word: &str| word.len() >= 4 && expected.starts_with(word);
        let last = phrase.len().saturating_sub(1);
        let at_end = words.len() == phrase.len() && last > 0;
        let fits = words.len() >= phrase.len()
            && phrase.iter().zip(words).enumerate().all(|(place, (expected, word))| {
                whole(expected, word.as_ref())
                    || (at_end && place == last && cut(expected, word.as_ref()))
            });
        fits.then_some((phrase.len(), *class))
    })
}

/// The usual spelling of a word that is written in several ways.
pub(crate) fn same(word: &str) -> Option<&'static str> {
    SAME.get(word).copied()
}

/// Whether a folded name stands for "no company".
pub(crate) fn is_placeholder(folded: &str) -> bool {
    folded.len() <= 20 && (folded.is_empty() || PLACEHOLDERS.contains(folded))
}

/// Whether a word is so common in company names that it tells little: a trade, a place, a filler.
pub(crate) fn is_common(word: &str) -> bool {
    COMMON.contains(word)
}

/// `^` marks forms that also stand in front.
const LIMITED_WORDS: &str = "gmbh mbh gesmbh ges ltd limited ltda limitada llc lllc ^ooo ^tov sarl \
sarlu eurl srl srls ^sprl bvba bv bvio kft doo dooel eood ood ^sia ^uab ou oue ^tdv pte ^pty pvt \
proprietary private aps sro spol sp spzoo spz lda unipessoal slu sl slne slp nyrt eirl eireli \
ug haftungsbeschrankt ohf ehf ^mchj too ^mmc oy epe ike mepe monoprosopi wll fzc fze fzco \
fzllc dmcc unlimited ulc ^ltdsti sti sirketi sdn bhd berhad ^tnhh gk yk \
nonbhd sasu sarls scarl ^dooo besloten vennootschap ltdsirketi etvt";

const STOCK_WORDS: &str = "ag akg sa inc incorporated corp corporation plc se ^ab publ aktiebolag \
aktiengesellschaft asa as oyj ^oao ^zao ^pao ^ao ^jsc ^ojsc ^cjsc ^pjsc ^ozao prat \
spa nv sas ead ad ^aoa rt zrt tas hf ^pt tbk kk saoc saog qpsc psc qsc pjs sab sapi sae sal \
saa saca sacv ^aet ae spaa ^fgup ^gup ^mup ^pte dd akc akcionarsko societatea sociedade";

const PARTNERSHIP_WORDS: &str = "kg kgaa ohg og gbr lp llp lllp pllc partg partgmbb snc scs sca gp \
kommanditgesellschaft vof cv ks ooe ee oe ky kb hb da gie spk spj ^maatschap eg arge sc \
sicav sicar fcp geschwister";

const NONPROFIT_WORDS: &str = "ev eingetragener stiftung ^ano ^nko ^ngo npo scop asbl vzw onlus \
gemeinnutzige ^stichting odbl ^fundacja eg egen";

const OPEN_WORDS: &str = "co company companies cia ^cie compagnie dba ca ip ek ekfm efr inh me rl \
reg bt ^fop etn spolka firma companhia compania na pc pa";

const LIMITED_PHRASES: &str = "\
limited liability company
private limited company
private limited
pty limited
pty ltd
pte ltd
pvt ltd
co ltd
company limited
co limited
sp zoo
sp z oo
sp z o o
spolka z ograniczona odpowiedzialnoscia
spolka z oo
gesellschaft mit beschrankter haftung
ges m b h
gesellschaft mbh
societe a responsabilite limitee
societa a responsabilita limitata
societatea cu raspundere limitata
societate cu raspundere limitata
sociedad de responsabilidad limitada
sociedad limitada
sociedade limitada
sociedade por quotas
s de rl de cv
s de rl
obshchestvo s ogranichennoi otvetstvennostyu
obshchestvo s ogranichennoi otvetstvennostiu
obschestvo s ogranichennoi otvetstvennostyu
obshchestvo s ogranichennoy otvetstvennostyu
tovarystvo z obmezhenoyu vidpovidalnistyu
tovaristvo z obmezhenoyu vidpovidalnistyu
tovarishchestvo s ogranichennoi otvetstvennostyu
druzestvo s ogranichena otgovornost
drustvo s ogranicenom odgovornoscu
drustvo s ogranicenom odgovornoshcu
drushtvo s ogranicenom odgovornoscu
druzba z omejeno odgovornostjo
spolecnost s rucenim omezenym
spolocnost s rucenim obmedzenym
korlatolt felelossegu tarsasag
besloten vennootschap met beperkte aansprakelijkheid
besloten vennootschap
osauhing
uzdaroji akcine bendrove
sabiedriba ar ierobezotu atbildibu
anonim sirketi
limited sirketi
ltd sti
cong ty tnhh
cong ty co phan
sdn bhd
etaireia periorismenis efthynis
with limited liability
limited company";

const STOCK_PHRASES: &str = "\
joint stock company
open joint stock company
closed joint stock company
public joint stock company
private joint stock company
joint stock co
joynt stock company
public limited company
public company limited
societe anonyme
societe par actions simplifiee
societa per azioni
sociedad anonima de capital variable
sociedad anonima
sociedade anonima
sa de cv
sab de cv
sapi de cv
de cv
aktsionernoe obshchestvo
otkrytoe aktsionernoe obshchestvo
zakrytoe aktsionernoe obshchestvo
publichnoe aktsionernoe obshchestvo
aktsionerne tovarystvo
publichne aktsionerne tovarystvo
pryvatne aktsionerne tovarystvo
spolka akcyjna
akciova spolecnost
akciova spolocnost
a s
akcionarsko drustvo
dionicko drustvo
aktsionerno druzestvo
naamloze vennootschap
anonymi etaireia
perseroan terbatas
pt
kabushiki kaisha
kabushiki gaisha
osakeyhtio
reszvenytarsasag
federalnoe gosudarstvennoe unitarnoe predpriyatie
gosudarstvennoe unitarnoe predpriyatie";

const PARTNERSHIP_PHRASES: &str = "\
limited partnership
limited liability partnership
general partnership
co kg
gmbh co kg
gmbh and co kg
and co kg
and co ohg
and cie
offene handelsgesellschaft
gesellschaft burgerlichen rechts
societe en nom collectif
societe en commandite simple
spolka komandytowa
spolka jawna
spolka cywilna
sp k
sp j
vennootschap onder firma";

const NONPROFIT_PHRASES: &str = "\
eingetragener verein
avtonomnaya nekommercheskaya organizatsiya
non profit organization
nonprofit organization
association sans but lucratif
eingetragene genossenschaft
non governmental organization";

/// Each line: the word kept, then its other spellings.
const SAME_LINES: &str = "\
and und et y e og och en ve kai i
international intl int internat internl intnl internacional internationale internazionale
technology tech technologies techn technol
systems sys system syst
services svcs service svc serv srvs srvc
manufacturing mfg manuf manufacturers mnfg manufg
brothers bros brother gebr gebruder
associates assoc associate assocs
association assn asn asoc assoziation associacion associazione
department dept dep
group grp gruppe grupo groupe gruppo gruppa groep
management mgmt mgt mngmt
industries ind industry inds indus industrie industria industrias
national natl nat nacional nationale nazionale
university univ uni universitat universite universidad universita universitaet
solutions solution soln solns
labs lab laboratories laboratory laboratorios
st saint sainte
center ctr centre cntr cent zentrum centro tsentr
hospital hosp hospitals
medical med medic
institute inst institut instituto istituto
corporation corporacion
development dev devel developmt
engineering eng engr engrg engineers
distribution dist distr distrib distributors
construction constr const constn
communications comm comms commun communication
electric elec electr electrical electricity
electronics electronic elect
equipment equip eqpt equipt
financial fin finl finance
insurance ins insur
instruments instr instrument instrs
packaging pkg packg
products prod prods product
properties prop props property
logistics log logist logistic
transportation transp transport trans transports trpt
textiles text textile
chemicals chem chemical chems
pharmaceuticals pharm pharma pharmaceutical
foods food fds
holdings hldgs holding hldg hlds
enterprises ent enterprise entp enterpr
investments inv invest investment invs
partners ptnrs partner ptnr
government govt gov
organization organisation org orgn
foundation fdn found fnd
federation fed federacion
federal fedl
america amer
american am
machinery mach machines
marketing mktg mkt
motors mtrs motor
metals metal met
mechanical mech
consulting cons consult consultants consultancy consultores
resources res resource
restaurant rest restaurants ristorante restaurante
market mkts markets
school sch schl schools
elementary elem
community comm_ cmty cmnty commty
church ch
academy acad
agency agcy
building bldg bldgs
business bus
central cntrl
children childrens child chldrn
christian chr
college coll
committee cmte
company_ comp
commercial coml
computer comput computers cmptr
co-operative coop cooperative
county cnty
district distrct
education educ educational
family fam
general gen genl
health hlth
heights hts
house hse
library lib libr
mount mt
fort ft
north n_ nth
northern nthn
south sth
southern sthn
office off
park pk
plant plnt
preschool prek
public_ pub
regional regl reg_
research rsch rsrch
security sec secy
society soc
special spec
supply suppl supplies
trading trdg trade
united utd
water wtr
western wstrn
works wks
world wrld
labor labour
color colour
program programme prgm
theater theatre
first 1st
second 2nd
third 3rd
fourth 4th
fifth 5th
sixth 6th
seventh 7th
eighth 8th
ninth 9th
tenth 10th";

const PLACEHOLDER_LINES: &str = "\
n a
na
none
null
unknown
test
company
self
self employed
selfemployed
private
privat
individual
freelance
freelancer
freelancing
personal
home
retired
student
unemployed
independent
no company
myself
me
tbd
x
xx
xxx
other
undefined
demo
various
customer
not applicable
not provided
not available
consultant
selbststandig
autonomo
independant
nan
nil
keine
ninguna
aucune
test company
my company
your company
company name
individual person
fizicheskoe litso";

/// Trades, places and fillers: sharing only these says little.
const COMMON_WORDS: &str = "international technology systems services manufacturing brothers \
associates association department group management industries national university solutions labs \
center hospital medical institute corporation development engineering distribution construction \
communications electric electronics equipment financial insurance instruments packaging products \
properties logistics transportation textiles chemicals pharmaceuticals foods holdings enterprises \
investments partners government organization foundation federation federal america american \
machinery marketing motors metals mechanical consulting resources restaurant market school \
elementary community church academy agency building business central children christian college \
committee commercial computer county district education family general health heights house library \
north south east west northern southern eastern western office park plant public regional research \
security society special supply trading united water works world first second third fourth fifth of \
the de la le el for in at and new global digital media design studio studios shop store stores bank \
capital fund funds trust securities asset assets estate real energy power oil gas petroleum \
mining steel auto automotive travel tours hotel hotels aviation airlines air marine shipping \
bau handel handels vertrieb technik service consulting beratung immobilien verwaltung verlag \
software hardware data network networks online web net internet com mobile telecom cloud ventures \
industrial agro agricultural farm farms city town state care head start day early learning kids \
europe european asia asian africa african china usa uk us deutschland france germany spain italy \
india japan canada mexico brasil brazil russia poland london york chicago co cafe bar grill";
