//! Datasets of every format, in and out, through the binary.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    endpoint::Scripted,
    support::{Bench, Ran, grade, root, rows},
};

/// Rows with a value of every kind, columns that not every row has, and text that is hard on separators.
fn mixed() -> Vec<Value> {
    vec![
        json!({"id": 1, "response": "```python\nx = 1\n```", "n": 1, "f": 0.1, "b": true, "list": [1, null],
               "turns": [{"role": "user", "content": "a, \"b\"\r\nc"}], "any": "text", "big": 18_446_744_073_709_551_615_u64}),
        json!({"id": 2, "response": "```python\nx = \n```", "n": null, "f": 2, "b": null, "list": [],
               "turns": null, "any": {"k": [1]}, "big": 1}),
        json!({"id": 3, "response": "no code; \t|", "n": -5, "f": 0.25, "b": false, "list": null,
               "turns": [], "any": 7, "big": null, "late": "ü"}),
    ]
}

fn convert(bench: &Bench, from: &str, to: &str) -> Ran {
    bench.run(&["grade", from, "-g", "syntax", "-o", to]).expect_status(0)
}

/// A row without the columns that are null, which tables do not tell from those that are not there.
fn filled(row: &Value) -> Value {
    let results = |name: &str| name.starts_with("grades") || name.starts_with("assessment");
    let columns = row.as_object().unwrap().iter().filter(|(name, value)| !value.is_null() && !results(name));
    Value::Object(columns.map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[test]
fn rows_are_the_same_after_every_format_that_keeps_types() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &mixed());
    for format in ["json", "ndjson", "jsonl.gz", "jsonl.zst", "json.gz", "parquet"] {
        let file = format!("graded.{format}");
        convert(&bench, "rows.jsonl", &file);
        convert(&bench, &file, "back.jsonl");
        let back = bench.read_rows("back.jsonl");
        let before: Vec<Value> = mixed().iter().map(filled).collect();
        let after: Vec<Value> = back.iter().map(filled).collect();
        // A column of integers and fractions is one of fractions in a table.
        let after = serde_json::to_string(&after).unwrap().replace("\"f\":2.0", "\"f\":2");
        assert_eq!(after, serde_json::to_string(&before).unwrap(), "{format}");
        assert_eq!(grade(&back[1], "syntax")["pass"], false, "{format}");
        assert!(back[0].get("grades.syntax.score").is_none(), "{format}");
    }
}

#[test]
fn csv_is_text_and_shows_scores_in_columns_of_their_own() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &mixed());
    for format in ["csv", "tsv", "csv.gz", "csv.zst"] {
        let file = format!("graded.{format}");
        convert(&bench, "rows.jsonl", &file);
        let back = rows(&bench.run(&["grade", &file, "-g", "syntax"]).expect_status(0).stdout);
        assert_eq!(back[0]["response"], mixed()[0]["response"], "{format}");
        assert_eq!(back[0]["turns"], r#"[{"role":"user","content":"a, \"b\"\r\nc"}]"#, "{format}");
        assert_eq!((&back[0]["n"], &back[1]["n"]), (&json!("1"), &Value::Null), "{format}");
        assert_eq!(back[1]["any"], "{\"k\":[1]}", "{format}");
        assert_eq!(back[2]["late"], "ü", "{format}");
    }
    let text = std::fs::read_to_string(bench.path("graded.csv")).unwrap();
    let header = text.lines().next().unwrap();
    assert!(
        header.starts_with("id,response,n,f,b,list,turns,any,big,late,grades,assessment,assessment.score,"),
        "{header}"
    );
    assert!(header.ends_with("grades.syntax.score,grades.syntax.pass,grades.syntax.outcome,grades.syntax.reason"));
}

