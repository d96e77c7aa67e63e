//! Tests that are JavaScript: how they come out, and programs that try to pass them without being right.

use serde_json::{Value, json};

use self::Expected::{Fails, Half, Invalid, Passes, Undecided};
use crate::support::{Bench, grade};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Passes,
    Half,
    Fails,
    Undecided,
    Invalid,
}

fn came_to(row: &Value) -> Option<Expected> {
    let grade = grade(row, "code-execution");
    match (grade["outcome"].as_str()?, grade["score"].as_f64()) {
        ("scored", Some(1.0)) => Some(Passes),
        ("scored", Some(0.5)) => Some(Half),
        ("scored", Some(0.0)) => Some(Fails),
        ("undecided", None) => Some(Undecided),
        ("error", None) if grade["kind"] == "invalid-sample" => Some(Invalid),
        _ => None,
    }
}

fn row(id: &str, code: &str, tests: &Value) -> Value {
    let mut row = json!({"id": id, "language": "javascript", "response": format!("```js\n{code}\n```")});
    for (name, value) in tests.as_object().expect("columns") {
        row[name] = value.clone();
    }
    row
}

/// A name, the program, the row's other columns, and what comes of it.
const CASES: &[(&str, &str, &str, Expected)] = &[
    (
        "list",
        "const add = (a, b) => a + b;",
        r#"{"test_list": ["assert.strictEqual(add(1,2),3)", "console.assert(add(2,2) === 4)"]}"#,
        Passes,
    ),
    (
        "list-wrong",
        "const add=(a,b)=>a-b;",
        r#"{"test_list": ["assert.strictEqual(add(1,2),3)", "console.assert(add(2,2) === 0)"]}"#,
        Half,
    ),
    (
        "multipl",
        "const add = (a, b) => a + b;",
        r#"{"test": "const assert = require('node:assert');\n\nfunction test() {\n  let candidate = add;\n  assert.deepEqual(candidate(1, 2),3);\n  assert.deepEqual(candidate(0, 0),0);\n}\n\ntest();"}"#,
        Passes,
    ),
    (
        "check",
        "function sum(xs) { return xs.reduce((a,b)=>a+b,0) }",
        r#"{"test": "function check(candidate) {\n  assert.strictEqual(candidate([1,2,3]), 6);\n}", "entry_point": "sum"}"#,
        Passes,
    ),
    (
        "jest",
        "function sum(xs) { return xs.reduce((a,b)=>a+b,0) }\nmodule.exports = { sum };",
        r#"{"test": "const { sum } = require('./solution');\ndescribe('sum', () => { it('adds', () => { expect(sum([1,2])).toBe(3); expect([1]).toEqual([1]); }); test('async', async () => { await expect(Promise.resolve(sum([4]))).resolves.toBe(4); }); });"}"#,
        Passes,
    ),
    (
        "jest-wrong",
        "function sum(xs) { return 5 }\nmodule.exports = { sum };",
        r#"{"test": "const { sum } = require('./solution');\ndescribe('sum', () => { it('adds', () => {\n expect(sum([1,2])).toBe(3); }); });"}"#,
        Fails,
    ),
    (
        "class",
        "class Stack { #x=[]; push(v){this.#x.push(v); return this} pop(){ if(!this.#x.length) throw new RangeError('empty'); return this.#x.pop() } get size(){return this.#x.length} }",
        r#"{"test": "const s = new Stack();\nassert.strictEqual(s.size, 0);\ns.push(1).push(2);\nassert.strictEqual(s.size, 2);\nassert.strictEqual(s.pop(), 2);\nassert(s instanceof Stack);\ns.pop();\nassert.throws(() => s.pop(), RangeError);\nassert.throws(() => s.pop(), { name: 'RangeError', message: 'empty' });"}"#,
        Passes,
    ),
    (
        "callback",
        "const apply = (f, xs) => xs.map(f);",
        r#"{"test": "assert.deepStrictEqual(apply((x) => x * 2, [1,2]), [2,4]);"}"#,
        Passes,
    ),
    (
        "callback-native",
        "const apply = (f, xs) => xs.map((x)=>f(x));",
        r#"{"test": "assert.deepStrictEqual(apply(Math.abs, [-1,2]), [1,2]);"}"#,
        Passes,
    ),
    (
        "closure",
        "const each = (f, xs) => xs.forEach((x)=>f(x));",
        r#"{"test": "let n = 0;\neach(() => { n++ }, [1,2]);\nassert.strictEqual(n, 2);"}"#,
        Undecided,
    ),
    (
        "mutates",
        "function sortInPlace(xs) { xs.sort((a,b)=>a-b); return xs }",
        r#"{"test": "const xs = [3,1,2];\nassert.strictEqual(sortInPlace(xs), xs);\nassert.deepStrictEqual(xs, [1,2,3]);"}"#,
        Passes,
    ),
    (
        "async",
        "async function later(x) { await new Promise(r => setTimeout(r, 1000)); if (x<0) throw new TypeError('neg'); return x }",
        r#"{"test": "(async () => {\nassert.strictEqual(await later(3), 3);\nawait assert.rejects(later(-1), TypeError);\n})();"}"#,
        Passes,
    ),
    (
        "unhandled",
        "async function later(x) { return 4 }",
        r#"{"test": "(async () => {\nassert.strictEqual(await later(3), 3);\n})();"}"#,
        Fails,
    ),
    (
        "custom-error",
        "class MyError extends Error { constructor(m){super(m);this.name='MyError';this.code=7} }\nfunction f(){ throw new MyError('x') }",
        r#"{"test": "assert.throws(() => f(), MyError);\nassert.throws(() => f(), { name: 'MyError', code: 7 });\nassert.throws(f, /x/);"}"#,
        Passes,
    ),
    ("raises", "function f(x){ return x.y.z }", r#"{"test": "assert.strictEqual(f({}), 1)"}"#, Fails),
    (
        "generator",
        "function* g(n){ for (let i=0;i<n;i++) yield i }",
        r#"{"test": "assert.deepStrictEqual([...g(3)], [0,1,2]);\nconst it = g(2);\nassert.deepStrictEqual(it.next(), { value: 0, done: false });"}"#,
        Passes,
    ),
    (
        "types",
        "const same = (x) => x;",
        r#"{"test": "assert.strictEqual(same(undefined), undefined);\nassert(Object.is(same(-0), -0));\nassert(Number.isNaN(same(NaN)));\nassert.strictEqual(same(10n), 10n);\nassert.deepStrictEqual(same(new Map([[1,new Set([2])]])), new Map([[1,new Set([2])]]));\nassert.deepStrictEqual(same({a:[null,undefined]}), {a:[null,undefined]});\nassert.deepStrictEqual(same(new Date(5)), new Date(5));\nassert.deepStrictEqual(same(/a/g), /a/g);\nassert.deepStrictEqual(same(new Uint8Array([1])), new Uint8Array([1]));"}"#,
        Passes,
    ),
    (
        "humanevalx",
        "    return a + b;\n}",
        r#"{"prompt": "/* add */\nconst add = (a, b) => {\n", "test": "const testAdd = () => {\n  console.assert(add(1, 2) === 3)\n  console.assert(add(0, 0) === 0)\n}\n\ntestAdd()\n"}"#,
        Passes,
    ),
    (
        "humanevalx-wrong",
        "    return a - b;\n}",
        r#"{"prompt": "/* add */\nconst add = (a, b) => {\n", "test": "const testAdd = () => {\n  console.assert(add(1, 2) === 3)\n}\n\ntestAdd()\n"}"#,
        Fails,
    ),
    (
        "esm",
        "export function add(a,b){return a+b}\nexport default add;",
        r#"{"test": "import assert from 'node:assert';\nimport add2, { add } from './solution.js';\nimport { test } from 'node:test';\ntest('x', () => { assert.equal(add(1,2), 3); assert.equal(add2(1,1), 2); });"}"#,
        Passes,
    ),
    (
        "missing",
        "const add = (a, b) => a + b;",
        r#"{"test": "const { expect } = require('chai');\nexpect(add(1,2)).to.equal(3);"}"#,
        Invalid,
    ),
    ("broken-test", "const add = (a, b) => a + b;", r#"{"test": "assert.equal(add(1,2, 3;"}"#, Invalid),
    ("not-parse", "const add = (a, b => a", r#"{"test": "assert.equal(add(1,2), 3);"}"#, Fails),
    ("loop", "const add = (a, b) => { for(;;); }", r#"{"test": "assert.equal(add(1,2), 3);"}"#, Fails),
    ("exit", "const add = (a, b) => { process.exit(0) }", r#"{"test": "assert.equal(add(1,2), 3);"}"#, Fails),
    ("exit-top", "process.exit(0); const add = 1", r#"{"test": "assert.equal(add(1,2), 3);"}"#, Fails),
    (
        "variable",
        "let count = 0; function inc() { count++ }\nconst LIMIT = 5;",
        r#"{"test": "inc(); inc();\nassert.strictEqual(count, 2);\nassert.strictEqual(LIMIT, 5);"}"#,
        Passes,
    ),
    (
        "jestfn",
        "const f = (g) => g();",
        r#"{"test": "const m = jest.fn(); f(m); expect(m).toHaveBeenCalled();"}"#,
        Undecided,
    ),
    (
        "object-result",
        "class P { constructor(x,y){this.x=x;this.y=y} }\nconst p = (x,y)=>new P(x,y);",
        r#"{"test": "assert.deepEqual(p(1,2), {x:1,y:2});\nassert.deepEqual(p(1,2), new P(1,2));\nassert.notDeepStrictEqual(p(1,2), {x:1,y:2});\nassert.strictEqual(p(1,2).x, 1);"}"#,
        Passes,
    ),
    (
        "setup",
        "const add = (a, b) => a + b;",
        r#"{"test_list": ["assert.strictEqual(add(K,2),3)"], "test_setup_code": "const K = 1;"}"#,
        Passes,
    ),
];

#[test]
fn tests_in_javascript_come_out_as_they_would_beside_the_program() {
    let rows: Vec<Value> =
        CASES.iter().map(|(id, code, tests, _)| row(id, code, &serde_json::from_str(tests).unwrap())).collect();
    let (_, graded) = Bench::new().grade(&rows, &["-g", "code-execution"]);
    assert_eq!(graded.len(), CASES.len());
    for ((id, _, _, expected), row) in CASES.iter().zip(&graded) {
        assert_eq!(came_to(row), Some(*expected), "{id}: {}", grade(row, "code-execution"));
    }
}

#[test]
fn the_reason_shows_the_assertion_and_the_place_in_the_response() {
    let rows = [
        row("value", "const add = (a, b) => a - b;", &json!({"test_list": ["assert.strictEqual(add(1, 2), 3)"]})),
        row(
            "named",
            "const add = (a, b) => a - b;",
            &json!({"test": "it('adds', () => {\n  expect(add(1, 2)).toBe(3);\n});"}),
        ),
        row("raises", "function add(a) {\n  return a.b.c;\n}", &json!({"test": "assert.equal(add({}), 1);"})),
    ];
    let (_, graded) = Bench::new().grade(&rows, &["-g", "code-execution"]);
    let expected = [
        ["`assert.strictEqual(add(1, 2), 3)` failed: Expected values to be strictly equal", "-1 !== 3"],
        ["`expect(add(1, 2)).toBe(3);` failed: in the test adds", "expect(-1).toBe(3)"],
        ["raised TypeError", "line 3 of the response: `return a.b.c;`"],
    ];
    for (row, parts) in graded.iter().zip(expected) {
        let reason = grade(row, "code-execution")["reason"].as_str().unwrap_or_default();
        for part in parts {
            assert!(reason.contains(part), "{part}: {reason}");
        }
    }
}

/// Wrong answers to "add two numbers".
const ATTACKS: &[(&str, &str)] = &[
    ("exit", "process.exit(0);"),
    ("exit-in-call", "function add() { process.exit(0) }"),
    ("exit-later", "setTimeout(() => process.exit(0)); function add() { return 0 }"),
    ("exit-code", "process.exitCode = 0; function add() { throw 0 }"),
    (
        "assert-global",
        "globalThis.assert = Object.assign(() => {}, { strictEqual() {}, equal() {} }); function add() { return 0 }",
    ),
    (
        "assert-name",
        "function assert() {} assert.strictEqual = assert.equal = assert.deepEqual = () => {}; function add() { return 0 }",
    ),
    (
        "assert-module",
        "const assert = require('assert'); for (const k of Object.keys(assert)) assert[k] = () => {}; function add() { return 0 }",
    ),
    ("console", "console.assert = () => {}; var console = { assert() {}, log() {} }; function add() { return 0 }"),
    (
        "expect",
        "function expect() { return new Proxy({}, { get: () => () => {} }) } function it() {} function describe() {} function test() {} function add() { return 0 }",
    ),
    (
        "object-is",
        "Object.is = () => true; Number.isNaN = () => true; Array.isArray = () => true; function add() { return 0 }",
    ),
    ("value-of", "function add() { return { valueOf: () => { throw 1 }, [Symbol.toPrimitive]: () => { throw 2 } } }"),
    ("proxy", "function add() { return new Proxy({}, { get: (t, k) => k === Symbol.toPrimitive ? () => NaN : 1 }) }"),
    ("proxy-function", "const add = new Proxy(function () {}, { apply: () => new Proxy({}, {}) });"),
    (
        "stringify",
        "JSON.stringify = () => '{\"how\":\"returned\",\"result\":[\"known\",0],\"changes\":[]}'; function add() { return 0 }",
    ),
    (
        "stringify-argument",
        "const s = JSON.stringify; JSON.stringify = (x) => s({ how: 'returned', result: ['argument', 2], changes: [[0, 3], [1, 3], [2, 3]] }); function add() { return 0 }",
    ),
    (
        "stringify-polluted",
        "const s = JSON.stringify; JSON.stringify = (x) => '{\"how\":\"returned\",\"result\":[\"object\",[\"__proto__\",[\"object\",[\"strictEqual\",3]]]],\"changes\":[]}'; function add() { return 0 }",
    ),
    (
        "out-of-reach",
        "JSON.stringify = () => '{\"how\":\"returned\",\"result\":0,\"changes\":[],\"isOutOfReach\":true}'; function add() { return 0 }",
    ),
    ("not-json", "JSON.stringify = () => 'passed'; function add() { return 0 }"),
    ("nan", "function add() { return NaN }"),
    ("undefined", "function add() {}"),
    (
        "throws-assertion",
        "const { AssertionError } = require('assert'); function add() { throw new AssertionError({ message: 'passed' }) }",
    ),
    ("throws-nothing", "function add() { throw undefined }"),
    ("promise", "async function add() { return 0 }"),
    ("never", "function add() { return new Promise(() => {}) }"),
    ("thenable", "function add() { return { then(r) { r(3) } } }"),
    ("prints", "console.log('{\"passed\":true}'); function add() { console.log('ok'); return 0 }"),
    ("report", "globalThis.gradebox = { passed: true }; function add() { return { passed: true } }"),
    (
        "prototype",
        "Object.prototype.strictEqual = () => {}; Function.prototype.call = () => {}; Function.prototype.apply = () => 3; function add() { return 0 }",
    ),
    (
        "regexp",
        "RegExp.prototype.test = () => true; String.prototype.includes = () => true; function add() { return '' }",
    ),
    (
        "module",
        "module.exports = new Proxy({}, { get: () => () => 0, ownKeys: () => ['add', 'assert', 'require'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 0 }) });",
    ),
    ("stack", "Error.prepareStackTrace = () => { throw 1 }; function add() { return new Error().stack }"),
    ("caller", "function add() { try { return arguments.callee.caller() } catch { return 0 } }"),
    ("eval-test", "function add() { return (0, eval)('typeof assert') }"),
    ("recursion", "function add() { return add() }"),
    ("memory", "function add() { const a = []; for (;;) a.push(new Array(1e5).fill(0)) }"),
    ("symbol", "function add() { return Symbol('3') }"),
    (
        "forge-handle",
        "const s = JSON.stringify; JSON.stringify = () => '{\"how\":\"returned\",\"result\":[\"handle\",0,\"class\",\"Number\",0,0],\"changes\":[]}'; function add() { return 0 }",
    ),
];

#[test]
fn no_program_passes_tests_in_javascript_without_being_right() {
    let forms = [
        json!({"test_list": ["assert.strictEqual(add(1, 2), 3)"]}),
        json!({"test": "const { strictEqual } = require('node:assert');\nfunction check(candidate) {\n  strictEqual(candidate(1, 2), 3);\n  strictEqual(candidate(2, 2), 4);\n}", "entry_point": "add"}),
        json!({"test": "const { add } = require('./solution');\ndescribe('add', () => {\n  it('adds', () => {\n    expect(add(1, 2)).toBe(3);\n    expect(add(2, 2)).toEqual(4);\n  });\n});"}),
        json!({"test": "const testAdd = () => {\n  console.assert(add(1, 2) === 3);\n  console.assert(add(2, 2) === 4);\n};\ntestAdd();"}),
    ];
    let right = ("right", "function add(a, b) { return a + b }");
    let programs = ATTACKS.iter().chain([&right]);
    let rows: Vec<Value> = programs
        .flat_map(|(id, code)| (0..).zip(&forms).map(move |(form, tests)| row(&format!("{id} {form}"), code, tests)))
        .collect();
    let params = r#"code-execution:{"timeout_ms": 1000, "memory_mib": 64}"#;
    let (_, graded) = Bench::new().grade(&rows, &["-g", params]);
    assert_eq!(graded.len(), (ATTACKS.len() + 1) * forms.len());
    for row in &graded {
        let is_right = row["id"].as_str().is_some_and(|id| id.starts_with("right "));
        let expected = if is_right { Passes } else { Fails };
        assert_eq!(came_to(row), Some(expected), "{row}");
    }
}
