//! Asks the row's checker: `check(input, output, expected)`, each time in a fresh sandbox of its own, which the
//! program never sees.
//!
//! `input` is what the test gave to the program: the text of standard input, or the list of a call's arguments.
//! `output` is the text that the program printed, or the value that the call returned; `expected` the test's expected
//! output or value, None where it has none. The answer is True or False, a number from 0 to 1, or one of these with a
//! message: `(False, "the path leaves the grid")`. Whatever else a checker does is an error of the row.

mod given;

use gradebox_sdk::{
    GradeError,
    programs::{Action, Call, Ending, Execution, Input, Limits, Program as Sandboxed, Runner},
    value::Value,
};

use crate::{
    excerpt::excerpt,
    language,
    params::Params,
    run::{Found, Outcome},
    suite::{Case, Checker, Expectation},
};

/// Bytes of results, and of what belongs to them, that go to the checkers' sandboxes at once: written as text they are up
/// to six times as long, and a grader has only so much memory.
const TOGETHER: usize = 4 << 20;

/// What the checker says of each result, in order; each comes with the index of its case.
pub(crate) fn ask(
    checker: &Checker,
    results: Vec<(usize, &Case, Found)>,
    params: &Params,
    runner: &impl Runner,
) -> Result<Vec<Outcome>, GradeError> {
    let program = Sandboxed {
        language: language::DEFAULT.to_owned(),
        source: checker.source.clone(),
        limits: Limits { cpu_ms: Some(params.timeout_ms), memory_mib: params.memory_mib, output_kib: None },
    };
    let asking = Asking { checker, program, runner };
    let mut outcomes = Vec::with_capacity(results.len());
    let (mut together, mut inputs, mut size) = (Vec::new(), Vec::new(), 0);
    for (index, case, found) in results {
        let args = arguments_of_check(case, given::value(&found));
        size += args.iter().map(given::size).sum::<usize>();
        inputs.push(call(args));
        together.push((index, case, found));
        if TOGETHER <= size {
            outcomes.extend(asking.all(std::mem::take(&mut together), &std::mem::take(&mut inputs))?);
            size = 0;
        }
    }
    outcomes.extend(asking.all(together, &inputs)?);
    Ok(outcomes)
}

struct Asking<'a, R> {
    checker: &'a Checker,
    program: Sandboxed,
    runner: &'a R,
}

impl<R: Runner> Asking<'_, R> {
    /// What the checker says of each result; `inputs` are what it is given of them.
    fn all(&self, results: Vec<(usize, &Case, Found)>, inputs: &[Input]) -> Result<Vec<Outcome>, GradeError> {
        if results.is_empty() {
            return Ok(Vec::new());
        }
        let mut executions = self.runner.run_all(&self.program, inputs).into_iter();
        let verdict = |(index, case, found): (usize, &Case, Found)| {
            self.verdict(index, case, found, &executions.next().ok_or_else(crate::run::missing)?)
        };
        results.into_iter().map(verdict).collect()
    }

    fn verdict(&self, index: usize, case: &Case, found: Found, execution: &Execution) -> Result<Outcome, GradeError> {
        if let Some(problem) = unreadable(execution) {
            return self.whose(index, case, problem);
        }
        let (credit, message) = answer(execution).map_err(|problem| error(self.checker, index, &problem))?;
        Ok(if credit >= 1.0 { Outcome::Passed } else { Outcome::Rejected { credit, message, found } })
    }

    /// Something of what a checker was given is no value of Python. Where the rest of it can be read, it is the program's.
    fn whose(&self, index: usize, case: &Case, problem: &str) -> Result<Outcome, GradeError> {
        let rest = self.runner.run_all(&self.program, &[call(arguments_of_check(case, Value::Null))]);
        let execution = rest.first().ok_or_else(crate::run::missing)?;
        if unreadable(execution).is_none() {
            return Ok(Outcome::Crashed(format!("its result cannot be read: {problem}")));
        }
        let problem = format!("could not be given what the test holds: {}", excerpt(&problem, 300));
        Err(error(self.checker, index, &problem))
    }
}

/// What is wrong with the values that a sandbox was given: it says so before any line of its program runs.
fn unreadable(execution: &Execution) -> Option<&str> {
    match &execution.ending {
        Ending::Raised(raised) if raised.kind == "ValueError" && raised.line.is_none() => {
            raised.message.strip_prefix("not a value: ")
        }
        _ => None,
    }
}

fn arguments_of_check(case: &Case, output: Value) -> Vec<Value> {
    let (given, expected) = match case {
        Case::Output { stdin, expected } => (Value::from(stdin.as_str()), expected.as_deref().map(Value::from)),
        Case::Call { call, expectation } => (arguments(call), expected_value(expectation)),
        Case::Expression { expression, expectation } => (Value::from(expression.as_str()), expected_value(expectation)),
        Case::Statements { code, .. } => (Value::from(code.as_str()), None),
    };
    vec![given, output, expected.unwrap_or(Value::Null)]
}

