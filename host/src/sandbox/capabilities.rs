//! What a grader may ask of the host while it grades: to keep a log, to run programs, to ask a model.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use wasmtime::{
    Engine,
    component::{HasSelf, Linker, Resource},
};
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::{
    bindings::pointwise::gradebox::grader::{log, models, program_types, programs, types},
    compiled_programs::Programs,
    engine::Metering,
    limits::{GradeLimits, MemoryLimiter, ProgramLimits, Stopwatch, time_for},
    pipe::SharedPipe,
    programs::{HostFailure, Runtime, Runtimes, TimeSpent},
    run_all::{Ran, RunAll},
    session::{Session, SessionHandle, lock},
    wasi::{self, EmptyWasi, HasEmptyWasi},
    wire::{AnsweredCall, ComponentId, FuelUsed, LogLevel, LogLine, ModelCall, ProgramInput, Trace, WireGrants},
};

/// Sessions that one grade may hold open at once.
const SESSIONS: usize = 8;

/// Memory that the open sessions of one grade may have as their limits together, in bytes: a test and its program, both
/// with the most that there is.
const SESSION_MEMORY: usize = 4 << 30;

/// Inputs that a grader may run a program on in one call.
const INPUTS: usize = 10_000;

/// A linker with everything that a grader may import; what is not granted ends the grade when it is called.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<GraderState>> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker)?;
    log::add_to_linker::<_, HasSelf<GraderState>>(&mut linker, |state| state)?;
    programs::add_to_linker::<_, HasSelf<GraderState>>(&mut linker, |state| state)?;
    models::add_to_linker::<_, HasSelf<GraderState>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// A capability was used that the grader has not been granted.
