//! Python: ruff's parser, and what `CPython`'s compiler finds behind its own.

mod bindings;
mod brackets;
mod compiler;
mod explain;
mod indentation;
mod lexer;
mod scopes;

use std::mem::ManuallyDrop;

use code_blocks::Source;
use ruff_python_ast::{
    PythonVersion,
    token::{Token, TokenKind},
};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;

use self::explain::{UNTERMINATED_TRIPLE, explained};
use crate::problem::{Follows, Problem, TooDeep, lower_case_start};

/// What is wrong with the code, in its order; nothing when Python would compile it. As in Python, names and scopes
/// are looked at only when the code parses.
pub(crate) fn problems(source: &Source<'_>, version: PythonVersion) -> Result<Vec<Problem>, TooDeep> {
    if python_nesting::is_too_deep(source.code) {
        return Err(TooDeep);
    }
    let options = ParseOptions::from(Mode::Module).with_target_version(version);
    let Some(parsed) = parse_unchecked(source.code, options).try_into_module() else {
        return Ok(Vec::new());
    };
    // The instance ends with the grade: taking the tree apart would be work for nothing.
    let parsed = ManuallyDrop::new(parsed);
    if parsed.has_invalid_syntax() {
        return Ok(parse_problems(source, &parsed));
    }
    let unsupported = parsed.unsupported_syntax_errors().iter();
    let mut problems: Vec<Problem> =
        unsupported.map(|error| Problem::new(lower_case_start(&error.to_string()), error.range)).collect();
    problems.extend(lexer::problems(parsed.tokens()));
    problems.extend(indentation::problem(source, parsed.tokens()));
    problems.extend(scopes::problems(source.code, &parsed, version));
    Ok(one_per_line(source, problems))
}

/// The errors of the parser, without those that only follow from another: it goes on behind an error, and stumbles
/// over what it skipped. A faulty bracket explains all that comes behind it.
fn parse_problems<T>(source: &Source<'_>, parsed: &Parsed<T>) -> Vec<Problem> {
    let tokens = parsed.tokens();
    let mut problems: Vec<Problem> = parsed.errors().iter().map(|error| explained(source, tokens, error)).collect();
    without_effects_of_open_string(source, &mut problems);
    if let Some(fault) = brackets::fault(source, tokens) {
        let line = source.line(fault.range.start());
        problems.retain(|problem| match source.line(problem.range.start()).cmp(&line) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => stands_by_itself(tokens, problem, &fault),
            std::cmp::Ordering::Greater => false,
        });
        problems.push(fault);
    }
    one_per_line(source, problems)
}

/// A string that is open to the end is the cause of what its line seems to lack before it.
fn without_effects_of_open_string(source: &Source<'_>, problems: &mut Vec<Problem>) {
    let open = problems.iter().find(|problem| problem.message == UNTERMINATED_TRIPLE);
    if let Some(at) = open.map(|problem| problem.range.start()) {
        let line = source.line(at);
        problems.retain(|problem| problem.range.start() >= at || source.line(problem.range.start()) < line);
    }
}

/// Whether an error on the line of a faulty bracket would be one without it: it stands before the bracket's closing
/// or behind its opening, and not at the end of the line, where all that is missing is noticed.
fn stands_by_itself(tokens: &[Token], problem: &Problem, fault: &Problem) -> bool {
    let at = problem.range.start();
    let token = tokens.get(tokens.partition_point(|token| token.end() <= at)).map(Token::kind);
    let ends_line = matches!(
        token,
        None | Some(TokenKind::Newline | TokenKind::NonLogicalNewline | TokenKind::Comment | TokenKind::EndOfFile)
    );
    at != fault.range.start() && !ends_line
}

/// Of the errors on one line, the first, and none that only follows from another.
fn one_per_line(source: &Source<'_>, mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.range.start());
    let mut kept: Vec<Problem> = Vec::new();
    let (mut broken_lines, mut broken_indents) = (FxHashSet::default(), FxHashSet::default());
    let mut last = 0;
    for problem in problems {
        let line = source.line(problem.range.start());
        if line == std::mem::replace(&mut last, line) {
            continue;
        }
        let indent = source.indent(line);
        let is_consequence = match problem.follows {
            Follows::Nothing => false,
            Follows::LineAbove => broken_lines.contains(&(line - 1)),
            Follows::Header => broken_indents.contains(&indent),
        };
        broken_lines.insert(line);
        if !is_consequence {
            broken_indents.insert(indent);
            kept.push(problem);
        }
    }
    kept
}
