//! Writes an answer's tree anew: the same answer in another order.

use math::tree::{Answer, Comparison, Expression, Function, Series};

/// The answer with its sums, products, sets and comparisons turned round.
pub(crate) fn reordered(answer: &Answer) -> Answer {
    let all = |items: &[Answer]| items.iter().map(reordered).collect::<Vec<_>>();
    match answer {
        Answer::Value(value) => Answer::Value(turned(value)),
        Answer::Percent(value) => Answer::Percent(turned(value)),
        Answer::Measured { value, unit } => Answer::Measured { value: turned(value), unit: unit.clone() },
        Answer::Tuple { items, left_closed, right_closed } => {
            Answer::Tuple { items: all(items), left_closed: *left_closed, right_closed: *right_closed }
        }
        Answer::Set(items) => Answer::Set(all(items).into_iter().rev().collect()),
        Answer::Union(items) => Answer::Union(all(items).into_iter().rev().collect()),
        Answer::List(items) => Answer::List(all(items)),
        Answer::Ratio(parts) => Answer::Ratio(parts.iter().map(turned).collect()),
        Answer::Named { name, value, sides } => Answer::Named {
            name: name.clone(),
            value: Box::new(reordered(value)),
            sides: sides.as_ref().map(|sides| Box::new((sides.0.clone(), turned(&sides.1)))),
        },
        Answer::Relation { left, comparison, right } => {
            Answer::Relation { left: turned(right), comparison: comparison.reversed(), right: turned(left) }
        }
        Answer::Chain(links) => Answer::Chain(
            links
                .iter()
                .rev()
                .map(|(left, sign, right): &(Expression, Comparison, Expression)| {
                    (turned(right), sign.reversed(), turned(left))
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// The expression with the terms and factors that commute in reverse order.
pub(crate) fn turned(value: &Expression) -> Expression {
    let all = |parts: &[Expression]| parts.iter().map(turned).collect::<Vec<_>>();
    let matrix =
        |parts: &[Expression]| parts.iter().any(|part| part.any(&|inner| matches!(inner, Expression::Matrix(_))));
    let signed = |parts: &[Expression]| parts.iter().skip(1).any(|part| matches!(part, Expression::PlusMinus(..)));
    match value {
        Expression::Sum(parts) if !signed(parts) => Expression::Sum(all(parts).into_iter().rev().collect()),
        Expression::Sum(parts) => Expression::Sum(all(parts)),
        Expression::Product(parts) if !matrix(parts) => Expression::Product(all(parts).into_iter().rev().collect()),
        Expression::Product(parts) => Expression::Product(all(parts)),
        Expression::Call(function, parts) if *function == Function::Factorial => {
            Expression::Call(function.clone(), parts.clone())
        }
        Expression::Call(function, parts) => Expression::Call(function.clone(), all(parts)),
        Expression::Power(base, exponent) => Expression::Power(Box::new(turned(base)), Box::new(turned(exponent))),
        Expression::PlusMinus(plus, part) => Expression::PlusMinus(*plus, Box::new(turned(part))),
        Expression::Matrix(rows) => Expression::Matrix(rows.iter().map(|row| all(row)).collect()),
        Expression::Series(series) => {
            Expression::Series(Box::new(Series { body: turned(&series.body), ..(**series).clone() }))
        }
        other => other.clone(),
    }
}
