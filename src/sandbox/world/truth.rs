//! The truth: which records are about the same person or company. It is kept aside to score
//! matching, and no vendor serves it.

use super::World;
use crate::hubspot::Kind;
use serde::Serialize;
use std::collections::HashMap;

/// A record by its vendor (`hubspot`, `zendesk`, `stripe`), stream (`contacts`, `companies`,
/// `users`, `organizations`, `customers`) and the vendor's own id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RecordRef {
    /// The vendor.
    pub vendor: String,
    /// The stream.
    pub stream: String,
    /// The vendor's id, as text.
    pub external_id: String,
}

impl RecordRef {
    /// A reference from its three parts.
    pub fn new(
        vendor: impl Into<String>,
        stream: impl Into<String>,
        external_id: impl Into<String>,
    ) -> Self {
        Self { vendor: vendor.into(), stream: stream.into(), external_id: external_id.into() }
    }
}

/// Whom a record is about. Both may be set (a business customer billed to a person), or
/// neither (a shared mailbox).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RecordTruth {
    /// The true person.
    pub person: Option<u32>,
    /// The true company.
    pub company: Option<u32>,
}

/// Which of the two is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TruthKind {
    /// Records of people.
    Person,
    /// Records of companies.
    Company,
}

/// Pairwise figures: a pair is two records; it is true when both are about the same one, and
/// found when both are in one cluster.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairScore {
    /// Share of found pairs that are true; 1 when none is found.
    pub precision: f64,
    /// Share of true pairs that are found; 1 when there is none.
    pub recall: f64,
    /// The harmonic mean of the two.
    pub f1: f64,
    /// How many true pairs there are.
    pub pairs_true: u64,
    /// How many pairs the clusters claim.
    pub pairs_found: u64,
    /// How many pairs are both.
    pub pairs_right: u64,
    /// How many records have a truth of this kind.
    pub records: u64,
    /// How many of them are in no cluster.
    pub records_missing: u64,
    /// How many true entities there are.
    pub entities: u64,
    /// How many clusters hold at least one such record.
    pub clusters: u64,
}

/// What is true of every record that is live now: not archived, deleted or merged away.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    records: HashMap<RecordRef, RecordTruth>,
}

impl World {
    /// The truth about all live records. Our own agents are in it with neither set.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let mut records = HashMap::new();
        for kind in [Kind::Contacts, Kind::Companies] {
            for object in self.crm.table(kind).rows().filter(|o| o.archived_ms.is_none()) {
                let truth = RecordTruth { person: object.person, company: object.company };
                records
                    .insert(RecordRef::new("hubspot", kind.name(), object.id.to_string()), truth);
            }
        }
        for user in self.desk.users.rows().filter(|u| u.active) {
            let truth = RecordTruth { person: user.person, company: None };
            records.insert(RecordRef::new("zendesk", "users", user.id.to_string()), truth);
        }
        for organization in self.desk.organizations.rows().filter(|o| o.deleted_ms.is_none()) {
            let truth = RecordTruth { person: None, company: organization.company };
            records.insert(
                RecordRef::new("zendesk", "organizations", organization.id.to_string()),
                truth,
            );
        }
        for customer in self.books.customers.iter().filter(|c| !c.deleted) {
            let truth = RecordTruth { person: customer.person, company: customer.company };
            records.insert(RecordRef::new("stripe", "customers", customer.id.clone()), truth);
        }
        Truth { records }
    }
}

fn pairs(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

impl Truth {
    /// What is true of a record; `None` when it is not live or not known.
    #[must_use]
    pub fn find(&self, record: &RecordRef) -> Option<RecordTruth> {
        self.records.get(record).copied()
    }

    /// All records with their truth, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&RecordRef, RecordTruth)> {
        self.records.iter().map(|(record, truth)| (record, *truth))
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The true clusters of a kind, each with at least one record, in the order of the true ids.
    #[must_use]
    pub fn clusters(&self, kind: TruthKind) -> Vec<Vec<RecordRef>> {
        let mut by_entity: std::collections::BTreeMap<u32, Vec<RecordRef>> =
            std::collections::BTreeMap::new();
        for (record, truth) in &self.records {
            if let Some(entity) = entity(*truth, kind) {
                by_entity.entry(entity).or_default().push(record.clone());
            }
        }
        let mut clusters: Vec<Vec<RecordRef>> = by_entity.into_values().collect();
        clusters.iter_mut().for_each(|c| c.sort());
        clusters
    }

    /// Scores clusters pair by pair. Records without a truth of this kind are left out, and a
    /// record given twice in one cluster counts once.
    #[must_use]
    pub fn score(&self, kind: TruthKind, clusters: &[Vec<RecordRef>]) -> PairScore {
        let mut sizes: HashMap<u32, u64> = HashMap::new();
        let mut records = 0;
        for truth in self.records.values() {
            if let Some(entity) = entity(*truth, kind) {
                *sizes.entry(entity).or_default() += 1;
                records += 1;
            }
        }
        let pairs_true = sizes.values().map(|n| pairs(*n)).sum();
        let (mut pairs_found, mut pairs_right, mut used) = (0, 0, 0);
        let mut seen = std::collections::HashSet::new();
        for cluster in clusters {
            let mut members: Vec<&RecordRef> = cluster.iter().collect();
            members.sort();
            members.dedup();
            let mut parts: HashMap<u32, u64> = HashMap::new();
            let mut size = 0;
            for record in members {
                if let Some(entity) = self.find(record).and_then(|t| entity(t, kind)) {
                    *parts.entry(entity).or_default() += 1;
                    size += 1;
                    seen.insert(record);
                }
            }
            used += u64::from(size > 0);
            pairs_found += pairs(size);
            pairs_right += parts.values().map(|n| pairs(*n)).sum::<u64>();
        }
        let ratio =
            |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let (precision, recall) = (ratio(pairs_right, pairs_found), ratio(pairs_right, pairs_true));
        let f1 = if precision + recall == 0.0 {
            0.0
        } else {
            2.0 * precision * recall / (precision + recall)
        };
        PairScore {
            precision,
            recall,
            f1,
            pairs_true,
            pairs_found,
            pairs_right,
            records,
            records_missing: records - seen.len() as u64,
            entities: sizes.len() as u64,
            clusters: used,
        }
    }
}

fn entity(truth: RecordTruth, kind: TruthKind) -> Option<u32> {
    match kind {
        TruthKind::Person => truth.person,
        TruthKind::Company => truth.company,
    }
}
