"""In the sandbox of the test: asks the program under test, and makes its answers objects of this sandbox."""

from ..pristine import BUILTINS as __builtins__

from componentize_py_types import Err
from wit_world.imports import host
from wit_world.imports.program_types import Call

from ..decoding import Reading
from . import exceptions, stand_ins
from .changes import may_be_set, write_back
from .sending import Sender
from .wire import MORE_READERS, VALUE_TYPES

_ENDS_OF_ITERATION = (StopIteration, StopAsyncIteration, GeneratorExit)


class NotSeparable(BaseException):
    """The test needs what sandboxes that are apart cannot give. No fault of the program's."""


class UnreadableAnswer(Exception):
    """The program meddled with what it sends."""


class Program:
    """The program under test, as the test knows it."""

    def __init__(self, peer):
        self.names = {}
        self.not_separable = None
        self.may_end_iteration = False
        self.preamble = None
        self._peer = peer
        self._call_peer = host.call_peer
        self._errors = 0
        self._stand_ins = {}
        self._classes = {}
        self._sender = Sender(self)
        self._asked = ()
        self._arguments = None
        self._own_classes = {}
        readers = {
            "$opaque": self._stand_in,
            "$sent": self._sender.sent,
            "$like": self._value_like,
            "$argument": _Argument,
            "$awaited": _Awaited,
            "$method": _method,
        }
        self._read = Reading(MORE_READERS | readers).read

    def start(self):
        """Runs the program's top level. Raises what it raises."""
        for name, fixed in self.ask("start"):
            self.names[name] = fixed[0] if fixed else None

    def knows(self, own_classes):
        """The classes that the test itself defines, whose objects the program may give back."""
        self._own_classes = own_classes

    def defines(self, name):
        """Whether the program itself defines a function or class of that name."""
        return self.names.get(name) is not None

    def named(self, name):
        """What a name stands for in the program; NameError where it has none."""
        item = self.names.get(name)
        if item is None:
            item = self.ask("name", name)
        if isinstance(item, stand_ins.ClassStandIn):
            item.gradebox_named = True
        return item

    def function(self, name):
        """The function under test. Where it is a class, the test expects no object of it."""
        item = self.named(name)
        if isinstance(item, stand_ins.ClassStandIn):
            item.gradebox_named = False
        return item

    def call(self, function, args, kwargs):
        return self._result(self.ask("call", function, kwargs, *args), args)

    def call_method(self, owner, name, args, kwargs):
        return self._result(self.ask("method", owner, name, kwargs, *args), args)

    def operate(self, name, *operands):
        return self.ask("operate", name, *operands)

    def refuse(self, why):
        """Ends the test without a verdict, whatever the test catches."""
        if self.not_separable is None:
            self.not_separable = why
        raise NotSeparable(why)

    def ask(self, operation, *operands):
        texts = [self._sender.encoded(item) for item in operands]
        for made, filled in self._sender.waiting():
            self._exchange("send", [made, filled], ())
        return self._exchange(operation, texts, operands)

    def _exchange(self, operation, texts, operands):
        try:
            answer = self._call_peer(self._peer, Call("$" + operation, texts, []))
        except Err as error:
            raised = self._raised(error.value, operation)
            if operation in ("call", "method", "operate") and self._sender.has_sent():
                self._exchange("changes", [], ())
            raise raised from None
        self._asked = operands
        self._arguments = [operands[2]] if operation == "set_attribute" else None
        try:
            value, changes, printed = self._read(answer)
            if changes:
                self._take(changes, operands[2 if operation == "call" else 3 :])
        except (ValueError, TypeError, KeyError, AttributeError, LookupError) as error:
            raise UnreadableAnswer(f"the program answered with what is no value: {error}") from None
        finally:
            self._asked = ()
        if printed:
            print(printed, end="")
        return value

    def _take(self, changes, args):
        """Writes back what became of the test's own containers and objects, and of nothing else."""
        for kind, number, value in changes:
            if kind == 0 and 0 <= number < len(args):
                write_back(args[number], value)
            elif kind == 2:
                self._sender.write_back(number, value)

    def _result(self, answer, args):
        kind = type(answer)
        if kind is _Argument:
            return args[answer.number]
        if kind is _Awaited:
            return answer.coroutine()
        return answer

    def _raised(self, raised, operation):
        number = self._errors
        self._errors += 1
        kind = VALUE_TYPES.get(raised.kind)
        if operation in ("call", "method") and kind in _ENDS_OF_ITERATION and not self.may_end_iteration:
            # It would end a loop of the test's without a word.
            kind = RuntimeError
        own = None
        if kind is None and operation != "error":
            own = self._exception_class(number)
        return exceptions.exception(self, raised, number, own or self.builtin_exception(raised.kind, kind))

    def builtin_exception(self, name, kind):
        """The class that stands for a builtin exception's objects."""
        key = ("exception", name)
        if key not in self._classes:
            self._classes[key] = exceptions.exception_class(name, (kind or Exception,))
        return self._classes[key]

    def _exception_class(self, number):
        try:
            error = self.ask("error", number)
        except BaseException:
            return None
        cls = type(error)
        return cls if isinstance(cls, exceptions.ExceptionStandIn) else None

    def _stand_in(self, fields):
        handle = fields["handle"]
        if type(handle) is not int:
            raise ValueError("not a value: the handle of `$opaque` is no integer")
        known = self._stand_ins.get(handle)
        if known is None:
            own = self._own_member(fields)
            known = self._stand_ins[handle] = own if own is not None else self._made(fields, handle)
        elif "state" in fields and any(known is item for item in self._asked):
            stand_ins.renew(known, fields["state"], self._arguments)
        return known

    def _made(self, fields, handle):
        name, text, kind = str(fields["type"]), str(fields["repr"]), fields.get("kind")
        if kind == "class":
            return self._class(name, handle, fields["bases"])
        cls = fields.get("class")
        if not isinstance(cls, (stand_ins.ClassStandIn, exceptions.ExceptionStandIn)):
            cls = None
        return stand_ins.make(self, cls, kind, handle, text, fields.get("state"))

    def _class(self, name, handle, bases):
        builtin = tuple(base for base in bases if isinstance(base, type) and issubclass(base, BaseException))
        if builtin:
            cls = exceptions.exception_class(name, builtin)
        else:
            cls = stand_ins.object_class(name, tuple(base for base in bases if isinstance(base, stand_ins.ClassStandIn)))
        type.__setattr__(cls, "gradebox_record", stand_ins.Record(self, handle, f"<class '{name}'>"))
        return cls

    def _own_member(self, fields):
        """The test's own object for one of a class that both sides have, from the task's prompt."""
        own = self._own_classes.get(fields["type"])
        if own is None or fields.get("kind") == "class":
            return None
        if "member" in fields:
            return getattr(own, "__members__", {}).get(fields["member"])
        state = fields.get("state")
        if type(state) is not dict:
            return None
        item = object.__new__(own)
        for name, value in state.items():
            if may_be_set(own, name):
                object.__setattr__(item, name, value)
        return item

    def _value_like(self, content):
        value, stand_in = content
        if not isinstance(stand_in, stand_ins.StandIn):
            return value
        record = stand_ins.record_of(stand_in)
        if record.value is None:
            record.value = stand_ins.value_like(value, type(stand_in), stand_in)
        return record.value


def _method(_):
    return stand_ins.METHOD


class _Argument:
    """The answer is the argument of that number itself."""

    def __init__(self, number):
        self.number = number


class _Awaited:
    """The answer of a coroutine function, which the test has to await."""

    def __init__(self, content):
        self.value = content[0]

    async def coroutine(self):
        return self.value
