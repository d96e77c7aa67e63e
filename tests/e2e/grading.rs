//! `gradebox grade` on real rows with the real graders.

use serde_json::{Value, json};

use crate::support::{Bench, grade};

/// The guide's own broken factorial: unfenced, indented, with an assignment where a comparison is meant.
const FACTORIAL: &str = "\n    def factorial(n):\n        if n = 1:\n            return 1\n        else:\n            return n * factorial(n-1)\n    ";

#[test]
fn the_guides_factorial_is_found_and_its_error_located() {
    let bench = Bench::new();
    let rows = [json!({"query": "Write a function to calculate factorial", "response": FACTORIAL})];
    let (ran, graded) = bench.grade(&rows, &["-g", "syntax"]);
    ran.expect_status(0);
    let verdict = grade(&graded[0], "syntax");
    assert_eq!(verdict["outcome"], "scored");
    assert_eq!(verdict["score"].as_f64(), Some(0.0));
    assert_eq!(verdict["pass"], false);
    let reason = verdict["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("line 3") && reason.contains("if n = 1:"), "{reason}");
}

#[test]
fn prose_is_not_applicable_and_blocks_nothing() {
    let bench = Bench::new();
    let rows = [json!({"query": "capital of France", "response": "The capital of France is Paris."})];
    let (ran, graded) = bench.grade(&rows, &["-g", "syntax"]);
    ran.expect_status(0);
    let verdict = grade(&graded[0], "syntax");
    assert_eq!(verdict["outcome"], "not-applicable");
    assert!(verdict.get("score").is_none() && verdict.get("pass").is_none(), "{verdict}");
}

#[test]
fn an_equation_is_checked_by_substitution_and_against_a_reference() {
    let bench = Bench::new();
    let rows = [
        json!({"query": "Solve for x: 2x + 5 = 15", "response": "2x = 10\nx = 10"}),
        json!({"query": "Solve for x: 2x + 5 = 15", "response": "2x = 10, so x = 5"}),
        json!({"query": "Solve for x: 2x + 5 = 15", "response": "\\boxed{5}", "reference": "5"}),
        json!({"query": "Solve for x: 2x + 5 = 15", "response": "\\boxed{10}", "reference": "5"}),
        json!({"query": "Why is the sky blue?", "response": "Rayleigh scattering."}),
    ];
    let (ran, graded) = bench.grade(&rows, &["-g", "math"]);
    ran.expect_status(0);
    let score = |row: usize| grade(&graded[row], "math").get("score").and_then(Value::as_f64);
    assert_eq!([score(0), score(1), score(2), score(3), score(4)], [Some(0.0), Some(1.0), Some(1.0), Some(0.0), None]);
    assert_eq!(grade(&graded[4], "math")["outcome"], "undecided");
}

#[test]
fn every_format_of_tests_is_read() {
    let bench = Bench::new();
    let program = "```python\nn = int(input())\nprint(n * n)\n```";
    let function = "```python\ndef square(n):\n    return n * n\n```";
    let rows = [
        json!({"id": "pairs", "query": "q", "response": program, "tests": {"inputs": ["3\n", "4\n"], "outputs": ["9\n", "16"]}}),
        json!({"id": "list", "query": "q", "response": program, "tests": [{"input": "5", "output": "25"}]}),
        json!({"id": "text", "query": "q", "response": program, "tests": "{\"inputs\": [\"2\"], \"outputs\": [\"4\"]}"}),
        json!({"id": "call", "query": "q", "response": function, "tests": {"fn_name": "square", "inputs": [[3], [4]], "outputs": [9, 16]}}),
        json!({"id": "asserts", "query": "q", "response": function, "test_list": ["assert square(3) == 9", "assert square(0) == 0"]}),
        json!({"id": "humaneval", "query": "q", "response": "    return n * n\n", "prompt": "def square(n):\n    \"\"\"Squares.\"\"\"\n",
               "test": "def check(candidate):\n    assert candidate(3) == 9\n", "entry_point": "square"}),
    ];
    let (ran, graded) = bench.grade(&rows, &["-g", "code-execution"]);
    ran.expect_status(0);
    for row in &graded {
        assert_eq!(grade(row, "code-execution")["score"].as_f64(), Some(1.0), "{row}");
    }
}

#[test]
fn half_right_is_half_the_score_with_a_reason_to_repair_it_from() {
    let bench = Bench::new();
    let rows = [json!({"query": "q", "response": "```python\ndef f(n):\n    return 5\n```",
                       "tests": {"fn_name": "f", "inputs": [[2], [3]], "outputs": [5, 6]}})];
    let (ran, graded) = bench.grade(&rows, &["-g", "code-execution"]);
    ran.expect_status(0);
    let verdict = grade(&graded[0], "code-execution");
    assert_eq!(verdict["score"].as_f64(), Some(0.5));
    let reason = verdict["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("f(3)") && reason.contains('5') && reason.contains('6'), "{reason}");
}

#[test]
fn cheap_tricks_do_not_pass() {
    let bench = Bench::new();
    let tests = json!({"fn_name": "f", "inputs": [[2]], "outputs": [6]});
    let tricks = [
        "import sys\nsys.exit(0)",
        "import os\nos._exit(0)",
        "raise SystemExit",
        "def f(n):\n    import sys\n    sys.exit(0)",
        "class Yes:\n    def __eq__(self, other): return True\ndef f(n): return Yes()",
        "print('6')\nprint('passed')\ndef f(n): return None",
        "def f(n):\n    while True: pass",
    ];
    let rows: Vec<Value> = tricks
        .iter()
        .flat_map(|trick| {
            let response = format!("```python\n{trick}\n```");
            [
                json!({"query": "q", "response": response, "tests": tests}),
                json!({"query": "q", "response": response, "tests": {"inputs": ["1"], "outputs": ["secret"]}}),
            ]
        })
        .collect();
    let (ran, graded) = bench.grade(&rows, &["-g", "code-execution:{\"timeout_ms\": 500}"]);
    ran.expect_status(0);
    for row in &graded {
        assert_eq!(grade(row, "code-execution")["score"].as_f64(), Some(0.0), "{row}");
    }
}

#[test]
fn rows_keep_their_order_their_columns_and_their_numbers() {
    let bench = Bench::new();
    let text = "{\"id\": 12345678901234567890123, \"z\": 1.10, \"a\": null, \"query\": \"q\", \"response\": \"```python\\nx=1\\n```\"}\n\
                {\"id\": \"ü\", \"nested\": {\"b\": [1.50, -0]}, \"response\": \"```python\\nx=\\n```\", \"grades\": \"old\"}\n";
    bench.write("rows.jsonl", text);
    bench.run(&["grade", "rows.jsonl", "-g", "syntax", "-o", "out.jsonl"]).expect_status(0);
    let written = std::fs::read_to_string(bench.path("out.jsonl")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines.len(), 2);
    let start = "{\"id\":12345678901234567890123,\"z\":1.10,\"a\":null,\"query\":\"q\",\"response\":\"```python\\nx=1\\n```\",\"grades\":";
    assert!(lines[0].starts_with(start), "{}", lines[0]);
    assert!(lines[1].contains("\"nested\":{\"b\":[1.50,-0]}") && !lines[1].contains("\"old\""), "{}", lines[1]);
}

#[test]
fn json_arrays_standard_input_and_standard_output_work() {
    let bench = Bench::new();
    bench.write(
        "rows.json",
        "[{\"response\": \"```python\\nx = 1\\n```\"},\n {\"response\": \"```python\\nx =\\n```\"}]",
    );
    bench.run(&["grade", "rows.json", "-g", "syntax", "-o", "out.json"]).expect_status(0);
    let array: Value = serde_json::from_str(&std::fs::read_to_string(bench.path("out.json")).unwrap()).unwrap();
    assert_eq!(array.as_array().map(Vec::len), Some(2));
    let ran = bench
        .run_with_input(&["grade", "-", "-g", "syntax"], "{\"response\": \"```python\\nx = 1\\n```\"}\n")
        .expect_status(0);
    let rows = crate::support::rows(&ran.stdout);
    assert_eq!(grade(&rows[0], "syntax")["score"].as_f64(), Some(1.0));
}

#[test]
fn one_component_serves_twice_under_two_names() {
    let bench = Bench::new();
    bench.write(
        "gradebox.toml",
        "[graders.strict]\ncomponent = \"code-execution\"\nparams = { score = \"all-or-nothing\" }\n\n\
                                  [graders.lenient]\ncomponent = \"code-execution\"\nthreshold = 0.5\n",
    );
    let rows = [json!({"query": "q", "response": "```python\ndef f(n): return 5\n```",
                       "tests": {"fn_name": "f", "inputs": [[2], [3]], "outputs": [5, 6]}})];
    let (ran, graded) = bench.grade(&rows, &[]);
    ran.expect_status(0);
    assert_eq!(grade(&graded[0], "strict")["score"].as_f64(), Some(0.0));
    assert_eq!(grade(&graded[0], "lenient")["score"].as_f64(), Some(0.5));
    assert_eq!(grade(&graded[0], "lenient")["pass"], true);
}

#[test]
fn fail_under_turns_a_low_mean_into_a_failure() {
    let bench = Bench::new();
    let rows = [json!({"response": "```python\nx =\n```"})];
    let (ran, _) = bench.grade(&rows, &["-g", "syntax", "--fail-under", "0.5"]);
    ran.expect_status(1);
}
