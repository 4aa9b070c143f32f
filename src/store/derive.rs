//! What derivation reads and writes: the facts of profiles in, golden fields, history, numbers and
//! rollup cells out.
//!
//! Owns how derived state is replaced and how rollup cells move. Refuses the arithmetic:
//! `identity`, `lifecycle` and `metrics` do that.

use crate::alerts::{APART, NewAlert, Presets};
use crate::facts::Loader;
use crate::known::open_epoch;
use crate::lease::{Lease, extend};
use crate::read::SubscriptionVersions;
use crate::rows::json;
use crate::sql::{insert, map, run};
use crate::{Store, StoreError};
use domain::{
    CanonicalKind, Company, Contact, Pii, ProfileFacts, ProfileId, ProfileKind, RecordId, Spend,
    Stage, Timestamp, Transition,
};
use entity::{
    profile, profile_fact, profile_field, profile_link, profile_numbers, stage_transition,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// The mark of all exchange rates together.
pub(crate) const RATES: i64 = 0;

/// What waits for derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contributor {
    /// A profile.
    Profile,
    /// A record of expense.
    Spend,
    /// The exchange rates, all together: they have no shares, but amounts converted by them change.
    Rates,
}

/// Something whose derived state must be computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirtyContributor {
    /// A profile's id, or a spend record's; 0 for the rates.
    pub id: i64,
    /// What it is.
    pub what: Contributor,
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
    /// Golden fields set by hand that go with the record.
    pub overrides: Vec<StoredOverride>,
}

/// A golden field set by hand.
#[derive(Clone, Debug)]
pub struct StoredOverride {
    /// Field name.
    pub field: String,
    /// Value.
    pub value: Pii,
    /// The record it is attached to: the member, or one that the vendor merged into it.
    pub record: RecordId,
    /// When it was set.
    pub at: Timestamp,
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
    /// The segments that it is in, the main one first.
    pub segments: Vec<String>,
    /// The persona of a person.
    pub persona: Option<String>,
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
    /// What customers are ordered by: revenue in the reporting currency; without one `revenue_minor`.
    pub revenue_order_minor: Option<i64>,
    /// MRR, likewise.
    pub mrr_order_minor: Option<i64>,
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
    /// What is to be open about it.
    pub alerts: Vec<NewAlert>,
}

/// Which kinds of source have delivered anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Uses of the product; epochs closed before they were read had none.
    #[serde(default)]
    pub usage: bool,
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
                what: match r.try_get::<String>("", "kind")?.as_str() {
                    "spend" => Contributor::Spend,
                    "rates" => Contributor::Rates,
                    _ => Contributor::Profile,
                },
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
            "SELECT {} || {} || {} || {} || {} || {} AS flags",
            exists("payment"),
            exists("ticket"),
            exists("survey_response"),
            exists("subscription"),
            exists("spend"),
            exists("usage_event")
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
            usage: flag(5),
        })
    }

    /// The spend records among `ids`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_spends(&self, ids: &[i64]) -> Result<HashMap<i64, Spend>, StoreError> {
        Loader { store: self, at: None }
            .keyed::<entity::spend::Entity, Spend>(ids, |m| m.record_id)
            .await
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
        Loader { store: self, at: None }.load(ids).await
    }

    /// What subscriptions say now and said before, by record. One statement.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_subscription_versions(
        &self,
        records: &[i64],
    ) -> Result<HashMap<i64, SubscriptionVersions>, StoreError> {
        self.subscription_versions(records, i64::MAX).await
    }

    /// The member records of companies.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_company_members(
        &self,
        ids: &[ProfileId],
    ) -> Result<HashMap<ProfileId, Vec<Member>>, StoreError> {
        let loader = Loader { store: self, at: None };
        let members = loader.members(ids).await?;
        let records: Vec<i64> = members.iter().map(|m| m.1.0).collect();
        let companies =
            loader.keyed::<entity::company::Entity, Company>(&records, |m| m.record_id).await?;
        let mut overrides = loader.field_overrides(&records).await?;
        let mut of: HashMap<ProfileId, Vec<Member>> = HashMap::new();
        for (profile, record, kind, source, version, _) in members {
            let company = companies.get(&record.0).cloned();
            let overrides = overrides.remove(&(record.0, kind)).unwrap_or_default();
            of.entry(profile).or_default().push(Member {
                record,
                source,
                version,
                contact: None,
                company,
                overrides,
            });
        }
        Ok(of)
    }

    /// Commits what was derived: every contributor's old state is replaced, rollup cells are
    /// adjusted by the difference (what they were is kept), and marks that were not set again
    /// meanwhile are taken off.
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
        let epoch = open_epoch(self, &tx).await?;
        extend(self, &tx, lease, now).await?;
        let ids: Vec<i64> = derived.iter().map(|d| d.contributor.id).collect();
        let keys = || self.backend.ids(ids.iter().copied());
        for (table, column) in [
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
        crate::parts::commit(self, &tx, derived, epoch).await?;
        crate::groups::commit(self, &tx, derived, epoch).await?;
        let profiles = derived.iter().filter(|d| d.contributor.what == Contributor::Profile);
        let alerts: Vec<(i64, &[NewAlert])> =
            profiles.map(|d| (d.contributor.id, d.alerts.as_slice())).collect();
        crate::alerts::commit(self, &tx, &alerts, Presets::AllBut(APART), now).await?;
        let rows = Rows::new(derived, epoch, now);
        insert::<profile::Entity, _>(&tx, rows.profiles, None).await?;
        insert::<profile_fact::Entity, _>(&tx, rows.facts, None).await?;
        insert::<profile_link::Entity, _>(&tx, rows.links, None).await?;
        insert::<profile_field::Entity, _>(&tx, rows.fields, None).await?;
        insert::<profile_numbers::Entity, _>(&tx, rows.numbers, None).await?;
        insert::<stage_transition::Entity, _>(&tx, rows.transitions, None).await?;
        crate::ties::mark(self, &tx, derived).await?;
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

#[derive(Default)]
struct Rows {
    profiles: Vec<profile::Model>,
    fields: Vec<profile_field::Model>,
    facts: Vec<profile_fact::Model>,
    links: Vec<profile_link::Model>,
    numbers: Vec<profile_numbers::Model>,
    transitions: Vec<stage_transition::Model>,
}

impl Rows {
    fn new(derived: &[Derived], epoch: i64, now: Timestamp) -> Self {
        let mut rows = Self::default();
        for d in derived {
            let id = d.contributor.id;
            if let Some(row) = &d.row {
                rows.profile(id, d.kind, row, epoch, now);
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
        }
        rows
    }

    fn profile(
        &mut self,
        id: i64,
        kind: ProfileKind,
        row: &ProfileRow,
        epoch: i64,
        now: Timestamp,
    ) {
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
            segment: row.segments.first().cloned().unwrap_or_default(),
            acquisition_channel: row.acquisition_channel.clone(),
            stage: row.stage.as_str().to_owned(),
            stage_position: row.stage.position() as i64,
            stage_since_ms: row.stage_since.as_millis(),
            status: row.status.clone(),
            revenue_minor: row.revenue_minor,
            mrr_minor: row.mrr_minor,
            revenue_order_minor: row.revenue_order_minor,
            mrr_order_minor: row.mrr_order_minor,
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
            known_from: epoch,
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
