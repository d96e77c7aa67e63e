//! The `patch-similarity` grader: how much of the reference's change a response makes.

mod changes;
mod grade;
mod matching;
mod text;

use gradebox_sdk::export_grader;

pub use grade::{Mode, Params, PatchSimilarity};

export_grader!(PatchSimilarity);
