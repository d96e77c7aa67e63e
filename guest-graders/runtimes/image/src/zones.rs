//! Where programs write: found by running usual ones, and looking what they changed.
//!
//! Wasmtime restores the memory of an instance in place as long as no more than 32 runs of pages were written to, and
//! gives back and maps anew what lies behind the 32nd. What many programs write to is therefore made few runs, and the
//! rest of the 32 is left to what only some do: every instance begins by writing to each page of these zones, and what
//! lies between two pages that are written to belongs to them where the gap is small.

use std::{collections::BTreeMap, ops::Range};

/// What the kernel maps at once, in bytes.
pub(crate) const PAGE: usize = 4 << 10;

/// Pages between two that are written to: as many or fewer cost less than another run of pages does.
const GAP: usize = 12;

/// One in so many of the usual programs must write to a page for it to belong to a zone. Each page of a zone costs every
/// program its copying.
const OFTEN: usize = 4;

/// Runs of pages, in ascending order, by their numbers.
#[derive(Debug)]
pub(crate) struct Zones(pub(crate) Vec<Range<usize>>);

impl Zones {
    /// Of the pages that each program wrote to.
    pub(crate) fn of(written: &[Vec<usize>]) -> Self {
        let mut times: BTreeMap<usize, usize> = BTreeMap::new();
        written.iter().flatten().for_each(|page| *times.entry(*page).or_default() += 1);
        joined(times.into_iter().filter(|(_, times)| written.len() <= times * OFTEN).map(|(page, _)| page))
    }
}

/// The pages as runs, with small gaps closed.
fn joined(pages: impl Iterator<Item = usize>) -> Zones {
    let mut zones: Vec<Range<usize>> = Vec::new();
    for page in pages {
        match zones.last_mut() {
            Some(last) if page - last.end <= GAP => last.end = page + 1,
            _ => zones.push(page..page + 1),
        }
    }
    Zones(zones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_write_to_is_joined_across_small_gaps() {
        let often = vec![3, 4, 5, 10, 100];
        let written = [often.clone(), often.clone(), often, vec![3, 60], vec![61], vec![62]];
        assert_eq!(Zones::of(&written).0, [3..11, 100..101]);
    }
}
