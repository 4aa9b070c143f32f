//! The probabilistic engine: a table of records in, clusters with their joins out.
//!
//! Owns the walk: block, compare each pair once, estimate the parameters from the data, weigh,
//! agglomerate, choose the cut-off. Refuses I/O and clocks: whoever wants to know how long a phase
//! took is told when it ends.

mod apart;
mod block;
mod calibrate;
mod chance;
mod cluster;
mod company;
mod compare;
mod dates;
mod edit;
mod fields;
mod frequency;
mod keys;
mod knowledge;
mod level;
mod model;
mod pool;
mod row;
mod suspicion;
mod table;
mod train;

pub use block::{BlockingReport, RuleReport};
pub use cluster::TableJoin;
pub(crate) use cluster::{Limits, Meeting, agglomerate, root};
pub use knowledge::Knowledge;
pub(crate) use knowledge::{GREY, View};
pub use suspicion::Suspicion;
pub(crate) use suspicion::suspicion;
pub use table::{Column, Table, TableBuilder};

use compare::Comparer;
pub(crate) use frequency::Frequencies;
use keys::Context;
use model::Model;
use rustc_hash::FxHashSet;

/// Lowest weight down to which joins are explored, in log2 odds.
const LOWEST_EXPLORED: f32 = -6.0;

/// A step of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Counting values.
    Normalise,
    /// Finding candidates.
    Block,
    /// Comparing them.
    Compare,
    /// Estimating the parameters.
    Train,
    /// Weighing the pairs.
    Score,
    /// Joining.
    Cluster,
    /// Choosing the cut-off.
    Calibrate,
    /// Joining further down, where [`EngineOptions::below`] asks for it.
    Explore,
}

/// What may be set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EngineOptions {
    /// Joins are reported down to this much below the cut-off, in log2 odds.
    pub below: f32,
}

/// A scored candidate pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TablePair {
    /// A record.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Match weight in log2 odds.
    pub weight: f32,
}

/// Clusters and what led to them.
#[derive(Clone, Debug, Default)]
pub struct TableOutcome {
    /// Cluster number of each record.
    pub clusters: Vec<u32>,
    /// Average weight from which clusters join, in log2 odds.
    pub cutoff: f64,
    /// The agglomeration in the order made, also below the cut-off.
    pub joins: Vec<TableJoin>,
    /// Joins that were not made because a reviewer should see them first, heaviest first: at most
    /// one for two clusters.
    pub held: Vec<HeldJoin>,
    /// Every candidate pair.
    pub pairs: Vec<TablePair>,
    /// What blocking did.
    pub report: BlockingReport,
    /// What the caller should know.
    pub notes: Vec<String>,
}

/// A join that was not made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldJoin {
    /// The join.
    pub join: TableJoin,
    /// Why not.
    pub why: Suspicion,
}

/// What a table teaches.
struct Learnt {
    model: Model,
    cutoff: f32,
    /// The largest size that is usual for a cluster.
    usual_size: u32,
    present: Vec<f64>,
    counts: frequency::Counts,
    oversized: FxHashSet<u64>,
    rules: Vec<keys::Rule>,
}

/// Learns from a table, by the comparisons that are given.
fn learn(
    table: &Table,
    comparisons: Option<Vec<level::Comparison>>,
    labels: &[(u32, u32, bool)],
) -> Learnt {
    let mut steps = Steps::new(table, comparisons);
    steps.strict = table.kind == domain::ProfileKind::Person;
    steps.block(None);
    steps.compare();
    let model = steps.train(labels);
    let edges = steps.score(&model);
    let done = steps.cluster(&model, &edges, None, calibrate::REACH, u32::MAX);
    let found = steps.cutoff(&edges, &done, None).at;
    let cutoff = if steps.strict {
        // People are not put together against the odds, and where there are enough of them to have
        // namesakes and families not without a margin: in a store a wrong join costs more than a
        // missed one, which is reviewed.
        found.max(if table.len() >= NAMESAKES { MARGIN } else { 0.0 })
    } else {
        // Little is known of a company in a store, so that joins come in lumps of a few weights: a
        // valley between two lumps above the even odds parts true joins from true joins.
        found.min(0.0)
    };
    Learnt {
        model,
        cutoff,
        usual_size: suspicion::usual_size(sizes(&mut forest(table.len(), &done.joins, cutoff))),
        present: steps.comparer.present.clone(),
        counts: steps.comparer.frequency.export(table),
        oversized: steps.oversized,
        rules: steps.rules,
    }
}

