//! What a grader may answer: a score, or a typed reason why there is none. Plain data, no I/O.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::sample::Columns;

/// The two ends of a grader's scale, in its own units; `worst` may be the larger number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    pub worst: f64,
    pub best: f64,
}

impl Scale {
    /// Zero to one, one best.
    pub const UNIT: Self = Self { worst: 0.0, best: 1.0 };

    /// Whether the two ends are finite and differ, by a number that is finite, too.
    pub fn is_valid(self) -> bool {
        let span = (self.best - self.worst).abs();
        span.is_finite() && span > 0.0
    }

    /// The value on 0..1, 1 best; `None` where it is not finite or lies outside the scale.
    pub fn normalise(self, value: f64) -> Option<f64> {
        let (low, high) = if self.worst < self.best { (self.worst, self.best) } else { (self.best, self.worst) };
        let inside = self.is_valid() && value.is_finite() && low <= value && value <= high;
        // Zero has a sign, and a score none.
        inside.then(|| ((value - self.worst) / (self.best - self.worst)).abs())
    }
}

/// How good a response is, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// 0..1, 1 best, whatever the grader's own scale.
    pub score: f64,
    /// The value on the grader's own scale.
    pub value: f64,
    /// Why, in words that the model can act on.
    pub reason: String,
    /// Evidence: failing cases, line and column, parsed values.
    pub details: Columns,
}

/// An order of several responses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// Position i holds the rank of response i; 1 is best, ties share a rank.
    pub ranks: Vec<u32>,
    pub reason: String,
    /// The single orders that these ranks were made of, each of the same shape; empty where there was no vote.
    pub votes: Vec<Vec<u32>>,
}

/// The answer of one grader to one sample. Only `Scored` carries a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Scored(Score),
    Ranked(Ranking),
    /// The grader has nothing to say of this sample.
    NotApplicable {
        reason: String,
    },
    /// It looked and cannot tell; never counted as right or as wrong.
    Undecided {
        reason: String,
    },
    /// There is no grade, and this is why.
    Error(GradeError),
}

/// The keys that an outcome has in a row.
pub(crate) const OUTCOME_KEYS: [&str; 9] =
    ["outcome", "score", "value", "reason", "details", "ranks", "votes", "kind", "retryable"];

impl Outcome {
    /// The outcome's name in a row.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scored(_) => "scored",
            Self::Ranked(_) => "ranked",
            Self::NotApplicable { .. } => "not-applicable",
            Self::Undecided { .. } => "undecided",
            Self::Error(_) => "error",
        }
    }

    /// The outcome as it stands in a row. A key without meaning is absent, never null.
    pub fn to_json(&self) -> Columns {
        let mut json = Columns::new();
        json.insert("outcome".to_owned(), self.name().into());
        match self {
            Self::Scored(score) => {
                set_number(&mut json, "score", Some(rounded(score.score)));
                set_number(&mut json, "value", Some(score.value));
                json.insert("reason".to_owned(), score.reason.clone().into());
                if !score.details.is_empty() {
                    json.insert("details".to_owned(), Value::Object(score.details.clone()));
                }
            }
            Self::Ranked(ranking) => {
                json.insert("ranks".to_owned(), ranking.ranks.clone().into());
                json.insert("reason".to_owned(), ranking.reason.clone().into());
                if ranking.votes.len() > 1 {
                    json.insert("votes".to_owned(), ranking.votes.iter().cloned().collect());
                }
            }
            Self::NotApplicable { reason } | Self::Undecided { reason } => {
                json.insert("reason".to_owned(), reason.clone().into());
            }
            Self::Error(error) => {
                json.insert("kind".to_owned(), error.kind.as_str().into());
                json.insert("reason".to_owned(), error.reason.clone().into());
                json.insert("retryable".to_owned(), error.retryable.into());
            }
        }
        json
    }
}

/// Sets `key` where there is a number that JSON can hold.
pub(crate) fn set_number(json: &mut Columns, key: &str, number: Option<f64>) {
    if let Some(number) = number.and_then(Number::from_f64) {
        json.insert(key.to_owned(), Value::Number(number));
    }
}

