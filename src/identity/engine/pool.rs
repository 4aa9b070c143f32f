//! Values stored once.
//!
//! Owns the interning of texts: equal texts get equal numbers, 0 is the empty text. Everything that
//! is compared is a number first; its text is looked at only when two numbers differ.

use hashbrown::HashTable;

/// Interned texts.
#[derive(Clone, Default)]
pub(crate) struct Pool {
    arena: String,
    ends: Vec<u32>,
    /// Which letters and digits occur, one bit each: a quick bound on how similar two texts can be.
    masks: Vec<u64>,
    hashes: Vec<u64>,
    table: HashTable<u32>,
}

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

fn mask(text: &str) -> u64 {
    text.bytes().fold(0, |mask, byte| {
        mask | match byte {
            b'a'..=b'z' => 1 << (byte - b'a'),
            b'0'..=b'9' => 1 << (26 + byte - b'0'),
            b' ' => 0,
            _ => 1 << 36,
        }
    })
}

impl Pool {
    pub fn new() -> Self {
        let mut pool = Self::default();
        pool.ends.push(0);
        pool.masks.push(0);
        pool.hashes.push(0);
        pool
    }

    /// The number of a text; 0 for the empty one.
    pub fn intern(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let key = hash(text.as_bytes());
        let (arena, ends) = (&self.arena, &self.ends);
        let at = |id: u32| slice(arena, ends, id);
        if let Some(id) = self.table.find(key, |id| at(*id) == text) {
            return *id;
        }
        let id = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.arena.push_str(text);
        self.ends.push(u32::try_from(self.arena.len()).unwrap_or(u32::MAX));
        self.masks.push(mask(text));
        self.hashes.push(key);
        let hashes = &self.hashes;
        self.table.insert_unique(key, id, |id| hashes.get(*id as usize).copied().unwrap_or(0));
        id
    }

    /// The text of a number; empty for 0 and for unknown numbers.
    pub fn text(&self, id: u32) -> &str {
        slice(&self.arena, &self.ends, id)
    }

    pub fn mask(&self, id: u32) -> u64 {
        self.masks.get(id as usize).copied().unwrap_or_default()
    }

    /// The hash of a number's text, see [`hash`]; 0 of the empty one.
    pub fn hash(&self, id: u32) -> u64 {
        self.hashes.get(id as usize).copied().unwrap_or_default()
    }

    /// How many numbers are in use, 0 included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Forgets how to find texts; numbers keep their meaning.
    pub fn seal(&mut self) {
        self.table = HashTable::new();
        self.arena.shrink_to_fit();
    }
}

fn slice<'a>(arena: &'a str, ends: &[u32], id: u32) -> &'a str {
    let Some(before) = (id as usize).checked_sub(1) else { return "" };
    let (Some(start), Some(end)) = (ends.get(before), ends.get(id as usize)) else { return "" };
    arena.get(*start as usize..*end as usize).unwrap_or_default()
}
