//! Companies: a brand, a legal form that every system writes in its own way, a domain and a
//! switchboard.

use super::Cast;
use super::names::{BRAND_FIRST, BRAND_SECOND, TRADES};
use super::places::{City, Country, Phone, any_country};
use crate::rng::Rng;
use crate::text::{ascii, unaccented};

/// A company as it really is.
#[derive(Debug)]
pub(crate) struct Company {
    /// The name without its legal form.
    pub(crate) brand: String,
    form: &'static str,
    pub(crate) country: &'static Country,
    pub(crate) city: &'static City,
    pub(crate) street: String,
    pub(crate) zip: String,
    pub(crate) switchboard: Phone,
    pub(crate) domain: String,
    /// A second domain of the same company.
    pub(crate) alt_domain: Option<String>,
    mail_pattern: u64,
    pub(crate) industry: &'static str,
    pub(crate) staff: i64,
    /// Yearly revenue in whole units of the country's currency.
    pub(crate) revenue: i64,
}

impl Company {
    /// The name as one of the ways in which people write it; 0 is the registered form.
    pub(crate) fn named(&self, style: u64) -> String {
        let forms = spellings(self.form);
        let form =
            forms.get((style % forms.len().max(1) as u64) as usize).copied().unwrap_or(self.form);
        let name = match style % 11 {
            7 => self.brand.to_uppercase(),
            8 => unaccented(&self.brand),
            9 => self.brand.replace(" and ", " & ").replace(" & ", " and "),
            _ => self.brand.clone(),
        };
        match form {
            "" => name,
            form if form.starts_with(',') => format!("{name}{form}"),
            form => format!("{name} {form}"),
        }
    }

    /// The address the company's mail administrator gives to a person.
    pub(crate) fn mailbox(&self, given: &str, surname: &str) -> String {
        let (given, surname) = (ascii(given), ascii(surname));
        let initial: String = given.chars().take(1).collect();
        match self.mail_pattern {
            0 | 1 => format!("{given}.{surname}"),
            2 => format!("{initial}{surname}"),
            3 => format!("{initial}.{surname}"),
            4 => given,
            5 => format!("{surname}.{given}"),
            _ => format!("{given}_{surname}"),
        }
    }
}

