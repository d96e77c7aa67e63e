//! JavaScript programs: what they find, how they end, what crosses, and what they cannot do.

use serde_json::{Value, json};

use crate::support::{Bench, grade};

fn exec(source: &str, stdin: &str, arguments: &[&str]) -> Value {
    let bench = Bench::new();
    bench.write("program.js", source);
    bench.write("in.txt", stdin);
    let mut all = vec!["exec", "program.js", "--json", "--stdin", "in.txt"];
    all.extend(arguments);
    let ran = bench.run(&all);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}\n{}", ran.stdout, ran.stderr))
}

#[track_caller]
fn prints(source: &str, stdin: &str, expected: &str) {
    let said = exec(source, stdin, &[]);
    assert_eq!(said["ending"], "completed", "{source}: {said}");
    assert_eq!(said["stdout"], expected, "{source}");
}

#[track_caller]
fn ends(source: &str, arguments: &[&str], ending: &str) -> Value {
    let said = exec(source, "", arguments);
    assert_eq!(said["ending"], ending, "{source}: {said}");
    said
}

#[track_caller]
fn returns(source: &str, target: &str, args: &str, expected: &Value) {
    let said = ends(source, &["--call", target, "--args", args], "completed");
    assert_eq!(&said["value"], expected, "{target} of {source}");
}

#[test]
fn standard_input_is_read_in_every_fashion() {
    let input = "3\n4\n";
    let sum = "console.log(lines.map(Number).reduce((a, b) => a + b))";
    for read in [
        "const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n');",
        "const lines = require('fs').readFileSync('/dev/stdin').toString().trim().split('\\n');",
        "const lines = require('node:fs').readFileSync(process.stdin.fd).toString().trim().split(/\\s+/);",
    ] {
        prints(&format!("{read}{sum}"), input, "7\n");
    }
    for events in [
        "const lines = []; require('readline').createInterface({ input: process.stdin }).on('line', (l) => lines.push(l)).on('close', () => SUM);",
        "let text = ''; process.stdin.on('data', (c) => { text += c }); process.stdin.on('end', () => { const lines = text.trim().split('\\n'); SUM });",
        "(async () => { const lines = []; for await (const l of require('readline').createInterface({ input: process.stdin })) lines.push(l); SUM })();",
        "(async () => { let text = ''; for await (const c of process.stdin) text += c; const lines = text.trim().split('\\n'); SUM })();",
        "const rl = require('readline').createInterface({ input: process.stdin }); rl.question('', (a) => rl.question('', (b) => { const lines = [a, b]; SUM; rl.close() }));",
        "import { readFileSync } from 'fs'; const lines = readFileSync(0, 'utf8').trim().split('\\n'); await null; SUM",
    ] {
        prints(&events.replace("SUM", sum), input, "7\n");
    }
}

#[test]
fn output_looks_as_that_of_node() {
    prints(
        "console.log([1, 'a', null, undefined, 2.5, -0, 10n], { a: { b: { c: { d: 1 } } }, 'x-y': [] });\n\
         console.log(new Map([['k', new Set([1])]]), [new Date(0)], [() => 1, class A {}], Symbol('s'));\n\
         console.log('%s is %d', 'x', 4, 'more'); console.log(); console.log('it\\'s', [\"it's\"], new (class P { x = 1 })());\n\
         console.log(Array.from({ length: 12 }, (_, i) => i * 100)); process.stdout.write('end');\n\
         const c = { self: null }; c.self = c; console.log(c); console.error('not here');",
        "",
        "[ 1, 'a', null, undefined, 2.5, -0, 10n ] { a: { b: { c: [Object] } }, 'x-y': [] }\n\
         Map(1) { 'k' => Set(1) { 1 } } [ 1970-01-01T00:00:00.000Z ] [ [Function (anonymous)], [class A] ] Symbol(s)\n\
         x is 4 more\n\nit's [ \"it's\" ] P { x: 1 }\n\
         [\n    0, 100,  200,  300,\n  400, 500,  600,  700,\n  800, 900, 1000, 1100\n]\nend<ref *1> { self: [Circular *1] }\n",
    );
}

