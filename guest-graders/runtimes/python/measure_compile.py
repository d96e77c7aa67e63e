#!/usr/bin/env python3
"""Measures what it is worth that a program with several tests is compiled once: the same tests with the runtimes as they
are and with such as pass no compiled programs on, in turns.

Needs `make` done and `perf` in the path; modules of Python's standard library are the programs in Python. `measure_compile.py [ROUNDS]`
"""

import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GRADEBOX = ROOT / "target" / "release" / "gradebox"
RUNTIMES = ROOT / "target" / "graders" / "runtimes"
TESTS = (1, 2, 10, 100)
TESTS_IN_ALL = 400
# A module, how much of it, and what stands before and behind that.
PROGRAMS = {
    "50 lines": (
        "bisect",
        80,
        "",
        "def f(n):\n    a = []\n    for i in range(n): insort_right(a, i * 7919 % 101)\n    return a[n // 2]\n",
    ),
    "300 lines": (
        "difflib",
        800,
        "import re\nfrom collections import namedtuple as _namedtuple\nGenericAlias = list\n"
        "Match = _namedtuple('Match', 'a b size')\n",
        "def f(n): return n if SequenceMatcher(None, 'abcd' * n, 'bcde' * n).ratio() else 0\n",
    ),
}

JAVASCRIPT = """function unused{n}(items, limit) {
  const result = [];
  for (let i = 0; i < items.length; i++) {
    if (items[i] > limit) { result.push(items[i] * {n}); }
    else { result.push(`item ${i}: ${items[i]}`); }
  }
  return result.map(x => x + 1).filter(x => x % 2 === 0);
}
"""


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        runtimes = {"compiled each time": without_compiler(), "compiled once": []}
        nothing = rows("nothing", "python", "def f(n): return 47\n", 47, 1, 1)
        for arguments in runtimes.values():
            took(nothing, arguments)
        for language, source, expected in programs():
            for tests in TESTS:
                file = rows("rows", language, source, expected, TESTS_IN_ALL // tests, tests)
                plain, once = measure(file, nothing, runtimes, rounds).values()
                print(
                    f"{language}, {source.count(chr(10))} lines, {tests} tests: a test takes {plain:.0f} µs compiled each"
                    f" time, {once:.0f} µs compiled once: {plain / once:.2f}×",
                    flush=True,
                )


def programs():
    """Languages, programs that define `f`, and what it returns for 20."""
    for module, lines, before, behind in PROGRAMS.values():
        source = before + code_of(module, lines) + behind
        yield "python", source, int(run(source + "print(f(20))\n"))
    for functions in (6, 39):
        source = "".join(JAVASCRIPT.replace("{n}", str(number)) for number in range(functions))
        yield "javascript", source + "function f(n) { return n + 1; }\n", 21


def measure(file, nothing, runtimes, rounds):
    """Processor time of a test with each runtime, in microseconds, the start of the command apart."""
    times = {name: ([], []) for name in runtimes}
    for _ in range(rounds):
        for name, (starts, whole) in times.items():
            starts.append(took(nothing, runtimes[name]))
            whole.append(took(file, runtimes[name]))
    tests = TESTS_IN_ALL
    return {
        name: (statistics.median(whole) - statistics.median(starts)) / tests * 1e6
        for name, (starts, whole) in times.items()
    }


def without_compiler():
    """The arguments for runtimes whose export for compiled programs goes by another name, of the same length."""
    folder = Path("without-compiler")
    folder.mkdir()
    for name in ("python.wasm", "javascript.wasm"):
        runtime = (RUNTIMES / name).read_bytes().replace(b"gradebox:compiling/", b"somebody:compiling/")
        (folder / name).write_bytes(runtime)
    return ["--graders", folder]


def code_of(module, lines):
    """The first functions and classes of a module, without what documents them."""
    kept, length = [], 0
    for node in ast.parse(Path(__import__(module).__file__).read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and length < lines:
            length += node.end_lineno - node.lineno
            for inner in ast.walk(node):
                if isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(inner):
                    inner.body = inner.body[1:] or [ast.Pass()]
            kept.append(ast.unparse(node) + "\n")
    return "".join(kept)


def run(source):
    done = subprocess.run([GRADEBOX, "exec", "-", "--json"], input=source, text=True, capture_output=True, check=True)
    return json.loads(done.stdout)["stdout"]


def rows(name, language, code, expected, count, tests):
    test = {"function": "f", "args": [20], "expected": expected}
    row = {"query": "q", "response": f"```{language}\n{code}```", "tests": [test] * tests}
    Path(f"{name}.jsonl").write_text("".join(json.dumps({"id": id, **row}) + "\n" for id in range(count)))
    return f"{name}.jsonl"


def took(file, more):
    """Processor time of a run with its workers, in seconds."""
    arguments = ["perf", "stat", "-x,", "-e", "task-clock", "-o", "perf.csv", GRADEBOX, "grade", file]
    subprocess.run([*arguments, "-g", "code-execution", "--jobs", "1", "-o", "out.jsonl", *more], capture_output=True, check=True)
    (line,) = [line for line in Path("perf.csv").read_text().splitlines() if "task-clock" in line]
    return float(line.split(",")[0]) / 1e3


if __name__ == "__main__":
    main()
