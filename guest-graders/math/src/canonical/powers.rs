//! Powers, roots and logarithms of canonical forms.

use super::polynomial::{as_number, bits, constant, content, is_one, monomial, one, single_term};
use super::{Atom, Field, Monomial, Polynomial, Quotient};
use crate::tree::Function;
use crate::work::{MAX_BITS, MAX_TERMS, Stop, Work};
use dashu_base::{Abs, BitTest, Signed, UnsignedAbs};
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

impl Field {
    pub(super) fn power(&mut self, base: &Quotient, exponent: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
        if let Some(exponent) = as_number(exponent) {
            return self.rational_power(base, &exponent, work);
        }
        if !is_one(&exponent.denominator) {
            return Ok(self.opaque_power(base, exponent));
        }
        if let Some(factors) = self.exponential_base(base, work) {
            let mut total = constant(RBig::ONE);
            for (factor, count) in factors {
                for (key, coefficient) in &exponent.numerator {
                    let factor = self.raised(factor.clone(), key, coefficient * &count, work)?;
                    total = self.multiply(&total, &factor, work)?;
                }
            }
            return Ok(total);
        }
        Ok(self.opaque_power(base, exponent))
    }

    pub(super) fn opaque_power(&mut self, base: &Quotient, exponent: &Quotient) -> Quotient {
        self.atom(Atom::Opaque(Box::new((base.clone(), exponent.clone()))))
    }

    /// The base as powers of e, of primes, or of one symbol.
    pub(super) fn exponential_base(&mut self, base: &Quotient, work: &mut Work) -> Option<Vec<(Atom, RBig)>> {
        if let Some(number) = as_number(base) {
            if !number.is_positive() {
                return None;
            }
            let factors = self.factored(&number, work).ok()?;
            return Some(factors.into_iter().map(|(prime, count)| (Atom::Prime(prime), count)).collect());
        }
        let (key, value) = single_term(base)?;
        match key.as_slice() {
            [(number, exponent)] if value.is_one() => match self.atoms.get(*number)? {
                atom @ Atom::Exponential(inner) if inner.is_empty() => Some(vec![(atom.clone(), exponent.clone())]),
                atom @ Atom::Symbol(_) if exponent.is_one() => Some(vec![(atom.clone(), RBig::ONE)]),
                _ => None,
            },
            _ => None,
        }
    }

    /// `factor` to `coefficient` times the monomial `key`.
    pub(super) fn raised(
        &mut self,
        factor: Atom,
        key: &Monomial,
        coefficient: RBig,
        work: &mut Work,
    ) -> Result<Quotient, Stop> {
        let atom = match factor {
            Atom::Exponential(_) => Atom::Exponential(key.clone()),
            other if key.is_empty() => other,
            other => {
                let number = self.number_of(other);
                Atom::Power(number, key.clone())
            }
        };
        let number = self.number_of(atom);
        let numerator = self.settled(vec![(number, coefficient)], RBig::ONE, work)?;
        Ok(Quotient { numerator, denominator: one() })
    }

    pub(super) fn rational_power(
        &mut self,
        base: &Quotient,
        exponent: &RBig,
        work: &mut Work,
    ) -> Result<Quotient, Stop> {
        if exponent.is_zero() {
            return if base.numerator.is_empty() { Err(Stop::Undefined) } else { Ok(constant(RBig::ONE)) };
        }
        if base.numerator.is_empty() {
            return if exponent.is_positive() { Ok(constant(RBig::ZERO)) } else { Err(Stop::Undefined) };
        }
        if exponent.is_int() {
            return self.integer_power(base, exponent.numerator(), work);
        }
        if let Some(number) = as_number(base) {
            return self.radical(&number, exponent, work);
        }
        if !is_one(&base.denominator) {
            let top = Quotient { numerator: base.numerator.clone(), denominator: one() };
            let bottom = Quotient { numerator: base.denominator.clone(), denominator: one() };
            let (top, bottom) =
                (self.rational_power(&top, exponent, work)?, self.rational_power(&bottom, exponent, work)?);
            let inverse = self.invert(&bottom, work)?;
            return self.multiply(&top, &inverse, work);
        }
        if let Some((key, value)) = single_term(base)
            && value.is_positive()
            && key.iter().all(|(number, power)| self.splits(*number, power))
        {
            let mut total = self.radical(&value, exponent, work)?;
            for (number, power) in key {
                let numerator = self.settled(vec![(number, power * exponent)], RBig::ONE, work)?;
                total = self.multiply(&total, &Quotient { numerator, denominator: one() }, work)?;
            }
            return Ok(total);
        }
        self.radicand_power(&base.numerator, exponent, work)
    }

