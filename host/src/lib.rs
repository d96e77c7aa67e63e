//! Grades rows of a dataset with sandboxed WebAssembly graders and LLM judges, and refines the poor ones.
//!
//! Modules in reading order, from plain data to the command line; each depends only on those above it.

mod exact;
pub mod receipt;
pub mod sample;
pub mod score;
mod text;

pub mod budget;
pub mod caches;
pub mod fields;
pub mod grader;
pub mod model;
pub mod traffic;

pub mod judge;
pub mod llm;
pub mod packages;
pub mod sandbox;

pub mod panel;
pub mod refine;

pub mod dataset;
pub mod export;
pub mod run;

pub mod report;

pub mod author;

pub mod cli;
