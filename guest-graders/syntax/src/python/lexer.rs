//! What `CPython` refuses in the tokens of code, and the parser lets through.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::Ranged;

use crate::problem::Problem;

/// The words that may follow a number without a space. Source: `verify_end_of_number` in `CPython`'s lexer.
const AFTER_NUMBER: [TokenKind; 8] = [
    TokenKind::And,
    TokenKind::Else,
    TokenKind::For,
    TokenKind::If,
    TokenKind::In,
    TokenKind::Is,
    TokenKind::Or,
    TokenKind::Not,
];

/// Every pair of tokens that may not stand side by side.
pub(crate) fn problems(tokens: &[Token]) -> impl Iterator<Item = Problem> {
    tokens.windows(2).filter_map(|pair| {
        let [first, second] = pair else { return None };
        let message = match (first.kind(), second.kind()) {
            (TokenKind::Yield, TokenKind::Comma) => "invalid syntax: expected an expression before ','",
            (TokenKind::Int | TokenKind::Float | TokenKind::Complex, word)
                if first.end() == second.start() && word.is_keyword() && !AFTER_NUMBER.contains(&word) =>
            {
                "invalid decimal literal"
            }
            _ => return None,
        };
        Some(Problem::new(message.to_owned(), second.range()))
    })
}
