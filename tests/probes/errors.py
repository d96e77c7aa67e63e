# The messages of exceptions, in the words of this version of Python.
import traceback
def attempt(text):
    try:
        print(eval(text))
    except BaseException as error:
        print(f"{text!r}: {type(error).__name__}: {error}")
for text in ("1/0", "[][1]", "{}['k']", "None.x", "int('x')", "undefined_name", "(1).foo()", "'a' + 1", "f(", "len(5)",
             "float('1e999')", "__import__('nothing')", "open('x')", "[1, 2, 3].index(9)", "max([])", "'%d' % 'a'",
             "(lambda: (yield))().send(1)", "2 ** 'x'", "sorted([1, 'a'])", "exit(3)"):
    attempt(text)
def down(n):
    return down(n + 1)
try:
    down(0)
except RecursionError as error:
    print(error, len(traceback.extract_tb(error.__traceback__)))
raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])
