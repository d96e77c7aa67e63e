//! Runs the cases of a suite, and decides what each of them came to.

mod statements;

pub(crate) use statements::Assertion;

mod shared;

use std::time::Duration;

use gradebox_sdk::{
    GradeError,
    programs::{Action, Call, Input, Limits, Program as Sandboxed, Raised, Runner},
    value::Value,
};

use crate::{
    checker, judge, language,
    params::{Instance, Params},
    program::{Program, target_in},
    report,
    suite::{Case, Suite},
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
    /// The test cannot tell: it was skipped, or needs what sandboxes that are apart cannot give.
    Undecided(String),
    Exited(i32),
    TimedOut,
    OutOfMemory,
    StackOverflow,
    OutputExceeded,
    Crashed(String),
    /// The program did all that was asked, and then this.
    Afterwards(Box<Self>),
    /// The checker does not take it, or only in part.
    Rejected {
        /// From 0 to below 1.
        credit: f64,
        message: Option<String>,
        found: Found,
    },
    /// It gave an object of this type, which stays in its sandbox, so that no checker was asked.
    Withheld {
        kind: String,
        found: Found,
    },
    /// An earlier case ended the run.
    NotRun,
    /// The cases before took all the time that there is for the suite.
    NotReached,
}

impl Outcome {
    /// The part of the case that passed, 0 to 1.
    pub(crate) fn credit(&self) -> f64 {
        match self {
            Self::Passed => 1.0,
            Self::Rejected { credit, .. } => *credit,
            _ => 0.0,
        }
    }

    /// Leaves nothing of what the program gave but what it came to.
    fn forget(&mut self) {
        match self {
            Self::Wrong(found) | Self::Withheld { found, .. } => *found = Found::Printed(String::new()),
            Self::Rejected { message, found, .. } => {
                *message = None;
                *found = Found::Printed(String::new());
            }
            Self::NothingRaised(value) => *value = None,
            _ => {}
        }
    }

    fn is_timeout(&self) -> bool {
        match self {
            Self::TimedOut => true,
            Self::Afterwards(outcome) => outcome.is_timeout(),
            _ => false,
        }
    }
}

/// What a program gave instead of the expected result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    Value(Value),
    Printed(String),
    /// The whole expected output, and more behind it.
    PrintedMore(String),
}

/// Runs programs for one response, with the limits of its parameters.
pub(crate) struct Run<'a, R> {
    pub(crate) runner: &'a R,
    pub(crate) params: &'a Params,
    pub(crate) program: &'a Program,
    pub(crate) suite: &'a Suite,
    pub(crate) language: &'a str,
    /// What the task's prompt defines beside the function under test.
    pub(crate) preamble: &'a str,
}

