//! The behaviour of the language runtimes, program by program: the same in every build of them and on every machine.
//!
//! The programs stand in `tests/probes`, and beside each what it must print and how it must end. After a change that is
//! meant, `GRADEBOX_WRITE_PROBES=1 cargo test --release --test e2e probes::` writes what they do now.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::support::Bench;

/// What every program may read.
const INPUT: &str = "first line\nsecond line, café\n";

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/probes");
    let mut programs: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of the probes")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py" || extension == "js"))
        .collect();
    programs.sort();
    programs
}

/// How a program ended and what it wrote, without what depends on the machine.
fn behaviour(program: &Path) -> String {
    let bench = Bench::new();
    bench.write("in.txt", INPUT);
    let program = program.to_str().expect("a path in UTF-8");
    let ran = bench.run(&["exec", program, "--json", "--stdin", "in.txt"]);
    let said: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}\n{}", ran.stdout, ran.stderr));
    let kept = |name: &str| said.get(name).cloned().unwrap_or(Value::Null);
    let rest = json!({"ending": kept("ending"), "exit": kept("exit_code"), "raised": kept("raised")});
    let text = |name: &str| kept(name).as_str().unwrap_or_default().to_owned();
    format!("{}\n--- standard error\n{}\n--- {rest}\n", text("stdout"), text("stderr"))
}

#[test]
fn the_runtimes_behave_as_they_did() {
    let programs = programs();
    assert!(programs.len() >= 11, "{programs:?}");
    let mut differing = Vec::new();
    for program in programs {
        let (found, recorded) = (behaviour(&program), program.with_extension("expected"));
        if std::env::var_os("GRADEBOX_WRITE_PROBES").is_some() {
            fs::write(&recorded, &found).expect("the record can be written");
        }
        let expected = fs::read_to_string(&recorded).unwrap_or_default();
        if found != expected {
            differing.push(format!("{} printed\n{found}\nand shall print\n{expected}", program.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}
