//! What each column of a table holds.
//!
//! Owns the recognition of columns by their names, checked against a sample of their values, and by
//! the values alone where a name says nothing. Refuses to read files. A column that is recognised
//! wrongly can be put right by the caller's map, which always wins.

mod names;
mod redundant;
mod roles;
mod shapes;
mod sorter;

use crate::engine::Column;
use crate::role::Role;
use domain::ProfileKind;
use names::{Claim, DatePart};
use shapes::Shape;
pub use sorter::Sorter;

/// Rows of a table that are worth looking at; more make no better guess.
pub const SAMPLE_ROWS: usize = 1_000;

/// Why columns cannot be told apart as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// A role of the map is not one.
    #[error("there is no role of the name {0:?}; known: {known}", known = Role::known())]
    NoRole(String),
    /// A column of the map is not in the table.
    #[error("there is no column of the name {column:?}; the table has: {}", .columns.join(", "))]
    NoColumn {
        /// As asked for.
        column: String,
        /// What there is.
        columns: Vec<String>,
    },
    /// A column is given two roles.
    #[error("column {0:?} is given two roles")]
    Twice(String),
    /// The table has no columns.
    #[error("the table has no columns")]
    NoColumns,
    /// Nothing in the table can be compared.
    #[error("no column says anything about who a record is; name one with --map, as in --map full_name=COLUMN; the table has: {}", .0.join(", "))]
    NothingToCompare(Vec<String>),
}

/// The columns of a table, with one more where a date stands in three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Name and role of each column, in the table's order; then the date that is put together, if
    /// there is one.
    pub columns: Vec<Column>,
    /// Where year, month and day of a date stand that is put together.
    date: Option<[usize; 3]>,
}

impl Layout {
    /// Whether a date is put together, so that a row has one value more than the table.
    #[must_use]
    pub fn joins_date(&self) -> bool {
        self.date.is_some()
    }

    /// Writes the date of a row that is put together, as `YYYY-MM-DD`, into `date`, which is left
    /// empty when a part is missing or no number.
    pub fn join_date<'a>(&self, cell: impl Fn(usize) -> &'a str, date: &mut String) {
        use std::fmt::Write as _;
        date.clear();
        let Some([year, month, day]) = self.date else { return };
        let number = |at: usize| cell(at).trim().parse::<u16>();
        if let (Ok(year), Ok(month), Ok(day)) = (number(year), number(month), number(day)) {
            // Writing to a string cannot fail.
            let _ = write!(date, "{year:04}-{month:02}-{day:02}");
        }
    }
}

/// Says what the columns of a table hold.
///
/// `headers` are the names of the columns, `samples` up to [`SAMPLE_ROWS`] rows of values, best
/// taken from all over the table. `map` has (role, column) as people write them: a role of
/// [`Role::parse`], a column by its exact name or, failing that, regardless of case.
///
/// # Errors
/// When the map names what is not there, and when nothing is left to compare.
pub fn recognise(
    kind: ProfileKind,
    headers: &[String],
    samples: &[Vec<String>],
    map: &[(String, String)],
) -> Result<Layout, ColumnError> {
    if headers.is_empty() || headers.iter().all(|name| name.trim().is_empty()) && samples.is_empty()
    {
        return Err(ColumnError::NoColumns);
    }
    let given = mapped(headers, map)?;
    let shapes: Vec<Shape> = (0..headers.len())
        .map(|at| Shape::of(samples.iter().map(|row| row.get(at).map_or("", String::as_str))))
        .collect();
    let claims: Vec<Claim> = headers
        .iter()
        .zip(&shapes)
        .map(|(name, shape)| match (names::claim(name), names::part_of_birth_of(name)) {
            // `birth_day` may be a birthday or only its day.
            (Claim::Is(Role::Date), Some(part)) if shape.is(shape.short, 80) => Claim::Part(part),
            (claim, _) => claim,
        })
        .collect();
    let mut roles: Vec<Role> = (0..headers.len())
        .map(|at| match given.get(at).copied().flatten() {
            Some(role) => role,
            None => role_of(headers, &claims, &shapes, at),
        })
        .collect();
    let fixed: Vec<bool> = given.iter().map(Option::is_some).collect();
    let mut view =
        View { kind, headers, samples, shapes: &shapes, fixed: &fixed, roles: &mut roles };
    view.pair_numbered_names();
    match kind {
        // In a table of people and companies a company's name stays one: it is no person's.
        ProfileKind::Person => {}
        ProfileKind::Company => view.settle_companies(),
    }
    view.keep_one_of_each(&claims);
    let date = view.date_of_parts(&claims);
    view.settle_dates();
    redundant::drop_repeated(&mut roles, &fixed, samples);
    let mut columns: Vec<Column> = headers
        .iter()
        .zip(&roles)
        .map(|(name, role)| Column { name: name.clone(), role: *role })
        .collect();
    if let Some(parts) = date {
        let name = parts.iter().filter_map(|at| headers.get(*at)).cloned().collect::<Vec<_>>();
        columns.push(Column { name: name.join("+"), role: Role::Date });
    }
    if columns.iter().all(|column| column.role == Role::Ignored) {
        return Err(ColumnError::NothingToCompare(headers.to_vec()));
    }
    Ok(Layout { columns, date })
}

