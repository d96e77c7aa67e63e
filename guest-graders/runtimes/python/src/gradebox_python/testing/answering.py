"""In the sandbox of the program under test: does what the test asks of the program's objects.

Each answer is `[value, changes, printed]`: the result; what became of the arguments and of the objects that the test
sent, as `[kind, number, value]`; and what the program printed meanwhile. The test trusts nothing of it.
"""

from ..pristine import BUILTINS as __builtins__

import asyncio
import operator
import sys
from enum import Enum
from json.encoder import encode_basestring
from types import CoroutineType, FunctionType, GeneratorType, MethodType, ModuleType

from ..decoding import Reading
from ..encoding import plain, written
from ..targets import find
from .receiving import Received
from .wire import MORE_READERS, NO_KEYWORDS, PeerWriter

MAX_NAMES = 500
"""Names of the program that the test is told of."""

MAX_STATES = 40
"""Objects within objects whose attributes are told."""

_HARNESS_RECURSION = 10_000
_get_recursion_limit = sys.getrecursionlimit
_set_recursion_limit = sys.setrecursionlimit
_CHANGEABLE = ("[", '{"$dict"', '{"$set"', '{"$deque"', '{"$bytearray"')
_CONTENTS = (list, dict, set)
_VALUES = (int, str, tuple, float, bytes, frozenset)
_run_coroutine = asyncio.run
_name_of_class = type.__dict__["__name__"].__get__
_direct_bases_of = type.__dict__["__bases__"].__get__
_bases_of = type.__dict__["__mro__"].__get__
_namespace_of = type.__dict__["__dict__"].__get__
_modules = sys.modules
_standard_names = sys.stdlib_module_names
_builtin_equality = (object, *_CONTENTS, *_VALUES, BaseException)


