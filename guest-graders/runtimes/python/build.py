#!/usr/bin/env python3
"""Builds the Python runtime, `target/graders/runtimes/python.wasm`, from this folder and `wit/`.

componentize-py links CPython and the sources into a component; `runtime-image` makes one core module of it, Binaryen
goes over that, and `runtime-image` makes of it a component that starts cheaply. Nothing is done again when nothing that
it is made of has changed. Needs Python 3.9 or newer with `venv`, `cc`, and `target/release/runtime-image`;
componentize-py and Node.js come from PyPI, and Binaryen from npm, into folders under `target/`.

With `--with SPECIFIER… --name NAME` it makes a second runtime, `NAME.wasm`, in which those packages of PyPI, or of
wheels, can be imported: `build.py --with sympy==1.14.0 --name python-sympy`.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
WORK = ROOT / "target" / "python-runtime"
IMAGE = ROOT / "target" / "release" / "runtime-image"
RUNTIMES = ROOT / "target" / "graders" / "runtimes"
WORLD = "gradebox:making/runtime-in-the-making@0.1.0"
WIT = [ROOT / "wit" / "grader", ROOT / "wit" / "runtime", ROOT / "wit" / "compiling", HERE.parent / "image" / "wit"]
SOURCES = HERE / "src"
REQUIREMENTS = HERE / "requirements.txt"
OPTIMISER = [HERE / "optimiser" / "package.json", HERE / "optimiser" / "package-lock.json"]
FIXED_ENTROPY = HERE / "fixed_entropy.c"
PACKAGES = HERE.parents[1] / "python-packages"

OPTIMISE = [
    # What CPython was compiled for.
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    # The engine looks at its clock whenever a function is entered, so that small ones are dear; its own inlining takes
    # more memory than compilers of components may have. Sizes are the optimiser's own, of expressions.
    "--always-inline-max-function-size=20",
    "--flexible-inline-max-function-size=120",
    "--inlining",
    "-O1",
]

sys.path.insert(0, str(PACKAGES))
import installing  # noqa: E402


def main():
    name, packages, plain, folder = arguments()
    linked, output = WORK / f"{name}.linked.wasm", folder / f"{name}.wasm"
    WORK.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    if not IMAGE.is_file():
        sys.exit(f"build.py: {IMAGE.relative_to(ROOT)} is missing; `make graders` builds it")
    inputs = input_files() if packages is None else [*input_files(), *package_files(name, packages)]
    first, names = WORK / f"{name}.first.wasm", WORK / f"{name}.names.txt"
    make(first, inputs, lambda made: componentize(toolchain(), made, name, packages))
    make(names, [first, IMAGE], lambda made: run([IMAGE, "--names", first, made], "runtime-image failed"))
    make(linked, [*inputs, names], lambda made: componentize(toolchain(), made, name, packages, names))
    core, optimised = WORK / f"{name}.core.wasm", WORK / f"{name}.optimised.wasm"
    make(core, [linked, IMAGE], lambda made: run([IMAGE, "--fuse", linked, made], "runtime-image failed"))
    make(optimised, [core, *OPTIMISER], lambda made: optimise(core, made), OPTIMISE)
    # `--plain` builds a runtime that starts more slowly, with the memory that componentize-py left.
    image = [IMAGE, *(["--plain"] if plain else [])]
    finish = [*image, linked, optimised]
    make(output, [linked, optimised, IMAGE], lambda made: run([*finish, made], "runtime-image failed"), image)


def arguments():
    """The runtime's name, the specifiers of its packages (None without any), whether it is plain, and its folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--with", dest="packages", nargs="+", metavar="SPECIFIER", help="packages, such as sympy==1.14.0")
    parser.add_argument("--name", help="of the runtime with packages, such as python-sympy")
    parser.add_argument("--plain", action="store_true", help="without a snapshot of its own: starts more slowly")
    parser.add_argument("--into", type=Path, default=RUNTIMES, metavar="FOLDER", help="where to put it")
    given = parser.parse_args()
    folder = given.into.resolve()
    if (given.packages is None) != (given.name is None):
        parser.error("--with and --name belong together: packages make another runtime, which needs a name")
    if given.name is None:
        return "python", None, given.plain, folder
    if re.fullmatch(r"python(-[a-z0-9]+)+", given.name) is None:
        parser.error(f"--name is {given.name!r}; it must be `python-` and lower-case words, such as python-sympy")
    return given.name, given.packages, given.plain, folder


def package_files(name, packages):
    """What a runtime with packages is made of besides; the specifiers become a file of their own."""
    specifiers = WORK / f"{name}.requirements.txt"
    specifiers.write_text("".join(f"{specifier}{content(specifier)}\n" for specifier in packages))
    return [specifiers, *sorted(path for path in PACKAGES.rglob("*.py") if "tests" not in path.parts)]


def content(specifier):
    """What tells a wheel from an earlier one of the same path; nothing for a package of PyPI."""
    wheel = Path(specifier)
    return f" sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" if wheel.is_file() else ""


