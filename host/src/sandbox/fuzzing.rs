//! Ways into the sandbox for the fuzzers of `tests/fuzz`, without the other processes. Built for them only.

use std::{
    path::Path,
    sync::{Arc, LazyLock},
    time::Duration,
};

use wasmtime::{Engine, component::Component};

use super::{
    admission::{self, Admitted, Note},
    catalog::Entry,
    component_grader::believe,
    engine::{Metering, Purpose, engine, hasty_engine},
    grading::Grader,
    limits::{GradeLimits, ProgramLimits},
    pipe::SharedPipe,
    programs::{Runtime, Runtimes},
    wire::{Answer, GradeWork, WireGrants, WireLanguage, WireMode, WireSample},
};
use crate::score::{ErrorKind, GradeError, Outcome, Scale};

static WORKBENCH: LazyLock<Workbench> = LazyLock::new(Workbench::new);

/// What the host makes of what may be a component: compiled, held against the contract, asked who it is, and listed as
/// the cache and the index have it. `None` is a language runtime; the reason, where it is neither.
///
/// # Panics
/// Where what is kept of a component that can be listed does not come back as it was.
#[expect(clippy::expect_used, reason = "fuzzers fail by panicking")]
pub fn component(bytes: &[u8]) -> Result<Option<Entry>, String> {
    let note = admission::look_at(bytes, &WORKBENCH)?;
    let kept = postcard::to_allocvec(&note).expect("a note that can be kept");
    let entry = admission::list_or_refuse(Path::new("fuzzed.wasm"), "0".repeat(64), note.clone())?;
    let again: Note = postcard::from_bytes(&kept).expect("a note that was kept");
    assert_eq!(postcard::to_allocvec(&again).ok(), Some(kept), "{note:?} is kept as {again:?}");
    Ok(match entry {
        Some(Admitted::Grader(entry)) => Some(*entry),
        Some(Admitted::Language(_)) | None => None,
    })
}

/// Engines that compile in haste, and limits that a describing component meets soon.
pub(super) struct Workbench {
    graders: Engine,
    runtimes: Engine,
    none: Arc<Runtimes>,
    pipe: SharedPipe,
}

impl Workbench {
    /// Counted in instructions, since nothing moves the clock here.
    const METERING: Metering = Metering::Fuel;
    const CPU: Duration = Duration::from_millis(1);
    const MEMORY: usize = 16 << 20;

    #[expect(clippy::expect_used, reason = "fuzzers fail by panicking")]
    fn new() -> Self {
        let start = |purpose| hasty_engine(purpose, Self::METERING).expect("an engine");
        Self {
            graders: start(Purpose::Graders),
            runtimes: start(Purpose::Runtimes),
            none: Arc::default(),
            pipe: SharedPipe::new(),
        }
    }

    pub(super) fn engine(&self, purpose: Purpose) -> &Engine {
        match purpose {
            Purpose::Graders => &self.graders,
            Purpose::Runtimes => &self.runtimes,
        }
    }

    pub(super) fn describe(&self, component: &Component, mode: WireMode) -> wasmtime::Result<Answer> {
        let limits = GradeLimits { cpu: Self::CPU, memory: Self::MEMORY, ..GradeLimits::of_a_description() };
        let grader = Grader::new(&self.graders, Self::METERING, component, mode)?;
        Ok(grader.describe_within(limits, &self.none, &self.pipe))
    }

    pub(super) fn describe_language(&self, component: &Component) -> wasmtime::Result<WireLanguage> {
        let limits = ProgramLimits { cpu: Self::CPU, memory: Self::MEMORY, ..ProgramLimits::default() };
        Runtime::new(&self.runtimes, Self::METERING, component)?.describe_within(limits)
    }
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
    pub fn new(component: &[u8], is_listwise: bool) -> Self {
        let engine: Engine = engine(Purpose::Graders, Metering::Time).expect("an engine");
        let component = Component::from_binary(&engine, component).expect("a component");
        let mode = if is_listwise { WireMode::Listwise } else { WireMode::Pointwise };
        let grader = Grader::new(&engine, Metering::Time, &component, mode).expect("a grader");
        Self { grader, runtimes: Arc::default(), pipe: SharedPipe::new() }
    }

    /// What is made of the grade of these responses, on a scale as a description may have it.
    pub fn grade(&self, responses: &[&str], scale: Scale) -> Outcome {
        let sample = WireSample {
            id: String::new(),
            messages: vec![],
            responses: responses.iter().map(|response| (*response).to_owned()).collect(),
            reference: None,
            fields: "{}".to_owned(),
        };
        let (params, limits) = ("{}".to_owned(), GradeLimits::default());
        let work = GradeWork { component: 0, sample, params, grants: WireGrants::default(), limits, answered: vec![] };
        match self.grader.grade(work, &self.runtimes, &self.pipe).0 {
            Answer::Verdict(verdict) => believe(verdict, scale, responses.len())
                .unwrap_or_else(|what| Outcome::Error(GradeError::new(ErrorKind::BadResult, what))),
            Answer::Failed { kind, reason } => Outcome::Error(GradeError::new(kind, reason)),
            other => unreachable!("{other:?}"),
        }
    }
}
