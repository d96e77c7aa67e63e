"""Runs programs through the exports, and puts the test process's own interpreter state back afterwards."""

import builtins
import io
import os
import sys
import unittest

from componentize_py_types import Err
from gradebox_python import descriptors
from gradebox_python.interpreter import Interpreter, session
from wit_world.exports.interpreter import Stop_Exited, Stop_Raised
from wit_world.imports import host
from wit_world.imports.host import Channel
from wit_world.imports.program_types import Action_Call, Action_Evaluate, Action_Script, Call

_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__", "argv")
_OS = ("read", "write", "fstat", "isatty", "_exit", "abort")


class RunningTestCase(unittest.TestCase):
    """Gives each test an empty session and an empty record of what the host was told."""

    def setUp(self):
        saved = [(sys, name, getattr(sys, name)) for name in _STREAMS]
        saved += [(os, name, getattr(os, name)) for name in _OS]
        saved += [(builtins, "open", builtins.open), (io, "open", io.open)]
        limit = sys.getrecursionlimit()
        modules = {name: sys.modules.get(name) for name in ("__main__", "solution")}

        def put_back():
            for owner, name, value in saved:
                setattr(owner, name, value)
            sys.setrecursionlimit(limit)
            for name, module in modules.items():
                sys.modules.pop(name, None)
                if module is not None:
                    sys.modules[name] = module

        self.addCleanup(put_back)
        for data in host.written.values():
            data.clear()
        host.peers.clear()
        descriptors.lead_to(session)
        self.interpreter = Interpreter()

    def load(self, source, peers=()):
        self.interpreter.load(source, list(peers))

    def script(self, source, stdin=b""):
        self.load(source)
        return self.interpreter.perform(Action_Script(), stdin)

    def call(self, target, *args, stdin=b"", **kwargs):
        call = Call(target, list(args), list(kwargs.items()))
        return self.interpreter.perform(Action_Call(call), stdin)

    def evaluate(self, expression):
        return self.interpreter.perform(Action_Evaluate(expression), b"").value

    def raised(self, function, *args, **kwargs):
        stop = self._stop(function, *args, **kwargs)
        self.assertIsInstance(stop, Stop_Raised)
        return stop.value

    def exited(self, function, *args, **kwargs):
        stop = self._stop(function, *args, **kwargs)
        self.assertIsInstance(stop, Stop_Exited)
        return stop.value

    def _stop(self, function, *args, **kwargs):
        with self.assertRaises(Err) as caught:
            function(*args, **kwargs)
        return caught.exception.value

    @property
    def stdout(self):
        return host.written[Channel.STDOUT].decode()

    @property
    def stderr(self):
        return host.written[Channel.STDERR].decode()
