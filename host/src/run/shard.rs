//! A part of a dataset: every so-manieth row of it, by position.
//!
//! Positions rather than ids decide, and rows are dealt in turn rather than cut into ranges: the shards are equally
//! large, a hard stretch of the dataset is spread over all of them, and rows without ids have their place, too.

use std::{fmt, str::FromStr};

use serde_json::Value;

/// The share of a dataset that one run works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// 1-based.
    index: u64,
    of: u64,
}

impl Shard {
    /// All rows.
    pub const WHOLE: Self = Self { index: 1, of: 1 };
    /// The most shards.
    const MOST: u64 = 100_000;

    pub fn index(self) -> u64 {
        self.index
    }

    /// The number of shards.
    pub fn of(self) -> u64 {
        self.of
    }

    /// Whether the row of this 1-based number belongs to the shard.
    pub fn takes(self, row: u64) -> bool {
        row % self.of == self.index % self.of
    }

    /// How many rows of a dataset belong to the shard.
    pub fn rows_of(self, rows: u64) -> u64 {
        (rows + self.of - self.index) / self.of
    }

    /// The number of the last row where the first `done` rows of the shard are done; zero where none is.
    pub(super) fn last_of(self, done: u64) -> u64 {
        if done == 0 { 0 } else { self.index + (done - 1) * self.of }
    }

    /// The shard that a run was told to work on; `None` where it was told the whole.
    pub(super) fn of_told(told: &Value) -> Option<Self> {
        told.get("dataset")?.get("shard")?.as_str()?.parse().ok()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (index, of) = text.split_once('/').ok_or("write it like 3/16: the third of sixteen shards")?;
        match (index.trim().parse(), of.trim().parse()) {
            (Ok(index), Ok(of)) if (1..=of).contains(&index) && of <= Self::MOST => Ok(Self { index, of }),
            (Ok(_), Ok(of)) if of > Self::MOST => Err(format!("there are at most {} shards", Self::MOST)),
            (Ok(0), Ok(_)) => Err("shards are counted from 1: the first of sixteen is 1/16".to_owned()),
            (Ok(index), Ok(of)) => Err(format!("there is no shard {index} of {of}")),
            _ => Err("write it like 3/16: the third of sixteen shards".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_belongs_to_one_shard_and_the_shards_are_equally_large() {
        for (rows, of) in [(0, 3), (1, 3), (7, 3), (9, 3), (2, 5), (5, 1)] {
            let shards: Vec<Shard> = (1..=of).map(|index| Shard { index, of }).collect();
            for row in 1..=rows {
                assert_eq!(shards.iter().filter(|shard| shard.takes(row)).count(), 1);
            }
            for shard in shards {
                let numbers: Vec<u64> = (1..=rows).filter(|row| shard.takes(*row)).collect();
                assert_eq!(shard.rows_of(rows), numbers.len() as u64, "{shard} of {rows} rows");
                for (done, number) in (1..).zip(&numbers) {
                    assert_eq!(shard.last_of(done), *number);
                }
            }
        }
    }

    #[test]
    fn a_shard_is_written_as_a_fraction() {
        assert_eq!("3/16".parse(), Ok(Shard { index: 3, of: 16 }));
        for text in ["0/4", "5/4", "4", "a/b", "1/0", "-1/2", "1/1000000"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
