//! Rows that were graded or refined before: those of a run directory, or of a file.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::failure::Failure;
use crate::{
    dataset::{Dataset, DatasetError, FormatOptions, Parts, Row},
    export::Thresholds,
    fields::FieldMap,
    run,
};

/// Rows with their grades, and what is known of the run that they come from.
pub(super) struct GradedRows {
    pub(super) dataset: Dataset,
    pub(super) parts: Parts,
    /// Of a run directory.
    pub(super) thresholds: Thresholds,
    /// What the run was told, where its directory is at hand.
    pub(super) told: Value,
}

impl GradedRows {
    pub(super) fn open(path: &Path, options: FormatOptions) -> Result<Self, Failure> {
        Self::open_mapped(path, &FieldMap::default(), options)
    }

    /// [`GradedRows::open`] with a map of the dataset over that of the run.
    pub(super) fn open_mapped(path: &Path, over: &FieldMap, options: FormatOptions) -> Result<Self, Failure> {
        let Located { file, told, map } = locate(path)?;
        let (plan, map) = (&told["plan"], map.overlaid(over));
        let dataset = Dataset::open_mapped(&file, &map, options)?;
        let parts = Parts::choose(&dataset, &map)?;
        let threshold = |(name, grader): (&String, &Value)| Some((name.clone(), grader["threshold"].as_f64()?));
        let thresholds = plan["graders"].as_object().into_iter().flatten().filter_map(threshold).collect();
        Ok(Self { dataset, parts, thresholds, told })
    }

    /// The rows; what stands as JSON text in tables as what it was.
    pub(super) fn rows(&self) -> Result<impl Iterator<Item = Result<Row, DatasetError>>, DatasetError> {
        Ok(self.dataset.rows()?.map(|row| {
            let mut row = row?;
            for column in ["grades", "assessment", "refinement", "refinement_notes"] {
                if let Some(value) = row.columns.get_mut(column)
                    && let Some(parsed) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
                {
                    *value = parsed;
                }
            }
            Ok(row)
        }))
    }
}

/// Where graded rows are.
pub(super) struct Located {
    pub(super) file: PathBuf,
    /// What the run was told, of a run directory.
    told: Value,
    /// From fields to the columns that it read them from.
    pub(super) map: FieldMap,
}

/// Finds the rows of a run directory, or takes a file of rows as it is.
pub(super) fn locate(path: &Path) -> Result<Located, Failure> {
    if !path.is_dir() {
        return Ok(Located { file: path.to_owned(), told: Value::Null, map: FieldMap::default() });
    }
    let told = run::read_told(path).map_err(|error| {
        Failure::from(error).hint("name the directory of `--run`, or a file of graded or refined rows")
    })?;
    let text = |(field, column): (&String, &Value)| Some((field.clone(), column.as_str()?.to_owned()));
    let map = FieldMap::new(told["plan"]["map"].as_object().into_iter().flatten().filter_map(text));
    Ok(Located { file: run::results_of(path), told, map })
}
