//! Where a stream of files stands, and taking in one piece of a file.
//!
//! Owns the state's shape, the decision what of a file must be read, and the bounds on memory.

use super::config::{Key, StreamConfig};
use super::map::{Mapper, Place, Row, line_id};
use super::split::{At, FNV_START, Format, blank, cells, fnv, lines, record_end};
use super::{RECORD_BYTES_MAX, SETTLE_MS};
use crate::collect::Collector;
use crate::field::reject;
use crate::{FetchError, FileMeta};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Most tombstones of one page.
const TOMBSTONES_MAX: u64 = 10_000;
/// From one byte, this often doubled, a piece is larger than any record.
const DOUBLED_MAX: u32 = 24;
/// What is kept of a record that is too large.
const OVERSIZE_KEPT: usize = 1_000;

/// All that is remembered of a stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// Per file, what was read of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Mark>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
}

/// What was read of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mark {
    /// Size and time of writing when it was last read to its end.
    #[serde(default)]
    pub size: u64,
    #[serde(default)]
    pub modified_ms: i64,
    /// Whether nothing is left to read as long as the file does not change.
    #[serde(default)]
    pub ended: bool,
    /// Behind the last record that ended with a line break.
    pub offset: u64,
    /// FNV-1a of everything before `offset`.
    pub hash: u64,
    /// The line that begins at `offset`, from 1.
    pub line: u64,
    /// Records before `offset`, broken ones included, the header not.
    pub rows: u64,
    /// The column names of a CSV file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Vec<String>>,
    /// The record at the end without a line break, if it was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<String>,
    /// Rows that an earlier content of the file had.
    #[serde(default)]
    pub rows_before: u64,
    /// Inside a record that is too large to be held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping: Option<At>,
}

impl Mark {
    fn start() -> Self {
        Self {
            size: 0,
            modified_ms: 0,
            ended: false,
            offset: 0,
            hash: FNV_START,
            line: 1,
            rows: 0,
            header: None,
            tail: None,
            rows_before: 0,
            skipping: None,
        }
    }

    /// From the start again, remembering which rows there were.
    fn again(&self) -> Self {
        let had = self.rows + u64::from(self.tail.is_some());
        Self { rows_before: self.rows_before.max(had), ..Self::start() }
    }

    fn consume(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.hash = fnv(self.hash, bytes);
        self.line += lines(bytes);
    }
}

/// The files still to be read; the first one is being read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Walk {
    pub queue: Vec<FileMeta>,
    /// The check that what was read of the first file is still the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Verify>,
    /// How often the piece was doubled because no record ended in it.
    #[serde(default)]
    pub doubled: u32,
}

impl Walk {
    pub(super) const fn new(queue: Vec<FileMeta>) -> Self {
        Self { queue, verify: None, doubled: 0 }
    }
}

/// A check under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    pub offset: u64,
    pub hash: u64,
}

/// A piece of a file.
pub(super) struct Chunk<'a> {
    pub bytes: &'a [u8],
    /// Size of the whole file.
    pub size: u64,
    pub now_ms: i64,
}

impl State {
    /// What to read next: path, offset, most bytes.
    pub(super) fn read_next(&self, chunk: usize) -> Option<(&str, u64, usize)> {
        let walk = self.walk.as_ref()?;
        let file = walk.queue.first()?;
        let mark = self.files.get(&file.path);
        if let Some(verify) = &walk.verify {
            let left = mark.map_or(0, |m| m.offset.saturating_sub(verify.offset));
            let most = usize::try_from(left).unwrap_or(chunk).min(chunk.max(64 * 1024));
            return Some((&file.path, verify.offset, most));
        }
        let most = chunk
            .saturating_mul(1 << walk.doubled.min(DOUBLED_MAX))
            .min(chunk.max(2 * RECORD_BYTES_MAX));
        Some((&file.path, mark.map_or(0, |m| m.offset), most))
    }

