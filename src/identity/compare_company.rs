//! When two companies agree, and which rules join them.
//!
//! Legal entities of one name behind one web domain (Acme GmbH, Acme Inc) are one company here:
//! customers deal with the brand. A steward can part them.

use crate::compare::{Guard, Outcome, Shared, Waterfall};
use crate::normal::company::CompanyCore;
use crate::normal::web;
use crate::record::CompanyTraits;
use crate::{ReviewReason, RuleId, Rules, weights};
use strsim::{jaro_winkler, osa_distance};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Missing,
    Exact,
    Similar,
    Acronym,
    Different,
}

fn name_level(a: Option<&CompanyCore>, b: Option<&CompanyCore>) -> Name {
    let (Some(a), Some(b)) = (a, b) else { return Name::Missing };
    if a.core == b.core {
        return Name::Exact;
    }
    let (x, y) = (a.core.replace(' ', ""), b.core.replace(' ', ""));
    if x == y {
        return Name::Exact;
    }
    let (few, many) = if a.core.len() <= b.core.len() { (a, b) } else { (b, a) };
    let words: Vec<&str> = many.core.split(' ').collect();
    if few.core.split(' ').all(|w| words.contains(&w)) && few.core.len() >= 4 {
        return Name::Similar;
    }
    if acronym_of(a, b) || acronym_of(b, a) {
        return Name::Acronym;
    }
    let shortest = x.len().min(y.len());
    let distance = osa_distance(&x, &y);
    if (shortest >= 5 && distance <= 1)
        || (shortest >= 10 && distance <= 2)
        || (shortest >= 8 && jaro_winkler(&x, &y) >= 0.95)
    {
        return Name::Similar;
    }
    Name::Different
}

fn acronym_of(short: &CompanyCore, long: &CompanyCore) -> bool {
    long.acronym.len() >= 3 && !short.core.contains(' ') && short.core == long.acronym
}

/// The country that a company states, else the one that its web domains' endings name.
fn country_of(company: &CompanyTraits) -> Option<&'static str> {
    company.country.or_else(|| {
        let mut hints = company.domains.iter().filter_map(|d| web::country_hint(d));
        let first = hints.next()?;
        hints.all(|other| other == first).then_some(first)
    })
}

/// Whether two companies know their web domains and share none.
fn apart_on_the_web(a: &CompanyTraits, b: &CompanyTraits) -> bool {
    !a.domains.is_empty()
        && !b.domains.is_empty()
        && !a.domains.iter().any(|domain| b.domains.contains(domain))
}

/// Whether two sets of domains speak against one company: both known, nothing in common, and not
/// even the same word before the ending.
fn domains_differ(a: &CompanyTraits, b: &CompanyTraits) -> bool {
    !a.domains.is_empty()
        && !b.domains.is_empty()
        && !a
            .domains
            .iter()
            .any(|x| b.domains.iter().any(|y| x == y || web::label(x) == web::label(y)))
}

/// Whether a name fits the word of a domain: `acme.com` and Acme Tools, `ibm.com` and
/// International Business Machines.
fn fits_domain(company: &CompanyTraits, domain: &str) -> bool {
    let Some(name) = &company.name else { return true };
    let word: String = web::label(domain).chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let solid = name.core.replace(' ', "");
    word == name.acronym
        || solid.contains(&word)
        || word.contains(&solid)
        // The telling word comes first; the words of a trade behind it fit many domains.
        || name.core.split(' ').next().is_some_and(|w| w.len() >= 4 && word.contains(w))
}

/// Whether two companies cannot be one.
pub(crate) fn conflict(a: &CompanyTraits, b: &CompanyTraits, guard: Guard) -> bool {
    match guard {
        Guard::Off => false,
        Guard::Hard => {
            domains_differ(a, b) && name_level(a.name.as_ref(), b.name.as_ref()) == Name::Different
        }
        Guard::Full => {
            let abroad = matches!((country_of(a), country_of(b)), (Some(x), Some(y)) if x != y);
            let same_site = a.domains.iter().any(|domain| b.domains.contains(domain));
            domains_differ(a, b) || (abroad && !same_site)
        }
    }
}

/// Whether two companies' traits are one but for spelling.
pub(crate) fn alike(a: &CompanyTraits, b: &CompanyTraits) -> bool {
    a == b
        || (name_level(a.name.as_ref(), b.name.as_ref()) == Name::Exact
            && a.domains == b.domains
            && a.country == b.country)
}

