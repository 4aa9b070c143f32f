//! How rollup cells move: by the difference between what contributors shared and what they share
//! now.
//!
//! Owns the shares, the cells and their past. A contributor whose shares did not change writes
//! nothing. Refuses to compute shares: `metrics` does.

use crate::derive::Derived;
use crate::rows::json;
use crate::sql::{all, insert, insert_or_ignore, run};
use crate::{Backend, Store, StoreError};
use entity::{rollup_cell, rollup_change, rollup_part, rollup_part_past};
use sea_orm::DatabaseTransaction;
use sea_orm::sea_query::{Expr, OnConflict};
use std::collections::{BTreeMap, HashMap};

/// Component, month, channel, segment, stage, currency.
type Key = (String, i64, String, String, String, String);

fn key(part: &rollup_part::Model) -> Key {
    (
        part.component.clone(),
        part.month,
        part.channel.clone(),
        part.segment.clone(),
        part.stage.clone(),
        part.currency.clone(),
    )
}

/// What changes.
#[derive(Default)]
struct Changes {
    /// Contributors that had shares and now have others.
    rewritten: Vec<i64>,
    /// Their shares, and those of new contributors.
    parts: Vec<rollup_part::Model>,
    /// Shares that do not hold any more.
    past: Vec<rollup_part_past::Model>,
    /// All of the above.
    changed: Vec<rollup_change::Model>,
    /// What to add to each cell.
    cells: BTreeMap<Key, i128>,
}

impl Changes {
    fn contributor(&mut self, old: Vec<rollup_part::Model>, derived: &Derived, epoch: i64) {
        let contributor_id = derived.contributor.id;
        let mut before: HashMap<Key, rollup_part::Model> =
            old.into_iter().map(|part| (key(&part), part)).collect();
        let had = before.len();
        let (mut parts, mut fresh) = (Vec::with_capacity(derived.parts.len()), false);
        for p in &derived.parts {
            let mut part = rollup_part::Model {
                contributor_id,
                component: p.component.clone(),
                month: p.month,
                channel: p.channel.clone(),
                segment: p.segment.clone(),
                stage: p.stage.clone(),
                currency: p.currency.clone(),
                value: p.value,
                known_from: epoch,
            };
            let key = key(&part);
            match before.remove(&key) {
                Some(same) if same.value == part.value => part.known_from = same.known_from,
                other => {
                    fresh = true;
                    *self.cells.entry(key).or_default() += i128::from(part.value);
                    other.into_iter().for_each(|old| self.gone(old, epoch));
                }
            }
            parts.push(part);
        }
        if !fresh && before.is_empty() {
            return;
        }
        before.into_values().for_each(|old| self.gone(old, epoch));
        if had > 0 {
            self.rewritten.push(contributor_id);
        }
        self.parts.append(&mut parts);
        self.changed.push(rollup_change::Model { epoch, contributor_id });
    }

    fn gone(&mut self, old: rollup_part::Model, epoch: i64) {
        *self.cells.entry(key(&old)).or_default() -= i128::from(old.value);
        // What was said in this epoch was never part of an answer.
        if old.known_from < epoch {
            self.past.push(rollup_part_past::Model {
                contributor_id: old.contributor_id,
                component: old.component,
                month: old.month,
                channel: old.channel,
                segment: old.segment,
                stage: old.stage,
                currency: old.currency,
                known_from: old.known_from,
                known_to: epoch,
                value: old.value,
            });
        }
    }
}

/// Writes the shares of contributors and moves the cells by the difference.
pub(crate) async fn commit(
    store: &Store,
    tx: &DatabaseTransaction,
    derived: &[Derived],
    epoch: i64,
) -> Result<(), StoreError> {
    let ids = store.backend.ids(derived.iter().map(|d| d.contributor.id));
    let sql =
        format!("SELECT * FROM rollup_part WHERE {}", store.backend.id_in("contributor_id", 1));
    let mut old: HashMap<i64, Vec<rollup_part::Model>> = HashMap::new();
    for part in all::<rollup_part::Model>(tx, store.statement(sql, vec![ids])).await? {
        old.entry(part.contributor_id).or_default().push(part);
    }
    let mut changes = Changes::default();
    for d in derived {
        changes.contributor(old.remove(&d.contributor.id).unwrap_or_default(), d, epoch);
    }
    let Changes { rewritten, parts, past, changed, mut cells } = changes;
    if !rewritten.is_empty() {
        let sql =
            format!("DELETE FROM rollup_part WHERE {}", store.backend.id_in("contributor_id", 1));
        run(tx, store.statement(sql, vec![store.backend.ids(rewritten)])).await?;
    }
    insert::<rollup_part_past::Entity, _>(tx, past, None).await?;
    insert::<rollup_part::Entity, _>(tx, parts, None).await?;
    cells.retain(|_, value| *value != 0);
    // Before the first epoch was closed there is nothing to compare with.
    if epoch > 1 {
        insert_or_ignore::<rollup_change::Entity, _>(tx, changed).await?;
        keep_cells(store, tx, cells.keys(), epoch).await?;
    }
    let rows = cells
        .into_iter()
        .map(|((component, month, channel, segment, stage, currency), value)| rollup_cell::Model {
            component,
            month,
            channel,
            segment,
            stage,
            currency,
            value: i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX }),
            known_from: epoch,
        })
        .collect();
    let conflict = OnConflict::columns([
        rollup_cell::Column::Component,
        rollup_cell::Column::Month,
        rollup_cell::Column::Channel,
        rollup_cell::Column::Segment,
        rollup_cell::Column::Stage,
        rollup_cell::Column::Currency,
    ])
    .update_column(rollup_cell::Column::KnownFrom)
    .value(rollup_cell::Column::Value, Expr::cust("rollup_cell.value + excluded.value"))
    .to_owned();
    insert::<rollup_cell::Entity, _>(tx, rows, Some(conflict)).await
}

/// Keeps what cells were, before they change in `epoch`.
async fn keep_cells(
    store: &Store,
    tx: &DatabaseTransaction,
    cells: impl Iterator<Item = &Key>,
    epoch: i64,
) -> Result<(), StoreError> {
    let cells: Vec<&Key> = cells.collect();
    let (from, at): (&str, fn(usize) -> String) = match store.backend {
        Backend::Sqlite => ("json_each($1) k", |n| format!("json_extract(k.value, '$[{n}]')")),
        Backend::Postgres => {
            ("json_array_elements($1::text::json) k", |n| format!("k.value->>{n}"))
        }
    };
    let month = match store.backend {
        Backend::Sqlite => at(1),
        Backend::Postgres => format!("CAST({} AS BIGINT)", at(1)),
    };
    let sql = format!(
        "INSERT INTO rollup_cell_past (component, month, channel, segment, stage, currency, \
         known_from, known_to, value) SELECT c.component, c.month, c.channel, c.segment, c.stage, \
         c.currency, c.known_from, CAST($2 AS BIGINT), c.value FROM {from} JOIN rollup_cell c \
         ON c.component = {} AND c.month = {month} AND c.channel = {} AND c.segment = {} \
         AND c.stage = {} AND c.currency = {} WHERE c.known_from < $2",
        at(0),
        at(2),
        at(3),
        at(4),
        at(5)
    );
    run(tx, store.statement(sql, vec![json(&cells).into(), epoch.into()])).await?;
    Ok(())
}
