//! Rows of a dataset in, rows out: which file it is, what is wrong with it, which column plays which part.

mod error;
mod parts;
mod read;
mod turns;
mod write;

use std::{
    collections::{HashMap, hash_map::Entry},
    fs, io,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use serde_json::Value;
use tempfile::NamedTempFile;

use self::{error::kind_of, read::Format};
pub use self::{
    error::{DatasetError, Place, nearest_names},
    parts::Parts,
    read::Rows,
    write::Output,
};
use crate::{fields::FieldMap, sample::Columns};

/// One row of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// 1-based; blank lines are not counted.
    pub number: u64,
    /// The 1-based line of the file; the row number in a JSON array.
    pub line: u64,
    pub columns: Columns,
}

/// A dataset whose rows have all been checked.
#[derive(Debug)]
pub struct Dataset {
    source: Source,
    format: Format,
    rows: u64,
    id_column: String,
    /// Every column that any row has, in order of appearance, with the number of rows where it is not null.
    columns: IndexMap<String, u64>,
}

/// Where the bytes are: rows are read more than once.
#[derive(Debug)]
enum Source {
    File(PathBuf),
    /// What cannot be read twice, copied; with the name to call it by.
    Spooled(NamedTempFile, String),
}

impl Source {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Spooled(file, _) => file.path(),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Spooled(_, name) => name.clone(),
        }
    }
}

impl Dataset {
    /// Opens and checks the whole file before anything is done with it: every row is a JSON object, ids are unique
    /// scalars. `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        Self::open_mapped(path, &FieldMap::default())
    }

    /// [`Dataset::open`] where the ids may stand in a column of another name.
    pub fn open_mapped(path: &Path, map: &FieldMap) -> Result<Self, DatasetError> {
        let source = locate(path)?;
        let format = Format::of(path, source.path(), &source.name())?;
        let mut dataset =
            Self { source, format, rows: 0, id_column: map.column("id").to_owned(), columns: IndexMap::new() };
        dataset.check()?;
        Ok(dataset)
    }

    /// The file as the user named it.
    pub fn name(&self) -> String {
        self.source.name()
    }

    /// The file that the rows are read from; for standard input, the copy of it.
    pub fn stored(&self) -> &Path {
        self.source.path()
    }

    /// The number of rows; never zero.
    #[expect(clippy::len_without_is_empty, reason = "a dataset without rows cannot be opened")]
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Reads the rows from the first to the last.
    pub fn rows(&self) -> Result<Rows, DatasetError> {
        Rows::open(self.source.path(), self.source.name(), self.format)
    }

    /// Every column that any row has, in order of appearance.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// In how many rows a column is there and not null.
    pub fn rows_with(&self, column: &str) -> u64 {
        self.columns.get(column).copied().unwrap_or(0)
    }

    /// Refuses a mapped column that no row has.
    pub fn check_map(&self, map: &FieldMap) -> Result<(), DatasetError> {
        let Some((field, column)) = map.iter().find(|(_, column)| !self.columns.contains_key(*column)) else {
            return Ok(());
        };
        Err(DatasetError::UnknownColumn {
            name: self.name(),
            field: field.to_owned(),
            column: column.to_owned(),
            nearest: nearest_names(column, self.columns()),
            known: self.columns().map(str::to_owned).collect(),
        })
    }

    /// Refuses an output that is the file being read, under any of its names.
    pub fn check_output(&self, output: &Path) -> Result<(), DatasetError> {
        let same = |a: &Path, b: &Path| Some(fs::canonicalize(a).ok()? == fs::canonicalize(b).ok()?);
        match &self.source {
            Source::File(input) if same(input, output) == Some(true) => {
                Err(DatasetError::SameFile { path: output.to_owned() })
            }
            _ => Ok(()),
        }
    }

    fn check(&mut self) -> Result<(), DatasetError> {
        let mut ids = HashMap::new();
        for row in self.rows()? {
            let row = row?;
            self.rows = row.number;
            self.check_id(&row, &mut ids)?;
            for (column, value) in row.columns {
                let present = u64::from(!value.is_null());
                *self.columns.entry(column).or_insert(0) += present;
            }
        }
        if self.rows == 0 { Err(DatasetError::Empty { name: self.name() }) } else { Ok(()) }
    }

    fn check_id(&self, row: &Row, ids: &mut HashMap<String, u64>) -> Result<(), DatasetError> {
        let column = self.id_column.clone();
        let line = (self.format == Format::Lines).then_some(row.line);
        let place = || Box::new(Place { name: self.name(), row: row.number, line, column: None });
        let given = row.columns.get(&column).filter(|id| !id.is_null());
        let id = match given {
            Some(id @ (Value::Array(_) | Value::Object(_))) => {
                return Err(DatasetError::InvalidId { place: place(), column, found: kind_of(id) });
            }
            Some(id) => id.to_string(),
            None => row.number.to_string(),
        };
        match ids.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(row.number);
                Ok(())
            }
            Entry::Occupied(first) if given.is_none() => {
                Err(DatasetError::NumberTaken { place: place(), column, first: *first.get() })
            }
            Entry::Occupied(first) => {
                let id = first.key().clone();
                Err(DatasetError::DuplicateId { place: place(), column, id, first: *first.get() })
            }
        }
    }
}

