//! Tables of normal forms.

use crate::normal::date::DateOrder;
use crate::normal::{address, company, country, date, email, name, nicknames, phone, text, web};

#[test]
fn an_email_address_has_one_spelling_per_mailbox() {
    for (raw, expected) in [
        (" Ann.Smith@Example.DE ", Some("ann.smith@example.de")),
        ("ann.smith+news@gmail.com", Some("annsmith@gmail.com")),
        ("A.n.n@googlemail.com", Some("ann@gmail.com")),
        ("ann@gmail.con", Some("ann@gmail.com")),
        ("ann+a@outlook.com", Some("ann@outlook.com")),
        ("ann+a@acme.com", Some("ann+a@acme.com")),
        ("Ann <ann@acme.com>", Some("ann@acme.com")),
        ("mailto:ann@acme.com", Some("ann@acme.com")),
        ("ann@me.com", Some("ann@icloud.com")),
        ("ann@protonmail.com", Some("ann@proton.me")),
        ("ann@", None),
        ("@acme.com", None),
        ("ann.acme.com", None),
        ("ann@acme", None),
        ("ann@acme..com", None),
        ("an n@acme.com", None),
        ("test@acme.com", None),
        ("noreply@acme.com", None),
        ("no-reply@acme.com", None),
        ("ann@example.com", None),
        ("", None),
    ] {
        assert_eq!(email::normalize(raw).map(|m| m.address).as_deref(), expected, "{raw}");
    }
}

#[test]
fn role_mailboxes_are_known_in_several_languages() {
    for (local, role) in [
        ("info", true),
        ("billing", true),
        ("accounts-payable", true),
        ("kontakt", true),
        ("buchhaltung", true),
        ("sales.uk", true),
        ("office", true),
        ("facturacion", true),
        ("ann", false),
        ("sales.manning", false),
        ("information.desk", false),
        ("annette", false),
    ] {
        let mailbox = email::normalize(&format!("{local}@acme.com")).unwrap();
        assert_eq!(mailbox.role, role, "{local}");
    }
}

#[test]
fn phone_numbers_are_read_by_the_rules_of_their_country() {
    for (raw, land, expected) in [
        ("(303) 429-9563", "US", Some("+13034299563")),
        ("1-736-207-9397", "US", Some("+17362079397")),
        ("303.429.9563 x12", "US", Some("+13034299563;ext=12")),
        ("303 429 9563 ext. 12", "CA", Some("+13034299563;ext=12")),
        ("011 49 30 901820", "US", Some("+4930901820")),
        ("020 7946 0958", "GB", Some("+442079460958")),
        ("+44 (0)20 7946 0958", "US", Some("+442079460958")),
        ("0044 20 7946 0958", "DE", Some("+442079460958")),
        ("030 901820", "DE", Some("+4930901820")),
        ("+49 (0) 170 1234568", "", Some("+491701234568")),
        ("+49 0170 1234568", "", Some("+491701234568")),
        ("0049 2362541100", "", Some("+492362541100")),
        ("01 42 68 53 00", "FR", Some("+33142685300")),
        ("612 34 56 98", "ES", Some("+34612345698")),
        ("55 5123 4598", "MX", Some("+525551234598")),
        ("+52 1 55 5123 4598", "", Some("+525551234598")),
        ("044 55 5123 4598", "MX", Some("+525551234598")),
        ("601 234 598", "PL", Some("+48601234598")),
        ("08-123 456 98", "SE", Some("+46812345698")),
        ("22 12 34 98", "NO", Some("+4722123498")),
        ("040 1234598", "FI", Some("+358401234598")),
        ("32 12 34 98", "DK", Some("+4532123498")),
        ("098765 43219", "IN", Some("+919876543219")),
        ("03-1234-5698", "JP", Some("+81312345698")),
        ("06 1234 5698", "IT", Some("+390612345698")),
        ("020 123 4598", "NL", Some("+31201234598")),
        ("01 5123498", "AT", Some("+4315123498")),
        ("044 668 18 00", "CH", Some("+41446681800")),
        ("01 234 5698", "IE", Some("+35312345698")),
        ("212 345 698", "PT", Some("+351212345698")),
        ("(11) 91234-5698", "BR", Some("+5511912345698")),
        ("0412 345 698", "AU", Some("+61412345698")),
        ("8 (495) 123-45-98", "RU", Some("+74951234598")),
        ("+7 469 5506344", "", Some("+74695506344")),
        ("210 1234598", "GR", Some("+302101234598")),
        ("49 170 1234568", "DE", Some("+491701234568")),
        ("１２ ３４ ５６ ９８", "DK", Some("+4512345698")),
        // No country, no answer; impossible lengths and placeholders neither.
        ("030 901820", "", None),
        ("303 429 956", "US", None),
        ("103 429 9563", "US", None),
        ("000 000 0000", "US", None),
        ("+1 555 555 5555", "", None),
        ("1234567", "SE", None),
        ("+49 12345678", "", None),
        ("call me", "US", None),
        ("+", "US", None),
        ("", "US", None),
    ] {
        let countries: Vec<&str> = [land].into_iter().filter(|l| !l.is_empty()).collect();
        assert_eq!(phone::normalize(raw, &countries).as_deref(), expected, "{raw} in {land}");
    }
}

