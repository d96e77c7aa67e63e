//! Definitions by cases, and systems written as cases.

use crate::lexer::{Bracket, Token};
use crate::tree::Answer;

use super::answer;
use super::brackets::split;

/// An opening brace before an array that no brace closes, as in `\left\{\begin{array}…\end{array}\right.`: the array
/// lists cases.
pub(super) fn with_open_braces_dropped(tokens: Vec<Token>) -> Vec<Token> {
    let count = |wanted: &Token| tokens.iter().filter(|token| *token == wanted).count();
    if count(&Token::Open(Bracket::Set)) <= count(&Token::Close(Bracket::Set)) {
        return tokens;
    }
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        if matches!(token, Token::Begin(_)) && out.last() == Some(&Token::Open(Bracket::Set)) {
            out.pop();
            out.push(Token::Begin("cases".to_owned()));
        } else {
            out.push(token);
        }
    }
    out
}

/// The cases that all of `tokens` are: values with their conditions, or else equations that hold together.
pub(super) fn cases(tokens: &[Token], depth: usize) -> Option<Result<Answer, String>> {
    let [Token::Begin(name), inner @ .., Token::End(_)] = tokens else { return None };
    if !name.contains("cases") || inner.iter().any(|token| matches!(token, Token::Begin(_) | Token::End(_))) {
        return None;
    }
    let rows: Vec<&[Token]> =
        split(inner, |token| *token == Token::Row).into_iter().filter(|row| !row.is_empty()).collect();
    if rows.iter().all(|row| !row.contains(&Token::Column)) {
        let items = rows.into_iter().map(|row| answer(row, depth + 1)).collect::<Result<Vec<_>, _>>();
        return Some(items.map(Answer::List));
    }
    Some(rows.into_iter().map(|row| branch(row, depth)).collect::<Result<_, _>>().map(Answer::Piecewise))
}

fn branch(row: &[Token], depth: usize) -> Result<(Answer, Answer), String> {
    let mut columns = split(row, |token| *token == Token::Column).into_iter();
    let value = answer(columns.next().unwrap_or_default(), depth + 1)?;
    let condition: Vec<Token> = columns
        .flatten()
        .filter(|token| !matches!(token, Token::Word(word) if matches!(word.as_str(), "if" | "for" | "when")))
        .cloned()
        .collect();
    let otherwise = condition.is_empty()
        || condition
            .iter()
            .any(|token| matches!(token, Token::Word(word) if matches!(word.as_str(), "otherwise" | "else")));
    if otherwise {
        return Ok((value, Answer::Words("otherwise".to_owned())));
    }
    Ok((value, answer(&condition, depth + 1)?))
}
