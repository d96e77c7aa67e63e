//! The attempts at one sample while it is being refined: which is the best, and whether to go on. Decides; does no I/O.

use indexmap::IndexMap;

use super::{
    Attempt, Comparison, Note, Refinement, Stop,
    comparison::MOST_COMPARED,
    conversation::{Shown, ask_for_better},
    preference::{Placed, Preference},
};
use crate::{
    grader::Mode,
    model::{ModelError, Usage},
    panel::{Assessment, Grade, Panel},
    sample::{Message, Sample},
    score::{ErrorKind, Outcome},
};

/// What was tried so far.
pub(super) struct Attempts<'a> {
    panel: &'a Panel,
    preference: Preference,
    tried: Vec<Attempt>,
    /// The last ranking: weighted sums of ranks for as many attempts as there were.
    ranks: Vec<f64>,
    best: usize,
    rounds: u32,
    requested: u64,
    notes: IndexMap<String, Note>,
    comparison: Option<Comparison>,
    writer_usage: Usage,
    grader_usage: IndexMap<String, Usage>,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(panel: &'a Panel) -> Self {
        Self {
            panel,
            preference: Preference::new(panel),
            tried: Vec::new(),
            ranks: Vec::new(),
            best: 0,
            rounds: 0,
            requested: 0,
            notes: IndexMap::new(),
            comparison: None,
            writer_usage: Usage::default(),
            grader_usage: IndexMap::new(),
        }
    }

    /// For attempts of an earlier refinement, which began so many rounds.
    pub(super) fn of_record(panel: &'a Panel, rounds: u32, writer_usage: Usage) -> Self {
        Self { rounds, writer_usage, ..Self::new(panel) }
    }

    pub(super) fn rounds(&self) -> u32 {
        self.rounds
    }

    pub(super) fn best_index(&self) -> usize {
        self.best
    }

    /// Responses that the writer was asked for.
    pub(super) fn requested(&self) -> u64 {
        self.requested
    }

    pub(super) fn responses(&self) -> Vec<String> {
        self.tried.iter().map(|attempt| attempt.response.clone()).collect()
    }

    pub(super) fn passes(&self) -> bool {
        self.best().is_some_and(|best| best.assessment.pass == Some(true))
    }

    /// Why to stop here, if the attempts themselves say so.
    pub(super) fn stop(&self) -> Option<Stop> {
        let best = self.best()?;
        if self.passes() {
            let is_given = self.rounds == 0 && best.model.is_none();
            return Some(if is_given { Stop::AlreadyPassing } else { Stop::Passed });
        }
        if self.lacks_budget() {
            return Some(Stop::Budget);
        }
        (!self.may_improve(best)).then_some(Stop::Ungradable)
    }

    /// Whether the budget was used up before a grade of any attempt.
    pub(super) fn lacks_budget(&self) -> bool {
        let mut errors = self.tried.iter().flat_map(|attempt| attempt.assessment.errors());
        errors.any(|error| error.kind == ErrorKind::Budget)
    }

    /// Whether another response could fare better than `best` with any grader that keeps it from passing, or that
    /// orders responses.
    fn may_improve(&self, best: &Attempt) -> bool {
        self.panel.members().iter().any(|member| {
            let Some(grade) = best.assessment.grades.get(&member.name) else { return false };
            match member.grader.mode() {
                Mode::Pointwise => member.blocks(grade) && !member.wants_review(grade) && depends_on_response(grade),
                // A grader may refuse to order a single response.
                Mode::Listwise => self.tried.len() == 1 || depends_on_response(grade),
            }
        })
    }

    /// Counts a call of the writer.
    pub(super) fn note_request(&mut self, usage: Usage) {
        self.requested += 1;
        self.writer_usage = self.writer_usage.plus(usage);
    }

    /// Counts what was given up: the writer's calls up to number `requested`, else those of the graders, of which those
    /// that made calls before will have made one more.
    pub(super) fn note_given_up(&mut self, requested: u64) {
        let unknown = Usage { calls: 1, ..Usage::default() };
        if self.requested < requested {
            while self.requested < requested {
                self.note_request(unknown);
            }
            return;
        }
        self.grader_usage.values_mut().for_each(|usage| *usage = usage.plus(unknown));
    }

    /// Those of `responses` that were not tried before.
    pub(super) fn unseen(&self, responses: Vec<Attempt>) -> Vec<Attempt> {
        let mut unseen: Vec<Attempt> = Vec::new();
        for response in responses {
            let is_same = |other: &Attempt| other.response.trim() == response.response.trim();
            if !self.tried.iter().chain(&unseen).any(is_same) {
                unseen.push(response);
            }
        }
        unseen
    }

    /// Adds attempts that the pointwise graders have assessed.
    pub(super) fn add(&mut self, attempts: Vec<Attempt>) {
        for attempt in attempts {
            self.note_usage(&attempt.assessment);
            self.tried.push(attempt);
        }
        self.choose();
    }

    /// Takes the listwise graders' order of all the attempts. The best and the attempts without a ranking carry it
    /// among their grades.
    pub(super) fn rank(&mut self, ranking: &Assessment) {
        self.note_usage(ranking);
        let ranks_before = self.ranks.len();
        let is_ranked = |grade: &Grade| matches!(grade.outcome, Outcome::Ranked(_));
        if ranking.grades.values().any(is_ranked) {
            self.ranks = self.rank_sums(ranking);
            self.choose();
        }
        let (panel, best) = (self.panel, self.best);
        for (index, attempt) in self.tried.iter_mut().enumerate() {
            let is_unranked = !attempt.assessment.grades.keys().any(|name| ranking.grades.contains_key(name));
            let has_newer = index == best && self.ranks.len() > ranks_before;
            if is_unranked || has_newer {
                let mut grades = attempt.assessment.grades.clone();
                grades.extend(ranking.grades.clone());
                attempt.assessment = panel.conclude(grades);
            }
        }
    }

    fn note_usage(&mut self, assessment: &Assessment) {
        for (name, grade) in &assessment.grades {
            self.add_usage(name, grade.usage);
        }
    }

    fn add_usage(&mut self, grader: &str, usage: Usage) {
        if usage.calls > 0 {
            let sum = self.grader_usage.entry(grader.to_owned()).or_default();
            *sum = sum.plus(usage);
        }
    }

    /// The best and those that the pointwise graders hold as good, the best first and then in their order; not more
    /// than can be compared.
    pub(super) fn finalists(&self) -> Vec<usize> {
        let (Some(original), Some(best)) = (self.tried.first(), self.best()) else { return Vec::new() };
        let ties = |(index, attempt): (usize, &Attempt)| {
            (index != self.best && self.preference.ties(attempt, best, original)).then_some(index)
        };
        let others = self.tried.iter().enumerate().filter_map(ties);
        std::iter::once(self.best).chain(others).take(MOST_COMPARED).collect()
    }

    pub(super) fn responses_of(&self, indices: &[usize]) -> Vec<String> {
        indices.iter().filter_map(|index| self.tried.get(*index)).map(|attempt| attempt.response.clone()).collect()
    }

    /// Takes the final comparison, and the attempt that it prefers as the best.
    pub(super) fn settle(&mut self, comparison: Comparison) {
        self.add_usage(&comparison.judge, comparison.grade.usage);
        self.best = comparison.preferred().unwrap_or(self.best);
        self.comparison = Some(comparison);
    }

    fn rank_sums(&self, ranking: &Assessment) -> Vec<f64> {
        let mut sums = vec![0.0; self.tried.len()];
        for member in self.panel.members() {
            let Some(Grade { outcome: Outcome::Ranked(ranking), .. }) = ranking.grades.get(&member.name) else {
                continue;
            };
            for (sum, rank) in sums.iter_mut().zip(&ranking.ranks) {
                *sum += member.weight * f64::from(*rank);
            }
        }
        sums
    }

    fn choose(&mut self) {
        let Some(original) = self.tried.first() else { return };
        let placed = |index: usize, attempt| Placed { attempt, rank: self.ranks.get(index).copied() };
        let (mut best, mut best_index) = (placed(0, original), 0);
        for (index, attempt) in self.tried.iter().enumerate().skip(1) {
            let candidate = placed(index, attempt);
            if self.preference.prefers(candidate, best, original) {
                (best, best_index) = (candidate, index);
            }
        }
        self.best = best_index;
    }

    /// Counts a round and gives the conversation that asks for a response better than the best.
    /// `history` other attempts are in it.
    pub(super) fn begin_round(&mut self, sample: &Sample, history: u32) -> Vec<Message> {
        let Some(best) = self.tried.get(self.best) else { return sample.messages.clone() };
        if self.rounds == 0 {
            self.notes = notes_against(best);
        }
        self.rounds += 1;
        let shown = |(number, attempt)| Shown { attempt, number };
        let others = self.tried.iter().enumerate().rev().filter(|(index, _)| *index != self.best);
        let mut earlier: Vec<Shown<'_>> =
            others.take(usize::try_from(history).unwrap_or(usize::MAX)).map(shown).collect();
        earlier.reverse();
        ask_for_better(sample, shown((self.best, best)), &earlier, self.panel)
    }

    pub(super) fn end(self, stop: Stop, error: Option<ModelError>) -> Refinement {
        Refinement {
            chosen: (!self.tried.is_empty()).then_some(self.best),
            attempts: self.tried,
            rounds: self.rounds,
            stop,
            error,
            notes: self.notes,
            comparison: self.comparison,
            writer_usage: self.writer_usage,
            is_regraded: false,
            grader_usage: self.grader_usage,
            unassessed: None,
        }
    }

    fn best(&self) -> Option<&Attempt> {
        self.tried.get(self.best)
    }
}

