//! `math` through the real binary: its conventions from the configuration, its bounds in its own sandbox.

use serde_json::{Value, json};

use crate::support::{Bench, grade};

/// Two graders of one component under different conventions.
const CONFIG: &str = r#"
[graders.exact]
component = "math"

[graders.usual]
component = "math"
params = { preset = "math-verify", rounded-places = 3 }
"#;

#[test]
fn conventions_come_from_the_configuration() {
    let bench = Bench::new();
    bench.write("gradebox.toml", CONFIG);
    let rows = [
        json!({"query": "q", "response": "It is $0.667$.", "reference": "2/3"}),
        json!({"query": "q", "response": "\\boxed{35\\text{ cm}}", "reference": "35 m"}),
        json!({"query": "q", "response": "\\boxed{1 < x < 2}", "reference": "(1, 2)"}),
        json!({"query": "q", "response": "\\boxed{\\frac{6}{4}}", "reference": "1.5"}),
    ];
    let (ran, graded) = bench.grade(&rows, &[]);
    ran.expect_status(0);
    let scores = |grader: &str| -> Vec<Option<f64>> {
        graded.iter().map(|row| grade(row, grader).get("score").and_then(Value::as_f64)).collect()
    };
    assert_eq!(scores("exact"), [Some(0.0), Some(0.0), Some(1.0), Some(1.0)]);
    assert_eq!(scores("usual"), [Some(1.0), Some(1.0), Some(0.0), Some(1.0)]);
}

#[test]
fn parameters_that_contradict_are_named() {
    let bench = Bench::new();
    bench.write("gradebox.toml", "[graders.math]\nparams = { rounded-digits = 3, rounded-places = 3 }\n");
    let (_, graded) = bench.grade(&[json!({"query": "q", "response": "1", "reference": "1"})], &[]);
    let verdict = grade(&graded[0], "math");
    assert_eq!(verdict["kind"], "invalid-params", "{verdict}");
    assert!(verdict["reason"].as_str().unwrap_or_default().contains("rounded-places"), "{verdict}");
}

#[test]
fn hostile_mathematics_ends_in_a_verdict_and_harms_no_other_row() {
    let bench = Bench::new();
    let nested = |times: usize| format!("{}x{}", "(".repeat(times), ")".repeat(times));
    let fractions = |times: usize| format!("{}x{}", "\\frac{1}{1+".repeat(times), "}".repeat(times));
    let answers = [
        "10^{10^{10}}".to_owned(),
        "9^{9^{9^{9}}}".to_owned(),
        "10000000!".to_owned(),
        "\\binom{10^7}{5\\cdot 10^6}".to_owned(),
        "\\sum_{k=1}^{10^9}\\frac{1}{k}".to_owned(),
        "(x+y+z+w)^{400}".to_owned(),
        nested(3_000),
        fractions(150),
        fractions(3_000),
        "\\{".repeat(3_000),
        "1".repeat(1_000_000),
        "7".to_owned(),
    ];
    let rows: Vec<Value> = answers
        .iter()
        .map(|answer| json!({"query": "q", "response": format!("\\boxed{{{answer}}}"), "reference": "7"}))
        .collect();
    let (ran, graded) = bench.grade(&rows, &["-g", "math"]);
    ran.expect_status(0);
    for (row, answer) in graded.iter().zip(&answers) {
        let verdict = grade(row, "math");
        let shown = answer.chars().take(40).collect::<String>();
        assert!(matches!(verdict["outcome"].as_str(), Some("scored" | "undecided")), "{shown}: {verdict}");
        let right = answer == "7";
        assert_eq!(verdict.get("score").and_then(Value::as_f64) == Some(1.0), right, "{shown}: {verdict}");
    }
}
