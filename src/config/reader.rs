//! Reading typed values out of the merged configuration, reporting every mistake.
//!
//! Owns type checks, bounds, unknown keys and the resolution of secrets. Refuses to stop at the
//! first mistake and to repeat a value in a message (it may be a secret).

use super::Problem;
use super::layers::Layers;
use domain::Secret;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use toml::{Table, Value};

/// Largest file a secret is read from, in bytes.
const SECRET_FILE_MAX: u64 = 64 * 1024;

/// Where secrets are found, and what was found wrong.
pub(super) struct Context<'a> {
    pub(super) layers: &'a Layers,
    pub(super) env: &'a BTreeMap<String, String>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl<'a> Context<'a> {
    pub(super) fn problem(&mut self, key: impl Into<String>, message: impl Into<String>) {
        let key = key.into();
        let place = self.layers.place(&key);
        self.problems.push(Problem { key, place, message: message.into() });
    }

    pub(super) fn warning(&mut self, key: impl Into<String>, message: impl Into<String>) {
        let key = key.into();
        let place = self.layers.place(&key);
        self.warnings.push(Problem { key, place, message: message.into() });
    }

    /// A table of the configuration; an empty one when it is absent or no table.
    pub(super) fn section(&mut self, name: &'static str) -> Section<'a> {
        let layers = self.layers;
        let table = match layers.table.get(name) {
            Some(Value::Table(table)) => Some(table),
            Some(_) => {
                self.problem(name, format!("is not a table: write [{name}]"));
                None
            }
            None => None,
        };
        Section {
            path: name.to_owned(),
            table,
            known: Vec::new(),
            context: Context {
                layers,
                env: self.env,
                problems: std::mem::take(&mut self.problems),
                warnings: std::mem::take(&mut self.warnings),
            },
        }
    }

    /// Takes back what a finished section found.
    pub(super) fn close(&mut self, (problems, warnings): (Vec<Problem>, Vec<Problem>)) {
        self.problems = problems;
        self.warnings = warnings;
    }

    /// The text a secret stands for: `{ env = "NAME" }`, `{ file = "path" }` or the text itself.
    /// `None` (and a problem) when it cannot be had.
    pub(super) fn resolve_secret(&mut self, path: &str, value: &Value) -> Option<String> {
        if let Some(text) = self.layers.env_text(path)
            && !matches!(value, Value::Table(_))
        {
            return Some(text.to_owned());
        }
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Table(table) => match secret_reference(table) {
                Some(Reference::Env(name)) => {
                    let found = self.env.get(name).filter(|text| !text.is_empty()).cloned();
                    if found.is_none() {
                        self.problem(path, format!("variable {name} is not set or empty"));
                    }
                    found
                }
                Some(Reference::File(file)) => self.read_secret_file(path, file),
                None => {
                    self.problem(path, SECRET_FORMS);
                    None
                }
            },
            _ => {
                self.problem(path, SECRET_FORMS);
                None
            }
        }
    }

    fn read_secret_file(&mut self, path: &str, file: &str) -> Option<String> {
        let read = std::fs::metadata(file).and_then(|meta| {
            if meta.len() > SECRET_FILE_MAX {
                return Err(std::io::Error::other("larger than 64 KiB"));
            }
            std::fs::read_to_string(file)
        });
        match read {
            Ok(text) if text.trim().is_empty() => {
                self.problem(path, format!("file {file} is empty"));
                None
            }
            Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(error) => {
                self.problem(path, format!("file {file} cannot be read: {error}"));
                None
            }
        }
    }
}

const SECRET_FORMS: &str = "expected { env = \"NAME\" }, { file = \"path\" } or a text in quotes";

/// How a secret is named instead of written.
pub(super) enum Reference<'a> {
    Env(&'a str),
    File(&'a str),
}

/// Whether a table is `{ env = "NAME" }` or `{ file = "path" }`.
pub(super) fn secret_reference(table: &Table) -> Option<Reference<'_>> {
    if table.len() != 1 {
        return None;
    }
    match table.iter().next() {
        Some((key, Value::String(name))) if key == "env" => Some(Reference::Env(name)),
        Some((key, Value::String(name))) if key == "file" => Some(Reference::File(name)),
        _ => None,
    }
}

/// One table being read. Each getter marks its key as known; [`Section::finish`] reports the rest.
pub(super) struct Section<'a> {
    path: String,
    table: Option<&'a Table>,
    known: Vec<&'static str>,
    context: Context<'a>,
}

