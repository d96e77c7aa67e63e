//! WebAssembly: grader components and untrusted programs, each in a fresh sandbox, in worker processes.
//!
//! The only folder that names wasmtime. The host process prepares components ([`Catalog`]) and hands out work
//! ([`Sandbox`]); a worker process ([`worker`]) does it. [`ComponentGrader`] is the adapter that the panel sees.

mod admission;
mod bindings;
mod by_digest;
mod cache;
mod capabilities;
mod catalog;
mod compiled_programs;
mod compiler;
mod component_grader;
mod connection;
mod contract;
mod convert;
mod description;
mod engine;
#[cfg(fuzzing)]
pub mod fuzzing;
mod grade_failure;
mod grading;
mod index;
mod kept;
mod large_pages;
mod limits;
mod lockdown;
mod model_calls;
mod offers;
mod pipe;
mod pool;
mod programs;
mod receipts;
mod run_all;
mod session;
mod wasi;
mod wire;
pub mod worker;

pub use self::{
    by_digest::find_by_digest,
    cache::{CacheError, CompileCache},
    catalog::{Catalog, CatalogError, Changed, Entry, Language, Rejected, inspect},
    component_grader::{ComponentGrader, Grants},
    engine::Metering,
    kept::{Kept, kept},
    limits::{FUEL_PER_MILLISECOND, GradeLimits, ProgramLimits},
    lockdown::Refused,
    model_calls::{CALLS_PER_GRADE, GrantedModels},
    pool::{LogSink, Sandbox, SandboxError, SandboxSettings, WorkerStatistics},
    receipts::{ENGINE, digest_of_limits},
    wire::{Action, Diagnostic, Ending, Execution, LogLevel, LogLine, ProgramRequest, Raised},
};
