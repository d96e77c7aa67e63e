//! Sums too long to be written out: a partial sum of positive terms is a lower bound.

use dashu_base::Signed;
use dashu_ratio::RBig;

use crate::numeric;
use crate::tree::{Expression, Function, Series};
use crate::work::Work;

/// Terms of the partial sum.
const TERMS: i64 = 500;
/// Far more than the rounding of a partial sum of doubles.
const MARGIN: f64 = 1e-9;

/// A number that the sum `expression` is greater than, when all its terms are plainly positive.
pub(crate) fn lower_bound(expression: &Expression, work: &mut Work) -> Option<f64> {
    let Expression::Series(series) = expression else { return None };
    let Series { product: false, index, from, to, body } = &**series else { return None };
    let first = whole(from).filter(|first| *first >= 1)?;
    let last = whole(to)?;
    if !is_positive(body, index) {
        return None;
    }
    let mut total = 0.0;
    for value in first..=last.min(first.saturating_add(TERMS)) {
        total += numeric::approximate(&body.substitute(index, &Expression::integer(value)), work)?;
    }
    Some(total * (1.0 - MARGIN))
}

fn whole(bound: &Expression) -> Option<i64> {
    if let Expression::Power(base, exponent) = bound
        && let (Expression::Number(base), Some(exponent)) = (&**base, whole(exponent))
    {
        let base = i64::try_from(base.numerator().clone()).ok().filter(|_| base.is_int())?;
        return base.checked_pow(u32::try_from(exponent).ok()?);
    }
    let value = numeric::rational_value(bound).filter(RBig::is_int)?;
    i64::try_from(value.numerator().clone()).ok()
}

/// Whether the expression is positive for every positive value of `index`, by its form alone.
fn is_positive(expression: &Expression, index: &str) -> bool {
    match expression {
        Expression::Number(value) | Expression::Decimal { value, .. } => value.is_positive(),
        Expression::Symbol(name) => name == index,
        Expression::Pi | Expression::Euler => true,
        Expression::Sum(parts) | Expression::Product(parts) => parts.iter().all(|part| is_positive(part, index)),
        Expression::Power(base, exponent) => is_positive(base, index) && is_real(exponent, index),
        Expression::Call(Function::Factorial, parts) => parts.iter().all(|part| is_positive(part, index)),
        _ => false,
    }
}

fn is_real(expression: &Expression, index: &str) -> bool {
    match expression {
        Expression::Symbol(name) => name == index,
        Expression::Imaginary => false,
        Expression::Sum(parts) | Expression::Product(parts) => parts.iter().all(|part| is_real(part, index)),
        Expression::Power(base, _) => is_positive(base, index),
        other => matches!(other, Expression::Number(_) | Expression::Decimal { .. } | Expression::Pi),
    }
}
