//! What files do to a reader.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::{Files, RECORD_BYTES_MAX, files};
use crate::testing::{Synced, at, contact, sync};
use crate::{Connector, Fetch, FetchError, FileMeta, Response, StreamState};
use domain::{Canonical, Currency, LinkRole, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NOW: &str = "2026-06-01T12:00:00Z";

/// Files in memory: content and time of writing.
#[derive(Clone, Default)]
struct Disk(BTreeMap<String, (Vec<u8>, i64)>);

impl Disk {
    fn of(path: &str, content: impl AsRef<[u8]>) -> Self {
        let mut disk = Self::default();
        disk.write(path, content, "2026-05-01");
        disk
    }
    fn write(&mut self, path: &str, content: impl AsRef<[u8]>, when: &str) {
        self.0.insert(path.into(), (content.as_ref().to_vec(), at(when).as_millis()));
    }
    fn answer(&self, fetch: &Fetch) -> Response {
        match fetch {
            Fetch::ListFiles { .. } => {
                let meta = |(path, (bytes, modified_ms)): (&String, &(Vec<u8>, i64))| FileMeta {
                    path: path.clone(),
                    size: bytes.len() as u64,
                    modified_ms: *modified_ms,
                };
                Response::Files(self.0.iter().map(meta).collect())
            }
            Fetch::ReadFile { path, offset, max_bytes } => match self.0.get(path) {
                None => Response::Missing { path: path.clone() },
                Some((bytes, _)) => {
                    let start = (*offset as usize).min(bytes.len());
                    let end = start.saturating_add(*max_bytes).min(bytes.len());
                    Response::Chunk { bytes: bytes[start..end].to_vec(), size: bytes.len() as u64 }
                }
            },
            Fetch::Http(_) => panic!("no HTTP"),
        }
    }
    fn sync(&self, files: &Files, state: &StreamState) -> Synced {
        self.sync_at(files, state, at(NOW))
    }
    fn sync_at(&self, files: &Files, state: &StreamState, now: Timestamp) -> Synced {
        let stream = files.streams()[0].name.clone();
        sync(files, &stream, state, now, &mut |fetch| self.answer(fetch)).unwrap()
    }
}

fn source(stream: Value, chunk: usize) -> Files {
    files("f", &json!({ "streams": [stream] }), chunk).unwrap()
}

fn contacts(chunk: usize) -> Files {
    let stream = json!({ "name": "people", "path": "p*", "kind": "contact", "key": "id",
        "mapping": { "email": "mail", "full_name": "name" } });
    source(stream, chunk)
}

fn spend() -> Files {
    let stream = json!({ "name": "spend", "path": "*.csv", "kind": "spend",
        "mapping": { "day": "date", "amount": "cost", "currency": { "value": "EUR" },
                     "channel": { "column": "channel", "values": { "Ads": "paid_search" } } } });
    source(stream, 1 << 20)
}

fn amounts(synced: &Synced) -> BTreeMap<String, String> {
    let amount = |record: &domain::SourceRecord| match &record.canonical[0] {
        Canonical::Spend(s) => s.amount.to_major_string(),
        _ => panic!(),
    };
    synced.stored().iter().map(|(id, record)| (id.clone(), amount(record))).collect()
}

#[test]
fn quoted_line_breaks_windows_line_ends_and_a_byte_order_mark_are_read() {
    let disk = Disk::of(
        "p.csv",
        "\u{feff}id,name,mail\r\n1,\"Ann\nBerg\",a@x.example\r\n\r\n2,\"O\"\"Neil, Bo\",\r\n",
    );
    let synced = disk.sync(&contacts(1 << 20), &StreamState::default());
    assert_eq!(synced.ids(), ["1", "2"]);
    assert_eq!(contact(synced.record("1")).full_name.as_ref().unwrap().expose(), "Ann\nBerg");
    assert_eq!(contact(synced.record("2")).full_name.as_ref().unwrap().expose(), "O\"Neil, Bo");
    assert!(contact(synced.record("2")).emails.is_empty());
    assert_eq!(
        synced.record("1").payload.expose(),
        "{\"id\":\"1\",\"name\":\"Ann\\nBerg\",\"mail\":\"a@x.example\"}"
    );
    assert_eq!(synced.record("1").version, at("2026-05-01").as_millis());
    assert_eq!(synced.record("1").identifiers[0].value.expose(), "f.people:1");
}

#[test]
fn an_unchanged_file_is_not_read_again() {
    let disk = Disk::of("p.csv", "id,name,mail\n1,A,a@x.example\n");
    let files = contacts(1 << 20);
    let first = disk.sync(&files, &StreamState::default());
    let second = disk.sync(&files, &first.state);
    assert_eq!(second.fetches.len(), 1);
    assert!(second.records.is_empty());
}

#[test]
fn a_file_that_grew_goes_on_where_it_was_left() {
    let mut disk = Disk::of("p.csv", "id,name,mail\n1,A,a@x.example\n");
    let files = contacts(1 << 20);
    let first = disk.sync(&files, &StreamState::default());
    disk.write("p.csv", "id,name,mail\n1,A,a@x.example\n2,B,b@x.example\n", "2026-05-02");
    let second = disk.sync(&files, &first.state);
    assert_eq!(second.ids(), ["2"]);
    assert!(disk.sync(&files, &second.state).records.is_empty());
}

#[test]
fn a_replaced_file_is_read_anew_even_if_it_is_longer() {
    let mut disk = Disk::of("p.csv", "id,name,mail\n1,A,a@x.example\n");
    let files = contacts(1 << 20);
    let first = disk.sync(&files, &StreamState::default());
    disk.write("p.csv", "id,mail,name\n3,c@x.example,C\n4,d@x.example,D\n", "2026-05-02");
    let second = disk.sync(&files, &first.state);
    assert_eq!(second.ids(), ["3", "4"]);
    assert_eq!(contact(second.record("3")).emails[0].expose(), "c@x.example");
    disk.write("p.csv", "id,mail,name\n5,,E\n", "2026-05-03");
    assert_eq!(disk.sync(&files, &second.state).ids(), ["5"]);
}

#[test]
fn a_last_line_without_a_line_break_waits_until_the_file_rests_and_is_replaced_if_it_grows() {
    let mut disk = Disk::default();
    disk.write("p.csv", "id,name,mail\n1,A,a@x.example\n2,Bo", "2026-06-01T11:59:58Z");
    let files = contacts(1 << 20);
    let first = disk.sync(&files, &StreamState::default());
    assert_eq!(first.ids(), ["1"]);
    assert!(first.rejects.is_empty());
    // it rests: the line is used (and has too few cells)
    let later = disk.sync_at(&files, &first.state, at("2026-06-01T12:05:00Z"));
    assert_eq!((later.ids().len(), later.rejects.len()), (0, 1));
    // it grows after all: the whole line is read
    disk.write("p.csv", "id,name,mail\n1,A,a@x.example\n2,Bob,b@x.example", "2026-06-01T12:06:00Z");
    let grown = disk.sync_at(&files, &later.state, at("2026-06-01T12:10:00Z"));
    assert_eq!(grown.ids(), ["2"]);
    assert_eq!(contact(grown.record("2")).full_name.as_ref().unwrap().expose(), "Bob");
    disk.write(
        "p.csv",
        "id,name,mail\n1,A,a@x.example\n2,Bob,b@x.example.org\n",
        "2026-06-01T12:16:00Z",
    );
    let grown = disk.sync_at(&files, &grown.state, at("2026-06-01T12:20:00Z"));
    assert_eq!(contact(grown.record("2")).emails[0].expose(), "b@x.example.org");
}

#[test]
fn an_unfinished_row_used_under_another_name_is_taken_back() {
    let stream = json!({ "name": "s", "path": "p*", "kind": "contact", "key": "row", "mapping": { "email": "m" } });
    let files = source(stream, 1 << 20);
    let mut disk = Disk::of("p.jsonl", "{\"m\":\"a\"}\n{\"m\":\"b\"}");
    let first = disk.sync(&files, &StreamState::default());
    assert_eq!(first.records.len(), 2);
    disk.write("p.jsonl", "{\"m\":\"a\"}\n{\"m\":\"b\"} \n{\"m\":\"c\"}\n", "2026-05-02");
    let same = disk.sync(&files, &first.state);
    assert!(same.tombstones.is_empty());
    disk.write("p.jsonl", "{\"m\":\"a\"}\n{\"m\":\"b\"}", "2026-05-03");
    let shorter = disk.sync(&files, &StreamState::default());
    disk.write("p.jsonl", "{\"m\":\"a\"}\n{\"m\":\"b\"}{", "2026-05-04");
    let broken = disk.sync(&files, &shorter.state);
    assert_eq!(broken.rejects.len(), 1);
}

#[test]
fn a_restated_spend_file_replaces_its_rows_and_takes_back_those_that_are_gone() {
    let mut disk = Disk::of(
        "s.csv",
        "date,channel,cost\n2026-01-01,Ads,10\n2026-01-02,Ads,20\n2026-01-02,Ads,20\n",
    );
    let files = spend();
    let first = disk.sync(&files, &StreamState::default());
    assert_eq!(amounts(&first).values().collect::<Vec<_>>(), ["10.00", "20.00", "20.00"]);
    let Canonical::Spend(s) = &first.records[0].canonical[0] else { panic!() };
    assert_eq!(
        (s.channel.as_deref(), s.day.to_string().as_str()),
        (Some("paid_search"), "2026-01-01")
    );
    disk.write("s.csv", "date,channel,cost\n2026-01-01,Ads,11\n2026-01-02,Ads,20\n", "2026-05-02");
    let second = disk.sync(&files, &first.state);
    let mut both = Synced::default();
    both.records.extend(first.records.iter().chain(&second.records).cloned());
    both.tombstones.extend(second.tombstones.clone());
    assert_eq!(amounts(&both).values().collect::<Vec<_>>(), ["11.00", "20.00"]);
}

#[test]
fn a_broken_row_waits_in_quarantine_with_its_line_and_column_and_the_rest_is_read() {
    let disk = Disk::of("s.csv", b"date,channel,cost\n2026-01-01,Ads,ten\n2026-01-01,Ads\n2026-13-01,Ads,1\n\xff\xfe,Ads,1\n2026-01-02,\"a\nb\",3\n2026-01-03,Ads,1.005\n");
    let synced = disk.sync(&spend(), &StreamState::default());
    assert_eq!(amounts(&synced).values().collect::<Vec<_>>(), ["3.00"]);
    let reasons: Vec<&str> = synced.rejects.iter().map(|r| r.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "s.csv line 2: column \"cost\" (amount): not a decimal amount",
            "s.csv line 3: has 2 cells, the header has 3",
            "s.csv line 4: column \"date\" (day): is not a date such as 2026-01-31",
            "s.csv line 5: is not UTF-8; save the file as UTF-8",
            "s.csv line 8: column \"cost\" (amount): more decimal places than the currency has",
        ]
    );
    for reject in &synced.rejects {
        serde_json::from_str::<Value>(reject.payload.expose()).unwrap();
    }
}

