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

from . import descriptors, event_loop, streams, threads
from .encoding import encode
from .interpreter import Interpreter, session
from .session import Session
from .tracebacks import EXPRESSION, PROGRAM
from .warm_up import CALLS, EXPRESSIONS, SCRIPTS, TESTS

GC_THRESHOLD = 20_000
"""The first collection of a program touches every object of the snapshot, some 20 ms; CPython's own 2,000
would make that the usual case. (`gc.freeze` would spare it, but with the snapshot frozen each collection
marks the program's whole heap anew: filling 256 MiB took minutes instead of seconds.)"""

ROUNDS = 30
"""Enough for the adaptive interpreter to specialise the code that every run goes through; it would
otherwise do so, and write to its code objects, in every program's memory."""

_SMALL_ABOVE = 2000
_BYTES_ABOVE = 1 << 16

_plug = []


def prepare():
    """Warms up, puts everything back, and leaves the heap so that programs touch few pages of it."""
    descriptors.lead_to(session)
    event_loop.install()
    threads.install()
    _add_site_builtins()
    sys.path[:] = []
    _warm_up()
    _put_back()
    session.reset()
    session.streams.install()
    gc.set_threshold(GC_THRESHOLD, 10, 0)
    # A collection also empties the free lists of small objects, so none may follow.
    gc.collect()
    _fill_holes()


def _add_site_builtins():
    """`exit`, `quit` and `help`, which the `site` module adds in a usual interpreter."""
    import _sitebuiltins
    import builtins

    for name in ("exit", "quit"):
        if not hasattr(builtins, name):
            setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    if not hasattr(builtins, "help"):
        builtins.help = _sitebuiltins._Helper()


def _warm_up():
    streams.set_delivery(lambda channel, data: None)
    interpreter = Interpreter()
    for _ in range(ROUNDS):
        for source, stdin in SCRIPTS:
            _run(interpreter, source, Action_Script(), stdin)
        for source, target, args in CALLS:
            _run(interpreter, source, Action_Call(Call(target, args, [])), b"")
        for source, expression in EXPRESSIONS:
            _run(interpreter, source, Action_Evaluate(expression), b"")
        for source, test, part, entry_point in TESTS:
            _run_test(source, test, {"preamble": "", "setup": "", "entry_point": entry_point, "part": part})
    streams.restore_delivery()


def _run(interpreter, source, action, stdin):
    interpreter.check(source)
    try:
        interpreter.load(source, [])
        interpreter.perform(action, stdin)
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
    for name in (PROGRAM, EXPRESSION):
        linecache.cache.pop(name, None)
    atexit._clear()
    random.seed(0)
    sys.setrecursionlimit(1000)
    os.environ.clear()
    for module in list(sys.modules.values()):
        getattr(module, "__dict__", {}).pop("__warningregistry__", None)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)


def _fill_holes():
    """Occupies the small holes that the imports left in the heap.

    CPython for WASI has no allocator of its own: each small object is a chunk of the C library's heap,
    and new ones would land in holes all over it, each on a page that has to be copied for the program.
    With the small holes taken, a program's objects lie side by side in large ones and at the top. The
    large holes have to be taken for a moment, or the small fillers would go there.
    """
    passing = [bytes(1 << 20)]
    end = max(map(id, gc.get_objects()))
    while id(passing[-1]) < end:
        passing.append(bytes(1 << 20))
    top = id(passing[-1])
    for power in range(19, 13, -1):
        passing.append(_fillers(lambda: bytes(1 << power), 1 << power, top))
    for size in (1 << 13, 1 << 12, *range(4000, 0, -8), 2):
        _plug.extend(_fillers(lambda: bytes(size), size, top))
    _plug.extend(_fillers(object, 8, top))
    _plug[:] = [tuple(_plug)]
    del passing


def _fillers(make, size, top):
    """New objects of one size, until there is no room for them below the address `top`.

    What was freed last is used first, and may lie above: a few small objects there say nothing yet.
    """
    fillers = []
    above = 0
    while above < max(1, min(_SMALL_ABOVE, _BYTES_ABOVE // size)):
        filler = make()
        fillers.append(filler)
        above = above + 1 if id(filler) >= top else 0
    del fillers[-above:]
    return fillers
