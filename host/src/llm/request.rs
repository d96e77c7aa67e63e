//! The body of a request, worded in an endpoint's dialect.

use serde_json::{Value, json};

use super::{
    dialect::{Dialect, LimitName, REFUSED_KEYWORDS, StreamLevel, StructureLevel},
    endpoint::Endpoint,
};
use crate::{
    model::{Request, Structure},
    sample::{Columns, Message},
};

/// What of a turn's further members an endpoint knows; others may be a dataset's own, and are often refused.
const TURN_MEMBERS: [&str; 3] = ["name", "tool_calls", "tool_call_id"];

/// The body: what the request says, after what the endpoint adds and before its own `extra`, either of which removes a member by
/// a null.
pub(super) fn body(endpoint: &Endpoint, request: &Request, dialect: Dialect) -> Columns {
    let defaults = &endpoint.body;
    let mut body = Columns::new();
    body.insert("model".to_owned(), json!(endpoint.model));
    body.insert("messages".to_owned(), messages(request, dialect));
    body.extend(defaults.clone());
    if let Some(temperature) = request.temperature.filter(|_| !dialect.without_temperature) {
        body.insert("temperature".to_owned(), json!(temperature));
    }
    if let Some(limit) = request.max_tokens {
        let name = match dialect.limit {
            LimitName::MaxTokens => "max_tokens",
            LimitName::MaxCompletionTokens => "max_completion_tokens",
        };
        body.insert(name.to_owned(), json!(limit));
    }
    if let Some(seed) = request.seed.filter(|_| !dialect.without_seed) {
        body.insert("seed".to_owned(), json!(seed));
    }
    if let Some(format) = request.structure.as_ref().and_then(|structure| format(structure, dialect.structure)) {
        body.insert("response_format".to_owned(), format);
    }
    if endpoint.stream && dialect.stream != StreamLevel::Whole {
        body.insert("stream".to_owned(), json!(true));
        if dialect.stream == StreamLevel::WithUsage {
            body.insert("stream_options".to_owned(), json!({"include_usage": true}));
        }
    }
    body.extend(request.extra.clone());
    for (name, value) in defaults.iter().chain(&request.extra) {
        if value.is_null() {
            body.shift_remove(name);
        }
    }
    body
}

/// About how many tokens a request will use: four bytes each, and the whole of its limit.
pub(super) fn estimated_tokens(request: &Request) -> f64 {
    let bytes: usize = request.messages.iter().map(|message| message.content.len()).sum();
    let prompt = u32::try_from(bytes / 4).unwrap_or(u32::MAX);
    f64::from(prompt) + f64::from(request.max_tokens.unwrap_or(500))
}

/// The most tokens that a prompt and its completion can have: no token is shorter than a byte, and templates add a few
/// to each turn. Without a limit to the completion there is no such bound; callers see to it that there is one where
/// it matters.
pub(super) fn most_tokens(request: &Request) -> (u64, u64) {
    const TEMPLATE: u64 = 256;
    const TURN: u64 = 16;
    let turns = request.messages.iter().map(|message| message.content.len() as u64 + TURN);
    let structure = request.structure.as_ref().map_or(0, |structure| structure.schema.to_string().len() as u64);
    (turns.sum::<u64>() + structure + TEMPLATE, request.max_tokens.map_or(0, u64::from))
}

fn format(structure: &Structure, level: StructureLevel) -> Option<Value> {
    let strict = |schema: &Value| {
        json!({
            "type": "json_schema",
            "json_schema": {"name": structure.name, "strict": true, "schema": schema},
        })
    };
    match level {
        StructureLevel::Schema => Some(strict(&structure.schema)),
        StructureLevel::PlainSchema => Some(strict(&plain(&structure.schema))),
        StructureLevel::Object => Some(json!({"type": "json_object"})),
        StructureLevel::Prompt => None,
    }
}

/// A schema without the keywords that strict modes often refuse; names of properties are no keywords.
fn plain(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let kept = members.iter().filter(|(key, _)| !REFUSED_KEYWORDS.contains(&key.as_str()));
    let plain_member = |(key, value): (&String, &Value)| match (key.as_str(), value) {
        ("properties", Value::Object(properties)) => {
            let properties = properties.iter().map(|(name, schema)| (name.clone(), plain(schema)));
            (key.clone(), Value::Object(properties.collect()))
        }
        ("items", schema) => (key.clone(), plain(schema)),
        _ => (key.clone(), value.clone()),
    };
    Value::Object(kept.map(plain_member).collect())
}

fn messages(request: &Request, dialect: Dialect) -> Value {
    let mut messages = request.messages.clone();
    if dialect.without_system {
        messages = folded(messages);
    }
    if let Some(structure) = &request.structure {
        remind_of_json(&mut messages, structure, dialect.structure);
    }
    messages.iter().map(turn).collect()
}

fn turn(message: &Message) -> Value {
    let mut turn = json!({"role": message.role, "content": message.content});
    for name in TURN_MEMBERS {
        if let Some(value) = message.extra.get(name) {
            turn[name] = value.clone();
        }
    }
    turn
}

