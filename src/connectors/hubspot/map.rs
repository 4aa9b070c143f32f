//! HubSpot objects as canonical records.
//!
//! Owns which properties are asked for and what they mean. Only the id, the version and a deal's
//! amount and currency can make a record unusable; any other unreadable property is left out (the
//! payload keeps it).

use crate::collect::payload;
use crate::field::{Field, Mapped, Wrong, read, reject};
use crate::text::split_list;
use domain::{
    Address, Canonical, Company, Contact, Currency, Deal, DealStatus, Identifier, IdentifierKind,
    Link, LinkRole, Money, MoneyError, Pii, RecordKey, Reject, SourceRecord, Timestamp, VendorStay,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What sort of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Companies,
    Contacts,
    Deals,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Companies, Self::Contacts, Self::Deals];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Companies => "companies",
            Self::Contacts => "contacts",
            Self::Deals => "deals",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The property that holds the time of modification; contacts have a name of their own for it.
    pub(super) const fn modified(self) -> &'static str {
        match self {
            Self::Contacts => "lastmodifieddate",
            Self::Companies | Self::Deals => "hs_lastmodifieddate",
        }
    }

    /// The types whose associations belong to a record.
    pub(super) const fn associated(self) -> &'static [&'static str] {
        match self {
            Self::Companies => &[],
            Self::Contacts => &["companies"],
            Self::Deals => &["contacts", "companies"],
        }
    }

    const fn properties(self) -> &'static [&'static str] {
        match self {
            Self::Companies => &[
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
                "hs_lifecyclestage_subscriber_date",
                "hs_lifecyclestage_lead_date",
                "hs_lifecyclestage_marketingqualifiedlead_date",
                "hs_lifecyclestage_salesqualifiedlead_date",
                "hs_lifecyclestage_opportunity_date",
                "hs_lifecyclestage_customer_date",
                "hs_lifecyclestage_evangelist_date",
                "hs_v2_date_entered_subscriber",
                "hs_v2_date_exited_subscriber",
                "hs_v2_date_entered_lead",
                "hs_v2_date_exited_lead",
                "hs_v2_date_entered_marketingqualifiedlead",
                "hs_v2_date_exited_marketingqualifiedlead",
                "hs_v2_date_entered_salesqualifiedlead",
                "hs_v2_date_exited_salesqualifiedlead",
                "hs_v2_date_entered_opportunity",
                "hs_v2_date_exited_opportunity",
                "hs_v2_date_entered_customer",
                "hs_v2_date_exited_customer",
                "hs_v2_date_entered_evangelist",
                "hs_v2_date_exited_evangelist",
                "hs_analytics_source",
                "createdate",
                "hs_lastmodifieddate",
                "hs_object_id",
                "hs_merged_object_ids",
            ],
            Self::Contacts => &[
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
                "hs_lifecyclestage_subscriber_date",
                "hs_lifecyclestage_lead_date",
                "hs_lifecyclestage_marketingqualifiedlead_date",
                "hs_lifecyclestage_salesqualifiedlead_date",
                "hs_lifecyclestage_opportunity_date",
                "hs_lifecyclestage_customer_date",
                "hs_lifecyclestage_evangelist_date",
                "hs_v2_date_entered_subscriber",
                "hs_v2_date_exited_subscriber",
                "hs_v2_date_entered_lead",
                "hs_v2_date_exited_lead",
                "hs_v2_date_entered_marketingqualifiedlead",
                "hs_v2_date_exited_marketingqualifiedlead",
                "hs_v2_date_entered_salesqualifiedlead",
                "hs_v2_date_exited_salesqualifiedlead",
                "hs_v2_date_entered_opportunity",
                "hs_v2_date_exited_opportunity",
                "hs_v2_date_entered_customer",
                "hs_v2_date_exited_customer",
                "hs_v2_date_entered_evangelist",
                "hs_v2_date_exited_evangelist",
                "hs_lead_status",
                "hs_analytics_source",
                "associatedcompanyid",
                "createdate",
                "lastmodifieddate",
                "hs_object_id",
                "hs_merged_object_ids",
            ],
            Self::Deals => &[
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
            ],
        }
    }
}

/// An object as HubSpot sends it.
#[derive(Deserialize)]
struct Object<'a, P> {
    #[serde(borrow, default)]
    id: Field<'a>,
    properties: P,
    #[serde(borrow, default, rename = "createdAt")]
    created_at: Field<'a>,
    #[serde(borrow, default, rename = "updatedAt")]
    updated_at: Field<'a>,
    #[serde(borrow, default)]
    associations: Option<Associations<'a>>,
}