impl<'a> Section<'a> {
    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    pub(super) fn problem(&mut self, key: &str, message: impl Into<String>) {
        let path = self.path(key);
        self.context.problem(path, message);
    }

    pub(super) fn warning(&mut self, key: &str, message: impl Into<String>) {
        let path = self.path(key);
        self.context.warning(path, message);
    }

    fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.table?.get(key)
    }

    /// A whole number within bounds; the lower bound when it is missing or wrong.
    pub(super) fn int(&mut self, key: &'static str, bounds: RangeInclusive<u64>) -> u64 {
        let (low, high) = (*bounds.start(), *bounds.end());
        let number = match self.value(key) {
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            Some(_) => None,
            None => {
                self.problem(key, format!("is missing: a whole number from {low} to {high}"));
                return low;
            }
        };
        match number.filter(|n| bounds.contains(n)) {
            Some(number) => number,
            None => {
                self.problem(key, format!("expected a whole number from {low} to {high}"));
                low
            }
        }
    }

    /// [`Self::int`] where 32 bits suffice.
    pub(super) fn int32(&mut self, key: &'static str, bounds: RangeInclusive<u32>) -> u32 {
        let wide = u64::from(*bounds.start())..=u64::from(*bounds.end());
        u32::try_from(self.int(key, wide)).unwrap_or(*bounds.end())
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        match self.value(key) {
            Some(Value::Boolean(flag)) => *flag,
            _ => {
                self.problem(key, "expected true or false");
                false
            }
        }
    }

    /// A text; `None` when it is absent or empty (the written form of "not set").
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let path = self.path(key);
        let text = match self.value(key)? {
            Value::String(text) => text.trim().to_owned(),
            other => match (other, self.context.layers.env_text(&path)) {
                (Value::Table(_) | Value::Array(_), _) | (_, None) => {
                    self.problem(key, "expected a text in quotes");
                    return None;
                }
                (_, Some(raw)) => raw.trim().to_owned(),
            },
        };
        (!text.is_empty()).then_some(text)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let hint = did_you_mean(&text, names.iter().copied());
            self.problem(key, format!("expected one of {}{hint}", names.join(", ")));
        }
        found
    }

    /// A list of texts; a single text counts as a list of one.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let values = match self.value(key) {
            None => return Vec::new(),
            Some(Value::String(text)) if text.trim().is_empty() => return Vec::new(),
            Some(Value::String(text)) => return vec![text.trim().to_owned()],
            Some(Value::Array(values)) => values,
            Some(_) => {
                self.problem(key, "expected a list of texts, such as [\"a\", \"b\"]");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for (at, value) in values.iter().enumerate() {
            match value {
                Value::String(text) if !text.trim().is_empty() => {
                    texts.push(text.trim().to_owned())
                }
                _ => self.problem(&format!("{key}[{at}]"), "expected a text in quotes"),
            }
        }
        texts
    }

    /// A credential; `None` when it is absent or an empty text.
    pub(super) fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let value = self.value(key)?;
        if matches!(value, Value::String(text) if text.is_empty()) {
            return None;
        }
        let path = self.path(key);
        if matches!(value, Value::String(_)) && self.context.layers.env_text(&path).is_none() {
            self.warning(key, PLAIN_SECRET);
        }
        self.context.resolve_secret(&path, value).map(Secret::new)
    }

    /// A text that may name a variable or a file instead, without being called a secret when it is
    /// written out.
    pub(super) fn text_or_reference(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let path = self.path(key);
        let text = self.context.resolve_secret(&path, value)?;
        (!text.trim().is_empty()).then(|| text.trim().to_owned())
    }

    /// Reports the keys nobody asked for and gives back all that was found.
    pub(super) fn finish(mut self) -> (Vec<Problem>, Vec<Problem>) {
        if let Some(table) = self.table {
            for key in table.keys() {
                if !self.known.contains(&key.as_str()) {
                    let hint = did_you_mean(key, self.known.iter().copied());
                    self.problem(key, format!("is not a known key{hint}"));
                }
            }
        }
        (self.context.problems, self.context.warnings)
    }
}

/// Said of every credential that stands in the file itself.
pub(super) const PLAIN_SECRET: &str =
    "is written in plain text; { env = \"NAME\" } or { file = \"path\" } keeps it out of the file";

/// `; did you mean "x"?` for the nearest of the known names, or nothing when none is near.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, nearest)| format!("; did you mean \"{nearest}\"?"))
        .unwrap_or_default()
}