/// Records of people from which on namesakes are to be expected.
const NAMESAKES: usize = 1_000;
/// Least weight from which people are put together in a store of many, in log2 odds: four to one.
const MARGIN: f32 = 2.0;

/// Candidate pairs that the parameters are learnt from; of more an even sample.
const LEARN_FROM: usize = 400_000;

/// The walk's state.
struct Steps<'t> {
    table: &'t Table,
    comparer: Comparer<'t>,
    rules: Vec<keys::Rule>,
    candidates: Vec<block::Candidate>,
    /// Of every `step`th candidate.
    compared: Vec<compare::Compared>,
    step: usize,
    report: BlockingReport,
    oversized: FxHashSet<u64>,
    /// Pairs that are not joined without being asked are none to learn the cut-off from.
    strict: bool,
}

/// Weight of a pair; the least of two generations, and of a doubtful pair where doubts count.
fn weigh(model: &Model, compared: compare::Compared, strict: bool) -> f32 {
    let weight = model.weight(compared);
    let apart =
        if strict { model.is_doubtful(compared) } else { model.is_another_generation(compared) };
    if apart { weight.min(cluster::LEAST) } else { weight }
}

impl<'t> Steps<'t> {
    fn new(table: &'t Table, comparisons: Option<Vec<level::Comparison>>) -> Self {
        let frequency = Frequencies::new(table);
        let comparer = match comparisons {
            Some(given) => Comparer::of(table, frequency, given),
            None => Comparer::new(table, frequency),
        };
        let rules = keys::rules(table, &comparer.comparisons);
        Self {
            table,
            comparer,
            rules,
            candidates: Vec::new(),
            compared: Vec::new(),
            step: 1,
            report: BlockingReport::default(),
            oversized: FxHashSet::default(),
            strict: false,
        }
    }

    fn block(&mut self, link_only: Option<&[u32]>) {
        let rows: Vec<u32> = (0..self.table.len() as u32).collect();
        let context =
            Context { table: self.table, word_weight: &self.comparer.frequency.word_weight };
        let (candidates, report, oversized) =
            block::candidates(&context, &self.rules, &rows, link_only);
        (self.candidates, self.report, self.oversized) = (candidates, report, oversized);
    }

    /// Compares the pairs that the parameters are learnt from: all, or an even sample of many.
    fn compare(&mut self) {
        let comparer = &mut self.comparer;
        self.step = self.candidates.len().div_ceil(LEARN_FROM).max(1);
        let sample = self.candidates.iter().step_by(self.step);
        let mut compared = Vec::with_capacity(sample.len());
        comparer.compare_all(sample.map(|p| (p.a, p.b)), |one| compared.push(one));
        self.compared = compared;
    }

    fn train(&mut self, labels: &[(u32, u32, bool)]) -> Model {
        let rows: Vec<u32> = (0..self.table.len() as u32).collect();
        let random = block::random_pairs(&rows, chance::RANDOM_PAIRS);
        let all = all_pairs(self.table.len()) / self.step as f64;
        let sample: Vec<block::Candidate> =
            self.candidates.iter().step_by(self.step).copied().collect();
        let labelled: Vec<(compare::Compared, bool)> =
            labels.iter().map(|(a, b, same)| (self.comparer.compare(*a, *b), *same)).collect();
        let (rules, compared) = (&self.rules, &self.compared);
        Model::train(&mut self.comparer, rules, &sample, compared, &labelled, &random, all)
    }