#[test]
fn the_event_loop_keeps_the_order_of_node_and_waits_for_nothing() {
    prints(
        "setTimeout(() => console.log('late'), 86400000); setTimeout(() => console.log('timeout'), 0);\n\
         setImmediate(() => console.log('immediate')); process.nextTick(() => console.log('tick'));\n\
         Promise.resolve().then(() => console.log('micro')); console.log('first');\n\
         let n = 0; const i = setInterval(() => { console.log('again'); if (++n === 2) clearInterval(i); }, 5);",
        "",
        "first\ntick\nmicro\ntimeout\nimmediate\nagain\nagain\nlate\n",
    );
}

#[test]
fn functions_of_every_kind_are_called() {
    for source in [
        "function twice(x) { return 2 * x }",
        "const twice = (x) => 2 * x;",
        "var twice = function (x) { return 2 * x };",
        "const twice = async (x) => { await null; return 2 * x };",
        "class Solution { twice(x) { return 2 * x } }",
        "module.exports = { twice: (x) => 2 * x };",
        "exports.twice = (x) => 2 * x;",
        "export function twice(x) { return 2 * x }",
        "export default function twice(x) { return 2 * x }",
        "const hidden = (x) => 2 * x; export { hidden as twice };",
        "'use strict'; let twice; twice = (x) => 2 * x; // the last line is a comment",
    ] {
        returns(source, "twice", "[21]", &json!(42));
    }
    returns("class A { constructor() { this.k = 3 } by(x) { return this.k * x } }", "A.by", "[2]", &json!(6));
    returns("const tools = { deep: { f: (x) => x } };", "tools.deep.f", "[[1]]", &json!([1]));
    let said = ends("function add() {}\nclass B { go() {} }", &["--call", "sum", "--args", "[]"], "raised");
    let message = said["raised"]["message"].as_str().unwrap_or_default();
    assert_eq!(message, "the program defines no `sum`; it defines add, B.go");
}

#[test]
fn values_cross_as_what_they_are() {
    let same = "const f = (x) => x;";
    for args in
        ["[1]", "[-2.5]", "[\"a\\u0000b\"]", "[null]", "[[1,[true]]]", "[{\"a\":{\"b\":[]}}]", "[9007199254740993]"]
    {
        let value: Value = serde_json::from_str(args).expect("JSON");
        returns(same, "f", args, &value[0]);
    }
    for (source, expected) in [
        ("() => 4 / 2", json!(2)),
        ("() => undefined", json!(null)),
        ("() => 2n ** 64n", serde_json::from_str("18446744073709551616").expect("JSON")),
        ("() => new Map([['a', 1]])", json!({"a": 1})),
        ("() => Object.create(null)", json!({})),
        ("() => new Set([1])", json!({"$set": [1]})),
        ("() => NaN", json!({"$float": "nan"})),
        ("() => new Date(0)", json!({"$datetime": "1970-01-01T00:00:00"})),
        ("() => new Uint8Array([104, 105])", json!({"$bytes": "aGk="})),
        ("() => new Int32Array([1, 2])", json!([1, 2])),
        ("() => '\\ud800'", json!({"$str": "7aCA"})),
        ("() => [1,,3]", json!([1, null, 3])),
        ("() => ({ toJSON: () => 1, a: 2 }).a", json!(2)),
    ] {
        returns(&format!("const f = {source};"), "f", "[]", &expected);
    }
    let said = ends("class P { x = 1 }\nconst f = () => new P();", &["--call", "f", "--args", "[]"], "completed");
    assert_eq!(said["value"]["$opaque"]["type"], "P");
    for source in ["const a = []; a.push(a); const f = () => a;", "const f = () => 'x'.repeat(1e7);"] {
        ends(source, &["--call", "f", "--args", "[]"], "raised");
    }
}