#[test]
fn names_are_parted_folded_and_transliterated() {
    let parts = |full: &str| {
        let name = name::parse(Some(full), None, None, None);
        (name.given.join(" "), name.family.join(" "), name.generation)
    };
    for (full, given, family, generation) in [
        ("Dr. Ann Smith", "ann", "smith", 0),
        ("Smith, Ann", "ann", "smith", 0),
        ("Smith, Ann M.", "ann m", "smith", 0),
        ("John Smith Jr.", "john", "smith", 2),
        ("John Smith, Jr", "john", "smith", 2),
        ("John Smith III", "john", "smith", 3),
        ("Ludwig van der Berg", "ludwig", "berg", 0),
        ("José García", "jose", "garcia", 0),
        ("Аркадий Попов", "arkadii", "popov", 0),
        ("Νίκος Παπαδόπουλος", "nikos", "papadopoulos", 0),
        ("Siobhan O'Brien", "siobhan", "obrien", 0),
        ("Jürgen Müller", "jurgen", "muller", 0),
        ("Cher", "cher", "", 0),
        ("Unknown", "", "", 0),
        ("ann@acme.com", "", "", 0),
        ("Acme Trading GmbH", "", "", 0),
    ] {
        assert_eq!(parts(full), (given.to_owned(), family.to_owned(), generation), "{full}");
    }
    let spelt = name::parse(None, None, None, Some("ann.smith"));
    assert!(spelt.derived && spelt.is_full());
}

#[test]
fn nicknames_spellings_and_swapped_fields_meet_under_a_key() {
    let keys = |g: &str, f: &str| name::parse(None, Some(g), Some(f), None).keys();
    for (a, b) in [
        (("Bob", "Jones"), ("Robert", "Jones")),
        (("Jon", "Jones"), ("John", "Jones")),
        (("Sasha", "Popov"), ("Александр", "Попов")),
        (("Ann", "Müller"), ("Ann", "Mueller")),
        (("Smith", "Walter"), ("Walter", "Smith")),
        (("Pepe", "Garcia"), ("José", "García")),
    ] {
        let (x, y) = (keys(a.0, a.1), keys(b.0, b.1));
        assert!(x.iter().any(|k| y.contains(k)), "{a:?} and {b:?}");
    }
    assert!(!keys("Ann", "Smith").iter().any(|k| keys("Bob", "Smith").contains(k)));
    assert!(keys("A", "Smith").is_empty(), "an initial is no name key");
}

#[test]
fn company_names_lose_what_does_not_tell_them_apart() {
    let core = |raw: &str| company::core(raw).map(|c| c.core);
    for (a, b) in [
        ("Acme GmbH", "ACME Inc."),
        ("Acme GmbH & Co. KG", "acme"),
        ("Forst & Tirado, GmbH", "Forst and Tirado"),
        ("The Widget Company, Inc.", "Widget"),
        ("Ромашка ООО", "Romashka"),
        ("I.B.M. Corp", "IBM"),
        ("Société Générale S.A.", "Societe Generale"),
        ("Nowak Sp. z o.o.", "Nowak"),
        ("Müller S.p.A.", "Muller"),
        ("Acme Technologies Ltd", "Acme Technology"),
    ] {
        assert!(
            core(a).is_some() && core(a) == core(b),
            "{a} and {b}: {:?} {:?}",
            core(a),
            core(b)
        );
    }
    for nothing in ["", "n/a", "Self-employed", "Company", "-"] {
        assert_eq!(core(nothing), None, "{nothing}");
    }
    assert_ne!(core("Acme Tools"), core("Acme Foods"));
}

