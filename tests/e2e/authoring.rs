//! Writing graders: `new`, `build`, the SDK of each language, and `grade --watch`.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{Bench, grade, root};

const LANGUAGES: [&str; 7] = ["rust", "python", "javascript", "typescript", "c", "zig", "go"];

/// A bench whose compilers are those that `make example-graders` installed.
fn bench() -> Bench {
    let toolchains = root().join("target/toolchains");
    let path = std::env::var("PATH").unwrap_or_default();
    Bench::new().with("GRADEBOX_TOOLCHAINS", &toolchains.display().to_string()).with("PATH", &path)
}

fn example_directory(language: &str) -> PathBuf {
    let directory = root().join("target/example-graders").join(language);
    assert!(
        directory.join("word-limit.wasm").is_file(),
        "{} is missing: run `make example-graders`",
        directory.display()
    );
    directory
}

#[test]
fn one_grader_says_the_same_in_every_language() {
    let messages = json!([{"role": "user", "content": "Greet."}, {"role": "tool", "content": "{}", "name": "clock"}]);
    let rows = [
        json!({"id": 7, "query": "q", "response": "one two three"}),
        json!({"id": "ä", "messages": messages, "response": "  Größe\n日本 \t\"x\\y\"  \u{1F600}  "}),
        json!({"query": "q", "response": "word ".repeat(5000), "reference": {"a": [1]}}),
        json!({"query": "q", "response": " \n "}),
        json!({"query": "q"}),
    ];
    let params = [r#"{"words": 2}"#, "{}", r#"{"words": 0}"#, r#"{"words": "2"}"#, r#"{"words": 1.5}"#];
    for params in params {
        let mut expected: Option<Vec<Value>> = None;
        for language in LANGUAGES {
            let directory = example_directory(language).display().to_string();
            let bench = Bench::new();
            let chosen = format!("word-limit:{params}");
            let (ran, graded) = bench.grade(&rows, &["--graders", &directory, "-g", &chosen]);
            let given: Vec<Value> = graded.iter().map(|row| comparable(grade(row, "word-limit"))).collect();
            assert_eq!(given.len(), rows.len(), "{language}:\n{}", ran.stderr);
            match &expected {
                None => expected = Some(given),
                Some(expected) => assert_eq!(expected, &given, "{language} with {params}"),
            }
        }
    }
}

/// A grade without what differs from language to language: whose it is, and in what words a parameter cannot be read.
fn comparable(grade: &Value) -> Value {
    let mut grade = grade.clone();
    grade["grader"] = json!(null);
    if grade["outcome"] == "error" {
        grade["reason"] = json!(null);
    }
    grade
}

#[test]
fn a_grader_imports_nothing_that_it_does_not_use() {
    for language in LANGUAGES {
        let file = example_directory(language).join("word-limit.wasm").display().to_string();
        let ran = Bench::new().run(&["check", &file]).expect_status(0);
        assert!(ran.stdout.contains("capabilities  none"), "{language}:\n{}", ran.stdout);
        assert!(ran.stdout.contains("fits; 4 examples as it says"), "{language}:\n{}", ran.stdout);
    }
}

#[test]
fn a_new_project_builds_under_its_own_name() {
    let bench = bench();
    bench
        .run(&["new", "cites-sources2", "--lang", "zig"])
        .expect_status(0)
        .expect_stderr(&["cites-sources2/grader.zig"]);
    let ran = bench.run(&["build", "cites-sources2"]).expect_status(0);
    assert!(
        ran.stdout.contains("cites-sources2 0.1.0") && ran.stdout.contains("4 examples as it says"),
        "{}",
        ran.stdout
    );
    bench.write_rows("rows.jsonl", &[json!({"query": "q", "response": "a b"})]);
    let ran =
        bench.run(&["grade", "rows.jsonl", "--graders", "cites-sources2", "-g", "cites-sources2"]).expect_status(0);
    assert!(ran.stdout.contains("2 words, at most 100"), "{}", ran.stdout);
    // Nothing but the project and its component is left.
    let hidden = fs::read_dir(bench.path("cites-sources2")).unwrap().flatten().map(|entry| entry.file_name());
    assert!(!hidden.into_iter().any(|name| name.to_string_lossy().starts_with(".building")));
}

#[test]
fn every_language_has_a_project_to_begin_with() {
    let bench = bench();
    for language in LANGUAGES {
        bench.run(&["new", "too-long", "--lang", language, "--directory", language]).expect_status(0);
        let folder = bench.path(language);
        assert!(folder.join("README.md").is_file(), "{language}");
        let contract = if language == "rust" { "wit/grader" } else { "wit/deps/gradebox-grader" };
        assert!(folder.join(contract).join("pointwise.wit").is_file(), "{language}");
        assert!(!grep(&folder, "word-limit"), "{language} still has the example's name");
    }
}

fn grep(folder: &std::path::Path, text: &str) -> bool {
    fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).any(|path| {
        let is_sdk = path.ends_with("vendor") || path.file_name().is_some_and(|name| name == "wit");
        if path.is_dir() { !is_sdk && grep(&path, text) } else { fs::read_to_string(&path).unwrap().contains(text) }
    })
}

