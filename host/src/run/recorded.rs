//! A model whose calls are recorded: what was answered once is not asked again.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;

use super::{
    appender::AppendError,
    journal::{Answered, Answers, Journal},
    request_key::RequestKey,
    responses::ResponseCache,
};
use crate::{
    budget::Charge,
    model::{ChatModel, Completion, ModelError, Request, Usage},
};

tokio::task_local! {
    /// The row for which calls are made.
    static ROW: RowContext;
}

/// Which row is worked on, and what of its earlier answers counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RowContext {
    pub(super) number: u64,
    /// Whether it is done anew for an error: the cache may hold the answers that it is done anew for.
    pub(super) anew: bool,
}

impl RowContext {
    /// Works on the row; its model calls are recorded as this row's.
    pub(super) async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        ROW.scope(self, work).await
    }
}

/// The record of a run's calls. Clones share it.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    journal: Option<Journal>,
    /// Answers of the run that is continued, for the rows that it had not finished.
    answers: Mutex<Answers>,
    cache: Option<ResponseCache>,
    /// Rows that are done anew because they ended in an error.
    retried: Arc<HashSet<u64>>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    made: AtomicU64,
    replayed: AtomicU64,
    cached: AtomicU64,
}

/// Where the answers of a run came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// Calls made to an endpoint.
    pub made: u64,
    /// Calls answered by the record of the run that was continued.
    pub replayed: u64,
    /// Calls answered by the cache that runs share.
    pub cached: u64,
}

impl Recorder {
    pub(super) fn new(
        journal: Option<Journal>,
        answers: Answers,
        cache: Option<ResponseCache>,
        retried: Arc<HashSet<u64>>,
    ) -> Self {
        Self(Arc::new(Shared { journal, answers: Mutex::new(answers), cache, retried, counts: Counts::default() }))
    }

    /// A record that is kept in the shared cache only.
    pub fn of_cache(cache: ResponseCache) -> Self {
        Self::new(None, Answers::new(), Some(cache), Arc::default())
    }

    /// The model, recorded. `identity` tells endpoints and models apart: two models of one identity share answers.
    pub fn record(&self, model: Arc<dyn ChatModel>, identity: String) -> Arc<dyn ChatModel> {
        Arc::new(Recorded { model, identity, grader: None, shared: Arc::clone(&self.0) })
    }

    /// The model as [`Recorder::record`] has it, for a grader with a budget of its own: what it used is on record, too.
    pub fn record_for(&self, grader: &str, model: Arc<dyn ChatModel>, identity: String) -> Arc<dyn ChatModel> {
        let grader = Some(grader.to_owned());
        Arc::new(Recorded { model, identity, grader, shared: Arc::clone(&self.0) })
    }

    pub fn counts(&self) -> CallCounts {
        let Counts { made, replayed, cached } = &self.0.counts;
        CallCounts {
            made: made.load(Ordering::Relaxed),
            replayed: replayed.load(Ordering::Relaxed),
            cached: cached.load(Ordering::Relaxed),
        }
    }

    /// What of its earlier answers counts for a row.
    pub(super) fn context(&self, row: u64) -> RowContext {
        RowContext { number: row, anew: self.0.retried.contains(&row) }
    }

    /// Why nothing can be recorded any more: the run must end.
    pub(super) fn failure(&self) -> Option<AppendError> {
        self.0.journal.as_ref().and_then(Journal::failure)
    }
}

impl Shared {
    fn replayed(&self, row: u64, key: RequestKey) -> Option<(Result<Completion, ModelError>, Usage)> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&(row, key)).cloned()
    }
}

struct Recorded {
    model: Arc<dyn ChatModel>,
    identity: String,
    /// The grader whose own budget is charged.
    grader: Option<String>,
    shared: Arc<Shared>,
}

impl Recorded {
    /// An answer that is on record.
    async fn known(&self, row: RowContext, key: RequestKey) -> Option<(Result<Completion, ModelError>, Usage)> {
        if let Some(answer) = self.shared.replayed(row.number, key) {
            self.shared.counts.replayed.fetch_add(1, Ordering::Relaxed);
            return Some(answer);
        }
        if row.anew {
            return None;
        }
        let (completion, usage) = self.shared.cache.as_ref()?.find(key).await?;
        if let Some(journal) = &self.shared.journal {
            // The cache may be gone when the run is resumed. Nothing was charged for this answer.
            let (answer, charge) = (Ok(completion.clone()), Charge::default());
            let model = self.model.name().to_owned();
            let answered = Answered { row: row.number, key, model, answer, usage, charge, grader: None };
            if let Err(error) = journal.answered(answered).await {
                return Some((Err(not_recorded(&error)), Usage::default()));
            }
        }
        self.shared.counts.cached.fetch_add(1, Ordering::Relaxed);
        Some((Ok(completion), usage))
    }

    async fn ask(&self, row: u64, key: RequestKey, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let worst = self.model.worst_case(request);
        if let Some(journal) = &self.shared.journal
            && let Err(error) = journal.asked(row, key, worst, self.grader.clone()).await
        {
            return (Err(not_recorded(&error)), Usage::default());
        }
        let (answer, usage) = self.model.complete(request).await;
        if matches!(answer, Err(ModelError::Budget(_))) && usage.calls == 0 {
            if let Some(journal) = &self.shared.journal
                && let Err(error) = journal.unasked(row, key).await
            {
                return (Err(not_recorded(&error)), usage);
            }
            return (answer, usage);
        }
        self.shared.counts.made.fetch_add(1, Ordering::Relaxed);
        if let Some(journal) = &self.shared.journal
            && is_worth_keeping(&answer, usage)
        {
            let answered = Answered {
                row,
                key,
                model: self.model.name().to_owned(),
                answer: answer.clone(),
                usage,
                charge: usage.charge(worst),
                grader: self.grader.clone(),
            };
            if let Err(error) = journal.answered(answered).await {
                return (Err(not_recorded(&error)), usage);
            }
        }
        if let (Some(cache), Ok(completion)) = (&self.shared.cache, &answer) {
            cache.keep(key, completion, usage).await;
        }
        (answer, usage)
    }
}

#[async_trait]
impl ChatModel for Recorded {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let row = ROW.try_with(|row| *row).unwrap_or(RowContext { number: 0, anew: false });
        let key = RequestKey::of(&self.identity, request);
        match self.known(row, key).await {
            Some(answer) => answer,
            None => self.ask(row.number, key, request).await,
        }
    }

    async fn reject(&self, request: &Request) {
        let row = ROW.try_with(|row| row.number).unwrap_or(0);
        if let Some(journal) = &self.shared.journal {
            // A journal that cannot be written ends the run.
            let _ = journal.unusable(row, RequestKey::of(&self.identity, request)).await;
        }
    }

    fn worst_case(&self, request: &Request) -> Charge {
        self.model.worst_case(request)
    }
}

/// Whether an answer is one that was paid for and would come again. An endpoint that was out of reach may be back.
fn is_worth_keeping(answer: &Result<Completion, ModelError>, usage: Usage) -> bool {
    match answer {
        Ok(_) | Err(ModelError::Refused(_) | ModelError::Empty(_)) => true,
        Err(_) => usage.calls > 0,
    }
}

fn not_recorded(error: &AppendError) -> ModelError {
    ModelError::Unavailable(format!("the answer could not be recorded: {error}"))
}
