"""State that packages keep from when they are imported, of every kind that an image of a running interpreter holds."""

import collections
import contextvars
import decimal
import enum
import functools
import itertools
import re
import sys
import threading
import weakref
from dataclasses import dataclass, field

from .hostile import Meta, Refusing, Renamed  # noqa: F401

LATER = "awkward.later.lazily"


class Colour(enum.Flag):
    RED = 1
    GREEN = 2
    BOTH = RED | GREEN


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0
    tags: tuple = field(default=("a", "b"))


class Node:
    """In a cycle, known to weak references."""

    def __init__(self, name):
        self.name, self.itself = name, self


class Words(tuple):
    """A tuple with attributes."""


class Registry(dict):
    def __missing__(self, key):
        return f"no {key}"


@functools.cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


fibonacci(60)


def numbers():
    received = 0
    while True:
        received = (yield received + 1) or received + 10


GENERATOR = numbers()
next(GENERATOR)
GENERATOR.send(5)
COUNTER = itertools.count(40)
next(COUNTER)
HALFWAY = iter([1, 2, 3])
next(HALFWAY)


def counting():
    total = 0

    def more(by=1):
        nonlocal total
        total += by
        return total

    return more


MORE = counting()
MORE(7)

NODES = [Node(name) for name in ("first", "second", "third")]
BY_NAME = weakref.WeakValueDictionary({node.name: node for node in NODES})
SEEN = weakref.WeakSet(NODES)
REFERENCE = weakref.ref(NODES[0])

TEXTS = ["plain", "caf\u00e9", "\u4f60\u597d", "\U0001f600", sys.intern("interned name"), "x" * 5000, ""]
NUMBERS = [0, -5, 255, 256, 257, 2**31, -(2**64), 3**400, 0.1, -0.0, float("inf"), 1j, True, decimal.Decimal("1.10")]
BYTES = [b"", b"a", bytes(range(256)), bytearray(b"grown")]
BYTES[3].extend(b"!" * 100)
VIEW = memoryview(BYTES[3])
WORDS = Words(("one", "two"))
WORDS.note = "attached"
REGISTRY = Registry(a=1)
QUEUE = collections.deque(range(5), 5)
ORDERED = collections.OrderedDict.fromkeys("cab")
SETS = [set("hello"), frozenset({1, "a", (2, 3)}), {Point(1), Point(1), Point(2)}]
BY_CODE = {numbers.__code__: "numbers", counting.__code__: "counting"}
PATTERN = re.compile(r"(?P<word>\w+)-(\d+)")
LOCAL = threading.local()
LOCAL.value = "main thread"
LOCK = threading.Lock()
VARIABLE = contextvars.ContextVar("variable", default="unset")
TOKEN = VARIABLE.set("set at import")
BOUND = [REGISTRY.get, "text".upper, NODES.append, Point(3).__eq__]
FUNCTION = functools.partial(sorted, reverse=True)
TYPES = [type(f"Made{n}", (Node,), {"n": n, "__slots__": ()}) for n in range(50)]
ERROR = None
try:
    {}["missing"]
except KeyError as error:
    ERROR = error


def use_later():
    from .later import lazily

    return lazily.VALUE


def state():
    """All of it, as lines of text."""
    yield f"cache {fibonacci.cache_info()} {fibonacci(61)}"
    yield f"generators {GENERATOR.send(None)} {GENERATOR.send(100)} {next(COUNTER)} {list(HALFWAY)} {MORE()} {MORE(2)}"
    yield f"weak {sorted(BY_NAME)} {len(SEEN)} {REFERENCE() is NODES[0]} {NODES[1].itself.itself.name}"
    yield f"texts {[(len(text), hash(text) == hash(str(text.encode(), 'utf8')), text[:3]) for text in TEXTS]}"
    yield f"interned {sys.intern('interned ' + 'name') is TEXTS[4]}"
    yield f"numbers {[repr(number + 1) for number in NUMBERS]}"
    BYTES[3].startswith(b"grown!")
    yield f"bytes {len(BYTES[2])} {bytes(VIEW[3:8])}"
    yield f"tuple {WORDS} {WORDS.note} {REGISTRY['a']} {REGISTRY['b']} {QUEUE} {list(ORDERED)}"
    yield f"sets {sorted(SETS[0])} {(2, 3) in SETS[1]} {len(SETS[2])} {Point(2) in SETS[2]}"
    yield f"code {BY_CODE[numbers.__code__]} {BY_CODE[counting.__code__]}"
    yield f"pattern {PATTERN.sub(r'\2-\g<word>', 'ab-12')} {Colour.BOTH} {Colour(1) in Colour.BOTH}"
    yield f"context {VARIABLE.get()} {LOCAL.value} {LOCK.locked()} {LOCK.acquire(False)}"
    VARIABLE.reset(TOKEN)
    yield f"reset {VARIABLE.get()}"
    yield f"bound {BOUND[0]('a')} {BOUND[1]()} {BOUND[3](Point(3))} {FUNCTION([1, 3, 2])}"
    yield f"types {sum(kind.n for kind in Node.__subclasses__())} {TYPES[7]('x').name} {Node.__subclasses__()[49].__name__}"
    yield f"error {ERROR!r} {ERROR.__traceback__.tb_lineno > 0}"
    yield f"hostile {Meta.made} {type(Refusing.one).__name__} {Renamed.__module__}"
    yield f"later {use_later()}"
    NODES.clear()
    REGISTRY.clear()
    TYPES.clear()
    yield f"cleared {NODES} {REGISTRY['a']} {TYPES}"


def change():
    """Changes whatever can be changed; no later program may see it."""
    fibonacci.cache_clear()
    next(GENERATOR)
    next(COUNTER)
    MORE(1000)
    NODES.clear()
    TEXTS.append("more")
    BYTES[3][3:8] = b"-----"
    REGISTRY["b"] = 2
    SETS[0].clear()
    LOCK.acquire()
    VARIABLE.set("changed")
    LOCAL.value = "changed"
    Node.__init__ = lambda self, name: None
    sys.modules["awkward"].PATTERN = None
