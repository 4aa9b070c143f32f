//! Households: what makes one, what does not, and that neither order nor increments matter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A person: id, name, `street|code|town`, phone, e-mail.
fn person(id: i64, name: &str, place: &str, phone: &str, mail: &str) -> HouseholdMember {
    HouseholdMember::new(ProfileId(id), &facts(id, name, place, phone, mail))
}

fn facts(id: i64, name: &str, place: &str, phone: &str, mail: &str) -> PersonFacts {
    let list = |text: &str| Pii::non_empty(text).into_iter().collect();
    PersonFacts {
        first_seen_ms: id,
        display_name: Pii::non_empty(name),
        family_name: name.split_once(' ').map(|(_, family)| Pii::new(family)),
        address: place_of(place),
        phones: list(phone),
        emails: list(mail),
        employers: Vec::new(),
    }
}

fn place_of(place: &str) -> Address {
    let mut parts = place.split('|').map(Pii::non_empty);
    let mut next = || parts.next().flatten();
    Address { street: next(), postal_code: next(), city: next(), ..Address::default() }
}

fn form(people: &[HouseholdMember], previous: &HashMap<ProfileId, HouseholdId>) -> Households {
    let crowds = Crowds::count(people, []);
    households(people, &crowds, previous, |_| false, &HouseholdRules::default())
}

fn groups(found: &Households) -> BTreeSet<Vec<i64>> {
    let ids = |h: &Household| h.members.iter().map(|m| m.person.0).collect();
    found.formed.iter().map(ids).collect()
}

fn together(people: &[HouseholdMember]) -> Vec<Vec<i64>> {
    groups(&form(people, &HashMap::new())).into_iter().collect()
}

const HOME: &str = "12 Elm Street|60614|Chicago";

#[test]
fn a_family_at_one_address_is_one_household_whatever_the_spelling() {
    let people = [
        person(1, "Ann Miller", HOME, "", ""),
        person(2, "Bob Miller", "12 Elm St.|60614-1234|Chicago", "", ""),
        person(3, "Eve Miller-Jones", "12 Elm St||Chicago", "", ""),
        person(4, "Tim Miler", "12 Elm St|60614|", "", ""),
        person(9, "Zoe Miller", "14 Elm Street|60614|Chicago", "", ""),
    ];
    let found = form(&people, &HashMap::new());
    assert_eq!(groups(&found), BTreeSet::from([vec![1, 2, 3, 4]]));
    let one = &found.formed[0];
    assert_eq!(one.id, HouseholdId::founded_by(ProfileId(1), 0));
    assert_eq!(one.name.as_ref().unwrap().expose(), "Miller");
    assert_eq!(one.address.street.as_ref().unwrap().expose(), "12 Elm Street");
    let sum: f64 = one.members[1].evidence.iter().map(|e| e.weight).sum();
    assert!((sum - one.members[1].weight).abs() < 1e-9 && sum > 0.0);
}

#[test]
fn a_misspelt_street_and_a_wrong_code_do_not_part_a_family() {
    let right = person(1, "Ann Kowalski", "7 Lindenhurst Ave|10115|Berlin", "", "");
    let street = person(2, "Eva Kowalska", "7 Lindenhorst Ave|10115|", "", "");
    let code = person(3, "Jan Kowalski", "7 Lindenhurst Ave|10151|Berlin", "", "");
    assert_eq!(together(&[right.clone(), street]), [vec![1, 2]]);
    assert_eq!(together(&[right, code]), [vec![1, 3]]);
}

#[test]
fn strangers_in_one_house_are_neighbours_and_a_shared_line_makes_them_a_couple() {
    let apart = [person(1, "Ann Miller", HOME, "", ""), person(2, "Raj Patel", HOME, "", "")];
    assert!(together(&apart).is_empty());
    let line = "+13125550142";
    let couple = [person(1, "Ann Miller", HOME, line, ""), person(2, "Raj Patel", HOME, line, "")];
    assert_eq!(together(&couple), [vec![1, 2]]);
}

