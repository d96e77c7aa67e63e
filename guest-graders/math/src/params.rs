//! The parameters of the grader, as users write them.

use gradebox_sdk::GradeError;

use crate::policy::{Percent, Policy, Rounding, Search, TupleAsSet, Units};

/// What counts as the same answer where usage differs. A policy that is left out is as the preset has it.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(default, rename_all = "kebab-case")]
pub struct Params {
    /// The conventions to start from.
    pub preset: Preset,
    /// Whether `28%` equals 28, 0.28 or either of them (`either` unless set).
    pub percent: Option<PercentParam>,
    /// Whether a unit may be left out (`optional`: two known units must still agree), is `ignored`, or is `required`
    /// on both sides or neither (`optional` unless set).
    pub units: Option<UnitsParam>,
    /// A decimal is taken for the exact value that it is rounded or cut off from, if it has at least this many
    /// significant digits: with 6, 0.333333 equals 1/3 and 0.333 does not. 0 refuses all rounding (6 unless set).
    pub rounded_digits: Option<u32>,
    /// The same by places after the point instead of significant digits: with 3, 1.333 equals 4/3 and 1.33 does not.
    pub rounded_places: Option<u32>,
    /// Relative difference up to which two numbers count as equal; 0 asks for equality (0 unless set).
    pub relative_tolerance: Option<f64>,
    /// Whether lists without brackets, such as `1, 2`, must be in the same order (no unless set).
    pub ordered_lists: Option<bool>,
    /// Whether a tuple such as `(1, 3)` equals a set or list of its items: `in-order`, in `any-order`, or never
    /// (`different`); `in-order` unless set.
    pub tuple_as_set: Option<TupleAsSetParam>,
    /// Whether it is enough to give some of the items of the reference's list or set, and no others (no unless set).
    pub subset: Option<bool>,
    /// Whether the inequality `1 < x < 2` answers for the interval `(1, 2)` (yes unless set).
    pub inequality_for_interval: Option<bool>,
    /// Whether answers may differ in the names of their variables (no unless set).
    pub renamed_variables: Option<bool>,
    /// Whether answers are looked for in boxes and formulas only, never in plain words (no unless set).
    pub formulas_only: Option<bool>,
    /// Whether a box comes before "the final answer is" (yes unless set).
    pub boxes_first: Option<bool>,
}

/// The conventions to start from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Exact and symmetric.
    #[default]
    Exact,
    /// As Math-Verify has it: `28%` is 28, units are dropped, decimals are compared to six places, and an inequality
    /// does not answer for an interval.
    MathVerify,
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

/// How tuples compare with sets and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TupleAsSetParam {
    InOrder,
    AnyOrder,
    Different,
}

impl Params {
    /// The policy that these parameters ask for.
    pub fn policy(&self) -> Result<Policy, GradeError> {
        let preset = match self.preset {
            Preset::Exact => Policy::default(),
            Preset::MathVerify => Policy::math_verify(),
        };
        let tolerance = self.relative_tolerance.unwrap_or(preset.relative_tolerance);
        if !(0.0..1.0).contains(&tolerance) {
            return Err(GradeError::invalid_params("relative-tolerance", "must be at least 0 and less than 1"));
        }
        Ok(Policy {
            percent: self.percent.map_or(preset.percent, PercentParam::policy),
            units: self.units.map_or(preset.units, UnitsParam::policy),
            rounding: self.rounding(preset.rounding)?,
            relative_tolerance: tolerance,
            ordered_lists: self.ordered_lists.unwrap_or(preset.ordered_lists),
            tuple_as_set: self.tuple_as_set.map_or(preset.tuple_as_set, TupleAsSetParam::policy),
            subset: self.subset.unwrap_or(preset.subset),
            inequality_for_interval: self.inequality_for_interval.unwrap_or(preset.inequality_for_interval),
            renamed_variables: self.renamed_variables.unwrap_or(preset.renamed_variables),
            search: Search {
                formulas_only: self.formulas_only.unwrap_or(preset.search.formulas_only),
                boxes_first: self.boxes_first.unwrap_or(preset.search.boxes_first),
            },
        })
    }

    fn rounding(&self, preset: Rounding) -> Result<Rounding, GradeError> {
        match (self.rounded_digits, self.rounded_places) {
            (Some(_), Some(_)) => {
                Err(GradeError::invalid_params("rounded-places", "cannot stand beside rounded-digits; choose one"))
            }
            (Some(0), None) => Ok(Rounding::Never),
            (Some(digits), None) => Ok(Rounding::Digits(digits)),
            (None, Some(places)) => Ok(Rounding::Places(places)),
            (None, None) => Ok(preset),
        }
    }
}

impl PercentParam {
    fn policy(self) -> Percent {
        match self {
            Self::Either => Percent::Either,
            Self::Dropped => Percent::Dropped,
            Self::Hundredth => Percent::Hundredth,
        }
    }
}

impl UnitsParam {
    fn policy(self) -> Units {
        match self {
            Self::Optional => Units::Optional,
            Self::Ignored => Units::Ignored,
            Self::Required => Units::Required,
        }
    }
}

impl TupleAsSetParam {
    fn policy(self) -> TupleAsSet {
        match self {
            Self::InOrder => TupleAsSet::InOrder,
            Self::AnyOrder => TupleAsSet::AnyOrder,
            Self::Different => TupleAsSet::Different,
        }
    }
}
