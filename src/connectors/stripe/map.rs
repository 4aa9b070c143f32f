//! Stripe objects as canonical records.
//!
//! Owns what they mean, in the shapes of this version of the interface and of older ones (events
//! carry the shape of the version that the account had). Ids, amounts and currencies that cannot be
//! read reject the object; an unknown status keeps it without a canonical part, with a complaint.

use super::amount::money;
use super::customer::{Evidence, nature};
use super::kind::Kind;
use crate::collect::payload;
use crate::field::{Field, Mapped, Wrong, read, reject};
use domain::{
    Address, Canonical, Company, Contact, Currency, Identifier, IdentifierKind, Interval, Invoice,
    InvoiceStatus, Link, LinkRole, Money, Payment, PaymentStatus, Pii, RecordKey, Refund, Reject,
    SourceRecord, Subscription, SubscriptionItem, SubscriptionStatus,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Declares an object with fields of unknown type and some with a known shape.
macro_rules! object {
    ($name:ident { $($field:ident,)* ; $($shaped:ident: $shape:ty,)* }) => {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct $name<'a> {
            $(#[serde(borrow)] $field: Field<'a>,)*
            $(#[serde(borrow)] $shaped: Option<$shape>,)*
            #[serde(skip)]
            _lifetime: std::marker::PhantomData<&'a ()>,
        }
    };
}

object!(Customer { id, created, name, business_name, individual_name, email, phone, ;
    address: AddressParts<'a>, metadata: BTreeMap<String, Field<'a>>, });
object!(AddressParts { line1, line2, city, state, postal_code, country, ; });
object!(SubscriptionObject {
    id, created, customer, status, currency, start_date, trial_end, current_period_end, canceled_at,
    ended_at, pause_collection, ; cancellation_details: Cancellation<'a>, items: ItemList<'a>, });
object!(Cancellation { reason, feedback, ; });
object!(ItemList { object, ; data: Vec<Item<'a>>, });
object!(Item { quantity, current_period_end, ; price: Price<'a>, plan: Price<'a>, });
object!(Price { id, product, nickname, currency, unit_amount, unit_amount_decimal, amount,
    amount_decimal, interval, interval_count, usage_type, ;
    recurring: Recurring<'a>, transform_quantity: Transform<'a>, });
object!(Recurring { interval, interval_count, usage_type, ; });
object!(Transform { divide_by, round, ; });
object!(InvoiceObject {
    id, created, customer, currency, number, status, total, amount_paid, tax, total_excluding_tax,
    due_date, effective_at, subscription, ;
    status_transitions: Transitions<'a>, total_taxes: Vec<Tax<'a>>, total_tax_amounts: Vec<Tax<'a>>,
    parent: Parent<'a>, });
object!(Transitions { finalized_at, paid_at, ; });
object!(Tax { amount, ; });
object!(Parent { ; subscription_details: SubscriptionDetails<'a>, });
object!(SubscriptionDetails { subscription, ; });
object!(ChargeObject { id, created, customer, currency, amount, amount_captured, captured, status,
    failure_code, invoice, ; payment_method_details: Method<'a>, });
object!(RefundObject { id, created, customer, currency, amount, status, reason, charge, ; });

#[derive(Deserialize)]
struct Method<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Field<'a>,
}

/// How objects of one source are mapped.
pub(super) struct Mapper {
    pub source: String,
    pub namespace: String,
    /// `metadata.<key>` -> whose id it holds.
    pub references: Vec<(String, String)>,
}

/// What every kind gives.
struct Parts<'a> {
    canonical: Vec<Canonical>,
    identifiers: Vec<Identifier>,
    created: Field<'a>,
    complaint: Option<String>,
}

impl<'a> Parts<'a> {
    fn of(canonical: Vec<Canonical>, created: Field<'a>) -> Self {
        Self { canonical, identifiers: Vec::new(), created, complaint: None }
    }

    fn complain(created: Field<'a>, why: String) -> Self {
        Self { canonical: Vec::new(), identifiers: Vec::new(), created, complaint: Some(why) }
    }
}

impl Mapper {
    /// Maps an object; `version` is the walk's.
    pub(super) fn map(&self, kind: Kind, json: &str, version: i64) -> Result<Mapped, Reject> {
        let whole = |why: String| reject(None, why, json);
        match kind {
            Kind::Customers => {
                let o: Customer<'_> = read(json).map_err(whole)?;
                self.finish(kind, json, version, o.id, |id| Ok(self.customer(id, &o)))
            }
            Kind::Subscriptions => {
                let o: SubscriptionObject<'_> = read(json).map_err(whole)?;
                self.finish(kind, json, version, o.id, |_| self.subscription(&o))
            }
            Kind::Invoices => {
                let o: InvoiceObject<'_> = read(json).map_err(whole)?;
                self.finish(kind, json, version, o.id, |_| self.invoice(&o))
            }
            Kind::Charges => {
                let o: ChargeObject<'_> = read(json).map_err(whole)?;
                self.finish(kind, json, version, o.id, |_| self.charge(&o))
            }
            Kind::Refunds => {
                let o: RefundObject<'_> = read(json).map_err(whole)?;
                self.finish(kind, json, version, o.id, |_| self.refund(&o))
            }
        }
    }

    fn finish<'a>(
        &self,
        kind: Kind,
        json: &str,
        version: i64,
        id: Field<'_>,
        map: impl FnOnce(&str) -> Result<Parts<'a>, String>,
    ) -> Result<Mapped, Reject> {
        let id = id.id("id").map_err(|why| reject(None, why, json))?;
        let parts = map(&id).map_err(|why| reject(Some(id.clone()), why, json))?;
        let mut identifiers = parts.identifiers;
        if kind == Kind::Customers {
            let own = format!("{}.{}:{id}", self.namespace, kind.name());
            identifiers.insert(0, Identifier::new(IdentifierKind::ExternalId, own));
        }
        let record = SourceRecord {
            external_id: id,
            version,
            occurred_at: parts.created.seconds(),
            payload: payload(json),
            canonical: parts.canonical,
            identifiers,
        };
        Ok(Mapped { record, complaint: parts.complaint })
    }

    fn key(&self, kind: Kind, id: impl Into<String>) -> RecordKey {
        RecordKey::new(&self.source, kind.name(), id)
    }

    /// The customer as a person and as an organisation: whichever of the two the customer's record
    /// turns out to be; the store ignores a link to what is not there.
    fn customer_links(&self, customer: Field<'_>) -> Vec<Link> {
        let Some(id) = id_or_object(customer) else { return Vec::new() };
        [LinkRole::Contact, LinkRole::Company]
            .into_iter()
            .map(|role| Link { role, target: self.key(Kind::Customers, &id) })
            .collect()
    }

    fn customer<'a>(&self, id: &str, o: &Customer<'a>) -> Parts<'a> {
        let metadata = |key: &str| o.metadata.as_ref()?.get(key)?.text();
        let mut identifiers = Vec::new();
        let (mut points_at_person, mut points_at_company) = (false, false);
        for (field, whose) in &self.references {
            let Some(key) = field.strip_prefix("metadata.") else { continue };
            let Some(value) = o.metadata.as_ref().and_then(|m| m.get(key)?.reference()) else {
                continue;
            };
            let stream = whose.rsplit('.').next().unwrap_or_default();
            if ["companies", "organizations", "accounts"].contains(&stream) {
                points_at_company = true;
            } else {
                points_at_person = true;
            }
            identifiers
                .push(Identifier::new(IdentifierKind::ExternalId, format!("{whose}:{value}")));
        }
        let marked_business = ["customer_type", "account_type", "type"].iter().any(|key| {
            metadata(key).is_some_and(|v| {
                ["business", "company", "organization", "organisation"]
                    .contains(&v.to_ascii_lowercase().as_str())
            })
        });
        let nature = nature(&Evidence {
            name: o.name.text(),
            business_name: o.business_name.text(),
            individual_name: o.individual_name.text(),
            email: o.email.text(),
            marked_business,
            points_at_person,
            points_at_company,
        });
        let address = o.address.as_ref().map(address).unwrap_or_default();
        let email: Vec<Pii> = o.email.pii().into_iter().collect();
        let phones: Vec<Pii> = o.phone.pii().into_iter().collect();
        let is_company = nature.company.is_some();
        let mut canonical = Vec::new();
        if let Some(full_name) = nature.person {
            canonical.push(Canonical::Contact(Contact {
                full_name: full_name.and_then(|n| Pii::non_empty(&n)),
                emails: if nature.personal_email { email.clone() } else { Vec::new() },
                // Beside an organisation, phone and address are the organisation's.
                phones: if is_company { Vec::new() } else { phones.clone() },
                address: if is_company { Address::default() } else { address.clone() },
                company_name: nature.company.clone().flatten(),
                created_at: o.created.seconds(),
                links: is_company
                    .then(|| Link {
                        role: LinkRole::Company,
                        target: self.key(Kind::Customers, id),
                    })
                    .into_iter()
                    .collect(),
                ..Contact::default()
            }));
        }
        if let Some(name) = nature.company {
            canonical.push(Canonical::Company(Company {
                name,
                emails: email,
                phones,
                address,
                created_at: o.created.seconds(),
                ..Company::default()
            }));
        }
        let mut parts = Parts::of(canonical, o.created);
        parts.identifiers = identifiers;
        parts
    }

    fn subscription<'a>(&self, o: &SubscriptionObject<'a>) -> Result<Parts<'a>, String> {
        let items = o.items.as_ref().and_then(|list| list.data.as_deref()).unwrap_or_default();
        let first = items.first().and_then(|item| item.price.as_ref().or(item.plan.as_ref()));
        let code = if o.currency.json().is_some() {
            o.currency
        } else {
            first.map(|price| price.currency).unwrap_or_default()
        };
        let currency = currency(code)?;
        let status = match o.status.text().as_deref() {
            // Collection is paused: no money flows although the subscription is active.
            Some("active") if o.pause_collection.json().is_some() => SubscriptionStatus::Paused,
            // The first payment never came: neither a customer won nor one lost.
            Some("incomplete_expired") => SubscriptionStatus::Incomplete,
            word => match word.and_then(SubscriptionStatus::parse) {
                Some(status) => status,
                None => return Ok(Parts::complain(o.created, "status: is not a known one".into())),
            },
        };
        let mut mapped = Vec::with_capacity(items.len());
        let mut complaint = None;
        for (at, item) in items.iter().enumerate() {
            match item_of(item, currency).map_err(|why| format!("items.data[{at}]{why}"))? {
                Some(item) => mapped.push(item),
                None => {
                    complaint = Some(format!(
                        "items.data[{at}].price: has no unit amount (metered or tiered), so the \
                         item is left out of the subscription"
                    ));
                }
            }
        }
        let period_end = items
            .iter()
            .filter_map(|item| item.current_period_end.seconds())
            .max()
            .or_else(|| o.current_period_end.seconds());
        let details = o.cancellation_details.as_ref();
        let mut parts = Parts::of(
            vec![Canonical::Subscription(Subscription {
                status,
                currency,
                items: mapped,
                started_at: o.start_date.seconds().or_else(|| o.created.seconds()),
                trial_end: o.trial_end.seconds(),
                current_period_end: period_end,
                canceled_at: o.canceled_at.seconds(),
                ended_at: o.ended_at.seconds(),
                cancellation_reason: details
                    .and_then(|d| d.reason.string().or_else(|| d.feedback.string())),
                links: self.customer_links(o.customer),
            })],
            o.created,
        );
        parts.complaint = complaint;
        Ok(parts)
    }

    fn invoice<'a>(&self, o: &InvoiceObject<'a>) -> Result<Parts<'a>, String> {
        let currency = currency(o.currency)?;
        let total = amount("total", o.total, currency)?;
        let paid = match o.amount_paid.json() {
            Some(_) => amount("amount_paid", o.amount_paid, currency)?.amount_minor,
            None => 0,
        };
        let word = o.status.text();
        let status = match word.as_deref() {
            None => InvoiceStatus::Draft,
            Some(word) => match InvoiceStatus::parse(word) {
                Some(status) => status,
                None => return Ok(Parts::complain(o.created, "status: is not a known one".into())),
            },
        };
        let sum = |taxes: &[Tax<'a>]| -> Result<i64, String> {
            taxes.iter().try_fold(0_i64, |sum, tax| {
                let one = amount("total_taxes.amount", tax.amount, currency)?.amount_minor;
                sum.checked_add(one).ok_or_else(|| "total_taxes: is too large".to_owned())
            })
        };
        let tax_minor = match (&o.total_taxes, &o.total_tax_amounts) {
            (Some(taxes), _) | (None, Some(taxes)) => Some(sum(taxes)?),
            (None, None) if o.tax.json().is_some() => {
                Some(amount("tax", o.tax, currency)?.amount_minor)
            }
            (None, None) if o.total_excluding_tax.json().is_some() => {
                let net = amount("total_excluding_tax", o.total_excluding_tax, currency)?;
                total.amount_minor.checked_sub(net.amount_minor)
            }
            (None, None) => None,
        };
        let times = o.status_transitions.as_ref();
        let mut links = self.customer_links(o.customer);
        let details = o.parent.as_ref().and_then(|p| p.subscription_details.as_ref());
        let subscription = details
            .and_then(|d| id_or_object(d.subscription))
            .or_else(|| id_or_object(o.subscription));
        links.extend(subscription.map(|id| Link {
            role: LinkRole::Subscription,
            target: self.key(Kind::Subscriptions, id),
        }));
        let issued = (status != InvoiceStatus::Draft)
            .then(|| o.effective_at.seconds().or_else(|| o.created.seconds()))
            .flatten();
        Ok(Parts::of(
            vec![Canonical::Invoice(Invoice {
                number: o.number.string(),
                status,
                total,
                tax_minor,
                amount_paid_minor: paid,
                issued_at: times.and_then(|t| t.finalized_at.seconds()).or(issued),
                due_at: o.due_date.seconds(),
                paid_at: times
                    .and_then(|t| t.paid_at.seconds())
                    .filter(|_| status == InvoiceStatus::Paid),
                links,
            })],
            o.created,
        ))
    }

    fn charge<'a>(&self, o: &ChargeObject<'a>) -> Result<Parts<'a>, String> {
        let currency = currency(o.currency)?;
        let mut money = amount("amount", o.amount, currency)?;
        let status = match o.status.text().as_deref() {
            // Authorised only: the money has not moved.
            Some("succeeded") if o.captured.is_false() => PaymentStatus::Pending,
            Some("succeeded" | "paid") => PaymentStatus::Succeeded,
            Some("pending") => PaymentStatus::Pending,
            Some("failed") => PaymentStatus::Failed,
            _ => return Ok(Parts::complain(o.created, "status: is not a known one".into())),
        };
        // A capture may be partial.
        if status == PaymentStatus::Succeeded && o.amount_captured.json().is_some() {
            money = amount("amount_captured", o.amount_captured, currency)?;
        }
        let mut links = self.customer_links(o.customer);
        links.extend(
            id_or_object(o.invoice)
                .map(|id| Link { role: LinkRole::Invoice, target: self.key(Kind::Invoices, id) }),
        );
        Ok(Parts::of(
            vec![Canonical::Payment(Payment {
                status,
                amount: money,
                method: o.payment_method_details.as_ref().and_then(|m| m.kind.string()),
                failure_code: o.failure_code.string(),
                paid_at: o.created.seconds(),
                links,
            })],
            o.created,
        ))
    }

    fn refund<'a>(&self, o: &RefundObject<'a>) -> Result<Parts<'a>, String> {
        let currency = currency(o.currency)?;
        let money = amount("amount", o.amount, currency)?;
        let status = match o.status.text().as_deref() {
            Some("succeeded") => PaymentStatus::Succeeded,
            Some("pending" | "requires_action") => PaymentStatus::Pending,
            Some("failed") => PaymentStatus::Failed,
            Some("canceled") => PaymentStatus::Canceled,
            _ => return Ok(Parts::complain(o.created, "status: is not a known one".into())),
        };
        let mut links: Vec<Link> = id_or_object(o.charge)
            .map(|id| Link { role: LinkRole::Payment, target: self.key(Kind::Charges, id) })
            .into_iter()
            .collect();
        links.extend(self.customer_links(o.customer));
        Ok(Parts::of(
            vec![Canonical::Refund(Refund {
                status,
                amount: money,
                reason: o.reason.string(),
                refunded_at: o.created.seconds(),
                links,
            })],
            o.created,
        ))
    }
}

