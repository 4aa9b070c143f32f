//! One record as a row of numbers.
//!
//! Owns what stands in a row and whom a row is about. Refuses to know what the numbers stand for.

use domain::ProfileKind;

/// One record's values; 0 is a missing one. One cache line: pairs are looked up in any order.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Row {
    pub given: u32,
    pub middle: u32,
    pub family: u32,
    pub email: u32,
    pub phone: u32,
    pub date: u32,
    pub number: u32,
    pub street: u32,
    pub unit: u32,
    pub city: u32,
    pub postal: u32,
    pub region: u32,
    pub country: u32,
    pub org: u32,
    pub web: u32,
    pub generation: u32,
}

const _: () = assert!(size_of::<Row>() == 64);

/// The row of a record that does not exist.
pub(super) static NO_ROW: Row = Row {
    given: 0,
    middle: 0,
    family: 0,
    email: 0,
    phone: 0,
    date: 0,
    number: 0,
    street: 0,
    unit: 0,
    city: 0,
    postal: 0,
    region: 0,
    country: 0,
    org: 0,
    web: 0,
    generation: 0,
};

/// Whom a record is about, as far as its fields tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Anybody,
    Person,
    Company,
}

impl About {
    /// In a table of people a record that has a company's name and nothing that only people have
    /// is a company.
    pub(super) fn of(kind: ProfileKind, row: &Row) -> Self {
        if kind != ProfileKind::Person {
            Self::Anybody
        } else if (row.given | row.family) != 0 {
            Self::Person
        } else if row.org != 0 && (row.email | row.date) == 0 {
            Self::Company
        } else {
            Self::Anybody
        }
    }
}
