//! The rows of a dataset that was worked on in shards, in its order again.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    directory::{DirectoryError, difference, finished_rows, read_results, read_told, results_of},
    shard::Shard,
};
use crate::sample::Columns;

/// Why run directories are not the shards of one run.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("the run in {} worked on a whole dataset, not on a shard of one", .path.display())]
    Whole { path: PathBuf },
    #[error("the run in {} is shard {here}, and that in {} is shard {there}", .path.display(), .first.display())]
    Counts { path: PathBuf, here: Shard, first: PathBuf, there: Shard },
    #[error("the runs in {} and {} are both shard {shard}", .first.display(), .path.display())]
    Twice { path: PathBuf, first: PathBuf, shard: Shard },
    #[error("shard {} missing", named(.missing, *.of))]
    Missing { missing: Vec<u64>, of: u64 },
    #[error("the run in {} was told otherwise than that in {}: {difference}", .path.display(), .first.display())]
    Differs { path: PathBuf, first: PathBuf, difference: String },
    #[error("shard {shard} in {} is not finished: {done} of {rows} rows are done", .path.display())]
    Unfinished { path: PathBuf, shard: Shard, done: u64, rows: u64 },
    #[error("cannot read the rows of {}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

/// All shards of one run.
#[derive(Debug)]
pub struct Shards {
    /// By the numbers of the shards.
    paths: Vec<PathBuf>,
    rows: u64,
}

impl Shards {
    /// Checks that the directories hold every shard of one run once, all of them finished.
    pub fn open(paths: &[PathBuf]) -> Result<Self, MergeError> {
        let mut runs = Vec::with_capacity(paths.len());
        for path in paths {
            let told = read_told(path)?;
            let shard = Shard::of_told(&told).ok_or_else(|| MergeError::Whole { path: path.clone() })?;
            runs.push((shard, path, told));
        }
        let Some((first_shard, first, first_told)) = runs.first().cloned() else {
            return Err(MergeError::Missing { missing: vec![1], of: 1 });
        };
        runs.sort_by_key(|(shard, ..)| shard.index());
        for (shard, path, told) in &runs {
            let (path, first) = ((*path).clone(), first.clone());
            if shard.of() != first_shard.of() {
                return Err(MergeError::Counts { path, here: *shard, first, there: first_shard });
            }
            if let Some(difference) = difference("", &without_shard(&first_told), &without_shard(told)) {
                return Err(MergeError::Differs { path, first, difference });
            }
        }
        if let Some([(shard, first, _), (_, path, _)]) = runs.array_windows().find(|[a, b]| a.0 == b.0) {
            return Err(MergeError::Twice { path: (*path).clone(), first: (*first).clone(), shard: *shard });
        }
        let of = first_shard.of();
        let missing: Vec<u64> = (1..=of).filter(|index| runs.iter().all(|run| run.0.index() != *index)).collect();
        if !missing.is_empty() {
            return Err(MergeError::Missing { missing, of });
        }
        let rows = rows_of(&first_told);
        for (shard, path, _) in &runs {
            check_finished(path, *shard, rows)?;
        }
        Ok(Self { paths: runs.into_iter().map(|(_, path, _)| path.clone()).collect(), rows })
    }

    /// The number of shards.
    pub fn count(&self) -> usize {
        self.paths.len()
    }

    /// The directory of the first shard.
    pub fn first(&self) -> &Path {
        self.paths.first().map_or(Path::new(""), PathBuf::as_path)
    }

    /// The rows of the dataset, in its order: one of each shard in turn.
    pub fn rows(&self) -> Result<impl Iterator<Item = Result<Columns, MergeError>>, MergeError> {
        let mut shards = Vec::with_capacity(self.paths.len());
        for path in &self.paths {
            let rows = read_results(&results_of(path))
                .map_err(|source| MergeError::Unreadable { path: path.clone(), source })?;
            shards.push((rows, path.clone()));
        }
        let (total, mut next) = (self.rows, 0);
        Ok(std::iter::from_fn(move || {
            if next == total {
                return None;
            }
            let count = shards.len() as u64;
            let (rows, path) = shards.get_mut(usize::try_from(next % count).ok()?)?;
            next += 1;
            // The rows were counted before.
            let gone = || io::Error::other("rows are gone that were there a moment ago");
            Some(rows.next().ok_or_else(|| MergeError::Unreadable { path: path.clone(), source: gone() }))
        }))
    }
}

fn check_finished(path: &Path, shard: Shard, rows: u64) -> Result<(), MergeError> {
    let done = finished_rows(path).map_err(|source| MergeError::Unreadable { path: path.to_owned(), source })?;
    let rows = shard.rows_of(rows);
    if done == rows {
        return Ok(());
    }
    Err(MergeError::Unfinished { path: path.to_owned(), shard, done, rows })
}

/// The rows of the dataset that the shards share.
fn rows_of(told: &Value) -> u64 {
    let number = |name: &str| told.get("dataset").and_then(|dataset| dataset.get(name)?.as_u64());
    let rows = number("rows").unwrap_or(0);
    number("limit").map_or(rows, |limit| limit.min(rows))
}

fn without_shard(told: &Value) -> Value {
    let mut told = told.clone();
    if let Some(dataset) = told.get_mut("dataset").and_then(Value::as_object_mut) {
        dataset.shift_remove("shard");
    }
    told
}

/// `3/16 is`, `3/16, 5/16 and 4 more are`.
fn named(missing: &[u64], of: u64) -> String {
    const NAMED: usize = 8;
    let names: Vec<String> = missing.iter().take(NAMED).map(|index| format!("{index}/{of}")).collect();
    match missing.len() {
        1 => format!("{} is", names.join("")),
        count if count > NAMED => format!("{} and {} more are", names.join(", "), count - NAMED),
        _ => format!("{} are", names.join(", ")),
    }
}
