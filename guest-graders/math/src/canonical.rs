//! Canonical form: quotients of polynomials with rational coefficients over symbols, radicals, π, e, i and what
//! cannot be taken apart further.
//!
//! Two expressions with the same canonical form are equal. The converse holds when `Field::is_decisive`: symbols,
//! powers of primes with fractional exponents, i, and one of π and e are independent over the rationals.

use std::collections::{BTreeMap, HashMap};

use dashu_base::{Abs, BitTest, Signed, UnsignedAbs};
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use crate::tree::{Expression, Function, Series};
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
}

const LARGEST_TRIAL_DIVISOR: u64 = 2_000;
/// Terms of the longest sum or product that is written out.
const LONGEST_SERIES: i64 = 2_000;

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
            Atom::Symbol(_) | Atom::Imaginary | Atom::Prime(_) => true,
            Atom::Pi => {
                transcendental += 1;
                true
            }
            Atom::Exponential(monomial) => {
                transcendental += 1;
                monomial.is_empty()
            }
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
                work.spend(1 + (bits(left_value) + bits(right_value)) / 256)?;
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

    fn power(&mut self, base: &Quotient, exponent: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
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

    fn opaque_power(&mut self, base: &Quotient, exponent: &Quotient) -> Quotient {
        self.atom(Atom::Opaque(Box::new((base.clone(), exponent.clone()))))
    }

    /// The base as powers of e, of primes, or of one symbol.
    fn exponential_base(&mut self, base: &Quotient, work: &mut Work) -> Option<Vec<(Atom, RBig)>> {
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
    fn raised(&mut self, factor: Atom, key: &Monomial, coefficient: RBig, work: &mut Work) -> Result<Quotient, Stop> {
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

    fn rational_power(&mut self, base: &Quotient, exponent: &RBig, work: &mut Work) -> Result<Quotient, Stop> {
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
    fn splits(&self, number: usize, power: &RBig) -> bool {
        match self.atoms.get(number) {
            Some(Atom::Pi | Atom::Prime(_)) => true,
            Some(Atom::Exponential(inner)) => inner.is_empty(),
            Some(Atom::Symbol(_)) => power.is_one(),
            _ => false,
        }
    }

    /// A fractional power of a polynomial; its positive content is taken out first.
    fn radicand_power(&mut self, base: &Polynomial, exponent: &RBig, work: &mut Work) -> Result<Quotient, Stop> {
        let content = content(base);
        let primitive: Polynomial = base.iter().map(|(key, value)| (key.clone(), value / &content)).collect();
        let outside = self.radical(&content, exponent, work)?;
        let number = self.number_of(Atom::Radicand(primitive));
        let numerator = self.settled(vec![(number, exponent.clone())], RBig::ONE, work)?;
        self.multiply(&outside, &Quotient { numerator, denominator: one() }, work)
    }

    fn integer_power(&mut self, base: &Quotient, exponent: &IBig, work: &mut Work) -> Result<Quotient, Stop> {
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
        let mut total = constant(RBig::ONE);
        for _ in 0..count {
            work.spend(1)?;
            total = self.multiply(&total, base, work)?;
        }
        Ok(total)
    }

    /// A fractional power of a rational number. Odd roots of negative numbers are real; square roots bring in i.
    fn radical(&mut self, base: &RBig, exponent: &RBig, work: &mut Work) -> Result<Quotient, Stop> {
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
    fn factored(&mut self, number: &RBig, work: &mut Work) -> Result<Vec<(UBig, RBig)>, Stop> {
        let mut factors = self.factored_integer(number.numerator().clone().unsigned_abs(), 1, work)?;
        factors.extend(self.factored_integer(number.denominator().clone(), -1, work)?);
        Ok(factors)
    }

    fn factored_integer(&mut self, mut rest: UBig, sign: i32, work: &mut Work) -> Result<Vec<(UBig, RBig)>, Stop> {
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

    fn call(&mut self, function: &Function, arguments: Vec<Quotient>, work: &mut Work) -> Result<Quotient, Stop> {
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

    fn ratio(
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

    /// The logarithm of a number is the sum of its primes' logarithms; that of a power of e is its exponent.
    fn logarithm(&mut self, argument: &Quotient, work: &mut Work) -> Result<Quotient, Stop> {
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

    /// A sum or product with whole bounds, written out; any other keeps its parts.
    fn series(&mut self, series: &Series, work: &mut Work) -> Result<Quotient, Stop> {
        let from = self.canonical(&series.from, work)?;
        let to = self.canonical(&series.to, work)?;
        let bounds = as_number(&from).zip(as_number(&to));
        let Some((from_value, to_value)) = bounds else {
            let body = self.canonical(&series.body, work)?;
            let name = format!("{} over {}", if series.product { "product" } else { "sum" }, series.index);
            return Ok(self.atom(Atom::Call(Function::Named(name), vec![from, to, body])));
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

fn monomial(key: Monomial, value: RBig) -> Quotient {
    let mut numerator = Polynomial::new();
    add_term(&mut numerator, key, value);
    Quotient { numerator, denominator: one() }
}

fn one() -> Polynomial {
    Polynomial::from([(Vec::new(), RBig::ONE)])
}

fn is_one(polynomial: &Polynomial) -> bool {
    polynomial.len() == 1 && polynomial.iter().all(|(key, value)| key.is_empty() && value.is_one())
}

fn is_negative(quotient: &Quotient) -> bool {
    quotient.numerator.values().next_back().is_some_and(dashu_base::Signed::is_negative)
}

fn single_term(quotient: &Quotient) -> Option<(Monomial, RBig)> {
    let mut terms = quotient.numerator.iter();
    let (key, value) = terms.next()?;
    (terms.next().is_none() && is_one(&quotient.denominator)).then(|| (key.clone(), value.clone()))
}

fn add_term(total: &mut Polynomial, key: Monomial, value: RBig) {
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

fn plus(mut left: Polynomial, right: &Polynomial) -> Polynomial {
    for (key, value) in right {
        add_term(&mut left, key.clone(), value.clone());
    }
    left
}

fn merged(left: &Monomial, right: &Monomial) -> Monomial {
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

fn small(value: &IBig) -> Option<i64> {
    i64::try_from(value.clone()).ok()
}

/// A rational number to a whole power, within the bound on bits.
fn integer_power(base: &RBig, exponent: &IBig, work: &mut Work) -> Result<RBig, Stop> {
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

/// The positive greatest common divisor of a polynomial's coefficients.
fn content(polynomial: &Polynomial) -> RBig {
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

/// Functions of numbers whose value is a number.
fn exact_call(function: &Function, arguments: &[Quotient], work: &mut Work) -> Result<Option<RBig>, Stop> {
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

fn factorial(count: &IBig, work: &mut Work) -> Result<IBig, Stop> {
    let count = small(count).ok_or(Stop::TooLarge)?;
    if count < 0 {
        return Err(Stop::Undefined);
    }
    if count > 6_000 {
        return Err(Stop::TooLarge);
    }
    let mut product = IBig::ONE;
    for factor in 2..=count {
        work.spend(1 + product.bit_len() / 1024)?;
        product *= factor;
    }
    Ok(product)
}

fn binomial(upper: &IBig, lower: &IBig, work: &mut Work) -> Result<IBig, Stop> {
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
        work.spend(1 + product.bit_len() / 512)?;
        product = product * (upper - lower + step) / step;
    }
    Ok(product)
}
