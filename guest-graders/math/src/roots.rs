//! Real roots of polynomials in one variable with rational coefficients, counted by Sturm's theorem.

use dashu_base::Signed;
use dashu_ratio::RBig;

use crate::work::{Stop, Work};

/// Coefficients, the constant one first; no zeros at the end.
pub type Dense = Vec<RBig>;

/// How many distinct roots a polynomial has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootCount {
    /// In the complex numbers.
    pub all: usize,
    pub real: usize,
    pub positive: usize,
    pub negative: usize,
}

/// Counts the distinct roots of `numerator` that are not roots of `denominator`.
pub fn count(numerator: &Dense, denominator: &Dense, work: &mut Work) -> Result<RootCount, Stop> {
    let mut polynomial = trimmed(numerator.clone());
    if polynomial.len() < 2 {
        return Ok(RootCount { all: 0, real: 0, positive: 0, negative: 0 });
    }
    loop {
        let common = gcd(&polynomial, denominator, work)?;
        if common.len() < 2 {
            break;
        }
        polynomial = divided(&polynomial, &common, work)?.0;
    }
    let derivative = derivative(&polynomial);
    let repeated = gcd(&polynomial, &derivative, work)?;
    let free = divided(&polynomial, &repeated, work)?.0;
    let chain = sturm_chain(&free, work)?;
    let (low, zero, high) = (
        changes(chain.iter().map(|one| sign_at_infinity(one, true))),
        changes(chain.iter().map(|one| one.first().map_or(0, sign))),
        changes(chain.iter().map(|one| sign_at_infinity(one, false))),
    );
    let at_zero = usize::from(free.first().is_some_and(RBig::is_zero));
    Ok(RootCount {
        all: free.len().saturating_sub(1),
        real: low.saturating_sub(high),
        positive: zero.saturating_sub(high),
        negative: low.saturating_sub(zero).saturating_sub(at_zero),
    })
}

fn trimmed(mut polynomial: Dense) -> Dense {
    while polynomial.last().is_some_and(RBig::is_zero) {
        polynomial.pop();
    }
    polynomial
}

fn derivative(polynomial: &Dense) -> Dense {
    polynomial.iter().enumerate().skip(1).map(|(power, value)| value * RBig::from(power)).collect()
}

/// Quotient and remainder.
fn divided(dividend: &Dense, divisor: &Dense, work: &mut Work) -> Result<(Dense, Dense), Stop> {
    let divisor = trimmed(divisor.clone());
    let Some(leading) = divisor.last() else { return Err(Stop::Undefined) };
    let mut rest = trimmed(dividend.clone());
    let mut quotient = vec![RBig::ZERO; rest.len().saturating_sub(divisor.len() - 1)];
    while rest.len() >= divisor.len() {
        let shift = rest.len() - divisor.len();
        let Some(factor) = rest.last().map(|top| top / leading) else { break };
        work.spend(divisor.len() * (1 + crate::canonical::bits(&factor) / 128))?;
        for (value, slot) in divisor.iter().zip(rest.iter_mut().skip(shift)) {
            *slot -= value * &factor;
        }
        if let Some(slot) = quotient.get_mut(shift) {
            *slot = factor;
        }
        rest.pop();
        rest = trimmed(rest);
    }
    Ok((quotient, rest))
}

fn gcd(left: &Dense, right: &Dense, work: &mut Work) -> Result<Dense, Stop> {
    let (mut left, mut right) = (trimmed(left.clone()), trimmed(right.clone()));
    while !right.is_empty() {
        let rest = divided(&left, &right, work)?.1;
        left = std::mem::replace(&mut right, monic(rest));
    }
    Ok(left)
}

fn monic(polynomial: Dense) -> Dense {
    let Some(leading) = polynomial.last().cloned() else { return polynomial };
    polynomial.into_iter().map(|value| value / &leading).collect()
}

fn sturm_chain(polynomial: &Dense, work: &mut Work) -> Result<Vec<Dense>, Stop> {
    let mut chain = vec![polynomial.clone(), derivative(polynomial)];
    while let [.., before, last] = chain.as_slice()
        && last.len() > 1
    {
        let rest = divided(before, last, work)?.1;
        if rest.is_empty() {
            break;
        }
        chain.push(rest.into_iter().map(|value| -value).collect());
    }
    Ok(chain)
}

fn sign(value: &RBig) -> i8 {
    if value.is_zero() {
        0
    } else if value.is_negative() {
        -1
    } else {
        1
    }
}

fn sign_at_infinity(polynomial: &Dense, negative: bool) -> i8 {
    let leading = polynomial.last().map_or(0, sign);
    if negative && polynomial.len().is_multiple_of(2) { -leading } else { leading }
}

fn changes(signs: impl Iterator<Item = i8>) -> usize {
    let mut last = 0;
    let mut count = 0;
    for sign in signs.filter(|sign| *sign != 0) {
        count += usize::from(last != 0 && sign != last);
        last = sign;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(coefficients: &[i32]) -> RootCount {
        let polynomial = coefficients.iter().map(|value| RBig::from(*value)).collect();
        count(&polynomial, &vec![RBig::ONE], &mut Work::new(100_000)).unwrap()
    }

    #[test]
    fn roots_are_counted_once_each() {
        assert_eq!(counted(&[6, -5, 1]), RootCount { all: 2, real: 2, positive: 2, negative: 0 });
        assert_eq!(counted(&[1, -2, 1]), RootCount { all: 1, real: 1, positive: 1, negative: 0 });
        assert_eq!(counted(&[1, 0, 1]), RootCount { all: 2, real: 0, positive: 0, negative: 0 });
        assert_eq!(counted(&[0, -1, 0, 1]), RootCount { all: 3, real: 3, positive: 1, negative: 1 });
        assert_eq!(counted(&[-8, 0, 0, 1]), RootCount { all: 3, real: 1, positive: 1, negative: 0 });
    }

    #[test]
    fn a_root_of_the_denominator_is_none() {
        let polynomial = [2, -3, 1].map(RBig::from).to_vec();
        let denominator = [-1, 1].map(RBig::from).to_vec();
        let found = count(&polynomial, &denominator, &mut Work::new(100_000)).unwrap();
        assert_eq!(found, RootCount { all: 1, real: 1, positive: 1, negative: 0 });
    }
}
