//! Decides what an execution came to.

use gradebox_sdk::{
    programs::{Ending, Execution},
    value::Value,
};

use crate::{
    compare::{Likeness, Policy, compare_text, same_value},
    params::{AfterOutput, Params},
    run::{Found, Outcome},
    suite::{Case, Expectation},
};

/// What a case came to, by comparison with what it expects.
pub(crate) fn compared(case: &Case, execution: Execution, params: &Params) -> Outcome {
    match case {
        Case::Output { expected, .. } => output(expected.as_deref().unwrap_or_default(), execution, params),
        Case::Call { expectation, .. } | Case::Expression { expectation, .. } => {
            value(expectation, execution.ending, execution.value, Policy::from(params))
        }
        Case::Statements { .. } => unexpected(execution.ending),
    }
}

/// What a program gave for a checker to judge; else what the case came to without one: a test that asks for an exception
/// is none of the checker's, and an object that stays in its sandbox is never right.
pub(crate) fn checkable(case: &Case, execution: Execution, params: &Params) -> Result<Found, Box<Outcome>> {
    let lenient = params.after_output == AfterOutput::Lenient;
    let (Case::Call { expectation, .. } | Case::Expression { expectation, .. }) = case else {
        return match (case, execution.ending) {
            (Case::Output { .. }, Ending::Completed | Ending::Exited(0)) => Ok(Found::Printed(text(execution.stdout))),
            (Case::Output { .. }, Ending::Raised(_) | Ending::Exited(_)) if lenient => {
                Ok(Found::Printed(text(execution.stdout)))
            }
            (_, ending) => Err(Box::new(unexpected(ending))),
        };
    };
    match (expectation, execution.ending, execution.value) {
        (Expectation::Returns(_), Ending::Completed, Some(found)) => match object_in(&found) {
            Some(kind) => Err(Box::new(Outcome::Withheld { kind: kind.to_owned(), found: Found::Value(found) })),
            None => Ok(Found::Value(found)),
        },
        (_, ending, found) => Err(Box::new(value(expectation, ending, found, Policy::from(params)))),
    }
}

/// The type of the first object in a value that stays in its sandbox.
fn object_in(value: &Value) -> Option<&str> {
    match value {
        Value::Opaque { kind, .. } => Some(kind),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) | Value::FrozenSet(items) => {
            items.iter().find_map(object_in)
        }
        Value::Dict(entries) => entries.iter().find_map(|(key, item)| object_in(key).or_else(|| object_in(item))),
        _ => None,
    }
}

fn output(expected: &str, execution: Execution, params: &Params) -> Outcome {
    let printed = text(execution.stdout);
    let likeness = compare_text(expected, &printed, Policy::from(params));
    let lenient = params.after_output == AfterOutput::Lenient;
    match (execution.ending, likeness) {
        // Exit 0 is how many programs end, and the output is compared all the same.
        (Ending::Completed | Ending::Exited(0), Likeness::Same) => Outcome::Passed,
        (Ending::Completed | Ending::Exited(_) | Ending::Raised(_), Likeness::Same | Likeness::Longer) if lenient => {
            Outcome::Passed
        }
        (Ending::Completed | Ending::Exited(0), Likeness::Longer) => Outcome::Wrong(Found::PrintedMore(printed)),
        (Ending::Completed | Ending::Exited(0), Likeness::Different) => Outcome::Wrong(Found::Printed(printed)),
        (ending, Likeness::Same) if !expected.trim().is_empty() => Outcome::Afterwards(Box::new(unexpected(ending))),
        (ending, _) => unexpected(ending),
    }
}

fn value(expectation: &Expectation, ending: Ending, found: Option<Value>, policy: Policy) -> Outcome {
    match (expectation, ending, found) {
        (Expectation::Returns(expected), Ending::Completed, Some(found)) => {
            if expected.iter().any(|expected| same_value(expected, &found, policy)) {
                return Outcome::Passed;
            }
            Outcome::Wrong(Found::Value(found))
        }
        (Expectation::Raises(_), Ending::Completed, value) => Outcome::NothingRaised(value),
        (Expectation::Raises(kind), Ending::Raised(raised), _) if is_kind(&raised.kind, kind) => Outcome::Passed,
        (_, Ending::Completed, None) => Outcome::Crashed("it gave no result".to_owned()),
        (_, ending, _) => unexpected(ending),
    }
}

