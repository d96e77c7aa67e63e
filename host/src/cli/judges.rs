//! Judges of the rubric library and of templates, as commands list and plans name them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    failure::Failure,
    plan::{GraderPlan, JudgePlan},
};
use crate::{grader::Grader, model::ChatModel};

/// The names of the rubric library.
pub(super) fn rubric_names() -> Vec<&'static str> {
    vec![]
}

/// A judge of the library, for a list.
pub(super) struct Listed {
    name: &'static str,
    scale: String,
    mode: &'static str,
    summary: String,
}

/// The judges of the library.
pub(super) fn listed() -> Vec<Listed> {
    vec![]
}

impl Listed {
    pub(super) fn to_json(&self) -> Value {
        json!({"name": self.name, "scale": self.scale, "mode": self.mode, "summary": self.summary})
    }

    pub(super) fn into_row(self) -> Vec<String> {
        vec![self.name.to_owned(), self.scale, self.mode.to_owned(), self.summary]
    }
}

/// The adapter of a judge.
pub(super) fn judge_grader(
    grader: &GraderPlan,
    _judge: &JudgePlan,
    _model: Arc<dyn ChatModel>,
) -> Result<Arc<dyn Grader>, Failure> {
    Err(Failure::new(format!("`{}` is a judge", grader.name)))
}
