//! The list of customers: search, filters, orderings and keyset pages.
//!
//! Owns the translation of a typed filter into SQL. A page is found by the keys of the row it
//! starts after, never by counting rows off, so a page deep in the list costs what the first one
//! does and rows written meanwhile shift nothing. Missing values come last in either direction, on
//! both databases.

use super::{ReadError, profile, see};
use crate::{Store, sql};
use domain::{Access, Area, Currency, ProfileId, ProfileKind, Scope, Stage, Status, Timestamp};
use sea_orm::Value;

/// A bound on either side; `None` is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// At least.
    pub gte: Option<T>,
    /// At most.
    pub lte: Option<T>,
    /// Less than.
    pub lt: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { gte: None, lte: None, lt: None }
    }
}

/// How a text is compared; without regard to case.
#[derive(Clone, PartialEq, Eq)]
pub enum TextTest {
    /// The whole value.
    Is(String),
    /// Its beginning.
    StartsWith(String),
    /// Any part of it.
    Contains(String),
}

/// One condition on a customer.
#[derive(Clone, PartialEq)]
pub enum CustomerTest {
    /// Person or company.
    Kind(ProfileKind),
    /// One of these stages.
    Stage(Vec<Stage>),
    /// A position from 1 to 5.
    Position(Range<i64>),
    /// One of these standings.
    Status(Vec<Status>),
    /// In one of these segments, the main one or another.
    Segment(Vec<String>),
    /// Of one of these personas.
    Persona(Vec<String>),
    /// One of these channels of acquisition.
    Channel(Vec<String>),
    /// One of these countries.
    Country(Vec<String>),
    /// Primary e-mail address. `Is` is open to roles that see it masked, the others are not.
    Email(TextTest),
    /// Name.
    Name(TextTest),
    /// Web domain.
    Domain(TextTest),
    /// Revenue in a currency, minor units.
    Revenue(Currency, Range<i64>),
    /// Monthly recurring revenue in a currency, minor units.
    Mrr(Currency, Range<i64>),
    /// First known.
    FirstSeen(Range<Timestamp>),
    /// Last changed.
    Updated(Range<Timestamp>),
}

/// A filter: conditions joined.
#[derive(Clone, PartialEq)]
pub enum CustomerFilter {
    /// All of them; an empty list is true.
    All(Vec<CustomerFilter>),
    /// At least one of them; an empty list is false.
    Any(Vec<CustomerFilter>),
    /// Not so. A missing value fails every test, and so passes its negation.
    Not(Box<CustomerFilter>),
    /// A condition.
    Is(CustomerTest),
}

/// What customers are ordered by. Each is indexed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderField {
    /// Display name.
    Name,
    /// First known.
    FirstSeen,
    /// Last changed.
    Updated,
    /// Stage position.
    Position,
    /// Revenue, in the reporting currency as converted by the last derivation; without one, minor
    /// units of each customer's own currency.
    Revenue,
    /// Monthly recurring revenue, likewise.
    Mrr,
}

impl OrderField {
    const fn column(self) -> &'static str {
        match self {
            Self::Name => "p.display_name",
            Self::FirstSeen => "p.first_seen_at_ms",
            Self::Updated => "p.updated_at_ms",
            Self::Position => "p.stage_position",
            Self::Revenue => "p.revenue_order_minor",
            Self::Mrr => "p.mrr_order_minor",
        }
    }

    const fn nullable(self) -> bool {
        matches!(self, Self::Name | Self::Revenue | Self::Mrr)
    }
}

/// Upwards or downwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Greatest first.
    Desc,
}

/// The value of one order key in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Missing.
    Null,
    /// A number or time.
    Int(i64),
    /// A text.
    Text(String),
}

/// What is asked of the list.
#[derive(Clone, PartialEq)]
pub struct CustomerQuery {
    /// Words that must all occur in name, company, domain, and (where the scope sees contact
    /// details in full) e-mail and phone. Already folded as `search_text` is.
    pub search: Vec<String>,
    /// An e-mail address or phone number, normalised, that also counts as found: exact, so it is
    /// open to every role.
    pub search_exact: Option<String>,
    /// The filter.
    pub filter: Option<CustomerFilter>,
    /// The order; the id is added as the last key.
    pub order: Vec<(OrderField, Direction)>,
    /// Rows behind this one: its keys and id.
    pub after: Option<(Vec<Key>, ProfileId)>,
    /// Rows before this one.
    pub before: Option<(Vec<Key>, ProfileId)>,
    /// Number of rows.
    pub limit: u32,
    /// Whether the rows are the last ones of the range instead of the first.
    pub from_end: bool,
}

