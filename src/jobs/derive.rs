//! Deriving: from the facts of the profiles that were touched to golden fields, stage history,
//! numbers and rollup cells.

use crate::households::HouseholdReport;
use crate::progress::Event;
use crate::resolve::millis;
use crate::{JobError, Jobs, lease};
use domain::{Money, Month, ProfileId, ProfileKind, Timestamp};
use identity::{FieldOverride, Golden, GoldenFieldName, GoldenInput};
use metrics::revenue::{KnownSubscription, Rates, owned_subscriptions, recurring_cells};
use metrics::segmentation::Traits;
use metrics::{Cell, Dims, Exchange, Numbers, Sources, numbers_in};
use serde::Serialize;
use std::collections::HashMap;
use store::derive::{
    AvailableSources, Contributor, Derived, DirtyContributor, ProfileInput, ProfileRow,
    StoredField, StoredPart,
};
use store::known::{EpochNote, RuleText};
use store::read::SubscriptionVersions;
use store::{Lease, Outcome};
use tokio::time::Instant;

/// What a derivation did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeriveReport {
    /// Profiles and spend records derived.
    pub contributors: u64,
    /// The time as of which answers are known from now on, if this run moved it: milliseconds
    /// since 1970.
    pub known_at_ms: Option<i64>,
    /// Models of lifetime value fitted again.
    pub fits: u64,
    /// Households formed again.
    pub households: HouseholdReport,
    /// Milliseconds it took.
    pub elapsed_ms: u64,
}

/// What a profile is derived with, beside its own facts.
struct Given<'a> {
    sources: &'a Sources,
    rates: &'a Rates,
    /// Employees of companies.
    sizes: &'a HashMap<ProfileId, i64>,
    /// What subscriptions say and said.
    versions: &'a HashMap<i64, SubscriptionVersions>,
    now: Timestamp,
}

const LEASE: &str = "derive";
/// The day of the last full derivation; stages move with time, so there is one a day.
const FULL_ON: &str = "derive.full_on";
/// Which survivorship rules and which trust the golden fields were chosen by.
const SURVIVORSHIP: &str = "derive.survivorship";
/// Which sources the numbers were computed with; a first payment anywhere turns "no source" into 0
/// everywhere.
const SOURCES: &str = "derive.sources";
/// Which metric policy, lifecycle rules, rules of segments and rules of alerts everything was derived by,
/// and how many components cells have.
const RULES: &str = "derive.rules";
/// The day on which the models of lifetime value were fitted last.
const FITTED_ON: &str = "derive.fitted_on";

impl Jobs {
    /// Derives what was touched since the last derivation; with `full`, or on the first run of a
    /// day, or when a kind of source delivers for the first time, or when any of the rules changed,
    /// everything. The outcome is the same. With `full`, or on the first run of a day, the models of
    /// lifetime value are fitted again, too, where their data changed. What is known then is closed
    /// as an epoch, whose answers can be asked for again as they were.
    ///
    /// # Errors
    /// Database errors; another process deriving.
    pub async fn derive(&self, full: bool) -> Result<DeriveReport, JobError> {
        let (lease, _) = self.lease(lease::ALL, LEASE).await?;
        self.derive_under(&lease, full).await
    }

    pub(crate) async fn derive_patiently(&self) -> Result<DeriveReport, JobError> {
        let lease = self.lease_patiently(LEASE, 30_000).await?;
        self.derive_under(&lease, false).await
    }

    async fn derive_under(&self, lease: &Lease, full: bool) -> Result<DeriveReport, JobError> {
        let result = self.keeping(lease, self.derive_leased(lease, full)).await;
        let message = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
        let outcome = match &result {
            Ok(_) => Outcome::Done,
            Err(JobError::Stopped) => Outcome::Stopped,
            Err(_) => Outcome::Failed { code: "derive", message: &message },
        };
        self.store.release(lease, outcome, lease::now(self)).await?;
        result
    }

