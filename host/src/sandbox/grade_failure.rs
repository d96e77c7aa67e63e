//! Why a grade ended without an answer, by the trap that ended it.

use wasmtime::Trap;
use wasmtime_wasi::I32Exit;

use super::{
    capabilities::{Asks, Denied, Excess, GraderState},
    limits::{GradeLimits, Interrupt, TABLE_ELEMENTS, fuel},
    programs::{HostFailure, root_cause},
    wire::Answer,
};
use crate::score::ErrorKind;

/// The typed answer for a grade that ended in a trap.
pub(super) fn failure(trap: &wasmtime::Error, state: &GraderState, limits: GradeLimits) -> Answer {
    if let Some(Asks { call, after }) = trap.downcast_ref() {
        return Answer::Asks { call: call.clone(), after: *after };
    }
    let (kind, reason) = classify(trap, state, limits);
    Answer::Failed { kind, reason }
}

fn classify(trap: &wasmtime::Error, state: &GraderState, limits: GradeLimits) -> (ErrorKind, String) {
    if let Some(denied) = trap.downcast_ref::<Denied>() {
        return (ErrorKind::CapabilityDenied, denied.to_string());
    }
    if let Some(excess) = trap.downcast_ref::<Excess>() {
        return (ErrorKind::GraderLimit, excess.to_string());
    }
    if let Some(failure) = trap.downcast_ref::<HostFailure>() {
        return (failure.kind, failure.to_string());
    }
    match trap.downcast_ref::<Interrupt>() {
        Some(Interrupt::Cpu) => {
            return (ErrorKind::GraderLimit, format!("processor time limit of {} ms reached", limits.cpu.as_millis()));
        }
        Some(Interrupt::Wall) => {
            return (
                ErrorKind::WorkerDied,
                "the wall-clock backstop was reached before the grader's own limit: the machine is overloaded"
                    .to_owned(),
            );
        }
        Some(Interrupt::Output) | None => {}
    }
    if let Some(I32Exit(code)) = trap.downcast_ref::<I32Exit>() {
        return (ErrorKind::GraderFailed, format!("the grader exited with code {code}{}", said(state)));
    }
    match trap.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => (ErrorKind::GraderLimit, "stack limit reached".to_owned()),
        Some(Trap::OutOfFuel) => (
            ErrorKind::GraderLimit,
            format!("limit of {} instructions, for {} ms, reached", fuel(limits.cpu), limits.cpu.as_millis()),
        ),
        _ if state.memory.refused => {
            (ErrorKind::GraderLimit, format!("memory limit of {} MiB reached", limits.memory >> 20))
        }
        _ if state.memory.table_refused => {
            (ErrorKind::GraderLimit, format!("table limit of {TABLE_ELEMENTS} elements reached"))
        }
        Some(trap) => (ErrorKind::GraderFailed, format!("the grader trapped: {trap}{}", said(state))),
        None => classify_host_error(trap, limits),
    }
}

/// Errors of the engine itself: a result too large or not well formed, an instance that does not fit the pool.
fn classify_host_error(error: &wasmtime::Error, limits: GradeLimits) -> (ErrorKind, String) {
    let cause = root_cause(error);
    let reason = if cause.contains("fuel allocated for hostcalls") {
        format!("what the grader hands over is larger than the {} MiB that may cross at once", limits.transfer >> 20)
    } else if cause.contains("handle limit exceeded") || cause.contains("no free keys") {
        format!("limit of {} resources held at once reached", limits.handles)
    } else if cause.contains("exceeds limit") {
        format!("too much was asked of the host at once: {cause}")
    } else if format!("{error:#}").contains("type mismatch") {
        // Found when the functions are looked up, before anything of the component has run.
        let reason =
            format!("its types are not those of the contract: {error:#}; build it with the WIT of this release");
        return (ErrorKind::GraderFailed, reason);
    } else {
        return (ErrorKind::GraderFailed, format!("the grader failed: {cause}"));
    };
    (ErrorKind::GraderLimit, reason)
}

/// What the grader wrote to its standard error, for the end of a message.
fn said(state: &GraderState) -> String {
    let text = state.wasi.standard_error();
    let text = text.trim();
    if text.is_empty() { String::new() } else { format!("; it wrote: {text}") }
}
