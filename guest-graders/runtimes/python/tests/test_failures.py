"""Exceptions and exits, honest and otherwise."""

import builtins
import sys
import unittest

from componentize_py_types import Err
from gradebox_python import failures
from wit_world.imports.program_types import Action_Call, Call

from .running import RunningTestCase


class Raised(RunningTestCase):
    def test_kind_message_line_and_own_frames(self):
        source = "import json\ndef parse(text):\n    return json.loads(text)\nparse('{')\n"
        raised = self.raised(self.script, source)
        self.assertEqual((raised.kind, raised.line), ("JSONDecodeError", 3))
        self.assertIn('File "<program>", line 4, in <module>\n    parse(\'{\')', raised.traceback)
        self.assertIn("in parse\n    return json.loads(text)", raised.traceback)
        self.assertNotIn("json/", raised.traceback)
        self.assertNotIn("gradebox_python", raised.traceback)

    def test_what_led_to_it_is_told(self):
        source = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('new') from error\n"
        traceback = self.raised(self.script, source).traceback
        self.assertIn("ZeroDivisionError: division by zero", traceback)
        self.assertIn("direct cause", traceback)
        self.assertNotIn("gradebox_python", traceback)

    def test_every_base_exception_is_reported(self):
        for name in ("KeyboardInterrupt", "GeneratorExit", "BaseException", "MemoryError", "StopIteration"):
            with self.subTest(name=name):
                self.assertEqual(self.raised(self.script, f"raise {name}('m')").kind, name)

    def test_endless_recursion(self):
        raised = self.raised(self.script, "def f(n):\n    return f(n + 1)\nf(0)")
        self.assertEqual((raised.kind, raised.line), ("RecursionError", 2))
        self.assertRegex(raised.traceback, r"\[Previous line repeated 9\d\d more times\]")
        source = "def f(n):\n    return g(n + 1)\ndef g(n):\n    return f(n + 1)\nf(0)"
        self.assertRegex(self.raised(self.script, source).traceback, r"… 9\d\d frames left out …")
        self.assertLessEqual(len(raised.traceback.encode()), failures.MAX_TRACEBACK)

    def test_long_messages_are_cut(self):
        raised = self.raised(self.script, "raise ValueError('é' * 10_000_000)")
        self.assertLessEqual(len(raised.message.encode()), failures.MAX_MESSAGE)
        self.assertLessEqual(len(raised.traceback.encode()), failures.MAX_TRACEBACK)
        self.assertIn("(left out)", raised.message)

    def test_a_long_chain_is_cut(self):
        source = "e = None\nfor i in range(50_000):\n    f = ValueError(i); f.__context__ = e; e = f\nraise e"
        raised = self.raised(self.script, source)
        self.assertEqual(raised.message, "49999")
        self.assertLess(raised.traceback.count("ValueError"), 20)

    def test_messages_are_valid_unicode(self):
        raised = self.raised(self.script, "raise ValueError('\\ud800')")
        self.assertEqual(raised.message, "\\ud800")

    def test_exceptions_that_misbehave(self):
        for body in (
            "def __str__(self): raise SystemExit(0)",
            "def __str__(self): return 3",
            "def __repr__(self): raise self\n    __str__ = __repr__",
            "__class__ = SystemExit",
            "__cause__ = property(lambda self: 1 / 0)\n    __context__ = __traceback__ = __cause__",
            "def __getattribute__(self, name): raise KeyboardInterrupt",
            "__notes__ = property(lambda self: 1 / 0)",
            "__suppress_context__ = property(lambda self: 1 / 0)",
        ):
            with self.subTest(body=body):
                raised = self.raised(self.script, f"class Odd(Exception):\n    {body}\nraise Odd('said')")
                self.assertEqual(raised.kind, "Odd")
                self.assertIn('line', raised.traceback)

    def test_groups(self):
        raised = self.raised(self.script, "raise ExceptionGroup('both', [ValueError(1), TypeError(2)])")
        self.assertEqual(raised.kind, "ExceptionGroup")
        self.assertIn("TypeError: 2", raised.traceback)


class Exited(RunningTestCase):
    def test_codes(self):
        for argument, code in [("", 0), ("None", 0), ("0", 0), ("3", 3), ("-1", -1), ("True", 1), ("2**40", -1)]:
            with self.subTest(argument=argument):
                self.assertEqual(self.exited(self.script, f"import sys\nsys.exit({argument})"), code)
        self.assertEqual(self.stderr, "")

    def test_a_message_goes_to_standard_error(self):
        self.assertEqual(self.exited(self.script, "raise SystemExit('no such file')"), 1)
        self.assertEqual(self.stderr, "no such file\n")

    def test_out_of_a_call(self):
        self.load("import sys\ndef f(): sys.exit(4)\ndef g(): return 1")
        self.assertEqual(self.exited(self.call, "f"), 4)

    def test_ending_the_process_at_once_keeps_output_and_code(self):
        source = "import os\nprint('before')\ntry:\n    os._exit(7)\nfinally:\n    print('after')\n"
        self.assertEqual(self.exited(self.script, source), 7)
        self.assertEqual(self.stdout, "before\n")
        self.assertEqual(self.exited(self.call, "f"), 7)

    def test_ending_the_process_cannot_be_caught(self):
        source = "import os\ntry:\n    os._exit(7)\nexcept BaseException:\n    pass\nprint('after')\n"
        self.assertEqual(self.exited(self.script, source), 7)
        self.assertEqual(self.stdout, "")


class Sabotage(RunningTestCase):
    """Programs that replace what the runtime could be using."""

    def test_replaced_builtins(self):
        source = (
            "import builtins\n"
            "saved = dict(vars(builtins))\n"
            "def broken(*args, error=ZeroDivisionError, **kwargs): raise error('sabotage')\n"
            "names = [name for name in saved if not name.startswith('__') and name not in ('print', 'setattr')]\n"
            "def f(x):\n"
            "    for name in names: setattr(builtins, name, broken)\n"
            "    return {'a': (1, 2.5, {b''})}, x\n"
            "def g(x):\n"
            "    f(x)\n"
            "    return None.x\n"
        )
        self.load(source)
        namespace = vars(builtins)
        saved = dict(namespace)
        try:
            outcome = self.call("f", '[1,{"$set":[2]}]')
        finally:
            namespace.update(saved)
        self.assertEqual(
            outcome.value,
            '{"$tuple":[{"$dict":[["a",{"$tuple":[1,2.5,{"$set":[{"$bytes":""}]}]}]]},[1,{"$set":[2]}]]}',
        )
        try:
            self.interpreter.perform(Action_Call(Call("g", ["1"], [])), b"")
        except Err as error:
            stop = error.value
        finally:
            namespace.update(saved)
        self.assertEqual((stop.value.kind, stop.value.line), ("AttributeError", 10))

    def test_a_low_recursion_limit(self):
        self.load(
            "import sys\n"
            "def depth():\n"
            "    levels, frame = 0, sys._getframe()\n"
            "    while frame: levels, frame = levels + 1, frame.f_back\n"
            "    return levels\n"
            "def f():\n"
            "    for limit in range(depth(), 1000):\n"
            "        try: sys.setrecursionlimit(limit)\n"
            "        except RecursionError: continue\n"
            "        break\n"
            "    return [[[[1, 'a']]]]\n"
        )
        self.assertEqual(self.call("f").value, '[[[[1,"a"]]]]')

    def test_trace_functions_do_not_outlive_the_step(self):
        self.script("import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)")
        self.assertIsNone(sys.gettrace())
        self.assertIsNone(sys.getprofile())


if __name__ == "__main__":
    unittest.main()
