//! A dataset row as graders see it: plain data, no I/O.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The columns of one row, in the order in which they were read, numbers as written.
pub type Columns = Map<String, Value>;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool`, or whatever the dataset says.
    pub role: String,
    pub content: String,
    /// What else the turn had: content parts, tool calls, a name.
    #[serde(flatten)]
    pub extra: Columns,
}

impl Message {
    pub fn new(role: impl Into<String>, content: impl Into<String>) -> Self {
        Self { role: role.into(), content: content.into(), extra: Columns::new() }
    }

    pub fn system(content: impl Into<String>) -> Self {
        Self::new("system", content)
    }

    pub fn user(content: impl Into<String>) -> Self {
        Self::new("user", content)
    }

    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new("assistant", content)
    }
}

/// One row, with the columns that have a meaning to Gradebox taken out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Any JSON scalar, kept as it was; the row number where the row had none.
    pub id: Value,
    /// The conversation up to, and without, the response.
    pub messages: Vec<Message>,
    /// The response to judge; absent in a row that `refine` shall write one for.
    pub response: Option<String>,
    /// The responses that a listwise grader orders.
    pub responses: Vec<String>,
    /// The gold answer: a string as it is, any other value as its JSON text.
    pub reference: Option<String>,
    /// Every column of the row as it was read, the ones above included.
    pub columns: Arc<Columns>,
}

impl Sample {
    /// The id as text, for messages and for graders.
    pub fn id_text(&self) -> String {
        text_of(&self.id)
    }

    /// The last turn of the user: what the response answers.
    pub fn query(&self) -> &str {
        self.messages.iter().rev().find(|message| message.role == "user").map_or("", |message| message.content.as_str())
    }

    /// The same sample with another response to judge.
    #[must_use]
    pub fn with_response(&self, response: impl Into<String>) -> Self {
        Self { response: Some(response.into()), ..self.clone() }
    }

    /// The same sample with other responses to order.
    #[must_use]
    pub fn with_responses(&self, responses: Vec<String>) -> Self {
        Self { responses, ..self.clone() }
    }
}

/// A JSON value as text: a string as it is, any other value as its JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
