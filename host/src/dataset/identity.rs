//! Whether every row has an id of its own.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use serde_json::Value;

use super::{Dataset, DatasetError, Layout, Place, Stored, error::kind_of};

/// The ids so far, as hashes: eight bytes a row. Where a hash comes twice, the rows before are looked through.
pub(super) struct Identities {
    seen: HashSet<u64>,
    hasher: RandomState,
    column: String,
}

impl Identities {
    pub(super) fn new(column: &str) -> Self {
        Self { seen: HashSet::new(), hasher: RandomState::new(), column: column.to_owned() }
    }

    /// Refuses an id that is none, or that of a row before. `row` is numbered through all files, `line` is of `file`.
    pub(super) fn check(
        &mut self,
        row: u64,
        line: u64,
        given: Option<&Value>,
        file: &Stored,
        dataset: &Dataset,
    ) -> Result<(), DatasetError> {
        let given = given.filter(|id| !id.is_null());
        let has_lines = matches!(file.format.layout, Layout::Lines | Layout::Separated(_));
        let place = || Place { name: file.source.name(), row, line: has_lines.then_some(line), column: None };
        if let Some(id @ (Value::Array(_) | Value::Object(_))) = given {
            let (place, column) = (Box::new(place()), self.column.clone());
            return Err(DatasetError::InvalidId { place, column, found: kind_of(id) });
        }
        let id = given.map_or_else(|| row.to_string(), Value::to_string);
        if self.seen.insert(self.hasher.hash_one(&id)) {
            return Ok(());
        }
        let Some(first) = self.first_with(&id, row, dataset)? else { return Ok(()) };
        let (place, column) = (Box::new(place()), self.column.clone());
        Err(match given {
            None => DatasetError::NumberTaken { place, column, first },
            Some(_) => DatasetError::DuplicateId { place, column, id, first },
        })
    }

    /// The first row before `row` that has this id; two ids may have one hash.
    fn first_with(&self, id: &str, row: u64, dataset: &Dataset) -> Result<Option<u64>, DatasetError> {
        for before in dataset.rows()?.take(usize::try_from(row - 1).unwrap_or(usize::MAX)) {
            let before = before?;
            let given = before.columns.get(&self.column).filter(|id| !id.is_null());
            if given.map_or_else(|| before.number.to_string(), Value::to_string) == id {
                return Ok(Some(before.number));
            }
        }
        Ok(None)
    }
}
