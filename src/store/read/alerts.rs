//! Alerts about customers, and what happened to them.

use super::{ByParent, Newest, ReadError, Slice, at, group, see};
use crate::rows::from_json;
use crate::{Store, StoreError, sql};
use domain::{Area, ProfileId, RecordId, Scope, Timestamp};
use sea_orm::{DbErr, QueryResult, Value};
use std::collections::HashMap;

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// Its id.
    pub id: i64,
    /// The rule.
    pub rule: String,
    /// Version of the rules.
    pub rules: String,
    /// What was watched.
    pub preset: String,
    /// The customer, as it was when the alert was raised.
    pub profile: ProfileId,
    /// How much it matters.
    pub severity: String,
    /// What is so.
    pub detail: String,
    /// Proof.
    pub evidence: Vec<RecordId>,
    /// When it came about.
    pub occurred: Timestamp,
    /// When it was raised.
    pub opened: Timestamp,
    /// When the cause was gone.
    pub resolved: Option<Timestamp>,
    /// When somebody took note of it, and who.
    pub acknowledged: Option<(Timestamp, String)>,
    /// What they wrote.
    pub note: Option<String>,
}

/// Which alerts are wanted; everything given must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AlertFilter {
    /// Of this customer, redirects not followed.
    pub profile: Option<ProfileId>,
    /// Of one of these rules.
    pub rules: Option<Vec<String>>,
    /// Of one of these presets.
    pub presets: Option<Vec<String>>,
    /// Of one of these severities.
    pub severities: Option<Vec<String>>,
    /// Open, or resolved.
    pub open: Option<bool>,
    /// Acknowledged, or not.
    pub acknowledged: Option<bool>,
}

/// Something that happened to an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertEventRow {
    /// Its place.
    pub seq: i64,
    /// `opened`, `reopened`, `resolved` or `acknowledged`.
    pub event: String,
    /// When.
    pub at: Timestamp,
    /// The alert as it is now.
    pub alert: AlertRow,
}

fn alert(row: &QueryResult) -> Result<AlertRow, DbErr> {
    let time = |column: &str| Ok::<_, DbErr>(row.try_get::<Option<i64>>("", column)?.map(at));
    let evidence: String = row.try_get("", "evidence")?;
    let by: Option<String> = row.try_get("", "acknowledged_by")?;
    Ok(AlertRow {
        id: row.try_get("", "id")?,
        rule: row.try_get("", "rule_id")?,
        rules: row.try_get("", "rules")?,
        preset: row.try_get("", "preset")?,
        profile: ProfileId(row.try_get("", "profile_id")?),
        severity: row.try_get("", "severity")?,
        detail: row.try_get("", "detail")?,
        evidence: from_json(&evidence, "alert.evidence")
            .map_err(|error: StoreError| DbErr::Type(error.to_string()))?,
        occurred: at(row.try_get("", "occurred_at_ms")?),
        opened: at(row.try_get("", "opened_at_ms")?),
        resolved: time("resolved_at_ms")?,
        acknowledged: time("acknowledged_at_ms")?.zip(by),
        note: row.try_get("", "note")?,
    })
}

/// Refuses roles that see neither numbers nor support, as a customer's numbers do.
fn may_see(scope: &Scope) -> Result<(), ReadError> {
    if !scope.sees(Area::Support) {
        see(scope, Area::CustomerNumbers)?;
    }
    Ok(())
}

impl AlertFilter {
    fn conditions(&self, values: &mut Vec<Value>) -> String {
        let mut text = String::new();
        let mut bind = |value: Value| {
            values.push(value);
            format!("${}", values.len())
        };
        if let Some(profile) = self.profile {
            text.push_str(&format!(" AND a.profile_id = {}", bind(profile.0.into())));
        }
        for (column, words) in [
            ("a.rule_id", &self.rules),
            ("a.preset", &self.presets),
            ("a.severity", &self.severities),
        ] {
            let Some(words) = words else { continue };
            let list: Vec<String> = words.iter().map(|word| bind(word.as_str().into())).collect();
            let list = if list.is_empty() { "NULL".to_owned() } else { list.join(", ") };
            text.push_str(&format!(" AND {column} IN ({list})"));
        }
        if let Some(open) = self.open {
            let state = if open { "open" } else { "resolved" };
            text.push_str(&format!(" AND a.state = '{state}'"));
        }
        if let Some(acknowledged) = self.acknowledged {
            let not = if acknowledged { "NOT " } else { "" };
            text.push_str(&format!(" AND a.acknowledged_at_ms IS {not}NULL"));
        }
        text
    }
}

