//! What happens to records besides business: edits, new jobs, merges, deletions, bulk changes;
//! the same by hand, for tests and demonstrations.

use super::{Action, World};
use crate::calendar::{DAY, HOUR, SECOND};
use crate::cast::{System, placeholder_phone};
use crate::hubspot::Kind;
use crate::rng::Rng;
use crate::stripe::{SubscriptionStatus, What};
use crate::zendesk::TicketStatus;

/// A stream whose records can be given equal times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// HubSpot contacts, by `lastmodifieddate`.
    HubspotContacts,
    /// HubSpot companies, by `hs_lastmodifieddate`.
    HubspotCompanies,
    /// HubSpot deals, by `hs_lastmodifieddate`.
    HubspotDeals,
    /// Zendesk users, by generated timestamp.
    ZendeskUsers,
    /// Zendesk organisations, by generated timestamp.
    ZendeskOrganizations,
    /// Zendesk tickets, by generated timestamp.
    ZendeskTickets,
}

impl World {
    /// One day of a company that lives on: people arrive, and now and then something is
    /// merged, archived, deleted or rewritten by the vendor itself.
    pub(super) fn live_a_day(&mut self, at_ms: i64, rng: &mut Rng) {
        self.schedule(at_ms + DAY, Action::Day);
        let days = u64::from(self.config.months.max(1)) * 30;
        let mean = u64::from(self.config.people).div_ceil(days).max(1);
        for _ in 0..rng.below(2 * mean + 1) {
            if rng.chance(0.15) {
                let company = self.cast.add_company(rng);
                self.schedule(at_ms, Action::CompanyArrives(company));
            }
            let first = self.cast.add_person(rng);
            for person in first..self.cast.people.len() as u32 {
                self.schedule(at_ms + HOUR + rng.wait(4 * HOUR), Action::PersonArrives(person));
            }
        }
        if rng.chance(0.4) && !self.duplicates.is_empty() {
            let at = rng.below(self.duplicates.len() as u64) as usize;
            let (a, b) = self.duplicates.swap_remove(at);
            self.merge_duplicates(a, b, at_ms, rng);
        }
        let contacts: Vec<u64> = self
            .crm
            .table(Kind::Contacts)
            .rows()
            .filter(|c| c.archived_ms.is_none())
            .map(|c| c.id)
            .collect();
        for _ in 0..rng.below(contacts.len() as u64 / 400 + 2) {
            if let Some(contact) = rng.pick(&contacts) {
                self.edit_contact(*contact, at_ms, rng);
            }
        }
        if rng.chance(0.25)
            && let Some(contact) = rng.pick(&contacts)
        {
            self.crm.archive(Kind::Contacts, *contact, at_ms);
        }
        let users: Vec<u64> = self.desk.users.ids().collect();
        if rng.chance(0.1)
            && let Some(user) = rng.pick(&users).filter(|u| !self.agents.contains(u))
        {
            self.deactivate(*user, at_ms);
        }
        if rng.chance(0.1) {
            let idle: Vec<usize> = (0..self.books.customers.len())
                .filter(|c| self.books.live_subscriptions(*c).next().is_none())
                .collect();
            if let Some(customer) = rng.pick(&idle) {
                self.books.delete_customer(*customer, at_ms);
            }
        }
        // the vendor rewrites rows on its own: listed again, though nobody updated them
        for _ in 0..3 {
            if let Some(user) = rng.pick(&users) {
                self.desk.users.rewrite(*user, at_ms, |_| {});
            }
        }
    }

    pub(super) fn edit_contact(&mut self, contact: u64, at_ms: i64, rng: &mut Rng) {
        let Some(id) = self
            .crm
            .table(Kind::Contacts)
            .resolve(contact)
            .filter(|c| c.archived_ms.is_none())
            .map(|c| c.id)
        else {
            return;
        };
        let person = self.crm.table(Kind::Contacts).find(id).and_then(|c| c.person);
        let Some(p) = person.and_then(|p| self.cast.person(p)).cloned() else { return };
        let spelling = self.cast.spell(&p, System::Hubspot, rng);
        let Some(object) = self.crm.table_mut(Kind::Contacts).find_mut(id) else { return };
        match rng.below(5) {
            0 => object.change(
                "phone",
                spelling.phone.as_deref().unwrap_or(placeholder_phone(rng)),
                at_ms,
            ),
            1 => object.change(
                "mobilephone",
                p.mobile.as_ref().map_or(String::new(), |m| m.written(rng.next_u64())).as_str(),
                at_ms,
            ),
            2 => object.change("jobtitle", p.title, at_ms),
            3 => {
                object.change("firstname", &spelling.first, at_ms);
                object.change("lastname", &spelling.last, at_ms);
            }
            _ => object.change(
                "hs_lead_status",
                rng.word(&["CONNECTED", "ATTEMPTED_TO_CONTACT", "BAD_TIMING", "UNQUALIFIED"]),
                at_ms,
            ),
        }
        if rng.chance(0.3) {
            self.schedule(at_ms + rng.wait(180 * DAY), Action::EditsContact(id));
        }
    }

