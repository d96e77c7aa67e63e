//! What is said of an answer beside it: for which values it holds, and the same once more in other notation.

use crate::lexer::{Bracket, Token};

use super::brackets::split;

const QUANTIFIERS: &[&str] = &["for", "all", "any", "every", "some"];
const DOMAINS: &[&str] = &["real", "complex", "numbers", "number", "integer", "integers", "value", "values", "of"];

/// Without "for all real numbers t", "for any integer k" at the end.
pub(super) fn without_qualifier(tokens: &[Token]) -> &[Token] {
    let word = |token: &Token, words: &[&str]| matches!(token, Token::Word(word) if words.contains(&word.as_str()));
    let Some(at) = tokens.iter().rposition(|token| word(token, &["for"])) else { return tokens };
    let (answer, qualifier) = tokens.split_at(at);
    let names = qualifier.iter().filter(|token| matches!(token, Token::Letter(_) | Token::Comma)).count();
    let plain = qualifier.iter().all(|token| {
        word(token, QUANTIFIERS) || word(token, DOMAINS) || matches!(token, Token::Letter(_) | Token::Comma)
    });
    let quantified = qualifier.iter().skip(1).any(|token| word(token, QUANTIFIERS));
    let mathematical = answer.iter().any(|token| matches!(token, Token::Number { .. } | Token::Letter(_)));
    if plain && quantified && names <= 3 && mathematical { answer } else { tokens }
}

/// `x < -7 : (-\infty, -7)`: the set after the colon says what the inequality before it does.
pub(super) fn restated(tokens: &[Token]) -> &[Token] {
    let [before, after] = split(tokens, |token| *token == Token::Colon)[..] else { return tokens };
    let compares = before.iter().any(|token| matches!(token, Token::Comparison(_)));
    let set = matches!(after.first(), Some(Token::Open(Bracket::Round | Bracket::Square | Bracket::Set)));
    if compares && set { after } else { tokens }
}
