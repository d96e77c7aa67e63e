//! The columns that a run adds to a row. Decides; does no I/O.

use serde_json::Value;

use crate::{panel::Assessment, refine::Refinement, sample::Columns};

const ORIGINAL: &str = "original_response";

/// The row with its grades in place of any that it had.
pub(super) fn graded(mut columns: Columns, assessment: &Assessment) -> Columns {
    columns.insert("grades".to_owned(), assessment.grades_json());
    columns.insert("assessment".to_owned(), assessment.to_json());
    columns
}

/// The row with the chosen response, its grades and the record of the refinement. `original` is the response that the
/// row was read with; the first original of a row that is refined again stays.
pub(super) fn refined(
    columns: Columns,
    response_column: &str,
    original: Option<String>,
    refinement: &Refinement,
) -> Columns {
    let mut columns = match refinement.assessment() {
        Some(assessment) => graded(columns, assessment),
        None => without_grades(columns),
    };
    if let Some(chosen) = refinement.chosen()
        && original.as_ref() != Some(&chosen.response)
    {
        let before = columns.insert(response_column.to_owned(), chosen.response.clone().into());
        let before = before.filter(|value| !value.is_null()).or(original.map(Value::String));
        if let Some(before) = before
            && columns.get(ORIGINAL).is_none_or(Value::is_null)
        {
            columns.insert(ORIGINAL.to_owned(), before);
        }
    }
    columns.insert("refinement".to_owned(), refinement.to_json());
    if let Some(notes) = refinement.notes_json() {
        columns.insert("refinement_notes".to_owned(), notes);
    }
    columns
}

fn without_grades(mut columns: Columns) -> Columns {
    columns.shift_remove("grades");
    columns.shift_remove("assessment");
    columns
}

#[cfg(test)]
mod tests;
