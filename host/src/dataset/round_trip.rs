//! Whatever rows hold, they are the same after they were written and read, in every format.

use std::path::Path;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Number, Value, json};

use super::{
    sameness::{as_texts, same},
    *,
};
use crate::sample::Columns;

const TEXTS: [&str; 12] =
    ["", " ", "a", "a,b;c\td|e", "\"", "\r\n", "\u{feff}", "ü€😀", "{\"a\":1}", "null", "1.5", "\u{0}\u{1f}\\ud800"];
const NUMBERS: [&str; 10] = [
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "123456789012345678901234567890",
    "0.1",
    "-2.5e-300",
    "1e400",
    "12.50",
];

/// What values of one column have in common: a kind for each column, and sometimes none.
fn value(random: &mut StdRng, kind: usize, depth: usize) -> Value {
    let pick = |random: &mut StdRng, of: usize| random.random_range(0..of);
    match kind {
        _ if pick(random, 6) == 0 => Value::Null,
        0 => json!(pick(random, 2) == 0),
        1 => json!(random.random::<i32>()),
        2 => json!(random.random::<f64>()),
        3 => json!(TEXTS[pick(random, TEXTS.len())]),
        4 => Value::Number(NUMBERS[pick(random, NUMBERS.len())].parse::<Number>().unwrap()),
        5 if depth > 0 => (0..pick(random, 4)).map(|_| value(random, 3, depth - 1)).collect(),
        6 if depth > 0 => {
            let fields = (0..4).filter(|_| random.random::<bool>()).collect::<Vec<_>>();
            Value::Object(fields.into_iter().map(|kind| (kind.to_string(), value(random, kind, depth - 1))).collect())
        }
        7 if depth > 0 => {
            let kind = pick(random, 7);
            (0..pick(random, 3)).map(|_| value(random, kind, depth - 1)).collect()
        }
        _ => {
            let kind = pick(random, 8);
            value(random, kind, depth.saturating_sub(1))
        }
    }
}

fn rows(random: &mut StdRng) -> Vec<Columns> {
    let kinds: Vec<usize> = (0..8).map(|_| random.random_range(0..9)).collect();
    let count = random.random_range(1..30);
    let row = |random: &mut StdRng| {
        let columns = kinds.iter().enumerate().filter(|_| random.random_range(0..5) > 0).collect::<Vec<_>>();
        let name = |index: usize| format!("{}{index}", ["a", "Ü.", "\"q\", "][index % 3]);
        columns.into_iter().map(|(index, kind)| (name(index), value(random, *kind, 3))).collect()
    };
    (0..count).map(|_| row(random)).collect()
}

fn written(path: &Path, rows: &[Columns], schema: &Schema) -> Dataset {
    let mut output = Output::create(Some(path), FormatOptions::default(), schema).unwrap();
    for row in rows {
        output.write(row).unwrap();
    }
    output.finish().unwrap();
    Dataset::open(path).unwrap()
}

#[test]
fn rows_are_the_same_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..24 {
        let mut random = StdRng::seed_from_u64(seed);
        let rows = rows(&mut random);
        let first = written(&folder.path().join("rows.jsonl"), &rows, &Schema::default());
        if first.schema().names().next().is_none() {
            continue;
        }
        for ending in ["jsonl", "json", "jsonl.gz", "json.zst", "parquet", "csv", "tsv.gz"] {
            let back = written(&folder.path().join(format!("back.{ending}")), &rows, first.schema());
            let is_text = ending.contains("sv");
            let back: Vec<Columns> = back.rows().unwrap().map(|row| row.unwrap().columns).collect();
            assert_eq!(back.len(), rows.len(), "seed {seed}, {ending}");
            for (before, after) in rows.iter().zip(back) {
                let before = if is_text { as_texts(before) } else { before.clone() };
                let (before, after) = (Value::Object(before), Value::Object(after));
                assert!(same(&before, &after), "seed {seed}, {ending}:\n{before}\n{after}");
            }
        }
    }
}
