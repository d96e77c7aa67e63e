//! Grader components made instruction by instruction, for what no compiler would emit.

use std::path::Path;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, InstructionSink, MemorySection, MemoryType, Module, RefType,
    StartSection, TableSection, TableType, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding};

use crate::support::root;

/// The instructions of a function, its `end` apart.
pub type Body = fn(&mut InstructionSink<'_>);

/// Where the strings, the description and the result of a grade lie in memory.
const STRINGS: u32 = 1024;
const DESCRIPTION: u32 = 8192;
pub const RESULT: u32 = 12_288;
/// Where memory begins that is given out.
const HEAP: u32 = 16_384;

/// The index of the function that `spare` fills, to be called by the other bodies; of a grader without imports.
pub const SPARE: u32 = 4;

/// What a crafted grader may import. Of WASI, as much as is used.
const WORLD: &str = "
    package test:crafted;
    world crafted {
        include gradebox:grader/pointwise-grader@0.1.0;
        import wasi:cli/stdin@0.2.0;
        import wasi:random/random@0.2.0;
        import wasi:http/outgoing-handler@0.2.0;
        import steal: func();
    }
    package wasi:http@0.2.0 { interface outgoing-handler { handle: func(); } }
    package wasi:io@0.2.0 { interface streams { resource input-stream; } }
    package wasi:cli@0.2.0 {
        interface stdin { use wasi:io/streams@0.2.0.{input-stream}; get-stdin: func() -> input-stream; }
    }
    package wasi:random@0.2.0 { interface random { get-random-bytes: func(length: u64) -> list<u8>; } }
";

/// An import of a crafted grader: its interface, its name, and the index of its type.
pub type Import = (&'static str, &'static str, u32);
/// Takes a level and a message.
pub const LOG: Import = ("gradebox:grader/log@0.1.0", "emit", 5);
/// Gives a resource.
pub const STDIN: Import = ("wasi:cli/stdin@0.2.0", "get-stdin", 1);
/// What no host of graders provides.
pub const HTTP: Import = ("wasi:http/outgoing-handler@0.2.0", "handle", 0);
pub const STEAL: Import = ("$root", "steal", 0);
/// Takes a count, and where the list shall be described.
pub const RANDOM: Import = ("wasi:random/random@0.2.0", "get-random-bytes", 6);

/// A grader that describes itself and gives everything the best score, unless something is changed.
pub struct Craft {
    pub name: String,
    pub version: String,
    pub summary: String,
    /// JSON of the parameters' schema.
    pub schema: String,
    pub columns: Vec<String>,
    /// The two ends of the scale.
    pub scale: [f64; 2],
    /// What `describe` and `grade` run before they answer.
    pub describe: Body,
    pub grade: Body,
    /// What runs before memory is given out, and after an answer was taken.
    pub realloc: Body,
    pub after: Body,
    /// What runs when the module is instantiated.
    pub start: Option<Body>,
    /// A function for the others to call.
    pub spare: Body,
    /// What `grade` gives back in memory, as far as it is changed: offsets and bytes.
    pub result: Vec<(usize, Vec<u8>)>,
    pub memories: Vec<MemoryType>,
    pub tables: Vec<TableType>,
    /// Functions of the host; they come before all others.
    pub imports: Vec<Import>,
    /// Whether it orders responses, and finds up to sixteen of them equally good.
    pub listwise: bool,
}

pub fn memory(minimum: u64) -> MemoryType {
    MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: None }
}

pub fn table(minimum: u64) -> TableType {
    TableType { element_type: RefType::FUNCREF, table64: false, minimum, maximum: None, shared: false }
}

