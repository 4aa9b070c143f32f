//! What derivation reads and writes: the facts of profiles in, golden fields, history, numbers and
//! rollup cells out.
//!
//! Owns which records concern a profile and for which profile each counts. Refuses the arithmetic:
//! `identity`, `lifecycle` and `metrics` do that.

use crate::lease::{Lease, extend};
use crate::rows::{FromRow, json};
use crate::sql::{all, insert, map, run};
use crate::{Store, StoreError};
use domain::{
    Canonical, CanonicalKind, Company, Contact, Deal, Fact, Invoice, Link, LinkRole, Payment,
    ProfileFacts, ProfileId, ProfileKind, RecordId, RecordKey, Refund, Spend, Stage, StageOverride,
    Subscription, SurveyResponse, Ticket, Timestamp, Touchpoint, Transition,
};
use entity::{
    profile, profile_fact, profile_field, profile_link, profile_numbers, rollup_part,
    stage_transition,
};
use sea_orm::FromQueryResult;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Something whose derived state must be computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirtyContributor {
    /// A profile's id, or a spend record's.
    pub id: i64,
    /// Whether it is a spend record.
    pub is_spend: bool,
    /// Its mark.
    pub mark: i64,
}

/// A member record of a profile.
#[derive(Clone, Debug)]
pub struct Member {
    /// The record.
    pub record: RecordId,
    /// Its source.
    pub source: String,
    /// Its version.
    pub version: i64,
    /// As a contact.
    pub contact: Option<Contact>,
    /// As a company.
    pub company: Option<Company>,
}

/// Everything that derivation needs of one profile.
#[derive(Clone, Debug)]
pub struct ProfileInput {
    /// Members; empty when the profile no longer lives.
    pub members: Vec<Member>,
    /// Facts and overrides.
    pub facts: ProfileFacts,
    /// For a person: the companies it belongs to, and since when.
    pub companies: Vec<(ProfileId, Option<Timestamp>)>,
}

/// A golden field to store.
#[derive(Clone, Debug)]
pub struct StoredField {
    /// Field name.
    pub field: String,
    /// Value.
    pub value: String,
    /// The record it comes from.
    pub record: RecordId,
    /// Survivorship rule.
    pub rule: String,
}

/// A share of a rollup cell to store. Empty text stands for "none".
#[derive(Clone, Debug)]
pub struct StoredPart {
    /// What is added up.
    pub component: String,
    /// Month number.
    pub month: i64,
    /// Channel.
    pub channel: String,
    /// Segment.
    pub segment: String,
    /// Stage.
    pub stage: String,
    /// Currency.
    pub currency: String,
    /// Minor units or a count.
    pub value: i64,
}

/// The derived row of a living profile.
#[derive(Clone, Debug)]
pub struct ProfileRow {
    /// Golden name.
    pub display_name: Option<String>,
    /// Golden e-mail address.
    pub email: Option<String>,
    /// Golden phone number.
    pub phone: Option<String>,
    /// Golden employer.
    pub company_name: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Golden web domain.
    pub domain: Option<String>,
    /// What the search box searches.
    pub search_text: String,
    /// Segment.
    pub segment: String,
    /// Origin.
    pub acquisition_channel: Option<String>,
    /// Stage.
    pub stage: Stage,
    /// Since.
    pub stage_since: Timestamp,
    /// Commercial standing.
    pub status: String,
    /// Historic net revenue in the main currency.
    pub revenue_minor: Option<i64>,
    /// MRR in the main currency.
    pub mrr_minor: Option<i64>,
    /// Main currency.
    pub currency: Option<String>,
    /// Member records.
    pub record_count: i64,
    /// Earliest known.
    pub first_seen: Timestamp,
    /// Every measure, JSON.
    pub numbers: String,
    /// Metric policy name and version.
    pub policy: String,
    /// Golden fields.
    pub fields: Vec<StoredField>,
    /// Stage history.
    pub transitions: Vec<Transition>,
}

