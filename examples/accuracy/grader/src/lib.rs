//! The `reference-words` grader: does the reference stand in the response, word for word?

use gradebox_sdk::{
    Description, Example, GradeError, Grader, NoParams, Sample, Verdict, description, serde_json::json,
};

pub struct ReferenceWords;

impl Grader for ReferenceWords {
    type Params = NoParams;

    fn describe() -> Description {
        let row = |response: &str| Example::new(json!({"response": response, "reference": "New York"}));
        description!("Wants the words of the reference in the response, in their order")
            .requires_one_of(&["reference"])
            .example(row("It is new york.").scores(1.0))
            .example(row("It is York, the new one.").scores(0.0))
            .example(Example::new(json!({"response": "Lyon", "reference": "?"})).is_invalid_sample())
    }

    fn grade(sample: &Sample, _params: &NoParams) -> Result<Verdict, GradeError> {
        let reference = sample.reference.as_deref().unwrap_or_default();
        let wanted = words(reference);
        if wanted.is_empty() {
            return Err(GradeError::invalid_sample("reference", "it has no words to look for"));
        }
        let is_there = words(&sample.response).windows(wanted.len()).any(|part| part == wanted);
        Ok(if is_there {
            Verdict::scored(1.0, format!("the response says `{reference}`"))
        } else {
            Verdict::scored(0.0, format!("the response nowhere says `{reference}`, which is the right answer"))
        })
    }
}

/// Runs of letters and digits in lower case: punctuation and spaces do not count.
fn words(text: &str) -> Vec<String> {
    let is_separator = |letter: char| !letter.is_alphanumeric();
    text.split(is_separator).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

gradebox_sdk::export_grader!(ReferenceWords);
