//! Segments and personas: groups of customers, each described by a rule of the configuration.
//!
//! Owns the condition language (typed, checked on load) and which groups a profile is in at a moment,
//! as a function of facts, stage, status and size, so an answer of then comes out again. Refuses golden
//! records, I/O and clocks. A segment by size ([`crate::segment_of`]) is always there; those of the
//! configuration come before it, and the first of all is the one that rollups split by.

mod condition;
mod config;

pub use condition::Traits;
pub use config::{Condition, Field, GroupRule, Segmentation};

/// The default segmentation as commented TOML, table `[segmentation]`.
pub const DEFAULT_SEGMENTATION_TOML: &str = include_str!("segmentation.default.toml");

/// The groups that a profile is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// Segments in the order of the configuration, the one by size last; never empty.
    pub segments: Vec<String>,
    /// The persona of a person; `None` if no rule holds, and for companies.
    pub persona: Option<String>,
}

impl Groups {
    /// The segment that rollups split by: the first.
    #[must_use]
    pub fn main(&self) -> &str {
        self.segments.first().map_or("unknown", String::as_str)
    }
}

impl Segmentation {
    /// The groups of a profile.
    #[must_use]
    pub fn groups(&self, of: &Traits<'_>) -> Groups {
        let holds = |rule: &&GroupRule| rule.when.holds(of);
        let mut segments: Vec<String> =
            self.segments.iter().filter(holds).map(|rule| rule.name.clone()).collect();
        segments.push(of.size.as_str().to_owned());
        let is_person = of.facts.kind == domain::ProfileKind::Person;
        let mut personas = self.personas.iter().filter(|_| is_person);
        Groups { segments, persona: personas.find(holds).map(|rule| rule.name.clone()) }
    }
}
