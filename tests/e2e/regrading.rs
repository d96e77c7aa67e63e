//! `gradebox regrade`: the attempts of an earlier refinement under other graders, without a writer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};

use crate::{
    endpoint::{Scripted, completion},
    support::{Bench, grade},
};

const BROKEN: &str = "```python\nx =\n```";
const PLAIN: &str = "```python\nx = 1\n```";
const FUNCTION: &str = "```python\ndef f(n):\n    return n + 1\n```";

fn row(id: u32, response: &str) -> Value {
    json!({"id": id, "query": format!("Write f, {id}."), "response": response,
           "tests": {"fn_name": "f", "inputs": [[1]], "outputs": [2]}})
}

/// Three rows refined by `syntax`, for which the plain program is as good as the function: one that is repaired, one
/// that passes, one without a response. Gives back what the writer was asked.
fn refined(bench: &Bench, output: &str) -> usize {
    let endpoint = Scripted::start(|body| {
        let is_first = body["seed"].as_u64() == Some(0);
        (200, completion(if is_first { PLAIN } else { FUNCTION }))
    });
    let mut open = row(3, "");
    open["response"] = Value::Null;
    bench.write_rows("rows.jsonl", &[row(1, BROKEN), row(2, FUNCTION), open]);
    bench.write("gradebox.toml", "[refine]\nrounds = 1\ncandidates = 2\n");
    let arguments = ["refine", "rows.jsonl", "-g", "syntax", "--model", "m", "--base-url", &endpoint.url, "--no-cache"];
    bench.run(&[&arguments[..], &["--run", "run", "-o", output]].concat()).expect_status(0);
    std::fs::remove_file(bench.path("gradebox.toml")).unwrap();
    endpoint.requests()
}

fn regrade(bench: &Bench, of: &str, more: &[&str]) -> Vec<Value> {
    bench.run(&[&["regrade", of, "-o", "regraded.jsonl"][..], more].concat()).expect_status(0);
    bench.read_rows("regraded.jsonl")
}

