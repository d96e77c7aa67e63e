//! Untrusted programs: each in a fresh instance of its language's runtime.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, TryLockError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use wasmtime::{
    Engine, Store, Trap,
    component::{Component, HasSelf, Linker},
};
use wasmtime_wasi::{I32Exit, WasiCtxView, WasiView};

use super::{
    bindings::{
        pointwise::gradebox::grader::program_types,
        runtime::{
            LanguageRuntime, LanguageRuntimePre, exports::gradebox::runtime::interpreter, gradebox::runtime::host,
        },
    },
    engine::Metering,
    limits::{Interrupt, MemoryLimiter, ProgramLimits, Stopwatch, fuel_used, refuel, time_for},
    wasi::{self, EmptyWasi, HasEmptyWasi},
    wire::{Action, ComponentId, Diagnostic, Ending, Execution, Raised, WireLanguage},
};
use crate::score::ErrorKind;

/// Bytes that may cross from a runtime to the host in one call.
const TRANSFER: usize = 16 << 20;

/// Resources of the host that a runtime may hold at once: streams and clocks, of which they hold a handful.
const HANDLES: usize = 1_000;

/// A language runtime, ready to be instantiated for one program after the other.
pub(super) struct Runtime {
    engine: Engine,
    metering: Metering,
    prepared: LanguageRuntimePre<ProgramState>,
}

/// How many calls of other programs a session answers.
const PEER_CALLS: u32 = 1_000_000;

/// A peer ended otherwise than by returning or raising: whoever called it ends in the same way, so that no `except`
/// of a test turns a program's exit or timeout into a pass.
#[derive(Debug, thiserror::Error)]
#[error("a peer of the program ended: {}", .0.name())]
struct PeerEnded(Ending);

/// The host failed a program; says how. Never the program's own doing.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}")]
pub(super) struct HostFailure {
    /// Whose business it is.
    pub(super) kind: ErrorKind,
    reason: String,
}

impl HostFailure {
    pub(super) fn new(reason: String) -> Self {
        Self { kind: ErrorKind::GraderFailed, reason }
    }

    /// A grade's programs together took more than they may.
    pub(super) fn excess(reason: String) -> Self {
        Self { kind: ErrorKind::GraderLimit, reason }
    }

    pub(super) fn out_of_time(limit: Duration) -> Self {
        Self::excess(format!("the programs of one grade may take {limit:?} together, and did"))
    }

    /// The machine was too busy for any limit of the program to come first; another time it may not be.
    fn overload() -> Self {
        let reason = "the program reached the wall-clock backstop before its own limit: the machine is overloaded";
        Self { kind: ErrorKind::WorkerDied, reason: reason.to_owned() }
    }
}

impl Runtime {
    pub(super) fn new(engine: &Engine, metering: Metering, component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        wasi::add_to_linker(&mut linker)?;
        host::add_to_linker::<_, HasSelf<ProgramState>>(&mut linker, |state| state)?;
        let prepared = LanguageRuntimePre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { engine: engine.clone(), metering, prepared })
    }

    pub(super) fn describe(&self) -> wasmtime::Result<WireLanguage> {
        self.describe_within(ProgramLimits::default())
    }

    /// The same with limits of the caller's.
    pub(super) fn describe_within(&self, limits: ProgramLimits) -> wasmtime::Result<WireLanguage> {
        let (mut store, instance) = self.instantiate(limits)?;
        Ok(instance.gradebox_runtime_interpreter().call_describe(&mut store)?.into())
    }

    /// The syntax errors of a source; nothing is run.
    pub(super) fn check(&self, source: &str, limits: ProgramLimits) -> Result<Vec<Diagnostic>, HostFailure> {
        let failed =
            |error: wasmtime::Error| HostFailure::new(format!("the syntax check failed: {}", root_cause(&error)));
        let (mut store, instance) = self.instantiate(limits).map_err(failed)?;
        let diagnostics = instance.gradebox_runtime_interpreter().call_check(&mut store, source).map_err(failed)?;
        Ok(diagnostics.into_iter().map(Into::into).collect())
    }

    /// Runs the program once, in a sandbox of its own.
    pub(super) fn run(
        &self,
        source: &str,
        action: &Action,
        stdin: &[u8],
        limits: ProgramLimits,
    ) -> Result<Execution, HostFailure> {
        let stopwatch = Stopwatch::start(self.metering, limits.cpu);
        let mut session = Session::open(self, source.to_owned(), HashMap::new(), limits)?;
        let mut execution = session.step(action, stdin)?;
        drop(session);
        execution.cpu = stopwatch.cpu();
        execution.wall = stopwatch.wall();
        Ok(execution)
    }

    fn instantiate(&self, limits: ProgramLimits) -> wasmtime::Result<(Store<ProgramState>, LanguageRuntime)> {
        let mut store = Store::new(&self.engine, ProgramState::new(self.metering, limits));
        refuel(&mut store, self.metering, limits.cpu)?;
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(TRANSFER);
        store.set_max_component_handles(HANDLES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().stopwatch.tick());
        let instance = self.prepared.instantiate(&mut store)?;
        Ok((store, instance))
    }
}

