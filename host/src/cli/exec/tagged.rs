//! Plain JSON as values of a program's world, in the contract's tagged encoding.

use serde_json::{Value, json};

/// The tags of the encoding, version 1.
const TAGS: &[&str] = &[
    "$float",
    "$complex",
    "$bytes",
    "$tuple",
    "$set",
    "$frozenset",
    "$dict",
    "$decimal",
    "$fraction",
    "$date",
    "$datetime",
    "$time",
    "$timedelta",
    "$str",
];

/// The value with every plain object as a dictionary. What is tagged already stays, so that a tuple can be written as
/// `{"$tuple": [1, 2]}`.
pub(super) fn tagged(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(tagged).collect(),
        Value::Object(members) => match members.iter().next() {
            Some((tag, inner)) if members.len() == 1 && TAGS.contains(&tag.as_str()) => {
                let inner = if tag == "$dict" { pairs(inner) } else { tagged_inside(inner) };
                json!({ tag: inner })
            }
            _ => json!({ "$dict": members.iter().map(|(key, value)| json!([key, tagged(value)])).collect::<Vec<_>>() }),
        },
        scalar => scalar.clone(),
    }
}

/// The reverse of [`tagged`]: dictionaries whose keys are texts become plain objects, all else stays tagged.
pub(super) fn plain(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::Object(members) => match members.get("$dict") {
            Some(pairs) if members.len() == 1 => {
                plain_object(pairs).unwrap_or_else(|| json!({ "$dict": plain(pairs) }))
            }
            _ => members.iter().map(|(tag, inner)| (tag.clone(), plain(inner))).collect(),
        },
        scalar => scalar.clone(),
    }
}

/// `None` where a key is no text, or where the object would look like a tagged value.
fn plain_object(pairs: &Value) -> Option<Value> {
    let members: Vec<(String, Value)> = pairs
        .as_array()?
        .iter()
        .map(|pair| match pair.as_array()?.as_slice() {
            [Value::String(key), value] => Some((key.clone(), plain(value))),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let looks_tagged = matches!(members.as_slice(), [(key, _)] if key.starts_with('$'));
    (!looks_tagged).then(|| members.into_iter().collect())
}

fn tagged_inside(inner: &Value) -> Value {
    match inner {
        Value::Array(values) => values.iter().map(tagged).collect(),
        other => other.clone(),
    }
}

fn pairs(inner: &Value) -> Value {
    match inner {
        Value::Array(pairs) => pairs.iter().map(tagged_inside).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_dictionaries_and_tags_stay() {
        for (plain, expected) in [
            (json!([1, "a", null]), json!([1, "a", null])),
            (json!({"a": {"b": 1}}), json!({"$dict": [["a", {"$dict": [["b", 1]]}]]})),
            (json!({}), json!({"$dict": []})),
            (json!({"$tuple": [1, {"a": 2}]}), json!({"$tuple": [1, {"$dict": [["a", 2]]}]})),
            (json!({"$dict": [[1, {"a": 2}]]}), json!({"$dict": [[1, {"$dict": [["a", 2]]}]]})),
            (json!({"$float": "nan"}), json!({"$float": "nan"})),
            (json!({"$price": 1}), json!({"$dict": [["$price", 1]]})),
        ] {
            assert_eq!(tagged(&plain), expected, "{plain}");
        }
    }

    #[test]
    fn what_is_made_plain_can_be_tagged_again() {
        for (value, expected) in [
            (json!({"$dict": [["a", {"$dict": [["b", 1]]}]]}), json!({"a": {"b": 1}})),
            (json!({"$dict": [[1, 2]]}), json!({"$dict": [[1, 2]]})),
            (json!({"$dict": [["$tuple", [1]]]}), json!({"$dict": [["$tuple", [1]]]})),
            (json!({"$tuple": [1, {"$dict": []}]}), json!({"$tuple": [1, {}]})),
            (
                json!({"$dict": [[{"$tuple": [1, 2]}, {"$dict": [["a", 1]]}]]}),
                json!({"$dict": [[{"$tuple": [1, 2]}, {"a": 1}]]}),
            ),
        ] {
            assert_eq!(plain(&value), expected, "{value}");
            assert_eq!(tagged(&expected), value, "{expected}");
        }
    }

    #[test]
    fn integers_and_floats_keep_their_digits() {
        let value: Value = serde_json::from_str("[1.0, 123456789012345678901234567890]").unwrap();
        assert_eq!(tagged(&value).to_string(), "[1.0,123456789012345678901234567890]");
    }
}
