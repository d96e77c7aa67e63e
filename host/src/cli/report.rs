//! `gradebox report`: what came of a run, as text, as a page, or as JSON.

mod text;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    console,
    failure::{CommandResult, Failure, Status},
    graded_rows::GradedRows,
};
use crate::{
    dataset::FormatOptions,
    report::{Report, ReportBuilder},
    run::{self, Times},
};

/// What came of a run: figures with intervals, errors, cost, and rows to look at
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox report runs/first
  gradebox report runs/first --html report.html
  gradebox report graded.jsonl --json > figures.json")]
pub(super) struct ReportArgs {
    /// The directory of a run, or a file of graded or refined rows
    pub(super) run: PathBuf,
    /// Write one self-contained page, with rows to look at
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Print one JSON object with all the figures
    #[arg(long)]
    pub(super) json: bool,
}

/// The page that a run leaves in its directory.
pub(super) const PAGE: &str = "report.html";

pub(super) fn report(args: &ReportArgs) -> CommandResult {
    let report = read(&args.run)?;
    if let Some(path) = &args.html {
        write_page(path, &report).map_err(|error| {
            let context = format!("cannot write {}", path.display());
            Failure::from(anyhow::Error::new(error).context(context))
                .hint("does its folder exist, and may you write there?")
        })?;
    }
    if args.json {
        console::print(&serde_json::to_string_pretty(&report)?)?;
    } else {
        console::print(&console::harmless(&text::render(&report)))?;
    }
    if let Some(path) = &args.html {
        console::say(&format!("the page is {}", path.display()));
    }
    Ok(Status::Done)
}

/// Reads the rows of a run directory or a file, one after the other.
fn read(path: &Path) -> Result<Report, Failure> {
    let rows = GradedRows::open(path, FormatOptions::default())?;
    let is_graded = rows.dataset.columns().any(|column| column == "grades" || column == "refinement");
    if !is_graded {
        let failure = Failure::new(format!("the rows of {} have no grades", path.display()));
        return Err(
            failure.hint("name the output of `gradebox grade` or `gradebox refine`, or the directory of `--run`")
        );
    }
    let times = if path.is_dir() { run::read_times(path)? } else { Times::default() };
    let mut report = ReportBuilder::new(times);
    for row in rows.rows()? {
        let row = row?;
        match rows.parts.sample(&row) {
            Ok(sample) => report.add(row.number, &sample, &row.columns),
            // No grader could be shown it, and it has errors to tell of all the same.
            Err(_) => report.add(row.number, &nameless(&rows, &row), &row.columns),
        }
    }
    Ok(report.finish(path.display().to_string()))
}

/// A row that cannot be read as a sample: its id, and nothing else.
fn nameless(rows: &GradedRows, row: &crate::dataset::Row) -> crate::sample::Sample {
    crate::sample::Sample {
        id: rows.parts.id_of(row),
        messages: Vec::new(),
        response: None,
        responses: Vec::new(),
        reference: None,
        columns: std::sync::Arc::default(),
    }
}

/// Writes the page beside its place and renames it.
fn write_page(path: &Path, report: &Report) -> io::Result<()> {
    let partial = path.with_added_extension("partial");
    fs::write(&partial, report.to_html())?;
    fs::rename(&partial, path)
}

/// Leaves the page in the directory of a run that is done. That it cannot be made is no failure of the run.
pub(super) fn leave_page(directory: &Path) {
    let path = directory.join(PAGE);
    let written = read(directory).and_then(|report| write_page(&path, &report).map_err(Failure::from));
    match written {
        Ok(()) => console::say(&format!("the report is {}", path.display())),
        Err(failure) => console::say(&format!("warning: no report was written: {failure}")),
    }
}
