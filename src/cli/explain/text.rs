//! An explanation in words: waterfalls line by line, joins as a tree.
//!
//! Owns how it looks on a terminal. Refuses values of records: it is given keys and weights only.

use identity::{JoinSide, weights};
use serde::Serialize;
use std::fmt::Write as _;

/// Most joins drawn as a tree; every join of a long chain takes a step to the right.
const DRAWN_MAX: usize = 60;
/// Most decisions listed.
const DECISIONS_MAX: usize = 20;

/// What one comparison adds to the weight of a pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// What was compared.
    pub comparison: String,
    /// How well it agreed.
    pub level: String,
    /// Log2 odds.
    pub weight: f64,
    /// The sum so far.
    pub total: f64,
    /// Share of the records that carry the value agreed on.
    pub term_frequency: Option<f64>,
}

/// Two records that were put together, or were not.
#[derive(Clone, Debug)]
pub struct Join {
    /// The key of one record.
    pub left: String,
    /// The key of the other.
    pub right: String,
    /// The rule that joined them.
    pub rule: String,
    /// Log2 odds.
    pub weight: f64,
    /// Which groups it put together.
    pub sides: [JoinSide; 2],
    /// The waterfall.
    pub bars: Vec<Bar>,
}

/// Bars with their running total.
pub fn bars<'a>(parts: impl Iterator<Item = (&'a str, &'a str, f64, Option<f64>)>) -> Vec<Bar> {
    let mut total = 0.0;
    parts
        .map(|(comparison, level, weight, term_frequency)| {
            total += weight;
            let (comparison, level) = (comparison.to_owned(), level.to_owned());
            Bar { comparison, level, weight, total, term_frequency }
        })
        .collect()
}

/// `0.93`, with as many digits as it takes to tell it from nothing and from certainty.
fn probability(weight: f64) -> String {
    let p = weights::probability(weight);
    if p > 0.999_999_5 {
        "over 0.999999".to_owned()
    } else if p < 0.000_000_5 {
        "under 0.000001".to_owned()
    } else if (0.01..=0.99).contains(&p) {
        format!("{p:.2}")
    } else {
        format!("{p:.6}")
    }
}

/// `1 in 1200`.
fn frequency(share: Option<f64>) -> String {
    match share {
        Some(share) if share > 0.0 => format!("1 in {:.0}", 1.0 / share),
        _ => String::new(),
    }
}

// Writing into a `String` cannot fail, so results are dropped below.

fn waterfall(text: &mut String, join: &Join) {
    let wide = |part: fn(&Bar) -> &str| {
        join.bars.iter().map(|bar| part(bar).chars().count()).max().unwrap_or(0).min(40)
    };
    let (first, second) = (wide(|bar| &bar.comparison).max(10), wide(|bar| &bar.level).max(5));
    let _ = write!(
        text,
        "\n     {:first$}  {:second$}  {:>12}  {:>7}  {:>7}",
        "comparison", "level", "carried by", "weight", "sum"
    );
    for bar in &join.bars {
        let _ = write!(
            text,
            "\n     {:first$}  {:second$}  {:>12}  {:>+7.1}  {:>+7.1}",
            bar.comparison,
            bar.level,
            frequency(bar.term_frequency),
            bar.weight,
            bar.total
        );
    }
    let _ = write!(
        text,
        "\n     total weight {:+.1}, probability {}",
        join.weight,
        probability(join.weight)
    );
}

fn group(side: JoinSide) -> String {
    match side.step {
        Some(step) => format!("the {} records of join {step}", side.count),
        None => "a single record".to_owned(),
    }
}

fn decisions(text: &mut String, decided: &[String]) {
    if decided.is_empty() {
        return;
    }
    text.push_str("\n\ndecisions of people");
    for line in decided.iter().take(DECISIONS_MAX) {
        let _ = write!(text, "\n  {line}");
    }
    if decided.len() > DECISIONS_MAX {
        let _ = write!(text, "\n  and {} more: see --json", decided.len() - DECISIONS_MAX);
    }
}

