//! `c360 identity`: the engine run in memory over a table, and held to what is known to be so.
//!
//! Owns the arguments and the order of the steps. Refuses to store anything: no database is read or
//! written, and the table leaves no trace but the file of clusters that was asked for.

mod evaluate;
mod meter;
mod names;
mod report;

use super::Outcome;
use clap::Subcommand;

/// Measure identity resolution on a table of your own.
#[derive(Debug, Subcommand)]
pub enum IdentityCommand {
    /// Resolve a CSV file in memory and say how good the clusters are.
    #[command(
        after_help = "Examples:\n  c360 identity evaluate people.csv --truth true_id\n  c360 identity evaluate firms.csv.gz --kind company --truth true_id --json\n  c360 identity evaluate both.csv --truth id --link-only src_table\n  c360 identity evaluate people.csv --map given_name=Rufname,trusted_id=AHV --clusters out.csv\n\nColumns are recognised by their names, else by their values; --map puts a mistake right. Records with clearly\ndifferent values of a column that is given as unique_id are never put together. Nothing\nis stored. CPU seconds `total` run from the start of the process to the clusters; `evaluate`,\nwhat the comparison with the truth took, is not in it."
    )]
    Evaluate(evaluate::EvaluateArgs),
    /// Compare pairs of names at a fixed cut and say how often that is right.
    #[command(
        after_help = "Example:\n  c360 identity names pairs.csv\n\nThe file has the columns name1, name2, is_match (true or false) and, if it mixes people and\ncompanies, schema."
    )]
    Names(names::NamesArgs),
}

pub fn run(command: &IdentityCommand) -> Outcome {
    match command {
        IdentityCommand::Evaluate(args) => evaluate::run(args),
        IdentityCommand::Names(args) => names::run(args),
    }
}
