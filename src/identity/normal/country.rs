//! Countries by code and by name.
//!
//! Owns the table from what people write to ISO 3166 two-letter codes: codes of two and three
//! letters, English names and the names in the country's own languages. A name that is not listed
//! is not recognised.

use super::text;

/// Two-letter code, three-letter code, folded names parted by `|`.
const COUNTRIES: &[(&str, &str, &str)] = &[
    ("AD", "AND", "andorra"),
    ("AE", "ARE", "united arab emirates|uae|emirates"),
    ("AF", "AFG", "afghanistan"),
    ("AL", "ALB", "albania"),
    ("AM", "ARM", "armenia"),
    ("AR", "ARG", "argentina"),
    ("AT", "AUT", "austria|osterreich|oesterreich"),
    ("AU", "AUS", "australia"),
    ("AZ", "AZE", "azerbaijan"),
    ("BA", "BIH", "bosnia and herzegovina|bosnia"),
    ("BD", "BGD", "bangladesh"),
    ("BE", "BEL", "belgium|belgie|belgique|belgien"),
    ("BG", "BGR", "bulgaria|balgariia|bulgariia"),
    ("BH", "BHR", "bahrain"),
    ("BO", "BOL", "bolivia"),
    ("BR", "BRA", "brazil|brasil"),
    ("BY", "BLR", "belarus"),
    ("CA", "CAN", "canada"),
    ("CH", "CHE", "switzerland|schweiz|suisse|svizzera|svizra"),
    ("CL", "CHL", "chile"),
    ("CN", "CHN", "china|peoples republic of china|zhongguo|zhong guo"),
    ("CO", "COL", "colombia"),
    ("CR", "CRI", "costa rica"),
    ("CU", "CUB", "cuba"),
    ("CY", "CYP", "cyprus"),
    ("CZ", "CZE", "czech republic|czechia|cesko|ceska republika"),
    ("DE", "DEU", "germany|deutschland|allemagne|alemania|federal republic of germany"),
    ("DK", "DNK", "denmark|danmark"),
    ("DO", "DOM", "dominican republic"),
    ("DZ", "DZA", "algeria"),
    ("EC", "ECU", "ecuador"),
    ("EE", "EST", "estonia|eesti"),
    ("EG", "EGY", "egypt"),
    ("ES", "ESP", "spain|espana|spanien"),
    ("ET", "ETH", "ethiopia"),
    ("FI", "FIN", "finland|suomi"),
    ("FR", "FRA", "france|frankreich|francia"),
    (
        "GB",
        "GBR",
        "united kingdom|uk|great britain|britain|england|scotland|wales|northern ireland|u k|united kingdom of great britain and northern ireland",
    ),
    ("GE", "GEO", "georgia"),
    ("GH", "GHA", "ghana"),
    ("GR", "GRC", "greece|hellas|ellada|elladh"),
    ("GT", "GTM", "guatemala"),
    ("HK", "HKG", "hong kong"),
    ("HN", "HND", "honduras"),
    ("HR", "HRV", "croatia|hrvatska"),
    ("HU", "HUN", "hungary|magyarorszag"),
    ("ID", "IDN", "indonesia"),
    ("IE", "IRL", "ireland|eire|republic of ireland"),
    ("IL", "ISR", "israel"),
    ("IN", "IND", "india|bharat"),
    ("IQ", "IRQ", "iraq"),
    ("IR", "IRN", "iran|islamic republic of iran"),
    ("IS", "ISL", "iceland|island"),
    ("IT", "ITA", "italy|italia|italien"),
    ("JM", "JAM", "jamaica"),
    ("JO", "JOR", "jordan"),
    ("JP", "JPN", "japan|nippon|nihon"),
    ("KE", "KEN", "kenya"),
    ("KR", "KOR", "south korea|korea|republic of korea|korea republic of"),
    ("KW", "KWT", "kuwait"),
    ("KZ", "KAZ", "kazakhstan"),
    ("LB", "LBN", "lebanon"),
    ("LI", "LIE", "liechtenstein"),
    ("LK", "LKA", "sri lanka"),
    ("LT", "LTU", "lithuania|lietuva"),
    ("LU", "LUX", "luxembourg|luxemburg"),
    ("LV", "LVA", "latvia|latvija"),
    ("MA", "MAR", "morocco|maroc"),
    ("MC", "MCO", "monaco"),
    ("MD", "MDA", "moldova"),
    ("ME", "MNE", "montenegro|crna gora"),
    ("MK", "MKD", "north macedonia|macedonia"),
    ("MT", "MLT", "malta"),
    ("MX", "MEX", "mexico|estados unidos mexicanos"),
    ("MY", "MYS", "malaysia"),
    ("NG", "NGA", "nigeria"),
    ("NI", "NIC", "nicaragua"),
    ("NL", "NLD", "netherlands|the netherlands|holland|nederland|niederlande"),
    ("NO", "NOR", "norway|norge|noreg|norwegen"),
    ("NP", "NPL", "nepal"),
    ("NZ", "NZL", "new zealand|aotearoa"),
    ("OM", "OMN", "oman"),
    ("PA", "PAN", "panama"),
    ("PE", "PER", "peru"),
    ("PH", "PHL", "philippines"),
    ("PK", "PAK", "pakistan"),
    ("PL", "POL", "poland|polska|polen"),
    ("PR", "PRI", "puerto rico"),
    ("PT", "PRT", "portugal"),
    ("PY", "PRY", "paraguay"),
    ("QA", "QAT", "qatar"),
    ("RO", "ROU", "romania"),
    ("RS", "SRB", "serbia|srbija"),
    ("RU", "RUS", "russia|russian federation|rossiia|rossiya"),
    ("SA", "SAU", "saudi arabia"),
    ("SE", "SWE", "sweden|sverige|schweden"),
    ("SG", "SGP", "singapore"),
    ("SI", "SVN", "slovenia|slovenija"),
    ("SK", "SVK", "slovakia|slovensko|slovak republic"),
    ("SV", "SLV", "el salvador"),
    ("TH", "THA", "thailand"),
    ("TN", "TUN", "tunisia|tunisie"),
    ("TR", "TUR", "turkey|turkiye"),
    ("TW", "TWN", "taiwan"),
    ("TZ", "TZA", "tanzania"),
    ("UA", "UKR", "ukraine|ukraina"),
    ("UG", "UGA", "uganda"),
    (
        "US",
        "USA",
        "united states|united states of america|u s|u s a|america|estados unidos|etats unis",
    ),
    ("UY", "URY", "uruguay"),
    ("UZ", "UZB", "uzbekistan"),
    ("VE", "VEN", "venezuela"),
    ("VN", "VNM", "vietnam|viet nam"),
    ("ZA", "ZAF", "south africa"),
    ("ZW", "ZWE", "zimbabwe"),
];

/// The two-letter code of a country as typed: a code or a name in English or its own language.
#[must_use]
pub fn iso2(raw: &str) -> Option<&'static str> {
    let raw = raw.trim();
    if raw.len() == 2 && raw.is_ascii() {
        if raw.eq_ignore_ascii_case("uk") {
            return Some("GB");
        }
        return COUNTRIES.iter().map(|c| c.0).find(|code| code.eq_ignore_ascii_case(raw));
    }
    if raw.is_empty() {
        return None;
    }
    let folded = text::fold(raw);
    if folded.len() == 3
        && let Some(found) = COUNTRIES.iter().find(|c| c.1.eq_ignore_ascii_case(&folded))
    {
        return Some(found.0);
    }
    COUNTRIES.iter().find(|c| c.2.split('|').any(|name| name == folded)).map(|c| c.0)
}

/// Whether a text is a listed two-letter code in capitals.
#[must_use]
pub fn is_iso2(code: &str) -> bool {
    COUNTRIES.iter().any(|c| c.0 == code)
}
