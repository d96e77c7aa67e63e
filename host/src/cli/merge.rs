//! `gradebox merge`: the rows of shards, in the order of their dataset.

use std::path::PathBuf;

use clap::Args;

use super::{
    args::OutputFormatArgs,
    console,
    failure::{CommandResult, Failure, Status},
    record::COLUMNS,
    table::count,
};
use crate::{
    dataset::{Output, Schema},
    run::{MergeError, Shards},
};

/// Put the rows of shards together, in the order of their dataset
#[derive(Debug, Args)]
#[command(after_help = "\
Example, with a shard on each of four machines that share a folder:
  gradebox grade data.parquet -g math --shard 3/4 --run runs/shard-3
  gradebox merge runs/shard-* -o graded.parquet")]
pub(super) struct MergeArgs {
    /// The directories of the shards' runs, in any order
    #[arg(required = true, value_name = "DIR")]
    pub(super) runs: Vec<PathBuf>,
    /// Where the rows go, in the format of the ending [default: JSONL on standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output_format: OutputFormatArgs,
}

pub(super) fn merge(args: &MergeArgs) -> CommandResult {
    let shards = Shards::open(&args.runs).map_err(explain)?;
    let schema = Schema::read(&shards.first().join(COLUMNS))?;
    let mut output = Output::create(args.output.as_deref(), args.output_format.options(), &schema)?;
    let mut rows = 0;
    for row in shards.rows()? {
        output.write(&row?)?;
        rows += 1;
    }
    output.finish()?;
    console::say(&format!("{} of {}", count(rows, "row"), count(shards.count() as u64, "shard")));
    Ok(Status::Done)
}

fn explain(error: MergeError) -> Failure {
    let hint = match &error {
        MergeError::Directory(_) => "name the directories of `--run`, one for each shard",
        MergeError::Whole { .. } => "its rows are whole already: `gradebox export`, or its output",
        MergeError::Counts { .. } | MergeError::Differs { .. } => "merge the shards of one run",
        MergeError::Twice { .. } => "name each shard once",
        MergeError::Missing { .. } => "name the directories of all shards, such as runs/shard-*",
        MergeError::Unfinished { .. } => "--resume finishes it",
        MergeError::Unreadable { .. } => "is it whole, and may you read it?",
    };
    Failure::from(error).hint(hint)
}
