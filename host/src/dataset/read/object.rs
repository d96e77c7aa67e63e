//! One row of JSON: an object whose keys stand once, lone surrogates replaced.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

use crate::sample::Columns;

/// Parses an object. Halves of surrogate pairs, which JSON may hold and Unicode text may not, are replaced by U+FFFD;
/// `replaced` is told.
pub(super) fn parse_object(text: &mut [u8], replaced: impl FnOnce()) -> serde_json::Result<ObjectRow> {
    match serde_json::from_slice(text) {
        Err(_) if replace_lone_surrogates(text) => {
            let row = serde_json::from_slice(text)?;
            replaced();
            Ok(row)
        }
        other => other,
    }
}

/// Writes `\ufffd` over every escape of half a surrogate pair; whether there was one.
fn replace_lone_surrogates(text: &mut [u8]) -> bool {
    let (mut at, mut found) = (0, false);
    while let Some(step) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += step;
        let code = escaped(text, at);
        at += match code {
            Some(0xd800..=0xdbff) if matches!(escaped(text, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                if let Some(digits) = text.get_mut(at + 2..at + 6) {
                    digits.copy_from_slice(b"fffd");
                    found = true;
                }
                6
            }
            _ => 2,
        };
    }
    found
}

/// The code of a `\uXXXX` that begins here.
fn escaped(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The message of a parse error without its ` at line … column …`.
pub(super) fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).map_or(message.clone(), str::to_owned)
}

/// An object without a key that stands twice, which a map would swallow.
pub(super) struct ObjectRow(pub(super) Columns);

impl<'de> Deserialize<'de> for ObjectRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor).map(Self)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
        let mut columns = Columns::new();
        while let Some(key) = map.next_key::<String>()? {
            if columns.contains_key(&key) {
                return Err(de::Error::custom(format!("the column `{key}` stands twice in the row")));
            }
            columns.insert(key, map.next_value()?);
        }
        Ok(columns)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parsed(text: &str) -> (Value, bool) {
        let (mut text, mut replaced) = (text.as_bytes().to_vec(), false);
        let ObjectRow(columns) = parse_object(&mut text, || replaced = true).unwrap();
        (columns.into(), replaced)
    }

    #[test]
    fn halves_of_pairs_are_replaced_and_pairs_are_not() {
        for (text, expected, replaced) in [
            (r#"{"a": "\ud800"}"#, "\u{fffd}", true),
            (r#"{"a": "x\udfffy"}"#, "x\u{fffd}y", true),
            (r#"{"a": "\ud83d\ud83d\ude00"}"#, "\u{fffd}\u{1f600}", true),
            (r#"{"a": "\ud800\n\\ud800"}"#, "\u{fffd}\n\\ud800", true),
            (r#"{"a": "\ud83d\ude00"}"#, "\u{1f600}", false),
            (r#"{"a": "\\ud800"}"#, "\\ud800", false),
        ] {
            assert_eq!(parsed(text), (json!({"a": expected}), replaced), "{text}");
        }
        assert_eq!(parsed(r#"{"\ud800": 1}"#).0, json!({"\u{fffd}": 1}));
    }

    #[test]
    fn what_else_is_wrong_with_the_row_stays_wrong() {
        assert!(parse_object(&mut br#"{"a": "\ud800", }"#.to_vec(), || ()).is_err());
        assert!(parse_object(&mut br#"{"a": "\ud80"}"#.to_vec(), || ()).is_err());
    }
}