    /// A person goes to another company. HubSpot moves the contact, or makes a new one and
    /// keeps the old; the person stays the same.
    pub(super) fn change_job(&mut self, person: u32, at_ms: i64, rng: &mut Rng) {
        let count = self.cast.companies.len() as u64;
        let employer = rng.below(count) as u32;
        let Some(p) = self
            .cast
            .person(person)
            .filter(|p| p.company.is_some() && p.company != Some(employer))
            .cloned()
        else {
            return;
        };
        let Some(mail) = self.cast.work_mailbox(employer, p.given, p.surname) else { return };
        if let Some(row) = self.cast.people.get_mut(person as usize) {
            row.former_mail = row.work_mail.replace(mail.clone());
            row.company = Some(employer);
        }
        let contact = self.records(person).contacts.first().copied();
        let contact = contact
            .and_then(|c| self.crm.table(Kind::Contacts).resolve(c))
            .filter(|c| c.archived_ms.is_none())
            .map(|c| c.id);
        let Some(contact) = contact else { return };
        if rng.chance(0.35) {
            self.file_contact(person, true, at_ms, rng);
            return;
        }
        let object = self.ensure_company_object(employer, at_ms, rng);
        self.crm.move_contact(contact, object);
        let claimed = self.crm.claim_mail(contact, &mail);
        let name = self.cast.company(employer).map(|c| c.named(rng.next_u64())).unwrap_or_default();
        if let Some(row) = self.crm.table_mut(Kind::Contacts).find_mut(contact) {
            if claimed {
                let old = row.get("email").map(str::to_owned);
                row.change("email", &mail, at_ms);
                if let Some(old) = old
                    && rng.chance(0.6)
                {
                    row.change("hs_additional_emails", &old, at_ms);
                }
            }
            row.change("company", &name, at_ms);
        }
        self.company_records(employer).contacts.push((person, contact));
    }

    pub(super) fn merge_duplicates(&mut self, a: u64, b: u64, at_ms: i64, rng: &mut Rng) {
        let contacts = self.crm.table(Kind::Contacts);
        let (Some(a), Some(b)) =
            (contacts.resolve(a).map(|c| c.id), contacts.resolve(b).map(|c| c.id))
        else {
            return;
        };
        // HubSpot once kept the winner's id and now gives the result a new one: both occur
        let new_id = rng.chance(0.5);
        self.merge(Kind::Contacts, a, b, at_ms, new_id, rng);
    }

    pub(super) fn merge_company_objects(&mut self, a: u64, b: u64, at_ms: i64, rng: &mut Rng) {
        let new_id = rng.chance(0.5);
        self.merge(Kind::Companies, a, b, at_ms, new_id, rng);
    }

    fn merge(
        &mut self,
        kind: Kind,
        a: u64,
        b: u64,
        at_ms: i64,
        new_id: bool,
        rng: &mut Rng,
    ) -> Option<u64> {
        let result = self.crm.merge(kind, a, b, at_ms, new_id, rng)?;
        let person = self.crm.table(kind).find(result).and_then(|o| o.person);
        if let Some(person) = person.filter(|_| kind == Kind::Contacts) {
            self.records(person).contacts.retain(|c| *c != a && *c != b);
            self.records(person).contacts.insert(0, result);
        }
        Some(result)
    }

    fn deactivate(&mut self, user: u64, at_ms: i64) -> bool {
        self.desk.users.rewrite(user, at_ms + SECOND, |u| {
            u.active = false;
            u.updated_ms = at_ms;
        })
    }

    // ---- by hand ----

    /// Merges HubSpot contact `loser` into `winner` now, as a person in the portal would.
    /// Returns the id of the result, which is `winner` unless `new_id` is set; `None` when
    /// either contact is missing, archived or already merged.
    pub fn merge_contacts(&mut self, winner: u64, loser: u64, new_id: bool) -> Option<u64> {
        let mut rng = Rng::new(self.config.seed, winner ^ loser);
        let now_ms = self.now_ms;
        self.merge(Kind::Contacts, winner, loser, now_ms, new_id, &mut rng)
    }

    /// Merges HubSpot companies; see [`World::merge_contacts`].
    pub fn merge_companies(&mut self, winner: u64, loser: u64, new_id: bool) -> Option<u64> {
        let mut rng = Rng::new(self.config.seed, winner ^ loser);
        let now_ms = self.now_ms;
        self.merge(Kind::Companies, winner, loser, now_ms, new_id, &mut rng)
    }

    /// Moves a HubSpot contact to the recycle bin; false when it is not there.
    pub fn archive_contact(&mut self, id: u64) -> bool {
        self.crm.archive(Kind::Contacts, id, self.now_ms)
    }

    /// Moves a HubSpot company to the recycle bin; false when it is not there.
    pub fn archive_company(&mut self, id: u64) -> bool {
        self.crm.archive(Kind::Companies, id, self.now_ms)
    }

