//! What a row's tests are: the columns read as one list of cases, whatever dataset they come from.
//!
//! | shape | where it comes from | cases |
//! |---|---|---|
//! | `{"inputs": […], "outputs": […]}`, `{"input": […], "output": […]}` | APPS and TACO (`input_output`), PRIME, CodeContests (`public_tests`) | standard input and output |
//! | the same with `fn_name` | APPS, TACO, PRIME | calls; arguments a list, or text with one JSON value a line |
//! | `[{"input": …, "output": …}]`, `stdin`, `stdout`, `expected` | LiveCodeBench, Codeforces (`official_tests`) | standard input and output; calls with `"testtype": "functional"` or a named function |
//! | `[{"function": …, "args": […], "kwargs": {…}, "expected": …}]`, `[{"call": "f(3)", "expected": 6}]` | hand-written rows | calls |
//! | `test_list`, or `tests` as a list of text | MBPP | one `assert` each, after `test_setup_code` and `test_imports` |
//! | `test`, or `tests` as text, with `check(candidate)` | HumanEval, HumanEval+, LeetCodeDataset | one, `check(entry_point)` |
//! | the same with `unittest.TestCase` | BigCodeBench | one |
//! | the same with `def test_…` | KodCode | one for each function |
//! | the same with anything else | hand-written rows | one for each top-level `assert`, or one in all |
//!
//! Text that holds JSON is read as JSON. An expected value or argument is plain JSON; an object whose one key
//! begins with `$` is the tagged encoding, for values that JSON has no word for (`{"$set": [1, 2]}`). In the
//! shapes of APPS, an expected list of one element stands for the element, too.

mod statements;
mod structured;

pub(crate) use statements::RUN_UNITTEST;

use gradebox_sdk::{
    GradeError, Sample,
    programs::Call,
    serde_json::{Value as Json, from_str},
    value::Value,
};

/// The columns that hold tests, the first that a row has wins.
pub(crate) const COLUMNS: [&str; 4] = ["tests", "test_cases", "input_output", "test_list"];

/// The tests of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Suite {
    /// The column that they come from.
    pub(crate) column: &'static str,
    /// The function under test, where the row names it.
    pub(crate) entry_point: Option<String>,
    /// Code that runs before the statements of each case.
    pub(crate) setup: String,
    /// Never empty.
    pub(crate) cases: Vec<Case>,
}

/// One test.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Case {
    /// The program reads `stdin` and must print `expected`.
    Output { stdin: String, expected: String },
    /// A function of the program is called.
    Call { call: Call, expectation: Expectation },
    /// An expression is evaluated in the program.
    Expression { expression: String, expectation: Expectation },
    /// Statements run behind the program, in its own sandbox, and must not fail.
    Statements { code: String },
}

/// What a call must lead to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expectation {
    /// One of these values; never empty.
    Returns(Vec<Value>),
    /// An exception of this type.
    Raises(String),
}

impl Suite {
    /// Reads the tests of a row.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`], naming the column, when there are none or they have no shape known here.
    pub(crate) fn read(sample: &Sample) -> Result<Self, GradeError> {
        let entry_point = match sample.text("entry_point")? {
            None => sample.text("fn_name")?,
            some => some,
        };
        let entry_point = entry_point.map(str::trim).filter(|name| !name.is_empty());
        let found = COLUMNS.into_iter().find_map(|column| Some((column, sample.field(column)?)));
        let (column, cases) = match (found, sample.text("test")?) {
            (Some((column, tests)), _) => (column, cases(column, tests, entry_point)?),
            (None, Some(code)) => ("test", statements::cases("test", code, entry_point)?),
            (None, None) => {
                let expected = "the row has no tests; expected `tests`, `test_cases`, `input_output`, `test_list`, or \
                                `test` with `entry_point`";
                return Err(GradeError::invalid_sample("tests", expected));
            }
        };
        if cases.is_empty() {
            return Err(GradeError::invalid_sample(column, "it holds no test; an empty suite proves nothing"));
        }
        Ok(Self { column, entry_point: entry_point.map(str::to_owned), setup: setup(sample)?, cases })
    }