/// The roles of a table's own columns.
fn roles_of(
    kind: ProfileKind,
    headers: &[String],
    samples: &[Vec<String>],
    map: &[(String, String)],
) -> Result<Vec<Role>, ColumnError> {
    let layout = recognise(kind, headers, samples, map)?;
    Ok(layout.columns.iter().take(headers.len()).map(|column| column.role).collect())
}

/// The roles that the caller gives.
fn mapped(headers: &[String], map: &[(String, String)]) -> Result<Vec<Option<Role>>, ColumnError> {
    let mut given = vec![None; headers.len()];
    for (word, column) in map {
        let role = Role::parse(word).ok_or_else(|| ColumnError::NoRole(word.clone()))?;
        let at = position(headers, column).ok_or_else(|| ColumnError::NoColumn {
            column: column.clone(),
            columns: headers.to_vec(),
        })?;
        if let Some(slot) = given.get_mut(at) {
            if slot.is_some_and(|before| before != role) {
                return Err(ColumnError::Twice(column.clone()));
            }
            *slot = Some(role);
        }
    }
    Ok(given)
}

/// Where a column of this name stands: of its exact name or, failing that, regardless of case.
#[must_use]
pub fn position(headers: &[String], name: &str) -> Option<usize> {
    headers.iter().position(|header| header == name).or_else(|| {
        let name = name.trim().to_lowercase();
        headers.iter().position(|header| header.trim().to_lowercase() == name)
    })
}

/// What a column holds by itself: its name's claim where the values bear it out, else the values.
fn role_of(headers: &[String], claims: &[Claim], shapes: &[Shape], at: usize) -> Role {
    let (Some(claim), Some(shape)) = (claims.get(at), shapes.get(at)) else { return Role::Ignored };
    let single = headers.len() == 1;
    match claim {
        Claim::Is(role) if borne_out(*role, shape) => *role,
        Claim::Address if shape.filled == 0 || shape.letter > 0 => {
            let parts =
                claims.iter().any(|c| matches!(c, Claim::Is(Role::City | Role::PostalCode)));
            if parts && !shape.is(shape.commas, 50) { Role::Street } else { Role::FullAddress }
        }
        Claim::About => Role::Ignored,
        Claim::Part(_) => Role::Category,
        Claim::Id
            if shape.unique()
                || shape.words <= shape.filled && shape.distinct * 10 >= shape.filled * 9 =>
        {
            Role::Ignored
        }
        Claim::SomeDate if shape.is(shape.date, 50) => Role::Date,
        _ => by_values(shape, single),
    }
}

/// Whether values can be what the name of their column claims. A column without values can.
fn borne_out(role: Role, shape: &Shape) -> bool {
    shape.filled == 0
        || match role {
            Role::Email => shape.is(shape.email, 10),
            Role::Phone => shape.is(shape.digit, 50),
            Role::Web => shape.is(shape.web, 20),
            Role::Date => shape.is(shape.digit, 50),
            Role::HouseNumber => shape.is(shape.digit, 30),
            Role::PostalCode => {
                shape.is(shape.digit, 20) || shape.words <= shape.filled * 2 && shape.digit > 0
            }
            Role::GivenName | Role::FamilyName | Role::FullName | Role::City => {
                shape.is(shape.letter, 30)
            }
            Role::OrgName => shape.is(shape.letter, 50),
            Role::Street | Role::FullAddress => shape.letter > 0,
            _ => true,
        }
}

