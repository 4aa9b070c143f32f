//! The content of a store as text, for comparing outcomes.
//!
//! What depends on when and how often we looked (our own observation times, request counts, lease
//! fences, sequence numbers, epochs and what is kept of earlier ones) is left out; everything else must be equal.

use sea_orm::{ConnectionTrait, Database, Statement};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Table, columns to compare.
const TABLES: &[(&str, &str)] = &[
    (
        "source_record",
        "id source stream external_id version occurred_at_ms hash payload revision merged_into_id",
    ),
    ("source_record_version", "record_id revision version hash payload"),
    (
        "contact",
        "record_id full_name given_name family_name emails phones job_title company_name street city region postal_code country vendor_stage vendor_stays acquisition_channel created_at_ms",
    ),
    (
        "company",
        "record_id name domains phones emails industry employee_count street city region postal_code country vendor_stage vendor_stays acquisition_channel created_at_ms",
    ),
    (
        "deal",
        "record_id name pipeline deal_stage status amount_minor currency created_at_ms closed_at_ms",
    ),
    (
        "ticket",
        "record_id subject status priority channel comment_count created_at_ms first_replied_at_ms solved_at_ms",
    ),
    (
        "subscription",
        "record_id status currency items started_at_ms trial_end_ms current_period_end_ms canceled_at_ms ended_at_ms cancellation_reason",
    ),
    (
        "invoice",
        "record_id number status total_minor currency tax_minor amount_paid_minor issued_at_ms due_at_ms paid_at_ms",
    ),
    ("payment", "record_id status amount_minor currency method failure_code paid_at_ms"),
    ("refund", "record_id status amount_minor currency reason refunded_at_ms"),
    ("spend", "record_id day channel campaign kind amount_minor currency"),
    ("touchpoint", "record_id action channel campaign touched_at_ms"),
    ("survey_response", "record_id kind score comment responded_at_ms"),
    ("usage_event", "record_id action quantity used_at_ms"),
    ("exchange_rate", "record_id day base quote rate"),
    ("record_link", "record_id role target_id"),
    ("identifier", "record_id entity kind value"),
    ("person_block_key", "block_key record_id"),
    ("company_block_key", "block_key record_id"),
    ("record_block", "record_id kind name_hash form"),
    ("identity_model", "kind records applied"),
    ("dirty_record", "record_id"),
    (
        "profile",
        "id kind display_name email phone company_name country domain search_text segment acquisition_channel stage stage_position stage_since_ms status revenue_minor mrr_minor revenue_order_minor mrr_order_minor currency record_count first_seen_at_ms",
    ),
    ("profile_field", "profile_id field value record_id rule"),
    ("field_override", "record_id kind field value reason set_by"),
    ("profile_member", "record_id kind profile_id"),
    ("profile_redirect", "from_id to_id"),
    ("explanation", "profile_id left_id right_id rule_id evidence"),
    ("review", "id kind left_id right_id reason evidence"),
    ("profile_fact", "profile_id kind occurred_at_ms record_id owned"),
    ("profile_link", "person_id company_id since_ms"),
    (
        "stage_transition",
        "profile_id seq from_stage to_stage direction rule_id reason occurred_at_ms evidence",
    ),
    ("profile_numbers", "profile_id numbers policy"),
    ("profile_group", "profile_id kind place name"),
    ("rollup_part", "contributor_id component month channel segment stage currency value"),
    ("rollup_cell", "component month channel segment stage currency value"),
    ("dirty_contributor", "id kind"),
    // Household ids depend on who was known first; who lives with whom does not.
    ("household", "name street city region postal_code country size"),
    ("household_member", "profile_id with_id evidence"),
    ("household_key", "key_hash role name_hash profile_id"),
    ("household_facts", "profile_id hash"),
    ("employment", "person_id seq company_id company_name name_hash from_ms to_ms records"),
    ("employer_version", "record_id revision target_id name"),
    ("dirty_tie", "profile_id"),
    ("dirty_household", "profile_id"),
    ("sync_state", "source stream status record_count"),
    ("quarantine", "id source stream external_id reason payload"),
];

/// The rows of every table, in the order of all their columns.
pub async fn dump(url: &str) -> BTreeMap<&'static str, Vec<String>> {
    dump_tables(url, |_| true).await
}

/// The rows of the tables that `wanted` names.
pub async fn dump_tables(
    url: &str,
    wanted: impl Fn(&str) -> bool,
) -> BTreeMap<&'static str, Vec<String>> {
    let db = Database::connect(url).await.unwrap();
    let mut tables = BTreeMap::new();
    for (table, columns) in TABLES.iter().filter(|(table, _)| wanted(table)) {
        let list = columns
            .split(' ')
            .map(|c| format!("COALESCE(CAST({c} AS TEXT), '~')"))
            .collect::<Vec<_>>()
            .join(" || '|' || ");
        let sql = format!("SELECT {list} AS line FROM {table}");
        let rows =
            db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
        let mut lines: Vec<String> =
            rows.iter().map(|r| r.try_get::<String>("", "line").unwrap()).collect();
        lines.sort_unstable();
        tables.insert(*table, lines);
    }
    db.close().await.unwrap();
    tables
}

/// Panics with the first few differences of two dumps.
#[track_caller]
pub fn assert_same(
    what: &str,
    left: &BTreeMap<&'static str, Vec<String>>,
    right: &BTreeMap<&'static str, Vec<String>>,
) {
    let mut report = String::new();
    for (table, expected) in left {
        let found = right.get(table).map_or(&[][..], Vec::as_slice);
        if expected.as_slice() == found {
            continue;
        }
        let _ = writeln!(report, "{table}: {} rows against {}", expected.len(), found.len());
        for line in expected.iter().filter(|l| found.binary_search(l).is_err()).take(3) {
            let _ =
                writeln!(report, "  only left:  {}", line.chars().take(600).collect::<String>());
        }
        for line in found.iter().filter(|l| expected.binary_search(l).is_err()).take(3) {
            let _ =
                writeln!(report, "  only right: {}", line.chars().take(600).collect::<String>());
        }
    }
    assert!(report.is_empty(), "{what} differ:\n{report}");
}
