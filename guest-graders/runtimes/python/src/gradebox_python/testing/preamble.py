"""In the sandbox of the test: the definitions of the task's prompt that stand before the test.

Most tests use none of them, and compiling them is dear, so they are only made when a name is looked for that the test
itself does not have. Where that could make a difference they are made at once.
"""

from ..pristine import BUILTINS as __builtins__

import builtins
import re

_PLAIN = ("def ", "from ", "import ", "#")
"""Beginnings of the lines of a prompt that do nothing but name something."""

_INDIRECT = frozenset(("eval", "exec", "globals", "locals", "vars", "dir", "modules", "tests", "__dict__", "__builtins__"))
"""Ways to a name of the test that looking for the name does not see."""

_WORD = re.compile(r"\w+")


class Preamble:
    """Definitions that are made in a namespace, at the latest when they are needed."""

    def __init__(self, source, namespace):
        self._source = source
        self._namespace = namespace
        self._is_made = not source.strip()

    def make(self):
        """A prompt that is no code defines nothing. What the namespace has already, stays."""
        if self._is_made:
            return
        self._is_made = True
        later = self._namespace.copy()
        try:
            exec(compile(self._source, "<prompt>", "exec", 0, True), self._namespace)
        except Exception:
            pass
        self._namespace.update(later)

    def may_wait(self, used):
        """Whether a test that uses those names finds the same if the definitions are only made when it misses one."""
        if not used.isdisjoint(_INDIRECT):
            return False
        shadowable = {name for name in used if hasattr(builtins, name)}
        for line in self._source.split("\n"):
            if not line or line[0] in " \t\r":
                continue
            if not line.startswith(_PLAIN) or line.rstrip().endswith(("(", ",", "\\")) or "*" in line or ";" in line:
                return False
            if not shadowable.isdisjoint(_WORD.findall(line)):
                return False
        return True