/// Reads a section whose type another crate owns. The type's own errors stop at the first mistake,
/// so every key (and every table of a list) is read alone first.
pub(super) fn typed<T: DeserializeOwned + Default>(
    context: &mut Context<'_>,
    section: &'static str,
) -> T {
    let table = match context.layers.table.get(section) {
        None => return T::default(),
        Some(Value::Table(table)) => table,
        Some(_) => {
            context.problem(section, format!("is not a table: write [{section}]"));
            return T::default();
        }
    };
    let before = context.problems.len();
    for (key, value) in table {
        for (path, part) in pieces(key, value) {
            let alone = Table::from_iter([(key.clone(), part)]);
            if let Err(error) = T::deserialize(Value::Table(alone.clone())) {
                let inner = inner_problems::<T>(&alone);
                if inner.is_empty() {
                    context.problem(format!("{section}.{path}"), readable(error.message()));
                }
                for (path, message) in inner {
                    context.problem(format!("{section}.{path}"), message);
                }
            }
        }
    }
    if context.problems.len() > before {
        return T::default();
    }
    match T::deserialize(Value::Table(table.clone())) {
        Ok(read) => read,
        Err(error) => {
            context.problem(section, readable(error.message()));
            T::default()
        }
    }
}

/// The mistakes of a table in a table (`[section.key.name]`), key by key; empty when the mistake is
/// not in one key alone, and then the table is reported as a whole.
fn inner_problems<T: DeserializeOwned>(alone: &Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in alone {
        for (name, table) in value.as_table().into_iter().flatten() {
            for (inner, value) in table.as_table().into_iter().flatten() {
                let wrap = |name: &str, value| Table::from_iter([(name.to_owned(), value)]);
                let part = wrap(key, wrap(name, wrap(inner, value.clone()).into()).into());
                let none = wrap(key, wrap(name, Table::new().into()).into());
                // A table that cannot be read without this key either is wrong as a whole.
                if let Err(error) = T::deserialize(Value::Table(part))
                    && T::deserialize(Value::Table(none)).is_ok()
                {
                    found.push((format!("{key}.{name}.{inner}"), readable(error.message())));
                }
            }
        }
    }
    found
}

/// A value as the pieces that can be judged alone: a list of tables by its elements, a table by its
/// keys, anything else whole.
fn pieces(key: &str, value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Array(items) if items.iter().all(Value::is_table) && !items.is_empty() => items
            .iter()
            .enumerate()
            .map(|(at, item)| (format!("{key}[{at}]"), Value::Array(vec![item.clone()])))
            .collect(),
        Value::Table(inner) if !inner.is_empty() => inner
            .iter()
            .map(|(name, item)| {
                let alone = Table::from_iter([(name.clone(), item.clone())]);
                (format!("{key}.{name}"), Value::Table(alone))
            })
            .collect(),
        _ => vec![(key.to_owned(), value.clone())],
    }
}

/// A deserialiser's complaint without the value it complains of, and with a guess at a misspelling.
fn readable(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, Some((name, known))) =
        (message.starts_with("unknown field"), quoted.split_first())
    {
        let hint = did_you_mean(name, known.iter().copied());
        return format!("\"{name}\" is not a known key{hint}");
    }
    if let Some((_, expected)) = message.rsplit_once("expected ") {
        return format!("expected {}", expected.trim().replace('`', "\""));
    }
    if message.starts_with("missing field")
        && let Some(name) = quoted.first()
    {
        return format!("\"{name}\" is missing");
    }
    "cannot be read; compare it with `c360 config default`".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_never_repeat_the_value() {
        assert_eq!(readable("invalid type: string \"hunter2\", expected u64"), "expected u64");
        assert_eq!(
            readable("unknown field `large_clustr`, expected one of `large_cluster`, `x`"),
            "\"large_clustr\" is not a known key; did you mean \"large_cluster\"?"
        );
        assert_eq!(
            readable("unknown variant `ledd`, expected `lead` or `mql`"),
            "expected \"lead\" or \"mql\""
        );
        assert_eq!(readable("missing field `id`"), "\"id\" is missing");
        assert!(!readable("hunter2").contains("hunter2"));
    }

    #[test]
    fn near_names_are_suggested_and_far_ones_not() {
        assert_eq!(
            did_you_mean("lisen", ["listen", "level"].into_iter()),
            "; did you mean \"listen\"?"
        );
        assert_eq!(did_you_mean("zzz", ["listen", "level"].into_iter()), "");
    }
}
