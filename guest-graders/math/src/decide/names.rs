//! Named values, and what a name stands before.

use super::{Comparer, Decision};
use crate::intervals;
use crate::relations::{self, Relation};
use crate::tree::{Answer, Comparison, Expression};
use crate::values;
use crate::work::Work;

impl Comparer<'_> {
    pub(super) fn named(&mut self, left: &Answer, right: &Answer) -> Decision {
        let (
            Answer::Named { name: first, value: left_value, sides: left_sides },
            Answer::Named { name: second, value: right_value, sides: right_sides },
        ) = (left, right)
        else {
            return Decision::different();
        };
        let decision = self.answers(left_value, right_value);
        let same_name = first == second || same_sides(left_sides.as_deref(), right_sides.as_deref(), self.work);
        if same_name || decision == Decision::Equal && same_head(first, second) {
            return decision;
        }
        let solved = |value: &Answer| matches!(value, Answer::Value(value) if value.symbols().is_empty());
        let constants = solved(left_value) && solved(right_value);
        if let (Some(one), Some(other), false) = (left_sides, right_sides, constants) {
            let (one, other) = (equation(one), equation(other));
            return relations::compare(&one, &other, self.work);
        }
        match decision {
            Decision::Equal => Decision::Undecided(format!(
                "the value is the same, but one gives it for {first}, the other for {second}"
            )),
            decision => decision,
        }
    }

    pub(super) fn named_against(
        &mut self,
        value: &Answer,
        sides: Option<&(Expression, Expression)>,
        other: &Answer,
        left: &Answer,
        right: &Answer,
    ) -> Decision {
        match (other, sides) {
            (Answer::Relation { left, comparison: Comparison::Equal, right }, Some(sides)) => {
                let other = Relation { left: left.clone(), comparison: Comparison::Equal, right: right.clone() };
                relations::compare(&equation(sides), &other, self.work)
            }
            (Answer::Relation { .. } | Answer::Chain(_), _) => {
                let sets = (intervals::real_set(left, self.work), intervals::real_set(right, self.work));
                match sets {
                    (Some(left), Some(right)) => intervals::compare(&left, &right, self.policy, self.work),
                    _ => self.answers(value, other),
                }
            }
            (Answer::List(items) | Answer::Set(items), _) if items.len() > 1 && matches!(value, Answer::Value(_)) => {
                Decision::Different(format!("one gives one value, the other {}", items.len()))
            }
            _ => self.answers(value, other),
        }
    }
}

/// Whether two names may stand for one thing: the same function of another argument, or `f(x)` and `y`.
pub(super) fn same_head(left: &str, right: &str) -> bool {
    match (left.split_once('('), right.split_once('(')) {
        (Some((left, _)), Some((right, _))) => left == right,
        (None, None) => false,
        (Some(_), None) => right.len() == 1,
        (None, Some(_)) => left.len() == 1,
    }
}

pub(super) fn equation(sides: &(Expression, Expression)) -> Relation {
    Relation { left: sides.0.clone(), comparison: Comparison::Equal, right: sides.1.clone() }
}

pub(super) fn relation(answer: &Answer) -> Option<Relation> {
    match answer {
        Answer::Relation { left, comparison, right } => {
            Some(Relation { left: left.clone(), comparison: *comparison, right: right.clone() })
        }
        _ => None,
    }
}

/// Whether both values are given for the same expression.
fn same_sides(
    left: Option<&(Expression, Expression)>,
    right: Option<&(Expression, Expression)>,
    work: &mut Work,
) -> bool {
    match (left, right) {
        (Some((left, _)), Some((right, _))) => values::compare_exactly(left, right, work) == Decision::Equal,
        _ => false,
    }
}
