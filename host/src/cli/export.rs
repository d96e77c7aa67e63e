//! `gradebox export` and `gradebox import`: refined rows as training data and for reviewers, and what those decided.

use std::path::Path;

use serde_json::Value;

use super::{
    args::{ExportArgs, ExportTarget, ImportArgs},
    console,
    failure::{CommandResult, Failure, Status},
    table::count,
};
use crate::{
    dataset::{Dataset, Output, Parts},
    export::{Decisions, Pairing, ReviewQueue, Thresholds, pairs, rewards, sft},
    fields::FieldMap,
    run,
    sample::Columns,
};

/// Rows to export: those of a run directory, or a file of graded or refined rows.
struct Source {
    dataset: Dataset,
    parts: Parts,
    thresholds: Thresholds,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Failure> {
        let (file, told) = if path.is_dir() {
            let told = run::read_told(path).map_err(|error| {
                Failure::from(error).hint("name the directory of `--run`, or a file of graded or refined rows")
            })?;
            (run::results_of(path), told)
        } else {
            (path.to_owned(), Value::Null)
        };
        let plan = &told["plan"];
        let text = |(field, column): (&String, &Value)| Some((field.clone(), column.as_str()?.to_owned()));
        let map = FieldMap::new(plan["map"].as_object().into_iter().flatten().filter_map(text));
        let dataset = Dataset::open_mapped(&file, &map)?;
        let parts = Parts::choose(&dataset, &map)?;
        let threshold = |(name, grader): (&String, &Value)| Some((name.clone(), grader["threshold"].as_f64()?));
        let thresholds = plan["graders"].as_object().into_iter().flatten().filter_map(threshold).collect();
        Ok(Self { dataset, parts, thresholds })
    }
}

pub(super) fn export(args: &ExportArgs) -> CommandResult {
    let source = Source::open(&args.run)?;
    let mut output = create(&source, args.output.as_deref())?;
    let mut queue = ReviewQueue::new(source.thresholds, args.limit.unwrap_or(usize::MAX / 2));
    let pairing = Pairing { margin: args.margin, all: args.all_pairs };
    let (mut read, mut written) = (0, 0);
    for row in source.dataset.rows()? {
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

fn nothing(target: ExportTarget) -> &'static str {
    match target {
        ExportTarget::Sft => "no row passes; --all takes those that do not, too",
        ExportTarget::Dpo => "no row has two attempts of different scores; pairs are made of what `refine` tried",
        ExportTarget::Reward => "no row has a score",
        ExportTarget::Review => "there is no reason to look at any row",
    }
}

pub(super) fn import(args: &ImportArgs) -> CommandResult {
    let source = Source::open(&args.run)?;
    let reviewed = Dataset::open(&args.reviewed)?;
    let mut decisions = Decisions::default();
    for row in reviewed.rows()? {
        let row = row?;
        decisions.add(row.number, &row.columns).map_err(|error| {
            Failure::from(error).hint(format!("correct {}; nothing was written", args.reviewed.display()))
        })?;
    }
    let mut output = create(&source, args.output.as_deref())?;
    let mut dropped = 0;
    for row in source.dataset.rows()? {
        let row = row?;
        let id = source.parts.id_of(&row);
        match decisions.apply(&id, row.columns, source.parts.response_column()) {
            Some(columns) => output.write(&columns)?,
            None => dropped += 1,
        }
    }
    output.finish()?;
    let decided = count(decisions.len() as u64, "decision");
    console::say(&format!("{decided} applied to {}; {dropped} dropped", count(source.dataset.len(), "row")));
    Ok(Status::Done)
}

fn create(source: &Source, output: Option<&Path>) -> Result<Output, Failure> {
    if let Some(output) = output {
        source.dataset.check_output(output)?;
    }
    Ok(Output::create(output)?)
}

fn columns_of(row: Value) -> Columns {
    match row {
        Value::Object(columns) => columns,
        _ => Columns::new(),
    }
}
