//! Refined rows as training data and for reviewers, through the binary.

use serde_json::{Value, json};

use crate::{
    endpoint::Scripted,
    support::{Bench, rows},
};

/// A run of two rows: one that the model repairs and one that it does not.
fn refined() -> Bench {
    let bench = Bench::new();
    let endpoint = Scripted::saying("```python\ndef f(n):\n    return n + 1\n```");
    let row = |id: u32, outputs: [u32; 2]| {
        json!({"id": id, "query": format!("Write f, number {id}."), "response": "```python\ndef f(n):\n    return 0\n```",
               "tests": {"fn_name": "f", "inputs": [[1], [2]], "outputs": outputs}})
    };
    bench.write_rows("rows.jsonl", &[row(1, [2, 3]), row(2, [2, 9])]);
    let arguments =
        ["refine", "rows.jsonl", "-g", "code-execution", "--model", "m", "--base-url", &endpoint.url, "--rounds", "1"];
    bench.run(&[&arguments[..], &["--run", "run", "--no-cache"]].concat()).expect_status(0);
    bench
}

fn export(bench: &Bench, to: &str, more: &[&str]) -> Vec<Value> {
    rows(&bench.run(&[&["export", "run", "--to", to][..], more].concat()).expect_status(0).stdout)
}

#[test]
fn a_run_becomes_rows_for_training() {
    let bench = refined();
    let sft = export(&bench, "sft", &[]);
    assert_eq!(sft.len(), 1);
    assert_eq!(sft[0]["messages"][0], json!({"role": "user", "content": "Write f, number 1."}));
    assert!(sft[0]["messages"][1]["content"].as_str().unwrap().contains("n + 1"));
    assert_eq!(export(&bench, "sft", &["--all"]).len(), 2);
    let pairs = export(&bench, "dpo", &[]);
    let margins: Vec<_> = pairs.iter().map(|pair| pair["margin"].as_f64()).collect();
    assert_eq!(margins, [Some(1.0), Some(0.5)]);
    assert_eq!(export(&bench, "dpo", &["--margin", "0.75"]).len(), 1);
    let rewards = export(&bench, "reward", &[]);
    let labels: Vec<_> = rewards.iter().map(|row| row["label"].as_bool()).collect();
    assert_eq!(labels, [Some(false), Some(true), Some(false), Some(false)]);
}

#[test]
fn a_reviewers_decisions_come_back() {
    let bench = refined();
    let mut review = export(&bench, "review", &[]);
    assert_eq!(review.len(), 2);
    review[0]["decision"] = json!("reject");
    review[1]["decision"] = json!("edit");
    review[1]["edited_response"] = json!("mine");
    bench.write_rows("review.jsonl", &review);
    bench.run(&["import", "run", "review.jsonl", "-o", "reviewed.jsonl"]).expect_status(0);
    let reviewed = bench.read_rows("reviewed.jsonl");
    let by_id = |id: &Value| reviewed.iter().find(|row| row["id"] == *id).unwrap();
    assert!(by_id(&review[0]["id"])["response"].as_str().unwrap().contains("return 0"));
    assert_eq!(by_id(&review[1]["id"])["response"], "mine");
    review[0]["decision"] = json!("perhaps");
    bench.write_rows("review.jsonl", &review);
    let ran = bench.run(&["import", "run", "review.jsonl", "-o", "again.jsonl"]).expect_status(2);
    ran.expect_stderr(&["row 1 of the review", "accept, reject, edit and drop"]);
    assert!(!bench.path("again.jsonl").exists());
}
