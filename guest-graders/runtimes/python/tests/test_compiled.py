"""Programs that another instance has compiled."""

import marshal
import unittest

from gradebox_python.interpreter import Compiler

from .running import RunningTestCase

PROGRAM = """
from __future__ import annotations
import sys
def f(n: missing):
    '''doc'''
    if n:
        return f(n - 1)
    raise ValueError('deep')
def g():
    return f.__doc__, f.__annotations__, 10 ** 6, 'text' if sys else None, {'a'}
print(__name__)
"""


class CompiledPrograms(RunningTestCase):
    def setUp(self):
        super().setUp()
        self.compiler = Compiler()

    def passed_on(self, source, peers=()):
        """Loads the program in one session, and what that compiled in the next."""
        self.load(source, peers)
        compiled = self.compiler.compiled()
        self.assertIs(self.compiler.load_compiled(source, compiled, list(peers)), True)

    def test_a_program_does_the_same(self):
        self.load(PROGRAM)
        before = self.call("g").value, self.raised(self.call, "f", "2"), self.stdout
        self.passed_on(PROGRAM)
        after = self.call("g").value, self.raised(self.call, "f", "2"), self.stdout.removeprefix(before[2])
        self.assertEqual(after, before)
        self.assertIn("raise ValueError('deep')", after[1].traceback)

    def test_a_byte_order_mark_is_left_out_of_the_source(self):
        self.passed_on("\ufeffraise KeyError(1)")
        self.assertIn("    raise KeyError(1)", self.raised(self.call, "f").traceback)

    def test_peers_are_there(self):
        self.passed_on("def f(): return type(peer).__name__", ["peer"])
        self.assertEqual(self.call("f").value, '"Peer"')

    def test_what_marshal_makes_otherwise_is_not_passed_on(self):
        for source in (
            "A = b'a'",
            "def f(): return [lambda: (1, (2, b'x'))]",
            # These two have the same place in the table.
            "def f(x): return x in {0, 8}",
        ):
            self.load(source)
            self.assertIsNone(self.compiler.compiled(), source)
        for source in ("A = b'ab', b''", "def f(x): return x in {1, 2, 3}", "def f(x): return x in {'a'}"):
            self.load(source)
            self.assertIsNotNone(self.compiler.compiled(), source)

    def test_what_is_large_is_not_passed_on(self):
        self.load(f"x = '{'a' * 600_000}'")
        self.assertIsNone(self.compiler.compiled())
        self.load("\n".join(f"def f{n}(x): return [x, {n}.5, 'text {n}']" for n in range(4_000)))
        self.assertIsNone(self.compiler.compiled())

    def test_what_cannot_be_read_leaves_it_to_the_source(self):
        for data in (b"", b"nonsense", marshal.dumps("no code"), marshal.dumps(compile("1", "f", "exec"))[:-5]):
            self.assertIs(self.compiler.load_compiled("x = 1", data, []), False)
        self.load("def f(): return 1")
        self.assertEqual(self.call("f").value, "1")

    def test_a_program_that_does_not_parse_is_not_passed_on(self):
        self.raised(self.load, "def broken(:")
        self.assertIsNone(self.compiler.compiled())


if __name__ == "__main__":
    unittest.main()
