//! Why a customer is one: joins with their waterfalls, decisions, events, redirects.

use crate::asked::asked;
use crate::customer::{self, Customer};
use crate::enums::{IdentifierKind, ReviewVerdict};
use crate::loaders::{ChangesOf, DecisionsOf, JoinsOf, RecordOf, RedirectsOf};
use crate::operations::AuditEntry;
use crate::records::SourceRecord;
use crate::scalars::{DateTime, Json, int};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::{ProfileId, RecordId};
use futures_util::future::try_join_all;
use identity::{JoinSide, join_tree, weights};
use store::read::{DecisionRow, EvidenceBar, IdentityChange, JoinRow};

/// Why a customer's records are together, and what happened to its id.
pub(crate) struct Identity {
    pub customer: i64,
}

/// Why a customer's records are together, and what happened to its id.
#[Object]
impl Identity {
    /// The joins that connect all records, one fewer than there are records: a tree, in the order in
    /// which they hold the records together, the most certain first. Of very large customers the
    /// first `limits.list_max`.
    async fn joins(&self, ctx: &Context<'_>) -> Result<Vec<IdentityJoin>> {
        let asked = asked(ctx)?;
        let of = JoinsOf { limit: asked.shared.limits.list_max };
        let rows = asked.loaders.joins.load(self.customer, of).await?;
        let sides = join_tree(rows.iter().map(|row| (row.left, row.right)));
        let joins = rows.iter().cloned().zip(sides).enumerate();
        Ok(joins.map(|(at, (row, sides))| IdentityJoin { step: at + 1, row, sides }).collect())
    }

    /// What people decided on pairs in which one of its records takes part, the latest first. Every
    /// merge, split and review of theirs leaves such decisions.
    async fn decisions(&self, ctx: &Context<'_>) -> Result<Vec<IdentityDecision>> {
        let rows = decisions_of(ctx, &[self.customer]).await?;
        Ok(rows.into_iter().map(IdentityDecision).collect())
    }

    /// What happened to the customer's id, and what other ids went into it, the latest first.
    async fn events(&self, ctx: &Context<'_>) -> Result<Vec<IdentityEvent>> {
        let asked = asked(ctx)?;
        let of = ChangesOf { limit: asked.shared.limits.list_max };
        let rows = asked.loaders.changes.load(self.customer, of).await?;
        Ok(rows.iter().map(|change| IdentityEvent::of(change, self.customer)).collect())
    }

    /// Ids of customers that were merged into this one. They lead here for ever.
    async fn redirects_from(&self, ctx: &Context<'_>) -> Result<Vec<Redirect>> {
        let asked = asked(ctx)?;
        let of = RedirectsOf { limit: asked.shared.limits.list_max };
        let rows = asked.loaders.redirects.load(self.customer, of).await?;
        let redirect = |(id, at): &(domain::ProfileId, domain::Timestamp)| Redirect {
            id: ID(id.to_string()),
            redirected_at: DateTime(*at),
        };
        Ok(rows.iter().map(redirect).collect())
    }
}

/// Why two records were put together, and which groups of records that made one.
pub(crate) struct IdentityJoin {
    step: usize,
    row: JoinRow,
    sides: [JoinSide; 2],
}

fn count(n: usize) -> i32 {
    int(i64::try_from(n).unwrap_or(i64::MAX))
}

/// Why two records were put together, and which groups of records that made one.
#[Object]
impl IdentityJoin {
    /// Its place in the order of the joins, from 1.
    async fn step(&self) -> i32 {
        count(self.step)
    }

    /// One record.
    async fn left(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.row.left).await.transpose()
    }

    /// The other.
    async fn right(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.row.right).await.transpose()
    }

    /// The join by whose step the left record's group came to be; null if the record stood alone.
    async fn left_step(&self) -> Option<i32> {
        self.sides[0].step.map(count)
    }

    /// The join by whose step the right record's group came to be; null if the record stood alone.
    async fn right_step(&self) -> Option<i32> {
        self.sides[1].step.map(count)
    }

    /// Records in the left record's group before this join.
    async fn left_count(&self) -> i32 {
        count(self.sides[0].count)
    }

    /// Records in the right record's group before this join.
    async fn right_count(&self) -> i32 {
        count(self.sides[1].count)
    }

    /// The rule that joined them: `steward`, `vendor_merge`, `trusted_id` or `match_weight`.
    async fn rule(&self) -> &str {
        &self.row.rule
    }

    /// Match weight in log2 odds: the sum of the waterfall.
    async fn weight(&self) -> f64 {
        self.row.weight
    }

    /// Match probability that the weight gives, 0 to 1.
    async fn probability(&self) -> f64 {
        weights::probability(self.row.weight)
    }

    /// What adds up to the weight: the prior, then each comparison.
    async fn waterfall(&self) -> Vec<WaterfallBar> {
        bars(&self.row.waterfall)
    }

    /// The waterfall as JSON.
    #[graphql(deprecation = "Read `waterfall`.")]
    async fn evidence(&self) -> Json {
        Json::of(&self.row.waterfall)
    }
}

/// A record by id.
pub(crate) async fn record(ctx: &Context<'_>, id: RecordId) -> Result<Option<SourceRecord>> {
    let rows = asked(ctx)?.loaders.record.load(id.0, RecordOf {}).await?;
    Ok(rows.first().cloned().map(SourceRecord))
}

