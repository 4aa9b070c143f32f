//! The facts of profiles: deals, tickets, invoices and the rest, newest first.

use super::{ByParent, Newest, ReadError, RecordRef, Slice, at, bodies, group, see};
use crate::{Store, sql};
use domain::{Area, Canonical, CanonicalKind, RecordId, Scope, Timestamp};
use std::collections::HashMap;

/// A kind of fact that a profile has a list of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// Sales opportunities.
    Deal,
    /// Support requests.
    Ticket,
    /// Recurring contracts.
    Subscription,
    /// Bills.
    Invoice,
    /// Money received.
    Payment,
    /// Money given back.
    Refund,
    /// Contacts with the marketing.
    Touchpoint,
    /// Answers to surveys.
    SurveyResponse,
    /// Uses of the product.
    UsageEvent,
}

impl FactKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Deal,
        Self::Ticket,
        Self::Subscription,
        Self::Invoice,
        Self::Payment,
        Self::Refund,
        Self::Touchpoint,
        Self::SurveyResponse,
        Self::UsageEvent,
    ];

    /// The canonical kind.
    #[must_use]
    pub const fn canonical(self) -> CanonicalKind {
        match self {
            Self::Deal => CanonicalKind::Deal,
            Self::Ticket => CanonicalKind::Ticket,
            Self::Subscription => CanonicalKind::Subscription,
            Self::Invoice => CanonicalKind::Invoice,
            Self::Payment => CanonicalKind::Payment,
            Self::Refund => CanonicalKind::Refund,
            Self::Touchpoint => CanonicalKind::Touchpoint,
            Self::SurveyResponse => CanonicalKind::SurveyResponse,
            Self::UsageEvent => CanonicalKind::UsageEvent,
        }
    }

    /// As stored; also the name of its table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.canonical().as_str()
    }

    /// The inverse of [`FactKind::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The area that decides who sees it; `None` is everybody.
    #[must_use]
    pub const fn area(self) -> Option<Area> {
        match self {
            Self::Deal => Some(Area::Deals),
            Self::Ticket | Self::SurveyResponse => Some(Area::Support),
            Self::Subscription => Some(Area::Subscriptions),
            Self::Invoice | Self::Payment | Self::Refund => Some(Area::Billing),
            Self::UsageEvent => Some(Area::CustomerNumbers),
            Self::Touchpoint => None,
        }
    }

    /// Whether a scope sees it.
    #[must_use]
    pub fn shown_to(self, scope: &Scope) -> bool {
        self.area().is_none_or(|area| scope.sees(area))
    }
}

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// When it happened; when we first saw it, if the source does not say.
    pub occurred: Timestamp,
    /// The record behind it.
    pub record: RecordRef,
    /// The record's content, links left out.
    pub body: Canonical,
}

impl Store {
    /// The newest facts of a kind of each profile.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn facts(
        &self,
        scope: &Scope,
        kind: FactKind,
        slice: &Slice<(Timestamp, RecordId)>,
        profiles: &[i64],
    ) -> Result<ByParent<Fact>, ReadError> {
        if let Some(area) = kind.area() {
            see(scope, area)?;
        }
        let backend = self.backend();
        let table = kind.as_str();
        let literal = format!("'{table}'");
        let newest = Newest {
            table: "profile_fact",
            parent: "profile_id",
            fixed: Some(("kind", &literal)),
            keys: &["occurred_at_ms", "record_id"],
        };
        let text = format!(
            "SELECT k.id AS parent, f.occurred_at_ms, f.record_id, s.source, s.stream, \
             s.external_id, {columns} FROM {from} \
             JOIN {table} c ON c.record_id = f.record_id \
             JOIN source_record s ON s.id = f.record_id {order}",
            columns = bodies::columns(kind.canonical(), "c", "c_"),
            from = newest.from(backend),
            order = newest.order(),
        );
        let after = slice.after.map(|(time, id)| [time.as_millis(), id.0]);
        let values = Newest::values(backend, profiles, slice.limit, after);
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let body = bodies::read(kind.canonical(), row, "c_");
            let occurred = at(row.try_get("", "occurred_at_ms")?);
            Ok((row.try_get("", "parent")?, occurred, RecordRef::from_row(row)?, body))
        })
        .await?;
        let mut facts = Vec::with_capacity(rows.len());
        for (parent, occurred, record, body) in rows {
            facts.push((parent, Fact { occurred, record, body: body? }));
        }
        Ok(group(facts))
    }

    /// How many facts of a kind each profile has; absent is none.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn fact_counts(
        &self,
        scope: &Scope,
        kind: FactKind,
        profiles: &[i64],
    ) -> Result<HashMap<i64, i64>, ReadError> {
        if let Some(area) = kind.area() {
            see(scope, area)?;
        }
        let backend = self.backend();
        let text = format!(
            "SELECT profile_id, COUNT(*) AS n FROM profile_fact \
             WHERE {} AND kind = $2 GROUP BY profile_id",
            backend.id_in("profile_id", 1)
        );
        let values = vec![backend.ids(profiles.iter().copied()), kind.as_str().into()];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "profile_id")?, row.try_get("", "n")?))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// Facts of a kind by their records; absent ones do not exist, or belong to no profile.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn facts_by_record(
        &self,
        scope: &Scope,
        kind: FactKind,
        records: &[i64],
    ) -> Result<ByParent<Fact>, ReadError> {
        if let Some(area) = kind.area() {
            see(scope, area)?;
        }
        let backend = self.backend();
        let table = kind.as_str();
        let text = format!(
            "SELECT c.record_id, s.source, s.stream, s.external_id, \
             COALESCE(s.occurred_at_ms, s.first_observed_at_ms) AS occurred_at_ms, {columns} \
             FROM {table} c JOIN source_record s ON s.id = c.record_id WHERE {ids}",
            columns = bodies::columns(kind.canonical(), "c", "c_"),
            ids = backend.id_in("c.record_id", 1),
        );
        let values = vec![backend.ids(records.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let body = bodies::read(kind.canonical(), row, "c_");
            Ok((at(row.try_get("", "occurred_at_ms")?), RecordRef::from_row(row)?, body))
        })
        .await?;
        let mut facts = Vec::with_capacity(rows.len());
        for (occurred, record, body) in rows {
            facts.push((record.id.0, Fact { occurred, record, body: body? }));
        }
        Ok(group(facts))
    }
}
