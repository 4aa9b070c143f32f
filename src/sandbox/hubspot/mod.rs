//! HubSpot: contacts, companies and deals with their associations, archive and merges.
//! Refuses: deciding what happens (that is the world's), and HTTP itself.

mod api;
mod associations;
mod search;

pub(crate) use api::{error, merge, respond, too_many};

use crate::calendar::iso_millis;
use crate::rng::Rng;
use std::collections::{BTreeMap, HashMap};

/// The three object types of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Contacts,
    Companies,
    Deals,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Contacts, Self::Companies, Self::Deals];

    /// By the name in a path; the type ids are HubSpot's own.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "contacts" | "contact" | "0-1" => Some(Self::Contacts),
            "companies" | "company" | "0-2" => Some(Self::Companies),
            "deals" | "deal" | "0-3" => Some(Self::Deals),
            _ => None,
        }
    }

    /// The plural used in paths and in `associations`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Companies => "companies",
            Self::Deals => "deals",
        }
    }

    /// The singular used in association types.
    pub(crate) fn singular(self) -> &'static str {
        match self {
            Self::Contacts => "contact",
            Self::Companies => "company",
            Self::Deals => "deal",
        }
    }

    /// The property that holds the time of the last change.
    pub(crate) fn modified_property(self) -> &'static str {
        match self {
            Self::Contacts => "lastmodifieddate",
            Self::Companies | Self::Deals => "hs_lastmodifieddate",
        }
    }

    /// The properties a response has when none are asked for.
    pub(crate) fn default_properties(self) -> &'static [&'static str] {
        match self {
            Self::Contacts => &[
                "createdate",
                "email",
                "firstname",
                "hs_object_id",
                "lastmodifieddate",
                "lastname",
            ],
            Self::Companies => {
                &["createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"]
            }
            Self::Deals => &[
                "amount",
                "closedate",
                "createdate",
                "dealname",
                "dealstage",
                "hs_lastmodifieddate",
                "hs_object_id",
                "pipeline",
            ],
        }
    }

    /// Every property the portal defines; others are ignored as HubSpot ignores them.
    pub(crate) fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Contacts => CONTACT_PROPERTIES,
            Self::Companies => COMPANY_PROPERTIES,
            Self::Deals => DEAL_PROPERTIES,
        }
    }
}

static CONTACT_PROPERTIES: &[&str] = &[
    "email",
    "hs_additional_emails",
    "firstname",
    "lastname",
    "phone",
    "mobilephone",
    "jobtitle",
    "company",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "lifecyclestage",
    "hs_lead_status",
    "hs_analytics_source",
    "associatedcompanyid",
    "createdate",
    "lastmodifieddate",
    "hs_object_id",
    "hs_merged_object_ids",
    "hs_calculated_merged_vids",
    "hs_lifecyclestage_subscriber_date",
    "hs_lifecyclestage_lead_date",
    "hs_lifecyclestage_marketingqualifiedlead_date",
    "hs_lifecyclestage_salesqualifiedlead_date",
    "hs_lifecyclestage_opportunity_date",
    "hs_lifecyclestage_customer_date",
    "hs_lifecyclestage_evangelist_date",
    "hs_email_optout",
    "website",
    "hubspot_owner_id",
    "salutation",
    "fax",
];

static COMPANY_PROPERTIES: &[&str] = &[
    "name",
    "domain",
    "hs_additional_domains",
    "phone",
    "address",
    "city",
    "state",
    "zip",
    "country",
    "industry",
    "numberofemployees",
    "annualrevenue",
    "lifecyclestage",
    "hs_analytics_source",
    "createdate",
    "hs_lastmodifieddate",
    "hs_object_id",
    "hs_merged_object_ids",
    "hs_lifecyclestage_lead_date",
    "hs_lifecyclestage_opportunity_date",
    "hs_lifecyclestage_customer_date",
    "website",
    "hubspot_owner_id",
    "type",
    "description",
];

