//! Appends lines to a file on a thread of its own; lines that come together share one write and one sync.

use std::{
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
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
    /// Told when the line would survive a loss of power.
    durable: Option<oneshot::Sender<()>>,
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

    /// Adds a line without waiting until it is durable.
    pub(super) async fn add(&self, bytes: Vec<u8>) -> Result<(), AppendError> {
        self.send(Line { bytes, durable: None }).await
    }

    /// Adds a line; it survives a loss of power once this returns.
    pub(super) async fn add_durably(&self, bytes: Vec<u8>) -> Result<(), AppendError> {
        let (durable, told) = oneshot::channel();
        self.send(Line { bytes, durable: Some(durable) }).await?;
        // The thread tells nobody any more once it has failed.
        told.await.map_err(|_| self.failure().unwrap_or_else(ended))
    }

    /// Why lines cannot be written any more.
    pub(super) fn failure(&self) -> Option<AppendError> {
        self.failure.get().cloned()
    }

    /// Waits until all lines are durable.
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

fn write_all(file: &File, path: &Path, mut lines: mpsc::Receiver<Line>, failure: &OnceLock<AppendError>) {
    while let Some(first) = lines.blocking_recv() {
        let mut bytes = first.bytes;
        let mut waiting: Vec<_> = first.durable.into_iter().collect();
        while bytes.len() < GATHERED
            && let Ok(next) = lines.try_recv()
        {
            bytes.extend_from_slice(&next.bytes);
            waiting.extend(next.durable);
        }
        if let Err(error) = append(file, &bytes, !waiting.is_empty() || lines.is_empty()) {
            let _ = failure.set(AppendError { path: path.to_owned(), problem: error.to_string() });
            return;
        }
        for durable in waiting {
            // Nobody may be waiting any more.
            let _ = durable.send(());
        }
    }
}

fn append(mut file: &File, bytes: &[u8], sync: bool) -> io::Result<()> {
    file.write_all(bytes)?;
    if sync { file.sync_data() } else { Ok(()) }
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
        appender.add_durably(b"2\n".to_vec()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept\n1\n2\n");
        appender.add(b"3\n".to_vec()).await.unwrap();
        appender.close().await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "kept\n1\n2\n3\n");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_fails_every_line_that_would_have_to_be_durable() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let (lines, received) = mpsc::channel(WAITING);
        let failure = Arc::new(OnceLock::new());
        let thread = std::thread::spawn({
            let failure = Arc::clone(&failure);
            move || write_all(&file, Path::new("journal"), received, &failure)
        });
        let appender = Appender { lines: Some(lines), failure, thread: Some(thread) };
        let error = appender.add_durably(b"1\n".to_vec()).await.unwrap_err();
        assert!(error.to_string().starts_with("cannot write journal: "), "{error}");
        assert!(appender.add_durably(b"2\n".to_vec()).await.is_err());
    }
}
