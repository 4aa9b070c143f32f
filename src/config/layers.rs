//! The three layers of the configuration, laid over each other: defaults, a file, the environment.
//!
//! Owns where each value came from, so that a mistake is reported with its line or its variable.
//! Refuses to know what any key means.

use super::Problem;
use std::collections::BTreeMap;
use toml::de::{DeArray, DeTable, DeValue};
use toml::{Table, Value};

/// Variables whose names begin so override a key: `C360__SERVER__LISTEN` is `server.listen`.
pub const ENV_PREFIX: &str = "C360__";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A line of the file.
    File(usize),
    /// A variable, with its text.
    Env { name: String, raw: String },
}

/// The merged configuration.
#[derive(Debug, Default)]
pub(super) struct Layers {
    /// The values.
    pub(super) table: Table,
    /// By dotted path; a path that is absent here comes from the defaults.
    origins: BTreeMap<String, Origin>,
    file: Option<String>,
}

impl Layers {
    /// Lays a trusted text (embedded defaults) below or over what is there.
    pub(super) fn add_defaults(&mut self, text: &str, problems: &mut Vec<Problem>) {
        match text.parse::<Table>() {
            Ok(table) => merge(&mut self.table, table),
            Err(error) => problems.push(Problem {
                key: String::new(),
                place: Some("embedded defaults".to_owned()),
                message: error.message().to_owned(),
            }),
        }
    }

    /// Lays the file over what is there. Every syntax error is reported with its line; a file with
    /// one is not used at all.
    pub(super) fn add_file(&mut self, name: &str, text: &str, problems: &mut Vec<Problem>) {
        self.file = Some(name.to_owned());
        let lines = Lines::new(text);
        let (spanned, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            for error in errors {
                let place = error.span().map(|span| format!("{name}:{}", lines.line(span.start)));
                let message = format!("is not TOML: {}", error.message());
                problems.push(Problem { key: String::new(), place, message });
            }
            return;
        }
        match text.parse::<Table>() {
            Ok(table) => merge(&mut self.table, table),
            Err(error) => {
                let place = error.span().map(|span| format!("{name}:{}", lines.line(span.start)));
                let message = format!("is not TOML: {}", error.message());
                problems.push(Problem { key: String::new(), place, message });
                return;
            }
        }
        note_table(spanned.get_ref(), "", &lines, &mut self.origins);
    }

    /// Lays the variables that begin with [`ENV_PREFIX`] over what is there.
    pub(super) fn add_env(&mut self, env: &BTreeMap<String, String>, problems: &mut Vec<Problem>) {
        for (name, raw) in env {
            let Some(rest) = name.strip_prefix(ENV_PREFIX) else { continue };
            let parts: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
            let path = parts.join(".");
            if parts.iter().any(String::is_empty) || parts.len() < 2 {
                problems.push(Problem {
                    key: path,
                    place: Some(format!("variable {name}")),
                    message: "names no key: expected C360__SECTION__KEY".to_owned(),
                });
                continue;
            }
            if set(&mut self.table, &parts, guess(raw)) {
                self.origins.retain(|known, _| !is_below(known, &path));
                self.origins.insert(path, Origin::Env { name: name.clone(), raw: raw.clone() });
            } else {
                problems.push(Problem {
                    key: path,
                    place: Some(format!("variable {name}")),
                    message: "names a key inside a value that is not a table".to_owned(),
                });
            }
        }
    }

    /// Where the value at a path came from; that of the nearest table around it if the path itself
    /// is unknown; `None` for a default.
    pub(super) fn origin(&self, path: &str) -> Option<&Origin> {
        let mut path = path;
        loop {
            if let Some(origin) = self.origins.get(path) {
                return Some(origin);
            }
            let cut = path.rfind(['.', '['])?;
            path = path.get(..cut)?;
        }
    }

    /// The same, as people read it.
    pub(super) fn place(&self, path: &str) -> Option<String> {
        Some(match self.origin(path)? {
            Origin::File(line) => format!("{}:{line}", self.file.as_deref().unwrap_or("file")),
            Origin::Env { name, .. } => format!("variable {name}"),
        })
    }

    /// The text of a variable that set exactly this path.
    pub(super) fn env_text(&self, path: &str) -> Option<&str> {
        match self.origins.get(path)? {
            Origin::Env { raw, .. } => Some(raw),
            Origin::File(_) => None,
        }
    }
}