fn locate(path: &Path) -> Result<Source, DatasetError> {
    if path == Path::new("-") {
        return spool(io::stdin().lock(), "standard input".to_owned());
    }
    let name = path.display().to_string();
    let metadata = fs::metadata(path).map_err(|source| DatasetError::Open { name: name.clone(), source })?;
    if metadata.is_dir() {
        return Err(DatasetError::Directory { files: datasets_in(path), name });
    }
    let file = fs::File::open(path).map_err(|source| DatasetError::Open { name: name.clone(), source })?;
    if metadata.is_file() { Ok(Source::File(path.to_owned())) } else { spool(file, name) }
}

fn spool(mut from: impl io::Read, name: String) -> Result<Source, DatasetError> {
    let mut copy = || -> io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new()?;
        io::copy(&mut from, &mut file)?;
        Ok(file)
    };
    match copy() {
        Ok(file) => Ok(Source::Spooled(file, name)),
        Err(source) => Err(DatasetError::Read { name, source }),
    }
}

fn datasets_in(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut files: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl" || ending == "json"))
        .map(|path| path.display().to_string())
        .collect();
    files.sort();
    files.truncate(2);
    files
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(ending: &str, content: &[u8]) -> NamedTempFile {
        let mut file = tempfile::Builder::new().prefix("rows").suffix(ending).tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn refusal(ending: &str, content: &[u8]) -> String {
        let file = file(ending, content);
        let message = Dataset::open(file.path()).unwrap_err().to_string();
        message.replace(&file.path().display().to_string(), "FILE")
    }

    fn columns(ending: &str, content: &[u8]) -> Vec<(u64, u64, String)> {
        let file = file(ending, content);
        let dataset = Dataset::open(file.path()).unwrap();
        let rows = dataset.rows().unwrap().map(Result::unwrap);
        rows.map(|row| (row.number, row.line, Value::Object(row.columns).to_string())).collect()
    }

    #[test]
    fn lines_keep_key_order_and_numbers_and_count_rows_apart_from_lines() {
        let text = b"\xef\xbb\xbf{\"b\":1.10,\"a\":123456789012345678901234567890}\r\n\r\n  \n{\"b\":1e400,\"a\":-0}";
        assert_eq!(
            columns(".jsonl", text),
            [
                (1, 1, r#"{"b":1.10,"a":123456789012345678901234567890}"#.to_owned()),
                // The same number: the parser gives every exponent its sign.
                (2, 4, r#"{"b":1e+400,"a":-0}"#.to_owned()),
            ]
        );
    }

    #[test]
    fn an_array_gives_the_same_rows_as_lines() {
        let rows = columns(".json", b"\xef\xbb\xbf \n[{\"b\": 1.10},\r\n {\"a\": [{\"z\": 1, \"y\": 2}]}]\n");
        assert_eq!(rows, [(1, 1, r#"{"b":1.10}"#.to_owned()), (2, 2, r#"{"a":[{"z":1,"y":2}]}"#.to_owned())]);
    }

    #[test]
    fn json_lines_in_a_json_file_are_read_as_lines() {
        assert_eq!(columns(".json", b"{\"a\":1}\n{\"a\":2}\n").len(), 2);
    }

    #[test]
    fn a_malformed_row_is_named_by_file_line_and_column() {
        let message = refusal(".jsonl", b"{\"a\":1}\n\n{\"a\": tru}\n");
        assert!(message.starts_with("FILE:3:"), "{message}");
        assert!(message.contains("row 2"), "{message}");
        let message = refusal(".json", b"[{\"a\":1},\n {\"a\": tru}]");
        assert!(message.starts_with("FILE:2:"), "{message}");
        assert!(message.contains("row 2"), "{message}");
    }

    #[test]
    fn a_column_is_counted_in_characters() {
        let ascii = refusal(".jsonl", b"{\"a\": \"ee\", x}");
        let accents = refusal(".jsonl", "{\"a\": \"éé\", x}".as_bytes());
        assert_eq!(ascii, accents);
    }

    #[test]
    fn every_way_to_be_no_row_says_what_to_do() {
        for (ending, content, part) in [
            (".jsonl", &b"[1, 2]\n"[..], "a list"),
            (".jsonl", b"3\n", "a number"),
            (".jsonl", b"\"text\"\n", "a string"),
            (".json", b"[{\"a\":1}, 3]", "not an object"),
            (".jsonl", b"{\n  \"a\": 1\n}\n", "one line"),
            (".jsonl", b"{\"a\":1} {\"a\":2}\n", "one line"),
            (".jsonl", b"{\"a\":1},\n", "comma"),
            (".jsonl", b"{\"a\": NaN}\n", "null"),
            (".jsonl", b"{\"a\": -Infinity}\n", "null"),
            (".jsonl", b"{'a': 1}\n", "json.dumps"),
            (".jsonl", b"{\"a\": None}\n", "json.dumps"),
            (".jsonl", b"{\"a\":1,\"a\":2}\n", "twice"),
            (".jsonl", b"{\"a\":\"\xff\"}\n", "UTF-8"),
            (".jsonl", b"{\"a\":\"cut o", "cut off"),
            (".json", b"[{\"a\":1}, {\"a\"", "cut off"),
            (".json", b"[{\"a\":1}] {}", "after the array"),
            (".jsonl", b"\xff\xfe{\0", "UTF-16"),
            (".jsonl", b"", "no rows"),
            (".jsonl", b"\n \n", "no rows"),
            (".json", b"[]", "no rows"),
            (".csv", b"a,b\n", "JSONL"),
            (".parquet", b"PAR1", "JSONL"),
            (".jsonl.gz", b"\x1f\x8b", "gunzip"),
        ] {
            let message = refusal(ending, content);
            assert!(message.contains(part), "{ending} {}: {message}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn duplicate_ids_name_both_rows_and_types_are_apart() {
        let message = refusal(".jsonl", b"{\"id\":\"x\"}\n{\"id\":1}\n{\"id\":\"x\"}\n");
        assert!(message.contains("row 3: the id \"x\" is already that of row 1"), "{message}");
        let message = refusal(".jsonl", b"{\"id\":2}\n{}\n");
        assert!(message.contains("its number 2 would be its id, but row 1"), "{message}");
        assert!(refusal(".jsonl", b"{\"id\":[1]}\n").contains("a list"));
        assert_eq!(columns(".jsonl", b"{\"id\":1}\n{\"id\":\"1\"}\n{\"id\":true}\n{\"id\":null}\n").len(), 4);
    }

    #[test]
    fn a_mapped_id_column_is_the_one_that_is_checked() {
        let file = file(".jsonl", b"{\"id\":1,\"key\":\"a\"}\n{\"id\":1,\"key\":\"b\"}\n");
        let map = FieldMap::new([("id".to_owned(), "key".to_owned())]);
        assert_eq!(Dataset::open_mapped(file.path(), &map).unwrap().len(), 2);
    }

    #[test]
    fn a_mapped_column_that_no_row_has_names_the_nearest() {
        let file = file(".jsonl", b"{\"question\":\"q\"}\n");
        let dataset = Dataset::open(file.path()).unwrap();
        let map = FieldMap::new([("query".to_owned(), "qestion".to_owned())]);
        let message = dataset.check_map(&map).unwrap_err().to_string();
        assert!(message.ends_with("no column `qestion`, which was mapped to `query`; did you mean `question`?"));
    }

    #[test]
    fn missing_files_and_directories_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("rows.jsonl"), "{}\n").unwrap();
        let message = Dataset::open(folder.path()).unwrap_err().to_string();
        assert!(message.contains("is a directory") && message.contains("rows.jsonl"), "{message}");
        let missing = Dataset::open(&folder.path().join("missing.jsonl")).unwrap_err();
        assert!(matches!(missing, DatasetError::Open { .. }));
    }

    #[test]
    fn the_output_may_not_be_the_input_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("rows.jsonl");
        fs::write(&input, "{}\n").unwrap();
        let dataset = Dataset::open(&input).unwrap();
        assert!(dataset.check_output(&folder.path().join(".").join("rows.jsonl")).is_err());
        assert!(dataset.check_output(&folder.path().join("out.jsonl")).is_ok());
    }

    #[test]
    fn rows_of_a_json_object_say_that_an_array_is_wanted() {
        let message = refusal(".json", b"{\n \"data\": []\n}");
        assert!(message.contains("array"), "{message}");
    }
}
