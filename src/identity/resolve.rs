//! Records and decisions in, clusters and reviews out.
//!
//! Owns what holds whatever the weights say: stewards' decisions, vendors' merges and ids, sources
//! with one record per entity; and what a reviewer is asked. Deterministic, the same for any order
//! of records and decisions.

mod bounds;
mod reviews;
mod workbench;

pub use workbench::Workbench;

use crate::engine::{GREY, Knowledge, Limits, Meeting, View, agglomerate, suspicion};
use crate::{Cluster, Evidence, IdentityRecord, Join, Resolution, RuleId, Rules, weights};
use bounds::{Bounds, Refusal};
use domain::{Decision, Identifier, IdentifierKind, RecordId, Verdict};
use rustc_hash::{FxHashMap, FxHashSet};

/// The keys under which candidates for a record are found.
#[must_use]
pub fn block_keys(record: &IdentityRecord, knowledge: &Knowledge) -> Vec<i64> {
    block_keys_of(std::slice::from_ref(record), knowledge).pop().unwrap_or_default()
}

/// The keys of many records at once, in their order: what they share is looked at once.
#[must_use]
pub fn block_keys_of(records: &[IdentityRecord], knowledge: &Knowledge) -> Vec<Vec<i64>> {
    let all: Vec<&IdentityRecord> = records.iter().collect();
    let table = knowledge.table(&all);
    let view = knowledge.view(&table);
    (0..records.len() as u32)
        .map(|at| view.keys(at).into_iter().map(u64::cast_signed).collect())
        .collect()
}

/// Resolves records into clusters. A record id that comes twice counts once, in its highest
/// version; decisions about records that are not there are ignored; records of another kind than
/// the knowledge's stay alone.
#[must_use]
pub fn resolve(
    records: &[IdentityRecord],
    decisions: &[Decision],
    rules: &Rules,
    knowledge: &Knowledge,
) -> Resolution {
    let scene = Scene::new(records.iter().collect(), decisions, rules, knowledge);
    let table = knowledge.table(&scene.records);
    scene.resolve(rules, &mut knowledge.view(&table))
}

/// A pair that is put together.
#[derive(Clone, Copy, Debug)]
struct Forced {
    a: u32,
    b: u32,
    rule: RuleId,
    weight: f64,
}

/// A pair for the queue.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    a: u32,
    b: u32,
    reason: crate::ReviewReason,
    weight: f64,
}

/// Records in order of their ids, each once, in its highest version.
pub(crate) fn in_order(mut records: Vec<&IdentityRecord>) -> Vec<&IdentityRecord> {
    records.sort_by(|x, y| (x.id, y.version).cmp(&(y.id, x.version)));
    records.dedup_by_key(|r| r.id);
    records
}

/// The latest verdict on each pair of records in order, with its time; of two verdicts of one
/// instant the more careful one counts. Decisions about records that are not there, or of two
/// kinds, are ignored.
pub(crate) fn latest_verdicts(
    records: &[&IdentityRecord],
    decisions: &[Decision],
) -> Vec<(u32, u32, i64, Verdict)> {
    let find = |id: RecordId| {
        let at = records.binary_search_by_key(&id, |r| r.id).ok()?;
        Some((u32::try_from(at).ok()?, records.get(at)?.kind))
    };
    let care = |verdict: Verdict| match verdict {
        Verdict::Same => 0,
        Verdict::Unsure => 1,
        Verdict::Different => 2,
    };
    let mut latest: FxHashMap<(u32, u32), (i64, Verdict)> = FxHashMap::default();
    for decision in decisions {
        let (Some((a, kind)), Some((b, other))) = (find(decision.left), find(decision.right))
        else {
            continue;
        };
        if a == b || kind != other {
            continue;
        }
        let (at, verdict) = (decision.decided_at.as_millis(), decision.verdict);
        let slot = latest.entry((a.min(b), a.max(b))).or_insert((at, verdict));
        if (at, care(verdict)) > (slot.0, care(slot.1)) {
            *slot = (at, verdict);
        }
    }
    let mut out: Vec<(u32, u32, i64, Verdict)> =
        latest.into_iter().map(|((a, b), (at, verdict))| (a, b, at, verdict)).collect();
    out.sort_unstable_by_key(|(a, b, ..)| (*a, *b));
    out
}

