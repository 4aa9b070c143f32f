//! `c360 schema` and `c360 migrate`: the two schemas.

use super::{Done, Outcome, block_on, output};
use crate::app;
use crate::config::Config;
use anyhow::Context as _;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Exit with 1 when this file is not the schema, naming the first line that differs.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
}

pub fn run(args: &SchemaArgs) -> Outcome {
    let schema = graphql::sdl();
    let Some(file) = &args.check else {
        output::say(&schema)?;
        return Ok(Done::Whole);
    };
    let stored =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    if stored.trim_end() == schema.trim_end() {
        return Ok(Done::Whole);
    }
    let same = stored.lines().zip(schema.lines()).take_while(|(a, b)| a == b).count();
    output::complain(&format!(
        "{} is not the schema: line {} differs; `c360 schema > {}` writes it anew",
        file.display(),
        same + 1,
        file.display()
    ));
    Ok(Done::No)
}

pub fn migrate(config: Config) -> Outcome {
    block_on(async {
        let store = app::open_store(&config).await?;
        let steps = store.migrate().await;
        store.close().await;
        output::say(&match steps? {
            0 => "the database schema is current".to_owned(),
            1 => "applied 1 schema step".to_owned(),
            steps => format!("applied {steps} schema steps"),
        })?;
        Ok(Done::Whole)
    })
}
