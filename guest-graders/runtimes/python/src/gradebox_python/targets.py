"""Finds the function that a call names."""

from .pristine import BUILTINS as __builtins__

from types import FunctionType

from .opaque import type_name

_SOLUTION = "Solution"
_MAX_LISTED = 20
_namespace_of = type.__dict__["__dict__"].__get__
_bases_of = type.__dict__["__mro__"].__get__


def find(namespace, target):
    """The callable of that dotted name among the program's globals.

    A method is found on a new object of its class, made without arguments; a bare name that is not
    global may be a method of `class Solution`. Raises NameError, AttributeError or TypeError, which name
    what there is.
    """
    first, *rest = target.split(".")
    if first not in namespace and not rest and _method_owner(namespace.get(_SOLUTION), first):
        first, rest = _SOLUTION, [target]
    if first not in namespace:
        raise NameError(f"the program defines no `{first}`; {_listing(namespace)}")
    found = namespace[first]
    for name in rest:
        found = _attribute(found, name, target, namespace)
    if not callable(found):
        raise TypeError(f"`{target}` is not a function: it is of type {type_name(found)}")
    return found


def _attribute(owner, name, target, namespace):
    if issubclass(type(owner), type) and type(_method_owner(owner, name)) is FunctionType:
        owner = owner()
    try:
        return getattr(owner, name)
    except AttributeError:
        raise AttributeError(f"`{target}`: there is no `{name}`; {_listing(namespace)}") from None


def _method_owner(cls, name):
    """What a class or its bases define under the name, unbound."""
    if not issubclass(type(cls), type):
        return None
    for base in _bases_of(cls):
        namespace = _namespace_of(base)
        if name in namespace:
            return namespace[name]
    return None


def _listing(namespace):
    names = []
    for name, item in namespace.copy().items():
        if type(name) is not str or name.startswith("_"):
            continue
        if type(item) is FunctionType and item.__globals__ is namespace:
            names.append(name)
        elif issubclass(type(item), type) and _namespace_of(item).get("__module__") == namespace.get("__name__"):
            names += [
                f"{name}.{method}"
                for method, code in _namespace_of(item).items()
                if type(code) is FunctionType and not method.startswith("_")
            ]
    if not names:
        return "it defines no functions"
    more = "" if len(names) <= _MAX_LISTED else f" and {len(names) - _MAX_LISTED} more"
    return f"it defines {', '.join(names[:_MAX_LISTED])}{more}"