#[derive(Debug, thiserror::Error)]
#[error("the grader used `{0}`, which it has not been granted")]
pub(super) struct Denied(&'static str);

/// A grade that cannot go on without a model's answer.
#[derive(Debug, thiserror::Error)]
#[error("the grader asks a model")]
pub(super) struct Asks {
    pub(super) call: ModelCall,
    pub(super) after: usize,
}

/// A capability was used beyond what one grade may.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Excess(String);

/// The state of a grader's store.
pub(super) struct GraderState {
    metering: Metering,
    pub(super) wasi: EmptyWasi,
    pub(super) memory: MemoryLimiter,
    pub(super) stopwatch: Stopwatch,
    grants: WireGrants,
    runtimes: Arc<Runtimes>,
    pipe: SharedPipe,
    limits: GradeLimits,
    /// What programs took so far.
    programs: TimeSpent,
    log: Log,
    models: Models,
    /// Its programs, those that it runs again compiled.
    compiled: Programs,
    /// Instructions of programs so far, where they count.
    program_fuel: Arc<AtomicU64>,
    used_runtimes: BTreeSet<ComponentId>,
    open_sessions: usize,
    /// What the open sessions may take together, in bytes.
    session_memory: usize,
}

impl GraderState {
    pub(super) fn new(
        metering: Metering,
        limits: GradeLimits,
        grants: WireGrants,
        runtimes: &Arc<Runtimes>,
        pipe: &SharedPipe,
    ) -> Self {
        Self {
            metering,
            wasi: EmptyWasi::new(limits.handles),
            memory: MemoryLimiter::new(limits.memory),
            stopwatch: Stopwatch::with_backstop(metering, limits.cpu, limits.wall),
            grants,
            runtimes: Arc::clone(runtimes),
            pipe: pipe.clone(),
            limits,
            programs: TimeSpent::default(),
            log: Log { lines: vec![], room: limits.log },
            models: Models::default(),
            compiled: Programs::default(),
            program_fuel: Arc::default(),
            used_runtimes: BTreeSet::new(),
            open_sessions: 0,
            session_memory: 0,
        }
    }

    /// The answers of models that the grade has had already.
    pub(super) fn answer_from(&mut self, answered: Vec<AnsweredCall>) {
        self.models.answered = answered;
    }

    /// What the grade leaves beside its answer, with the instructions of its own where they count.
    pub(super) fn take_trace(&mut self, fuel: Option<u64>) -> Trace {
        Trace {
            log: std::mem::take(&mut self.log.lines),
            fuel: fuel.map(|grader| FuelUsed { grader, programs: self.program_fuel.load(Ordering::Relaxed) }),
            runtimes: self.used_runtimes.iter().copied().collect(),
        }
    }

    /// Whether programs may be run, and there is time left for them.
    fn granted_programs(&self) -> wasmtime::Result<()> {
        if !self.grants.programs {
            return Err(Denied("programs").into());
        }
        if self.limits.programs <= self.programs.cpu {
            return Err(HostFailure::out_of_time(self.limits.programs).into());
        }
        Ok(())
    }

    /// The runtime of a language, from now on one of those that were used.
    fn runtime(&mut self, language: &str) -> Result<(ComponentId, Arc<Runtime>), HostFailure> {
        let (component, runtime) = self.runtimes.find(language)?;
        self.used_runtimes.insert(component);
        Ok((component, runtime))
    }

    /// Runs programs without counting their time as the grader's own. Its clock shows what they took.
    fn apart<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> T {
        let mut spent = TimeSpent::default();
        let fuel = self.program_fuel.load(Ordering::Relaxed);
        let result = spent.measure(|| run(self));
        self.stopwatch.exclude(spent.cpu, spent.wall);
        self.programs.cpu += spent.cpu;
        self.programs.wall += spent.wall;
        self.wasi.pass(match self.metering {
            Metering::Time => spent.cpu,
            Metering::Fuel => time_for(self.program_fuel.load(Ordering::Relaxed).saturating_sub(fuel)),
        });
        result
    }

    /// Counts what other workers took for programs of this grade.
    fn helped(&mut self, cpu: Duration) {
        self.programs.cpu += cpu;
        if self.metering == Metering::Time {
            self.wasi.pass(cpu);
        }
    }
}

impl HasEmptyWasi for GraderState {
    fn wasi(&mut self) -> &mut EmptyWasi {
        &mut self.wasi
    }
}

impl WasiView for GraderState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        wasi::view(&mut self.wasi)
    }
}

impl types::Host for GraderState {}

impl program_types::Host for GraderState {}

impl log::Host for GraderState {
    fn emit(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.log.keep(level.into(), message);
        Ok(())
    }
}

/// What a grader logged, up to a limit: a flood is dropped.
struct Log {
    lines: Vec<LogLine>,
    room: usize,
}

impl Log {
    /// What one line counts beside its text, so that empty lines cannot flood either.
    const LINE: usize = 16;

    fn keep(&mut self, level: LogLevel, message: String) {
        match self.room.checked_sub(message.len() + Self::LINE) {
            Some(room) => {
                self.room = room;
                self.lines.push(LogLine { level, message });
            }
            None => self.room = 0,
        }
    }
}

/// The answers that a grade has had, and how far it has come in them.
#[derive(Default)]
struct Models {
    answered: Vec<AnsweredCall>,
    next: usize,
}

impl models::Host for GraderState {
    /// Answers out of the record. A grade that asks for more ends here, and the host, which alone can ask a model, has
    /// it done again once there is an answer: so a grade that waits needs neither a worker nor memory.
    fn complete(&mut self, role: String, messages: Vec<types::Message>, options: String) -> wasmtime::Result<String> {
        let call = ModelCall { role, messages: messages.into_iter().map(Into::into).collect(), options };
        let after = self.models.next;
        match self.models.answered.get_mut(after) {
            // A grade whose programs ran out of time may take another way than before: then the rest is void.
            Some(answered) if answered.call == call => {
                self.models.next += 1;
                Ok(std::mem::take(&mut answered.reply))
            }
            _ => Err(Asks { call, after }.into()),
        }
    }
}

