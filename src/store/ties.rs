//! Ties of profiles: what households and employments are derived from, and the marks of what must
//! be looked at again.
//!
//! Owns the keys under which people who may live together meet, and who is to be looked at when a
//! profile's keys change. Refuses to compare people: `identity` does.
//!
//! Two marks, so that every change is known before any household is formed: `dirty_tie` is set when
//! a profile is derived; taking it off writes the profile's keys and employments and sets
//! `dirty_household` on everybody whom the change could touch.

use crate::derive::Derived;
use crate::employment::EmploymentRow;
use crate::lease::{Lease, extend};
use crate::rows::json;
use crate::sql::{insert, map, run};
use crate::{Backend, Store, StoreError};
use domain::{Address, Pii, ProfileId, ProfileKind, Timestamp};
use entity::{employment, household_facts, household_key};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What is known of a profile that households and employments depend on.
#[derive(Clone, Debug)]
pub struct TieFacts {
    /// Person or company.
    pub kind: ProfileKind,
    /// First known, in milliseconds since 1970.
    pub first_seen_ms: i64,
    /// Golden name.
    pub display_name: Option<Pii>,
    /// Golden family name.
    pub family_name: Option<Pii>,
    /// Golden address.
    pub address: Address,
    /// Of a company: the addresses of all its records.
    pub addresses: Vec<Address>,
    /// Phone numbers of all its records, in E.164.
    pub phones: Vec<Pii>,
    /// E-mail addresses of all its records, in normal form.
    pub emails: Vec<Pii>,
    /// Of a company: normalised names of all its records.
    pub names: Vec<Pii>,
    /// Of a person: companies.
    pub employers: Vec<ProfileId>,
}

/// A key of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TieKey {
    /// Hash of kind and value.
    pub key: i64,
    /// 0 a person, 1 an office, 2 a suite of the house, 3 the name of a company.
    pub role: i64,
    /// Hash of the family name; 0 if unknown, and for companies.
    pub name: i64,
}

/// A profile's keys as they are now.
#[derive(Clone, Debug)]
pub struct KeyChange {
    /// Hash of what they were made of; `None` when the profile no longer lives.
    pub hash: Option<i64>,
    /// The keys.
    pub keys: Vec<TieKey>,
    /// Whether it is a company.
    pub is_company: bool,
}

/// What taking off one mark writes.
#[derive(Clone, Debug)]
pub struct TieChange {
    /// The profile.
    pub profile: ProfileId,
    /// The mark that was read.
    pub mark: i64,
    /// Its keys, if they changed.
    pub keys: Option<KeyChange>,
    /// Its employments, which replace the stored ones.
    pub employments: Vec<EmploymentRow>,
}

/// From how many carriers on a key says nothing.
#[derive(Clone, Copy, Debug)]
pub struct CrowdLimits {
    /// Family names.
    pub names_max: usize,
    /// People.
    pub people_max: usize,
}

/// Who carries a key. Counts stop above the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredCrowd {
    /// Distinct family names among the people.
    pub names: usize,
    /// People.
    pub people: usize,
    /// Whether a company has it as its own.
    pub office: bool,
    /// Whether a company has a part of the house.
    pub suite: bool,
}

impl StoredCrowd {
    pub(crate) const fn is_small(self, limits: CrowdLimits) -> bool {
        !self.office && self.names <= limits.names_max && self.people <= limits.people_max
    }
}

/// Marks the ties of derived profiles.
pub(crate) async fn mark(
    store: &Store,
    tx: &DatabaseTransaction,
    derived: &[Derived],
) -> Result<(), StoreError> {
    let ids = derived
        .iter()
        .filter(|d| d.contributor.what == crate::derive::Contributor::Profile)
        .map(|d| d.contributor.id);
    let sql = format!(
        "INSERT INTO dirty_tie (profile_id, mark) SELECT k.id, 1 FROM {} WHERE true \
         ON CONFLICT (profile_id) DO UPDATE SET mark = dirty_tie.mark + 1",
        store.backend.id_rows(1)
    );
    run(tx, store.statement(sql, vec![store.backend.ids(ids)])).await?;
    Ok(())
}

