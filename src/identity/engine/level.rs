//! Comparisons and their levels: the words of an explanation.
//!
//! Owns which comparisons exist, how many levels each has and what they are called. A level is
//! four bits of a pair's pattern; 0 is always "one of the two is missing", which weighs nothing.

use crate::role::Role;
use serde::{Deserialize, Serialize};

/// Most comparisons of one entity type: sixteen levels of four bits make one pattern.
pub(crate) const MOST: usize = 16;
/// Levels per comparison, 0 included.
pub(crate) const LEVELS: usize = 16;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Comparison {
    Given,
    Family,
    Middle,
    Email,
    Phone,
    Date,
    Address,
    Place,
    Org,
    Web,
    /// A column by itself: its place among the table's extra columns.
    Extra(u8, Role),
}

pub(crate) const MISSING: u8 = 0;
/// The levels of exact agreement are always 1, 2 and 3: the value is rare, in between, common.
pub(crate) const EXACT: u8 = 1;
pub(crate) const EXACT_SOME: u8 = 2;
pub(crate) const EXACT_MANY: u8 = 3;

/// What the frequency of names counts that agree in part, of 1 where they are equal.
const PARTLY: f32 = 0.5;
/// What the frequency of the rarest word counts that two names of companies have in common.
const PARTLY_ORG: f32 = 0.5;

pub(crate) mod given {
    pub const NICKNAME: u8 = 4;
    pub const INITIAL: u8 = 5;
    pub const TYPO: u8 = 6;
    pub const SIMILAR: u8 = 7;
    pub const PART: u8 = 8;
    pub const DIFFERENT: u8 = 9;
    pub const SWAPPED: u8 = 10;
    pub const SWAPPED_SIMILAR: u8 = 11;
    pub const NAMES: &[&str] = &[
        "missing",
        "exact",
        "exact",
        "exact",
        "nickname",
        "initial",
        "typo",
        "similar",
        "part",
        "different",
        "swapped",
        "swapped and similar",
    ];
}

pub(crate) mod family {
    pub const TYPO: u8 = 4;
    pub const SIMILAR: u8 = 5;
    pub const PART: u8 = 6;
    pub const INITIAL: u8 = 7;
    pub const DIFFERENT: u8 = 8;
    pub const NAMES: &[&str] =
        &["missing", "exact", "exact", "exact", "typo", "similar", "part", "initial", "different"];
}

pub(crate) mod middle {
    pub const INITIAL: u8 = 4;
    pub const DIFFERENT: u8 = 5;
    pub const GENERATION: u8 = 6;
    pub const GENERATION_OPEN: u8 = 7;
    pub const NAMES: &[&str] = &[
        "missing",
        "exact",
        "exact",
        "exact",
        "initial",
        "different",
        "generation differs",
        "generation of one",
    ];
}

pub(crate) mod email {
    pub const LOCAL: u8 = 4;
    pub const TYPO: u8 = 5;
    pub const LOCAL_SIMILAR: u8 = 6;
    /// Alike because both are spelt by the names, which are compared already: says nothing more, so
    /// a pair of records counts as without mailboxes then.
    pub const NAMED: u8 = 7;
    pub const DOMAIN: u8 = 8;
    pub const DIFFERENT: u8 = 9;
    pub const NAMES: &[&str] = &[
        "missing",
        "exact",
        "exact",
        "exact",
        "same mailbox name",
        "typo",
        "similar mailbox name",
        "spelt by the name",
        "same company domain",
        "different",
    ];
}

pub(crate) mod phone {
    pub const TYPO: u8 = 4;
    pub const NEAR: u8 = 5;
    pub const RANGE: u8 = 6;
    pub const DIFFERENT: u8 = 7;
    pub const NAMES: &[&str] = &[
        "missing",
        "exact",
        "exact",
        "exact",
        "typo",
        "two digits differ",
        "same number range",
        "different",
    ];
}

pub(crate) mod date {
    pub const SWAPPED: u8 = 4;
    pub const ONE_DIGIT: u8 = 5;
    pub const TWO_DIGITS: u8 = 6;
    pub const TWO_PARTS: u8 = 7;
    pub const YEAR: u8 = 8;
    pub const NEAR_YEAR: u8 = 9;
    pub const DIFFERENT: u8 = 10;
    pub const NAMES: &[&str] = &[
        "missing",
        "exact",
        "exact",
        "exact",
        "day and month swapped",
        "one digit differs",
        "two digits differ",
        "two of three parts",
        "same year",
        "near year",
        "different",
    ];
}

pub(crate) mod address {
    pub const UNIT: u8 = 4;
    pub const TYPO: u8 = 5;
    pub const STREET: u8 = 6;
    pub const NUMBER: u8 = 7;
    pub const SIMILAR: u8 = 8;
    pub const DIFFERENT: u8 = 9;
    pub const NAMES: &[&str] = &[
        "missing",
        "exact",
        "exact",
        "exact",
        "other unit",
        "typo",
        "same street",
        "same number",
        "similar street",
        "different",
    ];
}

