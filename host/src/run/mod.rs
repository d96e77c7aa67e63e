//! A whole dataset: rows in, rows with their grades out, in the order of the dataset, in bounded memory.

mod appender;
mod bounded;
mod directory;
mod fatal;
mod gate;
mod journal;
mod merge;
mod reader;
mod record;
mod recorded;
mod request_key;
mod responses;
mod retry;
mod shard;
mod summary;
mod times;
mod window;

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use futures::{StreamExt, TryFutureExt};
use serde_json::Value;

#[cfg(fuzzing)]
pub mod fuzzing;

pub use self::{
    appender::AppendError,
    bounded::Bounded,
    directory::{DirectoryError, Results, RunDirectory, read_results, read_times, read_told, results_of},
    fatal::FatalErrors,
    merge::{MergeError, Shards},
    record::{output_schema, tried},
    recorded::{CallCounts, Recorder},
    responses::ResponseCache,
    shard::Shard,
    summary::{GraderSummary, RefinementSummary, Summary},
    times::{Times, watch_grader, watch_writer},
};
use self::{gate::Gate, recorded::RowContext, times::RowTimes, window::Window};
use crate::{
    dataset::{DatasetError, Output, Parts, Row},
    model::ModelError,
    panel::{Assessment, Member, Panel},
    refine::{self, Refinement, Refiner},
    sample::Columns,
    score::ErrorKind,
};

/// What a run works with.
pub struct Run<'a> {
    pub parts: &'a Parts,
    pub panel: &'a Panel,
    /// Rows that are worked on at the same time; zero counts as one.
    pub concurrency: usize,
    /// Rows that may be worked on besides, while rows take little.
    pub besides: usize,
    /// The errors of the models behind the panel, watched by [`FatalErrors::watch`].
    pub fatal: FatalErrors,
    /// The record of the model calls.
    pub recorder: Option<Recorder>,
    pub progress: &'a dyn Progress,
}

/// Is told what happens during a run.
pub trait Progress: Send + Sync {
    /// A row is worked on from now on.
    fn row_begun(&self) {}

    /// A row is worked on no longer; it is written when those before it are.
    fn row_ended(&self) {}

    /// A row is written. Called in the order of the dataset.
    fn row_done(&self, row: &FinishedRow);
}

/// A row with its results.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedRow {
    /// 1-based, and where it stands in the file.
    pub number: u64,
    pub line: u64,
    pub id: Value,
    /// The row as it is written.
    pub columns: Columns,
    pub result: RowResult,
}

/// What a run made of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowResult {
    Graded(Assessment),
    Refined(Box<Refinement>),
}

impl RowResult {
    /// The grades of the row as it is written; `None` where nothing was graded.
    pub fn assessment(&self) -> Option<&Assessment> {
        match self {
            Self::Graded(assessment) => Some(assessment),
            Self::Refined(refinement) => refinement.assessment(),
        }
    }

    /// Whether a model that cannot be called may have taken a grade or a response from the row.
    fn lacks_model(&self, fatal: &FatalErrors) -> bool {
        let writer_failed = match self {
            Self::Graded(_) => false,
            Self::Refined(refinement) => refinement.error.as_ref().is_some_and(|error| fatal.is_fatal(error)),
        };
        let is_model = |kind| matches!(kind, ErrorKind::ModelFailed | ErrorKind::Budget);
        let judge_failed = |assessment: &Assessment| assessment.errors().any(|error| is_model(error.kind));
        let attempts = match self {
            Self::Graded(_) => &[][..],
            Self::Refined(refinement) => &refinement.attempts,
        };
        let comparison_failed = match self {
            Self::Graded(_) => false,
            Self::Refined(refinement) => refinement.comparison_error().is_some_and(|error| is_model(error.kind)),
        };
        writer_failed
            || comparison_failed
            || self.assessment().is_some_and(judge_failed)
            || attempts.iter().any(|attempt| judge_failed(&attempt.assessment))
    }
}

/// Why a run ended before its dataset did.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// No call can succeed any more. The rows before stay in the partial output.
    #[error("{error} (the run stopped here, with {} rows done: every further call would fail in the same way)", .summary.rows)]
    Model { error: ModelError, summary: Box<Summary> },
    /// What is not recorded would be lost or paid twice.
    #[error(transparent)]
    Record(#[from] AppendError),
    #[error("reading the dataset broke off; this is a fault of gradebox, please report it")]
    Reader,
}

