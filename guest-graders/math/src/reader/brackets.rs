//! Pairs of brackets among tokens, and splitting outside them.

use crate::lexer::{Bracket, Token};

/// Drops a pair of brackets directly within another of the same kind, however deep.
pub(super) fn without_redundant_brackets(tokens: Vec<Token>) -> Result<Vec<Token>, String> {
    let closing = matching(&tokens)?;
    let mut keep = vec![true; tokens.len()];
    for (open, token) in tokens.iter().enumerate() {
        let (Token::Open(Bracket::Round | Bracket::Group), Some(Some(close))) = (token, closing.get(open)) else {
            continue;
        };
        let inner_close = closing.get(open + 1).copied().flatten();
        let same = tokens.get(open + 1) == Some(token) && inner_close == close.checked_sub(1);
        if same && tokens.get(*close) == close.checked_sub(1).and_then(|inner| tokens.get(inner)) {
            for at in [open, *close] {
                if let Some(slot) = keep.get_mut(at) {
                    *slot = false;
                }
            }
        }
    }
    Ok(tokens.into_iter().zip(keep).filter_map(|(token, keep)| keep.then_some(token)).collect())
}

/// For every opening bracket the place of its closing one. Round and square close each other, as in `[0, 1)`.
pub(super) fn matching(tokens: &[Token]) -> Result<Vec<Option<usize>>, String> {
    let mut closing = vec![None; tokens.len()];
    let mut open: Vec<(usize, Token)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(_) | Token::Begin(_) => open.push((at, token.clone())),
            Token::Close(_) | Token::End(_) => {
                let (start, opener) = open.pop().ok_or("a closing bracket has no opening one")?;
                let fits = match (&opener, token) {
                    (Token::Open(Bracket::Round | Bracket::Square), Token::Close(Bracket::Round | Bracket::Square))
                    | (Token::Begin(_), Token::End(_)) => true,
                    (Token::Open(left), Token::Close(right)) => left == right,
                    _ => false,
                };
                if !fits {
                    return Err("its brackets do not match".to_owned());
                }
                if let Some(slot) = closing.get_mut(start) {
                    *slot = Some(at);
                }
            }
            _ => {}
        }
    }
    if open.is_empty() { Ok(closing) } else { Err("a bracket is not closed".to_owned()) }
}

/// Splits at the tokens that `test` picks outside brackets and bars.
pub(super) fn split(tokens: &[Token], test: impl Fn(&Token) -> bool) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0usize);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(_) | Token::Begin(_) => depth += 1,
            Token::Close(_) | Token::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 && test(token) => {
                parts.push(tokens.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(tokens.get(start..).unwrap_or_default());
    parts
}
