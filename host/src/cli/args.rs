//! What the user said: the command line, as it was written.

use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand};
use serde_json::Value;

use super::{
    build::BuildArgs,
    cache::CacheArgs,
    check::CheckArgs,
    doctor::DoctorArgs,
    dry_run::DryRunArgs,
    exec::ExecArgs,
    export::{ExportArgs, ImportArgs},
    graders::GradersArgs,
    merge::MergeArgs,
    new::NewArgs,
    packages::{LockArgs, PushArgs},
    report::ReportArgs,
    verify::VerifyArgs,
};
use crate::{
    dataset::{Format, FormatOptions},
    run::Shard,
    sample::Columns,
    sandbox::Metering,
};

/// Grades rows of a dataset with sandboxed graders and LLM judges, and refines the poor ones.
#[derive(Debug, Parser)]
#[command(
    name = "gradebox",
    version,
    max_term_width = 110,
    after_help = "\
Examples:
  gradebox graders                                   what there is to grade with
  gradebox grade data.jsonl -g syntax -o graded.jsonl
  gradebox refine data.jsonl -c gradebox.toml -o refined.jsonl
  echo 'print(1 + 1)' | gradebox exec -              run untrusted code safely

Exit status: 0 done; 1 done, but some rows could not be graded or refined; 2 could not run."
)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Show the effective configuration and where each value came from, and do nothing else
    #[arg(long, global = true)]
    pub(super) print_config: bool,
    /// Show what graders log
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Grade(GradeArgs),
    Refine(RefineArgs),
    Regrade(RegradeArgs),
    Exec(ExecArgs),
    Export(ExportArgs),
    Import(ImportArgs),
    Merge(MergeArgs),
    Report(ReportArgs),
    Verify(VerifyArgs),
    New(NewArgs),
    Build(BuildArgs),
    Check(CheckArgs),
    Cache(CacheArgs),
    Lock(LockArgs),
    Push(PushArgs),
    Graders(GradersArgs),
    Doctor(DoctorArgs),
    /// Print the JSON Schema of gradebox.toml, for editors
    #[command(after_help = "Example:\n  gradebox config-schema > gradebox.schema.json")]
    ConfigSchema,
    /// A worker process; started by gradebox itself
    #[command(hide = true)]
    Worker,
}

impl Command {
    /// The directories of a command that has no other configuration.
    pub(super) fn directories(&self) -> Option<&Directories> {
        match self {
            Self::Exec(args) => Some(&args.directories),
            Self::Build(args) => Some(&args.directories),
            Self::Check(args) => Some(&args.directories),
            Self::Graders(args) => Some(&args.directories),
            Self::Verify(args) => Some(&args.directories),
            Self::Doctor(args) => Some(&args.directories),
            Self::Grade(_)
            | Self::Refine(_)
            | Self::Regrade(_)
            | Self::Export(_)
            | Self::Import(_)
            | Self::Merge(_)
            | Self::Report(_)
            | Self::New(_)
            | Self::Cache(_)
            | Self::Lock(_)
            | Self::Push(_)
            | Self::ConfigSchema
            | Self::Worker => None,
        }
    }
}

/// Grade every row of a dataset
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox grade data.jsonl -g syntax -g code-execution:'{\"timeout_ms\": 2000}' -o graded.jsonl
  gradebox grade data.jsonl -g math --map reference=gold --fail-under 0.9 > graded.jsonl
  gradebox grade data.jsonl -g helpfulness --model NAME --base-url http://127.0.0.1:8080/v1 -o graded.jsonl
  gradebox grade data.jsonl -c gradebox.toml -o graded.jsonl
  gradebox grade data.jsonl -c gradebox.toml --dry-run
  gradebox grade data.jsonl --graders . -g too-long -o graded.jsonl --watch")]
pub(super) struct GradeArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Exit with status 1 where the mean score is below this (0..1)
    #[arg(long, value_name = "SCORE", value_parser = parse_unit)]
    pub(super) fail_under: Option<f64>,
    /// Grade again whenever the dataset, a component or the configuration changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["run", "fail_under"])]
    pub(super) watch: bool,
    #[command(flatten)]
    pub(super) rehearsal: DryRunArgs,
}

