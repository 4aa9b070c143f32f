//! Alerts: what is open, what was, and what happened to them.
//!
//! Owns that a cause is raised once, that what is gone is resolved, and the order of events, which is
//! that of commits, so that a reader can follow them from the last one seen. Refuses to say what is
//! worth an alert: `metrics` does.

use crate::lease::{Lease, extend};
use crate::rows::json;
use crate::sql::{all, insert, map, run};
use crate::{Backend, Store, StoreError};
use domain::{Ability, Payload, Principal, ProfileId, RecordId, Timestamp};
use entity::{alert, alert_event};
use sea_orm::DatabaseTransaction;
use std::collections::{HashMap, HashSet};

/// Events are numbered by one writer at a time on PostgreSQL; SQLite has one anyway.
const EVENT_LOCK: i64 = 0x0c36_0a1e;

/// An alert to be open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlert {
    /// The rule.
    pub rule: String,
    /// Version of the rules.
    pub rules: String,
    /// What was watched.
    pub preset: &'static str,
    /// How much it matters.
    pub severity: &'static str,
    /// Tells one cause from another within rule and profile.
    pub cause: String,
    /// Whether the cause may come again as another alert.
    pub recurs: bool,
    /// When it came about.
    pub occurred_at: Timestamp,
    /// Readable, without personal data.
    pub detail: String,
    /// Proof.
    pub evidence: Vec<RecordId>,
}

