//! Alerts about customers: lists, what happened to them, and taking note of one.

use crate::asked::asked;
use crate::connection::{Page, connection, cursor, place};
use crate::customer::{self, Customer};
use crate::enums::{AlertEventKind, AlertPreset, AlertSeverity};
use crate::errors::Refusal;
use crate::loaders::{AlertsOf, Total};
use crate::node::profile_id;
use crate::numbers::may_see;
use crate::scalars::DateTime;
use async_graphql::{Context, ID, InputObject, Object, Result};
use domain::{ProfileId, RecordId, Timestamp};
use store::read::{AlertEventRow, AlertFilter as Filter, AlertRow, Slice};

/// Something about a customer that somebody should look at. Raised once for each cause, when stages
/// and numbers are derived, and resolved when the cause is gone.
pub(crate) struct Alert(AlertRow);

/// Something about a customer that somebody should look at. Raised once for each cause, when stages
/// and numbers are derived, and resolved when the cause is gone.
#[Object]
impl Alert {
    /// Its id.
    async fn id(&self) -> ID {
        ID(format!("alert:{}", RecordId(self.0.id)))
    }

    /// The rule of the configuration that raised it.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// The version of the rules.
    async fn rules_version(&self) -> &str {
        &self.0.rules
    }

    /// What the rule watches; null if this version knows it no more.
    async fn preset(&self) -> Option<AlertPreset> {
        metrics::alerts::Preset::parse(&self.0.preset).map(Into::into)
    }

    /// How much it matters.
    async fn severity(&self) -> AlertSeverity {
        // Written from the same set; what a later version wrote is the most severe.
        let known = metrics::alerts::AlertSeverity::parse(&self.0.severity);
        known.unwrap_or(metrics::alerts::AlertSeverity::Critical).into()
    }

    /// The id of the customer, as it was when the alert was raised.
    async fn customer_id(&self) -> ID {
        ID(self.0.profile.to_string())
    }

    /// The customer that it is now; null if it is gone.
    async fn customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, Some(self.0.profile)).await.transpose()
    }

    /// What is so, in a sentence.
    async fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The records that prove it, the latest first; at most five.
    async fn evidence(&self) -> Vec<ID> {
        self.0.evidence.iter().map(|id| ID(id.to_string())).collect()
    }

    /// When it came about in the customer's life.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred)
    }

    /// When it was raised.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.opened)
    }

    /// When the cause was seen to be gone; null while it is open.
    async fn resolved_at(&self) -> Option<DateTime> {
        self.0.resolved.map(DateTime)
    }

    /// When somebody took note of it.
    async fn acknowledged_at(&self) -> Option<DateTime> {
        self.0.acknowledged.as_ref().map(|(at, _)| DateTime(*at))
    }

    /// Who took note of it.
    async fn acknowledged_by(&self) -> Option<&str> {
        self.0.acknowledged.as_ref().map(|(_, by)| by.as_str())
    }

    /// What they wrote.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

impl From<AlertRow> for Alert {
    fn from(row: AlertRow) -> Self {
        Self(row)
    }
}

/// Which alerts are wanted. All that are given must fit.
#[derive(InputObject, Default)]
pub(crate) struct AlertFilter {
    /// Of this customer, under the id that it had when the alert was raised.
    customer: Option<ID>,
    /// Of one of these rules.
    rule: Option<Vec<String>>,
    /// Of one of these presets.
    preset: Option<Vec<AlertPreset>>,
    /// Of one of these severities.
    severity: Option<Vec<AlertSeverity>>,
    /// True for those that are open, false for those that are resolved.
    open: Option<bool>,
    /// True for those that somebody took note of.
    acknowledged: Option<bool>,
}

impl AlertFilter {
    fn read(self) -> Result<Filter, Refusal> {
        let presets = self.preset.map(|all| {
            let word = |one: AlertPreset| metrics::alerts::Preset::from(one).as_str().to_owned();
            all.into_iter().map(word).collect()
        });
        let severities = self.severity.map(|all| {
            let word =
                |one: AlertSeverity| metrics::alerts::AlertSeverity::from(one).as_str().to_owned();
            all.into_iter().map(word).collect()
        });
        Ok(Filter {
            profile: self.customer.map(|id| profile_id(&id)).transpose()?,
            rules: self.rule,
            presets,
            severities,
            open: self.open,
            acknowledged: self.acknowledged,
        })
    }
}

