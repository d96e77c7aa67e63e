//! Scores before and after: means, their paired difference, who won, and how the scores are spread.

use serde::Serialize;

use super::bootstrap::{Mean, Values, float};

/// Bins of a histogram over 0..1; the last one includes 1.
pub const BINS: usize = 20;

/// Scores before and after.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// Of the rows as they were read; null where nothing was refined.
    pub before: Option<Mean>,
    pub after: Option<Mean>,
    /// After minus before, over the rows that have both.
    pub difference: Option<Mean>,
    /// Rows with both scores where the later one is higher, the same, lower.
    pub better: u64,
    pub same: u64,
    pub worse: u64,
    /// Rows by score, in bins of 0.05.
    pub histogram_before: [u64; BINS],
    pub histogram_after: [u64; BINS],
}

/// The same while rows come in.
#[derive(Debug, Clone, Default)]
pub(super) struct Scores {
    before: Values,
    after: Values,
    difference: Values,
    signs: [u64; 3],
    histogram_before: [u64; BINS],
    histogram_after: [u64; BINS],
}

impl Scores {
    pub(super) fn add(&mut self, before: Option<f64>, after: Option<f64>) {
        if let Some(score) = before {
            self.before.add(score);
            count(&mut self.histogram_before, score);
        }
        if let Some(score) = after {
            self.after.add(score);
            count(&mut self.histogram_after, score);
        }
        if let (Some(before), Some(after)) = (before, after) {
            self.difference.add(after - before);
            let [better, same, worse] = &mut self.signs;
            *match after.total_cmp(&before) {
                std::cmp::Ordering::Greater => better,
                std::cmp::Ordering::Equal => same,
                std::cmp::Ordering::Less => worse,
            } += 1;
        }
    }

    pub(super) fn compare(&self) -> Comparison {
        let [better, same, worse] = self.signs;
        Comparison {
            before: self.before.mean(),
            after: self.after.mean(),
            difference: self.difference.mean(),
            better,
            same,
            worse,
            histogram_before: self.histogram_before,
            histogram_after: self.histogram_after,
        }
    }
}

fn count(histogram: &mut [u64; BINS], score: f64) {
    // Twenty comparisons, and no cast: the first edge above the score ends its bin.
    let edge = |bin: &usize| float(*bin as u64 + 1) / float(BINS as u64);
    let bin = (0..BINS - 1).find(|bin| score < edge(bin)).unwrap_or(BINS - 1);
    if let Some(rows) = histogram.get_mut(bin) {
        *rows += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_compared_row_by_row() {
        let mut scores = Scores::default();
        for (before, after) in
            [(Some(0.0), Some(1.0)), (Some(0.5), Some(0.5)), (Some(0.6), Some(0.1)), (None, Some(1.0))]
        {
            scores.add(before, after);
        }
        scores.add(Some(0.05), None);
        let comparison = scores.compare();
        assert_eq!((comparison.better, comparison.same, comparison.worse), (1, 1, 1));
        let means = [comparison.before, comparison.after, comparison.difference].map(|mean| mean.unwrap());
        assert_eq!(means.map(|mean| mean.count), [4, 4, 3]);
        assert!((means[1].mean - 0.65).abs() < 1e-12 && (means[2].mean - 0.5 / 3.0).abs() < 1e-12, "{means:?}");
        let before: Vec<_> = (0..BINS).filter(|bin| comparison.histogram_before[*bin] > 0).collect();
        assert_eq!(before, [0, 1, 10, 12]);
        assert_eq!(comparison.histogram_after[BINS - 1], 2);
    }
}
