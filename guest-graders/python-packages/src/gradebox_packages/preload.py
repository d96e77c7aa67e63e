"""Imports every module of the installed packages, so that the snapshot holds them.

Functions import modules too, and a library that catches the ImportError of its own module does something else
than natively, without a word: the first build of Math-Verify gave 9 wrong verdicts of 290 that way. So all modules
are imported, not only those that importing the package brings.
"""

import importlib
import io
import json
import pkgutil
import sys
import types
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

CONTENTS = "gradebox_packages.json"
TESTS = ("__main__", "benchmarks", "conftest", "test", "tests")
"""Modules by these names are no part of what a package does."""


def import_everything():
    """Imports all that the packages consist of and all of the standard library that they name.

    Returns the names of the packages' modules that could not be imported, each with the reason; a package that
    cannot be imported itself is an ImportError.
    """
    _stand_in_for_ctypes()
    known = contents()
    names, absent = known["modules"], {}
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        for name in names:
            _import_tree(name, absent)
        for name in known["standard_library"]:
            if name.partition(".")[0] in sys.stdlib_module_names:
                _try_import(name)
    broken = [f"{name}: {absent[name]}" for name in names if name in absent]
    if broken:
        raise ImportError("cannot be imported in WebAssembly: " + "; ".join(broken))
    return absent


def contents():
    """What was noted when the packages were installed. There is a file to read it from only before the snapshot."""
    for entry in sys.path:
        if (Path(entry) / CONTENTS).is_file():
            return json.loads((Path(entry) / CONTENTS).read_text())
    raise ImportError(f"no folder of sys.path holds {CONTENTS}")


def _import_tree(name, absent):
    reason = _try_import(name)
    if reason is not None:
        absent[name] = reason
        return
    for found in pkgutil.iter_modules(getattr(sys.modules[name], "__path__", ()), name + "."):
        if found.name.rpartition(".")[2] not in TESTS:
            _import_tree(found.name, absent)


def _try_import(name):
    """The reason why the module cannot be imported, or None."""
    try:
        importlib.import_module(name)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return None


def _stand_in_for_ctypes():
    """CPython for WASI has no ctypes; some packages ask it for the size of C's types and for nothing else."""
    if "ctypes" in sys.modules or _try_import("ctypes") is None:
        return
    module = types.ModuleType("ctypes", "Only the sizes of C's types: there is no machine code to call.")
    sizes = {"c_int": 4, "c_long": 4, "c_longlong": 8, "c_size_t": 4, "c_ssize_t": 4, "c_void_p": 4}
    for name in sizes:
        setattr(module, name, type(name, (), {}))
    module.sizeof = lambda kind: sizes[kind.__name__]
    sys.modules["ctypes"] = module
