//! Reading a table of any origin.
//!
//! Owns compression, encoding, delimiters and rows that do not fit. Reads as a stream: the file is
//! never held whole. Refuses to guess where a guess could shift values into other columns.

use crate::cli::Failure;
use csv::{ByteRecord, Reader, ReaderBuilder};
use flate2::read::MultiGzDecoder;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

/// Bytes looked at to tell encoding and delimiter.
const LOOK_AHEAD: usize = 64 * 1024;

/// An open table.
pub struct Table {
    /// The names of the columns.
    pub headers: Vec<String>,
    reader: Reader<Box<dyn Read>>,
    name: String,
    /// Fields that were not UTF-8.
    pub foreign: u64,
    /// Rows with more fields than the header, all of them empty.
    pub wide: u64,
}

/// An error about a file, with the system's reason.
fn unreadable(name: &str, error: std::io::Error) -> Failure {
    Failure::Failed(anyhow::Error::new(error).context(format!("cannot read {name}")))
}

fn unfit(message: String) -> Failure {
    Failure::Failed(anyhow::Error::msg(message))
}

impl Table {
    /// Opens a file, plain or gzipped whatever its name, and reads its header.
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is no text in an encoding that can be read.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| unreadable(&name, error))?;
        let mut file = BufReader::with_capacity(LOOK_AHEAD, file);
        let start = file.fill_buf().map_err(|error| unreadable(&name, error))?;
        if start.is_empty() {
            return Err(unfit(format!(
                "{name} is empty: a table begins with a line of column names"
            )));
        }
        let text: Box<dyn Read> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        Self::of(text, name)
    }

    fn of(mut text: Box<dyn Read>, name: String) -> Result<Self, Failure> {
        let mut start = Vec::with_capacity(LOOK_AHEAD);
        (&mut text)
            .take(LOOK_AHEAD as u64)
            .read_to_end(&mut start)
            .map_err(|error| unreadable(&name, error))?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(unfit(format!(
                "{name} is UTF-16; convert it first: iconv -f UTF-16 -t UTF-8 {name} > utf8.csv"
            )));
        }
        if start.contains(&0) {
            return Err(unfit(format!("{name} is no text: it has bytes of zero")));
        }
        if start.starts_with(&[0xef, 0xbb, 0xbf]) {
            start.drain(..3);
        }
        let delimiter = delimiter(&start);
        let text: Box<dyn Read> = Box::new(std::io::Cursor::new(start).chain(text));
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(1 << 18)
            .from_reader(text);
        let mut first = ByteRecord::new();
        if !read(&mut reader, &mut first, &name)? {
            return Err(unfit(format!(
                "{name} is empty: a table begins with a line of column names"
            )));
        }
        let mut foreign = 0;
        let headers: Vec<String> =
            first.iter().map(|field| decode(field, &mut foreign).trim().to_owned()).collect();
        Ok(Self { headers, reader, name, foreign, wide: 0 })
    }

    /// Reads the next row into `row`, with as many fields as there are columns; `false` at the end.
    ///
    /// # Errors
    /// When the file ends amid a row or a row has another number of fields; the line is named.
    pub fn next(&mut self, row: &mut ByteRecord) -> Result<bool, Failure> {
        if !read(&mut self.reader, row, &self.name)? {
            return Ok(false);
        }
        let width = self.headers.len();
        if row.len() != width {
            let line = row.position().map_or(0, csv::Position::line);
            if row.len() < width || row.iter().skip(width).any(|field| !field.is_empty()) {
                return Err(unfit(format!(
                    "{} line {line}: {} fields where the header has {width}; a value with the \
                     delimiter or a line break in it must stand in quotation marks",
                    self.name,
                    row.len()
                )));
            }
            row.truncate(width);
            self.wide += 1;
        }
        Ok(true)
    }
}

fn read(
    reader: &mut Reader<Box<dyn Read>>,
    row: &mut ByteRecord,
    name: &str,
) -> Result<bool, Failure> {
    reader.read_byte_record(row).map_err(|error| {
        Failure::Failed(anyhow::Error::new(error).context(format!("cannot read {name}")))
    })
}

