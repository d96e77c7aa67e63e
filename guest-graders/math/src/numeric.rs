//! Tests equality at sample points: doubles with error bounds refute, two precisions confirm.

use dashu_base::Signed;
use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

use crate::arithmetic::{Arithmetic, Doubles, Floats};
use crate::tree::{Expression, Function, Series};
use crate::work::{Stop, Work};

/// What the numeric test found.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The values agree at every point and in both precisions.
    Equal,
    /// They differ at a point; the values of the symbols there.
    Different(Vec<(String, RBig)>),
    Unknown(Stop),
}

/// Bits of the two precisions that must agree.
const PRECISIONS: [usize; 2] = [192, 384];
/// Bits that rounding and cancellation may cost.
const SLACK: f64 = 92.0;
const POINTS: usize = 10;
const CONFIRMED_POINTS: usize = 3;

/// Whether `left` and `right` have the same value wherever both are real (or, if nowhere, complex).
pub fn compare(left: &Expression, right: &Expression, work: &mut Work) -> Finding {
    let mut names = left.symbols();
    names.extend(right.symbols());
    names.sort();
    names.dedup();
    let whole = wants_whole_numbers(left) || wants_whole_numbers(right);
    let points = if names.is_empty() { 1 } else { POINTS };
    let (mut real, mut complex, mut last_stop) = (Vec::new(), Vec::new(), Stop::Undefined);
    for number in 0..points {
        let point = sample(&names, number, whole);
        match refuted(left, right, &point, work) {
            Ok((true, true)) => return Finding::Different(point),
            Ok((false, true)) => real.push(point),
            Ok((differ, false)) => complex.push((point, differ)),
            Err(stop) => last_stop = stop,
        }
        if work.spend(1).is_err() {
            return Finding::Unknown(Stop::TooLarge);
        }
    }
    if real.is_empty() {
        if let Some((point, _)) = complex.iter().find(|(_, differ)| *differ) {
            return Finding::Different(point.clone());
        }
        real = complex.into_iter().map(|(point, _)| point).collect();
    }
    let needed = points.min(CONFIRMED_POINTS);
    if real.len() < needed {
        return Finding::Unknown(last_stop);
    }
    spread(real, needed)
        .iter()
        .map(|point| confirm(left, right, point, work))
        .find(|finding| *finding != Finding::Equal)
        .unwrap_or(Finding::Equal)
}

/// `count` of the points, from both ends of the list: positive ones come first, signed ones last.
fn spread(mut points: Vec<Vec<(String, RBig)>>, count: usize) -> Vec<Vec<(String, RBig)>> {
    while points.len() > count {
        points.remove(points.len() / 2);
    }
    points
}

/// Whether the doubles prove a difference, and whether both values are real.
fn refuted(
    left: &Expression,
    right: &Expression,
    point: &[(String, RBig)],
    work: &mut Work,
) -> Result<(bool, bool), Stop> {
    let mut doubles = Doubles;
    let mut evaluator = Evaluator { arithmetic: &mut doubles, point, work, peak: f64::NEG_INFINITY };
    let left = evaluator.value(left)?;
    let right = evaluator.value(right)?;
    let real = left.imaginary.is_none() && right.imaginary.is_none();
    let difference = evaluator.subtract(&left, &right)?;
    let apart = |part: &crate::arithmetic::Ball| part.value.abs() > 2.0 * part.error;
    Ok((apart(&difference.real) || difference.imaginary.as_ref().is_some_and(apart), real))
}

fn confirm(left: &Expression, right: &Expression, point: &[(String, RBig)], work: &mut Work) -> Finding {
    let mut relative = Vec::new();
    for precision in PRECISIONS {
        match relative_difference(left, right, point, precision, work) {
            Ok(bits) => relative.push(bits),
            Err(stop) => return Finding::Unknown(stop),
        }
    }
    let vanishes = |at: usize| {
        let precision = u32::try_from(PRECISIONS.get(at).copied().unwrap_or_default()).map_or(0.0, f64::from);
        relative.get(at).is_some_and(|bits| *bits < -(precision - SLACK))
    };
    match (vanishes(0), vanishes(1)) {
        (true, true) => Finding::Equal,
        (_, false) => {
            let steady =
                relative.first().zip(relative.get(1)).is_some_and(|(first, second)| (first - second).abs() < 2.0);
            if steady { Finding::Different(point.to_vec()) } else { Finding::Unknown(Stop::TooLarge) }
        }
        (false, true) => Finding::Unknown(Stop::TooLarge),
    }
}