#[test]
fn a_project_that_cannot_be_made_is_refused() {
    let bench = bench();
    bench.write("taken/file", "");
    for (arguments, part) in [
        (&["new", "Too_Long", "--lang", "python"][..], "is no name of a grader"),
        (&["new", "../x", "--lang", "python"], "is no name of a grader"),
        (&["new", "taken", "--lang", "python"], "exists and is not empty"),
        (&["new", "taken", "--lang", "cobol"], "there are rust, python"),
        (&["new", "taken"], "--lang"),
    ] {
        bench.run(arguments).expect_status(2).expect_stderr(&[part]);
    }
}

#[test]
fn a_folder_that_is_no_project_is_refused() {
    let bench = bench();
    bench.write("none/README.md", "");
    bench.write("both/grader.py", "");
    bench.write("both/grader.js", "");
    for (folder, part) in [
        ("none", "has none of Cargo.toml, grader.py"),
        ("both", "has both grader.py and grader.js"),
        ("nowhere", "does not exist"),
        ("none/README.md", "is not a folder"),
    ] {
        bench.run(&["build", folder]).expect_status(2).expect_stderr(&[part, "gradebox new"]);
    }
}

#[test]
fn a_missing_compiler_is_named_with_the_way_to_install_it() {
    let bench = Bench::new().with("PATH", "/nonexistent").with("GRADEBOX_TOOLCHAINS", "toolchains");
    for (language, missing, install) in [
        ("rust", "Rust is not installed", "https://sh.rustup.rs"),
        ("python", "python3 is not installed", "apt install python3-venv"),
        ("typescript", "npm is not installed", "apt install npm"),
        ("c", "python3 is not installed", "apt install python3-venv"),
    ] {
        bench.run(&["new", "too-long", "--lang", language, "--directory", language]).expect_status(0);
        bench.run(&["build", language]).expect_status(2).expect_stderr(&[missing, install]);
    }
}

#[test]
fn why_a_compiler_cannot_be_installed_is_said() {
    // Nobody listens there.
    let bench = bench().with("npm_config_registry", "http://127.0.0.1:9").with("npm_config_fetch_retries", "0");
    let toolchains = bench.path("toolchains").display().to_string();
    let bench = bench.with("GRADEBOX_TOOLCHAINS", &toolchains);
    bench.run(&["new", "short", "--lang", "javascript"]).expect_status(0);
    bench.run(&["build", "short"]).expect_status(2).expect_stderr(&[
        "ECONNREFUSED",
        "127.0.0.1:9",
        "is the npm registry reachable?",
    ]);
}

#[test]
fn what_the_compiler_says_is_shown_and_nothing_is_left_behind() {
    let bench = bench();
    bench.run(&["new", "too-long", "--lang", "c"]).expect_status(0);
    let source = bench.path("too-long/grader.c");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, text.replace("long long words = 0;", "long long words = zero;")).unwrap();
    let ran = bench.run(&["build", "too-long"]).expect_status(2);
    ran.expect_stderr(&["zig cc failed", "grader.c", "zero"]);
    assert!(!bench.path("too-long/too-long.wasm").exists());

    // What is not in the world cannot be imported; the message says where to name it.
    let logs = text.replace("long long words = 0;", "long long words = 0; gradebox_log(GRADEBOX_INFO, text);");
    fs::write(&source, &logs).unwrap();
    bench.run(&["build", "too-long"]).expect_status(2).expect_stderr(&["gradebox:grader/log", "wit/world.wit"]);
    let world = bench.path("too-long/wit/world.wit");
    let granted =
        fs::read_to_string(&world).unwrap().replace("// import gradebox:grader/log", "import gradebox:grader/log");
    fs::write(&world, granted).unwrap();
    let ran = bench.run(&["build", "too-long"]).expect_status(0);
    assert!(ran.stdout.contains("capabilities  log"), "{}", ran.stdout);
}

#[test]
fn an_example_that_does_not_hold_fails_the_build_and_leaves_the_component() {
    let bench = bench();
    bench.run(&["new", "too-long", "--lang", "zig"]).expect_status(0);
    let source = bench.path("too-long/grader.zig");
    let text = fs::read_to_string(&source).unwrap();
    fs::write(&source, text.replace("\"value\": 0.5", "\"value\": 0.25")).unwrap();
    let ran = bench.run(&["build", "too-long"]).expect_status(1);
    assert!(ran.stdout.contains("example 2: `value` is 0.5, not 0.25"), "{}", ran.stdout);
    assert!(bench.path("too-long/too-long.wasm").is_file());
}