impl Store {
    /// Alerts, the one raised last first; the key is (raised, id).
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] unless the scope sees customer numbers or support,
    /// [`ReadError::Store`].
    pub async fn alerts(
        &self,
        scope: &Scope,
        filter: &AlertFilter,
        slice: &Slice<(Timestamp, i64)>,
    ) -> Result<Vec<AlertRow>, ReadError> {
        may_see(scope)?;
        let (opened, id) =
            slice.after.map_or((i64::MAX, i64::MAX), |(opened, id)| (opened.as_millis(), id));
        let mut values = vec![i64::from(slice.limit).into(), opened.into(), id.into()];
        let filter = filter.conditions(&mut values);
        let text = format!(
            "SELECT a.* FROM alert a WHERE (a.opened_at_ms, a.id) < ($2, $3){filter} \
             ORDER BY a.opened_at_ms DESC, a.id DESC LIMIT $1"
        );
        Ok(sql::map(self.reader(), self.statement(text, values), alert).await?)
    }

    /// How many alerts fit.
    ///
    /// # Errors
    /// As [`Store::alerts`].
    pub async fn alert_count(&self, scope: &Scope, filter: &AlertFilter) -> Result<i64, ReadError> {
        may_see(scope)?;
        let mut values = Vec::new();
        let filter = filter.conditions(&mut values);
        let text = format!("SELECT COUNT(*) AS n FROM alert a WHERE true{filter}");
        let rows =
            sql::map(self.reader(), self.statement(text, values), |row| row.try_get("", "n"))
                .await?;
        Ok(rows.first().copied().unwrap_or(0))
    }

    /// The alerts of each profile, the one raised last first; only open ones with `open`.
    ///
    /// # Errors
    /// As [`Store::alerts`].
    pub async fn alerts_of(
        &self,
        scope: &Scope,
        open: bool,
        slice: &Slice<(Timestamp, i64)>,
        profiles: &[i64],
    ) -> Result<ByParent<AlertRow>, ReadError> {
        may_see(scope)?;
        let backend = self.backend();
        let newest = Newest {
            table: "alert",
            parent: "profile_id",
            fixed: open.then_some(("state", "'open'")),
            keys: &["opened_at_ms", "id"],
        };
        let text =
            format!("SELECT k.id AS parent, f.* FROM {} {}", newest.from(backend), newest.order());
        let after = slice.after.map(|(opened, id)| [opened.as_millis(), id]);
        let values = Newest::values(backend, profiles, slice.limit, after);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "parent")?, alert(row)?))
        })
        .await?;
        Ok(group(rows))
    }

    /// How many alerts each profile has; only open ones with `open`.
    ///
    /// # Errors
    /// As [`Store::alerts`].
    pub async fn alert_counts(
        &self,
        scope: &Scope,
        open: bool,
        profiles: &[i64],
    ) -> Result<HashMap<i64, i64>, ReadError> {
        may_see(scope)?;
        let backend = self.backend();
        let state = if open { " AND state = 'open'" } else { "" };
        let text = format!(
            "SELECT profile_id, COUNT(*) AS n FROM alert WHERE {}{state} GROUP BY profile_id",
            backend.id_in("profile_id", 1)
        );
        let values = vec![backend.ids(profiles.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "profile_id")?, row.try_get("", "n")?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// An alert by id.
    ///
    /// # Errors
    /// As [`Store::alerts`].
    pub async fn find_alert(&self, scope: &Scope, id: i64) -> Result<Option<AlertRow>, ReadError> {
        may_see(scope)?;
        let statement = self.statement("SELECT * FROM alert WHERE id = $1", vec![id.into()]);
        Ok(sql::map(self.reader(), statement, alert).await?.into_iter().next())
    }

    /// What happened to alerts after `after`, in the order of commits.
    ///
    /// # Errors
    /// As [`Store::alerts`].
    pub async fn alert_events(
        &self,
        scope: &Scope,
        after: i64,
        limit: u32,
    ) -> Result<Vec<AlertEventRow>, ReadError> {
        may_see(scope)?;
        let text = "SELECT a.*, e.seq, e.event, e.at_ms FROM alert_event e \
                    JOIN alert a ON a.id = e.alert_id WHERE e.seq > $1 ORDER BY e.seq LIMIT $2";
        let values = vec![after.into(), i64::from(limit).into()];
        Ok(sql::map(self.reader(), self.statement(text, values), |row| {
            Ok(AlertEventRow {
                seq: row.try_get("", "seq")?,
                event: row.try_get("", "event")?,
                at: at(row.try_get("", "at_ms")?),
                alert: alert(row)?,
            })
        })
        .await?)
    }
}