#[test]
fn csv_of_other_programs_is_read() {
    let bench = Bench::new();
    bench.write("excel.csv", "\u{feff}id;response;note\r\n1;\"```python\r\nx = 1\r\n```\";\"a; \"\"b\"\"\"\r\n");
    let ran = bench.run(&["grade", "excel.csv", "-g", "syntax"]).expect_status(2);
    ran.expect_stderr(&["excel.csv:1: header", "--separator ';'"]);
    let ran = bench.run(&["grade", "excel.csv", "-g", "syntax", "--separator", ";"]).expect_status(0);
    let graded = rows(&ran.stdout);
    assert_eq!((&graded[0]["id"], &graded[0]["note"]), (&json!("1"), &json!("a; \"b\"")));
    assert_eq!(grade(&graded[0], "syntax")["score"], 1.0);
    // What pandas writes with its index.
    bench.write("pandas.csv", ",response\n0,a\n1,\n");
    let ran = bench.run(&["grade", "pandas.csv", "-g", "syntax"]).expect_status(1);
    let graded = rows(&ran.stdout);
    assert_eq!((&graded[0][""], &graded[1]["response"]), (&json!("0"), &Value::Null));
}

#[test]
fn a_bad_row_is_found_before_anything_is_graded() {
    let bench = Bench::new();
    for (name, content, parts) in [
        ("ragged.csv", "id,response\n1,\"a\nb\"\n2,b,c\n", &["ragged.csv:4: row 2", "3 cells", "header 2"][..]),
        ("doubled.csv", "id,response\n1,a\n2,b\n1,c\n", &["doubled.csv:4: row 3", "row 1"]),
        ("header.csv", "id,response,id\n1,a,2\n", &["header.csv:1: header", "`id` twice"]),
        ("empty.csv", "id,response\n", &["no rows"]),
        ("text.parquet", "id,response\n", &["PAR1"]),
    ] {
        bench.write(name, content);
        let ran = bench.run(&["grade", name, "-g", "syntax", "-o", "out.parquet"]).expect_status(2);
        ran.expect_stderr(parts);
        assert!(!bench.path("out.parquet").exists() && !bench.path("out.parquet.partial").exists(), "{name}");
    }
    bench.write_rows("rows.jsonl", &mixed());
    convert(&bench, "rows.jsonl", "whole.parquet");
    convert(&bench, "rows.jsonl", "whole.jsonl.gz");
    for name in ["whole.parquet", "whole.jsonl.gz"] {
        let whole = std::fs::read(bench.path(name)).unwrap();
        bench.write("cut", &whole[..whole.len() / 2]);
        bench.run(&["grade", "cut", "-g", "syntax"]).expect_status(2).expect_stderr(&["cut"]);
    }
}

#[test]
fn the_content_wins_over_the_name_and_is_said() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &mixed());
    convert(&bench, "rows.jsonl", "whole.parquet");
    convert(&bench, "rows.jsonl", "whole.jsonl.zst");
    for (original, name, said) in [
        ("whole.parquet", "misnamed.jsonl", "read as parquet"),
        ("whole.jsonl.zst", "misnamed.jsonl.gz", "read as jsonl.zst"),
        ("rows.jsonl", "misnamed.csv", "read as jsonl"),
    ] {
        std::fs::copy(bench.path(original), bench.path(name)).unwrap();
        let ran = bench.run(&["grade", name, "-g", "syntax"]).expect_status(0);
        assert_eq!(rows(&ran.stdout).len(), 3);
        ran.expect_stderr(&[name, said]);
    }
}

#[test]
fn standard_input_and_output_have_formats() {
    let bench = Bench::new();
    let input = "id,response\n1,\"```python\nx = 1\n```\"\n";
    let arguments = ["grade", "-", "-g", "syntax", "--output-format", "csv"];
    bench.run_with_input(&arguments, input).expect_status(2).expect_stderr(&["standard input:1", "--input-format csv"]);
    let ran = bench.run_with_input(&[&arguments[..], &["--input-format", "csv"]].concat(), input).expect_status(0);
    assert!(ran.stdout.starts_with("id,response,grades,"), "{}", ran.stdout);
    let ran = bench.run_with_input(&["grade", "-", "--output-format", "xlsx"], input).expect_status(2);
    ran.expect_stderr(&["jsonl, json, csv, tsv and parquet"]);
}

