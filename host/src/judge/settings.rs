//! What a judge is asked and how; plain data, checked when the judge is made.

use super::library::Rubric;
use crate::{fields::FieldMap, grader::Mode, sample::Columns, score::Scale};

/// What the judge is told to judge by.
#[derive(Debug, Clone, PartialEq)]
pub enum Prompt {
    Rubric(&'static Rubric),
    /// Text with placeholders; `template` says which and how braces are read.
    Template(String),
}

/// How several votes become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregate {
    #[default]
    Median,
    Mean,
    /// The score that more than half of the valid votes gave; without one, the judge is undecided.
    Majority,
}

/// The settings of one judge.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeSettings {
    /// The grader's name in the results, for messages.
    pub name: String,
    pub prompt: Prompt,
    /// By default listwise for a template with `{responses}` and without `{response}`, else pointwise.
    pub mode: Option<Mode>,
    /// By default that of the rubric; 0 to 1 for a template.
    pub scale: Option<Scale>,
    /// What `{rubrics}` in a template stands for.
    pub rubrics: Vec<String>,
    /// Independent replies of each model, all counted together. Those of a listwise judge see the responses in one order
    /// and in the reverse by turns.
    pub votes: u32,
    pub aggregate: Aggregate,
    /// The least number of valid votes that make a score or a ranking; by default more than half of all.
    pub quorum: Option<u32>,
    /// Whether votes are not asked for that can no longer change the score.
    pub early_stop: bool,
    /// By default 0, and 0.7 for several votes of one model, which must be able to differ; two orders do.
    pub temperature: Option<f64>,
    /// By default [`JudgeSettings::MAX_TOKENS`].
    pub max_tokens: Option<u32>,
    /// The seed of the first vote; the next ones count up from it.
    pub seed: u64,
    /// Further members of the request body.
    pub extra: Columns,
    /// Where the rows have what the prompt wants.
    pub map: FieldMap,
}

impl JudgeSettings {
    /// Room for a reason and for a moderate amount of thinking.
    pub const MAX_TOKENS: u32 = 2048;

    pub fn new(name: impl Into<String>, prompt: Prompt) -> Self {
        Self {
            name: name.into(),
            prompt,
            mode: None,
            scale: None,
            rubrics: Vec::new(),
            votes: 1,
            aggregate: Aggregate::default(),
            quorum: None,
            early_stop: true,
            temperature: None,
            max_tokens: None,
            seed: 0,
            extra: Columns::new(),
            map: FieldMap::default(),
        }
    }
}

/// Why a judge cannot be made from its settings.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum JudgeError {
    #[error("the template is empty; say in it what to judge, with {{query}} and {{response}} where they belong")]
    EmptyTemplate,
    #[error("scale = [{worst}, {best}] is no scale; give two different numbers, the worst score first")]
    Scale { worst: f64, best: f64 },
    #[error("votes = 0; a judge needs at least one")]
    NoVotes,
    #[error("a judge needs a model to ask")]
    NoModel,
    #[error("quorum = {quorum}, of {votes} votes in all; it must be from 1 to {votes}")]
    Quorum { quorum: u32, votes: u32 },
    #[error("the template has {{rubrics}}, but no rubrics are given; give some, or write them into the template")]
    NoRubrics,
    #[error(
        "a listwise judge orders several responses, but its template has {{response}}; write {{responses}}, or set mode to pointwise"
    )]
    OneResponse,
}
