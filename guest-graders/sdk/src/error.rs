//! Why a grader could not judge.

use std::fmt;

/// What is the grader's to report. What fails in the host ends the grade there: the grader never sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GradeError {
    /// A column is missing or malformed; names it.
    InvalidSample(String),
    /// The configured parameters do not fit; names the parameter.
    InvalidParams(String),
    /// A defect of the grader.
    Internal(String),
}

impl GradeError {
    /// A column that is missing or malformed. `problem` says what is wrong and what was expected.
    pub fn invalid_sample(column: &str, problem: impl fmt::Display) -> Self {
        Self::InvalidSample(format!("column `{column}`: {problem}"))
    }

    /// A parameter that does not fit. `problem` says what is wrong and what was expected.
    pub fn invalid_params(parameter: &str, problem: impl fmt::Display) -> Self {
        Self::InvalidParams(format!("parameter `{parameter}`: {problem}"))
    }

    /// A defect of the grader.
    pub fn internal(problem: impl fmt::Display) -> Self {
        Self::Internal(problem.to_string())
    }
}

impl fmt::Display for GradeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidSample(message) | Self::InvalidParams(message) | Self::Internal(message) => {
                out.write_str(message)
            }
        }
    }
}

impl std::error::Error for GradeError {}
