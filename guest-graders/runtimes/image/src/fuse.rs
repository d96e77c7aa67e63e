//! Makes one core module of the several that a component links.
//!
//! Toolchains that link shared libraries leave a component of a dozen core modules, each of which imports the memory,
//! the table, the position of its data and every function of the others. The engine resolves all that for each
//! instance, fills the imported table eagerly, and cannot see that the positions are constants. In one module calls are
//! direct, the table is filled when it is used, and constants are constants.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, bail};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, EntityType, ExportKind, ExportSection, FunctionSection,
    GlobalSection, ImportSection, MemorySection, Module, TableSection, reencode::Reencode,
};
use wasmparser::{ExternalKind, FuncType, Operator};

use crate::{
    component::{ExportedFunction, LinkedComponent, Source},
    module::CoreModule,
    placement::{Placement, Types, Value, unencodable},
};

/// The one core module. It exports `exports` and its memory.
pub(crate) fn fuse(linked: &LinkedComponent<'_>, exports: &[ExportedFunction]) -> Result<Vec<u8>> {
    let program = Program::new(linked)?;
    let live = program.live(exports)?;
    program.encode(&live, exports)
}

/// A module instance of the component, with what its imports lead to.
struct Part<'p, 'a> {
    module: &'p CoreModule<'a>,
    functions: Vec<Source>,
    globals: Vec<Source>,
}

struct Program<'p, 'a> {
    /// By the number of the instance in the component; `None` for those without code of their own.
    parts: Vec<Option<Part<'p, 'a>>>,
    /// The instances in the order in which they are made.
    order: Vec<usize>,
}

/// What is left when everything is left out that nothing leads to.
struct Live {
    host: Vec<(String, String, FuncType)>,
    functions: Vec<(usize, u32)>,
    /// The new index of every live function.
    indices: HashMap<Source, u32>,
    globals: HashMap<(usize, u32), Value>,
}

impl<'p, 'a> Program<'p, 'a> {
    fn new(linked: &'p LinkedComponent<'a>) -> Result<Self> {
        let mut parts: Vec<Option<Part<'p, 'a>>> = linked.instances.iter().map(|_| None).collect();
        let mut order = Vec::new();
        for (instance, module) in linked.program() {
            if module.start.is_some() {
                bail!("the core instance {instance} runs code when it is made; was the component initialised?");
            }
            let sources = |kind: ExternalKind, defined: usize| -> Result<Vec<Source>> {
                let imports = module.imports_of(kind);
                let imported = imports.map(|import| linked.import(instance, import.module, import.name, kind));
                let mut sources = imported.collect::<Result<Vec<_>>>()?;
                let first = u32::try_from(sources.len())?;
                sources.extend((first..).take(defined).map(|index| Source::Defined { instance, index }));
                Ok(sources)
            };
            let functions = sources(ExternalKind::Func, module.functions.len())?;
            let globals = sources(ExternalKind::Global, module.globals.len())?;
            *parts.get_mut(instance).context("an instance of the component")? =
                Some(Part { module, functions, globals });
            order.push(instance);
        }
        Ok(Self { parts, order })
    }

    fn part(&self, instance: usize) -> Result<&Part<'p, 'a>> {
        self.parts.get(instance).and_then(Option::as_ref).with_context(|| format!("no code in instance {instance}"))
    }

    fn in_order(&self) -> impl Iterator<Item = (usize, &Part<'p, 'a>)> {
        self.order.iter().filter_map(|instance| Some((*instance, self.parts.get(*instance)?.as_ref()?)))
    }

