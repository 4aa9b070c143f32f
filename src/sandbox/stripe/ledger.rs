//! The account's books: what may be done to customers, subscriptions, invoices, charges and
//! refunds, so that the sums always agree, and the journal entry each step leaves.

use super::{
    Charge, Customer, Event, Interval, Invoice, InvoiceStatus, Line, Refund, Subscription,
    SubscriptionStatus, shape, unit_amount,
};
use crate::calendar::DAY;
use crate::text::base62;
use std::collections::{HashMap, VecDeque};

/// How long the journal goes back.
pub(crate) const RETENTION_MS: i64 = 30 * DAY;

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum What {
    Customer,
    Subscription,
    Invoice,
    Charge,
    Refund,
}

/// A subscription about to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewSubscription {
    pub(crate) customer: usize,
    pub(crate) plan: usize,
    pub(crate) interval: Interval,
    pub(crate) quantity: i64,
    pub(crate) trial_days: i64,
    pub(crate) sends_invoice: bool,
    pub(crate) deal: Option<u64>,
}

/// The books.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    seed: u64,
    counter: u64,
    /// Journal entries older than this are not even made.
    journal_from_ms: i64,
    pub(crate) customers: Vec<Customer>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) events: VecDeque<Event>,
    index: HashMap<String, (What, usize)>,
}

impl Ledger {
    pub(crate) fn new(seed: u64, now_ms: i64) -> Self {
        Self { seed, journal_from_ms: now_ms - RETENTION_MS, ..Self::default() }
    }

    /// Finds an object by its id.
    pub(crate) fn find(&self, id: &str) -> Option<(What, usize)> {
        self.index.get(id).copied()
    }

    pub(crate) fn new_id(&mut self, prefix: &str, length: usize) -> String {
        self.counter += 1;
        format!("{prefix}{}", base62(self.seed ^ 0x57f1_be00, self.counter, length))
    }

    /// Drops journal entries past their retention.
    pub(crate) fn forget(&mut self, now_ms: i64) {
        self.journal_from_ms = self.journal_from_ms.max(now_ms - RETENTION_MS);
        while self.events.front().is_some_and(|e| e.created_ms < self.journal_from_ms) {
            self.events.pop_front();
        }
    }

    /// Writes a journal entry with the object as it is now.
    pub(crate) fn journal(
        &mut self,
        kind: &'static str,
        what: What,
        at: usize,
        at_ms: i64,
        previous: Option<&str>,
    ) {
        if at_ms < self.journal_from_ms {
            return;
        }
        let Some(object) = shape::object(self, what, at) else { return };
        let id = self.new_id("evt_1R", 22);
        self.events.push_back(Event {
            id,
            kind,
            created_ms: at_ms,
            object: object.into(),
            previous: previous.map(Into::into),
        });
    }

    /// Adds a customer; its id is made here.
    pub(crate) fn add_customer(&mut self, mut customer: Customer) -> usize {
        customer.id = self.new_id("cus_", 14);
        let (at, at_ms) = (self.customers.len(), customer.created_ms);
        self.index.insert(customer.id.clone(), (What::Customer, at));
        self.customers.push(customer);
        self.journal("customer.created", What::Customer, at, at_ms, None);
        at
    }

    /// Changes a customer.
    pub(crate) fn change_customer(
        &mut self,
        at: usize,
        at_ms: i64,
        previous: &str,
        change: impl FnOnce(&mut Customer),
    ) {
        if let Some(customer) = self.customers.get_mut(at).filter(|c| !c.deleted) {
            change(customer);
            self.journal("customer.updated", What::Customer, at, at_ms, Some(previous));
        }
    }

    /// Deletes a customer and ends its subscriptions, as Stripe does; says whether it was there.
    pub(crate) fn delete_customer(&mut self, at: usize, at_ms: i64) -> bool {
        if self.customers.get(at).is_none_or(|c| c.deleted) {
            return false;
        }
        let open: Vec<usize> = self.live_subscriptions(at).collect();
        for subscription in open {
            self.end_subscription(subscription, at_ms, "cancellation_requested");
        }
        self.journal("customer.deleted", What::Customer, at, at_ms, None);
        if let Some(customer) = self.customers.get_mut(at) {
            customer.deleted = true;
        }
        true
    }

