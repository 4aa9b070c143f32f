//! People: a name with its short forms, an employer or none, mailboxes, a household.

use super::Cast;
use super::names::{TITLES, native_script};
use super::places::{City, Country, Phone, any_country};
use crate::rng::Rng;
use crate::text::ascii;

/// How a person first heard of the company, in HubSpot's vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    OrganicSearch,
    PaidSearch,
    PaidSocial,
    SocialMedia,
    Referrals,
    DirectTraffic,
    EmailMarketing,
    Offline,
}

impl Channel {
    /// The channels with how common they are.
    const WEIGHTS: [(Self, u32); 8] = [
        (Self::OrganicSearch, 27),
        (Self::PaidSearch, 18),
        (Self::PaidSocial, 13),
        (Self::SocialMedia, 6),
        (Self::Referrals, 11),
        (Self::DirectTraffic, 12),
        (Self::EmailMarketing, 6),
        (Self::Offline, 7),
    ];

    /// The value of `hs_analytics_source`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OrganicSearch => "ORGANIC_SEARCH",
            Self::PaidSearch => "PAID_SEARCH",
            Self::PaidSocial => "PAID_SOCIAL",
            Self::SocialMedia => "SOCIAL_MEDIA",
            Self::Referrals => "REFERRALS",
            Self::DirectTraffic => "DIRECT_TRAFFIC",
            Self::EmailMarketing => "EMAIL_MARKETING",
            Self::Offline => "OFFLINE",
        }
    }

    pub(crate) fn any(rng: &mut Rng) -> Self {
        let weights: Vec<u32> = Self::WEIGHTS.iter().map(|w| w.1).collect();
        Self::WEIGHTS.get(rng.weighted(&weights)).map_or(Self::OrganicSearch, |w| w.0)
    }
}

/// A person as they really are.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) given: &'static str,
    pub(crate) shorts: Vec<&'static str>,
    pub(crate) surname: &'static str,
    /// The surname before a marriage.
    pub(crate) former_surname: Option<&'static str>,
    pub(crate) middle: Option<char>,
    pub(crate) suffix: Option<&'static str>,
    /// Given name and surname in their own script.
    pub(crate) script: Option<(&'static str, &'static str)>,
    pub(crate) country: &'static Country,
    pub(crate) city: &'static City,
    pub(crate) street: String,
    pub(crate) zip: String,
    pub(crate) mobile: Option<Phone>,
    /// A line at home, shared by the household.
    pub(crate) home_phone: Option<Phone>,
    pub(crate) company: Option<u32>,
    pub(crate) title: &'static str,
    pub(crate) work_mail: Option<String>,
    pub(crate) private_mail: Option<String>,
    /// A mailbox of an earlier employer or name that some system still has.
    pub(crate) former_mail: Option<String>,
    /// True when `private_mail` belongs to the whole household.
    pub(crate) family_mailbox: bool,
    pub(crate) channel: Channel,
    pub(crate) in_hubspot: bool,
    pub(crate) in_zendesk: bool,
    pub(crate) in_stripe: bool,
    /// Entered into HubSpot twice.
    pub(crate) twice: bool,
}

impl Cast {
    /// Adds a person, and sometimes a second member of the same household; returns the first
    /// new person's number.
    pub(crate) fn add_person(&mut self, rng: &mut Rng) -> u32 {
        let id = self.people.len() as u32;
        let employer = if rng.chance(0.8) { self.employer(rng) } else { None };
        let person = self.make_person(employer, rng);
        let relative = (employer.is_none() && rng.chance(0.22) || rng.chance(0.015))
            .then(|| self.make_relative(&person, rng));
        self.people.push(person);
        if let Some((head, relative)) = relative {
            if let Some(slot) = self.people.last_mut() {
                *slot = head;
            }
            self.people.push(relative);
        }
        id
    }

    fn make_person(&mut self, employer: Option<u32>, rng: &mut Rng) -> Person {
        let (country, work_city) = match employer.and_then(|id| self.company(id)) {
            // one colleague in eight comes from elsewhere
            Some(company) if !rng.chance(0.05) => (company.country, Some(company.city)),
            _ => (any_country(rng), None),
        };
        let culture = if rng.chance(0.12) { any_country(rng).culture } else { country.culture };
        let list = culture.names();
        let woman = rng.chance(0.5);
        let entries: Vec<&'static str> =
            if woman { list.women } else { list.men }.split_whitespace().collect();
        let surnames: Vec<&'static str> = list.surnames.split_whitespace().collect();
        let mut forms = rng.word(&entries).split('/');
        let given = forms.next().unwrap_or("");
        let surname = rng.word(&surnames);
        let city = work_city.or_else(|| rng.pick(country.cities)).unwrap_or(&super::places::SEAT);
        let former_surname =
            (woman && rng.chance(0.06)).then(|| rng.word(&surnames)).filter(|n| *n != surname);
        let mut person = Person {
            given,
            shorts: forms.collect(),
            surname,
            former_surname,
            middle: rng.chance(0.25).then(|| char::from(b'A' + rng.below(20) as u8)),
            suffix: None,
            script: native_script(given).zip(native_script(surname)),
            country,
            city,
            street: country.street(rng),
            zip: country.zip(city, rng),
            mobile: rng.chance(0.8).then(|| country.mobile_phone(rng)),
            home_phone: None,
            company: employer,
            title: if employer.is_some() { rng.word(TITLES) } else { "" },
            work_mail: None,
            private_mail: None,
            former_mail: None,
            family_mailbox: false,
            channel: Channel::any(rng),
            in_hubspot: false,
            in_zendesk: false,
            in_stripe: false,
            twice: false,
        };
        self.give_mailboxes(&mut person, rng);
        place(&mut person, rng);
        person
    }

