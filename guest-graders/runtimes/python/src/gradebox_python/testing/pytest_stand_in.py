"""What tests use of pytest most: it stands for the module of that name in the sandbox of a test."""

from ..pristine import BUILTINS as __builtins__

import asyncio
import contextlib
import inspect
import io
import itertools
import math
import re
import sys
import warnings
from types import CoroutineType, SimpleNamespace


class Skipped(BaseException):
    """The test does not want to be run."""


class Failed(AssertionError):
    """The test says that it failed."""


class FixtureLookupError(Exception):
    """A test asks for a fixture that there is not."""


def skip(reason="", **_):
    raise Skipped(reason)


def fail(reason="", pytrace=True):
    raise Failed(reason)


def importorskip(name, **_):
    try:
        return __import__(name)
    except ImportError as error:
        raise Skipped(str(error)) from None


class ExceptionInfo:
    """What `raises` caught."""

    value = None

    @property
    def type(self):
        return type(self.value)

    def match(self, pattern):
        assert re.search(pattern, str(self.value)), f"{pattern!r} does not match {str(self.value)!r}"
        return True

    def __str__(self):
        return str(self.value)


class _Raises:
    def __init__(self, expected, match=None, check=None):
        self._expected = expected
        self._match = match
        self._check = check
        self._info = ExceptionInfo()

    def __enter__(self):
        return self._info

    def __exit__(self, kind, error, traceback):
        if kind is None:
            raise Failed(f"DID NOT RAISE {self._expected!r}")
        # As `except` does: by the real bases, whatever a class says of itself.
        try:
            raise error
        except self._expected:
            pass
        except BaseException:
            return False
        self._info.value = error
        if self._match is not None:
            self._info.match(self._match)
        return True


def raises(expected_exception=Exception, *args, match=None, check=None, **kwargs):
    if not args:
        return _Raises(expected_exception, match, check)
    function, *args = args
    with _Raises(expected_exception) as info:
        function(*args, **kwargs)
    return info


@contextlib.contextmanager
def warns(expected_warning=Warning, *, match=None):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught
    if not any(issubclass(warning.category, expected_warning) for warning in caught):
        raise Failed(f"DID NOT WARN {expected_warning!r}")


class approx:
    """Equal to numbers that are near enough, and to containers of such."""

    def __init__(self, expected, rel=None, abs=None, nan_ok=False):
        self.expected = expected
        self._rel = 1e-6 if rel is None and abs is None else rel or 0.0
        self._abs = 1e-12 if abs is None else abs
        self._nan_ok = nan_ok

    def __eq__(self, other):
        return self._near(self.expected, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    def __repr__(self):
        return f"approx({self.expected!r})"

    def _near(self, expected, found):
        if type(expected) is dict:
            return (
                type(found) is dict
                and expected.keys() == found.keys()
                and all(self._near(value, found[key]) for key, value in expected.items())
            )
        if type(expected) in (list, tuple):
            same_kind = type(found) is type(expected) and len(found) == len(expected)
            return same_kind and all(map(self._near, expected, found))
        is_number = isinstance(expected, (int, float, complex)) and isinstance(found, (int, float, complex))
        if not is_number or isinstance(expected, bool) or isinstance(found, bool):
            return bool(expected == found)
        if expected == found:
            return True
        if expected != expected and found != found:
            return self._nan_ok
        difference = abs(expected - found)
        return not math.isinf(abs(expected)) and difference <= max(self._rel * abs(expected), self._abs)


def fixture(function=None, **_):
    if function is None:
        return fixture
    function.gradebox_is_fixture = True
    return function


def param(*values, id=None, marks=()):
    return SimpleNamespace(gradebox_values=values)


class _Marks:
    """`pytest.mark`: what changes nothing about a test leaves it as it is."""

    def parametrize(self, names, values, **_):
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)

        def mark(test):
            rows = []
            for value in values:
                given = getattr(value, "gradebox_values", None)
                if given is None:
                    given = (value,) if len(names) == 1 else value
                rows.append(dict(zip(names, given, strict=True)))
            _attributes(test)["gradebox_parameters"] = [*_attributes(test).get("gradebox_parameters", []), rows]
            return test

        return mark

    def skip(self, reason="", **_):
        def mark(test):
            if not callable(test):
                return test
            _attributes(test)["gradebox_skip"] = reason if isinstance(reason, str) else ""
            return test

        return mark(reason) if callable(reason) else mark

    def skipif(self, condition, reason="", **_):
        return self.skip(reason) if condition else lambda test: test

    def usefixtures(self, *names):
        def mark(test):
            _attributes(test)["gradebox_fixtures"] = names
            return test

        return mark

    def __getattr__(self, name):
        def mark(*args, **_):
            return args[0] if len(args) == 1 and callable(args[0]) else lambda test: test

        return mark


