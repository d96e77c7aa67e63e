//! Parquet: batches of a size that fits in memory, turned into rows of JSON.

use std::{fs::File, path::Path};

use arrow_array::{Array, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde_json::Value;

use super::{
    super::{
        DatasetError, Row,
        schema::{JsonForm, restore},
    },
    footer,
    guarded::guarded,
    object::{ObjectRow, parse_object, without_position},
    table_bytes::TableBytes,
};

/// Bytes that a batch shall take, roughly.
const BATCH_BYTES: i64 = 8 << 20;
const MOST_ROWS: usize = 1024;

pub(super) struct ParquetRows {
    batches: Batches,
    form: JsonForm,
    /// The rows of the batch under way as lines of JSON, of which so many bytes are read.
    lines: (Vec<u8>, usize),
    row: u64,
}

impl ParquetRows {
    pub(super) fn open(path: &Path, name: String) -> Result<Self, DatasetError> {
        let builder = open(path, &name)?;
        let form = JsonForm::of(builder.schema().clone());
        Ok(Self { batches: Batches::of(builder, name)?, form, lines: (Vec::new(), 0), row: 0 })
    }

    /// The next row of JSON, of the next batch where this one is used up.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, DatasetError> {
        loop {
            let (lines, read) = &mut self.lines;
            let rest = lines.get(*read..).unwrap_or_default();
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = rest.get(..end).unwrap_or_default().to_vec();
                *read += end + 1;
                return Ok(Some(line));
            }
            let Some(encoded) = self.batches.next(|batch| self.form.encode(batch))? else { return Ok(None) };
            self.lines = (encoded, 0);
        }
    }

    fn parse(&self, mut line: Vec<u8>) -> Result<Row, DatasetError> {
        let ObjectRow(mut columns) = parse_object(&mut line, || ())
            .map_err(|error| unreadable(&self.batches.name, &without_position(&error)))?;
        for field in self.form.table().fields() {
            if let Some(value) = columns.get_mut(field.name()) {
                restore(field, value);
            }
        }
        Ok(Row { number: self.row, line: self.row, columns })
    }
}

impl Iterator for ParquetRows {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.next_line().transpose()?;
        self.row += 1;
        Some(line.and_then(|line| self.parse(line)))
    }
}

/// The batches of a file, first to last.
struct Batches {
    /// `None` once it has failed.
    reader: Option<ParquetRecordBatchReader>,
    name: String,
}

impl Batches {
    fn of(builder: ParquetRecordBatchReaderBuilder<TableBytes>, name: String) -> Result<Self, DatasetError> {
        let rows = batch_rows(&builder);
        let reader = reading(&name, || builder.with_batch_size(rows).build())?;
        Ok(Self { reader: Some(reader), name })
    }

    /// What `make` makes of the next batch; `None` after the last.
    fn next<T>(&mut self, make: impl FnOnce(&RecordBatch) -> Result<T, ArrowError>) -> Result<Option<T>, DatasetError> {
        let Some(mut reader) = self.reader.take() else { return Ok(None) };
        let result = reading(&self.name, || reader.next().map(|batch| make(&batch?)).transpose())?;
        self.reader = Some(reader);
        Ok(result)
    }
}

/// Calls the reader, which panics on some damaged files.
fn reading<T, E: ToString>(name: &str, call: impl FnOnce() -> Result<T, E>) -> Result<T, DatasetError> {
    let called = guarded(call).map_err(|problem| unreadable(name, &problem))?;
    called.map_err(|error| unreadable(name, &error))
}

/// The types of the columns of a file.
pub(in crate::dataset) fn schema_of(path: &Path, name: &str) -> Result<SchemaRef, DatasetError> {
    Ok(open(path, name)?.schema().clone())
}

fn open(path: &Path, name: &str) -> Result<ParquetRecordBatchReaderBuilder<TableBytes>, DatasetError> {
    let mut file = File::open(path).map_err(|source| DatasetError::Read { name: name.to_owned(), source })?;
    footer::check(&mut file).map_err(|problem| unreadable(name, &problem))?;
    reading(name, || ParquetRecordBatchReaderBuilder::try_new(TableBytes(file)))
}

/// Rows of a batch, by the mean size of a row.
fn batch_rows(builder: &ParquetRecordBatchReaderBuilder<TableBytes>) -> usize {
    let groups = builder.metadata().row_groups();
    let bytes: i64 = groups.iter().map(|group| group.total_byte_size().max(0)).fold(0, i64::saturating_add);
    let rows = builder.metadata().file_metadata().num_rows().max(1);
    usize::try_from(BATCH_BYTES / (bytes / rows).max(1)).unwrap_or(1).clamp(1, MOST_ROWS)
}

fn unreadable(name: &str, error: &impl ToString) -> DatasetError {
    DatasetError::Parquet { name: name.to_owned(), problem: error.to_string() }
}

/// Reads a whole file without making rows of it.
pub(in crate::dataset) struct Scan<'a> {
    pub(in crate::dataset) name: &'a str,
    pub(in crate::dataset) id_column: &'a str,
}

impl Scan<'_> {
    /// Calls `count` with each column and the number of its values that are not null, and `row` with each row's id.
    pub(in crate::dataset) fn read(
        &self,
        path: &Path,
        mut count: impl FnMut(&str, u64),
        mut row: impl FnMut(Option<Value>) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        let mut batches = Batches::of(open(path, self.name)?, self.name.to_owned())?;
        while let Some((batch, ids)) = batches.next(|batch| Ok((batch.clone(), self.ids(batch)?)))? {
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                count(field.name(), (column.len() - column.logical_null_count()) as u64);
            }
            for id in ids {
                row(id)?;
            }
        }
        Ok(())
    }

    fn ids(&self, batch: &RecordBatch) -> Result<Vec<Option<Value>>, ArrowError> {
        let Ok(index) = batch.schema().index_of(self.id_column) else { return Ok(vec![None; batch.num_rows()]) };
        let ids = batch.project(&[index])?;
        let lines = JsonForm::of(ids.schema()).encode(&ids)?;
        let id = |line: &[u8]| {
            let row: Option<serde_json::Map<String, Value>> = serde_json::from_slice(line).ok();
            row.and_then(|mut row| row.remove(self.id_column)).filter(|id| !id.is_null())
        };
        Ok(lines.split(|byte| *byte == b'\n').take(batch.num_rows()).map(id).collect())
    }
}
