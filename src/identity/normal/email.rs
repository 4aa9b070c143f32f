//! E-mail addresses in canonical form: one spelling per mailbox.
//!
//! Owns what is known of the large providers (dots, tags, twin domains), the role mailboxes and the
//! placeholders. A plus tag is stripped only where the provider is known to ignore it.

use super::name::{self, PersonName};
use super::{text, web};

/// A mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Canonical `local@domain`.
    pub address: String,
    /// It belongs to a function (`info@`, `billing@`), not to a person.
    pub role: bool,
}

impl Mailbox {
    /// The part before `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// The part behind `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Local parts that name a function.
const ROLES: &[&str] = &[
    "abuse",
    "ar",
    "ap",
    "accounting",
    "accounts",
    "accountspayable",
    "accountsreceivable",
    "admin",
    "administrator",
    "admissions",
    "ask",
    "bestellung",
    "billing",
    "bonjour",
    "booking",
    "bookings",
    "buchhaltung",
    "care",
    "careers",
    "compras",
    "compta",
    "comptabilite",
    "contabilidad",
    "contabilita",
    "contact",
    "contacto",
    "contactus",
    "contato",
    "customercare",
    "customerservice",
    "customersuccess",
    "dev",
    "einkauf",
    "enquiries",
    "enquiry",
    "facturacion",
    "facturas",
    "facturation",
    "faktura",
    "fakturering",
    "feedback",
    "finance",
    "finances",
    "finanzen",
    "fatture",
    "general",
    "hallo",
    "hello",
    "help",
    "helpdesk",
    "hi",
    "hola",
    "hostmaster",
    "hr",
    "info",
    "infos",
    "inquiries",
    "invoice",
    "invoices",
    "invoicing",
    "it",
    "itsupport",
    "jobs",
    "kontakt",
    "kundenservice",
    "kundtjanst",
    "legal",
    "mail",
    "marketing",
    "media",
    "newsletter",
    "office",
    "officemanager",
    "operations",
    "ops",
    "order",
    "orders",
    "payable",
    "payables",
    "payments",
    "payroll",
    "post",
    "postmaster",
    "press",
    "presse",
    "procurement",
    "purchasing",
    "rechnung",
    "rechnungen",
    "reception",
    "recruiting",
    "sales",
    "security",
    "sekretariat",
    "service",
    "services",
    "shop",
    "staff",
    "subscriptions",
    "support",
    "team",
    "tech",
    "ventas",
    "vendas",
    "verkauf",
    "vertrieb",
    "webmaster",
    "zentrale",
    "biuro",
    "sekretariatet",
    "salg",
    "hei",
    "fakturor",
    "ekonomi",
    "administracion",
    "amministrazione",
    "commercial",
    "direction",
    "accueil",
];

/// Local parts that stand for "no address".
const PLACEHOLDERS: &[&str] = &[
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "mailer-daemon",
    "test",
    "testing",
    "none",
    "na",
    "n.a",
    "null",
    "unknown",
    "noemail",
    "no-email",
    "nomail",
    "nobody",
    "anonymous",
    "example",
    "email",
    "user",
    "username",
    "xxx",
    "xx",
    "x",
    "aaa",
    "asdf",
    "qwerty",
    "fake",
    "dummy",
    "noone",
    "invalid",
    "yourname",
    "firstname.lastname",
    "you",
    "abc",
    "undefined",
];

/// Domains nobody receives mail at.
const NOWHERE: &[&str] = &[
    "example.com",
    "example.org",
    "example.net",
    "test.com",
    "domain.com",
    "none.com",
    "noemail.com",
    "nomail.com",
    "no.com",
    "na.com",
    "fake.com",
    "invalid.com",
    "mailinator.com",
    "yopmail.com",
    "guerrillamail.com",
    "tempmail.com",
    "10minutemail.com",
    "trashmail.com",
    "sharklasers.com",
];

/// Misspelt and twin domains of large providers, and the form kept.
const TWINS: &[(&str, &str)] = &[
    ("googlemail.com", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("gmail.con", "gmail.com"),
    ("gmail.cm", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmial.com", "gmail.com"),
    ("gmal.com", "gmail.com"),
    ("gamil.com", "gmail.com"),
    ("gnail.com", "gmail.com"),
    ("gmaill.com", "gmail.com"),
    ("hotmial.com", "hotmail.com"),
    ("hotmail.con", "hotmail.com"),
    ("hotmai.com", "hotmail.com"),
    ("hotmal.com", "hotmail.com"),
    ("outlok.com", "outlook.com"),
    ("outlook.con", "outlook.com"),
    ("yahooo.com", "yahoo.com"),
    ("yaho.com", "yahoo.com"),
    ("yahoo.con", "yahoo.com"),
    ("ymail.com", "ymail.com"),
    ("me.com", "icloud.com"),
    ("mac.com", "icloud.com"),
    ("protonmail.com", "proton.me"),
    ("protonmail.ch", "proton.me"),
    ("pm.me", "proton.me"),
    ("ya.ru", "yandex.ru"),
    ("yandex.com", "yandex.ru"),
    ("yandex.by", "yandex.ru"),
    ("yandex.kz", "yandex.ru"),
    ("yandex.ua", "yandex.ru"),
];

/// Providers that deliver `name+tag@` to `name@`.
const TAGGED: &[&str] = &[
    "gmail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "proton.me",
    "fastmail.com",
    "fastmail.fm",
    "yandex.ru",
    "hey.com",
    "zoho.com",
    "mailbox.org",
    "posteo.de",
    "hotmail.co.uk",
    "hotmail.fr",
    "hotmail.de",
    "hotmail.es",
    "hotmail.it",
    "outlook.de",
    "outlook.fr",
    "outlook.es",
    "live.co.uk",
    "live.fr",
    "live.nl",
    "live.de",
];

/// The canonical form of an address; `None` when it is no address or a placeholder.
#[must_use]
pub fn normalize(raw: &str) -> Option<Mailbox> {
    let raw = text::cut(raw.trim());
    // `Ann <ann@x.org>` and `mailto:ann@x.org`.
    let inner = match (raw.rfind('<'), raw.rfind('>')) {
        (Some(open), Some(close)) if open < close => raw.get(open + 1..close)?,
        _ => raw,
    };
    let inner = inner.trim().trim_matches(|c| matches!(c, '"' | '\'' | ',' | ';'));
    let mut lower = inner.to_lowercase();
    if let Some(rest) = lower.strip_prefix("mailto:") {
        lower = rest.trim().to_owned();
    }
    let (local, domain) = lower.rsplit_once('@')?;
    let domain = domain.trim_end_matches('.');
    if local.is_empty()
        || local.len() > 64
        || local.contains(|c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '@' | ',' | '<' | '>')
        })
        || !web::is_host(domain)
    {
        return None;
    }
    let domain = TWINS.iter().find(|(twin, _)| *twin == domain).map_or(domain, |(_, kept)| kept);
    let untagged = match local.find('+') {
        Some(at) if at > 0 => local.get(..at)?,
        _ => local,
    };
    let mut kept = if TAGGED.contains(&domain) { untagged.to_owned() } else { local.to_owned() };
    if domain == "gmail.com" {
        kept.retain(|c| c != '.');
    }
    if kept.is_empty()
        || PLACEHOLDERS.contains(&untagged)
        || NOWHERE.contains(&domain)
        || domain.ends_with(".invalid")
    {
        return None;
    }
    Some(Mailbox { address: format!("{kept}@{domain}"), role: is_role(untagged) })
}

/// Whether a local part names a function: `info`, `accounts-payable`, `support.eu`.
fn is_role(local: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| c.is_ascii_alphabetic()).collect::<String>();
    if ROLES.contains(&bare(local).as_str()) {
        return true;
    }
    // `billing.eu`, `sales-uk`: a role word and a short qualifier.
    let mut words = local.split(['.', '-', '_']);
    match (words.next(), words.next(), words.next()) {
        (Some(first), Some(second), None) => {
            first.len() > 3 && ROLES.contains(&first) && second.len() <= 3
        }
        _ => false,
    }
}

