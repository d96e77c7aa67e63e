//! A dataset: whatever a file holds is rows, the same each time, or an error; what was read and is written is read as the
//! same again. The first byte chooses the format and what is around it, the second how the rows are written.
#![no_main]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use flate2::{Compression, write::GzEncoder};
use gradebox::{
    dataset::{
        Dataset, DatasetError, FormatOptions, Layout, Output, Parts,
        sameness::{as_texts, same},
        silence_guarded_panics,
    },
    fields::FieldMap,
    sample::Columns,
};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::Value;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir_in("/dev/shm").expect("a folder in memory"));

/// What the process may have, in bytes: less than most machines, and far more than small files need.
const MEMORY: u64 = 4 << 30;

const LAYOUTS: [&str; 8] = ["jsonl", "json", "csv", "tsv", "parquet", "jsonl", "json", "csv"];
/// What is around the content: nothing, whatever the bytes say that claim it, or what is packed here, since no change of
/// packed bytes makes other rows.
const PACKINGS: [&str; 8] = ["", "", "", "", ".gz", ".zst", ".gz", ".zst"];
const WRITTEN: [&str; 8] = ["", "", "", "jsonl", "json.zst", "csv", "tsv.gz", "parquet"];

libfuzzer_sys::fuzz_target!(init: init(), |bytes: &[u8]| {
    let [first, second, content @ ..] = bytes else { return };
    let Some(paths) = files(*first, second >> 3, content) else { return };
    let map = if second & 64 == 0 { FieldMap::default() } else { mapped() };
    let options = FormatOptions { separator: (second & 128 != 0).then_some(b';'), ..FormatOptions::default() };
    let Ok(dataset) = Dataset::open_all(&paths, &map, options) else { return };
    let parts = Parts::choose(&dataset, &map).ok();
    let mut rows = Vec::new();
    for row in dataset.rows().expect("a file that was just read") {
        let row = row.expect("a row that was checked");
        assert_eq!(row.number, rows.len() as u64 + 1);
        if let Some(parts) = &parts {
            let _ = parts.sample(&row);
        }
        rows.push(row.columns);
    }
    assert_eq!(rows.len() as u64, dataset.len());
    for column in rows.iter().flat_map(Columns::keys) {
        assert!(dataset.columns().any(|known| known == column), "{column}");
    }
    let ending = WRITTEN[usize::from(second % 8)];
    if !ending.is_empty() {
        check_written(&FOLDER.path().join(format!("written.{ending}")), &rows, &dataset);
    }
});

/// What the reader of Parquet panics at is an error of the dataset; what it wants more memory for than there is ends the
/// process.
fn init() {
    silence_guarded_panics();
    setrlimit(Resource::Data, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) }).expect("a limit");
}

/// The files of the dataset: one, or two of its halves.
fn files(first: u8, cut: u8, content: &[u8]) -> Option<Vec<PathBuf>> {
    let (layout, packing) = (LAYOUTS[usize::from(first % 8)], usize::from(first / 8 % 8));
    let is_packed_here = packing >= 6;
    let halves = if first & 64 == 0 { vec![content] } else { halves(content, cut).to_vec() };
    let write = |(place, content): (usize, &[u8])| {
        let path = FOLDER.path().join(format!("rows{place}.{layout}{}", PACKINGS[packing]));
        let content = match (is_packed_here, PACKINGS[packing]) {
            (false, _) => content.to_vec(),
            (true, ".gz") => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(content).ok()?;
                encoder.finish().ok()?
            }
            (true, _) => zstd::encode_all(content, 1).ok()?,
        };
        fs::write(&path, content).expect("a file in memory");
        Some(path)
    };
    halves.into_iter().enumerate().map(write).collect()
}

fn halves(content: &[u8], cut: u8) -> [&[u8]; 2] {
    let (one, other) = content.split_at(content.len() * usize::from(cut) / 32);
    [one, other]
}

fn mapped() -> FieldMap {
    let names = [("id", "key"), ("query", "question"), ("response", "answer"), ("reference", "gold")];
    FieldMap::new(names.map(|(field, column)| (field.to_owned(), column.to_owned())))
}

/// Writes the rows with the types that were found in them, and reads them again.
fn check_written(path: &Path, rows: &[Columns], dataset: &Dataset) {
    let is_text = path.to_string_lossy().contains("sv");
    // A table wants a column, and a header that begins like another format is taken for that.
    let Some(first) = dataset.schema().names().next() else { return };
    let begins_otherwise = |c: char| !c.is_alphanumeric();
    let is_taken_for_another = first.chars().take(2).any(begins_otherwise)
        || ["PAR1", "ARROW1", "BZh"].iter().any(|mark| first.starts_with(mark));
    if is_text && is_taken_for_another {
        return;
    }
    let write = || -> Result<(), DatasetError> {
        let mut output = Output::create(Some(path), FormatOptions::default(), dataset.schema())?;
        rows.iter().try_for_each(|row| output.write(row))?;
        output.finish()
    };
    write().unwrap_or_else(|error| panic!("rows that were read cannot be written: {error}"));
    let is_table = dataset.formats().any(|format| format.layout == Layout::Parquet);
    // What is no number in a table is null in JSON, and a table of texts has no types.
    if is_table && !path.ends_with("written.parquet") {
        return;
    }
    // Ids that differ as values may be the same as texts.
    let is_absent = |name: &String| dataset.columns().all(|column| column != name);
    let absent = (0..).map(|number| format!("absent {number}")).find(is_absent).expect("a name");
    let map = FieldMap::new([("id".to_owned(), absent)]);
    let options = FormatOptions { separator: is_text.then(|| separator(path)), ..FormatOptions::default() };
    let back = Dataset::open_mapped(path, &map, options);
    let back = back.unwrap_or_else(|error| panic!("rows that were written cannot be read: {error}"));
    let back: Vec<Columns> = back.rows().expect("a file").map(|row| row.expect("a row").columns).collect();
    assert_eq!(back.len(), rows.len());
    for (before, after) in rows.iter().zip(back) {
        let before = if is_text { as_texts(before) } else { before.clone() };
        let (before, after) = (Value::Object(before), Value::Object(after));
        assert!(same(&before, &after), "{}:\n{before}\n{after}", path.display());
    }
}

fn separator(path: &Path) -> u8 {
    if path.to_string_lossy().contains("tsv") { b'\t' } else { b',' }
}
