//! Standard output and error on their way to the host.

use crate::bindings::gradebox::runtime::host::{Channel, write};

/// Lines of standard output that leave at once, so that a program that is stopped later leaves some trace.
const EARLY_LINES: usize = 200;

/// Bytes of standard output that are kept together after that.
const BLOCK: usize = 8 << 10;

/// What one call hands over at most, in bytes.
const MAX_WRITE: usize = 1 << 18;

/// The two channels. Standard error leaves at once.
#[derive(Debug)]
pub(crate) struct Output {
    kept: Vec<u8>,
    early_lines: usize,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { kept: Vec::new(), early_lines: EARLY_LINES }
    }

    pub(crate) fn write(&mut self, number: i32, bytes: &[u8]) {
        if number == 2 {
            deliver(Channel::Stderr, bytes);
            return;
        }
        if self.kept.is_empty() && (BLOCK <= bytes.len() || (self.early_lines > 0 && bytes.ends_with(b"\n"))) {
            self.early_lines = self.early_lines.saturating_sub(1);
            deliver(Channel::Stdout, bytes);
            return;
        }
        self.kept.extend_from_slice(bytes);
        if BLOCK <= self.kept.len() || (self.early_lines > 0 && bytes.contains(&b'\n')) {
            self.early_lines = self.early_lines.saturating_sub(1);
            self.flush();
        }
    }

    pub(crate) fn flush(&mut self) {
        deliver(Channel::Stdout, &self.kept);
        self.kept.clear();
    }
}

fn deliver(channel: Channel, bytes: &[u8]) {
    for part in bytes.chunks(MAX_WRITE) {
        write(channel, part);
    }
}
