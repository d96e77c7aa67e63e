//! Untrusted programs, each in a sandbox of its own. Nothing in an [`Execution`] is to be trusted beyond
//! "this is what the program said".
//!
//! Write a grader against [`Runner`]: the component passes [`Host`], a unit test its own recordings.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{
    bindings::host::gradebox::grader::{program_types as types, programs as host},
    value::Value,
};

/// A program's source, with the language to run it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// A language or alias that a runtime of the host answers to, such as `python`.
    pub language: String,
    pub source: String,
    pub limits: Limits,
}

/// What one sandbox may use. `None` is the host's default; never more than the host allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Processor time of one step, in milliseconds.
    pub cpu_ms: Option<u32>,
    /// Memory, in MiB.
    pub memory_mib: Option<u32>,
    /// Standard output and error together, in KiB.
    pub output_kib: Option<u32>,
}

/// One run: an action and what the program reads from standard input.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub action: Action,
    pub stdin: Vec<u8>,
}

/// What to do with a program.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Run it from top to bottom, as a script.
    Script,
    /// Run it as a module, then call one of its functions.
    Call(Call),
    /// Run it as a module, then evaluate an expression in it.
    Evaluate(String),
}

/// A function call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// A dotted name, looked up in the program; `Solution.add` makes the object first.
    pub target: String,
    pub args: Vec<Value>,
    pub kwargs: Vec<(String, Value)>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    pub ending: Ending,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// The result of a call or an evaluation that completed.
    pub value: Option<Value>,
    /// The call's arguments as the program left them.
    pub args_after: Vec<Value>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It ran to its end.
    Completed,
    /// An exception that nothing caught, a syntax error included.
    Raised(Raised),
    /// It called exit, with any code, 0 included.
    Exited(i32),
    /// It used up its processor time.
    TimedOut,
    /// It ended for want of memory, at the sandbox's limit.
    OutOfMemory,
    /// It used up the engine's stack.
    StackOverflow,
    /// It wrote more than it may; what came before is kept.
    OutputExceeded,
    /// The sandbox trapped in another way, or gave a value that cannot be read; says how.
    Crashed(String),
}

/// An exception that nothing caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// The exception's type, such as `ValueError`.
    pub kind: String,
    pub message: String,
    /// The innermost line of the program that was running, 1-based.
    pub line: Option<u32>,
    /// The traceback as the language prints it, the program's own frames only.
    pub traceback: String,
}

/// One syntax error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    pub message: String,
}

/// Whoever runs programs.
pub trait Runner {
    /// One sandbox that keeps its state between steps.
    type Session: Steps;

    /// Runs the program once for each input, each in a fresh sandbox; one execution for each input.
    fn run_all(&self, program: &Program, inputs: &[Input]) -> Vec<Execution>;

    /// The syntax errors of a program; nothing is run.
    fn check(&self, language: &str, source: &str) -> Vec<Diagnostic>;

    /// Every name that selects a language here, in lower case and sorted.
    fn languages(&self) -> Vec<String>;

    /// Processor time that programs have taken so far, from a beginning of any kind: what it grows by is what counts. With
    /// `--deterministic`, what stands for it. A runner that does not know says that no time passes.
    fn time_of_programs(&self) -> Duration {
        Duration::ZERO
    }

    /// Opens a sandbox. `peers` are names that its program may call; each call goes, through the host, to that
    /// peer's sandbox.
    fn open(&self, program: &Program, peers: &[(&str, &Self::Session)]) -> Self::Session;
}

/// One sandbox that keeps its state between steps.
pub trait Steps {
    /// Does one thing in the sandbox.
    fn step(&self, input: &Input) -> Execution;
}

/// The host's own runner: naming it makes the component import `programs`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Host;

impl Runner for Host {
    type Session = Session;

    fn run_all(&self, program: &Program, inputs: &[Input]) -> Vec<Execution> {
        let inputs: Vec<_> = inputs.iter().map(Input::to_contract).collect();
        host::run_all(&program.to_contract(), &inputs).into_iter().map(Execution::from_contract).collect()
    }

    fn check(&self, language: &str, source: &str) -> Vec<Diagnostic> {
        let diagnostics = host::check(language, source).into_iter();
        diagnostics.map(|found| Diagnostic { line: found.line, column: found.column, message: found.message }).collect()
    }

    fn languages(&self) -> Vec<String> {
        host::languages()
    }

    /// A grader's clock stands still but for the programs that it has run, and a microsecond for each look.
    fn time_of_programs(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn open(&self, program: &Program, peers: &[(&str, &Session)]) -> Session {
        let peers: Vec<_> = peers.iter().map(|(name, peer)| ((*name).to_owned(), &peer.0)).collect();
        Session(host::Session::open(&program.to_contract(), &peers))
    }
}

/// One of the host's sandboxes that keeps its state between steps.
pub struct Session(host::Session);

impl Steps for Session {
    fn step(&self, input: &Input) -> Execution {
        Execution::from_contract(self.0.step(&input.to_contract()))
    }
}

impl Execution {
    /// Standard output as text, what is not UTF-8 replaced.
    pub fn stdout_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }

    fn from_contract(execution: host::Execution) -> Self {
        let ending = Ending::from_contract(execution.ending);
        let (ending, value) = match execution.value.as_deref().map(Value::decode).transpose() {
            Ok(value) => (ending, value),
            Err(problem) => (Ending::Crashed(format!("its result cannot be read: {problem}")), None),
        };
        let args_after = execution.args_after.iter().map(|text| argument_after(text)).collect();
        Self { ending, stdout: execution.stdout, stderr: execution.stderr, value, args_after }
    }
}

impl Program {
    fn to_contract(&self) -> host::Program {
        let Limits { cpu_ms, memory_mib, output_kib } = self.limits;
        host::Program {
            language: self.language.clone(),
            source: self.source.clone(),
            limits: host::Limits { cpu_ms, memory_mib, output_kib },
        }
    }
}

impl Input {
    fn to_contract(&self) -> host::Input {
        let action = match &self.action {
            Action::Script => types::Action::Script,
            Action::Call(call) => types::Action::Call(types::Call {
                target: call.target.clone(),
                args: call.args.iter().map(Value::encode).collect(),
                kwargs: call.kwargs.iter().map(|(name, value)| (name.clone(), value.encode())).collect(),
            }),
            Action::Evaluate(expression) => types::Action::Evaluate(expression.clone()),
        };
        host::Input { action, stdin: self.stdin.clone() }
    }
}

impl Ending {
    fn from_contract(ending: host::Ending) -> Self {
        match ending {
            host::Ending::Completed => Self::Completed,
            host::Ending::Raised(types::Raised { kind, message, line, traceback }) => {
                Self::Raised(Raised { kind, message, line, traceback })
            }
            host::Ending::Exited(code) => Self::Exited(code),
            host::Ending::TimedOut => Self::TimedOut,
            host::Ending::OutOfMemory => Self::OutOfMemory,
            host::Ending::StackOverflow => Self::StackOverflow,
            host::Ending::OutputExceeded => Self::OutputExceeded,
            host::Ending::Crashed(how) => Self::Crashed(how),
        }
    }
}

/// An argument that cannot be read is no failure of the run: it stands as an object of its own kind.
fn argument_after(text: &str) -> Value {
    Value::decode(text).unwrap_or_else(|problem| Value::Opaque {
        kind: "unreadable".to_owned(),
        repr: format!("<{problem}>"),
        handle: None,
    })
}
