//! How long rows, graders and the writer took: told by whoever works, kept beside the results, and never in them,
//! because no two runs take the same time.
//!
//! One JSON object a line: `{"row", "seconds", "writer", "graders": {…}}` for a row, and `{"elapsed"}` at the end of a
//! session. A resumed run adds to the file.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{
    budget::Charge,
    grader::{Graded, Grader, Kind, Mode},
    model::{ChatModel, Completion, ModelError, Request, Usage},
    sample::Sample,
};

/// Longer lines are none of ours.
const LONGEST: u64 = 1 << 20;

/// Rows beyond this are not told apart: a damaged file must not take all the memory.
const MOST_ROWS: usize = 1 << 26;

tokio::task_local! {
    static CLOCK: RefCell<RowTimes>;
}

/// The seconds of one row. Those of graders and writer overlap where they work side by side.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct RowTimes {
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    #[serde(skip_serializing_if = "is_zero")]
    seconds: f64,
    #[serde(skip_serializing_if = "is_zero")]
    writer: f64,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    graders: IndexMap<String, f64>,
    /// Of a whole session; then there is no row.
    #[serde(skip_serializing_if = "is_zero")]
    elapsed: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(seconds: &f64) -> bool {
    *seconds <= 0.0
}

/// Works on a row, and says how long it took.
pub(super) async fn timed<T>(row: u64, work: impl Future<Output = T>) -> (T, RowTimes) {
    let started = Instant::now();
    let clock = RefCell::new(RowTimes { row: Some(row), ..RowTimes::default() });
    CLOCK
        .scope(clock, async move {
            let result = work.await;
            let mut times = CLOCK.with(RefCell::take);
            times.seconds = rounded(started.elapsed().as_secs_f64());
            (result, times)
        })
        .await
}

impl RowTimes {
    /// Of a session that has ended.
    pub(super) fn of_session(elapsed: Duration) -> Self {
        Self { elapsed: rounded(elapsed.as_secs_f64()), ..Self::default() }
    }

    pub(super) fn line(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// Whole microseconds.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

fn note(add: impl FnOnce(&mut RowTimes)) {
    // Outside of a row nobody asks.
    let _ = CLOCK.try_with(|clock| add(&mut clock.borrow_mut()));
}

/// The grader, watched: what its grades take is noted under the name.
pub fn watch_grader(grader: Arc<dyn Grader>, name: &str) -> Arc<dyn Grader> {
    Arc::new(TimedGrader { grader, name: name.to_owned() })
}

/// The writer, watched.
pub fn watch_writer(model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
    Arc::new(TimedWriter(model))
}

struct TimedGrader {
    grader: Arc<dyn Grader>,
    name: String,
}

impl TimedGrader {
    fn note(&self, started: Instant) {
        let seconds = rounded(started.elapsed().as_secs_f64());
        note(|times| *times.graders.entry(self.name.clone()).or_insert(0.0) += seconds);
    }
}

#[async_trait]
impl Grader for TimedGrader {
    fn mode(&self) -> Mode {
        self.grader.mode()
    }

    fn kind(&self) -> Kind {
        self.grader.kind()
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        let started = Instant::now();
        let graded = self.grader.grade(sample).await;
        self.note(started);
        graded
    }

    async fn grade_anew(&self, sample: &Sample, attempt: u32) -> Graded {
        let started = Instant::now();
        let graded = self.grader.grade_anew(sample, attempt).await;
        self.note(started);
        graded
    }
}

struct TimedWriter(Arc<dyn ChatModel>);

#[async_trait]
impl ChatModel for TimedWriter {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let started = Instant::now();
        let answer = self.0.complete(request).await;
        note(|times| times.writer += rounded(started.elapsed().as_secs_f64()));
        answer
    }

    async fn reject(&self, request: &Request) {
        self.0.reject(request).await;
    }

    fn worst_case(&self, request: &Request) -> Charge {
        self.0.worst_case(request)
    }
}

/// The times of a whole run.
#[derive(Debug, Clone, Default)]
pub struct Times {
    rows: Vec<f32>,
    graders: IndexMap<String, f64>,
    writer: f64,
    elapsed: f64,
}

impl Times {
    /// Reads what is known; nothing of a run that kept no times. Lines that are torn are passed over.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut times = Self::default();
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(times),
            Err(error) => return Err(error),
        };
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            if reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(times);
            }
            if let Ok(line) = serde_json::from_slice(&bytes) {
                times.add(line);
            }
        }
    }

    fn add(&mut self, row: RowTimes) {
        self.elapsed += row.elapsed;
        self.writer += row.writer;
        for (name, seconds) in row.graders {
            *self.graders.entry(name).or_insert(0.0) += seconds;
        }
        let index = row.row.and_then(|row| usize::try_from(row).ok()).filter(|index| *index < MOST_ROWS);
        let Some(index) = index else { return };
        if self.rows.len() <= index {
            self.rows.resize(index + 1, 0.0);
        }
        if let Some(sum) = self.rows.get_mut(index) {
            #[expect(clippy::cast_possible_truncation, reason = "seven digits of seconds are enough")]
            let seconds = row.seconds as f32;
            *sum += seconds;
        }
    }

    /// The seconds that a row took, 1-based; `None` where they are not known.
    pub fn of_row(&self, number: u64) -> Option<f64> {
        let seconds = self.rows.get(usize::try_from(number).ok()?)?;
        (*seconds > 0.0).then(|| f64::from(*seconds))
    }

    /// The seconds that all the grades of a grader took.
    pub fn of_grader(&self, name: &str) -> Option<f64> {
        self.graders.get(name).copied()
    }

    /// The seconds that the writer took.
    pub fn of_writer(&self) -> Option<f64> {
        (self.writer > 0.0).then_some(self.writer)
    }

    /// The seconds of all sessions that came to their end.
    pub fn elapsed(&self) -> Option<f64> {
        (self.elapsed > 0.0).then_some(self.elapsed)
    }
}
