//! Which media type an answer gets: `Accept` with quality values, and `Content-Type` of a request.
//!
//! Owns the two negotiations of GraphQL over HTTP. Refuses to guess: an `Accept` that names neither
//! of our types is 406, a body that is not JSON is 415.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: status codes tell what happened.
    GraphqlResponse,
    /// `application/json`: the older one, 200 for every well-formed request.
    Json,
}

impl Media {
    /// As a header's value.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The media type to answer with; `None` when none is acceptable. Without an `Accept`, and among
/// equals where neither is named, `application/json`, as clients that do not say expect it.
#[must_use]
pub fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let mut ranges = Vec::new();
    let mut asked = false;
    for value in headers.get_all(ACCEPT) {
        let text = value.to_str().ok()?;
        asked |= !text.trim().is_empty();
        ranges.extend(text.split(',').filter_map(Range::parse));
    }
    if !asked {
        return Some(Media::Json);
    }
    let json = quality(&ranges, "json");
    let graphql = quality(&ranges, "graphql-response+json");
    match (json, graphql) {
        (None, None) => None,
        (Some(_), None) => Some(Media::Json),
        (None, Some(_)) => Some(Media::GraphqlResponse),
        (Some(json), Some(graphql)) => {
            // Higher quality first; then the one named outright; then the one that says more.
            if json.0 > graphql.0 || (json.0 == graphql.0 && json.1 >= graphql.1 && graphql.1 < 2) {
                Some(Media::Json)
            } else {
                Some(Media::GraphqlResponse)
            }
        }
    }
}

/// One part of an `Accept` header.
struct Range {
    kind: String,
    subtype: String,
    /// Thousandths.
    quality: u16,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (kind, subtype) = parts.next()?.split_once('/')?;
        let mut quality = 1000;
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("q") {
                let number = value.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))?;
                quality = (number * 1000.0).round() as u16;
            } else if name.eq_ignore_ascii_case("charset") && !is_utf8(value) {
                // We answer in UTF-8 only.
                return None;
            }
        }
        Some(Self {
            kind: kind.trim().to_ascii_lowercase(),
            subtype: subtype.trim().to_ascii_lowercase(),
            quality,
        })
    }
}

/// The quality of `application/SUBTYPE` and how closely it was named (2 outright, 1 by its kind, 0
/// by `*/*`); `None` when it is not acceptable. The closest naming counts (RFC 9110, 12.5.1).
fn quality(ranges: &[Range], subtype: &str) -> Option<(u16, u8)> {
    ranges
        .iter()
        .filter_map(|range| {
            let closeness = match (range.kind.as_str(), range.subtype.as_str()) {
                ("application", named) if named == subtype => 2,
                ("application", "*") => 1,
                ("*", "*") => 0,
                _ => return None,
            };
            Some((closeness, range.quality))
        })
        .max()
        .filter(|(_, quality)| *quality > 0)
        .map(|(closeness, quality)| (quality, closeness))
}

/// Whether a body is JSON in UTF-8. Form and plain text are what a page of another origin can send
/// without asking, so they are refused whatever they hold.
#[must_use]
pub fn is_json_body(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE);
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    if !parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json")) {
        return false;
    }
    parts.filter(|part| !part.is_empty()).all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            is_utf8(value.trim().trim_matches('"'))
        }
        Some(_) => true,
        None => false,
    })
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(pairs: &[(actix_web::http::header::HeaderName, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn the_answer_is_what_the_client_prefers() {
        use Media::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("application/json", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("APPLICATION/JSON", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/graphql-response+json, application/json", Some(GraphqlResponse)),
            ("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0.5, application/json", Some(Json)),
            ("application/graphql-response+json, */*;q=0.1", Some(GraphqlResponse)),
            ("application/graphql-response+json;q=0, */*", Some(Json)),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("application/json; charset=utf-8", Some(Json)),
            ("application/json; charset=latin1", None),
            ("application/json;q=0", None),
            ("text/html", None),
            ("text/html, application/xml;q=0.9, */*;q=0.8", Some(Json)),
            ("application/json;q=2", None),
            ("nonsense", None),
            ("", Some(Json)),
        ] {
            let got = negotiate(&headers(&[(ACCEPT, accept)]));
            assert_eq!(got, expected, "{accept}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Some(Json));
        let two = headers(&[(ACCEPT, "text/html"), (ACCEPT, "application/json")]);
        assert_eq!(negotiate(&two), Some(Json));
    }

    #[test]
    fn only_json_in_utf8_is_a_body() {
        for (content_type, fits) in [
            ("application/json", true),
            ("Application/JSON; Charset=\"UTF-8\"", true),
            ("application/json;", true),
            ("application/json; charset=latin1", false),
            ("application/json-patch+json", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("", false),
        ] {
            assert_eq!(
                is_json_body(&headers(&[(CONTENT_TYPE, content_type)])),
                fits,
                "{content_type}"
            );
        }
        assert!(!is_json_body(&HeaderMap::new()));
        let two = headers(&[(CONTENT_TYPE, "application/json"), (CONTENT_TYPE, "text/plain")]);
        assert!(!is_json_body(&two));
    }
}
