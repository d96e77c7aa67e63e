//! Rows from a blocking iterator as a stream, a few ahead of who takes them.

use futures::{Stream, stream};
use tokio::{sync::mpsc, task};

use super::RunError;
use crate::dataset::{DatasetError, Row};

/// Rows that are read ahead.
pub(super) const AHEAD: usize = 16;

/// Reads on a thread that may block, and only as fast as the rows are taken.
pub(super) fn read(
    rows: impl Iterator<Item = Result<Row, DatasetError>> + Send + 'static,
) -> impl Stream<Item = Result<Row, RunError>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reader = task::spawn_blocking(move || {
        for row in rows {
            if sender.blocking_send(row).is_err() {
                return;
            }
        }
    });
    stream::unfold((receiver, Some(reader)), |(mut receiver, reader)| async move {
        if let Some(row) = receiver.recv().await {
            return Some((row.map_err(RunError::from), (receiver, reader)));
        }
        // A reader that broke off must not look like the end of the dataset.
        let ending = reader?.await;
        ending.is_err().then_some((Err(RunError::Reader), (receiver, None)))
    })
}
