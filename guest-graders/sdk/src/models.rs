//! Model calls under the run's own budget.

use serde_json::Value;

use crate::{GradeError, Message, bindings::host::gradebox::grader::models as host, export};

/// Asks the model that the configuration gives to `role`, and returns its reply: an object with
/// `content`, `finish_reason`, `usage`. `options` is an object: `temperature`, `max_tokens`,
/// `response_schema` and the like. A call that fails ends the grade in the host.
///
/// # Errors
/// [`GradeError::Internal`] when the host's reply is not JSON, a defect of the host.
pub fn complete(role: &str, messages: &[Message], options: &Value) -> Result<Value, GradeError> {
    let messages: Vec<_> = messages.iter().map(export::message_to_contract).collect();
    let reply = host::complete(role, &messages, &options.to_string());
    serde_json::from_str(&reply)
        .map_err(|error| GradeError::internal(format_args!("the host's reply to a model call is not JSON: {error}")))
}
