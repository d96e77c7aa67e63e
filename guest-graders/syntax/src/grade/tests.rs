//! Verdicts on whole responses.

use gradebox_sdk::serde_json::{Map, Value};

use super::*;

fn sample(response: &str) -> Sample {
    Sample {
        id: "1".to_owned(),
        messages: Vec::new(),
        response: response.to_owned(),
        reference: None,
        fields: Map::new(),
    }
}

fn grade(response: &str) -> Verdict {
    Syntax::grade(&sample(response), &Params::default()).unwrap()
}

/// The score, the reason and the details of code in a fence that begins at the response's first line.
fn scored(response: &str) -> (f64, String, Map<String, Value>) {
    match grade(response) {
        Verdict::Scored { value, reason, details } => (value, reason, details),
        other => panic!("{response:?} gives {other:?}"),
    }
}

fn fenced(code: &str) -> String {
    format!("```python\n{code}\n```")
}

/// Line, column and message of every error in the code.
fn errors(code: &str) -> Vec<(u64, u64, String)> {
    let (_, _, details) = scored(&fenced(code));
    let error = |error: &Value| {
        let number = |key: &str| error[key].as_u64().unwrap();
        (number("line_in_block"), number("column_in_block"), error["message"].as_str().unwrap().to_owned())
    };
    details["errors"].as_array().unwrap().iter().map(error).collect()
}

#[test]
fn the_guides_factorial_is_found_and_its_error_located() {
    let response = "\n    def factorial(n):\n        if n = 1:\n            return 1\n        else:\n            return n * factorial(n-1)\n    ";
    let (value, reason, details) = scored(response);
    assert!(value.abs() < f64::EPSILON);
    assert!(reason.contains("line 3, column 14: invalid syntax: '=' assigns; maybe you meant '=='"), "{reason}");
    assert!(reason.ends_with("\n        if n = 1:\n             ^"), "{reason}");
    let error = &details["errors"][0];
    assert_eq!((error["line"].as_u64(), error["column"].as_u64()), (Some(3), Some(14)));
    assert_eq!((error["line_in_block"].as_u64(), error["column_in_block"].as_u64()), (Some(2), Some(10)));
    assert_eq!(error["text"], "    if n = 1:");
}

#[test]
fn the_score_is_the_share_of_blocks_that_parse() {
    let (value, reason, details) = scored("```python\nx = 1\n```\n```py\nx =\n```\n~~~Python3\nprint(1)\n~~~");
    assert!((value - 2.0 / 3.0).abs() < 1e-12);
    assert!(reason.starts_with("1 of 3 code blocks do not parse\nline 5, column 4 (block 2): "), "{reason}");
    assert_eq!(details["blocks"].as_array().unwrap().len(), 3);
    let (value, reason, _) = scored("```python\nx = 1\n```\n```bash\nls (\n```");
    assert!((value - 1.0).abs() < f64::EPSILON);
    assert_eq!(reason, "the code block parses");
}

#[test]
fn a_response_without_python_is_not_judged() {
    for (response, word) in [
        ("The capital of France is Paris.", "no code"),
        ("x = 10", "no code"),
        ("```bash\nls -la\n```", "`bash`"),
        ("```\n{\"a\": 1\n```", "untagged"),
        ("```brainfuck\n+[\n```", "`brainfuck`"),
        ("```json5\n{a: 1}\n```", "`json5`"),
        ("```python\n\n```", "no code"),
        ("<think>\n```python\nx = (\n```\n</think>\nNo.", "no code"),
    ] {
        match grade(response) {
            Verdict::NotApplicable(reason) => assert!(reason.contains(word), "{reason}"),
            other => panic!("{response:?} gives {other:?}"),
        }
    }
}

