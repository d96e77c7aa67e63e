//! Reads a component that links several core modules, and tells where each of its core items comes from.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentTypeRef, ExternalKind,
    Instance, Parser, Payload,
};

use crate::module::CoreModule;

/// The table through which wit-component calls lowered functions: one module, the shim, exports it, because the memory
/// that those functions need does not exist yet; another imports it and fills it in.
const SHIM_TABLE: &str = "$imports";

/// Where a core item is defined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// In an instance of a module, by its index in the module's own index space.
    Defined { instance: usize, index: u32 },
    /// A function of the host: the interface and the name that a core module imports it by.
    Host { interface: String, name: String },
}

/// A component's core modules, their instances, and what the component exports of them.
#[derive(Default)]
pub(crate) struct LinkedComponent<'a> {
    pub(crate) modules: Vec<CoreModule<'a>>,
    pub(crate) instances: Vec<CoreInstance<'a>>,
    functions: Vec<CoreFunction<'a>>,
    tables: Vec<Export<'a>>,
    memories: Vec<Export<'a>>,
    globals: Vec<Export<'a>>,
    component_functions: Vec<Option<Export<'a>>>,
    component_types: Vec<Option<Export<'a>>>,
    /// The name that an instance was imported by.
    component_instances: Vec<Option<&'a str>>,
    lifted: Vec<Lifted>,
}

pub(crate) enum CoreInstance<'a> {
    Module { module: usize, arguments: HashMap<&'a str, usize> },
    Exports(HashMap<&'a str, (ExternalKind, u32)>),
}

#[derive(Clone, Copy)]
struct Export<'a> {
    instance: usize,
    name: &'a str,
}

enum CoreFunction<'a> {
    Alias(Export<'a>),
    Lower { function: usize },
    ResourceDrop { resource: usize },
}

struct Lifted {
    function: usize,
    post_return: Option<usize>,
    realloc: Option<usize>,
}

/// A core function that the component exports, under the name that wit-component knows it by.
pub(crate) struct ExportedFunction {
    pub(crate) name: String,
    pub(crate) source: Source,
}

