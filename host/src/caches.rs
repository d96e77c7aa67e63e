//! What caches on disk have in common: when something was used last, that somebody uses them, and how it is removed.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The file by whose lock processes tell each other that they use a cache.
const LOCK: &str = ".lock";

/// Uses within this time are one.
const GRAIN: Duration = Duration::from_hours(1);

/// Something in a cache, which is there as a whole or not at all.
#[derive(Debug, Clone)]
pub struct Cached {
    /// Its files; nothing else is removed.
    pub files: Vec<PathBuf>,
    /// A folder that is of no use without them.
    pub folder: Option<PathBuf>,
    /// Of all files together.
    pub bytes: u64,
    /// When it was used last, to the hour.
    pub used: SystemTime,
}

impl Cached {
    /// What one file is, which must be a file itself and no link to one; `None` for everything else.
    pub fn of(file: PathBuf) -> Option<Self> {
        let metadata = fs::symlink_metadata(&file).ok()?;
        let used = metadata.modified().ok()?;
        metadata.is_file().then(|| Self { files: vec![file], folder: None, bytes: metadata.len(), used })
    }

    /// Adds what belongs to it.
    pub fn join(&mut self, other: Self) {
        self.files.extend(other.files);
        self.bytes += other.bytes;
        self.used = self.used.max(other.used);
    }

    /// Removes it. What is not there any more is as good as removed.
    ///
    /// # Errors
    /// The first file that cannot be removed.
    pub fn remove(&self) -> Result<(), (PathBuf, io::Error)> {
        for file in &self.files {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err((file.clone(), error)),
                _ => {}
            }
        }
        // Where something else lies in it, it stays.
        self.folder.as_ref().map(fs::remove_dir);
        Ok(())
    }
}

/// The paths in a folder; none where there is no such folder.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Notes that something of a cache is used now. Where it cannot be noted, it counts as used when it was written.
pub fn note_use(path: &Path) {
    let age = fs::metadata(path).and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
    if !age.is_ok_and(|age| age.is_ok_and(|age| age < GRAIN)) {
        let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
    }
}

/// A cache is used for as long as this is there: nobody cleans it.
#[derive(Debug)]
pub struct InUse {
    _lock: Option<File>,
}

impl InUse {
    /// Waits for a cleaning to end. Where there are no locks, nothing is held.
    pub fn of(directory: &Path) -> Self {
        Self { _lock: open(directory).and_then(|file| file.lock_shared().map(|()| file)).ok() }
    }
}

/// Nobody else uses a cache for as long as this is there.
#[derive(Debug)]
pub struct Alone {
    _lock: File,
}

impl Alone {
    /// `None` where another process uses the cache.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn with(directory: &Path) -> io::Result<Option<Self>> {
        let file = open(directory)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// For both, because a network file system wants the one for shared locks and the other for exclusive ones.
fn open(directory: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(directory.join(LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_cleaned_only_while_nobody_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let users = [InUse::of(folder.path()), InUse::of(folder.path())];
        assert!(Alone::with(folder.path()).unwrap().is_none());
        drop(users);
        assert!(Alone::with(folder.path()).unwrap().is_some());
        assert!(Alone::with(&folder.path().join("absent")).is_err());
    }

    #[test]
    fn a_use_is_noted_and_links_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "four").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(Cached::of(link).is_none() && Cached::of(folder.path().to_owned()).is_none());
        let old = SystemTime::now() - 48 * GRAIN;
        File::open(&file).unwrap().set_modified(old).unwrap();
        assert_eq!(Cached::of(file.clone()).unwrap().used, old);
        note_use(&file);
        let cached = Cached::of(file).unwrap();
        assert!(cached.used.elapsed().unwrap() < GRAIN);
        assert_eq!(cached.bytes, 4);
        cached.remove().unwrap();
        cached.remove().unwrap();
    }
}
