//! Definitions by cases: every case of one side is one of the other.

use super::{Comparer, Decision, count_differs};
use crate::tree::Answer;

impl Comparer<'_> {
    pub(super) fn piecewise(&mut self, left: &[(Answer, Answer)], right: &[(Answer, Answer)]) -> Decision {
        if left.len() != right.len() {
            return match count_differs(left.len(), right.len()) {
                Decision::Different(reason) => Decision::Undecided(reason),
                decision => decision,
            };
        }
        let mut decisions = Vec::new();
        for (value, condition) in left {
            let mut found = None;
            for (other_value, other_condition) in right {
                if self.answers(condition, other_condition) == Decision::Equal {
                    found = Some(self.answers(value, other_value));
                    break;
                }
            }
            decisions.push(found.unwrap_or_else(|| {
                Decision::Undecided("the cases are not told apart by the same conditions".to_owned())
            }));
        }
        Decision::all(decisions.into_iter())
    }
}
