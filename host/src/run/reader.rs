//! Rows from a blocking iterator as a stream, a few ahead of who takes them.

use futures::{Stream, StreamExt, stream};
use tokio::{sync::mpsc, task};

use super::RunError;
use crate::dataset::{DatasetError, Row};

/// Rows that are handed over at once, at most. Waking the thread that reads for each row costs more than reading it.
/// As many wait for it.
pub(super) const AT_ONCE: usize = 16;

/// Reads on a thread that may block, and only as fast as the rows are taken.
pub(super) fn read(
    rows: impl Iterator<Item = Result<Row, DatasetError>> + Send + 'static,
) -> impl Stream<Item = Result<Row, RunError>> {
    let (sender, receiver) = mpsc::channel(AT_ONCE);
    let reader = task::spawn_blocking(move || {
        for row in rows {
            if sender.blocking_send(row).is_err() {
                return;
            }
        }
    });
    let batches = stream::unfold((receiver, Some(reader)), |(mut receiver, reader)| async move {
        let mut rows = Vec::with_capacity(AT_ONCE);
        if receiver.recv_many(&mut rows, AT_ONCE).await > 0 {
            let rows: Vec<_> = rows.into_iter().map(|row| row.map_err(RunError::from)).collect();
            return Some((rows, (receiver, reader)));
        }
        // A reader that broke off must not look like the end of the dataset.
        let ending = reader?.await;
        ending.is_err().then_some((vec![Err(RunError::Reader)], (receiver, None)))
    });
    batches.flat_map(stream::iter)
}
