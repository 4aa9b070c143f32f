//! The streams of a Stripe account.
//!
//! Owns their names, the objects they hold and the events that carry those.

/// What sort of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Customers,
    Subscriptions,
    Invoices,
    Charges,
    Refunds,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Subscriptions => "subscriptions",
            Self::Invoices => "invoices",
            Self::Charges => "charges",
            Self::Refunds => "refunds",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Customers, Self::Subscriptions, Self::Invoices, Self::Charges, Self::Refunds]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The `object` of its objects.
    pub(super) const fn object(self) -> &'static str {
        match self {
            Self::Customers => "customer",
            Self::Subscriptions => "subscription",
            Self::Invoices => "invoice",
            Self::Charges => "charge",
            Self::Refunds => "refund",
        }
    }

    /// The event that says that an object is gone. A deleted subscription is a cancelled one.
    pub(super) const fn deletion(self) -> Option<&'static str> {
        match self {
            Self::Customers => Some("customer.deleted"),
            Self::Invoices => Some("invoice.deleted"),
            Self::Subscriptions | Self::Charges | Self::Refunds => None,
        }
    }

    /// The events that carry its objects; at most 20, as a request allows. `invoice.upcoming` is
    /// left out: its invoice does not exist.
    pub(super) const fn events(self) -> &'static [&'static str] {
        match self {
            Self::Customers => &["customer.created", "customer.updated", "customer.deleted"],
            Self::Subscriptions => &[
                "customer.subscription.created",
                "customer.subscription.deleted",
                "customer.subscription.paused",
                "customer.subscription.pending_update_applied",
                "customer.subscription.pending_update_expired",
                "customer.subscription.resumed",
                "customer.subscription.trial_will_end",
                "customer.subscription.updated",
            ],
            Self::Invoices => &[
                "invoice.created",
                "invoice.deleted",
                "invoice.finalization_failed",
                "invoice.finalized",
                "invoice.marked_uncollectible",
                "invoice.overdue",
                "invoice.overpaid",
                "invoice.paid",
                "invoice.payment_action_required",
                "invoice.payment_failed",
                "invoice.payment_succeeded",
                "invoice.sent",
                "invoice.updated",
                "invoice.voided",
                "invoice.will_be_due",
            ],
            Self::Charges => &[
                "charge.captured",
                "charge.expired",
                "charge.failed",
                "charge.pending",
                "charge.refunded",
                "charge.succeeded",
                "charge.updated",
            ],
            Self::Refunds => {
                &["charge.refund.updated", "refund.created", "refund.failed", "refund.updated"]
            }
        }
    }
}
