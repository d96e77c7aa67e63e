"""Python objects to values: the writing half of the tagged encoding, version 1 (`wit/grader/programs.wit`).

What is written is what the object is, not what it claims to be: types are the real ones (`type`, never
`__class__`), and containers are walked with the methods of the builtin type, so that a program's own
`__iter__`, `__eq__` or `items` are not asked. An object of a subclass is written as its builtin base
(an `IntEnum` member is an integer, a `Counter` a `$dict`, a named tuple a `$tuple`), a `bytearray` as
`$bytes`. Whatever does not compare equal to a value of the encoding (`deque`, `range`, views, generators,
instances, functions) is `$opaque`.
"""

from .pristine import BUILTINS as __builtins__

from base64 import b64encode
from collections import OrderedDict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from json.encoder import encode_basestring

from .digits import LEAST_LIMIT_BITS, without_limit

MAX_DEPTH = 200
"""Containers within containers."""

MAX_BYTES = 4 * 1024 * 1024
"""Length of one value's text."""

_SMALL = 1 << 62
_FEW = 32
"""An array of fewer small values is written at once: it cannot be longer than one value may be."""
_bases_of = type.__dict__["__mro__"].__get__
_numerator = Fraction._numerator.__get__
_denominator = Fraction._denominator.__get__
_days = timedelta.days.__get__
_seconds = timedelta.seconds.__get__
_microseconds = timedelta.microseconds.__get__
_real = complex.real.__get__
_imaginary = complex.imag.__get__


def encode(item, describe):
    """The value's text. `describe(object)` gives an opaque object's type, repr and handle.

    Raises ValueError for what contains itself, is too deep or too large.
    """
    return written(Writer(describe), item)


def plain(item):
    """The text of a small value of the commonest types, or of a list of a few of them; None for anything else."""
    if type(item) is list:
        return _few(item) if len(item) < _FEW else None
    return _single(item)


def _single(item):
    """The text of such a value that holds no others."""
    kind = type(item)
    if kind is int:
        return int.__repr__(item) if -_SMALL < item < _SMALL else None
    if kind is str:
        return encode_basestring(item) if len(item) < 4096 and item.isascii() else None
    if kind is float:
        text = float.__repr__(item)
        return None if "n" in text else text
    if item is None:
        return "null"
    if kind is bool:
        return "true" if item else "false"
    return None


def _few(items):
    """The array of a few items; None where one of them is none of those."""
    texts = [*map(_single, items)]
    return f"[{','.join(texts)}]" if all(texts) else None


def written(writer, item):
    """The text that the writer, a new one, makes of the item. Raises as `encode` does."""
    writer.value(item)
    return "".join(writer.parts)


def encode_opaque(item, describe):
    """The text for an object that stays in its sandbox, whatever its type."""
    writer = Writer(describe)
    _write_opaque(writer, item)
    return "".join(writer.parts)


class Writer:
    """The text so far, and the containers that it is inside of."""

    __slots__ = ("parts", "describe", "_room", "_path")

    def __init__(self, describe):
        self.parts = []
        self.describe = describe
        self._room = MAX_BYTES
        self._path = set()

    def put(self, text):
        self._room -= len(text) if text.isascii() else len(text.encode())
        if self._room < 0:
            self.reserve(0)
        self.parts.append(text)

    def reserve(self, length):
        self._room -= length
        if self._room < 0:
            raise ValueError(f"the value's encoding is longer than {MAX_BYTES} bytes")

    def value(self, item):
        kind = type(item)
        write = _WRITERS.get(id(kind)) or self.writer_of(kind)
        write(self, item)

    def writer_of(self, kind):
        """The function that writes objects of a type that the encoding does not name."""
        return _inherited_writer(kind)

    def opaque(self, item):
        """Writes an object that stays in its sandbox."""
        type_name, text, handle = self.describe(item)
        self.put('{"$opaque":{"type":')
        self.put(encode_basestring(_valid(type_name)))
        self.put(',"repr":')
        self.put(encode_basestring(_valid(text)))
        self.put("}}" if handle is None else f',"handle":{handle}}}}}')

    def sequence(self, container, items):
        """Writes an array of the items; `container` is what they belong to."""
        identity = self._enter(container)
        if len(items) > MAX_BYTES:
            self.reserve(len(items))
        self._array(items)
        self._path.remove(identity)

    def pairs(self, container, pairs):
        """Writes an array of arrays of a key and a value."""
        identity = self._enter(container)
        self.put("[")
        for position, pair in enumerate(pairs):
            if position:
                self.put(",")
            self._array(pair)
        self.put("]")
        self._path.remove(identity)

    def _array(self, items):
        text = _few(items) if len(items) < _FEW else _alike(items)
        if text is not None:
            self.put(text)
            return
        self.put("[")
        for position, item in enumerate(items):
            if position:
                self.put(",")
            self.value(item)
        self.put("]")

    def _enter(self, container):
        identity = id(container)
        if identity in self._path:
            raise ValueError("the value contains itself")
        if len(self._path) >= MAX_DEPTH:
            raise ValueError(f"the value is nested more than {MAX_DEPTH} levels deep")
        self._path.add(identity)
        return identity


