"""Puts the interpreter into the state that every program starts from.

componentize-py runs the application's top level once, at build time, and keeps the memory that it leaves
behind. Whatever is done here is done for every program at once, and costs none of them anything.
"""

import atexit
import gc
import linecache
import os
import random
import sys

from componentize_py_types import Err
from wit_world.imports import host
from wit_world.imports.program_types import Action_Call, Action_Evaluate, Action_Script, Call

from . import descriptors, event_loop, interpreter, placement, streams, threads
from .encoding import encode
from .interpreter import Compiler, Interpreter
from .session import Session
from .tracebacks import PROGRAM, remember_source
from .warm_up import CALLS, EXPRESSIONS, SCRIPTS, TESTS

GC_THRESHOLD = 20_000
"""Ten times CPython's own. The objects of the snapshot are immortal and none of the collector's business, so
that a collection costs only what the program itself made; but each begins at the roots again, and with few
objects there are many. (`gc.freeze` instead made filling 256 MiB take minutes.)"""

ROUNDS = 30
"""Enough for the adaptive interpreter to specialise the code that every run goes through; it would
otherwise do so, and write to its code objects, in every program's memory."""


def prepare():
    """Warms up and settles, while componentize-py runs the application."""
    descriptors.lead_to(interpreter.session)
    event_loop.install()
    threads.install()
    _add_site_builtins()
    sys.path[:] = []
    _warm_up(ROUNDS)
    # Whatever runs from now on is what programs make run.
    placement.make_anew()
    settle()


def settle(room=0):
    """Puts everything back and makes what the next program finds, with so many bytes free behind it."""
    bytes(room)
    _put_back()
    # With a table of its own for the source that comes, where the rest of the program will be.
    remember_source(PROGRAM, "")
    interpreter.session.reset()
    gc.set_threshold(GC_THRESHOLD, 10, 0)
    # A collection also empties the free lists of small objects, so none may follow.
    gc.collect()


def clear():
    """Lets go of everything that the next program would find, and of the memory that it lay in."""
    _put_back()
    interpreter.session.clear()
    # Empties the interpreter's lists of free objects, too, from which new ones would be taken.
    gc.collect()


def refresh():
    """Empties the cache of methods, and has it hold what programs look up.

    Each call from outside the interpreter looks names up that it makes for the purpose. The cache holds those of
    thousands of calls by now, all over memory, and reads each once more when it puts another in its place.
    """
    sys._clear_internal_caches()
    _warm_up(1)


def _add_site_builtins():
    """`exit`, `quit` and `help`, which the `site` module adds in a usual interpreter."""
    import _sitebuiltins
    import builtins

    for name in ("exit", "quit"):
        if not hasattr(builtins, name):
            setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    if not hasattr(builtins, "help"):
        builtins.help = _sitebuiltins._Helper()


def _warm_up(rounds):
    streams.set_delivery(lambda channel, data: None)
    exports = Interpreter()
    for _ in range(rounds):
        for source, stdin in SCRIPTS:
            _run(exports, source, Action_Script(), stdin)
        for source, target, args in CALLS:
            _run(exports, source, Action_Call(Call(target, args, [])), b"")
        for source, expression in EXPRESSIONS:
            _run(exports, source, Action_Evaluate(expression), b"")
        for source, test, part, entry_point in TESTS:
            _run_test(source, test, test_options(part, entry_point))
    streams.restore_delivery()


def test_options(part, entry_point):
    """The argument of `$test`, for a test without a prompt."""
    return {"preamble": "", "setup": "", "entry_point": entry_point, "part": part}


def _run(exports, source, action, stdin):
    exports.check(source)
    compiler = Compiler()
    try:
        exports.load(source, [])
    except Err:
        return
    compiled = compiler.compiled()
    _perform(exports, action, stdin)
    if compiled is not None and compiler.load_compiled(source, compiled, []):
        _perform(exports, action, stdin)


def _perform(exports, action, stdin):
    try:
        exports.perform(action, stdin)
    except Err:
        return


def _run_test(source, test, options):
    """Both sides of a test, with the test's calls going straight to the program."""
    program, tester = Session(), Session()
    call_peer = host.call_peer

    def answer(peer, call):
        try:
            return program.perform(Action_Call(call), b"").value
        except Err as error:
            raise Err(error.value.value) from None

    host.call_peer = answer
    try:
        program.load(source, [])
        tester.load(test, ["*"])
        tester.perform(Action_Call(Call("$test", [encode(options, None)], [])), b"")
    except Err:
        return
    finally:
        host.call_peer = call_peer


def _put_back():
    """Undoes what the programs of the warm-up did to the interpreter."""
    for name in ("__main__", "solution", "program", "tests", "pytest"):
        sys.modules.pop(name, None)
    linecache.cache.clear()
    atexit._clear()
    random.seed(0)
    sys.setrecursionlimit(1000)
    os.environ.clear()
    for module in list(sys.modules.values()):
        getattr(module, "__dict__", {}).pop("__warningregistry__", None)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)