/// Where finished rows go.
pub enum Destination {
    /// To a file or a pipe.
    Output(Output),
    /// Into the run directory; from there, with those done before, to the output where there is one.
    Directory(Box<Results>, Option<Output>),
}

impl Destination {
    async fn write(&mut self, number: u64, columns: &Columns, times: &RowTimes) -> Result<(), RunError> {
        match self {
            Self::Output(output) => Ok(output.write(columns)?),
            Self::Directory(results, _) => Ok(results.write(number, columns, times).await?),
        }
    }

    /// Makes what was written last, and gives a whole output its name.
    async fn end(self, is_complete: bool, session: &RowTimes) -> Result<(), RunError> {
        match self {
            Self::Output(output) if is_complete => Ok(output.finish()?),
            Self::Output(_) => Ok(()),
            Self::Directory(results, output) => {
                results.end_session(session).await?;
                let path = results.close().await?;
                let Some(mut output) = output.filter(|_| is_complete) else { return Ok(()) };
                let copy = move || {
                    let failed = |source| DatasetError::Read { name: path.display().to_string(), source };
                    for row in read_results(&path).map_err(failed)? {
                        output.write(&row)?;
                    }
                    output.finish()
                };
                Ok(tokio::task::spawn_blocking(copy).await.map_err(|_| RunError::Reader)??)
            }
        }
    }
}

/// Grades every row and writes it with its grades.
///
/// A row that cannot be graded is written with the reason. When `shutdown` resolves, no further row is begun; those
/// under way are finished, and the output stays partial.
pub async fn grade(
    run: &Run<'_>,
    rows: impl Iterator<Item = Result<Row, DatasetError>> + Send + 'static,
    destination: Destination,
    shutdown: impl Future<Output = ()>,
) -> Result<Summary, RunError> {
    let grade_row = async |row: Row| {
        let assessment = match run.parts.sample(&row) {
            Ok(sample) => run.panel.assess(&sample).await,
            Err(error) => run.panel.unassessed(&error),
        };
        let id = run.parts.id_of(&row);
        let columns = record::graded(row.columns, &assessment);
        FinishedRow { number: row.number, line: row.line, id, columns, result: RowResult::Graded(assessment) }
    };
    drive(run, rows, destination, shutdown, grade_row).await
}

/// Refines every row that does not pass and writes each with its grades and the record of its refinement; otherwise
/// like [`grade`].
pub async fn refine(
    run: &Run<'_>,
    refiner: Refiner<'_>,
    rows: impl Iterator<Item = Result<Row, DatasetError>> + Send + 'static,
    destination: Destination,
    shutdown: impl Future<Output = ()>,
) -> Result<Summary, RunError> {
    let refine_row = async |row: Row| {
        let id = run.parts.id_of(&row);
        let (refinement, original) = match run.parts.sample(&row) {
            Ok(sample) => (refine::refine(&sample, run.panel, refiner).await, sample.response),
            Err(error) => (Refinement::ungradable(run.panel.unassessed(&error)), None),
        };
        if let Some(error) = &refinement.error {
            run.fatal.note(error);
        }
        let columns = record::refined(row.columns, run.parts.response_column(), original, &refinement);
        FinishedRow {
            number: row.number,
            line: row.line,
            id,
            columns,
            result: RowResult::Refined(Box::new(refinement)),
        }
    };
    drive(run, rows, destination, shutdown, refine_row).await
}

