//! Zendesk's HTTP interface: the incremental exports (cursor and time based), organisations,
//! users, tickets. Answers and errors have the shapes of its published API.

use super::{Table, shape};
use crate::calendar::MINUTE;
use crate::json::Json;
use crate::text::{base64, unbase64};
use crate::wire::{Reply, Request};
use crate::world::World;

const EXPORT_PAGE: usize = 1_000;

/// An error in Zendesk's shape.
pub(crate) fn error(status: u16, error: &str, description: &str) -> Reply {
    let mut j = Json::new();
    j.open();
    j.text("error", error);
    j.text("description", description);
    j.close();
    Reply::json(status, j.into_string())
}

/// Whether a path is one of the exports, which have their own limit.
pub(crate) fn is_incremental(path: &str) -> bool {
    path.starts_with("/api/v2/incremental/")
}

/// Answers a request; `token_user` is the address of the authenticated agent.
pub(crate) fn respond(world: &World, request: &Request, now_ms: i64, empty_page: bool) -> Reply {
    let path = request.path.trim_end_matches('/').trim_end_matches(".json");
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let ["api", "v2", rest @ ..] = segments.as_slice() else { return not_found() };
    if request.method != "GET" {
        return error(405, "MethodNotAllowed", "Only GET is served here");
    }
    let desk = &world.desk;
    let base = request.base_url.as_str();
    match rest {
        ["incremental", "users", "cursor"] => cursor_export(
            &desk.users,
            "users",
            request,
            now_ms,
            empty_page,
            |j, u, _| shape::user(j, u, base),
            |_, _| {},
        ),
        ["incremental", "tickets", "cursor"] => {
            let metrics = request
                .pairs()
                .iter()
                .any(|(k, v)| k == "include" && v.split(',').any(|i| i.trim() == "metric_sets"));
            cursor_export(
                &desk.tickets,
                "tickets",
                request,
                now_ms,
                empty_page,
                |j, t, at| shape::ticket(j, t, at, base),
                |j, page| {
                    if metrics {
                        j.key("metric_sets");
                        j.open_list();
                        page.iter().for_each(|t| shape::metric_set(j, t, base));
                        j.close_list();
                    }
                },
            )
        }
        ["incremental", "organizations"] => {
            time_export(&desk.organizations, "organizations", request, now_ms, |j, o, _| {
                shape::organization(j, o, base)
            })
        }
        ["incremental", "users"] => {
            time_export(&desk.users, "users", request, now_ms, |j, u, _| shape::user(j, u, base))
        }
        ["incremental", "tickets"] => {
            time_export(&desk.tickets, "tickets", request, now_ms, |j, t, at| {
                shape::ticket(j, t, at, base)
            })
        }
        ["organizations"] => offset_list(
            desk.organizations.rows().filter(|o| o.deleted_ms.is_none()).collect(),
            "organizations",
            request,
            |j, o| {
                shape::organization(j, o, base);
            },
        ),
        ["users"] => offset_list(
            desk.users.rows().filter(|u| u.active).collect(),
            "users",
            request,
            |j, u| shape::user(j, u, base),
        ),
        ["users", "me"] => one("user", desk.users.rows().find(|u| u.role == "admin"), |j, u| {
            shape::user(j, u, base)
        }),
        ["users", id] => one("user", id.parse().ok().and_then(|id| desk.users.find(id)), |j, u| {
            shape::user(j, u, base)
        }),
        ["organizations", id] => {
            let row = id
                .parse()
                .ok()
                .and_then(|id| desk.organizations.find(id))
                .filter(|o| o.deleted_ms.is_none());
            one("organization", row, |j, o| shape::organization(j, o, base))
        }
        ["tickets", id] => {
            let row = id
                .parse()
                .ok()
                .and_then(|id| desk.tickets.find(id))
                .filter(|t| t.status != super::TicketStatus::Deleted);
            one("ticket", row, |j, t| shape::ticket(j, t, t.updated_ms, base))
        }
        _ => not_found(),
    }
}

fn not_found() -> Reply {
    error(404, "RecordNotFound", "Not found")
}

fn one<T>(name: &str, row: Option<&T>, write: impl FnOnce(&mut Json, &T)) -> Reply {
    let Some(row) = row else { return not_found() };
    let mut j = Json::with_capacity(2_000);
    j.open();
    j.key(name);
    write(&mut j, row);
    j.close();
    Reply::json(200, j.into_string())
}