#[test]
fn every_end_is_told_apart() {
    let said = ends("const x = 1;\n\nfunction f() { throw new TypeError('no good') }\nf();", &[], "raised");
    assert_eq!(said["raised"]["kind"], "TypeError");
    assert_eq!(said["raised"]["message"], "no good");
    assert_eq!(said["raised"]["line"].to_string(), "3");
    assert!(said["raised"]["traceback"].as_str().is_some_and(|text| text.contains("at f (program.js:3")), "{said}");
    let said = ends("let a = 1;\nlet b = a +;\n", &[], "raised");
    assert_eq!((&said["raised"]["kind"], said["raised"]["line"].to_string()), (&json!("SyntaxError"), "2".to_owned()));
    assert_eq!(ends("Promise.reject(new RangeError('late'))", &[], "raised")["raised"]["kind"], "RangeError");
    assert_eq!(ends("setTimeout(() => { throw 'text' }, 5)", &[], "raised")["raised"]["message"], "'text'");
    assert_eq!(ends("function f() { f() }\nf()", &[], "raised")["raised"]["kind"], "RangeError");
    assert_eq!(ends("try { process.exit(0) } finally { console.log('never') }", &[], "exited")["exit_code"], json!(0));
    assert_eq!(ends("Promise.resolve().then(() => process.exit(3)); ", &[], "exited")["exit_code"], json!(3));
    assert_eq!(ends("process.exitCode = 4; console.log('on')", &[], "exited")["exit_code"], json!(4));
    for endless in [
        "for (;;);",
        "(function f() { Promise.resolve().then(f) })()",
        "setInterval(() => {}, 1)",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
        "try { for (;;); } finally { for (;;); }",
    ] {
        ends(endless, &["--timeout", "300ms"], "timed-out");
    }
    for greedy in [
        "const a = []; for (;;) a.push(new Array(1000).fill(1));",
        "let s = 'x'; for (;;) s += s;",
        "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1));",
    ] {
        let said = exec(greedy, "", &["--memory", "64MiB"]);
        assert!(
            said["ending"] == "out-of-memory" || said["raised"]["message"] == "string too long",
            "{greedy}: {said}"
        );
    }
    ends("for (;;) console.log('x'.repeat(1000))", &[], "output-exceeded");
}

#[test]
fn there_is_nothing_to_reach() {
    for (source, part) in [
        ("require('fs').readFileSync('/etc/passwd')", "ENOENT"),
        ("require('fs').writeFileSync('/tmp/x', 'x')", "EROFS"),
        ("require('child_process')", "the sandbox has no processes"),
        ("require('net')", "the sandbox has no network"),
        ("import http from 'http';", "the sandbox has no network"),
        ("require('lodash')", "Cannot find module 'lodash'"),
        ("fetch('http://example.org')", "the sandbox has no network"),
        ("throw new Error(JSON.stringify([process.env, process.argv.slice(2)]))", "[{},[]]"),
    ] {
        let said = ends(source, &[], "raised");
        assert!(said["raised"]["message"].as_str().is_some_and(|text| text.contains(part)), "{source}: {said}");
    }
}

/// Rows for `code-execution`: the response, the tests, the score.
fn graded(rows: &[(&str, Value, f64)]) {
    let bench = Bench::new();
    let rows_of = |(index, (response, tests, _)): (usize, &(&str, Value, f64))| json!({"id": index, "query": "q", "response": format!("```javascript\n{response}\n```"), "tests": tests});
    let (ran, graded) =
        bench.grade(&rows.iter().enumerate().map(rows_of).collect::<Vec<_>>(), &["-g", "code-execution"]);
    ran.expect_status(0);
    for ((response, _, score), row) in rows.iter().zip(&graded) {
        assert_eq!(grade(row, "code-execution")["score"].as_f64(), Some(*score), "{response}: {row}");
    }
}

