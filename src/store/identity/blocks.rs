//! What resolution keeps of a record: the block keys under which it is found as a candidate, its form,
//! its links.
//!
//! Owns two forms of the keys: an index from key to record, and each record's keys in one value, by
//! which a changed record's old keys are taken out of the index without looking for them. Refuses to
//! compute any of it.

use crate::lease::{Lease, extend};
use crate::rows::json;
use crate::sql::{insert, run};
use crate::{Backend, Store, StoreError};
use domain::{Pii, ProfileKind, RecordId, Timestamp};
use entity::record_block;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, Value};
use std::fmt::Write as _;

/// What is kept of a record, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordBlocks {
    /// The record.
    pub record: RecordId,
    /// Its keys, ascending; none for a record that is gone.
    pub keys: Vec<i64>,
    /// Those of them that are new.
    pub added: Vec<i64>,
    /// Those that it has no longer.
    pub removed: Vec<i64>,
    /// Of a company: the hash of its name.
    pub name_hash: Option<i64>,
    /// The record as matching sees it, JSON.
    pub form: Pii,
    /// The records that it is linked to.
    pub links: Vec<RecordId>,
    /// The record is gone, and so is its entry.
    pub gone: bool,
}

impl RecordBlocks {
    /// The change from `old` keys to `new` ones; neither needs to be in order. Without form and links.
    #[must_use]
    pub fn change(
        record: RecordId,
        mut old: Vec<i64>,
        mut new: Vec<i64>,
        name_hash: Option<i64>,
        gone: bool,
    ) -> Self {
        for keys in [&mut old, &mut new] {
            keys.sort_unstable();
            keys.dedup();
        }
        let without = |a: &[i64], b: &[i64]| {
            a.iter().filter(|key| b.binary_search(key).is_err()).copied().collect::<Vec<i64>>()
        };
        let (added, removed) = (without(&new, &old), without(&old, &new));
        let (form, links) = (Pii::default(), Vec::new());
        Self { record, keys: new, added, removed, name_hash, form, links, gone }
    }
}