/// What the graders have against an attempt.
pub(super) fn notes_against(attempt: &Attempt) -> IndexMap<String, Note> {
    let against = attempt.assessment.grades.iter().filter(|(_, grade)| is_against(grade));
    against.map(|(name, grade)| (name.clone(), Note::from(grade))).collect()
}

/// Whether a grade is a reason to refine. The order of a single response is none.
fn is_against(grade: &Grade) -> bool {
    match &grade.outcome {
        Outcome::Ranked(ranking) => ranking.ranks.len() > 1,
        Outcome::NotApplicable { .. } => false,
        _ => grade.pass != Some(true),
    }
}

/// Whether the grader might answer otherwise to another response. What is wrong with the rest of the row, with the
/// configuration or with an endpoint stays wrong.
fn depends_on_response(grade: &Grade) -> bool {
    let Some(error) = grade.error() else { return !grade.is_not_applicable() };
    match error.kind {
        ErrorKind::GraderFailed
        | ErrorKind::GraderLimit
        | ErrorKind::BadResult
        | ErrorKind::WorkerDied
        | ErrorKind::ModelRefused
        | ErrorKind::JudgeUnparsable => true,
        ErrorKind::InvalidSample
        | ErrorKind::InvalidParams
        | ErrorKind::CapabilityDenied
        | ErrorKind::ModelFailed
        | ErrorKind::Budget
        | ErrorKind::Cancelled => false,
    }
}
