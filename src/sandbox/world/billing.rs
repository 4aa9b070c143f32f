//! Money: purchases, renewals, failed payments and their retries, cancellations, pauses,
//! changes of quantity, refunds.

use super::leads::CUSTOMER;
use super::sales::size;
use super::{Action, World};
use crate::calendar::{DAY, HOUR};
use crate::cast::System;
use crate::hubspot::Kind;
use crate::rng::Rng;
use crate::stripe::{
    Customer, Interval, InvoiceStatus, Line, NewSubscription, PLANS, SubscriptionStatus,
    unit_amount,
};

/// Why a card was refused.
static DECLINES: [(&str, &str); 3] = [
    ("card_declined", "Your card was declined."),
    ("insufficient_funds", "Your card has insufficient funds."),
    ("expired_card", "Your card has expired."),
];

fn decline(rng: &mut Rng, probability: f64) -> Option<(&'static str, &'static str)> {
    rng.chance(probability).then(|| rng.pick(&DECLINES).copied()).flatten()
}

impl World {
    /// A person buys with a card, for themselves.
    pub(super) fn buy_for_person(&mut self, person: u32, at_ms: i64, rng: &mut Rng) {
        let customer = match self.records(person).customer {
            Some(customer) => customer,
            None => match self.register_person(person, at_ms, rng) {
                Some(customer) => customer,
                None => return,
            },
        };
        if self.books.live_subscriptions(customer).next().is_some() {
            return;
        }
        let currency = self.books.customers.get(customer).map_or("usd", |c| c.currency);
        if rng.chance(0.2) {
            let amount =
                unit_amount(rng.below(2) as usize, Interval::Month, currency) * rng.between(1, 4);
            let failed = decline(rng, 0.06);
            if let Some(charge) = self.books.charge_once(customer, amount, at_ms, failed)
                && failed.is_none()
            {
                self.after_payment(charge, at_ms, rng);
                self.become_customer(person, at_ms, rng);
            }
            if rng.chance(0.5) {
                self.schedule(
                    at_ms + 20 * DAY + rng.wait(120 * DAY),
                    Action::BuysForPerson(person),
                );
            }
            return;
        }
        let interval = if rng.chance(0.15) { Interval::Year } else { Interval::Month };
        let new = NewSubscription {
            customer,
            plan: usize::from(rng.chance(0.25)),
            interval,
            quantity: 1,
            trial_days: if rng.chance(0.4) { 14 } else { 0 },
            sends_invoice: false,
            deal: None,
        };
        self.start(&new, at_ms, rng);
        if new.trial_days == 0 {
            self.become_customer(person, at_ms, rng);
        }
    }

    fn register_person(&mut self, person: u32, at_ms: i64, rng: &mut Rng) -> Option<usize> {
        let p = self.cast.person(person)?.clone();
        let spelling = self.cast.spell(&p, System::Stripe, rng);
        let contact = self.records(person).contacts.first().copied();
        let mut metadata = Vec::new();
        if let Some(contact) = contact
            && rng.chance(0.25)
        {
            metadata.push(("hubspot_contact_id", contact.to_string()));
        }
        let with_address = rng.chance(0.7);
        let customer = self.books.add_customer(Customer {
            id: String::new(),
            created_ms: at_ms,
            name: rng.chance(0.93).then(|| spelling.full()),
            mail: spelling.mail,
            phone: spelling.phone,
            description: None,
            currency: p.country.currency,
            country: p.country.code,
            city: if with_address { p.city.name.to_owned() } else { String::new() },
            state: if with_address { p.city.state.to_owned() } else { String::new() },
            zip: p.zip.clone(),
            line1: with_address.then(|| p.street.clone()),
            delinquent: false,
            invoices: 0,
            metadata,
            deleted: false,
            person: Some(person),
            company: None,
        });
        self.records(person).customer = Some(customer);
        self.point_user_at_customer(person, customer, at_ms, rng);
        Some(customer)
    }

