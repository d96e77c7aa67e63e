//! End to end: the real binary, real components, real files, a real model server.

#![allow(
    clippy::cast_possible_truncation,
    clippy::doc_markdown,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test fails by panicking, and its support belongs to no library"
)]

mod authoring;
mod bad_input;
mod cache;
mod caches;
mod capabilities;
mod checkers;
mod code_graders;
mod compiled_once;
mod contract;
mod crafted;
mod datasets;
mod deterministic;
mod dummies;
mod endpoint;
mod exec;
mod exporting;
mod foreseeing;
mod formats;
mod fresh;
mod grading;
mod hostile;
mod humaneval;
mod isolation;
mod javascript;
mod javascript_tests;
mod judging;
mod layers;
mod listing;
mod lockdown;
mod long_run;
mod malformed;
mod math;
mod misbehaviours;
mod model_faults;
mod packages;
mod probes;
mod python_packages;
mod receipts;
mod refining;
mod regrading;
mod reporting;
mod resuming;
mod scale;
mod second_opinion;
mod spending;
mod suites;
mod support;
mod workers;