/// A page of customers, always in the order asked for.
pub struct CustomerPage {
    /// The rows with the values of their order keys.
    pub rows: Vec<(Vec<Key>, profile::Profile)>,
}

/// A statement under construction.
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }
}

impl Store {
    /// A page of customers.
    ///
    /// # Errors
    /// [`ReadError::Forbidden`] when a filter or order is over a hidden area,
    /// [`ReadError::Revealing`] when it would spell out a masked value, [`ReadError::Invalid`]
    /// when a position does not fit the order, [`ReadError::Store`].
    pub async fn customers(
        &self,
        scope: &Scope,
        query: &CustomerQuery,
    ) -> Result<CustomerPage, ReadError> {
        for (field, _) in &query.order {
            if matches!(field, OrderField::Revenue | OrderField::Mrr) {
                see(scope, Area::CustomerNumbers)?;
            }
        }
        // The amounts that are ordered by are in no answer but its cursors.
        let columns = format!("{}, p.revenue_order_minor, p.mrr_order_minor", profile::COLUMNS);
        let mut sql = Sql { text: format!("SELECT {columns} FROM profile p"), values: vec![] };
        let mut conditions = conditions(scope, query, &mut sql)?;
        if let Some(position) = &query.after {
            conditions.push(beyond(&mut sql, &query.order, position, false)?);
        }
        if let Some(position) = &query.before {
            conditions.push(beyond(&mut sql, &query.order, position, true)?);
        }
        push_where(&mut sql, &conditions);
        sql.text.push_str(&order_by(&query.order, query.from_end));
        let limit = sql.bind(i64::from(query.limit));
        sql.text.push_str(&format!(" LIMIT {limit}"));
        let order = query.order.clone();
        let mut rows = sql::map(self.reader(), self.statement(sql.text, sql.values), |row| {
            let mut keys = Vec::with_capacity(order.len());
            for (field, _) in &order {
                let column = field.column().trim_start_matches("p.");
                keys.push(match field {
                    OrderField::Name => {
                        row.try_get::<Option<String>>("", column)?.map_or(Key::Null, Key::Text)
                    }
                    _ => row.try_get::<Option<i64>>("", column)?.map_or(Key::Null, Key::Int),
                });
            }
            Ok((keys, profile::row(scope, row)?))
        })
        .await?;
        if query.from_end {
            rows.reverse();
        }
        Ok(CustomerPage { rows })
    }

    /// How many customers fit, whatever the page.
    ///
    /// # Errors
    /// As [`Store::customers`].
    pub async fn customer_count(
        &self,
        scope: &Scope,
        query: &CustomerQuery,
    ) -> Result<i64, ReadError> {
        let mut sql =
            Sql { text: "SELECT COUNT(*) AS n FROM profile p".to_owned(), values: vec![] };
        let conditions = conditions(scope, query, &mut sql)?;
        push_where(&mut sql, &conditions);
        let rows = sql::map(self.reader(), self.statement(sql.text, sql.values), |row| {
            row.try_get::<i64>("", "n")
        })
        .await?;
        Ok(rows.first().copied().unwrap_or(0))
    }
}

fn push_where(sql: &mut Sql, conditions: &[String]) {
    if !conditions.is_empty() {
        sql.text.push_str(" WHERE ");
        sql.text.push_str(&conditions.join(" AND "));
    }
}

fn conditions(
    scope: &Scope,
    query: &CustomerQuery,
    sql: &mut Sql,
) -> Result<Vec<String>, ReadError> {
    let mut conditions = Vec::new();
    // Roles that see contact details masked search in what they see in full.
    let haystack = if scope.access(Area::ContactDetails) == Access::Full {
        "p.search_text"
    } else {
        "LOWER(COALESCE(p.display_name, '') || ' ' || COALESCE(p.company_name, '') || ' ' || \
         COALESCE(p.domain, ''))"
    };
    let words: Vec<String> = query
        .search
        .iter()
        .map(|word| {
            let pattern = sql.bind(format!("%{}%", escape_like(word)));
            format!("{haystack} LIKE {pattern} ESCAPE '\\'")
        })
        .collect();
    let all_words =
        if words.is_empty() { None } else { Some(format!("({})", words.join(" AND "))) };
    let exact = query.search_exact.as_ref().map(|value| {
        let value = sql.bind(value.as_str());
        format!(
            "p.id IN (SELECT m.profile_id FROM identifier i JOIN profile_member m \
             ON m.record_id = i.record_id AND m.kind = i.entity \
             WHERE i.entity IN ('person', 'company') AND i.kind IN ('email', 'phone') \
             AND i.value = {value})"
        )
    });
    match (all_words, exact) {
        (Some(words), Some(exact)) => conditions.push(format!("({words} OR {exact})")),
        (Some(one), None) | (None, Some(one)) => conditions.push(one),
        (None, None) => {}
    }
    if let Some(filter) = &query.filter {
        conditions.push(filter_sql(scope, filter, sql)?);
    }
    Ok(conditions)
}

