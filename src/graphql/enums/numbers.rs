//! The closed sets of words of the numbers: how they are asked for, and why one is missing.

use async_graphql::Enum;

mirror!(
    /// How long the periods of movements of recurring revenue are.
    MovementGrain = metrics::revenue::Grain {
        /// A day.
        Day,
        /// A calendar month.
        Month,
        /// A calendar quarter.
        Quarter,
        /// A calendar year.
        Year,
    }
);

impl MovementGrain {
    pub(crate) fn grain(self) -> metrics::revenue::Grain {
        self.into()
    }
}

/// A preset by which recurring revenue is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
pub(crate) enum MovementPolicy {
    /// The gateway's own.
    Default,
    /// As Stripe counts.
    Stripe,
    /// As ChartMogul counts.
    Chartmogul,
    /// As ProfitWell counts.
    Profitwell,
}

impl MovementPolicy {
    /// The preset's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Stripe => "stripe",
            Self::Chartmogul => "chartmogul",
            Self::Profitwell => "profitwell",
        }
    }
}

mirror!(
    /// What a dimension of a health score measures.
    HealthInput = metrics::score::HealthInput {
        /// Days with usage in the window.
        ActiveDays,
        /// Tickets neither solved nor closed.
        OpenTickets,
        /// Tickets opened in the window.
        TicketsOpened,
        /// Minutes until tickets opened in the window were answered first: the median.
        FirstReplyMinutes,
        /// The latest answer in the window to how likely they are to recommend, 0 to 10.
        Nps,
        /// Failed attempts to pay in the window.
        FailedPayments,
    }
);

mirror!(
    /// Why a number is missing.
    NullReason = metrics::NullReason {
        /// No source of this deployment supplies what it is made of.
        NoSource,
        /// The sources have nothing for this customer or period.
        NoData,
        /// A cost per new customer where there was none.
        NoNewCustomers,
        /// The metric policy states no gross margin.
        NoMargin,
        /// Other currencies are concerned, and there is no rate to convert them.
        MixedCurrency,
        /// No exchange rate for a day that is concerned.
        MissingRate,
        /// A ratio to zero.
        ZeroDenominator,
        /// It has no meaning for this grouping (spend by segment or stage).
        NotAttributable,
        /// A record contradicts itself.
        InvalidData,
        /// The exact result does not fit into 64 bits.
        Overflow,
        /// The period it covers has not ended yet.
        Immature,
        /// What is asked for did not happen so far.
        NotReached,
        /// An input is missing, and the configuration asks for all of them.
        MissingInput,
        /// It has no meaning for this customer (a lead score after the purchase).
        NotApplicable,
        /// There is too little to learn a model from.
        TooLittleData,
        /// The data do not determine the model.
        NotConverged,
    }
);

/// How conversions are credited to channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
pub(crate) enum AttributionModel {
    /// All to the first touch.
    First,
    /// All to the last touch.
    Last,
    /// The same to every touch.
    Linear,
    /// Half as much for every half-life that a touch was earlier.
    TimeDecay,
    /// 40 % first, 40 % last, 20 % shared by those between.
    UShaped,
    /// 30 % each first, middle and that which preceded the first deal; 10 % shared by the others.
    WShaped,
    /// By the conversions that would be lost without the channel, in a Markov chain of all journeys.
    Markov,
}

mirror!(
    /// What conversions are credited to.
    AttributionGrouping = metrics::attribution::Grouping {
        /// Channels, in lower case.
        Channel,
        /// Campaigns, verbatim.
        Campaign,
    }
);

mirror!(
    /// Which expense counts in a cost of acquisition.
    SpendLoading = metrics::acquisition::Loading {
        /// What is paid per campaign or per customer: media and referral credits.
        Paid,
        /// All of marketing and sales.
        FullyLoaded,
    }
);

mirror!(
    /// What counts as having reached a milestone.
    FunnelOrder = metrics::kpi::Order {
        /// Every milestone before it, each at or after the one before.
        Strict,
        /// It or any later one, since the entry: milestones may be skipped.
        AtLeast,
        /// It and every one before it, in whatever order.
        Any,
    }
);

mirror!(
    /// How a target stands.
    TargetPace = metrics::kpi::Pace {
        /// The quarter has not begun.
        NotStarted,
        /// The value is reached or passed.
        Met,
        /// At least as much of the way is done as of the quarter.
        OnTrack,
        /// Less of the way is done than of the quarter.
        Behind,
        /// The quarter is over and the value is not reached.
        Missed,
    }
);

/// What the cohorts of a table are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
pub(crate) enum CohortBasis {
    /// Subscriptions: customers since their first recurring revenue, with NRR and GRR.
    Subscriptions,
    /// Orders: customers since their first order, active in a month in which they order.
    Orders,
}

/// Something that happens in the life of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
pub(crate) enum LifeEvent {
    /// The marketing reaches it, in whatever way.
    Touch,
    /// A deal is opened.
    DealOpened,
    /// A deal is won.
    DealWon,
    /// A trial begins.
    TrialStarted,
    /// A contract begins to be paid.
    SubscriptionStarted,
    /// The first payment that was not given back in full.
    FirstPayment,
    /// The second such payment.
    SecondPayment,
    /// A ticket is opened.
    TicketOpened,
}

