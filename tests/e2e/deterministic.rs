//! `--deterministic`: limits count instructions, so that a verdict is the same on every machine and under every load.

use gradebox::sandbox::FUEL_PER_MILLISECOND;
use serde_json::{Value, json};

use crate::support::{Bench, grade};

fn exec(bench: &Bench, source: &str, arguments: &[&str]) -> Value {
    let mut all = vec!["exec", "-", "--json"];
    all.extend(arguments);
    let ran = bench.run_with_input(&all, source);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}\n{}", ran.stdout, ran.stderr))
}

/// In each language, a program that computes, draws random numbers and asks for the order of a set.
const COMPUTES: [(&str, &str); 2] = [
    ("python", "import random\nprint(sum(hash(str(i)) for i in range(20000)), random.random(), {'a', 'b', 'c'})"),
    (
        "javascript",
        "let sum = 0; const seen = new Map();\n\
         for (let i = 0; i < 30000; i++) { sum = (sum * 31 + String(i).length) % 1000003; seen.set(i % 97, { sum }); }\n\
         console.log(sum, Math.random(), [...seen.keys()].sort().join(''), Date.now());",
    ),
];

const DETERMINISTIC: &[&str] = &["--deterministic", "--language"];

fn metered(bench: &Bench, language: &str, source: &str, timeout: Option<u64>) -> Value {
    let timeout = timeout.map(|milliseconds| format!("{milliseconds}ms"));
    let mut arguments = [DETERMINISTIC, &[language]].concat();
    arguments.extend(timeout.iter().flat_map(|timeout| ["--timeout", timeout]));
    exec(bench, source, &arguments)
}

#[test]
fn the_same_program_uses_the_same_fuel_under_any_load() {
    let bench = Bench::new();
    for (language, source) in COMPUTES {
        let alone = metered(&bench, language, source, None);
        assert!(alone["fuel"].as_u64().is_some_and(|fuel| fuel > 1_000_000), "{alone}");
        let together: Vec<Value> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..4).map(|_| scope.spawn(|| metered(&bench, language, source, None))).collect();
            running.into_iter().map(|thread| thread.join().expect("an execution")).collect()
        });
        for other in together {
            assert_eq!((&other["fuel"], &other["stdout"]), (&alone["fuel"], &alone["stdout"]), "{language}");
        }
    }
}

#[test]
fn an_endless_loop_ends_at_exactly_its_limit() {
    let bench = Bench::new();
    let programs = [
        ("python", "while True: pass"),
        ("python", "7 ** 10 ** 8"),
        ("python", "try:\n    while True: pass\nexcept BaseException: pass"),
        ("javascript", "while (true) {}"),
        ("javascript", "7n ** (10n ** 7n)"),
        ("javascript", "try { while (true) {} } catch {} finally { while (true) {} }"),
        ("javascript", "(function again() { Promise.resolve().then(again) })()"),
        ("javascript", "/(a+)+$/.test('a'.repeat(60) + 'b')"),
    ];
    for (language, program) in programs {
        let said = metered(&bench, language, program, Some(100));
        assert_eq!(said["ending"], "timed-out", "{program}: {said}");
        assert_eq!(said["fuel"].as_u64(), Some(100 * FUEL_PER_MILLISECOND), "{program}: {said}");
    }
}

#[test]
fn a_limit_just_above_what_a_program_uses_is_enough_and_one_below_is_not() {
    let bench = Bench::new();
    for (language, source) in COMPUTES {
        let used = metered(&bench, language, source, None)["fuel"].as_u64().expect("fuel");
        let enough = used / FUEL_PER_MILLISECOND + 1;
        for (milliseconds, ending, fuel) in
            [(enough, "completed", used), (enough - 1, "timed-out", (enough - 1) * FUEL_PER_MILLISECOND)]
        {
            for _ in 0..2 {
                let said = metered(&bench, language, source, Some(milliseconds));
                assert_eq!(said["ending"], ending, "{language}, {milliseconds} ms: {said}");
                assert_eq!(said["fuel"].as_u64(), Some(fuel), "{language}, {milliseconds} ms: {said}");
            }
        }
    }
}

#[test]
fn without_it_no_fuel_is_counted() {
    assert!(exec(&Bench::new(), "print(1)", &[]).get("fuel").is_none());
}

/// Rows whose programs do more and more, around a limit that some of them exceed.
fn rows_around_a_limit(language: &str) -> Vec<Value> {
    (1..=12_u64)
        .map(|size| {
            let response = match language {
                "python" => format!("def f(n):\n    return sum(i * i % 7 for i in range({size} * n))"),
                _ => format!(
                    "function f(n) {{ let sum = 0; for (let i = 0; i < {size} * n; i++) sum += i * i % 7; return sum }}"
                ),
            };
            let sums: Vec<u64> = [20_000, 40_000].iter().map(|n| (0..size * n).map(|i| i * i % 7).sum()).collect();
            json!({"id": size, "query": "q", "response": format!("```{language}\n{response}\n```"),
                   "tests": {"fn_name": "f", "inputs": [[20_000], [40_000]], "outputs": sums}})
        })
        .collect()
}

#[test]
fn verdicts_do_not_depend_on_the_number_of_workers() {
    for language in ["python", "javascript"] {
        let graded = |jobs: &str| {
            let bench = Bench::new();
            let chosen = "code-execution:{\"timeout_ms\": 20}";
            let arguments = ["-g", chosen, "--deterministic", "--jobs", jobs];
            let (ran, graded) = bench.grade(&rows_around_a_limit(language), &arguments);
            ran.expect_status(0);
            graded
        };
        let (one, two) = (graded("1"), graded("2"));
        assert_eq!(one, two);
        let passes = one.iter().filter(|row| grade(row, "code-execution")["pass"] == true).count();
        assert!(0 < passes && passes < one.len(), "the limit is too far: {passes} of {} {language} pass", one.len());
    }
}
