//! Is a Stripe customer a person, an organisation, or both?
//!
//! Owns the decision. Stripe has one kind of customer; its name may be a person's or a company's
//! and its e-mail address a payer's or a shared mailbox. The evidence, any of which makes an
//! organisation: a `business_name`; metadata that says so (`customer_type`, `account_type` or `type`
//! = business, company or organisation) or that points at a company elsewhere; a legal form
//! (GmbH, Inc) or a word of business (Logistics, Labs) in the name; a name that begins like the
//! e-mail address's domain; an e-mail address that is a function's (billing@). A person is there
//! when there is an `individual_name`, a name that is not the organisation's, an address that is
//! not a function's, or metadata that points at a person. Without any evidence it is a person.

use std::borrow::Cow;

/// What is known of a customer.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence<'a> {
    pub name: Option<Cow<'a, str>>,
    pub business_name: Option<Cow<'a, str>>,
    pub individual_name: Option<Cow<'a, str>>,
    pub email: Option<Cow<'a, str>>,
    /// Metadata says that it is an organisation.
    pub marked_business: bool,
    /// Metadata points at a person elsewhere.
    pub points_at_person: bool,
    /// Metadata points at an organisation elsewhere.
    pub points_at_company: bool,
}

/// What a customer is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Nature {
    /// There is a person; their name if it is known.
    pub person: Option<Option<String>>,
    /// There is an organisation; its name if it is known.
    pub company: Option<Option<String>>,
    /// The e-mail address is the person's.
    pub personal_email: bool,
}

/// Legal forms that no person's name ends with.
const FORMS: &[&str] = &[
    "gmbh",
    "mbh",
    "ug",
    "ohg",
    "kg",
    "kgaa",
    "inc",
    "incorporated",
    "llc",
    "llp",
    "ltd",
    "limited",
    "corp",
    "corporation",
    "company",
    "plc",
    "sarl",
    "sas",
    "sasu",
    "srl",
    "sro",
    "spzoo",
    "zoo",
    "bv",
    "nv",
    "oy",
    "oyj",
    "aps",
    "pty",
    "pvt",
    "kft",
    "zrt",
    "doo",
    "lda",
    "ltda",
    "sl",
    "slu",
    "ev",
    "eg",
    "eood",
    "ood",
    "gbr",
    "cic",
];
/// Legal forms that are also surnames or initials: only in capitals.
const FORMS_IN_CAPITALS: &[&str] = &["AG", "SA", "AB", "AS", "SE", "KK", "CO", "SPA", "SPOL", "SC"];
/// Words that companies call themselves and people are not called.
const BUSINESS_WORDS: &[&str] = &[
    "advisors",
    "agency",
    "analytics",
    "architects",
    "associates",
    "bank",
    "brothers",
    "capital",
    "clinic",
    "cloud",
    "communications",
    "construction",
    "consultants",
    "consulting",
    "design",
    "digital",
    "dynamics",
    "education",
    "electronics",
    "energy",
    "engineering",
    "enterprises",
    "financial",
    "foods",
    "foundation",
    "group",
    "gruppe",
    "health",
    "holding",
    "holdings",
    "industries",
    "institute",
    "insurance",
    "international",
    "labs",
    "legal",
    "logistics",
    "logistik",
    "manufacturing",
    "marketing",
    "media",
    "networks",
    "partners",
    "pharma",
    "printing",
    "productions",
    "properties",
    "publishing",
    "realty",
    "retail",
    "robotics",
    "security",
    "services",
    "software",
    "solutions",
    "studio",
    "studios",
    "systems",
    "tech",
    "technologies",
    "technology",
    "telecom",
    "textiles",
    "trading",
    "transport",
    "travel",
    "university",
    "ventures",
    "works",
];
/// Mailboxes of functions, not of people.
const FUNCTIONS: &[&str] = &[
    "accounting",
    "accounts",
    "accountspayable",
    "admin",
    "administration",
    "ap",
    "ar",
    "billing",
    "buchhaltung",
    "compta",
    "comptabilite",
    "contabilidad",
    "contact",
    "facturacion",
    "facturation",
    "finance",
    "finances",
    "hello",
    "info",
    "invoice",
    "invoices",
    "invoicing",
    "kontakt",
    "mail",
    "office",
    "orders",
    "payables",
    "payments",
    "procurement",
    "purchasing",
    "rechnung",
    "rechnungen",
    "sales",
    "service",
    "support",
    "team",
];

/// Decides.
pub(super) fn nature(e: &Evidence<'_>) -> Nature {
    let (local, domain) = e
        .email
        .as_deref()
        .and_then(|mail| mail.rsplit_once('@'))
        .map_or((None, None), |(local, domain)| (Some(local), Some(domain)));
    let function = local.is_some_and(is_function);
    let named_business =
        e.name.as_deref().is_some_and(|n| is_business_name(n) || is_named_like(n, local, domain));
    let is_company = e.business_name.is_some()
        || e.marked_business
        || e.points_at_company
        || named_business
        || function;
    let name = e.name.as_deref().map(str::to_owned);
    if !is_company {
        let named = e.individual_name.as_deref().map(str::to_owned).or(name);
        return Nature { person: Some(named), company: None, personal_email: e.email.is_some() };
    }
    let business = e.business_name.as_deref().map(str::to_owned);
    // Beside an explicit business name, a plain name is a person's unless it repeats the business.
    let name_is_person = business.is_some()
        && !named_business
        && name.as_deref().is_some_and(|n| Some(n) != business.as_deref());
    let person_name = match e.individual_name.as_deref() {
        Some(individual) => Some(individual.to_owned()),
        None if name_is_person => name.clone(),
        None => None,
    };
    let personal_email = e.email.is_some() && !function;
    let person =
        (person_name.is_some() || personal_email || e.points_at_person).then_some(person_name);
    Nature { person, company: Some(business.or(name)), personal_email }
}