#[test]
fn flats_part_equal_names_and_unite_different_ones() {
    let flat = |n: u32| format!("12 Elm Street Apt {n}|60614|Chicago");
    let people = [
        person(1, "Ann Smith", &flat(1), "", ""),
        person(2, "Bob Smith", &flat(1), "", ""),
        person(3, "Cid Smith", &flat(2), "", ""),
        person(4, "Dan Smith", &flat(2), "", ""),
        person(5, "Eve Kim", &flat(3), "", ""),
        person(6, "Fay Lopez", &flat(3), "", ""),
        // Fits two flats: the pair that it would join refuses, so it goes with one of them at most.
        person(7, "Gus Smith", "12 Elm Street|60614|Chicago", "", ""),
    ];
    let found = together(&people);
    let with = |id: i64| found.iter().find(|g| g.contains(&id)).cloned().unwrap_or_default();
    assert!(with(1).contains(&2) && !with(1).contains(&3), "{found:?}");
    assert!(with(3).contains(&4), "{found:?}");
    assert_eq!(with(5), [5, 6]);
}

#[test]
fn a_tower_of_many_names_is_no_home_but_its_flats_are() {
    let names = ["Adams", "Brown", "Clark", "Davis", "Evans", "Frank", "Green", "Hill"];
    let mut people: Vec<HouseholdMember> = names
        .iter()
        .zip(10..)
        .map(|(name, id)| person(id, &format!("Ann {name}"), HOME, "", ""))
        .collect();
    people.push(person(1, "Ann Smith", HOME, "", ""));
    people.push(person(2, "Bob Smith", HOME, "", ""));
    assert!(together(&people).is_empty());
    let flat = "12 Elm Street Apt 9|60614|Chicago";
    people.push(person(3, "Cid Young", flat, "", ""));
    people.push(person(4, "Dan Young", flat, "", ""));
    assert_eq!(together(&people), [vec![3, 4]]);
}

#[test]
fn a_switchboard_says_nothing_and_a_home_line_does() {
    let line = "+4930901820";
    let mut people =
        vec![person(1, "Ann Weber", "", line, ""), person(2, "Bob Weber", "", line, "")];
    assert_eq!(together(&people), [vec![1, 2]]);
    for (id, name) in (10..).zip(["Adler", "Braun", "Conrad", "Dietz", "Ernst", "Fuchs"]) {
        people.push(person(id, &format!("Eva {name}"), "", line, ""));
    }
    assert!(together(&people).is_empty());
}

#[test]
fn colleagues_at_the_companys_address_are_no_household() {
    let people = [person(1, "Ann Smith", HOME, "", ""), person(2, "Bob Smith", HOME, "", "")];
    let company =
        |place: &str| CompanyFacts { addresses: vec![place_of(place)], ..CompanyFacts::default() };
    let with = |people: &[HouseholdMember], place: &str| {
        let crowds = Crowds::count(people, &[company(place)]);
        let none = HashMap::new();
        households(people, &crowds, &none, |_| false, &HouseholdRules::default()).formed.len()
    };
    assert_eq!(with(&people, "99 Oak Street|60614|Chicago"), 1);
    assert_eq!(with(&people, "12 Elm St|60614|Chicago"), 0);
    assert_eq!(with(&people, "12 Elm St Suite 4|60614|Chicago"), 0, "they left out the suite");
    let flat = "12 Elm Street Apt 9|60614|Chicago";
    let flats = [person(1, "Ann Smith", flat, "", ""), person(2, "Bob Smith", flat, "", "")];
    assert_eq!(with(&flats, "12 Elm St Suite 4|60614|Chicago"), 1, "a shop on the ground floor");
    assert_eq!(with(&flats, "12 Elm St|60614|Chicago"), 0);
    assert_eq!(with(&flats, flat), 0);
}

#[test]
fn colleagues_in_a_suite_of_an_unknown_company_are_no_household() {
    let suite = "500 Main St Suite 40|60614|Chicago";
    let mut people = Vec::new();
    for (id, name) in (1..).zip(["Ann Gray", "Bob Hart", "Cid Ives"]) {
        let mut facts = facts(id, name, suite, "", "");
        facts.employers = vec![ProfileId(77)];
        people.push(HouseholdMember::new(ProfileId(id), &facts));
    }
    assert!(together(&people).is_empty());
}

#[test]
fn more_people_than_a_household_has_are_none_and_are_counted() {
    let many = |n: i64| -> Vec<HouseholdMember> {
        (0..n)
            .map(|id| person(id, &format!("{} Smith", (b'a' + id as u8) as char), HOME, "", ""))
            .collect()
    };
    assert_eq!(together(&many(12)).len(), 1);
    let found = form(&many(13), &HashMap::new());
    assert_eq!((found.formed.len(), found.oversized), (0, 1));
    // A million would be compared no more than fifty: the key itself says nothing then.
    let crowd: Vec<HouseholdMember> = (0..20_000)
        .map(|id| person(id, "Test Test", HOME, "+13125550142", "t@gmail.com"))
        .collect();
    assert!(form(&crowd, &HashMap::new()).formed.is_empty());
}

