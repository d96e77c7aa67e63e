//! Equations, inequalities and names before values.

use super::brackets::split;
use super::lists::{name_of, named_set};
use super::member::{member, split_unit};
use super::{answer, trimmed};
use crate::lexer::{Bracket, Token};
use crate::parser;
use crate::tree::{Answer, Comparison, Expression, Function};

/// Equations, inequalities, chains, approximations, then everything without a comparison.
pub(super) fn relation(tokens: &[Token], depth: usize) -> Result<Answer, String> {
    let tokens = split(tokens, |token| *token == Token::About);
    let tokens = match tokens.as_slice() {
        [only] => *only,
        [exact, ..] if !exact.is_empty() && !is_name_only(exact) => *exact,
        [name, value, ..] if !name.is_empty() => return named(name, value, depth, false),
        [_, value, ..] => value,
        _ => return Err("it is empty".to_owned()),
    };
    let sides = split(tokens, |token| matches!(token, Token::Comparison(_)));
    if sides.len() == 1 {
        return member(tokens, depth);
    }
    let comparisons = comparisons(tokens);
    if comparisons.iter().all(|comparison| *comparison == Comparison::Equal) {
        return equation(&sides, depth);
    }
    if sides.iter().any(|side| side.is_empty()) {
        return Err("a comparison has an empty side".to_owned());
    }
    let read = sides.iter().map(|side| scalar(side, depth)).collect::<Result<Vec<_>, _>>()?;
    let mut links: Vec<(Expression, Comparison, Expression)> = read
        .iter()
        .zip(read.iter().skip(1))
        .zip(comparisons)
        .map(|((left, right), comparison)| (left.clone(), comparison, right.clone()))
        .collect();
    if links.len() == 1
        && let Some((left, comparison, right)) = links.pop()
    {
        return Ok(Answer::Relation { left, comparison, right });
    }
    Ok(Answer::Chain(links))
}

pub(super) fn comparisons(tokens: &[Token]) -> Vec<Comparison> {
    let mut depth = 0usize;
    let mut found = Vec::new();
    for token in tokens {
        match token {
            Token::Open(_) | Token::Begin(_) => depth += 1,
            Token::Close(_) | Token::End(_) => depth = depth.saturating_sub(1),
            Token::Comparison(comparison) if depth == 0 => found.push(*comparison),
            _ => {}
        }
    }
    found
}

/// `x = … = 5` gives `x` its last value; other equations keep both sides.
pub(super) fn equation(sides: &[&[Token]], depth: usize) -> Result<Answer, String> {
    let (Some(first), Some(last)) = (sides.first(), sides.last()) else { return Err("it is empty".to_owned()) };
    if last.is_empty() {
        return Err("an equation has no right side".to_owned());
    }
    if first.is_empty() {
        return answer(last, depth + 1);
    }
    if is_name_only(first) {
        return named(first, last, depth, true);
    }
    if sides.len() == 2
        && is_name_only(last)
        && !is_name_only(first)
        && let Ok(value) = scalar(first, depth)
        && !mentions(&value, last)
    {
        return named(last, first, depth, true);
    }
    let right = member(last, depth)?;
    if sides.len() > 2 {
        return Ok(right);
    }
    let left = member(first, depth)?;
    match (left, right) {
        (Answer::Ratio(_) | Answer::Value(Expression::Call(Function::Named(_), _)), right) => Ok(right),
        (Answer::Value(left), Answer::Value(right)) => {
            if left.symbols().is_empty() && right.symbols().is_empty() {
                return Ok(Answer::Value(right));
            }
            Ok(Answer::Relation { left, comparison: Comparison::Equal, right })
        }
        // `2 + 3 = 5 cm`, `(1, 2) = …`: what is said last is the answer.
        (Answer::Value(left) | Answer::Measured { value: left, .. }, right) if left.symbols().is_empty() => Ok(right),
        (Answer::Value(_) | Answer::Tuple { .. }, right @ Answer::Tuple { .. }) => {
            Ok(named_set(Some(name_of(first)), right))
        }
        _ => Err("an equation's side is no expression".to_owned()),
    }
}

pub(super) fn mentions(value: &Expression, name: &[Token]) -> bool {
    let name = name_of(name);
    value.symbols().contains(&name)
}

/// A symbol, a function applied to names, a tuple of names, a length or angle: what can be given a value.
pub(super) fn is_name_only(tokens: &[Token]) -> bool {
    let has_letter = tokens.iter().any(|token| matches!(token, Token::Letter(_) | Token::Word(_)));
    let mut depth = 0usize;
    let mut within = |token: &Token| {
        match token {
            Token::Open(_) => depth += 1,
            Token::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0
    };
    let simple = tokens.iter().enumerate().all(|(at, token)| match (token, within(token)) {
        // `P(X = 5)`
        (Token::Comparison(_), within) => within,
        (token, _) => is_part_of_name(tokens, at, token),
    });
    if tokens.first().is_some_and(|token| matches!(token, Token::Letter(name) if name == "e" || name == "i"))
        && tokens.len() == 1
    {
        return false;
    }
    has_letter && simple && tokens.len() <= 24
}

fn is_part_of_name(tokens: &[Token], at: usize, token: &Token) -> bool {
    match token {
        Token::Letter(_)
        | Token::Prime
        | Token::Underscore
        | Token::Bar
        | Token::Comma
        | Token::Colon
        | Token::Times => true,
        Token::Open(bracket) | Token::Close(bracket) => !matches!(bracket, Bracket::Floor | Bracket::Ceiling),
        Token::Number { .. } => at > 0 && !matches!(tokens.get(at - 1), Some(Token::Times | Token::Colon)),
        Token::Command(name) => name == "frac",
        // `f^{-1}(x)`
        Token::Caret | Token::Minus => {
            let start = if *token == Token::Caret { at } else { at.saturating_sub(2) };
            matches!(
                tokens.get(start.saturating_sub(1)..start + 3),
                Some([Token::Letter(name), Token::Caret, Token::Open(Bracket::Group), Token::Minus])
                    if matches!(name.as_str(), "f" | "g" | "h")
            )
        }
        _ => false,
    }
}

pub(super) fn named(name: &[Token], value: &[Token], depth: usize, exact: bool) -> Result<Answer, String> {
    let value = answer(value, depth + 1)?;
    let sides = match (&value, exact) {
        (Answer::Value(right), true) => scalar(name, depth).ok().map(|left| Box::new((left, right.clone()))),
        _ => None,
    };
    Ok(Answer::Named { name: name_of(name), value: Box::new(value), sides })
}

pub(super) fn scalar(tokens: &[Token], depth: usize) -> Result<Expression, String> {
    let tokens = trimmed(tokens);
    let (value, unit) = split_unit(tokens);
    parser::expression(if unit.is_empty() { tokens } else { value }, depth)
}
