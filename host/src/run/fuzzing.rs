//! Ways to the journal for the fuzzers of `tests/fuzz`. Built for them only.

use std::{io, path::Path};

use super::journal::{Replay, checksum};

/// What a journal was read as.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// Bytes of whole records.
    pub length: u64,
    pub answers: usize,
    pub under_way: usize,
}

/// Reads a journal, of a run in which no row is done.
pub fn journal(path: &Path) -> io::Result<Read> {
    let replay = Replay::read(path, |_| true)?;
    let _ = replay.charge();
    Ok(Read { length: replay.length, answers: replay.answers.len(), under_way: replay.under_way.len() })
}

/// A line of JSON, its end included, with its checksum before it.
pub fn sealed(line: &[u8]) -> Vec<u8> {
    let json = line.strip_suffix(b"\n").unwrap_or(line);
    [checksum(json).as_bytes(), b" ", line].concat()
}
