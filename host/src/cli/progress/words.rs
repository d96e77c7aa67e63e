//! The words of a run's progress. Pure.

use std::time::Duration;

use super::pace::as_number;
use crate::{cli::table::count, run::CallCounts, traffic::TrafficCounts};

/// How the rows of a run stand.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Rows {
    /// Written by earlier sessions.
    pub(super) before: u64,
    /// Written, those of earlier sessions included.
    pub(super) done: u64,
    pub(super) total: u64,
    /// Of those that this session wrote.
    pub(super) passed: u64,
    /// Those that do not.
    pub(super) failed: u64,
    /// Passing as they were read, where the run refines.
    pub(super) passed_before: Option<u64>,
    pub(super) per_second: Option<f64>,
    pub(super) elapsed: Duration,
    pub(super) left: Option<Duration>,
}

impl Rows {
    /// For a log.
    pub(super) fn line(&self) -> String {
        let Self { done, total, passed, .. } = self;
        let of_these = if self.before > 0 { format!(" of {} now", done - self.before) } else { String::new() };
        let share = match self.shares() {
            Some((now, Some(before))) => format!(" ({now}, {before} before)"),
            Some((now, None)) => format!(" ({now})"),
            None => String::new(),
        };
        let after = duration(self.elapsed);
        format!("{done} of {} after {after}, {passed}{of_these} passed{share}{}", count(*total, "row"), self.tempo())
    }

    /// Beside a bar.
    pub(super) fn beside_bar(&self) -> String {
        let Self { done, total, .. } = self;
        let share = match self.shares() {
            Some((now, Some(before))) => format!(", {now} passed ({before} before)"),
            Some((now, None)) => format!(", {now} passed"),
            None => String::new(),
        };
        format!("{done}/{total} rows{share}{}, {} elapsed", self.tempo(), duration(self.elapsed))
    }

    /// The share that passes, and the one that did before.
    fn shares(&self) -> Option<(String, Option<String>)> {
        let judged = self.passed + self.failed;
        let of = |passed: u64| format!("{:.0} %", 100.0 * as_number(passed) / as_number(judged));
        (judged > 0).then(|| (of(self.passed), self.passed_before.map(of)))
    }

    fn tempo(&self) -> String {
        let rate = self.per_second.map(|rate| format!(", {}", per_time(rate))).unwrap_or_default();
        let left = self.left.filter(|_| self.done < self.total);
        let left = left.map(|left| format!(", {} left", duration(left))).unwrap_or_default();
        format!("{rate}{left}")
    }
}

/// How the model calls of a run stand; empty where there were none yet.
pub(super) fn calls(traffic: &TrafficCounts, counts: CallCounts, projected: Option<f64>) -> String {
    let mut parts = Vec::new();
    if traffic.requests > 0 {
        parts.push(format!("{} in flight", count(traffic.in_flight, "call")));
        parts.push(format!("{} answered", traffic.answered));
    }
    if counts.replayed > 0 {
        parts.push(format!("{} from the record", counts.replayed));
    }
    if counts.cached > 0 {
        parts.push(format!("{} from the cache", counts.cached));
    }
    if traffic.answered > 0 {
        parts.push(tokens(traffic));
        parts.push(cost(traffic, projected));
    }
    if traffic.rate_limited > 0 {
        parts.push(format!("429 (too many requests) {}", times(traffic.rate_limited)));
    }
    if traffic.retries > 0 {
        parts.push(if traffic.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", traffic.retries) });
    }
    parts.join(", ")
}

fn tokens(traffic: &TrafficCounts) -> String {
    let told = large(traffic.prompt_tokens + traffic.completion_tokens);
    match traffic.without_tokens {
        0 => format!("{told} tokens"),
        unknown if unknown == traffic.answered => "tokens unknown".to_owned(),
        unknown => format!("{told} tokens and those of {} unknown", count(unknown, "call")),
    }
}

fn cost(traffic: &TrafficCounts, projected: Option<f64>) -> String {
    match (traffic.without_cost, projected) {
        (0, Some(projected)) => format!("cost {}, about {} at the end", money(traffic.cost), money(projected)),
        (0, None) => format!("cost {}", money(traffic.cost)),
        (unknown, _) if unknown == traffic.answered => "cost unknown".to_owned(),
        (unknown, _) => format!("cost {} and that of {} unknown", money(traffic.cost), count(unknown, "call")),
    }
}

fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

/// An amount with as many digits as say something.
pub(in crate::cli) fn money(amount: f64) -> String {
    if amount >= 100.0 {
        format!("{amount:.0}")
    } else if amount >= 1.0 || amount == 0.0 {
        format!("{amount:.2}")
    } else {
        format!("{amount:.4}")
    }
}

/// A large number in few digits: `950`, `12.3k`, `4.56M`.
pub(in crate::cli) fn large(number: u64) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{:.1}k", as_number(number) / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2}M", as_number(number) / 1e6),
        _ => format!("{:.2}G", as_number(number) / 1e9),
    }
}