#[test]
fn an_id_stays_with_the_majority_and_a_founder_who_left_founds_anew() {
    let at =
        |id: i64, street: &str| person(id, "Ann Smith", &format!("{street}|60614|Chicago"), "", "");
    let first = form(&[at(1, "1 Oak"), at(2, "1 Oak"), at(3, "1 Oak")], &HashMap::new());
    let previous: HashMap<ProfileId, HouseholdId> = members(&first);
    let id = first.formed[0].id;
    assert_eq!(id, HouseholdId::founded_by(ProfileId(1), 0));
    let moved = [at(1, "5 Elm"), at(2, "1 Oak"), at(3, "1 Oak"), at(4, "5 Elm")];
    let then = members(&form(&moved, &previous));
    assert_eq!((then[&ProfileId(2)], then[&ProfileId(3)]), (id, id));
    assert_eq!(then[&ProfileId(1)], HouseholdId::founded_by(ProfileId(1), 1));
    assert_eq!(then[&ProfileId(4)], then[&ProfileId(1)]);
    let strangers = [at(1, "5 Elm"), at(4, "5 Elm")];
    let crowds = Crowds::count(&strangers, []);
    let living = households(
        &strangers,
        &crowds,
        &HashMap::new(),
        |taken| taken == id,
        &HouseholdRules::default(),
    );
    assert_eq!(living.formed[0].id, HouseholdId::founded_by(ProfileId(1), 1), "it lives elsewhere");
}

fn members(found: &Households) -> HashMap<ProfileId, HouseholdId> {
    found.formed.iter().flat_map(|h| h.members.iter().map(|m| (m.person, h.id))).collect()
}

const NAMES: &[&str] =
    &["Ann Smith", "Bob Smith", "Eve Smith-Jones", "Cy Jones", "Dee Kim", "Smith", "", "Al Smyth"];
const PLACES: &[&str] = &[
    "",
    "12 Elm Street|60614|Chicago",
    "12 Elm Street Apt 1|60614|Chicago",
    "12 Elm Street Apt 2|60614|Chicago",
    "12 Elm St||Chicago",
    "12 Elm|60614|",
    "14 Oak Ave|60614|Chicago",
    "14 Oka Ave|60614|",
    "14 Oak Ave Apt 2|60614|Chicago",
    "3 Pine Rd|10115|Berlin",
];
const LINES: &[&str] = &["", "", "", "+13125550142", "+4930901820"];
const MAILS: &[&str] = &["", "", "smiths@gmail.com", "kim@web.de", "info@acme.io"];

prop_compose! {
    fn anybody()(id in 0..60i64, name in 0..NAMES.len(), place in 0..PLACES.len(),
                 line in 0..LINES.len(), mail in 0..MAILS.len()) -> HouseholdMember {
        person(id, NAMES[name], PLACES[place], LINES[line], MAILS[mail])
    }
}

fn distinct(mut people: Vec<HouseholdMember>) -> Vec<HouseholdMember> {
    people.sort_by_key(|p| p.profile);
    people.dedup_by_key(|p| p.profile);
    people
}

/// People by what they share: keys that few carry, and households they had.
fn components(
    people: &[HouseholdMember],
    crowds: &Crowds,
    previous: &HashMap<ProfileId, HouseholdId>,
) -> Vec<Vec<HouseholdMember>> {
    let mut group: Vec<usize> = (0..people.len()).collect();
    let mut first: BTreeMap<(bool, i64), usize> = BTreeMap::new();
    for (at, one) in people.iter().enumerate() {
        let keys = one.keys().into_iter().map(|k| k.key);
        let keys = keys.filter(|k| crowds.get(*k).is_small(&HouseholdRules::default()));
        let home = previous.get(&one.profile).map(|id| (true, id.0));
        for key in keys.map(|k| (false, k)).chain(home) {
            let other = group[*first.entry(key).or_insert(at)];
            let mine = group[at];
            group.iter_mut().filter(|g| **g == mine).for_each(|g| *g = other);
        }
    }
    let mut parts: BTreeMap<usize, Vec<HouseholdMember>> = BTreeMap::new();
    for (one, at) in people.iter().zip(group) {
        parts.entry(at).or_default().push(one.clone());
    }
    parts.into_values().collect()
}