fn currency(code: Field<'_>) -> Result<Currency, String> {
    let text = code.scalar().map_err(|Wrong(why)| format!("currency: {why}"))?;
    let text = text.ok_or("currency: is missing")?;
    Currency::parse(&text).ok_or_else(|| "currency: is not an ISO 4217 code".to_owned())
}

fn amount(path: &str, field: Field<'_>, currency: Currency) -> Result<Money, String> {
    let number = field.integer().map_err(|Wrong(why)| format!("{path}: {why}"))?;
    let number = number.ok_or_else(|| format!("{path}: is missing"))?;
    money(number, currency).map_err(|why| format!("{path}: {why}"))
}

/// An id, or the id of an object that stands where an id was expected (expanded).
fn id_or_object(field: Field<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Expanded<'a> {
        #[serde(borrow, default)]
        id: Field<'a>,
    }
    match field.json()?.as_bytes().first() {
        Some(b'{') => read::<Expanded<'_>>(field.json()?).ok()?.id.reference(),
        _ => field.reference(),
    }
}

fn address(a: &AddressParts<'_>) -> Address {
    let street = match (a.line1.text(), a.line2.text()) {
        (Some(one), Some(two)) => Some(Pii::new(format!("{one}, {two}"))),
        (one, two) => one.or(two).map(|line| Pii::new(line.into_owned())),
    };
    Address {
        street,
        city: a.city.pii(),
        region: a.state.string(),
        postal_code: a.postal_code.pii(),
        country: a.country.string(),
    }
}

