//! Percentages, units and ratios.

use super::collections::count_differs;
use super::{Comparer, Decision};
use crate::policy::{Percent, Units};
use crate::tree::{Answer, Expression};
use crate::units;
use crate::values;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

impl Comparer<'_> {
    pub(super) fn percent(&mut self, percent: &Expression, value: &Expression) -> Decision {
        let hundredth = Expression::Product(vec![
            percent.clone(),
            Expression::Number(RBig::from_parts(IBig::ONE, UBig::from(100u8))),
        ]);
        let readings: &[&Expression] = match self.policy.percent {
            Percent::Either => &[percent, &hundredth],
            Percent::Dropped => &[percent],
            Percent::Hundredth => &[&hundredth],
        };
        let mut last = Decision::different();
        for reading in readings {
            last = values::compare(reading, value, self.policy, self.work);
            if last == Decision::Equal {
                return last;
            }
        }
        last
    }

    pub(super) fn measured(&mut self, left: &Answer, right: &Answer) -> Decision {
        let (left_value, left_unit) = without_unit(&as_measured(left));
        let (right_value, right_unit) = without_unit(&as_measured(right));
        match (left_unit, right_unit, self.policy.units) {
            (Some(left_unit), Some(right_unit), Units::Optional | Units::Required) if left_unit != right_unit => {
                match (units::parse(&left_unit), units::parse(&right_unit), left_value, right_value) {
                    (Some(left_unit), Some(right_unit), Answer::Value(left_value), Answer::Value(right_value)) => {
                        let (left_base, right_base) = (left_unit.is_generic(), right_unit.is_generic());
                        if left_base != right_base && left_unit.power() == right_unit.power() {
                            return values::compare(&left_value, &right_value, self.policy, self.work);
                        }
                        if left_unit.dimension != right_unit.dimension {
                            return Decision::Different("the units measure different things".to_owned());
                        }
                        let scaled = |value: Expression, size: RBig| {
                            if size.is_one() {
                                value
                            } else {
                                Expression::Product(vec![value, Expression::Number(size)])
                            }
                        };
                        if left_unit.size == right_unit.size {
                            return values::compare(&left_value, &right_value, self.policy, self.work);
                        }
                        let left = scaled(left_value, left_unit.size);
                        let right = scaled(right_value, right_unit.size);
                        values::compare(&left, &right, self.policy, self.work)
                    }
                    (_, _, left_value, right_value) => self.answers(&left_value, &right_value),
                }
            }
            (None, Some(_), Units::Required) | (Some(_), None, Units::Required) => {
                Decision::Different("one of them has no unit".to_owned())
            }
            _ => self.answers(&left_value, &right_value),
        }
    }

    pub(super) fn ratios(&mut self, left: &[Expression], right: &[Expression]) -> Decision {
        if left.len() != right.len() {
            return count_differs(left.len(), right.len());
        }
        let (Some((left_first, left_rest)), Some((right_first, right_rest))) =
            (left.split_first(), right.split_first())
        else {
            return Decision::different();
        };
        let zero = Expression::integer(0);
        let has_zero = left.iter().chain(right).any(|part| *part == zero);
        if has_zero {
            let pairs = left.iter().zip(right);
            return Decision::all(pairs.map(|(left, right)| values::compare(left, right, self.policy, self.work)));
        }
        let crossed = |one: &Expression, other: &Expression| Expression::Product(vec![one.clone(), other.clone()]);
        Decision::all(left_rest.iter().zip(right_rest).map(|(left, right)| {
            values::compare_exactly(&crossed(left, right_first), &crossed(right, left_first), self.work)
        }))
    }
}

/// `35 m` beside a measured value: the letter after the number is a unit.
fn as_measured(answer: &Answer) -> Answer {
    if let Answer::Value(Expression::Product(parts)) = answer
        && let [number @ (Expression::Number(_) | Expression::Decimal { .. }), Expression::Symbol(unit)] =
            parts.as_slice()
        && units::is_unit(unit)
    {
        return Answer::Measured { value: number.clone(), unit: unit.clone() };
    }
    answer.clone()
}

pub(super) fn without_unit(answer: &Answer) -> (Answer, Option<String>) {
    match answer {
        Answer::Measured { value, unit } => (Answer::Value(value.clone()), Some(unit.clone())),
        other => (other.clone(), None),
    }
}