connection!(
    /// Alerts, the one raised last first.
    AlertConnection, AlertEdge, Alert, total
);

fn opened_after(after: Option<String>) -> Result<Option<(Timestamp, i64)>> {
    let after: Option<(i64, i64)> =
        after.map(|text| place("after", "alerts", &text)).transpose()?;
    Ok(after.map(|(opened, id)| (Timestamp::from_millis(opened), id)))
}

fn row_cursor(row: &AlertRow) -> String {
    cursor("alerts", &(row.opened.as_millis(), row.id))
}

/// A page of alerts.
pub(crate) async fn alerts(
    ctx: &Context<'_>,
    filter: Option<AlertFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<AlertConnection> {
    let asked = asked(ctx)?;
    may_see(asked)?;
    let first = asked.size("first", first)?;
    let after = opened_after(after)?;
    let filter = filter.unwrap_or_default().read()?;
    let slice = Slice { limit: first + 1, after };
    let rows = asked.store.alerts(&asked.scope, &filter, &slice).await?;
    let rows = rows.into_iter().map(|row| (row_cursor(&row), row.into()));
    let page = Page::forward(rows, first, after.is_some());
    Ok(AlertConnection::new(page, Total::Alerts(filter)))
}

/// A page of a customer's alerts.
pub(crate) async fn of(
    ctx: &Context<'_>,
    customer: ProfileId,
    open: bool,
    first: Option<i32>,
    after: Option<String>,
) -> Result<AlertConnection> {
    let asked = asked(ctx)?;
    may_see(asked)?;
    let first = asked.size("first", first)?;
    let after = opened_after(after)?;
    let of = AlertsOf { open, slice: Slice { limit: first + 1, after } };
    let rows = asked.loaders.alerts.load(customer.0, of).await?;
    let rows = rows.iter().map(|row| (row_cursor(row), row.clone().into()));
    let page = Page::forward(rows, first, after.is_some());
    Ok(AlertConnection::new(page, Total::AlertsOf(customer.0, open)))
}

/// Something that happened to an alert.
pub(crate) struct AlertEvent(AlertEventRow);

/// Something that happened to an alert.
#[Object]
impl AlertEvent {
    /// What.
    async fn kind(&self) -> AlertEventKind {
        match self.0.event.as_str() {
            "opened" => AlertEventKind::Opened,
            "reopened" => AlertEventKind::Reopened,
            "acknowledged" => AlertEventKind::Acknowledged,
            _ => AlertEventKind::Resolved,
        }
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// The alert as it is now.
    async fn alert(&self) -> Alert {
        Alert(self.0.alert.clone())
    }
}

connection!(
    /// What happened to alerts, in the order in which it was committed: a cursor kept leads to all that
    /// came after it.
    AlertEventConnection, AlertEventEdge, AlertEvent
);

/// A page of what happened to alerts.
pub(crate) async fn events(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<AlertEventConnection> {
    let asked = asked(ctx)?;
    may_see(asked)?;
    let first = asked.size("first", first)?;
    let after: Option<i64> = after.map(|text| place("after", "alert-events", &text)).transpose()?;
    let rows = asked.store.alert_events(&asked.scope, after.unwrap_or(0), first + 1).await?;
    let rows = rows.into_iter().map(|row| (cursor("alert-events", &row.seq), AlertEvent(row)));
    Ok(Page::forward(rows, first, after.is_some()).into())
}

/// The alert that an id names.
pub(crate) fn alert_id(id: &ID) -> Result<i64, Refusal> {
    let record = id.strip_prefix("alert:").and_then(|rest| rest.parse::<RecordId>().ok());
    record
        .map(|record| record.0)
        .ok_or_else(|| Refusal::bad_input("this is no id of an alert: expected alert:r_..."))
}