mark = _Marks()


def _attributes(test):
    return test.__dict__ if not isinstance(test, type) else _class_attributes.setdefault(test, {})


_class_attributes = {}


def run(test, namespace, owner=None):
    """Runs a test function, once for each of its parameters."""
    if "gradebox_skip" in test.__dict__:
        raise Skipped(test.__dict__["gradebox_skip"])
    tables = test.__dict__.get("gradebox_parameters", []) + _class_attributes.get(type(owner), {}).get(
        "gradebox_parameters", []
    )
    for rows in itertools.product(*tables):
        given = {name: value for row in rows for name, value in row.items()}
        _Call(namespace, given, owner).run(test)


def run_method(cls, name, namespace):
    """Runs a test method of a class that is no `TestCase`."""
    owner = cls()
    test = getattr(cls, name)
    _call_if_there(owner, "setup_class")
    _call_if_there(owner, "setup_method", getattr(owner, name))
    try:
        run(test, namespace, owner)
    finally:
        _call_if_there(owner, "teardown_method", getattr(owner, name))


def _call_if_there(owner, name, *args):
    function = getattr(owner, name, None)
    if function is not None:
        wanted = len(inspect.signature(function).parameters)
        function(*args[:wanted])


class _Call:
    """One call of a test function, with its fixtures."""

    def __init__(self, namespace, given, owner):
        self._namespace = namespace
        self._values = dict(given)
        self._owner = owner
        self._open = []

    def run(self, test):
        try:
            for name in test.__dict__.get("gradebox_fixtures", ()):
                self._fixture(name)
            self._finish(self._called(test))
        finally:
            while self._open:
                next(self._open.pop(), None)

    def _called(self, function):
        wanted = inspect.signature(function).parameters
        names = list(wanted)
        args = []
        if names and names[0] == "self" and self._owner is not None:
            args, names = [self._owner], names[1:]
        values = {
            name: self._fixture(name)
            for name in names
            if name in self._values or wanted[name].default is inspect.Parameter.empty
        }
        return function(*args, **values)

    def _finish(self, result):
        return asyncio.run(result) if type(result) is CoroutineType else result

    def _fixture(self, name):
        if name not in self._values:
            self._values[name] = self._made(name)
        return self._values[name]

    def _made(self, name):
        own = self._namespace.get(name)
        if own is None and self._owner is not None:
            own = getattr(type(self._owner), name, None)
        if getattr(own, "gradebox_is_fixture", False):
            made = self._called(own)
            if inspect.isgenerator(made):
                self._open.append(made)
                return next(made)
            return self._finish(made)
        if name in _FIXTURES:
            made = _FIXTURES[name]()
            self._open.append(made)
            return next(made)
        raise Skipped(f"it needs the fixture `{name}`, which the sandbox does not have")


def _captured():
    out, error = io.StringIO(), io.StringIO()

    def read():
        result = _Captured(out.getvalue(), error.getvalue())
        for stream in (out, error):
            stream.seek(0)
            stream.truncate()
        return result

    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = out, error
    try:
        yield SimpleNamespace(readouterr=read)
    finally:
        sys.stdout, sys.stderr = before


class _Captured(tuple):
    """What was written to the two channels."""

    def __new__(cls, out, err):
        return tuple.__new__(cls, (out, err))

    out = property(lambda self: self[0])
    err = property(lambda self: self[1])


_FIXTURES = {"capsys": _captured}
