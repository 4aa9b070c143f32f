//! `c360 explain`: why records are one customer, or why two customers are two.
//!
//! Runs with the rights of whoever can read the database file, so it shows records by key and what
//! agreed; values themselves are not shown. The words are `explain/text.rs`'s.

mod text;

use super::{Done, Failure, Json, Outcome, block_on, output};
use crate::app;
use crate::config::Config;
use clap::Args;
use domain::{IdentifierKind, ProfileId, ProfileKind, RecordId, RecordKey, Scope};
use identity::{Obstacle, join_tree, weights};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::Store;
use store::read::{DecisionRow, EvidenceBar, JoinRow, Lookup, ReadError};
use text::{Bar, Join};

/// Most joins and decisions shown.
const LISTED_MAX: u32 = 1000;

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A customer's id (c_...) or an e-mail address of it.
    customer: String,
    /// Another one: tell why the two are not the same.
    #[arg(long, value_name = "CUSTOMER")]
    with: Option<String>,
    #[command(flatten)]
    json: Json,
}

pub fn run(args: ExplainArgs, config: Config) -> Outcome {
    block_on(async {
        let store = app::open_store(&config).await?;
        store.check_schema().await?;
        let explained = explain(&store, &args, &config.identity).await;
        store.close().await;
        let (text, value) = explained?;
        if args.json.json {
            output::say_json(&value)?;
        } else {
            output::say(&text)?;
        }
        Ok(Done::Whole)
    })
}

struct Found {
    id: ProfileId,
    kind: ProfileKind,
    members: Vec<RecordId>,
    keys: BTreeMap<RecordId, RecordKey>,
}

impl Found {
    fn key(&self, id: RecordId) -> String {
        self.keys.get(&id).map_or_else(|| id.to_string(), ToString::to_string)
    }
}

async fn explain(
    store: &Store,
    args: &ExplainArgs,
    rules: &identity::Rules,
) -> Result<(String, Value), Failure> {
    let one = find(store, &args.customer).await?;
    match &args.with {
        None => why(store, &one).await,
        Some(other) => {
            let other = find(store, other).await?;
            if one.id == other.id {
                let (text, value) = why(store, &one).await?;
                return Ok((format!("both are the same customer\n{text}"), value));
            }
            apart(store, &one, &other, rules).await
        }
    }
}

fn failed(error: ReadError) -> Failure {
    Failure::Failed(error.into())
}

async fn find(store: &Store, text: &str) -> Result<Found, Failure> {
    let lookup = match text.parse::<ProfileId>() {
        Ok(id) => Lookup::Id(id),
        Err(_) => match identity::normal::email::normalize(text) {
            Some(mailbox) => Lookup::Identifier(IdentifierKind::Email, mailbox.address),
            None => {
                return Err(Failure::Usage(
                    "expected a customer's id (c_ and 13 characters) or an e-mail address that can \
                     identify somebody (placeholders such as nobody@example.com cannot)"
                        .to_owned(),
                ));
            }
        },
    };
    let profile = store.find_profile(&Scope::system(), &lookup).await.map_err(failed)?;
    let Some(profile) = profile else {
        return Err(Failure::Failed(anyhow::anyhow!("there is no such customer")));
    };
    let Some((id, kind, members)) = store.find_members(profile.id).await? else {
        return Err(Failure::Failed(anyhow::anyhow!("the customer has no records any more")));
    };
    let ids: Vec<i64> = members.iter().map(|record| record.0).collect();
    let records = store.records(&Scope::system(), &ids).await.map_err(failed)?;
    let keys = records.into_values().flatten().map(|row| (row.record.id, row.record.key)).collect();
    Ok(Found { id, kind, members, keys })
}

async fn decisions(store: &Store, of: &Found) -> Result<Vec<DecisionRow>, Failure> {
    let mut found =
        store.decisions(&Scope::system(), LISTED_MAX, &[of.id.0]).await.map_err(failed)?;
    Ok(found.remove(&of.id.0).unwrap_or_default())
}

