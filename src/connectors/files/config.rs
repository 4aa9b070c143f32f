//! What the configuration says about a file source.
//!
//! Owns the streams' settings and the mapping of columns to canonical fields, and reports every
//! mistake in them.

use super::split::Format;
use crate::ConfigProblem;
use crate::params::Params;
use crate::text::did_you_mean;
use domain::{CanonicalKind, Currency};
use serde_json::Value;
use std::collections::BTreeMap;

/// One stream of a file source.
#[derive(Clone, Debug)]
pub(super) struct StreamConfig {
    pub name: String,
    /// Glob pattern of its files.
    pub path: String,
    /// How its files are written; by each file's ending when not given.
    pub format: Option<&'static str>,
    pub delimiter: u8,
    pub kind: CanonicalKind,
    pub key: Key,
    /// Column that holds a version (an integer or a time); the file's age otherwise.
    pub version: Option<String>,
    pub mapping: BTreeMap<&'static str, Source>,
    /// Column -> whose id it holds.
    pub references: Vec<(String, String)>,
}

/// What names a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The values of columns.
    Columns(Vec<String>),
    /// The hash of the whole row: equal rows are one record.
    Row,
    /// The file and the row's number in it: a restated file replaces its rows.
    Line,
}

/// Where a canonical field's value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub column: Option<String>,
    /// A constant.
    pub value: Option<String>,
    /// Instead of an empty cell.
    pub default: Option<String>,
    /// The file's words -> ours.
    pub values: BTreeMap<String, String>,
    /// Splits a cell into several values.
    pub separator: Option<char>,
    /// For links: source and stream of the record pointed at.
    pub to: Option<(String, String)>,
}

/// The canonical fields of a kind: those that must be mapped, those that may be, and links.
pub(super) struct Fields {
    /// At least one of each group.
    pub required: &'static [&'static [&'static str]],
    pub optional: &'static [&'static str],
    pub links: &'static [&'static str],
}

const MONEY: &[&str] = &["amount", "amount_minor"];

/// The fields of each kind.
pub(super) const fn fields(kind: CanonicalKind) -> Fields {
    match kind {
        CanonicalKind::Contact => Fields {
            required: &[],
            optional: &[
                "full_name",
                "given_name",
                "family_name",
                "emails",
                "phones",
                "job_title",
                "company_name",
                "street",
                "city",
                "region",
                "postal_code",
                "country",
                "vendor_stage",
                "acquisition_channel",
                "created_at",
            ],
            links: &["company"],
        },
        CanonicalKind::Company => Fields {
            required: &[],
            optional: &[
                "name",
                "domains",
                "emails",
                "phones",
                "industry",
                "employee_count",
                "street",
                "city",
                "region",
                "postal_code",
                "country",
                "vendor_stage",
                "acquisition_channel",
                "created_at",
            ],
            links: &[],
        },
        CanonicalKind::Deal => Fields {
            required: &[&["status"]],
            optional: &[
                "name",
                "pipeline",
                "deal_stage",
                "amount",
                "amount_minor",
                "currency",
                "created_at",
                "closed_at",
            ],
            links: &["contact", "company"],
        },
        CanonicalKind::Ticket => Fields {
            required: &[&["status"]],
            optional: &[
                "subject",
                "priority",
                "channel",
                "comment_count",
                "created_at",
                "first_replied_at",
                "solved_at",
            ],
            links: &["contact", "company"],
        },
        CanonicalKind::Subscription => Fields {
            required: &[&["status"], MONEY, &["currency"], &["interval"]],
            optional: &[
                "interval_count",
                "product",
                "started_at",
                "trial_end",
                "current_period_end",
                "canceled_at",
                "ended_at",
                "cancellation_reason",
            ],
            links: &["contact", "company"],
        },
        CanonicalKind::Invoice => Fields {
            required: &[&["status"], &["total", "total_minor"], &["currency"]],
            optional: &[
                "number",
                "tax",
                "tax_minor",
                "amount_paid",
                "amount_paid_minor",
                "issued_at",
                "due_at",
                "paid_at",
            ],
            links: &["contact", "company", "subscription"],
        },
        CanonicalKind::Payment => Fields {
            required: &[MONEY, &["currency"]],
            optional: &["status", "method", "failure_code", "paid_at"],
            links: &["contact", "company", "invoice"],
        },
        CanonicalKind::Refund => Fields {
            required: &[MONEY, &["currency"]],
            optional: &["status", "reason", "refunded_at"],
            links: &["payment", "contact", "company"],
        },
        CanonicalKind::Spend => Fields {
            required: &[&["day"], MONEY, &["currency"]],
            optional: &["channel", "campaign", "spend_kind"],
            links: &[],
        },
        CanonicalKind::Touchpoint => Fields {
            required: &[&["action"]],
            optional: &["channel", "campaign", "touched_at"],
            links: &["contact"],
        },
        CanonicalKind::SurveyResponse => Fields {
            required: &[&["survey"], &["score"]],
            optional: &["comment", "responded_at"],
            links: &["contact", "ticket"],
        },
        CanonicalKind::UsageEvent => Fields {
            required: &[&["used_at"]],
            optional: &["action", "quantity"],
            links: &["contact", "company"],
        },
        CanonicalKind::ExchangeRate => Fields {
            required: &[&["day"], &["base"], &["quote"], &["rate"]],
            optional: &[],
            links: &[],
        },
    }
}