static DEAL_PROPERTIES: &[&str] = &[
    "dealname",
    "pipeline",
    "dealstage",
    "amount",
    "deal_currency_code",
    "createdate",
    "closedate",
    "hs_is_closed",
    "hs_is_closed_won",
    "hs_lastmodifieddate",
    "hs_object_id",
    "hs_merged_object_ids",
    "hs_deal_stage_probability",
    "dealtype",
    "hubspot_owner_id",
    "description",
    "closed_lost_reason",
    "hs_analytics_source",
];

/// The lifecycle stages in HubSpot's order, with the property that records when each began.
pub(crate) static LIFECYCLE: [(&str, &str); 7] = [
    ("subscriber", "hs_lifecyclestage_subscriber_date"),
    ("lead", "hs_lifecyclestage_lead_date"),
    ("marketingqualifiedlead", "hs_lifecyclestage_marketingqualifiedlead_date"),
    ("salesqualifiedlead", "hs_lifecyclestage_salesqualifiedlead_date"),
    ("opportunity", "hs_lifecyclestage_opportunity_date"),
    ("customer", "hs_lifecyclestage_customer_date"),
    ("evangelist", "hs_lifecyclestage_evangelist_date"),
];

/// One change of a property whose history is kept.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) property: &'static str,
    pub(crate) at_ms: i64,
    pub(crate) value: Box<str>,
}

/// One contact, company or deal.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) id: u64,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) archived_ms: Option<i64>,
    properties: Vec<(&'static str, Box<str>)>,
    pub(crate) history: Vec<Change>,
    /// Associated objects by kind; the first company is the primary one.
    pub(crate) contacts: Vec<u64>,
    pub(crate) companies: Vec<u64>,
    pub(crate) deals: Vec<u64>,
    /// The ids that were merged into this object, with the time.
    pub(crate) merged: Vec<(u64, i64)>,
    /// Whom the record is really about; never served.
    pub(crate) person: Option<u32>,
    /// Which company the record is really about; never served.
    pub(crate) company: Option<u32>,
}

impl Object {
    /// A stored property.
    pub(crate) fn get(&self, property: &str) -> Option<&str> {
        self.properties.iter().find(|(name, _)| *name == property).map(|(_, value)| &**value)
    }

    /// Sets a property without saying that the object changed; an empty value clears it.
    pub(crate) fn put(&mut self, property: &'static str, value: impl Into<Box<str>>) {
        let value = value.into();
        match self.properties.iter_mut().find(|(name, _)| *name == property) {
            _ if value.is_empty() => self.properties.retain(|(name, _)| *name != property),
            Some((_, old)) => *old = value,
            None => self.properties.push((property, value)),
        }
    }

    /// Changes a property at a time, keeping its history.
    pub(crate) fn change(&mut self, property: &'static str, value: &str, at_ms: i64) {
        self.put(property, value);
        self.history.push(Change { property, at_ms, value: value.into() });
        self.touch(at_ms);
    }

    /// Records that the object changed.
    pub(crate) fn touch(&mut self, at_ms: i64) {
        self.updated_ms = self.updated_ms.max(at_ms);
    }

    /// A property as served: the stored one, or one that HubSpot computes.
    pub(crate) fn value(&self, kind: Kind, property: &str) -> Option<String> {
        match property {
            "hs_object_id" => Some(self.id.to_string()),
            "createdate" => Some(iso_millis(self.created_ms)),
            name if name == kind.modified_property() => Some(iso_millis(self.updated_ms)),
            "associatedcompanyid" if kind == Kind::Contacts => {
                self.companies.first().map(u64::to_string)
            }
            "hs_merged_object_ids" if !self.merged.is_empty() => {
                Some(self.merged.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>().join(";"))
            }
            "hs_calculated_merged_vids" if kind == Kind::Contacts && !self.merged.is_empty() => {
                Some(
                    self.merged
                        .iter()
                        .map(|(id, at)| format!("{id}:{at}"))
                        .collect::<Vec<_>>()
                        .join(";"),
                )
            }
            other => self.get(other).map(str::to_owned),
        }
    }

    /// The associated objects of a kind.
    pub(crate) fn linked(&self, kind: Kind) -> &[u64] {
        match kind {
            Kind::Contacts => &self.contacts,
            Kind::Companies => &self.companies,
            Kind::Deals => &self.deals,
        }
    }

