//! Canonical records: what vendors' records mean, in one vocabulary.
//!
//! Owns the thirteen kinds and their links. Refuses vendor words except where a field says that it
//! holds one verbatim (`vendor_stage`, `deal_stage`). A fact points at people, companies and other
//! facts by record key, never by profile: membership may change, records do not.

use crate::{Currency, Date, Money, Pii, Rate, RecordKey, Timestamp};
use serde::{Deserialize, Serialize};

/// Declares a closed set of words that are stored as text.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant,)* }
        impl $name {
            /// Every value, in stored order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// As stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// The inverse of `as_str`.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use words;

/// One canonical record.
#[derive(Clone, Debug, PartialEq)]
pub enum Canonical {
    /// A person as one system knows them.
    Contact(Contact),
    /// An organisation as one system knows it.
    Company(Company),
    /// A sales opportunity.
    Deal(Deal),
    /// A support request.
    Ticket(Ticket),
    /// A recurring contract.
    Subscription(Subscription),
    /// A bill.
    Invoice(Invoice),
    /// Money received, or an attempt to.
    Payment(Payment),
    /// Money given back.
    Refund(Refund),
    /// Marketing or sales expense.
    Spend(Spend),
    /// A contact with the company's marketing.
    Touchpoint(Touchpoint),
    /// An answer to a survey.
    SurveyResponse(SurveyResponse),
    /// A use of the product.
    UsageEvent(UsageEvent),
    /// What a currency was worth in another one.
    ExchangeRate(ExchangeRate),
}

impl Canonical {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> CanonicalKind {
        match self {
            Self::Contact(_) => CanonicalKind::Contact,
            Self::Company(_) => CanonicalKind::Company,
            Self::Deal(_) => CanonicalKind::Deal,
            Self::Ticket(_) => CanonicalKind::Ticket,
            Self::Subscription(_) => CanonicalKind::Subscription,
            Self::Invoice(_) => CanonicalKind::Invoice,
            Self::Payment(_) => CanonicalKind::Payment,
            Self::Refund(_) => CanonicalKind::Refund,
            Self::Spend(_) => CanonicalKind::Spend,
            Self::Touchpoint(_) => CanonicalKind::Touchpoint,
            Self::SurveyResponse(_) => CanonicalKind::SurveyResponse,
            Self::UsageEvent(_) => CanonicalKind::UsageEvent,
            Self::ExchangeRate(_) => CanonicalKind::ExchangeRate,
        }
    }

    /// The links it states.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        match self {
            Self::Contact(c) => &c.links,
            Self::Company(_) | Self::Spend(_) | Self::ExchangeRate(_) => &[],
            Self::Deal(d) => &d.links,
            Self::Ticket(t) => &t.links,
            Self::Subscription(s) => &s.links,
            Self::Invoice(i) => &i.links,
            Self::Payment(p) => &p.links,
            Self::Refund(r) => &r.links,
            Self::Touchpoint(t) => &t.links,
            Self::SurveyResponse(s) => &s.links,
            Self::UsageEvent(u) => &u.links,
        }
    }
}

words! {
    /// The kinds of canonical record.
    CanonicalKind {
        /// [`Contact`].
        Contact = "contact",
        /// [`Company`].
        Company = "company",
        /// [`Deal`].
        Deal = "deal",
        /// [`Ticket`].
        Ticket = "ticket",
        /// [`Subscription`].
        Subscription = "subscription",
        /// [`Invoice`].
        Invoice = "invoice",
        /// [`Payment`].
        Payment = "payment",
        /// [`Refund`].
        Refund = "refund",
        /// [`Spend`].
        Spend = "spend",
        /// [`Touchpoint`].
        Touchpoint = "touchpoint",
        /// [`SurveyResponse`].
        SurveyResponse = "survey_response",
        /// [`UsageEvent`].
        UsageEvent = "usage_event",
        /// [`ExchangeRate`].
        ExchangeRate = "exchange_rate",
    }
}

