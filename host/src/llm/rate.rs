//! How fast an endpoint may be called: requests and tokens per minute, and pauses that the endpoint asked for.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// The shared pace of all calls to one endpoint.
#[derive(Debug)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug)]
struct State {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    paused_until: Option<Instant>,
}

impl Pace {
    pub(super) fn new(requests_per_minute: Option<u32>, tokens_per_minute: Option<u32>, now: Instant) -> Self {
        let requests = requests_per_minute.map(|limit| Bucket::new(limit, now));
        let tokens = tokens_per_minute.map(|limit| Bucket::new(limit, now));
        Self(Mutex::new(State { requests, tokens, paused_until: None }))
    }

    /// Waits for the turn of a request of about `tokens` tokens.
    pub(super) async fn turn(&self, tokens: f64) {
        let now = Instant::now();
        let wait = {
            let mut state = self.state();
            let requests = state.requests.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(1.0, now));
            let tokens = state.tokens.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(tokens, now));
            requests.max(tokens)
        };
        sleep_until(now + wait).await;
        while let Some(until) = self.paused_until(Instant::now()) {
            sleep_until(until).await;
        }
    }

    /// Corrects an estimate once the real number of tokens is known.
    pub(super) fn settle(&self, estimated: f64, used: f64) {
        if let Some(bucket) = self.state().tokens.as_mut() {
            bucket.level += estimated - used;
        }
    }

    /// Holds back every call until then.
    pub(super) fn pause(&self, until: Instant) {
        let mut state = self.state();
        state.paused_until = state.paused_until.max(Some(until));
    }

    fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.state().paused_until.filter(|until| *until > now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token bucket that holds a tenth of a minute's worth. What is taken beyond its level is owed: whoever comes later
/// waits longer, so that turns come in the order in which they were asked for.
#[derive(Debug)]
struct Bucket {
    capacity: f64,
    per_second: f64,
    level: f64,
    filled: Instant,
}

impl Bucket {
    fn new(per_minute: u32, now: Instant) -> Self {
        let per_minute = f64::from(per_minute.max(1));
        let capacity = (per_minute / 10.0).max(1.0);
        Self { capacity, per_second: per_minute / 60.0, level: capacity, filled: now }
    }

    /// Takes `amount` and says how long to wait before using it; one larger than the capacity waits for a full bucket.
    fn take(&mut self, amount: f64, now: Instant) -> Duration {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.level = (self.level + elapsed * self.per_second).min(self.capacity);
        self.filled = now;
        let missing = amount.min(self.capacity) - self.level;
        self.level -= amount;
        Duration::try_from_secs_f64(missing.max(0.0) / self.per_second).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_what_follows_is_spaced() {
        let now = Instant::now();
        let mut bucket = Bucket::new(60, now);
        let waits: Vec<u64> = (0..9).map(|_| bucket.take(1.0, now).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 1, 2, 3]);
    }

    #[test]
    fn an_idle_bucket_fills_up_to_its_capacity_only() {
        let now = Instant::now();
        let mut bucket = Bucket::new(60, now);
        let later = now + Duration::from_hours(1);
        let waits: Vec<u64> = (0..8).map(|_| bucket.take(1.0, later).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn a_request_larger_than_the_bucket_passes_and_is_paid_off_by_later_ones() {
        let now = Instant::now();
        let mut bucket = Bucket::new(600, now);
        assert_eq!(bucket.take(100.0, now), Duration::ZERO);
        assert_eq!(bucket.take(10.0, now), Duration::from_secs(5));
    }
}
