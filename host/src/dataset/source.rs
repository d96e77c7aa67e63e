//! Where the bytes of a dataset are, which are read more than once.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::DatasetError;

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Source {
    File(PathBuf),
    /// What cannot be read twice, copied; with the name to call it by.
    Spooled(NamedTempFile, String),
}

impl Source {
    /// Finds a file, or copies what cannot be read twice; `-` is standard input.
    pub(super) fn locate(path: &Path) -> Result<Self, DatasetError> {
        if path == Path::new("-") {
            return spool(io::stdin().lock(), "standard input".to_owned());
        }
        let name = path.display().to_string();
        let metadata = fs::metadata(path).map_err(|source| DatasetError::Open { name: name.clone(), source })?;
        if metadata.is_dir() {
            return Err(DatasetError::Directory { files: datasets_in(path), name });
        }
        let file = fs::File::open(path).map_err(|source| DatasetError::Open { name: name.clone(), source })?;
        if metadata.is_file() { Ok(Self::File(path.to_owned())) } else { spool(file, name) }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Spooled(file, _) => file.path(),
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Spooled(_, name) => name.clone(),
        }
    }
}

fn spool(mut from: impl io::Read, name: String) -> Result<Source, DatasetError> {
    let mut copy = || -> io::Result<NamedTempFile> {
        let mut file = NamedTempFile::new()?;
        io::copy(&mut from, &mut file)?;
        Ok(file)
    };
    match copy() {
        Ok(file) => Ok(Source::Spooled(file, name)),
        Err(source) => Err(DatasetError::Read { name, source }),
    }
}

fn datasets_in(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let endings = ["jsonl", "json", "csv", "tsv", "parquet", "gz", "zst"];
    let mut files: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)))
        .map(|path| path.display().to_string())
        .collect();
    files.sort();
    files.truncate(2);
    files
}
