//! One item's life as stretches of constant MRR.
//!
//! Owns what the policy makes of trials, discounts, pauses, late payments, refunds and
//! cancellations, and which periods are left out because they contradict themselves.

use super::calendar::{Billing, month_starts};
use super::item::{Cause, Discount, Duration, Finding, FindingKind, ItemPeriod, Off, Stretch};
use super::monthly::monthly;
use super::policy::{ChurnDate, Coupons, Days, FreePlan, FxDate, Refunds, RevenuePolicy, Trials};
use crate::{NullReason, Ratio};
use domain::{Date, Timestamp};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A stretch in which an item's MRR is constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub from: Timestamp,
    /// `None` goes on.
    pub until: Option<Timestamp>,
    /// MRR in minor units; not below zero.
    pub mrr: Ratio,
    /// Whether a customer that was one stays one through it although it may bring nothing.
    pub holds: bool,
    /// The day whose rate converts it.
    pub rate_day: Date,
    /// Why it ends, if the item ends with it.
    pub cause: Cause,
}

/// What segments are made with.
pub(super) struct Frame<'a> {
    pub policy: &'a RevenuePolicy,
    pub tz: &'a TimeZone,
    /// Whether MRR is converted, so that days of rates matter.
    pub converting: bool,
    /// Nothing is revalued from here on.
    pub horizon: Timestamp,
}

/// Years that the start of a contract can have.
fn plausible(at: Timestamp) -> bool {
    // 1900-01-01 and 2200-01-01, UTC.
    (-2_208_988_800_000..7_258_118_400_000).contains(&at.as_millis())
}

/// Years that say "no end" in many systems.
fn says_open(at: Timestamp) -> bool {
    // 2999-01-01, UTC, as in 2999-12-31 and 9999-12-31.
    at.as_millis() >= 32_472_144_000_000
}

/// The periods that can be counted, each with its end, and what was found about the others.
///
/// Sorted by item and start. A period of the same subscription and item that begins later takes
/// over from its start on, so that no moment of an item is counted twice.
pub(super) fn settle<'i>(
    items: &'i [ItemPeriod],
    findings: &mut Vec<Finding>,
) -> Vec<(&'i ItemPeriod, Option<Timestamp>)> {
    let mut sound: Vec<(&ItemPeriod, Option<Timestamp>)> = Vec::with_capacity(items.len());
    for item in items {
        let mut say = |kind| findings.push(Finding { origin: item.origin, kind });
        let mut end = item.end;
        if let Some(at) = end
            && !plausible(at)
            && at >= item.start
        {
            if !says_open(at) {
                say(FindingKind::ImplausibleDate);
            }
            end = None;
        }
        let requested = item.cancellation.and_then(|one| one.requested_at);
        let wrong = if !plausible(item.start) {
            Some(FindingKind::ImplausibleDate)
        } else if item.amount.is_negative() {
            Some(FindingKind::NegativeAmount)
        } else if item.interval_count == 0 {
            Some(FindingKind::InvalidInterval)
        } else if requested.is_some_and(|at| at < item.start) {
            Some(FindingKind::CancelledBeforeStart)
        } else if end.is_some_and(|end| end <= item.start) {
            Some(FindingKind::EndsBeforeStart)
        } else {
            None
        };
        match wrong {
            Some(kind) => say(kind),
            None => sound.push((item, end)),
        }
    }
    // By contents, so that the order in which they came decides nothing; `origin` comes last.
    sound.sort_by(|a, b| {
        let key = |one: &ItemPeriod| (one.subscription.clone(), one.item.clone(), one.start);
        key(a.0).cmp(&key(b.0)).then_with(|| a.0.cmp(b.0))
    });
    let same_content = |a: &ItemPeriod, b: &ItemPeriod| {
        let plain = |one: &ItemPeriod| ItemPeriod { origin: 0, ..one.clone() };
        plain(a) == plain(b)
    };
    let mut list: Vec<(&ItemPeriod, Option<Timestamp>)> = Vec::with_capacity(sound.len());
    // The latest end per product among the periods of no named subscription.
    let mut reach: BTreeMap<Option<&str>, Option<Timestamp>> = BTreeMap::new();
    for (item, end) in sound {
        let mut say = |kind| findings.push(Finding { origin: item.origin, kind });
        if item.subscription.is_empty() {
            let product = item.product.as_deref();
            let overlaps = reach
                .get(&product)
                .is_some_and(|reached| reached.is_none_or(|reached| reached > item.start));
            if overlaps {
                say(FindingKind::Overlap);
            }
            let reached = reach.entry(product).or_insert(Some(item.start));
            *reached = reached.and_then(|reached| end.map(|end| end.max(reached)));
        } else if let Some((before, before_end)) = list.last_mut()
            && before.subscription == item.subscription
            && before.item == item.item
        {
            if before.start == item.start {
                if same_content(before, item) {
                    say(FindingKind::Duplicate);
                } else {
                    say(FindingKind::Conflict);
                }
                continue;
            }
            if before_end.is_some_and(|end| end > item.start) {
                say(FindingKind::Overlap);
            }
            if before_end.is_none_or(|end| end > item.start) {
                *before_end = Some(item.start);
            }
        }
        list.push((item, end));
    }
    list
}