/// Refine the rows that do not pass: ask a model for better responses, keep the best
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox refine data.jsonl -g code-execution --model NAME --base-url http://127.0.0.1:8080/v1 -o refined.jsonl
  gradebox refine data.jsonl -c gradebox.toml --rounds 5 --candidates 2 -o refined.jsonl
  gradebox refine data.jsonl -c gradebox.toml --dry-run
  gradebox refine data.jsonl -c gradebox.toml --run runs/first -o refined.jsonl
  gradebox refine data.jsonl -c gradebox.toml --run runs/first --resume -o refined.jsonl")]
pub(super) struct RefineArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Ask for a better response at most this often [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) rounds: Option<u32>,
    /// Responses to ask for in each round [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) candidates: Option<u32>,
    #[command(flatten)]
    pub(super) rehearsal: DryRunArgs,
}

/// Grade every attempt of a refinement with other graders, and choose the best of each row again; nothing is written anew
#[derive(Debug, Args)]
#[command(
    mut_arg("dataset", |dataset| dataset.value_name("RUN").num_args(1).action(ArgAction::Set).help("The directory of a refinement, or the file of its rows")),
    after_help = "\
Examples:
  gradebox regrade runs/first -g code-execution -g syntax -o regraded.jsonl
  gradebox regrade refined.jsonl -c gradebox.toml --threshold 0.9 -o regraded.jsonl
  gradebox regrade runs/first -g helpfulness --model NAME --run runs/regraded -o regraded.jsonl
  gradebox regrade runs/first -c gradebox.toml --dry-run"
)]
pub(super) struct RegradeArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    pub(super) rehearsal: DryRunArgs,
}

/// What `grade`, `refine` and `regrade` share: the dataset, the graders, the model.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// The rows: JSONL, JSON, CSV, TSV or Parquet, gzip or zstd around the text ones; `-` is standard input. Of several
    /// files, the rows of one stand behind those of the other
    #[arg(required = true)]
    pub(super) dataset: Vec<PathBuf>,
    /// The rows' format, where the ending does not say it: jsonl, json, csv, tsv, parquet
    #[arg(long, value_name = "FORMAT")]
    pub(super) input_format: Option<Format>,
    #[command(flatten)]
    pub(super) output_format: OutputFormatArgs,
    /// The configuration file [default: gradebox.toml in the current directory, where there is one]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A grader of the configuration, a component, or a judge of the rubric library; may be repeated
    #[arg(short, long = "grader", value_name = "NAME[:PARAMS]", value_parser = parse_grader)]
    pub(super) grader: Vec<GraderArg>,
    #[command(flatten)]
    pub(super) directories: Directories,
    /// Read a field from a column of another name, such as `reference=gold`; may be repeated
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = parse_mapping)]
    pub(super) map: Vec<(String, String)>,
    /// Where the rows go, in the format of the ending, such as .parquet or .csv.gz [default: JSONL on standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Only the first rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) limit: Option<u64>,
    /// Only a part of the rows, such as 3/16: the third of sixteen; `gradebox merge` puts the parts together
    #[arg(long, value_name = "K/N", requires = "run")]
    pub(super) shard: Option<Shard>,
    /// Worker processes [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    #[command(flatten)]
    pub(super) metering: MeteringArgs,
    /// Give each grade of a component a receipt, for `gradebox verify`
    #[arg(long)]
    pub(super) receipts: bool,
    /// The model of judges and of `refine`: a name of the configuration, or the endpoint's own model id
    #[arg(long, value_name = "NAME")]
    pub(super) model: Option<String>,
    /// The OpenAI-compatible endpoint [default: `OPENAI_BASE_URL`]; its key is read from `OPENAI_API_KEY`
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// The score that passes, for every grader without a threshold of its own [default: 1.0, judges 0.7]
    #[arg(long, value_name = "SCORE", value_parser = parse_unit)]
    pub(super) threshold: Option<f64>,
    #[command(flatten)]
    pub(super) record: RecordArgs,
}

