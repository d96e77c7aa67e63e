//! How sure a mean or a share is. Pure arithmetic, in memory that does not grow with the rows.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::Serialize;

/// Groups of values that are drawn together. Up to so many values, each is a group of its own.
const GROUPS: usize = 1024;

/// Samples that are drawn.
const RESAMPLES: usize = 2000;

/// Of every draw: the same rows have the same intervals.
const SEED: u64 = 1979;

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A mean with its interval at 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
    /// Values.
    pub count: u64,
}

/// A share with its interval at 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    pub count: u64,
    pub of: u64,
    /// `count` of `of`, 0..1.
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

impl Share {
    /// Wilson's score interval, which is right near 0 and 1, too (Wilson 1927, "Probable inference, the law of
    /// succession, and statistical inference"). `None` of nothing.
    pub fn new(count: u64, of: u64) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let (n, share) = (float(of), float(count) / float(of));
        let centre = share + Z * Z / (2.0 * n);
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let bound = |value: f64| (value / (1.0 + Z * Z / n)).clamp(0.0, 1.0);
        Some(Self { count, of, share, low: bound(centre - spread), high: bound(centre + spread) })
    }
}

/// Values whose mean is wanted.
///
/// The interval is the percentile interval of the bootstrap (Efron and Tibshirani 1993, "An Introduction to the
/// Bootstrap", chapter 13). Beyond [`GROUPS`] values, they are dealt to groups by a fixed hash of their number, and
/// groups are drawn instead of values: the interval is as wide, and the memory does not grow.
#[derive(Debug, Clone, Default)]
pub(super) struct Values {
    groups: Vec<Group>,
    count: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Group {
    sum: f64,
    count: f64,
}

impl Values {
    pub(super) fn add(&mut self, value: f64) {
        if self.groups.len() < GROUPS {
            self.groups.push(Group { sum: value, count: 1.0 });
        } else if let Some(group) = self.groups.get_mut(place(self.count)) {
            group.sum += value;
            group.count += 1.0;
        }
        self.count += 1;
    }

    /// `None` without values.
    pub(super) fn mean(&self) -> Option<Mean> {
        let whole = self.groups.iter().copied().fold(Group::default(), Group::plus).mean()?;
        let mut random = StdRng::seed_from_u64(SEED);
        let mut means: Vec<f64> = (0..RESAMPLES).filter_map(|_| self.resample(&mut random)).collect();
        means.sort_by(f64::total_cmp);
        let at = |per_mille: usize| means.get((means.len().saturating_sub(1) * per_mille + 500) / 1000).copied();
        Some(Mean { mean: whole, low: at(25)?, high: at(975)?, count: self.count })
    }

    fn resample(&self, random: &mut StdRng) -> Option<f64> {
        let draw = |_| self.groups.get(random.random_range(0..self.groups.len())).copied().unwrap_or_default();
        (0..self.groups.len()).map(draw).fold(Group::default(), Group::plus).mean()
    }
}

impl Group {
    fn plus(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, count: self.count + other.count }
    }

    fn mean(self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

/// The group of a value: the finaliser of `SplitMix64` (Steele, Lea and Flood 2014) of its number.
fn place(number: u64) -> usize {
    let mut hash = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((hash ^ (hash >> 31)) % GROUPS as u64).unwrap_or(0)
}

/// The number for arithmetic.
#[expect(clippy::cast_precision_loss, reason = "no dataset has 2^53 rows")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: impl IntoIterator<Item = f64>) -> Values {
        let mut all = Values::default();
        values.into_iter().for_each(|value| all.add(value));
        all
    }

    #[test]
    fn wilson_s_interval_is_that_of_the_literature() {
        // Newcombe 1998, table I: 81 of 263 is 0.2553 to 0.3662; 0 of 20 is 0 to 0.1611.
        let share = Share::new(81, 263).unwrap();
        assert!((share.low - 0.2553).abs() < 5e-5 && (share.high - 0.3662).abs() < 5e-5, "{share:?}");
        let none = Share::new(0, 20).unwrap();
        assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
        assert_eq!(Share::new(0, 0), None);
    }

    #[test]
    fn the_interval_is_as_wide_as_the_theory_says_with_and_without_groups() {
        for count in [400, 100_000] {
            // A fair coin: the standard error is 0.5 / sqrt(n).
            let mut random = StdRng::seed_from_u64(1);
            let mean = values((0..count).map(|_| f64::from(u8::from(random.random::<bool>())))).mean().unwrap();
            let expected = 2.0 * Z * 0.5 / f64::from(count).sqrt();
            let width = mean.high - mean.low;
            assert!((width / expected - 1.0).abs() < 0.12, "{count}: {width} for {expected}");
            assert!(mean.low < mean.mean && mean.mean < mean.high);
            assert_eq!(mean.count, u64::try_from(count).unwrap());
        }
    }

    #[test]
    fn intervals_come_again_and_equal_values_have_none() {
        let some = values((0..50).map(|value| f64::from(value) / 50.0));
        assert_eq!(some.mean(), some.mean());
        let equal = values([0.25; 8]).mean().unwrap();
        assert_eq!((equal.mean, equal.low, equal.high), (0.25, 0.25, 0.25));
        assert_eq!(Values::default().mean(), None);
    }
}