/// A session as graders hold it: shared, because programs may call each other's.
#[allow(unreachable_pub, reason = "named by generated bindings, which are public")]
pub type SessionHandle = Arc<Mutex<Session>>;

/// One sandbox that keeps its state between steps.
#[allow(unreachable_pub, reason = "named by generated bindings, which are public")]
pub struct Session {
    store: Store<ProgramState>,
    instance: LanguageRuntime,
    metering: Metering,
    limits: ProgramLimits,
    /// The processor time that the latest step was granted, or what stands for it.
    granted: Duration,
    /// The source, until the first step loads it.
    source: Option<String>,
    /// How the sandbox ended for good: nothing runs in it any more.
    ended: Option<Ending>,
    /// What calls of other programs have cost so far: their limits are for all of them together.
    answered: Answered,
    /// Where the instructions of its steps are added up, where they count.
    counter: Arc<AtomicU64>,
}

/// What a session's answers to the programs that it is a peer of have used.
#[derive(Default)]
struct Answered {
    calls: u32,
    cpu: Duration,
    output: usize,
}

impl Session {
    /// Makes the sandbox; the program is loaded at the first step, under that step's limits.
    pub(super) fn open(
        runtime: &Runtime,
        source: String,
        peers: HashMap<String, SessionHandle>,
        limits: ProgramLimits,
    ) -> Result<Self, HostFailure> {
        let (mut store, instance) = runtime.instantiate(limits).map_err(|error| no_sandbox(&error, limits))?;
        store.data_mut().peers = peers;
        Ok(Self {
            store,
            instance,
            metering: runtime.metering,
            limits,
            granted: limits.cpu,
            source: Some(source),
            ended: None,
            answered: Answered::default(),
            counter: Arc::default(),
        })
    }

    /// The session, its instructions added up with those of others.
    pub(super) fn counted_in(self, counter: Arc<AtomicU64>) -> Self {
        Self { counter, ..self }
    }

    /// The memory that it may take, in bytes.
    pub(super) fn memory(&self) -> usize {
        self.limits.memory
    }

    pub(super) fn step(&mut self, action: &Action, stdin: &[u8]) -> Result<Execution, HostFailure> {
        self.step_within(self.limits, action, stdin)
    }

    /// One call of another program, within what the calls before have left over.
    fn answer(&mut self, call: program_types::Call) -> Result<Execution, HostFailure> {
        self.answered.calls += 1;
        if PEER_CALLS < self.answered.calls {
            let ending = Ending::Crashed(format!("it was called more than {PEER_CALLS} times"));
            return Ok(self.execution(ending, None, vec![]));
        }
        let left = ProgramLimits {
            cpu: self.limits.cpu.saturating_sub(self.answered.cpu),
            output: self.limits.output.saturating_sub(self.answered.output),
            ..self.limits
        };
        let action = Action::Call { target: call.target, args: call.args, kwargs: call.kwargs };
        let execution = self.step_within(left, &action, &[])?;
        self.answered.cpu += execution.fuel.map_or(execution.cpu, time_for);
        self.answered.output += execution.stdout.len() + execution.stderr.len();
        Ok(execution)
    }