#[derive(Deserialize, Default)]
struct Associations<'a> {
    #[serde(borrow, default)]
    contacts: Option<Associated<'a>>,
    #[serde(borrow, default)]
    companies: Option<Associated<'a>>,
}

#[derive(Deserialize)]
struct Associated<'a> {
    #[serde(borrow, default)]
    results: Vec<Target<'a>>,
}

#[derive(Deserialize)]
struct Target<'a> {
    #[serde(borrow, default)]
    id: Field<'a>,
}

/// Declares a set of properties, all of unknown type.
macro_rules! properties {
    ($name:ident { $($field:ident,)* }) => {
        #[derive(Deserialize)]
        struct $name<'a> { $(#[serde(borrow, default)] $field: Field<'a>,)* }
    };
}

/// The stays in HubSpot's own stages, from the dates that it keeps of each: those calculated since 2024
/// (entered and exited), else the older ones (entered).
macro_rules! stays {
    ($p:ident) => {
        vendor_stays([
            (
                "subscriber",
                $p.hs_v2_date_entered_subscriber
                    .time()
                    .or_else(|| $p.hs_lifecyclestage_subscriber_date.time()),
                $p.hs_v2_date_exited_subscriber.time(),
            ),
            (
                "lead",
                $p.hs_v2_date_entered_lead.time().or_else(|| $p.hs_lifecyclestage_lead_date.time()),
                $p.hs_v2_date_exited_lead.time(),
            ),
            (
                "marketingqualifiedlead",
                $p.hs_v2_date_entered_marketingqualifiedlead
                    .time()
                    .or_else(|| $p.hs_lifecyclestage_marketingqualifiedlead_date.time()),
                $p.hs_v2_date_exited_marketingqualifiedlead.time(),
            ),
            (
                "salesqualifiedlead",
                $p.hs_v2_date_entered_salesqualifiedlead
                    .time()
                    .or_else(|| $p.hs_lifecyclestage_salesqualifiedlead_date.time()),
                $p.hs_v2_date_exited_salesqualifiedlead.time(),
            ),
            (
                "opportunity",
                $p.hs_v2_date_entered_opportunity
                    .time()
                    .or_else(|| $p.hs_lifecyclestage_opportunity_date.time()),
                $p.hs_v2_date_exited_opportunity.time(),
            ),
            (
                "customer",
                $p.hs_v2_date_entered_customer
                    .time()
                    .or_else(|| $p.hs_lifecyclestage_customer_date.time()),
                $p.hs_v2_date_exited_customer.time(),
            ),
            (
                "evangelist",
                $p.hs_v2_date_entered_evangelist
                    .time()
                    .or_else(|| $p.hs_lifecyclestage_evangelist_date.time()),
                $p.hs_v2_date_exited_evangelist.time(),
            ),
        ])
    };
}

/// Stays by the time at which they began; of a stage left and entered again, the time left is that of
/// the stay before.
fn vendor_stays(stages: [(&str, Option<Timestamp>, Option<Timestamp>); 7]) -> Vec<VendorStay> {
    let mut stays: Vec<VendorStay> = stages
        .into_iter()
        .filter_map(|(stage, entered, exited)| {
            let entered_at = entered?;
            let exited_at = exited.filter(|at| *at >= entered_at);
            Some(VendorStay { stage: stage.to_owned(), entered_at, exited_at })
        })
        .collect();
    stays.sort_by_key(|stay| stay.entered_at);
    stays
}

properties!(ContactProperties {
    email,
    hs_additional_emails,
    firstname,
    lastname,
    phone,
    mobilephone,
    jobtitle,
    company,
    address,
    city,
    state,
    zip,
    country,
    lifecyclestage,
    hs_lifecyclestage_subscriber_date,
    hs_lifecyclestage_lead_date,
    hs_lifecyclestage_marketingqualifiedlead_date,
    hs_lifecyclestage_salesqualifiedlead_date,
    hs_lifecyclestage_opportunity_date,
    hs_lifecyclestage_customer_date,
    hs_lifecyclestage_evangelist_date,
    hs_v2_date_entered_subscriber,
    hs_v2_date_exited_subscriber,
    hs_v2_date_entered_lead,
    hs_v2_date_exited_lead,
    hs_v2_date_entered_marketingqualifiedlead,
    hs_v2_date_exited_marketingqualifiedlead,
    hs_v2_date_entered_salesqualifiedlead,
    hs_v2_date_exited_salesqualifiedlead,
    hs_v2_date_entered_opportunity,
    hs_v2_date_exited_opportunity,
    hs_v2_date_entered_customer,
    hs_v2_date_exited_customer,
    hs_v2_date_entered_evangelist,
    hs_v2_date_exited_evangelist,
    hs_analytics_source,
    associatedcompanyid,
    createdate,
    lastmodifieddate,
    hs_merged_object_ids,
});