    /// Follows calls and references from the exports and the table.
    fn live(&self, exports: &[ExportedFunction]) -> Result<Live> {
        let mut reached: HashMap<Source, FuncType> = HashMap::new();
        let mut waiting = Vec::new();
        let mut set = Vec::new();
        for export in exports {
            let Source::Defined { instance, index } = &export.source else {
                bail!("`{}` is exported and imported", export.name)
            };
            self.reach(*instance, *index, &mut reached, &mut waiting)?;
        }
        for (instance, part) in self.in_order() {
            for element in &part.module.elements {
                match &element.items {
                    wasmparser::ElementItems::Functions(functions) => {
                        for function in functions.clone() {
                            self.reach(instance, function?, &mut reached, &mut waiting)?;
                        }
                    }
                    wasmparser::ElementItems::Expressions(..) => bail!("the table is filled with expressions"),
                }
            }
        }
        while let Some((instance, index)) = waiting.pop() {
            let module = self.part(instance)?.module;
            let body = (index as usize).checked_sub(module.imports_of(ExternalKind::Func).count());
            let body = body.and_then(|body| module.bodies.get(body)).context("a function without a body")?;
            for operator in body.get_operators_reader()? {
                match operator? {
                    Operator::Call { function_index }
                    | Operator::ReturnCall { function_index }
                    | Operator::RefFunc { function_index } => {
                        self.reach(instance, function_index, &mut reached, &mut waiting)?;
                    }
                    Operator::GlobalSet { global_index } => set.push((instance, global_index)),
                    _ => {}
                }
            }
        }
        self.place(&reached, &set)
    }

    fn reach(
        &self,
        instance: usize,
        index: u32,
        reached: &mut HashMap<Source, FuncType>,
        waiting: &mut Vec<(usize, u32)>,
    ) -> Result<()> {
        let part = self.part(instance)?;
        let source = part.functions.get(index as usize).with_context(|| format!("no function {index}"))?;
        if reached.contains_key(source) {
            return Ok(());
        }
        if let Source::Defined { instance, index } = source {
            waiting.push((*instance, *index));
        }
        reached.insert(source.clone(), part.function_type(index)?.clone());
        Ok(())
    }

    /// Gives every live function its new index, and every global its new place.
    fn place(&self, reached: &HashMap<Source, FuncType>, set: &[(usize, u32)]) -> Result<Live> {
        let mut host = Vec::new();
        for (source, kind) in reached {
            if let Source::Host { interface, name } = source {
                host.push((interface.clone(), name.clone(), kind.clone()));
            }
        }
        host.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let sources =
            host.iter().map(|(interface, name, _)| Source::Host { interface: interface.clone(), name: name.clone() });
        let mut indices: HashMap<Source, u32> = sources.zip(0..).collect();
        let mut functions = Vec::new();
        for (_, part) in self.in_order() {
            for source in part.functions.iter().skip(part.module.imports_of(ExternalKind::Func).count()) {
                if let (Source::Defined { instance, index }, true) = (source, reached.contains_key(source)) {
                    indices.insert(source.clone(), u32::try_from(host.len() + functions.len())?);
                    functions.push((*instance, *index));
                }
            }
        }
        let globals = self.globals(set)?;
        Ok(Live { host, functions, indices, globals })
    }

    /// A global that no code sets is the constant that it begins as, whatever its type says.
    fn globals(&self, set: &[(usize, u32)]) -> Result<HashMap<(usize, u32), Value>> {
        let mut variables = HashSet::new();
        for (instance, index) in set {
            if let Some(Source::Defined { instance, index }) = self.part(*instance)?.globals.get(*index as usize) {
                variables.insert((*instance, *index));
            }
        }
        let mut globals = HashMap::new();
        let mut count = 0;
        for (instance, part) in self.in_order() {
            let first = part.module.imports_of(ExternalKind::Global).count();
            for (global, index) in part.module.globals.iter().zip(u32::try_from(first)?..) {
                let value = match part.constant(&global.init_expr, &globals) {
                    Some(value) if !variables.contains(&(instance, index)) => Value::Constant(value),
                    _ => {
                        count += 1;
                        Value::Variable(count - 1)
                    }
                };
                globals.insert((instance, index), value);
            }
        }
        Ok(globals)
    }

