//! The rows that come out.

use serde_json::{Value, json};

use super::*;
use crate::{
    panel::scripted::{component, panel, sample},
    refine::{RefineSettings, Refiner, refine, regrade, scripted::Scripted},
};

fn columns(row: Value) -> Columns {
    let Value::Object(columns) = row else { panic!("a row is an object") };
    columns
}

/// The row after a refinement of the response `before` by a writer that answers as given.
async fn refined_row(row: Value, before: &str, answers: &[&str]) -> Value {
    let sample = sample(before);
    let settings = RefineSettings { rounds: 1, ..RefineSettings::default() };
    let refiner = Refiner { writer: &Scripted::saying(answers), final_judge: None, settings: &settings };
    let refinement = refine(&sample, &panel([component("a")]), refiner).await;
    Value::Object(refined(columns(row), &ResponseColumn::of_text("text"), sample.response, &refinement))
}

fn keys(row: &Value) -> Vec<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn earlier_grades_are_replaced_and_every_other_column_stays() {
    let row = columns(json!({"grades": {"old": 1}, "n": 1, "z": [null], "assessment": 3}));
    let assessment = panel([component("a")]).assess(&sample("a=1")).await;
    let row = Value::Object(graded(row, &assessment));
    assert_eq!(keys(&row), ["grades", "n", "z", "assessment"]);
    assert_eq!(keys(&row["grades"]), ["a"]);
    assert_eq!(row["z"], json!([null]));
}

#[tokio::test]
async fn a_row_that_passes_keeps_its_response() {
    let row = refined_row(json!({"text": "a=1", "id": 7}), "a=1", &[]).await;
    assert_eq!(keys(&row), ["text", "id", "grades", "assessment", "refinement"]);
    assert_eq!((&row["text"], &row["refinement"]["stop"]), (&json!("a=1"), &json!("already-passing")));
}

#[tokio::test]
async fn a_better_response_takes_the_place_of_the_original_which_stays_beside_it() {
    let row = refined_row(json!({"text": "a=0", "id": 7}), "a=0", &["a=1"]).await;
    let expected = ["text", "id", "grades", "assessment", "original_response", "refinement", "refinement_notes"];
    assert_eq!(keys(&row), expected);
    assert_eq!((&row["text"], &row["original_response"]), (&json!("a=1"), &json!("a=0")));
    assert_eq!(row["assessment"]["score"], json!(1.0));
    assert_eq!(row["refinement_notes"], json!({"a": {"score": 0.0, "reason": "a gives 0"}}));
}

#[tokio::test]
async fn a_response_that_nothing_beats_stays_with_the_record_of_what_was_tried() {
    let row = refined_row(json!({"text": "a=0.5"}), "a=0.5", &["a=0"]).await;
    assert_eq!(keys(&row), ["text", "grades", "assessment", "refinement", "refinement_notes"]);
    assert_eq!((&row["text"], &row["refinement"]["chosen"]), (&json!("a=0.5"), &json!(0)));
}

#[tokio::test]
async fn the_first_original_stays_the_original() {
    let row = refined_row(json!({"text": "a=0.5", "original_response": "first"}), "a=0.5", &["a=1"]).await;
    assert_eq!((&row["text"], &row["original_response"]), (&json!("a=1"), &json!("first")));
}

#[tokio::test]
async fn a_response_from_elsewhere_stands_in_the_column_even_where_it_stays() {
    let row = refined_row(json!({"messages": []}), "a=1", &[]).await;
    assert_eq!((&row["text"], row.get("original_response")), (&json!("a=1"), None));
}

#[tokio::test]
async fn a_response_that_is_turns_stays_turns() {
    let turns = json!([{"role": "assistant", "content": "a=0"}]);
    let row = refined_row(json!({"text": turns}), "a=0", &["a=1"]).await;
    let after = json!([{"role": "assistant", "content": "a=1"}]);
    assert_eq!((&row["text"], &row["original_response"]), (&after, &turns));
    let from_elsewhere = refined_row(json!({"messages": []}), "a=0", &["a=1"]).await;
    assert_eq!(from_elsewhere["original_response"], json!("a=0"));
}

