//! HTTP responses read the same way for every vendor.
//!
//! Owns statuses, retry hints, bodies that are cut off or are not JSON, and the search for the
//! vendor's own message. Refuses to know any vendor's records.

use crate::text::scrub;
use crate::{FetchError, HeaderValue, HttpRequest, Method, Response};
use domain::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// Time for one request, body included.
pub(crate) const TIMEOUT_MS: u64 = 60_000;
/// Largest body of one page, decompressed.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest wait a vendor can ask for; a longer one is a mistake or a clock's fault.
const RETRY_MS_MAX: u64 = 24 * 3600 * 1000;

/// An HTTP response, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Http<'a> {
    pub(crate) status: u16,
    headers: &'a [(String, String)],
    body: &'a [u8],
}

impl<'a> Http<'a> {
    /// Unwraps the response to an HTTP fetch.
    pub(crate) fn of(response: &'a Response) -> Result<Self, FetchError> {
        match response {
            Response::Http { status, headers, body } => Ok(Self { status: *status, headers, body }),
            _ => Err(FetchError::Malformed {
                message: "a file's answer was given to an HTTP fetch (a fault of the program)"
                    .into(),
            }),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim())
    }

    /// The body as JSON of the expected shape.
    pub(crate) fn json<T: Deserialize<'a>>(&self, secret: &Secret) -> Result<T, FetchError> {
        let text = std::str::from_utf8(self.body).map_err(|e| {
            if e.error_len().is_none() {
                self.cut_off()
            } else {
                FetchError::Malformed { message: "the body is not UTF-8 text".into() }
            }
        })?;
        serde_json::from_str(text).map_err(|error| {
            if text.trim_start().starts_with('<') {
                return FetchError::Malformed {
                    message: format!(
                        "status {} came with a web page instead of JSON; is `base_url` right, and \
                         is there a proxy in between?",
                        self.status
                    ),
                };
            }
            if error.is_eof() {
                return self.cut_off();
            }
            if let Some(said) = self.said(secret) {
                return FetchError::Malformed {
                    message: format!(
                        "status {} came with an error as its body: {said}",
                        self.status
                    ),
                };
            }
            FetchError::Malformed {
                message: format!(
                    "the body is {} near line {} column {}",
                    if error.is_data() { "not of the documented shape" } else { "not valid JSON" },
                    error.line(),
                    error.column()
                ),
            }
        })
    }

    fn cut_off(&self) -> FetchError {
        FetchError::Transient {
            status: self.status,
            message: format!("the body is cut off after {} bytes", self.body.len()),
        }
    }

    /// A field of the error body, by path.
    pub(crate) fn error_field(&self, path: &[&str]) -> Option<String> {
        let value: Value = serde_json::from_slice(self.body).ok()?;
        path.iter().try_fold(&value, |v, key| v.get(key))?.as_str().map(str::to_owned)
    }

    /// The vendor's own words, scrubbed.
    pub(crate) fn said(&self, secret: &Secret) -> Option<String> {
        // Error bodies are small; a huge body is a page of records that must not be searched.
        if self.body.len() > 64 * 1024 {
            return None;
        }
        let value: Value = serde_json::from_slice(self.body).ok()?;
        let at = |path: &[&str]| {
            path.iter().try_fold(&value, |v, key| v.get(key)).and_then(Value::as_str)
        };
        let message = at(&["error", "message"])
            .or_else(|| at(&["message"]))
            .or_else(|| at(&["description"]))
            .or_else(|| at(&["error", "title"]))
            .or_else(|| at(&["error"]))?;
        Some(scrub(message, secret.expose()))
    }

    /// How long the vendor asks to wait.
    fn retry_after_ms(&self, now: Timestamp) -> Option<u64> {
        let wait = match self.header("retry-after") {
            Some(text) => match text.parse::<f64>() {
                Ok(s) if s.is_finite() && s >= 0.0 => Some((s * 1000.0).ceil() as u64),
                Ok(_) => None,
                // A date counts from the vendor's clock where it shows it: ours may be wrong.
                Err(_) => {
                    let now = self.header("date").and_then(http_date).unwrap_or(now);
                    http_date(text)
                        .map(|at| u64::try_from(at.as_millis() - now.as_millis()).unwrap_or(0))
                }
            },
            None => self.header("x-hubspot-ratelimit-interval-milliseconds")?.parse().ok(),
        };
        wait.map(|ms| ms.min(RETRY_MS_MAX))
    }

    /// `Ok` for a 2xx; what the others mean for everybody. `credential` is the config key to fix.
    pub(crate) fn accepted(
        &self,
        now: Timestamp,
        secret: &Secret,
        credential: &str,
    ) -> Result<(), FetchError> {
        let said = self.said(secret);
        let or = |what: &str| said.clone().unwrap_or_else(|| what.to_owned());
        let status = self.status;
        Err(match status {
            200..=299 => return Ok(()),
            401 => FetchError::Unauthorized {
                message: format!(
                    "{}; check `{credential}` of this source",
                    or("the vendor refused the credentials")
                ),
            },
            403 => FetchError::Forbidden {
                message: format!(
                    "{}; give `{credential}` of this source the permission to read this stream, or \
                     leave it out",
                    or("the credentials may not read this")
                ),
            },
            429 => FetchError::RateLimited {
                retry_after_ms: self.retry_after_ms(now),
                message: or("too many requests"),
            },
            // 423 (locked) and 477 (HubSpot: an account is being moved) pass by themselves.
            408 | 423 | 425 | 477 | 500..=599 => match self.retry_after_ms(now) {
                Some(ms) if self.header("retry-after").is_some() => FetchError::RateLimited {
                    retry_after_ms: Some(ms),
                    message: format!("status {status}: {}", or("not available now")),
                },
                _ => FetchError::Transient { status, message: or("the vendor could not answer") },
            },
            300..=399 => FetchError::Refused {
                status,
                message: "the vendor redirects; set `base_url` to the address it redirects to"
                    .into(),
            },
            404 => FetchError::Refused {
                status,
                message: format!("{}; is `base_url` right?", or("not found")),
            },
            _ => FetchError::Refused { status, message: or("the request was refused") },
        })
    }
}

