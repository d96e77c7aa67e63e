#!/usr/bin/env python3
"""Grades generated pairs with `math` and, for comparison, with Math-Verify: `make math-differential`.

The verdict of each pair is known by its construction (`pairs.py`). Prints, for each family, how often the grader and
Math-Verify are right, take different answers for equal, take equal ones for different, and cannot tell; every pair
that one of them gets wrong is written to `target/math-differential/findings.jsonl`.

Needs an environment with Math-Verify; `math-verify/requirements.txt` is installed into one when it is missing.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "math-differential"
PYTHON = WORK / "venv" / "bin" / "python"
REQUIREMENTS = HERE.parents[1] / "math-verify" / "requirements.txt"
GRADEBOX = ROOT / "target" / "release" / "gradebox"
COLUMNS = ("right", "false equal", "false different", "undecided")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=Path, help="pairs of one's own instead, JSONL with reference, response, expected")
    parser.add_argument("--without-math-verify", action="store_true")
    arguments = parser.parse_args()
    enter_environment()
    rows = WORK / "pairs.jsonl"
    write(rows, read(arguments.pairs) if arguments.pairs else generated(arguments.count, arguments.seed))
    verdicts = {"math": graded(rows)}
    if not arguments.without_math_verify:
        verdicts["Math-Verify"] = math_verified(rows)
    pairs = read(rows)
    table(pairs, verdicts)
    findings = WORK / "findings.jsonl"
    write(findings, disagreements(pairs, verdicts))
    print(f"\n{len(read(findings))} of {len(pairs)} pairs that one of them gets wrong: {findings.relative_to(ROOT)}")


def enter_environment():
    """Goes on in the environment that has SymPy and Math-Verify."""
    if Path(sys.prefix) == WORK / "venv":
        return
    if not (WORK / "venv" / ".installed").is_file():
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", WORK / "venv"], check=True)
        pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "-r", REQUIREMENTS]
        subprocess.run(pip, check=True)
        (WORK / "venv" / ".installed").touch()
    os.execv(PYTHON, [str(PYTHON), *sys.argv])


def generated(count, seed):
    import pairs

    return pairs.generate(count, seed)


def graded(rows):
    """What `math` says: 1.0, 0.0 or None for each row, with its reason."""
    out = WORK / "graded.jsonl"
    command = [GRADEBOX, "grade", rows, "-g", "math", "-o", out, "--map", "query=family"]
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if ran.returncode == 2:
        sys.exit(ran.stderr)
    grades = [row["grades"]["math"] for row in read(out)]
    return [(grade.get("score"), grade.get("reason", grade["outcome"])) for grade in grades]


def math_verified(rows):
    loop = HERE.parent / "benches" / "math_verify_loop.py"
    ran = subprocess.run([PYTHON, loop, "measure", rows, "1"], capture_output=True, text=True, check=True)
    return [(float(json.loads(line)["verdict"]), "") for line in ran.stdout.splitlines()]


def kind(expected, score):
    if score is None:
        return "undecided"
    if score == float(expected):
        return "right"
    return "false equal" if score else "false different"


def table(pairs, verdicts):
    counts = collections.defaultdict(collections.Counter)
    for name, answers in verdicts.items():
        for pair, (score, _) in zip(pairs, answers):
            for family in (pair.get("family", "-"), "all"):
                counts[family, name][kind(pair["expected"], score)] += 1
                counts[family, name]["n"] += 1
    families = list(dict.fromkeys([pair.get("family", "-") for pair in pairs] + ["all"]))
    print("| family | n |" + "".join(f" {name}: {column} |" for name in verdicts for column in COLUMNS))
    print("|---|---|" + "---|" * (len(verdicts) * len(COLUMNS)))
    for family in families:
        cells = [counts[family, name][column] for name in verdicts for column in COLUMNS]
        size = counts[family, next(iter(verdicts))]["n"]
        print(f"| {family} | {size} |" + "".join(f" {cell} |" for cell in cells))


def disagreements(pairs, verdicts):
    for at, pair in enumerate(pairs):
        kinds = {name: kind(pair["expected"], answers[at][0]) for name, answers in verdicts.items()}
        if any(one != "right" for one in kinds.values()):
            yield {**pair, **kinds, "reason": verdicts["math"][at][1]}


def read(path):
    return [json.loads(line) for line in path.open(encoding="utf-8")]


def write(path, rows):
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


if __name__ == "__main__":
    main()
