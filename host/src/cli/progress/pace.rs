//! How fast rows come to their end, and how long the others will take: over the last minute, or longer where that had
//! few rows.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// What is looked back on, at least.
const SPAN: Duration = Duration::from_mins(1);

/// Rows that are looked back on, at least.
const ROWS: u64 = 10;

/// Between two marks.
const STEP: Duration = Duration::from_secs(1);

/// Marks of how many rows had ended when. Rows that were done before the run have no part in it.
#[derive(Debug)]
pub(super) struct Pace(VecDeque<(Instant, u64)>);

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self(VecDeque::from([(now, 0)]))
    }

    /// So many rows of this run have ended by now.
    pub(super) fn note(&mut self, ended: u64, now: Instant) {
        if self.0.back().is_none_or(|(at, _)| now.saturating_duration_since(*at) >= STEP) {
            self.0.push_back((now, ended));
        }
        // The first mark is the latest one that is old enough and has enough rows behind it.
        while self.0.get(1).is_some_and(|(at, before)| {
            now.saturating_duration_since(*at) >= SPAN && ended.saturating_sub(*before) >= ROWS
        }) {
            self.0.pop_front();
        }
    }

    /// Rows a second; `None` before the first.
    pub(super) fn rate(&self, ended: u64, now: Instant) -> Option<f64> {
        let (at, before) = self.0.front()?;
        let (rows, seconds) = (ended.saturating_sub(*before), now.saturating_duration_since(*at).as_secs_f64());
        (rows > 0 && seconds > 0.0).then(|| as_number(rows) / seconds)
    }

    /// How long `left` further rows will take; `None` where nothing tells.
    pub(super) fn time_for(&self, left: u64, ended: u64, now: Instant) -> Option<Duration> {
        Duration::try_from_secs_f64(as_number(left) / self.rate(ended, now)?).ok()
    }
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 rows")]
pub(super) fn as_number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_minute() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(start);
        assert_eq!(pace.rate(0, at(5)), None);
        for second in 1..=100 {
            pace.note(second * 100, at(second));
        }
        assert_eq!(pace.rate(10_000, at(100)), Some(100.0));
        // Ten times slower from here on: after a minute nothing else is left in it.
        for second in 1..=61 {
            pace.note(10_000 + second * 10, at(100 + second));
        }
        assert_eq!(pace.rate(10_610, at(161)), Some(10.0));
        assert_eq!(pace.time_for(50, 10_610, at(161)), Some(Duration::from_secs(5)));
        assert!(pace.0.len() < 70, "{}", pace.0.len());
    }

    #[test]
    fn slow_rows_are_looked_back_on_for_longer() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for row in 1..=5 {
            pace.note(row, start + Duration::from_secs(row * 100));
        }
        assert_eq!(pace.rate(5, start + Duration::from_secs(500)), Some(0.01));
    }
}
