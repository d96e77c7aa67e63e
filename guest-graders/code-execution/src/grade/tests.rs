//! Whole grades, from the sample to the reason.

use gradebox_sdk::{
    programs::{Action, Ending, Execution, Input, Program as Sandboxed},
    serde_json::{Map, Value as Json, json},
    value::Value,
};

use super::*;
use crate::recorded::{Recorded, ended, printed, raised, report, returned};

const RESPONSE: &str = "Sure:\n\n```python\ndef f(x):\n    return 10 // x\n```\n";

struct Scored {
    value: f64,
    reason: String,
    details: Map<String, Json>,
}

fn sample(response: &str, fields: &Json) -> Sample {
    Sample { response: response.to_owned(), fields: fields.as_object().cloned().unwrap(), ..Sample::default() }
}

fn scored(verdict: Result<Verdict, GradeError>) -> Scored {
    match verdict {
        Ok(Verdict::Scored { value, reason, details }) => Scored { value, reason, details },
        other => panic!("{other:?}"),
    }
}

/// Grades [`RESPONSE`] as if `f` were run.
fn graded(fields: &Json, params: &Params) -> Scored {
    scored(grade(&sample(RESPONSE, fields), params, &Recorded::new(ten_by)))
}

/// What `f` of [`RESPONSE`] does.
fn ten_by(_: &Sandboxed, input: &Input) -> Execution {
    match &input.action {
        Action::Call(call) if call.target == "$test" => report(true, &[]),
        Action::Call(call) => match call.args.as_slice() {
            [Value::Int(x)] if x.as_str() == "0" => {
                raised("ZeroDivisionError", "integer division or modulo by zero", 2)
            }
            [Value::Int(x)] => returned(Value::from(10 / x.as_str().parse::<i64>().unwrap())),
            _ => raised("TypeError", "unsupported operand", 2),
        },
        Action::Evaluate(_) | Action::Script => printed("8\n"),
    }
}

#[allow(clippy::float_cmp, reason = "parts of small numbers of tests are exact")]
fn assert_value(scored: &Scored, value: f64) {
    assert_eq!(scored.value, value, "{}", scored.reason);
}

#[test]
fn a_reason_names_the_call_its_result_and_what_was_expected() {
    let tests = json!({"entry_point": "f", "tests": [{"args": [2], "expected": 5}, {"args": [3], "expected": 4}]});
    let scored = graded(&tests, &Params::default());
    assert_value(&scored, 0.5);
    assert_eq!(scored.reason, "test 2 of 2: f(3) returned 3, expected 4");
    assert_eq!(
        Json::Object(scored.details),
        json!({
            "passed": 1, "total": 2, "column": "tests", "isolation": "separate", "language": "python", "first_line": 4,
            "tests": [
                {"verdict": "passed"}, {"verdict": "wrong", "input": "f(3)", "expected": "4", "got": "3"}
            ]
        })
    );
}

#[test]
fn an_exception_is_placed_in_the_response() {
    let tests = json!({"tests": [{"function": "f", "args": [1], "expected": 10}, {"function": "f", "args": [0], "expected": 0}]});
    let scored = graded(&tests, &Params::default());
    assert_eq!(
        scored.reason,
        "test 2 of 2: f(0) raised ZeroDivisionError: integer division or modulo by zero \
         (line 5 of the response: `    return 10 // x`)"
            .replace("`    return", "`return")
    );
}

#[test]
fn one_cause_of_all_failures_is_said_once() {
    let tests = json!({"tests": [{"function": "f", "args": [0], "expected": 1}, {"function": "f", "args": [0], "expected": 0}]});
    let scored = graded(&tests, &Params::default());
    assert_value(&scored, 0.0);
    assert!(scored.reason.starts_with("all 2 tests: the program raised ZeroDivisionError"), "{}", scored.reason);
}