impl<'a> LinkedComponent<'a> {
    pub(crate) fn parse(component: &'a [u8]) -> Result<Self> {
        let mut linked = Self::default();
        let mut nested = 0_usize;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.context("not a WebAssembly component")?;
            match payload {
                Payload::ModuleSection { unchecked_range, .. } => {
                    if nested == 0 {
                        let bytes = component.get(unchecked_range).context("a module beyond the file's end")?;
                        linked.modules.push(CoreModule::parse(bytes)?);
                    }
                    nested += 1;
                }
                Payload::ComponentSection { .. } => nested += 1,
                Payload::End(_) => nested = nested.saturating_sub(1),
                payload if nested == 0 => linked.section(payload)?,
                _ => {}
            }
        }
        Ok(linked)
    }

    fn section(&mut self, payload: Payload<'a>) -> Result<()> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    self.instances.push(core_instance(instance?));
                }
            }
            Payload::ComponentTypeSection(section) => {
                self.component_types.extend((0..section.count()).map(|_| None));
            }
            Payload::ComponentInstanceSection(section) => {
                self.component_instances.extend((0..section.count()).map(|_| None));
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    let import = import?;
                    match import.ty {
                        ComponentTypeRef::Instance(_) => self.component_instances.push(Some(import.name.name)),
                        ComponentTypeRef::Type(_) => self.component_types.push(None),
                        other => bail!("imports `{}`, which is no instance: {other:?}", import.name.name),
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    match export?.kind {
                        ComponentExternalKind::Instance => self.component_instances.push(None),
                        ComponentExternalKind::Type => self.component_types.push(None),
                        ComponentExternalKind::Func => self.component_functions.push(None),
                        _ => {}
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(&alias?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(function?)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: &ComponentAlias<'a>) -> Result<()> {
        match *alias {
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                let export = Export { instance: instance_index as usize, name };
                match kind {
                    ExternalKind::Func => self.functions.push(CoreFunction::Alias(export)),
                    ExternalKind::Table => self.tables.push(export),
                    ExternalKind::Memory => self.memories.push(export),
                    ExternalKind::Global => self.globals.push(export),
                    other => bail!("exports `{name}`, a {other:?}, from a core module"),
                }
            }
            ComponentAlias::InstanceExport { kind, instance_index, name } => {
                let export = Some(Export { instance: instance_index as usize, name });
                match kind {
                    ComponentExternalKind::Func => self.component_functions.push(export),
                    ComponentExternalKind::Type => self.component_types.push(export),
                    other => bail!("uses `{name}`, a {other:?}, of an instance"),
                }
            }
            ComponentAlias::Outer { .. } => bail!("refers to an outer component"),
        }
        Ok(())
    }

    fn canonical(&mut self, function: CanonicalFunction) -> Result<()> {
        match function {
            CanonicalFunction::Lower { func_index, .. } => {
                self.functions.push(CoreFunction::Lower { function: func_index as usize });
            }
            CanonicalFunction::ResourceDrop { resource } => {
                self.functions.push(CoreFunction::ResourceDrop { resource: resource as usize });
            }
            CanonicalFunction::Lift { core_func_index, options, .. } => {
                let mut lifted = Lifted { function: core_func_index as usize, post_return: None, realloc: None };
                for option in &options {
                    match *option {
                        CanonicalOption::PostReturn(function) => lifted.post_return = Some(function as usize),
                        CanonicalOption::Realloc(function) => lifted.realloc = Some(function as usize),
                        CanonicalOption::UTF8 | CanonicalOption::Memory(_) => {}
                        other => bail!("exports a function with the option {other:?}"),
                    }
                }
                self.lifted.push(lifted);
                self.component_functions.push(None);
            }
            other => bail!("uses the canonical function {other:?}"),
        }
        Ok(())
    }

    /// The module instances whose code makes up the program: all but those that only help with linking.
    pub(crate) fn program(&self) -> impl Iterator<Item = (usize, &CoreModule<'a>)> {
        self.instances.iter().enumerate().filter_map(|(number, instance)| match instance {
            CoreInstance::Module { module, .. } => {
                let module = self.modules.get(*module)?;
                (!is_shim(module) && !fills_shim(module)).then_some((number, module))
            }
            CoreInstance::Exports(_) => None,
        })
    }

    /// What the component exports: the lifted functions of some interfaces, what cleans up after them, and the allocator.
    pub(crate) fn exports(&self, interfaces: &[&str]) -> Result<Vec<ExportedFunction>> {
        let mut exports = Vec::new();
        let mut realloc = None;
        for lifted in &self.lifted {
            let name = self.exported_name(lifted.function)?;
            if !interfaces.iter().any(|interface| name.starts_with(interface)) {
                continue;
            }
            for function in [Some(lifted.function), lifted.post_return].into_iter().flatten() {
                let name = self.exported_name(function)?.to_owned();
                exports.push(ExportedFunction { name, source: self.function(function)? });
            }
            if let Some(function) = lifted.realloc {
                let source = self.function(function)?;
                if realloc.get_or_insert_with(|| source.clone()) != &source {
                    bail!("the exports use different allocators");
                }
            }
        }
        let source = realloc.with_context(|| format!("exports nothing of {interfaces:?} that allocates"))?;
        exports.push(ExportedFunction { name: "cabi_realloc".to_owned(), source });
        Ok(exports)
    }

    fn exported_name(&self, function: usize) -> Result<&'a str> {
        match self.functions.get(function) {
            Some(CoreFunction::Alias(export)) => Ok(export.name),
            _ => bail!("exports a function that no core module defines"),
        }
    }

    /// Where an instance's import comes from.
    pub(crate) fn import(&self, instance: usize, module: &str, name: &str, kind: ExternalKind) -> Result<Source> {
        let Some(CoreInstance::Module { arguments, .. }) = self.instances.get(instance) else {
            bail!("core instance {instance} has no imports");
        };
        let from = *arguments.get(module).with_context(|| format!("nothing is given for the import `{module}`"))?;
        self.export(from, name, kind).with_context(|| format!("the import `{module}` `{name}`"))
    }

    fn export(&self, instance: usize, name: &str, kind: ExternalKind) -> Result<Source> {
        match self.instances.get(instance) {
            Some(CoreInstance::Exports(items)) => {
                let (found, index) = *items.get(name).with_context(|| format!("no export `{name}`"))?;
                if found != kind {
                    bail!("`{name}` is a {found:?}, not a {kind:?}");
                }
                self.item(kind, index as usize)
            }
            Some(CoreInstance::Module { module, .. }) => {
                let module = self.modules.get(*module).context("an instance of no module")?;
                if is_shim(module) {
                    return self.behind_shim(name);
                }
                let index = module.export(name, kind).with_context(|| format!("no export `{name}`"))?;
                match module.import(kind, index) {
                    Some(import) => self.import(instance, import.module, import.name, kind),
                    None => Ok(Source::Defined { instance, index }),
                }
            }
            None => bail!("no core instance {instance}"),
        }
    }

    /// The shim's functions are filled in by the fixups module, whose argument lists them under the same names.
    fn behind_shim(&self, name: &str) -> Result<Source> {
        let fixups = self.instances.iter().find_map(|instance| match instance {
            CoreInstance::Module { module, arguments } => fills_shim(self.modules.get(*module)?).then_some(arguments),
            CoreInstance::Exports(_) => None,
        });
        let filled = *fixups.and_then(|arguments| arguments.get("")).context("the shim is never filled in")?;
        self.export(filled, name, ExternalKind::Func)
    }

    fn item(&self, kind: ExternalKind, index: usize) -> Result<Source> {
        let exports = match kind {
            ExternalKind::Func => return self.function(index),
            ExternalKind::Table => &self.tables,
            ExternalKind::Memory => &self.memories,
            ExternalKind::Global => &self.globals,
            other => bail!("a core item of kind {other:?}"),
        };
        let export = exports.get(index).with_context(|| format!("no {kind:?} {index}"))?;
        self.export(export.instance, export.name, kind)
    }

    fn function(&self, index: usize) -> Result<Source> {
        match self.functions.get(index).with_context(|| format!("no core function {index}"))? {
            CoreFunction::Alias(export) => self.export(export.instance, export.name, ExternalKind::Func),
            CoreFunction::Lower { function } => self.host(&self.component_functions, *function, ""),
            CoreFunction::ResourceDrop { resource } => self.host(&self.component_types, *resource, "[resource-drop]"),
        }
    }

    fn host(&self, space: &[Option<Export<'a>>], index: usize, prefix: &str) -> Result<Source> {
        let export = space.get(index).copied().flatten().context("a function of the host that is not imported")?;
        let interface = self.component_instances.get(export.instance).copied().flatten();
        let interface = interface.with_context(|| format!("`{}` is of no imported interface", export.name))?;
        Ok(Source::Host { interface: interface.to_owned(), name: format!("{prefix}{}", export.name) })
    }
}

fn is_shim(module: &CoreModule<'_>) -> bool {
    module.export(SHIM_TABLE, ExternalKind::Table).is_some()
}

fn fills_shim(module: &CoreModule<'_>) -> bool {
    module.imports_of(ExternalKind::Table).any(|import| import.name == SHIM_TABLE)
}

fn core_instance(instance: Instance<'_>) -> CoreInstance<'_> {
    match instance {
        Instance::Instantiate { module_index, args } => CoreInstance::Module {
            module: module_index as usize,
            arguments: args.iter().map(|argument| (argument.name, argument.index as usize)).collect(),
        },
        Instance::FromExports(exports) => {
            CoreInstance::Exports(exports.iter().map(|export| (export.name, (export.kind, export.index))).collect())
        }
    }
}
