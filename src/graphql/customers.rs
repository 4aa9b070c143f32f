//! The list of customers: its arguments, filters and orderings.

use crate::asked::{Asked, asked};
use crate::connection::{Page, connection, cursor, place};
use crate::customer::Customer;
use crate::enums::{CustomerKind, CustomerStatus, Stage};
use crate::errors::Refusal;
use crate::loaders::Total;
use crate::scalars::{CurrencyCode, DateTime, Decimal};
use async_graphql::{Context, Enum, InputObject, Result};
use domain::{Currency, Money, ProfileId, Timestamp};
use identity::normal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::read::{
    CustomerFilter as Filter, CustomerQuery, CustomerTest as Test, Direction, Key, OrderField,
    Range, TextTest,
};

connection!(
    /// A list of customers.
    CustomerConnection, CustomerEdge, Customer, total
);

/// How a text is compared; without regard to case. Give one operator.
#[derive(InputObject)]
pub(crate) struct TextFilter {
    /// The whole value.
    eq: Option<String>,
    /// Its beginning.
    starts_with: Option<String>,
    /// Any part of it.
    contains: Option<String>,
}

/// How an e-mail address is compared. Give one operator.
#[derive(InputObject)]
pub(crate) struct EmailFilter {
    /// The whole address.
    eq: Option<String>,
    /// Its beginning. Needs a role that sees contact details in full.
    starts_with: Option<String>,
}

/// Bounds on an amount of money.
#[derive(InputObject)]
pub(crate) struct MoneyFilter {
    /// The currency; customers with another one do not fit.
    currency: CurrencyCode,
    /// At least.
    gte: Option<Decimal>,
    /// At most.
    lte: Option<Decimal>,
}

/// Bounds on a time.
#[derive(InputObject)]
pub(crate) struct DateTimeFilter {
    /// At this time or later.
    gte: Option<DateTime>,
    /// Before this time.
    lt: Option<DateTime>,
}

/// Bounds on a whole number.
#[derive(InputObject)]
pub(crate) struct IntFilter {
    /// At least.
    gte: Option<i32>,
    /// At most.
    lte: Option<i32>,
}

/// Conditions on customers. All that are given must hold. A missing value fails a condition, and
/// so passes its negation.
#[derive(InputObject)]
pub(crate) struct CustomerFilter {
    /// All of these must hold.
    and: Option<Vec<CustomerFilter>>,
    /// At least one of these must hold.
    or: Option<Vec<CustomerFilter>>,
    /// This must not hold.
    not: Option<Box<CustomerFilter>>,
    /// Person or company.
    kind: Option<CustomerKind>,
    /// One of these stages.
    stage: Option<Vec<Stage>>,
    /// Position of the stage, from 1 to 5.
    position: Option<IntFilter>,
    /// One of these standings.
    status: Option<Vec<CustomerStatus>>,
    /// In one of these segments, whether it is the main one or another.
    segment: Option<Vec<String>>,
    /// Of one of these personas.
    persona: Option<Vec<String>>,
    /// One of these channels of acquisition.
    channel: Option<Vec<String>>,
    /// One of these countries, as `Customer.country` shows them.
    country: Option<Vec<String>>,
    /// Primary e-mail address.
    email: Option<EmailFilter>,
    /// Display name.
    name: Option<TextFilter>,
    /// Web domain.
    domain: Option<TextFilter>,
    /// Revenue. Needs the area `customer_numbers`.
    revenue: Option<MoneyFilter>,
    /// Monthly recurring revenue. Needs the area `customer_numbers`.
    mrr: Option<MoneyFilter>,
    /// When the customer was first known.
    first_seen: Option<DateTimeFilter>,
    /// When the customer last changed.
    updated: Option<DateTimeFilter>,
}

/// What customers can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum CustomerOrderField {
    /// Display name.
    Name,
    /// When the customer was first known.
    FirstSeen,
    /// When the customer last changed.
    Updated,
    /// Position of the stage.
    Position,
    /// Revenue. Where the metric policy names a reporting currency, converted to it when the customer
    /// was derived last, and a customer for whom a rate is missing comes last. Otherwise by the amount
    /// in the customer's main currency alone: filter by `revenue: { currency: ... }` to compare like
    /// with like. Needs the area `customer_numbers`.
    Revenue,
    /// Monthly recurring revenue, ordered as revenue is. Needs the area `customer_numbers`.
    Mrr,
}

