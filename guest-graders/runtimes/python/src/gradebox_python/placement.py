"""Makes anew what is written to with every program, where memory is free now, and code as if it had never run."""

from .pristine import BUILTINS as __builtins__

import _opcode_metadata
import gc
import opcode
import sys
from types import CodeType, FunctionType

_NEVER_RAN = opcode.opmap["RESUME"]
_RAN = _opcode_metadata._specialized_opmap["RESUME_CHECK"]
_BYTES_OF_A_KEY = 8
_OF_PROGRAMS = ("answering", "receiving")
"""Modules of `testing` that run in the sandbox of the program only."""


_seen = {}


def watch():
    """Notes what the code that ran looks like, so that what still changes can be told from what has settled."""
    _seen.clear()
    _seen.update((id(function.__code__), hash(_instructions(function.__code__))) for function in _functions_that_ran())


def make_anew():
    """Every function's code that ran since it was made; last what changed since `watch`, beside what programs make."""
    functions = list(_functions_that_ran())
    # The harness runs with every program, and the rest with some.
    functions.sort(
        key=lambda function: (
            not _is_settled(function),
            not _is_foreign(function),
            _side(function),
            function.__code__.co_filename,
        )
    )
    _seen.clear()
    for function in functions:
        # Code keeps a copy of this, which would else be made in between.
        function.__code__.co_code
    made = {}
    for function in functions:
        function.__code__ = _anew(function.__code__, made)


def move_keys(table):
    """Has a dict of strings make its table of keys anew, which it does when its room for new ones is used up."""
    for number in range(2 * sys.getsizeof(table) // _BYTES_OF_A_KEY):
        table[f"gradebox {number}"] = None
        del table[f"gradebox {number}"]


def _functions_that_ran():
    return (item for item in gc.get_objects() if type(item) is FunctionType and _ran(item.__code__))


def _is_settled(function):
    code = function.__code__
    return _seen.get(id(code)) == hash(_instructions(code))


def _instructions(code):
    """The code with what it keeps beside each instruction, nested code included."""
    nested = [_instructions(part) for part in code.co_consts if type(part) is CodeType]
    return b"".join([code._co_code_adaptive, *nested])


def _ran(code):
    """Whether the code ever ran: its first instruction is another one then."""
    for instruction in code._co_code_adaptive[::2]:
        if instruction in (_NEVER_RAN, _RAN):
            return instruction == _RAN
    return False


def _side(function):
    """0 for what only a program's sandbox runs, 2 for what only its test's runs, 1 for what both do: in this order, what
    either of them writes to lies in one piece, and the engine restores so many pieces only."""
    package, _, name = str(function.__module__).rpartition(".")
    if package != f"{__package__}.testing" or name == "wire":
        return 1
    return 0 if name in _OF_PROGRAMS else 2


def _is_foreign(function):
    return str(function.__module__).partition(".")[0] != __package__


def _anew(code, made):
    """A copy of the code and of the code in it that ever ran."""
    if id(code) not in made:
        parts = [
            _anew(part, made) if type(part) is CodeType and _ran(part) else part for part in code.co_consts
        ]
        # The original is kept until all is done: its address stands for it.
        made[id(code)] = (code, code.replace(co_consts=tuple(parts)))
    return made[id(code)][1]
