//! Components compiled ahead of time, kept by content, engine and settings, in a directory of the user's own.

use std::{
    fmt::Write as _,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

use super::engine::{Purpose, engine};

/// The cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("cannot use the compile cache `{}`", path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("the WebAssembly engine does not start on this machine: {0}")]
    Engine(String),
}

/// A component that cannot be compiled; says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CompileError(pub(super) String);

/// Compiles components, or finds them compiled.
pub struct CompileCache {
    directory: PathBuf,
    graders: Engine,
    runtimes: Engine,
}

impl CompileCache {
    /// Opens the cache, and makes its directory, readable by its owner only.
    pub fn open(directory: &Path) -> Result<Self, CacheError> {
        let failed = |source| CacheError::Directory { path: directory.to_owned(), source };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory).map_err(failed)?;
        let directory = fs::canonicalize(directory).map_err(failed)?;
        let start = |purpose| engine(purpose).map_err(|error| CacheError::Engine(format!("{error:#}")));
        Ok(Self { directory, graders: start(Purpose::Graders)?, runtimes: start(Purpose::Runtimes)? })
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

    /// The compiled form of a component, as a file. The second value tells whether it had to be compiled.
    pub(super) fn compiled(
        &self,
        component: &[u8],
        digest: &str,
        purpose: Purpose,
    ) -> Result<(PathBuf, bool), CompileError> {
        let path = self.path(digest, purpose, "cwasm");
        if path.is_file() {
            return Ok((path, false));
        }
        let compile = || self.engine(purpose).precompile_component(component);
        // A component that trips over an assertion in the compiler must not take the others with it.
        let compiled = std::panic::catch_unwind(AssertUnwindSafe(compile))
            .map_err(|_| CompileError("the compiler gave up on it".to_owned()))?
            .map_err(|error| CompileError(format!("{error:#}")))?;
        self.store(&path, &compiled).map_err(|error| {
            CompileError(format!("cannot write the compiled component to `{}`: {error}", path.display()))
        })?;
        Ok((path, true))
    }

    /// Forgets the compiled form of a component, so that it is compiled again.
    pub(super) fn forget(&self, digest: &str, purpose: Purpose) {
        let _ = fs::remove_file(self.path(digest, purpose, "cwasm"));
    }

    /// What was noted of a component earlier.
    pub(super) fn note(&self, digest: &str, purpose: Purpose) -> Option<Vec<u8>> {
        fs::read(self.path(digest, purpose, "json")).ok()
    }

    /// Notes something of a component for the next start; a failure costs time then, and nothing else.
    pub(super) fn keep_note(&self, digest: &str, purpose: Purpose, note: &[u8]) {
        let _ = self.store(&self.path(digest, purpose, "json"), note);
    }

    /// Named by content, and by everything of the engine and its settings that compiled code depends on.
    fn path(&self, digest: &str, purpose: Purpose, extension: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        self.engine(purpose).precompile_compatibility_hash().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        self.directory.join(format!("{digest}-{:016x}.{extension}", hasher.finish()))
    }

    /// Writes a file whole or not at all, also when several processes write it at once.
    fn store(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    }
}

/// The SHA-256 of a component, in hexadecimal.
pub(super) fn digest(component: &[u8]) -> String {
    Sha256::digest(component).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
