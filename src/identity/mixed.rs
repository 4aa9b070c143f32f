//! Tables of rows as they come, whatever each row describes.
//!
//! Owns that every row of a table of both people and companies is compared with its own kind only,
//! by that kind's comparators. Refuses to recognise columns or to compare.

use crate::columns::{ColumnError, Layout, Sorter, recognise};
use crate::engine::{
    Column, EngineOptions, HeldJoin, Phase, Table, TableBuilder, TableJoin, TableOutcome,
    TablePair, resolve_table,
};
use domain::ProfileKind;

/// Takes rows in.
pub struct Intake {
    layout: Layout,
    builder: TableBuilder,
    other: Option<Other>,
    /// Where the rows stand that are of the other kind.
    others: Vec<u32>,
    rows: u32,
    date: String,
}

/// What is needed for the rows of the other kind.
struct Other {
    sorter: Sorter,
    kind: ProfileKind,
    layout: Layout,
    builder: TableBuilder,
}

impl Intake {
    /// For a table of mostly `kind`; the other parameters are those of [`recognise`].
    ///
    /// # Errors
    /// Those of [`recognise`].
    pub fn new(
        kind: ProfileKind,
        headers: &[String],
        samples: &[Vec<String>],
        map: &[(String, String)],
    ) -> Result<Self, ColumnError> {
        let sorter = Sorter::of(kind, headers, samples, map);
        let of_kind = |wanted: ProfileKind| -> Vec<Vec<String>> {
            let is = |row: &&Vec<String>| {
                sorter.as_ref().is_none_or(|sorter| {
                    sorter.kind_of(|at| row.get(at).map_or("", String::as_str)) == wanted
                })
            };
            samples.iter().filter(is).cloned().collect()
        };
        let layout = match &sorter {
            None => recognise(kind, headers, samples, map)?,
            Some(_) => recognise(kind, headers, &of_kind(kind), map)?,
        };
        let other_kind = match kind {
            ProfileKind::Person => ProfileKind::Company,
            ProfileKind::Company => ProfileKind::Person,
        };
        let other = match &sorter {
            None => None,
            Some(sorter) => {
                let layout = recognise(other_kind, headers, &of_kind(other_kind), map)?;
                let builder = TableBuilder::new(other_kind, layout.columns.clone());
                Some(Other { sorter: sorter.clone(), kind: other_kind, layout, builder })
            }
        };
        let builder = TableBuilder::new(kind, layout.columns.clone());
        Ok(Self { layout, builder, other, others: Vec::new(), rows: 0, date: String::new() })
    }

    /// The columns as rows of the table's own kind are read.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.layout.columns
    }

    /// Adds a row of `width` cells.
    pub fn push<'a>(&mut self, width: usize, cell: impl Fn(usize) -> &'a str) {
        let at = self.rows;
        self.rows += 1;
        let (layout, builder) = match &mut self.other {
            Some(other) if other.sorter.kind_of(&cell) == other.kind => {
                self.others.push(at);
                (&other.layout, &mut other.builder)
            }
            _ => (&self.layout, &mut self.builder),
        };
        if layout.joins_date() {
            layout.join_date(&cell, &mut self.date);
            let cells = (0..width).map(|at| -> &str { cell(at) });
            builder.push(cells.chain(std::iter::once(self.date.as_str())));
        } else {
            builder.push((0..width).map(cell));
        }
    }

    /// All rows, ready to be compared.
    #[must_use]
    pub fn finish(self) -> Mixed {
        let other = match self.other {
            Some(other) if !self.others.is_empty() => Some((other.kind, other.builder.finish())),
            _ => None,
        };
        Mixed { own: self.builder.finish(), other, others: self.others, rows: self.rows }
    }
}

/// A table of rows of one kind or of both.
pub struct Mixed {
    own: Table,
    other: Option<(ProfileKind, Table)>,
    others: Vec<u32>,
    rows: u32,
}

impl Mixed {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Resolves the rows, see [`resolve_table`]; those of the other kind by themselves. Weights of
    /// these are moved by the difference of the two cut-offs, so that one cut-off holds for all.
    #[must_use]
    pub fn resolve(
        &self,
        link_only: Option<&[u32]>,
        options: &EngineOptions,
        observe: &mut dyn FnMut(Phase),
    ) -> TableOutcome {
        let Some((kind, other)) = &self.other else {
            return resolve_table(&self.own, link_only, options, observe);
        };
        let mut is_other = vec![false; self.len()];
        for at in &self.others {
            if let Some(slot) = is_other.get_mut(*at as usize) {
                *slot = true;
            }
        }
        let own: Vec<u32> = (0..self.rows)
            .filter(|at| is_other.get(*at as usize).is_some_and(|is_other| !is_other))
            .collect();
        let sets = |rows: &[u32]| -> Option<Vec<u32>> {
            let of = link_only?;
            Some(rows.iter().map(|at| of.get(*at as usize).copied().unwrap_or_default()).collect())
        };
        let first = resolve_table(&self.own, sets(&own).as_deref(), options, observe);
        let second = resolve_table(other, sets(&self.others).as_deref(), options, observe);
        let mut outcome = TableOutcome {
            clusters: vec![0; self.len()],
            cutoff: first.cutoff,
            report: first.report.clone(),
            notes: first.notes.clone(),
            ..TableOutcome::default()
        };
        let word = match kind {
            ProfileKind::Person => "people",
            ProfileKind::Company => "companies",
        };
        outcome.notes.push(format!(
            "{} rows are {word} and were compared with each other only, at a cut-off of {:+.1}",
            self.others.len(),
            second.cutoff
        ));
        outcome.notes.extend(second.notes.iter().map(|note| format!("{word}: {note}")));
        outcome.report.rules.extend(second.report.rules.iter().map(|rule| {
            let mut rule = rule.clone();
            rule.name = format!("{word}: {}", rule.name);
            rule
        }));
        let shift = (first.cutoff - second.cutoff) as f32;
        let mut joins = Vec::with_capacity(first.joins.len() + second.joins.len());
        for (part, rows, shift) in [(&first, &own, 0.0), (&second, &self.others, shift)] {
            let row = |at: u32| rows.get(at as usize).copied().unwrap_or_default();
            for (at, cluster) in part.clusters.iter().enumerate() {
                if let Some(slot) = outcome.clusters.get_mut(row(at as u32) as usize) {
                    *slot = row(*cluster);
                }
            }
            let mut least = f32::INFINITY;
            joins.extend(part.joins.iter().map(|join| {
                let weight = join.weight + shift;
                least = least.min(weight);
                (least, TableJoin { a: row(join.a), b: row(join.b), weight })
            }));
            outcome.held.extend(part.held.iter().map(|held| HeldJoin {
                join: TableJoin {
                    a: row(held.join.a),
                    b: row(held.join.b),
                    weight: held.join.weight + shift,
                },
                why: held.why,
            }));
            outcome.pairs.extend(part.pairs.iter().map(|pair| TablePair {
                a: row(pair.a),
                b: row(pair.b),
                weight: pair.weight + shift,
            }));
        }
        // By the cut-off at which a join is still made: each part stays in its order.
        joins.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        outcome.held.sort_by(|x, y| y.join.weight.total_cmp(&x.join.weight));
        outcome.joins = joins.into_iter().map(|(_, join)| join).collect();
        outcome
    }
}
