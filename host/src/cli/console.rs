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

/// Output of a program: as it is for whoever reads a pipe, without control characters for a terminal, which would obey
/// them.
pub(super) fn print_untrusted(bytes: &[u8]) -> io::Result<()> {
    if io::stdout().is_terminal() {
        return print_bytes(harmless(&String::from_utf8_lossy(bytes)).as_bytes());
    }
    print_bytes(bytes)
}

/// The same for standard error.
pub(super) fn say_untrusted(bytes: &[u8]) {
    if io::stderr().is_terminal() {
        return say_bytes(harmless(&String::from_utf8_lossy(bytes)).as_bytes());
    }
    say_bytes(bytes);
}

/// Text without control characters but line breaks and tabs.
pub(super) fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Whether a person watches standard error.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing_to_obey() {
        assert_eq!(harmless("a\x1b[31mb\r\n\tc\u{9b}"), "a[31mb\n\tc");
    }
}
