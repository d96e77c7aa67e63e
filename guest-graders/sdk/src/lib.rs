//! Write a Gradebox grader in Rust: implement [`Grader`], name the type in [`export_grader!`], build for
//! `wasm32-wasip2`. The `.wasm` file that Cargo leaves is the finished component.
//!
//! ```
//! use gradebox_sdk::{Description, GradeError, Grader, Sample, Verdict, description};
//! use gradebox_sdk::{schemars::JsonSchema, serde::Deserialize};
//!
//! /// What a user may set. Unknown keys are refused; the schema in the description comes from here.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(crate = "gradebox_sdk::serde", default)]
//! #[schemars(crate = "gradebox_sdk::schemars")]
//! pub struct Params {
//!     /// The most words that a response may have.
//!     pub max_words: usize,
//! }
//!
//! impl Default for Params {
//!     fn default() -> Self {
//!         Self { max_words: 100 }
//!     }
//! }
//!
//! pub struct Brevity;
//!
//! impl Grader for Brevity {
//!     type Params = Params;
//!
//!     fn describe() -> Description {
//!         description!("Prefers short responses")
//!     }
//!
//!     fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
//!         let words = sample.response.split_whitespace().count();
//!         if words <= params.max_words {
//!             return Ok(Verdict::scored(1.0, "short enough"));
//!         }
//!         let reason = format!("{words} words, at most {} are wanted", params.max_words);
//!         Ok(Verdict::scored(0.0, reason).detail("words", words))
//!     }
//! }
//!
//! gradebox_sdk::export_grader!(Brevity);
//! ```
//!
//! The crate is a library of type `["cdylib", "rlib"]`; the second lets its unit tests run natively with
//! `cargo test`. Nothing is exported outside WebAssembly, so the grader is `pub` to count as used there.
//!
//! - [`log`] writes lines for whoever debugs the grader.
//! - [`programs`] runs untrusted programs; [`value`] is the encoding in which their values cross.
//! - [`models`] asks the models of the run.
//!
//! A component imports only what its code calls, and a user sees these imports as what the grader wants:
//! a grader that never logs does not ask for `log`.
//!
//! A panic ends the grade: the host reports it as a failure of the grader, with the message that the
//! panic wrote to standard error. It is never a score.

#[doc(hidden)]
pub mod bindings;
#[doc(hidden)]
pub mod export;

mod description;
mod error;
mod listwise;
pub mod log;
pub mod models;
mod params;
pub mod programs;
mod sample;
pub mod value;
mod verdict;

pub use schemars;
pub use serde;
pub use serde_json;

pub use crate::{
    description::{Description, Example},
    error::GradeError,
    listwise::{ListwiseGrader, Order, Responses},
    params::{NoParams, read_params},
    sample::{Message, Sample},
    verdict::Verdict,
};

/// Judges one response on its own.
pub trait Grader {
    /// What a user may set: a struct of serde and schemars, or [`NoParams`].
    type Params: serde::de::DeserializeOwned + schemars::JsonSchema;

    /// Describes the grader: the same answer at each call. The schema of the parameters is added from
    /// [`Grader::Params`] where the description has none of its own.
    fn describe() -> Description;

    /// Judges `sample.response`.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`] for a column that is missing or malformed,
    /// [`GradeError::InvalidParams`] for a parameter out of its range, [`GradeError::Internal`] for a
    /// defect of the grader. None of them is a score.
    fn grade(sample: &Sample, params: &Self::Params) -> Result<Verdict, GradeError>;
}
