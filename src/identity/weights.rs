//! The fixed match weights of this version, in log2 odds.
//!
//! Owns the numbers. They are set by hand, not fitted: a shared private value (e-mail, phone, id)
//! is worth 10 to 30 bits because chance agreement is about one in 2^10 to 2^30; a name agreement
//! is worth what a name of middling frequency is worth; a clear contradiction costs what makes a
//! human look. The next version estimates them from the data.

/// Odds that two records which share some key are the same before anything is compared.
pub const PRIOR: f64 = -10.0;
/// A steward's decision.
pub const STEWARD: f64 = 100.0;
/// The vendor merged the two.
pub const VENDOR_MERGE: f64 = 40.0;
/// An id that points at the other record, or the same id stated by both.
pub const TRUSTED_ID: f64 = 25.0;
/// The same e-mail address.
pub const EMAIL: f64 = 14.0;
/// The same phone number.
pub const PHONE: f64 = 9.0;
/// The same postal address (in a name and address key).
pub const ADDRESS: f64 = 7.0;
/// The same company domain (in a name and domain key).
pub const WORK_DOMAIN: f64 = 5.0;
/// The same employer's name (in a name and company key).
pub const EMPLOYER: f64 = 4.0;
/// Equal given names.
pub const GIVEN_EXACT: f64 = 6.0;
/// A nickname or another form of the given name.
pub const GIVEN_NICKNAME: f64 = 5.0;
/// A given name within one typing error.
pub const GIVEN_TYPO: f64 = 4.5;
/// An initial that fits.
pub const GIVEN_INITIAL: f64 = 2.0;
/// Similar given names that may be two names.
pub const GIVEN_SIMILAR: f64 = 0.5;
/// Clearly different given names.
pub const GIVEN_DIFFERENT: f64 = -14.0;
/// Equal family names.
pub const FAMILY_EXACT: f64 = 8.0;
/// One part of a double family name, or its other gender form.
pub const FAMILY_PART: f64 = 6.0;
/// A family name within one typing error.
pub const FAMILY_TYPO: f64 = 6.0;
/// Clearly different family names (people marry).
pub const FAMILY_DIFFERENT: f64 = -6.0;
/// Jr against Sr, II against III.
pub const GENERATION_DIFFERENT: f64 = -12.0;
/// Middle names or initials that contradict each other.
pub const MIDDLE_DIFFERENT: f64 = -4.0;
/// The shared mailbox is spelt after one of two given names of one family: the other is a form of
/// it, or the mailbox is lent.
pub const OWN_MAILBOX: f64 = 8.0;
/// `john.smith@` and `john.smith2@` of one domain: namesakes get numbered.
pub const NUMBERED_MAILBOX: f64 = -6.0;
/// A web domain that two company records share.
pub const DOMAIN: f64 = 16.0;
/// Web domains that differ altogether.
pub const DOMAIN_DIFFERENT: f64 = -8.0;
/// Equal company names without legal form.
pub const COMPANY_EXACT: f64 = 11.0;
/// Similar company names.
pub const COMPANY_SIMILAR: f64 = 6.0;
/// An acronym of the other name.
pub const COMPANY_ACRONYM: f64 = 4.0;
/// Clearly different company names.
pub const COMPANY_DIFFERENT: f64 = -9.0;
/// The same country.
pub const COUNTRY: f64 = 2.0;
/// Different countries.
pub const COUNTRY_DIFFERENT: f64 = -5.0;
/// The same town or postal code.
pub const TOWN: f64 = 4.0;

/// Match probability of a total weight, 0 to 1.
#[must_use]
pub fn probability(weight: f64) -> f64 {
    let odds = (weight + PRIOR).clamp(-60.0, 60.0).exp2();
    odds / (1.0 + odds)
}
