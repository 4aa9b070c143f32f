//! Ties of people: households and employments, formed again where a derivation changed something.
//!
//! Two rounds, so that every change is known before any household is formed: first the keys and
//! employments of the derived profiles, which marks whoever shares a key with them; then the
//! households of the marked people, together with everybody they could live with. Each commit takes
//! off the marks it has dealt with, so a run that ends anywhere is gone on with by the next.

use crate::{JobError, Jobs, lease};
use domain::{HouseholdId, ProfileId, ProfileKind, Timestamp};
use identity::employment::{Employer, RecordHistory, Revision, changed_at, employments};
use identity::household::{
    CompanyFacts, Crowd, Crowds, HouseholdKey, HouseholdMember, HouseholdRules, MODEL, PersonFacts,
    households, name_key,
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use store::Lease;
use store::employment::{EmploymentRow, StatedEmployer, StatedHistory};
use store::household::{HouseholdPart, StoredHousehold, StoredHouseholdMember};
use store::ties::{CrowdLimits, KeyChange, TieChange, TieFacts, TieKey};

/// What forming households did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HouseholdReport {
    /// People looked at.
    pub people: u64,
    /// Households that they form.
    pub formed: u64,
    /// Groups too large to be a household.
    pub oversized: u64,
}

/// Which model and settings the households were formed by.
const FORMED_BY: &str = "derive.households";

fn limits(rules: &HouseholdRules) -> CrowdLimits {
    CrowdLimits { names_max: rules.names_max, people_max: rules.people_max() }
}

impl Jobs {
    /// Brings households and employments up to date; with `full`, or when the model or its settings
    /// changed, all of them. The outcome is the same.
    pub(crate) async fn derive_ties(
        &self,
        lease: &Lease,
        full: bool,
    ) -> Result<HouseholdReport, JobError> {
        let rules = self.identity.household;
        let word = format!("{MODEL} {rules:?}");
        if full || self.store.find_setting(FORMED_BY).await?.as_deref() != Some(&word) {
            self.store.mark_all_ties().await?;
            // Once everything is marked, an interrupted run goes on where it stopped.
            self.store.put_setting(FORMED_BY, &word).await?;
        }
        let batch = self.options.derive_batch as u64;
        loop {
            self.stop_if_cancelled()?;
            let dirty = self.store.load_dirty_ties(batch).await?;
            if dirty.is_empty() {
                break;
            }
            let changes = self.tie_changes(&dirty).await?;
            let now = lease::now(self);
            self.store.commit_ties(lease, &changes, limits(&rules), now).await?;
        }
        let mut report = HouseholdReport::default();
        loop {
            self.stop_if_cancelled()?;
            let dirty = self.store.load_dirty_households(batch).await?;
            if dirty.is_empty() {
                break;
            }
            let seeds: Vec<ProfileId> = dirty.iter().map(|(id, _)| *id).collect();
            self.form_households(lease, &seeds, &mut report).await?;
        }
        if report.people > 0 {
            let HouseholdReport { people, formed, oversized } = report;
            tracing::info!(people, formed, oversized, "households formed");
        }
        Ok(report)
    }

    fn stop_if_cancelled(&self) -> Result<(), JobError> {
        if self.cancel.is_cancelled() { Err(JobError::Stopped) } else { Ok(()) }
    }

    async fn tie_changes(&self, dirty: &[(ProfileId, i64)]) -> Result<Vec<TieChange>, JobError> {
        let ids: Vec<ProfileId> = dirty.iter().map(|(id, _)| *id).collect();
        let facts = self.store.load_tie_facts(&ids).await?;
        let hashes = self.store.load_tie_hashes(&ids).await?;
        let people: Vec<ProfileId> = ids
            .iter()
            .filter(|id| facts.get(id).is_some_and(|f| f.kind == ProfileKind::Person))
            .copied()
            .collect();
        let mut employments = self.employments(&people).await?;
        Ok(dirty
            .iter()
            .map(|(profile, mark)| TieChange {
                profile: *profile,
                mark: *mark,
                keys: key_change(*profile, facts.get(profile), hashes.get(profile).copied()),
                employments: employments.remove(profile).unwrap_or_default(),
            })
            .collect())
    }

    async fn employments(
        &self,
        people: &[ProfileId],
    ) -> Result<HashMap<ProfileId, Vec<EmploymentRow>>, JobError> {
        let stated = self.store.load_employers(people).await?;
        let employers = stated.values().flatten().flat_map(|h| &h.revisions);
        let written = employers.flat_map(|r| &r.employers).filter(|e| e.company.is_none());
        let names: HashSet<i64> = written.filter_map(|e| name_key(e.name.as_deref()?)).collect();
        let names: Vec<i64> = names.into_iter().collect();
        let companies = self.store.load_companies_named(&names).await?;
        Ok(stated
            .into_iter()
            .map(|(person, records)| {
                let histories: Vec<RecordHistory> =
                    records.into_iter().map(|record| history(record, &companies)).collect();
                let rows = employments(&histories).into_iter().map(|e| EmploymentRow {
                    company: e.employer.company,
                    name: e.employer.name,
                    name_key: e.employer.name_key,
                    from: e.from,
                    to: e.to,
                    records: e.records,
                });
                (person, rows.collect())
            })
            .collect())
    }