/// Upwards or downwards. Missing values come last either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum OrderDirection {
    /// Smallest first.
    Asc,
    /// Greatest first.
    Desc,
}

/// A key to order customers by.
#[derive(InputObject)]
pub(crate) struct CustomerOrder {
    /// What to order by.
    field: CustomerOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// The page asked for.
pub(crate) struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

fn text_test(what: &str, filter: TextFilter) -> Result<Option<TextTest>, Refusal> {
    match (filter.eq, filter.starts_with, filter.contains) {
        (None, None, None) => Ok(None),
        (Some(text), None, None) => Ok(Some(TextTest::Is(text))),
        (None, Some(text), None) => Ok(Some(TextTest::StartsWith(text))),
        (None, None, Some(text)) => Ok(Some(TextTest::Contains(text))),
        _ => Err(Refusal::bad_input(format!(
            "'{what}' has several operators: give one, and join conditions by 'and'"
        ))),
    }
}

fn email_test(filter: EmailFilter) -> Result<Option<TextTest>, Refusal> {
    let text = TextFilter { eq: filter.eq, starts_with: filter.starts_with, contains: None };
    text_test("email", text)
}

fn minor(amount: Option<Decimal>, currency: Currency) -> Result<Option<i64>, Refusal> {
    let read = |text: Decimal| {
        Money::parse_major(&text.0, currency)
            .map(|money| money.amount_minor)
            .map_err(|why| Refusal::bad_input(format!("not an amount of {currency}: {why}")))
    };
    amount.map(read).transpose()
}

fn amounts(filter: MoneyFilter) -> Result<(Currency, Range<i64>), Refusal> {
    let currency = filter.currency.0;
    let range =
        Range { gte: minor(filter.gte, currency)?, lte: minor(filter.lte, currency)?, lt: None };
    Ok((currency, range))
}

fn times(filter: &DateTimeFilter) -> Range<Timestamp> {
    Range { gte: filter.gte.map(|at| at.0), lte: None, lt: filter.lt.map(|at| at.0) }
}

/// Counts conditions down, so that a filter stays small.
struct Budget(usize);

impl Budget {
    fn take(&mut self) -> Result<(), Refusal> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| {
            Refusal::bad_input("the filter has too many conditions: split the request")
        })?;
        Ok(())
    }

    fn read(&mut self, filter: CustomerFilter) -> Result<Filter, Refusal> {
        let mut all = Vec::new();
        if let Some(parts) = filter.and {
            all.push(Filter::All(self.each(parts)?));
        }
        if let Some(parts) = filter.or {
            all.push(Filter::Any(self.each(parts)?));
        }
        if let Some(part) = filter.not {
            all.push(Filter::Not(Box::new(self.read(*part)?)));
        }
        let tests = [
            filter.kind.map(|kind| Test::Kind(kind.into())),
            filter.stage.map(|all| Test::Stage(all.into_iter().map(Into::into).collect())),
            filter.status.map(|all| Test::Status(all.into_iter().map(Into::into).collect())),
            filter.segment.map(Test::Segment),
            filter.persona.map(Test::Persona),
            filter.channel.map(Test::Channel),
            filter.country.map(Test::Country),
            filter.position.map(|p| {
                let wide = |n: Option<i32>| n.map(i64::from);
                Test::Position(Range { gte: wide(p.gte), lte: wide(p.lte), lt: None })
            }),
            filter.email.map(email_test).transpose()?.flatten().map(Test::Email),
            filter.name.map(|t| text_test("name", t)).transpose()?.flatten().map(Test::Name),
            filter.domain.map(|t| text_test("domain", t)).transpose()?.flatten().map(Test::Domain),
            filter.revenue.map(amounts).transpose()?.map(|(c, range)| Test::Revenue(c, range)),
            filter.mrr.map(amounts).transpose()?.map(|(c, range)| Test::Mrr(c, range)),
            filter.first_seen.map(|f| Test::FirstSeen(times(&f))),
            filter.updated.map(|f| Test::Updated(times(&f))),
        ];
        for test in tests.into_iter().flatten() {
            self.take()?;
            all.push(Filter::Is(test));
        }
        Ok(Filter::All(all))
    }

    fn each(&mut self, parts: Vec<CustomerFilter>) -> Result<Vec<Filter>, Refusal> {
        parts
            .into_iter()
            .map(|part| {
                self.take()?;
                self.read(part)
            })
            .collect()
    }
}

