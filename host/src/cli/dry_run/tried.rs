//! A row of a refinement that is looked at: every attempt at it is graded again, and nothing is written.

use super::{
    looked_at::{Look, MOST_COMPARED, RowSeen, Standing, standing},
    rehearsal::{Given, Heard},
};
use crate::{
    grader::Mode,
    panel::{Member, Panel},
    sample::Sample,
    score::Outcome,
};

impl Look<'_> {
    /// Looks at the attempts, no two of which are the same.
    pub(super) async fn at_attempts(self, sample: &Sample, tried: Vec<String>) -> (RowSeen, Standing) {
        let attempts: Vec<Sample> = tried.iter().map(|response| sample.with_response(response)).collect();
        let mut row = RowSeen {
            given: tried.len(),
            tried: tried.len(),
            response: tried.first().map(String::len),
            ..RowSeen::default()
        };
        let mut outcomes: Vec<Vec<Option<Outcome>>> = vec![Vec::new(); attempts.len()];
        for single in &self.job.assembly.singles {
            let (mut requests, mut opinions, mut shares): (Vec<Heard>, Vec<Heard>, f64) = Default::default();
            if single.grader.mode() == Mode::Listwise && attempts.len() > 1 {
                requests = self.grade(single.grader.as_ref(), &sample.with_responses(tried.clone())).await.1;
            }
            for (attempt, outcomes) in attempts.iter().zip(&mut outcomes) {
                if single.grader.mode() == Mode::Listwise {
                    outcomes.push(None);
                    continue;
                }
                let (outcome, asked, (opinion, share)) = self.grade_with_opinion(single, attempt).await;
                requests.extend(asked);
                opinions.extend(opinion);
                shares += share;
                outcomes.push(outcome);
            }
            row.graders.push(requests);
            row.opinions.push((opinions, shares / f64::from(u32::try_from(attempts.len().max(1)).unwrap_or(u32::MAX))));
        }
        let standing = self.best(&attempts, outcomes).await;
        row.need = match standing {
            Standing::Passes => 0.0,
            Standing::Fails => 1.0,
            Standing::Open => 0.5,
        };
        if let [first, second, ..] = tried.as_slice() {
            let pair = vec![first.clone(), second.clone()];
            let most = tried.iter().take(MOST_COMPARED).cloned().collect();
            row.finals = [self.finals(sample, pair).await, self.finals(sample, most).await];
        }
        (row, standing)
    }

    /// How the best of the attempts stands.
    async fn best(self, attempts: &[Sample], outcomes: Vec<Vec<Option<Outcome>>>) -> Standing {
        let mut best = Standing::Fails;
        for (attempt, outcomes) in attempts.iter().zip(outcomes) {
            let (mut known, mut is_open) = (Vec::new(), false);
            for (member, outcome) in self.job.assembly.panel.members().iter().zip(outcomes) {
                is_open |= outcome.is_none() && member.required;
                if outcome.is_some() {
                    known.push(Member { grader: Given::instead_of(member.grader.as_ref(), outcome), ..member.clone() });
                }
            }
            match standing(&Panel::new(known), is_open, attempt).await {
                Standing::Passes => return Standing::Passes,
                Standing::Open => best = Standing::Open,
                Standing::Fails => {}
            }
        }
        best
    }
}