#[tokio::test]
async fn a_first_response_has_no_original() {
    let row = refined_row(json!({"text": null}), "", &["a=1"]).await;
    assert_eq!(keys(&row), ["text", "grades", "assessment", "refinement"]);
    assert_eq!(row["text"], json!("a=1"));
}

#[tokio::test]
async fn a_row_for_which_no_response_came_has_no_grades() {
    let row = refined_row(json!({"id": 1, "grades": {"old": 1}}), "", &[]).await;
    assert_eq!(keys(&row), ["id", "refinement"]);
    assert_eq!(row["refinement"]["stop"], json!("model-error"));
    assert_eq!(row["refinement"]["error"], json!("no more"));
}

/// The row after its attempts were graded anew.
async fn regraded_row(row: Value) -> Value {
    let row = Row { number: 3, line: 3, columns: columns(row) };
    let response = row.columns.get("text").and_then(ResponseColumn::text).unwrap_or_default();
    let sample = sample(&response);
    let recorded = recorded(&row, &sample).unwrap();
    let refinement = regrade(&sample, &panel([component("a")]), recorded, None).await;
    Value::Object(regraded(row.columns, &ResponseColumn::of_text("text"), &refinement))
}

fn attempts(responses: &[(&str, bool)]) -> Value {
    let attempt = |(response, is_given): &(&str, bool)| match is_given {
        true => json!({"response": response}),
        false => json!({"response": response, "model": "m"}),
    };
    json!({"attempts": responses.iter().map(attempt).collect::<Vec<_>>(), "rounds": 1, "stop": "rounds"})
}

#[tokio::test]
async fn another_attempt_takes_the_place_of_the_one_that_was_chosen_and_the_original_stays() {
    let tried = attempts(&[("a=0", true), ("a=0.5", false), ("a=1", false)]);
    let row =
        json!({"text": "a=0.5", "original_response": "a=0", "refinement": tried, "refinement_notes": {"old": {}}});
    let row = regraded_row(row).await;
    assert_eq!((&row["text"], &row["original_response"]), (&json!("a=1"), &json!("a=0")));
    assert_eq!((&row["refinement"]["stop"], &row["refinement"]["chosen"]), (&json!("regraded"), &json!(2)));
    assert_eq!(row["refinement_notes"], json!({"a": {"score": 0.0, "reason": "a gives 0"}}));
    let unmoved = regraded_row(json!({"text": "a=0", "refinement": tried})).await;
    assert_eq!((&unmoved["text"], &unmoved["original_response"]), (&json!("a=1"), &json!("a=0")));
}

#[tokio::test]
async fn an_original_that_is_the_best_comes_back_as_it_was() {
    let turns = json!([{"role": "assistant", "content": "a=1"}]);
    let after = json!([{"role": "assistant", "content": "a=0.5"}]);
    let tried = attempts(&[("a=1", true), ("a=0.5", false)]);
    let row = regraded_row(json!({"text": after, "original_response": turns, "refinement": tried})).await;
    assert_eq!((&row["text"], row.get("original_response")), (&turns, None));
}

#[tokio::test]
async fn a_row_that_had_no_response_has_no_original_after_all() {
    let tried = attempts(&[("a=0.5", false), ("a=1", false)]);
    let row = regraded_row(json!({"text": "a=0.5", "refinement": tried.to_string()})).await;
    assert_eq!((&row["text"], row.get("original_response")), (&json!("a=1"), None));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named_with_its_row_and_column() {
    for refinement in [json!("{"), json!([1]), json!({"attempts": 1})] {
        let row = Row { number: 3, line: 3, columns: columns(json!({"text": "r", "refinement": refinement})) };
        let error = recorded(&row, &sample("r")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidSample);
        assert!(error.reason.starts_with("row 3: the column `refinement` "), "{}", error.reason);
    }
}
