//! Alerts: what the rules raise for a profile that is derived, and for people who left a company.
//!
//! The former are committed with the profile; the latter once employments are known, over all
//! customers, so that what nobody touched is resolved too when its time has passed.

use crate::{JobError, Jobs, lease};
use domain::{Principal, ProfileId, Transition};
use metrics::alerts::{Departure, Raised, Watched, departures, raised};
use metrics::score::score_segment;
use metrics::segmentation::{Groups, Traits};
use std::collections::HashMap;
use store::Lease;
use store::alerts::NewAlert;

/// Longest note on an alert, in characters.
const NOTE_MAX: usize = 1_000;

impl Jobs {
    fn alert(&self, raised: Raised) -> NewAlert {
        NewAlert {
            rule: raised.rule,
            rules: self.alerts.version.clone(),
            preset: raised.preset.as_str(),
            severity: raised.severity.as_str(),
            cause: raised.cause,
            recurs: raised.recurs,
            occurred_at: raised.occurred_at,
            detail: raised.detail,
            evidence: raised.evidence,
        }
    }

    /// Takes note of an alert.
    ///
    /// # Errors
    /// A note that is too long; no such alert; database errors.
    pub async fn acknowledge_alert(
        &self,
        by: &Principal,
        alert: i64,
        note: Option<String>,
    ) -> Result<(), JobError> {
        let note = note.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if note.as_ref().is_some_and(|text| text.chars().count() > NOTE_MAX) {
            let message = format!("must be of at most {NOTE_MAX} characters");
            return Err(JobError::InvalidInput { field: "note", message });
        }
        let now = lease::now(self);
        Ok(self.store.acknowledge_alert(by, alert, note.as_deref(), now).await?)
    }

    /// What is to be open about a profile.
    pub(crate) fn profile_alerts(
        &self,
        traits: Traits<'_>,
        groups: &Groups,
        transitions: &[Transition],
    ) -> Vec<NewAlert> {
        let health = &self.scores.health;
        let own = |name: &&String| health.segments.iter().any(|one| one.segment == **name);
        // As the health that is answered: by the segments of rules, else by the size that facts tell.
        let ruled = groups.segments.split_last().map_or(&[][..], |(_, ruled)| ruled);
        let size = score_segment(traits.facts, &self.metrics);
        let segment = ruled.iter().find(own).map_or(size.as_str(), String::as_str);
        let watched = Watched { traits, transitions, health, segment };
        raised(&self.alerts, &watched).into_iter().map(|one| self.alert(one)).collect()
    }

    /// Brings the alerts about people who left up to date.
    pub(crate) async fn departure_alerts(&self, lease: &Lease) -> Result<(), JobError> {
        let now = lease::now(self);
        let mut wanted: HashMap<ProfileId, Vec<NewAlert>> = HashMap::new();
        if let Some(days) = self.alerts.departure_days() {
            let left = self.store.load_departures(now.plus_days(-days)).await?;
            let left: Vec<Departure> = left
                .into_iter()
                .map(|one| Departure {
                    company: one.company,
                    person: one.person,
                    at: one.at,
                    stays: one.stays,
                    job_title: one.job_title,
                    persona: one.persona,
                    records: one.records,
                })
                .collect();
            for (company, raised) in departures(&self.alerts, &left, now) {
                wanted.entry(company).or_default().push(self.alert(raised));
            }
        }
        self.store.commit_departure_alerts(lease, &wanted, now).await?;
        Ok(())
    }
}
