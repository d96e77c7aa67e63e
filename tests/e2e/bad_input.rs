//! Bad input: one clear message with what to do next, and never a half-written output file or a lost row.

use std::fs;

use serde_json::json;

use crate::support::{Bench, grade, root};

#[test]
fn a_missing_file_is_named() {
    Bench::new().run(&["grade", "nowhere.jsonl", "-g", "math"]).expect_status(2).expect_stderr(&["nowhere.jsonl"]);
}

#[test]
fn a_bad_row_is_named_by_file_line_and_column_and_nothing_is_written() {
    let bench = Bench::new();
    let rows = "{\"query\": \"q\", \"response\": \"r\"}\n{\"query\": \"q\", \"response\": }\n";
    bench.write("bad.jsonl", rows);
    let ran = bench.run(&["grade", "bad.jsonl", "-g", "syntax", "-o", "out.jsonl"]).expect_status(2);
    ran.expect_stderr(&["bad.jsonl:2:"]);
    assert!(!bench.path("out.jsonl").exists() && !bench.path("out.jsonl.partial").exists());
}

#[test]
fn a_row_that_is_not_an_object_is_named() {
    let bench = Bench::new();
    bench.write("bad.jsonl", "{\"response\": \"r\"}\n[1, 2]\n");
    bench.run(&["grade", "bad.jsonl", "-g", "syntax"]).expect_status(2).expect_stderr(&["bad.jsonl:2", "object"]);
}

#[test]
fn a_doubled_id_is_named_with_both_rows() {
    let bench = Bench::new();
    let rows =
        [json!({"id": "a", "response": "r"}), json!({"id": "b", "response": "r"}), json!({"id": "a", "response": "r"})];
    bench.write_rows("bad.jsonl", &rows);
    bench.run(&["grade", "bad.jsonl", "-g", "syntax"]).expect_status(2).expect_stderr(&["1", "3", "\"a\""]);
}

#[test]
fn a_table_that_is_nested_beyond_measure_is_named_and_ends_nothing() {
    let bench = Bench::new();
    // Elements of a schema in Thrift's compact protocol: 10,000 with one child each, and a column of whole numbers.
    let group = [0x35, 2, 0x18, 1, b'a', 0x15, 2, 0];
    let column = [0x15, 2, 0x25, 2, 0x18, 1, b'b', 0];
    let schema = [&[0x15, 2, 0x19, 0xfc, 0x91, 0x4e][..], &group.repeat(10_000), &column].concat();
    let metadata = [schema, vec![0x16, 0, 0x19, 0x0c, 0]].concat();
    let length = u32::try_from(metadata.len()).unwrap().to_le_bytes();
    bench.write("deep.parquet", [b"PAR1", metadata.as_slice(), &length, b"PAR1"].concat());
    let ran = bench.run(&["grade", "deep.parquet", "-g", "math"]).expect_status(2);
    ran.expect_stderr(&["deep.parquet", "nested more than 256 levels deep"]);
}

#[test]
fn a_missing_column_names_row_column_and_grader_and_loses_no_row() {
    let bench = Bench::new();
    let rows = [
        json!({"id": "whole", "query": "q", "response": "```python\nx = 1\n```", "tests": ["assert x == 1"]}),
        json!({"id": "bare", "query": "q", "response": "```python\nx = 1\n```"}),
    ];
    let (ran, graded) = bench.grade(&rows, &["-g", "code-execution"]);
    ran.expect_status(1);
    assert_eq!(grade(&graded[0], "code-execution")["outcome"], "scored");
    let verdict = grade(&graded[1], "code-execution");
    assert_eq!(verdict["kind"], "invalid-sample");
    let reason = verdict["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("bare") && reason.contains("`tests`") && reason.contains("`code-execution`"), "{reason}");
}

#[test]
fn the_warning_of_a_missing_column_ends_with_how_to_map_one() {
    let bench = Bench::new();
    let rows = [
        json!({"id": "whole", "query": "q", "response": "```python\nx = 1\n```", "tests": ["assert x == 1"]}),
        json!({"id": "bare", "query": "q", "response": "```python\nx = 1\n```"}),
    ];
    let (ran, _) = bench.grade(&rows, &["-g", "code-execution"]);
    let ran = ran.expect_stderr(&["row 2 (bare)", "or 9 others", "--map tests=COLUMN"]);
    assert!(!ran.stderr.contains('…'), "cut off: {}", ran.stderr);
}

#[test]
fn a_dataset_without_responses_is_told_which_columns_there_are() {
    let bench = Bench::new();
    let rows = [json!({"question": "1 + 1", "model_says": "2", "gold": "2"})];
    let (ran, _) = bench.grade(&rows, &["-g", "math"]);
    ran.expect_status(1).expect_stderr(&["--map response=COLUMN", "question, model_says, gold"]);
}

#[test]
fn a_mapped_field_that_nobody_reads_is_named_with_the_nearest() {
    let bench = Bench::new();
    let rows = [json!({"query": "1 + 1", "response": "2", "answer": "2", "cases": ["assert True"]})];
    let (ran, _) = bench.grade(&rows, &["-g", "math", "--map", "respons=answer"]);
    ran.expect_stderr(&["`respons`", "`answer`", "did you mean `response`?"]);
    let (ran, _) = bench.grade(&rows, &["-g", "code-execution", "--map", "tests=cases"]);
    assert!(!ran.stderr.contains("reads the field"), "{}", ran.stderr);
}

#[test]
fn a_place_given_as_a_grader_is_told_where_places_are_given() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &[json!({"response": "r"})]);
    for place in ["./mine.wasm", "oci://127.0.0.1:1/me/mine:1"] {
        let ran = bench.run(&["grade", "rows.jsonl", "-g", place]).expect_status(2);
        ran.expect_stderr(&[&format!("--graders {place}"), "-g NAME"]);
    }
    let component = root().join("target/graders/math.wasm").display().to_string();
    bench.run(&["push", &component, "127.0.0.1:1/me/math:1"]).expect_status(2).expect_stderr(&["oci://ghcr.io/me/"]);
}

