//! How a system comes to hold a person: short forms, initials, typing errors, another mailbox,
//! a number written differently, a placeholder.

use super::{Cast, Person};
use crate::rng::Rng;
use crate::text::unaccented;

/// Where a record is kept; each has its own habits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Hubspot,
    Zendesk,
    Stripe,
}

/// A person as one record spells them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spelling {
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) mail: Option<String>,
    /// A second mailbox the same record holds.
    pub(crate) second_mail: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) mobile: Option<String>,
}

impl Spelling {
    /// First and last name in one field.
    pub(crate) fn full(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}

/// A mailbox that people type when a form insists.
pub(crate) fn placeholder_mail(rng: &mut Rng) -> &'static str {
    rng.word(&[
        "test@example.com",
        "noemail@example.com",
        "none@none.com",
        "na@na.com",
        "test@test.com",
        "unknown@unknown.org",
    ])
}

/// A number that people type when a form insists.
pub(crate) fn placeholder_phone(rng: &mut Rng) -> &'static str {
    rng.word(&["0000000000", "000-000-0000", "123456789", "n/a", "+1 111 111 1111", "99999999"])
}

/// The same word with one typing error in its inside.
pub(crate) fn misspelt(word: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = word.chars().collect();
    if chars.len() < 4 {
        return word.to_owned();
    }
    let at = 1 + rng.below(chars.len() as u64 - 2) as usize;
    match rng.below(4) {
        0 if at + 1 < chars.len() => chars.swap(at, at + 1),
        1 => {
            chars.remove(at);
        }
        2 => {
            if let Some(c) = chars.get(at).copied() {
                chars.insert(at, c);
            }
        }
        _ => {
            if let Some(c) = chars.get_mut(at) {
                *c = match *c {
                    'a' => 's',
                    'e' => 'r',
                    'i' => 'o',
                    'o' => 'p',
                    'n' => 'm',
                    'm' => 'n',
                    't' => 'r',
                    other => other,
                };
            }
        }
    }
    chars.into_iter().collect()
}

impl Cast {
    /// The person as a new record of the system holds them.
    pub(crate) fn spell(&self, person: &Person, system: System, rng: &mut Rng) -> Spelling {
        let (first, last) = name(person, system, rng);
        let mut mail = self.mail(person, system, rng);
        if system != System::Stripe {
            // the CRM and the service desk keep addresses in lower case
            mail = mail.map(|m| m.to_lowercase());
        }
        let second_mail = (system == System::Hubspot && rng.chance(0.12))
            .then(|| {
                [&person.private_mail, &person.work_mail, &person.former_mail]
                    .into_iter()
                    .flatten()
                    .find(|m| Some(*m) != mail.as_ref())
                    .cloned()
            })
            .flatten()
            .filter(|_| mail.is_some() && !person.family_mailbox);
        let switchboard = person.company.and_then(|c| self.company(c)).map(|c| &c.switchboard);
        let style = rng.next_u64();
        let mut phone = None;
        let mut mobile = None;
        let own = person.mobile.as_ref();
        let line = person.home_phone.as_ref().or(switchboard);
        if system == System::Hubspot {
            phone = line.filter(|_| rng.chance(0.5)).map(|p| p.written(style));
            mobile = own.filter(|_| rng.chance(0.55)).map(|p| p.written(style >> 8));
            if phone.is_none() && mobile.is_none() && rng.chance(0.5) {
                phone = own.map(|p| p.written(style));
            }
        } else if rng.chance(if system == System::Zendesk { 0.55 } else { 0.45 }) {
            phone = own.filter(|_| rng.chance(0.85)).or(line).map(|p| p.written(style));
        }
        if rng.chance(0.01) {
            phone = Some(placeholder_phone(rng).to_owned());
        }
        Spelling { first, last, mail, second_mail, phone, mobile }
    }

    fn mail(&self, person: &Person, system: System, rng: &mut Rng) -> Option<String> {
        if rng.chance(0.006) {
            return Some(placeholder_mail(rng).to_owned());
        }
        let (work_share, none_share) = match system {
            System::Hubspot => (0.88, 0.05),
            System::Zendesk => (0.74, 0.04),
            System::Stripe => (0.5, 0.01),
        };
        if rng.chance(none_share) {
            return None;
        }
        if let Some(former) = &person.former_mail
            && rng.chance(0.15)
        {
            return Some(former.clone());
        }
        let (first, second) = if rng.chance(work_share) {
            (&person.work_mail, &person.private_mail)
        } else {
            (&person.private_mail, &person.work_mail)
        };
        let mail = first.as_ref().or(second.as_ref())?;
        Some(variant(mail, self.other_domain(person, mail), rng))
    }

    /// The company's second domain, when the address is on its first.
    fn other_domain(&self, person: &Person, mail: &str) -> Option<&str> {
        let company = self.company(person.company?)?;
        mail.ends_with(&company.domain).then_some(company.alt_domain.as_deref()).flatten()
    }
}

/// Another way to write the same mailbox.
fn variant(mail: &str, other_domain: Option<&str>, rng: &mut Rng) -> String {
    let Some((local, host)) = mail.split_once('@') else { return mail.to_owned() };
    if let Some(other) = other_domain
        && rng.chance(0.3)
    {
        return format!("{local}@{other}");
    }
    if host == "gmail.com" {
        match rng.below(12) {
            0 => return format!("{}@{host}", local.replace('.', "")),
            1 => {
                return format!(
                    "{local}+{}@{host}",
                    rng.word(&["shop", "billing", "newsletter", "work"])
                );
            }
            2 => return format!("{local}@googlemail.com"),
            _ => {}
        }
    }
    match rng.below(40) {
        0 => mail.to_uppercase(),
        1 | 2 => {
            let mut chars = mail.chars();
            chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
        }
        _ => mail.to_owned(),
    }
}

fn name(person: &Person, system: System, rng: &mut Rng) -> (String, String) {
    if let Some((given, surname)) = person.script
        && rng.chance(if system == System::Stripe { 0.05 } else { 0.3 })
    {
        return (given.to_owned(), surname.to_owned());
    }
    let mut first = person.given.to_owned();
    let mut last = person.surname.to_owned();
    let short_share = if system == System::Zendesk { 0.3 } else { 0.16 };
    match rng.pick(&person.shorts) {
        Some(short) if rng.chance(short_share) => first = (*short).to_owned(),
        _ if rng.chance(0.03) => first = format!("{}.", person.given.chars().next().unwrap_or('X')),
        _ => {}
    }
    if let Some(former) = person.former_surname
        && rng.chance(0.35)
    {
        last = former.to_owned();
    }
    if let Some(middle) = person.middle
        && rng.chance(0.3)
    {
        first = format!("{first} {middle}.");
    }
    if rng.chance(if system == System::Stripe { 0.45 } else { 0.2 }) {
        first = unaccented(&first);
        last = unaccented(&last);
    }
    match rng.below(60) {
        0 => first = misspelt(&first, rng),
        1 | 2 => last = misspelt(&last, rng),
        3 | 4 => {
            first = first.to_lowercase();
            last = last.to_lowercase();
        }
        5 => {
            first = first.to_uppercase();
            last = last.to_uppercase();
        }
        6 => std::mem::swap(&mut first, &mut last),
        _ => {}
    }
    if let Some(suffix) = person.suffix
        && rng.chance(0.6)
    {
        last = format!("{last} {suffix}");
    }
    (first, last)
}
