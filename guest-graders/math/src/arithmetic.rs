//! Real arithmetic for numeric tests: doubles with rigorous error bounds, and floats of any precision.

use dashu_base::{Abs, BitTest, Signed};
use dashu_float::{ConstCache, Context, FBig, Repr, round::mode::HalfEven};
use dashu_int::IBig;
use dashu_ratio::RBig;

use crate::work::Stop;

/// What the evaluator needs of real numbers.
pub trait Arithmetic {
    type Real: Clone;

    /// Units of work of one addition or multiplication, and of one transcendental function.
    const COSTS: (usize, usize);

    fn rational(&mut self, value: &RBig) -> Result<Self::Real, Stop>;
    fn pi(&mut self) -> Result<Self::Real, Stop>;
    fn add(&mut self, left: &Self::Real, right: &Self::Real) -> Result<Self::Real, Stop>;
    fn multiply(&mut self, left: &Self::Real, right: &Self::Real) -> Result<Self::Real, Stop>;
    fn divide(&mut self, left: &Self::Real, right: &Self::Real) -> Result<Self::Real, Stop>;
    fn negate(&mut self, value: &Self::Real) -> Self::Real;
    fn sqrt(&mut self, value: &Self::Real) -> Result<Self::Real, Stop>;
    fn exp(&mut self, value: &Self::Real) -> Result<Self::Real, Stop>;
    fn ln(&mut self, value: &Self::Real) -> Result<Self::Real, Stop>;
    fn sin_cos(&mut self, value: &Self::Real) -> Result<(Self::Real, Self::Real), Stop>;
    fn atan2(&mut self, y: &Self::Real, x: &Self::Real) -> Result<Self::Real, Stop>;
    fn floor(&mut self, value: &Self::Real) -> Result<Self::Real, Stop>;
    /// `1`, `-1` or `0`; `Stop::Undefined` when the sign is not certain.
    fn sign(&self, value: &Self::Real) -> Result<i8, Stop>;
    /// Base-two logarithm of the absolute value, roughly; negative infinity for zero.
    fn magnitude(&self, value: &Self::Real) -> f64;
}

/// Doubles with an absolute error bound.
#[derive(Debug, Default)]
pub struct Doubles;

/// A double that is within `error` of the true value.
#[derive(Clone, Copy, Debug)]
pub struct Ball {
    pub value: f64,
    pub error: f64,
}

/// Relative error that is allowed for one operation of the platform's mathematical library.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

fn ball(value: f64, error: f64) -> Result<Ball, Stop> {
    let error = error * 1.000_001 + value.abs() * ROUNDING + f64::MIN_POSITIVE;
    if value.is_finite() && error.is_finite() { Ok(Ball { value, error }) } else { Err(Stop::TooLarge) }
}

impl Arithmetic for Doubles {
    type Real = Ball;

    const COSTS: (usize, usize) = (1, 4);

    fn rational(&mut self, value: &RBig) -> Result<Ball, Stop> {
        ball(value.to_f64().value(), 0.0)
    }

    fn pi(&mut self) -> Result<Ball, Stop> {
        ball(std::f64::consts::PI, 0.0)
    }

    fn add(&mut self, left: &Ball, right: &Ball) -> Result<Ball, Stop> {
        ball(left.value + right.value, left.error + right.error)
    }

    fn multiply(&mut self, left: &Ball, right: &Ball) -> Result<Ball, Stop> {
        let error = left.value.abs() * right.error + right.value.abs() * left.error + left.error * right.error;
        ball(left.value * right.value, error)
    }

    fn divide(&mut self, left: &Ball, right: &Ball) -> Result<Ball, Stop> {
        let least = right.value.abs() - right.error;
        if least <= 0.0 {
            return Err(Stop::Undefined);
        }
        let quotient = left.value / right.value;
        ball(quotient, (left.error + quotient.abs() * right.error) / least)
    }

    fn negate(&mut self, value: &Ball) -> Ball {
        Ball { value: -value.value, error: value.error }
    }

    fn sqrt(&mut self, value: &Ball) -> Result<Ball, Stop> {
        let least = value.value - value.error;
        if least <= 0.0 {
            return if value.value.abs() <= value.error {
                ball(0.0, (value.value.abs() + value.error).sqrt())
            } else {
                Err(Stop::Undefined)
            };
        }
        ball(value.value.sqrt(), value.error / (2.0 * least.sqrt()))
    }

    fn exp(&mut self, value: &Ball) -> Result<Ball, Stop> {
        let power = value.value.exp();
        ball(power, power * value.error.exp_m1())
    }

    fn ln(&mut self, value: &Ball) -> Result<Ball, Stop> {
        let least = value.value - value.error;
        if least <= 0.0 {
            return Err(Stop::Undefined);
        }
        ball(value.value.ln(), value.error / least + ROUNDING)
    }

    fn sin_cos(&mut self, value: &Ball) -> Result<(Ball, Ball), Stop> {
        let (sine, cosine) = value.value.sin_cos();
        Ok((ball(sine, value.error + ROUNDING)?, ball(cosine, value.error + ROUNDING)?))
    }

    fn atan2(&mut self, y: &Ball, x: &Ball) -> Result<Ball, Stop> {
        let radius = y.value.hypot(x.value) - y.error - x.error;
        if radius <= 0.0 || x.value < 0.0 && y.value.abs() <= y.error && y.error > 0.0 && y.value != 0.0 {
            return Err(Stop::Undefined);
        }
        ball(y.value.atan2(x.value), (y.error + x.error) / radius + ROUNDING)
    }

