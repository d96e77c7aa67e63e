//! Answers without comparisons: sets, tuples, ratios, measured values, words, expressions.

use super::brackets::{matching, split};
use super::cases::cases;
use super::relation::scalar;
use super::sexagesimal::sexagesimal;
use super::{answer, trimmed};
use crate::lexer::{Bracket, Token};
use crate::parser::{self, plain_text};
use crate::tree::{Answer, Expression};

/// An answer without comparisons: a set, tuple, ratio, measured value, word or expression.
pub(super) fn member(tokens: &[Token], depth: usize) -> Result<Answer, String> {
    let tokens = trimmed(tokens);
    if tokens.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(found) = sexagesimal(tokens) {
        return Ok(found);
    }
    if let Some(found) = cases(tokens, depth) {
        return found;
    }
    if let Some(collection) = collection(tokens, depth)? {
        return Ok(collection);
    }
    if let [Token::Number { digits, .. }, Token::Underscore, rest @ ..] = tokens
        && let Some(base) = base_of(rest)
    {
        return Ok(Answer::Based { digits: digits.clone(), base });
    }
    if let [Token::Minus, Token::Number { digits, .. }, Token::Underscore, rest @ ..] = tokens
        && let Some(base) = base_of(rest)
    {
        return Ok(Answer::Based { digits: format!("-{digits}"), base });
    }
    if let [Token::Minus, Token::Currency, value @ ..] = tokens {
        let value = parser::expression(value, depth)?.negative();
        return Ok(Answer::Measured { value, unit: "dollars".to_owned() });
    }
    if let Some(scaled) = scaled_collection(tokens, depth)? {
        return Ok(scaled);
    }
    if tokens.contains(&Token::Ellipsis) {
        if tokens.len() > 1
            && let Ok(value) = parser::expression(tokens, depth)
        {
            return Ok(Answer::Value(value));
        }
        return words(tokens).or_else(|| Some(Answer::Words(spelled(tokens)))).ok_or_else(String::new);
    }
    let ratio = split(tokens, |token| *token == Token::Colon);
    if ratio.len() > 1 {
        return ratio.iter().map(|part| scalar(part, depth)).collect::<Result<_, _>>().map(Answer::Ratio);
    }
    if let [value @ .., Token::Percent] = tokens
        && !value.is_empty()
    {
        return parser::expression(value, depth).map(Answer::Percent);
    }
    let (value, unit) = split_unit(tokens);
    if let [value @ .., Token::Percent] = value
        && !unit.is_empty()
        && !value.is_empty()
    {
        return parser::expression(value, depth).map(Answer::Percent);
    }
    if !unit.is_empty() && !value.is_empty() {
        return parser::expression(value, depth).map(|value| Answer::Measured { value, unit });
    }
    parser::expression(tokens, depth).map(Answer::Value).or_else(|reason| words(tokens).ok_or(reason))
}

pub(super) fn base_of(tokens: &[Token]) -> Option<u32> {
    let ([Token::Number { digits, .. }]
    | [Token::Open(Bracket::Group), Token::Number { digits, .. }, Token::Close(Bracket::Group)]) = tokens
    else {
        return None;
    };
    digits.parse().ok().filter(|base| (2..=36).contains(base))
}

/// A bracket that holds all of `tokens` and separates items.
pub(super) fn collection(tokens: &[Token], depth: usize) -> Result<Option<Answer>, String> {
    let ([Token::Open(open), .., Token::Close(close)], closing) = (tokens, matching(tokens)?) else { return Ok(None) };
    if closing.first().copied().flatten() != tokens.len().checked_sub(1) {
        return Ok(None);
    }
    let inner = tokens.get(1..tokens.len() - 1).unwrap_or_default();
    let items = || {
        let by_semicolon = split(inner, |token| *token == Token::Semicolon);
        let parts = if by_semicolon.len() > 1 { by_semicolon } else { split(inner, |token| *token == Token::Comma) };
        parts.into_iter().map(|part| answer(part, depth + 1)).collect::<Result<Vec<_>, _>>()
    };
    let separated = split(inner, |token| matches!(token, Token::Comma | Token::Semicolon)).len() > 1;
    match open {
        Bracket::Set => {
            if inner.is_empty() {
                return Ok(Some(Answer::Set(Vec::new())));
            }
            if let [_, condition] = split(inner, |token| matches!(token, Token::Bar | Token::Colon)).as_slice()
                && condition.iter().any(|token| matches!(token, Token::Comparison(_)))
            {
                // A set of its own: two of them are no conditions that hold together.
                return answer(condition, depth + 1).map(|condition| Some(Answer::Union(vec![condition])));
            }
            Ok(Some(Answer::Set(items()?)))
        }
        Bracket::Group if separated => Ok(Some(Answer::Set(items()?))),
        Bracket::Group => answer(inner, depth + 1).map(Some),
        Bracket::Round | Bracket::Square | Bracket::Angle if separated => Ok(Some(Answer::Tuple {
            items: items()?,
            left_closed: *open == Bracket::Square,
            right_closed: *close == Bracket::Square,
        })),
        Bracket::Round if parser::expression(tokens, depth).is_err() => answer(inner, depth + 1).map(Some),
        Bracket::Square if matches!(inner, [Token::Begin(_), ..]) || separated => answer(inner, depth + 1).map(Some),
        Bracket::Square if *close == Bracket::Square => answer(inner, depth + 1).map(Some),
        _ => Ok(None),
    }
}

