//! A grader that is asked where another is undecided, and only there.

use serde_json::{Value, json};

use crate::support::{Bench, grade, hostile_graders};

const CONFIGURATION: &str = "[graders.math]\nsecond_opinion = \"hostile\"\n[graders.hostile]\nweight = 3.0\n";

fn graded(rows: &[Value]) -> Vec<Value> {
    let bench = Bench::new();
    let directory = hostile_graders(&bench);
    bench.write("gradebox.toml", CONFIGURATION);
    let (ran, graded) = bench.grade(rows, &["--graders", &directory.to_string_lossy()]);
    ran.expect_status(0);
    graded
}

#[test]
fn the_second_grader_decides_what_the_first_cannot_and_nothing_else() {
    let rows = graded(&[
        json!({"id": "undecided", "query": "Why?", "response": "behave"}),
        json!({"id": "wrong", "query": "Solve for x: x + 1 = 3", "response": "x = 5"}),
        json!({"id": "right", "query": "Solve for x: x + 1 = 3", "response": "x = 2"}),
    ]);
    let decided = grade(&rows[0], "math");
    assert_eq!(
        (&decided["outcome"], &decided["score"], &decided["pass"]),
        (&json!("scored"), &json!(1.0), &json!(true))
    );
    assert_eq!((&decided["details"]["decided_by"], &decided["reason"]), (&json!("hostile"), &json!("as good as gold")));
    assert!(
        decided["details"]["undecided"].as_str().is_some_and(|reason| reason.contains("no reference")),
        "{decided}"
    );
    for (row, score) in [(1, 0.0), (2, 1.0)] {
        let own = grade(&rows[row], "math");
        assert_eq!(own["score"].as_f64(), Some(score), "{own}");
        assert!(own["details"].get("decided_by").is_none(), "{own}");
    }
    for row in &rows {
        assert!(row["grades"].get("hostile").is_none(), "it is no grader of the run: {row}");
    }
}

#[test]
fn a_second_grader_that_fails_leaves_the_row_undecided_and_says_why() {
    let failing = ["loop", "panic", "nan", "internal"];
    let rows = graded(&failing.map(|how| json!({"query": "Why?", "response": how})));
    for (row, kind) in rows.iter().zip(["grader-limit", "grader-failed", "bad-result", "grader-failed"]) {
        let verdict = grade(row, "math");
        assert_eq!(verdict["outcome"], "undecided", "{verdict}");
        assert!(verdict.get("score").is_none(), "{verdict}");
        let reason = verdict["reason"].as_str().unwrap_or_default();
        assert!(
            reason.contains("the second opinion of `hostile` could not be had") && reason.contains(kind),
            "{reason}"
        );
    }
}

#[test]
fn a_second_opinion_that_nothing_is_known_by_is_refused_before_the_first_row() {
    let bench = Bench::new();
    bench.write("gradebox.toml", "[graders.math]\nsecond_opinion = \"maths\"\n");
    let (ran, _) = bench.grade(&[json!({"query": "Why?", "response": "x"})], &[]);
    ran.expect_status(2).expect_stderr(&["unknown grader `maths` in [graders.math]", "did you mean `math`?"]);
}
