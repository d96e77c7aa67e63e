"""Objects that answer nothing of what is usually asked of an object."""

import sys


def refuse(*arguments):
    raise RuntimeError("nobody may ask")


class Refusing:
    """Refuses to tell its class, its attributes, its hash, its size, its truth and what it equals."""

    __class__ = property(refuse)
    __hash__ = __eq__ = __bool__ = __len__ = __repr__ = __iter__ = __getattribute__ = refuse


Refusing.one = Refusing()


class Meta(type):
    """Classes that refuse to name their subclasses, and to say what is one."""

    made = []

    def __new__(meta, name, bases, namespace):
        meta.made.append(name)
        return super().__new__(meta, name, bases, namespace)

    __subclasses__ = __subclasscheck__ = __instancecheck__ = __len__ = refuse
    __name__ = property(refuse)


class Made(metaclass=Meta):
    pass


class Under(Made):
    pass


class Renamed:
    pass


Renamed.__module__ = 7


def renamed():
    return 1


renamed.__module__ = Renamed
renamed()

# Some packages leave something else than a module in its place.
sys.modules["awkward.instead"] = object()
