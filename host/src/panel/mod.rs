//! Named graders with thresholds and weights, and what they make of a sample together.

mod json;
mod only_where;
#[cfg(test)]
pub(crate) mod scripted;
mod second_opinion;

use std::sync::Arc;

use futures::future::join_all;
use indexmap::IndexMap;

use crate::{
    grader::{Grader, Mode},
    model::Usage,
    receipt::Provenance,
    sample::Sample,
    score::{ErrorKind, GradeError, Outcome},
};

pub use self::{
    only_where::{Condition, OnlyWhere},
    second_opinion::SecondOpinion,
};
pub(crate) use crate::score::{rounded, set_number};

/// A grader with its place in a panel.
#[derive(Clone)]
pub struct Member {
    /// The name in results; no two members of a panel share one.
    pub name: String,
    pub grader: Arc<dyn Grader>,
    /// The least score that passes, 0..1.
    pub threshold: f64,
    /// The share in the assessment's score: finite and not negative.
    pub weight: f64,
    /// Whether a sample passes only where this grader lets it.
    pub required: bool,
    pub on_error: OnError,
}

/// What an error of a grader means for the sample. None makes it a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// The sample does not pass.
    #[default]
    Fail,
    /// The grader is left out of the decision whether the sample passes. The coverage shows it.
    Skip,
    /// The sample is graded again, so often at most, where that may help; then as [`OnError::Fail`].
    Retry(u32),
    /// The sample does not pass and is marked for a person to look at; no better response is asked for because of it.
    Review,
}

impl Member {
    /// Asks the grader, again where its errors are to be retried.
    pub async fn grade(&self, sample: &Sample) -> Grade {
        let mut graded = self.grader.grade(sample).await;
        let most = if let OnError::Retry(most) = self.on_error { most } else { 0 };
        for attempt in 1..=most {
            if !matches!(&graded.outcome, Outcome::Error(error) if may_differ(error)) {
                break;
            }
            let before = graded.usage;
            graded = self.grader.grade_anew(sample, attempt).await;
            graded.usage = before.plus(graded.usage);
        }
        let outcome = self.checked(graded.outcome, sample);
        let pass = match &outcome {
            Outcome::Scored(score) => Some(rounded(score.score) >= rounded(self.threshold)),
            _ => None,
        };
        Grade { outcome, pass, usage: graded.usage, provenance: graded.provenance }
    }

    /// Whether a sample with this grade cannot pass.
    pub fn blocks(&self, grade: &Grade) -> bool {
        self.required && grade.blocks() && !self.skips(grade)
    }

    /// Whether the grade is an error that is left out of the decision.
    pub fn skips(&self, grade: &Grade) -> bool {
        self.on_error == OnError::Skip && grade.error().is_some()
    }

    /// Whether the grade is an error that a person shall look at.
    pub fn wants_review(&self, grade: &Grade) -> bool {
        self.on_error == OnError::Review && grade.error().is_some()
    }

    /// The outcome, or an error where it is not one that this grader may give.
    fn checked(&self, outcome: Outcome, sample: &Sample) -> Outcome {
        let problem = match (&outcome, self.grader.mode()) {
            (Outcome::Scored(_), Mode::Listwise) => "a score, though it orders responses".to_owned(),
            (Outcome::Ranked(_), Mode::Pointwise) => "a ranking, though it judges one response".to_owned(),
            (Outcome::Scored(score), _) if !(0.0..=1.0).contains(&score.score) => {
                format!("the score {} outside 0..1", score.score)
            }
            (Outcome::Ranked(ranking), _) if ranking.ranks.len() != sample.responses.len() => {
                format!("{} ranks for {} responses", ranking.ranks.len(), sample.responses.len())
            }
            _ => return outcome,
        };
        let reason = format!("grader `{}` gave {problem}; this is a fault of the grader", self.name);
        Outcome::Error(GradeError::new(ErrorKind::BadResult, reason))
    }
}

/// Whether an error may not come again. A budget that is used up stays so.
fn may_differ(error: &GradeError) -> bool {
    error.retryable && !matches!(error.kind, ErrorKind::Budget | ErrorKind::Cancelled)
}

/// Graders that judge a sample together.
#[derive(Clone, Default)]
pub struct Panel {
    members: Vec<Member>,
}

