//! Gives a core module a start function that writes to each page of some zones what is there already.

use anyhow::{Context, Result, bail};
use wasm_encoder::{BlockType, Encode, Function, InstructionSink, MemArg, Module, RawSection, StartSection, ValType};
use wasmparser::{BinaryReader, Parser, Payload, TypeRef};

use crate::zones::{PAGE, Zones};

/// The sections that an entry is added to.
const TYPES: u8 = 1;
const FUNCTIONS: u8 = 3;
const EXPORTS: u8 = 7;
const CODE: u8 = 10;

/// The module, whose instances begin by writing to the zones.
pub(crate) fn with_start(module: &[u8], zones: &Zones) -> Result<Vec<u8>> {
    let (mut types, mut functions) = (0, 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => types = section.count(),
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    functions += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(section) => functions += section.count(),
            Payload::StartSection { .. } => bail!("the module has a start function of its own"),
            _ => {}
        }
    }
    let mut encoded = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        let Some((id, range)) = payload.as_section() else { continue };
        let section = module.get(range).context("a section of the module")?;
        let entry = match id {
            // A function without parameters and results.
            TYPES => Some(vec![0x60, 0, 0]),
            FUNCTIONS => Some(encoded_number(types)),
            CODE => Some(touching(zones)?),
            _ => None,
        };
        match entry {
            Some(entry) => encoded.section(&RawSection { id, data: &with_entry(section, &entry)? }),
            None => encoded.section(&RawSection { id, data: section }),
        };
        if id == EXPORTS {
            encoded.section(&StartSection { function_index: functions });
        }
    }
    Ok(encoded.finish())
}

/// A section with one more entry at its end.
fn with_entry(section: &[u8], entry: &[u8]) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(section, 0);
    let mut longer = encoded_number(reader.read_var_u32()? + 1);
    longer.extend_from_slice(section.get(reader.current_position()..).unwrap_or_default());
    longer.extend_from_slice(entry);
    Ok(longer)
}

fn encoded_number(number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    number.encode(&mut bytes);
    bytes
}

/// For each zone a loop over its pages.
fn touching(zones: &Zones) -> Result<Vec<u8>> {
    let byte = MemArg { offset: 0, align: 0, memory_index: 0 };
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code: InstructionSink<'_> = function.instructions();
    for zone in &zones.0 {
        code.i32_const(i32::try_from(zone.start * PAGE)?).local_set(0).loop_(BlockType::Empty);
        code.local_get(0).local_get(0).i32_load8_u(byte).i32_store8(byte);
        code.local_get(0).i32_const(i32::try_from(PAGE)?).i32_add().local_tee(0);
        code.i32_const(i32::try_from(zone.end * PAGE)?).i32_lt_u().br_if(0).end();
    }
    code.end();
    let mut bytes = Vec::new();
    function.encode(&mut bytes);
    Ok(bytes)
}
