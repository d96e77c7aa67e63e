//! What a row's tests are: the columns read as one list of cases, whatever dataset they come from.
//!
//! `docs/code-execution.md` shows each format with an example. In short:
//!
//! | shape | where it comes from | cases |
//! |---|---|---|
//! | `{"inputs": […], "outputs": […]}`, `{"input": […], "output": […]}` | APPS and TACO (`input_output`), PRIME, CodeContests (`public_tests`, …) | standard input and output |
//! | the same with `fn_name` | APPS, TACO, PRIME | calls; arguments a list, or text with one JSON value a line |
//! | `[{"input": …, "output": …}]`, `stdin`, `stdout`, `expected` | Codeforces (`official_tests`), hand-written rows | standard input and output; calls where a function is named |
//! | the same with `"testtype": "stdin" \| "functional"` | LiveCodeBench (`public_test_cases`, `private_test_cases`) | either |
//! | the same with `"type": "stdin_stdout" \| "function_call"` | open-r1, SYNTHETIC-1 (`verification_info`) | either |
//! | `[{"input": {"stdin": …}, "output": {"stdout": …}}]` | `SandboxFusion` (`test`) | standard input and output |
//! | `[{"input": "nums = [3], target = 6", "output": "[0]"}]` | LeetCodeDataset (`input_output`) | calls |
//! | `[{"function": …, "args": […], "kwargs": {…}, "expected": …}]`, `[{"call": "f(3)", "expected": 6}]` | hand-written rows | calls |
//! | `test_list`, or `tests` as a list of text | MBPP | one `assert` each, after `test_setup_code` and `test_imports` |
//! | `test`, or `tests` as text, with `check(candidate)` | HumanEval, HumanEval+, LeetCodeDataset | one, `check(entry_point)` |
//! | the same with `unittest.TestCase` | BigCodeBench | one for each test method |
//! | the same with `def test_…` | KodCode | one for each function, and for each method of a `class Test…` |
//! | the same with anything else | hand-written rows | one for each top-level `assert`, or one in all |
//!
//! Text that holds JSON is read as JSON. An expected value or argument is plain JSON; an object whose one key
//! begins with `$` is the tagged encoding, for values that JSON has no word for (`{"$set": [1, 2]}`).

mod javascript;
mod literal;
mod packed;
mod statements;
mod structured;

use gradebox_sdk::{
    GradeError, Sample,
    programs::Call,
    serde_json::{Error as JsonError, Value as Json, from_str},
    value::Value,
};

use crate::{language, params::Params};

/// The columns that hold tests. Those of one group are one suite; the first group of which a row has a column wins.
const SOURCES: [&[&str]; 9] = [
    &["tests"],
    &["test_cases"],
    &["input_output"],
    &["verification_info"],
    &LIVE_CODE_BENCH,
    &["public_tests", "private_tests", "generated_tests"],
    &["official_tests"],
    &MBPP,
    &["test"],
];

const LIVE_CODE_BENCH: [&str; 2] = ["public_test_cases", "private_test_cases"];
const MBPP: [&str; 2] = ["test_list", "challenge_test_list"];

/// Columns one of which a row must have.
pub(crate) const REQUIRED: [&str; 12] = [
    "tests",
    "test_cases",
    "input_output",
    "verification_info",
    "public_test_cases",
    "private_test_cases",
    "public_tests",
    "private_tests",
    "generated_tests",
    "official_tests",
    "test_list",
    "test",
];

/// Columns that say more of the tests.
pub(crate) const OPTIONAL: [&str; 9] = [
    "entry_point",
    "fn_name",
    "prompt",
    "test_setup_code",
    "test_imports",
    "challenge_test_list",
    "metadata",
    "language",
    "checker",
];

/// The tests of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Suite {
    /// The first column that they come from.
    pub(crate) column: &'static str,
    /// The function under test, where the row names it.
    pub(crate) entry_point: Option<String>,
    /// The language of the program, where the row names it, with the column that does.
    pub(crate) language: Option<(String, &'static str)>,
    /// What judges the results instead of a comparison.
    pub(crate) checker: Option<Checker>,
    /// Code that runs before the statements of each case.
    pub(crate) setup: String,
    /// Never empty.
    pub(crate) cases: Vec<Case>,
}

/// Python code with a function `check(input, output, expected)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checker {
    pub(crate) source: String,
    /// Whether it is the row's own, not the parameter's.
    pub(crate) of_row: bool,
}

/// One test.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Case {
    /// The program reads `stdin` and must print `expected`, which only a checker can do without.
    Output { stdin: String, expected: Option<String> },
    /// A function of the program is called.
    Call { call: Call, expectation: Expectation },
    /// An expression is evaluated in the program.
    Expression { expression: String, expectation: Expectation },
    /// A test that is code: it runs in a sandbox of its own, calls the program, and must not fail.
    Statements { code: String, part: Part },
}