/// Weighs two companies and says which rule, if any, joins them.
pub(crate) fn decide(
    a: &CompanyTraits,
    b: &CompanyTraits,
    shared: &Shared<'_>,
    rules: &Rules,
    fall: &mut Waterfall,
) -> Outcome {
    if let Some(domain) = shared.domain {
        fall.add("domain", "exact", weights::DOMAIN, Some(domain));
    } else if domains_differ(a, b) {
        fall.add("domain", "different", weights::DOMAIN_DIFFERENT, None);
    }
    if let Some(email) = shared.email {
        fall.add("email", "exact", weights::EMAIL, Some(email));
    }
    if let Some(phone) = shared.phone {
        fall.add("phone", "exact", weights::PHONE, Some(phone));
    }
    let name = name_level(a.name.as_ref(), b.name.as_ref());
    match name {
        Name::Missing => {}
        Name::Exact => fall.add("name", "exact", weights::COMPANY_EXACT, shared.company_name),
        Name::Similar => fall.add("name", "similar", weights::COMPANY_SIMILAR, None),
        Name::Acronym => fall.add("name", "acronym", weights::COMPANY_ACRONYM, None),
        Name::Different => fall.add("name", "different", weights::COMPANY_DIFFERENT, None),
    }
    let country = match (country_of(a), country_of(b)) {
        (Some(x), Some(y)) => Some(x == y),
        _ => None,
    };
    match country {
        Some(true) => fall.add("country", "exact", weights::COUNTRY, None),
        Some(false) => fall.add("country", "different", weights::COUNTRY_DIFFERENT, None),
        None => {}
    }
    let same = |x: &str, y: &str| (!x.is_empty() && !y.is_empty()).then_some(x == y);
    let (city, code) = (same(&a.city, &b.city), same(&a.postal_code, &b.postal_code));
    let near = city == Some(true) || code == Some(true);
    let far = !near && (city == Some(false) || code == Some(false));
    if near {
        fall.add("town", "exact", weights::TOWN, None);
    }

    let on = |rule: RuleId| rules.enabled.allows(rule);
    let mut review = None;
    if shared.trusted.is_some() {
        let rule = if shared.vendor_merge { RuleId::VendorMerge } else { RuleId::TrustedId };
        let clash = name == Name::Different && shared.domain.is_none() && domains_differ(a, b);
        if on(rule) && (shared.vendor_merge || !clash) {
            return Outcome::Join(rule);
        }
        review = Some(if clash { ReviewReason::TrustedIdNamesDiffer } else { ReviewReason::Grey });
    }
    if let Some(domain) = shared.domain {
        let word = domain.value.expose();
        let agrees = name != Name::Different || (fits_domain(a, word) && fits_domain(b, word));
        if agrees && on(RuleId::CompanyDomain) {
            return Outcome::Join(RuleId::CompanyDomain);
        }
        review =
            review.or(Some(if agrees { ReviewReason::Grey } else { ReviewReason::SharedContact }));
    }
    if shared.phone.is_some() || shared.email.is_some() {
        let agrees = matches!(name, Name::Exact | Name::Similar | Name::Acronym)
            && !domains_differ(a, b)
            && country != Some(false);
        if agrees && on(RuleId::CompanyContact) {
            return Outcome::Join(RuleId::CompanyContact);
        }
        review = review.or(match name {
            Name::Different => None,
            _ => Some(ReviewReason::Grey),
        });
    }
    if let (Some(_), Some(core)) = (shared.company_name, a.name.as_ref()) {
        // One short word names many companies; two words or a long one seldom do.
        let telling = core.core.contains(' ') || core.core.len() >= 6;
        let against = country == Some(false) || domains_differ(a, b);
        // Sisters of one name abroad have a site of their own; so has a stranger of that name.
        let settled = country == Some(true) || !apart_on_the_web(a, b);
        let enough = near
            || (telling && settled && !far)
            || (telling && country == Some(true) && city != Some(false));
        if !against && enough && on(RuleId::CompanyName) {
            return Outcome::Join(RuleId::CompanyName);
        }
        if !against {
            review = review.or(Some(ReviewReason::Grey));
        }
    }
    review.map_or(Outcome::Nothing, Outcome::Review)
}