/// What was derived for one contributor.
#[derive(Clone, Debug)]
pub struct Derived {
    /// Whose it is, with the mark that was read.
    pub contributor: DirtyContributor,
    /// Person or company.
    pub kind: ProfileKind,
    /// The profile's row; `None` when it no longer lives, and for spend.
    pub row: Option<ProfileRow>,
    /// Index of its facts.
    pub facts: Vec<(CanonicalKind, Option<Timestamp>, RecordId, bool)>,
    /// Companies of a person.
    pub companies: Vec<(ProfileId, Option<Timestamp>)>,
    /// Its shares of rollup cells.
    pub parts: Vec<StoredPart>,
}

/// Which kinds of source have delivered anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AvailableSources {
    /// Payments.
    pub payments: bool,
    /// Tickets.
    pub tickets: bool,
    /// Survey responses.
    pub surveys: bool,
    /// Subscriptions.
    pub subscriptions: bool,
    /// Spend.
    pub spend: bool,
}

/// A link of a fact, with the profile its target belongs to.
struct FactLink {
    role: LinkRole,
    target: RecordKey,
    target_id: i64,
    profile: Option<i64>,
}

impl Store {
    /// Contributors to derive again; at most `limit`, profiles of either kind and spend records.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_dirty_contributors(
        &self,
        limit: u64,
    ) -> Result<Vec<DirtyContributor>, StoreError> {
        let statement = self.statement(
            "SELECT id, kind, mark FROM dirty_contributor ORDER BY id LIMIT $1",
            vec![(limit as i64).into()],
        );
        map(self.reader(), statement, |r| {
            Ok(DirtyContributor {
                id: r.try_get("", "id")?,
                is_spend: r.try_get::<String>("", "kind")? == "spend",
                mark: r.try_get("", "mark")?,
            })
        })
        .await
    }

    /// How many contributors wait.
    ///
    /// # Errors
    /// Database errors.
    pub async fn count_dirty_contributors(&self) -> Result<u64, StoreError> {
        let statement = self.statement("SELECT COUNT(*) AS n FROM dirty_contributor", vec![]);
        let rows = map(self.reader(), statement, |r| r.try_get::<i64>("", "n")).await?;
        Ok(rows.first().copied().unwrap_or(0).max(0) as u64)
    }

    /// Marks every profile and every spend record: a full rebuild follows.
    ///
    /// # Errors
    /// Database errors.
    pub async fn mark_all_contributors(&self) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        for (select, kind) in [
            ("SELECT DISTINCT profile_id AS id FROM profile_member", "profile"),
            ("SELECT id FROM profile", "profile"),
            ("SELECT record_id AS id FROM spend", "spend"),
        ] {
            let sql = format!(
                "INSERT INTO dirty_contributor (id, kind, mark) SELECT id, '{kind}', 1 FROM ({select}) a WHERE true \
                 ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1"
            );
            run(&tx, self.statement(sql, vec![])).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Which kinds of source have delivered anything.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_available_sources(&self) -> Result<AvailableSources, StoreError> {
        let exists = |table: &str| {
            format!("(CASE WHEN EXISTS (SELECT 1 FROM {table}) THEN 'y' ELSE 'n' END)")
        };
        let sql = format!(
            "SELECT {} || {} || {} || {} || {} AS flags",
            exists("payment"),
            exists("ticket"),
            exists("survey_response"),
            exists("subscription"),
            exists("spend")
        );
        let rows =
            map(self.reader(), self.statement(sql, vec![]), |r| r.try_get::<String>("", "flags"))
                .await?;
        let flags = rows.first().cloned().unwrap_or_default();
        let flag = |at: usize| flags.as_bytes().get(at) == Some(&b'y');
        Ok(AvailableSources {
            payments: flag(0),
            tickets: flag(1),
            surveys: flag(2),
            subscriptions: flag(3),
            spend: flag(4),
        })
    }

    /// The spend records among `ids`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_spends(&self, ids: &[i64]) -> Result<HashMap<i64, Spend>, StoreError> {
        self.keyed::<entity::spend::Model, Spend>("spend", ids, |m| m.record_id).await
    }

    async fn keyed<M, T>(
        &self,
        table: &str,
        ids: &[i64],
        id: impl Fn(&M) -> i64,
    ) -> Result<HashMap<i64, T>, StoreError>
    where
        M: FromQueryResult,
        T: FromRow<Row = M>,
    {
        let sql = format!("SELECT * FROM {table} WHERE {}", self.backend.id_in("record_id", 1));
        let values = vec![self.backend.ids(ids.iter().copied())];
        let rows = all::<M>(self.reader(), self.statement(sql, values)).await?;
        rows.into_iter().map(|row| Ok((id(&row), T::from_row(row)?))).collect()
    }

    /// Loads everything that derivation needs of the given profiles, in a fixed number of
    /// statements.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_profile_inputs(
        &self,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, (ProfileKind, ProfileInput)>, StoreError> {
        Loader { store: self }.load(ids).await
    }

    /// The member records of companies.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_company_members(
        &self,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, Vec<Member>>, StoreError> {
        let loader = Loader { store: self };
        let members = loader.members(ids).await?;
        let records: Vec<i64> = members.iter().map(|m| m.1.0).collect();
        let companies = self
            .keyed::<entity::company::Model, Company>("company", &records, |m| m.record_id)
            .await?;
        let mut of: HashMap<ProfileId, Vec<Member>> = HashMap::new();
        for (profile, record, _, source, version, _) in members {
            let company = companies.get(&record.0).cloned();
            of.entry(profile).or_default().push(Member {
                record,
                source,
                version,
                contact: None,
                company,
            });
        }
        Ok(of)
    }

    /// Commits what was derived: every contributor's old state is replaced, rollup cells are
    /// adjusted by the difference, and marks that were not set again meanwhile are taken off.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn commit_derivation(
        &self,
        lease: &Lease,
        derived: &[Derived],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        extend(self, &tx, lease, now).await?;
        let ids: Vec<i64> = derived.iter().map(|d| d.contributor.id).collect();
        let keys = || self.backend.ids(ids.iter().copied());
        let add_parts = |sign: &str| {
            format!(
                "INSERT INTO rollup_cell (component, month, channel, segment, stage, currency, value) \
                 SELECT component, month, channel, segment, stage, currency, CAST({sign}SUM(value) AS BIGINT) \
                 FROM rollup_part WHERE {} GROUP BY component, month, channel, segment, stage, currency \
                 ON CONFLICT (component, month, channel, segment, stage, currency) \
                 DO UPDATE SET value = rollup_cell.value + excluded.value",
                self.backend.id_in("contributor_id", 1)
            )
        };
        run(&tx, self.statement(add_parts("-"), vec![keys()])).await?;
        for (table, column) in [
            ("rollup_part", "contributor_id"),
            ("profile_fact", "profile_id"),
            ("profile_link", "person_id"),
            ("profile_field", "profile_id"),
            ("profile_numbers", "profile_id"),
            ("stage_transition", "profile_id"),
            ("profile", "id"),
        ] {
            let sql = format!("DELETE FROM {table} WHERE {}", self.backend.id_in(column, 1));
            run(&tx, self.statement(sql, vec![keys()])).await?;
        }
        let rows = Rows::new(derived, now);
        insert::<rollup_part::Entity, _>(&tx, rows.parts, None).await?;
        run(&tx, self.statement(add_parts(""), vec![keys()])).await?;
        insert::<profile::Entity, _>(&tx, rows.profiles, None).await?;
        insert::<profile_fact::Entity, _>(&tx, rows.facts, None).await?;
        insert::<profile_link::Entity, _>(&tx, rows.links, None).await?;
        insert::<profile_field::Entity, _>(&tx, rows.fields, None).await?;
        insert::<profile_numbers::Entity, _>(&tx, rows.numbers, None).await?;
        insert::<stage_transition::Entity, _>(&tx, rows.transitions, None).await?;
        let marks: Vec<[i64; 2]> =
            derived.iter().map(|d| [d.contributor.id, d.contributor.mark]).collect();
        let sql = match self.backend {
            crate::Backend::Sqlite => {
                "DELETE FROM dirty_contributor WHERE (id, mark) IN (SELECT \
                 json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1))"
            }
            crate::Backend::Postgres => {
                "DELETE FROM dirty_contributor WHERE (id, mark) IN (SELECT (value->>0)::bigint, \
                 (value->>1)::bigint FROM json_array_elements($1::text::json))"
            }
        };
        run(&tx, self.statement(sql, vec![json(&marks).into()])).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes rollup cells that came to zero.
    ///
    /// # Errors
    /// Database errors.
    pub async fn sweep_rollups(&self) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        run(&tx, self.statement("DELETE FROM rollup_cell WHERE value = 0", vec![])).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A value that the gateway keeps for itself.
    ///
    /// # Errors
    /// Database errors.
    pub async fn find_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let statement =
            self.statement("SELECT value FROM setting WHERE name = $1", vec![name.into()]);
        Ok(map(self.reader(), statement, |r| r.try_get("", "value")).await?.into_iter().next())
    }

    /// Keeps a value.
    ///
    /// # Errors
    /// Database errors.
    pub async fn put_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        run(
            &tx,
            self.statement(
                "INSERT INTO setting (name, value) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                vec![name.into(), value.into()],
            ),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

struct Loader<'a> {
    store: &'a Store,
}

