//! Every language from the outside: what is valid, what is not, and where.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at the first thing that fails")]

use gradebox_sdk::{Grader, Sample, Verdict, serde_json::Value};
use syntax::{Params, Syntax};

fn grade_as(response: &str, language: &str) -> Verdict {
    let sample = Sample { response: response.to_owned(), ..Sample::default() };
    Syntax::grade(&sample, &Params { language: language.to_owned(), ..Params::default() }).unwrap()
}

/// The errors of code in a fence whose first line is the response's second.
#[track_caller]
fn errors(language: &str, code: &str) -> Vec<Value> {
    match grade_as(&format!("```{language}\n{code}\n```"), "") {
        Verdict::Scored { value, details, .. } => {
            let errors = details["errors"].as_array().unwrap().clone();
            assert_eq!(errors.is_empty(), value > 0.5, "{code}");
            errors
        }
        other => panic!("{language} {code:?} gives {other:?}"),
    }
}

#[track_caller]
fn all_valid(language: &str, codes: &[&str]) {
    for code in codes {
        let found = errors(language, code);
        assert!(found.is_empty(), "{language} {code:?} gives {found:?}");
    }
}

/// Code, the line and column in it of its first error, and a part of the message.
#[track_caller]
fn all_broken(language: &str, codes: &[(&str, u64, u64, &str)]) {
    for (code, line, column, message) in codes {
        let found = errors(language, code);
        let Some(first) = found.first() else { panic!("{language} {code:?} is valid") };
        let place = (first["line"].as_u64().unwrap(), first["column"].as_u64().unwrap());
        assert_eq!(place, (line + 1, *column), "{language} {code:?} gives {found:?}");
        assert!(first["message"].as_str().unwrap().contains(message), "{language} {code:?} gives {found:?}");
        let text = code.lines().nth(usize::try_from(*line).unwrap() - 1).unwrap();
        assert_eq!(first["text"].as_str().unwrap(), text.trim_end(), "{language} {code:?}");
    }
}

#[test]
fn javascript() {
    all_valid(
        "js",
        &[
            "const add = (a, b) => a + b;",
            "import fs from 'node:fs';\nawait fs.promises.readFile('a');",
            "var x = require('y');\nreturn;",
            "class A { #x = 1; static { this.y = 2; } get z() { return this.#x ?? 0; } }",
            "label: for (const x of y) { if (x) continue label; }",
            "const el = <div className=\"a\">{x}</div>;",
            "const s = `a ${b ? `c ${d}` : ''}`;",
            "x = /[/\\]]+/gu.test('a/b')\ny = a\n  .b()",
        ],
    );
    all_broken(
        "javascript",
        &[
            ("const x = ;", 1, 11, "unexpected token"),
            ("function f( {\n  return 1;\n}", 2, 10, ""),
            ("let a = 1;\nlet a = 2;", 1, 5, "already been declared"),
            ("for (;;) {}\nbreak;", 2, 1, ""),
            ("if (a) {\n  b();\n", 2, 7, ""),
            ("const x = 'abc;", 1, 11, "nterminated string"),
            ("x = /(/;", 1, 6, ""),
            ("def f(x):\n  return x", 1, 4, "expected a semicolon"),
        ],
    );
}

#[test]
fn typescript() {
    all_valid(
        "ts",
        &[
            "interface A<T extends object = {}> { readonly b?: T[keyof T]; }",
            "const x = <number>y;",
            "enum E { A = 1, B }\nfunction f(this: Window, x: string | undefined): asserts x is string {}",
            "declare module 'a' { export const b: unique symbol; }",
        ],
    );
    all_valid("tsx", &["const a = <T,>(x: T) => <b c={x} />;"]);
    all_broken(
        "typescript",
        &[("let x: number = ;", 1, 17, "unexpected token"), ("type A = {\n  b: string", 2, 12, "")],
    );
    assert!(!errors("js", "let x: number = 1;").is_empty(), "types are no JavaScript");
}