/// A cursor is the last row's time and id, in the form real ones have.
fn cursor(position: (i64, u64)) -> String {
    base64(
        format!(
            "{}.{}||{}|",
            position.0.div_euclid(1_000),
            position.0.rem_euclid(1_000),
            position.1
        )
        .as_bytes(),
    )
}

fn parse_cursor(text: &str) -> Option<(i64, u64)> {
    let plain = String::from_utf8(unbase64(text)?).ok()?;
    let (time, id) = plain.trim_end_matches('|').split_once("||")?;
    let (seconds, millis) = time.split_once('.')?;
    Some((
        seconds.parse::<i64>().ok()?.checked_mul(1_000)? + millis.parse::<i64>().ok()?,
        id.parse().ok()?,
    ))
}

fn start_time(pairs: &[(String, String)], now_ms: i64) -> Result<Option<i64>, Reply> {
    let Some((_, text)) = pairs.iter().find(|(k, _)| k == "start_time") else { return Ok(None) };
    match text.parse::<i64>() {
        Ok(seconds) if seconds < 0 => {
            Err(error(400, "InvalidValue", "start_time must not be negative"))
        }
        Ok(seconds) if seconds > (now_ms - MINUTE).div_euclid(1_000) => Err(error(
            422,
            "InvalidValue",
            "Too recent start_time. Use a start_time older than 60 seconds",
        )),
        Ok(seconds) => Ok(Some(seconds * 1_000)),
        Err(_) => Err(error(400, "InvalidValue", "start_time must be a number of seconds")),
    }
}

fn per_page(pairs: &[(String, String)], max: usize) -> usize {
    pairs
        .iter()
        .find(|(k, _)| k == "per_page")
        .and_then(|(_, v)| v.parse::<usize>().ok())
        .filter(|n| *n > 0)
        .map_or(max, |n| n.min(max))
}

fn cursor_export<T>(
    table: &Table<T>,
    name: &str,
    request: &Request,
    now_ms: i64,
    empty_page: bool,
    write: impl Fn(&mut Json, &T, i64),
    aside: impl FnOnce(&mut Json, &[&T]),
) -> Reply {
    let pairs = request.pairs();
    let given = pairs.iter().find(|(k, _)| k == "cursor").map(|(_, v)| v.as_str());
    let start = match (given, start_time(&pairs, now_ms)) {
        // a cursor makes start_time irrelevant
        (Some(text), _) => match parse_cursor(text) {
            Some(position) => position,
            None => {
                return error(
                    422,
                    "InvalidPaginationParameter",
                    "cursor is invalid or has expired",
                );
            }
        },
        (None, Ok(Some(start_ms))) => (start_ms - 1, u64::MAX),
        (None, Ok(None)) => return error(400, "InvalidValue", "start_time or cursor is required"),
        (None, Err(reply)) => return reply,
    };
    let limit = per_page(&pairs, EXPORT_PAGE);
    // the last minute is left out, since rows still change places in it
    let mut rows = table.since(start, now_ms - MINUTE);
    let page: Vec<((i64, u64), &T)> =
        if empty_page { Vec::new() } else { rows.by_ref().take(limit).collect() };
    let more = rows.next().is_some();
    let last = page
        .last()
        .map(|(position, _)| *position)
        .or(given.is_some().then_some(start))
        .or(empty_page.then_some(start));
    let url = |cursor: &str| {
        format!(
            "{}/api/v2/incremental/{name}/cursor.json?cursor={cursor}&per_page={limit}",
            request.base_url
        )
    };
    let mut j = Json::with_capacity(page.len() * 1_700 + 300);
    j.open();
    j.key(name);
    j.open_list();
    for ((at, _), row) in &page {
        write(&mut j, row, *at);
    }
    j.close_list();
    let rows: Vec<&T> = page.iter().map(|(_, row)| *row).collect();
    aside(&mut j, &rows);
    // without any row there is no place to go on from
    let after = last.map(cursor);
    let before = given.and(page.first()).map(|(position, _)| cursor(*position));
    j.text_or_null("after_url", after.as_deref().map(url).as_deref());
    j.text_or_null("before_url", before.as_deref().map(url).as_deref());
    j.text_or_null("after_cursor", after.as_deref());
    j.text_or_null("before_cursor", before.as_deref());
    j.flag("end_of_stream", !more && !empty_page);
    j.close();
    Reply::json(200, j.into_string())
}

