//! What a row says of its grades: those with receipts, and why others have none.

use serde_json::Value;

use crate::{
    export::Thresholds,
    receipt::{JUDGE, Receipt, SECOND_OPINION, digest_of_stated, stated},
    sample::Columns,
    score::rounded,
};

/// A grade of a row.
pub(super) enum Entry {
    Claim(Box<Claim>),
    Without { grader: String, kind: Kind },
}

/// Why a grade has no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An LLM judge gave it.
    Judge,
    /// Two graders gave it together.
    SecondOpinion,
    /// It is an error of the machine's, or nobody was asked.
    NotGraded,
    /// It should have one that can be read.
    Missing,
}

/// A grade with a receipt.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// The grader's name in the results.
    pub(super) grader: String,
    /// Of a refinement, which attempt; `None` for the grades of the row.
    pub(super) attempt: Option<usize>,
    /// The outcome as the row states it.
    pub(super) stated: Columns,
    pub(super) pass: Option<bool>,
    pub(super) receipt: Receipt,
}

impl Claim {
    /// Whether the grade in the row is the one that the receipt was made for.
    pub(super) fn states_what_was_graded(&self) -> bool {
        digest_of_stated(&self.stated) == self.receipt.outcome
    }

    /// Whether `pass` follows from the score, where the threshold is known.
    pub(super) fn passes_as_it_states(&self, thresholds: &Thresholds) -> bool {
        self.pass_by(thresholds).is_none_or(|pass| self.pass == Some(pass))
    }

    /// Whether the score passes, where there is one and the threshold is known.
    pub(super) fn pass_by(&self, thresholds: &Thresholds) -> Option<bool> {
        let score = self.stated.get("score").and_then(Value::as_f64)?;
        Some(rounded(score) >= rounded(*thresholds.get(&self.grader)?))
    }
}

/// The grades of a row and of the attempts at it. The attempt that was chosen has those of the row.
pub(super) fn of_row(columns: &Columns) -> Vec<Entry> {
    let grades = columns.get("grades").and_then(Value::as_object);
    let mut entries: Vec<Entry> =
        grades.into_iter().flatten().filter_map(|(name, grade)| entry(name, None, grade)).collect();
    for (index, attempt) in attempts(columns).iter().enumerate() {
        let own = attempt.get("grades").and_then(Value::as_object);
        for (name, grade) in own.into_iter().flatten() {
            if grades.and_then(|grades| grades.get(name)) != Some(grade) {
                entries.extend(entry(name, Some(index), grade));
            }
        }
    }
    entries
}

/// The attempts of a refinement.
pub(super) fn attempts(columns: &Columns) -> &[Value] {
    let attempts = columns.get("refinement").and_then(|refinement| refinement.get("attempts")?.as_array());
    attempts.map_or(&[], Vec::as_slice)
}

fn entry(name: &str, attempt: Option<usize>, grade: &Value) -> Option<Entry> {
    let grade = grade.as_object()?;
    let grader = name.to_owned();
    let Some(receipt) = grade.get("receipt") else {
        return Some(Entry::Without { grader, kind: kind(grade) });
    };
    let Ok(receipt) = serde_json::from_value(receipt.clone()) else {
        return Some(Entry::Without { grader, kind: Kind::Missing });
    };
    let pass = grade.get("pass").and_then(Value::as_bool);
    Some(Entry::Claim(Box::new(Claim { grader, attempt, stated: stated(grade), pass, receipt })))
}

fn kind(grade: &Columns) -> Kind {
    let is_error = grade.get("outcome").and_then(Value::as_str) == Some("error");
    match grade.get("grader").and_then(Value::as_str) {
        Some(grader) if grader.contains(SECOND_OPINION) => Kind::SecondOpinion,
        Some(grader) if grader.starts_with(JUDGE) => Kind::Judge,
        Some(_) if !is_error => Kind::Missing,
        None if grade.contains_key("score") || grade.contains_key("ranks") => Kind::Missing,
        _ => Kind::NotGraded,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(grades: &Value) -> Vec<Kind> {
        let Value::Object(row) = json!({ "grades": grades }) else { unreachable!() };
        let kind = |entry| match entry {
            Entry::Without { kind, .. } => kind,
            Entry::Claim(_) => panic!("a receipt"),
        };
        of_row(&row).into_iter().map(kind).collect()
    }

    #[test]
    fn a_score_without_a_receipt_is_told_from_grades_that_have_none() {
        let grades = json!({
            "a": {"outcome": "scored", "score": 1.0, "grader": "math 0.1.0 sha256:00 wasmtime 48"},
            "b": {"outcome": "scored", "score": 1.0, "grader": "judge:helpfulness sha256:00 m"},
            "c": {"outcome": "scored", "score": 1.0, "grader": "math 0.1.0; second opinion: judge:x"},
            "d": {"outcome": "error", "kind": "worker-died", "grader": "math 0.1.0 sha256:00 wasmtime 48"},
            "e": {"outcome": "not-applicable", "reason": "another kind of row"},
            "f": {"outcome": "scored", "score": 1.0},
            "g": {"outcome": "scored", "score": 1.0, "receipt": {"outcome": "00"}},
        });
        let expected = [Kind::Missing, Kind::Judge, Kind::SecondOpinion, Kind::NotGraded, Kind::NotGraded];
        assert_eq!(kinds(&grades), [&expected[..], &[Kind::Missing, Kind::Missing]].concat());
    }
}
