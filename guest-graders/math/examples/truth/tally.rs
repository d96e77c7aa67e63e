//! Counts of verdicts over a set of pairs, with the time that they took.

use std::time::{Duration, Instant};

/// What a pair came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Equal,
    Different,
    Undecided,
    /// The gold answer could not be read.
    Unreadable,
}

/// The verdicts of one set.
pub(crate) struct Tally {
    pub(crate) name: String,
    right: usize,
    false_equal: usize,
    false_different: usize,
    undecided: usize,
    unreadable: usize,
    times: Vec<Duration>,
    slowest: (Duration, String),
    /// One line for each pair that is not right.
    pub(crate) failures: Vec<String>,
}

impl Tally {
    pub(crate) const HEADING: &str = "set                                    pairs   right      %  false=  false!=  undecided  unreadable   p50 us   p99 us   max us";

    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            right: 0,
            false_equal: 0,
            false_different: 0,
            undecided: 0,
            unreadable: 0,
            times: Vec::new(),
            slowest: (Duration::ZERO, String::new()),
            failures: Vec::new(),
        }
    }

    /// Runs one comparison and counts its verdict against `expected`.
    pub(crate) fn run(&mut self, label: &str, expected: bool, compare: impl FnOnce() -> (Verdict, String)) {
        let start = Instant::now();
        let (verdict, reason) = compare();
        let taken = start.elapsed();
        self.times.push(taken);
        if taken > self.slowest.0 {
            self.slowest = (taken, label.replace('\n', " ⏎ "));
        }
        let kind = match (verdict, expected) {
            (Verdict::Equal, true) | (Verdict::Different, false) => {
                self.right += 1;
                return;
            }
            (Verdict::Equal, false) => {
                self.false_equal += 1;
                "FALSE EQUAL"
            }
            (Verdict::Different, true) => {
                self.false_different += 1;
                "FALSE DIFFERENT"
            }
            (Verdict::Undecided, _) => {
                self.undecided += 1;
                if expected { "UNDECIDED (equal)" } else { "UNDECIDED (different)" }
            }
            (Verdict::Unreadable, _) => {
                self.unreadable += 1;
                "UNREADABLE"
            }
        };
        self.failures.push(format!("{kind}\t{label}\t{reason}").replace('\n', " ⏎ "));
    }

    /// The pair that took longest.
    pub(crate) fn slowest(&self) -> &str {
        &self.slowest.1
    }

    #[expect(clippy::cast_precision_loss, reason = "a percentage with two places")]
    pub(crate) fn line(&self) -> String {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |share: usize| times.get((times.len() * share / 1_000).min(times.len().saturating_sub(1)));
        let micros = |share: usize| at(share).map_or(0, Duration::as_micros);
        format!(
            "{:<38} {:>5} {:>7} {:>6.2} {:>7} {:>8} {:>10} {:>11} {:>8} {:>8} {:>8}",
            self.name,
            times.len(),
            self.right,
            100.0 * self.right as f64 / times.len().max(1) as f64,
            self.false_equal,
            self.false_different,
            self.undecided,
            self.unreadable,
            micros(500),
            micros(990),
            micros(1_000),
        )
    }
}
