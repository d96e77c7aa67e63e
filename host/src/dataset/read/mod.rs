//! Rows in, one by one, of whatever format.

mod array;
mod guarded;
mod lines;
mod object;
mod parquet;
mod separated;

use std::{
    path::Path,
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

    /// How many rows so far had halves of surrogate pairs, which were read as U+FFFD, and the first of them.
    pub(super) fn replaced(&self) -> Option<(u64, u64)> {
        let Counts { rows, first } = &*self.replaced.0;
        let rows = rows.load(Ordering::Relaxed);
        (rows > 0).then(|| (rows, first.load(Ordering::Relaxed)))
    }
}

impl Iterator for Rows {
    type Item = Result<Row, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }
}
