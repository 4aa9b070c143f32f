//! What the operator may set about matching, and the ids of the rules.
//!
//! Owns the `[identity]` part of the configuration and its checks. Refuses to read files.

use crate::household::HouseholdRules;
use crate::normal::country;
use crate::survivorship::Survivorship;
use serde::Deserialize;

/// Settings of identity resolution. Every key has a default; unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// ISO 3166 two-letter country whose dialling rules read a phone number that names no country
    /// and whose record names none either.
    pub default_country: Option<String>,
    /// A cluster with more records than this raises a review.
    pub large_cluster: usize,
    /// Which rules may join.
    pub enabled: Switches,
    /// Sources whose values win in the golden record, the most trusted first. A source that is not
    /// named ranks last.
    pub source_priority: Vec<String>,
    /// Sources that hold one record per entity: two of their records never end in one profile,
    /// unless the vendor merged them or a steward says that they are the same.
    pub unique_sources: Vec<String>,
    /// How the golden record chooses among its members' values.
    pub survivorship: Survivorship,
    /// Which people live together.
    pub household: HouseholdRules,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            default_country: None,
            large_cluster: 50,
            enabled: Switches::default(),
            source_priority: Vec::new(),
            unique_sources: Vec::new(),
            survivorship: Survivorship::default(),
            household: HouseholdRules::default(),
        }
    }
}

impl Rules {
    /// Everything wrong with the settings, each with its key; empty when they are sound.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(code) = &self.default_country
            && !country::is_iso2(code)
        {
            found.push(
                "default_country: expected a two-letter ISO 3166 code in capitals, such as \"DE\""
                    .to_owned(),
            );
        }
        for (key, value) in [("large_cluster", self.large_cluster)] {
            if value == 0 {
                found.push(format!("{key}: must be at least 1"));
            }
        }
        for (key, list) in
            [("source_priority", &self.source_priority), ("unique_sources", &self.unique_sources)]
        {
            for (at, name) in list.iter().enumerate() {
                if name.trim().is_empty() {
                    found.push(format!("{key}[{at}]: a source name must not be empty"));
                } else if list.iter().take(at).any(|earlier| earlier == name) {
                    found.push(format!("{key}[{at}]: the source is named twice"));
                }
            }
        }
        found.extend(self.survivorship.problems());
        found.extend(self.household.problems());
        found
    }

    /// Rank of a source in `source_priority`; unnamed sources share the last rank.
    pub(crate) fn rank(&self, source: &str) -> usize {
        self.source_priority
            .iter()
            .position(|name| name == source)
            .unwrap_or(self.source_priority.len())
    }
}

/// Declares the rules once: variant, stored id, configuration key, what it joins.
macro_rules! rules {
    ($($(#[$meta:meta])* $variant:ident = $text:literal, $key:ident;)*) => {
        /// A rule that joins two records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RuleId {
            /// A steward decided that they are the same. Cannot be switched off.
            Steward,
            $($(#[$meta])* $variant,)*
        }

        impl RuleId {
            /// Every rule.
            pub const ALL: &'static [Self] = &[Self::Steward, $(Self::$variant,)*];

            /// As stored and shown.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::Steward => "steward",
                    $(Self::$variant => $text,)*
                }
            }

            /// The inverse of [`RuleId::as_str`].
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|rule| rule.as_str() == text)
            }
        }

        /// Which rules may join; all of them by default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Switches {
            $($(#[$meta])* pub $key: bool,)*
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($key: true,)* }
            }
        }

        impl Switches {
            /// Whether the rule may join.
            #[must_use]
            pub const fn allows(&self, rule: RuleId) -> bool {
                match rule {
                    RuleId::Steward => true,
                    $(RuleId::$variant => self.$key,)*
                }
            }
        }
    };
}

rules! {
    /// The vendor merged one record into the other (ids of one stream that point at each other).
    VendorMerge = "vendor_merge", vendor_merge;
    /// Vendor ids that point at each other or at the same third record.
    TrustedId = "trusted_id", trusted_id;
    /// All that is known of the two together makes a match likely enough.
    MatchWeight = "match_weight", match_weight;
}