#[test]
fn a_kept_run_of_any_format_goes_on_and_writes_any_format() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &mixed());
    convert(&bench, "rows.jsonl", "rows.parquet");
    let arguments = ["grade", "rows.parquet", "-g", "syntax", "--run", "run", "-o", "first.parquet"];
    bench.run(&arguments).expect_status(0);
    // As if it had been killed before the last row.
    let results = std::fs::read_to_string(bench.path("run/results.jsonl")).unwrap();
    let two: String = results.lines().take(2).flat_map(|line| [line, "\n"]).collect();
    bench.write("run/results.jsonl", two);
    let again = ["grade", "rows.parquet", "-g", "syntax", "--run", "run", "--resume", "-o", "second.parquet"];
    bench.run(&again).expect_status(0);
    let [first, second] = ["first.parquet", "second.parquet"].map(|name| std::fs::read(bench.path(name)).unwrap());
    assert!(first == second);
    bench.run(&["export", "second.parquet", "--to", "reward", "-o", "rewards.parquet"]).expect_status(0);
    bench.run(&["export", "first.parquet", "--to", "review", "-o", "review.csv"]).expect_status(0);
}

#[test]
fn half_a_surrogate_pair_concerns_its_row_only() {
    let bench = Bench::new();
    let text = "{\"id\": 1, \"response\": \"a\\ud800b\"}\n{\"id\": 2, \"response\": \"\\ud83d\\ude00\"}\n";
    bench.write("rows.jsonl", text);
    bench.write("rows.json", format!("[{}]", text.trim_end().replace('\n', ",")));
    for name in ["rows.jsonl", "rows.json"] {
        let ran = bench.run(&["grade", name, "-g", "syntax"]).expect_status(0);
        let graded = rows(&ran.stdout);
        assert_eq!((&graded[0]["response"], &graded[1]["response"]), (&json!("a\u{fffd}b"), &json!("😀")));
        ran.expect_stderr(&["1 row of", "half a surrogate pair", "U+FFFD", "row 1"]);
    }
}

#[test]
fn shards_come_together_in_the_order_of_the_dataset() {
    let bench = Bench::new();
    // Rows without ids have their numbers in the dataset, not in the shard.
    let row = |n: u32| json!({"response": format!("```python\nx = {n}\n```"), "n": n});
    bench.write_rows("rows.jsonl", &(1..=7).map(row).collect::<Vec<_>>());
    convert(&bench, "rows.jsonl", "whole.parquet");
    convert(&bench, "rows.jsonl", "whole.jsonl");
    let shard = |k: u32, more: &[&str]| {
        let (shard, run) = (format!("{k}/3"), format!("runs/{k}"));
        let arguments = ["grade", "rows.jsonl", "-g", "syntax", "--shard", &shard, "--run", &run];
        bench.run(&[&arguments[..], more].concat())
    };
    let merge = |runs: &[&str]| bench.run(&[&["merge", "-o", "merged.jsonl"][..], runs].concat());
    shard(1, &[]).expect_status(0);
    shard(3, &["-o", "third.csv"]).expect_status(0);
    assert!(bench.path("third.csv").exists());
    merge(&["runs/1", "runs/3"]).expect_status(2).expect_stderr(&["shard 2/3 is missing"]);
    shard(2, &[]).expect_status(0);
    merge(&["runs/1", "runs/2", "runs/3", "runs/2"]).expect_status(2).expect_stderr(&["both shard 2/3"]);
    // As if it had been killed before its last row.
    let results = std::fs::read_to_string(bench.path("runs/2/results.jsonl")).unwrap();
    bench.write("runs/2/results.jsonl", format!("{}\n", results.lines().next().unwrap()));
    let all = ["runs/3", "runs/1", "runs/2"];
    merge(&all).expect_status(2).expect_stderr(&["shard 2/3 in runs/2 is not finished: 1 of 2 rows", "--resume"]);
    assert!(!bench.path("merged.jsonl").exists());
    shard(2, &["--resume"]).expect_status(0);
    merge(&all).expect_status(0).expect_stderr(&["7 rows of 3 shards"]);
    bench.run(&[&["merge", "-o", "merged.parquet"][..], &all].concat()).expect_status(0);
    for name in ["jsonl", "parquet"] {
        let [whole, merged] = ["whole", "merged"].map(|stem| std::fs::read(bench.path(&format!("{stem}.{name}"))));
        assert!(whole.unwrap() == merged.unwrap(), "{name}");
    }
}

