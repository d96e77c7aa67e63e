//! Inputs of programs that busy workers offer to idle ones.

use std::{collections::VecDeque, time::Duration};

use serde::Serialize;
use tokio::sync::mpsc;

use super::wire::{self, Answer, News, Offer, OfferId, ProgramInput, Work};

/// Work that is handed out at once, so that asking for more does not cost much of it.
const PORTION: Duration = Duration::from_millis(2);

/// Work for which a worker that does not run yet is started: about what its start costs.
const WORTH_A_START: Duration = Duration::from_millis(40);

/// Names a worker process.
pub(super) type WorkerId = u64;

/// The offers that stand.
#[derive(Default)]
pub(super) struct Offers(VecDeque<Standing>);

struct Standing {
    owner: Owner,
    offer: Offer,
}

/// The worker that offers, and the way to tell it something.
#[derive(Clone)]
pub(super) struct Owner {
    pub(super) worker: WorkerId,
    pub(super) input: mpsc::UnboundedSender<Vec<u8>>,
}

/// Inputs of an offer that another worker runs.
pub(super) struct Portion {
    owner: Owner,
    offer: OfferId,
    /// The inputs' places.
    inputs: Vec<u32>,
}

impl Offers {
    pub(super) fn add(&mut self, owner: Owner, offer: Offer) {
        self.0.push_back(Standing { owner, offer });
    }

    pub(super) fn withdraw(&mut self, worker: WorkerId, offer: OfferId) {
        self.0.retain(|standing| standing.owner.worker != worker || standing.offer.id != offer);
    }

    /// Forgets a worker that has died.
    pub(super) fn forget(&mut self, worker: WorkerId) {
        self.0.retain(|standing| standing.owner.worker != worker);
    }

    /// Some inputs for an idle worker, from the back of the oldest offer; for one that must be started first only what
    /// is worth it. Their owner hears of it.
    pub(super) fn take(&mut self, is_running: bool) -> Option<(Work, Portion)> {
        let is_worth_it = |standing: &Standing| is_running || WORTH_A_START <= standing.work();
        let position = self.0.iter().position(is_worth_it)?;
        let standing = self.0.get_mut(position)?;
        let (inputs, of_program) = standing.portion();
        let portion = Portion { owner: standing.owner.clone(), offer: standing.offer.id, inputs };
        let Offer { runtime, limits, source, compiled, .. } = &standing.offer;
        let work = Work::Programs {
            runtime: *runtime,
            source: source.clone(),
            compiled: compiled.clone(),
            limits: *limits,
            inputs: of_program,
        };
        if standing.offer.inputs.is_empty() {
            self.0.remove(position);
        }
        portion.tell_taken();
        Some((work, portion))
    }
}

impl Standing {
    /// An estimate of what is left; the owner is at it too.
    fn work(&self) -> Duration {
        self.offer.pace * u32::try_from(self.offer.inputs.len()).unwrap_or(u32::MAX)
    }

    /// Inputs from the back: as many as are quick to run, never more than half.
    fn portion(&mut self) -> (Vec<u32>, Vec<ProgramInput>) {
        let left = self.offer.inputs.len();
        let quick = PORTION.as_nanos() / self.offer.pace.as_nanos().max(1);
        let count = usize::try_from(quick).unwrap_or(left).min(left / 2).max(1);
        self.offer.inputs.split_off(left.saturating_sub(count)).into_iter().unzip()
    }
}

/// A message to a worker; the same on the wire as `ToWorker`.
#[derive(Serialize)]
enum Outgoing {
    #[expect(dead_code, reason = "keeps the places of the variants")]
    Load,
    #[expect(dead_code, reason = "keeps the places of the variants")]
    Work,
    News(News),
}

impl Portion {
    /// Whether the owner is gone.
    pub(super) fn is_abandoned(&self) -> bool {
        self.owner.input.is_closed()
    }

    /// Hands the results to the owner, or the inputs back where there are none.
    pub(super) fn finish(self, answer: Option<Answer>) {
        let Self { offer, inputs, .. } = &self;
        let news = match answer {
            Some(Answer::Executions(executions)) if executions.len() == inputs.len() => {
                News::Done { offer: *offer, executions: inputs.iter().copied().zip(executions).collect() }
            }
            _ => News::Returned { offer: *offer, inputs: inputs.clone() },
        };
        self.tell(news);
    }

    fn tell_taken(&self) {
        if let Some(from) = self.inputs.first().copied() {
            self.tell(News::Taken { offer: self.offer, from });
        }
    }

    fn tell(&self, news: News) {
        let mut frame = Vec::new();
        // Cannot fail: a vector has room, and what came in one frame fits into one.
        if wire::encode(&Outgoing::News(news), &mut frame).is_ok() {
            // Where the owner is gone, nobody waits.
            let _ = self.owner.input.send(frame);
        }
    }
}
