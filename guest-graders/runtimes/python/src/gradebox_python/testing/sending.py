"""In the sandbox of the test: takes the test's own functions, classes and objects to the program.

They are numbered, made empty on the other side and then filled, so that they may refer to each other. Functions travel
as their code: that is safe in this direction only, and the other side is not trusted anyway. What the program does to
them comes back after each call.
"""

from ..pristine import BUILTINS as __builtins__

import builtins
import collections.abc
import dis
import enum
import io
import marshal
import sys
from base64 import b64encode
from types import CodeType, FunctionType, MethodType, ModuleType

from ..encoding import plain, written
from . import exceptions, stand_ins
from .changes import kept, may_be_set
from .wire import NO_KEYWORDS, PeerWriter

MAX_ITEMS = 100_000
"""Items of an iterator of the test's that are taken to the program."""

_NOT_SENT = {"__dict__", "__weakref__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__"} | {
    "__doc__", "__annotations__", "__annotate__", "__annotate_func__", "__annotations_cache__", "__match_args__"
}
_ITERATORS = (collections.abc.Iterator, collections.abc.KeysView, collections.abc.ValuesView, collections.abc.ItemsView)


class Sender:
    """What was sent to one program."""

    def __init__(self, program):
        self._program = program
        self._objects = []
        self._numbers = {}
        self._made = []
        self._unfilled = []

    def encoded(self, item):
        text = plain(item)
        if text is not None:
            return text
        if type(item) is dict and not item:
            return NO_KEYWORDS
        if isinstance(item, stand_ins.StandIn):
            return _handle(item)
        try:
            return written(_SendingWriter(self), item)
        except ValueError as error:
            self._program.refuse(f"a value of the test cannot be given to the program: {error}")

    def waiting(self):
        """What has to be sent before the texts that refer to it, as texts."""
        while self._made:
            made, self._made = self._made, []
            unfilled, self._unfilled = self._unfilled, []
            # What they hold may refer to others, which then are made as well, before anything is filled.
            contents = [self._content(number) for number in unfilled]
            while self._unfilled:
                more, self._unfilled = self._unfilled, []
                contents += [self._content(number) for number in more]
            made += self._made
            self._made = []
            yield f"[{','.join(made)}]", f"[{','.join(contents)}]"

    def has_sent(self):
        return bool(self._objects)

    def sent(self, number):
        return self._objects[number]

    def write_back(self, number, state):
        """Gives an object of the test's the state that the program left it in."""
        item = self._objects[number]
        if type(item) is FunctionType:
            cells, names = state
            self._write_variables(item, cells, names)
        elif type(state) is dict:
            for name, value in state.items():
                if may_be_set(type(item), name):
                    object.__setattr__(item, name, kept(item.__dict__.get(name), value))

    def _write_variables(self, function, cells, names):
        """The variables around a function: those that its code sets, and what is in the containers of the others."""
        code = function.__code__
        for name, cell, value in zip(code.co_freevars, function.__closure__ or (), cells):
            old = _cell(cell)
            new = kept(old, value)
            if new is not old and name in _names(code, "STORE_DEREF") and not callable(old):
                cell.cell_contents = new
        for name, value in names.items():
            old = function.__globals__.get(name)
            new = kept(old, value)
            if new is not old and name in _names(code, "STORE_GLOBAL") and not callable(old):
                function.__globals__[name] = new

    def text(self, item):
        """The text for an object that is no value."""
        if isinstance(item, stand_ins.StandIn):
            return _handle(item)
        kind = type(item)
        if kind in (stand_ins.ClassStandIn, exceptions.ExceptionStandIn):
            if "gradebox_record" in kind.__dict__ or "gradebox_record" in item.__dict__:
                return _handle(item)
            return f'{{"$type":"{item.__name__}"}}'
        if kind is stand_ins.MethodStandIn:
            return _handle(self._program.ask("bound", item.__self__, item.__name__))
        if hasattr(kind, "gradebox_like"):
            return _handle(item.gradebox_stand_in)
        if isinstance(item, BaseException):
            return self._exception(item)
        standard = _standard_name(item)
        if standard is not None:
            return f'{{"$standard":"{standard}"}}'
        if isinstance(item, _ITERATORS):
            return f'{{"$iterator":{self.encoded(self._items(item))}}}'
        if kind in (io.StringIO, io.BytesIO):
            return f'{{"$file":[{self.encoded(item.getvalue())},{item.tell()}]}}'
        if kind in (staticmethod, classmethod):
            return f'{{"$descriptor":["{kind.__name__}",{self.encoded(item.__func__)}]}}'
        if kind is property:
            return f'{{"$descriptor":["property",{self.encoded([item.fget, item.fset, item.fdel])}]}}'
        if kind is MethodType:
            return f'{{"$descriptor":["method",{self.encoded([item.__func__, item.__self__])}]}}'
        return f'{{"$sent":{self._number(item)}}}'

    def _exception(self, error):
        own = error.__dict__
        if "gradebox_record" in own:
            return _handle(error)
        if "gradebox_source" in own:
            return _handle(self._program.ask("error", own["gradebox_source"][1]))
        self._program.refuse(f"an exception of type `{type(error).__name__}` cannot be given to the program")

    def _items(self, iterator):
        items = []
        for item in iterator:
            items.append(item)
            if len(items) > MAX_ITEMS:
                self._program.refuse("an iterator without an end cannot be given to the program")
        return items

    def _number(self, item):
        number = self._numbers.get(id(item))
        if number is None:
            made = self._maker(item)
            number = len(self._objects)
            self._numbers[id(item)] = number
            self._objects.append(item)
            self._made.append(made)
            self._unfilled.append(number)
        return number

    def _maker(self, item):
        """How the object is made on the other side, empty as yet. Its class and bases come first."""
        kind = type(item)
        if kind is FunctionType:
            code = b64encode(marshal.dumps(item.__code__)).decode("ascii")
            return f'["function","{code}",{len(item.__closure__ or ())}]'
        if isinstance(item, type):
            if kind is not type and item.__name__ not in self._program.names:
                self._program.refuse(f"the class `{item.__name__}` of the test cannot be given to the program")
            bases = [] if kind is not type else [self._class(base) for base in item.__bases__]
            return f'["class",{self.encoded(item.__name__)},[{",".join(bases)}]]'
        if isinstance(item, enum.Enum):
            return f'["member",{self._class(kind)},{self.encoded(item.name)}]'
        if getattr(sys.modules.get(kind.__module__), "gradebox_is_test", False) and hasattr(item, "__dict__"):
            return f'["object",{self._class(kind)},null]'
        self._program.refuse(f"an object of type `{kind.__name__}` cannot be given to the program")

    def _class(self, cls):
        text = self.encoded(cls)
        prefix = '{"$sent":'
        return text.removeprefix(prefix).removesuffix("}") if text.startswith(prefix) else text

    def _content(self, number):
        item = self._objects[number]
        if type(item) is FunctionType:
            cells = [_cell(cell) for cell in item.__closure__ or ()]
            first = [item.__defaults__, item.__kwdefaults__, self._globals(item)]
            return f'[{number},"function",{self.encoded(first)},{self.encoded(cells)}]'
        if isinstance(item, type):
            content = {}
            if item.__name__ not in self._program.names:
                names = item.__dict__.items()
                content = {
                    name: value for name, value in names if name not in _NOT_SENT and "__dataclass" not in name
                }
            return f'[{number},"class",{self.encoded(content)},null]'
        state = {} if isinstance(item, enum.Enum) else dict(item.__dict__)
        return f'[{number},"object",{self.encoded(state)},null]'

    def _globals(self, function):
        self._program.preamble.make()
        found = {}
        for name in _names(function.__code__, "LOAD_GLOBAL", "LOAD_NAME"):
            if name in function.__globals__:
                found[name] = function.__globals__[name]
            elif not hasattr(builtins, name) and name in self._program.names:
                found[name] = self._program.named(name)
        return found


