//! The `code-execution` grader: runs the program in a response against the row's tests.
//!
//! The program is what `code-blocks` finds in the response. It runs in the host's sandboxes, one for each test,
//! through the `programs` capability. What tests may look like is in the module `suite`.
//!
//! # Who sees what
//! What a test expects never enters the program's sandbox. For standard input and output, and for calls, the comparison
//! is here. Tests that are statements (asserts, `check`, unit tests) run in a sandbox of their own and call the program
//! in another one, through the host; so neither an early exit nor any meddling of the program's reaches them.

mod checker;
mod compare;
mod excerpt;
mod grade;
mod judge;
mod language;
mod params;
mod program;
#[cfg(test)]
mod recorded;
mod report;
mod run;
mod suite;

use gradebox_sdk::{
    Description, Example, GradeError, Grader, Sample, Verdict, description, export_grader, programs::Host,
    serde_json::json,
};

pub use crate::params::{AfterOutput, Instance, Order, OutputComparison, Params, Scoring, ValueTypes};

/// The grader.
pub struct CodeExecution;

impl Grader for CodeExecution {
    type Params = Params;

    fn describe() -> Description {
        let add = "```python\ndef add(a, b):\n    return a + b\n```";
        description!("Runs the program in a response against the row's tests")
            .requires_one_of(&suite::REQUIRED)
            .reads(&suite::OPTIONAL)
            .example(
                Example::new(json!({
                    "response": add,
                    "tests": [{"call": "add", "args": [2, 3], "expected": 5}, {"call": "add", "args": [2, 2], "expected": 5}]
                }))
                .scores(0.5),
            )
            .example(
                Example::new(json!({
                    "response": "```python\nprint(int(input()) * 2)\n```",
                    "tests": {"inputs": ["2\n"], "outputs": ["4\n"]}
                }))
                .scores(1.0),
            )
            .example(Example::new(json!({"response": add, "test_list": ["assert add(1, 2) == 4"]})).scores(0.0))
            .example(Example::new(json!({"response": "I cannot do that.", "test_list": ["assert f()"]})).scores(0.0))
            .example(Example::new(json!({"response": add, "tests": []})).is_invalid_sample())
    }

    fn grade(sample: &Sample, params: &Params) -> Result<Verdict, GradeError> {
        grade::grade(sample, params, &Host)
    }
}

export_grader!(CodeExecution);