/// Grades what earlier refinements tried at every row, and writes each with the attempt that is the best now; otherwise
/// like [`refine`](fn@refine). No writer is asked.
pub async fn regrade(
    run: &Run<'_>,
    final_judge: Option<&Member>,
    rows: impl Iterator<Item = Result<Row, DatasetError>> + Send + 'static,
    destination: Destination,
    shutdown: impl Future<Output = ()>,
) -> Result<Summary, RunError> {
    let response_column = run.parts.response_column();
    let regrade_row = async |row: Row| {
        let id = run.parts.id_of(&row);
        let sample = run.parts.sample(&row);
        let read = sample.and_then(|sample| Ok((record::recorded(&row, &sample)?, sample)));
        let (refinement, columns) = match read {
            Ok((recorded, sample)) => {
                let refinement = refine::regrade(&sample, run.panel, recorded, final_judge).await;
                let columns = record::regraded(row.columns, response_column, &refinement);
                (refinement, columns)
            }
            // What cannot be read stays as it is.
            Err(error) => {
                let assessment = run.panel.unassessed(&error);
                let columns = record::graded(row.columns, &assessment);
                (Refinement::ungradable(assessment), columns)
            }
        };
        let result = RowResult::Refined(Box::new(refinement));
        FinishedRow { number: row.number, line: row.line, id, columns, result }
    };
    drive(run, rows, destination, shutdown, regrade_row).await
}

async fn drive(
    run: &Run<'_>,
    rows: impl Iterator<Item = Result<Row, DatasetError>> + Send + 'static,
    mut destination: Destination,
    shutdown: impl Future<Output = ()>,
    work: impl AsyncFn(Row) -> FinishedRow,
) -> Result<Summary, RunError> {
    let started = Instant::now();
    let mut summary = Summary::new(run.panel);
    // The gate is fair, so that the rows begun before a stop are the first ones: the rows of a partial output have no
    // gaps.
    let (gate, stopping) = (Gate::new(run.concurrency, run.besides), AtomicBool::new(false));
    let window = Window::new(run.concurrency.max(1), run.besides);
    let begin = async |row: Result<Row, RunError>| -> Result<Option<(FinishedRow, RowTimes)>, RunError> {
        let Some(place) = gate.enter().await else { return Ok(None) };
        // An error that ends the run is looked for here, too: the row that met it may wait to be written behind a slow one.
        if stopping.load(Ordering::Relaxed) || run.fatal.first().is_some() {
            return Ok(None);
        }
        let row = row?;
        let plain = RowContext { number: row.number, anew: false };
        let context = run.recorder.as_ref().map_or(plain, |recorder| recorder.context(row.number));
        run.progress.row_begun();
        let done = times::timed(row.number, context.scope(work(row))).await;
        run.progress.row_ended();
        place.leave();
        Ok(Some(done))
    };
    let worked = reader::read(rows)
        .then(|row| window.admit(row))
        .map(|(row, share)| begin(row).map_ok(|done| done.map(|(row, times)| (row, times, share))));
    let mut finished = pin!(worked.buffered(window.rows()));
    let mut shutdown = pin!(shutdown);
    let is_complete = loop {
        let next = tokio::select! {
            biased;
            () = &mut shutdown, if !stopping.load(Ordering::Relaxed) => {
                stopping.store(true, Ordering::Relaxed);
                continue;
            }
            next = finished.next() => next,
        };
        let Some(row) = next.transpose()? else { break true };
        let Some((row, times, _share)) =
            row.filter(|(row, ..)| !(run.fatal.first().is_some() && row.result.lacks_model(&run.fatal)))
        else {
            if matches!(run.fatal.first(), Some(ModelError::Budget(_))) {
                // What is under way is paid for: its answers come into the record, which must also say of the calls that
                // were refused that they were not made. The first row that was not begun is the end of it.
                stopping.store(true, Ordering::Relaxed);
                while let Some(Ok(Some(_))) = finished.next().await {}
            }
            break false;
        };
        // A row whose calls could not be recorded may be incomplete for that.
        if let Some(error) = run.recorder.as_ref().and_then(Recorder::failure) {
            return Err(error.into());
        }
        destination.write(row.number, &row.columns, &times).await?;
        summary.add(&row.result);
        run.progress.row_done(&row);
        if run.fatal.first().is_some() {
            stopping.store(true, Ordering::Relaxed);
        }
    };
    summary.elapsed = started.elapsed();
    destination.end(is_complete, &RowTimes::of_session(summary.elapsed)).await?;
    if is_complete {
        return Ok(summary);
    }
    summary.is_partial = true;
    match run.fatal.first() {
        Some(error) => Err(RunError::Model { error: error.clone(), summary: Box::new(summary) }),
        None => Ok(summary),
    }
}

#[cfg(test)]
mod tests;
