//! Verdicts on whole responses.

use super::*;

fn grade_with(response: &str, params: &Params) -> Verdict {
    CodeStyle::grade(&Sample { response: response.to_owned(), ..Sample::default() }, params).unwrap()
}

fn grade(code: &str, params: &Params) -> (f64, String) {
    match grade_with(&format!("```python\n{code}\n```"), params) {
        Verdict::Scored { value, reason, .. } => (value, reason),
        other => panic!("{code:?} gives {other:?}"),
    }
}

#[track_caller]
fn scores(code: &str, expected: f64) -> String {
    let (value, reason) = grade(code, &Params::default());
    assert!((value - expected).abs() < 1e-12, "{code:?} gives {value}: {reason}");
    reason
}

#[test]
fn what_is_used_and_not_given_has_no_style() {
    for code in [
        "if MyVar == 3:\n    pass",
        "f(maxRows=2)\nx = 1",
        "LIMIT = 10\nMOST_ROWS: int = 5",
        "class Tree:\n    nodeType = 1\n    MAX = 2",
        "import numpy as NP\nfrom a import B as camelCase\nx = NP",
        "x = 1\nx.camelCase = 2\nself.Other = 3",
        "class Test(TestCase):\n    def setUp(self):\n        pass\n    def visit_Name(self, node):\n        pass",
        "Point = namedtuple('Point', 'x y')\nT = TypeVar('T')\nRows = list[int]\nEither = int | str\nAlias: TypeAlias = int",
        "def f():\n    global COUNT\n    COUNT = 1",
        "for _ in x:\n    pass",
        "counts = {}\ncounts['Key'] = 1\ncounts['a'] += 1",
        "type Rows = list[int]\nx = 1",
    ] {
        scores(code, 1.0);
    }
}

#[test]
fn every_kind_of_name_is_judged_once() {
    for (code, message) in [
        (
            "def computeTotal():\n    computeTotal()",
            "line 2, column 5: function `computeTotal` should be written `compute_total`",
        ),
        ("class binary_tree:\n    pass", "class `binary_tree` should be written `BinaryTree`"),
        ("class Tree:\n    def addNode(self):\n        pass", "function `addNode`"),
        ("def f(maxRows=1):\n    return maxRows", "parameter `maxRows`"),
        ("f = lambda Xs: Xs", "parameter `Xs`"),
        ("def f():\n    T = 0\n    T = 1\n    T += 2", "variable `T` should be written `t`"),
        ("myVar = 1\nmyVar = 2", "line 2, column 1: variable `myVar`"),
        ("for Item in x:\n    pass", "variable `Item`"),
        ("with a as File:\n    pass", "variable `File`"),
        ("try:\n    pass\nexcept A as Error:\n    pass", "variable `Error`"),
        ("if (Count := 1):\n    pass", "variable `Count`"),
        ("match x:\n    case Foo.BAR as Caught:\n        pass", "variable `Caught`"),
        ("x = [Item for Item in y]", "variable `Item`"),
        ("a, camelCase = 1, 2", "variable `camelCase`"),
    ] {
        let (value, reason) = grade(code, &Params::default());
        assert!(value < 1.0 && reason.starts_with("1 of style"), "{code:?} gives {value}: {reason}");
        assert!(reason.contains(message), "{reason}");
    }
}

#[test]
fn the_two_parts_weigh_the_same_and_a_missing_one_does_not_count() {
    scores("def Calc(n):\n    T = 0\n", 0.5 + 0.5 / 3.0);
    scores("def Calc():\n    T = 0\n\ndef Other():\n\tU = 1", 0.0);
    scores("camelCase = 1", 0.0);
    scores("if a:\n    print(b)", 1.0);
    let params = Params { indentation_weight: 0.0, ..Params::default() };
    assert!(grade("def f():\n    x = 1\n\ndef g():\n\ty = 1", &params).0 > 0.99);
}

#[test]
fn indentation_is_the_same_throughout() {
    for (code, is_consistent) in [
        ("if a:\n  b = 1\n  if c:\n    d = 1", true),
        ("if a:\n\tb = 1\n\tif c:\n\t\td = 1", true),
        ("if a:\n  b = 1\n  if c:\n      d = 1", false),
        ("if a:\n    b = 1\nif c:\n\td = 1", false),
        ("if a:\n \tb = 1", false),
        ("if a:\n    b = 1\n\tc = 1", false),
        ("x = [\n  1,\n     2,\n]\nif x:\n    y = f(\n  1)", true),
        ("def f():\n    '''\n  text\n\ttext'''\n    # note\n  # note\n    x = 1", true),
    ] {
        let (value, reason) = grade(code, &Params::default());
        assert_eq!(value > 0.9, is_consistent, "{code:?} gives {value}: {reason}");
    }
    let params = Params { indent_width: Some(4), ..Params::default() };
    let (_, reason) = grade("if a:\n  b = 1", &params);
    assert!(reason.contains("line 3, column 3: indented by 2 spaces, not by 4 spaces"), "{reason}");
}

#[test]
fn the_score_is_the_mean_over_the_blocks_that_have_something_to_judge() {
    let response = "```python\nx = 1\n```\n```py\nmyVar = 1\n```\n```python\nprint(1)\n```\n```js\nlet myVar;\n```";
    let Verdict::Scored { value, .. } = grade_with(response, &Params::default()) else { panic!("no score") };
    assert!((value - 0.5).abs() < 1e-12, "{value}");
    for response in ["no code", "```js\nlet myVar;\n```", "```python\nprint(1)\n```"] {
        assert!(matches!(grade_with(response, &Params::default()), Verdict::NotApplicable(_)), "{response}");
    }
}

#[test]
fn broken_code_is_judged_by_what_can_be_read() {
    let reason = scores("def factorial(n):\n    if n = 1:\n        return 1\n    return n * factorial(n - 1)", 1.0);
    assert!(reason.contains("does not parse"), "{reason}");
}

#[test]
fn a_user_may_allow_names_and_not_ask_for_nonsense() {
    let params = Params { allowed_names: vec!["isPalindrome".to_owned()], ..Params::default() };
    assert!(grade("def isPalindrome(text):\n    return text", &params).0 > 0.99);
    for params in [
        Params { indentation_weight: 2.0, ..Params::default() },
        Params { indentation_weight: f64::NAN, ..Params::default() },
        Params { indent_width: Some(0), ..Params::default() },
    ] {
        assert!(matches!(CodeStyle::grade(&Sample::default(), &params), Err(GradeError::InvalidParams(_))));
    }
}

#[test]
fn what_is_too_large_or_too_deep_is_undecided() {
    let deep = format!("```python\nx = {}{}\n```", "(".repeat(100_000), ")".repeat(100_000));
    assert!(matches!(grade_with(&deep, &Params::default()), Verdict::Undecided(_)));
    assert!(matches!(grade_with(&"x".repeat(LARGEST_RESPONSE + 1), &Params::default()), Verdict::Undecided(_)));
}
