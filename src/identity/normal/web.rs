//! Web domains: the registrable domain that stands for an organisation.
//!
//! Owns a short list of public suffixes, the public mail providers and the hosting platforms. It is
//! not the Public Suffix List: a suffix it does not know costs one subdomain too many or too few.

use super::text;

/// Second-level words under which countries register.
const SECOND: &[&str] = &[
    "ac", "co", "com", "edu", "gob", "gouv", "gov", "govt", "gv", "ltd", "ne", "net", "nhs", "nom",
    "or", "org", "plc", "sch", "id", "web", "firm", "ind", "in", "asso", "k12", "go", "me",
];

/// Providers whose addresses anybody can have.
const PUBLIC_MAIL: &[&str] = &[
    "126.com",
    "163.com",
    "aim.com",
    "aol.com",
    "aol.de",
    "alice.it",
    "arcor.de",
    "att.net",
    "bbox.fr",
    "bellsouth.net",
    "bigpond.com",
    "bk.ru",
    "blueyonder.co.uk",
    "bluewin.ch",
    "btinternet.com",
    "centrum.cz",
    "charter.net",
    "comcast.net",
    "cox.net",
    "earthlink.net",
    "email.com",
    "email.cz",
    "email.de",
    "fastmail.com",
    "fastmail.fm",
    "free.fr",
    "freemail.hu",
    "freenet.de",
    "frontier.com",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.be",
    "hotmail.ca",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.com.br",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hotmail.nl",
    "hotmail.se",
    "icloud.com",
    "inbox.com",
    "inbox.lv",
    "inbox.ru",
    "interia.pl",
    "juno.com",
    "kpnmail.nl",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.be",
    "live.ca",
    "live.co.uk",
    "live.com",
    "live.com.mx",
    "live.de",
    "live.dk",
    "live.fr",
    "live.it",
    "live.nl",
    "live.no",
    "live.se",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "neuf.fr",
    "ntlworld.com",
    "o2.pl",
    "online.de",
    "online.no",
    "onet.pl",
    "optonline.net",
    "optusnet.com.au",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "outlook.it",
    "outlook.com.br",
    "pm.me",
    "posteo.de",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rediffmail.com",
    "rocketmail.com",
    "sapo.pt",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "shaw.ca",
    "skynet.be",
    "sky.com",
    "sympatico.ca",
    "t-online.de",
    "talktalk.net",
    "telenet.be",
    "telia.com",
    "terra.com.br",
    "tim.it",
    "tin.it",
    "tiscali.it",
    "tiscali.co.uk",
    "tuta.com",
    "tutanota.com",
    "ukr.net",
    "uol.com.br",
    "bol.com.br",
    "verizon.net",
    "virgilio.it",
    "virginmedia.com",
    "vp.pl",
    "wanadoo.fr",
    "wanadoo.es",
    "web.de",
    "windstream.net",
    "wp.pl",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.au",
    "yahoo.com.br",
    "yahoo.com.mx",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.in",
    "yahoo.it",
    "yandex.ru",
    "yandex.com",
    "ymail.com",
    "zoho.com",
    "ziggo.nl",
    "home.nl",
    "hetnet.nl",
    "planet.nl",
    "xs4all.nl",
    "eircom.net",
    "docomo.ne.jp",
    "ezweb.ne.jp",
    "softbank.ne.jp",
    "naver.com",
    "daum.net",
    "hanmail.net",
    "sina.com",
    "foxmail.com",
    "otenet.gr",
    "walla.co.il",
    "luukku.com",
    "netcologne.de",
    "abv.bg",
    "i.ua",
    "meta.ua",
    "bigmir.net",
    "email.ua",
    "telefonica.net",
    "elisanet.fi",
    "kolumbus.fi",
    "suomi24.fi",
    "saunalahti.fi",
    "prodigy.net.mx",
    "forthnet.gr",
    "yahoo.gr",
    "hotmail.gr",
    "in.gr",
    "gmx.fr",
    "gmx.es",
    "live.com.ar",
    "yahoo.com.ar",
    "yahoo.com.sg",
    "yahoo.ie",
    "yahoo.se",
    "yahoo.no",
    "yahoo.dk",
    "yahoo.pl",
    "hotmail.no",
    "hotmail.dk",
    "hotmail.fi",
    "spray.se",
    "bredband.net",
    "comhem.se",
    "passagen.se",
    "tele2.se",
    "tutanota.de",
    "tuta.io",
    "duck.com",
    "hushmail.com",
    "cableone.net",
    "centurylink.net",
    "suddenlink.net",
    "rcn.com",
    "zoznam.sk",
    "azet.sk",
    "post.cz",
    "volny.cz",
    "gazeta.pl",
    "poczta.onet.pl",
    "op.pl",
    "tlen.pl",
    "poczta.fm",
    "go2.pl",
    "mail.bg",
    "dir.bg",
    "citromail.hu",
    "indamail.hu",
    "t-online.hu",
    "aliceadsl.fr",
    "numericable.fr",
    "club-internet.fr",
    "versatel.nl",
    "chello.nl",
    "upcmail.nl",
    "caiway.nl",
    "casema.nl",
    "pandora.be",
    "scarlet.be",
    "proximus.be",
    "hispeed.ch",
    "sunrise.ch",
    "aon.at",
    "chello.at",
    "kabelmail.de",
    "vodafone.de",
    "unitybox.de",
    "ig.com.br",
    "globo.com",
    "r7.com",
    "zipmail.com.br",
    "ono.com",
    "movistar.es",
    "euskaltel.net",
    "mundo-r.com",
    "clix.pt",
    "iol.pt",
    "mail.pt",
    "netcabo.pt",
    "yeah.net",
    "139.com",
    "aliyun.com",
    "sohu.com",
    "tom.com",
    "nate.com",
    "yahoo.co.kr",
    "yahoo.com.tw",
    "yahoo.com.hk",
    "yahoo.com.cn",
    "yahoo.co.id",
    "yahoo.com.ph",
    "yahoo.com.vn",
    "yahoo.co.nz",
    "xtra.co.nz",
    "iinet.net.au",
    "tpg.com.au",
    "westnet.com.au",
    "internode.on.net",
    "telus.net",
    "rogers.com",
    "bell.net",
    "videotron.ca",
    "eastlink.ca",
    "nifty.com",
    "biglobe.ne.jp",
    "au.com",
    "so-net.ne.jp",
    "ocn.ne.jp",
    "plala.or.jp",
    "i.softbank.jp",
    "sify.com",
    "indiatimes.com",
];

