//! Arrivals: companies and people appear, HubSpot files them, their lifecycle stage rises.

use super::{Action, World};
use crate::calendar::{DAY, HOUR, iso_millis};
use crate::cast::{System, misspelt};
use crate::hubspot::{Kind, LIFECYCLE};
use crate::rng::Rng;

/// The place of a stage in [`LIFECYCLE`].
pub(super) const LEAD: usize = 1;
pub(super) const MARKETING_QUALIFIED: usize = 2;
pub(super) const SALES_QUALIFIED: usize = 3;
pub(super) const OPPORTUNITY: usize = 4;
pub(super) const CUSTOMER: usize = 5;
const EVANGELIST: usize = 6;

impl World {
    /// Spreads everybody over the history, more towards its end: the company grows.
    pub(super) fn plan_arrivals(&mut self, start_ms: i64, rng: &mut Rng) {
        let span = (self.config.now_ms - start_ms) as f64;
        let mut company_times = Vec::with_capacity(self.cast.companies.len());
        for company in 0..self.cast.companies.len() as u32 {
            let share = if rng.chance(0.15) { rng.unit() * 0.04 } else { rng.unit().powf(0.8) };
            let at_ms = start_ms + (span * share) as i64;
            company_times.push(at_ms);
            self.schedule(at_ms, Action::CompanyArrives(company));
        }
        for person in 0..self.cast.people.len() as u32 {
            let employer = self.cast.person(person).and_then(|p| p.company);
            let from_ms =
                employer.and_then(|c| company_times.get(c as usize).copied()).unwrap_or(start_ms);
            let share = if employer.is_some() { rng.unit().powi(2) } else { rng.unit().powf(0.8) };
            let at_ms = from_ms + HOUR + ((self.config.now_ms - from_ms) as f64 * share) as i64;
            self.schedule(at_ms, Action::PersonArrives(person));
        }
    }

    pub(super) fn company_arrives(&mut self, company: u32, at_ms: i64, rng: &mut Rng) {
        if rng.chance(0.1) {
            self.file_role_contact(company, at_ms, rng);
        }
        let first_deal = at_ms + 5 * DAY + rng.wait(30 * DAY);
        if rng.chance(0.9) {
            self.schedule(first_deal, Action::OpensDeal(company));
        }
    }

    pub(super) fn person_arrives(&mut self, person: u32, at_ms: i64, rng: &mut Rng) {
        let Some(p) = self.cast.person(person) else { return };
        let (hubspot, zendesk, stripe, twice) = (p.in_hubspot, p.in_zendesk, p.in_stripe, p.twice);
        let employed = p.company.is_some();
        if hubspot {
            self.schedule(at_ms, Action::FilesContact { person, again: false });
            if twice {
                self.schedule(
                    at_ms + DAY + rng.wait(45 * DAY),
                    Action::FilesContact { person, again: true },
                );
            }
        }
        if stripe {
            self.schedule(at_ms + rng.wait(7 * DAY), Action::BuysForPerson(person));
        }
        if zendesk {
            self.schedule(at_ms + rng.wait(16 * DAY), Action::JoinsDesk(person));
        }
        if employed && rng.chance(0.09) {
            self.schedule(at_ms + 30 * DAY + rng.wait(240 * DAY), Action::ChangesJob(person));
        }
    }