/// The ways a legal form is written; the empty one leaves it out.
fn spellings(form: &'static str) -> &'static [&'static str] {
    match form {
        "Inc" => &["Inc", "Inc.", ", Inc.", "Incorporated", "", "inc"],
        "LLC" => &["LLC", ", LLC", "L.L.C.", "", "llc"],
        "Corp" => &["Corp", "Corp.", "Corporation", ""],
        "Ltd" => &["Ltd", "Ltd.", "Limited", "", "LTD"],
        "PLC" => &["PLC", "plc", "P.L.C.", ""],
        "LLP" => &["LLP", "L.L.P.", ""],
        "GmbH" => &["GmbH", "Gmbh", "G.m.b.H.", "", "GMBH"],
        "GmbH & Co. KG" => &["GmbH & Co. KG", "GmbH & Co KG", "GmbH und Co. KG", "KG", ""],
        "UG (haftungsbeschränkt)" => &["UG (haftungsbeschränkt)", "UG", ""],
        "AG" => &["AG", "A.G.", "Aktiengesellschaft", ""],
        "SARL" => &["SARL", "S.A.R.L.", "Sarl", ""],
        "SAS" => &["SAS", "S.A.S.", ""],
        "SASU" => &["SASU", "SAS", ""],
        "S.A." => &["S.A.", "SA", ""],
        "S.L." => &["S.L.", "SL", "Sociedad Limitada", ""],
        "S.L.U." => &["S.L.U.", "SLU", "S.L.", ""],
        "S.A. de C.V." => &["S.A. de C.V.", "SA de CV", ""],
        "S. de R.L. de C.V." => &["S. de R.L. de C.V.", "S de RL de CV", ""],
        "Sp. z o.o." => &["Sp. z o.o.", "sp. z o. o.", "Sp z oo", "Spółka z o.o.", ""],
        "AB" => &["AB", "Aktiebolag", "ab", ""],
        "Oy" => &["Oy", "OY", "Osakeyhtiö", ""],
        "Oyj" => &["Oyj", "OYJ", ""],
        "K.K." => &["K.K.", "KK", "Kabushiki Kaisha", "Co., Ltd.", ""],
        "G.K." => &["G.K.", "GK", "LLC", ""],
        "Pvt Ltd" => &["Pvt Ltd", "Pvt. Ltd.", "Private Limited", "(P) Ltd", ""],
        "Private Limited" => &["Private Limited", "Pvt. Ltd.", "Pvt Ltd", ""],
        _ => &["", ""],
    }
}

impl Cast {
    /// Founds a company and returns its number. Now and then it is the foreign sister of an
    /// existing one: same brand, another country and form, its own domain.
    pub(crate) fn add_company(&mut self, rng: &mut Rng) -> u32 {
        let id = self.companies.len() as u32;
        let country = any_country(rng);
        let sister = rng
            .chance(0.04)
            .then(|| rng.pick(&self.companies))
            .flatten()
            .filter(|c| c.country != country)
            .map(|c| (c.brand.clone(), c.industry));
        let (brand, industry) = sister.unwrap_or_else(|| self.new_brand(country, rng));
        let slug: String = brand
            .split_whitespace()
            .map(ascii)
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let slug = if rng.chance(0.6) { slug.replace('-', "") } else { slug };
        let tld = if rng.chance(0.25) { "com" } else { country.tld };
        let mut domain = format!("{slug}.{tld}");
        let mut suffix = 1;
        while !self.domains.insert(domain.clone()) {
            suffix += 1;
            domain = if suffix == 2 {
                format!("{slug}-group.{tld}")
            } else {
                format!("{slug}{suffix}.{tld}")
            };
        }
        let alt_domain = rng
            .chance(0.08)
            .then(|| format!("{slug}.{}", if tld == "com" { "io" } else { "eu" }))
            .filter(|alt| self.domains.insert(alt.clone()));
        let city =
            rng.pick(country.cities).or(country.cities.first()).unwrap_or(&super::places::SEAT);
        // sizes follow a Pareto law: many small, few very large
        let size = (1.0 - rng.unit()).max(1e-4).powf(-1.0 / 1.16);
        let staff = (size * 4.0) as i64;
        self.companies.push(Company {
            brand,
            form: rng.word(country.forms),
            country,
            city,
            street: country.street(rng),
            zip: country.zip(city, rng),
            switchboard: country.landline(city, rng),
            domain,
            alt_domain,
            mail_pattern: rng.below(7),
            industry,
            staff,
            revenue: staff.saturating_mul(rng.between(60_000, 220_000)),
        });
        let before = self.weights.last().copied().unwrap_or(0);
        self.weights.push(before + (staff as u64).clamp(1, 400));
        id
    }

    fn new_brand(&mut self, country: &Country, rng: &mut Rng) -> (String, &'static str) {
        let firsts: Vec<&'static str> = BRAND_FIRST.split_whitespace().collect();
        let seconds: Vec<&'static str> = BRAND_SECOND.split_whitespace().collect();
        let surnames: Vec<&'static str> =
            country.culture.names().surnames.split_whitespace().collect();
        for _ in 0..200 {
            let (trade, industry) =
                rng.pick(TRADES).copied().unwrap_or(("Systems", "COMPUTER_SOFTWARE"));
            let brand = match rng.below(6) {
                0 => format!("{} {trade}", rng.word(&surnames)),
                1 => format!("{} & {} {trade}", rng.word(&surnames), rng.word(&surnames)),
                2 => format!("{}{}", rng.word(&firsts), rng.word(&seconds)),
                3 => format!("{}{} {trade}", rng.word(&firsts), rng.word(&seconds)),
                4 => format!("{} {} {trade}", rng.word(&firsts), rng.word(&firsts)),
                _ => format!("{} {trade}", rng.word(&firsts)),
            };
            if self.brands.insert(brand.clone()) {
                return (brand, industry);
            }
        }
        (format!("Company {}", self.companies.len() + 1), "COMPUTER_SOFTWARE")
    }
}
