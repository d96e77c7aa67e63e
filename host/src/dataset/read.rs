//! Reads rows one by one from JSON Lines or from a JSON array, with the place of whatever is wrong.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::error::Category;

use super::{DatasetError, Place, Row};
use crate::sample::Columns;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Rows of an array that are read ahead.
const READ_AHEAD: usize = 64;

/// How rows are laid out in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One object a line.
    Lines,
    /// One array of objects.
    Array,
}

impl Format {
    /// Decides by the ending of `named`, and by the first bytes of `stored` where both layouts are usual.
    pub(super) fn of(named: &Path, stored: &Path, name: &str) -> Result<Self, DatasetError> {
        let ending = named.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        if let Some(advice) = unreadable(&ending) {
            return Err(DatasetError::Format { name: name.to_owned(), ending, verb: "read", advice });
        }
        let first = first_byte(stored, name)?;
        let lines_only = matches!(ending.as_str(), "jsonl" | "ndjson");
        Ok(if first == Some(b'[') && !lines_only { Self::Array } else { Self::Lines })
    }
}

/// What to do instead with a file of this ending, where rows cannot be read from it.
fn unreadable(ending: &str) -> Option<&'static str> {
    match ending {
        "csv" | "tsv" => {
            Some("write it as JSONL first, such as with pandas: `to_json(…, orient=\"records\", lines=True)`")
        }
        "parquet" | "arrow" | "feather" | "xlsx" => Some(
            "write it as JSONL first, such as with `datasets` or pandas: `to_json(…, orient=\"records\", lines=True)`",
        ),
        "gz" | "zst" | "xz" | "bz2" | "zip" => Some("unpack it and pipe it in: `gunzip -c FILE | gradebox grade - …`"),
        "yaml" | "yml" | "toml" => Some("a dataset is JSONL, one object a line, or a JSON array of objects"),
        _ => None,
    }
}

fn first_byte(path: &Path, name: &str) -> Result<Option<u8>, DatasetError> {
    let failed = |source| DatasetError::Read { name: name.to_owned(), source };
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(4096).read_to_end(&mut start).map_err(failed)?;
    let encoding = |found| DatasetError::Encoding { name: name.to_owned(), found };
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Err(encoding("UTF-16"));
    }
    if start.starts_with(b"\x1f\x8b") || start.starts_with(b"PK\x03\x04") || start.starts_with(b"PAR1") {
        return Err(encoding("a binary file"));
    }
    let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&start);
    Ok(text.iter().copied().find(|byte| !byte.is_ascii_whitespace()))
}

/// The rows of a dataset, first to last.
pub struct Rows(Reader);

enum Reader {
    Lines(Lines),
    /// An array is parsed on a thread of its own, since the parser calls and is not called.
    Array(Receiver<Result<Row, DatasetError>>),
}

impl Rows {
    pub(super) fn open(path: &Path, name: String, format: Format) -> Result<Self, DatasetError> {
        let failed = |source| DatasetError::Read { name: name.clone(), source };
        let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
        if reader.fill_buf().map_err(failed)?.starts_with(BYTE_ORDER_MARK) {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        Ok(Self(match format {
            Format::Lines => Reader::Lines(Lines { reader, name, row: 0, line: 0, buffer: Vec::new() }),
            Format::Array => {
                let (sender, receiver) = sync_channel(READ_AHEAD);
                thread::spawn(move || read_array(reader, &name, &sender));
                Reader::Array(receiver)
            }
        }))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Reader::Lines(lines) => lines.next(),
            Reader::Array(receiver) => receiver.recv().ok(),
        }
    }
}

struct Lines {
    reader: BufReader<File>,
    name: String,
    row: u64,
    line: u64,
    buffer: Vec<u8>,
}

impl Iterator for Lines {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.buffer.clear();
            match self.reader.read_until(b'\n', &mut self.buffer) {
                Ok(0) => return None,
                Ok(_) => self.line += 1,
                Err(source) => return Some(Err(DatasetError::Read { name: self.name.clone(), source })),
            }
            if !self.buffer.trim_ascii().is_empty() {
                self.row += 1;
                return Some(self.parse());
            }
        }
    }
}

impl Lines {
    fn parse(&self) -> Result<Row, DatasetError> {
        match serde_json::from_slice::<ObjectRow>(&self.buffer) {
            Ok(ObjectRow(columns)) => Ok(Row { number: self.row, line: self.line, columns }),
            Err(error) => Err(self.malformed(&error)),
        }
    }

    fn malformed(&self, error: &serde_json::Error) -> DatasetError {
        let before = self.buffer.get(..error.column().saturating_sub(1)).unwrap_or(&self.buffer);
        let column = String::from_utf8_lossy(before).chars().count() as u64 + 1;
        let place =
            Box::new(Place { name: self.name.clone(), row: self.row, line: Some(self.line), column: Some(column) });
        let (problem, advice) = explain_line(&self.buffer, error);
        DatasetError::Malformed { place, problem, advice }
    }
}

const ONE_LINE: &str = "in JSONL each row is one object on one line";

