//! Countries: cities with their postcodes and dialling areas, streets, currencies, mail
//! providers and the way people write telephone numbers there.

use super::names::Culture;
use crate::rng::Rng;

/// A city; `#` in the postcode stands for any digit.
#[derive(Debug)]
pub(crate) struct City {
    pub(crate) name: &'static str,
    pub(crate) state: &'static str,
    zip: &'static str,
    /// Dialling area and how many digits follow it.
    area: (&'static str, usize),
}

/// A country.
#[derive(Debug)]
pub(crate) struct Country {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    dial: &'static str,
    trunk: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) culture: Culture,
    pub(crate) weight: u32,
    /// Mobile prefixes and how many digits follow them.
    mobile: &'static [(&'static str, usize)],
    pub(crate) cities: &'static [City],
    streets: &'static str,
    number_first: bool,
    pub(crate) tld: &'static str,
    pub(crate) mail_hosts: &'static [&'static str],
    pub(crate) forms: &'static [&'static str],
    pub(crate) time_zone: (&'static str, &'static str),
    pub(crate) locale: (&'static str, i64),
}

/// A telephone number: the country and the national digits without trunk prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phone {
    country: &'static Country,
    area_digits: usize,
    digits: String,
}

impl PartialEq for Country {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}
impl Eq for Country {}

fn fill(pattern: &str, rng: &mut Rng) -> String {
    pattern
        .chars()
        .map(|c| if c == '#' { char::from(b'0' + rng.below(10) as u8) } else { c })
        .collect()
}

impl Country {
    pub(crate) fn zip(&self, city: &City, rng: &mut Rng) -> String {
        fill(city.zip, rng)
    }

    pub(crate) fn street(&self, rng: &mut Rng) -> String {
        let streets: Vec<&str> = self.streets.split(';').map(str::trim).collect();
        let street = rng.pick(&streets).copied().unwrap_or("Main");
        let number = 1 + rng.below(180);
        if self.number_first { format!("{number} {street}") } else { format!("{street} {number}") }
    }

    pub(crate) fn mobile_phone(&'static self, rng: &mut Rng) -> Phone {
        let (prefix, rest) = rng.pick(self.mobile).copied().unwrap_or(("6", 8));
        self.phone(prefix, rest, rng)
    }

    pub(crate) fn landline(&'static self, city: &City, rng: &mut Rng) -> Phone {
        self.phone(city.area.0, city.area.1, rng)
    }

    fn phone(&'static self, prefix: &str, rest: usize, rng: &mut Rng) -> Phone {
        let mut digits = String::from(prefix);
        for i in 0..rest {
            // a subscriber number does not begin with 0 or 1
            let digit = if i == 0 { 2 + rng.below(8) } else { rng.below(10) };
            digits.push(char::from(b'0' + digit as u8));
        }
        Phone { country: self, area_digits: prefix.len(), digits }
    }
}

impl Phone {
    /// The number as `+4930123456`.
    pub(crate) fn e164(&self) -> String {
        format!("+{}{}", self.country.dial, self.digits)
    }

    /// The number as one of the ways in which people type it.
    pub(crate) fn written(&self, style: u64) -> String {
        let (area, rest) = self.digits.split_at(self.area_digits.min(self.digits.len()));
        let dial = self.country.dial;
        let trunk = self.country.trunk;
        let grouped = |sep: &str| {
            let chars: Vec<char> = rest.chars().collect();
            let size = if matches!(chars.len(), 3 | 6 | 7 | 9) { 3 } else { 4 };
            let mut groups: Vec<String> = chars.chunks(size).map(|c| c.iter().collect()).collect();
            if groups.last().is_some_and(|g| g.len() == 1) && groups.len() > 1 {
                let tail = groups.pop().unwrap_or_default();
                if let Some(last) = groups.last_mut() {
                    last.push_str(&tail);
                }
            }
            groups.join(sep)
        };
        match style % 8 {
            0 | 1 => self.e164(),
            2 => format!("+{dial} {area} {}", grouped(" ")),
            3 if self.country.number_first && dial == "1" => format!("({area}) {}", grouped("-")),
            3 => format!("+{dial} ({trunk}){area} {rest}"),
            4 => format!("{trunk}{area} {}", grouped(" ")),
            5 => format!("{trunk}{area}-{}", grouped("-")),
            6 => format!("00{dial}{area}{rest}"),
            _ => format!("{trunk}{area}{rest}"),
        }
    }
}

/// A country by its weight.
pub(crate) fn any_country(rng: &mut Rng) -> &'static Country {
    let weights: Vec<u32> = COUNTRIES.iter().map(|c| c.weight).collect();
    let i = rng.weighted(&weights);
    COUNTRIES.get(i).unwrap_or(home())
}