    /// The subscriptions of a customer that have not ended.
    pub(crate) fn live_subscriptions(&self, customer: usize) -> impl Iterator<Item = usize> {
        self.subscriptions
            .iter()
            .enumerate()
            .filter(move |(_, s)| {
                s.customer == customer && s.status != SubscriptionStatus::Canceled
            })
            .map(|(i, _)| i)
    }

    /// Starts a subscription, without its first invoice.
    pub(crate) fn add_subscription(&mut self, new: &NewSubscription, at_ms: i64) -> Option<usize> {
        let currency = self.customers.get(new.customer).filter(|c| !c.deleted)?.currency;
        let anchor_ms = at_ms + new.trial_days * DAY;
        let trial = (new.trial_days > 0).then_some((at_ms, anchor_ms));
        let id = self.new_id("sub_1R", 22);
        let item = self.new_id("si_", 14);
        let at = self.subscriptions.len();
        self.index.insert(id.clone(), (What::Subscription, at));
        self.subscriptions.push(Subscription {
            id,
            item,
            customer: new.customer,
            plan: new.plan,
            interval: new.interval,
            currency,
            quantity: new.quantity.max(1),
            created_ms: at_ms,
            anchor_ms,
            periods: 0,
            period_start_ms: at_ms,
            period_end_ms: if trial.is_some() {
                anchor_ms
            } else {
                new.interval.after(anchor_ms, 1)
            },
            trial,
            status: if trial.is_some() {
                SubscriptionStatus::Trialing
            } else {
                SubscriptionStatus::Active
            },
            cancel_at_period_end: false,
            canceled_ms: None,
            ended_ms: None,
            cancel_reason: None,
            feedback: None,
            paused_until_ms: None,
            sends_invoice: new.sends_invoice,
            latest_invoice: None,
            deal: new.deal,
        });
        self.journal("customer.subscription.created", What::Subscription, at, at_ms, None);
        Some(at)
    }

    /// Changes a live subscription; says whether it was live.
    pub(crate) fn change_subscription(
        &mut self,
        at: usize,
        at_ms: i64,
        previous: &str,
        change: impl FnOnce(&mut Subscription),
    ) -> bool {
        match self.subscriptions.get_mut(at).filter(|s| s.status != SubscriptionStatus::Canceled) {
            Some(subscription) => {
                change(subscription);
                self.journal(
                    "customer.subscription.updated",
                    What::Subscription,
                    at,
                    at_ms,
                    Some(previous),
                );
                true
            }
            None => false,
        }
    }

    /// Ends a subscription now.
    pub(crate) fn end_subscription(&mut self, at: usize, at_ms: i64, reason: &'static str) {
        if let Some(s) =
            self.subscriptions.get_mut(at).filter(|s| s.status != SubscriptionStatus::Canceled)
        {
            s.status = SubscriptionStatus::Canceled;
            s.canceled_ms = s.canceled_ms.or(Some(at_ms));
            s.ended_ms = Some(at_ms);
            s.cancel_reason = s.cancel_reason.or(Some(reason));
            self.journal("customer.subscription.deleted", What::Subscription, at, at_ms, None);
        }
    }

    /// A draft invoice for the subscription's present period.
    pub(crate) fn bill(
        &mut self,
        at: usize,
        at_ms: i64,
        reason: &'static str,
        extra: Vec<Line>,
    ) -> Option<usize> {
        let s = self.subscriptions.get(at)?.clone();
        let mut lines = extra;
        if reason != "subscription_update" {
            let trial = s.status == SubscriptionStatus::Trialing;
            let unit = if trial { 0 } else { unit_amount(s.plan, s.interval, s.currency) };
            let plan = super::PLANS.get(s.plan).map_or("", |p| p.0);
            let description = if trial {
                format!("Trial period for {plan}")
            } else {
                format!(
                    "{} × {plan} ({} / {})",
                    s.quantity,
                    s.currency.to_uppercase(),
                    s.interval.name()
                )
            };
            lines.insert(
                0,
                Line {
                    id: self.new_id("il_1R", 22),
                    description,
                    amount: unit * s.quantity,
                    quantity: s.quantity,
                    period: (s.period_start_ms, s.period_end_ms),
                    proration: false,
                },
            );
        }
        let invoice = self.draft(
            s.customer,
            Some(at),
            (s.period_start_ms, s.period_end_ms),
            s.sends_invoice,
            reason,
            lines,
            at_ms,
        )?;
        if let Some(s) = self.subscriptions.get_mut(at) {
            s.latest_invoice = Some(invoice);
        }
        Some(invoice)
    }

