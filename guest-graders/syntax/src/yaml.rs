//! YAML 1.2, one document or several.

use code_blocks::{Position, Source};
use saphyr_parser::Parser;

use crate::problem::Problem;

/// The first error. The parser hands out events one by one and does not recurse.
pub(crate) fn problems(source: &Source<'_>) -> Vec<Problem> {
    let mut parser = Parser::new_from_str(source.code);
    while let Some(event) = parser.next_event() {
        if let Err(error) = event {
            let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let place = Position { line: number(error.marker().line()), column: number(error.marker().col() + 1) };
            return vec![Problem::at_place(source, error.info(), source.offset(place))];
        }
    }
    Vec::new()
}
