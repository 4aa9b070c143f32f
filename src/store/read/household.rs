//! Households of people, their members, and employments.

use super::{ByParent, ReadError, at, group, profile};
use crate::rows::from_json;
use crate::{Store, sql};
use domain::{Access, Area, HouseholdId, ProfileId, RecordId, Scope, Timestamp};
use sea_orm::{DbErr, QueryResult};
use std::collections::HashMap;

/// A household as a scope may see it.
#[derive(Clone, PartialEq, Eq)]
pub struct HouseholdRow {
    /// Its id.
    pub id: HouseholdId,
    /// Family name that most members bear. Every role may see names.
    pub name: Option<String>,
    /// Street and number; absent where contact details are not shown in full.
    pub street: Option<String>,
    /// Town; likewise.
    pub city: Option<String>,
    /// Postal code; likewise.
    pub postal_code: Option<String>,
    /// State or region.
    pub region: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// Number of members.
    pub size: i64,
    /// When we first found it.
    pub founded: Timestamp,
}

/// A member of a household.
#[derive(Clone, Debug, PartialEq)]
pub struct HouseholdMemberRow {
    /// The person.
    pub person: profile::Profile,
    /// Since when we know.
    pub since: Timestamp,
    /// The member that the person fits best.
    pub with: ProfileId,
    /// Log2 odds that the two live together.
    pub weight: f64,
    /// JSON list of comparisons.
    pub evidence: String,
}

/// For whom a person works or worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmploymentRow {
    /// The company, where one is known.
    pub company: Option<ProfileId>,
    /// Its name as the record writes it.
    pub company_name: Option<String>,
    /// Since when it is known.
    pub from: Timestamp,
    /// When it ended.
    pub to: Option<Timestamp>,
    /// The records that state it.
    pub records: Vec<RecordId>,
}

const COLUMNS: &str = "h.id, h.name, h.street, h.city, h.postal_code, h.region, h.country, h.size, \
    h.founded_at_ms";

fn household(scope: &Scope, row: &QueryResult) -> Result<HouseholdRow, DbErr> {
    let full = scope.access(Area::ContactDetails) == Access::Full;
    let private = |column: &str| {
        row.try_get::<Option<String>>("", column).map(|value| value.filter(|_| full))
    };
    Ok(HouseholdRow {
        id: HouseholdId(row.try_get("", "id")?),
        name: row.try_get("", "name")?,
        street: private("street")?,
        city: private("city")?,
        postal_code: private("postal_code")?,
        region: row.try_get("", "region")?,
        country: row.try_get("", "country")?,
        size: row.try_get("", "size")?,
        founded: at(row.try_get("", "founded_at_ms")?),
    })
}

impl Store {
    /// The household of each person; absent for those who have none.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn households_of(
        &self,
        scope: &Scope,
        people: &[i64],
    ) -> Result<HashMap<i64, HouseholdRow>, ReadError> {
        let text = format!(
            "SELECT m.profile_id AS parent, {COLUMNS} FROM household_member m \
             JOIN household h ON h.id = m.household_id WHERE {}",
            self.backend().id_in("m.profile_id", 1)
        );
        self.households_by(scope, text, people).await
    }

    /// Households by id; ids that are none are absent.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn households(
        &self,
        scope: &Scope,
        ids: &[i64],
    ) -> Result<HashMap<i64, HouseholdRow>, ReadError> {
        let text = format!(
            "SELECT h.id AS parent, {COLUMNS} FROM household h WHERE {}",
            self.backend().id_in("h.id", 1)
        );
        self.households_by(scope, text, ids).await
    }

    async fn households_by(
        &self,
        scope: &Scope,
        text: String,
        ids: &[i64],
    ) -> Result<HashMap<i64, HouseholdRow>, ReadError> {
        let values = vec![self.backend().ids(ids.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "parent")?, household(scope, row)?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// The members of each household, in the order in which they came. A household has few.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn household_members(
        &self,
        scope: &Scope,
        households: &[i64],
    ) -> Result<ByParent<HouseholdMemberRow>, ReadError> {
        let text = format!(
            "SELECT m.household_id AS parent, m.since_ms, m.with_id, m.weight, m.evidence, {} \
             FROM household_member m JOIN profile p ON p.id = m.profile_id WHERE {} \
             ORDER BY m.household_id, m.since_ms, p.first_seen_at_ms, m.profile_id",
            profile::COLUMNS,
            self.backend().id_in("m.household_id", 1)
        );
        let values = vec![self.backend().ids(households.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let member = HouseholdMemberRow {
                person: profile::row(scope, row)?,
                since: at(row.try_get("", "since_ms")?),
                with: ProfileId(row.try_get("", "with_id")?),
                weight: row.try_get("", "weight")?,
                evidence: row.try_get("", "evidence")?,
            };
            Ok((row.try_get("", "parent")?, member))
        })
        .await?;
        Ok(group(rows))
    }

    /// The employments of each person, those that last first; at most `limit` each.
    ///
    /// # Errors
    /// [`ReadError::Store`].
    pub async fn employments_of(
        &self,
        _scope: &Scope,
        limit: u32,
        people: &[i64],
    ) -> Result<ByParent<EmploymentRow>, ReadError> {
        let text = format!(
            "SELECT person_id, company_id, company_name, from_ms, to_ms, records FROM employment \
             WHERE {} AND seq <= $2 ORDER BY person_id, seq",
            self.backend().id_in("person_id", 1)
        );
        let values = vec![self.backend().ids(people.iter().copied()), i64::from(limit).into()];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((
                row.try_get::<i64>("", "person_id")?,
                row.try_get::<String>("", "records")?,
                EmploymentRow {
                    company: row.try_get::<Option<i64>>("", "company_id")?.map(ProfileId),
                    company_name: row.try_get("", "company_name")?,
                    from: at(row.try_get("", "from_ms")?),
                    to: row.try_get::<Option<i64>>("", "to_ms")?.map(at),
                    records: Vec::new(),
                },
            ))
        })
        .await?;
        let mut read = Vec::with_capacity(rows.len());
        for (person, records, row) in rows {
            let records = from_json(&records, "employment.records")?;
            read.push((person, EmploymentRow { records, ..row }));
        }
        Ok(group(read))
    }
}
