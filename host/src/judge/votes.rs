//! Several votes counted together; pure arithmetic.

use super::settings::Aggregate;
use crate::score::Scale;

/// The least number of valid votes out of so many: a majority.
pub(super) fn quorum(votes: usize) -> usize {
    votes / 2 + 1
}

/// The value of the votes together; `None` without votes, and where no majority gave the same.
pub(super) fn aggregate(votes: &[f64], how: Aggregate) -> Option<f64> {
    let mut sorted = votes.to_vec();
    sorted.sort_by(f64::total_cmp);
    match how {
        Aggregate::Mean => mean(&sorted),
        Aggregate::Median => mean(sorted.get((sorted.len().checked_sub(1)?) / 2..=sorted.len() / 2)?),
        Aggregate::Majority => {
            let same = |value: f64| sorted.iter().filter(|vote| vote.total_cmp(&value).is_eq()).count();
            sorted.iter().copied().find(|value| same(*value) >= quorum(sorted.len()))
        }
    }
}

/// Whether no votes of this scale that are still to come, at most so many, can change the value.
pub(super) fn is_settled(votes: &[f64], to_come: usize, how: Aggregate, scale: Scale) -> bool {
    let Some(value) = aggregate(votes, how) else { return to_come == 0 };
    // Whatever comes lies between the ends of the scale, and so does its effect.
    (1..=to_come).all(|more| {
        [scale.worst, scale.best].into_iter().all(|end| {
            let mut all = votes.to_vec();
            all.resize(votes.len() + more, end);
            aggregate(&all, how).is_some_and(|then| then.total_cmp(&value).is_eq())
        })
    })
}

/// The difference of the highest and the lowest vote; `None` without votes.
pub(super) fn spread(votes: &[f64]) -> Option<f64> {
    let highest = votes.iter().copied().max_by(f64::total_cmp)?;
    let lowest = votes.iter().copied().min_by(f64::total_cmp)?;
    Some(highest - lowest)
}

/// The mean squared deviation from the mean; `None` without votes.
pub(super) fn variance(votes: &[f64]) -> Option<f64> {
    let centre = mean(votes)?;
    let squares: Vec<f64> = votes.iter().map(|vote| (vote - centre).powi(2)).collect();
    mean(&squares)
}

/// The first vote that lies closest to the value; its reason stands for all.
pub(super) fn closest(votes: &[f64], value: f64) -> Option<usize> {
    let distance = |index: &usize| votes.get(*index).map_or(f64::INFINITY, |vote| (vote - value).abs());
    (0..votes.len()).min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// The rankings together: by mean rank, equal means sharing a rank. Each ranking has one rank per response.
pub(super) fn combined(rankings: &[Vec<u32>]) -> Vec<u32> {
    let responses = rankings.first().map_or(0, Vec::len);
    let sum =
        |response: usize| rankings.iter().filter_map(|ranks| ranks.get(response)).map(|rank| u64::from(*rank)).sum();
    let sums: Vec<u64> = (0..responses).map(sum).collect();
    let better = |own: &u64| sums.iter().filter(|other| *other < own).count();
    sums.iter().map(|own| u32::try_from(better(own) + 1).unwrap_or(u32::MAX)).collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|count| *count > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_become_their_median_or_mean() {
        for (votes, median, mean) in [
            (vec![4.0], Some(4.0), Some(4.0)),
            (vec![5.0, 1.0, 3.0], Some(3.0), Some(3.0)),
            (vec![1.0, 2.0, 5.0, 4.0], Some(3.0), Some(3.0)),
            (vec![1.0, 1.0, 4.0], Some(1.0), Some(2.0)),
            (vec![], None, None),
        ] {
            assert_eq!(aggregate(&votes, Aggregate::Median), median, "{votes:?}");
            assert_eq!(aggregate(&votes, Aggregate::Mean), mean, "{votes:?}");
        }
    }

    #[test]
    fn more_than_half_of_the_votes_are_a_majority_and_half_are_none() {
        for (votes, value) in [
            (vec![4.0], Some(4.0)),
            (vec![4.0, 2.0, 4.0], Some(4.0)),
            (vec![4.0, 4.0, 2.0, 2.0], None),
            (vec![1.0, 2.0, 3.0], None),
            (vec![], None),
        ] {
            assert_eq!(aggregate(&votes, Aggregate::Majority), value, "{votes:?}");
        }
    }

    #[test]
    fn votes_are_settled_where_none_to_come_can_change_their_value() {
        use Aggregate::{Majority, Mean, Median};
        let scale = Scale { worst: 1.0, best: 5.0 };
        for (votes, to_come, how, settled) in [
            (vec![4.0, 4.0], 1, Median, true),
            (vec![4.0, 3.0], 1, Median, false),
            (vec![4.0, 4.0, 1.0], 2, Median, false),
            (vec![4.0, 4.0, 4.0, 1.0], 1, Median, true),
            (vec![5.0, 5.0], 1, Median, true),
            (vec![4.0, 4.0], 1, Mean, false),
            (vec![4.0, 4.0], 0, Mean, true),
            (vec![4.0, 4.0], 1, Majority, true),
            (vec![4.0, 4.0, 4.0, 1.0], 1, Majority, true),
            (vec![4.0, 4.0, 1.0], 1, Majority, false),
            (vec![1.0, 5.0], 1, Majority, false),
            (vec![], 1, Median, false),
        ] {
            assert_eq!(is_settled(&votes, to_come, how, scale), settled, "{votes:?} and {to_come} more, {how:?}");
        }
    }

    #[test]
    fn how_far_votes_lie_apart() {
        assert_eq!((spread(&[2.0, 4.0, 3.0]), variance(&[2.0, 4.0])), (Some(2.0), Some(1.0)));
        assert_eq!((spread(&[4.0]), variance(&[4.0])), (Some(0.0), Some(0.0)));
        assert_eq!((spread(&[]), variance(&[])), (None, None));
    }

    #[test]
    fn a_quorum_is_a_majority() {
        assert_eq!([1, 2, 3, 4, 5].map(quorum), [1, 2, 2, 3, 3]);
    }

    #[test]
    fn the_reason_is_that_of_the_closest_vote() {
        assert_eq!(closest(&[5.0, 3.0, 1.0], 3.0), Some(1));
        assert_eq!(closest(&[2.0, 4.0], 3.0), Some(0));
        assert_eq!(closest(&[], 3.0), None);
    }

    #[test]
    fn rankings_are_combined_by_mean_rank() {
        assert_eq!(combined(&[vec![1, 2, 2]]), [1, 2, 2]);
        assert_eq!(combined(&[vec![1, 2, 3], vec![2, 1, 3]]), [1, 1, 3]);
        assert_eq!(combined(&[vec![1, 3, 3]]), [1, 2, 2]);
    }
}
