//! `gradebox export` and `gradebox import`: refined rows as training data and for reviewers, and what those decided.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{
    args::{OutputFormatArgs, parse_unit},
    console,
    failure::{CommandResult, Failure, Status},
    graded_rows::GradedRows,
    table::count,
};
use crate::{
    dataset::{ColumnType, Dataset, FormatOptions, ORIGINAL_RESPONSE, Output, Schema},
    export::{
        Decisions, PAIR_COLUMNS, Pairing, REVIEW_COLUMNS, REWARD_COLUMNS, ReviewQueue, SFT_COLUMNS, pairs, rewards,
        schema, sft,
    },
    fields::FieldMap,
    sample::Columns,
};

/// Make training data, or a list for reviewers, of graded or refined rows
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox export runs/first --to sft -o sft.jsonl
  gradebox export refined.jsonl --to dpo --margin 0.2 -o pairs.jsonl
  gradebox export runs/first --to reward -o rewards.jsonl
  gradebox export runs/first --to review --limit 50 -o review.jsonl")]
pub(super) struct ExportArgs {
    /// The directory of a run, or a file of graded or refined rows
    pub(super) run: PathBuf,
    /// What to make: conversations, preference pairs, pointwise rewards, or rows to look at
    #[arg(long, value_enum)]
    pub(super) to: ExportTarget,
    /// Where the rows go, in the format of the ending [default: JSONL on standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output_format: OutputFormatArgs,
    /// At most so many rows
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// sft: rows that do not pass, too
    #[arg(long)]
    pub(super) all: bool,
    /// dpo: the least difference of the two scores (0..1)
    #[arg(long, value_name = "SCORE", default_value_t = 0.0, value_parser = parse_unit)]
    pub(super) margin: f64,
    /// dpo: every pair of attempts, not only the chosen one against the worst
    #[arg(long)]
    pub(super) all_pairs: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportTarget {
    Sft,
    Dpo,
    Reward,
    Review,
}

/// Apply a reviewer's decisions (accept, reject, edit, drop) to the rows of `export --to review`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gradebox import runs/first review.jsonl -o reviewed.jsonl")]
pub(super) struct ImportArgs {
    /// The directory of a run, or a file of graded or refined rows
    pub(super) run: PathBuf,
    /// The rows of `export --to review`, with `decision` filled in
    pub(super) reviewed: PathBuf,
    /// Where the rows go, in the format of the ending [default: JSONL on standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output_format: OutputFormatArgs,
}

pub(super) fn export(args: &ExportArgs) -> CommandResult {
    let source = GradedRows::open(&args.run, input_options(&args.output_format))?;
    let columns = schema(source.dataset.schema(), source.parts.id_column(), columns_to(args.to));
    let mut output = create(&source, args.output.as_deref(), &args.output_format, &columns)?;
    let mut queue = ReviewQueue::new(source.thresholds.clone(), args.limit.unwrap_or(usize::MAX / 2));
    let pairing = Pairing { margin: args.margin, all: args.all_pairs };
    let (mut read, mut written) = (0, 0);
    for row in source.rows()? {
        let row = row?;
        read += 1;
        // A row that cannot be read had no grade either.
        let Ok(sample) = source.parts.sample(&row) else { continue };
        let made = match args.to {
            ExportTarget::Sft => sft(&sample, &row.columns, args.all).into_iter().collect(),
            ExportTarget::Dpo => pairs(&sample, &row.columns, pairing),
            ExportTarget::Reward => rewards(&sample, &row.columns),
            ExportTarget::Review => {
                queue.add(&sample, &row.columns);
                Vec::new()
            }
        };
        for row in made.into_iter().take(args.limit.unwrap_or(usize::MAX) - written) {
            output.write(&columns_of(row))?;
            written += 1;
        }
    }
    for row in queue.into_rows() {
        output.write(&columns_of(row))?;
        written += 1;
    }
    output.finish()?;
    console::say(&format!("{} of {}", count(written as u64, "exported row"), count(read, "row")));
    if written == 0 {
        console::say(&format!("note: {}", nothing(args.to)));
    }
    Ok(Status::Done)
}

fn columns_to(target: ExportTarget) -> &'static [(&'static str, ColumnType)] {
    match target {
        ExportTarget::Sft => SFT_COLUMNS,
        ExportTarget::Dpo => PAIR_COLUMNS,
        ExportTarget::Reward => REWARD_COLUMNS,
        ExportTarget::Review => REVIEW_COLUMNS,
    }
}

fn nothing(target: ExportTarget) -> &'static str {
    match target {
        ExportTarget::Sft => "no row passes; --all takes those that do not, too",
        ExportTarget::Dpo => "no row has two attempts of different scores; pairs are made of what `refine` tried",
        ExportTarget::Reward => "no row has a score",
        ExportTarget::Review => "there is no reason to look at any row",
    }
}

pub(super) fn import(args: &ImportArgs) -> CommandResult {
    let options = input_options(&args.output_format);
    let source = GradedRows::open(&args.run, options)?;
    let reviewed = Dataset::open_mapped(&args.reviewed, &FieldMap::default(), options)?;
    let mut decisions = Decisions::default();
    for row in reviewed.rows()? {
        let row = row?;
        decisions.add(row.number, &row.columns).map_err(|error| {
            Failure::from(error).hint(format!("correct {}; nothing was written", args.reviewed.display()))
        })?;
    }
    let mut schema = source.dataset.schema().clone();
    let response = source.parts.response_column();
    schema.admit_text(response.name());
    if !schema.contains(ORIGINAL_RESPONSE) {
        schema.set_like(ORIGINAL_RESPONSE, response.name());
    }
    for results in ["grades", "assessment", "refinement", "refinement_notes", "review"] {
        if schema.contains(results) || results == "review" {
            schema.set(results, ColumnType::Json);
        }
    }
    let mut output = create(&source, args.output.as_deref(), &args.output_format, &schema)?;
    let mut dropped = 0;
    for row in source.rows()? {
        let row = row?;
        let id = source.parts.id_of(&row);
        match decisions.apply(&id, row.columns, response) {
            Some(columns) => output.write(&columns)?,
            None => dropped += 1,
        }
    }
    output.finish()?;
    let decided = count(decisions.len() as u64, "decision");
    console::say(&format!("{decided} applied to {}; {dropped} dropped", count(source.dataset.len(), "row")));
    if decisions.is_empty() {
        console::say(&format!(
            "no row of {} has a `decision`; fill it in with accept, reject, edit (with `edited_response`) or drop",
            args.reviewed.display()
        ));
    }
    Ok(Status::Done)
}

/// A separator is that of the files that are read, too.
fn input_options(output: &OutputFormatArgs) -> FormatOptions {
    FormatOptions { format: None, separator: output.separator }
}

fn create(
    source: &GradedRows,
    output: Option<&Path>,
    format: &OutputFormatArgs,
    schema: &Schema,
) -> Result<Output, Failure> {
    if let Some(output) = output {
        source.dataset.check_output(output)?;
    }
    Ok(Output::create(output, format.options(), schema)?)
}

fn columns_of(row: Value) -> Columns {
    match row {
        Value::Object(columns) => columns,
        _ => Columns::new(),
    }
}