/// Base-two logarithm of the difference, relative to the largest value on the way.
fn relative_difference(
    left: &Expression,
    right: &Expression,
    point: &[(String, RBig)],
    precision: usize,
    work: &mut Work,
) -> Result<f64, Stop> {
    let mut floats = Floats::new(precision);
    let mut evaluator = Evaluator { arithmetic: &mut floats, point, work, peak: f64::NEG_INFINITY };
    let left = evaluator.value(left)?;
    let right = evaluator.value(right)?;
    let scale = evaluator.peak.max(evaluator.magnitude(&left)).max(evaluator.magnitude(&right));
    let difference = evaluator.subtract(&left, &right)?;
    let size = evaluator.magnitude(&difference);
    Ok(if size == f64::NEG_INFINITY { size } else { size - scale })
}

/// A double near the real value of a constant.
pub fn approximate(expression: &Expression, work: &mut Work) -> Option<f64> {
    let mut doubles = Doubles;
    let mut evaluator = Evaluator { arithmetic: &mut doubles, point: &[], work, peak: f64::NEG_INFINITY };
    let value = evaluator.value(expression).ok()?;
    (value.imaginary.is_none() && value.real.error <= value.real.value.abs() * 1e-9 + 1e-300)
        .then_some(value.real.value)
}

/// The sign of a real constant, if it is certain: by doubles with bounds, else far above the rounding of long floats.
pub fn sign(expression: &Expression, work: &mut Work) -> Option<i8> {
    let mut doubles = Doubles;
    let mut evaluator = Evaluator { arithmetic: &mut doubles, point: &[], work, peak: f64::NEG_INFINITY };
    let value = evaluator.value(expression).ok()?;
    if value.imaginary.is_some() {
        return None;
    }
    if let Ok(sign) = doubles.sign(&value.real) {
        return Some(sign);
    }
    let mut floats = Floats::new(PRECISIONS[0]);
    let mut evaluator = Evaluator { arithmetic: &mut floats, point: &[], work, peak: 0.0 };
    let value = evaluator.value(expression).ok()?;
    let certain = value.imaginary.is_none() && evaluator.magnitude(&value) > evaluator.peak - SLACK;
    if certain { floats.sign(&value.real).ok() } else { None }
}

fn wants_whole_numbers(expression: &Expression) -> bool {
    expression.any(&|part| {
        let whole_function =
            |function: &Function| matches!(function, Function::Factorial | Function::Binomial | Function::Modulo);
        matches!(part, Expression::Series(_))
            || matches!(part, Expression::Call(function, _) if whole_function(function))
            || matches!(part, Expression::Power(base, exponent)
                if **base == Expression::integer(-1) && !exponent.symbols().is_empty())
    })
}

/// Values for the symbols: the first points positive, the later ones of either sign, or whole numbers.
fn sample(names: &[String], number: usize, whole: bool) -> Vec<(String, RBig)> {
    names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ ((number as u64) << 32) ^ ((place as u64) << 16);
            for byte in name.bytes() {
                state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            state ^= state >> 29;
            state = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            state ^= state >> 32;
            let value = if whole {
                RBig::from(state % 9 + 2 + number as u64)
            } else {
                let top = i64::try_from(state % 2_903).unwrap_or_default() + 307;
                let negative = number >= 5 && (state >> 40) & 1 == 1;
                RBig::from_parts(IBig::from(if negative { -top } else { top }), UBig::from(997u16))
            };
            (name.clone(), value)
        })
        .collect()
}

/// A complex number; no imaginary part means that it is real.
#[derive(Clone)]
struct Complex<R> {
    real: R,
    imaginary: Option<R>,
}

struct Evaluator<'a, A: Arithmetic> {
    arithmetic: &'a mut A,
    point: &'a [(String, RBig)],
    work: &'a mut Work,
    /// Base-two logarithm of the largest term of a sum so far.
    peak: f64,
}

type Value<A> = Result<Complex<<A as Arithmetic>::Real>, Stop>;

