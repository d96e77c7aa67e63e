//! Compiles a component in a process of its own: what a component does to the compiler must not come upon the host.

use std::{
    io::{self, Read, Write},
    num::NonZero,
    path::Path,
    process::{ExitCode, Stdio},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::{io::AsyncWriteExt, process::Command};

use super::{
    engine::{Metering, Purpose, compiling_engine},
    lockdown,
    worker::SUBCOMMAND,
};

/// The word after the worker's subcommand that makes a process a compiler.
pub(super) const COMPILE: &str = "compile";

/// What one compilation may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompileLimits {
    /// Processor time of all its threads, in seconds. `CPython` takes some 12.
    pub(super) cpu_seconds: u64,
    /// Memory, in bytes. `CPython` takes less than 1.2 GB with two threads; more threads take more.
    pub(super) memory: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { cpu_seconds: 300, memory: 6 << 30 }
    }
}

/// Wall-clock time after which a compilation is given up, on however busy a machine.
const BACKSTOP: Duration = Duration::from_mins(30);

/// A component that cannot be compiled; says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CompileError(pub(super) String);

/// Has a component compiled by another process of this program.
pub(super) async fn compile(
    program: &Path,
    component: &[u8],
    purpose: Purpose,
    metering: Metering,
    limits: CompileLimits,
) -> Result<Vec<u8>, CompileError> {
    let failed = |error: io::Error| CompileError(format!("cannot be compiled, for want of a process: {error}"));
    let mut child = Command::new(program)
        .args([SUBCOMMAND, COMPILE, purpose.name(), metering.name()])
        .args([limits.cpu_seconds.to_string(), limits.memory.to_string()])
        .env_clear()
        // Locked down, it could not read how many cores a container has.
        .env("RAYON_NUM_THREADS", std::thread::available_parallelism().map_or(1, NonZero::get).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        // Ctrl-C is for the host, whose end ends it too.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // One that does not read on has ended, with a status that says more.
            let _ = stdin.write_all(component).await;
        }
    };
    let ended = tokio::time::timeout(BACKSTOP, async { tokio::join!(feed, child.wait_with_output()).1 }).await;
    let output = match ended {
        Ok(output) => output.map_err(failed)?,
        Err(_) => return Err(CompileError(format!("took more than {} minutes to compile", BACKSTOP.as_secs() / 60))),
    };
    match output.status.code() {
        Some(0) => Ok(output.stdout),
        Some(1) => Err(CompileError(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
        _ => Err(CompileError(format!(
            "the compiler gave up on it ({}); it may take {} s of processor time and {} MiB of memory",
            output.status,
            limits.cpu_seconds,
            limits.memory >> 20
        ))),
    }
}

/// The compiling process: a component on standard input, its compiled form on standard output.
pub(super) fn run(arguments: &[&str]) -> ExitCode {
    match compile_here(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            let _ = writeln!(io::stderr(), "{reason}");
            ExitCode::from(1)
        }
    }
}

fn compile_here(arguments: &[&str]) -> Result<(), String> {
    let [purpose, metering, cpu_seconds, memory] = arguments else { return Err("not for people".to_owned()) };
    let (Some(purpose), Some(metering)) = (Purpose::named(purpose), Metering::named(metering)) else {
        return Err("not for people".to_owned());
    };
    for (resource, limit) in [(Resource::Cpu, cpu_seconds), (Resource::Data, memory)] {
        let limit = limit.parse().map_err(|_| "not for people".to_owned())?;
        let rlimit = Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(resource, rlimit).map_err(|error| format!("its limits cannot be set: {error}"))?;
    }
    lockdown::be_first_without_memory();
    lockdown::apply(&[]).map_err(|error| format!("the compiler could not give up its rights: {error}"))?;
    let mut component = Vec::new();
    io::stdin().lock().read_to_end(&mut component).map_err(|error| error.to_string())?;
    let engine = compiling_engine(purpose, metering).map_err(|error| format!("{error:#}"))?;
    let compiled = engine.precompile_component(&component).map_err(|error| format!("{error:#}"))?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&compiled).and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}
