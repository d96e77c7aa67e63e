//! A program with several tests is compiled once, where its runtime passes compiled programs on: what that changes is the
//! work, and nothing that is seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::{Value, json};

use crate::{
    formats,
    support::{Bench, grade, root},
};

const GRADER: &str = "code-execution";

/// The directory with a runtime whose programs say how they came into their sandbox (`tests/hostile/runtime`).
fn mischief(bench: &Bench) -> String {
    let built = root().join("target/hostile/runtimes/hostile-runtime.wasm");
    let bytes = fs::read(&built).expect("target/hostile/runtimes/hostile-runtime.wasm: run `make graders` first");
    bench.write("mischief/mischief.wasm", bytes);
    bench.path("mischief").display().to_string()
}

/// The runtimes without what they export for compiled programs, as those of a user's own are that know nothing of it.
fn without_compiler(bench: &Bench) -> String {
    for runtime in ["python.wasm", "javascript.wasm"] {
        bench.write(&format!("plain/{runtime}"), renamed(runtime));
    }
    bench.path("plain").display().to_string()
}

/// A runtime whose export for compiled programs goes by another name, of the same length.
fn renamed(runtime: &str) -> Vec<u8> {
    let (name, other) = (b"gradebox:compiling/", b"somebody:compiling/");
    let built = root().join("target/graders/runtimes").join(runtime);
    let mut bytes = fs::read(built).expect("run `make graders` first");
    let places: Vec<usize> =
        bytes.windows(name.len()).enumerate().filter(|(_, found)| found == name).map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "the runtime exports nothing for compiled programs");
    for at in places {
        bytes[at..at + name.len()].copy_from_slice(other);
    }
    bytes
}

/// A row whose program is to print nothing that a test expects, so that the grade says what it printed each time.
fn prints(id: &str, language: &str, source: &str, tests: usize) -> Value {
    json!({"id": id, "query": "q", "response": format!("```{language}\n{source}\n```"),
           "tests": {"inputs": vec!["1\n"; tests], "outputs": vec!["something else"; tests]}})
}

/// What a program came to in each of its tests; nothing where it does not parse.
fn tests(row: &Value) -> Vec<Value> {
    let verdict = grade(row, GRADER);
    assert_eq!(verdict["outcome"], "scored", "{row}");
    verdict["details"]["tests"].as_array().cloned().unwrap_or_default()
}

fn ways(row: &Value) -> Vec<String> {
    let got = |test: Value| test["got"].as_str().map_or_else(|| test.to_string(), str::to_owned);
    tests(row).into_iter().map(got).collect()
}

#[test]
fn what_cannot_be_passed_on_is_loaded_from_its_source() {
    let bench = Bench::new();
    let folder = mischief(&bench);
    let cases: &[(&str, &[&str])] = &[
        ("", &["source, asked", "compiled", "compiled", "compiled"]),
        ("", &["source"]),
        ("none when asked", &["source, asked", "source", "source"]),
        ("traps when asked", &["source", "source", "source"]),
        ("loops when asked", &["source", "source", "source"]),
        ("gives 2 MiB", &["source, asked", "source", "source"]),
        ("gives 20 MiB", &["source", "source", "source"]),
        ("cannot load", &["source, asked", "source", "source"]),
        ("traps when loading", &["source, asked", "source", "source"]),
        ("loops when loading", &["source, asked", "source", "source"]),
        // A warning that only the first test gave would be another behaviour in the others.
        ("warns", &["source", "source", "source"]),
    ];
    let rows: Vec<Value> = (0..)
        .zip(cases)
        .map(|(id, (line, ways))| prints(&id.to_string(), "mischief", &format!("program {id}\n{line}"), ways.len()))
        .collect();
    for mode in [&[][..], &["--deterministic"][..]] {
        let chosen = "code-execution:{\"timeout_ms\": 100}";
        let (ran, graded) = bench.grade(&rows, &[&["--graders", &folder, "-g", chosen], mode].concat());
        assert_eq!(graded.len(), cases.len(), "{}", ran.stderr);
        for (row, (line, expected)) in graded.iter().zip(cases) {
            assert_eq!(ways(row), *expected, "{line} {mode:?}");
        }
    }
}

#[test]
fn other_workers_are_given_what_was_compiled() {
    let bench = Bench::new();
    let folder = mischief(&bench);
    let row = prints("slow", "mischief", "takes its time", 24);
    let (ran, graded) = bench.grade(&[row], &["--graders", &folder, "-g", GRADER, "--jobs", "2"]);
    ran.expect_status(0);
    let ways = ways(&graded[0]);
    assert_eq!((ways.len(), ways[0].as_str()), (24, "source, asked"));
    assert_eq!(ways[1..].iter().collect::<BTreeSet<_>>(), BTreeSet::from([&"compiled".to_owned()]));
}

