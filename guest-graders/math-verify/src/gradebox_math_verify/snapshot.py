"""Puts the interpreter into the state that every grade starts from; runs once, when the component is built."""

import gc
import logging
import sys

from gradebox_packages import free_memory, missing, preload

watch = missing.Watch({"antlr4", "latex2sympy2_extended", "math_verify", "mpmath", "sympy"})
"""Notices modules that the component lacks: a verdict without them would be another one than natively."""

logging.disable(logging.CRITICAL)
# The stack of a grader's sandbox holds about this many frames of SymPy; its parsers recurse deeply.
sys.setrecursionlimit(2500)
ABSENT = preload.import_everything()

from . import comparison  # noqa: E402  (only after everything it may need is there)

_PAIRS = [
    ("\\frac{1}{2}", "\\boxed{0.5}"),
    ("$x^2+2x+1$", "$(x+1)^2$"),
    ("$(1,2)$", "$[1,2)$"),
    ("7", "the answer is 7"),
    ("$x>3$", "$3<x$"),
    ("$\\tan^2(y)+1$", "$\\sec^2(y)$"),
    ("$-2 \\le x \\le 7$", "$x \\in [-2,7]$"),
    ("$\\text{Even}$", "$Even$"),
    ("$\\begin{pmatrix} 1 & 2 \\end{pmatrix}$", "$\\begin{pmatrix} 1 & 3 \\end{pmatrix}$"),
    ("$x^2/4 + y^2/3 = 1$", "$x^2/16 + y^2/12 = 1/4$"),
]
"""Comparisons that build the parser's tables, compile the patterns and fill SymPy's caches."""


def prepare():
    """Warms up and leaves no garbage behind."""
    for reference, response in _PAIRS:
        comparison.compare(reference, response, comparison.options({}))
    sys.path[:] = []
    watch.close()
    free_memory.clear()
    # A collection looks at all of SymPy; a grade's own memory is bounded without it.
    gc.freeze()
    gc.set_threshold(100_000, 10, 0)
