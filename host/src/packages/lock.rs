//! The file gradebox.lock: which content each reference stands for.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::is_digest;

/// The version of the format that this program reads and writes.
const VERSION: u32 = 1;

/// Every reference that is locked, in order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    #[serde(default)]
    component: Vec<Locked>,
}

/// What a reference stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// As the configuration has it: `oci://host/repository:tag`.
    pub reference: String,
    /// `sha256:…` of the manifest in the registry.
    pub manifest: String,
    /// `sha256:…` of the component.
    pub digest: String,
}

/// The lock file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("cannot read or write {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not a lock file of this version: {problem}", path.display())]
    Malformed { path: PathBuf, problem: String },
}

impl Default for Lock {
    fn default() -> Self {
        Self { version: VERSION, component: vec![] }
    }
}

impl Lock {
    /// Reads a lock file; an empty one where there is none.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(LockError::Io { path: path.to_owned(), source }),
        };
        let malformed = |problem: String| LockError::Malformed { path: path.to_owned(), problem };
        let lock: Self = toml::from_str(&text).map_err(|error| malformed(error.message().to_owned()))?;
        if lock.version != VERSION {
            return Err(malformed(format!("its version is {}, and this program knows {VERSION}", lock.version)));
        }
        match lock.component.iter().find(|locked| !is_digest(&locked.digest) || !is_digest(&locked.manifest)) {
            Some(locked) => Err(malformed(format!("`{}` has a digest that is none", locked.reference))),
            None => Ok(lock),
        }
    }

    /// Writes the file whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let text = toml::to_string(self).map_err(|error| failed(io::Error::other(error)))?;
        let mut file = tempfile::Builder::new().prefix(".gradebox.lock").tempfile_in(folder).map_err(failed)?;
        let note = "# Written by `gradebox lock`; belongs under version control.\n";
        file.write_all(format!("{note}{text}").as_bytes()).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    pub fn find(&self, reference: &str) -> Option<&Locked> {
        self.component.iter().find(|locked| locked.reference == reference)
    }

    /// Sets what a reference stands for.
    pub fn set(&mut self, locked: Locked) {
        self.component.retain(|other| other.reference != locked.reference);
        self.component.push(locked);
        self.component.sort_by(|a, b| a.reference.cmp(&b.reference));
    }

    /// Every reference that is locked.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.component.iter().map(|locked| locked.reference.as_str())
    }

    /// Keeps only these references, and gives back the others.
    pub fn keep_only(&mut self, references: &[String]) -> Vec<Locked> {
        self.component.extract_if(.., |locked| !references.contains(&locked.reference)).collect()
    }
}