#[test]
fn web_domains_stand_for_organisations_only() {
    for (raw, expected) in [
        ("https://www.Acme.com/about?x=1", Some("acme.com")),
        ("shop.acme.co.uk", Some("acme.co.uk")),
        ("acme.co.uk", Some("acme.co.uk")),
        ("http://acme.io:8080", Some("acme.io")),
        ("ann@mail.acme.de", Some("acme.de")),
        ("acme.myshopify.com", Some("acme.myshopify.com")),
        ("www.gmail.com", None),
        ("web.de", None),
        ("linkedin.com/company/acme", None),
        ("example.com", None),
        ("localhost", None),
        ("not a domain", None),
        ("192.168.0.1", None),
        ("", None),
    ] {
        assert_eq!(web::company_domain(raw).as_deref(), expected, "{raw}");
    }
}

#[test]
fn countries_are_known_by_code_and_by_name() {
    for (raw, code) in [
        ("DE", Some("DE")),
        ("deu", Some("DE")),
        ("Deutschland", Some("DE")),
        ("U.S.A.", Some("US")),
        ("United States of America", Some("US")),
        ("uk", Some("GB")),
        ("España", Some("ES")),
        ("Österreich", Some("AT")),
        ("Россия", Some("RU")),
        ("Atlantis", None),
        ("", None),
        ("ZZ", None),
    ] {
        assert_eq!(country::iso2(raw), code, "{raw}");
    }
    assert!(country::is_iso2("SE") && !country::is_iso2("se"));
}

#[test]
fn a_hostile_field_is_cut() {
    let long = "é".repeat(10_000);
    assert!(text::fold(&long).len() <= text::LONGEST);
    assert!(email::normalize(&format!("{long}@acme.com")).is_none());
}

#[test]
fn a_family_mailbox_is_known_by_its_word() {
    for (local, household) in [
        ("family.smith", true),
        ("smith-familie", true),
        ("familysmith2", true),
        ("theodoros", false),
        ("f.smith", false),
    ] {
        assert_eq!(email::is_household(local), household, "{local}");
    }
}

#[test]
fn a_mailbox_spells_a_name_in_any_usual_way() {
    for (local, given, family, spelt) in [
        ("ann.smith", "Ann", "Smith", true),
        ("smithann82", "Ann", "Smith", true),
        ("asmith", "Ann", "Smith", true),
        ("smith_a", "Ann", "Smith", true),
        ("anns", "Ann", "Smith", true),
        ("juergen.mueller", "Jürgen", "Müller", true),
        ("bob.smith", "Ann", "Smith", false),
        ("smith", "Ann", "Smith", false),
        ("ann", "Ann", "Smith", false),
        ("", "Ann", "Smith", false),
        ("asmith", "", "Smith", false),
    ] {
        let name = name::parse(None, Some(given), Some(family), None);
        assert_eq!(email::spells(local, &name), spelt, "{local} {given} {family}");
    }
}

#[test]
fn an_address_in_the_name_field_is_read_as_the_mailbox() {
    for (whole, local, given, derived) in [
        ("olivia.foster+news", "olivia.foster", Some("olivia"), true),
        ("lwinslow", "lwinslow", Some("lwinslow"), true),
        ("Ann Smith", "annsmith", Some("ann"), false),
        ("Ann", "a.smith", Some("ann"), false),
    ] {
        let name = name::parse(Some(whole), None, None, Some(local));
        assert_eq!((name.first(), name.derived), (given, derived), "{whole}");
    }
}

#[test]
fn loose_forms_need_both_names() {
    let keys =
        |given: &str, family: &str| name::parse(None, Some(given), Some(family), None).loose_keys();
    assert_eq!(keys("Ann", "Smith"), ["a. smith", "ann s."]);
    assert_eq!(keys("A.", "Smith"), ["a. smith"]);
    assert_eq!(keys("Ann", "S."), ["ann s."]);
    assert!(keys("Ann", "").is_empty() && keys("", "Smith").is_empty());
}

#[test]
fn a_letter_typed_twice_does_not_hide_a_nickname() {
    for (typed, name) in [("hannna", "hannah"), ("freddiie", "frederick"), ("maatt", "matthew")] {
        let (a, b) =
            (crate::normal::nicknames::roots(typed), crate::normal::nicknames::roots(name));
        assert!(a.iter().any(|root| b.contains(root)), "{typed} {name}");
    }
    assert!(crate::normal::nicknames::roots("zzyzx").is_empty());
}

