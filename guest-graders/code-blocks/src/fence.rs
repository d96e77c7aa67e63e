//! Fenced blocks, read line by line.
//!
//! Where this differs from `CommonMark`, on purpose, as models write it so:
//! - indentation of four or more does not make a fence text, and a block in a list item may hold lines that are
//!   less indented than the item;
//! - a fence may follow text on its line, when it names a known language (``Here it is: ```python``);
//! - a fence with a known language inside an open block, outside a triple-quoted string, starts the next block:
//!   the closing one was forgotten;
//! - when a block never ends, a fence at the end of a line of code (``print(1)``` ``) closes it.

use memchr::{memchr, memchr2};

use crate::{
    CodeBlock, language,
    lines::{self, Line, indent_width},
    python::TripleQuotes,
};

/// What a response consists of.
pub(crate) struct Scan<'a> {
    pub(crate) blocks: Vec<CodeBlock>,
    /// Lines outside of fences and reasoning.
    pub(crate) text: Vec<Line<'a>>,
}

/// Reads a response.
pub(crate) fn scan(response: &str) -> Scan<'_> {
    let answer_start = end_of_unopened_reasoning(response);
    let mut scanner = Scanner::default();
    for line in lines::split(response).filter_map(|line| line.from(answer_start)) {
        scanner.read(line);
    }
    scanner.finish()
}

const REASONING: [(&str, &str); 2] = [("<think>", "</think>"), ("<thinking>", "</thinking>")];

#[derive(Default)]
struct Scanner<'a> {
    state: State<'a>,
    /// Open fences around a piece of Markdown, the innermost last.
    wrappings: Vec<Fence>,
    blocks: Vec<CodeBlock>,
    text: Vec<Line<'a>>,
}

#[derive(Default)]
enum State<'a> {
    #[default]
    Text,
    /// Up to this tag.
    Reasoning(&'static str),
    Block(OpenBlock<'a>),
}

impl<'a> Scanner<'a> {
    fn read(&mut self, line: Line<'a>) {
        match std::mem::take(&mut self.state) {
            State::Text => self.read_text(line),
            State::Reasoning(end) => self.read_reasoning(line, end),
            State::Block(block) => self.read_block(block, line),
        }
    }

    fn read_text(&mut self, line: Line<'a>) {
        let line = match answer_part(line) {
            Ok(line) => line,
            Err(end) => {
                self.state = State::Reasoning(end);
                return;
            }
        };
        let has_fence = memchr2(b'`', b'~', line.text.as_bytes()).is_some();
        if has_fence && self.closes_wrapping(&line) {
            self.wrappings.pop();
        } else if let Some(opening) = has_fence.then(|| Opening::at_start_or_behind_text(line.text)).flatten() {
            self.open(opening);
        } else if !line.is_blank() {
            self.text.push(line);
        }
    }

    fn read_reasoning(&mut self, line: Line<'a>, end: &'static str) {
        match line.text.find(end) {
            Some(at) => self.read_text(line.without(at + end.len())),
            None => self.state = State::Reasoning(end),
        }
    }

    fn read_block(&mut self, mut block: OpenBlock<'a>, line: Line<'a>) {
        let Some(content) = out_of_quotes(line, block.quotes) else {
            self.keep(block, false);
            return self.read_text(line);
        };
        let has_mark = block.has_mark(content.text);
        match if has_mark { block.effect_of(content.text) } else { Effect::Content } {
            Effect::Content => {
                block.push(content, has_mark);
                self.state = State::Block(block);
            }
            Effect::Close => self.keep(block, true),
            Effect::Start(next) => {
                self.keep(block, false);
                self.open(next);
            }
        }
    }

    fn open(&mut self, opening: Opening) {
        if opening.language.as_deref() == Some("markdown") {
            self.wrappings.push(opening.fence);
        } else {
            self.state = State::Block(OpenBlock::new(opening));
        }
    }

    fn closes_wrapping(&self, line: &Line<'_>) -> bool {
        self.wrappings.last().is_some_and(|wrapping| wrapping.is_closed_by(line.text))
    }

    fn keep(&mut self, block: OpenBlock<'a>, closed: bool) {
        let (code, text, closed) = block.end(closed);
        self.text.extend(text.into_iter().filter(|line| !line.is_blank()));
        if let Some(mut found) = code {
            found.closed = closed;
            self.blocks.push(found);
        }
    }

    fn finish(mut self) -> Scan<'a> {
        if let State::Block(block) = std::mem::take(&mut self.state) {
            self.keep(block, false);
        }
        Scan { blocks: self.blocks, text: self.text }
    }
}