/// What one comparison adds to the match weight of two records.
#[derive(SimpleObject)]
pub(crate) struct WaterfallBar {
    /// What was compared (`email`, `given_name`, `address`, ...). The first bar is `prior`: two
    /// records taken at random. A last one, `related`, takes off what speaks for two people who have
    /// to do with each other rather than for one.
    comparison: String,
    /// How well it agreed (`exact`, `nickname`, `typo`, `different`, ...).
    level: String,
    /// What it adds, in log2 odds; negative speaks against.
    weight: f64,
    /// The sum so far, in log2 odds.
    total: f64,
    /// Share of the records that carry the value agreed on, 0 to 1: a rare value weighs more. Null
    /// where they do not agree on one.
    term_frequency: Option<f64>,
    /// The value that both carry, where it is an identifier.
    identifier: Option<SharedIdentifier>,
}

/// A value that two records share.
#[derive(SimpleObject)]
pub(crate) struct SharedIdentifier {
    /// What sort of value.
    kind: IdentifierKind,
    /// The normalised value; masked for roles that do not see contact details in full.
    value: String,
}

/// A waterfall with its running total.
pub(crate) fn bars(waterfall: &[EvidenceBar]) -> Vec<WaterfallBar> {
    let mut total = 0.0;
    let bar = |bar: &EvidenceBar| {
        total += bar.weight;
        WaterfallBar {
            comparison: bar.comparison.clone(),
            level: bar.level.clone(),
            weight: bar.weight,
            total,
            term_frequency: bar.term_frequency,
            identifier: bar.identifier.as_ref().map(|identifier| SharedIdentifier {
                kind: identifier.kind.into(),
                value: identifier.value.expose().to_owned(),
            }),
        }
    };
    waterfall.iter().map(bar).collect()
}

/// What a person decided on a pair of records. It holds against everything that the records say.
pub(crate) struct IdentityDecision(pub DecisionRow);

/// What a person decided on a pair of records. It holds against everything that the records say.
#[Object]
impl IdentityDecision {
    /// One record.
    async fn left(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.0.left).await.transpose()
    }

    /// The other record.
    async fn right(&self, ctx: &Context<'_>) -> Option<Result<SourceRecord>> {
        record(ctx, self.0.right).await.transpose()
    }

    /// The customer that holds the left record now.
    async fn left_customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, self.0.left_profile).await.transpose()
    }

    /// The customer that holds the right record now.
    async fn right_customer(&self, ctx: &Context<'_>) -> Option<Result<Customer>> {
        customer::by_id(ctx, self.0.right_profile).await.transpose()
    }

    /// The verdict that counts: the last one on this pair. `auditLog` has the earlier ones too.
    async fn verdict(&self) -> ReviewVerdict {
        self.0.verdict.into()
    }

    /// Who decided: the subject of the token.
    async fn by(&self) -> &str {
        &self.0.by
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }
}

/// Decisions on records of any of the customers, each once, the latest first.
pub(crate) async fn decisions_of(ctx: &Context<'_>, customers: &[i64]) -> Result<Vec<DecisionRow>> {
    let asked = asked(ctx)?;
    let limit = asked.shared.limits.list_max;
    let lists = customers.iter().map(|id| asked.loaders.decisions.load(*id, DecisionsOf { limit }));
    let lists = try_join_all(lists).await?;
    let mut rows: Vec<DecisionRow> = lists.iter().flat_map(|list| list.iter().cloned()).collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.at), row.left, row.right));
    rows.dedup_by_key(|row| (row.left, row.right));
    Ok(rows)
}

/// Decisions between the records of two customers, the latest first.
pub(crate) async fn decisions_between(
    ctx: &Context<'_>,
    a: Option<ProfileId>,
    b: Option<ProfileId>,
) -> Result<Vec<IdentityDecision>> {
    let mut customers: Vec<i64> = [a, b].into_iter().flatten().map(|id| id.0).collect();
    customers.dedup();
    let between = |row: &DecisionRow| {
        let sides = (row.left_profile, row.right_profile);
        sides == (a, b) || sides == (b, a)
    };
    let rows = decisions_of(ctx, &customers).await?;
    Ok(rows.into_iter().filter(between).map(IdentityDecision).collect())
}

/// Something that happened to a customer's id.
#[derive(SimpleObject)]
pub(crate) struct IdentityEvent {
    /// When.
    at: DateTime,
    /// `created`: the id came to be, or lives again. `merged`: all of `from` went into `into`, and
    /// the id leads there. `split`: a part of `from` became `into`. `moved`: one record went from
    /// `from` to `into`. `emptied`: no record is left of it.
    action: String,
    /// The customer that lost something; null if it was created.
    from: Option<ID>,
    /// The customer that gained something; null if it was emptied.
    into: Option<ID>,
    /// Of `from` and `into` the other one than the customer asked for.
    other: Option<ID>,
    /// The record that moved.
    record: Option<ID>,
    /// The decision that brought it about, and whose it was; null if the records themselves did.
    cause: Option<AuditEntry>,
}

impl IdentityEvent {
    fn of(change: &IdentityChange, customer: i64) -> Self {
        let id = |id: ProfileId| ID(id.to_string());
        let profile = Some(change.profile);
        let (from, into) = match (change.action.as_str(), change.other) {
            ("created", _) => (None, profile),
            (_, other) => (profile, other),
        };
        let other = [from, into].into_iter().flatten().find(|id| id.0 != customer);
        Self {
            at: DateTime(change.at),
            action: change.action.clone(),
            from: from.map(id),
            into: into.map(id),
            other: other.map(id),
            record: change.record.map(|record| ID(record.to_string())),
            cause: change.cause.clone().map(AuditEntry::from),
        }
    }
}

/// An id that leads to a customer.
#[derive(SimpleObject)]
pub(crate) struct Redirect {
    /// The id.
    id: ID,
    /// Since when.
    redirected_at: DateTime,
}