#[test]
fn other_scripts_meet_their_usual_latin_spellings() {
    for (written, latin) in [
        ("Щербаков", "shcherbakov"),
        ("Хрущёв", "khrushchev"),
        ("Жуков", "zhukov"),
        ("Юлия", "yuliya"),
        ("Київ", "kiiv"),
        ("Παύλος", "pavlos"),
        ("Ευτυχία", "eftychia"),
        ("Άγγελος", "angelos"),
        ("Μπάμπης", "bambis"),
        ("Ούρσουλα", "oursoula"),
        ("محمد", "mhmd"),
        ("Łukasz Żółw", "lukasz zolw"),
        ("Işık", "isik"),
        ("Straße", "strasse"),
        ("习近平", "xi jin ping"),
    ] {
        let folded = text::fold(written);
        assert_eq!(folded, latin, "{written}");
    }
}

#[test]
fn titles_ranks_and_peerage_are_no_names() {
    for (full, given, family) in [
        ("general haking", "", "haking"),
        ("reverend ted waller hobson", "ted waller", "hobson"),
        ("sir winston churchill", "winston", "churchill"),
        ("The Hon. Mrs Mary Brown", "mary", "brown"),
        ("Prof. Dr. Hans Meier", "hans", "meier"),
        ("Dean Martin", "dean", "martin"),
        ("Earl Warren", "earl", "warren"),
        ("Gladys Knight", "gladys", "knight"),
        ("Smith, Dr. Ann M.", "ann m", "smith"),
        ("John Strutt, 3rd Baron Rayleigh", "john", "strutt"),
        ("Charles Lennox, 5th Duke of Richmond", "charles", "lennox"),
        ("charles 1st baron parmoor", "charles", "parmoor"),
        ("sir lees 1st baronet", "lees", ""),
        ("sir edmund", "edmund", ""),
        ("sir spicer", "", "spicer"),
        ("1st jacob corrie baronet", "jacob", "corrie"),
        ("Baroness Wenlock", "", "wenlock"),
        ("习近平", "jinping", "xi"),
        ("Ann Smith PhD", "ann", "smith"),
    ] {
        let name = name::parse(Some(full), None, None, None);
        assert_eq!(
            (name.given.join(" "), name.family.join(" ")),
            (given.into(), family.into()),
            "{full}"
        );
    }
    let fields = name::parse(None, Some("general"), Some("haking"), None);
    assert!(fields.given.is_empty() && fields.family == ["haking"]);
    let fields = name::parse(None, Some("Dean"), Some("Smith"), None);
    assert_eq!(fields.given, ["dean"]);
}

#[test]
fn nicknames_in_quotes_and_names_at_birth_are_kept_aside() {
    for (full, given, family, aliases) in [
        ("William (Bill) Smith", "william", "smith", vec!["bill"]),
        ("Robert \"Bob\" Hart", "robert", "hart", vec!["bob"]),
        ("Ann Smith née Jones", "ann", "smith", vec!["jones"]),
        ("Ann Smith (née Jones)", "ann", "smith", vec!["jones"]),
        ("Mary Brown born Clark", "mary", "brown", vec!["clark"]),
        ("Michael Jackson aka MJ", "michael", "jackson", vec!["mj"]),
        ("Ann (Smith", "ann", "smith", vec![]),
        ("Born Smith", "born", "smith", vec![]),
        ("John William Strutt 3rd Baron Rayleigh", "john william", "strutt", vec!["rayleigh"]),
    ] {
        let name = name::parse(Some(full), None, None, None);
        assert_eq!(
            (name.given.join(" "), name.family.join(" ")),
            (given.into(), family.into()),
            "{full}"
        );
        assert_eq!(name.aliases, aliases, "{full}");
    }
}

#[test]
fn names_that_sound_alike_share_a_key() {
    for (a, b) in [
        ("schulze", "shultz"),
        ("scholz", "schulz"),
        ("yuri", "jurij"),
        ("yuri", "iurii"),
        ("vladimir", "wladimir"),
        ("mueller", "muller"),
        ("meyer", "maier"),
        ("philip", "filip"),
        ("christian", "kristian"),
        ("shcherbakov", "schtscherbakow"),
        ("elena", "yelena"),
        ("mohammed", "muhammad"),
        ("schmidt", "schmitt"),
        ("katherine", "catharina"),
        ("popov", "popoff"),
        ("johnson", "jonson"),
        ("wright", "rite"),
        ("tchaikovsky", "chaikovskii"),
        ("jamal", "dzhamal"),
        ("stephen", "steven"),
    ] {
        assert_eq!(name::sound(a), name::sound(b), "{a} {b}");
    }
    for (a, b) in [("smith", "jones"), ("ann", "bob"), ("miller", "muster"), ("", "a")] {
        assert_ne!(name::sound(a), name::sound(b), "{a} {b}");
    }
}