impl Loader<'_> {
    async fn load(
        &self,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, (ProfileKind, ProfileInput)>, StoreError> {
        let members = self.members(ids).await?;
        let records: Vec<i64> = members.iter().map(|m| m.1.0).collect();
        let contacts = self
            .store
            .keyed::<entity::contact::Model, Contact>("contact", &records, |m| m.record_id)
            .await?;
        let companies = self
            .store
            .keyed::<entity::company::Model, Company>("company", &records, |m| m.record_id)
            .await?;
        let mut inputs: HashMap<ProfileId, (ProfileKind, ProfileInput)> = HashMap::new();
        let mut profile_of: HashMap<(i64, LinkRole), ProfileId> = HashMap::new();
        for (profile, record, kind, source, version, occurred_at) in members {
            let role = match kind {
                ProfileKind::Person => LinkRole::Contact,
                ProfileKind::Company => LinkRole::Company,
            };
            profile_of.insert((record.0, role), profile);
            let entry = inputs.entry(profile).or_insert_with(|| {
                let facts =
                    ProfileFacts { profile, kind, facts: Vec::new(), overrides: Vec::new() };
                (kind, ProfileInput { members: Vec::new(), facts, companies: Vec::new() })
            });
            let contact =
                (kind == ProfileKind::Person).then(|| contacts.get(&record.0).cloned()).flatten();
            let company =
                (kind == ProfileKind::Company).then(|| companies.get(&record.0).cloned()).flatten();
            let body = contact
                .clone()
                .map(Canonical::Contact)
                .or_else(|| company.clone().map(Canonical::Company));
            if let Some(body) = body {
                entry.1.facts.facts.push(Fact { record, occurred_at, owned: true, body });
            }
            entry.1.members.push(Member { record, source, version, contact, company });
        }
        self.facts(&records, &profile_of, &mut inputs).await?;
        self.employers(&profile_of, &mut inputs).await?;
        self.overrides(&records, &profile_of, &mut inputs).await?;
        Ok(inputs)
    }

    #[allow(clippy::type_complexity)] // one row, read once
    async fn members(
        &self,
        ids: &[ProfileId],
    ) -> Result<Vec<(ProfileId, RecordId, ProfileKind, String, i64, Option<Timestamp>)>, StoreError>
    {
        let sql = format!(
            "SELECT m.profile_id, m.record_id, m.kind, s.source, s.version, s.occurred_at_ms \
             FROM profile_member m JOIN source_record s ON s.id = m.record_id WHERE {} \
             ORDER BY m.profile_id, m.record_id",
            self.store.backend.id_in("m.profile_id", 1)
        );
        let keys = self.store.backend.ids(ids.iter().map(|id| id.0));
        map(self.store.reader(), self.store.statement(sql, vec![keys]), |r| {
            let kind: String = r.try_get("", "kind")?;
            let kind = match ProfileKind::parse(&kind) {
                Some(kind) => kind,
                None => return Err(sea_orm::DbErr::Type("profile_member.kind".into())),
            };
            Ok((
                ProfileId(r.try_get("", "profile_id")?),
                RecordId(r.try_get("", "record_id")?),
                kind,
                r.try_get("", "source")?,
                r.try_get("", "version")?,
                r.try_get::<Option<i64>>("", "occurred_at_ms")?.map(Timestamp::from_millis),
            ))
        })
        .await
    }

    /// The records that point at the members, and the refunds of payments among them.
    async fn facts(
        &self,
        members: &[i64],
        profile_of: &HashMap<(i64, LinkRole), ProfileId>,
        inputs: &mut HashMap<ProfileId, (ProfileKind, ProfileInput)>,
    ) -> Result<(), StoreError> {
        let direct = self.pointing_at(members).await?;
        let ids: BTreeSet<i64> = direct.iter().map(|(record, ..)| *record).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let refunds: Vec<(i64, i64)> = self
            .pointing_at(&ids)
            .await?
            .into_iter()
            .filter(|(_, role, _)| *role == LinkRole::Payment)
            .map(|(record, _, target)| (record, target))
            .collect();
        // Which profiles of this batch each fact concerns.
        let mut concerns: BTreeMap<i64, BTreeSet<ProfileId>> = BTreeMap::new();
        for (record, role, target) in &direct {
            if let Some(profile) = profile_of.get(&(*target, *role)) {
                concerns.entry(*record).or_default().insert(*profile);
            }
        }
        for (refund, payment) in &refunds {
            let of_payment = concerns.get(payment).cloned().unwrap_or_default();
            concerns.entry(*refund).or_default().extend(of_payment);
        }
        let facts: Vec<i64> = concerns.keys().copied().collect();
        let links = self.links(&facts).await?;
        // A refund may concern a profile of this batch through its own link while its payment
        // was not among the direct facts: its payment's links decide for whom it counts.
        let payments: Vec<i64> = links
            .values()
            .flatten()
            .filter(|l| l.role == LinkRole::Payment && !links.contains_key(&l.target_id))
            .map(|l| l.target_id)
            .collect();
        let payment_links = self.links(&payments).await?;
        let owner = |record: i64| -> Option<i64> {
            let own = links.get(&record).map_or(&[][..], Vec::as_slice);
            owner_of(own).or_else(|| {
                let payment = own.iter().find(|l| l.role == LinkRole::Payment)?;
                let of = links
                    .get(&payment.target_id)
                    .or_else(|| payment_links.get(&payment.target_id))?;
                owner_of(of)
            })
        };
        for (record, mut body, occurred_at) in self.bodies(&facts).await? {
            let owner = owner(record);
            if let Some(of) = links.get(&record) {
                set_links(&mut body, of);
            }
            for profile in concerns.get(&record).into_iter().flatten() {
                if let Some((_, input)) = inputs.get_mut(profile) {
                    input.facts.facts.push(Fact {
                        record: RecordId(record),
                        occurred_at,
                        owned: owner == Some(profile.0),
                        body: body.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Links whose target is among `targets`: (record, role, target).
    async fn pointing_at(&self, targets: &[i64]) -> Result<Vec<(i64, LinkRole, i64)>, StoreError> {
        let sql = format!(
            "SELECT record_id, role, target_id FROM record_link WHERE {}",
            self.store.backend.id_in("target_id", 1)
        );
        let keys = self.store.backend.ids(targets.iter().copied());
        let rows = map(self.store.reader(), self.store.statement(sql, vec![keys]), |r| {
            let role: String = r.try_get("", "role")?;
            Ok((
                r.try_get::<i64>("", "record_id")?,
                LinkRole::parse(&role),
                r.try_get::<i64>("", "target_id")?,
            ))
        })
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(record, role, target)| Some((record, role?, target)))
            .collect())
    }

    /// The links of facts, with their targets' keys and profiles.
    async fn links(&self, records: &[i64]) -> Result<HashMap<i64, Vec<FactLink>>, StoreError> {
        if records.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT l.record_id, l.role, l.target_id, s.source, s.stream, s.external_id, m.profile_id \
             FROM record_link l JOIN source_record s ON s.id = l.target_id \
             LEFT JOIN profile_member m ON m.record_id = l.target_id AND m.kind = \
               CASE l.role WHEN 'contact' THEN 'person' WHEN 'company' THEN 'company' END \
             WHERE {} ORDER BY l.record_id, l.role, l.target_id",
            self.store.backend.id_in("l.record_id", 1)
        );
        let keys = self.store.backend.ids(records.iter().copied());
        let rows = map(self.store.reader(), self.store.statement(sql, vec![keys]), |r| {
            let role: String = r.try_get("", "role")?;
            let target = RecordKey::new(
                r.try_get::<String>("", "source")?,
                r.try_get::<String>("", "stream")?,
                r.try_get::<String>("", "external_id")?,
            );
            Ok((
                r.try_get::<i64>("", "record_id")?,
                LinkRole::parse(&role),
                target,
                r.try_get::<i64>("", "target_id")?,
                r.try_get::<Option<i64>>("", "profile_id")?,
            ))
        })
        .await?;
        let mut links: HashMap<i64, Vec<FactLink>> = HashMap::new();
        for (record, role, target, target_id, profile) in rows {
            if let Some(role) = role {
                links.entry(record).or_default().push(FactLink {
                    role,
                    target,
                    target_id,
                    profile,
                });
            }
        }
        Ok(links)
    }

    async fn bodies(
        &self,
        ids: &[i64],
    ) -> Result<Vec<(i64, Canonical, Option<Timestamp>)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let s = self.store;
        let sql = format!(
            "SELECT id, occurred_at_ms FROM source_record WHERE {}",
            s.backend.id_in("id", 1)
        );
        let statement = s.statement(sql, vec![s.backend.ids(ids.iter().copied())]);
        let times: HashMap<i64, Option<i64>> = map(s.reader(), statement, |r| {
            Ok((r.try_get("", "id")?, r.try_get("", "occurred_at_ms")?))
        })
        .await?
        .into_iter()
        .collect();
        let mut bodies: Vec<(i64, Canonical)> = Vec::new();
        macro_rules! table {
            ($($module:ident => $kind:ident,)*) => {$(
                let rows = s
                    .keyed::<entity::$module::Model, $kind>(stringify!($module), ids, |m| m.record_id)
                    .await?;
                bodies.extend(rows.into_iter().map(|(id, row)| (id, Canonical::$kind(row))));
            )*};
        }
        table! {
            deal => Deal,
            ticket => Ticket,
            subscription => Subscription,
            invoice => Invoice,
            payment => Payment,
            refund => Refund,
            touchpoint => Touchpoint,
            survey_response => SurveyResponse,
        }
        bodies.sort_by_key(|(id, body)| (*id, body.kind()));
        Ok(bodies
            .into_iter()
            .map(|(id, body)| {
                let at = happened_at(&body)
                    .or_else(|| times.get(&id).copied().flatten().map(Timestamp::from_millis));
                (id, body, at)
            })
            .collect())
    }

    /// The companies that people belong to: those that their records name, and those that are the
    /// same record (a billing customer that is both).
    async fn employers(
        &self,
        profile_of: &HashMap<(i64, LinkRole), ProfileId>,
        inputs: &mut HashMap<ProfileId, (ProfileKind, ProfileInput)>,
    ) -> Result<(), StoreError> {
        let people: Vec<i64> = profile_of
            .keys()
            .filter(|(_, role)| *role == LinkRole::Contact)
            .map(|(record, _)| *record)
            .collect();
        let sql = format!(
            "SELECT l.record_id, m.profile_id FROM record_link l JOIN profile_member m \
             ON m.record_id = l.target_id AND m.kind = 'company' WHERE l.role = 'company' AND {} \
             UNION SELECT record_id, profile_id FROM profile_member WHERE kind = 'company' AND {}",
            self.store.backend.id_in("l.record_id", 1),
            self.store.backend.id_in("record_id", 1)
        );
        let keys = self.store.backend.ids(people);
        let rows = map(self.store.reader(), self.store.statement(sql, vec![keys]), |r| {
            Ok((r.try_get::<i64>("", "record_id")?, ProfileId(r.try_get("", "profile_id")?)))
        })
        .await?;
        let mut since: BTreeMap<(ProfileId, ProfileId), Option<Timestamp>> = BTreeMap::new();
        for (record, company) in rows {
            let Some(person) = profile_of.get(&(record, LinkRole::Contact)) else { continue };
            let known = inputs.get(person).and_then(|(_, input)| {
                let member = input.members.iter().find(|m| m.record.0 == record)?;
                member.contact.as_ref()?.created_at
            });
            let slot = since.entry((*person, company)).or_insert(known);
            *slot = match (*slot, known) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        for ((person, company), at) in since {
            if let Some((_, input)) = inputs.get_mut(&person) {
                input.companies.push((company, at));
            }
        }
        Ok(())
    }

    async fn overrides(
        &self,
        members: &[i64],
        profile_of: &HashMap<(i64, LinkRole), ProfileId>,
        inputs: &mut HashMap<ProfileId, (ProfileKind, ProfileInput)>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "SELECT record_id, kind, stage, reason, from_ms, until_ms FROM stage_override WHERE {} ORDER BY id",
            self.store.backend.id_in("record_id", 1)
        );
        let keys = self.store.backend.ids(members.iter().copied());
        let rows = map(self.store.reader(), self.store.statement(sql, vec![keys]), |r| {
            let stage: Option<String> = r.try_get("", "stage")?;
            let set = StageOverride {
                stage: stage.as_deref().and_then(Stage::parse),
                reason: r.try_get("", "reason")?,
                from: Timestamp::from_millis(r.try_get("", "from_ms")?),
                until: r.try_get::<Option<i64>>("", "until_ms")?.map(Timestamp::from_millis),
            };
            Ok((r.try_get::<i64>("", "record_id")?, r.try_get::<String>("", "kind")?, set))
        })
        .await?;
        for (record, kind, set) in rows {
            let role = if kind == "company" { LinkRole::Company } else { LinkRole::Contact };
            if let Some((_, input)) =
                profile_of.get(&(record, role)).and_then(|profile| inputs.get_mut(profile))
            {
                input.facts.overrides.push(set);
            }
        }
        Ok(())
    }
}

/// For whom a fact counts in sums over profiles: the company it concerns, else the person; the
/// first by record id where it names several.
fn owner_of(links: &[FactLink]) -> Option<i64> {
    let first = |role: LinkRole| {
        links
            .iter()
            .filter(|l| l.role == role)
            .filter_map(|l| l.profile.map(|profile| (l.target_id, profile)))
            .min()
            .map(|(_, profile)| profile)
    };
    first(LinkRole::Company).or_else(|| first(LinkRole::Contact))
}

fn set_links(body: &mut Canonical, links: &[FactLink]) {
    let links = || links.iter().map(|l| Link { role: l.role, target: l.target.clone() }).collect();
    match body {
        Canonical::Contact(c) => c.links = links(),
        Canonical::Company(_) | Canonical::Spend(_) => {}
        Canonical::Deal(d) => d.links = links(),
        Canonical::Ticket(t) => t.links = links(),
        Canonical::Subscription(s) => s.links = links(),
        Canonical::Invoice(i) => i.links = links(),
        Canonical::Payment(p) => p.links = links(),
        Canonical::Refund(r) => r.links = links(),
        Canonical::Touchpoint(t) => t.links = links(),
        Canonical::SurveyResponse(s) => s.links = links(),
    }
}

/// When a fact happened, by its own most telling date.
fn happened_at(body: &Canonical) -> Option<Timestamp> {
    match body {
        Canonical::Contact(c) => c.created_at,
        Canonical::Company(c) => c.created_at,
        Canonical::Deal(d) => d.created_at.or(d.closed_at),
        Canonical::Ticket(t) => t.created_at,
        Canonical::Subscription(s) => s.started_at,
        Canonical::Invoice(i) => i.issued_at.or(i.paid_at),
        Canonical::Payment(p) => p.paid_at,
        Canonical::Refund(r) => r.refunded_at,
        Canonical::Spend(s) => Some(s.day.start_utc()),
        Canonical::Touchpoint(t) => t.touched_at,
        Canonical::SurveyResponse(s) => s.responded_at,
    }
}

#[derive(Default)]
struct Rows {
    profiles: Vec<profile::Model>,
    fields: Vec<profile_field::Model>,
    facts: Vec<profile_fact::Model>,
    links: Vec<profile_link::Model>,
    numbers: Vec<profile_numbers::Model>,
    transitions: Vec<stage_transition::Model>,
    parts: Vec<rollup_part::Model>,
}

impl Rows {
    fn new(derived: &[Derived], now: Timestamp) -> Self {
        let mut rows = Self::default();
        for d in derived {
            let id = d.contributor.id;
            if let Some(row) = &d.row {
                rows.profile(id, d.kind, row, now);
            }
            let mut seen = HashSet::new();
            for (kind, at, record, owned) in &d.facts {
                if seen.insert((*kind, *record)) {
                    rows.facts.push(profile_fact::Model {
                        profile_id: id,
                        kind: kind.as_str().to_owned(),
                        occurred_at_ms: at.map_or(0, Timestamp::as_millis),
                        record_id: record.0,
                        owned: *owned,
                    });
                }
            }
            rows.links.extend(d.companies.iter().map(|(company, since)| profile_link::Model {
                person_id: id,
                company_id: company.0,
                since_ms: since.map_or(0, Timestamp::as_millis),
            }));
            rows.parts.extend(d.parts.iter().map(|p| rollup_part::Model {
                contributor_id: id,
                component: p.component.clone(),
                month: p.month,
                channel: p.channel.clone(),
                segment: p.segment.clone(),
                stage: p.stage.clone(),
                currency: p.currency.clone(),
                value: p.value,
            }));
        }
        rows
    }

    fn profile(&mut self, id: i64, kind: ProfileKind, row: &ProfileRow, now: Timestamp) {
        self.profiles.push(profile::Model {
            id,
            kind: kind.as_str().to_owned(),
            display_name: row.display_name.clone(),
            email: row.email.clone(),
            phone: row.phone.clone(),
            company_name: row.company_name.clone(),
            country: row.country.clone(),
            domain: row.domain.clone(),
            search_text: row.search_text.clone(),
            segment: row.segment.clone(),
            acquisition_channel: row.acquisition_channel.clone(),
            stage: row.stage.as_str().to_owned(),
            stage_position: row.stage.position() as i64,
            stage_since_ms: row.stage_since.as_millis(),
            status: row.status.clone(),
            revenue_minor: row.revenue_minor,
            mrr_minor: row.mrr_minor,
            currency: row.currency.clone(),
            record_count: row.record_count,
            first_seen_at_ms: row.first_seen.as_millis(),
            updated_at_ms: now.as_millis(),
        });
        self.numbers.push(profile_numbers::Model {
            profile_id: id,
            numbers: row.numbers.clone(),
            policy: row.policy.clone(),
            computed_at_ms: now.as_millis(),
        });
        self.fields.extend(row.fields.iter().map(|f| profile_field::Model {
            profile_id: id,
            field: f.field.clone(),
            value: f.value.clone(),
            record_id: f.record.0,
            rule: f.rule.clone(),
        }));
        self.transitions.extend(row.transitions.iter().zip(1..).map(|(t, seq)| {
            stage_transition::Model {
                profile_id: id,
                seq,
                from_stage: t.from.map(|s| s.as_str().to_owned()),
                to_stage: t.to.as_str().to_owned(),
                direction: t.direction.as_str().to_owned(),
                rule_id: t.rule_id.clone(),
                reason: t.reason.clone(),
                occurred_at_ms: t.occurred_at.as_millis(),
                evidence: json(&t.evidence),
            }
        }));
    }
}
