//! Which column of a table holds what.
//!
//! Owns recognition by usual names, and the `--map` that puts it right. Refuses to guess from values: a
//! column that is not recognised is asked for.

use crate::cli::Failure;
use crate::cli::table::{Table, decode};
use csv::ByteRecord;

/// A thing that a column can hold, with the names by which it is recognised, best first. Names are
/// compared without case and punctuation.
pub struct Role {
    pub name: &'static str,
    pub usual: &'static [&'static str],
}

/// `--map ROLE=COLUMN,...` as pairs.
pub struct Map(Vec<(String, String)>);

/// A name without case and punctuation.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Map {
    /// Reads the entries; each must name one of the `roles`.
    pub fn parse(entries: &[String], roles: &[Role]) -> Result<Self, Failure> {
        let mut map = Vec::new();
        for entry in entries {
            let known = entry
                .split_once('=')
                .filter(|(role, _)| roles.iter().any(|known| known.name == role.trim()));
            let Some((role, column)) = known else {
                let names: Vec<&str> = roles.iter().map(|role| role.name).collect();
                return Err(Failure::Usage(format!(
                    "--map {entry:?}: expected ROLE=COLUMN with one of the roles {}",
                    names.join(", ")
                )));
            };
            map.push((role.trim().to_owned(), column.trim().to_owned()));
        }
        Ok(Self(map))
    }

    /// Where the column of a role stands: as mapped, else by its usual names.
    pub fn find(&self, headers: &[String], role: &Role) -> Result<Option<usize>, Failure> {
        if let Some((_, column)) = self.0.iter().find(|(name, _)| name == role.name) {
            let exact = headers.iter().position(|header| header == column);
            let found =
                exact.or_else(|| headers.iter().position(|header| plain(header) == plain(column)));
            return match found {
                Some(at) => Ok(Some(at)),
                None => Err(Failure::Usage(format!(
                    "--map {}={column}: there is no such column; the table has: {}",
                    role.name,
                    headers.join(", ")
                ))),
            };
        }
        let exactly = |usual: &&str| headers.iter().position(|header| header == *usual);
        // Of names of one letter the case matters: T and t are two things.
        let named =
            |usual: &&str| headers.iter().position(|h| usual.len() > 1 && plain(h) == plain(usual));
        Ok(role.usual.iter().find_map(exactly).or_else(|| role.usual.iter().find_map(named)))
    }

    /// As [`Map::find`], for a column without which there is no answer.
    pub fn get(&self, headers: &[String], role: &Role) -> Result<usize, Failure> {
        self.find(headers, role)?.ok_or_else(|| {
            Failure::Usage(format!(
                "no column for {name} is recognised (usual names: {usual}); the table has: {has}; \
                 say which it is with --map {name}=COLUMN",
                name = role.name,
                usual = role.usual.join(", "),
                has = headers.join(", ")
            ))
        })
    }
}

/// The line of the file that a row begins on.
pub fn line(row: &ByteRecord) -> u64 {
    row.position().map_or(0, csv::Position::line)
}

/// A field, trimmed.
pub fn cell(row: &ByteRecord, at: usize) -> String {
    let mut foreign = 0;
    decode(row.get(at).unwrap_or_default(), &mut foreign).trim().to_owned()
}

/// A field as a finite number; the error names the line and the column, not the value.
pub fn number(table: &Table, row: &ByteRecord, at: usize) -> Result<f64, Failure> {
    let parsed = cell(row, at).parse::<f64>().ok().filter(|number| number.is_finite());
    parsed.ok_or_else(|| {
        Failure::Failed(anyhow::anyhow!(
            "line {}: column {} is not a number",
            line(row),
            table.headers.get(at).map_or("?", String::as_str)
        ))
    })
}

/// `--params NAME=NUMBER,...` in the order of the names, all of them; `None` when none are given.
pub fn params<const N: usize>(
    entries: &[String],
    names: [&'static str; N],
) -> Result<Option<[f64; N]>, Failure> {
    if entries.is_empty() {
        return Ok(None);
    }
    let mut values = [None; N];
    for entry in entries {
        let pair = entry.split_once('=');
        let named = pair.and_then(|(name, text)| {
            let at = names.iter().position(|known| *known == name.trim())?;
            Some((values.get_mut(at)?, text.trim().parse::<f64>().ok()?))
        });
        let Some((value, number)) = named else {
            return Err(Failure::Usage(format!(
                "--params {entry:?}: expected NAME=NUMBER with the names {}",
                names.join(", ")
            )));
        };
        *value = Some(number);
    }
    let missing: Vec<&str> =
        names.iter().zip(values).filter(|(_, value)| value.is_none()).map(|(n, _)| *n).collect();
    if missing.is_empty() {
        Ok(Some(values.map(Option::unwrap_or_default)))
    } else {
        Err(Failure::Usage(format!("--params: {} missing", missing.join(", "))))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    const DATE: Role = Role { name: "date", usual: &["date", "order date"] };
    const ID: Role = Role { name: "customer", usual: &["customer id", "customer"] };

    fn said<T>(result: Result<T, Failure>) -> String {
        match result {
            Err(Failure::Usage(message)) => message,
            Err(Failure::Failed(error)) => error.to_string(),
            Ok(_) => String::new(),
        }
    }

    #[test]
    fn columns_are_found_by_usual_names_or_as_mapped() {
        let headers = ["Customer_ID", "OrderDate", "paid on"].map(str::to_owned);
        let none = Map::parse(&[], &[DATE, ID]).unwrap_or_else(|_| panic!("no entries"));
        assert_eq!(none.get(&headers, &ID).ok(), Some(0));
        assert_eq!(none.get(&headers, &DATE).ok(), Some(1));
        let map = Map::parse(&["date=paid on".to_owned()], &[DATE, ID]);
        assert_eq!(map.unwrap_or(none).get(&headers, &DATE).ok(), Some(2));
    }

    #[test]
    fn what_is_not_found_is_said_with_what_there_is() {
        let headers = ["a".to_owned(), "b".to_owned()];
        let none = Map::parse(&[], &[DATE]).unwrap_or_else(|_| panic!("no entries"));
        let message = said(none.get(&headers, &DATE));
        assert!(message.contains("a, b") && message.contains("--map date=COLUMN"), "{message}");
        assert!(said(Map::parse(&["dat=x".to_owned()], &[DATE])).contains("roles date"));
        let map = Map::parse(&["date=x".to_owned()], &[DATE]).unwrap_or(none);
        assert!(said(map.get(&headers, &DATE)).contains("no such column"));
    }
}
