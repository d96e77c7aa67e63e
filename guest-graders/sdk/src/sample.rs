//! One response to judge, with what it answers.

use serde_json::{Map, Value};

use crate::GradeError;

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Message {
    /// `system`, `user`, `assistant`, `tool`, or whatever the dataset says.
    pub role: String,
    /// The text of the turn.
    pub content: String,
    /// What else the turn had: content parts, tool calls, a name.
    pub extra: Map<String, Value>,
}

/// One response to judge, with what it answers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sample {
    /// The row's id, as text.
    pub id: String,
    /// The conversation up to, and without, the response.
    pub messages: Vec<Message>,
    /// The response to judge.
    pub response: String,
    /// The gold answer: a string as it is, any other value as its JSON text.
    pub reference: Option<String>,
    /// The columns that the description names and the row has, numbers as written.
    pub fields: Map<String, Value>,
}

impl Sample {
    /// The last turn of the user: what the response answers. Empty where there is none.
    pub fn query(&self) -> &str {
        self.messages.iter().rev().find(|message| message.role == "user").map_or("", |message| message.content.as_str())
    }

    /// A column, unless it is absent or null.
    pub fn field(&self, column: &str) -> Option<&Value> {
        self.fields.get(column).filter(|value| !value.is_null())
    }

    /// A column of text, unless it is absent or null.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`] when the column holds something else.
    pub fn text(&self, column: &str) -> Result<Option<&str>, GradeError> {
        match self.field(column) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(GradeError::invalid_sample(column, format_args!("expected text, found {}", kind(other))))
            }
        }
    }

    /// A column of text that must be there.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`] when the column is absent, null or holds something else.
    pub fn required_text(&self, column: &str) -> Result<&str, GradeError> {
        self.text(column)?.ok_or_else(|| GradeError::invalid_sample(column, "expected text, but the row has none"))
    }
}

/// The kind of a JSON value, with its article, for messages.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
