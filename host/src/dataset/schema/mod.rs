//! The columns of a table and their types: what Parquet and CSV must know before the first row.

mod infer;
mod json_form;
mod mark;
mod non_finite;

use std::{path::Path, sync::Arc};

use arrow_schema::{DataType, Field, Fields, Schema as ArrowSchema};
use indexmap::IndexMap;
use serde_json::{Value, json};

pub(super) use self::{
    infer::Inferred,
    json_form::JsonForm,
    mark::{restore, write_marked},
};
use super::{DatasetError, read::schema_of};
use crate::sample::Columns;

/// The columns of rows that are written, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schema(IndexMap<String, Column>);

#[derive(Debug, Clone, PartialEq)]
struct Column {
    field: Field,
    /// Where in the row the value is; a column of its own where it is empty.
    path: Vec<String>,
}

/// The type of a column that does not come from a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Integer,
    Number,
    Boolean,
    /// Any value, which stands as its JSON text in tables.
    Json,
    /// A list of chat turns, `role` and `content`.
    Turns,
    /// A list of texts.
    Texts,
}

impl Schema {
    /// The columns of an Arrow schema.
    pub(super) fn of_arrow(schema: &ArrowSchema) -> Self {
        let column = |field: &Arc<Field>| {
            let field = field.as_ref().clone();
            (field.name().clone(), Column { path: mark::path_of(&field), field })
        };
        Self(schema.fields().iter().map(column).collect())
    }

    /// The types of rows that were looked at.
    pub(super) fn of_inferred<'a>(columns: impl IntoIterator<Item = (&'a String, &'a Inferred)>) -> Self {
        let column = |(name, inferred): (&String, &Inferred)| {
            (name.clone(), Column { field: inferred.field(name), path: Vec::new() })
        };
        Self(columns.into_iter().map(column).collect())
    }

    /// The columns of two tables that are to be one; `Err` says where they differ.
    pub(super) fn joined(mut self, other: Self) -> Result<Self, String> {
        if let Some(missing) = self.names().find(|name| !other.contains(name)) {
            return Err(format!("it has no column `{missing}`, which the files before have"));
        }
        for (name, column) in other.0 {
            let Some(own) = self.0.get_mut(&name) else {
                return Err(format!("it has the column `{name}`, which the files before have not"));
            };
            let [before, now] = [&own.field, &column.field].map(Field::data_type);
            if before.is_null() {
                own.field = column.field.with_nullable(true);
                continue;
            }
            if before != now && !now.is_null() {
                return Err(format!("its column `{name}` is {now}, and {before} in the files before"));
            }
            own.field.set_nullable(own.field.is_nullable() || column.field.is_nullable() || now.is_null());
        }
        Ok(self)
    }

    /// The columns that a Parquet file has.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        Ok(Self::of_arrow(schema_of(path, &path.display().to_string())?.as_ref()))
    }

    /// Adds a column, or gives one of that name another type.
    pub fn set(&mut self, name: &str, column_type: ColumnType) {
        self.insert(name, column_type.field(name), Vec::new());
    }

    /// Adds a column that shows a part of another one in tables; JSON rows do not have it. `path` leads from the row to
    /// the part.
    pub fn set_part(&mut self, path: &[&str], column_type: ColumnType) {
        let name = path.join(".");
        let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
        self.insert(&name, mark::part_field(column_type.field(&name), &path), path);
    }

    /// Adds a column of the type that another one has; text where there is no such.
    pub fn set_like(&mut self, name: &str, other: &str) {
        let field = match self.0.get(other) {
            Some(column) => column.field.clone().with_name(name).with_nullable(true),
            None => ColumnType::Text.field(name),
        };
        self.insert(name, field, Vec::new());
    }

    /// Adds a column of the type that `column` has in another schema, where it has it.
    pub fn set_from(&mut self, name: &str, other: &Self, column: &str) {
        if let Some(column) = other.0.get(column) {
            self.insert(name, column.field.clone().with_name(name).with_nullable(true), Vec::new());
        }
    }

    /// Makes room for text in a column that may not have held any.
    pub fn admit_text(&mut self, name: &str) {
        match self.0.get_mut(name) {
            Some(column) if holds_text(column.field.data_type()) => column.field.set_nullable(true),
            _ => self.set(name, ColumnType::Text),
        }
    }

    /// A response of the form that a column of chat turns wants; `None` where text will do.
    pub(super) fn response_form(&self, name: &str) -> Option<Value> {
        match self.0.get(name)?.field.data_type() {
            DataType::Struct(fields) => blank_turn(fields),
            DataType::List(item) | DataType::LargeList(item) => match item.data_type() {
                DataType::Struct(fields) => blank_turn(fields).map(|turn| Value::Array(vec![turn])),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Takes columns away.
    pub fn remove(&mut self, is_unwanted: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| !is_unwanted(name));
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub(super) fn to_arrow(&self) -> ArrowSchema {
        ArrowSchema::new(self.0.values().map(|column| column.field.clone()).collect::<Vec<_>>())
    }

    /// The values of a row in the order of the columns; `None` where the row has none.
    pub(super) fn values<'a>(&'a self, row: &'a Columns) -> impl Iterator<Item = (&'a Field, Option<&'a Value>)> {
        self.0.iter().map(|(name, column)| {
            let value = match column.path.split_first() {
                None => row.get(name),
                Some((first, rest)) => {
                    rest.iter().try_fold(row.get(first), |value, step| Some(value?.get(step))).flatten()
                }
            };
            (&column.field, value.filter(|value| !value.is_null()))
        })
    }

    fn insert(&mut self, name: &str, field: Field, path: Vec<String>) {
        self.0.insert(name.to_owned(), Column { field, path });
    }
}

impl ColumnType {
    fn field(self, name: &str) -> Field {
        let list = |item: DataType| DataType::List(Arc::new(Field::new("element", item, true)));
        let data_type = match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Json => return mark::json_field(name),
            Self::Texts => list(DataType::Utf8),
            Self::Turns => {
                let text = |name: &str| Field::new(name, DataType::Utf8, true);
                list(DataType::Struct(vec![text("role"), text("content")].into()))
            }
        };
        Field::new(name, data_type, true)
    }
}

/// A turn of the assistant without text.
fn blank_turn(fields: &Fields) -> Option<Value> {
    let blank = |name: &str| {
        let (_, field) = fields.find(name)?;
        Some(match field.data_type() {
            DataType::List(item) | DataType::LargeList(item) if item.data_type().is_nested() => json!([{"text": ""}]),
            DataType::List(_) | DataType::LargeList(_) => json!([""]),
            _ => Value::from(""),
        })
    };
    if let Some(content) = blank("content") {
        return Some(json!({"role": "assistant", "content": content}));
    }
    Some(json!({"from": "gpt", "value": blank("value")?}))
}

/// Whether a column can hold text, or turns of it.
fn holds_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Struct(_) => true,
        DataType::Dictionary(_, values) => holds_text(values),
        DataType::List(item) | DataType::LargeList(item) => matches!(item.data_type(), DataType::Struct(_)),
        _ => false,
    }
}
