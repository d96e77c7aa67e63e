//! Functions and series in canonical form.

use super::polynomial::{as_number, constant, is_negative};
use super::powers::small;
use super::{Atom, Field, Quotient};
use crate::tree::{Expression, Function, Series};
use crate::work::{Stop, Work};
use dashu_base::{Abs, BitTest, UnsignedAbs};
use dashu_int::IBig;
use dashu_ratio::RBig;

impl Field {
    pub(super) fn call(
        &mut self,
        function: &Function,
        arguments: Vec<Quotient>,
        work: &mut Work,
    ) -> Result<Quotient, Stop> {
        if let Some(value) = exact_call(function, &arguments, work)? {
            return Ok(constant(value));
        }
        match (function, arguments.as_slice()) {
            (Function::Ln, [argument]) => self.logarithm(argument, work),
            (
                Function::Sin | Function::Tan | Function::Arcsin | Function::Arctan | Function::Sinh | Function::Tanh,
                [argument],
            ) if is_negative(argument) => {
                let argument = self.multiply(argument, &constant(RBig::from(-1)), work)?;
                let value = self.call(function, vec![argument], work)?;
                self.multiply(&value, &constant(RBig::from(-1)), work)
            }
            (Function::Cos | Function::Cosh | Function::Abs, [argument]) if is_negative(argument) => {
                let argument = self.multiply(argument, &constant(RBig::from(-1)), work)?;
                Ok(self.atom(Atom::Call(function.clone(), vec![argument])))
            }
            (Function::Sin | Function::Tan | Function::Sinh | Function::Tanh, [argument])
                if argument.numerator.is_empty() =>
            {
                Ok(constant(RBig::ZERO))
            }
            (Function::Cos | Function::Cosh, [argument]) if argument.numerator.is_empty() => Ok(constant(RBig::ONE)),
            (Function::Tan, [argument]) => self.ratio(&Function::Sin, &Function::Cos, argument, work),
            (Function::Cot, [argument]) => self.ratio(&Function::Cos, &Function::Sin, argument, work),
            (Function::Sec, [argument]) => {
                let cosine = self.call(&Function::Cos, vec![argument.clone()], work)?;
                self.invert(&cosine, work)
            }
            (Function::Csc, [argument]) => {
                let sine = self.call(&Function::Sin, vec![argument.clone()], work)?;
                self.invert(&sine, work)
            }
            _ => Ok(self.atom(Atom::Call(function.clone(), arguments))),
        }
    }

    pub(super) fn ratio(
        &mut self,
        top: &Function,
        bottom: &Function,
        argument: &Quotient,
        work: &mut Work,
    ) -> Result<Quotient, Stop> {
        let top = self.call(top, vec![argument.clone()], work)?;
        let bottom = self.call(bottom, vec![argument.clone()], work)?;
        let inverse = self.invert(&bottom, work)?;
        self.multiply(&top, &inverse, work)
    }

    /// A sum or product with whole bounds, written out; any other keeps its parts.
    pub(super) fn series(&mut self, series: &Series, work: &mut Work) -> Result<Quotient, Stop> {
        let from = self.canonical(&series.from, work)?;
        let to = match &series.to {
            Expression::Infinity => self.atom(Atom::Symbol("∞".to_owned())),
            to => self.canonical(to, work)?,
        };
        let bounds = as_number(&from).zip(as_number(&to));
        let Some((from_value, to_value)) = bounds else {
            // The index has no name of its own, so that sums over k and over n compare.
            self.nested_series += 1;
            let index = Expression::Symbol(format!("index {}", self.nested_series));
            let body = self.canonical(&series.body.substitute(&series.index, &index), work);
            self.nested_series -= 1;
            let name = if series.product { "product" } else { "sum" };
            return Ok(self.atom(Atom::Call(Function::Named(name.to_owned()), vec![from, to, body?])));
        };
        if !from_value.is_int() || !to_value.is_int() {
            return Err(Stop::Undefined);
        }
        let (first, last) = small(from_value.numerator()).zip(small(to_value.numerator())).ok_or(Stop::TooLarge)?;
        if last.saturating_sub(first) > LONGEST_SERIES {
            return Err(Stop::TooLarge);
        }
        let mut total = constant(if series.product { RBig::ONE } else { RBig::ZERO });
        for index in first..=last {
            let term = series.body.substitute(&series.index, &Expression::integer(index));
            work.spend(20)?;
            let term = self.canonical(&term, work)?;
            total = if series.product { self.multiply(&total, &term, work)? } else { self.add(total, &term, work)? };
        }
        Ok(total)
    }
}

/// Functions of numbers whose value is a number.
pub(super) fn exact_call(function: &Function, arguments: &[Quotient], work: &mut Work) -> Result<Option<RBig>, Stop> {
    let Some(values) = arguments.iter().map(as_number).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let integer = |value: &RBig| value.is_int().then(|| value.numerator().clone());
    Ok(match (function, values.as_slice()) {
        (Function::Abs, [value]) => Some(value.clone().abs()),
        (Function::Floor, [value]) => Some(RBig::from(value.floor())),
        (Function::Ceiling, [value]) => Some(RBig::from(value.ceil())),
        (Function::Factorial, [value]) => match integer(value) {
            Some(count) => Some(RBig::from(factorial(&count, work)?)),
            None => None,
        },
        (Function::Binomial, [upper, lower]) => match (integer(upper), integer(lower)) {
            (Some(upper), Some(lower)) => Some(RBig::from(binomial(&upper, &lower, work)?)),
            _ => None,
        },
        (Function::Modulo, [left, right]) => {
            if right.is_zero() {
                return Err(Stop::Undefined);
            }
            Some(left - right * RBig::from((left / right).floor()))
        }
        (Function::Minimum, values) => values.iter().min().cloned(),
        (Function::Maximum, values) => values.iter().max().cloned(),
        (Function::Gcd | Function::Lcm, [left, right]) => match (integer(left), integer(right)) {
            (Some(left), Some(right)) if !left.is_zero() && !right.is_zero() => {
                let (left, right) = (left.unsigned_abs(), right.unsigned_abs());
                let common = dashu_base::Gcd::gcd(&left, &right);
                Some(RBig::from(if *function == Function::Gcd { common } else { left / common * right }))
            }
            _ => None,
        },
        _ => None,
    })
}

pub(super) fn factorial(count: &IBig, work: &mut Work) -> Result<IBig, Stop> {
    let count = small(count).ok_or(Stop::TooLarge)?;
    if count < 0 {
        return Err(Stop::Undefined);
    }
    if count > 6_000 {
        return Err(Stop::TooLarge);
    }
    let mut product = IBig::ONE;
    for factor in 2..=count {
        work.spend(1 + product.bit_len() / 8_192)?;
        product *= factor;
    }
    Ok(product)
}

pub(super) fn binomial(upper: &IBig, lower: &IBig, work: &mut Work) -> Result<IBig, Stop> {
    let (upper, lower) = small(upper).zip(small(lower)).ok_or(Stop::TooLarge)?;
    if upper < 0 || lower < 0 {
        return Err(Stop::Undefined);
    }
    if lower > upper {
        return Ok(IBig::ZERO);
    }
    let lower = lower.min(upper - lower);
    if lower > 3_000 {
        return Err(Stop::TooLarge);
    }
    let mut product = IBig::ONE;
    for step in 1..=lower {
        work.spend(1 + product.bit_len() / 4_096)?;
        product = product * (upper - lower + step) / step;
    }
    Ok(product)
}

/// Terms of the longest sum or product that is written out.
pub(super) const LONGEST_SERIES: i64 = 2_000;