/// A discount with its first and last instant.
struct Reduction {
    from: Timestamp,
    until: Option<Timestamp>,
    off: Off,
}

/// Whether `at` lies in `from..until`.
fn within(at: Timestamp, from: Timestamp, until: Option<Timestamp>) -> bool {
    from <= at && until.is_none_or(|until| at < until)
}

/// `at` and so many days; `None` without a limit.
fn after_days(at: Timestamp, days: Days) -> Option<Timestamp> {
    match days {
        Days::Of(days) => Some(at.plus_days(i64::from(days))),
        Days::Unlimited => None,
    }
}

struct Life<'a> {
    item: &'a ItemPeriod,
    frame: &'a Frame<'a>,
    billing: Billing<'a>,
    end: Option<Timestamp>,
    cause: Cause,
    counted_from: Timestamp,
    reductions: Vec<Reduction>,
    pauses: Vec<Stretch>,
}

impl<'a> Life<'a> {
    fn new(
        item: &'a ItemPeriod,
        end: Option<Timestamp>,
        frame: &'a Frame<'a>,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        let mut say = |kind| findings.push(Finding { origin: item.origin, kind });
        let anchor = item.billing_anchor();
        let billing = Billing::new(anchor, item.interval, item.interval_count, frame.tz)?;
        if voided(item, frame.policy, &mut say) {
            return None;
        }
        let forward = |list: &[Stretch], say: &mut dyn FnMut(FindingKind)| {
            let mut kept = list.to_vec();
            kept.retain(|one| {
                let sound = one.until.is_none_or(|until| until >= one.from);
                if !sound {
                    say(FindingKind::ReversedStretch);
                }
                sound
            });
            kept
        };
        let pauses = forward(&item.pauses, &mut say);
        let arrears = forward(&item.arrears, &mut say);
        let (end, cause) = ending(item, end, &arrears, &billing, frame.policy);
        let counted_from = match (frame.policy.trials, item.trial_end) {
            (Trials::Excluded, Some(at)) => item.start.max(at),
            _ => item.start,
        };
        let counts = |duration| match duration {
            Duration::Forever => frame.policy.coupons >= Coupons::Forever,
            Duration::Repeating => frame.policy.coupons >= Coupons::Repeating,
            Duration::Once => frame.policy.coupons >= Coupons::Once,
        };
        let mut reductions = Vec::new();
        for discount in item.discounts.iter().filter(|one| counts(one.duration)) {
            match reduction(discount, item, &billing, &mut say) {
                Ok(one) => reductions.push(one),
                Err(kind) => say(kind),
            }
        }
        Some(Self { item, frame, billing, end, cause, counted_from, reductions, pauses })
    }

