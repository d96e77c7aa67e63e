//! The `code-style` grader: are the indentation and the names of Python code as its style guide, PEP 8, has them?

mod block;
mod convention;
mod grade;
mod indentation;
mod names;

use gradebox_sdk::export_grader;

pub use grade::{CodeStyle, Params};

export_grader!(CodeStyle);
