//! The grader as hosts see it: its description, and the way from a sample to a verdict.

use gradebox_sdk::{Description, Example, GradeError, Grader, Sample, Verdict, description};
use serde_json::json;

use crate::grade::{self, BUDGET, Judgement, Outcome};
use crate::params::Params;
use crate::work::Work;

/// Decides whether the final answer of a response is mathematically right: against the reference, or, without one, by
/// substitution into the equation (or evaluation of the arithmetic) in the query.
pub struct Math;

impl Grader for Math {
    type Params = Params;

    fn describe() -> Description {
        description!("Compares the final answer with the reference exactly; without one, substitutes it into the query's equation")
            .scale(0.0, 1.0)
            .example(Example::new(json!({"query": "Add.", "response": "So 1/6 + 1/3 = 1/2.", "reference": "0.5"})).scores(1.0))
            .example(Example::new(json!({"query": "Add.", "response": "The answer is 0.51.", "reference": "1/2"})).scores(0.0))
            .example(Example::new(json!({"query": "Solve for x: 2x + 5 = 15", "response": "x = 10"})).scores(0.0))
            .example(Example::new(json!({"query": "Solve for x: 2x + 5 = 15", "response": "2x = 10, so x = 5"})).scores(1.0))
            .example(Example::new(json!({"query": "Who was Euler?", "response": "A mathematician."})).is_undecided())
            .example(
                Example::new(json!({"query": "Add.", "response": "1", "reference": "\\frac{1}{"})).is_invalid_sample(),
            )
    }

    fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
        let policy = params.policy()?;
        let mut work = Work::new(BUDGET);
        let judgement = match sample.reference.as_deref().filter(|reference| !reference.trim().is_empty()) {
            Some(reference) => {
                grade::against_reference(&sample.response, reference, &policy, &mut work).map_err(|reason| {
                    GradeError::invalid_sample("reference", format!("cannot be read as an answer: {reason}"))
                })?
            }
            None => grade::without_reference(sample.query(), &sample.response, &policy, &mut work),
        };
        Ok(verdict(judgement))
    }
}

fn verdict(judgement: Judgement) -> Verdict {
    let value = match judgement.outcome {
        Outcome::Right => 1.0,
        Outcome::Wrong => 0.0,
        Outcome::Undecided => return Verdict::undecided(judgement.reason),
    };
    let mut verdict = Verdict::scored(value, judgement.reason);
    let details = [
        ("found", judgement.found),
        ("place", judgement.place.map(|place| place.words().to_owned())),
        ("read_as", judgement.read_as),
        ("expected", judgement.expected),
    ];
    for (key, value) in details {
        if let Some(value) = value {
            verdict = verdict.detail(key, value);
        }
    }
    verdict
}
