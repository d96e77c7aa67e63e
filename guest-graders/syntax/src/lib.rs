//! The `syntax` grader: does the Python code in a response parse, and if not, where and why.

mod bindings;
mod brackets;
mod check;
mod explain;
mod grade;
mod report;
mod scopes;

use gradebox_sdk::export_grader;

pub use grade::{Params, Syntax};

export_grader!(Syntax);
