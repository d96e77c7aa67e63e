//! Which of several blocks are the program that was asked for.

use std::collections::HashSet;

use crate::{CodeBlock, find, normalised};

/// The program that a response answers with, as a script to be run from top to bottom.
///
/// Candidates are the blocks tagged with `language`; if there is none, bare fences that are recognisably of it; if
/// there is none, code without fences. Of several, one rule holds: **the last word counts, and what it builds on
/// stays**. From the last block to the first, a block is part of the program when
/// 1. it defines a function or class that no later part defines (a revised version replaces the first one, a helper
///    of its own block stays), or
/// 2. it makes a name that a later part uses (imports, constants), or
/// 3. it defines nothing and runs what another block defines (the main part; an example of use), or
/// 4. it reads standard input and no later part does.
///
/// A block that reads standard input beside a later part that does so too is an alternative and left out, unless the
/// later part uses it. Interactive sessions and blocks of tests (`test_…`, `Test…`) are no part of the program where
/// other blocks are. If no block is one by these rules, the last is. The parts are joined in the order of the response.
pub fn program(response: &str, language: &str) -> Option<CodeBlock> {
    program_in(&find(response), language)
}

/// The same, from the blocks of a response that are known already.
pub fn program_in(blocks: &[CodeBlock], language: &str) -> Option<CodeBlock> {
    choose(blocks, language, Purpose::Script)
}

/// The same, for a module whose functions are called from outside: rules 3 and 4 are left out, so that examples of
/// use are no part of it.
pub fn module(response: &str, language: &str) -> Option<CodeBlock> {
    module_in(&find(response), language)
}

/// The same, from the blocks of a response that are known already.
pub fn module_in(blocks: &[CodeBlock], language: &str) -> Option<CodeBlock> {
    choose(blocks, language, Purpose::Module)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Script,
    Module,
}

fn choose(blocks: &[CodeBlock], language: &str, purpose: Purpose) -> Option<CodeBlock> {
    let candidates = candidates(blocks, &normalised(language));
    if candidates.len() < 2 {
        return candidates.first().map(|block| CodeBlock::clone(block));
    }
    let parts = parts(&candidates, purpose);
    CodeBlock::joined(&parts).or_else(|| candidates.last().map(|block| CodeBlock::clone(block)))
}

fn candidates<'a>(blocks: &'a [CodeBlock], language: &str) -> Vec<&'a CodeBlock> {
    let pick = |accept: &dyn Fn(&CodeBlock) -> bool| blocks.iter().filter(|block| accept(block)).collect::<Vec<_>>();
    let tagged = pick(&|block| block.fenced && block.language.as_deref() == Some(language));
    if !tagged.is_empty() {
        return tagged;
    }
    let bare = pick(&|block| block.fenced && block.is(language));
    if bare.is_empty() { pick(&|block| block.is(language)) } else { bare }
}

fn parts<'a>(candidates: &[&'a CodeBlock], purpose: Purpose) -> Vec<&'a CodeBlock> {
    let outlines: Vec<Outline<'_>> = candidates.iter().map(|block| Outline::of(block)).collect();
    let defined_anywhere: HashSet<&str> = outlines.iter().flat_map(|outline| outline.defined.iter().copied()).collect();
    let mut program = Program::default();
    let mut parts: Vec<&CodeBlock> = Vec::new();
    for (block, outline) in candidates.iter().zip(&outlines).rev() {
        let runs_others = outline.defined.is_empty() && !outline.used.is_disjoint(&defined_anywhere);
        let is_part = program.needs(outline)
            || (program.gains(outline) && !program.has_alternative(outline))
            || (purpose == Purpose::Script
                && !program.has_alternative(outline)
                && (runs_others || outline.reads_input));
        if is_part && !outline.is_aside {
            program.add(outline);
            parts.push(block);
        }
    }
    parts.reverse();
    parts
}

/// What the parts chosen so far define and use.
#[derive(Default)]
struct Program<'a> {
    defined: HashSet<&'a str>,
    used: HashSet<&'a str>,
    reads_input: bool,
}

impl<'a> Program<'a> {
    fn needs(&self, outline: &Outline<'a>) -> bool {
        outline.made.iter().chain(&outline.defined).any(|name| self.used.contains(name) && !self.defined.contains(name))
    }

    fn gains(&self, outline: &Outline<'a>) -> bool {
        outline.defined.iter().any(|name| !self.defined.contains(name))
    }

    fn has_alternative(&self, outline: &Outline<'a>) -> bool {
        outline.reads_input && self.reads_input
    }

    fn add(&mut self, outline: &Outline<'a>) {
        self.defined.extend(&outline.defined);
        self.defined.extend(&outline.made);
        self.used.extend(&outline.used);
        self.reads_input |= outline.reads_input;
    }
}

/// The names of one block, read from its words without parsing it.
struct Outline<'a> {
    /// Functions and classes at the top level.
    defined: HashSet<&'a str>,
    /// Imports and variables at the top level.
    made: HashSet<&'a str>,
    used: HashSet<&'a str>,
    reads_input: bool,
    /// A session or a block of tests.
    is_aside: bool,
}

const DEFINING: [&str; 11] =
    ["def", "class", "function", "fn", "func", "struct", "enum", "interface", "trait", "const", "let"];
const MODIFIERS: [&str; 7] = ["async", "export", "default", "pub", "public", "static", "var"];

impl<'a> Outline<'a> {
    fn of(block: &'a CodeBlock) -> Self {
        let mut outline = Self {
            defined: HashSet::new(),
            made: HashSet::new(),
            used: HashSet::new(),
            reads_input: ["input(", "sys.stdin", "open(0", "process.stdin", "readline"]
                .iter()
                .any(|reading| block.code.contains(reading)),
            is_aside: block.transcript,
        };
        for line in block.code.lines() {
            outline.read(line);
        }
        let is_test = |name: &&str| name.starts_with("test") || name.starts_with("Test");
        outline.is_aside |= !outline.defined.is_empty() && outline.defined.iter().all(is_test);
        outline
    }

    fn read(&mut self, line: &'a str) {
        let words = || line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        self.used.extend(words());
        if line.starts_with([' ', '\t', '#', '}', ')']) {
            return;
        }
        let mut leading = words().skip_while(|word| MODIFIERS.contains(word));
        match leading.next() {
            Some(word) if DEFINING.contains(&word) => self.defined.extend(leading.next()),
            Some("import" | "from") => {
                self.made.extend(words().filter(|word| !matches!(*word, "import" | "from" | "as")));
            }
            _ => {
                let target =
                    line.split_once('=').filter(|(_, value)| !value.starts_with('=')).map(|(target, _)| target);
                let names = target.into_iter().flat_map(|target| target.split([',', ':', '(', ')', '*']));
                self.made.extend(names.map(str::trim).filter(|name| !name.is_empty()));
            }
        }
    }
}
