//! LLM-judge graders: a rubric or template becomes a prompt, the reply a validated score or ranking.
//!
//! [`JudgeGrader`] asks for votes, `ballot` counts them; `prompt` words the question from a `template` or a rubric of the
//! [`library`]; `extract` and `reply` read what comes back, and never guess.

pub mod library;

mod ballot;
mod extract;
mod fence;
mod grade;
mod order;
mod prompt;
mod reply;
mod settings;
mod template;
mod values;
mod votes;

#[cfg(test)]
mod tests;

pub use self::{
    grade::JudgeGrader,
    settings::{Aggregate, JudgeError, JudgeSettings, Prompt},
};
