//! Which of two attempts is better. Decides; does no I/O.

use std::cmp::Ordering;

use super::Attempt;
use crate::{
    grader::{Kind, Mode},
    panel::{Grade, Member, Panel, rounded},
    score::Outcome,
};

/// How far apart two scores are before they differ, where language models gave any of them.
const JUDGE_MARGIN: f64 = 0.05;

/// The order of attempts at one sample.
///
/// A candidate is better than the best so far where it
/// 1. dodges no grader: whoever scored the best scores the candidate, and nobody who had something to say of the best
///    has nothing to say of the candidate; graders that are not applicable to the original are exempt;
/// 2. scores no less than the original;
/// 3. passes more required graders; or as many, and its score is higher by more than a margin; or that is a tie, and
///    it has scores where graders failed on the best; or that is a tie too, and it ranks higher.
///
/// Scores are compared over the graders that scored both.
pub(super) struct Preference {
    pointwise: Panel,
    margin: f64,
}

/// An attempt with its place among all of them; the lower, the better. `None` before any ranking.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) attempt: &'a Attempt,
    pub(super) rank: Option<f64>,
}

impl Preference {
    pub(super) fn new(panel: &Panel) -> Self {
        let pointwise = panel.of_mode(Mode::Pointwise);
        let has_judge = pointwise.members().iter().any(|member| member.grader.kind() == Kind::Judge);
        Self { pointwise, margin: if has_judge { JUDGE_MARGIN } else { 0.0 } }
    }

    /// Whether `candidate` is better than `best`, where `original` is what the row had.
    pub(super) fn prefers(&self, candidate: Placed<'_>, best: Placed<'_>, original: &Attempt) -> bool {
        let trio = Trio { candidate: candidate.attempt, best: best.attempt, original };
        if self.dodges(trio) || self.falls_below_original(trio) {
            return false;
        }
        let decided = self
            .passed(candidate.attempt)
            .cmp(&self.passed(best.attempt))
            .then_with(|| self.compare_scores(trio))
            .then_with(|| self.recovered(trio).cmp(&0))
            .then_with(|| compare_ranks(candidate.rank, best.rank));
        decided.is_gt()
    }

    /// Whether `candidate` is neither better nor worse than `best` by the graders that judge one response.
    pub(super) fn ties(&self, candidate: &Attempt, best: &Attempt, original: &Attempt) -> bool {
        let trio = Trio { candidate, best, original };
        !self.dodges(trio)
            && !self.falls_below_original(trio)
            && candidate.assessment.pass == best.assessment.pass
            && self.passed(candidate) == self.passed(best)
            && self.compare_scores(trio).is_eq()
    }

    fn dodges(&self, trio: Trio<'_>) -> bool {
        self.pointwise.members().iter().filter(|member| !is_exempt(member, trio.original)).any(|member| {
            let (best, candidate) = (trio.best.grade(member), trio.candidate.grade(member));
            let scored = |grade: Option<&Grade>| grade.is_some_and(|grade| grade.score().is_some());
            let silent = |grade: Option<&Grade>| grade.is_none_or(Grade::is_not_applicable);
            (scored(best) && !scored(candidate)) || (!silent(best) && silent(candidate))
        })
    }

    /// Compares over the graders that scored the original, and those to which the candidate made itself applicable: it
    /// gains nothing by these, but may lose.
    fn falls_below_original(&self, trio: Trio<'_>) -> bool {
        let Some(floor) = self.mean(trio.original, |_| true) else { return false };
        let counts = |member: &Member| trio.original.score(member).is_some() || is_exempt(member, trio.original);
        self.mean(trio.candidate, counts).is_none_or(|score| score < floor)
    }

    /// The number of required graders that are content: they let the attempt pass, or have nothing to say of it, which
    /// only those have that did not concern the original either, or failed where that is to be left out.
    fn passed(&self, attempt: &Attempt) -> usize {
        let is_content = |member: &&Member| {
            let grade = attempt.grade(member);
            grade.is_some_and(|grade| grade.pass == Some(true) || grade.is_not_applicable() || member.skips(grade))
        };
        self.pointwise.members().iter().filter(|member| member.required).filter(is_content).count()
    }

    fn compare_scores(&self, trio: Trio<'_>) -> Ordering {
        let counts = |member: &Member| trio.best.score(member).is_some() && trio.candidate.score(member).is_some();
        let (Some(candidate), Some(best)) = (self.mean(trio.candidate, counts), self.mean(trio.best, counts)) else {
            return Ordering::Equal;
        };
        let gap = rounded(candidate - best);
        if gap.abs() <= self.margin { Ordering::Equal } else { gap.total_cmp(&0.0) }
    }

    /// How many graders failed on the best and scored the candidate.
    fn recovered(&self, trio: Trio<'_>) -> usize {
        let failed =
            |member: &&Member| trio.best.grade(member).is_some_and(|grade| matches!(grade.outcome, Outcome::Error(_)));
        let members = self.pointwise.members().iter();
        members.filter(failed).filter(|member| trio.candidate.score(member).is_some()).count()
    }

    fn mean(&self, attempt: &Attempt, counts: impl Fn(&Member) -> bool) -> Option<f64> {
        self.pointwise.mean(&attempt.assessment.grades, counts)
    }
}

#[derive(Clone, Copy)]
struct Trio<'a> {
    candidate: &'a Attempt,
    best: &'a Attempt,
    original: &'a Attempt,
}

impl Attempt {
    fn grade(&self, member: &Member) -> Option<&Grade> {
        self.assessment.grades.get(&member.name)
    }

    fn score(&self, member: &Member) -> Option<f64> {
        self.grade(member)?.score()
    }
}

fn is_exempt(member: &Member, original: &Attempt) -> bool {
    original.grade(member).is_some_and(Grade::is_not_applicable)
}

fn compare_ranks(candidate: Option<f64>, best: Option<f64>) -> Ordering {
    match (candidate, best) {
        (Some(candidate), Some(best)) => best.total_cmp(&candidate),
        _ => Ordering::Equal,
    }
}