    async fn derive_leased(&self, lease: &Lease, full: bool) -> Result<DeriveReport, JobError> {
        let started = Instant::now();
        let mut report = DeriveReport::default();
        let available = self.store.load_available_sources().await?;
        let sources = Sources {
            has_payments: available.payments,
            has_tickets: available.tickets,
            has_surveys: available.surveys,
            has_subscriptions: available.subscriptions,
            has_spend: available.spend,
            has_usage: available.usage,
        };
        let today = lease::now(self).date_in(&self.metrics.time_zone()).to_string();
        let sources_word = format!("{sources:?}");
        let note = self.note(available);
        // Alerts go by their own rules and by how health is scored.
        let watched = serde_json::to_string(&(&*self.alerts, &self.scores.health));
        let watched = domain::Payload::new(watched.unwrap_or_default()).hash();
        let groups = note.segmentation.as_ref().map_or(0, RuleText::hash);
        let rules_word = format!(
            "{:016x} {:016x} {groups:016x} {watched:016x} {}",
            note.policy.hash(),
            note.rules.hash(),
            metrics::Component::ALL.len()
        );
        let survivorship =
            format!("{:?} {:?}", self.identity.source_priority, self.identity.survivorship);
        let stale = self.store.find_setting(FULL_ON).await?.as_deref() != Some(&today)
            || self.store.find_setting(SOURCES).await?.as_deref() != Some(&sources_word)
            || self.store.find_setting(SURVIVORSHIP).await?.as_deref() != Some(&survivorship)
            || self.store.find_setting(RULES).await?.as_deref() != Some(&rules_word);
        if full || stale {
            self.store.mark_all_contributors().await?;
            // Once everything is marked, an interrupted run goes on where it stopped.
            self.store.put_setting(SOURCES, &sources_word).await?;
            self.store.put_setting(SURVIVORSHIP, &survivorship).await?;
            self.store.put_setting(RULES, &rules_word).await?;
            self.store.put_setting(FULL_ON, &today).await?;
        }
        let mut fit_due =
            full || self.store.find_setting(FITTED_ON).await?.as_deref() != Some(&today);
        let total = self.store.count_dirty_contributors().await?;
        loop {
            self.derive_waiting(lease, &sources, total, &mut report).await?;
            if report.contributors > 0 {
                self.store.sweep_rollups().await?;
            } else if self.store.find_epoch(None).await?.is_some_and(|epoch| epoch.note == note) {
                break;
            }
            if fit_due {
                report.fits += self.refit(lease).await?;
                self.store.put_setting(FITTED_ON, &today).await?;
                fit_due = false;
            }
            // Whatever was marked meanwhile belongs to the same epoch.
            let closed = self.store.close_epoch(lease, &note, lease::now(self)).await?;
            if let Some(at) = closed {
                report.known_at_ms = Some(at.as_millis());
                break;
            }
        }
        report.households = self.derive_ties(lease, full).await?;
        self.departure_alerts(lease).await?;
        report.elapsed_ms = millis(started);
        self.progress.report(&Event::Derived {
            contributors: report.contributors,
            elapsed_ms: report.elapsed_ms,
        });
        Ok(report)
    }

    /// What the answers of this run are computed with.
    fn note(&self, sources: AvailableSources) -> EpochNote {
        // Plain data: writing it as JSON cannot fail, and an empty text would be refused as such.
        let text = |label: String, body: serde_json::Result<String>| RuleText {
            label,
            body: body.unwrap_or_default(),
        };
        EpochNote {
            policy: text(self.metrics.label(), serde_json::to_string(&*self.metrics)),
            rules: text(self.lifecycle.version.clone(), serde_json::to_string(&*self.lifecycle)),
            scores: Some(text(self.scores.label(), serde_json::to_string(&*self.scores))),
            segmentation: Some(text(
                self.segmentation.label(),
                serde_json::to_string(&*self.segmentation),
            )),
            sources,
        }
    }

