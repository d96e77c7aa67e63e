//! The report of rows, against the rows.

use serde_json::json;

use super::*;
use crate::{run::Times, sample::Message, sample::Sample};

fn sample(id: u64, response: &str) -> Sample {
    Sample {
        id: id.into(),
        messages: vec![Message::user(format!("q{id}"))],
        response: Some(response.to_owned()),
        responses: Vec::new(),
        reference: None,
        columns: std::sync::Arc::default(),
    }
}

fn report(rows: &[(Sample, serde_json::Value)]) -> Report {
    let mut builder = ReportBuilder::new(Times::default());
    for ((sample, columns), number) in rows.iter().zip(1..) {
        builder.add(number, sample, columns.as_object().unwrap());
    }
    builder.finish("test")
}

fn scored(score: f64) -> serde_json::Value {
    json!({"outcome": "scored", "score": score, "pass": score >= 1.0, "reason": "r"})
}

#[test]
fn errors_are_in_no_mean_and_unknown_usage_is_not_zero() {
    let usage = json!({"calls": 2, "prompt_tokens": null, "completion_tokens": null, "cost": null});
    let error = json!({"outcome": "error", "kind": "judge-unparsable", "reason": "no", "usage": usage});
    let rows = [
        (
            sample(1, "a"),
            json!({"grades": {"g": scored(1.0)}, "assessment": {"score": 1.0, "pass": true, "coverage": 1.0}}),
        ),
        (sample(2, "b"), json!({"grades": {"g": error}, "assessment": {"pass": false, "coverage": 0.0}})),
    ];
    let report = report(&rows);
    let grader = &report.graders["g"];
    assert_eq!(grader.score.after.map(|mean| (mean.mean, mean.count)), Some((1.0, 1)));
    assert_eq!(grader.outcomes, BTreeMap::from([("judge-unparsable".to_owned(), 1), ("scored".to_owned(), 1)]));
    assert_eq!(
        (grader.effort.usage.calls, grader.effort.usage.prompt_tokens, grader.effort.usage.cost),
        (2, None, None)
    );
    assert_eq!(report.errors.len(), 1);
    assert_eq!((report.coverage, report.fully_covered), (Some(0.5), 1));
    assert_eq!(report.passing.after.map(|share| (share.count, share.of)), Some((1, 2)));
    assert!(!report.is_refined() && report.passing.before.is_none());
}

#[test]
fn before_and_after_are_those_of_the_original_and_the_chosen_attempt() {
    let attempt = |response: &str, score: f64| json!({"response": response, "grades": {"g": scored(score)}, "assessment": {"score": score, "pass": score >= 1.0}});
    let mut written = attempt("new", 1.0);
    written["model"] = json!("m");
    let refined = json!({
        "grades": {"g": scored(1.0)}, "assessment": {"score": 1.0, "pass": true},
        "refinement": {"stop": "passed", "chosen": 1, "rounds": 1, "attempts": [attempt("old", 0.25), written],
            "usage": {"calls": 1, "writer": {"calls": 1, "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.5}, "graders": {}}},
    });
    let report = report(&[(sample(1, "new"), refined)]);
    assert_eq!(report.score.difference.map(|mean| mean.mean), Some(0.75));
    assert_eq!((report.passing.gained, report.passing.lost, report.score.better), (1, 0, 1));
    assert_eq!((report.writer.usage.calls, report.writer.usage.cost, report.judges.usage.calls), (1, Some(0.5), 0));
    assert_eq!(report.most_expensive.first().map(|row| (row.row, row.value)), Some((1, 0.5)));
    let refinement = report.refinement.as_ref().unwrap();
    assert_eq!((refinement.attempts, refinement.rewritten), (2, 1));
    let page = report.to_html();
    assert!(
        page.contains("<h4>original</h4><pre><del>old</del></pre>")
            && page.contains("<h4>best</h4><pre><ins>new</ins></pre>")
    );
}
