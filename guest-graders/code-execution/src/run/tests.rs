//! What executions come to.

use gradebox_sdk::{
    Sample,
    programs::{Ending, Execution},
    serde_json::{Value as Json, json},
};

use super::*;
use crate::{
    program::candidates,
    recorded::{Recorded, Recording, ended, printed, raised, report, returned},
};

const CODE: &str = "```python\ndef f(x):\n    return x\n```\n";

fn suite(fields: &Json) -> Suite {
    Suite::read(&Sample { fields: fields.as_object().cloned().unwrap(), ..Sample::default() }, &Params::default())
        .unwrap()
}

fn program() -> Program {
    candidates(CODE, code_blocks::module(CODE, "python"), None, None, "python").remove(0)
}

fn run(fields: &Json, params: &Params, runner: &impl Runner) -> Result<Vec<Outcome>, GradeError> {
    Run { runner, params, program: &program(), suite: &suite(fields), language: "python", preamble: "" }.outcomes()
}

fn outcomes(fields: &Json, execution: impl Fn(&Sandboxed, &Input) -> Execution) -> Vec<Outcome> {
    run(fields, &Params::default(), &Recorded::new(execution)).unwrap()
}

#[test]
fn expected_values_stay_out_of_the_sandbox() {
    let fields = json!({"tests": [
        {"function": "f", "args": ["in"], "expected": "secret"}, {"stdin": "in", "stdout": "secret"}
    ]});
    let runner = Recorded::new(|_: &Sandboxed, _: &Input| printed(""));
    run(&fields, &Params::default(), &runner).unwrap();
    let asked = format!("{:?}", runner.asked.borrow());
    assert!(asked.contains("\"in\"") && !asked.contains("secret"), "{asked}");
}

#[test]
fn exit_is_an_end_for_a_script_and_none_for_a_call_or_an_assert() {
    let exits = |code: i32| {
        move |_: &Sandboxed, _: &Input| Execution { stdout: b"1\n".to_vec(), ..ended(Ending::Exited(code)) }
    };
    let script = json!({"tests": [{"stdin": "", "stdout": "1"}]});
    assert_eq!(outcomes(&script, exits(0)), [Outcome::Passed]);
    assert_eq!(outcomes(&script, exits(1)), [Outcome::Afterwards(Box::new(Outcome::Exited(1)))]);
    assert_eq!(outcomes(&json!({"tests": [{"fn": "f", "args": [], "expected": 1}]}), exits(0)), [Outcome::Exited(0)]);
    assert_eq!(outcomes(&json!({"test_list": ["assert f(1)"]}), exits(0)), [Outcome::Exited(0)]);
}

#[test]
fn what_no_report_describes_is_not_kept() {
    let tests: Vec<Json> = (0..120).map(|number| json!({"stdin": number.to_string(), "stdout": "1"})).collect();
    let found = outcomes(&json!({"tests": tests}), |_, _| printed("2"));
    let of = |text: &str| Outcome::Wrong(Found::Printed(text.to_owned()));
    assert_eq!((&found[49], &found[50], &found[119]), (&of("2"), &of(""), &of("")));
}

#[test]
fn a_test_passes_only_when_its_sandbox_says_so() {
    let fields = json!({"test_list": ["assert f(1) == 1"]});
    assert_eq!(outcomes(&fields, |_, _| report(true, &[])), [Outcome::Passed]);
    for execution in [printed("ok"), returned(Value::Null), returned(Value::from(true)), report(false, &[])] {
        assert_ne!(outcomes(&fields, |_, _| execution.clone()), [Outcome::Passed], "{execution:?}");
    }
}

#[test]
fn the_program_is_not_in_the_sandbox_of_the_test() {
    let runner = Recorded::new(|_: &Sandboxed, _: &Input| report(true, &[]));
    run(&json!({"test_list": ["assert f(1) == 1"]}), &Params::default(), &runner).unwrap();
    let asked = runner.asked.borrow();
    let [(test, _)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(test.source, "assert f(1) == 1");
}

#[test]
fn a_failed_assertion_shows_its_left_side() {
    let fields = json!({"test_list": ["assert f(1) == 2, 'no'"]});
    let more = [
        ("by", Value::from("test")),
        ("kind", Value::from("AssertionError")),
        (
            "text",
            Value::from(
                "assert f(1) == 2, (
    'no')",
            ),
        ),
        ("left", Value::List(vec![Value::from("f(1)"), Value::from(1)])),
    ];
    let failed = outcomes(&fields, |_, _| report(false, &more));
    let [Outcome::Failed { assertion, .. }] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!(assertion.text, "assert f(1) == 2, ( 'no')");
    assert_eq!(assertion.left, Some(("f(1)".to_owned(), Value::from(1))));
}

#[test]
fn an_exception_of_the_program_has_a_line_of_the_program() {
    let more = [
        ("by", Value::from("program")),
        ("kind", Value::from("AssertionError")),
        ("line", Value::from(7)),
        ("program_line", Value::from(2)),
    ];
    let failed = outcomes(&json!({"test_list": ["assert f(1) == 2"]}), |_, _| report(false, &more));
    let [Outcome::Raised(raised)] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((raised.kind.as_str(), raised.line), ("AssertionError", Some(2)));
}

