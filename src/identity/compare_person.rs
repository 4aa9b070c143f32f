//! When two personal names agree, and which rules join two people.

use crate::compare::{Guard, Outcome, Shared, Waterfall};
use crate::normal::name::{PersonName, key_form};
use crate::normal::{email, nicknames, web};
use crate::{IdentityRecord, ReviewReason, RuleId, Rules, weights};
use domain::{Identifier, IdentifierKind};
use strsim::{jaro_winkler, osa_distance};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Missing,
    Exact,
    Nickname,
    Typo,
    Initial,
    Similar,
    Different,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Missing,
    Exact,
    Part,
    Typo,
    Different,
}

/// How two names agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameMatch {
    pub given: Given,
    pub family: Family,
    pub swapped: bool,
    pub generation: bool,
    pub middle: bool,
}

impl NameMatch {
    fn given_agrees(self) -> bool {
        matches!(self.given, Given::Exact | Given::Nickname | Given::Typo)
    }

    fn family_agrees(self) -> bool {
        matches!(self.family, Family::Exact | Family::Part | Family::Typo)
    }
}

/// Compares two names part by part; tries swapped fields when the straight reading fails.
pub(crate) fn compare_names(a: &PersonName, b: &PersonName) -> NameMatch {
    let generation = a.generation != 0 && b.generation != 0 && a.generation != b.generation;
    let middle = match (a.given.get(1), b.given.get(1)) {
        (Some(x), Some(y)) => {
            let (shorter, longer) = if x.len() <= y.len() { (x, y) } else { (y, x) };
            !longer.starts_with(shorter.as_str()) && osa_distance(x, y) > 1
        }
        _ => false,
    };
    let given = given_level(a, b);
    let family = family_level(&a.family, &b.family);
    if given == Given::Different
        && family == Family::Different
        && let Some((given, family)) = [turned_levels(a, b), turned_levels(b, a)]
            .into_iter()
            .flatten()
            .min_by_key(|(given, family)| (*given as u8, *family as u8))
    {
        return NameMatch { given, family, swapped: true, generation, middle: false };
    }
    NameMatch { given, family, swapped: false, generation, middle }
}

/// How two names agree once given and family name of the first change places, where they then do:
/// `Smith Robert` beside `Bob Smith`, `Cooper Z.` beside `Zachary Cooper`.
fn turned_levels(a: &PersonName, b: &PersonName) -> Option<(Given, Family)> {
    let turned = PersonName {
        given: a.family.clone(),
        family: a.given.clone(),
        roots: nicknames::roots(a.family.first()?),
        ..PersonName::default()
    };
    let (given, family) = (given_level(&turned, b), family_level(&turned.family, &b.family));
    let fits = match family {
        Family::Exact => !matches!(given, Given::Missing | Given::Similar | Given::Different),
        Family::Part | Family::Typo => matches!(given, Given::Exact | Given::Typo),
        Family::Missing | Family::Different => false,
    };
    fits.then_some((given, family))
}

fn given_level(a: &PersonName, b: &PersonName) -> Given {
    let (Some(x), Some(y)) = (a.first(), b.first()) else { return Given::Missing };
    if x == y {
        return if x.len() == 1 { Given::Initial } else { Given::Exact };
    }
    // `J. Robert` goes by `Robert`.
    let by_middle = |p: &PersonName, other: &str| {
        other.len() > 2 && p.given.get(1).is_some_and(|middle| middle == other)
    };
    if by_middle(a, y) || by_middle(b, x) {
        return Given::Nickname;
    }
    if x.len() == 1 || y.len() == 1 {
        return if x.bytes().next() == y.bytes().next() {
            Given::Initial
        } else {
            Given::Different
        };
    }
    if a.roots.iter().any(|root| b.roots.contains(root)) {
        return Given::Nickname;
    }
    let (shorter, longer) = if x.len() <= y.len() { (x, y) } else { (y, x) };
    if key_form(x) == key_form(y) {
        return Given::Exact;
    }
    // Two names that the table knows and holds apart are two names, however near they look
    // (Maria and Mario, Erik and Erin); so are names that differ by a closing vowel only.
    let known = !a.roots.is_empty() && !b.roots.is_empty();
    if known || differ_by_ending(shorter, longer) {
        return Given::Different;
    }
    if longer.starts_with(shorter) && shorter.len() >= 3 {
        return Given::Nickname;
    }
    let distance = osa_distance(x, y);
    if (shorter.len() >= 4 && distance <= 1) || (shorter.len() >= 7 && distance <= 2) {
        return Given::Typo;
    }
    if sound(x) == sound(y) {
        return Given::Typo;
    }
    if jaro_winkler(x, y) >= 0.88 { Given::Similar } else { Given::Different }
}

