//! Words reduced to the letters that spellings of one name share, and their distance.
//!
//! Owns the rules of spelling and what a changed letter costs. Refuses to see more than one word.

use crate::normal::{company_words, nicknames};

/// A word of a name, ready to compare.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// As folded.
    pub text: String,
    /// In one spelling for several: `Wladimir` and `Vladimir` are `vladimir`.
    pub plain: Vec<u8>,
    /// How much the word tells: 1 for a name, less for a word of a trade.
    pub weight: f64,
    /// Names that a given name may stand for.
    pub roots: &'static [u16],
    /// A word of a personal name.
    pub person: bool,
    /// Compared without vowels.
    pub bare: bool,
}

impl Word {
    /// A word of a personal name; `bare` drops the vowels, for scripts that do not write them.
    pub fn person(folded: &str, bare: bool) -> Self {
        let text = without_digits(folded);
        let plain = plain(&text, bare);
        Self { roots: nicknames::roots(&text), plain, weight: 1.0, text, person: true, bare }
    }

    /// A word of a company's name.
    pub fn company(folded: &str, bare: bool) -> Self {
        let weight = if company_words::is_common(folded) { 0.5 } else { 1.0 };
        let text = counted(folded).unwrap_or_else(|| folded.to_owned());
        Self { plain: plain(&text, bare), weight, text, bare, ..Self::default() }
    }

    /// Whether it is an initial.
    pub fn is_initial(&self) -> bool {
        self.text.len() == 1 && self.text.bytes().all(|b| b.is_ascii_lowercase())
    }

    /// Whether it holds a digit.
    pub fn is_number(&self) -> bool {
        self.text.bytes().any(|b| b.is_ascii_digit())
    }

    /// Two words as one.
    pub fn joined(&self, other: &Self) -> Self {
        let mut word = self.clone();
        word.text.push_str(&other.text);
        word.plain.extend_from_slice(&other.plain);
        word.weight = self.weight.max(other.weight);
        word.roots = nicknames::roots(&word.text);
        word
    }
}

/// Whether a text is written in a script that leaves vowels out: Arabic, Hebrew.
pub fn unvowelled(raw: &str) -> bool {
    raw.chars().take(200).any(|c| matches!(c, '\u{590}'..='\u{6ff}'))
}

/// Whether a text is written in characters that each stand for a word or syllable.
pub fn ideographic(raw: &str) -> bool {
    let mut any = false;
    for c in raw.chars().take(100) {
        match c {
            '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => any = true,
            c if c.is_alphabetic() => return false,
            _ => {}
        }
    }
    any
}

/// Letters in the place of the digits that stand for them in a word: `Sech1n`.
fn without_digits(folded: &str) -> String {
    let letters = folded.bytes().filter(u8::is_ascii_lowercase).count();
    if letters == folded.len() || letters < 2 {
        return folded.to_owned();
    }
    folded
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            '8' => 'b',
            '9' => 'g',
            c => c,
        })
        .collect()
}

const ONES: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

/// `forty` and `four`, or `forty` and `4`, as `44`.
pub fn tens_and_ones(tens: &str, ones: &str) -> Option<String> {
    let tens = tens_of(tens)?;
    let ones = match ones.as_bytes() {
        [digit @ b'1'..=b'9'] => usize::from(digit - b'0'),
        _ => ONES.iter().take(9).position(|w| *w == ones)? + 1,
    };
    Some((tens + ones).to_string())
}

