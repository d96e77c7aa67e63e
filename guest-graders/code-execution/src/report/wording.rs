//! What is said of one test: what it is, what went in, what came out.

use gradebox_sdk::{programs::Raised, value::Value};

use super::IN_REASON;
use crate::{
    compare::{Policy, first_different_line},
    excerpt::excerpt,
    run::{Assertion, Found},
    suite::{Case, Expectation, Part},
};

/// Which statement of a test did not hold, and why.
pub(super) fn failure(case: &Case, raised: &Raised, assertion: &Assertion) -> String {
    let message = match raised.message.trim() {
        "" => String::new(),
        message => format!(": {}", excerpt(&message, IN_REASON)),
    };
    let is_assertion = raised.kind == "AssertionError";
    let text = match assertion.text.as_str() {
        "" => subject(case),
        text => format!("`{}`", excerpt(&text, IN_REASON)),
    };
    match &assertion.left {
        Some((left, value)) if is_assertion => {
            format!("{text} failed: {} is {}", excerpt(left, IN_REASON), excerpt(value, IN_REASON))
        }
        _ if is_assertion && ["assert ", "assert("].iter().any(|start| assertion.text.starts_with(start)) => {
            format!("{text} failed")
        }
        _ if is_assertion => format!("{text} failed{message}"),
        _ => format!("{text} raised {}{message}", excerpt(&raised.kind, 100)),
    }
}

/// What was run.
pub(super) fn subject(case: &Case) -> String {
    match case {
        Case::Output { stdin, .. } if stdin.is_empty() => "without input, the program".to_owned(),
        Case::Output { stdin, .. } => format!("for the input {}, the program", quoted(stdin, IN_REASON)),
        Case::Statements { part: Part::Cases, .. } => "the unit tests".to_owned(),
        Case::Statements { part: Part::Check, .. } => "`check`".to_owned(),
        Case::Statements { part: Part::Function(name), .. } => format!("`{}`", excerpt(name, IN_REASON)),
        Case::Statements { part: Part::Method(class, name), .. } => {
            format!("`{}`", excerpt(&format_args!("{class}.{name}"), IN_REASON))
        }
        Case::Statements { code, part: Part::Module } => {
            format!("`{}`", excerpt(&last_statement(code), IN_REASON))
        }
        other => excerpt(&input_of(other, IN_REASON), IN_REASON),
    }
}

pub(super) fn input_of(case: &Case, most: usize) -> String {
    match case {
        Case::Output { stdin, .. } => excerpt(stdin, most),
        Case::Expression { expression, .. } => excerpt(expression, most),
        Case::Statements { code, .. } => excerpt(code, most),
        Case::Call { call, .. } => {
            let args = call.args.iter().map(|arg| excerpt(arg, most));
            let kwargs = call.kwargs.iter().map(|(name, value)| format!("{name}={}", excerpt(value, most)));
            let args: Vec<String> = args.chain(kwargs).take(20).collect();
            excerpt(&format_args!("{}({})", call.target, args.join(", ")), most)
        }
    }
}

pub(super) fn expected_of(case: &Case, most: usize) -> String {
    match case {
        Case::Output { expected, .. } => excerpt(&expected.as_deref().unwrap_or_default(), most),
        Case::Call { expectation, .. } | Case::Expression { expectation, .. } => match expectation {
            Expectation::Returns(values) => values.first().map(|value| excerpt(value, most)).unwrap_or_default(),
            Expectation::Raises(kind) => excerpt(kind, most),
        },
        Case::Statements { .. } => String::new(),
    }
}

