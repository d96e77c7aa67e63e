//! The `syntax` grader: does the code in a response parse, and if not, where and why.
//!
//! Each language has a file and a parser of its own; `language` names them all. They answer with the same list of
//! problems, and `report` puts it into words.

mod css;
mod grade;
mod html;
mod javascript;
mod json;
mod language;
mod nesting;
mod problem;
mod python;
mod report;
mod rust;
mod sql;
mod toml;
mod xml;
mod yaml;

use gradebox_sdk::export_grader;

pub use grade::{Params, Syntax};

export_grader!(Syntax);