/// `%`, `_` and the escape sign itself stand for themselves.
fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn filter_sql(scope: &Scope, filter: &CustomerFilter, sql: &mut Sql) -> Result<String, ReadError> {
    let join = |sql: &mut Sql, parts: &[CustomerFilter], word: &str, none: &str| {
        let parts =
            parts.iter().map(|p| filter_sql(scope, p, sql)).collect::<Result<Vec<_>, _>>()?;
        Ok(if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) })
    };
    match filter {
        CustomerFilter::All(parts) => join(sql, parts, " AND ", "(1 = 1)"),
        CustomerFilter::Any(parts) => join(sql, parts, " OR ", "(1 = 0)"),
        CustomerFilter::Not(inner) => {
            Ok(format!("NOT COALESCE({}, FALSE)", filter_sql(scope, inner, sql)?))
        }
        CustomerFilter::Is(test) => test_sql(scope, test, sql),
    }
}

fn test_sql(scope: &Scope, test: &CustomerTest, sql: &mut Sql) -> Result<String, ReadError> {
    Ok(match test {
        CustomerTest::Kind(kind) => format!("p.kind = {}", sql.bind(kind.as_str())),
        CustomerTest::Stage(stages) => one_of(sql, "p.stage", stages.iter().map(|s| s.as_str())),
        CustomerTest::Status(all) => one_of(sql, "p.status", all.iter().map(|s| s.as_str())),
        CustomerTest::Segment(all) => {
            let main = one_of(sql, "p.segment", all.iter().map(String::as_str));
            format!("({main} OR {})", in_group(sql, crate::groups::SEGMENT, all))
        }
        CustomerTest::Persona(all) => in_group(sql, crate::groups::PERSONA, all),
        CustomerTest::Channel(all) => {
            one_of(sql, "p.acquisition_channel", all.iter().map(String::as_str))
        }
        CustomerTest::Country(all) => one_of(sql, "p.country", all.iter().map(String::as_str)),
        CustomerTest::Position(range) => range_sql(sql, "p.stage_position", *range),
        CustomerTest::Email(text) => {
            let exact = matches!(text, TextTest::Is(_));
            if !exact && scope.access(Area::ContactDetails) != Access::Full {
                return Err(ReadError::Revealing(
                    "this role sees e-mail addresses masked, so it may filter by a whole address \
                     (eq) but not by parts of one: ask by eq, or with a role that sees contact \
                     details",
                ));
            }
            text_sql(sql, "p.email", text)
        }
        CustomerTest::Name(text) => text_sql(sql, "p.display_name", text),
        CustomerTest::Domain(text) => text_sql(sql, "p.domain", text),
        CustomerTest::Revenue(currency, range) => {
            see(scope, Area::CustomerNumbers)?;
            money_sql(sql, "p.revenue_minor", *currency, *range)
        }
        CustomerTest::Mrr(currency, range) => {
            see(scope, Area::CustomerNumbers)?;
            money_sql(sql, "p.mrr_minor", *currency, *range)
        }
        CustomerTest::FirstSeen(range) => range_sql(sql, "p.first_seen_at_ms", millis(*range)),
        CustomerTest::Updated(range) => range_sql(sql, "p.updated_at_ms", millis(*range)),
    })
}

fn one_of<'a>(sql: &mut Sql, column: &str, values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.map(|value| sql.bind(value)).collect();
    if values.is_empty() {
        "(1 = 0)".to_owned()
    } else {
        format!("{column} IN ({})", values.join(", "))
    }
}

fn in_group(sql: &mut Sql, kind: &str, names: &[String]) -> String {
    let names = one_of(sql, "g.name", names.iter().map(String::as_str));
    format!(
        "p.id IN (SELECT g.profile_id FROM profile_group g WHERE g.kind = '{kind}' AND {names})"
    )
}

