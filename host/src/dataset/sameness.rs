//! When what was read again is what was written, for tests and fuzzers.

use serde_json::{Number, Value};

use crate::sample::{Columns, text_of};

/// Equal where null is absence and numbers are equal that are written differently.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            let names: Vec<&String> = a.keys().chain(b.keys()).collect();
            let of = |columns: &Columns, name: &String| columns.get(name).cloned().unwrap_or(Value::Null);
            names.into_iter().all(|name| same(&of(a, name), &of(b, name)))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Number(a), Value::Number(b)) => {
            let float = |number: &Number| number.as_str().parse::<f64>().ok().filter(|float| float.is_finite());
            a == b || (float(a).is_some() && float(a) == float(b))
        }
        _ => a == b,
    }
}

/// What is left of a row in a format without types: its texts.
pub fn as_texts(row: &Columns) -> Columns {
    let text = |value: &Value| Some(text_of(value)).filter(|text| !value.is_null() && !text.is_empty());
    row.iter().map(|(name, value)| (name.clone(), text(value).into())).collect()
}