#[test]
fn rust() {
    all_valid(
        "rust",
        &[
            "fn main() {\n    println!(\"{}\", 1);\n}",
            "let x: Vec<_> = (0..3).map(|n| n * 2).collect();\nprintln!(\"{x:?}\");",
            "use std::{io, fmt};\nimpl<'a, T: ?Sized> A<'a, T> where T: B {\n    const C: u8 = b'x';\n}",
            "let Some(x) = y else { return };\nx.await?;",
            "#[derive(Debug)]\nstruct A { b: u8 }\n\nassert_eq!(A { b: 1 }.b, 1);",
        ],
    );
    all_broken(
        "rs",
        &[
            ("fn main( {\n}", 1, 9, "expected value parameter"),
            ("fn main() {\n    let x = 1\n    let y = 2;\n}", 2, 14, "expected `;`"),
            ("fn f() -> {\n}", 1, 10, "expected type, found `{`"),
            ("struct A {\n    b: ,\n}", 2, 7, "expected type"),
            ("let s = \"abc;", 1, 9, "missing trailing `\"`"),
        ],
    );
    assert_eq!(errors("rust", "fn f() { let = 1; }\nfn g() { 1 + }\n").len(), 2);
}

#[test]
fn data_formats() {
    all_valid("json", &["{\"a\": [1, 2.5e3, null, true, \"\\u00e9\"]}", "\"text\"", "[]"]);
    all_broken(
        "json",
        &[
            ("{\"a\": 1,}", 1, 9, "a comma too many"),
            ("[1,\n]", 2, 1, "a comma too many"),
            ("{\n  'a': 1\n}", 2, 3, "straight double quotes"),
            ("{\"a\": None}", 1, 7, "true, false and null"),
            ("[1, 2", 1, 6, "EOF"),
            ("{\"a\": 1} // one", 1, 10, "no comments"),
            ("{\"é\": tru}", 1, 10, ""),
            ("{} {}", 1, 4, "trailing characters"),
        ],
    );
    all_valid("jsonl", &["{\"a\": 1}\n\n{\"a\": 2}"]);
    all_broken("ndjson", &[("{}\n{\"a\" 1}\n{}", 2, 6, "expected `:`")]);
    all_valid("toml", &["a = 1\n[b.c]\nd = [1, 2,]\ne = 1979-05-27T07:32:00Z\n[[f]]\n"]);
    all_broken(
        "toml",
        &[
            ("a = 1\nb = \n", 2, 5, "must be quoted"),
            ("a = 1\na = 2", 2, 1, "duplicate key"),
            ("[a\nb = 1", 1, 3, "expected `]`"),
        ],
    );
    assert_eq!(errors("toml", "a = \nb = 1\nc = \n").len(), 2);
    all_valid("yaml", &["a:\n  - b\n  - c: [1, {d: e}]\n---\n'x': &y |\n  text\nz: *y", "- 1\n- !!str 2"]);
    all_broken(
        "yml",
        &[
            ("a: b: c", 1, 5, "not allowed"),
            ("a:\n\t- b", 2, 2, "tabs"),
            ("a: [1, 2", 1, 9, "expected ',' or ']'"),
            ("a: *b", 1, 4, "anchor"),
        ],
    );
    all_valid("xml", &["<?xml version=\"1.0\"?>\n<a b='c'><!-- d --><e/>&amp;</a>"]);
    all_valid("svg", &["<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>"]);
    all_broken(
        "xml",
        &[
            ("<a>\n<b></a>", 2, 4, "expected 'b'"),
            ("<a b=c/>", 1, 6, "expected a quote"),
            ("<a>&nbsp;</a>", 1, 4, "unknown entity"),
        ],
    );
}

#[test]
fn sql() {
    all_valid(
        "sql",
        &[
            "SELECT a.b, COUNT(*) FROM a JOIN c USING (d) WHERE e IN (1, 2) GROUP BY 1 HAVING COUNT(*) > 1;",
            "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, n TEXT NOT NULL);\nINSERT INTO t (n) VALUES ('a'), ('b''c');",
            "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 10) SELECT * FROM x",
            "SELECT `a` FROM `b` LIMIT 1, 2;",
            "SELECT TOP 3 [a b] FROM [c]",
            "SELECT a::int, b->>'c' FROM d WHERE e ~ 'f'",
        ],
    );
    all_broken(
        "sql",
        &[
            ("SELECT a b c FROM d", 1, 12, "found: c"),
            ("SELECT *\nFORM a\nWHERE b = 1", 2, 6, "found: a"),
            ("SELECT 'a", 1, 9, "nterminated"),
            ("SELECT 1;;\n(SELECT 2)\nSELECT 3", 3, 1, "end of statement"),
            ("INSERT INTO a VALUES (1, 2", 1, 27, "expected: )"),
        ],
    );
}