    fn become_customer(&mut self, person: u32, at_ms: i64, rng: &mut Rng) {
        for contact in self.records(person).contacts.clone() {
            self.raise_stage(contact, CUSTOMER, at_ms, rng);
        }
    }

    /// A company buys what a won deal was about, or more of it.
    pub(super) fn buy_for_company(&mut self, company: u32, deal: u64, at_ms: i64, rng: &mut Rng) {
        let known = self.company_records(company).customer;
        let customer = match known {
            Some(customer) => customer,
            None => match self.register_company(company, deal, at_ms, rng) {
                Some(customer) => customer,
                None => return,
            },
        };
        let running = self.books.live_subscriptions(customer).next();
        if let Some(subscription) = running {
            self.change_quantity(subscription, at_ms, rng);
            return;
        }
        let Some(c) = self.cast.company(company) else { return };
        let ((plan, quantity), currency) = (size(c.staff), c.country.currency);
        let sends_invoice = plan > 1 && rng.chance(0.25);
        let new = NewSubscription {
            customer,
            plan,
            interval: if rng.chance(0.35) { Interval::Year } else { Interval::Month },
            quantity,
            trial_days: if rng.chance(0.08) { 30 } else { 0 },
            sends_invoice,
            deal: Some(deal),
        };
        if rng.chance(0.12)
            && let Some(invoice) = self.books.bill_once(
                customer,
                at_ms,
                unit_amount(plan, Interval::Month, currency) * rng.between(2, 6),
                "Onboarding",
                sends_invoice,
            )
        {
            self.schedule(at_ms + HOUR, Action::Finalizes(invoice));
        }
        self.start(&new, at_ms, rng);
    }

    fn register_company(
        &mut self,
        company: u32,
        deal: u64,
        at_ms: i64,
        rng: &mut Rng,
    ) -> Option<usize> {
        // whoever the deal was with pays the bills, or a mailbox that is nobody's own
        let payer = self
            .crm
            .table(Kind::Deals)
            .find(deal)
            .and_then(|d| d.contacts.first().copied())
            .and_then(|c| self.crm.table(Kind::Contacts).find(c))
            .and_then(|c| c.person)
            .filter(|_| rng.chance(0.6));
        let object = self.ensure_company_object(company, at_ms, rng);
        let c = self.cast.company(company)?;
        let payer = payer.and_then(|id| Some((id, self.cast.person(id)?.work_mail.clone()?)));
        let (person, mail) = match payer {
            Some((id, mail)) => (Some(id), mail),
            None => (
                None,
                format!(
                    "{}@{}",
                    rng.word(&["billing", "accounts", "invoices", "finance", "ap"]),
                    c.domain
                ),
            ),
        };
        let mut metadata = Vec::new();
        if rng.chance(0.4) {
            metadata.push(("hubspot_company_id", object.to_string()));
        }
        let with_address = rng.chance(0.85);
        let customer = Customer {
            id: String::new(),
            created_ms: at_ms,
            name: Some(c.named(rng.next_u64())),
            mail: Some(mail),
            phone: rng.chance(0.5).then(|| c.switchboard.written(rng.next_u64())),
            description: rng.chance(0.3).then(|| format!("Website: {}", c.domain)),
            currency: c.country.currency,
            country: c.country.code,
            city: if with_address { c.city.name.to_owned() } else { String::new() },
            state: if with_address { c.city.state.to_owned() } else { String::new() },
            zip: if with_address { c.zip.clone() } else { String::new() },
            line1: with_address.then(|| c.street.clone()),
            delinquent: false,
            invoices: 0,
            metadata,
            deleted: false,
            person,
            company: Some(company),
        };
        let at = self.books.add_customer(customer);
        self.company_records(company).customer = Some(at);
        Some(at)
    }

    fn start(&mut self, new: &NewSubscription, at_ms: i64, rng: &mut Rng) {
        let Some(subscription) = self.books.add_subscription(new, at_ms) else { return };
        if let Some(invoice) =
            self.books.bill(subscription, at_ms, "subscription_create", Vec::new())
        {
            // the first invoice is final at once; later ones stay drafts for an hour
            self.finalize(invoice, at_ms, rng);
        }
        self.plan_period(subscription, rng);
    }