impl programs::Host for GraderState {
    fn run_all(
        &mut self,
        program: programs::Program,
        inputs: Vec<programs::Input>,
    ) -> wasmtime::Result<Vec<programs::Execution>> {
        self.granted_programs()?;
        if INPUTS < inputs.len() {
            return Err(Excess(format!("a program was given {} inputs; at most {INPUTS} are run", inputs.len())).into());
        }
        let limits = ProgramLimits::from(program.limits);
        self.apart(|state| {
            let (component, runtime) = state.runtime(&program.language)?;
            let inputs: Vec<ProgramInput> = inputs.into_iter().map(Into::into).collect();
            let program = state.compiled.take_up(component, program.source, inputs.len());
            let run = RunAll {
                pipe: &state.pipe,
                runtime: &runtime,
                component,
                program: &program,
                limits,
                inputs: &inputs,
                earlier: state.programs,
                time: state.limits.programs,
                room: state.limits.memory,
            };
            let Ran { executions, helped } = run.run()?;
            state.helped(helped);
            let fuel = executions.iter().filter_map(|execution| execution.fuel).sum();
            state.program_fuel.fetch_add(fuel, Ordering::Relaxed);
            Ok(executions.into_iter().map(Into::into).collect())
        })
    }

    fn languages(&mut self) -> wasmtime::Result<Vec<String>> {
        self.granted_programs()?;
        Ok(self.runtimes.names().into_iter().map(str::to_owned).collect())
    }

    fn check(&mut self, language: String, source: String) -> wasmtime::Result<Vec<program_types::Diagnostic>> {
        self.granted_programs()?;
        self.apart(|state| {
            let diagnostics = state.runtime(&language)?.1.check(&source, ProgramLimits::default())?;
            Ok(diagnostics.into_iter().map(Into::into).collect())
        })
    }
}

impl programs::HostSession for GraderState {
    fn open(
        &mut self,
        program: programs::Program,
        peers: Vec<(String, Resource<SessionHandle>)>,
    ) -> wasmtime::Result<Resource<SessionHandle>> {
        self.granted_programs()?;
        if self.open_sessions == SESSIONS {
            return Err(Excess(format!("more than {SESSIONS} sessions are open at once")).into());
        }
        let limits = ProgramLimits::from(program.limits);
        let memory = self.session_memory.saturating_add(limits.memory);
        if SESSION_MEMORY < memory {
            let reason = format!(
                "the open sessions may take {} MiB together; at most {} MiB are given",
                memory >> 20,
                SESSION_MEMORY >> 20
            );
            return Err(Excess(reason).into());
        }
        let mut handles = HashMap::new();
        for (name, peer) in peers {
            handles.insert(name, Arc::clone(self.wasi.table.get(&peer)?));
        }
        let session = self.apart(|state| {
            let (component, runtime) = state.runtime(&program.language)?;
            let program = state.compiled.take_up(component, program.source, 1);
            let session = Session::open(&runtime, program, handles, limits)?;
            Ok::<_, HostFailure>(session.counted_in(Arc::clone(&state.program_fuel)))
        })?;
        self.open_sessions += 1;
        self.session_memory = memory;
        Ok(self.wasi.table.push(Arc::new(Mutex::new(session)))?)
    }

    fn step(
        &mut self,
        session: Resource<SessionHandle>,
        input: programs::Input,
    ) -> wasmtime::Result<programs::Execution> {
        self.granted_programs()?;
        let session = Arc::clone(self.wasi.table.get(&session)?);
        let execution = self.apart(|_| lock(&session).step(&input.action.into(), &input.stdin))?;
        Ok(execution.into())
    }

    fn drop(&mut self, session: Resource<SessionHandle>) -> wasmtime::Result<()> {
        let session = self.wasi.table.delete(session)?;
        self.open_sessions -= 1;
        self.session_memory = self.session_memory.saturating_sub(lock(&session).memory());
        Ok(())
    }
}
