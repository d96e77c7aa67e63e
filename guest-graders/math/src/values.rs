//! Decides whether two expressions have the same value: decimals, then exact arithmetic, then size, then numbers.

use dashu_base::{Abs, Signed};
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use crate::canonical::{self, Field};
use crate::decide::Decision;
use crate::matrices;
use crate::numeric::{self, Finding};
use crate::partial_sums;
use crate::policy::{Policy, Rounding};
use crate::tree::{Expression, Function};
use crate::work::{Stop, Work};

/// Compares two values under `policy`.
pub fn compare(left: &Expression, right: &Expression, policy: &Policy, work: &mut Work) -> Decision {
    if left == right {
        return Decision::Equal;
    }
    let infinite = |side: &Expression| is_infinite(side);
    if infinite(left) || infinite(right) {
        return compare_infinite(left, right);
    }
    if let Some(decision) = matrices::compare(left, right, policy, work) {
        return decision;
    }
    if let Some(decision) = compare_decimals(left, right, policy, work) {
        return decision;
    }
    let decision = compare_exactly(left, right, work);
    if policy.relative_tolerance > 0.0 && decision != Decision::Equal && is_near(left, right, policy, work) {
        return Decision::Equal;
    }
    decision
}

/// Compares two scalars without any tolerance.
pub fn compare_exactly(left: &Expression, right: &Expression, work: &mut Work) -> Decision {
    let mut field = Field::default();
    let forms = work.within_half(|work| {
        let (left, right) = (field.canonical(left, work)?, field.canonical(right, work)?);
        field.subtract(&left, &right, work)
    });
    match forms {
        Ok(difference) if difference.numerator.is_empty() => return Decision::Equal,
        Ok(_) if field.is_decisive() => return Decision::different(),
        Err(Stop::Undefined) => {
            return Decision::Undecided(
                "a value is undefined (division by zero, or outside a function's domain)".to_owned(),
            );
        }
        Err(Stop::TooLarge) => {
            if let Some(decision) = compare_sizes(left, right, work) {
                return decision;
            }
            if is_exceeded(left, right, work) || is_exceeded(right, left, work) {
                return Decision::different();
            }
        }
        _ => {}
    }
    match numeric::compare(left, right, work) {
        Finding::Equal => Decision::Equal,
        Finding::Different(_) => Decision::different(),
        Finding::Unknown(Stop::TooLarge) => Decision::Undecided(
            "the values are too large, or too close, to be compared within the budget of work".to_owned(),
        ),
        Finding::Unknown(Stop::Undefined) => {
            Decision::Undecided("no points were found at which both expressions have a value".to_owned())
        }
        Finding::Unknown(Stop::Unsupported) => {
            Decision::Undecided("the expressions hold a function that cannot be evaluated".to_owned())
        }
    }
}

/// Whether a long sum is greater than the other value by its first terms alone.
fn is_exceeded(value: &Expression, sum: &Expression, work: &mut Work) -> bool {
    partial_sums::lower_bound(sum, work)
        .zip(numeric::approximate(value, work))
        .is_some_and(|(bound, value)| bound > value + value.abs() * 1e-9)
}

/// Whether an infinity stands in the expression other than as the bound of a series.
fn is_infinite(expression: &Expression) -> bool {
    match expression {
        Expression::Infinity => true,
        Expression::Series(series) => is_infinite(&series.from) || is_infinite(&series.body),
        other => other.children().into_iter().any(is_infinite),
    }
}

fn compare_infinite(left: &Expression, right: &Expression) -> Decision {
    match (infinity_sign(left), infinity_sign(right)) {
        (Some(left), Some(right)) if left == right => Decision::Equal,
        (Some(_), Some(_)) => Decision::different(),
        (Some(_), None) if !right.any(&|part| *part == Expression::Infinity) => Decision::different(),
        (None, Some(_)) if !left.any(&|part| *part == Expression::Infinity) => Decision::different(),
        _ => Decision::Undecided("an infinity stands within an expression".to_owned()),
    }
}

