//! What is known of the whole company in an epoch: facts of some kinds, expenses, who is new.
//!
//! Owns which records were known and for whom they count. Refuses more records than the caller allows,
//! and any arithmetic: `metrics` does that. What leaves this file for a resolver holds personal data: it
//! is for sums over everybody.

use super::{ReadError, RollupCell, Share, see};
use crate::facts::{Loader, set_links};
use crate::{Store, sql};
use domain::{
    Area, CanonicalKind, CompanyFacts, Fact, LinkRole, Month, ProfileId, RecordId, Scope, Spend,
};
use std::collections::{BTreeMap, HashMap};

impl Store {
    /// Records that were of one of the kinds in an epoch, by id, at most `limit`.
    async fn records_known(
        &self,
        kinds: &[CanonicalKind],
        epoch: i64,
        limit: u32,
    ) -> Result<Vec<i64>, ReadError> {
        let of = |kind: &CanonicalKind| {
            let table = kind.as_str();
            format!(
                "SELECT t.record_id FROM {table} t JOIN source_record s ON s.id = t.record_id \
                 WHERE s.known_from <= $1 UNION SELECT p.record_id FROM record_past p \
                 WHERE p.kind = '{table}' AND p.known_from <= $1 AND p.known_to > $1"
            )
        };
        let arms: Vec<String> = kinds.iter().map(of).collect();
        if arms.is_empty() {
            return Ok(Vec::new());
        }
        let text = format!("{} ORDER BY 1 LIMIT $2", arms.join(" UNION "));
        let statement = self.statement(text, vec![epoch.into(), i64::from(limit).into()]);
        Ok(sql::map(self.reader(), statement, |r| r.try_get("", "record_id")).await?)
    }

    /// All facts of some kinds as known in an epoch; `None` if they come from more than `most` records.
    /// People, companies and expenses are no facts here. A fixed number of statements.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn facts_known(
        &self,
        scope: &Scope,
        kinds: &[CanonicalKind],
        epoch: i64,
        most: u32,
    ) -> Result<Option<CompanyFacts>, ReadError> {
        see_company(scope)?;
        let records = self.records_known(kinds, epoch, most.saturating_add(1)).await?;
        if records.len() > most as usize {
            return Ok(None);
        }
        let loader = Loader { store: self, at: Some(epoch) };
        let links = loader.links(&records).await?;
        let owners = loader.owners(&records, &links).await?;
        let mut facts: CompanyFacts = BTreeMap::new();
        for (record, mut body, occurred_at) in loader.bodies(&records).await? {
            if !kinds.contains(&body.kind()) {
                continue;
            }
            if let Some(of) = links.get(&record) {
                set_links(&mut body, of);
            }
            let owner = owners.get(&record).copied().map(ProfileId);
            let fact = Fact { record: RecordId(record), occurred_at, owned: true, body };
            facts.entry(owner).or_default().push(fact);
        }
        Ok(Some(facts))
    }

    /// All expenses as known in an epoch; `None` if there are more than `most`.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn all_spends_known(
        &self,
        scope: &Scope,
        epoch: i64,
        most: u32,
    ) -> Result<Option<Vec<Spend>>, ReadError> {
        see(scope, Area::Rollups)?;
        let kinds = [CanonicalKind::Spend];
        let records = self.records_known(&kinds, epoch, most.saturating_add(1)).await?;
        if records.len() > most as usize {
            return Ok(None);
        }
        let mut found = self.spends_known(scope, &records, epoch).await?;
        Ok(Some(records.iter().filter_map(|id| found.remove(id)).collect()))
    }

    /// The shares of the cells of new customers in an epoch: who is new, since when, by which channel.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn new_customers_known(
        &self,
        scope: &Scope,
        epoch: i64,
    ) -> Result<HashMap<ProfileId, (Month, Option<String>)>, ReadError> {
        see(scope, Area::Rollups)?;
        let of = |table: &str, when: &str| {
            format!(
                "SELECT r.contributor_id, r.component, r.month, r.channel, r.segment, r.stage, \
                 r.currency, r.value FROM {table} r WHERE r.component = 'new_customers' \
                 AND r.known_from <= $1 {when}"
            )
        };
        let text = format!(
            "{} UNION ALL {}",
            of("rollup_part", ""),
            of("rollup_part_past", "AND r.known_to > $1")
        );
        let rows = sql::map(self.reader(), self.statement(text, vec![epoch.into()]), |row| {
            Ok(Share {
                contributor: row.try_get("", "contributor_id")?,
                cell: RollupCell::read(row)?,
            })
        })
        .await?;
        let one = |share: Share| {
            let month = i32::try_from(share.cell.month).ok()?;
            Some((ProfileId(share.contributor), (Month(month), share.cell.channel)))
        };
        Ok(rows.into_iter().filter_map(one).collect())
    }

    /// For whom people work, as known in an epoch: the company that one of their records names, the
    /// first by record.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn employers_known(
        &self,
        scope: &Scope,
        people: &[ProfileId],
        epoch: i64,
    ) -> Result<HashMap<ProfileId, ProfileId>, ReadError> {
        see(scope, Area::Rollups)?;
        let loader = Loader { store: self, at: Some(epoch) };
        let members = loader.members(people).await?;
        let records: Vec<i64> = members.iter().map(|member| member.1.0).collect();
        let links = loader.links(&records).await?;
        let mut employers = HashMap::new();
        for (person, record, ..) in members {
            let named = links.get(&record.0).into_iter().flatten();
            let company = named.filter(|l| l.role == LinkRole::Company).find_map(|l| l.profile);
            if let Some(company) = company.map(ProfileId).filter(|company| *company != person) {
                employers.entry(person).or_insert(company);
            }
        }
        Ok(employers)
    }

    /// The profiles that there were in an epoch, by id, at most `limit`.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn profile_ids_known(
        &self,
        scope: &Scope,
        epoch: i64,
        limit: u32,
    ) -> Result<Vec<i64>, ReadError> {
        see(scope, Area::Rollups)?;
        let text = "SELECT m.profile_id FROM profile_member m WHERE m.known_from <= $1 \
                    UNION SELECT m.profile_id FROM profile_member_past m WHERE m.known_from <= $1 \
                    AND m.known_to > $1 ORDER BY 1 LIMIT $2";
        let statement = self.statement(text, vec![epoch.into(), i64::from(limit).into()]);
        Ok(sql::map(self.reader(), statement, |r| r.try_get("", "profile_id")).await?)
    }
}

/// Sums over everybody are open to who sees rollups, and to who sees tickets.
fn see_company(scope: &Scope) -> Result<(), ReadError> {
    if scope.sees(Area::Support) { Ok(()) } else { see(scope, Area::Rollups).map(drop) }
}
