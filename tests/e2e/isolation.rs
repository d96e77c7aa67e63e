//! Verdicts that cannot be faked: programs that want to pass without doing what their tests ask, in every format of
//! tests, and honest programs of the same shapes. The programs stand in `tests/hostile/programs`.

use serde_json::{Map, Value, json};

use crate::support::{Bench, grade, root};

const GRADER: &str = "code-execution:{\"timeout_ms\": 1500, \"max_timeouts\": 1}";

/// Programs that add, whatever the format of the test.
const HONEST: [&str; 4] = [
    "def add(a, b):\n    return a + b",
    "class Solution:\n    def add(self, a, b):\n        return a + b\n\nadd = Solution().add",
    "import operator\n\nadd = lambda a, b: operator.add(a, b)",
    "import functools\n\ndef logged(f):\n    @functools.wraps(f)\n    def g(*a):\n        return f(*a)\n    return g\n\n@logged\ndef add(a, b):\n    return a + b",
];

#[test]
fn no_attack_passes_in_any_format() {
    let attacks = tables("attacks.toml", "attack");
    let rows: Vec<Value> =
        attacks.iter().flat_map(|attack| rows_of(&text(attack, "name"), &text(attack, "code"))).collect();
    assert!(rows.len() > 500, "{} attacks", rows.len());
    let graded = graded(&rows);
    let passing: Vec<String> = graded.iter().filter(|row| passes(row)).map(describe).collect();
    assert!(passing.is_empty(), "{} attacks passed:\n{}", passing.len(), passing.join("\n"));
    for row in &graded {
        let grade = grade(row, "code-execution");
        assert!(grade["outcome"] == "scored" || grade["outcome"] == "undecided", "{}", describe(row));
        let isolation = &grade["details"]["isolation"];
        assert!(
            grade["outcome"] == "undecided" || isolation.is_null() || *isolation == "separate",
            "{}",
            describe(row)
        );
    }
}

#[test]
fn no_lie_passes_its_own_test() {
    let graded = graded(&cases("lies.toml"));
    let passing: Vec<String> = graded.iter().filter(|row| passes(row)).map(describe).collect();
    assert!(passing.is_empty(), "{} lies passed:\n{}", passing.len(), passing.join("\n"));
}

#[test]
fn honest_programs_pass() {
    let mut rows: Vec<Value> = HONEST.iter().flat_map(|code| rows_of("honest", code)).collect();
    rows.extend(cases("honest.toml"));
    let graded = graded(&rows);
    let failing: Vec<String> = graded.iter().filter(|row| !passes(row)).map(describe).collect();
    assert!(failing.is_empty(), "{} honest programs failed:\n{}", failing.len(), failing.join("\n"));
}

/// A program as a row of every task.
fn rows_of(name: &str, code: &str) -> Vec<Value> {
    let row = |task: Map<String, Value>| {
        let suffix = task.get("suffix").and_then(Value::as_str).unwrap_or_default();
        let mut row = task["row"].as_object().unwrap().clone();
        row.insert("name".to_owned(), json!(format!("{name}, {}", task["name"])));
        row.insert("response".to_owned(), fenced(&format!("{}{suffix}", code.trim_start_matches('\n'))));
        Value::Object(row)
    };
    tables("tasks.toml", "task").into_iter().map(row).collect()
}

/// Programs with tests of their own, as rows.
fn cases(file: &str) -> Vec<Value> {
    let row = |mut case: Map<String, Value>| {
        let code = text(&case, "code");
        case.remove("code");
        case.insert("response".to_owned(), fenced(&code));
        Value::Object(case)
    };
    tables(file, "case").into_iter().map(row).collect()
}

fn fenced(code: &str) -> Value {
    json!(format!("```python\n{}\n```", code.trim_start_matches('\n').trim_end()))
}

fn tables(file: &str, key: &str) -> Vec<Map<String, Value>> {
    let path = root().join("tests/hostile/programs").join(file);
    let content: Value = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    content[key].as_array().unwrap().iter().map(|table| table.as_object().unwrap().clone()).collect()
}

fn text(table: &Map<String, Value>, key: &str) -> String {
    table[key].as_str().unwrap().to_owned()
}

fn graded(rows: &[Value]) -> Vec<Value> {
    let bench = Bench::new();
    let (ran, graded) = bench.grade(rows, &["-g", GRADER, "--jobs", "2"]);
    assert_eq!(graded.len(), rows.len(), "{}", ran.stderr);
    graded
}

fn passes(row: &Value) -> bool {
    grade(row, "code-execution")["pass"] == true
}

fn describe(row: &Value) -> String {
    let grade = grade(row, "code-execution");
    format!("{}: {} {}", row["name"], grade["outcome"], grade["reason"])
}
