//! What `grade`, `refine` and `regrade` do before the first row: configuration, dataset, graders, models, output.

use std::{
    path::{Path, PathBuf},
    slice,
};

use super::{
    args::Selection,
    assemble::{Assembly, Wiring},
    components::{Components, cache_directory, component_directories},
    config::Config,
    config_file::ConfigFile,
    console,
    dry_run::Rehearsal,
    environment::Environment,
    failure::{CommandResult, Failure, Status},
    forewarn,
    interrupt::{self, Kept},
    judges,
    plan::{self, GraderPlan, Known, Places, Plan, Work},
    progress::{Display, Shown},
    record::{self, Record},
    report, table,
};
use crate::{
    budget::Charge,
    dataset::{Dataset, DatasetError, FormatOptions, Output, Parts, Row, Schema, nearest_names},
    model::{ChatModel, ModelError},
    run::{self, Destination, Run, RunError, Shard, Summary},
    traffic::Traffic,
};

/// A run that is ready to begin.
pub(super) struct Job {
    pub(super) plan: Plan,
    pub(super) assembly: Assembly,
    dataset: Dataset,
    pub(super) parts: Parts,
    components: Components,
    display: Display,
    output: Option<PathBuf>,
    output_format: FormatOptions,
    rows: u64,
    shard: Shard,
    record: Record,
    kept: Kept,
}

impl Job {
    /// Makes a run ready, or what is to be looked at of one where there is a `rehearsal`; `None` where only the effective
    /// configuration was asked for, which is then printed.
    pub(super) async fn prepare(
        selection: &Selection,
        work: Work,
        rehearsal: Option<&Rehearsal>,
        print_config: bool,
        environment: &Environment,
    ) -> Result<Option<Self>, Failure> {
        let file = ConfigFile::load(selection.config.as_deref())?;
        if let (Some(path), None) = (&file.path, &selection.config) {
            console::say(&format!("using {}", path.display()));
        }
        let config = &file.config;
        let directories = component_directories(&selection.directories.graders, config, environment)?;
        let dataset = if print_config { None } else { Some(open_dataset(selection, &file, &work)?) };

        let jobs = plan::jobs(selection, config).value;
        let ahead = match &dataset {
            Some(dataset) if rehearsal.is_none() => workers_ahead(selection, config, jobs, dataset.len()),
            _ => 0,
        };
        let mut components = Components::list(jobs, ahead, selection.metering.of(), &directories, environment).await?;
        let names: Vec<&str> = components.catalog.graders().iter().map(|entry| entry.name.as_str()).collect();
        let rubrics = judges::rubric_names();
        let known = Known { components: &names, rubrics: &rubrics };
        let plan = Plan::resolve(selection, &work, config, environment, known)?;
        let Some(dataset) = dataset else {
            let places = Places { directories, cache: cache_directory(environment) };
            console::print(plan.render(file.path.as_deref(), &places).trim_end())?;
            return Ok(None);
        };
        components.confirm(&plan, &directories).await?;

        let parts = Parts::choose(&dataset, &plan.map())?;
        console::say(&parts.describe());
        for grader in plan.graders_and_opinions() {
            dataset.check_map(&grader.map)?;
            check_condition(grader, &dataset)?;
        }
        let told = record::told(&plan, &components, &dataset, selection)?;
        let record = match rehearsal {
            Some(_) => Record::look(&selection.record, &plan, &told, environment)?,
            None => Record::open(&selection.record, &plan, &told, environment)?,
        };
        let traffic = Traffic::default();
        let wiring = Wiring { receipts: selection.receipts, traffic: traffic.clone(), rehearsal: rehearsal.cloned() };
        let assembly = Assembly::new(&plan, &components, &record, &wiring, environment)?;
        forewarn::of_dataset(&plan, &assembly, &dataset, &parts)?;
        forewarn::of_capabilities(&plan, &components);
        forewarn::of_endpoints(&plan, environment);
        let rows = selection.limit.map_or(dataset.len(), |limit| limit.min(dataset.len()));
        let shard = selection.shard.unwrap_or(Shard::WHOLE);
        let display = Display::new(
            shown(&plan, &record, traffic, shard.rows_of(rows)),
            console::is_watched() && !environment.verbose,
        );
        let kept = Kept {
            resume: record.is_kept().then(|| Kept::resume_of(&environment.arguments)),
            output: selection.output.clone().filter(|path| path != Path::new("-")),
            asks_models: !plan.models.is_empty(),
            has_cache: record.recorder.is_some() && !selection.record.no_cache,
            reads_stdin: selection.reads_stdin(),
        };
        let output = selection.output.clone();
        let output_format = selection.output_format.options();
        Ok(Some(Self {
            plan,
            assembly,
            dataset,
            parts,
            components,
            display,
            output,
            output_format,
            rows,
            shard,
            record,
            kept,
        }))
    }