    /// Plans what happens in and after the period that has just begun.
    fn plan_period(&mut self, subscription: usize, rng: &mut Rng) {
        let Some(s) = self.books.subscriptions.get(subscription) else { return };
        if s.status == SubscriptionStatus::Canceled {
            return;
        }
        let (start, end, year, business) =
            (s.period_start_ms, s.period_end_ms, s.interval == Interval::Year, s.plan > 0);
        let sometime = |rng: &mut Rng| start + rng.between(HOUR, (end - start - DAY).max(2 * HOUR));
        let leaving = match (s.status, year, business) {
            (SubscriptionStatus::Trialing, _, _) => 0.3,
            (_, true, _) => 0.18,
            (_, false, true) => 0.022,
            (_, false, false) => 0.04,
        };
        self.schedule(end, Action::Renews(subscription));
        if rng.chance(leaving) {
            let at = sometime(rng);
            self.schedule(at, Action::RequestsCancel(subscription));
        } else if !year && rng.chance(0.006) {
            let at = sometime(rng);
            self.schedule(at, Action::Pauses(subscription));
        } else if business && rng.chance(if year { 0.3 } else { 0.03 }) {
            let at = sometime(rng);
            self.schedule(at, Action::ChangesQuantity(subscription));
        }
    }

    pub(super) fn renew(&mut self, at: usize, at_ms: i64, rng: &mut Rng) {
        let Some(s) = self.books.subscriptions.get(at) else { return };
        if s.status == SubscriptionStatus::Canceled {
            return;
        }
        if s.cancel_at_period_end {
            self.end(at, at_ms, "cancellation_requested", rng);
            return;
        }
        let converts = s.status == SubscriptionStatus::Trialing;
        let paused = s.paused_until_ms.is_some();
        let previous = format!(
            r#"{{"current_period_end":{},"current_period_start":{}}}"#,
            s.period_end_ms / 1_000,
            s.period_start_ms / 1_000
        );
        self.books.change_subscription(at, at_ms, &previous, |s| {
            if converts {
                s.status = SubscriptionStatus::Active;
            } else {
                s.periods += 1;
            }
            s.period_start_ms = s.period_end_ms;
            s.period_end_ms = s.interval.after(s.anchor_ms, s.periods + 1);
        });
        let extra = self.usage_lines(at, rng);
        if let Some(invoice) = self.books.bill(at, at_ms, "subscription_cycle", extra) {
            if paused {
                self.books.give_up(invoice, at_ms, true);
            } else {
                self.schedule(at_ms + HOUR, Action::Finalizes(invoice));
            }
        }
        if converts
            && let Some(person) = self
                .books
                .subscriptions
                .get(at)
                .and_then(|s| self.books.customers.get(s.customer))
                .and_then(|c| c.person)
        {
            self.become_customer(person, at_ms, rng);
        }
        self.plan_period(at, rng);
    }

    /// Big customers sometimes pay for many small things: more lines than a page of them holds.
    fn usage_lines(&mut self, at: usize, rng: &mut Rng) -> Vec<Line> {
        let Some(s) = self.books.subscriptions.get(at).filter(|s| s.plan > 1) else {
            return Vec::new();
        };
        if !rng.chance(0.06) {
            return Vec::new();
        }
        let (period, unit) = (
            (s.period_start_ms, s.period_end_ms),
            unit_amount(0, Interval::Month, s.currency) / 10,
        );
        (1..=rng.between(11, 26))
            .map(|n| {
                let quantity = rng.between(1, 9);
                self.books.line(
                    format!("Additional usage, project {n}"),
                    unit * quantity,
                    quantity,
                    period,
                )
            })
            .collect()
    }

