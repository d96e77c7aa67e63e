//! Indentation by tabs and spaces, which must not depend on how wide a tab is.
//!
//! Source: `CPython`'s `Parser/lexer/lexer.c`, which measures each line twice, with tabs up to the next multiple of
//! eight columns and with tabs of one, and wants both to tell the same.

use code_blocks::Source;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::problem::Problem;

/// The width of a line's indentation in the two measures.
#[derive(Clone, Copy, Default)]
struct Width {
    tabs_of_eight: usize,
    tabs_of_one: usize,
}

/// The first line whose indentation is not consistent, among the lines that statements begin on.
pub(crate) fn problem(source: &Source<'_>, tokens: &[Token]) -> Option<Problem> {
    if !source.code.contains('\t') {
        return None;
    }
    let mut levels = vec![Width::default()];
    starts(tokens).find_map(|at| {
        let line = source.line_text(source.line(at));
        let message = fit(&mut levels, Width::of(line))?;
        Some(Problem::new(message.to_owned(), TextRange::empty(at)))
    })
}

/// Takes a line into the levels that are open; says what is wrong with it.
fn fit(levels: &mut Vec<Width>, line: Width) -> Option<&'static str> {
    const TABS: &str = "inconsistent use of tabs and spaces in indentation";
    let innermost = levels.last().copied().unwrap_or_default();
    if line.tabs_of_eight > innermost.tabs_of_eight {
        levels.push(line);
        return (line.tabs_of_one <= innermost.tabs_of_one).then_some(TABS);
    }
    while levels.last().is_some_and(|level| level.tabs_of_eight > line.tabs_of_eight) {
        levels.pop();
    }
    let level = levels.last().copied().unwrap_or_default();
    if level.tabs_of_eight != line.tabs_of_eight {
        return Some("unindent does not match any outer indentation level");
    }
    (level.tabs_of_one != line.tabs_of_one).then_some(TABS)
}

impl Width {
    fn of(line: &str) -> Self {
        let mut width = Self::default();
        for character in line.chars() {
            match character {
                ' ' => width = Self { tabs_of_eight: width.tabs_of_eight + 1, tabs_of_one: width.tabs_of_one + 1 },
                '\t' => {
                    width =
                        Self { tabs_of_eight: (width.tabs_of_eight / 8 + 1) * 8, tabs_of_one: width.tabs_of_one + 1 };
                }
                '\x0c' => width = Self::default(),
                _ => break,
            }
        }
        width
    }
}

/// Where statements begin that stand at the start of their lines.
fn starts(tokens: &[Token]) -> impl Iterator<Item = TextSize> {
    use TokenKind::{Comment, Dedent, EndOfFile, Indent, Newline, NonLogicalNewline};
    let mut begins = true;
    tokens.iter().filter_map(move |token| match token.kind() {
        Newline => {
            begins = true;
            None
        }
        Comment | Dedent | EndOfFile | Indent | NonLogicalNewline => None,
        _ => std::mem::take(&mut begins).then(|| token.start()),
    })
}
