//! JSON Lines: one object a line, with the place of whatever is wrong.

use std::io::BufRead;

use serde_json::error::Category;

use super::{
    super::{
        DatasetError, Place, Row,
        bytes::{ByteReader, RowLimit},
        error::kind_of,
    },
    Replaced,
    object::{ObjectRow, parse_object, without_position},
};

pub(super) struct Lines {
    reader: ByteReader,
    limit: RowLimit,
    name: String,
    row: u64,
    line: u64,
    buffer: Vec<u8>,
    replaced: Replaced,
}

impl Lines {
    pub(super) fn new((reader, limit): (ByteReader, RowLimit), name: String, replaced: Replaced) -> Self {
        Self { reader, limit, name, row: 0, line: 0, buffer: Vec::new(), replaced }
    }
}

impl Iterator for Lines {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.buffer.clear();
            self.limit.begin_row();
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
    fn parse(&mut self) -> Result<Row, DatasetError> {
        match parse_object(&mut self.buffer, || self.replaced.note(self.row)) {
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
            Some(_) if serde_json::from_slice::<serde_json::Value>(text).is_err() => {
                format!("{ONE_LINE}; say --input-format csv where it is CSV")
            }
            _ => ONE_LINE.to_owned(),
        };
        let found = serde_json::from_slice(text).map_or("no JSON", |value| kind_of(&value));
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
