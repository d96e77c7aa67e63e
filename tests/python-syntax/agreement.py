"""Measures how often the `syntax` grader says what CPython's own compiler says.

    PYTHON tests/python-syntax/agreement.py files [FOLDER ...]     whole files; default: PYTHON's library and packages
    PYTHON tests/python-syntax/agreement.py mutants COUNT [FOLDER ...]

The verdict to agree with is that of the Python that runs this script, or with --sandbox that of the CPython that
`gradebox exec` runs; the grader is asked for the same version of the language. Both judge the same text: the one that
stands between the fences. Needs `make build graders`.
"""

import argparse
import collections
import json
import random
import subprocess
import sys
import sysconfig
import tempfile
import warnings
from pathlib import Path

from mutants import Mutator, snippets

ROOT = Path(__file__).resolve().parents[2]
GRADEBOX = ROOT / "target/release/gradebox"
FENCE = "`" * 20
LARGEST = 1_000_000
FILES_OF_MUTANTS = 600
PROGRAMS_OF_A_RUN = 200

# Runs in the sandbox, and natively: one verdict for each program of a list.
COMPILER = """
import warnings
warnings.simplefilter("ignore")

def verdict(code):
    try:
        compile(code, "<program>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    except (RecursionError, MemoryError, OverflowError, SystemError) as error:
        return f"? {type(error).__name__}: {error}"
    return None
"""
IN_SANDBOX = COMPILER + """
import json, sys
json.dump([sys.version.split()[0], [verdict(code) for code in json.load(sys.stdin)]], sys.stdout)
"""


def main() -> int:
    warnings.simplefilter("ignore")
    arguments = parsed_arguments()
    folders = arguments.folders or [Path(sysconfig.get_path("stdlib"))]
    files = sorted({path for folder in folders for path in folder.rglob("*.py") if path.is_file()})
    programs, skipped = [], collections.Counter()
    for name, code in whole_files(files) if arguments.what == "files" else mutated(files, arguments):
        reason = unfit(code)
        if reason:
            skipped[reason] += 1
        else:
            programs.append((name, trimmed(code)))
    codes = [code for _, code in programs]
    with tempfile.TemporaryDirectory() as folder:
        version, expected = of_sandbox(codes, Path(folder)) if arguments.sandbox else of_this_python(codes)
        found = verdicts_of_grader(codes, version, Path(folder))
    print(f"CPython {version}{', in the sandbox' if arguments.sandbox else ''}: {len(programs)} programs")
    report(programs, expected, found, skipped, arguments.write)
    return 0


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="writes every disagreement into this file, as JSONL")
    parser.add_argument("--sandbox", action="store_true", help="asks the CPython of `gradebox exec`")
    commands = parser.add_subparsers(dest="what", required=True)
    files = commands.add_parser("files", help="whole files")
    broken = commands.add_parser("mutants", help="broken snippets of the files")
    broken.add_argument("count", type=int)
    broken.add_argument("--seed", type=int, default=1)
    for command in (files, broken):
        command.add_argument("folders", nargs="*", type=Path)
    return parser.parse_args()


def whole_files(files):
    for path in files:
        yield str(path), path.read_bytes().decode("utf-8", errors="surrogateescape")


def mutated(files, arguments):
    """As many mutants as asked for, of snippets of files chosen at random."""
    chooser = random.Random(arguments.seed)
    pieces = []
    for path in chooser.sample(files, min(len(files), FILES_OF_MUTANTS)):
        try:
            pieces += snippets(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError, RecursionError):
            continue
    mutator = Mutator(arguments.seed)
    for _ in range(arguments.count):
        code, change = mutator.mutant(chooser.choice(pieces))
        yield change, code


def unfit(code: str) -> str | None:
    """Why a program cannot stand in a fence as it is, so that the two would judge different texts."""
    if any("\ud800" <= character <= "\udfff" for character in code):
        return "not UTF-8"
    if len(code.encode()) > LARGEST:
        return "larger than the grader reads"
    if not code.strip():
        return "empty"
    first = next(line for line in code.split("\n") if line.strip())
    if first.startswith((">>>", " ", "\t")):
        return "dedented or taken for a session inside a fence"
    return None


def trimmed(code: str) -> str:
    """The code as it comes out of a fence: without blank lines at both ends."""
    lines = code.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines) + "\n"


def of_this_python(codes: list[str]) -> tuple[str, list[str | None]]:
    """What CPython says is wrong with each program; nothing when it compiles; `?` when it gives up."""
    namespace = {}
    exec(COMPILER, namespace)
    return sys.version.split()[0], [namespace["verdict"](code) for code in codes]


def of_sandbox(codes: list[str], folder: Path) -> tuple[str, list[str | None]]:
    program, batch = folder / "compiler.py", folder / "batch.json"
    program.write_text(IN_SANDBOX)
    version, verdicts = "", []
    for start in range(0, len(codes), PROGRAMS_OF_A_RUN):
        batch.write_text(json.dumps(codes[start : start + PROGRAMS_OF_A_RUN]))
        command = [GRADEBOX, "exec", program, "--stdin", batch, "--timeout", "60s", "--json"]
        ended = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        version, of_batch = json.loads(json.loads(ended.stdout)["stdout"])
        verdicts += of_batch
    return version, verdicts


def verdicts_of_grader(codes: list[str], version: str, folder: Path) -> list[dict]:
    rows, graded = folder / "rows.jsonl", folder / "graded.jsonl"
    with rows.open("w", encoding="utf-8") as file:
        for number, code in enumerate(codes):
            response = f"{FENCE}python\n{code}{FENCE}\n"
            file.write(json.dumps({"id": number, "query": "", "response": response}) + "\n")
    grader = "syntax:" + json.dumps({"python_version": ".".join(version.split(".")[:2])})
    command = [GRADEBOX, "grade", rows, "-g", grader, "-o", graded]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, cwd=folder)
    if not graded.exists():
        sys.exit(f"gradebox ended with {ended.returncode}: {ended.stderr}")
    with graded.open(encoding="utf-8") as file:
        return [json.loads(line)["grades"]["syntax"] for line in file]


def report(programs, expected, found, skipped, write: Path | None) -> None:
    counts, disagreements = collections.Counter(), []
    for (name, code), python, grade in zip(programs, expected, found, strict=True):
        valid = grade["score"] == 1.0 if grade["outcome"] == "scored" else None
        if valid is None or (python or "").startswith("?"):
            kind = "one of the two gave up"
        elif valid == (python is None):
            kind = "both valid" if valid else "both invalid"
        else:
            kind = "only the grader rejects" if python is None else "only CPython rejects"
        counts[kind] += 1
        if not kind.startswith("both"):
            disagreements.append({"kind": kind, "name": name, "python": python, "grade": grade, "code": code})
    for kind in ["both valid", "both invalid", "only the grader rejects", "only CPython rejects"]:
        print(f"{counts.pop(kind, 0):8} {kind}")
    for kind, count in [*counts.items(), *((f"skipped: {reason}", count) for reason, count in skipped.items())]:
        print(f"{count:8} {kind}")
    if write:
        write.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in disagreements), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