    /// Weighs every candidate.
    fn score(&mut self, model: &Model) -> Vec<(u32, u32, f32)> {
        let (comparer, strict) = (&mut self.comparer, self.strict);
        let step = self.step;
        let mut edges: Vec<(u32, u32, f32)> =
            self.candidates.iter().map(|pair| (pair.a, pair.b, 0.0)).collect();
        for (edge, compared) in edges.iter_mut().step_by(step).zip(&self.compared) {
            edge.2 = weigh(model, *compared, strict);
        }
        let is_open = |(at, _): &(usize, &mut (u32, u32, f32))| at % step != 0;
        let mut open = edges.iter_mut().enumerate().filter(is_open).map(|(_, edge)| edge);
        let pairs = self.candidates.iter().enumerate().filter(|(at, _)| at % step != 0);
        comparer.compare_all(pairs.map(|(_, pair)| (pair.a, pair.b)), |compared| {
            if let Some(edge) = open.next() {
                edge.2 = weigh(model, compared, strict);
            }
        });
        for (pair, (.., weight)) in self.candidates.iter().zip(&edges) {
            if pair.rules.is_power_of_two()
                && *weight > cluster::LEAST
                && let Some(rule) = self.report.rules.get_mut(pair.rules.trailing_zeros() as usize)
            {
                rule.only_matches += crate::weights::probability(f64::from(*weight));
            }
        }
        edges
    }

    fn cluster(
        &mut self,
        model: &Model,
        edges: &[(u32, u32, f32)],
        link_only: Option<&[u32]>,
        floor: f32,
        usual: u32,
    ) -> Clustering {
        let table = self.table;
        let (mut held, mut grown) = (Vec::new(), Vec::new());
        let mut may_join = |p: &[u32], q: &[u32], meeting: Meeting| {
            if !may_be_one(table, link_only, p, q) {
                return false;
            }
            let Some(why) = suspicion(p.len(), q.len(), meeting, usual) else {
                if suspicion(p.len(), q.len(), meeting, 0).is_some() {
                    grown.push((meeting.weight, (p.len() + q.len()) as u32));
                }
                return true;
            };
            let (a, b) = meeting.best;
            held.push(HeldJoin { join: TableJoin { a, b, weight: meeting.weight }, why });
            false
        };
        let rank = |record: u32| u64::from(record);
        let mut limits = Limits { floor, may_join: &mut may_join, rank: &rank, forced: &[] };
        let (comparer, strict) = (&mut self.comparer, self.strict);
        let mut score = |a: u32, b: u32| weigh(model, comparer.compare(a.min(b), a.max(b)), strict);
        let joins = agglomerate(self.table.len(), edges, &mut limits, &mut score);
        Clustering { joins, held, grown }
    }

    /// The mean weight from which joins are made, chosen from the data.
    fn cutoff(
        &self,
        edges: &[(u32, u32, f32)],
        done: &Clustering,
        link_only: Option<&[u32]>,
    ) -> Cutoff {
        let mut may_join = |p: &[u32], q: &[u32]| may_be_one(self.table, link_only, p, q);
        if edges.len() < model::FEW {
            // The place of the cut cannot be read from a handful of joins.
            return Cutoff { at: 0.0, in_sight: true };
        }
        // The cut-off is between joins by weight, whatever else is held against some of them.
        let mut all = done.joins.clone();
        all.extend(done.held.iter().map(|held| held.join));
        all.sort_by(|x, y| y.weight.total_cmp(&x.weight));
        let found = calibrate::cutoff(self.table.len(), edges, &all, &mut may_join);
        // Where unrelated records share no context they agree in one thing as if they did not agree
        // in another: false pairs weigh what they should, and a valley above the even odds parts
        // true joins from true joins.
        let shared = self.comparer.comparisons.iter().filter(|c| c.is_context()).count();
        let found = if shared < 2 { found.min(0.0) } else { found };
        // At a limit no valley is in sight, and the model's own word counts: at the upper one there
        // are no joins of different entities to be told from the others, at the lower one no end of
        // them.
        let furthest = calibrate::FURTHEST as f32;
        let at = if found.abs() >= furthest { 0.0 } else { found };
        Cutoff { at, in_sight: found > -furthest }
    }
}

/// The mean weight from which joins are made.
struct Cutoff {
    at: f32,
    /// Whether joins of different entities are seen to get rarer towards it.
    in_sight: bool,
}

