//! The contract of a released version never changes: components that were built for it must go on working.

use std::fs;

use wit_component::WitPrinter;
use wit_parser::Resolve;

use crate::{
    crafted::Craft,
    support::{Bench, root},
};

/// A package of the contract with its version, without comments.
fn contract(package: &str) -> (String, String) {
    let mut resolve = Resolve::default();
    let (grader, _) = resolve.push_dir(root().join("wit/grader")).expect("the contract of graders");
    let id = match package {
        "grader" => grader,
        _ => resolve.push_dir(root().join("wit").join(package)).expect("the contract of runtimes").0,
    };
    let version = resolve.packages[id].name.version.as_ref().expect("a version").to_string();
    let mut printer = WitPrinter::default();
    printer.emit_docs(false).print(&resolve, id, &[]).expect("a package that can be printed");
    (version, printer.output.to_string())
}

#[test]
fn a_version_of_the_contract_is_frozen() {
    for package in ["grader", "runtime"] {
        let (version, text) = contract(package);
        let path = root().join("tests/contract").join(format!("{package}-{version}.wit"));
        let frozen = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            text,
            frozen,
            "wit/{package} is not what {} says. What is there may not change, and what is added wants a new version of \
             the package, `@since` that version, and a file of its own beside the old one, which stays",
            path.display()
        );
    }
}

/// What `gradebox check` says of a grader that was built for a contract in which `from` reads `to`.
fn said_of(from: &str, to: &str) -> String {
    let bench = Bench::new();
    let mut is_changed = false;
    for file in fs::read_dir(root().join("wit/grader")).expect("the contract") {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a WIT file");
        is_changed |= text.contains(from);
        let name = format!("wit/{}", path.file_name().expect("a name").display());
        bench.write(&name, text.replace(from, to));
    }
    assert!(is_changed, "the contract has no `{from}`");
    bench.write("skewed.wasm", Craft::default().component_for(&bench.path("wit")));
    let ran = bench.run(&["check", "skewed.wasm"]).expect_status(1);
    ran.stdout
}

#[test]
fn a_component_with_other_types_than_the_contract_says_is_told_which() {
    for (from, to, first) in [
        ("undecided(string),", "undecided(string),\n    later,", "expected variant of 3 cases, found 4 cases"),
        ("summary: string,", "summary: string,\n    author: string,", "expected record of 9 fields, found 10 fields"),
    ] {
        let said = said_of(from, to);
        assert!(said.contains(first) && said.contains("build it with the WIT of this release"), "{said}");
    }
}