impl Fields {
    fn all(&self) -> impl Iterator<Item = &'static str> {
        let required = self.required.iter().flat_map(|group| group.iter());
        required.chain(self.optional).chain(self.links).copied()
    }
}

/// Singular words that people write for lists.
fn canonical_name(word: &str) -> &str {
    match word {
        "email" => "emails",
        "phone" => "phones",
        "domain" => "domains",
        other => other,
    }
}

impl StreamConfig {
    pub(super) fn format_of(&self, path: &str) -> Format {
        let jsonl = match self.format {
            Some(format) => format == "jsonl",
            None => [".jsonl", ".ndjson"].iter().any(|e| path.to_ascii_lowercase().ends_with(e)),
        };
        if jsonl { Format::Jsonl } else { Format::Csv { delimiter: self.delimiter } }
    }

    /// The columns that every row needs.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let key = match &self.key {
            Key::Columns(columns) => columns.as_slice(),
            Key::Row | Key::Line => &[],
        };
        self.mapping
            .values()
            .filter_map(|source| source.column.as_deref())
            .chain(key.iter().map(String::as_str))
            .chain(self.version.as_deref())
            .chain(self.references.iter().map(|(column, _)| column.as_str()))
    }
}

/// Reads one `[[streams]]` table.
pub(super) fn stream(
    at: usize,
    value: &Value,
    source: &str,
) -> Result<StreamConfig, Vec<ConfigProblem>> {
    let mut p = Params::new(&format!("streams[{at}]"), value);
    let name = p.required("name", "the stream's name").to_owned();
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        p.problem("name", "may hold letters, digits, - and _ only");
    }
    let path = p.required("path", "a file or a glob pattern such as \"spend/*.csv\"").to_owned();
    let format = match p.text("format") {
        None => None,
        Some("csv") => Some("csv"),
        Some("jsonl") => Some("jsonl"),
        Some(_) => {
            p.problem("format", "is neither \"csv\" nor \"jsonl\"");
            None
        }
    };
    let delimiter = delimiter(&mut p);
    if p.text("encoding").is_some_and(|e| !e.eq_ignore_ascii_case("utf-8")) {
        p.problem("encoding", "is not \"utf-8\", the only encoding that is read");
    }
    let word = p.required("kind", "what a row is, such as \"spend\" or \"contact\"").to_owned();
    let kind = CanonicalKind::parse(&word);
    if kind.is_none() && !word.is_empty() {
        let known: Vec<&str> = CanonicalKind::ALL.iter().map(|k| k.as_str()).collect();
        let hint = did_you_mean(&word, known.iter().copied());
        p.problem("kind", format!("is not one of {}{hint}", known.join(", ")));
    }
    let version = p.text("version").map(str::to_owned);
    let key = key(&mut p, kind, version.is_some());
    let references = p.references(&[]);
    let mapping = mapping(&mut p, kind, source);
    p.finish()?;
    let kind = kind.unwrap_or(CanonicalKind::Spend);
    Ok(StreamConfig { name, path, format, delimiter, kind, key, version, mapping, references })
}

fn delimiter(p: &mut Params<'_>) -> u8 {
    // A tab is blank, so the text is taken as it is.
    match p.value("delimiter").map(|v| v.as_str().unwrap_or_default()) {
        None => b',',
        Some("\\t" | "tab") => b'\t',
        Some(text) => match text.as_bytes() {
            [byte] if byte.is_ascii() && !b"\"\r\n".contains(byte) => *byte,
            _ => {
                p.problem("delimiter", "is not one ASCII character such as \";\" or \"\\t\"");
                b','
            }
        },
    }
}