/// A number before a tuple, or a minus before an interval: `-(1, 2)`, `\frac{1}{5}(3, 4)`, `-[0, 1)`.
fn scaled_collection(tokens: &[Token], depth: usize) -> Result<Option<Answer>, String> {
    let closing = matching(tokens)?;
    let Some(start) = tokens.iter().enumerate().position(|(at, token)| {
        let bracket = matches!(token, Token::Open(Bracket::Round | Bracket::Square | Bracket::Angle));
        at > 0 && bracket && closing.get(at).copied().flatten() == tokens.len().checked_sub(1)
    }) else {
        return Ok(None);
    };
    let (prefix, rest) = tokens.split_at(start);
    let factor = match prefix {
        [Token::Minus] => Expression::integer(-1),
        [prefix @ .., Token::Times] | prefix => match parser::expression(prefix, depth) {
            Ok(factor) if factor.symbols().is_empty() => factor,
            _ => return Ok(None),
        },
    };
    let Some(Answer::Tuple { items, left_closed, right_closed }) = collection(rest, depth)? else { return Ok(None) };
    let mut scaled = Vec::new();
    for item in items {
        let Answer::Value(value) = item else { return Ok(None) };
        scaled.push(Answer::Value(Expression::Product(vec![factor.clone(), value])));
    }
    let interval = left_closed || right_closed;
    if interval && factor != Expression::integer(-1) {
        return Ok(None);
    }
    if interval {
        scaled.reverse();
        return Ok(Some(Answer::Tuple { items: scaled, left_closed: right_closed, right_closed: left_closed }));
    }
    Ok(Some(Answer::Tuple { items: scaled, left_closed, right_closed }))
}

/// A value, and the unit that follows it (or the currency sign before it).
pub(super) fn split_unit(tokens: &[Token]) -> (&[Token], String) {
    if let [Token::Currency, rest @ ..] = tokens {
        let (value, unit) = split_trailing_unit(rest);
        return (value, if unit.is_empty() { "dollars".to_owned() } else { unit });
    }
    split_trailing_unit(tokens)
}

pub(super) fn split_trailing_unit(tokens: &[Token]) -> (&[Token], String) {
    if let [Token::Minus, Token::Currency, ..] = tokens {
        return (tokens, String::new());
    }
    let mut start = tokens.len();
    let mut words = 0;
    while let Some(previous) = start.checked_sub(1) {
        match tokens.get(previous) {
            Some(Token::Word(_) | Token::Currency) => words += 1,
            // Within a function, degrees are part of its argument.
            Some(Token::Degree) if !tokens.iter().any(|token| matches!(token, Token::Function(_))) => words += 1,
            Some(Token::Letter(letter)) if start == tokens.len() && matches!(letter.as_str(), "C" | "F") => {
                if tokens.get(previous.wrapping_sub(1)) != Some(&Token::Degree) {
                    break;
                }
            }
            Some(Token::Number { .. }) if previous > 1 && tokens.get(previous - 1) == Some(&Token::Caret) => {
                if !matches!(tokens.get(previous - 2), Some(Token::Word(_))) {
                    break;
                }
                start = previous - 1;
                continue;
            }
            Some(Token::Close(Bracket::Group))
                if previous > 3
                    && matches!(
                        tokens.get(previous - 4..previous),
                        Some([Token::Word(_), Token::Caret, Token::Open(Bracket::Group), Token::Number { .. }])
                    ) =>
            {
                start = previous - 3;
                continue;
            }
            Some(Token::Divide | Token::Times)
                if words > 0
                    && matches!(tokens.get(previous.wrapping_sub(1)), Some(Token::Word(_) | Token::Number { .. })) => {}
            _ => break,
        }
        start = previous;
    }
    if words == 0 || start == 0 {
        return (tokens, String::new());
    }
    while matches!(tokens.get(start), Some(Token::Times)) {
        start += 1;
    }
    let unit = tokens.get(start..).unwrap_or_default();
    let name = unit
        .iter()
        .filter(|token| !matches!(token, Token::Open(_) | Token::Close(_)))
        .map(|token| if *token == Token::Currency { "dollars".to_owned() } else { plain_text(token) })
        .collect::<Vec<_>>()
        .join(" ");
    let value = tokens.get(..start).unwrap_or_default();
    (value.strip_suffix(&[Token::Times]).unwrap_or(value), name)
}

/// The tokens as words, when at least one of them is one, or all are letters.
pub(super) fn words(tokens: &[Token]) -> Option<Answer> {
    tokens.iter().any(|token| matches!(token, Token::Word(_))).then(|| Answer::Words(spelled(tokens)))
}

pub(super) fn spelled(tokens: &[Token]) -> String {
    tokens.iter().map(plain_text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