/// A text for each number from 0, one behind the other.
fn repeated(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().concat()
}

/// Long enough for compiling to be most of the work.
const PROGRAM: &str =
    "class Solution:\n    def add(self, a, b):\n        return a + b\ndef add(a, b):\n    return a + b\n";

fn with_tests(id: &str, form: &str, tests: usize) -> Value {
    let padding = repeated(60, |n| format!("def unused_{n}(x, y):\n    return [x * {n}, y, x + y]\n"));
    let response = format!("```python\n{PROGRAM}{padding}```");
    let mut row = json!({"id": id, "query": "q", "response": response});
    let numbers = 1..=tests;
    match form {
        "calls" => {
            let inputs: Vec<Value> = numbers.clone().map(|n| json!([n, 1])).collect();
            let outputs: Vec<usize> = numbers.map(|n| n + 1).collect();
            row["tests"] = json!({"fn_name": "add", "inputs": inputs, "outputs": outputs});
        }
        "asserts" => {
            let asserts: Vec<String> = numbers.map(|n| format!("assert add({n}, 1) == {}", n + 1)).collect();
            row["test_list"] = json!(asserts);
        }
        "calls in JavaScript" => {
            // Constants of every kind.
            let padding = repeated(60, |n| {
                format!(
                    "function unused{n}(x, y) {{ const z = [x * {n}, {n}.5, {n}n, -7n, null, true, 'text', 'ä€', `t${{y}}`, \
                     /a+{n}/gu, -0]; return () => class {{ #p = z; static s = 1; *m() {{ yield this.#p + x; }} }}; }}\n"
                )
            });
            row["response"] = json!(format!("```js\nfunction add(a, b) {{ return a + b; }}\n{padding}```"));
            let tests: Vec<Value> =
                numbers.map(|n| json!({"function": "add", "args": [n, 1], "expected": n + 1})).collect();
            row["tests"] = json!(tests);
        }
        _ => {
            let methods = repeated(tests, |n| {
                format!("    def test_{n}(self):\n        self.assertEqual(add({n}, 1), {})\n", n + 1)
            });
            row["test"] = json!(format!("import unittest\nclass TestAdd(unittest.TestCase):\n{methods}"));
        }
    }
    row
}

/// Instructions of a row's programs.
fn fuel(row: &Value) -> u64 {
    let verdict = grade(row, GRADER);
    assert_eq!(verdict["score"], 1.0, "{verdict}");
    verdict["receipt"]["program_fuel"].as_u64().expect("a receipt with fuel")
}

#[test]
fn more_tests_of_a_program_take_less_than_the_first_one_which_compiles_it() {
    let bench = Bench::new();
    let folder = without_compiler(&bench);
    let forms = ["calls", "calls in JavaScript", "asserts", "methods"];
    let rows: Vec<Value> = forms
        .iter()
        .flat_map(|form| [1, 4, 8].map(|tests| with_tests(&format!("{form} {tests}"), form, tests)))
        .collect();
    let arguments = ["-g", GRADER, "--deterministic", "--receipts"];
    let (ran, compiled) = bench.grade(&rows, &arguments);
    ran.expect_status(0);
    // The same whoever does what, and whenever.
    let (_, again) = bench.grade(&rows, &[&arguments[..], &["--jobs", "1"]].concat());
    let (_, plain) = bench.grade(&rows, &[&arguments[..], &["--graders", &folder]].concat());
    for (index, form) in forms.iter().enumerate() {
        let of = |rows: &[Value]| [0, 1, 2].map(|place| fuel(&rows[3 * index + place]));
        let ([first, four, eight], [plain_first, _, plain_eight]) = (of(&compiled), of(&plain));
        assert_eq!([first, four, eight], of(&again), "{form}");
        assert_eq!(first, plain_first, "{form}: a single test asks for nothing");
        // What a test does besides takes up to half.
        assert!(10 * (eight - four) < 6 * 4 * first, "{form}: {first}, {four}, {eight}");
        assert!(10 * eight < 7 * plain_eight, "{form}: {eight} against {plain_eight}");
    }
}

