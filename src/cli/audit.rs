//! `c360 audit`: what is missing, doubled, linked to nothing, stale or contradicts itself.

use super::{Done, Failure, Json, Outcome, block_on, output};
use crate::app;
use crate::config::Config;
use clap::Args;
use domain::{Clock as _, Scope, SystemClock};
use serde_json::json;
use store::read::{AuditOptions, AuditReport, Severity};

#[derive(Debug, Args)]
pub struct AuditArgs {
    /// A stream without a finished sync for so many days is stale.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=3660))]
    stale_days: u32,
    /// Ids named per finding.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=1000))]
    samples: u32,
    /// Exit with 1 if anything of this severity or worse is found: notice, warning or severe.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    fail_on: Option<Severity>,
    #[command(flatten)]
    json: Json,
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::parse(text).ok_or_else(|| "expected notice, warning or severe".to_owned())
}

pub fn run(args: AuditArgs, config: Config) -> Outcome {
    block_on(async {
        let store = app::open_store(&config).await?;
        store.check_schema().await?;
        let now = SystemClock.now();
        let options = AuditOptions { now, stale_days: args.stale_days, samples: args.samples };
        // Whole tables are read, which may take longer than a request may.
        let found = store.unhurried().data_audit(&Scope::system(), &options).await;
        store.close().await;
        let report = found.map_err(|error| Failure::Failed(error.into()))?;
        if args.json.json {
            output::say_json(&as_json(&report))?;
        } else {
            say(&report)?;
        }
        let worst = report.findings.iter().map(|finding| finding.severity).max();
        let failed = args.fail_on.is_some_and(|least| worst >= Some(least));
        Ok(if failed { Done::No } else { Done::Whole })
    })
}

fn as_json(report: &AuditReport) -> serde_json::Value {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "code": finding.code,
                "severity": finding.severity.as_str(),
                "count": finding.count,
                "samples": finding.samples,
                "message": finding.message,
                "action": finding.action,
            })
        })
        .collect();
    let completeness: Vec<_> = report
        .completeness
        .iter()
        .map(|one| {
            json!({
                "source": one.source,
                "kind": one.kind,
                "field": one.field,
                "filled": one.filled,
                "total": one.total,
            })
        })
        .collect();
    json!({ "findings": findings, "completeness": completeness })
}

fn say(report: &AuditReport) -> std::io::Result<()> {
    if report.findings.is_empty() {
        output::say("nothing found")?;
    }
    for finding in &report.findings {
        let (severity, code) = (finding.severity.as_str(), finding.code);
        output::say(&format!("{severity} {code} {}: {}", finding.count, finding.message))?;
        if !finding.samples.is_empty() {
            output::say(&format!("  such as {}", finding.samples.join(", ")))?;
        }
        output::say(&format!("  {}", finding.action))?;
    }
    for one in &report.completeness {
        let share = if one.total > 0 { 100 * one.filled / one.total } else { 0 };
        let (source, kind, field) = (&one.source, one.kind, one.field);
        output::say(&format!(
            "{share:>3} % {source} {kind}.{field}: {} of {}",
            one.filled, one.total
        ))?;
    }
    Ok(())
}
