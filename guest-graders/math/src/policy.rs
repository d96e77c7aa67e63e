//! What counts as the same answer where usage differs: named policies, symmetric unless their name says otherwise.

/// The conventions that a comparison follows.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a convention of its own, named as users name it")]
pub struct Policy {
    pub percent: Percent,
    pub units: Units,
    pub rounding: Rounding,
    /// Relative difference up to which two numbers count as equal; 0 asks for equality.
    pub relative_tolerance: f64,
    /// Whether lists without brackets must be in the same order.
    pub ordered_lists: bool,
    pub tuple_as_set: TupleAsSet,
    /// Whether a list or set that holds some of the expected items, and no others, is enough.
    pub subset: bool,
    /// Whether an inequality may be answered for an interval.
    pub inequality_for_interval: bool,
    /// Whether answers may differ in the names of their variables.
    pub renamed_variables: bool,
    pub search: Search,
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

/// When a decimal stands for the exact value that it is rounded or cut off from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    Never,
    /// From this many significant digits.
    Digits(u32),
    /// From this many places after the point.
    Places(u32),
}

/// How a tuple compares with a set or a list of the same items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TupleAsSet {
    /// They are equal when the items are in the same order.
    InOrder,
    /// They are equal whatever the order.
    AnyOrder,
    Different,
}

/// Where the final answer is looked for in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Only in boxes and formulas, never in plain words.
    pub formulas_only: bool,
    /// In the last box before "the final answer is".
    pub boxes_first: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self { formulas_only: false, boxes_first: true }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            percent: Percent::Either,
            units: Units::Optional,
            rounding: Rounding::Digits(6),
            relative_tolerance: 0.0,
            ordered_lists: false,
            tuple_as_set: TupleAsSet::InOrder,
            subset: false,
            inequality_for_interval: true,
            renamed_variables: false,
            search: Search::default(),
        }
    }
}

impl Policy {
    /// The conventions that Math-Verify 0.9 fixes with its own tests.
    pub fn math_verify() -> Self {
        Self {
            percent: Percent::Dropped,
            units: Units::Ignored,
            rounding: Rounding::Places(6),
            inequality_for_interval: false,
            ..Self::default()
        }
    }
}
