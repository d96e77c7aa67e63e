//! Lines for whoever debugs the grader. The host bounds the lines and bytes of one grade; outside
//! WebAssembly, in unit tests, they go nowhere.

use crate::bindings::host::gradebox::grader::log as host;

/// What matters only when looking for a fault.
pub fn debug(message: &str) {
    emit(host::Level::Debug, message);
}

/// What was done.
pub fn info(message: &str) {
    emit(host::Level::Info, message);
}

/// What is odd, but no hindrance.
pub fn warn(message: &str) {
    emit(host::Level::Warn, message);
}

/// What went wrong.
pub fn error(message: &str) {
    emit(host::Level::Error, message);
}

fn emit(level: host::Level, message: &str) {
    if cfg!(target_family = "wasm") {
        host::emit(level, message);
    }
}
