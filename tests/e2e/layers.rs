//! What docs/architecture.md claims of the source: who may name what, and how it looks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::root;

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            found.push((path, text));
        }
    }
    found
}

fn host_sources() -> Vec<(PathBuf, String)> {
    let folder = root().join("host/src");
    sources(&folder)
        .into_iter()
        .map(|(path, text)| (path.strip_prefix(&folder).expect("inside").to_owned(), text))
        .collect()
}

/// The code of a file, without comments and without the tests at its end.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    path.components()
        .any(|part| matches!(part.as_os_str().to_str(), Some("tests.rs" | "tests" | "fixture.rs" | "scripted.rs")))
}

#[track_caller]
fn only_in(needle: &str, allowed: &[&str]) {
    for (path, text) in host_sources() {
        let inside = allowed.iter().any(|folder| path.starts_with(folder));
        assert!(inside || is_test(&path) || !code(&text).contains(needle), "{} names {needle}", path.display());
    }
}

#[test]
fn only_the_sandbox_names_wasmtime_and_only_llm_names_reqwest() {
    only_in("wasmtime", &["sandbox"]);
    only_in("reqwest", &["llm"]);
    only_in("oci_client", &["packages"]);
}

#[test]
fn only_the_command_line_prints_and_reads_arguments_and_environment() {
    for needle in ["println!", "eprintln!", "env::var", "env::args", "clap::"] {
        only_in(needle, &["cli"]);
    }
}

#[test]
fn modules_depend_downwards() {
    let above = [
        (
            "sample.rs",
            &[
                "score", "fields", "grader", "model", "panel", "refine", "run", "dataset", "cli", "sandbox", "llm",
                "judge",
            ][..],
        ),
        ("score.rs", &["grader", "model", "panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        (
            "receipt.rs",
            &["fields", "grader", "model", "panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"],
        ),
        ("fields.rs", &["grader", "model", "panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("grader.rs", &["panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("model.rs", &["grader", "panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("traffic.rs", &["grader", "panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("caches.rs", &["grader", "panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("sandbox", &["panel", "refine", "run", "dataset", "cli", "llm", "judge"]),
        ("packages", &["panel", "refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("llm", &["panel", "refine", "run", "dataset", "cli", "sandbox", "judge"]),
        ("judge", &["panel", "refine", "run", "dataset", "cli", "sandbox"]),
        ("panel", &["refine", "run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("refine", &["run", "dataset", "cli", "sandbox", "llm", "judge"]),
        ("dataset", &["panel", "refine", "run", "cli", "sandbox", "llm", "judge"]),
        ("run", &["report", "cli", "sandbox", "llm", "judge"]),
        ("report", &["cli", "sandbox", "llm", "judge"]),
    ];
    for (path, text) in host_sources().iter().filter(|(path, _)| !is_test(path)) {
        for (_, forbidden) in above.iter().filter(|(module, _)| path.starts_with(module)) {
            for module in *forbidden {
                let code = code(text);
                let names = [format!("crate::{module}::"), format!("crate::{{{module}")];
                assert!(!names.iter().any(|name| code.contains(name)), "{} depends on {module}", path.display());
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_none_is_too_long() {
    for (folder, longest) in [("host/src", 600), ("tests", 600), ("guest-graders", 600)] {
        for (path, text) in sources(&root().join(folder)).into_iter().filter(|(path, _)| !built(path)) {
            let shown = path.display();
            assert!(text.starts_with("//!"), "{shown} does not begin with `//!`");
            assert!(text.lines().count() <= longest, "{shown} has {} lines", text.lines().count());
        }
    }
}

fn built(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "target")
}

#[test]
fn host_and_guests_do_not_depend_on_each_other() {
    let host = fs::read_to_string(root().join("host/Cargo.toml")).expect("the host's manifest");
    assert!(!host.contains("guest-graders"), "the host depends on a guest");
    for name in
        ["sdk", "code-blocks", "python-nesting", "syntax", "code-style", "code-execution", "math", "patch-similarity"]
    {
        let manifest =
            fs::read_to_string(root().join("guest-graders").join(name).join("Cargo.toml")).expect("a manifest");
        assert!(
            !manifest.contains("../host") && !manifest.contains("path = \"../../host"),
            "{name} depends on the host"
        );
    }
}

#[test]
fn every_item_of_the_contract_is_documented_and_dated() {
    for file in ["grader", "runtime", "compiling"]
        .iter()
        .flat_map(|package| fs::read_dir(root().join("wit").join(package)).expect("the contract"))
    {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a WIT file");
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (at, line) in lines.iter().enumerate() {
            let opens = ["interface ", "record ", "variant ", "enum ", "resource ", "world "];
            if opens.iter().any(|keyword| line.starts_with(keyword)) {
                let (dated, documented) = (lines[at - 1], lines[at.saturating_sub(2)]);
                assert!(dated.starts_with("@since") || dated.starts_with("package"), "{}: {line}", path.display());
                assert!(documented.starts_with("///") || dated.starts_with("package"), "{}: {line}", path.display());
            }
        }
    }
}
