//! The two streams: data to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

/// One line of data.
pub(super) fn print(line: &str) -> io::Result<()> {
    print_bytes(line.as_bytes())?;
    print_bytes(b"\n")
}

/// Data as it is.
pub(super) fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// One line for people. That nobody can read it is no reason to stop.
pub(super) fn say(line: &str) {
    say_bytes(line.as_bytes());
    say_bytes(b"\n");
}

/// Bytes for standard error as they are.
pub(super) fn say_bytes(bytes: &[u8]) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(bytes);
    let _ = stderr.flush();
}

/// Whether a person watches standard error.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}
