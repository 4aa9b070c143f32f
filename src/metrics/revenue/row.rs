//! One row of recurring revenue: a period, its movements and its ratios.
//!
//! Owns rounding: start and end are the exact sums rounded half to even; the movements between them
//! are rounded each, and what is then missing goes to the largest, so that the row adds up.

use super::book::COLUMNS;
use super::calendar::Period;
use super::policy::RevenuePolicy;
use crate::{Measured, NullReason, Ratio, exact};
use domain::Currency;

/// Customers in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// At the start.
    pub start: i64,
    /// Who became customers.
    pub new: i64,
    /// Who returned.
    pub reactivated: i64,
    /// Changes to more.
    pub expanded: i64,
    /// Changes to less.
    pub contracted: i64,
    /// Who left on their own account.
    pub churned_voluntary: i64,
    /// Whose payment failed for good.
    pub churned_involuntary: i64,
    /// Who left, nobody knows why.
    pub churned_unknown: i64,
    /// At the end.
    pub end: i64,
}

impl Counts {
    /// Who left.
    #[must_use]
    pub const fn churned(&self) -> i64 {
        self.churned_voluntary + self.churned_involuntary + self.churned_unknown
    }
}

/// Exact sums that a row is made of; movements signed, in the order of `LineKind::COLUMNS`.
pub(super) struct Sums {
    pub start: Result<Ratio, NullReason>,
    pub end: Result<Ratio, NullReason>,
    pub columns: [Result<Ratio, NullReason>; COLUMNS],
    pub counts: Counts,
    pub cohort_end: Result<Ratio, NullReason>,
    pub cohort_kept: Result<Ratio, NullReason>,
    pub cohort_left: i64,
}

/// Amounts are minor units of `currency`. Contraction and churn are shown positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevenueRow {
    /// The period.
    pub period: Period,
    /// Whether the data covers only a part of it.
    pub partial: bool,
    /// The slice, if sliced.
    pub slice: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// MRR when the period begins.
    pub start: Measured<i64>,
    /// First-time customers.
    pub new: Measured<i64>,
    /// Customers who had churned and returned.
    pub reactivation: Measured<i64>,
    /// More from existing customers: `upsell + cross_sell`.
    pub expansion: Measured<i64>,
    /// Of that, more of the same product line.
    pub upsell: Measured<i64>,
    /// Of that, product lines new to the customer.
    pub cross_sell: Measured<i64>,
    /// Less from existing customers.
    pub contraction: Measured<i64>,
    /// From customers who left: the sum of the next three.
    pub churn: Measured<i64>,
    /// Of that, on their own account.
    pub churn_voluntary: Measured<i64>,
    /// Of that, by failed payment.
    pub churn_involuntary: Measured<i64>,
    /// Of that, for no reason given.
    pub churn_unknown: Measured<i64>,
    /// What exchange rates did.
    pub fx: Measured<i64>,
    /// MRR when the period ends: start + new + reactivation + expansion - contraction - churn + fx.
    pub end: Measured<i64>,
    /// Twelve times the exact MRR at the end.
    pub arr: Measured<i64>,
    /// MRR at the end per customer at the end.
    pub arpa: Measured<i64>,
    /// Customers.
    pub customers: Counts,
    /// Net revenue retention: what the customers of the start bring at the end, over what they
    /// brought; without who left and returned. Where MRR is converted, rates move it too.
    pub nrr: Measured<Ratio>,
    /// Gross revenue retention: the same, nobody counted with more than at the start.
    pub grr: Measured<Ratio>,
    /// Customers of the start who left, over all of them.
    pub logo_churn: Measured<Ratio>,
    /// (churn + contraction) / start.
    pub gross_mrr_churn: Measured<Ratio>,
    /// (churn + contraction - expansion - reactivation) / start; below zero MRR grows by itself.
    pub net_mrr_churn: Measured<Ratio>,
    /// (new + expansion, by policy + reactivation) / (contraction + churn).
    pub quick_ratio: Measured<Ratio>,
}