pub(crate) mod place {
    pub const CITY: u8 = 4;
    pub const CITY_ONLY: u8 = 5;
    pub const POSTAL_TYPO: u8 = 6;
    pub const SIMILAR: u8 = 7;
    pub const REGION: u8 = 8;
    pub const DIFFERENT: u8 = 9;
    pub const POSTAL_NEAR: u8 = 10;
    pub const NAMES: &[&str] = &[
        "missing",
        "same postal code",
        "same postal code",
        "same postal code",
        "same town, other code",
        "same town",
        "typo in postal code",
        "similar town",
        "same region",
        "different",
        "near postal code",
    ];
}

pub(crate) mod org {
    pub const VERY_SIMILAR: u8 = 4;
    pub const SIMILAR: u8 = 5;
    pub const SOMEWHAT: u8 = 6;
    pub const ACRONYM: u8 = 7;
    pub const DIFFERENT: u8 = 8;
    pub const PART: u8 = 9;
    pub const SLIGHTLY: u8 = 10;
    pub const NUMBER: u8 = 11;
    /// Most in common, and a word of its own on both sides: the cafe and the dining room of a hotel.
    pub const EACH_OWN: u8 = 12;
    pub const NAMES: &[&str] = &[
        "missing",
        "exact",
        "exact",
        "exact",
        "very similar",
        "similar",
        "somewhat similar",
        "acronym",
        "different",
        "part",
        "slightly similar",
        "number differs",
        "similar, each with a word of its own",
    ];
}

pub(crate) mod web {
    pub const SIMILAR: u8 = 4;
    pub const DIFFERENT: u8 = 5;
    pub const NAMES: &[&str] = &["missing", "exact", "exact", "exact", "similar", "different"];
}

pub(crate) mod id {
    pub const TYPO: u8 = 4;
    pub const NEAR: u8 = 5;
    pub const DIFFERENT: u8 = 6;
    pub const NAMES: &[&str] =
        &["missing", "exact", "exact", "exact", "typo", "two signs differ", "different"];
}

pub(crate) mod text {
    pub const VERY_SIMILAR: u8 = 4;
    pub const SIMILAR: u8 = 5;
    pub const DIFFERENT: u8 = 6;
    pub const NAMES: &[&str] =
        &["missing", "exact", "exact", "exact", "very similar", "similar", "different"];
}

impl Comparison {
    /// Whether those who share a household, an office, a site or a list agree on it: two such
    /// comparisons are no independent evidence.
    pub const fn is_context(self) -> bool {
        match self {
            Self::Given | Self::Middle | Self::Date => false,
            Self::Family
            | Self::Email
            | Self::Phone
            | Self::Address
            | Self::Place
            | Self::Org
            | Self::Web => true,
            Self::Extra(_, role) => matches!(role, Role::Text),
        }
    }

    /// What the levels are called.
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Given => given::NAMES,
            Self::Family => family::NAMES,
            Self::Middle => middle::NAMES,
            Self::Email => email::NAMES,
            Self::Phone => phone::NAMES,
            Self::Date => date::NAMES,
            Self::Address => address::NAMES,
            Self::Place => place::NAMES,
            Self::Org => org::NAMES,
            Self::Web => web::NAMES,
            Self::Extra(_, Role::TrustedId | Role::UniqueId) => id::NAMES,
            Self::Extra(..) => text::NAMES,
        }
    }

    /// How much the frequency of the values counts at a level: in full where they are equal, and of
    /// names also where they agree in part. Other values are too rarely frequent to matter.
    pub const fn by_frequency(self, level: u8) -> f32 {
        match (self, level) {
            (_, EXACT..=EXACT_MANY) => 1.0,
            (
                Self::Given,
                given::NICKNAME
                | given::TYPO
                | given::SIMILAR
                | given::SWAPPED
                | given::SWAPPED_SIMILAR,
            )
            | (Self::Family, family::TYPO | family::SIMILAR | family::PART) => PARTLY,
            (
                Self::Org,
                org::VERY_SIMILAR
                | org::SIMILAR
                | org::SOMEWHAT
                | org::SLIGHTLY
                | org::PART
                | org::NUMBER
                | org::EACH_OWN,
            ) => PARTLY_ORG,
            _ => 0.0,
        }
    }

    /// How many levels there are, the missing one included.
    pub const fn levels(self) -> usize {
        self.names().len()
    }

    /// The name under which explanations show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Given => "given_name",
            Self::Family => "family_name",
            Self::Middle => "middle_name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Date => "date",
            Self::Address => "address",
            Self::Place => "place",
            Self::Org => "company_name",
            Self::Web => "web_domain",
            Self::Extra(_, Role::TrustedId | Role::UniqueId) => "identity_number",
            Self::Extra(_, Role::Category) => "category",
            Self::Extra(..) => "text",
        }
    }
}

/// The level of one comparison in a pattern.
pub(crate) const fn level_of(pattern: u64, comparison: usize) -> u8 {
    ((pattern >> (comparison * 4)) & 15) as u8
}