/// Platforms that host a site per customer under a common domain.
const PLATFORMS: &[&str] = &[
    "blogspot.com",
    "business.site",
    "etsy.com",
    "facebook.com",
    "fb.com",
    "github.io",
    "gitlab.io",
    "google.com",
    "herokuapp.com",
    "instagram.com",
    "jimdo.com",
    "linkedin.com",
    "linktr.ee",
    "myshopify.com",
    "netlify.app",
    "notion.site",
    "onmicrosoft.com",
    "squarespace.com",
    "tumblr.com",
    "twitter.com",
    "vercel.app",
    "webflow.io",
    "weebly.com",
    "wixsite.com",
    "wordpress.com",
    "x.com",
    "youtube.com",
    "amazonaws.com",
    "azurewebsites.net",
    "pages.dev",
];

/// Sites whose path, not their name, says whose page it is.
const PATH_SITES: &[&str] = &[
    "facebook.com",
    "fb.com",
    "instagram.com",
    "linkedin.com",
    "linktr.ee",
    "twitter.com",
    "x.com",
    "youtube.com",
    "etsy.com",
    "google.com",
];

/// The web domain that a URL, host or domain as typed stands for, lower case; `None` when it is
/// none, a placeholder, or a public provider's that belongs to nobody in particular.
#[must_use]
pub fn company_domain(raw: &str) -> Option<String> {
    let raw = text::cut(raw.trim()).to_lowercase();
    let rest = raw.split_once("://").map_or(raw.as_str(), |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    of_host(host)
}

/// The company domain of an already lower-case host.
#[must_use]
pub fn of_host(host: &str) -> Option<String> {
    let host = host.trim_matches('.');
    if !is_host(host) {
        return None;
    }
    let domain = registrable(host);
    let placeholder = matches!(
        domain,
        "example.com"
            | "example.org"
            | "example.net"
            | "test.com"
            | "domain.com"
            | "none.com"
            | "na.com"
            | "localhost.localdomain"
            | "website.com"
            | "company.com"
            | "mycompany.com"
    );
    if placeholder || is_public_mail(domain) || PATH_SITES.contains(&domain) {
        return None;
    }
    if PLATFORMS.contains(&domain) && host == domain {
        return None;
    }
    Some(domain.to_owned())
}

/// Whether anybody can have an address there.
#[must_use]
pub fn is_public_mail(domain: &str) -> bool {
    PUBLIC_MAIL.contains(&domain)
}

/// The part of a host that somebody registered.
fn registrable(host: &str) -> &str {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return host };
    let two = host.get(second + 1..).unwrap_or(host);
    let word = host.get(second + 1..last).unwrap_or_default();
    let country = host.len() - last == 3;
    if (country && SECOND.contains(&word)) || PLATFORMS.contains(&two) {
        return match dots.next() {
            Some(third) => host.get(third + 1..).unwrap_or(host),
            None => host,
        };
    }
    two
}

/// The word that names the organisation: `acme` of `acme.co.uk`.
#[must_use]
pub fn label(domain: &str) -> &str {
    domain.split('.').next().unwrap_or(domain)
}

/// The country that a domain's ending names, as ISO 3166 letters.
#[must_use]
pub fn country_hint(domain: &str) -> Option<&'static str> {
    let ending = domain.rsplit('.').next()?;
    // Endings that are sold to everybody say nothing.
    if ending.len() != 2
        || matches!(
            ending,
            "io" | "co"
                | "me"
                | "ai"
                | "tv"
                | "cc"
                | "ly"
                | "gg"
                | "so"
                | "to"
                | "fm"
                | "eu"
                | "ws"
                | "am"
                | "vc"
                | "sh"
                | "is"
        )
    {
        return None;
    }
    if ending == "uk" {
        return Some("GB");
    }
    super::country::iso2(ending)
}

/// Whether a text has the shape of a host name with at least two labels.
#[must_use]
pub fn is_host(host: &str) -> bool {
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        })
        && host.rsplit('.').next().is_some_and(|ending| {
            ending.chars().count() >= 2 && ending.chars().any(char::is_alphabetic)
        })
}
