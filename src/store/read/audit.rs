//! The data audit: what is missing, doubled, linked to nothing, stale or contradicts itself.
//!
//! Owns the checks, each one statement over stored records whatever their number. Findings name ids
//! and never values. Refuses to mend anything: the source that delivered a record does.

use super::{ReadError, RollupCell, RollupRange, see};
use crate::{Store, StoreError, sql};
use domain::{Area, RecordId, Scope, Timestamp};
use std::collections::BTreeMap;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Numbers may miss something.
    Warning,
    /// Numbers are wrong or will be.
    Severe,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Severe];

    /// As written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Severe => "severe",
        }
    }

    /// The inverse of [`Severity::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check; stable.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// How many.
    pub count: i64,
    /// Ids of the first of them: records, `source/stream`, or what the check names.
    pub samples: Vec<String>,
    /// What is so.
    pub message: &'static str,
    /// What to do about it.
    pub action: &'static str,
}

/// How many records of a source have a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// The source.
    pub source: String,
    /// The kind of record.
    pub kind: &'static str,
    /// The field.
    pub field: &'static str,
    /// Records that have it.
    pub filled: i64,
    /// All records of the kind.
    pub total: i64,
}

/// What an audit is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditOptions {
    /// The present.
    pub now: Timestamp,
    /// A stream without a finished sync for so many days is stale.
    pub stale_days: u32,
    /// Sample ids per finding.
    pub samples: u32,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// Findings, the severest first, then by code.
    pub findings: Vec<Finding>,
    /// By source, kind and field.
    pub completeness: Vec<Completeness>,
}

/// A check over records: `from` selects the column `id` of those that it finds. `$1` in it is the
/// present, in milliseconds.
struct Check {
    code: &'static str,
    severity: Severity,
    message: &'static str,
    action: &'static str,
    from: String,
}

/// Nothing that concerns a customer of today happened before 1990.
const OLDEST_MS: i64 = 631_152_000_000;
const DAY_MS: i64 = 86_400_000;

/// Columns with the time at which something happened: no record can know the future. An end of a
/// period or a due date may lie ahead, by ten years at most.
const PAST: [(&str, &str); 12] = [
    ("contact", "created_at_ms"),
    ("company", "created_at_ms"),
    ("deal", "created_at_ms"),
    ("deal", "closed_at_ms"),
    ("ticket", "created_at_ms"),
    ("ticket", "solved_at_ms"),
    ("invoice", "issued_at_ms"),
    ("invoice", "paid_at_ms"),
    ("payment", "paid_at_ms"),
    ("refund", "refunded_at_ms"),
    ("touchpoint", "touched_at_ms"),
    ("survey_response", "responded_at_ms"),
];
const AHEAD: [(&str, &str); 6] = [
    ("subscription", "started_at_ms"),
    ("subscription", "trial_end_ms"),
    ("subscription", "current_period_end_ms"),
    ("subscription", "canceled_at_ms"),
    ("subscription", "ended_at_ms"),
    ("invoice", "due_at_ms"),
];

/// Kinds of fact that concern somebody.
const FACTS: [&str; 8] = [
    "deal",
    "ticket",
    "subscription",
    "invoice",
    "payment",
    "refund",
    "touchpoint",
    "survey_response",
];

