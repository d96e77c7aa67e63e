"""Values to Python objects: the reading half of the tagged encoding, version 1 (`wit/grader/programs.wit`).

Reading runs no code of the program's: only the types named here are made, by their own constructors.
"""

from .pristine import BUILTINS as __builtins__

from base64 import b64decode
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from json.scanner import make_scanner

from .digits import LEAST_LIMIT, without_limit

_BLANKS = " \t\r\n"


def decode(text, resolve):
    """The object that the text stands for. `resolve(type, repr, handle)` finds opaque objects; the
    handle is None where the text has none.

    Raises ValueError, which says what is wrong, for a text that is no value.
    """
    return read(text, {"$opaque": lambda fields: resolve(*_opaque_parts(fields))})


def read(text, readers):
    """The object that the text stands for; `readers` has a function for `$opaque`, which is given the
    fields, and for every tag that is no part of the encoding itself. Raises as `decode` does.
    """
    return Reading(readers).read(text)


class Reading:
    """Reads one text after the other."""

    def __init__(self, readers):
        self._reader = _Reader(readers)
        self._scan = make_scanner(self._reader)

    def read(self, text):
        """As the function of this name."""
        return self._read(text) if len(text) <= LEAST_LIMIT else without_limit(self._read, text)

    def _read(self, text):
        text = text.strip(_BLANKS)
        reader = self._reader
        outer, reader.loose_fields = reader.loose_fields, 0
        try:
            item, end = self._scan(text, 0)
            loose = reader.loose_fields
        except StopIteration as stop:
            raise ValueError(f"not a value: no JSON at character {stop.value}") from None
        except RecursionError:
            raise ValueError("not a value: nested too deeply") from None
        except (TypeError, ValueError, ArithmeticError, KeyError) as error:
            raise ValueError(f"not a value: {str(error).removeprefix('not a value: ')}") from None
        finally:
            reader.loose_fields = outer
        if end != len(text):
            raise ValueError(f"not a value: something follows at character {end}")
        if loose:
            raise ValueError("not a value: an object without a tag such as `$dict`")
        return item


class _Reader:
    """What the JSON scanner calls for each object and number that it meets, innermost first."""

    strict = True
    object_hook = None
    parse_float = float
    parse_int = int

    def __init__(self, readers):
        self.memo = {}
        self.loose_fields = 0
        self._readers = readers

    def parse_constant(self, name):
        raise ValueError(f"not a value: `{name}` is no JSON")

    def object_pairs_hook(self, pairs):
        if len(pairs) == 1 and pairs[0][0].startswith("$"):
            tag, content = pairs[0]
            if tag == "$opaque":
                return self._opaque(content)
            read = _READERS.get(tag) or self._readers.get(tag)
            if read is None:
                raise ValueError(f"not a value: unknown tag `{tag}`")
            return read(content)
        self.loose_fields += 1
        return _Fields(pairs)

    def _opaque(self, fields):
        if type(fields) is not _Fields:
            raise ValueError("not a value: `$opaque` needs an object")
        self.loose_fields -= 1
        return self._readers["$opaque"](dict(fields.pairs))


def _opaque_parts(fields):
    handle = fields.get("handle")
    if handle is not None and type(handle) is not int:
        raise ValueError("not a value: the handle of `$opaque` is no integer")
    return str(fields.get("type", "")), str(fields.get("repr", "")), handle


class _Fields:
    """A JSON object that is not a value by itself: the inside of `$opaque`."""

    __slots__ = ("pairs",)

    def __init__(self, pairs):
        self.pairs = pairs


def _expect(kind, content, tag):
    if type(content) is not kind:
        raise ValueError(f"not a value: `{tag}` does not hold a {kind.__name__}")
    return content


def _read_float(content):
    if content not in ("nan", "inf", "-inf"):
        raise ValueError('not a value: `$float` holds "nan", "inf" or "-inf"')
    return float(content)


def _read_complex(content):
    real, imaginary = _expect(list, content, "$complex")
    return complex(float(real), float(imaginary))


def _read_bytes(content):
    return b64decode(_expect(str, content, "$bytes"), validate=True)


def _read_str(content):
    return b64decode(_expect(str, content, "$str"), validate=True).decode("utf-8", "surrogatepass")


def _read_dict(content):
    return {key: value for key, value in _expect(list, content, "$dict")}


def _read_fraction(content):
    numerator, denominator = _expect(list, content, "$fraction")
    return Fraction(int(numerator), int(denominator))


def _read_timedelta(content):
    days, seconds, microseconds = _expect(list, content, "$timedelta")
    return timedelta(days, seconds, microseconds)


_READERS = {
    "$float": _read_float,
    "$complex": _read_complex,
    "$bytes": _read_bytes,
    "$str": _read_str,
    "$tuple": lambda content: tuple(_expect(list, content, "$tuple")),
    "$set": lambda content: set(_expect(list, content, "$set")),
    "$frozenset": lambda content: frozenset(_expect(list, content, "$frozenset")),
    "$dict": _read_dict,
    "$decimal": lambda content: Decimal(_expect(str, content, "$decimal")),
    "$fraction": _read_fraction,
    "$date": lambda content: date.fromisoformat(_expect(str, content, "$date")),
    "$datetime": lambda content: datetime.fromisoformat(_expect(str, content, "$datetime")),
    "$time": lambda content: time.fromisoformat(_expect(str, content, "$time")),
    "$timedelta": _read_timedelta,
}
