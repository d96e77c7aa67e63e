//! What can be wrong with a dataset, in words that say where and what to do next.

use std::{io, path::PathBuf};

use serde_json::Value;

/// Why a dataset cannot be read or written. The message names the file, the place in it, and the way out.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error(
        "cannot open the dataset {name}; give the path of a JSONL, JSON, CSV or Parquet file, or `-` for standard input"
    )]
    Open { name: String, source: io::Error },
    #[error("{name} is a directory, not a dataset; name the files in it{}", examples(.files))]
    Directory { name: String, files: Vec<String> },
    #[error("cannot read {name}{}", cut_off(.source))]
    Read { name: String, source: io::Error },
    #[error("{name}: files that end in .{ending} cannot be {verb}; {advice}")]
    Format { name: String, ending: String, verb: &'static str, advice: &'static str },
    #[error("{name} is {found}")]
    Encoding { name: String, found: &'static str },
    #[error("cannot read {name} as Parquet: {problem}; is it whole? `pyarrow.parquet.read_table` shows what is in it")]
    Parquet { name: String, problem: String },
    #[error("{name}: some of the files are Parquet and others are not; a dataset of several files has one kind")]
    Mixed { name: String },
    #[error(
        "cannot put {name} behind the files before it: {problem}; give all files the same columns, or name them one by one"
    )]
    Unlike { name: String, problem: String },
    #[error("{place}: {problem}; {advice}")]
    Malformed { place: Box<Place>, problem: String, advice: String },
    #[error("{name} has no rows; a dataset is JSONL, one object a line, a JSON array of objects, CSV or Parquet")]
    Empty { name: String },
    #[error("{place}: `{column}` is {found}; an id is a string, a number or a boolean")]
    InvalidId { place: Box<Place>, column: String, found: &'static str },
    #[error(
        "{place}: the id {id} is already that of row {first}; give each row its own `{column}`, or remove the column \
         to number the rows"
    )]
    DuplicateId { place: Box<Place>, column: String, id: String, first: u64 },
    #[error(
        "{place}: the row has no `{column}`, so that its number {} would be its id, but row {first} has that id; give \
         this row a `{column}`",
        place.row
    )]
    NumberTaken { place: Box<Place>, column: String, first: u64 },
    #[error("{name} has no column `{column}`, which was mapped to `{field}`{}", suggestion(.nearest, .known))]
    UnknownColumn { name: String, field: String, column: String, nearest: Vec<String>, known: Vec<String> },
    #[error("the output {} is the dataset itself; name another file with -o", .path.display())]
    SameFile { path: PathBuf },
    #[error(
        "cannot write {name}: a row from {first} on does not fit the types of its columns: {problem}; name the output \
         .jsonl, or give the column one type"
    )]
    Unfit { name: String, first: u64, problem: String },
    #[error("cannot write {name}; {advice}")]
    Write { name: String, advice: &'static str, source: io::Error },
}

/// Where in a dataset something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub name: String,
    /// 1-based; zero is the header.
    pub row: u64,
    /// 1-based, where it is known.
    pub line: Option<u64>,
    /// 1-based, in characters.
    pub column: Option<u64>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if self.row > 0 { write!(f, ": row {}", self.row) } else { write!(f, ": header") }
    }
}

/// The known names that are most like `name`, best first; empty where none is near.
pub fn nearest_names<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let wanted = name.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| (likeness(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

fn likeness(wanted: &str, candidate: &str) -> f64 {
    let contained = !wanted.is_empty() && (candidate.contains(wanted) || wanted.contains(candidate));
    strsim::jaro_winkler(wanted, candidate)
        .max(strsim::normalized_damerau_levenshtein(wanted, candidate))
        .max(if contained && candidate.len() > 2 { 0.75 } else { 0.0 })
}

fn suggestion(nearest: &[String], known: &[String]) -> String {
    let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if nearest.is_empty() {
        format!("; its columns are {}", quoted(known))
    } else {
        format!("; did you mean {}?", quoted(nearest).replace(", ", " or "))
    }
}

/// What to think of where a file ends too soon, which packed ones do in the midst of it.
fn cut_off(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            "; it is damaged or cut off"
        }
        _ => "",
    }
}

fn examples(files: &[String]) -> String {
    if files.is_empty() { String::new() } else { format!(", such as {}", files.join(" or ")) }
}

/// What a JSON value is, with its article.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_are_offered_and_far_ones_are_not() {
        let known = ["question", "answer", "gold_answer", "id"];
        assert_eq!(nearest_names("qestion", known), ["question"]);
        assert_eq!(nearest_names("Answer", known)[0], "answer");
        assert!(nearest_names("zzz", known).is_empty());
    }

    #[test]
    fn a_place_reads_as_an_editor_link() {
        let place = Place { name: "a.jsonl".to_owned(), row: 2, line: Some(3), column: Some(4) };
        assert_eq!(place.to_string(), "a.jsonl:3:4: row 2");
    }
}
