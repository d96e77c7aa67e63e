//! Runs the cases of a suite, and decides what each of them came to.

use std::hash::{DefaultHasher, Hash, Hasher};

use gradebox_sdk::{
    GradeError,
    programs::{Action, Call, Ending, Execution, Input, Limits, Program as Sandboxed, Raised, Runner},
    value::Value,
};

use crate::{
    compare::{Tolerance, same_text, same_value, same_words},
    params::{OutputComparison, Params},
    program::{Program, target_in},
    suite::{Case, Expectation, Suite},
};

/// What one case came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Passed,
    /// It ran to its end, with another result than the expected one.
    Wrong(Found),
    /// An exception that the test did not expect.
    Raised(Raised),
    /// It ended without the exception that the test expected.
    NothingRaised(Option<Value>),
    /// A statement of the test did not hold; what its left side was, where that could be found out.
    Failed {
        raised: Raised,
        assertion: Assertion,
    },
    Exited(i32),
    TimedOut,
    OutOfMemory,
    StackOverflow,
    OutputExceeded,
    Crashed(String),
    /// An earlier case ended the run.
    NotRun,
}

/// What a program gave instead of the expected result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Value(Value),
    Printed(String),
}

/// An assertion that did not hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Assertion {
    /// The first line of the assertion as the test writes it.
    pub(crate) text: String,
    /// Where it stands in the test, counted from 0.
    line: usize,
    /// Its left side, and what that was.
    pub(crate) left: Option<(String, Value)>,
}

/// Runs programs for one response, with the limits of its parameters.
pub(crate) struct Run<'a, R> {
    pub(crate) runner: &'a R,
    pub(crate) params: &'a Params,
    pub(crate) program: &'a Program,
    pub(crate) suite: &'a Suite,
}