    /// Derives until nothing waits.
    async fn derive_waiting(
        &self,
        lease: &Lease,
        sources: &Sources,
        total: u64,
        report: &mut DeriveReport,
    ) -> Result<(), JobError> {
        let mut rates: Option<Rates> = None;
        loop {
            if self.cancel.is_cancelled() {
                return Err(JobError::Stopped);
            }
            let batch =
                self.store.load_dirty_contributors(self.options.derive_batch as u64).await?;
            if batch.is_empty() {
                return Ok(());
            }
            if self.metrics.reporting_currency.is_some()
                && batch.iter().any(|c| c.what == Contributor::Rates)
            {
                // Whoever was converted by the rates of before is derived again.
                self.store.mark_all_contributors().await?;
                rates = None;
            }
            let rates = match &mut rates {
                Some(known) => known,
                none => none.insert(self.reporting_rates().await?),
            };
            let derived = self.derive_batch(&batch, sources, rates).await?;
            self.store.commit_derivation(lease, &derived, lease::now(self)).await?;
            report.contributors += batch.len() as u64;
            let done = report.contributors;
            self.progress.report(&Event::Deriving { done, total: total.max(done) });
        }
    }

    async fn derive_batch(
        &self,
        batch: &[DirtyContributor],
        sources: &Sources,
        rates: &Rates,
    ) -> Result<Vec<Derived>, JobError> {
        let of = |what| batch.iter().filter(move |c| c.what == what).map(|c| c.id);
        let spend_ids: Vec<i64> = of(Contributor::Spend).collect();
        let spends = if spend_ids.is_empty() {
            HashMap::new()
        } else {
            self.store.load_spends(&spend_ids).await?
        };
        let ids: Vec<ProfileId> = of(Contributor::Profile).map(ProfileId).collect();
        let mut inputs = if ids.is_empty() {
            HashMap::new()
        } else {
            self.store.load_profile_inputs(&ids).await?
        };
        // The size of an employer decides the segment of its people.
        let employers: Vec<ProfileId> =
            inputs.values().flat_map(|(_, i)| i.companies.iter().map(|(id, _)| *id)).collect();
        let sizes = self.employee_counts(&employers).await?;
        let records = inputs.values().flat_map(|(_, i)| owned_subscriptions(&i.facts));
        let records: Vec<i64> = records.map(|record| record.0).collect();
        let versions = self.store.load_subscription_versions(&records).await?;
        let now = lease::now(self);
        let mut derived = Vec::with_capacity(batch.len());
        for contributor in batch {
            if contributor.what == Contributor::Rates {
                derived.push(gone(*contributor, Vec::new()));
                continue;
            }
            if contributor.what == Contributor::Spend {
                let cells = spends
                    .get(&contributor.id)
                    .map(|spend| metrics::spend_cells(domain::RecordId(contributor.id), spend))
                    .unwrap_or_default();
                derived.push(gone(*contributor, stored_parts(&cells)));
                continue;
            }
            derived.push(match inputs.remove(&ProfileId(contributor.id)) {
                Some((kind, input)) => {
                    let with = Given { sources, rates, sizes: &sizes, versions: &versions, now };
                    self.derive_profile(*contributor, kind, &input, &with)
                }
                None => gone(*contributor, Vec::new()),
            });
        }
        Ok(derived)
    }

    /// The rates by which customers are ordered; none without a reporting currency.
    async fn reporting_rates(&self) -> Result<Rates, JobError> {
        if self.metrics.reporting_currency.is_none() {
            return Ok(Rates::default());
        }
        Ok(Rates::of(&self.store.load_exchange_rates().await?))
    }

    /// Employees of companies, from their members' own records.
    async fn employee_counts(
        &self,
        companies: &[ProfileId],
    ) -> Result<HashMap<ProfileId, i64>, JobError> {
        if companies.is_empty() {
            return Ok(HashMap::new());
        }
        let members = self.store.load_company_members(companies).await?;
        Ok(members
            .iter()
            .filter_map(|(id, members)| {
                let golden = golden(ProfileKind::Company, members, &self.identity);
                Some((*id, employees(&golden)?))
            })
            .collect())
    }

