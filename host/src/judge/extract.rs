//! Finds the JSON object in a reply: alone, in a code fence, or amid prose. Repairs only what has one reading.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use crate::llm::excerpt;

/// No reply of a judge is longer than this.
const LONGEST: usize = 256 * 1024;

/// Opening braces without an end that are looked behind; each look goes to the end of the reply.
const UNCLOSED: usize = 100;

/// The one object in `text` with a member `key`. The error says what is wrong, in words that the judge can act on.
pub(super) fn object_with(text: &str, key: &str) -> Result<Map<String, Value>, String> {
    if text.len() > LONGEST {
        return Err("the reply is far too long".to_owned());
    }
    let objects = objects(text)?;
    if objects.is_empty() {
        return Err("the reply has no JSON object".to_owned());
    }
    let mut found: Option<Map<String, Value>> = None;
    for object in objects {
        match (object.get(key), found.as_ref().and_then(|found| found.get(key))) {
            (Some(value), Some(before)) if value != before => {
                return Err(format!("the reply has several JSON objects with different `{key}`"));
            }
            (Some(_), _) => found = Some(object),
            (None, _) => {}
        }
    }
    found.ok_or_else(|| format!("the JSON object has no `{key}`"))
}

/// All outermost objects, in order.
fn objects(text: &str) -> Result<Vec<Map<String, Value>>, String> {
    let mut objects = Vec::new();
    let mut rest = text;
    let mut unclosed = 0;
    while let Some(start) = rest.find('{') {
        rest = &rest[start..];
        let Some(end) = closing(rest) else {
            if rest[1..].trim_start().starts_with('"') {
                return Err("the JSON object has no end".to_owned());
            }
            unclosed += 1;
            if UNCLOSED < unclosed {
                return Err("the reply has too many braces without an end".to_owned());
            }
            rest = &rest[1..];
            continue;
        };
        let (slice, after) = rest.split_at(end);
        match parse(slice) {
            Ok(object) => objects.push(object),
            Err(error) if slice[1..].trim_start().starts_with('"') => {
                return Err(format!("the JSON object is malformed: {}", excerpt(&error, 200)));
            }
            Err(_) => {}
        }
        rest = after;
    }
    Ok(objects)
}

fn parse(slice: &str) -> Result<Map<String, Value>, String> {
    let strict = serde_json::from_str::<Members>(slice);
    let members = strict.or_else(|error| serde_json::from_str(&repaired(slice)).map_err(|_| error.to_string()))?;
    Ok(members.0)
}

/// The byte after the brace that closes the one at the start, with strings understood.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut string = StringState::Outside;
    for (index, byte) in text.bytes().enumerate() {
        string = string.after(byte);
        if string != StringState::Outside {
            continue;
        }
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(index + 1),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The text without commas before a closing bracket, and with line breaks and tabs inside strings escaped.
fn repaired(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut string = StringState::Outside;
    for (index, character) in text.char_indices() {
        let inside = string != StringState::Outside;
        string = string.after(u8::try_from(character).unwrap_or(b'x'));
        match character {
            ',' if !inside && text[index + 1..].trim_start().starts_with(['}', ']']) => {}
            '\n' if inside => repaired.push_str("\\n"),
            '\r' if inside => repaired.push_str("\\r"),
            '\t' if inside => repaired.push_str("\\t"),
            other => repaired.push(other),
        }
    }
    repaired
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StringState {
    Outside,
    Inside,
    Escaped,
}

impl StringState {
    fn after(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Outside, b'"') | (Self::Escaped, _) => Self::Inside,
            (Self::Inside, b'"') | (Self::Outside, _) => Self::Outside,
            (Self::Inside, b'\\') => Self::Escaped,
            (Self::Inside, _) => Self::Inside,
        }
    }
}

/// The members of an object, none of them twice.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((key, value)) = access.next_entry::<String, Value>()? {
                    if members.contains_key(&key) {
                        return Err(de::Error::custom(format!("`{key}` stands there twice")));
                    }
                    members.insert(key, value);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn score(text: &str) -> Result<Value, String> {
        object_with(text, "score").map(|object| object["score"].clone())
    }

    #[test]
    fn the_object_is_found_wherever_it_stands() {
        for text in [
            r#"{"reason": "x", "score": 4}"#,
            "```json\n{\"reason\": \"x\", \"score\": 4}\n```\nHope this helps!",
            r#"Sets {1, 2} and {x}: {"reason": "a } and a \" and {", "score": 4} — done."#,
            r#"An unclosed { brace. {"score": 4}"#,
            r#"[{"score": 4}]"#,
            r#"{"note": 1} {"score": 4} {"score": 4}"#,
        ] {
            assert_eq!(score(text), Ok(json!(4)), "{text}");
        }
    }

    #[test]
    fn small_slips_with_one_reading_are_repaired() {
        assert_eq!(score("{\"reason\": \"two\nlines, ]\", \"score\": 4,\n}"), Ok(json!(4)));
        let object = object_with("{\"reason\": \"a,]\tb\", \"score\": [1,],}", "score").unwrap();
        assert_eq!(Value::Object(object), json!({"reason": "a,]\tb", "score": [1]}));
    }

    #[test]
    fn what_has_more_than_one_reading_is_not() {
        for (text, expected) in [
            ("four out of five", "the reply has no JSON object"),
            ("", "the reply has no JSON object"),
            (r#"{"reason": "x"}"#, "the JSON object has no `score`"),
            (&"{".repeat(10_000), "the reply has too many braces without an end"),
            (
                r#"For example {"score": 1}. Mine: {"score": 4}"#,
                "the reply has several JSON objects with different `score`",
            ),
            (r#"{"analysis": {"score": 3}, "reason": "cut"#, "the JSON object has no end"),
            (r#"{"analysis": {"score": 3}}"#, "the JSON object has no `score`"),
        ] {
            assert_eq!(score(text), Err(expected.to_owned()), "{text}");
        }
        let twice = score(r#"{"score": 1, "score": 5}"#).unwrap_err();
        assert!(twice.contains("`score` stands there twice"), "{twice}");
        let broken = score(r#"{"reason": "x" "score": 4}"#).unwrap_err();
        assert!(broken.starts_with("the JSON object is malformed: expected `,`"), "{broken}");
    }
}