class Answers:
    """The answers of one program to one test."""

    def __init__(self, namespace, handles, streams):
        self._namespace = namespace
        self._handles = handles
        self._streams = streams
        self._errors = []
        self._received = Received(namespace)
        self._described = set()
        self._functions = {}
        self._read = Reading(MORE_READERS | self._received.readers() | {"$opaque": self._object}).read
        streams.record_output()

    def answer(self, target, texts):
        """The text of an answer. Raises whatever the program raises."""
        try:
            return getattr(self, "_" + target)(*texts)
        except BaseException as error:
            self._errors.append(error)
            raise

    def _start(self):
        """The names that the program defines at its top level, with its functions and classes."""
        names = []
        for name, item in self._namespace.copy().items():
            if type(name) is str and not name.startswith("__") and len(names) < MAX_NAMES:
                is_fixed = type(item) is FunctionType or issubclass(type(item), type)
                names.append([name, [item] if is_fixed else []])
        return self._finished(names)

    def _name(self, name):
        """What a name stands for: of the program, or a method of its class `Solution`."""
        name = self._read(name)
        if name in self._namespace:
            return self._finished(self._namespace[name])
        return self._finished(find(self._namespace, name))

    def _rebind(self, name, value):
        self._namespace[self._read(name)] = self._read(value)
        return self._finished(None)

    def _call(self, function, keywords, *texts):
        return self._called(self._function(function), keywords, texts)

    def _function(self, text):
        """What a text stands for that is called; of an object of the program's, whose number it has for good, only
        looked up once."""
        function = self._functions.get(text)
        if function is None:
            function = self._read(text)
            if type(function) is str:
                return self._namespace[function] if function in self._namespace else find(self._namespace, function)
            if text.startswith('{"$opaque"'):
                self._functions[text] = function
        return function

    def _method(self, item, name, keywords, *texts):
        item = self._read(item)
        return self._called(getattr(item, self._read(name)), keywords, texts, item)

    def _called(self, function, keywords, texts, owner=None):
        args = [self._read(text) for text in texts]
        result = function(*args) if keywords == NO_KEYWORDS else function(*args, **self._read(keywords))
        awaited = type(result) is CoroutineType
        if awaited:
            result = _run_coroutine(result)
        for number, item in enumerate(args):
            if item is result and texts[number].startswith(_CHANGEABLE):
                return self._finished(result, f'{{"$argument":{number}}}', args, texts, owner)
        text = self._encoded(result)
        return self._finished(result, f'{{"$awaited":[{text}]}}' if awaited else text, args, texts, owner)

    def _attribute(self, item, name):
        item, name = self._read(item), self._read(name)
        found = getattr(item, name)
        if type(found) is MethodType and found.__self__ is item:
            return self._finished(None, '{"$method":true}')
        return self._finished(found)

    def _set_attribute(self, item, name, value):
        item = self._read(item)
        setattr(item, self._read(name), self._read(value))
        return self._finished(None, owner=item)

    def _delete_attribute(self, item, name):
        delattr(self._read(item), self._read(name))
        return self._finished(None)

    def _operate(self, name, *texts):
        operands = [self._read(text) for text in texts]
        return self._finished(_OPERATIONS[self._read(name)](*operands), owner=operands[0])

    def _content(self, item):
        """The items of a list, dict or set of the program's own type: what it holds, not what it says."""
        item = self._read(item)
        for kind in _CONTENTS:
            if issubclass(type(item), kind):
                return self._finished(dict(dict.items(item)) if kind is dict else kind(kind.__iter__(item)))
        return self._finished(None)

    def _bound(self, item, name):
        return self._finished(getattr(self._read(item), self._read(name)))

    def _error(self, number):
        """An exception that an earlier answer ended with."""
        return self._finished(self._errors[self._read(number)])

    def _changes(self):
        """What became of the test's objects in a call that raised."""
        return self._finished(None)

    def _leave(self, item, kind, message):
        """The `__exit__` of a context manager, for an exception of the test."""
        item, kind, message = self._read(item), self._read(kind), self._read(message)
        error = None if kind is None else kind(message)
        return self._finished(bool(type(item).__exit__(item, kind, error, None)))

    def _send(self, made, filled):
        """Takes objects of the test's: first all of them empty, then what they hold."""
        self._received.make(self._read(made))
        self._received.fill(self._read(filled))
        return self._finished(None)

    def _object(self, fields):
        return self._handles.resolve("", "", fields["handle"])

    def _finished(self, result, text=None, args=(), texts=(), owner=None):
        limit = _get_recursion_limit()
        _set_recursion_limit(_HARNESS_RECURSION)
        try:
            return self._written(result, text, args, texts, owner)
        finally:
            _set_recursion_limit(limit)

    def _written(self, result, text, args, texts, owner):
        value = self._encoded(result) if text is None else text
        changes = []
        for number, item in enumerate(args):
            before = texts[number]
            if not before.startswith(_CHANGEABLE) and not (before.startswith('{"$tuple"') and before.count("[") > 1):
                if before.startswith('{"$opaque"'):
                    changes.append(f"[0,{number},{self._encoded(item)}]")
                continue
            after = self._encoded_somehow(item)
            if after is not None and after != before:
                changes.append(f"[0,{number},{after}]")
        if owner is not None and _compares(type(owner)):
            changes.append(f"[1,0,{self._encoded(owner)}]")
        for number, after in self._received.changes(self._encoded_somehow):
            changes.append(f"[2,{number},{after}]")
        printed = self._streams.take_recorded()
        told = self._encoded(printed.decode("utf-8", "replace")) if printed else "null"
        return f"[{value},[{','.join(changes)}],{told}]"

    def _encoded(self, item):
        text = plain(item)
        if text is not None:
            return text
        try:
            return written(_AnswerWriter(self._describe), item)
        except ValueError as error:
            raise ValueError(f"the result cannot leave the sandbox: {error}") from None

    def _encoded_somehow(self, item):
        try:
            return written(_AnswerWriter(self._describe), item)
        except Exception:
            return None

    def _describe(self, item):
        """An object that stays here: what it is, by its real type."""
        sent = self._received.number(item)
        if sent is not None:
            return f'{{"$sent":{sent}}}'
        name, text, number = self._handles.describe(item)
        kind = type(item)
        more = []
        if issubclass(kind, type):
            name = _name_of_class(item)
            text = f"<class '{name}'>"
            more.append(f'"kind":"class","bases":{self._encoded(list(_direct_bases_of(item)))}')
        elif kind in (FunctionType, MethodType, GeneratorType, ModuleType):
            more.append(f'"kind":"{kind.__name__}"')
        elif not _is_standard(kind):
            more.append(f'"class":{self._encoded(kind)}')
            if issubclass(kind, _CONTENTS):
                more.append('"kind":"content"')
            if issubclass(kind, Enum):
                more.append(f'"member":{self._encoded(str.__str__(item._name_))}')
            state = self._state(item, number) if _compares(kind) else None
            if state is not None:
                more.append(f'"state":{state}')
        return name, text, number, more

    def _state(self, item, number):
        """What an object of a class that compares holds, as the text of a value; None where it has no end."""
        if number in self._described or len(self._described) > MAX_STATES:
            return None
        self._described.add(number)
        try:
            return self._encoded_somehow(attributes_of(item))
        finally:
            self._described.discard(number)