#[test]
fn pages_and_styles() {
    all_valid(
        "css",
        &[
            "a:hover > b::before, #c[d=\"e\"] { color: rgb(1 2 3 / 50%); --x: {y: z}; }",
            "@media (min-width: 10px) and (max-width: 20px) { a { margin: 0 !important } }",
            "@import url(\"a.css\");\n.a { &:hover { color: red } width: calc(1px + 2em) }",
        ],
    );
    all_broken(
        "css",
        &[
            ("a { color: red", 1, 3, "unclosed block"),
            ("a { color red; }", 1, 11, "expect token `:`"),
            ("a {\n  b: c;\n}}", 3, 2, "`}`"),
        ],
    );
    all_valid("scss", &["$a: 1px;\n@mixin b($c) { d { e: $c; } }\n.f { @include b($a); &-g { h: i } }"]);
    all_valid("less", &["@a: 1px;\n.b() { c: @a; }\n.d { .b(); }"]);
    all_valid(
        "html",
        &[
            "<!DOCTYPE html>\n<html><head><title>a</title><script>if (a < b) { c('</p>') }</script></head><body><p>b<p>c</body></html>",
            "<ul><li>a<li>b</ul><table><tr><td>c<td>d</table><br/><img src='e'>",
            "<svg><path d='M0 0'/></svg><input disabled>",
            "<p>one<div>two</div>",
        ],
    );
    all_broken(
        "html",
        &[
            ("<div>\n  <span>\n</div>", 2, 3, "`<span>` is never closed"),
            ("<p>a</p>\n</div>", 2, 1, "closes nothing"),
            ("<div/>", 1, 1, "does not close"),
            ("<p>a<div>b</div></p>", 1, 17, "closes nothing"),
            ("a</br>", 1, 2, "no end tag"),
        ],
    );
    all_broken(
        "html",
        &[
            ("<a href=\"b>c</a>", 1, 17, "eof in tag"),
            ("<a b=1 b=2>c</a>", 1, 8, "duplicate attribute"),
            ("1 <2>", 1, 5, "invalid first character"),
        ],
    );
}

#[test]
fn a_language_without_a_parser_is_never_a_pass() {
    for response in
        ["```cobol\nDISPLAY 'A'.\n```", "```\n1 2 3\n```", "```text\nx = (\n```", "```mermaid\ngraph\n```", "prose"]
    {
        assert!(matches!(grade_as(response, ""), Verdict::NotApplicable(_)), "{response}");
        assert!(matches!(grade_as(response, "cobol"), Verdict::NotApplicable(_)), "{response}");
    }
    assert!(matches!(grade_as("```python\nx = 1\n```", "rust"), Verdict::NotApplicable(_)));
}

#[test]
fn a_language_that_is_asked_for_is_looked_for() {
    let score = |response: &str, language: &str| match grade_as(response, language) {
        Verdict::Scored { value, .. } => value,
        other => panic!("{response:?} gives {other:?}"),
    };
    assert!(score("{\"a\": 1}", "JSON") > 0.5 && score("{a: 1}", "json") < 0.5);
    assert!(score("```\nlet x = 1;\n```", "js") > 0.5);
    assert!(score("```\nlet x = ;\n```\n```ts\nlet x = 1;\n```", "typescript") > 0.5, "the tagged ones come first");
    assert!(score("SELECT 1", "postgresql") > 0.5);
}

#[test]
fn nesting_is_bounded_in_every_language() {
    let languages = "python js ts rust sql json jsonl toml yaml css scss less html xml".split(' ');
    for language in languages {
        for (open, close) in
            [("(", ")"), ("[", "]"), ("{", "}"), ("<a>", "</a>"), ("a{", "}"), ("((", ")"), ("!", ""), ("- ", "")]
        {
            let code = format!("{}{}", open.repeat(10_000), close.repeat(10_000));
            let verdict = grade_as(&format!("```{language}\n{code}\n```"), "");
            assert!(!matches!(verdict, Verdict::NotApplicable(_)), "{language} {open} gives {verdict:?}");
        }
    }
}
