//! The value of an expression at a point, in either arithmetic.

use super::{Evaluator, Value};
use crate::arithmetic::Arithmetic;
use crate::tree::Expression;
use crate::work::Stop;
use dashu_ratio::RBig;

impl<A: Arithmetic> Evaluator<'_, A> {
    pub(super) fn value(&mut self, expression: &Expression) -> Value<A> {
        self.work.spend(A::COSTS.0)?;
        match expression {
            Expression::Number(value) | Expression::Decimal { value, .. } => self.rational(value),
            Expression::Symbol(name) => {
                let found = self.point.iter().find(|(symbol, _)| symbol == name).map(|(_, value)| value.clone());
                self.rational(&found.ok_or(Stop::Unsupported)?)
            }
            Expression::Pi => Ok(real(self.arithmetic.pi()?)),
            Expression::Euler => {
                let one = self.rational(&RBig::ONE)?;
                Ok(real(self.transcendental(|arithmetic| arithmetic.exp(&one.real))?))
            }
            Expression::Imaginary => {
                let (zero, one) = (self.rational(&RBig::ZERO)?, self.rational(&RBig::ONE)?);
                Ok(Complex { real: zero.real, imaginary: Some(one.real) })
            }
            Expression::Sum(parts) => {
                let mut total = self.rational(&RBig::ZERO)?;
                for part in parts {
                    let part = self.value(part)?;
                    self.peak = self.peak.max(self.magnitude(&part));
                    total = self.add(&total, &part)?;
                }
                Ok(total)
            }
            Expression::Product(parts) => {
                let mut total = self.rational(&RBig::ONE)?;
                for part in parts {
                    let part = self.value(part)?;
                    total = self.multiply(&total, &part)?;
                }
                Ok(total)
            }
            Expression::Power(base, exponent) => self.power(base, exponent),
            Expression::Call(function, arguments) => self.call(function, arguments),
            Expression::Series(series) => self.series(series),
            _ => Err(Stop::Unsupported),
        }
    }

    pub(super) fn transcendental<T>(&mut self, apply: impl FnOnce(&mut A) -> Result<T, Stop>) -> Result<T, Stop> {
        self.work.spend(A::COSTS.1)?;
        apply(self.arithmetic)
    }

    pub(super) fn rational(&mut self, value: &RBig) -> Value<A> {
        Ok(real(self.arithmetic.rational(value)?))
    }

    pub(super) fn magnitude(&self, value: &Complex<A::Real>) -> f64 {
        let imaginary = value.imaginary.as_ref().map_or(f64::NEG_INFINITY, |part| self.arithmetic.magnitude(part));
        self.arithmetic.magnitude(&value.real).max(imaginary)
    }

    pub(super) fn add(&mut self, left: &Complex<A::Real>, right: &Complex<A::Real>) -> Value<A> {
        let real = self.arithmetic.add(&left.real, &right.real)?;
        let imaginary = match (&left.imaginary, &right.imaginary) {
            (Some(left), Some(right)) => Some(self.arithmetic.add(left, right)?),
            (part, None) | (None, part) => part.clone(),
        };
        Ok(Complex { real, imaginary })
    }

    pub(super) fn subtract(&mut self, left: &Complex<A::Real>, right: &Complex<A::Real>) -> Value<A> {
        let negative = Complex {
            real: self.arithmetic.negate(&right.real),
            imaginary: right.imaginary.as_ref().map(|part| self.arithmetic.negate(part)),
        };
        self.add(left, &negative)
    }

    pub(super) fn multiply(&mut self, left: &Complex<A::Real>, right: &Complex<A::Real>) -> Value<A> {
        let mut product = |left: &A::Real, right: &A::Real| self.arithmetic.multiply(left, right);
        let straight = product(&left.real, &right.real)?;
        match (&left.imaginary, &right.imaginary) {
            (None, None) => Ok(real(straight)),
            (None, Some(part)) => Ok(Complex { real: straight, imaginary: Some(product(&left.real, part)?) }),
            (Some(part), None) => Ok(Complex { real: straight, imaginary: Some(product(part, &right.real)?) }),
            (Some(first), Some(second)) => {
                let crossed = product(first, second)?;
                let (one, other) = (product(&left.real, second)?, product(first, &right.real)?);
                let crossed = self.arithmetic.negate(&crossed);
                Ok(Complex {
                    real: self.arithmetic.add(&straight, &crossed)?,
                    imaginary: Some(self.arithmetic.add(&one, &other)?),
                })
            }
        }
    }

    pub(super) fn inverse(&mut self, value: &Complex<A::Real>) -> Value<A> {
        let one = self.arithmetic.rational(&RBig::ONE)?;
        let Some(imaginary) = &value.imaginary else { return Ok(real(self.arithmetic.divide(&one, &value.real)?)) };
        let squares =
            [self.arithmetic.multiply(&value.real, &value.real)?, self.arithmetic.multiply(imaginary, imaginary)?];
        let size = self.arithmetic.add(&squares[0], &squares[1])?;
        let negative = self.arithmetic.negate(imaginary);
        Ok(Complex {
            real: self.arithmetic.divide(&value.real, &size)?,
            imaginary: Some(self.arithmetic.divide(&negative, &size)?),
        })
    }
}

/// A complex number; no imaginary part means that it is real.
#[derive(Clone)]
pub(super) struct Complex<R> {
    pub(super) real: R,
    pub(super) imaginary: Option<R>,
}

pub(super) fn real<R>(real: R) -> Complex<R> {
    Complex { real, imaginary: None }
}

/// The value of an exponent that is plainly a rational number.
pub fn rational_value(expression: &Expression) -> Option<RBig> {
    match expression {
        Expression::Number(value) | Expression::Decimal { value, .. } => Some(value.clone()),
        Expression::Power(base, exponent) if **exponent == Expression::integer(-1) => {
            let value = rational_value(base).filter(|value| !value.is_zero())?;
            Some(RBig::ONE / value)
        }
        Expression::Product(parts) => {
            parts.iter().try_fold(RBig::ONE, |product, part| Some(product * rational_value(part)?))
        }
        _ => None,
    }
}
