//! Decides whether what a program returned or printed is what was expected.

mod text;
mod values;

pub(crate) use text::{Likeness, compare_text, first_different_line};
pub(crate) use values::{difference, same_value};

use crate::params::{Order, OutputComparison, Params, ValueTypes};

/// What counts as the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Policy {
    pub(crate) types: ValueTypes,
    pub(crate) order: Order,
    pub(crate) ignore_case: bool,
    pub(crate) output: OutputComparison,
    pub(crate) tolerance: Tolerance,
}

/// How far a float may be from the expected number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    /// As a part of the larger of the two.
    pub(crate) relative: f64,
    /// At least so far, however small the two are.
    pub(crate) absolute: f64,
}

impl From<&Params> for Policy {
    fn from(params: &Params) -> Self {
        Self {
            types: params.value_types,
            order: params.order,
            ignore_case: params.ignore_case,
            output: params.compare_output,
            tolerance: Tolerance { relative: params.float_tolerance, absolute: params.float_absolute_tolerance },
        }
    }
}

impl Policy {
    fn same_text(self, expected: &str, found: &str) -> bool {
        expected == found || (self.ignore_case && expected.to_lowercase() == found.to_lowercase())
    }
}

impl Tolerance {
    /// As Python's `math.isclose`; `NaN` is what it expects to be.
    fn allows(self, expected: f64, found: f64) -> bool {
        if expected.is_nan() || found.is_nan() {
            return expected.is_nan() && found.is_nan();
        }
        if expected.is_infinite() || found.is_infinite() {
            return expected.total_cmp(&found).is_eq();
        }
        let allowed = self.absolute.max(self.relative * expected.abs().max(found.abs()));
        (expected - found).abs() <= allowed
    }
}

#[cfg(test)]
mod tests;
