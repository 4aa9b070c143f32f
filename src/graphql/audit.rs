//! The data audit as a report.

use crate::asked::asked;
use crate::enums::FindingSeverity;
use crate::errors::Refusal;
use crate::scalars::{DateTime, int};
use async_graphql::{Context, Result, SimpleObject};
use domain::Area;
use store::read::{AuditOptions, Completeness, Finding};

/// What is missing, doubled, linked to nothing, stale or contradicts itself in what is stored.
#[derive(SimpleObject)]
pub(crate) struct DataAudit {
    /// When it was made; stale sources and dates in the future go by it.
    checked_at: DateTime,
    /// What was found, the severest first; empty if all is well.
    findings: Vec<AuditFinding>,
    /// How many records of each source have a field.
    completeness: Vec<FieldCompleteness>,
}

/// One thing that an audit found.
#[derive(SimpleObject)]
pub(crate) struct AuditFinding {
    /// Which check; stable.
    code: String,
    /// How much it matters.
    severity: FindingSeverity,
    /// How many.
    count: i32,
    /// Ids of the first of them: records, `source/stream`, or cells of rollups.
    samples: Vec<String>,
    /// What is so.
    message: String,
    /// What to do about it.
    action: String,
}

impl From<Finding> for AuditFinding {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code.to_owned(),
            severity: finding.severity.into(),
            count: int(finding.count),
            samples: finding.samples,
            message: finding.message.to_owned(),
            action: finding.action.to_owned(),
        }
    }
}

/// How many records of a source have a field.
#[derive(SimpleObject)]
pub(crate) struct FieldCompleteness {
    /// The source.
    source: String,
    /// The kind of record.
    kind: String,
    /// The field.
    field: String,
    /// Records that have it.
    filled: i32,
    /// All records of the kind.
    total: i32,
}

impl From<Completeness> for FieldCompleteness {
    fn from(one: Completeness) -> Self {
        Self {
            source: one.source,
            kind: one.kind.to_owned(),
            field: one.field.to_owned(),
            filled: int(one.filled),
            total: int(one.total),
        }
    }
}

/// Audits what is stored.
pub(crate) async fn data_audit(
    ctx: &Context<'_>,
    (stale_days, samples): (i32, i32),
) -> Result<DataAudit> {
    let asked = asked(ctx)?;
    asked.see(Area::Operations)?;
    let now = asked.shared.actions.now();
    let within = |name: &str, value: i32, most: u32| {
        u32::try_from(value)
            .ok()
            .filter(|n| *n <= most)
            .ok_or_else(|| Refusal::bad_input(format!("'{name}' must be from 0 to {most}")))
    };
    let options = AuditOptions {
        now,
        stale_days: within("staleDays", stale_days, 3_660)?,
        samples: within("samples", samples, asked.shared.limits.list_max)?,
    };
    let report = asked.store.data_audit(&asked.scope, &options).await?;
    Ok(DataAudit {
        checked_at: DateTime(now),
        findings: report.findings.into_iter().map(Into::into).collect(),
        completeness: report.completeness.into_iter().map(Into::into).collect(),
    })
}
