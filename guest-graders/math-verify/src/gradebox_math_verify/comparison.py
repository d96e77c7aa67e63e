"""One comparison by Math-Verify, and what its answer is worth.

Math-Verify answers True or False, and False also where it found no formula or its own work failed. Here these are
told apart: only two formulas that were both read, and compared to the end, can be different.
"""

import re
from dataclasses import dataclass, field

import math_verify
from math_verify import grader as math_verify_grader

from .description import DEFAULTS

_ENVIRONMENT = re.compile(r"\$|\\\(|\\\[|\\boxed|\\begin\{(?:equation|align|math|displaymath)")
_PROSE = re.compile(r"(?<![\\A-Za-z])(?!sqrt|sinh?|cosh?|tanh?|frac|log|ln|exp|pi\b)[A-Za-z]{3,}")
_LONGEST_SHOWN = 120


@dataclass
class Opinion:
    """What Math-Verify says of a response; `equal` is None where it cannot tell."""

    equal: "bool | None"
    reason: str
    details: dict = field(default_factory=dict)


def options(params):
    """The options of `math_verify.verify` that the parameters ask for; a ValueError names a wrong one."""
    for name, value in params.items():
        if name not in DEFAULTS:
            raise ValueError(f"parameter `{name}` is unknown; there are {', '.join(DEFAULTS)}")
        if type(value) is not type(DEFAULTS[name]) or (not isinstance(value, bool) and value < 0):
            kind = "true or false" if isinstance(DEFAULTS[name], bool) else "a whole number, 0 or more"
            raise ValueError(f"parameter `{name}` is {value!r}; it must be {kind}")
    return {**DEFAULTS, **params}


def compare(reference, response, chosen):
    """Compares the final answer of the response with the reference. `chosen` are the options of `verify`."""
    try:
        gold, answer = _parse(reference), _parse(response)
    except Exception as error:
        return _undecided(f"Math-Verify failed to read the answers: {_short(error)}")
    if not gold:
        return _undecided("Math-Verify finds no formula in the reference")
    if not answer:
        return _undecided("Math-Verify finds no formula in the response")
    return _judge(gold, answer, chosen)


def _judge(gold, answer, chosen):
    expected, found = _shown(gold), _shown(answer)
    details = {"extracted": found, "expected": expected}
    failures = []
    try:
        with _noting_failures(failures):
            equal = math_verify.verify(gold, answer, **chosen, timeout_seconds=None, raise_on_error=True)
    except Exception as error:
        return _undecided(f"Math-Verify failed to compare {found} with {expected}: {_short(error)}")
    if equal:
        return Opinion(True, f"Math-Verify finds {found} equal to the reference {expected}", details)
    if not (_is_formula(gold) and _is_formula(answer)):
        side = "reference" if not _is_formula(gold) else "response"
        return _undecided(f"Math-Verify cannot read the formula of the {side}: {expected if side == 'reference' else found}")
    if failures:
        return _undecided(f"SymPy failed to simplify the difference of {found} and {expected}: {failures[0]}")
    return Opinion(False, f"Math-Verify finds {found} different from the reference {expected}", details)


def _parse(text):
    """The formulas that Math-Verify reads in a text, then the text of the first; nothing where it finds none.

    It reads LaTeX only between marks of mathematics, and takes a bare `x^2 + 1` for the number 1, so a text that is
    nothing but a formula gets its marks.
    """
    if not _ENVIRONMENT.search(text) and not _PROSE.search(text):
        marked = math_verify.parse(f"${text.strip()}$", parsing_timeout=None, raise_on_error=True)
        if _is_formula(marked):
            return marked
    return math_verify.parse(text, parsing_timeout=None, raise_on_error=True)


def _is_formula(parsed):
    return any(not isinstance(one, str) for one in parsed)


def _shown(parsed):
    """The text of the formula, as Math-Verify cut it out. Printing what SymPy made of it may take for ever."""
    text = next((one for one in parsed if isinstance(one, str)), "")
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _short(error):
    text = f"{type(error).__name__}: {error}"
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _undecided(reason):
    return Opinion(None, reason)


class _noting_failures:
    """Notes what `simplify` raises while this is open; Math-Verify takes it for a difference."""

    def __init__(self, failures):
        self.failures = failures

    def __enter__(self):
        self.simplify = math_verify_grader.simplify

        def noting(*args, **kwargs):
            try:
                return self.simplify(*args, **kwargs)
            except BaseException as error:
                self.failures.append(_short(error))
                raise

        math_verify_grader.simplify = noting

    def __exit__(self, *_):
        math_verify_grader.simplify = self.simplify
