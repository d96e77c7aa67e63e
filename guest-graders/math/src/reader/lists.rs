//! Items in a row: names that hold for all of them, rounds of names, memberships.

use super::brackets::split;
use crate::lexer::{Bracket, Token};
use crate::parser::plain_text;
use crate::tree::{Answer, Expression};

/// `a = 4, -8, -10`: the first item's name is the name of the bare values after it.
pub(super) fn spread_name(items: Vec<Answer>) -> Vec<Answer> {
    let mut name: Option<String> = None;
    items
        .into_iter()
        .map(|item| match (&name, item) {
            (_, Answer::Named { name: own, value, sides }) => {
                name = sides.as_ref().map(|_| own.clone());
                Answer::Named { name: own, value, sides }
            }
            (Some(name), Answer::Value(value)) => {
                let sides = (Expression::Symbol(name.clone()), value.clone());
                Answer::Named {
                    name: name.clone(),
                    value: Box::new(Answer::Value(value)),
                    sides: Some(Box::new(sides)),
                }
            }
            (_, other) => other,
        })
        .collect()
}

/// `p = 5, q = 2, p = 7, q = 2`: the names come round again, so that each round is one item.
pub(super) fn grouped(items: Vec<Answer>) -> Vec<Answer> {
    let names: Option<Vec<&str>> = items
        .iter()
        .map(|item| match item {
            Answer::Named { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let Some(names) = names else { return items };
    let Some(period) = names.iter().skip(1).position(|name| Some(name) == names.first()).map(|at| at + 1) else {
        return items;
    };
    let regular = names.iter().enumerate().all(|(at, name)| names.get(at % period) == Some(name));
    if period < 2 || !regular || names.len() % period != 0 {
        return items;
    }
    items.chunks(period).map(|round| Answer::List(round.to_vec())).collect()
}

/// The name before `\in`, and the rest.
pub(super) fn membership(tokens: &[Token]) -> (Option<String>, &[Token]) {
    match split(tokens, |token| *token == Token::Member).as_slice() {
        [left, right] if !right.is_empty() && left.len() <= 12 => {
            let words = left.iter().rposition(|token| matches!(token, Token::Word(_))).map_or(0, |at| at + 1);
            (Some(name_of(left.get(words..).unwrap_or_default())), right)
        }
        _ => (None, tokens),
    }
}

pub(super) fn named_set(name: Option<String>, set: Answer) -> Answer {
    match name {
        Some(name) => Answer::Named { name, value: Box::new(set), sides: None },
        None => set,
    }
}

pub(super) fn name_of(tokens: &[Token]) -> String {
    let grouping = |token: &&Token| matches!(token, Token::Open(Bracket::Group) | Token::Close(Bracket::Group));
    tokens.iter().filter(|token| !grouping(token)).map(plain_text).collect()
}