#[test]
fn a_review_without_decisions_is_told_what_to_fill_in() {
    let bench = Bench::new();
    bench.grade(&[json!({"id": 1, "query": "1 + 1 =", "response": "3"})], &["-g", "math"]);
    bench.write_rows("review.jsonl", &[json!({"id": 1, "decision": null})]);
    let ran = bench.run(&["import", "graded.jsonl", "review.jsonl", "-o", "reviewed.jsonl"]).expect_status(0);
    ran.expect_stderr(&["review.jsonl", "accept, reject, edit"]);
}

#[test]
fn an_unknown_grader_names_the_nearest() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &[json!({"response": "r"})]);
    bench.run(&["grade", "rows.jsonl", "-g", "sintax"]).expect_status(2).expect_stderr(&["sintax", "syntax"]);
}

#[test]
fn parameters_that_do_not_fit_are_named() {
    let bench = Bench::new();
    let rows = [json!({"query": "q", "response": "```python\nx = 1\n```", "tests": ["assert x == 1"]})];
    let (ran, _) = bench.grade(&rows, &["-g", "code-execution:{\"timout_ms\": 5}"]);
    assert_ne!(ran.status, 0, "{}", ran.stderr);
    ran.expect_stderr(&["timout_ms"]);
}

#[test]
fn an_unknown_key_of_the_configuration_names_the_nearest() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &[json!({"response": "r"})]);
    bench.write("gradebox.toml", "[graders.syntax]\ntreshold = 1.0\n");
    bench.run(&["grade", "rows.jsonl"]).expect_status(2).expect_stderr(&["treshold", "threshold", "gradebox.toml"]);
}

#[test]
fn files_that_are_no_graders_are_told_apart_and_the_others_work() {
    let bench = Bench::new();
    let syntax = fs::read(root().join("target/graders/syntax.wasm")).unwrap();
    bench.write("graders/core.wasm", b"\0asm\x01\0\0\0");
    bench.write("graders/truncated.wasm", &syntax[..syntax.len() / 2]);
    bench.write("graders/text.wasm", "(component)");
    bench.write("graders/empty.wasm", "");
    bench.write("graders/mine.wasm", &syntax);
    let other = replace(&syntax, b"gradebox:grader/pointwise@0.1.0", b"gradebox:grader/pointwise@0.9.0");
    bench.write("graders/other-version.wasm", other);
    let ran = bench.run(&["graders", "--graders", "graders"]).expect_status(0);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    for part in ["core.wasm", "core module", "truncated.wasm", "text.wasm", "empty.wasm", "other-version.wasm", "0.9.0"]
    {
        assert!(said.contains(part), "no `{part}` in:\n{said}");
    }
    bench.write_rows("rows.jsonl", &[json!({"response": "```python\nx = 1\n```"})]);
    bench.run(&["grade", "rows.jsonl", "-g", "syntax", "--graders", "graders", "-o", "out.jsonl"]).expect_status(0);
    bench.run(&["check", "graders/truncated.wasm"]).expect_status(1);
    bench.run(&["check", "graders/mine.wasm"]).expect_status(0);
}

/// The bytes with every occurrence of one text replaced by another of the same length.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = bytes.to_vec();
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            replaced[at..at + to.len()].copy_from_slice(to);
        }
    }
    replaced
}

#[test]
fn an_unreachable_endpoint_is_named_and_no_row_is_lost() {
    let bench = Bench::new();
    let rows: Vec<_> = (0..3).map(|id| json!({"id": id, "query": "2x + 5 = 15", "response": "x = 10"})).collect();
    bench.write_rows("rows.jsonl", &rows);
    let arguments = ["refine", "rows.jsonl", "-g", "math", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"];
    let ran = bench.run(&arguments).expect_status(1).expect_stderr(&["127.0.0.1:9"]);
    let refined = crate::support::rows(&ran.stdout);
    assert_eq!(refined.len(), 3);
    assert!(refined.iter().all(|row| row["response"] == "x = 10" && row["refinement"]["stop"] == "model-error"));
}

#[test]
fn an_endpoint_that_never_answers_ends_a_long_run_early() {
    let bench = Bench::new();
    let rows: Vec<_> = (0..500).map(|id| json!({"id": id, "query": "2x + 5 = 15", "response": "x = 10"})).collect();
    bench.write_rows("rows.jsonl", &rows);
    let arguments = [
        "refine",
        "rows.jsonl",
        "-g",
        "math",
        "--model",
        "m",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "-o",
        "out.jsonl",
    ];
    bench.run(&arguments).expect_status(2).expect_stderr(&["127.0.0.1:9"]);
    assert!(!bench.path("out.jsonl").exists());
}

#[test]
fn a_dataset_cannot_be_its_own_output() {
    let bench = Bench::new();
    let rows = [json!({"response": "```python\nx = 1\n```"})];
    let path = bench.write_rows("rows.jsonl", &rows);
    let before = fs::read(&path).unwrap();
    bench.run(&["grade", "rows.jsonl", "-g", "syntax", "-o", "rows.jsonl"]).expect_status(2);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_any_work() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &[json!({"response": "```python\nx = 1\n```"})]);
    bench
        .run(&["grade", "rows.jsonl", "-g", "syntax", "-o", "no/such/folder/out.jsonl"])
        .expect_status(2)
        .expect_stderr(&["no/such/folder"]);
}
