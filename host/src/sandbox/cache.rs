//! Components compiled ahead of time, kept by content, engine and settings, in a directory of the user's own.
//!
//! Compiled code is run as it stands, so a file is used only while it is the one that was written: beside it stands what
//! it was, by content and by the kernel's own marks. As long as the marks hold, nothing is read; otherwise the content
//! decides. What does not match is compiled again.

use std::{
    fmt::Write as _,
    fs::{self, File, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use wasmtime::Engine;

use super::engine::{Metering, Purpose, compiling_engine};
use crate::caches::{InUse, note_use};

/// The ending of what stands beside a compiled component.
pub(super) const NOTE: &str = "note";

/// Hexadecimal digits of the digest before a content.
const SEAL: usize = 64;

/// The cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("cannot use the compile cache `{}`", path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("the compile cache `{}` is not safe to use: {problem}", path.display())]
    Unsafe { path: PathBuf, problem: &'static str },
    #[error("the WebAssembly engine does not start on this machine: {0}")]
    Engine(String),
}

/// A component by its content, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// BLAKE3, by which the cache keeps it: looking at 32 MB at each start takes 5 ms instead of 20.
    pub(super) fingerprint: String,
    /// SHA-256, by which others know it.
    pub(super) digest: String,
}

/// Compiled components on disk, with what was noted of each.
pub struct CompileCache {
    directory: PathBuf,
    graders: Engine,
    runtimes: Engine,
    _in_use: InUse,
}

/// A compiled component that is known to be the one that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Compiled {
    pub(super) path: PathBuf,
    /// SHA-256 of the content.
    digest: String,
    marks: Marks,
}

/// What is safe to run of a file.
pub(super) enum Checked {
    /// The file itself, which nobody has touched.
    File(File),
    /// Its content, where the file was touched and may be again.
    Content(Vec<u8>),
}

/// What the kernel says of a file. Its status-change time moves with every write and cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// Seconds, and nanoseconds, since 1970.
    pub(super) changed: (i64, i64),
}

