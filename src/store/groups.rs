//! The segments and personas of profiles, and what they were.
//!
//! A profile whose groups did not change writes nothing. Refuses to say who is in a group: `metrics`
//! does.

use crate::derive::Derived;
use crate::sql::{all, insert, run};
use crate::{Store, StoreError};
use entity::{profile_group, profile_group_past};
use sea_orm::DatabaseTransaction;
use std::collections::HashMap;

/// The kind of a segment's rows.
pub(crate) const SEGMENT: &str = "segment";
/// The kind of a persona's row.
pub(crate) const PERSONA: &str = "persona";

fn rows(derived: &Derived, epoch: i64) -> Vec<profile_group::Model> {
    let Some(row) = &derived.row else { return Vec::new() };
    let one = |kind: &str, place: i64, name: &String| profile_group::Model {
        profile_id: derived.contributor.id,
        kind: kind.to_owned(),
        place,
        name: name.clone(),
        known_from: epoch,
    };
    let segments = row.segments.iter().zip(0..).map(|(name, place)| one(SEGMENT, place, name));
    segments.chain(row.persona.iter().map(|name| one(PERSONA, 0, name))).collect()
}

/// Replaces the groups of profiles where they changed, and keeps what was known of them before.
pub(crate) async fn commit(
    store: &Store,
    tx: &DatabaseTransaction,
    derived: &[Derived],
    epoch: i64,
) -> Result<(), StoreError> {
    let keys = store.backend.ids(derived.iter().map(|d| d.contributor.id));
    let of = store.backend.id_in("profile_id", 1);
    let sql =
        format!("SELECT * FROM profile_group WHERE {of} ORDER BY profile_id, kind DESC, place");
    let mut old: HashMap<i64, Vec<profile_group::Model>> = HashMap::new();
    for row in all::<profile_group::Model>(tx, store.statement(sql, vec![keys])).await? {
        old.entry(row.profile_id).or_default().push(row);
    }
    let (mut changed, mut new, mut past) = (Vec::new(), Vec::new(), Vec::new());
    for one in derived {
        let before = old.remove(&one.contributor.id).unwrap_or_default();
        let after = rows(one, epoch);
        let same = |a: &profile_group::Model, b: &profile_group::Model| {
            (&a.kind, a.place, &a.name) == (&b.kind, b.place, &b.name)
        };
        if before.len() == after.len() && before.iter().zip(&after).all(|(a, b)| same(a, b)) {
            continue;
        }
        if !before.is_empty() {
            changed.push(one.contributor.id);
        }
        // What was said in this epoch was never part of an answer.
        past.extend(before.into_iter().filter(|row| row.known_from < epoch).map(|row| {
            profile_group_past::Model {
                profile_id: row.profile_id,
                kind: row.kind,
                place: row.place,
                name: row.name,
                known_from: row.known_from,
                known_to: epoch,
            }
        }));
        new.extend(after);
    }
    if !changed.is_empty() {
        let sql = format!("DELETE FROM profile_group WHERE {of}");
        run(tx, store.statement(sql, vec![store.backend.ids(changed)])).await?;
    }
    insert::<profile_group_past::Entity, _>(tx, past, None).await?;
    insert::<profile_group::Entity, _>(tx, new, None).await
}