/// One line of a subscription; `None` when its price has no fixed amount.
fn item_of(item: &Item<'_>, currency: Currency) -> Result<Option<SubscriptionItem>, String> {
    let Some(price) = item.price.as_ref().or(item.plan.as_ref()) else {
        return Err(".price: is missing".into());
    };
    let recurring = price.recurring.as_ref();
    let usage = recurring.map_or(price.usage_type, |r| r.usage_type);
    if usage.text().is_some_and(|u| u == "metered") {
        return Ok(None);
    }
    let pick =
        |a: Field<'_>, b: Field<'_>| a.scalar().ok().flatten().or(b.text()).map(|t| t.into_owned());
    let unit = pick(price.unit_amount_decimal, price.amount_decimal)
        .or_else(|| pick(price.unit_amount, price.amount));
    let Some(unit) = unit else { return Ok(None) };
    let quantity = item.quantity.integer().map_err(|Wrong(why)| format!(".quantity: {why}"))?;
    let mut quantity = quantity.unwrap_or(1);
    if let Some(divide_by) =
        price.transform_quantity.as_ref().and_then(|t| t.divide_by.int()).filter(|d| *d > 1)
    {
        let up = price
            .transform_quantity
            .as_ref()
            .is_some_and(|t| t.round.text().is_some_and(|r| r == "up"));
        let whole = quantity.div_euclid(divide_by);
        quantity = whole + i64::from(up && quantity.rem_euclid(divide_by) != 0);
    }
    let total =
        times(&unit, quantity).ok_or(".price.unit_amount_decimal: is not a decimal number")?;
    let total = money(total, currency).map_err(|why| format!(".price.unit_amount: {why}"))?;
    let interval = recurring.map_or(price.interval, |r| r.interval);
    let interval = interval
        .text()
        .and_then(|i| Interval::parse(&i))
        .ok_or(".price.recurring.interval: is not one of day, week, month, year")?;
    let count = recurring.map_or(price.interval_count, |r| r.interval_count).int();
    Ok(Some(SubscriptionItem {
        product: price.product_or_id(),
        amount_minor: total.amount_minor,
        interval,
        interval_count: count.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(1),
    }))
}