/// What of a piece of test code is one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// The code itself.
    Module,
    /// The function `check`, called with the function under test.
    Check,
    /// A function.
    Function(String),
    /// A method of a class.
    Method(String, String),
    /// Every `unittest.TestCase`.
    Cases,
}

/// What a call must lead to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expectation {
    /// One of these values; empty only where a checker judges without one.
    Returns(Vec<Value>),
    /// An exception of this type.
    Raises(String),
}

impl Suite {
    /// Reads the tests of a row.
    ///
    /// # Errors
    /// [`GradeError::InvalidSample`], naming the column, when there are none or they have no shape known here.
    pub(crate) fn read(sample: &Sample, params: &Params) -> Result<Self, GradeError> {
        let Some(columns) = SOURCES.into_iter().find(|columns| columns.iter().any(|name| sample.field(name).is_some()))
        else {
            let expected = format!("the row has no tests; expected one of `{}`", REQUIRED.join("`, `"));
            return Err(GradeError::invalid_sample("tests", expected));
        };
        let checker = Checker::read(sample, params)?;
        let entry_point = entry_point(sample, columns)?;
        let named = sample.text("language")?;
        let language =
            params.language.as_deref().or(named).map_or(language::DEFAULT.to_owned(), code_blocks::normalised);
        let reader =
            Reader { entry_point: entry_point.as_deref(), has_checker: checker.is_some(), language: &language };
        let wanted = columns.iter().filter(|name| params.challenge_tests || **name != "challenge_test_list");
        let mut suite = Self {
            column: columns.first().copied().unwrap_or("tests"),
            language: None,
            setup: setup(sample)?,
            cases: Vec::new(),
            checker,
            entry_point: entry_point.clone(),
        };
        let mut found = wanted.filter_map(|name| Some((*name, sample.field(name)?))).peekable();
        suite.column = found.peek().map_or(suite.column, |(name, _)| name);
        for (column, tests) in found {
            let read = reader.read(column, tests)?;
            suite.language = suite.language.or_else(|| Some((read.language?, column)));
            suite.cases.extend(read.cases);
        }
        if suite.cases.is_empty() {
            return Err(GradeError::invalid_sample(suite.column, "it holds no test; an empty suite proves nothing"));
        }
        let named = named.map(|name| (name.to_owned(), "language"));
        Ok(Self { language: named.or(suite.language), ..suite })
    }
}

impl Checker {
    fn read(sample: &Sample, params: &Params) -> Result<Option<Self>, GradeError> {
        let of_row = sample.text("checker")?.filter(|code| !code.trim().is_empty());
        let of_params = || params.checker.as_deref().filter(|code| !code.trim().is_empty());
        let as_checker = |source: &str, of_row| Self { source: format!("{}\n", source.trim_end()), of_row };
        Ok(of_row.map(|code| as_checker(code, true)).or_else(|| Some(as_checker(of_params()?, false))))
    }
}

/// The function under test: the row's columns, else what LiveCodeBench's `metadata` says.
fn entry_point(sample: &Sample, columns: &[&str]) -> Result<Option<String>, GradeError> {
    let named = sample.text("entry_point")?.or(sample.text("fn_name")?);
    if let Some(name) = named.map(str::trim).filter(|name| !name.is_empty()) {
        return Ok(Some(name.to_owned()));
    }
    if columns != LIVE_CODE_BENCH {
        return Ok(None);
    }
    let parsed = match sample.field("metadata") {
        Some(Json::String(text)) if text.trim().is_empty() => None,
        Some(Json::String(text)) => Some(from_str::<Json>(text).map_err(|problem| {
            GradeError::invalid_sample("metadata", format_args!("expected JSON text: {problem}"))
        })?),
        metadata => metadata.cloned(),
    };
    let name = parsed.as_ref().and_then(|metadata| metadata.get("func_name")?.as_str());
    Ok(name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned))
}

/// What the reading of every column needs to know of the row.
#[derive(Clone, Copy)]
struct Reader<'a> {
    entry_point: Option<&'a str>,
    has_checker: bool,
    /// Of tests that are code.
    language: &'a str,
}

/// What one column holds.
#[derive(Debug, Clone, PartialEq)]
struct Tests {
    cases: Vec<Case>,
    language: Option<String>,
}

