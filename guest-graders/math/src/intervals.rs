//! Sets of real numbers: intervals, unions, finite sets and the inequalities that describe them.

use crate::canonical::{self, Field};
use crate::decide::Decision;
use crate::numeric;
use crate::policy::Policy;
use crate::tree::{Answer, Comparison, Expression, Function};
use crate::values;
use crate::work::Work;

/// One end of an interval.
#[derive(Clone, Debug, PartialEq)]
struct End {
    value: Expression,
    closed: bool,
    /// Where it lies, roughly.
    place: f64,
}

/// An interval, or a point when both ends are the same.
#[derive(Clone, Debug, PartialEq)]
struct Interval {
    low: End,
    high: End,
}

/// A set of real numbers and the variable that runs over it, if it is named.
#[derive(Clone, Debug, PartialEq)]
pub struct RealSet {
    pub variable: Option<String>,
    intervals: Vec<Interval>,
}

/// The set of real numbers that `answer` describes, if it describes one.
pub fn real_set(answer: &Answer, work: &mut Work) -> Option<RealSet> {
    let set = match answer {
        Answer::Named { name, value, .. } => {
            let inner = real_set(value, work)?;
            RealSet { variable: Some(name.clone()), ..inner }
        }
        Answer::Tuple { items, left_closed, right_closed } => {
            let [Answer::Value(low), Answer::Value(high)] = items.as_slice() else { return None };
            RealSet { variable: None, intervals: vec![interval(low, *left_closed, high, *right_closed, work)?] }
        }
        Answer::Set(items) => {
            let points = items.iter().map(|item| match item {
                Answer::Value(value) => interval(value, true, value, true, work),
                _ => None,
            });
            RealSet { variable: None, intervals: points.collect::<Option<_>>()? }
        }
        Answer::Union(items) => {
            let mut union = RealSet { variable: None, intervals: Vec::new() };
            for item in items {
                let part = real_set(item, work)?;
                union.variable = union.variable.or(part.variable);
                union.intervals.extend(part.intervals);
            }
            union
        }
        Answer::Relation { left, comparison, right } => relation(left, *comparison, right, work)?,
        Answer::Chain(links) => {
            let parts = links.iter().map(|(left, comparison, right)| relation(left, *comparison, right, work));
            let parts = parts.collect::<Option<Vec<_>>>()?;
            intersection(parts)?
        }
        Answer::List(items) if items.iter().all(|item| matches!(item, Answer::Relation { .. } | Answer::Chain(_))) => {
            intersection(items.iter().map(|item| real_set(item, work)).collect::<Option<Vec<_>>>()?)?
        }
        Answer::Value(Expression::Symbol(name)) if name == "mathbb R" => {
            RealSet { variable: None, intervals: vec![line(work)?] }
        }
        Answer::Words(words) if matches!(words.as_str(), "all real numbers" | "all reals") => {
            RealSet { variable: None, intervals: vec![line(work)?] }
        }
        _ => return None,
    };
    Some(RealSet { intervals: merged(set.intervals), ..set })
}

/// Compares two sets of real numbers, end by end.
pub fn compare(left: &RealSet, right: &RealSet, policy: &Policy, work: &mut Work) -> Decision {
    if left.intervals.len() != right.intervals.len() {
        return Decision::Different(format!(
            "the sets consist of {} and {} pieces",
            left.intervals.len(),
            right.intervals.len()
        ));
    }
    let ends = |set: &RealSet| -> Vec<End> {
        set.intervals.iter().flat_map(|interval| [interval.low.clone(), interval.high.clone()]).collect()
    };
    let same = Decision::all(ends(left).iter().zip(&ends(right)).map(|(left, right)| {
        let infinite = values::infinity_sign(&left.value).is_some();
        match values::compare(&left.value, &right.value, policy, work) {
            Decision::Equal if left.closed != right.closed && !infinite => {
                Decision::Different("an end belongs to one of the sets only".to_owned())
            }
            decision => decision,
        }
    }));
    match (&left.variable, &right.variable) {
        (Some(left), Some(right))
            if left != right && same == Decision::Equal && !left.contains('(') && !right.contains('(') =>
        {
            Decision::Undecided(format!("the sets are the same, but of different variables, {left} and {right}"))
        }
        _ => same,
    }
}

fn end(value: &Expression, closed: bool, work: &mut Work) -> Option<End> {
    let place = match values::infinity_sign(value) {
        Some(sign) => f64::INFINITY * f64::from(sign),
        None => match numeric::approximate(value, work) {
            Some(place) => place,
            // Where terms cancel, the exact value still has a place.
            None => canonical::as_number(&Field::default().canonical(value, work).ok()?)?.to_f64().value(),
        },
    };
    Some(End { value: value.clone(), closed, place })
}

fn interval(
    low: &Expression,
    low_closed: bool,
    high: &Expression,
    high_closed: bool,
    work: &mut Work,
) -> Option<Interval> {
    let (low, high) = (end(low, low_closed, work)?, end(high, high_closed, work)?);
    (low.place <= high.place).then_some(Interval { low, high })
}

fn line(work: &mut Work) -> Option<Interval> {
    interval(&Expression::Infinity.negative(), false, &Expression::Infinity, false, work)
}