fn is_below(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// Tables merge key by key; anything else replaces.
fn merge(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

fn set(table: &mut Table, parts: &[String], value: Value) -> bool {
    let [first, rest @ ..] = parts else { return false };
    if rest.is_empty() {
        match (table.get_mut(first), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                table.insert(first.clone(), value);
            }
        }
        return true;
    }
    match table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(inner) => set(inner, rest, value),
        _ => false,
    }
}

/// What a variable's text means: a TOML value if it is one, else the text itself.
fn guess(raw: &str) -> Value {
    format!("v = {raw}")
        .parse::<Table>()
        .ok()
        .filter(|table| table.len() == 1)
        .and_then(|mut table| table.remove("v"))
        .unwrap_or_else(|| Value::String(raw.to_owned()))
}

struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect())
    }

    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

fn note_table(
    table: &DeTable<'_>,
    prefix: &str,
    lines: &Lines,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (key, value) in table {
        let name = key.get_ref();
        let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
        origins.insert(path.clone(), Origin::File(lines.line(key.span().start)));
        note_value(value.get_ref(), &path, lines, origins);
    }
}

fn note_value(
    value: &DeValue<'_>,
    path: &str,
    lines: &Lines,
    origins: &mut BTreeMap<String, Origin>,
) {
    match value {
        DeValue::Table(table) => note_table(table, path, lines, origins),
        DeValue::Array(array) => note_array(array, path, lines, origins),
        _ => {}
    }
}

fn note_array(
    array: &DeArray<'_>,
    path: &str,
    lines: &Lines,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (index, value) in array.iter().enumerate() {
        let path = format!("{path}[{index}]");
        origins.insert(path.clone(), Origin::File(lines.line(value.span().start)));
        note_value(value.get_ref(), &path, lines, origins);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn layered(file: &str, env: &[(&str, &str)]) -> (Layers, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut layers = Layers::default();
        layers.add_defaults("[server]\nworkers = 2\nlisten = \"a\"\n", &mut problems);
        layers.add_file("f.toml", file, &mut problems);
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        layers.add_env(&env, &mut problems);
        (layers, problems)
    }

    #[test]
    fn later_layers_win_and_are_remembered() {
        let (layers, problems) = layered(
            "# hello\n[server]\nworkers = 4\nlisten = \"b\"\n",
            &[("C360__SERVER__LISTEN", "127.0.0.1:80"), ("OTHER", "x")],
        );
        assert_eq!(problems, []);
        let server = layers.table["server"].as_table().unwrap();
        assert_eq!(server["workers"].as_integer(), Some(4));
        assert_eq!(server["listen"].as_str(), Some("127.0.0.1:80"));
        assert_eq!(layers.place("server.workers").unwrap(), "f.toml:3");
        assert_eq!(layers.place("server.listen").unwrap(), "variable C360__SERVER__LISTEN");
        assert_eq!(layers.place("server.unset").unwrap(), "f.toml:2");
        assert_eq!(layers.place("log.level"), None);
    }

    #[test]
    fn elements_of_lists_have_lines_too() {
        let (layers, _) = layered("[[x.rules]]\nid = 1\n[[x.rules]]\nid = 2\n", &[]);
        assert_eq!(layers.place("x.rules[1].id").unwrap(), "f.toml:4");
        assert_eq!(layers.place("x.rules[1].other").unwrap(), "f.toml:3");
    }

    #[test]
    fn variables_may_hold_values_of_any_type() {
        for (raw, expected) in [
            ("8", Value::Integer(8)),
            ("true", Value::Boolean(true)),
            ("[\"a\"]", Value::Array(vec![Value::String("a".into())])),
            ("a b", Value::String("a b".into())),
            ("1\nworse = 2", Value::String("1\nworse = 2".into())),
            ("", Value::String(String::new())),
        ] {
            assert_eq!(guess(raw), expected, "{raw}");
        }
    }

    #[test]
    fn mistakes_are_reported_with_their_place() {
        let (_, problems) = layered("workers = \nlisten = ]\n", &[("C360__X", "1")]);
        assert!(problems.iter().any(|p| p.place.as_deref() == Some("f.toml:1")), "{problems:?}");
        assert!(problems.iter().any(|p| p.place.as_deref() == Some("f.toml:2")), "{problems:?}");
        assert!(problems.iter().any(|p| p.place.as_deref() == Some("variable C360__X")));
    }
}