properties!(CompanyProperties {
    name,
    domain,
    hs_additional_domains,
    phone,
    address,
    city,
    state,
    zip,
    country,
    industry,
    numberofemployees,
    lifecyclestage,
    hs_lifecyclestage_subscriber_date,
    hs_lifecyclestage_lead_date,
    hs_lifecyclestage_marketingqualifiedlead_date,
    hs_lifecyclestage_salesqualifiedlead_date,
    hs_lifecyclestage_opportunity_date,
    hs_lifecyclestage_customer_date,
    hs_lifecyclestage_evangelist_date,
    hs_v2_date_entered_subscriber,
    hs_v2_date_exited_subscriber,
    hs_v2_date_entered_lead,
    hs_v2_date_exited_lead,
    hs_v2_date_entered_marketingqualifiedlead,
    hs_v2_date_exited_marketingqualifiedlead,
    hs_v2_date_entered_salesqualifiedlead,
    hs_v2_date_exited_salesqualifiedlead,
    hs_v2_date_entered_opportunity,
    hs_v2_date_exited_opportunity,
    hs_v2_date_entered_customer,
    hs_v2_date_exited_customer,
    hs_v2_date_entered_evangelist,
    hs_v2_date_exited_evangelist,
    hs_analytics_source,
    createdate,
    hs_lastmodifieddate,
    hs_merged_object_ids,
});

properties!(DealProperties {
    dealname,
    pipeline,
    dealstage,
    amount,
    deal_currency_code,
    createdate,
    closedate,
    hs_is_closed,
    hs_is_closed_won,
    hs_lastmodifieddate,
    hs_merged_object_ids,
});

/// The properties as a map, for those that only the configuration knows.
#[derive(Deserialize)]
struct Loose<'a> {
    #[serde(borrow)]
    properties: BTreeMap<Cow<'a, str>, &'a RawValue>,
}

/// How objects of one source are mapped.
pub(super) struct Mapper {
    pub source: String,
    pub namespace: String,
    /// Property -> whose id it holds (`stripe.customers`).
    pub references: Vec<(String, String)>,
    /// Currency of deals that do not name one.
    pub currency: Option<Currency>,
}

/// What every kind gives.
struct Parts<'a> {
    canonical: Canonical,
    modified: Field<'a>,
    created: Field<'a>,
    merged: Field<'a>,
}

impl Mapper {
    /// The properties to ask for.
    pub(super) fn properties(&self, kind: Kind) -> Vec<&str> {
        let mut names = kind.properties().to_vec();
        if kind != Kind::Deals {
            let more = self.references.iter().map(|(property, _)| property.as_str());
            names.extend(more.filter(|p| !kind.properties().contains(p)));
        }
        names
    }

    /// Maps an object; also returns the ids that were merged into it. Without a `version` the
    /// object's own modification time is taken.
    pub(super) fn map(
        &self,
        kind: Kind,
        json: &str,
        version: Option<i64>,
    ) -> Result<(Mapped, Vec<String>), Reject> {
        match kind {
            Kind::Contacts => {
                self.object::<ContactProperties<'_>>(kind, json, version, Self::contact)
            }
            Kind::Companies => {
                self.object::<CompanyProperties<'_>>(kind, json, version, Self::company)
            }
            Kind::Deals => self.object::<DealProperties<'_>>(kind, json, version, Self::deal),
        }
    }

