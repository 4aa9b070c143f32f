//! Values stored once.
//!
//! Owns the interning of texts: equal texts get equal numbers, 0 is the empty text. Everything that
//! is compared is a number first; its text is looked at only when two numbers differ.

use arrayvec::ArrayString;
use hashbrown::HashTable;
use rustc_hash::FxHashMap;

/// Interned texts.
#[derive(Clone, Default)]
pub(crate) struct Pool {
    values: Vec<Value>,
    hashes: Vec<u64>,
    /// The texts that are too long for a [`Value`].
    long: FxHashMap<u32, Box<str>>,
    /// Hash and number, so that most of a search stays in here.
    table: HashTable<(u64, u32)>,
}

/// A text with what a comparison asks of it first, in one cache line.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Value {
    /// Which letters and digits occur, one bit each: a quick bound on how similar two texts can be.
    mask: u64,
    /// Empty when the text is a long one.
    text: ArrayString<SHORT>,
}

/// Bytes of the longest text that fits a [`Value`].
const SHORT: usize = 52;

const _: () = assert!(size_of::<Value>() == 64);

/// A hash of bytes that is the same on every machine and in every version: it is stored.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}

/// Mixes numbers into one key.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    let mut key = 0x9e37_79b9_7f4a_7c15_u64;
    for part in parts {
        key = (key ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
        key ^= key >> 32;
    }
    key
}

/// Bit of a [`mask`] for anything but letters, digits and spaces.
pub(crate) const OTHER: u64 = 1 << 36;

/// Which letters and digits occur in a folded text, a bit each.
pub(crate) fn mask(text: &str) -> u64 {
    text.bytes().fold(0, |mask, byte| {
        mask | match byte {
            b'a'..=b'z' => 1 << (byte - b'a'),
            b'0'..=b'9' => 1 << (26 + byte - b'0'),
            b' ' => 0,
            _ => OTHER,
        }
    })
}

impl Pool {
    pub fn new() -> Self {
        let mut pool = Self::default();
        pool.values.push(Value::default());
        pool.hashes.push(0);
        pool
    }

    /// The number of a text; 0 for the empty one.
    pub fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let key = hash(text.as_bytes());
        let found = self.table.find(key, |(hash, id)| *hash == key && self.text(*id) == text);
        if let Some((_, id)) = found {
            return *id;
        }
        let id = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let short = ArrayString::from(text);
        if short.is_err() {
            self.long.insert(id, text.into());
        }
        self.values.push(Value { mask: mask(text), text: short.unwrap_or_default() });
        self.hashes.push(key);
        self.table.insert_unique(key, (key, id), |(hash, _)| *hash);
        id
    }

    /// The text of a number; empty for 0 and for unknown numbers.
    pub fn text(&self, id: u32) -> &str {
        match self.values.get(id as usize) {
            Some(value) if !value.text.is_empty() || id == 0 => &value.text,
            _ => self.long.get(&id).map_or("", |text| text),
        }
    }

    pub fn mask(&self, id: u32) -> u64 {
        self.values.get(id as usize).map_or(0, |value| value.mask)
    }

    /// The hash of a number's text, see [`hash`]; 0 of the empty one.
    pub fn hash(&self, id: u32) -> u64 {
        self.hashes.get(id as usize).copied().unwrap_or_default()
    }

    /// How many numbers are in use, 0 included.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Forgets how to find texts; numbers keep their meaning.
    pub fn seal(&mut self) {
        self.table = HashTable::new();
    }

    /// Reads a value, see `Table::touch`.
    pub fn touch(&self, id: u32) -> u32 {
        self.values.get(id as usize).map_or(0, |value| value.mask as u32)
    }
}
