//! Expense: what was spent, as it stands after restatements.
//!
//! Owns which kinds of expense count and the rule that a source's later report replaces its earlier ones in the
//! window it covers, lines that it no longer lists included. Refuses to add two reports of one
//! window, and to count a line outside the window that its report claims to cover.

use domain::{Date, Money, SpendKind, Timestamp};
use serde::{Deserialize, Serialize};

/// The channel of referral credits.
pub const REFERRAL_CHANNEL: &str = "referral";

/// Which expense counts in a cost of acquisition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loading {
    /// What is paid per campaign or per customer: media and referral credits.
    Paid,
    /// All of marketing and sales.
    FullyLoaded,
}

impl Loading {
    /// Whether an expense of this kind counts.
    #[must_use]
    pub const fn counts(self, kind: SpendKind) -> bool {
        match self {
            Self::FullyLoaded => true,
            Self::Paid => matches!(kind, SpendKind::PaidMedia | SpendKind::ReferralCredit),
        }
    }
}

/// One line of expense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expense {
    /// The day.
    pub day: Date,
    /// Channel; `None` is unattributed.
    pub channel: Option<String>,
    /// Campaign, verbatim.
    pub campaign: Option<String>,
    /// What for.
    pub kind: SpendKind,
    /// How much; negative for a credit note.
    pub amount: Money,
}

/// What a source reported for a window of days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendReport {
    /// Names the report; of two observed at one moment the greater one is the later.
    pub id: String,
    /// The source; reports of one source replace each other.
    pub source: String,
    /// First day covered.
    pub from: Date,
    /// First day no longer covered.
    pub until: Date,
    /// When we came to know it.
    pub observed_at: Timestamp,
    /// Lines; a day without one is a day without expense.
    pub lines: Vec<Expense>,
}

/// A line that cannot be counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpendFinding {
    /// The report.
    pub report: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The day that lies outside the report's window.
    pub day: Date,
}

impl SpendReport {
    fn covers(&self, day: Date) -> bool {
        self.from <= day && day < self.until
    }

    fn later_than(&self, other: &Self) -> bool {
        (self.observed_at, &self.id) > (other.observed_at, &other.id)
    }
}

/// The expense as known at `known_at`, by day, and the lines that could not be counted. Reports
/// observed later do not exist yet; an earlier answer can so be asked for again.
#[must_use]
pub fn spend_as_known(
    reports: &[SpendReport],
    known_at: Timestamp,
) -> (Vec<Expense>, Vec<SpendFinding>) {
    let known: Vec<&SpendReport> =
        reports.iter().filter(|report| report.observed_at <= known_at).collect();
    let (mut lines, mut findings) = (Vec::new(), Vec::new());
    for report in &known {
        let rivals: Vec<&&SpendReport> = known
            .iter()
            .filter(|other| other.source == report.source && other.later_than(report))
            .collect();
        for (at, line) in report.lines.iter().enumerate() {
            if !report.covers(line.day) {
                let report = report.id.clone();
                findings.push(SpendFinding { report, line: at + 1, day: line.day });
            } else if !rivals.iter().any(|rival| rival.covers(line.day)) {
                lines.push(line.clone());
            }
        }
    }
    lines.sort_by(|a, b| {
        let key =
            |line: &Expense| (line.day, line.kind, line.amount.currency, line.amount.amount_minor);
        (key(a), &a.channel, &a.campaign).cmp(&(key(b), &b.channel, &b.campaign))
    });
    findings.sort();
    (lines, findings)
}

/// A reward for a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferralCredit {
    /// The day on which what the reward depends on happened (the referred customer's onboarding was
    /// complete); `None` while it has not.
    pub qualified_on: Option<Date>,
    /// The reward.
    pub amount: Money,
}

/// Rewards as expense of the referral channel on the day they qualified; before, they cost nothing.
#[must_use]
pub fn referral_credits(credits: &[ReferralCredit]) -> Vec<Expense> {
    let line = |credit: &ReferralCredit| {
        Some(Expense {
            day: credit.qualified_on?,
            channel: Some(REFERRAL_CHANNEL.to_owned()),
            campaign: None,
            kind: SpendKind::ReferralCredit,
            amount: credit.amount,
        })
    };
    credits.iter().filter_map(line).collect()
}
