//! The body of a 200, read leniently: no closed enumerations, and nothing required but an answer.

use serde_json::Value;

use super::{complaint::Complaint, excerpt, think};
use crate::model::Completion;

/// A body and what it says was used.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) reading: Reading,
    pub(super) prompt_tokens: Option<u64>,
    /// Those of the prompt that the endpoint had in its own cache.
    pub(super) cached_tokens: Option<u64>,
    pub(super) completion_tokens: Option<u64>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Reading {
    Answer(Completion),
    Refused(String),
    /// No answer; `again` where another attempt may bring one.
    Empty {
        why: String,
        again: bool,
    },
    /// An error in the place of an answer.
    Error(Complaint),
    /// Not a chat completion at all.
    Foreign(String),
}

/// Reads a body; `model` is the answer's where the body names none.
pub(super) fn read(body: &[u8], model: &str) -> Reply {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        let complaint = Complaint::of_body(body);
        return Reply {
            reading: Reading::Foreign(format!("not JSON: {}", complaint.message)),
            prompt_tokens: None,
            cached_tokens: None,
            completion_tokens: None,
        };
    };
    let usage = value.get("usage");
    let details = usage.and_then(|usage| usage.get("prompt_tokens_details"));
    let cached = details.and_then(|details| details.get("cached_tokens")).and_then(Value::as_u64);
    let tokens = |key: &str| usage.and_then(|usage| usage.get(key)).and_then(Value::as_u64);
    Reply {
        reading: reading(&value, model),
        prompt_tokens: tokens("prompt_tokens"),
        cached_tokens: cached.or_else(|| tokens("prompt_cache_hit_tokens")),
        completion_tokens: tokens("completion_tokens"),
    }
}

fn reading(value: &Value, model: &str) -> Reading {
    if let Some(error) = present(value.get("error")) {
        return Reading::Error(Complaint::of_error(error));
    }
    let Some(choices) = value.get("choices") else {
        return Reading::Foreign(format!("no `choices`: {}", excerpt(&value.to_string(), 200)));
    };
    let Some(choice) = choices.as_array().and_then(|choices| choices.first()) else {
        return Reading::Empty { why: "the reply has no choices".to_owned(), again: true };
    };
    if let Some(error) = present(choice.get("error")) {
        return Reading::Error(Complaint::of_error(error));
    }
    let model = value.get("model").and_then(Value::as_str).filter(|model| !model.is_empty()).unwrap_or(model);
    read_choice(choice, model)
}

fn read_choice(choice: &Value, model: &str) -> Reading {
    let message = choice.get("message").unwrap_or(&Value::Null);
    let content = text(message.get("content")).or_else(|| text(choice.get("text"))).unwrap_or_default();
    let finish = choice.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
    let parted = think::part(&content);
    let answer = parted.answer.trim();
    let mut reasoning: Vec<String> = parted.thinking.iter().map(ToString::to_string).collect();
    reasoning.extend(text(message.get("reasoning_content")).or_else(|| text(message.get("reasoning"))));
    let reasoning = Some(reasoning.join("\n\n")).filter(|text| !text.trim().is_empty());

    if matches!(finish, "content_filter" | "sensitive") {
        return Reading::Refused("a content filter stopped the reply".to_owned());
    }
    if let Some(refusal) = text(message.get("refusal")).filter(|_| answer.is_empty()) {
        return Reading::Refused(format!("the model refused: {}", excerpt(&refusal, 300)));
    }
    if finish == "error" {
        return Reading::Error(Complaint { message: "the reply ended in an error".to_owned(), ..Complaint::default() });
    }
    if answer.is_empty() {
        return empty(finish, reasoning.is_some(), parted.unclosed);
    }
    Reading::Answer(Completion {
        content: answer.to_owned(),
        reasoning,
        truncated: is_cut(finish),
        model: model.to_owned(),
    })
}

fn empty(finish: &str, thought: bool, unclosed: bool) -> Reading {
    let (why, again) = match (thought, is_cut(finish) || unclosed) {
        (true, true) => ("the token limit was used up by thinking; raise max_tokens", false),
        (false, true) => ("the token limit was used up before any text; raise max_tokens", false),
        _ if matches!(finish, "tool_calls" | "function_call") => ("the model called a tool instead of answering", true),
        (true, false) => ("the model thought but gave no answer", true),
        (false, false) => ("the reply is empty", true),
    };
    Reading::Empty { why: why.to_owned(), again }
}

