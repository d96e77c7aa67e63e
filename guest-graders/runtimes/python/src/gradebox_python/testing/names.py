"""In the sandbox of the test: names that the test does not define.

In this order: what the test and the task's prompt define, builtins, modules of the standard library, the program. So a
program never replaces what the test uses, its own `len` included.
"""

from ..pristine import BUILTINS as __builtins__

import builtins
import collections
import importlib
import itertools
import math
import re
import sys
import typing
from types import CodeType, ModuleType

PROGRAM_MODULES = ("solution", "program", "__main__")
"""Names under which tests import the program."""


def _well_known():
    """What programs import and tests then use without importing it themselves."""
    found = {}
    for module in (typing, itertools, math, collections):
        for name in getattr(module, "__all__", None) or dir(module):
            if not name.startswith("_"):
                found[name] = getattr(module, name)
    for path in ("functools:reduce", "functools:cmp_to_key", "functools:partial", "decimal:Decimal", "fractions:Fraction",
                 "heapq:heappush", "heapq:heappop", "heapq:heapify", "bisect:bisect_left", "bisect:bisect_right",
                 "datetime:timedelta", "datetime:date", "copy:deepcopy"):
        module, name = path.split(":")
        found[name] = getattr(importlib.import_module(module), name)
    return found


_WELL_KNOWN = _well_known()


class Names(dict):
    """The builtins of the test. Python asks for `__missing__` what is neither global nor builtin."""

    def __init__(self, program, source, namespace):
        dict.__init__(self, vars(builtins))
        self._program = program
        self._source = source
        self._namespace = namespace

    def __missing__(self, name):
        self._program.preamble.make()
        if name in self._namespace:
            return self._namespace[name]
        if self._is_module(name):
            return importlib.import_module(name)
        if name in _WELL_KNOWN and not self._program.defines(name):
            return _WELL_KNOWN[name]
        return self._program.named(name)

    def _is_module(self, name):
        if name not in sys.stdlib_module_names:
            return False
        used_as_module = re.search(rf"(?<![\w.]){name}\s*\.", self._source)
        return name not in self._program.names or used_as_module is not None


class ProgramModule(ModuleType):
    """The program as a module that the test imports."""

    def __init__(self, name, program):
        ModuleType.__init__(self, name)
        self.__dict__["gradebox_program"] = program
        self.__dict__["__path__"] = []

    def __getattr__(self, name):
        if name == "__all__":
            return [known for known in self.gradebox_program.names if not known.startswith("_")]
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self.gradebox_program.named(name)
        except NameError as error:
            raise AttributeError(str(error)) from None

    def __setattr__(self, name, value):
        if name.startswith("__"):
            self.__dict__[name] = value
        else:
            self.gradebox_program.ask("rebind", name, value)


def provide_modules(program):
    """Lets the test import the program."""
    for name in PROGRAM_MODULES:
        sys.modules[name] = ProgramModule(name, program)


def replaced_builtins(program, names):
    """Builtins that are the program's in this test: those that it defines, where the test uses nothing else of it.

    MBPP has tests such as `assert sum(10, 15) == 6`.

    `names`: those that the test uses.
    """
    own = {name for name in names if name in program.names and not hasattr(builtins, name)}
    if own:
        return []
    return [name for name in names if hasattr(builtins, name) and name in program.names]


def names_of(code):
    """Every name that the code looks up, sets or takes an attribute of, nested functions included."""
    names = set()
    waiting = [code]
    for part in waiting:
        names.update(part.co_names)
        waiting += [constant for constant in part.co_consts if type(constant) is CodeType]
    return names