    fn object<'a, P: Deserialize<'a>>(
        &self,
        kind: Kind,
        json: &'a str,
        version: Option<i64>,
        map: impl Fn(&Self, &Object<'a, P>) -> Result<Parts<'a>, String>,
    ) -> Result<(Mapped, Vec<String>), Reject> {
        let object: Object<'a, P> = read(json).map_err(|why| reject(None, why, json))?;
        let id = object.id.id("id").map_err(|why| reject(None, why, json))?;
        let fail = |why: String| reject(Some(id.clone()), why, json);
        let parts = map(self, &object).map_err(fail)?;
        let version = match version {
            Some(version) => version,
            None => version_of(kind, &parts, object.updated_at).map_err(fail)?,
        };
        let merged = parts
            .merged
            .text()
            .map(|ids| split_list(&ids, ';').map(str::to_owned).collect())
            .unwrap_or_default();
        let mut identifiers = Vec::new();
        if kind != Kind::Deals {
            let own = format!("{}.{}:{id}", self.namespace, kind.name());
            identifiers.push(Identifier::new(IdentifierKind::ExternalId, own));
            identifiers.extend(self.referred(json));
        }
        let record = SourceRecord {
            version,
            occurred_at: parts.created.time().or_else(|| object.created_at.time()),
            payload: payload(json),
            canonical: vec![parts.canonical],
            identifiers,
            external_id: id,
        };
        Ok((Mapped::whole(record), merged))
    }

    fn referred(&self, json: &str) -> Vec<Identifier> {
        if self.references.is_empty() {
            return Vec::new();
        }
        let Ok(loose) = read::<Loose<'_>>(json) else { return Vec::new() };
        let referred = |(property, whose): &(String, String)| {
            let id = Field::of(loose.properties.get(property.as_str())?).reference()?;
            Some(Identifier::new(IdentifierKind::ExternalId, format!("{whose}:{id}")))
        };
        self.references.iter().filter_map(referred).collect()
    }

    fn links(
        &self,
        role: LinkRole,
        stream: &str,
        ids: impl IntoIterator<Item = String>,
    ) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for id in ids {
            let link = Link { role, target: RecordKey::new(&self.source, stream, id) };
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    fn contact<'a>(&self, o: &Object<'a, ContactProperties<'a>>) -> Result<Parts<'a>, String> {
        let p = &o.properties;
        // The primary company first, the other associated ones after it.
        let companies = p
            .associatedcompanyid
            .reference()
            .into_iter()
            .chain(targets(o.associations.as_ref().and_then(|a| a.companies.as_ref())));
        let mut emails: Vec<Pii> = p.email.pii().into_iter().collect();
        push_list(&mut emails, p.hs_additional_emails);
        let mut phones: Vec<Pii> = p.phone.pii().into_iter().collect();
        phones.extend(p.mobilephone.pii().filter(|m| !phones.contains(m)));
        let contact = Contact {
            full_name: None,
            given_name: p.firstname.pii(),
            family_name: p.lastname.pii(),
            emails,
            phones,
            job_title: p.jobtitle.string(),
            company_name: p.company.string(),
            address: address(p.address, p.city, p.state, p.zip, p.country),
            vendor_stage: p.lifecyclestage.string(),
            vendor_stays: stays!(p),
            acquisition_channel: channel(p.hs_analytics_source),
            created_at: p.createdate.time().or_else(|| o.created_at.time()),
            links: self.links(LinkRole::Company, "companies", companies),
        };
        Ok(Parts {
            canonical: Canonical::Contact(contact),
            modified: p.lastmodifieddate,
            created: p.createdate,
            merged: p.hs_merged_object_ids,
        })
    }

    fn company<'a>(&self, o: &Object<'a, CompanyProperties<'a>>) -> Result<Parts<'a>, String> {
        let p = &o.properties;
        let mut domains: Vec<String> = p.domain.string().into_iter().collect();
        if let Some(more) = p.hs_additional_domains.text() {
            for domain in split_list(&more, ';') {
                if domains.iter().all(|d| d != domain) {
                    domains.push(domain.to_owned());
                }
            }
        }
        let company = Company {
            name: p.name.string(),
            domains,
            phones: p.phone.pii().into_iter().collect(),
            emails: Vec::new(),
            industry: p.industry.string(),
            employee_count: p.numberofemployees.int().filter(|n| *n >= 0),
            address: address(p.address, p.city, p.state, p.zip, p.country),
            vendor_stage: p.lifecyclestage.string(),
            vendor_stays: stays!(p),
            acquisition_channel: channel(p.hs_analytics_source),
            created_at: p.createdate.time().or_else(|| o.created_at.time()),
        };
        Ok(Parts {
            canonical: Canonical::Company(company),
            modified: p.hs_lastmodifieddate,
            created: p.createdate,
            merged: p.hs_merged_object_ids,
        })
    }

    fn deal<'a>(&self, o: &Object<'a, DealProperties<'a>>) -> Result<Parts<'a>, String> {
        let p = &o.properties;
        let stage = p.dealstage.string();
        let stage_is = |word: &str| stage.as_deref() == Some(word);
        // The two flags decide; accounts that cannot read them still have the standard stages.
        let status = if p.hs_is_closed_won.is_true()
            || (p.hs_is_closed_won.json().is_none() && stage_is("closedwon"))
        {
            DealStatus::Won
        } else if p.hs_is_closed.is_true()
            || (p.hs_is_closed.json().is_none() && stage_is("closedlost"))
        {
            DealStatus::Lost
        } else {
            DealStatus::Open
        };
        let a = o.associations.as_ref();
        let mut links =
            self.links(LinkRole::Contact, "contacts", targets(a.and_then(|a| a.contacts.as_ref())));
        links.extend(self.links(
            LinkRole::Company,
            "companies",
            targets(a.and_then(|a| a.companies.as_ref())),
        ));
        let deal = Deal {
            name: p.dealname.string(),
            pipeline: p.pipeline.string(),
            deal_stage: stage,
            status,
            amount: self.amount(p.amount, p.deal_currency_code)?,
            created_at: p.createdate.time().or_else(|| o.created_at.time()),
            closed_at: p.closedate.time().filter(|_| status != DealStatus::Open),
            links,
        };
        Ok(Parts {
            canonical: Canonical::Deal(deal),
            modified: p.hs_lastmodifieddate,
            created: p.createdate,
            merged: p.hs_merged_object_ids,
        })
    }

    fn amount(&self, amount: Field<'_>, code: Field<'_>) -> Result<Option<Money>, String> {
        let Some(text) = scalar("properties.amount", amount)? else { return Ok(None) };
        let currency = match scalar("properties.deal_currency_code", code)? {
            Some(code) => Currency::parse(&code)
                .ok_or("properties.deal_currency_code: is not an ISO 4217 code")?,
            None => match self.currency {
                Some(currency) => currency,
                None => return Ok(None),
            },
        };
        let why = |e: MoneyError| format!("properties.amount: {e}");
        Money::parse_major(&text, currency).map(Some).map_err(why)
    }
}

fn scalar<'a>(path: &str, field: Field<'a>) -> Result<Option<Cow<'a, str>>, String> {
    field.scalar().map_err(|Wrong(why)| format!("{path}: {why}"))
}

