//! What a worker gives up before it sees the first component: defence in depth behind the WebAssembly sandbox.
//!
//! On Linux, Landlock closes the file system but for reading compiled components, and seccomp filters allow the calls of
//! the system that are needed: no sockets, no new processes, no tracing, no change to the file system. Where the kernel has no Landlock, files can still be
//! opened for reading. Elsewhere than on Linux nothing is given up. [`probe`] tries what is refused; `doctor` says it.

use std::{
    fs::{self, File},
    net::UdpSocket,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod system_calls;

/// A right could not be given up.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockdownError {
    #[cfg(target_os = "linux")]
    #[error("Landlock: {0}")]
    Landlock(#[from] landlock::RulesetError),
    #[cfg(target_os = "linux")]
    #[error("seccomp: {0}")]
    Seccomp(#[from] seccompiler::Error),
    #[cfg(target_os = "linux")]
    #[error("seccomp: {0}")]
    Backend(#[from] seccompiler::BackendError),
}

/// Gives up every right but reading files of some directories. Must be called while the process has one thread:
/// Landlock binds the calling thread and those that it starts.
#[cfg(target_os = "linux")]
pub(super) fn apply(readable: &[PathBuf]) -> Result<(), LockdownError> {
    files::close(readable)?;
    system_calls::refuse()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn apply(_readable: &[PathBuf]) -> Result<(), LockdownError> {
    Ok(())
}

/// Has Linux end this process before the host, which replaces it, where the machine runs out of memory.
pub(super) fn be_first_without_memory() {
    // Wherever that cannot be asked for, it is what the system guesses anyway.
    let _ = fs::write("/proc/self/oom_score_adj", "500");
}

/// What the operating system refuses to a worker, whatever may become of the WebAssembly sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "rights, each refused or not")]
pub struct Refused {
    /// Reading files other than compiled components.
    pub reading: bool,
    /// Creating and changing files.
    pub writing: bool,
    /// Opening sockets.
    pub sockets: bool,
    /// Starting processes.
    pub processes: bool,
    /// Calls of the system that harm nobody and that no worker needs.
    pub others: bool,
}

/// Gives up this process's rights as a worker does, and tries what must not work any more.
pub(super) fn probe(readable: &[PathBuf]) -> Result<Refused, LockdownError> {
    // A file that is there, and may be read by whoever can run it.
    let program = std::env::current_exe().unwrap_or_default();
    let created = readable.first().cloned().unwrap_or_default().join(format!("probe-{}", std::process::id()));
    apply(readable)?;
    let mut command = Command::new(&program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let refused = Refused {
        reading: File::open(&program).is_err(),
        writing: File::create(&created).is_err(),
        sockets: UdpSocket::bind("127.0.0.1:0").is_err(),
        processes: command.status().is_err(),
        others: rustix::process::getsid(None).is_err(),
    };
    if !refused.writing {
        // Nothing depends on it: what is not a compiled component is never looked at.
        let _ = fs::remove_file(created);
    }
    Ok(refused)
}
