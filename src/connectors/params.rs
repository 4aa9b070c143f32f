//! Reading a source's configuration table and reporting every mistake in it.
//!
//! Owns the checks that all connectors share: unknown keys, missing keys, wrong types, bad URLs.
//! Refuses to stop at the first mistake, and never repeats a value (it may be a secret).

use crate::Budget;
use crate::text::did_you_mean;
use domain::Secret;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A mistake in a source's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key, relative to the source's table (`token`, `streams[0].mapping.amount`).
    pub key: String,
    /// What is wrong and what is expected.
    pub message: String,
}

/// One table being read. Each getter marks its key as known; [`Params::finish`] reports the rest.
pub(crate) struct Params<'a> {
    prefix: String,
    table: Option<&'a Map<String, Value>>,
    known: Vec<&'static str>,
    problems: Vec<ConfigProblem>,
}

impl<'a> Params<'a> {
    pub(crate) fn new(prefix: &str, value: &'a Value) -> Self {
        let mut params = Self {
            prefix: prefix.to_owned(),
            table: value.as_object(),
            known: Vec::new(),
            problems: Vec::new(),
        };
        if params.table.is_none() {
            params.problem("", "is not a table");
        }
        params
    }

    fn key(&self, key: &str) -> String {
        match (self.prefix.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.prefix.clone(),
            (false, false) => format!("{}.{key}", self.prefix),
        }
    }

    pub(crate) fn problem(&mut self, key: &str, message: impl Into<String>) {
        let key = self.key(key);
        self.problems.push(ConfigProblem { key, message: message.into() });
    }

    pub(crate) fn take_in(&mut self, problems: Vec<ConfigProblem>) {
        self.problems.extend(problems);
    }

    /// The value of a key, whatever its type.
    pub(crate) fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.table?.get(key)
    }

    /// A text that may be left out.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        match self.value(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim()),
            Value::String(_) => {
                self.problem(key, "is empty");
                None
            }
            _ => {
                self.problem(key, "is not a text in quotes");
                None
            }
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, key: &'static str, what: &str) -> &'a str {
        if self.table.is_some_and(|t| !t.contains_key(key)) {
            self.known.push(key);
            self.problem(key, format!("is missing: {what}"));
            return "";
        }
        self.text(key).unwrap_or_default()
    }

    /// A credential that must be there.
    pub(crate) fn secret(&mut self, key: &'static str, what: &str) -> Secret {
        let text = self.required(key, what);
        if text.chars().any(|c| c.is_control() || !c.is_ascii()) {
            self.problem(key, "holds characters that no credential has (a line break?)");
        }
        Secret::new(text)
    }

    /// A base URL, without a trailing slash.
    pub(crate) fn base_url(&mut self, key: &'static str) -> Option<String> {
        let url = self.text(key)?.trim_end_matches('/');
        match check_base_url(url) {
            Ok(()) => Some(url.to_owned()),
            Err(why) => {
                self.problem(key, why);
                None
            }
        }
    }

    /// A table of texts; absent is empty... the caller's default then applies.
    pub(crate) fn texts(&mut self, key: &'static str) -> Option<BTreeMap<String, String>> {
        let value = self.value(key)?;
        let Some(table) = value.as_object() else {
            self.problem(key, "is not a table of texts");
            return None;
        };
        let mut texts = BTreeMap::new();
        for (name, value) in table {
            match value.as_str() {
                Some(text) if !text.trim().is_empty() => {
                    texts.insert(name.clone(), text.trim().to_owned());
                }
                _ => self.problem(&format!("{key}.{name}"), "is not a text in quotes"),
            }
        }
        Some(texts)
    }

    /// A namespace prefix for external ids.
    pub(crate) fn namespace(&mut self, default: &str) -> String {
        match self.text("namespace") {
            Some(text) if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) => {
                text.to_owned()
            }
            Some(_) => {
                self.problem("namespace", "may hold letters, digits, - and _ only");
                String::new()
            }
            None => default.to_owned(),
        }
    }

    /// The vendor's limits, with the numbers of requests that the account is entitled to:
    /// `budgets = { name = requests per window }`.
    pub(crate) fn budgets(&mut self, default: &[Budget]) -> Vec<Budget> {
        let mut budgets = default.to_vec();
        let Some(value) = self.value("budgets") else { return budgets };
        let Some(table) = value.as_object() else {
            self.problem("budgets", "is not a table of numbers");
            return budgets;
        };
        for (name, value) in table {
            let key = format!("budgets.{name}");
            let Some(budget) = budgets.iter_mut().find(|b| b.name == name) else {
                let hint = did_you_mean(name, default.iter().map(|b| b.name));
                self.problem(&key, format!("is not a known budget{hint}"));
                continue;
            };
            match value.as_u64().and_then(|n| u32::try_from(n).ok()) {
                Some(requests) if requests > 0 => budget.requests = requests,
                _ => self.problem(&key, "is not a positive whole number of requests"),
            }
        }
        budgets
    }

    /// Which fields hold another system's id, and whose: `field = "namespace.stream"`.
    pub(crate) fn references(&mut self, default: &[(&str, &str)]) -> Vec<(String, String)> {
        let Some(given) = self.texts("references") else {
            let own = |(field, whose): &(&str, &str)| ((*field).to_owned(), (*whose).to_owned());
            return default.iter().map(own).collect();
        };
        for (field, whose) in &given {
            let parts: Vec<&str> = whose.split('.').collect();
            if parts.len() != 2 || parts.iter().any(|p| p.is_empty()) || whose.contains(':') {
                let message = "is not of the form \"namespace.stream\" (\"stripe.customers\")";
                self.problem(&format!("references.{field}"), message);
            }
        }
        given.into_iter().collect()
    }

    /// Reports the keys that nobody asked for, and every other problem found.
    pub(crate) fn finish(mut self) -> Result<(), Vec<ConfigProblem>> {
        if let Some(table) = self.table {
            for key in table.keys() {
                if !self.known.contains(&key.as_str()) {
                    let hint = did_you_mean(key, self.known.iter().copied());
                    self.problem(key, format!("is not a known key{hint}"));
                }
            }
        }
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }
}

fn check_base_url(url: &str) -> Result<(), &'static str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or("is not a URL that begins with https:// (or http://)")?;
    let host = rest.split('/').next().unwrap_or_default();
    if host.contains('@') {
        return Err("holds a user name or password; put credentials under their own key");
    }
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.chars().all(|c| c.is_ascii_digit()) { name } else { host }
    });
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.[]:".contains(c);
    if name.is_empty() || !name.chars().all(plain) {
        return Err("has no valid host name");
    }
    if rest.contains(['?', '#']) || rest.contains(char::is_whitespace) {
        return Err("must end with the host or a path: no query, no fragment, no spaces");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_checked_before_anything_is_sent() {
        for good in ["https://api.hubapi.com", "http://127.0.0.1:8361/hubspot", "http://[::1]:80"] {
            assert_eq!(check_base_url(good), Ok(()), "{good}");
        }
        for bad in ["api.hubapi.com", "ftp://x", "https://", "https://u:p@x", "https://x/?a=1"] {
            assert!(check_base_url(bad).is_err(), "{bad}");
        }
    }
}
