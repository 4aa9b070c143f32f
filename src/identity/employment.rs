//! For whom a person works and worked, with dates.
//!
//! Owns how the employers that records name over time become employments of a person. Refuses to
//! merge people with companies: an employment is a tie between two profiles, no more.
//!
//! # Rules
//! - A record's employer begins when the record was created, or when it changed to that employer,
//!   and ends when the record names another or none.
//! - An employer that is still named ends when another record of the same source names another
//!   employer from a later date: a source that keeps two records of a person left the older one
//!   behind.
//! - What several records say of one employer is one employment where their times touch.

use domain::{ProfileId, RecordId, Timestamp};
use std::collections::BTreeMap;

/// An employer as a record names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Employer {
    /// The company, where one is known.
    pub company: Option<ProfileId>,
    /// The name under which employers without a known company are told apart, normalised to a
    /// number; see [`crate::household::name_key`].
    pub name_key: Option<i64>,
    /// The name as written.
    pub name: Option<String>,
}

impl Employer {
    /// What tells employers apart: the company, else the name. `None` when nothing is known.
    fn identity(&self) -> Option<(u8, i64)> {
        self.company.map(|id| (0, id.0)).or_else(|| self.name_key.map(|key| (1, key)))
    }
}

/// What a record said from some time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// From when.
    pub from: Timestamp,
    /// The employers that it named.
    pub employers: Vec<Employer>,
}

/// A record of a person with what it said over time, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordHistory {
    /// The record.
    pub record: RecordId,
    /// Its source.
    pub source: String,
    /// What it said; the last entry is what it says now.
    pub revisions: Vec<Revision>,
}

/// A tie between a person and an employer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employment {
    /// Who the employer is.
    pub employer: Employer,
    /// Since when it is known.
    pub from: Timestamp,
    /// When it ended; `None` while it lasts.
    pub to: Option<Timestamp>,
    /// The records that state it, by id.
    pub records: Vec<RecordId>,
}

/// When a revision was made: the vendor's version where that is a time that fits, else when we saw
/// it. `earliest` is when the record was created, or its revision before.
#[must_use]
pub fn changed_at(version: i64, observed: Timestamp, earliest: Option<Timestamp>) -> Timestamp {
    /// 2000-01-01: smaller versions are sequence numbers.
    const TIMES_BEGIN_MS: i64 = 946_684_800_000;
    let floor = earliest.map_or(TIMES_BEGIN_MS, |at| at.as_millis().max(TIMES_BEGIN_MS));
    let is_time = (floor..=observed.as_millis()).contains(&version);
    if is_time {
        Timestamp::from_millis(version)
    } else {
        observed.max(earliest.unwrap_or(observed))
    }
}

/// One record's time with one employer.
struct Span {
    source: usize,
    employer: Employer,
    identity: (u8, i64),
    from: Timestamp,
    to: Option<Timestamp>,
    record: RecordId,
}

