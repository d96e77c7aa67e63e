//! What all the model calls of a run together may use: the worst case is set aside before each request. Does no I/O.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::exact;

/// What requests used, or may use. Tokens are of prompt and completion together, cost in the currency of the prices.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Charge {
    /// Requests sent, repeated attempts included.
    pub calls: u64,
    pub tokens: u64,
    #[serde(deserialize_with = "exact::float")]
    pub cost: f64,
}

impl Charge {
    /// The sum of two charges.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            tokens: self.tokens.saturating_add(other.tokens),
            cost: self.cost + other.cost,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(other.calls),
            tokens: self.tokens.saturating_sub(other.tokens),
            cost: (self.cost - other.cost).max(0.0),
        }
    }
}

/// The most that a run may use; what is `None` has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Limits {
    pub calls: Option<u64>,
    pub tokens: Option<u64>,
    pub cost: Option<f64>,
}

impl Limits {
    /// Whether there is no bound at all.
    pub fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// The first bound that a charge is beyond, in words.
    fn exceeded_by(&self, charge: Charge) -> Option<String> {
        if let Some(calls) = self.calls.filter(|calls| charge.calls > *calls) {
            return Some(format!("calls = {calls}"));
        }
        if let Some(tokens) = self.tokens.filter(|tokens| charge.tokens > *tokens) {
            return Some(format!("tokens = {tokens}"));
        }
        self.cost.filter(|cost| charge.cost > *cost + ROUNDING * cost.abs()).map(|cost| format!("cost = {cost}"))
    }
}

/// Sums of many small costs are off by less than this part of themselves.
const ROUNDING: f64 = 1e-9;

/// The budget has no room for the worst case of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the budget ({bound}) has no room for another request; {spent}")]
pub struct Exhausted {
    bound: String,
    spent: String,
}

/// The shared budget of a run. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Debug, Default)]
struct State {
    spent: Charge,
    /// Set aside for requests under way.
    reserved: Charge,
}

impl Default for Budget {
    /// A budget without bounds.
    fn default() -> Self {
        Self::new(Limits::default(), Charge::default())
    }
}

impl Budget {
    /// A budget of which `spent` is gone already, by the run that is continued.
    pub fn new(limits: Limits, spent: Charge) -> Self {
        let state = Mutex::new(State { spent, ..State::default() });
        Self(Arc::new(Shared { limits, state, settled: Notify::new() }))
    }

    /// What is used up so far.
    pub fn spent(&self) -> Charge {
        self.0.state().spent
    }

    /// Sets the worst case of one request aside. Waits while requests under way may turn out to leave room.
    ///
    /// # Errors
    /// [`Exhausted`] where there is no room even if all requests under way were free.
    pub async fn reserve(&self, worst: Charge) -> Result<Reservation, Exhausted> {
        loop {
            let settled = self.0.settled.notified();
            tokio::pin!(settled);
            // Enlisted before the look at the state, so that no settlement between the two is missed.
            settled.as_mut().enable();
            if let Some(answer) = self.0.try_reserve(worst) {
                return answer.map(|()| Reservation { shared: Arc::clone(&self.0), worst, is_settled: false });
            }
            settled.await;
        }
    }
}

impl Shared {
    /// `None` where it is too early to tell.
    fn try_reserve(&self, worst: Charge) -> Option<Result<(), Exhausted>> {
        let mut state = self.state();
        if self.limits.exceeded_by(state.spent.plus(state.reserved).plus(worst)).is_none() {
            state.reserved = state.reserved.plus(worst);
            return Some(Ok(()));
        }
        let bound = self.limits.exceeded_by(state.spent.plus(worst))?;
        Some(Err(Exhausted { bound, spent: Spent(state.spent, worst).to_string() }))
    }

    fn settle(&self, worst: Charge, used: Charge) {
        let mut state = self.state();
        state.reserved = state.reserved.minus(worst);
        state.spent = state.spent.plus(used);
        drop(state);
        self.settled.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Spent(Charge, Charge);

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(spent, worst) = self;
        write!(f, "spent: {} calls, {} tokens", spent.calls, spent.tokens)?;
        if spent.cost > 0.0 {
            write!(f, ", cost {:.4}", spent.cost)?;
        }
        write!(f, "; the next could take up to {} tokens", worst.tokens)?;
        if worst.cost > 0.0 { write!(f, ", cost {:.4}", worst.cost) } else { Ok(()) }
    }
}

/// The worst case of a request that is set aside. Dropped without [`Reservation::settle`], it counts as used: the
/// request may have been answered.
#[derive(Debug)]
pub struct Reservation {
    shared: Arc<Shared>,
    worst: Charge,
    is_settled: bool,
}

impl Reservation {
    /// Ends with what the request used after all.
    pub fn settle(mut self, used: Charge) {
        self.is_settled = true;
        self.shared.settle(self.worst, used);
    }

    /// The worst case that was set aside.
    pub fn worst(&self) -> Charge {
        self.worst
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_settled {
            self.shared.settle(self.worst, self.worst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(tokens: u64) -> Charge {
        Charge { calls: 1, tokens, cost: 0.0 }
    }

    fn tokens(limit: u64) -> Budget {
        Budget::new(Limits { tokens: Some(limit), ..Limits::default() }, Charge::default())
    }

    #[tokio::test]
    async fn what_is_set_aside_never_adds_up_to_more_than_the_budget() {
        let budget = tokens(100);
        let first = budget.reserve(charge(60)).await.unwrap();
        first.settle(charge(30));
        let second = budget.reserve(charge(60)).await.unwrap();
        second.settle(charge(60));
        let error = budget.reserve(charge(11)).await.unwrap_err().to_string();
        assert!(error.contains("tokens = 100") && error.contains("2 calls, 90 tokens"), "{error}");
        assert_eq!(budget.spent(), Charge { calls: 2, tokens: 90, cost: 0.0 });
    }

    #[tokio::test]
    async fn a_request_waits_for_those_under_way_that_may_leave_room() {
        let budget = tokens(100);
        let first = budget.reserve(charge(80)).await.unwrap();
        let second = tokio::spawn({
            let budget = budget.clone();
            async move { budget.reserve(charge(80)).await.map(|reservation| reservation.settle(charge(1))) }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        first.settle(charge(10));
        assert_eq!(second.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn a_request_that_was_dropped_counts_as_used() {
        let budget = tokens(100);
        drop(budget.reserve(charge(80)).await.unwrap());
        assert!(budget.reserve(charge(30)).await.is_err());
    }

    #[tokio::test]
    async fn many_small_costs_add_up_to_their_sum() {
        let budget = Budget::new(Limits { cost: Some(1.0), ..Limits::default() }, Charge::default());
        let tenth = Charge { calls: 1, tokens: 1, cost: 0.1 };
        for _ in 0..10 {
            budget.reserve(tenth).await.unwrap().settle(tenth);
        }
        assert!(budget.reserve(tenth).await.is_err());
    }

    #[tokio::test]
    async fn what_an_earlier_run_spent_counts() {
        let budget = Budget::new(Limits { calls: Some(3), ..Limits::default() }, Charge { calls: 3, ..charge(0) });
        assert!(budget.reserve(charge(1)).await.is_err());
        assert!(Budget::new(Limits::default(), charge(9)).reserve(charge(1)).await.is_ok());
    }
}