/// The order, the newest customers first if none is asked for.
fn order(keys: Option<Vec<CustomerOrder>>) -> Result<Vec<(OrderField, Direction)>, Refusal> {
    let keys = keys.unwrap_or_default();
    let mut order: Vec<(OrderField, Direction)> = Vec::new();
    for key in keys {
        let field = match key.field {
            CustomerOrderField::Name => OrderField::Name,
            CustomerOrderField::FirstSeen => OrderField::FirstSeen,
            CustomerOrderField::Updated => OrderField::Updated,
            CustomerOrderField::Position => OrderField::Position,
            CustomerOrderField::Revenue => OrderField::Revenue,
            CustomerOrderField::Mrr => OrderField::Mrr,
        };
        let direction = match key.direction {
            OrderDirection::Asc => Direction::Asc,
            OrderDirection::Desc => Direction::Desc,
        };
        if order.iter().any(|(known, _)| *known == field) {
            return Err(Refusal::bad_input("'orderBy' names a field twice: name each once"));
        }
        order.push((field, direction));
    }
    if order.is_empty() {
        order.push((OrderField::FirstSeen, Direction::Desc));
    }
    Ok(order)
}

/// What a cursor of the list is called: the list and its order.
fn list_name(order: &[(OrderField, Direction)]) -> String {
    let mut name = "customers".to_owned();
    for (field, direction) in order {
        name.push_str(&format!("/{field:?}.{direction:?}"));
    }
    name
}

/// The value of an order key, in a cursor.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Place {
    Int(i64),
    Text(String),
    Null,
}

type Position = (Vec<Key>, ProfileId);

fn position(argument: &str, list: &str, text: Option<String>) -> Result<Option<Position>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let (keys, id): (Vec<Place>, i64) = place(argument, list, &text)?;
    let key = |place| match place {
        Place::Int(n) => Key::Int(n),
        Place::Text(text) => Key::Text(text),
        Place::Null => Key::Null,
    };
    Ok(Some((keys.into_iter().map(key).collect(), ProfileId(id))))
}

fn row_cursor(list: &str, keys: Vec<Key>, id: ProfileId) -> String {
    let key = |key| match key {
        Key::Int(n) => Place::Int(n),
        Key::Text(text) => Place::Text(text),
        Key::Null => Place::Null,
    };
    cursor(list, &(keys.into_iter().map(key).collect::<Vec<_>>(), id.0))
}

/// Words to search for, and the address or number that the whole text is, if it is one.
fn search_terms(asked: &Asked, text: Option<&str>) -> (Vec<String>, Option<String>) {
    let Some(text) = text else { return (Vec::new(), None) };
    let exact = if text.contains('@') {
        normal::email::normalize(text).map(|mailbox| mailbox.address)
    } else {
        asked.phone(text)
    };
    let words = crate::query::search_words(text);
    (words, exact)
}

/// A page of customers.
pub(crate) async fn customers(
    ctx: &Context<'_>,
    page: PageArguments,
    search: Option<String>,
    filter: Option<CustomerFilter>,
    order_by: Option<Vec<CustomerOrder>>,
) -> Result<CustomerConnection> {
    let asked = asked(ctx)?;
    let order = order(order_by)?;
    let list = list_name(&order);
    let from_end = page.last.is_some();
    if from_end && page.first.is_some() {
        let message = "'first' and 'last' exclude each other: give one of them";
        return Err(Refusal::bad_input(message).into());
    }
    let size = match page.last {
        Some(last) => asked.size("last", Some(last))?,
        None => asked.size("first", page.first)?,
    };
    let (words, exact) = search_terms(asked, search.as_deref());
    let mut budget = Budget(asked.shared.limits.filter_max);
    let query = CustomerQuery {
        search: words,
        search_exact: exact,
        filter: filter.map(|f| budget.read(f)).transpose()?,
        after: position("after", &list, page.after)?,
        before: position("before", &list, page.before)?,
        order,
        limit: size + 1,
        from_end,
    };
    let found = asked.store.customers(&asked.scope, &query).await?;
    let mut rows: Vec<_> = found
        .rows
        .into_iter()
        .map(|(keys, profile)| (row_cursor(&list, keys, profile.id), profile.into()))
        .collect();
    let more = rows.len() > size as usize;
    let page = if from_end {
        if more {
            rows.remove(0);
        }
        Page { rows, has_previous: more, has_next: query.before.is_some() }
    } else {
        rows.truncate(size as usize);
        Page { rows, has_previous: query.after.is_some(), has_next: more }
    };
    Ok(CustomerConnection::new(page, Total::Customers(Arc::new(query))))
}
