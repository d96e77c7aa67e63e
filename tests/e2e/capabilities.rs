//! What components may use: programs unless the user says otherwise, models only where the user grants them.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    endpoint::{Scripted, completion},
    support::{Bench, grade, hostile_graders, root},
};

/// The grader `supported-claims`, which asks once for the claims and then once for each.
fn with_claims(bench: &Bench) -> String {
    let built = root().join("target/examples/graders/supported-claims.wasm");
    let bytes = fs::read(&built).expect("target/examples/graders/supported-claims.wasm: run `make graders` first");
    bench.write("own/supported-claims.wasm", bytes);
    bench.path("own").display().to_string()
}

/// An endpoint that finds a claim in each line of a response, and takes a claim with an odd number for supported.
struct ClaimsModel {
    endpoint: Scripted,
    asked: Arc<Mutex<Vec<String>>>,
    most_at_once: Arc<AtomicUsize>,
}

impl ClaimsModel {
    fn start(delay: Duration) -> Self {
        let (asked, most_at_once) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicUsize>::default());
        let (remembered, most, at_once) = (Arc::clone(&asked), Arc::clone(&most_at_once), AtomicUsize::new(0));
        let endpoint = Scripted::start(move |body| {
            most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(delay);
            let prompt = body["messages"][0]["content"].as_str().unwrap().to_owned();
            let answer = match prompt.split("<text>\n").nth(1) {
                Some(text) => {
                    let lines: Vec<&str> = text.lines().take_while(|line| *line != "</text>").collect();
                    json!({"claims": lines})
                }
                None => json!({"supported": prompt.contains("odd")}),
            };
            remembered.lock().unwrap().push(prompt);
            at_once.fetch_sub(1, Ordering::SeqCst);
            (200, completion(&answer.to_string()))
        });
        Self { endpoint, asked, most_at_once }
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = self.asked.lock().unwrap().clone();
        asked.sort();
        asked
    }

    fn config(&self, more: &str) -> String {
        format!("[models.small]\nbase_url = \"{}\"\n[graders.supported-claims]\n{more}", self.endpoint.url)
    }
}

const GRANTED: &str = "roles = { judge = \"small\" }\n";

fn row(id: usize, subject: &str) -> Value {
    json!({"id": id, "response": format!("claim {id} odd of {subject}\nclaim {id} even of {subject}"), "context": "C"})
}