/// Rounds `parts` so that they sum to `total`: each half to even, what is missing to the largest.
fn fit(parts: &[Ratio; COLUMNS], total: i64) -> Result<[i64; COLUMNS], NullReason> {
    let mut rounded = [0_i64; COLUMNS];
    for (slot, part) in rounded.iter_mut().zip(parts) {
        *slot = part.round_i64().ok_or(NullReason::Overflow)?;
    }
    let sum = rounded.iter().try_fold(0_i64, |sum, part| sum.checked_add(*part));
    let rest = sum.and_then(|sum| total.checked_sub(sum)).ok_or(NullReason::Overflow)?;
    let size = |part: &Ratio| part.numerator().unsigned_abs();
    let largest = parts.iter().enumerate().max_by(|(i, a), (j, b)| {
        let magnitude = |part: &Ratio| Ratio::new(size(part).try_into().ok()?, part.denominator());
        magnitude(a).cmp(&magnitude(b)).then_with(|| j.cmp(i))
    });
    if let Some((index, _)) = largest
        && let Some(slot) = rounded.get_mut(index)
    {
        *slot = slot.checked_add(rest).ok_or(NullReason::Overflow)?;
    }
    Ok(rounded)
}

/// The movements as shown. A row with a column that is null cannot be made to add up; its other
/// columns are rounded by themselves.
fn shown(
    sums: &Sums,
    start: Result<i64, NullReason>,
    end: Result<i64, NullReason>,
) -> [Result<i64, NullReason>; COLUMNS] {
    let exact = || {
        let mut parts = [Ratio::ZERO; COLUMNS];
        for (slot, column) in parts.iter_mut().zip(sums.columns) {
            *slot = column?;
        }
        fit(&parts, end?.checked_sub(start?).ok_or(NullReason::Overflow)?)
    };
    match exact() {
        Ok(parts) => parts.map(Ok),
        Err(_) => sums
            .columns
            .map(|column| column.and_then(|part| part.round_i64().ok_or(NullReason::Overflow))),
    }
}

fn over(num: Result<Ratio, NullReason>, den: Result<Ratio, NullReason>) -> Measured<Ratio> {
    num.and_then(|num| exact::over(num, den?)).into()
}

fn total(parts: &[Result<Ratio, NullReason>]) -> Result<Ratio, NullReason> {
    parts
        .iter()
        .try_fold(Ratio::ZERO, |sum, part| sum.checked_add((*part)?).ok_or(NullReason::Overflow))
}

fn minus(part: Result<Ratio, NullReason>) -> Result<Ratio, NullReason> {
    Ratio::ZERO.checked_sub(part?).ok_or(NullReason::Overflow)
}

