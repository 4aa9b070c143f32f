//! A customer's ledger: every change of MRR as lines that add up to it.
//!
//! Owns classification. It is done in the original currency and per customer: the first paid moment
//! is new; more or less of an existing customer is expansion or contraction, a second subscription
//! and the end of one of two among them; nothing left is churn; something again is reactivation.
//! What a rate does is FX and never one of those. MRR at any instant is the sum of the lines before
//! it, so the identity start + movements = end needs no care by whoever adds them up.

use super::item::{Cause, Finding, ItemPeriod};
use super::policy::Days;
use super::state::{Part, Question, State, states};
use crate::{MissingRate, NullReason, Ratio};
use domain::{Currency, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// The first paid moment of a customer.
    New,
    /// A customer who had churned pays again.
    Reactivation,
    /// More of what the customer has, or something else in its place.
    Upsell,
    /// A product line that the customer did not have.
    CrossSell,
    /// Less.
    Contraction,
    /// The last of it gone, and why.
    Churn(Cause),
    /// The same MRR at another exchange rate.
    Fx,
    /// MRR that enters or leaves what can be converted: the numbers concerned are null, and this
    /// line keeps the sums right for the time when they are not.
    Unconverted,
}

impl LineKind {
    /// The kinds that have a column, in the order of [`LineKind::column`].
    pub const COLUMNS: [Self; 9] = [
        Self::New,
        Self::Reactivation,
        Self::Upsell,
        Self::CrossSell,
        Self::Contraction,
        Self::Churn(Cause::Voluntary),
        Self::Churn(Cause::Involuntary),
        Self::Churn(Cause::Unknown),
        Self::Fx,
    ];

    /// Its column; `None` for [`LineKind::Unconverted`].
    #[must_use]
    pub fn column(self) -> Option<usize> {
        Self::COLUMNS.iter().position(|one| *one == self)
    }
}

/// What happened to a customer, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Became a customer.
    New,
    /// Returned.
    Reactivation,
    /// Pays more.
    Expansion,
    /// Pays less.
    Contraction,
    /// Left.
    Churn(Cause),
}

/// A part of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// The product line.
    pub product: Option<String>,
    /// The currency that the customer pays in.
    pub currency: Currency,
    /// Signed, minor units of that currency; zero for FX.
    pub amount: Ratio,
    /// Signed, minor units of the answer's currency.
    pub value: Ratio,
}

/// Everything that changed at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What happened in each currency the customer pays in, if anything beside FX.
    pub changes: Vec<(Currency, Change)>,
    /// The lines.
    pub lines: Vec<Line>,
    /// Columns that are null for want of a rate, with the currency and product concerned.
    pub lost: Vec<Lost>,
    /// MRR after it per currency and product; whether that part is a customer's.
    pub after: Vec<Holding>,
}

/// A column that is null at a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// What it would have been.
    pub kind: LineKind,
    /// In which currency.
    pub currency: Currency,
    /// Of which product line.
    pub product: Option<String>,
    /// Why.
    pub reason: NullReason,
}

/// What a customer has of one product in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Product line.
    pub product: Option<String>,
    /// Currency.
    pub currency: Currency,
    /// MRR in minor units of the currency.
    pub amount: Ratio,
    /// In the answer's currency.
    pub value: Result<Ratio, NullReason>,
    /// Whether it makes the customer one: it pays, or a pause holds it.
    pub live: bool,
}

/// A customer's steps, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The steps.
    pub steps: Vec<Step>,
    /// What is wrong with what it was made of. Sorted, each once; of the rates that a record lacks,
    /// that of the first day.
    pub findings: Vec<Finding>,
    /// Every rate that was missing.
    pub missing_rates: BTreeSet<MissingRate>,
}

/// The MRR of one product in one currency.
#[derive(Clone, Copy)]
struct Level {
    amount: Ratio,
    value: Result<Ratio, NullReason>,
    holds: bool,
}

type Key<'i> = (Currency, Option<&'i str>);

fn sum_values(
    a: Result<Ratio, NullReason>,
    b: Result<Ratio, NullReason>,
) -> Result<Ratio, NullReason> {
    a?.checked_add(b?).ok_or(NullReason::Overflow)
}

/// `None` when a sum does not fit.
fn levels<'i>(state: &State<'i>) -> Option<BTreeMap<Key<'i>, Level>> {
    let mut map: BTreeMap<Key<'i>, Level> = BTreeMap::new();
    for part in &state.parts {
        let level = map.entry((part.currency, part.product)).or_insert(Level {
            amount: Ratio::ZERO,
            value: Ok(Ratio::ZERO),
            holds: false,
        });
        level.amount = level.amount.checked_add(part.mrr)?;
        level.value = sum_values(level.value, part.value);
        level.holds |= part.holds;
    }
    Some(map)
}

