//! How many rows are worked on at the same time: more of them while each takes little, so that workers never wait for the
//! host, and few where a row takes long, so that a run that shall stop is soon at its end.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A row that is done within this time lets one more in, as long as there may be more.
const SHORT: Duration = Duration::from_millis(10);

/// A row that takes this long keeps one out that was let in besides.
const LONG: Duration = Duration::from_millis(40);

/// Lets rows in, in their order.
pub(super) struct Gate {
    places: Semaphore,
    /// Places beyond those that there always are.
    besides: AtomicUsize,
    most_besides: usize,
}

/// A row's place, until it is given back.
pub(super) struct Place<'a> {
    gate: &'a Gate,
    permit: SemaphorePermit<'a>,
    since: Instant,
}

impl Gate {
    /// With places for so many rows, at least one, and for some besides while rows take little.
    pub(super) fn new(always: usize, besides: usize) -> Self {
        Self { places: Semaphore::new(always.max(1)), besides: AtomicUsize::new(0), most_besides: besides }
    }

    /// Waits for a place. Fair, so that rows begin in the order in which they wait.
    pub(super) async fn enter(&self) -> Option<Place<'_>> {
        // Never closed.
        let permit = self.places.acquire().await.ok()?;
        Some(Place { gate: self, permit, since: Instant::now() })
    }

    fn adapt(&self, permit: SemaphorePermit<'_>, took: Duration) {
        let change = |change: &dyn Fn(usize) -> Option<usize>| {
            self.besides.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change).is_ok()
        };
        if took <= SHORT && change(&|besides| (besides < self.most_besides).then_some(besides + 1)) {
            self.places.add_permits(1);
        } else if LONG <= took && change(&|besides| besides.checked_sub(1)) {
            permit.forget();
        }
    }
}

impl Place<'_> {
    /// Gives the place back when the row is done.
    pub(super) fn leave(self) {
        let Self { gate, permit, since } = self;
        gate.adapt(permit, since.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// How many rows get in when all places are free.
    fn places(gate: &Gate) -> usize {
        let entered: Vec<_> = std::iter::from_fn(|| gate.enter().now_or_never().flatten()).collect();
        entered.len()
    }

    fn row(gate: &Gate, took: Duration) {
        let place = gate.enter().now_or_never().flatten().expect("a place");
        gate.adapt(place.permit, took);
    }

    #[test]
    fn short_rows_make_room_up_to_the_bound() {
        let gate = Gate::new(2, 3);
        assert_eq!(places(&gate), 2);
        for expected in [3, 4, 5, 5] {
            row(&gate, SHORT);
            assert_eq!(places(&gate), expected);
        }
    }

    #[test]
    fn long_rows_take_back_no_more_than_was_given() {
        let gate = Gate::new(2, 3);
        for _ in 0..3 {
            row(&gate, Duration::ZERO);
        }
        row(&gate, (SHORT + LONG) / 2);
        assert_eq!(places(&gate), 5);
        for expected in [4, 3, 2, 2] {
            row(&gate, LONG);
            assert_eq!(places(&gate), expected);
        }
    }

    #[test]
    fn without_more_there_are_always_as_many() {
        let gate = Gate::new(0, 0);
        row(&gate, Duration::ZERO);
        row(&gate, LONG);
        assert_eq!(places(&gate), 1);
    }
}