def _alike(items):
    """The array of items that are all ints or all floats, in one go; None where that does not do."""
    kinds = {*map(id, map(type, items))}
    if kinds == {id(int)}:
        if max(map(int.bit_length, items)) < LEAST_LIMIT_BITS:
            return f"[{','.join(map(int.__repr__, items))}]"
    elif kinds == {id(float)}:
        text = ",".join(map(float.__repr__, items))
        if "n" not in text:
            return f"[{text}]"
    return None


def _inherited_writer(kind):
    for base in _bases_of(kind):
        write = _WRITERS.get(id(base))
        if write is not None:
            return write
    return _write_opaque


def _write_none(writer, item):
    writer.put("null")


def _write_bool(writer, item):
    writer.put("true" if item else "false")


def _write_int(writer, item):
    writer.put(_digits(item))


def _digits(item):
    if int.bit_length(item) < LEAST_LIMIT_BITS:
        return int.__repr__(item)
    if int.bit_length(item) > MAX_BYTES * 3:
        raise ValueError(f"the value's encoding is longer than {MAX_BYTES} bytes")
    return without_limit(int.__repr__, item)


def _write_float(writer, item):
    text = float.__repr__(item)
    writer.put(f'{{"$float":"{text}"}}' if "n" in text else text)


def _write_complex(writer, item):
    writer.put('{"$complex":[')
    _write_float(writer, _real(item))
    writer.put(",")
    _write_float(writer, _imaginary(item))
    writer.put("]}")


def _write_str(writer, item):
    text = str.__str__(item)
    try:
        writer.put(encode_basestring(text))
    except UnicodeEncodeError:
        _write_base64(writer, "$str", text.encode("utf-8", "surrogatepass"))


def _write_bytes(writer, item):
    _write_base64(writer, "$bytes", bytes.__getitem__(item, slice(None)))


def _write_bytearray(writer, item):
    _write_base64(writer, "$bytes", bytearray.__getitem__(item, slice(None)))


def _write_base64(writer, tag, data):
    writer.put(f'{{"{tag}":"{b64encode(data).decode("ascii")}"}}')


def _write_list(writer, item):
    writer.sequence(item, list(list.__iter__(item)))


def _write_tuple(writer, item):
    writer.put('{"$tuple":')
    writer.sequence(item, list(tuple.__iter__(item)))
    writer.put("}")


def _write_set(writer, item):
    writer.put('{"$set":')
    writer.sequence(item, list(set.__iter__(item)))
    writer.put("}")


def _write_frozenset(writer, item):
    writer.put('{"$frozenset":')
    writer.sequence(item, list(frozenset.__iter__(item)))
    writer.put("}")


def _write_dict(writer, item):
    _write_pairs(writer, item, list(dict.items(item)))


def _write_ordered_dict(writer, item):
    _write_pairs(writer, item, list(OrderedDict.items(item)))


def _write_pairs(writer, item, pairs):
    writer.put('{"$dict":')
    writer.pairs(item, pairs)
    writer.put("}")


def _write_decimal(writer, item):
    writer.put(f'{{"$decimal":"{Decimal.__str__(item)}"}}')


def _write_fraction(writer, item):
    writer.put(f'{{"$fraction":["{_digits(_numerator(item))}","{_digits(_denominator(item))}"]}}')


def _write_date(writer, item):
    writer.put(f'{{"$date":"{date.isoformat(item)}"}}')


def _write_datetime(writer, item):
    writer.put(f'{{"$datetime":"{datetime.isoformat(item)}"}}')


def _write_time(writer, item):
    writer.put(f'{{"$time":"{time.isoformat(item)}"}}')


def _write_timedelta(writer, item):
    writer.put(f'{{"$timedelta":[{_days(item)},{_seconds(item)},{_microseconds(item)}]}}')


def _write_opaque(writer, item):
    writer.opaque(item)


def _valid(text):
    return text.encode("utf-8", "backslashreplace").decode()


# By identity: the class of a program may have a metaclass with a `__hash__` or `__eq__` of its own.
_WRITERS = {
    id(kind): write
    for kind, write in (
        (type(None), _write_none),
        (bool, _write_bool),
        (int, _write_int),
        (float, _write_float),
        (complex, _write_complex),
        (str, _write_str),
        (bytes, _write_bytes),
        (bytearray, _write_bytearray),
        (list, _write_list),
        (tuple, _write_tuple),
        (set, _write_set),
        (frozenset, _write_frozenset),
        (dict, _write_dict),
        (OrderedDict, _write_ordered_dict),
        (Decimal, _write_decimal),
        (Fraction, _write_fraction),
        (date, _write_date),
        (datetime, _write_datetime),
        (time, _write_time),
        (timedelta, _write_timedelta),
    )
}
