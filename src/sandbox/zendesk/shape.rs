//! The JSON of Zendesk's objects, with the keys of its published reference.

use super::{Organization, Satisfaction, Ticket, TicketStatus, User};
use crate::calendar::{DAY, MINUTE, iso_seconds};
use crate::json::Json;
use crate::rng::mix;

fn id(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

fn time(j: &mut Json, name: &str, ms: Option<i64>) {
    j.text_or_null(name, ms.map(iso_seconds).as_deref());
}

/// A user.
pub(super) fn user(j: &mut Json, u: &User, base_url: &str) {
    let staff = u.role != "end-user";
    j.open();
    j.int("id", id(u.id));
    j.text("url", &format!("{base_url}/api/v2/users/{}.json", u.id));
    j.text("name", &u.name);
    j.text_or_null("email", u.mail.as_deref());
    j.text("created_at", &iso_seconds(u.created_ms));
    j.text("updated_at", &iso_seconds(u.updated_ms));
    j.text("time_zone", u.time_zone.0);
    j.text("iana_time_zone", u.time_zone.1);
    j.text_or_null("phone", u.phone.as_deref());
    match u.phone {
        Some(_) => j.flag("shared_phone_number", false),
        None => j.null("shared_phone_number"),
    }
    j.null("photo");
    j.int("locale_id", u.locale.1);
    j.text("locale", u.locale.0);
    j.int_or_null("organization_id", u.organization.map(id));
    j.text("role", u.role);
    j.flag("verified", u.verified);
    j.text_or_null("external_id", u.external_id.as_deref());
    j.put("tags", "[]");
    j.text("alias", "");
    j.flag("active", u.active);
    j.flag("shared", false);
    j.flag("shared_agent", false);
    time(j, "last_login_at", u.verified.then_some(u.updated_ms));
    j.null("two_factor_auth_enabled");
    j.null("signature");
    j.text("details", "");
    j.text_or_null("notes", u.notes.as_deref());
    if staff {
        j.int("role_type", 0);
        j.int("custom_role_id", 360_000_000_001);
    } else {
        j.nulls(&["role_type", "custom_role_id"]);
    }
    j.flag("chat_only", false);
    j.flag("moderator", staff);
    j.text_or_null("ticket_restriction", (!staff).then_some("requested"));
    j.flag("only_private_comments", false);
    j.flag("restricted_agent", !staff);
    j.flag("suspended", u.suspended);
    j.int_or_null("default_group_id", staff.then_some(360_000_000_002));
    j.flag("report_csv", staff);
    j.put("user_fields", "{}");
    j.close();
}

/// An organisation.
pub(super) fn organization(j: &mut Json, o: &Organization, base_url: &str) {
    j.open();
    j.int("id", id(o.id));
    j.text("url", &format!("{base_url}/api/v2/organizations/{}.json", o.id));
    j.text("name", &o.name);
    j.flag("shared_tickets", false);
    j.flag("shared_comments", false);
    j.text_or_null("external_id", o.external_id.as_deref());
    j.text("created_at", &iso_seconds(o.created_ms));
    j.text("updated_at", &iso_seconds(o.updated_ms));
    time(j, "deleted_at", o.deleted_ms);
    j.key("domain_names");
    j.open_list();
    for domain in &o.domains {
        j.str(domain);
    }
    j.close_list();
    j.text("details", "");
    j.text("notes", "");
    j.null("group_id");
    j.put("tags", "[]");
    j.put("organization_fields", "{}");
    j.close();
}

/// A ticket as an export gives it, written by Zendesk at `generated_ms`.
pub(super) fn ticket(j: &mut Json, t: &Ticket, generated_ms: i64, base_url: &str) {
    j.open();
    j.text("url", &format!("{base_url}/api/v2/tickets/{}.json", t.id));
    j.int("id", id(t.id));
    j.null("external_id");
    j.key("via");
    j.open();
    j.text("channel", t.channel);
    j.put("source", r#"{"from":{},"to":{},"rel":null}"#);
    j.close();
    j.text("created_at", &iso_seconds(t.created_ms));
    j.text("updated_at", &iso_seconds(t.updated_ms));
    j.int("generated_timestamp", generated_ms.div_euclid(1_000));
    j.text("type", t.kind);
    let deleted = t.status == TicketStatus::Deleted;
    // a deleted ticket keeps its place, not its words
    j.text("subject", if deleted { "SCRUBBED" } else { t.subject });
    j.text("raw_subject", if deleted { "SCRUBBED" } else { t.subject });
    j.text("description", if deleted { "SCRUBBED" } else { t.subject });
    j.text_or_null("priority", t.priority);
    j.text("status", t.status.name());
    j.null("recipient");
    j.int("requester_id", id(t.requester));
    j.int("submitter_id", id(t.requester));
    j.int_or_null("assignee_id", t.assignee.map(id));
    j.int_or_null("organization_id", t.organization.map(id));
    j.int_or_null("group_id", t.assignee.map(|_| 360_000_000_002));
    for name in ["collaborator_ids", "follower_ids", "email_cc_ids"] {
        j.put(name, "[]");
    }
    j.nulls(&["forum_topic_id", "problem_id"]);
    j.flag("has_incidents", false);
    j.flag("is_public", true);
    j.null("due_at");
    j.put("tags", "[]");
    j.put("custom_fields", "[]");
    j.key("satisfaction_rating");
    match &t.satisfaction {
        Satisfaction::Unoffered => j.raw(r#"{"score":"unoffered"}"#),
        Satisfaction::Offered => j.raw(r#"{"score":"offered"}"#),
        Satisfaction::Rated { good, comment } => {
            j.open();
            j.text("score", if *good { "good" } else { "bad" });
            j.int("id", id(40_000_000 + t.id));
            j.text_or_null("comment", *comment);
            j.text_or_null(
                "reason",
                comment.filter(|_| !good).map(|_| "The issue took too long to resolve"),
            );
            j.close();
        }
    }
    j.put("sharing_agreement_ids", "[]");
    j.int("custom_status_id", 1 + t.status as i64);
    j.put("fields", "[]");
    j.put("followup_ids", "[]");
    j.int("ticket_form_id", 360_000_000_003);
    j.int("brand_id", 360_000_000_004);
    j.flag("allow_channelback", false);
    j.flag("allow_attachments", true);
    j.flag("from_messaging_channel", t.channel == "messaging");
    j.int("comment_count", t.comments);
    j.close();
}

fn spell(j: &mut Json, name: &str, from: Option<i64>, to: Option<i64>) {
    let minutes = from.zip(to).map(|(from, to)| (to - from).max(0) / MINUTE);
    j.key(name);
    j.open();
    j.int_or_null("calendar", minutes);
    // the desk is open a third of the day
    j.int_or_null("business", minutes.map(|m| if m > DAY / MINUTE { m / 3 } else { m / 2 }));
    j.close();
}

/// The metrics of a ticket, as the `metric_sets` side-load gives them.
pub(super) fn metric_set(j: &mut Json, t: &Ticket, base_url: &str) {
    let metric = 50_000_000 + t.id;
    j.open();
    j.text("url", &format!("{base_url}/api/v2/ticket_metrics/{metric}.json"));
    j.int("id", id(metric));
    j.int("ticket_id", id(t.id));
    j.text("created_at", &iso_seconds(t.created_ms));
    j.text("updated_at", &iso_seconds(t.updated_ms));
    j.int("group_stations", i64::from(t.assignee.is_some()));
    j.int("assignee_stations", i64::from(t.assignee.is_some()));
    j.int("reopens", t.reopens);
    j.int("replies", t.replies);
    j.text("assignee_updated_at", &iso_seconds(t.first_reply_ms.unwrap_or(t.created_ms)));
    j.text("requester_updated_at", &iso_seconds(t.created_ms));
    j.text("status_updated_at", &iso_seconds(t.status_ms));
    time(j, "initially_assigned_at", t.assigned_ms);
    time(j, "assigned_at", t.assigned_ms);
    time(j, "solved_at", t.solved_ms);
    j.text("latest_comment_added_at", &iso_seconds(t.updated_ms));
    let created = Some(t.created_ms);
    spell(j, "reply_time_in_minutes", created, t.first_reply_ms);
    spell(j, "first_resolution_time_in_minutes", created, t.first_solved_ms);
    spell(j, "full_resolution_time_in_minutes", created, t.solved_ms);
    let waited = t
        .solved_ms
        .map(|s| t.created_ms + (s - t.created_ms) * (40 + (mix(t.id) % 50) as i64) / 100);
    spell(j, "agent_wait_time_in_minutes", waited, t.solved_ms);
    spell(j, "requester_wait_time_in_minutes", created, waited);
    spell(j, "on_hold_time_in_minutes", Some(0), Some(0));
    j.null("custom_status_updated_at");
    j.close();
}