    /// The run, of which the user is told from now on.
    pub(super) fn run(&self) -> Run<'_> {
        self.display.start();
        Run {
            parts: &self.parts,
            panel: &self.assembly.panel,
            concurrency: self.assembly.concurrency,
            besides: self.assembly.besides,
            fatal: self.assembly.fatal.clone(),
            recorder: self.record.recorder.clone(),
            progress: &self.display,
        }
    }

    /// How many rows there are to work on.
    pub(super) fn rows_left(&self) -> u64 {
        let left = self.shard.rows_of(self.rows).saturating_sub(self.record.rows_before());
        left + self.record.retried().len() as u64
    }

    /// What the run has used before.
    pub(super) fn spent(&self) -> Charge {
        self.record.budget.spent()
    }

    /// Ends what was made ready.
    pub(super) fn close(self) {
        self.components.sandbox.close();
    }

    /// Resolves when the run shall stop.
    pub(super) async fn shutdown(&self) {
        interrupt::shutdown(&self.display, &self.kept).await;
    }

    /// The rows to work on.
    pub(super) fn rows(
        &self,
    ) -> Result<impl Iterator<Item = Result<Row, DatasetError>> + Send + 'static, DatasetError> {
        let [rows, before] =
            [self.rows, self.record.rows_before()].map(|rows| usize::try_from(rows).unwrap_or(usize::MAX));
        let shard = self.shard;
        let is_ours = move |row: &Result<Row, _>| row.as_ref().map_or(true, |row: &Row| shard.takes(row.number));
        let retried = self.record.retried();
        let is_open = move |(position, row): &(usize, Result<Row, _>)| {
            *position >= before || row.as_ref().map_or(true, |row: &Row| retried.contains(&row.number))
        };
        let ours = self.dataset.rows()?.take(rows).filter(is_ours);
        Ok(ours.enumerate().filter(is_open).map(|(_, row)| row))
    }

    /// Opens where the rows go, once everything else is known to be well. With a run directory, they go to an output
    /// only where one is named.
    pub(super) fn open_destination(&self) -> Result<Destination, Failure> {
        Ok(match self.record.results()? {
            None => Destination::Output(self.open_output(self.output.as_deref())?),
            Some(results) => {
                self.keep_columns()?;
                let output = self.output.as_deref().map(|path| self.open_output(Some(path))).transpose()?;
                Destination::Directory(Box::new(results), output)
            }
        })
    }

    /// Writes down what `merge` must know of the columns of a shard.
    fn keep_columns(&self) -> Result<(), DatasetError> {
        let path = self.record.path().map(|path| path.join(record::COLUMNS));
        let Some(path) = path.filter(|_| self.shard != Shard::WHOLE) else { return Ok(()) };
        Output::create(Some(&path), FormatOptions::default(), &self.schema())?.finish()
    }

    fn open_output(&self, path: Option<&Path>) -> Result<Output, DatasetError> {
        Output::create(path, self.output_format, &self.schema())
    }

    /// The columns of the rows that come out.
    fn schema(&self) -> Schema {
        let rewrites = self.plan.refine.is_some() || self.plan.regrade.is_some();
        let response_column = rewrites.then(|| self.parts.response_column().name());
        run::output_schema(self.dataset.schema(), &self.assembly.panel, response_column)
    }

    /// Says what came of the run.
    pub(super) fn conclude(self, result: Result<Summary, RunError>) -> CommandResult<(Status, Summary)> {
        self.display.finish();
        for line in self.display.error_lines() {
            console::say(&format!("warning: {line}"));
        }
        for line in self.assembly.models.iter().flat_map(|model| table::endpoints(model.name(), &model.statistics())) {
            console::say(&line);
        }
        let replaced = self.components.sandbox.statistics().replaced;
        if replaced > 0 {
            console::say(&format!("warning: {} died and were replaced", table::count(replaced, "worker")));
        }
        self.components.sandbox.close();
        let summary = match result {
            Ok(summary) => summary,
            Err(RunError::Model { error: error @ ModelError::Budget(_), summary }) => {
                console::say(&format!("\n{}", table::summary(&summary)));
                console::say(&format!("stopped: {error}; raise `budget` in [refine]; {}", self.kept.advice()));
                return Ok((Status::Incomplete, *summary));
            }
            Err(RunError::Model { error, summary }) => {
                let failure = Failure::from(RunError::Model { error, summary });
                return Err(failure.hint(format!("correct the model's settings; {}", self.kept.advice())));
            }
            Err(error) => return Err(error.into()),
        };
        console::say(&format!("\n{}", table::summary(&summary)));
        if let Some(line) = self.record.recorder.as_ref().and_then(|recorder| table::calls(recorder.counts())) {
            console::say(&line);
        }
        self.leave_page(&summary);
        if let Some(path) = self.record.path().filter(|_| summary.faulty > 0 && !summary.is_partial) {
            console::say(&format!(
                "--run {} --resume --retry-errors does the rows with errors that may pass anew",
                path.display()
            ));
        }
        if summary.is_partial {
            console::say(&format!("stopped before the end; {}", self.kept.advice()));
        }
        let is_whole = summary.faulty == 0 && !summary.is_partial;
        Ok((if is_whole { Status::Done } else { Status::Incomplete }, summary))
    }

    /// Leaves the report in the run directory. Beyond so many rows it takes its time, and is made when asked for.
    fn leave_page(&self, summary: &Summary) {
        const MOST_ROWS: u64 = 100_000;
        let rows = self.record.rows_before() + summary.rows;
        match self.record.path() {
            Some(path) if (1..=MOST_ROWS).contains(&rows) => report::leave_page(path),
            _ => {}
        }
    }
}

