#!/usr/bin/env python3
"""Model calls: what busy workers add to their latency, and the throughput of a judge beside OpenJudge's.

`make bench-models` installs py-openjudge and runs this. Both sides put the same rubric and rows to the same loopback
endpoint, which answers at once, with the same number of calls under way; OpenJudge runs its GradingRunner with its
OpenAIChatModel. Times of OpenJudge are without its imports. Processor time is of the client alone."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPENJUDGE = ROOT / "target/openjudge/venv/bin/python"
CONCURRENCY = 32
RUBRIC = """Judge whether the response answers the query.
Query: {query}
Response: {response}
Give a score from 1 (not at all) to 5 (fully), and the reason for it."""

THEIRS = """
import asyncio, json, resource, sys, time
from openjudge.graders.llm_grader import LLMGrader
from openjudge.models.openai_chat_model import OpenAIChatModel
from openjudge.runner.grading_runner import GradingRunner
url, path, rubric, concurrency = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
rows = [{"query": row["query"], "response": row["response"]} for row in map(json.loads, open(path))]
model = OpenAIChatModel(model="instant", api_key="none", base_url=url)
grader = LLMGrader(model=model, name="judge", template=rubric)
def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
async def run():
    runner = GradingRunner({"judge": grader}, max_concurrency=concurrency, show_progress=False)
    return await runner.arun(rows)
began, cpu_began = time.perf_counter(), cpu()
results = asyncio.run(run())["judge"]
wall, used = time.perf_counter() - began, cpu() - cpu_began
scores = [getattr(result, "score", None) for result in results]
assert len(scores) == len(rows) and all(score == 5 for score in scores), results[:1]
print(json.dumps({"wall": wall, "cpu": used}))
"""


def write_rows(path, count):
    with open(path, "w") as file:
        for number in range(count):
            row = {"id": number, "query": f"What is {number} + 1?", "response": f"It is {number + 1}."}
            file.write(json.dumps(row) + "\n")


def ours(url, folder, count):
    write_rows(folder / "rows.jsonl", count)
    (folder / "gradebox.toml").write_text(
        f'[models.instant]\nbase_url = "{url}"\nmax_concurrency = {CONCURRENCY}\n'
        f'[graders.judge]\nmodel = "instant"\nscale = [1.0, 5.0]\ntemplate = """\n{RUBRIC}\n"""\n'
    )
    command = [ROOT / "target/release/gradebox", "grade", "rows.jsonl", "-o", "graded.jsonl", "--no-cache"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    values = [json.loads(line)["grades"]["judge"]["value"] for line in open(folder / "graded.jsonl")]
    assert len(values) == count and all(value == 5 for value in values), values[:1]
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def theirs(url, folder, count):
    write_rows(folder / "rows.jsonl", count)
    arguments = [OPENJUDGE, "-c", THEIRS, url, folder / "rows.jsonl", RUBRIC, str(CONCURRENCY)]
    output = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(output.stdout.splitlines()[-1])


def report(name, figures, count):
    rate, cpu = count / figures["wall"], figures["cpu"] / count * 1e6
    print(f"{name:10} {count} rows: {rate:8.0f} rows/s, {cpu:8.0f} µs of processor time a call")
    return rate, cpu


def bench(*arguments):
    command = ["cargo", "bench", "--locked", "--quiet", "--bench", "models", "--", *arguments]
    return subprocess.Popen(command, cwd=ROOT / "host", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def throughput():
    server = bench("serve")
    url = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            ours(url, folder, 100)
            few, many = 500, 20000
            our_rate, our_cpu = report("gradebox", ours(url, folder, many), many)
            their_rate, their_cpu = report("OpenJudge", theirs(url, folder, few), few)
            print(f"{our_rate / their_rate:.1f} times the rows a second, {their_cpu / our_cpu:.1f} times less processor time")
    finally:
        server.stdin.close()
        server.wait()


def latency():
    with tempfile.TemporaryDirectory() as cache:
        process = bench("latency", cache, "4000")
        figures = json.loads(process.stdout.read())
    at = lambda times, share: times[int(len(times) * share)] / 1000
    for name in ["idle", "busy"]:
        times = figures[f"{name}_us"]
        print(f"workers {name}: a call takes {at(times, 0.5):.2f} ms, p99 {at(times, 0.99):.2f} ms")
    added = at(figures["busy_us"], 0.99) - at(figures["idle_us"], 0.99)
    print(f"{figures['jobs']} busy workers add {added:.2f} ms at p99")


if __name__ == "__main__":
    for name in sys.argv[1:] or ["latency", "throughput"]:
        {"latency": latency, "throughput": throughput}[name]()
