"""What the build asks of the runtime while it makes the image; the finished component exports none of it."""

from .pristine import BUILTINS as __builtins__

import gc
import sys
from types import CodeType

from wit_world.exports.making import Object, Tested, WarmUp
from wit_world.imports.program_types import Action_Call, Action_Evaluate, Action_Script, Call

from . import descriptors, interpreter, placement, room, snapshot
from .encoding import encode
from .session import Session
from .usual import USUAL
from .warm_up import CALLS, EXPRESSIONS, SCRIPTS, TESTS

_CODE_PARTS = (
    "co_consts co_names co_name co_qualname co_filename co_linetable co_exceptiontable "
    "co_varnames co_cellvars co_freevars"
).split()
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

    def tests(self):
        return [
            Tested(program, test, Call("$test", [encode(snapshot.test_options(part, entry_point), None)], []))
            for program, test, part, entry_point in [*TESTS, *USUAL]
        ]

    def settle(self, room):
        snapshot.settle(room)
        # componentize-py seeds `random` at an instance's first call. This one has had it, and so has its memory.
        interpreter.session.random_is_seeded = True

    def clear(self):
        snapshot.clear()

    def watch(self):
        placement.watch()

    def release(self):
        room.release()

    def gather(self):
        placement.make_anew()
        placement.move_keys(sys.modules)
        interpreter.session = Session()
        descriptors.lead_to(interpreter.session)

    def refresh(self):
        snapshot.refresh()

    def names(self):
        uses = {}
        for item in _reachable():
            for part in _parts(item):
                if type(part) is str and "\n" not in part and sys._is_interned(part):
                    uses[part] = uses.get(part, 0) + 1
        return sorted(uses, key=lambda name: (-uses[name], name))

    def objects(self):
        return [Object(id(item), id(type(item)), _digest(item)) for item in _reachable()]


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
        waiting.extend(_parts(item))
    return found.values()


def _parts(item):
    parts = gc.get_referents(item)
    parts.append(type(item))
    if type(item) is dict:
        parts.extend(item)
    elif type(item) is CodeType:
        parts.extend(getattr(item, name) for name in _CODE_PARTS)
    # `isinstance` would ask the object for its class, and a package's object may answer as it likes.
    elif issubclass(type(item), type):
        parts.append(type.__dict__["__name__"].__get__(item))
        parts.extend(type.__subclasses__(item))
    return parts


def _digest(item):
    kind = type(item)
    if kind in _HASHED:
        return hash(item) & 0xFFFFFFFF
    return len(item) if kind in _COUNTED else 0
