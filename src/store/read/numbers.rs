//! Stored numbers of profiles and the cells of rollups.

use super::{ReadError, at, see};
use crate::{Store, sql};
use domain::{Area, Scope, Timestamp};
use sea_orm::{DbErr, QueryResult};
use std::collections::HashMap;

/// The numbers of one profile as derived last.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredNumbers {
    /// JSON object: every measure with its value or the reason why there is none. The crate
    /// `metrics` defines it.
    pub numbers: String,
    /// The metric policy, name and version.
    pub policy: String,
    /// When they were derived.
    pub computed: Timestamp,
}

/// One additive cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupCell {
    /// What is added up.
    pub component: String,
    /// `year * 12 + month - 1`; 0 is undated.
    pub month: i64,
    /// Channel; `None` is unattributed.
    pub channel: Option<String>,
    /// Segment.
    pub segment: Option<String>,
    /// Stage.
    pub stage: Option<String>,
    /// Currency; `None` for counts.
    pub currency: Option<String>,
    /// Minor units or a count.
    pub value: i64,
}

/// Which cells are wanted; `None` is all.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RollupRange {
    /// First month, as counted in [`RollupCell::month`].
    pub from: Option<i64>,
    /// Last month.
    pub to: Option<i64>,
    /// As known in this closed epoch; `None` is what is stored now.
    pub epoch: Option<i64>,
    /// Components whose cells of months before the first one are wanted, too: those of running sums.
    pub running: Vec<&'static str>,
}

impl RollupCell {
    pub(super) fn read(row: &QueryResult) -> Result<Self, DbErr> {
        let filled = |text: String| (!text.is_empty()).then_some(text);
        Ok(Self {
            component: row.try_get("", "component")?,
            month: row.try_get("", "month")?,
            channel: filled(row.try_get("", "channel")?),
            segment: filled(row.try_get("", "segment")?),
            stage: filled(row.try_get("", "stage")?),
            currency: filled(row.try_get("", "currency")?),
            value: row.try_get("", "value")?,
        })
    }
}

impl Store {
    /// The numbers of profiles; absent ones have not been derived yet.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] unless the scope sees customer numbers or support,
    /// [`ReadError::Store`]. Which of the measures are shown is the caller's to decide by area.
    pub async fn numbers(
        &self,
        scope: &Scope,
        profiles: &[i64],
    ) -> Result<HashMap<i64, StoredNumbers>, ReadError> {
        if !scope.sees(Area::Support) {
            see(scope, Area::CustomerNumbers)?;
        }
        let backend = self.backend();
        let text = format!(
            "SELECT profile_id, numbers, policy, computed_at_ms FROM profile_numbers WHERE {}",
            backend.id_in("profile_id", 1)
        );
        let values = vec![backend.ids(profiles.iter().copied())];
        let rows = sql::map(self.reader(), self.statement(text, values), |row| {
            let numbers = StoredNumbers {
                numbers: row.try_get("", "numbers")?,
                policy: row.try_get("", "policy")?,
                computed: at(row.try_get("", "computed_at_ms")?),
            };
            Ok((row.try_get("", "profile_id")?, numbers))
        })
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// The rollup cells of a range of months. Those that came to zero are none.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn rollup_cells(
        &self,
        scope: &Scope,
        range: &RollupRange,
    ) -> Result<Vec<RollupCell>, ReadError> {
        see(scope, Area::Rollups)?;
        let mut values = Vec::new();
        let mut months = "c.value <> 0".to_owned();
        if let Some(from) = range.from {
            values.push(from.into());
            months.push_str(" AND (c.month >= $1");
            for component in &range.running {
                values.push((*component).into());
                let or = if values.len() == 2 { " OR c.component IN (" } else { ", " };
                months.push_str(&format!("{or}${}", values.len()));
            }
            months.push_str(if range.running.is_empty() { ")" } else { "))" });
        }
        if let Some(to) = range.to {
            values.push(to.into());
            months.push_str(&format!(" AND c.month <= ${}", values.len()));
        }
        let of = |table: &str, when: &str| {
            format!(
                "SELECT c.component, c.month, c.channel, c.segment, c.stage, c.currency, c.value \
                 FROM {table} c WHERE {months}{when}"
            )
        };
        let n = values.len() + 1;
        let cells = match range.epoch {
            None => of("rollup_cell", ""),
            Some(epoch) => {
                values.push(epoch.into());
                let present = of("rollup_cell", &format!(" AND c.known_from <= ${n}"));
                let past = format!(" AND c.known_from <= ${n} AND c.known_to > ${n}");
                format!("{present} UNION ALL {}", of("rollup_cell_past", &past))
            }
        };
        let text = format!("{cells} ORDER BY 1, 2, 3, 4, 5, 6");
        Ok(sql::map(self.reader(), self.statement(text, values), RollupCell::read).await?)
    }

    /// When numbers were derived last; `None` before the first time.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`], [`ReadError::Store`].
    pub async fn numbers_computed(&self, scope: &Scope) -> Result<Option<Timestamp>, ReadError> {
        see(scope, Area::Rollups)?;
        let text = "SELECT MAX(computed_at_ms) AS at_ms FROM profile_numbers";
        let rows = sql::map(self.reader(), self.statement(text, vec![]), |row| {
            row.try_get::<Option<i64>>("", "at_ms")
        })
        .await?;
        Ok(rows.into_iter().next().flatten().map(at))
    }
}