pub(super) fn keys_to_bytes(keys: &[i64]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

/// The keys of a `record_block.block_keys` in hexadecimal digits.
pub(super) fn keys_from_hex(text: &str) -> Result<Vec<i64>, StoreError> {
    let corrupt = || StoreError::Corrupt { what: "record_block.block_keys" };
    let (keys, rest) = text.as_bytes().as_chunks::<16>();
    if !rest.is_empty() {
        return Err(corrupt());
    }
    let key = |digits: &[u8; 16]| {
        let digits = std::str::from_utf8(digits).ok()?;
        // The bytes stand in the order of their weight, the least first.
        u64::from_str_radix(digits, 16).ok().map(|key| key.swap_bytes().cast_signed())
    };
    keys.iter().map(|digits| key(digits).ok_or_else(corrupt)).collect()
}

/// Entries written per transaction while all keys are replaced: an hour of other work must not wait.
const ENTRIES_PER_COMMIT: usize = 200_000;
/// Entries per statement on SQLite, whose parameters are two an entry.
const ENTRIES_PER_STATEMENT: usize = 500;

impl Store {
    /// Replaces what is kept of all records of a kind; `form` is asked for each record's form, which
    /// is not held for all of them at once. Done in several transactions: the model counts as not
    /// applied meanwhile, so that a run cut short is done again.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors.
    pub async fn replace_blocks(
        &self,
        lease: &Lease,
        kind: ProfileKind,
        blocks: &[RecordBlocks],
        form: impl Fn(RecordId) -> Pii,
        now: impl Fn() -> Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        extend(self, &tx, lease, now()).await?;
        let table = super::block_table_of(kind);
        let all = match self.backend {
            Backend::Sqlite => format!("DELETE FROM {table}"),
            Backend::Postgres => format!("TRUNCATE {table}"),
        };
        run(&tx, self.statement(all, vec![])).await?;
        let sql = "DELETE FROM record_block WHERE kind = $1";
        run(&tx, self.statement(sql, vec![kind.as_str().into()])).await?;
        tx.commit().await?;
        // In the order of the tables, so that they are written from front to back and end up dense.
        let mut entries: Vec<(i64, i64)> =
            blocks.iter().flat_map(|b| b.keys.iter().map(|key| (*key, b.record.0))).collect();
        entries.sort_unstable();
        for chunk in entries.chunks(ENTRIES_PER_COMMIT) {
            let tx = self.begin().await?;
            extend(self, &tx, lease, now()).await?;
            add_entries(self, &tx, kind, chunk).await?;
            tx.commit().await?;
        }
        let mut rows: Vec<&RecordBlocks> = blocks.iter().collect();
        rows.sort_unstable_by_key(|b| b.record);
        for chunk in rows.chunks(ENTRIES_PER_COMMIT / 4) {
            let tx = self.begin().await?;
            extend(self, &tx, lease, now()).await?;
            let rows = chunk.iter().map(|b| row_of(kind, b, &form(b.record))).collect();
            insert::<record_block::Entity, _>(&tx, rows, None).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Lets the database count what resolution reads. After much was loaded at once PostgreSQL takes
    /// tables for empty until it finds the time to count, and reads them whole for one record.
    ///
    /// # Errors
    /// Database errors.
    pub async fn count_for_plans(&self) -> Result<(), StoreError> {
        if self.backend == Backend::Postgres {
            let sql = "ANALYZE source_record, contact, company, record_link, identifier, decision, \
                       profile_member, profile_redirect, person_block_key, company_block_key, \
                       record_block, dirty_record, dirty_contributor, review, explanation";
            run(self.writer(), self.statement(sql, vec![])).await?;
        }
        Ok(())
    }
}

fn row_of(kind: ProfileKind, blocks: &RecordBlocks, form: &Pii) -> record_block::Model {
    record_block::Model {
        record_id: blocks.record.0,
        kind: kind.as_str().to_owned(),
        block_keys: keys_to_bytes(&blocks.keys),
        name_hash: blocks.name_hash,
        form: form.expose().to_owned(),
        links: links_text(&blocks.links),
    }
}

fn links_text(links: &[RecordId]) -> String {
    let ids: Vec<i64> = links.iter().map(|id| id.0).collect();
    json(&ids)
}

/// Writes the links of records of which nothing else changed.
pub(super) async fn write_links(
    store: &Store,
    tx: &DatabaseTransaction,
    kind: ProfileKind,
    links: &[(RecordId, Vec<RecordId>)],
) -> Result<(), StoreError> {
    for chunk in links.chunks(5_000) {
        let rows: Vec<(i64, String)> =
            chunk.iter().map(|(id, links)| (id.0, links_text(links))).collect();
        let (id, each) = match store.backend {
            Backend::Sqlite => ("value->>0", "json_each($2)"),
            Backend::Postgres => ("(value->>0)::bigint", "json_array_elements($2::text::json)"),
        };
        let sql = format!(
            "UPDATE record_block SET links = u.links \
             FROM (SELECT {id} AS id, value->>1 AS links FROM {each}) u \
             WHERE record_block.record_id = u.id AND record_block.kind = $1"
        );
        let values = vec![kind.as_str().into(), json(&rows).into()];
        run(tx, store.statement(sql, values)).await?;
    }
    Ok(())
}

/// Writes what changed of the given records' keys.
pub(super) async fn write_blocks(
    store: &Store,
    tx: &DatabaseTransaction,
    kind: ProfileKind,
    blocks: &[RecordBlocks],
) -> Result<(), StoreError> {
    let pairs = |of: fn(&RecordBlocks) -> &[i64]| {
        let mut pairs: Vec<(i64, i64)> =
            blocks.iter().flat_map(|b| of(b).iter().map(|key| (*key, b.record.0))).collect();
        pairs.sort_unstable();
        pairs
    };
    let table = super::block_table_of(kind);
    for chunk in pairs(|b| b.removed.as_slice()).chunks(ENTRIES_PER_STATEMENT) {
        let sql = format!(
            "DELETE FROM {table} WHERE (block_key, record_id) IN ({})",
            pair_rows(store.backend)
        );
        run(tx, store.statement(sql, pair_list(store.backend, chunk))).await?;
    }
    add_entries(store, tx, kind, &pairs(|b| b.added.as_slice())).await?;
    let gone: Vec<i64> = blocks.iter().filter(|b| b.gone).map(|b| b.record.0).collect();
    if !gone.is_empty() {
        let sql = format!(
            "DELETE FROM record_block WHERE kind = $1 AND {}",
            store.backend.id_in("record_id", 2)
        );
        let values = vec![kind.as_str().into(), store.backend.ids(gone)];
        run(tx, store.statement(sql, values)).await?;
    }
    let living = blocks.iter().filter(|b| !b.gone);
    let rows = living.map(|b| row_of(kind, b, &b.form)).collect();
    let conflict =
        OnConflict::columns([record_block::Column::RecordId, record_block::Column::Kind])
            .update_columns([
                record_block::Column::BlockKeys,
                record_block::Column::NameHash,
                record_block::Column::Form,
                record_block::Column::Links,
            ])
            .to_owned();
    insert::<record_block::Entity, _>(tx, rows, Some(conflict)).await
}

/// A row source of pairs: one parameter on SQLite, two on PostgreSQL.
fn pair_rows(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "SELECT value->>0, value->>1 FROM json_each($1)",
        Backend::Postgres => "SELECT unnest($1::text::bigint[]), unnest($2::text::bigint[])",
    }
}

fn pair_list(backend: Backend, pairs: &[(i64, i64)]) -> Vec<Value> {
    match backend {
        Backend::Sqlite => {
            let mut text = String::with_capacity(pairs.len() * 44 + 2);
            text.push('[');
            for (at, (key, record)) in pairs.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                // Writing into a `String` cannot fail.
                let _ = write!(text, "{comma}[{key},{record}]");
            }
            text.push(']');
            vec![text.into()]
        }
        Backend::Postgres => {
            vec![backend.ids(pairs.iter().map(|p| p.0)), backend.ids(pairs.iter().map(|p| p.1))]
        }
    }
}

async fn add_entries(
    store: &Store,
    tx: &DatabaseTransaction,
    kind: ProfileKind,
    entries: &[(i64, i64)],
) -> Result<(), StoreError> {
    let table = super::block_table_of(kind);
    let into = format!("INSERT INTO {table} (block_key, record_id)");
    let full = match store.backend {
        Backend::Sqlite => ENTRIES_PER_STATEMENT,
        Backend::Postgres => 20_000,
    };
    for chunk in entries.chunks(full) {
        let (rows, values) = if store.backend == Backend::Sqlite && chunk.len() == full {
            // Always the same text, so that it stays prepared: half the time of a JSON list.
            // Without numbers, which the driver would look up one by one.
            let values = chunk.iter().flat_map(|(key, id)| [(*key).into(), (*id).into()]).collect();
            (format!("VALUES {}", vec!["(?,?)"; full].join(",")), values)
        } else {
            let rows = format!("{} WHERE true", pair_rows(store.backend));
            (rows, pair_list(store.backend, chunk))
        };
        let sql = format!("{into} {rows} ON CONFLICT (block_key, record_id) DO NOTHING");
        run(tx, store.statement(sql, values)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{keys_from_hex, keys_to_bytes};
    use std::fmt::Write as _;

    #[test]
    fn keys_come_back_from_hexadecimal_digits_of_either_case() {
        let keys = vec![0, 1, -1, i64::MIN, i64::MAX, 0x0123_4567_89ab_cdef];
        let digits = keys_to_bytes(&keys).iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        assert_eq!(keys_from_hex(&digits).unwrap(), keys);
        assert_eq!(keys_from_hex(&digits.to_uppercase()).unwrap(), keys);
        assert!(keys_from_hex("0123").is_err());
        assert!(keys_from_hex("0123456789abcdeg").is_err());
    }
}