/// Why there is no grade.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct GradeError {
    pub kind: ErrorKind,
    /// What happened and what to do next, for people.
    pub reason: String,
    /// Whether the same grade may succeed when tried again.
    pub retryable: bool,
}

impl GradeError {
    pub fn new(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), retryable: kind.is_retryable() }
    }
}

/// The closed list of kinds of error; each is the business of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// A column is missing or malformed: the row's author.
    InvalidSample,
    /// The configured parameters do not fit: the configuration's author.
    InvalidParams,
    /// The grader trapped, panicked or said so itself: the grader's author.
    GraderFailed,
    /// The grader hit one of its limits; the reason names it.
    GraderLimit,
    /// NaN, out of scale, bad JSON, a ranking of another length.
    BadResult,
    /// The grader asked for what it was not granted.
    CapabilityDenied,
    /// Worker processes died again and again with this sample alone, or the machine was too busy for any limit to come
    /// first.
    WorkerDied,
    /// The endpoint did not answer.
    ModelFailed,
    /// The model, or a filter before it, refused.
    ModelRefused,
    /// The judge answered, but not with a valid score.
    JudgeUnparsable,
    /// The run's budget was used up before this grade.
    Budget,
    /// The run was stopped before this grade.
    Cancelled,
}

impl ErrorKind {
    /// The kind as it stands in results, such as `worker-died`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidSample => "invalid-sample",
            Self::InvalidParams => "invalid-params",
            Self::GraderFailed => "grader-failed",
            Self::GraderLimit => "grader-limit",
            Self::BadResult => "bad-result",
            Self::CapabilityDenied => "capability-denied",
            Self::WorkerDied => "worker-died",
            Self::ModelFailed => "model-failed",
            Self::ModelRefused => "model-refused",
            Self::JudgeUnparsable => "judge-unparsable",
            Self::Budget => "budget",
            Self::Cancelled => "cancelled",
        }
    }

    fn is_retryable(self) -> bool {
        matches!(self, Self::WorkerDied | Self::ModelFailed | Self::JudgeUnparsable | Self::Budget | Self::Cancelled)
    }
}

/// The number without the last digits, where binary fractions leave their traces: 0.1 + 0.2 is 0.3. Scores are
/// compared as they are shown.
pub(crate) fn rounded(number: f64) -> f64 {
    const DECIMALS: f64 = 1e12;
    (number * DECIMALS).round() / DECIMALS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_maps_its_ends_to_zero_and_one_in_both_directions() {
        let up = Scale { worst: 1.0, best: 5.0 };
        assert_eq!(up.normalise(1.0), Some(0.0));
        assert_eq!(up.normalise(5.0), Some(1.0));
        let down = Scale { worst: 10.0, best: 0.0 };
        assert_eq!(down.normalise(10.0), Some(0.0));
        assert!([up.normalise(1.0), down.normalise(10.0)].iter().flatten().all(|score| score.is_sign_positive()));
        assert_eq!(down.normalise(2.5), Some(0.75));
    }

    #[test]
    fn ends_that_are_one_number_or_too_far_apart_for_one_are_no_scale() {
        for (worst, best) in [(0.0, -0.0), (-0.0, 0.0), (-f64::MAX, f64::MAX), (f64::MAX, -1e300), (0.0, f64::INFINITY)]
        {
            let scale = Scale { worst, best };
            assert!(!scale.is_valid(), "{scale:?}");
            for value in [worst, 0.0, best] {
                assert_eq!(scale.normalise(value), None, "{value} on {scale:?}");
            }
        }
        let wide = Scale { worst: -f64::MAX / 2.0, best: f64::MAX / 2.0 };
        assert_eq!(wide.normalise(0.0), Some(0.5));
    }

    #[test]
    fn a_value_outside_the_scale_has_no_score() {
        let scale = Scale { worst: 1.0, best: 5.0 };
        for value in [0.99, 5.01, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(scale.normalise(value), None, "{value}");
        }
        assert_eq!(Scale { worst: 1.0, best: 1.0 }.normalise(1.0), None);
    }
}
