//! Several votes counted together; pure arithmetic.

use super::settings::Aggregate;

/// The least number of valid votes out of so many: a majority.
pub(super) fn quorum(votes: usize) -> usize {
    votes / 2 + 1
}

/// The value of the votes together; `None` without votes.
pub(super) fn aggregate(votes: &[f64], how: Aggregate) -> Option<f64> {
    let mut sorted = votes.to_vec();
    sorted.sort_by(f64::total_cmp);
    match how {
        Aggregate::Mean => mean(&sorted),
        Aggregate::Median => mean(sorted.get((sorted.len().checked_sub(1)?) / 2..=sorted.len() / 2)?),
    }
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
