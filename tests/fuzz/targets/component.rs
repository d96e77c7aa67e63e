//! A component file, as far as one process can look at it: compiled, held against the contract, asked who it is, listed.
//!
//! The first byte chooses what the others are: the file; changes of the bytes of a good one; changes of the contract that
//! a component is built for; or what a grader says of itself.
#![no_main]

use std::{ops::Range, sync::LazyLock};

use gradebox::sandbox::fuzzing;
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, SourceMap};

#[path = "../../e2e/crafted.rs"]
#[allow(dead_code, unreachable_pub, clippy::expect_used, reason = "shared with the tests")]
mod crafted;
mod support;

use crafted::Craft;

static GOOD: LazyLock<[Vec<u8>; 4]> = LazyLock::new(|| {
    let unchanged = |world| built_for(&CONTRACT.text, world).expect("a component of the contract");
    [
        Craft::default().component(),
        Craft { listwise: true, imports: vec![crafted::LOG], ..Craft::default() }.component(),
        unchanged("gradebox:grader/pointwise-grader-with-programs"),
        unchanged("gradebox:runtime/language-runtime"),
    ]
});

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

const WORLDS: [&str; 6] = [
    "gradebox:grader/pointwise-grader",
    "gradebox:grader/pointwise-grader-with-programs",
    "gradebox:grader/pointwise-grader-with-models",
    "gradebox:grader/listwise-grader",
    "gradebox:grader/listwise-grader-with-models",
    "gradebox:runtime/language-runtime",
];

/// What stands in the place of a word of the contract.
const WORDS: [&str; 48] = [
    "bool",
    "u8",
    "u16",
    "u32",
    "u64",
    "s8",
    "s32",
    "s64",
    "f32",
    "f64",
    "char",
    "string",
    "json",
    "value",
    "scale",
    "list<string>",
    "list<list<u8>>",
    "option<string>",
    "option<u32>",
    "tuple<string, u32>",
    "tuple<f64, f64, f64>",
    "result<string>",
    "result",
    "result<_, string>",
    "borrow<session>",
    "session",
    "own<session>",
    "message",
    "sample",
    "verdict",
    "x: string, y",
    "a",
    "b: f64,",
    "b(string),",
    "c,",
    "1.0.0",
    "0.1.1",
    "0.2.0",
    "record",
    "variant",
    "enum",
    "flags",
    "resource",
    "async func",
    "func",
    "static func",
    "list<string, 4>",
    "",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let component = match first % 4 {
        0 => rest.to_vec(),
        1 => patched(&GOOD[usize::from(first / 4) % GOOD.len()], rest),
        2 => match built_for(&skewed(rest), WORLDS[usize::from(first / 4) % WORLDS.len()]) {
            Some(component) => component,
            None => return,
        },
        _ => describing(rest, first / 4 % 2 == 1).component(),
    };
    match fuzzing::component(&component) {
        Ok(Some(entry)) => {
            let shown = [&entry.name, &entry.version, &entry.summary];
            let columns = entry.needs.required.iter().flatten().chain(&entry.needs.optional);
            for text in shown.into_iter().chain(columns) {
                assert!(!text.contains(char::is_control) && text.chars().count() <= 501, "{entry:?}");
            }
            assert!(!entry.name.is_empty() && entry.capabilities.iter().all(|name| entry.imports(name)), "{entry:?}");
        }
        Ok(None) => {}
        Err(reason) => assert!(!reason.is_empty(), "a component is refused and nobody is told why"),
    }
});

/// The component with bytes overwritten, taken out and put in: a place, and what happens there.
fn patched(component: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut component = component.to_vec();
    for change in changes.chunks_exact(4).take(64) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % component.len();
        match change[2] % 4 {
            0 | 1 => component[at] = change[3],
            2 if component.len() > 1 => drop(component.remove(at)),
            _ => component.insert(at, change[3]),
        }
    }
    component
}