impl<A: Arithmetic> Evaluator<'_, A> {
    fn value(&mut self, expression: &Expression) -> Value<A> {
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

    fn transcendental<T>(&mut self, apply: impl FnOnce(&mut A) -> Result<T, Stop>) -> Result<T, Stop> {
        self.work.spend(A::COSTS.1)?;
        apply(self.arithmetic)
    }

    fn rational(&mut self, value: &RBig) -> Value<A> {
        Ok(real(self.arithmetic.rational(value)?))
    }

    fn magnitude(&self, value: &Complex<A::Real>) -> f64 {
        let imaginary = value.imaginary.as_ref().map_or(f64::NEG_INFINITY, |part| self.arithmetic.magnitude(part));
        self.arithmetic.magnitude(&value.real).max(imaginary)
    }

    fn add(&mut self, left: &Complex<A::Real>, right: &Complex<A::Real>) -> Value<A> {
        let real = self.arithmetic.add(&left.real, &right.real)?;
        let imaginary = match (&left.imaginary, &right.imaginary) {
            (Some(left), Some(right)) => Some(self.arithmetic.add(left, right)?),
            (part, None) | (None, part) => part.clone(),
        };
        Ok(Complex { real, imaginary })
    }

    fn subtract(&mut self, left: &Complex<A::Real>, right: &Complex<A::Real>) -> Value<A> {
        let negative = Complex {
            real: self.arithmetic.negate(&right.real),
            imaginary: right.imaginary.as_ref().map(|part| self.arithmetic.negate(part)),
        };
        self.add(left, &negative)
    }

    fn multiply(&mut self, left: &Complex<A::Real>, right: &Complex<A::Real>) -> Value<A> {
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

    fn inverse(&mut self, value: &Complex<A::Real>) -> Value<A> {
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

    fn power(&mut self, base: &Expression, exponent: &Expression) -> Value<A> {
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

    fn subtract_from_zero(&mut self, value: &Complex<A::Real>) -> Value<A> {
        let zero = self.rational(&RBig::ZERO)?;
        self.subtract(&zero, value)
    }

    fn whole_power(&mut self, value: &Complex<A::Real>, count: i64) -> Value<A> {
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

    fn square_root(&mut self, value: &A::Real) -> Value<A> {
        self.work.spend(A::COSTS.0 * 4)?;
        if self.arithmetic.sign(value)? >= 0 {
            return Ok(real(self.arithmetic.sqrt(value)?));
        }
        let positive = self.arithmetic.negate(value);
        let root = self.arithmetic.sqrt(&positive)?;
        Ok(Complex { real: self.arithmetic.rational(&RBig::ZERO)?, imaginary: Some(root) })
    }

    fn complex_exponential(&mut self, value: &Complex<A::Real>) -> Value<A> {
        let size = self.transcendental(|arithmetic| arithmetic.exp(&value.real))?;
        let Some(angle) = &value.imaginary else { return Ok(real(size)) };
        let (height, width) = self.transcendental(|arithmetic| arithmetic.sin_cos(angle))?;
        Ok(Complex {
            real: self.arithmetic.multiply(&size, &width)?,
            imaginary: Some(self.arithmetic.multiply(&size, &height)?),
        })
    }

    fn complex_logarithm(&mut self, value: &Complex<A::Real>) -> Value<A> {
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

    fn call(&mut self, function: &Function, arguments: &[Expression]) -> Value<A> {
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

    fn real_call(&mut self, function: &Function, value: &A::Real) -> Value<A> {
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

    fn hyperbolic(&mut self, function: &Function, value: &A::Real) -> Value<A> {
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
    fn call_of_several(&mut self, function: &Function, arguments: &[Expression]) -> Value<A> {
        let mut call = Expression::Call(function.clone(), arguments.to_vec());
        for (name, value) in self.point {
            call = call.substitute(name, &Expression::Number(value.clone()));
        }
        self.exact(&call)
    }

    fn exact(&mut self, expression: &Expression) -> Value<A> {
        let mut field = crate::canonical::Field::default();
        let form = field.canonical(expression, self.work)?;
        let value = crate::canonical::as_number(&form).ok_or(Stop::Unsupported)?;
        self.rational(&value)
    }

    fn series(&mut self, series: &Series) -> Value<A> {
        let mut whole = Expression::Series(Box::new(series.clone()));
        for (name, value) in self.point.iter().filter(|(name, _)| *name != series.index) {
            whole = whole.substitute(name, &Expression::Number(value.clone()));
        }
        self.exact(&whole)
    }
}

fn real<R>(real: R) -> Complex<R> {
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