fn tens_of(word: &str) -> Option<usize> {
    Some(match word {
        "twenty" => 20,
        "thirty" => 30,
        "forty" | "fourty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}

/// A number in words or a small Roman numeral, in digits.
fn counted(word: &str) -> Option<String> {
    if let Some(tens) = tens_of(word) {
        return Some(tens.to_string());
    }
    if let Some(place) = ONES.iter().position(|w| *w == word) {
        return Some((place + 1).to_string());
    }
    if word.is_empty() || word.len() > 6 || !word.bytes().all(|b| matches!(b, b'i' | b'v' | b'x')) {
        return None;
    }
    let value = |b: u8| match b {
        b'i' => 1i32,
        b'v' => 5,
        _ => 10,
    };
    let (mut sum, mut last) = (0, 0);
    for b in word.bytes().rev() {
        let one = value(b);
        sum += if one < last { -one } else { one };
        last = last.max(one);
    }
    (sum > 0).then(|| sum.to_string())
}

/// A word in letters that spellings share: English, German, French and Slavic ways to write one
/// sound become one letter, doubled letters one, silent `h` none.
pub fn plain(word: &str, bare: bool) -> Vec<u8> {
    let bytes = word.as_bytes();
    let get = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (b, next, after) = (get(at), get(at + 1), get(at + 2));
        let before = out.last().copied().unwrap_or(0);
        let (letter, used): (&[u8], usize) = match (b, next, after) {
            (b't', b's', b'c') if get(at + 3) == b'h' => (b"C", 4),
            (b'd', b's', b'c') if get(at + 3) == b'h' => (b"j", 4),
            (b's', b'h', b'c') if get(at + 3) == b'h' => (b"S", 4),
            (b's', b'c', b'h') => (b"S", 3),
            (b't', b'c', b'h') => (b"C", 3),
            (b'd', b'z', b'h') => (b"j", 3),
            (b's', b'h' | b'z', _) => (b"S", 2),
            (b'c', b'h' | b'z', _) => (b"C", 2),
            (b'd', b'j', _) => (b"j", 2),
            (b'z', b'h', _) => (b"j", 2),
            (b'p', b'h', _) => (b"f", 2),
            (b'k', b'h', _) => (b"h", 2),
            (b'g', b'h', _) => (b"g", 2),
            (b'c', b'k', _) => (b"k", 2),
            (b't', b'h', _) => (b"t", 2),
            (b'd', b't', _) => (b"t", 2),
            (b't', b'z' | b's', _) => (b"z", 2),
            (b'o', b'u' | b'o', _) => (b"u", 2),
            (b'e', b'e', _) => (b"i", 2),
            (b'o' | b'a' | b'u', b'e', _) if at + 2 < bytes.len() && !vowel(after) => {
                (bytes.get(at..=at).unwrap_or_default(), 2)
            }
            (b'i' | b'y' | b'j', b'i' | b'y' | b'j', _) => (b"i", 2),
            (b'j', _, _) if at > 0 && (next == 0 || (vowel(before) && !vowel(next))) => (b"i", 1),
            (b'y', _, _) => (b"i", 1),
            (b'w', _, _) => (b"v", 1),
            (b'q', _, _) => (b"k", 1),
            (b'x', _, _) if at == 0 => (b"S", 1),
            (b'h', b's', _) if at == 0 => (b"S", 2),
            (b'x', _, _) => (b"ks", 1),
            (b'c', b'e' | b'i' | b'y', _) => (b"s", 1),
            (b'c', _, _) => (b"k", 1),
            (b'h', _, _) if at > 0 && !vowel(next) => (b"", 1),
            _ => (bytes.get(at..=at).unwrap_or_default(), 1),
        };
        for l in letter {
            // "Schtsch" and "shch" are one hiss.
            let hissed = *l == b'C' && out.last() == Some(&b'S');
            if !hissed && out.last() != Some(l) && !(bare && vowel(*l) && !out.is_empty()) {
                out.push(*l);
            }
        }
        at += used;
    }
    if bare {
        // A vowel at the start is often a sign that carries any vowel.
        if out.len() > 1 && out.first().is_some_and(|b| vowel(*b)) {
            out.remove(0);
        }
        out.retain(|b| !matches!(b, b'h' | b'v'));
    }
    if out.is_empty() {
        out.extend_from_slice(word.as_bytes());
    }
    out
}

/// What it costs to turn one letter into another.
fn exchange(a: u8, b: u8) -> f64 {
    if a == b {
        return 0.0;
    }
    let vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u');
    if vowel(a) && vowel(b) {
        return 0.6;
    }
    let near = |x: u8, y: u8| (a == x && b == y) || (a == y && b == x);
    if near(b's', b'z')
        || near(b'f', b'v')
        || near(b'k', b'g')
        || near(b'd', b't')
        || near(b'b', b'p')
        || near(b'S', b's')
        || near(b'S', b'C')
        || near(b'j', b'i')
        || near(b'j', b'g')
        || near(b'j', b'C')
        || near(b'C', b'k')
        || near(b'h', b'k')
        || near(b'm', b'n')
        || near(b'v', b'b')
    {
        return 0.7;
    }
    1.0
}

fn alone(b: u8) -> f64 {
    match b {
        b'a' | b'e' | b'i' | b'o' | b'u' => 0.6,
        b'h' => 0.7,
        _ => 1.0,
    }
}

/// Longest word that is measured letter by letter.
const LONGEST: usize = 40;

/// Weighted edit distance with transpositions of neighbours (optimal string alignment).
pub fn distance(a: &[u8], b: &[u8]) -> f64 {
    let a = a.get(..a.len().min(LONGEST)).unwrap_or_default();
    let b = b.get(..b.len().min(LONGEST)).unwrap_or_default();
    let mut rows = [[0.0f64; LONGEST + 1]; 3];
    let [before, above, row] = &mut rows;
    let mut sum = 0.0;
    for (slot, letter) in above.iter_mut().skip(1).zip(b) {
        sum += alone(*letter);
        *slot = sum;
    }
    let mut last_a = 0;
    let mut left_edge = 0.0;
    for x in a {
        left_edge += alone(*x);
        let mut left = left_edge;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        let mut last_b = 0;
        for (j, y) in b.iter().enumerate() {
            let up = above.get(j + 1).copied().unwrap_or(f64::MAX);
            let diagonal = above.get(j).copied().unwrap_or(f64::MAX);
            let mut best = (up + alone(*x)).min(left + alone(*y)).min(diagonal + exchange(*x, *y));
            if *x == last_b && *y == last_a && j > 0 && last_a != 0 {
                let crossed = before.get(j - 1).copied().unwrap_or(f64::MAX);
                best = best.min(crossed + 0.8);
            }
            if let Some(slot) = row.get_mut(j + 1) {
                *slot = best;
            }
            left = best;
            last_b = *y;
        }
        last_a = *x;
        std::mem::swap(before, above);
        std::mem::swap(above, row);
    }
    above.get(b.len()).copied().unwrap_or(0.0)
}
