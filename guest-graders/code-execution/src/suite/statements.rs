//! Reads tests that are Python code: asserts, HumanEval's `check`, `unittest` and test functions.

use gradebox_sdk::GradeError;

use super::{Case, Part};

/// The cases of a piece of test code.
pub(super) fn cases(column: &str, code: &str, entry_point: Option<&str>) -> Result<Vec<Case>, GradeError> {
    let code = dedented(code);
    let parts =
        |parts: Vec<Part>| parts.into_iter().map(|part| Case::Statements { code: code.clone(), part }).collect();
    if has_line(&code, "def check(") && !has_line(&code, "check(") {
        if entry_point.is_none() {
            let problem = format!("`{column}` defines `check`, so the row must name the function to check");
            return Err(GradeError::invalid_sample("entry_point", problem));
        }
        return Ok(parts(vec![Part::Check]));
    }
    let tests = test_definitions(&code);
    if code.contains("TestCase") && code.contains("unittest") {
        let methods = tests.into_iter().filter(|part| matches!(part, Part::Method(..))).collect::<Vec<_>>();
        return Ok(parts(if methods.is_empty() { vec![Part::Cases] } else { methods }));
    }
    if !tests.is_empty() {
        return Ok(parts(tests));
    }
    if !code.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    let is_assert = |line: &str| line.starts_with("assert ") || line.starts_with("assert(");
    let continues = |line: &str| line.starts_with([' ', '\t', ')', ']', '}', '#']) || line.is_empty();
    let pieces = assertions(&code, is_assert, |_| true, continues).unwrap_or_else(|| vec![code]);
    Ok(pieces.into_iter().map(|code| Case::Statements { code, part: Part::Module }).collect())
}

/// Removes the whitespace that all lines begin with, and what is blank at the ends.
pub(super) fn dedented(code: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let margin = code.lines().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    let dedented: Vec<&str> = code.lines().map(|line| line.get(margin..).unwrap_or_default()).collect();
    dedented.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// Each top-level assertion as a case of its own, behind what stands before the first one. None when other statements
/// stand between them, or something before them that `may_precede` refuses: assertions may depend on it.
pub(super) fn assertions(
    code: &str,
    is_assertion: impl Fn(&str) -> bool,
    may_precede: impl Fn(&str) -> bool,
    continues: impl Fn(&str) -> bool,
) -> Option<Vec<String>> {
    let mut before: Vec<&str> = Vec::new();
    let mut found: Vec<Vec<&str>> = Vec::new();
    for line in code.lines() {
        match found.last_mut() {
            _ if is_assertion(line) => found.push(vec![line]),
            None if may_precede(line) => before.push(line),
            Some(assertion) if continues(line) => assertion.push(line),
            _ => return None,
        }
    }
    let case = |assertion: Vec<&str>| before.iter().copied().chain(assertion).collect::<Vec<_>>().join("\n");
    (!found.is_empty()).then(|| found.into_iter().map(|assertion| case(assertion).trim_end().to_owned()).collect())
}

/// The functions at the top level, and the methods of the classes there, whose names begin with `test`: as `unittest`
/// and pytest find them. A class counts when its name or a base says that it is one of tests.
fn test_definitions(code: &str) -> Vec<Part> {
    let mut class: Option<&str> = None;
    let mut indent = 0;
    let mut found = Vec::new();
    for line in code.lines() {
        let text = line.trim_start();
        let depth = line.len() - text.len();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if depth == 0 {
            class = test_class(text);
            indent = 0;
        } else if class.is_some() && indent == 0 {
            indent = depth;
        }
        let Some(name) = function_name(text).filter(|name| name.starts_with("test")) else { continue };
        match class {
            Some(class) if depth == indent && depth > 0 => {
                found.push(Part::Method(class.to_owned(), name.to_owned()));
            }
            None if depth == 0 && name.starts_with("test_") => found.push(Part::Function(name.to_owned())),
            _ => {}
        }
    }
    found
}

fn test_class(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("class ")?;
    let name = rest.split(['(', ':']).next()?.trim();
    let bases = rest.get(name.len()..)?;
    (name.starts_with("Test") || bases.contains("TestCase")).then_some(name)
}

fn function_name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").map_or(line, str::trim_start);
    Some(line.strip_prefix("def ")?.split('(').next()?.trim())
}

fn has_line(code: &str, start: &str) -> bool {
    code.lines().any(|line| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(code: &str, entry_point: Option<&str>) -> Vec<(String, Part)> {
        let code_of = |case| match case {
            Case::Statements { code, part } => (code, part),
            other => panic!("{other:?}"),
        };
        cases("test", code, entry_point).unwrap().into_iter().map(code_of).collect()
    }

    fn codes(code: &str) -> Vec<String> {
        read(code, None).into_iter().map(|(code, _)| code).collect()
    }

    fn parts(code: &str) -> Vec<Part> {
        read(code, None).into_iter().map(|(_, part)| part).collect()
    }

    fn method(class: &str, name: &str) -> Part {
        Part::Method(class.to_owned(), name.to_owned())
    }

    #[test]
    fn check_wants_the_entry_point() {
        let test = "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1) == 2\n\n";
        let code = "METADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1) == 2";
        assert_eq!(read(test, Some("Solution().f")), [(code.to_owned(), Part::Check)]);
        assert!(cases("test", test, None).unwrap_err().to_string().starts_with("column `entry_point`"));
        assert_eq!(parts(&format!("{code}\n\ncheck(f)")), [Part::Module]);
    }

    #[test]
    fn top_level_asserts_are_cases_of_their_own() {
        let code = "import math\n\nassert f(1) == [\n    2,\n]\n# next\nassert f(2) == 3\n";
        assert_eq!(
            codes(code),
            ["import math\n\nassert f(1) == [\n    2,\n]\n# next", "import math\n\nassert f(2) == 3"]
        );
    }

    #[test]
    fn statements_between_asserts_keep_them_together() {
        let code = "s = S()\nassert s.size == 0\ns.push(1)\nassert s.size == 1";
        assert_eq!(codes(code), [code]);
    }

    #[test]
    fn test_functions_are_cases_of_their_own() {
        let code = "from solution import f\n\ndef test_one():\n    assert f(1)\n\nasync def test_two() -> None:\n    def test_no():\n        pass\n    assert f(2)";
        let function = |name: &str| Part::Function(name.to_owned());
        assert_eq!(parts(code), [function("test_one"), function("test_two")]);
        let code = "class TestF:\n    def test_a(self):\n        assert f(1)\n\n    def helper(self):\n        pass\n\ndef test_b():\n    pass";
        assert_eq!(parts(code), [method("TestF", "test_a"), function("test_b")]);
    }

    #[test]
    fn unit_tests_are_cases_of_their_own() {
        let code = "import unittest\n\nclass T(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n\n    def test_one(self):\n        pass\n\n    def testTwo(self):\n        pass\n\nif __name__ == '__main__':\n    unittest.main()";
        assert_eq!(parts(code), [method("T", "test_one"), method("T", "testTwo")]);
        let generated = "import unittest\nT = type('T', (unittest.TestCase,), {'test_x': lambda self: None})";
        assert_eq!(parts(generated), [Part::Cases]);
    }

    #[test]
    fn code_that_is_indented_as_a_whole_is_dedented() {
        assert_eq!(dedented("\n    a\n\n      b\n  "), "a\n\n  b");
    }
}