#[test]
fn nicknames_of_many_languages_are_related_and_names_are_not() {
    for (a, b) in [
        ("bill", "william"),
        ("sasha", "aleksandr"),
        ("paco", "francisco"),
        ("giorgos", "georgios"),
        ("gosia", "malgorzata"),
        ("muhammad", "mohamed"),
        ("hussein", "husayn"),
        ("ibo", "ibrahim"),
        ("jancsi", "janos"),
        ("lefteris", "eleftherios"),
        ("pelle", "per"),
        ("beppe", "giuseppe"),
    ] {
        assert!(nicknames::related(a, b), "{a} {b}");
    }
    for (a, b) in [("ann", "robert"), ("peter", "paul"), ("ahmed", "mohammed"), ("", "ann")] {
        assert!(!nicknames::related(a, b), "{a} {b}");
    }
}

#[test]
fn legal_forms_of_many_countries_are_taken_off_and_classed() {
    for (raw, core, legal) in [
        ("Nowak Spółka z ograniczoną odpowiedzialnością", "nowak", "limited"),
        ("Nowak sp. z o.o.", "nowak", "limited"),
        ("SiemensAG", "siemens", "stock"),
        ("Acme GmbH & Co. KG", "acme", "partnership"),
        ("ABC S.A. de C.V.", "abc", "stock"),
        ("Amazon.com, Inc.", "amazon", "stock"),
        ("ООО \"Ромашка\"", "romashka", "limited"),
        ("Общество с ограниченной ответственностью «Ромашка»", "romashka", "limited"),
        ("Public Joint Stock Company Sberbank", "sberbank", "stock"),
        ("TACTICAL MISSILES JOINT STOCK COMPAN", "tactical missiles", "stock"),
        ("Foo Pty Ltd", "foo", "limited"),
        ("Foo Limited Liability Company", "foo", "limited"),
        ("PT Astra International Tbk", "astra international", "stock"),
        ("Verein der Freunde e.V.", "verein der freunde", "nonprofit"),
        ("Foo Sdn. Bhd.", "foo", "limited"),
        ("First Natl Bank", "first national bank", ""),
        ("1st Natl Bank", "first national bank", ""),
        ("Procter & Gamble", "procter gamble", ""),
        ("Bank of New Jersey", "bank of new jersey", ""),
        ("SAS Institute", "sas institute", ""),
        ("St Mary Hosp", "st mary hospital", ""),
    ] {
        let found = company::core(raw).unwrap();
        assert_eq!((found.core.as_str(), found.legal), (core, legal), "{raw}");
    }
    assert_eq!(company::core("International Business Machines Corp").unwrap().acronym, "ibm");
    assert_eq!(company::core("AT&T").unwrap().core, company::core("AT and T").unwrap().core);
}