    fn derive_profile(
        &self,
        contributor: DirtyContributor,
        kind: ProfileKind,
        input: &ProfileInput,
        &Given { sources, rates, sizes, versions, now }: &Given<'_>,
    ) -> Derived {
        let golden = golden(kind, &input.members, &self.identity);
        let life = lifecycle::derive(&input.facts, &self.lifecycle, now);
        let numbers = metrics::numbers(&input.facts, &self.metrics, sources, now);
        let employee_count = match kind {
            ProfileKind::Company => employees(&golden),
            ProfileKind::Person => {
                input.companies.iter().filter_map(|(id, _)| sizes.get(id).copied()).max()
            }
        };
        let has_company = !input.companies.is_empty();
        let traits = Traits {
            facts: &input.facts,
            numbers: &numbers,
            policy: &self.metrics,
            sources,
            size: metrics::segment_of(kind, has_company, employee_count, &self.metrics),
            stage: life.stage,
            status: life.status,
            as_of: now,
        };
        let groups = self.segmentation.groups(&traits);
        let alerts = self.profile_alerts(traits, &groups, &life.transitions);
        let text = |name| golden.get(name).map(|f| f.value.expose().to_owned());
        let channel = text(GoldenFieldName::AcquisitionChannel);
        let dims =
            Dims { segment: groups.main().to_owned(), channel: channel.clone(), stage: life.stage };
        let subscriptions: Vec<KnownSubscription> = owned_subscriptions(&input.facts)
            .filter_map(|record| {
                Some(KnownSubscription::of(record, versions.get(&record.0)?, None))
            })
            .collect();
        let mut cells = metrics::cells(&input.facts, &dims, &self.metrics);
        cells.extend(recurring_cells(&subscriptions, &dims, &self.metrics));
        let main = main_currency(&numbers);
        let first_seen = input
            .facts
            .facts
            .iter()
            .filter_map(|f| f.occurred_at)
            .min()
            .or_else(|| life.transitions.first().map(|t| t.occurred_at))
            .unwrap_or(now);
        let amount = |list: &Option<Vec<Money>>| {
            let list = list.as_ref()?;
            let code = main?;
            Some(list.iter().find(|m| m.currency == code).map_or(0, |m| m.amount_minor))
        };
        let revenue_minor = amount(&numbers.revenue.value);
        let mrr_minor = amount(&numbers.mrr.value);
        let (revenue_order_minor, mrr_order_minor) = match self.metrics.reporting_currency {
            None => (revenue_minor, mrr_minor),
            Some(to) => {
                let mut exchange = Exchange::new(to, rates, &self.metrics);
                let converted =
                    numbers_in(&mut exchange, &input.facts, &self.metrics, sources, now);
                // Who has no money at all has no place by it, as without a reporting currency.
                let minor = |own: Option<i64>, list: &Option<Vec<Money>>| {
                    own.and(list.as_ref()).map(|list| list.first().map_or(0, |m| m.amount_minor))
                };
                let (revenue, mrr) = (&converted.revenue.value, &converted.mrr.value);
                (minor(revenue_minor, revenue), minor(mrr_minor, mrr))
            }
        };
        let row = ProfileRow {
            display_name: text(GoldenFieldName::DisplayName),
            email: text(GoldenFieldName::Email),
            phone: text(GoldenFieldName::Phone),
            company_name: text(GoldenFieldName::CompanyName),
            country: text(GoldenFieldName::Country),
            domain: text(GoldenFieldName::Domain),
            search_text: search_text(&golden),
            segments: groups.segments,
            persona: groups.persona,
            acquisition_channel: channel,
            stage: life.stage,
            stage_since: life.stage_since,
            status: life.status.as_str().to_owned(),
            revenue_minor,
            mrr_minor,
            revenue_order_minor,
            mrr_order_minor,
            currency: main.map(|c| c.code().to_owned()),
            record_count: input.members.len() as i64,
            first_seen,
            numbers: serde_json::to_string(&numbers).unwrap_or_else(|_| "{}".to_owned()),
            policy: self.metrics.label(),
            fields: golden
                .fields
                .iter()
                .map(|f| StoredField {
                    field: f.name.as_str().to_owned(),
                    value: f.value.expose().to_owned(),
                    record: f.record,
                    rule: f.rule.to_owned(),
                })
                .collect(),
            transitions: life.transitions,
        };
        let facts = input
            .facts
            .facts
            .iter()
            .filter(|f| {
                !matches!(f.body, domain::Canonical::Contact(_) | domain::Canonical::Company(_))
            })
            .map(|f| (f.body.kind(), f.occurred_at, f.record, f.owned))
            .collect();
        Derived {
            contributor,
            kind,
            row: Some(row),
            facts,
            companies: input.companies.clone(),
            parts: stored_parts(&cells),
            alerts,
        }
    }
}