    /// Whether tests run in the program's own sandbox, where the program could meddle with them.
    pub(crate) fn runs_beside_program(&self) -> bool {
        self.cases.iter().any(|case| matches!(case, Case::Statements { .. }))
    }
}

fn cases(column: &'static str, tests: &Json, entry_point: Option<&str>) -> Result<Vec<Case>, GradeError> {
    let Json::String(text) = tests else { return structured::cases(column, tests, entry_point) };
    match from_str::<Json>(text) {
        Ok(json @ (Json::Array(_) | Json::Object(_))) => structured::cases(column, &json, entry_point),
        Err(problem) if text.trim_start().starts_with(['{', '[']) && !text.contains("assert") => {
            Err(GradeError::invalid_sample(column, format_args!("it looks like JSON, but is not: {problem}")))
        }
        _ => statements::cases(column, text, entry_point),
    }
}

/// The code that MBPP runs before its asserts.
fn setup(sample: &Sample) -> Result<String, GradeError> {
    let mut parts = Vec::new();
    for column in ["test_imports", "test_setup_code"] {
        match sample.field(column) {
            None => {}
            Some(Json::String(code)) => parts.push(code.as_str()),
            Some(Json::Array(lines)) => {
                for line in lines {
                    let expected = || GradeError::invalid_sample(column, "expected text or a list of text");
                    parts.push(line.as_str().ok_or_else(expected)?);
                }
            }
            Some(_) => return Err(GradeError::invalid_sample(column, "expected text or a list of text")),
        }
    }
    Ok(parts.join("\n").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use gradebox_sdk::serde_json::{Map, json};

    use super::*;

    fn sample(fields: &Json) -> Sample {
        Sample { fields: fields.as_object().cloned().unwrap_or_else(Map::new), ..Sample::default() }
    }

    fn problem(fields: &Json) -> String {
        Suite::read(&sample(fields)).unwrap_err().to_string()
    }

    #[test]
    fn the_first_column_with_tests_wins() {
        let suite = Suite::read(&sample(&json!({
            "test": "assert False", "test_list": ["assert f(1) == 2"], "tests": null, "test_setup_code": "x = 1\n",
            "test_imports": ["import math", "import re"], "entry_point": " "
        })))
        .unwrap();
        assert_eq!(suite.column, "test_list");
        assert_eq!(suite.setup, "import math\nimport re\nx = 1");
        assert_eq!(suite.entry_point, None);
        assert_eq!(suite.cases, [Case::Statements { code: "assert f(1) == 2".to_owned() }]);
        assert!(suite.runs_beside_program());
    }

    #[test]
    fn text_that_holds_json_is_read_as_json() {
        let text = r#"{"inputs": ["1\n"], "outputs": ["2\n"]}"#;
        let suite = Suite::read(&sample(&json!({"input_output": text}))).unwrap();
        assert_eq!(suite.cases, [Case::Output { stdin: "1\n".to_owned(), expected: "2\n".to_owned() }]);
        assert!(!suite.runs_beside_program());
        assert!(problem(&json!({"tests": "[1, 2"})).contains("column `tests`: it looks like JSON, but is not"));
    }

    #[test]
    fn a_suite_without_tests_is_no_suite() {
        for tests in [json!([]), json!(""), json!("# nothing\n"), json!("[]"), json!({"inputs": [], "outputs": []})] {
            assert!(problem(&json!({"tests": tests})).contains("holds no test"), "{tests}");
        }
        assert!(problem(&json!({})).contains("the row has no tests"));
        assert!(problem(&json!({"tests": 3})).starts_with("column `tests`: expected"));
        assert!(problem(&json!({"tests": {"a": 1}})).starts_with("column `tests`: expected"));
        assert!(problem(&json!({"test": ["a"], "entry_point": "f"})).starts_with("column `test`: expected text"));
    }
}
