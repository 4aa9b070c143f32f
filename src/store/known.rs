//! When we knew what: the epochs that derivations close, and what rows said before they were
//! replaced.
//!
//! Every row that answers are made of carries the epoch in which it was written; a row that is
//! replaced in a later epoch goes to a table of the past. An epoch is closed by a derivation that
//! left nothing to do: from then on what was known in it cannot change, so an answer can be given
//! again as it was. Owns the epochs and the keeping of the past; refuses to say what an answer is.

use crate::derive::AvailableSources;
use crate::lease::{Lease, extend};
use crate::rows::{from_json, json};
use crate::sql::{insert, insert_or_ignore, map, run};
use crate::{Backend, Store, StoreError};
use domain::{Payload, Timestamp};
use entity::{known_epoch, rule_text};
use sea_orm::{DatabaseTransaction, EntityTrait, IdenStatic, Iterable, Value};

/// The lock by which the writers of an epoch and its closing exclude each other on PostgreSQL;
/// SQLite has one writer. Its waiting line is fair, so a closing is not put off for ever.
const EPOCH_LOCK: i64 = 0x0c36_0e90;

/// A metric policy, a set of lifecycle rules or the rules of the scores as they were in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// Its name and version.
    pub label: String,
    /// JSON.
    pub body: String,
}

impl RuleText {
    /// Tells one text from another.
    #[must_use]
    pub fn hash(&self) -> i64 {
        Payload::new(format!("{}\u{1f}{}", self.label, self.body)).hash()
    }
}

/// What the answers of an epoch are computed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochNote {
    /// The metric policy.
    pub policy: RuleText,
    /// The lifecycle rules.
    pub rules: RuleText,
    /// The rules of the scores; `None` for epochs closed before there were any.
    pub scores: Option<RuleText>,
    /// The rules of segments and personas; `None` for epochs closed before there were any.
    pub segmentation: Option<RuleText>,
    /// Which kinds of source had delivered anything.
    pub sources: AvailableSources,
}

/// A closed epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// Counts up from 1.
    pub number: i64,
    /// When it was closed: the time as of which its answers are known.
    pub closed: Timestamp,
    /// What its answers are computed with.
    pub note: EpochNote,
}