/// What agglomeration did.
struct Clustering {
    joins: Vec<TableJoin>,
    held: Vec<HeldJoin>,
    /// Weight and size of the joins that are suspicious in a cluster larger than usual.
    grown: Vec<(f32, u32)>,
}

/// Whether two groups of records may be one, whatever they weigh: no two of one data set that is
/// only linked to others, no person with a company, and nobody with two of a number of which everybody
/// has one.
fn may_be_one(table: &Table, link_only: Option<&[u32]>, p: &[u32], q: &[u32]) -> bool {
    let any = |no: &dyn Fn(u32, u32) -> bool| p.iter().any(|a| q.iter().any(|b| no(*a, *b)));
    let linked = link_only.is_some_and(|sets| {
        let set = |r: u32| sets.get(r as usize);
        any(&|a, b| set(a) == set(b))
    });
    !linked && !any(&|a, b| table.other_kind(a, b)) && !table.other_ids(p, q)
}

/// Resolves a table: the same records give the same clusters in whatever order they were added.
/// `link_only` names the data set of each record: those of one set never join. Where records of two
/// sets may say the same, a column of the set's name ([`crate::role::Role::Ignored`] will do) tells
/// them apart in any order.
#[must_use]
pub fn resolve_table(
    table: &Table,
    link_only: Option<&[u32]>,
    options: &EngineOptions,
    observe: &mut dyn FnMut(Phase),
) -> TableOutcome {
    let sets: Option<Vec<u32>> = link_only.map(|sets| {
        let set = |at| sets.get(table.added(at) as usize).copied().unwrap_or(u32::MAX);
        (0..table.len() as u32).map(set).collect()
    });
    let link_only = sets.as_deref();
    let mut steps = Steps::new(table, None);
    observe(Phase::Normalise);
    steps.block(link_only);
    observe(Phase::Block);
    steps.compare();
    observe(Phase::Compare);
    let model = steps.train(&[]);
    observe(Phase::Train);
    let edges = steps.score(&model);
    observe(Phase::Score);
    let mut done = steps.cluster(&model, &edges, link_only, calibrate::REACH, u32::MAX);
    observe(Phase::Cluster);
    let Cutoff { at: found, in_sight } = steps.cutoff(&edges, &done, link_only);
    observe(Phase::Calibrate);
    // Below what was agglomerated for the cut-off, it is done again, further down.
    let reach = found.min(calibrate::REACH);
    if found < calibrate::REACH {
        done = steps.cluster(&model, &edges, link_only, reach, u32::MAX);
    }
    let mut parent = forest(table.len(), &done.joins, found);
    // What is usual shows in a first round; where a cluster outgrew it, there is a second one.
    let usual = suspicion::usual_size(sizes(&mut parent));
    if done.grown.iter().any(|(weight, size)| *weight >= found && *size > usual) {
        done = steps.cluster(&model, &edges, link_only, reach, usual);
        parent = forest(table.len(), &done.joins, found);
    }
    let Clustering { mut joins, held, .. } = done;
    let held = open_questions(table, held, found, &mut parent);
    observe(Phase::Cluster);
    let cutoff = f64::from(found);
    let clusters = named(table, &mut parent);
    let mut notes = Vec::new();
    if !in_sight {
        notes.push(
            "joins get no rarer towards any weight below the even odds, which are the cut-off: \
             the weights of this table are not to be trusted"
                .to_owned(),
        );
    }
    let windowed = steps.report.rules.iter().map(|rule| rule.windowed).max().unwrap_or_default();
    if windowed > 0 {
        notes.push(format!(
            "up to {windowed} records of one blocking rule are alike in everything that could part \
             them: only neighbours among them were compared"
        ));
    }
    if !held.is_empty() {
        notes.push(format!(
            "{} joins of clusters are held back for a review: few of the pairs between the two \
             agree, or the cluster would outgrow the {usual} records that are usual here",
            held.len()
        ));
    }
    if let Some(note) = sameness(table) {
        notes.push(note);
    }
    // For whoever wants to know what another cut-off would have given.
    // Further down nearly everything hangs together, and nothing of it is a good cut.
    let floor = (found - options.below).max(found.min(LOWEST_EXPLORED));
    if floor < reach {
        joins = steps.cluster(&model, &edges, link_only, floor, usual).joins;
    }
    observe(Phase::Explore);
    TableOutcome {
        clusters,
        cutoff,
        joins: joins
            .into_iter()
            .map(|join| TableJoin { a: table.added(join.a), b: table.added(join.b), ..join })
            .collect(),
        held,
        pairs: edges
            .iter()
            .map(|(a, b, weight)| {
                let (a, b) = (table.added(*a), table.added(*b));
                TablePair { a: a.min(b), b: a.max(b), weight: *weight }
            })
            .collect(),
        report: steps.report,
        notes,
    }
}