fn text_sql(sql: &mut Sql, column: &str, test: &TextTest) -> String {
    let (pattern, text) = match test {
        TextTest::Is(text) => {
            // Both spellings, so that the plain index serves the usual one.
            let (as_is, lower) = (sql.bind(text.as_str()), sql.bind(text.to_lowercase()));
            return format!("({column} IN ({as_is}, {lower}) OR LOWER({column}) = {lower})");
        }
        TextTest::StartsWith(text) => ("%", text),
        TextTest::Contains(text) => ("%%", text),
    };
    let text = escape_like(&text.to_lowercase());
    let value = if pattern == "%" { format!("{text}%") } else { format!("%{text}%") };
    let value = sql.bind(value);
    format!("LOWER({column}) LIKE {value} ESCAPE '\\'")
}

fn millis(range: Range<Timestamp>) -> Range<i64> {
    let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
    Range { gte: ms(range.gte), lte: ms(range.lte), lt: ms(range.lt) }
}

fn range_sql(sql: &mut Sql, column: &str, range: Range<i64>) -> String {
    let mut parts = Vec::new();
    for (sign, bound) in [(">=", range.gte), ("<=", range.lte), ("<", range.lt)] {
        if let Some(bound) = bound {
            parts.push(format!("{column} {sign} {}", sql.bind(bound)));
        }
    }
    if parts.is_empty() {
        return format!("{column} IS NOT NULL");
    }
    format!("({})", parts.join(" AND "))
}

fn money_sql(sql: &mut Sql, column: &str, currency: Currency, range: Range<i64>) -> String {
    let code = sql.bind(currency.code());
    format!("(p.currency = {code} AND {})", range_sql(sql, column, range))
}

/// The condition that a row lies behind a position in the order, or before it.
fn beyond(
    sql: &mut Sql,
    order: &[(OrderField, Direction)],
    (keys, id): &(Vec<Key>, ProfileId),
    before: bool,
) -> Result<String, ReadError> {
    if keys.len() != order.len() {
        return Err(ReadError::Invalid("the cursor does not belong to this order".to_owned()));
    }
    let mut equal: Vec<String> = Vec::new();
    let mut alternatives: Vec<String> = Vec::new();
    let mut bound = None;
    for (i, ((field, direction), key)) in order.iter().zip(keys).enumerate() {
        let column = field.column();
        let forward = (*direction == Direction::Asc) != before;
        let value = match key {
            Key::Null => None,
            Key::Int(n) => Some(sql.bind(*n)),
            Key::Text(text) => Some(sql.bind(text.as_str())),
        };
        let sign = if forward { ">" } else { "<" };
        let strict = match (&value, before) {
            (Some(v), false) if field.nullable() => {
                Some(format!("({column} {sign} {v} OR {column} IS NULL)"))
            }
            (Some(v), _) => Some(format!("{column} {sign} {v}")),
            (None, false) => None,
            (None, true) => Some(format!("{column} IS NOT NULL")),
        };
        if i == 0
            && !field.nullable()
            && let Some(v) = &value
        {
            bound = Some(format!("{column} {sign}= {v}"));
        }
        if let Some(strict) = strict {
            let mut all = equal.clone();
            all.push(strict);
            alternatives.push(format!("({})", all.join(" AND ")));
        }
        equal.push(match &value {
            Some(v) => format!("{column} = {v}"),
            None => format!("{column} IS NULL"),
        });
    }
    let id = sql.bind(id.0);
    let forward = (last_direction(order) == Direction::Asc) != before;
    equal.push(format!("p.id {} {id}", if forward { ">" } else { "<" }));
    alternatives.push(format!("({})", equal.join(" AND ")));
    let any = format!("({})", alternatives.join(" OR "));
    // The bound on the leading key follows from the rest; said apart, the index is entered by it.
    Ok(match bound {
        Some(bound) => format!("{bound} AND {any}"),
        None => any,
    })
}

fn last_direction(order: &[(OrderField, Direction)]) -> Direction {
    order.last().map_or(Direction::Asc, |(_, direction)| *direction)
}

fn order_by(order: &[(OrderField, Direction)], reversed: bool) -> String {
    let mut parts = Vec::new();
    let word = |direction: Direction| {
        if (direction == Direction::Asc) == reversed { "DESC" } else { "ASC" }
    };
    for (field, direction) in order {
        let column = field.column();
        if field.nullable() {
            parts.push(format!("({column} IS NULL) {}", word(Direction::Asc)));
        }
        parts.push(format!("{column} {}", word(*direction)));
    }
    parts.push(format!("p.id {}", word(last_direction(order))));
    format!(" ORDER BY {}", parts.join(", "))
}
