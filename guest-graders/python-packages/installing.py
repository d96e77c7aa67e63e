"""Installs packages of PyPI for a component: pure Python only, into a folder that componentize-py reads.

Runs under the machine's own Python, 3.9 or newer. What is done with the packages inside the component is the
business of `gradebox_packages`, beside this file.
"""

import json
import re
import subprocess
from pathlib import Path

GUEST_SOURCES = Path(__file__).resolve().parent / "src"
"""The folder of `gradebox_packages`, for componentize-py's `-p`."""

CONTENTS = "gradebox_packages.json"
"""Written into the folder of the packages; `gradebox_packages.preload` finds the folder by it."""

PYTHON = "3.14"
"""The version of the CPython that componentize-py brings, for which wheels are chosen."""


class InstallError(Exception):
    """Packages that cannot be in a component; the message names them and says why."""


def install(python, requirements, folder, **notes):
    """Installs what `requirements` asks for, and what that needs, into `folder`, which must be empty.

    `notes` are kept for the component, beside the names of the modules.

    `python` is an interpreter with pip. `requirements` are specifiers such as `sympy==1.14.0`, or the path of a
    requirements file. Only wheels for any platform are taken: CPython in WebAssembly cannot load machine code.
    """
    asked = ["-r", requirements] if isinstance(requirements, Path) else list(requirements)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", folder, "--only-binary", ":all:", "--python-version", PYTHON]
    command += ["--implementation", "py", "--abi", "none", "--platform", "any", *asked]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InstallError(_explain(done.stderr))
    machine_code = sorted(path for path in folder.rglob("*") if path.suffix in (".so", ".pyd", ".dylib", ".dll"))
    if machine_code:
        raise InstallError(f"{machine_code[0].relative_to(folder)} is machine code, which WebAssembly cannot load")
    names = top_level(folder)
    contents = {"modules": names, "standard_library": sorted(named_modules(folder)), **notes}
    (folder / CONTENTS).write_text(json.dumps(contents))
    return names


def top_level(folder):
    """The modules and packages that stand directly in a folder of installed packages."""
    modules = [path.stem for path in folder.glob("*.py")]
    packages = [path.name for path in folder.iterdir() if path.is_dir() and path.name.isidentifier()]
    packages = [name for name in packages if any((folder / name).rglob("*.py"))]
    return sorted({*modules, *packages} - {"bin", "__pycache__"})


def named_modules(folder):
    """Every module that any line of the packages may import, in functions too; whoever reads this sorts out which
    are of the standard library. Text that only looks like an import does no harm."""
    names = set()
    for path in folder.rglob("*.py"):
        for line in re.findall(r"^[ \t]*import[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*)", _text(path), re.MULTILINE):
            names.update(name.strip() for name in line.split(","))
        for module, rest in re.findall(r"^[ \t]*from[ \t]+(\w[\w.]*)[ \t]+import\b([^#\n]*)", _text(path), re.MULTILINE):
            names.add(module)
            names.update(f"{module}.{name}" for name in re.findall(r"\w+", rest))
    return names


def _text(path):
    return path.read_text(encoding="utf-8", errors="replace")


def _explain(complaint):
    """What pip said, in the terms of components where it found no wheel."""
    missing = re.search(r"No matching distribution found for ([^\s;(]+)", complaint)
    conflict = re.search(r"because these package versions have conflicting dependencies", complaint)
    if missing is None or conflict is not None:
        return complaint.strip()
    wanted = re.search(rf"requirement {re.escape(missing[1])} \(from ([^()]+)\)", complaint)
    by = f", which {wanted[1]} needs" if wanted and not wanted[1].startswith("versions:") else ""
    return (
        f"there is no pure-Python wheel of {missing[1]}{by} (C extensions cannot be loaded in WebAssembly); "
        f"pip said: {complaint.strip().splitlines()[-1]}"
    )
