//! No text makes a normaliser panic, run long, or grow; folding twice is folding once.

use crate::normal::date::DateOrder;
use crate::normal::{address, company, country, date, email, name, nicknames, phone, text, web};
use crate::similar;
use proptest::prelude::*;

/// Every normaliser on one text; the length of the longest answer in bytes.
fn normalise(raw: &str) -> usize {
    let folded = text::fold(raw);
    let person = name::parse(Some(raw), None, None, Some(raw));
    let fields = name::parse(None, Some(raw), Some(raw), None);
    let core = company::core(raw).unwrap_or_default();
    let street = address::parts("", raw, raw, "");
    let whole = address::parts(raw, "", "", raw);
    let _ = (name::sound(&folded), name::sound(raw), nicknames::roots(raw), country::iso2(raw));
    for order in [DateOrder::YearFirst, DateOrder::DayFirst, DateOrder::MonthFirst] {
        let _ = date::parse(raw, order);
    }
    let _ = date::vote(raw);
    let _ = (email::normalize(raw), web::company_domain(raw), phone::normalize(raw, &["US", "DE"]));
    let joined = |name: &name::PersonName| {
        name.given.iter().chain(&name.family).chain(&name.aliases).map(String::len).sum::<usize>()
    };
    [
        folded.len(),
        joined(&person),
        joined(&fields),
        core.core.len(),
        core.acronym.len(),
        street.street.len(),
        street.street_core.len(),
        street.unit.len(),
        street.rest.len(),
        whole.rest.len(),
        whole.number.len(),
        address::city(raw).len(),
        address::region(raw).len(),
        address::postal_code(raw).len(),
    ]
    .into_iter()
    .max()
    .unwrap_or(0)
}

/// Text of the pieces that normalisers look for, in any order and number.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "Smith", "née", "\"", "(", ")", ",", " ", ".", "#", "1st", "Baron", "Jr", "van", "der",
        "GmbH", "& Co", "KG", "s.p.", "z o.o.", "ООО", "Щ", "μπ", "ου", "محمد", "习", "김", "12",
        "12-14", "3/4", "Apt", "St", "N", "fifty", "fourth", "strasse", "P.O. Box", "1970", "-",
        "/", "Mar", "T00:00", "a@b.com", ".com", "²", "º", "½", "\u{301}", "\u{202e}", "ﷺ", "🙂",
        "ß", "İ", "de", "II", "x",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_normalised_without_panic_and_in_bounds(raw in "\\PC{0,300}") {
        prop_assert!(normalise(&raw) <= 4 * text::LONGEST);
    }

    #[test]
    fn any_mixture_of_the_pieces_of_names_and_addresses_is_normalised(raw in pieces()) {
        prop_assert!(normalise(&raw) <= 4 * text::LONGEST);
    }

    #[test]
    fn normal_forms_are_their_own_normal_form(raw in "\\PC{0,80}") {
        let folded = text::fold(&raw);
        prop_assert_eq!(&text::fold(&folded), &folded);
        let code = address::postal_code(&raw);
        prop_assert_eq!(&address::postal_code(&code), &code);
        let region = address::region(&raw);
        prop_assert_eq!(&address::region(&region), &region);
        let city = address::city(&raw);
        prop_assert_eq!(&address::city(&city), &city);
    }

    #[test]
    fn similarity_is_symmetric_bounded_and_full_for_the_same_text(a in pieces(), b in pieces()) {
        for of in [similar::person_names, similar::company_names] {
            let (x, y) = (of(&a, &b), of(&b, &a));
            prop_assert!((0.0..=1.0).contains(&x));
            prop_assert!((x - y).abs() < 1e-9, "{} {}", x, y);
        }
    }
}

#[test]
fn a_text_of_ten_thousand_characters_costs_no_more_than_a_long_name() {
    for unit in
        ["a", "a ", "é", "Щ", "ﷺ", "(", "\"", "1 ", "st ", ",", "& ", "aka ", "1st baron ", "o "]
    {
        let long = unit.repeat(10_000);
        assert!(normalise(&long) <= 4 * text::LONGEST, "{unit}");
        for of in [similar::person_names, similar::company_names] {
            assert!((0.0..=1.0).contains(&of(&long, &long)), "{unit}");
            assert!((0.0..=1.0).contains(&of(&long, "Ann Smith")), "{unit}");
        }
    }
}