#[test]
fn responses_in_javascript_are_graded_by_output_and_by_calls() {
    let calls = json!({"fn_name": "add", "inputs": [[1, 2], [0.5, 0.25]], "outputs": [3, 0.75]});
    let output = json!({"inputs": ["2 3\n"], "outputs": ["5\n"]});
    graded(&[
        ("const add = (a, b) => a + b;", calls.clone(), 1.0),
        ("function add(a, b) { return a - b }", calls, 0.0),
        (
            "const [a, b] = require('fs').readFileSync(0, 'utf8').split(' ').map(Number); console.log(a + b);",
            output.clone(),
            1.0,
        ),
        ("console.log(6)", output, 0.0),
    ]);
}

#[test]
fn no_attack_wins() {
    let calls = json!({"fn_name": "f", "inputs": [[3]], "outputs": [9]});
    let attacks = [
        "process.exit(0)",
        "function f() { process.exit(0) }",
        "function f() { return new Proxy({}, { get: () => 9, has: () => true }) }",
        "function f() { return { valueOf: () => 9, toString: () => '9', toJSON: () => 9 } }",
        "function f() { return { [Symbol.toPrimitive]: () => 9 } }",
        "Array.prototype.push = Array.prototype.map = () => 9; Object.prototype.toJSON = () => 9; JSON.stringify = () => '9'; function f() { return {} }",
        "Object.defineProperty(Object.prototype, 'get', { get() { return 9 } }); function f() { return [] }",
        "console.log = () => {}; process.stdout.write = () => true; console.log('9'); function f() { console.log(9) }",
        "function f() { throw { name: 'Passed', message: '9' } }",
        "const f = { get call() { throw 9 }, apply: () => 9 };",
        "function* f() { for (;;) yield 9 }",
        "async function f() { return { then: (done) => done({ equals: () => true }) } }",
        "function f() { return 'x'.repeat(1 << 29) }",
        "function f() { return f() }",
        "function f() { /(a|a)*b/.test('a'.repeat(60)); }",
        "function f() { return Object.setPrototypeOf([9], { toString: () => '9' }) }",
        "function f() { return new Number(8) }; Number.prototype.valueOf = () => 9",
        "globalThis.eval = () => 9; globalThis.gradebox$look = () => 9; function f() { return 8 }",
        "}); (function () { console.log(9) })(); (function () {",
        "function f() { return Symbol('9') }",
        "const f = new Proxy(function () {}, { apply: () => { throw 9 } });",
        "Promise.prototype.then = () => 9; async function f() { return 8 }",
        "function f() { setTimeout(() => process.exit(0)); return new Promise(() => {}) }",
        "Error.prepareStackTrace = () => { throw 9 }; function f() { null.x }",
        "function f() { const e = new Error(); Object.defineProperty(e, 'message', { get() { for (;;); } }); throw e }",
    ];
    let rows: Vec<(&str, Value, f64)> = attacks.iter().map(|attack| (*attack, calls.clone(), 0.0)).collect();
    let bench = Bench::new();
    let all: Vec<Value> = rows
        .iter()
        .enumerate()
        .flat_map(|(index, (attack, tests, _))| {
            let honest = "function f(x) { return x * x }";
            [(format!("attack {index}"), *attack), (format!("honest {index}"), honest)].map(|(id, source)| {
                json!({"id": id, "query": "q", "response": format!("```js\n{source}\n```"), "tests": tests})
            })
        })
        .collect();
    let (ran, graded) = bench.grade(&all, &["-g", "code-execution:{\"timeout_ms\": 300, \"memory_mib\": 128}"]);
    ran.expect_status(0);
    for row in &graded {
        let is_honest = row["id"].as_str().is_some_and(|id| id.starts_with("honest"));
        let score = grade(row, "code-execution")["score"].as_f64();
        assert_eq!(score, Some(if is_honest { 1.0 } else { 0.0 }), "{row}");
    }
}
