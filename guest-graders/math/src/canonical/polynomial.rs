//! Polynomials and quotients of them as plain data.

use super::{Monomial, Polynomial, Quotient};
use dashu_base::{BitTest, UnsignedAbs};
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

/// The canonical form of a number.
pub fn constant(value: RBig) -> Quotient {
    monomial(Vec::new(), value)
}

/// The number that `quotient` is, if it is one.
pub fn as_number(quotient: &Quotient) -> Option<RBig> {
    if quotient.numerator.is_empty() {
        return Some(RBig::ZERO);
    }
    let (key, value) = single_term(quotient)?;
    key.is_empty().then_some(value)
}

/// Bits of the numerator and denominator together.
pub fn bits(value: &RBig) -> usize {
    value.numerator().bit_len() + value.denominator().bit_len()
}

pub(super) fn monomial(key: Monomial, value: RBig) -> Quotient {
    let mut numerator = Polynomial::new();
    add_term(&mut numerator, key, value);
    Quotient { numerator, denominator: one() }
}

pub(super) fn one() -> Polynomial {
    Polynomial::from([(Vec::new(), RBig::ONE)])
}

pub(super) fn is_one(polynomial: &Polynomial) -> bool {
    polynomial.len() == 1 && polynomial.iter().all(|(key, value)| key.is_empty() && value.is_one())
}

pub(super) fn is_negative(quotient: &Quotient) -> bool {
    quotient.numerator.values().next_back().is_some_and(dashu_base::Signed::is_negative)
}

pub(super) fn single_term(quotient: &Quotient) -> Option<(Monomial, RBig)> {
    let mut terms = quotient.numerator.iter();
    let (key, value) = terms.next()?;
    (terms.next().is_none() && is_one(&quotient.denominator)).then(|| (key.clone(), value.clone()))
}

pub(super) fn add_term(total: &mut Polynomial, key: Monomial, value: RBig) {
    if value.is_zero() {
        return;
    }
    match total.entry(key) {
        std::collections::btree_map::Entry::Vacant(slot) => {
            slot.insert(value);
        }
        std::collections::btree_map::Entry::Occupied(mut slot) => {
            *slot.get_mut() += value;
            if slot.get().is_zero() {
                slot.remove();
            }
        }
    }
}

pub(super) fn plus(mut left: Polynomial, right: &Polynomial) -> Polynomial {
    for (key, value) in right {
        add_term(&mut left, key.clone(), value.clone());
    }
    left
}

pub(super) fn merged(left: &Monomial, right: &Monomial) -> Monomial {
    let mut product = left.clone();
    for (atom, exponent) in right {
        match product.binary_search_by_key(atom, |(number, _)| *number) {
            Ok(at) => {
                if let Some((_, power)) = product.get_mut(at) {
                    *power += exponent;
                }
            }
            Err(at) => product.insert(at, (*atom, exponent.clone())),
        }
    }
    product.retain(|(_, exponent)| !exponent.is_zero());
    product
}

/// The positive greatest common divisor of a polynomial's coefficients.
pub(super) fn content(polynomial: &Polynomial) -> RBig {
    let mut top = UBig::ZERO;
    let mut bottom = UBig::ONE;
    for value in polynomial.values() {
        let numerator = value.numerator().clone().unsigned_abs();
        top = if top.is_zero() { numerator } else { dashu_base::Gcd::gcd(&top, &numerator) };
        let common = dashu_base::Gcd::gcd(&bottom, value.denominator());
        bottom = bottom / common * value.denominator();
    }
    RBig::from_parts(IBig::from(top), bottom)
}
