//! The words and the evidence of a verdict.

use std::fmt::Write as _;

use code_blocks::{CodeBlock, Position, Source};
use ruff_text_size::TextSize;
use serde_json::{Map, Value, json};

use crate::{grade::Params, language::Language, problem::Problem};

/// One block, and what was found in it.
pub(crate) struct Checked<'a> {
    /// 1-based, among the blocks that were checked.
    pub(crate) number: usize,
    pub(crate) language: Language,
    pub(crate) block: &'a CodeBlock,
    pub(crate) source: Source<'a>,
    pub(crate) problems: Vec<Problem>,
}

impl Checked<'_> {
    /// Where a place of the code stands in the response.
    fn in_response(&self, at: TextSize) -> Position {
        self.block.locate(self.source.position(at))
    }

    fn line_text(&self, problem: &Problem) -> &str {
        self.source.line_text(self.source.line(problem.range.start()))
    }
}

/// Why, in words to act on: each error with its place in the response, its line, and a caret under the place.
pub(crate) fn reason(blocks: &[Checked<'_>], max_errors: usize) -> String {
    let invalid = blocks.iter().filter(|block| !block.problems.is_empty()).count();
    if invalid == 0 {
        return match blocks.len() {
            1 => "the code block parses".to_owned(),
            count => format!("all {count} code blocks parse"),
        };
    }
    let mut reason = match blocks {
        [block] if block.language == Language::Python => "the code does not parse".to_owned(),
        [block] => format!("the code does not parse as {}", block.language.title()),
        _ => format!("{invalid} of {} code blocks do not parse", blocks.len()),
    };
    for (block, problem) in problems(blocks).take(max_errors) {
        let place = block.in_response(problem.range.start());
        let of_block = match (blocks.len(), block.language) {
            (1, _) => String::new(),
            (_, Language::Python) => format!(" (block {})", block.number),
            (_, language) => format!(" (block {}, {})", block.number, language.title()),
        };
        let _ = write!(reason, "\nline {}, column {}{of_block}: {}", place.line, place.column, problem.message);
        reason.push_str(&excerpt(block, problem));
    }
    let more = problems(blocks).count().saturating_sub(max_errors);
    if more > 0 {
        let _ = write!(reason, "\nand {more} more");
    }
    if let Some(open) = blocks.iter().find(|block| !block.block.closed && !block.problems.is_empty()) {
        let line = open.block.line;
        let _ = write!(
            reason,
            "
the fence of the code at line {line} is never closed: the response may be cut off"
        );
    }
    reason
}

/// Blocks that the details list.
const MOST_BLOCKS: usize = 100;

/// The same for machines.
pub(crate) fn details(blocks: &[Checked<'_>], params: &Params) -> Map<String, Value> {
    let errors: Vec<Value> =
        problems(blocks).take(params.max_errors).map(|(block, problem)| error(block, problem)).collect();
    let checked: Vec<Value> = blocks.iter().take(MOST_BLOCKS).map(summary).collect();
    let mut details = Map::with_capacity(5);
    if blocks.iter().any(|block| block.language == Language::Python) {
        details.insert("python_version".to_owned(), params.python_version.as_str().into());
    }
    details.insert("block_count".to_owned(), blocks.len().into());
    details.insert("blocks".to_owned(), Value::Array(checked));
    details.insert("error_count".to_owned(), problems(blocks).count().into());
    details.insert("errors".to_owned(), Value::Array(errors));
    details
}

fn problems<'a, 'b>(blocks: &'b [Checked<'a>]) -> impl Iterator<Item = (&'b Checked<'a>, &'b Problem)> {
    blocks.iter().flat_map(|block| block.problems.iter().map(move |problem| (block, problem)))
}

fn summary(checked: &Checked<'_>) -> Value {
    let CodeBlock { line, fenced, closed, transcript, .. } = *checked.block;
    let entries: [(&str, Value); 7] = [
        ("block", checked.number.into()),
        ("language", checked.language.tag().into()),
        ("line", line.into()),
        ("parses", checked.problems.is_empty().into()),
        ("fenced", fenced.into()),
        ("closed", closed.into()),
        ("transcript", transcript.into()),
    ];
    // `json!` would make room for the entries bit by bit, and every block has these.
    let mut summary = Map::with_capacity(entries.len());
    summary.extend(entries.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(summary)
}

fn error(checked: &Checked<'_>, problem: &Problem) -> Value {
    let in_block = checked.source.position(problem.range.start());
    let start = checked.block.locate(in_block);
    let end = checked.in_response(problem.range.end());
    json!({
        "block": checked.number,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "line_in_block": in_block.line,
        "column_in_block": in_block.column,
        "message": problem.message,
        "text": cut(checked.line_text(problem), 0, LONGEST_EXCERPT),
    })
}

const LONGEST_EXCERPT: usize = 120;

/// The line with a caret under the error's first character; of a long line, the part around it.
fn excerpt(checked: &Checked<'_>, problem: &Problem) -> String {
    let line = checked.line_text(problem);
    let column = checked.source.position(problem.range.start()).column.saturating_sub(1) as usize;
    let from = column.saturating_sub(LONGEST_EXCERPT * 2 / 3);
    let shown = cut(line, from, LONGEST_EXCERPT);
    let margin: String = shown.chars().take(column - from).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let padding = " ".repeat((column - from).saturating_sub(margin.chars().count()));
    format!("\n    {shown}\n    {margin}{padding}^")
}

fn cut(line: &str, from: usize, length: usize) -> String {
    line.chars().skip(from).take(length).collect::<String>().trim_end().to_owned()
}