#[test]
fn only_some_of_many_failures_are_described() {
    let inputs: Vec<Json> = (1..=250).map(|_| json!("5\n")).collect();
    let outputs: Vec<Json> = (1..=250).map(|n| json!(if n == 1 { "8" } else { "7" })).collect();
    let scored = graded(&json!({"input_output": {"inputs": inputs, "outputs": outputs}}), &Params::default());
    assert_value(&scored, 1.0 / 250.0);
    let lines: Vec<&str> = scored.reason.lines().collect();
    assert_eq!(lines[0], r"test 2 of 250: for the input '5\n', the program printed '8', expected '7'");
    assert_eq!((lines.len(), lines[3]), (4, "246 more of the 250 tests failed"));
    let tests = scored.details["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 200);
    assert_eq!(tests.iter().filter(|test| test.get("input").is_some()).count(), 50);
    assert_eq!(scored.details["tests_not_listed"], json!(50));
}

#[test]
fn huge_outputs_leave_a_small_reason() {
    let runner = Recorded::new(|_: &Sandboxed, _: &Input| printed(&"9".repeat(5_000_000)));
    let tests = json!({"tests": [{"stdin": "x".repeat(100_000), "stdout": "8".repeat(100_000)}]});
    let scored = scored(grade(&sample(RESPONSE, &tests), &Params::default(), &runner));
    assert!(scored.reason.len() < 2000, "{}", scored.reason.len());
    assert!(Json::Object(scored.details).to_string().len() < 10_000);
}

#[test]
fn all_or_nothing_is_what_it_says() {
    let params = Params { score: Scoring::AllOrNothing, ..Params::default() };
    let half = json!({"entry_point": "f", "tests": [{"args": [2], "expected": 5}, {"args": [3], "expected": 4}]});
    let whole = json!({"entry_point": "f", "tests": [{"args": [2], "expected": 5}, {"args": [3], "expected": 3}]});
    assert_value(&graded(&half, &params), 0.0);
    assert_value(&graded(&whole, &params), 1.0);
    assert_eq!(graded(&whole, &params).reason, "all 2 tests passed");
}

#[test]
fn tests_that_are_code_are_apart_from_the_program() {
    let scored = graded(&json!({"test_list": ["assert f(2) == 5"]}), &Params::default());
    assert_value(&scored, 1.0);
    assert_eq!(scored.details["isolation"], json!("separate"));
    assert_eq!(scored.reason, "the test passed");
}

#[test]
fn a_response_without_code_fails_its_tests() {
    let sample = sample("I would rather not.", &json!({"test_list": ["assert f(2) == 5"]}));
    let scored = scored(grade(&sample, &Params::default(), &Recorded::new(ten_by)));
    assert_value(&scored, 0.0);
    assert_eq!(scored.reason, "no python code found in the response");
}

#[test]
fn code_that_does_not_parse_is_quoted_and_not_run() {
    let runner = Recorded {
        execution: |_: &Sandboxed, _: &Input| -> Execution { panic!("nothing is to be run") },
        diagnostics: |_: &str| vec![Diagnostic { line: 2, column: 12, message: "invalid syntax".to_owned() }],
        asked: std::cell::RefCell::default(),
    };
    let sample = sample(RESPONSE, &json!({"test_list": ["assert f(2) == 5", "assert f(1) == 10"]}));
    let scored = scored(grade(&sample, &Params::default(), &runner));
    assert_value(&scored, 0.0);
    assert_eq!(
        scored.reason,
        "the program does not parse: line 5 of the response, column 12: invalid syntax: `return 10 // x`"
    );
    assert_eq!(scored.details["syntax_errors"][0]["line"], json!(5));
}

#[test]
fn tests_that_do_not_parse_are_the_rows_fault() {
    let runner = Recorded::new(|test: &Sandboxed, _: &Input| {
        if test.source.contains("f(2 ==") {
            raised("SyntaxError", "'(' was never closed", 1)
        } else {
            report(true, &[])
        }
    });
    let sample = sample(RESPONSE, &json!({"test_list": ["assert f(1) == 1", "assert f(2 == 5"]}));
    let problem = grade(&sample, &Params::default(), &runner).unwrap_err().to_string();
    assert_eq!(problem, "column `test_list`: a test does not parse: '(' was never closed in `assert f(2 == 5`");
}

#[test]
fn a_runtime_with_packages_runs_the_programs_of_its_language() {
    let params = Params { language: Some("python-sympy".to_owned()), ..Params::default() };
    let response = "```javascript\nlet f = 1\n```\n```python\ndef f(x):\n    return 10 * x\n```";
    let fields = json!({"tests": {"fn_name": "f", "inputs": [[1]], "outputs": [10]}});
    let runner = Recorded::new(ten_by);
    let scored = scored(grade(&sample(response, &fields), &params, &runner));
    assert_value(&scored, 1.0);
    assert_eq!(runner.asked.borrow()[0].0.language, "python-sympy");
    let asserts = sample("```python\ndef f(x):\n    return 10 * x\n```", &json!({"test_list": ["assert f(1)"]}));
    assert!(grade(&asserts, &params, &Recorded::new(|_, _| report(true, &[]))).is_ok());
}

#[test]
fn a_bare_body_is_completed_by_the_prompt() {
    let prompt = "def f(x):\n    \"\"\"Doc.\"\"\"\n";
    let fields =
        json!({"prompt": prompt, "test": "def check(candidate):\n    assert candidate(2) == 5\n", "entry_point": "f"});
    let runner = Recorded::new(ten_by);
    let scored = scored(grade(&sample("    return 10 // x\n", &fields), &Params::default(), &runner));
    assert_value(&scored, 1.0);
    let asked = runner.asked.borrow();
    let sources: Vec<&str> = asked.iter().map(|(program, _)| program.source.as_str()).collect();
    assert_eq!(sources, ["def check(candidate):\n    assert candidate(2) == 5"]);
}

#[test]
fn every_ending_has_a_word_and_a_sentence() {
    let endings = [
        (Ending::Exited(0), "exited", "ended by an exit call (code 0)"),
        (Ending::TimedOut, "timed-out", "did not finish within 5000 ms"),
        (Ending::OutOfMemory, "out-of-memory", "ran out of memory"),
        (Ending::StackOverflow, "stack-overflow", "recursed too deeply"),
        (Ending::OutputExceeded, "output-exceeded", "printed more than it may"),
        (Ending::Crashed("oh".to_owned()), "crashed", "could not be judged: oh"),
    ];
    for (ending, word, sentence) in endings {
        let runner = Recorded::new(|_: &Sandboxed, _: &Input| ended(ending.clone()));
        let tests = json!({"tests": [{"function": "f", "args": [1], "expected": 1}]});
        let scored = scored(grade(&sample(RESPONSE, &tests), &Params::default(), &runner));
        assert_value(&scored, 0.0);
        assert_eq!(scored.reason, format!("test 1 of 1: f(1) {sentence}"));
        assert_eq!(scored.details["tests"][0]["verdict"], json!(word));
    }
}