/// Short outputs in full, of longer ones the first line that differs.
pub(super) fn output_difference(expected: &str, printed: &str, policy: Policy) -> String {
    const SHORT: usize = 200;
    if printed.trim().is_empty() {
        return format!("printed nothing, expected {}", quoted(expected.trim_end(), IN_REASON));
    }
    let line = |line: Option<&str>| line.map_or("missing".to_owned(), |line| quoted(line, IN_REASON));
    match first_different_line(expected, printed, policy) {
        Some((number, wanted, None)) if expected.len() + printed.len() > SHORT => {
            format!("stopped printing before line {number}, expected {}", line(wanted))
        }
        Some((number, wanted, found)) if expected.len() + printed.len() > SHORT => {
            format!("printed another line {number}: {}, expected {}", line(found), line(wanted))
        }
        _ => format!("printed {}, expected {}", quoted(printed.trim_end(), SHORT), quoted(expected.trim_end(), SHORT)),
    }
}

/// What stands behind the expected output.
pub(super) fn more(case: &Case, printed: &str) -> String {
    let expected = if let Case::Output { expected: Some(expected), .. } = case { expected.as_str() } else { "" };
    let lines = printed.lines().skip(expected.trim_end().lines().count());
    let mut behind = String::new();
    for line in lines {
        if behind.len() > IN_REASON {
            break;
        }
        behind.push_str(line);
        behind.push('\n');
    }
    // All on the last expected line.
    if behind.trim().is_empty() { printed.trim_end().to_owned() } else { behind.trim_end().to_owned() }
}

pub(super) fn rejection(credit: f64, message: Option<&str>, found: &Found) -> String {
    let what = match found {
        Found::Value(value) => format!("returned {}", excerpt(value, IN_REASON)),
        Found::Printed(printed) | Found::PrintedMore(printed) => {
            format!("printed {}", quoted(printed.trim_end(), IN_REASON))
        }
    };
    let part = if credit > 0.0 { format!(" in part ({credit:?})") } else { String::new() };
    let verdict = if credit > 0.0 { "is right" } else { "is wrong" };
    match message.map(str::trim).filter(|message| !message.is_empty()) {
        Some(message) => format!("{what}, which {verdict}{part}: {}", excerpt(&message, IN_REASON)),
        None => format!("{what}, which {verdict}{part} by the row's checker"),
    }
}

pub(super) fn shown(found: &Found, most: usize) -> String {
    match found {
        Found::Value(value) => excerpt(value, most),
        Found::Printed(printed) | Found::PrintedMore(printed) => excerpt(printed, most),
    }
}

/// What is wrong with a result that no checker can be given.
pub(super) fn holds(kind: &str) -> String {
    format!("holds an object of type `{}`, which cannot leave the program's sandbox", excerpt(&kind, 100))
}

pub(super) fn has_expected(case: &Case) -> bool {
    match case {
        Case::Output { expected, .. } => expected.is_some(),
        Case::Call { expectation, .. } | Case::Expression { expectation, .. } => {
            !matches!(expectation, Expectation::Returns(values) if values.is_empty())
        }
        Case::Statements { .. } => false,
    }
}

pub(super) fn expected_value(case: &Case) -> Option<&Value> {
    match case {
        Case::Call { expectation: Expectation::Returns(values), .. }
        | Case::Expression { expectation: Expectation::Returns(values), .. } => values.first(),
        _ => None,
    }
}

pub(super) fn is_long(value: &Value) -> bool {
    excerpt(value, IN_REASON).chars().count() > IN_REASON
}

pub(super) fn length(value: &Value) -> Option<usize> {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) | Value::FrozenSet(items) => Some(items.len()),
        Value::Dict(entries) => Some(entries.len()),
        _ => None,
    }
}

/// Text in quotes on one line.
pub(super) fn quoted(text: &str, most: usize) -> String {
    Value::from(excerpt(&text, most)).to_string()
}

/// The last statement of a test: what it checks.
fn last_statement(code: &str) -> String {
    let start = code.rfind("\nassert").map_or(0, |newline| newline + 1);
    let from_assert = code.get(start..).filter(|rest| rest.starts_with("assert"));
    from_assert.or_else(|| code.lines().last()).unwrap_or_default().trim().to_owned()
}
