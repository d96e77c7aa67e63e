"""Functions of other programs: each call goes, through the host, to the peer's own sandbox."""

from .pristine import BUILTINS as __builtins__

import builtins

from componentize_py_types import Err
from wit_world.imports import host
from wit_world.imports.program_types import Call

from .decoding import decode
from .encoding import encode
from .opaque import Foreign

_call_peer = host.call_peer
_EXCEPTIONS = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}


class PeerError(RuntimeError):
    """What a peer's function raised. It is also of the builtin exception that `kind` names, if any."""

    def __init__(self, kind, message, traceback):
        RuntimeError.__init__(self, message)
        self.kind = kind
        self.traceback = traceback

    def __str__(self):
        return str(self.args[0])


class Peer:
    """A peer's name in the program: call it, or take a dotted name of it and call that."""

    __slots__ = ("_peer", "_target", "_handles")

    def __init__(self, peer, target, handles):
        self._peer = peer
        self._target = target
        self._handles = handles

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Peer(self._peer, f"{self._target}.{name}", self._handles)

    def __call__(self, *args, **kwargs):
        describe = self._handles.describe_to(self._peer)
        call = Call(
            self._target,
            [encode(item, describe) for item in args],
            [(name, encode(item, describe)) for name, item in kwargs.items()],
        )
        try:
            answer = _call_peer(self._peer, call)
        except Err as error:
            raise _error(error.value) from None
        return decode(answer, self._foreign)

    def __repr__(self):
        return f"<function {self._target} of a peer>"

    def _foreign(self, type_name, text, handle):
        return Foreign(self._peer, type_name, text, handle)


def _error(raised):
    builtin = _EXCEPTIONS.get(raised.kind)
    error = None
    if builtin is not None and not issubclass(PeerError, builtin):
        try:
            kind = type(raised.kind, (PeerError, builtin), {"__module__": "builtins"})
            error = builtin.__new__(kind, raised.message)
        except TypeError:
            error = None
    if error is None:
        error = RuntimeError.__new__(PeerError)
    PeerError.__init__(error, raised.kind, raised.message, raised.traceback)
    return error
