//! The journal of a run's model calls: what stands before a damage is read, and nothing of what stands behind it.
#![no_main]

use std::{fs, sync::LazyLock};

use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir_in("/dev/shm").expect("a folder in memory"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = FOLDER.path().join("journal");
    // Lines that begin with a letter get the checksum that no mutation would find.
    let mut content = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match line.split_first() {
            Some((b's', json)) => content.extend(gradebox::run::fuzzing::sealed(json)),
            _ => content.extend_from_slice(line),
        }
    }
    fs::write(&path, &content).expect("a file in memory");
    let whole = gradebox::run::fuzzing::journal(&path).expect("a file that can be read");
    assert!(whole.length <= content.len() as u64, "{whole:?}");
    // Cut where its whole records end, it says the same; cut before, it says no more.
    fs::write(&path, &content[..whole.length as usize]).expect("a file in memory");
    assert_eq!(gradebox::run::fuzzing::journal(&path).expect("a file that can be read"), whole);
    let cut = whole.length.saturating_sub(1);
    fs::write(&path, &content[..cut as usize]).expect("a file in memory");
    let less = gradebox::run::fuzzing::journal(&path).expect("a file that can be read");
    assert!(less.length <= whole.length, "{less:?}");
});
