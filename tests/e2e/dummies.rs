//! Components of any world that do nothing but trap, to see what the host says of their types.

use wasm_encoder::{
    CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    ImportSection, MemorySection, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{
    Resolve, WorldId, WorldItem, WorldKey,
    abi::{AbiVariant, WasmType},
};

use crate::crafted::memory;

/// A component that imports and exports everything of a world.
pub fn component(resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let mut module = module(resolve, world);
    wit_component::embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)
        .expect("a module to embed into");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}

fn module(resolve: &Resolve, world: WorldId) -> Vec<u8> {
    let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
    let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
    let world = &resolve.worlds[world];
    let mut signature = |variant, function| {
        let signature = resolve.wasm_signature(variant, function);
        let [params, results] = [signature.params, signature.results].map(|types| types.into_iter().map(value));
        types.ty().function(params, results);
        types.len() - 1
    };
    for (key, item) in &world.imports {
        for function in functions_of(resolve, item) {
            let kind = EntityType::Function(signature(AbiVariant::GuestImport, function));
            imports.import(&name_of(resolve, key), &function.name, kind);
        }
    }
    let mut next = imports.len();
    let mut define = |name: &str, kind: u32| {
        functions.function(kind);
        let mut function = Function::new([]);
        function.instructions().unreachable().end();
        code.function(&function);
        exports.export(name, ExportKind::Func, next);
        next += 1;
    };
    for (key, item) in &world.exports {
        for function in functions_of(resolve, item) {
            let kind = signature(AbiVariant::GuestExport, function);
            define(&format!("{}#{}", name_of(resolve, key), function.name), kind);
        }
    }
    types.ty().function(vec![ValType::I32; 4], [ValType::I32]);
    define("cabi_realloc", types.len() - 1);
    exports.export("memory", ExportKind::Memory, 0);
    let mut memories = MemorySection::new();
    memories.memory(memory(1));
    let mut globals = GlobalSection::new();
    let kind = wasm_encoder::GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(kind, &ConstExpr::i32_const(0));
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories).section(&globals);
    module.section(&exports).section(&code);
    module.finish()
}

fn functions_of<'a>(resolve: &'a Resolve, item: &WorldItem) -> Vec<&'a wit_parser::Function> {
    match item {
        WorldItem::Interface { id, .. } => resolve.interfaces[*id].functions.values().collect(),
        _ => vec![],
    }
}

fn name_of(resolve: &Resolve, key: &WorldKey) -> String {
    resolve.name_world_key(key)
}

fn value(kind: WasmType) -> ValType {
    match kind {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    }
}
