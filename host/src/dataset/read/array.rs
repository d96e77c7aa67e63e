//! A JSON array of objects, read row by row.

use std::{
    fmt,
    io::{self, BufReader},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use serde::{
    Deserializer,
    de::{self, SeqAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};

use super::{
    super::{
        DatasetError, Place, Row,
        bytes::{ByteReader, RowLimit},
    },
    Replaced,
    object::{ObjectRow, parse_object, without_position},
};

/// Rows that are read ahead.
const READ_AHEAD: usize = 64;

/// Reads on a thread of its own, since the parser calls and is not called.
pub(super) fn read(
    text: (ByteReader, RowLimit),
    name: String,
    replaced: Replaced,
) -> Receiver<Result<Row, DatasetError>> {
    let (sender, receiver) = sync_channel(READ_AHEAD);
    thread::spawn(move || read_array(text, &name, &replaced, &sender));
    receiver
}

/// Sends the rows of an array, and whatever ends them early, until nobody listens.
fn read_array(
    (reader, limit): (ByteReader, RowLimit),
    name: &str,
    replaced: &Replaced,
    rows: &SyncSender<Result<Row, DatasetError>>,
) {
    let mut count = 0;
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::new(reader));
    let elements = Elements { rows, replaced, limit: &limit, count: &mut count };
    let read = deserializer.deserialize_seq(elements).and_then(|()| deserializer.end());
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
    // What is wrong with a whole row has no place of its own.
    let line = (error.line() > 0).then_some(error.line() as u64);
    let column = line.map(|_| error.column() as u64);
    let place = Box::new(Place { name: name.to_owned(), row: rows_before + 1, line, column });
    DatasetError::Malformed { place, problem, advice: advice.to_owned() }
}

/// Visits an array and sends each entry as a row, as long as somebody listens.
struct Elements<'a> {
    rows: &'a SyncSender<Result<Row, DatasetError>>,
    replaced: &'a Replaced,
    limit: &'a RowLimit,
    count: &'a mut u64,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(text) = sequence.next_element::<Box<RawValue>>()? {
            self.limit.begin_row();
            let number = *self.count + 1;
            let mut text = String::from(Box::<str>::from(text)).into_bytes();
            let ObjectRow(columns) = parse_object(&mut text, || self.replaced.note(number))
                .map_err(|error| de::Error::custom(without_position(&error)))?;
            *self.count = number;
            if self.rows.send(Ok(Row { number, line: number, columns })).is_err() {
                return Err(de::Error::custom("nobody reads on"));
            }
        }
        Ok(())
    }
}
