//! What a document asks for, counted before anything is validated or executed.
//!
//! Validation and execution write fragments out, so a kilobyte of fragments that spread each other
//! can cost minutes. Here every fragment is summed up once and its sums are added wherever it is
//! spread: the count is exact and takes time in proportion to the document's length.

use crate::errors::Refusal;
use crate::limits::Limits;
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType,
    Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};
use domain::Code;
use std::collections::HashMap;

/// Parses a document within the limits on its text.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<ExecutableDocument, Refusal> {
    check_text(text, limits)?;
    parse_query(text).map_err(|error| {
        Refusal::new(Code::GraphqlParseFailed, format!("the document is not GraphQL: {error}"))
    })
}

/// The operation of a document that a request names.
pub(crate) fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(one), None) => Some(&one.node),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name).map(|one| &one.node),
        (DocumentOperations::Multiple(all), None) => {
            let mut each = all.values();
            each.next().filter(|_| all.len() == 1).map(|one| &one.node)
        }
    }
}

fn over(
    what: &str,
    found: impl std::fmt::Display,
    most: impl std::fmt::Display,
    way: &str,
) -> Refusal {
    Refusal::new(
        Code::LimitExceeded,
        format!("the document has {found} {what}, and {most} are allowed: {way}"),
    )
}

/// Length, tokens and nesting, by a scan that knows strings and comments. The parser itself
/// recurses, so nesting is bounded before it runs.
fn check_text(text: &str, limits: &Limits) -> Result<(), Refusal> {
    if text.len() > limits.document_bytes_max {
        return Err(over(
            "bytes",
            text.len(),
            limits.document_bytes_max,
            "ask in several requests",
        ));
    }
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut depth, mut deepest) = (0_usize, 0_usize, 0_usize, 0_usize);
    let byte = |i: usize| bytes.get(i).copied().unwrap_or(b'\n');
    while at < bytes.len() {
        match byte(at) {
            b'#' => {
                while at < bytes.len() && byte(at) != b'\n' && byte(at) != b'\r' {
                    at += 1;
                }
            }
            b'"' => {
                tokens += 1;
                at = string_end(bytes, at);
            }
            b'{' | b'[' | b'(' => {
                (tokens, depth, at) = (tokens + 1, depth + 1, at + 1);
                deepest = deepest.max(depth);
            }
            b'}' | b']' | b')' => {
                (tokens, depth, at) = (tokens + 1, depth.saturating_sub(1), at + 1)
            }
            b' ' | b'\t' | b'\n' | b'\r' | b',' => at += 1,
            c if is_word(c) => {
                tokens += 1;
                while at < bytes.len() && is_word(byte(at)) {
                    at += 1;
                }
            }
            _ => (tokens, at) = (tokens + 1, at + 1),
        }
    }
    if tokens > limits.tokens_max {
        return Err(over("tokens", tokens, limits.tokens_max, "ask in several requests"));
    }
    if deepest > limits.nesting_max {
        return Err(over("levels of brackets", deepest, limits.nesting_max, "nest less"));
    }
    Ok(())
}

const fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80
}

