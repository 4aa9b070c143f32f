//! How a name sounds, coarsely: a key under which spellings of one name meet.
//!
//! Owns the rules, chosen for English, German, Slavic transliterations and Romance spellings at
//! once. Meant for finding candidates: different names share a key; keys decide nothing.

const VOWEL: u64 = 1;
const B: u64 = 2;
const D: u64 = 3;
const F: u64 = 4;
const G: u64 = 5;
const H: u64 = 6;
const J: u64 = 7;
const K: u64 = 8;
const L: u64 = 9;
const M: u64 = 10;
const N: u64 = 11;
const P: u64 = 12;
const R: u64 = 13;
const S: u64 = 14;
const T: u64 = 15;
/// Digits 0 to 9 follow.
const DIGIT: u64 = 16;
/// Sounds that a key holds, five bits each.
const MOST: u32 = 12;

/// The key of a folded word: its consonant sounds in order, vowels only at its start; 0 for a word
/// without letters or digits.
///
/// Doubled letters count once; `ph`, `v`, `w` are F; `c`, `k`, `q`, `ck`, `kh`, `ch` are K; `s`,
/// `z`, `sh`, `sch`, `ts`, `tz`, `cz` and `c` before `e` and `i` are S; `h` counts only at the
/// start; `y` and `j` before a vowel at the start are one sound.
#[must_use]
pub fn sound(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let get = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let is_vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let (mut key, mut count, mut last, mut at) = (0u64, 0u32, 0u64, 0usize);
    while at < bytes.len() && count < MOST {
        let (b, next, after) = (get(at), get(at + 1), get(at + 2));
        let start = count == 0;
        let mut used = 1;
        let code = match b {
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y' if !start => 0,
            b'y' | b'j' if start && next == b'e' => VOWEL,
            b'y' | b'j' if start && (is_vowel(next)) => J,
            b'i' if start && matches!(next, b'a' | b'o' | b'u') => J,
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y' => VOWEL,
            b'j' if start => J,
            b'j' => 0,
            b'b' => B,
            b'd' if next == b't' => {
                used = 2;
                T
            }
            b'd' if start && next == b'j' => {
                used = 2;
                J
            }
            b'd' if start && next == b'z' && after == b'h' => {
                used = 3;
                J
            }
            b'd' => D,
            b'f' | b'v' => F,
            // "Crowley", "Lewis": w sounds as v in most languages, and is silent in "Wright".
            b'w' if start && next == b'r' => 0,
            b'w' => F,
            b'g' if start && next == b'n' => 0,
            b'g' if next == b'h' && !start && (after == b't' || after == 0) => {
                used = 2;
                0
            }
            b'g' => G,
            b'h' if start => H,
            b'h' => 0,
            b'k' if start && next == b'h' => {
                used = 2;
                H
            }
            b'k' if start && next == b'n' => 0,
            b'c' if next == b'h' => {
                used = 2;
                if start && is_vowel(after) { S } else { K }
            }
            b'c' if matches!(next, b'e' | b'i' | b'z' | b'y') => S,
            b'k' | b'c' | b'q' => K,
            b'l' => L,
            b'm' => M,
            b'n' => N,
            b'p' if next == b'h' => {
                used = 2;
                F
            }
            b'p' if start && next == b's' => 0,
            b'p' if next == b'f' => 0,
            b'p' => P,
            b'r' => R,
            b's' if next == b'c' && after == b'h' => {
                used = 3;
                // "shch", "schtsch" and "stch" end in one more hiss, which doubling swallows.
                S
            }
            b's' if next == b'h' && after == b'c' => {
                used = if get(at + 3) == b'h' { 4 } else { 2 };
                S
            }
            b's' if next == b'c' && matches!(after, b'e' | b'i') => {
                used = 2;
                S
            }
            b's' | b'z' => S,
            b't' if matches!(next, b's' | b'z') => {
                used = 1;
                0
            }
            b't' if next == b'c' && after == b'h' => {
                used = 3;
                S
            }
            b't' => T,
            b'x' if start => S,
            b'x' => {
                if last != K {
                    key = key << 5 | K;
                    count += 1;
                }
                S
            }
            b'0'..=b'9' => DIGIT + u64::from(b - b'0'),
            _ => 0,
        };
        if code != 0 && (code != last || code >= DIGIT) {
            key = key << 5 | code;
            count += 1;
            last = code;
        } else if code == 0 && is_vowel(b) {
            // "Anan" keeps both: a vowel parts equal consonants.
            last = 0;
        }
        at += used;
    }
    if count > MOST { key >> 5 } else { key }
}
