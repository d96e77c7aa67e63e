//! The trait that every chat model stands behind.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    budget::Charge,
    exact,
    sample::{Columns, Message},
    score::{ErrorKind, GradeError},
};

/// What to ask a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Request {
    pub messages: Vec<Message>,
    pub temperature: Option<f64>,
    /// The longest reply, in tokens.
    pub max_tokens: Option<u32>,
    pub seed: Option<u64>,
    /// The reply shall be JSON of this shape. The model behind the trait does what the endpoint allows (schema, JSON
    /// mode, or words in the prompt); the reply must be validated all the same.
    pub structure: Option<Structure>,
    /// Further members of the request body, passed on as they are.
    pub extra: Columns,
}

/// The shape of a structured reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Structure {
    /// A short identifier that some endpoints want.
    pub name: String,
    /// JSON Schema in the strict subset: every property required, no others allowed.
    pub schema: Value,
}

/// What a model answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The answer, without any thinking; never empty.
    pub content: String,
    /// What the model thought, where the endpoint tells.
    pub reasoning: Option<String>,
    /// Whether the reply was cut at the token limit.
    pub truncated: bool,
    /// The model that answered, by its own name.
    pub model: String,
}

/// What calls cost. Unknown is `None`, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Answered requests, repeated attempts included.
    pub calls: u64,
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    /// In the currency of the price table.
    #[serde(default, deserialize_with = "exact::optional_float")]
    pub cost: Option<f64>,
}

impl Usage {
    /// The sum of two usages; what is unknown in either, where that one made calls, is unknown in the sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        if self.calls == 0 {
            return other;
        }
        if other.calls == 0 {
            return self;
        }
        let add = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
        Self {
            calls: self.calls.saturating_add(other.calls),
            prompt_tokens: add(self.prompt_tokens, other.prompt_tokens),
            completion_tokens: add(self.completion_tokens, other.completion_tokens),
            cost: self.cost.zip(other.cost).map(|(a, b)| a + b),
        }
    }

    /// As it stands in a row; null is unknown. Without any call the tokens are zero, and the cost has no price to go
    /// by.
    pub fn to_json(self) -> Value {
        let tokens = |count: Option<u64>| if self.calls == 0 { Some(count.unwrap_or(0)) } else { count };
        json!({
            "prompt_tokens": tokens(self.prompt_tokens),
            "completion_tokens": tokens(self.completion_tokens),
            "calls": self.calls,
            "cost": self.cost,
        })
    }

    /// What a budget is charged: what is certain, and the worst of each call where the endpoint does not tell.
    #[must_use]
    pub fn charge(self, worst: Charge) -> Charge {
        let tokens = self.prompt_tokens.zip(self.completion_tokens).map(|(prompt, completion)| prompt + completion);
        #[expect(clippy::cast_precision_loss, reason = "no run makes 2^52 calls")]
        let calls = self.calls as f64;
        Charge {
            calls: self.calls,
            tokens: tokens.unwrap_or(worst.tokens.saturating_mul(self.calls)),
            cost: self.cost.unwrap_or(worst.cost * calls),
        }
    }
}

/// Why a model gave no usable answer; each variant is another thing to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelError {
    /// No answer after all retries: unreachable, overloaded, broken replies.
    #[error("{0}")]
    Unavailable(String),
    /// The key is missing or wrong: every call will fail.
    #[error("{0}")]
    Unauthorized(String),
    /// No quota or credit left: every call will fail.
    #[error("{0}")]
    QuotaExhausted(String),
    /// The endpoint rejects this request, and would again; `everywhere` when it would reject any request (no such
    /// model, no such path).
    #[error("{message}")]
    Rejected { message: String, everywhere: bool },
    /// The model, or a filter before it, refused this content.
    #[error("{0}")]
    Refused(String),
    /// The reply was empty: nothing, or only thinking.
    #[error("{0}")]
    Empty(String),
    /// The run's budget does not allow the call.
    #[error("{0}")]
    Budget(String),
}

impl ModelError {
    /// Whether every other call would fail in the same way, so that the run should stop at once.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Unauthorized(_) | Self::QuotaExhausted(_) => true,
            Self::Rejected { everywhere, .. } => *everywhere,
            _ => false,
        }
    }
}

/// The grade that cannot be had without the answer.
impl From<&ModelError> for GradeError {
    fn from(error: &ModelError) -> Self {
        let kind = match error {
            ModelError::Refused(_) => ErrorKind::ModelRefused,
            ModelError::Empty(_) => ErrorKind::JudgeUnparsable,
            ModelError::Budget(_) => ErrorKind::Budget,
            ModelError::Unavailable(_)
            | ModelError::Unauthorized(_)
            | ModelError::QuotaExhausted(_)
            | ModelError::Rejected { .. } => ErrorKind::ModelFailed,
        };
        let permanent = matches!(error, ModelError::Rejected { everywhere: false, .. });
        let grade = Self::new(kind, error.to_string());
        Self { retryable: grade.retryable && !permanent, ..grade }
    }
}

/// A model behind an endpoint, with its own retries and limits.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The model's name as the configuration gives it.
    fn name(&self) -> &str;

    /// Asks once, and again where that is worth it. The second value is what was used up on the way, also when there
    /// is no answer.
    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage);

    /// Says that the answer to a request was of no use: whoever keeps answers shall not give it for one that was wanted.
    async fn reject(&self, _request: &Request) {}

    /// The most that one attempt at this request can use, as far as that can be known beforehand.
    fn worst_case(&self, request: &Request) -> Charge;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_usage_stays_unknown_in_a_sum() {
        let known = Usage { calls: 1, prompt_tokens: Some(10), completion_tokens: Some(5), cost: Some(0.5) };
        let unknown = Usage { calls: 1, ..Usage::default() };
        assert_eq!(known.plus(Usage::default()), known);
        assert_eq!(known.plus(known).prompt_tokens, Some(20));
        assert_eq!(known.plus(unknown).prompt_tokens, None);
        assert_eq!(known.plus(unknown).calls, 2);
    }
}
