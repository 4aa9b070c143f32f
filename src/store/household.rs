//! What forming households reads and writes.
//!
//! Owns the search for everybody whom a changed person could live with, and how households are
//! replaced. Refuses to decide who lives together: `identity` does.

use crate::lease::{Lease, extend};
use crate::sql::{insert, map, run};
use crate::ties::{CrowdLimits, StoredCrowd, crowds, unmark};
use crate::{Store, StoreError};
use domain::{Address, HouseholdId, Pii, ProfileId, Timestamp};
use entity::{household, household_member};
use std::collections::{BTreeSet, HashMap, HashSet};

/// People who share nothing with anybody else, with what forming their households needs.
#[derive(Clone, Debug, Default)]
pub struct HouseholdPart {
    /// The people, by id; some may be gone.
    pub people: Vec<ProfileId>,
    /// Who carries their keys.
    pub crowds: Vec<(i64, StoredCrowd)>,
    /// The household of each person that has one, and since when.
    pub previous: HashMap<ProfileId, (HouseholdId, Timestamp)>,
    /// When those households were founded.
    pub founded: HashMap<HouseholdId, Timestamp>,
    /// Marks among the people.
    pub marks: Vec<(ProfileId, i64)>,
}

/// A household to store.
#[derive(Clone, Debug)]
pub struct StoredHousehold {
    /// Its id.
    pub id: HouseholdId,
    /// Family name.
    pub name: Option<Pii>,
    /// Address.
    pub address: Address,
    /// When we first found it.
    pub founded: Timestamp,
    /// Its members.
    pub members: Vec<StoredHouseholdMember>,
}

/// A member to store.
#[derive(Clone, Debug)]
pub struct StoredHouseholdMember {
    /// The person.
    pub person: ProfileId,
    /// Since when we know.
    pub since: Timestamp,
    /// The other member that the person fits best.
    pub with: ProfileId,
    /// Log2 odds that the two live together.
    pub weight: f64,
    /// Evidence as JSON.
    pub evidence: String,
}

