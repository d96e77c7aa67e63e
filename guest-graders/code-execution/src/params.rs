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
    /// The language of the program; what the host has a runtime for.
    pub language: String,
    /// How far a float may be from the expected number, as a part of the larger of the two.
    #[schemars(range(min = 0))]
    pub float_tolerance: f64,
    /// How far a float may be from the expected number at least, however small the two are.
    #[schemars(range(min = 0))]
    pub float_absolute_tolerance: f64,
    /// How printed output is compared with the expected output.
    pub compare_output: OutputComparison,
    /// How many failed tests the reason describes.
    #[schemars(range(min = 1))]
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
    /// Line by line; spaces at the end of a line and newlines at the end do not count.
    Text,
    /// Word by word; words that are numbers may differ by the float tolerances.
    Numbers,
}

impl Params {
    /// Refuses what the types allow but makes no sense.
    pub(crate) fn check(&self) -> Result<(), GradeError> {
        let at_least_one = [
            ("timeout_ms", u64::from(self.timeout_ms)),
            ("memory_mib", self.memory_mib.map_or(1, u64::from)),
            ("max_timeouts", u64::from(self.max_timeouts)),
            ("max_tests_in_reason", self.max_tests_in_reason as u64),
        ];
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
            memory_mib: None,
            score: Scoring::PassRate,
            stop_at_first_failure: false,
            max_timeouts: 4,
            language: "python".to_owned(),
            float_tolerance: 1e-6,
            float_absolute_tolerance: 1e-9,
            compare_output: OutputComparison::Text,
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