    fn step_within(&mut self, limits: ProgramLimits, action: &Action, stdin: &[u8]) -> Result<Execution, HostFailure> {
        if let Some(ending) = self.ended.clone() {
            return Ok(self.execution(ending, None, vec![]));
        }
        self.granted = limits.cpu;
        refuel(&mut self.store, self.metering, limits.cpu)
            .map_err(|error| HostFailure::new(format!("no fuel for the program: {error}")))?;
        let state = self.store.data_mut();
        state.stopwatch = Stopwatch::start(self.metering, limits.cpu);
        state.output = Output::new(limits.output);
        let result = self.perform(action, stdin);
        let (ending, outcome) = match result {
            Ok(Ok(outcome)) => (Ending::Completed, Some(outcome)),
            Ok(Err(stop)) => (self.stopped(stop), None),
            Err(trap) => {
                let ending = self.trapped(&trap)?;
                self.ended = Some(ending.clone());
                (ending, None)
            }
        };
        self.counter.fetch_add(fuel_used(&self.store, self.granted).unwrap_or(0), Ordering::Relaxed);
        let (value, args_after) = outcome.map_or((None, vec![]), |outcome| (outcome.value, outcome.args_after));
        Ok(self.execution(ending, value, args_after))
    }

    fn perform(
        &mut self,
        action: &Action,
        stdin: &[u8],
    ) -> wasmtime::Result<Result<interpreter::Outcome, interpreter::Stop>> {
        let interpreter = self.instance.gradebox_runtime_interpreter();
        if let Some(source) = self.source.take() {
            let peers: Vec<String> = self.store.data().peers.keys().cloned().collect();
            if let Err(stop) = interpreter.call_load(&mut self.store, &source, &peers)? {
                self.source = Some(source);
                return Ok(Err(stop));
            }
        }
        interpreter.call_perform(&mut self.store, &action.clone().into(), stdin)
    }

    fn stopped(&self, stop: interpreter::Stop) -> Ending {
        match stop {
            interpreter::Stop::Exited(code) => Ending::Exited(code),
            interpreter::Stop::Raised(raised) if raised.kind == "MemoryError" && self.store.data().memory.refused => {
                Ending::OutOfMemory
            }
            interpreter::Stop::Raised(raised) => Ending::Raised(raised.into()),
        }
    }

    fn trapped(&self, trap: &wasmtime::Error) -> Result<Ending, HostFailure> {
        if let Some(interrupt) = trap.downcast_ref::<Interrupt>() {
            return match interrupt {
                Interrupt::Cpu => Ok(Ending::TimedOut),
                Interrupt::Output => Ok(Ending::OutputExceeded),
                Interrupt::Wall => Err(HostFailure::overload()),
            };
        }
        if let Some(I32Exit(code)) = trap.downcast_ref::<I32Exit>() {
            return Ok(Ending::Exited(*code));
        }
        if let Some(PeerEnded(ending)) = trap.downcast_ref::<PeerEnded>() {
            return Ok(ending.clone());
        }
        if let Some(failure) = trap.downcast_ref::<HostFailure>() {
            return Err(failure.clone());
        }
        Ok(match trap.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => Ending::StackOverflow,
            Some(Trap::OutOfFuel) => Ending::TimedOut,
            _ if self.store.data().memory.refused => Ending::OutOfMemory,
            _ => Ending::Crashed(root_cause(trap)),
        })
    }

    fn execution(&mut self, ending: Ending, value: Option<String>, args_after: Vec<String>) -> Execution {
        let fuel = fuel_used(&self.store, self.granted);
        let state = self.store.data_mut();
        Execution {
            fuel,
            ending,
            stdout: std::mem::take(&mut state.output.stdout),
            stderr: std::mem::take(&mut state.output.stderr),
            value,
            args_after,
            cpu: state.stopwatch.cpu(),
            wall: state.stopwatch.wall(),
            peak_memory: state.memory.peak,
        }
    }
}

fn no_sandbox(error: &wasmtime::Error, limits: ProgramLimits) -> HostFailure {
    let cause = root_cause(error);
    if cause.contains("exceeds memory limits") {
        let given = match limits.memory >> 20 {
            0 => format!("{} bytes", limits.memory),
            mebibytes => format!("{mebibytes} MiB"),
        };
        return HostFailure::new(format!(
            "{given} of memory do not even hold the language runtime; give the program more"
        ));
    }
    HostFailure::new(format!("no sandbox for the program: {cause}"))
}

/// The last line of an error's chain, which says what happened.
pub(super) fn root_cause(error: &wasmtime::Error) -> String {
    error.root_cause().to_string()
}

