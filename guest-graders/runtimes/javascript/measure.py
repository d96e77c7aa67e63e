#!/usr/bin/env python3
"""Measures the runtime against `node`, in turns: processor time of a fresh instance and of a fresh process.

Needs `make` done and Node.js in the path. `measure.py [COUNT]`
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GRADEBOX = ROOT / "target" / "release" / "gradebox"
PROGRAMS = {
    "console.log(1+1)": "console.log(1+1)",
    "lines of input summed": "const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n');"
    "console.log(lines.map(Number).reduce((a, b) => a + b, 0))",
    "a class, a map, a sort": "class Stack { #items = []; push(x) { this.#items.push(x); return this } get size() { return this.#items.length } }"
    "const count = new Map(); for (const word of 'the quick the lazy the end'.split(' ')) count.set(word, (count.get(word) ?? 0) + 1);"
    "console.log([...count].sort(([, a], [, b]) => b - a), new Stack().push(1).size)",
    "fib(24)": "const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2)); console.log(fib(24))",
}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"load {os.getloadavg()[0]:.1f}; processor time in ms, p50 of {count}")
    with tempfile.TemporaryDirectory() as folder:
        stdin = Path(folder) / "in.txt"
        stdin.write_text("1\n2\n3\n")
        for name, source in PROGRAMS.items():
            program = Path(folder) / "program.js"
            program.write_text(source)
            ours, theirs = [], []
            for _ in range(count):
                theirs.append(node(program, stdin))
                ours.append(fresh_instance(program, stdin))
            pair = statistics.median(ours), statistics.median(theirs)
            print(f"{name}: {pair[0]:.2f}, node {pair[1]:.1f}: {pair[1] / pair[0]:.1f} times as much")


def fresh_instance(program, stdin):
    done = subprocess.run(
        [GRADEBOX, "exec", program, "--stdin", stdin, "--json"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["cpu_ms"]


def node(program, stdin):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with stdin.open() as source:
        subprocess.run(["node", program], stdin=source, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


if __name__ == "__main__":
    main()
