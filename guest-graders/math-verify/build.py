#!/usr/bin/env python3
"""Builds the grader `math-verify`, `target/extra-graders/math-verify.wasm`: Math-Verify and SymPy in a component.

Does nothing when no input has changed since the last build. Needs Python 3.9 or newer with `venv`; the toolchain and
the packages come from PyPI, in the versions that `requirements.txt` and the Python runtime's pin.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PACKAGES = HERE.parent / "python-packages"
WORK = ROOT / "target" / "math-verify"
OUTPUT = ROOT / "target" / "extra-graders" / "math-verify.wasm"
TOOLCHAIN = HERE.parent / "runtimes" / "python" / "requirements.txt"
REQUIREMENTS = HERE / "requirements.txt"

sys.path.insert(0, str(PACKAGES))
import installing  # noqa: E402


def main():
    record = WORK / "inputs"
    inputs = digest()
    if OUTPUT.is_file() and record.is_file() and record.read_text() == inputs:
        return
    started = time.monotonic()
    WORK.mkdir(parents=True, exist_ok=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    python = toolchain()
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        componentize(python, Path(folder))
    record.write_text(inputs)
    size = OUTPUT.stat().st_size / 1e6
    print(f"built {OUTPUT.relative_to(ROOT)}: {size:.1f} MB in {time.monotonic() - started:.0f} s")


def digest():
    """A digest of everything that the component is made of."""
    folders = [HERE / "src", PACKAGES, ROOT / "wit" / "grader"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".wit")]
    total = hashlib.sha256()
    for file in sorted([*files, Path(__file__).resolve(), TOOLCHAIN, REQUIREMENTS]):
        content = file.read_bytes()
        total.update(f"{file.relative_to(ROOT)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def toolchain():
    """The interpreter of a virtual environment that holds componentize-py."""
    python = WORK / "venv" / "bin" / "python"
    installed = WORK / "venv" / "requirements.txt"
    if not installed.is_file() or installed.read_bytes() != TOOLCHAIN.read_bytes():
        run(
            [sys.executable, "-m", "venv", "--clear", WORK / "venv"],
            "cannot make a virtual environment; on Debian and Ubuntu, install python3-venv",
        )
        run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", TOOLCHAIN],
            "cannot install componentize-py; is a package index reachable?",
        )
        installed.write_bytes(TOOLCHAIN.read_bytes())
    return python


def componentize(python, folder):
    """Writes the component beside its place and moves it there when it is whole."""
    site, made = folder / "site", folder / OUTPUT.name
    try:
        installing.install(python, REQUIREMENTS, site)
    except installing.InstallError as error:
        sys.exit(f"build.py: {error}")
    command = [python.with_name("componentize-py"), "--quiet", "-d", ROOT / "wit" / "grader", "-w", "pointwise-grader"]
    command += ["componentize", "-p", HERE / "src", "-p", installing.GUEST_SOURCES, "-p", site, "component", "-o", made]
    run(command, "componentize-py failed")
    os.replace(made, OUTPUT)


def run(command, complaint):
    # Without VIRTUAL_ENV: an active environment's packages must not get into the component.
    left_out = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run([str(part) for part in command], env=environment, cwd=WORK, check=False)
    if done.returncode != 0:
        sys.exit(f"build.py: {complaint} (exit status {done.returncode})")


if __name__ == "__main__":
    main()