    pub(super) fn finalize(&mut self, invoice: usize, at_ms: i64, rng: &mut Rng) {
        self.books.finalize(invoice, at_ms);
        let Some(row) =
            self.books.invoices.get(invoice).filter(|i| i.status == InvoiceStatus::Open)
        else {
            return;
        };
        if row.sends_invoice {
            self.schedule(at_ms + 2 * DAY + rng.wait(16 * DAY), Action::Transfers(invoice));
        } else {
            self.collect(invoice, 0, at_ms, rng);
        }
    }

    /// Tries the card; after three retries the subscription ends.
    fn collect(&mut self, invoice: usize, attempt: u32, at_ms: i64, rng: &mut Rng) {
        let failure = decline(rng, if attempt == 0 { 0.05 } else { 0.45 });
        let Some(charge) = self.books.charge_invoice(invoice, at_ms, failure) else { return };
        let Some(row) = self.books.invoices.get(invoice) else { return };
        let (subscription, customer) = (row.subscription, row.customer);
        if failure.is_none() {
            self.after_payment(charge, at_ms, rng);
            if attempt > 0 {
                self.books.change_customer(customer, at_ms, r#"{"delinquent":true}"#, |c| {
                    c.delinquent = false
                });
                if let Some(s) = subscription.filter(|s| {
                    self.books
                        .subscriptions
                        .get(*s)
                        .is_some_and(|s| s.status == SubscriptionStatus::PastDue)
                }) {
                    self.books.change_subscription(s, at_ms, r#"{"status":"past_due"}"#, |s| {
                        s.status = SubscriptionStatus::Active
                    });
                }
            }
            return;
        }
        if attempt == 0 {
            self.books.change_customer(customer, at_ms, r#"{"delinquent":false}"#, |c| {
                c.delinquent = true
            });
            if let Some(s) = subscription {
                self.books.change_subscription(s, at_ms, r#"{"status":"active"}"#, |s| {
                    s.status = SubscriptionStatus::PastDue
                });
            }
        }
        if attempt < 3 {
            let next = at_ms + i64::from(3 + 2 * attempt) * DAY;
            if let Some(row) = self.books.invoices.get_mut(invoice) {
                row.next_attempt_ms = Some(next);
            }
            self.schedule(next, Action::Retries { invoice, attempt: attempt + 1 });
        } else {
            self.books.give_up(invoice, at_ms, rng.chance(0.4));
            if let Some(s) = subscription {
                self.end(s, at_ms, "payment_failed", rng);
            }
        }
    }

    pub(super) fn retry(&mut self, invoice: usize, attempt: u32, at_ms: i64, rng: &mut Rng) {
        let Some(row) =
            self.books.invoices.get(invoice).filter(|i| i.status == InvoiceStatus::Open)
        else {
            return;
        };
        let gone = row
            .subscription
            .and_then(|s| self.books.subscriptions.get(s))
            .is_some_and(|s| s.status == SubscriptionStatus::Canceled);
        if gone {
            self.books.give_up(invoice, at_ms, true);
        } else {
            self.collect(invoice, attempt, at_ms, rng);
        }
    }

    /// An invoice sent by mail is paid by bank transfer, or not at all.
    pub(super) fn transfer(&mut self, invoice: usize, at_ms: i64, rng: &mut Rng) {
        if rng.chance(0.96) {
            self.books.settle(invoice, at_ms);
        } else {
            self.books.give_up(invoice, at_ms, false);
        }
    }

    fn after_payment(&mut self, charge: usize, at_ms: i64, rng: &mut Rng) {
        if rng.chance(0.025) {
            self.schedule(at_ms + HOUR + rng.wait(9 * DAY), Action::Refunds(charge));
        }
    }

    pub(super) fn refund(&mut self, charge: usize, at_ms: i64, rng: &mut Rng) {
        let Some(row) = self.books.charges.get(charge) else { return };
        let full = rng.chance(0.6);
        let amount =
            if full { row.amount } else { (row.amount * rng.between(10, 60) / 100).max(1) };
        let reason =
            rng.pick(&[Some("requested_by_customer"), Some("duplicate"), None]).copied().flatten();
        self.books.refund(charge, amount, at_ms, reason);
        if !full && rng.chance(0.2) {
            self.schedule(at_ms + rng.wait(6 * DAY), Action::Refunds(charge));
        }
    }

    pub(super) fn request_cancel(&mut self, subscription: usize, at_ms: i64, rng: &mut Rng) {
        let feedback = rng.word(&[
            "too_expensive",
            "missing_features",
            "switched_service",
            "unused",
            "customer_service",
            "low_quality",
            "other",
        ]);
        let previous = r#"{"cancel_at_period_end":false}"#;
        let live = self.books.change_subscription(subscription, at_ms, previous, |s| {
            s.cancel_at_period_end = true;
            s.canceled_ms = Some(at_ms);
            s.cancel_reason = Some("cancellation_requested");
            s.feedback = Some(feedback);
        });
        if live && rng.chance(0.12) {
            self.end(subscription, at_ms, "cancellation_requested", rng);
        }
    }

    fn end(&mut self, subscription: usize, at_ms: i64, reason: &'static str, rng: &mut Rng) {
        self.books.end_subscription(subscription, at_ms, reason);
        let Some(c) = self
            .books
            .subscriptions
            .get(subscription)
            .and_then(|s| self.books.customers.get(s.customer))
        else {
            return;
        };
        match (c.company, c.person) {
            (Some(company), _) if rng.chance(0.35) => {
                self.schedule(at_ms + 30 * DAY + rng.wait(90 * DAY), Action::OpensDeal(company))
            }
            (None, Some(person)) if rng.chance(0.2) => {
                self.schedule(at_ms + 20 * DAY + rng.wait(120 * DAY), Action::BuysForPerson(person))
            }
            _ => {}
        }
    }

    pub(super) fn pause(&mut self, subscription: usize, at_ms: i64, rng: &mut Rng) {
        let until = at_ms + rng.between(25, 80) * DAY;
        if self.books.change_subscription(
            subscription,
            at_ms,
            r#"{"pause_collection":null}"#,
            |s| s.paused_until_ms = Some(until),
        ) {
            self.schedule(until, Action::Resumes(subscription));
        }
    }

    pub(super) fn resume(&mut self, subscription: usize, at_ms: i64) {
        self.books.change_subscription(
            subscription,
            at_ms,
            r#"{"pause_collection":{"behavior":"void"}}"#,
            |s| s.paused_until_ms = None,
        );
    }

    /// Seats are added or removed; what is added is billed for the rest of the period.
    pub(super) fn change_quantity(&mut self, at: usize, at_ms: i64, rng: &mut Rng) {
        let Some(s) = self
            .books
            .subscriptions
            .get(at)
            .filter(|s| s.status == SubscriptionStatus::Active && s.paused_until_ms.is_none())
        else {
            return;
        };
        let old = s.quantity;
        let step = (old / 4).max(1) * rng.between(1, 2);
        let new = if rng.chance(0.75) { old + step } else { (old - step).max(1) };
        if new == old {
            return;
        }
        let (end, length) = (s.period_end_ms, (s.period_end_ms - s.period_start_ms).max(1));
        let unit = unit_amount(s.plan, s.interval, s.currency);
        let label = PLANS.get(s.plan).map_or("", |p| p.0);
        self.books.change_subscription(at, at_ms, &format!(r#"{{"quantity":{old}}}"#), |s| {
            s.quantity = new
        });
        let added = i128::from(unit) * i128::from(new - old) * i128::from((end - at_ms).max(0))
            / i128::from(length);
        if let Ok(amount) = i64::try_from(added)
            && amount > 0
        {
            let mut line = self.books.line(
                format!("Remaining time on {} × {label}", new - old),
                amount,
                new - old,
                (at_ms, end),
            );
            line.proration = true;
            if let Some(invoice) = self.books.bill(at, at_ms, "subscription_update", vec![line]) {
                self.finalize(invoice, at_ms, rng);
            }
        }
    }
}
