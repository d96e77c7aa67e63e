//! What a server says when something went wrong, in whichever shape it says it.

use serde_json::{Map, Value};

use super::excerpt;
use crate::sample::text_of;

const MESSAGE_LIMIT: usize = 500;

/// A server's complaint; empty where it said nothing of use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    /// One line, capped, without control characters.
    pub(super) message: String,
    /// All codes and types that came with it, in lower case.
    pub(super) codes: Vec<String>,
    /// The parameter that is complained of.
    pub(super) param: Option<String>,
    /// The status that an error within a 200 speaks of.
    pub(super) status: Option<u16>,
}

impl Complaint {
    /// Reads the body of an error: `{"error": {…}}`, `{"error": "…"}`, `{"detail": …}`, `{"message": …}`, HTML, text.
    pub(super) fn of_body(body: &[u8]) -> Self {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Self::of_members(&members),
            Ok(Value::Array(entries)) => match entries.first() {
                Some(Value::Object(members)) => Self::of_members(members),
                _ => Self::of_text(body),
            },
            _ => Self::of_text(body),
        }
    }

    /// Reads the value of an `error` member.
    pub(super) fn of_error(error: &Value) -> Self {
        let Value::Object(members) = error else {
            return Self { message: excerpt(&text_of(error), MESSAGE_LIMIT), ..Self::default() };
        };
        let message = ["message", "msg", "detail", "error"].iter().find_map(|key| said(members.get(*key)?));
        let inner = members.get("innererror").or_else(|| members.get("metadata"));
        let sources = [Some(error), inner];
        let codes =
            sources.into_iter().flatten().flat_map(|source| ["code", "type", "status"].map(|key| source.get(key)));
        Self {
            message: message.unwrap_or_else(|| excerpt(&error.to_string(), MESSAGE_LIMIT)),
            codes: codes.flatten().filter(|code| !code.is_null()).map(|code| text_of(code).to_lowercase()).collect(),
            param: members.get("param").and_then(Value::as_str).map(str::to_owned),
            status: members.get("code").and_then(status),
        }
    }

    pub(super) fn has_code(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }

    /// Whether the message has one of these words, in whichever case.
    pub(super) fn mentions(&self, words: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        words.iter().any(|word| message.contains(&word.to_lowercase()))
    }

    fn of_members(members: &Map<String, Value>) -> Self {
        if let Some(error) = members.get("error").filter(|error| !error.is_null()) {
            return Self::of_error(error);
        }
        Self::of_error(&Value::Object(members.clone()))
    }

    fn of_text(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let text = if text.trim_start().starts_with('<') { without_tags(&text) } else { text.into_owned() };
        Self { message: excerpt(&text, MESSAGE_LIMIT), ..Self::default() }
    }
}

/// A message, or what a validating server lists: `[{"loc": ["body", "seed"], "msg": "…"}]`.
fn said(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Array(entries) => entries.iter().map(complaint_entry).collect::<Vec<_>>().join("; "),
        other => text_of(other),
    };
    (!text.trim().is_empty()).then(|| excerpt(&text, MESSAGE_LIMIT))
}

fn complaint_entry(entry: &Value) -> String {
    let place = entry.get("loc").and_then(Value::as_array);
    let place = place.map(|steps| steps.iter().map(text_of).collect::<Vec<_>>().join("."));
    match (place, entry.get("msg")) {
        (Some(place), Some(message)) => format!("{place}: {}", text_of(message)),
        _ => text_of(entry),
    }
}

fn status(code: &Value) -> Option<u16> {
    let code = match code {
        Value::String(text) => text.parse().ok()?,
        other => other.as_u64()?,
    };
    u16::try_from(code).ok().filter(|code| (400..600).contains(code))
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> String {
        Complaint::of_body(body.as_bytes()).message
    }

    #[test]
    fn the_message_is_found_in_every_shape() {
        for (body, expected) in [
            (r#"{"error": {"message": "no", "code": 404}}"#, "no"),
            (r#"{"error": "no"}"#, "no"),
            (r#"[{"error": {"message": "no"}}]"#, "no"),
            (r#"{"detail": "Not Found"}"#, "Not Found"),
            (r#"{"detail": [{"loc": ["body", "seed"], "msg": "extra"}]}"#, "body.seed: extra"),
            (r#"{"object": "error", "message": "no"}"#, "no"),
            ("<html><h1>502 Bad\nGateway</h1></html>", "502 Bad Gateway"),
            ("Internal Server Error", "Internal Server Error"),
            ("", ""),
        ] {
            assert_eq!(message(body), expected, "{body}");
        }
    }

    #[test]
    fn codes_are_collected_whether_text_or_number_also_from_the_inner_error() {
        let body = br#"{"error": {"code": 400, "type": "X", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}"#;
        let complaint = Complaint::of_body(body);
        assert_eq!(complaint.codes, ["400", "x", "responsibleaipolicyviolation"]);
        assert_eq!(complaint.status, Some(400));
    }

    #[test]
    fn long_and_hostile_messages_are_capped_and_cleaned() {
        let shown = message(&format!("{}\u{1b}]0;x", "a".repeat(2000)));
        assert!(shown.chars().count() <= MESSAGE_LIMIT + 1 && !shown.contains('\u{1b}'), "{shown}");
    }
}
