//! Canonical form: quotients of polynomials with rational coefficients over symbols, radicals, π, e, i and what
//! cannot be taken apart further.
//!
//! Two expressions with the same canonical form are equal. The converse holds when `Field::is_decisive`: symbols,
//! powers of primes with fractional exponents, i, and one of π and e are independent over the rationals.

mod calls;
mod polynomial;
mod powers;

pub use polynomial::as_number;
pub use polynomial::bits;
pub use polynomial::constant;
use polynomial::{add_term, is_one, merged, monomial, one, plus};
use powers::{integer_power, small};
use std::collections::{BTreeMap, HashMap};

use dashu_base::Signed;
use dashu_int::UBig;
use dashu_ratio::RBig;

use crate::tree::{ELLIPSIS, Expression, Function};
use crate::work::{MAX_BITS, Stop, Work};

/// Factors with their exponents, sorted by factor; no exponent is zero.
pub type Monomial = Vec<(usize, RBig)>;

/// A sum of monomials with coefficients other than zero.
pub type Polynomial = BTreeMap<Monomial, RBig>;

/// A quotient of polynomials. The denominator is one, or has several terms and the leading coefficient one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quotient {
    pub numerator: Polynomial,
    pub denominator: Polynomial,
}

/// What a monomial is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Atom {
    Symbol(String),
    Pi,
    Imaginary,
    /// A prime, with a fractional exponent between zero and one.
    Prime(UBig),
    /// e to a monomial without coefficient; e itself has the empty monomial.
    Exponential(Monomial),
    /// A prime or symbol to a monomial without coefficient.
    Power(usize, Monomial),
    /// A polynomial, with a fractional exponent between zero and one.
    Radicand(Polynomial),
    Call(Function, Vec<Quotient>),
    /// Any other power.
    Opaque(Box<(Quotient, Quotient)>),
}

/// The atoms met so far; canonical forms of one field compare.
#[derive(Debug, Default)]
pub struct Field {
    atoms: Vec<Atom>,
    numbers: HashMap<Atom, usize>,
    /// An integer was too large to be factored.
    unfactored: bool,
    /// Series around the expression that is being brought to canonical form.
    nested_series: usize,
}

impl Field {
    /// The canonical form of `expression`.
    pub fn canonical(&mut self, expression: &Expression, work: &mut Work) -> Result<Quotient, Stop> {
        work.spend(1)?;
        match expression {
            Expression::Number(value) | Expression::Decimal { value, .. } => Ok(constant(value.clone())),
            Expression::Symbol(name) => Ok(self.atom(Atom::Symbol(name.clone()))),
            Expression::Pi => Ok(self.atom(Atom::Pi)),
            Expression::Euler => Ok(self.atom(Atom::Exponential(Vec::new()))),
            Expression::Imaginary => Ok(self.atom(Atom::Imaginary)),
            Expression::Sum(parts) => {
                let mut total = constant(RBig::ZERO);
                for part in parts {
                    let part = self.canonical(part, work)?;
                    total = self.add(total, &part, work)?;
                }
                Ok(total)
            }
            Expression::Product(parts) => {
                let mut total = constant(RBig::ONE);
                for part in parts {
                    let part = self.canonical(part, work)?;
                    total = self.multiply(&total, &part, work)?;
                }
                Ok(total)
            }
            Expression::Power(base, exponent) => {
                let base = self.canonical(base, work)?;
                let exponent = self.canonical(exponent, work)?;
                self.power(&base, &exponent, work)
            }
            Expression::Call(function, arguments) => {
                let arguments =
                    arguments.iter().map(|part| self.canonical(part, work)).collect::<Result<Vec<_>, _>>()?;
                self.call(function, arguments, work)
            }
            Expression::Series(series) => self.series(series, work),
            Expression::Infinity | Expression::PlusMinus(..) | Expression::Matrix(_) => Err(Stop::Unsupported),
        }
    }

    /// Whether two forms of this field that differ are different values.
    pub fn is_decisive(&self) -> bool {
        let mut transcendental = 0;
        let plain = self.atoms.iter().all(|atom| match atom {
            Atom::Symbol(name) => name != ELLIPSIS,
            Atom::Imaginary | Atom::Prime(_) => true,
            Atom::Pi => {
                transcendental += 1;
                true
            }
            Atom::Exponential(monomial) => {
                transcendental += 1;
                monomial.is_empty()
            }
            Atom::Call(Function::Named(name), _) => is_free(name),
            _ => false,
        });
        plain && transcendental <= 1 && !self.unfactored
    }

    /// The names of the symbols in `quotient`, when it is a polynomial in them with whole exponents and nothing else.
    pub fn symbol_of(&self, atom: usize) -> Option<&str> {
        match self.atoms.get(atom) {
            Some(Atom::Symbol(name)) => Some(name),
            _ => None,
        }
    }

    pub fn add(&mut self, left: Quotient, right: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
        if left.denominator == right.denominator {
            work.spend(right.numerator.len())?;
            let numerator = plus(left.numerator, &right.numerator);
            return self.quotient(numerator, left.denominator, work);
        }
        let first = self.times(&left.numerator, &right.denominator, work)?;
        let second = self.times(&right.numerator, &left.denominator, work)?;
        let denominator = self.times(&left.denominator, &right.denominator, work)?;
        self.quotient(plus(first, &second), denominator, work)
    }