/// What values look like when their column's name says nothing.
fn by_values(shape: &Shape, single: bool) -> Role {
    if shape.filled == 0 || shape.constant() && shape.filled > 1 && !single {
        Role::Ignored
    } else if shape.is(shape.email, 60) {
        Role::Email
    } else if shape.is(shape.web, 60) {
        Role::Web
    } else if shape.is(shape.time, 60) {
        Role::Ignored
    } else if shape.is(shape.date, 70) {
        Role::Date
    } else if shape.is(shape.phone, 60) {
        Role::Phone
    } else if shape.is(shape.postal, 70) {
        Role::PostalCode
    } else if shape.is(shape.commas, 60) && shape.is(shape.digit, 60) {
        Role::FullAddress
    } else if shape.is(shape.street, 60) {
        Role::Street
    } else if shape.category() {
        Role::Category
    } else if !single && shape.unique() && shape.is(shape.code, 95) && shape.rows >= 20 {
        Role::Ignored
    } else {
        Role::Text
    }
}

/// The columns while they are settled beside each other.
struct View<'a> {
    kind: ProfileKind,
    headers: &'a [String],
    samples: &'a [Vec<String>],
    shapes: &'a [Shape],
    /// Columns whose role the caller gave.
    fixed: &'a [bool],
    roles: &'a mut [Role],
}

