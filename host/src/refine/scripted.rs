//! A writer for tests of decisions: it answers from a list and keeps what it was asked.

use std::sync::Mutex;

use async_trait::async_trait;

use crate::{
    budget::Charge,
    model::{ChatModel, Completion, ModelError, Request, Usage},
};

/// Answers each request with the entry at the request's seed, and with an empty reply after the last.
pub(crate) struct Scripted {
    answers: Vec<Result<String, ModelError>>,
    requests: Mutex<Vec<Request>>,
}

impl Scripted {
    pub(crate) fn new(answers: impl IntoIterator<Item = Result<String, ModelError>>) -> Self {
        Self { answers: answers.into_iter().collect(), requests: Mutex::default() }
    }

    /// A writer whose calls all succeed until the last.
    pub(crate) fn saying(answers: &[&str]) -> Self {
        Self::new(answers.iter().map(|answer| Ok((*answer).to_owned())))
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

#[async_trait]
impl ChatModel for Scripted {
    fn name(&self) -> &'static str {
        "writer"
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        self.requests.lock().unwrap().push(request.clone());
        let index = usize::try_from(request.seed.unwrap()).unwrap();
        let answer = self.answers.get(index).cloned().unwrap_or_else(|| Err(ModelError::Empty("no more".to_owned())));
        let completion = |content| Completion { content, reasoning: None, truncated: false, model: "m-1".to_owned() };
        let usage = Usage { calls: 1, prompt_tokens: Some(10), completion_tokens: Some(5), cost: None };
        (answer.map(completion), usage)
    }

    fn worst_case(&self, _: &Request) -> Charge {
        Charge::default()
    }
}
