//! Rows that are looked at beforehand: what they would ask, and whether they need to be refined.

use super::{
    super::{assemble::Single, failure::CommandResult, plan::RefinePlan, refine::settings, setup::Job},
    rehearsal::{Given, Heard, Rehearsal},
};
use crate::{
    grader::{Grader, Mode},
    model::ChatModel,
    panel::{Member, Panel},
    refine::{self, RefineSettings, Refiner},
    run,
    sample::Sample,
    score::Outcome,
};

/// Rows that are looked at, spread evenly over the dataset.
const SAMPLED: u64 = 50;

/// What a judge is shown where a row has no response yet, in bytes.
const UNWRITTEN: usize = 1500;

/// Responses that a final judge compares, at most.
pub(super) const MOST_COMPARED: usize = 8;

/// What was seen of a dataset.
#[derive(Debug, Default)]
pub(super) struct LookedAt {
    pub(super) rows: Vec<RowSeen>,
    /// Rows among them that no grader can be shown.
    pub(super) unreadable: u64,
    pub(super) passing: u64,
    pub(super) failing: u64,
    /// Rows for which only a model can tell.
    pub(super) open: u64,
}

/// What was seen of one row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RowSeen {
    /// Responses that it has.
    pub(super) given: usize,
    /// The length of one of them, in bytes.
    pub(super) response: Option<usize>,
    /// Attempts at it that are graded again; only of a refinement.
    pub(super) tried: usize,
    /// How likely it needs to be refined, or its attempts to be ordered: 0 and 1 where that is known.
    pub(super) need: f64,
    /// The request for a first response, where the row has none.
    pub(super) unwritten: Option<Heard>,
    /// The request for a better response, and whether a run would say it in the same words.
    pub(super) writer: Option<(Heard, bool)>,
    /// The requests of each grader, in the order of the panel.
    pub(super) graders: Vec<Vec<Heard>>,
    /// Those of their second opinions, if all were asked, and how likely they are.
    pub(super) opinions: Vec<(Vec<Heard>, f64)>,
    /// The final judge's, for two responses and for as many as may be compared.
    pub(super) finals: [Vec<Heard>; 2],
}

impl RowSeen {
    pub(super) fn requests(&self, grader: usize) -> &[Heard] {
        self.graders.get(grader).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn opinion(&self, grader: usize) -> &[Heard] {
        self.opinions.get(grader).map(|(requests, _)| requests.as_slice()).unwrap_or_default()
    }

    pub(super) fn opinion_share(&self, grader: usize) -> f64 {
        self.opinions.get(grader).map_or(0.0, |(_, share)| *share)
    }

    /// Everything that was heard.
    pub(super) fn heard(&self) -> impl Iterator<Item = &Heard> {
        let writer = self.unwritten.iter().chain(self.writer.iter().map(|(request, _)| request));
        let opinions = self.opinions.iter().flat_map(|(requests, _)| requests);
        self.graders.iter().flatten().chain(opinions).chain(self.finals.iter().flatten()).chain(writer)
    }

    /// The requests that a run is sure to begin with.
    pub(super) fn first_requests(&self) -> impl Iterator<Item = &Heard> {
        let better = self.writer.iter().filter(|(_, is_literal)| *is_literal).map(|(request, _)| request);
        // What judges are shown in the place of a response that is not there, no run would show them.
        let graders = self.graders.iter().flatten().filter(|_| self.unwritten.is_none());
        graders.chain(&self.unwritten).chain(better)
    }
}

/// Whether a row passes as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Passes,
    Fails,
    Open,
}

/// Looks at some rows.
pub(super) async fn look(job: &Job, rehearsal: &Rehearsal) -> CommandResult<LookedAt> {
    let stride = usize::try_from(job.rows_left() / SAMPLED).unwrap_or(usize::MAX).max(1);
    let sampled = usize::try_from(SAMPLED).unwrap_or(usize::MAX);
    let mut looked_at = LookedAt::default();
    let look = Look { job, rehearsal };
    for row in job.rows()?.step_by(stride).take(sampled) {
        let row = row?;
        let is_regraded = job.plan.regrade.is_some();
        let read = job.parts.sample(&row).and_then(|sample| {
            let tried = if is_regraded { run::tried(&row, &sample)? } else { Vec::new() };
            Ok((sample, tried))
        });
        let Ok((sample, tried)) = read else {
            looked_at.unreadable += 1;
            looked_at.rows.push(RowSeen::default());
            continue;
        };
        let (row, standing) = if is_regraded { look.at_attempts(&sample, tried).await } else { look.at(&sample).await };
        match standing {
            Standing::Passes => looked_at.passing += 1,
            Standing::Fails => looked_at.failing += 1,
            Standing::Open => looked_at.open += 1,
        }
        looked_at.rows.push(row);
    }
    Ok(looked_at)
}

#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) job: &'a Job,
    rehearsal: &'a Rehearsal,
}

