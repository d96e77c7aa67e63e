//! Reads tests that are Python code: asserts, HumanEval's `check`, `unittest` and test functions.

use gradebox_sdk::GradeError;

use super::Case;

/// The cases of a piece of test code.
pub(super) fn cases(column: &str, code: &str, entry_point: Option<&str>) -> Result<Vec<Case>, GradeError> {
    let code = dedented(code);
    let statements = |code: String| Case::Statements { code };
    if has_line(&code, "def check(") && !has_line(&code, "check(") {
        let Some(entry_point) = entry_point else {
            let problem = format!("`{column}` defines `check`, so the row must name the function to check");
            return Err(GradeError::invalid_sample("entry_point", problem));
        };
        return Ok(vec![statements(format!("{code}\n\ncheck({entry_point})"))]);
    }
    if code.contains("unittest.TestCase") || code.contains("(TestCase)") {
        return Ok(vec![statements(format!("{code}\n{RUN_UNITTEST}"))]);
    }
    let functions = test_functions(&code);
    if !functions.is_empty() {
        return Ok(functions.iter().map(|name| statements(format!("{code}\n\n{name}()"))).collect());
    }
    if !code.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    Ok(asserts(&code).unwrap_or_else(|| vec![code]).into_iter().map(statements).collect())
}

/// Removes the whitespace that all lines begin with, and what is blank at the ends.
pub(super) fn dedented(code: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let margin = code.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let dedented: Vec<&str> = code.lines().map(|line| line.get(margin..).unwrap_or_default()).collect();
    dedented.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// Each top-level assert as a case of its own, behind what stands before the first one. None when other
/// statements stand between them: those may depend on each other.
fn asserts(code: &str) -> Option<Vec<String>> {
    let mut before: Vec<&str> = Vec::new();
    let mut asserts: Vec<Vec<&str>> = Vec::new();
    for line in code.lines() {
        let continues = line.starts_with([' ', '\t', ')', ']', '}', '#']) || line.is_empty();
        match asserts.last_mut() {
            _ if line.starts_with("assert ") || line.starts_with("assert(") => asserts.push(vec![line]),
            None => before.push(line),
            Some(assert) if continues => assert.push(line),
            Some(_) => return None,
        }
    }
    let case = |assert: Vec<&str>| before.iter().copied().chain(assert).collect::<Vec<_>>().join("\n");
    (!asserts.is_empty()).then(|| asserts.into_iter().map(|assert| case(assert).trim_end().to_owned()).collect())
}

/// The top-level functions whose names begin with `test_`.
fn test_functions(code: &str) -> Vec<&str> {
    let defined = code.lines().filter_map(|line| line.strip_prefix("def ")?.split('(').next());
    defined.map(str::trim).filter(|name| name.starts_with("test_")).collect()
}

fn has_line(code: &str, start: &str) -> bool {
    code.lines().any(|line| line.starts_with(start))
}

/// Runs every `TestCase` of the module, and fails with what the first failed test said.
pub(crate) const RUN_UNITTEST: &str = r#"
def _gradebox_run_unittest():
    import io
    import unittest
    classes = [c for c in globals().values() if isinstance(c, type) and issubclass(c, unittest.TestCase)]
    classes = [c for c in classes if c is not unittest.TestCase]
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    result = unittest.TextTestRunner(stream=io.StringIO()).run(unittest.TestSuite(map(load, classes)))
    failed = result.failures + result.errors
    if failed:
        test, trace = failed[0]
        raise AssertionError(f"{len(failed)} of {result.testsRun} unit tests failed; {test.id().split('.')[-1]}: "
                             + trace.strip().splitlines()[-1])
    if result.testsRun == 0:
        raise AssertionError("no unit test was found")


_gradebox_run_unittest()"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(code: &str, entry_point: Option<&str>) -> Vec<String> {
        let code_of = |case| match case {
            Case::Statements { code } => code,
            other => panic!("{other:?}"),
        };
        cases("test", code, entry_point).unwrap().into_iter().map(code_of).collect()
    }

    #[test]
    fn check_is_called_with_the_entry_point() {
        let test = "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1) == 2\n\n";
        let expected = "METADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1) == 2\n\ncheck(Solution().f)";
        assert_eq!(codes(test, Some("Solution().f")), [expected]);
        assert!(cases("test", test, None).unwrap_err().to_string().starts_with("column `entry_point`"));
    }

    #[test]
    fn top_level_asserts_are_cases_of_their_own() {
        let code = "import math\n\nassert f(1) == [\n    2,\n]\n# next\nassert f(2) == 3\n";
        assert_eq!(
            codes(code, None),
            ["import math\n\nassert f(1) == [\n    2,\n]\n# next", "import math\n\nassert f(2) == 3"]
        );
    }

    #[test]
    fn statements_between_asserts_keep_them_together() {
        let code = "s = S()\nassert s.size == 0\ns.push(1)\nassert s.size == 1";
        assert_eq!(codes(code, None), [code]);
    }

    #[test]
    fn test_functions_are_cases_of_their_own() {
        let code =
            "from solution import f\n\ndef test_one():\n    assert f(1)\n\ndef test_two() -> None:\n    assert f(2)";
        let cases = codes(code, None);
        assert_eq!(cases.len(), 2);
        assert!(cases[0].ends_with("\n\ntest_one()") && cases[1].ends_with("\n\ntest_two()"));
    }

    #[test]
    fn unit_tests_are_one_case() {
        let code = "import unittest\nclass T(unittest.TestCase):\n    def test_one(self):\n        pass";
        let cases = codes(code, Some("f"));
        assert_eq!(cases.len(), 1);
        assert!(cases[0].ends_with("_gradebox_run_unittest()"));
    }

    #[test]
    fn code_that_is_indented_as_a_whole_is_dedented() {
        assert_eq!(dedented("\n    a\n\n      b\n  "), "a\n\n  b");
    }
}
