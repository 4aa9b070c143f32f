//! Survivorship rules: which of the values that records offer for a field wins, and by which rule.
//!
//! Owns the `[identity.survivorship]` part of the configuration, its checks, and the choice among
//! offers. Refuses to know what a field means: what is offered, and how well, is said by
//! [`crate::golden()`].

use crate::golden::{GoldenFieldName, GoldenInput};
use crate::normal::text;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A rule that prefers some values of a field to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurvivorshipRule {
    /// The value of the source that stands first in `source_priority`; unnamed sources come last.
    MostTrusted,
    /// The value of the record that changed last.
    MostRecent,
    /// The value of the record that was created first; records that do not say when come last.
    Earliest,
    /// The value that most records hold, whatever its spelling.
    MostFrequent,
    /// The value with most characters. A name in mixed case counts as longer than one in capitals,
    /// an address with more parts as longer than one with fewer.
    Longest,
}

impl SurvivorshipRule {
    /// As configured and stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MostTrusted => "most_trusted",
            Self::MostRecent => "most_recent",
            Self::Earliest => "earliest",
            Self::MostFrequent => "most_frequent",
            Self::Longest => "longest",
        }
    }
}

/// What a table of `[identity.survivorship]` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SurvivorshipKey {
    /// Whatever has no rules of its own.
    Default,
    /// The name, which is taken whole from one record: given, family and display name.
    Name,
    /// The postal address, which is taken whole from one record.
    Address,
    /// One field. A part of the name or of the address is then chosen by itself.
    Field(GoldenFieldName),
}

impl SurvivorshipKey {
    /// As configured.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Name => "name",
            Self::Address => "address",
            Self::Field(field) => field.as_str(),
        }
    }
}

impl<'de> Deserialize<'de> for SurvivorshipKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.as_str() {
            "default" => Self::Default,
            "name" => Self::Name,
            "address" => Self::Address,
            other => match GoldenFieldName::parse(other) {
                Some(field) => Self::Field(field),
                None => return Err(de::Error::unknown_variant(other, GoldenFieldName::KEYS)),
            },
        })
    }
}

/// How one field's value is chosen. A key that is not set is taken from the table above: a field's
/// from `name` or `address` if it is part of one, then from `default`.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldRules {
    /// The rules in order: the first that tells values apart decides, ties go to the next.
    pub rules: Option<Vec<SurvivorshipRule>>,
    /// Sources whose values are never taken, even if nobody else knows one.
    pub never_from: Option<Vec<String>>,
}

/// Which rules choose which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survivorship(BTreeMap<SurvivorshipKey, FieldRules>);

impl Default for Survivorship {
    fn default() -> Self {
        use SurvivorshipRule::{Earliest, Longest, MostFrequent, MostRecent, MostTrusted};
        let rules = |list: &[SurvivorshipRule]| Some(list.to_vec());
        Self(BTreeMap::from([
            (
                SurvivorshipKey::Default,
                FieldRules {
                    rules: rules(&[MostTrusted, MostRecent]),
                    never_from: Some(Vec::new()),
                },
            ),
            (
                SurvivorshipKey::Name,
                FieldRules {
                    rules: rules(&[MostFrequent, Longest, MostTrusted, MostRecent]),
                    never_from: None,
                },
            ),
            (
                SurvivorshipKey::Field(GoldenFieldName::AcquisitionChannel),
                FieldRules { rules: rules(&[Earliest]), never_from: None },
            ),
        ]))
    }
}

impl<'de> Deserialize<'de> for Survivorship {
    /// What is given lies over the defaults, key by key.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given: BTreeMap<SurvivorshipKey, FieldRules> = BTreeMap::deserialize(deserializer)?;
        let mut all = Self::default();
        for (key, given) in given {
            let known = all.0.entry(key).or_default();
            known.rules = given.rules.or(known.rules.take());
            known.never_from = given.never_from.or(known.never_from.take());
        }
        Ok(all)
    }
}

impl Survivorship {
    /// Sets the rules of a field, a unit or the default; replaces what was there.
    #[must_use]
    pub fn with(mut self, key: SurvivorshipKey, rules: FieldRules) -> Self {
        self.0.insert(key, rules);
        self
    }

    /// Everything wrong, each with its key below `identity`; empty when the rules are sound.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (key, own) in &self.0 {
            let key = key.as_str();
            let rules = own.rules.as_deref().unwrap_or_default();
            if own.rules.is_some() && rules.is_empty() {
                found.push(format!("survivorship.{key}.rules: must name at least one rule"));
            }
            for (at, rule) in rules.iter().enumerate() {
                if rules.iter().take(at).any(|earlier| earlier == rule) {
                    found.push(format!("survivorship.{key}.rules[{at}]: the rule is named twice"));
                }
            }
            let sources = own.never_from.as_deref().unwrap_or_default();
            for (at, name) in sources.iter().enumerate() {
                let key = format!("survivorship.{key}.never_from[{at}]");
                if name.trim().is_empty() {
                    found.push(format!("{key}: a source name must not be empty"));
                } else if sources.iter().take(at).any(|earlier| earlier == name) {
                    found.push(format!("{key}: the source is named twice"));
                }
            }
        }
        found
    }

    /// Every source that a `never_from` names.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.0.values().flat_map(|own| own.never_from.iter().flatten()).map(String::as_str)
    }

    /// Whether a field has rules of its own, so that it is not taken with the whole it is part of.
    pub(crate) fn apart(&self, field: GoldenFieldName) -> bool {
        self.0.contains_key(&SurvivorshipKey::Field(field))
    }

    /// The rules of a field or a unit, and the sources it is never taken from.
    fn of(&self, key: SurvivorshipKey) -> (&[SurvivorshipRule], &[String]) {
        let chain = [Some(key), unit_of(key), Some(SurvivorshipKey::Default)];
        let tables = || chain.iter().flatten().filter_map(|key| self.0.get(key));
        (
            tables().find_map(|own| own.rules.as_deref()).unwrap_or_default(),
            tables().find_map(|own| own.never_from.as_deref()).unwrap_or_default(),
        )
    }
}

