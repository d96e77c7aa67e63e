//! The columns that a run adds to a row. Decides; does no I/O.

use serde_json::Value;

use crate::{
    dataset::{ColumnType, ORIGINAL_RESPONSE as ORIGINAL, ResponseColumn, Row, Schema},
    panel::{Assessment, Panel},
    refine::{Recorded, Refinement},
    sample::{Columns, Sample},
    score::{ErrorKind, GradeError},
};

/// The column of what was tried at a row.
const REFINEMENT: &str = "refinement";

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
        schema.set(REFINEMENT, ColumnType::Json);
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
    response_column: &ResponseColumn,
    original: Option<String>,
    refinement: &Refinement,
) -> Columns {
    let mut columns = assessed(columns, refinement);
    let name = response_column.name();
    if let Some(chosen) = refinement.chosen() {
        let before = columns.get(name).filter(|value| !value.is_null()).cloned();
        let is_kept = original.as_ref() == Some(&chosen.response);
        // A response that was read elsewhere, as the last turn of the conversation, stands in the column all the same:
        // every refined row has its response there.
        if !is_kept || before.is_none() {
            columns.insert(name.to_owned(), response_column.value(before.as_ref(), &chosen.response));
        }
        let before = before.or(original.map(Value::String));
        if let Some(before) = before.filter(|_| !is_kept)
            && columns.get(ORIGINAL).is_none_or(Value::is_null)
        {
            columns.insert(ORIGINAL.to_owned(), before);
        }
    }
    with_record(columns, refinement)
}

/// What a row holds of an earlier refinement; nothing but its response where it was not refined. An `invalid-sample`
/// where the record cannot be read.
pub(super) fn recorded(row: &Row, sample: &Sample) -> Result<Recorded, GradeError> {
    let read = |value: &Value| match value {
        // As tables have it.
        Value::String(text) => Recorded::read(&serde_json::from_str(text).unwrap_or_default()),
        value => Recorded::read(value),
    };
    let refinement = row.columns.get(REFINEMENT).filter(|value| !value.is_null());
    let recorded = refinement.map(read).transpose().map_err(|problem| {
        let reason = format!("row {}: the column `{REFINEMENT}` {problem}", row.number);
        GradeError::new(ErrorKind::InvalidSample, reason)
    })?;
    let original = row.columns.get(ORIGINAL).and_then(ResponseColumn::text);
    Ok(recorded.unwrap_or_default().with_own(original.as_deref(), sample.response.as_deref()))
}

/// The responses that were tried for a row, each once and in their order: those that [`regrade`](super::regrade) grades.
///
/// # Errors
/// An `invalid-sample` where the record of the refinement cannot be read.
pub fn tried(row: &Row, sample: &Sample) -> Result<Vec<String>, GradeError> {
    let mut tried: Vec<String> = Vec::new();
    for attempt in recorded(row, sample)?.attempts {
        if !tried.iter().any(|other| other.trim() == attempt.response.trim()) {
            tried.push(attempt.response);
        }
    }
    Ok(tried)
}

/// The row with the attempt that was chosen anew in the place of the one that was. A row whose original is the best
/// has it back, as it was before any refinement.
pub(super) fn regraded(columns: Columns, response_column: &ResponseColumn, refinement: &Refinement) -> Columns {
    let mut columns = assessed(columns, refinement);
    columns.shift_remove("refinement_notes");
    let name = response_column.name();
    let present = |column: &str| columns.get(column).filter(|value| !value.is_null()).cloned();
    let current = present(name);
    let current_text = current.as_ref().and_then(ResponseColumn::text);
    let is_current = |text: &str| current_text.as_deref().is_some_and(|current| current.trim() == text.trim());
    let given = refinement.attempts.iter().filter(|attempt| attempt.model.is_none()).count();
    let first = refinement.attempts.first().filter(|attempt| attempt.model.is_none());
    // Where several responses were given, none of them is the original.
    let unmoved = first.filter(|first| given == 1 && is_current(&first.response)).and(current.clone());
    let original = present(ORIGINAL).or(unmoved);
    match (refinement.chosen(), original) {
        (Some(_), Some(original)) if refinement.chosen == Some(0) => {
            columns.insert(name.to_owned(), original);
            columns.shift_remove(ORIGINAL);
        }
        (Some(chosen), original) if !is_current(&chosen.response) => {
            let form = current.as_ref().or(original.as_ref());
            columns.insert(name.to_owned(), response_column.value(form, &chosen.response));
            columns.extend(original.map(|original| (ORIGINAL.to_owned(), original)));
        }
        _ => {}
    }
    with_record(columns, refinement)
}

fn assessed(columns: Columns, refinement: &Refinement) -> Columns {
    match refinement.assessment() {
        Some(assessment) => graded(columns, assessment),
        None => without_grades(columns),
    }
}

fn with_record(mut columns: Columns, refinement: &Refinement) -> Columns {
    columns.insert(REFINEMENT.to_owned(), refinement.to_json());
    columns.extend(refinement.notes_json().map(|notes| ("refinement_notes".to_owned(), notes)));
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
