//! Columns of many tables, told by their names and by their values.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use ProfileKind::{Company, Person};
use proptest::prelude::*;

/// A table from its columns: a name, and values that are repeated as often as there are rows.
fn layout(kind: ProfileKind, columns: &[(&str, &[&str])], map: &[(&str, &str)]) -> Layout {
    let headers: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let rows: Vec<Vec<String>> = (0..60)
        .map(|row| {
            columns.iter().map(|(_, v)| v[row % v.len()].replace('#', &row.to_string())).collect()
        })
        .collect();
    let map: Vec<(String, String)> =
        map.iter().map(|(r, c)| ((*r).to_owned(), (*c).to_owned())).collect();
    recognise(kind, &headers, &rows, &map).unwrap()
}

fn roles(kind: ProfileKind, columns: &[(&str, &[&str])]) -> Vec<&'static str> {
    layout(kind, columns, &[]).columns.iter().map(|c| c.role.as_str()).collect()
}

/// What a name alone says, in a table without rows.
fn named(kind: ProfileKind, name: &str) -> &'static str {
    let headers = ["city".to_owned(), name.to_owned()];
    recognise(kind, &headers, &[], &[]).unwrap().columns[1].role.as_str()
}

#[test]
fn names_of_many_hands_are_known() {
    for (role, columns) in [
        (
            "given_name",
            "first_name fname Vorname prénom FIRSTNAME GivenName imię Имя primary_name_first customer_first_name förnamn nombre",
        ),
        (
            "family_name",
            "surname last_name lname Nachname nom_de_famille apellidos cognome Фамилия primary-name-last sukunimi příjmení maiden_name",
        ),
        ("middle_name", "middle_name MiddleInitial primary_name_middle Отчество"),
        ("full_name", "name full_name customer_name navn fullName contactName name_full"),
        ("email", "email email_address E-Mail contact_email correo_electrónico work_email email2"),
        (
            "phone",
            "phone telephone tel_no mobile_number Telefon home_phone phone_number_2 fax billing.phone téléphone",
        ),
        ("date", "dob date_of_birth DateOfBirth birth_date Geburtsdatum data_urodzenia birthday"),
        (
            "postal_code",
            "zip postcode post_code ZIP_Code PLZ code_postal addr_postal_code postcode_fake cep",
        ),
        ("street", "street address_1 addr_line1 AddressLine1 street_address Straße rue calle"),
        ("unit", "unit address_2 apt_no suite addr_line2"),
        ("house_number", "street_number house_no Hausnummer stNo"),
        ("region", "state province Bundesland county addr_state"),
        ("country", "country country_code addr_country Land pays"),
        ("full_address", "full_address addr_full"),
        (
            "trusted_id",
            "soc_sec_id ssn ssn_number passport_number tax_id_number lei_number national_id_number NHS_number pesel drivers_license_number VAT_ID",
        ),
        ("org_name", "company employer company_name organisation Firma current_employer"),
        ("web", "website url web_site homepage"),
        ("name_suffix", "suffix name_suffix"),
        (
            "ignored",
            "true_id true_company_id source src_table created_at updated_at cluster_id rec_id lastModifiedDate hardness",
        ),
    ] {
        for column in columns.split(' ') {
            assert_eq!(named(Person, column), role, "{column}");
        }
    }
    for column in
        "site_name org_name Company business_name raison_sociale Firmenname organizationName"
            .split(' ')
    {
        assert_eq!(named(Company, column), "org_name", "{column}");
    }
}

