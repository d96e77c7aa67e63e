"""The baseline of `benchmark.py`: Math-Verify in a loop, as its users call it. Runs in an environment that has it.

    math_verify_loop.py suite SDIST        prints the pairs of its own tests, as JSONL
    math_verify_loop.py measure PAIRS N    prints, for each pair, its verdict and N times of processor time
"""

import importlib
import json
import logging
import sys
import time
from pathlib import Path


def suite(source: Path) -> None:
    """Every test that is a table of gold, prediction and verdict."""
    sys.path.insert(0, str(source))
    for path in sorted((source / "tests").glob("test_*.py")):
        module = importlib.import_module(f"tests.{path.stem}")
        for name, function in vars(module).items():
            for mark in getattr(function, "pytestmark", []):
                names = [] if mark.name != "parametrize" else mark.args[0].replace(" ", "").split(",")
                if names[:2] != ["gold", "pred"]:
                    continue
                for case in mark.args[1]:
                    case = dict(zip(names, getattr(case, "values", case)))
                    expected = case.get("expected", case.get("result"))
                    print(json.dumps({"test": name, "reference": case["gold"], "response": case["pred"], "expected": expected}))


def measure(file: Path, rounds: int) -> None:
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)
    pairs = [json.loads(line) for line in file.open()]

    def one(pair: dict) -> bool:
        return verify(parse(pair["reference"]), parse(pair["response"]))

    one({"reference": "$\\frac{1}{2}$", "response": "The answer is 0.5"})
    for pair in pairs:
        times = []
        for _ in range(rounds):
            _forget()
            started = time.process_time()
            verdict = one(pair)
            times.append((time.process_time() - started) * 1e6)
        print(json.dumps({"verdict": verdict, "cpu_us": times}))


def _forget() -> None:
    """Empties the caches that would answer a repeated pair: a dataset has no repetitions. SymPy's own stay warm."""
    from math_verify import parser

    for cached in (parser.parse_latex_cached, parser.parse_expr_cached, parser.extract_latex):
        cached.cache_clear()


if __name__ == "__main__":
    if sys.argv[1] == "suite":
        suite(Path(sys.argv[2]))
    else:
        measure(Path(sys.argv[2]), int(sys.argv[3]))