/// The employments of a person, the latest first.
#[must_use]
pub fn employments(records: &[RecordHistory]) -> Vec<Employment> {
    let mut sources: Vec<&str> = records.iter().map(|r| r.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let mut spans: Vec<Span> = Vec::new();
    for record in records {
        let source = sources.iter().position(|name| *name == record.source).unwrap_or(0);
        spans.extend(spans_of(record, source));
    }
    spans.sort_by_key(|a| (a.from, a.identity, a.record));
    replace(&mut spans);
    let mut by_employer: BTreeMap<(u8, i64), Vec<Employment>> = BTreeMap::new();
    for span in spans {
        let known = by_employer.entry(span.identity).or_default();
        match known.last_mut() {
            // Spans come in the order of their beginning, so only the last can touch.
            Some(last) if last.to.is_none_or(|to| span.from <= to) => {
                last.to = match (last.to, span.to) {
                    (Some(a), Some(b)) => Some(a.max(b)),
                    _ => None,
                };
                last.records.push(span.record);
                last.employer.name = last.employer.name.take().or(span.employer.name);
                last.employer.name_key = last.employer.name_key.or(span.employer.name_key);
            }
            _ => known.push(Employment {
                employer: span.employer,
                from: span.from,
                to: span.to,
                records: vec![span.record],
            }),
        }
    }
    let mut all: Vec<(Employment, (u8, i64))> = by_employer
        .into_iter()
        .flat_map(|(identity, list)| list.into_iter().map(move |one| (one, identity)))
        .collect();
    for (one, _) in &mut all {
        one.records.sort_unstable();
        one.records.dedup();
    }
    all.sort_by(|(a, left), (b, right)| {
        let key = |e: &Employment| (e.to.is_none(), e.from);
        key(b).cmp(&key(a)).then(left.cmp(right))
    });
    all.into_iter().map(|(one, _)| one).collect()
}

/// What one record says, as spans.
fn spans_of(record: &RecordHistory, source: usize) -> Vec<Span> {
    let mut open: BTreeMap<(u8, i64), (Timestamp, Employer)> = BTreeMap::new();
    let mut spans = Vec::new();
    let mut close = |identity, from, employer, to| {
        spans.push(Span { source, employer, identity, from, to, record: record.record });
    };
    for revision in &record.revisions {
        let named: BTreeMap<(u8, i64), &Employer> =
            revision.employers.iter().filter_map(|e| Some((e.identity()?, e))).collect();
        let left: Vec<(u8, i64)> =
            open.keys().filter(|k| !named.contains_key(*k)).copied().collect();
        for identity in left {
            if let Some((from, employer)) = open.remove(&identity)
                && from < revision.from
            {
                close(identity, from, employer, Some(revision.from));
            }
        }
        for (identity, employer) in named {
            open.entry(identity).or_insert_with(|| (revision.from, employer.clone()));
        }
    }
    for (identity, (from, employer)) in open {
        close(identity, from, employer, None);
    }
    spans
}

/// Ends what another record of the same source has replaced. `spans` are in order of beginning.
fn replace(spans: &mut [Span]) {
    let ends: Vec<Option<Timestamp>> = spans
        .iter()
        .map(|span| {
            let later = spans.iter().find(|other| {
                other.source == span.source
                    && other.record != span.record
                    && other.identity != span.identity
                    && other.from > span.from
            })?;
            // Unless the record itself names the newer employer too: then the person has both.
            let both = spans
                .iter()
                .any(|other| other.record == span.record && other.identity == later.identity);
            (!both).then_some(later.from)
        })
        .collect();
    for (span, end) in spans.iter_mut().zip(ends) {
        if span.to.is_none() {
            span.to = end;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn day(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn at(company: i64) -> Employer {
        Employer { company: Some(ProfileId(company)), name_key: None, name: None }
    }

    fn named(name: &str) -> Employer {
        Employer {
            company: None,
            name_key: crate::household::name_key(name),
            name: Some(name.to_owned()),
        }
    }

    fn record(id: i64, source: &str, said: &[(&str, &[Employer])]) -> RecordHistory {
        let revisions = said
            .iter()
            .map(|(from, employers)| Revision { from: day(from), employers: employers.to_vec() })
            .collect();
        RecordHistory { record: RecordId(id), source: source.to_owned(), revisions }
    }

    fn told(records: &[RecordHistory]) -> Vec<(Option<i64>, String, Option<String>)> {
        let date = |at: Timestamp| at.to_string().chars().take(10).collect::<String>();
        employments(records)
            .into_iter()
            .map(|e| (e.employer.company.map(|c| c.0), date(e.from), e.to.map(date)))
            .collect()
    }

    #[test]
    fn a_change_of_the_record_ends_one_employment_and_begins_the_next() {
        let crm = record(1, "crm", &[("2020-01-01", &[at(10)]), ("2023-05-01", &[at(20)])]);
        assert_eq!(
            told(&[crm]),
            [
                (Some(20), "2023-05-01".into(), None),
                (Some(10), "2020-01-01".into(), Some("2023-05-01".into())),
            ]
        );
    }

    #[test]
    fn a_later_record_of_the_same_source_replaces_an_older_one_and_other_sources_do_not() {
        let old = record(1, "crm", &[("2020-01-01", &[at(10)])]);
        let new = record(2, "crm", &[("2022-01-01", &[at(20)])]);
        let desk = record(3, "desk", &[("2021-01-01", &[at(30)])]);
        let expected = [
            (Some(20), "2022-01-01".to_owned(), None),
            (Some(30), "2021-01-01".to_owned(), None),
            (Some(10), "2020-01-01".to_owned(), Some("2022-01-01".to_owned())),
        ];
        assert_eq!(told(&[old.clone(), new.clone(), desk.clone()]), expected);
        assert_eq!(told(&[desk, new, old]), expected, "in any order");
    }

    #[test]
    fn two_companies_in_one_record_are_both_current_and_a_return_is_a_second_employment() {
        let both = record(1, "crm", &[("2020-01-01", &[at(10), at(20)])]);
        assert!(employments(&[both]).iter().all(|e| e.to.is_none()));
        let back = record(
            1,
            "crm",
            &[("2020-01-01", &[at(10)]), ("2021-01-01", &[]), ("2022-01-01", &[at(10)])],
        );
        assert_eq!(
            told(&[back]),
            [
                (Some(10), "2022-01-01".into(), None),
                (Some(10), "2020-01-01".into(), Some("2021-01-01".into())),
            ]
        );
    }

    #[test]
    fn what_two_sources_say_of_one_employer_is_one_employment_of_both() {
        let crm = record(1, "crm", &[("2020-01-01", &[named("Acme GmbH")]), ("2022-01-01", &[])]);
        let desk = record(2, "desk", &[("2021-01-01", &[named("ACME")])]);
        let found = employments(&[crm, desk]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].from, found[0].to), (day("2020-01-01"), None));
        assert_eq!(found[0].records, [RecordId(1), RecordId(2)]);
        assert_eq!(found[0].employer.name.as_deref(), Some("Acme GmbH"));
    }

    #[test]
    fn a_version_is_a_date_only_where_it_can_be_one() {
        let seen = day("2024-01-10");
        let created = Some(day("2023-01-01"));
        assert_eq!(changed_at(day("2024-01-02").as_millis(), seen, created), day("2024-01-02"));
        assert_eq!(changed_at(7, seen, created), seen, "a sequence number");
        assert_eq!(changed_at(day("2025-01-01").as_millis(), seen, created), seen, "not yet");
        assert_eq!(changed_at(7, day("2020-01-01"), created), day("2023-01-01"), "never earlier");
    }
}