/// Whether the server stopped before the model did; servers have many words for it, and unknown ones mean an end.
fn is_cut(finish: &str) -> bool {
    let words = ["length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"];
    words.contains(&finish) || finish == "insufficient_system_resource"
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    })
}

/// Text as a string or as a list of parts; blank text is none.
fn text(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts = parts.iter().filter_map(|part| part.as_str().or_else(|| part.get("text")?.as_str()));
            parts.collect()
        }
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn choice(message: &Value, finish: &Value) -> Reading {
        let body = json!({"choices": [{"message": message, "finish_reason": finish}]});
        read(body.to_string().as_bytes(), "asked").reading
    }

    fn answer(content: &str, truncated: bool) -> Reading {
        Reading::Answer(Completion {
            content: content.to_owned(),
            reasoning: None,
            truncated,
            model: "asked".to_owned(),
        })
    }

    #[test]
    fn an_answer_needs_nothing_but_its_content() {
        assert_eq!(choice(&json!({"content": " ok\n"}), &Value::Null), answer("ok", false));
        assert_eq!(choice(&json!({"content": [{"type": "text", "text": "ok"}]}), &json!("eos")), answer("ok", false));
        assert_eq!(read(br#"  {"choices": [{"text": "ok"}]}"#, "asked").reading, answer("ok", false));
    }

    #[test]
    fn a_cut_reply_says_so() {
        for finish in ["length", "max_tokens", "insufficient_system_resource"] {
            assert_eq!(choice(&json!({"content": "ok"}), &json!(finish)), answer("ok", true), "{finish}");
        }
    }

    #[test]
    fn refusals_and_filters_are_told_from_empty_replies() {
        for content in [Value::Null, json!("")] {
            let reading = choice(&json!({"content": content, "refusal": "no"}), &json!("stop"));
            assert_eq!(reading, Reading::Refused("the model refused: no".to_owned()));
        }
        assert!(matches!(choice(&json!({"content": "par"}), &json!("content_filter")), Reading::Refused(_)));
        assert!(matches!(choice(&json!({"content": null}), &json!("stop")), Reading::Empty { again: true, .. }));
        let empty = read(br#"{"choices": null}"#, "m").reading;
        assert!(matches!(empty, Reading::Empty { again: true, .. }), "{empty:?}");
    }

    #[test]
    fn thinking_is_never_the_answer() {
        for message in [json!({"content": null, "reasoning": "hm"}), json!({"content": "<think>hm"})] {
            let reading = choice(&message, &json!("length"));
            let Reading::Empty { why, again: false } = reading else { panic!("{reading:?}") };
            assert!(why.contains("max_tokens"), "{why}");
        }
        let reading = choice(&json!({"content": "<think>a</think>b", "reasoning_content": "c"}), &json!("stop"));
        let Reading::Answer(completion) = reading else { panic!("{reading:?}") };
        assert_eq!((completion.content.as_str(), completion.reasoning.as_deref()), ("b", Some("a\n\nc")));
    }

    #[test]
    fn an_error_stands_before_choices() {
        let reading = read(br#"{"error": {"code": 502, "message": "up"}, "choices": null}"#, "m").reading;
        assert!(matches!(reading, Reading::Error(Complaint { status: Some(502), .. })), "{reading:?}");
        assert!(matches!(choice(&json!({"content": "x"}), &json!("error")), Reading::Error(_)));
    }

    #[test]
    fn usage_is_taken_where_it_is_there() {
        let reply = read(br#"{"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": null}}"#, "m");
        assert_eq!((reply.prompt_tokens, reply.completion_tokens), (Some(3), None));
    }

    #[test]
    fn what_is_no_completion_is_quoted() {
        for body in ["<html>Sign in</html>", r#"{"object": "list"}"#, "[]"] {
            assert!(matches!(read(body.as_bytes(), "m").reading, Reading::Foreign(_)), "{body}");
        }
    }
}
