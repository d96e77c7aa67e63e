//! Tests equality at sample points: doubles with error bounds refute, two precisions confirm.

mod evaluator;
mod functions;

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use evaluator::Complex;
pub use evaluator::rational_value;

use crate::arithmetic::{Arithmetic, Doubles, Floats};
use crate::tree::{ELLIPSIS, Expression, Function};
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
    if names.iter().any(|name| name == ELLIPSIS) {
        return Finding::Unknown(Stop::Unsupported);
    }
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
        .enumerate()
        .map(|(number, point)| confirm(left, right, point, number == 0, work))
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

/// Whether the difference vanishes at a point: in both precisions, or, where others have been confirmed so, in the first.
fn confirm(left: &Expression, right: &Expression, point: &[(String, RBig)], in_both: bool, work: &mut Work) -> Finding {
    let [low, high] = PRECISIONS;
    let mut difference = |precision| relative_difference(left, right, point, precision, work);
    let first = match difference(low) {
        Ok(bits) => bits,
        Err(stop) => return Finding::Unknown(stop),
    };
    let vanishes = |bits: f64, precision: usize| bits < SLACK - u32::try_from(precision).map_or(0.0, f64::from);
    if vanishes(first, low) && !in_both {
        return Finding::Equal;
    }
    let second = match difference(high) {
        Ok(bits) => bits,
        Err(stop) => return Finding::Unknown(stop),
    };
    match (vanishes(first, low), vanishes(second, high)) {
        (true, true) => Finding::Equal,
        (_, false) if (first - second).abs() < 2.0 => Finding::Different(point.to_vec()),
        _ => Finding::Unknown(Stop::TooLarge),
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

/// A double near the real value of a constant, whose sign is certain though its digits may not be.
pub(crate) fn approximate_sign(expression: &Expression, work: &mut Work) -> Option<f64> {
    let mut doubles = Doubles;
    let mut evaluator = Evaluator { arithmetic: &mut doubles, point: &[], work, peak: f64::NEG_INFINITY };
    let value = evaluator.value(expression).ok()?;
    (value.imaginary.is_none() && value.real.value.abs() > value.real.error).then_some(value.real.value)
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

struct Evaluator<'a, A: Arithmetic> {
    arithmetic: &'a mut A,
    point: &'a [(String, RBig)],
    work: &'a mut Work,
    /// Base-two logarithm of the largest term of a sum so far.
    peak: f64,
}

type Value<A> = Result<Complex<<A as Arithmetic>::Real>, Stop>;

impl<A: Arithmetic> Evaluator<'_, A> {}
