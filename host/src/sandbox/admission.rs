//! What a component file is: compiled, held against the contract, and asked who it is, unless the cache knows.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    num::NonZero,
    path::Path,
    time::SystemTime,
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};
use wasmtime::{Engine, component::Component};

use super::{
    cache::{CompileCache, Compiled, Identity, Marks, hex_digest},
    catalog::{Entry, Language},
    compiler::{CompileError, CompileLimits},
    contract::{ADVICE, CONTRACT, first_difference},
    description,
    engine::Purpose,
    grading::Grader,
    pool::Sandbox,
    programs::Runtime,
    wire::{Answer, ComponentId, LoadRole, WireDescription, WireLanguage, WireMode, Work},
};

/// Components larger than this are not read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Bytes that are read at once: they stay in the processor's cache until they are looked at.
const PIECE: usize = 256 << 10;

pub(super) enum Admitted {
    Grader(Box<Entry>),
    Language(Language),
}

/// What is noted of a component in the cache, so that the next start need not run it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    capabilities: Vec<String>,
    subject: Subject,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Subject {
    Pointwise(WireDescription),
    Listwise(WireDescription),
    Language(WireLanguage),
}

/// A file that has been looked at, by its content.
pub(super) struct Look {
    pub(super) admitted: Admitted,
    /// What the kernel said of the file before it was read.
    pub(super) marks: Marks,
    /// When it was read.
    pub(super) read: SystemTime,
    pub(super) digest: String,
    pub(super) note: Note,
}

impl Look {
    /// Whether it can be listed from the index: language runtimes are few, and are always looked at.
    pub(super) fn is_of_grader(&self) -> bool {
        matches!(self.admitted, Admitted::Grader(_))
    }
}

/// How many components are examined at once, at most.
const AT_ONCE: usize = 8;

/// Components larger than this are compiled alone, in bytes: the compiler takes a gigabyte for the largest.
const LARGE: usize = 2 << 20;

/// Turns at the compiler, which takes a core and memory.
pub(super) struct Turns {
    count: u32,
    semaphore: Semaphore,
}

impl Turns {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let count = u32::try_from(cores.min(AT_ONCE)).unwrap_or(1);
        Self { count, semaphore: Semaphore::new(count as usize) }
    }

    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    /// Waits for a turn, or for all of them where the component is large.
    async fn wait(&self, size: usize) -> Option<SemaphorePermit<'_>> {
        // Never closed.
        self.semaphore.acquire_many(if size < LARGE { 1 } else { self.count }).await.ok()
    }
}

/// Looks at the content of a file; the reason, where it cannot be used.
pub(super) async fn admit(
    sandbox: &Sandbox,
    cache: &CompileCache,
    path: &Path,
    turns: &Turns,
    compiling: &(dyn Fn(&Path) + Sync),
) -> Result<Look, String> {
    let place = path.to_owned();
    let file = tokio::task::spawn_blocking(move || ComponentFile::look(&place))
        .await
        .map_err(|error| format!("cannot be read: {error}"))??;
    let is_kept = |purpose| cache.find(&file.fingerprint, purpose);
    let found = [Purpose::Graders, Purpose::Runtimes].into_iter().find_map(is_kept);
    let (file, compiled, digest, note): (ComponentFile, Compiled, String, Note) =
        if let Some((compiled, digest, note)) = found {
            (file, compiled, digest, note)
        } else {
            let _turn = turns.wait(file.size).await;
            compiling(path);
            // It may be another one by now.
            let (file, bytes) = ComponentFile::read(path)?;
            let component = Identity { fingerprint: file.fingerprint.clone(), digest: hex_digest(&bytes) };
            let (compiled, note) = examine(sandbox, cache, &bytes, &component).await?;
            (file, compiled, component.digest, note)
        };
    let ComponentFile { marks, read, .. } = file;
    let admitted = admitted(sandbox, path, digest.clone(), note.clone(), compiled)?;
    Ok(Look { admitted, marks, read, digest, note })
}

/// A grader as the index has it: nothing of it is ready to run. `None` where that is no grader that can be listed.
pub(super) fn listed(path: &Path, digest: String, note: Note) -> Option<Admitted> {
    let (description, mode) = match note.subject {
        Subject::Pointwise(description) => (description, WireMode::Pointwise),
        Subject::Listwise(description) => (description, WireMode::Listwise),
        Subject::Language(_) => return None,
    };
    let entry = description::grader(description, mode, &note.capabilities, path.to_owned(), digest).ok()?;
    Some(Admitted::Grader(Box::new(entry)))
}

