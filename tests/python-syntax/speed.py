"""Measures what checking the syntax of short answers costs, against Python's own parser in a Python loop.

    PYTHON tests/python-syntax/speed.py [ROWS]

Processor time, as other work on the machine disturbs it least. Gradebox's is that of the whole command, its workers,
and reading and writing the rows included. The baselines are `ast.parse` alone, and the loop of OpenJudge's
`SyntaxCheckGrader` (`openjudge/graders/code/syntax_checker.py`): an `async` call for each answer, a regular expression
that finds the fences, `ast.parse` of each block, and the result as an object. Needs `make build graders`.
"""

import ast
import asyncio
import ctypes
import json
import os
import random
import re
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from mutants import snippets

ROOT = Path(__file__).resolve().parents[2]
GRADEBOX = ROOT / "target/release/gradebox"
LONGEST_LINES = 25
PR_SET_CHILD_SUBREAPER = 36
FENCES = re.compile(r"```(?:python)?\s*\n(.*?)\n\s*```", re.DOTALL)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    warnings.simplefilter("ignore")
    inherit_workers()
    codes = short_codes(count)
    answers = [f"Here is the function.\n\n```python\n{code}```\n" for code in codes]
    lines = sum(code.count("\n") for code in codes) / count
    print(f"{count} answers of {lines:.1f} lines of code on average; microseconds of processor time for each")
    rounds = 3
    figures = {
        "ast.parse in a loop": min(seconds(lambda: [parses(code) for code in codes]) for _ in range(rounds)),
        "OpenJudge's loop": min(seconds(lambda: asyncio.run(graded(answers))) for _ in range(rounds)),
        "gradebox grade -g syntax": min(of_gradebox(answers) for _ in range(rounds)),
        "the same code, twenty blocks in a response": min(of_gradebox(joined(answers)) for _ in range(rounds)),
        "gradebox grade, one row (its start)": min(of_gradebox(answers[:1]) for _ in range(rounds)),
    }
    for name, figure in figures.items():
        print(f"{figure / count * 1e6:10.1f}  {name}")
    return 0


def short_codes(count: int) -> list[str]:
    chooser, pieces = random.Random(1), []
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    for path in files:
        pieces += [piece for piece in snippets(path.read_text(encoding="utf-8")) if piece.count("\n") <= LONGEST_LINES]
    return [chooser.choice(pieces) + "\n" for _ in range(count)]


def joined(answers: list[str]) -> list[str]:
    return ["".join(answers[at : at + 20]) for at in range(0, len(answers), 20)]


def parses(code: str) -> bool:
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


@dataclass
class Score:
    name: str
    score: float
    reason: str
    metadata: dict = field(default_factory=dict)


async def graded(answers: list[str]) -> list[Score]:
    return [await score(answer) for answer in answers]


async def score(answer: str) -> Score:
    blocks = FENCES.findall(answer)
    if not blocks:
        return Score("syntax_check", 0.0, "No code blocks found to check")
    errors = []
    for block in blocks:
        try:
            ast.parse(block.strip())
        except SyntaxError as error:
            errors.append({"block": block, "error": error.msg, "line": error.lineno, "offset": error.offset})
    valid = len(blocks) - len(errors)
    value = valid / len(blocks) - (0.5 if errors else 0.0)
    return Score("syntax_check", value, f"{valid} of {len(blocks)} valid", {"errors": errors})


def seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def of_gradebox(answers: list[str]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "rows.jsonl"
        rows.write_text("".join(json.dumps({"query": "", "response": answer}) + "\n" for answer in answers))
        before = used_by_children()
        command = [GRADEBOX, "grade", rows, "-g", "syntax", "-o", Path(folder) / "graded.jsonl", "--jobs", "1"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL, cwd=folder)
        wait_for_workers()
        return used_by_children() - before


def inherit_workers() -> None:
    """The host ends without waiting for its workers, whose time would be nobody's."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot inherit the workers")


def wait_for_workers() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def used_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