#[test]
fn each_mistake_is_explained_where_it_is() {
    for (code, line, column, message) in [
        ("def f(n)\n    return 1", 1, 9, "expected ':' at the end of the 'def' line"),
        ("def f(n):\nreturn 1", 2, 1, "expected an indented block after function definition"),
        ("print 'a'", 1, 7, "missing parentheses in call to 'print'"),
        ("print(f(5)\nx = 1", 1, 6, "'(' was never closed"),
        ("x = [1, 2\ny = 3\ndef g():\n    pass", 1, 5, "'[' was never closed"),
        ("x = (1, 2]", 1, 10, "closing parenthesis ']' does not match opening parenthesis '('"),
        ("x = 1)", 1, 6, "unmatched ')'"),
        ("s = 'abc\ny = 1", 1, 5, "unterminated string literal"),
        ("def f():\n    '''doc\n    return 1", 2, 5, "unterminated triple-quoted string literal"),
        ("if a:\n    b\nelse if c:\n    d", 3, 6, "expected ':' after 'else'; use 'elif'"),
        ("x++", 1, 4, "use '+= 1'"),
        ("if a && b:\n    c", 1, 7, "use 'and'"),
        ("if !a:\n    c", 1, 4, "use 'not'"),
        ("if a:\n    x = 1\n      y = 2", 3, 7, "unexpected indent"),
        ("x = {'a': 1 'b': 2}", 1, 13, "perhaps you forgot a comma"),
        ("x = “a”", 1, 5, "use the straight quote"),
        ("1 = x", 1, 1, "cannot assign to a literal"),
        ("foo bar", 1, 5, "nothing joins 'foo' and 'bar'"),
        ("try:\n    x = 1\ny = 2", 3, 1, "expected `except` or `finally`"),
        ("x = 0777", 1, 5, "leading zeros"),
        ("return 5", 1, 1, "`return` statement outside of a function"),
        ("def f():\n    await g()", 2, 5, "`await` outside of an asynchronous function"),
        ("def f(a, a): pass", 1, 10, "duplicate parameter"),
        ("nonlocal x", 1, 1, "nonlocal declaration not allowed at module level"),
        ("def f():\n    nonlocal x", 2, 14, "no binding for nonlocal"),
        ("def f():\n    x = 1\n    global x", 2, 5, "used prior to global declaration"),
        ("def f():\n    super()\n    global __class__", 3, 12, "used prior to global declaration"),
        ("def f():\n    __class__\n    super()\n    global __class__", 2, 5, "used prior to global declaration"),
        (
            "class A:\n    def f(self):\n        super()\n        nonlocal __class__",
            4,
            18,
            "used prior to nonlocal declaration",
        ),
        ("*x", 1, 1, "starred expression"),
        ("a += *b", 1, 6, "starred expression"),
        ("a: int = *b", 1, 10, "starred expression"),
        ("x = f'{*a}'", 1, 8, "starred expression"),
        ("with a as *b: pass", 1, 11, "starred assignment target"),
        ("def f():\n    yield , 1", 2, 11, "before ','"),
        ("with 1as x: pass", 1, 7, "invalid decimal literal"),
        ("x.__debug__ = 1", 1, 3, "cannot assign to __debug__"),
        ("f(__debug__=1)", 1, 3, "cannot assign to __debug__"),
        ("class A(__debug__=1): pass", 1, 9, "cannot assign to __debug__"),
        ("x = f'{a:{b:{c:{d}}}}'", 1, 16, "nested too deeply"),
        ("match x:\n    case f'a': pass", 2, 10, "patterns may only match"),
        ("match x:\n    case _ | 1: pass", 2, 10, "wildcard makes"),
        ("try:\n    a\nexcept: b\nexcept C: d", 3, 1, "must be last"),
        ("for x in y:\n    try: a\n    except* B: break", 3, 16, "except* block"),
        ("def f():\n    try: a\n    except* B:\n        for x in y: return", 4, 21, "except* block"),
        ("if a:\n    b\n\tc", 3, 2, "unindent does not match"),
        ("if a:\n\tif b:\n        c", 3, 9, "inconsistent use of tabs"),
        ("break", 1, 1, "`break` outside loop"),
        ("for x in y:\n    def f():\n        continue", 3, 9, "`continue` outside loop"),
    ] {
        let found = errors(code);
        assert!(
            found.iter().any(|error| error.0 == line && error.1 == column && error.2.contains(message)),
            "{code:?} gives {found:?}"
        );
        assert_eq!(found.len(), 1, "{code:?} gives {found:?}");
    }
}

