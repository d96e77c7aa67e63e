//! Rewrites what one module says of its own types, functions and globals to what they are in the one module.

use std::{collections::HashMap, fmt};

use anyhow::{Result, anyhow};
use wasm_encoder::{
    ConstExpr, Instruction, TypeSection,
    reencode::{self, Reencode},
};
use wasmparser::{FuncType, Operator};

/// What a global is in the one module.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    Constant(i32),
    Variable(u32),
}

/// Code speaks of something that was left out.
#[derive(Debug)]
pub(crate) struct Unplaced;

impl fmt::Display for Unplaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("code uses a type, function or global that was left out")
    }
}

/// For `map_err`, which passes errors by value.
#[allow(clippy::needless_pass_by_value, reason = "the signature that `map_err` wants")]
pub(crate) fn unencodable<E: fmt::Display>(error: reencode::Error<E>) -> anyhow::Error {
    anyhow!("cannot be fused: {error}")
}

/// The types of the one module, each once.
#[derive(Default)]
pub(crate) struct Types {
    pub(crate) section: TypeSection,
    indices: HashMap<FuncType, u32>,
}

impl Types {
    pub(crate) fn index(&mut self, kind: &FuncType) -> Result<u32> {
        if let Some(index) = self.indices.get(kind) {
            return Ok(*index);
        }
        let index = self.section.len();
        let function = reencode::RoundtripReencoder.func_type(kind.clone()).map_err(unencodable)?;
        self.section.ty().func_type(&function);
        self.indices.insert(kind.clone(), index);
        Ok(index)
    }
}

/// Rewrites one module's indices to those of the one module.
pub(crate) struct Placement {
    pub(crate) types: Vec<u32>,
    pub(crate) functions: Vec<Option<u32>>,
    pub(crate) globals: Vec<Value>,
    pub(crate) first_element: u32,
    pub(crate) first_data: u32,
}

impl Placement {
    fn global(&self, index: u32) -> Result<Value, reencode::Error<Unplaced>> {
        self.globals.get(index as usize).copied().ok_or(reencode::Error::UserError(Unplaced))
    }
}

impl Reencode for Placement {
    type Error = Unplaced;

    fn type_index(&mut self, index: u32) -> Result<u32, reencode::Error<Unplaced>> {
        self.types.get(index as usize).copied().ok_or(reencode::Error::UserError(Unplaced))
    }

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error<Unplaced>> {
        let index = self.functions.get(index as usize).copied().flatten();
        index.ok_or(reencode::Error::UserError(Unplaced))
    }

    fn global_index(&mut self, index: u32) -> Result<u32, reencode::Error<Unplaced>> {
        match self.global(index)? {
            Value::Variable(index) => Ok(index),
            Value::Constant(_) => Err(reencode::Error::UserError(Unplaced)),
        }
    }

    fn memory_index(&mut self, _index: u32) -> Result<u32, reencode::Error<Unplaced>> {
        Ok(0)
    }

    fn table_index(&mut self, _index: u32) -> Result<u32, reencode::Error<Unplaced>> {
        Ok(0)
    }

    fn element_index(&mut self, index: u32) -> Result<u32, reencode::Error<Unplaced>> {
        Ok(self.first_element + index)
    }

    fn data_index(&mut self, index: u32) -> Result<u32, reencode::Error<Unplaced>> {
        Ok(self.first_data + index)
    }

    fn instruction<'b>(&mut self, operator: Operator<'b>) -> Result<Instruction<'b>, reencode::Error<Unplaced>> {
        if let Operator::GlobalGet { global_index } = operator
            && let Value::Constant(value) = self.global(global_index)?
        {
            return Ok(Instruction::I32Const(value));
        }
        reencode::utils::instruction(self, operator)
    }

    /// Offsets must be plain constants for the engine to prepare memory and table ahead of time.
    fn const_expr(&mut self, expression: wasmparser::ConstExpr) -> Result<ConstExpr, reencode::Error<Unplaced>> {
        let mut sum = 0_i32;
        for operator in expression.get_operators_reader() {
            match operator? {
                Operator::I32Const { value } => sum = sum.wrapping_add(value),
                Operator::GlobalGet { global_index } => match self.global(global_index)? {
                    Value::Constant(value) => sum = sum.wrapping_add(value),
                    Value::Variable(_) => return reencode::utils::const_expr(self, expression),
                },
                Operator::I32Add | Operator::End => {}
                _ => return reencode::utils::const_expr(self, expression),
            }
        }
        Ok(ConstExpr::i32_const(sum))
    }
}
