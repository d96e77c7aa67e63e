//! Files that are no graders, or graders that must not be used: what each is, and what its rejection says.

use std::borrow::Cow;

use wasm_encoder::{
    BlockType, CodeSection, Component, ComponentExportSection, ComponentImportSection, ComponentInstanceSection,
    ComponentTypeRef, ComponentTypeSection, ComponentValType, ConstExpr, CustomSection, Function, FunctionSection,
    InstanceSection, MemorySection, MemoryType, Module, ModuleArg, ModuleSection, NestedComponentSection,
    PrimitiveValType, StartSection, TableSection, TagKind, TagSection, TagType, TypeSection, ValType,
};

use crate::crafted::{Craft, HTTP, Import, SPARE, STEAL, memory, table};

/// A file, and a part of what is said of it.
pub struct Malformed {
    pub what: String,
    pub bytes: Vec<u8>,
    pub reason: &'static str,
}

/// Every one of them.
pub fn all() -> Vec<Malformed> {
    let mut all = Vec::new();
    let mut add = |what: &str, reason: &'static str, bytes: Vec<u8>| {
        all.push(Malformed { what: what.to_owned(), bytes, reason });
    };
    no_components(&mut add);
    broken_components(&mut add);
    unwanted_features(&mut add);
    misfits(&mut add);
    bombs(&mut add);
    too_many(&mut add);
    bad_descriptions(&mut add);
    bad_at_start(&mut add);
    all
}

type Add<'a> = dyn FnMut(&str, &'static str, Vec<u8>) + 'a;

/// Said of what the engine does not take.
const UNUSABLE: &str = "is not a component that can be used";

const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

fn no_components(add: &mut Add) {
    add("an empty file", "is empty", vec![]);
    add("text", "not a WebAssembly file", b"hello".to_vec());
    add("WebAssembly text", "WebAssembly text", b"(component)".to_vec());
    add("a gzip file", "gzip", b"\x1f\x8b\x08\0\0\0\0\0".to_vec());
    add("a zip file", "not a WebAssembly file", b"PK\x03\x04".to_vec());
    add("machine code", "machine code", b"\x7fELF\x02\x01\x01".to_vec());
    add("a core module", "core module", Module::new().finish());
    add("half a magic number", "not a WebAssembly file", b"\0as".to_vec());
    add("a version to come", "version", b"\0asm\x0e\0\x01\0".to_vec());
    add("noise", "not a WebAssembly file", noise(1, 4096));
}