class _SendingWriter(PeerWriter):
    __slots__ = ()

    def writer_of(self, kind):
        if hasattr(kind, "gradebox_like") or issubclass(kind, enum.Enum):
            return _write_object
        return PeerWriter.writer_of(self, kind)

    def opaque(self, item):
        self.put(self.describe.text(item))


def _write_object(writer, item):
    writer.opaque(item)


def _handle(item):
    record = item.__dict__["gradebox_record"] if isinstance(item, type) else stand_ins.record_of(item)
    return f'{{"$opaque":{{"type":"","repr":"","handle":{record.handle}}}}}'


def _cell(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _names(code, *operations):
    """The names with which code does one of the operations, nested functions included."""
    names = {part.argval for part in dis.get_instructions(code) if part.opname in operations}
    for constant in code.co_consts:
        if type(constant) is CodeType:
            names |= _names(constant, *operations)
    return names


def _standard_name(item):
    """`module:name` of something of the standard library, None for anything else."""
    kind = type(item)
    if kind is ModuleType:
        return item.__name__ if item.__name__.partition(".")[0] in sys.stdlib_module_names else None
    if item is ...:
        return "builtins:Ellipsis"
    if item is NotImplemented:
        return "builtins:NotImplemented"
    if item is type(None):
        return "types:NoneType"
    owner = getattr(item, "__objclass__", None)
    module = getattr(owner if owner is not None else item, "__module__", None)
    names = getattr(item, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(names, str):
        return None
    if module.partition(".")[0] not in sys.stdlib_module_names:
        return None
    found = sys.modules.get(module)
    for name in names.split("."):
        found = getattr(found, name, None)
    return f"{module}:{names}" if found is item else None
