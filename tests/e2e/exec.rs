//! `gradebox exec`: untrusted programs, and every way in which they end.

use serde_json::Value;

use crate::support::Bench;

fn exec(source: &str, arguments: &[&str]) -> (i32, Value) {
    let bench = Bench::new();
    let mut all = vec!["exec", "-", "--json"];
    all.extend(arguments);
    let ran = bench.run_with_input(&all, source);
    let said = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}\n{}", ran.stdout, ran.stderr));
    (ran.status, said)
}

#[track_caller]
fn ends(source: &str, arguments: &[&str], ending: &str) -> Value {
    let (status, said) = exec(source, arguments);
    assert_eq!(said["ending"], ending, "{source}: {said}");
    assert_eq!(status, i32::from(ending != "completed" && said["exit_code"] != 0), "{source}: {said}");
    said
}

#[test]
fn a_program_prints_reads_and_computes() {
    let said = ends("print(sum(int(x) for x in '1 2 3'.split()))", &[], "completed");
    assert_eq!(said["stdout"], "6\n");
    let bench = Bench::new();
    bench.write("in.txt", "4\n5\n");
    let ran = bench.run_with_input(&["exec", "-", "--stdin", "in.txt"], "print(int(input()) * int(input()))");
    assert_eq!(ran.expect_status(0).stdout, "20\n");
}

#[test]
fn a_function_is_called_with_json_and_answers_with_json() {
    let source = "def f(a, b):\n    return {'sum': a + b, 'parts': [a, b]}\n";
    let said = ends(source, &["--call", "f", "--args", "[1, 2]"], "completed");
    assert_eq!(said["value"]["sum"].to_string(), "3");
    let method = "class Solution:\n    def twice(self, x):\n        return 2 * x\n";
    assert_eq!(ends(method, &["--call", "Solution.twice", "--args", "[21]"], "completed")["value"].to_string(), "42");
}

#[test]
fn an_exception_is_reported_with_its_line() {
    let said = ends("x = 1\n\nraise ValueError('no good')\n", &[], "raised");
    assert_eq!(said["raised"]["kind"], "ValueError");
    assert_eq!(said["raised"]["message"], "no good");
    assert_eq!(said["raised"]["line"].to_string(), "3");
    let said = ends("def f(:\n  pass\n", &[], "raised");
    assert_eq!(said["raised"]["kind"], "SyntaxError");
    assert_eq!(said["raised"]["line"].to_string(), "1");
}

#[test]
fn every_exit_is_an_exit() {
    assert_eq!(ends("import sys\nprint('kept')\nsys.exit(0)", &[], "exited")["exit_code"].to_string(), "0");
    assert_eq!(ends("import os\nos._exit(3)", &[], "exited")["exit_code"].to_string(), "3");
    assert_eq!(ends("raise SystemExit(7)", &[], "exited")["exit_code"].to_string(), "7");
}

#[test]
fn endless_work_of_any_kind_times_out() {
    let programs = [
        "while True: pass",
        "7 ** 10 ** 8",
        "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
        "try:\n    while True: pass\nexcept BaseException:\n    pass\nwhile True: pass",
    ];
    for program in programs {
        ends(program, &["--timeout", "300ms"], "timed-out");
    }
}

#[test]
fn memory_is_bounded() {
    ends("hoard = []\nwhile True: hoard.append(bytearray(1 << 20))", &["--memory", "128MiB"], "out-of-memory");
    ends("x = [0] * (10 ** 8)\ny = x * 10", &["--memory", "128MiB"], "out-of-memory");
    // The program may recover; then it ended as it liked.
    let said = ends("try:\n    x = bytearray(10 ** 9)\nexcept MemoryError:\n    print('recovered')", &[], "completed");
    assert_eq!(said["stdout"], "recovered\n");
}

#[test]
fn recursion_ends_in_an_exception_or_a_stack_overflow() {
    let said = ends("def f(): f()\nf()", &[], "raised");
    assert_eq!(said["raised"]["kind"], "RecursionError");
    let deep =
        "import sys\nsys.setrecursionlimit(100000)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(50000))";
    assert_eq!(ends(deep, &[], "completed")["stdout"], "50000\n");
    let (_, said) = exec("import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()", &[]);
    let ending = said["ending"].as_str().unwrap_or_default();
    assert!(["stack-overflow", "out-of-memory", "raised"].contains(&ending), "{said}");
}

