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

const COMPUTES: &str =
    "import random\nprint(sum(hash(str(i)) for i in range(20000)), random.random(), {'a', 'b', 'c'})";

#[test]
fn the_same_program_uses_the_same_fuel_under_any_load() {
    let bench = Bench::new();
    let alone = exec(&bench, COMPUTES, &["--deterministic"]);
    assert!(alone["fuel"].as_u64().is_some_and(|fuel| fuel > 1_000_000), "{alone}");
    let together: Vec<Value> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..4).map(|_| scope.spawn(|| exec(&bench, COMPUTES, &["--deterministic"]))).collect();
        running.into_iter().map(|thread| thread.join().expect("an execution")).collect()
    });
    for other in together {
        assert_eq!((&other["fuel"], &other["stdout"]), (&alone["fuel"], &alone["stdout"]));
    }
}

#[test]
fn an_endless_loop_ends_at_exactly_its_limit() {
    let bench = Bench::new();
    for program in ["while True: pass", "7 ** 10 ** 8", "try:\n    while True: pass\nexcept BaseException: pass"] {
        let said = exec(&bench, program, &["--deterministic", "--timeout", "100ms"]);
        assert_eq!(said["ending"], "timed-out", "{said}");
        assert_eq!(said["fuel"].as_u64(), Some(100 * FUEL_PER_MILLISECOND), "{said}");
    }
}

#[test]
fn a_limit_just_above_what_a_program_uses_is_enough_and_one_below_is_not() {
    let bench = Bench::new();
    let used = exec(&bench, COMPUTES, &["--deterministic"])["fuel"].as_u64().expect("fuel");
    let enough = used / FUEL_PER_MILLISECOND + 1;
    for (milliseconds, ending) in [(enough, "completed"), (enough - 1, "timed-out")] {
        let timeout = format!("{milliseconds}ms");
        let said = exec(&bench, COMPUTES, &["--deterministic", "--timeout", &timeout]);
        assert_eq!(said["ending"], ending, "{timeout}: {said}");
    }
}

#[test]
fn without_it_no_fuel_is_counted() {
    assert!(exec(&Bench::new(), "print(1)", &[]).get("fuel").is_none());
}

/// Rows whose programs do more and more, around a limit that some of them exceed.
fn rows_around_a_limit() -> Vec<Value> {
    (1..=12)
        .map(|size| {
            let response = format!("```python\ndef f(n):\n    return sum(i * i for i in range({size} * n))\n```");
            let sums: Vec<u64> = [20_000, 40_000].iter().map(|n| (0..size * n).map(|i| i * i).sum()).collect();
            json!({"id": size, "query": "q", "response": response,
                   "tests": {"fn_name": "f", "inputs": [[20_000], [40_000]], "outputs": sums}})
        })
        .collect()
}

#[test]
fn verdicts_do_not_depend_on_the_number_of_workers() {
    let graded = |jobs: &str| {
        let bench = Bench::new();
        let chosen = "code-execution:{\"timeout_ms\": 20}";
        let (ran, graded) = bench.grade(&rows_around_a_limit(), &["-g", chosen, "--deterministic", "--jobs", jobs]);
        ran.expect_status(0);
        graded
    };
    let (one, two) = (graded("1"), graded("2"));
    assert_eq!(one, two);
    let passes = one.iter().filter(|row| grade(row, "code-execution")["pass"] == true).count();
    assert!(0 < passes && passes < one.len(), "the limit lies beyond the programs: {passes} of {} pass", one.len());
}
