//! Rows that are kept to be looked at: the extreme ones of a measure, and a fair choice of each class. Bounded.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng, rngs::StdRng};

/// The items with the largest measures.
#[derive(Debug, Clone)]
pub(super) struct Largest<T> {
    most: usize,
    items: Vec<(f64, T)>,
}

impl<T> Largest<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, items: Vec::new() }
    }

    /// Keeps the item where its measure is among the largest. Equal ones: the first.
    pub(super) fn offer(&mut self, measure: f64, item: impl FnOnce() -> T) {
        let is_full = self.items.len() >= self.most;
        if is_full && self.items.last().is_some_and(|(least, _)| *least >= measure) {
            return;
        }
        let place = self.items.partition_point(|(other, _)| *other >= measure);
        self.items.insert(place, (measure, item()));
        self.items.truncate(self.most);
    }

    /// The largest first.
    pub(super) fn into_items(self) -> impl Iterator<Item = T> {
        self.items.into_iter().map(|(_, item)| item)
    }
}

/// Some items of each class, every item of a class as likely as the others (Vitter 1985, "Random sampling with a
/// reservoir", algorithm R); all where they are few.
#[derive(Debug)]
pub(super) struct Shelves<K, T> {
    most: usize,
    random: StdRng,
    by_class: BTreeMap<K, Shelf<T>>,
}

#[derive(Debug, Clone)]
struct Shelf<T> {
    seen: u64,
    items: Vec<T>,
}

impl<K: Ord, T> Shelves<K, T> {
    /// At most `most` items of each class.
    pub(super) fn new(most: usize) -> Self {
        Self { most, random: StdRng::seed_from_u64(1985), by_class: BTreeMap::new() }
    }

    pub(super) fn offer(&mut self, class: K, item: impl FnOnce() -> T) {
        let own = self.by_class.entry(class).or_insert_with(|| Shelf { seen: 0, items: Vec::new() });
        own.seen += 1;
        if own.items.len() < self.most {
            own.items.push(item());
            return;
        }
        let place = self.random.random_range(0..own.seen);
        if let Some(kept) = usize::try_from(place).ok().and_then(|place| own.items.get_mut(place)) {
            *kept = item();
        }
    }

    /// At most `most` items of all classes together, taken from each in turn.
    pub(super) fn into_items(self, most: usize) -> Vec<T> {
        let mut shelves: Vec<_> = self.by_class.into_values().map(|shelf| shelf.items.into_iter()).collect();
        let mut taken = Vec::new();
        loop {
            let before = taken.len();
            for shelf in &mut shelves {
                if taken.len() < most {
                    taken.extend(shelf.next());
                }
            }
            if taken.len() == before {
                return taken;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_stay_in_order_and_the_first_of_equals() {
        let mut largest = Largest::new(3);
        for (measure, name) in [(1.0, "a"), (3.0, "b"), (2.0, "c"), (2.0, "d"), (0.5, "e"), (3.0, "f")] {
            largest.offer(measure, || name);
        }
        assert_eq!(largest.into_items().collect::<Vec<_>>(), ["b", "f", "c"]);
    }

    #[test]
    fn every_class_is_on_show_however_rare_it_is() {
        let mut shelves = Shelves::new(10);
        for number in 0..10_000 {
            shelves.offer(number == 7777, || number);
        }
        let items = shelves.into_items(5);
        assert_eq!(items.len(), 5);
        assert!(items.contains(&7777));
    }

    #[test]
    fn few_items_are_all_kept() {
        let mut shelves = Shelves::new(10);
        (0..9).for_each(|number| shelves.offer(number % 2, || number));
        let mut items = shelves.into_items(10);
        items.sort_unstable();
        assert_eq!(items, (0..9).collect::<Vec<_>>());
    }
}
