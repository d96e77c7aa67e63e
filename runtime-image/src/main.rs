//! Turns a language runtime's component into one whose instances start in a fraction of a millisecond.
//!
//! `runtime-image IN.wasm OUT.wasm`

mod component;
mod fuse;
mod module;
mod placement;
mod wrap;

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{component::LinkedComponent, wrap::Interface};

/// What a language runtime exports.
const INTERPRETER: &str = "gradebox:runtime/interpreter@0.1.0";

fn main() -> Result<()> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [input, output] = arguments.as_slice() else { bail!("usage: runtime-image IN.wasm OUT.wasm") };
    let component = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let interface = Interface::of(&component, INTERPRETER)?;
    let linked = LinkedComponent::parse(&component)?;
    let fused = fuse::fuse(&linked, &linked.exports(INTERPRETER)?)?;
    fs::write(output, interface.wrap(&fused)?).with_context(|| format!("cannot write {}", output.display()))
}