    fn encode(&self, live: &Live, exports: &[ExportedFunction]) -> Result<Vec<u8>> {
        let mut types = Types::default();
        let mut imports = ImportSection::new();
        for (interface, name, kind) in &live.host {
            imports.import(interface, name, EntityType::Function(types.index(kind)?));
        }
        let mut tables = TableSection::new();
        let mut memories = MemorySection::new();
        let mut globals = GlobalSection::new();
        let mut elements = ElementSection::new();
        let mut data = DataSection::new();
        let mut placements = HashMap::new();
        for (instance, part) in self.in_order() {
            let mut placement = part.placement(live, &mut types, elements.len(), data.len())?;
            for table in &part.module.tables {
                tables.table(placement.table_type(*table).map_err(unencodable)?);
            }
            for memory in &part.module.memories {
                memories.memory(placement.memory_type(*memory).map_err(unencodable)?);
            }
            let first = part.module.imports_of(ExternalKind::Global).count();
            for (global, index) in part.module.globals.iter().zip(u32::try_from(first)?..) {
                if let Some(Value::Variable(_)) = live.globals.get(&(instance, index)) {
                    placement.parse_global(&mut globals, global.clone()).map_err(unencodable)?;
                }
            }
            for element in &part.module.elements {
                placement.parse_element(&mut elements, element.clone()).map_err(unencodable)?;
            }
            for segment in &part.module.data {
                placement.parse_data(&mut data, segment.clone()).map_err(unencodable)?;
            }
            placements.insert(instance, placement);
        }
        if tables.len() != 1 || memories.len() != 1 {
            bail!("{} tables and {} memories, where one of each can be fused", tables.len(), memories.len());
        }
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for (instance, index) in &live.functions {
            let part = self.part(*instance)?;
            functions.function(types.index(part.function_type(*index)?)?);
            let body = *index as usize - part.module.imports_of(ExternalKind::Func).count();
            let body = part.module.bodies.get(body).context("a function without a body")?;
            let placement = placements.get_mut(instance).context("an instance with code")?;
            placement.parse_function_body(&mut code, body.clone()).map_err(unencodable)?;
        }
        let mut exported = ExportSection::new();
        exported.export("memory", ExportKind::Memory, 0);
        for export in exports {
            let index = *live.indices.get(&export.source).context("a live export")?;
            exported.export(&export.name, ExportKind::Func, index);
        }
        let mut module = Module::new();
        module.section(&types.section).section(&imports).section(&functions).section(&tables).section(&memories);
        module.section(&globals).section(&exported).section(&elements);
        module.section(&DataCountSection { count: data.len() }).section(&code).section(&data);
        Ok(module.finish())
    }
}

impl Part<'_, '_> {
    fn function_type(&self, index: u32) -> Result<&FuncType> {
        let module = self.module;
        let type_index = match module.import(ExternalKind::Func, index) {
            Some(import) => Some(import.type_index),
            None => module.functions.get(index as usize - module.imports_of(ExternalKind::Func).count()).copied(),
        };
        let kind = type_index.and_then(|index| module.types.get(index as usize));
        kind.with_context(|| format!("the function {index} has no type"))
    }

    /// The value of a constant expression over globals whose values are known.
    fn constant(&self, expression: &wasmparser::ConstExpr<'_>, globals: &HashMap<(usize, u32), Value>) -> Option<i32> {
        let mut stack: Vec<i32> = Vec::new();
        for operator in expression.get_operators_reader() {
            match operator.ok()? {
                Operator::I32Const { value } => stack.push(value),
                Operator::GlobalGet { global_index } => match self.globals.get(global_index as usize)? {
                    Source::Defined { instance, index } => match globals.get(&(*instance, *index))? {
                        Value::Constant(value) => stack.push(*value),
                        Value::Variable(_) => return None,
                    },
                    Source::Host { .. } => return None,
                },
                Operator::I32Add => {
                    let (right, left) = (stack.pop()?, stack.pop()?);
                    stack.push(left.wrapping_add(right));
                }
                Operator::End => {}
                _ => return None,
            }
        }
        if stack.len() == 1 { stack.pop() } else { None }
    }

    /// How the module's own indices are to be read.
    fn placement(&self, live: &Live, types: &mut Types, first_element: u32, first_data: u32) -> Result<Placement> {
        let value = |source: &Source| match source {
            Source::Defined { instance, index } => live.globals.get(&(*instance, *index)).copied(),
            Source::Host { .. } => None,
        };
        let globals: Option<Vec<Value>> = self.globals.iter().map(value).collect();
        Ok(Placement {
            types: self.module.types.iter().map(|kind| types.index(kind)).collect::<Result<_>>()?,
            functions: self.functions.iter().map(|source| live.indices.get(source).copied()).collect(),
            globals: globals.context("a global of the host")?,
            first_element,
            first_data,
        })
    }
}
