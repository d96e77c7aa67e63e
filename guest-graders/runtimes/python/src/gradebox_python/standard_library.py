"""Imports the standard library, so that the snapshot holds it: the sandbox has no files to import from."""

import importlib
import io
import pkgutil
import sys
import warnings
from contextlib import redirect_stdout

EXCLUDED = {
    "__phello__": "a demonstration",
    "_aix_support": "another system's",
    "_android_support": "another system's",
    "_apple_support": "another system's",
    "_ios_support": "another system's",
    "_osx_support": "another system's",
    "_pydatetime": "the C implementation is there",
    "_pydecimal": "the C implementation is there",
    "_pyio": "the C implementation is there",
    "_pyrepl": "needs a terminal",
    "antigravity": "opens a web browser",
    "ensurepip": "installs packages",
    "idlelib": "an editor",
    "lib2to3": "a tool for another Python",
    "pydoc_data": "text of the manual",
    "test": "the library's own tests",
    "this": "prints when it is imported",
    "turtledemo": "needs a display",
    "venv": "needs files",
}
"""Packages and modules that are left out, with the reason."""


def import_everything():
    """Imports every module that can be imported. Returns those that cannot, with the reason."""
    absent = {}
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for name in sorted(sys.stdlib_module_names):
            if name not in EXCLUDED:
                _import_tree(name, absent)
    return absent


def _import_tree(name, absent):
    try:
        module = importlib.import_module(name)
    except BaseException as error:
        absent[name] = f"{type(error).__name__}: {error}"
        return
    for found in pkgutil.iter_modules(getattr(module, "__path__", ()), name + "."):
        last = found.name.rpartition(".")[2]
        if last not in ("__main__", "tests", "test") and found.name not in EXCLUDED:
            _import_tree(found.name, absent)
