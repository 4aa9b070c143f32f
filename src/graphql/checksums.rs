//! Whether the rollups as kept by increments are those that every share adds up to.
//!
//! Owns the comparison, by component and month. Refuses to mend a difference: a derivation of everything
//! does.

use crate::asked::asked;
use crate::enums::RollupComponent;
use crate::rollups;
use crate::scalars::{DateTime, YearMonth};
use async_graphql::{Context, Result, SimpleObject};
use domain::{Area, Month};
use metrics::{Cell, Component, UNDATED};
use std::collections::{BTreeMap, BTreeSet};
use store::read::RollupRange;

/// The cells of a component and a month: as kept by increments, and as added up anew.
#[derive(SimpleObject)]
pub(crate) struct RollupChecksum {
    /// What is added up.
    component: RollupComponent,
    /// The month; null for what no source dates.
    month: Option<YearMonth>,
    /// Checksum of the cells; null if there are none.
    checksum: Option<String>,
    /// Checksum of the cells as added up anew from every share; null if there are none.
    rebuilt: Option<String>,
    /// Whether the two are equal.
    agrees: bool,
}

/// Compares the cells of an epoch with what their shares add up to, by component and month.
pub(crate) async fn checksums(
    ctx: &Context<'_>,
    known_at: Option<DateTime>,
) -> Result<Vec<RollupChecksum>> {
    let asked = asked(ctx)?;
    asked.see(Area::Rollups)?;
    asked.see(Area::Operations)?;
    let epoch = asked.epoch(known_at.map(|at| at.0)).await?.number;
    let (store, scope) = (&asked.store, &asked.scope);
    let range = RollupRange { epoch: Some(epoch), ..RollupRange::default() };
    let kept = texts(rollups::cells(store.rollup_cells(scope, &range).await?)?);
    let mut summed = texts(rollups::cells(store.summed_cells(scope, epoch).await?)?);
    let keys: BTreeSet<_> = kept.keys().chain(summed.keys()).copied().collect();
    let hash = |text: &String| format!("{:016x}", domain::Payload::new(text.clone()).hash());
    Ok(keys
        .into_iter()
        .map(|key| {
            let (checksum, rebuilt) = (kept.get(&key).map(hash), summed.remove(&key));
            let rebuilt = rebuilt.as_ref().map(hash);
            RollupChecksum {
                component: key.0.into(),
                month: Some(key.1).filter(|month| *month != UNDATED).map(YearMonth),
                agrees: checksum == rebuilt,
                checksum,
                rebuilt,
            }
        })
        .collect())
}

/// Cells as text, by component and month, in the order of their keys.
fn texts(cells: Vec<Cell>) -> BTreeMap<(Component, Month), String> {
    let mut sorted = cells;
    sorted.sort_unstable();
    let mut texts: BTreeMap<(Component, Month), String> = BTreeMap::new();
    for Cell { key, value } in sorted {
        let text = texts.entry((key.component, key.month)).or_default();
        text.push_str(&format!(
            "{}\u{1f}{}\u{1f}{}\u{1f}{}\u{1f}{value}\u{1e}",
            key.channel.as_deref().unwrap_or_default(),
            key.segment.as_deref().unwrap_or_default(),
            key.stage.map_or("", domain::Stage::as_str),
            key.currency.map(|currency| currency.code().to_owned()).unwrap_or_default(),
        ));
    }
    texts
}
