//! Answers as they were known: profiles, shares of cells, and what changed between two epochs.
//!
//! Owns what a profile was in a closed epoch, and the reason where it was none. What leaves this
//! file for a resolver holds personal data in full: it is for deriving a stage or a number, which
//! the areas of the [`Scope`] then show or hide.

use super::{ReadError, RollupCell, at, see};
use crate::facts::Loader;
use crate::{Store, sql};
use domain::{Area, ProfileFacts, ProfileId, RecordId, Scope, Spend, Timestamp};
use std::collections::{HashMap, HashSet};

/// Why a profile was none in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// No record of it was known; with the time as of which it was known first, if that is closed.
    NotYet(Option<Timestamp>),
    /// Its records belonged to this one.
    Within(ProfileId),
    /// Its records were gone, or there is no such profile.
    Gone,
}

/// As of when, and by which rules, a derived row holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When it was derived: the moment as of which it holds.
    pub as_of: Timestamp,
    /// The time as of which it is known; `None` while the derivation that wrote it is not finished.
    pub known_at: Option<Timestamp>,
    /// Version of the lifecycle rules, if known.
    pub rules: Option<String>,
}

/// A contributor's share of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The profile, or the spend record.
    pub contributor: i64,
    /// The cell, with the share as its value.
    pub cell: RollupCell,
}

/// What happened to records between two epochs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFates {
    /// Those that were known in the earlier epoch or before.
    pub old: HashSet<RecordId>,
    /// Those that were gone in the later one.
    pub gone: HashSet<RecordId>,
}

const PART: &str = "r.contributor_id, r.component, r.month, r.channel, r.segment, r.stage, \
                    r.currency, r.value";

fn share(row: &sea_orm::QueryResult) -> Result<Share, sea_orm::DbErr> {
    Ok(Share { contributor: row.try_get("", "contributor_id")?, cell: RollupCell::read(row)? })
}

/// The condition that holds of rows of the present, and that of rows of the past, in epoch `$n`.
fn held(alias: &str, n: usize) -> [String; 2] {
    [
        format!("{alias}.known_from <= ${n}"),
        format!("{alias}.known_from <= ${n} AND {alias}.known_to > ${n}"),
    ]
}

