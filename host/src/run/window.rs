//! How far rows may get ahead of a slow one: what is done waits, because rows are written in their order.

use std::mem;

use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::RunError;
use crate::{dataset::Row, sample::Columns};

/// Rows that are held at once, at least: a row that takes a hundred times as long as its followers leaves no core idle.
const ROWS: usize = 256;

/// Rows that are held for each one that may be worked on, at least.
const ROWS_PER_PLACE: usize = 4;

/// Bytes of the rows that are held at once, as they were read. A row that is larger is held alone.
const BYTES: usize = 256 << 20;

/// The rows that are worked on, or wait to be written.
pub(super) struct Window {
    rows: usize,
    bytes: Semaphore,
}

/// What a row takes of the window until it is written; `None` for what is no row.
pub(super) type Share<'a> = Option<SemaphorePermit<'a>>;

impl Window {
    /// For so many rows that are worked on at the same time, and so many besides.
    pub(super) fn new(concurrency: usize, besides: usize) -> Self {
        let rows = concurrency.saturating_mul(ROWS_PER_PLACE).saturating_add(besides);
        Self { rows: ROWS.max(rows), bytes: Semaphore::new(BYTES) }
    }

    /// Rows that may be held at once.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Waits until there is room for the row. Rows must be let in one after the other, in their order: the one that is
    /// written next has its share then.
    pub(super) async fn admit(&self, row: Result<Row, RunError>) -> (Result<Row, RunError>, Share<'_>) {
        let share = match &row {
            Ok(row) => {
                let size = u32::try_from(size(&row.columns).min(BYTES)).unwrap_or(u32::MAX);
                // Never closed.
                self.bytes.acquire_many(size).await.ok()
            }
            Err(_) => None,
        };
        (row, share)
    }
}

/// About the memory that the columns take, in bytes.
fn size(columns: &Columns) -> usize {
    columns.iter().map(|(name, value)| name.len() + size_of(value)).sum()
}

fn size_of(value: &Value) -> usize {
    let beside = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size_of).sum(),
        Value::Object(fields) => size(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    mem::size_of::<Value>() + beside
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use serde_json::json;

    use super::*;

    fn row(bytes: usize) -> Row {
        let columns = json!({"response": "x".repeat(bytes)}).as_object().unwrap().clone();
        Row { number: 1, line: 1, columns }
    }

    #[test]
    fn rows_are_held_by_their_bytes_and_one_that_is_too_large_alone() {
        let window = Window::new(1, 0);
        let large = window.admit(Ok(row(BYTES / 2))).now_or_never().unwrap();
        let small = window.admit(Ok(row(1))).now_or_never().unwrap();
        assert!(window.admit(Ok(row(BYTES / 2))).now_or_never().is_none(), "there is no room for it");
        drop(large);
        let other = window.admit(Ok(row(BYTES / 2))).now_or_never().unwrap();
        assert!(window.admit(Ok(row(2 * BYTES))).now_or_never().is_none(), "it is held alone");
        drop((small, other));
        assert!(window.admit(Ok(row(2 * BYTES))).now_or_never().is_some());
    }

    #[test]
    fn nested_values_count() {
        let nested = json!({"a": [{"b": "x".repeat(1000)}, "y".repeat(500)]});
        let size = size(nested.as_object().unwrap());
        assert!((1500..2000).contains(&size), "{size}");
    }
}
