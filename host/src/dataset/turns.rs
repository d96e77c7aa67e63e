//! Chat turns as datasets write them: `role` and `content`, content parts, `from` and `value`, pairs of texts.

use serde_json::{Value, json};

use super::error::kind_of;
use crate::sample::{Columns, Message, text_of};

/// The turns of a conversation, or what keeps the value from being one.
pub(super) fn read_turns(value: &Value) -> Result<Vec<Message>, String> {
    let Value::Array(turns) = value else {
        return Err(format!("is {}, not a list of chat turns", kind_of(value)));
    };
    let mut messages = Vec::with_capacity(turns.len());
    for (index, turn) in turns.iter().enumerate() {
        let read = read_turn(turn).map_err(|problem| format!("has a turn {} that {problem}", index + 1))?;
        messages.extend(read);
    }
    Ok(messages)
}

/// Whether a value is a list of turns, and not text.
pub(super) fn is_turns(value: &Value) -> bool {
    matches!(value, Value::Array(turns) if turns.iter().all(Value::is_object) && !turns.is_empty())
}

/// The text of a response: text, a scalar, one turn, or the last of several.
pub(super) fn read_response(value: &Value) -> Result<String, String> {
    match value {
        Value::Array(_) if is_turns(value) => {
            let last = read_turns(value)?.pop();
            Ok(last.map(|turn| turn.content).unwrap_or_default())
        }
        Value::Object(turn) if turn.contains_key("content") => {
            let last = read_turn(value)?.pop();
            Ok(last.map(|turn| turn.content).unwrap_or_default())
        }
        Value::Array(_) | Value::Object(_) => Err(format!("is {}, not text", kind_of(value))),
        scalar => Ok(text_of(scalar)),
    }
}

/// A response of the same form as another: text, one turn, or turns of which the last is another.
pub(super) fn response_like(before: &Value, text: &str) -> Value {
    match before {
        Value::Array(turns) if is_turns(before) => {
            let mut turns = turns.clone();
            if let Some(Value::Object(last)) = turns.last_mut() {
                *last = turn_like(last, text);
            }
            Value::Array(turns)
        }
        Value::Object(turn) if turn.contains_key("content") => Value::Object(turn_like(turn, text)),
        _ => Value::from(text),
    }
}

/// A turn of the same role and with the same keys. What else the other turn had, such as calls of tools, belongs to its
/// text, and is null.
fn turn_like(turn: &Columns, text: &str) -> Columns {
    let (role, content) = if turn.contains_key("content") { ("role", "content") } else { ("from", "value") };
    let text = match turn.get(content) {
        Some(Value::Array(parts)) => match parts.first() {
            Some(Value::Object(_)) => json!([{"type": "text", "text": text}]),
            _ => json!([text]),
        },
        _ => Value::from(text),
    };
    let mut like = turn.clone();
    for (key, value) in &mut like {
        if key == content {
            *value = text.clone();
        } else if key != role {
            *value = Value::Null;
        }
    }
    like
}

fn read_turn(turn: &Value) -> Result<Vec<Message>, String> {
    match turn {
        Value::Object(turn) => object_turn(turn).map(|message| vec![message]),
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(question), Value::String(answer)] => {
                Ok(vec![Message::user(question.as_str()), Message::assistant(answer.as_str())])
            }
            _ => Err("is a list, but not a pair of two texts".to_owned()),
        },
        other => Err(format!("is {}, not an object with `role` and `content`", kind_of(other))),
    }
}

fn object_turn(turn: &Columns) -> Result<Message, String> {
    let named = |name: &str| turn.get(name).and_then(Value::as_str);
    let (role, content_key, used) = match (named("role"), named("from")) {
        (Some(role), _) => (role, "content", ["role", "content"]),
        (None, Some(from)) => (role_of(from), "value", ["from", "value"]),
        (None, None) => return Err("has no `role`".to_owned()),
    };
    let mut extra = turn.clone();
    extra.retain(|key, _| !used.contains(&key.as_str()));
    let content = match turn.get(content_key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(parts)) => {
            extra.insert("content_parts".to_owned(), Value::Array(parts.clone()));
            text_of_parts(parts)
        }
        Some(Value::Object(_)) => return Err(format!("has an object as `{content_key}`")),
        Some(scalar) => text_of(scalar),
    };
    Ok(Message { role: role.to_owned(), content, extra })
}

/// The roles of turns with `from`, by their usual names.
fn role_of(from: &str) -> &str {
    match from {
        "human" => "user",
        "gpt" | "chatgpt" | "bot" | "model" => "assistant",
        other => other,
    }
}

fn text_of_parts(parts: &[Value]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Value::String(text) => Some(text.as_str()),
        Value::Object(part) => part.get("text").and_then(Value::as_str),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_a_turn_is_read() {
        let turns = json!([
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": null, "tool_calls": [1]},
            {"from": "human", "value": "h"},
            {"from": "gpt", "value": "g"},
            ["q", "r"],
        ]);
        let messages = read_turns(&turns).unwrap();
        let short: Vec<_> = messages.iter().map(|m| (m.role.as_str(), m.content.as_str())).collect();
        assert_eq!(
            short,
            [
                ("system", "s"),
                ("user", "a\nb"),
                ("assistant", ""),
                ("user", "h"),
                ("assistant", "g"),
                ("user", "q"),
                ("assistant", "r")
            ]
        );
        assert!(messages[1].extra["content_parts"].is_array());
        assert_eq!(messages[2].extra["tool_calls"], json!([1]));
    }

    #[test]
    fn what_is_no_turn_is_named_by_its_place() {
        for (turns, part) in [
            (json!("x"), "is a string"),
            (json!([{"role": "user", "content": "q"}, 3]), "turn 2 that is a number"),
            (json!([{"content": "q"}]), "turn 1 that has no `role`"),
            (json!([["a"]]), "not a pair"),
        ] {
            let problem = read_turns(&turns).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn a_response_is_text_or_the_last_turn() {
        assert_eq!(read_response(&json!("r")).unwrap(), "r");
        assert_eq!(read_response(&json!(42)).unwrap(), "42");
        assert_eq!(read_response(&json!([{"role": "assistant", "content": "r"}])).unwrap(), "r");
        assert_eq!(read_response(&json!({"role": "assistant", "content": "r"})).unwrap(), "r");
        assert!(read_response(&json!(["a", "b"])).is_err());
        assert!(read_response(&json!({"a": 1})).is_err());
    }

    #[test]
    fn another_response_has_the_form_of_the_first() {
        for (before, expected) in [
            (json!("a"), json!("r")),
            (json!(7), json!("r")),
            (json!({"role": "assistant", "content": "a"}), json!({"role": "assistant", "content": "r"})),
            (
                json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": null, "tool_calls": [1]}]),
                json!([{"role": "user", "content": "q"}, {"role": "assistant", "content": "r", "tool_calls": null}]),
            ),
            (json!([{"from": "gpt", "value": "a"}]), json!([{"from": "gpt", "value": "r"}])),
            (
                json!([{"role": "assistant", "content": [{"type": "text", "text": "a"}]}]),
                json!([{"role": "assistant", "content": [{"type": "text", "text": "r"}]}]),
            ),
        ] {
            let like = response_like(&before, "r");
            assert_eq!(like, expected);
            assert_eq!(read_response(&like).unwrap(), "r");
        }
    }
}
