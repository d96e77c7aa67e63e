//! What the user said: the command line, as it was written.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgAction, Args, Parser, Subcommand};
use serde_json::Value;

use super::cache::CacheArgs;
use super::dry_run::DryRunArgs;
use super::packages::{LockArgs, PushArgs};
use super::quantity::{parse_bytes, parse_duration};
use crate::{
    author::SourceLanguage,
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

/// Run one untrusted program in a sandbox: no files, no network, no environment, limits on everything
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo 'print(1 + 1)' | gradebox exec -
  gradebox exec program.py --stdin input.txt --timeout 2s --memory 128MiB
  gradebox exec program.py --call add --args '[1, 2]' --json

Exit status: 0 the program completed, or exited with 0; 1 any other ending; 2 could not run.")]
pub(super) struct ExecArgs {
    /// The program; `-` is standard input
    pub(super) file: PathBuf,
    /// Its language [default: by the file's ending; python for a file without one]
    #[arg(long, value_name = "NAME")]
    pub(super) language: Option<String>,
    /// What the program reads from standard input [default: nothing]; `-` passes on our own
    #[arg(long, value_name = "FILE")]
    pub(super) stdin: Option<PathBuf>,
    /// Call this function of the program, and print its result
    #[arg(long, value_name = "FUNCTION")]
    pub(super) call: Option<String>,
    /// The call's arguments: a JSON list, or an object for arguments by name
    #[arg(long, value_name = "JSON", requires = "call", value_parser = parse_arguments)]
    pub(super) args: Option<CallArguments>,
    /// Processor time, such as 500ms or 5s
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = parse_duration)]
    pub(super) timeout: Duration,
    /// Memory, such as 256MiB; the language runtime's own included
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = parse_bytes)]
    pub(super) memory: usize,
    #[command(flatten)]
    pub(super) metering: MeteringArgs,
    /// Print one JSON object that says what the program did
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) directories: Directories,
}

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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

/// Grade again what has receipts, and report what comes out otherwise than it stands in the rows
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox grade data.jsonl -g math --deterministic --receipts -o graded.jsonl
  gradebox verify graded.jsonl
  gradebox verify runs/first --all
  gradebox verify graded.jsonl --sample 500 --seed 7 --graders own --json

Exit status: 0 what was graded again came out the same; 1 something did not, or could not be graded again; 2 could not run.")]
pub(super) struct VerifyArgs {
    /// The directory of a run, or a file of graded or refined rows
    pub(super) results: PathBuf,
    /// How many rows are graded again
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) sample: u64,
    /// Every row
    #[arg(long, conflicts_with_all = ["sample", "seed"])]
    pub(super) all: bool,
    /// Choose the rows of an earlier time [default: others each time]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// The map of the dataset, as it was graded with, such as `reference=gold`; may be repeated
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = parse_mapping)]
    pub(super) map: Vec<(String, String)>,
    /// Worker processes [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Print one JSON object with everything that was found
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) directories: Directories,
}

/// Begin a grader of your own: a project that builds and passes its own tests
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox new too-long --lang python
  gradebox new cites-sources --lang rust --directory graders/cites-sources")]
pub(super) struct NewArgs {
    /// The grader's name: lower-case words joined by `-`
    pub(super) name: String,
    /// The language to write it in: rust, python, javascript, typescript, c, zig or go
    #[arg(long, value_name = "LANGUAGE", value_parser = parse_language)]
    pub(super) lang: SourceLanguage,
    /// Where the project goes [default: a new folder of the grader's name]
    #[arg(long, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
}

/// Make a component of a grader's project, whatever its language, and check it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox build
  gradebox build too-long -o graders/too-long.wasm")]
pub(super) struct BuildArgs {
    /// The project's folder
    #[arg(default_value = ".")]
    pub(super) project: PathBuf,
    /// Where the component goes [default: NAME.wasm in the project's folder]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) directories: Directories,
}

/// Is a file a grader, or a language runtime, for this host? Runs its own examples
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gradebox check target/graders/math.wasm")]
pub(super) struct CheckArgs {
    /// The component
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) directories: Directories,
}

/// List the graders: components and judges of the rubric library
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gradebox graders
  gradebox graders --graders ./my-graders --json")]
pub(super) struct GradersArgs {
    #[command(flatten)]
    pub(super) directories: Directories,
    /// Print one JSON object, with schemas and what was rejected
    #[arg(long)]
    pub(super) json: bool,
}

/// What works here, what does not, and what to do
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  OPENAI_BASE_URL=http://127.0.0.1:8080/v1 gradebox doctor")]
pub(super) struct DoctorArgs {
    /// The configuration file whose models are tried [default: gradebox.toml in the current directory]
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The endpoint to try [default: `OPENAI_BASE_URL`]
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// The model to ask for one word
    #[arg(long, value_name = "NAME")]
    pub(super) model: Option<String>,
    #[command(flatten)]
    pub(super) directories: Directories,
}

/// A grader as `-g` names it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GraderArg {
    pub(super) name: String,
    pub(super) params: Columns,
}

/// The arguments of `exec --call`, by place and by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CallArguments {
    pub(super) by_place: Vec<Value>,
    pub(super) by_name: Columns,
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

fn parse_language(text: &str) -> Result<SourceLanguage, String> {
    SourceLanguage::from_name(text).ok_or_else(|| {
        let known = SourceLanguage::ALL.map(SourceLanguage::name).join(", ");
        format!("there are {known}; any other that makes a component serves without a template")
    })
}

fn parse_mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(field, column)| (field.trim(), column.trim())) {
        Some((field, column)) if !field.is_empty() && !column.is_empty() => Ok((field.to_owned(), column.to_owned())),
        _ => Err("write it like --map reference=gold: first the field, then the dataset's column".to_owned()),
    }
}

fn parse_unit(text: &str) -> Result<f64, String> {
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

fn parse_arguments(text: &str) -> Result<CallArguments, String> {
    match serde_json::from_str(text) {
        Ok(Value::Array(by_place)) => Ok(CallArguments { by_place, ..CallArguments::default() }),
        Ok(Value::Object(by_name)) => Ok(CallArguments { by_name, ..CallArguments::default() }),
        Ok(_) => Err("one argument is a list of one: write it like --args '[1]'".to_owned()),
        Err(error) => Err(format!("not JSON: {error}; write it like --args '[1, \"two\"]'")),
    }
}

#[cfg(test)]
mod tests;
