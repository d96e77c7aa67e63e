"""Integers of any length: CPython limits the digits that it reads and writes, and a program may set the limit."""

from .pristine import BUILTINS as __builtins__

import sys

LEAST_LIMIT = sys.int_info.str_digits_check_threshold
"""Digits that no limit forbids."""

LEAST_LIMIT_BITS = LEAST_LIMIT * 3
"""Bits of which every int is shorter than that."""

_get_limit = sys.get_int_max_str_digits
_set_limit = sys.set_int_max_str_digits


def without_limit(work, item):
    """What `work` makes of the item. Dear: every change of the limit is a new object of the interpreter's."""
    limit = _get_limit()
    _set_limit(0)
    try:
        return work(item)
    finally:
        _set_limit(limit)
