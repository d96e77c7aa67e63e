//! The worker process: reads work from standard input, does it, writes answers to standard output.
//!
//! Single-threaded but for a ticker that moves the engines' epochs. It knows no key, no endpoint and no environment.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    io::{self, Write},
    os::fd::AsRawFd,
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use wasmtime::{Engine, component::Component};

use super::{
    cache::{Checked, Compiled},
    compiled_programs::Program,
    compiler,
    engine::{Metering, Purpose, THREAD_STACK, TICK_MILLISECONDS, engine},
    grading::Grader,
    large_pages::read_ahead,
    limits::{ProgramLimits, thread_cpu_time},
    lockdown,
    pipe::{PipeError, SharedPipe},
    programs::{HostFailure, Runtime, Runtimes, root_cause},
    wire::{
        Answer, ComponentId, Done, FromWorker, Load, LoadRole, ProgramInput, ProgramRequest, ToWorker, Trace, Work,
    },
};
use crate::score::ErrorKind;

/// The name of the hidden subcommand that makes a process a worker.
pub const SUBCOMMAND: &str = "worker";

/// How far workers stand behind the host where both want a core; the priority of a process that does work in bulk.
const BEHIND_THE_HOST: i32 = 5;

/// The word after the worker's subcommand that makes a process try what is refused to workers.
pub(super) const PROBE: &str = "probe";

/// Runs the worker until its input ends, compiles a component, or tries what is refused to both. Called before anything
/// else of the program. After the word for what shall be done come the directories that a worker may read files of.
pub fn run(arguments: &[OsString]) -> ExitCode {
    let (task, rest) = arguments.split_first().map_or(("", arguments), |(task, rest)| (word(task), rest));
    match task {
        compiler::COMPILE => compiler::run(&rest.iter().map(|argument| word(argument)).collect::<Vec<_>>()),
        PROBE => probe(&paths(rest)),
        metering => serve(Metering::named(metering).unwrap_or_default(), &paths(rest)),
    }
}

fn word(argument: &OsStr) -> &str {
    argument.to_str().unwrap_or_default()
}

fn paths(arguments: &[OsString]) -> Vec<PathBuf> {
    arguments.iter().map(PathBuf::from).collect()
}

fn serve(metering: Metering, readable: &[PathBuf]) -> ExitCode {
    match start(metering, readable).map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) | Err(error) => fail(&error.to_string()),
        Ok(Err(_)) => ExitCode::from(101),
    }
}

/// Makes the engines, which look at the machine, gives up the process's rights, and only then starts threads.
fn start(
    metering: Metering,
    readable: &[PathBuf],
) -> Result<std::thread::JoinHandle<Result<(), WorkerError>>, WorkerError> {
    lockdown::be_first_without_memory();
    // The host waits for models most of the time and has little to do when one answers, but then at once. A system that
    // will not have it loses a few milliseconds a call, and nothing else.
    let _ = rustix::process::nice(BEHIND_THE_HOST);
    let engines = Engines::new(metering).map_err(WorkerError::Engine)?;
    lockdown::apply(readable)?;
    let thread = std::thread::Builder::new().name("worker".to_owned()).stack_size(THREAD_STACK);
    thread.spawn(move || work(engines)).map_err(WorkerError::Thread)
}