/// The rate at which a change of an existing customer counts: that of the item that changed most
/// (of equals the first), after the change if it grew and before if it shrank.
fn rate_of_change(
    before: &[Part<'_>],
    after: &[Part<'_>],
    currency: Currency,
) -> Result<Ratio, NullReason> {
    let mut items: BTreeMap<usize, (Ratio, Ratio, Option<_>, Option<_>)> = BTreeMap::new();
    for part in before.iter().filter(|part| part.currency == currency) {
        let one = items.entry(part.item).or_insert((Ratio::ZERO, Ratio::ZERO, None, None));
        (one.0, one.2) = (part.mrr, Some(part.rate));
    }
    for part in after.iter().filter(|part| part.currency == currency) {
        let one = items.entry(part.item).or_insert((Ratio::ZERO, Ratio::ZERO, None, None));
        (one.1, one.3) = (part.mrr, Some(part.rate));
    }
    let mut most: Option<(Ratio, Result<Ratio, NullReason>)> = None;
    for (old, new, old_rate, new_rate) in items.into_values() {
        let (size, rate) = if new > old {
            (new.checked_sub(old), new_rate)
        } else {
            (old.checked_sub(new), old_rate)
        };
        let (size, Some(rate)) = (size.ok_or(NullReason::Overflow)?, rate) else { continue };
        if size.is_positive() && most.is_none_or(|(best, _)| size > best) {
            most = Some((size, rate));
        }
    }
    most.map_or(Ok(Ratio::ZERO), |(_, rate)| rate)
}

/// What is known of the customer when a state begins.
struct Past<'i> {
    parts: Vec<Part<'i>>,
    levels: BTreeMap<Key<'i>, Level>,
    live: bool,
    ever: bool,
    churned_at: Option<Timestamp>,
}

/// How the customer stands before and after a change, over all currencies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Enters(LineKind),
    Stays,
    Leaves,
    Away,
}

struct Writer<'i, 's> {
    currency: Currency,
    keys: Vec<Key<'i>>,
    past: &'s Past<'i>,
    after: &'s BTreeMap<Key<'i>, Level>,
    step: &'s mut Step,
}

const NOTHING: Level = Level { amount: Ratio::ZERO, value: Ok(Ratio::ZERO), holds: false };

