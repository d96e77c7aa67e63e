//! The cache of responses that all runs share, by what was asked. It may be deleted at any time.
//!
//! A folder of append-only files, one for each process that wrote; a line is the key of the request, the checksum of
//! the rest, and the response as JSON. Nothing is mapped into memory, so that the folder may lie on a network file
//! system; a line that is torn is as good as none.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::{journal::checksum, request_key::RequestKey};
use crate::{
    caches::{Cached, InUse, paths},
    model::{Completion, Usage},
};

/// Of the files of the cache.
const ENDING: &str = "responses";

/// Longer lines are not kept.
const LONGEST: u64 = 16 << 20;

/// The shared responses. Clones share them.
#[derive(Debug, Clone)]
pub struct ResponseCache(Arc<Mutex<Store>>);

#[derive(Debug)]
struct Store {
    files: Vec<File>,
    index: HashMap<RequestKey, Place>,
    /// The file that this process writes; made with the first response.
    own: Option<(usize, u64)>,
    directory: PathBuf,
    _in_use: InUse,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    file: u32,
    offset: u64,
    length: u32,
}

#[derive(Serialize, Deserialize)]
struct Response {
    completion: Completion,
    usage: Usage,
}

impl ResponseCache {
    /// Opens the cache and finds what it holds.
    ///
    /// # Errors
    /// When the folder can neither be found nor made, or not be read.
    pub fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let in_use = InUse::of(directory);
        let mut paths: Vec<PathBuf> = paths(directory)?.into_iter().filter(|path| is_ours(path)).collect();
        paths.sort();
        let mut store = Store {
            files: Vec::new(),
            index: HashMap::new(),
            own: None,
            directory: directory.to_owned(),
            _in_use: in_use,
        };
        for path in paths {
            // A file that another process took away, or that cannot be read, holds nothing.
            if let Ok(file) = File::open(path) {
                store.admit(file)?;
            }
        }
        Ok(Self(Arc::new(Mutex::new(store))))
    }

    /// The files of a folder, which need not be there; each counts as used when its last response came.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn kept(directory: &Path) -> io::Result<Vec<Cached>> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_named = |path: &PathBuf| {
            let parts = path.file_stem().and_then(|stem| stem.to_str()?.split_once('-'));
            is_ours(path) && parts.is_some_and(|(time, process)| is_number(time) && is_number(process))
        };
        Ok(paths(directory)?.into_iter().filter(is_named).filter_map(Cached::of).collect())
    }

    /// The response to a request, where it is there and whole.
    pub(super) async fn find(&self, key: RequestKey) -> Option<(Completion, Usage)> {
        if !self.store().index.contains_key(&key) {
            return None;
        }
        let cache = self.clone();
        let found = tokio::task::spawn_blocking(move || cache.store().read(key)).await.ok()??;
        Some((found.completion, found.usage))
    }

    /// Keeps a response. What cannot be written is not kept, and will be asked for again by another run.
    pub(super) async fn keep(&self, key: RequestKey, completion: &Completion, usage: Usage) {
        let response = Response { completion: completion.clone(), usage };
        let Ok(json) = serde_json::to_string(&response) else { return };
        let cache = self.clone();
        let _ = tokio::task::spawn_blocking(move || cache.store().write(key, &json)).await;
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_ours(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == ENDING)
}

impl Store {
    fn admit(&mut self, file: File) -> io::Result<()> {
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        let mut reader = BufReader::with_capacity(1 << 20, &file);
        let (mut offset, mut line) = (0, Vec::new());
        loop {
            line.clear();
            let count = reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
            if count == 0 {
                break;
            }
            let key = line.get(..32).and_then(|key| std::str::from_utf8(key).ok()).and_then(RequestKey::parse);
            if let (Some(key), Ok(length), true) = (key, u32::try_from(count), line.ends_with(b"\n")) {
                self.index.insert(key, Place { file: number, offset, length });
            }
            offset += count as u64;
        }
        self.files.push(file);
        Ok(())
    }

    fn read(&mut self, key: RequestKey) -> Option<Response> {
        let place = *self.index.get(&key)?;
        let mut file = self.files.get(place.file as usize)?;
        let mut line = vec![0; place.length as usize];
        file.seek(SeekFrom::Start(place.offset)).ok()?;
        file.read_exact(&mut line).ok()?;
        let (sum, json) = (line.get(33..41)?, line.get(42..line.len().checked_sub(1)?)?);
        if sum != checksum(json).as_bytes() {
            return None;
        }
        serde_json::from_slice(json).ok()
    }

    fn write(&mut self, key: RequestKey, json: &str) -> io::Result<()> {
        let line = format!("{key} {} {json}\n", checksum(json.as_bytes()));
        let (number, offset) = match self.own {
            Some(own) => own,
            None => (self.create()?, 0),
        };
        let (Some(mut file), Ok(length)) = (self.files.get(number), u32::try_from(line.len())) else { return Ok(()) };
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(line.as_bytes())?;
        let file = u32::try_from(number).unwrap_or(u32::MAX);
        self.index.insert(key, Place { file, offset, length });
        self.own = Some((number, offset + u64::from(length)));
        Ok(())
    }

    fn create(&mut self) -> io::Result<usize> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let path = self.directory.join(format!("{now:024}-{}.{ENDING}", std::process::id()));
        let file = File::options().read(true).write(true).create_new(true).open(path)?;
        self.files.push(file);
        Ok(self.files.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completion(content: &str) -> Completion {
        Completion { content: content.to_owned(), reasoning: None, truncated: false, model: "m".to_owned() }
    }

    fn key(number: u8) -> RequestKey {
        RequestKey::of("test", &number)
    }

    #[tokio::test]
    async fn a_response_is_found_by_this_process_and_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let usage = Usage { calls: 1, prompt_tokens: Some(3), ..Usage::default() };
        let first = ResponseCache::open(folder.path()).unwrap();
        first.keep(key(1), &completion("one\n"), usage).await;
        first.keep(key(2), &completion("two"), usage).await;
        for cache in [first, ResponseCache::open(folder.path()).unwrap()] {
            assert_eq!(cache.find(key(1)).await, Some((completion("one\n"), usage)));
            assert_eq!(cache.find(key(2)).await.map(|found| found.0.content), Some("two".to_owned()));
            assert_eq!(cache.find(key(3)).await, None);
        }
    }

    #[tokio::test]
    async fn a_torn_or_damaged_line_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ResponseCache::open(folder.path()).unwrap();
        for number in 1..=3 {
            cache.keep(key(number), &completion("text"), Usage::default()).await;
        }
        let path = ResponseCache::kept(folder.path()).unwrap().remove(0).files.remove(0);
        let mut bytes = fs::read(&path).unwrap();
        let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        bytes[second + 60] ^= 1;
        bytes.truncate(bytes.len() - 5);
        fs::write(&path, bytes).unwrap();
        let cache = ResponseCache::open(folder.path()).unwrap();
        assert!(cache.find(key(1)).await.is_some());
        assert!(cache.find(key(2)).await.is_none());
        assert!(cache.find(key(3)).await.is_none());
    }
}
