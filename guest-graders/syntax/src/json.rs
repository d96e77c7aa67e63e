//! JSON as RFC 8259 has it, and JSON Lines.

use code_blocks::Source;
use serde::de::IgnoredAny;

use crate::problem::{Problem, lower_case_start};

/// The first error of a document. It is read without recursion, so that no nesting is too deep.
pub(crate) fn problems(source: &Source<'_>) -> Vec<Problem> {
    document(source, source.code, 0).err().into_iter().collect()
}

/// The first error of every line that is not blank.
pub(crate) fn problems_of_lines(source: &Source<'_>) -> Vec<Problem> {
    let mut start = 0;
    let mut problems = Vec::new();
    for line in source.code.split_inclusive('\n') {
        if !line.trim().is_empty() {
            problems.extend(document(source, line.trim_end(), start).err());
        }
        start += line.len();
    }
    problems
}

/// Reads `text`, which stands at `start` in the code.
fn document(source: &Source<'_>, text: &str, start: usize) -> Result<(), Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde::Deserialize::deserialize(&mut reader).and_then(|IgnoredAny| reader.end());
    read.map_err(|error| {
        let of_line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        let at = (of_line + error.column().saturating_sub(1)).min(text.trim_end().len());
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let rest = text.get(text.floor_char_boundary(at)..).unwrap_or_default();
        Problem::at_place(source, lower_case_start(message) + hint(rest), start + at)
    })
}

/// What JSON has in the place of what other notations write.
fn hint(rest: &str) -> &'static str {
    let other_words = ["None", "True", "False", "undefined", "NaN", "Infinity", "-Infinity", "nan"];
    if rest.starts_with('\'') || rest.starts_with(['“', '”']) {
        "; strings are in straight double quotes"
    } else if rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with('#') {
        "; JSON has no comments"
    } else if rest.starts_with("...") || rest.starts_with('…') {
        "; nothing may be left out"
    } else if other_words.iter().any(|word| rest.starts_with(word)) {
        "; the words of JSON are true, false and null"
    } else if rest.starts_with(['}', ']']) {
        "; is there a comma too many before it?"
    } else {
        ""
    }
}
