//! Fetched components, kept by digest in the cache directory.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Locked, digest_of};

/// A folder of components by digest.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

impl Store {
    /// The store within a cache directory, which need not be there yet.
    pub fn within(cache: &Path) -> Self {
        Self(cache.join("packages"))
    }

    /// The file of a locked component, if it is there and has the locked content.
    pub fn find(&self, locked: &Locked) -> Option<PathBuf> {
        let path = self.place(locked);
        (digest_of(&fs::read(&path).ok()?) == locked.digest).then_some(path)
    }

    /// Keeps a component, whole or not at all.
    pub fn keep(&self, locked: &Locked, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.place(locked);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.persist(&path)?;
        Ok(path)
    }

    /// Called as the repository is: so graders are, as a rule, and messages name the file.
    fn place(&self, locked: &Locked) -> PathBuf {
        let digits = locked.digest.trim_start_matches("sha256:");
        let repository = locked.reference.split('@').next().unwrap_or_default();
        let last = repository.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
        self.0.join(digits).join(format!("{last}.wasm"))
    }
}