/// The columns of a field, and how they are seen to be filled.
const FIELDS: [(&str, &[(&str, &str)]); 5] = [
    (
        "contact",
        &[
            ("name", "COALESCE(t.full_name, t.family_name, t.given_name) IS NOT NULL"),
            ("email", "t.emails <> '[]'"),
            ("phone", "t.phones <> '[]'"),
            ("job_title", "t.job_title IS NOT NULL"),
            ("company_name", "t.company_name IS NOT NULL"),
            ("country", "t.country IS NOT NULL"),
            ("vendor_stage", "t.vendor_stage IS NOT NULL"),
            ("acquisition_channel", "t.acquisition_channel IS NOT NULL"),
            ("created_at", "t.created_at_ms IS NOT NULL"),
        ],
    ),
    (
        "company",
        &[
            ("name", "t.name IS NOT NULL"),
            ("domain", "t.domains <> '[]'"),
            ("industry", "t.industry IS NOT NULL"),
            ("employee_count", "t.employee_count IS NOT NULL"),
            ("country", "t.country IS NOT NULL"),
            ("acquisition_channel", "t.acquisition_channel IS NOT NULL"),
            ("created_at", "t.created_at_ms IS NOT NULL"),
        ],
    ),
    (
        "deal",
        &[("amount", "t.amount_minor IS NOT NULL"), ("created_at", "t.created_at_ms IS NOT NULL")],
    ),
    (
        "subscription",
        &[
            ("items", "t.items <> '[]'"),
            ("started_at", "t.started_at_ms IS NOT NULL"),
            ("current_period_end", "t.current_period_end_ms IS NOT NULL"),
        ],
    ),
    ("payment", &[("paid_at", "t.paid_at_ms IS NOT NULL")]),
];