/// Where the string that begins at `start` ends.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let block = rest.starts_with(b"\"\"\"");
    let mut at = start + if block { 3 } else { 1 };
    while let Some(c) = bytes.get(at) {
        match c {
            b'\\' => at += 2,
            b'"' if !block => return at + 1,
            b'"' if bytes.get(at..).unwrap_or_default().starts_with(b"\"\"\"") => return at + 3,
            b'\n' if !block => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What a selection comes to, fragments written out.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Fields of the selection itself.
    roots: u64,
    fields: u64,
    aliases: u64,
    directives: u64,
    depth: u64,
    introspection_depth: u64,
    cost: u64,
    introspection_cost: u64,
    /// Whether it selects `edges`, so that it stands in a list with pages.
    paged: bool,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.roots = self.roots.saturating_add(other.roots);
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.introspection_depth = self.introspection_depth.max(other.introspection_depth);
        self.cost = self.cost.saturating_add(other.cost);
        self.introspection_cost = self.introspection_cost.saturating_add(other.introspection_cost);
        self.paged |= other.paged;
    }
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    page_default: u64,
    /// Fragments summed up; `None` while under way, which tells a cycle.
    done: HashMap<(&'a Name, bool), Option<Sum>>,
}

/// What an operation costs, within the limits: fields times the page sizes they stand in.
///
/// # Errors
/// The first limit that is exceeded, and a fragment that spreads itself.
pub(crate) fn cost(
    document: &ExecutableDocument,
    variables: &Variables,
    limits: &Limits,
) -> Result<u64, Refusal> {
    let page_default = u64::from(limits.page_default);
    let mut counter = Counter { document, variables, page_default, done: HashMap::new() };
    let mut all = Sum::default();
    for (_, operation) in document.operations.iter() {
        let set = &operation.node.selection_set.node;
        let mut sum = counter.set(set, false)?;
        sum.directives += count(&operation.node.directives);
        limit("fields of the root", sum.roots, limits.root_fields_max, "ask in several requests")?;
        all.add(sum);
    }
    limit("fields", all.fields, limits.fields_max, "select fewer fields or fragments")?;
    limit("aliases", all.aliases, limits.aliases_max, "ask for lists, or in several requests")?;
    limit("directives", all.directives, limits.directives_max, "use fewer directives")?;
    limit("levels of fields", all.depth, limits.depth_max, "nest less")?;
    let way = "nest less introspection";
    let deep = all.introspection_depth;
    limit("levels of introspection", deep, limits.introspection_depth_max, way)?;
    let way = "ask for smaller pages (first) or fewer nested lists";
    limit("units of cost", all.cost, limits.cost_max, way)?;
    let way = "nest lists of types and fields less";
    let wide = all.introspection_cost;
    limit("units of introspection cost", wide, limits.introspection_cost_max, way)?;
    Ok(all.cost)
}

fn limit(what: &str, found: u64, most: u64, way: &str) -> Result<(), Refusal> {
    if found > most { Err(over(what, found, most, way)) } else { Ok(()) }
}

fn count(directives: &[Positioned<Directive>]) -> u64 {
    directives.len() as u64
}

impl<'a> Counter<'a> {
    fn set(&mut self, set: &'a SelectionSet, introspection: bool) -> Result<Sum, Refusal> {
        let mut sum = Sum::default();
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => sum.add(self.field(&field.node, introspection)?),
                Selection::InlineFragment(inline) => {
                    sum.directives += count(&inline.node.directives);
                    sum.add(self.set(&inline.node.selection_set.node, introspection)?);
                }
                Selection::FragmentSpread(spread) => {
                    sum.directives += count(&spread.node.directives);
                    let name = &spread.node.fragment_name.node;
                    sum.add(self.fragment(name, introspection)?);
                }
            }
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a Name, introspection: bool) -> Result<Sum, Refusal> {
        let key = (name, introspection);
        match self.done.get(&key) {
            Some(Some(sum)) => return Ok(*sum),
            Some(None) => {
                return Err(Refusal::new(
                    Code::GraphqlValidationFailed,
                    format!("the fragment '{name}' spreads itself"),
                ));
            }
            None => {}
        }
        // An unknown fragment is validation's to report.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Sum::default()) };
        self.done.insert(key, None);
        let sum = self.set(&fragment.node.selection_set.node, introspection)?;
        self.done.insert(key, Some(sum));
        Ok(sum)
    }

    fn field(&mut self, field: &'a Field, introspection: bool) -> Result<Sum, Refusal> {
        let name = field.name.node.as_str();
        let below = introspection || name == "__schema" || name == "__type";
        let inner = self.set(&field.selection_set.node, below)?;
        let mut sum = inner;
        sum.roots = 1;
        sum.fields = inner.fields.saturating_add(1);
        sum.aliases += u64::from(field.alias.is_some());
        sum.directives += count(&field.directives);
        sum.paged = name == "edges";
        if below {
            let times = introspection_width(name);
            let cost = inner.introspection_cost.saturating_mul(times).saturating_add(1);
            sum.introspection_cost = cost;
            sum.introspection_depth = inner.introspection_depth + 1;
        } else {
            let times = self.page(field, inner.paged);
            sum.cost = inner.cost.saturating_mul(times).saturating_add(1);
            sum.depth = inner.depth + 1;
        }
        Ok(sum)
    }

    /// How often what stands below a field is answered.
    fn page(&self, field: &Field, paged: bool) -> u64 {
        for (name, value) in &field.arguments {
            let name = name.node.as_str();
            if !matches!(name, "first" | "last" | "ids") {
                continue;
            }
            let variable = |name: Name| self.variables.get(&name).cloned().ok_or(());
            match value.node.clone().into_const_with(variable) {
                Ok(Value::Number(n)) if name != "ids" => {
                    if let Some(n) = n.as_u64() {
                        return n.max(1);
                    }
                }
                Ok(Value::List(ids)) if name == "ids" => return (ids.len() as u64).max(1),
                _ => {}
            }
        }
        if paged { self.page_default } else { 1 }
    }
}

/// About how many entries a list of the introspection system has in this schema.
fn introspection_width(field: &str) -> u64 {
    match field {
        "types" => 150,
        "fields" | "inputFields" | "enumValues" | "possibleTypes" => 12,
        "directives" => 6,
        "args" | "interfaces" => 3,
        _ => 1,
    }
}

/// Whether a request would change something; `false` for what cannot be parsed.
pub(crate) fn is_mutation(text: &str, operation_name: Option<&str>, limits: &Limits) -> bool {
    parse(text, limits).is_ok_and(|document| {
        operation(&document, operation_name).is_some_and(|one| one.ty != OperationType::Query)
    })
}