    fn linked_mut(&mut self, kind: Kind) -> &mut Vec<u64> {
        match kind {
            Kind::Contacts => &mut self.contacts,
            Kind::Companies => &mut self.companies,
            Kind::Deals => &mut self.deals,
        }
    }
}

/// The objects of one kind, by ascending id.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<u64, Object>,
    /// Where a merged id went.
    merged_into: HashMap<u64, u64>,
    last_id: u64,
}

impl Table {
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Object> {
        self.rows.values()
    }

    pub(crate) fn after(&self, id: u64) -> impl Iterator<Item = &Object> {
        self.rows
            .range((std::ops::Bound::Excluded(id), std::ops::Bound::Unbounded))
            .map(|(_, row)| row)
    }

    pub(crate) fn find(&self, id: u64) -> Option<&Object> {
        self.rows.get(&id)
    }

    pub(crate) fn find_mut(&mut self, id: u64) -> Option<&mut Object> {
        self.rows.get_mut(&id)
    }

    /// The object that an id stands for today: itself, or what it was merged into.
    pub(crate) fn resolve(&self, id: u64) -> Option<&Object> {
        let mut id = id;
        // a chain of merges is short; the bound keeps a broken one from looping
        for _ in 0..64 {
            match self.merged_into.get(&id) {
                Some(next) => id = *next,
                None => break,
            }
        }
        self.find(id)
    }
}

/// The portal.
#[derive(Debug, Default)]
pub(crate) struct Crm {
    contacts: Table,
    companies: Table,
    deals: Table,
    /// HubSpot lets only one contact have an e-mail address.
    mails: HashMap<String, u64>,
}

impl Crm {
    pub(crate) fn table(&self, kind: Kind) -> &Table {
        match kind {
            Kind::Contacts => &self.contacts,
            Kind::Companies => &self.companies,
            Kind::Deals => &self.deals,
        }
    }

    pub(crate) fn table_mut(&mut self, kind: Kind) -> &mut Table {
        match kind {
            Kind::Contacts => &mut self.contacts,
            Kind::Companies => &mut self.companies,
            Kind::Deals => &mut self.deals,
        }
    }

    /// Creates an object and returns its id.
    pub(crate) fn create(
        &mut self,
        kind: Kind,
        at_ms: i64,
        person: Option<u32>,
        company: Option<u32>,
        rng: &mut Rng,
    ) -> u64 {
        let table = self.table_mut(kind);
        let start = match kind {
            Kind::Contacts => 51_000_000_000,
            Kind::Companies => 9_100_000_000,
            Kind::Deals => 14_200_000_000,
        };
        let id = table.last_id.max(start) + 1 + rng.below(997);
        table.last_id = id;
        table.rows.insert(
            id,
            Object {
                id,
                created_ms: at_ms,
                updated_ms: at_ms,
                archived_ms: None,
                properties: Vec::with_capacity(18),
                history: Vec::new(),
                contacts: Vec::new(),
                companies: Vec::new(),
                deals: Vec::new(),
                merged: Vec::new(),
                person,
                company,
            },
        );
        id
    }

    /// Gives a contact an address if no other contact has it; says whether it did.
    pub(crate) fn claim_mail(&mut self, contact: u64, mail: &str) -> bool {
        let key = mail.to_lowercase();
        match self.mails.get(&key) {
            Some(owner) if *owner != contact => false,
            _ => {
                self.mails.insert(key, contact);
                true
            }
        }
    }

    /// Associates two objects, both ways. Neither counts as changed by it, as in HubSpot.
    pub(crate) fn link(&mut self, from: (Kind, u64), to: (Kind, u64)) {
        for ((kind, id), (other_kind, other)) in [(from, to), (to, from)] {
            if let Some(object) = self.table_mut(kind).find_mut(id) {
                let list = object.linked_mut(other_kind);
                if !list.contains(&other) {
                    list.push(other);
                }
            }
        }
    }

    /// Makes a company the only one of a contact.
    pub(crate) fn move_contact(&mut self, contact: u64, company: u64) {
        let old = self
            .contacts
            .find_mut(contact)
            .map(|c| std::mem::take(&mut c.companies))
            .unwrap_or_default();
        for id in old {
            if let Some(row) = self.companies.find_mut(id) {
                row.contacts.retain(|c| *c != contact);
            }
        }
        self.link((Kind::Contacts, contact), (Kind::Companies, company));
    }

