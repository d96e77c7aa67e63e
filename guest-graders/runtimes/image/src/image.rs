//! Puts a memory into a core module, in the place of the data that it begins with.

use anyhow::{Context, Result, bail};
use wasm_encoder::{ConstExpr, DataCountSection, DataSection, MemorySection, MemoryType, Module, RawSection};
use wasmparser::{Parser, Payload};

const PAGE: usize = 64 << 10;

/// A run of zeros this long ends a segment: memory is zero where no segment says otherwise.
const ZEROS: usize = 64;

/// The module with a memory that begins as `memory` is now. Bytes below `stack` are scratch space and not kept.
pub(crate) fn with_memory(module: &[u8], memory: &[u8], stack: usize) -> Result<Vec<u8>> {
    let segments = segments(memory, stack);
    let mut encoded = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match payload {
            Payload::MemorySection(_) => {
                let minimum = u64::try_from(memory.len().div_ceil(PAGE))?;
                let mut section = MemorySection::new();
                section.memory(MemoryType {
                    minimum,
                    maximum: None,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
                encoded.section(&section);
            }
            Payload::DataCountSection { .. } => {
                encoded.section(&DataCountSection { count: u32::try_from(segments.len())? });
            }
            Payload::DataSection(_) => {
                let mut section = DataSection::new();
                for (address, bytes) in &segments {
                    section.active(0, &ConstExpr::i32_const(i32::try_from(*address)?), bytes.iter().copied());
                }
                encoded.section(&section);
            }
            Payload::CustomSection(_) => {}
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = module.get(range).context("a section of the module")?;
                    encoded.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(encoded.finish())
}

/// What of the memory is not zero, with its addresses.
fn segments(memory: &[u8], from: usize) -> Vec<(usize, &[u8])> {
    let mut segments = Vec::new();
    let mut position = from;
    while let Some(rest) = memory.get(position..) {
        let Some(zeros) = rest.iter().position(|byte| *byte != 0) else { break };
        let start = position + zeros;
        let mut end = start + 1;
        let mut run = 0;
        for (offset, byte) in memory.iter().enumerate().skip(end) {
            run = if *byte == 0 { run + 1 } else { 0 };
            if run == ZEROS {
                break;
            }
            if *byte != 0 {
                end = offset + 1;
            }
        }
        segments.push((start, memory.get(start..end).unwrap_or_default()));
        position = end;
    }
    segments
}

/// The value that the module's first mutable global begins with.
pub(crate) fn stack_pointer(module: &[u8]) -> Result<usize> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::GlobalSection(section) = payload? {
            for global in section {
                let global = global?;
                let mut operators = global.init_expr.get_operators_reader();
                if let (true, wasmparser::Operator::I32Const { value }) = (global.ty.mutable, operators.read()?) {
                    return Ok(usize::try_from(value)?);
                }
            }
        }
    }
    bail!("the module has no stack pointer")
}
