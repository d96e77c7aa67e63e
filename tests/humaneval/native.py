"""Runs programs in the Python that runs this file, each in a process of its own with limits on time and memory."""

import os
import resource
import signal
import sys
from collections.abc import Iterable

MEMORY_BYTES = 1 << 30
# A mutant may loop for ever; processor time, so that a busy machine changes no verdict.
PROCESSOR_SECONDS = 2.0
WALL_SECONDS = 120.0


def run_all(programs: Iterable[str], jobs: int) -> list[bool]:
    """Whether each program reaches its end without an exception, in the order given."""
    completed: dict[int, bool] = {}
    running: dict[int, int] = {}
    for number, program in enumerate(programs):
        if len(running) == jobs:
            reap(running, completed)
        running[start(program)] = number
    while running:
        reap(running, completed)
    return [completed[number] for number in range(len(completed))]


def start(program: str) -> int:
    child = os.fork()
    if child:
        return child
    try:
        become_quiet()
        limit()
        exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
    except BaseException:
        os._exit(1)
    os._exit(0)


def become_quiet() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)


def reap(running: dict[int, int], completed: dict[int, bool]) -> None:
    child, status = os.wait()
    completed[running.pop(child)] = status == 0


def version() -> str:
    return sys.version.split()[0]