words! {
    /// What a link's target is to the record that states it.
    LinkRole {
        /// The person concerned: payer, requester, deal contact.
        Contact = "contact",
        /// The organisation concerned, or the employer of a contact.
        Company = "company",
        /// The subscription billed.
        Subscription = "subscription",
        /// The invoice paid.
        Invoice = "invoice",
        /// The payment refunded.
        Payment = "payment",
        /// The ticket rated.
        Ticket = "ticket",
    }
}

/// A pointer from a record to another one, by the key under which the source knows it. The target
/// may arrive later, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What the target is.
    pub role: LinkRole,
    /// The target's key.
    pub target: RecordKey,
}

/// A postal address; every part as received.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    /// Street and number.
    pub street: Option<Pii>,
    /// Town.
    pub city: Option<Pii>,
    /// State or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<Pii>,
    /// Country as received (name or code).
    pub country: Option<String>,
}

/// A stay in a lifecycle stage that a vendor keeps the dates of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorStay {
    /// The vendor's word for the stage, verbatim.
    pub stage: String,
    /// When it began, the last time.
    pub entered_at: Timestamp,
    /// When it ended; `None` while it lasts, and if the vendor does not say.
    pub exited_at: Option<Timestamp>,
}

/// A person as one system knows them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Contact {
    /// Whole name, if the system keeps only that.
    pub full_name: Option<Pii>,
    /// Given name.
    pub given_name: Option<Pii>,
    /// Family name.
    pub family_name: Option<Pii>,
    /// E-mail addresses as received, the primary one first.
    pub emails: Vec<Pii>,
    /// Phone numbers as received, the primary one first.
    pub phones: Vec<Pii>,
    /// Job title.
    pub job_title: Option<String>,
    /// Employer's name as written in the contact itself.
    pub company_name: Option<String>,
    /// Postal address.
    pub address: Address,
    /// Lifecycle stage that the vendor claims, verbatim.
    pub vendor_stage: Option<String>,
    /// The stages that it was in by the vendor's dates, the earliest first; empty if it keeps none.
    pub vendor_stays: Vec<VendorStay>,
    /// Channel that the vendor names as the origin, lower case (`paid_search`).
    pub acquisition_channel: Option<String>,
    /// When the system first knew the person.
    pub created_at: Option<Timestamp>,
    /// Employer (role `Company`).
    pub links: Vec<Link>,
}

/// An organisation as one system knows it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Company {
    /// Name as received.
    pub name: Option<String>,
    /// Web domains as received, the primary one first.
    pub domains: Vec<String>,
    /// Phone numbers as received.
    pub phones: Vec<Pii>,
    /// Billing or general e-mail addresses as received.
    pub emails: Vec<Pii>,
    /// Industry, verbatim.
    pub industry: Option<String>,
    /// Number of employees.
    pub employee_count: Option<i64>,
    /// Postal address.
    pub address: Address,
    /// Lifecycle stage that the vendor claims, verbatim.
    pub vendor_stage: Option<String>,
    /// The stages that it was in by the vendor's dates, the earliest first; empty if it keeps none.
    pub vendor_stays: Vec<VendorStay>,
    /// Channel that the vendor names as the origin, lower case.
    pub acquisition_channel: Option<String>,
    /// When the system first knew the organisation.
    pub created_at: Option<Timestamp>,
}

words! {
    /// Where a deal stands.
    DealStatus {
        /// Not decided.
        Open = "open",
        /// Closed and won.
        Won = "won",
        /// Closed and lost.
        Lost = "lost",
    }
}

/// A sales opportunity.
#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    /// Name.
    pub name: Option<String>,
    /// Pipeline, verbatim.
    pub pipeline: Option<String>,
    /// The vendor's stage in the pipeline, verbatim. Not a lifecycle stage.
    pub deal_stage: Option<String>,
    /// Open, won or lost.
    pub status: DealStatus,
    /// Amount, if known.
    pub amount: Option<Money>,
    /// Opened.
    pub created_at: Option<Timestamp>,
    /// Won or lost at; only when closed.
    pub closed_at: Option<Timestamp>,
    /// Contacts and companies.
    pub links: Vec<Link>,
}

