"""What the build asks of the runtime while it makes the image; the finished component exports none of it."""

from .pristine import BUILTINS as __builtins__

import _opcode_metadata
import gc
import opcode
import sys
from types import CodeType, FunctionType

from wit_world.exports.making import Object, WarmUp
from wit_world.imports.program_types import Action_Call, Action_Evaluate, Action_Script, Call

from . import snapshot
from .interpreter import session
from .warm_up import CALLS, EXPRESSIONS, SCRIPTS

_CODE_PARTS = (
    "co_consts co_names co_name co_qualname co_filename co_linetable co_exceptiontable "
    "co_varnames co_cellvars co_freevars"
).split()
_NEVER_RAN = opcode.opmap["RESUME"]
_RAN = _opcode_metadata._specialized_opmap["RESUME_CHECK"]
_HASHED = (str, bytes, int, float, complex)
_COUNTED = (tuple, list, dict, set, frozenset, bytearray)


class Making:
    """The interface is documented in `../image/wit/making.wit`."""

    def warm_ups(self):
        programs = [WarmUp(source, Action_Script(), stdin) for source, stdin in SCRIPTS]
        programs += [
            WarmUp(source, Action_Call(Call(target, args, [])), b"") for source, target, args in CALLS
        ]
        programs += [WarmUp(source, Action_Evaluate(text), b"") for source, text in EXPRESSIONS]
        return programs

    def settle(self, room):
        snapshot.settle(room)
        # componentize-py seeds `random` at an instance's first call. This one has had it, and so has its memory.
        session.random_is_seeded = True

    def gather(self):
        functions = [item for item in gc.get_objects() if type(item) is FunctionType and _ran(item.__code__)]
        # The harness runs with every program, and the rest with some.
        functions.sort(key=lambda function: (_is_foreign(function), function.__code__.co_filename))
        for function in functions:
            # Code keeps a copy of this, which would else be made in between.
            function.__code__.co_code
        made = {}
        for function in functions:
            function.__code__ = _anew(function.__code__, made)

    def objects(self):
        return [Object(id(item), id(type(item)), _digest(item)) for item in _reachable()]


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


def _reachable():
    """What the collector knows of and what that leads to; most strings and numbers are found this way only."""
    waiting = [None, True, False, ..., NotImplemented, type, object, sys.modules]
    waiting += gc.get_objects()
    found = {}
    own = {id(waiting), id(found), id(sys._getframe())}
    while waiting:
        item = waiting.pop()
        if id(item) in found or id(item) in own:
            continue
        found[id(item)] = item
        waiting.extend(gc.get_referents(item))
        waiting.append(type(item))
        if type(item) is dict:
            waiting.extend(item)
        elif type(item) is CodeType:
            waiting.extend(getattr(item, name) for name in _CODE_PARTS)
        elif isinstance(item, type):
            waiting.append(type.__dict__["__name__"].__get__(item))
            waiting.extend(type.__subclasses__(item))
    return found.values()


def _digest(item):
    kind = type(item)
    if kind in _HASHED:
        return hash(item) & 0xFFFFFFFF
    return len(item) if kind in _COUNTED else 0