    /// Moves a HubSpot deal to the recycle bin; false when it is not there.
    pub fn archive_deal(&mut self, id: u64) -> bool {
        self.crm.archive(Kind::Deals, id, self.now_ms)
    }

    /// Changes a property of a HubSpot contact now, keeping its history. False when the
    /// contact is not there or HubSpot has no such property.
    pub fn set_contact_property(&mut self, id: u64, property: &str, value: &str) -> bool {
        let now_ms = self.now_ms;
        let Some(name) = Kind::Contacts.properties().iter().find(|p| **p == property) else {
            return false;
        };
        match self.crm.table_mut(Kind::Contacts).find_mut(id) {
            Some(contact) => {
                contact.change(name, value, now_ms);
                true
            }
            None => false,
        }
    }

    /// Deletes a Zendesk ticket; false when it is not there.
    pub fn delete_ticket(&mut self, id: u64) -> bool {
        let now_ms = self.now_ms;
        self.desk.tickets.rewrite(id, now_ms, |t| {
            t.status = TicketStatus::Deleted;
            t.status_ms = now_ms;
            t.updated_ms = now_ms;
        })
    }

    /// Deletes a Zendesk user, who stays listed as inactive; false when it is not there.
    pub fn delete_user(&mut self, id: u64) -> bool {
        self.deactivate(id, self.now_ms)
    }

    /// Deletes a Zendesk organisation, which stays listed with `deleted_at`; false when it is
    /// not there.
    pub fn delete_organization(&mut self, id: u64) -> bool {
        let now_ms = self.now_ms;
        self.desk.organizations.rewrite(id, now_ms, |o| {
            o.deleted_ms = Some(now_ms);
            o.updated_ms = now_ms;
        })
    }

    /// Deletes a Stripe customer and ends its subscriptions; false when it is not there.
    pub fn delete_customer(&mut self, id: &str) -> bool {
        match self.books.find(id) {
            Some((What::Customer, at)) => self.books.delete_customer(at, self.now_ms),
            _ => false,
        }
    }

    /// Cancels a Stripe subscription at once; false when it is not live.
    pub fn cancel_subscription(&mut self, id: &str) -> bool {
        match self.books.find(id) {
            Some((What::Subscription, at))
                if self
                    .books
                    .subscriptions
                    .get(at)
                    .is_some_and(|s| s.status != SubscriptionStatus::Canceled) =>
            {
                self.books.end_subscription(at, self.now_ms, "cancellation_requested");
                true
            }
            _ => false,
        }
    }

    /// Gives the first `n` live records of a stream the same time of change, now, as a bulk
    /// edit does; returns how many there were.
    pub fn tie_storm(&mut self, stream: Stream, n: usize) -> usize {
        let now_ms = self.now_ms;
        let kind = match stream {
            Stream::HubspotContacts => Kind::Contacts,
            Stream::HubspotCompanies => Kind::Companies,
            Stream::HubspotDeals => Kind::Deals,
            Stream::ZendeskUsers => {
                let ids: Vec<u64> = self.desk.users.ids().take(n).collect();
                ids.iter().for_each(|id| self.desk.users.restamp(*id, now_ms));
                return ids.len();
            }
            Stream::ZendeskOrganizations => {
                let ids: Vec<u64> = self.desk.organizations.ids().take(n).collect();
                ids.iter().for_each(|id| self.desk.organizations.restamp(*id, now_ms));
                return ids.len();
            }
            Stream::ZendeskTickets => {
                let ids: Vec<u64> = self.desk.tickets.ids().take(n).collect();
                ids.iter().for_each(|id| self.desk.tickets.restamp(*id, now_ms));
                return ids.len();
            }
        };
        let ids: Vec<u64> = self
            .crm
            .table(kind)
            .rows()
            .filter(|o| o.archived_ms.is_none())
            .map(|o| o.id)
            .take(n)
            .collect();
        for id in &ids {
            if let Some(object) = self.crm.table_mut(kind).find_mut(*id) {
                object.updated_ms = now_ms;
            }
        }
        ids.len()
    }

    /// Imports `n` bare contacts into HubSpot in one millisecond, as a bulk import does, and
    /// returns their ids. They are nobody the truth knows.
    pub fn import_contacts(&mut self, n: usize) -> Vec<u64> {
        let mut rng = Rng::new(self.config.seed, 0x1337 ^ n as u64);
        let now_ms = self.now_ms;
        (0..n)
            .map(|i| {
                let id = self.crm.create(Kind::Contacts, now_ms, None, None, &mut rng);
                let mail = format!("import{i}-{id}@imported.example");
                self.crm.claim_mail(id, &mail);
                if let Some(contact) = self.crm.table_mut(Kind::Contacts).find_mut(id) {
                    contact.put("email", mail);
                    contact.put("hs_analytics_source", "OFFLINE");
                }
                id
            })
            .collect()
    }
}
