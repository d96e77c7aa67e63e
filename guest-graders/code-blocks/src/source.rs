//! Lines and columns of a piece of code.

use std::ops::Range;

use memchr::memchr_iter;

use crate::Position;

/// Code with an index of its lines, which end with `\n`. Places are bytes from its start.
#[derive(Debug)]
pub struct Source<'a> {
    /// The code.
    pub code: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Finds the lines of the code.
    pub fn new(code: &'a str) -> Self {
        let behind_ends = memchr_iter(b'\n', code.as_bytes()).map(|at| at + 1);
        Self { code, line_starts: std::iter::once(0).chain(behind_ends).collect() }
    }

    /// The line, 1-based, that a place stands in. The end of the code stands in the last line that has text.
    pub fn line(&self, at: impl Into<usize>) -> usize {
        let at = at.into();
        let is_end = at > 0 && at == self.code.len() && self.code.ends_with('\n');
        self.line_starts.partition_point(|start| *start <= at) - usize::from(is_end)
    }

    /// Line and column of a place.
    pub fn position(&self, at: impl Into<usize>) -> Position {
        let at = at.into();
        let line = self.line(at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.code.get(start..at).unwrap_or_default().trim_end_matches('\n');
        Position { line: number(line), column: number(before.chars().count() + 1) }
    }

    /// The place of a line and column; the end of the line or of the code where they are not there.
    pub fn offset(&self, place: Position) -> usize {
        let line = place.line as usize;
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(self.code.len());
        let text = self.line_text(line);
        let before = (place.column as usize).saturating_sub(1);
        start + text.char_indices().nth(before).map_or(text.len(), |(at, _)| at)
    }

    /// The text of a line, 1-based, without its end.
    pub fn line_text(&self, line: usize) -> &'a str {
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(self.code.len());
        self.code.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
    }

    /// How many spaces and tabs a line, 1-based, begins with.
    pub fn indent(&self, line: usize) -> usize {
        let text = self.line_text(line);
        text.len() - text.trim_start_matches([' ', '\t']).len()
    }

    /// A part of the code; empty where the range is none of it.
    pub fn text(&self, range: impl Into<Range<usize>>) -> &'a str {
        self.code.get(range.into()).unwrap_or_default()
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        let source = Source::new("é = 1\n  ü = (\n");
        let at = |byte: usize| source.position(byte);
        assert_eq!(at(0), Position { line: 1, column: 1 });
        assert_eq!(at(3), Position { line: 1, column: 3 });
        assert_eq!(at(7), Position { line: 2, column: 1 });
        assert_eq!(at(14), Position { line: 2, column: 7 });
        assert_eq!(at(15), Position { line: 2, column: 8 }, "the end of the code");
        assert_eq!(source.line_text(2), "  ü = (");
        for byte in [0, 3, 7, 14] {
            assert_eq!(source.offset(at(byte)), byte);
        }
        assert_eq!(source.offset(Position { line: 9, column: 9 }), source.code.len());
    }
}
