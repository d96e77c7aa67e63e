"""In the sandbox of the test: runs one test, and says what it came to."""

from ..pristine import BUILTINS as __builtins__

import ast
import re
import sys
import unittest
from types import CoroutineType, ModuleType

from ..encoding import encode
from ..failures import MAX_MESSAGE, bounded
from ..opaque import short_repr, type_name
from ..tracebacks import PROGRAM, frames, traceback_of
from . import pytest_stand_in
from .asking import Program
from .names import Names, names_of, provide_modules, replaced_builtins
from .preamble import Preamble
from .pytest_stand_in import Skipped

MODULE_NAME = "tests"
"""`__name__` of the test."""

_PATCHES = re.compile(
    r"""\bmonkeypatch\b|\bpatch(?:\.object|\.dict)?\(\s*(?!['"]sys\.std(?:out|err)['"])|\bsys\.stdin\s*="""
)


def _patches(source):
    """Whether a test replaces what the program uses, which is out of its reach."""
    # Looking for the words is far cheaper than looking for what they stand in.
    return ("patch" in source or "sys.stdin" in source) and _PATCHES.search(source) is not None


class BrokenSetup(Exception):
    """What stands before the test fails by itself."""


class Test:
    """One test of one program."""

    def __init__(self, peer, namespace, code, source):
        self._program = Program(peer)
        self._namespace = namespace
        self._code = code
        self._source = source

    def run(self, options):
        """Runs it. Returns a dict with `passed`; else what was raised (`kind`, `message`), by whom (`by`, the
        `test` or the `program`), the line of the test and of the program, the assertion's `text` and its left
        side; or `undecided` or `broken`, which say why there is no verdict and what is wrong with the row.

        `options`: `preamble`, the prompt's own definitions; `setup`, code that runs first; `entry_point`, the
        function under test; `part`, what is run once the test is loaded (see `_run_part`).
        """
        try:
            self._program.start()
        except BaseException as error:
            return self._failed(error) | {"by": "program"}
        if _patches(self._source):
            return {"passed": False, "undecided": "the test replaces what the program uses, which is out of its reach"}
        try:
            self._prepare(options)
            exec(self._code, self._namespace)
            self._run_part(options["part"], options["entry_point"])
        except BaseException as error:
            if self._program.not_separable is None:
                return self._failed(error)
        if self._program.not_separable is not None:
            return {"passed": False, "undecided": self._program.not_separable}
        return {"passed": True}

    def _prepare(self, options):
        names = self._namespace
        names["__name__"] = MODULE_NAME
        names["__builtins__"] = Names(self._program, self._source, names)
        sys.modules[MODULE_NAME] = _SharedModule(MODULE_NAME, names)
        sys.modules["pytest"] = pytest_stand_in
        provide_modules(self._program)
        self._program.may_end_iteration = "StopIteration" in self._source or "StopAsyncIteration" in self._source
        entry_point = options["entry_point"]
        used = names_of(self._code)
        preamble = self._program.preamble = Preamble(options["preamble"], names)
        if options["part"][0] != "check" or options["setup"] or not preamble.may_wait(used):
            preamble.make()
            self._know_classes(entry_point)
        if entry_point and entry_point.isidentifier():
            names[entry_point] = self._program.function(entry_point)
        for name in replaced_builtins(self._program, used):
            names[name] = self._program.named(name)
        self._set_up(options["setup"])

    def _set_up(self, code):
        if not code.strip():
            return
        try:
            exec(compile(code, "<setup>", "exec", 0, True), self._namespace)
        except Exception as error:
            if getattr(error, "gradebox_raised", None) is None:
                raise BrokenSetup(f"the setup raises {type_name(error)}: {_message(error)}") from None
            raise

    def _know_classes(self, entry_point):
        """Of the classes that the prompt defines, the test may expect objects."""
        own = {
            name: item
            for name, item in self._namespace.items()
            if isinstance(item, type) and item.__module__ == MODULE_NAME and name != entry_point
        }
        self._program.knows(own)

    def _run_part(self, part, entry_point):
        """Nothing more, `check(entry_point)`, a function, a method of a class, or every `TestCase`."""
        kind, *names = part
        if kind == "check":
            self._check(entry_point)
        elif kind == "function":
            pytest_stand_in.run(self._namespace[names[0]], self._namespace)
        elif kind == "method":
            self._run_method(self._namespace[names[0]], names[1])
        elif kind == "cases":
            self._run_cases()

    def _check(self, entry_point):
        names = self._namespace
        if "check" not in names:
            self._program.preamble.make()
        if entry_point.isidentifier() and entry_point in names:
            names["check"](names[entry_point])
        else:
            names["check"](eval(compile(entry_point, "<entry point>", "eval"), names))

    def _run_method(self, cls, name):
        if issubclass(cls, unittest.TestCase):
            _debug(unittest.TestSuite([cls(name)]))
        else:
            pytest_stand_in.run_method(cls, name, self._namespace)

    def _run_cases(self):
        classes = [
            item
            for item in list(self._namespace.values())
            if type(item) is type and issubclass(item, unittest.TestCase) and item.__module__ == MODULE_NAME
        ]
        suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, classes))
        if suite.countTestCases() == 0:
            raise AssertionError("no unit test was found")
        _debug(suite)

    def _failed(self, error):
        """What is known of an exception that ended the test."""
        if isinstance(error, (Skipped, unittest.SkipTest)):
            return {"passed": False, "undecided": f"the test was skipped: {_message(error)}"}
        if type(error) is BrokenSetup:
            return {"passed": False, "broken": str(error)}
        own = _own_frame(error)
        raised = getattr(error, "gradebox_raised", None)
        report = {
            "passed": False,
            "by": "test" if raised is None else "program",
            "kind": raised.kind if raised is not None else type_name(error),
            "message": bounded(_message(error), MAX_MESSAGE),
            "line": own[1] if own else None,
            "program_line": raised.line if raised is not None else None,
        }
        if own is not None and raised is None:
            report.update(self._assertion(*own, isinstance(error, AssertionError)))
        return report

    def _assertion(self, frame, line, failed):
        """The statement that failed; of an `assert`, what its left side is."""
        report = {}
        try:
            statement = _statement(ast.parse(self._source), line)
            report["text"] = bounded(ast.get_source_segment(self._source, statement) or "", MAX_MESSAGE)
            if failed and isinstance(statement, ast.Assert):
                report.update(self._left_side(statement, frame))
        except Exception:
            pass
        return report

    def _left_side(self, statement, frame):
        left = _left_side(statement.test)
        if left is None:
            return {}
        value = eval(compile(ast.Expression(left), "<left side>", "eval"), frame.f_globals, frame.f_locals)
        if type(value) is CoroutineType:
            value.close()
            return {}
        encode(value, _described)
        return {"left": [ast.get_source_segment(self._source, left) or "", value]}


class _SharedModule(ModuleType):
    """The test's own module: its namespace is the one that the test runs in."""

    gradebox_is_test = True

    def __init__(self, name, namespace):
        ModuleType.__init__(self, name)
        object.__setattr__(self, "gradebox_namespace", namespace)

    def __getattr__(self, name):
        try:
            return self.gradebox_namespace[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self.gradebox_namespace[name] = value


def _debug(suite):
    """Runs tests so that the first failure is raised."""
    suite.debug()


def _own_frame(error):
    """The innermost frame of the test's own code, and its line."""
    found = None
    for frame, line in frames(traceback_of(error)):
        if frame.f_code.co_filename == PROGRAM:
            found = frame, line
    return found


def _statement(tree, line):
    """The innermost statement that the line belongs to."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            found = node
    return found


def _left_side(test):
    """What stands left of the comparison of an assertion, or the whole of it where it compares nothing."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test = test.operand
    if isinstance(test, ast.Compare):
        test = test.left
    has_sense = isinstance(test, (ast.Call, ast.Name, ast.Attribute, ast.Subscript, ast.BinOp))
    return test if has_sense else None


def _described(item):
    return type_name(item), short_repr(item), None


def _message(error):
    try:
        return str(error)
    except Exception:
        return ""


