//! How far a run is, and what it spends: a bar for people, a line now and then for logs.

mod pace;
mod words;

use std::{
    fmt::Write,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::task::AbortHandle;

pub(super) use self::words::{large, money};
use self::{
    pace::{Pace, as_number},
    words::Rows,
};
use super::console;
use crate::{
    run::{CallCounts, FinishedRow, Progress, Recorder, RowResult},
    sample::text_of,
    traffic::{Traffic, TrafficCounts},
};

/// Between two lines of a log, at first; later lines are as far apart as the run is long, up to the other.
const FIRST_LINE: Duration = Duration::from_secs(2);
const LINE_EVERY: Duration = Duration::from_mins(1);

/// Shows the progress of one run and keeps an example of each kind of error.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    /// Writes the lines of a log, where there is no bar.
    lines: Mutex<Option<AbortHandle>>,
    tally: Arc<Tally>,
    errors: Mutex<IndexMap<(String, &'static str), ErrorExample>>,
}

/// What a display shows of.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    /// Rows of the run in all.
    pub(super) total: u64,
    /// Rows among them that earlier sessions wrote.
    pub(super) before: u64,
    pub(super) refines: bool,
    /// Only where there are models.
    pub(super) traffic: Option<Traffic>,
    pub(super) recorder: Option<Recorder>,
    /// Whether rows are done again whose answers are mostly on record.
    pub(super) is_retry: bool,
}

/// What is known of a run under way.
struct Tally {
    shown: Shown,
    started: Instant,
    begun: AtomicU64,
    ended: AtomicU64,
    written: AtomicU64,
    passed: AtomicU64,
    failed: AtomicU64,
    passed_before: AtomicU64,
    /// No further row is begun.
    is_stopping: AtomicBool,
    pace: Mutex<Pace>,
}

/// The first error of its kind, and how many rows have it.
#[derive(Debug, Clone)]
struct ErrorExample {
    rows: u64,
    first_row: u64,
    id: String,
    reason: String,
}

impl Display {
    /// A bar where `with_bar`, else lines.
    pub(super) fn new(shown: Shown, with_bar: bool) -> Self {
        let now = Instant::now();
        let tally = Arc::new(Tally {
            shown,
            started: now,
            begun: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            written: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            passed_before: AtomicU64::new(0),
            is_stopping: AtomicBool::new(false),
            pace: Mutex::new(Pace::new(now)),
        });
        let bar = with_bar.then(|| bar(&tally));
        Self { bar, lines: Mutex::default(), tally, errors: Mutex::default() }
    }

    /// Begins to write lines, where there is no bar. Needs the runtime.
    pub(super) fn start(&self) {
        if self.bar.is_some() {
            return;
        }
        let tally = Arc::clone(&self.tally);
        let lines = tokio::spawn(async move {
            loop {
                let elapsed = tally.started.elapsed();
                tokio::time::sleep(elapsed.clamp(FIRST_LINE, LINE_EVERY)).await;
                console::say(&tally.line());
            }
        });
        let before = self.lines.lock().unwrap_or_else(PoisonError::into_inner).replace(lines.abort_handle());
        if let Some(before) = before {
            before.abort();
        }
    }

