//! The gold corpus: whether every answer reads, equals itself written anew, and differs from what it is changed into.

use math::decide::{self, Decision};
use math::grade::BUDGET;
use math::policy::Policy;
use math::reader::{self, Reading};
use math::tree::{Answer, Comparison, Expression};
use math::work::Work;
use serde_json::Value;

use crate::tally::{Tally, Verdict};
use crate::{latex, rewrite};

/// Measures reading, self-equality and mutants of the answers in `golds`.
pub(crate) fn measure(golds: &[Value]) -> Vec<Tally> {
    let mut reading = Tally::new("gold: read as mathematics");
    let mut itself = Tally::new("gold: equals itself, re-rendered");
    let mut turned = Tally::new("gold: equals itself, reordered");
    let mut mutated = Tally::new("gold: mutants differ");
    for row in golds {
        let Some(text) = row.get("answer").and_then(Value::as_str) else { continue };
        let mut read = None;
        reading.run(text, true, || match reader::read(text) {
            Ok(found) => {
                let words = matches!(found.answer, Answer::Words(_));
                read = Some(found);
                (if words { Verdict::Undecided } else { Verdict::Equal }, "read as words".to_owned())
            }
            Err(reason) => (Verdict::Unreadable, reason),
        });
        let Some(Reading { answer, .. }) = read else { continue };
        let again = rendered(text, &answer, &answer);
        itself.run(&format!("{text}\t{again}"), true, || compare(&answer, &again));
        let again = rendered(text, &answer, &rewrite::reordered(&answer));
        turned.run(&format!("{text}\t{again}"), true, || compare(&answer, &again));
        for (change, mutant) in mutants(&answer) {
            let changed = latex::answer(&mutant);
            mutated.run(&format!("{change}\t{text}\t{changed}"), false, || compare(&answer, &changed));
        }
    }
    vec![reading, itself, turned, mutated]
}

/// `anew` in LaTeX. Words keep the order they stand in: an answer with words is its own text in another dress.
fn rendered(text: &str, answer: &Answer, anew: &Answer) -> String {
    if holds_words(answer) {
        return text.replace("\\frac", "\\dfrac").replace("\\left(", "(").replace("\\right)", ")").replace('$', " $ ");
    }
    latex::answer(anew)
}

fn holds_words(answer: &Answer) -> bool {
    match answer {
        Answer::Words(_) => true,
        Answer::Set(items) | Answer::List(items) | Answer::Union(items) | Answer::Tuple { items, .. } => {
            items.iter().any(holds_words)
        }
        Answer::Named { name, value, sides } => {
            holds_words(value) || sides.is_none() && name.contains([',', '±', '/', '['])
        }
        Answer::Piecewise(cases) => cases.iter().any(|(value, _)| holds_words(value)),
        _ => false,
    }
}

fn compare(answer: &Answer, text: &str) -> (Verdict, String) {
    let again = match reader::read(text) {
        Ok(again) => again,
        Err(reason) => return (Verdict::Unreadable, reason),
    };
    match decide::compare_answers(answer, &again.answer, &Policy::default(), &mut Work::new(BUDGET)) {
        Decision::Equal => (Verdict::Equal, String::new()),
        Decision::Different(reason) => (Verdict::Different, reason),
        Decision::Undecided(reason) => (Verdict::Undecided, reason),
    }
}

/// Answers that differ from `answer` in one respect, each with what was changed.
fn mutants(answer: &Answer) -> Vec<(&'static str, Answer)> {
    let mut found = Vec::new();
    let mut add = |change, mutant: Option<Answer>| found.extend(mutant.map(|mutant| (change, mutant)));
    add("plus one", on_value(answer, &|value| Some(Expression::Sum(vec![value.clone(), Expression::integer(1)]))));
    add("minus one", on_value(answer, &|value| Some(value.clone().minus(Expression::integer(1)))));
    add("sign", on_value(answer, &|value| (!is_zero(value)).then(|| value.clone().negative())));
    add(
        "sign of a term",
        on_value(answer, &|value| match value {
            Expression::Sum(terms) if !has_sign(value) => {
                let mut terms = terms.clone();
                let last = terms.pop()?.negative();
                terms.push(last);
                Some(Expression::Sum(terms))
            }
            _ => None,
        }),
    );
    add("one root", on_value(answer, &|value| has_sign(value).then(|| value.with_sign(true))));
    add("swapped", swapped(answer));
    add("dropped", dropped(answer));
    add("bracket", bracket(answer));
    add("comparison", comparison(answer));
    found
}

fn is_zero(value: &Expression) -> bool {
    matches!(value, Expression::Number(number) | Expression::Decimal { value: number, .. } if number.is_zero())
        || matches!(value, Expression::Matrix(_) | Expression::Infinity)
        || has_sign(value)
}

fn has_sign(value: &Expression) -> bool {
    value.any(&|part| matches!(part, Expression::PlusMinus(..)))
}

