//! One block of code, and where each of its lines stands in the response.

use crate::{language, lines::Line, python};

/// A piece of code found in a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeBlock {
    /// The language it is tagged with, as [`normalised`](crate::normalised) gives it; absent for a bare fence.
    /// Code without a fence has the language that it was recognised as.
    pub language: Option<String>,
    /// The code, dedented, without blank lines at both ends, each line ended by `\n`.
    pub code: String,
    /// The line of the response, 1-based, that the first line of `code` stands on.
    pub line: u32,
    /// How many characters of that line were removed before the code.
    pub column_offset: u32,
    /// Whether a fence marks it as code.
    pub fenced: bool,
    /// Whether its fence is closed; `true` for code without fences.
    pub closed: bool,
    /// Whether it was an interactive session (`>>> `), of which only the input was kept.
    pub transcript: bool,
    /// Where runs of lines come from, by ascending `code_line`.
    origins: Vec<Origin>,
}

/// A place in a text: both 1-based, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
}

/// From `code_line` on, lines follow each other in the response as they do in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Origin {
    code_line: u32,
    line: u32,
    column_offset: u32,
}

impl CodeBlock {
    /// Dedents `lines` into a block; `None` when they hold no visible character.
    pub(crate) fn new(language: Option<String>, lines: &[Line<'_>]) -> Option<Self> {
        let first = lines.iter().position(|line| !line.is_blank())?;
        let last = lines.iter().rposition(|line| !line.is_blank())?;
        Self::from_lines(language, &dedented(lines.get(first..=last)?))
    }

    /// Takes `lines` as they are; `None` when there is none.
    pub(crate) fn from_lines(language: Option<String>, lines: &[Line<'_>]) -> Option<Self> {
        let first = lines.first()?;
        let mut code = String::with_capacity(lines.iter().map(|line| line.text.len() + 1).sum());
        let mut origins: Vec<Origin> = Vec::new();
        for (code_line, line) in (1..).zip(lines) {
            code.push_str(line.text);
            code.push('\n');
            extend(&mut origins, Origin { code_line, line: line.number, column_offset: line.column });
        }
        Some(Self {
            language,
            code,
            line: first.number,
            column_offset: first.column,
            fenced: true,
            closed: true,
            transcript: false,
            origins,
        })
    }

    /// One block of several, in the order given; `None` when there is none.
    pub(crate) fn joined(blocks: &[&Self]) -> Option<Self> {
        let (first, rest) = blocks.split_first()?;
        let mut joined = Self::clone(first);
        let mut line_count = count_lines(&joined.code);
        for block in rest {
            joined.code.push_str(&block.code);
            joined.fenced &= block.fenced;
            joined.closed &= block.closed;
            for origin in &block.origins {
                joined.origins.push(Origin { code_line: origin.code_line + line_count, ..*origin });
            }
            line_count += count_lines(&block.code);
        }
        Some(joined)
    }

    /// The place in the response of a place in the code. Holds for the position just behind a line, too.
    pub fn locate(&self, in_code: Position) -> Position {
        let behind = self.origins.partition_point(|origin| origin.code_line <= in_code.line);
        match self.origins.get(behind.saturating_sub(1)) {
            Some(origin) => Position {
                line: origin.line + in_code.line.saturating_sub(origin.code_line),
                column: origin.column_offset + in_code.column,
            },
            None => in_code,
        }
    }

    /// Whether it is code of `language`: tagged so or, for Python, without a tag and recognisable. A bare fence
    /// that could be anything (`x = 1`, JSON, output, a shell session) is not.
    pub fn is(&self, language: &str) -> bool {
        let wanted = language::normalised(language);
        match &self.language {
            Some(tag) => *tag == wanted,
            None => wanted == "python" && (self.transcript || python::looks_like_python(&self.code)),
        }
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (1..).zip(self.code.lines()).map(|(line, text)| {
            let place = self.locate(Position { line, column: 0 });
            Line { number: place.line, column: place.column, text }
        })
    }
}

fn extend(origins: &mut Vec<Origin>, next: Origin) {
    let continues = origins.last().is_some_and(|last| {
        last.column_offset == next.column_offset && last.line + (next.code_line - last.code_line) == next.line
    });
    if !continues {
        origins.push(next);
    }
}

/// Removes the whitespace that all lines begin with. Lines inside a triple-quoted string do not count, as they
/// may stand further left than the code around them.
fn dedented<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    let mut quotes = python::TripleQuotes::default();
    let mut margin: Option<&str> = None;
    for line in lines {
        if !quotes.is_open() && !line.is_blank() {
            let indent = line.indent();
            margin = Some(margin.map_or(indent, |margin| common_start(margin, indent)));
            if margin == Some("") {
                return lines.to_vec();
            }
        }
        quotes.read(line.text);
    }
    let margin = margin.unwrap_or_default();
    lines.iter().map(|line| line.without(common_start(margin, line.text).len())).collect()
}

/// `left` is made of spaces and tabs.
fn common_start<'a>(left: &'a str, right: &str) -> &'a str {
    let length = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    left.get(..length).unwrap_or_default()
}

fn count_lines(code: &str) -> u32 {
    u32::try_from(code.lines().count()).unwrap_or(u32::MAX)
}