/// The line behind the reasoning that it begins with; the tag that ends the reasoning when the line does not.
fn answer_part(mut line: Line<'_>) -> Result<Line<'_>, &'static str> {
    loop {
        let visible = line.text.trim_start();
        let Some((start, end)) = REASONING.iter().find(|(start, _)| visible.starts_with(start)) else {
            return Ok(line);
        };
        let reasoning = line.without(line.text.len() - visible.len() + start.len());
        let at = reasoning.text.find(end).ok_or(*end)?;
        line = reasoning.without(at + end.len());
    }
}

/// The marks that open a block and those that may close it.
#[derive(Clone, Copy)]
struct Fence {
    mark: char,
    length: usize,
    indent: usize,
}

impl Fence {
    /// A run of three or more marks that `text` begins with, and what follows it.
    fn read(text: &str, indent: usize) -> Option<(Self, &str)> {
        let mark = text.chars().next().filter(|mark| ['`', '~'].contains(mark))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        (length >= 3).then_some((Self { mark, length, indent }, info))
    }

    fn is_closed_by(self, text: &str) -> bool {
        Self::read(text.trim_start(), indent_width(text))
            .is_some_and(|(other, info)| info.trim().is_empty() && self.is_matched_by(other))
    }

    fn is_matched_by(self, other: Self) -> bool {
        other.mark == self.mark && other.length >= self.length && other.indent <= self.indent + 3
    }
}

/// A line that opens a block.
struct Opening {
    fence: Fence,
    /// How many block quotes it stands in.
    quotes: usize,
    language: Option<String>,
}

impl Opening {
    fn at_start_or_behind_text(text: &str) -> Option<Self> {
        Self::read(text).or_else(|| Self::behind_text(text))
    }

    /// A fence behind nothing but indentation, quote marks and list markers.
    fn read(text: &str) -> Option<Self> {
        let (mut rest, mut quotes, mut indent) = (text, 0, 0);
        loop {
            let inner = rest.trim_start_matches([' ', '\t']);
            indent += indent_width(rest);
            if let Some(quoted) = inner.strip_prefix('>') {
                (rest, quotes, indent) = (quoted.strip_prefix(' ').unwrap_or(quoted), quotes + 1, 0);
            } else if let Some(item) = list_item(inner) {
                indent += inner.len() - item.len();
                rest = item;
            } else {
                rest = inner;
                break;
            }
        }
        let (fence, info) = Fence::read(rest, indent)?;
        let is_inline = fence.mark == '`' && info.contains('`');
        (!is_inline).then(|| Self { fence, quotes, language: language::of_info(info) })
    }

    /// The only run of three backticks on a line of text, with the name of a known language behind it.
    fn behind_text(text: &str) -> Option<Self> {
        let (before, after) = text.split_once("```")?;
        let language = language::of_info(after).filter(|language| language::is_known(language))?;
        let ends_line = !after.contains(char::is_whitespace) && !after.contains('`') && !before.ends_with('`');
        let fence = Fence { mark: '`', length: 3, indent: indent_width(text) };
        ends_line.then_some(Self { fence, quotes: 0, language: Some(language) })
    }
}

/// What stands behind the marker of a list item.
fn list_item(text: &str) -> Option<&str> {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marked = match text.len() - digits.len() {
        0 => text.strip_prefix(['-', '*', '+']),
        1..=9 => digits.strip_prefix(['.', ')']),
        _ => None,
    };
    marked.filter(|item| item.starts_with([' ', '\t']))
}

/// The line without the marks of `depth` block quotes; `None` when it stands in fewer.
fn out_of_quotes(line: Line<'_>, depth: usize) -> Option<Line<'_>> {
    let mut rest = line.text;
    for _ in 0..depth {
        let quoted = rest.trim_start_matches([' ', '\t']).strip_prefix('>')?;
        rest = quoted.strip_prefix(' ').unwrap_or(quoted);
    }
    Some(line.without(line.text.len() - rest.len()))
}

/// A block whose end has not been seen.
struct OpenBlock<'a> {
    fence: Fence,
    quotes: usize,
    language: Option<String>,
    lines: Vec<Line<'a>>,
    strings: TripleQuotes,
    /// A fence inside a string is open: the next bare one closes that.
    in_nested_fence: bool,
    /// The first line that ends with a fence behind its code.
    glued: Option<usize>,
}