impl LifeEvent {
    /// As steps of funnels name it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Touch => "touch",
            Self::DealOpened => "deal_opened",
            Self::DealWon => "deal_won",
            Self::TrialStarted => "trial_started",
            Self::SubscriptionStarted => "subscription_started",
            Self::FirstPayment => "first_payment",
            Self::SecondPayment => "second_payment",
            Self::TicketOpened => "ticket_opened",
        }
    }
}

mirror!(
    /// Numbers of the whole company that `kpis` reads; `metricCatalog` defines them.
    Kpi = metrics::kpi::Kpi {
        /// Net revenue per order, by currency.
        AverageOrderValue,
        /// Customers with two orders or more in the span, of those with one or more.
        RepeatRate,
        /// From opening a deal to winning it, of the deals won in the span: median, and mean.
        SalesCycle,
        /// Contracts renewed of those whose billing period ended in the span, by currency.
        RenewalRate,
        /// The same by value, each at most at its old one.
        RenewalRateGrossValue,
        /// The same by value, expansion included.
        RenewalRateNetValue,
        /// People who became leads in the span and qualified (MQL) in time.
        LeadQualificationRate,
        /// Net promoter score, with interval.
        Nps,
        /// Good answers of the satisfaction answers, with interval.
        CsatShare,
        /// Mean satisfaction, 1 to 5.
        CsatMean,
        /// Tickets opened.
        TicketVolume,
        /// Tickets opened per 100 active customers: those with an order in the span or a contract at
        /// its end.
        #[graphql(name = "TICKETS_PER_100_ACTIVE")]
        TicketsPer100Active,
        /// Time to the first answer to a ticket: median, and mean.
        FirstResponse,
        /// Active customers who referred someone.
        ReferralRate,
        /// Net revenue of customers who came by the channel `referral`, by currency.
        ReferredRevenueShare,
        /// Times that advertisements were shown.
        Impressions,
        /// Clicks on them.
        Clicks,
        /// Clicks per impression.
        ClickThroughRate,
        /// People reached.
        Reach,
    }
);

mirror!(
    /// What a model of lifetime value was fitted for.
    ModelFamily = metrics::clv::Family {
        /// When customers without a contract buy, and whether they still do.
        Purchases,
        /// How much they spend each time.
        Amounts,
        /// How long contracts last.
        Contracts,
    }
);

mirror!(
    /// What rollups can be split by.
    RollupDimension = metrics::Dimension {
        /// The month, in the time zone of the metric policy.
        Month,
        /// The channel of acquisition.
        Channel,
        /// The customer's segment.
        Segment,
        /// The customer's present stage.
        Stage,
    }
);

mirror!(
    /// What a number is counted in.
    MetricUnit = metrics::Unit {
        /// An amount of money.
        Money,
        /// A number of things.
        Count,
        /// A share or ratio without a unit.
        Ratio,
        /// A point in time.
        Time,
        /// A point on a scale; the definition says which.
        Score,
        /// A length of time in milliseconds.
        Duration,
    }
);

mirror!(
    /// What a rollup cell adds up.
    RollupComponent = metrics::Component {
        /// Customers, in the month and currency of their first payment that was not given back in
        /// full.
        NewCustomers,
        /// Succeeded payments, in the month of the payment.
        GrossPayments,
        /// Succeeded refunds, positive, in the month of the refund.
        Refunds,
        /// Expense, in the month of the day.
        Spend,
        /// Net revenue to date of the customers acquired in the month.
        CohortRevenue,
        /// Tickets, in the month in which they were opened.
        Tickets,
        /// Recurring revenue of customers who pay for the first time, in the month of the movement.
        MrrNew,
        /// Recurring revenue of customers who had left and pay again.
        MrrReactivation,
        /// More recurring revenue from customers who stayed.
        MrrExpansion,
        /// Less recurring revenue from customers who stayed, positive.
        MrrContraction,
        /// Recurring revenue lost with customers who left, positive.
        MrrChurn,
        /// Customers who pay recurring revenue for the first time.
        SubscribersNew,
        /// Customers who had left and pay again.
        SubscribersReactivated,
        /// Customers who left.
        SubscribersChurned,
        /// Subscriptions first seen after they began, in the month from which on their price is assumed.
        AssumedFrom,
        /// The same ones, in the first month that was seen from its beginning.
        AssumedUntil,
    }
);

/// Why a number was restated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enum)]
pub(crate) enum RestatementCause {
    /// A record that nobody knew before.
    LateRecord,
    /// A record that says something else now.
    Correction,
    /// A record that is gone.
    Deletion,
    /// Records of another customer came to this one, or its own went to another one.
    Merge,
    /// Records were taken from this customer, or it came off another one.
    Split,
    /// A record counts for another customer: for the company instead of the person, or back.
    Ownership,
    /// A stage was set by hand.
    Override,
    /// Stage, segment or channel changed with time or with the rules.
    Reclassification,
}