    /// Whether a fractional power of a product may be taken of this factor on its own.
    pub(super) fn splits(&self, number: usize, power: &RBig) -> bool {
        match self.atoms.get(number) {
            Some(Atom::Pi | Atom::Prime(_)) => true,
            Some(Atom::Exponential(inner)) => inner.is_empty(),
            Some(Atom::Symbol(_)) => power.is_one(),
            _ => false,
        }
    }

    /// A fractional power of a polynomial; its positive content is taken out first.
    pub(super) fn radicand_power(
        &mut self,
        base: &Polynomial,
        exponent: &RBig,
        work: &mut Work,
    ) -> Result<Quotient, Stop> {
        let content = content(base);
        let primitive: Polynomial = base.iter().map(|(key, value)| (key.clone(), value / &content)).collect();
        let outside = self.radical(&content, exponent, work)?;
        let number = self.number_of(Atom::Radicand(primitive));
        let numerator = self.settled(vec![(number, exponent.clone())], RBig::ONE, work)?;
        self.multiply(&outside, &Quotient { numerator, denominator: one() }, work)
    }

    pub(super) fn integer_power(
        &mut self,
        base: &Quotient,
        exponent: &IBig,
        work: &mut Work,
    ) -> Result<Quotient, Stop> {
        if let Some((key, value)) = single_term(base) {
            let value = integer_power(&value, exponent, work)?;
            let count = RBig::from(exponent.clone());
            let key = key.into_iter().map(|(number, power)| (number, power * &count)).collect();
            return Ok(Quotient { numerator: self.settled(key, value, work)?, denominator: one() });
        }
        let count = small(exponent).ok_or(Stop::TooLarge)?;
        if count < 0 {
            let inverse = self.invert(base, work)?;
            return self.integer_power(&inverse, &-exponent.clone(), work);
        }
        if expanded_terms(base.numerator.len().max(base.denominator.len()), count) > MAX_TERMS {
            return Err(Stop::TooLarge);
        }
        let mut total = constant(RBig::ONE);
        for _ in 0..count {
            work.spend(1)?;
            total = self.multiply(&total, base, work)?;
        }
        Ok(total)
    }

    /// A fractional power of a rational number. Odd roots of negative numbers are real; square roots bring in i.
    pub(super) fn radical(&mut self, base: &RBig, exponent: &RBig, work: &mut Work) -> Result<Quotient, Stop> {
        if base.is_one() {
            return Ok(constant(RBig::ONE));
        }
        let mut total = constant(RBig::ONE);
        if base.is_negative() {
            let index = exponent.denominator();
            if index.bit(0) {
                let odd = exponent.numerator().clone().unsigned_abs().bit(0);
                total = constant(RBig::from(if odd { -1 } else { 1 }));
            } else if *index == UBig::from(2u8) {
                let number = self.number_of(Atom::Imaginary);
                let numerator =
                    self.settled(vec![(number, RBig::from(exponent.numerator().clone()))], RBig::ONE, work)?;
                total = Quotient { numerator, denominator: one() };
            } else {
                let exponent = constant(exponent.clone());
                return Ok(self.opaque_power(&constant(base.clone()), &exponent));
            }
        }
        for (prime, count) in self.factored(&base.clone().abs(), work)? {
            let number = self.number_of(Atom::Prime(prime));
            let numerator = self.settled(vec![(number, count * exponent)], RBig::ONE, work)?;
            total = self.multiply(&total, &Quotient { numerator, denominator: one() }, work)?;
        }
        Ok(total)
    }

    /// The primes of a positive number with their exponents.
    pub(super) fn factored(&mut self, number: &RBig, work: &mut Work) -> Result<Vec<(UBig, RBig)>, Stop> {
        let mut factors = self.factored_integer(number.numerator().clone().unsigned_abs(), 1, work)?;
        factors.extend(self.factored_integer(number.denominator().clone(), -1, work)?);
        Ok(factors)
    }

