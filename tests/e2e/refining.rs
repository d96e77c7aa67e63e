//! `gradebox refine` and LLM judges, with the real model server for the protocol and a scripted endpoint for its faults.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::{
    endpoint::{Scripted, completion, model_server},
    support::{Bench, Ran, grade, root},
};

const FACTORIAL: &str = "\n    def factorial(n):\n        if n = 1:\n            return 1\n        else:\n            return n * factorial(n-1)\n    ";

fn factorial_row() -> Value {
    json!({"id": "factorial", "query": "Write a Python function to calculate the factorial of a number", "response": FACTORIAL,
           "tests": {"fn_name": "factorial", "inputs": [[1], [5], [7]], "outputs": [1, 120, 5040]}})
}

fn refine(bench: &Bench, rows: &[Value], url: &str, arguments: &[&str]) -> (Ran, Vec<Value>) {
    bench.write_rows("rows.jsonl", rows);
    let mut all = vec!["refine", "rows.jsonl", "-o", "refined.jsonl", "--model", "smollm2-135m", "--base-url", url];
    all.extend(arguments);
    let ran = bench.run(&all);
    let refined = if bench.path("refined.jsonl").exists() { bench.read_rows("refined.jsonl") } else { vec![] };
    (ran, refined)
}

#[test]
fn the_real_model_repairs_the_guides_factorial() {
    let bench = Bench::new();
    bench.write(
        "gradebox.toml",
        "[graders.syntax]\n[graders.code-execution]\n[refine]\nrounds = 6\npatience = 6\ntemperature = 0.7\nseed = 1\nmax_tokens = 300\n",
    );
    let (ran, refined) = refine(&bench, &[factorial_row()], model_server(), &[]);
    let ran = ran.expect_status(0);
    let row = &refined[0];
    assert_eq!(row["refinement"]["stop"], "passed", "{}\n{row}", ran.stderr);
    assert_eq!(row["original_response"], FACTORIAL);
    assert_ne!(row["response"], FACTORIAL);
    assert_eq!(grade(row, "code-execution")["score"].as_f64(), Some(1.0));
    let attempts = row["refinement"]["attempts"].as_array().expect("attempts");
    assert!(attempts.len() >= 2, "{row}");
    assert_eq!(attempts[0]["response"], FACTORIAL);
    let chosen = row["refinement"]["chosen"].as_u64().expect("a chosen attempt") as usize;
    assert_eq!(attempts[chosen]["response"], row["response"]);
    assert!(
        row["refinement_notes"]["syntax"]["reason"].as_str().is_some_and(|reason| reason.contains("line")),
        "{row}"
    );
    assert!(row["refinement"]["usage"]["completion_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{row}");
}

#[test]
fn a_judge_of_the_real_model_gives_a_score_on_its_scale_or_a_typed_error() {
    let bench = Bench::new();
    let rows = [json!({"query": "What is the capital of France?", "response": "The capital of France is Paris."})];
    let (_, graded) =
        bench.grade(&rows, &["-g", "helpfulness", "--model", "smollm2-135m", "--base-url", model_server()]);
    let verdict = grade(&graded[0], "helpfulness");
    match verdict["outcome"].as_str() {
        Some("scored") => {
            assert!(verdict["score"].as_f64().is_some_and(|score| (0.0..=1.0).contains(&score)), "{verdict}");
            assert!(verdict["value"].as_f64().is_some_and(|value| (1.0..=5.0).contains(&value)), "{verdict}");
        }
        Some("error") => assert_eq!(verdict["kind"], "judge-unparsable", "{verdict}"),
        _ => panic!("{verdict}"),
    }
}

#[test]
fn rows_that_pass_are_untouched_and_cost_no_call() {
    let bench = Bench::new();
    let endpoint = Scripted::saying("unused");
    let row = json!({"id": 1, "query": "q", "response": "```python\nx = 1\n```", "other": {"kept": [1.10]}});
    let (ran, refined) = refine(&bench, std::slice::from_ref(&row), &endpoint.url, &["-g", "syntax"]);
    ran.expect_status(0);
    assert_eq!(endpoint.requests(), 0);
    assert_eq!(refined[0]["refinement"]["stop"], "already-passing");
    for (column, value) in row.as_object().expect("a row") {
        assert_eq!(&refined[0][column], value);
    }
    assert!(refined[0].get("original_response").is_none());
}

#[test]
fn a_model_that_only_makes_it_worse_changes_nothing() {
    let bench = Bench::new();
    let endpoint = Scripted::saying("```python\ndef f(n):\n    return -1\n```");
    let row = json!({"id": 1, "query": "q", "response": "```python\ndef f(n):\n    return 5\n```",
                     "tests": {"fn_name": "f", "inputs": [[2], [3]], "outputs": [5, 6]}});
    let (ran, refined) =
        refine(&bench, std::slice::from_ref(&row), &endpoint.url, &["-g", "code-execution", "--rounds", "2"]);
    ran.expect_status(0);
    assert!(endpoint.requests() > 0);
    assert_eq!(refined[0]["response"], row["response"]);
    assert_eq!(refined[0]["refinement"]["chosen"].to_string(), "0");
    assert_eq!(refined[0]["assessment"]["score"].as_f64(), Some(0.5));
    // The last candidate was graded too.
    let attempts = refined[0]["refinement"]["attempts"].as_array().expect("attempts");
    assert!(attempts.iter().all(|attempt| attempt.get("grades").is_some()), "{attempts:?}");
}

#[test]
fn deleting_the_code_does_not_pass() {
    let bench = Bench::new();
    let endpoint = Scripted::saying("I am sorry, I cannot write code.");
    let row = json!({"id": 1, "query": "q", "response": "```python\nx =\n```"});
    let (ran, refined) = refine(&bench, std::slice::from_ref(&row), &endpoint.url, &["-g", "syntax", "--rounds", "1"]);
    ran.expect_status(0);
    assert_eq!(refined[0]["response"], row["response"], "{}", refined[0]);
    assert_ne!(refined[0]["refinement"]["stop"], "passed");
}

#[test]
fn a_row_without_a_response_is_given_one() {
    let bench = Bench::new();
    let endpoint = Scripted::saying("```python\nx = 1\n```");
    let (ran, refined) = refine(&bench, &[json!({"id": 1, "query": "Set x to 1."})], &endpoint.url, &["-g", "syntax"]);
    ran.expect_status(0);
    assert_eq!(refined[0]["response"], "```python\nx = 1\n```");
    assert_eq!(refined[0]["refinement"]["stop"], "passed");
}

#[test]
fn the_reasons_of_the_failing_graders_reach_the_model() {
    let bench = Bench::new();
    let endpoint = Scripted::start(|body| {
        let asked = body["messages"].to_string();
        let told = asked.contains("f(3) returned 5, expected 6") && !asked.contains("helpful");
        let answer = if told { "```python\ndef f(n):\n    return n + 3\n```" } else { "no idea" };
        (200, completion(answer))
    });
    let row = json!({"id": 1, "query": "q", "response": "```python\ndef f(n):\n    return 5\n```",
                     "tests": {"fn_name": "f", "inputs": [[2], [3]], "outputs": [5, 6]}});
    let (ran, refined) = refine(&bench, &[row], &endpoint.url, &["-g", "code-execution", "-g", "syntax"]);
    ran.expect_status(0);
    assert_eq!(refined[0]["refinement"]["stop"], "passed", "{}", refined[0]);
}

#[test]
fn a_wrong_key_stops_the_run_and_names_the_variable_but_not_the_key() {
    let bench = Bench::new().with("OPENAI_API_KEY", "sk-very-secret");
    let endpoint = Scripted::start(|_| {
        (401, json!({"error": {"message": "Incorrect API key provided: sk-very-secret", "code": "invalid_api_key"}}))
    });
    let rows: Vec<Value> =
        (0..50).map(|id| json!({"id": id, "query": "q", "response": "```python\nx =\n```"})).collect();
    let (ran, _) = refine(&bench, &rows, &endpoint.url, &["-g", "syntax"]);
    assert_ne!(ran.status, 0);
    let ran = ran.expect_stderr(&["OPENAI_API_KEY"]);
    assert!(!ran.stderr.contains("sk-very-secret"), "{}", ran.stderr);
    assert!(endpoint.requests() < 50, "every row was tried with a key that cannot work");
}

#[test]
fn a_judge_that_answers_nonsense_is_a_typed_error_and_no_score() {
    let bench = Bench::new();
    let endpoint = Scripted::saying("banana");
    let rows = [json!({"id": 1, "query": "q", "response": "r"})];
    let (ran, graded) = bench.grade(&rows, &["-g", "helpfulness", "--model", "m", "--base-url", &endpoint.url]);
    ran.expect_status(1);
    let verdict = grade(&graded[0], "helpfulness");
    assert_eq!(verdict["kind"], "judge-unparsable", "{verdict}");
    assert!(verdict.get("score").is_none() && graded[0]["assessment"].get("score").is_none(), "{}", graded[0]);
}

#[test]
fn the_guides_template_with_bare_braces_works_and_an_inverted_scale_is_normalised() {
    let bench = Bench::new();
    let endpoint = Scripted::saying("{\"reason\": \"mostly fine\", \"score\": 2}");
    bench.write(
        "gradebox.toml",
        "[graders.quality]\nmodel = \"m\"\nscale = [10.0, 0.0]\ntemplate = '''\nQuery: {query}\nResponse: {response}\n\
         Answer as JSON: {\"score\": <0-10>, \"reason\": \"...\"}\n'''\n",
    );
    let rows = [json!({"id": 1, "query": "q", "response": "r"})];
    let (ran, graded) = bench.grade(&rows, &["--model", "m", "--base-url", &endpoint.url]);
    ran.expect_status(0);
    assert_eq!(grade(&graded[0], "quality")["score"].as_f64(), Some(0.8), "{}", graded[0]);
}

/// An endpoint that writes what the list says, round after round, and keeps what it was asked.
fn writing(answers: &'static [&'static str]) -> (Scripted, Arc<Mutex<Vec<Value>>>) {
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&asked);
    let endpoint = Scripted::start(move |body| {
        let mut asked = kept.lock().expect("the list of requests");
        asked.push(body.clone());
        let answer = answers.get(asked.len() - 1).or(answers.last()).expect("an answer");
        (200, completion(&format!("```python\ndef f(n):\n    return {answer}\n```")))
    });
    (endpoint, asked)
}

