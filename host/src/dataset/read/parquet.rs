//! Parquet: batches of a size that fits in memory, turned into rows of JSON.

use std::{fs::File, path::Path};

use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde_json::Value;

use super::{
    super::{
        DatasetError, Row,
        schema::{JsonForm, restore},
    },
    object::{ObjectRow, parse_object, without_position},
};

/// Bytes that a batch shall take, roughly.
const BATCH_BYTES: i64 = 8 << 20;
const MOST_ROWS: usize = 1024;

pub(super) struct ParquetRows {
    name: String,
    reader: ParquetRecordBatchReader,
    form: JsonForm,
    /// The rows of the batch under way as lines of JSON, of which so many bytes are read.
    lines: (Vec<u8>, usize),
    row: u64,
}

impl ParquetRows {
    pub(super) fn open(path: &Path, name: String) -> Result<Self, DatasetError> {
        let builder = open(path, &name)?;
        let form = JsonForm::of(builder.schema().clone());
        let rows = batch_rows(&builder);
        let reader = builder.with_batch_size(rows).build().map_err(|error| unreadable(&name, &error))?;
        Ok(Self { name, reader, form, lines: (Vec::new(), 0), row: 0 })
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
            let Some(batch) = self.reader.next() else { return Ok(None) };
            let encoded = batch.and_then(|batch| self.form.encode(&batch));
            self.lines = (encoded.map_err(|error| unreadable(&self.name, &error))?, 0);
        }
    }

    fn parse(&self, mut line: Vec<u8>) -> Result<Row, DatasetError> {
        let ObjectRow(mut columns) = parse_object(&mut line, || ())
            .map_err(|error| DatasetError::Parquet { name: self.name.clone(), problem: without_position(&error) })?;
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

/// The types of the columns of a file.
pub(in crate::dataset) fn schema_of(path: &Path, name: &str) -> Result<SchemaRef, DatasetError> {
    Ok(open(path, name)?.schema().clone())
}

fn open(path: &Path, name: &str) -> Result<ParquetRecordBatchReaderBuilder<File>, DatasetError> {
    let file = File::open(path).map_err(|source| DatasetError::Read { name: name.to_owned(), source })?;
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(name, &error))
}

/// Rows of a batch, by the mean size of a row.
fn batch_rows(builder: &ParquetRecordBatchReaderBuilder<File>) -> usize {
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
        let builder = open(path, self.name)?;
        let rows = batch_rows(&builder);
        let reader = builder.with_batch_size(rows).build().map_err(|error| unreadable(self.name, &error))?;
        for batch in reader {
            let batch = batch.map_err(|error| unreadable(self.name, &error))?;
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                count(field.name(), (column.len() - column.logical_null_count()) as u64);
            }
            for id in self.ids(&batch)? {
                row(id)?;
            }
        }
        Ok(())
    }

    fn ids(&self, batch: &RecordBatch) -> Result<Vec<Option<Value>>, DatasetError> {
        let Ok(index) = batch.schema().index_of(self.id_column) else { return Ok(vec![None; batch.num_rows()]) };
        let ids = batch.project(&[index]).map_err(|error| unreadable(self.name, &error))?;
        let lines = JsonForm::of(ids.schema()).encode(&ids).map_err(|error| unreadable(self.name, &error))?;
        let id = |line: &[u8]| {
            let row: Option<serde_json::Map<String, Value>> = serde_json::from_slice(line).ok();
            row.and_then(|mut row| row.remove(self.id_column)).filter(|id| !id.is_null())
        };
        Ok(lines.split(|byte| *byte == b'\n').take(batch.num_rows()).map(id).collect())
    }
}
