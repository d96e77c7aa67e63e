"""The exports of the world `compiling-runtime`."""

from .pristine import BUILTINS as __builtins__

import sys
import warnings

from wit_world.exports.interpreter import Language
from wit_world.imports.program_types import Diagnostic

from . import packages
from .session import Session
from .tracebacks import PROGRAM

VERSION = ".".join(map(str, sys.version_info[:3]))

session = Session()
"""The one program of this instance."""


class Interpreter:
    """What the host calls. The interface is documented in `wit/runtime/runtime.wit`."""

    def describe(self):
        return Language(packages.LANGUAGE, VERSION, packages.ALIASES, packages.EXTENSIONS)

    def check(self, source):
        return _diagnostics(source)

    def load(self, source, peers):
        session.load(source, peers)

    def perform(self, action, stdin):
        return session.perform(action, stdin)


class Compiler:
    """What the host calls so that a program is compiled once. Documented in `wit/compiling/compiling.wit`."""

    def compiled(self):
        return session.compiled()

    def load_compiled(self, source, compiled, peers):
        return session.load_compiled(source, compiled, peers)


def _diagnostics(source):
    """The first syntax error of a source, which is all that CPython's parser gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source.removeprefix("\ufeff"), PROGRAM, "exec", 0, True)
        except SyntaxError as error:
            return [Diagnostic(error.lineno or 1, max(error.offset or 1, 1), str(error.msg))]
        except (ValueError, MemoryError, RecursionError, OverflowError) as error:
            return [Diagnostic(1, 1, str(error) or "the source is nested too deeply")]
    return []
