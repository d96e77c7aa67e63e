//! CSV and its kin: a header, then one record a row. Null is an empty cell, and what is no text stands as its JSON.

use std::io;

use csv::{Writer, WriterBuilder};

use super::{
    super::schema::Schema,
    destination::{Destination, TextSink},
};
use crate::sample::{Columns, text_of};

pub(super) struct SeparatedWriter {
    writer: Writer<TextSink>,
    schema: Schema,
    flushes: bool,
}

impl SeparatedWriter {
    /// Writes the header.
    pub(super) fn new(sink: TextSink, separator: u8, schema: Schema, flushes: bool) -> io::Result<Self> {
        let mut writer = WriterBuilder::new().delimiter(separator).from_writer(sink);
        writer.write_record(schema.names()).map_err(broken)?;
        Ok(Self { writer, schema, flushes })
    }

    pub(super) fn write(&mut self, row: &Columns) -> io::Result<()> {
        for (_, value) in self.schema.values(row) {
            self.writer.write_field(value.map(text_of).unwrap_or_default()).map_err(broken)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(broken)?;
        if self.flushes { self.writer.flush() } else { Ok(()) }
    }

    pub(super) fn finish(self) -> io::Result<Destination> {
        self.writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?.finish()
    }
}

fn broken(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