impl Store {
    /// People whose household must be formed again, with their marks; at most `limit`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_dirty_households(
        &self,
        limit: u64,
    ) -> Result<Vec<(ProfileId, i64)>, StoreError> {
        let sql = "SELECT profile_id, mark FROM dirty_household ORDER BY profile_id LIMIT $1";
        self.marks(sql, limit).await
    }

    /// Everybody whom the given people could live with, or live with, and so on to the end: those
    /// who share a key that few carry, and those of the same household.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_household_part(
        &self,
        seeds: &[ProfileId],
        limits: CrowdLimits,
    ) -> Result<HouseholdPart, StoreError> {
        let mut found: BTreeSet<i64> = seeds.iter().map(|id| id.0).collect();
        let mut frontier: Vec<i64> = found.iter().copied().collect();
        let mut seen: HashSet<i64> = HashSet::new();
        let mut part = HouseholdPart::default();
        let id = |r: &sea_orm::QueryResult| r.try_get::<i64>("", "id");
        while !frontier.is_empty() {
            let people = self.backend.ids(frontier.iter().copied());
            let sql = format!(
                "SELECT DISTINCT key_hash AS id FROM household_key WHERE role = 0 AND {}",
                self.backend.id_in("profile_id", 1)
            );
            let keys = map(self.reader(), self.statement(sql, vec![people.clone()]), id).await?;
            let keys: Vec<i64> = keys.into_iter().filter(|key| seen.insert(*key)).collect();
            let counted = crowds(self, self.reader(), keys, limits).await?;
            let small = counted.iter().filter(|(_, c)| c.is_small(limits)).map(|(key, _)| *key);
            let small = self.backend.ids(small);
            part.crowds.extend(counted);
            let sql = format!(
                "SELECT profile_id AS id FROM household_key WHERE role = 0 AND {} \
                 UNION SELECT b.profile_id FROM household_member a JOIN household_member b \
                 ON b.household_id = a.household_id WHERE {}",
                self.backend.id_in("key_hash", 1),
                self.backend.id_in("a.profile_id", 2)
            );
            let next = map(self.reader(), self.statement(sql, vec![small, people]), id).await?;
            frontier = next.into_iter().filter(|id| found.insert(*id)).collect();
        }
        let people = || vec![self.backend.ids(found.iter().copied())];
        let sql = format!(
            "SELECT m.profile_id, m.household_id, m.since_ms, h.founded_at_ms FROM household_member m \
             JOIN household h ON h.id = m.household_id WHERE {}",
            self.backend.id_in("m.profile_id", 1)
        );
        let rows = map(self.reader(), self.statement(sql, people()), |r| {
            Ok((
                ProfileId(r.try_get("", "profile_id")?),
                HouseholdId(r.try_get("", "household_id")?),
                Timestamp::from_millis(r.try_get("", "since_ms")?),
                Timestamp::from_millis(r.try_get("", "founded_at_ms")?),
            ))
        })
        .await?;
        for (person, household, since, founded) in rows {
            part.previous.insert(person, (household, since));
            part.founded.insert(household, founded);
        }
        let sql = format!(
            "SELECT profile_id, mark FROM dirty_household WHERE {}",
            self.backend.id_in("profile_id", 1)
        );
        part.marks = map(self.reader(), self.statement(sql, people()), |r| {
            Ok((ProfileId(r.try_get("", "profile_id")?), r.try_get("", "mark")?))
        })
        .await?;
        part.people = found.into_iter().map(ProfileId).collect();
        Ok(part)
    }

    /// Which of the given ids are those of households.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_living_households(
        &self,
        ids: &[HouseholdId],
    ) -> Result<HashSet<HouseholdId>, StoreError> {
        let sql = format!("SELECT id FROM household WHERE {}", self.backend.id_in("id", 1));
        let values = vec![self.backend.ids(ids.iter().map(|id| id.0))];
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            Ok(HouseholdId(r.try_get("", "id")?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// Commits the households of a part: they replace those its people had, and marks that were
    /// not set again meanwhile are taken off.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn commit_households(
        &self,
        lease: &Lease,
        part: &HouseholdPart,
        formed: &[StoredHousehold],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        extend(self, &tx, lease, now).await?;
        let people = self.backend.ids(part.people.iter().map(|id| id.0));
        let sql =
            format!("DELETE FROM household_member WHERE {}", self.backend.id_in("profile_id", 1));
        run(&tx, self.statement(sql, vec![people])).await?;
        let old = self.backend.ids(part.founded.keys().map(|id| id.0));
        let sql = format!("DELETE FROM household WHERE {}", self.backend.id_in("id", 1));
        run(&tx, self.statement(sql, vec![old])).await?;
        let rows = formed
            .iter()
            .map(|h| {
                let pii = |value: &Option<Pii>| value.as_ref().map(|v| v.expose().to_owned());
                household::Model {
                    id: h.id.0,
                    name: pii(&h.name),
                    street: pii(&h.address.street),
                    city: pii(&h.address.city),
                    region: h.address.region.clone(),
                    postal_code: pii(&h.address.postal_code),
                    country: h.address.country.clone(),
                    size: h.members.len() as i64,
                    founded_at_ms: h.founded.as_millis(),
                }
            })
            .collect();
        insert::<household::Entity, _>(&tx, rows, None).await?;
        let rows = formed
            .iter()
            .flat_map(|h| h.members.iter().map(move |m| (h.id, m)))
            .map(|(household, m)| household_member::Model {
                profile_id: m.person.0,
                household_id: household.0,
                since_ms: m.since.as_millis(),
                with_id: m.with.0,
                weight: m.weight,
                evidence: m.evidence.clone(),
            })
            .collect();
        insert::<household_member::Entity, _>(&tx, rows, None).await?;
        unmark(self, &tx, "dirty_household", part.marks.iter().copied()).await?;
        tx.commit().await?;
        Ok(())
    }
}
