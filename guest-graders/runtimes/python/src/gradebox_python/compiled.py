"""The code of a program as bytes, for other instances that run the same program."""

from .pristine import BUILTINS as __builtins__

import marshal
from types import CodeType

MAX_SIZE = 512 << 10
"""Of code and constants together, in bytes. Compact source can compile to a multiple of itself, and what writing it
down takes is taken from the memory of a test."""

_dumps = marshal.dumps
_loads = marshal.loads
_SMALL_TABLE = 8
_SIZE_WITH_SMALL_TABLE = frozenset().__sizeof__()
_SIZE_OF_ENTRY = (frozenset(range(5)).__sizeof__() - _SIZE_WITH_SMALL_TABLE) // 32


def dumped(code):
    """The bytes; None where the program could tell what is made of them from what the compiler makes."""
    size = 0
    waiting = [code]
    for item in waiting:
        size += item.__sizeof__()
        kind = type(item)
        if kind is CodeType:
            waiting += item.co_consts
        elif kind is tuple:
            waiting += item
        elif kind is frozenset and not _is_the_same_in_any_order(item):
            return None
        elif kind is bytes and len(item) == 1:
            # There is one object for each of these, of which `marshal` makes another.
            return None
    if MAX_SIZE < size:
        return None
    try:
        return _dumps(code)
    except (ValueError, MemoryError):
        return None


def restored(data):
    """The code, or None."""
    try:
        code = _loads(data)
    except BaseException:
        return None
    return code if type(code) is CodeType else None


def _is_the_same_in_any_order(items):
    """`marshal` writes the elements of a set in an order of its own. Where two have the same place in the table, the one
    that came first has it, and sets that are made from this one are walked in another order."""
    table = (items.__sizeof__() - _SIZE_WITH_SMALL_TABLE) // _SIZE_OF_ENTRY or _SMALL_TABLE
    return len({hash(item) & (table - 1) for item in items}) == len(items)