/// Which alerts of the profiles are meant: those of one preset, or all but those of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Presets {
    /// Derived with the profile.
    AllBut(&'static str),
    /// Derived apart.
    Only(&'static str),
}

/// The preset whose alerts follow from employments, which are known after profiles are derived.
pub const APART: &str = "champion_left";

#[derive(Default)]
struct Changes {
    new: Vec<alert::Model>,
    reopened: Vec<i64>,
    resolved: Vec<i64>,
}

impl Changes {
    fn profile(
        &mut self,
        profile: i64,
        known: Vec<alert::Model>,
        wanted: &[NewAlert],
        now: Timestamp,
    ) {
        let mut open: HashMap<(String, String), i64> = HashMap::new();
        let mut resolved: HashSet<i64> = HashSet::new();
        for row in known {
            if row.state == "open" {
                open.insert((row.rule_id, row.cause), row.id);
            } else {
                resolved.insert(row.id);
            }
        }
        let mut seen = HashSet::new();
        for one in wanted {
            let key = (one.rule.clone(), one.cause.clone());
            if !seen.insert(key.clone()) || open.remove(&key).is_some() {
                continue;
            }
            let at = if one.recurs { now.as_millis() } else { 0 };
            let text = format!("{}\u{1f}{profile}\u{1f}{}\u{1f}{at}", one.rule, one.cause);
            let id = Payload::new(text).hash() & i64::MAX;
            if resolved.contains(&id) {
                self.reopened.push(id);
            } else {
                self.new.push(row(id, profile, one, now));
            }
        }
        self.resolved.extend(open.into_values());
    }
}

fn row(id: i64, profile_id: i64, one: &NewAlert, now: Timestamp) -> alert::Model {
    alert::Model {
        id,
        rule_id: one.rule.clone(),
        rules: one.rules.clone(),
        preset: one.preset.to_owned(),
        profile_id,
        severity: one.severity.to_owned(),
        cause: one.cause.clone(),
        detail: one.detail.clone(),
        evidence: json(&one.evidence),
        state: "open".to_owned(),
        occurred_at_ms: one.occurred_at.as_millis(),
        opened_at_ms: now.as_millis(),
        resolved_at_ms: None,
        acknowledged_at_ms: None,
        acknowledged_by: None,
        note: None,
    }
}

/// Makes the alerts of profiles those that are wanted: opens, reopens and resolves by the difference.
/// Without one it writes nothing.
pub(crate) async fn commit(
    store: &Store,
    tx: &DatabaseTransaction,
    wanted: &[(i64, &[NewAlert])],
    presets: Presets,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (sign, preset) = match presets {
        Presets::AllBut(preset) => ("<>", preset),
        Presets::Only(preset) => ("=", preset),
    };
    let of = store.backend.id_in("profile_id", 1);
    let sql = format!("SELECT * FROM alert WHERE {of} AND preset {sign} $2");
    let keys = store.backend.ids(wanted.iter().map(|(id, _)| *id));
    let mut known: HashMap<i64, Vec<alert::Model>> = HashMap::new();
    for row in all::<alert::Model>(tx, store.statement(sql, vec![keys, preset.into()])).await? {
        known.entry(row.profile_id).or_default().push(row);
    }
    let mut changes = Changes::default();
    for (profile, alerts) in wanted {
        changes.profile(*profile, known.remove(profile).unwrap_or_default(), alerts, now);
    }
    let Changes { new, reopened, resolved } = changes;
    let events: Vec<(i64, &str)> = new
        .iter()
        .map(|row| (row.id, "opened"))
        .chain(reopened.iter().map(|id| (*id, "reopened")))
        .chain(resolved.iter().map(|id| (*id, "resolved")))
        .collect();
    if events.is_empty() {
        return Ok(());
    }
    note(store, tx, &events, now).await?;
    insert::<alert::Entity, _>(tx, new, None).await?;
    let of = store.backend.id_in("id", 1);
    for (ids, set, at) in [
        (reopened, "state = 'open', resolved_at_ms = $2", None),
        (resolved, "state = 'resolved', resolved_at_ms = $2", Some(now.as_millis())),
    ] {
        if !ids.is_empty() {
            let sql = format!("UPDATE alert SET {set} WHERE {of}");
            run(tx, store.statement(sql, vec![store.backend.ids(ids), at.into()])).await?;
        }
    }
    Ok(())
}

/// Numbers and keeps what happened to alerts.
async fn note(
    store: &Store,
    tx: &DatabaseTransaction,
    events: &[(i64, &str)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if store.backend == Backend::Postgres {
        let lock = store.statement("SELECT pg_advisory_xact_lock($1)", vec![EVENT_LOCK.into()]);
        run(tx, lock).await?;
    }
    let last = store.statement("SELECT COALESCE(MAX(seq), 0) AS n FROM alert_event", vec![]);
    let last = map(tx, last, |row| row.try_get::<i64>("", "n")).await?;
    let first = last.first().copied().unwrap_or(0) + 1;
    let rows = events.iter().zip(first..).map(|((alert_id, event), seq)| alert_event::Model {
        seq,
        alert_id: *alert_id,
        event: (*event).to_owned(),
        at_ms: now.as_millis(),
    });
    insert::<alert_event::Entity, _>(tx, rows.collect(), None).await
}

/// A person who left a company, or has another job title there, as stored.
#[derive(Clone, Debug)]
pub struct StoredDeparture {
    /// The company.
    pub company: ProfileId,
    /// The person.
    pub person: ProfileId,
    /// When.
    pub at: Timestamp,
    /// Whether the person is still there.
    pub stays: bool,
    /// The title that the person had.
    pub job_title: Option<String>,
    /// The person's persona.
    pub persona: Option<String>,
    /// The records that say so, JSON.
    pub records: Vec<RecordId>,
}

impl Store {
    /// People who left a company that bought, after `since`, and those who got another job title
    /// there: one statement for each.
    ///
    /// # Errors
    /// Database errors.
    pub async fn load_departures(
        &self,
        since: Timestamp,
    ) -> Result<Vec<StoredDeparture>, StoreError> {
        let customer = "JOIN profile c ON c.id = {company} AND c.stage_position >= 3";
        let persona = "LEFT JOIN profile_group g ON g.profile_id = {person} AND g.kind = 'persona'";
        let left = format!(
            "SELECT e.company_id, e.person_id, e.to_ms AS at_ms, f.value AS job_title, \
             g.name AS persona, e.records FROM employment e {} {} \
             LEFT JOIN profile_field f ON f.profile_id = e.person_id AND f.field = 'job_title' \
             WHERE e.to_ms > $1 AND NOT EXISTS (SELECT 1 FROM employment o \
               WHERE o.person_id = e.person_id AND o.company_id = e.company_id \
               AND o.to_ms IS NULL) ORDER BY 1, 2, 3",
            customer.replace("{company}", "e.company_id"),
            persona.replace("{person}", "e.person_id")
        );
        let title = match self.backend {
            Backend::Sqlite => "json_extract(p.body, '$.job_title')",
            Backend::Postgres => "(p.body::json->>'job_title')",
        };
        // What the record said next: its next version of the past, or what it says now.
        let next = title.replace("p.body", "q.body");
        let list = self.backend.json_row(&["p.record_id"]);
        let retitled = format!(
            "SELECT l.company_id, l.person_id, k.closed_at_ms AS at_ms, {title} AS job_title, \
             g.name AS persona, CAST({list} AS TEXT) AS records FROM record_past p \
             JOIN known_epoch k ON k.epoch = p.known_to AND k.closed_at_ms > $1 \
             JOIN contact t ON t.record_id = p.record_id \
             JOIN profile_member m ON m.record_id = p.record_id AND m.kind = 'person' \
             JOIN profile_link l ON l.person_id = m.profile_id {} {} \
             WHERE p.kind = 'contact' AND {title} IS NOT NULL AND t.job_title IS NOT NULL \
             AND LOWER({title}) <> LOWER(COALESCE((SELECT {next} FROM record_past q \
               WHERE q.record_id = p.record_id AND q.kind = 'contact' \
               AND q.known_from = p.known_to), t.job_title)) ORDER BY 1, 2, 3",
            customer.replace("{company}", "l.company_id"),
            persona.replace("{person}", "l.person_id")
        );
        let mut found = Vec::new();
        for (sql, stays) in [(left, false), (retitled, true)] {
            let statement = self.statement(sql, vec![since.as_millis().into()]);
            let rows = map(self.reader(), statement, |row| {
                let departure = StoredDeparture {
                    company: ProfileId(row.try_get("", "company_id")?),
                    person: ProfileId(row.try_get("", "person_id")?),
                    at: Timestamp::from_millis(row.try_get("", "at_ms")?),
                    stays,
                    job_title: row.try_get("", "job_title")?,
                    persona: row.try_get("", "persona")?,
                    records: Vec::new(),
                };
                Ok((departure, row.try_get::<String>("", "records")?))
            })
            .await?;
            for (mut departure, records) in rows {
                departure.records = crate::rows::from_json(&records, "employment.records")?;
                found.push(departure);
            }
        }
        Ok(found)
    }

    /// Makes the alerts that follow from people who left those that are given, over all customers.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] and database errors; nothing was written then.
    pub async fn commit_departure_alerts(
        &self,
        lease: &Lease,
        wanted: &HashMap<ProfileId, Vec<NewAlert>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        extend(self, &tx, lease, now).await?;
        let open = "SELECT DISTINCT profile_id FROM alert WHERE state = 'open' AND preset = $1";
        let open = map(&tx, self.statement(open, vec![APART.into()]), |row| {
            row.try_get::<i64>("", "profile_id")
        })
        .await?;
        let none: &[NewAlert] = &[];
        let mut all: HashMap<i64, &[NewAlert]> = open.into_iter().map(|id| (id, none)).collect();
        all.extend(wanted.iter().map(|(id, alerts)| (id.0, alerts.as_slice())));
        let mut all: Vec<(i64, &[NewAlert])> = all.into_iter().collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        commit(self, &tx, &all, Presets::Only(APART), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes note of an alert, in the name of `by`; a later note replaces it. Written to the audit log.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Conflict`] when the principal may not, and database
    /// errors.
    pub async fn acknowledge_alert(
        &self,
        by: &Principal,
        id: i64,
        note_text: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !by.scope().may(Ability::Acknowledge) {
            return Err(StoreError::Conflict("the role may not acknowledge alerts".into()));
        }
        let tx = self.begin().await?;
        let sql = "UPDATE alert SET acknowledged_at_ms = $2, acknowledged_by = $3, note = $4 \
                   WHERE id = $1";
        let values = vec![
            id.into(),
            now.as_millis().into(),
            by.subject.as_str().into(),
            note_text.map(str::to_owned).into(),
        ];
        if run(&tx, self.statement(sql, values)).await? == 0 {
            return Err(StoreError::NotFound { what: "alert" });
        }
        note(self, &tx, &[(id, "acknowledged")], now).await?;
        let detail = json(&serde_json::json!({ "alert": RecordId(id).to_string() }));
        self.audit(&tx, by, "acknowledge_alert", &detail, now).await?;
        tx.commit().await?;
        Ok(())
    }
}
