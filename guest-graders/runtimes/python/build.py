#!/usr/bin/env python3
"""Builds the Python runtime, `target/graders/runtimes/python.wasm`, from this folder and `wit/`.

Does nothing when no input has changed since the last build. Needs Python 3.9 or newer with `venv`; the
toolchain comes from PyPI into a virtual environment under `target/`.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "python-runtime"
OUTPUT = ROOT / "target" / "graders" / "runtimes" / "python.wasm"
WORLD = "gradebox:runtime/language-runtime@0.1.0"
WIT = [ROOT / "wit" / "grader", ROOT / "wit" / "runtime"]
SOURCES = HERE / "src"
REQUIREMENTS = HERE / "requirements.txt"


def main():
    record = WORK / "built.json"
    inputs = digest(input_files())
    if OUTPUT.is_file() and read_record(record) == {"inputs": inputs, "output": digest([OUTPUT])}:
        return
    WORK.mkdir(parents=True, exist_ok=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    componentize(toolchain())
    record.write_text(json.dumps({"inputs": inputs, "output": digest([OUTPUT])}))
    size = OUTPUT.stat().st_size / 1e6
    print(f"built {OUTPUT.relative_to(ROOT)}: {size:.1f} MB in {time.monotonic() - started:.0f} s")


def input_files():
    """Everything that the component is made of, in a fixed order."""
    files = [Path(__file__).resolve(), REQUIREMENTS, *SOURCES.rglob("*.py")]
    for folder in WIT:
        files += folder.rglob("*.wit")
    return sorted(files)


def digest(files):
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.relative_to(ROOT)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def read_record(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def toolchain():
    """The path of componentize-py, installed as `requirements.txt` pins it."""
    environment = WORK / "venv"
    program = environment / "bin" / "componentize-py"
    installed = environment / "requirements.txt"
    if program.is_file() and installed.is_file() and installed.read_bytes() == REQUIREMENTS.read_bytes():
        return program
    run(
        [sys.executable, "-m", "venv", "--clear", environment],
        "cannot make a virtual environment; on Debian and Ubuntu, install python3-venv",
    )
    run(
        [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        + ["-r", REQUIREMENTS],
        "cannot install componentize-py; is a package index reachable?",
    )
    installed.write_bytes(REQUIREMENTS.read_bytes())
    return program


def componentize(program):
    """Writes the component beside its place and moves it there when it is whole."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        made = Path(folder) / OUTPUT.name
        wit = [argument for path in WIT for argument in ("-d", path)]
        run(
            [program, "--quiet", *wit, "-w", WORLD, "componentize", "-p", SOURCES, "component", "-o", made],
            "componentize-py failed",
        )
        os.replace(made, OUTPUT)


def run(command, complaint):
    # Without VIRTUAL_ENV: an active environment's packages must not get into the component.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    }
    done = subprocess.run([str(part) for part in command], env=environment, cwd=WORK, check=False)
    if done.returncode != 0:
        sys.exit(f"build.py: {complaint} (exit status {done.returncode})")


if __name__ == "__main__":
    main()
