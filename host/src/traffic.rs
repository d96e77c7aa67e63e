//! What the model calls of a run come to while they are made: counted where they are made, read by whoever shows them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::model::Usage;

/// The running counts of all the calls that share it. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    in_flight: AtomicU64,
    requests: AtomicU64,
    retries: AtomicU64,
    rate_limited: AtomicU64,
    answered: AtomicU64,
    prompt_tokens: AtomicU64,
    completion_tokens: AtomicU64,
    without_tokens: AtomicU64,
    /// The bits of an `f64`.
    cost: AtomicU64,
    without_cost: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrafficCounts {
    /// Requests that were sent and have no answer yet.
    pub in_flight: u64,
    /// Requests sent, repeated attempts included.
    pub requests: u64,
    /// Those among them that repeat one which failed.
    pub retries: u64,
    /// Answers with the status 429: too many requests.
    pub rate_limited: u64,
    /// Answers that may have to be paid for.
    pub answered: u64,
    /// Of the answers that tell.
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Answers that do not tell their tokens.
    pub without_tokens: u64,
    /// Of the answers whose cost is known, in the currency of the prices.
    pub cost: f64,
    /// Answers whose cost is not known: their model has no prices, or they do not tell their tokens.
    pub without_cost: u64,
}

impl TrafficCounts {
    /// What all the answers cost; `None` where that of any is not known.
    pub fn whole_cost(&self) -> Option<f64> {
        (self.without_cost == 0).then_some(self.cost)
    }
}

/// A request under way; it ends when this is dropped.
#[derive(Debug)]
pub struct InFlight(Arc<Counters>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Traffic {
    /// A request goes out; `again` where it repeats one that failed.
    #[must_use]
    pub fn sent(&self, again: bool) -> InFlight {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.0.retries.fetch_add(u64::from(again), Ordering::Relaxed);
        InFlight(Arc::clone(&self.0))
    }

    /// An endpoint said that there are too many requests.
    pub fn rate_limited(&self) {
        self.0.rate_limited.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers came that used this.
    pub fn used(&self, usage: Usage) {
        let counters = &self.0;
        counters.answered.fetch_add(usage.calls, Ordering::Relaxed);
        counters.prompt_tokens.fetch_add(usage.prompt_tokens.unwrap_or(0), Ordering::Relaxed);
        counters.completion_tokens.fetch_add(usage.completion_tokens.unwrap_or(0), Ordering::Relaxed);
        if usage.prompt_tokens.is_none() || usage.completion_tokens.is_none() {
            counters.without_tokens.fetch_add(usage.calls, Ordering::Relaxed);
        }
        let Some(cost) = usage.cost else {
            counters.without_cost.fetch_add(usage.calls, Ordering::Relaxed);
            return;
        };
        let add = |bits| Some((f64::from_bits(bits) + cost).to_bits());
        // Always given a value, the update cannot fail.
        let _ = counters.cost.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// The counts as they are now; each by itself is right, and they may be some calls apart.
    pub fn counts(&self) -> TrafficCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.0;
        TrafficCounts {
            in_flight: of(&counters.in_flight),
            requests: of(&counters.requests),
            retries: of(&counters.retries),
            rate_limited: of(&counters.rate_limited),
            answered: of(&counters.answered),
            prompt_tokens: of(&counters.prompt_tokens),
            completion_tokens: of(&counters.completion_tokens),
            without_tokens: of(&counters.without_tokens),
            cost: f64::from_bits(of(&counters.cost)),
            without_cost: of(&counters.without_cost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_in_flight_until_it_is_dropped() {
        let traffic = Traffic::default();
        let (first, second) = (traffic.sent(false), traffic.sent(true));
        assert_eq!((traffic.counts().in_flight, traffic.counts().requests, traffic.counts().retries), (2, 2, 1));
        drop(first);
        drop(second);
        assert_eq!((traffic.counts().in_flight, traffic.counts().requests), (0, 2));
    }

    #[test]
    fn a_cost_that_is_unknown_makes_the_whole_unknown_and_never_zero() {
        let traffic = Traffic::default();
        assert_eq!(traffic.counts().whole_cost(), Some(0.0));
        let known = Usage { calls: 1, prompt_tokens: Some(10), completion_tokens: Some(5), cost: Some(0.25) };
        traffic.used(known);
        traffic.used(known);
        assert_eq!(traffic.counts().whole_cost(), Some(0.5));
        traffic.used(Usage { calls: 1, ..Usage::default() });
        let counts = traffic.counts();
        assert_eq!((counts.whole_cost(), counts.without_cost, counts.without_tokens), (None, 1, 1));
        assert_eq!((counts.answered, counts.prompt_tokens, counts.completion_tokens), (3, 20, 10));
    }
}
