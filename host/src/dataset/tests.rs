//! Datasets in and out of files.

use std::io::Write;

use serde_json::Value;
use tempfile::NamedTempFile;

use super::*;

fn file(ending: &str, content: &[u8]) -> NamedTempFile {
    let mut file = tempfile::Builder::new().prefix("rows").suffix(ending).tempfile().unwrap();
    file.write_all(content).unwrap();
    file
}

fn refusal(ending: &str, content: &[u8]) -> String {
    let file = file(ending, content);
    let message = Dataset::open(file.path()).unwrap_err().to_string();
    message.replace(&file.path().display().to_string(), "FILE")
}

fn columns(ending: &str, content: &[u8]) -> Vec<(u64, u64, String)> {
    let file = file(ending, content);
    let dataset = Dataset::open(file.path()).unwrap();
    let rows = dataset.rows().unwrap().map(Result::unwrap);
    rows.map(|row| (row.number, row.line, Value::Object(row.columns).to_string())).collect()
}

#[test]
fn lines_keep_key_order_and_numbers_and_count_rows_apart_from_lines() {
    let text = b"\xef\xbb\xbf{\"b\":1.10,\"a\":123456789012345678901234567890}\r\n\r\n  \n{\"b\":1e400,\"a\":-0}";
    assert_eq!(
        columns(".jsonl", text),
        [
            (1, 1, r#"{"b":1.10,"a":123456789012345678901234567890}"#.to_owned()),
            // The same number: the parser gives every exponent its sign.
            (2, 4, r#"{"b":1e+400,"a":-0}"#.to_owned()),
        ]
    );
}

#[test]
fn an_array_gives_the_same_rows_as_lines() {
    let rows = columns(".json", b"\xef\xbb\xbf \n[{\"b\": 1.10},\r\n {\"a\": [{\"z\": 1, \"y\": 2}]}]\n");
    assert_eq!(rows, [(1, 1, r#"{"b":1.10}"#.to_owned()), (2, 2, r#"{"a":[{"z":1,"y":2}]}"#.to_owned())]);
}

#[test]
fn json_lines_in_a_json_file_are_read_as_lines() {
    assert_eq!(columns(".json", b"{\"a\":1}\n{\"a\":2}\n").len(), 2);
}

#[test]
fn a_malformed_row_is_named_by_file_line_and_column() {
    let message = refusal(".jsonl", b"{\"a\":1}\n\n{\"a\": tru}\n");
    assert!(message.starts_with("FILE:3:"), "{message}");
    assert!(message.contains("row 2"), "{message}");
    let message = refusal(".json", b"[{\"a\":1},\n {\"a\": tru}]");
    assert!(message.starts_with("FILE:2:"), "{message}");
    assert!(message.contains("row 2"), "{message}");
}

#[test]
fn a_column_is_counted_in_characters() {
    let ascii = refusal(".jsonl", b"{\"a\": \"ee\", x}");
    let accents = refusal(".jsonl", "{\"a\": \"éé\", x}".as_bytes());
    assert_eq!(ascii, accents);
}

#[test]
fn every_way_to_be_no_row_says_what_to_do() {
    for (ending, content, part) in [
        (".jsonl", &b"[1, 2]\n"[..], "a list"),
        (".jsonl", b"3\n", "a number"),
        (".jsonl", b"\"text\"\n", "a string"),
        (".json", b"[{\"a\":1}, 3]", "not an object"),
        (".jsonl", b"{\n  \"a\": 1\n}\n", "one line"),
        (".jsonl", b"{\"a\":1} {\"a\":2}\n", "one line"),
        (".jsonl", b"{\"a\":1},\n", "comma"),
        (".jsonl", b"{\"a\": NaN}\n", "null"),
        (".jsonl", b"{\"a\": -Infinity}\n", "null"),
        (".jsonl", b"{'a': 1}\n", "json.dumps"),
        (".jsonl", b"{\"a\": None}\n", "json.dumps"),
        (".jsonl", b"{\"a\":1,\"a\":2}\n", "twice"),
        (".jsonl", b"{\"a\":\"\xff\"}\n", "UTF-8"),
        (".jsonl", b"{\"a\":\"cut o", "cut off"),
        (".json", b"[{\"a\":1}, {\"a\"", "cut off"),
        (".json", b"[{\"a\":1}] {}", "after the array"),
        (".jsonl", b"\xff\xfe{\0", "UTF-16"),
        (".jsonl", b"", "no rows"),
        (".jsonl", b"\n \n", "no rows"),
        (".json", b"[]", "no rows"),
        (".csv", b"a,b\n", "no rows"),
        (".csv", b"a,b\n1\n", "FILE:2: row 1: the row has 1 cells, and the header 2"),
        (".csv", b"a,a\n1,2\n", "`a` twice"),
        (".csv", b"a;b\n1;2\n", "--separator ';'"),
        (".csv", b"a,b\n1,\xff\n", "UTF-8"),
        (".parquet", b"PAR1", "cannot read FILE as Parquet"),
        (".parquet", b"no", "PAR1"),
        (".jsonl.gz", b"\x1f\x8b", "cannot read FILE"),
        (".xlsx", b"PK\x03\x04", "CSV"),
        (".arrow", b"ARROW1", "Parquet"),
    ] {
        let message = refusal(ending, content);
        assert!(message.contains(part), "{ending} {}: {message}", String::from_utf8_lossy(content));
    }
}

#[test]
fn a_header_of_one_column_is_taken_as_it_is_where_the_separator_is_said() {
    let file = file(".csv", b"a;b\n1;2\n");
    for (separator, columns) in [(b',', &["a;b"][..]), (b';', &["a", "b"])] {
        let options = FormatOptions { separator: Some(separator), ..FormatOptions::default() };
        let dataset = Dataset::open_mapped(file.path(), &FieldMap::default(), options).unwrap();
        assert!(dataset.columns().eq(columns.iter().copied()), "{:?}", dataset.columns().collect::<Vec<_>>());
        assert_eq!(dataset.rows().unwrap().count(), 1);
    }
}

#[test]
fn duplicate_ids_name_both_rows_and_types_are_apart() {
    let message = refusal(".jsonl", b"{\"id\":\"x\"}\n{\"id\":1}\n{\"id\":\"x\"}\n");
    assert!(message.contains("row 3: the id \"x\" is already that of row 1"), "{message}");
    let message = refusal(".jsonl", b"{\"id\":2}\n{}\n");
    assert!(message.contains("its number 2 would be its id, but row 1"), "{message}");
    assert!(refusal(".jsonl", b"{\"id\":[1]}\n").contains("a list"));
    assert_eq!(columns(".jsonl", b"{\"id\":1}\n{\"id\":\"1\"}\n{\"id\":true}\n{\"id\":null}\n").len(), 4);
}

#[test]
fn a_mapped_id_column_is_the_one_that_is_checked() {
    let file = file(".jsonl", b"{\"id\":1,\"key\":\"a\"}\n{\"id\":1,\"key\":\"b\"}\n");
    let map = FieldMap::new([("id".to_owned(), "key".to_owned())]);
    let dataset = Dataset::open_mapped(file.path(), &map, FormatOptions::default());
    assert_eq!(dataset.unwrap().len(), 2);
}

#[test]
fn a_mapped_column_that_no_row_has_names_the_nearest() {
    let file = file(".jsonl", b"{\"question\":\"q\"}\n");
    let dataset = Dataset::open(file.path()).unwrap();
    let map = FieldMap::new([("query".to_owned(), "qestion".to_owned())]);
    let message = dataset.check_map(&map).unwrap_err().to_string();
    assert!(message.ends_with("no column `qestion`, which was mapped to `query`; did you mean `question`?"));
}

#[test]
fn missing_files_and_directories_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.jsonl"), "{}\n").unwrap();
    let message = Dataset::open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("is a directory") && message.contains("rows.jsonl"), "{message}");
    let missing = Dataset::open(&folder.path().join("missing.jsonl")).unwrap_err();
    assert!(matches!(missing, DatasetError::Open { .. }));
}

#[test]
fn the_output_may_not_be_the_input_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("rows.jsonl");
    fs::write(&input, "{}\n").unwrap();
    let dataset = Dataset::open(&input).unwrap();
    assert!(dataset.check_output(&folder.path().join(".").join("rows.jsonl")).is_err());
    assert!(dataset.check_output(&folder.path().join("out.jsonl")).is_ok());
}

#[test]
fn rows_of_a_json_object_say_that_an_array_is_wanted() {
    let message = refusal(".json", b"{\n \"data\": []\n}");
    assert!(message.contains("array"), "{message}");
}