    pub fn subtract(&mut self, left: &Quotient, right: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
        let negative = self.multiply(right, &constant(RBig::from(-1)), work)?;
        self.add(left.clone(), &negative, work)
    }

    pub fn multiply(&mut self, left: &Quotient, right: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
        let numerator = self.times(&left.numerator, &right.numerator, work)?;
        let denominator = if is_one(&right.denominator) {
            left.denominator.clone()
        } else {
            self.times(&left.denominator, &right.denominator, work)?
        };
        self.quotient(numerator, denominator, work)
    }

    fn invert(&mut self, value: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
        if value.numerator.is_empty() {
            return Err(Stop::Undefined);
        }
        self.quotient(value.denominator.clone(), value.numerator.clone(), work)
    }

    fn number_of(&mut self, atom: Atom) -> usize {
        if let Some(number) = self.numbers.get(&atom) {
            return *number;
        }
        let number = self.atoms.len();
        self.atoms.push(atom.clone());
        self.numbers.insert(atom, number);
        number
    }

    fn atom(&mut self, atom: Atom) -> Quotient {
        let number = self.number_of(atom);
        monomial(vec![(number, RBig::ONE)], RBig::ONE)
    }

    /// A denominator of one term moves up; a longer one gets the leading coefficient one.
    fn quotient(&mut self, numerator: Polynomial, denominator: Polynomial, work: &mut Work) -> Result<Quotient, Stop> {
        if denominator.is_empty() {
            return Err(Stop::Undefined);
        }
        if numerator.is_empty() || is_one(&denominator) || numerator == denominator {
            let numerator = if numerator == denominator { one() } else { numerator };
            return Ok(Quotient { numerator, denominator: one() });
        }
        let Some((leading, coefficient)) = denominator.iter().next_back() else { return Err(Stop::Undefined) };
        if denominator.len() == 1 {
            let inverse: Monomial = leading.iter().map(|(atom, exponent)| (*atom, -exponent.clone())).collect();
            let inverse = Polynomial::from([(inverse, RBig::ONE / coefficient)]);
            return Ok(Quotient { numerator: self.times(&numerator, &inverse, work)?, denominator: one() });
        }
        if coefficient.is_one() {
            return Ok(Quotient { numerator, denominator });
        }
        work.spend(numerator.len() + denominator.len())?;
        let scale = RBig::ONE / coefficient;
        let scaled =
            |polynomial: Polynomial| polynomial.into_iter().map(|(key, value)| (key, value * &scale)).collect();
        Ok(Quotient { numerator: scaled(numerator), denominator: scaled(denominator) })
    }

    fn times(&mut self, left: &Polynomial, right: &Polynomial, work: &mut Work) -> Result<Polynomial, Stop> {
        if is_one(right) {
            return Ok(left.clone());
        }
        if is_one(left) {
            return Ok(right.clone());
        }
        let mut total = Polynomial::new();
        for (left_key, left_value) in left {
            for (right_key, right_value) in right {
                work.spend(3 + left_key.len() + right_key.len() + (bits(left_value) + bits(right_value)) / 64)?;
                let value = left_value * right_value;
                if bits(&value) > MAX_BITS {
                    return Err(Stop::TooLarge);
                }
                for (key, value) in self.settled(merged(left_key, right_key), value, work)? {
                    add_term(&mut total, key, value);
                }
            }
        }
        Ok(total)
    }

    /// A term with the powers of i, of primes and of radicands brought to their normal range.
    fn settled(&mut self, mut key: Monomial, mut value: RBig, work: &mut Work) -> Result<Polynomial, Stop> {
        let mut expand = None;
        for (number, exponent) in &mut key {
            let whole = exponent.floor();
            match self.atoms.get(*number) {
                Some(Atom::Imaginary) if exponent.is_int() => {
                    let turns = small(&whole).ok_or(Stop::TooLarge)?.rem_euclid(4);
                    *exponent = RBig::from(turns % 2);
                    if turns >= 2 {
                        value = -value;
                    }
                }
                Some(Atom::Prime(prime)) if !whole.is_zero() => {
                    value *= integer_power(&RBig::from(prime.clone()), &whole, work)?;
                    *exponent -= RBig::from(whole);
                }
                Some(Atom::Radicand(polynomial)) if whole.is_positive() && expand.is_none() => {
                    expand = Some((polynomial.clone(), small(&whole).ok_or(Stop::TooLarge)?));
                    *exponent -= RBig::from(whole);
                }
                _ => {}
            }
        }
        key.retain(|(_, exponent)| !exponent.is_zero());
        let mut total = Polynomial::from([(key, value)]);
        if let Some((polynomial, count)) = expand {
            if count > 64 {
                return Err(Stop::TooLarge);
            }
            for _ in 0..count {
                total = self.times(&total, &polynomial, work)?;
            }
        }
        Ok(total)
    }
}

/// Whether a function that only has a name is one of which nothing is known, such as `f`.
fn is_free(name: &str) -> bool {
    matches!(name.trim_end_matches('\''), "f" | "g" | "h" | "f^-1" | "g^-1" | "h^-1")
}