fn broken_components(add: &mut Add) {
    let good = Craft::default().component();
    add("nothing but a header", "neither a grader", HEADER.to_vec());
    for length in [9, 64, good.len() / 2, good.len() - 1] {
        add(&format!("a component cut at {length}"), UNUSABLE, good[..length].to_vec());
    }
    add("noise after a header", UNUSABLE, [HEADER, &noise(2, 4096)].concat());
    add("a section longer than the file", UNUSABLE, [HEADER, &[1, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat());
    add(
        "a length of ten bytes",
        UNUSABLE,
        [HEADER, &[1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]].concat(),
    );
    add("four billion types", UNUSABLE, [HEADER, &[7, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat());
    add("an unknown section", UNUSABLE, [HEADER, &[0x7f, 0]].concat());
    add("a component twice", UNUSABLE, [&good[..], &good[..]].concat());
    add("an operator that there is not", UNUSABLE, wrapped(&with_code(&[0xfc, 0xff, 0x7f])));
    add("a function of the wrong type", UNUSABLE, wrapped(&with_code(&[0x42, 0x00])));
    add("a function without end", UNUSABLE, wrapped(&with_code(&[0x01; 64])));
    let mut start = Module::new();
    start.section(&StartSection { function_index: 7 });
    add("a start that there is not", UNUSABLE, wrapped(&start.finish()));
}

fn unwanted_features(add: &mut Add) {
    let memory_of = |kind: MemoryType| {
        let mut memories = MemorySection::new();
        memories.memory(kind);
        let mut module = Module::new();
        module.section(&memories);
        wrapped(&module.finish())
    };
    add("64-bit memory", UNUSABLE, memory_of(MemoryType { memory64: true, ..memory(1) }));
    add("shared memory", UNUSABLE, memory_of(MemoryType { shared: true, maximum: Some(2), ..memory(1) }));
    add("pages of one byte", UNUSABLE, memory_of(MemoryType { page_size_log2: Some(0), ..memory(1) }));
    let mut tables = TableSection::new();
    tables.table(wasm_encoder::TableType { table64: true, ..table(1) });
    add("a 64-bit table", UNUSABLE, wrapped(Module::new().section(&tables).as_slice()));
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut tags = TagSection::new();
    tags.tag(TagType { kind: TagKind::Exception, func_type_idx: 0 });
    let mut module = Module::new();
    module.section(&types).section(&tags);
    add("exceptions", UNUSABLE, wrapped(&module.finish()));
    let mut types = TypeSection::new();
    types.ty().struct_([]);
    add("garbage collection", UNUSABLE, wrapped(Module::new().section(&types).as_slice()));
    // Each leaves nothing on the stack: constants, the operation, drops.
    let wide = [0x42, 0, 0x42, 0, 0x42, 0, 0x42, 0, 0xfc, 0x13, 0x1a, 0x1a, 0x0b];
    add("wide arithmetic", UNUSABLE, wrapped(&with_code(&wide)));
    let relaxed = [&vector(0)[..], &vector(0)[..], &[0xfd, 0x80, 0x02, 0x1a, 0x0b]].concat();
    add("relaxed SIMD", UNUSABLE, wrapped(&with_code(&relaxed)));
    add("atomics", UNUSABLE, wrapped(&with_code(&[0xfe, 0x03, 0x00, 0x0b])));
    let mut types = ComponentTypeSection::new();
    types.function().async_(true).params::<_, ComponentValType>([]).result(None);
    let mut imports = ComponentImportSection::new();
    imports.import("later", ComponentTypeRef::Func(0));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    add("asynchronous functions", UNUSABLE, component.finish());
}

fn misfits(add: &mut Add) {
    let importing = |import: Import| Craft { imports: vec![import], ..Craft::default() }.component();
    // The same length, so that no length changes.
    let renamed = |old: &str, new: &str| replaced(&Craft::default().component(), old, new);
    add("an import of nobody's", "does not provide", importing(STEAL));
    add("an import of HTTP", "does not provide", importing(HTTP));
    add("another version", "another version of the contract", renamed("@0.1.0", "@0.9.0"));
    add("another world", "neither a grader", renamed("gradebox:grader/pointwise", "gradebox:grader/pointless"));
    add("no description", "does not export", renamed("gradebox:grader/descriptor", "gradebox:grader/descripted"));
    add("half a runtime", "neither a grader", [HEADER, &custom("gradebox:runtime/interpreter@0.1.0")].concat());
    let mut exports = ComponentExportSection::new();
    exports.export("gradebox:grader/pointwise@0.1.0", wasm_encoder::ComponentExportKind::Instance, 99, None);
    add(
        "an export of nothing",
        UNUSABLE,
        [
            HEADER,
            &tail(|component| {
                component.section(&exports);
            }),
        ]
        .concat(),
    );
}

fn bombs(add: &mut Add) {
    let mut nested = Component::new();
    for _ in 0..2_000 {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&nested));
        nested = outer;
    }
    add("components in components", "neither a grader", nested.finish());
    let chain = |links: u32, link: fn(&mut ComponentTypeSection, ComponentValType)| {
        let mut types = ComponentTypeSection::new();
        link(&mut types, ComponentValType::Primitive(PrimitiveValType::U8));
        for index in 1..links {
            link(&mut types, ComponentValType::Type(index - 1));
        }
        types.function().params([("x", ComponentValType::Type(links - 1))]).result(None);
        let mut imports = ComponentImportSection::new();
        imports.import("deep", ComponentTypeRef::Func(links));
        let mut component = Component::new();
        component.section(&types).section(&imports);
        component.finish()
    };
    add("lists of lists", "nesting is too deep", chain(50_000, |types, inner| types.defined_type().list(inner)));
    add("options of options", "nesting is too deep", chain(50_000, |types, inner| types.defined_type().option(inner)));
    add("tuples that double", UNUSABLE, chain(60, |types, inner| types.defined_type().tuple([inner, inner])));
    let mut locals = Function::new([(u32::MAX, ValType::V128)]);
    locals.instructions().end();
    add("four billion locals", UNUSABLE, wrapped(&with_function(&locals)));
    let mut deep = Function::new([]);
    for _ in 0..200_000 {
        deep.instructions().block(BlockType::Empty);
    }
    for _ in 0..=200_000 {
        deep.instructions().end();
    }
    add("blocks in blocks", "neither", wrapped(&with_function(&deep)));
    let mut huge = Function::new([]);
    for _ in 0..4_000_000 {
        huge.instructions().nop().nop();
    }
    huge.instructions().end();
    add("a function of 8 MB", UNUSABLE, wrapped(&with_function(&huge)));
    let mut imports = ComponentImportSection::new();
    let mut types = ComponentTypeSection::new();
    types.function().params::<_, ComponentValType>([]).result(None);
    for index in 0..20_000 {
        imports.import(format!("i{index}"), ComponentTypeRef::Func(0));
    }
    let mut component = Component::new();
    component.section(&types).section(&imports);
    add("twenty thousand imports", "neither", component.finish());
}

fn too_many(add: &mut Add) {
    let with = |change: fn(&mut Craft)| {
        let mut craft = Craft::default();
        change(&mut craft);
        craft.component()
    };
    add("a hundred instances", "101 core module instances", with_instances(100));
    add("two thousand instances", UNUSABLE, with_instances(2_000));
    add("ninety-nine memories", "memories count of 99", with(|craft| craft.memories = vec![memory(1); 99]));
    add("more memories than one", "memories count of 5", with(|craft| craft.memories = vec![memory(1); 5]));
    add("a memory of 4 GiB", "memory limit of 256 MiB", with(|craft| craft.memories = vec![memory(65_536)]));
    add("a memory of 1 GiB", "memory limit of 256 MiB", with(|craft| craft.memories = vec![memory(16_384)]));
    add(
        "a table of ten million",
        "10000000 which exceeds the limit of 65536",
        with(|craft| craft.tables = vec![table(10_000_000)]),
    );
    add("ninety tables", "tables count of 90", with(|craft| craft.tables = vec![table(1); 90]));
}

fn bad_descriptions(add: &mut Add) {
    let with = |change: fn(&mut Craft)| {
        let mut craft = Craft::default();
        change(&mut craft);
        craft.component()
    };
    add("a name for terminals", "calls itself", with(|craft| craft.name = "\u{1b}[2Jx".into()));
    add("no name", "calls itself", with(|craft| craft.name = String::new()));
    add("a name of a path", "calls itself", with(|craft| craft.name = "../../etc/passwd".into()));
    add("a long name", "calls itself", with(|craft| craft.name = "x".repeat(4_000)));
    add("a column for terminals", "reads a column", with(|craft| craft.columns = vec!["\u{1b}[31m".to_owned()]));
    add("a column without name", "reads a column", with(|craft| craft.columns = vec![String::new()]));
    add("parameters that are no JSON", "JSON", with(|craft| craft.schema = "{".into()));
    add("parameters too deep", "JSON", with(|craft| craft.schema = "[".repeat(5_000)));
    add("a scale of one point", "scale", with(|craft| craft.scale = [1.0, 1.0]));
    add("a scale to infinity", "scale", with(|craft| craft.scale = [0.0, f64::INFINITY]));
    add("a scale from zero to zero", "scale", with(|craft| craft.scale = [0.0, -0.0]));
    add("a scale of no finite length", "scale", with(|craft| craft.scale = [-f64::MAX, f64::MAX]));
    add("a scale to nowhere", "scale", with(|craft| craft.scale = [f64::NAN, 1.0]));
}

fn bad_at_start(add: &mut Add) {
    let with = |change: fn(&mut Craft)| {
        let mut craft = Craft::default();
        change(&mut craft);
        craft.component()
    };
    let failing = "fails when asked to describe itself";
    add(
        "a start that loops",
        failing,
        with(|craft| {
            craft.start = Some(|code| {
                code.loop_(BlockType::Empty).br(0).end();
            });
        }),
    );
    add(
        "a start that traps",
        failing,
        with(|craft| {
            craft.start = Some(|code| {
                code.unreachable();
            });
        }),
    );
    add(
        "a start that recurs",
        "stack limit",
        with(|craft| {
            craft.start = Some(|code| {
                code.call(SPARE);
            });
            craft.spare = |code| {
                code.call(SPARE);
            };
        }),
    );
    add(
        "a start that takes memory",
        failing,
        with(|craft| {
            craft.start = Some(|code| {
                code.i32_const(60_000).memory_grow(0).i32_const(0).i32_lt_s().if_(BlockType::Empty).unreachable().end();
            });
        }),
    );
    add(
        "a description that loops",
        failing,
        with(|craft| {
            craft.describe = |code| {
                code.loop_(BlockType::Empty).br(0).end();
            }
        }),
    );
    add(
        "a description that traps",
        failing,
        with(|craft| {
            craft.describe = |code| {
                code.unreachable();
            }
        }),
    );
    add(
        "a description from nowhere",
        failing,
        with(|craft| {
            craft.describe = |code| {
                code.i32_const(-16).return_();
            }
        }),
    );
    add(
        "a description out of line",
        failing,
        with(|craft| {
            craft.describe = |code| {
                code.i32_const(8_193).return_();
            }
        }),
    );
    add(
        "a trap after the description",
        failing,
        with(|craft| {
            craft.after = |code| {
                code.unreachable();
            }
        }),
    );
    add(
        "a loop after the description",
        failing,
        with(|craft| {
            craft.after = |code| {
                code.loop_(BlockType::Empty).br(0).end();
            }
        }),
    );
}

/// A component on which the compiler would work for ages: two instances in each component, of one that has two.
pub fn doubling_component(levels: u32) -> Vec<u8> {
    let mut module = Module::new();
    let mut globals = wasm_encoder::GlobalSection::new();
    let kind = wasm_encoder::GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(kind, &ConstExpr::i32_const(0));
    module.section(&globals);
    let mut inner = Component::new();
    let mut instances = InstanceSection::new();
    instances.instantiate::<[(&str, ModuleArg); 0], &str>(0, []);
    inner.section(&ModuleSection(&module)).section(&instances);
    for _ in 0..levels {
        let mut instances = ComponentInstanceSection::new();
        let arguments = || std::iter::empty::<(&str, wasm_encoder::ComponentExportKind, u32)>();
        instances.instantiate(0, arguments()).instantiate(0, arguments());
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner)).section(&instances);
        inner = outer;
    }
    inner.finish()
}

