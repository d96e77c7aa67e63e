//! Sandboxes that keep their state from one step of a program to the next.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use wasmtime::Trap;
use wasmtime_wasi::I32Exit;

use super::{
    bindings::{pointwise::gradebox::grader::program_types, runtime::exports::gradebox::runtime::interpreter},
    compiled_programs::{Loaded, Program},
    limits::{Interrupt, ProgramLimits, Stopwatch, fuel_used, refuel, time_for},
    programs::{HostFailure, Output, PeerEnded, Runtime, Sandbox, TimeSpent, no_sandbox, root_cause},
    wire::{Action, Ending, Execution},
};

/// How many calls of other programs a session answers.
const PEER_CALLS: u32 = 1_000_000;

/// A session as graders hold it: shared, because programs may call each other's.
#[allow(unreachable_pub, reason = "named by generated bindings, which are public")]
pub type SessionHandle = Arc<Mutex<Session>>;

/// One sandbox that keeps its state between steps.
#[allow(unreachable_pub, reason = "named by generated bindings, which are public")]
pub struct Session {
    runtime: Arc<Runtime>,
    sandbox: Sandbox,
    limits: ProgramLimits,
    /// The processor time that the latest step was granted, or what stands for it.
    granted: Duration,
    /// The program, until the first step loads it.
    program: Option<Program>,
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
        runtime: &Arc<Runtime>,
        program: Program,
        peers: HashMap<String, SessionHandle>,
        limits: ProgramLimits,
    ) -> Result<Self, HostFailure> {
        let mut sandbox = runtime.instantiate(limits).map_err(|error| no_sandbox(&error, limits))?;
        sandbox.store.data_mut().peers = peers;
        Ok(Self {
            runtime: Arc::clone(runtime),
            sandbox,
            limits,
            granted: limits.cpu,
            program: Some(program),
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
        self.step_once_loaded(action, stdin, || Ok(()))
    }

    /// A step; the first one calls `loaded` when the program is loaded and has not yet begun, which costs it nothing.
    pub(super) fn step_once_loaded(
        &mut self,
        action: &Action,
        stdin: &[u8],
        loaded: impl FnOnce() -> Result<(), HostFailure>,
    ) -> Result<Execution, HostFailure> {
        self.step_within(self.limits, action, stdin, loaded)
    }

    /// One call of another program, within what the calls before have left over.
    pub(super) fn answer(&mut self, call: program_types::Call) -> Result<Execution, HostFailure> {
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
        let execution = self.step_within(left, &action, &[], || Ok(()))?;
        self.answered.cpu += execution.fuel.map_or(execution.cpu, time_for);
        self.answered.output += execution.stdout.len() + execution.stderr.len();
        Ok(execution)
    }

    fn step_within(
        &mut self,
        limits: ProgramLimits,
        action: &Action,
        stdin: &[u8],
        loaded: impl FnOnce() -> Result<(), HostFailure>,
    ) -> Result<Execution, HostFailure> {
        if let Some(ending) = self.ended.clone() {
            return Ok(self.execution(ending, None, vec![]));
        }
        self.granted = limits.cpu;
        self.begin(limits.cpu)?;
        self.sandbox.store.data_mut().output = Output::new(limits.output);
        let result = self.perform(action, stdin, loaded);
        let (ending, outcome) = match result {
            Ok(Ok(outcome)) => (Ending::Completed, Some(outcome)),
            Ok(Err(stop)) => (self.stopped(stop), None),
            Err(trap) => {
                let ending = self.trapped(&trap)?;
                self.ended = Some(ending.clone());
                (ending, None)
            }
        };
        self.count();
        let (value, args_after) = outcome.map_or((None, vec![]), |outcome| (outcome.value, outcome.args_after));
        Ok(self.execution(ending, value, args_after))
    }

    /// Grants the sandbox processor time, from now on.
    fn begin(&mut self, cpu: Duration) -> Result<(), HostFailure> {
        let (store, metering) = (&mut self.sandbox.store, self.runtime.metering);
        refuel(store, metering, cpu).map_err(|error| HostFailure::new(format!("no fuel for the program: {error}")))?;
        store.data_mut().stopwatch = Stopwatch::start(metering, cpu);
        Ok(())
    }

    fn count(&self) {
        self.counter.fetch_add(fuel_used(&self.sandbox.store, self.granted).unwrap_or(0), Ordering::Relaxed);
    }

    fn perform(
        &mut self,
        action: &Action,
        stdin: &[u8],
        loaded: impl FnOnce() -> Result<(), HostFailure>,
    ) -> wasmtime::Result<Result<interpreter::Outcome, interpreter::Stop>> {
        if let Some(program) = self.program.take() {
            if let Err(stop) = self.load(&program)? {
                self.program = Some(program);
                return Ok(Err(stop));
            }
            let mut apart = TimeSpent::default();
            let result = apart.measure(loaded);
            self.sandbox.store.data_mut().stopwatch.exclude(apart.cpu, apart.wall);
            result?;
        }
        let interpreter = self.sandbox.runtime.gradebox_runtime_interpreter();
        interpreter.call_perform(&mut self.sandbox.store, &action.clone().into(), stdin)
    }

    fn load(&mut self, program: &Program) -> wasmtime::Result<Result<(), interpreter::Stop>> {
        let peers: Vec<String> = self.sandbox.store.data().peers.keys().cloned().collect();
        Ok(match program.load(&mut self.sandbox, &peers)? {
            Loaded::Fully => Ok(()),
            Loaded::Stopped(stop) => Err(stop),
            Loaded::Lost => {
                self.make_anew()?;
                program.load_source(&mut self.sandbox, &peers)?
            }
        })
    }

    /// Another sandbox in place of one that ended before anything of the program has run, with the whole time of the step.
    fn make_anew(&mut self) -> Result<(), HostFailure> {
        self.count();
        let fresh = self.runtime.instantiate(self.limits).map_err(|error| no_sandbox(&error, self.limits))?;
        let lost = std::mem::replace(&mut self.sandbox, fresh).store.into_data();
        let state = self.sandbox.store.data_mut();
        (state.peers, state.output) = (lost.peers, lost.output);
        self.begin(self.granted)
    }

    fn stopped(&self, stop: interpreter::Stop) -> Ending {
        match stop {
            interpreter::Stop::Exited(code) => Ending::Exited(code),
            interpreter::Stop::Raised(raised)
                if raised.kind == "MemoryError" && self.sandbox.store.data().memory.refused =>
            {
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
            _ if self.sandbox.store.data().memory.refused => Ending::OutOfMemory,
            _ => Ending::Crashed(root_cause(trap)),
        })
    }

    fn execution(&mut self, ending: Ending, value: Option<String>, args_after: Vec<String>) -> Execution {
        let fuel = fuel_used(&self.sandbox.store, self.granted);
        let state = self.sandbox.store.data_mut();
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

/// Locks a session that only its own grade uses.
pub(super) fn lock(session: &SessionHandle) -> std::sync::MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}