#[test]
fn what_is_no_shard_of_the_run_is_refused() {
    let bench = Bench::new();
    bench.write_rows("rows.jsonl", &mixed());
    let grade = |grader: &str, shard: &[&str], run: &str| {
        let arguments = ["grade", "rows.jsonl", "-g", grader, "--run", run];
        bench.run(&[&arguments[..], shard].concat()).expect_status(0);
    };
    grade("syntax", &["--shard", "1/2"], "first");
    grade("math", &["--shard", "2/2"], "other");
    grade("syntax", &["--shard", "2/5"], "fifth");
    grade("syntax", &[], "whole");
    for (second, said) in [
        ("other", "plan.graders"),
        ("fifth", "shard 2/5, and that in first is shard 1/2"),
        ("whole", "a whole dataset"),
        ("nowhere", "nowhere holds no run"),
    ] {
        bench.run(&["merge", "first", second]).expect_status(2).expect_stderr(&[said]);
    }
    let ran = bench.run(&["grade", "rows.jsonl", "-g", "syntax", "--shard", "1/2"]).expect_status(2);
    ran.expect_stderr(&["--run"]);
    bench.run(&["grade", "rows.jsonl", "--shard", "0/2", "--run", "x"]).expect_status(2).expect_stderr(&["from 1"]);
    // More shards than rows: some have nothing to do, and that is done.
    let shards: Vec<String> = (1..=5).map(|k| format!("many/{k}")).collect();
    for (k, run) in (1..).zip(&shards) {
        grade("syntax", &["--shard", &format!("{k}/5")], run);
    }
    let arguments: Vec<&str> = ["merge"].into_iter().chain(shards.iter().map(String::as_str)).collect();
    assert_eq!(rows(&bench.run(&arguments).expect_status(0).stdout).len(), 3);
}

