//! Programs that a grade runs more than once: compiled once, where their language runtime passes compiled programs on.
//!
//! What is passed on comes from a sandbox that has compiled the program and run nothing of it. It goes into sandboxes that
//! run the same program under the same runtime, and is forgotten with the grade. Whether a program is compiled once follows
//! from the sample alone, never from a clock: where instructions count, they are the same each time.

use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{
    AsContextMut,
    component::{Instance, InstancePre},
};

use super::{
    bindings::{
        compiling::exports::gradebox::compiling::compiler::{Guest, GuestIndices},
        runtime::exports::gradebox::runtime::interpreter,
    },
    programs::{ProgramState, Sandbox},
    wire::ComponentId,
};

/// Runs of a program, as far as they are known of, from which on it is compiled once.
const WORTH_COMPILING: usize = 2;

/// Bytes of source above which a program is compiled for each run.
const MAX_SOURCE: usize = 128 << 10;

/// Bytes of a compiled program above which it is not kept.
const MAX_COMPILED: usize = 1 << 20;

/// Programs of a grade that are kept, its tests included; each is as large as the two limits above at most.
const MAX_PROGRAMS: usize = 32;

/// A program, with what one of its sandboxes has compiled.
#[derive(Clone)]
pub(super) struct Program(Arc<Kept>);

struct Kept {
    source: String,
    state: Mutex<State>,
}

#[derive(Clone)]
enum State {
    /// It has been run, or will be, so many times.
    Source {
        runs: usize,
    },
    Compiled(Arc<[u8]>),
    /// It is loaded from its source each time.
    NeverCompiled,
}

/// What came of loading a program.
pub(super) enum Loaded {
    Fully,
    Stopped(interpreter::Stop),
    /// The runtime fell over what it does for compiled programs only, and the sandbox is no more.
    Lost,
}

impl Program {
    /// A program that is loaded from its source unless more runs of it are foreseen.
    pub(super) fn new(source: String) -> Self {
        Self::in_state(source, State::Source { runs: 0 })
    }

    /// A program as another worker has it: compiled, or else loaded from its source.
    pub(super) fn of_another_worker(source: String, compiled: Option<Vec<u8>>) -> Self {
        Self::in_state(source, compiled.map_or(State::NeverCompiled, |compiled| State::Compiled(compiled.into())))
    }

    fn in_state(source: String, state: State) -> Self {
        Self(Arc::new(Kept { source, state: Mutex::new(state) }))
    }

    pub(super) fn source(&self) -> &str {
        &self.0.source
    }

    /// Says that the program will be run so many times more.
    fn foresee(&self, more: usize) {
        if let State::Source { runs } = &mut *self.state() {
            *runs += more;
        }
    }

    /// Whether the next sandbox of the program is asked what it compiled, if its runtime can tell.
    pub(super) fn is_to_be_compiled(&self) -> bool {
        matches!(*self.state(), State::Source { runs } if WORTH_COMPILING <= runs)
    }