impl Price<'_> {
    /// What is sold, in the most readable form there is.
    fn product_or_id(&self) -> Option<String> {
        self.nickname.string().or_else(|| id_or_object(self.product)).or_else(|| self.id.string())
    }
}

/// A decimal number of minor units (up to 12 places) times a quantity, rounded half away from zero
/// to whole minor units, as Stripe does for the line of an invoice.
fn times(unit: &str, quantity: i64) -> Option<i64> {
    let (negative, digits) = match unit.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, unit),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if fraction.len() > 12 || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let scaled: i128 = format!("{whole}{fraction}").parse().ok()?;
    let product = scaled.checked_mul(i128::from(quantity))?;
    let half = scale / 2;
    let rounded = (product.abs() + half) / scale * product.signum();
    i64::try_from(if negative { -rounded } else { rounded }).ok()
}

/// A subscription with its items replaced by all of them.
pub(super) fn with_items(json: &str, items: &[String]) -> String {
    #[derive(Deserialize)]
    struct Whole<'a> {
        #[serde(borrow, default)]
        items: Option<&'a RawValue>,
    }
    let Ok(Whole { items: Some(shown) }) = read::<Whole<'_>>(json) else { return json.to_owned() };
    // The list is a slice of the object's text, so its place is known exactly.
    let start = (shown.get().as_ptr() as usize).wrapping_sub(json.as_ptr() as usize);
    let (Some(head), Some(tail)) = (json.get(..start), json.get(start + shown.get().len()..))
    else {
        return json.to_owned();
    };
    let all = items.join(",");
    format!("{head}{{\"object\":\"list\",\"data\":[{all}],\"has_more\":false}}{tail}")
}
