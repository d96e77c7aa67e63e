//! Files that are damaged, or made to be: each is read or refused, in bounded memory.

use std::{fs, io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::*;

/// Reads all rows.
fn read(path: &Path) -> Result<u64, DatasetError> {
    let dataset = Dataset::open(path)?;
    let mut rows = 0;
    for row in dataset.rows()? {
        row?;
        rows += 1;
    }
    Ok(rows)
}

/// The most memory that the process has had, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() >> 10
}

/// A small table with text, numbers, lists and structs.
fn table(folder: &Path) -> Vec<u8> {
    let (rows, path) = (folder.join("rows.jsonl"), folder.join("whole.parquet"));
    let row = |id: u32| json!({"id": id, "response": "r".repeat(40), "n": [1, id], "turn": {"role": "a", "x": 0.5}});
    fs::write(&rows, (0..5).map(row).map(|row| row.to_string()).collect::<Vec<_>>().join("\n")).unwrap();
    let dataset = Dataset::open(&rows).unwrap();
    let mut output = Output::create(Some(&path), FormatOptions::default(), dataset.schema()).unwrap();
    for row in dataset.rows().unwrap() {
        output.write(&row.unwrap().columns).unwrap();
    }
    output.finish().unwrap();
    fs::read(path).unwrap()
}

#[test]
fn a_damaged_table_is_read_or_refused() {
    silence_guarded_panics();
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (table(folder.path()), folder.path().join("damaged.parquet"));
    let mut random = StdRng::seed_from_u64(5);
    let flipped = (0..200).map(|_| {
        let mut bytes = whole.clone();
        bytes[random.random_range(0..whole.len())] ^= 1 << random.random_range(0..8);
        bytes
    });
    // The largest number that Parquet can say, in the place of others.
    let overwritten = (0..whole.len()).step_by(5).map(|at| {
        let mut bytes = whole.clone();
        bytes.iter_mut().skip(at).zip([0xff; 9].into_iter().chain([1])).for_each(|(byte, large)| *byte = large);
        bytes
    });
    let (before, mut gave_up, mut refused) = (peak(), 0, 0);
    for bytes in flipped.chain(overwritten) {
        fs::write(&path, bytes).unwrap();
        if let Err(error) = read(&path) {
            refused += 1;
            gave_up += u32::from(error.to_string().contains("the reader gave up"));
        }
    }
    assert!(refused > 200 && gave_up > 0, "{refused} refused, {gave_up} for a panic of the reader");
    let grown = peak() - before;
    assert!(grown < 1024, "{grown} MiB");
}

#[test]
fn a_page_that_promises_values_beyond_the_end_of_the_file_is_refused_at_once() {
    silence_guarded_panics();
    let folder = tempfile::tempdir().unwrap();
    let (mut bytes, path) = (table(folder.path()), folder.path().join("endless.parquet"));
    // The first page's header begins behind `PAR1`; now with a list of two billion UUIDs in a field that nobody knows.
    bytes.splice(4..11, [0xf9, 0xfd, 0xff, 0xff, 0xff, 0xff, 0x07]);
    fs::write(&path, bytes).unwrap();
    let message = read(&path).unwrap_err().to_string();
    assert!(message.contains("endless.parquet") && message.contains("end of file"), "{message}");
}

#[test]
fn a_row_without_an_end_is_refused_however_small_it_is_packed() {
    let folder = tempfile::tempdir().unwrap();
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(&vec![b'a'; 4 << 20]).unwrap();
    let member = member.finish().unwrap();
    let mut start = GzEncoder::new(Vec::new(), Compression::fast());
    for (name, beginning) in
        [("bomb.jsonl.gz", "{\"a\": \""), ("bomb.json.gz", "[{\"a\": \""), ("bomb.csv.gz", "a\n\"")]
    {
        start.write_all(beginning.as_bytes()).unwrap();
        let path = folder.path().join(name);
        let first = std::mem::replace(&mut start, GzEncoder::new(Vec::new(), Compression::fast())).finish().unwrap();
        fs::write(&path, [first, member.repeat(3)].concat()).unwrap();
        assert!(fs::metadata(&path).unwrap().len() < 1 << 20);
        let error = read(&path).unwrap_err();
        let DatasetError::Read { source, .. } = &error else { panic!("{error}") };
        assert!(source.to_string().contains("longer than 8 MiB"), "{name}: {source}");
    }
}