    /// A draft invoice of its own, with one line.
    pub(crate) fn bill_once(
        &mut self,
        customer: usize,
        at_ms: i64,
        amount: i64,
        description: &str,
        sends_invoice: bool,
    ) -> Option<usize> {
        let line = self.line(description.to_owned(), amount, 1, (at_ms, at_ms));
        self.draft(customer, None, (at_ms, at_ms), sends_invoice, "manual", vec![line], at_ms)
    }

    /// A line that is not the subscription's own.
    pub(crate) fn line(
        &mut self,
        description: String,
        amount: i64,
        quantity: i64,
        period: (i64, i64),
    ) -> Line {
        Line {
            id: self.new_id("il_1R", 22),
            description,
            amount,
            quantity,
            period,
            proration: false,
        }
    }

    #[allow(clippy::too_many_arguments)] // one private place builds invoices
    fn draft(
        &mut self,
        customer: usize,
        subscription: Option<usize>,
        period: (i64, i64),
        sends_invoice: bool,
        reason: &'static str,
        lines: Vec<Line>,
        at_ms: i64,
    ) -> Option<usize> {
        let id = self.new_id("in_1R", 22);
        let c = self.customers.get_mut(customer).filter(|c| !c.deleted)?;
        c.invoices += 1;
        let invoice = Invoice {
            customer,
            subscription,
            number: format!("{}-{:04}", prefix(&c.id), c.invoices),
            currency: c.currency,
            created_ms: at_ms,
            period,
            reason,
            sends_invoice,
            total: lines.iter().map(|l| l.amount).sum::<i64>().max(0),
            lines,
            paid: 0,
            status: InvoiceStatus::Draft,
            attempts: 0,
            next_attempt_ms: None,
            due_ms: sends_invoice.then_some(at_ms + 30 * DAY),
            finalized_ms: None,
            paid_ms: None,
            voided_ms: None,
            uncollectible_ms: None,
            intent: None,
            customer_name: c.name.clone(),
            customer_mail: c.mail.clone(),
            customer_phone: c.phone.clone(),
            id,
        };
        let at = self.invoices.len();
        self.index.insert(invoice.id.clone(), (What::Invoice, at));
        self.invoices.push(invoice);
        self.journal("invoice.created", What::Invoice, at, at_ms, None);
        Some(at)
    }

    /// Makes a draft final; one of nothing is paid at once.
    pub(crate) fn finalize(&mut self, at: usize, at_ms: i64) {
        let intent = self.new_id("pi_3R", 22);
        let Some(invoice) = self.invoices.get_mut(at).filter(|i| i.status == InvoiceStatus::Draft)
        else {
            return;
        };
        invoice.status = InvoiceStatus::Open;
        invoice.finalized_ms = Some(at_ms);
        let nothing = invoice.total == 0;
        if !nothing {
            invoice.intent = Some(intent);
        }
        self.journal("invoice.finalized", What::Invoice, at, at_ms, None);
        if nothing {
            self.settle(at, at_ms);
        }
    }

    /// Tries to take the money of an open invoice by card; the charge is the evidence.
    pub(crate) fn charge_invoice(
        &mut self,
        at: usize,
        at_ms: i64,
        failure: Option<(&'static str, &'static str)>,
    ) -> Option<usize> {
        let invoice =
            self.invoices.get_mut(at).filter(|i| i.status == InvoiceStatus::Open && i.total > 0)?;
        invoice.attempts += 1;
        let (customer, amount, currency) = (invoice.customer, invoice.total, invoice.currency);
        let intent = invoice.intent.clone().unwrap_or_default();
        let description = match invoice.reason {
            "subscription_create" => "Subscription creation",
            "manual" => "Payment for Invoice",
            _ => "Subscription update",
        };
        let charge =
            self.add_charge(customer, intent, amount, currency, description, failure, at_ms);
        if failure.is_none() {
            self.settle(at, at_ms);
        } else {
            self.journal("invoice.payment_failed", What::Invoice, at, at_ms, None);
        }
        Some(charge)
    }

