//! The rows that a person should look at, the most doubtful first, and what the person decided.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::{
    dataset::{ORIGINAL_RESPONSE, ResponseColumn},
    panel::rounded,
    sample::{Columns, Sample},
};

/// How near to its threshold a score is borderline, of a scale of 0..1.
const BORDERLINE: f64 = 0.1;

/// How far the votes of a judge lie apart that do not agree, as a part of the largest.
const APART: f64 = 0.4;

/// The thresholds of the graders, by their names.
pub type Thresholds = HashMap<String, f64>;

/// The most doubtful rows.
#[derive(Debug)]
pub struct ReviewQueue {
    thresholds: Thresholds,
    most: usize,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    doubt: f64,
    row: Value,
}

impl ReviewQueue {
    /// A queue of at most `most` rows.
    pub fn new(thresholds: Thresholds, most: usize) -> Self {
        Self { thresholds, most: most.max(1), entries: Vec::new() }
    }

    /// Takes a row in that there is a reason to look at.
    pub fn add(&mut self, sample: &Sample, columns: &Columns) {
        let (why, doubt) = self.doubts(columns);
        if why.is_empty() {
            return;
        }
        let mut row = json!({"id": sample.id, "why": why, "query": sample.query()});
        if let Some(row) = row.as_object_mut() {
            for name in ["original_response", "response", "grades"] {
                let value = match name {
                    "response" => sample.response.clone().map(Value::from),
                    other => columns.get(other).cloned(),
                };
                row.extend(value.map(|value| (name.to_owned(), value)));
            }
            for empty in ["decision", "edited_response", "comment"] {
                row.insert(empty.to_owned(), Value::Null);
            }
        }
        self.entries.push(Entry { doubt, row });
        if self.entries.len() >= 2 * self.most {
            self.shorten();
        }
    }

    /// The rows, the most doubtful first; equally doubtful ones in the order of the dataset.
    pub fn into_rows(mut self) -> impl Iterator<Item = Value> {
        self.shorten();
        self.entries.into_iter().map(|entry| entry.row)
    }

    fn shorten(&mut self) {
        self.entries.sort_by(|a, b| b.doubt.total_cmp(&a.doubt));
        self.entries.truncate(self.most);
    }

    /// Why to look at a row, and how much.
    fn doubts(&self, columns: &Columns) -> (Vec<String>, f64) {
        let (mut why, mut doubt) = (Vec::new(), 0.0);
        let mut note = |reason: String, weight: f64| {
            why.push(reason);
            doubt += weight;
        };
        for (name, grade) in columns.get("grades").and_then(Value::as_object).into_iter().flatten() {
            let text = |key: &str| grade.get(key).and_then(Value::as_str).unwrap_or_default();
            match text("outcome") {
                "error" => note(format!("{name}: error {}", text("kind")), 2.0),
                "undecided" => note(format!("{name}: undecided"), 1.5),
                _ => {}
            }
            let score = grade.get("score").and_then(Value::as_f64);
            if let (Some(score), Some(threshold)) = (score, self.thresholds.get(name)) {
                let distance = (score - threshold).abs();
                if distance <= BORDERLINE && 0.0 < score && score < 1.0 {
                    note(format!("{name}: {score} is near the threshold {threshold}"), 1.0 - distance);
                }
            }
            if let Some(spread) = spread_of_votes(grade).filter(|spread| *spread >= APART) {
                note(format!("{name}: the votes do not agree"), 1.0 + spread);
            }
        }
        let marked = columns.get("assessment").and_then(|assessment| assessment.get("review")?.as_array());
        for name in marked.into_iter().flatten().filter_map(Value::as_str) {
            note(format!("{name}: its errors are to be reviewed"), 2.0);
        }
        if let Some(change) = change(columns) {
            note(format!("the score changed by {change}"), change.abs());
        }
        (why, doubt)
    }
}

fn spread_of_votes(grade: &Value) -> Option<f64> {
    let votes: Vec<f64> = grade.get("details")?.get("votes")?.as_array()?.iter().filter_map(Value::as_f64).collect();
    let most = votes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = votes.iter().copied().fold(f64::INFINITY, f64::min);
    (votes.len() > 1).then(|| (most - least) / most.abs().max(1.0))
}

