//! Numbers that JSON does not have, which stand as text where rows are worked on, are null in JSON that is written: a
//! column of numbers stays one.

use std::borrow::Cow;

use arrow_schema::{DataType, Field};
use serde_json::Value;

use super::Schema;
use crate::sample::Columns;

impl Schema {
    /// The row for a format of JSON.
    pub(in crate::dataset) fn for_json<'a>(&self, row: &'a Columns) -> Cow<'a, Columns> {
        let is_concerned = |(field, value): (&Field, Option<&Value>)| value.is_some_and(|value| has_text(field, value));
        if !self.values(row).any(is_concerned) {
            return Cow::Borrowed(row);
        }
        let mut row = row.clone();
        for column in self.0.values() {
            if let Some(value) = row.get_mut(column.field.name()) {
                forget(&column.field, value);
            }
        }
        Cow::Owned(row)
    }
}

/// Whether text stands where a number belongs.
fn has_text(field: &Field, value: &Value) -> bool {
    match (field.data_type(), value) {
        (DataType::Float32 | DataType::Float64, value) => value.is_string(),
        (DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _), Value::Array(values)) => {
            may_hold(item) && values.iter().any(|value| has_text(item, value))
        }
        (DataType::Struct(fields), Value::Object(values)) => {
            fields.iter().any(|field| values.get(field.name()).is_some_and(|value| has_text(field, value)))
        }
        _ => false,
    }
}

/// Whether to look at the values of a list at all.
fn may_hold(field: &Field) -> bool {
    field.data_type().is_nested() || field.data_type().is_floating()
}

fn forget(field: &Field, value: &mut Value) {
    match (field.data_type(), &mut *value) {
        (DataType::Float32 | DataType::Float64, Value::String(_)) => *value = Value::Null,
        (DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _), Value::Array(values)) => {
            for value in values {
                forget(item, value);
            }
        }
        (DataType::Struct(fields), Value::Object(values)) => {
            for field in fields {
                if let Some(value) = values.get_mut(field.name()) {
                    forget(field, value);
                }
            }
        }
        _ => {}
    }
}
