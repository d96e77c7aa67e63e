//! What executions come to.

use gradebox_sdk::{Sample, serde_json::Value as Json, serde_json::json};

use super::*;
use crate::{
    program::candidates,
    recorded::{Recorded, Silent, ended, printed, raised, reached, returned},
};

const CODE: &str = "```python\ndef f(x):\n    return x\n```\n";

fn suite(fields: &Json) -> Suite {
    Suite::read(&Sample { fields: fields.as_object().cloned().unwrap(), ..Sample::default() }, &Params::default())
        .unwrap()
}

fn program() -> Program {
    candidates(CODE, code_blocks::module(CODE, "python"), None, None).remove(0)
}

fn run(fields: &Json, params: &Params, runner: &impl Runner) -> Result<Vec<Outcome>, GradeError> {
    Run { runner, params, program: &program(), suite: &suite(fields), language: "python" }.outcomes()
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
fn a_statement_counts_only_when_its_end_was_reached() {
    let fields = json!({"test_list": ["assert f(1) == 1"]});
    assert_eq!(outcomes(&fields, |program, _| reached(program)), [Outcome::Passed]);
    let missed = Outcome::Crashed("it did not reach the end of the test".to_owned());
    for execution in [printed("ok"), returned(Value::Null), returned(Value::from(true)), returned(Value::from(""))] {
        assert_eq!(outcomes(&fields, |_, _| execution.clone()), std::slice::from_ref(&missed));
    }
}

#[test]
fn a_failed_assertion_shows_its_left_side() {
    let fields = json!({"test_list": ["assert f(1) == 2, 'no'"]});
    let execution = |program: &Sandboxed, input: &Input| match &input.action {
        Action::Evaluate(expression) if expression == "f(1)" => returned(Value::from(1)),
        _ => raised("AssertionError", "no", u32::try_from(program.source.lines().count() - 1).unwrap()),
    };
    let failed = outcomes(&fields, execution);
    let [Outcome::Failed { assertion, .. }] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!(assertion.text, "assert f(1) == 2, 'no'");
    assert_eq!(assertion.left, Some(("f(1)".to_owned(), Value::from(1))));
}

#[test]
fn an_assertion_of_the_program_itself_is_its_own_exception() {
    let fields = json!({"test_list": ["assert f(1) == 2"]});
    let failed = outcomes(&fields, |_, _| raised("AssertionError", "", 2));
    assert!(matches!(failed.as_slice(), [Outcome::Raised(_)]), "{failed:?}");
}

#[test]
fn a_test_that_needs_a_missing_module_is_the_rows_fault() {
    let fields = json!({"test": "import numpy\nassert f(1)"});
    let line = u32::try_from(program().source.lines().count() + 3).unwrap();
    let runner =
        Recorded::new(move |_: &Sandboxed, _: &Input| raised("ModuleNotFoundError", "No module named 'numpy'", line));
    let problem = run(&fields, &Params::default(), &runner).unwrap_err().to_string();
    assert!(problem.starts_with("column `test`: its line `import numpy` needs"), "{problem}");
    let runner = Recorded::new(|_: &Sandboxed, _: &Input| raised("ModuleNotFoundError", "No module named 'numpy'", 1));
    assert!(matches!(run(&fields, &Params::default(), &runner).unwrap().as_slice(), [Outcome::Raised(_)]));
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
        type Session = Silent;

        fn run_all(&self, _: &Sandboxed, _: &[Input]) -> Vec<Execution> {
            Vec::new()
        }
        fn check(&self, _: &str, _: &str) -> Vec<gradebox_sdk::programs::Diagnostic> {
            Vec::new()
        }
        fn languages(&self) -> Vec<String> {
            Vec::new()
        }
        fn open(&self, _: &Sandboxed, _: &[(&str, &Silent)]) -> Silent {
            Silent
        }
    }
    for fields in [json!({"tests": [{"stdout": "1"}]}), json!({"test_list": ["assert f(1)"]})] {
        assert!(matches!(run(&fields, &Params::default(), &Mute), Err(GradeError::Internal(_))));
    }
}

#[test]
fn the_left_side_of_an_assertion_ends_at_its_comparison() {
    let cases = [
        ("f(1) == 2", Some("f(1)")),
        ("f([1, 2], \"a == b\") == [3], 'message'", Some("f([1, 2], \"a == b\")")),
        ("f(1) is None", Some("f(1)")),
        ("not f(1)", Some("f(1)")),
        ("f(1), 'message'", Some("f(1)")),
        ("(f(1) == 2)", Some("(f(1) == 2)")),
        ("abs(f(1) - 2) < 1e-6", Some("abs(f(1) - 2)")),
        ("a and f(1) == 2", None),
        ("f(1", None),
        ("f('a", None),
        ("f(1))", None),
    ];
    for (assertion, left) in cases {
        assert_eq!(left_side(assertion), left, "{assertion}");
    }
}