/// Takes off marks that were not set again meanwhile.
pub(crate) async fn unmark(
    store: &Store,
    tx: &DatabaseTransaction,
    table: &str,
    marks: impl Iterator<Item = (ProfileId, i64)>,
) -> Result<(), StoreError> {
    let marks: Vec<[i64; 2]> = marks.map(|(id, mark)| [id.0, mark]).collect();
    let pairs = match store.backend {
        Backend::Sqlite => {
            "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1)"
        }
        Backend::Postgres => {
            "SELECT (value->>0)::bigint, (value->>1)::bigint FROM json_array_elements($1::text::json)"
        }
    };
    let sql = format!("DELETE FROM {table} WHERE (profile_id, mark) IN ({pairs})");
    run(tx, store.statement(sql, vec![json(&marks).into()])).await?;
    Ok(())
}

/// Who carries the given keys.
pub(crate) async fn crowds(
    store: &Store,
    on: &impl ConnectionTrait,
    keys: impl IntoIterator<Item = i64>,
    limits: CrowdLimits,
) -> Result<Vec<(i64, StoredCrowd)>, StoreError> {
    // One more than what still counts: a key of a million people costs no more than one of fifty.
    let people = "FROM (SELECT name_hash FROM household_key h WHERE h.key_hash = k.id AND h.role = 0 LIMIT $2) c";
    let has = |role: u8| {
        format!(
            "CAST(CASE WHEN EXISTS (SELECT 1 FROM household_key h WHERE h.key_hash = k.id \
             AND h.role = {role}) THEN 1 ELSE 0 END AS BIGINT)"
        )
    };
    let sql = format!(
        "SELECT k.id AS key_hash, (SELECT COUNT(DISTINCT name_hash) {people}) AS names, \
         (SELECT COUNT(*) {people}) AS people, {} AS office, {} AS suite FROM {}",
        has(1),
        has(2),
        store.backend.id_rows(1)
    );
    let most = (limits.people_max as i64).saturating_add(1);
    let values = vec![store.backend.ids(keys), most.into()];
    map(on, store.statement(sql, values), |r| {
        let count = |column| r.try_get::<i64>("", column).map(|n| n.max(0) as usize);
        Ok((
            r.try_get("", "key_hash")?,
            StoredCrowd {
                names: count("names")?,
                people: count("people")?,
                office: count("office")? == 1,
                suite: count("suite")? == 1,
            },
        ))
    })
    .await
}

impl Store {
    /// Marks the ties of every profile and every household: all are looked at again.
    ///
    /// # Errors
    /// Database errors.
    pub async fn mark_all_ties(&self) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        for (table, select) in [
            ("dirty_tie", "SELECT id FROM profile UNION SELECT profile_id FROM household_facts"),
            (
                "dirty_household",
                "SELECT DISTINCT profile_id AS id FROM household_key WHERE role = 0 \
                 UNION SELECT profile_id FROM household_member",
            ),
        ] {
            let sql = format!(
                "INSERT INTO {table} (profile_id, mark) SELECT id, 1 FROM ({select}) a WHERE true \
                 ON CONFLICT (profile_id) DO UPDATE SET mark = {table}.mark + 1"
            );
            run(&tx, self.statement(sql, vec![])).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Profiles whose ties must be looked at again, with their marks; at most `limit`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_dirty_ties(&self, limit: u64) -> Result<Vec<(ProfileId, i64)>, StoreError> {
        self.marks("SELECT profile_id, mark FROM dirty_tie ORDER BY profile_id LIMIT $1", limit)
            .await
    }

    pub(crate) async fn marks(
        &self,
        sql: &str,
        limit: u64,
    ) -> Result<Vec<(ProfileId, i64)>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        map(self.reader(), self.statement(sql, vec![limit.into()]), |r| {
            Ok((ProfileId(r.try_get("", "profile_id")?), r.try_get("", "mark")?))
        })
        .await
    }

