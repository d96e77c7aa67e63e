//! Lists, sets and tuples: in order, or matched one to one.

use super::{Comparer, Decision};
use crate::intervals;
use crate::tree::Answer;

impl Comparer<'_> {
    pub(super) fn lists(&mut self, left: &[Answer], right: &[Answer]) -> Decision {
        let (left_names, right_names) = (distinct_names(left), distinct_names(right));
        let relations = left.iter().chain(right).any(|item| matches!(item, Answer::Relation { .. } | Answer::Chain(_)));
        if left_names.is_some() != right_names.is_some() && !relations {
            return self.in_order(&values_of(left), &values_of(right));
        }
        if self.policy.ordered_lists {
            return self.in_order(left, right);
        }
        if let (Some(mut left_names), Some(mut right_names)) = (left_names, right_names) {
            left_names.sort_unstable();
            right_names.sort_unstable();
            if left_names == right_names {
                return self.in_order(&by_name(left), &by_name(right));
            }
        }
        let plain = |items: &[Answer]| items.iter().all(|item| matches!(item, Answer::Value(_)));
        if left.len() != right.len() && plain(left) && plain(right) && !self.policy.subset {
            return count_differs(left.len(), right.len());
        }
        let same_name = shared_name(left).is_some() != shared_name(right).is_some();
        if same_name {
            self.matched(&values_of(left), &values_of(right), true)
        } else {
            self.matched(left, right, true)
        }
    }

    pub(super) fn tuples(&mut self, left: &Answer, right: &Answer) -> Decision {
        let (
            Answer::Tuple { items: one, left_closed: first_left, right_closed: first_right },
            Answer::Tuple { items: other, left_closed: second_left, right_closed: second_right },
        ) = (left, right)
        else {
            return Decision::different();
        };
        let mixed = first_left != first_right || second_left != second_right;
        let decision = self.in_order(one, other);
        let same_brackets = first_left == second_left && first_right == second_right;
        if decision == Decision::Equal && !same_brackets && (one.len() == 2 || mixed) {
            // An end at infinity belongs to no interval, whatever its bracket.
            if let (Some(left), Some(right)) =
                (intervals::real_set(left, self.work), intervals::real_set(right, self.work))
            {
                return intervals::compare(&left, &right, self.policy, self.work);
            }
            return Decision::Different("the brackets differ: an end belongs to one of the intervals only".to_owned());
        }
        decision
    }

    pub(super) fn in_order(&mut self, left: &[Answer], right: &[Answer]) -> Decision {
        if left.len() != right.len() {
            return count_differs(left.len(), right.len());
        }
        let mut decisions = Vec::new();
        for (place, (left, right)) in left.iter().zip(right).enumerate() {
            let decision = self.answers(left, right);
            if let Decision::Different(reason) = decision {
                let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                return Decision::Different(format!("item {} differs{reason}", place + 1));
            }
            decisions.push(decision);
        }
        Decision::all(decisions.into_iter())
    }

    /// Matches the items of both sides one to one, whatever their order; in sets, an item counts once.
    pub(super) fn matched(&mut self, left: &[Answer], right: &[Answer], once: bool) -> Decision {
        if left.len().max(right.len()) > LONGEST_LIST {
            return self.in_order(left, right);
        }
        let mut matrix: Vec<Vec<Decision>> = Vec::new();
        for one in left {
            matrix.push(right.iter().map(|other| self.answers(one, other)).collect());
        }
        let equal =
            |row: usize, column: usize| matrix.get(row).and_then(|row| row.get(column)) == Some(&Decision::Equal);
        let possible = |row: usize, column: usize| {
            matrix
                .get(row)
                .and_then(|row| row.get(column))
                .is_some_and(|found| !matches!(found, Decision::Different(_)))
        };
        if left.len() == right.len() {
            if matching(left.len(), &equal) == left.len() {
                return Decision::Equal;
            }
            if matching(left.len(), &possible) == left.len() {
                let reason = matrix.iter().flatten().find(|decision| matches!(decision, Decision::Undecided(_)));
                return reason.cloned().unwrap_or_else(|| Decision::Undecided("an item cannot be compared".to_owned()));
            }
        } else if self.policy.subset
            && !left.is_empty()
            && left.len() < right.len()
            && (0..left.len()).all(|row| (0..right.len()).any(|column| equal(row, column)))
        {
            return Decision::Equal;
        } else if once {
            let covered = (0..left.len()).all(|row| (0..right.len()).any(|column| equal(row, column)))
                && (0..right.len()).all(|column| (0..left.len()).any(|row| equal(row, column)));
            if covered {
                return Decision::Equal;
            }
            return count_differs(left.len(), right.len());
        }
        Decision::Different("the items differ".to_owned())
    }
}

/// The size of the largest one-to-one matching, by augmenting paths found without recursion.
pub(super) fn matching(size: usize, edge: &dyn Fn(usize, usize) -> bool) -> usize {
    let mut row_of: Vec<Option<usize>> = vec![None; size];
    let mut matched = 0;
    for start in 0..size {
        let mut reached_from: Vec<Option<usize>> = vec![None; size];
        let mut queue = vec![start];
        let mut free = None;
        while let (Some(row), None) = (queue.pop(), free) {
            for column in 0..size {
                if reached_from.get(column).copied().flatten().is_some() || !edge(row, column) {
                    continue;
                }
                if let Some(slot) = reached_from.get_mut(column) {
                    *slot = Some(row);
                }
                if let Some(next) = row_of.get(column).copied().flatten() {
                    queue.push(next);
                } else {
                    free = Some(column);
                    break;
                }
            }
        }
        let Some(mut column) = free else { continue };
        matched += 1;
        while let Some(row) = reached_from.get(column).copied().flatten() {
            let previous = row_of.iter().position(|owner| *owner == Some(row));
            if let Some(slot) = row_of.get_mut(column) {
                *slot = Some(row);
            }
            match previous {
                Some(next) if row != start => column = next,
                _ => break,
            }
        }
    }
    matched
}

/// The names of items that each name another thing.
pub(super) fn distinct_names(items: &[Answer]) -> Option<Vec<&str>> {
    let names = items
        .iter()
        .map(|item| match item {
            Answer::Named { name, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == names.len()).then_some(names)
}

pub(super) fn by_name(items: &[Answer]) -> Vec<Answer> {
    let mut sorted = items.to_vec();
    sorted.sort_by(|left, right| match (left, right) {
        (Answer::Named { name: left, .. }, Answer::Named { name: right, .. }) => left.cmp(right),
        _ => std::cmp::Ordering::Equal,
    });
    sorted
}

/// The one name that all items give a value for.
pub(super) fn shared_name(items: &[Answer]) -> Option<&str> {
    let mut shared = None;
    for item in items {
        let Answer::Named { name, .. } = item else { return None };
        if shared.is_some_and(|known: &str| known != name) {
            return None;
        }
        shared = Some(name.as_str());
    }
    shared
}

pub(super) fn values_of(items: &[Answer]) -> Vec<Answer> {
    items
        .iter()
        .map(|item| match item {
            Answer::Named { value, .. } => (**value).clone(),
            other => other.clone(),
        })
        .collect()
}

pub(super) fn count_differs(left: usize, right: usize) -> Decision {
    Decision::Different(format!("one has {left} items, the other {right}"))
}

/// Items of the longest list that are matched without regard to order.
pub(super) const LONGEST_LIST: usize = 100;
