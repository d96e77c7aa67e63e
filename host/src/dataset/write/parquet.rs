//! Parquet: rows gathered to batches, batches to row groups of a size that fits in memory.

use std::{io, mem, sync::Arc};

use arrow_json::reader::Decoder;
use arrow_schema::ArrowError;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};

use super::{
    super::schema::{JsonForm, Schema, write_marked},
    destination::Destination,
};
use crate::sample::Columns;

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 1024;
/// JSON text of a batch, about.
const BATCH_BYTES: usize = 8 << 20;
/// Packed columns that are kept until a row group is written, in bytes.
const GROUP_BYTES: usize = 32 << 20;

pub(super) struct ParquetWriter {
    /// `None` once it has failed.
    writer: ArrowWriter<Destination>,
    schema: Schema,
    form: JsonForm,
    decoder: Decoder,
    /// The rows of the batch under way, as JSON.
    gathered: Vec<u8>,
    gathered_rows: usize,
    written: u64,
}

/// Why rows could not be written.
pub(super) enum ParquetFailure {
    Io(io::Error),
    /// A row from this one on, 1-based, has a value that is not of its column's type.
    Unfit(u64, String),
}

impl ParquetWriter {
    pub(super) fn new(destination: Destination, schema: Schema) -> Result<Self, ParquetFailure> {
        let form = JsonForm::of(Arc::new(schema.to_arrow()));
        let decoder = form.decoder(BATCH_ROWS).map_err(|error| ParquetFailure::Unfit(1, error.to_string()))?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let writer = ArrowWriter::try_new(destination, Arc::clone(form.table()), Some(properties)).map_err(broken)?;
        Ok(Self { writer, schema, form, decoder, gathered: Vec::new(), gathered_rows: 0, written: 0 })
    }

    pub(super) fn write(&mut self, row: &Columns) -> Result<(), ParquetFailure> {
        let mut separator = b'{';
        for (field, value) in self.schema.values(row) {
            let Some(value) = value else { continue };
            self.gathered.push(mem::replace(&mut separator, b','));
            serde_json::to_writer(&mut self.gathered, field.name()).map_err(io::Error::from)?;
            self.gathered.push(b':');
            write_marked(field, value, &mut self.gathered)?;
        }
        if separator == b'{' {
            self.gathered.push(b'{');
        }
        self.gathered.extend_from_slice(b"}\n");
        self.gathered_rows += 1;
        if self.gathered_rows >= BATCH_ROWS || self.gathered.len() >= BATCH_BYTES { self.write_batch() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> Result<Destination, ParquetFailure> {
        self.write_batch()?;
        self.writer.into_inner().map_err(broken)
    }

    /// Ends the file with the rows that were written, those included that are gathered and fit.
    pub(super) fn give_up(mut self) -> Option<Destination> {
        // Rows that do not fit have been told of.
        let _ = self.write_batch();
        self.writer.into_inner().ok()
    }

    fn write_batch(&mut self) -> Result<(), ParquetFailure> {
        let rows = mem::take(&mut self.gathered_rows);
        if rows == 0 {
            return Ok(());
        }
        let gathered = mem::take(&mut self.gathered);
        let decode = |decoder: &mut Decoder| -> Result<_, ArrowError> {
            decoder.decode(&gathered)?;
            decoder.flush()?.map(|batch| self.form.decoded(&batch)).transpose()
        };
        let batch = decode(&mut self.decoder);
        let batch = batch.map_err(|error| ParquetFailure::Unfit(self.written + 1, error.to_string()))?;
        if let Some(batch) = batch {
            self.writer.write(&batch).map_err(broken)?;
        }
        self.written += rows as u64;
        if self.writer.memory_size() >= GROUP_BYTES {
            self.writer.flush().map_err(broken)?;
        }
        (self.gathered, self.gathered_rows) = (gathered, 0);
        self.gathered.clear();
        Ok(())
    }
}

impl From<io::Error> for ParquetFailure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn broken(error: ParquetError) -> ParquetFailure {
    ParquetFailure::Io(match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    })
}