/// `1` or `-1` for an infinity.
pub fn infinity_sign(expression: &Expression) -> Option<i8> {
    match expression {
        Expression::Infinity => Some(1),
        Expression::Product(parts) => parts.iter().try_fold(1, |sign, part| match part {
            Expression::Infinity => Some(sign),
            Expression::Number(value) if !value.is_zero() => Some(if value.is_negative() { -sign } else { sign }),
            _ => None,
        }),
        _ => None,
    }
    .filter(|_| expression.any(&|part| *part == Expression::Infinity))
}

/// A decimal literal against a decimal literal or an exact constant.
fn compare_decimals(left: &Expression, right: &Expression, policy: &Policy, work: &mut Work) -> Option<Decision> {
    let (decimal, exact) = match (left.as_decimal(), right.as_decimal()) {
        (Some(left), Some(right)) => {
            let near = left.0 == right.0 || within(&left.0, &right.0, policy.relative_tolerance);
            return Some(if near { Decision::Equal } else { Decision::different() });
        }
        (Some(decimal), None) => (decimal, right),
        (None, Some(decimal)) => (decimal, left),
        (None, None) => return None,
    };
    if !exact.symbols().is_empty() || exact.any(&|part| *part == Expression::Imaginary) {
        return None;
    }
    let (value, unit) = decimal;
    let mut field = Field::default();
    let number = field.canonical(exact, work).ok().as_ref().and_then(canonical::as_number);
    if let Some(number) = &number {
        let tolerated = within(number, &value, policy.relative_tolerance);
        if *number == value || tolerated {
            return Some(Decision::Equal);
        }
        if number.is_int() {
            return Some(Decision::different());
        }
    }
    let literal = Expression::Number(value.clone());
    let half = &unit / RBig::from(2);
    // Rounded, the exact value lies within half a unit; cut off, up to one unit further from zero.
    let (lowest, highest) = if value.is_negative() {
        (value.clone() - &unit, value.clone() + half)
    } else {
        (value.clone() - half, value.clone() + &unit)
    };
    let above = exact.clone().minus(Expression::Number(highest));
    let below = exact.clone().minus(Expression::Number(lowest));
    let within_unit = match (numeric::sign(&above, work), numeric::sign(&below, work)) {
        (Some(-1), Some(0 | 1)) => true,
        (Some(_), Some(_)) => false,
        _ => return None,
    };
    if policy.relative_tolerance > 0.0 && is_near(exact, &literal, policy, work) {
        return Some(Decision::Equal);
    }
    if !within_unit {
        return Some(Decision::different());
    }
    if stands_for_exact(&value, &unit, policy.rounding) {
        return Some(Decision::Equal);
    }
    Some(match compare_exactly(exact, &literal, work) {
        Decision::Different(_) => Decision::Different(not_exact(&value, &unit, policy.rounding)),
        decision => decision,
    })
}

fn stands_for_exact(value: &RBig, unit: &RBig, rounding: Rounding) -> bool {
    match rounding {
        Rounding::Never => false,
        Rounding::Digits(digits) => significant_digits(value, unit) >= digits as usize,
        Rounding::Places(places) => unit * RBig::from(UBig::from(10u8).pow(places.min(1_000) as usize)) <= RBig::ONE,
    }
}

fn not_exact(value: &RBig, unit: &RBig, rounding: Rounding) -> String {
    let digits = significant_digits(value, unit);
    let why = match rounding {
        Rounding::Never => "rounded-digits is 0".to_owned(),
        Rounding::Digits(needed) => format!("rounded-digits is {needed}"),
        Rounding::Places(needed) => format!("rounded-places is {needed}"),
    };
    format!("a value rounded to {digits} significant digits is not taken for the exact one ({why})")
}

fn significant_digits(value: &RBig, unit: &RBig) -> usize {
    let units = (value / unit).trunc();
    if units == IBig::ZERO { 0 } else { units.abs().to_string().len() }
}

