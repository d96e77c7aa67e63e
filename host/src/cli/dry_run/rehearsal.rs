//! Models that are not asked: what they would have been asked is noted, and the cache of responses answers what it can.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::{
    budget::Charge,
    grader::{Graded, Grader, Kind, Mode},
    model::{ChatModel, Completion, ModelError, Request, Usage},
    sample::{Columns, Sample},
    score::{Outcome, Ranking, Score},
};

/// What would have been asked, in the order in which it was said.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Rehearsal(Arc<Mutex<Vec<Heard>>>);

/// A request that would have been made.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    /// The model's name in the configuration.
    pub(super) model: String,
    /// Of all messages together.
    pub(super) prompt_bytes: usize,
    pub(super) max_tokens: Option<u32>,
    /// What the answer of the cache used when it was made; `None` where it has none.
    pub(super) known: Option<Usage>,
}

impl Rehearsal {
    /// A model that is never asked.
    pub(in crate::cli) fn silent(model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(Silent(model))
    }

    /// The model, whose requests are noted.
    pub(in crate::cli) fn listen(&self, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(Overheard { model, rehearsal: self.clone() })
    }

    /// The requests since the last time.
    pub(super) fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Silent(Arc<dyn ChatModel>);

#[async_trait]
impl ChatModel for Silent {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn complete(&self, _request: &Request) -> (Result<Completion, ModelError>, Usage) {
        (Err(ModelError::Unavailable("no model is asked in a dry run".to_owned())), Usage::default())
    }

    fn worst_case(&self, _request: &Request) -> Charge {
        // Budgets are not spent, so they must not end what is looked at.
        Charge::default()
    }
}

struct Overheard {
    model: Arc<dyn ChatModel>,
    rehearsal: Rehearsal,
}

#[async_trait]
impl ChatModel for Overheard {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let (answer, usage) = self.model.complete(request).await;
        let heard = Heard {
            model: self.name().to_owned(),
            prompt_bytes: request.messages.iter().map(|message| message.content.len()).sum(),
            max_tokens: request.max_tokens,
            known: answer.is_ok().then_some(usage),
        };
        self.rehearsal.0.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        (answer, usage)
    }

    fn worst_case(&self, request: &Request) -> Charge {
        self.model.worst_case(request)
    }
}

/// A grader whose answer is given: one that it gave before, or a poor one where only a model can tell.
pub(super) struct Given {
    mode: Mode,
    kind: Kind,
    outcome: Option<Outcome>,
}

impl Given {
    /// In the place of `grader`; without an `outcome` it is supposed to find fault.
    pub(super) fn instead_of(grader: &dyn Grader, outcome: Option<Outcome>) -> Arc<dyn Grader> {
        Arc::new(Self { mode: grader.mode(), kind: grader.kind(), outcome })
    }
}

#[async_trait]
impl Grader for Given {
    fn mode(&self) -> Mode {
        self.mode
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    async fn grade(&self, sample: &Sample) -> Graded {
        /// About as long as the reason of a judge.
        const REASON: usize = 300;
        let reason = || "-".repeat(REASON);
        Graded::from(match (&self.outcome, self.mode) {
            (Some(outcome), Mode::Pointwise) => outcome.clone(),
            (None, Mode::Pointwise) => {
                Outcome::Scored(Score { score: 0.0, value: 0.0, reason: reason(), details: Columns::new() })
            }
            (_, Mode::Listwise) => {
                let ranks = (1..).take(sample.responses.len()).collect();
                Outcome::Ranked(Ranking { ranks, reason: reason(), votes: Vec::new() })
            }
        })
    }
}
