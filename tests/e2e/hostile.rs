//! A hostile component in one long-lived run: every misbehaviour is a typed outcome, and the grades between are right.

use serde_json::{Value, json};

use crate::support::{Bench, grade, hostile_graders};

/// The misbehaviour, the outcome and the kind of error that it must end in.
const CASES: &[(&str, &str, &str)] = &[
    ("behave", "scored", ""),
    ("loop", "error", "grader-limit"),
    ("recurse", "error", "grader-failed"),
    ("allocate", "error", "grader-limit"),
    ("panic", "error", "grader-failed"),
    ("unreachable", "error", "grader-failed"),
    ("exit", "error", "grader-failed"),
    ("nan", "error", "bad-result"),
    ("infinite", "error", "bad-result"),
    ("above the scale", "error", "bad-result"),
    ("bad details", "error", "bad-result"),
    ("details not an object", "error", "bad-result"),
    ("deep details", "error", "bad-result"),
    ("huge details", "error", "bad-result"),
    ("huge reason", "scored", ""),
    ("gigantic reason", "error", "grader-limit"),
    ("terminal codes", "scored", ""),
    ("bad utf-8", "error", "grader-failed"),
    ("wild pointer", "error", "grader-failed"),
    ("flood the log", "scored", ""),
    ("sleep", "scored", ""),
    ("run in no language", "error", "grader-failed"),
    ("internal", "error", "grader-failed"),
    ("bad sample", "error", "invalid-sample"),
];

#[test]
fn every_misbehaviour_is_typed_and_the_grades_between_are_right() {
    let bench = Bench::new();
    let directory = hostile_graders(&bench);
    let rows: Vec<Value> = CASES
        .iter()
        .flat_map(|(how, ..)| [json!({"query": "q", "response": how}), json!({"query": "q", "response": "count"})])
        .collect();
    let (ran, graded) = bench.grade(&rows, &["-g", "hostile", "--graders", &directory.to_string_lossy()]);
    let ran = ran.expect_status(1);
    assert_eq!(graded.len(), rows.len(), "{}", ran.stderr);
    for ((how, outcome, kind), pair) in CASES.iter().zip(graded.chunks(2)) {
        let verdict = grade(&pair[0], "hostile");
        assert_eq!(verdict["outcome"], *outcome, "{how}: {verdict}");
        assert_eq!(verdict.get("kind").and_then(Value::as_str).unwrap_or_default(), *kind, "{how}: {verdict}");
        assert_eq!(verdict.get("score").is_some(), *outcome == "scored", "{how}: {verdict}");
        // A fresh instance each time: nothing was left over by the hostile neighbour, or by itself.
        let count = grade(&pair[1], "hostile");
        assert_eq!(count["reason"], "grade number 1", "after {how}");
    }
}

#[test]
fn nothing_of_the_machine_can_be_reached() {
    let bench = Bench::new().with("OPENAI_API_KEY", "sk-secret");
    let directory = hostile_graders(&bench);
    let rows = ["read a file", "connect", "environment"].map(|how| json!({"query": "q", "response": how}));
    let (ran, graded) = bench.grade(&rows, &["-g", "hostile", "--graders", &directory.to_string_lossy()]);
    ran.expect_status(0);
    let reason = |row: usize| grade(&graded[row], "hostile")["reason"].as_str().unwrap_or_default().to_owned();
    assert!(reason(0).starts_with("refused"), "{}", reason(0));
    assert!(reason(1).starts_with("refused"), "{}", reason(1));
    assert_eq!(reason(2), "[] []");
}

#[test]
fn text_of_a_grader_cannot_play_with_the_terminal() {
    let bench = Bench::new();
    let directory = hostile_graders(&bench);
    let rows = [json!({"query": "q", "response": "terminal codes"})];
    let (ran, graded) = bench.grade(&rows, &["-g", "hostile", "--graders", &directory.to_string_lossy()]);
    let ran = ran.expect_status(0);
    let reason = grade(&graded[0], "hostile")["reason"].as_str().unwrap_or_default();
    assert!(!reason.contains(['\u{1b}', '\u{7}', '\r', '\0', '\u{202e}']), "{reason:?}");
    assert!(!ran.stderr.contains("\u{1b}[2J"), "{:?}", ran.stderr);
}

#[test]
fn a_program_that_a_grader_runs_has_limits_of_its_own() {
    let bench = Bench::new();
    let directory = hostile_graders(&bench);
    let rows = [json!({"query": "q", "response": "run a loop"})];
    let (ran, graded) = bench.grade(&rows, &["-g", "hostile", "--graders", &directory.to_string_lossy()]);
    ran.expect_status(0);
    assert_eq!(grade(&graded[0], "hostile")["reason"], "Some(Ending::TimedOut)");
}
