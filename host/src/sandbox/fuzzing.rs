//! Ways into the sandbox for the fuzzers of `tests/fuzz`, without the other processes. Built for them only.

use std::sync::Arc;

use wasmtime::{Engine, component::Component};

use super::{
    admission,
    component_grader::believe,
    engine::{Metering, Purpose, engine},
    grading::Grader,
    limits::GradeLimits,
    pipe::SharedPipe,
    programs::Runtimes,
    wire::{Answer, GradeWork, WireGrants, WireMode, WireSample},
};
use crate::score::{ErrorKind, GradeError, Outcome, Scale};

/// Compiles what may be a component, and looks whether it is a grader or a runtime; the reason where it is neither.
pub fn component(bytes: &[u8]) -> Result<(), String> {
    admission::look_at(bytes)
}

/// A grader that is run in this process.
pub struct Results {
    grader: Grader,
    runtimes: Arc<Runtimes>,
    pipe: SharedPipe,
}

impl Results {
    /// # Panics
    /// Where the component is no grader.
    #[expect(clippy::expect_used, reason = "fuzzers fail by panicking")]
    pub fn new(component: &[u8]) -> Self {
        let engine: Engine = engine(Purpose::Graders, Metering::Time).expect("an engine");
        let component = Component::from_binary(&engine, component).expect("a component");
        let grader = Grader::new(&engine, Metering::Time, &component, WireMode::Pointwise).expect("a grader");
        Self { grader, runtimes: Arc::default(), pipe: SharedPipe::new() }
    }

    /// What is made of the grade of this response, on a scale from 0 to 1.
    pub fn grade(&self, response: &str) -> Outcome {
        let sample = WireSample {
            id: String::new(),
            messages: vec![],
            responses: vec![response.to_owned()],
            reference: None,
            fields: "{}".to_owned(),
        };
        let (params, limits) = ("{}".to_owned(), GradeLimits::default());
        let work = GradeWork { component: 0, sample, params, grants: WireGrants::default(), limits, answered: vec![] };
        match self.grader.grade(work, &self.runtimes, &self.pipe).0 {
            Answer::Verdict(verdict) => believe(verdict, Scale { worst: 0.0, best: 1.0 }, 1)
                .unwrap_or_else(|what| Outcome::Error(GradeError::new(ErrorKind::BadResult, what))),
            Answer::Failed { kind, reason } => Outcome::Error(GradeError::new(kind, reason)),
            other => unreachable!("{other:?}"),
        }
    }
}
