//! The parameters of the grader, as users write them.

use gradebox_sdk::GradeError;

use crate::policy::{Percent, Policy, Units};

/// What counts as the same answer where usage differs. Every policy holds for both sides alike.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Params {
    /// Whether `28%` equals 28, 0.28 or either of them.
    pub percent: PercentParam,
    /// Whether a unit may be left out (`optional`: two known units must still agree), is `ignored`, or is `required`
    /// on both sides or neither.
    pub units: UnitsParam,
    /// A decimal is taken for the exact value that it is rounded or cut off from, if it has at least this many
    /// significant digits: with 6, 0.333333 equals 1/3 and 0.333 does not. 0 refuses all rounding.
    pub rounded_digits: u32,
    /// Relative difference up to which two numbers count as equal; 0 asks for equality.
    pub relative_tolerance: f64,
    /// Whether lists without brackets, such as `1, 2`, must be in the same order.
    pub ordered_lists: bool,
}

/// How percentages compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PercentParam {
    /// `28%` equals 28 and 0.28.
    Either,
    /// `28%` equals 28 only.
    Dropped,
    /// `28%` equals 0.28 only.
    Hundredth,
}

/// How units compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitsParam {
    Optional,
    Ignored,
    Required,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            percent: PercentParam::Either,
            units: UnitsParam::Optional,
            rounded_digits: 6,
            relative_tolerance: 0.0,
            ordered_lists: false,
        }
    }
}

impl Params {
    /// The policy that these parameters ask for.
    pub fn policy(&self) -> Result<Policy, GradeError> {
        if !(0.0..1.0).contains(&self.relative_tolerance) {
            return Err(GradeError::invalid_params("relative-tolerance", "must be at least 0 and less than 1"));
        }
        Ok(Policy {
            percent: match self.percent {
                PercentParam::Either => Percent::Either,
                PercentParam::Dropped => Percent::Dropped,
                PercentParam::Hundredth => Percent::Hundredth,
            },
            units: match self.units {
                UnitsParam::Optional => Units::Optional,
                UnitsParam::Ignored => Units::Ignored,
                UnitsParam::Required => Units::Required,
            },
            rounded_digits: self.rounded_digits,
            relative_tolerance: self.relative_tolerance,
            ordered_lists: self.ordered_lists,
        })
    }
}