impl<R: Runner> Run<'_, R> {
    /// What each case came to, in order.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`] when a test cannot run whatever the program is.
    pub(crate) fn outcomes(&self) -> Result<Vec<Outcome>, GradeError> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(self.suite.cases.len());
        let mut cases = self.suite.cases.as_slice();
        let mut together = if self.params.stop_at_first_failure { 1 } else { 4 };
        while !cases.is_empty() && !self.is_over(&outcomes) {
            let (now, later) = cases.split_at(cases.len().min(together));
            outcomes.extend(self.batch(outcomes.len(), now)?);
            cases = later;
            together = (together * 2).min(64);
        }
        if self.params.stop_at_first_failure
            && let Some(first) = outcomes.iter().position(|outcome| *outcome != Outcome::Passed)
        {
            outcomes.truncate(first + 1);
        }
        outcomes.resize(self.suite.cases.len(), Outcome::NotRun);
        self.explain(&mut outcomes);
        Ok(outcomes)
    }

    fn is_over(&self, outcomes: &[Outcome]) -> bool {
        let timeouts = outcomes.iter().filter(|outcome| **outcome == Outcome::TimedOut).count();
        let failed = outcomes.iter().any(|outcome| *outcome != Outcome::Passed);
        timeouts >= self.params.max_timeouts as usize || (self.params.stop_at_first_failure && failed)
    }

    /// Cases that need nothing but the program run side by side; statements each have a program of their own.
    fn batch(&self, first: usize, cases: &[Case]) -> Result<Vec<Outcome>, GradeError> {
        let inputs: Vec<Input> = cases.iter().filter_map(|case| self.input(case)).collect();
        let executions = match inputs.as_slice() {
            [] => Vec::new(),
            inputs => self.runner.run_all(&self.sandboxed(self.program.source.clone(), cases), inputs),
        };
        let mut executions = executions.into_iter();
        let outcome = |(index, case): (usize, &Case)| match case {
            Case::Statements { code } => self.statements(index, code),
            _ => Ok(self.judge(case, executions.next().ok_or_else(missing)?)),
        };
        (first..).zip(cases).map(outcome).collect()
    }

    fn input(&self, case: &Case) -> Option<Input> {
        let (action, stdin) = match case {
            Case::Output { stdin, .. } => (Action::Script, stdin.as_bytes().to_vec()),
            Case::Call { call, .. } => {
                let target = target_in(&self.program.source, &call.target);
                (Action::Call(Call { target, ..call.clone() }), Vec::new())
            }
            Case::Expression { expression, .. } => (Action::Evaluate(expression.clone()), Vec::new()),
            Case::Statements { .. } => return None,
        };
        Some(Input { action, stdin })
    }

    fn sandboxed(&self, source: String, cases: &[Case]) -> Sandboxed {
        let longest =
            cases.iter().map(|case| if let Case::Output { expected, .. } = case { expected.len() } else { 0 });
        // Twice what is expected shows what is wrong; the host's default is enough for all but huge outputs.
        let output_kib = longest.max().map(|bytes| bytes / 512 + 64).filter(|kib| *kib > 256);
        Sandboxed {
            language: self.params.language.clone(),
            source,
            limits: Limits {
                cpu_ms: Some(self.params.timeout_ms),
                memory_mib: self.params.memory_mib,
                output_kib: output_kib.map(|kib| u32::try_from(kib).unwrap_or(u32::MAX)),
            },
        }
    }

    fn judge(&self, case: &Case, execution: Execution) -> Outcome {
        match case {
            Case::Output { expected, .. } => self.judge_output(expected, execution),
            Case::Call { expectation, .. } | Case::Expression { expectation, .. } => {
                self.judge_value(expectation, execution)
            }
            Case::Statements { .. } => unexpected(execution.ending),
        }
    }

    fn judge_output(&self, expected: &str, execution: Execution) -> Outcome {
        // Exit 0 is how many programs end, and the output is compared all the same.
        if !matches!(execution.ending, Ending::Completed | Ending::Exited(0)) {
            return unexpected(execution.ending);
        }
        let printed = String::from_utf8_lossy(&execution.stdout);
        let same = match self.params.compare_output {
            OutputComparison::Text => same_text(expected, &printed),
            OutputComparison::Numbers => same_words(expected, &printed, self.tolerance()),
        };
        if same { Outcome::Passed } else { Outcome::Wrong(Found::Printed(printed.into_owned())) }
    }

    fn judge_value(&self, expectation: &Expectation, execution: Execution) -> Outcome {
        match (expectation, execution.ending, execution.value) {
            (Expectation::Returns(expected), Ending::Completed, Some(found)) => {
                if expected.iter().any(|expected| same_value(expected, &found, self.tolerance())) {
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

    /// Runs statements behind the program. They hold only when the last line, which only they lead to, was
    /// reached: neither an early exit nor anything printed counts.
    fn statements(&self, index: usize, code: &str) -> Result<Outcome, GradeError> {
        let token = token(&self.program.source, code, index);
        let source = format!("{}\n{REACHED} = '{token}'\n", self.behind(code));
        let execution = self.evaluate(source, REACHED.to_owned())?;
        Ok(match execution.ending {
            Ending::Completed if execution.value == Some(Value::Str(token)) => Outcome::Passed,
            Ending::Completed => Outcome::Crashed("it did not reach the end of the test".to_owned()),
            Ending::Raised(raised) => return self.failed(code, raised),
            ending => unexpected(ending),
        })
    }

    /// The program with statements behind it. The `pass` keeps them apart from a block that the program ends with.
    fn behind(&self, code: &str) -> String {
        format!("{}pass\n{}\n{code}", self.program.source, self.suite.setup)
    }

    fn evaluate(&self, source: String, expression: String) -> Result<Execution, GradeError> {
        let input = Input { action: Action::Evaluate(expression), stdin: Vec::new() };
        self.runner.run_all(&self.sandboxed(source, &[]), &[input]).into_iter().next().ok_or_else(missing)
    }

    /// A test that raised: its own fault when it imports what no sandbox has, else the program's.
    fn failed(&self, code: &str, raised: Raised) -> Result<Outcome, GradeError> {
        let offset = self.behind("").lines().count();
        let line = raised.line.and_then(|line| usize::try_from(line).ok()?.checked_sub(offset + 1));
        let Some((line, text)) = line.and_then(|line| Some((line, code.lines().nth(line)?.trim()))) else {
            return Ok(Outcome::Raised(raised));
        };
        if raised.kind == "ModuleNotFoundError" && (text.starts_with("import ") || text.starts_with("from ")) {
            let problem = format!("its line `{text}` needs what the sandbox does not have: {}", raised.message);
            return Err(GradeError::invalid_sample(self.suite.column, problem));
        }
        if raised.kind != "AssertionError" || !text.starts_with("assert") {
            return Ok(Outcome::Raised(raised));
        }
        Ok(Outcome::Failed { raised, assertion: Assertion { text: text.to_owned(), line, left: None } })
    }

    /// Finds out what the left sides of failed assertions are, of those that the reason describes.
    fn explain(&self, outcomes: &mut [Outcome]) {
        let failed = self.suite.cases.iter().zip(outcomes).filter(|(_, outcome)| **outcome != Outcome::Passed);
        for (case, outcome) in failed.take(self.params.max_tests_in_reason) {
            if let (Case::Statements { code }, Outcome::Failed { assertion, .. }) = (case, outcome) {
                let left = left_side(assertion.text.trim_start_matches("assert").trim());
                assertion.left =
                    left.and_then(|left| Some((left.to_owned(), self.value_of(code, assertion.line, left)?)));
            }
        }
    }

    /// What an expression of a test is before the line. One that needs a function's variables has no value here.
    fn value_of(&self, code: &str, line: usize, expression: &str) -> Option<Value> {
        let at_margin = code.lines().nth(line).is_some_and(|line| line.starts_with("assert"));
        // Within a function, the last line is what calls it.
        let lines_before = if at_margin { line } else { code.lines().count().checked_sub(1)? };
        let before: Vec<&str> = code.lines().take(lines_before).collect();
        let candidate = self.suite.entry_point.as_ref().map(|name| format!("candidate = {name}\n"));
        let source = format!("{}\n{}", self.behind(&before.join("\n")), candidate.unwrap_or_default());
        let execution = self.evaluate(source, expression.to_owned()).ok()?;
        execution.value.filter(|_| execution.ending == Ending::Completed)
    }

    fn tolerance(&self) -> Tolerance {
        Tolerance { relative: self.params.float_tolerance, absolute: self.params.float_absolute_tolerance }
    }
}

/// The name that the last line of a test sets.
const REACHED: &str = "_gradebox_reached";

/// An ending that no test asks for.
fn unexpected(ending: Ending) -> Outcome {
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

/// Differs from case to case and cannot be guessed from the response alone.
fn token(source: &str, code: &str, index: usize) -> String {
    let mut hasher = DefaultHasher::new();
    (source, code, index, "gradebox").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What stands left of the comparison of an assertion, or the whole of it where it compares nothing.
fn left_side(assertion: &str) -> Option<&str> {
    let assertion = assertion.trim_end();
    let mut depth = 0_usize;
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (index, character) in assertion.char_indices() {
        if let Some(open) = quote {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if character == open => quote = None,
                _ => {}
            }
            continue;
        }
        let rest = assertion.get(index..)?;
        match character {
            '\'' | '"' => quote = Some(character),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ if depth > 0 => {}
            ',' => return assertion.get(..index).map(str::trim),
            _ if [" and ", " or ", " if ", "lambda "].iter().any(|word| rest.starts_with(word)) => return None,
            _ if COMPARISONS.iter().any(|operator| rest.starts_with(operator)) => {
                return assertion.get(..index).map(str::trim);
            }
            _ => {}
        }
    }
    (depth == 0 && quote.is_none()).then(|| assertion.strip_prefix("not ").unwrap_or(assertion).trim())
}

const COMPARISONS: [&str; 9] = ["==", "!=", "<", ">", " is ", " in ", " not in ", "<=", ">="];

fn missing() -> GradeError {
    GradeError::internal("the host gave fewer executions than inputs")
}

#[cfg(test)]
mod tests;