    /// HubSpot files a person; `again` makes a duplicate, spelt anew.
    pub(super) fn file_contact(&mut self, person: u32, again: bool, at_ms: i64, rng: &mut Rng) {
        let Some(p) = self.cast.person(person).cloned() else { return };
        let spelling = self.cast.spell(&p, System::Hubspot, rng);
        let id = self.crm.create(Kind::Contacts, at_ms, Some(person), None, rng);
        let mut mail = spelling.mail.clone().filter(|m| self.crm.claim_mail(id, m));
        if mail.is_none() && again {
            // a duplicate exists because its address was another one
            mail = [&p.private_mail, &p.former_mail, &p.work_mail]
                .into_iter()
                .flatten()
                .find(|m| self.crm.claim_mail(id, m))
                .cloned();
        }
        let second =
            spelling.second_mail.clone().filter(|m| mail.is_some() && self.crm.claim_mail(id, m));
        let object = p.company.map(|c| self.ensure_company_object(c, at_ms, rng));
        let company = p.company.and_then(|c| self.cast.company(c));
        let company_name = company.filter(|_| rng.chance(0.7)).map(|c| c.named(rng.next_u64()));
        let (street, city, state, zip) = match company {
            Some(c) => (c.street.clone(), c.city.name, c.city.state, c.zip.clone()),
            None => (p.street.clone(), p.city.name, p.city.state, p.zip.clone()),
        };
        let (with_street, with_city) =
            (rng.chance(if company.is_some() { 0.3 } else { 0.65 }), rng.chance(0.7));
        let stage = if rng.chance(0.2) { 0 } else { LEAD };
        let Some(contact) = self.crm.table_mut(Kind::Contacts).find_mut(id) else { return };
        contact.put("firstname", spelling.first.as_str());
        contact.put("lastname", spelling.last.as_str());
        contact.put("email", mail.as_deref().unwrap_or(""));
        contact.put("hs_additional_emails", second.as_deref().unwrap_or(""));
        contact.put("phone", spelling.phone.as_deref().unwrap_or(""));
        contact.put("mobilephone", spelling.mobile.as_deref().unwrap_or(""));
        contact.put("jobtitle", if rng.chance(0.75) { p.title } else { "" });
        contact.put("company", company_name.as_deref().unwrap_or(""));
        if with_street {
            contact.put("address", street.as_str());
            contact.put("zip", zip.as_str());
        }
        if with_city {
            contact.put("city", city);
            contact.put("state", state);
            contact.put("country", if rng.chance(0.8) { p.country.name } else { p.country.code });
        }
        contact.put("hs_analytics_source", p.channel.name());
        contact.put("hs_lead_status", if stage == 0 { "" } else { "NEW" });
        if let Some((name, date)) = LIFECYCLE.get(stage) {
            contact.change("lifecyclestage", name, at_ms);
            contact.put(date, iso_millis(at_ms));
        }
        if let Some(object) = object
            && rng.chance(0.88)
        {
            self.crm.link((Kind::Contacts, id), (Kind::Companies, object));
        }
        let first = self.records(person).contacts.first().copied();
        self.records(person).contacts.push(id);
        if let Some(employer) = p.company {
            self.company_records(employer).contacts.push((person, id));
        }
        match first {
            Some(first) if again => {
                if rng.chance(0.5) {
                    self.schedule(at_ms + rng.wait(70 * DAY), Action::MergesContacts(first, id));
                } else {
                    self.duplicates.push((first, id));
                }
            }
            _ => {
                if rng.chance(0.5) {
                    self.schedule(
                        at_ms + rng.wait(12 * DAY),
                        Action::RaisesStage { contact: id, stage: MARKETING_QUALIFIED },
                    );
                }
            }
        }
        if rng.chance(0.25) {
            self.schedule(at_ms + rng.wait(150 * DAY), Action::EditsContact(id));
        }
        if rng.chance(0.015) {
            self.schedule(at_ms + 20 * DAY + rng.wait(200 * DAY), Action::ArchivesContact(id));
        }
    }

    /// A contact for a mailbox that is nobody's own.
    fn file_role_contact(&mut self, company: u32, at_ms: i64, rng: &mut Rng) {
        let Some(c) = self.cast.company(company) else { return };
        let role = rng.word(&["info", "office", "contact", "hello", "sales"]);
        let mail = format!("{role}@{}", c.domain);
        let phone = c.switchboard.written(rng.next_u64());
        let id = self.crm.create(Kind::Contacts, at_ms, None, None, rng);
        if !self.crm.claim_mail(id, &mail) {
            return;
        }
        let object = self.ensure_company_object(company, at_ms, rng);
        if let Some(contact) = self.crm.table_mut(Kind::Contacts).find_mut(id) {
            contact.put("email", mail);
            contact.put("firstname", if rng.chance(0.4) { "Info" } else { "" });
            contact.put("phone", if rng.chance(0.6) { phone.as_str() } else { "" });
            contact.put("hs_analytics_source", "OFFLINE");
            contact.change("lifecyclestage", "lead", at_ms);
            contact.put("hs_lifecyclestage_lead_date", iso_millis(at_ms));
        }
        self.crm.link((Kind::Contacts, id), (Kind::Companies, object));
    }

