//! Looks for roots of an equation that is no polynomial, where the number of its roots is not known.

use dashu_ratio::RBig;

use crate::numeric;
use crate::relations::Relation;
use crate::tree::Expression;
use crate::work::Work;

/// Thousandths between two points, and points to either side of zero: the search covers -74 to 74.
const STEP: i64 = 247;
const POINTS: i64 = 300;
/// Relative distance within which two roots are one: the sign near a root is certain only so far.
const SAME: f64 = 1e-5;
/// Halvings of an interval in which the sign changes.
const HALVINGS: usize = 40;

/// A real root of `equation` in its one unknown that lies near none of `known`, with `wanted` its sign if that matters.
pub(crate) fn further_root(
    equation: &Relation,
    unknown: &str,
    known: &[f64],
    wanted: Option<f64>,
    work: &mut Work,
) -> Option<f64> {
    let difference = equation.left.clone().minus(equation.right.clone());
    let mut previous: Option<(f64, f64)> = None;
    for number in -POINTS..=POINTS {
        // Between the whole numbers, where answers are likely to lie themselves.
        #[expect(clippy::cast_precision_loss, reason = "far below two to the 53")]
        let here = (number * STEP + 101) as f64 / 1_000.0;
        let Some(value) = at(&difference, unknown, here, work) else {
            previous = None;
            continue;
        };
        if let Some((before, value_before)) = previous
            && (value_before < 0.0) != (value < 0.0)
            && let Some(root) = bisected(&difference, unknown, (before, value_before), here, work)
            && known.iter().all(|known| (known - root).abs() > SAME * root.abs().max(1.0))
            && wanted.is_none_or(|sign| sign * root > 0.0)
        {
            return Some(root);
        }

        previous = Some((here, value));
    }
    None
}

fn at(difference: &Expression, unknown: &str, place: f64, work: &mut Work) -> Option<f64> {
    numeric::approximate_sign(&difference.substitute(unknown, &Expression::Number(RBig::try_from(place).ok()?)), work)
}

/// The root between two points of different sign; none where the sign changes at a pole or a jump.
fn bisected(
    difference: &Expression,
    unknown: &str,
    (mut low, value_low): (f64, f64),
    mut high: f64,
    work: &mut Work,
) -> Option<f64> {
    let mut size = value_low.abs();
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        let Some(value) = at(difference, unknown, middle, work) else {
            // No sign is certain this near to a root.
            return (size < value_low.abs() * 1e-3 + 1e-9).then_some(middle);
        };
        size = value.abs();
        if (value < 0.0) == (value_low < 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    (size < value_low.abs() * 1e-3 + 1e-9).then(|| f64::midpoint(low, high))
}
