//! Which columns a grader wants, and where a dataset has them. Decides; reads nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sample::{Columns, Sample};

/// From a field that a grader names to the column that holds it. A field without an entry is its own column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldMap(BTreeMap<String, String>);

impl FieldMap {
    pub fn new(entries: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// This map with the entries of `inner` before its own: a grader's map over the dataset's.
    #[must_use]
    pub fn overlaid(&self, inner: &Self) -> Self {
        let mut entries = self.0.clone();
        entries.extend(inner.0.clone());
        Self(entries)
    }

    /// The column mapped to `field`, where the user mapped one.
    pub fn mapped(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// The column that holds `field`: the mapped one, else the one of that name.
    pub fn column<'a>(&'a self, field: &'a str) -> &'a str {
        self.mapped(field).unwrap_or(field)
    }

    /// The value of `field` in a row; null counts as absent.
    pub fn value<'a>(&self, columns: &'a Columns, field: &str) -> Option<&'a Value> {
        columns.get(self.column(field)).filter(|value| !value.is_null())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(field, column)| (field.as_str(), column.as_str()))
    }
}

/// The fields that a grader reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Each inner list is a group, at least one entry of which must be there. Entries joined by `+` count together.
    pub required: Vec<Vec<String>>,
    /// Read where they are there.
    pub optional: Vec<String>,
}

/// A group of fields of which a row has none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no column {}", alternatives(.columns))]
pub struct MissingField {
    /// The columns that were looked for, any one of which would do.
    pub columns: Vec<String>,
}

/// The columns that a group of fields may stand in, on one line; of many, the first.
fn alternatives(columns: &[String]) -> String {
    const SHOWN: usize = 3;
    let name = |column: &String| format!("`{}`", column.replace('+', "` with `"));
    let (shown, others) = match columns.len() {
        0..=4 => (columns, 0),
        all => (&columns[..SHOWN], all - SHOWN),
    };
    let mut names: Vec<String> = shown.iter().map(name).collect();
    if others > 0 {
        names.push(format!("{others} others"));
    }
    names.join(" or ")
}

impl Needs {
    /// The values of every field that the row has, by the field's name.
    pub fn collect(&self, sample: &Sample, map: &FieldMap) -> Result<Columns, MissingField> {
        let mut found = Columns::new();
        let names = self
            .required
            .iter()
            .flatten()
            .flat_map(|entry| entry.split('+'))
            .chain(self.optional.iter().map(String::as_str));
        for name in names {
            if let Some(value) = map.value(&sample.columns, name) {
                found.insert(name.to_owned(), value.clone());
            }
        }
        for group in &self.required {
            let satisfied = group
                .iter()
                .any(|entry| entry.split('+').all(|name| found.contains_key(name) || is_part(sample, name)));
            if !satisfied {
                let columns = group.iter().map(|entry| mapped_entry(entry, map)).collect();
                return Err(MissingField { columns });
            }
        }
        Ok(found)
    }
}

fn mapped_entry(entry: &str, map: &FieldMap) -> String {
    entry.split('+').map(|name| map.column(name)).collect::<Vec<_>>().join("+")
}

/// Whether the sample has the field outside its columns.
fn is_part(sample: &Sample, name: &str) -> bool {
    match name {
        "reference" => sample.reference.is_some(),
        "response" => sample.response.is_some(),
        "query" | "messages" => !sample.messages.is_empty(),
        "responses" => !sample.responses.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::sample::Message;

    fn sample(columns: Value) -> Sample {
        let Value::Object(columns) = columns else { panic!("a row is an object") };
        Sample {
            id: json!(1),
            messages: vec![Message::user("q")],
            response: Some("r".to_owned()),
            responses: vec![],
            reference: None,
            columns: Arc::new(columns),
        }
    }

    fn needs(groups: &[&[&str]]) -> Needs {
        let required = groups.iter().map(|group| group.iter().map(ToString::to_string).collect()).collect();
        Needs { required, optional: vec!["setup".to_owned()] }
    }

    #[test]
    fn any_entry_of_a_group_satisfies_it_and_joined_entries_count_together() {
        let needs = needs(&[&["tests", "test_list", "test+entry_point"]]);
        let map = FieldMap::default();
        assert!(needs.collect(&sample(json!({"test_list": []})), &map).is_ok());
        assert!(needs.collect(&sample(json!({"test": "t", "entry_point": "f"})), &map).is_ok());
        let missing = needs.collect(&sample(json!({"test": "t"})), &map).unwrap_err();
        assert_eq!(missing.to_string(), "no column `tests` or `test_list` or `test` with `entry_point`");
    }

    #[test]
    fn of_many_columns_the_first_are_named() {
        let columns: Vec<String> = ('a'..='h').map(String::from).collect();
        assert_eq!(MissingField { columns }.to_string(), "no column `a` or `b` or `c` or 5 others");
    }

    #[test]
    fn a_mapped_column_stands_under_the_field_that_wants_it() {
        let map = FieldMap::new([("tests".to_owned(), "cases".to_owned())]);
        let found =
            needs(&[&["tests"]]).collect(&sample(json!({"cases": [1], "setup": "x", "other": 2})), &map).unwrap();
        assert_eq!(Value::Object(found), json!({"tests": [1], "setup": "x"}));
    }

    #[test]
    fn null_is_absent() {
        let error = needs(&[&["tests"]]).collect(&sample(json!({"tests": null})), &FieldMap::default()).unwrap_err();
        assert_eq!(error.columns, ["tests"]);
    }
}