#[test]
fn a_record_larger_than_the_limit_is_skipped_with_bounded_pieces_and_the_next_one_is_read() {
    let huge = "x".repeat(3 * RECORD_BYTES_MAX);
    let disk =
        Disk::of("p.csv", format!("id,name,mail\n1,\"{huge}\n,\"\"{huge}\",m\n2,B,b@x.example\n"));
    for chunk in [1 << 20, 100_000] {
        let files = contacts(chunk);
        let synced = disk.sync(&files, &StreamState::default());
        assert_eq!(synced.ids(), ["2"]);
        assert_eq!(synced.rejects.len(), 1);
        assert!(synced.rejects[0].reason.contains("larger than"), "{}", synced.rejects[0].reason);
        assert!(synced.rejects[0].payload.expose().len() < 2_000);
        for fetch in &synced.fetches {
            if let Fetch::ReadFile { max_bytes, .. } = fetch {
                assert!(*max_bytes <= 2 * RECORD_BYTES_MAX);
            }
        }
    }
}

#[test]
fn a_header_without_a_needed_column_is_quarantined_with_a_suggestion_and_other_files_are_read() {
    let mut disk = Disk::of("p1.csv", "id,nam,mail\n1,A,\n");
    disk.write("p2.csv", "id,name,mail\n2,B,\n", "2026-05-01");
    let files = contacts(1 << 20);
    let synced = disk.sync(&files, &StreamState::default());
    assert_eq!(synced.ids(), ["2"]);
    assert!(
        synced.rejects[0]
            .reason
            .contains("p1.csv line 1: the header has no column \"name\"; did you mean \"nam\"?"),
        "{}",
        synced.rejects[0].reason
    );
    // corrected, it is read
    disk.write("p1.csv", "id,name,mail\n1,A,\n", "2026-05-02");
    assert_eq!(disk.sync(&files, &synced.state).ids(), ["1"]);
}

