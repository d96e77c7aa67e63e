"""Tests of the runtime's logic under the machine's own Python, with stand-ins for the generated bindings.

Run in this folder's parent: `python3 -m unittest`.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE / "bindings"), str(_HERE.parent / "src")]

# A session makes its streams the interpreter's own as soon as it is there, and its module the main one, for the first
# program that it loads: here both are those of whoever runs the tests, and each test's program is a later one.
_NAMES = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__", "argv")
_kept = {name: getattr(sys, name) for name in _NAMES}
_main = sys.modules["__main__"]

from gradebox_python.interpreter import session  # noqa: E402

session.load("", [])
vars(sys).update(_kept)
sys.modules["__main__"] = _main