    /// The company's object, made when HubSpot first hears of it.
    pub(super) fn ensure_company_object(&mut self, company: u32, at_ms: i64, rng: &mut Rng) -> u64 {
        if let Some(id) = self.company_records(company).objects.first().copied() {
            return self.crm.table(Kind::Companies).resolve(id).map_or(id, |o| o.id);
        }
        let id = self.file_company(company, at_ms, true, rng);
        if rng.chance(0.05) {
            // typed in again by somebody who did not find it
            let again = self.file_company(company, at_ms, false, rng);
            if rng.chance(0.5) {
                self.schedule(at_ms + rng.wait(80 * DAY), Action::MergesCompanies(id, again));
            }
        }
        id
    }

    fn file_company(&mut self, company: u32, at_ms: i64, first: bool, rng: &mut Rng) -> u64 {
        let id = self.crm.create(Kind::Companies, at_ms, None, Some(company), rng);
        let Some(c) = self.cast.company(company) else { return id };
        let mut name = c.named(if first { rng.below(3) } else { rng.next_u64() });
        if !first && rng.chance(0.3) {
            name = misspelt(&name, rng);
        }
        let style = rng.next_u64();
        let source = crate::cast::Channel::any(rng).name();
        if let Some(object) = self.crm.table_mut(Kind::Companies).find_mut(id) {
            object.put("name", name);
            if first && rng.chance(0.93) {
                object.put("domain", c.domain.as_str());
                object.put("website", c.domain.as_str());
                object.put("hs_additional_domains", c.alt_domain.as_deref().unwrap_or(""));
            }
            if rng.chance(0.7) {
                object.put("phone", c.switchboard.written(style));
            }
            if rng.chance(0.75) {
                object.put("address", c.street.as_str());
                object.put("zip", c.zip.as_str());
            }
            object.put("city", c.city.name);
            object.put("state", c.city.state);
            object.put("country", if rng.chance(0.85) { c.country.name } else { c.country.code });
            object.put("industry", if rng.chance(0.8) { c.industry } else { "" });
            if rng.chance(0.8) {
                object.put("numberofemployees", c.staff.to_string());
                object.put("annualrevenue", c.revenue.to_string());
            }
            object.put("hs_analytics_source", source);
            object.change("lifecyclestage", "lead", at_ms);
            object.put("hs_lifecyclestage_lead_date", iso_millis(at_ms));
        }
        self.company_records(company).objects.push(id);
        id
    }

    /// Raises a contact to a stage, never lowers it, and may plan the next step.
    pub(super) fn raise_stage(&mut self, contact: u64, stage: usize, at_ms: i64, rng: &mut Rng) {
        let Some(id) = self
            .crm
            .table(Kind::Contacts)
            .resolve(contact)
            .filter(|c| c.archived_ms.is_none())
            .map(|c| c.id)
        else {
            return;
        };
        if !self.set_stage(Kind::Contacts, id, stage, at_ms, false) {
            return;
        }
        let status = match stage {
            MARKETING_QUALIFIED => "OPEN",
            SALES_QUALIFIED => "IN_PROGRESS",
            OPPORTUNITY => "OPEN_DEAL",
            _ => "CONNECTED",
        };
        if let Some(object) = self.crm.table_mut(Kind::Contacts).find_mut(id) {
            object.put("hs_lead_status", status);
        }
        match stage {
            MARKETING_QUALIFIED if rng.chance(0.5) => {
                self.schedule(
                    at_ms + rng.wait(14 * DAY),
                    Action::RaisesStage { contact: id, stage: SALES_QUALIFIED },
                );
            }
            CUSTOMER if rng.chance(0.06) => {
                self.schedule(
                    at_ms + 60 * DAY + rng.wait(150 * DAY),
                    Action::RaisesStage { contact: id, stage: EVANGELIST },
                );
            }
            _ => {}
        }
    }

    /// Sets a lifecycle stage; backwards only when asked. Says whether anything changed.
    pub(super) fn set_stage(
        &mut self,
        kind: Kind,
        id: u64,
        stage: usize,
        at_ms: i64,
        backwards: bool,
    ) -> bool {
        let Some((name, date)) = LIFECYCLE.get(stage) else { return false };
        let Some(object) = self.crm.table_mut(kind).find_mut(id) else { return false };
        let present =
            object.get("lifecyclestage").and_then(|s| LIFECYCLE.iter().position(|l| l.0 == s));
        if present.is_some_and(|p| p == stage || (p > stage && !backwards)) {
            return false;
        }
        object.change("lifecyclestage", name, at_ms);
        if kind.properties().contains(date) {
            object.put(date, iso_millis(at_ms));
        }
        true
    }
}
