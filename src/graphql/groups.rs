//! Segments and personas of a customer.
//!
//! Owns how they are asked for as of a moment and as known at one: the rules of an epoch over the
//! facts of then, beside the segment by size that was told then.

use crate::asked::asked;
use crate::errors::Refusal;
use crate::known::{Then, then};
use crate::loaders::GroupsOf;
use crate::scalars::DateTime;
use async_graphql::{Context, Result};
use domain::Code;
use metrics::segmentation::{Groups, Traits};
use std::sync::Arc;
use store::read::GroupRow;

fn groups(rows: &[GroupRow]) -> Groups {
    let mut groups = Groups { segments: Vec::new(), persona: None };
    for row in rows {
        match row {
            GroupRow::Segment(name) => groups.segments.push(name.clone()),
            GroupRow::Persona(name) => groups.persona = Some(name.clone()),
        }
    }
    groups
}

/// The groups of a customer: as derived last without a time, else derived again.
pub(crate) async fn of(
    ctx: &Context<'_>,
    customer: i64,
    as_of: Option<DateTime>,
    known_at: Option<DateTime>,
) -> Result<Groups> {
    let asked = asked(ctx)?;
    if as_of.is_none() && known_at.is_none() {
        let rows = asked.loaders.groups.load(customer, GroupsOf { epoch: None }).await?;
        return Ok(groups(&rows));
    }
    let then = then(ctx, customer, as_of, known_at).await?;
    let of = GroupsOf { epoch: Some(then.known.epoch.number) };
    let told = asked.loaders.groups.load(customer, of).await?;
    Ok(then.groups(&told)?)
}

impl Then {
    /// The groups, beside those that were told in the epoch.
    pub(crate) fn groups(&self, told: &Arc<[GroupRow]>) -> Result<Groups, Refusal> {
        let epoch = &self.known.epoch;
        let facts = self.facts()?;
        let size = groups(told).segments.pop().and_then(|name| metrics::Segment::parse(&name));
        let Some((rules, size)) = epoch.segmentation.as_ref().zip(size) else {
            let message = format!(
                "no segments were known on {}: the gateway kept none then; ask for a later 'knownAt'",
                epoch.closed
            );
            return Err(Refusal::new(Code::NotFound, message));
        };
        let life = self.lifecycle()?;
        let of = Traits {
            facts,
            numbers: &self.numbers()?,
            policy: &epoch.policy,
            sources: &epoch.sources,
            size,
            stage: life.stage,
            status: life.status,
            as_of: self.as_of,
        };
        Ok(rules.groups(&of))
    }
}
