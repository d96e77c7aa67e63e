//! Appends lines to a file on a thread of its own; lines that come together share one write.
//!
//! A line that is written survives the end of the process, however it ends. A second thread syncs the file again and
//! again while it grows, so that a loss of power takes no more than what was written during the last sync.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use tokio::sync::{mpsc, oneshot};

/// Lines that may wait before whoever appends has to wait, too.
const WAITING: usize = 1024;

/// Bytes that are gathered for one write.
const GATHERED: usize = 1 << 20;

/// A file of the run directory could not be written, and nothing more will be.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot write {}: {problem}", .path.display())]
pub struct AppendError {
    path: PathBuf,
    problem: String,
}

impl AppendError {
    pub(super) fn new(path: &Path, error: &io::Error) -> Self {
        Self { path: path.to_owned(), problem: error.to_string() }
    }
}

/// The end of a file to which lines are added in the order of the calls.
#[derive(Debug)]
pub(super) struct Appender {
    lines: Option<mpsc::Sender<Line>>,
    failure: Arc<OnceLock<AppendError>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Line {
    bytes: Vec<u8>,
    /// Told when the line would survive the end of the process.
    written: Option<oneshot::Sender<()>>,
}

impl Appender {
    /// Appends to `path`, of which the first `length` bytes are kept.
    pub(super) fn open(path: &Path, length: u64) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path)?;
        file.set_len(length)?;
        sync_folder_of(path);
        let (lines, received) = mpsc::channel(WAITING);
        let failure = Arc::new(OnceLock::new());
        let path = path.to_owned();
        let thread = std::thread::Builder::new().name("appender".to_owned()).spawn({
            let failure = Arc::clone(&failure);
            move || write_all(&file, &path, received, &failure)
        })?;
        Ok(Self { lines: Some(lines), failure, thread: Some(thread) })
    }

    /// Adds a line without waiting until it is written.
    pub(super) async fn add(&self, bytes: Vec<u8>) -> Result<(), AppendError> {
        self.send(Line { bytes, written: None }).await
    }

    /// Adds a line; it survives the end of the process once this returns.
    pub(super) async fn write(&self, bytes: Vec<u8>) -> Result<(), AppendError> {
        let (written, told) = oneshot::channel();
        self.send(Line { bytes, written: Some(written) }).await?;
        // The thread tells nobody any more once it has failed.
        told.await.map_err(|_| self.failure().unwrap_or_else(ended))
    }

    /// Why lines cannot be written any more.
    pub(super) fn failure(&self) -> Option<AppendError> {
        self.failure.get().cloned()
    }

    /// Waits until all lines are synced.
    pub(super) async fn close(mut self) -> Result<(), AppendError> {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        self.failure().map_or(Ok(()), Err)
    }

    async fn send(&self, line: Line) -> Result<(), AppendError> {
        let Some(lines) = &self.lines else { return Err(ended()) };
        lines.send(line).await.map_err(|_| self.failure().unwrap_or_else(ended))
    }
}

fn ended() -> AppendError {
    AppendError { path: PathBuf::new(), problem: "the thread that writes it has ended".to_owned() }
}

fn write_all(file: &File, path: &Path, lines: mpsc::Receiver<Line>, failure: &OnceLock<AppendError>) {
    let failed = &|error: io::Error| {
        let _ = failure.set(AppendError { path: path.to_owned(), problem: error.to_string() });
    };
    let (grown, watched) = sync_channel(1);
    std::thread::scope(|scope| {
        scope.spawn(move || sync_while_growing(file, &watched).unwrap_or_else(failed));
        write_lines(file, lines, &grown, failed);
        // The other thread ends after a last sync.
        drop(grown);
    });
}

/// Writes lines until no more can come, or one cannot be written: that is told before anybody learns that their line
/// was not.
fn write_lines(mut file: &File, mut lines: mpsc::Receiver<Line>, grown: &SyncSender<()>, failed: &impl Fn(io::Error)) {
    while let Some(first) = lines.blocking_recv() {
        let mut bytes = first.bytes;
        let mut waiting: Vec<_> = first.written.into_iter().collect();
        while bytes.len() < GATHERED
            && let Ok(next) = lines.try_recv()
        {
            bytes.extend_from_slice(&next.bytes);
            waiting.extend(next.written);
        }
        if let Err(error) = file.write_all(&bytes) {
            return failed(error);
        }
        for written in waiting {
            // Nobody may be waiting any more.
            let _ = written.send(());
        }
        // Where one sync is asked for already, it has not begun, and takes these lines with it.
        let _ = grown.try_send(());
    }
}

fn sync_while_growing(file: &File, grown: &Receiver<()>) -> io::Result<()> {
    while grown.recv().is_ok() {
        file.sync_data()?;
    }
    Ok(())
}

/// Makes the name of a new file durable, where the system can.
pub(super) fn sync_folder_of(path: &Path) {
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_stand_in_the_order_of_the_calls_behind_what_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "kept\ntorn").unwrap();
        let appender = Appender::open(&path, 5).unwrap();
        appender.add(b"1\n".to_vec()).await.unwrap();
        appender.write(b"2\n".to_vec()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept\n1\n2\n");
        appender.add(b"3\n".to_vec()).await.unwrap();
        appender.close().await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept\n1\n2\n3\n");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_fails_every_line_that_waits_to_be_written() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let (lines, received) = mpsc::channel(WAITING);
        let failure = Arc::new(OnceLock::new());
        let thread = std::thread::spawn({
            let failure = Arc::clone(&failure);
            move || write_all(&file, Path::new("journal"), received, &failure)
        });
        let appender = Appender { lines: Some(lines), failure, thread: Some(thread) };
        let error = appender.write(b"1\n".to_vec()).await.unwrap_err();
        assert!(error.to_string().starts_with("cannot write journal: "), "{error}");
        assert!(appender.write(b"2\n".to_vec()).await.is_err());
    }
}
