"""Tracebacks as CPython prints them, of the program's own frames, however many there are."""

from .pristine import BUILTINS as __builtins__

import linecache
from traceback import StackSummary, TracebackException
from types import TracebackType

PROGRAM = "<program>"
"""File name of the program in its code objects."""

EXPRESSION = "<expression>"
"""File name of an expression that was evaluated in the program."""

_FIRST_FRAMES = 10
_LAST_FRAMES = 20
_SAME_FRAMES = 3
_CHAINED_EXCEPTIONS = 10

_line_cache = linecache.cache
_attributes = BaseException.__dict__
traceback_of = _attributes["__traceback__"].__get__
_set_traceback = _attributes["__traceback__"].__set__
_cause_of = _attributes["__cause__"].__get__
_set_cause = _attributes["__cause__"].__set__
_context_of = _attributes["__context__"].__get__
_set_context = _attributes["__context__"].__set__


def remember_source(name, source):
    """Lets tracebacks show the source's lines."""
    _line_cache[name] = (len(source), None, source.splitlines(True), name)


def frames(entry):
    """The frames of a traceback with their line numbers, outermost first."""
    while entry is not None:
        yield entry.tb_frame, entry.tb_lineno
        entry = entry.tb_next


def formatted(error):
    """The exception and what led to it. Cuts their tracebacks down to what is shown. May raise whatever
    the exception's own attributes raise."""
    cuts = [_cut(link) for link in _chain(error)]
    report = TracebackException(type(error), error, traceback_of(error), compact=True)
    if traceback_of(error) is None:
        return "".join(report.format_exception_only())
    link = report
    for cut in cuts:
        link.stack = _CutStack(link.stack)
        link.stack.cut = cut
        link = link.__cause__ or link.__context__
        if link is None:
            break
    return "".join(report.format())


def _chain(error):
    """The exception and what led to it, which is cut off where it gets long."""
    links = [error]
    while len(links) < _CHAINED_EXCEPTIONS:
        following = _cause_of(links[-1]) or _context_of(links[-1])
        if following is None:
            return links
        links.append(following)
    _set_cause(links[-1], None)
    _set_context(links[-1], None)
    return links


class _Cut:
    """Which frames of a traceback are shown, and how many stand behind each of them."""

    def __init__(self):
        self.first = []
        self.last = []
        self.left_out = 0

    def add(self, entry):
        shown = [entry, 0]
        if len(self.first) < _FIRST_FRAMES:
            self.first.append(shown)
            return shown
        self.last.append(shown)
        if len(self.last) > _LAST_FRAMES:
            self.left_out += 1 + self.last.pop(0)[1]
        return shown


def _cut(error):
    """Leaves the exception with a traceback of the frames that are shown."""
    cut = _Cut()
    place, same, shown = None, 0, None
    entry = traceback_of(error)
    while entry is not None:
        code = entry.tb_frame.f_code
        if code.co_filename in (PROGRAM, EXPRESSION):
            here = (code, entry.tb_lineno)
            same = same + 1 if here == place else 1
            place = here
            if same > _SAME_FRAMES:
                shown[1] += 1
            else:
                shown = cut.add(entry)
        entry = entry.tb_next
    result = None
    for entry, _ in reversed(cut.first + cut.last):
        result = TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    _set_traceback(error, result)
    return cut


class _CutStack(StackSummary):
    """Prints the frames of a cut, and says what it leaves out."""

    cut = _Cut()

    def format(self, **options):
        lines = []
        shown = self.cut.first + self.cut.last
        for position, (summary, (_, more)) in enumerate(zip(self, shown)):
            if position == _FIRST_FRAMES and self.cut.left_out:
                lines.append(f"  … {self.cut.left_out} frames left out …\n")
            lines.append(self.format_frame_summary(summary, **options))
            if more:
                lines.append(f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n")
        return lines