fn call(args: Vec<Value>) -> Input {
    let call = Call { target: "check".to_owned(), args, kwargs: Vec::new() };
    Input { action: Action::Call(call), stdin: Vec::new() }
}

/// The arguments by position; where some have names, a dict of those behind them.
fn arguments(call: &Call) -> Value {
    let named = call.kwargs.iter().map(|(name, value)| (Value::from(name.as_str()), value.clone()));
    let named = (!call.kwargs.is_empty()).then(|| Value::Dict(named.collect()));
    Value::List(call.args.iter().cloned().chain(named).collect())
}

fn expected_value(expectation: &Expectation) -> Option<Value> {
    match expectation {
        Expectation::Returns(values) => values.first().cloned(),
        Expectation::Raises(_) => None,
    }
}

/// The part of the test that passed, 0 to 1, and what the checker says of it; else what is wrong with the checker.
fn answer(execution: &Execution) -> Result<(f64, Option<String>), String> {
    let value = match (&execution.ending, &execution.value) {
        (Ending::Completed, Some(value)) => value,
        (Ending::Raised(raised), _) => {
            let line = raised.line.map_or(String::new(), |line| format!(" in line {line}"));
            return Err(format!("raised {}: {}{line}", excerpt(&raised.kind, 100), excerpt(&raised.message, 300)));
        }
        (Ending::TimedOut, _) => return Err("did not finish within the time of one test".to_owned()),
        (Ending::OutOfMemory, _) => return Err("ran out of memory".to_owned()),
        (ending, _) => return Err(format!("ended unexpectedly: {}", excerpt(&format_args!("{ending:?}"), 300))),
    };
    let (judgement, message) = match value {
        Value::Tuple(pair) | Value::List(pair) => match pair.as_slice() {
            [judgement, Value::Str(message)] => (judgement, Some(message.clone())),
            [judgement, Value::Null] => (judgement, None),
            _ => return Err(not_an_answer(value)),
        },
        judgement => (judgement, None),
    };
    let credit = match judgement {
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Int(number) => number.to_f64(),
        Value::Float(number) => *number,
        _ => return Err(not_an_answer(value)),
    };
    // Zero has a sign, and a score none.
    if (0.0..=1.0).contains(&credit) { Ok((credit.abs(), message)) } else { Err(not_an_answer(value)) }
}

fn not_an_answer(value: &Value) -> String {
    let expected = "expected True, False, a number from 0 to 1, or one of these with a message";
    format!("returned {}; {expected}", excerpt(value, 100))
}

fn error(checker: &Checker, index: usize, problem: &str) -> GradeError {
    let problem = format!("test {}: the checker {problem}", index + 1);
    if checker.of_row {
        GradeError::invalid_sample("checker", problem)
    } else {
        GradeError::invalid_params("checker", problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::{ended, raised, returned};

    fn answered(encoded: &str) -> Result<(f64, Option<String>), String> {
        answer(&returned(Value::decode(encoded).unwrap()))
    }

    #[test]
    fn an_answer_is_a_truth_or_a_part_of_one_with_or_without_a_message() {
        assert_eq!(answered("true"), Ok((1.0, None)));
        assert_eq!(answered("false"), Ok((0.0, None)));
        assert_eq!(answered("0.25"), Ok((0.25, None)));
        assert_eq!(answered("1"), Ok((1.0, None)));
        assert_eq!(answered(r#"{"$tuple": [false, "no"]}"#), Ok((0.0, Some("no".to_owned()))));
        assert_eq!(answered("[0.5, null]"), Ok((0.5, None)));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for encoded in ["null", "2", "-0.1", "\"yes\"", "[]", "[true]", r#"[true, "a", 1]"#, r#"{"$float": "nan"}"#] {
            assert!(answered(encoded).unwrap_err().starts_with("returned "), "{encoded}");
        }
        assert!(answer(&raised("ValueError", "no", 2)).unwrap_err().contains("raised ValueError: no in line 2"));
        for ending in [Ending::TimedOut, Ending::OutOfMemory, Ending::Exited(0), Ending::StackOverflow] {
            assert!(answer(&ended(ending.clone())).is_err(), "{ending:?}");
        }
    }

    #[test]
    fn a_checker_gets_what_went_in_what_came_out_and_what_was_expected() {
        let args = |case: &Case, found: &Found| arguments_of_check(case, given::value(found));
        let output = Case::Output { stdin: "in".to_owned(), expected: None };
        assert_eq!(
            args(&output, &Found::Printed("out".to_owned())),
            [Value::from("in"), Value::from("out"), Value::Null]
        );
        let kwargs = vec![("b".to_owned(), Value::from(2))];
        let call = Case::Call {
            call: Call { target: "f".to_owned(), args: vec![Value::from(1)], kwargs },
            expectation: Expectation::Returns(vec![Value::from(3)]),
        };
        let named = Value::Dict(vec![(Value::from("b"), Value::from(2))]);
        let expected = [Value::List(vec![Value::from(1), named]), Value::from(4), Value::from(3)];
        assert_eq!(args(&call, &Found::Value(Value::from(4))), expected);
    }
}
