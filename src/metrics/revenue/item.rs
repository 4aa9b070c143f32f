//! What a customer subscribes to, as stated by a source: one state of one item over a span of time.
//!
//! Owns the input of the revenue engine and the findings about it. Proration lines are not items:
//! MRR comes from the state after a change, not from what was billed for the days between.

use crate::Ratio;
use domain::{Currency, Interval, Timestamp};

/// How long a discount lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duration {
    /// As long as the subscription.
    Forever,
    /// Several billing periods.
    Repeating,
    /// One billing period.
    Once,
}

/// What a discount takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Off {
    /// A share of the price, from 0 to 1.
    Share(Ratio),
    /// Minor units per billing interval.
    Amount(Ratio),
}

/// A discount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Discount {
    /// How much.
    pub off: Off,
    /// How long.
    pub duration: Duration,
    /// From when; `None` is from the start of the item.
    pub from: Option<Timestamp>,
    /// Until when; `None` is to the end of the item, or of the first billing period if `Once`.
    pub until: Option<Timestamp>,
}

/// A stretch of time, half-open; without an end it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Option<Timestamp>,
}

/// Why a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The customer asked for it.
    Voluntary,
    /// A payment failed or was disputed.
    Involuntary,
    /// The source does not say.
    Unknown,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 3] = [Self::Voluntary, Self::Involuntary, Self::Unknown];

    /// From a vendor's cancellation reason (Stripe's `cancellation_details.reason`); what is not
    /// known for sure is [`Cause::Unknown`].
    #[must_use]
    pub fn of(reason: Option<&str>) -> Self {
        let word = reason.map(|text| text.trim().to_ascii_lowercase().replace([' ', '-'], "_"));
        match word.as_deref() {
            Some("cancellation_requested" | "voluntary" | "customer_request") => Self::Voluntary,
            Some(
                "payment_failed" | "payment_failure" | "payment_disputed" | "involuntary"
                | "delinquent" | "non_payment",
            ) => Self::Involuntary,
            _ => Self::Unknown,
        }
    }
}

/// A cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cancellation {
    /// When it was asked for.
    pub requested_at: Option<Timestamp>,
    /// Whether it took effect at once, whatever was paid for.
    pub at_once: bool,
    /// Why.
    pub cause: Cause,
}

/// Money given back for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenBack {
    /// When.
    pub at: Timestamp,
    /// How much, minor units; `None` is all of it.
    pub amount: Option<Ratio>,
}

/// One state of one item of a customer, half-open in time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ItemPeriod {
    /// First instant.
    pub start: Timestamp,
    /// The subscription; periods of the same subscription and item follow each other. Empty when
    /// the source does not say: then every period is a subscription of its own.
    pub subscription: String,
    /// The item within the subscription; may be empty.
    pub item: String,
    /// The product line, which tells an upsell from a cross-sell; `None` is one line of its own.
    pub product: Option<String>,
    /// First instant after it; `None` while it goes on.
    pub end: Option<Timestamp>,
    /// Price per billing interval for the whole quantity, before discounts, in minor units (which
    /// may be fractions).
    pub amount: Ratio,
    /// Currency.
    pub currency: Currency,
    /// Billing interval.
    pub interval: Interval,
    /// Intervals between bills; at least 1.
    pub interval_count: u32,
    /// Discounts, in the order in which they are taken off.
    pub discounts: Vec<Discount>,
    /// First instant after the trial.
    pub trial_end: Option<Timestamp>,
    /// From where billing periods are counted; else the trial's end, else the start.
    pub anchor: Option<Timestamp>,
    /// Pauses.
    pub pauses: Vec<Stretch>,
    /// Late payments: from the day on which one was due to the day on which it was paid.
    pub arrears: Vec<Stretch>,
    /// The cancellation, if any.
    pub cancellation: Option<Cancellation>,
    /// A refund, if any.
    pub given_back: Option<GivenBack>,
    /// Where it was read: a line or a record. For findings; decides nothing.
    pub origin: u64,
}

impl ItemPeriod {
    /// A period of a plain monthly item, without a subscription's name.
    #[must_use]
    pub const fn monthly(start: Timestamp, amount: Ratio, currency: Currency) -> Self {
        Self {
            start,
            subscription: String::new(),
            item: String::new(),
            product: None,
            end: None,
            amount,
            currency,
            interval: Interval::Month,
            interval_count: 1,
            discounts: Vec::new(),
            trial_end: None,
            anchor: None,
            pauses: Vec::new(),
            arrears: Vec::new(),
            cancellation: None,
            given_back: None,
            origin: 0,
        }
    }

