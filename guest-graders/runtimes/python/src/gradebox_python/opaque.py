"""Objects that values cannot carry: they stay in their own sandbox and are spoken of by number."""

from .pristine import BUILTINS as __builtins__

MAX_REPR = 500
"""Characters of an object's `repr` that leave the sandbox."""

_name_of_type = type.__dict__["__name__"].__get__


class Foreign:
    """Stands for an object of another sandbox. It can be handed back, and not looked into."""

    __slots__ = ("peer", "type", "repr", "handle")

    def __init__(self, peer, type_name, text, handle):
        self.peer = peer
        self.type = type_name
        self.repr = text
        self.handle = handle

    def __repr__(self):
        return self.repr


class Handles:
    """The numbers of the objects of this sandbox that were spoken of, which keeps them alive."""

    def __init__(self):
        self._objects = []
        self._numbers = {}

    def describe(self, item):
        """The type, `repr` and number of an object, for whoever started this program."""
        if type(item) is Foreign:
            return item.type, item.repr, None
        return type_name(item), short_repr(item), self._number(item)

    def describe_to(self, peer):
        """As `describe`, for a peer: a number would mean another object there, unless it is the peer's."""

        def describe(item):
            if type(item) is Foreign:
                return item.type, item.repr, item.handle if item.peer == peer else None
            return type_name(item), short_repr(item), None

        return describe

    def resolve(self, type_name, text, number):
        """The object that `describe` gave the number to; without a number, a stand-in."""
        if number is None:
            return Foreign(None, type_name, text, None)
        if not 0 <= number < len(self._objects):
            raise ValueError(f"no object of this program has the handle {number}")
        return self._objects[number]

    def _number(self, item):
        number = self._numbers.get(id(item))
        if number is None:
            number = len(self._objects)
            self._objects.append(item)
            self._numbers[id(item)] = number
        return number


def type_name(item):
    """The name of an object's real type, whatever its `__class__` claims."""
    return _name_of_type(type(item))


def short_repr(item):
    """The beginning of `repr(item)`; never raises."""
    try:
        text = str.__str__(repr(item))
    except BaseException:
        return f"<{type_name(item)} whose repr fails>"
    return text if len(text) <= MAX_REPR else text[:MAX_REPR] + "…"
