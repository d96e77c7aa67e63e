//! The formats of tests that `code-execution` reads, how it compares, and what it makes of bad rows.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Bench, grade, root};

const GRADER: &str = "code-execution";

fn with(params: &Value) -> String {
    format!("{GRADER}:{params}")
}

/// One run of `docs/code-execution.md`: rows that are graded together, and a line for each of what they came to.
pub struct Example {
    pub params: Value,
    pub rows: Vec<Value>,
    expected: Vec<String>,
}

/// The fenced blocks of a page, each with what stands behind its opening fence.
fn blocks(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match (inside, line.strip_prefix("```")) {
            (true, Some("")) => inside = false,
            (true, _) => blocks.last_mut().expect("an open block").1.push(line),
            (false, Some(info)) => {
                inside = true;
                blocks.push((info, Vec::new()));
            }
            (false, None) => {}
        }
    }
    blocks
}

pub fn examples() -> Vec<Example> {
    let page = fs::read_to_string(root().join("docs/code-execution.md")).unwrap();
    let mut examples: Vec<Example> = Vec::new();
    for (info, lines) in blocks(&page) {
        if let Some(params) = info.strip_prefix("jsonl") {
            let params = if params.is_empty() { json!({}) } else { serde_json::from_str(params).expect("parameters") };
            let rows = lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
            examples.push(Example { params, rows, expected: Vec::new() });
        } else if info == "text" {
            examples.last_mut().expect("a block of rows first").expected =
                lines.iter().map(ToString::to_string).collect();
        }
    }
    examples
}

#[test]
fn every_example_of_the_page_comes_to_what_the_page_says() {
    let examples = examples();
    assert!(examples.len() > 10, "{} examples", examples.len());
    for Example { params, rows, expected } in examples {
        let (_, graded) = Bench::new().grade(&rows, &["-g", &with(&params)]);
        assert_eq!(graded.len(), expected.len(), "{expected:?}");
        for (row, line) in graded.iter().zip(&expected) {
            let (id, rest) = line.split_once(' ').unwrap();
            let (outcome, reason) = rest.split_once(' ').unwrap();
            let verdict = grade(row, GRADER);
            assert_eq!(row["id"], id);
            match outcome.parse::<f64>() {
                Ok(score) => {
                    let found = verdict["score"].as_f64().unwrap_or_else(|| panic!("no score: {verdict}"));
                    assert!((found - score).abs() < 0.0001, "{line}\n{verdict}");
                }
                Err(_) => assert_eq!(verdict["kind"], outcome, "{line}\n{verdict}"),
            }
            let found = verdict["reason"].as_str().unwrap_or_default();
            assert!(found.contains(reason), "{line}\n{verdict}");
        }
    }
}

#[test]
fn every_parameter_is_on_the_page() {
    let page = fs::read_to_string(root().join("docs/code-execution.md")).unwrap();
    let component = root().join("target/graders/code-execution.wasm");
    let ran = Bench::new().run(&["check", &component.to_string_lossy()]).expect_status(0);
    let parameters = ran.stdout.lines().find_map(|line| line.trim().strip_prefix("parameters")).expect("parameters");
    let names: Vec<&str> = parameters.split(',').map(str::trim).collect();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("`{name}")), "docs/code-execution.md does not mention the parameter `{name}`");
    }
}

#[test]
fn huge_and_nested_input_is_a_typed_outcome_and_the_rows_around_it_are_graded() {
    let fine = json!({"response": "```python\nprint(9)\n```", "tests": [{"stdout": "9"}]});
    let row = |id: &str, response: String, tests: Value| json!({"id": id, "response": response, "tests": tests});
    let echo = || "```python\nprint(input())\n```".to_owned();
    let identity = || "```python\ndef f(x):\n    return x\n```".to_owned();
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let many: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    let rows = [
        row("long-response", "x = 1\n".repeat((9 << 20) / 6), json!([{"stdout": "9"}])),
        row("long-program", format!("```python\n{}```", "x = 1\n".repeat((5 << 20) / 6)), json!([{"stdout": "9"}])),
        fine.clone(),
        row("nested-program", format!("```python\nx = {}\n```", nested(50_000)), json!([{"stdout": "9"}])),
        row("nested-tests", echo(), json!(nested(50_000))),
        row("nested-argument", identity(), json!({"fn_name": "f", "inputs": [nested(50_000)], "outputs": ["1"]})),
        row("nested-literal", identity(), json!({"fn_name": "f", "inputs": ["(".repeat(50_000)], "outputs": ["1"]})),
        row("many-tests", echo(), json!({"inputs": many, "outputs": many.iter().rev().collect::<Vec<_>>()})),
        fine,
    ];
    let (ran, graded) = Bench::new().grade(&rows, &["-g", &with(&json!({"stop_at_first_failure": true}))]);
    ran.expect_status(1);
    let outcome = |row: usize| {
        let verdict = grade(&graded[row], GRADER);
        assert!(verdict.to_string().len() < 20_000, "{} characters", verdict.to_string().len());
        let kind = verdict.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        (kind, verdict.get("score").and_then(Value::as_f64), verdict["reason"].as_str().unwrap_or_default().to_owned())
    };
    for (row, problem) in [(0, "longer than 8 MiB"), (1, "longer than 4 MiB"), (3, "does not parse"), (7, "of 100000")]
    {
        let (_, score, reason) = outcome(row);
        assert!(score == Some(0.0) && reason.contains(problem), "{score:?} {reason}");
    }
    for (row, problem) in [(4, "nested deeper"), (5, "nested deeper"), (6, "test 1: its input")] {
        let (kind, score, reason) = outcome(row);
        assert!(score.is_none() && kind == "invalid-sample" && reason.contains("column `tests`"), "{kind} {reason}");
        assert!(reason.contains(problem), "{reason}");
    }
    assert_eq!([outcome(2).1, outcome(8).1], [Some(1.0), Some(1.0)]);
}

#[test]
fn a_checker_never_turns_its_own_failure_into_a_score() {
    let row = |id: &str, checker: &str| {
        let checker = format!("def check(input, output, expected):\n    {checker}\n");
        json!({"id": id, "response": "```python\nprint(9)\n```", "tests": [{"stdin": "3"}], "checker": checker})
    };
    let rows = [
        row("half", "return 0.5, 'nearly'"),
        row("yes", "return expected is None and input == '3' and output == '9\\n'"),
        row("raises", "raise ValueError('no')"),
        row("exits", "raise SystemExit(0)"),
        row("loops", "while True: pass"),
        row("nothing", "pass"),
        row("too-much", "return 2"),
        row("nan", "return float('nan')"),
        row("text", "return 'yes'"),
        row("object", "return object()"),
    ];
    let (ran, graded) = Bench::new().grade(&rows, &["-g", &with(&json!({"timeout_ms": 300}))]);
    ran.expect_status(1);
    assert_eq!(grade(&graded[0], GRADER)["score"].as_f64(), Some(0.5));
    assert_eq!(grade(&graded[1], GRADER)["score"].as_f64(), Some(1.0));
    for row in &graded[2..] {
        let verdict = grade(row, GRADER);
        assert!(verdict.get("score").is_none() && verdict["kind"] == "invalid-sample", "{row}");
        assert!(verdict["reason"].as_str().is_some_and(|reason| reason.contains("column `checker`: test 1")), "{row}");
    }
}
