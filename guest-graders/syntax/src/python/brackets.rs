//! Brackets that do not fit, which a parser notices only much later.

use code_blocks::Source;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange};

use crate::problem::Problem;

/// The first closing bracket that does not fit, or else the innermost one that is never closed.
pub(crate) fn fault(source: &Source<'_>, tokens: &[Token]) -> Option<Problem> {
    let mut open: Vec<(TokenKind, TextRange)> = Vec::new();
    for token in tokens {
        if closing(token.kind()).is_some() {
            open.push((token.kind(), token.range()));
        } else if is_closing(token.kind()) {
            let opened = open.pop();
            if opened.is_none_or(|(kind, _)| closing(kind) != Some(token.kind())) {
                let range = token.range();
                return Some(Problem::new(unfit(source, source.text(range), opened.map(|(_, at)| at)), range));
            }
        }
    }
    let (_, range) = open.pop()?;
    Some(Problem::new(format!("'{}' was never closed", source.text(range)), range))
}

fn unfit(source: &Source<'_>, closing: &str, opened: Option<TextRange>) -> String {
    match opened {
        Some(at) => format!(
            "closing parenthesis '{closing}' does not match opening parenthesis '{}' on line {} of the code",
            source.text(at),
            source.line(at.start())
        ),
        None => format!("unmatched '{closing}'"),
    }
}

fn closing(open: TokenKind) -> Option<TokenKind> {
    match open {
        TokenKind::Lpar => Some(TokenKind::Rpar),
        TokenKind::Lsqb => Some(TokenKind::Rsqb),
        TokenKind::Lbrace => Some(TokenKind::Rbrace),
        _ => None,
    }
}

fn is_closing(token: TokenKind) -> bool {
    matches!(token, TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace)
}
