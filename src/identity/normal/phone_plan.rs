//! National numbering plans, as far as reading a number needs them.
//!
//! Owns calling codes, trunk prefixes and lengths of national numbers (ITU-T E.164 and the
//! countries' published plans). It tells possible from impossible, not assigned from unassigned.

/// How one country writes its numbers.
pub(super) struct Plan {
    /// ISO 3166 code.
    pub country: &'static str,
    /// Country calling code.
    pub code: &'static str,
    /// What is dialled before a national number inside the country and dropped from outside.
    pub trunk: &'static str,
    /// Shortest and longest national number, trunk prefix not counted.
    pub digits: (usize, usize),
}

const fn plan(
    country: &'static str,
    code: &'static str,
    trunk: &'static str,
    shortest: usize,
    longest: usize,
) -> Plan {
    Plan { country, code, trunk, digits: (shortest, longest) }
}

/// One plan per country.
pub(super) const PLANS: &[Plan] = &[
    plan("US", "1", "1", 10, 10),
    plan("CA", "1", "1", 10, 10),
    plan("PR", "1", "1", 10, 10),
    plan("DO", "1", "1", 10, 10),
    plan("JM", "1", "1", 10, 10),
    plan("RU", "7", "8", 10, 10),
    plan("KZ", "7", "8", 10, 10),
    plan("EG", "20", "0", 8, 10),
    plan("ZA", "27", "0", 9, 9),
    plan("GR", "30", "", 10, 10),
    plan("NL", "31", "0", 9, 9),
    plan("BE", "32", "0", 8, 9),
    plan("FR", "33", "0", 9, 9),
    plan("ES", "34", "", 9, 9),
    plan("HU", "36", "06", 8, 9),
    // Italian national numbers keep their leading zero abroad.
    plan("IT", "39", "", 6, 11),
    plan("RO", "40", "0", 9, 9),
    plan("CH", "41", "0", 9, 9),
    plan("AT", "43", "0", 4, 13),
    plan("GB", "44", "0", 9, 10),
    plan("DK", "45", "", 8, 8),
    plan("SE", "46", "0", 7, 10),
    plan("NO", "47", "", 8, 8),
    plan("PL", "48", "", 9, 9),
    plan("DE", "49", "0", 5, 12),
    plan("PE", "51", "0", 8, 9),
    plan("MX", "52", "", 10, 10),
    plan("CU", "53", "0", 6, 8),
    plan("AR", "54", "0", 10, 11),
    plan("BR", "55", "0", 10, 11),
    plan("CL", "56", "", 9, 9),
    plan("CO", "57", "", 8, 10),
    plan("VE", "58", "0", 10, 10),
    plan("MY", "60", "0", 8, 10),
    plan("AU", "61", "0", 9, 9),
    plan("ID", "62", "0", 8, 12),
    plan("PH", "63", "0", 8, 10),
    plan("NZ", "64", "0", 8, 10),
    plan("SG", "65", "", 8, 8),
    plan("TH", "66", "0", 8, 9),
    plan("JP", "81", "0", 9, 10),
    plan("KR", "82", "0", 8, 10),
    plan("VN", "84", "0", 9, 10),
    plan("CN", "86", "0", 10, 11),
    plan("TR", "90", "0", 10, 10),
    plan("IN", "91", "0", 10, 10),
    plan("PK", "92", "0", 9, 10),
    plan("LK", "94", "0", 9, 9),
    plan("IR", "98", "0", 10, 10),
    plan("MA", "212", "0", 9, 9),
    plan("DZ", "213", "0", 8, 9),
    plan("TN", "216", "", 8, 8),
    plan("GH", "233", "0", 9, 9),
    plan("NG", "234", "0", 8, 10),
    plan("KE", "254", "0", 9, 9),
    plan("PT", "351", "", 9, 9),
    plan("LU", "352", "", 6, 11),
    plan("IE", "353", "0", 7, 9),
    plan("IS", "354", "", 7, 7),
    plan("AL", "355", "0", 8, 9),
    plan("MT", "356", "", 8, 8),
    plan("CY", "357", "", 8, 8),
    plan("FI", "358", "0", 5, 11),
    plan("BG", "359", "0", 8, 9),
    plan("LT", "370", "0", 8, 8),
    plan("LV", "371", "", 8, 8),
    plan("EE", "372", "", 7, 8),
    plan("MD", "373", "0", 8, 8),
    plan("AM", "374", "0", 8, 8),
    plan("BY", "375", "8", 9, 9),
    plan("UA", "380", "0", 9, 9),
    plan("RS", "381", "0", 8, 9),
    plan("ME", "382", "0", 8, 8),
    plan("HR", "385", "0", 8, 9),
    plan("SI", "386", "0", 8, 8),
    plan("BA", "387", "0", 8, 8),
    plan("MK", "389", "0", 8, 8),
    plan("CZ", "420", "", 9, 9),
    plan("SK", "421", "0", 9, 9),
    plan("LI", "423", "", 7, 9),
    plan("CR", "506", "", 8, 8),
    plan("PA", "507", "", 7, 8),
    plan("EC", "593", "0", 8, 9),
    plan("PY", "595", "0", 9, 9),
    plan("UY", "598", "0", 8, 8),
    plan("HK", "852", "", 8, 8),
    plan("TW", "886", "0", 8, 9),
    plan("JO", "962", "0", 8, 9),
    plan("SA", "966", "0", 9, 9),
    plan("AE", "971", "0", 8, 9),
    plan("IL", "972", "0", 8, 9),
    plan("GE", "995", "0", 9, 9),
];

/// The plan of a country by its two-letter code.
pub(super) fn of_country(country: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| plan.country.eq_ignore_ascii_case(country))
}

/// The plan whose calling code begins the digits, and the digits behind it. Calling codes are
/// prefix-free, so at most one code fits.
pub(super) fn of_international(digits: &str) -> Option<(&'static Plan, &str)> {
    PLANS.iter().find_map(|plan| digits.strip_prefix(plan.code).map(|rest| (plan, rest)))
}