impl<R: Runner> Run<'_, R> {
    /// What each case came to, in order.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`] when a test cannot run whatever the program is.
    pub(crate) fn outcomes(&self) -> Result<Vec<Outcome>, GradeError> {
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(self.suite.cases.len());
        let mut cases = self.suite.cases.as_slice();
        let mut shared = None;
        let mut together = if self.params.stop_at_first_failure { 1 } else { 4 };
        let mut rest = Outcome::NotRun;
        let started = self.runner.time_of_programs();
        while !cases.is_empty() && !self.is_over(&outcomes) {
            let taken = self.runner.time_of_programs().saturating_sub(started);
            let Some(fitting) = self.fitting(taken) else {
                rest = Outcome::NotReached;
                break;
            };
            let (now, later) = cases.split_at(cases.len().min(together).min(fitting));
            outcomes.extend(self.batch(outcomes.len(), now, &mut shared)?);
            self.forget(&mut outcomes);
            cases = later;
            together = (together * 2).min(64);
        }
        if self.params.stop_at_first_failure
            && let Some(first) = outcomes.iter().position(|outcome| *outcome != Outcome::Passed)
        {
            outcomes.truncate(first + 1);
            rest = Outcome::NotRun;
        }
        outcomes.resize(self.suite.cases.len(), rest);
        Ok(outcomes)
    }

    /// Drops what failed tests gave that no report describes: a program that floods each of many tests would take all the
    /// memory of the grader.
    fn forget(&self, outcomes: &mut [Outcome]) {
        let described = self.params.max_tests_in_reason.max(report::DESCRIBED);
        let failed = outcomes.iter_mut().filter(|outcome| **outcome != Outcome::Passed);
        failed.skip(described).for_each(Outcome::forget);
    }

    /// How many cases may begin together after the cases before have taken this time, so that all but one of them are
    /// sure to fit into that of the suite; None where it is used up.
    fn fitting(&self, taken: Duration) -> Option<usize> {
        let left = Duration::from_millis(self.params.suite_timeout_ms.into()).checked_sub(taken)?;
        let is_code = self.suite.cases.iter().any(|case| matches!(case, Case::Statements { .. }));
        // A test that is code, and a checker, may take as much again as the program.
        let steps = if is_code || self.suite.checker.is_some() { 2 } else { 1 };
        let longest = Duration::from_millis(u64::from(self.params.timeout_ms) * steps);
        let fitting = left.as_nanos() / longest.as_nanos().max(1);
        (!left.is_zero()).then(|| usize::try_from(fitting).unwrap_or(usize::MAX).max(1))
    }

    fn is_over(&self, outcomes: &[Outcome]) -> bool {
        let timeouts = outcomes.iter().filter(|outcome| outcome.is_timeout()).count();
        let failed = outcomes.iter().any(|outcome| *outcome != Outcome::Passed);
        timeouts >= self.params.max_timeouts as usize || (self.params.stop_at_first_failure && failed)
    }

    /// Cases that need nothing but the program run side by side; tests that are code each have two of their own.
    fn batch(&self, first: usize, cases: &[Case], shared: &mut Option<R::Session>) -> Result<Vec<Outcome>, GradeError> {
        let inputs: Vec<Input> = cases.iter().filter_map(|case| self.input(case)).collect();
        let program = self.sandboxed(self.program.source.clone(), cases);
        let mut executions = match self.params.instance {
            Instance::PerTest if inputs.is_empty() => Vec::new(),
            Instance::PerTest => self.runner.run_all(&program, &inputs),
            Instance::PerSample => shared::run_all(self.runner, &program, &inputs, shared)?,
        }
        .into_iter();
        let mut outcomes = Vec::with_capacity(cases.len());
        let mut to_check = Vec::new();
        for (index, case) in (first..).zip(cases) {
            if let Case::Statements { code, part } = case {
                outcomes.push(self.statements(code, part)?);
                continue;
            }
            let execution = executions.next().ok_or_else(missing)?;
            outcomes.push(match self.suite.checker {
                None => judge::compared(case, execution, self.params),
                Some(_) => match judge::checkable(case, execution, self.params) {
                    Ok(found) => {
                        to_check.push((index, case, found));
                        Outcome::NotRun
                    }
                    Err(outcome) => *outcome,
                },
            });
        }
        self.check(first, &mut outcomes, to_check)?;
        Ok(outcomes)
    }

    /// Puts what the checker says in the place of each outcome that is its to decide.
    fn check(
        &self,
        first: usize,
        outcomes: &mut [Outcome],
        to_check: Vec<(usize, &Case, Found)>,
    ) -> Result<(), GradeError> {
        let Some(checker) = self.suite.checker.as_ref().filter(|_| !to_check.is_empty()) else { return Ok(()) };
        let places: Vec<usize> = to_check.iter().map(|(index, ..)| index - first).collect();
        let decisions = checker::ask(checker, to_check, self.params, self.runner)?;
        for (place, outcome) in places.into_iter().zip(decisions) {
            if let Some(decided) = outcomes.get_mut(place) {
                *decided = outcome;
            }
        }
        Ok(())
    }

    fn input(&self, case: &Case) -> Option<Input> {
        let (action, stdin) = match case {
            Case::Output { stdin, .. } => (Action::Script, stdin.as_bytes().to_vec()),
            Case::Call { call, .. } => {
                let target = if language::family(self.language) == language::DEFAULT {
                    target_in(&self.program.source, &call.target)
                } else {
                    call.target.replace("()", "")
                };
                (Action::Call(Call { target, ..call.clone() }), Vec::new())
            }
            Case::Expression { expression, .. } => (Action::Evaluate(expression.clone()), Vec::new()),
            Case::Statements { .. } => return None,
        };
        Some(Input { action, stdin })
    }

    fn sandboxed(&self, source: String, cases: &[Case]) -> Sandboxed {
        let longest = cases
            .iter()
            .map(|case| if let Case::Output { expected: Some(expected), .. } = case { expected.len() } else { 0 });
        // Twice what is expected shows what is wrong; the host's default is enough for all but huge outputs.
        let output_kib = longest.max().map(|bytes| bytes / 512 + 64).filter(|kib| *kib > 256);
        Sandboxed {
            language: self.language.to_owned(),
            source,
            limits: Limits {
                cpu_ms: Some(self.params.timeout_ms),
                memory_mib: self.params.memory_mib,
                output_kib: output_kib.map(|kib| u32::try_from(kib).unwrap_or(u32::MAX)),
            },
        }
    }
}

pub(crate) fn missing() -> GradeError {
    GradeError::internal("the host gave fewer executions than inputs")
}

#[cfg(test)]
mod tests;
