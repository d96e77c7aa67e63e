//! The run directory: what a run was told, the journal of its model calls, and the rows that are done.
//!
//! ```text
//! run.json        what the run was told: configuration, digests of dataset and components
//! journal         one line for each model call, written before the answer is used, synced all the time
//! results.jsonl   the finished rows, in the order of the dataset
//! columns.parquet where the run works on a shard: the columns of its rows and their types, and no row
//! results.retry.jsonl  the same while rows that ended in an error are done anew; takes its place at the end
//! times.jsonl     how long they took
//! report.html     what came of it, for people
//! ```

use std::{
    collections::HashSet,
    fs::{self, File, TryLockError},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use super::{
    appender::{AppendError, Appender, sync_folder_of},
    journal::{Journal, Replay},
    recorded::Recorder,
    responses::ResponseCache,
    retry::{Earlier, is_worth_retrying},
    shard::Shard,
    times::{RowTimes, Times},
};
use crate::{budget::Charge, sample::Columns};

const TOLD: &str = "run.json";
const JOURNAL: &str = "journal";
const RESULTS: &str = "results.jsonl";
const RETRIED: &str = "results.retry.jsonl";
const TIMES: &str = "times.jsonl";
const LOCK: &str = "lock";

/// A directory that is no run directory for this run.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("{} holds a run already", .path.display())]
    Taken { path: PathBuf },
    #[error("{} holds no run", .path.display())]
    Missing { path: PathBuf },
    #[error("the run in {} was told otherwise: {difference}", .path.display())]
    Differs { path: PathBuf, difference: String },
    #[error("another process works on the run in {}", .path.display())]
    Locked { path: PathBuf },
    #[error("cannot use the run directory {}", .path.display())]
    Unusable { path: PathBuf, source: io::Error },
}

/// An open run directory. Only one process has it open.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    replay: Replay,
    done: Done,
    shard: Shard,
    /// Rows that are done anew.
    retried: Arc<HashSet<u64>>,
    /// Held until the run ends.
    _lock: File,
}

/// The finished rows of an earlier run.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    rows: u64,
    /// Bytes of whole rows.
    length: u64,
}

impl RunDirectory {
    /// Makes a directory for a new run that was told `told`.
    pub fn create(path: &Path, told: &Value) -> Result<Self, DirectoryError> {
        let unusable = |source| DirectoryError::Unusable { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(unusable)?;
        let lock = lock(path)?;
        if path.join(TOLD).exists() {
            return Err(DirectoryError::Taken { path: path.to_owned() });
        }
        // Without `run.json` there was no run: what else is there is left of a start that came to nothing.
        for left in [JOURNAL, RESULTS, RETRIED, TIMES] {
            match fs::remove_file(path.join(left)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unusable(error)),
                _ => {}
            }
        }
        write_whole(&path.join(TOLD), format!("{told:#}\n").as_bytes()).map_err(unusable)?;
        Ok(Self {
            path: path.to_owned(),
            replay: Replay::default(),
            done: Done::default(),
            shard: Shard::of_told(told).unwrap_or(Shard::WHOLE),
            retried: Arc::default(),
            _lock: lock,
        })
    }