impl From<&Metadata> for Marks {
    fn from(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
            length: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

impl Compiled {
    /// Opens what was written, or fails where it is not there any more.
    pub(super) fn open(&self) -> io::Result<Checked> {
        let mut file = File::open(&self.path)?;
        if Marks::from(&file.metadata()?) == self.marks {
            return Ok(Checked::File(file));
        }
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        if hex_digest(&content) == self.digest {
            return Ok(Checked::Content(content));
        }
        Err(io::Error::other(format!("{} was changed while it was in use; run again", self.path.display())))
    }
}

/// What stands beside a compiled component.
#[derive(Serialize, Deserialize)]
struct Record<N> {
    fingerprint: String,
    /// SHA-256 of the component.
    component: String,
    /// SHA-256 of the compiled form.
    compiled: String,
    marks: Marks,
    note: N,
}

impl CompileCache {
    /// Opens the cache, and makes its directory, readable by its owner only.
    pub fn open(directory: &Path, metering: Metering) -> Result<Self, CacheError> {
        let failed = |source| CacheError::Directory { path: directory.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let directory = fs::canonicalize(directory).map_err(failed)?;
        require_own(&directory)?;
        let start =
            |purpose| compiling_engine(purpose, metering).map_err(|error| CacheError::Engine(format!("{error:#}")));
        let (graders, runtimes) = (start(Purpose::Graders)?, start(Purpose::Runtimes)?);
        Ok(Self { _in_use: InUse::of(&directory), directory, graders, runtimes })
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn engine(&self, purpose: Purpose) -> &Engine {
        match purpose {
            Purpose::Graders => &self.graders,
            Purpose::Runtimes => &self.runtimes,
        }
    }

    /// The compiled form of a component with its SHA-256 and what was noted of it, if all of it is there and whole.
    pub(super) fn find<N: Serialize + DeserializeOwned>(
        &self,
        fingerprint: &str,
        purpose: Purpose,
    ) -> Option<(Compiled, String, N)> {
        let beside = self.path(fingerprint, purpose, NOTE);
        let sealed = fs::read(&beside).ok()?;
        let mut record: Record<N> = postcard::from_bytes(unsealed(&sealed)?).ok()?;
        let path = self.path(fingerprint, purpose, "cwasm");
        let marks = Marks::from(&fs::symlink_metadata(&path).ok()?);
        if record.fingerprint != fingerprint {
            return None;
        }
        if marks != record.marks {
            // Copied or restored, or written by somebody else: the content decides.
            if hex_digest(&fs::read(&path).ok()?) != record.compiled {
                return None;
            }
            record.marks = marks;
            self.keep_record(purpose, &record);
        }
        // Not on the compiled form, whose times are marks.
        note_use(&beside);
        Some((Compiled { path, digest: record.compiled, marks }, record.component, record.note))
    }

    /// Keeps the compiled form of a component.
    pub(super) fn keep(&self, component: &Identity, purpose: Purpose, content: &[u8]) -> io::Result<Compiled> {
        let path = self.path(&component.fingerprint, purpose, "cwasm");
        self.store(&path, content)?;
        let marks = Marks::from(&fs::symlink_metadata(&path)?);
        Ok(Compiled { path, digest: hex_digest(content), marks })
    }

    /// Notes something of a compiled component for the next start; a failure costs time then, and nothing else.
    pub(super) fn keep_note<N: Serialize>(&self, component: &Identity, purpose: Purpose, compiled: &Compiled, note: N) {
        let Identity { fingerprint, digest } = component.clone();
        let Compiled { digest: compiled, marks, .. } = compiled.clone();
        self.keep_record(purpose, &Record { fingerprint, component: digest, compiled, marks, note });
    }

    fn keep_record<N: Serialize>(&self, purpose: Purpose, record: &Record<N>) {
        // Not as JSON, which has no NaN, and whose floats `serde_json` does not read to their last bit.
        if let Ok(content) = postcard::to_allocvec(record) {
            let _ = self.store(&self.path(&record.fingerprint, purpose, NOTE), &sealed(&content));
        }
    }

    /// Named by content, and by everything of the engine and its settings that compiled code depends on.
    pub(super) fn path(&self, content: &str, purpose: Purpose, extension: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        self.engine(purpose).precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        self.directory.join(format!("{content}-{:016x}.{extension}", hasher.finish()))
    }

    /// Writes a file whole or not at all, also when several processes write it at once.
    pub(super) fn store(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }
}

/// Whoever else can write to the directory can have code run.
fn require_own(directory: &Path) -> Result<(), CacheError> {
    let failed = |source| CacheError::Directory { path: directory.to_owned(), source };
    let metadata = fs::metadata(directory).map_err(failed)?;
    let problem = if metadata.uid() != rustix::process::geteuid().as_raw() {
        "it belongs to another user"
    } else if metadata.mode() & 0o022 != 0 {
        "others may write to it; `chmod go-w` closes it"
    } else {
        return Ok(());
    };
    Err(CacheError::Unsafe { path: directory.to_owned(), problem })
}

/// The content with its own digest before it, so that damage shows.
pub(super) fn sealed(content: &[u8]) -> Vec<u8> {
    [hex_digest(content).as_bytes(), content].concat()
}

pub(super) fn unsealed(sealed: &[u8]) -> Option<&[u8]> {
    let (seal, content) = sealed.split_at_checked(SEAL)?;
    (seal == hex_digest(content).as_bytes()).then_some(content)
}

/// The SHA-256 of something, in hexadecimal.
pub(super) fn hex_digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_to_the_last_bit_of_its_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CompileCache::open(folder.path(), Metering::Time).unwrap();
        let component = Identity { fingerprint: "0".to_owned(), digest: "1".to_owned() };
        let compiled = cache.keep(&component, Purpose::Graders, b"compiled").unwrap();
        // As JSON, the first would come back as the float before it, and the others not at all.
        let note = [1.000_000_000_116_415_3, f64::INFINITY, f64::NAN];
        cache.keep_note(&component, Purpose::Graders, &compiled, note);
        let (found, digest, kept) = cache.find::<[f64; 3]>("0", Purpose::Graders).unwrap();
        assert_eq!((found, digest, kept.map(f64::to_bits)), (compiled, component.digest, note.map(f64::to_bits)));
    }
}
