//! Columns and conversations as text that a judge can read.

use serde_json::Value;

use crate::sample::{Message, text_of};

/// A value as text: strings as they are, lists as numbered lines, objects as `key: value` lines.
pub(super) fn readable(value: &Value) -> String {
    match value {
        Value::Array(entries) if !entries.is_empty() => {
            if let Some(turns) = entries.iter().map(turn).collect::<Option<Vec<_>>>() {
                return turns.join("\n\n");
            }
            let lines = entries.iter().enumerate();
            lines.map(|(index, entry)| format!("{}. {}", index + 1, nested(entry))).collect::<Vec<_>>().join("\n")
        }
        Value::Object(members) if !members.is_empty() => {
            let lines = members.iter().map(|(key, value)| format!("{key}: {}", nested(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
        other => text_of(other),
    }
}

/// A conversation, each turn under its role.
pub(super) fn conversation(messages: &[Message]) -> String {
    let turns = messages.iter().map(|message| {
        let extra = Value::Object(message.extra.clone());
        let content = if message.content.is_empty() && !message.extra.is_empty() {
            extra.to_string()
        } else {
            message.content.clone()
        };
        format!("[{}]\n{content}", message.role)
    });
    turns.collect::<Vec<_>>().join("\n\n")
}

/// An end of a scale, without a fraction where it has none.
pub(super) fn plain_number(number: f64) -> String {
    format!("{number}")
}

fn turn(entry: &Value) -> Option<String> {
    Some(format!("[{}]\n{}", entry.get("role")?.as_str()?, text_of(entry.get("content")?)))
}

fn nested(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => value.to_string(),
        other => text_of(other),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_read_as_people_write_them() {
        for (value, expected) in [
            (json!("a\nb"), "a\nb"),
            (json!(1.50), "1.5"),
            (json!(["a", 2, ["x"]]), "1. a\n2. 2\n3. [\"x\"]"),
            (json!({"b": 1, "a": {"c": null}}), "b: 1\na: {\"c\":null}"),
            (
                json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]),
                "[user]\nhi\n\n[assistant]\nho",
            ),
            (json!([]), "[]"),
        ] {
            assert_eq!(readable(&value), expected);
        }
    }
}