    /// Opens the directory of a run that is to be continued and was told the same.
    pub fn resume(path: &Path, told: &Value) -> Result<Self, DirectoryError> {
        let unusable = |source| DirectoryError::Unusable { path: path.to_owned(), source };
        let before = match fs::read(path.join(TOLD)) {
            Ok(before) => before,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(DirectoryError::Missing { path: path.to_owned() });
            }
            Err(error) => return Err(unusable(error)),
        };
        let lock = lock(path)?;
        let before: Value = serde_json::from_slice(&before).map_err(|error| unusable(error.into()))?;
        if let Some(difference) = difference("", &before, told) {
            return Err(DirectoryError::Differs { path: path.to_owned(), difference });
        }
        let done = count_rows(&path.join(RESULTS), |_| {}).map_err(unusable)?;
        let shard = Shard::of_told(told).unwrap_or(Shard::WHOLE);
        let last = shard.last_of(done.rows);
        let replay = Replay::read(&path.join(JOURNAL), |row| row > last).map_err(unusable)?;
        Ok(Self { path: path.to_owned(), replay, done, shard, retried: Arc::default(), _lock: lock })
    }

    /// Makes the run do the rows anew that ended in an error which may pass. What was answered well is not asked again.
    pub fn retry_errors(&mut self) -> Result<(), DirectoryError> {
        let (mut retried, mut position) = (HashSet::new(), 0);
        let found = |columns: Columns| {
            position += 1;
            if is_worth_retrying(&columns) {
                retried.insert(self.shard.last_of(position));
            }
        };
        count_rows(&self.path.join(RESULTS), found).map_err(|source| self.unusable(source))?;
        let last = self.shard.last_of(self.done.rows);
        let is_open = |row| row > last || retried.contains(&row);
        let mut replay = Replay::read(&self.path.join(JOURNAL), is_open).map_err(|source| self.unusable(source))?;
        replay.forget_errors(&retried);
        self.replay = replay;
        self.retried = Arc::new(retried);
        Ok(())
    }

    /// The numbers of the rows that are done anew.
    pub fn retried(&self) -> Arc<HashSet<u64>> {
        Arc::clone(&self.retried)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows that are done; they are the first ones of the dataset, or of its shard.
    pub fn rows_done(&self) -> u64 {
        self.done.rows
    }

    /// Calls that were under way when the run ended, each of which may be made a second time.
    pub fn calls_under_way(&self) -> usize {
        self.replay.under_way.len()
    }

    /// What the run has used so far, calls under way at the worst.
    pub fn charge(&self) -> Charge {
        self.replay.charge()
    }

    /// What of it a grader with a budget of its own has used.
    pub fn charge_of(&self, grader: &str) -> Charge {
        self.replay.charge_of(grader)
    }

    /// Opens the journal: calls are recorded in it, and those on record are not made again.
    pub fn recorder(&mut self, cache: Option<ResponseCache>) -> Result<Recorder, DirectoryError> {
        let journal = Journal::open(&self.path.join(JOURNAL), &self.replay).map_err(|source| self.unusable(source))?;
        Ok(Recorder::new(Some(journal), std::mem::take(&mut self.replay.answers), cache, self.retried()))
    }

    /// Opens the results behind the rows that are done.
    pub fn results(&self) -> Result<Results, DirectoryError> {
        let path = self.path.join(RESULTS);
        let earlier = (!self.retried.is_empty()).then(|| Earlier::open(&path, self.done.length));
        let earlier = earlier.transpose().map_err(|source| self.unusable(source))?;
        let (to, length) = match earlier {
            Some(_) => (self.path.join(RETRIED), 0),
            None => (path.clone(), self.done.length),
        };
        let appender = Appender::open(&to, length).map_err(|source| self.unusable(source))?;
        let times = self.path.join(TIMES);
        let length = fs::metadata(&times).map_or(0, |metadata| metadata.len());
        let times = Appender::open(&times, length).map_err(|source| self.unusable(source))?;
        Ok(Results { appender, times, path, shard: self.shard, earlier })
    }

    fn unusable(&self, source: io::Error) -> DirectoryError {
        DirectoryError::Unusable { path: self.path.clone(), source }
    }
}

/// The finished rows of a run, being written.
#[derive(Debug)]
pub struct Results {
    appender: Appender,
    times: Appender,
    path: PathBuf,
    shard: Shard,
    /// Where rows are done anew: those before, which the others are copied from.
    earlier: Option<Earlier>,
}

impl Results {
    /// Adds a row. Should it be lost with the machine's power, its calls are still in the journal.
    pub(super) async fn write(&mut self, number: u64, columns: &Columns, times: &RowTimes) -> Result<(), AppendError> {
        if let Some(earlier) = &mut self.earlier {
            earlier.copy_before(self.shard.rows_of(number), &self.appender).await?;
        }
        let mut line = serde_json::to_vec(columns).unwrap_or_default();
        line.push(b'\n');
        self.appender.add(line).await?;
        self.times.add(times.line()).await
    }

    /// Notes how long a session took.
    pub(super) async fn end_session(&self, times: &RowTimes) -> Result<(), AppendError> {
        self.times.add(times.line()).await
    }

    /// Waits until all rows are synced; gives back the path of the file.
    pub(super) async fn close(mut self) -> Result<PathBuf, AppendError> {
        if let Some(earlier) = &mut self.earlier {
            earlier.copy_before(u64::MAX, &self.appender).await?;
        }
        self.times.close().await?;
        self.appender.close().await?;
        if self.earlier.is_some() {
            let retried = self.path.with_file_name(RETRIED);
            fs::rename(&retried, &self.path).map_err(|error| AppendError::new(&self.path, &error))?;
            sync_folder_of(&self.path);
        }
        Ok(self.path)
    }
}

/// What the run in a directory was told.
pub fn read_told(path: &Path) -> Result<Value, DirectoryError> {
    let told = fs::read(path.join(TOLD)).map_err(|_| DirectoryError::Missing { path: path.to_owned() })?;
    serde_json::from_slice(&told)
        .map_err(|error| DirectoryError::Unusable { path: path.to_owned(), source: error.into() })
}

/// The file of a run's finished rows.
pub fn results_of(path: &Path) -> PathBuf {
    path.join(RESULTS)
}

