//! The closed sets of words, as GraphQL enums.

use async_graphql::Enum;

/// Declares a GraphQL enum that mirrors a domain one.
macro_rules! mirror {
    ($(#[$doc:meta])* $name:ident = $remote:ty { $($(#[$vdoc:meta])* $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
        pub(crate) enum $name { $($(#[$vdoc])* $variant,)* }
        impl From<$remote> for $name {
            fn from(value: $remote) -> Self {
                match value { $(<$remote>::$variant => Self::$variant,)* }
            }
        }
        impl From<$name> for $remote {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant,)* }
            }
        }
    };
}

mod numbers;

pub(crate) use numbers::*;

mirror!(
    /// What the rule of an alert watches.
    AlertPreset = metrics::alerts::Preset {
        /// The health score falls.
        HealthFalls,
        /// A contract is due for renewal.
        RenewalNear,
        /// A person of the company left it, or got another job title.
        ChampionLeft,
        /// The lifecycle stage moved backward.
        StageMovedBack,
        /// Signs that the customer may leave.
        ChurnRisk,
    }
);

mirror!(
    /// How much an alert matters.
    AlertSeverity = metrics::alerts::AlertSeverity {
        /// Worth knowing.
        Notice,
        /// Somebody should look.
        Warning,
        /// Somebody should act.
        Critical,
    }
);

/// What happened to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
pub(crate) enum AlertEventKind {
    /// It was raised.
    Opened,
    /// Its cause, thought to be gone, is there again.
    Reopened,
    /// Its cause is gone.
    Resolved,
    /// Somebody took note of it.
    Acknowledged,
}

mirror!(
    /// How much something found matters.
    FindingSeverity = store::read::Severity {
        /// Worth knowing.
        Notice,
        /// Numbers may miss something.
        Warning,
        /// Numbers are wrong or will be.
        Severe,
    }
);

mirror!(
    /// What a customer is.
    CustomerKind = domain::ProfileKind {
        /// A human being.
        Person,
        /// An organisation.
        Company,
    }
);

mirror!(
    /// A lifecycle stage: one of five positions, or a sub-stage of the second.
    Stage = domain::Stage {
        /// Position 1: known, nothing more.
        Awareness,
        /// Position 2: engaged.
        Consideration,
        /// Position 2: supplied contact data.
        Lead,
        /// Position 2: marketing qualified.
        Mql,
        /// Position 2: sales qualified.
        Sql,
        /// Position 2: an open deal.
        Opportunity,
        /// Position 3: bought.
        Purchase,
        /// Position 4: stays.
        Retention,
        /// Position 5: recommends.
        Advocacy,
    }
);

mirror!(
    /// The words in which the five positions are shown.
    Vocabulary = domain::Vocabulary {
        /// Awareness, Consideration, Purchase, Retention, Advocacy.
        AwarenessToAdvocacy,
        /// Reach, Acquisition, Conversion, Retention, Loyalty.
        ReachToLoyalty,
    }
);

mirror!(
    /// The commercial standing, beside the stage.
    CustomerStatus = domain::Status {
        /// Never bought.
        Prospect,
        /// In a free trial.
        Trialing,
        /// Pays.
        Active,
        /// A payment is late.
        PastDue,
        /// Paused.
        Paused,
        /// Bought once, no running contract.
        Lapsed,
        /// Left by its own decision.
        ChurnedVoluntary,
        /// Left by failed payments.
        ChurnedInvoluntary,
        /// Left, reason unknown.
        ChurnedUnknown,
    }
);

mirror!(
    /// Which way a stage transition goes.
    TransitionDirection = domain::Direction {
        /// The first stage.
        Entry,
        /// To a later stage.
        Forward,
        /// To an earlier stage.
        Backward,
    }
);

mirror!(
    /// Where a deal stands.
    DealStatus = domain::DealStatus {
        /// Not decided.
        Open,
        /// Closed and won.
        Won,
        /// Closed and lost.
        Lost,
    }
);

mirror!(
    /// Where a ticket stands.
    TicketStatus = domain::TicketStatus {
        /// Not yet assigned.
        New,
        /// Being worked on.
        Open,
        /// Waits for the requester.
        Pending,
        /// Waits for a third party.
        Hold,
        /// Solved.
        Solved,
        /// Closed for good.
        Closed,
    }
);

mirror!(
    /// Where a subscription stands.
    SubscriptionStatus = domain::SubscriptionStatus {
        /// In a free trial.
        Trialing,
        /// Paid and running.
        Active,
        /// A payment is late.
        PastDue,
        /// Late for good, not cancelled.
        Unpaid,
        /// Paused.
        Paused,
        /// Waits for its first payment.
        Incomplete,
        /// Ended.
        Canceled,
    }
);

mirror!(
    /// A billing interval.
    BillingInterval = domain::Interval {
        /// A day.
        Day,
        /// A week.
        Week,
        /// A calendar month.
        Month,
        /// A calendar year.
        Year,
    }
);

mirror!(
    /// Where an invoice stands.
    InvoiceStatus = domain::InvoiceStatus {
        /// Not issued.
        Draft,
        /// Issued, not paid.
        Open,
        /// Paid.
        Paid,
        /// Cancelled.
        Void,
        /// Given up.
        Uncollectible,
    }
);

mirror!(
    /// Where a payment or a refund stands.
    PaymentStatus = domain::PaymentStatus {
        /// The money moved.
        Succeeded,
        /// Under way.
        Pending,
        /// It failed.
        Failed,
        /// Taken back before it moved.
        Canceled,
    }
);

mirror!(
    /// What a survey asks.
    SurveyKind = domain::SurveyKind {
        /// Likelihood to recommend, 0 to 10.
        Nps,
        /// Satisfaction, 1 to 5.
        Csat,
    }
);

mirror!(
    /// What sort of value identifies.
    IdentifierKind = domain::IdentifierKind {
        /// An e-mail address in canonical form.
        Email,
        /// A phone number, `+` and digits.
        Phone,
        /// An id in a vendor's namespace.
        ExternalId,
        /// A person's name with a company's web domain.
        NameDomain,
        /// A person's name with the employer's name.
        NameCompany,
        /// A person's name with a postal address.
        NameAddress,
        /// A company's web domain.
        Domain,
        /// A company's name with its country.
        CompanyName,
    }
);

mirror!(
    /// What a person decides about a pair of records.
    ReviewVerdict = domain::Verdict {
        /// The same person or company: they end in one customer.
        Same,
        /// Not the same: they never end in one customer.
        Different,
        /// Left open: nothing changes but that the pair is not asked about again.
        Unsure,
    }
);

mirror!(
    /// Why a pair of records waits for a decision.
    ReviewReason = identity::ReviewReason {
        /// A chain of `SAME` decisions would join what a `DIFFERENT` decision parts.
        DecisionsContradict,
        /// They match, but their customers hold clearly different names.
        NamesConflict,
        /// They match, but a `DIFFERENT` decision parts their customers.
        BridgeRefused,
        /// They match, but a source that holds one record per customer has two.
        UniqueSource,
        /// Ids that point at each other, under clearly different names.
        TrustedIdNamesDiffer,
        /// The same contact value under different names.
        SharedContact,
        /// The name fits more than one person behind the same value.
        Ambiguous,
        /// Much agrees, but not enough to be sure.
        Grey,
        /// Their customers match as a whole, but few of the pairs between them do.
        WeakBridge,
        /// They match, but the customer would be larger than is usual, and much in it disagrees.
        Outgrown,
        /// The customer is unusually large; the pair is its weakest join.
        LargeCluster,
    }
);

mirror!(
    /// What keeps two records apart.
    ObstacleReason = identity::Apart {
        /// A person decided that they are different.
        Decided,
        /// Nothing of the two agrees.
        NothingShared,
        /// What agrees weighs too little against what differs.
        TooLittle,
        /// This pair alone would match; the other records of the two customers, a decision or a
        /// source with one record per customer speaks against it.
        ClusterRefused,
    }
);

/// What stands in a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
pub(crate) enum TimelineKind {
    /// Deals.
    Deal,
    /// Tickets.
    Ticket,
    /// Subscriptions.
    Subscription,
    /// Invoices.
    Invoice,
    /// Payments.
    Payment,
    /// Refunds.
    Refund,
    /// Contacts with the marketing.
    Touchpoint,
    /// Answers to surveys.
    SurveyResponse,
    /// Uses of the product.
    UsageEvent,
    /// Stage transitions.
    StageTransition,
}

impl From<TimelineKind> for store::read::TimelineKind {
    fn from(kind: TimelineKind) -> Self {
        use store::read::FactKind;
        match kind {
            TimelineKind::Deal => Self::Fact(FactKind::Deal),
            TimelineKind::Ticket => Self::Fact(FactKind::Ticket),
            TimelineKind::Subscription => Self::Fact(FactKind::Subscription),
            TimelineKind::Invoice => Self::Fact(FactKind::Invoice),
            TimelineKind::Payment => Self::Fact(FactKind::Payment),
            TimelineKind::Refund => Self::Fact(FactKind::Refund),
            TimelineKind::Touchpoint => Self::Fact(FactKind::Touchpoint),
            TimelineKind::SurveyResponse => Self::Fact(FactKind::SurveyResponse),
            TimelineKind::UsageEvent => Self::Fact(FactKind::UsageEvent),
            TimelineKind::StageTransition => Self::Stage,
        }
    }
}