#[test]
fn every_independent_error_is_reported_up_to_the_limit() {
    let code = "if a = 1:\n    pass\nx++\ndef f(:\n    pass";
    assert_eq!(errors(code).iter().map(|error| error.0).collect::<Vec<_>>(), [1, 3, 4]);
    let many = "x++\n".repeat(30);
    let params = Params { max_errors: 2, ..Params::default() };
    let Verdict::Scored { reason, details, .. } = Syntax::grade(&sample(&fenced(&many)), &params).unwrap() else {
        panic!("no score");
    };
    assert_eq!(details["errors"].as_array().unwrap().len(), 2);
    assert_eq!(details["error_count"], 30);
    assert!(reason.ends_with("and 28 more"), "{reason}");
}

#[test]
fn names_and_scopes_that_python_accepts_are_accepted() {
    for code in [
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return g",
        "async def f():\n    return [await x async for x in y]",
        "def f(xs):\n    yield from (x for x in xs)",
        "def f():\n    global x\n    x = 1",
        "class A:\n    def f(self):\n        nonlocal __class__\n        return __class__",
        "class A:\n    super()\n    global __class__",
        "def f():\n    super = 1\n    (lambda: super())\n    def g(): super()\n    global __class__\n    super()",
        "class A:\n    def f(self):\n        return lambda: (yield)",
        "for x in y:\n    try:\n        continue\n    finally:\n        break",
        "from __future__ import annotations\nimport os\n__debug__",
        "def f(a, *args, b=1, **kwargs) -> int: ...",
        "match x:\n    case [1, *rest] if rest:\n        pass\n    case _:\n        pass",
        "x: list[int] = [y := 1, y ** 2]",
        "def f():\n    import x\n    global x",
        "x = (await a for a in b)",
        "try:\n    a\nexcept* B:\n    for x in y: break\n    def f(): return 1",
        "if a:\n\tif b:\n\t\tc\nif d:\n    e",
        "x = 1if y else 2",
        "def f():\n    x = yield\n    return (yield), x",
        "match x:\n    case (1 | _) as y: pass",
        "print(f'{x!r:>{width}} {{}} {\"a\"}')",
    ] {
        assert_eq!(errors(code), [], "{code}");
    }
}

#[test]
fn the_version_decides_what_is_allowed() {
    let grade = |version: &str| {
        let params = Params { python_version: version.to_owned(), ..Params::default() };
        Syntax::grade(&sample("```python\ntype X = int\n```"), &params)
    };
    assert!(matches!(grade("3.12"), Ok(Verdict::Scored { value, .. }) if value > 0.5));
    assert!(matches!(grade("3.11"), Ok(Verdict::Scored { value, .. }) if value < 0.5));
    for version in ["2.7", "3.6", "3", "3.99", "", "three"] {
        assert!(matches!(grade(version), Err(GradeError::InvalidParams(_))), "{version}");
    }
}

#[test]
fn what_is_too_large_or_too_deep_is_undecided() {
    let deep = fenced(&format!("x = {}{}", "(".repeat(100_000), ")".repeat(100_000)));
    assert!(matches!(grade(&deep), Verdict::Undecided(reason) if reason.contains("line 2")));
    let large = "`".repeat(LARGEST_RESPONSE + 1);
    assert!(matches!(grade(&large), Verdict::Undecided(_)));
}

#[test]
fn a_truncated_reply_is_said_to_be_one() {
    let (_, reason, _) = scored("```python\ndef f(x):\n    return (x +");
    assert!(reason.contains("is never closed"), "{reason}");
}

#[test]
fn a_long_line_is_shown_around_its_error() {
    let code = format!("x = [{}1 2]", "1, ".repeat(1_000));
    let (_, reason, _) = scored(&fenced(&code));
    let lines: Vec<&str> = reason.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() < 150), "{reason}");
    let caret = lines[3].find('^').unwrap();
    assert_eq!(lines[2].get(caret..=caret), Some("2"), "{reason}");
}

#[test]
fn the_examples_of_the_description_hold() {
    for (response, params, score) in GOLDEN {
        let params: Params = gradebox_sdk::read_params(params).unwrap();
        let value = match Syntax::grade(&sample(response), &params).unwrap() {
            Verdict::Scored { value, .. } => Some(value),
            Verdict::NotApplicable(_) => None,
            Verdict::Undecided(reason) => panic!("{response:?} is undecided: {reason}"),
        };
        assert_eq!(value, score, "{response}");
    }
}