/// The records in order of their ids, and what is certain about them.
struct Scene<'r> {
    records: Vec<&'r IdentityRecord>,
    /// Pairs to put together, the most certain first.
    forced: Vec<Forced>,
    /// Pairs that a steward parted.
    parted: Vec<(u32, u32)>,
    /// Pairs that a steward left open.
    unsure: Vec<(u32, u32)>,
    /// Pairs with any decision.
    decided: FxHashSet<(u32, u32)>,
    cutoff: f64,
}

impl<'r> Scene<'r> {
    fn new(
        records: Vec<&'r IdentityRecord>,
        decisions: &[Decision],
        rules: &Rules,
        knowledge: &Knowledge,
    ) -> Self {
        let mut scene = Self {
            records: in_order(records),
            forced: Vec::new(),
            parted: Vec::new(),
            unsure: Vec::new(),
            decided: FxHashSet::default(),
            cutoff: knowledge.cutoff(),
        };
        scene.read_decisions(decisions);
        scene.read_references(rules);
        scene
    }

    /// Resolves the scene; `view` is of its records in their order.
    fn resolve(&self, rules: &Rules, view: &mut View<'_>) -> Resolution {
        let knowledge = view.knowledge;
        let cutoff = knowledge.cutoff() as f32;
        let floor = cutoff - GREY;
        let mut bounds = Bounds::new(self, rules);
        let mut doubts: Vec<Doubt> = Vec::new();
        let mut forced: Vec<Forced> = Vec::new();
        for step in &self.forced {
            match bounds.force(step, view) {
                Ok(true) => forced.push(*step),
                Ok(false) => {}
                Err(refusal) => doubts.push(Doubt {
                    a: step.a,
                    b: step.b,
                    reason: refusal.reason_of(step.rule),
                    weight: step.weight,
                }),
            }
        }
        let edges: Vec<(u32, u32, f32)> = if rules.enabled.match_weight {
            view.candidates().into_iter().map(|(a, b)| (a, b, view.weight(a, b))).collect()
        } else {
            Vec::new()
        };
        // What a steward said of two records is said of their profiles: it comes in when these are
        // known, or a record would be torn from its own. Until then it only binds.
        let vendors = forced.iter().filter(|f| f.rule != RuleId::Steward);
        let pairs: Vec<(u32, u32)> = vendors.map(|f| (f.a, f.b)).collect();
        let mut refused: Vec<(Refusal, (u32, u32), f32)> = Vec::new();
        let rank = |at: u32| self.id(at).map_or(0, |id| id.0.cast_unsigned());
        let usual = knowledge.usual_size();
        let mut may_join = |p: &[u32], q: &[u32], meeting: Meeting| {
            let (Some(a), Some(b)) = (p.first(), q.first()) else { return false };
            let verdict = if meeting.weight < cutoff {
                // Seen, not joined: what lies below the cut-off is a reviewer's.
                Err(Refusal::Grey)
            } else {
                let doubt = suspicion(p.len(), q.len(), meeting, usual);
                bounds.meet(*a, *b).and_then(|certain| match doubt.filter(|_| !certain) {
                    Some(why) => Err(Refusal::Suspicious(why)),
                    None => Ok(()),
                })
            };
            match verdict {
                Ok(()) => bounds.unite(*a, *b),
                Err(refusal) => refused.push((refusal, meeting.best, meeting.weight)),
            }
            verdict.is_ok()
        };
        let mut limits = Limits { floor, may_join: &mut may_join, rank: &rank, forced: &pairs };
        let joins =
            agglomerate(self.records.len(), &edges, &mut limits, &mut |a, b| view.weight(a, b));
        for (refusal, (a, b), weight) in refused {
            let reason = refusal.reason_of(RuleId::MatchWeight);
            doubts.push(Doubt { a, b, reason, weight: f64::from(weight) });
        }
        let mut made: Vec<Forced> = forced;
        made.extend(joins.iter().map(|join| Forced {
            a: join.a.min(join.b),
            b: join.a.max(join.b),
            rule: RuleId::MatchWeight,
            weight: f64::from(join.weight),
        }));
        let mut forest = bounds::Forest::new(self.records.len());
        made.retain(|join| forest.join(join.a, join.b));
        let mut out = self.outcome(&made, doubts, &edges, rules, view);
        out.links = edges
            .iter()
            .filter(|(.., weight)| *weight >= floor)
            .filter_map(|(a, b, _)| Some((self.id(*a)?, self.id(*b)?)))
            .collect();
        out
    }