    /// The files that must be read; forgets those that are gone.
    pub(super) fn changed(&mut self, files: &[FileMeta], now_ms: i64) -> Vec<FileMeta> {
        self.files.retain(|path, _| files.iter().any(|f| f.path == *path));
        let must = |file: &&FileMeta| match self.files.get(&file.path) {
            None => true,
            Some(mark) if mark.size != file.size || mark.modified_ms != file.modified_ms => true,
            // The unfinished last line of a file that has rested since.
            Some(mark) => !mark.ended && now_ms.saturating_sub(file.modified_ms) >= SETTLE_MS,
        };
        files.iter().filter(must).cloned().collect()
    }

    /// Prepares the first file of the queue; ends the walk when there is none.
    pub(super) fn open(&mut self) {
        let Some(walk) = &mut self.walk else { return };
        let Some(file) = walk.queue.first() else {
            self.walk = None;
            return;
        };
        walk.doubled = 0;
        walk.verify = None;
        let mark = self.files.entry(file.path.clone()).or_insert_with(Mark::start);
        let same = mark.size == file.size && mark.modified_ms == file.modified_ms;
        mark.ended = false;
        if same || mark.offset == 0 {
            if !same {
                *mark = mark.again();
            }
        } else if file.size < mark.offset {
            *mark = mark.again();
        } else {
            walk.verify = Some(Verify { offset: 0, hash: FNV_START });
        }
    }

    /// The first file is gone.
    pub(super) fn skip_file(&mut self) {
        let Some(walk) = &mut self.walk else { return };
        if !walk.queue.is_empty() {
            let file = walk.queue.remove(0);
            self.files.remove(&file.path);
        }
    }

    /// Takes in a piece of the first file.
    pub(super) fn take(
        &mut self,
        chunk: &Chunk<'_>,
        config: &StreamConfig,
        mapper: &Mapper<'_>,
        out: &mut Collector,
    ) -> Result<(), FetchError> {
        let Some(walk) = &mut self.walk else { return Ok(()) };
        let Some(file) = walk.queue.first() else { return Ok(()) };
        let mark = self.files.entry(file.path.clone()).or_insert_with(Mark::start);
        if let Some(verify) = &mut walk.verify {
            verify.hash = fnv(verify.hash, chunk.bytes);
            verify.offset += chunk.bytes.len() as u64;
            if verify.offset >= mark.offset {
                if verify.offset != mark.offset || verify.hash != mark.hash {
                    *mark = mark.again();
                }
                walk.verify = None;
            } else if chunk.bytes.is_empty() {
                // It shrank under our hands.
                *mark = mark.again();
                walk.verify = None;
            }
            return Ok(());
        }
        if mark.offset > chunk.size {
            *mark = mark.again();
            return Ok(());
        }
        let before = mark.offset;
        let mut reader =
            Reader { file, mark, config, mapper, out, format: config.format_of(&file.path) };
        let rest = reader.records(chunk.bytes)?;
        let at_end = reader.mark.offset + rest.len() as u64 >= chunk.size;
        if !at_end {
            walk.doubled = if mark.offset > before { 0 } else { walk.doubled + 1 };
            if chunk.bytes.is_empty() || walk.doubled > DOUBLED_MAX {
                return Err(FetchError::Transient {
                    status: 0,
                    message: "the file could not be read to its end; is it being replaced?".into(),
                });
            }
            return Ok(());
        }
        let settled =
            chunk.size == file.size && chunk.now_ms.saturating_sub(file.modified_ms) >= SETTLE_MS;
        if !rest.is_empty() && settled {
            reader.tail(rest);
        }
        let waiting = !rest.is_empty() && !settled;
        let rows = mark.rows + u64::from(mark.tail.is_some() || waiting);
        if config.key == Key::Line && mark.rows_before > rows {
            let first = rows.max(mark.rows_before.saturating_sub(TOMBSTONES_MAX));
            for row in first + 1..=mark.rows_before {
                out.tombstone(line_id(&file.path, row), file.modified_ms);
            }
            mark.rows_before = first;
            if first > rows {
                return Ok(());
            }
        }
        mark.rows_before = 0;
        mark.skipping = None;
        mark.size = file.size;
        mark.modified_ms = file.modified_ms;
        mark.ended = !waiting;
        walk.queue.remove(0);
        self.open();
        Ok(())
    }
}

