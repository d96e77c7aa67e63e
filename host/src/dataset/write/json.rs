//! JSON Lines, and arrays of JSON objects.

use std::io::{self, Write};

use super::{
    super::schema::Schema,
    destination::{Destination, TextSink},
};
use crate::sample::Columns;

pub(super) struct JsonWriter {
    sink: TextSink,
    is_array: bool,
    is_empty: bool,
    schema: Schema,
}

impl JsonWriter {
    pub(super) fn new(sink: TextSink, is_array: bool, schema: Schema) -> Self {
        Self { sink, is_array, is_empty: true, schema }
    }

    pub(super) fn write(&mut self, row: &Columns) -> io::Result<()> {
        let separator = match (self.is_array, self.is_empty) {
            (false, _) => "",
            (true, true) => "[\n",
            (true, false) => ",\n",
        };
        self.sink.write_all(separator.as_bytes())?;
        serde_json::to_writer(&mut self.sink, self.schema.for_json(row).as_ref())?;
        self.is_empty = false;
        if !self.is_array {
            self.sink.write_all(b"\n")?;
        }
        self.sink.row_done()
    }

    pub(super) fn finish(mut self) -> io::Result<Destination> {
        if self.is_array {
            self.sink.write_all(if self.is_empty { b"[]\n" } else { b"\n]\n" })?;
        }
        self.sink.finish()
    }
}
