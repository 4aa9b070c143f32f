//! The cast: the true companies and people of the sandbox's world, before any system has
//! spelt them wrongly. Refuses: records, time passing, anything a vendor holds.

mod company;
mod names;
mod person;
mod places;
mod spelling;

pub(crate) use company::Company;
pub(crate) use person::{Channel, Person};
pub(crate) use spelling::{System, misspelt, placeholder_phone};

use crate::rng::Rng;
use std::collections::HashSet;

/// Everybody there is.
#[derive(Debug, Default)]
pub(crate) struct Cast {
    pub(crate) companies: Vec<Company>,
    pub(crate) people: Vec<Person>,
    /// Running sums of the companies' weights, to choose an employer.
    weights: Vec<u64>,
    domains: HashSet<String>,
    brands: HashSet<String>,
    mailboxes: HashSet<String>,
    /// How many people the companies got in turn, so that none stays empty.
    seated: usize,
}

impl Cast {
    /// A cast of the given size.
    pub(crate) fn new(rng: &mut Rng, people: u32, companies: u32) -> Self {
        let mut cast = Self::default();
        for _ in 0..companies {
            cast.add_company(rng);
        }
        while cast.people.len() < people as usize {
            cast.add_person(rng);
        }
        // a household may have added one too many
        cast.people.truncate(people as usize);
        cast
    }

    /// A company by number.
    pub(crate) fn company(&self, id: u32) -> Option<&Company> {
        self.companies.get(id as usize)
    }

    /// A person by number.
    pub(crate) fn person(&self, id: u32) -> Option<&Person> {
        self.people.get(id as usize)
    }

    /// A company chosen by its size.
    fn employer(&mut self, rng: &mut Rng) -> Option<u32> {
        if self.seated < self.companies.len() {
            self.seated += 1;
            return u32::try_from(self.seated - 1).ok();
        }
        let total = self.weights.last().copied()?;
        let at = rng.below(total);
        u32::try_from(self.weights.partition_point(|sum| *sum <= at)).ok()
    }
}
