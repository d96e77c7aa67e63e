"""Loading, running and calling programs."""

import unittest

from .running import RunningTestCase

SOLUTION = """
class Base:
    def twice(self, x):
        return 2 * x

class Solution(Base):
    factor = 10
    def __init__(self):
        self.calls = 0
    def add(self, a, b):
        self.calls += 1
        return a + b, self.calls
    @staticmethod
    def still(x):
        return x
    @classmethod
    def scaled(cls, x):
        return cls.factor * x

def append(items, extra=0):
    items.append(extra)

async def later(x):
    return x + 1

counter = 0
def count():
    global counter
    counter += 1
    return counter

print("loaded as", __name__)
if __name__ == "__main__":
    print("main")
"""


class Scripts(RunningTestCase):
    def test_a_script_is_main(self):
        outcome = self.script(SOLUTION)
        self.assertEqual(self.stdout, "loaded as __main__\nmain\n")
        self.assertIsNone(outcome.value)
        self.assertEqual(outcome.args_after, [])

    def test_the_top_level_runs_once(self):
        self.script(SOLUTION)
        self.assertEqual(self.call("count").value, "1")
        self.assertEqual(self.call("count").value, "2")
        self.assertEqual(self.stdout, "loaded as __main__\nmain\n")

    def test_a_failed_top_level_stays_failed(self):
        self.load("def f(): return 1\nprint('once')\nraise KeyError('k')\n")
        self.assertEqual(self.raised(self.call, "f").kind, "KeyError")
        self.assertEqual(self.raised(self.call, "f").line, 3)
        self.assertEqual(self.stdout, "once\n")

    def test_exit_functions_run_at_the_end_of_a_script(self):
        self.script("import atexit\natexit.register(print, 'bye')\nprint('hello')")
        self.assertEqual(self.stdout, "hello\nbye\n")

    def test_loading_replaces_the_program(self):
        self.script("x = 1")
        self.load("def f(): return 'x' in globals()")
        self.assertEqual(self.call("f").value, "false")

    def test_random_numbers_are_the_same_for_every_program(self):
        source = "import random\nprint(random.random())"
        self.script(source)
        self.script(source)
        first, second = self.stdout.split()
        self.assertEqual(first, second)

    def test_a_byte_order_mark_is_no_error(self):
        self.script("\ufeffprint(1)")
        self.assertEqual(self.stdout, "1\n")


class Calls(RunningTestCase):
    def setUp(self):
        super().setUp()
        self.load(SOLUTION)

    def test_the_main_guard_does_not_run(self):
        self.assertEqual(self.call("count").value, "1")
        self.assertEqual(self.stdout, "loaded as solution\n")

    def test_a_method_is_called_on_a_new_object(self):
        for target in ("Solution.add", "Solution.add", "add"):
            self.assertEqual(self.call(target, "1", "2").value, '{"$tuple":[3,1]}')
        self.assertEqual(self.call("twice", '"ab"').value, '"abab"')
        self.assertEqual(self.call("Solution.still", "1").value, "1")
        self.assertEqual(self.call("Solution.scaled", "2").value, "20")

    def test_arguments_come_back_as_they_were_left(self):
        outcome = self.call("append", "[1]", extra="[2]")
        self.assertEqual(outcome.value, "null")
        self.assertEqual(outcome.args_after, ["[1,[2]]"])

    def test_a_coroutine_is_run_to_its_end(self):
        self.assertEqual(self.call("later", "1").value, "2")

    def test_a_missing_function_is_named(self):
        for target, kind, words in [
            ("subtract", "NameError", "the program defines no `subtract`; it defines Base.twice, Solution.add, append, later, count"),
            ("Solution.subtract", "AttributeError", "`Solution.subtract`: there is no `subtract`"),
            ("counter", "TypeError", "`counter` is not a function: it is of type int"),
            ("", "NameError", "defines no ``"),
        ]:
            with self.subTest(target=target):
                raised = self.raised(self.call, target)
                self.assertEqual(raised.kind, kind)
                self.assertIn(words, raised.message)
        self.assertIn("Solution.add", self.raised(self.call, "nothing").message)

    def test_wrong_arguments_are_the_language_s_own_error(self):
        raised = self.raised(self.call, "count", "1")
        self.assertEqual(raised.kind, "TypeError")
        self.assertIn("positional argument", raised.message)

    def test_a_malformed_argument_is_refused(self):
        raised = self.raised(self.call, "append", '{"$what":1}')
        self.assertEqual((raised.kind, raised.message), ("ValueError", "not a value: unknown tag `$what`"))

    def test_a_result_that_cannot_leave_is_an_error_and_an_argument_is_not(self):
        self.load("def f(x):\n    x.append(x)\n    return x\ndef g(x):\n    x.append(x)")
        raised = self.raised(self.call, "f", "[]")
        self.assertEqual(raised.kind, "ValueError")
        self.assertEqual(raised.message, "the result cannot leave the sandbox: the value contains itself")
        self.assertIn("$opaque", self.call("g", "[]").args_after[0])

    def test_opaque_results_can_be_handed_back(self):
        self.load("class Box: pass\nboxes = [Box(), Box()]\ndef take(i): return boxes[i]\ndef find(b): return boxes.index(b)")
        box = self.call("take", "1").value
        self.assertIn('"type":"Box"', box)
        self.assertEqual(self.call("find", box).value, "1")