words! {
    /// Where a ticket stands.
    TicketStatus {
        /// Not yet assigned.
        New = "new",
        /// Being worked on.
        Open = "open",
        /// Waits for the requester.
        Pending = "pending",
        /// Waits for a third party.
        Hold = "hold",
        /// Solved.
        Solved = "solved",
        /// Closed for good.
        Closed = "closed",
    }
}

/// A support request.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    /// Subject line.
    pub subject: Option<Pii>,
    /// Status.
    pub status: TicketStatus,
    /// Priority, verbatim.
    pub priority: Option<String>,
    /// How it came in (`email`, `web`), verbatim.
    pub channel: Option<String>,
    /// Number of comments, if known.
    pub comment_count: Option<i64>,
    /// Opened.
    pub created_at: Option<Timestamp>,
    /// First answered by an agent, if it was.
    pub first_replied_at: Option<Timestamp>,
    /// Solved, if it is.
    pub solved_at: Option<Timestamp>,
    /// Requester (`Contact`) and organisation (`Company`).
    pub links: Vec<Link>,
}

words! {
    /// A billing interval.
    Interval {
        /// A day.
        Day = "day",
        /// A week.
        Week = "week",
        /// A calendar month.
        Month = "month",
        /// A calendar year.
        Year = "year",
    }
}

/// One line of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionItem {
    /// The vendor's product or price, verbatim.
    pub product: Option<String>,
    /// Amount per interval for the whole quantity, in minor units of the subscription's currency.
    pub amount_minor: i64,
    /// The billing interval.
    pub interval: Interval,
    /// Number of intervals between bills; at least 1.
    pub interval_count: u32,
}

words! {
    /// Where a subscription stands.
    SubscriptionStatus {
        /// In a free trial.
        Trialing = "trialing",
        /// Paid and running.
        Active = "active",
        /// A payment is late.
        PastDue = "past_due",
        /// Late for good, not cancelled.
        Unpaid = "unpaid",
        /// Paused.
        Paused = "paused",
        /// Waits for its first payment.
        Incomplete = "incomplete",
        /// Ended.
        Canceled = "canceled",
    }
}

/// A recurring contract.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    /// Status.
    pub status: SubscriptionStatus,
    /// Currency of all items.
    pub currency: Currency,
    /// Items.
    pub items: Vec<SubscriptionItem>,
    /// Began.
    pub started_at: Option<Timestamp>,
    /// End of the trial, if any.
    pub trial_end: Option<Timestamp>,
    /// End of the paid period.
    pub current_period_end: Option<Timestamp>,
    /// When cancellation was asked for.
    pub canceled_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The vendor's cancellation reason, verbatim.
    pub cancellation_reason: Option<String>,
    /// Customer (`Contact`, `Company`).
    pub links: Vec<Link>,
}

words! {
    /// Where an invoice stands.
    InvoiceStatus {
        /// Not issued.
        Draft = "draft",
        /// Issued, not paid.
        Open = "open",
        /// Paid.
        Paid = "paid",
        /// Cancelled.
        Void = "void",
        /// Given up.
        Uncollectible = "uncollectible",
    }
}

/// A bill.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoice {
    /// Number shown to the customer.
    pub number: Option<String>,
    /// Status.
    pub status: InvoiceStatus,
    /// Total with tax.
    pub total: Money,
    /// Tax within the total, in minor units; `None` when the source does not say.
    pub tax_minor: Option<i64>,
    /// Paid so far, in minor units.
    pub amount_paid_minor: i64,
    /// Issued.
    pub issued_at: Option<Timestamp>,
    /// Due.
    pub due_at: Option<Timestamp>,
    /// Paid in full.
    pub paid_at: Option<Timestamp>,
    /// Customer (`Contact`, `Company`) and `Subscription`.
    pub links: Vec<Link>,
}