impl Panel {
    pub fn new(members: Vec<Member>) -> Self {
        Self { members }
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members that judge one response, or those that order several.
    #[must_use]
    pub fn of_mode(&self, mode: Mode) -> Self {
        Self { members: self.members.iter().filter(|member| member.grader.mode() == mode).cloned().collect() }
    }

    /// Asks every grader, side by side.
    pub async fn assess(&self, sample: &Sample) -> Assessment {
        let grades = join_all(self.members.iter().map(|member| member.grade(sample))).await;
        self.conclude(self.members.iter().map(|member| member.name.clone()).zip(grades).collect())
    }

    /// The assessment of a row that no grader can be shown: the same error from each.
    pub fn unassessed(&self, error: &GradeError) -> Assessment {
        let grade = || Grade {
            outcome: Outcome::Error(error.clone()),
            pass: None,
            usage: Usage::default(),
            provenance: Provenance::default(),
        };
        self.conclude(self.members.iter().map(|member| (member.name.clone(), grade())).collect())
    }

    /// What the grades of this panel's members, by name, come to.
    pub fn conclude(&self, mut grades: IndexMap<String, Grade>) -> Assessment {
        let grades: IndexMap<String, Grade> =
            self.members.iter().filter_map(|member| grades.swap_remove_entry(&member.name)).collect();
        Assessment {
            score: self.mean(&grades, |_| true),
            pass: self.pass(&grades),
            coverage: self.coverage(&grades),
            review: self.review(&grades),
            usage: grades.values().fold(Usage::default(), |sum, grade| sum.plus(grade.usage)),
            grades,
        }
    }

    /// The weighted mean over the members that scored and that `counts` admits; `None` where no weight is left.
    pub fn mean(&self, grades: &IndexMap<String, Grade>, counts: impl Fn(&Member) -> bool) -> Option<f64> {
        let scored = self.members.iter().filter(|member| counts(member));
        let (sum, weight) = scored
            .filter_map(|member| Some((member.weight, grades.get(&member.name)?.score()?)))
            .fold((0.0, 0.0), |(sum, total), (weight, score)| (sum + weight * score, total + weight));
        (weight > 0.0).then(|| rounded(sum / weight))
    }

    /// `Some(false)` where a required grader blocks; otherwise `Some(true)` where any grader scored. Where none had
    /// anything to say there is neither.
    fn pass(&self, grades: &IndexMap<String, Grade>) -> Option<bool> {
        let blocks = |member: &Member| grades.get(&member.name).is_some_and(|grade| member.blocks(grade));
        if self.members.iter().any(blocks) {
            return Some(false);
        }
        grades.values().any(|grade| grade.pass.is_some()).then_some(true)
    }

    /// The members whose errors a person shall look at.
    fn review(&self, grades: &IndexMap<String, Grade>) -> Vec<String> {
        let wants = |member: &&Member| grades.get(&member.name).is_some_and(|grade| member.wants_review(grade));
        self.members.iter().filter(wants).map(|member| member.name.clone()).collect()
    }

    /// Covered weight over counted weight; `None` where nothing counts.
    fn coverage(&self, grades: &IndexMap<String, Grade>) -> Option<f64> {
        let (mut covered, mut counted) = (0.0, 0.0);
        for member in &self.members {
            match grades.get(&member.name).map(|grade| &grade.outcome) {
                None | Some(Outcome::NotApplicable { .. }) => {}
                Some(Outcome::Scored(_) | Outcome::Ranked(_)) => {
                    covered += member.weight;
                    counted += member.weight;
                }
                Some(Outcome::Undecided { .. } | Outcome::Error(_)) => counted += member.weight,
            }
        }
        (counted > 0.0).then(|| rounded(covered / counted))
    }
}

/// What one grader answered, held against its threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Grade {
    pub outcome: Outcome,
    /// Whether the score reaches the threshold; `None` without a score.
    pub pass: Option<bool>,
    /// Model calls made for this grade.
    pub usage: Usage,
    pub provenance: Provenance,
}

impl Grade {
    /// The score on 0..1, where there is one.
    pub fn score(&self) -> Option<f64> {
        match &self.outcome {
            Outcome::Scored(score) => Some(score.score),
            _ => None,
        }
    }

    /// Why the grade is as it is, in the grader's words.
    pub fn reason(&self) -> &str {
        match &self.outcome {
            Outcome::Scored(score) => &score.reason,
            Outcome::Ranked(ranking) => &ranking.reason,
            Outcome::NotApplicable { reason } | Outcome::Undecided { reason } => reason,
            Outcome::Error(error) => &error.reason,
        }
    }

    /// The error, where there is no grade.
    pub fn error(&self) -> Option<&GradeError> {
        match &self.outcome {
            Outcome::Error(error) => Some(error),
            _ => None,
        }
    }

    pub fn is_not_applicable(&self) -> bool {
        matches!(self.outcome, Outcome::NotApplicable { .. })
    }

    /// Whether a sample with this grade cannot pass, if the grader is required.
    pub fn blocks(&self) -> bool {
        match &self.outcome {
            Outcome::Scored(_) => self.pass != Some(true),
            Outcome::Ranked(_) | Outcome::NotApplicable { .. } => false,
            Outcome::Undecided { .. } | Outcome::Error(_) => true,
        }
    }
}

/// What a panel made of one sample.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assessment {
    /// In the order of the panel, by the members' names.
    pub grades: IndexMap<String, Grade>,
    /// The weighted mean over what was scored, 0..1; `None` where nothing was.
    pub score: Option<f64>,
    /// Whether no required grader blocks; `None` where no grader had anything to say.
    pub pass: Option<bool>,
    /// The share of the panel's weight that gave a score or a ranking, among the graders that the sample concerns;
    /// `None` where it concerns none.
    pub coverage: Option<f64>,
    /// The graders whose errors a person shall look at, by their names.
    pub review: Vec<String>,
    /// Model calls made for all the grades.
    pub usage: Usage,
}

impl Assessment {
    /// The errors among the grades.
    pub fn errors(&self) -> impl Iterator<Item = &GradeError> {
        self.grades.values().filter_map(Grade::error)
    }
}

#[cfg(test)]
mod tests;
