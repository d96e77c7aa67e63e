//! Turns a language runtime's component into one whose instances start in a fraction of a millisecond.
//!
//! `runtime-image --fuse IN.wasm CORE.wasm` makes one core module of those of the component.
//!
//! `runtime-image [--plain] IN.wasm CORE.wasm OUT.wasm` runs the core module, which an optimiser may have gone over, until
//! it is warm, makes a component of it, and lets it begin with the memory that this leaves. With `--plain`, or where a
//! check of that memory fails, it begins with the memory that it came with.
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

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::Path,
    thread,
};

use anyhow::{Context, Result, anyhow, bail};

use crate::{component::LinkedComponent, making::Runtime, wrap::Interface};

/// What a language runtime exports, and what it exports besides while its image is made.
const INTERPRETER: &str = "gradebox:runtime/interpreter@0.1.0";
const COMPILER: &str = "gradebox:compiling/compiler@0.1.0";
const MAKING: &str = "gradebox:making/making@0.1.0";

/// What the finished runtime exports.
const EXPORTS: &[&str] = &[INTERPRETER, COMPILER];

/// What the core module exports: the image is made by the code that the finished runtime runs.
const EXPORTS_IN_THE_MAKING: &[&str] = &[INTERPRETER, COMPILER, MAKING];

const USAGE: &str =
    "usage: runtime-image --fuse IN.wasm CORE.wasm | [--plain] IN.wasm CORE.wasm OUT.wasm | --names IN.wasm OUT.txt";

fn main() -> Result<()> {
    // Code of the runtime runs on this thread's stack.
    let thread = thread::Builder::new().stack_size(making::STACK + (16 << 20)).spawn(run)?;
    thread.join().map_err(|_| anyhow!("the image was not made"))?
}

fn run() -> Result<()> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let (option, paths) = match arguments.split_first() {
        Some((first, rest)) if first.to_str().is_some_and(|first| first.starts_with("--")) => (first.to_str(), rest),
        _ => (None, arguments.as_slice()),
    };
    let (output, made) = match (option, paths) {
        (Some("--fuse"), [input, output]) => (output, fused(&read(input)?)?),
        (Some("--names"), [input, output]) => (output, names(&read(input)?)?.into_bytes()),
        (None | Some("--plain"), [input, core, output]) => {
            (output, finished(&read(input)?, read(core)?, option.is_some())?)
        }
        _ => bail!(USAGE),
    };
    fs::write(output, made).with_context(|| format!("cannot write {}", Path::new(output).display()))
}

fn read(path: &OsStr) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", Path::new(path).display()))
}

/// The one core module of a component.
fn fused(component: &[u8]) -> Result<Vec<u8>> {
    let linked = LinkedComponent::parse(component)?;
    fuse::fuse(&linked, &linked.exports(EXPORTS_IN_THE_MAKING)?)
}

/// The names that the runtime uses, one on a line.
fn names(component: &[u8]) -> Result<String> {
    let making = Interface::of(component, EXPORTS_IN_THE_MAKING)?.wrap(&fused(component)?)?;
    Ok(Runtime::compile(&making)?.start()?.names()?.join("\n"))
}

/// The component of one core module, with the interface of the one that it was made of.
fn finished(component: &[u8], mut module: Vec<u8>, plain: bool) -> Result<Vec<u8>> {
    if !plain {
        match with_snapshot(component, &module) {
            Ok(with_snapshot) => module = with_snapshot,
            Err(error) => warn(&error),
        }
    }
    Interface::of(component, EXPORTS)?.wrap(&module)
}

/// The module with a memory of its own making, checked.
fn with_snapshot(component: &[u8], module: &[u8]) -> Result<Vec<u8>> {
    let interface = Interface::of(component, EXPORTS_IN_THE_MAKING)?;
    let snapshot = snapshot::take(&interface.wrap(module)?)?;
    let module = image::with_memory(module, &snapshot.memory, image::stack_pointer(module)?)?;
    snapshot::check(&interface.wrap(&module)?, &snapshot)?;
    Ok(module)
}

#[expect(clippy::print_stderr, reason = "a program of the build")]
fn warn(error: &anyhow::Error) {
    eprintln!("runtime-image: no snapshot, instances will start more slowly: {error:#}");
}