#[test]
fn json_lines_are_kept_as_received_and_read_by_path() {
    let stream = json!({ "name": "answers", "path": "a", "format": "jsonl", "kind": "survey_response", "key": ["id", "at"],
        "mapping": { "survey": { "value": "nps" }, "score": "answer.score", "responded_at": "at",
                     "contact": { "column": "who", "to": "hubspot.contacts" } } });
    let files = source(stream, 1 << 20);
    let line = r#"{ "id": 1,"answer":{"score":9} , "at":"2026-01-01", "who":"101"}"#;
    let disk = Disk::of(
        "a",
        format!("{line}\nnot json\n{}\n", line.replace('9', "11").replace(": 1,", ": 2,")),
    );
    let synced = disk.sync(&files, &StreamState::default());
    assert_eq!(synced.ids(), ["1|2026-01-01"]);
    assert_eq!(synced.records[0].payload.expose(), line);
    let Canonical::SurveyResponse(s) = &synced.records[0].canonical[0] else { panic!() };
    assert_eq!(
        (s.score, s.links[0].role, s.links[0].target.to_string().as_str()),
        (9, LinkRole::Contact, "hubspot/contacts/101")
    );
    let reasons: Vec<&str> = synced.rejects.iter().map(|r| r.reason.as_str()).collect();
    assert!(reasons[0].starts_with("a line 2: record: not valid JSON"), "{reasons:?}");
    assert!(reasons[1].contains("NPS 0 to 10"), "{reasons:?}");
    let again = files.map_payload(
        "answers",
        "1|2026-01-01",
        &synced.records[0].payload,
        synced.records[0].version,
    );
    assert_eq!(&again.unwrap(), &synced.records[0]);
}

