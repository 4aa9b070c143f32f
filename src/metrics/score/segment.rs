//! Which weights and bands are a customer's, from its facts alone.
//!
//! Refuses golden records: which value of several is golden depends on rules of survivorship, and a
//! score of then must come out again whatever they say today.

use crate::{Policy, Segment, segment_of};
use domain::{Canonical, Fact, ProfileFacts, ProfileKind};

/// The segment that a score goes by: of a company by the largest number of employees that one of its
/// records states. A person is a consumer unless one of their records names an employer or a fact
/// concerns a company with them; the size of that company is unknown here.
#[must_use]
pub fn score_segment(facts: &ProfileFacts, policy: &Policy) -> Segment {
    let of_company = |fact: &Fact| match &fact.body {
        Canonical::Contact(contact) => contact.company_name.is_some(),
        _ => !fact.owned,
    };
    let (has_company, employees) = match facts.kind {
        ProfileKind::Person => (facts.facts.iter().any(of_company), None),
        ProfileKind::Company => {
            let sizes = facts.facts.iter().filter_map(|fact| match &fact.body {
                Canonical::Company(company) => company.employee_count,
                _ => None,
            });
            (true, sizes.max())
        }
    };
    segment_of(facts.kind, has_company, employees, policy)
}
