//! CSV and its kin: a header, then one record a row. Every cell is text, and an empty one is null.

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};
use serde_json::Value;

use super::super::{
    DatasetError, Place, Row,
    bytes::{ByteReader, RowLimit},
};
use crate::sample::Columns;

/// What cells are apart by where a file has another separator than its name says.
const OTHERS: &[char] = &[';', '\t', '|', ','];

pub(super) struct Separated {
    reader: Reader<ByteReader>,
    limit: RowLimit,
    header: Vec<String>,
    record: ByteRecord,
    name: String,
    row: u64,
}

impl Separated {
    /// Reads the header.
    pub(super) fn open(
        (text, limit): (ByteReader, RowLimit),
        separator: u8,
        name: String,
    ) -> Result<Self, DatasetError> {
        let mut reader = ReaderBuilder::new().delimiter(separator).from_reader(text);
        let record = reader.byte_headers().map_err(|error| broken(&name, 0, error))?.clone();
        let header = read_header(&record, &name)?;
        Ok(Self { reader, limit, header, record: ByteRecord::new(), name, row: 0 })
    }

    /// Refuses a header that looks as if its cells were apart by another separator.
    pub(super) fn refuse_other(&self, separator: u8) -> Result<(), DatasetError> {
        let separator = char::from(separator);
        if let [only] = self.header.as_slice()
            && let Some(other) = OTHERS.iter().find(|other| **other != separator && only.contains(**other))
        {
            let problem = format!("the header is one column, `{}`", only.escape_debug());
            let advice = format!(
                "--separator '{}' reads it as several, --separator '{}' takes it as it is",
                other.escape_debug(),
                separator.escape_debug()
            );
            return Err(malformed(&self.name, 0, 1, &problem, &advice));
        }
        Ok(())
    }

    fn columns(&self, line: u64) -> Result<Columns, DatasetError> {
        let cells = self.header.iter().zip(&self.record).map(|(column, cell)| {
            let text = std::str::from_utf8(cell).map_err(|_| {
                malformed(&self.name, self.row, line, &format!("the cell `{column}` is not UTF-8"), SAVE_AS_UTF8)
            })?;
            let value = if text.is_empty() { Value::Null } else { Value::from(text) };
            Ok((column.clone(), value))
        });
        cells.collect()
    }
}

impl Iterator for Separated {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row += 1;
        self.limit.begin_row();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                let line = self.record.position().map_or(0, csv::Position::line);
                Some(self.columns(line).map(|columns| Row { number: self.row, line, columns }))
            }
            Err(error) => Some(Err(broken(&self.name, self.row, error))),
        }
    }
}

const SAVE_AS_UTF8: &str = "save the file as UTF-8";

fn read_header(record: &ByteRecord, name: &str) -> Result<Vec<String>, DatasetError> {
    let refused = |problem: String, advice: &str| malformed(name, 0, 1, &problem, advice);
    let mut header: Vec<String> = Vec::with_capacity(record.len());
    for cell in record {
        let column =
            std::str::from_utf8(cell).map_err(|_| refused("the header is not UTF-8".to_owned(), SAVE_AS_UTF8))?;
        if header.iter().any(|before| before == column) {
            let problem = format!("the header names the column `{column}` twice");
            return Err(refused(problem, "give each column a name of its own"));
        }
        header.push(column.to_owned());
    }
    Ok(header)
}

fn broken(name: &str, row: u64, error: csv::Error) -> DatasetError {
    let at = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(source) => DatasetError::Read { name: name.to_owned(), source },
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let problem = format!("the row has {len} cells, and the header {expected_len}");
            malformed(name, row, at, &problem, "quote cells that hold the separator or a line's end: \"a, b\"")
        }
        other => malformed(name, row, at, &format!("{other:?}"), "correct the file"),
    }
}

fn malformed(name: &str, row: u64, line: u64, problem: &str, advice: &str) -> DatasetError {
    let place = Place { name: name.to_owned(), row, line: Some(line).filter(|line| *line > 0), column: None };
    DatasetError::Malformed { place: Box::new(place), problem: problem.to_owned(), advice: advice.to_owned() }
}
