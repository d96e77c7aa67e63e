//! The columns that a run adds to a row. Decides; does no I/O.

use serde_json::Value;

use crate::{
    dataset::{ColumnType, Schema},
    panel::{Assessment, Panel},
    refine::Refinement,
    sample::Columns,
};

const ORIGINAL: &str = "original_response";

/// Parts of a row's results that tables show in columns of their own, `grades.NAME.score`.
const OF_A_GRADE: [(&str, ColumnType); 4] = [
    ("score", ColumnType::Number),
    ("pass", ColumnType::Boolean),
    ("outcome", ColumnType::Text),
    ("reason", ColumnType::Text),
];
const OF_THE_ASSESSMENT: [(&str, ColumnType); 3] =
    [("score", ColumnType::Number), ("pass", ColumnType::Boolean), ("coverage", ColumnType::Number)];

/// The columns of the rows that a run makes of rows with the columns of `dataset`. Where the run refines,
/// `response_column` is where responses go.
///
/// It depends on nothing that the rows bring: the results are JSON text, and what tables show of them beside it has the
/// same columns in every row.
pub fn output_schema(dataset: &Schema, panel: &Panel, response_column: Option<&str>) -> Schema {
    let mut schema = dataset.clone();
    schema.remove(is_part_of_results);
    if let Some(response) = response_column {
        schema.admit_text(response);
    }
    schema.set("grades", ColumnType::Json);
    schema.set("assessment", ColumnType::Json);
    if let Some(response) = response_column {
        if !schema.contains(ORIGINAL) {
            schema.set_like(ORIGINAL, response);
        }
        schema.set("refinement", ColumnType::Json);
        schema.set("refinement_notes", ColumnType::Json);
    }
    for (part, column_type) in OF_THE_ASSESSMENT {
        schema.set_part(&["assessment", part], column_type);
    }
    for member in panel.members() {
        for (part, column_type) in OF_A_GRADE {
            schema.set_part(&["grades", &member.name, part], column_type);
        }
    }
    schema
}

/// Whether a column is what a table shows of earlier results.
fn is_part_of_results(column: &str) -> bool {
    let is_one_of = |part: &str, parts: &[(&str, ColumnType)]| parts.iter().any(|(name, _)| *name == part);
    match (column.strip_prefix("assessment."), column.strip_prefix("grades.").and_then(|rest| rest.rsplit_once('.'))) {
        (Some(part), _) => is_one_of(part, &OF_THE_ASSESSMENT),
        (_, Some((_, part))) => is_one_of(part, &OF_A_GRADE),
        _ => false,
    }
}

/// The row with its grades in place of any that it had.
pub(super) fn graded(mut columns: Columns, assessment: &Assessment) -> Columns {
    columns.retain(|column, _| !is_part_of_results(column));
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
    columns.retain(|column, _| !is_part_of_results(column));
    columns
}

#[cfg(test)]
mod tests;
