"""In the sandbox of the test: what the program changed is changed in the test's own containers and objects.

Only what the test gave to the program, and only by values: no method and no function of the test is ever replaced.
"""

from ..pristine import BUILTINS as __builtins__

from collections import deque

_CONTAINERS = (list, dict, set, deque)


def may_be_set(cls, name):
    """Whether the program may set an attribute of an object of the test's: not where a method is."""
    return type(name) is str and not name.startswith("__") and not callable(getattr(cls, name, None))


def write_back(old, new):
    """Gives a container what the other one of its type holds; containers within keep their identity."""
    kind = type(old)
    if kind is not type(new):
        return
    if kind is list or kind is deque:
        items = _items(list(old), list(new))
        old.clear()
        old.extend(items)
    elif kind is dict:
        items = {key: kept(old.get(key), value) for key, value in new.items()}
        old.clear()
        old.update(items)
    elif kind is set:
        old.clear()
        old.update(new)
    elif kind is bytearray:
        old[:] = new
    elif kind is tuple and len(old) == len(new):
        for before, after in zip(old, new):
            write_back(before, after)


def kept(old, new):
    """The old container, with what is in the new one; anything else is the new value itself."""
    if old is not new and type(old) is type(new) and type(old) in (*_CONTAINERS, bytearray):
        write_back(old, new)
        return old
    return new


def _items(old, new):
    """The new items, with the old containers where they hold the same or stand in the same place."""
    left = [item for item in old if type(item) in _CONTAINERS]
    if not left:
        return new
    result = []
    for item in new:
        if type(item) in _CONTAINERS:
            same = next((at for at, before in enumerate(left) if type(before) is type(item) and before == item), None)
            if same is not None:
                item = left.pop(same)
        result.append(item)
    return [
        kept(old[number], item) if number < len(old) and any(old[number] is other for other in left) else item
        for number, item in enumerate(result)
    ]