    /// Marks an open invoice paid.
    pub(crate) fn settle(&mut self, at: usize, at_ms: i64) {
        if let Some(invoice) = self.invoices.get_mut(at).filter(|i| i.status == InvoiceStatus::Open)
        {
            invoice.status = InvoiceStatus::Paid;
            invoice.paid = invoice.total;
            invoice.paid_ms = Some(at_ms);
            invoice.next_attempt_ms = None;
            self.journal("invoice.paid", What::Invoice, at, at_ms, None);
            self.journal("invoice.payment_succeeded", What::Invoice, at, at_ms, None);
        }
    }

    /// Gives an open or draft invoice up.
    pub(crate) fn give_up(&mut self, at: usize, at_ms: i64, void: bool) {
        if let Some(invoice) = self
            .invoices
            .get_mut(at)
            .filter(|i| matches!(i.status, InvoiceStatus::Open | InvoiceStatus::Draft))
        {
            invoice.next_attempt_ms = None;
            if void {
                invoice.status = InvoiceStatus::Void;
                invoice.voided_ms = Some(at_ms);
                self.journal("invoice.voided", What::Invoice, at, at_ms, None);
            } else {
                invoice.status = InvoiceStatus::Uncollectible;
                invoice.uncollectible_ms = Some(at_ms);
                self.journal("invoice.marked_uncollectible", What::Invoice, at, at_ms, None);
            }
        }
    }

    /// A charge without an invoice.
    pub(crate) fn charge_once(
        &mut self,
        customer: usize,
        amount: i64,
        at_ms: i64,
        failure: Option<(&'static str, &'static str)>,
    ) -> Option<usize> {
        let currency = self.customers.get(customer).filter(|c| !c.deleted)?.currency;
        let intent = self.new_id("pi_3R", 22);
        Some(self.add_charge(
            customer,
            intent,
            amount,
            currency,
            "One-time purchase",
            failure,
            at_ms,
        ))
    }

    #[allow(clippy::too_many_arguments)] // one private place builds charges
    fn add_charge(
        &mut self,
        customer: usize,
        intent: String,
        amount: i64,
        currency: &'static str,
        description: &'static str,
        failure: Option<(&'static str, &'static str)>,
        at_ms: i64,
    ) -> usize {
        let id = self.new_id("ch_3R", 22);
        let at = self.charges.len();
        self.index.insert(id.clone(), (What::Charge, at));
        self.charges.push(Charge {
            id,
            customer,
            intent,
            amount,
            refunded: 0,
            currency,
            created_ms: at_ms,
            failure,
            description,
            refunds: Vec::new(),
        });
        let kind = if failure.is_none() { "charge.succeeded" } else { "charge.failed" };
        self.journal(kind, What::Charge, at, at_ms, None);
        at
    }

    /// Gives money of a succeeded charge back, at most what is left; `None` when nothing is.
    pub(crate) fn refund(
        &mut self,
        charge: usize,
        amount: i64,
        at_ms: i64,
        reason: Option<&'static str>,
    ) -> Option<usize> {
        let id = self.new_id("re_3R", 22);
        let at = self.refunds.len();
        let row = self.charges.get_mut(charge).filter(|c| c.failure.is_none())?;
        let amount = amount.min(row.amount - row.refunded);
        if amount <= 0 {
            return None;
        }
        row.refunded += amount;
        row.refunds.push(at);
        self.index.insert(id.clone(), (What::Refund, at));
        self.refunds.push(Refund { id, charge, amount, created_ms: at_ms, reason });
        self.journal("refund.created", What::Refund, at, at_ms, None);
        self.journal("charge.refunded", What::Charge, charge, at_ms, None);
        Some(at)
    }
}

/// A customer's invoice prefix: eight capitals made of the id.
pub(crate) fn prefix(customer: &str) -> String {
    customer
        .chars()
        .rev()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}
