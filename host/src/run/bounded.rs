//! A model that one grader may ask so much and no more, beside what bounds the run as a whole.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    budget::{Budget, Charge},
    model::{ChatModel, Completion, ModelError, Request, Usage},
};

/// Sets the worst case of a call aside in a budget of its own. Attempts that are repeated within a call are charged
/// when it ends.
pub struct Bounded {
    model: Arc<dyn ChatModel>,
    budget: Budget,
    /// Where the budget stands in the configuration.
    place: String,
}

impl Bounded {
    pub fn new(model: Arc<dyn ChatModel>, budget: Budget, place: String) -> Self {
        Self { model, budget, place }
    }
}

#[async_trait]
impl ChatModel for Bounded {
    fn name(&self) -> &str {
        self.model.name()
    }

    async fn complete(&self, request: &Request) -> (Result<Completion, ModelError>, Usage) {
        let worst = self.worst_case(request);
        let reservation = match self.budget.reserve(worst).await {
            Ok(reservation) => reservation,
            Err(exhausted) => {
                return (Err(ModelError::Budget(format!("{exhausted}; raise {}", self.place))), Usage::default());
            }
        };
        let (answer, usage) = self.model.complete(request).await;
        reservation.settle(usage.charge(worst));
        (answer, usage)
    }

    async fn reject(&self, request: &Request) {
        self.model.reject(request).await;
    }

    fn worst_case(&self, request: &Request) -> Charge {
        self.model.worst_case(request)
    }
}