    fn floor(&mut self, value: &Ball) -> Result<Ball, Stop> {
        let (low, high) = ((value.value - value.error).floor(), (value.value + value.error).floor());
        #[expect(clippy::float_cmp, reason = "both are whole numbers")]
        if low == high { ball(low, 0.0) } else { Err(Stop::Undefined) }
    }

    fn sign(&self, value: &Ball) -> Result<i8, Stop> {
        if value.value > value.error {
            Ok(1)
        } else if value.value < -value.error {
            Ok(-1)
        } else if value.value == 0.0 && value.error <= f64::MIN_POSITIVE * 2.0 {
            Ok(0)
        } else {
            Err(Stop::Undefined)
        }
    }

    fn magnitude(&self, value: &Ball) -> f64 {
        value.value.abs().log2()
    }
}

/// Binary floats of a fixed precision.
pub struct Floats {
    context: Context<HalfEven>,
    constants: ConstCache,
    precision: usize,
}

/// A float of the base-two representation; the context holds the precision.
pub type Float = Repr<2>;

/// Arguments of exponentials and powers beyond two to this are refused.
const LARGEST_EXPONENT_BITS: f64 = 16.0;
/// Arguments of trigonometric functions beyond two to this are refused.
const LARGEST_ANGLE_BITS: f64 = 128.0;

impl Floats {
    pub fn new(precision: usize) -> Self {
        Self { context: Context::new(precision), constants: ConstCache::new(), precision }
    }
}

/// The value of a float operation; every failure ends the evaluation.
fn settled(
    result: Result<dashu_base::Approximation<FBig<HalfEven, 2>, dashu_float::round::Rounding>, dashu_float::FpError>,
) -> Result<Float, Stop> {
    match result {
        Ok(value) => {
            let repr = value.value().into_repr();
            if repr.is_infinite() { Err(Stop::Undefined) } else { Ok(repr) }
        }
        Err(dashu_float::FpError::Overflow(_) | dashu_float::FpError::Underflow(_)) => Err(Stop::TooLarge),
        Err(_) => Err(Stop::Undefined),
    }
}

impl Arithmetic for Floats {
    type Real = Float;

    const COSTS: (usize, usize) = (4, 1_500);

    fn rational(&mut self, value: &RBig) -> Result<Float, Stop> {
        if value.is_zero() {
            return Ok(Float::zero());
        }
        Ok(value.to_float::<HalfEven, 2>(self.precision).value().into_repr())
    }

    fn pi(&mut self) -> Result<Float, Stop> {
        Ok(self.context.pi::<2>(Some(&mut self.constants)).value().into_repr())
    }

    fn add(&mut self, left: &Float, right: &Float) -> Result<Float, Stop> {
        settled(self.context.add(left, right))
    }

    fn multiply(&mut self, left: &Float, right: &Float) -> Result<Float, Stop> {
        settled(self.context.mul(left, right))
    }

    fn divide(&mut self, left: &Float, right: &Float) -> Result<Float, Stop> {
        if right.significand().is_zero() {
            return Err(Stop::Undefined);
        }
        settled(self.context.div(left, right))
    }

    fn negate(&mut self, value: &Float) -> Float {
        Float::new(-value.significand().clone(), value.exponent())
    }

    fn sqrt(&mut self, value: &Float) -> Result<Float, Stop> {
        settled(self.context.sqrt(value))
    }

    fn exp(&mut self, value: &Float) -> Result<Float, Stop> {
        if self.magnitude(value) > LARGEST_EXPONENT_BITS {
            return Err(Stop::TooLarge);
        }
        settled(self.context.exp(value, Some(&mut self.constants)))
    }

    fn ln(&mut self, value: &Float) -> Result<Float, Stop> {
        if value.significand().is_zero() {
            return Err(Stop::Undefined);
        }
        settled(self.context.ln(value, Some(&mut self.constants)))
    }

    fn sin_cos(&mut self, value: &Float) -> Result<(Float, Float), Stop> {
        if self.magnitude(value) > LARGEST_ANGLE_BITS {
            return Err(Stop::TooLarge);
        }
        let (sine, cosine) = self.context.sin_cos(value, Some(&mut self.constants));
        Ok((settled(sine)?, settled(cosine)?))
    }

    fn atan2(&mut self, y: &Float, x: &Float) -> Result<Float, Stop> {
        if y.significand().is_zero() && x.significand().is_zero() {
            return Err(Stop::Undefined);
        }
        settled(self.context.atan2(y, x, Some(&mut self.constants)))
    }

    fn floor(&mut self, value: &Float) -> Result<Float, Stop> {
        if self.magnitude(value) > 4_096.0 || value.exponent() < -65_536 {
            return Err(Stop::TooLarge);
        }
        let bits = value.exponent().unsigned_abs();
        let floor = if value.exponent() >= 0 {
            value.significand().clone() << bits
        } else {
            RBig::from_parts(value.significand().clone(), dashu_int::UBig::ONE << bits).floor()
        };
        self.rational(&RBig::from(floor))
    }

    fn sign(&self, value: &Float) -> Result<i8, Stop> {
        Ok(if value.significand().is_zero() {
            0
        } else if value.significand().is_positive() {
            1
        } else {
            -1
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "a rough logarithm")]
    fn magnitude(&self, value: &Float) -> f64 {
        if value.significand().is_zero() {
            return f64::NEG_INFINITY;
        }
        let size: IBig = value.significand().clone().abs();
        size.bit_len() as f64 + value.exponent() as f64
    }
}
