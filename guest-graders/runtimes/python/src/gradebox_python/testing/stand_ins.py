"""In the sandbox of the test: what stands for the objects of the program under test.

Whatever a test does with a stand-in is done with the object, in its own sandbox. Comparing is not: whether two objects
are equal is decided here, by what they are and by what they held when they were given, because the program would only
have to say yes. For the same reason the program never learns what its object is compared with, nor computes with it,
unless the test itself speaks of the object's class.
"""

from ..pristine import BUILTINS as __builtins__

from types import FunctionType, GeneratorType, MethodType, ModuleType

from .exceptions import ExceptionStandIn

_JUDGEMENTS = {"startswith", "endswith", "issubset", "issuperset", "isdisjoint", "is_integer"} | {
    name for name in dir(str) if name.startswith("is")
}
"""Methods of the builtin types by which a test would judge what should have been a value."""

METHOD = object()
"""The answer for an attribute that is a method of the object itself."""

_setattr = object.__setattr__


class Record:
    """What is known of an object."""

    __slots__ = ("program", "handle", "text", "state", "arguments", "value", "kind", "told")

    def __init__(self, program, handle, text, kind=None, state=None):
        self.program = program
        self.handle = handle
        self.text = text
        self.kind = kind
        self.state = state
        self.arguments = None
        self.value = None
        self.told = False


def record_of(item):
    if isinstance(item, type):
        return item.__dict__["gradebox_record"]
    return object.__getattribute__(item, "gradebox_record")


def make(program, cls, kind, handle, text, state):
    if cls is not None and isinstance(cls, ExceptionStandIn):
        item = BaseException.__new__(cls, text)
        _setattr(item, "gradebox_message", None)
    else:
        item = object.__new__(cls or _KINDS.get(kind, StandIn))
    _setattr(item, "gradebox_record", Record(program, handle, text, kind, state))
    return item


def renew(item, state, arguments):
    """Remembers what an object holds after the test had the program do something with it, and what it has to
    hold because the test said so."""
    if isinstance(item, StandIn):
        record = record_of(item)
        record.state = state
        record.arguments = arguments


def _operation(name):
    def operate(self, *operands):
        return _derived(record_of(self).program.operate(name, self, *operands), self)

    return operate


def _question(name):
    def ask(self, *operands):
        return record_of(self).program.operate(name, self, *operands)

    return ask


def _comparison(name):
    """With another of the program's objects. Compared with a value, it would only have to say yes."""

    def compare(self, other):
        program = record_of(self).program
        if not isinstance(other, StandIn):
            if _is_named(self):
                program.refuse(f"the test compares an object of the program's with a value by `{name}`")
            return NotImplemented
        return _derived(bool(program.operate(name, self, other)), self, other)

    return compare


def _arithmetic(name):
    def compute(self, other):
        return _computed(name, self, other, (self, other))

    return compute


def _reflected(name):
    def compute(self, other):
        return _computed(name, self, other, (other, self))

    return compute


def _computed(name, item, other, operands):
    if isinstance(other, StandIn):
        return _derived(record_of(item).program.operate(name, *operands), item, other)
    if not _is_named(item):
        return NotImplemented
    result = record_of(item).program.operate(name, *operands)
    return _derived(result, item, told=True)


def _derived(result, *operands, told=False):
    """A result for which the program may have been told what is expected, as in `abs(f(1) - 3.14) < 1e-3`, must not
    become a value: it could be any."""
    if told or any(isinstance(operand, StandIn) and record_of(operand).told for operand in operands):
        if not isinstance(result, StandIn):
            record_of(operands[0]).program.refuse("the test has the program compute a value from what it may expect")
        record_of(result).told = True
    return result


def _is_named(item):
    return getattr(type(item), "gradebox_named", False)