/// The city of a country without a list; every country has one, so it is never seen.
pub(crate) static SEAT: City =
    City { name: "New York", state: "NY", zip: "100##", area: ("212", 7) };

/// The first country, where the sandbox's company has its seat.
pub(crate) fn home() -> &'static Country {
    let [first, ..] = &COUNTRIES;
    first
}

macro_rules! city {
    ($name:literal, $state:literal, $zip:literal, $area:literal, $rest:literal) => {
        City { name: $name, state: $state, zip: $zip, area: ($area, $rest) }
    };
}

/// Every country of the sandbox.
pub(crate) static COUNTRIES: [Country; 13] = [
    Country {
        code: "US",
        name: "United States",
        dial: "1",
        trunk: "",
        currency: "usd",
        culture: Culture::English,
        weight: 30,
        mobile: &[
            ("917", 7),
            ("415", 7),
            ("512", 7),
            ("312", 7),
            ("206", 7),
            ("617", 7),
            ("303", 7),
            ("646", 7),
        ],
        cities: &[
            city!("New York", "NY", "100##", "212", 7),
            city!("San Francisco", "CA", "941##", "415", 7),
            city!("Austin", "TX", "787##", "512", 7),
            city!("Chicago", "IL", "606##", "312", 7),
            city!("Seattle", "WA", "981##", "206", 7),
            city!("Boston", "MA", "021##", "617", 7),
            city!("Denver", "CO", "802##", "303", 7),
            city!("Atlanta", "GA", "303##", "404", 7),
            city!("Portland", "OR", "972##", "503", 7),
        ],
        streets: "Main Street; Oak Avenue; Maple Drive; Cedar Lane; 2nd Street; Park Avenue; Washington Blvd; Lake View Road; Elm St; Sunset Boulevard; Hickory Ct",
        number_first: true,
        tld: "com",
        mail_hosts: &[
            "gmail.com",
            "gmail.com",
            "yahoo.com",
            "outlook.com",
            "icloud.com",
            "hotmail.com",
        ],
        forms: &["Inc", "LLC", "Inc", "Corp"],
        time_zone: ("Eastern Time (US & Canada)", "America/New_York"),
        locale: ("en-US", 1),
    },
    Country {
        code: "GB",
        name: "United Kingdom",
        dial: "44",
        trunk: "0",
        currency: "gbp",
        culture: Culture::English,
        weight: 14,
        mobile: &[("7700", 6), ("7911", 6), ("7802", 6), ("7456", 6)],
        cities: &[
            city!("London", "", "SW1A #AA", "20", 8),
            city!("Manchester", "", "M1 #AE", "161", 7),
            city!("Leeds", "", "LS# 4DY", "113", 7),
            city!("Bristol", "", "BS# 6QH", "117", 7),
            city!("Edinburgh", "", "EH# 2NG", "131", 7),
        ],
        streets: "High Street; Station Road; Church Lane; Victoria Road; The Crescent; Mill Lane; Queen Street; Kings Road; Albion Place",
        number_first: true,
        tld: "co.uk",
        mail_hosts: &["gmail.com", "hotmail.co.uk", "outlook.com", "btinternet.com", "yahoo.co.uk"],
        forms: &["Ltd", "Ltd", "PLC", "LLP"],
        time_zone: ("London", "Europe/London"),
        locale: ("en-GB", 1176),
    },
    Country {
        code: "DE",
        name: "Germany",
        dial: "49",
        trunk: "0",
        currency: "eur",
        culture: Culture::German,
        weight: 14,
        mobile: &[("151", 8), ("160", 7), ("171", 7), ("176", 8), ("152", 8)],
        cities: &[
            city!("Berlin", "Berlin", "10###", "30", 8),
            city!("München", "Bayern", "80###", "89", 8),
            city!("Hamburg", "Hamburg", "20###", "40", 8),
            city!("Köln", "Nordrhein-Westfalen", "50###", "221", 7),
            city!("Frankfurt am Main", "Hessen", "60###", "69", 8),
            city!("Stuttgart", "Baden-Württemberg", "70###", "711", 7),
            city!("Düsseldorf", "Nordrhein-Westfalen", "40###", "211", 7),
        ],
        streets: "Hauptstraße; Bahnhofstraße; Gartenweg; Schillerstr.; Goethestraße; Lindenallee; Am Markt; Bergstraße; Kirchgasse; Mühlenweg",
        number_first: false,
        tld: "de",
        mail_hosts: &["gmx.de", "web.de", "gmail.com", "t-online.de", "posteo.de"],
        forms: &["GmbH", "GmbH", "AG", "GmbH & Co. KG", "UG (haftungsbeschränkt)"],
        time_zone: ("Berlin", "Europe/Berlin"),
        locale: ("de", 8),
    },
    Country {
        code: "FR",
        name: "France",
        dial: "33",
        trunk: "0",
        currency: "eur",
        culture: Culture::French,
        weight: 9,
        mobile: &[("6", 8), ("7", 8)],
        cities: &[
            city!("Paris", "Île-de-France", "750##", "1", 8),
            city!("Lyon", "Auvergne-Rhône-Alpes", "690##", "4", 8),
            city!("Marseille", "Provence-Alpes-Côte d'Azur", "130##", "4", 8),
            city!("Lille", "Hauts-de-France", "590##", "3", 8),
            city!("Nantes", "Pays de la Loire", "440##", "2", 8),
        ],
        streets: "rue de la République; avenue Victor Hugo; rue du Moulin; boulevard Voltaire; place de l'Église; rue des Lilas; impasse des Acacias; rue Pasteur",
        number_first: true,
        tld: "fr",
        mail_hosts: &["orange.fr", "gmail.com", "free.fr", "laposte.net", "wanadoo.fr"],
        forms: &["SARL", "SAS", "S.A.", "SASU"],
        time_zone: ("Paris", "Europe/Paris"),
        locale: ("fr", 16),
    },
    Country {
        code: "ES",
        name: "Spain",
        dial: "34",
        trunk: "",
        currency: "eur",
        culture: Culture::Spanish,
        weight: 6,
        mobile: &[("61", 7), ("65", 7), ("62", 7)],
        cities: &[
            city!("Madrid", "Madrid", "280##", "91", 7),
            city!("Barcelona", "Cataluña", "080##", "93", 7),
            city!("Valencia", "Comunidad Valenciana", "460##", "96", 7),
            city!("Sevilla", "Andalucía", "410##", "95", 7),
        ],
        streets: "Calle Mayor; Calle de Alcalá; Avenida de la Constitución; Plaza de España; Calle del Sol; Paseo de Gracia; Calle San Juan; Avenida Diagonal",
        number_first: false,
        tld: "es",
        mail_hosts: &["gmail.com", "hotmail.es", "telefonica.net", "yahoo.es"],
        forms: &["S.L.", "S.A.", "S.L.U."],
        time_zone: ("Madrid", "Europe/Madrid"),
        locale: ("es", 2),
    },
    Country {
        code: "MX",
        name: "Mexico",
        dial: "52",
        trunk: "",
        currency: "usd",
        culture: Culture::Spanish,
        weight: 4,
        mobile: &[("55", 8), ("33", 8), ("81", 8)],
        cities: &[
            city!("Ciudad de México", "CDMX", "06###", "55", 8),
            city!("Guadalajara", "Jalisco", "44###", "33", 8),
            city!("Monterrey", "Nuevo León", "64###", "81", 8),
        ],
        streets: "Avenida Insurgentes; Calle Hidalgo; Avenida Juárez; Calle Morelos; Paseo de la Reforma; Calle 5 de Mayo",
        number_first: false,
        tld: "com.mx",
        mail_hosts: &["gmail.com", "hotmail.com", "prodigy.net.mx", "outlook.com"],
        forms: &["S.A. de C.V.", "S. de R.L. de C.V."],
        time_zone: ("Mexico City", "America/Mexico_City"),
        locale: ("es-419", 1186),
    },
    Country {
        code: "PL",
        name: "Poland",
        dial: "48",
        trunk: "",
        currency: "pln",
        culture: Culture::Polish,
        weight: 6,
        mobile: &[("501", 6), ("602", 6), ("693", 6), ("790", 6), ("888", 6)],
        cities: &[
            city!("Warszawa", "mazowieckie", "00-###", "22", 7),
            city!("Kraków", "małopolskie", "30-###", "12", 7),
            city!("Wrocław", "dolnośląskie", "50-###", "71", 7),
            city!("Poznań", "wielkopolskie", "60-###", "61", 7),
        ],
        streets: "ul. Marszałkowska; ul. Kwiatowa; ul. Długa; al. Jerozolimskie; ul. Polna; ul. Mickiewicza; ul. Słoneczna",
        number_first: false,
        tld: "pl",
        mail_hosts: &["wp.pl", "onet.pl", "gmail.com", "interia.pl", "o2.pl"],
        forms: &["Sp. z o.o.", "Sp. z o.o.", "S.A."],
        time_zone: ("Warsaw", "Europe/Warsaw"),
        locale: ("pl", 13),
    },
    Country {
        code: "SE",
        name: "Sweden",
        dial: "46",
        trunk: "0",
        currency: "sek",
        culture: Culture::Nordic,
        weight: 4,
        mobile: &[("70", 7), ("73", 7), ("76", 7)],
        cities: &[
            city!("Stockholm", "", "11# ##", "8", 8),
            city!("Göteborg", "", "41# ##", "31", 7),
            city!("Malmö", "", "21# ##", "40", 7),
        ],
        streets: "Storgatan; Drottninggatan; Kungsgatan; Skolvägen; Björkvägen; Sveavägen; Ringvägen",
        number_first: false,
        tld: "se",
        mail_hosts: &["gmail.com", "telia.com", "hotmail.se", "outlook.com"],
        forms: &["AB"],
        time_zone: ("Stockholm", "Europe/Stockholm"),
        locale: ("sv", 92),
    },
    Country {
        code: "FI",
        name: "Finland",
        dial: "358",
        trunk: "0",
        currency: "eur",
        culture: Culture::Nordic,
        weight: 2,
        mobile: &[("40", 7), ("50", 7), ("44", 7)],
        cities: &[city!("Helsinki", "", "00##0", "9", 7), city!("Tampere", "", "33##0", "3", 7)],
        streets: "Mannerheimintie; Hämeenkatu; Koulukatu; Rantatie; Aleksanterinkatu",
        number_first: false,
        tld: "fi",
        mail_hosts: &["gmail.com", "luukku.com", "elisanet.fi"],
        forms: &["Oy", "Oyj"],
        time_zone: ("Helsinki", "Europe/Helsinki"),
        locale: ("fi", 84),
    },
    Country {
        code: "IN",
        name: "India",
        dial: "91",
        trunk: "0",
        currency: "inr",
        culture: Culture::Indian,
        weight: 7,
        mobile: &[("98", 8), ("97", 8), ("87", 8), ("70", 8)],
        cities: &[
            city!("Bengaluru", "Karnataka", "5600##", "80", 8),
            city!("Mumbai", "Maharashtra", "4000##", "22", 8),
            city!("New Delhi", "Delhi", "1100##", "11", 8),
            city!("Chennai", "Tamil Nadu", "6000##", "44", 8),
        ],
        streets: "MG Road; Nehru Nagar; Gandhi Street; Brigade Road; Anna Salai; Linking Road; Sector",
        number_first: true,
        tld: "in",
        mail_hosts: &["gmail.com", "gmail.com", "rediffmail.com", "yahoo.co.in"],
        forms: &["Pvt Ltd", "Private Limited", "LLP"],
        time_zone: ("Chennai", "Asia/Kolkata"),
        locale: ("en-IN", 1281),
    },
    Country {
        code: "JP",
        name: "Japan",
        dial: "81",
        trunk: "0",
        currency: "jpy",
        culture: Culture::Japanese,
        weight: 4,
        mobile: &[("90", 8), ("80", 8), ("70", 8)],
        cities: &[
            city!("Tokyo", "Tokyo", "1##-00##", "3", 8),
            city!("Osaka", "Osaka", "53#-00##", "6", 8),
            city!("Fukuoka", "Fukuoka", "81#-00##", "92", 7),
        ],
        streets: "Ginza; Shibuya; Umeda; Roppongi; Hakata; Shinjuku",
        number_first: true,
        tld: "co.jp",
        mail_hosts: &["gmail.com", "yahoo.co.jp", "docomo.ne.jp"],
        forms: &["K.K.", "G.K."],
        time_zone: ("Tokyo", "Asia/Tokyo"),
        locale: ("ja", 67),
    },
    Country {
        code: "GR",
        name: "Greece",
        dial: "30",
        trunk: "",
        currency: "eur",
        culture: Culture::Greek,
        weight: 2,
        mobile: &[("694", 7), ("697", 7), ("698", 7)],
        cities: &[
            city!("Athina", "Attiki", "10# ##", "21", 8),
            city!("Thessaloniki", "Makedonia", "54# ##", "2310", 6),
        ],
        streets: "Ermou; Panepistimiou; Tsimiski; Patision; Agiou Dimitriou",
        number_first: false,
        tld: "gr",
        mail_hosts: &["gmail.com", "otenet.gr", "yahoo.gr"],
        forms: &["A.E.", "E.P.E.", "IKE"],
        time_zone: ("Athens", "Europe/Athens"),
        locale: ("el", 93),
    },
    Country {
        code: "UA",
        name: "Ukraine",
        dial: "380",
        trunk: "0",
        currency: "usd",
        culture: Culture::Slavic,
        weight: 2,
        mobile: &[("50", 7), ("67", 7), ("63", 7)],
        cities: &[city!("Kyiv", "", "01###", "44", 7), city!("Lviv", "", "79###", "32", 7)],
        streets: "vul. Shevchenka; vul. Franka; prosp. Peremohy; vul. Lesi Ukrainky; vul. Sadova",
        number_first: false,
        tld: "ua",
        mail_hosts: &["gmail.com", "ukr.net", "i.ua"],
        forms: &["TOV", "LLC"],
        time_zone: ("Kyiv", "Europe/Kyiv"),
        locale: ("uk", 1173),
    },
];
