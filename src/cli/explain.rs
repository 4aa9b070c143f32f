//! `c360 explain`: why records are one customer, or why two customers are two.
//!
//! Runs with the rights of whoever can read the database file, so it shows records by key and what
//! agreed; values themselves are not shown.

use super::{Done, Failure, Json, Outcome, block_on, output};
use crate::app;
use crate::config::Config;
use clap::Args;
use domain::{IdentifierKind, ProfileId, ProfileKind, RecordId, RecordKey, Scope};
use identity::{IdentityRecord, Obstacle, SharedValues, why_not};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use store::Store;
use store::read::Lookup;

/// Most joins shown.
const JOINS_MAX: u32 = 1000;

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
    records: Vec<IdentityRecord>,
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
    let one = find(store, &args.customer, rules).await?;
    match &args.with {
        None => why(store, &one).await,
        Some(other) => {
            let other = find(store, other, rules).await?;
            if one.id == other.id {
                let (text, value) = why(store, &one).await?;
                return Ok((format!("both are the same customer\n{text}"), value));
            }
            apart(store, &one, &other, rules).await
        }
    }
}

async fn find(store: &Store, text: &str, rules: &identity::Rules) -> Result<Found, Failure> {
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
    let profile = store
        .find_profile(&Scope::system(), &lookup)
        .await
        .map_err(|error| Failure::Failed(error.into()))?;
    let Some(profile) = profile else {
        return Err(Failure::Failed(anyhow::anyhow!("there is no such customer")));
    };
    let Some((id, kind, members)) = store.find_members(profile.id).await? else {
        return Err(Failure::Failed(anyhow::anyhow!("the customer has no records any more")));
    };
    let inputs = store.load_identity_inputs(kind, &members).await?;
    let keys = inputs.iter().map(|input| (input.id, input.key.clone())).collect();
    let records = inputs.iter().map(|input| jobs::identity_record(input, rules)).collect();
    Ok(Found { id, kind, members, records, keys })
}

async fn why(store: &Store, found: &Found) -> Result<(String, Value), Failure> {
    let joins = store
        .joins(&Scope::system(), JOINS_MAX, &[found.id.0])
        .await
        .map_err(|error| Failure::Failed(error.into()))?
        .remove(&found.id.0)
        .unwrap_or_default();
    let mut text = format!(
        "{} is a {} of {} records, held together by {} joins",
        found.id,
        found.kind.as_str(),
        found.members.len(),
        joins.len()
    );
    let mut listed = Vec::new();
    for join in &joins {
        let evidence: Value = serde_json::from_str(&join.evidence).unwrap_or(Value::Null);
        let (left, right) = (found.key(join.left), found.key(join.right));
        // Writing into a `String` cannot fail.
        let _ = write!(
            text,
            "\n  {left} = {right}\n    rule {}, weight {:+.1} ({})",
            join.rule,
            join.weight,
            evidence_words(&evidence)
        );
        listed.push(json!({
            "left": left, "right": right, "rule": join.rule, "weight": join.weight,
            "evidence": without_values(&evidence),
        }));
    }
    if joins.is_empty() {
        let _ = write!(
            text,
            "\n  {}",
            found.members.first().map_or_else(String::new, |id| found.key(*id))
        );
    }
    let records: Vec<String> = found.members.iter().map(|id| found.key(*id)).collect();
    let value = json!({
        "customer": found.id.to_string(), "kind": found.kind.as_str(), "records": records,
        "joins": listed,
    });
    Ok((text, value))
}

/// `email exact +6.1, family_name typo +2.0` out of stored evidence.
fn evidence_words(evidence: &Value) -> String {
    let word =
        |part: &Value, name: &str| part.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    evidence
        .as_array()
        .into_iter()
        .flatten()
        .map(|part| {
            let weight = part.get("weight").and_then(Value::as_f64).unwrap_or(0.0);
            format!("{} {} {weight:+.1}", word(part, "comparison"), word(part, "level"))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// Stored evidence without the shared value, which is personal.
fn without_values(evidence: &Value) -> Value {
    evidence
        .as_array()
        .into_iter()
        .flatten()
        .map(|part| {
            json!({ "comparison": part.get("comparison"), "level": part.get("level"), "weight": part.get("weight") })
        })
        .collect()
}

async fn apart(
    store: &Store,
    one: &Found,
    other: &Found,
    rules: &identity::Rules,
) -> Result<(String, Value), Failure> {
    let all: Vec<RecordId> = one.members.iter().chain(&other.members).copied().collect();
    let decisions = store.load_decisions(one.kind, &all).await?;
    let mut shared = SharedValues::default();
    for count in store.count_shared(one.kind, Some(&all), usize::MAX >> 1).await? {
        if count.demoted {
            shared.insert(count.identifier);
        }
    }
    let obstacles = why_not(&one.records, &other.records, &decisions, rules, &shared);
    let mut text = format!("{} and {} are two customers:", one.id, other.id);
    let mut listed = Vec::new();
    for Obstacle { left, right, apart, weight, evidence } in &obstacles {
        let name =
            |id: RecordId| if one.keys.contains_key(&id) { one.key(id) } else { other.key(id) };
        let words: Vec<String> = evidence
            .iter()
            .map(|e| format!("{} {} {:+.1}", e.comparison, e.level, e.weight))
            .collect();
        let _ = write!(
            text,
            "\n  {} | {}\n    {} Weight {weight:+.1} ({})",
            name(*left),
            name(*right),
            apart.sentence(),
            words.join(", ")
        );
        listed.push(json!({
            "left": name(*left), "right": name(*right), "why": apart.sentence(),
            "weight": weight, "evidence": words,
        }));
    }
    let value = json!({
        "customers": [one.id.to_string(), other.id.to_string()], "obstacles": listed,
    });
    Ok((text, value))
}
