//! What came of a run, in numbers. Pure data.

use std::time::Duration;

use indexmap::IndexMap;

use super::RowResult;
use crate::{
    model::Usage,
    panel::{Assessment, Grade, Panel, rounded},
    refine::{Refinement, Stop},
    score::{ErrorKind, Outcome},
};

/// The numbers of a whole run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Rows written.
    pub rows: u64,
    /// Rows that pass.
    pub passed: u64,
    /// Rows that do not, for a required grader that scored too low, cannot tell, or failed. What is in neither number
    /// is of no grader's concern.
    pub failed: u64,
    /// Rows with a grader's error among their grades, or whose refinement ended on a model or the budget.
    pub faulty: u64,
    /// By the graders' names, of the rows as they are written.
    pub graders: IndexMap<String, GraderSummary>,
    /// The sum of the assessments' scores and how many there are; see [`Summary::mean_score`].
    scores: (f64, u64),
    /// Where the run refined.
    pub refinement: Option<RefinementSummary>,
    /// Calls of the writer.
    pub writer_usage: Usage,
    /// Calls of the judges.
    pub judge_usage: Usage,
    pub elapsed: Duration,
    /// Whether the run was stopped before the end of its dataset.
    pub is_partial: bool,
}

/// The numbers of one grader.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GraderSummary {
    pub scored: u64,
    /// Scored, and at or above the threshold.
    pub passed: u64,
    pub ranked: u64,
    pub not_applicable: u64,
    pub undecided: u64,
    pub errors: IndexMap<ErrorKind, u64>,
    score_sum: f64,
}

/// The numbers of a run that refines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RefinementSummary {
    /// Rows that the writer was asked for.
    pub refined: u64,
    /// Rows whose response was replaced by a better one.
    pub improved: u64,
    /// Rows that had no response and have one now.
    pub written: u64,
    pub stops: IndexMap<Stop, u64>,
    /// By the graders' names, of the rows as they were read; rows without a response are not in here.
    pub before: IndexMap<String, GraderSummary>,
    /// Like `Summary::passed`, of the rows as they were read.
    pub passed_before: u64,
}

impl Summary {
    /// A summary of no row yet, with an entry for each grader.
    pub fn new(panel: &Panel) -> Self {
        Self { graders: empty(panel), ..Self::default() }
    }

    /// The mean of the assessments' scores; `None` where no row has one.
    pub fn mean_score(&self) -> Option<f64> {
        mean(self.scores.0, self.scores.1)
    }

    /// Takes a row in.
    pub fn add(&mut self, result: &RowResult) {
        self.rows += 1;
        let mut is_faulty = false;
        if let Some(assessment) = result.assessment() {
            self.passed += u64::from(assessment.pass == Some(true));
            self.failed += u64::from(assessment.pass == Some(false));
            if let Some(score) = assessment.score {
                self.scores = (self.scores.0 + score, self.scores.1 + 1);
            }
            is_faulty = assessment.errors().next().is_some();
            tally(&mut self.graders, assessment);
        }
        match result {
            RowResult::Graded(assessment) => self.judge_usage = self.judge_usage.plus(assessment.usage),
            RowResult::Refined(refinement) => {
                is_faulty |= matches!(refinement.stop, Stop::ModelError | Stop::Budget);
                is_faulty |= refinement.stop == Stop::Deadline && refinement.chosen.is_none();
                is_faulty |= refinement.comparison_error().is_some() || refinement.lacks_grades();
                if !refinement.is_regraded {
                    self.writer_usage = self.writer_usage.plus(refinement.writer_usage);
                }
                self.judge_usage = self.judge_usage.plus(refinement.judge_usage());
                self.refinement.get_or_insert_default().add(refinement);
            }
        }
        self.faulty += u64::from(is_faulty);
    }
}

impl RefinementSummary {
    fn add(&mut self, refinement: &Refinement) {
        let had_response = refinement.attempts.first().is_some_and(|attempt| attempt.model.is_none());
        let is_rewritten = refinement.is_rewritten();
        self.refined += u64::from(refinement.writer_usage.calls > 0 || refinement.rounds > 0);
        self.improved += u64::from(had_response && is_rewritten);
        self.written += u64::from(!had_response && is_rewritten);
        *self.stops.entry(refinement.stop).or_insert(0) += 1;
        if let Some(assessment) = refinement.original_assessment() {
            self.passed_before += u64::from(assessment.pass == Some(true));
            tally(&mut self.before, assessment);
        }
    }
}

impl GraderSummary {
    /// The mean of the scores; `None` where there is none.
    pub fn mean(&self) -> Option<f64> {
        mean(self.score_sum, self.scored)
    }

    /// Rows that have no grade for an error of any kind.
    pub fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    fn add(&mut self, grade: &Grade) {
        match &grade.outcome {
            Outcome::Scored(score) => {
                self.scored += 1;
                self.passed += u64::from(grade.pass == Some(true));
                self.score_sum += score.score;
            }
            Outcome::Ranked(_) => self.ranked += 1,
            Outcome::NotApplicable { .. } => self.not_applicable += 1,
            Outcome::Undecided { .. } => self.undecided += 1,
            Outcome::Error(error) => *self.errors.entry(error.kind).or_insert(0) += 1,
        }
    }
}

fn empty(panel: &Panel) -> IndexMap<String, GraderSummary> {
    panel.members().iter().map(|member| (member.name.clone(), GraderSummary::default())).collect()
}

fn tally(graders: &mut IndexMap<String, GraderSummary>, assessment: &Assessment) {
    for (name, grade) in &assessment.grades {
        graders.entry(name.clone()).or_default().add(grade);
    }
}

#[expect(clippy::cast_precision_loss, reason = "no dataset has 2^53 rows")]
fn mean(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| rounded(sum / count as f64))
}
