//! `schema.graphql` is the contract: it is the code's, and it explains itself.

use crate::support::root;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn the_stored_schema_is_that_of_the_code() {
    let stored = std::fs::read_to_string(root().join("schema.graphql")).unwrap();
    let current = graphql::sdl();
    let first = stored.lines().zip(current.lines()).position(|(a, b)| a != b);
    assert!(
        stored.trim_end() == current.trim_end(),
        "schema.graphql differs from line {:?}: `cargo run -q -- schema > schema.graphql`",
        first.map(|at| at + 1)
    );
}

/// Where the catalogue calls a number otherwise than its field.
const NAMES: [(&str, &str, &str); 27] = [
    ("Acquisition", "ltv", "clv_margin"),
    ("CohortCell", "customers", "retained_customers"),
    ("CohortCell", "retention", "retention_rate"),
    ("CohortCell", "nrr", "cohort_nrr"),
    ("CohortCell", "grr", "cohort_grr"),
    ("CustomerLifetimeValue", "historicRevenue", "revenue_clv"),
    ("CustomerLifetimeValue", "historicMargin", "margin_clv"),
    ("FunnelStep", "conversion", "conversion_rate"),
    ("FunnelStep", "overall", "overall_conversion"),
    ("HealthDimension", "value", "health_score"),
    ("HealthDimension", "points", "health_score"),
    ("PaybackPoint", "recovered", "payback_recovered"),
    ("PredictedLifetimeValue", "historicRevenue", "revenue_clv"),
    ("PredictedLifetimeValue", "historicMargin", "margin_clv"),
    ("PredictedLifetimeValue", "total", "predicted_clv"),
    ("PredictedLifetimeValue", "totalMargin", "predicted_clv_margin"),
    ("RevenueMovement", "start", "mrr_start"),
    ("RevenueMovement", "new", "mrr_new"),
    ("RevenueMovement", "reactivation", "mrr_reactivation"),
    ("RevenueMovement", "expansion", "mrr_expansion"),
    ("RevenueMovement", "contraction", "mrr_contraction"),
    ("RevenueMovement", "churn", "mrr_churn"),
    ("RevenueMovement", "churnVoluntary", "mrr_churn_voluntary"),
    ("RevenueMovement", "churnInvoluntary", "mrr_churn_involuntary"),
    ("RevenueMovement", "churnUnknown", "mrr_churn_unknown"),
    ("RevenueMovement", "fx", "mrr_fx"),
    ("RevenueMovement", "end", "mrr_end"),
];

#[test]
fn every_number_of_the_schema_is_in_the_catalogue() {
    let defined: BTreeSet<&str> = metrics::catalog().iter().map(|one| one.name).collect();
    let (mut seen, mut renamed, mut missing) = (0, BTreeSet::new(), Vec::new());
    let (mut of, mut prose) = (String::new(), false);
    for line in graphql::sdl().lines() {
        // Descriptions stand between lines of three quotes.
        if line.trim() == "\"\"\"" {
            prose = !prose;
            continue;
        }
        if let Some(name) = line.strip_prefix("type ").filter(|_| !prose) {
            of = name.split_whitespace().next().unwrap().to_owned();
        }
        let Some((field, kind)) = line.trim().rsplit_once(": ").filter(|_| !prose) else {
            continue;
        };
        let kind = kind.trim_end_matches('!');
        let measured = ["Measure", "Estimate", "RollupCount"];
        if !measured.iter().any(|end| kind.ends_with(end)) {
            continue;
        }
        seen += 1;
        let field = field.split('(').next().unwrap();
        let own = NAMES.iter().find(|(kind, name, _)| (*kind, *name) == (of.as_str(), field));
        let name = match own {
            Some((_, _, name)) => (*name).to_owned(),
            None => field.chars().fold(String::new(), |mut text, letter| {
                if letter.is_uppercase() {
                    text.push('_');
                }
                text.extend(letter.to_lowercase());
                text
            }),
        };
        if let Some(own) = own {
            renamed.insert(own);
        }
        if !defined.contains(name.as_str()) {
            missing.push(format!("{of}.{field} ({name})"));
        }
    }
    assert!(seen > 60, "the schema has more numbers than {seen}");
    assert!(missing.is_empty(), "not in the catalogue: {}", missing.join(", "));
    assert_eq!(renamed.len(), NAMES.len(), "a name here that no field has");
}

const INTROSPECTION: &str = "{ __schema { types { name kind description \
    fields(includeDeprecated: true) { name description args { name description } } \
    inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_the_schema_is_described() {
    let gateway = crate::served::Served::start(crate::database::TestDb::sqlite().await).await;
    let data = gateway.all(INTROSPECTION, Value::Null).await;
    gateway.stop().await;
    let (mut bare, mut seen) = (Vec::new(), 0);
    let mut check = |path: String, item: &Value| {
        seen += 1;
        if item["description"].as_str().is_none_or(|text| text.trim().len() < 3) {
            bare.push(path);
        }
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for kind in list(&data["__schema"]["types"]) {
        let name = kind["name"].as_str().unwrap();
        // GraphQL's own.
        if name.starts_with("__") || ["ID", "Int", "Float", "String", "Boolean"].contains(&name) {
            continue;
        }
        check(name.to_owned(), &kind);
        for part in ["fields", "inputFields", "enumValues"] {
            for member in list(&kind[part]) {
                let path = format!("{name}.{}", member["name"].as_str().unwrap());
                for argument in list(&member["args"]) {
                    check(format!("{path}({})", argument["name"].as_str().unwrap()), &argument);
                }
                check(path, &member);
            }
        }
    }
    assert!(seen > 500, "the introspection reaches everything: {seen}");
    assert!(bare.is_empty(), "without a description: {}", bare.join(", "));
}