impl Reader<'_> {
    fn read(self, column: &'static str, tests: &Json) -> Result<Tests, GradeError> {
        let Json::String(text) = tests else { return structured::read(column, tests, self) };
        if text.trim().is_empty() {
            return Ok(Tests { cases: Vec::new(), language: None });
        }
        if column == "private_test_cases" && !text.trim_start().starts_with(['[', '{']) {
            let text = packed::unpack(text).map_err(|problem| GradeError::invalid_sample(column, problem))?;
            return self.read_text(column, &text);
        }
        self.read_text(column, text)
    }

    fn read_text(self, column: &'static str, text: &str) -> Result<Tests, GradeError> {
        let looks_like_json = text.trim_start().starts_with(['{', '[']);
        match from_str::<Json>(text) {
            Ok(json @ (Json::Array(_) | Json::Object(_))) => structured::read(column, &json, self),
            Err(problem) if looks_like_json && !text.contains("assert") => {
                let problem = json_problem(&problem);
                Err(GradeError::invalid_sample(
                    column,
                    format_args!("it looks like JSON, but cannot be read: {problem}"),
                ))
            }
            _ if self.language == language::JAVASCRIPT => {
                Ok(Tests { cases: javascript::cases(column, text, self.entry_point)?, language: None })
            }
            _ => Ok(Tests { cases: statements::cases(column, text, self.entry_point)?, language: None }),
        }
    }
}

