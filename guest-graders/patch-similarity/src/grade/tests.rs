//! Verdicts on whole responses.

use gradebox_sdk::serde_json::Map;

use super::*;

fn grade(response: &str, reference: &str, mode: Mode) -> Verdict {
    let sample = Sample {
        response: response.to_owned(),
        reference: Some(reference.to_owned()),
        fields: Map::new(),
        ..Sample::default()
    };
    PatchSimilarity::grade(&sample, &Params { mode }).unwrap()
}

fn score(response: &str, reference: &str) -> f64 {
    match grade(response, reference, Mode::Patch) {
        Verdict::Scored { value, .. } => value,
        other => panic!("{other:?}"),
    }
}

fn is(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
}

#[test]
fn only_changed_lines_count() {
    let headers = PATCH.replace("--- a/", "diff --git a/sum.py b/sum.py\nindex 1..2 100644\n--- a/");
    is(score(&headers, PATCH), 1.0);
    let context = PATCH.replace(" def add(a, b):", " def add(first, second):  # another context\n ");
    is(score(&context, PATCH), 1.0);
    is(score(&PATCH.replace("sum.py", "total.py"), PATCH), 1.0);
    let other = score(&PATCH.replace("a + b", "b + a"), PATCH);
    assert!(other > 0.8 && other < 1.0, "{other}");
    assert!(score("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-zzz\n+yyy\n", PATCH) < 0.3);
}

#[test]
fn files_are_compared_by_their_paths_in_any_order() {
    let file = |name: &str, line: &str| format!("--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-{line}0\n+{line}1\n");
    let (one, two) = (file("one", "abc"), file("two", "xyz"));
    is(score(&format!("{two}{one}"), &format!("{one}{two}")), 1.0);
    is(score(&one, &format!("{one}{two}")), 2.0 / 3.0);
    is(
        score(&format!("{}{}", file("one", "xyz"), file("two", "abc")), &format!("{one}{two}")),
        score(&file("one", "xyz"), &one),
    );
}

#[test]
fn the_reason_says_what_is_surplus_and_keeps_the_reference_to_itself() {
    let Verdict::Scored { reason, details, .. } = grade(&PATCH.replace("a + b", "a * b"), PATCH, Mode::Patch) else {
        panic!("no score");
    };
    assert!(reason.contains("missing: 1") && reason.contains("`+    return a * b`"), "{reason}");
    assert!(!reason.contains("a + b"), "{reason}");
    assert_eq!((details["missing_lines"].as_u64(), details["surplus_lines"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn texts_that_are_no_patches_are_compared_whole() {
    let (a, b) = ("def add(a, b):\n    return a + b", "def add(x, y):\n    return x + y");
    is(score(a, b), 27.0 / 31.0);
    is(score(&format!("```python\n{a}\n```"), b), 27.0 / 31.0);
    is(score(PATCH, PATCH.lines().last().unwrap().trim_start_matches('+')), score(PATCH.trim(), "return a + b"));
}

#[test]
fn long_patches_are_compared_by_line_and_too_long_texts_not_at_all() {
    let long = (0..4_000).map(|n| format!("+line number {n} of a long patch\n")).collect::<Vec<_>>().concat();
    let patch = format!("--- a/x\n+++ b/x\n@@ -0,0 +1,4000 @@\n{long}");
    let Verdict::Scored { value, details, .. } = grade(&patch, &patch.replace("number 7 ", "number 77 "), Mode::Patch)
    else {
        panic!("no score");
    };
    is(value, 1.0 - 1.0 / 4_000.0);
    assert_eq!(details["unit"], "line");
    assert!(matches!(grade(&"a".repeat(LARGEST + 1), "a", Mode::Difflib), Verdict::Undecided(_)));
}

#[test]
fn a_row_without_a_reference_is_invalid() {
    let sample = Sample { response: PATCH.to_owned(), ..Sample::default() };
    assert!(matches!(PatchSimilarity::grade(&sample, &Params::default()), Err(GradeError::InvalidSample(_))));
}
