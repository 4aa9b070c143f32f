//! Which rows of a table are people and which are companies.
//!
//! Owns telling a table of both from a table of people with employers, or of companies with
//! contacts, and the kind of each row. Refuses to look at anything but names and a column of types.

use super::names;
use super::roles_of;
use crate::normal::text;
use crate::role::Role;
use domain::ProfileKind;

/// Tells the rows of a table that holds both people and companies apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sorter {
    /// What a row is that does not say.
    kind: ProfileKind,
    /// The column that says it in a word.
    types: Option<usize>,
    people: Vec<usize>,
    companies: Vec<usize>,
}

/// Least rows of either kind in a sample.
const ENOUGH: usize = 2;

impl Sorter {
    /// For a table whose rows are not all of one kind; `None` for any other. Names of people and of
    /// companies that stand instead of each other, or a column of types, give it away; where they
    /// stand side by side the companies are employers or the people contacts.
    #[must_use]
    pub fn of(
        kind: ProfileKind,
        headers: &[String],
        samples: &[Vec<String>],
        map: &[(String, String)],
    ) -> Option<Self> {
        let roles = roles_of(ProfileKind::Person, headers, samples, map).ok()?;
        let of = |wanted: &[Role]| -> Vec<usize> {
            (0..headers.len())
                .filter(|at| roles.get(*at).is_some_and(|role| wanted.contains(role)))
                .collect()
        };
        let mut companies = of(&[Role::OrgName]);
        companies.retain(|at| headers.get(*at).is_some_and(|name| !names::of_employer(name)));
        let sorter = Self {
            kind,
            types: (0..headers.len()).find(|at| {
                let words = samples.iter().filter_map(|row| row.get(*at));
                let words = words.map(|word| word.trim()).filter(|word| !word.is_empty());
                let (filled, known) = words.fold((0, 0), |(filled, known), word| {
                    (filled + 1, known + usize::from(kind_named(word).is_some()))
                });
                filled > 0 && known == filled
            }),
            people: of(&[Role::GivenName, Role::FamilyName, Role::FullName]),
            companies,
        };
        let (mut people, mut firms, mut both) = (0, 0, 0);
        for row in samples {
            let cell = |at: usize| row.get(at).map_or("", String::as_str);
            both += usize::from(any(&sorter.people, cell) && any(&sorter.companies, cell));
            match sorter.kind_of(cell) {
                ProfileKind::Person => people += 1,
                ProfileKind::Company => firms += 1,
            }
        }
        (people >= ENOUGH && firms >= ENOUGH && both * 10 <= people.min(firms)).then_some(sorter)
    }

    /// What a row is.
    pub fn kind_of<'a>(&self, cell: impl Fn(usize) -> &'a str) -> ProfileKind {
        let said = self.types.and_then(|at| kind_named(cell(at)));
        match (any(&self.people, &cell), any(&self.companies, &cell)) {
            _ if self.companies.is_empty() => said.unwrap_or(self.kind),
            (true, false) => ProfileKind::Person,
            (false, true) => ProfileKind::Company,
            _ => said.unwrap_or(self.kind),
        }
    }
}

fn any<'a>(columns: &[usize], cell: impl Fn(usize) -> &'a str) -> bool {
    columns.iter().any(|at| !cell(*at).trim().is_empty())
}

/// The kind that a word for a type of record names.
fn kind_named(word: &str) -> Option<ProfileKind> {
    if word.len() > 32 {
        return None;
    }
    match text::fold(word).as_str() {
        "person" | "individual" | "natural person" | "private person" | "private individual"
        | "human" | "people" => Some(ProfileKind::Person),
        "organization" | "organisation" | "company" | "corporation" | "legal entity"
        | "legal person" | "legal body" | "business entity" | "org" | "firm" | "institution" => {
            Some(ProfileKind::Company)
        }
        _ => None,
    }
}