impl Store {
    /// Closes the open epoch if nothing waits for derivation, and gives the time as of which
    /// answers are known now; `None` if something was marked meanwhile. That time grows with every
    /// epoch, whatever the clock does.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn close_epoch(
        &self,
        lease: &Lease,
        note: &EpochNote,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let tx = self.begin().await?;
        lock(self, &tx, "pg_advisory_xact_lock").await?;
        extend(self, &tx, lease, now).await?;
        let waiting = "SELECT 1 AS n FROM dirty_contributor LIMIT 1";
        let waiting = self.statement(waiting, vec![]);
        if !map(&tx, waiting, |r| r.try_get::<i32>("", "n")).await?.is_empty() {
            return Ok(None);
        }
        let texts = [&note.policy, &note.rules].into_iter();
        let texts = texts.chain(&note.scores).chain(&note.segmentation);
        let texts = texts.map(|text| rule_text::Model {
            hash: text.hash(),
            label: text.label.clone(),
            body: text.body.clone(),
        });
        insert_or_ignore::<rule_text::Entity, _>(&tx, texts.collect()).await?;
        let last = "SELECT epoch, closed_at_ms FROM known_epoch ORDER BY epoch DESC LIMIT 1";
        let last: Vec<(i64, i64)> = map(&tx, self.statement(last, vec![]), |r| {
            Ok((r.try_get("", "epoch")?, r.try_get("", "closed_at_ms")?))
        })
        .await?;
        let (epoch, before) = last.first().copied().unwrap_or((0, i64::MIN));
        let closed_at_ms = now.as_millis().max(before.saturating_add(1));
        let row = known_epoch::Model {
            epoch: epoch + 1,
            closed_at_ms,
            policy_hash: note.policy.hash(),
            rules_hash: note.rules.hash(),
            scores_hash: note.scores.as_ref().map(RuleText::hash),
            segmentation_hash: note.segmentation.as_ref().map(RuleText::hash),
            sources: json(&note.sources),
        };
        insert::<known_epoch::Entity, _>(&tx, vec![row], None).await?;
        tx.commit().await?;
        Ok(Some(Timestamp::from_millis(closed_at_ms)))
    }

    /// The last epoch closed at `at` or before; the last one of all without `at`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn find_epoch(&self, at: Option<Timestamp>) -> Result<Option<Epoch>, StoreError> {
        self.epoch("e.closed_at_ms <= $1 ORDER BY e.closed_at_ms DESC", at).await
    }

    /// The first epoch closed after `at`; the first one of all without `at`.
    ///
    /// # Errors
    /// Database errors.
    pub async fn find_first_epoch(
        &self,
        after: Option<Timestamp>,
    ) -> Result<Option<Epoch>, StoreError> {
        let after = after.unwrap_or(Timestamp::from_millis(i64::MIN));
        self.epoch("e.closed_at_ms > $1 ORDER BY e.closed_at_ms", Some(after)).await
    }

    async fn epoch(&self, which: &str, at: Option<Timestamp>) -> Result<Option<Epoch>, StoreError> {
        let sql = format!(
            "SELECT e.epoch, e.closed_at_ms, e.sources, p.label AS policy, p.body AS policy_body, \
             r.label AS rules, r.body AS rules_body, c.label AS scores, c.body AS scores_body, \
             g.label AS segmentation, g.body AS segmentation_body FROM known_epoch e \
             JOIN rule_text p ON p.hash = e.policy_hash JOIN rule_text r ON r.hash = e.rules_hash \
             LEFT JOIN rule_text c ON c.hash = e.scores_hash \
             LEFT JOIN rule_text g ON g.hash = e.segmentation_hash WHERE {which} LIMIT 1"
        );
        let at = at.map_or(i64::MAX, Timestamp::as_millis);
        let rows = map(self.reader(), self.statement(sql, vec![at.into()]), |r| {
            let text = |label: &str, body: &str| {
                Ok::<_, sea_orm::DbErr>(RuleText {
                    label: r.try_get("", label)?,
                    body: r.try_get("", body)?,
                })
            };
            let optional = |label: &str, body: &str| {
                let known = r.try_get::<Option<String>>("", label)?.is_some();
                known.then(|| text(label, body)).transpose()
            };
            let later = (
                optional("scores", "scores_body")?,
                optional("segmentation", "segmentation_body")?,
            );
            let number: i64 = r.try_get("", "epoch")?;
            let closed = Timestamp::from_millis(r.try_get("", "closed_at_ms")?);
            let texts = (text("policy", "policy_body")?, text("rules", "rules_body")?);
            Ok((number, closed, texts, later, r.try_get::<String>("", "sources")?))
        })
        .await?;
        let Some((number, closed, (policy, rules), (scores, segmentation), sources)) =
            rows.into_iter().next()
        else {
            return Ok(None);
        };
        let sources = from_json(&sources, "known_epoch.sources")?;
        let note = EpochNote { policy, rules, scores, segmentation, sources };
        Ok(Some(Epoch { number, closed, note }))
    }
}

async fn lock(store: &Store, tx: &DatabaseTransaction, how: &str) -> Result<(), StoreError> {
    if store.backend == Backend::Postgres {
        run(tx, store.statement(format!("SELECT {how}($1)"), vec![EPOCH_LOCK.into()])).await?;
    }
    Ok(())
}

/// The epoch in which the present transaction writes. It stays open until the transaction ends, so
/// this must be the first thing that a writer of dated rows does.
pub(crate) async fn open_epoch(store: &Store, tx: &DatabaseTransaction) -> Result<i64, StoreError> {
    lock(store, tx, "pg_advisory_xact_lock_shared").await?;
    let sql = "SELECT COALESCE(MAX(epoch), 0) + 1 AS n FROM known_epoch";
    let rows = map(tx, store.statement(sql, vec![]), |r| r.try_get::<i64>("", "n")).await?;
    rows.first().copied().ok_or(StoreError::Corrupt { what: "known_epoch" })
}

/// A table of canonical records with its columns.
pub(crate) struct CanonicalTable {
    pub name: &'static str,
    columns: Vec<&'static str>,
}

impl CanonicalTable {
    pub(crate) fn of<E: EntityTrait>() -> Self {
        Self {
            name: E::default().table_name(),
            columns: E::Column::iter().map(|column| column.as_str()).collect(),
        }
    }