#[test]
fn the_same_word_means_another_thing_in_a_table_of_companies() {
    let name: (&str, &[&str]) = ("name", &["Acme Foods #", "Bolt Motors #"]);
    assert_eq!(roles(Person, &[name]), ["full_name"]);
    assert_eq!(roles(Company, &[name]), ["org_name"]);
    let table: [(&str, &[&str]); 4] = [
        name,
        ("contact_name", &["Ann # Lee", "Bob # Ray"]),
        ("director", &["Eva # Hill", "Tom # Stone", ""]),
        ("agency", &["City # of York", "City # of Leeds", "", ""]),
    ];
    assert_eq!(roles(Company, &table), ["org_name", "text", "text", "text"]);
    // Patents call their applicants persons.
    let patents: [(&str, &[&str]); 2] =
        [("person_name", &["ACME GMBH #"]), ("person_ctry_code", &["DE", "FR"])];
    assert_eq!(roles(Company, &patents), ["org_name", "country"]);
    // Nothing is called a name: the wordiest column is it.
    let unnamed: [(&str, &[&str]); 2] =
        [("xyz", &["Acme Foods #", "Bolt Motors #"]), ("abc", &["red", "blue"])];
    assert_eq!(roles(Company, &unnamed), ["org_name", "category"]);
}

#[test]
fn values_speak_where_names_do_not_and_overrule_false_ones() {
    let table: [(&str, &[&str]); 9] = [
        ("q1", &["ann#@x.org", "bob#@y.com", ""]),
        ("q2", &["+49 30 1234#", "(030) 555-12#"]),
        ("q3", &["1980-02-03", "1931-12-24", "2004-07-#"]),
        ("q4", &["www.acme#.com", "https://bolt#.org/about"]),
        ("q5", &["red", "blue"]),
        ("q6", &["some words that differ #", "other long words here #"]),
        ("q7", &["", ""]),
        ("q8", &["same", "same"]),
        ("email", &["yes", "no"]),
    ];
    assert_eq!(
        roles(Person, &table),
        ["email", "phone", "date", "web", "category", "text", "ignored", "ignored", "category"]
    );
    // Times of storing are dates too, but say nothing; nor does a running number.
    let table: [(&str, &[&str]); 3] = [
        ("seen", &["2024-01-02T10:11:#", "2023-05-06 07:08:#"]),
        ("lfd", &["K-#"]),
        ("surname", &["lee", "ray"]),
    ];
    assert_eq!(roles(Person, &table), ["ignored", "ignored", "family_name"]);
}

#[test]
fn what_only_repeats_is_left_out() {
    let table: [(&str, &[&str]); 4] = [
        ("full_name", &["Sir Tom Ray Lee", "Ann Bo Hill", "Eva Maria Stone"]),
        ("first_and_surname", &["Tom Lee", "Ann Hill", "Eva Stone"]),
        ("first_name", &["Tom", "Ann", "Eva"]),
        ("surname", &["Lee", "Hill", "Stone"]),
    ];
    assert_eq!(roles(Person, &table), ["full_name", "ignored", "given_name", "family_name"]);
    let table: [(&str, &[&str]); 4] = [
        ("address", &["1 High Street, Leeds, LS1", "2 Mill Lane, York, YO1"]),
        ("street", &["1 High Street", "2 Mill Lane"]),
        ("city", &["Leeds", "York"]),
        ("zip", &["LS1", "YO1"]),
    ];
    assert_eq!(roles(Person, &table), ["ignored", "street", "city", "postal_code"]);
    let table: [(&str, &[&str]); 2] =
        [("phone", &["+1 200 300 4#"]), ("phone_2", &["+1 200 300 4#"])];
    assert_eq!(roles(Person, &table), ["phone", "ignored"]);
}

#[test]
fn a_date_in_three_columns_is_put_together() {
    for names in [
        ["DOB_YEAR", "DOB_MON", "DOB_DAY"],
        ["by", "bm", "bd"],
        ["birth_year", "birth_month", "birth_day"],
    ] {
        let table: [(&str, &[&str]); 4] = [
            (names[2], &["3", "24"]),
            (names[1], &["2", "12"]),
            (names[0], &["1980", "1931"]),
            ("PERNAME1", &["Ann", "Tom"]),
        ];
        let layout = layout(Person, &table, &[]);
        let roles: Vec<_> = layout.columns.iter().map(|c| c.role).collect();
        assert_eq!(roles[..3], [Role::Ignored; 3]);
        assert_eq!(roles[4], Role::Date);
        assert!(layout.joins_date());
        let mut date = String::from("before");
        layout.join_date(|at| ["3", " 2", "1980", "Ann"][at], &mut date);
        assert_eq!(date, "1980-02-03");
        layout.join_date(|at| ["", "2", "1980", "Ann"][at], &mut date);
        assert_eq!(date, "");
    }
    // Beside the whole date its parts say nothing new.
    let table: [(&str, &[&str]); 4] =
        [("dob", &["1980-02-03"]), ("by", &["1980"]), ("bm", &["2"]), ("bd", &["3"])];
    assert_eq!(roles(Person, &table), ["date", "ignored", "ignored", "ignored"]);
}

