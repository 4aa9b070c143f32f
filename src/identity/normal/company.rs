//! Company names without what does not tell companies apart.
//!
//! Owns the legal forms of many countries and the filler words. The core of a name is what is left;
//! two legal entities of one name and country are one company here.

use super::text;

/// Legal forms, folded. Those of one or two letters count only at the end of a name.
const FORMS: &[&str] = &[
    "ab",
    "aft",
    "ag",
    "aktiebolag",
    "aktiengesellschaft",
    "ao",
    "aps",
    "as",
    "asa",
    "bhd",
    "bv",
    "bvba",
    "ca",
    "cia",
    "co",
    "company",
    "companies",
    "corp",
    "corporation",
    "cv",
    "da",
    "doo",
    "dba",
    "ead",
    "eg",
    "ehf",
    "eingetragener",
    "eireli",
    "eirl",
    "ek",
    "ev",
    "eood",
    "eurl",
    "ev",
    "gbr",
    "gesmbh",
    "ges",
    "gie",
    "gmbh",
    "gp",
    "hf",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "kgaa",
    "kk",
    "kommanditgesellschaft",
    "ks",
    "lda",
    "limitada",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "ltda",
    "mbh",
    "me",
    "nv",
    "oao",
    "oe",
    "og",
    "ohg",
    "ood",
    "ooo",
    "ou",
    "oy",
    "oyj",
    "pao",
    "partg",
    "plc",
    "pllc",
    "pt",
    "pte",
    "pty",
    "pvt",
    "private",
    "proprietary",
    "public",
    "rt",
    "sa",
    "sab",
    "sapi",
    "sarl",
    "sas",
    "sasu",
    "sc",
    "sca",
    "scop",
    "scs",
    "sdn",
    "se",
    "sia",
    "sl",
    "slu",
    "snc",
    "sp",
    "spa",
    "spk",
    "spol",
    "sprl",
    "sro",
    "srl",
    "srls",
    "stiftung",
    "tbk",
    "tov",
    "uab",
    "ug",
    "unlimited",
    "vof",
    "zao",
    "zrt",
    "zoo",
    "haftungsbeschrankt",
];

/// Words that are spelt in many ways and the one kept.
const SAME: &[(&str, &str)] = &[
    ("und", "and"),
    ("et", "and"),
    ("y", "and"),
    ("e", "and"),
    ("og", "and"),
    ("och", "and"),
    ("intl", "international"),
    ("int", "international"),
    ("tech", "technology"),
    ("technologies", "technology"),
    ("sys", "systems"),
    ("system", "systems"),
    ("svcs", "services"),
    ("service", "services"),
    ("svc", "services"),
    ("mfg", "manufacturing"),
    ("bros", "brothers"),
    ("assoc", "associates"),
    ("associate", "associates"),
    ("dept", "department"),
    ("grp", "group"),
    ("mgmt", "management"),
    ("ind", "industries"),
    ("industry", "industries"),
    ("natl", "national"),
    ("univ", "university"),
    ("solution", "solutions"),
    ("lab", "labs"),
    ("laboratories", "labs"),
    ("saint", "st"),
    ("ctr", "center"),
    ("centre", "center"),
    ("center", "center"),
];

/// Whole names that stand for "no company".
const PLACEHOLDERS: &[&str] = &[
    "",
    "n a",
    "na",
    "none",
    "null",
    "unknown",
    "test",
    "company",
    "self",
    "self employed",
    "private",
    "privat",
    "individual",
    "freelance",
    "freelancer",
    "freelancing",
    "personal",
    "home",
    "retired",
    "student",
    "unemployed",
    "independent",
    "no company",
    "myself",
    "me",
    "tbd",
    "x",
    "xx",
    "xxx",
    "other",
    "undefined",
    "demo",
    "various",
    "customer",
    "not applicable",
    "not provided",
    "consultant",
    "selbststandig",
];

/// A name's normal form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct CompanyCore {
    /// Telling words, in order, parted by spaces.
    pub core: String,
    /// First letters of all words but legal forms and `and`.
    pub acronym: String,
}

/// The core of a company name; `None` when nothing telling is left.
#[must_use]
pub fn core(raw: &str) -> Option<CompanyCore> {
    let spaced = text::cut(raw).replace(['&', '+'], " and ");
    let folded = text::fold(&spaced);
    if PLACEHOLDERS.contains(&folded.as_str()) {
        return None;
    }
    let words = joined_letters(&folded);
    let mut kept: Vec<&str> = words.iter().map(String::as_str).collect();
    if kept.first() == Some(&"the") && kept.len() > 1 {
        kept.remove(0);
    }
    // Legal forms stand at the end ("Acme Holding GmbH and Co KG"), some in front ("OOO Romashka").
    let full = kept.clone();
    while kept.len() > 1
        && kept.last().is_some_and(|w| FORMS.contains(w) || *w == "and" || *w == "z" || *w == "o")
    {
        kept.pop();
    }
    while kept.len() > 1
        && kept.first().is_some_and(|w| {
            matches!(*w, "ooo" | "oao" | "zao" | "ao" | "pao" | "tov" | "pt" | "uab" | "sia")
        })
    {
        kept.remove(0);
    }
    if kept.len() == 1 && kept.first().is_some_and(|w| FORMS.contains(w) && w.len() < 4) {
        kept = full;
    }
    let same = |word: &str| SAME.iter().find(|(from, _)| *from == word).map(|(_, to)| *to);
    let core: Vec<&str> =
        kept.iter().map(|w| same(w).unwrap_or(w)).filter(|w| *w != "and").collect();
    let core_text = core.join(" ");
    if core_text.len() < 2 || PLACEHOLDERS.contains(&core_text.as_str()) {
        return None;
    }
    let acronym = core.iter().filter_map(|w| w.chars().next()).collect();
    Some(CompanyCore { core: core_text, acronym })
}

/// Whether the name's last words are a legal form that no person bears.
#[must_use]
pub fn is_company_name(folded: &str) -> bool {
    folded.split(' ').skip(1).any(|w| {
        matches!(
            w,
            "gmbh"
                | "inc"
                | "llc"
                | "ltd"
                | "limited"
                | "corp"
                | "corporation"
                | "plc"
                | "sarl"
                | "srl"
                | "bv"
                | "llp"
                | "incorporated"
                | "gbr"
                | "ohg"
                | "kg"
                | "oyj"
                | "aps"
                | "pty"
                | "sas"
        )
    })
}

/// Joins runs of single letters: `i b m` to `ibm`, `s p a` to `spa`.
fn joined_letters(folded: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut in_run = false;
    for word in folded.split(' ').filter(|w| !w.is_empty()) {
        let single = word.len() == 1 && word.bytes().all(|b| b.is_ascii_lowercase());
        match words.last_mut() {
            Some(last) if single && in_run => last.push_str(word),
            _ => words.push(word.to_owned()),
        }
        in_run = single;
    }
    words
}
