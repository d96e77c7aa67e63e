//! Powers and functions at a point.

use super::evaluator::{Complex, rational_value, real};
use super::{Evaluator, Value};
use crate::arithmetic::Arithmetic;
use crate::tree::{Expression, Function, Series};
use crate::work::Stop;
use dashu_base::Signed;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

/// Terms of the longest series that is summed numerically.
const LONGEST_SERIES: i64 = 200;

impl<A: Arithmetic> Evaluator<'_, A> {
    pub(super) fn power(&mut self, base: &Expression, exponent: &Expression) -> Value<A> {
        let fixed = rational_value(exponent);
        let value = self.value(base)?;
        if let Some(fixed) = &fixed {
            if fixed.is_int()
                && let Ok(count) = i64::try_from(fixed.numerator().clone())
                && count.unsigned_abs() <= 4_096
            {
                return self.whole_power(&value, count);
            }
            if *fixed == RBig::from_parts(IBig::ONE, UBig::from(2u8)) && value.imaginary.is_none() {
                return self.square_root(&value.real);
            }
        }
        if value.imaginary.is_some() {
            let exponent = self.value(exponent)?;
            let logarithm = self.complex_logarithm(&value)?;
            let product = self.multiply(&logarithm, &exponent)?;
            return self.complex_exponential(&product);
        }
        let sign = self.arithmetic.sign(&value.real)?;
        let exponent_value = self.value(exponent)?;
        if sign == 0 {
            return match fixed {
                Some(fixed) if fixed.is_positive() => Ok(value),
                _ => Err(Stop::Undefined),
            };
        }
        let size = if sign < 0 { self.arithmetic.negate(&value.real) } else { value.real.clone() };
        let odd_root = fixed.as_ref().is_some_and(|fixed| dashu_base::BitTest::bit(fixed.denominator(), 0));
        if sign > 0 || odd_root {
            let logarithm = real(self.transcendental(|arithmetic| arithmetic.ln(&size))?);
            let product = self.multiply(&logarithm, &exponent_value)?;
            let power = self.complex_exponential(&product)?;
            let odd = fixed.is_some_and(|fixed| {
                dashu_base::BitTest::bit(&dashu_base::UnsignedAbs::unsigned_abs(fixed.numerator().clone()), 0)
            });
            return if sign < 0 && odd { self.subtract_from_zero(&power) } else { Ok(power) };
        }
        let logarithm = self.complex_logarithm(&value)?;
        let product = self.multiply(&logarithm, &exponent_value)?;
        self.complex_exponential(&product)
    }

    pub(super) fn subtract_from_zero(&mut self, value: &Complex<A::Real>) -> Value<A> {
        let zero = self.rational(&RBig::ZERO)?;
        self.subtract(&zero, value)
    }

    pub(super) fn whole_power(&mut self, value: &Complex<A::Real>, count: i64) -> Value<A> {
        let mut total = self.rational(&RBig::ONE)?;
        let mut square = value.clone();
        let mut rest = count.unsigned_abs();
        while rest > 0 {
            self.work.spend(A::COSTS.0)?;
            if rest & 1 == 1 {
                total = self.multiply(&total, &square)?;
            }
            rest >>= 1;
            if rest > 0 {
                square = self.multiply(&square, &square)?;
            }
        }
        if count < 0 { self.inverse(&total) } else { Ok(total) }
    }

    pub(super) fn square_root(&mut self, value: &A::Real) -> Value<A> {
        self.work.spend(A::COSTS.0 * 4)?;
        if self.arithmetic.sign(value)? >= 0 {
            return Ok(real(self.arithmetic.sqrt(value)?));
        }
        let positive = self.arithmetic.negate(value);
        let root = self.arithmetic.sqrt(&positive)?;
        Ok(Complex { real: self.arithmetic.rational(&RBig::ZERO)?, imaginary: Some(root) })
    }

    pub(super) fn complex_exponential(&mut self, value: &Complex<A::Real>) -> Value<A> {
        let size = self.transcendental(|arithmetic| arithmetic.exp(&value.real))?;
        let Some(angle) = &value.imaginary else { return Ok(real(size)) };
        let (height, width) = self.transcendental(|arithmetic| arithmetic.sin_cos(angle))?;
        Ok(Complex {
            real: self.arithmetic.multiply(&size, &width)?,
            imaginary: Some(self.arithmetic.multiply(&size, &height)?),
        })
    }

    pub(super) fn complex_logarithm(&mut self, value: &Complex<A::Real>) -> Value<A> {
        let zero = self.arithmetic.rational(&RBig::ZERO)?;
        let imaginary = value.imaginary.clone().unwrap_or(zero);
        let squares =
            [self.arithmetic.multiply(&value.real, &value.real)?, self.arithmetic.multiply(&imaginary, &imaginary)?];
        let size = self.arithmetic.add(&squares[0], &squares[1])?;
        let logarithm = self.transcendental(|arithmetic| arithmetic.ln(&size))?;
        let half = self.arithmetic.rational(&RBig::from_parts(IBig::ONE, UBig::from(2u8)))?;
        let angle = self.transcendental(|arithmetic| arithmetic.atan2(&imaginary, &value.real))?;
        Ok(Complex { real: self.arithmetic.multiply(&logarithm, &half)?, imaginary: Some(angle) })
    }

    pub(super) fn call(&mut self, function: &Function, arguments: &[Expression]) -> Value<A> {
        if matches!(function, Function::Minimum | Function::Maximum) {
            return self.extreme(function, arguments);
        }
        let [argument] = arguments else { return self.call_of_several(function, arguments) };
        if *function == Function::Factorial {
            return self.call_of_several(function, arguments);
        }
        let value = self.value(argument)?;
        if let Some(imaginary) = &value.imaginary {
            return match function {
                Function::Abs => {
                    let squares = [
                        self.arithmetic.multiply(&value.real, &value.real)?,
                        self.arithmetic.multiply(imaginary, imaginary)?,
                    ];
                    let size = self.arithmetic.add(&squares[0], &squares[1])?;
                    Ok(real(self.arithmetic.sqrt(&size)?))
                }
                Function::Ln => self.complex_logarithm(&value),
                _ => Err(Stop::Unsupported),
            };
        }
        self.real_call(function, &value.real)
    }

    pub(super) fn real_call(&mut self, function: &Function, value: &A::Real) -> Value<A> {
        if !matches!(function, Function::Abs | Function::Floor | Function::Ceiling) {
            // Where such a function vanishes, what is left is rounding, as of numbers near one.
            self.peak = self.peak.max(0.0);
        }
        match function {
            Function::Sin => Ok(real(self.transcendental(|arithmetic| arithmetic.sin_cos(value))?.0)),
            Function::Cos => Ok(real(self.transcendental(|arithmetic| arithmetic.sin_cos(value))?.1)),
            Function::Tan | Function::Cot | Function::Sec | Function::Csc => {
                let (sine, cosine) = self.transcendental(|arithmetic| arithmetic.sin_cos(value))?;
                let one = self.arithmetic.rational(&RBig::ONE)?;
                Ok(real(match function {
                    Function::Tan => self.arithmetic.divide(&sine, &cosine)?,
                    Function::Cot => self.arithmetic.divide(&cosine, &sine)?,
                    Function::Sec => self.arithmetic.divide(&one, &cosine)?,
                    _ => self.arithmetic.divide(&one, &sine)?,
                }))
            }
            Function::Arcsin | Function::Arccos => {
                let one = self.arithmetic.rational(&RBig::ONE)?;
                let square = self.arithmetic.multiply(value, value)?;
                let negative = self.arithmetic.negate(&square);
                let rest = self.arithmetic.add(&one, &negative)?;
                let leg = self.arithmetic.sqrt(&rest)?;
                let (y, x) = if *function == Function::Arcsin { (value, &leg) } else { (&leg, value) };
                Ok(real(self.transcendental(|arithmetic| arithmetic.atan2(y, x))?))
            }
            Function::Arctan => {
                let one = self.arithmetic.rational(&RBig::ONE)?;
                Ok(real(self.transcendental(|arithmetic| arithmetic.atan2(value, &one))?))
            }
            Function::Sinh | Function::Cosh | Function::Tanh => self.hyperbolic(function, value),
            Function::Ln => {
                if self.arithmetic.sign(value)? < 0 {
                    return self.complex_logarithm(&real(value.clone()));
                }
                Ok(real(self.transcendental(|arithmetic| arithmetic.ln(value))?))
            }
            Function::Abs => {
                let negative = self.arithmetic.sign(value)? < 0;
                Ok(real(if negative { self.arithmetic.negate(value) } else { value.clone() }))
            }
            Function::Floor => Ok(real(self.arithmetic.floor(value)?)),
            Function::Ceiling => {
                let negative = self.arithmetic.negate(value);
                let floor = self.arithmetic.floor(&negative)?;
                Ok(real(self.arithmetic.negate(&floor)))
            }
            _ => Err(Stop::Unsupported),
        }
    }

    pub(super) fn hyperbolic(&mut self, function: &Function, value: &A::Real) -> Value<A> {
        let rising = self.transcendental(|arithmetic| arithmetic.exp(value))?;
        let one = self.arithmetic.rational(&RBig::ONE)?;
        let falling = self.arithmetic.divide(&one, &rising)?;
        let negative = self.arithmetic.negate(&falling);
        let twice_sine = self.arithmetic.add(&rising, &negative)?;
        let twice_cosine = self.arithmetic.add(&rising, &falling)?;
        let two = self.arithmetic.rational(&RBig::from(2))?;
        Ok(real(match function {
            Function::Sinh => self.arithmetic.divide(&twice_sine, &two)?,
            Function::Cosh => self.arithmetic.divide(&twice_cosine, &two)?,
            _ => self.arithmetic.divide(&twice_sine, &twice_cosine)?,
        }))
    }

    /// Factorials, binomials and remainders of whole numbers at a point of whole numbers.
    pub(super) fn call_of_several(&mut self, function: &Function, arguments: &[Expression]) -> Value<A> {
        let mut call = Expression::Call(function.clone(), arguments.to_vec());
        for (name, value) in self.point {
            call = call.substitute(name, &Expression::Number(value.clone()));
        }
        self.exact(&call)
    }

    pub(super) fn exact(&mut self, expression: &Expression) -> Value<A> {
        let mut field = crate::canonical::Field::default();
        let form = field.canonical(expression, self.work)?;
        let value = crate::canonical::as_number(&form).ok_or(Stop::Unsupported)?;
        self.rational(&value)
    }

    pub(super) fn series(&mut self, series: &Series) -> Value<A> {
        let mut whole = Expression::Series(Box::new(series.clone()));
        for (name, value) in self.point.iter().filter(|(name, _)| *name != series.index) {
            whole = whole.substitute(name, &Expression::Number(value.clone()));
        }
        match self.exact(&whole) {
            Err(Stop::Unsupported) => self.term_by_term(series),
            value => value,
        }
    }

    /// A series of few terms that are no rational numbers.
    fn term_by_term(&mut self, series: &Series) -> Value<A> {
        let bound = |bound: &Expression| {
            let value = rational_value(bound).filter(dashu_ratio::RBig::is_int)?;
            i64::try_from(value.numerator().clone()).ok()
        };
        let (from, to) = bound(&series.from).zip(bound(&series.to)).ok_or(Stop::Unsupported)?;
        if to.saturating_sub(from) > LONGEST_SERIES {
            return Err(Stop::TooLarge);
        }
        let mut total = self.rational(&if series.product { RBig::ONE } else { RBig::ZERO })?;
        for index in from..=to {
            let term = self.value(&series.body.substitute(&series.index, &Expression::integer(index)))?;
            if series.product {
                total = self.multiply(&total, &term)?;
            } else {
                self.peak = self.peak.max(self.magnitude(&term));
                total = self.add(&total, &term)?;
            }
        }
        Ok(total)
    }

    /// The least or greatest of real values; undefined when it is not certain which.
    fn extreme(&mut self, function: &Function, arguments: &[Expression]) -> Value<A> {
        let mut best: Option<Complex<A::Real>> = None;
        for argument in arguments {
            let value = self.value(argument)?;
            if value.imaginary.is_some() {
                return Err(Stop::Undefined);
            }
            best = Some(match best {
                None => value,
                Some(best) => {
                    let difference = self.subtract(&value, &best)?;
                    let above = self.arithmetic.sign(&difference.real)? > 0;
                    if above == (*function == Function::Maximum) { value } else { best }
                }
            });
        }
        best.ok_or(Stop::Undefined)
    }
}