#[test]
fn a_component_asks_the_model_that_it_was_granted() {
    let bench = Bench::new();
    let own = with_claims(&bench);
    let model = ClaimsModel::start(Duration::ZERO);
    bench.write("gradebox.toml", model.config(GRANTED));
    let (ran, graded) = bench.grade(&[row(1, "x")], &["--graders", &own, "--no-cache"]);
    ran.expect_status(0);
    let grade = grade(&graded[0], "supported-claims");
    assert_eq!((&grade["score"], &grade["pass"]), (&json!(0.5), &json!(false)));
    assert_eq!(grade["reason"], "the context does not support: claim 1 even of x");
    let calls = grade["details"]["model_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 3);
    assert_eq!((&calls[0]["role"], &calls[0]["model"]), (&json!("judge"), &json!("small")));
    assert!(calls[0]["usage"]["prompt_tokens"].is_u64(), "{grade}");
    // Done again for each answer, the grade asked for none of them twice.
    assert_eq!(model.asked().len(), 3);
}

#[test]
fn what_was_not_granted_is_denied_and_the_line_to_add_is_named() {
    let bench = Bench::new();
    let own = with_claims(&bench);
    let model = ClaimsModel::start(Duration::ZERO);
    bench.write("gradebox.toml", model.config(""));
    let (ran, graded) = bench.grade(&[row(1, "x")], &["--graders", &own]);
    ran.expect_status(1).expect_stderr(&["roles = { ROLE = \"MODEL\" }` in [graders.supported-claims]"]);
    let denied = grade(&graded[0], "supported-claims");
    assert_eq!((&denied["outcome"], &denied["kind"]), (&json!("error"), &json!("capability-denied")));
    let reason = denied["reason"].as_str().unwrap();
    assert!(reason.contains("`roles = { judge = \"MODEL\" }` in [graders.supported-claims]"), "{reason}");
    assert!(model.asked().is_empty());
    bench.run(&["check", "own/supported-claims.wasm"]).expect_status(0);

    bench.write("gradebox.toml", model.config("roles = { judge = \"smal\" }\n"));
    let (ran, _) = bench.grade(&[row(1, "x")], &["--graders", &own]);
    ran.expect_status(2).expect_stderr(&["unknown model `smal`", "[graders.supported-claims]", "`small`"]);
    bench.write("gradebox.toml", model.config("budget = { calls = 1 }\n"));
    let (ran, _) = bench.grade(&[row(1, "x")], &["--graders", &own]);
    ran.expect_status(2).expect_stderr(&["no `roles` to spend it on"]);
}

#[test]
fn a_grade_that_waits_for_a_model_holds_no_worker() {
    let bench = Bench::new();
    let own = with_claims(&bench);
    let model = ClaimsModel::start(Duration::from_millis(100));
    bench.write("gradebox.toml", model.config(GRANTED));
    let rows: Vec<Value> = (0..12).map(|id| row(id, "y")).collect();
    let (ran, graded) = bench.grade(&rows, &["--graders", &own, "--no-cache", "--jobs", "1"]);
    ran.expect_status(0);
    assert!(graded.iter().all(|row| grade(row, "supported-claims")["score"] == 0.5));
    let most = model.most_at_once.load(Ordering::SeqCst);
    assert!(most >= 4, "one worker had {most} calls under way at once");
}

#[test]
fn a_run_that_is_killed_pays_for_no_answer_twice() {
    let bench = Bench::new();
    let own = with_claims(&bench);
    let model = ClaimsModel::start(Duration::from_millis(40));
    bench.write("gradebox.toml", model.config(GRANTED));
    let rows: Vec<Value> = (0..30).map(|id| row(id, "z")).collect();
    bench.write_rows("rows.jsonl", &rows);
    let arguments = |more: &[&'static str]| {
        let mut all = vec!["grade", "rows.jsonl", "--graders", &own, "--no-cache", "--jobs", "1", "--run", "run"];
        all.extend(["-o", "graded.jsonl"]);
        all.extend(more);
        all.into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    let run = |more: &[&'static str]| {
        let all = arguments(more);
        bench.command(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut child = run(&[]).stderr(std::process::Stdio::null()).spawn().unwrap();
    while model.asked().len() < 20 {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = run(&["--resume"]).output().unwrap();
    let said = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(resumed.status.success(), "{said}");
    let graded = bench.read_rows("graded.jsonl");
    assert_eq!(graded.len(), 30);
    assert!(graded.iter().all(|row| grade(row, "supported-claims")["score"] == 0.5));
    let asked = model.asked();
    let mut once = asked.clone();
    once.dedup();
    assert_eq!(once.len(), 90);
    let under_way = said.split(" done, ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    assert!(asked.len() - once.len() <= under_way.unwrap_or(0), "{} of {}: {said}", asked.len(), once.len());
}

fn hostile(bench: &Bench, url: &str, how: &str, more: &str) -> Value {
    let directory: PathBuf = hostile_graders(bench);
    bench.write("gradebox.toml", format!("[models.m]\nbase_url = \"{url}\"\n[graders.hostile]\n{more}"));
    let directory = directory.display().to_string();
    let (_, graded) =
        bench.grade(&[json!({"id": 1, "response": how})], &["--graders", &directory, "--no-cache", "--jobs", "1"]);
    grade(&graded[0], "hostile").clone()
}

#[test]
fn a_grader_gets_no_more_of_models_than_it_was_granted() {
    let bench = Bench::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let endpoint = Scripted::start(move |body| {
        counted.fetch_add(1, Ordering::SeqCst);
        assert_eq!(body["model"], "m");
        (200, completion("Fine."))
    });
    let granted = "roles = { judge = \"m\" }\n";
    let ask = |how: &str, more: &str| {
        let before = asked.load(Ordering::SeqCst);
        let grade = hostile(&bench, &endpoint.url, how, &format!("{granted}{more}"));
        let kind = grade["kind"].as_str().or(grade["outcome"].as_str()).unwrap().to_owned();
        (kind, grade["reason"].as_str().unwrap().to_owned(), asked.load(Ordering::SeqCst) - before)
    };
    let (kind, reason, calls) = ask("ask a model", "");
    assert_eq!((kind.as_str(), calls), ("scored", 1));
    assert!(reason.contains("\"Fine.\""), "{reason}");
    let (kind, reason, calls) = ask("ask without end", "");
    assert_eq!((kind.as_str(), calls), ("grader-limit", 16), "{reason}");
    assert!(reason.contains("`budget_per_grade` in [graders.hostile]"), "{reason}");
    let (kind, reason, calls) = ask("ask without end", "budget_per_grade = { calls = 3 }\n");
    assert_eq!((kind.as_str(), calls), ("grader-limit", 3), "{reason}");
    let (kind, reason, calls) = ask("ask without end", "budget = { calls = 2 }\n");
    assert_eq!((kind.as_str(), calls), ("budget", 2), "{reason}");
    assert!(reason.contains("`budget` in [graders.hostile]"), "{reason}");
    let (kind, reason, calls) = ask("ask another model", "");
    assert_eq!((kind.as_str(), calls), ("bad-result", 0), "{reason}");
    let (kind, reason, calls) = ask("ask in another role", "");
    assert_eq!((kind.as_str(), calls), ("capability-denied", 0), "{reason}");
    let (kind, reason, calls) = ask("ask for gigabytes", "");
    assert_eq!((kind.as_str(), calls), ("bad-result", 0), "{reason}");
    let (kind, reason, calls) = ask("ask by the clock", "");
    assert_eq!((kind.as_str(), calls), ("scored", 1), "{reason}");
    let (kind, reason, calls) = ask("run a loop", "programs = false\n");
    assert_eq!((kind.as_str(), calls), ("capability-denied", 0), "{reason}");
    assert!(reason.contains("`programs = true` in [graders.hostile]"), "{reason}");
}

#[test]
fn the_budget_of_a_grader_counts_what_it_used_before_the_run_was_resumed() {
    let bench = Bench::new();
    let own = with_claims(&bench);
    let model = ClaimsModel::start(Duration::ZERO);
    bench.write("gradebox.toml", model.config(&format!("{GRANTED}budget = {{ calls = 7 }}\n")));
    let rows: Vec<Value> = (0..4).map(|id| row(id, "w")).collect();
    bench.write_rows("rows.jsonl", &rows);
    let arguments = ["grade", "rows.jsonl", "--graders", &own, "--no-cache", "--jobs", "1", "--run", "run"];
    bench.run(&arguments).expect_status(1);
    assert_eq!(model.asked().len(), 7);
    // Nothing but the last row is left to do, and no call is left for it.
    let results = fs::read_to_string(bench.path("run/results.jsonl")).unwrap();
    let kept: String = results.split_inclusive('\n').take(3).collect();
    fs::write(bench.path("run/results.jsonl"), kept).unwrap();
    let mut resumed = arguments.to_vec();
    resumed.push("--resume");
    bench.run(&resumed).expect_status(1);
    assert_eq!(model.asked().len(), 7);
}
