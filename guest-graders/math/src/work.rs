//! The budget of one grade, counted in units of work rather than time, so that a verdict never depends on the machine.

/// Nested groups that the reader follows; also the bound on every recursion over a tree it made.
pub const MAX_DEPTH: usize = 200;
/// Nested sets, tuples and names that the reader follows.
pub const MAX_COLLECTIONS: usize = 50;
/// Bytes of one answer that are read as mathematics.
pub const MAX_ANSWER_BYTES: usize = 32 * 1024;
/// Digits of one number that are read as a number.
pub const MAX_DIGITS: usize = 20_000;
/// Bits of the largest integer that exact arithmetic builds.
pub const MAX_BITS: usize = 100_000;

/// Terms of the longest polynomial that a power is multiplied out to.
pub const MAX_TERMS: usize = 4_000;

/// Why a computation stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The budget of work is used up, or a number would grow past `MAX_BITS`.
    TooLarge,
    /// A division by something that is identically zero, or a function outside its domain.
    Undefined,
    /// A construction that the computation does not know.
    Unsupported,
}

/// What is left to spend. One unit is about one operation on a machine word or one term of a polynomial.
#[derive(Debug)]
pub struct Work {
    left: u64,
}

impl Work {
    pub fn new(units: u64) -> Self {
        Self { left: units }
    }

    /// Runs `attempt` with half of what is left, so that another way may still be tried after it fails.
    pub fn within_half<T>(&mut self, attempt: impl FnOnce(&mut Self) -> T) -> T {
        let mut half = Self { left: self.left / 2 };
        self.left -= half.left;
        let outcome = attempt(&mut half);
        self.left += half.left;
        outcome
    }

    /// Takes `units` from the budget.
    pub fn spend(&mut self, units: usize) -> Result<(), Stop> {
        if let Some(left) = self.left.checked_sub(units as u64) {
            self.left = left;
            Ok(())
        } else {
            self.left = 0;
            Err(Stop::TooLarge)
        }
    }
}
