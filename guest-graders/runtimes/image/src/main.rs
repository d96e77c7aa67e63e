//! Turns a language runtime's component into one whose instances start in a fraction of a millisecond.
//!
//! `runtime-image [--plain] IN.wasm OUT.wasm` fuses the core modules of the component into one, runs it until it is warm,
//! and lets it begin with the memory that this leaves. With `--plain`, or where a check of that memory fails, it begins
//! with the memory that it came with.
//!
//! `runtime-image --names IN.wasm OUT.txt` writes the names that the runtime of a component uses.

mod component;
mod fuse;
mod heap;
mod image;
mod making;
mod memory;
mod module;
mod objects;
mod placement;
mod snapshot;
mod wrap;

use std::{env, ffi::OsString, fs, path::Path, thread};

use anyhow::{Context, Result, anyhow, bail};

use crate::{component::LinkedComponent, making::Making, wrap::Interface};

/// What a language runtime exports, and what it exports besides while its image is made.
const INTERPRETER: &str = "gradebox:runtime/interpreter@0.1.0";
const COMPILER: &str = "gradebox:compiling/compiler@0.1.0";
const MAKING: &str = "gradebox:making/making@0.1.0";

/// What the finished runtime exports.
const EXPORTS: &[&str] = &[INTERPRETER, COMPILER];

fn main() -> Result<()> {
    // Code of the runtime runs on this thread's stack.
    let thread = thread::Builder::new().stack_size(making::STACK + (16 << 20)).spawn(run)?;
    thread.join().map_err(|_| anyhow!("the image was not made"))?
}

fn run() -> Result<()> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let (option, paths) = match arguments.split_first() {
        Some((first, rest)) if first == "--plain" || first == "--names" => (first.to_str(), rest),
        _ => (None, arguments.as_slice()),
    };
    let [input, output] = paths else { bail!("usage: runtime-image [--plain|--names] IN.wasm OUT") };
    let component = fs::read(input).with_context(|| format!("cannot read {}", Path::new(input).display()))?;
    let linked = LinkedComponent::parse(&component)?;
    let finished = match option {
        Some("--names") => names(&component, &linked)?.into_bytes(),
        _ => finished(&component, &linked, option.is_some())?,
    };
    fs::write(output, finished).with_context(|| format!("cannot write {}", Path::new(output).display()))
}

/// The names that the runtime uses, one on a line.
fn names(component: &[u8], linked: &LinkedComponent<'_>) -> Result<String> {
    let exports = &[INTERPRETER, COMPILER, MAKING];
    let making = fuse::fuse(linked, &linked.exports(exports)?)?;
    Ok(Making::start(&Interface::of(component, exports)?.wrap(&making)?)?.names()?.join("\n"))
}

/// The component of one core module.
fn finished(component: &[u8], linked: &LinkedComponent<'_>, plain: bool) -> Result<Vec<u8>> {
    let mut module = fuse::fuse(linked, &linked.exports(EXPORTS)?)?;
    if !plain {
        match with_snapshot(component, linked, &module) {
            Ok(with_snapshot) => module = with_snapshot,
            Err(error) => warn(&error),
        }
    }
    Interface::of(component, EXPORTS)?.wrap(&module)
}

/// The module with a memory of its own making, checked.
fn with_snapshot(component: &[u8], linked: &LinkedComponent<'_>, module: &[u8]) -> Result<Vec<u8>> {
    let exports = &[INTERPRETER, COMPILER, MAKING];
    let interface = Interface::of(component, exports)?;
    let making = fuse::fuse(linked, &linked.exports(exports)?)?;
    let snapshot = snapshot::take(&interface.wrap(&making)?)?;
    let stack = image::stack_pointer(&making)?;
    snapshot::check(&interface.wrap(&image::with_memory(&making, &snapshot.memory, stack)?)?, &snapshot)?;
    image::with_memory(module, &snapshot.memory, stack)
}

#[expect(clippy::print_stderr, reason = "a program of the build")]
fn warn(error: &anyhow::Error) {
    eprintln!("runtime-image: no snapshot, instances will start more slowly: {error:#}");
}
