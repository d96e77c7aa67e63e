//! The contract of a released version never changes: components that were built for it must go on working.

use std::fs;

use serde_json::json;
use wit_component::WitPrinter;
use wit_parser::{Resolve, SourceMap, World, WorldId};

use crate::{
    crafted::Craft,
    dummies,
    support::{Bench, grade, root},
};

/// The packages of the contract, each after those that it names.
const PACKAGES: [&str; 3] = ["grader", "runtime", "compiling"];

/// A package with those that it needs, itself last.
fn needed_by(package: &str) -> &'static [&'static str] {
    let place = PACKAGES.iter().position(|known| *known == package).expect("a package of the contract");
    &PACKAGES[..=place]
}

/// A package of the contract with its version, without comments.
fn contract(package: &str) -> (String, String) {
    let mut resolve = Resolve::default();
    let mut id = None;
    for needed in needed_by(package) {
        id = Some(resolve.push_dir(root().join("wit").join(needed)).expect("a package of the contract").0);
    }
    let id = id.expect("a package");
    let version = resolve.packages[id].name.version.as_ref().expect("a version").to_string();
    let mut printer = WitPrinter::default();
    printer.emit_docs(false).print(&resolve, id, &[]).expect("a package that can be printed");
    (version, printer.output.to_string())
}