impl View<'_> {
    fn role(&self, at: usize) -> Role {
        self.roles.get(at).copied().unwrap_or(Role::Ignored)
    }

    fn header(&self, at: usize) -> &str {
        self.headers.get(at).map_or("", String::as_str)
    }

    fn set(&mut self, at: usize, role: Role) {
        if self.fixed.get(at) != Some(&true)
            && let Some(slot) = self.roles.get_mut(at)
        {
            *slot = role;
        }
    }

    /// The columns of a role, in order.
    fn of(&self, role: Role) -> Vec<usize> {
        (0..self.roles.len()).filter(|at| self.role(*at) == role).collect()
    }

    fn filled(&self, at: usize) -> usize {
        self.shapes.get(at).map_or(0, |shape| shape.filled)
    }

    fn generic(&self, at: usize) -> Role {
        self.shapes.get(at).map_or(Role::Text, |shape| match by_values(shape, false) {
            role @ (Role::Ignored | Role::Category) => role,
            _ => Role::Text,
        })
    }

    /// `name1` and `name2` of a table of people are a given and a family name.
    fn pair_numbered_names(&mut self) {
        if self.kind != ProfileKind::Person {
            return;
        }
        let numbered: Vec<(usize, String, u32)> = (0..self.headers.len())
            .filter_map(|at| names::numbered(self.header(at)).map(|(stem, n)| (at, stem, n)))
            .collect();
        for (at, stem, number) in &numbered {
            let role = self.role(*at);
            let first = matches!(role, Role::GivenName);
            match number {
                // A second given name.
                2.. if first => self.set(*at, Role::MiddleName),
                1 if matches!(role, Role::Text | Role::Category | Role::FullName)
                    && numbered.iter().any(|(_, s, n)| s == stem && *n == 2) =>
                {
                    self.set(*at, Role::GivenName);
                }
                2 if matches!(role, Role::Text | Role::Category | Role::FullName)
                    && numbered.iter().any(|(_, s, n)| s == stem && *n == 1) =>
                {
                    self.set(*at, Role::FamilyName);
                }
                _ => {}
            }
        }
    }

    /// Whether a column is filled in rows where all of the others are empty, and only there.
    fn instead_of(&self, at: usize, others: &[usize]) -> bool {
        let cell = |row: &Vec<String>, at: usize| row.get(at).is_some_and(|v| !v.trim().is_empty());
        let filled = self.samples.iter().filter(|row| cell(row, at));
        let alone = filled.clone().filter(|row| !others.iter().any(|other| cell(row, *other)));
        let (filled, alone) = (filled.count(), alone.count());
        filled > 0 && !others.is_empty() && shapes::mostly(alone, filled, 90)
    }

    fn settle_companies(&mut self) {
        let mut own: Vec<usize> = self.of(Role::OrgName);
        own.retain(|at| {
            self.fixed.get(*at) == Some(&true) || !names::of_employer(self.header(*at))
        });
        let full = self.of(Role::FullName);
        let exact = |view: &Self, at: usize| {
            let words = names::words(view.header(at)).concat();
            !["contact", "owner", "director", "manager", "alias"].iter().any(|w| words.contains(w))
        };
        if let Some(at) = full.iter().copied().find(|at| own.is_empty() && exact(self, *at)) {
            self.set(at, Role::OrgName);
            own.push(at);
        }
        for at in full {
            if self.role(at) == Role::FullName {
                let is_name = names::is_plain_name(self.header(at)) || self.instead_of(at, &own);
                let role = if is_name { Role::OrgName } else { self.generic(at) };
                self.set(at, role);
            }
        }
        // Others' names are only context.
        for at in self.of(Role::OrgName) {
            if !own.is_empty() && names::of_employer(self.header(at)) {
                let role = self.generic(at);
                self.set(at, role);
            }
        }
        for role in [Role::GivenName, Role::MiddleName, Role::FamilyName, Role::NameSuffix] {
            for at in self.of(role) {
                let generic = self.generic(at);
                self.set(at, generic);
            }
        }
        if self.of(Role::OrgName).is_empty() {
            // The one with the most different words is the likeliest name.
            let wordy = |at: &usize| {
                self.shapes.get(*at).map_or((0, 0), |s| (s.distinct.min(s.letter), s.words))
            };
            if let Some(at) = self.of(Role::Text).into_iter().max_by_key(wordy)
                && self.shapes.get(at).is_some_and(|s| s.is(s.letter, 70))
            {
                self.set(at, Role::OrgName);
            }
        }
    }

    /// Places have one column each: the fullest that is not a place of birth; others are text.
    /// A street is put together from all its columns, so one that only looks like it is left out
    /// where another is called so.
    fn keep_one_of_each(&mut self, claims: &[Claim]) {
        let called = |at: &usize| !matches!(claims.get(*at), Some(Claim::Unknown | Claim::Other));
        let streets = self.of(Role::Street);
        for at in &streets {
            if !called(at)
                && streets.iter().any(|other| other != at && (called(other) || other < at))
            {
                self.set(*at, Role::Text);
            }
        }
        for role in [Role::City, Role::PostalCode, Role::Region, Role::Country] {
            let all = self.of(role);
            let best = all.iter().copied().max_by_key(|at| {
                let given = self.fixed.get(*at) == Some(&true);
                let born = names::of_birth_place(self.header(*at));
                (given, !born, self.filled(*at), std::cmp::Reverse(*at))
            });
            for at in all {
                if Some(at) != best {
                    let generic = self.generic(at);
                    self.set(at, generic);
                }
            }
        }
    }

    /// Year, month and day of birth where they stand apart and no column has the whole date.
    fn date_of_parts(&mut self, claims: &[Claim]) -> Option<[usize; 3]> {
        let find = |part: DatePart| {
            (0..claims.len()).find(|at| {
                claims.get(*at) == Some(&Claim::Part(part)) && self.fixed.get(*at) != Some(&true)
            })
        };
        let parts = [find(DatePart::Year)?, find(DatePart::Month)?, find(DatePart::Day)?];
        let whole = (0..self.roles.len()).any(|at| {
            self.role(at) == Role::Date
                && self.filled(at) > 0
                && claims.get(at) == Some(&Claim::Is(Role::Date))
        });
        for at in parts {
            self.set(at, Role::Ignored);
        }
        (!whole).then_some(parts)
    }

    /// One date says who it is; others, unless they were given, are ordinary text.
    fn settle_dates(&mut self) {
        let all = self.of(Role::Date);
        let named = |view: &Self, at: usize| {
            view.fixed.get(at) == Some(&true)
                || matches!(names::claim(view.header(at)), Claim::Is(Role::Date))
        };
        let any_named = all.iter().any(|at| named(self, *at));
        for at in all {
            // Dates of birth lie decades apart; those of what was done lie in the last years.
            let wide = self
                .shapes
                .get(at)
                .is_some_and(|s| s.latest_year >= s.earliest_year.saturating_add(35));
            if !named(self, at) && (any_named || !wide || self.kind == ProfileKind::Company) {
                let generic = self.generic(at);
                self.set(at, generic);
            }
        }
    }
}

#[cfg(test)]
mod tests;
