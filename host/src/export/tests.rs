//! What becomes of a refined row in each shape.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::dataset::ResponseColumn;

fn refined() -> (Sample, Columns) {
    let attempt = |response: &str, score: f64| json!({"response": response, "assessment": {"score": score, "pass": score >= 1.0, "coverage": 1.0}});
    let row = json!({
        "id": 7, "query": "q", "response": "good", "original_response": "bad",
        "grades": {"math": {"outcome": "scored", "score": 1.0, "pass": true}},
        "assessment": {"score": 1.0, "pass": true, "coverage": 1.0},
        "refinement": {"stop": "passed", "chosen": 2, "rounds": 2, "attempts": [
            attempt("bad", 0.25), attempt("worse", 0.0), attempt("good", 1.0),
            {"response": "failed", "assessment": {"coverage": 0.0}},
        ]},
    });
    let columns = row.as_object().unwrap().clone();
    let sample = Sample {
        id: json!(7),
        messages: vec![Message::system("s"), Message::user("q")],
        response: Some("good".to_owned()),
        responses: vec![],
        reference: None,
        columns: Arc::new(columns.clone()),
    };
    (sample, columns)
}

#[test]
fn a_row_that_passes_is_a_conversation_for_fine_tuning() {
    let (sample, mut columns) = refined();
    let row = sft(&sample, &columns, false).unwrap();
    assert_eq!(row["messages"][2], json!({"role": "assistant", "content": "good"}));
    columns["assessment"]["pass"] = json!(false);
    assert_eq!(sft(&sample, &columns, false), None);
    assert!(sft(&sample, &columns, true).is_some());
}

#[test]
fn the_chosen_attempt_is_preferred_to_the_worst_by_their_margin() {
    let (sample, columns) = refined();
    let found = pairs(&sample, &columns, Pairing { margin: 0.0, all: false });
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["chosen"][0]["content"], "good");
    assert_eq!(found[0]["rejected"][0]["content"], "worse");
    assert_eq!(found[0]["margin"], json!(1.0));
    assert_eq!(found[0]["prompt"], json!([{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]));
    assert_eq!(pairs(&sample, &columns, Pairing { margin: 0.0, all: true }).len(), 3);
    assert_eq!(pairs(&sample, &columns, Pairing { margin: 0.5, all: true }).len(), 2);
}

#[test]
fn only_attempts_with_a_score_are_rewarded() {
    let (sample, mut columns) = refined();
    let rows = rewards(&sample, &columns);
    let found: Vec<_> = rows.iter().map(|row| (row["reward"].as_f64(), row["label"].as_bool())).collect();
    assert_eq!(found, [(Some(0.25), Some(false)), (Some(0.0), Some(false)), (Some(1.0), Some(true))]);
    columns.remove("refinement");
    assert_eq!(rewards(&sample, &columns).len(), 1);
    columns.remove("assessment");
    assert_eq!(rewards(&sample, &columns), [] as [Value; 0]);
}

#[test]
fn the_most_doubtful_rows_come_first_and_no_more_than_asked_for() {
    let (sample, columns) = refined();
    let mut queue = ReviewQueue::new(Thresholds::from([("judge".to_owned(), 0.7)]), 2);
    let with = |grades: Value| {
        let mut columns = columns.clone();
        columns.insert("grades".to_owned(), grades);
        columns
    };
    queue.add(&sample, &with(json!({"judge": {"outcome": "scored", "score": 0.65}})));
    queue.add(&sample, &columns);
    queue.add(&sample, &with(json!({"math": {"outcome": "error", "kind": "grader-failed"}})));
    let mut plain = columns.clone();
    plain.remove("refinement");
    queue.add(&sample, &plain);
    let rows: Vec<Value> = queue.into_rows().collect();
    let why: Vec<&str> = rows.iter().map(|row| row["why"][0].as_str().unwrap()).collect();
    assert_eq!(why, ["math: error grader-failed", "judge: 0.65 is near the threshold 0.7"]);
    assert_eq!(rows[0]["original_response"], "bad");
    assert_eq!(rows[0]["decision"], Value::Null);
}

#[test]
fn a_reviewers_decisions_are_applied_by_id() {
    let (_, columns) = refined();
    let decided = |row: Value| {
        let mut decisions = Decisions::default();
        decisions.add(1, row.as_object().unwrap()).map(|()| decisions)
    };
    let apply =
        |row: Value| decided(row).unwrap().apply(&json!(7), columns.clone(), &ResponseColumn::of_text("response"));
    assert_eq!(apply(json!({"id": 8, "decision": "drop"})), Some(columns.clone()));
    assert_eq!(apply(json!({"id": 7, "decision": "drop"})), None);
    assert_eq!(apply(json!({"id": 7, "decision": null})), Some(columns.clone()));
    let rejected = apply(json!({"id": 7, "decision": "reject", "comment": "no"})).unwrap();
    assert_eq!((&rejected["response"], rejected.get("grades")), (&json!("bad"), None));
    assert_eq!(rejected["review"], json!({"decision": "reject", "comment": "no"}));
    let edited = apply(json!({"id": 7, "decision": "Edit", "edited_response": "mine"})).unwrap();
    assert_eq!((&edited["response"], &edited["original_response"]), (&json!("mine"), &json!("bad")));
    for (row, part) in [
        (json!({"id": 7, "decision": "perhaps"}), "one of accept"),
        (json!({"id": 7, "decision": "edit"}), "edited_response"),
        (json!({"decision": "accept"}), "`id`"),
    ] {
        assert!(decided(row).unwrap_err().to_string().contains(part));
    }
}

#[test]
fn a_row_of_a_table_without_an_original_keeps_its_response_when_it_is_rejected() {
    // Tables have every column in every row.
    let row = json!({"id": 7, "response": "good", "original_response": null});
    let decided = |decision: Value| {
        let mut decisions = Decisions::default();
        decisions.add(1, decision.as_object().unwrap()).unwrap();
        decisions.apply(&json!(7), row.as_object().unwrap().clone(), &ResponseColumn::of_text("response")).unwrap()
    };
    assert_eq!(decided(json!({"id": 7, "decision": "reject"}))["response"], "good");
    let edited = decided(json!({"id": 7, "decision": "edit", "edited_response": "mine"}));
    assert_eq!((&edited["response"], &edited["original_response"]), (&json!("mine"), &json!("good")));
}