/// The delimiter that the first line has most of, outside quotation marks.
fn delimiter(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in start.trim_ascii_start() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            byte if !quoted => {
                counts.iter_mut().filter(|(d, _)| d == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts.iter().find(|(_, count)| *count == most).map_or(b',', |(byte, _)| *byte)
}

/// The bytes 0x80 to 0x9f of Windows-1252; the five that it leaves open stay control characters.
const WINDOWS_1252: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2c6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}', '\u{17e}', '\u{178}',
];

/// A field as text: UTF-8 or, where it is not, Windows-1252, which every byte is.
pub fn decode<'a>(field: &'a [u8], foreign: &mut u64) -> Cow<'a, str> {
    if let Ok(text) = std::str::from_utf8(field) {
        return Cow::Borrowed(text);
    }
    *foreign += 1;
    let of_byte = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252.get(usize::from(*byte) - 0x80).copied().unwrap_or('?'),
        byte => char::from(*byte),
    };
    Cow::Owned(field.iter().map(of_byte).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use std::io::Write as _;

    fn open(bytes: &[u8]) -> Result<Table, Failure> {
        Table::of(Box::new(std::io::Cursor::new(bytes.to_vec())), "t.csv".to_owned())
    }

    fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, String> {
        let said = |failure| match failure {
            Failure::Usage(message) => message,
            Failure::Failed(error) => crate::cli::with_causes(&error),
        };
        let mut table = open(bytes).map_err(said)?;
        let mut all = vec![table.headers.clone()];
        let mut row = ByteRecord::new();
        while table.next(&mut row).map_err(said)? {
            all.push(row.iter().map(|f| decode(f, &mut table.foreign).into_owned()).collect());
        }
        Ok(all)
    }

    #[test]
    fn tables_of_any_origin_are_read() {
        for bytes in [
            &b"a,b\n1,2\n"[..],
            b"a;b\r\n1;2\r\n",
            b"a\tb\n1\t2",
            b"a|b\n1|2\n",
            b"\xef\xbb\xbfa,b\n\n1,2\n\n",
            b"\"a\",\"b\"\n\"1\",\"2\"\n",
            b"a,b\n1,2,,\n",
        ] {
            assert_eq!(rows(bytes).unwrap(), [["a", "b"], ["1", "2"]], "{bytes:?}");
        }
        assert_eq!(rows(b"\"a,x\";b\n1;2\n").unwrap()[0], ["a,x", "b"]);
        assert_eq!(rows(b"name\nM\xfcller \x80\n").unwrap()[1], ["M\u{fc}ller \u{20ac}"]);
        assert_eq!(rows(b"a,b\n").unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_read_says_why_and_where() {
        for (bytes, words) in [
            (&b""[..], "is empty"),
            (b"\n\n", "is empty"),
            (b"\xff\xfea\0,\0", "UTF-16"),
            (b"PK\x03\x04\0\0", "no text"),
            (b"a,b\n1,2\n1\n", "line 3: 1 fields where the header has 2"),
            (b"a,b\n1,2,3\n", "line 2: 3 fields"),
            (b"a,b\n\"1,2\n3,4\n", "line 2: 1 fields"),
        ] {
            let message = rows(bytes).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn compressed_files_are_known_by_their_content() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut gz = flate2::write::GzEncoder::new(&file, flate2::Compression::fast());
        gz.write_all(b"a,b\n1,2\n").unwrap();
        gz.finish().unwrap();
        assert_eq!(Table::open(file.path()).map(|t| t.headers).unwrap_or_default(), ["a", "b"]);
        let cut = std::fs::read(file.path()).unwrap();
        std::fs::write(file.path(), &cut[..cut.len() - 9]).unwrap();
        let ended = Table::open(file.path()).and_then(|mut table| {
            let mut row = ByteRecord::new();
            while table.next(&mut row)? {}
            Ok(())
        });
        assert!(ended.is_err(), "a file that ends early is not taken for whole");
    }
}
