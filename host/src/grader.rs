//! The trait that every grader, component or judge, stands behind.

use async_trait::async_trait;

use crate::{model::Usage, receipt::Provenance, sample::Sample, score::Outcome};

/// Whether a grader judges one response or orders several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pointwise,
    Listwise,
}

/// Where a grader's scores come from; the two have other default thresholds and margins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A WebAssembly component: the same answer at each call.
    Component,
    /// A language model behind a rubric: an opinion, with noise.
    Judge,
}

/// The answer of a grader, with what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Graded {
    pub outcome: Outcome,
    /// Model calls made for this grade; zero calls for a component that made none.
    pub usage: Usage,
    pub provenance: Provenance,
}

impl From<Outcome> for Graded {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, usage: Usage::default(), provenance: Provenance::default() }
    }
}

/// Judges samples. Whatever goes wrong is an [`Outcome::Error`]: `grade` neither fails nor panics.
#[async_trait]
pub trait Grader: Send + Sync {
    fn mode(&self) -> Mode;

    fn kind(&self) -> Kind;

    /// Judges `sample.response`, or orders `sample.responses`, as [`Grader::mode`] says.
    async fn grade(&self, sample: &Sample) -> Graded;

    /// Judges once more, for the `attempt`-th time after the first. What answers the same each time need not tell; what
    /// draws at random draws anew.
    async fn grade_anew(&self, sample: &Sample, _attempt: u32) -> Graded {
        self.grade(sample).await
    }
}