    /// Where billing periods are counted from.
    #[must_use]
    pub fn billing_anchor(&self) -> Timestamp {
        self.anchor.or(self.trial_end).unwrap_or(self.start)
    }
}

/// What is wrong with a record, or needs a look; the numbers say nothing that it contradicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// The amount is below zero; the period is left out.
    NegativeAmount,
    /// The end is not after the start; the period is left out.
    EndsBeforeStart,
    /// Cancelled before it began; the period is left out.
    CancelledBeforeStart,
    /// A start before 1900 or after 2200, or such an end that is no usual word for "open"; left
    /// out, or taken as open-ended if it is the end.
    ImplausibleDate,
    /// An interval of zero; the period is left out.
    InvalidInterval,
    /// Two periods of one item overlap: the later one replaces the earlier from its start on.
    /// Periods without a subscription's name are added, and reported if of one product.
    Overlap,
    /// The same period twice; counted once.
    Duplicate,
    /// Two periods of one item begin together and differ; one is counted.
    Conflict,
    /// A discount below zero or above all; not taken off.
    InvalidDiscount,
    /// A discount of several billing periods without an end; taken off to the end of the item.
    OpenDiscount,
    /// A discount above the price; the price is nothing.
    DiscountExceedsPrice,
    /// A pause or a late payment that ends before it begins; ignored.
    ReversedStretch,
    /// A refund above the price; it counts as a full one.
    RefundExceedsPayment,
    /// A full refund took the subscription back: it never counted.
    VoidedByRefund,
    /// No exchange rate for a currency on a day; the numbers concerned are null.
    MissingRate(crate::MissingRate),
    /// A number too large for exact arithmetic; the period is left out.
    Overflow,
}

impl FindingKind {
    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NegativeAmount => "NEGATIVE_AMOUNT",
            Self::EndsBeforeStart => "ENDS_BEFORE_START",
            Self::CancelledBeforeStart => "CANCELLED_BEFORE_START",
            Self::ImplausibleDate => "IMPLAUSIBLE_DATE",
            Self::InvalidInterval => "INVALID_INTERVAL",
            Self::Overlap => "OVERLAP",
            Self::Duplicate => "DUPLICATE",
            Self::Conflict => "CONFLICT",
            Self::InvalidDiscount => "INVALID_DISCOUNT",
            Self::OpenDiscount => "OPEN_DISCOUNT",
            Self::DiscountExceedsPrice => "DISCOUNT_EXCEEDS_PRICE",
            Self::ReversedStretch => "REVERSED_STRETCH",
            Self::RefundExceedsPayment => "REFUND_EXCEEDS_PAYMENT",
            Self::VoidedByRefund => "VOIDED_BY_REFUND",
            Self::MissingRate(_) => "MISSING_RATE",
            Self::Overflow => "OVERFLOW",
        }
    }

    /// The rate that is missing, if that is it.
    #[must_use]
    pub const fn missing_rate(self) -> Option<crate::MissingRate> {
        match self {
            Self::MissingRate(rate) => Some(rate),
            _ => None,
        }
    }

    /// What was done about it, in a few words.
    #[must_use]
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::NegativeAmount => "the amount is below zero; left out",
            Self::EndsBeforeStart => "the end is not after the start; left out",
            Self::CancelledBeforeStart => "cancelled before the start; left out",
            Self::ImplausibleDate => {
                "a year outside 1900 to 2200; left out, or open-ended if it is the end"
            }
            Self::InvalidInterval => "a billing interval of zero; left out",
            Self::Overlap => {
                "overlaps another period; the later start replaces the earlier one of its item, \
                 without a subscription id both count"
            }
            Self::Duplicate => "the same period again; counted once",
            Self::Conflict => "another period of the item begins at the same time; one is counted",
            Self::InvalidDiscount => "a discount below zero or above 100 %; not taken off",
            Self::OpenDiscount => "a repeating discount without an end; taken off throughout",
            Self::DiscountExceedsPrice => "the discount is above the price; the price is nothing",
            Self::ReversedStretch => "a pause or a late payment ends before it begins; ignored",
            Self::RefundExceedsPayment => "the refund is above the price; taken as a full refund",
            Self::VoidedByRefund => "refunded in full soon after the start; never counted",
            Self::MissingRate(_) => "no exchange rate; the numbers concerned are null",
            Self::Overflow => "too large for exact arithmetic; left out",
        }
    }
}

/// A finding about a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// [`ItemPeriod::origin`].
    pub origin: u64,
    /// What.
    pub kind: FindingKind,
}