#[test]
fn an_unknown_status_word_is_kept_without_meaning_until_the_mapping_knows_it() {
    let stream = |values: Value| {
        json!({ "name": "d", "path": "d", "kind": "deal", "key": "id",
        "mapping": { "status": { "column": "state", "values": values }, "amount_minor": "cents", "currency": "cur" } })
    };
    let disk = Disk::of("d", "id,state,cents,cur\n1,gewonnen,1250,eur\n");
    let unknown = disk.sync(&source(stream(json!({})), 1 << 20), &StreamState::default());
    assert!(unknown.record("1").canonical.is_empty());
    assert!(unknown.rejects[0].reason.contains("add it to `values`"));
    let known = source(stream(json!({ "gewonnen": "won" })), 1 << 20);
    let record = known.map_payload("d", "1", &unknown.record("1").payload, 1).unwrap();
    assert!(
        matches!(&record.canonical[0], Canonical::Deal(d) if d.amount.unwrap().to_string() == "12.50 EUR")
    );
}

#[test]
fn a_file_in_another_encoding_or_gone_meanwhile_is_no_riddle() {
    let files = contacts(1 << 20);
    let disk = Disk::of("p.csv", [0xFF, 0xFE, b'i', 0]);
    let error = sync(&files, "people", &StreamState::default(), at(NOW), &mut |f| disk.answer(f));
    assert!(
        matches!(error.unwrap_err(), FetchError::Malformed { message } if message.contains("UTF-16"))
    );
    let synced =
        sync(&files, "people", &StreamState::default(), at(NOW), &mut |fetch| match fetch {
            Fetch::ReadFile { path, .. } => Response::Missing { path: path.clone() },
            other => disk.answer(other),
        });
    assert!(synced.unwrap().records.is_empty());
    let none = files.judge(&Response::Files(Vec::new()), at(NOW)).unwrap_err();
    assert!(none.to_string().contains("no file matches"));
}

