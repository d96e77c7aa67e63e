//! The comparison at the end: a judge that orders responses chooses among attempts that the graders hold equal.

use serde_json::Value;

use crate::{
    panel::Grade,
    sample::Columns,
    score::{Outcome, Ranking},
};

/// Attempts that are compared, at most: a prompt holds them all.
pub(super) const MOST_COMPARED: usize = 8;

/// A final comparison and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The judge's name.
    pub judge: String,
    /// The compared attempts, by their numbers; the first is the one that was best without the comparison.
    pub compared: Vec<usize>,
    /// What the judge answered.
    pub grade: Grade,
}

impl Comparison {
    /// The attempt that every single order places before the first. `None` where there is none, or no order: then the
    /// first stays. An order and its reverse that contradict each other are thus a tie.
    pub fn preferred(&self) -> Option<usize> {
        let Outcome::Ranked(ranking) = &self.grade.outcome else { return None };
        let orders = orders(ranking);
        let rank = |order: &[u32], place: usize| order.get(place).copied().unwrap_or(u32::MAX);
        let beats_first = |place: &usize| orders.iter().all(|order| rank(order, *place) < rank(order, 0));
        let sum = |place: &usize| orders.iter().map(|order| u64::from(rank(order, *place))).sum::<u64>();
        let place = (1..self.compared.len()).filter(beats_first).min_by_key(sum)?;
        self.compared.get(place).copied()
    }

    pub(super) fn to_json(&self) -> Value {
        let mut json = Columns::new();
        json.insert("judge".to_owned(), self.judge.clone().into());
        json.insert("compared".to_owned(), self.compared.clone().into());
        if let Some(preferred) = self.preferred() {
            json.insert("preferred".to_owned(), preferred.into());
        }
        json.insert("grade".to_owned(), self.grade.to_json());
        Value::Object(json)
    }
}

/// The single orders; a grader that does not vote has one.
fn orders(ranking: &Ranking) -> Vec<&[u32]> {
    if ranking.votes.is_empty() {
        return vec![&ranking.ranks];
    }
    ranking.votes.iter().map(Vec::as_slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Usage, receipt::Provenance};

    fn preferred(votes: &[&[u32]]) -> Option<usize> {
        let votes: Vec<Vec<u32>> = votes.iter().map(|vote| vote.to_vec()).collect();
        let ranking = Ranking { ranks: vec![1, 1, 1], reason: String::new(), votes };
        let (outcome, provenance) = (Outcome::Ranked(ranking), Provenance::default());
        let grade = Grade { outcome, pass: None, usage: Usage::default(), provenance };
        Comparison { judge: "j".to_owned(), compared: vec![4, 7, 9], grade }.preferred()
    }

    #[test]
    fn an_attempt_is_preferred_that_every_order_places_before_the_first() {
        for (votes, expected) in [
            (vec![&[2, 1, 3][..], &[2, 1, 3]], Some(7)),
            (vec![&[3, 1, 2][..], &[3, 2, 1]], Some(7)),
            (vec![&[3, 2, 1][..], &[2, 3, 1]], Some(9)),
            (vec![&[2, 1, 3][..], &[1, 2, 3]], None),
            (vec![&[1, 1, 1][..], &[1, 1, 1]], None),
            (vec![&[2, 1, 1][..], &[1, 1, 2]], None),
            (vec![&[1, 2, 3][..], &[1, 2, 3]], None),
            (vec![&[2, 1, 3][..]], Some(7)),
            (vec![], None),
        ] {
            assert_eq!(preferred(&votes), expected, "{votes:?}");
        }
    }
}
