#!/usr/bin/env python3
"""Builds the JavaScript runtime, `target/graders/runtimes/javascript.wasm`, from this folder and `wit/`.

Does nothing when no input has changed since the last build. Needs Rust with the target `wasm32-wasip2`, Python 3.9 or
newer with `venv`, and `target/release/preinitialise`; the C compiler comes from PyPI into a virtual environment under
`target/`.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "javascript-runtime"
GUESTS = ROOT / "target" / "guests"
BUILT = GUESTS / "wasm32-wasip2" / "release" / "javascript.wasm"
PREINITIALISE = ROOT / "target" / "release" / "preinitialise"
OUTPUT = ROOT / "target" / "graders" / "runtimes" / "javascript.wasm"
REQUIREMENTS = HERE / "requirements.txt"

STACK = 16 << 20
"""Bytes of the stack in memory; `engine.rs` lets programs use half of them."""


def main():
    record = WORK / "built.json"
    inputs = digest(input_files())
    if OUTPUT.is_file() and read_record(record) == {"inputs": inputs, "output": digest([OUTPUT])}:
        return
    WORK.mkdir(parents=True, exist_ok=True)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    compile_engine(toolchain())
    made = WORK / OUTPUT.name
    run([PREINITIALISE, BUILT, made], "the start of the runtime failed")
    os.replace(made, OUTPUT)
    record.write_text(json.dumps({"inputs": inputs, "output": digest([OUTPUT])}))
    size = OUTPUT.stat().st_size / 1e6
    print(f"built {OUTPUT.relative_to(ROOT)}: {size:.1f} MB in {time.monotonic() - started:.0f} s")


def input_files():
    """Everything that the component is made of, in a fixed order."""
    files = [Path(__file__).resolve(), REQUIREMENTS, HERE / "engine.h", HERE / "Cargo.toml", *(HERE / "src").rglob("*.*")]
    files += [ROOT / "guest-graders" / "Cargo.toml", ROOT / "guest-graders" / "Cargo.lock"]
    files += (HERE.parent / "preinitialise").rglob("*.rs")
    for folder in ("grader", "runtime", "compiling"):
        files += (ROOT / "wit" / folder).rglob("*.wit")
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
    """The Python with the C compiler in it, installed as `requirements.txt` pins it."""
    environment = WORK / "venv"
    python = environment / "bin" / "python"
    installed = environment / "requirements.txt"
    if python.is_file() and installed.is_file() and installed.read_bytes() == REQUIREMENTS.read_bytes():
        return python
    run(
        [sys.executable, "-m", "venv", "--clear", environment],
        "cannot make a virtual environment; on Debian and Ubuntu, install python3-venv",
    )
    run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        + ["-r", REQUIREMENTS],
        "cannot install ziglang, the C compiler; is a package index reachable?",
    )
    installed.write_bytes(REQUIREMENTS.read_bytes())
    return python


def compile_engine(python):
    """Builds the crate, its C code with `zig cc`."""
    run(
        [os.environ.get("CARGO", "cargo"), "rustc", "--release", "--locked", "--quiet", "-p", "javascript"]
        + ["--manifest-path", ROOT / "guest-graders" / "Cargo.toml", "--target", "wasm32-wasip2", "--target-dir", GUESTS]
        + ["--", f"-Clink-arg=-zstack-size={STACK}"],
        "the crate `javascript` does not build",
        RQUICKJS_SYS_NO_WASI_SDK="1",
        CC_wasm32_wasip2=script("cc", f'''for argument do
  shift
  case $argument in --target=*) ;; *) set -- "$@" "$argument" ;; esac
done
exec "{python}" -m ziglang cc -target wasm32-wasi "$@"
'''),
        AR_wasm32_wasip2=script("ar", f'exec "{python}" -m ziglang ar "$@"\n'),
        CFLAGS_wasm32_wasip2=f"-include {HERE / 'engine.h'}",
        ZIG_GLOBAL_CACHE_DIR=str(WORK / "zig-cache"),
    )


def script(name, body):
    """A program of the toolchain as cc-rs calls it: its own names for targets are not zig's."""
    path = WORK / name
    path.write_text(f"#!/bin/sh\n{body}")
    path.chmod(0o755)
    return str(path)


def run(command, complaint, **variables):
    done = subprocess.run([str(part) for part in command], env={**os.environ, **variables}, cwd=ROOT, check=False)
    if done.returncode != 0:
        sys.exit(f"build.py: {complaint} (exit status {done.returncode})")


if __name__ == "__main__":
    main()
