"""A test and the program that it tests, with two sessions of one process in the place of two sandboxes."""

import sys
import unittest

from componentize_py_types import Err
from gradebox_python.decoding import decode
from gradebox_python.encoding import encode
from gradebox_python.session import Session
from wit_world.exports.interpreter import Stop_Raised
from wit_world.imports import host
from wit_world.imports.program_types import Action_Call, Call

from .running import RunningTestCase


class Ended(BaseException):
    """The program ended: the host would end the test in the same way."""


class Testing(RunningTestCase):
    def setUp(self):
        super().setUp()
        kept = dict(sys.modules)

        def put_back():
            for name in set(sys.modules) - set(kept):
                del sys.modules[name]
            sys.modules.update(kept)

        self.addCleanup(put_back)

    def report(self, program, test, part=("module",), preamble="", setup="", entry_point=None):
        """What the test says of the program, as a dict."""
        candidate = Session()
        candidate.load(program, [])

        def answer(call):
            self.calls.append(call)
            try:
                return candidate.perform(Action_Call(call), b"").value
            except Err as error:
                if type(error.value) is Stop_Raised:
                    raise Err(error.value.value) from None
                raise Ended(error.value) from None

        self.calls = []
        host.peers["*"] = answer
        session = Session()
        session.load(test, ["*"])
        options = {"preamble": preamble, "setup": setup, "entry_point": entry_point, "part": list(part)}
        call = Call("$test", [encode(options, None)], [])
        return decode(session.perform(Action_Call(call), b"").value, lambda *fields: fields)

    def assertPasses(self, program, test, **options):
        self.assertEqual(self.report(program, test, **options), {"passed": True})

    def test_a_failed_assertion_says_what_its_left_side_is(self):
        report = self.report("def f(x):\n    return x", "x = 1\nassert f(x) == 2, 'no'")
        self.assertEqual(report["left"], ["f(x)", 1])
        self.assertEqual((report["by"], report["kind"], report["line"]), ("test", "AssertionError", 2))
        self.assertEqual((report["message"], report["text"]), ("no", "assert f(x) == 2, 'no'"))
        inside = "def check(candidate):\n    x = 3\n    assert candidate(x) < x"
        report = self.report("def f(x):\n    return x", inside, part=("check",), entry_point="f")
        self.assertEqual(report["left"], ["candidate(x)", 3])

    def test_an_exception_of_the_program_has_a_line_of_the_program(self):
        report = self.report("def f(x):\n    return 1 / x", "assert f(0) == 2")
        self.assertEqual((report["by"], report["kind"], report["program_line"]), ("program", "ZeroDivisionError", 2))
        report = self.report("import math\n1 / 0", "assert True")
        self.assertEqual((report["by"], report["kind"], report["program_line"]), ("program", "ZeroDivisionError", 2))

    def test_what_is_expected_is_never_sent(self):
        test = "expected = 12345\nassert f(1) == expected\nassert f(2) == 67890\nassert f(3) in [11111]"
        self.report("class Any:\n    def __eq__(self, other): return True\ndef f(x): return Any()", test)
        sent = str(self.calls)
        for value in ("12345", "67890", "11111"):
            self.assertNotIn(value, sent)

    def test_code_is_read_in_one_direction_only(self):
        sent = '{"$standard":"os:system"}', '{"$iterator":[1]}', '{"$file":["",0]}', '{"$descriptor":["method",[1,2]]}'
        for text in sent:
            program = (
                "import sys\nanswering = sys.modules['gradebox_python.testing.answering']\n"
                f"def f():\n    answering.Answers.answer = lambda self, target, texts: '[{text},[],null]'\n"
            )
            with self.subTest(text=text):
                from gradebox_python.testing import answering

                kept = answering.Answers.answer
                self.addCleanup(setattr, answering.Answers, "answer", kept)
                report = self.report(program, "f()\nassert f() is None")
                answering.Answers.answer = kept
                self.assertEqual((report["passed"], report["kind"]), (False, "UnreadableAnswer"))

    def test_a_row_that_cannot_be_tested_says_so(self):
        self.assertIn("ZeroDivisionError", self.report("", "assert True", setup="1 / 0")["broken"])
        program = "class A: pass\ndef ask(): return input()"
        for test in ("class B(A): pass", "import unittest\nraise unittest.SkipTest('no')", "x = '''mock.patch('a')'''"):
            with self.subTest(test=test):
                self.assertIn("undecided", self.report(program, test))
        swallowed = "try:\n    class B(A): pass\nexcept BaseException: pass"
        self.assertIn("derives a class", self.report(program, swallowed)["undecided"])

    def test_one_call_asks_the_program_once(self):
        test = "def check(candidate):\n    assert candidate(1) == 1\n    assert candidate([2]) == [2]"
        self.assertPasses("def f(x):\n    return x", test, part=("check",), entry_point="f")
        self.assertEqual([call.target for call in self.calls], ["$start", "$call", "$call"])

    def test_what_the_prompt_defines_is_there(self):
        check = "def check(candidate):\n    "
        cases = (
            # A helper, which only the prompt has.
            ("def helper(x):\n    return x + 1\ndef f(x):\n", check + "assert candidate(helper(1)) == 2"),
            # Before the test's own function of that name, and after it the test's.
            ("def check(x):\n    return 5\ndef f(x):\n", f"five = check(0)\n{check}assert candidate(five) == 5"),
            # In the place of a builtin, on a line that defines it or on one that may.
            ("def len(x):\n    return 7\ndef f(x):\n", check + "assert candidate(len('')) == 7"),
            ("from math import (\n  factorial as len)\ndef f(x):\n", check + "assert candidate(len(3)) == 6"),
            ("if True:\n    len = abs\ndef f(x):\n", check + "assert candidate(len(-3)) == 3"),
            # Out of sight.
            ("def len(x):\n    return 7\ndef f(x):\n", check + "assert candidate(eval('len(1)')) == 7"),
            ("def helper():\n    return 2\ndef f(x):\n", check + "assert candidate(__builtins__['helper']()) == 2"),
            # In a function of the test that the program calls.
            ("def helper(x):\n    return x + 1\ndef f(x):\n", check + "assert candidate(lambda: helper(1))() == 2"),
            # With what it imports, and with what is not in the function that is tested.
            ("from itertools import count as c\ndef f(x):\n", check + "assert candidate(next(c(4))) == 4"),
            ("LIMIT = 3\ndef f(x):\n", check + "assert candidate(LIMIT) == 3"),
        )
        for preamble, test in cases:
            with self.subTest(preamble=preamble, test=test):
                preamble += "    pass\n"
                self.assertPasses("def f(x):\n    return x", test, part=("check",), preamble=preamble, entry_point="f")
        with self.subTest("a prompt that is no code"):
            test = check + "assert candidate(1) == 1"
            self.assertPasses("def f(x):\n    return x", test, part=("check",), preamble="def f(x", entry_point="f")

    def test_the_tested_function_is_never_the_prompt_s(self):
        preamble = "def helper(x):\n    return f(x)\ndef f(x):\n    return 'prompt'\n"
        test = "def check(candidate):\n    assert helper(1) == 1\n    assert f(2) == candidate(2) == 2"
        self.assertPasses("def f(x):\n    return x", test, part=("check",), preamble=preamble, entry_point="f")

    def test_builtins_stay_the_test_s_own(self):
        program = "def len(x): return 3\ndef sum(a, b): return a + b\ndef f(): return []"
        self.assertPasses(program, "assert len(f()) == 0")
        self.assertPasses(program, "assert sum(1, 2) == 3")
        self.assertFalse(self.report(program, "assert f() == [] and sum([1]) == 2")["passed"])

    def test_a_name_that_nobody_defines_is_named(self):
        report = self.report("def f(): pass\ndef g(): pass", "assert h() == 1")
        self.assertEqual(report["kind"], "NameError")
        self.assertIn("defines no `h`; it defines f, g", report["message"])

    def test_the_session_of_a_test_does_nothing_else(self):
        session = Session()
        session.load("x = 1", ["*"])
        with self.assertRaises(Err) as caught:
            session.perform(Action_Call(Call("print", [], [])), b"")
        self.assertIn("call `$test`", caught.exception.value.value.message)


if __name__ == "__main__":
    unittest.main()
