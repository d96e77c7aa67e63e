//! Notices model errors after which no call of a run can succeed.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use crate::model::{ChatModel, Completion, ModelError, Request, Usage};

/// The first fatal error of the models that it watches. Clones share it.
///
/// A judge turns a model's error into a grade without a score, as it must; that the error concerns every row is known
/// only here.
#[derive(Debug, Clone, Default)]
pub struct FatalErrors(Arc<OnceLock<ModelError>>);

impl FatalErrors {
    /// The model, watched.
    #[must_use]
    pub fn watch(&self, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(Watched { model, errors: self.clone() })
    }

    /// Keeps the error if it is fatal and the first.
    pub fn note(&self, error: &ModelError) {
        if error.is_fatal() {
            self.0.get_or_init(|| error.clone());
        }
    }

    pub fn first(&self) -> Option<&ModelError> {
        self.0.get()
    }
}

struct Watched {
    model: Arc<dyn ChatModel>,
    errors: FatalErrors,
}

#[async_trait]
impl ChatModel for Watched {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let (answer, usage) = self.model.complete(request).await;
        if let Err(error) = &answer {
            self.errors.note(error);
        }
        (answer, usage)
    }
}