    /// The columns of the rows of alias `t`.
    pub(crate) fn list(&self) -> String {
        self.columns.iter().map(|c| format!("t.{c}")).collect::<Vec<_>>().join(", ")
    }

    /// The same columns, read from a row of the past (alias `p`), and what to select them from.
    pub(crate) fn past(&self, backend: Backend) -> (String, String) {
        match backend {
            Backend::Sqlite => {
                let of = |c: &&str| format!("json_extract(p.body, '$.{c}')");
                let columns: Vec<String> = self.columns.iter().map(of).collect();
                (columns.join(", "), "record_past p".to_owned())
            }
            Backend::Postgres => {
                let table = self.name;
                let row = format!("json_populate_record(NULL::{table}, p.body::json) t");
                (self.list(), format!("record_past p CROSS JOIN LATERAL {row}"))
            }
        }
    }

    /// A row of alias `t` as JSON.
    fn json(&self, backend: Backend) -> String {
        match backend {
            Backend::Sqlite => {
                let of = |c: &&str| format!("'{c}', t.{c}");
                let pairs: Vec<String> = self.columns.iter().map(of).collect();
                format!("json_object({})", pairs.join(", "))
            }
            Backend::Postgres => "row_to_json(t)::text".to_owned(),
        }
    }
}

fn canonical_tables() -> [CanonicalTable; 13] {
    [
        CanonicalTable::of::<entity::contact::Entity>(),
        CanonicalTable::of::<entity::company::Entity>(),
        CanonicalTable::of::<entity::deal::Entity>(),
        CanonicalTable::of::<entity::ticket::Entity>(),
        CanonicalTable::of::<entity::subscription::Entity>(),
        CanonicalTable::of::<entity::invoice::Entity>(),
        CanonicalTable::of::<entity::payment::Entity>(),
        CanonicalTable::of::<entity::refund::Entity>(),
        CanonicalTable::of::<entity::spend::Entity>(),
        CanonicalTable::of::<entity::touchpoint::Entity>(),
        CanonicalTable::of::<entity::survey_response::Entity>(),
        CanonicalTable::of::<entity::usage_event::Entity>(),
        CanonicalTable::of::<entity::exchange_rate::Entity>(),
    ]
}

/// Keeps what records say, before it is replaced or removed in `epoch`. What was said in the same
/// epoch was never part of an answer and is not kept.
pub(crate) async fn keep_records(
    store: &Store,
    tx: &DatabaseTransaction,
    records: &[i64],
    epoch: i64,
) -> Result<(), StoreError> {
    let backend = store.backend;
    let arms: Vec<String> = canonical_tables()
        .iter()
        .map(|table| {
            format!(
                "SELECT t.record_id, '{0}', s.known_from, CAST($2 AS BIGINT), s.occurred_at_ms, \
                 s.version, {1} \
                 FROM {0} t JOIN source_record s ON s.id = t.record_id \
                 WHERE {2} AND s.known_from < $2",
                table.name,
                table.json(backend),
                backend.id_in("t.record_id", 1)
            )
        })
        .collect();
    let sql = format!(
        "INSERT INTO record_past (record_id, kind, known_from, known_to, occurred_at_ms, version, \
         body) {}",
        arms.join(" UNION ALL ")
    );
    let ids = backend.ids(records.iter().copied());
    run(tx, store.statement(sql, vec![ids.clone(), epoch.into()])).await?;
    keep_links(
        store,
        tx,
        &format!("FROM record_link l WHERE {}", backend.id_in("l.record_id", 1)),
        ids,
        epoch,
    )
    .await
}

/// Keeps the links that `which` selects (over `l` and the keys in `$1`), before they are removed in
/// `epoch`.
pub(crate) async fn keep_links(
    store: &Store,
    tx: &DatabaseTransaction,
    which: &str,
    keys: Value,
    epoch: i64,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO record_link_past (record_id, role, target_id, known_from, known_to) \
         SELECT l.record_id, l.role, l.target_id, l.known_from, CAST($2 AS BIGINT) {which} \
         AND l.known_from < $2"
    );
    run(tx, store.statement(sql, vec![keys, epoch.into()])).await?;
    Ok(())
}