#[test]
fn numbered_names_are_a_given_and_a_family_name() {
    let words: &[&str] = &["Ann", "Tom", "Eva"];
    let table = [("PERNAME1", words), ("PERNAME2", &["Lee", "Hill"])];
    assert_eq!(roles(Person, &table), ["given_name", "family_name"]);
    let table: [(&str, &[&str]); 3] =
        [("fname_c1", words), ("fname_c2", &["", "Bo"]), ("lname_c1", &["Lee", "Hill"])];
    assert_eq!(roles(Person, &table), ["given_name", "middle_name", "family_name"]);
}

#[test]
fn in_a_mixed_table_a_company_is_known_by_its_own_name() {
    let table: [(&str, &[&str]); 3] = [
        ("name_full", &["Ann Lee", ""]),
        ("name_org", &["", "Acme Foods"]),
        ("employer", &["Bolt Motors", ""]),
    ];
    assert_eq!(roles(Person, &table), ["full_name", "org_name", "org_name"]);
}

#[test]
fn the_map_wins_and_its_mistakes_are_named() {
    let table: [(&str, &[&str]); 2] =
        [("email", &["a@b.org", "c@d.org"]), ("Rufname", &["Ann", "Tom"])];
    let mapped = layout(Person, &table, &[("text", "email"), ("given-name", "rufNAME")]);
    let roles: Vec<_> = mapped.columns.iter().map(|c| c.role).collect();
    assert_eq!(roles, [Role::Text, Role::GivenName]);
    let headers = ["email".to_owned()];
    let fails = |role: &str, column: &str| {
        recognise(Person, &headers, &[], &[(role.to_owned(), column.to_owned())]).unwrap_err()
    };
    assert!(fails("givn_name", "email").to_string().contains("known: given_name, "));
    assert!(fails("email", "mail").to_string().contains("the table has: email"));
    let twice =
        [("email".to_owned(), "email".to_owned()), ("phone".to_owned(), "email".to_owned())];
    assert_eq!(
        recognise(Person, &headers, &[], &twice),
        Err(ColumnError::Twice("email".to_owned()))
    );
    assert_eq!(recognise(Person, &[], &[], &[]), Err(ColumnError::NoColumns));
    let nothing = ["true_id".to_owned()];
    assert!(matches!(recognise(Person, &nothing, &[], &[]), Err(ColumnError::NothingToCompare(_))));
}

#[test]
fn every_role_is_read_as_it_is_written() {
    for word in Role::known().split(", ") {
        assert_eq!(Role::parse(word).map(Role::as_str), Some(word));
    }
    assert_eq!(Role::parse("First Name"), Some(Role::GivenName));
    assert_eq!(Role::parse("nonsense"), None);
}

proptest! {
    #[test]
    fn any_table_has_an_answer(
        headers in proptest::collection::vec("\\PC{0,12}", 0..6),
        rows in proptest::collection::vec(proptest::collection::vec("\\PC{0,20}", 0..7), 0..12),
        company in proptest::bool::ANY,
    ) {
        let kind = if company { Company } else { Person };
        if let Ok(layout) = recognise(kind, &headers, &rows, &[]) {
            prop_assert_eq!(layout.columns.len(), headers.len() + usize::from(layout.joins_date()));
        }
    }
}
