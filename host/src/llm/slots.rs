//! How many calls may be under way at an endpoint: as many as it bears, found by additive increase and multiplicative
//! decrease (Chiu and Jain, 1989) between one and the configured limit.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    time::Instant,
};

/// What is left of the limit after a sign of overload.
const DECREASE: f64 = 0.7;

/// Calls that take so many times as long as the quickest ones did are a sign of overload.
const SLOWER: f64 = 3.0;

/// Times below this tell of the network and of this machine, not of the endpoint.
const SHORT: Duration = Duration::from_millis(100);

/// Answers whose mean time is looked at, at least.
const WINDOW: u32 = 8;

/// The calls under way at one endpoint.
#[derive(Debug)]
pub(super) struct Slots {
    semaphore: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    most: usize,
    limit: f64,
    /// Permits that exist, taken or not.
    permits: usize,
    lowest: usize,
    decreases: u64,
    /// Calls that began before this moment tell nothing of the present limit.
    decreased: Option<Instant>,
    window: Vec<Duration>,
    quickest: Option<Duration>,
}

/// Leave to make one call.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    slots: &'a Slots,
    permit: Option<SemaphorePermit<'a>>,
}

/// How the limit moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// Calls that may be under way now.
    pub limit: usize,
    /// The least there was.
    pub lowest: usize,
    /// The configured limit.
    pub most: usize,
    /// How often the limit was lowered.
    pub decreases: u64,
}

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let state = State {
            most,
            limit: as_number(most),
            permits: most,
            lowest: most,
            decreases: 0,
            decreased: None,
            window: Vec::new(),
            quickest: None,
        };
        Self { semaphore: Semaphore::new(most), state: Mutex::new(state) }
    }

    pub(super) async fn take(&self) -> Result<Slot<'_>, AcquireError> {
        let permit = self.semaphore.acquire().await?;
        Ok(Slot { slots: self, permit: Some(permit) })
    }

    /// An attempt that began at `began` was answered.
    pub(super) fn answered(&self, began: Instant, now: Instant) {
        let mut state = self.state();
        if state.is_too_slow(now.saturating_duration_since(began)) {
            state.decrease(began, now);
        } else if state.limit < as_number(state.most) {
            state.limit = (state.limit + 1.0 / state.limit).min(as_number(state.most));
        }
        self.provide(&mut state);
    }

    /// The endpoint had too much to do for an attempt that began at `began`.
    pub(super) fn overloaded(&self, began: Instant, now: Instant) {
        let mut state = self.state();
        state.decrease(began, now);
        self.provide(&mut state);
    }

    pub(super) fn concurrency(&self) -> Concurrency {
        let state = self.state();
        Concurrency { limit: state.allowed(), lowest: state.lowest, most: state.most, decreases: state.decreases }
    }

    fn provide(&self, state: &mut State) {
        let allowed = state.allowed();
        if state.permits < allowed {
            self.semaphore.add_permits(allowed - state.permits);
            state.permits = allowed;
        } else if state.permits > allowed {
            state.permits -= self.semaphore.forget_permits(state.permits - allowed);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.slots.state();
        let Some(permit) = self.permit.take() else { return };
        if state.permits > state.allowed() {
            state.permits -= 1;
            permit.forget();
        }
    }
}

impl State {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between one and `most`")]
    fn allowed(&self) -> usize {
        (self.limit as usize).clamp(1, self.most)
    }

    /// Calls that were under way together report the same overload; one of them counts.
    fn decrease(&mut self, began: Instant, now: Instant) {
        if self.decreased.is_some_and(|decreased| began < decreased) {
            return;
        }
        self.limit = (self.limit * DECREASE).max(1.0);
        self.lowest = self.lowest.min(self.allowed());
        self.decreases += 1;
        self.decreased = Some(now);
        self.window.clear();
    }

    /// Takes the time of an answer in. Once there are answers to as many calls as may be under way, their mean is held
    /// against the least mean so far, which is forgotten little by little: an endpoint may change for good.
    fn is_too_slow(&mut self, took: Duration) -> bool {
        self.window.push(took);
        let count = u32::try_from(self.window.len()).unwrap_or(u32::MAX);
        if count < WINDOW || self.window.len() < self.allowed() {
            return false;
        }
        let mean = self.window.drain(..).sum::<Duration>() / count;
        let quickest = self.quickest.map_or(mean, |quickest| quickest.mul_f64(1.05).min(mean)).max(SHORT);
        self.quickest = Some(quickest);
        mean > quickest.mul_f64(SLOWER)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn as_number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(slots: &Slots, took: Duration, times: u32) {
        let now = Instant::now() + Duration::from_hours(1);
        (0..times).for_each(|_| slots.answered(now, now + took));
    }

    #[tokio::test]
    async fn overload_lowers_the_limit_and_answers_raise_it_again() {
        let slots = Slots::new(10);
        let began = Instant::now();
        slots.overloaded(began, began + Duration::from_secs(1));
        slots.overloaded(began, began + Duration::from_secs(2));
        assert_eq!(slots.concurrency(), Concurrency { limit: 7, lowest: 7, most: 10, decreases: 1 });
        assert_eq!(slots.semaphore.available_permits(), 7);
        for second in 3..20 {
            slots.overloaded(began + Duration::from_secs(second), began + Duration::from_secs(second));
        }
        assert_eq!((slots.concurrency().limit, slots.semaphore.available_permits()), (1, 1));
        answer(&slots, Duration::from_secs(1), 200);
        let concurrency = slots.concurrency();
        assert_eq!((concurrency.limit, concurrency.lowest), (10, 1));
        assert_eq!(slots.semaphore.available_permits(), 10);
    }

    #[tokio::test]
    async fn calls_under_way_give_back_what_there_is_no_longer() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take().await.unwrap(), slots.take().await.unwrap());
        slots.overloaded(Instant::now(), Instant::now());
        drop(first);
        assert_eq!(slots.semaphore.available_permits(), 0);
        drop(second);
        assert_eq!(slots.semaphore.available_permits(), 1);
    }

    #[tokio::test]
    async fn answers_that_come_ever_later_are_a_sign_of_overload() {
        let slots = Slots::new(16);
        answer(&slots, Duration::from_millis(1), 64);
        answer(&slots, Duration::from_millis(290), 64);
        assert_eq!(slots.concurrency().decreases, 0, "so little tells nothing");
        answer(&slots, Duration::from_secs(1), 16);
        assert_eq!(slots.concurrency().lowest, 11);
    }
}