fn nothing(_: &mut InstructionSink<'_>) {}

impl Default for Craft {
    fn default() -> Self {
        Self {
            name: "crafted".to_owned(),
            version: "0.1.0".to_owned(),
            summary: "Made by hand.".to_owned(),
            schema: "{}".to_owned(),
            columns: vec![],
            scale: [0.0, 1.0],
            describe: nothing,
            grade: nothing,
            realloc: nothing,
            after: nothing,
            start: None,
            spare: nothing,
            result: vec![],
            memories: vec![memory(4)],
            tables: vec![],
            imports: vec![],
            listwise: false,
        }
    }
}

/// Bytes of memory under construction, and where they will lie.
struct Segment {
    base: u32,
    bytes: Vec<u8>,
}

impl Segment {
    fn add(&mut self, bytes: &[u8]) -> u32 {
        let at = self.base + self.bytes.len() as u32;
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        at
    }

    /// A string or list by its address and length.
    fn slice(&mut self, bytes: &[u8], length: usize) -> [u32; 2] {
        [self.add(bytes), length as u32]
    }

    fn string(&mut self, text: &str) -> [u32; 2] {
        self.slice(text.as_bytes(), text.len())
    }
}

fn words(words: impl IntoIterator<Item = u32>) -> Vec<u8> {
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// A grader whose result is what [`letters`] made the response of.
pub fn echo() -> Craft {
    Craft {
        // Local 13 counts bytes; locals 4 and 5 are the response's address and length.
        grade: |code| {
            let byte = |offset| wasm_encoder::MemArg { offset, align: 0, memory_index: 0 };
            code.loop_(BlockType::Empty);
            code.local_get(13).i32_const(1).i32_shl().local_get(5).i32_lt_u().if_(BlockType::Empty);
            code.local_get(13).i32_const(RESULT.cast_signed()).i32_add();
            code.local_get(4).local_get(13).i32_const(1).i32_shl().i32_add().i32_load8_u(byte(0));
            code.i32_const(4).i32_shl();
            code.local_get(4).local_get(13).i32_const(1).i32_shl().i32_add().i32_load8_u(byte(1));
            code.i32_const(i32::from(b'a')).i32_sub().i32_or().i32_store8(byte(0));
            code.local_get(13).i32_const(1).i32_add().local_set(13).br(1).end().end();
        },
        ..Craft::default()
    }
}

/// Bytes as letters, two for each, of which the low four bits count in the first and the distance from `a` in the second.
pub fn letters(bytes: &[u8]) -> String {
    let letter = |nibble: u8| char::from(b'a' + nibble);
    bytes.iter().flat_map(|byte| [char::from(b'`' | (byte >> 4)), letter(byte & 15)]).collect()
}

impl Craft {
    /// The component; it fits the contract by its type.
    pub fn component(&self) -> Vec<u8> {
        self.component_of(&root().join("wit/grader"), "0.1.0")
    }

    /// The component of a version of the contract, in a directory or a file.
    pub fn component_of(&self, contract: &Path, version: &str) -> Vec<u8> {
        let mut resolve = wit_parser::Resolve::default();
        resolve.push_path(contract).expect("the contract");
        let world = WORLD.replace("pointwise-grader@0.1.0", &format!("{}-grader@{version}", self.mode()));
        let package = resolve.push_str("crafted.wit", &world).expect("a world");
        let world = resolve.select_world(&[package], Some("crafted")).expect("the world of crafted graders");
        let mut module = self.module(version);
        wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .expect("a module to embed into");
        ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
    }

    fn mode(&self) -> &'static str {
        if self.listwise { "listwise" } else { "pointwise" }
    }

    fn description(&self, strings: &mut Segment) -> Vec<u8> {
        let [name, version, summary] = [&self.name, &self.version, &self.summary].map(|text| strings.string(text));
        let columns: Vec<u32> = self.columns.iter().flat_map(|column| strings.string(column)).collect();
        let columns = strings.slice(&words(columns), self.columns.len());
        let schema = strings.string(&self.schema);
        let examples = strings.string("[]");
        let extra = strings.string("{}");
        let mut bytes = words([name, version, summary].concat());
        bytes.extend(self.scale.iter().flat_map(|end| end.to_le_bytes()));
        bytes.extend(words([[0, 0], columns, schema, examples, extra].concat()));
        bytes
    }

    fn verdict(&self, strings: &mut Segment) -> Vec<u8> {
        if self.listwise {
            // Behind two discriminants the ranks, of as many responses as there were, and the reason.
            let ranks = strings.slice(&words([1; 16]), 0);
            return words([[0, 0], ranks, strings.string("all alike")].concat());
        }
        // Discriminants of the result and the verdict, each before its 8-aligned payload.
        let mut bytes = vec![0; 16];
        bytes.extend(self.scale[1].to_le_bytes());
        bytes.extend(words([strings.string("as good as gold"), strings.string("{}")].concat()));
        for (offset, change) in &self.result {
            bytes[*offset..offset + change.len()].copy_from_slice(change);
        }
        bytes
    }

    fn module(&self, version: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        let i32s = |count: usize| vec![ValType::I32; count];
        types.ty().function([], []);
        types.ty().function([], i32s(1));
        types.ty().function(i32s(13), i32s(1));
        types.ty().function(i32s(4), i32s(1));
        types.ty().function(i32s(1), []);
        types.ty().function(i32s(3), []);
        types.ty().function([ValType::I64, ValType::I32], []);
        types.ty().function(i32s(8), i32s(1));

        let mut imports = ImportSection::new();
        for (from, name, kind) in &self.imports {
            imports.import(from, name, EntityType::Function(*kind));
        }
        let first = self.imports.len() as u32;

        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        let mut add = |kind: u32, body: Body, answer: fn(&mut InstructionSink<'_>)| {
            functions.function(kind);
            let mut function = Function::new([(1, ValType::I32)]);
            let mut instructions = function.instructions();
            body(&mut instructions);
            answer(&mut instructions);
            instructions.end();
            code.function(&function);
        };
        add(1, self.describe, |answer| {
            answer.i32_const(DESCRIPTION.cast_signed());
        });
        if self.listwise {
            add(7, self.grade, |answer| {
                let word = wasm_encoder::MemArg { offset: 12, align: 2, memory_index: 0 };
                answer.i32_const(RESULT.cast_signed()).local_get(3).i32_store(word).i32_const(RESULT.cast_signed());
            });
        } else {
            add(2, self.grade, |answer| {
                answer.i32_const(RESULT.cast_signed());
            });
        }
        add(3, self.realloc, |answer| {
            // Rounds the end of what was given out up to the alignment, and adds the size.
            answer.global_get(0).local_get(2).i32_add().i32_const(1).i32_sub();
            answer.i32_const(0).local_get(2).i32_sub().i32_and().local_tee(4);
            answer.local_get(3).i32_add().global_set(0).local_get(4);
        });
        add(4, self.after, |_| ());
        add(0, self.spare, |_| ());
        add(0, self.start.unwrap_or(nothing), |_| ());

        let mut tables = TableSection::new();
        self.tables.iter().for_each(|table| {
            tables.table(*table);
        });
        let mut memories = MemorySection::new();
        self.memories.iter().for_each(|memory| {
            memories.memory(*memory);
        });
        let mut globals = GlobalSection::new();
        let kind = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(kind, &ConstExpr::i32_const(HEAP.cast_signed()));

        let mut exports = ExportSection::new();
        let [descriptor, grader] = ["descriptor", self.mode()].map(|name| format!("gradebox:grader/{name}@{version}"));
        let grade = if self.listwise { "rank" } else { "grade" };
        exports.export("memory", ExportKind::Memory, 0);
        exports.export(&format!("{descriptor}#describe"), ExportKind::Func, first);
        exports.export(&format!("{grader}#{grade}"), ExportKind::Func, first + 1);
        exports.export("cabi_realloc", ExportKind::Func, first + 2);
        exports.export(&format!("cabi_post_{descriptor}#describe"), ExportKind::Func, first + 3);
        exports.export(&format!("cabi_post_{grader}#{grade}"), ExportKind::Func, first + 3);

        let mut strings = Segment { base: STRINGS, bytes: vec![] };
        let mut data = DataSection::new();
        let (description, verdict) = (self.description(&mut strings), self.verdict(&mut strings));
        assert!(strings.bytes.len() < (DESCRIPTION - STRINGS) as usize, "the strings do not fit");
        for (place, bytes) in [(STRINGS, strings.bytes), (DESCRIPTION, description), (RESULT, verdict)] {
            data.active(0, &ConstExpr::i32_const(place.cast_signed()), bytes);
        }

        let mut module = Module::new();
        module.section(&types);
        if !self.imports.is_empty() {
            module.section(&imports);
        }
        module.section(&functions).section(&tables).section(&memories).section(&globals).section(&exports);
        if self.start.is_some() {
            module.section(&StartSection { function_index: first + 5 });
        }
        module.section(&code).section(&data);
        module.finish()
    }
}