/// Reads the records of one piece.
struct Reader<'r, 'a> {
    file: &'r FileMeta,
    mark: &'r mut Mark,
    config: &'r StreamConfig,
    mapper: &'r Mapper<'a>,
    out: &'r mut Collector,
    format: Format,
}

impl Reader<'_, '_> {
    /// Takes in every record that ends in the piece; returns what is left.
    fn records<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], FetchError> {
        let mut rest = bytes;
        if self.mark.offset == 0 {
            if rest.starts_with(&[0xFF, 0xFE]) || rest.starts_with(&[0xFE, 0xFF]) {
                return Err(FetchError::Malformed {
                    message: format!("{}: is UTF-16; save it as UTF-8", self.file.path),
                });
            }
            if rest.starts_with(&[0xEF, 0xBB, 0xBF]) {
                rest = self.skip(rest, 3);
            }
        }
        if let Some(at) = self.mark.skipping {
            match record_end(rest, self.format, at) {
                Ok(end) => {
                    self.mark.skipping = None;
                    rest = self.skip(rest, end);
                }
                Err(at) => {
                    self.mark.skipping = Some(at);
                    return Ok(self.skip(rest, rest.len()));
                }
            }
        }
        let mut columns = self.columns();
        loop {
            rest = self.skip(rest, blank(rest));
            match record_end(rest, self.format, At::CellStart) {
                Ok(end) => {
                    let record = rest.get(..end).unwrap_or_default();
                    let is_header = self.is_header();
                    self.record(record, &columns);
                    rest = self.skip(rest, end);
                    if is_header {
                        columns = self.columns();
                    }
                }
                Err(at) if rest.len() > RECORD_BYTES_MAX => {
                    self.oversize(rest);
                    self.mark.skipping = Some(at);
                    return Ok(self.skip(rest, rest.len()));
                }
                Err(_) => return Ok(rest),
            }
        }
    }

    /// Uses the last record, which has no line break. The position stays before it: if the file
    /// grows, the record is read again, whole.
    fn tail(&mut self, record: &[u8]) {
        let (rows, header) = (self.mark.rows, self.mark.header.clone());
        if matches!(record_end(record, self.format, At::CellStart), Err(At::Quoted)) {
            let why = "the quote that opens here is never closed";
            self.refuse(None, why, &String::from_utf8_lossy(record));
            self.mark.tail = None;
            return;
        }
        let columns = self.columns();
        let id = self.record(record, &columns);
        self.mark.tail = id.or_else(|| self.mark.tail.take());
        self.mark.rows = rows;
        self.mark.header = header;
    }

    fn skip<'b>(&mut self, bytes: &'b [u8], count: usize) -> &'b [u8] {
        let (taken, rest) = bytes.split_at(count.min(bytes.len()));
        self.mark.consume(taken);
        rest
    }

    fn is_header(&self) -> bool {
        self.format != Format::Jsonl && self.mark.header.is_none()
    }

    /// The positions of the columns.
    fn columns(&self) -> HashMap<String, usize> {
        let names = self.mark.header.as_deref().unwrap_or_default();
        names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect()
    }

    fn refuse(&mut self, id: Option<String>, why: &str, payload: &str) {
        let reason = format!("{} line {}: {why}", self.file.path, self.mark.line);
        let payload = if serde_json::from_str::<serde::de::IgnoredAny>(payload).is_ok() {
            payload.to_owned()
        } else {
            serde_json::Value::from(payload).to_string()
        };
        self.out.reject(reject(id, reason, &payload));
    }

    fn oversize(&mut self, record: &[u8]) {
        let why = format!("the record is larger than {RECORD_BYTES_MAX} bytes");
        let head = record.get(..record.len().min(OVERSIZE_KEPT)).unwrap_or_default();
        self.refuse(None, &why, &String::from_utf8_lossy(head));
        self.mark.rows += 1;
    }

    /// Takes in one record; returns its id if it was used.
    fn record(&mut self, record: &[u8], columns: &HashMap<String, usize>) -> Option<String> {
        if record.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        if record.len() > RECORD_BYTES_MAX {
            self.oversize(record);
            return None;
        }
        let Ok(text) = std::str::from_utf8(record) else {
            if !self.is_header() {
                self.mark.rows += 1;
            }
            let lossy = String::from_utf8_lossy(record).into_owned();
            self.refuse(None, "is not UTF-8; save the file as UTF-8", &lossy);
            return None;
        };
        match self.format {
            Format::Jsonl => {
                self.mark.rows += 1;
                let json = text.trim();
                match Row::of_json(json) {
                    Ok(row) => self.row(&row, json),
                    Err(why) => {
                        self.refuse(None, &why, json);
                        None
                    }
                }
            }
            Format::Csv { delimiter } => {
                let cells = cells(text, delimiter);
                let Some(header) = self.mark.header.clone() else {
                    self.header(cells);
                    return None;
                };
                self.mark.rows += 1;
                if header.is_empty() {
                    return None;
                }
                let json = row_json(&header, &cells);
                if cells.len() != header.len() {
                    let why = format!("has {} cells, the header has {}", cells.len(), header.len());
                    self.refuse(None, &why, &json);
                    return None;
                }
                self.row(&Row::Cells { columns, cells: &cells }, &json)
            }
        }
    }

    /// Takes in the header. One that cannot be used makes the file's rows be passed over until the
    /// file changes; the header stands in quarantine.
    fn header(&mut self, names: Vec<String>) {
        let names: Vec<String> = names.iter().map(|n| n.trim().to_owned()).collect();
        let mut wrong: Vec<String> = Vec::new();
        for needed in self.config.columns() {
            let found = names.iter().filter(|n| *n == needed).count();
            if found == 0 {
                let hint = crate::text::did_you_mean(needed, names.iter().map(String::as_str));
                wrong.push(format!("has no column \"{needed}\"{hint}"));
            } else if found > 1 {
                wrong.push(format!("names the column \"{needed}\" {found} times"));
            }
        }
        wrong.dedup();
        if wrong.is_empty() {
            self.mark.header = Some(names);
        } else {
            let why = format!("the header {}; the file is passed over", wrong.join(", "));
            let payload = serde_json::Value::from(names).to_string();
            self.refuse(None, &why, &payload);
            self.mark.header = Some(Vec::new());
        }
    }

    fn row(&mut self, row: &Row<'_>, json: &str) -> Option<String> {
        let place = Place {
            path: &self.file.path,
            ordinal: self.mark.rows,
            modified_ms: self.file.modified_ms,
        };
        let mapped = match self.mapper.id(row, json, &place) {
            Ok(id) => match self.mapper.version(row, &place) {
                Ok(version) => {
                    self.mapper.map(row, json, id.clone(), version).map_err(|why| (Some(id), why))
                }
                Err(why) => Err((Some(id), why)),
            },
            Err(why) => Err((None, why)),
        };
        match mapped {
            Ok(mut mapped) => {
                let line = self.mark.line;
                let place = |why: String| format!("{} line {line}: {why}", self.file.path);
                mapped.complaint = mapped.complaint.map(place);
                let id = mapped.record.external_id.clone();
                // The same row was used before it was complete, perhaps under another name.
                if let Some(tail) = self.mark.tail.take().filter(|tail| *tail != id) {
                    self.out.tombstone(tail, self.file.modified_ms);
                }
                self.out.add(Ok(mapped));
                Some(id)
            }
            Err((id, why)) => {
                self.refuse(id, &why, json);
                None
            }
        }
    }
}

/// A CSV row as a JSON object of texts: what is stored as received.
fn row_json(header: &[String], cells: &[String]) -> String {
    let mut json = String::with_capacity(cells.iter().map(|c| c.len() + 16).sum());
    json.push('{');
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        let name = header.get(at).map_or_else(|| format!("column {}", at + 1), Clone::clone);
        // Writing a text as JSON cannot fail.
        json.push_str(&serde_json::Value::String(name).to_string());
        json.push(':');
        json.push_str(&serde_json::Value::from(cell.as_str()).to_string());
    }
    json.push('}');
    json
}
