//! Decimal literals, and powers of ten.

use super::Expression;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

impl Expression {
    /// A literal decimal, negated or scaled by a power of ten or not: its value and the unit of its last place.
    pub fn as_decimal(&self) -> Option<(RBig, RBig)> {
        match self {
            Self::Decimal { value, unit_in_last_place } => Some((value.clone(), unit_in_last_place.clone())),
            Self::Product(parts) => {
                let mut decimal = None;
                let mut scale = RBig::ONE;
                for part in parts {
                    match part {
                        Self::Decimal { value, unit_in_last_place } if decimal.is_none() => {
                            decimal = Some((value.clone(), unit_in_last_place.clone()));
                        }
                        other => scale *= power_of_ten(other)?,
                    }
                }
                let (value, unit) = decimal?;
                let size = if scale < RBig::ZERO { -scale.clone() } else { scale.clone() };
                Some((value * scale, unit * size))
            }
            _ => None,
        }
    }
}

/// `-1`, `10`, or ten to a small integer.
pub(super) fn power_of_ten(expression: &Expression) -> Option<RBig> {
    match expression {
        Expression::Number(value) if *value == RBig::from(-1) || *value == RBig::from(10) => Some(value.clone()),
        Expression::Power(base, exponent) => match (&**base, &**exponent) {
            (Expression::Number(base), Expression::Number(exponent)) if *base == RBig::from(10) => {
                ten_to(i64::try_from(exponent.numerator().clone()).ok().filter(|_| exponent.is_int())?)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Ten to `exponent`, within a thousand places.
pub fn ten_to(exponent: i64) -> Option<RBig> {
    let places = usize::try_from(exponent.unsigned_abs()).ok().filter(|places| *places <= 1_000)?;
    let power = UBig::from(10u8).pow(places);
    Some(if exponent < 0 { RBig::from_parts(IBig::ONE, power) } else { RBig::from(power) })
}
