//! What a directory of compiled components holds, to be looked at and cleaned.

use std::{collections::BTreeMap, io, path::Path};

use super::cache::NOTE;
use crate::caches::{Cached, paths};

/// What was compiled, and what was found in directories of components.
#[derive(Debug, Default)]
pub struct Kept {
    /// A component with what was noted of it, or what a process left that ended while it wrote.
    pub compiled: Vec<Cached>,
    pub indexes: Vec<Cached>,
}

/// What a [`CompileCache`](super::CompileCache) keeps in a directory, which need not be there.
///
/// # Errors
/// When the directory is there and cannot be read.
pub fn kept(directory: &Path) -> io::Result<Kept> {
    let mut kept = Kept::default();
    let mut compiled: BTreeMap<String, Cached> = BTreeMap::new();
    for path in paths(directory)? {
        let Some((stem, ending)) = path.file_name().and_then(|name| name.to_str()?.rsplit_once('.')) else { continue };
        let (stem, ending) = (stem.to_owned(), ending.to_owned());
        let Some(cached) = Cached::of(path) else { continue };
        match ending.as_str() {
            // Earlier versions noted as JSON what they had compiled.
            "cwasm" | NOTE | "json" if is_ours(&stem) => match compiled.get_mut(&stem) {
                Some(half) => half.join(cached),
                None => drop(compiled.insert(stem, cached)),
            },
            "index" if is_ours(&stem) => kept.indexes.push(cached),
            unfinished if stem.is_empty() && unfinished.starts_with("tmp") => kept.compiled.push(cached),
            _ => {}
        }
    }
    kept.compiled.extend(compiled.into_values());
    Ok(kept)
}

/// Whether a file is called as [`CompileCache::path`](super::CompileCache::path) calls them.
fn is_ours(stem: &str) -> bool {
    let is_hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    stem.split_once('-').is_some_and(|(digest, settings)| is_hex(digest, 64) && is_hex(settings, 16))
}
