//! What came of a run, for people: figures with intervals, and rows to look at. In bounded memory, and without I/O.

mod bootstrap;
mod builder;
mod chosen;
mod comparison;
mod page;
mod row;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use self::row::RowFacts;
pub use self::{
    bootstrap::{Mean, Share},
    builder::ReportBuilder,
    comparison::{BINS, Comparison},
};
use crate::model::Usage;

/// The figures of a run, as `report --json` gives them. What is unknown is null, never zero.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What is reported on: a directory or a file.
    pub name: String,
    pub rows: u64,
    /// Rows that pass, of those that concern any grader.
    pub passing: Passing,
    /// The assessments' scores.
    pub score: Comparison,
    /// The mean share of the panel that gave a grade, and the rows where all of it did.
    pub coverage: Option<f64>,
    pub fully_covered: u64,
    /// Rows with a grader's error among their grades, or whose refinement ended on a model.
    pub faulty: u64,
    pub graders: IndexMap<String, GraderReport>,
    /// Where rows were refined.
    pub refinement: Option<RefinementReport>,
    /// Calls of the writer and of the judges.
    pub writer: Effort,
    pub judges: Effort,
    /// Wall time of all the sessions of the run, in seconds; known of runs that are kept in a directory.
    pub seconds: Option<f64>,
    /// Rows where a grader's score fell.
    pub fell: Listed<Fall>,
    /// Errors by grader and kind; they are in no score.
    pub errors: Vec<ErrorReport>,
    pub slowest: Vec<RowMeasure>,
    /// By cost where it is known, else by tokens.
    pub most_expensive: Vec<RowMeasure>,
    /// Rows where the votes of a judge lie furthest apart, on its own scale.
    pub disagreements: Vec<RowMeasure>,
    #[serde(skip)]
    shown: Vec<RowFacts>,
    #[serde(skip)]
    row_seconds: BTreeMap<u64, f64>,
}

/// How many pass.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Passing {
    /// Of the rows as they were read; null where nothing was refined.
    pub before: Option<Share>,
    pub after: Option<Share>,
    /// Rows that did not pass before and do now.
    pub gained: u64,
    /// Rows that passed before and do not now.
    pub lost: u64,
}

/// One grader over all rows.
#[derive(Debug, Clone, Serialize)]
pub struct GraderReport {
    pub passing: Passing,
    pub score: Comparison,
    /// Outcomes of the rows as they are now; an error under its kind.
    pub outcomes: BTreeMap<String, u64>,
    pub effort: Effort,
    /// Where a judge voted more than once.
    pub votes: Option<Votes>,
}

/// Calls, and the time that they or the grading took.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Effort {
    #[serde(flatten)]
    pub usage: Usage,
    /// Summed over rows that are worked on side by side; null where it was not recorded.
    pub seconds: Option<f64>,
}

/// How far the votes of a judge lie apart.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Votes {
    /// Grades with more than one vote.
    pub grades: u64,
    /// Those whose votes are all the same.
    pub unanimous: u64,
    /// The root of the mean variance within a grade, on the judge's own scale.
    pub deviation: f64,
}

/// How the refinements went.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RefinementReport {
    /// Rows by why their refinement ended.
    pub stops: BTreeMap<String, u64>,
    /// Rows by the number of rounds.
    pub rounds: BTreeMap<u64, u64>,
    /// Responses that were graded, the rows' own included.
    pub attempts: u64,
    /// Rows whose response is one of the writer's now.
    pub rewritten: u64,
}

/// Some of many.
#[derive(Debug, Clone, Serialize)]
pub struct Listed<T> {
    /// How many there are.
    pub count: u64,
    /// The largest of them.
    pub rows: Vec<T>,
}

/// A grader's score that fell.
#[derive(Debug, Clone, Serialize)]
pub struct Fall {
    pub row: u64,
    pub id: String,
    pub grader: String,
    pub before: f64,
    pub after: f64,
    pub reason: String,
}

/// Errors of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorReport {
    /// `writer` for the refinements that ended on a model.
    pub grader: String,
    pub kind: String,
    pub rows: u64,
    /// The first row that has it.
    pub row: u64,
    pub id: String,
    pub reason: String,
}

/// A row with what makes it remarkable.
#[derive(Debug, Clone, Serialize)]
pub struct RowMeasure {
    pub row: u64,
    pub id: String,
    /// Seconds, cost, tokens or a spread.
    pub value: f64,
    pub unit: &'static str,
}

impl Report {
    /// Whether rows were refined: there is a before and an after.
    pub fn is_refined(&self) -> bool {
        self.refinement.is_some()
    }
}

#[cfg(test)]
mod tests;