/// An ending that no test asks for.
pub(crate) fn unexpected(ending: Ending) -> Outcome {
    match ending {
        Ending::Completed => Outcome::Crashed("it gave no result".to_owned()),
        Ending::Raised(raised) => Outcome::Raised(raised),
        Ending::Exited(code) => Outcome::Exited(code),
        Ending::TimedOut => Outcome::TimedOut,
        Ending::OutOfMemory => Outcome::OutOfMemory,
        Ending::StackOverflow => Outcome::StackOverflow,
        Ending::OutputExceeded => Outcome::OutputExceeded,
        Ending::Crashed(how) => Outcome::Crashed(how),
    }
}

fn is_kind(found: &str, expected: &str) -> bool {
    found == expected || found.rsplit('.').next() == Some(expected)
}

/// What is not UTF-8 is replaced.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use gradebox_sdk::programs::Raised;

    use super::*;
    use crate::recorded::ended;

    fn raised() -> Ending {
        Ending::Raised(Raised { kind: "E".to_owned(), message: String::new(), line: None, traceback: String::new() })
    }

    fn judged(after_output: AfterOutput, ending: Ending, stdout: &str) -> Outcome {
        let params = Params { after_output, ..Params::default() };
        let case = Case::Output { stdin: String::new(), expected: Some("1\n2\n".to_owned()) };
        compared(&case, Execution { stdout: stdout.as_bytes().to_vec(), ..ended(ending) }, &params)
    }

    #[test]
    fn strictly_nothing_may_follow_the_output() {
        let strict = |ending, stdout: &str| judged(AfterOutput::Strict, ending, stdout);
        assert_eq!(strict(Ending::Completed, "1\n2"), Outcome::Passed);
        assert_eq!(strict(Ending::Exited(0), "1\n2\n"), Outcome::Passed);
        let more = "1\n2\nDone".to_owned();
        assert_eq!(strict(Ending::Completed, &more), Outcome::Wrong(Found::PrintedMore(more.clone())));
        assert_eq!(strict(Ending::Exited(3), "1\n2\n"), Outcome::Afterwards(Box::new(Outcome::Exited(3))));
        assert_eq!(strict(Ending::TimedOut, "1\n2\n"), Outcome::Afterwards(Box::new(Outcome::TimedOut)));
        assert_eq!(strict(raised(), "1\n"), unexpected(raised()));
    }

    #[test]
    fn leniently_what_follows_the_output_is_not_held_against_it() {
        let lenient = |ending, stdout: &str| judged(AfterOutput::Lenient, ending, stdout);
        for ending in [Ending::Completed, Ending::Exited(0), Ending::Exited(1), raised()] {
            for stdout in ["1\n2\n", "1\n2\nDone"] {
                assert_eq!(lenient(ending.clone(), stdout), Outcome::Passed, "{ending:?} {stdout:?}");
            }
            for early in ["", "1\n", "1\n22", "2\n1"] {
                assert_ne!(lenient(ending.clone(), early), Outcome::Passed, "{ending:?} {early:?}");
            }
        }
        for ending in [Ending::TimedOut, Ending::OutOfMemory, Ending::StackOverflow, Ending::OutputExceeded] {
            assert_ne!(lenient(ending, "1\n2\n"), Outcome::Passed);
        }
    }

    #[test]
    fn a_checker_is_asked_only_of_what_there_is() {
        let script = Case::Output { stdin: String::new(), expected: None };
        let asked = |params: &Params, ending| checkable(&script, ended(ending), params).ok();
        let strict = Params::default();
        assert_eq!(asked(&strict, Ending::Exited(0)), Some(Found::Printed(String::new())));
        assert_eq!(asked(&strict, raised()), None);
        let lenient = Params { after_output: AfterOutput::Lenient, ..Params::default() };
        assert!(asked(&lenient, raised()).is_some() && asked(&lenient, Ending::TimedOut).is_none());
    }
}
