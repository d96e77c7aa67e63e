"""Exceptions that nothing caught, as the contract reports them.

The exception belongs to the program: its `__str__` may raise or be endless, its attributes may be
overridden, its traceback may have a hundred thousand frames, and there may be no memory left. Reporting
it must not fail for any of these, so everything that leaves is bounded and every step has a plainer
fallback.
"""

from .pristine import BUILTINS as __builtins__

from wit_world.exports.interpreter import Stop_Exited, Stop_Raised
from wit_world.imports.program_types import Raised

from .opaque import type_name
from .tracebacks import EXPRESSION, PROGRAM, formatted, frames, traceback_of

MAX_MESSAGE = 8 * 1024
"""Bytes."""

MAX_TRACEBACK = 16 * 1024
"""Bytes."""

_exit_code = SystemExit.code.__get__
_syntax_line = SyntaxError.lineno.__get__
_syntax_file = SyntaxError.filename.__get__
_syntax_message = SyntaxError.msg.__get__


def raised(error):
    """The stop for an exception of any kind. Never raises."""
    kind = type_name(error)
    line = None
    try:
        line = _line(error)
        message = bounded(_message(error), MAX_MESSAGE)
        text = bounded(_formatted(error), MAX_TRACEBACK)
        return Stop_Raised(Raised(bounded(kind, 200), message, line, text))
    except BaseException:
        return Stop_Raised(Raised("BaseException" if len(kind) > 200 else kind, "", line, ""))


def exited(error, write_error):
    """The stop for a SystemExit: none is 0, an integer stands, anything else is printed and 1."""
    code = _exit_code(error)
    if code is None:
        return Stop_Exited(0)
    if issubclass(type(code), int):
        number = int.__add__(code, 0)
        return Stop_Exited(number if -(2**31) <= number < 2**31 else -1)
    try:
        write_error(bounded(str.__str__(str(code)), MAX_MESSAGE) + "\n")
    except BaseException:
        pass
    return Stop_Exited(1)


def bounded(text, limit):
    """The text as valid Unicode of at most `limit` bytes, its middle left out where it is longer."""
    if len(text) > 2 * limit:
        text = text[:limit] + text[-limit:]
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= limit:
        return data.decode()
    mark = "\n… (left out) …\n"
    head = data[: limit // 4].decode("utf-8", "ignore")
    tail = data[-(limit - limit // 4 - len(mark.encode())) :].decode("utf-8", "ignore")
    return head + mark + tail


def _message(error):
    if issubclass(type(error), SyntaxError) and _syntax_file(error) in (PROGRAM, EXPRESSION):
        message = _syntax_message(error)
        if type(message) is str:
            return message
    try:
        return str.__str__(str(error))
    except BaseException:
        return f"<{type_name(error)} whose message fails>"


def _line(error):
    """The innermost line of the program; for its own syntax error, where that is."""
    line = None
    for frame, number in frames(traceback_of(error)):
        if frame.f_code.co_filename == PROGRAM:
            line = number
    if line is None and issubclass(type(error), SyntaxError) and _syntax_file(error) == PROGRAM:
        line = _syntax_line(error)
    return line if type(line) is int and line > 0 else None


def _formatted(error):
    try:
        return formatted(error)
    except BaseException:
        return _plainly_formatted(error)


def _plainly_formatted(error):
    """Where the program broke the printing: the bare frames."""
    lines = ["Traceback (most recent call last):\n"]
    for frame, number in frames(traceback_of(error)):
        lines.append(f'  File "{frame.f_code.co_filename}", line {number}, in {frame.f_code.co_name}\n')
    lines.append(f"{type_name(error)}: {_message(error)}\n")
    return "".join(lines)
