//! A dataset: whatever a file holds is rows, the same each time, or an error. The first byte chooses the format.
#![no_main]

use std::{fs, sync::LazyLock};

use gradebox::{
    dataset::{Dataset, Parts},
    fields::FieldMap,
};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir_in("/dev/shm").expect("a folder in memory"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, content)) = bytes.split_first() else { return };
    let extension = ["jsonl", "json", "csv", "jsonl.gz", "csv.gz", "jsonl.zst", "parquet"][usize::from(*first) % 7];
    let path = FOLDER.path().join(format!("rows.{extension}"));
    fs::write(&path, content).expect("a file in memory");
    let Ok(dataset) = Dataset::open(&path) else { return };
    let parts = Parts::choose(&dataset, &FieldMap::default()).ok();
    let mut count = 0;
    for row in dataset.rows().expect("a file that was just read") {
        let row = row.expect("a row that was checked");
        if let Some(parts) = &parts {
            let _ = parts.sample(&row);
        }
        count += 1;
    }
    assert_eq!(count, dataset.len());
});
