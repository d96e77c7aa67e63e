"""In the sandbox of the program under test: the functions, classes and objects that the test sent."""

from ..pristine import BUILTINS as __builtins__

import builtins
import importlib
import io
import marshal
from base64 import b64decode
from types import CellType, FunctionType, MethodType

_loads = marshal.loads
_import = importlib.import_module


class Received:
    """They are numbered in the order in which they were sent."""

    def __init__(self, namespace):
        self._namespace = namespace
        self._objects = []
        self._numbers = {}
        self._watched = {}

    def find(self, number):
        return self._objects[number]

    def number(self, item):
        """The number of an object, None for one of the program's own."""
        return self._numbers.get(id(item))

    def standard(self, path):
        """Something of the standard library by its module and name."""
        module, _, names = path.partition(":")
        found = _import(module)
        for name in names.split(".") if names else ():
            found = getattr(found, name)
        return found

    def readers(self):
        """The functions that read what a test sends and a program never does."""
        return {
            "$sent": self.find,
            "$standard": self.standard,
            "$iterator": iter,
            "$file": _file,
            "$descriptor": _descriptor,
        }

    def make(self, descriptions):
        """Makes objects that are empty as yet: `["function", code, cells]`, `["class", name, bases]`,
        `["member", class, name]` or `["object", class]`; a class is found by its name or is the number of one that was sent."""
        for kind, what, more in descriptions:
            if kind == "function":
                cells = tuple(CellType() for _ in range(more))
                item = FunctionType(_loads(b64decode(what)), {"__builtins__": builtins}, None, None, cells)
            elif kind == "class":
                item = self._own_class(what) or type(what, tuple(self._class(base) for base in more), {})
            elif kind == "member":
                item = self._class(what)[more]
            else:
                item = object.__new__(self._class(what))
            self._numbers[id(item)] = len(self._objects)
            self._objects.append(item)

    def _own_class(self, name):
        own = self._namespace.get(name)
        return own if issubclass(type(own), type) else None

    def _class(self, reference):
        return self._objects[reference] if type(reference) is int else reference

    def fill(self, contents):
        """Gives objects what they hold: `[number, kind, …]`."""
        for number, kind, first, second in contents:
            item = self._objects[number]
            if kind == "function":
                item.__defaults__, item.__kwdefaults__, names = first
                item.__globals__.update(names)
                for cell, value in zip(item.__closure__ or (), second):
                    cell.cell_contents = value
            elif kind == "class":
                if self._own_class(item.__name__) is not item:
                    for name, value in first.items():
                        setattr(item, name, value)
            else:
                for name, value in first.items():
                    object.__setattr__(item, name, value)
            self._watched[number] = None

    def changes(self, encoded):
        """The numbers and states of the objects that are not as they were."""
        for number, before in self._watched.items():
            state = self._state(self._objects[number])
            text = None if state is None else encoded(state)
            if text is not None and text != before:
                self._watched[number] = text
                if before is not None:
                    yield number, text

    def _state(self, item):
        if type(item) is FunctionType:
            cells = [cell.cell_contents for cell in item.__closure__ or ()]
            names = {name: value for name, value in item.__globals__.items() if name != "__builtins__"}
            return [cells, names]
        if issubclass(type(item), type):
            return None
        try:
            return dict(object.__getattribute__(item, "__dict__"))
        except AttributeError:
            return None


def _file(content):
    data, place = content
    file = io.StringIO(data) if type(data) is str else io.BytesIO(data)
    file.seek(place)
    return file


def _descriptor(content):
    kind, parts = content
    if kind == "property":
        return property(*parts)
    if kind == "method":
        return MethodType(*parts)
    return staticmethod(parts) if kind == "staticmethod" else classmethod(parts)
