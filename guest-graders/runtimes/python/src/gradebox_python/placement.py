"""Makes code anew: as if it had never run, and where memory is free now."""

from .pristine import BUILTINS as __builtins__

import _opcode_metadata
import gc
import opcode
from types import CodeType, FunctionType

_NEVER_RAN = opcode.opmap["RESUME"]
_RAN = _opcode_metadata._specialized_opmap["RESUME_CHECK"]


def make_anew():
    """Every function's code that ran since it was made."""
    functions = [item for item in gc.get_objects() if type(item) is FunctionType and _ran(item.__code__)]
    # The harness runs with every program, and the rest with some.
    functions.sort(key=lambda function: (_is_foreign(function), function.__code__.co_filename))
    for function in functions:
        # Code keeps a copy of this, which would else be made in between.
        function.__code__.co_code
    made = {}
    for function in functions:
        function.__code__ = _anew(function.__code__, made)


def _ran(code):
    """Whether the code ever ran: its first instruction is another one then."""
    for instruction in code._co_code_adaptive[::2]:
        if instruction in (_NEVER_RAN, _RAN):
            return instruction == _RAN
    return False


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