/// What is wrong with a line, and what to do.
fn explain_line(line: &[u8], error: &serde_json::Error) -> (String, String) {
    let text = line.trim_ascii();
    if let Err(invalid) = std::str::from_utf8(line) {
        let problem = format!("byte {} of the line is not UTF-8", invalid.valid_up_to() + 1);
        return (problem, "save the file as UTF-8".to_owned());
    }
    if !text.starts_with(b"{") {
        let advice = match text.first() {
            Some(b'[') => "write one object a line, or name the file .json where it is an array of objects".to_owned(),
            _ => ONE_LINE.to_owned(),
        };
        let found = serde_json::from_slice(text).map_or("no JSON", |value| super::kind_of(&value));
        return (format!("the row is {found}, not an object"), advice);
    }
    let rest = line.get(error.column().saturating_sub(1)..).unwrap_or_default();
    let problem = without_position(error);
    match error.classify() {
        Category::Eof if text == b"{" => {
            let advice = format!("{ONE_LINE}; several lines to an object want a JSON array, `[…]`, in a .json file");
            ("the line ends within the object".to_owned(), advice)
        }
        Category::Eof => ("the line ends within the object".to_owned(), format!("{ONE_LINE}; is the file cut off?")),
        _ if problem.starts_with("trailing characters") && rest.trim_ascii() == b"," => {
            ("there is a comma after the object".to_owned(), "rows of JSONL have none between them".to_owned())
        }
        _ if problem.starts_with("trailing characters") => {
            ("there is more text after the object".to_owned(), ONE_LINE.to_owned())
        }
        _ => {
            let advice = advice_for(line, error.column());
            (problem, advice)
        }
    }
}

/// What to do about a syntax error at a 1-based byte column of a line.
fn advice_for(line: &[u8], column: usize) -> String {
    let start = column.saturating_sub(3);
    let near = String::from_utf8_lossy(line.get(start..).unwrap_or_default()).into_owned();
    let begins = |words: &[&str]| words.iter().any(|word| near.chars().take(14).collect::<String>().contains(word));
    if begins(&["NaN", "Infinity"]) {
        "JSON has no NaN or Infinity: write null or a string".to_owned()
    } else if begins(&["None", "True", "False", "'"]) {
        "this looks like Python, not JSON: write the rows with `json.dumps`".to_owned()
    } else {
        "correct the line".to_owned()
    }
}

/// The message of a parse error without its ` at line … column …`.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).map_or(message.clone(), str::to_owned)
}

/// Sends the rows of an array, and whatever ends them early, until nobody listens.
fn read_array(reader: BufReader<File>, name: &str, rows: &SyncSender<Result<Row, DatasetError>>) {
    let mut count = 0;
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let read = deserializer.deserialize_seq(Elements { rows, count: &mut count }).and_then(|()| deserializer.end());
    if let Err(error) = read {
        // This fails where nobody listens any more, which is no error.
        let _ = rows.send(Err(malformed_array(name, count, error)));
    }
}

fn malformed_array(name: &str, rows_before: u64, error: serde_json::Error) -> DatasetError {
    if error.is_io() {
        return DatasetError::Read { name: name.to_owned(), source: io::Error::from(error) };
    }
    let message = without_position(&error);
    let (problem, advice) = match error.classify() {
        Category::Eof => ("the array does not end".to_owned(), "is the file cut off?"),
        Category::Data if message.starts_with("invalid type") => {
            (format!("the row is not an object ({message})"), "every entry of the array is one row, an object")
        }
        _ if message.starts_with("trailing characters") => {
            ("there is more text after the array".to_owned(), "a .json dataset is one array of objects")
        }
        _ => (message, "correct the file; JSON has no NaN, no comments and no comma before `]` or `}`"),
    };
    let place = Box::new(Place {
        name: name.to_owned(),
        row: rows_before + 1,
        line: Some(error.line() as u64),
        column: Some(error.column() as u64),
    });
    DatasetError::Malformed { place, problem, advice: advice.to_owned() }
}

/// Visits an array and sends each entry as a row, as long as somebody listens.
struct Elements<'a> {
    rows: &'a SyncSender<Result<Row, DatasetError>>,
    count: &'a mut u64,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(ObjectRow(columns)) = sequence.next_element()? {
            *self.count += 1;
            let row = Row { number: *self.count, line: *self.count, columns };
            if self.rows.send(Ok(row)).is_err() {
                return Err(de::Error::custom("nobody reads on"));
            }
        }
        Ok(())
    }
}

/// An object without a key that stands twice, which a map would swallow.
struct ObjectRow(Columns);

impl<'de> Deserialize<'de> for ObjectRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor).map(Self)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Columns;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Columns, A::Error> {
        let mut columns = Columns::new();
        while let Some(key) = map.next_key::<String>()? {
            if columns.contains_key(&key) {
                return Err(de::Error::custom(format!("the column `{key}` stands twice in the row")));
            }
            columns.insert(key, map.next_value()?);
        }
        Ok(columns)
    }
}