    /// Merges one object into another of its kind, as HubSpot does: the loser is gone, its id
    /// leads to the winner, the winner's empty fields are filled. With `new_id` the result
    /// also gets a fresh id. Returns the id of the result, or `None` when either is missing.
    pub(crate) fn merge(
        &mut self,
        kind: Kind,
        winner: u64,
        loser: u64,
        at_ms: i64,
        new_id: bool,
        rng: &mut Rng,
    ) -> Option<u64> {
        if winner == loser {
            return None;
        }
        let table = self.table_mut(kind);
        if table.find(winner).is_none_or(|w| w.archived_ms.is_some())
            || table.find(loser).is_none_or(|l| l.archived_ms.is_some())
        {
            return None;
        }
        let mut lost = table.rows.remove(&loser)?;
        let mut kept = table.rows.remove(&winner)?;
        let result = if new_id { table.last_id.max(winner) + 1 + rng.below(997) } else { winner };
        table.last_id = table.last_id.max(result);
        table.merged_into.insert(loser, result);
        let mut gone = vec![loser];
        if new_id {
            table.merged_into.insert(winner, result);
            kept.merged.push((winner, at_ms));
            gone.push(winner);
        }
        kept.merged.push((loser, at_ms));
        kept.merged.extend(lost.merged.iter().copied());
        kept.id = result;
        for (name, value) in std::mem::take(&mut lost.properties) {
            if name == "email" {
                add_mail(&mut kept, &value);
            } else if name == "hs_additional_emails" {
                value.split(';').for_each(|mail| add_mail(&mut kept, mail));
            } else if kept.get(name).is_none() {
                kept.put(name, value);
            }
        }
        kept.touch(at_ms);
        for other in Kind::ALL {
            for id in lost.linked(other) {
                if !kept.linked(other).contains(id) {
                    kept.linked_mut(other).push(*id);
                }
            }
        }
        let links: Vec<(Kind, u64)> = Kind::ALL
            .into_iter()
            .flat_map(|k| kept.linked(k).iter().map(move |id| (k, *id)).collect::<Vec<_>>())
            .collect();
        table.rows.insert(result, kept);
        for (other, id) in links {
            if let Some(object) = self.table_mut(other).find_mut(id) {
                let list = object.linked_mut(kind);
                list.retain(|x| !gone.contains(x));
                if !list.contains(&result) {
                    list.push(result);
                }
            }
        }
        for owner in self.mails.values_mut() {
            if gone.contains(owner) {
                *owner = result;
            }
        }
        Some(result)
    }

    /// Moves an object to the recycle bin, out of the others' associations; says whether it
    /// was there.
    pub(crate) fn archive(&mut self, kind: Kind, id: u64, at_ms: i64) -> bool {
        let found = self.table_mut(kind).find_mut(id).filter(|o| o.archived_ms.is_none());
        let Some(object) = found else { return false };
        object.archived_ms = Some(at_ms);
        object.touch(at_ms);
        let links = Kind::ALL.map(|other| (other, object.linked(other).to_vec()));
        for (other, ids) in links {
            for linked in ids {
                if let Some(row) = self.table_mut(other).find_mut(linked) {
                    row.linked_mut(kind).retain(|x| *x != id);
                }
            }
        }
        if kind == Kind::Contacts {
            self.mails.retain(|_, owner| *owner != id);
        }
        true
    }
}

fn add_mail(contact: &mut Object, mail: &str) {
    let Some(primary) = contact.get("email") else {
        contact.put("email", mail);
        return;
    };
    if primary.eq_ignore_ascii_case(mail) {
        return;
    }
    let mut all: Vec<String> = contact
        .get("hs_additional_emails")
        .map(|v| v.split(';').map(str::to_owned).collect())
        .unwrap_or_default();
    if !all.iter().any(|m| m.eq_ignore_ascii_case(mail)) {
        all.push(mail.to_owned());
        contact.put("hs_additional_emails", all.join(";"));
    }
}