    /// What is known of the profiles among `ids` that live, in a fixed number of statements.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_tie_facts(
        &self,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, TieFacts>, StoreError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let keys = || vec![self.backend.ids(ids.iter().map(|id| id.0))];
        let id_in = |column: &str| self.backend.id_in(column, 1);
        let sql = format!(
            "SELECT id, kind, display_name, first_seen_at_ms FROM profile WHERE {}",
            id_in("id")
        );
        let rows = map(self.reader(), self.statement(sql, keys()), |r| {
            let kind: String = r.try_get("", "kind")?;
            Ok((
                ProfileId(r.try_get("", "id")?),
                ProfileKind::parse(&kind),
                r.try_get::<Option<String>>("", "display_name")?,
                r.try_get("", "first_seen_at_ms")?,
            ))
        })
        .await?;
        let mut found = HashMap::with_capacity(rows.len());
        for (id, kind, name, first_seen_ms) in rows {
            let kind = kind.ok_or(StoreError::Corrupt { what: "profile.kind" })?;
            let facts = TieFacts {
                kind,
                first_seen_ms,
                display_name: name.map(Pii::new),
                family_name: None,
                address: Address::default(),
                addresses: Vec::new(),
                phones: Vec::new(),
                emails: Vec::new(),
                names: Vec::new(),
                employers: Vec::new(),
            };
            found.insert(id, facts);
        }
        let sql = format!(
            "SELECT profile_id, field, value FROM profile_field WHERE {} AND field IN \
             ('family_name', 'street', 'city', 'region', 'postal_code', 'country')",
            id_in("profile_id")
        );
        for (id, field, value) in self.texts(sql, keys()).await? {
            let Some(facts) = found.get_mut(&id) else { continue };
            match field.as_str() {
                "family_name" => facts.family_name = Some(Pii::new(value)),
                "street" => facts.address.street = Some(Pii::new(value)),
                "city" => facts.address.city = Some(Pii::new(value)),
                "region" => facts.address.region = Some(value),
                "postal_code" => facts.address.postal_code = Some(Pii::new(value)),
                _ => facts.address.country = Some(value),
            }
        }
        let sql = format!(
            "SELECT DISTINCT m.profile_id, i.kind AS field, i.value FROM profile_member m JOIN identifier i \
             ON i.record_id = m.record_id AND i.entity = m.kind WHERE {} \
             AND i.kind IN ('phone', 'email', 'company_name') ORDER BY m.profile_id, i.kind, i.value",
            id_in("m.profile_id")
        );
        for (id, kind, value) in self.texts(sql, keys()).await? {
            let Some(facts) = found.get_mut(&id) else { continue };
            match kind.as_str() {
                "phone" => facts.phones.push(Pii::new(value)),
                "email" => facts.emails.push(Pii::new(value)),
                _ => facts.names.push(Pii::new(value)),
            }
        }
        let sql = format!(
            "SELECT person_id, company_id FROM profile_link WHERE {} ORDER BY person_id, company_id",
            id_in("person_id")
        );
        let links = map(self.reader(), self.statement(sql, keys()), |r| {
            Ok((ProfileId(r.try_get("", "person_id")?), ProfileId(r.try_get("", "company_id")?)))
        })
        .await?;
        for (person, company) in links {
            if let Some(facts) = found.get_mut(&person) {
                facts.employers.push(company);
            }
        }
        let sql = format!(
            "SELECT m.profile_id, c.street, c.city, c.region, c.postal_code, c.country \
             FROM profile_member m JOIN company c ON c.record_id = m.record_id \
             WHERE m.kind = 'company' AND {} ORDER BY m.record_id",
            id_in("m.profile_id")
        );
        let offices = map(self.reader(), self.statement(sql, keys()), |r| {
            let pii = |column| r.try_get::<Option<String>>("", column).map(|v| v.map(Pii::new));
            let address = Address {
                street: pii("street")?,
                city: pii("city")?,
                region: r.try_get("", "region")?,
                postal_code: pii("postal_code")?,
                country: r.try_get("", "country")?,
            };
            Ok((ProfileId(r.try_get("", "profile_id")?), address))
        })
        .await?;
        for (company, address) in offices {
            if let Some(facts) = found.get_mut(&company) {
                facts.addresses.push(address);
            }
        }
        Ok(found)
    }

    async fn texts(
        &self,
        sql: String,
        values: Vec<sea_orm::Value>,
    ) -> Result<Vec<(ProfileId, String, String)>, StoreError> {
        map(self.reader(), self.statement(sql, values), |r| {
            Ok((
                ProfileId(r.try_get("", "profile_id")?),
                r.try_get("", "field")?,
                r.try_get("", "value")?,
            ))
        })
        .await
    }

    /// Of what the keys of the given profiles were made.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_tie_hashes(
        &self,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, i64>, StoreError> {
        let sql = format!(
            "SELECT profile_id, hash FROM household_facts WHERE {}",
            self.backend.id_in("profile_id", 1)
        );
        let values = vec![self.backend.ids(ids.iter().map(|id| id.0))];
        let rows = map(self.reader(), self.statement(sql, values), |r| {
            Ok((ProfileId(r.try_get("", "profile_id")?), r.try_get("", "hash")?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// Commits the ties of some profiles: their keys and employments are replaced, whoever the
    /// change could touch is marked, and marks that were not set again meanwhile are taken off.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn commit_ties(
        &self,
        lease: &Lease,
        changes: &[TieChange],
        limits: CrowdLimits,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        extend(self, &tx, lease, now).await?;
        let write = Write { store: self, tx: &tx, limits };
        write.keys(changes).await?;
        write.employments(changes).await?;
        unmark(self, &tx, "dirty_tie", changes.iter().map(|c| (c.profile, c.mark))).await?;
        tx.commit().await?;
        Ok(())
    }
}

struct Write<'a> {
    store: &'a Store,
    tx: &'a DatabaseTransaction,
    limits: CrowdLimits,
}

impl Write<'_> {
    async fn keys(&self, changes: &[TieChange]) -> Result<(), StoreError> {
        let changed: Vec<(ProfileId, &KeyChange)> =
            changes.iter().filter_map(|c| Some((c.profile, c.keys.as_ref()?))).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let s = self.store;
        let ids = || s.backend.ids(changed.iter().map(|(id, _)| id.0));
        let sql = format!(
            "SELECT profile_id, key_hash, role FROM household_key WHERE {}",
            s.backend.id_in("profile_id", 1)
        );
        let old = map(self.tx, s.statement(sql, vec![ids()]), |r| {
            Ok((
                r.try_get::<i64>("", "profile_id")?,
                r.try_get("", "key_hash")?,
                r.try_get("", "role")?,
            ))
        })
        .await?;
        let (mut people, mut offices, mut names) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut companies: HashSet<i64> =
            changed.iter().filter(|(_, c)| c.is_company).map(|(id, _)| id.0).collect();
        companies.extend(old.iter().filter(|(_, _, role)| *role > 0).map(|(id, ..)| *id));
        let new = changed.iter().flat_map(|(_, c)| c.keys.iter().map(|k| (k.key, k.role)));
        for (key, role) in old.iter().map(|(_, key, role)| (*key, *role)).chain(new) {
            match role {
                0 => people.insert(key),
                3 => names.insert(key),
                _ => offices.insert(key),
            };
        }
        // Whoever shares a key that says something, before the change or after it. A key that says
        // nothing before and after is left alone, so a crowd does not wake with each newcomer. A
        // company wakes the whole house: its flats are judged by the house.
        self.mark_small(&people).await?;
        self.mark_carriers(&offices).await?;
        let sql = format!("DELETE FROM household_key WHERE {}", s.backend.id_in("profile_id", 1));
        run(self.tx, s.statement(sql, vec![ids()])).await?;
        let rows = changed
            .iter()
            .flat_map(|(id, change)| change.keys.iter().map(move |key| (id.0, key)))
            .map(|(profile_id, key)| household_key::Model {
                key_hash: key.key,
                role: key.role,
                name_hash: key.name,
                profile_id,
            })
            .collect();
        crate::sql::insert_or_ignore::<household_key::Entity, _>(self.tx, rows).await?;
        self.mark_small(&people).await?;
        let sql = format!("DELETE FROM household_facts WHERE {}", s.backend.id_in("profile_id", 1));
        run(self.tx, s.statement(sql, vec![ids()])).await?;
        let rows = changed
            .iter()
            .filter_map(|(id, change)| {
                Some(household_facts::Model { profile_id: id.0, hash: change.hash? })
            })
            .collect();
        insert::<household_facts::Entity, _>(self.tx, rows, None).await?;
        let themselves = changed.iter().map(|(id, _)| id.0).filter(|id| !companies.contains(id));
        let sql = format!(
            "INSERT INTO dirty_household (profile_id, mark) SELECT k.id, 1 FROM {} WHERE true \
             ON CONFLICT (profile_id) DO UPDATE SET mark = dirty_household.mark + 1",
            s.backend.id_rows(1)
        );
        run(self.tx, s.statement(sql, vec![s.backend.ids(themselves)])).await?;
        self.mark_employees(&companies, &names).await
    }

    /// Marks the people who carry one of the keys that few carry.
    async fn mark_small(&self, keys: &BTreeSet<i64>) -> Result<(), StoreError> {
        let crowds = crowds(self.store, self.tx, keys.iter().copied(), self.limits).await?;
        let small = crowds.into_iter().filter(|(_, crowd)| crowd.is_small(self.limits));
        self.mark_carriers(&small.map(|(key, _)| key).collect()).await
    }

    async fn mark_carriers(&self, keys: &BTreeSet<i64>) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO dirty_household (profile_id, mark) SELECT DISTINCT profile_id, 1 \
             FROM household_key WHERE role = 0 AND {} \
             ON CONFLICT (profile_id) DO UPDATE SET mark = dirty_household.mark + 1",
            self.store.backend.id_in("key_hash", 1)
        );
        let values = vec![self.store.backend.ids(keys.iter().copied())];
        run(self.tx, self.store.statement(sql, values)).await?;
        Ok(())
    }

    /// Marks the people who name as employer a company that came, went or changed its name.
    async fn mark_employees(
        &self,
        companies: &HashSet<i64>,
        names: &BTreeSet<i64>,
    ) -> Result<(), StoreError> {
        if companies.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO dirty_tie (profile_id, mark) SELECT person_id, 1 FROM ( \
             SELECT person_id FROM employment WHERE company_id IS NOT NULL AND {} \
             UNION SELECT person_id FROM employment WHERE name_hash IS NOT NULL AND {}) named \
             WHERE true ON CONFLICT (profile_id) DO UPDATE SET mark = dirty_tie.mark + 1",
            self.store.backend.id_in("company_id", 1),
            self.store.backend.id_in("name_hash", 2)
        );
        let backend = self.store.backend;
        let values =
            vec![backend.ids(companies.iter().copied()), backend.ids(names.iter().copied())];
        run(self.tx, self.store.statement(sql, values)).await?;
        Ok(())
    }

    async fn employments(&self, changes: &[TieChange]) -> Result<(), StoreError> {
        let s = self.store;
        let ids = s.backend.ids(changes.iter().map(|c| c.profile.0));
        let sql = format!("DELETE FROM employment WHERE {}", s.backend.id_in("person_id", 1));
        run(self.tx, s.statement(sql, vec![ids])).await?;
        let rows = changes
            .iter()
            .flat_map(|change| {
                change.employments.iter().zip(1..).map(move |(row, seq)| (change, row, seq))
            })
            .map(|(change, row, seq)| employment::Model {
                person_id: change.profile.0,
                seq,
                company_id: row.company.map(|id| id.0),
                company_name: row.name.clone(),
                name_hash: row.name_key,
                from_ms: row.from.as_millis(),
                to_ms: row.to.map(Timestamp::as_millis),
                records: json(&row.records),
            })
            .collect();
        insert::<employment::Entity, _>(self.tx, rows, None::<OnConflict>).await
    }
}