/// How many rows the run in a directory has finished.
pub(super) fn finished_rows(path: &Path) -> io::Result<u64> {
    Ok(count_rows(&results_of(path), |_| {})?.rows)
}

/// How long the rows of a run took, as far as it was recorded.
pub fn read_times(path: &Path) -> Result<Times, DirectoryError> {
    Times::read(&path.join(TIMES)).map_err(|source| DirectoryError::Unusable { path: path.to_owned(), source })
}

/// The rows of a file of results, first to last, as JSON.
pub fn read_results(path: &Path) -> io::Result<impl Iterator<Item = Columns> + use<>> {
    let reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    let whole = |line: &Vec<u8>| serde_json::from_slice::<Columns>(line).ok();
    Ok(reader.split(b'\n').map_while(Result::ok).map_while(move |line| whole(&line)))
}

fn lock(path: &Path) -> Result<File, DirectoryError> {
    let unusable = |source| DirectoryError::Unusable { path: path.to_owned(), source };
    let file = File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(unusable)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(DirectoryError::Locked { path: path.to_owned() }),
        // A file system without locks is the user's own risk.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Counts the whole rows at the beginning of a file of results.
fn count_rows(path: &Path, mut row: impl FnMut(Columns)) -> io::Result<Done> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Done::default()),
        Err(error) => return Err(error),
    };
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut done, mut line) = (Done::default(), Vec::new());
    loop {
        line.clear();
        let count = reader.by_ref().read_until(b'\n', &mut line)?;
        match serde_json::from_slice(&line) {
            Ok(columns) if line.ends_with(b"\n") => row(columns),
            _ => return Ok(done),
        }
        done.rows += 1;
        done.length += count as u64;
    }
}

/// Writes a file that is there whole or not at all.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = File::create(&partial)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    sync_folder_of(path);
    Ok(())
}

/// The first place where two runs were told different things, in words.
pub(super) fn difference(place: &str, before: &Value, now: &Value) -> Option<String> {
    if let (Value::Object(before), Value::Object(now)) = (before, now) {
        let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
        let mut inner = names.map(|name| {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            difference(&place, before.get(name).unwrap_or(&Value::Null), now.get(name).unwrap_or(&Value::Null))
        });
        return inner.find_map(|difference| difference);
    }
    (before != now).then(|| format!("{place} was {before}, and is {now}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(rounds: u32) -> Value {
        json!({"dataset": {"sha256": "d"}, "refine": {"rounds": rounds}})
    }

    fn row(id: u32) -> Columns {
        json!({"id": id}).as_object().unwrap().clone()
    }

    #[tokio::test]
    async fn a_run_goes_on_behind_its_last_whole_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let directory = RunDirectory::create(&path, &told(3)).unwrap();
        let mut results = directory.results().unwrap();
        for id in 1..=3 {
            results.write(id.into(), &row(id), &RowTimes::default()).await.unwrap();
        }
        let file = results.close().await.unwrap();
        drop(directory);
        let whole = fs::read(&file).unwrap();
        for cut in 0..=whole.len() {
            fs::write(&file, &whole[..cut]).unwrap();
            let directory = RunDirectory::resume(&path, &told(3)).unwrap();
            let done = std::str::from_utf8(&whole[..cut]).unwrap().matches('\n').count() as u64;
            assert_eq!(directory.rows_done(), done, "{cut}");
            let mut results = directory.results().unwrap();
            results.write(done + 1, &row(9), &RowTimes::default()).await.unwrap();
            results.close().await.unwrap();
            let rows: Vec<Columns> = read_results(&file).unwrap().collect();
            assert_eq!(rows.len() as u64, done + 1, "{cut}");
            assert_eq!(rows.last(), Some(&row(9)));
        }
    }

    #[test]
    fn a_directory_takes_one_run_and_one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        assert!(matches!(RunDirectory::resume(&path, &told(3)), Err(DirectoryError::Missing { .. })));
        let first = RunDirectory::create(&path, &told(3)).unwrap();
        assert!(matches!(RunDirectory::resume(&path, &told(3)), Err(DirectoryError::Locked { .. })));
        drop(first);
        assert!(matches!(RunDirectory::create(&path, &told(3)), Err(DirectoryError::Taken { .. })));
        assert!(RunDirectory::resume(&path, &told(3)).is_ok());
    }

    #[test]
    fn a_run_that_was_told_otherwise_is_not_continued_and_says_what_differs() {
        let folder = tempfile::tempdir().unwrap();
        drop(RunDirectory::create(folder.path(), &told(3)).unwrap());
        let message = RunDirectory::resume(folder.path(), &told(4)).unwrap_err().to_string();
        assert!(message.ends_with("was told otherwise: refine.rounds was 3, and is 4"), "{message}");
    }
}