#[test]
fn street_lines_are_parted_in_many_languages() {
    for (line, number, street, street_core, unit, rest) in [
        ("5121 N Kimball Ave, Apt 4", "5121", "n kimball ave", "kimball", "4", ""),
        ("5121 North Kimball Avenue #4", "5121", "n kimball ave", "kimball", "4", ""),
        ("Dalehamstraße 18", "18", "daleham str", "daleham", "", ""),
        ("Dalehamstr. 18 b", "18b", "daleham str", "daleham", "", ""),
        ("ulitsa Burgzel 67", "67", "burgzel ulitsa", "burgzel", "", ""),
        ("ул. Бургзел, д. 67, кв. 12", "67", "burgzel ulitsa", "burgzel", "12", ""),
        ("calle Mayor 5, 2º", "5", "mayor calle", "mayor", "2", ""),
        (
            "#01-11, HillV2, 4 Hillview Rise, 667979",
            "4",
            "hillview rise",
            "hillview",
            "01 11",
            "hillv2 667979",
        ),
        ("P.O. Box 123", "123", "po box", "po box", "", ""),
        ("200 e. 54th st.", "200", "e 54 st", "54", "", ""),
        ("200 East Fifty-Fourth Street", "200", "e 54 st", "54", "", ""),
        (
            "2182 broadway  between 77th and 78th sts.",
            "2182",
            "broadway",
            "broadway",
            "",
            "between 77th and 78th sts",
        ),
        ("3/12 Smith St", "12", "smith st", "smith", "3", ""),
        ("12-14 Main Street Suite 300", "12", "main st", "main", "300", ""),
        ("St James Street 4", "4", "st james st", "st james", "", ""),
        ("10115 Berlin, Hauptstr. 5", "5", "haupt str", "haupt", "", "10115 berlin"),
        (
            "4000 Fountain St Chicago IL 60601",
            "4000",
            "fountain st",
            "fountain",
            "",
            "chicago il 60601",
        ),
        ("5th Floor, 22 Bishopsgate", "22", "bishopsgate", "bishopsgate", "5", ""),
        ("Av. Paulista, 1578", "1578", "paulista ave", "paulista", "", ""),
        ("North St", "", "n st", "n st", "", ""),
        ("", "", "", "", "", ""),
    ] {
        let parts = address::parts("", "", "", line);
        assert_eq!(
            (&*parts.number, &*parts.street, &*parts.street_core, &*parts.unit, &*parts.rest),
            (number, street, street_core, unit, rest),
            "{line}"
        );
    }
    let fields = address::parts("33", "baldwin drive", "Flat 2", "");
    assert_eq!((&*fields.number, &*fields.street, &*fields.unit), ("33", "baldwin dr", "2"));
    let fields = address::parts("90", "packer sgreet", "yonda pines", "");
    assert_eq!((&*fields.street_core, &*fields.unit, &*fields.rest), ("packer", "", "yonda pines"));
}

#[test]
fn towns_and_states_have_one_spelling() {
    for (a, b) in
        [("St. Louis", "Saint Louis"), ("Ft Worth", "Fort Worth"), ("Mount Vernon", "Mt. Vernon")]
    {
        assert_eq!(address::city(a), address::city(b));
    }
    for (a, b) in [
        ("Illinois", "IL"),
        ("New South Wales", "NSW"),
        ("Washington, D.C.", "DC"),
        ("Baden-Württemberg", "bw"),
    ] {
        assert_eq!(address::region(a), address::region(b));
    }
    assert_ne!(address::region("Kansas"), address::region("Arkansas"));
}

#[test]
fn dates_are_read_in_the_order_of_their_column() {
    use DateOrder::{DayFirst, MonthFirst, YearFirst};
    for (raw, order, packed) in [
        ("1970-03-05", DayFirst, Some(19700305)),
        ("19700305", DayFirst, Some(19700305)),
        ("19790295", YearFirst, Some(19790295)),
        ("19739494", YearFirst, Some(19739494)),
        ("20011985", DayFirst, Some(19850120)),
        ("5.3.1970", DayFirst, Some(19700305)),
        ("3/5/70", MonthFirst, Some(19700305)),
        ("3/5/70", DayFirst, Some(19700503)),
        ("13/3/1970", MonthFirst, Some(19700313)),
        ("5 Mar 1970", DayFirst, Some(19700305)),
        ("March 5th, 1970", DayFirst, Some(19700305)),
        ("05. März 1970", DayFirst, Some(19700305)),
        ("12 de marzo de 1980", DayFirst, Some(19800312)),
        ("1970-03-05T23:59:00Z", DayFirst, Some(19700305)),
        ("1970-03-05 00:00", DayFirst, Some(19700305)),
        ("1970", DayFirst, Some(19700000)),
        ("1970-03", DayFirst, Some(19700300)),
        ("unknown", DayFirst, None),
        ("", DayFirst, None),
        ("1-2-3-4-5", YearFirst, Some(20010203)),
        ("99999999999999999999", DayFirst, None),
    ] {
        assert_eq!(
            date::parse(raw, order).map(date::DateDigits::packed),
            packed,
            "{raw} {order:?}"
        );
    }
    let order = |samples: &[&str]| {
        let mut votes = date::OrderVotes::default();
        samples.iter().for_each(|raw| votes.add(date::vote(raw)));
        votes.order()
    };
    assert_eq!(order(&["1/2/1990", "13/2/1990"]), DayFirst);
    assert_eq!(order(&["1/2/1990", "2/13/1990", "1/1/1990"]), MonthFirst);
    assert_eq!(order(&["19790295", "19700101", ""]), YearFirst);
    assert_eq!(order(&[]), DayFirst);
}
