//! Checkers: programs that want to be taken by one that should not, and checkers that do not answer as they should. Both
//! stand in `tests/hostile/programs/checkers.toml`.

use serde_json::{Map, Value, json};

use crate::support::{Bench, grade, root};

const GRADER: &str = "code-execution";
const CHOSEN: &str = "code-execution:{\"timeout_ms\": 400}";

/// Makes the runtime of the program speak `$FORGED` for whatever the function returns.
const FORGE: &str = r"
def f(numbers):
    import sys
    frame = sys._getframe(1)
    while frame is not None:
        for name in ('encode', 'written', 'scalar'):
            if name in frame.f_globals:
                frame.f_globals[name] = lambda *anything: $FORGED
        frame = frame.f_back
    return numbers
";

fn suite() -> Value {
    let path = root().join("tests/hostile/programs/checkers.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn tables(suite: &Value, key: &str) -> Vec<Map<String, Value>> {
    suite[key].as_array().unwrap().iter().map(|table| table.as_object().unwrap().clone()).collect()
}

fn text<'a>(table: &'a Map<String, Value>, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn fenced(language: &str, code: &str) -> Value {
    json!(format!("```{language}\n{}\n```", code.trim_start_matches('\n').trim_end()))
}

fn graded(rows: &[Value]) -> Vec<Value> {
    let bench = Bench::new();
    let (ran, graded) = bench.grade(rows, &["-g", CHOSEN, "--jobs", "2"]);
    assert_eq!(graded.len(), rows.len(), "{}", ran.stderr);
    assert!(!ran.stderr.contains("died"), "{}", ran.stderr);
    graded
}

fn describe(row: &Value) -> String {
    let grade = grade(row, GRADER);
    format!("{}: {} {}", row["name"], grade["outcome"], grade["reason"])
}

fn code_of(attack: &Map<String, Value>) -> String {
    match attack.get("forges").and_then(Value::as_str) {
        Some(forged) => FORGE.replace("$FORGED", &json!(forged).to_string()),
        None => text(attack, "code").to_owned(),
    }
}

#[test]
fn no_program_passes_a_checker_that_should_refuse_it() {
    let suite = suite();
    let (attacks, tasks) = (tables(&suite, "attack"), tables(&suite, "task"));
    assert!(attacks.len() >= 50 && tasks.len() >= 7, "{} attacks, {} tasks", attacks.len(), tasks.len());
    let mut rows = Vec::new();
    for attack in &attacks {
        for task in &tasks {
            let mut row = task["row"].as_object().unwrap().clone();
            let code = format!("{}{}", code_of(attack), text(task, "suffix"));
            row.insert("name".to_owned(), json!(format!("{}, {}", text(attack, "name"), text(task, "name"))));
            row.insert("response".to_owned(), fenced("python", &code));
            row.insert("careful".to_owned(), task["careful"].clone());
            rows.push(Value::Object(row));
        }
    }
    for row in graded(&rows) {
        let verdict = grade(&row, GRADER);
        assert_ne!(verdict["pass"], true, "{}", describe(&row));
        if verdict["outcome"] == "scored" {
            assert_eq!(verdict["score"].as_f64(), Some(0.0), "{}", describe(&row));
            assert_eq!(verdict["details"]["isolation"], "separate", "{row}");
        } else {
            // Only a checker that cannot take every output falls over one, and is named for it.
            assert_eq!((&row["careful"], &verdict["kind"]), (&json!(false), &json!("invalid-sample")), "{row}");
            assert!(verdict["reason"].as_str().is_some_and(|reason| reason.contains("the checker ")), "{row}");
        }
    }
}

#[test]
fn honest_programs_pass_their_checkers() {
    let row = |mut case: Map<String, Value>| {
        let language = if case.contains_key("language") { "javascript" } else { "python" };
        let code = case.remove("code").unwrap();
        case.insert("response".to_owned(), fenced(language, code.as_str().unwrap()));
        Value::Object(case)
    };
    let rows: Vec<Value> = tables(&suite(), "honest").into_iter().map(row).collect();
    for row in graded(&rows) {
        assert_eq!(grade(&row, GRADER)["pass"], true, "{}", describe(&row));
    }
}

/// An honest program with a checker of each table.
fn checked_by(key: &str) -> Vec<Value> {
    let row = |checker: Map<String, Value>| {
        let mut row = checker.clone();
        row.remove("code");
        row.remove("score");
        row.insert("expected_score".to_owned(), checker.get("score").cloned().unwrap_or_default());
        row.insert("response".to_owned(), fenced("python", "def f(n):\n    return n"));
        row.insert("tests".to_owned(), json!({"fn_name": "f", "inputs": [[1]], "outputs": [1]}));
        row.insert("checker".to_owned(), checker["code"].clone());
        Value::Object(row)
    };
    graded(&tables(&suite(), key).into_iter().map(row).collect::<Vec<_>>())
}

#[test]
fn a_checker_that_does_not_answer_is_an_error_of_its_row() {
    let rows = checked_by("checker");
    assert!(rows.len() >= 30, "{}", rows.len());
    for row in rows {
        let verdict = grade(&row, GRADER);
        assert!(verdict.get("score").is_none() && verdict["kind"] == "invalid-sample", "{}", describe(&row));
        let reason = verdict["reason"].as_str().unwrap_or_default();
        let says = row["says"].as_str().unwrap();
        assert!(reason.contains("column `checker`: test 1: the checker ") && reason.contains(says), "{says}: {reason}");
    }
}

#[test]
fn an_answer_is_what_it_is_and_not_what_it_says_of_itself() {
    for row in checked_by("answer") {
        let verdict = grade(&row, GRADER);
        assert_eq!(verdict["score"].as_f64(), row["expected_score"].as_f64(), "{}", describe(&row));
        assert!(verdict["score"].as_f64().is_some_and(f64::is_sign_positive), "{}", describe(&row));
        assert_eq!(verdict["pass"], verdict["score"].as_f64() == Some(1.0), "{}", describe(&row));
    }
}

#[test]
fn an_object_that_stays_in_its_sandbox_is_wrong_whoever_checks() {
    let checker = "def check(input, output, expected):\n    return True\n";
    let row = |language: &str, code: &str| json!({"response": fenced(language, code), "tests": [{"call": "f()"}], "checker": checker, "name": code});
    let rows = [
        row("python", "class Point: pass\ndef f(): return Point()"),
        row("python", "def f(): return [1, {'a': (x for x in 'b')}]"),
        row("javascript", "class Point {}\nfunction f() { return [new Point()] }"),
        row("javascript", "function f() { return () => 3 }"),
    ];
    let kinds = ["Point", "generator", "Point", "function"];
    for (row, kind) in graded(&rows).iter().zip(kinds) {
        let verdict = grade(row, GRADER);
        assert_eq!(verdict["score"].as_f64(), Some(0.0), "{}", describe(row));
        let reason = verdict["reason"].as_str().unwrap_or_default();
        let says = format!("an object of type `{kind}`, which cannot leave the program's sandbox");
        assert!(reason.contains(&says), "{reason}");
        assert_eq!(verdict["details"]["tests"][0]["verdict"], "wrong", "{row}");
    }
}

#[test]
fn what_a_test_cannot_give_to_a_checker_is_the_rows_fault() {
    let rows = [json!({
        "name": "no date", "response": fenced("python", "def f(n): return n"),
        "tests": [{"function": "f", "args": [1], "expected": {"$date": "9999-99-99"}}],
        "checker": "def check(input, output, expected):\n    return True\n",
    })];
    let verdict = grade(&graded(&rows)[0], GRADER).clone();
    assert!(verdict["kind"] == "invalid-sample" && verdict.get("score").is_none(), "{verdict}");
}

#[test]
fn floods_of_output_are_judged_like_any_other() {
    // What may be printed grows with what is expected; these are 12 MB, and 72 MB as text that is escaped.
    let tests = vec![json!({"input": "", "output": "1".repeat(1_500_000)}); 4];
    let rows = [json!({
        "name": "flood", "response": fenced("python", "print('\\x01' * 2_990_000)"), "tests": tests,
        "checker": "def check(input, output, expected):\n    return len(output) < 1000\n",
    })];
    let row = &graded(&rows)[0];
    assert_eq!(grade(row, GRADER)["score"].as_f64(), Some(0.0), "{}", describe(row));
}
