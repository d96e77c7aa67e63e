//! TOML 1.1.

use ::toml::de::DeTable;
use code_blocks::Source;

use crate::problem::{Problem, TooDeep, first_of_each_line};

/// How the parser says that it went deep enough.
const DEPTH_LIMIT: &str = "recursion depth";

pub(crate) fn problems(source: &Source<'_>) -> Result<Vec<Problem>, TooDeep> {
    let (_, errors) = DeTable::parse_recoverable(source.code);
    if errors.iter().any(|error| error.message().contains(DEPTH_LIMIT)) {
        return Err(TooDeep);
    }
    let located = errors.iter().map(|error| {
        let at = error.span().unwrap_or(source.code.len()..source.code.len());
        Problem::at(source, error.message().trim().replace('\n', "; "), at)
    });
    Ok(first_of_each_line(source, located.collect()))
}