def make(output, inputs, build, command=()):
    """Makes a file, unless it was made of the same inputs by the same command before; it is whole or not there at all."""
    record = WORK / f"{output.name}.json"
    digests = {
        "command": list(map(str, command)),
        "inputs": digest(inputs),
        "output": digest([output]) if output.is_file() else None,
    }
    if digests["output"] is not None and read_record(record) == digests:
        return
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".making-") as folder:
        made = Path(folder) / output.name
        build(made)
        os.replace(made, output)
    record.write_text(json.dumps(digests | {"output": digest([output])}))
    size = output.stat().st_size / 1e6
    print(f"built {label(output)}: {size:.1f} MB in {time.monotonic() - started:.0f} s")


def input_files():
    """Everything that the linked component is made of, in a fixed order."""
    files = [Path(__file__).resolve(), REQUIREMENTS, FIXED_ENTROPY, *SOURCES.rglob("*.py")]
    for folder in WIT:
        files += folder.rglob("*.wit")
    return sorted(files)


def digest(files):
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{label(file)}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def label(path):
    """The path as seen from the root of the repository, where it lies in it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def read_record(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def toolchain():
    """The folder of componentize-py, Python and Node.js, installed as `requirements.txt` pins them."""
    environment = WORK / "venv"
    programs = environment / "bin"
    installed = environment / "requirements.txt"
    is_there = all((programs / name).is_file() for name in ("python", "componentize-py", "node", "npm"))
    if is_there and installed.is_file() and installed.read_bytes() == REQUIREMENTS.read_bytes():
        return programs
    run(
        [sys.executable, "-m", "venv", "--clear", environment],
        "cannot make a virtual environment; on Debian and Ubuntu, install python3-venv",
    )
    run(
        [programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        + ["--only-binary", ":all:", "-r", REQUIREMENTS],
        "cannot install componentize-py and Node.js; is a package index reachable?",
    )
    installed.write_bytes(REQUIREMENTS.read_bytes())
    return programs


def optimise(core, made):
    programs = toolchain()
    run([programs / "node", optimiser(programs), *OPTIMISE, core, "-o", made], "wasm-opt failed")


def optimiser(programs):
    """The path of Binaryen's `wasm-opt`, installed as `package-lock.json` pins it."""
    folder = WORK / "optimiser"
    program = folder / "node_modules" / "binaryen" / "bin" / "wasm-opt"
    installed = folder / "installed.txt"
    wanted = digest(OPTIMISER)
    if program.is_file() and installed.is_file() and installed.read_text() == wanted:
        return program
    folder.mkdir(exist_ok=True)
    for file in OPTIMISER:
        shutil.copy(file, folder)
    run(
        [programs / "npm", "ci", "--loglevel=error", "--no-audit", "--no-fund", "--ignore-scripts"]
        + ["--prefix", folder],
        "cannot install Binaryen; is the npm registry reachable?",
    )
    installed.write_text(wanted)
    return program


def componentize(programs, made, name, packages, names=None):
    wit = [argument for path in WIT for argument in ("-d", path)]
    sources = ["-p", fresh_copy(SOURCES, made.parent / "sources")]
    if names is not None:
        folder = made.parent / "names"
        folder.mkdir()
        shutil.copyfile(names, folder / "names.txt")
        sources += ["-p", folder]
    if packages is not None:
        guest_sources = fresh_copy(installing.GUEST_SOURCES, made.parent / "guest-sources")
        sources += ["-p", guest_sources, "-p", install(programs, made.parent / "site", name, packages)]
    run(
        [programs / "componentize-py", "--quiet", *wit, "-w", WORLD, "componentize", *sources, "component", "-o", made],
        "componentize-py failed",
        fixed_entropy(made.parent),
    )


def fresh_copy(folder, copy):
    """The sources without what an interpreter compiled of them, which it would else load: CPython writes it beside them
    while it is made into a component, too, and the memory of the runtime would tell whether that had happened before."""
    return shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("__pycache__"))


def fixed_entropy(folder):
    """The variables of the environment with which a program draws the same random bytes each time."""
    if not sys.platform.startswith("linux"):
        print("build.py: on this system the order of Python's sets is another in every build", file=sys.stderr)
        return {}
    library = folder / "fixed_entropy.so"
    run(["cc", "-shared", "-fPIC", "-O2", "-o", library, FIXED_ENTROPY], "cannot compile fixed_entropy.c")
    return {"LD_PRELOAD": str(library)}


def install(programs, folder, name, packages):
    try:
        installed = installing.install(programs / "python", packages, folder, language=name)
    except installing.InstallError as error:
        sys.exit(f"build.py: {error}")
    print(f"{name} imports {', '.join(installed)}")
    return folder


def run(command, complaint, more_environment=()):
    # Without VIRTUAL_ENV: an active environment's packages must not get into the component.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
    }
    environment.update(more_environment)
    try:
        done = subprocess.run([str(part) for part in command], env=environment, cwd=WORK, check=False)
    except OSError as error:
        sys.exit(f"build.py: {complaint}: {error}")
    if done.returncode != 0:
        sys.exit(f"build.py: {complaint} (exit status {done.returncode})")


if __name__ == "__main__":
    main()
