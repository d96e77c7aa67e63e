//! The narrowest Arrow type that holds every value of a column, found by looking at all of them.

use std::sync::Arc;

use arrow_schema::{DataType, Field};
use indexmap::IndexMap;
use serde_json::{Number, Value};

use super::mark::json_field;

/// Keys of an object above which it is a map of its own and stands as JSON text.
const MOST_FIELDS: usize = 128;
/// Levels below which values stand as JSON text.
const DEEPEST: usize = 16;
/// Integers that a 64-bit float holds exactly.
const EXACT_INTEGERS: u64 = 1 << 53;

/// What the values of a column have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::dataset) enum Inferred {
    /// Nothing but nulls so far.
    #[default]
    Null,
    Boolean,
    Number(Numbers),
    Text,
    List(Box<Self>),
    Struct(IndexMap<String, Self>),
    /// Values that have no type in common.
    Json,
}

/// Which types hold every number so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::dataset) struct Numbers {
    signed: bool,
    unsigned: bool,
    float: bool,
}

impl Inferred {
    /// Takes a value in.
    pub(in crate::dataset) fn observe(&mut self, value: &Value) {
        self.observe_at(value, DEEPEST);
    }

    fn observe_at(&mut self, value: &Value, depth: usize) {
        if matches!(self, Self::Json) || value.is_null() {
            return;
        }
        if depth == 0 {
            *self = Self::Json;
            return;
        }
        if matches!(self, Self::Null) {
            *self = Self::first(value);
        }
        let fits = match (&mut *self, value) {
            (Self::Boolean, Value::Bool(_)) | (Self::Text, Value::String(_)) => true,
            (Self::Number(numbers), Value::Number(number)) => numbers.narrow(number),
            (Self::List(item), Value::Array(values)) => {
                for value in values {
                    item.observe_at(value, depth - 1);
                }
                true
            }
            (Self::Struct(fields), Value::Object(values)) => {
                for (name, value) in values {
                    match fields.get_mut(name) {
                        Some(field) => field.observe_at(value, depth - 1),
                        None => fields.entry(name.clone()).or_default().observe_at(value, depth - 1),
                    }
                }
                fields.len() <= MOST_FIELDS
            }
            _ => false,
        };
        if !fits {
            *self = Self::Json;
        }
    }

    fn first(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number(Numbers { signed: true, unsigned: true, float: true }),
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::List(Box::default()),
            Value::Object(_) => Self::Struct(IndexMap::new()),
        }
    }

    /// The Arrow field of a column; every one may be null.
    pub(in crate::dataset) fn field(&self, name: &str) -> Field {
        let data_type = match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Number(Numbers { signed: true, .. }) => DataType::Int64,
            Self::Number(Numbers { unsigned: true, .. }) => DataType::UInt64,
            Self::Number(_) => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::List(item) => DataType::List(Arc::new(item.field("element"))),
            // Parquet has no structs without fields.
            Self::Struct(fields) if !fields.is_empty() => {
                DataType::Struct(fields.iter().map(|(name, inferred)| inferred.field(name)).collect())
            }
            Self::Struct(_) | Self::Json => return json_field(name),
        };
        Field::new(name, data_type, true)
    }
}

impl Numbers {
    /// Takes a number in; false where no type holds it and those before.
    fn narrow(&mut self, number: &Number) -> bool {
        let text = number.as_str();
        let is_integer = !text.contains(['.', 'e', 'E']);
        let exact = |integer: i128| integer.unsigned_abs() <= u128::from(EXACT_INTEGERS);
        self.signed &= text.parse::<i64>().is_ok();
        self.unsigned &= text.parse::<u64>().is_ok();
        self.float &= if is_integer {
            text.parse::<i128>().is_ok_and(exact)
        } else {
            text.parse::<f64>().is_ok_and(f64::is_finite)
        };
        self.signed || self.unsigned || self.float
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inferred(values: &str) -> String {
        let mut inferred = Inferred::default();
        let values: Vec<Value> = serde_json::from_str(values).unwrap();
        for value in &values {
            inferred.observe(value);
        }
        let field = inferred.field("x");
        if field.metadata().is_empty() { field.data_type().to_string() } else { "json".to_owned() }
    }

    #[test]
    fn the_narrowest_type_that_holds_every_value_is_found() {
        for (values, expected) in [
            ("[null]", "Null"),
            ("[true, null]", "Boolean"),
            ("[1, -9223372036854775808]", "Int64"),
            ("[1, 18446744073709551615]", "UInt64"),
            ("[-1, 18446744073709551615]", "json"),
            ("[1, 2.5]", "Float64"),
            ("[9007199254740993, 2.5]", "json"),
            ("[123456789012345678901234567890]", "json"),
            ("[1e400]", "json"),
            ("[\"a\", null]", "Utf8"),
            ("[\"a\", 1]", "json"),
            ("[\"a\", [\"a\"]]", "json"),
            ("[{}]", "json"),
        ] {
            assert_eq!(inferred(values), expected, "{values}");
        }
        assert!(inferred("[[1], [2.5], [], null]").contains("Float64"));
        assert!(inferred("[{\"a\": 1}, {\"b\": \"x\"}]").contains("Struct"));
    }

    #[test]
    fn objects_of_ever_new_keys_are_no_struct() {
        let mut inferred = Inferred::default();
        for key in 0..1000 {
            inferred.observe(&json!({key.to_string(): 1}));
        }
        assert_eq!(inferred, Inferred::Json);
    }
}