fn differ_by_ending(shorter: &str, longer: &str) -> bool {
    let vowel = |b: Option<u8>| matches!(b, Some(b'a' | b'e' | b'i' | b'o' | b'u'));
    if longer.len() == shorter.len() + 1 {
        return longer.starts_with(shorter) && vowel(longer.bytes().last());
    }
    longer.len() == shorter.len()
        && vowel(longer.bytes().last())
        && vowel(shorter.bytes().last())
        && longer.get(..longer.len() - 1) == shorter.get(..shorter.len() - 1)
}

/// A rough spelling-free form for transliterations: `sergei` and `sergey`, `yulia` and `iuliia`.
fn sound(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let replaced = word
        .replace("kh", "h")
        .replace("ph", "f")
        .replace("th", "t")
        .replace("ck", "k")
        .replace("ks", "x");
    for c in replaced.chars() {
        let c = match c {
            'y' | 'j' => 'i',
            'c' => 'k',
            'w' => 'v',
            'z' => 's',
            c => c,
        };
        if !out.ends_with(c) {
            out.push(c);
        }
    }
    out
}

fn family_level(a: &[String], b: &[String]) -> Family {
    if a.is_empty() || b.is_empty() {
        return Family::Missing;
    }
    if a == b {
        return Family::Exact;
    }
    let (x, y) = (a.concat(), b.concat());
    if x == y || key_form(&x) == key_form(&y) {
        return Family::Exact;
    }
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if few.len() < many.len() && few.iter().all(|w| w.len() > 2 && many.contains(w)) {
        return Family::Part;
    }
    if (x.len() == 1 || y.len() == 1) && x.bytes().next() == y.bytes().next() {
        return Family::Part;
    }
    if stem(&x) == stem(&y) {
        return Family::Part;
    }
    let shortest = x.len().min(y.len());
    let distance = osa_distance(&x, &y);
    if (shortest >= 5 && distance <= 1)
        || (shortest >= 8 && distance <= 2)
        || (shortest >= 4 && sound(&x) == sound(&y))
        || (shortest >= 6 && jaro_winkler(&x, &y) >= 0.94)
    {
        return Family::Typo;
    }
    Family::Different
}

/// A Slavic family name without its gender: `ivanova` and `ivanov`, `kowalska` and `kowalski`.
fn stem(family: &str) -> &str {
    for (ending, keep) in [
        ("skaya", 2),
        ("skaia", 2),
        ("skaja", 2),
        ("skiy", 2),
        ("skii", 2),
        ("skij", 2),
        ("sky", 2),
        ("ski", 2),
        ("ska", 2),
        ("cka", 1),
        ("cki", 1),
        ("ova", 2),
        ("eva", 2),
        ("ina", 2),
    ] {
        if family.len() > ending.len() + 2
            && let Some(head) = family.strip_suffix(ending)
        {
            return family.get(..head.len() + keep).unwrap_or(family);
        }
    }
    family
}

/// Whether two names cannot be one person's.
pub(crate) fn conflict(a: &PersonName, b: &PersonName, guard: Guard) -> bool {
    if guard == Guard::Off || a == b || a.is_empty() || b.is_empty() || a.derived || b.derived {
        return false;
    }
    let m = compare_names(a, b);
    if guard == Guard::Hard {
        return m.given == Given::Different && m.family == Family::Different;
    }
    m.generation
        || m.given == Given::Different
        || (matches!(m.given, Given::Missing | Given::Initial) && m.family == Family::Different)
}

/// Whether two names are one but for spelling.
pub(crate) fn alike(a: &PersonName, b: &PersonName) -> bool {
    if a == b {
        return true;
    }
    let m = compare_names(a, b);
    m.given_agrees() && m.family_agrees() && !m.generation
}

