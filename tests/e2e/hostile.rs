//! A hostile component in one long-lived run: every misbehaviour is a typed outcome, and the grades between are right.

use serde_json::{Value, json};

use crate::support::{Bench, grade, hostile_graders, root};

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
    ("run on too many inputs", "error", "grader-limit"),
    ("open sessions", "error", "grader-limit"),
    ("open large sessions", "error", "grader-limit"),
    ("flood standard error", "error", "grader-failed"),
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

/// Every program of `tests/hostile/probes`, with the ways in which it may end. Where there are several, it depends on
/// the machine's speed which limit comes first, or on the runtime's build what corrupted memory leads to.
const PROBES: &[(&str, &[&str])] = &[
    ("abort", &["crashed"]),
    ("builtins_cleared", &["raised", "crashed", "wrong"]),
    ("builtins_replaced", &["raised", "crashed", "wrong"]),
    ("bytecode", &["crashed", "raised"]),
    ("bytecode_stack", &["crashed", "raised"]),
    ("closed_output", &["raised"]),
    ("collisions", &["timed-out"]),
    ("ctypes", &["raised"]),
    ("environment", &["raised"]),
    ("execute", &["raised"]),
    ("exit_with_zero", &["wrong"]),
    ("exit_within", &["wrong"]),
    ("fork", &["raised"]),
    ("harness", &["raised", "crashed", "wrong"]),
    ("huge_exception", &["raised", "out-of-memory"]),
    ("input_at_end", &["raised"]),
    ("int_to_text", &["raised"]),
    ("kill", &["raised"]),
    ("list_directory", &["raised"]),
    ("loop", &["timed-out"]),
    ("loop_at_exit", &["timed-out"]),
    ("loop_in_c", &["timed-out"]),
    ("loop_in_except", &["timed-out"]),
    ("loop_in_exec", &["timed-out"]),
    ("loop_in_finaliser", &["timed-out"]),
    ("loop_in_finally", &["timed-out"]),
    ("loop_in_str", &["timed-out"]),
    ("loop_on_the_clock", &["timed-out"]),
    ("marshal", &["raised", "crashed"]),
    ("memory_at_once", &["out-of-memory"]),
    ("memory_beyond_counting", &["raised"]),
    ("memory_doubled", &["out-of-memory", "timed-out"]),
    ("memory_in_blocks", &["out-of-memory", "timed-out"]),
    ("memory_in_cycles", &["out-of-memory", "timed-out"]),
    ("memory_swallowed", &["timed-out", "out-of-memory"]),
    ("modules_cleared", &["raised", "crashed", "wrong"]),
    ("multiprocessing", &["raised"]),
    ("objects", &["raised", "crashed", "wrong"]),
    ("output", &["out-of-memory", "output-exceeded"]),
    ("output_in_lines", &["output-exceeded"]),
    ("output_of_errors", &["output-exceeded"]),
    ("output_past_python", &["output-exceeded"]),
    ("output_swallowed", &["output-exceeded"]),
    ("power", &["timed-out"]),
    ("read_file", &["raised"]),
    ("read_memory", &["raised"]),
    ("recursion", &["raised"]),
    ("recursion_in_c", &["raised"]),
    ("recursion_in_compiler", &["raised"]),
    ("recursion_in_json", &["raised"]),
    ("recursion_in_parser", &["raised"]),
    ("recursion_in_repr", &["timed-out", "out-of-memory", "raised"]),
    ("recursion_in_sort", &["raised"]),
    ("recursion_without_limit", &["stack-overflow", "out-of-memory", "timed-out"]),
    ("regex", &["timed-out"]),
    ("resolve", &["raised"]),
    ("signal", &["raised"]),
    ("socket", &["raised"]),
    ("sort", &["timed-out"]),
    ("subprocess", &["raised"]),
    ("surrogates", &["raised"]),
    ("system", &["raised"]),
    ("thread", &["raised"]),
    ("trace", &["raised", "crashed", "wrong"]),
    ("write_file", &["raised"]),
];

#[test]
fn hostile_programs_leave_the_host_and_the_programs_between_alone() {
    let bench = Bench::new();
    let folder = root().join("tests/hostile/probes");
    let tests = json!({"inputs": ["3\n"], "outputs": ["6\n"]});
    let good = "```python\nprint(int(input()) * 2)\n```";
    let rows: Vec<Value> = PROBES
        .iter()
        .flat_map(|(name, _)| {
            let source = std::fs::read_to_string(folder.join(format!("{name}.py"))).expect("a probe");
            let hostile = format!("```python\n{source}```");
            [hostile.as_str(), good].map(|response| json!({"query": "q", "response": response, "tests": tests}))
        })
        .collect();
    assert_eq!(std::fs::read_dir(&folder).expect("the probes").count(), PROBES.len(), "a probe is not listed");
    let chosen = "code-execution:{\"timeout_ms\": 400, \"memory_mib\": 96}";
    let (ran, graded) = bench.grade(&rows, &["-g", chosen, "--jobs", "2"]);
    let ran = ran.expect_status(0);
    for ((name, endings), pair) in PROBES.iter().zip(graded.chunks(2)) {
        let verdict = grade(&pair[0], "code-execution");
        let ending = verdict["details"]["tests"][0]["verdict"].as_str().unwrap_or_default();
        assert!(endings.contains(&ending) && verdict["pass"] == false, "{name}: {verdict}");
        assert_eq!(grade(&pair[1], "code-execution")["score"].as_f64(), Some(1.0), "after {name}: {}", pair[1]);
    }
    // WebAssembly holds them all: none takes its worker along.
    assert!(!ran.stderr.contains("died"), "{}", ran.stderr);
}
