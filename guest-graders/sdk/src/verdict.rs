//! What a grader answers.

use std::fmt;

use serde_json::{Map, Value};

/// What a grader may answer. Only `Scored` is ever a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The response was judged.
    Scored {
        /// Finite and within the description's scale; the host normalises it to 0..1.
        value: f64,
        /// Why, in words that a model can act on.
        reason: String,
        /// Evidence: failing cases, line and column, parsed values.
        details: Map<String, Value>,
    },
    /// The grader has nothing to say of this sample; says why.
    NotApplicable(String),
    /// It looked and cannot tell; says why. Never counted as right or as wrong.
    Undecided(String),
}

impl Verdict {
    /// The response was judged.
    pub fn scored(value: f64, reason: impl fmt::Display) -> Self {
        Self::Scored { value, reason: reason.to_string(), details: Map::new() }
    }

    /// The grader has nothing to say of this sample.
    pub fn not_applicable(reason: impl fmt::Display) -> Self {
        Self::NotApplicable(reason.to_string())
    }

    /// It looked and cannot tell.
    pub fn undecided(reason: impl fmt::Display) -> Self {
        Self::Undecided(reason.to_string())
    }

    /// Adds a piece of evidence to a score; without a score there is nothing to prove.
    #[must_use]
    pub fn detail(mut self, key: &str, evidence: impl Into<Value>) -> Self {
        if let Self::Scored { details, .. } = &mut self {
            details.insert(key.to_owned(), evidence.into());
        }
        self
    }
}
