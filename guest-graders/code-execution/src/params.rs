//! What a user may set.

use gradebox_sdk::GradeError;
use schemars::JsonSchema;
use serde::Deserialize;

/// The parameters of the grader, each with a default.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Params {
    /// The processor time that one test may use, in milliseconds.
    #[schemars(range(min = 1))]
    pub timeout_ms: u32,
    /// The processor time after which no further test of a sample begins, in milliseconds. What was not run counts neither
    /// as passed nor as failed: the grade is undecided, unless `all-or-nothing` is and a test failed.
    #[schemars(range(min = 1))]
    pub suite_timeout_ms: u32,
    /// The memory that one test may use, in MiB; the host's default where it is absent.
    #[schemars(range(min = 1))]
    pub memory_mib: Option<u32>,
    /// How tests make a score.
    pub score: Scoring,
    /// Ends with the first test that fails; the tests after it count as failed.
    pub stop_at_first_failure: bool,
    /// Ends when so many tests ran out of time, so that an endless loop does not cost the limit of every
    /// test; the tests after it count as failed.
    #[schemars(range(min = 1))]
    pub max_timeouts: u32,
    /// What runs in one sandbox.
    pub instance: Instance,
    /// The language of the program; what the host has a runtime for. Where it is absent, the row's column `language`
    /// says it, else the tag of the response's fence, else it is Python.
    pub language: Option<String>,
    /// Runs the asserts of `challenge_test_list` after those of `test_list`, too.
    pub challenge_tests: bool,
    /// Python code with a function `check(input, output, expected)` that judges each test instead of a comparison; a
    /// row's own column `checker` comes first.
    pub checker: Option<String>,
    /// Which returned values count as the expected one although their types differ.
    pub value_types: ValueTypes,
    /// Whether the order matters: of the items of returned lists, of printed lines.
    pub order: Order,
    /// Takes capital and small letters for the same, in returned text and in printed output.
    pub ignore_case: bool,
    /// How far a float may be from the expected number, as a part of the larger of the two.
    #[schemars(range(min = 0))]
    pub float_tolerance: f64,
    /// How far a float may be from the expected number at least, however small the two are.
    #[schemars(range(min = 0))]
    pub float_absolute_tolerance: f64,
    /// How printed output is compared with the expected output.
    pub compare_output: OutputComparison,
    /// What a program may do after it printed all that was expected.
    pub after_output: AfterOutput,
    /// How many failed tests the reason describes.
    #[schemars(range(min = 1, max = 100))]
    pub max_tests_in_reason: usize,
}

/// How tests make a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scoring {
    /// The part of the tests that passed.
    PassRate,
    /// 1 when every test passed, else 0.
    AllOrNothing,
}

/// How printed output is compared with the expected output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutputComparison {
    /// Byte by byte.
    Exact,
    /// Line by line; spaces at the end of a line and newlines at the end do not count.
    Text,
    /// Word by word, however they are spaced.
    Words,
    /// Word by word; words that are numbers may differ by the float tolerances.
    Numbers,
}

/// What runs in one sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Instance {
    /// Each test has a fresh one: no test sees what another left behind.
    PerTest,
    /// All calls of a sample share one, until a test ends it: the program's top level runs once, and its global state
    /// carries over from test to test. Scripts that read standard input have a fresh one all the same.
    PerSample,
}

/// Which returned values count as the expected one although their types differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValueTypes {
    /// None: integers, floats and booleans are apart, lists and tuples, sets and frozen sets, too.
    Strict,
    /// What JSON cannot tell apart: an expected list stands for a tuple, the key `"1"` for the key `1`, 3 for 3.0. A
    /// boolean is no number.
    Json,
    /// What Python's `==` says: 1, 1.0 and True are equal, a list and a tuple are not.
    Python,
    /// All that either of the two takes for equal; a tuple stands for a list, too.
    Loose,
}

/// Whether order matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// It does.
    Matters,
    /// Not that of the outermost list's items, nor that of printed lines.
    OuterIgnored,
    /// At no depth: that of the words in a line does not either.
    Ignored,
}

/// What a program may do after it printed all that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AfterOutput {
    /// End, by itself or by exit 0: no further output, no exception.
    Strict,
    /// Print more lines, raise an exception, exit with any code. Reaching a limit fails the test all the same.
    Lenient,
}

impl Params {
    /// Refuses what the types allow but makes no sense.
    pub(crate) fn check(&self) -> Result<(), GradeError> {
        let at_least_one = [
            ("timeout_ms", u64::from(self.timeout_ms)),
            ("suite_timeout_ms", u64::from(self.suite_timeout_ms)),
            ("memory_mib", self.memory_mib.map_or(1, u64::from)),
            ("max_timeouts", u64::from(self.max_timeouts)),
            ("max_tests_in_reason", self.max_tests_in_reason as u64),
        ];
        if self.max_tests_in_reason > 100 {
            let problem = format!("expected at most 100, found {}", self.max_tests_in_reason);
            return Err(GradeError::invalid_params("max_tests_in_reason", problem));
        }
        if let Some((name, _)) = at_least_one.iter().find(|(_, number)| *number == 0) {
            return Err(GradeError::invalid_params(name, "expected at least 1, found 0"));
        }
        let tolerances =
            [("float_tolerance", self.float_tolerance), ("float_absolute_tolerance", self.float_absolute_tolerance)];
        match tolerances.iter().find(|(_, tolerance)| !(tolerance.is_finite() && *tolerance >= 0.0)) {
            Some((name, found)) => {
                Err(GradeError::invalid_params(name, format_args!("expected a number from 0, found {found}")))
            }
            None => Ok(()),
        }
    }
}

impl Default for Params {
    fn default() -> Self {
        Self {
            timeout_ms: 5000,
            suite_timeout_ms: 600_000,
            memory_mib: None,
            score: Scoring::PassRate,
            stop_at_first_failure: false,
            max_timeouts: 4,
            instance: Instance::PerTest,
            language: None,
            challenge_tests: false,
            checker: None,
            value_types: ValueTypes::Json,
            order: Order::Matters,
            ignore_case: false,
            float_tolerance: 1e-6,
            float_absolute_tolerance: 1e-9,
            compare_output: OutputComparison::Text,
            after_output: AfterOutput::Strict,
            max_tests_in_reason: 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use gradebox_sdk::read_params;

    use super::*;

    fn problem(json: &str) -> String {
        read_params::<Params>(json).and_then(|params| params.check()).unwrap_err().to_string()
    }

    #[test]
    fn every_parameter_has_a_default_that_is_accepted() {
        let params: Params = read_params("{}").unwrap();
        assert_eq!(params, Params::default());
        assert_eq!(params.check(), Ok(()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        assert_eq!(problem(r#"{"timeout_ms": 0}"#), "parameter `timeout_ms`: expected at least 1, found 0");
        assert_eq!(
            problem(r#"{"float_tolerance": -0.5}"#),
            "parameter `float_tolerance`: expected a number from 0, found -0.5"
        );
        assert!(problem(r#"{"score": "best"}"#).contains("expected `pass-rate` or `all-or-nothing`"));
        assert_eq!(problem(r#"{"timeout": 5}"#), "unknown parameter `timeout`");
    }
}
