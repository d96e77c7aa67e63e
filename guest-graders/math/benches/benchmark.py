#!/usr/bin/env python3
"""Measures the grader `math` against Math-Verify on the same pairs in the same run: `make bench-math`.

Ours is the component as a dataset meets it: a worker process, a fresh instance for each pair, transfer included.
Theirs is a Python loop around `parse` and `verify`, its imports and first call not counted. Both times are processor
time of one core, so that a busy machine disturbs them little. Further pairs: `--pairs FILE` with JSONL rows of `gold`
and `pred` or of `reference` and `response`.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "math-bench"
PYTHON = WORK / "venv" / "bin" / "python"
MATH_VERIFY = "math-verify==0.9.0"
SLOW_US = 5000.0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=Path, action="append", default=[], help="further pairs, JSONL")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--findings", type=Path, help="a folder for pairs that differ or take long, JSONL")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    install()
    bench = benchmark_program()
    sets = {"Math-Verify's own tests": own_tests(), "plain numeric answers": numeric(2000, seed=1)}
    sets |= {path.stem: read_pairs(path) for path in arguments.pairs}
    print("| pairs | n | Math-Verify | math, alone | math, in a stream | ratio | math p50 | p99 | max |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, pairs in sets.items():
        measure(name, pairs, bench, arguments.rounds, arguments.findings)


def install():
    """Math-Verify and its own tests, from PyPI."""
    done = WORK / ".installed"
    if done.is_file():
        return
    run([sys.executable, "-m", "venv", "--clear", WORK / "venv"])
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run([*pip, "install", "-r", HERE / "requirements.txt"])
    run([*pip, "download", "--no-deps", "--no-binary", ":all:", "-d", WORK / "sdist", MATH_VERIFY])
    with tarfile.open(next((WORK / "sdist").glob("*.tar.gz"))) as archive:
        archive.extractall(WORK / "sdist")
    done.touch()


def benchmark_program():
    command = [os.environ.get("CARGO", "cargo"), "bench", "--locked", "--bench", "sandbox", "--no-run"]
    messages = run([*command, "--manifest-path", ROOT / "Cargo.toml", "--message-format", "json"]).splitlines()
    built = [json.loads(line) for line in messages]
    return next(m["executable"] for m in built if m.get("target", {}).get("name") == "sandbox" and m.get("executable"))


def own_tests():
    source = next(path for path in (WORK / "sdist").iterdir() if path.is_dir())
    lines = run([PYTHON, HERE / "math_verify_loop.py", "suite", source]).splitlines()
    return [json.loads(line) for line in lines]


def read_pairs(path):
    rows = [json.loads(line) for line in path.open()]
    return [
        {"reference": row.get("reference", row.get("gold")), "response": row.get("response", row.get("pred")),
         "expected": row.get("expected")}
        for row in rows
    ]


def numeric(count, seed):
    """Numbers as answers give them; every second pair differs."""
    source = random.Random(seed)
    frames = ["{}", "The answer is {}.", "So we get \\boxed{{{}}}.", "#### {}", "Thus $x = {}$."]
    pairs = []
    for index in range(count):
        equal = index % 2 == 0
        number, other, text, other_text = _number(source)
        response = source.choice(frames).format(text if equal else other_text)
        pairs.append({"reference": number if equal else other, "response": response, "expected": equal})
    return pairs


def _number(source):
    """A number as a reference gives it, another, and both as a response may write them."""
    value = source.randint(-10**source.randint(1, 7), 10**source.randint(1, 7))
    kind = source.randrange(4)
    if kind == 0:
        return str(value), str(value + 1), f"{value:,}", str(value)
    if kind == 1:
        return f"{value / 100:.2f}", f"{value / 100 + 0.5:.2f}", f"{value / 100:.2f}", f"{value / 100:.2f}"
    below = source.randint(2, 99)
    fraction = f"\\frac{{{abs(value)}}}{{{below}}}"
    if kind == 2:
        return fraction, f"\\frac{{{abs(value) + 1}}}{{{below}}}", f"{abs(value)}/{below}", f"{abs(value)}/{below}"
    return str(value), str(-value - 1), str(value), str(value)


def measure(name, pairs, bench, rounds, findings):
    file = WORK / "pairs.jsonl"
    file.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    cache = {"GRADEBOX_CACHE": str(WORK / "cache")}
    ours = json.loads(run([bench, "rows", WORK / "cache", "math", file, rounds], cache))
    lines = run([PYTHON, HERE / "math_verify_loop.py", "measure", file, rounds]).splitlines()
    theirs = [json.loads(line) for line in lines]
    their_times = [statistics.median(row["cpu_us"]) for row in theirs]
    our_times = [statistics.median(row["cpu_us"]) for row in ours["rows"]]
    stream = statistics.median(ours["stream_worker_us"])
    ratio = statistics.mean(their_times) / stream
    figures = [len(pairs), micro(statistics.mean(their_times)), micro(statistics.mean(our_times)), micro(stream)]
    figures += [f"{ratio:.0f}×", micro(percentile(our_times, 50)), micro(percentile(our_times, 99)), micro(max(our_times))]
    print(f"| {name} | {' | '.join(map(str, figures))} |", flush=True)
    if findings:
        report(findings, name, pairs, ours["rows"], our_times)


def report(folder, name, pairs, rows, times):
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"bench-{name.replace(' ', '-')}.jsonl").open("w") as file:
        for pair, row, time in zip(pairs, rows, times):
            wrong = pair["expected"] is not None and row["outcome"] != float(pair["expected"])
            why = [*(["not as labelled"] if wrong else []), *([f"slow: {time:.0f} us"] if time > SLOW_US else [])]
            if why:
                found = {"gold": pair["reference"], "pred": pair["response"], "expected": pair["expected"]}
                file.write(json.dumps({**found, "got": row["outcome"], "why": "; ".join(why)}) + "\n")


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def micro(value):
    return f"{value:.0f} µs" if value < 1000 else f"{value / 1000:.2f} ms"


def run(command, variables=None):
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"benchmark.py: {command[0]} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
