"""One program, from its source to what its steps leave behind."""

from .pristine import BUILTINS as __builtins__

import asyncio
import atexit
import builtins
import random
import sys
from types import CoroutineType, ModuleType

from componentize_py_types import Err
from wit_world.exports.interpreter import Outcome, Stop_Exited
from wit_world.imports.program_types import Action_Call, Action_Evaluate, Action_Script

from . import compiled, failures
from .decoding import decode
from .descriptors import ProcessEnded
from .encoding import encode, encode_opaque
from .opaque import Handles
from .peers import Peer
from .streams import StandardStreams
from .targets import find
from .testing.answering import Answers
from .testing.running import Test
from .tracebacks import EXPRESSION, PROGRAM, remember_source

SCRIPT_NAME = "__main__"
"""`__name__` of a program that is run as a script."""

MODULE_NAME = "solution"
"""`__name__` of a program whose functions are called; its main guard does not run."""

FILE_NAME = "program.py"
"""`sys.argv[0]` and `__file__`."""

RANDOM_SEED = 0
"""Every program finds `random` seeded with this: the same program draws the same numbers."""

EVERY_NAME = "*"
"""The peer that stands for every name that the program itself does not define: the program is a test of it."""

RUN_TEST = "$test"
"""The target that runs a test."""

TEST_RECURSION = 10_000
"""A test's own code may walk structures as deep as a program can make them."""

PROGRAM_RECURSION = 1000
"""CPython's own default; a program may raise it."""

_HARNESS_RECURSION = 10_000
_get_recursion_limit = sys.getrecursionlimit
_set_recursion_limit = sys.setrecursionlimit
_set_trace = sys.settrace
_set_profile = sys.setprofile
_seed_random = random.seed
_run_coroutine = asyncio.run
_pending_at_exit = atexit._ncallbacks
_run_at_exit = atexit._run_exitfuncs
_modules = sys.modules


