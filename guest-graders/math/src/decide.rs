//! Decides whether two answers are the same: by shape first, then value by value.

mod collections;
mod measures;
mod names;
mod piecewise;
mod renaming;
mod words;

use crate::intervals;
use crate::policy::{Policy, TupleAsSet};
use crate::reader::Reading;
use crate::relations;
use crate::tree::{Answer, Comparison, Expression};
use crate::values;
use crate::work::Work;
use collections::{count_differs, values_of};
use names::relation;
use words::words;

/// Three answers; the text says what differs, or why nothing could be decided. It may be empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Equal,
    Different(String),
    Undecided(String),
}

impl Decision {
    pub fn different() -> Self {
        Self::Different(String::new())
    }

    /// Equal when all are; different as soon as one is.
    pub fn all(decisions: impl Iterator<Item = Self>) -> Self {
        let mut undecided = None;
        for decision in decisions {
            match decision {
                Self::Equal => {}
                Self::Different(_) => return decision,
                Self::Undecided(_) => undecided = undecided.or(Some(decision)),
            }
        }
        undecided.unwrap_or(Self::Equal)
    }
}

/// Compares the reading of a response with that of its reference.
pub fn compare(left: &Reading, right: &Reading, policy: &Policy, work: &mut Work) -> Decision {
    if left.text == right.text {
        return Decision::Equal;
    }
    if !policy.inequality_for_interval && is_inequality(&left.answer) && is_interval(&right.answer) {
        return Decision::Different("an inequality is not taken for an interval (inequality-for-interval)".to_owned());
    }
    let mut decision = Comparer { policy, work }.answers(&left.answer, &right.answer);
    if decision != Decision::Equal
        && policy.renamed_variables
        && let Some(renamed) = renaming::renamed(&left.answer, &right.answer)
    {
        decision = Comparer { policy, work }.answers(&renamed, &right.answer);
    }
    if decision == Decision::Equal {
        return decision;
    }
    for (comma, other) in [(&left.decimal_comma, right), (&right.decimal_comma, left)] {
        if let (Some(number), Answer::Value(value)) = (comma, &other.answer)
            && values::compare(number, value, policy, work) == Decision::Equal
        {
            return Decision::Equal;
        }
    }
    decision
}

/// Compares without the shortcut for texts that are the same.
pub fn compare_answers(left: &Answer, right: &Answer, policy: &Policy, work: &mut Work) -> Decision {
    Comparer { policy, work }.answers(left, right)
}

fn is_inequality(answer: &Answer) -> bool {
    matches!(answer, Answer::Relation { comparison, .. } if *comparison != Comparison::Equal)
        || matches!(answer, Answer::Chain(_))
}

fn holds_inequalities(items: &[Answer]) -> bool {
    items.len() > 1 && items.iter().all(is_inequality)
}

fn is_interval(answer: &Answer) -> bool {
    match answer {
        Answer::Named { value, .. } => is_interval(value),
        Answer::Tuple { items, .. } => items.len() == 2,
        Answer::Union(items) => items.iter().all(is_interval),
        _ => false,
    }
}

struct Comparer<'a> {
    policy: &'a Policy,
    work: &'a mut Work,
}