impl RevenueRow {
    pub(super) fn new(
        period: &Period,
        partial: bool,
        (slice, currency): (Option<String>, Currency),
        sums: &Sums,
        policy: &RevenuePolicy,
    ) -> Self {
        let round = |sum: Result<Ratio, NullReason>| {
            sum.and_then(|sum| sum.round_i64().ok_or(NullReason::Overflow))
        };
        let (start, end) = (round(sums.start), round(sums.end));
        let [new, back, upsell, cross, less, asked, failed, unknown, fx] = shown(sums, start, end);
        let add = |a: Result<i64, NullReason>, b: Result<i64, NullReason>| {
            a?.checked_add(b?).ok_or(NullReason::Overflow)
        };
        let negated =
            |part: Result<i64, NullReason>| part?.checked_neg().ok_or(NullReason::Overflow);
        let (asked, failed, unknown) = (negated(asked), negated(failed), negated(unknown));
        let [x_new, x_back, x_up, x_cross, x_less, x_asked, x_failed, x_unknown, _] = sums.columns;
        let x_more = total(&[x_up, x_cross]);
        let x_loss = minus(total(&[x_less, x_asked, x_failed, x_unknown]));
        let counts = sums.counts;
        let number = |n: i64| Ok(Ratio::whole(n));
        let gained = if policy.quick_ratio_counts_reactivation {
            total(&[x_new, x_back, x_more])
        } else {
            total(&[x_new, x_more])
        };
        let per_customer = over(sums.end, number(counts.end));
        let twelve = |sum: Ratio| sum.checked_mul(Ratio::whole(12)).ok_or(NullReason::Overflow);
        Self {
            period: period.clone(),
            partial,
            slice,
            currency,
            start: start.into(),
            new: new.into(),
            reactivation: back.into(),
            expansion: add(upsell, cross).into(),
            upsell: upsell.into(),
            cross_sell: cross.into(),
            contraction: negated(less).into(),
            churn: add(add(asked, failed), unknown).into(),
            churn_voluntary: asked.into(),
            churn_involuntary: failed.into(),
            churn_unknown: unknown.into(),
            fx: fx.into(),
            end: end.into(),
            arr: round(sums.end.and_then(twelve)).into(),
            arpa: match per_customer.value {
                Some(exact) => round(Ok(exact)).into(),
                None => Measured { value: None, null_reason: per_customer.null_reason },
            },
            customers: counts,
            nrr: over(sums.cohort_end, sums.start),
            grr: over(sums.cohort_kept, sums.start),
            logo_churn: over(number(sums.cohort_left), number(counts.start)),
            gross_mrr_churn: over(x_loss, sums.start),
            net_mrr_churn: over(total(&[x_loss, minus(x_more), minus(x_back)]), sums.start),
            quick_ratio: over(gained, x_loss),
        }
    }

    /// The amounts, in a fixed order.
    fn amounts(&mut self) -> [&mut Measured<i64>; 13] {
        [
            &mut self.start,
            &mut self.new,
            &mut self.reactivation,
            &mut self.expansion,
            &mut self.upsell,
            &mut self.cross_sell,
            &mut self.contraction,
            &mut self.churn,
            &mut self.churn_voluntary,
            &mut self.churn_involuntary,
            &mut self.churn_unknown,
            &mut self.fx,
            &mut self.end,
        ]
    }

    /// The row's amounts as a slice of the name `name`, without customers and ratios.
    pub(super) fn rest(&self, name: &str) -> Self {
        let none = || Measured::none(NullReason::NotAttributable);
        Self {
            slice: Some(name.to_owned()),
            arr: Measured::none(NullReason::NotAttributable),
            arpa: Measured::none(NullReason::NotAttributable),
            customers: Counts::default(),
            nrr: none(),
            grr: none(),
            logo_churn: none(),
            gross_mrr_churn: none(),
            net_mrr_churn: none(),
            quick_ratio: none(),
            ..self.clone()
        }
    }

    /// Takes another row's amounts off this one's; what is null in either becomes null.
    pub(super) fn take_off(&mut self, other: &Self) {
        let mut other = other.clone();
        for (mine, theirs) in self.amounts().into_iter().zip(other.amounts()) {
            let rest = match (mine.value, theirs.value) {
                (Some(a), Some(b)) => a.checked_sub(b).ok_or(NullReason::Overflow),
                _ => Err(mine.null_reason.or(theirs.null_reason).unwrap_or(NullReason::NoData)),
            };
            *mine = rest.into();
        }
    }

    /// Whether anything in it is other than zero, or unknown.
    #[must_use]
    pub fn says_something(&self) -> bool {
        self.customers != Counts::default()
            || self.clone().amounts().iter().any(|one| one.value != Some(0))
    }

    /// Whether any amount is other than zero.
    #[must_use]
    pub fn has_amounts(&self) -> bool {
        self.clone().amounts().iter().any(|one| one.value.is_some_and(|value| value != 0))
    }
}
