//! How far a run is: a bar for people, a line now and then for logs.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console;
use crate::{
    run::{FinishedRow, Progress, RowResult},
    sample::text_of,
};

/// Between two lines of a log.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows the progress of one run and keeps an example of each kind of error.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    total: u64,
    passed: AtomicU64,
    done: AtomicU64,
    last_line: Mutex<Instant>,
    started: Instant,
    errors: Mutex<IndexMap<(String, &'static str), ErrorExample>>,
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
    pub(super) fn new(total: u64, with_bar: bool) -> Self {
        let now = Instant::now();
        Self {
            bar: with_bar.then(|| bar(total)),
            total,
            passed: AtomicU64::new(0),
            done: AtomicU64::new(0),
            last_line: Mutex::new(now),
            started: now,
            errors: Mutex::default(),
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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

    fn line(&self, done: u64) {
        let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() < LINE_EVERY {
            return;
        }
        *last = Instant::now();
        let passed = self.passed.load(Ordering::Relaxed);
        let seconds = self.started.elapsed().as_secs();
        console::say(&format!("{done} of {} rows after {seconds} s, {passed} passed", self.total));
    }
}

impl Progress for Display {
    fn row_done(&self, row: &FinishedRow) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let is_passing = row.result.assessment().is_some_and(|assessment| assessment.pass == Some(true));
        let passed = self.passed.fetch_add(u64::from(is_passing), Ordering::Relaxed) + u64::from(is_passing);
        self.note_errors(row);
        match &self.bar {
            Some(bar) => {
                bar.set_message(format!("{passed} passed"));
                bar.inc(1);
            }
            None => self.line(done),
        }
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = "{bar:30} {pos}/{len} rows, {msg}  {elapsed} elapsed, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message("0 passed");
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// The first line of a text, not too long.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
    if line.chars().count() <= LONGEST { line.to_owned() } else { line.chars().take(LONGEST).chain(['…']).collect() }
}