/// Why records are one customer.
pub fn joined(title: &str, joins: &[Join], records: &[String], decided: &[String]) -> String {
    let mut text = title.to_owned();
    if joins.is_empty() {
        for record in records {
            let _ = write!(text, "\n  {record}");
        }
    }
    for (at, join) in joins.iter().enumerate() {
        let _ = write!(text, "\n\n{:>3}. {} = {}", at + 1, join.left, join.right);
        let _ = write!(text, "\n     rule {}", join.rule);
        if join.sides.iter().any(|side| side.step.is_some()) {
            let [left, right] = join.sides.map(group);
            let _ = write!(text, "; puts {left} and {right} together");
        }
        waterfall(&mut text, join);
    }
    if joins.len() > 1 && joins.len() <= DRAWN_MAX {
        text.push_str("\n\ntree of joins, the first one innermost");
        // A join that no later one takes up is a root; a whole customer has one.
        let taken: Vec<usize> =
            joins.iter().flat_map(|join| join.sides).filter_map(|side| side.step).collect();
        for step in (1..=joins.len()).filter(|step| !taken.contains(step)) {
            draw(&mut text, joins, step, "  ", "  ");
        }
    }
    decisions(&mut text, decided);
    text
}

/// A join and below it what it put together.
fn draw(text: &mut String, joins: &[Join], step: usize, lead: &str, below: &str) {
    let Some(join) = step.checked_sub(1).and_then(|at| joins.get(at)) else { return };
    let _ = write!(text, "\n{lead}join {step}: {} {:+.1}", join.rule, join.weight);
    let sides =
        [(join.sides[0], &join.left, "├─ ", "│  "), (join.sides[1], &join.right, "└─ ", "   ")];
    for (side, record, branch, stem) in sides {
        let lead = format!("{below}{branch}");
        match side.step {
            Some(earlier) if earlier < step => {
                draw(text, joins, earlier, &lead, &format!("{below}{stem}"));
            }
            _ => {
                let _ = write!(text, "\n{lead}{record}");
            }
        }
    }
}

/// Why two customers are two.
pub fn apart(
    title: &str,
    pairs: &[(Join, &'static str)],
    cutoff: f64,
    decided: &[String],
) -> String {
    let mut text = title.to_owned();
    if !pairs.is_empty() {
        let _ = write!(text, "\ngroups of records join from weight {cutoff:+.1}");
    }
    for (pair, why) in pairs {
        let _ = write!(text, "\n\n     {} | {}\n     {why}", pair.left, pair.right);
        waterfall(&mut text, pair);
    }
    decisions(&mut text, decided);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::RecordId;

    fn customer(pairs: &[(i64, i64)]) -> Vec<Join> {
        let sides = identity::join_tree(pairs.iter().map(|(a, b)| (RecordId(*a), RecordId(*b))));
        let join = |((a, b), sides): (&(i64, i64), [JoinSide; 2])| Join {
            left: format!("crm/people/{a}"),
            right: format!("crm/people/{b}"),
            rule: "match_weight".to_owned(),
            weight: 7.5,
            sides,
            bars: bars(
                [
                    ("prior", "two random records", -12.25, None),
                    ("email", "exact", 19.75, Some(0.000_5)),
                ]
                .into_iter(),
            ),
        };
        pairs.iter().zip(sides).map(join).collect()
    }

    #[test]
    fn a_waterfall_is_a_line_a_bar_and_adds_up() {
        let text = joined("c_1 is a person", &customer(&[(1, 2)]), &[], &[]);
        let expected = "c_1 is a person

  1. crm/people/1 = crm/people/2
     rule match_weight
     comparison  level                 carried by   weight      sum
     prior       two random records                  -12.2    -12.2
     email       exact                  1 in 2000    +19.8     +7.5
     total weight +7.5, probability 0.994506";
        assert_eq!(text, expected);
    }

    #[test]
    fn joins_are_drawn_as_the_tree_that_they_are() {
        let text = joined("t", &customer(&[(1, 2), (3, 4), (2, 3)]), &[], &["sam decided".into()]);
        let tree = "tree of joins, the first one innermost
  join 3: match_weight +7.5
  ├─ join 1: match_weight +7.5
  │  ├─ crm/people/1
  │  └─ crm/people/2
  └─ join 2: match_weight +7.5
     ├─ crm/people/3
     └─ crm/people/4

decisions of people
  sam decided";
        assert!(text.ends_with(tree), "{text}");
        let third = "rule match_weight; puts the 2 records of join 1 and the 2 records of join 2 \
                     together";
        assert!(text.contains(third), "{text}");
    }

    #[test]
    fn probabilities_are_told_from_certainty() {
        let told: Vec<String> = [0.0, 5.0, 12.0, 100.0, -100.0].map(probability).into();
        assert_eq!(told, ["0.50", "0.97", "0.999756", "over 0.999999", "under 0.000001"]);
    }
}