    fn id(&self, at: u32) -> Option<RecordId> {
        self.records.get(at as usize).map(|r| r.id)
    }

    fn read_decisions(&mut self, decisions: &[Decision]) {
        let verdicts = latest_verdicts(&self.records, decisions);
        let mut same: Vec<(i64, u32, u32)> = Vec::new();
        for (a, b, at, verdict) in verdicts {
            self.decided.insert((a, b));
            match verdict {
                Verdict::Same => same.push((-at, a, b)),
                Verdict::Different => self.parted.push((a, b)),
                Verdict::Unsure => self.unsure.push((a, b)),
            }
        }
        // The newest first: where decisions contradict each other, the last word counts.
        same.sort_unstable();
        self.parted.sort_unstable();
        let weight = weights::STEWARD;
        self.forced.extend(same.into_iter().map(|(_, a, b)| Forced {
            a,
            b,
            rule: RuleId::Steward,
            weight,
        }));
    }

    /// Vendor ids that point at each other, or at the same third record.
    fn read_references(&mut self, rules: &Rules) {
        let mut by_id: FxHashMap<&Identifier, Vec<u32>> = FxHashMap::default();
        for (at, record) in self.records.iter().enumerate() {
            for id in record.identifiers.iter().filter(|i| i.kind == IdentifierKind::ExternalId) {
                by_id.entry(id).or_default().push(at as u32);
            }
        }
        let mut found: Vec<Forced> = Vec::new();
        for (id, carriers) in by_id {
            // The record that the id is of stands in the middle; without it, the first carrier.
            let own = |at: &u32| self.records.get(*at as usize).is_some_and(|r| r.own == *id);
            let Some(hub) = carriers.iter().find(|at| own(at)).or(carriers.first()) else {
                continue;
            };
            for other in carriers.iter().filter(|at| *at != hub) {
                let (Some(p), Some(q)) =
                    (self.records.get(*hub as usize), self.records.get(*other as usize))
                else {
                    continue;
                };
                if p.kind != q.kind {
                    continue;
                }
                let one_stream = p.source == q.source && p.stream == q.stream;
                let (rule, weight) = if one_stream && (p.own == *id || q.own == *id) {
                    (RuleId::VendorMerge, weights::VENDOR_MERGE)
                } else {
                    (RuleId::TrustedId, weights::TRUSTED_ID)
                };
                if rules.enabled.allows(rule) {
                    let (a, b) = ((*hub).min(*other), (*hub).max(*other));
                    found.push(Forced { a, b, rule, weight });
                }
            }
        }
        found.sort_unstable_by(|x, y| {
            y.weight.total_cmp(&x.weight).then((x.a, x.b).cmp(&(y.a, y.b)))
        });
        found.dedup_by_key(|f| (f.a, f.b));
        self.forced.extend(found);
    }

