//! Untrusted programs: each in a fresh instance of its language's runtime.

use std::{
    collections::HashMap,
    sync::{Arc, TryLockError},
    time::Duration,
};

use wasmtime::{
    Engine, Store,
    component::{Component, HasSelf, Instance, InstancePre, Linker},
};
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::{
    bindings::{
        compiling::exports::gradebox::compiling::compiler,
        pointwise::gradebox::grader::program_types,
        runtime::{LanguageRuntime, LanguageRuntimeIndices, gradebox::runtime::host},
    },
    compiled_programs::{Compiler, Program},
    engine::Metering,
    limits::{Interrupt, MemoryLimiter, ProgramLimits, Stopwatch, refuel},
    session::{Session, SessionHandle},
    wasi::{self, EmptyWasi, HasEmptyWasi},
    wire::{ComponentId, Diagnostic, Ending, Execution, ProgramInput, Raised, WireLanguage},
};
use crate::score::ErrorKind;

/// Bytes that may cross from a runtime to the host in one call.
const TRANSFER: usize = 16 << 20;

/// Resources of the host that a runtime may hold at once: streams and clocks, of which they hold a handful.
const HANDLES: usize = 1_000;

/// A language runtime, ready to be instantiated for one program after the other.
pub(super) struct Runtime {
    engine: Engine,
    pub(super) metering: Metering,
    prepared: InstancePre<ProgramState>,
    exports: LanguageRuntimeIndices,
    compiler: Option<Compiler>,
}

/// A peer ended otherwise than by returning or raising: whoever called it ends in the same way, so that no `except`
/// of a test turns a program's exit or timeout into a pass.
#[derive(Debug, thiserror::Error)]
#[error("a peer of the program ended: {}", .0.name())]
pub(super) struct PeerEnded(pub(super) Ending);

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
    pub(super) fn overload() -> Self {
        let reason = "the program reached the wall-clock backstop before its own limit: the machine is overloaded";
        Self { kind: ErrorKind::WorkerDied, reason: reason.to_owned() }
    }
}

impl Runtime {
    pub(super) fn new(engine: &Engine, metering: Metering, component: &Component) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        wasi::add_to_linker(&mut linker)?;
        host::add_to_linker::<_, HasSelf<ProgramState>>(&mut linker, |state| state)?;
        let prepared = linker.instantiate_pre(component)?;
        let exports = LanguageRuntimeIndices::new(&prepared)?;
        let compiler = Compiler::of(&prepared);
        Ok(Self { engine: engine.clone(), metering, prepared, exports, compiler })
    }

    pub(super) fn describe(&self) -> wasmtime::Result<WireLanguage> {
        self.describe_within(ProgramLimits::default())
    }

    /// The same with limits of the caller's.
    pub(super) fn describe_within(&self, limits: ProgramLimits) -> wasmtime::Result<WireLanguage> {
        let Sandbox { mut store, runtime, .. } = self.instantiate(limits)?;
        Ok(runtime.gradebox_runtime_interpreter().call_describe(&mut store)?.into())
    }

    /// The syntax errors of a source; nothing is run.
    pub(super) fn check(&self, source: &str, limits: ProgramLimits) -> Result<Vec<Diagnostic>, HostFailure> {
        let failed =
            |error: wasmtime::Error| HostFailure::new(format!("the syntax check failed: {}", root_cause(&error)));
        let Sandbox { mut store, runtime, .. } = self.instantiate(limits).map_err(failed)?;
        let diagnostics = runtime.gradebox_runtime_interpreter().call_check(&mut store, source).map_err(failed)?;
        Ok(diagnostics.into_iter().map(Into::into).collect())
    }

    /// Runs the program once, in a sandbox of its own. `loaded` is called in between, at its own expense.
    pub(super) fn run(
        self: &Arc<Self>,
        program: &Program,
        input: &ProgramInput,
        limits: ProgramLimits,
        loaded: impl FnOnce() -> Result<(), HostFailure>,
    ) -> Result<Execution, HostFailure> {
        let mut stopwatch = Stopwatch::start(self.metering, limits.cpu);
        let mut session = Session::open(self, program.clone(), HashMap::new(), limits)?;
        let mut apart = TimeSpent::default();
        let mut execution = session.step_once_loaded(&input.action, &input.stdin, || apart.measure(loaded))?;
        drop(session);
        stopwatch.exclude(apart.cpu, apart.wall);
        execution.cpu = stopwatch.cpu();
        execution.wall = stopwatch.wall();
        Ok(execution)
    }

    pub(super) fn instantiate(&self, limits: ProgramLimits) -> wasmtime::Result<Sandbox> {
        let mut store = Store::new(&self.engine, ProgramState::new(self.metering, limits));
        refuel(&mut store, self.metering, limits.cpu)?;
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(TRANSFER);
        store.set_max_component_handles(HANDLES);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().stopwatch.tick());
        let instance = self.prepared.instantiate(&mut store)?;
        let runtime = self.exports.load(&mut store, &instance)?;
        Ok(Sandbox { store, instance, runtime, compiler: self.compiler.clone() })
    }
}

/// An instance of a runtime, with its store.
pub(super) struct Sandbox {
    pub(super) store: Store<ProgramState>,
    instance: Instance,
    pub(super) runtime: LanguageRuntime,
    compiler: Option<Compiler>,
}

impl Sandbox {
    /// What it exports for compiled programs, if anything.
    pub(super) fn compiler(&mut self) -> Option<compiler::Guest> {
        self.compiler.as_ref()?.in_instance(&mut self.store, &self.instance)
    }
}

pub(super) fn no_sandbox(error: &wasmtime::Error, limits: ProgramLimits) -> HostFailure {
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
    pub(super) memory: MemoryLimiter,
    pub(super) stopwatch: Stopwatch,
    pub(super) output: Output,
    pub(super) peers: HashMap<String, SessionHandle>,
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

    /// Whether anything was written in this step.
    pub(super) fn has_output(&self) -> bool {
        !(self.output.stdout.is_empty() && self.output.stderr.is_empty())
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
pub(super) struct Output {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    room: usize,
}

impl Output {
    pub(super) fn new(limit: usize) -> Self {
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
