//! Rows in, one by one, of whatever format.

mod array;
mod footer;
mod guarded;
mod lines;
mod object;
mod parquet;
mod separated;
mod table_bytes;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

pub use self::guarded::silence_guarded_panics;
pub(super) use self::parquet::{Scan, schema_of};
use self::{lines::Lines, parquet::ParquetRows, separated::Separated};
use super::{
    DatasetError, Row,
    bytes::open_text,
    format::{Format, Layout},
};

/// The rows of a dataset, first to last.
pub struct Rows {
    rows: Box<dyn Iterator<Item = Result<Row, DatasetError>> + Send>,
    replaced: Replaced,
}

/// Rows with characters that could not be read as they are.
#[derive(Debug, Clone, Default)]
struct Replaced(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    rows: AtomicU64,
    first: AtomicU64,
}

impl Replaced {
    fn note(&self, row: u64) {
        if self.0.rows.fetch_add(1, Ordering::Relaxed) == 0 {
            self.0.first.store(row, Ordering::Relaxed);
        }
    }
}

impl Rows {
    pub(super) fn open(path: &Path, name: String, format: Format) -> Result<Self, DatasetError> {
        let failed = |source| DatasetError::Read { name: name.clone(), source };
        let replaced = Replaced::default();
        if format.layout == Layout::Parquet {
            return Ok(Self { rows: Box::new(ParquetRows::open(path, name)?), replaced });
        }
        let (text, limit) = open_text(path, format.compression).map_err(failed)?;
        Ok(Self {
            rows: match format.layout {
                Layout::Separated(separator) => Box::new(Separated::open((text, limit), separator, name)?),
                Layout::Array => Box::new(array::read((text, limit), name, replaced.clone()).into_iter()),
                Layout::Lines | Layout::Parquet => Box::new(Lines::new((text, limit), name, replaced.clone())),
            },
            replaced,
        })
    }

    /// Refuses a file whose header looks as if its cells were apart by another separator than that of its format.
    pub(super) fn refuse_other_separator(path: &Path, name: String, format: Format) -> Result<(), DatasetError> {
        let Layout::Separated(separator) = format.layout else { return Ok(()) };
        let failed = |source| DatasetError::Read { name: name.clone(), source };
        let text = open_text(path, format.compression).map_err(failed)?;
        Separated::open(text, separator, name)?.refuse_other(separator)
    }

    /// How many rows so far had halves of surrogate pairs, which were read as U+FFFD, and the first of them.
    pub(super) fn replaced(&self) -> Option<(u64, u64)> {
        let Counts { rows, first } = &*self.replaced.0;
        let rows = rows.load(Ordering::Relaxed);
        (rows > 0).then(|| (rows, first.load(Ordering::Relaxed)))
    }
}

/// The rows of several files, one file after the other, numbered through.
pub struct Chain {
    /// The file that is read, then the others in the reverse order.
    under_way: Option<Rows>,
    left: Vec<(PathBuf, String, Format)>,
    row: u64,
}

impl Chain {
    pub(super) fn open(mut files: Vec<(PathBuf, String, Format)>) -> Result<Self, DatasetError> {
        files.reverse();
        let mut chain = Self { under_way: None, left: files, row: 0 };
        chain.advance()?;
        Ok(chain)
    }

    fn advance(&mut self) -> Result<(), DatasetError> {
        self.under_way = None;
        if let Some((path, name, format)) = self.left.pop() {
            self.under_way = Some(Rows::open(&path, name, format)?);
        }
        Ok(())
    }
}

impl Iterator for Chain {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.under_way.as_mut()?.next() {
                self.row += 1;
                return Some(row.map(|row| Row { number: self.row, ..row }));
            }
            if let Err(error) = self.advance() {
                return Some(Err(error));
            }
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }
}