/// Programs on which a compiler's work may be seen, or which want to change what another test finds.
fn peculiar() -> Vec<(&'static str, String)> {
    let nested = |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let functions = repeated(90, |depth| format!("{}def f{depth}():\n", " ".repeat(depth)));
    vec![
        ("a warning", "x = input()\nprint(x is 'a', '\\d')".to_owned()),
        ("a syntax error", "x = input()\nprint(x".to_owned()),
        ("an indentation error", "def f():\nreturn 1".to_owned()),
        ("a null byte", "print(1)\0".to_owned()),
        ("nested parentheses", nested("(", ")", 10_000)),
        ("nested lists", format!("x = {}", nested("[", "]", 150))),
        ("nested operators", format!("x = {}1", "-".repeat(200_000))),
        ("a long sum", format!("print({})", vec!["1"; 20_000].join("+"))),
        ("nested lambdas", format!("f = {}0\nprint(f().__code__.co_name)", "lambda: ".repeat(600))),
        ("nested functions", format!("{functions}{}pass\nprint(f0.__code__.co_consts[0].co_name)", " ".repeat(90))),
        ("nested finally", {
            let tries = repeated(14, |d| format!("{0}try: x = 1\n{0}finally:\n", " ".repeat(d)));
            format!("{tries}{}print('end')", " ".repeat(14))
        }),
        ("a literal of 10 MB", format!("x = '{}'\nprint(len(x))", "a".repeat(10_000_000))),
        ("a number of 5,000 digits", format!("print({})", "9".repeat(5_000))),
        ("a future", "from __future__ import annotations\ndef f(x: missing): pass\nprint(f.__annotations__)\n\
                      exec('def g(x: missing): pass')\nprint(g.__annotations__)".to_owned()),
        ("a byte order mark", "\u{feff}print('marked')".to_owned()),
        ("a form feed and carriage returns", "def f():\r\n\x0c    raise KeyError('x')\rf()".to_owned()),
        ("an encoding of its own", "# coding: latin-1\nprint('café')\nraise ValueError('é')".to_owned()),
        ("a traceback", "def f(n):\n    if n: return f(n - 1)\n    raise ValueError('deep',\n  n)\nf(30)".to_owned()),
        ("its own source", "import inspect\ndef f():\n    return 1  # one\nprint(inspect.getsource(f))".to_owned()),
        ("identities", "A = b'a'; B = 'long text, that is'; C = 10 ** 6, 1.5\ndef f(): return B, 1000000, 1.5, b'x', ()\n\
                        def g(): return 'long text, that is', 1000000, 1.5, b'x', ()\n\
                        print([x is y for x, y in zip(f(), g())], bytes([97]) is A, f.__code__.co_consts, C)".to_owned()),
        ("sets in the order of their table", {
            // Elements that share places in the table.
            let sets: Vec<String> = (0..40)
                .map(|n| format!("print(list({{'k{n}', {n}, 'b{n}', {}, ('t', {n}), 2.5, {}}}))", n + 32, n + 64))
                .collect();
            let loops: Vec<String> =
                (0..40).map(|n| format!("for x in {{'q{n}', {n}, {}, 'r{n}', {}}}: print(x)", n + 32, n + 8)).collect();
            summed(&format!("{}\n{}", sets.join("\n"), loops.join("\n")))
        }),
        ("the code of its functions", "import dis\nclass A:\n    'doc'\n    def f(self, x=1, *, y: int = 2):\n        'text'\n\
            \x20       with x as z, y: yield [i async for i in z if i is not None]\n\
            print(A.__doc__, A.f.__doc__)\nfor n in dir(A.f.__code__) if False else ('co_flags', 'co_names', 'co_varnames', \
            'co_qualname', 'co_firstlineno', 'co_exceptiontable'): print(n)\n".to_owned()),
        ("every attribute of its code", summed("def f(a, b=1, *c, d, **e):\n    try: return [x + a for x in c]\n    finally: del b\n\
            def shown(code):\n    for n in sorted(dir(code)):\n        v = getattr(code, n)\n\
            \x20       if n.startswith('co_') and not callable(v) and n != '_co_code_adaptive': print(n, [type(x) for x in v] if n == 'co_consts' else v)\n\
            \x20       elif n in ('co_lines', 'co_positions'): print(n, list(v()))\n    [shown(c) for c in code.co_consts if type(c) is type(code)]\n\
            import sys\nshown(sys._getframe().f_code)")),
        ("what it leaves in its runtime", "import sys, marshal, builtins, gc\nprint(getattr(builtins, 'left', 'nothing left'))\n\
            builtins.left = 'something'\nmarshal.loads = marshal.dumps = builtins.compile = lambda *a, **k: 1 / 0\n\
            for name, module in list(sys.modules.items()):\n    if name.startswith('gradebox_python'):\n\
            \x20       for key, value in list(vars(module).items()):\n\
            \x20           if callable(value) and key.strip('_') in ('loads', 'dumps', 'dumped', 'restored'): setattr(module, key, lambda *a: None)\n\
            sessions = [x for x in gc.get_objects() if type(x).__name__ == 'Session']\n\
            evil = (lambda: print('evil')).__code__\nfor s in sessions: s._code = evil\n\
            print(len(sessions) > 0)".to_owned()),
        ("code that changes itself", "def f(): return 'first'\ndef g(): return 'second'\nprint(f())\nf.__code__ = g.__code__\n\
            print(f())\nfor _ in range(100): f()\nprint(f())".to_owned()),
    ]
}

