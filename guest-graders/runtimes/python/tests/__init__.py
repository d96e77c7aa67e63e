"""Tests of the runtime's logic under the machine's own Python, with stand-ins for the generated bindings.

Run in this folder's parent: `python3 -m unittest`.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE / "bindings"), str(_HERE.parent / "src")]
