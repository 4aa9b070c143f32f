//! What the name of a column says about what it holds.
//!
//! Owns the words that people of many countries write above their columns. Refuses to look at
//! values: a name is only a claim, which the caller checks.

use crate::role::Role;

/// What a name claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// The column holds this.
    Is(Role),
    /// An address, in one line or only its street: the other columns tell.
    Address,
    /// A year, month or day of birth.
    Part(DatePart),
    /// When something was stored or changed, where from, by whom: nothing about the entity.
    About,
    /// A number of the row, the record or the entity in some system.
    Id,
    /// A date of unknown meaning.
    SomeDate,
    /// One of few values, or text: the values tell.
    Other,
    /// The name says nothing.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatePart {
    Year,
    Month,
    Day,
}

/// Whether a list has a word.
fn has(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_ascii_whitespace().any(|listed| listed == word)
}

/// The words of a name: lower case, Latin letters, split where people split them.
pub(super) fn words(name: &str) -> Vec<String> {
    let latin = deunicode::deunicode(name);
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in latin.chars() {
        let splits = (before.is_lowercase() && c.is_uppercase())
            || (before.is_alphabetic() && c.is_ascii_digit())
            || (before.is_ascii_digit() && c.is_alphabetic());
        if splits || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut()
            && c.is_alphanumeric()
        {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Words before a name that say whose or which it is, not what.
const BEFORE: &str = "\
    primary main addr address customer contact person client user member patient employee home \
    work business billing bill shipping ship mailing mail postal residential residence legal \
    current my native secondary alternate alternative alt other additional second original orig \
    raw clean cleaned std norm normalized account acct company org organisation organization firm \
    site store shop branch office school hotel restaurant facility provider vendor supplier \
    merchant applicant inventor subject respondent voter resident owner holder cust emp src left \
    right personal private corporate street strasse location the full registered reg physical hq \
    entity record donor passenger student guest buyer seller lead party individual kunde kunden \
    cliente client birth census enum";

/// Words after a name that say nothing about what it is.
const AFTER: &str = "\
    fake raw clean cleaned orig original value val text txt str std norm normalized field col \
    column c number no num nr primary main home work business mobile full l r current";

const GIVEN: &str = "\
    firstname first fname givenname givennames given forename forenames christianname namefirst \
    firstnames vorname vornamen rufname prenom prenoms nombre nombres primernombre nomedipersona \
    primeironome prenome voornaam voornamen roepnaam fornavn fornamn etunimi etunimet imie imiona \
    jmeno krestnijmeno meno keresztnev utonev ime prenume imia ad isim onoma mingzi ming mei namae \
    firstnm fnm gname fstname preferredname nickname callname namegiven eesnimi vards vardas";

const FAMILY: &str = "\
    lastname last lname surname sname familyname family secondname namelast nachname familienname \
    zuname nomdefamille nomfamille apellido apellidos primerapellido apellidopaterno cognome \
    sobrenome apelido achternaam familienaam etternavn efternavn efternamn sukunimi nazwisko \
    prijmeni priezvisko vezeteknev csaladnev prezime numedefamilie nume familiia soyad soyadi \
    soyisim eponymo eponumo xing sei myoji lastnm lnm surnm perekonnanimi uzvards pavarde \
    maidenname birthname geburtsname namefamily previoussurname formersurname marriedname lstname \
    secondsurname segundoapellido apellidomaterno";

const MIDDLE: &str = "\
    middlename middle mname middleinitial mi middleinit initials initial namemiddle middlenames \
    zweitname zweitervorname deuxiemeprenom segundonombre otchestvo patronymic patronym \
    tussenvoegsel mellannamn mellomnavn midname minit";

const FULL: &str = "\
    fullname name names namefull completename wholename displayname personname commonname naam \
    navn namn nimi nom nome nazwa nomcomplet nombrecompleto nomecompleto vollername \
    vollstandigername namecomplete firstandlastname firstandsurname firstlast firstlastname \
    lastfirst nameandsurname fio xingming shimei alias aliases aka alsoknownas knownas formername \
    namevorname vorundnachname vornamenachname imieinazwisko jmenoaprijmeni anschriftname cn nev \
    teljesnev adsoyad fullnm nm custname";

const ORG: &str = "\
    company companyname organisation organization organisationname organizationname org orgname \
    nameorg firm firmname business businessname tradingname tradename tradingas dba \
    doingbusinessas legalname registeredname corporation corporatename corpname enterprise \
    enterprisename accountname account vendor vendorname supplier suppliername merchant \
    merchantname sitename site facility facilityname provider providername institution \
    institutionname institute affiliation affil university school schoolname hotel hotelname \
    restaurant restaurantname store storename shop shopname brand brandname establishment \
    establishmentname applicant applicantname assignee assigneename entityname clientcompany firma \
    firmenname unternehmen unternehmensname betrieb gesellschaft societe nomsociete raisonsociale \
    denomination denominationsociale entreprise empresa nombreempresa razonsocial nomeempresa \
    razaosocial nomefantasia azienda ragionesociale ditta impresa bedrijf bedrijfsnaam handelsnaam \
    foretag foretagsnamn virksomhed virksomhedsnavn bedrift foretaksnavn yritys yrityksennimi \
    toiminimi nazwafirmy spolecnost nazevfirmy nazev cegnev ceg tvrtka naziv companie denumire \
    kompaniia organizatsiia sirket sirketadi gongsi kaisha kaishamei conm compname co cname coname \
    nameofcompany nameoforganisation nameoforganization";

/// Companies that a person, or another company, has to do with.
const EMPLOYER: &str = "\
    employer employername workplace worksat agency agencyname parentcompany parent parentname \
    parentorg group groupname arbeitgeber employeur empleador datoredilavoro werkgever \
    arbeidsgiver arbejdsgiver arbetsgivare pracodawca chain chainname operator franchise \
    franchisor sponsor";

const EMAIL: &str = "\
    email emailaddress mail mailaddress emailid emailaddr emailadresse mailadresse epost \
    epostadresse epostadress courriel adressemail adresseemail correo correoelectronico sahkoposti \
    eposta pochta emails adreseemail postaelettronica adresemail";

const PHONE: &str = "\
    phone phonenumber phoneno telephone telephonenumber tel telno telnumber mobile mobilephone \
    mobilenumber mobileno cell cellphone cellnumber landline fax faxnumber faxno phones homephone \
    workphone telefon telefonnummer telefonnr handy handynummer mobil mobiltelefon mobilnummer \
    rufnummer festnetz telephonefixe portable mobiletelephone telefono movil celular telemovel \
    cellulare telefoon telefoonnummer mobiel gsm puhelin puhelinnumero matkapuhelin telefonszam \
    nomertelefona dianhua denwa ph phonenum msisdn whatsapp contactnumber numtel numerotelephone";

const WEB: &str = "\
    website web url homepage webpage webaddress domain domainname www internet webseite \
    internetseite siteweb siteinternet paginaweb sitioweb sitoweb stronawww webside hjemmeside \
    hemsida verkkosivu emaildomain link websiteurl uri";

const BORN: &str = "\
    dob dateofbirth birthdate birthday dateborn born bdate birthdt birth dobirth geburtsdatum \
    gebdatum gebdat geboren geburtstag datenaissance datedenaissance naissance fechanacimiento \
    fechadenacimiento nacimiento datanascimento datadenascimento nascimento datadinascita \
    datanascita nascita geboortedatum fodselsdato fodselsdag fodelsedatum syntymaaika \
    dataurodzenia datumnarozeni datumnarodenia szuletesidatum datumrodenja datarozhdeniia \
    datanasterii dogumtarihi chushengriqi seinengappi founded foundingdate datefounded foundeddate \
    foundedon incorporationdate incorporated dateofincorporation incorporatedon established birthd \
    dtbirth dtofbirth";

const NUMBER: &str = "\
    streetnumber streetno streetnum streetnr stno stnum housenumber houseno housenum housenr \
    hausnummer hausnr hnr buildingnumber civicnumber numerocivico civico numerovoie numerorue \
    huisnummer husnummer husnr numerdomu cislopopisne hno addressnumber addressno numerocasa \
    talonumero";

const STREET: &str = "\
    street streetname streetaddress address1 addressline1 addrline1 addr1 add1 line1 addressline \
    addrline street1 streetline1 streetaddress1 road roadname thoroughfare strasse str \
    strassenname strassehausnummer strasseundhausnummer strassehnr rue nomrue voie adresse1 calle \
    direccion1 rua logradouro via straat straatnaam gate gateadresse vej vejnavn gata gatuadress \
    katu katuosoite lahiosoite ulica ulice utca ulitsa strada sokak cadde streetandnumber \
    streetaddr staddr stname";

const UNIT: &str = "\
    unit unitnumber unitno apt apartment aptnumber aptno flat flatnumber suite suitenumber ste \
    room floor address2 addressline2 addrline2 addr2 add2 line2 street2 streetline2 streetaddress2 \
    address3 addressline3 addr3 line3 adresszusatz zusatz complement complementoadresse \
    complementadresse complemento piso interno toevoeging huisnummertoevoeging building \
    buildingname housename pobox postfach";

const ADDRESS: &str = "\
    address addr adresse adress direccion domicilio endereco indirizzo adres osoite lakcim cim \
    adresa anschrift dizhi jusho adr location add postadresse domicile dieuthynsi";

const FULL_ADDRESS: &str = "\
    fulladdress addressfull addrfull fulladdr completeaddress wholeaddress formattedaddress \
    displayaddress addresslines addresstext addresscomplete adressecomplete direccioncompleta";

const CITY: &str = "\
    city cityname town townname suburb village municipality locality towncity citytown posttown \
    neighborhood neighbourhood stadt ort wohnort ortschaft gemeinde ville commune localite ciudad \
    poblacion localidad municipio cidade citta comune localita stad plaats plaatsnaam woonplaats \
    gemeente poststed postort ortnavn bynavn kaupunki postitoimipaikka kunta miasto miejscowosc \
    mesto obec varos telepules grad gorod oras localitate sehir chengshi shi placename metro";

/// A town that is not where somebody lives.
const BIRTH_PLACE: &str = "\
    birthplace placeofbirth birthcity birthtown cityofbirth townofbirth geburtsort lieudenaissance \
    lieunaissance lugarnacimiento lugardenacimiento luogodinascita luogonascita geboorteplaats \
    fodested fodeort miejsceurodzenia naturalidade";

const POSTAL: &str = "\
    zip zipcode postcode postalcode pcode pc pin pincode zip5 zip4 zipplus4 eircode areacode \
    postalzip zippostal zippostalcode zippostcode ziporpostalcode postal plz postleitzahl \
    codepostal cp codigopostal codpostal cep cap postnummer postnr postinumero kodpocztowy psc \
    iranyitoszam postanskibroj indeks pochtovyiindeks postakodu postcd zipcd youbian yubinbango \
    pstlcd zp";

const REGION: &str = "\
    state province region county statecode stateprovince stateorprovince provincestate prov \
    stateprov district territory bundesland kanton canton departement provincia estado uf regione \
    provincie fylke lan maakunta wojewodztwo kraj megye oblast judet il sheng ken statename \
    borough st";

const COUNTRY: &str = "\
    country countrycode countryname ctry ctrycode cntry land landcode pays codepays pais paese \
    nazione maa kraj2 zeme orszag drzava strana tara ulke guojia kuni iso2 iso3 countryiso \
    countrycd personctrycode";

/// Numbers that an authority gives to one person or company.
const TRUSTED: &str = "\
    ssn socsecid socsec socialsecurity socialsecuritynumber socialsecurityno socialsecurityid \
    ssnnumber ssnlast4 sin nin nino ninumber nationalinsurance nationalinsurancenumber nhs \
    nhsnumber nhsno chi chinumber passport passportnumber passportno passportid driverslicense \
    driverslicensenumber driverslicenseno driverlicense driverlicensenumber driverlicenseno \
    drivinglicence drivinglicencenumber licensenumber licencenumber nationalid nationalidnumber \
    nationalidno idcard idcardnumber identitycard identitynumber personalid personalnumber \
    personalcode taxid taxidnumber taxnumber taxno taxpayerid tin tinnumber ein einnumber fein \
    itin vat vatid vatnumber vatno vatregno ustid ustidnr steuernummer steuerid lei leinumber \
    leicode duns dunsnumber dunsno companynumber companyregistrationnumber registrationnumber \
    registrationno regno regnumber crn brn abn acn cnpj cpf rfc curp nif nie dni cif rut cuit cuil \
    pesel nip regon krs bsn kvk kvknummer cpr cprnummer cvr cvrnummer personnummer fodselsnummer \
    orgnr orgnummer organisationsnummer organisasjonsnummer hetu henkilotunnus ytunnus siren siret \
    nir insee numerosecuritesociale codicefiscale codfiscale partitaiva piva hrb \
    handelsregisternummer ico dic rodnecislo oib egn cnp jmbg inn ogrn snils tckimlik mrn \
    medicalrecordnumber npi npinumber aadhaar pan pannumber gstin gst nric hkid medicare \
    medicareno medicarenumber ssnum socsecno socsecnum sozialversicherungsnummer svnr ahvnummer \
    isni orcid permid figi";

/// Kinds, classes and states: few values by their nature.
const CATEGORY: &str = "\
    gender sex geschlecht sexe sexo sesso geslacht kjonn kon sukupuoli plec pohlavi pol type kind \
    category status industry sector segment nationality citizenship race ethnicity religion \
    language lang maritalstatus title salutation anrede civilite prefix nameprefix honorific class \
    level tier grade branche age alter gendercode sexcode";

const SUFFIX: &str = "\
    suffix namesuffix generation generational namesuffixes suffixname sfx gensuffix jrsr";

/// Words that make a column one about the record, wherever they stand.
const ABOUT: &str = "\
    created createdat createddate createdon createdby creationdate updated updatedat updatedon \
    updateddate updatedby modified modifiedat modifieddate modifiedon lastmodified \
    lastmodifieddate lastupdated lastupdate lastupdatedat inserted insertedat insertdate timestamp \
    ts ingested ingestedat loaded loadedat loaddate loadtime extracted extractdate importdate \
    importedat imported syncedat deletedat deleted lastseen lastseenat firstseen lastlogin \
    lastloginat lastactivity datecreated datemodified dateadded dateupdated entrydate source \
    datasource sourcesystem sourcename sourcetable sourcefile srctable srcname srcsystem \
    sourcedataset sourceid src dataset datasetname database db filename file batch batchid origin \
    sourcesys system truth label labels gold groundtruth goldlabel cluster clusterid clusterno \
    duplicateid dupid matchid matchgroup groundtruthid ismatch isduplicate duplicate duplicateof \
    hardness difficulty version etl hash rowhash checksum recordhash recordtype1";

const IDS: &str = "\
    id ids recid recordid recno recordno recordnumber rowid row rownum rownumber rowno index idx \
    uid uuid guid uniqueid pk key serial serialno sno seq sequence no nr num number n lfdnr \
    unnamed entityid objectid externalid sourcerecordid sysid systemid ref reference refno";

fn part_of_birth(name: &str) -> Option<DatePart> {
    const STEMS: &str = "\
    dob birth b birthdate dateofbirth geb geburts born naissance nacimiento";
    const ENDS: &[(&[&str], DatePart)] = &[
        (&["year", "yr", "yyyy", "yy", "y", "jahr", "annee", "ano"], DatePart::Year),
        (&["month", "mon", "mth", "mm", "m", "monat", "mois", "mes"], DatePart::Month),
        (&["day", "dy", "dd", "d", "tag", "jour", "dia"], DatePart::Day),
    ];
    match name {
        "yob" | "yearofbirth" | "geburtsjahr" | "anneenaissance" => return Some(DatePart::Year),
        "mob" | "monthofbirth" | "geburtsmonat" => return Some(DatePart::Month),
        "dayofbirth" | "geburtstag" => return Some(DatePart::Day),
        _ => {}
    }
    for (ends, part) in ENDS {
        for end in *ends {
            let stem = name.strip_suffix(end).or_else(|| name.strip_prefix(end));
            if stem.is_some_and(|stem| has(STEMS, stem)) {
                return Some(*part);
            }
        }
    }
    None
}

/// The lists in the order in which they are asked; a word stands in one of them only.
const LISTS: &[(&str, Role)] = &[
    (GIVEN, Role::GivenName),
    (FAMILY, Role::FamilyName),
    (MIDDLE, Role::MiddleName),
    (SUFFIX, Role::NameSuffix),
    (FULL, Role::FullName),
    (ORG, Role::OrgName),
    (EMPLOYER, Role::OrgName),
    (EMAIL, Role::Email),
    (PHONE, Role::Phone),
    (WEB, Role::Web),
    (BORN, Role::Date),
    (NUMBER, Role::HouseNumber),
    (STREET, Role::Street),
    (UNIT, Role::Unit),
    (FULL_ADDRESS, Role::FullAddress),
    (CITY, Role::City),
    (BIRTH_PLACE, Role::City),
    (POSTAL, Role::PostalCode),
    (REGION, Role::Region),
    (COUNTRY, Role::Country),
    (TRUSTED, Role::TrustedId),
];

fn listed(name: &str) -> Option<Claim> {
    if let Some((_, role)) = LISTS.iter().find(|(list, _)| has(list, name)) {
        return Some(Claim::Is(*role));
    }
    if has(ADDRESS, name) {
        return Some(Claim::Address);
    }
    if has(CATEGORY, name) {
        return Some(Claim::Other);
    }
    if has(ABOUT, name) {
        return Some(Claim::About);
    }
    if has(IDS, name) {
        return Some(Claim::Id);
    }
    if let Some(part) = part_of_birth(name) {
        return Some(Claim::Part(part));
    }
    matches!(name, "date" | "datum" | "fecha" | "data" | "dato" | "day").then_some(Claim::SomeDate)
}

/// Last words after which the words before do not matter.
const TAILS: &str = "\
    email phone telephone tel mobile fax zip zipcode postcode city town suburb dob surname \
    forename lastname firstname website url street postalcode plz ssn";

/// What a column's name claims.
pub(super) fn claim(name: &str) -> Claim {
    let words = words(name);
    let first = words.first().map_or("", String::as_str);
    let last = words.last().map_or("", String::as_str);
    if first == "true" && words.len() > 1 {
        return Claim::About;
    }
    if let Some(claim) = listed(&words.concat()) {
        return claim;
    }
    // What kind of phone, of which country a passport: about a field, not about the entity.
    let about_id = words.len() > 1
        && !matches!(first, "addr" | "address")
        && words.iter().any(|w| {
            [
                "passport", "license", "licence", "license", "national", "tax", "phone", "birth",
                "ssn",
            ]
            .contains(&w.as_str())
        })
        && ["country", "state", "province", "region", "issuer", "authority"].contains(&last);
    if about_id || ["type", "kind", "status", "flag", "category", "class"].contains(&last) {
        return Claim::Other;
    }
    let mut words: &[String] = &words;
    // Trailing numbers and fillers first, as `phone_2` or `surname_clean`; then whose it is.
    loop {
        let mut rest = words;
        while let Some((_, after)) = rest.split_first() {
            if let Some(claim) = listed(&rest.concat()) {
                return claim;
            }
            if !rest.first().is_some_and(|w| has(BEFORE, w.as_str())) {
                break;
            }
            rest = after;
        }
        match words.split_last() {
            Some((end, before))
                if !before.is_empty()
                    && (has(AFTER, end.as_str()) || end.bytes().all(|b| b.is_ascii_digit())) =>
            {
                words = before;
            }
            _ => break,
        }
    }
    if has(TAILS, last)
        && let Some(claim) = listed(last)
    {
        return claim;
    }
    if last == "id" || last == "key" || last == "uuid" || last == "code" && first == "row" {
        return Claim::Id;
    }
    if last == "at" || last == "timestamp" || last == "datetime" {
        return Claim::About;
    }
    if last == "date" || first == "date" {
        return Claim::SomeDate;
    }
    Claim::Unknown
}

/// The part of a date of birth that a name may mean.
pub(super) fn part_of_birth_of(name: &str) -> Option<DatePart> {
    part_of_birth(&words(name).concat())
}

/// Whether a name says no more than that it is a name.
pub(super) fn is_plain_name(name: &str) -> bool {
    ["name", "names", "naam", "navn", "namn", "nimi", "nom", "nome", "nazwa", "nev"]
        .contains(&words(name).concat().as_str())
}

/// Whether a name is that of a company somebody has to do with, not of the entity itself.
pub(super) fn of_employer(name: &str) -> bool {
    let words = words(name);
    has(EMPLOYER, words.concat().as_str())
        || words.iter().any(|w| ["employer", "parent", "agency"].contains(&w.as_str()))
}

/// Whether a name is that of a place of birth.
pub(super) fn of_birth_place(name: &str) -> bool {
    has(BIRTH_PLACE, words(name).concat().as_str())
}

/// The stem and number of names like `name1`, `pername 2`.
pub(super) fn numbered(name: &str) -> Option<(String, u32)> {
    let words = words(name);
    let (number, stem) = words.split_last()?;
    let stem = match stem.split_last() {
        Some((end, before)) if ["c", "comp", "part"].contains(&end.as_str()) => before.concat(),
        _ => stem.concat(),
    };
    (stem.ends_with("name") || stem.ends_with("nm")).then_some(())?;
    Some((stem, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_stands_in_two_lists() {
        let mut seen = std::collections::BTreeMap::new();
        let others = [ADDRESS, CATEGORY, ABOUT, IDS];
        for list in LISTS.iter().map(|(list, _)| *list).chain(others) {
            for word in list.split_ascii_whitespace() {
                assert_eq!(words(word).concat(), word, "a word is written as it is looked up");
                assert!(seen.insert(word, ()).is_none(), "{word} stands twice");
            }
        }
    }
}
