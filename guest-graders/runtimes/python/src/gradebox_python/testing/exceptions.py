"""In the sandbox of the test: what stands for the exceptions of the program under test.

They are exceptions of this sandbox, of classes made of the same builtin ones, so that `except` and `assertRaises` work
by Python's own rules. What else they hold is asked of the program.
"""

from ..pristine import BUILTINS as __builtins__


class ExceptionStandIn(type):
    """A class of the program's exceptions, or the class that stands for a builtin one's."""

    def __getattr__(cls, name):
        if name == "gradebox_record" or name.startswith("__"):
            raise AttributeError(name)
        return cls.gradebox_record.program.ask("attribute", cls, name)


def exception_class(name, bases):
    names = {
        "__str__": _message,
        "__getattr__": _exception_attribute,
        "__module__": "builtins",
    }
    return type.__new__(ExceptionStandIn, name, bases, names)


def exception(program, raised, number, cls):
    """An object for an exception that the program raised."""
    try:
        error = cls.__new__(cls, raised.message)
        if not isinstance(error, BaseException):
            raise TypeError
    except TypeError:
        error = RuntimeError(raised.message)
        cls = RuntimeError
    error.gradebox_message = raised.message
    error.gradebox_raised = raised
    error.gradebox_source = (program, number)
    return error


def _message(self):
    message = self.__dict__.get("gradebox_message")
    return message if message is not None else ", ".join(map(str, self.args))


def _exception_attribute(self, name):
    if name.startswith("gradebox_") or name.startswith("__"):
        raise AttributeError(name)
    source = self.__dict__.get("gradebox_source")
    if source is None:
        record = self.__dict__.get("gradebox_record")
        if record is None:
            raise AttributeError(name)
        return record.program.ask("attribute", self, name)
    program, number = source
    original = program.ask("error", number)
    return program.ask("attribute", original, name)