/// The same in JavaScript.
fn peculiar_in_javascript() -> Vec<(&'static str, String)> {
    let functions = repeated(60, |n| format!("function f{n}() {{ "));
    let programs: [(&str, &str); 12] = [
        ("a syntax error", "console.log(1"),
        ("a module", "import { strictEqual } from 'assert';\nexport const x = 1;\nconsole.log(x, typeof strictEqual);"),
        ("a return at the top", "console.log(this === module.exports);\nreturn;\nconsole.log('never');"),
        ("a line for the shell", "#!/usr/bin/env node\nfunction f() {\n  throw new RangeError('x');\n}\nf();"),
        (
            "a stack",
            "function f(n) { return n ? f(n - 1) : new Error('deep').stack; }\nconsole.log(f(3));\n\
                     class A { get x() { return null.y; } }\ntry { new A().x } catch (e) { console.log(e.stack, e.message) }",
        ),
        (
            "text of functions",
            "class A { static #p = 1; /* c */ m(a, b = 2) { return a } }\nconsole.log(String(A), \
                               String(A.prototype.m), String((x) => x + 1), (function named() {}).name, ((a, b) => 1).length)",
        ),
        (
            "templates",
            "const tag = s => s;\nconst f = () => tag`a${1}\\n${2}`;\nconst g = () => tag`a${1}\\n${2}`;\n\
                       console.log(f() === f(), f() === g(), Object.isFrozen(f()), Object.isFrozen(f().raw), f(), f().raw)",
        ),
        (
            "literals",
            "console.log([-0, 1e308 * 10, 0x1fn ** 40n, -123456789012345678901234567890n, 0n, 255n, 'ä€', `x${1n}`, 1_000, '\\ud800'.length, '\\u{1F600}', /(?<a>\\p{L}+)\\d?/giu.exec('äb1'), \
                      /[^\\s]$/m.flags, NaN, 0.1 + 0.2, 2 ** 53, -2147483648, 4294967296])",
        ),
        (
            "names and scopes",
            "var y = 1; { let y = 2; function inner() { return y } }\n\
            function ev(a) { let b = 2; { const c = 3; eval('b = a + c; var d = 9'); return [a, b, d, eval('c')] } }\n\
            function al(a) { arguments[0] = 5; return a }\nwith ({ z: 3 }) { var w = z }\n\
            console.log(inner(), ev(1), al(1), w, typeof hoisted, (() => { try { return t } catch (e) { return e.name } ; let t })());\n\
            function hoisted() {}\nlab: for (let i = 0; ; i++) for (;;) { if (i > 2) break lab; continue lab }",
        ),
        (
            "classes, generators and promises",
            "class B { #a = 1; static s = new.target; get a() { return this.#a } static { this.t = 4 } \
            static has(o) { return #a in o } }\nclass C extends B { constructor() { super(); this.k = super.a } async *g() { yield* [1, 2] } }\n\
            (async () => { const out = []; for await (const x of new C().g()) out.push(x); console.log(out, B.has(new C()), B.t, new C().k) })();\n\
            console.log([...(function* () { const [a, { b = 2, ...c } = { d: 4 }] = yield 1; })()], ((a, b = a, ...c) => [a, b, c])(1), null?.x)",
        ),
        (
            "what it leaves in its runtime",
            "console.log(globalThis.left, Object.prototype.left);\nglobalThis.left = 1;\n\
            Object.prototype.left = 2;\nArray.prototype.push = () => { throw 1 };\nFunction.prototype.call = null;\nconsole.log('done')",
        ),
        ("what it throws", "throw Object.assign(new TypeError('odd'), { code: 7 })"),
    ];
    let nested = |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let mut programs: Vec<(&str, String)> = programs.map(|(name, source)| (name, source.to_owned())).to_vec();
    programs.extend([
        ("nested parentheses", format!("console.log({})", nested("(", ")", 20_000))),
        ("nested arrays", format!("console.log({}.length)", nested("[", "]", 500))),
        (
            "nested arrow functions",
            format!("const f = {}0;\nconsole.log(String(f).length, f()()())", "() => ".repeat(400)),
        ),
        ("nested functions", format!("{functions}return 1 {}\nconsole.log(String(f0).length)", "}".repeat(60))),
        (
            "functions in functions by the thousand",
            format!("const f = {}0;\nconsole.log(String(f).length)", "() => ".repeat(3_000)),
        ),
        ("a long sum", format!("console.log({})", vec!["1"; 20_000].join("+"))),
    ]);
    programs
}