/// What is wrong with a text that is to be JSON.
fn json_problem(error: &JsonError) -> String {
    let message = error.to_string();
    message
        .strip_prefix("recursion limit exceeded")
        .map_or_else(|| message.clone(), |place| format!("nested deeper than 127 levels{place}"))
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

    fn read(fields: &Json) -> Suite {
        Suite::read(&sample(fields), &Params::default()).unwrap()
    }

    fn output(stdin: &str, expected: &str) -> Case {
        Case::Output { stdin: stdin.to_owned(), expected: Some(expected.to_owned()) }
    }

    fn problem(fields: &Json) -> String {
        Suite::read(&sample(fields), &Params::default()).unwrap_err().to_string()
    }

    #[test]
    fn the_first_column_with_tests_wins() {
        let suite = read(&json!({
            "test": "assert False", "test_list": ["assert f(1) == 2"], "tests": null, "test_setup_code": "x = 1\n",
            "test_imports": ["import math", "import re"], "entry_point": " ", "challenge_test_list": ["assert False"]
        }));
        assert_eq!(suite.column, "test_list");
        assert_eq!(suite.setup, "import math\nimport re\nx = 1");
        assert_eq!(suite.entry_point, None);
        assert_eq!(suite.cases, [Case::Statements { code: "assert f(1) == 2".to_owned(), part: Part::Module }]);
    }

    #[test]
    fn text_that_holds_json_is_read_as_json() {
        let text = r#"{"inputs": ["1\n"], "outputs": ["2\n"]}"#;
        let suite = read(&json!({"input_output": text}));
        assert_eq!(suite.cases, [output("1\n", "2\n")]);
        assert!(problem(&json!({"tests": "[1, 2"})).contains("column `tests`: it looks like JSON, but cannot be read"));
    }

    #[test]
    fn a_suite_without_tests_is_no_suite() {
        for tests in [json!([]), json!(""), json!("# nothing\n"), json!("[]"), json!({"inputs": [], "outputs": []})] {
            assert!(problem(&json!({"tests": tests})).contains("holds no test"), "{tests}");
        }
        assert!(problem(&json!({})).contains("the row has no tests"));
        assert!(problem(&json!({"tests": 3})).starts_with("column `tests`: expected"));
        assert!(problem(&json!({"tests": {"a": 1}})).starts_with("column `tests`: expected"));
        assert!(problem(&json!({"test": 3, "entry_point": "f"})).starts_with("column `test`: expected"));
        assert!(problem(&json!({"test": " "})).contains("holds no test"));
    }

    #[test]
    fn columns_of_one_benchmark_are_one_suite() {
        let public = r#"[{"input": "1", "output": "2", "testtype": "stdin"}]"#;
        let suite = read(&json!({"public_test_cases": public, "private_test_cases": [{"input": "3", "output": "4"}]}));
        assert_eq!((suite.column, suite.cases), ("public_test_cases", vec![output("1", "2"), output("3", "4")]));
        let suite = read(
            &json!({"public_tests": {"input": [], "output": []}, "private_tests": {"input": ["1"], "output": ["2"]}}),
        );
        assert_eq!(suite.cases, [output("1", "2")]);
        let problem = problem(&json!({"public_test_cases": public, "private_test_cases": "?"}));
        assert!(problem.starts_with("column `private_test_cases`: expected JSON"), "{problem}");
    }

    #[test]
    fn live_code_bench_names_its_function_in_the_metadata() {
        let tests = r#"[{"input": "1", "output": "2", "testtype": "functional"}]"#;
        let suite = read(&json!({"public_test_cases": tests, "metadata": "{\"func_name\": \"add\"}"}));
        assert_eq!(suite.entry_point.as_deref(), Some("add"));
        assert!(matches!(suite.cases.as_slice(), [Case::Call { .. }]));
        assert!(problem(&json!({"public_test_cases": tests, "metadata": "{}"})).contains("metadata.func_name"));
        assert!(problem(&json!({"public_test_cases": tests, "metadata": "{"})).starts_with("column `metadata`"));
        assert_eq!(read(&json!({"tests": ["assert f()"], "metadata": "what I found"})).entry_point, None);
    }

    #[test]
    fn challenge_tests_count_on_request() {
        let fields = json!({"test_list": ["assert f(1)"], "challenge_test_list": ["assert f(2)"]});
        assert_eq!(read(&fields).cases.len(), 1);
        let params = Params { challenge_tests: true, ..Params::default() };
        assert_eq!(Suite::read(&sample(&fields), &params).unwrap().cases.len(), 2);
    }

    #[test]
    fn a_language_may_stand_beside_the_tests_or_in_them() {
        let info = json!({"language": "python", "test_cases": [{"input": "1", "output": "2", "type": "stdin_stdout", "fn_name": null}]});
        let suite = read(&json!({"verification_info": info.to_string()}));
        assert_eq!(suite.language, Some(("python".to_owned(), "verification_info")));
        assert_eq!(suite.cases, [output("1", "2")]);
        let suite = read(&json!({"verification_info": info, "language": "js"}));
        assert_eq!(suite.language, Some(("js".to_owned(), "language")));
        assert!(problem(&json!({"tests": [{"stdout": "1"}], "language": 3})).starts_with("column `language`"));
    }

    #[test]
    fn a_checker_makes_expected_output_optional() {
        let fields = json!({"tests": [{"stdin": "1"}], "checker": "def check(i, o, e):\n    return True\n\n"});
        let suite = read(&fields);
        assert_eq!(suite.cases, [Case::Output { stdin: "1".to_owned(), expected: None }]);
        assert!(suite.checker.is_some_and(|checker| checker.of_row && checker.source.ends_with("return True\n")));
        assert!(problem(&json!({"tests": [{"stdin": "1"}]})).contains("test 1"));
        let params = Params { checker: Some("x".to_owned()), ..Params::default() };
        let checker = Suite::read(&sample(&json!({"tests": {"inputs": ["1"]}})), &params).unwrap().checker.unwrap();
        assert_eq!(checker, Checker { source: "x\n".to_owned(), of_row: false });
    }

    mod properties {
        use proptest::prelude::*;

        use super::*;

        const KEYS: [&str; 22] = [
            "inputs",
            "outputs",
            "input",
            "output",
            "stdin",
            "stdout",
            "expected",
            "fn_name",
            "function",
            "args",
            "kwargs",
            "call",
            "raises",
            "assert",
            "type",
            "testtype",
            "test_cases",
            "language",
            "tests",
            "$set",
            "$tuple",
            "other",
        ];
        const TEXTS: [&str; 10] =
            ["", "1", "[1]", "f", "f(1)", "functional", "stdin", "assert f()", "def check(c): pass", "{\"a\": 1}"];

        fn tests() -> impl Strategy<Value = Json> {
            let text = prop::sample::select(TEXTS.as_slice()).prop_map(Json::from);
            let scalar = prop_oneof![
                Just(Json::Null),
                any::<bool>().prop_map(Json::from),
                any::<i32>().prop_map(Json::from),
                text
            ];
            scalar.prop_recursive(4, 48, 4, |inner| {
                let entries = prop::collection::vec((prop::sample::select(KEYS.as_slice()), inner.clone()), 0..5);
                let object = entries
                    .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect());
                prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Json::Array), object.prop_map(Json::Object)]
            })
        }

        proptest! {
            #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

            /// Read twice, as data and as text, tests are the same cases, or an error that names the column.
            #[test]
            fn whatever_a_column_holds_is_cases_or_an_error_that_names_it(tests in tests()) {
                let as_data = Suite::read(&sample(&json!({"tests": tests})), &Params::default());
                match &as_data {
                    Ok(suite) => prop_assert!(!suite.cases.is_empty()),
                    Err(error) => {
                        let problem = error.to_string();
                        prop_assert!(
                            ["column `tests`: ", "column `entry_point`: "].iter().any(|start| problem.starts_with(start)),
                            "{}", problem
                        );
                    }
                }
                if tests.is_array() || tests.is_object() {
                    let as_text = Suite::read(&sample(&json!({"tests": tests.to_string()})), &Params::default());
                    prop_assert_eq!(as_text, as_data);
                }
            }
        }
    }
}