impl<'i> Writer<'i, '_> {
    fn levels(&self, key: &Key<'i>) -> (Level, Level) {
        let of = |map: &BTreeMap<Key<'i>, Level>| map.get(key).copied().unwrap_or(NOTHING);
        (of(&self.past.levels), of(self.after))
    }

    /// Writes what became of one product: the change of MRR as `kind`, worth `moved`, and the rest
    /// of the change of value as FX. Where a value is missing, what is known enters or leaves.
    fn line(
        &mut self,
        key: &Key<'i>,
        kind: LineKind,
        moved: impl Fn(Level, Level, Ratio) -> Result<Ratio, NullReason>,
    ) -> Option<()> {
        let (old, new) = self.levels(key);
        let amount = new.amount.checked_sub(old.amount)?;
        let product = key.1.map(str::to_owned);
        let mut push = |kind, amount, value| {
            let (product, currency) = (product.clone(), self.currency);
            self.step.lines.push(Line { kind, product, currency, amount, value });
        };
        let worth = moved(old, new, amount);
        match (old.value, new.value, worth) {
            (Ok(was), Ok(is), Ok(worth)) => {
                let fx = is.checked_sub(was)?.checked_sub(worth)?;
                if !amount.is_zero() || !worth.is_zero() {
                    push(kind, amount, worth);
                }
                if !fx.is_zero() {
                    push(LineKind::Fx, Ratio::ZERO, fx);
                }
            }
            (was, is, worth) => {
                let known = |value: Result<Ratio, NullReason>| value.unwrap_or(Ratio::ZERO);
                let rest = known(is).checked_sub(known(was))?;
                if !amount.is_zero() || !rest.is_zero() {
                    push(LineKind::Unconverted, amount, rest);
                }
                let reason = was.and(is).and(worth).err().unwrap_or(NullReason::MissingRate);
                if was != is || !amount.is_zero() {
                    let (product, currency) = (product.clone(), self.currency);
                    let lost = |kind| Lost { kind, currency, product: product.clone(), reason };
                    if !amount.is_zero() {
                        self.step.lost.push(lost(kind));
                    }
                    self.step.lost.push(lost(LineKind::Fx));
                }
            }
        }
        Some(())
    }

    /// Writes the lines of one currency. `None` when a number does not fit.
    fn write(mut self, turn: Turn, parts: &[Part<'i>]) -> Option<()> {
        let keys = std::mem::take(&mut self.keys);
        let (mut before, mut after) = (Ratio::ZERO, Ratio::ZERO);
        for key in &keys {
            let (old, new) = self.levels(key);
            before = before.checked_add(old.amount)?;
            after = after.checked_add(new.amount)?;
        }
        // In full what it was or is worth: no rate of another day is asked for.
        let gone = |old: Level, _: Level, _: Ratio| {
            Ratio::ZERO.checked_sub(old.value?).ok_or(NullReason::Overflow)
        };
        let come = |_: Level, new: Level, _: Ratio| new.value;
        match turn {
            Turn::Away => {}
            Turn::Enters(kind) => {
                for key in &keys {
                    self.line(key, kind, come)?;
                }
                if after.is_positive() {
                    let change =
                        if kind == LineKind::New { Change::New } else { Change::Reactivation };
                    self.step.changes.push((self.currency, change));
                }
            }
            Turn::Leaves => self.leave(&keys, gone)?,
            Turn::Stays => {
                let delta = after.checked_sub(before)?;
                let kinds = self.kinds(&keys, delta)?;
                let rate = rate_of_change(&self.past.parts, parts, self.currency);
                let at_rate = |_: Level, _: Level, amount: Ratio| {
                    amount.checked_mul(rate?).ok_or(NullReason::Overflow)
                };
                for (key, kind) in keys.iter().zip(kinds) {
                    if before.is_zero() {
                        self.line(key, kind, come)?;
                    } else if after.is_zero() {
                        self.line(key, kind, gone)?;
                    } else {
                        self.line(key, kind, at_rate)?;
                    }
                }
                if !delta.is_zero() {
                    let up = delta.is_positive();
                    let change = if up { Change::Expansion } else { Change::Contraction };
                    self.step.changes.push((self.currency, change));
                }
            }
        }
        Some(())
    }

    /// Which kind each product's change is, given that of the whole currency.
    ///
    /// A product that the customer did not have is a cross-sell, unless another one went at the
    /// same time: then it is a change of plan. Cross-sell is never more than the whole expansion.
    fn kinds(&self, keys: &[Key<'i>], delta: Ratio) -> Option<Vec<LineKind>> {
        if !delta.is_positive() {
            let kind = if delta.is_zero() { LineKind::Upsell } else { LineKind::Contraction };
            return Some(vec![kind; keys.len()]);
        }
        let mut fresh = vec![false; keys.len()];
        let (mut replaced, mut others) = (false, Ratio::ZERO);
        for (key, fresh) in keys.iter().zip(&mut fresh) {
            let (old, new) = self.levels(key);
            *fresh = old.amount.is_zero() && !old.holds && new.amount.is_positive();
            replaced |= old.amount.is_positive() && new.amount.is_zero() && !new.holds;
            if !*fresh {
                others = others.checked_add(new.amount.checked_sub(old.amount)?)?;
            }
        }
        let any = fresh.contains(&true) && !replaced;
        let kind = |fresh: &bool| {
            if any && (*fresh || others.is_negative()) {
                LineKind::CrossSell
            } else {
                LineKind::Upsell
            }
        };
        Some(fresh.iter().map(kind).collect())
    }

    /// Churn, product by product, split by why each item ended.
    fn leave(
        &mut self,
        keys: &[Key<'i>],
        gone: impl Fn(Level, Level, Ratio) -> Result<Ratio, NullReason>,
    ) -> Option<()> {
        let mut weights: BTreeMap<Cause, Ratio> = BTreeMap::new();
        let mut live = false;
        for key in keys {
            let (old, new) = self.levels(key);
            let mine = |part: &&Part<'i>| (part.currency, part.product) == *key;
            let mut causes: BTreeMap<Cause, (Ratio, Result<Ratio, NullReason>)> = BTreeMap::new();
            for part in self.past.parts.iter().filter(mine) {
                let one = causes.entry(part.cause).or_insert((Ratio::ZERO, Ok(Ratio::ZERO)));
                *one = (one.0.checked_add(part.mrr)?, sum_values(one.1, part.value));
                let weight = weights.entry(part.cause).or_insert(Ratio::ZERO);
                *weight = weight.checked_add(part.mrr)?;
            }
            live |= old.amount.is_positive() || old.holds;
            if causes.len() > 1 && old.value.is_ok() && new.amount.is_zero() {
                for (cause, (amount, value)) in causes {
                    let (product, currency) = (key.1.map(str::to_owned), self.currency);
                    let (kind, minus) = (LineKind::Churn(cause), |x| Ratio::ZERO.checked_sub(x));
                    let (amount, value) = (minus(amount)?, minus(value.ok()?)?);
                    if !amount.is_zero() {
                        self.step.lines.push(Line { kind, product, currency, amount, value });
                    }
                }
            } else {
                let cause = causes.keys().next().copied().unwrap_or(Cause::Unknown);
                self.line(key, LineKind::Churn(cause), &gone)?;
            }
        }
        if live {
            // The logo goes where most of the money went; of equals, to the first cause.
            let cause = weights
                .iter()
                .max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0)))
                .map_or(Cause::Unknown, |(cause, _)| *cause);
            self.step.changes.push((self.currency, Change::Churn(cause)));
        }
        Some(())
    }
}