    async fn form_households(
        &self,
        lease: &Lease,
        seeds: &[ProfileId],
        report: &mut HouseholdReport,
    ) -> Result<(), JobError> {
        let rules = self.identity.household;
        let part = self.store.load_household_part(seeds, limits(&rules)).await?;
        let facts = self.store.load_tie_facts(&part.people).await?;
        let people: Vec<HouseholdMember> = facts
            .into_iter()
            .filter(|(_, facts)| facts.kind == ProfileKind::Person)
            .map(|(id, facts)| member(id, facts))
            .collect();
        let crowds: Crowds = part
            .crowds
            .iter()
            .map(|(key, c)| {
                let (names, people, office, suite) = (c.names, c.people, c.office, c.suite);
                (*key, Crowd { names, people, office, suite })
            })
            .collect();
        let previous: HashMap<ProfileId, HouseholdId> =
            part.previous.iter().map(|(person, (id, _))| (*person, *id)).collect();
        let taken = self.taken_ids(&part.people).await?;
        let found = households(&people, &crowds, &previous, |id| taken.contains(&id), &rules);
        let now = lease::now(self);
        let formed: Vec<StoredHousehold> =
            found.formed.iter().map(|household| stored(household, &part, now)).collect();
        self.store.commit_households(lease, &part, &formed, now).await?;
        report.people += people.len() as u64;
        report.formed += formed.len() as u64;
        report.oversized += found.oversized as u64;
        Ok(())
    }

    /// Of the ids that the people could found households under, those in use.
    async fn taken_ids(&self, people: &[ProfileId]) -> Result<HashSet<HouseholdId>, JobError> {
        let mut taken = HashSet::new();
        let mut founders = people.to_vec();
        for attempt in 0.. {
            let id = |person: &ProfileId| HouseholdId::founded_by(*person, attempt);
            let ids: Vec<HouseholdId> = founders.iter().map(id).collect();
            let living = self.store.load_living_households(&ids).await?;
            founders.retain(|person| living.contains(&id(person)));
            taken.extend(living);
            if founders.is_empty() {
                break;
            }
        }
        Ok(taken)
    }
}

fn member(profile: ProfileId, facts: TieFacts) -> HouseholdMember {
    let facts = PersonFacts {
        first_seen_ms: facts.first_seen_ms,
        display_name: facts.display_name,
        family_name: facts.family_name,
        address: facts.address,
        phones: facts.phones,
        emails: facts.emails,
        employers: facts.employers,
    };
    HouseholdMember::new(profile, &facts)
}

/// A profile's keys, if they are not those that `hash` was made of.
fn key_change(
    profile: ProfileId,
    facts: Option<&TieFacts>,
    hash: Option<i64>,
) -> Option<KeyChange> {
    let Some(facts) = facts else {
        return Some(KeyChange { hash: None, keys: Vec::new(), is_company: false });
    };
    let is_company = facts.kind == ProfileKind::Company;
    let (now, keys) = if is_company {
        let company = CompanyFacts {
            addresses: facts.addresses.clone(),
            phones: facts.phones.clone(),
            emails: facts.emails.clone(),
            names: facts.names.clone(),
        };
        (company.fingerprint(), company.keys())
    } else {
        let person = member(profile, facts.clone());
        (person.fingerprint(), person.keys())
    };
    let key = |k: HouseholdKey| TieKey { key: k.key, role: k.role as i64, name: k.name };
    (hash != Some(now)).then(|| KeyChange {
        hash: Some(now),
        keys: keys.into_iter().map(key).collect(),
        is_company,
    })
}

/// A record's revisions with their dates.
fn history(stated: StatedHistory, companies: &HashMap<i64, ProfileId>) -> RecordHistory {
    let mut revisions: Vec<Revision> = Vec::with_capacity(stated.revisions.len());
    for revision in stated.revisions {
        let from = match revisions.last() {
            // What the oldest known revision says holds since the record was created.
            None => stated.created,
            Some(before) => changed_at(revision.version, revision.observed, Some(before.from)),
        };
        revisions.push(Revision { from, employers: employers(revision.employers, companies) });
    }
    RecordHistory { record: stated.record, source: stated.source, revisions }
}

/// The companies that a record points at; the name that it writes only where it points at none.
fn employers(stated: Vec<StatedEmployer>, companies: &HashMap<i64, ProfileId>) -> Vec<Employer> {
    let (linked, written): (Vec<_>, Vec<_>) = stated.into_iter().partition(|e| e.linked);
    let known: Vec<Employer> = linked.into_iter().filter_map(|e| employer(e, companies)).collect();
    if known.is_empty() {
        return written.into_iter().filter_map(|e| employer(e, companies)).collect();
    }
    known
}

fn employer(stated: StatedEmployer, companies: &HashMap<i64, ProfileId>) -> Option<Employer> {
    let name = stated.name.map(|n| n.trim().to_owned()).filter(|n| !n.is_empty());
    if stated.company.is_some() {
        return Some(Employer { company: stated.company, name_key: None, name });
    }
    // A company's record that is gone, or never came, may be known by its name.
    let key = name_key(name.as_deref()?)?;
    Some(Employer { company: companies.get(&key).copied(), name_key: Some(key), name })
}

fn stored(
    household: &identity::household::Household,
    part: &HouseholdPart,
    now: Timestamp,
) -> StoredHousehold {
    let members = household.members.iter().map(|m| {
        let before = part.previous.get(&m.person).filter(|(id, _)| *id == household.id);
        StoredHouseholdMember {
            person: m.person,
            since: before.map_or(now, |(_, since)| *since),
            with: m.with,
            weight: m.weight,
            evidence: serde_json::to_string(&m.evidence).unwrap_or_else(|_| "[]".to_owned()),
        }
    });
    StoredHousehold {
        id: household.id,
        name: household.name.clone(),
        address: household.address.clone(),
        founded: part.founded.get(&household.id).copied().unwrap_or(now),
        members: members.collect(),
    }
}
