"""What both sides know of values between a test and its program: the encoding, and a few more tags.

`{"$range": [start, stop, step]}`, `{"$deque": [items, maxlen]}` and `{"$bytearray": "BASE64"}` are values;
`{"$type": "int"}` is one of the builtin types and `{"$sent": 3}` an object of the test's that was sent before.
"""

from ..pristine import BUILTINS as __builtins__

import builtins
from base64 import b64decode, b64encode
from collections import deque

from ..encoding import Writer

NO_KEYWORDS = '{"$dict":[]}'
"""The text of a call's keyword arguments where there are none."""

VALUE_TYPES = {
    kind.__name__: kind
    for kind in (
        bool, int, float, complex, str, bytes, bytearray, list, tuple, set, frozenset, dict, range, object, type, slice,
        BaseException,
    )
} | {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}
"""Builtin types that either side may name to the other."""

_TYPE_NAMES = {id(kind): name for name, kind in VALUE_TYPES.items()}
_start_of = range.start.__get__
_stop_of = range.stop.__get__
_step_of = range.step.__get__
_length_limit_of = deque.maxlen.__get__


class PeerWriter(Writer):
    """Writes the additional values too."""

    __slots__ = ()

    def writer_of(self, kind):
        return _MORE_WRITERS.get(id(kind)) or Writer.writer_of(self, kind)


MORE_READERS = {
    "$range": lambda content: range(*content),
    "$deque": lambda content: deque(content[0], content[1]),
    "$bytearray": lambda content: bytearray(b64decode(content, validate=True)),
    "$type": lambda name: VALUE_TYPES[name],
}
"""The functions that read the additional values."""


def _write_range(writer, item):
    writer.put(f'{{"$range":[{_start_of(item)},{_stop_of(item)},{_step_of(item)}]}}')


def _write_deque(writer, item):
    writer.put('{"$deque":[')
    writer.sequence(item, list(deque.__iter__(item)))
    limit = _length_limit_of(item)
    writer.put(f",{'null' if limit is None else limit}]}}")


def _write_bytearray(writer, item):
    data = bytearray.__getitem__(item, slice(None))
    writer.put(f'{{"$bytearray":"{b64encode(data).decode("ascii")}"}}')


def _write_type(writer, item):
    name = _TYPE_NAMES.get(id(item))
    if name is None:
        Writer.writer_of(writer, type)(writer, item)
    else:
        writer.put(f'{{"$type":"{name}"}}')


_MORE_WRITERS = {
    id(range): _write_range,
    id(deque): _write_deque,
    id(bytearray): _write_bytearray,
    id(type): _write_type,
}