proptest! {
    #[test]
    fn any_order_gives_the_same_households(people in prop::collection::vec(anybody(), 0..40), seed in any::<u64>()) {
        let people = distinct(people);
        let mut other = people.clone();
        other.sort_by_key(|p| xxhash_rust::xxh3::xxh3_64_with_seed(&p.profile.0.to_le_bytes(), seed));
        prop_assert_eq!(form(&people, &HashMap::new()), form(&other, &HashMap::new()));
    }

    #[test]
    fn a_part_that_shares_nothing_with_the_rest_can_be_computed_alone(
        people in prop::collection::vec(anybody(), 0..40),
        gone in prop::collection::btree_set(0..60i64, 0..10),
    ) {
        let before = distinct(people);
        let previous = members(&form(&before, &HashMap::new()));
        let people: Vec<_> = before.into_iter().filter(|p| !gone.contains(&p.profile.0)).collect();
        let crowds = Crowds::count(&people, []);
        let whole = form(&people, &previous);
        let mut parts: Vec<Household> = Vec::new();
        for part in components(&people, &crowds, &previous) {
            let here: HashMap<_, _> = part.iter().filter_map(|p| Some((p.profile, *previous.get(&p.profile)?))).collect();
            // Ids of living households of others, as the store tells them.
            let elsewhere: BTreeSet<HouseholdId> = previous.values().filter(|id| !here.values().any(|h| h == *id)).copied().collect();
            let found = households(&part, &crowds, &here, |id| elsewhere.contains(&id), &HouseholdRules::default());
            parts.extend(found.formed);
        }
        parts.sort_by_key(|h| h.members[0].person);
        let mut whole_formed = whole.formed;
        whole_formed.sort_by_key(|h| h.members[0].person);
        let people_of = |all: &[Household]| -> Vec<Vec<HouseholdMembership>> { all.iter().map(|h| h.members.clone()).collect() };
        prop_assert_eq!(people_of(&parts), people_of(&whole_formed));
        let kept = |all: &[Household]| -> Vec<HouseholdId> { all.iter().map(|h| h.id).filter(|id| previous.values().any(|p| p == id)).collect() };
        prop_assert_eq!(kept(&parts), kept(&whole_formed));
        let ids: BTreeSet<HouseholdId> = parts.iter().map(|h| h.id).collect();
        prop_assert_eq!(ids.len(), parts.len(), "an id twice");
    }

    #[test]
    fn a_member_who_comes_and_goes_leaves_every_household_as_it_was(
        people in prop::collection::vec(anybody(), 0..30), guest in anybody(),
    ) {
        let people: Vec<_> = distinct(people).into_iter().filter(|p| p.profile != guest.profile).collect();
        let before = form(&people, &HashMap::new());
        let mut with = people.clone();
        with.push(guest);
        let between = form(&with, &members(&before));
        let after = form(&people, &members(&between));
        prop_assert_eq!(groups(&before), groups(&after));
        // Ids last as long as a household does: those that the guest did not break up keep theirs.
        let lived: BTreeSet<HouseholdId> = between.formed.iter().map(|h| h.id).collect();
        for household in before.formed.iter().filter(|h| lived.contains(&h.id)) {
            prop_assert!(after.formed.iter().any(|h| h.id == household.id));
        }
        // Computing again changes nothing.
        prop_assert_eq!(form(&people, &members(&after)), after);
    }

    #[test]
    fn nobody_is_in_two_households_and_flats_stay_apart(people in prop::collection::vec(anybody(), 0..40)) {
        let people = distinct(people);
        let found = form(&people, &HashMap::new());
        let mut seen = BTreeSet::new();
        for household in &found.formed {
            prop_assert!((2..=12).contains(&household.members.len()));
            for member in &household.members {
                prop_assert!(seen.insert(member.person));
                prop_assert!(household.members.iter().any(|m| m.person == member.with));
            }
        }
    }

    #[test]
    fn no_text_breaks_it(name in "\\PC{0,40}", place in "\\PC{0,60}", line in "\\PC{0,20}", mail in "\\PC{0,30}") {
        let people = [person(1, &name, &place, &line, &mail), person(2, &name, &place, &line, &mail)];
        prop_assert!(form(&people, &HashMap::new()).formed.len() < 2);
        prop_assert_eq!(people[0].fingerprint(), people[1].fingerprint());
    }
}