fn key(p: &mut Params<'_>, kind: Option<CanonicalKind>, versioned: bool) -> Key {
    let key = match p.value("key") {
        None if kind == Some(CanonicalKind::Spend) => Key::Line,
        None => {
            p.problem("key", "is missing: the column, or the list of columns, that names a row");
            Key::Row
        }
        Some(Value::String(word)) if word == "line" => Key::Line,
        Some(Value::String(word)) if word == "row" => Key::Row,
        Some(Value::String(column)) if !column.is_empty() => Key::Columns(vec![column.clone()]),
        Some(Value::Array(columns)) if !columns.is_empty() => {
            let names: Option<Vec<String>> =
                columns.iter().map(|c| c.as_str().map(str::to_owned)).collect();
            match names {
                Some(names) if names.iter().all(|n| !n.is_empty()) => Key::Columns(names),
                _ => {
                    p.problem("key", "holds something that is not a column's name");
                    Key::Row
                }
            }
        }
        Some(_) => {
            p.problem("key", "is not a column, a list of columns, \"row\" or \"line\"");
            Key::Row
        }
    };
    if versioned && key == Key::Line {
        p.problem("version", "cannot be used with key = \"line\": rows then take the file's age");
    }
    key
}

fn mapping(
    p: &mut Params<'_>,
    kind: Option<CanonicalKind>,
    source: &str,
) -> BTreeMap<&'static str, Source> {
    let mut mapping = BTreeMap::new();
    let given = p.value("mapping");
    let Some(table) = given.and_then(Value::as_object) else {
        let what = if given.is_some() { "is not a table" } else { "is missing" };
        p.problem("mapping", format!("{what}: canonical field = \"column\""));
        return mapping;
    };
    let Some(kind) = kind else { return mapping };
    let fields = fields(kind);
    for (word, value) in table {
        let key = format!("mapping.{word}");
        let name = canonical_name(word);
        let Some(name) = fields.all().find(|f| *f == name) else {
            let hint = did_you_mean(name, fields.all());
            p.problem(&key, format!("is not a field of a {}{hint}", kind.as_str()));
            continue;
        };
        let from = source_of(p, &key, value, source);
        let is_link = fields.links.contains(&name);
        if is_link && from.to.is_none() && from.column.is_some() {
            p.problem(&key, "needs `to = \"source.stream\"`: where the record it points at is");
        }
        if !is_link && from.to.is_some() {
            p.problem(&key, "has a `to`, but is no link");
        }
        let fixed = from.value.as_deref().filter(|_| matches!(name, "currency" | "base" | "quote"));
        if fixed.is_some_and(|code| Currency::parse(code).is_none()) {
            p.problem(&key, "is not an ISO 4217 code such as \"EUR\"");
        }
        mapping.insert(name, from);
    }
    for group in fields.required {
        if !group.iter().any(|name| mapping.contains_key(name)) {
            let message = format!("is missing: a {} needs it", kind.as_str());
            p.problem(&format!("mapping.{}", group.join(" or ")), message);
        }
    }
    let with_amount = MONEY.iter().any(|m| mapping.contains_key(m));
    if kind == CanonicalKind::Deal && with_amount && !mapping.contains_key("currency") {
        p.problem("mapping.currency", "is missing: an amount needs it");
    }
    mapping
}

fn source_of(p: &mut Params<'_>, key: &str, value: &Value, source: &str) -> Source {
    if let Some(column) = value.as_str().filter(|c| !c.is_empty()) {
        return Source { column: Some(column.to_owned()), ..Source::default() };
    }
    let mut q = Params::new("", value);
    let separator = match q.text("separator").map(|s| s.chars().collect::<Vec<_>>()) {
        None => None,
        Some(chars) => match chars.as_slice() {
            [one] => Some(*one),
            _ => {
                q.problem("separator", "is not one character");
                None
            }
        },
    };
    let to = q.text("to").and_then(|to| {
        let (of, stream) = to.split_once('.').unwrap_or((source, to));
        if of.is_empty() || stream.is_empty() {
            q.problem("to", "is neither \"source.stream\" nor \"stream\"");
            return None;
        }
        Some((of.to_owned(), stream.to_owned()))
    });
    let from = Source {
        column: q.text("column").map(str::to_owned),
        value: q.text("value").map(str::to_owned),
        default: q.text("default").map(str::to_owned),
        values: q.texts("values").unwrap_or_default(),
        separator,
        to,
    };
    if value.is_object() && from.column.is_some() == from.value.is_some() {
        q.problem("", "needs either `column` or `value`");
    }
    if let Err(problems) = q.finish() {
        for problem in problems {
            let key = if problem.key.is_empty() {
                key.to_owned()
            } else {
                format!("{key}.{}", problem.key)
            };
            p.problem(&key, problem.message);
        }
    }
    from
}