#[test]
fn output_is_bounded_and_what_came_before_is_kept() {
    let said = ends("print('first')\nwhile True: print('x' * 1000)", &[], "output-exceeded");
    assert!(said["stdout"].as_str().unwrap_or_default().starts_with("first\n"));
    ends(
        "import sys\nwhile True:\n    try:\n        sys.stderr.write('x' * 100000)\n    except BaseException:\n        pass",
        &[],
        "output-exceeded",
    );
}

/// Every ending, with programs that come to it.
const ENDINGS: &[(&str, &str, &[&str])] = &[
    ("completed", "print(1)", &[]),
    ("completed", "", &[]),
    ("completed", "try:\n    raise MemoryError\nexcept MemoryError:\n    pass", &[]),
    ("raised", "raise ValueError('no')", &[]),
    ("raised", "def f(:", &[]),
    ("raised", "def f(): f()\nf()", &[]),
    ("raised", "raise MemoryError('of its own')", &[]),
    ("raised", "eval('(' * 10**6)", &[]),
    ("raised", "raise KeyboardInterrupt", &[]),
    ("exited", "import sys\nsys.exit(0)", &[]),
    ("exited", "import sys\nsys.exit('with a message')", &[]),
    ("exited", "import os\nos._exit(0)", &[]),
    ("exited", "raise SystemExit(255)", &[]),
    ("timed-out", "while True: pass", &["--timeout", "200ms"]),
    ("out-of-memory", "x = bytearray(10 ** 9)", &[]),
    ("out-of-memory", "hoard = []\nwhile True: hoard.append(bytearray(1 << 20))", &["--memory", "128MiB"]),
    ("output-exceeded", "import os\nprint('kept', flush=True)\nwhile True: os.write(1, b'x' * 65536)", &[]),
    ("crashed", "import os\nos.abort()", &[]),
];

#[test]
fn every_ending_has_a_name() {
    for (ending, program, arguments) in ENDINGS {
        let (status, said) = exec(program, arguments);
        assert_eq!(said["ending"], *ending, "{program}: {said}");
        assert_eq!(status, i32::from(*ending != "completed" && said["exit_code"] != 0), "{program}: {said}");
        assert_eq!(said.get("raised").is_some(), *ending == "raised", "{program}: {said}");
        assert_eq!(said.get("exit_code").is_some(), *ending == "exited", "{program}: {said}");
    }
}

#[test]
fn what_cannot_be_run_is_said_by_name() {
    let bench = Bench::new();
    bench.write("latin.py", [b'#', 0xe9, b'\n']);
    bench.write("folder/program.py", "print(1)");
    bench.write("huge.py", vec![b'#'; (64 << 20) + 1]);
    bench.write("program.py", "print(1)");
    let cases: &[(&[&str], &[&str])] = &[
        (&["latin.py"], &["latin.py", "UTF-8", "byte 2"]),
        (&["folder"], &["folder", "directory"]),
        (&["nowhere.py"], &["nowhere.py", "No such file"]),
        (&["huge.py"], &["huge.py", "64 MiB"]),
        (&["program.py", "--stdin", "huge.py"], &["huge.py", "64 MiB"]),
        (&["program.py", "--stdin", "nowhere"], &["nowhere", "No such file"]),
        (&["program.py", "--language", "klingon"], &["klingon", "python"]),
        (&["program.py", "--timeout", "1h"], &["120s"]),
        (&["program.py", "--memory", "64GiB"], &["2048MiB"]),
        (&["program.py", "--memory", "1MiB"], &["--memory"]),
        (&["program.py", "--args", "[1]"], &["--call"]),
        (&["program.py", "--call", "f", "--args", "3"], &["--args '[1]'"]),
    ];
    for (arguments, parts) in cases {
        let mut all = vec!["exec"];
        all.extend(*arguments);
        bench.run(&all).expect_status(2).expect_stderr(parts);
    }
}

