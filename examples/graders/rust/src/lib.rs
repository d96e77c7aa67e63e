//! A grader in Rust: is the response short enough?

use gradebox_sdk::{Description, Example, GradeError, Grader, Sample, Verdict, description, export_grader};
use serde_json::json;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Params {
    /// The most words that a response may have.
    pub words: usize,
}

impl Default for Params {
    fn default() -> Self {
        Self { words: 100 }
    }
}

pub struct WordLimit;

impl Grader for WordLimit {
    type Params = Params;

    fn describe() -> Description {
        description!("Scores responses by how far they keep to a limit of words.")
            .example(Example::new(json!({"response": "short"})).scores(1.0))
            .example(Example::new(json!({"response": "one two"})).params(json!({"words": 1})).scores(0.5))
            .example(Example::new(json!({"response": " "})).is_not_applicable())
            .example(Example::new(json!({"response": "short"})).params(json!({"words": 0})).is_invalid_params())
    }

    fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
        if params.words == 0 {
            return Err(GradeError::invalid_params("words", "must be above 0"));
        }
        let words = sample.response.split_whitespace().count();
        if words == 0 {
            return Ok(Verdict::not_applicable("there is no word in the response"));
        }
        if words <= params.words {
            return Ok(Verdict::scored(1.0, format!("{words} words, at most {}", params.words)));
        }
        let excess = words - params.words;
        let reason = format!("{words} words; leave out {excess} to keep to {}", params.words);
        Ok(Verdict::scored(params.words as f64 / words as f64, reason).detail("words", words))
    }
}

export_grader!(WordLimit);
