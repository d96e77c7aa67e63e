//! Graders that order several responses to one conversation.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Description, GradeError, Message, schemars, serde};

/// What a listwise grader orders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Responses {
    /// The conversation that all of them answer.
    pub messages: Vec<Message>,
    /// The responses, in the order that the ranks refer to.
    pub responses: Vec<String>,
    /// The columns that the description names and the row has, numbers as written.
    pub fields: Map<String, Value>,
}

/// What a listwise grader may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// The responses were put in order.
    Ranked {
        /// Position i holds the rank of response i; 1 is best, ties share a rank.
        ranks: Vec<u32>,
        /// Why, in words that a model can act on.
        reason: String,
    },
    /// The grader has nothing to say of these responses; says why.
    NotApplicable(String),
    /// It looked and cannot tell; says why.
    Undecided(String),
}

impl Order {
    /// The responses were put in order: position i holds the rank of response i, 1 is best.
    pub fn ranked(ranks: Vec<u32>, reason: impl fmt::Display) -> Self {
        Self::Ranked { ranks, reason: reason.to_string() }
    }

    /// The order that `scores` give, one for each response, the highest best; equal scores share a rank.
    pub fn by_score(scores: &[f64], reason: impl fmt::Display) -> Self {
        let rank = |score: &f64| 1 + scores.iter().filter(|other| *other > score).count();
        let ranks = scores.iter().map(|score| u32::try_from(rank(score)).unwrap_or(u32::MAX)).collect();
        Self::ranked(ranks, reason)
    }
}

/// Orders several responses to one conversation.
pub trait ListwiseGrader {
    /// What a user may set: a struct of serde and schemars, or [`NoParams`](crate::NoParams).
    type Params: serde::de::DeserializeOwned + schemars::JsonSchema;

    /// Describes the grader: the same answer at each call. The scale is not used.
    fn describe() -> Description;

    /// Ranks the responses.
    ///
    /// # Errors
    /// As for [`Grader::grade`](crate::Grader::grade).
    fn rank(responses: &Responses, params: &Self::Params) -> Result<Order, GradeError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_share_a_rank() {
        let order = Order::by_score(&[0.2, 0.9, 0.2, 0.5], "as measured");
        assert_eq!(order, Order::ranked(vec![3, 1, 3, 2], "as measured"));
    }
}