    /// Spouse, child or namesake: the same surname and address, sometimes the same line or
    /// mailbox. Returns both, since the first may change too.
    fn make_relative(&mut self, head: &Person, rng: &mut Rng) -> (Person, Person) {
        let mut head = head.clone();
        let mut other = self.make_person(None, rng);
        other.surname = head.surname;
        other.country = head.country;
        other.city = head.city;
        other.street.clone_from(&head.street);
        other.zip.clone_from(&head.zip);
        other.mobile = rng.chance(0.8).then(|| head.country.mobile_phone(rng));
        other.script = None;
        other.former_surname = None;
        let list = head.country.culture.names();
        if rng.chance(0.15) {
            // father and son of the same name
            other.given = head.given;
            other.shorts.clone_from(&head.shorts);
            head.suffix = Some("Sr.");
            other.suffix = Some("Jr.");
        } else {
            let pool: Vec<&'static str> =
                list.women.split_whitespace().chain(list.men.split_whitespace()).collect();
            let mut forms = rng.word(&pool).split('/');
            other.given = forms.next().unwrap_or(other.given);
            other.shorts = forms.collect();
        }
        other.private_mail = self.private_mailbox(&other, rng);
        if rng.chance(0.35) {
            let line = head.country.landline(head.city, rng);
            head.home_phone = Some(line.clone());
            other.home_phone = Some(line);
        }
        if rng.chance(0.2) {
            let host = rng.word(head.country.mail_hosts);
            let shared = self.free_mailbox(&format!("family.{}", ascii(head.surname)), host);
            head.private_mail = Some(shared.clone());
            other.private_mail = Some(shared);
            head.family_mailbox = true;
            other.family_mailbox = true;
        }
        (head, other)
    }

    fn give_mailboxes(&mut self, person: &mut Person, rng: &mut Rng) {
        if let Some(company) = person.company {
            person.work_mail = self.work_mailbox(company, person.given, person.surname);
            if let Some(former) = person.former_surname {
                person.former_mail = self.work_mailbox(company, person.given, former);
            } else if rng.chance(0.08) {
                let earlier = rng.below(self.companies.len() as u64) as u32;
                if earlier != company {
                    person.former_mail = self.work_mailbox(earlier, person.given, person.surname);
                }
            }
        }
        if person.company.is_none() || rng.chance(0.6) {
            person.private_mail = self.private_mailbox(person, rng);
        }
    }

    /// A mailbox at a company, with a number when a namesake was first.
    pub(crate) fn work_mailbox(
        &mut self,
        company: u32,
        given: &str,
        surname: &str,
    ) -> Option<String> {
        let (local, domain) = {
            let c = self.company(company)?;
            (c.mailbox(given, surname), c.domain.clone())
        };
        Some(self.free_mailbox(&local, &domain))
    }

    fn private_mailbox(&mut self, person: &Person, rng: &mut Rng) -> Option<String> {
        let (given, surname) = (ascii(person.given), ascii(person.surname));
        if given.is_empty() || surname.is_empty() {
            return None;
        }
        let initial: String = given.chars().take(1).collect();
        let year = rng.between(58, 99);
        let local = match rng.below(8) {
            0 | 1 => format!("{given}.{surname}"),
            2 => format!("{given}{surname}{year}"),
            3 => format!("{initial}{surname}{year}"),
            4 => format!("{surname}{given}"),
            5 => format!("{given}{year}"),
            6 => format!("{initial}.{surname}"),
            _ => format!("{given}_{surname}"),
        };
        let host = rng.word(person.country.mail_hosts);
        Some(self.free_mailbox(&local, host))
    }

    fn free_mailbox(&mut self, local: &str, host: &str) -> String {
        let mut mailbox = format!("{local}@{host}");
        let mut n = 1;
        // dots do not matter at gmail, so they must not tell two people apart here either
        while !self.mailboxes.insert(mailbox.replace('.', "")) {
            n += 1;
            mailbox = format!("{local}{n}@{host}");
        }
        mailbox
    }
}

/// Decides which systems know the person; at least one does.
fn place(person: &mut Person, rng: &mut Rng) {
    let consumer = person.company.is_none();
    person.in_hubspot = rng.chance(if consumer { 0.66 } else { 0.77 });
    person.in_zendesk = rng.chance(0.44);
    person.in_stripe = rng.chance(if consumer { 0.68 } else { 0.30 });
    if !(person.in_hubspot || person.in_zendesk || person.in_stripe) {
        match rng.below(10) {
            0..=5 => person.in_hubspot = true,
            6 | 7 => person.in_zendesk = true,
            _ => person.in_stripe = true,
        }
    }
    person.twice = person.in_hubspot && rng.chance(0.05);
}
