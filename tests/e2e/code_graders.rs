//! The graders of code that run nothing: `syntax`, `code-style`, `patch-similarity`.

use serde_json::{Value, json};

use crate::support::{Bench, grade, root};

const PATCH: &str =
    "--- a/sum.py\n+++ b/sum.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b\n";

#[test]
fn their_golden_examples_hold() {
    let bench = Bench::new();
    for name in ["syntax", "code-style", "patch-similarity"] {
        let component = root().join(format!("target/graders/{name}.wasm"));
        let ran = bench.run(&["check", component.to_str().unwrap()]).expect_status(0);
        assert!(ran.stdout.contains("examples as it says"), "{}", ran.stdout);
    }
}

#[test]
fn many_languages_are_parsed_and_no_unknown_one_passes() {
    let bench = Bench::new();
    let fenced = |tag: &str, code: &str| json!({"response": format!("So:\n```{tag}\n{code}\n```")});
    let rows = [
        fenced("js", "const f = (x) => x ?? 1;"),
        fenced("js", "const f = (x =>;"),
        fenced("rust", "fn main() {\n    let x = 1\n    f(x);\n}"),
        fenced("json", "{'a': 1}"),
        fenced("cobol", "DISPLAY 'A'."),
        fenced("", "1 2 3"),
        fenced("python", "def f(:\n    pass"),
        fenced("js", &"[".repeat(10_000)),
    ];
    let (ran, graded) = bench.grade(&rows, &["-g", "syntax"]);
    ran.expect_status(0);
    let verdicts: Vec<&Value> = graded.iter().map(|row| grade(row, "syntax")).collect();
    let scores: Vec<Option<f64>> = verdicts.iter().map(|verdict| verdict["score"].as_f64()).collect();
    assert_eq!(scores, [Some(1.0), Some(0.0), Some(0.0), Some(0.0), None, None, Some(0.0), None]);
    let outcomes: Vec<&Value> = verdicts.iter().map(|verdict| &verdict["outcome"]).collect();
    assert_eq!(
        (outcomes[4], outcomes[5], outcomes[7]),
        (&json!("not-applicable"), &json!("not-applicable"), &json!("undecided"))
    );
    let reason = verdicts[2]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("line 4, column 14: expected `;`\n        let x = 1\n"), "{reason}");
}

#[test]
fn style_is_judged_by_names_and_indentation() {
    let bench = Bench::new();
    let rows = [
        json!({"response": "```python\ndef calc(n):\n    t = 0\n    return t + n\n```"}),
        json!({"response": "```python\ndef Calc():\n    T = 0\n\ndef Other():\n\tU = 1\n```"}),
        json!({"response": "No code here."}),
    ];
    let (ran, graded) = bench.grade(&rows, &["-g", "code-style"]);
    ran.expect_status(0);
    let score = |row: usize| grade(&graded[row], "code-style").get("score").and_then(Value::as_f64);
    assert_eq!([score(0), score(1), score(2)], [Some(1.0), Some(0.0), None]);
    assert_eq!(grade(&graded[2], "code-style")["outcome"], "not-applicable");
    let reason = grade(&graded[1], "code-style")["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("line 3, column 5: variable `T` should be written `t`"), "{reason}");
}

#[test]
fn patches_are_compared_by_what_they_change() {
    let bench = Bench::new();
    let git = PATCH.replace("--- a/", "diff --git a/sum.py b/sum.py\nindex 1..2 100644\n--- a/");
    let endless = format!("--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n{}", "+a\n".repeat(100_000));
    let rows = [
        json!({"response": format!("The fix:\n```diff\n{git}```"), "reference": PATCH}),
        json!({"response": "Use a plus sign.", "reference": PATCH}),
        json!({"response": endless, "reference": endless}),
        json!({"response": PATCH}),
    ];
    let (_, graded) = bench.grade(&rows, &["-g", "patch-similarity"]);
    let outcomes: Vec<&str> =
        graded.iter().map(|row| grade(row, "patch-similarity")["outcome"].as_str().unwrap_or_default()).collect();
    assert_eq!(outcomes, ["scored", "scored", "undecided", "error"]);
    let score = |row: usize| grade(&graded[row], "patch-similarity").get("score").and_then(Value::as_f64);
    assert_eq!([score(0), score(1)], [Some(1.0), Some(0.0)]);
    assert_eq!(grade(&graded[3], "patch-similarity")["kind"], "invalid-sample");
}
