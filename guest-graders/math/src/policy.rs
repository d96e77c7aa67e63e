//! What counts as the same answer where usage differs: named policies, all symmetric.

/// The conventions that a comparison follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub percent: Percent,
    pub units: Units,
    /// A decimal stands for an exact value that it is rounded or cut off from, when it has at least this many
    /// significant digits; 0 refuses all rounded values.
    pub rounded_digits: u32,
    /// Relative difference up to which two numbers count as equal; 0 asks for equality.
    pub relative_tolerance: f64,
    /// Whether lists without brackets must be in the same order.
    pub ordered_lists: bool,
}

/// How `28%` compares with a number without the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Percent {
    /// With both 28 and 0.28.
    Either,
    /// With 28 only.
    Dropped,
    /// With 0.28 only.
    Hundredth,
}

/// How units compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// A side may leave its unit out; two known units must agree, after conversion.
    Optional,
    /// Units are dropped on both sides.
    Ignored,
    /// Both sides must have a unit, or neither.
    Required,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            percent: Percent::Either,
            units: Units::Optional,
            rounded_digits: 6,
            relative_tolerance: 0.0,
            ordered_lists: false,
        }
    }
}