/// A name that a local part spells out: `ann.smith` gives (`ann`, `smith`).
#[must_use]
pub fn spelt_name(local: &str) -> Option<(String, String)> {
    let local = local.trim_end_matches(|c: char| c.is_ascii_digit());
    let mut words = local.split(['.', '_', '-']);
    match (words.next(), words.next(), words.next()) {
        (Some(given), Some(family), None)
            if given.len() >= 2
                && !is_household(local)
                && family.len() >= 2
                && given.chars().chain(family.chars()).all(char::is_alphabetic) =>
        {
            Some((given.to_owned(), family.to_owned()))
        }
        _ => None,
    }
}

/// Whether a mailbox is a family's by its own word: `family.smith`, `smith-familie`.
#[must_use]
pub fn is_household(local: &str) -> bool {
    let letters: String = local.chars().filter(char::is_ascii_alphabetic).collect();
    ["family", "familie", "famille", "familia", "famiglia", "familien", "familjen", "rodzina"]
        .iter()
        .any(|word| letters.starts_with(word) || letters.ends_with(word))
}

/// Whether a local part is made of a name: given and family name in any order, either of them
/// possibly an initial, with any signs between and digits behind.
#[must_use]
pub fn spells(local: &str, name: &PersonName) -> bool {
    let (Some(given), false) = (name.first(), name.family.is_empty()) else { return false };
    let letters: String = local.chars().filter(|c| c.is_alphabetic()).collect();
    let letters = name::key_form(&text::fold(&letters));
    let (given, family) = (name::key_form(given), name::key_form(&name.family.concat()));
    let initial = |word: &str| word.chars().take(1).collect::<String>();
    if family.len() < 3 {
        return letters == format!("{given}{family}") || letters == format!("{family}{given}");
    }
    [&given, &initial(&given)]
        .iter()
        .any(|first| letters == format!("{first}{family}") || letters == format!("{family}{first}"))
        || (given.len() > 2 && letters == format!("{given}{}", initial(&family)))
}
