//! The components of directories: what each is, what it asks for, and why some cannot be used.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasmtime::{Engine, component::Component};

use super::{
    cache::{CompileCache, Compiled, hex_digest},
    compiler::{CompileError, CompileLimits},
    contract::{ADVICE, CONTRACT, first_difference},
    description,
    engine::Purpose,
    grading::Grader,
    pool::Sandbox,
    programs::Runtime,
    wire::{Answer, ComponentId, LoadRole, WireDescription, WireLanguage, WireMode, Work},
};
use crate::{fields::Needs, grader::Mode, score::Scale, text::clean};

/// Components larger than this are not read, in bytes.
const LARGEST: u64 = 256 << 20;

/// A directory cannot be searched for components.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the grader directory `{}`", path.display())]
pub struct CatalogError {
    pub path: PathBuf,
    pub source: io::Error,
}

/// A grader component.
#[derive(Debug, Clone)]
pub struct Entry {
    pub name: String,
    pub version: String,
    pub summary: String,
    pub path: PathBuf,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    pub mode: Mode,
    pub scale: Scale,
    pub needs: Needs,
    /// JSON Schema of the parameters.
    pub params_schema: Value,
    /// Golden cases: an array of `{sample, params, verdict}`.
    pub examples: Value,
    /// The capabilities that the component imports: `log`, `programs`, `models`.
    pub capabilities: Vec<String>,
    pub(super) component: ComponentId,
}

impl Entry {
    /// Whether the component can use a capability at all.
    pub fn imports(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|imported| imported == capability)
    }
}

/// A language runtime.
#[derive(Debug, Clone)]
pub struct Language {
    pub name: String,
    /// Of the language's implementation.
    pub version: String,
    pub aliases: Vec<String>,
    /// Of source files, without the dot.
    pub extensions: Vec<String>,
    pub path: PathBuf,
    pub digest: String,
    pub(super) component: ComponentId,
}

impl Language {
    /// Whether the name, or an alias, is `name`.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
    }
}

/// A file that looked like a component and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub path: PathBuf,
    pub reason: String,
}

/// Every usable component of some directories, and every unusable one.
#[derive(Debug, Default)]
pub struct Catalog {
    graders: Vec<Entry>,
    languages: Vec<Language>,
    rejected: Vec<Rejected>,
    notices: Vec<String>,
}

impl Catalog {
    /// Searches directories, and the folder `runtimes` in each, for `.wasm` files. Where two components have one name,
    /// the earlier directory wins. `compiling` is told of each component that has to be compiled first.
    pub async fn open(
        sandbox: &Sandbox,
        cache: &CompileCache,
        directories: &[PathBuf],
        compiling: &(dyn Fn(&Path) + Sync),
    ) -> Result<Self, CatalogError> {
        let mut catalog = Self::default();
        for directory in directories {
            for path in wasm_files(directory)? {
                match admit(sandbox, cache, &path, compiling).await {
                    Ok(admitted) => catalog.add(admitted),
                    Err(reason) => catalog.rejected.push(Rejected { path, reason: clean(&reason) }),
                }
            }
        }
        Ok(catalog)
    }

    pub fn graders(&self) -> &[Entry] {
        &self.graders
    }

    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// What the user should know: names that differ from file names, components that hide others.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.graders.iter().find(|entry| entry.name == name)
    }

    pub fn language(&self, name: &str) -> Option<&Language> {
        self.languages.iter().find(|language| language.answers_to(name))
    }

    fn add(&mut self, admitted: Admitted) {
        let (name, path) = match &admitted {
            Admitted::Grader(entry) => (&entry.name, &entry.path),
            Admitted::Language(language) => (&language.name, &language.path),
        };
        if path.file_stem().is_none_or(|stem| stem != name.as_str()) {
            self.notices.push(format!("`{}` is listed as `{name}`, the name that it gives itself", path.display()));
        }
        let earlier = match &admitted {
            Admitted::Grader(entry) => self.find(&entry.name).map(|other| &other.path),
            Admitted::Language(language) => {
                self.languages.iter().find(|other| other.name == language.name).map(|other| &other.path)
            }
        };
        if let Some(earlier) = earlier {
            self.notices.push(format!("`{}` is used; `{}` has the same name", earlier.display(), path.display()));
            return;
        }
        match admitted {
            Admitted::Grader(entry) => self.graders.push(*entry),
            Admitted::Language(language) => self.languages.push(language),
        }
    }
}