#[test]
fn whatever_is_thrown_in_javascript_is_a_typed_error() {
    let bench = bench();
    bench.write("thrower/grader.js", THROWER);
    bench.run(&["new", "sdk-only", "--lang", "javascript"]).expect_status(0);
    fs::copy(bench.path("sdk-only/gradebox.js"), bench.path("thrower/gradebox.js")).unwrap();
    bench.run(&["build", "thrower"]).expect_status(0);
    let rows =
        ["error", "text", "nothing", "column", "nan", "undecided"].map(|what| json!({"query": "q", "response": what}));
    let (ran, graded) = bench.grade(&rows, &["--graders", "thrower", "-g", "thrower"]);
    ran.expect_status(1);
    let expected = [
        ("grader-failed", "Error: broken"),
        ("grader-failed", "thrown away"),
        ("grader-failed", "the grader returned undefined"),
        ("invalid-sample", "column `gold`: is missing"),
        ("bad-result", ""),
    ];
    for (row, (kind, part)) in graded.iter().zip(expected) {
        let verdict = grade(row, "thrower");
        assert_eq!(verdict["kind"], kind, "{verdict}");
        assert!(verdict["reason"].as_str().unwrap().contains(part) && verdict.get("score").is_none(), "{verdict}");
    }
    assert_eq!(grade(&graded[5], "thrower")["outcome"], "undecided");
}

const THROWER: &str = r#"
import { InvalidSample, pointwise as grader, scored, undecided } from "./gradebox.js";
export const { descriptor, pointwise } = grader({
  name: "thrower",
  summary: "Throws what the response asks for.",
  grade({ response }) {
    if (response === "error") throw new Error("broken");
    if (response === "text") throw "thrown away";
    if (response === "column") throw new InvalidSample("gold", "is missing");
    if (response === "nan") return scored(NaN, "no number");
    if (response === "undecided") return undecided("cannot tell");
  },
});
"#;

#[test]
fn a_watched_dataset_is_graded_again_when_it_changes() {
    let bench = Bench::new();
    let reason = |bench: &Bench| {
        let text = fs::read_to_string(bench.path("graded.jsonl")).ok()?;
        let row: Value = serde_json::from_str(text.lines().next()?).ok()?;
        grade(&row, "word-limit")["reason"].as_str().map(str::to_owned)
    };
    let directory = bench.path("graders");
    fs::create_dir(&directory).unwrap();
    fs::copy(example_directory("c").join("word-limit.wasm"), directory.join("word-limit.wasm")).unwrap();
    bench.write_rows("rows.jsonl", &[json!({"query": "q", "response": "a"})]);
    bench.write("gradebox.toml", "[graders.word-limit]\nparams = { words = 9 }\n");
    let mut child = bench
        .command(&["grade", "rows.jsonl", "--graders", "graders", "-o", "graded.jsonl", "--watch"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(|| reason(&bench).as_deref() == Some("1 words, at most 9"));
    bench.write_rows("rows.jsonl", &[json!({"query": "q", "response": "a b"})]);
    wait_for(|| reason(&bench).as_deref() == Some("2 words, at most 9"));
    // What cannot be read is waited for to be repaired.
    bench.write("gradebox.toml", "[graders.word-limit]\nparams = { words = ");
    std::thread::sleep(Duration::from_millis(600));
    bench.write("gradebox.toml", "[graders.word-limit]\nparams = { words = 8 }\n");
    wait_for(|| reason(&bench).as_deref() == Some("2 words, at most 8"));
    // Another component under the same name.
    fs::copy(example_directory("zig").join("word-limit.wasm"), directory.join("word-limit.wasm")).unwrap();
    fs::remove_file(bench.path("graded.jsonl")).unwrap();
    wait_for(|| reason(&bench).as_deref() == Some("2 words, at most 8"));
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = child.wait().unwrap();
    assert!(output.code().is_some(), "it was killed instead of ending: {output}");
}

#[track_caller]
fn wait_for(mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_mins(1), "waited in vain");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn only_what_can_be_read_again_is_watched() {
    let bench = Bench::new();
    bench.run(&["grade", "-", "-g", "syntax", "--watch"]).expect_status(2).expect_stderr(&["standard input cannot"]);
    bench
        .run(&["grade", "rows.jsonl", "-g", "syntax", "--watch", "--run", "runs/x"])
        .expect_status(2)
        .expect_stderr(&["--run"]);
}
