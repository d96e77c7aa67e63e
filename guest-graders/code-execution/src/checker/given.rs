//! What a checker's sandbox is given of a result.

use gradebox_sdk::value::Value;

use crate::run::Found;

/// The result as a value of Python. What JavaScript has as a key of a map or an item of a set, and Python cannot, stands
/// there as a tuple or a frozen set.
pub(super) fn value(found: &Found) -> Value {
    match found {
        Found::Value(value) => readable(value),
        Found::Printed(text) | Found::PrintedMore(text) => Value::from(text.as_str()),
    }
}

fn readable(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.iter().map(readable).collect()),
        Value::Tuple(items) => Value::Tuple(items.iter().map(readable).collect()),
        Value::Set(items) => Value::Set(items.iter().map(hashable).collect()),
        Value::FrozenSet(items) => Value::FrozenSet(items.iter().map(hashable).collect()),
        Value::Dict(entries) => {
            Value::Dict(entries.iter().map(|(key, item)| (hashable(key), readable(item))).collect())
        }
        other => other.clone(),
    }
}

fn hashable(value: &Value) -> Value {
    match value {
        Value::List(items) | Value::Tuple(items) => Value::Tuple(items.iter().map(hashable).collect()),
        Value::Set(items) | Value::FrozenSet(items) => Value::FrozenSet(items.iter().map(hashable).collect()),
        other => readable(other),
    }
}

/// About how many bytes a value takes as text that has nothing to escape.
pub(super) fn size(value: &Value) -> usize {
    const ONE: usize = 16;
    ONE + match value {
        Value::Str(text) | Value::Decimal(text) | Value::Date(text) | Value::DateTime(text) | Value::Time(text) => {
            text.len()
        }
        Value::BrokenStr(bytes) | Value::Bytes(bytes) => bytes.len(),
        Value::Int(number) => number.as_str().len(),
        Value::Fraction { numerator, denominator } => numerator.as_str().len() + denominator.as_str().len(),
        Value::Opaque { kind, repr, .. } => kind.len() + repr.len(),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) | Value::FrozenSet(items) => {
            items.iter().map(size).sum()
        }
        Value::Dict(entries) => entries.iter().map(|(key, item)| size(key) + size(item)).sum(),
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::Complex(..) | Value::TimeDelta { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_cannot_hash_becomes_what_it_can() {
        let given = |text: &str| value(&Found::Value(Value::decode(text).unwrap())).encode();
        assert_eq!(given(r#"{"$set":[[1,[2]]]}"#), r#"{"$set":[{"$tuple":[1,{"$tuple":[2]}]}]}"#);
        assert_eq!(
            given(r#"[{"$dict":[[[1],[2]],[{"$set":[3]},{"$set":[3]}]]}]"#),
            r#"[{"$dict":[[{"$tuple":[1]},[2]],[{"$frozenset":[3]},{"$set":[3]}]]}]"#
        );
        assert_eq!(given(r#"{"$tuple":[[1]]}"#), r#"{"$tuple":[[1]]}"#);
    }

    #[test]
    fn a_size_grows_with_all_that_is_in_a_value() {
        let size = |text: &str| size(&Value::decode(text).unwrap());
        let long = format!("\"{}\"", "x".repeat(1000));
        for text in [format!("[{long}]"), format!(r#"{{"$dict":[[{long},1]]}}"#), format!(r#"{{"$set":[[{long}]]}}"#)] {
            assert!((1000..1100).contains(&size(&text)), "{text}");
        }
        assert!(size("[1,2,3]") > size("[1]"));
    }
}