/// Looks at one component file as the catalog would; the reason, where it cannot be used.
pub async fn inspect(
    sandbox: &Sandbox,
    cache: &CompileCache,
    path: &Path,
    compiling: &(dyn Fn(&Path) + Sync),
) -> Result<Catalog, String> {
    let mut catalog = Catalog::default();
    catalog.add(admit(sandbox, cache, path, compiling).await.map_err(|reason| clean(&reason))?);
    Ok(catalog)
}

pub(super) fn wasm_files(directory: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let failed = |source| CatalogError { path: directory.to_owned(), source };
    let mut paths = Vec::new();
    for folder in [directory.to_owned(), directory.join("runtimes")] {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder != directory => continue,
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    Ok(paths)
}

enum Admitted {
    Grader(Box<Entry>),
    Language(Language),
}

/// What is noted of a component in the cache, so that the next start need not run it.
#[derive(Clone, Serialize, Deserialize)]
struct Note {
    capabilities: Vec<String>,
    subject: Subject,
}

#[derive(Clone, Serialize, Deserialize)]
enum Subject {
    Pointwise(WireDescription),
    Listwise(WireDescription),
    Language(WireLanguage),
}

async fn admit(
    sandbox: &Sandbox,
    cache: &CompileCache,
    path: &Path,
    compiling: &(dyn Fn(&Path) + Sync),
) -> Result<Admitted, String> {
    let bytes = read(path)?;
    require_component(&bytes)?;
    let digest = hex_digest(&bytes);
    for purpose in [Purpose::Graders, Purpose::Runtimes] {
        if let Some((compiled, note)) = cache.find(&digest, purpose) {
            return admitted(sandbox, path, digest, note, compiled);
        }
    }
    compiling(path);
    let (note, compiled) = examine(sandbox, cache, &bytes, &digest).await?;
    admitted(sandbox, path, digest, note, compiled)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let size = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if LARGEST < size {
        return Err(format!("is {} MiB; components of up to {} MiB are read", size >> 20, LARGEST >> 20));
    }
    fs::read(path).map_err(|error| format!("cannot be read: {error}"))
}

/// Tells a component from everything else that may stand in such a file.
fn require_component(bytes: &[u8]) -> Result<(), String> {
    match bytes {
        [] => Err("is empty".to_owned()),
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => {
            Err("is a core module, not a component: build it for `wasm32-wasip2`, or \
             wrap it with `wasm-tools component new`"
                .to_owned())
        }
        [0, b'a', b's', b'm', ..] => Err("has a WebAssembly version that this host does not know".to_owned()),
        [0x1f, 0x8b, ..] => Err("is gzip-compressed: unpack it first".to_owned()),
        [b'(', ..] => Err("is WebAssembly text, not a binary: convert it with `wasm-tools parse`".to_owned()),
        [0x7f, b'E', b'L', b'F', ..] => {
            Err("is compiled machine code, not WebAssembly: give the `.wasm` that it was made from".to_owned())
        }
        _ => Err("is not a WebAssembly file".to_owned()),
    }
}

/// Compiles the component, checks its imports and exports against the contract, and asks it who it is.
async fn examine(
    sandbox: &Sandbox,
    cache: &CompileCache,
    bytes: &[u8],
    digest: &str,
) -> Result<(Note, Compiled), String> {
    let purpose = likely_purpose(bytes);
    let content = sandbox
        .compile(bytes, purpose, CompileLimits::default())
        .await
        .map_err(|CompileError(reason)| format!("is not a component that can be used: {reason}"))?;
    let compiled = cache
        .keep(digest, purpose, &content)
        .map_err(|error| format!("cannot be kept in the cache `{}`: {error}", cache.directory().display()))?;
    let component = deserialize(cache, purpose, &content)?;
    let shape = Shape::of(cache.engine(purpose), &component)?;
    let subject = ask(sandbox, cache.engine(purpose), &component, (purpose, shape.role), &compiled).await?;
    let note = Note { capabilities: shape.capabilities, subject };
    cache.keep_note(digest, purpose, &compiled, note.clone());
    Ok((note, compiled))
}

/// As much of [`examine`] as one process can do, for fuzzers.
#[cfg(fuzzing)]
pub(super) fn look_at(bytes: &[u8]) -> Result<(), String> {
    require_component(bytes)?;
    let engine = super::engine::compiling_engine(likely_purpose(bytes), super::engine::Metering::Time)
        .map_err(|error| error.to_string())?;
    let component = Component::from_binary(&engine, bytes).map_err(|error| format!("{error:#}"))?;
    Shape::of(&engine, &component)?;
    Ok(())
}

/// Asks a component who it is.
async fn ask(
    sandbox: &Sandbox,
    engine: &Engine,
    component: &Component,
    what: (Purpose, Role),
    compiled: &Compiled,
) -> Result<Subject, String> {
    match what {
        (Purpose::Graders, Role::Grader(mode)) => {
            Grader::new(engine, sandbox.metering(), component, mode).map_err(|error| misfit(&error))?;
            let id = sandbox.register(compiled.clone(), LoadRole::Grader { mode });
            match (describe(sandbox, id).await?, mode) {
                (Answer::Grader(description), WireMode::Pointwise) => Ok(Subject::Pointwise(description)),
                (Answer::Grader(description), WireMode::Listwise) => Ok(Subject::Listwise(description)),
                _ => Err("does not describe itself as a grader".to_owned()),
            }
        }
        (Purpose::Runtimes, Role::Runtime) => {
            Runtime::new(engine, sandbox.metering(), component).map_err(|error| misfit(&error))?;
            let id = sandbox.register(compiled.clone(), LoadRole::Runtime { languages: vec![] });
            let Answer::Language(language) = describe(sandbox, id).await? else {
                return Err("does not describe itself as a language runtime".to_owned());
            };
            Ok(Subject::Language(language))
        }
        _ => Err("names the interpreter interface of language runtimes without being one".to_owned()),
    }
}

/// Which engine a component is for, by a look at its names: compiling a runtime once takes long enough.
fn likely_purpose(bytes: &[u8]) -> Purpose {
    const INTERPRETER: &[u8] = b"gradebox:runtime/interpreter@";
    if bytes.windows(INTERPRETER.len()).any(|window| window == INTERPRETER) {
        Purpose::Runtimes
    } else {
        Purpose::Graders
    }
}

#[expect(unsafe_code, reason = "wasmtime cannot prove that bytes are its own compiled code")]
fn deserialize(cache: &CompileCache, purpose: Purpose, compiled: &[u8]) -> Result<Component, String> {
    // SAFETY: the bytes came out of this program's own compiler a moment ago, and never left memory.
    unsafe { Component::deserialize(cache.engine(purpose), compiled) }
        .map_err(|error| format!("cannot be loaded after compilation: {error:#}"))
}

/// The part of a component's type that decides what it is.
struct Shape {
    role: Role,
    capabilities: Vec<String>,
}

#[derive(Clone, Copy)]
enum Role {
    Grader(WireMode),
    Runtime,
}

impl Shape {
    fn of(engine: &Engine, component: &Component) -> Result<Self, String> {
        let kind = component.component_type();
        let imports: Vec<String> = kind.imports(engine).map(|(name, _)| name.to_owned()).collect();
        let exports: Vec<String> = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
        imports.iter().chain(&exports).try_for_each(|name| require_version(name))?;
        let exported = |interface: &str| exports.contains(&format!("{interface}@{CONTRACT}"));
        let role = if exported("gradebox:runtime/interpreter") {
            Role::Runtime
        } else if exported("gradebox:grader/pointwise") {
            Role::Grader(WireMode::Pointwise)
        } else if exported("gradebox:grader/listwise") {
            Role::Grader(WireMode::Listwise)
        } else {
            return Err(format!(
                "is a component, but neither a grader nor a language runtime: it exports {}, where a grader exports \
                 `gradebox:grader/pointwise@{CONTRACT}` or `gradebox:grader/listwise@{CONTRACT}`{}",
                list(&exports),
                if exports.iter().any(|name| name.starts_with("gradebox:")) {
                    format!("; {ADVICE}")
                } else {
                    String::new()
                }
            ));
        };
        if matches!(role, Role::Grader(_)) && !exported("gradebox:grader/descriptor") {
            return Err(format!(
                "does not export `gradebox:grader/descriptor@{CONTRACT}`, by which a grader describes itself"
            ));
        }
        if let Some(foreign) = imports.iter().find(|name| !is_provided(name)) {
            return Err(format!("imports `{foreign}`, which this host does not provide"));
        }
        if let Some(difference) = first_difference(engine, &kind) {
            return Err(difference);
        }
        Ok(Self { role, capabilities: capabilities(&imports) })
    }
}

/// A clear word for the most common misfit: a component built for another version of the contract.
fn require_version(name: &str) -> Result<(), String> {
    match name.split_once('@') {
        Some((interface, version)) if interface.starts_with("gradebox:") && version != CONTRACT => Err(format!(
            "is built for another version of the contract: it names `{interface}@{version}`, and this host serves \
             {CONTRACT}; {ADVICE}"
        )),
        _ => Ok(()),
    }
}

fn is_provided(import: &str) -> bool {
    let interface = import.split('@').next().unwrap_or(import);
    interface.starts_with("gradebox:")
        || ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"]
            .iter()
            .any(|prefix| interface.starts_with(prefix))
}

/// The imported interfaces that do something; those that only carry types are left out.
fn capabilities(imports: &[String]) -> Vec<String> {
    let mut capabilities: Vec<String> = imports
        .iter()
        .filter_map(|name| name.strip_prefix("gradebox:grader/")?.split('@').next())
        .filter(|interface| ["log", "programs", "models"].contains(interface))
        .map(str::to_owned)
        .collect();
    capabilities.sort();
    capabilities
}

fn misfit(error: &wasmtime::Error) -> String {
    format!("does not fit the contract {CONTRACT}: {error:#}; {ADVICE}")
}

async fn describe(sandbox: &Sandbox, component: ComponentId) -> Result<Answer, String> {
    match sandbox.run(Work::Describe(component), false, 0).await.0 {
        Ok(Answer::Failed { reason, .. }) => Err(format!("fails when asked to describe itself: {reason}")),
        Ok(answer) => Ok(answer),
        Err(error) => Err(format!("fails when asked to describe itself: {error}")),
    }
}

fn admitted(
    sandbox: &Sandbox,
    path: &Path,
    digest: String,
    note: Note,
    compiled: Compiled,
) -> Result<Admitted, String> {
    let path = path.to_owned();
    match note.subject {
        Subject::Pointwise(description) => {
            description::grader(description, WireMode::Pointwise, &note.capabilities, path, digest).map(|mut entry| {
                entry.component = sandbox.register(compiled, LoadRole::Grader { mode: WireMode::Pointwise });
                Admitted::Grader(Box::new(entry))
            })
        }
        Subject::Listwise(description) => {
            description::grader(description, WireMode::Listwise, &note.capabilities, path, digest).map(|mut entry| {
                entry.component = sandbox.register(compiled, LoadRole::Grader { mode: WireMode::Listwise });
                Admitted::Grader(Box::new(entry))
            })
        }
        Subject::Language(language) => {
            let language = description::language(language)?;
            let names = std::iter::once(&language.name).chain(&language.aliases);
            let languages = names.map(|name| name.to_ascii_lowercase()).collect();
            let component = sandbox.register(compiled, LoadRole::Runtime { languages });
            let WireLanguage { name, version, aliases, extensions } = language;
            Ok(Admitted::Language(Language { name, version, aliases, extensions, path, digest, component }))
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.iter().take(5).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_component_is_told_apart() {
        let check = |bytes: &[u8]| require_component(bytes).unwrap_err();
        assert!(check(b"").contains("empty"));
        assert!(check(b"\0asm\x01\0\0\0").contains("core module"));
        assert!(check(b"(component)").contains("text"));
        assert!(check(b"\x1f\x8b\x08").contains("gzip"));
        assert!(check(b"\x7fELF").contains("machine code"));
        assert!(check(b"hello").contains("not a WebAssembly file"));
        assert!(require_component(b"\0asm\x0d\0\x01\0").is_ok());
    }

    #[test]
    fn another_contract_version_is_named() {
        let reason = require_version("gradebox:grader/pointwise@0.2.0").unwrap_err();
        assert!(reason.contains("gradebox:grader/pointwise@0.2.0") && reason.contains("0.1.0"), "{reason}");
        assert!(require_version("gradebox:grader/pointwise@0.1.0").is_ok());
        assert!(require_version("wasi:io/streams@0.2.6").is_ok());
    }

    #[test]
    fn only_interfaces_that_do_something_are_capabilities() {
        let imports = ["gradebox:grader/types@0.1.0", "gradebox:grader/programs@0.1.0", "wasi:io/error@0.2.6"];
        assert_eq!(capabilities(&imports.map(str::to_owned)), ["programs"]);
    }
}