fn gone(contributor: DirtyContributor, parts: Vec<StoredPart>) -> Derived {
    Derived {
        contributor,
        kind: ProfileKind::Person,
        row: None,
        facts: Vec::new(),
        companies: Vec::new(),
        parts,
        alerts: Vec::new(),
    }
}

fn golden(kind: ProfileKind, members: &[store::derive::Member], rules: &identity::Rules) -> Golden {
    let inputs: Vec<GoldenInput<'_>> = members
        .iter()
        .map(|m| GoldenInput {
            record: m.record,
            source: &m.source,
            updated: m.version,
            contact: m.contact.as_ref(),
            company: m.company.as_ref(),
        })
        .collect();
    let mut golden = identity::golden(kind, &inputs, rules);
    // A field that no version of ours knows is left to the version that wrote it.
    let overrides: Vec<FieldOverride> = members
        .iter()
        .flat_map(|m| &m.overrides)
        .filter_map(|set| {
            let field = GoldenFieldName::parse(&set.field)?;
            let value = set.value.clone();
            Some(FieldOverride { field, value, record: set.record, at: set.at })
        })
        .collect();
    golden.override_with(&overrides);
    golden
}

fn employees(golden: &Golden) -> Option<i64> {
    golden.get(GoldenFieldName::EmployeeCount)?.value.expose().parse().ok()
}

/// The currency that lists and orders use: that of the largest revenue, else of the MRR; by code
/// on a tie.
fn main_currency(numbers: &Numbers) -> Option<domain::Currency> {
    [&numbers.revenue.value, &numbers.mrr.value].into_iter().flatten().find_map(|list| {
        list.iter()
            .max_by_key(|m| (m.amount_minor, std::cmp::Reverse(m.currency)))
            .map(|m| m.currency)
    })
}

/// Names, addresses, numbers and domains, folded to lower case without accents.
fn search_text(golden: &Golden) -> String {
    use GoldenFieldName as F;
    let mut words: Vec<String> = Vec::new();
    for name in [F::DisplayName, F::CompanyName, F::Domain, F::City] {
        if let Some(field) = golden.get(name) {
            words.push(identity::normal::text::fold(field.value.expose()));
            words.push(field.value.expose().to_lowercase());
        }
    }
    words.extend(golden.all_emails.iter().chain(&golden.all_phones).map(|v| v.expose().to_owned()));
    words.dedup();
    words.join(" ")
}

fn stored_parts(cells: &[Cell]) -> Vec<StoredPart> {
    cells
        .iter()
        .map(|cell| StoredPart {
            component: cell.key.component.as_str().to_owned(),
            month: {
                let Month(month) = cell.key.month;
                i64::from(month)
            },
            channel: cell.key.channel.clone().unwrap_or_default(),
            segment: cell.key.segment.clone().unwrap_or_default(),
            stage: cell.key.stage.map_or_else(String::new, |s| s.as_str().to_owned()),
            currency: cell.key.currency.map_or_else(String::new, |c| c.code().to_owned()),
            value: cell.value,
        })
        .collect()
}