/// How many workers there is use for in any case, so that they start while the components are searched. Of a run that is
/// resumed, the rows that are left are known too late for that, and may be none.
fn workers_ahead(selection: &Selection, config: &Config, jobs: usize, rows: u64) -> usize {
    if selection.record.resume || plan::asks_judges_only(selection, config, &judges::rubric_names()) {
        return 0;
    }
    let rows = selection.limit.map_or(rows, |limit| limit.min(rows));
    let rows = selection.shard.unwrap_or(Shard::WHOLE).rows_of(rows);
    usize::try_from(rows).map_or(jobs, |rows| rows.min(jobs))
}

/// What the display is to show of a run of so many rows.
fn shown(plan: &Plan, record: &Record, traffic: Traffic, rows: u64) -> Shown {
    let retried = record.retried().len() as u64;
    let before = record.rows_before();
    Shown {
        // Rows that are done anew are not done.
        total: if retried > 0 { rows.saturating_sub(before) + retried } else { rows },
        before: if retried > 0 { 0 } else { before },
        refines: plan.refine.is_some(),
        traffic: (!plan.models.is_empty()).then_some(traffic),
        recorder: record.recorder.clone(),
        is_retry: retried > 0,
    }
}

fn open_dataset(selection: &Selection, file: &ConfigFile, work: &Work) -> Result<Dataset, Failure> {
    let map = plan::dataset_map(selection, &file.config, work);
    let paths = if let Work::Regrade(earlier) = work { slice::from_ref(&earlier.results) } else { &selection.dataset };
    let dataset = Dataset::open_all(paths, &map, selection.input_options())?;
    for note in dataset.notes() {
        console::say(&format!("note: {note}"));
    }
    if matches!(work, Work::Regrade(_)) {
        check_attempts(&dataset)?;
    }
    if let Some(output) = &selection.output {
        dataset.check_output(output)?;
        // Refuses an output that cannot be written before any time is spent; a new one leaves nothing behind.
        Output::check(output, selection.output_format.options())?;
    }
    Ok(dataset)
}

/// Refuses rows that nothing was tried at.
fn check_attempts(dataset: &Dataset) -> Result<(), Failure> {
    if dataset.rows_with("refinement") > 0 {
        return Ok(());
    }
    let failure = Failure::new(format!(
        "no row of {} has the column `refinement`, where `refine` records the attempts at a row",
        dataset.name()
    ));
    Err(failure.hint("name the directory or the output of a refinement; `gradebox grade` grades rows as they are"))
}

/// Refuses a column that no row has: the grader would say nothing of any.
fn check_condition(grader: &GraderPlan, dataset: &Dataset) -> Result<(), Failure> {
    let Some((column, _)) = grader.when.iter().find(|(column, _)| dataset.rows_with(column) == 0) else {
        return Ok(());
    };
    let failure =
        Failure::new(format!("`when` in [graders.{}] names the column `{column}`, which no row has", grader.name));
    Err(match nearest_names(column, dataset.columns()).first() {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("the columns are {}", dataset.columns().collect::<Vec<_>>().join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Command, CommandLine};

    #[test]
    fn workers_start_ahead_where_there_is_work_for_them() {
        let ahead = |options: &str, rows: u64| {
            let line = format!("gradebox grade rows.jsonl {options}");
            let Command::Grade(args) = CommandLine::try_parse_from(line.split(' ')).unwrap().command else {
                panic!("{line}")
            };
            workers_ahead(&args.selection, &Config::default(), 4, rows)
        };
        assert_eq!(ahead("-g syntax", 9), 4);
        assert_eq!(ahead("-g syntax", 2), 2);
        assert_eq!(ahead("-g syntax --limit 3", 9), 3);
        assert_eq!(ahead("-g syntax --run runs --shard 2/4", 9), 2);
        assert_eq!(ahead("-g accuracy", 9), 0);
        assert_eq!(ahead("-g syntax --run runs --resume", 9), 0);
    }
}