class Expressions(RunningTestCase):
    def test_an_expression_sees_the_program(self):
        self.load(SOLUTION)
        self.assertEqual(self.evaluate("  Solution().add(1, 2)\n"), '{"$tuple":[3,1]}')
        self.assertEqual(self.stdout, "loaded as solution\n")

    def test_its_errors_are_the_program_s(self):
        self.load("def f():\n    return 1 / 0")
        raised = self.raised(self.evaluate, "f()")
        self.assertEqual((raised.kind, raised.line), ("ZeroDivisionError", 2))
        self.assertIn('File "<expression>", line 1', raised.traceback)
        self.assertEqual(self.raised(self.evaluate, "f(").kind, "SyntaxError")


class Syntax(RunningTestCase):
    def test_check_reports_the_first_error_and_runs_nothing(self):
        found = self.interpreter.check("print('ran')\ndef f(n):\n    if n = 1:\n        return 1\n")
        self.assertEqual([(d.line, d.column) for d in found], [(3, 8)])
        self.assertIn("invalid syntax", found[0].message)
        self.assertEqual(self.interpreter.check("print('ran')\n'\\d'\n"), [])
        self.assertEqual(self.stdout + self.stderr, "")

    def test_columns_count_characters(self):
        found = self.interpreter.check("äöü = = 1")
        self.assertEqual((found[0].line, found[0].column), (1, 7))

    def test_odd_sources(self):
        for source in ("\0", "(" * 10_000, "x = " + "-" * 200_000 + "1", "return 1", "\tif"):
            with self.subTest(source=source[:20]):
                found = self.interpreter.check(source)
                self.assertEqual(len(found), 1)
                self.assertTrue(found[0].message)
                self.assertGreaterEqual(found[0].column, 1)
                self.raised(self.load, source)

    def test_loading_a_broken_source(self):
        raised = self.raised(self.load, "x = 1\nif x:\nprint(x)\n")
        self.assertEqual((raised.kind, raised.line), ("IndentationError", 3))
        self.assertEqual(raised.message, "expected an indented block after 'if' statement on line 2")
        self.assertIn("print(x)", raised.traceback)
        self.assertEqual(self.raised(self.script, "def").kind, "SyntaxError")

    def test_describe(self):
        language = self.interpreter.describe()
        self.assertEqual((language.name, language.extensions), ("python", ["py"]))
        self.assertIn("py", language.aliases)


if __name__ == "__main__":
    unittest.main()