class StandIn:
    """An object of the program's."""

    gradebox_named = False

    def __getattr__(self, name):
        if name == "gradebox_record":
            raise AttributeError(name)
        if name in _JUDGEMENTS and not _is_named(self):
            raise AttributeError(f"a {type(self).__name__} of the program is no value: `{name}` is not asked of it")
        found = record_of(self).program.ask("attribute", self, name)
        if found is METHOD:
            return MethodStandIn(self, name)
        return found

    def __setattr__(self, name, value):
        record_of(self).program.ask("set_attribute", self, name, value)

    def __delattr__(self, name):
        record_of(self).program.ask("delete_attribute", self, name)

    def __call__(self, *args, **kwargs):
        return record_of(self).program.call(self, args, kwargs)

    def __iter__(self):
        return record_of(self).program.operate("iter", self)

    def __contains__(self, item):
        try:
            items = iter(self)
        except TypeError:
            if not _is_named(self):
                raise
            return bool(record_of(self).program.operate("contains", self, item))
        # So the program does not learn what is looked for.
        return any(found is item or found == item for found in items)

    def __len__(self):
        return record_of(self).program.operate("len", self)

    def __bool__(self):
        record = record_of(self)
        if record.kind is not None and record.kind != "content":
            return True
        return _derived(bool(record.program.operate("bool", self)), self)

    def __str__(self):
        return str.__str__(record_of(self).program.operate("str", self))

    def __repr__(self):
        record = record_of(self)
        if record.kind in _KINDS:
            return record.text
        return str.__str__(record.program.operate("repr", self))

    def __format__(self, specification):
        return record_of(self).program.operate("format", self, specification)

    def __dir__(self):
        return record_of(self).program.operate("dir", self)

    def __eq__(self, other):
        return self is other or _equal(self, other)

    def __hash__(self):
        return record_of(self).handle

    def __enter__(self):
        return record_of(self).program.operate("enter", self)

    def __exit__(self, kind, error, traceback):
        return _leave(self, kind, error)

    __next__ = _question("next")
    __getitem__ = _question("getitem")
    __setitem__ = _question("setitem")
    __delitem__ = _question("delitem")
    __reversed__ = _question("reversed")
    __round__ = _operation("round")
    __neg__ = _operation("neg")
    __pos__ = _operation("pos")
    __abs__ = _operation("abs")
    __invert__ = _operation("invert")
    __lt__ = _comparison("lt")
    __le__ = _comparison("le")
    __gt__ = _comparison("gt")
    __ge__ = _comparison("ge")


for _name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split():
    _asked = _name + "_" if _name in ("and", "or") else _name
    setattr(StandIn, f"__{_name}__", _arithmetic(_asked))
    setattr(StandIn, f"__r{_name}__", _reflected(_asked))


class _FunctionStandIn(StandIn):
    __class__ = property(lambda self: FunctionType)


class _GeneratorStandIn(StandIn):
    __class__ = property(lambda self: GeneratorType)


class _ModuleStandIn(StandIn):
    __class__ = property(lambda self: ModuleType)


class _BoundStandIn(StandIn):
    __class__ = property(lambda self: MethodType)


_KINDS = {
    "function": _FunctionStandIn,
    "generator": _GeneratorStandIn,
    "module": _ModuleStandIn,
    "method": _BoundStandIn,
}


class MethodStandIn:
    """A method of an object of the program's."""

    __slots__ = ("__self__", "__name__")
    __class__ = property(lambda self: MethodType)

    def __init__(self, owner, name):
        self.__self__ = owner
        self.__name__ = name

    def __call__(self, *args, **kwargs):
        return record_of(self.__self__).program.call_method(self.__self__, self.__name__, args, kwargs)

    def __eq__(self, other):
        return type(other) is MethodStandIn and other.__self__ is self.__self__ and other.__name__ == self.__name__

    def __hash__(self):
        return hash((id(self.__self__), self.__name__))

    def __getattr__(self, name):
        return getattr(record_of(self.__self__).program.ask("bound", self.__self__, self.__name__), name)

    def __repr__(self):
        return f"<bound method {type(self.__self__).__name__}.{self.__name__}>"


