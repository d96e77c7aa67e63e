#!/usr/bin/env python3
"""Measures which part of a test CPython's compiler takes: the same tests of a program as it is, and of one that holds it
compiled, in turns.

Needs `make` done and `perf` in the path; modules of Python's standard library are the programs. `measure_compile.py [ROUNDS]`
"""

import ast
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GRADEBOX = ROOT / "target" / "release" / "gradebox"
TESTS = 100
ROWS = 4
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


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        nothing = rows("nothing", "def f(n): return 47\n", 47, 1, 1)
        took(nothing)
        for name, (module, lines, before, behind) in PROGRAMS.items():
            source = before + code_of(module, lines) + behind
            expected = int(run(source + "print(f(20))\n"))
            files = {form: rows(form, code, expected, ROWS, TESTS) for form, code in forms(source).items()}
            times = {file: [] for file in [nothing, *files.values()]}
            for _ in range(rounds):
                for file, measured in times.items():
                    measured.append(took(file))
            start, *both = (statistics.median(measured) for measured in times.values())
            plain, compiled = ((time - start) / (ROWS * TESTS) * 1e6 for time in both)
            print(
                f"{name} ({source.count(chr(10))}): a test takes {plain:.0f} µs, with the program compiled {compiled:.0f}"
                f" µs: the compiler takes {1 - compiled / plain:.0%}"
            )


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


def forms(source):
    """The program as it is, and one that runs what the runtime's own compiler made of it."""
    program = f"import base64, marshal\nprint(base64.b85encode(marshal.dumps(compile({source!r}, 'f', 'exec'))).decode())\n"
    code = base64.b85decode(run(program).strip())
    return {"plain": source, "compiled": f"import marshal\nexec(marshal.loads({code!r}))\n"}


def run(source):
    done = subprocess.run([GRADEBOX, "exec", "-", "--json"], input=source, text=True, capture_output=True, check=True)
    return json.loads(done.stdout)["stdout"]


def rows(name, code, expected, count, tests):
    test = {"function": "f", "args": [20], "expected": expected}
    row = {"query": "q", "response": f"```python\n{code}```", "tests": [test] * tests}
    Path(f"{name}.jsonl").write_text("".join(json.dumps({"id": id, **row}) + "\n" for id in range(count)))
    return f"{name}.jsonl"


def took(file):
    """Processor time of a run with its workers, in seconds."""
    arguments = ["perf", "stat", "-x,", "-e", "task-clock", "-o", "perf.csv", GRADEBOX, "grade", file]
    subprocess.run([*arguments, "-g", "code-execution", "--jobs", "1", "-o", "out.jsonl"], capture_output=True, check=True)
    (line,) = [line for line in Path("perf.csv").read_text().splitlines() if "task-clock" in line]
    return float(line.split(",")[0]) / 1e3


if __name__ == "__main__":
    main()