fn row_of_f() -> Value {
    json!({"id": 1, "query": "Write f.", "response": "```python\ndef f(n):\n    return 0\n```",
           "tests": {"fn_name": "f", "inputs": [[1], [2], [3]], "outputs": [2, 3, 4]}})
}

fn last_message(body: &Value) -> &str {
    let messages = body["messages"].as_array().expect("messages");
    messages.last().and_then(|message| message["content"].as_str()).expect("a message")
}

#[test]
fn only_graders_that_failed_are_told_of_and_earlier_attempts_where_that_is_wanted() {
    let bench = Bench::new();
    let (endpoint, asked) = writing(&["2", "7 // n", "n + 1"]);
    bench.write(
        "gradebox.toml",
        "[graders.code-execution]\n[graders.syntax]\n[refine]\nrounds = 3\npatience = 3\nhistory = 1\n\
         temperature = [0.1, 0.8]\n",
    );
    let (ran, refined) = refine(&bench, &[row_of_f()], &endpoint.url, &["--no-cache"]);
    ran.expect_status(0);
    assert_eq!(refined[0]["refinement"]["stop"], "passed", "{}", refined[0]);
    let asked = asked.lock().expect("the list of requests");
    let temperatures: Vec<_> = asked.iter().map(|body| body["temperature"].as_f64()).collect();
    assert_eq!(temperatures, [Some(0.1), Some(0.8), Some(0.8)]);
    let first = last_message(&asked[0]);
    assert!(first.contains("- code-execution: test 1 of 3: f(1) returned 0, expected 2"), "{first}");
    assert!(!first.contains("syntax") && !first.contains("Earlier"), "{first}");
    let second = last_message(&asked[1]);
    let places =
        ["Write f.", "Earlier answer 1", "return 0", "returned 0", "Best answer", "return 2", "f(2) returned 2"];
    let places: Vec<_> = places.iter().map(|part| second.find(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{second}");
}

#[test]
fn a_candidate_that_came_before_is_not_graded_again() {
    let bench = Bench::new();
    let judged = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&judged);
    let endpoint = Scripted::start(move |body| {
        if body.get("response_format").is_none() {
            return (200, completion("Always the same."));
        }
        counted.fetch_add(1, Ordering::SeqCst);
        (200, completion("{\"reason\": \"so so\", \"score\": 3}"))
    });
    let rows = [json!({"id": 1, "query": "q", "response": "r"})];
    let arguments = ["-g", "helpfulness", "--rounds", "2", "--candidates", "3", "--no-cache"];
    let (ran, refined) = refine(&bench, &rows, &endpoint.url, &arguments);
    ran.expect_status(0);
    assert_eq!((endpoint.requests(), judged.load(Ordering::SeqCst)), (6 + 2, 2), "{}", refined[0]);
    let usage = &refined[0]["refinement"]["usage"];
    assert_eq!(
        (&usage["calls"], &usage["writer"]["calls"], &usage["graders"]["helpfulness"]["calls"]),
        (&json!(8), &json!(6), &json!(2))
    );
}

/// Refines a row to two responses that pass, and has a final judge choose who answers as `order` says of the places of
/// the first and the second in the prompt.
fn chosen_at_last(order: fn(usize, usize) -> [u32; 2]) -> Value {
    let bench = Bench::new();
    let endpoint = Scripted::start(move |body| {
        if body.get("response_format").is_none() {
            let first = body["seed"].as_u64() == Some(0);
            return (200, completion(if first { "```python\nx = 1\n```" } else { "```python\ny = 2\n```" }));
        }
        let text = last_message(body);
        let [x, y] = ["x = 1", "y = 2"].map(|response| text.rfind(response).expect("both responses"));
        let [of_x, of_y] = order(x, y);
        let ranks = if x < y { [of_x, of_y] } else { [of_y, of_x] };
        (200, completion(&json!({"reason": "seen", "ranks": ranks}).to_string()))
    });
    bench.write("gradebox.toml", "[graders.syntax]\n[refine]\nrounds = 1\ncandidates = 2\nfinal = \"quality\"\n");
    let row = json!({"id": 1, "query": "q", "response": "```python\nx =\n```"});
    let (ran, mut refined) = refine(&bench, &[row], &endpoint.url, &["--no-cache"]);
    ran.expect_status(0);
    assert_eq!(endpoint.requests(), 4, "two candidates, and two orders of them");
    refined.remove(0)
}

#[test]
fn a_final_judge_chooses_where_both_orders_agree_and_nothing_where_they_do_not() {
    let agreed = chosen_at_last(|_, _| [2, 1]);
    assert!(agreed["response"].as_str().is_some_and(|response| response.contains("y = 2")), "{agreed}");
    let comparison = &agreed["refinement"]["final"];
    assert_eq!(
        (&comparison["judge"], &comparison["compared"], &comparison["preferred"]),
        (&json!("quality"), &json!([1, 2]), &json!(2))
    );
    assert_eq!(comparison["grade"]["votes"], json!([[2, 1], [2, 1]]));
    for order in [
        |x: usize, y: usize| if x < y { [1, 2] } else { [2, 1] },
        |x, y| if x < y { [2, 1] } else { [1, 2] },
        |_, _| [1, 1],
        |_, _| [1, 2],
    ] {
        let kept = chosen_at_last(order);
        assert!(kept["response"].as_str().is_some_and(|response| response.contains("x = 1")), "{kept}");
        assert!(kept["refinement"]["final"].get("preferred").is_none(), "{kept}");
    }
}

/// The rows of the example with code, mathematics and prose, and its configuration with less to write.
fn mixed(bench: &Bench) -> Vec<Value> {
    let example = root().join("examples/mixed");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("the example");
    let config = read("gradebox.toml").replace("rounds = 2", "rounds = 1").replace("candidates = 3", "candidates = 1");
    // The example's own component is built by `make demo`; prose is left to the judge here.
    let without = |config: &str, table: &str| {
        let (before, rest) = config.split_once(table).expect("the table");
        format!("{before}{}", rest.split_once("\n\n").expect("a next table").1)
    };
    let config = without(&config, "[graders.reference-words]").replace("max_tokens = 100", "max_tokens = 40");
    let config = config.split("[sandbox]").next().expect("what stands before").to_owned();
    bench.write("gradebox.toml", config);
    let rows = crate::support::rows(&read("data.jsonl"));
    bench.write_rows("rows.jsonl", &rows);
    rows
}

#[test]
fn the_whole_pipeline_refines_a_mixed_dataset_with_a_real_model_and_goes_on_after_a_kill() {
    let bench = Bench::new();
    let rows = mixed(&bench);
    let arguments =
        ["refine", "rows.jsonl", "--base-url", model_server(), "--no-cache", "--run", "run", "-o", "refined.jsonl"];
    let mut child = bench.command(&arguments).stderr(std::process::Stdio::null()).spawn().expect("gradebox starts");
    let done = || std::fs::read_to_string(bench.path("run/results.jsonl")).unwrap_or_default().lines().count();
    while done() == 0 && child.try_wait().expect("the run's state").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().expect("the run is killed");
    child.wait().expect("the run ends");
    let ran = bench.run(&[&arguments[..], &["--resume"]].concat());
    assert!(matches!(ran.status, 0 | 1), "{}", ran.stderr);
    let refined = bench.read_rows("refined.jsonl");
    assert_eq!(refined.len(), rows.len());
    for (row, before) in refined.iter().zip(&rows) {
        let kind = row["kind"].as_str().expect("a kind");
        for (grader, of) in [("syntax", "code"), ("code-execution", "code"), ("math", "math"), ("helpfulness", "prose")]
        {
            let outcome = grade(row, grader)["outcome"].as_str();
            assert_eq!(outcome == Some("not-applicable"), kind != of, "{grader} {row}");
        }
        let score = |attempt: &Value| attempt["assessment"]["score"].as_f64().unwrap_or(0.0);
        assert!(score(row) >= score(&row["refinement"]["attempts"][0]), "{row}");
        if row.get("original_response").is_none() {
            assert_eq!(row["response"], before["response"]);
        }
    }
    for untouched in ["reverse", "fraction"] {
        let row = refined.iter().find(|row| row["id"] == untouched).expect("the row");
        assert_eq!(row["refinement"]["stop"], "already-passing", "{row}");
    }
}

#[test]
fn a_condition_on_a_column_that_no_row_has_is_refused() {
    let bench = Bench::new();
    let endpoint = Scripted::saying("unused");
    bench.write("gradebox.toml", "[graders.syntax]\nwhen = { knd = \"code\" }\n");
    let (ran, _) = refine(&bench, &[json!({"query": "q", "response": "r", "kind": "code"})], &endpoint.url, &[]);
    ran.expect_status(2).expect_stderr(&["`when` in [graders.syntax] names the column `knd`", "did you mean `kind`?"]);
}