/// The values of the one variable of a relation: linear in it, or an absolute value against a constant.
fn relation(left: &Expression, comparison: Comparison, right: &Expression, work: &mut Work) -> Option<RealSet> {
    let (inner, comparison, bound) = match (left, right) {
        (Expression::Call(Function::Abs, inner), bound) => (inner.first()?, comparison, bound),
        (bound, Expression::Call(Function::Abs, inner)) => (inner.first()?, comparison.reversed(), bound),
        _ => return half_lines(left, comparison, right, work),
    };
    if !bound.symbols().is_empty() {
        return None;
    }
    let above = half_lines(inner, comparison, bound, work)?;
    let below = half_lines(inner, comparison.reversed(), &bound.clone().negative(), work)?;
    match comparison {
        Comparison::Less | Comparison::LessOrEqual => intersection(vec![above, below]),
        Comparison::Greater | Comparison::GreaterOrEqual => {
            let intervals = merged([above.intervals, below.intervals].concat());
            Some(RealSet { variable: above.variable, intervals })
        }
        Comparison::Equal | Comparison::NotEqual => None,
    }
}

/// The values that all of `sets`, of one variable, have in common; none when nothing is left.
fn intersection(sets: Vec<RealSet>) -> Option<RealSet> {
    let mut sets = sets.into_iter();
    let mut common = sets.next()?;
    for set in sets {
        if common.variable != set.variable {
            return None;
        }
        let pairs = common.intervals.iter().flat_map(|one| set.intervals.iter().map(move |other| (one, other)));
        common.intervals = pairs.filter_map(|(one, other)| overlap(one, other)).collect();
    }
    (!common.intervals.is_empty()).then_some(common)
}

fn overlap(one: &Interval, other: &Interval) -> Option<Interval> {
    let tighter = |first: &End, second: &End, higher: bool| {
        if near(first.place, second.place) {
            return if first.closed { second.clone() } else { first.clone() };
        }
        if (first.place > second.place) == higher { first.clone() } else { second.clone() }
    };
    let (low, high) = (tighter(&one.low, &other.low, true), tighter(&one.high, &other.high, false));
    let point = near(low.place, high.place);
    (low.place < high.place && !point || point && low.closed && high.closed).then_some(Interval { low, high })
}

/// The values of the one variable of a relation that is linear in it.
fn half_lines(left: &Expression, comparison: Comparison, right: &Expression, work: &mut Work) -> Option<RealSet> {
    let (name, bound, comparison) = isolated(left, comparison, right, work)?;
    let (minus, plus) = (Expression::Infinity.negative(), Expression::Infinity);
    let intervals = match comparison {
        Comparison::Less => vec![interval(&minus, false, &bound, false, work)?],
        Comparison::LessOrEqual => vec![interval(&minus, false, &bound, true, work)?],
        Comparison::Greater => vec![interval(&bound, false, &plus, false, work)?],
        Comparison::GreaterOrEqual => vec![interval(&bound, true, &plus, false, work)?],
        Comparison::NotEqual => {
            vec![interval(&minus, false, &bound, false, work)?, interval(&bound, false, &plus, false, work)?]
        }
        Comparison::Equal => return None,
    };
    Some(RealSet { variable: Some(name), intervals })
}

fn isolated(
    left: &Expression,
    comparison: Comparison,
    right: &Expression,
    work: &mut Work,
) -> Option<(String, Expression, Comparison)> {
    match (left, right) {
        (Expression::Call(Function::Named(name), _), bound) if bound.symbols().is_empty() => {
            return Some((format!("{name}()"), bound.clone(), comparison));
        }
        (bound, Expression::Call(Function::Named(name), _)) if bound.symbols().is_empty() => {
            return Some((format!("{name}()"), bound.clone(), comparison.reversed()));
        }
        (Expression::Symbol(name), bound) if bound.symbols().is_empty() => {
            return Some((name.clone(), bound.clone(), comparison));
        }
        (bound, Expression::Symbol(name)) if bound.symbols().is_empty() => {
            return Some((name.clone(), bound.clone(), comparison.reversed()));
        }
        _ => {}
    }
    let difference = left.clone().minus(right.clone());
    let names = difference.symbols();
    let [name] = names.as_slice() else { return None };
    let mut number_at = |value: i64| {
        let here = difference.substitute(name, &Expression::integer(value));
        let mut field = Field::default();
        canonical::as_number(&field.canonical(&here, work).ok()?)
    };
    let (at_zero, at_one, at_two) = (number_at(0)?, number_at(1)?, number_at(2)?);
    let slope = &at_one - &at_zero;
    if slope.is_zero() || &at_two - &at_one != slope {
        return None;
    }
    let bound = -at_zero / &slope;
    let line = Expression::Sum(vec![
        Expression::Product(vec![Expression::Number(slope.clone()), Expression::Symbol(name.clone())]),
        Expression::Number(-(slope.clone() * &bound)),
    ]);
    if values::compare_exactly(&line, &difference, work) != Decision::Equal {
        return None;
    }
    let comparison = if dashu_base::Signed::is_negative(&slope) { comparison.reversed() } else { comparison };
    Some((name.clone(), Expression::Number(bound), comparison))
}

/// In order, with touching neighbours joined.
fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals
        .sort_by(|left, right| left.low.place.total_cmp(&right.low.place).then(right.low.closed.cmp(&left.low.closed)));
    let mut joined: Vec<Interval> = Vec::new();
    for next in intervals {
        match joined.last_mut() {
            Some(last) if touches(&last.high, &next.low) => {
                let further = next.high.place > last.high.place
                    || near(next.high.place, last.high.place) && next.high.closed && !last.high.closed;
                if further {
                    last.high = next.high;
                }
            }
            _ => joined.push(next),
        }
    }
    joined
}

fn touches(high: &End, low: &End) -> bool {
    high.place > low.place && !near(high.place, low.place) || near(high.place, low.place) && (high.closed || low.closed)
}

fn near(left: f64, right: f64) -> bool {
    left.total_cmp(&right).is_eq()
        || left.is_finite() && right.is_finite() && (left - right).abs() <= 1e-12 * left.abs().max(right.abs())
}