    pub(super) fn compiled(&self) -> Option<Arc<[u8]>> {
        match &*self.state() {
            State::Compiled(compiled) => Some(Arc::clone(compiled)),
            State::Source { .. } | State::NeverCompiled => None,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads the program into a fresh sandbox, and keeps what was compiled where that is worth it.
    ///
    /// # Errors
    /// How the sandbox ended while it loaded the source.
    pub(super) fn load(&self, sandbox: &mut Sandbox, peers: &[String]) -> wasmtime::Result<Loaded> {
        let (known, keep) = (self.compiled(), self.is_to_be_compiled());
        let compiler = if known.is_some() || keep { sandbox.compiler() } else { None };
        if keep {
            // Whatever comes of it, nobody is asked again.
            *self.state() = State::NeverCompiled;
        }
        if let (Some(compiler), Some(bytes)) = (&compiler, known) {
            match compiler.call_load_compiled(&mut sandbox.store, self.source(), &bytes, peers) {
                Ok(true) => return Ok(Loaded::Fully),
                Ok(false) => {}
                Err(_) => return Ok(Loaded::Lost),
            }
        }
        if let Err(stop) = self.load_source(sandbox, peers)? {
            return Ok(Loaded::Stopped(stop));
        }
        match compiler {
            Some(compiler) if keep => Ok(self.keep_compiled(&compiler, sandbox)),
            _ => Ok(Loaded::Fully),
        }
    }

    /// Loads the program into a fresh sandbox, in which it is compiled.
    pub(super) fn load_source(
        &self,
        sandbox: &mut Sandbox,
        peers: &[String],
    ) -> wasmtime::Result<Result<(), interpreter::Stop>> {
        let interpreter = sandbox.runtime.gradebox_runtime_interpreter();
        interpreter.call_load(&mut sandbox.store, self.source(), peers)
    }

    /// Asks the sandbox, in which nothing of the program has run yet, for what it compiled.
    fn keep_compiled(&self, compiler: &Guest, sandbox: &mut Sandbox) -> Loaded {
        // What compiling says, a warning, every run has to say.
        if sandbox.store.data().has_output() {
            return Loaded::Fully;
        }
        let refused = sandbox.store.data().memory.refused;
        let Ok(bytes) = compiler.call_compiled(&mut sandbox.store) else { return Loaded::Lost };
        sandbox.store.data_mut().memory.refused = refused;
        if let Some(bytes) = bytes.filter(|bytes| bytes.len() <= MAX_COMPILED) {
            *self.state() = State::Compiled(bytes.into());
        }
        Loaded::Fully
    }
}

/// The programs that one grade has run, with their runtimes.
#[derive(Default)]
pub(super) struct Programs(Vec<(ComponentId, Program)>);

impl Programs {
    /// The program for so many more runs under a runtime: the one that was run before, if it was.
    pub(super) fn take_up(&mut self, runtime: ComponentId, source: String, runs: usize) -> Program {
        let known = self.0.iter().find(|(of, program)| *of == runtime && program.source() == source);
        if let Some((_, program)) = known {
            program.foresee(runs);
            return program.clone();
        }
        let program = Program::new(source);
        if program.source().len() <= MAX_SOURCE {
            program.foresee(runs);
            if self.0.len() < MAX_PROGRAMS {
                self.0.push((runtime, program.clone()));
            }
        }
        program
    }
}

/// What a runtime exports for compiled programs; none where it exports nothing of the kind.
#[derive(Clone)]
pub(super) struct Compiler(GuestIndices);

impl Compiler {
    pub(super) fn of(prepared: &InstancePre<ProgramState>) -> Option<Self> {
        GuestIndices::new(prepared).ok().map(Self)
    }

    pub(super) fn in_instance(&self, store: impl AsContextMut, instance: &Instance) -> Option<Guest> {
        self.0.load(store, instance).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_compiled_once_from_the_second_run_on_that_is_known_of() {
        let mut programs = Programs::default();
        assert!(!programs.take_up(1, "a".to_owned(), 1).is_to_be_compiled());
        assert!(programs.take_up(1, "a".to_owned(), 1).is_to_be_compiled());
        assert!(programs.take_up(1, "b".to_owned(), 2).is_to_be_compiled());
        assert!(!programs.take_up(2, "a".to_owned(), 1).is_to_be_compiled(), "of another runtime");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut programs = Programs::default();
        assert!(!programs.take_up(1, "#".repeat(MAX_SOURCE + 1), 9).is_to_be_compiled());
        for number in 0..2 * MAX_PROGRAMS {
            programs.take_up(1, number.to_string(), 1);
        }
        assert_eq!(programs.0.len(), MAX_PROGRAMS);
        assert!(programs.take_up(1, "0".to_owned(), 1).is_to_be_compiled());
        assert!(!programs.take_up(1, "99".to_owned(), 1).is_to_be_compiled());
        assert!(programs.take_up(1, "99".to_owned(), 2).is_to_be_compiled(), "for the runs of one call");
    }
}