impl Selection {
    /// Whether rows are read from standard input.
    pub(super) fn reads_stdin(&self) -> bool {
        self.dataset.iter().any(|path| path == Path::new("-"))
    }

    pub(super) fn input_options(&self) -> FormatOptions {
        FormatOptions { format: self.input_format, separator: self.output_format.separator }
    }
}

/// How rows are written where the name of the output does not say it.
#[derive(Debug, Args)]
pub(super) struct OutputFormatArgs {
    /// The output's format: jsonl, json, csv, tsv, parquet; the text ones also as jsonl.gz, csv.zst
    #[arg(long, value_name = "FORMAT")]
    pub(super) output_format: Option<Format>,
    /// What the cells of CSV are apart by, read and written, such as ';'
    #[arg(long, value_name = "CHARACTER", value_parser = parse_separator)]
    pub(super) separator: Option<u8>,
}

impl OutputFormatArgs {
    pub(super) fn options(&self) -> FormatOptions {
        FormatOptions { format: self.output_format, separator: self.separator }
    }
}

/// What is kept of a run, and what is taken from earlier ones.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// Keep the run in this directory: a journal of the model calls, the rows that are done
    #[arg(long = "run", value_name = "DIR")]
    pub(super) run: Option<PathBuf>,
    /// Continue the run of that directory: rows that are done stay, calls that were answered are not made again
    #[arg(long, requires = "run")]
    pub(super) resume: bool,
    /// Do the rows of that run anew that ended in an error; what was answered well is not asked again
    #[arg(long, requires = "resume")]
    pub(super) retry_errors: bool,
    /// Neither take responses from the cache that runs share nor add to it
    #[arg(long)]
    pub(super) no_cache: bool,
}

#[derive(Debug, Args)]
pub(super) struct MeteringArgs {
    /// Limit instructions instead of processor time: the same verdicts on every machine, at some cost in speed
    #[arg(long)]
    pub(super) deterministic: bool,
}

impl MeteringArgs {
    pub(super) fn of(&self) -> Metering {
        if self.deterministic { Metering::Fuel } else { Metering::Time }
    }
}

#[derive(Debug, Args)]
pub(super) struct Directories {
    /// A directory of components, a component or `oci://HOST/REPOSITORY:TAG`, before the built-in ones; may be repeated
    #[arg(long = "graders", value_name = "PLACE")]
    pub(super) graders: Vec<PathBuf>,
}

/// A grader as `-g` names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GraderArg {
    pub(super) name: String,
    pub(super) params: Columns,
}

fn parse_grader(text: &str) -> Result<GraderArg, String> {
    if text.starts_with("oci://") {
        return Err(format!("a grader is chosen by its name; --graders {text} says where it is, and -g NAME takes it"));
    }
    let (name, params) = text.split_once(':').map_or((text, None), |(name, params)| (name, Some(params)));
    let name = name.trim();
    if name.is_empty() {
        return Err("the grader has no name; write it like -g syntax".to_owned());
    }
    let example = format!("write them like -g {name}:'{{\"key\": 1}}'");
    let params = match params.map(serde_json::from_str) {
        None => Columns::new(),
        Some(Ok(Value::Object(params))) => params,
        Some(Ok(_)) => return Err(format!("the parameters of `{name}` are not a JSON object; {example}")),
        Some(Err(error)) => return Err(format!("the parameters of `{name}` are not JSON: {error}; {example}")),
    };
    Ok(GraderArg { name: name.to_owned(), params })
}

pub(super) fn parse_mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(field, column)| (field.trim(), column.trim())) {
        Some((field, column)) if !field.is_empty() && !column.is_empty() => Ok((field.to_owned(), column.to_owned())),
        _ => Err("write it like --map reference=gold: first the field, then the dataset's column".to_owned()),
    }
}

pub(super) fn parse_unit(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("a score is a number from 0 to 1".to_owned()),
    }
}

fn parse_separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" | b"tab" => Ok(b'\t'),
        [byte @ (b'\t' | b' '..=b'~')] if *byte != b'"' => Ok(*byte),
        _ => Err("a separator is one character, such as ';', '|' or '\\t'".to_owned()),
    }
}

#[cfg(test)]
mod tests;
