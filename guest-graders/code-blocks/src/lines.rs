//! The lines of a response, and the part of it that is the answer.

use memchr::memchr2;

/// A line, or what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// 1-based, in the response.
    pub(crate) number: u32,
    /// How many characters of the line stand before `text`.
    pub(crate) column: u32,
    /// Without the line's end.
    pub(crate) text: &'a str,
}

impl<'a> Line<'a> {
    pub(crate) fn is_blank(&self) -> bool {
        self.text.chars().all(char::is_whitespace)
    }

    /// The spaces and tabs that it begins with.
    pub(crate) fn indent(&self) -> &'a str {
        let code = self.text.trim_start_matches([' ', '\t']);
        self.text.get(..self.text.len() - code.len()).unwrap_or_default()
    }

    /// The line without its first `bytes`, which must end at a character.
    pub(crate) fn without(&self, bytes: usize) -> Self {
        let (removed, text) = self.text.split_at_checked(bytes).unwrap_or(("", self.text));
        let removed = u32::try_from(removed.chars().count()).unwrap_or(u32::MAX);
        Self { number: self.number, column: self.column.saturating_add(removed), text }
    }
}

/// Splits at `\n`, `\r\n` and `\r`, as Python and `CommonMark` do.
pub(crate) fn split(response: &str) -> impl Iterator<Item = Line<'_>> {
    let mut rest = Some(response);
    let texts = std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr2(b'\n', b'\r', text.as_bytes()) else {
            rest = None;
            return Some(text);
        };
        let (line, after) = text.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.get(1..));
        Some(line)
    });
    (1..).zip(texts).map(|(number, text)| Line { number, column: 0, text })
}

/// Columns that the whitespace at the start of `text` takes, a tab counting as four.
pub(crate) fn indent_width(text: &str) -> usize {
    text.chars()
        .map_while(|c| match c {
            ' ' => Some(1),
            '\t' => Some(4),
            _ => None,
        })
        .sum()
}
