//! Letters of other scripts in the Latin spelling that people use for them.
//!
//! Owns Cyrillic, Greek and Arabic, where common spellings follow rules of their own. Everything
//! else is left to `deunicode`. Refuses to guess vowels that a script does not write.

/// The Latin spelling of a letter, given the letters before and behind it; `None` for a character
/// that this module does not know. Empty for signs that are not spelt.
pub(crate) fn latin(before: char, c: char, behind: Option<char>) -> Option<&'static str> {
    match c {
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => greek(before, c, behind),
        '\u{400}'..='\u{52f}' => cyrillic(c),
        '\u{600}'..='\u{6ff}' => arabic(c),
        // Joiners and directions are no letters and part no words.
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => Some(""),
        _ => None,
    }
}

fn cyrillic(c: char) -> Option<&'static str> {
    let lower = match c {
        'А'..='Я' => char::from_u32(c as u32 + 32)?,
        'Ѐ'..='Џ' => char::from_u32(c as u32 + 80)?,
        'а'..='џ' => c,
        _ => c.to_lowercase().next()?,
    };
    Some(match lower {
        'а' | 'ә' | 'ӑ' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' | 'ғ' => "g",
        'д' => "d",
        'е' | 'ё' | 'э' | 'ѐ' => "e",
        'ж' | 'җ' => "zh",
        'з' | 'ѕ' => "z",
        'и' | 'й' | 'і' | 'ї' | 'ѝ' => "i",
        'к' | 'қ' | 'ќ' => "k",
        'л' => "l",
        'м' => "m",
        'н' | 'ң' | 'ҥ' => "n",
        'о' | 'ө' => "o",
        'п' => "p",
        'р' => "r",
        'с' | 'ҫ' => "s",
        'т' => "t",
        'у' | 'ў' | 'ұ' | 'ү' => "u",
        'ф' => "f",
        'х' => "kh",
        'һ' | 'ҳ' => "h",
        'ц' => "ts",
        'ч' | 'ҷ' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ы' => "y",
        'ю' => "yu",
        'я' => "ya",
        'є' => "ye",
        'ђ' => "dj",
        'ѓ' => "gj",
        'ј' => "j",
        'љ' => "lj",
        'њ' => "nj",
        'ћ' => "c",
        'џ' => "dz",
        _ => return None,
    })
}

/// A Greek letter without its accents, in lower case.
fn plain_greek(c: char) -> char {
    match c {
        'Ά' | 'ά' | 'Α' | 'α' | '\u{1f00}'..='\u{1f0f}' | '\u{1f70}'..='\u{1f71}' | '\u{1fb6}' => {
            'α'
        }
        'Έ' | 'έ' | 'Ε' | 'ε' | '\u{1f10}'..='\u{1f1f}' | '\u{1f72}'..='\u{1f73}' => 'ε',
        'Ή' | 'ή' | 'Η' | 'η' | '\u{1f20}'..='\u{1f2f}' | '\u{1f74}'..='\u{1f75}' | '\u{1fc6}' => {
            'η'
        }
        'Ί' | 'ί' | 'Ι' | 'ι' | '\u{1f30}'..='\u{1f3f}' | '\u{1f76}'..='\u{1f77}' | '\u{1fd6}' => {
            'ι'
        }
        'ϊ' | 'ΐ' | 'Ϊ' => 'ϊ',
        'Ό' | 'ό' | 'Ο' | 'ο' | '\u{1f40}'..='\u{1f4f}' | '\u{1f78}'..='\u{1f79}' => 'ο',
        'Ύ' | 'ύ' | 'Υ' | 'υ' | '\u{1f50}'..='\u{1f5f}' | '\u{1f7a}'..='\u{1f7b}' | '\u{1fe6}' => {
            'υ'
        }
        'ϋ' | 'ΰ' | 'Ϋ' => 'ϋ',
        'Ώ' | 'ώ' | 'Ω' | 'ω' | '\u{1f60}'..='\u{1f6f}' | '\u{1f7c}'..='\u{1f7d}' | '\u{1ff6}' => {
            'ω'
        }
        'ς' => 'σ',
        'Α'..='Ω' => char::from_u32(c as u32 + 32).unwrap_or(c),
        c => c,
    }
}

fn greek(before: char, c: char, behind: Option<char>) -> Option<&'static str> {
    let (before, behind) = (plain_greek(before), behind.map(plain_greek));
    let starts = !before.is_alphabetic();
    Some(match plain_greek(c) {
        'α' => "a",
        'β' => "v",
        'γ' if matches!(behind, Some('γ' | 'ξ' | 'χ')) => "n",
        'γ' => "g",
        'δ' => "d",
        'ε' => "e",
        'ζ' => "z",
        'η' | 'ι' | 'ϊ' => "i",
        'θ' => "th",
        'κ' => "k",
        'λ' => "l",
        'μ' if starts && behind == Some('π') => "",
        'μ' => "m",
        'ν' => "n",
        'ξ' => "x",
        'ο' | 'ω' => "o",
        'π' if before == 'μ' => "b",
        'π' => "p",
        'ρ' => "r",
        'σ' => "s",
        'τ' => "t",
        'υ' if before == 'ο' => "u",
        'υ' if matches!(before, 'α' | 'ε' | 'η') => {
            if matches!(behind, Some('θ' | 'κ' | 'ξ' | 'π' | 'σ' | 'τ' | 'φ' | 'χ' | 'ψ'))
            {
                "f"
            } else {
                "v"
            }
        }
        'υ' | 'ϋ' => "y",
        'φ' => "f",
        'χ' => "ch",
        'ψ' => "ps",
        _ => return None,
    })
}

fn arabic(c: char) -> Option<&'static str> {
    Some(match c {
        'ا' | 'أ' | 'آ' | 'ى' | 'ة' | 'ع' | 'ٱ' | 'ۃ' => "a",
        'إ' | 'ئ' | 'ي' | 'ی' | 'ې' | 'ے' | 'ۓ' => "i",
        'ب' => "b",
        'پ' => "p",
        'ت' | 'ط' | 'ٹ' | 'ټ' => "t",
        'ث' => "th",
        'ج' => "j",
        'چ' => "ch",
        'ح' | 'ه' | 'ہ' | 'ھ' | 'ۀ' => "h",
        'خ' => "kh",
        'د' | 'ذ' | 'ض' | 'ڈ' | 'ډ' => "d",
        'ر' | 'ڑ' | 'ړ' => "r",
        'ز' | 'ظ' => "z",
        'ژ' => "zh",
        'س' | 'ص' => "s",
        'ش' | 'ښ' => "sh",
        'غ' => "gh",
        'ف' => "f",
        'ق' => "q",
        'ك' | 'ک' => "k",
        'گ' | 'ګ' | 'ږ' => "g",
        'ل' => "l",
        'م' => "m",
        'ن' | 'ں' | 'ڼ' => "n",
        'و' | 'ؤ' | 'ۆ' | 'ۇ' => "u",
        // Written vowel signs and marks are left out as they are in most texts.
        'ء' | 'ـ' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' => "",
        _ => return None,
    })
}
