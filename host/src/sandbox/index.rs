//! What the last search found in a directory, so that the next one need not read every file.
//!
//! Believed for listing alone: before a grader is used, its content is looked at. Damage shows by a digest; one who
//! forges an index, which only the user can, gets a wrong listing and no more.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::{
    admission::{Look, Note},
    cache::{CompileCache, Marks, hex_digest, sealed, unsealed},
    engine::Purpose,
};
use crate::caches::note_use;

/// Largest index that is read or written, in bytes.
const LARGEST: u64 = 256 << 20;

/// For so long after a change of a file, another one may leave the kernel's marks as they are: its clock has ticks.
const TICK_NANOSECONDS: i128 = 50_000_000;

/// The graders of a directory, by the names of their files.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Index(BTreeMap<Vec<u8>, Indexed>);

/// A file of a directory, as it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Indexed {
    marks: Marks,
    /// SHA-256 of the content, in hexadecimal.
    pub(super) digest: String,
    pub(super) note: Note,
}

impl Index {
    /// The index of a directory, empty where there is none that is whole.
    pub(super) fn read(cache: &CompileCache, directory: &Path) -> Self {
        Self::read_whole(cache, directory).unwrap_or_default()
    }

    fn read_whole(cache: &CompileCache, directory: &Path) -> Option<Self> {
        let mut sealed = Vec::new();
        let place = place(cache, directory)?;
        File::open(&place).ok()?.take(LARGEST).read_to_end(&mut sealed).ok()?;
        note_use(&place);
        postcard::from_bytes(unsealed(&sealed)?).ok()
    }

    /// Keeps the index in the place of an earlier one; a failure costs time at the next search, and nothing else.
    pub(super) fn write(&self, cache: &CompileCache, directory: &Path) {
        let (Some(place), Ok(content)) = (place(cache, directory), postcard::to_allocvec(self)) else { return };
        let sealed = sealed(&content);
        if u64::try_from(sealed.len()).is_ok_and(|size| size <= LARGEST) {
            let _ = cache.store(&place, &sealed);
        }
    }

    /// Removes the index of the directory of a file.
    pub(super) fn forget(cache: &CompileCache, file: &Path) {
        if let Some(place) = file.parent().and_then(|directory| place(cache, directory)) {
            let _ = fs::remove_file(place);
        }
    }

    /// What is known of a file, if it is the one that was looked at.
    pub(super) fn find(&self, path: &Path) -> Option<&Indexed> {
        let file = self.0.get(path.file_name()?.as_bytes())?;
        (Marks::from(&fs::metadata(path).ok()?) == file.marks).then_some(file)
    }

    /// Takes a file over from an earlier index.
    pub(super) fn keep_from(&mut self, earlier: &Self, path: &Path) {
        if let Some((name, file)) = path.file_name().and_then(|name| earlier.0.get_key_value(name.as_bytes())) {
            self.0.insert(name.clone(), file.clone());
        }
    }

    /// Adds a grader that was looked at.
    pub(super) fn add(&mut self, path: &Path, look: &Look) {
        if let (Some(name), true, true) = (path.file_name(), look.is_of_grader(), is_settled(&look.marks, look.read)) {
            let file = Indexed { marks: look.marks, digest: look.digest.clone(), note: look.note.clone() };
            self.0.insert(name.as_bytes().to_vec(), file);
        }
    }
}

/// Whether every later change of a file will show in its marks.
fn is_settled(marks: &Marks, read: SystemTime) -> bool {
    let (seconds, nanoseconds) = marks.changed;
    let changed = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    let read = read.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos().try_into().unwrap_or(i128::MAX));
    changed + TICK_NANOSECONDS < read
}

/// Where the index of a directory is kept. Its name has everything that a description depends on beside the file.
fn place(cache: &CompileCache, directory: &Path) -> Option<PathBuf> {
    let directory = fs::canonicalize(directory).ok()?;
    Some(cache.path(&hex_digest(directory.as_os_str().as_bytes()), Purpose::Graders, "index"))
}
