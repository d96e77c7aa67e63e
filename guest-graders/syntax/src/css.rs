//! CSS, SCSS and Less: oxc's parser.
//!
//! A browser skips what it cannot read. An error is what CSS Syntax Level 3 calls a parse error, and a selector, an
//! at-rule or a value that does not follow its grammar; an unknown property is none.

use code_blocks::Source;
use oxc_css_parser::{Allocator, Parser, Syntax, ast::Stylesheet};

use crate::{
    nesting::{self, Lexis},
    problem::{Problem, TooDeep, first_of_each_line},
};

/// Which of the three languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Css,
    Scss,
    Less,
}

const LEXIS: Lexis = Lexis { line_comments: &[], block_comments: true, quotes: b"\"'", long_quotes: b"" };

pub(crate) fn problems(source: &Source<'_>, dialect: Dialect) -> Result<Vec<Problem>, TooDeep> {
    if nesting::is_too_deep(source.code, &LEXIS, nesting::LIMIT) {
        return Err(TooDeep);
    }
    let syntax = match dialect {
        Dialect::Css => Syntax::Css,
        Dialect::Scss => Syntax::Scss,
        Dialect::Less => Syntax::Less,
    };
    let allocator = Allocator::default();
    let mut parser = Parser::new(&allocator, source.code, syntax);
    let fatal = parser.parse::<Stylesheet<'_>>().err();
    let errors = fatal.iter().chain(parser.recoverable_errors());
    let problems = errors
        .map(|error| Problem::at(source, error.kind.to_string(), error.span.start as usize..error.span.end as usize));
    Ok(first_of_each_line(source, problems.collect()))
}