/// What a line does to an open block.
enum Effect {
    Content,
    Close,
    Start(Opening),
}

impl<'a> OpenBlock<'a> {
    fn new(opening: Opening) -> Self {
        let Opening { fence, quotes, language } = opening;
        Self {
            fence,
            quotes,
            language,
            lines: Vec::new(),
            strings: TripleQuotes::default(),
            in_nested_fence: false,
            glued: None,
        }
    }

    /// Whether the line has anything of what the fence is made of; without it is content.
    fn has_mark(&self, text: &str) -> bool {
        let mark = if self.fence.mark == '~' { b'~' } else { b'`' };
        memchr(mark, text.as_bytes()).is_some()
    }

    fn effect_of(&mut self, text: &str) -> Effect {
        if self.fence.is_closed_by(text) {
            if self.in_nested_fence {
                self.in_nested_fence = false;
                return Effect::Content;
            }
            return Effect::Close;
        }
        let Some(inner) = Opening::read(text).filter(|inner| self.may_hold(inner)) else {
            return Effect::Content;
        };
        if self.strings.is_open() {
            self.in_nested_fence = true;
            return Effect::Content;
        }
        Effect::Start(Opening { quotes: inner.quotes + self.quotes, ..inner })
    }

    fn may_hold(&self, inner: &Opening) -> bool {
        self.fence.is_matched_by(inner.fence) && inner.language.as_deref().is_some_and(language::is_known)
    }

    fn push(&mut self, line: Line<'a>, has_mark: bool) {
        let may_be_glued = has_mark && self.glued.is_none() && !self.strings.is_open();
        if may_be_glued && self.code_before_fence(line.text).is_some() {
            self.glued = Some(self.lines.len());
        }
        self.strings.read(line.text);
        self.lines.push(line);
    }

    /// The code in front of a closing fence that was not put on a line of its own.
    fn code_before_fence<'b>(&self, text: &'b str) -> Option<&'b str> {
        let text = text.trim_end();
        let code = text.trim_end_matches(self.fence.mark);
        let is_fence = text.len() - code.len() >= self.fence.length;
        (is_fence && !code.trim().is_empty() && !code.contains(self.fence.mark)).then_some(code)
    }

    /// The block, the text behind it, and whether it was closed.
    fn end(mut self, closed: bool) -> (Option<CodeBlock>, Vec<Line<'a>>, bool) {
        let mut text = Vec::new();
        let mut was_closed = closed;
        if let Some(glued) = self.glued.filter(|_| !closed) {
            text = self.lines.split_off(glued + 1);
            if let Some(line) = self.lines.pop() {
                let code = self.code_before_fence(line.text).unwrap_or(line.text);
                self.lines.push(Line { text: code, ..line });
                was_closed = true;
            }
        }
        (CodeBlock::new(self.language, &self.lines), text, was_closed)
    }
}

/// Where the answer begins when the reasoning before it was never opened, as chat templates that write `<think>`
/// themselves leave it. The tag must begin or end its line, outside of fences.
fn end_of_unopened_reasoning(response: &str) -> Line<'_> {
    let start = Line { number: 1, column: 0, text: response };
    if !response.split('<').skip(1).any(|tag| tag.starts_with("/think")) {
        return start;
    }
    let mut in_fence = false;
    for line in lines::split(response) {
        let visible = line.text.trim();
        if visible.starts_with("```") || visible.starts_with("~~~") {
            in_fence = !in_fence;
        }
        if REASONING.iter().any(|(start, _)| line.text.contains(start)) {
            break;
        }
        let tag = REASONING.iter().find(|(_, end)| visible.starts_with(end) || visible.ends_with(end));
        if let Some((_, end)) = tag.filter(|_| !in_fence) {
            let at = line.text.find(end).unwrap_or_default();
            return line.without(at + end.len());
        }
    }
    start
}

impl Line<'_> {
    /// What of the line stands at or after `start`.
    fn from(self, start: Self) -> Option<Self> {
        match self.number.cmp(&start.number) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal if start.column > 0 => {
                let bytes = self.text.char_indices().nth(start.column as usize).map_or(self.text.len(), |(at, _)| at);
                Some(self.without(bytes))
            }
            _ => Some(self),
        }
    }
}