fn version_of(kind: Kind, parts: &Parts<'_>, updated_at: Field<'_>) -> Result<i64, String> {
    let modified = parts.modified.instant().map_err(|Wrong(why)| {
        format!("properties.{}: {why}, so versions cannot be told apart", kind.modified())
    })?;
    modified.or_else(|| updated_at.time()).map(Timestamp::as_millis).ok_or_else(|| {
        format!("properties.{}: is missing, so versions cannot be told apart", kind.modified())
    })
}

fn targets<'a>(associated: Option<&Associated<'a>>) -> Vec<String> {
    let results = associated.map(|a| a.results.as_slice()).unwrap_or_default();
    results.iter().filter_map(|target| target.id.reference()).collect()
}

fn push_list(into: &mut Vec<Pii>, field: Field<'_>) {
    let Some(text) = field.text() else { return };
    for part in split_list(&text, ';').map(Pii::new) {
        if !into.contains(&part) {
            into.push(part);
        }
    }
}

fn channel(field: Field<'_>) -> Option<String> {
    field.text().map(|t| t.to_ascii_lowercase())
}

fn address<'a>(
    street: Field<'a>,
    city: Field<'a>,
    region: Field<'a>,
    postal_code: Field<'a>,
    country: Field<'a>,
) -> Address {
    Address {
        street: street.pii(),
        city: city.pii(),
        region: region.string(),
        postal_code: postal_code.pii(),
        country: country.string(),
    }
}

/// An object from a batch read with the associations that were read apart, in the form in which a
/// list has them inline; so a stored payload is the same whichever way it came.
pub(super) fn with_associations(
    json: &str,
    kind: Kind,
    associations: &[BTreeMap<String, Vec<String>>],
) -> String {
    #[derive(Deserialize)]
    struct Id<'a> {
        #[serde(borrow, default)]
        id: Field<'a>,
        #[serde(borrow, default)]
        associations: Field<'a>,
    }
    let id = match read::<Id<'_>>(json) {
        Ok(Id { id, associations }) if associations.json().is_none() => id.reference(),
        _ => None,
    };
    let head = json.trim_end().strip_suffix('}');
    let (Some(id), Some(head)) = (id, head) else { return json.to_owned() };
    let mut inline = serde_json::Map::new();
    for (target, found) in kind.associated().iter().zip(associations) {
        let Some(ids) = found.get(&id).filter(|ids| !ids.is_empty()) else { continue };
        let singular = |name: &str| match name {
            "companies" => "company".to_owned(),
            other => other.trim_end_matches('s').to_owned(),
        };
        let what = format!("{}_to_{}", singular(kind.name()), singular(target));
        let results: Vec<_> =
            ids.iter().map(|id| serde_json::json!({ "id": id, "type": what })).collect();
        inline.insert((*target).to_owned(), serde_json::json!({ "results": results }));
    }
    if inline.is_empty() {
        return json.to_owned();
    }
    format!("{head},\"associations\":{}}}", serde_json::Value::Object(inline))
}
