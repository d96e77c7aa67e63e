//! Decides whether the final answer of a response is mathematically right.
//!
//! The way of one grade: `extract` finds the final answer, `reader` (on `lexer` and `parser`) reads it into the exact
//! tree of `tree`, `decide` compares it with the reference (by `values`, `intervals`, `relations`, `matrices`), or
//! `problem` and `substitute` check it against the query (with `roots` and `further_roots` for what is missing).
//! `canonical` computes exactly, `numeric` tests at points, `partial_sums` bounds what is too long to be written out.
//! All work is counted by `work`, never timed.

pub mod arithmetic;
pub mod canonical;
pub mod choice;
pub mod decide;
pub mod extract;
mod further_roots;
pub mod grade;
mod grader;
pub mod intervals;
pub mod lexer;
pub mod matrices;
pub mod numeric;
pub mod params;
pub mod parser;
mod partial_sums;
pub mod policy;
pub mod problem;
pub mod reader;
pub mod relations;
pub mod render;
pub mod roots;
pub mod substitute;
pub mod tree;
pub mod units;
pub mod values;
pub mod work;

use gradebox_sdk::export_grader;

pub use crate::grader::Math;

export_grader!(Math);
