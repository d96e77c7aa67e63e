//! One core module, read into its sections.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use wasmparser::{
    CompositeInnerType, Data, Element, ExternalKind, FuncType, FunctionBody, Global, MemoryType, Parser, Payload,
    TableType, TypeRef,
};

/// The sections of a core module.
#[derive(Default)]
pub(crate) struct CoreModule<'a> {
    pub(crate) types: Vec<FuncType>,
    pub(crate) imports: Vec<Import<'a>>,
    /// The type of each function that the module defines.
    pub(crate) functions: Vec<u32>,
    pub(crate) tables: Vec<TableType>,
    pub(crate) memories: Vec<MemoryType>,
    pub(crate) globals: Vec<Global<'a>>,
    exports: HashMap<&'a str, (ExternalKind, u32)>,
    pub(crate) start: Option<u32>,
    pub(crate) elements: Vec<Element<'a>>,
    pub(crate) bodies: Vec<FunctionBody<'a>>,
    pub(crate) data: Vec<Data<'a>>,
}

pub(crate) struct Import<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: ExternalKind,
    /// Of a function.
    pub(crate) type_index: u32,
}

impl<'a> CoreModule<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self> {
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.section(payload.context("an unreadable core module")?)?;
        }
        Ok(module)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for kind in group?.types() {
                        match &kind.composite_type.inner {
                            CompositeInnerType::Func(function) => self.types.push(function.clone()),
                            other => bail!("a core module has the type {other:?}"),
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.imports.push(self::import(import?)?);
                }
            }
            Payload::FunctionSection(section) => self.functions = section.into_iter().collect::<Result<_, _>>()?,
            Payload::TableSection(section) => {
                for table in section {
                    self.tables.push(table?.ty);
                }
            }
            Payload::MemorySection(section) => self.memories = section.into_iter().collect::<Result<_, _>>()?,
            Payload::GlobalSection(section) => self.globals = section.into_iter().collect::<Result<_, _>>()?,
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.exports.insert(export.name, (export.kind, export.index));
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => self.elements = section.into_iter().collect::<Result<_, _>>()?,
            Payload::CodeSectionEntry(body) => self.bodies.push(body),
            Payload::DataSection(section) => self.data = section.into_iter().collect::<Result<_, _>>()?,
            Payload::TagSection(_) => bail!("a core module uses exceptions"),
            _ => {}
        }
        Ok(())
    }

    /// The index of an export in the module's index space of its kind.
    pub(crate) fn export(&self, name: &str, kind: ExternalKind) -> Option<u32> {
        self.exports.get(name).and_then(|(found, index)| (*found == kind).then_some(*index))
    }

    /// The import that stands at an index of the index space of its kind; `None` where the module defines the item.
    pub(crate) fn import(&self, kind: ExternalKind, index: u32) -> Option<&Import<'a>> {
        self.imports_of(kind).nth(index as usize)
    }

    pub(crate) fn imports_of(&self, kind: ExternalKind) -> impl Iterator<Item = &Import<'a>> {
        self.imports.iter().filter(move |import| import.kind == kind)
    }
}

fn import(import: wasmparser::Import<'_>) -> Result<Import<'_>> {
    let (kind, type_index) = match import.ty {
        TypeRef::Func(index) => (ExternalKind::Func, index),
        TypeRef::Table(_) => (ExternalKind::Table, 0),
        TypeRef::Memory(_) => (ExternalKind::Memory, 0),
        TypeRef::Global(_) => (ExternalKind::Global, 0),
        other => bail!("the import `{}` `{}` is a {other:?}", import.module, import.name),
    };
    Ok(Import { module: import.module, name: import.name, kind, type_index })
}
