//! A Python runtime with packages: what they keep from their import is what a program finds.

use std::{fs, path::PathBuf, process::Command};

use serde_json::json;

use crate::support::{Bench, grade, root};

/// The runtime of `tests/python-packages/awkward`.
fn runtime() -> PathBuf {
    let built = root().join("target/python-packages/runtimes/python-awkward.wasm");
    assert!(built.is_file(), "{} is missing: run `make packages-runtime` first", built.display());
    built
}

/// The same runtime as it is where the check of the image fails.
fn plain(bench: &Bench) -> Vec<u8> {
    let plain = bench.path("plain.wasm");
    let made_of = |what: &str| root().join(format!("target/python-runtime/python-awkward.{what}.wasm"));
    let (linked, core) = (made_of("linked"), made_of("optimised"));
    let mut program = Command::new(root().join("target/release/runtime-image"));
    let done = program.arg("--plain").args([&linked, &core, &plain]).status().expect("runtime-image starts");
    assert!(done.success(), "{} {}", linked.display(), core.display());
    fs::read(plain).expect("the plain runtime")
}

#[test]
fn packages_are_in_the_image_as_their_import_left_them() {
    let bench = Bench::new();
    let image = runtime();
    let same = fs::read(&image).expect("the runtime") == plain(&bench);
    assert!(!same, "the build of {} found its image broken", image.display());
    let program = bench.write("state.py", "import awkward\nprint(*awkward.state(), sep='\\n')\n");
    let (image, program) = (image.display().to_string(), program.display().to_string());
    let ran = bench.run(&["exec", &program, "--graders", &image, "--language", "python-awkward"]);
    let expected = fs::read_to_string(root().join("tests/python-packages/state.expected")).expect("the record");
    assert_eq!(ran.stdout, expected, "{}", ran.stderr);
}

#[test]
fn no_program_finds_what_another_did_to_a_package() {
    let bench = Bench::new();
    let changes = "import awkward\ndef f():\n    awkward.change()\n    return awkward.MORE()\n";
    let looks = "import awkward\ndef f():\n    return [len(awkward.NODES), *awkward.state()][:4]\n";
    let recorded = fs::read_to_string(root().join("tests/python-packages/state.expected")).expect("the record");
    let found: Vec<serde_json::Value> =
        [json!(3)].into_iter().chain(recorded.lines().take(3).map(|line| json!(line))).collect();
    let row =
        |code: &str, output| json!({"response": code, "tests": {"fn_name": "f", "inputs": [[]], "outputs": [output]}});
    let rows: Vec<_> = (0..10).flat_map(|_| [row(changes, json!(1008)), row(looks, json!(found))]).collect();
    let runtime = runtime().display().to_string();
    let selected = "code-execution:{\"language\": \"python-awkward\"}";
    let (ran, graded) = bench.grade(&rows, &["-g", selected, "--graders", &runtime, "--jobs", "1"]);
    ran.expect_status(0);
    for row in &graded {
        assert_eq!(grade(row, "code-execution")["score"], 1.0, "{row}");
    }
}