class ClassStandIn(type):
    """A class of the program's: makes objects of it, in its own sandbox."""

    gradebox_named = False

    def __new__(mcs, name, bases, namespace, **options):
        for base in bases:
            if isinstance(base, ClassStandIn) and "gradebox_record" in base.__dict__:
                base.gradebox_record.program.refuse(
                    f"the test derives a class from `{base.__name__}`, a class of the program"
                )
        return type.__new__(mcs, name, bases, namespace)

    def __call__(cls, *args, **kwargs):
        record = cls.gradebox_record
        made = record.program.call(cls, args, kwargs)
        if isinstance(made, StandIn):
            record_of(made).arguments = [*args, *kwargs.values()]
        return made

    def __getattr__(cls, name):
        if name == "gradebox_record" or name.startswith("__") and name not in _ASKED_OF_CLASSES:
            raise AttributeError(name)
        found = cls.gradebox_record.program.ask("attribute", cls, name)
        return MethodStandIn(cls, name) if found is METHOD else found

    def __setattr__(cls, name, value):
        if name == "gradebox_named":
            type.__setattr__(cls, name, value)
        else:
            cls.gradebox_record.program.ask("set_attribute", cls, name, value)

    def __instancecheck__(cls, item):
        return type.__instancecheck__(cls, item) or issubclass(getattr(type(item), "gradebox_like", object), cls)

    def __iter__(cls):
        return cls.gradebox_record.program.operate("iter", cls)

    def __len__(cls):
        return cls.gradebox_record.program.operate("len", cls)

    def __bool__(cls):
        return True

    def __getitem__(cls, key):
        return cls.gradebox_record.program.operate("getitem", cls, key)

    def __contains__(cls, item):
        return any(found is item for found in cls)

    def __eq__(cls, other):
        return cls is other

    def __hash__(cls):
        return id(cls)

    def __repr__(cls):
        return f"<class '{cls.__name__}'>"


_ASKED_OF_CLASSES = {"__members__", "__annotations__", "__abstractmethods__", "__dataclass_fields__", "__match_args__"}


def object_class(name, bases):
    return type.__new__(ClassStandIn, name, bases or (StandIn,), {"gradebox_named": False})


def value_like(value, cls, stand_in):
    """A value of a type of the program's own: the value itself, whose other attributes the program has."""
    kind = type(value)
    if kind not in (int, str, tuple, float, bytes, frozenset):
        return value
    like = cls.__dict__.get("gradebox_values")
    if like is None:
        names = {"__getattr__": _value_attribute, "gradebox_like": cls, "__module__": "solution"}
        like = type(cls.__name__, (kind,), names)
        type.__setattr__(cls, "gradebox_values", like)
    item = kind.__new__(like, value)
    item.gradebox_stand_in = stand_in
    return item


def _value_attribute(self, name):
    if name.startswith(("__", "gradebox_")):
        raise AttributeError(name)
    return getattr(self.gradebox_stand_in, name)


def _equal(item, other):
    record = record_of(item)
    if record.kind == "content" and not isinstance(other, StandIn):
        return record.program.ask("content", item) == other
    if type(item) is not type(other) or not isinstance(other, StandIn):
        return False
    against = record_of(other)
    if record.state is None or against.state is None:
        return False
    return record.state == against.state and _shows(record) and _shows(against)


def _shows(record):
    """Whether an object that the test made holds what it was made of. A class that keeps nothing would
    otherwise make all its objects equal, the expected ones too."""
    held = list(_parts(record.state, 0))
    return all(any(_is_same(part, argument) for part in held) for argument in record.arguments or ())


def _parts(value, depth):
    yield value
    if depth > 5:
        return
    if type(value) is dict:
        for key, item in value.items():
            yield key
            yield from _parts(item, depth + 1)
    elif type(value) in (list, tuple, set, frozenset):
        for item in value:
            yield from _parts(item, depth + 1)


def _is_same(part, argument):
    return part is argument or type(part) is type(argument) and part == argument


def _leave(item, kind, error):
    """The end of a `with` whose context manager is the program's. It may swallow an exception, but not the
    test's own verdict."""
    program = record_of(item).program
    known = next((base for base in getattr(kind, "__mro__", ()) if base.__module__ == "builtins"), None)
    known = known if known is not None and not isinstance(known, ExceptionStandIn) else Exception
    swallowed = program.ask("leave", item, None if kind is None else known, "" if error is None else str(error))
    if kind is None or not issubclass(kind, Exception) or issubclass(kind, AssertionError):
        return False
    return bool(swallowed)
