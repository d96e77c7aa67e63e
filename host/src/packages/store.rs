//! Fetched components, kept by digest in the cache directory.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Locked, digest_of, is_digest};
use crate::caches::{Cached, note_use, paths};

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
        let is_whole = digest_of(&fs::read(&path).ok()?) == locked.digest;
        if is_whole && let Some(folder) = path.parent() {
            note_use(folder);
        }
        is_whole.then_some(path)
    }

    /// Every component that is kept, each in a folder of its own.
    ///
    /// # Errors
    /// When the store is there and cannot be read.
    pub fn kept(&self) -> io::Result<Vec<Cached>> {
        let mut kept = Vec::new();
        for folder in paths(&self.0)? {
            let is_ours = folder
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| is_digest(&format!("sha256:{name}")));
            let Some(metadata) = fs::symlink_metadata(&folder).ok().filter(|metadata| is_ours && metadata.is_dir())
            else {
                continue;
            };
            // Components, and what a process left that ended while it wrote.
            let is_ours = |path: &PathBuf| {
                let name = path.file_name().unwrap_or_default().as_encoded_bytes();
                name.ends_with(b".wasm") || name.starts_with(b".tmp")
            };
            let files = paths(&folder)?.into_iter().filter(is_ours).filter_map(Cached::of);
            let of_folder = Cached { files: vec![], folder: Some(folder), bytes: 0, used: metadata.modified()? };
            kept.push(files.fold(of_folder, |mut all, file| {
                all.join(file);
                all
            }));
        }
        Ok(kept)
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
