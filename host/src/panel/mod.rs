//! Named graders with thresholds and weights, and what they make of a sample together.

mod json;
#[cfg(test)]
pub(crate) mod scripted;
mod second_opinion;

use std::sync::Arc;

use futures::future::join_all;
use indexmap::IndexMap;

use crate::{
    grader::{Grader, Mode},
    model::Usage,
    sample::Sample,
    score::{ErrorKind, GradeError, Outcome},
};

pub(crate) use self::json::set_number;
pub use self::second_opinion::SecondOpinion;

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
}

impl Member {
    async fn grade(&self, sample: &Sample) -> Grade {
        let graded = self.grader.grade(sample).await;
        let outcome = self.checked(graded.outcome, sample);
        let pass = match &outcome {
            Outcome::Scored(score) => Some(rounded(score.score) >= rounded(self.threshold)),
            _ => None,
        };
        Grade { outcome, pass, usage: graded.usage }
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
        let grade = || Grade { outcome: Outcome::Error(error.clone()), pass: None, usage: Usage::default() };
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
        let blocks = |member: &Member| member.required && grades.get(&member.name).is_some_and(Grade::blocks);
        if self.members.iter().any(blocks) {
            return Some(false);
        }
        grades.values().any(|grade| grade.pass.is_some()).then_some(true)
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
    /// Model calls made for all the grades.
    pub usage: Usage,
}

impl Assessment {
    /// The errors among the grades.
    pub fn errors(&self) -> impl Iterator<Item = &GradeError> {
        self.grades.values().filter_map(Grade::error)
    }
}

/// The number without the last digits, where binary fractions leave their traces: 0.1 + 0.2 is 0.3. Scores are
/// compared as they are shown.
pub(crate) fn rounded(number: f64) -> f64 {
    const DECIMALS: f64 = 1e12;
    (number * DECIMALS).round() / DECIMALS
}

#[cfg(test)]
mod tests;
