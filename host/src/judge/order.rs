//! The orders in which a listwise judge is shown the responses, so that no place is favoured.

use sha2::{Digest, Sha256};

use crate::sample::Sample;

/// The order for one vote: drawn by the seed for every other vote, the same in each run, and the reverse of it for the
/// vote that follows.
pub(super) fn shuffled(sample: &Sample, seed: u64, ordinal: u32) -> Vec<usize> {
    let responses = sample.responses.join("\0");
    let key = |index: usize| {
        let mut digest = Sha256::new();
        digest.update(sample.id_text());
        digest.update(seed.to_le_bytes());
        digest.update((ordinal / 2).to_le_bytes());
        digest.update(index.to_le_bytes());
        digest.update(&responses);
        digest.finalize()
    };
    let mut order: Vec<usize> = (0..sample.responses.len()).collect();
    order.sort_by_cached_key(|index| key(*index));
    if ordinal % 2 == 1 {
        order.reverse();
    }
    order
}

/// The ranks of the responses in the sample's order, from those in the order shown.
pub(super) fn restored(ranks: &[u32], order: &[usize]) -> Vec<u32> {
    let mut pairs: Vec<(usize, u32)> = order.iter().copied().zip(ranks.iter().copied()).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, rank)| rank).collect()
}

/// Which response of the sample the judge means by which number; nothing where the numbers are the same.
pub(super) fn legend(order: &[usize]) -> String {
    if order.is_sorted() {
        return String::new();
    }
    let names = (1..).zip(order).map(|(shown, index)| format!("Response {shown} is number {}", index + 1));
    format!(" ({})", names.collect::<Vec<_>>().join(", "))
}
