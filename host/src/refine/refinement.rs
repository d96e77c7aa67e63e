//! The record of one refinement: what was tried, what was chosen and why it ended.

use indexmap::IndexMap;

use super::Comparison;
use crate::{
    model::{Completion, ModelError, Usage},
    panel::{Assessment, Grade},
    score::GradeError,
};

/// Why a refinement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stop {
    /// The row's own response passed.
    AlreadyPassing,
    /// A written response passes.
    Passed,
    /// Nothing better came for a while.
    Plateau,
    /// The last round was over.
    Rounds,
    /// The run's budget was used up, for the writer or for a judge.
    Budget,
    /// The time for the row was over.
    Deadline,
    /// The writer gave no response.
    ModelError,
    /// What keeps the best response from passing is nothing that another response could change: graders that do not
    /// apply, or that cannot work on this row.
    Ungradable,
    /// Nothing was written: the attempts of an earlier refinement were graded anew.
    Regraded,
}

impl Stop {
    /// As it stands in results, such as `already-passing`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyPassing => "already-passing",
            Self::Passed => "passed",
            Self::Plateau => "plateau",
            Self::Rounds => "rounds",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::ModelError => "model-error",
            Self::Ungradable => "ungradable",
            Self::Regraded => "regraded",
        }
    }

    pub(super) fn of(error: &ModelError) -> Self {
        if matches!(error, ModelError::Budget(_)) { Self::Budget } else { Self::ModelError }
    }
}

/// A response with what the graders made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    pub response: String,
    pub assessment: Assessment,
    /// The model that wrote the response; `None` for one that the row had.
    pub model: Option<String>,
    /// What writing it cost; grading it is not in here.
    pub usage: Usage,
}

impl Attempt {
    pub(super) fn given(response: &str) -> Self {
        Self { response: response.to_owned(), assessment: Assessment::default(), model: None, usage: Usage::default() }
    }

    pub(super) fn written(completion: Completion, usage: Usage) -> Self {
        Self {
            response: completion.content.trim().to_owned(),
            assessment: Assessment::default(),
            model: Some(completion.model),
            usage,
        }
    }
}

/// A grade that led to the refinement.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    pub score: Option<f64>,
    pub reason: String,
}

impl From<&Grade> for Note {
    fn from(grade: &Grade) -> Self {
        Self { score: grade.score(), reason: grade.reason().to_owned() }
    }
}

/// What became of one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Refinement {
    /// The first is the row's own response or, where it had none, the first one written. A response that came twice is
    /// here once.
    pub attempts: Vec<Attempt>,
    /// The attempt to keep; `None` where there is none.
    pub chosen: Option<usize>,
    /// Rounds of writing and grading that were begun.
    pub rounds: u32,
    pub stop: Stop,
    /// The writer's error, where that ended the refinement.
    pub error: Option<ModelError>,
    /// What the graders had against the response from which the first round started, by their names.
    pub notes: IndexMap<String, Note>,
    /// The comparison of the best attempts; `None` where there was nothing to compare.
    pub comparison: Option<Comparison>,
    pub writer_usage: Usage,
    /// Whether the attempts are those of an earlier refinement: the writer was not asked, and its usage is of then.
    pub is_regraded: bool,
    /// Model calls for the grades of all attempts, by the graders' names; without those that made none.
    pub grader_usage: IndexMap<String, Usage>,
    /// The grades of a row that has no attempt.
    pub(super) unassessed: Option<Assessment>,
}

impl Refinement {
    /// The record of a row that no grader and no writer can be shown.
    pub fn ungradable(assessment: Assessment) -> Self {
        Self {
            attempts: Vec::new(),
            chosen: None,
            rounds: 0,
            stop: Stop::Ungradable,
            error: None,
            notes: IndexMap::new(),
            comparison: None,
            writer_usage: Usage::default(),
            is_regraded: false,
            grader_usage: IndexMap::new(),
            unassessed: Some(assessment),
        }
    }

    /// The attempt to keep.
    pub fn chosen(&self) -> Option<&Attempt> {
        self.attempts.get(self.chosen?)
    }

    /// The grades of the row as it will be; `None` where nothing was graded.
    pub fn assessment(&self) -> Option<&Assessment> {
        self.chosen().map(|attempt| &attempt.assessment).or(self.unassessed.as_ref())
    }

    /// The grades of the row as it was; `None` where it had no response.
    pub fn original_assessment(&self) -> Option<&Assessment> {
        let given = self.attempts.first().filter(|attempt| attempt.model.is_none());
        given.map(|attempt| &attempt.assessment).or(self.unassessed.as_ref())
    }

    /// Whether attempts that were graded anew lack grades that another try may give: the choice may be another then.
    pub fn lacks_grades(&self) -> bool {
        let mut errors = self.attempts.iter().flat_map(|attempt| attempt.assessment.errors());
        self.is_regraded && errors.any(|error| error.retryable)
    }

    /// Whether a response of the writer is kept.
    pub fn is_rewritten(&self) -> bool {
        self.chosen().is_some_and(|attempt| attempt.model.is_some())
    }

    /// Model calls for all the grades.
    pub fn judge_usage(&self) -> Usage {
        self.grader_usage.values().fold(Usage::default(), |sum, usage| sum.plus(*usage))
    }

    pub fn usage(&self) -> Usage {
        self.writer_usage.plus(self.judge_usage())
    }

    /// Why the final comparison came to nothing.
    pub fn comparison_error(&self) -> Option<&GradeError> {
        self.comparison.as_ref().and_then(|comparison| comparison.grade.error())
    }
}