fn time_export<T>(
    table: &Table<T>,
    name: &str,
    request: &Request,
    now_ms: i64,
    write: impl Fn(&mut Json, &T, i64),
) -> Reply {
    let pairs = request.pairs();
    let start_ms = match start_time(&pairs, now_ms) {
        Ok(Some(ms)) => ms,
        Ok(None) => return error(400, "InvalidValue", "start_time is required"),
        Err(reply) => return reply,
    };
    let limit = per_page(&pairs, EXPORT_PAGE);
    let mut rows = table.since((start_ms - 1, u64::MAX), now_ms - MINUTE).peekable();
    let mut page: Vec<((i64, u64), &T)> = rows.by_ref().take(limit).collect();
    // a page ends at a whole second, and the next begins in it: its rows come twice. A second
    // with more rows than a page holds is given whole, or paging would never leave it.
    let second = |row: Option<&((i64, u64), &T)>| row.map(|((at, _), _)| at.div_euclid(1_000));
    let one_second = second(page.first()) == second(page.last());
    if let Some(((last, _), _)) = page.last().copied()
        && one_second
    {
        while let Some(row) =
            rows.next_if(|((at, _), _)| at.div_euclid(1_000) == last.div_euclid(1_000))
        {
            page.push(row);
        }
    }
    let more = rows.peek().is_some();
    let end = second(page.last()).map(|end| end + i64::from(one_second && more));
    let mut j = Json::with_capacity(page.len() * 1_200 + 300);
    j.open();
    j.key(name);
    j.open_list();
    for ((at, _), row) in &page {
        write(&mut j, row, *at);
    }
    j.close_list();
    j.text_or_null(
        "next_page",
        end.map(|end| {
            format!(
                "{}/api/v2/incremental/{name}.json?start_time={end}&per_page={limit}",
                request.base_url
            )
        })
        .as_deref(),
    );
    j.int("count", page.len() as i64);
    j.flag("end_of_stream", !more);
    j.int_or_null("end_time", end);
    j.close();
    Reply::json(200, j.into_string())
}

/// The plain lists: by page number, or by `page[size]` and `page[after]`.
fn offset_list<T>(
    rows: Vec<&T>,
    name: &str,
    request: &Request,
    write: impl Fn(&mut Json, &T),
) -> Reply {
    let pairs = request.pairs();
    let find = |key: &str| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    let by_cursor = find("page[size]");
    let size = by_cursor
        .or(find("per_page"))
        .and_then(|n| n.parse::<usize>().ok())
        .filter(|n| *n > 0)
        .map_or(100, |n| n.min(100));
    let start = match (by_cursor, find("page[after]"), find("page")) {
        (Some(_), Some(after), _) => match unbase64(after)
            .and_then(|b| String::from_utf8(b).ok())
            .and_then(|t| t.parse::<usize>().ok())
        {
            Some(start) => start,
            None => return error(400, "InvalidPaginationParameter", "page[after] is not valid"),
        },
        (Some(_), None, _) => 0,
        (None, _, page) => {
            (page.and_then(|p| p.parse::<usize>().ok()).unwrap_or(1).max(1) - 1) * size
        }
    };
    let end = (start + size).min(rows.len());
    let page = rows.get(start.min(rows.len())..end).unwrap_or(&[]);
    let more = end < rows.len();
    let path = format!("{}/api/v2/{name}.json", request.base_url);
    let mut j = Json::with_capacity(page.len() * 1_200 + 300);
    j.open();
    j.key(name);
    j.open_list();
    page.iter().for_each(|row| write(&mut j, row));
    j.close_list();
    if by_cursor.is_some() {
        let after = base64(end.to_string().as_bytes());
        j.key("meta");
        j.open();
        j.flag("has_more", more);
        j.text_or_null("after_cursor", more.then_some(after.as_str()));
        j.null("before_cursor");
        j.close();
        j.key("links");
        j.open();
        j.null("prev");
        j.text_or_null(
            "next",
            more.then(|| format!("{path}?page[size]={size}&page[after]={after}")).as_deref(),
        );
        j.close();
    } else {
        let number = start / size + 1;
        j.text_or_null(
            "next_page",
            more.then(|| format!("{path}?page={}&per_page={size}", number + 1)).as_deref(),
        );
        j.text_or_null(
            "previous_page",
            (number > 1).then(|| format!("{path}?page={}&per_page={size}", number - 1)).as_deref(),
        );
        j.int("count", rows.len() as i64);
    }
    j.close();
    Reply::json(200, j.into_string())
}