/// What a refinement that replaced the response made of its score.
fn change(columns: &Columns) -> Option<f64> {
    let refinement = columns.get("refinement")?;
    let attempts = refinement.get("attempts")?.as_array()?;
    let score = |index: usize| attempts.get(index)?.get("assessment")?.get("score")?.as_f64();
    let chosen = usize::try_from(refinement.get("chosen")?.as_u64()?).ok().filter(|chosen| *chosen > 0)?;
    Some(rounded(score(chosen)? - score(0)?))
}

/// What a reviewer decided of the rows, by their ids.
#[derive(Debug, Default)]
pub struct Decisions(HashMap<String, Decision>);

#[derive(Debug)]
struct Decision {
    kind: Kind,
    edited: Option<String>,
    comment: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Accept,
    Reject,
    Edit,
    Drop,
}

/// A row of a review that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row} of the review: {problem}")]
pub struct ReviewError {
    row: u64,
    problem: String,
}

impl Decisions {
    /// Takes a row of the review in; one without a decision says nothing.
    pub fn add(&mut self, number: u64, row: &Columns) -> Result<(), ReviewError> {
        let bad = |problem: String| ReviewError { row: number, problem };
        let id = row.get("id").filter(|id| !id.is_null()).ok_or_else(|| bad("it has no `id`".to_owned()))?;
        let kind = match row.get("decision") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(()),
            Some(Value::String(text)) => match text.trim().to_lowercase().as_str() {
                "accept" => Kind::Accept,
                "reject" => Kind::Reject,
                "edit" => Kind::Edit,
                "drop" => Kind::Drop,
                other => {
                    return Err(bad(format!("`decision` is `{other}`; it is one of accept, reject, edit and drop")));
                }
            },
            Some(other) => {
                return Err(bad(format!("`decision` is {other}; it is one of accept, reject, edit and drop")));
            }
        };
        let edited = row.get("edited_response").and_then(Value::as_str).map(str::to_owned);
        if kind == Kind::Edit && edited.is_none() {
            return Err(bad("`decision` is `edit`, and there is no `edited_response`".to_owned()));
        }
        let comment = row.get("comment").filter(|comment| !comment.is_null()).cloned();
        match self.0.insert(id.to_string(), Decision { kind, edited, comment }) {
            None => Ok(()),
            Some(_) => Err(bad(format!("the id {id} was decided before"))),
        }
    }

    /// The number of decisions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The row as decided; `None` where it shall be dropped. `response_column` holds the response.
    pub fn apply(&self, id: &Value, mut columns: Columns, response_column: &ResponseColumn) -> Option<Columns> {
        let Some(decision) = self.0.get(&id.to_string()) else { return Some(columns) };
        let name = match decision.kind {
            Kind::Drop => return None,
            Kind::Accept => "accept",
            Kind::Reject => {
                let original = columns.shift_remove(ORIGINAL_RESPONSE).filter(|original| !original.is_null());
                columns.extend(original.map(|original| (response_column.name().to_owned(), original)));
                "reject"
            }
            Kind::Edit => {
                let before = columns.get(response_column.name()).cloned();
                let edited = decision.edited.as_deref().unwrap_or_default();
                let edited = response_column.value(before.as_ref(), edited);
                columns.insert(response_column.name().to_owned(), edited);
                if let Some(before) = before.filter(|_| columns.get(ORIGINAL_RESPONSE).is_none_or(Value::is_null)) {
                    columns.insert(ORIGINAL_RESPONSE.to_owned(), before);
                }
                "edit"
            }
        };
        if decision.kind != Kind::Accept {
            // They were given to another response.
            columns.shift_remove("grades");
            columns.shift_remove("assessment");
        }
        let mut review = json!({"decision": name});
        if let (Some(comment), Some(review)) = (&decision.comment, review.as_object_mut()) {
            review.insert("comment".to_owned(), comment.clone());
        }
        columns.insert("review".to_owned(), review);
        Some(columns)
    }
}
