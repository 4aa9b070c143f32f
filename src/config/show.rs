//! The effective configuration, fit to be shown.
//!
//! Owns what is hidden: values of secret-looking keys, secret references and passwords in URLs.
//! Refuses to show anything that could be a credential.

use super::Config;
use super::reader::secret_reference;
use toml::Value;

const HIDDEN: &str = "***";

/// Every key with its effective value, secrets as `***`.
#[must_use]
pub fn shown(config: &Config) -> Value {
    hide("", &Value::Table(config.merged.clone()))
}

/// Whether a key's name says that its value is a credential: under `auth` and `sources` only, other
/// sections hold none.
pub(super) fn is_secret_path(path: &str) -> bool {
    let Some((section, rest)) = path.split_once('.') else { return false };
    let key = path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let named = ["token", "secret", "password", "credential", "api_key", "apikey", "private_key"]
        .iter()
        .any(|word| key.contains(word));
    match section {
        "auth" => named,
        // A source's own `key` is a credential; that of one of its streams names a column.
        "sources" => named || (key == "key" && rest.matches('.').count() == 1),
        _ => false,
    }
}

fn hide(path: &str, value: &Value) -> Value {
    match value {
        Value::Table(table) if secret_reference(table).is_some() => HIDDEN.into(),
        Value::Table(table) => Value::Table(
            table
                .iter()
                .map(|(name, inner)| {
                    let path =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    (name.clone(), hide(&path, inner))
                })
                .collect(),
        ),
        Value::String(text) if text.is_empty() => value.clone(),
        Value::String(_) | Value::Integer(_) | Value::Float(_) if is_secret_path(path) => {
            HIDDEN.into()
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| hide(&format!("{path}[]"), item)).collect())
        }
        Value::String(text) => Value::String(without_password(text)),
        other => other.clone(),
    }
}

/// A URL without the password in it; any other text as it is.
#[must_use]
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}:{HIDDEN}@{host}{tail}")
        }
        None => text.to_owned(),
    };
    // PostgreSQL also takes the password as a parameter.
    match shown.find("password=") {
        Some(at) => format!("{}password={HIDDEN}", shown.get(..at).unwrap_or_default()),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_hidden() {
        for (url, expected) in [
            ("postgres://u:p@h/db", "postgres://u:***@h/db"),
            ("postgres://u:p%40@x@h/db?a=1", "postgres://u:***@h/db?a=1"),
            ("postgres://h/db?password=x&b=1", "postgres://h/db?password=***"),
            ("sqlite:data/x.db", "sqlite:data/x.db"),
            ("https://h/a@b", "https://h/a@b"),
        ] {
            assert_eq!(without_password(url), expected);
        }
    }
}