words! {
    /// Where a payment or refund stands.
    PaymentStatus {
        /// The money moved.
        Succeeded = "succeeded",
        /// Under way.
        Pending = "pending",
        /// It failed.
        Failed = "failed",
        /// Taken back before it moved.
        Canceled = "canceled",
    }
}

/// Money received, or an attempt to.
#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    /// Status.
    pub status: PaymentStatus,
    /// Amount.
    pub amount: Money,
    /// Method, verbatim (`card`).
    pub method: Option<String>,
    /// The vendor's failure code, verbatim.
    pub failure_code: Option<String>,
    /// When it happened.
    pub paid_at: Option<Timestamp>,
    /// Customer (`Contact`, `Company`) and `Invoice`.
    pub links: Vec<Link>,
}

/// Money given back.
#[derive(Clone, Debug, PartialEq)]
pub struct Refund {
    /// Status.
    pub status: PaymentStatus,
    /// Amount, positive.
    pub amount: Money,
    /// The vendor's reason, verbatim.
    pub reason: Option<String>,
    /// When it happened.
    pub refunded_at: Option<Timestamp>,
    /// The `Payment`; the customer too where the vendor names one.
    pub links: Vec<Link>,
}

words! {
    /// What money was spent on.
    SpendKind {
        /// Advertisements and placements.
        PaidMedia = "paid_media",
        /// A reward for who brought a customer; spent on the day on which the referral qualified.
        ReferralCredit = "referral_credit",
        /// People of marketing and sales: pay, commissions.
        People = "people",
        /// Software, agencies, events, content.
        Overhead = "overhead",
    }
}

/// Marketing or sales expense of one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Spend {
    /// The day.
    pub day: Date,
    /// Channel, lower case (`paid_search`); `None` is unattributed.
    pub channel: Option<String>,
    /// Campaign, verbatim.
    pub campaign: Option<String>,
    /// What for; paid media where the source does not say.
    pub kind: SpendKind,
    /// Amount.
    pub amount: Money,
}

/// A contact with the company's marketing.
#[derive(Clone, Debug, PartialEq)]
pub struct Touchpoint {
    /// What happened, verbatim (`form_submission`).
    pub action: String,
    /// Channel, lower case.
    pub channel: Option<String>,
    /// Campaign, verbatim.
    pub campaign: Option<String>,
    /// When.
    pub touched_at: Option<Timestamp>,
    /// Who (`Contact`).
    pub links: Vec<Link>,
}

words! {
    /// What a survey asks.
    SurveyKind {
        /// Likelihood to recommend, 0 to 10.
        Nps = "nps",
        /// Satisfaction, 1 to 5 (or good and bad mapped to 5 and 1).
        Csat = "csat",
    }
}

/// An answer to a survey.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyResponse {
    /// Which survey.
    pub kind: SurveyKind,
    /// NPS: 0 to 10. CSAT: 1 to 5.
    pub score: i64,
    /// Comment.
    pub comment: Option<Pii>,
    /// When.
    pub responded_at: Option<Timestamp>,
    /// Who (`Contact`), about what (`Ticket`).
    pub links: Vec<Link>,
}

/// A use of the product: one event, or what a source counts of a span that begins then.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageEvent {
    /// What was used, verbatim (`report_exported`).
    pub action: Option<String>,
    /// How often or how much; `None` where the source does not count.
    pub quantity: Option<i64>,
    /// When.
    pub used_at: Option<Timestamp>,
    /// Who (`Contact`, `Company`).
    pub links: Vec<Link>,
}

/// What one unit of a currency was worth in another one on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeRate {
    /// The day.
    pub day: Date,
    /// The currency of which one unit is worth something.
    pub base: Currency,
    /// The currency in which that is said.
    pub quote: Currency,
    /// Units of the quote, in major units of both.
    pub rate: Rate,
}