#[test]
fn recorded_attempts_are_chosen_among_by_other_graders_without_a_model() {
    let bench = Bench::new();
    assert_eq!(refined(&bench, "refined.jsonl"), 3);
    let before = bench.read_rows("refined.jsonl");
    assert_eq!((&before[0]["response"], &before[2]["response"]), (&json!(PLAIN), &json!(PLAIN)));
    let after = regrade(&bench, "run", &["-g", "code-execution"]);
    assert_eq!(after[0]["response"], FUNCTION, "{}", after[0]);
    assert_eq!(after[0]["original_response"], BROKEN);
    assert_eq!(after[1]["response"], FUNCTION);
    assert_eq!(after[2]["response"], PLAIN, "the only attempt");
    for (row, before) in after.iter().zip(&before) {
        let (refinement, earlier) = (&row["refinement"], &before["refinement"]);
        assert_eq!((&refinement["stop"], &refinement["rounds"]), (&json!("regraded"), &earlier["rounds"]));
        assert_eq!(refinement["usage"]["writer"], earlier["usage"]["writer"], "what the responses cost");
        let said = |attempts: &Value| {
            attempts.as_array().unwrap().iter().map(|one| one["response"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(said(&refinement["attempts"]), said(&earlier["attempts"]));
        let names: Vec<&String> = row["grades"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["code-execution"]);
        assert!(row.get("original_response").is_some() == (row["id"] == json!(1)), "{row}");
    }
    assert_eq!(grade(&after[2], "code-execution")["score"].as_f64(), Some(0.0));
    assert!(after[0]["refinement_notes"]["code-execution"]["reason"].is_string(), "{}", after[0]);
    // What reads refined rows reads these.
    let report: Value =
        serde_json::from_str(&bench.run(&["report", "regraded.jsonl", "--json"]).expect_status(0).stdout).unwrap();
    assert_eq!((&report["refinement"]["stops"], &report["passing"]["gained"]), (&json!({"regraded": 3}), &json!(1)));
    let pairs = bench.run(&["export", "regraded.jsonl", "--to", "dpo"]).expect_status(0).stdout;
    assert_eq!(crate::support::rows(&pairs).len(), 1);
}

#[test]
fn every_format_of_a_refinement_is_regraded_alike() {
    let bench = Bench::new();
    refined(&bench, "refined.parquet");
    let of_run = regrade(&bench, "run", &["-g", "code-execution"]);
    assert_eq!(regrade(&bench, "run/results.jsonl", &["-g", "code-execution"]), of_run);
    let of_table = regrade(&bench, "refined.parquet", &["-g", "code-execution"]);
    for (row, same) in of_table.iter().zip(&of_run) {
        let filled = |row: &Value| {
            row.as_object()
                .unwrap()
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect::<std::collections::BTreeMap<_, _>>()
        };
        assert_eq!(filled(row), filled(same));
    }
    // And once more, from a table that was regraded: with the first graders, the first choice comes back.
    bench.run(&["regrade", "refined.parquet", "-g", "code-execution", "-o", "regraded.parquet"]).expect_status(0);
    let back = regrade(&bench, "regraded.parquet", &["-g", "syntax"]);
    assert_eq!((&back[0]["response"], &back[0]["original_response"]), (&json!(PLAIN), &json!(BROKEN)));
}

#[test]
fn a_regrading_in_a_directory_goes_on_and_asks_judges_once() {
    let bench = Bench::new();
    refined(&bench, "refined.jsonl");
    let endpoint = Scripted::start(|body| {
        assert!(body.get("response_format").is_some(), "the writer was asked: {body}");
        let is_function = body.to_string().contains("def f");
        (200, completion(&json!({"reason": "seen", "score": if is_function { 5 } else { 2 }}).to_string()))
    });
    let arguments = ["regrade", "run", "-g", "helpfulness", "--model", "m", "--base-url", &endpoint.url, "--no-cache"];
    let run = |more: &[&str]| bench.run(&[&arguments[..], &["--run", "again", "-o", "regraded.jsonl"], more].concat());
    run(&[]).expect_status(0);
    let first = bench.read_rows("regraded.jsonl");
    assert_eq!(first[0]["response"], FUNCTION);
    assert_eq!(endpoint.requests(), 3 + 1 + 1, "each attempt once");
    // As if it had been killed before the last row was written.
    let results = std::fs::read_to_string(bench.path("again/results.jsonl")).unwrap();
    let two: String = results.lines().take(2).flat_map(|line| [line, "\n"]).collect();
    bench.write("again/results.jsonl", two);
    run(&[]).expect_status(2).expect_stderr(&["holds a run already"]);
    run(&["--resume"]).expect_status(0);
    assert_eq!((bench.read_rows("regraded.jsonl"), endpoint.requests()), (first, 5));
    let other = bench.run(&["regrade", "run", "-g", "syntax", "--run", "again", "--resume"]).expect_status(2);
    other.expect_stderr(&["was told otherwise"]);
}

#[test]
fn an_attempt_without_a_grade_that_may_come_is_asked_for_again() {
    let bench = Bench::new();
    refined(&bench, "refined.jsonl");
    let is_well = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_well);
    let endpoint = Scripted::start(move |body| {
        let is_function = body.to_string().contains("def f") && body.to_string().contains("Write f, 1.");
        if is_function && !told.load(Ordering::SeqCst) {
            return (200, completion("banana"));
        }
        (200, completion(&json!({"reason": "seen", "score": if is_function { 5 } else { 2 }}).to_string()))
    });
    let arguments = ["regrade", "refined.jsonl", "-g", "helpfulness", "--model", "m", "--base-url", &endpoint.url];
    let run = |more: &[&str]| {
        bench.run(&[&arguments[..], &["--no-cache", "--run", "again", "-o", "regraded.jsonl"], more].concat())
    };
    run(&[]).expect_status(1).expect_stderr(&["--retry-errors"]);
    assert_ne!(bench.read_rows("regraded.jsonl")[0]["response"], FUNCTION);
    let before = endpoint.requests();
    is_well.store(true, Ordering::SeqCst);
    run(&["--resume", "--retry-errors"]).expect_status(0);
    assert_eq!(bench.read_rows("regraded.jsonl")[0]["response"], FUNCTION);
    assert_eq!(endpoint.requests(), before + 1, "nothing else is asked again");
}

#[test]
fn what_has_no_attempts_is_refused_and_a_broken_record_is_the_error_of_its_row() {
    let bench = Bench::new();
    bench.grade(&[row(1, PLAIN)], &["-g", "syntax"]);
    let ran = bench.run(&["regrade", "graded.jsonl", "-g", "syntax"]).expect_status(2);
    ran.expect_stderr(&["graded.jsonl has the column `refinement`", "`gradebox grade`"]);
    bench.run(&["regrade", ".", "-g", "syntax"]).expect_status(2).expect_stderr(&["holds no run"]);
    let mut broken = row(1, PLAIN);
    broken["refinement"] = json!({"stop": "passed", "attempts": [{"grades": {}}]});
    let mut fine = row(2, PLAIN);
    fine["refinement"] = json!({"stop": "passed", "attempts": [{"response": PLAIN}]});
    bench.write_rows("rows.jsonl", &[broken.clone(), fine, row(3, FUNCTION)]);
    bench.run(&["regrade", "rows.jsonl", "-g", "syntax", "-o", "regraded.jsonl"]).expect_status(1);
    let regraded = bench.read_rows("regraded.jsonl");
    let verdict = grade(&regraded[0], "syntax");
    assert_eq!(verdict["kind"], "invalid-sample");
    assert_eq!(verdict["reason"], "row 1: the column `refinement` has an attempt 0 without the text of a `response`");
    assert_eq!(regraded[0]["refinement"], broken["refinement"]);
    for row in &regraded[1..] {
        assert_eq!(
            (&row["refinement"]["stop"], &row["assessment"]["pass"]),
            (&json!("regraded"), &json!(true)),
            "{row}"
        );
    }
}

#[test]
fn the_final_comparison_is_made_again_and_its_time_is_recorded() {
    let bench = Bench::new();
    let endpoint = Scripted::start(|body| {
        if body.get("response_format").is_none() {
            let is_first = body["seed"].as_u64() == Some(0);
            return (200, completion(if is_first { PLAIN } else { FUNCTION }));
        }
        let text = body["messages"].to_string();
        let [plain, function] = ["x = 1", "def f"].map(|part| text.rfind(part).expect("both responses"));
        let ranks = if plain < function { [2, 1] } else { [1, 2] };
        (200, completion(&json!({"reason": "seen", "ranks": ranks}).to_string()))
    });
    bench.write("gradebox.toml", "[graders.syntax]\n[refine]\nrounds = 1\ncandidates = 2\nfinal = \"quality\"\n");
    bench.write_rows("rows.jsonl", &[row(1, BROKEN)]);
    let model = ["--model", "m", "--base-url", &endpoint.url, "--no-cache"];
    bench.run(&[&["refine", "rows.jsonl", "--run", "run"][..], &model].concat()).expect_status(0);
    bench.run(&[&["regrade", "run", "--run", "again", "-o", "regraded.jsonl"][..], &model].concat()).expect_status(0);
    let regraded = bench.read_rows("regraded.jsonl");
    assert_eq!(
        (&regraded[0]["response"], &regraded[0]["refinement"]["final"]["preferred"]),
        (&json!(FUNCTION), &json!(2))
    );
    assert_eq!(endpoint.requests(), 2 + 2 + 2, "two candidates, and two orders of them twice");
    for run in ["run", "again"] {
        let times = std::fs::read_to_string(bench.path(&format!("{run}/times.jsonl"))).unwrap();
        let row: Value = serde_json::from_str(times.lines().next().unwrap()).unwrap();
        assert!(row["graders"]["quality"].as_f64() > Some(0.0), "{row}");
        let report: Value =
            serde_json::from_str(&bench.run(&["report", run, "--json"]).expect_status(0).stdout).unwrap();
        assert!(report["graders"]["quality"]["effort"]["seconds"].as_f64() > Some(0.0), "{report}");
    }
}

#[test]
fn the_columns_of_the_run_are_known_and_a_conversation_keeps_no_answer() {
    let bench = Bench::new();
    let endpoint = Scripted::saying(FUNCTION);
    let turns =
        |response: &str| json!([{"role": "user", "content": "Write f."}, {"role": "assistant", "content": response}]);
    let tests = json!({"fn_name": "f", "inputs": [[1]], "outputs": [2]});
    let row =
        |id: u32, response: &str| json!({"id": id, "talk": turns(response), "prompt": "Write f.", "checks": tests});
    bench.write_rows("rows.jsonl", &[row(1, PLAIN), row(2, FUNCTION)]);
    let arguments = ["refine", "rows.jsonl", "-g", "code-execution", "--map", "messages=talk", "--map", "tests=checks"];
    let model = ["--model", "m", "--base-url", &endpoint.url, "--rounds", "1", "--no-cache", "--run", "run"];
    bench.run(&[&arguments[..], &model].concat()).expect_status(0);
    let regraded = regrade(&bench, "run", &["-g", "code-execution"]);
    for row in &regraded {
        assert_eq!((&row["response"], &row["assessment"]["pass"]), (&json!(FUNCTION), &json!(true)), "{row}");
    }
    let sft = crate::support::rows(&bench.run(&["export", "run", "--to", "sft"]).expect_status(0).stdout);
    assert_eq!(sft.len(), 2, "a row that passed has a response, too");
    for row in &sft {
        assert_eq!(row["messages"], turns(FUNCTION), "{row}");
    }
}

#[test]
fn a_dry_run_foretells_what_a_regrading_asks() {
    let bench = Bench::new();
    refined(&bench, "refined.jsonl");
    let endpoint = Scripted::saying(&json!({"reason": "so", "score": 1}).to_string());
    let graders = "[graders.helpfulness]\nmodel = \"m\"\nvotes = 2\nearly_stop = false\n[graders.code-execution]\n";
    bench.write("gradebox.toml", format!("[models.m]\nbase_url = \"{}\"\n{graders}", endpoint.url));
    let dry = ["regrade", "run", "--run", "again", "--no-cache", "--dry-run"];
    let text = bench.run(&dry).expect_status(0);
    assert!(text.stdout.contains("3 rows to grade again; 3 looked at"), "{}", text.stdout);
    let ran = bench.run(&[&dry[..], &["--json"]].concat()).expect_status(0);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((endpoint.requests(), bench.path("again").exists()), (0, false), "a dry run asks and writes nothing");
    let attempts: usize = bench.read_rows("refined.jsonl").iter().map(attempts_of).sum();
    assert!(attempts > 3, "some rows have several");
    assert_eq!(told["expected"]["calls"], 2 * attempts, "{told}");
    assert_eq!(told["worst"]["calls"], 4 * attempts, "{told}");
    bench.run(&["regrade", "run", "--run", "again", "--no-cache", "-o", "regraded.jsonl"]).expect_status(0);
    assert_eq!(endpoint.requests(), 2 * attempts);
    bench.write_rows("plain.jsonl", &[row(1, PLAIN)]);
    bench.run(&["regrade", "plain.jsonl", "--dry-run"]).expect_status(2).expect_stderr(&["no row of", "`refinement`"]);
}

fn attempts_of(row: &Value) -> usize {
    row["refinement"]["attempts"].as_array().map_or(0, Vec::len)
}