impl Comparer<'_> {
    fn answers(&mut self, left: &Answer, right: &Answer) -> Decision {
        if self.work.spend(1).is_err() {
            return Decision::Undecided("the budget of work is used up".to_owned());
        }
        if left == right {
            return Decision::Equal;
        }
        if let Some(expanded) = expanded(left) {
            return self.answers(&expanded, right);
        }
        if let Some(expanded) = expanded(right) {
            return self.answers(left, &expanded);
        }
        match (left, right) {
            (Answer::Words(left), Answer::Words(right)) => words(left, right),
            (Answer::Words(words), other) | (other, Answer::Words(words)) => self.words_against(words, other),
            (Answer::Named { .. }, Answer::Named { .. }) => self.named(left, right),
            (Answer::Named { value, sides, .. }, other) | (other, Answer::Named { value, sides, .. }) => {
                self.named_against(value, sides.as_deref(), other, left, right)
            }
            (one @ (Answer::Value(_) | Answer::Measured { .. }), Answer::List(items) | Answer::Set(items))
                if self.policy.subset =>
            {
                self.matched(std::slice::from_ref(one), items, true)
            }
            (Answer::List(items) | Answer::Set(items), other) | (other, Answer::List(items) | Answer::Set(items))
                if items.len() == 1 && !matches!(other, Answer::List(_) | Answer::Set(_) | Answer::Union(_)) =>
            {
                items.first().map_or_else(Decision::different, |item| self.answers(item, other))
            }
            (
                Answer::List(items),
                Answer::Relation { .. } | Answer::Chain(_) | Answer::Tuple { .. } | Answer::Union(_),
            )
            | (
                Answer::Relation { .. } | Answer::Chain(_) | Answer::Tuple { .. } | Answer::Union(_),
                Answer::List(items),
            ) if holds_inequalities(items) => self.sets_and_relations(left, right),
            (Answer::List(one), Answer::List(other)) => self.lists(one, other),
            (Answer::Set(one), Answer::Set(other)) => self.matched(one, other, true),
            (Answer::List(one), Answer::Set(other)) | (Answer::Set(one), Answer::List(other)) => {
                self.matched(&values_of(one), &values_of(other), true)
            }
            (Answer::Tuple { .. }, Answer::Tuple { .. }) => self.tuples(left, right),
            (Answer::Tuple { items, left_closed, right_closed }, Answer::List(others) | Answer::Set(others))
            | (Answer::List(others) | Answer::Set(others), Answer::Tuple { items, left_closed, right_closed }) => {
                if *left_closed != *right_closed {
                    return Decision::Different("one is an interval, the other lists items".to_owned());
                }
                let tuple_first = matches!(left, Answer::Tuple { .. });
                let others = values_of(others);
                let (first, second) = if tuple_first { (items, &others) } else { (&others, items) };
                match self.policy.tuple_as_set {
                    TupleAsSet::InOrder => self.in_order(first, second),
                    TupleAsSet::AnyOrder => self.matched(first, second, true),
                    TupleAsSet::Different => {
                        Decision::Different("a tuple is not taken for a set or list (tuple-as-set)".to_owned())
                    }
                }
            }
            (Answer::Percent(percent), Answer::Value(value)) | (Answer::Value(value), Answer::Percent(percent)) => {
                self.percent(percent, value)
            }
            (Answer::Measured { .. }, _) | (_, Answer::Measured { .. }) => self.measured(left, right),
            (Answer::Based { digits: one, base: first }, Answer::Based { digits: other, base: second }) => {
                let same = one.trim_start_matches('0') == other.trim_start_matches('0');
                if first == second && same { Decision::Equal } else { Decision::different() }
            }
            (Answer::Based { digits, .. }, Answer::Value(value))
            | (Answer::Value(value), Answer::Based { digits, .. }) => match crate::parser::number(digits, "") {
                Ok(number) => values::compare(&number, value, self.policy, self.work),
                Err(reason) => Decision::Undecided(reason),
            },
            (Answer::Ratio(left), Answer::Ratio(right)) => self.ratios(left, right),
            (Answer::Ratio(parts), Answer::Value(value)) | (Answer::Value(value), Answer::Ratio(parts)) => {
                match parts.as_slice() {
                    [top, bottom] => {
                        let quotient = Expression::Product(vec![top.clone(), bottom.clone().inverse()]);
                        values::compare(&quotient, value, self.policy, self.work)
                    }
                    _ => Decision::Different("one is a ratio of several parts, the other one value".to_owned()),
                }
            }
            (Answer::Value(left), Answer::Value(right)) | (Answer::Percent(left), Answer::Percent(right)) => {
                values::compare(left, right, self.policy, self.work)
            }
            (Answer::Piecewise(one), Answer::Piecewise(other)) => self.piecewise(one, other),
            (Answer::Family { over: first, member: one }, Answer::Family { over: second, member: other }) => {
                match self.answers(one, other) {
                    Decision::Equal if first == second => Decision::Equal,
                    _ => Decision::Undecided("families of sets are compared as they are written only".to_owned()),
                }
            }
            _ => self.sets_and_relations(left, right),
        }
    }

    /// Intervals, unions, equations and inequalities.
    fn sets_and_relations(&mut self, left: &Answer, right: &Answer) -> Decision {
        if let (Answer::Union(items), other) | (other, Answer::Union(items)) = (left, right)
            && let [only] = items.as_slice()
            && intervals::real_set(only, self.work).is_none()
        {
            return self.answers(only, other);
        }
        if let (Some(left), Some(right)) = (relation(left), relation(right)) {
            let decision = relations::compare(&left, &right, self.work);
            let equation = left.comparison == Comparison::Equal || right.comparison == Comparison::Equal;
            if decision == Decision::Equal || equation {
                return decision;
            }
        }
        let sets = (intervals::real_set(left, self.work), intervals::real_set(right, self.work));
        if let (Some(left), Some(right)) = sets {
            return intervals::compare(&left, &right, self.policy, self.work);
        }
        match (left, right) {
            (Answer::Union(one), Answer::Union(other)) => self.matched(one, other, true),
            (Answer::Chain(one), Answer::Chain(other)) => self.chains(one, other),
            (Answer::Relation { .. }, Answer::Relation { .. }) => {
                Decision::Undecided("the inequalities cannot be solved here".to_owned())
            }
            (Answer::Value(_) | Answer::Percent(_), other) | (other, Answer::Value(_) | Answer::Percent(_))
                if !matches!(other, Answer::Family { .. } | Answer::Piecewise(_)) =>
            {
                Decision::Different(format!("one is {}, the other {}", kind(left), kind(right)))
            }
            _ => Decision::Undecided(format!("{} cannot be compared with {}", kind(left), kind(right))),
        }
    }

    fn chains(
        &mut self,
        left: &[(Expression, Comparison, Expression)],
        right: &[(Expression, Comparison, Expression)],
    ) -> Decision {
        if left.len() != right.len() {
            return count_differs(left.len(), right.len());
        }
        let turned: Vec<_> =
            right.iter().rev().map(|(low, sign, high)| (high.clone(), sign.reversed(), low.clone())).collect();
        let mut same = |other: &[(Expression, Comparison, Expression)]| {
            Decision::all(left.iter().zip(other).map(|(one, other)| {
                if one.1 != other.1 {
                    return Decision::Different("the comparison signs differ".to_owned());
                }
                Decision::all(
                    [
                        values::compare_exactly(&one.0, &other.0, self.work),
                        values::compare_exactly(&one.2, &other.2, self.work),
                    ]
                    .into_iter(),
                )
            }))
        };
        match same(right) {
            Decision::Equal => Decision::Equal,
            decision => match same(&turned) {
                Decision::Equal => Decision::Equal,
                _ => decision,
            },
        }
    }
}