fn per_time(per_second: f64) -> String {
    if per_second >= 100.0 {
        format!("{per_second:.0} rows/s")
    } else if per_second >= 0.1 {
        format!("{per_second:.1} rows/s")
    } else {
        format!("{:.1} rows/min", per_second * 60.0)
    }
}

/// A time for people: `42 s`, `3 min 20 s`, `7 h 5 min`, `2 d 3 h`.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_said_with_share_rate_and_time_left() {
        let rows = Rows {
            before: 0,
            done: 120,
            total: 1000,
            passed: 74,
            failed: 46,
            passed_before: Some(48),
            per_second: Some(4.12),
            elapsed: Duration::from_secs(62),
            left: Some(Duration::from_secs(213)),
        };
        assert_eq!(
            rows.line(),
            "120 of 1000 rows after 1 min 2 s, 74 passed (62 %, 40 % before), 4.1 rows/s, 3 min 33 s left"
        );
        assert_eq!(
            rows.beside_bar(),
            "120/1000 rows, 62 % passed (40 % before), 4.1 rows/s, 3 min 33 s left, 1 min 2 s elapsed"
        );
        let resumed = Rows { before: 20, left: None, per_second: None, ..rows };
        assert_eq!(resumed.line(), "120 of 1000 rows after 1 min 2 s, 74 of 100 now passed (62 %, 40 % before)");
        let none = Rows { total: 2, ..Rows::default() };
        assert_eq!(none.line(), "0 of 2 rows after 0 s, 0 passed");
    }

    #[test]
    fn calls_are_said_with_tokens_cost_and_what_went_wrong() {
        let traffic = TrafficCounts {
            in_flight: 8,
            requests: 520,
            retries: 5,
            rate_limited: 3,
            answered: 512,
            prompt_tokens: 1_000_000,
            completion_tokens: 234_567,
            cost: 0.42,
            ..TrafficCounts::default()
        };
        let counts = CallCounts { made: 512, replayed: 0, cached: 12 };
        assert_eq!(
            calls(&traffic, counts, Some(3.5)),
            "8 calls in flight, 512 answered, 12 from the cache, 1.23M tokens, cost 0.4200, about 3.50 at the end, \
             429 (too many requests) 3 times, 5 retries"
        );
        assert_eq!(calls(&TrafficCounts::default(), CallCounts::default(), None), "");
    }

    #[test]
    fn what_is_unknown_is_said_to_be() {
        let all =
            TrafficCounts { requests: 2, answered: 2, without_tokens: 2, without_cost: 2, ..TrafficCounts::default() };
        let text = calls(&all, CallCounts::default(), None);
        assert_eq!(text, "0 calls in flight, 2 answered, tokens unknown, cost unknown");
        let some =
            TrafficCounts { answered: 3, cost: 0.5, prompt_tokens: 9, without_tokens: 1, without_cost: 1, ..all };
        let text = calls(&some, CallCounts::default(), None);
        assert!(
            text.ends_with("9 tokens and those of 1 call unknown, cost 0.5000 and that of 1 call unknown"),
            "{text}"
        );
    }

    #[test]
    fn numbers_have_few_digits() {
        assert_eq!([999, 12_345, 1_234_567, 12_345_678_901].map(large), ["999", "12.3k", "1.23M", "12.35G"]);
        assert_eq!([0.0, 0.0123, 3.456, 123.4].map(money), ["0.00", "0.0123", "3.46", "123"]);
        assert_eq!([250.0, 3.21, 0.05].map(per_time), ["250 rows/s", "3.2 rows/s", "3.0 rows/min"]);
        let times = [59, 3601, 90_000].map(|seconds| duration(Duration::from_secs(seconds)));
        assert_eq!(times, ["59 s", "1 h 0 min", "1 d 1 h"]);
    }
}
