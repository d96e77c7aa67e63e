//! Columns, and parts of them, whose values have no one type stand in tables as JSON text, and are marked so that they
//! are read back as what they were.

use std::{collections::HashMap, io};

use arrow_schema::{DataType, Field};
use serde::Serialize;
use serde_json::Value;

use crate::sample::text_of;

/// The key of the field's metadata that marks JSON text. Arrow's own extension type for JSON is not used: `datasets`
/// refuses extension types that it does not know.
const MARK: &str = "gradebox:content";
const JSON: &str = "json";
/// The key that marks a part of another column.
const PART: &str = "gradebox:part";

/// A field of JSON text.
pub(super) fn json_field(name: &str) -> Field {
    let metadata = HashMap::from([(MARK.to_owned(), JSON.to_owned())]);
    Field::new(name, DataType::Utf8, true).with_metadata(metadata)
}

/// A field whose values are a part of another column's: what leads there from the row.
pub(super) fn part_field(field: Field, path: &[String]) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(PART.to_owned(), Value::from(path).to_string());
    field.with_metadata(metadata)
}

/// Where the values of a field are in the row; empty for a column of its own.
pub(super) fn path_of(field: &Field) -> Vec<String> {
    let path = field.metadata().get(PART).and_then(|path| serde_json::from_str(path).ok());
    path.unwrap_or_default()
}

fn is_marked(field: &Field) -> bool {
    field.metadata().get(MARK).is_some_and(|content| content == JSON)
}

/// Writes a value of a field as JSON: what is marked as the text of its JSON, and whatever stands where text belongs as
/// text.
pub(in crate::dataset) fn write_marked(field: &Field, value: &Value, out: &mut Vec<u8>) -> io::Result<()> {
    match (field.data_type(), value) {
        (_, Value::Null) => out.extend_from_slice(b"null"),
        _ if is_marked(field) => write_json(&value.to_string(), out)?,
        (_, Value::String(text)) => write_json(text, out)?,
        (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, other) => write_json(&text_of(other), out)?,
        (DataType::List(item) | DataType::LargeList(item), Value::Array(values)) => {
            write_between(*b"[]", values, out, |value, out| write_marked(item, value, out))?;
        }
        (DataType::Struct(fields), Value::Object(values)) => {
            write_between(*b"{}", values, out, |(name, value), out| {
                write_json(name, out)?;
                out.push(b':');
                match fields.find(name) {
                    Some((_, field)) => write_marked(field, value, out),
                    None => write_json(value, out),
                }
            })?;
        }
        (_, other) => write_json(other, out)?,
    }
    Ok(())
}

fn write_between<T>(
    [open, close]: [u8; 2],
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(item, out)?;
    }
    out.push(close);
    Ok(())
}

fn write_json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) -> io::Result<()> {
    Ok(serde_json::to_writer(out, value)?)
}

/// Turns marked text in a value that was read back into what it was.
pub(in crate::dataset) fn restore(field: &Field, value: &mut Value) {
    match (field.data_type(), &mut *value) {
        (_, Value::String(text)) if is_marked(field) => {
            if let Ok(parsed) = serde_json::from_str(text) {
                *value = parsed;
            }
        }
        (DataType::List(item) | DataType::LargeList(item), Value::Array(values)) => {
            for value in values {
                restore(item, value);
            }
        }
        (DataType::Struct(fields), Value::Object(values)) => {
            for field in fields {
                if let Some(value) = values.get_mut(field.name()) {
                    restore(field, value);
                }
            }
        }
        _ => {}
    }
}