fn within(left: &RBig, right: &RBig, tolerance: f64) -> bool {
    if tolerance <= 0.0 {
        return false;
    }
    let Ok(tolerance) = RBig::try_from(tolerance) else { return false };
    let larger = left.clone().abs().max(right.clone().abs());
    (left - right).abs() <= larger * tolerance
}

fn is_near(left: &Expression, right: &Expression, policy: &Policy, work: &mut Work) -> bool {
    match (numeric::approximate(left, work), numeric::approximate(right, work)) {
        (Some(left), Some(right)) => (left - right).abs() <= policy.relative_tolerance * left.abs().max(right.abs()),
        _ => false,
    }
}

/// The size of a constant too large to be written out.
#[derive(Clone, Copy)]
enum Size {
    Plain(f64),
    /// Positive; the base-ten logarithm is at least this.
    Huge(f64),
}

/// Tells apart constants one of which is astronomically larger than the other.
fn compare_sizes(left: &Expression, right: &Expression, work: &mut Work) -> Option<Decision> {
    match (size(left, work)?, size(right, work)?) {
        (Size::Huge(_), Size::Plain(_)) | (Size::Plain(_), Size::Huge(_)) => Some(Decision::different()),
        (Size::Huge(left), Size::Huge(right)) => {
            let (small, large) = (left.min(right), left.max(right));
            (large > small * 1.01 + 10.0 && large.is_finite()).then(Decision::different)
        }
        (Size::Plain(_), Size::Plain(_)) => None,
    }
}

const LARGEST_PLAIN: f64 = 1e200;

fn size(expression: &Expression, work: &mut Work) -> Option<Size> {
    if let Some(value) = numeric::approximate(expression, work)
        && value.abs() < LARGEST_PLAIN
    {
        return Some(Size::Plain(value));
    }
    match expression {
        Expression::Number(value) => positive_logarithm(value).map(Size::Huge),
        Expression::Power(base, exponent) => {
            let (base, exponent) = (size(base, work)?, size(exponent, work)?);
            let logarithm = match base {
                Size::Plain(value) if value > 1.0 => value.log10(),
                Size::Huge(logarithm) => logarithm,
                Size::Plain(_) => return None,
            };
            match exponent {
                Size::Plain(value) if value > 0.0 => Some(Size::Huge(logarithm * value)),
                Size::Huge(power) => Some(Size::Huge(logarithm * 10f64.powf(power.min(300.0)))),
                Size::Plain(_) => None,
            }
        }
        Expression::Call(Function::Factorial, arguments) => match size(arguments.first()?, work)? {
            Size::Plain(value) if value > 100.0 => {
                Some(Size::Huge(value * (value.log10() - std::f64::consts::E.log10())))
            }
            Size::Huge(logarithm) => Some(Size::Huge(logarithm * 10f64.powf(logarithm.min(300.0)))),
            Size::Plain(_) => None,
        },
        Expression::Sum(parts) => one_huge_term(parts, work),
        Expression::Product(parts) => parts.iter().try_fold(Size::Plain(1.0), |product, part| {
            Some(match (product, size(part, work)?) {
                (Size::Plain(left), Size::Plain(right)) => Size::Plain(left * right),
                (Size::Huge(logarithm), Size::Plain(value)) | (Size::Plain(value), Size::Huge(logarithm))
                    if value > 0.0 =>
                {
                    Size::Huge(logarithm + value.log10())
                }
                (Size::Huge(left), Size::Huge(right)) => Size::Huge(left + right),
                _ => return None,
            })
        }),
        _ => None,
    }
}

fn positive_logarithm(value: &RBig) -> Option<f64> {
    use dashu_base::EstimatedLog2;
    value.is_positive().then(|| f64::from(value.log2_est()) * std::f64::consts::LOG10_2)
}

/// A sum with exactly one astronomically large term is as large.
fn one_huge_term(parts: &[Expression], work: &mut Work) -> Option<Size> {
    let mut huge = None;
    for part in parts {
        match size(part, work)? {
            Size::Plain(_) => {}
            found @ Size::Huge(_) if huge.is_none() => huge = Some(found),
            Size::Huge(_) => return None,
        }
    }
    huge
}
