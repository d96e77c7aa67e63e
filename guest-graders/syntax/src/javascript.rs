//! JavaScript and TypeScript, with JSX: oxc's parser, and the early errors of ECMAScript from its semantic pass.

use code_blocks::Source;
use oxc_allocator::Allocator;
use oxc_diagnostics::{Diagnostics, OxcDiagnostic};
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;

use crate::{
    nesting::{self, Lexis},
    problem::{Problem, TooDeep, first_of_each_line, lower_case_start},
};

/// Which of the two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    JavaScript,
    TypeScript,
}

impl Dialect {
    /// The kinds of file that such code may be, the likeliest first: a module, or a script of Node, in which `return`
    /// may stand at the top; types alone, or beside JSX.
    fn kinds(self) -> [SourceType; 2] {
        match self {
            Self::JavaScript => [SourceType::mjs().with_jsx(true), SourceType::cjs().with_jsx(true)],
            Self::TypeScript => [SourceType::ts(), SourceType::tsx()],
        }
    }
}

const LEXIS: Lexis = Lexis { line_comments: &["//"], block_comments: true, quotes: b"\"'", long_quotes: b"" };

/// Valid is what is valid as one of the kinds of file; the errors are those of the likeliest.
pub(crate) fn problems(source: &Source<'_>, dialect: Dialect) -> Result<Vec<Problem>, TooDeep> {
    if nesting::is_too_deep(source.code, &LEXIS, nesting::LIMIT) {
        return Err(TooDeep);
    }
    let [first, second] = dialect.kinds();
    let problems = problems_as(source, first);
    if problems.is_empty() || problems_as(source, second).is_empty() {
        return Ok(Vec::new());
    }
    Ok(problems)
}

fn problems_as(source: &Source<'_>, kind: SourceType) -> Vec<Problem> {
    let allocator = Allocator::default();
    let options = ParseOptions { parse_regular_expression: true, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, source.code, kind).with_options(options).parse();
    let mut problems = located(source, &parsed.diagnostics);
    if problems.is_empty() {
        let checked = SemanticBuilder::new().with_check_syntax_error(true).build(&parsed.program);
        problems = located(source, &checked.diagnostics);
    }
    first_of_each_line(source, problems)
}

fn located(source: &Source<'_>, diagnostics: &Diagnostics) -> Vec<Problem> {
    diagnostics.errors().map(|diagnostic| problem(source, diagnostic)).collect()
}

fn problem(source: &Source<'_>, diagnostic: &OxcDiagnostic) -> Problem {
    let start = diagnostic.labels.first().map_or(source.code.len(), |label| label.offset() as usize);
    let length = diagnostic.labels.first().map_or(0, |label| label.len() as usize);
    let message = match &diagnostic.help {
        Some(help) => format!("{}; {}", diagnostic.message, lower_case_start(help)),
        None => diagnostic.message.to_string(),
    };
    Problem::at(source, lower_case_start(&message), start..start + length)
}