/// The contract's packages as one text, and where its words are.
struct Contract {
    text: String,
    words: Vec<Range<usize>>,
}

impl Contract {
    fn read() -> Self {
        let mut text = String::new();
        for (package, folder) in [("gradebox:grader@0.1.0", "wit/grader"), ("gradebox:runtime@0.1.0", "wit/runtime")] {
            text += &format!("package {package} {{\n");
            let mut files: Vec<_> = support::root().join(folder).read_dir().expect("the contract").collect();
            files.sort_by_key(|file| file.as_ref().map(|file| file.path()).ok());
            for file in files {
                let content = std::fs::read_to_string(file.expect("a file").path()).expect("a file of text");
                let lines = content.lines().map(str::trim).filter(|line| {
                    !line.is_empty() && !["//", "package ", "@since"].iter().any(|start| line.starts_with(start))
                });
                lines.for_each(|line| text += &format!("{line}\n"));
            }
            text += "}\n";
        }
        let mut words = Vec::new();
        let mut start = None;
        for (at, c) in text.char_indices() {
            match (start, c.is_alphanumeric() || c == '-') {
                (None, true) => start = Some(at),
                (Some(from), false) => {
                    words.push(from..at);
                    start = None;
                }
                _ => {}
            }
        }
        Self { text, words }
    }
}

/// The contract with some of its words changed: a word's place, and what stands there instead.
fn skewed(changes: &[u8]) -> String {
    let Contract { text, words } = &*CONTRACT;
    let mut changes: Vec<(Range<usize>, &str)> = changes
        .chunks_exact(3)
        .take(4)
        .map(|change| {
            let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % words.len();
            let word = usize::from(change[2]);
            // One of the list, or another one of the contract.
            let other = || &text[words[(at + word) % words.len()].clone()];
            (words[at].clone(), WORDS.get(word).copied().unwrap_or_else(other))
        })
        .collect();
    changes.sort_by_key(|(place, _)| place.start);
    changes.dedup_by_key(|(place, _)| place.start);
    let mut skewed = text.clone();
    changes.into_iter().rev().for_each(|(place, word)| skewed.replace_range(place, word));
    skewed
}

/// A component with the types of a world, whose functions do nothing; `None` where there is no such world any more.
fn built_for(contract: &str, world: &str) -> Option<Vec<u8>> {
    let mut files = SourceMap::default();
    files.push_str("contract.wit", format!("package fuzz:fuzz;\n{contract}"));
    let mut resolve = Resolve::default();
    resolve.push_group(files.parse().ok()?).ok()?;
    let (package, world) = world.split_once('/')?;
    let package = resolve.packages.iter().find(|(_, known)| {
        package.split_once(':') == Some((known.name.namespace.as_str(), known.name.name.as_str()))
    })?;
    let world = *package.1.worlds.get(world)?;
    let mut module = wit_component::dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).ok()?;
    ComponentEncoder::default().module(&module).ok()?.encode().ok()
}

/// A grader with this description: the ends of its scale, and texts with NUL between them.
fn describing(bytes: &[u8], listwise: bool) -> Craft {
    let (scale, texts) = bytes.split_at(bytes.len().min(16));
    let end = |at: usize| f64::from_le_bytes(std::array::from_fn(|byte| scale.get(at + byte).copied().unwrap_or(0)));
    // What there is room for among the strings, some of which take a column's address and length, too.
    let texts = texts.get(..2048).unwrap_or(texts);
    let mut texts = texts.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let mut next = || texts.next().unwrap_or_default();
    let (name, version, summary, schema) = (next(), next(), next(), next());
    let mut room = 1024;
    let columns = texts.take_while(|column| {
        let size: usize = column.len() + 16;
        room = usize::saturating_sub(room, size);
        room > 0
    });
    Craft {
        columns: columns.collect(),
        name,
        version,
        summary,
        schema,
        scale: [end(0), end(8)],
        listwise,
        ..Craft::default()
    }
}
