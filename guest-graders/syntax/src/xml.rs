//! XML 1.0 with namespaces: is the document well-formed?

use code_blocks::{Position, Source};
use roxmltree::{Document, ParsingOptions};

use crate::problem::Problem;

/// The first error; the elements are read without recursion.
pub(crate) fn problems(source: &Source<'_>) -> Vec<Problem> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let Err(error) = Document::parse_with_options(source.code, options) else {
        return Vec::new();
    };
    let place = error.pos();
    let message = error.to_string().replace(&format!(" at {place}"), "");
    vec![Problem::at_place(source, message, source.offset(Position { line: place.row, column: place.col }))]
}