/// The state of a program's store.
pub(super) struct ProgramState {
    wasi: EmptyWasi,
    memory: MemoryLimiter,
    stopwatch: Stopwatch,
    output: Output,
    peers: HashMap<String, SessionHandle>,
}

impl ProgramState {
    fn new(metering: Metering, limits: ProgramLimits) -> Self {
        Self {
            wasi: EmptyWasi::new(HANDLES),
            memory: MemoryLimiter::new(limits.memory),
            stopwatch: Stopwatch::start(metering, limits.cpu),
            output: Output::new(limits.output),
            peers: HashMap::new(),
        }
    }
}

impl HasEmptyWasi for ProgramState {
    fn wasi(&mut self) -> &mut EmptyWasi {
        &mut self.wasi
    }
}

impl WasiView for ProgramState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        wasi::view(&mut self.wasi)
    }
}

/// What a program wrote, up to a limit over both channels.
struct Output {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    room: usize,
}

impl Output {
    fn new(limit: usize) -> Self {
        Self { stdout: vec![], stderr: vec![], room: limit }
    }

    /// Keeps what fits.
    fn write(&mut self, to: host::Channel, bytes: &[u8]) -> Result<(), Interrupt> {
        let kept = bytes.get(..self.room).unwrap_or(bytes);
        self.room -= kept.len();
        match to {
            host::Channel::Stdout => self.stdout.extend_from_slice(kept),
            host::Channel::Stderr => self.stderr.extend_from_slice(kept),
        }
        if kept.len() < bytes.len() { Err(Interrupt::Output) } else { Ok(()) }
    }
}

impl host::Host for ProgramState {
    fn write(&mut self, to: host::Channel, bytes: Vec<u8>) -> wasmtime::Result<()> {
        Ok(self.output.write(to, &bytes)?)
    }

    fn call_peer(
        &mut self,
        peer: String,
        call: program_types::Call,
    ) -> wasmtime::Result<Result<String, program_types::Raised>> {
        let Some(session) = self.peers.get(&peer) else {
            return Ok(Err(peer_error(format!("there is no peer `{peer}`"))));
        };
        let execution = match session.try_lock() {
            Ok(mut session) => session.answer(call),
            Err(TryLockError::WouldBlock) => {
                return Ok(Err(peer_error(format!("peer `{peer}` is waiting for this program already"))));
            }
            Err(TryLockError::Poisoned(_)) => return Err(HostFailure::new(format!("peer `{peer}` failed")).into()),
        }?;
        self.stopwatch.exclude(execution.cpu, execution.wall);
        match execution.ending {
            Ending::Completed => Ok(Ok(execution.value.unwrap_or_else(|| "null".to_owned()))),
            Ending::Raised(raised) => Ok(Err(raised.into())),
            other => Err(PeerEnded(other).into()),
        }
    }
}

fn peer_error(message: String) -> program_types::Raised {
    Raised { kind: "RuntimeError".to_owned(), message, line: None, traceback: String::new() }.into()
}

/// Locks a session that only its own grade uses.
pub(super) fn lock(session: &SessionHandle) -> std::sync::MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The runtimes of a worker, by every name that selects them.
#[derive(Default)]
pub(super) struct Runtimes(HashMap<String, (ComponentId, Arc<Runtime>)>);

impl Runtimes {
    pub(super) fn insert(&mut self, languages: Vec<String>, component: ComponentId, runtime: &Arc<Runtime>) {
        for language in languages {
            self.0.insert(language, (component, Arc::clone(runtime)));
        }
    }

    /// The runtime, and the component that it is.
    pub(super) fn find(&self, language: &str) -> Result<(ComponentId, Arc<Runtime>), HostFailure> {
        self.0.get(&language.to_ascii_lowercase()).cloned().ok_or_else(|| {
            HostFailure::new(format!("no language runtime for `{language}`; there are: {}", self.names().join(", ")))
        })
    }

    /// Every name that selects a runtime, sorted.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }
}

/// Processor and wall-clock time that programs took out of a grade's.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct TimeSpent {
    pub(super) cpu: Duration,
    pub(super) wall: Duration,
}

impl TimeSpent {
    /// Runs something and adds the time that it took.
    pub(super) fn measure<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let stopwatch = Stopwatch::start(Metering::Time, Duration::MAX);
        let result = run();
        self.cpu += stopwatch.cpu();
        self.wall += stopwatch.wall();
        result
    }
}