impl Store {
    /// What was known of profiles in a closed epoch, or why nothing was. A fixed number of
    /// statements, two more if one of them was absent.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn profiles_known(
        &self,
        _scope: &Scope,
        ids: &[i64],
        epoch: i64,
    ) -> Result<HashMap<i64, Result<ProfileFacts, Absence>>, ReadError> {
        let profiles: Vec<ProfileId> = ids.iter().map(|id| ProfileId(*id)).collect();
        let mut inputs = Loader { store: self, at: Some(epoch) }.load(&profiles).await?;
        let mut known = HashMap::with_capacity(ids.len());
        let mut absent = Vec::new();
        for id in profiles {
            match inputs.remove(&id) {
                Some((_, input)) => drop(known.insert(id.0, Ok(input.facts))),
                None => absent.push(id.0),
            }
        }
        if !absent.is_empty() {
            let mut why = self.absences(&absent, epoch).await?;
            known.extend(
                absent.into_iter().map(|id| (id, Err(why.remove(&id).unwrap_or(Absence::Gone)))),
            );
        }
        Ok(known)
    }

    async fn absences(&self, ids: &[i64], epoch: i64) -> Result<HashMap<i64, Absence>, ReadError> {
        let backend = self.backend();
        let in_profiles = backend.id_in("m.profile_id", 1);
        let text = format!(
            "SELECT f.profile_id, f.begun, e.closed_at_ms FROM (\
               SELECT a.profile_id, MIN(a.known_from) AS begun FROM (\
                 SELECT m.profile_id, m.known_from FROM profile_member m WHERE {in_profiles} \
                 UNION ALL SELECT m.profile_id, m.known_from FROM profile_member_past m \
                 WHERE {in_profiles}) a GROUP BY a.profile_id) f \
             LEFT JOIN known_epoch e ON e.epoch = f.begun"
        );
        let keys = || backend.ids(ids.iter().copied());
        let firsts: Vec<(i64, i64, Option<i64>)> =
            sql::map(self.reader(), self.statement(text, vec![keys()]), |r| {
                Ok((
                    r.try_get("", "profile_id")?,
                    r.try_get("", "begun")?,
                    r.try_get("", "closed_at_ms")?,
                ))
            })
            .await?;
        // Where the records went that a profile had held before the epoch; those first that it
        // held last.
        let to = |table: &str, when: &str| {
            format!(
                "SELECT m.profile_id, n.profile_id AS other, MAX(m.known_to) AS held_to \
                 FROM profile_member_past m \
                 JOIN {table} n ON n.record_id = m.record_id AND n.kind = m.kind \
                 WHERE {in_profiles} AND m.known_to <= $2 AND {when} \
                 GROUP BY m.profile_id, n.profile_id"
            )
        };
        let [present, past] = held("n", 2);
        let text = format!(
            "{} UNION ALL {} ORDER BY 1, 3 DESC, 2",
            to("profile_member", &present),
            to("profile_member_past", &past)
        );
        let statement = self.statement(text, vec![keys(), epoch.into()]);
        let mut found: HashMap<i64, Absence> = HashMap::new();
        for (id, other) in sql::map(self.reader(), statement, |r| {
            Ok((r.try_get::<i64>("", "profile_id")?, r.try_get::<i64>("", "other")?))
        })
        .await?
        {
            found.entry(id).or_insert(Absence::Within(ProfileId(other)));
        }
        for (id, first, closed) in firsts {
            if first > epoch {
                found.insert(id, Absence::NotYet(closed.map(at)));
            }
        }
        Ok(found)
    }

    /// As of when the derived rows of profiles hold.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn told(
        &self,
        _scope: &Scope,
        profiles: &[i64],
    ) -> Result<HashMap<i64, Told>, ReadError> {
        let backend = self.backend();
        let text = format!(
            "SELECT n.profile_id, n.computed_at_ms, n.known_from, e.epoch, e.closed_at_ms, \
             r.label AS rules FROM profile_numbers n \
             LEFT JOIN known_epoch e ON e.epoch = (SELECT MAX(epoch) FROM known_epoch) \
             LEFT JOIN rule_text r ON r.hash = e.rules_hash WHERE {}",
            backend.id_in("n.profile_id", 1)
        );
        let values = vec![backend.ids(profiles.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |r| {
            let finished =
                r.try_get::<Option<i64>>("", "epoch")? >= Some(r.try_get("", "known_from")?);
            let closed: Option<i64> = r.try_get("", "closed_at_ms")?;
            let told = Told {
                as_of: at(r.try_get("", "computed_at_ms")?),
                known_at: closed.filter(|_| finished).map(at),
                rules: r.try_get("", "rules")?,
            };
            Ok((r.try_get("", "profile_id")?, told))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// What spend records said in an epoch.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn spends_known(
        &self,
        scope: &Scope,
        ids: &[i64],
        epoch: i64,
    ) -> Result<HashMap<i64, Spend>, ReadError> {
        see(scope, Area::Rollups)?;
        let loader = Loader { store: self, at: Some(epoch) };
        Ok(loader.keyed::<entity::spend::Entity, Spend>(ids, |m| m.record_id).await?)
    }

    /// The contributors of a cell in an epoch with their shares, by contributor; those after
    /// `after`, at most `limit`. The cell's own value is not looked at.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn cell_shares(
        &self,
        scope: &Scope,
        cell: &RollupCell,
        epoch: i64,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Share>, ReadError> {
        see(scope, Area::Rollups)?;
        let of = |table: &str, when: &str| {
            format!(
                "SELECT {PART} FROM {table} r WHERE r.contributor_id > $8 AND r.component = $1 \
                 AND r.month = $2 AND r.channel = $3 AND r.segment = $4 AND r.stage = $5 \
                 AND r.currency = $6 AND {when}"
            )
        };
        let [present, past] = held("r", 7);
        let text = format!(
            "{} UNION ALL {} ORDER BY 1 LIMIT $9",
            of("rollup_part", &present),
            of("rollup_part_past", &past)
        );
        let word = |text: &Option<String>| text.clone().unwrap_or_default().into();
        let values = vec![
            cell.component.as_str().into(),
            cell.month.into(),
            word(&cell.channel),
            word(&cell.segment),
            word(&cell.stage),
            word(&cell.currency),
            epoch.into(),
            after.unwrap_or(i64::MIN).into(),
            i64::from(limit).into(),
        ];
        Ok(sql::map(self.reader(), self.statement(text, values), share).await?)
    }

    /// Everybody who had shares in an epoch, by id; those after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn contributors_known(
        &self,
        scope: &Scope,
        epoch: i64,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<i64>, ReadError> {
        see(scope, Area::Rollups)?;
        let [present, past] = held("r", 1);
        let text = format!(
            "SELECT r.contributor_id FROM rollup_part r WHERE r.contributor_id > $2 AND {present} \
             UNION SELECT r.contributor_id FROM rollup_part_past r WHERE r.contributor_id > $2 \
             AND {past} ORDER BY 1 LIMIT $3"
        );
        let after = after.unwrap_or(i64::MIN);
        let values = vec![epoch.into(), after.into(), i64::from(limit).into()];
        let statement = self.statement(text, values);
        Ok(sql::map(self.reader(), statement, |r| r.try_get("", "contributor_id")).await?)
    }

    /// The shares of contributors in an epoch.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn shares_known(
        &self,
        scope: &Scope,
        contributors: &[i64],
        epoch: i64,
    ) -> Result<Vec<Share>, ReadError> {
        see(scope, Area::Rollups)?;
        let of = |table: &str, when: &str| {
            format!(
                "SELECT {PART} FROM {table} r WHERE {} AND {when}",
                self.backend().id_in("r.contributor_id", 1)
            )
        };
        let [present, past] = held("r", 2);
        let text = format!(
            "{} UNION ALL {} ORDER BY 1, 2, 3, 4, 5, 6, 7",
            of("rollup_part", &present),
            of("rollup_part_past", &past)
        );
        let values = vec![self.backend().ids(contributors.iter().copied()), epoch.into()];
        Ok(sql::map(self.reader(), self.statement(text, values), share).await?)
    }

    /// The cells of an epoch, added up anew from all shares: what the stored cells must equal. Reads
    /// every share.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn summed_cells(
        &self,
        scope: &Scope,
        epoch: i64,
    ) -> Result<Vec<RollupCell>, ReadError> {
        see(scope, Area::Rollups)?;
        let [present, past] = held("r", 1);
        let key = "component, month, channel, segment, stage, currency";
        let text = format!(
            "SELECT {key}, CAST(SUM(value) AS BIGINT) AS value FROM (\
               SELECT {key}, value FROM rollup_part r WHERE {present} \
               UNION ALL SELECT {key}, value FROM rollup_part_past r WHERE {past}) a \
             GROUP BY {key} HAVING SUM(value) <> 0 ORDER BY 1, 2, 3, 4, 5, 6"
        );
        let statement = self.statement(text, vec![epoch.into()]);
        Ok(sql::map(self.reader(), statement, RollupCell::read).await?)
    }

    /// Contributors whose shares changed after epoch `from` and up to epoch `to`, by id; those
    /// after `after`, at most `limit`.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn changed_contributors(
        &self,
        scope: &Scope,
        (from, to): (i64, i64),
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<i64>, ReadError> {
        see(scope, Area::Rollups)?;
        let text = "SELECT DISTINCT contributor_id FROM rollup_change WHERE epoch > $1 \
                    AND epoch <= $2 AND contributor_id > $3 ORDER BY contributor_id LIMIT $4";
        let values =
            vec![from.into(), to.into(), after.unwrap_or(i64::MIN).into(), i64::from(limit).into()];
        let statement = self.statement(text, values);
        Ok(sql::map(self.reader(), statement, |r| r.try_get("", "contributor_id")).await?)
    }

    /// Which of the records were known in epoch `from` or before, and which were gone in `to`.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn record_fates(
        &self,
        scope: &Scope,
        records: &[i64],
        (from, to): (i64, i64),
    ) -> Result<RecordFates, ReadError> {
        see(scope, Area::Rollups)?;
        let backend = self.backend();
        let text = format!(
            "SELECT s.id, 'old' AS fate FROM source_record s WHERE {id} AND s.known_from <= $2 \
             UNION SELECT p.record_id, 'old' FROM record_past p WHERE {past} AND p.known_from <= $2 \
             UNION SELECT s.id, 'gone' FROM source_record s WHERE {id} \
               AND s.deleted_at_ms IS NOT NULL AND s.known_from <= $3",
            id = backend.id_in("s.id", 1),
            past = backend.id_in("p.record_id", 1)
        );
        let values = vec![backend.ids(records.iter().copied()), from.into(), to.into()];
        let mut fates = RecordFates::default();
        for (id, fate) in sql::map(self.reader(), self.statement(text, values), |r| {
            Ok((RecordId(r.try_get("", "id")?), r.try_get::<String>("", "fate")?))
        })
        .await?
        {
            if fate == "old" {
                fates.old.insert(id)
            } else {
                fates.gone.insert(id)
            };
        }
        Ok(fates)
    }
}