    pub(super) fn factored_integer(
        &mut self,
        mut rest: UBig,
        sign: i32,
        work: &mut Work,
    ) -> Result<Vec<(UBig, RBig)>, Stop> {
        let mut factors = Vec::new();
        let mut divisor = 2u64;
        while divisor <= LARGEST_TRIAL_DIVISOR && UBig::from(divisor * divisor) <= rest {
            work.spend(1 + rest.bit_len() / 512)?;
            let mut count = 0i64;
            while (&rest % divisor) == 0 {
                work.spend(1 + rest.bit_len() / 64)?;
                rest /= divisor;
                count += 1;
            }
            if count > 0 {
                factors.push((UBig::from(divisor), RBig::from(count * i64::from(sign))));
            }
            divisor += if divisor == 2 { 1 } else { 2 };
        }
        if !rest.is_one() {
            self.unfactored |= rest > UBig::from(LARGEST_TRIAL_DIVISOR * LARGEST_TRIAL_DIVISOR);
            factors.push((rest, RBig::from(sign)));
        }
        Ok(factors)
    }

    /// The logarithm of a number is the sum of its primes' logarithms; that of a power of e is its exponent.
    pub(super) fn logarithm(&mut self, argument: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
        if let Some(number) = as_number(argument)
            && number.is_positive()
        {
            let mut total = constant(RBig::ZERO);
            for (prime, count) in self.factored(&number, work)? {
                let prime = constant(RBig::from(prime));
                let logarithm = self.atom(Atom::Call(Function::Ln, vec![prime]));
                let part = self.multiply(&logarithm, &constant(count), work)?;
                total = self.add(total, &part, work)?;
            }
            return Ok(total);
        }
        if let Some((key, value)) = single_term(argument)
            && value.is_one()
            && let [(number, exponent)] = key.as_slice()
            && let Some(Atom::Exponential(inner)) = self.atoms.get(*number)
            && inner.iter().all(|(atom, _)| !matches!(self.atoms.get(*atom), Some(Atom::Imaginary)))
        {
            return Ok(monomial(inner.clone(), exponent.clone()));
        }
        Ok(self.atom(Atom::Call(Function::Ln, vec![argument.clone()])))
    }
}

/// Terms that a sum of `terms` terms to the power `count` has when it is multiplied out, or more than `MAX_TERMS`.
fn expanded_terms(terms: usize, count: i64) -> usize {
    let mut product = 1usize;
    for step in 1..terms.min(MAX_TERMS) {
        product = product.saturating_mul(usize::try_from(count).unwrap_or(usize::MAX).saturating_add(step)) / step;
        if product > MAX_TERMS {
            break;
        }
    }
    product
}

pub(super) fn small(value: &IBig) -> Option<i64> {
    i64::try_from(value.clone()).ok()
}

/// A rational number to a whole power, within the bound on bits.
pub(super) fn integer_power(base: &RBig, exponent: &IBig, work: &mut Work) -> Result<RBig, Stop> {
    if base.is_one() || base.is_zero() && exponent.is_positive() {
        return Ok(base.clone());
    }
    if *base == RBig::from(-1) {
        let odd = exponent.clone().unsigned_abs().bit(0);
        return Ok(RBig::from(if odd { -1 } else { 1 }));
    }
    if base.is_zero() {
        return Err(Stop::Undefined);
    }
    let count = small(exponent).ok_or(Stop::TooLarge)?;
    let size = usize::try_from(count.unsigned_abs()).map_err(|_| Stop::TooLarge)?;
    let result_bits = bits(base).saturating_mul(size);
    if result_bits > MAX_BITS {
        return Err(Stop::TooLarge);
    }
    work.spend(result_bits / 64 + 1)?;
    let top = base.numerator().pow(size);
    let bottom = base.denominator().pow(size);
    Ok(if count < 0 { RBig::from_parts_signed(IBig::from(bottom), top) } else { RBig::from_parts(top, bottom) })
}

pub(super) const LARGEST_TRIAL_DIVISOR: u64 = 2_000;