/// The program with a sum of all that it prints in place of that: reports show the beginning only.
fn summed(source: &str) -> String {
    format!(
        "import io, sys\nsys.stdout = io.StringIO()\n{source}\nimport zlib\n\
         print(zlib.crc32(sys.stdout.getvalue().encode()), file=sys.__stdout__)"
    )
}

#[test]
fn no_test_can_tell_whether_its_program_was_compiled_for_it() {
    let bench = Bench::new();
    let folder = without_compiler(&bench);
    let programs = peculiar();
    let probes = fs::read_dir(root().join("tests/probes")).expect("the folder of the probes");
    let probes: Vec<(String, String)> = probes
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| (path.display().to_string(), summed(&fs::read_to_string(path).expect("a probe"))))
        .collect();
    assert!(probes.len() >= 10);
    let programs = programs.into_iter().map(|(name, source)| (name.to_owned(), source)).chain(probes);
    let mut rows: Vec<Value> = programs.map(|(name, source)| prints(&name, "python", &source, 3)).collect();
    rows.extend(
        peculiar_in_javascript().iter().map(|(name, source)| prints(&format!("{name} in JavaScript"), "js", source, 3)),
    );
    // A long report shows all that a program printed.
    let arguments = ["-g", "code-execution:{\"timeout_ms\": 20000}", "--jobs", "2"];
    let (ran, compiled) = bench.grade(&rows, &arguments);
    assert!(!ran.stderr.contains("died"), "{}", ran.stderr);
    let (_, plain) = bench.grade(&rows, &[&arguments[..], &["--graders", &folder]].concat());
    for (compiled, plain) in compiled.iter().zip(&plain) {
        let tests = tests(compiled);
        assert!(tests.iter().all(|test| test == &tests[0]), "{}: {tests:#?}", compiled["id"]);
        assert_eq!(grade(compiled, GRADER), grade(plain, GRADER), "{}", compiled["id"]);
    }
    assert_eq!((compiled.len(), plain.len()), (rows.len(), rows.len()));
}

#[test]
fn every_format_comes_to_the_same_without_it() {
    let bench = Bench::new();
    let folder = without_compiler(&bench);
    let mut together: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for formats::Example { params, rows, .. } in formats::examples() {
        together.entry(format!("{GRADER}:{params}")).or_default().extend(rows);
    }
    assert!(together.values().map(Vec::len).sum::<usize>() > 20);
    for (chosen, mut rows) in together {
        (0..).zip(&mut rows).for_each(|(id, row)| row["id"] = json!(id));
        let (_, compiled) = bench.grade(&rows, &["-g", &chosen]);
        let (_, plain) = bench.grade(&rows, &["-g", &chosen, "--graders", &folder]);
        assert_eq!(compiled.len(), rows.len());
        assert_eq!(compiled, plain);
    }
}

/// Fails where a mutant of `HumanEval` ends otherwise when it was compiled for another test.
pub fn all_end_alike(bench: &Bench, mutants: &[Value]) {
    let rows: Vec<Value> = mutants.iter().map(as_script).collect();
    let (ran, graded) = bench.grade(&rows, &["-g", "code-execution:{\"timeout_ms\": 1000}", "--jobs", "2"]);
    assert_eq!(graded.len(), rows.len(), "{}", ran.stderr);
    for row in &graded {
        let tests = tests(row);
        assert!(tests.iter().all(|test| test == &tests[0]), "{}: {tests:#?}", row["id"]);
    }
}

/// The mutant with its test as one program, which a test of its output runs three times.
fn as_script(row: &Value) -> Value {
    let text = |column: &str| row[column].as_str().unwrap_or_default();
    let response = text("response");
    let code = response.split("```").nth(1).map_or(response, |block| block.trim_start_matches("python\n"));
    let whole = if code.contains(&format!("def {}(", text("entry_point"))) { "" } else { text("prompt") };
    let source = format!("{whole}{code}\n{}\ncheck({})", text("test"), text("entry_point"));
    prints(&row["id"].to_string(), "python", &source, 3)
}