fn is_function(local: &str) -> bool {
    let plain: String = local
        .split('+')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    FUNCTIONS.contains(&plain.as_str())
}

/// A legal form at the end, or a word of business anywhere after the first word.
fn is_business_name(name: &str) -> bool {
    if ["株式会社", "有限公司", "有限会社", "합자회사", "주식회사"].iter().any(|f| name.contains(f))
    {
        return true;
    }
    let words: Vec<String> = name
        .split(|c: char| c.is_whitespace() || c == ',')
        .map(|w| w.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
        .filter(|w| !w.is_empty())
        .collect();
    let Some((first, rest)) = words.split_first() else { return false };
    let lower = |w: &String| w.to_lowercase();
    if let Some(last) = rest.last()
        && (FORMS.contains(&lower(last).as_str()) || FORMS_IN_CAPITALS.contains(&last.as_str()))
    {
        return true;
    }
    // "sp. z o.o." and "s. r. o." fall apart into short words.
    let tail: String = rest.iter().rev().take(3).rev().map(lower).collect();
    let spaced = ["spzoo", "sro", "doo"].iter().any(|f| tail.ends_with(f));
    // "& Co" in the middle, "GmbH & Co. KG", "and Sons"
    let inner = name.contains('&') || rest.iter().any(|w| lower(w) == "gmbh" || lower(w) == "sons");
    let word = rest.iter().chain(words.len().eq(&1).then_some(first));
    spaced || inner || word.into_iter().any(|w| BUSINESS_WORDS.contains(&lower(w).as_str()))
}

/// Whether a name begins like the name of an e-mail domain: "Nordwind Energie", `@nordwind.example`.
/// Two words that together make the domain ("Ann Berg", `@annberg.example`) are a person's, unless
/// the mailbox is somebody else's ("Golden Mile", `d.mcdonald@goldenmile.example`).
fn is_named_like(name: &str, local: Option<&str>, domain: Option<&str>) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let Some(label) = domain.and_then(|d| d.split('.').next()).map(plain) else { return false };
    if label.chars().count() < 4 {
        return false;
    }
    let words: Vec<String> = name.split_whitespace().map(plain).filter(|w| !w.is_empty()).collect();
    let mut begun = String::new();
    for (at, word) in words.iter().enumerate() {
        begun.push_str(word);
        if begun == label {
            let own = local.map(plain).is_none_or(|local| {
                local.chars().count() < 5 || words.iter().any(|word| local.contains(word.as_str()))
            });
            return !(at == 1 && words.len() == 2 && own);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, email: &str) -> (bool, bool) {
        let text = |t: &str| (!t.is_empty()).then(|| Cow::Owned(t.to_owned()));
        let nature =
            nature(&Evidence { name: text(name), email: text(email), ..Evidence::default() });
        (nature.person.is_some(), nature.company.is_some())
    }

    #[test]
    fn a_customer_is_a_person_unless_something_says_business() {
        for (name, email) in [
            ("Maria Sa", "maria@mail.example"),
            ("Ann Berg", "ann@annberg.example"),
            ("Ann Berg", "hi@annberg.example"),
            ("Jean-Luc Co", ""),
            ("Kim As", "kim@mail.example"),
            ("", "ann@mail.example"),
            ("", ""),
        ] {
            assert_eq!(of(name, email), (true, false), "{name} {email}");
        }
    }

    #[test]
    fn a_legal_form_a_business_word_or_a_shared_mailbox_makes_an_organisation() {
        for name in [
            "Nordwind GmbH",
            "Müller & Söhne GmbH & Co. KG",
            "Acme, Inc.",
            "Volvo AB",
            "Kowalski Sp. z o.o.",
            "Brightside Logistics",
            "山田株式会社",
            "Nestlé S.A.",
        ] {
            assert_eq!(of(name, ""), (false, true), "{name}");
            assert_eq!(of(name, "billing@x.example"), (false, true), "{name}");
            assert_eq!(of(name, "ann.berg@x.example"), (true, true), "{name}");
        }
        assert_eq!(of("Nordwind", "ann@nordwind.example"), (true, true));
        assert_eq!(of("Nordwind", "accounts-payable@nordwind.example"), (false, true));
        assert_eq!(of("Golden Mile", "d.mcdonald@goldenmile.example"), (true, true));
        assert_eq!(of("Harbour Travel", ""), (false, true));
    }

    #[test]
    fn a_business_name_beside_a_persons_name_gives_both_with_their_names() {
        let both = nature(&Evidence {
            name: Some("Ann Berg".into()),
            business_name: Some("Nordwind".into()),
            email: Some("ann@mail.example".into()),
            ..Evidence::default()
        });
        assert_eq!(both.person, Some(Some("Ann Berg".into())));
        assert_eq!(both.company, Some(Some("Nordwind".into())));
        assert!(both.personal_email);
    }
}
