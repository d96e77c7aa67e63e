//! Notices model errors after which no call of a run can succeed.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;

use crate::{
    budget::Charge,
    model::{ChatModel, Completion, ModelError, Request, Usage},
};

/// Calls that fail for want of an endpoint, each after all its retries, before a model that has never answered is taken
/// to be out of reach.
const UNANSWERED: u32 = 8;

/// The first fatal error of the models that it watches. Clones share it.
///
/// A judge turns a model's error into a grade without a score, as it must; that the error concerns every row is known
/// only here.
#[derive(Debug, Clone, Default)]
pub struct FatalErrors {
    first: Arc<OnceLock<ModelError>>,
    budget_ends_run: bool,
}

impl FatalErrors {
    /// Watches for a budget that is used up, too: a run that can be continued stops there.
    pub fn with_budget() -> Self {
        Self { budget_ends_run: true, ..Self::default() }
    }

    /// The model, watched.
    #[must_use]
    pub fn watch(&self, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(Watched { model, errors: self.clone(), unanswered: AtomicU32::new(0) })
    }

    /// The model, watched for what a user must correct only: where it is out of reach, others answer in its place.
    #[must_use]
    pub fn watch_dispensable(&self, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(Watched { model, errors: self.clone(), unanswered: AtomicU32::new(UNANSWERED) })
    }

    /// Keeps the error if it is fatal and the first.
    pub fn note(&self, error: &ModelError) {
        if self.is_fatal(error) {
            self.first.get_or_init(|| error.clone());
        }
    }

    pub fn first(&self) -> Option<&ModelError> {
        self.first.get()
    }

    /// Whether the error concerns every call of the run.
    pub(super) fn is_fatal(&self, error: &ModelError) -> bool {
        error.is_fatal() || (self.budget_ends_run && matches!(error, ModelError::Budget(_)))
    }
}

struct Watched {
    model: Arc<dyn ChatModel>,
    errors: FatalErrors,
    /// Calls without an answer so far; far beyond counting once there was one.
    unanswered: AtomicU32,
}

impl Watched {
    fn weigh(&self, answer: &Result<Completion, ModelError>) {
        match answer {
            Err(error @ ModelError::Unavailable(_)) => {
                if self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 == UNANSWERED {
                    self.errors.first.get_or_init(|| error.clone());
                }
            }
            Err(error) => self.errors.note(error),
            Ok(_) => self.unanswered.store(UNANSWERED, Ordering::Relaxed),
        }
    }
}

#[async_trait]
impl ChatModel for Watched {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let (answer, usage) = self.model.complete(request).await;
        self.weigh(&answer);
        (answer, usage)
    }

    fn worst_case(&self, request: &Request) -> Charge {
        self.model.worst_case(request)
    }
}
