//! A bound on the time of all tests of a sample: what was not run is neither passed nor failed.

use serde_json::{Value, json};

use crate::support::{Bench, grade};

const GRADER: &str = "code-execution";
/// Far more than a suite may take below: each test takes some 20 ms.
const TESTS: usize = 300;
const WORKS: &str = "def f(n):\n    return n + 0 * sum(i * i for i in range(200_000))";
const WORKS_IN_JAVASCRIPT: &str =
    "function f(n) { let sum = 0; for (let i = 0; i < 400000; i++) sum += i * i % 7; return n + 0 * sum }";

fn calls(expected: impl Fn(usize) -> usize) -> Value {
    let inputs: Vec<Value> = (0..TESTS).map(|number| json!([number])).collect();
    json!({"fn_name": "f", "inputs": inputs, "outputs": (0..TESTS).map(expected).collect::<Vec<_>>()})
}

fn row(language: &str, code: &str, tests: &Value) -> Value {
    json!({"query": "q", "response": format!("```{language}\n{code}\n```"), "tests": tests})
}

fn graded(rows: &[Value], params: &Value, more: &[&str]) -> Vec<Value> {
    let chosen = format!("{GRADER}:{params}");
    let (ran, graded) = Bench::new().grade(rows, &[&["-g", &chosen], more].concat());
    ran.expect_status(0);
    assert_eq!(graded.len(), rows.len());
    graded.iter().map(|row| grade(row, GRADER).clone()).collect()
}

/// How many tests a verdict says were run, how many of them passed, and how many were not run.
fn counts(verdict: &Value) -> [usize; 3] {
    let reason = verdict["reason"].as_str().unwrap_or_default();
    let (_, counts) = reason.split_once("(`suite_timeout_ms`): ").unwrap_or_else(|| panic!("{verdict}"));
    let numbers: Vec<usize> = counts.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert_eq!((numbers.len(), numbers[1]), (4, TESTS), "{reason}");
    [numbers[0], numbers[2], numbers[3]]
}

#[test]
fn a_suite_that_takes_too_long_is_undecided_and_says_what_was_run() {
    let asserts: Vec<String> = (0..TESTS).map(|number| format!("assert f({number}) == {number}")).collect();
    let mut as_code = row("python", WORKS, &Value::Null);
    as_code["test_list"] = json!(asserts);
    let mut checked = row("python", WORKS, &calls(|number| number));
    checked["checker"] = json!("def check(input, output, expected):\n    return output == expected\n");
    let rows = [
        row("python", WORKS, &calls(|number| number)),
        as_code,
        checked,
        row("javascript", WORKS_IN_JAVASCRIPT, &calls(|number| number)),
        // The first fails, which says nothing of the part that passes.
        row("python", WORKS, &calls(|number| number.max(1))),
    ];
    let params = json!({"suite_timeout_ms": 150, "timeout_ms": 5000});
    let verdicts = graded(&rows, &params, &[]);
    for (number, verdict) in verdicts.iter().enumerate() {
        assert_eq!((&verdict["outcome"], verdict.get("score")), (&json!("undecided"), None), "{verdict}");
        let [run, passed, not_run] = counts(verdict);
        assert!(0 < run && 0 < not_run && run + not_run == TESTS, "{verdict}");
        assert_eq!(passed, run - usize::from(number == 4), "{verdict}");
    }
    assert!(verdicts[4]["reason"].as_str().is_some_and(|reason| reason.starts_with("test 1 of 300: f(0) returned 0")));
}

#[test]
fn a_failed_test_decides_where_all_must_pass() {
    let rows = [row("python", WORKS, &calls(|number| number.max(1))), row("python", WORKS, &calls(|number| number))];
    let verdicts = graded(&rows, &json!({"suite_timeout_ms": 150, "score": "all-or-nothing"}), &[]);
    assert_eq!(verdicts[0]["score"].as_f64(), Some(0.0), "{}", verdicts[0]);
    let [run, passed, _] = counts(&verdicts[0]);
    assert_eq!(passed + 1, run);
    let tests = verdicts[0]["details"]["tests"].as_array().unwrap();
    let listed = |verdict: &str| tests.iter().filter(|test| test["verdict"] == verdict).count();
    assert_eq!((listed("wrong"), listed("passed")), (1, passed.min(tests.len() - 1)), "{}", verdicts[0]);
    assert_eq!(listed("not-run"), tests.len() - run.min(tests.len()), "{}", verdicts[0]);
    assert_eq!((&verdicts[1]["outcome"], verdicts[1].get("score")), (&json!("undecided"), None), "{}", verdicts[1]);
    // The first failure ends this one, before its time does.
    let params = json!({"suite_timeout_ms": 150, "stop_at_first_failure": true});
    let stopped = &graded(&rows[..1], &params, &[])[0];
    assert!(stopped["score"].as_f64() == Some(0.0) && stopped["reason"].to_string().contains("the first failure"));
}

#[test]
fn a_suite_within_its_time_is_scored_and_none_is_no_time() {
    let rows = [row("python", "def f(n):\n    return n", &calls(|number| number))];
    assert_eq!(graded(&rows, &json!({}), &[])[0]["score"].as_f64(), Some(1.0));
    let (ran, graded) = Bench::new().grade(&rows, &["-g", "code-execution:{\"suite_timeout_ms\": 0}"]);
    assert_ne!(ran.status, 0);
    let said = graded.first().map_or_else(|| ran.stderr.clone(), |row| grade(row, GRADER).to_string());
    assert!(said.contains("suite_timeout_ms"), "{said}");
}

#[test]
fn with_instructions_counted_every_machine_stops_at_the_same_test() {
    let rows = [
        row("python", WORKS, &calls(|number| number)),
        row("javascript", WORKS_IN_JAVASCRIPT, &calls(|number| number)),
    ];
    let params = json!({"suite_timeout_ms": 200, "timeout_ms": 100});
    let [one, two] = ["1", "2"].map(|jobs| graded(&rows, &params, &["--deterministic", "--jobs", jobs]));
    assert_eq!(one, two);
    for verdict in &one {
        let [run, passed, _] = counts(verdict);
        assert!(1 < run && run == passed, "{verdict}");
    }
}