/// The same for fuzzers, with the reason; `None` for a language runtime.
#[cfg(fuzzing)]
pub(super) fn list_or_refuse(path: &Path, digest: String, note: Note) -> Result<Option<Admitted>, String> {
    let (description, mode) = match &note.subject {
        Subject::Pointwise(description) => (description.clone(), WireMode::Pointwise),
        Subject::Listwise(description) => (description.clone(), WireMode::Listwise),
        Subject::Language(_) => return Ok(None),
    };
    description::grader(description, mode, &note.capabilities, path.to_owned(), digest.clone())?;
    Ok(Some(listed(path, digest, note).ok_or("cannot be listed")?))
}

/// A file that begins as a component does.
struct ComponentFile {
    marks: Marks,
    read: SystemTime,
    /// In bytes.
    size: usize,
    /// See [`Identity`].
    fingerprint: String,
}

impl ComponentFile {
    /// Looks at all of it and keeps none: most are compiled already.
    fn look(path: &Path) -> Result<Self, String> {
        Self::pass(path, |_| {})
    }

    /// The same with its content.
    fn read(path: &Path) -> Result<(Self, Vec<u8>), String> {
        let mut content = Vec::new();
        let file = Self::pass(path, |bytes| content.extend_from_slice(bytes))?;
        Ok((file, content))
    }

    fn pass(path: &Path, mut keep: impl FnMut(&[u8])) -> Result<Self, String> {
        let failed = |error: io::Error| format!("cannot be read: {error}");
        let read = SystemTime::now();
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if LARGEST < metadata.len() {
            return Err(format!("is {} MiB; components of up to {} MiB are read", metadata.len() >> 20, LARGEST >> 20));
        }
        // It may grow while it is read.
        let mut content = BufReader::with_capacity(PIECE, file.take(LARGEST));
        require_component(content.fill_buf().map_err(failed)?)?;
        let (mut fingerprint, mut size) = (blake3::Hasher::new(), 0);
        loop {
            let piece = content.fill_buf().map_err(failed)?;
            if piece.is_empty() {
                let fingerprint = fingerprint.finalize().to_hex().to_string();
                return Ok(Self { marks: Marks::from(&metadata), read, size, fingerprint });
            }
            fingerprint.update(piece);
            keep(piece);
            let length = piece.len();
            size += length;
            content.consume(length);
        }
    }
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
    component: &Identity,
) -> Result<(Compiled, Note), String> {
    let purpose = likely_purpose(bytes);
    let content = sandbox
        .compile(bytes, purpose, CompileLimits::default())
        .await
        .map_err(|CompileError(reason)| format!("is not a component that can be used: {reason}"))?;
    let compiled = cache
        .keep(component, purpose, &content)
        .map_err(|error| format!("cannot be kept in the cache `{}`: {error}", cache.directory().display()))?;
    let ready = deserialize(cache, purpose, &content)?;
    let shape = Shape::of(cache.engine(purpose), &ready)?;
    let subject = ask(sandbox, cache.engine(purpose), &ready, (purpose, shape.role), &compiled).await?;
    let note = Note { capabilities: shape.capabilities, subject };
    cache.keep_note(component, purpose, &compiled, note.clone());
    Ok((compiled, note))
}

/// As much of [`admit`] as one process can do, for fuzzers: what a listing would have of these bytes.
#[cfg(fuzzing)]
pub(super) fn look_at(bytes: &[u8], workbench: &super::fuzzing::Workbench) -> Result<Note, String> {
    require_component(bytes)?;
    let purpose = likely_purpose(bytes);
    let engine = workbench.engine(purpose);
    let component = Component::from_binary(engine, bytes)
        .map_err(|error| format!("is not a component that can be used: {error:#}"))?;
    let shape = Shape::of(engine, &component)?;
    let subject = match (purpose, shape.role) {
        (Purpose::Graders, Role::Grader(mode)) => {
            match (workbench.describe(&component, mode).map_err(|error| misfit(&error))?, mode) {
                (Answer::Grader(description), WireMode::Pointwise) => Subject::Pointwise(description),
                (Answer::Grader(description), WireMode::Listwise) => Subject::Listwise(description),
                (Answer::Failed { reason, .. }, _) => return Err(reason),
                _ => return Err("does not describe itself as a grader".to_owned()),
            }
        }
        (Purpose::Runtimes, Role::Runtime) => {
            let language = workbench.describe_language(&component).map_err(|error| misfit(&error))?;
            Subject::Language(description::language(language)?)
        }
        _ => return Err("names the interpreter interface of language runtimes without being one".to_owned()),
    };
    Ok(Note { capabilities: shape.capabilities, subject })
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
            // Which names select it depends on the runtimes that were found before it.
            let component = sandbox.register(compiled, LoadRole::Runtime { languages: vec![] });
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
