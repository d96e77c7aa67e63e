//! Whole runs: order, isolation, early ends, shutdown.

use std::{
    fs,
    future::pending,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};

use async_trait::async_trait;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;

use super::*;
use crate::{
    dataset::{Dataset, FormatOptions},
    fields::FieldMap,
    grader::{Graded, Grader, Kind, Mode},
    model::{ChatModel, Request},
    panel::{
        Member,
        scripted::{component, judge, panel},
    },
    refine::{RefineSettings, Stop, scripted::Scripted},
    sample::Sample,
    score::{GradeError, Outcome, Score},
};

/// A dataset on disk with the place for its results.
struct Files {
    folder: TempDir,
    dataset: Dataset,
    parts: Parts,
    seen: Seen,
}

impl Files {
    fn new(rows: &[Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.jsonl");
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        fs::write(&path, lines.join("\n")).unwrap();
        let dataset = Dataset::open(&path).unwrap();
        let parts = Parts::choose(&dataset, &FieldMap::default()).unwrap();
        Self { folder, dataset, parts, seen: Seen::default() }
    }

    fn responses(responses: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let row = |response: String| json!({"query": "q", "response": response});
        Self::new(&responses.into_iter().map(|response| row(response.into())).collect::<Vec<_>>())
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out.jsonl")
    }

    fn partial(&self) -> PathBuf {
        self.folder.path().join("out.jsonl.partial")
    }

    fn output(&self) -> Destination {
        Destination::Output(Output::create(Some(&self.out()), FormatOptions::default(), self.dataset.schema()).unwrap())
    }

    fn run<'a>(&'a self, panel: &'a Panel) -> Run<'a> {
        Run {
            parts: &self.parts,
            panel,
            concurrency: 2,
            besides: 0,
            fatal: FatalErrors::default(),
            recorder: None,
            progress: &self.seen,
        }
    }

    async fn grade(&self, panel: &Panel) -> Result<Summary, RunError> {
        grade(&self.run(panel), self.dataset.rows().unwrap(), self.output(), pending()).await
    }

    async fn refine(&self, panel: &Panel, writer: &Scripted) -> Result<Summary, RunError> {
        let settings = RefineSettings { rounds: 1, ..RefineSettings::default() };
        let rows = self.dataset.rows().unwrap();
        let refiner = Refiner { writer, final_judge: None, settings: &settings };
        refine(&self.run(panel), refiner, rows, self.output(), pending()).await
    }
}

fn rows(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn responses(path: &Path) -> Vec<String> {
    rows(path).iter().map(|row| row["response"].as_str().unwrap().to_owned()).collect()
}

#[derive(Default)]
struct Seen(Mutex<Vec<u64>>);

impl Progress for Seen {
    fn row_done(&self, row: &FinishedRow) {
        self.0.lock().unwrap().push(row.number);
    }
}

/// Scores after doing as its function says.
struct Doing<F>(F);

#[async_trait]
impl<F: Fn(String) -> Fut + Send + Sync, Fut: Future<Output = ()> + Send> Grader for Doing<F> {
    fn mode(&self) -> Mode {
        Mode::Pointwise
    }

    fn kind(&self) -> Kind {
        Kind::Component
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        (self.0)(sample.response.clone().unwrap()).await;
        Outcome::Scored(Score { score: 1.0, value: 1.0, reason: String::new(), details: Columns::new() }).into()
    }
}

fn doing<F, Fut>(action: F) -> Member
where
    F: Fn(String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    Member { grader: Arc::new(Doing(action)), ..component("a") }
}

/// Asks its model and scores what it answers.
struct Asking(Arc<dyn ChatModel>);

#[async_trait]
impl Grader for Asking {
    fn mode(&self) -> Mode {
        Mode::Pointwise
    }

    fn kind(&self) -> Kind {
        Kind::Judge
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        let seed = sample.response.as_deref().and_then(|response| response.parse().ok());
        let outcome = match self.0.complete(&Request { seed, ..Request::default() }).await.0 {
            Ok(_) => Outcome::Undecided { reason: String::new() },
            Err(error) => Outcome::Error(GradeError::new(ErrorKind::ModelFailed, error.to_string())),
        };
        outcome.into()
    }
}

#[tokio::test]
async fn rows_are_written_in_their_order_whichever_is_done_first() {
    let files = Files::responses(["0", "1", "2"]);
    let second_done = Arc::new(Notify::new());
    let first_waits = move |response: String| {
        let second_done = Arc::clone(&second_done);
        async move {
            match response.as_str() {
                "0" => second_done.notified().await,
                "1" => second_done.notify_one(),
                _ => {}
            }
        }
    };
    let panel = panel([doing(first_waits)]);
    let summary = grade(&files.run(&panel), files.dataset.rows().unwrap(), files.output(), pending()).await;
    assert_eq!(responses(&files.out()), ["0", "1", "2"]);
    assert_eq!(*files.seen.0.lock().unwrap(), [1, 2, 3]);
    assert_eq!((summary.as_ref().unwrap().rows, summary.unwrap().is_partial), (3, false));
}

#[tokio::test]
async fn a_slow_row_holds_no_other_back() {
    let files = Files::responses((0..200).map(|number| number.to_string()));
    let late = Arc::new(Notify::new());
    let first_waits = move |response: String| {
        let late = Arc::clone(&late);
        async move {
            match response.as_str() {
                "0" => tokio::time::timeout(Duration::from_mins(1), late.notified()).await.expect("rows went on"),
                "150" => late.notify_one(),
                _ => {}
            }
        }
    };
    files.grade(&panel([doing(first_waits)])).await.unwrap();
    assert_eq!(responses(&files.out()).len(), 200);
}

/// The rows that were read, and the most of them that were not yet written.
struct Held(Arc<AtomicUsize>, Arc<AtomicUsize>);
impl Progress for Held {
    fn row_done(&self, row: &FinishedRow) {
        let held = self.0.load(Ordering::SeqCst) - usize::try_from(row.number).unwrap();
        self.1.fetch_max(held, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn no_more_rows_are_held_than_the_window_allows() {
    let files = Files::responses((0..2000).map(|number| number.to_string()));
    let (active, most, read, worst) =
        <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let counting = {
        let (active, most) = (Arc::clone(&active), Arc::clone(&most));
        move |_| {
            let (active, most) = (Arc::clone(&active), Arc::clone(&most));
            async move {
                most.fetch_max(active.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                active.fetch_sub(1, Ordering::SeqCst);
            }
        }
    };
    let (panel, held) = (panel([doing(counting)]), Held(Arc::clone(&read), Arc::clone(&worst)));
    let run = Run { concurrency: 3, progress: &held, ..files.run(&panel) };
    let rows = files.dataset.rows().unwrap().inspect(move |_| {
        read.fetch_add(1, Ordering::SeqCst);
    });
    grade(&run, rows, files.output(), pending()).await.unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 3);
    let bound = Window::new(3, 0).rows() + 2 * reader::AT_ONCE + 3;
    assert!(worst.load(Ordering::SeqCst) <= bound, "{} rows of at most {bound}", worst.load(Ordering::SeqCst));
}

/// The most rows that were graded at the same time.
async fn most_at_once(concurrency: usize, besides: usize, took: Duration) -> usize {
    let files = Files::responses((0..60).map(|number| number.to_string()));
    let (active, most) = <(Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let counting = {
        let most = Arc::clone(&most);
        move |_| {
            let (active, most) = (Arc::clone(&active), Arc::clone(&most));
            async move {
                most.fetch_max(active.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(took).await;
                active.fetch_sub(1, Ordering::SeqCst);
            }
        }
    };
    let panel = panel([doing(counting)]);
    let run = Run { concurrency, besides, ..files.run(&panel) };
    grade(&run, files.dataset.rows().unwrap(), files.output(), pending()).await.unwrap();
    most.load(Ordering::SeqCst)
}

#[tokio::test]
async fn more_rows_are_worked_on_at_once_where_they_take_little() {
    assert_eq!(most_at_once(2, 3, Duration::ZERO).await, 5);
    assert_eq!(most_at_once(2, 0, Duration::ZERO).await, 2);
    // A timer never ends early, so that however busy the machine is, these rows take long.
    assert_eq!(most_at_once(2, 3, Duration::from_millis(20)).await, 2);
}

#[tokio::test]
async fn a_row_that_cannot_be_graded_is_recorded_and_counted_and_the_others_are_graded() {
    let files = Files::new(&[
        json!({"id": "x", "query": "q", "response": "a=1"}),
        json!({"id": "y", "query": "q", "response": {"not": "text"}}),
        json!({"id": "z", "query": "q", "response": "a=grader-failed"}),
        json!({"id": "w", "query": "q", "response": "a=0.5"}),
        json!({"id": "v", "query": "q", "response": "nothing for a"}),
    ]);
    let summary = files.grade(&panel([component("a")])).await.unwrap();
    let rows = rows(&files.out());
    assert_eq!(rows[1]["grades"]["a"]["kind"], json!("invalid-sample"));
    assert_eq!(rows[1]["response"], json!({"not": "text"}));
    assert_eq!(rows[3]["assessment"]["score"], json!(0.5));
    assert_eq!((summary.rows, summary.passed, summary.failed, summary.faulty), (5, 1, 3, 2));
    let grader = &summary.graders["a"];
    assert_eq!((grader.scored, grader.passed, grader.not_applicable, grader.mean()), (2, 1, 1, Some(0.75)));
    assert_eq!(grader.errors.get(&ErrorKind::InvalidSample), Some(&1));
    assert_eq!((grader.error_count(), summary.mean_score()), (2, Some(0.75)));
}

#[tokio::test]
async fn after_a_shutdown_rows_under_way_are_finished_and_no_other_is_begun() {
    let files = Files::responses((0..100).map(|number| number.to_string()));
    let (stop, stopped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let third_stops = {
        let (stop, stopped) = (Arc::clone(&stop), Arc::clone(&stopped));
        move |response: String| {
            let (stop, stopped) = (Arc::clone(&stop), Arc::clone(&stopped));
            async move {
                if response == "2" {
                    stop.notify_one();
                    stopped.notified().await;
                }
            }
        }
    };
    let panel = panel([doing(third_stops)]);
    let run = Run { concurrency: 1, ..files.run(&panel) };
    let shutdown = async move {
        stop.notified().await;
        stopped.notify_one();
    };
    let summary = grade(&run, files.dataset.rows().unwrap(), files.output(), shutdown).await.unwrap();
    assert!(summary.is_partial);
    assert_eq!(responses(&files.partial()), ["0", "1", "2"]);
    assert!(!files.out().exists());
}

#[tokio::test]
async fn a_judge_whose_calls_can_never_succeed_ends_the_run_with_the_rows_before_kept() {
    let files = Files::responses((0..100).map(|number| number.to_string()));
    let ok = || Ok("fine".to_owned());
    let bad_key = ModelError::Unauthorized("the key is wrong".to_owned());
    let down = Err(ModelError::Unavailable("down".to_owned()));
    let model = Arc::new(Scripted::new([ok(), down, ok(), Err(bad_key.clone())]));
    let fatal = FatalErrors::default();
    let panel = panel([Member { grader: Arc::new(Asking(fatal.watch(model))), ..judge("a") }]);
    let run = Run { fatal, concurrency: 1, ..files.run(&panel) };
    let ended = grade(&run, files.dataset.rows().unwrap(), files.output(), pending()).await;
    let Err(RunError::Model { error, summary }) = ended else { panic!("{ended:?}") };
    assert_eq!((error, summary.rows, summary.is_partial), (bad_key, 3, true));
    assert_eq!(responses(&files.partial()), ["0", "1", "2"]);
    assert_eq!(rows(&files.partial())[1]["grades"]["a"]["kind"], json!("model-failed"));
}

/// Fails every row but `0` for good, and judges the row `0` some time after that without any call.
struct OthersFail {
    fatal: FatalErrors,
    failed: Notify,
    begun: Arc<AtomicUsize>,
}

#[async_trait]
impl Grader for OthersFail {
    fn mode(&self) -> Mode {
        Mode::Pointwise
    }

    fn kind(&self) -> Kind {
        Kind::Judge
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        self.begun.fetch_add(1, Ordering::Relaxed);
        if sample.response.as_deref() == Some("0") {
            self.failed.notified().await;
            // Time enough for rows that must not be begun.
            tokio::time::sleep(Duration::from_millis(50)).await;
            return Outcome::Undecided { reason: String::new() }.into();
        }
        self.fatal.note(&ModelError::Unauthorized("wrong key".to_owned()));
        self.failed.notify_one();
        Outcome::Error(GradeError::new(ErrorKind::ModelFailed, "wrong key")).into()
    }
}

#[tokio::test]
async fn a_row_that_needed_no_call_is_kept_although_a_later_one_ended_the_run_and_none_is_begun_after_that() {
    let files = Files::responses((0..20).map(|number| number.to_string()));
    let fatal = FatalErrors::default();
    let begun = Arc::new(AtomicUsize::new(0));
    let grader = OthersFail { fatal: fatal.clone(), failed: Notify::new(), begun: Arc::clone(&begun) };
    let panel = panel([Member { grader: Arc::new(grader), ..judge("a") }]);
    let run = Run { fatal, ..files.run(&panel) };
    let ended = grade(&run, files.dataset.rows().unwrap(), files.output(), pending()).await;
    assert!(matches!(ended, Err(RunError::Model { .. })), "{ended:?}");
    assert_eq!(responses(&files.partial()), ["0"]);
    assert_eq!(begun.load(Ordering::Relaxed), 2, "rows were begun after the error that ended the run");
}

#[tokio::test]
async fn a_writer_whose_calls_can_never_succeed_ends_the_run() {
    let files = Files::responses(["a=1", "a=0", "a=1"]);
    let spent = ModelError::QuotaExhausted("no credit".to_owned());
    let ended = files.refine(&panel([component("a")]), &Scripted::new([Err(spent.clone())])).await;
    let Err(RunError::Model { error, summary }) = ended else { panic!("{ended:?}") };
    assert_eq!((error, summary.rows), (spent, 1));
    assert_eq!(responses(&files.partial()), ["a=1"]);
}

#[tokio::test]
async fn refining_counts_what_changed() {
    let files = Files::new(&[
        json!({"query": "q", "response": "a=1"}),
        json!({"query": "q", "response": "a=0"}),
        json!({"query": "q", "response": "a=0.75 b"}),
        json!({"query": "q"}),
        json!({"query": "q", "response": [1]}),
    ]);
    let summary = files.refine(&panel([component("a")]), &Scripted::saying(&["a=0.5", "a=0.25"])).await.unwrap();
    assert_eq!(
        rows(&files.out()).iter().map(|row| row["response"].clone()).collect::<Vec<_>>(),
        [json!("a=1"), json!("a=0.5"), json!("a=0.75 b"), json!("a=0.5"), json!([1])]
    );
    let refinement = summary.refinement.unwrap();
    assert_eq!((refinement.refined, refinement.improved, refinement.written), (3, 1, 1));
    let stops = [(Stop::AlreadyPassing, 1), (Stop::Rounds, 3), (Stop::Ungradable, 1)];
    assert_eq!(refinement.stops.into_iter().collect::<Vec<_>>(), stops);
    assert_eq!((refinement.before["a"].mean(), refinement.before["a"].scored), (Some(mean_of([1.0, 0.0, 0.75])), 3));
    assert_eq!((summary.graders["a"].mean(), summary.graders["a"].scored), (Some(mean_of([1.0, 0.5, 0.75, 0.5])), 4));
    assert_eq!((refinement.passed_before, summary.passed, summary.faulty), (1, 1, 1));
    assert_eq!((summary.writer_usage.calls, summary.writer_usage.prompt_tokens), (4, Some(40)));
}

fn mean_of<const N: usize>(scores: [f64; N]) -> f64 {
    let count = u32::try_from(N).unwrap();
    crate::panel::rounded(scores.iter().sum::<f64>() / f64::from(count))
}

#[tokio::test]
async fn a_reader_that_breaks_off_is_not_the_end_of_the_dataset() {
    let files = Files::responses(["a=1", "a=1"]);
    let broken = files.dataset.rows().unwrap().inspect(|row| assert_ne!(row.as_ref().unwrap().number, 2));
    let panel = panel([component("a")]);
    let ended = grade(&files.run(&panel), broken, files.output(), pending()).await;
    assert!(matches!(ended, Err(RunError::Reader)), "{ended:?}");
    assert_eq!(rows(&files.partial()).len(), 1);
    assert!(!files.out().exists());
}
