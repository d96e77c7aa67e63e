//! Variables of other names.

use crate::tree::{Answer, Expression};

/// `left` with its variables, in the order they appear, named as those of `right`; none when the counts differ.
pub(super) fn renamed(left: &Answer, right: &Answer) -> Option<Answer> {
    let (own, wanted) = (names(left), names(right));
    if own.len() != wanted.len() || own == wanted {
        return None;
    }
    // Through names that no text can hold, so that x and y may change places.
    let passing: Vec<String> = (0..own.len()).map(|place| format!("\u{0}{place}")).collect();
    let halfway = with_names(left, &own, &passing);
    Some(with_names(&halfway, &passing, &wanted))
}

fn names(answer: &Answer) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut visit = |value: &Expression| {
        let mut open = vec![value];
        while let Some(part) = open.pop() {
            if let Expression::Symbol(name) = part
                && !found.contains(name)
            {
                found.push(name.clone());
            }
            open.extend(part.children().into_iter().rev());
        }
    };
    match answer {
        Answer::Value(value) => visit(value),
        Answer::Named { value, .. } => return names(value),
        Answer::Relation { left, right, .. } => [left, right].into_iter().for_each(visit),
        Answer::List(items) | Answer::Set(items) | Answer::Tuple { items, .. } => {
            for name in items.iter().flat_map(names) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        _ => {}
    }
    found
}

fn with_names(answer: &Answer, from: &[String], to: &[String]) -> Answer {
    let put = |value: &Expression| {
        from.iter()
            .zip(to)
            .fold(value.clone(), |value, (from, to)| value.substitute(from, &Expression::Symbol(to.clone())))
    };
    let all = |items: &[Answer]| items.iter().map(|item| with_names(item, from, to)).collect();
    match answer {
        Answer::Value(value) => Answer::Value(put(value)),
        Answer::Named { name, value, .. } => {
            Answer::Named { name: name.clone(), value: Box::new(with_names(value, from, to)), sides: None }
        }
        Answer::Relation { left, comparison, right } => {
            Answer::Relation { left: put(left), comparison: *comparison, right: put(right) }
        }
        Answer::List(items) => Answer::List(all(items)),
        Answer::Set(items) => Answer::Set(all(items)),
        Answer::Tuple { items, left_closed, right_closed } => {
            Answer::Tuple { items: all(items), left_closed: *left_closed, right_closed: *right_closed }
        }
        other => other.clone(),
    }
}