/// Reads an HTTP date (`Sun, 06 Nov 1994 08:49:37 GMT`).
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(zoned.as_millisecond()))
}

/// A GET request.
pub(crate) fn get(url: String, auth: &HeaderValue, budget: &'static str) -> HttpRequest {
    request(Method::Get, url, auth, None, budget)
}

/// A POST request with a JSON body.
pub(crate) fn post(
    url: String,
    auth: &HeaderValue,
    body: Value,
    budget: &'static str,
) -> HttpRequest {
    request(Method::Post, url, auth, Some(body), budget)
}

fn request(
    method: Method,
    url: String,
    auth: &HeaderValue,
    body: Option<Value>,
    budget: &'static str,
) -> HttpRequest {
    let plain = |text: &str| HeaderValue::Plain(text.to_owned());
    let mut headers = vec![
        ("authorization".to_owned(), auth.clone()),
        ("accept".to_owned(), plain("application/json")),
    ];
    if body.is_some() {
        headers.push(("content-type".to_owned(), plain("application/json")));
    }
    HttpRequest {
        method,
        url,
        headers,
        body,
        budget,
        timeout_ms: TIMEOUT_MS,
        max_bytes: BODY_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        Response::Http {
            status,
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body: body.into(),
        }
    }

    fn wait(headers: &[(&str, &str)]) -> Option<u64> {
        let response = response(429, headers, "");
        match Http::of(&response).unwrap().accepted(now(), &Secret::new("k"), "token") {
            Err(FetchError::RateLimited { retry_after_ms, .. }) => retry_after_ms,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn retry_hints_are_understood_in_every_form() {
        assert_eq!(wait(&[("Retry-After", "7")]), Some(7_000));
        assert_eq!(wait(&[("retry-after", "0.25")]), Some(250));
        assert_eq!(wait(&[("Retry-After", "Thu, 01 Jan 1970 00:00:30 GMT")]), Some(30_000));
        // the vendor's clock is 25 s ahead of ours: only 5 s are meant
        assert_eq!(
            wait(&[
                ("Retry-After", "Thu, 01 Jan 1970 00:00:30 GMT"),
                ("Date", "Thu, 01 Jan 1970 00:00:25 GMT")
            ]),
            Some(5_000)
        );
        assert_eq!(wait(&[("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")]), Some(10_000));
        assert_eq!(wait(&[("Retry-After", "99999999999")]), Some(RETRY_MS_MAX));
        assert_eq!(wait(&[("Retry-After", "soon")]), None);
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn a_web_page_a_cut_body_and_an_error_with_status_200_say_what_they_are() {
        let read = |body: &str| {
            let response = response(200, &[], body);
            #[derive(serde::Deserialize, Debug)]
            struct Shape {
                #[allow(dead_code)]
                results: Vec<u8>,
            }
            Http::of(&response).unwrap().json::<Shape>(&Secret::new("k")).unwrap_err()
        };
        assert!(
            matches!(read("<html>"), FetchError::Malformed { message } if message.contains("web page"))
        );
        assert!(matches!(read("{\"results\":[1,"), FetchError::Transient { .. }));
        assert!(matches!(read(""), FetchError::Transient { .. }));
        assert!(
            matches!(read("{\"status\":\"error\",\"message\":\"oh no\"}"), FetchError::Malformed { message } if message.contains("oh no"))
        );
        let secretive = read("{\"results\":[\"ann@example.com\"]}").to_string();
        assert!(!secretive.contains("ann"), "{secretive}");
    }
}