#[test]
fn a_version_of_the_contract_is_frozen() {
    for package in PACKAGES {
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

/// A change of the contract, the world that a component of the changed one is for, and what is said of it.
type Skew = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static [&'static str]);

const GRADER: &str = "gradebox:grader/pointwise-grader";
const WITH_PROGRAMS: &str = "gradebox:grader/pointwise-grader-with-programs";
const LISTWISE: &str = "gradebox:grader/listwise-grader";
const RUNTIME: &str = "gradebox:runtime/language-runtime";
const COMPILING: &str = "gradebox:compiling/compiling-runtime";

const SKEWS: &[Skew] = &[
    (
        "one more case",
        &[("undecided(string),\n  }\n\n  /// What is the", "undecided(string),\n    later,\n  }\n\n  /// What is the")],
        GRADER,
        &[
            "exports `grade` of `gradebox:grader/pointwise@0.1.0` otherwise: result: ok: variant `verdict`, case: expected \
           none, found `later`",
        ],
    ),
    (
        "a case with something else in it",
        &[("internal(string)", "internal(u32)")],
        GRADER,
        &["`grade`", "result: error: variant `grade-error`, case `internal`: expected string, found u32"],
    ),
    (
        "one more field",
        &[("summary: string,", "summary: string,\n    author: string,")],
        GRADER,
        &[
            "`describe` of `gradebox:grader/descriptor@0.1.0`",
            "record `description`, field: expected `scale`, found `author`",
        ],
    ),
    (
        "one field less",
        &[("    /// Room to grow: a JSON object.\n    extra: json,\n", "")],
        GRADER,
        &["record `description`, field: expected `extra`, found none"],
    ),
    (
        "a field of another type, deep inside",
        &[("worst: f64,", "worst: f32,")],
        GRADER,
        &["`describe`", "field `scale`: record `scale`, field `worst`: expected f64, found f32"],
    ),
    (
        "a list of something else",
        &[("optional-fields: list<string>", "optional-fields: list<u8>")],
        GRADER,
        &["field `optional-fields`: element: expected string, found u8"],
    ),
    (
        "an option of something else",
        &[("reference: option<string>", "reference: string")],
        GRADER,
        &["`grade`", "parameter `sample`: record `sample`, field `reference`: expected option<string>, found string"],
    ),
    (
        "one more parameter",
        &[("grade: func(sample: sample, params: json)", "grade: func(sample: sample, params: json, seed: u64)")],
        GRADER,
        &["exports `grade` of `gradebox:grader/pointwise@0.1.0` otherwise: expected 2 parameters, found 3"],
    ),
    (
        "another result",
        &[(
            "grade: func(sample: sample, params: json) -> result<verdict, grade-error>",
            "grade: func(sample: sample, params: json) -> f64",
        )],
        GRADER,
        &["result: expected result, found f64"],
    ),
    (
        "no result",
        &[("describe: func() -> description", "describe: func()")],
        GRADER,
        &["expected the result record `description`, found none"],
    ),
    (
        "a function of another name",
        &[("grade: func(", "judge: func(")],
        GRADER,
        &["exports `gradebox:grader/pointwise@0.1.0` without its function `grade`; it has `judge`"],
    ),
    (
        "an interface of another name",
        &[("interface pointwise {", "interface single {"), ("export pointwise;", "export single;")],
        GRADER,
        &["it exports `gradebox:grader/descriptor@0.1.0`, `gradebox:grader/single@0.1.0`, where a grader exports \
           `gradebox:grader/pointwise@0.1.0` or"],
    ),
    (
        "no description",
        &[(
            "  @since(version = 0.1.0)\n  export descriptor;\n  @since(version = 0.1.0)\n  export listwise;",
            "  @since(version = 0.1.0)\n  export listwise;",
        )],
        LISTWISE,
        &["does not export `gradebox:grader/descriptor@0.1.0`"],
    ),
    (
        "one more function to import",
        &[("  /// Writes one line.", "  @since(version = 0.1.0)\n  flush: func();\n  /// Writes one line.")],
        GRADER,
        &["imports the function `flush` of `gradebox:grader/log@0.1.0`, which the contract 0.1.0 does not have"],
    ),
    (
        "a function to import with another parameter",
        &[("emit: func(level: level, message: string)", "emit: func(level: level, message: list<u8>)")],
        GRADER,
        &[
            "imports `emit` of `gradebox:grader/log@0.1.0` otherwise: parameter `message`: expected string, found list<u8>",
        ],
    ),
    (
        "cases in another order",
        &[("enum level { debug, info,", "enum level { info, debug,")],
        GRADER,
        &["parameter `level`: enum `level`, case: expected `debug`, found `info`"],
    ),
    (
        "an interface to import that there is not",
        &[("interface log {", "interface network {"), ("import log;", "import network;")],
        GRADER,
        &["imports `gradebox:grader/network@0.1.0`, which the contract 0.1.0 does not have"],
    ),
    (
        "something of a capability",
        &[("memory-mib: option<u32>", "memory-mib: option<u64>")],
        WITH_PROGRAMS,
        &[
            "of `gradebox:grader/programs@0.1.0` otherwise: parameter `program`: record `program`, field `limits`: record \
           `limits`, field `memory-mib`: some: expected u32, found u64",
        ],
    ),
    (
        "another version",
        &[("0.1.0", "0.2.0")],
        GRADER,
        &["another version of the contract: it names `gradebox:grader/", "@0.2.0`, and this host serves 0.1.0"],
    ),
    (
        "the order of a listwise grader",
        &[("ranks: list<u32>", "ranks: list<f64>")],
        LISTWISE,
        &[
            "exports `rank` of `gradebox:grader/listwise@0.1.0` otherwise: result: ok: variant `order`, case `ranked`: record \
           `ranking`, field `ranks`: element: expected u32, found f64",
        ],
    ),
    (
        "what a language runtime exports",
        &[("load: func(source: string, peers: list<string>)", "load: func(source: list<u8>, peers: list<string>)")],
        RUNTIME,
        &[
            "exports `load` of `gradebox:runtime/interpreter@0.1.0` otherwise: parameter `source`: expected string, found list<u8>",
        ],
    ),
    (
        "what a language runtime exports for compiled programs",
        &[("compiled: list<u8>,", "compiled: string,")],
        COMPILING,
        &[
            "exports `load-compiled` of `gradebox:compiling/compiler@0.1.0` otherwise: parameter `compiled`: expected list<u8>, found string",
        ],
    ),
    (
        "half of what there is for compiled programs",
        &[("  @since(version = 0.1.0)\n  compiled: func() -> option<list<u8>>;\n", "")],
        COMPILING,
        &["exports `gradebox:compiling/compiler@0.1.0` without its function `compiled`; it has `load-compiled`"],
    ),
    (
        "what a language runtime imports",
        &[("write: func(to: channel,", "write: func(to: u8,")],
        RUNTIME,
        &[
            "imports `write` of `gradebox:runtime/host@0.1.0` otherwise: parameter `to`: expected enum `channel`, found u8",
        ],
    ),
];

/// The contract with every text of one table replaced by another.
fn changed(changes: &[(&str, &str)]) -> Resolve {
    let mut resolve = Resolve::default();
    let mut unused: Vec<&str> = changes.iter().map(|(from, _)| *from).collect();
    for package in PACKAGES {
        let mut files = SourceMap::default();
        for file in fs::read_dir(root().join("wit").join(package)).expect("the contract") {
            let path = file.expect("a file").path();
            let mut text = fs::read_to_string(&path).expect("a WIT file");
            for (from, to) in changes {
                unused.retain(|text_of_change| text_of_change != from || !text.contains(from));
                text = text.replace(from, to);
            }
            files.push_str(&path.display().to_string(), text);
        }
        let group = files.parse().map_err(|(_, error)| error).expect("WIT that parses");
        resolve.push_group(group).expect("a package");
    }
    assert!(unused.is_empty(), "the contract has no {unused:?}");
    resolve
}

/// The world of a qualified name without a version.
fn world(resolve: &Resolve, name: &str) -> WorldId {
    let (package, world) = name.split_once('/').expect("a qualified name");
    let is_named = |(_, candidate): &(WorldId, &World)| {
        let package_of_candidate = &resolve.packages[candidate.package.expect("a package")].name;
        candidate.name == world
            && format!("{}:{}", package_of_candidate.namespace, package_of_candidate.name) == package
    };
    resolve.worlds.iter().find(is_named).expect("a world").0
}

/// What `gradebox check` says of a component that it does not take.
fn said_of(bench: &Bench, component: &[u8]) -> String {
    bench.write("skewed.wasm", component);
    bench.run(&["check", "skewed.wasm"]).expect_status(1).stdout
}

#[test]
fn the_first_item_of_a_component_that_is_not_of_the_contract_is_named() {
    let bench = Bench::new();
    for (what, changes, name, parts) in SKEWS {
        let resolve = changed(changes);
        let said = said_of(&bench, &dummies::component(&resolve, world(&resolve, name)));
        for part in *parts {
            assert!(said.contains(part), "{what}: no `{part}` in: {said}");
        }
        assert!(
            said.contains("build it again with the WIT of this release") || *what == "no description",
            "{what}: {said}"
        );
    }
}

#[test]
fn components_of_a_frozen_contract_still_fit() {
    let bench = Bench::new();
    let (mut packages, mut worlds) = (0, 0);
    // Each version has its files, and a package is built with those of the same version that it needs.
    for file in fs::read_dir(root().join("tests/contract")).expect("the frozen contracts") {
        let path = file.expect("a file").path();
        let mut resolve = Resolve::default();
        let name = path.file_name().expect("a name").display().to_string();
        let (package, version) = name.split_once('-').expect("the name of a package, and its version");
        for needed in needed_by(package).split_last().expect("a package").1 {
            let path = root().join("tests/contract").join(format!("{needed}-{version}"));
            resolve.push_file(&path).expect("a package that it needs");
        }
        let package = resolve.push_file(&path).expect("a frozen contract");
        packages += 1;
        for world in resolve.packages[package].worlds.values() {
            // It has no body to speak of, and comes as far as its own description.
            let said = said_of(&bench, &dummies::component(&resolve, *world));
            assert!(
                said.contains("fails when asked to describe itself"),
                "{name}, {}: {said}",
                resolve.worlds[*world].name
            );
            worlds += 1;
        }
    }
    assert!(3 <= packages && 7 <= worlds, "{packages} packages with {worlds} worlds");
}

#[test]
fn a_grader_that_was_built_for_a_frozen_contract_still_grades() {
    let bench = Bench::new();
    for file in fs::read_dir(root().join("tests/contract")).expect("the frozen contracts") {
        let path = file.expect("a file").path();
        let name = path.file_name().expect("a name").display().to_string();
        if !name.starts_with("grader-") {
            continue;
        }
        let version = name.trim_start_matches("grader-").trim_end_matches(".wit");
        let component = Craft { name: "frozen".to_owned(), ..Craft::default() }.component_of(&path, version);
        bench.write("own/frozen.wasm", component);
        let (ran, graded) =
            bench.grade(&[json!({"id": 1, "query": "q", "response": "r"})], &["--graders", "own", "-g", "frozen"]);
        ran.expect_status(0);
        assert_eq!(grade(&graded[0], "frozen")["reason"], "as good as gold", "{version}");
    }
}
