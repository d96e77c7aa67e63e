//! Ratcliff and Obershelp's "gestalt" matching, as Python's `difflib.SequenceMatcher` does it.
//!
//! The longest common block is found, then the longest ones on both sides of it, and so on. Source: J. W. Ratcliff and
//! D. E. Metzener, "Pattern Matching: The Gestalt Approach", Dr. Dobb's Journal, July 1988; `Lib/difflib.py` for the
//! choice among blocks of one length (the first in `a`, then in `b`) and for the popular elements.

use std::{collections::HashMap, hash::Hash, ops::Range};

/// Steps that the comparisons of one grade may still take together.
#[derive(Debug)]
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) fn of_steps(steps: usize) -> Self {
        Self(steps)
    }

    fn spend(&mut self, steps: usize) -> Result<(), TooLarge> {
        self.0 = self.0.checked_sub(steps).ok_or(TooLarge)?;
        Ok(())
    }
}

/// The comparison would take more steps than it may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// How many elements two sequences have in common, in order.
///
/// With `skip_popular`, elements that make up more than a hundredth of a `b` of 200 or more begin no block, as
/// `autojunk` has it; it can hide most of what two texts share.
pub(crate) fn matched<T: Hash + Eq>(
    a: &[T],
    b: &[T],
    skip_popular: bool,
    budget: &mut Budget,
) -> Result<usize, TooLarge> {
    let mut matcher = Matcher { a, b, places: places(b, skip_popular), rows: Rows::new(b.len()), budget };
    let mut open = vec![(0..a.len(), 0..b.len())];
    let mut common = 0;
    while let Some((in_a, in_b)) = open.pop() {
        let block = matcher.longest_block(&in_a, &in_b)?;
        if block.length == 0 {
            continue;
        }
        common += block.length;
        let (end_a, end_b) = (block.a + block.length, block.b + block.length);
        for (left, right) in [(in_a.start..block.a, in_b.start..block.b), (end_a..in_a.end, end_b..in_b.end)] {
            if !left.is_empty() && !right.is_empty() {
                open.push((left, right));
            }
        }
    }
    Ok(common)
}

/// Twice the elements in common over all elements: 1 for the same, 0 for nothing in common; 1 for two empty ones.
pub(crate) fn ratio(matched: usize, all: usize) -> f64 {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if all == 0 { 1.0 } else { 2.0 * number(matched) / number(all) }
}

/// Where each element stands in `b`.
fn places<T: Hash + Eq>(b: &[T], skip_popular: bool) -> HashMap<&T, Vec<usize>> {
    let mut places: HashMap<&T, Vec<usize>> = HashMap::new();
    for (at, element) in b.iter().enumerate() {
        places.entry(element).or_default().push(at);
    }
    if skip_popular && b.len() >= 200 {
        let most = b.len() / 100 + 1;
        places.retain(|_, at| at.len() <= most);
    }
    places
}

struct Block {
    a: usize,
    b: usize,
    length: usize,
}

struct Matcher<'a, T> {
    a: &'a [T],
    b: &'a [T],
    places: HashMap<&'a T, Vec<usize>>,
    rows: Rows,
    budget: &'a mut Budget,
}

impl<T: Hash + Eq> Matcher<'_, T> {
    fn longest_block(&mut self, in_a: &Range<usize>, in_b: &Range<usize>) -> Result<Block, TooLarge> {
        let mut best = Block { a: in_a.start, b: in_b.start, length: 0 };
        self.rows.clear();
        for (at, element) in self.a.iter().enumerate().take(in_a.end).skip(in_a.start) {
            let places = self.places.get(element).map_or(&[][..], Vec::as_slice);
            let first = places.partition_point(|place| *place < in_b.start);
            let places = places.get(first..).unwrap_or_default();
            let places = places.get(..places.partition_point(|place| *place < in_b.end)).unwrap_or_default();
            self.budget.spend(places.len() + 1)?;
            for &place in places {
                let length = self.rows.extend(place);
                if length > best.length {
                    best = Block { a: at + 1 - length, b: place + 1 - length, length };
                }
            }
            self.rows.next();
        }
        self.grow(&mut best, in_a, in_b);
        Ok(best)
    }

    /// Takes popular elements beside the block into it.
    fn grow(&self, block: &mut Block, in_a: &Range<usize>, in_b: &Range<usize>) {
        while block.a > in_a.start && block.b > in_b.start && self.a.get(block.a - 1) == self.b.get(block.b - 1) {
            *block = Block { a: block.a - 1, b: block.b - 1, length: block.length + 1 };
        }
        let end = |block: &Block| (block.a + block.length, block.b + block.length);
        while let (end_a, end_b) = end(block)
            && end_a < in_a.end
            && end_b < in_b.end
            && self.a.get(end_a) == self.b.get(end_b)
        {
            block.length += 1;
        }
    }
}

/// The lengths of the blocks that end at each place of `b`, for the element of `a` under way and the one before it.
struct Rows {
    above: Vec<usize>,
    current: Vec<usize>,
    /// Where `above` and `current` are not 0.
    set_above: Vec<usize>,
    set: Vec<usize>,
}

impl Rows {
    fn new(length: usize) -> Self {
        Self { above: vec![0; length], current: vec![0; length], set_above: vec![], set: vec![] }
    }

    /// The length of the block that ends at `place`: one more than the one above and before it.
    fn extend(&mut self, place: usize) -> usize {
        let before = place.checked_sub(1).and_then(|before| self.above.get(before)).copied().unwrap_or_default();
        if let Some(length) = self.current.get_mut(place) {
            *length = before + 1;
            self.set.push(place);
        }
        before + 1
    }

    fn next(&mut self) {
        for place in self.set_above.drain(..) {
            if let Some(length) = self.above.get_mut(place) {
                *length = 0;
            }
        }
        std::mem::swap(&mut self.above, &mut self.current);
        std::mem::swap(&mut self.set_above, &mut self.set);
    }

    fn clear(&mut self) {
        self.next();
        self.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio_of(a: &str, b: &str, skip_popular: bool) -> f64 {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        ratio(matched(&a, &b, skip_popular, &mut Budget::of_steps(1_000_000)).unwrap(), a.len() + b.len())
    }

    #[test]
    fn known_ratios_of_difflib() {
        for (a, b, expected) in [
            ("", "", 1.0),
            ("a", "", 0.0),
            ("abcd", "bcde", 0.75),
            ("private Thread currentThread;", "private volatile Thread currentThread;", 0.865_671_641_791_044_8),
            ("tide", "diet", 0.25),
            ("diet", "tide", 0.5),
        ] {
            assert!((ratio_of(a, b, true) - expected).abs() < 1e-12, "{a:?} {b:?}");
        }
    }

    #[test]
    fn popular_elements_begin_no_block() {
        let (a, b) = ("x".to_owned() + &"a".repeat(299), "a".repeat(300));
        assert!(ratio_of(&a, &b, true).abs() < f64::EPSILON);
        assert!((ratio_of(&b, &b, true) - 1.0).abs() < f64::EPSILON);
        assert!((ratio_of(&a, &b, false) - 598.0 / 600.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_comparison_that_would_not_end_is_refused() {
        let (a, b) = (vec![1; 2_000], vec![1; 1_000]);
        assert_eq!(matched(&a, &b, false, &mut Budget::of_steps(1_000_000)), Err(TooLarge));
    }
}