#[test]
fn what_is_wrong_with_a_test_is_the_rows_fault() {
    let fields = json!({"test": "import numpy
assert f(1)"});
    let problem = |execution: Execution| {
        let runner = Recorded::new(move |_: &Sandboxed, _: &Input| execution.clone());
        run(&fields, &Params::default(), &runner).unwrap_err().to_string()
    };
    let more = [
        ("by", Value::from("test")),
        ("kind", Value::from("ModuleNotFoundError")),
        ("message", Value::from("No module named 'numpy'")),
        ("text", Value::from("import numpy")),
    ];
    assert!(problem(report(false, &more)).starts_with("column `test`: its line `import numpy` needs"));
    let setup = report(false, &[("broken", Value::from("the setup raises NameError"))]);
    assert_eq!(problem(setup), "column `test`: the setup raises NameError");
    let syntax = raised("SyntaxError", "invalid syntax", 2);
    assert_eq!(problem(syntax), "column `test`: a test does not parse: invalid syntax in `assert f(1)`");
}

#[test]
fn a_test_that_cannot_tell_is_no_failure() {
    let undecided = report(false, &[("undecided", Value::from("the test was skipped: no"))]);
    let outcomes = outcomes(&json!({"test_list": ["assert f(1)"]}), |_, _| undecided.clone());
    assert_eq!(outcomes, [Outcome::Undecided("the test was skipped: no".to_owned())]);
}

#[test]
fn an_expected_exception_is_told_from_others_and_from_none() {
    let fields = json!({"tests": [{"call": "f(0)", "raises": "ValueError"}]});
    assert_eq!(outcomes(&fields, |_, _| raised("ValueError", "", 1)), [Outcome::Passed]);
    assert!(matches!(outcomes(&fields, |_, _| raised("TypeError", "", 1)).as_slice(), [Outcome::Raised(_)]));
    assert_eq!(outcomes(&fields, |_, _| returned(Value::Null)), [Outcome::NothingRaised(Some(Value::Null))]);
}

#[test]
fn an_endless_loop_does_not_cost_the_limit_of_every_test() {
    let tests: Vec<Json> = (0..100).map(|n| json!({"stdin": n, "stdout": n})).collect();
    let runner = Recorded::new(|_: &Sandboxed, _: &Input| ended(Ending::TimedOut));
    let outcomes = run(&json!({"tests": tests}), &Params::default(), &runner).unwrap();
    assert_eq!(runner.asked.borrow().iter().map(|(_, inputs)| inputs.len()).sum::<usize>(), 4);
    assert_eq!(outcomes.len(), 100);
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::NotRun).count(), 96);
}

#[test]
fn the_first_failure_can_end_the_run() {
    let tests: Vec<Json> = (0..5).map(|n| json!({"stdin": n, "stdout": n})).collect();
    let params = Params { stop_at_first_failure: true, ..Params::default() };
    let runner = Recorded::new(|_: &Sandboxed, input: &Input| printed(if input.stdin == b"0" { "0" } else { "?" }));
    let outcomes = run(&json!({"tests": tests}), &params, &runner).unwrap();
    let wrong = Outcome::Wrong(Found::Printed("?".to_owned()));
    assert_eq!(outcomes, [Outcome::Passed, wrong, Outcome::NotRun, Outcome::NotRun, Outcome::NotRun]);
}

#[test]
fn limits_come_from_the_parameters() {
    let params = Params { timeout_ms: 7, memory_mib: Some(9), ..Params::default() };
    let runner = Recorded::new(|_: &Sandboxed, _: &Input| printed(""));
    let expected = "x".repeat(1 << 20);
    run(&json!({"tests": [{"stdin": "", "stdout": expected}]}), &params, &runner).unwrap();
    let limits = runner.asked.borrow().first().map(|(program, _)| program.limits);
    assert_eq!(limits, Some(Limits { cpu_ms: Some(7), memory_mib: Some(9), output_kib: Some(2048 + 64) }));
}

#[test]
fn a_host_that_answers_too_little_is_an_error() {
    struct Mute;
    impl Runner for Mute {
        type Session = Recording;

        fn run_all(&self, _: &Sandboxed, _: &[Input]) -> Vec<Execution> {
            Vec::new()
        }
        fn check(&self, _: &str, _: &str) -> Vec<gradebox_sdk::programs::Diagnostic> {
            Vec::new()
        }
        fn languages(&self) -> Vec<String> {
            Vec::new()
        }
        fn open(&self, _: &Sandboxed, _: &[(&str, &Recording)]) -> Recording {
            Recording(ended(Ending::Completed))
        }
    }
    let fields = json!({"tests": [{"stdout": "1"}]});
    assert!(matches!(run(&fields, &Params::default(), &Mute), Err(GradeError::Internal(_))));
}