fn unit_of(key: SurvivorshipKey) -> Option<SurvivorshipKey> {
    use GoldenFieldName as F;
    match key {
        SurvivorshipKey::Field(F::DisplayName | F::GivenName | F::FamilyName) => {
            Some(SurvivorshipKey::Name)
        }
        SurvivorshipKey::Field(F::Street | F::City | F::Region | F::PostalCode | F::Country) => {
            Some(SurvivorshipKey::Address)
        }
        _ => None,
    }
}

/// A value that a record offers for a field or a unit.
pub(crate) struct Offer<'a> {
    /// The record.
    pub input: &'a GoldenInput<'a>,
    /// The value; of an address its parts in one text.
    pub value: String,
    /// Equal for spellings of one value; `None` is the folded value.
    pub key: Option<String>,
    /// How unfit the value is by its nature, before any rule is asked: lower is better.
    pub flaw: u8,
    /// Place in the record's own list: the primary address before the others.
    pub place: usize,
    /// What [`SurvivorshipRule::Longest`] compares.
    pub length: (usize, usize),
}

impl<'a> Offer<'a> {
    /// A plain text; `None` when it is blank.
    pub(crate) fn text(input: &'a GoldenInput<'a>, value: &str) -> Option<Self> {
        let value = value.trim();
        (!value.is_empty()).then(|| Self {
            input,
            value: value.to_owned(),
            key: None,
            flaw: 0,
            place: 0,
            length: (0, value.chars().count()),
        })
    }
}

/// Chooses among offers: the sources that are never taken go, then what is flawed if something
/// better is there (`by_flaw` names that), then the rules in their order. Answers the place of the
/// winner and what decided on the value, whatever its spelling: `only` one record offers one,
/// `unanimous` offers, `by_flaw`, a rule, or `lowest_id` when no rule told them apart. Rules that
/// come after the deciding one still choose among spellings and among the records that hold them.
/// Does not depend on the order of the offers.
pub(crate) fn choose(
    offers: &[Offer<'_>],
    key: SurvivorshipKey,
    by_flaw: &'static str,
    rules: &crate::Rules,
) -> Option<(usize, &'static str)> {
    let (order, never_from) = rules.survivorship.of(key);
    let allowed = |offer: &Offer<'_>| !never_from.iter().any(|name| name == offer.input.source);
    let mut left: Vec<Left<'_>> = offers
        .iter()
        .enumerate()
        .filter(|(_, offer)| allowed(offer))
        .map(|(at, offer)| {
            let key = match &offer.key {
                Some(key) => Cow::Borrowed(key.as_str()),
                None => Cow::Owned(text::fold(&offer.value)),
            };
            Left { at, offer, key }
        })
        .collect();
    let first = left.first()?.offer.input.record;
    let mut decided = None;
    if left.iter().all(|l| l.offer.input.record == first) {
        decided = Some("only");
    } else if settled(&left) {
        decided = Some("unanimous");
    }
    let least = left.iter().map(|l| l.offer.flaw).min();
    left.retain(|l| Some(l.offer.flaw) == least);
    if decided.is_none() && settled(&left) {
        decided = Some(by_flaw);
    }
    for rule in order {
        if left.len() < 2 {
            break;
        }
        let scores = scores(&left, *rule, rules);
        let best = scores.iter().min().copied();
        let mut scores = scores.into_iter();
        left.retain(|_| scores.next() == best);
        if decided.is_none() && settled(&left) {
            decided = Some(rule.as_str());
        }
    }
    let winner = left
        .iter()
        .min_by_key(|l| (l.offer.input.record, l.offer.place, l.offer.value.as_str()))?;
    Some((winner.at, decided.unwrap_or("lowest_id")))
}

/// An offer that is not beaten yet.
struct Left<'a> {
    at: usize,
    offer: &'a Offer<'a>,
    key: Cow<'a, str>,
}

/// Whether one value is left, be it in several spellings, or one record.
fn settled(left: &[Left<'_>]) -> bool {
    left.split_first().is_none_or(|(first, rest)| {
        rest.iter().all(|l| l.key == first.key)
            || rest.iter().all(|l| l.offer.input.record == first.offer.input.record)
    })
}

/// How a rule ranks each offer; the least is the best.
fn scores(left: &[Left<'_>], rule: SurvivorshipRule, rules: &crate::Rules) -> Vec<(i64, i64)> {
    let least = |number: usize| -(number as i64);
    let by = |score: &dyn Fn(&Left<'_>) -> (i64, i64)| left.iter().map(score).collect();
    match rule {
        SurvivorshipRule::MostTrusted => by(&|l| (rules.rank(l.offer.input.source) as i64, 0)),
        // The complement turns the order round and, unlike the negative, cannot overflow.
        SurvivorshipRule::MostRecent => by(&|l| (!l.offer.input.updated, 0)),
        SurvivorshipRule::Earliest => by(&|l| (l.offer.input.created(), 0)),
        SurvivorshipRule::Longest => by(&|l| (least(l.offer.length.0), least(l.offer.length.1))),
        SurvivorshipRule::MostFrequent => {
            let mut holders: FxHashMap<&str, FxHashSet<i64>> = FxHashMap::default();
            for l in left {
                holders.entry(&l.key).or_default().insert(l.offer.input.record.0);
            }
            by(&|l| (least(holders.get(l.key.as_ref()).map_or(0, FxHashSet::len)), 0))
        }
    }
}