#[test]
fn a_large_program_and_a_large_input_are_run() {
    let source = format!("x = '{}'\nprint(len(x))", "y".repeat(8 << 20));
    assert_eq!(ends(&source, &[], "completed")["stdout"], "8388608\n");
    let bench = Bench::new();
    bench.write("in.txt", vec![b'z'; 8 << 20]);
    let ran = bench.run_with_input(&["exec", "-", "--stdin", "in.txt"], "import sys\nprint(len(sys.stdin.read()))");
    assert_eq!(ran.expect_status(0).stdout, "8388608\n");
}

#[test]
fn deeply_nested_arguments_are_an_error_and_not_a_crash() {
    let bench = Bench::new();
    let nested = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let ran = bench.run_with_input(&["exec", "-", "--call", "f", "--args", &nested], "def f(x):\n    return 1");
    ran.expect_status(2).expect_stderr(&["--args", "not JSON"]);
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let ran = bench.run_with_input(&["exec", "-", "--call", "f", "--args", &nested], "def f(x):\n    return 1");
    assert!([0, 1].contains(&ran.status), "{}", ran.stderr);
}

#[test]
fn sleeping_costs_no_time() {
    let started = std::time::Instant::now();
    let said = ends("import time\ntime.sleep(86400)\nprint('rested')", &["--timeout", "2s"], "completed");
    assert_eq!(said["stdout"], "rested\n");
    assert!(started.elapsed().as_secs() < 3600, "the clock of the sandbox is virtual");
}

#[test]
fn there_is_nothing_to_reach() {
    let programs = [
        "print(open('/etc/passwd').read())",
        "open('/tmp/x', 'w').write('x')",
        "import os\nos.listdir('/')",
        "import socket\nsocket.create_connection(('127.0.0.1', 80))",
        "import subprocess\nsubprocess.run(['true'])",
        "import threading\nthreading.Thread(target=print).start()",
        "import ctypes",
    ];
    for program in programs {
        ends(program, &[], "raised");
    }
    let said = ends("import os, sys\nprint(dict(os.environ), sys.argv)", &[], "completed");
    assert!(said["stdout"].as_str().unwrap_or_default().starts_with("{} "), "{said}");
}

#[test]
fn the_same_program_does_the_same_twice() {
    let source = "import random, time, os, uuid\nprint(random.random(), time.time(), os.urandom(4), uuid.uuid4(), hash('x'), set('abcdef'))";
    assert_eq!(ends(source, &[], "completed")["stdout"], ends(source, &[], "completed")["stdout"]);
}

#[test]
fn output_that_is_not_text_is_base64() {
    let said = ends("import sys\nsys.stdout.buffer.write(bytes([255, 0, 1]))", &[], "completed");
    assert_eq!(said["stdout_base64"], "/wAB");
    assert!(said.get("stdout").is_none(), "{said}");
}

#[test]
fn asyncio_and_the_standard_library_work() {
    let source = "import asyncio, json, decimal, dataclasses, zoneinfo, statistics, difflib\n\
                  async def main():\n    await asyncio.sleep(5)\n    return await asyncio.gather(*(asyncio.sleep(1, n) for n in range(3)))\n\
                  print(asyncio.run(main()), decimal.Decimal('0.1') + 1, statistics.mean([1, 2]))";
    assert_eq!(ends(source, &[], "completed")["stdout"], "[0, 1, 2] 1.1 1.5\n");
}

#[test]
fn a_language_that_nobody_provides_is_named() {
    Bench::new()
        .run_with_input(&["exec", "-", "--language", "cobol"], "DISPLAY 'x'.")
        .expect_status(2)
        .expect_stderr(&["cobol", "python"]);
}

#[test]
fn a_file_of_a_language_without_a_runtime_is_not_run_as_python() {
    let bench = Bench::new();
    bench.write("program.rs", "print(1)");
    let ran = bench.run(&["exec", "program.rs"]).expect_status(2);
    ran.expect_stderr(&["files that end in `.rs`", "--language names one of: javascript, python"]);
    bench.run(&["exec", "program.rs", "--language", "python"]).expect_status(0);
    bench.write("program", "print(1)");
    bench.run(&["exec", "program"]).expect_status(0);
}

#[test]
fn a_size_without_a_unit_is_shown_as_what_it_was_read_as() {
    let ran = Bench::new().run_with_input(&["exec", "-", "--memory", "64"], "print(1)").expect_status(2);
    ran.expect_stderr(&["64 bytes of memory"]);
}