class Encoded:
    """A result that is the text of a value already."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text


class Session:
    """Holds at most one program; `load` replaces it."""

    def __init__(self):
        self.reset()

    def reset(self):
        """Makes everything that a program needs before its source is known."""
        self.streams = StandardStreams()
        self.exit_code = None
        self._handles = Handles()
        self._code = None
        self._top_level_done = False
        self._failure = None
        self._recursion_limit = PROGRAM_RECURSION
        self._module = ModuleType(SCRIPT_NAME)
        self._namespace = self._module.__dict__
        self._namespace["__builtins__"] = builtins
        self._namespace["__file__"] = FILE_NAME
        self._test = None
        self._answers = None
        self._fresh = True
        self.random_is_seeded = False
        _modules[SCRIPT_NAME] = self._module
        self.streams.install()
        sys.argv = [FILE_NAME]

    def clear(self):
        """Lets go of the program and of everything that was made for it; `reset` makes it again."""
        self.streams = self._handles = self._code = self._failure = self._module = self._namespace = None
        self._test = self._answers = None
        _modules.pop(SCRIPT_NAME, None)
        for name in ("stdin", "stdout", "stderr"):
            setattr(sys, name, None)
            setattr(sys, f"__{name}__", None)
        sys.argv = []

    def load(self, source, peers):
        """Compiles the program. Raises Err(Stop)."""
        if not self._fresh:
            self.reset()
        self._fresh = False
        source = source.removeprefix("\ufeff")
        remember_source(PROGRAM, source)
        try:
            self._code = compile(source, PROGRAM, "exec", 0, True)
        except BaseException as error:
            raise Err(failures.raised(error)) from None
        finally:
            self.streams.flush()
        self._take_up(source, peers)

    def compiled(self):
        """What `load` made of the program, as bytes; None where another instance should rather load the source."""
        return None if self._code is None else compiled.dumped(self._code)

    def load_compiled(self, source, data, peers):
        """Does what `load` does, with the code of another instance. Says whether it could."""
        code = compiled.restored(data)
        if code is None:
            return False
        if not self._fresh:
            self.reset()
        self._fresh = False
        source = source.removeprefix("\ufeff")
        remember_source(PROGRAM, source)
        self._code = code
        self._take_up(source, peers)
        return True

    def _take_up(self, source, peers):
        """Makes what a program finds when it begins."""
        for name in peers:
            if name == EVERY_NAME:
                self._test = Test(name, self._namespace, self._code, source)
            else:
                self._namespace[name] = Peer(name, name, self._handles)
        if not self.random_is_seeded:
            _seed_random(RANDOM_SEED)

    def perform(self, action, stdin):
        """Does one thing with the program. Returns an Outcome; raises Err(Stop)."""
        if self._failure is not None:
            raise Err(self._failure)
        if self._code is None:
            raise Err(failures.raised(RuntimeError("no program is loaded")))
        if self._answers is not None and type(action) is Action_Call and action.value.target.startswith("$"):
            return self._answer(action.value)
        self.streams.feed(stdin)
        try:
            outcome = self._carried(*self._attempt(action))
            stop = None
        except BaseException as error:
            outcome = None
            stop = self._stop(error)
        if type(action) is Action_Script or type(stop) is Stop_Exited:
            self._run_exit_functions()
        if self.exit_code is not None:
            stop = Stop_Exited(self.exit_code)
        if not self._top_level_done or self.exit_code is not None:
            self._failure = stop
        self.streams.flush()
        if stop is not None:
            raise Err(stop)
        return outcome

    def _answer(self, call):
        """`perform` for what a test asks, which it does often."""
        _set_recursion_limit(self._recursion_limit)
        try:
            text = self._answers.answer(call.target[1:], call.args)
            stop = None
        except BaseException as error:
            stop = error
        finally:
            self._recursion_limit = _get_recursion_limit()
            _set_recursion_limit(_HARNESS_RECURSION)
            _set_trace(None)
            _set_profile(None)
        if stop is not None:
            stop = self._stop(stop)
        if self.exit_code is not None:
            stop = self._failure = Stop_Exited(self.exit_code)
        if stop is not None:
            self.streams.flush()
            raise Err(stop)
        return Outcome(text, [])

    def _attempt(self, action):
        """Whether there is a result, the result, and the arguments."""
        try:
            if self._test is not None:
                return self._run_test(action)
            _set_recursion_limit(self._recursion_limit)
            self._start(SCRIPT_NAME if type(action) is Action_Script else MODULE_NAME)
            return self._act(action)
        finally:
            # The program's limit may leave no room for even one frame of what follows.
            self._recursion_limit = _get_recursion_limit()
            _set_recursion_limit(_HARNESS_RECURSION)
            _set_trace(None)
            _set_profile(None)

    def _start(self, name):
        """Runs the top level, once. When it fails, every later step ends as it did."""
        if self._top_level_done:
            return
        self._namespace["__name__"] = name
        if name != SCRIPT_NAME:
            _modules[name] = self._module
        exec(self._code, self._namespace)
        self._top_level_done = True

    def _act(self, action):
        if type(action) is Action_Call:
            return self._call(action.value)
        if type(action) is Action_Evaluate:
            return True, self._evaluate(action.value), ()
        return False, None, ()

    def _run_test(self, action):
        """The one thing that a program with the peer `*` does: it is a test of that peer."""
        if type(action) is not Action_Call or action.value.target != RUN_TEST:
            raise RuntimeError(f"a program with the peer `{EVERY_NAME}` is a test: call `{RUN_TEST}`")
        _set_recursion_limit(TEST_RECURSION)
        (options,) = [decode(text, self._handles.resolve) for text in action.value.args]
        return True, self._test.run(options), ()

    def _call(self, call):
        if call.target.startswith("$"):
            if self._answers is None:
                self._answers = Answers(self._namespace, self._handles, self.streams)
            return True, Encoded(self._answers.answer(call.target[1:], call.args)), ()
        args = [decode(text, self._handles.resolve) for text in call.args]
        kwargs = {name: decode(text, self._handles.resolve) for name, text in call.kwargs}
        result = find(self._namespace, call.target)(*args, **kwargs)
        if type(result) is CoroutineType:
            result = _run_coroutine(result)
        return True, result, args

    def _evaluate(self, expression):
        expression = expression.strip()
        remember_source(EXPRESSION, expression)
        return eval(compile(expression, EXPRESSION, "eval", 0, True), self._namespace)

    def _carried(self, has_result, result, args):
        value = self._encoded(result) if has_result else None
        return Outcome(value, [self._encoded_somehow(item) for item in args])

    def _encoded(self, item):
        if type(item) is Encoded:
            return item.text
        try:
            return encode(item, self._handles.describe)
        except ValueError as error:
            raise ValueError(f"the result cannot leave the sandbox: {error}") from None

    def _encoded_somehow(self, item):
        """An argument that became one that cannot be encoded must not undo a call that succeeded."""
        try:
            return encode(item, self._handles.describe)
        except Exception:
            return encode_opaque(item, self._handles.describe)

    def _stop(self, error):
        if issubclass(type(error), SystemExit):
            return failures.exited(error, sys.stderr.write)
        return failures.raised(error)

    def _run_exit_functions(self):
        """As at the end of a process; what they raise is theirs."""
        if _pending_at_exit():
            try:
                _run_at_exit()
            except BaseException:
                pass
