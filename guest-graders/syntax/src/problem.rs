//! What is wrong with a piece of code.

use std::ops::Range;

use code_blocks::Source;
use ruff_text_size::{TextRange, TextSize};

/// One error, at a range of the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) range: TextRange,
    pub(crate) follows: Follows,
}

impl Problem {
    pub(crate) fn new(message: String, range: TextRange) -> Self {
        Self { message, range, follows: Follows::Nothing }
    }

    /// At bytes of the code; of a range that ends before it starts, or behind the code, the part that makes sense.
    pub(crate) fn at(source: &Source<'_>, message: impl Into<String>, bytes: Range<usize>) -> Self {
        let bounded = |at: usize| source.code.floor_char_boundary(at.min(source.code.len()));
        let size = |at: usize| TextSize::new(u32::try_from(at).unwrap_or(u32::MAX));
        let (start, end) = (bounded(bytes.start), bounded(bytes.end));
        Self::new(message.into(), TextRange::new(size(start), size(end.max(start))))
    }

    /// At one place of the code.
    pub(crate) fn at_place(source: &Source<'_>, message: impl Into<String>, at: usize) -> Self {
        Self::at(source, message, at..at)
    }
}

/// What an error may be nothing but a consequence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follows {
    Nothing,
    /// An error on the line above: the indentation behind a broken header.
    LineAbove,
    /// An error above at the same indentation: the `else` of a broken `if`.
    Header,
}

/// Code that nests deeper than can be parsed within the grader's stack.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep;

/// In the order of the code, and of several on one line the first: the others mostly follow from it.
pub(crate) fn first_of_each_line(source: &Source<'_>, mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.range.start());
    problems.dedup_by_key(|problem| source.line(problem.range.start()));
    problems
}

/// Messages begin in lower case, names in them aside.
pub(crate) fn lower_case_start(message: &str) -> String {
    let mut characters = message.chars();
    let is_name = characters.clone().nth(1).is_some_and(char::is_uppercase);
    match characters.next() {
        Some(first) if !is_name => first.to_lowercase().chain(characters).collect(),
        _ => message.to_owned(),
    }
}
