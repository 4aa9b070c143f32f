//! Committing a page of a sync: records, rejects, deletions, merges and the cursor, all or nothing.
//!
//! Every write here is idempotent: the same page committed twice, or after a crash, leaves what
//! one commit leaves. An older version never overwrites a newer one; an equal payload is no change
//! and wakes nothing downstream.

use crate::derive::RATES;
use crate::known::{keep_links, keep_records, open_epoch};
use crate::lease::{Lease, extend};
use crate::rows::CanonicalRows;
use crate::sql::{insert, insert_or_ignore, map, run};
use crate::{Store, StoreError};
use domain::{
    Canonical, Identifier, Merge, ProfileKind, RecordId, RecordKey, Reject, SourceRecord,
    Timestamp, Tombstone,
};
use entity::{identifier, quarantine, record_link, source_record};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Identifiers of a record as one kind of profile, normalised by `identity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityIdentifiers {
    /// Person or company.
    pub entity: ProfileKind,
    /// The values.
    pub identifiers: Vec<Identifier>,
}

/// One page to commit.
#[derive(Debug)]
pub struct PageCommit<'a> {
    /// The records, with their identifiers in the same order.
    pub records: &'a [(SourceRecord, Vec<EntityIdentifiers>)],
    /// Records that could not be read.
    pub rejects: &'a [Reject],
    /// Records that are gone.
    pub tombstones: &'a [Tombstone],
    /// Records that were merged by the vendor.
    pub merges: &'a [Merge],
    /// The cursor after this page, JSON.
    pub next_state: &'a str,
    /// Requests spent on the page, retries included.
    pub requests: u64,
    /// Now.
    pub observed_at: Timestamp,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitOutcome {
    /// Records new or changed.
    pub written: u64,
    /// Records seen before, the same.
    pub unchanged: u64,
    /// Records older than the stored ones.
    pub stale: u64,
    /// Records put into quarantine.
    pub rejected: u64,
    /// Records deleted or merged away.
    pub removed: u64,
}

/// A record to write: its id, its payload's hash, and what a page holds of it.
type Changed<'a> = (i64, i64, &'a (SourceRecord, Vec<EntityIdentifiers>));

struct Stored {
    source: String,
    stream: String,
    external_id: String,
    version: i64,
    hash: i64,
    revision: i64,
    first_observed_at_ms: i64,
    gone: bool,
}

/// Payloads in quarantine are cut to this many bytes.
const QUARANTINE_BYTES_MAX: usize = 64 * 1024;
/// How often a page is committed again after the database ended it for waiting in a circle.
const DEADLOCKS_MAX: u32 = 5;

impl Store {
    /// Commits one page under a lease.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn commit_page(
        &self,
        lease: &Lease,
        page: &PageCommit<'_>,
    ) -> Result<CommitOutcome, StoreError> {
        let mut again = 0;
        loop {
            match self.commit_page_once(lease, page).await {
                // Two pages that mark the same records can wait for each other; the database ends
                // one of them, of which nothing was written.
                Err(error) if error.is_deadlock() && again < DEADLOCKS_MAX => again += 1,
                outcome => return outcome,
            }
        }
    }

    async fn commit_page_once(
        &self,
        lease: &Lease,
        page: &PageCommit<'_>,
    ) -> Result<CommitOutcome, StoreError> {
        let tx = self.begin().await?;
        let epoch = open_epoch(self, &tx).await?;
        extend(self, &tx, lease, page.observed_at).await?;
        let commit = Commit { store: self, tx: &tx, lease, now: page.observed_at, epoch };
        let mut outcome = CommitOutcome::default();
        let mut rejects: Vec<Reject> = Vec::new();
        commit.records(page.records, &mut outcome, &mut rejects).await?;
        commit.merges(page.merges, &mut outcome).await?;
        commit.tombstones(page.tombstones, &mut outcome).await?;
        rejects.extend_from_slice(page.rejects);
        outcome.rejected = rejects.len() as u64;
        commit.quarantine(&rejects).await?;
        run(
            &tx,
            self.statement(
                "UPDATE sync_state SET state = $3, record_count = record_count + $4, \
                 reject_count = reject_count + $5, request_count = request_count + $6 \
                 WHERE source = $1 AND stream = $2",
                vec![
                    lease.source.as_str().into(),
                    lease.stream.as_str().into(),
                    page.next_state.into(),
                    (outcome.written as i64).into(),
                    (outcome.rejected as i64).into(),
                    (page.requests as i64).into(),
                ],
            ),
        )
        .await?;
        tx.commit().await?;
        Ok(outcome)
    }
}

struct Commit<'a> {
    store: &'a Store,
    tx: &'a DatabaseTransaction,
    lease: &'a Lease,
    now: Timestamp,
    epoch: i64,
}

impl Commit<'_> {
    fn id(&self, external_id: &str) -> RecordId {
        RecordKey::new(&self.lease.source, &self.lease.stream, external_id).id()
    }

    async fn stored(&self, ids: &[i64]) -> Result<HashMap<i64, Stored>, StoreError> {
        let sql = format!(
            "SELECT id, source, stream, external_id, version, hash, revision, \
             first_observed_at_ms, deleted_at_ms FROM source_record WHERE {}",
            self.store.backend.id_in("id", 1)
        );
        let ids = self.store.backend.ids(ids.iter().copied());
        let rows = map(self.tx, self.store.statement(sql, vec![ids]), |r| {
            let stored = Stored {
                source: r.try_get("", "source")?,
                stream: r.try_get("", "stream")?,
                external_id: r.try_get("", "external_id")?,
                version: r.try_get("", "version")?,
                hash: r.try_get("", "hash")?,
                revision: r.try_get("", "revision")?,
                first_observed_at_ms: r.try_get("", "first_observed_at_ms")?,
                gone: r.try_get::<Option<i64>>("", "deleted_at_ms")?.is_some(),
            };
            Ok((r.try_get::<i64>("", "id")?, stored))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    async fn records(
        &self,
        records: &[(SourceRecord, Vec<EntityIdentifiers>)],
        outcome: &mut CommitOutcome,
        rejects: &mut Vec<Reject>,
    ) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        // One page may hold a record twice; its newest version counts, the later one on a tie.
        let mut newest: BTreeMap<i64, &(SourceRecord, Vec<EntityIdentifiers>)> = BTreeMap::new();
        for entry in records {
            let slot = newest.entry(self.id(&entry.0.external_id).0).or_insert(entry);
            if entry.0.version >= slot.0.version {
                *slot = entry;
            }
        }
        let ids: Vec<i64> = newest.keys().copied().collect();
        let stored = self.stored(&ids).await?;
        let mut changed = Vec::new();
        let mut rewritten = Vec::new();
        for (id, entry) in newest {
            let record = &entry.0;
            let hash = record.payload.hash();
            if let Some(old) = stored.get(&id) {
                let same_key = old.source == self.lease.source
                    && old.stream == self.lease.stream
                    && old.external_id == record.external_id;
                if !same_key {
                    rejects.push(Reject {
                        external_id: Some(record.external_id.clone()),
                        reason: "the record's internal id collides with another record's; \
                                 please report this"
                            .to_owned(),
                        payload: record.payload.clone(),
                    });
                    continue;
                }
                if record.version < old.version {
                    outcome.stale += 1;
                    continue;
                }
                if hash == old.hash && !old.gone {
                    outcome.unchanged += 1;
                    continue;
                }
                rewritten.push(id);
            }
            changed.push((id, hash, entry));
        }
        outcome.written += changed.len() as u64;
        if changed.is_empty() {
            return Ok(());
        }
        self.archive(&rewritten).await?;
        crate::employment::archive(self.store, self.tx, &rewritten).await?;
        self.mark_fact_owners(&rewritten).await?;
        self.mark_rates(&rewritten).await?;
        self.clear_derived(&rewritten).await?;
        self.write(&changed, &stored).await
    }

    /// Keeps the payloads that are about to be replaced.
    async fn archive(&self, ids: &[i64]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO source_record_version (record_id, revision, version, hash, payload, observed_at_ms) \
             SELECT id, revision, version, hash, payload, observed_at_ms FROM source_record WHERE {} AND revision > 0 \
             ON CONFLICT (record_id, revision) DO NOTHING",
            self.store.backend.id_in("id", 1)
        );
        let ids = self.store.backend.ids(ids.iter().copied());
        run(self.tx, self.store.statement(sql, vec![ids])).await?;
        Ok(())
    }

    /// Removes everything that was derived from the given records; what answers were made of is kept.
    async fn clear_derived(&self, ids: &[i64]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        keep_records(self.store, self.tx, ids, self.epoch).await?;
        for table in [
            "contact",
            "company",
            "deal",
            "ticket",
            "subscription",
            "invoice",
            "payment",
            "refund",
            "spend",
            "touchpoint",
            "survey_response",
            "usage_event",
            "exchange_rate",
            "record_link",
            "identifier",
        ] {
            let condition = self.store.backend.id_in("record_id", 1);
            let ids = self.store.backend.ids(ids.iter().copied());
            let sql = format!("DELETE FROM {table} WHERE {condition}");
            run(self.tx, self.store.statement(sql, vec![ids])).await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        changed: &[Changed<'_>],
        stored: &HashMap<i64, Stored>,
    ) -> Result<(), StoreError> {
        let now = self.now.as_millis();
        let mut rows = Vec::with_capacity(changed.len());
        let mut canonical = CanonicalRows::default();
        let mut links = HashSet::new();
        let mut identifiers = Vec::new();
        let mut identities = Vec::new();
        let mut spends = Vec::new();
        let mut rates = Vec::new();
        for (id, hash, (record, entities)) in changed {
            let old = stored.get(id);
            rows.push(source_record::Model {
                id: *id,
                source: self.lease.source.clone(),
                stream: self.lease.stream.clone(),
                external_id: record.external_id.clone(),
                version: record.version,
                occurred_at_ms: record.occurred_at.map(Timestamp::as_millis),
                hash: *hash,
                payload: record.payload.expose().to_owned(),
                revision: old.map_or(1, |o| o.revision + 1),
                first_observed_at_ms: old.map_or(now, |o| o.first_observed_at_ms),
                observed_at_ms: now,
                deleted_at_ms: None,
                merged_into_id: None,
                known_from: self.epoch,
            });
            for c in &record.canonical {
                canonical.push(RecordId(*id), c);
                for link in c.links() {
                    links.insert((*id, link.role.as_str(), link.target.id().0));
                }
                match c {
                    Canonical::Contact(_) | Canonical::Company(_) => identities.push(*id),
                    Canonical::Spend(_) => spends.push(*id),
                    Canonical::ExchangeRate(_) => rates.push(*id),
                    _ => {}
                }
            }
            if old.is_some() {
                // It may have been a contact or a spend before.
                identities.push(*id);
            }
            for entity in entities {
                let mut seen = HashSet::new();
                for one in &entity.identifiers {
                    if seen.insert(one) {
                        identifiers.push(identifier::Model {
                            record_id: *id,
                            entity: entity.entity.as_str().to_owned(),
                            kind: one.kind.as_str().to_owned(),
                            value: one.value.expose().to_owned(),
                        });
                    }
                }
            }
        }
        insert::<source_record::Entity, _>(
            self.tx,
            rows,
            Some(
                OnConflict::column(source_record::Column::Id)
                    .update_columns([
                        source_record::Column::Version,
                        source_record::Column::OccurredAtMs,
                        source_record::Column::Hash,
                        source_record::Column::Payload,
                        source_record::Column::Revision,
                        source_record::Column::ObservedAtMs,
                        source_record::Column::DeletedAtMs,
                        source_record::Column::MergedIntoId,
                        source_record::Column::KnownFrom,
                    ])
                    .to_owned(),
            ),
        )
        .await?;
        canonical.insert(self.tx).await?;
        let links: Vec<_> = links
            .into_iter()
            .map(|(record_id, role, target_id)| record_link::Model {
                record_id,
                role: role.to_owned(),
                target_id,
                known_from: self.epoch,
            })
            .collect();
        insert_or_ignore::<record_link::Entity, _>(self.tx, links).await?;
        insert_or_ignore::<identifier::Entity, _>(self.tx, identifiers).await?;
        let ids: Vec<i64> = changed.iter().map(|(id, ..)| *id).collect();
        self.follow_aliases(&ids).await?;
        self.forgive(&ids).await?;
        self.mark_records(&identities).await?;
        self.mark_spends(&spends, &ids).await?;
        self.mark_rates(&rates).await?;
        self.mark_fact_owners(&ids).await
    }

    /// Points links at the record that lives on, where the target was merged away.
    async fn follow_aliases(&self, ids: &[i64]) -> Result<(), StoreError> {
        let stale = format!(
            "FROM record_link l JOIN source_record s ON s.id = l.target_id \
             WHERE {} AND s.merged_into_id IS NOT NULL",
            self.store.backend.id_in("l.record_id", 1)
        );
        self.repoint(&stale, ids).await
    }

    /// Replaces links selected by `stale` (over `l` and the alias `s`) by links to the living record.
    async fn repoint(&self, stale: &str, ids: &[i64]) -> Result<(), StoreError> {
        let keys = || self.store.backend.ids(ids.iter().copied());
        let some = self.store.statement(format!("SELECT 1 AS n {stale} LIMIT 1"), vec![keys()]);
        if self.tx.query_one_raw(some).await?.is_none() {
            return Ok(());
        }
        // An employer's name is part of what a contact is compared by.
        let sql = format!(
            "INSERT INTO dirty_record (record_id, mark) SELECT DISTINCT l.record_id, 1 {stale} \
             AND EXISTS (SELECT 1 FROM contact c WHERE c.record_id = l.record_id) ORDER BY 1 \
             ON CONFLICT (record_id) DO UPDATE SET mark = dirty_record.mark + 1"
        );
        run(self.tx, self.store.statement(sql, vec![keys()])).await?;
        keep_links(self.store, self.tx, stale, keys(), self.epoch).await?;
        let sql = format!(
            "INSERT INTO record_link (record_id, role, target_id, known_from) \
             SELECT l.record_id, l.role, s.merged_into_id, CAST($2 AS BIGINT) {stale} \
             ON CONFLICT (record_id, role, target_id) DO NOTHING"
        );
        run(self.tx, self.store.statement(sql, vec![keys(), self.epoch.into()])).await?;
        let sql = format!(
            "DELETE FROM record_link WHERE (record_id, role, target_id) IN \
             (SELECT l.record_id, l.role, l.target_id {stale})"
        );
        run(self.tx, self.store.statement(sql, vec![keys()])).await?;
        Ok(())
    }

    /// Takes records out of quarantine that could be read this time.
    async fn forgive(&self, ids: &[i64]) -> Result<(), StoreError> {
        let sql = format!(
            "DELETE FROM quarantine WHERE source = $1 AND stream = $2 AND external_id IN \
             (SELECT external_id FROM source_record WHERE {})",
            self.store.backend.id_in("id", 3)
        );
        let values = vec![
            self.lease.source.as_str().into(),
            self.lease.stream.as_str().into(),
            self.store.backend.ids(ids.iter().copied()),
        ];
        run(self.tx, self.store.statement(sql, values)).await?;
        Ok(())
    }

    async fn mark_records(&self, ids: &[i64]) -> Result<(), StoreError> {
        mark_records(self.store, self.tx, ids).await
    }

    /// Marks spend records, and records that may have been spend before, for their rollup cells.
    async fn mark_spends(&self, spends: &[i64], changed: &[i64]) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO dirty_contributor (id, kind, mark) SELECT k.id, 'spend', 1 FROM {} \
             WHERE {} OR EXISTS (SELECT 1 FROM rollup_part p WHERE p.contributor_id = k.id) \
             ORDER BY 1 ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1",
            self.store.backend.id_rows(1),
            self.store.backend.id_in("k.id", 2)
        );
        let values = vec![
            self.store.backend.ids(changed.iter().copied()),
            self.store.backend.ids(spends.iter().copied()),
        ];
        run(self.tx, self.store.statement(sql, values)).await?;
        Ok(())
    }

    /// Marks the exchange rates as a whole, if any of the records is one.
    async fn mark_rates(&self, ids: &[i64]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO dirty_contributor (id, kind, mark) SELECT CAST($2 AS BIGINT), 'rates', 1 \
             WHERE EXISTS (SELECT 1 FROM exchange_rate r WHERE {}) \
             ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1",
            self.store.backend.id_in("r.record_id", 1)
        );
        let values = vec![self.store.backend.ids(ids.iter().copied()), RATES.into()];
        run(self.tx, self.store.statement(sql, values)).await?;
        Ok(())
    }

    /// Marks the profiles that the given facts concern, directly or through a payment. In the order
    /// of their ids, as all marks: two pages that are committed at once must not wait for each other.
    async fn mark_fact_owners(&self, ids: &[i64]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO dirty_contributor (id, kind, mark) \
             SELECT DISTINCT m.profile_id, 'profile', 1 FROM profile_member m WHERE m.record_id IN ( \
               SELECT l.target_id FROM record_link l WHERE {a} \
               UNION SELECT l2.target_id FROM record_link l JOIN record_link l2 ON l2.record_id = l.target_id WHERE {a}) \
             ORDER BY 1 ON CONFLICT (id) DO UPDATE SET mark = dirty_contributor.mark + 1",
            a = self.store.backend.id_in("l.record_id", 1)
        );
        let ids = self.store.backend.ids(ids.iter().copied());
        run(self.tx, self.store.statement(sql, vec![ids])).await?;
        Ok(())
    }

    async fn tombstones(
        &self,
        tombstones: &[Tombstone],
        outcome: &mut CommitOutcome,
    ) -> Result<(), StoreError> {
        let by_id: BTreeMap<i64, i64> =
            tombstones.iter().map(|t| (self.id(&t.external_id).0, t.version)).collect();
        if by_id.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = by_id.keys().copied().collect();
        let stored = self.stored(&ids).await?;
        let gone: Vec<i64> = ids
            .into_iter()
            .filter(|id| {
                stored.get(id).is_some_and(|old| {
                    !old.gone && by_id.get(id).is_some_and(|version| *version >= old.version)
                })
            })
            .collect();
        outcome.removed += gone.len() as u64;
        self.remove(&gone, None).await
    }

    /// Marks records as gone and removes what was derived from them; their payloads stay.
    async fn remove(&self, ids: &[i64], merged_into: Option<i64>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.mark_fact_owners(ids).await?;
        self.mark_records(ids).await?;
        self.mark_spends(&[], ids).await?;
        self.mark_rates(ids).await?;
        crate::employment::archive(self.store, self.tx, ids).await?;
        self.clear_derived(ids).await?;
        let sql = format!(
            "UPDATE source_record SET deleted_at_ms = $2, merged_into_id = $3, known_from = $4 \
             WHERE {}",
            self.store.backend.id_in("id", 1)
        );
        let values = vec![
            self.store.backend.ids(ids.iter().copied()),
            self.now.as_millis().into(),
            merged_into.into(),
            self.epoch.into(),
        ];
        run(self.tx, self.store.statement(sql, values)).await?;
        Ok(())
    }

    async fn merges(
        &self,
        merges: &[Merge],
        outcome: &mut CommitOutcome,
    ) -> Result<(), StoreError> {
        let pairs: BTreeMap<i64, (&Merge, i64)> = merges
            .iter()
            .map(|m| (self.id(&m.from_external_id).0, (m, self.id(&m.into_external_id).0)))
            .filter(|(from, (_, into))| from != into)
            .collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = pairs.keys().copied().collect();
        let sql = format!(
            "SELECT id, merged_into_id FROM source_record WHERE {}",
            self.store.backend.id_in("id", 1)
        );
        let statement = self.store.statement(sql, vec![self.store.backend.ids(ids)]);
        let known: HashMap<i64, Option<i64>> = map(self.tx, statement, |r| {
            Ok((r.try_get("", "id")?, r.try_get("", "merged_into_id")?))
        })
        .await?
        .into_iter()
        .collect();
        let mut strangers = Vec::new();
        for (from, (merge, into)) in pairs {
            match known.get(&from) {
                Some(Some(target)) if *target == into => continue,
                Some(_) => {}
                // We never saw the one that disappeared: keep its id as an alias, without payload.
                None => strangers.push(source_record::Model {
                    id: from,
                    source: self.lease.source.clone(),
                    stream: self.lease.stream.clone(),
                    external_id: merge.from_external_id.clone(),
                    version: 0,
                    occurred_at_ms: None,
                    hash: 0,
                    payload: "null".to_owned(),
                    revision: 0,
                    first_observed_at_ms: self.now.as_millis(),
                    observed_at_ms: self.now.as_millis(),
                    deleted_at_ms: Some(self.now.as_millis()),
                    merged_into_id: Some(into),
                    known_from: self.epoch,
                }),
            }
            if known.contains_key(&from) {
                self.remove(&[from], Some(into)).await?;
            }
            // Earlier aliases of the loser, and facts that still point at it.
            run(
                self.tx,
                self.store.statement(
                    "UPDATE source_record SET merged_into_id = $2 WHERE merged_into_id = $1",
                    vec![from.into(), into.into()],
                ),
            )
            .await?;
            self.mark_records(&[into]).await?;
            outcome.removed += 1;
        }
        insert::<source_record::Entity, _>(self.tx, strangers, None).await?;
        let losers: Vec<i64> = merges.iter().map(|m| self.id(&m.from_external_id).0).collect();
        let stale = format!(
            "FROM record_link l JOIN source_record s ON s.id = l.target_id \
             WHERE {} AND s.merged_into_id IS NOT NULL",
            self.store.backend.id_in("l.target_id", 1)
        );
        self.repoint(&stale, &losers).await
    }

    async fn quarantine(&self, rejects: &[Reject]) -> Result<(), StoreError> {
        let now = self.now.as_millis();
        let mut rows: BTreeMap<i64, quarantine::Model> = BTreeMap::new();
        for reject in rejects {
            let payload = cut(reject.payload.expose(), QUARANTINE_BYTES_MAX);
            // By id where there is one, so that a record rejected again stays one entry.
            let identity = match &reject.external_id {
                Some(id) => format!("id:{id}"),
                None => format!("hash:{}:{}", reject.reason, reject.payload.hash()),
            };
            let id = RecordKey::new(&self.lease.source, &self.lease.stream, identity).id().0;
            rows.insert(
                id,
                quarantine::Model {
                    id,
                    source: self.lease.source.clone(),
                    stream: self.lease.stream.clone(),
                    external_id: reject.external_id.clone(),
                    reason: reject.reason.clone(),
                    payload: payload.to_owned(),
                    first_seen_at_ms: now,
                    last_seen_at_ms: now,
                    seen_count: 1,
                },
            );
        }
        let conflict = OnConflict::column(quarantine::Column::Id)
            .update_columns([
                quarantine::Column::Reason,
                quarantine::Column::Payload,
                quarantine::Column::LastSeenAtMs,
            ])
            .value(
                quarantine::Column::SeenCount,
                sea_orm::sea_query::Expr::cust("quarantine.seen_count + 1"),
            )
            .to_owned();
        insert::<quarantine::Entity, _>(self.tx, rows.into_values().collect(), Some(conflict)).await
    }
}

impl CanonicalRows {
    async fn insert(self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        insert::<entity::contact::Entity, _>(tx, self.contacts, None).await?;
        insert::<entity::company::Entity, _>(tx, self.companies, None).await?;
        insert::<entity::deal::Entity, _>(tx, self.deals, None).await?;
        insert::<entity::ticket::Entity, _>(tx, self.tickets, None).await?;
        insert::<entity::subscription::Entity, _>(tx, self.subscriptions, None).await?;
        insert::<entity::invoice::Entity, _>(tx, self.invoices, None).await?;
        insert::<entity::payment::Entity, _>(tx, self.payments, None).await?;
        insert::<entity::refund::Entity, _>(tx, self.refunds, None).await?;
        insert::<entity::spend::Entity, _>(tx, self.spends, None).await?;
        insert::<entity::touchpoint::Entity, _>(tx, self.touchpoints, None).await?;
        insert::<entity::survey_response::Entity, _>(tx, self.survey_responses, None).await?;
        insert::<entity::usage_event::Entity, _>(tx, self.usage_events, None).await?;
        insert::<entity::exchange_rate::Entity, _>(tx, self.exchange_rates, None).await
    }
}

/// Marks records whose identity must be looked at again.
pub(crate) async fn mark_records(
    store: &Store,
    tx: &DatabaseTransaction,
    ids: &[i64],
) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "INSERT INTO dirty_record (record_id, mark) SELECT DISTINCT k.id, 1 FROM {} WHERE true \
         ORDER BY 1 ON CONFLICT (record_id) DO UPDATE SET mark = dirty_record.mark + 1",
        store.backend.id_rows(1)
    );
    let ids = store.backend.ids(ids.iter().copied());
    run(tx, store.statement(sql, vec![ids])).await?;
    Ok(())
}

/// The longest prefix of at most `bytes_max` bytes that ends at a character.
fn cut(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}
