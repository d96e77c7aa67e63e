//! Runs that are kept in a directory: killed at any instant, they go on, and nothing is paid twice.

use std::{
    collections::HashMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    process::{Child, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    endpoint::{Scripted, completion},
    support::{Bench, Ran, root},
};

const CONFIG: &str =
    "[graders.helpfulness]\n[graders.syntax]\nrequired = false\n[refine]\nrounds = 3\nmax_tokens = 100\n";

/// How often a run is killed; `GRADEBOX_KILLS=200` is the long form of the test.
fn kills() -> usize {
    std::env::var("GRADEBOX_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

/// An endpoint whose answers are a function of what it is asked, and which remembers how often it was asked what.
struct Counting {
    endpoint: Scripted,
    asked: Arc<Mutex<HashMap<String, usize>>>,
}

impl Counting {
    fn start(delay: Duration) -> Self {
        let asked: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
        let counted = Arc::clone(&asked);
        let endpoint = Scripted::start(move |body| {
            let text = body.to_string();
            *counted.lock().unwrap().entry(text.clone()).or_default() += 1;
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            let number = hasher.finish() % 1000;
            std::thread::sleep(delay * u32::try_from(1 + number % 3).unwrap());
            let is_judge = body.get("response_format").is_some();
            let answer = if is_judge {
                json!({"reason": format!("reason {number}"), "score": 1 + number % 5}).to_string()
            } else {
                format!("Response {number}: \u{e9}\n")
            };
            (200, completion(&answer))
        });
        Self { endpoint, asked }
    }

    fn asked(&self) -> HashMap<String, usize> {
        self.asked.lock().unwrap().clone()
    }
}

fn dataset(bench: &Bench, rows: usize) {
    dataset_asking(bench, rows, &bench.path("").display().to_string());
}

fn dataset_asking(bench: &Bench, rows: usize, subject: &str) {
    // The cache of responses outlives the test: no two tests may ask the same.
    let question = |id| format!("Question {id} of {subject}?");
    let rows: Vec<Value> = (0..rows).map(|id| json!({"id": id, "query": question(id), "response": "No."})).collect();
    bench.write_rows("rows.jsonl", &rows);
    bench.write("gradebox.toml", CONFIG);
}

fn arguments<'a>(url: &'a str, run: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["refine", "rows.jsonl", "--model", "m", "--base-url", url, "--no-cache", "--jobs", "1"];
    all.extend(["--run", run, "-o", "refined.jsonl"]);
    all.extend(more);
    all
}

fn start(bench: &Bench, arguments: &[&str]) -> Child {
    let stderr = fs::File::options().create(true).append(true).open(bench.path("stderr")).unwrap();
    bench.command(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn().expect("gradebox starts")
}

/// The calls that resumed runs said may be made a second time.
fn calls_under_way(said: &str) -> usize {
    let told = said.lines().filter_map(|line| line.split(" done, ").nth(1)?.split(' ').next()?.parse::<usize>().ok());
    told.sum()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been() {
    let undisturbed = Bench::new();
    let kills = kills();
    // Between two kills, some twenty rows are done.
    let rows = 25 * kills;
    dataset_asking(&undisturbed, rows, "a");
    let calm = Counting::start(Duration::ZERO);
    undisturbed.run(&arguments(&calm.endpoint.url, "run", &[])).expect_status(0);
    let expected = fs::read_to_string(undisturbed.path("refined.jsonl")).unwrap();

    let bench = Bench::new();
    dataset_asking(&bench, rows, "a");
    let endpoint = Counting::start(Duration::from_millis(15));
    let url = endpoint.endpoint.url.clone();
    // Instants that no clock of the run knows: spread over its whole length by a fixed sequence.
    let mut state = 12345_u64;
    let mut killed = 0;
    for _ in 0..kills {
        // On a busy machine the first ones may be killed before there is a run to resume.
        let more: &[&str] = if bench.path("run/run.json").exists() { &["--resume"] } else { &[] };
        let mut child = start(&bench, &arguments(&url, "run", more));
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(60 + (state >> 33) % 400));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(killed * 4 >= kills * 3, "only {killed} of {kills} kills met a run");
    // A loss of power may tear what was written last.
    let results = bench.path("run/results.jsonl");
    if let Ok(bytes) = fs::read(&results) {
        fs::write(&results, &bytes[..bytes.len().saturating_sub(10)]).unwrap();
    }
    let last = bench.run(&arguments(&url, "run", &["--resume"])).expect_status(0);

    assert_eq!(fs::read_to_string(bench.path("refined.jsonl")).unwrap(), expected);
    let asked = endpoint.asked();
    let mut questions: Vec<&String> = asked.keys().collect();
    questions.sort();
    let calm_asked = calm.asked();
    let mut calm_questions: Vec<&String> = calm_asked.keys().collect();
    calm_questions.sort();
    assert_eq!(questions, calm_questions, "other questions than those of an undisturbed run");
    let again: usize = asked.values().map(|times| times - 1).sum();
    let said = fs::read_to_string(bench.path("stderr")).unwrap() + &last.stderr;
    let counted = calls_under_way(&said);
    assert!(again <= counted, "{again} calls were made again, and only {counted} were under way at a kill:\n{said}");
}

fn refine(bench: &Bench, url: &str, more: &[&str]) -> Ran {
    let mut all = vec!["refine", "rows.jsonl", "--model", "m", "--base-url", url, "--jobs", "1", "-o", "refined.jsonl"];
    all.extend(more);
    bench.run(&all)
}

#[test]
fn a_second_identical_run_makes_no_call_and_gives_the_same_rows() {
    let bench = Bench::new();
    dataset(&bench, 10);
    let endpoint = Counting::start(Duration::ZERO);
    refine(&bench, &endpoint.endpoint.url, &[]).expect_status(0);
    let (first, calls) = (fs::read(bench.path("refined.jsonl")).unwrap(), endpoint.endpoint.requests());
    assert!(calls > 0);
    refine(&bench, &endpoint.endpoint.url, &[]).expect_status(0).expect_stderr(&["from the cache"]);
    assert_eq!(endpoint.endpoint.requests(), calls);
    assert_eq!(fs::read(bench.path("refined.jsonl")).unwrap(), first);
    refine(&bench, &endpoint.endpoint.url, &["--no-cache"]).expect_status(0);
    assert_eq!(endpoint.endpoint.requests(), 2 * calls);
}

#[test]
fn a_budget_is_never_exceeded_and_a_larger_one_continues_the_run() {
    let bench = Bench::new();
    dataset(&bench, 30);
    // Slow, so that calls are under way where the budget ends.
    let endpoint = Counting::start(Duration::from_millis(20));
    let url = endpoint.endpoint.url.clone();
    bench.write("gradebox.toml", format!("{CONFIG}budget = {{ calls = 40 }}\n"));
    let run = ["--run", "run", "--no-cache"];
    refine(&bench, &url, &run).expect_status(1).expect_stderr(&["budget (calls = 40)", "--resume"]);
    assert_eq!(endpoint.endpoint.requests(), 40);
    assert!(!bench.path("refined.jsonl").exists());
    bench.write("gradebox.toml", format!("{CONFIG}budget = {{ calls = 10000 }}\n"));
    let ran = refine(&bench, &url, &["--run", "run", "--resume", "--no-cache"]).expect_status(0);
    assert!(!ran.stderr.contains("under way"), "{}", ran.stderr);
    assert_eq!(bench.read_rows("refined.jsonl").len(), 30);
    assert!(endpoint.asked().values().all(|times| *times == 1), "a call was made twice");
}

#[test]
fn without_a_directory_a_spent_budget_leaves_the_other_rows_unrefined() {
    let bench = Bench::new();
    let endpoint = Counting::start(Duration::ZERO);
    bench.write("gradebox.toml", "[graders.syntax]\n[refine]\nmax_tokens = 100\nbudget = { tokens = 1000 }\n");
    let rows: Vec<Value> =
        (0..30).map(|id| json!({"id": id, "query": "q", "response": "```python\nx =\n```"})).collect();
    bench.write_rows("rows.jsonl", &rows);
    refine(&bench, &endpoint.endpoint.url, &["--no-cache"]).expect_status(1);
    let refined = bench.read_rows("refined.jsonl");
    assert_eq!(refined.len(), 30);
    let tokens = endpoint.endpoint.requests() * 15;
    assert!((1..=1000).contains(&tokens), "{tokens} tokens");
    assert!(refined.iter().any(|row| row["refinement"]["stop"] == "budget"), "{refined:?}");
    assert!(refined.iter().all(|row| row["response"] == "```python\nx =\n```"));
}

#[test]
fn a_run_that_was_told_otherwise_is_not_continued() {
    let bench = Bench::new();
    dataset(&bench, 3);
    let endpoint = Counting::start(Duration::ZERO);
    let url = endpoint.endpoint.url.clone();
    refine(&bench, &url, &["--run", "run"]).expect_status(0);
    refine(&bench, &url, &["--run", "run"]).expect_status(2).expect_stderr(&["holds a run already", "--resume"]);
    refine(&bench, &url, &["--run", "none", "--resume"]).expect_status(2).expect_stderr(&["holds no run"]);
    refine(&bench, &url, &["--run", "run", "--resume", "--rounds", "5"])
        .expect_status(2)
        .expect_stderr(&["plan.refine.rounds was 3, and is 5"]);
    bench.write_rows("rows.jsonl", &[json!({"id": 1, "query": "other", "response": "r"})]);
    refine(&bench, &url, &["--run", "run", "--resume"]).expect_status(2).expect_stderr(&["dataset.sha256"]);
}

#[test]
fn no_key_reaches_a_file_of_the_run() {
    let bench = Bench::new().with("OPENAI_API_KEY", "sk-very-secret");
    dataset(&bench, 3);
    let endpoint = Counting::start(Duration::ZERO);
    let url = endpoint.endpoint.url.replace("http://", "http://user:sk-very-secret@");
    refine(&bench, &url, &["--run", "run"]).expect_status(0);
    for folder in [bench.path("run"), root().join("target/test-cache/responses")] {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
            assert!(!text.contains("sk-very-secret"), "{}", entry.path().display());
        }
    }
}

#[test]
fn answers_from_the_cache_are_on_record_so_that_the_cache_may_go() {
    let bench = Bench::new();
    dataset(&bench, 3);
    let endpoint = Counting::start(Duration::ZERO);
    let url = endpoint.endpoint.url.clone();
    refine(&bench, &url, &[]).expect_status(0);
    let asked = endpoint.endpoint.requests();
    refine(&bench, &url, &["--run", "run"]).expect_status(0);
    assert_eq!(endpoint.endpoint.requests(), asked, "the second run is answered by the cache");
    let expected = fs::read_to_string(bench.path("refined.jsonl")).unwrap();
    // As if it had been killed before its first row was done, and the cache deleted.
    bench.write("run/results.jsonl", "");
    refine(&bench, &url, &["--run", "run", "--resume", "--no-cache"]).expect_status(0);
    assert_eq!(endpoint.endpoint.requests(), asked, "the resumed run is answered by its record");
    assert_eq!(fs::read_to_string(bench.path("refined.jsonl")).unwrap(), expected);
}

#[test]
fn rows_that_ended_in_an_error_are_done_anew_and_only_what_failed_is_asked_again() {
    let bench = Bench::new();
    dataset(&bench, 4);
    let is_well = Arc::new(AtomicBool::new(false));
    let endpoint = Scripted::start({
        let is_well = Arc::clone(&is_well);
        move |body| {
            let text = body.to_string();
            let fails = text.contains("Question 2 ") && text.to_lowercase().contains("harm");
            let well = json!({"reason": "fine", "score": 5}).to_string();
            (200, completion(if fails && !is_well.load(Ordering::SeqCst) { "I would rather not say." } else { &well }))
        }
    });
    let grade = |more: &[&str]| {
        let url = endpoint.url.as_str();
        let mut all = vec!["grade", "rows.jsonl", "-g", "helpfulness", "-g", "harmfulness", "--model", "m"];
        all.extend(["--base-url", url, "--run", "run", "--no-cache", "--jobs", "1", "-o", "graded.jsonl"]);
        all.extend(more);
        bench.run(&all)
    };
    grade(&[]).expect_status(1).expect_stderr(&["--run run --resume --retry-errors"]);
    let before = bench.read_rows("run/results.jsonl");
    assert_eq!(before[2]["grades"]["harmfulness"]["kind"], json!("judge-unparsable"));
    let asked = endpoint.requests();
    // A retry that was killed has left this behind; it is neither taken for the results nor in the way.
    bench.write("run/results.retry.jsonl", "{\"id\": 0, \"torn");
    grade(&["--resume"]).expect_status(0);
    assert_eq!((bench.read_rows("graded.jsonl"), endpoint.requests()), (before.clone(), asked));

    // Still unwell: the row stays an error, and nothing else is touched.
    grade(&["--resume", "--retry-errors"]).expect_status(1).expect_stderr(&["1 row that ended in an error"]);
    assert_eq!(bench.read_rows("graded.jsonl"), before);
    assert_eq!(endpoint.requests(), asked + 2, "the judge is asked twice, and the other judge's answer stands");

    is_well.store(true, Ordering::SeqCst);
    grade(&["--resume", "--retry-errors"]).expect_status(0);
    assert_eq!(endpoint.requests(), asked + 3);
    let after = bench.read_rows("graded.jsonl");
    assert_eq!(after, bench.read_rows("run/results.jsonl"));
    assert_eq!(after[2]["grades"]["harmfulness"]["outcome"], json!("scored"));
    assert_eq!(after[2]["grades"]["helpfulness"], before[2]["grades"]["helpfulness"]);
    assert_eq!([&after[0], &after[1], &after[3]], [&before[0], &before[1], &before[3]]);
    assert!(!bench.path("run/results.retry.jsonl").exists());
    grade(&["--resume", "--retry-errors"]).expect_status(0).expect_stderr(&["0 rows that ended in an error"]);
    assert_eq!((bench.read_rows("graded.jsonl"), endpoint.requests()), (after, asked + 3));
}