/// The clusters that joins from a weight on make.
fn forest(records: usize, joins: &[TableJoin], cutoff: f32) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..records as u32).collect();
    for join in joins.iter().filter(|j| j.weight >= cutoff) {
        let (x, y) = (cluster::root(&mut parent, join.a), cluster::root(&mut parent, join.b));
        cluster::set(&mut parent, x.max(y), x.min(y));
    }
    parent
}

/// How many records each cluster has.
fn sizes(parent: &mut [u32]) -> impl Iterator<Item = u32> + use<> {
    let mut sizes = vec![0; parent.len()];
    for at in 0..parent.len() as u32 {
        if let Some(size) = sizes.get_mut(cluster::root(parent, at) as usize) {
            *size += 1;
        }
    }
    sizes.into_iter().filter(|size| *size > 0)
}

/// Of the joins held back those that still stand open: one for two clusters, the heaviest.
fn open_questions(
    table: &Table,
    mut held: Vec<HeldJoin>,
    cutoff: f32,
    parent: &mut [u32],
) -> Vec<HeldJoin> {
    held.sort_by(|x, y| {
        let (p, q) = (x.join, y.join);
        q.weight.total_cmp(&p.weight).then((p.a, p.b).cmp(&(q.a, q.b)))
    });
    let mut asked = FxHashSet::default();
    held.retain_mut(|question| {
        let join = &mut question.join;
        let (x, y) = (cluster::root(parent, join.a), cluster::root(parent, join.b));
        (join.a, join.b) = (table.added(join.a), table.added(join.b));
        join.weight >= cutoff && x != y && asked.insert((x.min(y), x.max(y)))
    });
    held
}

/// A note on records of which very many say the same: nothing can tell them apart, nor say that they
/// are one.
fn sameness(table: &Table) -> Option<String> {
    let (mut most, mut run) = (0, 0);
    // Those that say the same stand beside each other.
    for at in 0..table.len() as u32 {
        run = if at > 0 && table.say_the_same(at - 1, at) { run + 1 } else { 1 };
        most = most.max(run);
    }
    (most * SAME_SHARE >= table.len() && most >= SAME).then(|| {
        format!(
            "{most} of {} records say the same in everything that is compared: what so many have \
             in common is weak evidence that they are one, and not each was compared with each",
            table.len()
        )
    })
}

/// Equal records from which on a reader is told.
const SAME: usize = 100;
/// One in so many records.
const SAME_SHARE: usize = 10;

/// The cluster of each record, in the order in which they were added: its first record.
fn named(table: &Table, parent: &mut [u32]) -> Vec<u32> {
    let rows = table.len() as u32;
    let mut first: Vec<u32> = vec![u32::MAX; table.len()];
    for at in 0..rows {
        if let Some(slot) = first.get_mut(cluster::root(parent, at) as usize) {
            *slot = (*slot).min(table.added(at));
        }
    }
    let mut clusters: Vec<u32> = (0..rows).collect();
    for at in 0..rows {
        let name = first.get(cluster::root(parent, at) as usize).copied();
        if let (Some(slot), Some(name)) = (clusters.get_mut(table.added(at) as usize), name) {
            *slot = name;
        }
    }
    clusters
}

/// Pairs of records that there are; at least those of a small table's surroundings.
pub(crate) fn all_pairs(records: usize) -> f64 {
    let n = (records as f64).max(200.0);
    n * (n - 1.0) / 2.0
}