    fn outcome(
        &self,
        made: &[Forced],
        mut doubts: Vec<Doubt>,
        edges: &[(u32, u32, f32)],
        rules: &Rules,
        view: &mut View<'_>,
    ) -> Resolution {
        let mut forest = bounds::Forest::new(self.records.len());
        for join in made {
            forest.join(join.a, join.b);
        }
        let roots: Vec<u32> = (0..self.records.len() as u32).map(|at| forest.root(at)).collect();
        let mut out = Resolution::default();
        let mut place: FxHashMap<u32, usize> = FxHashMap::default();
        for (record, root) in self.records.iter().zip(&roots) {
            let at = *place.entry(*root).or_insert_with(|| {
                out.clusters.push(Cluster { members: Vec::new(), joins: Vec::new() });
                out.clusters.len() - 1
            });
            if let Some(cluster) = out.clusters.get_mut(at) {
                cluster.members.push(record.id);
            }
        }
        for join in made {
            let root = roots.get(join.a as usize).copied().unwrap_or_default();
            let Some(at) = place.get(&root) else { continue };
            let (Some(left), Some(right)) = (self.id(join.a), self.id(join.b)) else { continue };
            let evidence = self.evidence(join, view);
            let Some(cluster) = out.clusters.get_mut(*at) else { continue };
            let weight = evidence.iter().map(|e| e.weight).sum();
            cluster.joins.push(Join { left, right, rule: join.rule, weight, evidence });
            // The last join made is the weakest one.
            if cluster.members.len() > rules.large_cluster
                && cluster.joins.len() + 1 == cluster.members.len()
                && join.rule != RuleId::Steward
            {
                doubts.push(Doubt {
                    a: join.a,
                    b: join.b,
                    reason: crate::ReviewReason::LargeCluster,
                    weight: join.weight,
                });
            }
        }
        out.reviews = reviews::rank(self, doubts, edges, &roots, view);
        out
    }

    /// The waterfall behind a join.
    fn evidence(&self, join: &Forced, view: &mut View<'_>) -> Vec<Evidence> {
        let certain = |comparison, level, weight| Evidence {
            comparison,
            level,
            weight,
            term_frequency: None,
            identifier: None,
        };
        match join.rule {
            RuleId::Steward => vec![certain("steward", "same", join.weight)],
            RuleId::VendorMerge => vec![certain("vendor", "merged by the vendor", join.weight)],
            RuleId::TrustedId => {
                vec![Evidence {
                    identifier: self.common(join.a, join.b, IdentifierKind::ExternalId),
                    ..certain("trusted_id", "points at the other", join.weight)
                }]
            }
            RuleId::MatchWeight => self.waterfall(join.a, join.b, view),
        }
    }

    fn waterfall(&self, a: u32, b: u32, view: &mut View<'_>) -> Vec<Evidence> {
        let bars = view.bars(a, b);
        bars.into_iter()
            .map(|bar| Evidence {
                comparison: bar.comparison,
                level: bar.level,
                weight: bar.weight,
                term_frequency: bar.term_frequency,
                identifier: match bar.comparison {
                    "email" if bar.level == "exact" => self.common(a, b, IdentifierKind::Email),
                    "phone" if bar.level == "exact" => self.common(a, b, IdentifierKind::Phone),
                    "web_domain" if bar.level == "exact" => {
                        self.common(a, b, IdentifierKind::Domain)
                    }
                    _ => None,
                },
            })
            .collect()
    }

    /// An identifier that two records share.
    fn common(&self, a: u32, b: u32, kind: IdentifierKind) -> Option<Identifier> {
        let (p, q) = (self.records.get(a as usize)?, self.records.get(b as usize)?);
        let mut own = p.identifiers.iter().filter(|i| i.kind == kind);
        own.find(|i| q.identifiers.binary_search(i).is_ok()).cloned()
    }
}

/// The waterfall of two records that need not be candidates, and its total in log2 odds.
pub(crate) fn compare_pair(
    a: &IdentityRecord,
    b: &IdentityRecord,
    knowledge: &Knowledge,
) -> (f64, Vec<Evidence>) {
    let records = [a.clone(), b.clone()];
    let scene = Scene::new(records.iter().collect(), &[], &Rules::default(), knowledge);
    let table = knowledge.table(&scene.records);
    let mut view = knowledge.view(&table);
    if scene.records.len() < 2 {
        return (0.0, Vec::new());
    }
    (f64::from(view.weight(0, 1)), scene.waterfall(0, 1, &mut view))
}