/// Weighs two people and says which rule, if any, joins them.
pub(crate) fn decide(
    (ra, a): (&IdentityRecord, &PersonName),
    (rb, b): (&IdentityRecord, &PersonName),
    shared: &Shared<'_>,
    rules: &Rules,
    fall: &mut Waterfall,
) -> Outcome {
    if let Some(email) = shared.email {
        fall.add("email", "exact", weights::EMAIL, Some(email));
    }
    if let Some(phone) = shared.phone {
        fall.add("phone", "exact", weights::PHONE, Some(phone));
    }
    if let Some(line) = shared.name_line.filter(|_| shared.phone.is_none()) {
        fall.add("phone", "same_name_and_line", weights::EMPLOYER, Some(line));
    }
    if let Some(place) = shared.name_address {
        fall.add("address", "same_name_and_address", weights::ADDRESS, Some(place));
    }
    if let Some(domain) = shared.name_domain {
        fall.add("work_domain", "same_name_and_domain", weights::WORK_DOMAIN, Some(domain));
    }
    if let Some(employer) = shared.name_company {
        fall.add("employer", "same_name_and_employer", weights::EMPLOYER, Some(employer));
    }
    let m = compare_names(a, b);
    weigh_names(m, fall);
    let numbered = shared.email.is_none() && numbered_mailboxes(ra, rb);
    if numbered {
        fall.add("email", "numbered_namesake", weights::NUMBERED_MAILBOX, None);
    }

    let on = |rule: RuleId| rules.enabled.allows(rule);
    let initialled = !m.generation
        && m.given == Given::Initial
        && matches!(m.family, Family::Exact | Family::Part);
    let nameless = a.is_empty() || b.is_empty() || a.derived || b.derived;
    let mut review = None;
    if shared.trusted.is_some() {
        let rule = if shared.vendor_merge { RuleId::VendorMerge } else { RuleId::TrustedId };
        let clash = !nameless && conflict(a, b, Guard::Hard);
        if on(rule) && (shared.vendor_merge || !clash) {
            return Outcome::Join(rule);
        }
        review = Some(if clash { ReviewReason::TrustedIdNamesDiffer } else { ReviewReason::Grey });
    }
    if shared.email.is_some() {
        let household = shared.email.is_some_and(|e| email::is_household(local_part(e)));
        let agrees = if nameless {
            !household
        } else {
            !m.generation
                && match (m.given, m.family) {
                    (Given::Exact | Given::Nickname, Family::Different) => !household,
                    (Given::Exact | Given::Nickname, _) => true,
                    (Given::Typo | Given::Initial, Family::Different) => false,
                    (Given::Typo | Given::Initial, _) => true,
                    (Given::Missing | Given::Similar, _) => m.family_agrees() && !household,
                    (Given::Different, _) => false,
                }
        };
        if agrees && on(RuleId::EmailName) {
            return Outcome::Join(RuleId::EmailName);
        }
        // One of the two parts of the name agrees, and the mailbox is spelt after one of the two.
        let explained = !nameless
            && !m.generation
            && ((m.given == Given::Different && m.family_agrees())
                || (m.given == Given::Typo && m.family == Family::Different))
            && shared.email.is_some_and(|e| is_own_mailbox(e, a, b));
        if explained && on(RuleId::EmailName) {
            fall.add("email", "spelt_after_name", weights::OWN_MAILBOX, None);
            return Outcome::JoinDespiteName(RuleId::EmailName);
        }
        review = review.or(Some(if agrees || m.given == Given::Initial {
            ReviewReason::Grey
        } else if nameless {
            ReviewReason::Ambiguous
        } else {
            ReviewReason::SharedContact
        }));
    }
    if shared.phone.is_some() {
        let agrees = if nameless || (m.given == Given::Missing && m.family_agrees()) {
            spells_the_other((ra, a), (rb, b))
        } else {
            !m.generation && !numbered && ((m.given_agrees() && m.family_agrees()) || initialled)
        };
        if agrees && on(RuleId::PhoneName) {
            return Outcome::Join(RuleId::PhoneName);
        }
        review = review.or(match (m.given, m.family) {
            _ if nameless => Some(ReviewReason::Ambiguous),
            // Colleagues behind a switchboard: nothing to decide.
            (Given::Different, Family::Different | Family::Missing) => None,
            (Given::Different, _) => Some(ReviewReason::SharedContact),
            _ => Some(ReviewReason::Grey),
        });
    }
    let namesake = matches!(m.given, Given::Exact | Given::Nickname | Given::Typo)
        && m.family_agrees()
        && !m.generation;
    if namesake || initialled {
        for (value, rule) in [
            (shared.name_address, RuleId::NameAddress),
            (shared.name_domain, RuleId::NameDomain),
            (shared.name_company, RuleId::NameCompany),
            (shared.name_line, RuleId::PhoneName),
        ] {
            // At one address an initial may be anybody's of the family.
            let place = matches!(rule, RuleId::NameAddress | RuleId::PhoneName);
            if value.is_none() || (initialled && place) {
                continue;
            }
            // Father and son share name and address, not their private mailboxes.
            let two = rule == RuleId::NameAddress && private_mailboxes_differ(ra, rb);
            if on(rule) && !m.middle && !numbered && !two {
                return Outcome::Join(rule);
            }
            review = review.or(Some(ReviewReason::Grey));
        }
    }
    review.map_or(Outcome::Nothing, Outcome::Review)
}