/// A component whose one function costs the compiler far more than its size: many values that live across many branches.
pub fn tangled_component(values: u32, branches: u32) -> Vec<u8> {
    let mut function = Function::new([(values, ValType::I64)]);
    let mut code = function.instructions();
    for _ in 0..branches {
        code.loop_(BlockType::Empty);
        for local in 0..values {
            code.local_get((local + 7) % values).i64_const(i64::from(local)).i64_add().local_set(local);
        }
        code.local_get(0).i64_eqz().br_if(0);
    }
    for _ in 0..=branches {
        code.end();
    }
    wrapped(&with_function(&function))
}

fn with_instances(count: usize) -> Vec<u8> {
    let mut instances = InstanceSection::new();
    for _ in 0..count {
        instances.instantiate::<[(&str, ModuleArg); 0], &str>(1, []);
    }
    let module = Module::new();
    let more = tail(|component| {
        component.section(&ModuleSection(&module)).section(&instances);
    });
    [Craft::default().component(), more].concat()
}

/// What a component has beside its header.
fn tail(fill: impl FnOnce(&mut Component)) -> Vec<u8> {
    let mut component = Component::new();
    fill(&mut component);
    component.finish()[HEADER.len()..].to_vec()
}

fn custom(name: &str) -> Vec<u8> {
    tail(|component| {
        component.section(&CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(&[]) });
    })
}

/// A component with a core module in it, and nothing done with it.
fn wrapped(module: &[u8]) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&wasm_encoder::RawSection { id: 1, data: module });
    component.finish()
}

/// A module with one function of these bytes.
fn with_code(bytes: &[u8]) -> Vec<u8> {
    let mut function = Function::new([]);
    function.raw(bytes.iter().copied());
    with_function(&function)
}

fn with_function(function: &Function) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut code = CodeSection::new();
    code.function(function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    module.finish()
}

/// A constant of 128 bits.
fn vector(byte: u8) -> Vec<u8> {
    [&[0xfd, 0x0c][..], &[byte; 16]].concat()
}

fn replaced(bytes: &[u8], old: &str, new: &str) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while at + old.len() <= bytes.len() {
        if bytes[at..].starts_with(old.as_bytes()) {
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
        }
        at += 1;
    }
    bytes
}

/// Bytes without a pattern, the same each time.
pub fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}