/// The step from the past to `state`; `None` when a number does not fit.
fn step<'i>(past: &mut Past<'i>, state: State<'i>, reactivation: Days) -> Option<Step> {
    let after = levels(&state)?;
    let live = state.pays() || (past.live && state.holds());
    let turn = match (past.live, live) {
        (true, true) => Turn::Stays,
        (true, false) => Turn::Leaves,
        (false, false) => Turn::Away,
        (false, true) => {
            let soon = match (reactivation, past.churned_at) {
                (Days::Of(days), Some(at)) => state.at <= at.plus_days(i64::from(days)),
                _ => true,
            };
            let back = past.ever && soon;
            Turn::Enters(if back { LineKind::Reactivation } else { LineKind::New })
        }
    };
    let mut step = Step {
        at: state.at,
        changes: Vec::new(),
        lines: Vec::new(),
        lost: Vec::new(),
        after: Vec::new(),
    };
    let keys: BTreeSet<Key<'i>> = past.levels.keys().chain(after.keys()).copied().collect();
    let currencies: BTreeSet<Currency> = keys.iter().map(|key| key.0).collect();
    for currency in currencies {
        let keys = keys.iter().filter(|key| key.0 == currency).copied().collect();
        let writer = Writer { currency, keys, past, after: &after, step: &mut step };
        writer.write(turn, &state.parts)?;
    }
    // One customer leaves once: between currencies a reason given counts before none.
    let of = |change: &Change| if let Change::Churn(cause) = change { Some(*cause) } else { None };
    if let Some(cause) = step.changes.iter().filter_map(|(_, change)| of(change)).min() {
        for (_, change) in &mut step.changes {
            if let Change::Churn(one) = change {
                *one = cause;
            }
        }
    }
    step.after = after
        .iter()
        .map(|((currency, product), level)| Holding {
            product: product.map(str::to_owned),
            currency: *currency,
            amount: level.amount,
            value: level.value,
            live: level.amount.is_positive() || (live && level.holds),
        })
        .filter(|one| one.live)
        .collect();
    if turn == Turn::Leaves {
        past.churned_at = Some(state.at);
    }
    (past.live, past.ever) = (live, past.ever || live);
    (past.parts, past.levels) = (state.parts, after);
    Some(step)
}

/// The ledger of one customer, from everything they subscribe to. The order of `items` does not
/// matter. A customer whose sums do not fit into exact arithmetic has an empty ledger and a finding.
#[must_use]
pub fn ledger(items: &[ItemPeriod], question: &Question<'_>) -> Ledger {
    let mut findings = Vec::new();
    let states = states(items, question, &mut findings);
    let mut past = Past {
        parts: Vec::new(),
        levels: BTreeMap::new(),
        live: false,
        ever: false,
        churned_at: None,
    };
    let mut steps = Vec::with_capacity(states.len());
    for state in states {
        match step(&mut past, state, question.policy.reactivation_days) {
            Some(step) if step.is_empty() => {}
            Some(step) => steps.push(step),
            None => {
                let origin = items.iter().map(|item| item.origin).min().unwrap_or_default();
                let kind = super::item::FindingKind::Overflow;
                findings.push(Finding { origin, kind });
                steps.clear();
                break;
            }
        }
    }
    findings.sort_unstable();
    let missing_rates = findings.iter().filter_map(|finding| finding.kind.missing_rate()).collect();
    findings.dedup_by_key(|finding| (finding.origin, finding.kind.as_str()));
    Ledger { steps, findings, missing_rates }
}

impl Step {
    /// Whether nothing happened that any number depends on.
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.lines.is_empty() && self.lost.is_empty()
    }
}