class _AnswerWriter(PeerWriter):
    """Writes objects with what the test may know of them."""

    __slots__ = ()

    def writer_of(self, kind):
        write = PeerWriter.writer_of(self, kind)
        if not _is_standard(kind) and issubclass(kind, (*_VALUES, *_CONTENTS)):
            return _write_object if issubclass(kind, _CONTENTS) else _value_writer(write)
        return write

    def opaque(self, item):
        described = self.describe(item)
        if type(described) is str:
            self.put(described)
            return
        name, text, number, more = described
        fields = [f'"type":{_text(name)}', f'"repr":{_text(text)}', f'"handle":{number}', *more]
        self.put(f'{{"$opaque":{{{",".join(fields)}}}}}')


def _write_object(writer, item):
    writer.opaque(item)


def _value_writer(write):
    """For a value of a type of the program's own: the value, and the object for its other attributes."""

    def write_both(writer, item):
        writer.put('{"$like":[')
        write(writer, item)
        writer.put(",")
        writer.opaque(item)
        writer.put("]}")

    return write_both


def _text(text):
    return encode_basestring(text.encode("utf-8", "backslashreplace").decode())


def attributes_of(item):
    """The attributes that an object has of its own, slots included, by name."""
    found = {}
    for base in _bases_of(type(item)):
        slots = _namespace_of(base).get("__slots__", ())
        for name in (slots,) if type(slots) is str else tuple(slots):
            try:
                found[name] = object.__getattribute__(item, name)
            except AttributeError:
                continue
    found.pop("__dict__", None)
    found.pop("__weakref__", None)
    try:
        found.update(object.__getattribute__(item, "__dict__"))
    except AttributeError:
        pass
    return found


def _compares(kind):
    """Whether a class says itself when its objects are equal."""
    for base in _bases_of(kind):
        if "__eq__" in _namespace_of(base):
            return base not in _builtin_equality and not _is_standard(base)
    return False


def _is_standard(kind):
    module = _namespace_of(kind).get("__module__")
    if type(module) is not str:
        return True
    return module.partition(".")[0] in _standard_names and module != "__main__"


def _next(item):
    return next(item)


_OPERATIONS = {
    name: getattr(operator, name)
    for name in (
        "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift neg pos abs invert lt le gt ge "
        "getitem setitem delitem contains"
    ).split()
} | {
    "abs": abs, "len": len, "iter": iter, "next": _next, "bool": bool, "str": str, "repr": repr, "int": int,
    "float": float, "round": round, "reversed": reversed, "format": format, "dir": dir, "enter": lambda item: type(item).__enter__(item),
    "await": lambda item: _run_coroutine(item), "hash": hash, "index": operator.index,
}
