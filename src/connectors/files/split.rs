//! Cutting a stream of bytes into records.
//!
//! Owns where a record of CSV (RFC 4180, any of LF, CRLF and CR, quotes only at the start of a
//! cell) or of JSON lines ends. Works on any piece of a file: a record whose end is not in the piece
//! is reported as partial. Refuses to interpret what is in a record.

use serde::{Deserialize, Serialize};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Csv { delimiter: u8 },
    Jsonl,
}

/// Where in a record the scanner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum At {
    /// At the start of a cell.
    #[default]
    CellStart,
    /// In a cell without quotes, or behind a closing quote.
    Plain,
    /// Between quotes.
    Quoted,
    /// Behind a quote that closes the cell or escapes the next one.
    Quote,
}

/// Finds the end of the record that `bytes` are in: the position of its line break. `Err` is where
/// the scanner stands when there is none.
pub(super) fn record_end(bytes: &[u8], format: Format, mut at: At) -> Result<usize, At> {
    let Format::Csv { delimiter } = format else {
        return bytes.iter().position(|b| *b == b'\n').ok_or(At::Plain);
    };
    for (position, &byte) in bytes.iter().enumerate() {
        at = match (at, byte) {
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) => At::Quoted,
            (_, b'\n' | b'\r') => return Ok(position),
            (_, b) if b == delimiter => At::CellStart,
            (At::CellStart | At::Quote, b'"') => At::Quoted,
            _ => At::Plain,
        };
    }
    Err(at)
}

/// The number of line breaks and blanks between records at the start of `bytes`.
pub(super) fn blank(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| matches!(b, b'\n' | b'\r')).count()
}

/// The number of lines that end in `bytes`.
pub(super) fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b == b'\n').count() as u64
}

/// The cells of one whole CSV record.
pub(super) fn cells(record: &str, delimiter: u8) -> Vec<String> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut cells, mut cell) = (Vec::new(), Vec::new());
    let mut input = record.as_bytes();
    let mut output = [0u8; 4096];
    loop {
        let (result, read, written) = reader.read_field(input, &mut output);
        cell.extend_from_slice(output.get(..written).unwrap_or_default());
        input = input.get(read..).unwrap_or_default();
        match result {
            // An empty input after this says that the record is over.
            csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
            csv_core::ReadFieldResult::Field { record_end } => {
                cells.push(String::from_utf8_lossy(&std::mem::take(&mut cell)).into_owned());
                if record_end {
                    return cells;
                }
            }
            csv_core::ReadFieldResult::End => return cells,
        }
    }
}

/// FNV-1a, a hash whose state is one number: it can be kept between pieces of a file.
pub(super) const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// Goes on hashing.
pub(super) fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash ^= u64::from(*byte);
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: Format = Format::Csv { delimiter: b',' };

    #[test]
    fn line_breaks_between_quotes_do_not_end_a_record() {
        for (text, end) in [
            ("a,b\nc", Ok(3)),
            ("\"a\n\",b\r\n", Ok(6)),
            ("\"a\"\"\n\",b\n", Ok(8)),
            ("5\" pipe\n", Ok(7)),
            ("\"a\"b\"\nc", Ok(5)),
            ("\"a\n", Err(At::Quoted)),
            ("a,", Err(At::CellStart)),
            ("\"a\"", Err(At::Quote)),
        ] {
            assert_eq!(record_end(text.as_bytes(), CSV, At::CellStart), end, "{text:?}");
        }
    }

    #[test]
    fn cells_are_unquoted_and_may_be_longer_than_any_buffer() {
        let long = "x".repeat(10_000);
        assert_eq!(
            cells(&format!("a,\"b \"\"c\"\"\n\",,{long}"), b','),
            ["a", "b \"c\"\n", "", long.as_str()]
        );
        assert_eq!(cells("a;b", b';'), ["a", "b"]);
        assert_eq!(cells("a,", b','), ["a", ""]);
    }
}