impl Look<'_> {
    async fn at(self, sample: &Sample) -> (RowSeen, Standing) {
        let refine = self.job.plan.refine.as_ref();
        let given = sample.response.as_ref().map_or(sample.responses.len(), |_| 1);
        let response = sample.response.as_ref().or(sample.responses.first());
        let mut row = RowSeen { given, response: response.map(String::len), ..RowSeen::default() };
        let is_unwritten = refine.is_some() && given == 0;
        // A judge can be shown only what is written.
        let shown = match response {
            _ if refine.is_none() => sample.clone(),
            Some(response) => sample.with_response(response),
            None => sample.with_response("-".repeat(UNWRITTEN)),
        };
        let (mut known, mut supposed, mut is_open) = (Vec::new(), Vec::new(), is_unwritten);
        let assembly = &self.job.assembly;
        for (member, single) in assembly.panel.members().iter().zip(&assembly.singles) {
            let (outcome, requests, opinion) = self.grade_with_opinion(single, &shown).await;
            row.graders.push(requests);
            row.opinions.push(opinion);
            let outcome = outcome.filter(|_| !is_unwritten);
            let given =
                |outcome| Member { grader: Given::instead_of(member.grader.as_ref(), outcome), ..member.clone() };
            if outcome.is_some() {
                known.push(given(outcome.clone()));
            }
            is_open |= outcome.is_none() && member.required;
            supposed.push(given(outcome));
        }
        let standing = standing(&Panel::new(known), is_open, sample).await;
        let goes_to_the_end = assembly.panel.of_mode(Mode::Pointwise).is_empty();
        row.need = match standing {
            _ if goes_to_the_end => 1.0,
            Standing::Passes => 0.0,
            Standing::Fails => 1.0,
            Standing::Open => 0.5,
        };
        if let (Some(plan), Some(writer)) = (refine, &assembly.writer) {
            let panel = Panel::new(supposed);
            if is_unwritten {
                row.unwritten = self.write(sample, &panel, writer.as_ref(), plan).await;
            }
            let better = self.write(&shown, &panel, writer.as_ref(), plan).await;
            row.writer = better.map(|request| (request, standing == Standing::Fails && !is_unwritten));
            row.finals = self.compare(&shown, plan).await;
        }
        (row, standing)
    }
}

impl Look<'_> {
    /// What a grader and its second opinion come to: the outcome, where it is known, the grader's requests, and those of
    /// the second opinion with how likely they are.
    pub(super) async fn grade_with_opinion(
        self,
        single: &Single,
        sample: &Sample,
    ) -> (Option<Outcome>, Vec<Heard>, (Vec<Heard>, f64)) {
        let (mut outcome, requests) = self.grade(single.grader.as_ref(), sample).await;
        let mut opinion = (Vec::new(), 0.0);
        if let Some(second) = &single.second {
            let (answer, requests) = self.grade(second.as_ref(), sample).await;
            let is_undecided = outcome.as_ref().map(|outcome| matches!(outcome, Outcome::Undecided { .. }));
            opinion = (requests, is_undecided.map_or(0.5, |is_undecided| if is_undecided { 1.0 } else { 0.0 }));
            if is_undecided == Some(true) {
                outcome = answer;
            }
        }
        (outcome, requests, opinion)
    }

    /// The outcome, where no model is needed for it that is not asked, and the requests.
    pub(super) async fn grade(self, grader: &dyn Grader, sample: &Sample) -> (Option<Outcome>, Vec<Heard>) {
        // Judges and components that order responses compare two, where the row has but one.
        let compared = match (grader.mode(), &sample.response) {
            (Mode::Listwise, Some(response)) if sample.responses.len() < 2 => {
                sample.with_responses(vec![response.clone(); 2])
            }
            _ => sample.clone(),
        };
        let outcome = grader.grade(&compared).await.outcome;
        let requests = self.rehearsal.heard();
        let is_open = requests.iter().any(|request| request.known.is_none());
        ((!is_open).then_some(outcome), requests)
    }

    /// The writer's first request for a row that is refined.
    async fn write(self, sample: &Sample, panel: &Panel, writer: &dyn ChatModel, plan: &RefinePlan) -> Option<Heard> {
        let settings = RefineSettings { rounds: 1, candidates: 1, ..settings(plan) };
        let refiner = Refiner { writer, final_judge: None, settings: &settings };
        refine::refine(sample, panel, refiner).await;
        self.rehearsal.heard().into_iter().next()
    }

    /// The final judge's requests: for two responses, and for as many as there can be.
    async fn compare(self, sample: &Sample, plan: &RefinePlan) -> [Vec<Heard>; 2] {
        let response = sample.response.clone().unwrap_or_default();
        let written = plan.rounds.value.saturating_mul(plan.candidates.value);
        let most = usize::try_from(written).unwrap_or(usize::MAX).saturating_add(1).clamp(2, MOST_COMPARED);
        [self.finals(sample, vec![response.clone(); 2]).await, self.finals(sample, vec![response; most]).await]
    }

    /// The final judge's requests for these responses.
    pub(super) async fn finals(self, sample: &Sample, responses: Vec<String>) -> Vec<Heard> {
        let Some(judge) = &self.job.assembly.final_judge else { return Vec::new() };
        judge.grader.grade(&sample.with_responses(responses)).await;
        self.rehearsal.heard()
    }
}

/// How a row stands by the members whose outcomes are known; `is_open` where others have a say.
pub(super) async fn standing(known: &Panel, is_open: bool, sample: &Sample) -> Standing {
    match known.assess(sample).await.pass {
        Some(false) => Standing::Fails,
        _ if is_open => Standing::Open,
        _ => Standing::Passes,
    }
}