/// A value with ± as the list of its two values; a list with such values spread out.
fn expanded(answer: &Answer) -> Option<Answer> {
    let has_sign = |value: &Expression| value.any(&|part| matches!(part, Expression::PlusMinus(..)));
    match answer {
        Answer::Value(value) if has_sign(value) => {
            Some(Answer::List(vec![Answer::Value(value.with_sign(true)), Answer::Value(value.with_sign(false))]))
        }
        Answer::Named { name, value, sides } => match &**value {
            Answer::Value(inner) if has_sign(inner) => {
                let variant = |upper: bool| {
                    let value = inner.with_sign(upper);
                    let sides = sides.as_ref().map(|sides| Box::new((sides.0.clone(), value.clone())));
                    Answer::Named { name: name.clone(), value: Box::new(Answer::Value(value)), sides }
                };
                Some(Answer::List(vec![variant(true), variant(false)]))
            }
            _ => None,
        },
        Answer::Relation { left, comparison, right } if has_sign(left) || has_sign(right) => {
            let variant = |upper: bool| Answer::Relation {
                left: left.with_sign(upper),
                comparison: *comparison,
                right: right.with_sign(upper),
            };
            Some(Answer::List(vec![variant(true), variant(false)]))
        }
        Answer::List(items) | Answer::Set(items) if items.iter().any(|item| expanded(item).is_some()) => {
            let spread = items
                .iter()
                .flat_map(|item| match expanded(item) {
                    Some(Answer::List(parts)) => parts,
                    _ => vec![item.clone()],
                })
                .collect();
            Some(if matches!(answer, Answer::Set(_)) { Answer::Set(spread) } else { Answer::List(spread) })
        }
        _ => None,
    }
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Value(_) => "a value",
        Answer::Percent(_) => "a percentage",
        Answer::Measured { .. } => "a measured value",
        Answer::Based { .. } => "a number in another base",
        Answer::Tuple { .. } => "a tuple or an interval",
        Answer::Set(_) => "a set",
        Answer::List(_) => "a list",
        Answer::Union(_) => "a union of sets",
        Answer::Ratio(_) => "a ratio",
        Answer::Named { .. } => "a named value",
        Answer::Relation { comparison: Comparison::Equal, .. } => "an equation",
        Answer::Relation { .. } | Answer::Chain(_) => "an inequality",
        Answer::Piecewise(_) => "a definition by cases",
        Answer::Family { .. } => "a family of sets",
        Answer::Words(_) => "words",
    }
}
