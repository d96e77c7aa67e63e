//! Reads tests that are JavaScript: assertions, HumanEval's `check`, and everything else as one test.

use gradebox_sdk::GradeError;

use super::{
    Case, Part,
    statements::{assertions, dedented},
};

/// How a line begins that is an assertion of its own.
const ASSERTIONS: [&str; 5] = ["assert(", "assert.", "console.assert(", "expect(", "await assert."];

/// The cases of a piece of test code.
pub(super) fn cases(column: &str, code: &str, entry_point: Option<&str>) -> Result<Vec<Case>, GradeError> {
    let code = dedented(code);
    let defines_check = ["function check(", "const check =", "async function check("];
    if starts_a_line(&code, &defines_check) && !starts_a_line(&code, &["check(", "await check("]) {
        if entry_point.is_none() {
            let problem = format!("`{column}` defines `check`, so the row must name the function to check");
            return Err(GradeError::invalid_sample("entry_point", problem));
        }
        return Ok(vec![Case::Statements { code, part: Part::Check }]);
    }
    if code.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with("//")) {
        return Ok(Vec::new());
    }
    let is_assertion = |line: &str| ASSERTIONS.iter().any(|start| line.starts_with(start));
    let continues = |line: &str| line.starts_with([' ', '\t', ')', ']', '}', '/', '.']) || line.is_empty();
    let pieces = assertions(&code, is_assertion, is_import, continues).unwrap_or_else(|| vec![code]);
    Ok(pieces.into_iter().map(|code| Case::Statements { code, part: Part::Module }).collect())
}

/// Whether a line may stand before assertions that are cases of their own: they depend on nothing that it does.
fn is_import(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || ["//", "import ", "'use strict'", "\"use strict\""].iter().any(|start| line.starts_with(start))
        || (line.starts_with("const ") && line.contains("= require("))
}

fn starts_a_line(code: &str, starts: &[&str]) -> bool {
    code.lines().any(|line| starts.iter().any(|start| line.starts_with(start)))
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

    #[test]
    fn top_level_assertions_are_cases_of_their_own() {
        let code =
            "const assert = require('assert');\nassert.deepEqual(f(1), [\n  2,\n]);\nconsole.assert(f(2) === 3);";
        let before = "const assert = require('assert');";
        let expected = [
            format!("{before}\nassert.deepEqual(f(1), [\n  2,\n]);"),
            format!("{before}\nconsole.assert(f(2) === 3);"),
        ];
        assert_eq!(read(code, None).into_iter().map(|(code, _)| code).collect::<Vec<_>>(), expected);
        assert_eq!(read("const xs = [2, 1];\nassert(sort(xs));\nassert.deepEqual(xs, [1, 2]);", None).len(), 1);
        let dependent = "const s = new S();\nassert(s.empty);\ns.push(1);\nassert(!s.empty);";
        assert_eq!(read(dependent, None).len(), 1);
    }

    #[test]
    fn check_wants_the_entry_point() {
        let code = "function check(candidate) {\n  assert(candidate(1));\n}";
        assert_eq!(read(code, Some("f")), [(code.to_owned(), Part::Check)]);
        assert!(cases("test", code, None).unwrap_err().to_string().starts_with("column `entry_point`"));
        assert_eq!(read(&format!("{code}\ncheck(f);"), None)[0].1, Part::Module);
    }

    #[test]
    fn comments_are_no_test() {
        assert!(read("// nothing\n\n", None).is_empty());
    }
}