/// Runs `tests/formats/tables.py` with Arrow's Python library.
fn tables(command: &str, folder: &Path) {
    let python = root().join("target/pyarrow/venv/bin/python");
    assert!(python.is_file(), "{} is missing: run `make pyarrow` first", python.display());
    let script = root().join("tests/formats/tables.py");
    let ran = Command::new(python).arg(script).arg(command).arg(folder).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn tables_of_python_keep_every_type_and_python_reads_what_comes_out() {
    let bench = Bench::new();
    tables("write", &bench.path(""));
    for output in ["graded.parquet", "graded.csv", "graded.jsonl"] {
        bench.run(&["grade", "odd.parquet", "-g", "syntax", "-o", output]).expect_status(1);
    }
    tables("compare", &bench.path(""));
}

#[test]
fn responses_that_are_turns_keep_their_type_when_they_are_refined() {
    let bench = Bench::new();
    tables("write-turns", &bench.path(""));
    let endpoint = Scripted::saying("```python\nx = 1\n```");
    for form in ["turns", "named", "turn", "from", "parts", "text"] {
        let [from, table, lines, again] = ["parquet", "refined.parquet", "refined.jsonl", "regraded.parquet"]
            .map(|ending| format!("{form}.{ending}"));
        for output in [&table, &lines] {
            let arguments =
                ["refine", &from, "-g", "syntax", "--model", "m", "--base-url", &endpoint.url, "-o", output];
            bench.run(&[&arguments[..], &["--no-cache"]].concat()).expect_status(0);
        }
        bench.run(&["regrade", &table, "-g", "syntax", "-o", &again]).expect_status(0);
    }
    tables("compare-turns", &bench.path(""));
}

#[test]
fn several_files_are_one_dataset() {
    let bench = Bench::new();
    let all: Vec<Value> =
        (1..=6).map(|n| json!({"id": n, "response": format!("```python\nx = {n}\n```"), "n": n})).collect();
    for (name, rows, note) in
        [("a", &all[..2], Value::Null), ("b", &all[2..3], json!("t")), ("c", &all[3..], json!("u"))]
    {
        let rows: Vec<Value> = rows
            .iter()
            .cloned()
            .map(|mut row| {
                row["note"] = note.clone();
                row
            })
            .collect();
        bench.write_rows(&format!("{name}.jsonl"), &rows);
        for ending in ["parquet", "jsonl.gz"] {
            convert(&bench, &format!("{name}.jsonl"), &format!("{name}.{ending}"));
        }
    }
    let grade = |files: &[&str], more: &[&str]| bench.run(&[&["grade", "-g", "syntax"][..], more, files].concat());
    for (files, output) in [
        (["a.jsonl", "b.jsonl.gz", "c.jsonl"], "whole.jsonl"),
        (["a.parquet", "b.parquet", "c.parquet"], "whole.jsonl"),
        (["a.jsonl", "b.jsonl", "c.jsonl.gz"], "whole.parquet"),
        (["a.parquet", "b.parquet", "c.parquet"], "whole.parquet"),
    ] {
        grade(&files, &["-o", output]).expect_status(0);
        convert(&bench, output, "back.jsonl");
        let back = bench.read_rows("back.jsonl");
        assert_eq!(
            back.iter().map(|row| &row["id"]).collect::<Vec<_>>(),
            all.iter().map(|row| &row["id"]).collect::<Vec<_>>()
        );
        assert_eq!((&back[0]["note"], &back[5]["note"]), (&Value::Null, &json!("u")), "{files:?}");
    }
    // Rows are numbered through, so that runs, shards and ids know each of them.
    let whole = ["--limit", "5", "--run", "run"];
    grade(&["a.jsonl", "b.jsonl", "c.jsonl"], &whole).expect_status(0);
    let resume = [&whole[..], &["--resume"]].concat();
    grade(&["a.jsonl", "b.jsonl", "c.jsonl"], &resume).expect_status(0).expect_stderr(&["5 rows done"]);
    grade(&["b.jsonl", "a.jsonl", "c.jsonl"], &resume).expect_status(2).expect_stderr(&["dataset.sha256"]);
    grade(&["a.jsonl", "b.jsonl", "a.jsonl"], &[])
        .expect_status(2)
        .expect_stderr(&["a.jsonl:1: row 4: the id 1", "row 1"]);
    grade(&["a.jsonl", "b.parquet"], &[])
        .expect_status(2)
        .expect_stderr(&["a.jsonl (and 1 more)", "are Parquet and others are not"]);
    grade(&["a.jsonl", "c.jsonl"], &["-o", "c.jsonl"]).expect_status(2).expect_stderr(&["is the dataset itself"]);
    bench.write_rows("d.jsonl", &[json!({"id": 9, "response": "r", "n": "text", "note": "n"})]);
    convert(&bench, "d.jsonl", "d.parquet");
    grade(&["a.parquet", "d.parquet"], &[])
        .expect_status(2)
        .expect_stderr(&["d.parquet", "its column `n` is Utf8, and Int64"]);
    bench.write("bad.jsonl", "{\"id\": 7}\n{");
    grade(&["a.jsonl", "bad.jsonl"], &[]).expect_status(2).expect_stderr(&["bad.jsonl:2"]);
}