async fn why(store: &Store, found: &Found) -> Result<(String, Value), Failure> {
    let rows: Vec<JoinRow> = store
        .joins(&Scope::system(), LISTED_MAX, &[found.id.0])
        .await
        .map_err(failed)?
        .remove(&found.id.0)
        .unwrap_or_default();
    let sides = join_tree(rows.iter().map(|row| (row.left, row.right)));
    let joins: Vec<Join> = rows
        .iter()
        .zip(sides)
        .map(|(row, sides)| Join {
            left: found.key(row.left),
            right: found.key(row.right),
            rule: row.rule.clone(),
            weight: row.weight,
            sides,
            bars: stored_bars(&row.waterfall),
        })
        .collect();
    let decisions = decisions(store, found).await?;
    let decided: Vec<String> = decisions.iter().map(|row| decided(row, &[found])).collect();
    let records: Vec<String> = found.members.iter().map(|id| found.key(*id)).collect();
    let title = format!(
        "{} is a {} of {} records, held together by {} joins",
        found.id,
        found.kind.as_str(),
        found.members.len(),
        joins.len()
    );
    let value = json!({
        "customer": found.id.to_string(), "kind": found.kind.as_str(), "records": records,
        "joins": joins.iter().enumerate().map(|(at, join)| json!({
            "step": at + 1, "left": join.left, "right": join.right,
            "left_step": join.sides[0].step, "right_step": join.sides[1].step,
            "left_count": join.sides[0].count, "right_count": join.sides[1].count,
            "rule": join.rule, "weight": join.weight,
            "probability": weights::probability(join.weight), "evidence": join.bars,
        })).collect::<Vec<_>>(),
        "decisions": decisions.iter().map(|row| decision_json(row, &[found])).collect::<Vec<_>>(),
    });
    Ok((text::joined(&title, &joins, &records, &decided), value))
}

async fn apart(
    store: &Store,
    one: &Found,
    other: &Found,
    rules: &identity::Rules,
) -> Result<(String, Value), Failure> {
    let answer = jobs::why_not(store, rules, one.id, other.id)
        .await
        .map_err(|error| Failure::Failed(error.into()))?;
    let mut title = format!("{} and {} are two customers", one.id, other.id);
    if answer.kinds_differ {
        title.push_str(": one is a person, the other a company");
    }
    let both = [one, other];
    let name = |id: RecordId| name_of(id, &both);
    let pairs: Vec<(Join, &'static str)> = answer
        .obstacles
        .iter()
        .map(|Obstacle { left, right, apart, weight, evidence }| {
            let join = Join {
                left: name(*left),
                right: name(*right),
                rule: String::new(),
                weight: *weight,
                sides: [identity::JoinSide { step: None, count: 1 }; 2],
                bars: text::bars(
                    evidence.iter().map(|e| (e.comparison, e.level, e.weight, e.term_frequency)),
                ),
            };
            (join, apart.sentence())
        })
        .collect();
    let mine: Vec<DecisionRow> = decisions(store, one)
        .await?
        .into_iter()
        .filter(|row| [row.left_profile, row.right_profile].contains(&Some(other.id)))
        .collect();
    let decided: Vec<String> = mine.iter().map(|row| decided(row, &both)).collect();
    let value = json!({
        "customers": [one.id.to_string(), other.id.to_string()],
        "kinds_differ": answer.kinds_differ,
        "cutoff": answer.cutoff,
        "obstacles": pairs.iter().map(|(pair, why)| json!({
            "left": pair.left, "right": pair.right, "why": why, "weight": pair.weight,
            "probability": weights::probability(pair.weight), "evidence": pair.bars,
        })).collect::<Vec<_>>(),
        "decisions": mine.iter().map(|row| decision_json(row, &both)).collect::<Vec<_>>(),
    });
    Ok((text::apart(&title, &pairs, answer.cutoff, &decided), value))
}

fn name_of(id: RecordId, among: &[&Found]) -> String {
    let holder = among.iter().find(|found| found.keys.contains_key(&id));
    holder.map_or_else(|| id.to_string(), |found| found.key(id))
}

fn stored_bars(waterfall: &[EvidenceBar]) -> Vec<Bar> {
    text::bars(
        waterfall.iter().map(|bar| {
            (bar.comparison.as_str(), bar.level.as_str(), bar.weight, bar.term_frequency)
        }),
    )
}

fn decided(row: &DecisionRow, among: &[&Found]) -> String {
    format!(
        "{} decided at {}: {} and {} are {}",
        row.by,
        row.at,
        name_of(row.left, among),
        name_of(row.right, among),
        match row.verdict {
            domain::Verdict::Same => "the same",
            domain::Verdict::Different => "different",
            domain::Verdict::Unsure => "left open",
        }
    )
}

fn decision_json(row: &DecisionRow, among: &[&Found]) -> Value {
    json!({
        "left": name_of(row.left, among), "right": name_of(row.right, among),
        "verdict": row.verdict.as_str(), "by": row.by, "at": row.at.to_string(),
    })
}