#[test]
fn every_mistake_in_a_mapping_is_reported_at_once() {
    let wrong = json!({ "streams": [
        { "name": "a b", "path": "x", "kind": "spnd", "delimiter": ";;", "mapping": {} },
        { "name": "s", "path": "x", "kind": "spend", "pth": 1, "mapping": { "dya": "d", "amount": { "colum": "c" }, "currency": { "value": "EURO" } } },
        { "name": "s2", "path": "x", "kind": "deal", "mapping": { "status": "s", "contact": "c", "amount": "a" } },
    ] });
    let found: Vec<String> = files("f", &wrong, 1)
        .err()
        .unwrap()
        .into_iter()
        .map(|p| format!("{}: {}", p.key, p.message))
        .collect();
    for part in [
        "streams[0].name: may hold letters",
        "streams[0].kind: is not one of contact",
        "streams[0].delimiter: is not one ASCII",
        "streams[1].pth: is not a known key; did you mean \"path\"?",
        "streams[1].mapping.dya: is not a field of a spend; did you mean \"day\"?",
        "streams[1].mapping.day: is missing",
        "streams[1].mapping.amount: needs either `column` or `value`",
        "streams[1].mapping.amount.colum: is not a known key; did you mean \"column\"?",
        "streams[1].mapping.currency: is not an ISO 4217",
        "streams[2].key: is missing",
        "streams[2].mapping.contact: needs `to",
        "streams[2].mapping.currency: is missing",
    ] {
        assert!(found.iter().any(|p| p.starts_with(part)), "{part} in {found:#?}");
    }
}

fn rows() -> impl Strategy<Value = Vec<(String, String)>> {
    let cell = prop_oneof!["[a-zé ]{0,9}", "[a,\"\r\n;]{0,7}"];
    proptest::collection::vec((cell.clone(), cell), 0..12)
}

fn csv_text(rows: &[(String, String)], line_end: &str, last: bool) -> String {
    let quote = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let mut text = format!("id,name,mail{line_end}");
    for (at, (name, mail)) in rows.iter().enumerate() {
        text.push_str(&format!("{at},{},{}", quote(name), quote(mail)));
        if last || at + 1 < rows.len() {
            text.push_str(line_end);
        }
    }
    text
}

proptest! {
    #[test]
    fn any_size_of_piece_gives_the_same_records(
        rows in rows(), chunk in 1usize..40, crlf in any::<bool>(), last in any::<bool>()
    ) {
        let text = csv_text(&rows, if crlf { "\r\n" } else { "\n" }, last);
        let disk = Disk::of("p.csv", &text);
        let whole = disk.sync(&contacts(1 << 20), &StreamState::default());
        let pieces = disk.sync(&contacts(chunk), &StreamState::default());
        prop_assert_eq!(&whole.records, &pieces.records);
        prop_assert_eq!(&whole.rejects, &pieces.rejects);
        prop_assert_eq!(&whole.state, &pieces.state);
        prop_assert_eq!(whole.records.len(), rows.len());
        for (record, (name, _)) in whole.records.iter().zip(&rows) {
            let read = contact(record).full_name.as_ref().map_or("", |n| n.expose());
            prop_assert_eq!(read, name.trim());
        }
    }

    #[test]
    fn a_file_read_while_it_grows_gives_the_same_records_as_read_once(
        rows in rows(), cuts in proptest::collection::vec(0usize..400, 0..4), chunk in 1usize..60
    ) {
        let text = csv_text(&rows, "\n", true);
        let files = contacts(chunk);
        let whole = Disk::of("p.csv", &text).sync(&files, &StreamState::default());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(text.len())).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let mut disk = Disk::default();
        let mut state = StreamState::default();
        let mut all = Synced::default();
        for (turn, cut) in cuts.iter().enumerate() {
            // each piece was just written: the unfinished line waits
            disk.0.insert("p.csv".into(), (text.as_bytes()[..*cut].to_vec(), at(NOW).as_millis() + turn as i64));
            let synced = disk.sync(&files, &state);
            all.records.extend(synced.records);
            all.rejects.extend(synced.rejects);
            state = synced.state;
        }
        let names = |s: &Synced| s.records.iter().map(|r| (r.external_id.clone(), r.payload.clone())).collect::<Vec<_>>();
        prop_assert_eq!(names(&all), names(&whole));
        prop_assert!(all.rejects.is_empty());
    }

    #[test]
    fn any_bytes_end_in_records_and_rejects_and_never_in_an_endless_walk(
        bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\n'), Just(b','), any::<u8>()], 0..200),
        chunk in 1usize..50
    ) {
        let mut text = b"id,name,mail\n".to_vec();
        text.extend(bytes);
        let synced = Disk::of("p.csv", text).sync(&contacts(chunk), &StreamState::default());
        prop_assert!(synced.state.0.get("walk").is_none());
    }
}