    /// Takes the bar away, and writes no further line.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if let Some(lines) = self.lines.lock().unwrap_or_else(PoisonError::into_inner).take() {
            lines.abort();
        }
    }

    /// Says a line while the run goes on.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| console::say(line)),
            None => console::say(line),
        }
    }

    /// From now on no further row is begun, and nothing is foretold.
    pub(super) fn stop(&self) {
        self.tally.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Rows that are begun and not ended, and model calls that are not answered.
    pub(super) fn under_way(&self) -> (u64, u64) {
        let (begun, ended) = (self.tally.begun.load(Ordering::Relaxed), self.tally.ended.load(Ordering::Relaxed));
        (begun.saturating_sub(ended), self.tally.traffic().in_flight)
    }

    /// A line for each kind of error that rows had, with the first of them.
    pub(super) fn error_lines(&self) -> Vec<String> {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = errors.iter().map(|((grader, kind), example)| {
            let rows = if example.rows == 1 { "1 row".to_owned() } else { format!("{} rows", example.rows) };
            let named = if example.id == example.first_row.to_string() {
                format!("row {}", example.first_row)
            } else {
                format!("row {} ({})", example.first_row, example.id)
            };
            // Reasons begin with the row's id, which is said already.
            let own = format!("row {}: ", example.id);
            let reason = one_line(example.reason.strip_prefix(&own).unwrap_or(&example.reason));
            format!("{grader}: {kind} in {rows}; {named}: {reason}")
        });
        lines.collect()
    }

    fn note_errors(&self, row: &FinishedRow) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let mut note = |who: &str, kind: &'static str, reason: &str| {
            let example = errors.entry((who.to_owned(), kind)).or_insert_with(|| ErrorExample {
                rows: 0,
                first_row: row.number,
                id: text_of(&row.id),
                reason: reason.to_owned(),
            });
            example.rows += 1;
        };
        for (name, grade) in row.result.assessment().iter().flat_map(|assessment| &assessment.grades) {
            if let Some(error) = grade.error() {
                note(name, error.kind.as_str(), &error.reason);
            }
        }
        if let RowResult::Refined(refinement) = &row.result
            && let Some(error) = &refinement.error
        {
            note("the writer", refinement.stop.as_str(), &error.to_string());
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Progress for Display {
    fn row_begun(&self) {
        self.tally.begun.fetch_add(1, Ordering::Relaxed);
    }

    fn row_ended(&self) {
        let ended = self.tally.ended.fetch_add(1, Ordering::Relaxed) + 1;
        self.tally.pace.lock().unwrap_or_else(PoisonError::into_inner).note(ended, Instant::now());
    }

    fn row_done(&self, row: &FinishedRow) {
        let pass = row.result.assessment().and_then(|assessment| assessment.pass);
        self.tally.passed.fetch_add(u64::from(pass == Some(true)), Ordering::Relaxed);
        self.tally.failed.fetch_add(u64::from(pass == Some(false)), Ordering::Relaxed);
        if let RowResult::Refined(refinement) = &row.result {
            let before = refinement.original_assessment().and_then(|assessment| assessment.pass);
            self.tally.passed_before.fetch_add(u64::from(before == Some(true)), Ordering::Relaxed);
        }
        self.tally.written.fetch_add(1, Ordering::Relaxed);
        self.note_errors(row);
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

impl Tally {
    fn traffic(&self) -> TrafficCounts {
        self.shown.traffic.as_ref().map(Traffic::counts).unwrap_or_default()
    }

    fn counts(&self) -> CallCounts {
        self.shown.recorder.as_ref().map(Recorder::counts).unwrap_or_default()
    }

    fn rows(&self) -> Rows {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let now = Instant::now();
        let ended = of(&self.ended);
        let left = self.shown.total.saturating_sub(self.shown.before).saturating_sub(ended);
        let pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        Rows {
            before: self.shown.before,
            done: self.shown.before + of(&self.written),
            total: self.shown.total,
            passed: of(&self.passed),
            failed: of(&self.failed),
            passed_before: self.shown.refines.then(|| of(&self.passed_before)),
            per_second: pace.rate(ended, now),
            elapsed: now.saturating_duration_since(self.started),
            left: pace.time_for(left, ended, now).filter(|_| !self.is_stopping.load(Ordering::Relaxed)),
        }
    }

    /// What the calls of this session will have cost at its end; `None` where nothing tells.
    fn projected(&self, traffic: &TrafficCounts, counts: CallCounts) -> Option<f64> {
        let of = |counter: &AtomicU64| as_number(counter.load(Ordering::Relaxed));
        let (begun, ended) = (of(&self.begun), of(&self.ended));
        // Before as many rows have ended as are under way, these would be taken for cheap.
        let tells = ended > 0.0 && ended >= begun - ended && !self.is_stopping.load(Ordering::Relaxed);
        let cost = traffic.whole_cost().filter(|_| tells)?;
        let all = as_number(self.shown.total.saturating_sub(self.shown.before));
        // Rows under way are half done, as a rule.
        let worked = f64::midpoint(begun, ended);
        // The rows to come have no answers on record, unlike those that were under way when the run was left.
        let replayed = if self.shown.is_retry { 0.0 } else { as_number(counts.replayed) };
        let made = as_number(counts.made.max(traffic.answered));
        let dearer = if made > 0.0 { (made + replayed) / made } else { 1.0 };
        Some(cost + (all - worked).max(0.0) * cost / worked * dearer)
    }

    fn calls(&self) -> String {
        let (traffic, counts) = (self.traffic(), self.counts());
        words::calls(&traffic, counts, self.projected(&traffic, counts))
    }

    fn line(&self) -> String {
        let calls = self.calls();
        let separator = if calls.is_empty() { "" } else { "; " };
        format!("{}{separator}{calls}", self.rows().line())
    }
}

fn bar(tally: &Arc<Tally>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(tally.shown.total), ProgressDrawTarget::stderr());
    let has_calls = tally.shown.traffic.is_some();
    let template = if has_calls { "{bar:24} {rows}\n{calls}" } else { "{bar:24} {rows}" };
    let (rows, calls) = (Arc::clone(tally), Arc::clone(tally));
    // A terminal that cannot be written to is none of the run's concern.
    let write_rows = move |_: &ProgressState, to: &mut dyn Write| {
        let _ = to.write_str(&rows.rows().beside_bar());
    };
    let write_calls = move |_: &ProgressState, to: &mut dyn Write| {
        let _ = to.write_str(&calls.calls());
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rows", write_rows).with_key("calls", write_calls));
    }
    // Drawn from here on.
    bar.set_position(tally.shown.before);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The first line of a text, not too long.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    if line.chars().count() <= LONGEST { line.to_owned() } else { line.chars().take(LONGEST).chain(['…']).collect() }
}