fn probe(readable: &[PathBuf]) -> ExitCode {
    let refused = lockdown::probe(readable).map_err(|error| error.to_string());
    match refused.and_then(|refused| serde_json::to_string(&refused).map_err(|error| error.to_string())) {
        Ok(refused) => {
            let _ = writeln!(io::stdout(), "{refused}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error),
    }
}

/// A worker's last words go to its standard error, of which the host keeps the tail.
fn fail(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::from(2)
}

#[derive(Debug, thiserror::Error)]
enum WorkerError {
    #[error("no engine: {0}")]
    Engine(wasmtime::Error),
    #[error("no runtime for WASI: {0}")]
    Runtime(io::Error),
    #[error("no thread: {0}")]
    Thread(io::Error),
    #[error(transparent)]
    Pipe(#[from] PipeError),
    #[error("could not give up its rights: {0}")]
    Lockdown(#[from] lockdown::LockdownError),
}

/// Bytes of the block that [`keep_memory`] gives back.
const GIVEN_BACK: usize = 2 << 20;

/// Has the allocator keep the memory of one grade for the next, which would else touch each page of it for the first time
/// again: an engine takes some 200 KB for an instance and gives them back with it. glibc keeps twice as much as the largest
/// block that it ever got back (`man mallopt`); to others this is a block like any, which is never written to.
fn keep_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(GIVEN_BACK)));
}

fn work(engines: Engines) -> Result<(), WorkerError> {
    keep_memory();
    // Sleeps of a guest are served by a virtual clock, but wasmtime-wasi wants a runtime to find; this one has no
    // threads, where its own would.
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(WorkerError::Runtime)?;
    let _guard = runtime.enter();
    let mut worker = Worker::new(engines).map_err(WorkerError::Thread)?;
    let pipe = worker.pipe.clone();
    // What is written as a message must not hold the pipe, which grades use.
    let receive = || pipe.lock().receive();
    while let Some(message) = receive()? {
        match message {
            ToWorker::Load(load) => {
                let component = load.component;
                if let Err(error) = worker.load(load) {
                    pipe.lock().send(&FromWorker::Unloadable { component, reason: format!("{error:#}") })?;
                }
            }
            // Of a run that has ended, and did the same by itself.
            ToWorker::News(_) => {}
            ToWorker::Work { ticket, work } => {
                let started = thread_cpu_time();
                let (answer, trace) = worker.answer(work);
                let cpu = thread_cpu_time().saturating_sub(started);
                pipe.lock().send(&FromWorker::Done(Done { ticket, answer: Box::new(answer), cpu, trace }))?;
            }
        }
    }
    Ok(())
}

/// The engines of a worker.
struct Engines {
    metering: Metering,
    graders: Engine,
    runtimes: Engine,
}

impl Engines {
    fn new(metering: Metering) -> wasmtime::Result<Self> {
        let graders = engine(Purpose::Graders, metering)?;
        Ok(Self { metering, graders, runtimes: engine(Purpose::Runtimes, metering)? })
    }
}

/// The components of a worker.
struct Worker {
    engines: Engines,
    graders: HashMap<ComponentId, Grader>,
    runtimes: HashMap<ComponentId, Arc<Runtime>>,
    by_language: Arc<Runtimes>,
    pipe: SharedPipe,
    ticker: Ticker,
}

impl Worker {
    fn new(engines: Engines) -> io::Result<Self> {
        let ticker = Ticker::start([engines.graders.clone(), engines.runtimes.clone()])?;
        Ok(Self {
            engines,
            graders: HashMap::new(),
            runtimes: HashMap::new(),
            by_language: Arc::default(),
            pipe: SharedPipe::new(),
            ticker,
        })
    }

    fn load(&mut self, load: Load) -> wasmtime::Result<()> {
        let Engines { metering, graders, runtimes } = &self.engines;
        match load.role {
            LoadRole::Grader { mode } => {
                let component = deserialize(graders, &load.compiled)?;
                let grader = Grader::new(graders, *metering, &component, mode)?;
                self.graders.insert(load.component, grader);
            }
            LoadRole::Runtime { languages } => {
                let component = deserialize(runtimes, &load.compiled)?;
                let runtime = Arc::new(Runtime::new(runtimes, *metering, &component)?);
                let mut by_language = std::mem::take(&mut self.by_language);
                if let Some(runtimes) = Arc::get_mut(&mut by_language) {
                    runtimes.insert(languages, load.component, &runtime);
                }
                self.by_language = by_language;
                self.runtimes.insert(load.component, runtime);
            }
        }
        Ok(())
    }

    fn answer(&self, work: Work) -> (Answer, Trace) {
        let _busy = self.ticker.busy();
        match work {
            Work::Describe(component) => (self.describe(component), Trace::default()),
            Work::Grade(work) => match self.graders.get(&work.component) {
                Some(grader) => grader.grade(work, &self.by_language, &self.pipe),
                None => (unknown(work.component), Trace::default()),
            },
            Work::Program { runtime, request } => (self.run_program(runtime, request), Trace::default()),
            Work::Programs { runtime, source, compiled, limits, inputs } => {
                let program = Program::of_another_worker(source, compiled);
                (self.run_programs(runtime, &program, limits, &inputs), Trace::default())
            }
        }
    }

    fn describe(&self, component: ComponentId) -> Answer {
        if let Some(grader) = self.graders.get(&component) {
            return grader.describe(&self.by_language, &self.pipe);
        }
        match self.runtimes.get(&component).map(|runtime| runtime.describe()) {
            Some(Ok(language)) => Answer::Language(language),
            Some(Err(error)) => Answer::Failed { kind: ErrorKind::GraderFailed, reason: root_cause(&error) },
            None => unknown(component),
        }
    }

    fn run_program(&self, runtime: ComponentId, request: ProgramRequest) -> Answer {
        let Some(runtime) = self.runtimes.get(&runtime) else { return unknown(runtime) };
        let limits: ProgramLimits = request.limits.capped();
        let ProgramRequest { source, action, stdin, .. } = request;
        match runtime.run(&Program::new(source), &ProgramInput { action, stdin }, limits, || Ok(())) {
            Ok(execution) => Answer::Execution(execution),
            Err(failure) => Answer::Failed { kind: failure.kind, reason: failure.to_string() },
        }
    }

    fn run_programs(
        &self,
        runtime: ComponentId,
        program: &Program,
        limits: ProgramLimits,
        inputs: &[ProgramInput],
    ) -> Answer {
        let Some(runtime) = self.runtimes.get(&runtime) else { return unknown(runtime) };
        let executions: Result<Vec<_>, HostFailure> =
            inputs.iter().map(|input| runtime.run(program, input, limits, || Ok(()))).collect();
        match executions {
            Ok(executions) => Answer::Executions(executions),
            Err(failure) => Answer::Failed { kind: failure.kind, reason: failure.to_string() },
        }
    }
}

fn unknown(component: ComponentId) -> Answer {
    Answer::Failed { kind: ErrorKind::GraderFailed, reason: format!("component {component} is not loaded") }
}

#[expect(unsafe_code, reason = "wasmtime cannot prove that a file is its own compiled code")]
fn deserialize(engine: &Engine, compiled: &Compiled) -> wasmtime::Result<Component> {
    match compiled.open()? {
        Checked::File(file) => {
            read_ahead(&file)?;
            // Opened anew by way of the descriptor, the file is the one that was looked at, whatever its path leads to
            // now.
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            // SAFETY: by the kernel's marks, it is what this program's own compiler wrote.
            unsafe { Component::deserialize_file(engine, path) }
        }
        // SAFETY: by its digest, it is what this program's own compiler wrote, in memory that nobody else can reach.
        Checked::Content(content) => unsafe { Component::deserialize(engine, content) },
    }
}

/// Moves the engines' epochs while a guest runs, and sleeps otherwise.
struct Ticker {
    busy: Arc<AtomicBool>,
    thread: std::thread::Thread,
}

impl Ticker {
    fn start(engines: [Engine; 2]) -> io::Result<Self> {
        let busy = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&busy);
        let host = rustix::process::getppid();
        let tick = move || {
            loop {
                while !watched.load(Ordering::Acquire) {
                    std::thread::park();
                }
                std::thread::sleep(Duration::from_millis(TICK_MILLISECONDS));
                engines.iter().for_each(Engine::increment_epoch);
                if rustix::process::getppid() != host {
                    // The host is gone: nobody waits for the answer, which may be minutes away.
                    std::process::abort();
                }
            }
        };
        let handle = std::thread::Builder::new().name("ticker".to_owned()).spawn(tick)?;
        Ok(Self { busy, thread: handle.thread().clone() })
    }

    fn busy(&self) -> Busy<'_> {
        self.busy.store(true, Ordering::Release);
        self.thread.unpark();
        Busy(&self.busy)
    }
}

/// Lets the ticker sleep again when dropped.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
