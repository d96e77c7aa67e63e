//! How a command ends: its exit status, and its error said once with causes and a hint.

use std::{fmt, io, process::ExitCode};

/// How a command ended that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Everything was done.
    Done,
    /// Done, but rows could not be graded or refined, or the result is not what was asked for.
    Incomplete,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::SUCCESS,
            Status::Incomplete => Self::from(1),
        }
    }
}

/// Why a command could not run, with what to do.
pub(super) struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
}

/// What a command gives back.
pub(super) type CommandResult<T = Status> = Result<T, Failure>;

impl Failure {
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self { error: anyhow::anyhow!("{message}"), hint: None }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// The same failure, said to lie in a grader's table of the configuration.
    #[must_use]
    pub(super) fn within(self, grader: &str) -> Self {
        let message = format!("{} in [graders.{grader}]", self.error);
        Self { error: anyhow::anyhow!(message), hint: self.hint }
    }

    /// Two for whatever could not run; one where whoever reads the output stopped reading, which needs no words.
    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.is_broken_pipe() { 1 } else { 2 })
    }

    /// Whether the reader of the output went away.
    pub(super) fn is_broken_pipe(&self) -> bool {
        let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        self.error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(broken))
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), hint: None }
    }
}

impl fmt::Display for Failure {
    /// `error: …`, a `caused by: …` for each cause that says more, and `hint: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.error.to_string();
        write!(f, "error: {said}")?;
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            if !said.contains(&cause) {
                write!(f, "\ncaused by: {cause}")?;
            }
            said = cause;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn an_error_is_said_once_with_causes_and_a_hint() {
        let error = Err::<(), _>(io::Error::other("disk on fire")).context("cannot write out.jsonl").unwrap_err();
        let failure = Failure::from(error).hint("put it out");
        assert_eq!(failure.to_string(), "error: cannot write out.jsonl\ncaused by: disk on fire\nhint: put it out");
    }

    #[test]
    fn a_cause_that_was_said_already_is_not_repeated() {
        let error = anyhow::anyhow!("inner").context("outer: inner");
        assert_eq!(Failure::from(error).to_string(), "error: outer: inner");
    }

    #[test]
    fn a_reader_that_left_is_told_apart() {
        assert!(Failure::from(io::Error::from(io::ErrorKind::BrokenPipe)).is_broken_pipe());
        assert!(!Failure::new("broken pipe").is_broken_pipe());
    }
}