/// The messages with every system message at the head of the first user message.
fn folded(messages: Vec<Message>) -> Vec<Message> {
    let (system, mut others): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| message.role == "system");
    let preface = system.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n\n");
    match others.iter_mut().find(|message| message.role == "user") {
        Some(user) => user.content = format!("{preface}\n\n{}", user.content),
        None => others.insert(0, Message::user(preface)),
    }
    others
}

/// Endpoints want the word JSON in a user message before they grant JSON mode; without a schema the words must also
/// say which JSON.
fn remind_of_json(messages: &mut Vec<Message>, structure: &Structure, level: StructureLevel) {
    let said = messages.iter().any(|message| message.role == "user" && message.content.contains("JSON"));
    let reminder = match level {
        StructureLevel::Schema | StructureLevel::PlainSchema if said => return,
        StructureLevel::Schema | StructureLevel::PlainSchema => "Answer in JSON.".to_owned(),
        StructureLevel::Object | StructureLevel::Prompt => {
            format!(
                "Answer with one JSON object and nothing else. It must match this JSON Schema: {}",
                structure.schema
            )
        }
    };
    match messages.iter_mut().rev().find(|message| message.role == "user") {
        Some(user) => user.content = format!("{}\n\n{reminder}", user.content),
        None => messages.push(Message::user(reminder)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request {
            messages: vec![Message::system("s"), Message::user("u")],
            temperature: Some(0.7),
            max_tokens: Some(10),
            seed: Some(1),
            structure: Some(Structure { name: "verdict".to_owned(), schema: json!({"type": "object"}) }),
            ..Request::default()
        }
    }

    fn worded(request: &Request, dialect: Dialect) -> Value {
        Value::Object(body(&Endpoint::new("", "", "m"), request, dialect))
    }

    #[test]
    fn the_full_dialect_says_everything() {
        let expected = json!({
            "model": "m",
            "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u\n\nAnswer in JSON."}],
            "temperature": 0.7, "max_tokens": 10, "seed": 1,
            "response_format": {"type": "json_schema",
                "json_schema": {"name": "verdict", "strict": true, "schema": {"type": "object"}}},
        });
        assert_eq!(worded(&request(), Dialect::default()), expected);
    }

    #[test]
    fn a_reduced_dialect_leaves_out_what_is_not_understood() {
        let dialect = Dialect {
            limit: LimitName::MaxCompletionTokens,
            structure: StructureLevel::Prompt,
            without_temperature: true,
            without_seed: true,
            without_system: true,
            ..Dialect::default()
        };
        let content = "s\n\nu\n\nAnswer with one JSON object and nothing else. \
                       It must match this JSON Schema: {\"type\":\"object\"}";
        let expected =
            json!({"model": "m", "messages": [{"role": "user", "content": content}], "max_completion_tokens": 10});
        assert_eq!(worded(&request(), dialect), expected);
    }

    #[test]
    fn a_plain_schema_keeps_the_shape_only() {
        let schema = json!({
            "type": "object", "required": ["maximum"], "additionalProperties": false,
            "properties": {
                "maximum": {"type": "number", "minimum": 0, "maximum": 1},
                "ranks": {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 2},
            },
        });
        let expected = json!({
            "type": "object", "required": ["maximum"], "additionalProperties": false,
            "properties": {
                "maximum": {"type": "number"},
                "ranks": {"type": "array", "items": {"type": "string"}},
            },
        });
        assert_eq!(plain(&schema), expected);
    }

    #[test]
    fn json_mode_always_has_the_word_in_a_user_message() {
        for level in
            [StructureLevel::Schema, StructureLevel::PlainSchema, StructureLevel::Object, StructureLevel::Prompt]
        {
            let body = worded(&request(), Dialect { structure: level, ..Dialect::default() });
            assert!(body["messages"][1]["content"].as_str().unwrap().contains("JSON"), "{level:?}");
        }
    }

    #[test]
    fn defaults_come_before_the_request_and_extras_after_it() {
        let defaults = json!({"temperature": 1, "top_p": 0.5, "seed": null});
        let mut endpoint = Endpoint::new("", "", "m");
        endpoint.body = defaults.as_object().unwrap().clone();
        let extra = json!({"top_p": 0.9, "max_tokens": null});
        let request = Request { extra: extra.as_object().unwrap().clone(), structure: None, ..request() };
        let body = Value::Object(body(&endpoint, &request, Dialect::default()));
        assert_eq!((&body["temperature"], &body["top_p"]), (&json!(0.7), &json!(0.9)));
        assert!(body.get("seed").is_none() && body.get("max_tokens").is_none(), "{body}");
    }

    #[test]
    fn members_of_a_turn_that_are_the_datasets_own_stay_at_home() {
        let mut message = Message::user("u");
        message.extra.insert("name".to_owned(), json!("n"));
        message.extra.insert("rating".to_owned(), json!(5));
        assert_eq!(turn(&message), json!({"role": "user", "content": "u", "name": "n"}));
    }
}