#[allow(clippy::too_many_lines)] // a table
fn checks(product: &str) -> Vec<Check> {
    use Severity::{Notice, Severe, Warning};
    let check = |code, severity, message, action, from: String| Check {
        code,
        severity,
        message,
        action,
        from,
    };
    let orphans = FACTS.map(|kind| {
        format!(
            "SELECT t.record_id AS id FROM {kind} t WHERE t.record_id NOT IN \
             (SELECT f.record_id FROM profile_fact f WHERE f.kind = '{kind}')"
        )
    });
    let outside = |columns: &[(&str, &str)], until: i64| {
        columns
            .iter()
            .map(|(table, column)| {
                format!(
                    "SELECT t.record_id AS id FROM {table} t WHERE t.{column} < {OLDEST_MS} \
                     OR t.{column} > $1 + {until}"
                )
            })
            .collect::<Vec<_>>()
            .join(" UNION ")
    };
    let refunded = "FROM refund t JOIN record_link l ON l.record_id = t.record_id \
                    AND l.role = 'payment' JOIN payment p ON p.record_id = l.target_id";
    vec![
        check(
            "duplicates_open",
            Notice,
            "pairs of records that may be the same customer wait for a decision",
            "decide them: query `reviews`, mutation `decideReview`",
            "SELECT r.left_id AS id FROM review r".into(),
        ),
        check(
            "spend_without_channel",
            Warning,
            "expenses name no channel; they count as unattributed",
            "name a channel in the source of the expenses",
            "SELECT t.record_id AS id FROM spend t WHERE t.channel IS NULL OR TRIM(t.channel) = ''"
                .into(),
        ),
        check(
            "spend_without_campaign",
            Notice,
            "expenses name no campaign",
            "name a campaign in the source of the expenses if cost per campaign is wanted",
            "SELECT t.record_id AS id FROM spend t WHERE t.campaign IS NULL OR TRIM(t.campaign) = ''"
                .into(),
        ),
        check(
            "spend_channel_unknown",
            Warning,
            "expenses name a channel by which no customer came; their cost per customer is null",
            "write the channel as the CRM does, or find out why it brings nobody",
            "SELECT t.record_id AS id FROM spend t WHERE TRIM(t.channel) <> '' \
             AND LOWER(TRIM(t.channel)) NOT IN (SELECT LOWER(TRIM(p.acquisition_channel)) \
             FROM profile p WHERE p.acquisition_channel IS NOT NULL)"
                .into(),
        ),
        check(
            "orphan_facts",
            Warning,
            "records concern no customer: they name nobody, or somebody who never came",
            "see that the stream of the customers that they name is synced, and derive",
            orphans.join(" UNION ALL "),
        ),
        check(
            "refund_without_payment",
            Severe,
            "refunds and credits name no payment that is known; they lower revenue and undo no purchase",
            "sync the payments, or link the refund in its source",
            "SELECT t.record_id AS id FROM refund t WHERE t.status = 'succeeded' AND NOT EXISTS \
             (SELECT 1 FROM record_link l JOIN payment p ON p.record_id = l.target_id \
             WHERE l.record_id = t.record_id AND l.role = 'payment')"
                .into(),
        ),
        check(
            "refunds_exceed_payment",
            Severe,
            "payments were given back by more than their amount",
            "correct the refunds in their source; revenue of the customer is below what it was",
            format!(
                "SELECT p.record_id AS id {refunded} WHERE t.status = 'succeeded' \
                 AND t.currency = p.currency GROUP BY p.record_id, p.amount_minor \
                 HAVING SUM(t.amount_minor) > p.amount_minor"
            ),
        ),
        check(
            "refund_in_other_currency",
            Severe,
            "refunds are in another currency than their payment",
            "correct the refund or the payment in its source",
            format!("SELECT t.record_id AS id {refunded} WHERE t.currency <> p.currency"),
        ),
        check(
            "credit_note_unmatched",
            Warning,
            "invoices below zero name neither a subscription nor an invoice that they credit",
            "link them in their source, so that the credit meets the period that it is for",
            "SELECT t.record_id AS id FROM invoice t WHERE t.total_minor < 0 AND NOT EXISTS \
             (SELECT 1 FROM record_link l WHERE l.record_id = t.record_id \
             AND l.role IN ('subscription', 'invoice'))"
                .into(),
        ),
        check(
            "amount_not_positive",
            Warning,
            "payments or refunds succeeded with an amount of zero or less",
            "correct the amount in its source",
            "SELECT t.record_id AS id FROM payment t WHERE t.status = 'succeeded' AND t.amount_minor <= 0 \
             UNION ALL SELECT t.record_id AS id FROM refund t WHERE t.status = 'succeeded' \
             AND t.amount_minor <= 0"
                .into(),
        ),
        check(
            "currency_unknown",
            Severe,
            "records wait in quarantine because their currency is unknown",
            "correct the currency in the source: three letters as ISO 4217 has them",
            "SELECT t.id AS id FROM quarantine t WHERE LOWER(t.reason) LIKE '%currency%'".into(),
        ),
        check(
            "records_unreadable",
            Warning,
            "records wait in quarantine because they could not be read",
            "see `c360 quarantine list`, correct them in their source and sync again",
            "SELECT t.id AS id FROM quarantine t WHERE LOWER(t.reason) NOT LIKE '%currency%'".into(),
        ),
        check(
            "subscriptions_overlap",
            Warning,
            "a customer has two subscriptions to the same product at the same time; both count in MRR",
            "end the one that was replaced, in its source",
            format!(
                "SELECT DISTINCT b.record_id AS id FROM record_link a JOIN record_link b \
                 ON b.target_id = a.target_id AND b.role = a.role AND b.record_id <> a.record_id \
                 JOIN subscription s ON s.record_id = a.record_id \
                 JOIN subscription t ON t.record_id = b.record_id \
                 WHERE a.role IN ('contact', 'company') AND s.started_at_ms IS NOT NULL \
                 AND t.started_at_ms IS NOT NULL \
                 AND (s.started_at_ms, s.record_id) < (t.started_at_ms, t.record_id) \
                 AND COALESCE(s.ended_at_ms, {max}) > t.started_at_ms \
                 AND s.status <> 'incomplete' AND t.status <> 'incomplete' \
                 AND (s.items = t.items OR {} = {})",
                product.replace("{t}", "s"),
                product.replace("{t}", "t"),
                max = i64::MAX,
            ),
        ),
        check(
            "ended_before_start",
            Severe,
            "subscriptions ended or were cancelled before they began; they count for no time at all",
            "correct the dates in their source",
            "SELECT t.record_id AS id FROM subscription t WHERE t.ended_at_ms < t.started_at_ms \
             OR t.canceled_at_ms < t.started_at_ms"
                .into(),
        ),
        check(
            "closed_before_opened",
            Warning,
            "deals were closed, tickets solved or invoices paid before they were opened",
            "correct the dates in their source",
            "SELECT t.record_id AS id FROM deal t WHERE t.closed_at_ms < t.created_at_ms \
             UNION ALL SELECT t.record_id AS id FROM ticket t WHERE t.solved_at_ms < t.created_at_ms"
                .into(),
        ),
        check(
            "date_out_of_range",
            Severe,
            "dates lie before 1990 or in the future",
            "correct the dates in their source; they put money into months that nobody looks at",
            format!("{} UNION {}", outside(&PAST, DAY_MS), outside(&AHEAD, 3_660 * DAY_MS)),
        ),
        check(
            "facts_undated",
            Notice,
            "payments, refunds or subscriptions carry no date; they count in totals and in no month",
            "give them a date in their source",
            "SELECT t.record_id AS id FROM payment t WHERE t.paid_at_ms IS NULL AND t.status = 'succeeded' \
             UNION ALL SELECT t.record_id AS id FROM refund t WHERE t.refunded_at_ms IS NULL \
             UNION ALL SELECT t.record_id AS id FROM subscription t WHERE t.started_at_ms IS NULL"
                .into(),
        ),
        check(
            "survey_out_of_scale",
            Warning,
            "survey answers lie outside their scale; they do not count",
            "correct the scale in their source: 0 to 10 for NPS, 1 to 5 for CSAT",
            "SELECT t.record_id AS id FROM survey_response t WHERE (t.kind = 'nps' AND (t.score < 0 \
             OR t.score > 10)) OR (t.kind = 'csat' AND (t.score < 1 OR t.score > 5))"
                .into(),
        ),
    ]
}