#[test]
fn exchange_rates_are_read_exactly_and_mistakes_are_told_by_line() {
    let stream = json!({ "name": "rates", "path": "r.csv", "kind": "exchange_rate", "key": ["Date", "Currency"],
        "mapping": { "day": "Date", "base": { "value": "EUR" }, "quote": "Currency", "rate": "Rate" } });
    let files = source(stream, 1 << 20);
    let table = "Date,Currency,Rate\n2026-01-02,USD,1.08250\n2026-01-02,jpy,160.5\n2026-01-03,USD,N/A\n\
                 2026-01-03,XYZ1,2\n2026-13-03,USD,2\n2026-01-03,EUR,1\n2026-01-03,GBP,-1\n";
    let synced = Disk::of("r.csv", table).sync(&files, &StreamState::default());
    let rates: Vec<(String, String, String, String)> = synced
        .records
        .iter()
        .filter_map(|record| match record.canonical.first() {
            Some(Canonical::ExchangeRate(r)) => {
                let code = |c: Currency| c.code().to_owned();
                Some((r.day.to_string(), code(r.base), code(r.quote), r.rate.to_string()))
            }
            _ => None,
        })
        .collect();
    let text = |s: &str| s.to_owned();
    assert_eq!(
        rates,
        [
            (text("2026-01-02"), text("EUR"), text("USD"), text("1.0825")),
            (text("2026-01-02"), text("EUR"), text("JPY"), text("160.5")),
        ]
    );
    let reasons: Vec<&str> = synced.rejects.iter().map(|r| r.reason.as_str()).collect();
    for (line, why) in [
        (4, "not a plain decimal above zero"),
        (5, "not an ISO 4217 code"),
        (6, "not a date"),
        (7, "is the base itself"),
        (8, "not a plain decimal above zero"),
    ] {
        let told = |r: &&str| r.contains(&format!("line {line}:")) && r.contains(why);
        assert!(reasons.iter().any(told), "{line} {why}: {reasons:#?}");
    }
    // A restated table gives the same record another value.
    let again = Disk::of("r.csv", "Date,Currency,Rate\n2026-01-02,USD,1.09\n");
    assert_eq!(again.sync(&files, &StreamState::default()).ids(), [synced.ids()[0]]);
}

#[test]
fn uses_of_the_product_and_first_replies_are_read() {
    let stream = json!({ "name": "usage", "path": "u.jsonl", "kind": "usage_event", "key": "id",
        "mapping": { "used_at": "at", "action": "event.name", "quantity": "n",
                     "contact": { "column": "user", "to": "hubspot.contacts" } } });
    let lines = r#"{"id":1,"at":"2026-03-01T10:00:00Z","event":{"name":"report_opened"},"n":3,"user":"7"}
{"id":2,"at":"soon","event":{"name":"report_opened"},"user":"7"}
"#;
    let synced = Disk::of("u.jsonl", lines).sync(&source(stream, 1 << 20), &StreamState::default());
    let Canonical::UsageEvent(used) = &synced.record("1").canonical[0] else { panic!() };
    assert_eq!((used.action.as_deref(), used.quantity), (Some("report_opened"), Some(3)));
    assert_eq!(used.used_at, Timestamp::parse("2026-03-01T10:00:00Z"));
    assert_eq!(used.links[0].target.to_string(), "hubspot/contacts/7");
    assert!(synced.rejects[0].reason.contains("(used_at): is not a time"), "{:?}", synced.rejects);
    let stream = json!({ "name": "t", "path": "t.csv", "kind": "ticket", "key": "id",
        "mapping": { "status": "state", "created_at": "opened", "first_replied_at": "answered" } });
    let table = "id,state,opened,answered\n1,open,2026-03-01T10:00:00Z,2026-03-01T11:00:00Z\n";
    let synced = Disk::of("t.csv", table).sync(&source(stream, 1 << 20), &StreamState::default());
    let Canonical::Ticket(ticket) = &synced.record("1").canonical[0] else { panic!() };
    assert_eq!(ticket.first_replied_at, Timestamp::parse("2026-03-01T11:00:00Z"));
}