/// The answer with its first changeable value changed.
fn on_value(answer: &Answer, change: &dyn Fn(&Expression) -> Option<Expression>) -> Option<Answer> {
    let scalar = |value: &Expression| {
        let fixed = value.any(&|part| matches!(part, Expression::Infinity | Expression::Matrix(_)));
        if fixed { None } else { change(value) }
    };
    let in_items = |items: &[Answer]| {
        let mut items = items.to_vec();
        let changed = items.iter().enumerate().find_map(|(at, item)| Some((at, on_value(item, change)?)))?;
        *items.get_mut(changed.0)? = changed.1;
        Some(items)
    };
    Some(match answer {
        Answer::Value(value) => Answer::Value(scalar(value)?),
        Answer::Percent(value) => Answer::Percent(scalar(value)?),
        Answer::Measured { value, unit } => Answer::Measured { value: scalar(value)?, unit: unit.clone() },
        Answer::Tuple { items, left_closed, right_closed } => {
            Answer::Tuple { items: in_items(items)?, left_closed: *left_closed, right_closed: *right_closed }
        }
        Answer::Set(items) => Answer::Set(in_items(items)?),
        Answer::List(items) => Answer::List(in_items(items)?),
        Answer::Union(items) => Answer::Union(in_items(items)?),
        Answer::Named { name, value, sides } => {
            let value = on_value(value, change)?;
            let sides = match (sides, &value) {
                (Some(sides), Answer::Value(right)) => Some(Box::new((sides.0.clone(), right.clone()))),
                _ => None,
            };
            Answer::Named { name: name.clone(), value: Box::new(value), sides }
        }
        Answer::Relation { left, comparison, right } if !is_zero(right) => {
            Answer::Relation { left: left.clone(), comparison: *comparison, right: scalar(right)? }
        }
        _ => return None,
    })
}

fn swapped(answer: &Answer) -> Option<Answer> {
    match answer {
        Answer::Tuple { items, left_closed, right_closed } if items.first() != items.last() => {
            let items = items.iter().rev().cloned().collect();
            Some(Answer::Tuple { items, left_closed: *left_closed, right_closed: *right_closed })
        }
        Answer::Ratio(parts) if parts.first() != parts.last() => {
            Some(Answer::Ratio(parts.iter().rev().cloned().collect()))
        }
        Answer::Value(Expression::Matrix(rows)) if rows.len() > 1 && rows.first() != rows.last() => {
            Some(Answer::Value(Expression::Matrix(rows.iter().rev().cloned().collect())))
        }
        Answer::Named { name, value, .. } => {
            let value = swapped(value).filter(|_| !matches!(**value, Answer::Value(_)))?;
            Some(Answer::Named { name: name.clone(), value: Box::new(value), sides: None })
        }
        _ => None,
    }
}

fn dropped(answer: &Answer) -> Option<Answer> {
    let fewer = |items: &[Answer]| {
        let (last, rest) = items.split_last()?;
        (!rest.is_empty() && !rest.contains(last)).then(|| rest.to_vec())
    };
    Some(match answer {
        Answer::Set(items) => Answer::Set(fewer(items)?),
        Answer::List(items) => Answer::List(fewer(items)?),
        Answer::Union(items) => Answer::Union(fewer(items)?),
        Answer::Tuple { items, left_closed, right_closed } if items.len() > 2 => {
            Answer::Tuple { items: fewer(items)?, left_closed: *left_closed, right_closed: *right_closed }
        }
        _ => return None,
    })
}

fn bracket(answer: &Answer) -> Option<Answer> {
    match answer {
        Answer::Tuple { items, left_closed, right_closed } if items.len() == 2 => {
            let infinite = |item: Option<&Answer>| {
                item.is_none_or(
                    |item| matches!(item, Answer::Value(value) if value.any(&|part| *part == Expression::Infinity)),
                )
            };
            let (left, right) = (infinite(items.first()), infinite(items.last()));
            if left && right {
                return None;
            }
            Some(Answer::Tuple {
                items: items.clone(),
                left_closed: *left_closed ^ !left,
                right_closed: *right_closed ^ (left && !right),
            })
        }
        Answer::Union(items) => {
            let mut items = items.clone();
            let changed = items.iter().enumerate().find_map(|(at, item)| Some((at, bracket(item)?)))?;
            *items.get_mut(changed.0)? = changed.1;
            Some(Answer::Union(items))
        }
        Answer::Named { name, value, .. } => {
            Some(Answer::Named { name: name.clone(), value: Box::new(bracket(value)?), sides: None })
        }
        _ => None,
    }
}

fn comparison(answer: &Answer) -> Option<Answer> {
    let other = |sign: Comparison| match sign {
        Comparison::Less => Some(Comparison::LessOrEqual),
        Comparison::LessOrEqual | Comparison::Greater => Some(Comparison::Less),
        Comparison::GreaterOrEqual => Some(Comparison::Greater),
        Comparison::Equal | Comparison::NotEqual => None,
    };
    match answer {
        Answer::Relation { left, comparison, right } => {
            Some(Answer::Relation { left: left.clone(), comparison: other(*comparison)?, right: right.clone() })
        }
        Answer::Chain(links) => {
            let mut links = links.clone();
            let first = links.first_mut()?;
            first.1 = match first.1 {
                Comparison::Greater => Comparison::GreaterOrEqual,
                sign => other(sign)?,
            };
            Some(Answer::Chain(links))
        }
        _ => None,
    }
}