impl Store {
    /// Audits what is stored: a fixed number of statements, some of which read whole tables.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] unless the scope sees operations, [`ReadError::Store`].
    pub async fn data_audit(
        &self,
        scope: &Scope,
        options: &AuditOptions,
    ) -> Result<AuditReport, ReadError> {
        see(scope, Area::Operations)?;
        let mut findings = Vec::new();
        let product = match self.backend() {
            crate::Backend::Sqlite => "json_extract({t}.items, '$[0].product')",
            crate::Backend::Postgres => "({t}.items::json->0->>'product')",
        };
        for check in checks(product) {
            findings.extend(self.checked(check, options).await?);
        }
        findings.extend(self.stale(scope, options).await?);
        findings.extend(self.unreconciled(options).await?);
        findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.code));
        Ok(AuditReport { findings, completeness: self.completeness().await? })
    }

    async fn checked(
        &self,
        check: Check,
        options: &AuditOptions,
    ) -> Result<Option<Finding>, StoreError> {
        // The present is always a parameter, so that every statement has the same ones.
        let text = format!(
            "SELECT x.id, COUNT(*) OVER () AS n FROM ({}) x WHERE CAST($1 AS BIGINT) IS NOT NULL \
             ORDER BY x.id LIMIT $2",
            check.from.replace("$1", "CAST($1 AS BIGINT)")
        );
        let limit = i64::from(options.samples.max(1));
        let values = vec![options.now.as_millis().into(), limit.into()];
        let rows: Vec<(i64, i64)> = sql::map(self.reader(), self.statement(text, values), |row| {
            Ok((row.try_get("", "id")?, row.try_get("", "n")?))
        })
        .await?;
        let samples = rows.iter().take(options.samples as usize);
        Ok(rows.first().map(|(_, count)| Finding {
            code: check.code,
            severity: check.severity,
            count: *count,
            samples: samples.map(|(id, _)| RecordId(*id).to_string()).collect(),
            message: check.message,
            action: check.action,
        }))
    }

    /// Streams without a finished sync for long, and those whose last one failed.
    async fn stale(
        &self,
        scope: &Scope,
        options: &AuditOptions,
    ) -> Result<Vec<Finding>, ReadError> {
        let since = options.now.plus_days(-i64::from(options.stale_days));
        let (mut stale, mut failed) = (Vec::new(), Vec::new());
        for state in self.stream_states(scope).await? {
            let name = format!("{}/{}", state.source, state.stream);
            if state.status == "failed" {
                failed.push(name.clone());
            }
            if state.finished.is_none_or(|at| at < since) {
                stale.push(name);
            }
        }
        let finding = |code, severity, names: Vec<String>, message, action| {
            (!names.is_empty()).then(|| Finding {
                code,
                severity,
                count: names.len() as i64,
                samples: names.into_iter().take(options.samples as usize).collect(),
                message,
                action,
            })
        };
        let stale = finding(
            "source_stale",
            Severity::Warning,
            stale,
            "streams were not synced to their end for longer than asked for",
            "run `c360 sync`, and see `sources` for what kept them",
        );
        let failed = finding(
            "source_failing",
            Severity::Severe,
            failed,
            "the last sync of streams failed",
            "see `lastError` of `sources`, mend it and run `c360 sync`",
        );
        Ok(stale.into_iter().chain(failed).collect())
    }

    /// Cells that differ from what all shares add up to.
    async fn unreconciled(&self, options: &AuditOptions) -> Result<Option<Finding>, ReadError> {
        let Some(epoch) = self.find_epoch(None).await? else { return Ok(None) };
        // Only how many cells differ is told, which is no number of the business.
        let scope = Scope::system();
        let range = RollupRange { epoch: Some(epoch.number), ..RollupRange::default() };
        let mut cells: BTreeMap<String, i128> = BTreeMap::new();
        let key = |cell: &RollupCell| {
            let word = |text: &Option<String>| text.clone().unwrap_or_default();
            format!(
                "{}/{}/{}/{}/{}/{}",
                cell.component,
                cell.month,
                word(&cell.channel),
                word(&cell.segment),
                word(&cell.stage),
                word(&cell.currency)
            )
        };
        for cell in self.rollup_cells(&scope, &range).await? {
            *cells.entry(key(&cell)).or_default() += i128::from(cell.value);
        }
        for cell in self.summed_cells(&scope, epoch.number).await? {
            *cells.entry(key(&cell)).or_default() -= i128::from(cell.value);
        }
        let differing: Vec<String> =
            cells.into_iter().filter(|(_, rest)| *rest != 0).map(|(key, _)| key).collect();
        Ok((!differing.is_empty()).then(|| Finding {
            code: "rollups_unreconciled",
            severity: Severity::Severe,
            count: differing.len() as i64,
            samples: differing.into_iter().take(options.samples as usize).collect(),
            message: "rollup cells differ from the sum of what each customer adds to them",
            action: "run `c360 derive --full` and report it: this must not happen",
        }))
    }

    async fn completeness(&self) -> Result<Vec<Completeness>, StoreError> {
        let mut found = Vec::new();
        for (kind, fields) in FIELDS {
            let sums: Vec<String> = fields
                .iter()
                .enumerate()
                .map(|(n, (_, filled))| {
                    format!("CAST(SUM(CASE WHEN {filled} THEN 1 ELSE 0 END) AS BIGINT) AS f{n}")
                })
                .collect();
            let text = format!(
                "SELECT s.source, COUNT(*) AS total, {} FROM {kind} t \
                 JOIN source_record s ON s.id = t.record_id GROUP BY s.source ORDER BY s.source",
                sums.join(", ")
            );
            let rows = sql::map(self.reader(), self.statement(text, vec![]), |row| {
                let source: String = row.try_get("", "source")?;
                let total: i64 = row.try_get("", "total")?;
                let one = |(n, (field, _)): (usize, &(&'static str, &str))| {
                    let filled = row.try_get("", &format!("f{n}"))?;
                    let source = source.clone();
                    Ok(Completeness { source, kind, field, filled, total })
                };
                fields.iter().enumerate().map(one).collect::<Result<Vec<_>, sea_orm::DbErr>>()
            })
            .await?;
            found.extend(rows.into_iter().flatten());
        }
        Ok(found)
    }
}
