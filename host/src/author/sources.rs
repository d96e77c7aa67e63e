//! What a project is made of: the example grader of each language, its SDK and the contract. The examples of the
//! repository are the templates, so that what a new project holds is what the tests build.

use super::SourceLanguage;

/// One file of a project.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// In the project.
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

/// Files below a folder of the repository, at the same or another place of the project.
macro_rules! sources {
    ($folder:literal: $($from:literal => $to:literal),+ $(,)?) => {
        &[$(Source { path: $to, text: include_str!(concat!("../../../", $folder, "/", $from)) }),+]
    };
}

/// The grader called `word-limit`; every place of its name is renamed in a new project.
pub(super) fn example(language: SourceLanguage) -> &'static [Source] {
    match language {
        SourceLanguage::Rust => {
            sources!("examples/graders/rust": "Cargo.toml" => "Cargo.toml", "src/lib.rs" => "src/lib.rs")
        }
        SourceLanguage::Python => sources!("examples/graders/python": "grader.py" => "grader.py"),
        SourceLanguage::JavaScript => sources!("examples/graders/javascript": "grader.js" => "grader.js"),
        SourceLanguage::TypeScript => {
            sources!("examples/graders/typescript": "grader.ts" => "grader.ts", "tsconfig.json" => "tsconfig.json")
        }
        SourceLanguage::C => sources!("examples/graders/c": "grader.c" => "grader.c"),
        SourceLanguage::Zig => sources!("examples/graders/zig": "grader.zig" => "grader.zig"),
        SourceLanguage::Go => sources!("examples/graders/go": "go.mod" => "go.mod", "grader.go" => "grader.go"),
    }
}

/// What stands between an author and the contract. That of Rust is a crate, see `rust_project`.
pub(super) fn sdk(language: SourceLanguage) -> &'static [Source] {
    match language {
        SourceLanguage::Rust => RUST_SDK,
        SourceLanguage::Python => PYTHON_SDK,
        SourceLanguage::JavaScript | SourceLanguage::TypeScript => sources!(
            "guest-graders/sdk-javascript": "gradebox.js" => "gradebox.js", "gradebox.d.ts" => "gradebox.d.ts"
        ),
        SourceLanguage::C => {
            sources!("guest-graders/sdk-c": "gradebox.c" => "gradebox.c", "gradebox.h" => "gradebox.h")
        }
        SourceLanguage::Zig => sources!("guest-graders/sdk-zig": "gradebox.zig" => "gradebox.zig"),
        SourceLanguage::Go => {
            sources!("guest-graders/sdk-go": "gradebox/gradebox.go" => "gradebox/gradebox.go")
        }
    }
}

pub(super) const PYTHON_SDK: &[Source] = sources!("guest-graders/sdk-python": "gradebox.py" => "gradebox.py");

/// The crate but for its manifest, which inherits from its workspace.
const RUST_SDK: &[Source] = sources!("guest-graders/sdk/src":
    "lib.rs" => "vendor/gradebox-sdk/src/lib.rs",
    "bindings.rs" => "vendor/gradebox-sdk/src/bindings.rs",
    "description.rs" => "vendor/gradebox-sdk/src/description.rs",
    "error.rs" => "vendor/gradebox-sdk/src/error.rs",
    "export.rs" => "vendor/gradebox-sdk/src/export.rs",
    "listwise.rs" => "vendor/gradebox-sdk/src/listwise.rs",
    "log.rs" => "vendor/gradebox-sdk/src/log.rs",
    "models.rs" => "vendor/gradebox-sdk/src/models.rs",
    "params.rs" => "vendor/gradebox-sdk/src/params.rs",
    "programs.rs" => "vendor/gradebox-sdk/src/programs.rs",
    "sample.rs" => "vendor/gradebox-sdk/src/sample.rs",
    "value.rs" => "vendor/gradebox-sdk/src/value.rs",
    "value/decode.rs" => "vendor/gradebox-sdk/src/value/decode.rs",
    "value/encode.rs" => "vendor/gradebox-sdk/src/value/encode.rs",
    "value/print.rs" => "vendor/gradebox-sdk/src/value/print.rs",
    "verdict.rs" => "vendor/gradebox-sdk/src/verdict.rs",
);

/// The contract, as a folder `wit` that has a world and the package that it draws from.
pub(super) const WORLD: &[Source] = &[Source { path: "wit/world.wit", text: include_str!("world.wit") }];

/// The package `gradebox:grader`; paths are within its own folder.
pub(super) const CONTRACT: &[Source] = sources!("wit/grader":
    "capabilities.wit" => "capabilities.wit",
    "descriptor.wit" => "descriptor.wit",
    "listwise.wit" => "listwise.wit",
    "pointwise.wit" => "pointwise.wit",
    "programs.wit" => "programs.wit",
    "types.wit" => "types.wit",
    "worlds.wit" => "worlds.wit",
);

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    fn files(folder: &Path) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                found.extend(files(&path));
            } else {
                found.insert(path);
            }
        }
        found
    }

    #[test]
    fn no_file_of_the_rust_sdk_and_of_the_contract_is_left_out() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let sdk = root.join("guest-graders/sdk");
        let embedded = RUST_SDK.iter().map(|source| sdk.join(source.path.trim_start_matches("vendor/gradebox-sdk/")));
        assert_eq!(embedded.collect::<BTreeSet<_>>(), files(&sdk.join("src")));
        let contract = root.join("wit/grader");
        let embedded = CONTRACT.iter().map(|source| contract.join(source.path));
        assert_eq!(embedded.collect::<BTreeSet<_>>(), files(&contract));
    }
}