fn weigh_names(m: NameMatch, fall: &mut Waterfall) {
    let given = match m.given {
        Given::Missing => None,
        Given::Exact if m.swapped => Some(("exact_swapped", weights::GIVEN_TYPO)),
        Given::Exact => Some(("exact", weights::GIVEN_EXACT)),
        Given::Nickname => Some(("nickname", weights::GIVEN_NICKNAME)),
        Given::Typo => Some(("typo", weights::GIVEN_TYPO)),
        Given::Initial => Some(("initial", weights::GIVEN_INITIAL)),
        Given::Similar => Some(("similar", weights::GIVEN_SIMILAR)),
        Given::Different => Some(("different", weights::GIVEN_DIFFERENT)),
    };
    if let Some((level, weight)) = given {
        fall.add("given_name", level, weight, None);
    }
    let family = match m.family {
        Family::Missing => None,
        Family::Exact => Some(("exact", weights::FAMILY_EXACT)),
        Family::Part => Some(("part", weights::FAMILY_PART)),
        Family::Typo => Some(("typo", weights::FAMILY_TYPO)),
        Family::Different => Some(("different", weights::FAMILY_DIFFERENT)),
    };
    if let Some((level, weight)) = family {
        fall.add("family_name", level, weight, None);
    }
    if m.generation {
        fall.add("generation", "different", weights::GENERATION_DIFFERENT, None);
    }
    if m.middle {
        fall.add("middle_name", "different", weights::MIDDLE_DIFFERENT, None);
    }
}

/// Whether both have mailboxes with providers open to everybody, and none in common.
fn private_mailboxes_differ(a: &IdentityRecord, b: &IdentityRecord) -> bool {
    let private = |record: &IdentityRecord| -> Vec<Identifier> {
        let mails = record.identifiers.iter().filter(|i| i.kind == IdentifierKind::Email);
        let domain = |i: &&Identifier| {
            i.value.expose().rsplit_once('@').is_some_and(|(_, d)| web::is_public_mail(d))
        };
        mails.filter(domain).cloned().collect()
    };
    let (left, right) = (private(a), private(b));
    !left.is_empty() && !right.is_empty() && !left.iter().any(|mail| right.contains(mail))
}

fn local_part(mailbox: &Identifier) -> &str {
    mailbox.value.expose().split('@').next().unwrap_or_default()
}

/// Whether a mailbox is spelt after one of two people of one family name, unless the table of
/// nicknames knows both given names as two: then the other is a form that it lacks, rather than a
/// relative at somebody else's mailbox.
fn is_own_mailbox(mailbox: &Identifier, a: &PersonName, b: &PersonName) -> bool {
    let local = local_part(mailbox);
    let apart = !a.roots.is_empty()
        && !b.roots.is_empty()
        && !a.roots.iter().any(|root| b.roots.contains(root))
        && a.first().map(|g| g.as_bytes().first()) != b.first().map(|g| g.as_bytes().first());
    !apart && (email::spells(local, a) || email::spells(local, b))
}

/// Whether a record without a given name has a mailbox that is spelt after the other's name.
fn spells_the_other(
    (ra, a): (&IdentityRecord, &PersonName),
    (rb, b): (&IdentityRecord, &PersonName),
) -> bool {
    let spelt = |record: &IdentityRecord, name: &PersonName| {
        record
            .identifiers
            .iter()
            .filter(|i| i.kind == IdentifierKind::Email)
            .any(|i| email::spells(local_part(i), name))
    };
    let unnamed = |name: &PersonName| name.given.is_empty() || name.derived;
    match (unnamed(a), unnamed(b)) {
        (true, false) => spelt(ra, b),
        (false, true) => spelt(rb, a),
        _ => false,
    }
}

/// `john.smith@x.org` and `john.smith2@x.org`: the second was numbered because the first existed.
fn numbered_mailboxes(a: &IdentityRecord, b: &IdentityRecord) -> bool {
    let mails = |r: &IdentityRecord| -> Vec<(String, String, bool)> {
        r.identifiers
            .iter()
            .filter(|i| i.kind == IdentifierKind::Email)
            .filter_map(|i| i.value.expose().rsplit_once('@'))
            .map(|(local, domain)| {
                let bare = local.trim_end_matches(|c: char| c.is_ascii_digit());
                (bare.to_owned(), domain.to_owned(), bare.len() < local.len())
            })
            .collect()
    };
    let (left, right) = (mails(a), mails(b));
    left.iter().any(|(bare, domain, numbered)| {
        right.iter().any(|(b2, d2, n2)| bare == b2 && domain == d2 && (*numbered || *n2))
    })
}