    /// The price per billing interval at `at`, and whether a discount was above it.
    fn price(&self, at: Timestamp) -> Option<(Ratio, bool)> {
        let mut price = self.item.amount;
        for one in self.reductions.iter().filter(|one| within(at, one.from, one.until)) {
            price = match one.off {
                Off::Share(share) => price.checked_mul(Ratio::whole(1).checked_sub(share)?)?,
                Off::Amount(amount) => price.checked_sub(amount)?,
            };
        }
        let over = price.is_negative();
        Some((if over { Ratio::ZERO } else { price }, over))
    }

    /// The instants within the item's life at which something about it changes.
    fn cuts(&self) -> Vec<Timestamp> {
        let mut cuts = vec![self.item.start, self.counted_from];
        for one in &self.reductions {
            cuts.push(one.from);
            cuts.extend(one.until);
        }
        for pause in &self.pauses {
            cuts.push(pause.from);
            cuts.extend(pause.until);
            cuts.extend(after_days(pause.from, self.frame.policy.pause_churn_days));
        }
        let last = self.end.map_or(self.frame.horizon, |end| end.min(self.frame.horizon));
        if self.frame.converting {
            match self.frame.policy.fx_date {
                FxDate::ServicePeriodStart => {
                    let first = self.billing.index_at(self.item.start).unwrap_or(0);
                    cuts.extend(
                        (first..)
                            .map_while(|index| self.billing.start(index))
                            .take_while(|at| *at < last),
                    );
                }
                FxDate::MonthStart => {
                    cuts.extend(month_starts(self.frame.tz, self.item.start, last));
                }
                FxDate::Transaction | FxDate::Fixed => {}
            }
        }
        cuts.retain(|at| within(*at, self.item.start, self.end));
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// The day whose rate holds at `at`, where the present MRR came about at `since`.
    fn rate_day(&self, at: Timestamp, since: Timestamp) -> Date {
        let day = |at: Timestamp| at.date_in(self.frame.tz);
        match self.frame.policy.fx_date {
            FxDate::ServicePeriodStart => {
                let index = self.billing.index_at(at);
                let start = index.and_then(|index| self.billing.start(index));
                day(start.map_or(at, |start| start.max(self.item.start)))
            }
            FxDate::MonthStart => {
                let month = super::calendar::periods(
                    super::calendar::Grain::Month,
                    self.frame.tz,
                    at,
                    at.plus_millis(1),
                );
                let start = month.and_then(|list| list.first().map(|month| month.start));
                // Who came within the month is counted at the month's rate too.
                day(start.unwrap_or(at))
            }
            FxDate::Transaction => day(since),
            FxDate::Fixed => self.frame.policy.fixed_day().unwrap_or_else(|| day(at)),
        }
    }

    fn segments(&self) -> Result<(Vec<Segment>, bool), NullReason> {
        let cuts = self.cuts();
        let mut list: Vec<Segment> = Vec::with_capacity(cuts.len());
        let mut over = false;
        let mut since = self.item.start;
        for (index, from) in cuts.iter().enumerate() {
            let until = cuts.get(index + 1).copied().or(self.end);
            let (price, exceeds) = self.price(*from).ok_or(NullReason::Overflow)?;
            over |= exceeds;
            let pause = self.pauses.iter().find(|one| within(*from, one.from, one.until));
            let running = *from >= self.counted_from && pause.is_none();
            let mrr = if running {
                monthly(price, self.item.interval, self.item.interval_count)?
            } else {
                Ratio::ZERO
            };
            let holds = match pause {
                Some(pause) => after_days(pause.from, self.frame.policy.pause_churn_days)
                    .is_none_or(|limit| *from < limit),
                None => {
                    running
                        && (mrr.is_positive()
                            || self.frame.policy.free_plan == FreePlan::Contraction)
                }
            };
            if list.last().is_none_or(|before| before.mrr != mrr) {
                since = *from;
            }
            let rate_day = self.rate_day(*from, since);
            let last = until == self.end;
            list.push(Segment {
                from: *from,
                until,
                mrr,
                holds,
                rate_day,
                cause: if last { self.cause } else { Cause::Unknown },
            });
        }
        Ok((list, over))
    }
}

/// Whether a refund took the item back.
fn voided(item: &ItemPeriod, policy: &RevenuePolicy, say: &mut impl FnMut(FindingKind)) -> bool {
    let Some(back) = item.given_back else { return false };
    let excess = back.amount.is_some_and(|amount| amount > item.amount);
    if excess {
        say(FindingKind::RefundExceedsPayment);
    }
    let full = back.amount.is_none_or(|amount| amount >= item.amount);
    let soon = back.at <= item.start.plus_days(i64::from(policy.refund_days));
    let voided = policy.refunds == Refunds::Void && full && soon;
    if voided {
        say(FindingKind::VoidedByRefund);
    }
    voided
}

/// When an item stops counting, and why.
fn ending(
    item: &ItemPeriod,
    end: Option<Timestamp>,
    arrears: &[Stretch],
    billing: &Billing<'_>,
    policy: &RevenuePolicy,
) -> (Option<Timestamp>, Cause) {
    let (mut end, mut cause) = (end, Cause::Unknown);
    if let Some(cancellation) = item.cancellation {
        cause = cancellation.cause;
        if let Some(at) = cancellation.requested_at {
            let effective = if cancellation.at_once || policy.churn_date == ChurnDate::OnRequest {
                Some(at)
            } else if end.is_some() {
                end
            } else {
                // Exactly at a renewal nothing more is paid for.
                let index = billing.index_at(at);
                let start = index.and_then(|index| billing.start(index));
                match start.filter(|start| *start == at && at > item.start) {
                    Some(start) => Some(start),
                    None => index.and_then(|index| billing.start(index + 1)),
                }
            };
            end = match (end, effective) {
                (Some(end), Some(effective)) => Some(end.min(effective)),
                (end, effective) => effective.or(end),
            };
        }
    }
    // Late for good: unpaid to the end of the dunning window, and not paid since.
    for late in arrears.iter().filter(|late| late.until.is_none()) {
        if let Some(limit) = after_days(late.from, policy.dunning_days)
            && end.is_none_or(|end| limit < end)
        {
            (end, cause) = (Some(limit.max(item.start)), Cause::Involuntary);
        }
    }
    (end, cause)
}

fn reduction(
    discount: &Discount,
    item: &ItemPeriod,
    billing: &Billing<'_>,
    say: &mut impl FnMut(FindingKind),
) -> Result<Reduction, FindingKind> {
    let sound = match discount.off {
        Off::Share(share) => !share.is_negative() && share <= Ratio::whole(1),
        Off::Amount(amount) => !amount.is_negative(),
    };
    if !sound {
        return Err(FindingKind::InvalidDiscount);
    }
    let from = discount.from.unwrap_or(item.start);
    let until = match discount.duration {
        Duration::Forever | Duration::Repeating => discount.until,
        // The bill that it is taken off: the one of the first period that is paid for.
        Duration::Once => discount
            .until
            .or_else(|| billing.end_of_period_at(from.max(item.start).max(item.billing_anchor()))),
    };
    if discount.duration == Duration::Repeating && until.is_none() {
        say(FindingKind::OpenDiscount);
    }
    Ok(Reduction { from, until, off: discount.off })
}

/// The stretches of one item, in order and without gaps from its start on. None when the item
/// never counts.
pub(super) fn segments(
    item: &ItemPeriod,
    end: Option<Timestamp>,
    frame: &Frame<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<Segment> {
    let Some(life) = Life::new(item, end, frame, findings) else { return Vec::new() };
    match life.segments() {
        Ok((list, exceeded)) => {
            if exceeded {
                let kind = FindingKind::DiscountExceedsPrice;
                findings.push(Finding { origin: item.origin, kind });
            }
            list
        }
        Err(_) => {
            findings.push(Finding { origin: item.origin, kind: FindingKind::Overflow });
            Vec::new()
        }
    }
}
